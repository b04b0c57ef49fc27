//! A worker as a service: asked over HTTP, watched by systemd, started before its database.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::rehearsal::{PROJECT, Rehearsal, Run};
use super::server::Server;

/// A worker that ends with its test.
struct Worker(Child);

impl Worker {
    fn of(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        Self(command.spawn().expect("a worker"))
    }

    /// Asks it to end; what it said.
    fn end(mut self) -> String {
        signal(&self.0, "-TERM");
        self.ended().1
    }

    /// How it ended by itself, and what it said.
    fn ended(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        if let Some(mut out) = self.0.stderr.take() {
            let _ = out.read_to_string(&mut said);
        }
        (self.0.wait().expect("its end").code(), said)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(child: &Child, signal: &str) {
    let _ = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

fn worker(rehearsal: &Rehearsal, more: &[&str]) -> Command {
    let mut command = rehearsal.command(&["worker", "--sandbox", &rehearsal.url]);
    command.args(more);
    command
}

/// The status and text of an answer, once somebody answers.
fn ask(port: u16, path: &str) -> (u16, String) {
    use std::io::Write;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let start = Instant::now();
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) if start.elapsed() > Duration::from_secs(20) => panic!("{error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok());
    (status.expect("a status"), answer)
}

/// Asks until the status is that one.
fn becomes(port: u16, path: &str, status: u16) -> String {
    let start = Instant::now();
    loop {
        let (found, answer) = ask(port, path);
        if found == status {
            return answer;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{path}: {answer}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// OpenMetrics text by name and labels; each line of it has to be one.
fn parsed(answer: &str) -> (BTreeMap<String, String>, BTreeMap<String, f64>) {
    let (head, text) = answer.split_once("\r\n\r\n").expect("a body");
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.contains(kind), "{head}");
    let (mut kinds, mut numbers) = (BTreeMap::new(), BTreeMap::new());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.last(), Some(&"# EOF"));
    for line in &lines[..lines.len() - 1] {
        if let Some(told) = line.strip_prefix("# TYPE ") {
            let (name, kind) = told.split_once(' ').expect("a type");
            kinds.insert(name.to_owned(), kind.to_owned());
        } else if !line.starts_with("# HELP ") {
            let (name, number) = line.rsplit_once(' ').expect("a number");
            let number = number.parse().expect("a number");
            assert!(numbers.insert(name.to_owned(), number).is_none(), "{line}");
        }
    }
    (kinds, numbers)
}

#[test]
fn a_worker_is_asked_over_http() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(2);
    let refused = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005 }]);
    rehearsal.post("/sandbox/faults", &refused);
    let run = rehearsal.publish(&files[..1], None);
    assert_eq!(run.code, Some(1), "{run:?}");
    let at = (Timestamp::now() + SignedDuration::from_hours(30)).to_string();
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    let planned = Run::of(
        command
            .args(["--at", &at])
            .arg(&files[1])
            .output()
            .expect("a run"),
    );
    assert_eq!(planned.code, Some(0), "{planned:?}");
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let running = Worker::of(worker(&rehearsal, &["--listen", &address, "--jobs", "3"]));
    becomes(port, "/readyz", 200);
    assert_eq!(ask(port, "/healthz").0, 200);
    assert_eq!(ask(port, "/other").0, 404);
    // what is read at the start is there a moment later
    let start = Instant::now();
    let (kinds, numbers) = loop {
        let (kinds, numbers) = parsed(&becomes(port, "/metrics", 200));
        if numbers
            .keys()
            .any(|name| name.starts_with("storypress_quota_left"))
        {
            break (kinds, numbers);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{numbers:?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let name = rehearsal.accounts[0]["name"].as_str().expect("a name");
    let of = |name: &str| {
        numbers
            .get(name)
            .copied()
            .unwrap_or_else(|| panic!("{name}: {numbers:?}"))
    };
    assert_eq!(of("storypress_due"), 0.0);
    assert_eq!(of("storypress_overdue_seconds"), 0.0);
    assert_eq!(of("storypress_uncertain"), 0.0);
    assert_eq!(of("storypress_freeze_lag_seconds"), 0.0);
    assert_eq!(
        of(&format!("storypress_failed_total{{account=\"{name}\"}}")),
        1.0
    );
    assert_eq!(of("storypress_missed_total{schedule=\"\"}"), 0.0);
    assert_eq!(
        of(&format!("storypress_quota_left{{account=\"{name}\"}}")),
        100.0
    );
    let beat = numbers
        .iter()
        .find(|(name, _)| name.starts_with("storypress_heartbeat_seconds{worker="));
    assert!(
        beat.is_some_and(|(_, seconds)| *seconds < 30.0),
        "{numbers:?}"
    );
    assert_eq!(kinds["storypress_failed"], "counter");
    assert_eq!(kinds["storypress_quota_left"], "gauge");
    // a newer program takes the store over
    on_file(
        rehearsal.path(),
        "INSERT INTO storypress_schema (number) VALUES (9999)",
    );
    assert!(becomes(port, "/readyz", 503).contains("newer version"));
    assert_eq!(ask(port, "/healthz").0, 200);
    let said = running.end();
    assert!(
        said.contains(&format!("http://{address}/healthz")),
        "{said}"
    );
    // people read what is planned as such, programs as before
    on_file(
        rehearsal.path(),
        "DELETE FROM storypress_schema WHERE number = 9999",
    );
    let table = rehearsal
        .command(&["status"])
        .output()
        .expect("a run")
        .stdout;
    assert!(
        String::from_utf8_lossy(&table).contains("  planned "),
        "{table:?}"
    );
    let report = Run::of(
        rehearsal
            .command(&["status", "--json"])
            .output()
            .expect("a run"),
    )
    .report;
    assert_eq!(report["items"][1]["story"]["state"], "due", "{report}");
}

/// Changes the rehearsal's database behind its back.
fn on_file(folder: &Path, sql: &'static str) {
    use sqlx::Connection;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let file = folder.join(".storypress/store.db");
        let url = format!("sqlite:{}", file.display());
        let mut conn = sqlx::SqliteConnection::connect(&url)
            .await
            .expect("a connection");
        sqlx::raw_sql(sql)
            .execute(&mut conn)
            .await
            .expect("it is done");
        conn.close().await.expect("it is closed");
    });
}

#[test]
fn a_port_that_cannot_be_had_is_told_before_anything_is_done() {
    let rehearsal = Rehearsal::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    for wrong in [address.as_str(), "9464", "127.0.0.1"] {
        let run = Run::of(
            worker(&rehearsal, &["--listen", wrong])
                .output()
                .expect("a run"),
        );
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.said.contains(wrong), "{run:?}");
    }
    for wrong in [&["--once", "--listen", "127.0.0.1:0"][..], &["--jobs", "0"]] {
        let run = Run::of(worker(&rehearsal, wrong).output().expect("a run"));
        assert_eq!(run.code, Some(2), "{run:?}");
    }
    assert!(!rehearsal.path().join(".storypress").exists());
}

/// Where a worker tells systemd how it is.
struct Systemd {
    socket: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Systemd {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        let limit = Some(Duration::from_secs(30));
        socket.set_read_timeout(limit).expect("a limit");
        Self { socket, folder }
    }

    fn told(&self, command: &mut Command) {
        command.env("NOTIFY_SOCKET", self.folder.path().join("notify"));
    }

    /// Reads until it is told that; all that was told.
    fn hears(&self, word: &str) -> Vec<String> {
        let mut heard = Vec::new();
        let mut message = [0; 4096];
        loop {
            let length = self
                .socket
                .recv(&mut message)
                .unwrap_or_else(|e| panic!("{e}: {heard:?}"));
            let text = String::from_utf8_lossy(&message[..length]).into_owned();
            heard.extend(text.lines().map(str::to_owned));
            if heard.iter().any(|line| line == word) {
                return heard;
            }
        }
    }
}

#[test]
fn systemd_hears_when_it_is_ready_alive_and_at_its_end() {
    let rehearsal = Rehearsal::new();
    let systemd = Systemd::new();
    let mut command = worker(&rehearsal, &["--quiet"]);
    systemd.told(&mut command);
    command.env("WATCHDOG_USEC", "600000");
    let running = Worker::of(command);
    let heard = systemd.hears("READY=1");
    let extends = |line: &String| line.starts_with("EXTEND_TIMEOUT_USEC=");
    assert!(extends(&heard[0]), "{heard:?}");
    assert!(systemd.hears("WATCHDOG=1").len() < 10);
    let start = Instant::now();
    for _ in 0..3 {
        systemd.hears("WATCHDOG=1");
    }
    assert!(
        start.elapsed() < Duration::from_millis(3 * 600),
        "{:?}",
        start.elapsed()
    );
    signal(&running.0, "-TERM");
    let heard = systemd.hears("STOPPING=1");
    assert!(!heard.contains(&"READY=1".to_owned()), "{heard:?}");
    running.end();
}

#[test]
fn a_database_that_is_away_at_the_start_is_waited_for() {
    let mut server = Server::start().expect("a server");
    let database = server.database().expect("a database");
    let project = format!("{PROJECT}[store]\nurl = '{database}'\n");
    let rehearsal = Rehearsal::of(&project, &[]);
    let files = rehearsal.pictures(1);
    let at = (Timestamp::now() + SignedDuration::from_secs(2)).to_string();
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    let planned = Run::of(
        command
            .args(["--at", &at])
            .arg(&files[0])
            .output()
            .expect("a run"),
    );
    assert_eq!(planned.code, Some(0), "{planned:?}");
    server.stop();
    // for a timer it is no use to wait
    let once = Run::of(worker(&rehearsal, &["--once"]).output().expect("a run"));
    assert_eq!(once.code, Some(2), "{once:?}");
    let (systemd, port) = (Systemd::new(), free_port());
    let mut command = worker(&rehearsal, &["--listen", &format!("127.0.0.1:{port}")]);
    systemd.told(&mut command);
    let running = Worker::of(command);
    let heard = systemd.hears("STATUS=waiting for the database");
    assert!(!heard.contains(&"READY=1".to_owned()), "{heard:?}");
    assert_eq!(ask(port, "/healthz").0, 200);
    assert_eq!(ask(port, "/readyz").0, 503);
    assert_eq!(ask(port, "/metrics").0, 503);
    std::thread::sleep(Duration::from_secs(4));
    server.start_again().expect("it is back");
    systemd.hears("READY=1");
    becomes(port, "/readyz", 200);
    let start = Instant::now();
    while rehearsal.published().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = running.end();
    assert_eq!(said.matches("it is waited for").count(), 1, "{said}");
    assert!(!said.contains("geheim"), "{said}");
    // what nobody mends by waiting ends it at once
    let wrong = database.replace("geheim-4711", "geheim-0815");
    let project = format!("{PROJECT}[store]\nurl = '{wrong}'\n");
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let mut running = Worker::of(worker(&rehearsal, &[]));
    let (code, said) = running.ended();
    assert_eq!(code, Some(2), "{said}");
    assert!(!said.contains("geheim"), "{said}");
}
