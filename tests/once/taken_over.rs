//! What is live and the memory has no name for: one of its own is known again, and not sent once more.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::rehearsal::{Rehearsal, Run};

fn call(rehearsal: &Rehearsal, arguments: &[&str]) -> Run {
    let mut command = rehearsal.command(arguments);
    Run::of(command.arg("--json").output().expect("a run"))
}

fn on(rehearsal: &Rehearsal, arguments: &[&str]) -> Run {
    call(
        rehearsal,
        &[arguments, &["--sandbox", &rehearsal.url]].concat(),
    )
}

fn at(rehearsal: &Rehearsal, file: &Path, seconds: i64) -> String {
    let time = (Timestamp::now() + SignedDuration::from_secs(seconds)).to_string();
    let run = on(
        rehearsal,
        &[
            "publish",
            file.to_str().expect("text"),
            "--again",
            "--at",
            &time,
        ],
    );
    assert_eq!(run.code, Some(0), "{run:?}");
    let id = run.report["items"][0]["story"]["id"].as_str();
    id.expect("an id").to_owned()
}

/// State of each story, by its id.
fn state(rehearsal: &Rehearsal, id: &str) -> Value {
    let status = call(rehearsal, &["status", id]);
    status.report["items"][0]["story"]["state"].clone()
}

/// How often each of the files is live.
fn times(rehearsal: &Rehearsal, files: &[PathBuf]) -> Vec<usize> {
    let published = rehearsal.published();
    let of = |file: &PathBuf| {
        let sha256 = storypress::media::sha256_of(file).expect("a digest");
        published.get(&sha256).copied().unwrap_or_default()
    };
    files.iter().map(of).collect()
}

#[test]
fn what_a_backup_has_planned_and_is_live_is_not_sent_again() {
    // a zone in which the day is not about to end
    let hour = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    let zone = if hour < 20 { "UTC" } else { "Etc/GMT+8" };
    let project = format!(
        "[project]\ntimezone = '{zone}'\n{}",
        super::rehearsal::PROJECT
    );
    let rehearsal = Rehearsal::of(&project, &[]);
    let files = rehearsal.pictures(3);
    assert_eq!(rehearsal.publish(&files[..1], None).code, Some(0));
    // one that will be moved, one that is due, and the first one once more at a later time, which is another story
    let moved = at(&rehearsal, &files[1], 3600);
    let due = at(&rehearsal, &files[2], 3);
    let later = at(&rehearsal, &files[2], 7200);
    assert_eq!(
        call(&rehearsal, &["store", "backup", "memory.db"]).code,
        Some(0)
    );
    let soon = (Timestamp::now() + SignedDuration::from_secs(2)).to_string();
    assert_eq!(
        call(&rehearsal, &["move", &moved, "--to", &soon]).code,
        Some(0)
    );
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(on(&rehearsal, &["worker", "--once"]).code, Some(0));
    assert_eq!(times(&rehearsal, &files), [1, 1, 1]);
    let restored = call(&rehearsal, &["store", "restore", "memory.db"]);
    assert_eq!(
        (restored.code, &restored.report["held"]),
        (Some(0), &json!(1))
    );
    let refused = rehearsal.publish(&files, None);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(!refused.said.contains("new"), "{refused:?}");
    let imported = on(&rehearsal, &["store", "import"]);
    let counts = [&imported.report["imported"], &imported.report["settled"]];
    assert_eq!(counts, [0, 2], "{imported:?}");
    let states = [&moved, &due, &later].map(|id| state(&rehearsal, id));
    assert_eq!(states, ["live", "live", "due"]);
    assert_eq!(call(&rehearsal, &["status", "--exit-code"]).code, Some(0));
    assert_eq!(on(&rehearsal, &["retry", &due]).code, Some(2));
    let again = rehearsal.publish(&files[1..2], None);
    assert_eq!(again.report["totals"]["unchanged"], 1, "{again:?}");
    assert_eq!(on(&rehearsal, &["worker", "--once"]).code, Some(0));
    assert_eq!(times(&rehearsal, &files), [1, 1, 1]);
}

#[test]
fn an_uncertain_story_that_is_live_is_settled() {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(1);
    let fault = json!([{ "on": "publish", "do": "drop-after", "times": 1, "stale_ms": 60000 }]);
    rehearsal.post("/sandbox/faults", &fault);
    let run = rehearsal.publish(&files, None);
    assert_eq!(run.code, Some(3), "{run:?}");
    let id = run.report["items"][0]["story"]["id"]
        .as_str()
        .expect("an id");
    let imported = on(&rehearsal, &["store", "import"]);
    let counts = [&imported.report["imported"], &imported.report["settled"]];
    assert_eq!(counts, [0, 1], "{imported:?}");
    let all = call(&rehearsal, &["status", "--all", "--exit-code"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    let items = all.report["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{all:?}");
    assert_eq!(items[0]["story"]["id"], id);
    assert!(items[0]["story"]["media_id"].is_string(), "{all:?}");
    // the same once more finds nothing new
    let imported = on(&rehearsal, &["store", "import"]);
    let counts = [&imported.report["imported"], &imported.report["settled"]];
    assert_eq!(counts, [0, 0], "{imported:?}");
}
