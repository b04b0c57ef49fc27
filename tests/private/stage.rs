//! A rehearsal whose project has the private way, with the library that was installed for all of them.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

pub use crate::once::rehearsal::Run;
use crate::once::rehearsal::{PROJECT, Rehearsal};

/// What a project says beside; what follows it is said of the account.
pub const PRIVATE: &str = r#"
[private]
i_accept_the_risk = true

[accounts.own]
login = "private"
username = "sandbox.studio"
password_env = "SP_TEST_PASSWORD"
totp_env = "SP_TEST_TOTP"
"#;

/// The folder in which the library is.
pub fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("private");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("storypress.toml"), "").expect("a project");
        // each test is a process of its own, and two of them may come at once
        let lock = std::fs::File::create(folder.join("setup.lock")).expect("a file for a lock");
        lock.lock().expect("a lock");
        let done = Command::new(crate::program())
            .args(["private", "setup"])
            .current_dir(&folder)
            .output()
            .expect("a run");
        assert!(
            done.status.success(),
            "instagrapi cannot be installed from PyPI, which this test needs: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        folder.join(".storypress/private")
    })
}

/// A process that has loaded the library, and becomes that of the private way as often as it is asked: to load it is most of
/// what a short test does.
pub struct Ready {
    folder: tempfile::TempDir,
    process: Child,
}

impl Ready {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/private/ready.py");
        let mut process = Command::new(library().join("venv/bin/python"));
        process.args(["-I", "-u"]).arg(source).arg(folder.path());
        // it ends with its standard input
        let process = process.env_clear().env("LANG", "C.UTF-8");
        let mut process = process.stdin(Stdio::piped()).spawn().expect("a process");
        let start = Instant::now();
        while !folder.path().join("python").exists() {
            let ended = process.try_wait().expect("a state");
            let is_slow = start.elapsed() > Duration::from_secs(60);
            assert!(ended.is_none() && !is_slow, "it is not ready: {ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { folder, process }
    }

    /// What a project has of the private way, with this in the place of its Python.
    fn stand_in(&self, private: &Path) {
        let bin = private.join("venv/bin");
        std::fs::create_dir_all(&bin).expect("a folder");
        symlink(self.folder.path().join("python"), bin.join("python")).expect("a link");
        let list = "requirements.txt";
        symlink(library().join(list), private.join(list)).expect("a link");
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A rehearsal, its project and what it needs.
pub struct Stage {
    pub rehearsal: Rehearsal,
    config: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(PRIVATE)
    }

    pub fn with(more: &str) -> Self {
        Self::whose(more, |private| symlink(library(), private).expect("a link"))
    }

    /// One that starts no Python of its own.
    pub fn of(ready: &Ready, more: &str) -> Self {
        Self::whose(more, |private| ready.stand_in(private))
    }

    fn whose(more: &str, private: impl FnOnce(&Path)) -> Self {
        let rehearsal = Rehearsal::of(&format!("{PROJECT}{more}"), &[]);
        let own = rehearsal.path().join(".storypress");
        std::fs::create_dir(&own).expect("a folder");
        private(&own.join("private"));
        Self {
            rehearsal,
            config: tempfile::tempdir().expect("a folder"),
        }
    }

    /// The sandbox's account.
    pub fn account(&self) -> &Value {
        let accounts = self.rehearsal.accounts.as_array().expect("a list");
        let mut private = accounts
            .iter()
            .filter(|account| account["login"] == "private");
        private.next().expect("one of each login")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.rehearsal.command(arguments);
        command
            .env("XDG_CONFIG_HOME", self.config.path())
            // a key store of whoever runs the tests is left alone
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("SP_TEST_PASSWORD");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("a run"))
    }

    /// With `--json`, the sandbox and what it left on stdout.
    pub fn ask(&self, arguments: &[&str]) -> Run {
        let sandbox = format!("--sandbox={}", self.rehearsal.url);
        let mut all = arguments.to_vec();
        all.extend(["--json", &sandbox]);
        self.run(&all)
    }

    /// Publishes through the account; killed at a point, if one is named.
    pub fn publish(&self, files: &[PathBuf], point: Option<&str>) -> Run {
        let sandbox = format!("--sandbox={}", self.rehearsal.url);
        let mut command = self.command(&["publish", "--json", "--account", "own", &sandbox]);
        command.args(files);
        if let Some(point) = point {
            command.env("STORYPRESS_PULL_THE_PLUG", point);
        }
        Run::of(command.output().expect("a run"))
    }

    /// A program of the library's Python.
    pub fn python(&self, arguments: &[&str]) -> Output {
        Command::new(library().join("venv/bin/python"))
            .args(arguments)
            .env_clear()
            .output()
            .expect("a run")
    }
}
