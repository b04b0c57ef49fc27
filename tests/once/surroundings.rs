//! The program as a service, in a container and from cron: little around it, and asked to go at any time.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::rehearsal::{PROJECT, Rehearsal, Run};

/// A worker that ends with its test.
struct Worker(Child);

impl Worker {
    /// Started by a shell that does `before` first; it is at work when this returns.
    fn after(before: &str, rehearsal: &Rehearsal) -> Self {
        let mut command = shell(before, &["worker", "--sandbox", &rehearsal.url]);
        command
            .current_dir(rehearsal.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("a worker");
        let mut said = BufReader::new(child.stderr.take().expect("its stderr"));
        let mut line = String::new();
        while !line.starts_with("working for") {
            line.clear();
            let bytes = said.read_line(&mut line).expect("a line");
            assert!(bytes > 0, "the worker has ended");
        }
        // what it says later is read, so that it never waits
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self(child)
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let mut kill = Command::new("kill");
        assert!(sent_well(kill.args([&format!("-{name}"), &id])));
    }

    /// Its exit code, if it ends in time.
    fn code(&mut self, within: Duration) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a state") {
                return status.code();
            }
            if start.elapsed() > within {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_there(&mut self) -> bool {
        self.0.try_wait().expect("a state").is_none()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sent_well(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// The program, called by a shell that does something else first.
fn shell(before: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{before}\nexec \"$0\" \"$@\"");
    command
        .args(["-c", &script, crate::program()])
        .args(arguments);
    command
}

fn mode(path: &Path) -> u32 {
    let found = std::fs::metadata(path).expect("it is there");
    found.permissions().mode() & 0o777
}

fn live(rehearsal: &Rehearsal) -> usize {
    rehearsal.published().values().sum()
}

fn becomes_live(rehearsal: &Rehearsal, count: usize, within: Duration) -> bool {
    let start = Instant::now();
    while live(rehearsal) < count {
        if start.elapsed() > within {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

/// Has stories due that nobody sends before [`go_on`], however busy the machine is.
fn hold_back(rehearsal: &Rehearsal, files: &[PathBuf]) {
    assert_eq!(by_hand(rehearsal, "pause").code, Some(0));
    let run = rehearsal.publish(files, None);
    assert_eq!((run.code, live(rehearsal)), (Some(1), 0), "{run:?}");
}

fn go_on(rehearsal: &Rehearsal) {
    assert_eq!(by_hand(rehearsal, "resume").code, Some(0));
}

fn by_hand(rehearsal: &Rehearsal, what: &str) -> Run {
    let name = rehearsal.accounts[0]["name"].as_str().expect("a name");
    let mut command = rehearsal.command(&[what, "--account", name, "--sandbox", &rehearsal.url]);
    Run::of(command.output().expect("a run"))
}

fn output(rehearsal: &Rehearsal, before: &str, arguments: &[&str]) -> Output {
    let mut command = shell(before, arguments);
    command.current_dir(rehearsal.path());
    command.output().expect("a run")
}

#[test]
fn little_is_needed_around_the_program() {
    let rehearsal = Rehearsal::new();
    let project = rehearsal.path().to_string_lossy().into_owned();
    for (number, before) in [
        "umask 000",
        "umask 077",
        "ulimit -n 64",
        "exec <&-",
        "exec >&-",
        "exec 2>&-",
        "exec <&- >&- 2>&-",
        "export LANG=C LC_ALL=C",
        "unset TZ HOME PATH",
        "export TZ=",
        "export TMPDIR=/nowhere HOME=/nowhere XDG_CONFIG_HOME=nowhere",
        "cd /",
    ]
    .into_iter()
    .enumerate()
    {
        let file = rehearsal.path().join(format!("of-{number}.jpg"));
        let picture = rehearsal.pictures(number + 1).pop().expect("a picture");
        std::fs::rename(picture, &file).expect("renamed");
        let file = file.to_string_lossy().into_owned();
        let sandbox = format!("--sandbox={}", rehearsal.url);
        let arguments = ["publish", "--project", &project, &sandbox, &file];
        let mut command = shell(before, &arguments);
        command.current_dir(rehearsal.path()).env_clear();
        let run = Run::of(command.output().expect("a run"));
        assert_eq!(run.code, Some(0), "{before}: {run:?}");
        assert_eq!(live(&rehearsal), number + 1, "{before}: {run:?}");
        if number == 0 {
            // whatever the umask: the memory is nobody else's
            let own = rehearsal.path().join(".storypress");
            assert_eq!((mode(&own), mode(&own.join("store.db"))), (0o700, 0o600));
        }
    }
}

#[test]
fn nonsense_in_tz_is_refused_by_name_and_not_taken_for_utc() {
    let rehearsal = Rehearsal::new();
    let file = rehearsal
        .pictures(1)
        .remove(0)
        .to_string_lossy()
        .into_owned();
    let arguments = ["publish", "--at", "2036-12-05T09:00", &file];
    let publish = |zone: &str| {
        let mut command = rehearsal.command(&arguments);
        command.arg(format!("--sandbox={}", rehearsal.url));
        Run::of(command.env("TZ", zone).output().expect("a run"))
    };
    for zone in ["Mars/Olympus", ":/nowhere", "<<>>", "CET-CEST"] {
        let run = publish(zone);
        assert_eq!(run.code, Some(2), "{zone}: {run:?}");
        let said = format!("no time zone: TZ is `{zone}`");
        assert!(run.said.contains(&said), "{zone}: {run:?}");
    }
    for (zone, said) in [
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("EST5EDT,M3.2.0,M11.1.0", "-05:00"),
    ] {
        let run = publish(zone);
        assert!(run.said.contains(said), "{zone}: {run:?}");
    }
    // the project's own zone holds, whatever the machine says
    let project = format!("[project]\ntimezone = 'Europe/Madrid'\n{PROJECT}");
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let run = publish("Mars/Olympus");
    assert!(run.said.contains("09:00 Europe/Madrid"), "{run:?}");
}

#[test]
fn what_is_lost_on_the_way_to_stdout_is_no_success() {
    let rehearsal = Rehearsal::new();
    let file = rehearsal.pictures(1).remove(0);
    let run = rehearsal.publish(std::slice::from_ref(&file), None);
    assert_eq!(run.code, Some(0), "{run:?}");
    let file = file.to_string_lossy().into_owned();
    let sandbox = format!("--sandbox={}", rehearsal.url);
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["insights", &sandbox],
        &["insights", &sandbox, "--json"],
        &["publish", &sandbox, "--json", &file],
        &["verify", "--json", &file],
        &["probe", "--json", &file],
        &["schema"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["worker", "--once", "--json", &sandbox],
    ] {
        let full = output(&rehearsal, "exec >/dev/full", arguments);
        let said = String::from_utf8_lossy(&full.stderr);
        assert_eq!(full.status.code(), Some(1), "{arguments:?}: {said}");
        let told = said.matches("cannot write to stdout: No space").count();
        assert_eq!(told, 1, "{arguments:?}: {said}");
        // nobody reads any more: no failure, and no panic
        let mut command = rehearsal.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a run");
        drop(child.stdout.take());
        let left = child.wait_with_output().expect("its end");
        let said = String::from_utf8_lossy(&left.stderr);
        assert_eq!(left.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn an_answer_that_is_outstanding_when_the_worker_has_to_go_is_waited_for() {
    std::thread::scope(|scope| {
        for signal in ["TERM", "HUP"] {
            scope.spawn(move || answer_outstanding_at(signal));
        }
    });
}

fn answer_outstanding_at(signal: &str) {
    let project = "[publish]\nsettle = '600ms'\ngap = '10ms'\ntimeout = '40s'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    // longer than a busy machine takes to see that it is done
    let slow = json!([{ "on": "publish", "do": "delay", "ms": 6000 }]);
    rehearsal.post("/sandbox/faults", &slow);
    hold_back(&rehearsal, &rehearsal.pictures(2));
    let mut worker = Worker::after("", &rehearsal);
    go_on(&rehearsal);
    // it is done, and its answer is still to come
    assert!(becomes_live(&rehearsal, 1, Duration::from_secs(30)));
    worker.signal(signal);
    assert_eq!(worker.code(Duration::from_secs(40)), Some(0), "{signal}");
    assert_eq!(live(&rehearsal), 1, "{signal}: nothing new is begun");
    let mut status = rehearsal.command(&["status", "--all", "--json"]);
    let status = Run::of(status.output().expect("a run"));
    let items = status.report["items"].as_array().expect("a list");
    let id = |item: &&serde_json::Value| item["story"]["media_id"].is_string();
    assert_eq!(items.iter().filter(id).count(), 1, "{signal}: {status:?}");
    let _next = Worker::after("", &rehearsal);
    assert!(becomes_live(&rehearsal, 2, Duration::from_secs(30)));
    assert!(rehearsal.published().values().all(|times| *times == 1));
}

#[test]
fn under_nohup_a_worker_outlives_its_terminal() {
    let rehearsal = Rehearsal::new();
    let mut worker = Worker::after("trap '' HUP", &rehearsal);
    worker.signal("HUP");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(worker.is_there(), "it was asked to ignore that");
    worker.signal("TERM");
    assert_eq!(worker.code(Duration::from_secs(15)), Some(0));
}

#[test]
fn two_workers_that_start_at_once_on_a_new_store_share_the_work() {
    let rehearsal = Rehearsal::new();
    let (mut first, mut second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| Worker::after("", &rehearsal));
        let second = scope.spawn(|| Worker::after("", &rehearsal));
        (first.join().expect("one"), second.join().expect("two"))
    });
    hold_back(&rehearsal, &rehearsal.pictures(4));
    go_on(&rehearsal);
    assert!(becomes_live(&rehearsal, 4, Duration::from_secs(30)));
    for worker in [&mut first, &mut second] {
        assert!(worker.is_there());
        worker.signal("TERM");
        assert_eq!(worker.code(Duration::from_secs(15)), Some(0));
    }
    assert!(rehearsal.published().values().all(|times| *times == 1));
}

#[test]
fn a_clock_that_is_wrong_by_years_loses_and_doubles_nothing() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("once");
    std::fs::create_dir_all(&folder).expect("a folder");
    let library = folder.join(format!("clock-{}.so", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/once/clock.c");
    let mut made = Command::new("cc");
    made.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library);
    assert!(sent_well(made.arg(source).arg("-ldl")));
    for behind in ["86400", "946080000", "-946080000"] {
        let rehearsal = Rehearsal::new();
        let file = rehearsal.pictures(1).remove(0);
        let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
        command.arg(&file).env("LD_PRELOAD", &library);
        let run = Run::of(command.env("BEHIND", behind).output().expect("a run"));
        assert_eq!(run.code, Some(0), "{behind}: {run:?}");
        // the clock is right again, and who works then sends nothing twice
        let mut once = rehearsal.command(&["worker", "--once", "--sandbox", &rehearsal.url]);
        let run = Run::of(once.output().expect("a run"));
        assert_eq!(run.code, Some(0), "{behind}: {run:?}");
        assert_eq!(live(&rehearsal), 1, "{behind}");
    }
    let _ = std::fs::remove_file(library);
}

/// All is read-only but the state folder, as with `docker run --read-only` and systemd's `ProtectSystem=strict`.
#[test]
fn only_the_state_folder_has_to_be_writable() {
    let rehearsal = Rehearsal::new();
    let state = rehearsal.path().join(".storypress");
    std::fs::create_dir(&state).expect("a folder");
    let file = rehearsal
        .pictures(1)
        .remove(0)
        .to_string_lossy()
        .into_owned();
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let read_only = "
        mount --bind .storypress .storypress && mount -o remount,bind,ro / || exit 77
        for dir in /tmp /var/tmp \"$TMPDIR\"; do
            mountpoint -q \"$dir\" && mount -o remount,bind,ro \"$dir\"
        done
        cd \"$PWD\" && ! touch here 2>/dev/null || exit 77";
    let mut command = Command::new("unshare");
    let script = format!("{read_only}\nexec \"$0\" \"$@\"");
    command
        .args(["-rm", "sh", "-c", &script, crate::program()])
        .args(["publish", "--json", &sandbox, &file])
        .current_dir(rehearsal.path());
    let done = command.output().map(Run::of);
    let Some(run) = done
        .ok()
        .filter(|run| run.report.is_object() || run.code == Some(2))
    else {
        eprintln!("this machine lets nobody make a mount namespace: not tried");
        return;
    };
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(live(&rehearsal), 1);
}

#[test]
fn secrets_are_read_as_docker_and_kubernetes_mount_them() {
    let rehearsal = Rehearsal::new();
    let account = &rehearsal.accounts[0];
    let (token, user) = (account["token"].as_str(), &account["user_id"]);
    // Kubernetes: a link to a file behind a link to a folder, which is replaced as a whole
    let secrets = rehearsal.path().join("secrets");
    let mount = |version: &str, token: &str, mode: u32| {
        let folder = secrets.join(version);
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("main");
        let _ = std::fs::remove_file(&file);
        std::fs::write(&file, token).expect("a secret");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
        // another owner, where that can be had
        let _ = std::os::unix::fs::chown(&file, Some(12345), None);
        let (now, next) = (secrets.join("..data"), secrets.join("..data_tmp"));
        symlink(version, &next).expect("a link");
        std::fs::rename(next, now).expect("turned");
        let name = secrets.join("main");
        if !name.is_symlink() {
            symlink("..data/main", name).expect("a link");
        }
    };
    let project = format!(
        "[accounts.main]\nlogin = '{}'\nuser_id = {user}\nbase = '{}'\ntoken_file = 'secrets/main'\n\
         token_file_mode = 'mounted'\n",
        account["login"].as_str().expect("a login"),
        rehearsal.url
    );
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let status = || {
        let mut command = rehearsal.command(&["account", "status", "--json"]);
        Run::of(command.output().expect("a run"))
    };
    for (version, mode) in [("..1", 0o440), ("..2", 0o444), ("..3", 0o400)] {
        mount(version, token.expect("a token"), mode);
        let run = status();
        // what is not for us cannot be read, and that is told; as root everything can
        let is_readable = mode == 0o444 || std::fs::read(secrets.join("main")).is_ok();
        assert_eq!(run.code == Some(0), is_readable, "{mode:o}: {run:?}");
    }
    mount("..4", token.expect("a token"), 0o446);
    let run = status();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.report.to_string().contains("others may write it"),
        "{run:?}"
    );
}
