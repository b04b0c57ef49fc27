//! The calendar from outside: what goes out when, over clock changes, and what is wrong with it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A small picture that shows the day and the time it is made for.
const TEMPLATE: &str = r##"
[vars]
title = { default = "Hello" }

[output]
size = [270, 480]

[canvas]
background = "#264653"

[[layer]]
type = "text"
text = "{{ title }} {{ today | date('%Y-%m-%d') }} {{ now | date('%H:%M') }}"
left = 64
right = 64
top = 400
size = 120
color = "#fff"
"##;

const PROJECT: &str = "[project]\ntimezone = \"Europe/Madrid\"\n[accounts.main]\nlogin = \"instagram\"\nuser_id = 1\ntoken_env = \"T\"\n";

/// A project with a template, some rows, and this calendar.
fn project(schedule: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("storypress.toml", PROJECT);
    write("menu.toml", TEMPLATE);
    write(
        "menu.csv",
        "id,date,title\ntart,2026-12-01,Tart\nsoup,2026-12-02,Soup\npie,2026-12-04,Pie\n",
    );
    write("schedule.toml", schedule);
    dir
}

/// Exit code, report, and what people read: stdout without `--json`, then stderr.
fn storypress(dir: &Path, call: &str) -> (i32, Value, String) {
    let output = Command::new(crate::program())
        .args(call.split_whitespace())
        .current_dir(dir)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap_or(-1), report, said)
}

/// One line an item: what the keys say.
fn lines(report: &Value, keys: &[&str]) -> Vec<String> {
    let items = report["items"].as_array().expect("items");
    let of = |item: &Value, key: &&str| match item.pointer(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    };
    items
        .iter()
        .map(|item| {
            keys.iter()
                .map(|key| of(item, key))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn codes(report: &Value) -> Vec<String> {
    let items = report["items"].as_array().expect("items");
    let of = |item: &Value| {
        let told = item["diagnostics"].as_array().expect("diagnostics").iter();
        told.map(|d| d["code"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    items.iter().map(of).collect()
}

#[test]
fn slots_over_the_clock_changes_of_madrid() {
    let dir =
        project("[schedule.night]\ntemplate = \"menu.toml\"\ntimes = [\"02:30\", \"09:00\"]\n");
    let keys = [
        "/slot/id", "/local", "/utc", "/zone", "/change", "/state", "/account",
    ];
    let (code, report, said) =
        storypress(dir.path(), "schedule next --now 2026-10-25 --days 1 --json");
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        lines(&report, &keys),
        [
            "night@2026-10-25T02:30 2026-10-25T02:30:00+02:00 2026-10-25T00:30:00Z Europe/Madrid overlap planned main",
            "night@2026-10-25T09:00 2026-10-25T09:00:00+01:00 2026-10-25T08:00:00Z Europe/Madrid - planned main",
        ]
    );
    let (code, report, said) = storypress(
        dir.path(),
        "schedule next --now 2027-03-28 --days 30 --count 2 --json",
    );
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        lines(&report, &keys),
        [
            "night@2027-03-28T02:30 2027-03-28T03:30:00+02:00 2027-03-28T01:30:00Z Europe/Madrid gap planned main",
            "night@2027-03-28T09:00 2027-03-28T09:00:00+02:00 2027-03-28T07:00:00Z Europe/Madrid - planned main",
        ]
    );
    let (_, _, said) = storypress(dir.path(), "schedule next --now 2027-03-28 --count 1");
    assert!(
        said.starts_with("Sun 2027-03-28 03:30  gap  01:30Z  Europe/Madrid  night  menu.toml"),
        "{said}"
    );
}

#[test]
fn a_picture_shows_the_day_and_time_of_its_slot_in_its_zone() {
    let dir = project(
        "[schedule.here]\ntemplate = \"menu.toml\"\ndays = [\"2026-10-25\", \"2027-03-28\"]\ntimes = [\"02:30\"]\n\
         [schedule.tokyo]\ntemplate = \"menu.toml\"\ndays = [\"2026-12-02\"]\ntimes = [\"07:00\"]\ntimezone = \"Asia/Tokyo\"\n\
         data = \"menu.csv\"\npick = \"date\"\nset = { title = \"Konnichiwa\" }\n",
    );
    let (code, report, said) = storypress(
        dir.path(),
        "schedule next --now 2026-10-01 --count 9 --out preview --json",
    );
    assert_eq!(code, 0, "{said}");
    assert_eq!(report["items"].as_array().map(Vec::len), Some(3));
    let file = |path: &str| {
        std::fs::read(dir.path().join(path)).unwrap_or_else(|e| panic!("{path}: {e}; {said}"))
    };
    for item in report["items"].as_array().unwrap() {
        assert_eq!(item["slot"]["sha256"], item["outputs"][0]["sha256"]);
    }
    // the same bytes as by hand, at the time that clocks there show
    for (slot, zone, now, more) in [
        (
            "here-2026-10-25T02-30",
            "Europe/Madrid",
            "2026-10-25T02:30",
            "",
        ),
        // the clock jumps over 02:30
        (
            "here-2027-03-28T02-30",
            "Europe/Madrid",
            "2027-03-28T03:30",
            "",
        ),
        (
            "tokyo-2026-12-02T07-00",
            "Asia/Tokyo",
            "2026-12-02T07:00",
            " --set title=Konnichiwa",
        ),
    ] {
        std::fs::write(
            dir.path().join("storypress.toml"),
            PROJECT.replace("Europe/Madrid", zone),
        )
        .unwrap();
        let (code, _, said) = storypress(
            dir.path(),
            &format!("render menu.toml -o hand --force --now {now}{more}"),
        );
        assert_eq!(code, 0, "{said}");
        assert!(
            file(&format!("preview/{slot}.jpg")) == file("hand/menu.jpg"),
            "{slot}"
        );
    }
    assert!(file("preview/here-2026-10-25T02-30.jpg") != file("preview/here-2027-03-28T02-30.jpg"));
}

#[test]
fn a_slot_without_a_row_is_told_days_before() {
    let dir = project(
        "[schedule.menu]\ntemplate = \"menu.toml\"\ntimes = [\"09:00\"]\ndata = \"menu.csv\"\npick = \"date\"\n",
    );
    let call = "schedule next --now 2026-12-01 --days 4 --json";
    let (code, report, said) = storypress(dir.path(), call);
    assert_eq!((code, &report["ok"]), (1, &Value::Bool(false)), "{said}");
    assert_eq!(
        lines(&report, &["/slot/id", "/row_key", "/status"]),
        [
            "menu@2026-12-01T09:00 tart done",
            "menu@2026-12-02T09:00 soup done",
            "menu@2026-12-03T09:00 - failed",
            "menu@2026-12-04T09:00 pie done",
        ]
    );
    assert_eq!(codes(&report), ["", "", "no-row", ""]);
    let why = &report["items"][2]["diagnostics"][0];
    assert_eq!(
        (why["line"].as_u64(), why["column"].as_u64()),
        (Some(5), Some(8)),
        "{why}"
    );
    // a column that is gone is named
    std::fs::write(
        dir.path().join("menu.csv"),
        "id,day,title\ntart,2026-12-01,Tart\n",
    )
    .unwrap();
    let (code, report, _) = storypress(dir.path(), call);
    assert_eq!(code, 1);
    assert_eq!(codes(&report), ["no-row"; 4]);
    let said = report["items"][0]["diagnostics"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(said.contains("no column `date`"), "{said}");
}

#[test]
fn rotation_and_series_are_looked_ahead() {
    let dir = project(
        "[schedule.one]\ntemplate = \"menu.toml\"\ndays = \"mon-fri\"\ntimes = [\"09:00\"]\ndata = \"menu.csv\"\npick = \"rotate\"\n\
         [schedule.all]\ntemplate = \"menu.toml\"\ndays = [\"2026-12-02\"]\ntimes = [\"10:00\"]\ndata = \"menu.csv\"\npick = \"all\"\n",
    );
    let (code, report, said) =
        storypress(dir.path(), "schedule next --now 2026-12-01 --days 6 --json");
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        lines(&report, &["/slot/id", "/row_key"]),
        [
            "one@2026-12-01T09:00 tart",
            "one@2026-12-02T09:00 soup",
            "all@2026-12-02T10:00#tart tart",
            "all@2026-12-02T10:00#soup soup",
            "all@2026-12-02T10:00#pie pie",
            "one@2026-12-03T09:00 pie",
            "one@2026-12-04T09:00 tart",
        ]
    );
}

#[test]
fn what_is_wrong_with_one_rule_leaves_the_others() {
    let dir = project(
        "[schedule.good]\ntemplate = \"menu.toml\"\ntimes = [\"09:00\"]\npaused = true\n\
         [schedule.bad]\ntemplate = \"menus.toml\"\naccount = \"mian\"\ndays = \"mon-fry\"\ntimes = [\"9\"]\n",
    );
    let (code, report, said) = storypress(dir.path(), "schedule next --count 1 --json");
    assert_eq!(code, 1, "{said}");
    assert_eq!(
        codes(&report),
        ["missing-asset bad-value bad-value bad-value", ""]
    );
    assert_eq!(report["items"][1]["state"], "paused");
    let hints = lines(
        &report,
        &[
            "/diagnostics/0/hint",
            "/diagnostics/1/hint",
            "/diagnostics/0/line",
        ],
    );
    assert_eq!(hints[0], "did you mean `menu.toml`? did you mean `main`? 6");
    let (code, _, said) = storypress(dir.path(), "schedule");
    assert_eq!(code, 1);
    assert!(
        said.contains("good: every day at 09:00 (Europe/Madrid): menu.toml; paused\n"),
        "{said}"
    );
    assert!(
        said.contains("    waits for: [schedule.good] says paused = true\n"),
        "{said}"
    );
    assert!(said.contains("--> schedule.toml:6:12"), "{said}");

    let (code, _, said) = storypress(dir.path(), "schedule next --schedule god");
    assert_eq!(
        (code, said.contains("did you mean `good`?")),
        (2, true),
        "{said}"
    );
    std::fs::write(dir.path().join("schedule.toml"), "[schedule.a\n").unwrap();
    assert_eq!(storypress(dir.path(), "schedule next").0, 2);
    std::fs::remove_file(dir.path().join("schedule.toml")).unwrap();
    let (code, _, said) = storypress(dir.path(), "schedule");
    assert_eq!(
        (code, said.contains("the project has no calendar")),
        (2, true),
        "{said}"
    );
}

#[test]
fn a_check_reports_what_is_wrong_with_the_calendar() {
    let dir = project("[schedule.menu]\ntemplate = \"menus.toml\"\ntimes = [\"09:00\"]\n");
    let (code, report, said) = storypress(dir.path(), "check menu.toml --json");
    assert_eq!(code, 1, "{said}");
    assert!(
        codes(&report).contains(&"missing-asset".to_owned()),
        "{report}"
    );
    // the calendar is no template
    let (_, report, _) = storypress(dir.path(), "check . --json");
    assert!(
        !codes(&report).contains(&"unknown-key".to_owned()),
        "{report}"
    );
}

#[test]
fn another_calendar_adds_drops_and_moves() {
    let rule = |times: &str, more: &str| {
        format!("[schedule.menu]\ntemplate = \"menu.toml\"\ntimes = {times}\n{more}")
    };
    let dir = project(&rule("[\"09:00\"]", "until = \"2026-12-02\"\n"));
    let other = rule(
        "[\"10:00\"]",
        "from = \"2026-12-02\"\nuntil = \"2026-12-03\"\n",
    );
    std::fs::write(dir.path().join("other.toml"), other).unwrap();
    let call = "schedule diff other.toml --now 2026-12-01";
    let (code, report, said) = storypress(dir.path(), &format!("{call} --json"));
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        lines(&report, &["/difference", "/slot/id", "/was"]),
        [
            "dropped menu@2026-12-01T09:00 -",
            "moved menu@2026-12-02T10:00 2026-12-02T08:00:00Z",
            "added menu@2026-12-03T10:00 -",
        ]
    );
    let (_, _, said) = storypress(dir.path(), call);
    assert!(
        said.contains(
            "moved    Wed 2026-12-02 09:00 → Wed 2026-12-02 10:00  menu@2026-12-02T10:00"
        ),
        "{said}"
    );
    let (_, _, said) = storypress(dir.path(), "schedule diff schedule.toml --now 2026-12-01");
    assert_eq!(said, "the same slots in the next 90 days\n");
    assert_eq!(storypress(dir.path(), "schedule diff nothing.toml").0, 2);
}

#[test]
fn a_zone_that_is_nonsense_is_no_utc() {
    let dir = project(
        "[schedule.menu]\ntemplate = \"menu.toml\"\ndays = \"daily\"\ntimes = [\"09:00\"]\n",
    );
    std::fs::write(
        dir.path().join("storypress.toml"),
        "[accounts.main]\nlogin = \"instagram\"\nuser_id = 1\ntoken_env = \"T\"\n",
    )
    .unwrap();
    for call in ["schedule", "schedule next"] {
        let output = Command::new(crate::program())
            .args(call.split_whitespace())
            .env("TZ", "Nowhere/Atall")
            .current_dir(dir.path())
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_ne!(output.status.code(), Some(0), "{call}: {message}");
        assert!(message.contains("no time zone"), "{call}: {message}");
    }
}
