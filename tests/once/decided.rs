//! What people decide about slots holds: of one picture, in the order of a series, in the turn of rows.

use std::time::Duration;

use jiff::SignedDuration;

use super::month::Month;

const APPROVED: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\n\
    times = ['09:00']\ndata = 'menu.csv'\npick = 'weekday'\nfreeze = '2h'\napprove = true\n";

fn dish(month: &Month, dish: &str) {
    month.write("menu.csv", &format!("weekday,dish\nmon-sun,{dish}\n"));
}

/// The picture that a slot waits with, when it is another one than `before`.
fn picture(month: &Month, slot: &str, before: &str) -> String {
    let start = std::time::Instant::now();
    loop {
        let item = month.until(slot, &["waiting", "frozen"]);
        let now = item["slot"]["sha256"].as_str().unwrap_or_default();
        if !now.is_empty() && now != before {
            return now.to_owned();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{item}");
        month.advance(70);
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn a_picture_that_comes_back_is_approved_anew() {
    let mut month = Month::of(APPROVED, &[]);
    dish(&month, "soup");
    let nine = month.at(1, "09:00");
    let slot = format!("menu@{}T09:00", month.day(1));
    month.start(&[]);
    month.until_seen(&slot);
    month.advance_to(nine - SignedDuration::from_secs(7100));
    let unseen = picture(&month, &slot, "");
    // nobody has approved anything yet: another picture is simply not approved
    dish(&month, "stew");
    let first = picture(&month, &slot, &unseen);
    let why = month.why(&slot).to_string();
    assert!(why.contains("its picture is not approved"), "{why}");
    assert!(!why.contains("since it was approved"), "{why}");

    let approved = month.call(&["approve", &slot, "--by", "ana"]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    assert_eq!(month.state(&slot), "frozen", "nobody is waited for");
    dish(&month, "cake");
    let second = picture(&month, &slot, &first);
    let why = month.why(&slot).to_string();
    assert!(why.contains("changed since it was approved"), "{why}");
    dish(&month, "stew");
    assert_eq!(picture(&month, &slot, &second), first);
    month.advance_to(nine + SignedDuration::from_secs(5));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((month.live(), month.state(&slot).as_str()), (0, "waiting"));
    let approved = month.call(&["approve", &slot, "--by", "ana"]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    month.until(&slot, &["live"]);
    let trail = month.why(&slot)["trail"].clone();
    let waits = trail.as_array().expect("a trail").iter();
    let waits = waits.filter(|line| line["what"] == "waits").count();
    assert!(
        waits <= 5,
        "a line for each reason, not each minute: {trail:#}"
    );
}

#[test]
fn a_series_goes_out_in_its_order_whoever_is_approved_first() {
    let rule = "[schedule.day]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\n\
        times = ['09:00']\ndata = 'rows.csv'\npick = 'all'\nfreeze = '2h'\napprove = true\nunapproved = 'hold'\n";
    let rows = "id,dish\nz,soup\nb,stew\na,cake\n";
    let mut month = Month::of(rule, &[("rows.csv", rows)]);
    let nine = month.at(1, "09:00");
    let series = format!("day@{}T09:00", month.day(1));
    let slots = ["z", "b", "a"].map(|key| format!("{series}#{key}"));
    month.start(&[]);
    month.until_seen(&series);
    month.advance_to(nine - SignedDuration::from_secs(7000));
    for slot in &slots {
        month.until_seen(slot);
        month.until(slot, &["waiting"]);
    }
    let early = month.call(&["approve", &slots[1], "--by", "ana"]);
    assert_eq!(early.code, Some(0), "{early:?}");
    month.advance_to(nine + SignedDuration::from_secs(5));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(month.live(), 0, "`z` comes first");
    let why = month.why(&slots[1]).to_string();
    assert!(why.contains("`z`, which comes before it"), "{why}");
    let first = month.call(&["approve", &slots[0], "--by", "ana"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    month.until(&slots[0], &["live"]);
    month.until(&slots[1], &["live"]);
    assert_eq!((month.live(), month.state(&slots[0]).as_str()), (2, "live"));

    // one that does not go out takes those after it with it
    let next = format!("day@{}T09:00", month.day(1));
    let slots = ["z", "b", "a"].map(|key| format!("{next}#{key}"));
    month.advance_to(nine + SignedDuration::from_hours(24) - SignedDuration::from_secs(7000));
    for slot in &slots {
        month.until_seen(slot);
        month.until(slot, &["waiting"]);
    }
    let skipped = month.call(&["schedule", "skip", &slots[0], "--reason", "sold out"]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    for slot in &slots[1..] {
        let approved = month.call(&["approve", slot, "--by", "ana"]);
        assert_eq!(approved.code, Some(0), "{approved:?}");
    }
    month.advance_to(nine + SignedDuration::from_hours(24) + SignedDuration::from_secs(5));
    for slot in &slots[1..] {
        let item = month.until(slot, &["skipped"]);
        let why = item.to_string();
        assert!(why.contains("which comes before it in the series"), "{why}");
    }
    assert_eq!(month.live(), 2);
}

#[test]
fn a_slot_skipped_by_hand_has_used_its_row() {
    let rule = "[schedule.turn]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\n\
        times = ['09:00']\ndata = 'rows.csv'\npick = 'rotate'\n";
    let mut month = Month::of(rule, &[("rows.csv", "id,dish\na,soup\nb,stew\nc,cake\n")]);
    let slots = [1, 2, 3].map(|day| format!("turn@{}T09:00", month.day(day)));
    let nine = [1, 2, 3].map(|day| month.at(day, "09:00"));
    month.start(&[]);
    month.until_seen(&slots[2]);
    month.advance_to(nine[0]);
    month.until(&slots[0], &["live"]);
    let skipped = month.call(&["schedule", "skip", &slots[1]]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    let ahead = month.coming(&["--schedule", "turn", "--count", "2"]);
    assert_eq!(ahead[1].row_key.as_deref(), Some("c"), "{ahead:?}");
    for time in &nine[1..] {
        month.advance_to(*time + SignedDuration::from_secs(5));
        std::thread::sleep(Duration::from_millis(500));
    }
    month.until(&slots[2], &["live"]);
    assert_eq!(month.why(&slots[2])["row_key"], "c");
    assert_eq!(month.why(&slots[1])["row_key"], "b");
}

#[test]
fn a_series_that_is_skipped_has_no_rows_to_come() {
    let rule = "[schedule.day]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\n\
        times = ['09:00']\ndata = 'rows.csv'\npick = 'all'\n";
    let mut month = Month::of(rule, &[("rows.csv", "id,dish\na,soup\nb,stew\n")]);
    let [first, second] = [1, 2].map(|day| format!("day@{}T09:00", month.day(day)));
    month.start(&[]);
    month.until_seen(&second);
    let skipped = month.call(&["schedule", "skip", &first]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    let to = month.at(2, "10:00").to_string();
    let moved = month.call(&["schedule", "move", &second, "--to", &to]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    let run = month.call(&["schedule", "next", "--days", "3"]);
    let items = run.report["items"].as_array().expect("items");
    let of = |id: &str| {
        let is_of = |item: &&serde_json::Value| {
            item["slot"]["id"]
                .as_str()
                .unwrap_or_default()
                .starts_with(id)
        };
        items.iter().filter(is_of).collect::<Vec<_>>()
    };
    assert_eq!(of(&first).len(), 1, "{run:?}");
    assert_eq!(of(&first)[0]["slot"]["state"], "skipped");
    assert_eq!(of(&second).len(), 2, "{run:?}");
    for row in of(&second) {
        assert_eq!(row["slot"]["due"].as_str(), Some(to.as_str()), "{row}");
    }
    month.advance_to(month.at(1, "09:00"));
    month.advance(60);
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(month.live(), 0);
}
