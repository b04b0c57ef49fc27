//! The process that speaks the app's protocol: JSON lines over pipes, one request at a time.
//!
//! In: a request and its deadline. Out: an answer, or that there is none. Never: a process that outlives its handle, a
//! terminal for it to ask at, an environment of ours.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::error::{Cause, Error, Said};

/// The program that it runs.
const WORKER: &str = include_str!("worker.py");

/// The longest line that is read: lists of a day's archive are long.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// Gives the code that is asked for in the middle of a login: by `email` or `two-factor`.
pub type AskCode<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// A process that runs.
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    number: u64,
}

/// One request.
pub struct Request {
    /// What is asked.
    pub op: &'static str,
    /// With what.
    pub args: Value,
    /// Until when the answer is waited for.
    pub within: Duration,
    /// For people, as in `cannot …`.
    pub doing: &'static str,
    /// It is never made twice.
    pub once: bool,
}

impl Process {
    /// Starts it with the Python of a set-up.
    ///
    /// # Errors
    /// `Here`: there is none, or it does not start.
    pub fn start(python: &Path, folder: &Path) -> Result<Self, Error> {
        let failed = |said: String| Error::here("start the private way's process", said);
        let mut child = Command::new(python)
            .args(["-I", "-u", "-c", WORKER])
            .current_dir(folder)
            // proxies, certificates and ~/.netrc of ours are none of its business
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")])
            .env("HOME", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // a Ctrl-C is meant for us, and not for a publish in the middle
            .process_group(0)
            .spawn()
            .map_err(|error| failed(format!("{}: {error}", python.display())))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no pipes".into()));
        };
        if let Some(stderr) = child.stderr.take() {
            // read, so that it never waits for us, and shown to those who look for it
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    tracing::trace!(line, "from the private way's process");
                }
            });
        }
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = String::new();
                match stdout.by_ref().take(MAX_LINE).read_line(&mut line) {
                    Ok(1..) if send.send(line).is_ok() => {}
                    _ => return,
                }
            }
        });
        Ok(Self {
            child,
            stdin,
            lines,
            number: 0,
        })
    }

    /// Asks, and waits for the answer. After a [`Cause::Lost`] the process is of no use any more.
    ///
    /// # Errors
    /// What was said, or that nothing was.
    pub fn ask(&mut self, request: &Request, code: Option<AskCode<'_>>) -> Result<Value, Error> {
        self.number += 1;
        let line = json!({"id": self.number, "op": request.op, "args": request.args});
        self.write(&line, request)?;
        let end = Instant::now() + request.within;
        loop {
            let answer = self.line(end, request)?;
            if answer["id"] != self.number {
                continue;
            }
            if answer.get("ask").is_some() {
                let by = answer["by"].as_str().unwrap_or_default();
                let given = code.and_then(|code| code(by));
                let reply = json!({"id": self.number, "code": given});
                self.write(&reply, request)?;
                continue;
            }
            if let Some(error) = answer.get("error") {
                let said = serde_json::from_value::<Said>(error.clone());
                let cause = match said {
                    Ok(said) => Cause::Said(said),
                    Err(_) => lost("an answer that cannot be read", request),
                };
                return Err(Error {
                    doing: request.doing,
                    cause,
                });
            }
            return Ok(answer["ok"].clone());
        }
    }

    fn write(&mut self, line: &Value, request: &Request) -> Result<(), Error> {
        writeln!(self.stdin, "{line}").map_err(|_| Error {
            doing: request.doing,
            cause: lost("the process had ended", request),
        })
    }

    fn line(&mut self, end: Instant, request: &Request) -> Result<Value, Error> {
        let left = end.saturating_duration_since(Instant::now());
        let said = match self.lines.recv_timeout(left) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(answer) => return Ok(answer),
                Err(_) => "a line that cannot be read".to_owned(),
            },
            Err(RecvTimeoutError::Timeout) => {
                format!("no answer within {} s", request.within.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => self.ended(),
        };
        Err(Error {
            doing: request.doing,
            cause: lost(&said, request),
        })
    }

    fn ended(&mut self) -> String {
        match self.child.wait() {
            Ok(status) => format!("the private way's process ended ({status})"),
            Err(_) => "the private way's process ended".to_owned(),
        }
    }
}

fn lost(said: &str, request: &Request) -> Cause {
    Cause::Lost {
        said: said.to_owned(),
        once: request.once,
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a project's set-up of the private way is.
pub fn python_of(folder: &Path) -> PathBuf {
    folder.join("venv/bin/python")
}
