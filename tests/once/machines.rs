//! Two machines on one PostgreSQL: files on one of them only, a database that goes away for a while.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::rehearsal::{PROJECT, Rehearsal, Run};
use super::server::Server;

/// A rehearsal whose memory is on a server, and a second project folder on the same memory: another machine.
struct Machines {
    server: Server,
    first: Rehearsal,
    second: tempfile::TempDir,
    workers: Vec<Child>,
}

impl Drop for Machines {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

impl Machines {
    fn new() -> Self {
        let mut server = Server::start().expect("a server");
        let database = server.database().expect("a database");
        let project = format!("{PROJECT}[store]\nurl = '{database}'\n");
        let first = Rehearsal::of(&project, &[]);
        let second = tempfile::tempdir().expect("a folder");
        std::fs::write(second.path().join("storypress.toml"), &project).expect("a project");
        Self {
            server,
            first,
            second,
            workers: Vec::new(),
        }
    }

    fn plan(&self, files: &[PathBuf], seconds: i64) -> Run {
        let at = Timestamp::now() + SignedDuration::from_secs(seconds);
        let mut command = self
            .first
            .command(&["publish", "--json", "--sandbox", &self.first.url]);
        command.args(["--at", &at.to_string()]).args(files);
        Run::of(command.output().expect("a run"))
    }

    fn work(&mut self, is_first: bool) {
        let folder = match is_first {
            true => self.first.path(),
            false => self.second.path(),
        };
        let worker = Command::new(crate::program())
            .args(["worker", "--quiet", "--sandbox", &self.first.url])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.workers.push(worker.expect("a worker"));
    }

    /// Waits until so many are live; how many are.
    fn live(&self, wanted: usize, within: Duration) -> usize {
        let start = Instant::now();
        loop {
            let live = self.first.published().values().sum();
            if live >= wanted || start.elapsed() > within {
                return live;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn files_that_are_on_one_machine_go_out_from_there() {
    let mut machines = Machines::new();
    let files = machines.first.pictures(10);
    let planned = machines.plan(&files, 2);
    assert_eq!(planned.code, Some(0), "{planned:?}");
    // what is on one machine cannot be read by its path on the other
    for file in &files {
        std::fs::remove_file(file).expect("removed");
    }
    machines.work(false);
    assert_eq!(
        machines.live(1, Duration::from_secs(6)),
        0,
        "nobody has the files"
    );
    machines.work(true);
    assert_eq!(machines.live(10, Duration::from_secs(60)), 10);
    assert!(machines.first.published().values().all(|times| *times == 1));
}

#[test]
fn a_database_that_is_away_is_waited_for() {
    let mut machines = Machines::new();
    let files = machines.first.pictures(4);
    let planned = machines.plan(&files, 8);
    assert_eq!(planned.code, Some(0), "{planned:?}");
    machines.work(true);
    machines.work(false);
    std::thread::sleep(Duration::from_secs(3));
    machines.server.stop();
    // they were due meanwhile
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(machines.live(1, Duration::ZERO), 0);
    machines.server.start_again().expect("it is back");
    assert_eq!(machines.live(4, Duration::from_secs(90)), 4);
    std::thread::sleep(Duration::from_secs(2));
    assert!(machines.first.published().values().all(|times| *times == 1));
    for worker in &mut machines.workers {
        assert_eq!(worker.try_wait().expect("a state"), None, "it works on");
    }
}
