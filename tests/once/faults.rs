//! A slot follows its rule through faults and changes: nothing that is made or approved is lost, and what was late is told.

use serde_json::json;

use super::month::Month;

const RULES: &str = "[schedule.s]\ntemplate = 'templates/menu.toml'\ntimes = ['15:00']\nfreeze = '3h'\nlate = '30min'\napprove = true\n\
    [schedule.f]\ntemplate = 'templates/menu.toml'\ntimes = ['15:01']\nfreeze = '3h'\nlate = '30min'\n";

fn to(month: &Month, day: i64, clock: &str) {
    month.advance_past(day, clock);
    once(month);
}

fn once(month: &Month) {
    let run = month.call(&["worker", "--once"]);
    assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
}

/// Two rules whose pictures are made, one of them approved.
fn approved() -> (Month, [String; 2], String) {
    let month = Month::of(RULES, &[]);
    once(&month);
    let slots = ["s@DAYT15:00", "f@DAYT15:01"].map(|id| id.replace("DAY", &month.day(1)));
    to(&month, 1, "12:30");
    let made = month.why(&slots[0])["slot"]["sha256"].to_string();
    let approved = month.call(&["approve", &slots[0], "--by", "ana"]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    (month, slots, made)
}

#[test]
fn a_rule_with_a_fault_loses_nothing() {
    let (month, slots, made) = approved();
    month.write("schedule.toml", &RULES.replace("freeze", "freze"));
    to(&month, 0, "12:40");
    for slot in &slots {
        assert_eq!(month.state(slot), "frozen");
    }
    month.write("schedule.toml", RULES);
    to(&month, 0, "15:02");
    for slot in &slots {
        assert_eq!(month.state(slot), "live");
    }
    assert_eq!(month.why(&slots[0])["slot"]["sha256"].to_string(), made);
}

#[test]
fn what_became_late_behind_a_fault_is_missed() {
    let (month, slots, _) = approved();
    month.write("schedule.toml", &RULES.replace("freeze", "freze"));
    to(&month, 0, "15:02");
    let waits = month.why(&slots[1])["waits_for"].to_string();
    assert!(waits.contains("cannot be read"), "{waits}");
    to(&month, 0, "23:30");
    month.write("schedule.toml", RULES);
    month.advance(5);
    let run = month.call(&["worker", "--once"]);
    assert_eq!(run.code, Some(1), "it is told: {run:?}");
    assert_eq!(month.state(&slots[1]), "missed");
    let status = month.call(&["status", "--exit-code"]);
    assert_eq!(status.code, Some(1), "{status:?}");
    assert_eq!(month.live(), 0);
}

#[test]
fn a_template_that_is_away_for_a_moment_ends_no_approval() {
    let (month, slots, made) = approved();
    let template = month.read("templates/menu.toml");
    std::fs::remove_file(month.folder().join("templates/menu.toml")).expect("removed");
    to(&month, 0, "12:40");
    // it cannot be looked at again now; the other one does not change any more
    assert_eq!(month.state(&slots[0]), "planned");
    assert_eq!(month.state(&slots[1]), "frozen");
    month.write("templates/menu.toml", &template);
    to(&month, 0, "15:02");
    for slot in &slots {
        assert_eq!(month.state(slot), "live", "{}", month.why(slot));
    }
    assert_eq!(month.why(&slots[0])["slot"]["sha256"].to_string(), made);
}

#[test]
fn a_rule_that_comes_back_has_its_pictures_again() {
    let (month, slots, made) = approved();
    month.write("schedule.toml", "");
    to(&month, 0, "12:40");
    assert_eq!(month.state(&slots[0]), "dropped");
    month.write("schedule.toml", RULES);
    to(&month, 0, "14:00");
    to(&month, 0, "15:02");
    for slot in &slots {
        assert_eq!(month.state(slot), "live", "{}", month.why(slot));
    }
    assert_eq!(month.why(&slots[0])["slot"]["sha256"].to_string(), made);
}

#[test]
fn a_slot_with_a_picture_follows_its_rule_into_another_zone() {
    let (month, slots, made) = approved();
    let zone = |zone: &str| RULES.replace("freeze", &format!("timezone = '{zone}'\nfreeze"));
    // an hour later than here, all year round
    month.write("schedule.toml", &zone("Europe/London"));
    to(&month, 0, "12:40");
    let due = month.at(0, "16:00").to_string();
    let item = month.why(&slots[0]);
    assert_eq!(
        (item["slot"]["state"].as_str(), item["slot"]["due"].as_str()),
        (Some("frozen"), Some(due.as_str())),
        "{item}"
    );
    assert_eq!(month.why(&slots[1])["slot"]["state"], "planned");
    to(&month, 0, "15:30");
    assert_eq!(month.live(), 0);
    to(&month, 0, "16:02");
    for slot in &slots {
        assert_eq!(month.state(slot), "live", "{}", month.why(slot));
    }
    assert_eq!(month.why(&slots[0])["slot"]["sha256"].to_string(), made);

    // one whose new time is past by then was seen, and is late
    let slots = ["s@DAYT15:00", "f@DAYT15:01"].map(|id| id.replace("DAY", &month.day(1)));
    to(&month, 1, "14:30");
    month.write("schedule.toml", &zone("Asia/Tokyo"));
    once(&month);
    assert_eq!(month.state(&slots[1]), "missed");
    assert_eq!(month.state(&slots[0]), "skipped");
}

#[test]
fn a_series_follows_its_rule_as_one() {
    let rule = "[schedule.day]\ntemplate = 'templates/menu.toml'\ntimes = ['15:00']\nfreeze = '3h'\n\
        data = 'rows.csv'\npick = 'all'\n";
    let month = Month::of(rule, &[("rows.csv", "id,dish\na,soup\nb,stew\n")]);
    once(&month);
    let slots = ["a", "b"].map(|key| format!("day@{}T15:00#{key}", month.day(1)));
    to(&month, 1, "12:30");
    month.write(
        "schedule.toml",
        &format!("{rule}timezone = 'Europe/London'\n"),
    );
    to(&month, 0, "15:30");
    assert_eq!(month.live(), 0);
    to(&month, 0, "16:01");
    for slot in &slots {
        assert_eq!(month.state(slot), "live", "{}", month.why(slot));
    }
}

#[test]
fn single_calls_renew_the_token_of_a_rehearsal() {
    let month = Month::of(RULES, &[]);
    once(&month);
    let day = 24 * 3600;
    for _ in 0..3 {
        month.advance(25 * day);
        once(&month);
    }
    // long after the first token's end
    let slot = format!("f@{}T15:01", month.day(1));
    to(&month, 1, "12:30");
    to(&month, 0, "15:02");
    assert_eq!(month.state(&slot), "live", "{}", month.why(&slot));
}

#[test]
fn what_was_refused_and_is_live_is_not_told_as_missed() {
    let mut month = Month::of(
        "[schedule.s]\ntemplate = 'templates/menu.toml'\ntimes = ['15:00']\nlate = '30min'\n",
        &[],
    );
    let slot = format!("s@{}T15:00", month.day(1));
    month.start(&[]);
    month.until_seen(&slot);
    let refused = json!([{ "on": "publish", "do": "error-after", "code": 4 }]);
    month.rehearsal.post("/sandbox/faults", &refused);
    month.advance_past(1, "15:00");
    month.until_published(1);
    // it is late, and a look that fails says nothing
    let away = json!([{ "on": "status", "do": "server-error" }]);
    month.rehearsal.post("/sandbox/faults", &away);
    let start = std::time::Instant::now();
    while !month.why(&slot).to_string().contains("call budget") {
        assert!(start.elapsed().as_secs() < 90, "{}", month.why(&slot));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    month.advance_past(0, "15:40");
    let state = month.until(&slot, &["live", "missed"])["slot"]["state"].clone();
    assert_eq!(state, "live");
    assert_eq!(month.live(), 1);
}
