//! Tokens that a worker renews by their age, and those that it cannot keep.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::rehearsal::Rehearsal;

const DAY: i64 = 86400;

/// An account of the sandbox with a token in a file of its own.
struct Account {
    rehearsal: Rehearsal,
    token: PathBuf,
}

impl Account {
    /// Its token is so old, and ends in so many days.
    fn new(age_days: i64, days_left: i64, more: &str) -> Self {
        let rehearsal = Rehearsal::new();
        let accounts = rehearsal.accounts.as_array().expect("accounts");
        let account = accounts
            .iter()
            .find(|a| a["login"] == "instagram")
            .expect("one")
            .clone();
        let project = format!(
            "[upload]\nto = 'file:public'\npublic_url = 'http://127.0.0.1:9'\n\
             [accounts.main]\nlogin = 'instagram'\nuser_id = {}\nbase = '{}'\n{more}\n",
            account["user_id"], rehearsal.url
        );
        std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
        let wish = json!({
            "user_id": account["user_id"],
            "age_s": age_days * DAY,
            "expires_in_s": days_left * DAY,
        });
        let token = rehearsal.post("/sandbox/tokens", &wish);
        let now = Timestamp::now();
        let kept = json!({
            "token": token["token"],
            "login": "instagram",
            "user_id": account["user_id"],
            "issued_at": now - SignedDuration::from_hours(24 * age_days),
            "expires_at": now + SignedDuration::from_hours(24 * days_left),
        });
        let path = rehearsal.path().join("token");
        std::fs::write(&path, kept.to_string()).expect("a token");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        Self {
            rehearsal,
            token: path,
        }
    }

    fn kept(&self) -> Value {
        let text = std::fs::read_to_string(&self.token).expect("a token");
        serde_json::from_str(&text).expect("JSON")
    }

    /// How often the platform was asked for a new life.
    fn asked(&self) -> usize {
        let log = self.rehearsal.get("/sandbox/log");
        let is_it = |line: &&Value| {
            line["path"]
                .as_str()
                .is_some_and(|p| p.ends_with("refresh_access_token"))
        };
        log.as_array().expect("a list").iter().filter(is_it).count()
    }

    /// A worker has opened its store.
    fn has_begun(&self) -> bool {
        self.rehearsal.path().join(".storypress/store.db").exists()
    }

    fn days_left(&self) -> i64 {
        let ends: Timestamp = self.kept()["expires_at"]
            .as_str()
            .expect("an end")
            .parse()
            .expect("a time");
        ends.duration_since(Timestamp::now()).as_hours() / 24
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.rehearsal.command(arguments);
        command.env("ITS_TOKEN", self.kept()["token"].as_str().expect("a token"));
        command
    }

    /// Runs so many workers until `is_done`, and some time more; what they said.
    fn work(&self, count: usize, is_done: impl Fn() -> bool) -> String {
        let worker = |_| {
            let mut command = self.command(&["worker"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("a worker")
        };
        let workers: Vec<Child> = (0..count).map(worker).collect();
        let start = Instant::now();
        while !is_done() && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_secs(2));
        let mut said = String::new();
        for worker in workers {
            let id = worker.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &id]).status();
            let output = worker.wait_with_output().expect("its end");
            said += &String::from_utf8_lossy(&output.stderr);
        }
        said
    }

    fn said(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("a run");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[test]
fn a_token_with_less_than_fifty_days_is_renewed_once_and_kept() {
    let account = Account::new(15, 45, "token_file = 'token'");
    let before = account.kept();
    let said = account.work(2, || account.kept() != before);
    assert_eq!(account.asked(), 1, "{said}");
    assert!(account.days_left() >= 59, "{:?}", account.kept());
    let mode = std::fs::metadata(&account.token)
        .expect("it is there")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert_eq!(
        said.matches("its token was renewed; it ends on").count(),
        1,
        "{said}"
    );
    let token = before["token"].as_str().expect("a token");
    assert!(!said.contains(token), "{said}");
    // a day has to pass before the next try
    account.work(1, || account.has_begun());
    assert_eq!(account.asked(), 1);
    // and the new one is good
    let status = account
        .command(&["account", "status"])
        .output()
        .expect("a run");
    assert_eq!(status.status.code(), Some(0), "{status:?}");
}

#[test]
fn a_token_that_is_young_or_lasts_long_is_left_alone() {
    for (age, left) in [(0, 45), (5, 55)] {
        let account = Account::new(age, left, "token_file = 'token'");
        account.work(1, || account.has_begun());
        assert_eq!(account.asked(), 0, "{age}, {left}");
    }
}

#[test]
fn a_token_that_cannot_be_kept_is_never_renewed_and_told_ahead_of_time() {
    for (more, word) in [
        (
            "token_file = 'token'\ntoken_file_mode = 'mounted'",
            "mounted file",
        ),
        ("token_env = 'ITS_TOKEN'", "$ITS_TOKEN"),
    ] {
        let account = Account::new(15, 45, more);
        let before = account.kept();
        let said = account.work(1, || account.has_begun());
        assert_eq!(account.asked(), 0, "{said}");
        assert_eq!(account.kept(), before);
        let noted = |said: &str| {
            said.lines()
                .any(|line| line.contains("is not renewed here") && line.contains(word))
        };
        assert!(noted(&said), "{said}");
        let status = account.said(&["account", "status"]);
        assert!(noted(&status), "{status}");
        let refreshed = account
            .command(&["account", "refresh"])
            .output()
            .expect("a run");
        assert_eq!(refreshed.status.code(), Some(1), "{refreshed:?}");
        assert_eq!(account.asked(), 0);
    }
}

#[test]
fn a_token_that_ends_is_told_from_a_week_before() {
    let account = Account::new(55, 5, "token_file = 'token'");
    let fault = json!([{ "on": "token", "do": "server-error", "times": "always" }]);
    account.rehearsal.post("/sandbox/faults", &fault);
    let before = account.kept();
    let said = account.work(1, || account.asked() > 0);
    assert_eq!(account.kept(), before);
    assert!(
        said.contains("main: its token could not be renewed: "),
        "{said}"
    );
    let warned = |said: &str| {
        let line = said.lines().find(|line| line.contains("its token ends on"));
        line.is_some_and(|line| line.contains("in 4 days") || line.contains("in 5 days"))
    };
    assert!(warned(&said), "{said}");
    assert_eq!(said.matches("its token ends on").count(), 1, "{said}");
    let status = account.said(&["status"]);
    assert!(
        warned(&status) && status.contains("could not be renewed ("),
        "{status}"
    );
    let status = account.said(&["account", "status"]);
    assert!(warned(&status), "{status}");
    let far = Account::new(10, 50, "token_file = 'token'");
    assert!(!far.said(&["status"]).contains("its token"));
}
