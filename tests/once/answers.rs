//! What calls answer: the report of what a worker did, reports that hold the same keys everywhere, and words that are true.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::rehearsal::{Rehearsal, Run};

fn run(rehearsal: &Rehearsal, arguments: &[&str]) -> Run {
    let mut command = rehearsal.command(arguments);
    Run::of(command.output().expect("a run"))
}

/// The exit code and the last line of `worker --once`.
fn once(rehearsal: &Rehearsal) -> (Option<i32>, Value) {
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let mut command = rehearsal.command(&["worker", "--once", "--json", &sandbox]);
    let output = command.output().expect("a run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = said.lines().last().expect("a report");
    (
        output.status.code(),
        serde_json::from_str(last).expect("JSON"),
    )
}

/// Plans so many pictures, and waits until they are due.
fn due(rehearsal: &Rehearsal, count: usize) {
    let at = (Timestamp::now() + SignedDuration::from_secs(2)).to_string();
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command.args(["--at", &at, "--again"]);
    command.args(rehearsal.pictures(count));
    let planned = Run::of(command.output().expect("a run"));
    assert_eq!(planned.code, Some(0), "{planned:?}");
    std::thread::sleep(std::time::Duration::from_millis(2100));
}

fn states(report: &Value) -> Vec<&str> {
    let items = report["items"].as_array().expect("items");
    let mut states: Vec<_> = (items.iter())
        .filter_map(|item| item["story"]["state"].as_str())
        .collect();
    states.sort_unstable();
    states
}

#[test]
fn a_worker_for_cron_answers_with_what_it_did() {
    let rehearsal = Rehearsal::new();
    due(&rehearsal, 1);
    let (code, report) = once(&rehearsal);
    assert_eq!((code, states(&report)), (Some(0), vec!["live"]), "{report}");
    assert_eq!(report["totals"]["done"], 1);
    let item = &report["items"][0];
    assert!(item["outputs"][0]["sha256"].is_string(), "{report}");
    assert_eq!(item["story"]["name"], "story-0");
    let refused = json!([{ "on": "container", "do": "error", "code": 36001, "subcode": 2207005 }]);
    rehearsal.post("/sandbox/faults", &refused);
    due(&rehearsal, 2);
    let (code, report) = once(&rehearsal);
    assert_eq!(
        (code, states(&report)),
        (Some(1), vec!["failed", "live"]),
        "{report}"
    );
    assert_eq!(
        (&report["ok"], &report["totals"]["failed"]),
        (&json!(false), &json!(1))
    );
    rehearsal.post(
        "/sandbox/faults",
        &json!([{ "on": "publish", "do": "drop-before" }]),
    );
    due(&rehearsal, 1);
    let (code, report) = once(&rehearsal);
    assert_eq!(
        (code, states(&report)),
        (Some(3), vec!["uncertain"]),
        "{report}"
    );
    let (code, report) = once(&rehearsal);
    assert_eq!((code, states(&report)), (Some(0), vec![]), "nothing is due");
    let said = run(
        &rehearsal,
        &["worker", "--once", "--sandbox", &rehearsal.url],
    )
    .said;
    assert!(
        said.contains("working for") && !said.contains("Ctrl-C"),
        "{said}"
    );
}

#[test]
fn what_was_missed_a_moment_ago_is_told_however_long_ago_it_was_due() {
    let rehearsal = Rehearsal::new();
    let file = rehearsal.pictures(1).remove(0);
    let file = file.to_str().expect("a name");
    let at = "2020-01-01T00:00";
    let past = |more: &[&str]| {
        let sandbox = format!("--sandbox={}", rehearsal.url);
        let mut arguments = vec!["publish", file, "--at", at, "--json", &sandbox];
        arguments.extend(more);
        run(&rehearsal, &arguments)
    };
    let dry = past(&["--dry-run"]);
    assert_eq!(dry.code, Some(1), "{dry:?}");
    assert!(
        dry.report.to_string().contains("would be missed"),
        "{dry:?}"
    );
    let missed = past(&[]);
    assert_eq!(missed.code, Some(1), "{missed:?}");
    let status = run(&rehearsal, &["status", "--exit-code", "--json"]);
    assert_eq!(
        (status.code, states(&status.report)),
        (Some(1), vec!["missed"]),
        "{status:?}"
    );
}

#[test]
fn every_report_has_items_and_totals() {
    let rehearsal = Rehearsal::new();
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let name = rehearsal.accounts[0]["name"].as_str().expect("a name");
    let publish = rehearsal.publish(&rehearsal.pictures(1), None);
    assert_eq!(publish.code, Some(0), "{publish:?}");
    for (arguments, own) in [
        (&["pause", "--account", name, &sandbox][..], "accounts"),
        (&["resume", "--account", name, &sandbox], "accounts"),
        (&["store", "backup", "memory.db"], "stories"),
        (&["store", "restore", "memory.db"], "held"),
        (&["store", "import", &sandbox], "imported"),
        (&["account", "status", &sandbox], "accounts"),
        (&["cancel", "nope"], "error"),
        (&["fetch"], "error"),
        (&["schedule", "why", "nope@2026-12-01T09:00"], "error"),
        (
            &["approve", "nope@2026-12-01T09:00", "--sha256", "3a9f"],
            "error",
        ),
        (&["pause"], "error"),
    ] {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let answer = run(&rehearsal, &arguments);
        let is_wrong = own == "error";
        assert_eq!(
            answer.code,
            Some(if is_wrong { 2 } else { 0 }),
            "{answer:?}"
        );
        let report = &answer.report;
        assert!(!report[own].is_null(), "{own}: {answer:?}");
        assert!(report["items"].is_array(), "{answer:?}");
        assert!(report["totals"]["failed"].is_number(), "{answer:?}");
        assert_eq!(report["ok"], !is_wrong, "{answer:?}");
        let words = report["command"].as_str().expect("its name").split(' ');
        assert!(
            words.zip(&arguments).all(|(word, typed)| word == *typed),
            "{answer:?}"
        );
    }
    let short = run(
        &rehearsal,
        &["approve", "a@2026-12-01T09:00", "--sha256", "3a9f"],
    );
    assert!(short.said.contains("at least 8 letters"), "{short:?}");
}

#[test]
fn a_rehearsal_shows_the_folder_itself_whatever_its_address_in_the_world() {
    let project = "[publish]\nsettle = '600ms'\nlate = '10s'\n[upload]\nto = 'file:up'\n\
                   public_url = 'https://cdn.example.com/daily'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    let publish = rehearsal.publish(&rehearsal.pictures(1), None);
    assert_eq!(publish.code, Some(0), "{publish:?}");
    assert_eq!(states(&publish.report), ["live"]);
    assert!(rehearsal.path().join("up").is_dir());
}

#[test]
fn an_account_without_its_id_has_one_name_everywhere() {
    let project = "[project]\ntimezone = 'UTC'\n[publish]\nsettle = '600ms'\n[accounts.main]\n\
                   login = 'instagram'\ntoken_env = 'IG_ACCESS_TOKEN'\n";
    let rehearsal = Rehearsal::of(project, &[]);
    let sandbox = format!("--sandbox={}", rehearsal.url);
    let publish = rehearsal.publish(&rehearsal.pictures(1), None);
    assert_eq!(publish.code, Some(0), "{publish:?}");
    for more in [&[][..], &[sandbox.as_str()]] {
        let mut arguments = vec!["status", "--json"];
        arguments.extend(more);
        let status = run(&rehearsal, &arguments);
        let story = &status.report["items"][0]["story"];
        assert_eq!(story["account"], "main", "{status:?}");
    }
    // a pause of the rehearsal is none in earnest
    std::fs::create_dir(rehearsal.path().join("templates")).expect("a folder");
    let template = "[canvas]\nbackground = '#123'\n";
    std::fs::write(rehearsal.path().join("templates/a.toml"), template).expect("a template");
    let rule = "[schedule.a]\ntemplate = 'templates/a.toml'\ntimes = ['09:00']\n";
    std::fs::write(rehearsal.path().join("schedule.toml"), rule).expect("a rule");
    let paused = run(&rehearsal, &["pause", "--account", "main", &sandbox]);
    assert_eq!(paused.code, Some(0), "{paused:?}");
    for (more, state) in [(&[][..], "planned"), (&[sandbox.as_str()], "paused")] {
        let mut arguments = vec!["schedule", "next", "--count", "1", "--json"];
        arguments.extend(more);
        let next = run(&rehearsal, &arguments);
        assert_eq!(next.report["items"][0]["state"], state, "{next:?}");
    }
}

#[test]
fn a_sandbox_is_asked_for_each_account_of_the_project() {
    let rehearsal = Rehearsal::new();
    let names = ["main", "shop"];
    let project = "[accounts.main]\nlogin = 'instagram'\n[accounts.shop]\nlogin = 'facebook'\n\
        [accounts.alone]\nlogin = 'instagram'\nuser_id = '1'\ntoken_env = 'NONE'\n";
    std::fs::write(rehearsal.path().join("storypress.toml"), project).expect("a project");
    let words = ["account", "status", "--json", "--sandbox", &rehearsal.url];
    let answer = run(&rehearsal, &words);
    let told = answer.report["accounts"].as_array().expect("a list");
    assert_eq!(told.len(), 3, "{answer:?}");
    for name in names {
        let of = told.iter().find(|one| one["name"] == name);
        let of = of.unwrap_or_else(|| panic!("{answer:?}"));
        assert!(of["error"].is_null(), "{answer:?}");
    }
}
