//! Runs a program with a notice on its standard input.
//!
//! In: words, a folder, JSON. Out: whether it ended with 0 in time.
//! Never: a shell; a program that is left behind when its time is over or nobody waits for it any more.
//!
//! What it prints on its standard error goes where ours goes; its standard output is nobody's.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::target::program;

/// How long a program may take.
pub(super) const WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Ends the program when nobody waits for it any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `words` in `folder`, with `input` on its standard input, for `within` at most.
pub(super) async fn run(
    words: &[String],
    folder: &Path,
    input: Vec<u8>,
    within: Duration,
) -> Result<(), Failure> {
    let (words, folder) = (words.to_vec(), folder.to_owned());
    let is_over = Arc::new(AtomicBool::new(false));
    let waiting = Waiting(is_over.clone());
    let work = move || run_here(&words, &folder, input, within, &is_over);
    let done = tokio::task::spawn_blocking(work).await;
    drop(waiting);
    done.unwrap_or_else(|_| Err(Failure::later("the program could not be run")))
}

fn run_here(
    words: &[String],
    folder: &Path,
    input: Vec<u8>,
    within: Duration,
    is_over: &AtomicBool,
) -> Result<(), Failure> {
    let Some((name, rest)) = words.split_first() else {
        return Err(Failure::later("no program is named"));
    };
    let started = Instant::now();
    let mut child = Command::new(program(name, folder))
        .args(rest)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // with what it starts, so that all of it can be ended; and not by a Ctrl-C that is meant for us
        .process_group(0)
        .spawn()
        .map_err(|error| Failure::later(format!("`{name}` cannot be run: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // one that does not read would keep us from looking at the time
        std::thread::spawn(move || stdin.write_all(&input));
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return judge(name, status),
            Ok(None) if started.elapsed() < within && !is_over.load(Ordering::Relaxed) => {
                std::thread::sleep(LOOK);
            }
            Ok(None) => {
                end(&mut child);
                let said = format!("`{name}` was ended after {} s", started.elapsed().as_secs());
                return Err(Failure::later(said));
            }
            Err(error) => {
                end(&mut child);
                return Err(Failure::later(format!("`{name}` was lost: {error}")));
            }
        }
    }
}

fn judge(name: &str, status: ExitStatus) -> Result<(), Failure> {
    let said = match (status.code(), status.signal()) {
        (Some(0), _) => return Ok(()),
        (Some(code), _) => format!("`{name}` ended with {code}"),
        (None, Some(signal)) => format!("`{name}` was ended by signal {signal}"),
        (None, None) => format!("`{name}` failed"),
    };
    Err(Failure::later(said))
}

/// Ends a program and all that it has started.
fn end(child: &mut Child) {
    let group = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn script(text: &str) -> (tempfile::TempDir, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.sh");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        (folder, vec!["./notify.sh".to_owned()])
    }

    #[tokio::test]
    async fn a_program_gets_the_notice_in_the_project_folder() {
        let (folder, mut words) = script("cat > got; echo \"$# $1\" > words");
        words.push("a  $(touch gone) `touch gone`; touch gone".to_owned());
        let ran = run(&words, folder.path(), b"{\"a\":1}\n".to_vec(), WITHIN).await;
        assert_eq!(ran, Ok(()));
        let read = |name| fs::read_to_string(folder.path().join(name));
        assert_eq!(read("got").unwrap(), "{\"a\":1}\n");
        assert_eq!(
            read("words").unwrap(),
            "1 a  $(touch gone) `touch gone`; touch gone\n"
        );
        assert!(!folder.path().join("gone").exists());
    }

    #[tokio::test]
    async fn a_program_that_fails_is_told_by_its_code() {
        let (folder, words) = script("exit 3");
        // more than a pipe holds, and nobody reads it
        let input = vec![b'x'; 1 << 20];
        let ran = run(&words, folder.path(), input, WITHIN).await;
        assert_eq!(ran, Err(Failure::later("`./notify.sh` ended with 3")));
        let missing = vec!["./not-there".to_owned()];
        let ran = run(&missing, folder.path(), Vec::new(), WITHIN).await;
        let Err(Failure::Later { why, .. }) = ran else {
            panic!("{ran:?}")
        };
        assert!(why.starts_with("`./not-there` cannot be run"), "{why}");
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_ended_with_all_it_started() {
        let (folder, words) = script("(sleep 2; touch late) & sleep 30");
        let ran = run(
            &words,
            folder.path(),
            Vec::new(),
            Duration::from_millis(300),
        )
        .await;
        assert!(matches!(ran, Err(Failure::Later { .. })), "{ran:?}");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert!(!folder.path().join("late").exists());
    }
}
