//! What is told of slots before they are due, and data from elsewhere that goes wrong under them.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::json;

use super::month::{Month, madrid};
use crate::sources::Server;

const DAILY: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n\
    late = '30min'\n";

/// Each notice is a line of `told.jsonl`.
const TOLD: &str = "[notify.all]\nto = 'exec:./notify.sh'\n";

/// Notices go to a file, and the rest of the project file is `more`.
fn listening(month: &Month, more: &str) {
    let project = month.read("storypress.toml");
    month.write("storypress.toml", &format!("{project}{TOLD}{more}"));
    month.write("notify.sh", "#!/bin/sh\n{ cat; echo; } >> told.jsonl\n");
    let made = std::process::Command::new("chmod")
        .args(["+x", "notify.sh"])
        .current_dir(month.folder())
        .status();
    assert!(made.expect("chmod").success());
}

/// Waits until a notice of that type about that slot has come; how many have.
fn told(month: &Month, kind: &str, slot: &str) -> usize {
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(month.folder().join("told.jsonl")).unwrap_or_default();
        let all = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let count = all
            .filter(|notice: &serde_json::Value| {
                notice["type"] == kind && notice["data"]["slot"] == slot
            })
            .count();
        if count > 0 {
            return count;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{kind} {slot}: {text}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The codes that `schedule next` has for a slot, and how it ended.
fn codes(month: &Month, slot: &str) -> (Option<i32>, String) {
    let run = month.call(&["schedule", "next"]);
    let items = run.report["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["slot"]["id"] == slot);
    let told = item.expect("the slot")["diagnostics"].as_array();
    let told = told.expect("diagnostics").iter();
    let codes: Vec<&str> = told.filter_map(|d| d["code"].as_str()).collect();
    (run.code, codes.join(" "))
}

/// Waits until `schedule next` says that of a slot.
fn until_code(month: &Month, slot: &str, code: &str) {
    let start = Instant::now();
    loop {
        let found = codes(month, slot);
        if found.1 == code {
            // others may lack something still
            assert!(code.is_empty() || found.0 == Some(1), "{found:?}");
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{slot}: {found:?}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_row_that_will_lack_and_a_quota_that_will_not_do_are_told_two_weeks_ahead() {
    let rule = DAILY.replace("['09:00']", "['09:00', '10:00', '11:00']")
        + "data = 'menu.csv'\npick = 'date'\n";
    let mut month = Month::of(&rule, &[]);
    let rows: String = (0..13)
        .map(|day| format!("{},soup\n", month.day(day)))
        .collect();
    month.write("menu.csv", &format!("date,dish\n{rows}"));
    month
        .rehearsal
        .post("/sandbox/settings", &json!({ "quota_total": 2 }));
    listening(&month, "");
    let (third, last) = (
        format!("menu@{}T11:00", month.day(1)),
        format!("menu@{}T10:00", month.day(13)),
    );
    month.start(&[]);
    month.until_seen(&last);
    // the third of the first day is beyond the account's two; the thirteenth day has no row
    until_code(&month, &third, "quota");
    until_code(&month, &third.replace("T11:", "T10:"), "");
    assert_eq!(codes(&month, &last).1, "no-row");
    assert_eq!(told(&month, "failed", &third), 1);
    assert_eq!(told(&month, "no-row", &last), 1);
    // each day has such a slot, and the account is told of once
    let next = format!("menu@{}T11:00", month.day(2));
    until_code(&month, &next, "quota");
    let text = month.read("told.jsonl");
    assert!(!text.contains(&next), "{text}");
    assert!(text.contains("later slots lack the same"), "{text}");
    // and it is over when somebody has seen to it
    month
        .rehearsal
        .post("/sandbox/settings", &json!({ "quota_total": 50 }));
    month.write(
        "menu.csv",
        &format!("date,dish\n{rows}{},cake\n", month.day(13)),
    );
    month.advance(660);
    until_code(&month, &third, "");
    until_code(&month, &last, "");
    assert_eq!(told(&month, "failed", &third), 1);
}

/// A project whose menu is a sheet on a server, by its dates.
fn of_sheet(server: &Server) -> Month {
    let month = Month::of(
        &format!("{DAILY}data = 'source:menu'\npick = 'date'\nfreeze = '1h'\n"),
        &[],
    );
    let source = format!(
        "[source.menu]\nurl = '{}/menu.csv'\nprivate = true\nevery = '15min'\nstale = '1d'\n",
        server.url
    );
    listening(&month, &source);
    let rows: String = (1..14)
        .map(|day| format!("{},soup {day}\n", month.day(day)))
        .collect();
    server.csv(&format!("date,dish\n{rows}"));
    month
}

#[test]
fn a_sheet_that_loses_a_column_publishes_nothing() {
    let server = Server::new();
    let mut month = of_sheet(&server);
    let slots = [1, 2, 3].map(|day| format!("menu@{}T09:00", month.day(day)));
    let nines = [1, 2, 3].map(|day| month.at(day, "09:00"));
    month.start(&[]);
    month.until_seen(&slots[2]);
    month.advance_to(nines[0] + SignedDuration::from_secs(1));
    month.until_published(1);
    // a template without its dish would show the default of it
    let rows: String = (1..14)
        .map(|day| format!("{},fish\n", day_of(&month, day)))
        .collect();
    server.csv(&format!("date,plate\n{rows}"));
    month.advance_to(nines[1] - SignedDuration::from_mins(50));
    let start = Instant::now();
    while !month.why(&slots[1]).to_string().contains("`dish`") {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{}",
            month.why(&slots[1])
        );
        std::thread::sleep(Duration::from_millis(150));
    }
    assert_eq!(codes(&month, &slots[1]).1, "no-row");
    told(&month, "no-row", &slots[1]);
    month.advance_to(nines[1] + SignedDuration::from_mins(31));
    month.until(&slots[1], &["skipped"]);
    assert_eq!(month.live(), 1);
    // the column is back
    let rows: String = (0..14)
        .map(|day| format!("{},cake {day}\n", day_of(&month, day)))
        .collect();
    server.csv(&format!("date,dish\n{rows}"));
    month.advance_to(nines[2] + SignedDuration::from_secs(1));
    month.until_published(2);
}

fn day_of(month: &Month, ahead: i64) -> String {
    month
        .now()
        .to_zoned(madrid())
        .date()
        .saturating_add(jiff::Span::new().days(ahead))
        .to_string()
}

#[test]
fn a_source_that_fails_is_used_until_it_is_stale() {
    let server = Server::new();
    let mut month = of_sheet(&server);
    let slots = [1, 2, 3].map(|day| format!("menu@{}T09:00", month.day(day)));
    let nines = [1, 2, 3].map(|day| month.at(day, "09:00"));
    month.start(&[]);
    month.until_seen(&slots[2]);
    // slots are noted before the sheet is asked for the first time
    until_code(&month, &slots[1], "");
    server.say("/menu.csv", "503 Away", "");
    // the good copy is half a day old
    month.advance_to(nines[0] + SignedDuration::from_secs(1));
    month.until_published(1);
    // what it shows may be wrong by now, and that is told
    assert_eq!(told(&month, "source-failed", &slots[0]), 1);
    assert!(month.read("told.jsonl").contains("it shows old data: "));
    assert_eq!(
        codes(&month, &slots[1]).1.split(' ').next(),
        Some("stale-source")
    );
    // and too old on the second day
    month.advance_to(nines[1] - SignedDuration::from_mins(30));
    until_code(&month, &slots[1], "source-failed");
    told(&month, "source-failed", &slots[1]);
    month.advance_to(nines[1] + SignedDuration::from_mins(31));
    let ended = month.until(&slots[1], &["missed", "skipped"]);
    assert!(ended.to_string().contains("503"), "{ended}");
    assert_eq!(month.live(), 1);
    // it is there again
    let rows: String = (0..14)
        .map(|day| format!("{},cake {day}\n", day_of(&month, day)))
        .collect();
    server.csv(&format!("date,dish\n{rows}"));
    month.advance_to(nines[2] + SignedDuration::from_secs(1));
    month.until_published(2);
}

#[test]
fn of_a_feed_so_many_go_out_as_is_said_and_none_again() {
    let server = Server::new();
    let feed = |posts: &[(u32, &str)]| {
        let items: String = posts
            .iter()
            .map(|(id, title)| {
                format!("<item><title>{title}</title><guid isPermaLink='false'>{id}</guid></item>")
            })
            .collect();
        let text =
            format!("<rss version='2.0'><channel><title>Blog</title>{items}</channel></rss>");
        server.say(
            "/feed",
            "200 OK\r\ncontent-type: application/rss+xml",
            &text,
        );
    };
    let rule = "[schedule.posts]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n\
        data = 'source:blog'\npick = 'new'\n";
    let mut month = Month::of(rule, &[]);
    month.change(
        "templates/menu.toml",
        "{{ dish }} {{ today }}",
        "{{ title }}",
    );
    month.change("templates/menu.toml", "dish =", "title =");
    listening(
        &month,
        &format!(
            "[source.blog]\nurl = '{}/feed'\nformat = 'feed'\nprivate = true\n",
            server.url
        ),
    );
    feed(&[(4, "Four"), (3, "Three"), (2, "Two"), (1, "One")]);
    let slots: Vec<String> = (1..=5)
        .map(|day| format!("posts@{}T09:00", month.day(day)))
        .collect();
    let nines: Vec<_> = (1..=5).map(|day| month.at(day, "09:00")).collect();
    month.start(&["--backfill", "2"]);
    month.until_seen(&slots[4]);
    let rows = |at: usize| month_row(&month, &slots[at]);
    let due = |at: usize| month.advance_to(nines[at] + SignedDuration::from_secs(1));
    due(0);
    month.until_published(1);
    due(1);
    month.until_published(2);
    // the two newest, the older one first
    assert_eq!((rows(0), rows(1)), ("3".to_owned(), "4".to_owned()));
    due(2);
    month.until(&slots[2], &["skipped"]);
    // an old post that was written anew keeps its id, and one that leaves and comes again is known
    feed(&[(2, "Two, again")]);
    due(3);
    month.until(&slots[3], &["skipped"]);
    feed(&[(5, "Five"), (4, "Four"), (1, "One")]);
    due(4);
    month.until_published(3);
    assert_eq!(rows(4), "5");
    assert_eq!(month.live(), 3);
}

fn month_row(month: &Month, slot: &str) -> String {
    let item = month.why(slot);
    item["row_key"].as_str().unwrap_or_default().to_owned()
}
