//! What a night brings: outages, files that are made anew, accounts that are stopped, tokens that are renewed, a memory
//! that is lost. Nothing is lost and nothing goes out twice.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storypress::media::sha256_of;

use super::rehearsal::{Rehearsal, Run};

/// A worker that ends with its test.
struct Worker(Child);

impl Worker {
    fn of(rehearsal: &Rehearsal) -> Self {
        Self::with(
            rehearsal,
            &["worker", "--quiet", "--sandbox", &rehearsal.url],
        )
    }

    fn with(rehearsal: &Rehearsal, arguments: &[&str]) -> Self {
        let mut command = rehearsal.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().expect("a worker"))
    }

    /// Asks it to end; what it printed.
    fn end(mut self) -> String {
        let id = self.0.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let mut said = String::new();
        if let Some(mut out) = self.0.stdout.take() {
            let _ = std::io::Read::read_to_string(&mut out, &mut said);
        }
        let _ = self.0.wait();
        said
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn call(rehearsal: &Rehearsal, arguments: &[&str]) -> Run {
    let mut command = rehearsal.command(arguments);
    Run::of(command.arg("--json").output().expect("a run"))
}

fn at(rehearsal: &Rehearsal, files: &[PathBuf], time: &str) -> Run {
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(["--at", time]).args(files);
    Run::of(command.output().expect("a run"))
}

fn in_seconds(seconds: i64) -> String {
    (Timestamp::now() + SignedDuration::from_secs(seconds)).to_string()
}

fn live(rehearsal: &Rehearsal) -> usize {
    rehearsal.published().values().sum()
}

/// Waits until so many are live; whether they are.
fn becomes_live(rehearsal: &Rehearsal, count: usize, within: Duration) -> bool {
    let start = Instant::now();
    while live(rehearsal) < count {
        if start.elapsed() > within {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    true
}

fn id(run: &Run, item: usize) -> String {
    let id = run.report["items"][item]["story"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{run:?}")).to_owned()
}

fn state(run: &Run, item: usize) -> &str {
    run.report["items"][item]["story"]["state"]
        .as_str()
        .unwrap_or_default()
}

fn codes(run: &Run, item: usize) -> Vec<String> {
    let told = run.report["items"][item]["diagnostics"].as_array().cloned();
    let told = told.unwrap_or_default().into_iter();
    told.map(|d| d["code"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Calls of the platform that were made on such a path.
fn posts(rehearsal: &Rehearsal, ending: &str) -> usize {
    let log = rehearsal.get("/sandbox/log");
    let is_it = |line: &&Value| {
        line["method"] == "POST" && line["path"].as_str().is_some_and(|p| p.ends_with(ending))
    };
    log.as_array().expect("a list").iter().filter(is_it).count()
}

fn account(rehearsal: &Rehearsal) -> String {
    let name = rehearsal.accounts[0]["name"].as_str();
    name.expect("a name").to_owned()
}

#[test]
fn trouble_that_passes_ends_no_story_however_often_it_is_tried() {
    for fault in [
        json!([{ "on": "container", "do": "server-error", "times": 9 }]),
        json!([{ "on": "container", "do": "fetch-failed", "times": 9 }]),
        json!([{ "on": "container", "do": "drop-before", "times": 9 }]),
        json!([{ "on": "status", "do": "server-error", "times": 9 }]),
        json!([{ "on": "container", "do": "fails", "subcode": 2207082, "times": 7 }]),
        json!([{ "on": "quota", "do": "html", "times": 9 }]),
    ] {
        let rehearsal = Rehearsal::new();
        rehearsal.post("/sandbox/faults", &fault);
        let run = rehearsal.publish(&rehearsal.pictures(2), None);
        assert_eq!(run.code, Some(0), "{fault}: {run:?}");
        assert_eq!(live(&rehearsal), 2, "{fault}");
    }
}

#[test]
fn trouble_that_stays_ends_a_story_when_it_is_late_and_says_what_it_was() {
    let project = "[publish]\nsettle = '300ms'\ngap = '10ms'\nlate = '3s'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    let fault = json!([{ "on": "container", "do": "server-error", "times": "always" }]);
    rehearsal.post("/sandbox/faults", &fault);
    let run = rehearsal.publish(&rehearsal.pictures(1), None);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(state(&run, 0), "missed");
    let said = run.report["items"][0]["diagnostics"][0]["message"].as_str();
    assert!(
        said.is_some_and(|s| s.contains("make a container")),
        "{run:?}"
    );
}

#[test]
fn what_can_never_change_fails_at_once() {
    let rehearsal = Rehearsal::new();
    let fault = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let run = rehearsal.publish(&rehearsal.pictures(1), None);
    assert_eq!((run.code, state(&run, 0)), (Some(1), "failed"), "{run:?}");
    assert_eq!(posts(&rehearsal, "/media"), 1);
}

#[test]
fn who_waits_for_the_own_gap_is_not_late() {
    let project = "[publish]\nsettle = '300ms'\ngap = '2s'\nlate = '3s'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    let run = rehearsal.publish(&rehearsal.pictures(5), None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(live(&rehearsal), 5);
}

#[test]
fn one_story_in_trouble_holds_up_no_other() {
    let project = "[publish]\nsettle = '400ms'\ngap = '10ms'\nlate = '30s'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    // the first container, and each one after it of that story
    let fault = json!([{ "on": "container", "do": "fails", "subcode": 2207082, "times": 1 },
        { "on": "container", "do": "fails", "subcode": 2207082, "after": 2, "times": 6 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let run = rehearsal.publish(&rehearsal.pictures(3), None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(live(&rehearsal), 3);
}

#[test]
fn a_restricted_account_is_stopped_after_one_answer_and_goes_on_by_hand() {
    for (on, code, subcode) in [
        ("publish", 25, Some(2207050)),
        ("publish", 368, None),
        ("publish", 190, Some(463)),
        ("publish", 10, None),
    ] {
        let rehearsal = Rehearsal::new();
        let fault = json!([{ "on": on, "do": "error", "code": code, "subcode": subcode, "times": "always" }]);
        rehearsal.post("/sandbox/faults", &fault);
        let files = rehearsal.pictures(8);
        let run = rehearsal.publish(&files, None);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(posts(&rehearsal, "/media_publish"), 1, "{code}/{subcode:?}");
        for item in 0..8 {
            assert!(!["failed", "live"].contains(&state(&run, item)), "{run:?}");
            let waits_for = run.report["items"][item]["story"]["waits_for"].as_str();
            assert!(waits_for.is_some_and(|w| w.contains("stopped")), "{run:?}");
        }
        rehearsal.delete("/sandbox/faults");
        let name = account(&rehearsal);
        let still = rehearsal.publish(&files, None);
        assert_eq!((still.code, live(&rehearsal)), (Some(1), 0), "{still:?}");
        let sandbox = format!("--sandbox={}", rehearsal.url);
        let resumed = call(&rehearsal, &["resume", "--account", &name, &sandbox]);
        assert_eq!(resumed.code, Some(0), "{resumed:?}");
        let run = rehearsal.publish(&files, None);
        assert_eq!((run.code, live(&rehearsal)), (Some(0), 8), "{run:?}");
    }
}

#[test]
fn what_is_rendered_over_moved_or_deleted_changes_nothing_that_is_planned() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(4);
    let hashes: Vec<_> = files
        .iter()
        .map(|f| sha256_of(f).expect("a hash"))
        .collect();
    let planned = at(&rehearsal, &files[..3], &in_seconds(4));
    assert_eq!(planned.code, Some(0), "{planned:?}");
    std::fs::copy(&files[3], &files[0]).expect("another picture");
    std::fs::rename(&files[1], rehearsal.path().join("elsewhere.jpg")).expect("moved");
    std::fs::remove_file(&files[2]).expect("deleted");
    let _worker = Worker::of(&rehearsal);
    assert!(becomes_live(&rehearsal, 3, Duration::from_secs(30)));
    let published = rehearsal.published();
    for hash in &hashes[..3] {
        assert_eq!(published.get(hash), Some(&1));
    }
}

#[test]
fn the_same_picture_of_another_day_is_another_story() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(1);
    for (time, code, status) in [
        ("2036-12-01T09:00", 0, "done"),
        ("2036-12-02T09:00", 0, "done"),
        ("2036-12-03T09:00", 0, "done"),
        ("2036-12-01T09:00", 0, "unchanged"),
        ("2036-12-03T10:00", 1, "failed"),
    ] {
        let run = at(&rehearsal, &files, time);
        assert_eq!(run.code, Some(code), "{time}: {run:?}");
        assert_eq!(run.report["items"][0]["status"], status, "{time}: {run:?}");
        assert_eq!(state(&run, 0), "due", "{time}: {run:?}");
        let expected: &[&str] = if code == 1 { &["already-planned"] } else { &[] };
        assert_eq!(codes(&run, 0), expected, "{time}");
    }
    let all = call(&rehearsal, &["status", "--all"]);
    assert_eq!(all.report["items"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_is_planned_is_called_planned_with_its_time() {
    let rehearsal = Rehearsal::new();
    std::fs::write(
        rehearsal.path().join("storypress.toml"),
        "[project]\ntimezone = 'Europe/Madrid'\n",
    )
    .expect("a project");
    let files = rehearsal.pictures(2);
    let publish = |time: &str| {
        let mut command = rehearsal.command(&["publish", "--sandbox", &rehearsal.url]);
        command.args(["--at", time]).args(&files);
        Run::of(command.output().expect("a run"))
    };
    let run = publish("2036-12-05T09:00[America/New_York]");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.said.contains("15:00 Europe/Madrid"), "{run:?}");
    assert!(run.said.contains("2 planned"), "{run:?}");
    assert!(!run.said.contains("published"), "{run:?}");
    assert!(run.said.contains("worker must run"), "{run:?}");
    for wrong in [
        "2036-12-06",
        "2036-12-06T09:00[Mars/Olympus]",
        "2036-12-06T09:00 or so",
    ] {
        let run = publish(wrong);
        assert_eq!(run.code, Some(2), "{wrong}: {run:?}");
    }
}

#[test]
fn a_planned_story_is_moved_taken_back_and_paused() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(3);
    let planned = at(&rehearsal, &files, "2036-12-01T09:00");
    let (first, second, third) = (id(&planned, 0), id(&planned, 1), id(&planned, 2));
    let cancelled = call(&rehearsal, &["cancel", &first]);
    assert_eq!(
        (cancelled.code, state(&cancelled, 0)),
        (Some(0), "cancelled")
    );
    assert_eq!(call(&rehearsal, &["cancel", &first]).code, Some(2));
    let name = account(&rehearsal);
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let paused = call(&rehearsal, &["pause", "--account", &name, &sandbox]);
    assert_eq!(paused.code, Some(0), "{paused:?}");
    let moved = call(&rehearsal, &["move", &second, "--to", &in_seconds(2)]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    let _worker = Worker::of(&rehearsal);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(live(&rehearsal), 0, "it is paused");
    let status = call(&rehearsal, &["status", &second]);
    let waits_for = status.report["items"][0]["story"]["waits_for"].as_str();
    assert!(
        waits_for.is_some_and(|w| w.contains("paused by hand")),
        "{status:?}"
    );
    let resumed = call(&rehearsal, &["resume", "--account", &name, &sandbox]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert!(becomes_live(&rehearsal, 1, Duration::from_secs(20)));
    assert_eq!(
        call(&rehearsal, &["cancel", &second]).code,
        Some(2),
        "it is live"
    );
    assert_eq!(
        call(&rehearsal, &["move", &third, "--to", "2001-01-01T09:00"]).code,
        Some(2)
    );
}

#[test]
fn all_that_failed_is_tried_again_in_one_call() {
    let rehearsal = Rehearsal::new();
    let fault = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005, "times": 3 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let run = rehearsal.publish(&rehearsal.pictures(3), None);
    assert_eq!(run.code, Some(1), "{run:?}");
    let sandbox = format!("--sandbox={}", rehearsal.url);
    assert_eq!(call(&rehearsal, &["status", "--exit-code"]).code, Some(1));
    assert_eq!(call(&rehearsal, &["status"]).code, Some(0));
    let one = call(&rehearsal, &["retry", &id(&run, 0), &id(&run, 1), &sandbox]);
    assert_eq!((one.code, live(&rehearsal)), (Some(0), 2), "{one:?}");
    let rest = call(&rehearsal, &["retry", "--failed", &sandbox]);
    assert_eq!((rest.code, live(&rehearsal)), (Some(0), 3), "{rest:?}");
    assert_eq!(call(&rehearsal, &["status", "--exit-code"]).code, Some(0));
}

#[test]
fn a_worker_says_who_when_what_and_why() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(2);
    let planned = at(&rehearsal, &files, &in_seconds(5));
    let arguments = ["worker", "--json", "--sandbox", &rehearsal.url];
    let worker = Worker::with(&rehearsal, &arguments);
    assert!(becomes_live(&rehearsal, 2, Duration::from_secs(20)));
    std::thread::sleep(Duration::from_millis(500));
    let status = Run::of(rehearsal.command(&["status"]).output().expect("a run"));
    assert!(status.said.contains("worker "), "{status:?}");
    let said = worker.end();
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let (report, events) = lines.split_last().expect("a report");
    assert_eq!(report["command"], "worker");
    let totals = &report["totals"];
    assert_eq!([&totals["done"], &totals["failed"]], [2, 0], "{said}");
    for item in 0..2 {
        let id = id(&planned, item);
        let line = events.iter().find(|line| line["story"] == id.as_str());
        let line = line.unwrap_or_else(|| panic!("{said}"));
        assert_eq!(line["state"], "live");
        assert_eq!(line["account"], account(&rehearsal).as_str());
        assert!(
            line["time"]
                .as_str()
                .is_some_and(|t| t.parse::<Timestamp>().is_ok())
        );
    }
}

#[test]
fn a_memory_that_is_lost_asks_before_it_sends() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(2);
    assert_eq!(rehearsal.publish(&files, None).code, Some(0));
    let store = rehearsal.path().join(".storypress");
    // a copy of the file alone is whole
    let wal = std::fs::metadata(store.join("store.db-wal")).map_or(0, |m| m.len());
    assert_eq!(wal, 0, "the log was not emptied");
    std::fs::remove_dir_all(&store).expect("lost");
    let run = rehearsal.publish(&files, None);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.said.contains("storypress store import"), "{run:?}");
    assert_eq!(live(&rehearsal), 2);
    let planned = at(&rehearsal, &files, &in_seconds(1));
    assert_eq!(planned.code, Some(2), "{planned:?}");
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let imported = call(&rehearsal, &["store", "import", &sandbox]);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert_eq!(imported.report["imported"], 2);
    let again = rehearsal.publish(&files, None);
    assert_eq!((again.code, live(&rehearsal)), (Some(0), 2), "{again:?}");
    assert_eq!(again.report["totals"]["unchanged"], 2, "{again:?}");
}

#[test]
fn a_restored_memory_sends_nothing_that_was_due_since() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(3);
    let soon = at(&rehearsal, &files[..2], &in_seconds(3));
    assert_eq!(soon.code, Some(0), "{soon:?}");
    let later = at(&rehearsal, &files[2..], "2036-12-01T09:00");
    assert_eq!(later.code, Some(0), "{later:?}");
    let backup = call(&rehearsal, &["store", "backup", "memory.db"]);
    assert_eq!(backup.code, Some(0), "{backup:?}");
    let worker = Worker::of(&rehearsal);
    assert!(becomes_live(&rehearsal, 2, Duration::from_secs(20)));
    let busy = call(&rehearsal, &["store", "restore", "memory.db"]);
    assert_eq!(busy.code, Some(2), "a worker is there: {busy:?}");
    worker.end();
    std::fs::remove_dir_all(rehearsal.path().join(".storypress/media")).expect("lost");
    std::fs::remove_file(&files[2]).expect("deleted");
    let restored = call(&rehearsal, &["store", "restore", "memory.db"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert_eq!(restored.report["held"], 2, "{restored:?}");
    let _worker = Worker::of(&rehearsal);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(live(&rehearsal), 2, "nothing goes out twice");
    // what is planned for later has its file again; the account is looked at first
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let moved = call(
        &rehearsal,
        &["move", &id(&later, 0), "--to", &in_seconds(1)],
    );
    assert_eq!(moved.code, Some(0), "{moved:?}");
    let start = Instant::now();
    loop {
        let status = call(&rehearsal, &["status", &id(&later, 0)]);
        if status.report.to_string().contains("store import") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{status:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(live(&rehearsal), 2);
    // which ends the stop that has asked for it
    assert_eq!(
        call(&rehearsal, &["store", "import", &sandbox]).code,
        Some(0)
    );
    assert!(becomes_live(&rehearsal, 3, Duration::from_secs(20)));
}

#[test]
fn a_token_that_was_renewed_is_taken_without_a_restart() {
    let rehearsal = Rehearsal::new();
    let (served, _runtime) = served(&rehearsal.path().join("public"));
    let of_instagram = |a: &&Value| a["login"] == "instagram";
    let accounts = rehearsal.accounts.as_array().expect("accounts");
    let account = accounts.iter().find(of_instagram).expect("one");
    let project = format!(
        "[publish]\nsettle = '600ms'\ngap = '10ms'\n[upload]\nto = 'file:public'\npublic_url = '{served}'\n\
         [accounts.main]\nlogin = 'instagram'\nuser_id = {}\nbase = '{}'\ntoken_file = 'token'\n\
         token_file_mode = 'mounted'\n",
        account["user_id"], rehearsal.url
    );
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let token = rehearsal.path().join("token");
    std::fs::write(&token, "IGAAold").expect("a token");
    let files = rehearsal.pictures(2);
    let publish = || {
        let mut command = rehearsal.command(&["publish", "--json"]);
        Run::of(command.args(&files).output().expect("a run"))
    };
    let run = publish();
    assert_eq!((run.code, live(&rehearsal)), (Some(1), 0), "{run:?}");
    let worker = Worker::with(&rehearsal, &["worker", "--quiet"]);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(live(&rehearsal), 0);
    std::fs::write(&token, account["token"].as_str().expect("a token")).expect("a token");
    assert!(becomes_live(&rehearsal, 2, Duration::from_secs(30)));
    worker.end();
}

/// A folder that is served on loopback as long as the second lives.
fn served(folder: &Path) -> (String, tokio::runtime::Runtime) {
    std::fs::create_dir_all(folder).expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let served = runtime.block_on(storypress::upload::serve(folder));
    let served = served.expect("it is served");
    let url = served.url.to_string();
    // it ends with the process of the tests
    std::mem::forget(served);
    (url, runtime)
}

#[test]
fn a_token_of_another_account_or_login_is_told_before_anything_is_sent() {
    let rehearsal = Rehearsal::new();
    let accounts = rehearsal.accounts.as_array().expect("accounts");
    let of = |login: &str| accounts.iter().find(|a| a["login"] == login).expect("one");
    let (own, other) = (of("instagram"), of("facebook"));
    let files = rehearsal.pictures(1);
    for (login, user, token, word) in [
        (
            "instagram",
            "\"17841499999999999\"".to_owned(),
            own,
            "user_id",
        ),
        (
            "instagram",
            own["user_id"].to_string(),
            other,
            "other login",
        ),
    ] {
        let project = format!(
            "[upload]\nto = 'file:public'\npublic_url = 'http://127.0.0.1:9'\n\
             [accounts.main]\nlogin = '{login}'\nuser_id = {user}\nbase = '{}'\ntoken_env = 'ITS_TOKEN'\n",
            rehearsal.url
        );
        std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
        let token = token["token"].as_str().expect("a token");
        let run = |arguments: &[&str]| {
            let mut command = rehearsal.command(arguments);
            Run::of(command.env("ITS_TOKEN", token).output().expect("a run"))
        };
        let file = files[0].to_str().expect("a name");
        let published = run(&["publish", file]);
        assert_eq!(published.code, Some(2), "{published:?}");
        assert!(published.said.contains(word), "{published:?}");
        let status = run(&["account", "status"]);
        assert_eq!(status.code, Some(1), "{status:?}");
        assert!(status.said.contains(word), "{status:?}");
    }
    assert_eq!(posts(&rehearsal, "/media"), 0);
}

#[test]
fn a_quota_that_will_not_do_is_told_at_the_start() {
    let rehearsal = Rehearsal::new();
    rehearsal.post("/sandbox/settings", &json!({ "quota_total": 2 }));
    let files = rehearsal.pictures(4);
    let mut command = rehearsal.command(&["publish", "--dry-run", "--sandbox", &rehearsal.url]);
    let run = Run::of(command.args(&files).output().expect("a run"));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.said.contains("2 of 4 can go out before"), "{run:?}");
    assert!(run.said.contains("2 would be published"), "{run:?}");
    rehearsal.post("/sandbox/settings", &json!({ "quota_total": 4 }));
    let mut command = rehearsal.command(&["publish", "--dry-run", "--sandbox", &rehearsal.url]);
    let run = Run::of(command.args(&files).output().expect("a run"));
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[cfg(unix)]
#[test]
fn odd_names_are_published_and_shown_on_one_line() {
    use std::os::unix::ffi::OsStrExt;
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(3);
    let mut odd = vec![files[2].clone()];
    for (file, name) in files.iter().zip([&b"two\nlines.jpg"[..], b"\xff\xfe.jpg"]) {
        let path = rehearsal.path().join(std::ffi::OsStr::from_bytes(name));
        std::fs::rename(file, &path).expect("renamed");
        odd.push(path);
    }
    let run = rehearsal.publish(&odd, None);
    assert_eq!((run.code, live(&rehearsal)), (Some(0), 3), "{run:?}");
    assert_eq!(run.states().len(), 3, "{run:?}");
    let status = rehearsal.command(&["status"]).output().expect("a run");
    let table = String::from_utf8(status.stdout).expect("text");
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn nobody_who_reads_is_no_failure() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(1);
    let mut child = Command::new(crate::program())
        .args(["publish", "-v", "--sandbox", &rehearsal.url])
        .args(&files)
        .current_dir(rehearsal.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a run");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("its end").code(), Some(0));
    assert_eq!(live(&rehearsal), 1);
}

#[test]
fn what_was_refused_and_is_live_is_not_missed_where_its_account_is_not_open() {
    let policy = "[publish]\nsettle = '300ms'\ngap = '10ms'\nlate = '6s'\n";
    let without = format!("{policy}[accounts.other]\nlogin = 'instagram'\n");
    let with = format!("{without}[accounts.page]\nlogin = 'facebook'\n");
    let rehearsal = Rehearsal::of(&with, &[]);
    let project = rehearsal.path().join("storypress.toml");
    let refused = json!([{ "on": "publish", "do": "error-after", "code": 4 }]);
    rehearsal.post("/sandbox/faults", &refused);
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(["--account", "page", "--at", &in_seconds(2)]);
    let planned = Run::of(command.args(rehearsal.pictures(1)).output().expect("a run"));
    assert_eq!(planned.code, Some(0), "{planned:?}");
    let story = || call(&rehearsal, &["status", "--all"]).report["items"][0]["story"].clone();
    let until = |what: &dyn Fn(&Value) -> bool| {
        let start = Instant::now();
        loop {
            let story = story();
            if what(&story) {
                return story;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{story}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let worker = Worker::of(&rehearsal);
    until(&|story| story.to_string().contains("call budget"));
    drop(worker);
    // the next one knows another account alone, until the story is late and beyond
    std::fs::write(&project, without).expect("a project");
    let worker = Worker::of(&rehearsal);
    std::thread::sleep(Duration::from_secs(9));
    assert_eq!(story()["state"], "contained");
    drop(worker);
    std::fs::write(&project, with).expect("a project");
    let _worker = Worker::of(&rehearsal);
    let story = until(&|story| story["state"] != "contained");
    assert_eq!(story["state"], "live", "{story}");
    assert_eq!(live(&rehearsal), 1);
}

#[test]
fn what_is_due_on_an_account_that_is_not_open_says_so_and_is_missed_in_the_end() {
    let rehearsal = Rehearsal::of(
        "[publish]\nsettle = '300ms'\ngap = '10ms'\nlate = '3s'\n",
        &[],
    );
    let login = |login: &str| {
        let is_it = |account: &&Value| account["login"] == login;
        let found = rehearsal
            .accounts
            .as_array()
            .expect("a list")
            .iter()
            .find(is_it);
        found.expect("an account")["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    };
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(["--account", &login("facebook"), "--at", &in_seconds(2)]);
    let planned = Run::of(command.args(rehearsal.pictures(1)).output().expect("a run"));
    assert_eq!(planned.code, Some(0), "{planned:?}");
    // from now on the project knows another account alone
    let project = "[publish]\nsettle = '300ms'\ngap = '10ms'\nlate = '3s'\n\
        [accounts.main]\nlogin = 'instagram'\n";
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let worker = Worker::of(&rehearsal);
    let mut reasons = Vec::new();
    let start = Instant::now();
    loop {
        let run = call(&rehearsal, &["status", "--all"]);
        let story = &run.report["items"][0]["story"];
        reasons.extend(story["waits_for"].as_str().map(str::to_owned));
        if story["state"] == "missed" {
            assert!(story["trouble"].to_string().contains("not open"), "{story}");
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{run:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(worker);
    assert!(
        reasons.iter().any(|why| why.contains("not open")),
        "{reasons:?}"
    );
    assert_eq!(live(&rehearsal), 0);
}
