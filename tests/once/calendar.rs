//! The calendar on a sandbox's clock: every slot becomes one story, or is told why it does not.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::month::Month;

/// What a slot waits for, or why it did not go out.
fn reason(item: &Value) -> Option<&str> {
    item["reason"].as_str().or(item["waits_for"].as_str())
}

const DAILY: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\n\
    times = ['09:00']\nlate = '30min'\n";

#[test]
fn each_day_has_its_story_once() {
    let mut month = Month::of(DAILY, &[]);
    let slots: Vec<String> = (1..=3)
        .map(|day| format!("menu@{}T09:00", month.day(day)))
        .collect();
    let times: Vec<Timestamp> = (1..=3).map(|day| month.at(day, "09:00")).collect();
    month.start(&[]);
    month.until_seen(&slots[2]);
    for (count, (slot, time)) in slots.iter().zip(&times).enumerate() {
        month.advance_to(*time - SignedDuration::from_secs(30));
        assert_eq!(month.live(), count, "not before its time");
        month.advance(40);
        let item = month.until(slot, &["live"]);
        assert_eq!(item["story"]["state"], "live", "{item}");
        assert_eq!(month.live(), count + 1);
    }
    // each with the day of its own slot: no two pictures are the same
    let published = month.rehearsal.published();
    assert_eq!(published.len(), 3, "{published:?}");
}

#[test]
fn a_worker_that_is_killed_again_and_again_sends_each_slot_once() {
    let rule = DAILY.replace(
        "['09:00']",
        "['09:00', '09:01', '09:02', '09:03', '09:04', '09:05']",
    );
    let mut month = Month::of(&rule, &[]);
    let last = format!("menu@{}T09:05", month.day(1));
    let nine = month.at(1, "08:59");
    month.start(&[]);
    month.until_seen(&last);
    month.advance_to(nine);
    month
        .rehearsal
        .post("/sandbox/clock", &json!({ "speed": 30 }));
    for pause in [900, 1300, 700, 1700, 1100, 2100, 800] {
        std::thread::sleep(Duration::from_millis(pause));
        month.kill();
        month.start(&[]);
    }
    month
        .rehearsal
        .post("/sandbox/clock", &json!({ "speed": 1 }));
    // what was not due yet is due now
    month.advance_to(nine + SignedDuration::from_mins(7));
    let mut settled = 0;
    for minute in 0..6 {
        let slot = last.replace("T09:05", &format!("T09:0{minute}"));
        let item = month.until(&slot, &["live", "uncertain", "missed", "failed"]);
        settled += usize::from(item["slot"]["state"] != "missed");
    }
    let live = month.live();
    assert!(live <= 6, "{live} of 6 slots went out: one of them twice");
    assert!(settled >= live, "{settled} settled, {live} live");
}

#[test]
fn a_slot_that_was_seen_and_is_late_is_missed_and_an_unseen_one_never_fires() {
    let mut month = Month::of(DAILY, &[]);
    let seen = format!("menu@{}T09:00", month.day(1));
    let (ten, after) = (month.at(1, "10:00"), format!("menu@{}T09:00", month.day(2)));
    month.start(&[]);
    month.until_seen(&seen);
    month.kill();
    month.advance_to(ten);
    month.start(&[]);
    let item = month.until(&seen, &["missed"]);
    assert!(reason(&item).is_some(), "{item}");
    // a rule that is new at ten has no slot of nine o'clock that day
    month.write(
        "schedule.toml",
        &DAILY.replace("schedule.menu", "schedule.other"),
    );
    month.until_seen(&after.replace("menu@", "other@"));
    month.advance(60);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(month.live(), 0);
}

#[test]
fn an_approval_is_void_when_the_data_changes() {
    let rule = format!("{DAILY}data = 'menu.csv'\npick = 'date'\nfreeze = '2h'\napprove = true\n");
    let mut month = Month::of(&rule, &[("menu.csv", "date,dish\n")]);
    let (day, nine) = (month.day(1), month.at(1, "09:00"));
    let slot = format!("menu@{day}T09:00");
    month.write("menu.csv", &format!("date,dish\n{day},soup\n"));
    month.start(&[]);
    month.until_seen(&slot);
    let early = month.call(&["approve", &slot]);
    assert_eq!(early.code, Some(1), "there is no picture yet: {early:?}");
    month.advance_to(nine - SignedDuration::from_secs(7100));
    let waiting = month.until(&slot, &["waiting"]);
    let first = waiting["slot"]["sha256"]
        .as_str()
        .expect("a picture")
        .to_owned();
    let approved = month.call(&["approve", &slot, "--sha256", &first, "--by", "ana"]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    month.write("menu.csv", &format!("date,dish\n{day},cake\n"));
    month.advance(120);
    let start = Instant::now();
    let second = loop {
        let item = month.why(&slot);
        let now = item["slot"]["sha256"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if now != first {
            break now;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{item}");
        std::thread::sleep(Duration::from_millis(150));
    };
    // what was approved is not what would go out
    month.advance_to(nine + SignedDuration::from_secs(5));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((month.live(), month.state(&slot).as_str()), (0, "waiting"));
    let stale = month.call(&["approve", &slot, "--sha256", &first]);
    assert_eq!(stale.code, Some(1), "{stale:?}");
    let approved = month.call(&["approve", &slot, "--sha256", &second[..12]]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    month.until(&slot, &["live"]);
    let published: Vec<String> = month.rehearsal.published().into_keys().collect();
    assert_eq!(published, [second]);
    let trail = month.why(&slot)["trail"].to_string();
    assert!(trail.contains("\"ana\""), "{trail}");
}

#[test]
fn what_nobody_approves_or_is_rejected_is_skipped_with_the_reason() {
    let rule = DAILY.replace("['09:00']", "['09:00', '09:01']");
    let mut month = Month::of(&format!("{rule}freeze = '1h'\napprove = true\n"), &[]);
    let nine = month.at(1, "09:00");
    let slots = [0, 1].map(|minute| format!("menu@{}T09:0{minute}", month.day(1)));
    month.start(&[]);
    month.until_seen(&slots[1]);
    month.advance_to(nine - SignedDuration::from_secs(3000));
    month.until(&slots[0], &["waiting"]);
    let rejected = month.call(&["reject", &slots[0], "--by", "ana", "--reason", "too dark"]);
    assert_eq!(rejected.code, Some(0), "{rejected:?}");
    month.advance_to(nine + SignedDuration::from_mins(40));
    let item = month.until(&slots[0], &["skipped"]);
    assert!(
        reason(&item).unwrap_or_default().contains("too dark"),
        "{item}"
    );
    let item = month.until(&slots[1], &["skipped"]);
    assert!(
        reason(&item).unwrap_or_default().contains("not approved"),
        "{item}"
    );
    assert_eq!(month.live(), 0);
}

#[test]
fn a_row_that_is_not_there_is_told_ahead_and_its_slot_skipped() {
    let rule = format!("{DAILY}data = 'menu.csv'\npick = 'date'\n");
    let mut month = Month::of(&rule, &[("menu.csv", "date,dish\n2020-01-01,old\n")]);
    let (slot, nine) = (format!("menu@{}T09:00", month.day(1)), month.at(1, "09:00"));
    month.start(&[]);
    month.until_seen(&slot);
    let start = Instant::now();
    // half a day ahead somebody can still write it
    while reason(&month.why(&slot)).is_none() {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(150));
    }
    month.advance_to(nine + SignedDuration::from_mins(31));
    let item = month.until(&slot, &["skipped"]);
    assert_eq!(month.live(), 0, "{item}");
}

#[test]
fn rows_take_turns_and_two_workers_take_none_twice() {
    let times = "['09:00', '09:01', '09:02', '09:03']";
    let rule = DAILY.replace("['09:00']", times);
    let rule = format!("{rule}data = 'menu.csv'\npick = 'next'\n");
    let mut month = Month::of(
        &rule,
        &[("menu.csv", "id,dish\na,soup\nb,tart\nc,cake\nd,fish\n")],
    );
    let slots: Vec<String> = (0..4)
        .map(|m| format!("menu@{}T09:0{m}", month.day(1)))
        .collect();
    let nine = month.at(1, "09:00");
    month.start(&[]);
    month.until_seen(&slots[3]);
    let skipped = month.call(&["schedule", "skip", &slots[1], "--reason", "closed"]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    let mut second = month.command(&["worker", "--quiet", "--sandbox"]);
    second
        .arg(&month.rehearsal.url)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut second: Child = second.spawn().expect("a worker");
    month.advance_to(nine + SignedDuration::from_secs(200));
    for slot in [&slots[0], &slots[2], &slots[3]] {
        month.until(slot, &["live"]);
    }
    let _ = Command::new("kill")
        .args(["-INT", &second.id().to_string()])
        .status();
    let _ = second.wait();
    assert_eq!(month.state(&slots[1]), "skipped");
    let published = month.rehearsal.published();
    assert_eq!(published.values().sum::<usize>(), 3);
    assert_eq!(published.len(), 3, "three rows: {published:?}");
}

#[test]
fn a_pause_holds_a_slot_and_a_hand_moves_and_runs_it() {
    let rule = DAILY.replace("['09:00']", "['09:00', '12:00', '15:00']");
    let mut month = Month::of(&rule, &[]);
    let slots = ["09:00", "12:00", "15:00"].map(|time| format!("menu@{}T{time}", month.day(1)));
    let (nine, day) = (month.at(1, "09:00"), month.day(1));
    month.start(&[]);
    month.until_seen(&slots[2]);
    assert_eq!(
        month
            .call(&["schedule", "pause", "menu", "--reason", "rain"])
            .code,
        Some(0)
    );
    assert_eq!(month.state(&slots[0]), "paused");
    month.advance_to(nine + SignedDuration::from_mins(31));
    let item = month.until(&slots[0], &["skipped"]);
    assert!(reason(&item).unwrap_or_default().contains("rain"), "{item}");
    assert_eq!(month.call(&["schedule", "resume", "menu"]).code, Some(0));
    let moved = month.call(&[
        "schedule",
        "move",
        &slots[1],
        "--to",
        &format!("{day}T10:00"),
    ]);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    month.advance_to(nine + SignedDuration::from_mins(61));
    month.until(&slots[1], &["live"]);
    let run = month.call(&["schedule", "run", &slots[2]]);
    assert_eq!(run.code, Some(0), "{run:?}");
    month.until(&slots[2], &["live"]);
    // what was skipped goes out as well when somebody wants it, and only once
    assert_eq!(month.call(&["schedule", "run", &slots[0]]).code, Some(0));
    month.until(&slots[0], &["live"]);
    assert_ne!(month.call(&["schedule", "run", &slots[0]]).code, Some(0));
    month.advance_to(nine + SignedDuration::from_hours(7));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(month.live(), 3);
}

#[test]
fn a_worker_that_ends_makes_the_whole_series() {
    let month = Month::of(
        "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['20:30']\n\
         data = 'menu.csv'\npick = 'all'\nlate = '30min'\n",
        &[("menu.csv", "id,dish\na,Leek\nb,Kale\nc,Chard\n")],
    );
    let slot = format!("menu@{}T20:30", month.day(0));
    // cron: one call sees the slot, the next one comes when it is due
    let once = || month.call(&["worker", "--once"]);
    assert_eq!(once().code, Some(0));
    month.advance_to(month.at(0, "20:31"));
    let run = once();
    assert_eq!(run.code, Some(0), "{run:?}");
    for key in ["a", "b", "c"] {
        assert_eq!(
            month.state(&format!("{slot}#{key}")),
            "live",
            "{key}: {run:?}"
        );
    }
    assert_eq!(month.rehearsal.published().values().sum::<usize>(), 3);
}

#[test]
fn a_slot_that_is_due_waits_for_no_picture_of_others() {
    let times: Vec<String> = (0..60).map(|minute| format!("10:{minute:02}")).collect();
    let rule =
        "[schedule.one]\ntemplate = 'templates/menu.toml'\ntimes = ['06:45']\nfreeze = '2h'\n";
    let mut month = Month::of(rule, &[]);
    let day = month.day(1);
    let many = (0..16).map(|number| {
        format!(
            "[schedule.many-{number}]\ntemplate = 'templates/large.toml'\ntimes = {times:?}\nfreeze = '4h'\n\
             from = '{day}'\nuntil = '{day}'\n"
        )
    });
    let rules = rule.to_owned() + &many.collect::<String>();
    month.write("schedule.toml", &rules);
    let small = month.read("templates/menu.toml");
    let large = small
        .replace("size = [270, 480]", "")
        .replace("[output]", "");
    month.write(
        "templates/large.toml",
        &large.replace("{{ today }}", "{{ now | date(\"%H:%M\") }}"),
    );
    let one = format!("one@{}T06:45", month.day(1));
    let (early, due) = (month.at(1, "04:50"), month.at(1, "06:45"));
    month.start(&[]);
    month.until_seen(&one);
    month.advance_to(early);
    month.until(&one, &["frozen"]);
    // forty-six pictures of each rule, 736, are to be made at the same moment, far more than a publish takes
    month.advance_to(due - SignedDuration::from_secs(2));
    month.until_published(1);
    let made = |(id, (state, _)): (&String, &(String, String))| {
        (id.starts_with("many-") && state == "frozen").then_some(())
    };
    let made = month.states().iter().filter_map(made).count();
    assert!(made < 600, "it waited for {made} others");
}

/// Has cron's worker do what is due.
fn once(month: &Month) -> super::rehearsal::Run {
    let run = month.call(&["worker", "--once"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    run
}

fn with_account(account: &str) -> String {
    format!("{DAILY}account = {account}\n")
}

#[test]
fn slots_follow_their_rule_to_another_account_and_go_out_once() {
    let month = Month::of(&with_account("'main'"), &[]);
    let slot = format!("menu@{}T09:00", month.day(1));
    once(&month);
    let follows = |account: &str, id: &str, wanted: &str| {
        month.write("schedule.toml", &with_account(account));
        once(&month);
        assert_eq!(month.why(id)["account"], wanted, "{account}");
        let listed = month.coming(&["--days", "1"]);
        assert_eq!(listed.len(), account.split(',').count(), "{listed:?}");
        assert!(listed.iter().any(|coming| coming.id == *id), "{listed:?}");
    };
    follows("'facebook'", &slot, "facebook");
    follows(
        "['main', 'facebook']",
        &format!("{slot}/facebook"),
        "facebook",
    );
    follows("'facebook'", &slot, "facebook");
    follows("'main'", &slot, "main");
    month.advance_past(1, "09:00");
    once(&month);
    assert_eq!((month.live(), month.state(&slot).as_str()), (1, "live"));
}

#[test]
fn a_slot_that_went_out_early_is_not_sent_again_by_another_name_of_its_account() {
    let rule = with_account("['main', 'facebook']");
    let month = Month::of(&rule, &[]);
    once(&month);
    let slot = format!("menu@{}T09:00", month.day(1));
    let run = month.call(&["schedule", "run", &format!("{slot}/main")]);
    assert_eq!(run.code, Some(0), "{run:?}");
    once(&month);
    assert_eq!(month.live(), 1);
    // the only account from now on, and the name is new
    let project = month
        .read("storypress.toml")
        .replace("accounts.main", "accounts.cafe");
    month.write("storypress.toml", &project);
    month.write("schedule.toml", &with_account("'cafe'"));
    once(&month);
    month.advance_past(1, "09:00");
    once(&month);
    let item = month.why(&slot);
    assert_eq!(
        (month.live(), &item["slot"]["state"]),
        (1, &json!("skipped"))
    );
    assert!(
        reason(&item).unwrap_or_default().contains("former name"),
        "{item}"
    );
}

#[test]
fn a_slot_that_was_moved_follows_its_rule_and_is_dropped_with_it() {
    let rules = format!("{DAILY}{}", DAILY.replace("menu]", "old]"));
    let month = Month::of(&rules, &[]);
    month.write("templates/new.toml", &month.read("templates/menu.toml"));
    once(&month);
    let slots = ["menu", "old"].map(|name| format!("{name}@{}T09:00", month.day(1)));
    let later = format!("{}T10:00", month.day(1));
    for slot in &slots {
        let moved = month.call(&["schedule", "move", slot, "--to", &later]);
        assert_eq!(moved.code, Some(0), "{moved:?}");
    }
    let rule = DAILY.replace("menu.toml", "new.toml");
    month.write("schedule.toml", &rule);
    once(&month);
    assert_eq!(month.state(&slots[1]), "dropped");
    let item = month.why(&slots[0]);
    assert_eq!(item["slot"]["due"], json!(month.at(1, "10:00")), "{item}");
    assert_eq!(item["template"], "templates/new.toml");
    // after its own time as well
    month.advance_past(1, "09:30");
    month.write(
        "schedule.toml",
        &format!("{rule}except = ['{}']\n", month.day(0)),
    );
    once(&month);
    assert_eq!(month.state(&slots[0]), "dropped");
    month.write("schedule.toml", &rule);
    once(&month);
    month.advance_past(0, "10:00");
    once(&month);
    assert_eq!((month.live(), month.state(&slots[0]).as_str()), (1, "live"));
}

#[test]
fn a_slot_that_cannot_go_out_now_is_not_run() {
    let rules = format!(
        "{}freeze = '3d'\napprove = true\n{}data = 'rows.csv'\n{}",
        DAILY.replace("menu]", "seen]"),
        DAILY.replace("menu]", "row]"),
        DAILY.replace("menu]", "held]"),
    );
    let month = Month::of(&rules, &[("rows.csv", "date,dish\n2020-01-01,old\n")]);
    once(&month);
    let of = |name: &str, day| format!("{name}@{}T09:00", month.day(day));
    let rejected = month.call(&["reject", &of("seen", 1), "--reason", "too dark"]);
    assert_eq!(rejected.code, Some(0), "{rejected:?}");
    assert_eq!(month.call(&["schedule", "pause", "held"]).code, Some(0));
    let refused = [
        (of("seen", 1), "too dark"),
        (of("seen", 2), "not approved"),
        (of("seen", 8), "has to be approved"),
        (of("row", 1), "no row"),
        (of("held", 1), "paused"),
    ];
    for (slot, why) in &refused {
        let before = month.why(slot)["slot"].clone();
        let run = month.call(&["schedule", "run", slot]);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.report.to_string().contains(why), "{why}: {run:?}");
        assert_eq!(month.why(slot)["slot"], before);
    }
    // approved, it can
    let approved = month.call(&["approve", &refused[1].0]);
    assert_eq!(approved.code, Some(0), "{approved:?}");
    let run = month.call(&["schedule", "run", &refused[1].0]);
    assert_eq!(run.code, Some(0), "{run:?}");
    once(&month);
    assert_eq!(
        (month.live(), month.state(&refused[1].0).as_str()),
        (1, "live")
    );
}

#[test]
fn a_no_holds_when_its_rule_asks_nobody_any_more() {
    let rule = format!("{DAILY}freeze = '1d'\napprove = true\n");
    let month = Month::of(&rule, &[]);
    once(&month);
    let slot = format!("menu@{}T09:00", month.day(1));
    let rejected = month.call(&["reject", &slot, "--reason", "too dark"]);
    assert_eq!(rejected.code, Some(0), "{rejected:?}");
    month.write(
        "schedule.toml",
        &rule.replace("approve = true", "approve = false"),
    );
    for time in ["09:00", "09:31"] {
        month.advance_past(if time == "09:00" { 1 } else { 0 }, time);
        once(&month);
    }
    let item = month.why(&slot);
    assert_eq!(
        (month.live(), &item["slot"]["state"]),
        (0, &json!("skipped"))
    );
    assert!(
        reason(&item).unwrap_or_default().contains("too dark"),
        "{item}"
    );
}

#[test]
fn slots_outlive_a_calendar_that_is_gone_for_a_moment() {
    let rule = format!("{DAILY}freeze = '3d'\napprove = true\n");
    let month = Month::of(&rule, &[]);
    once(&month);
    let slots = [1, 2].map(|day| format!("menu@{}T09:00", month.day(day)));
    for slot in &slots {
        let approved = month.call(&["approve", slot]);
        assert_eq!(approved.code, Some(0), "{approved:?}");
    }
    month.advance_past(1, "09:00");
    let file = month.folder().join("schedule.toml");
    std::fs::remove_file(&file).expect("removed");
    let gone = once(&month);
    assert!(gone.said.contains("schedule.toml is gone"), "{gone:?}");
    assert_eq!(
        (month.live(), month.state(&slots[0]).as_str()),
        (0, "frozen")
    );
    month.write("schedule.toml", &rule);
    month.advance(5);
    once(&month);
    assert_eq!((month.live(), month.state(&slots[0]).as_str()), (1, "live"));
    // an empty one means that there is none any more, and what was ready is told
    month.write("schedule.toml", "");
    let empty = once(&month);
    assert_eq!(month.state(&slots[1]), "dropped");
    assert!(empty.said.contains(&slots[1]), "{empty:?}");
    assert!(empty.said.contains("is dropped"), "{empty:?}");
}

#[test]
fn a_worker_goes_on_with_the_rules_of_a_calendar_that_is_gone() {
    let mut month = Month::of(DAILY, &[]);
    let slots = [1, 2].map(|day| format!("menu@{}T09:00", month.day(day)));
    let nine = month.at(1, "09:00");
    month.start(&[]);
    month.until_seen(&slots[1]);
    std::fs::remove_file(month.folder().join("schedule.toml")).expect("removed");
    std::thread::sleep(Duration::from_secs(2));
    month.advance_to(nine);
    month.until(&slots[0], &["live"]);
    assert_eq!(month.state(&slots[1]), "planned");
    month.write("schedule.toml", "");
    month.until(&slots[1], &["dropped"]);
    assert_eq!(month.live(), 1);
}
