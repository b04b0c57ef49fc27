//! Rows are taken in turn, whatever is moved, skipped or late; and what is foretold is what goes out.

use serde_json::Value;

use super::month::Month;

fn rule(more: &str) -> String {
    format!(
        "[schedule.turn]\ntemplate = 'templates/menu.toml'\ntimes = ['15:00']\ndata = 'rows.csv'\n{more}"
    )
}

const FIVE: &str = "id,dish\na,soup\nb,stew\nc,cake\nd,tart\ne,fish\n";

/// Turns the clock there, a few seconds later, and has cron's worker do what is due.
fn to(month: &Month, day: i64, clock: &str) {
    month.advance_past(day, clock);
    once(month);
}

fn once(month: &Month) {
    let run = month.call(&["worker", "--once"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

fn slots(month: &Month, days: std::ops::RangeInclusive<i64>) -> Vec<String> {
    days.map(|day| format!("turn@{}T15:00", month.day(day)))
        .collect()
}

fn row(month: &Month, slot: &str) -> String {
    let item = month.why(slot);
    let (row, state) = (&item["row_key"], &item["slot"]["state"]);
    format!(
        "{} {}",
        row.as_str().unwrap_or("-"),
        // a day later
        state.as_str().unwrap_or_default().replace("closed", "live")
    )
}

fn coming(month: &Month, days: &str) -> Vec<(String, String)> {
    let found = month.coming(&["--days", days]);
    let row = |row: Option<String>| row.unwrap_or("-".to_owned());
    (found.into_iter().map(|slot| (slot.id, row(slot.row_key)))).collect()
}

#[test]
fn a_slot_that_is_moved_keeps_its_turn() {
    for pick in ["rotate", "next"] {
        let month = Month::of(&rule(&format!("pick = '{pick}'\n")), &[("rows.csv", FIVE)]);
        once(&month);
        let all = slots(&month, 1..=4);
        let later = format!("{}T18:00", month.day(3));
        let moved = month.call(&["schedule", "move", &all[0], "--to", &later]);
        assert_eq!(moved.code, Some(0), "{moved:?}");
        let promised = coming(&month, "4");
        // one day later its own time is past, and it is still to come
        to(&month, 1, "16:00");
        let ahead = coming(&month, "4");
        assert!(
            ahead.iter().any(|(id, row)| *id == all[0] && row == "a"),
            "{ahead:?}"
        );
        to(&month, 1, "15:00");
        to(&month, 1, "15:00");
        to(&month, 0, "18:00");
        to(&month, 1, "15:00");
        let shown: Vec<String> = all.iter().map(|slot| row(&month, slot)).collect();
        assert_eq!(
            shown,
            ["a live", "b live", "c live", "d live"],
            "{promised:?}"
        );
        for (slot, row) in all.iter().zip(["a", "b", "c", "d"]) {
            assert!(
                promised.contains(&(slot.clone(), row.to_owned())),
                "{promised:?}"
            );
        }
    }
}

#[test]
fn a_slot_that_found_no_row_takes_none_later() {
    let month = Month::of(
        &rule("pick = 'next'\n"),
        &[("rows.csv", "id,dish\na,soup\n")],
    );
    once(&month);
    let all = slots(&month, 1..=5);
    to(&month, 1, "15:00");
    // told as without a row, and skipped by hand all the same
    let skipped = month.call(&["schedule", "skip", &all[2]]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    to(&month, 1, "15:00");
    month.write("rows.csv", "id,dish\na,soup\nb,stew\nc,cake\nd,tart\n");
    month.advance(3600);
    let promised = coming(&month, "4");
    once(&month);
    let foretold: Vec<&str> = promised.iter().map(|(_, row)| row.as_str()).collect();
    assert_eq!(foretold[..3], ["-", "b", "c"], "{promised:?}");
    to(&month, 1, "15:00");
    to(&month, 1, "15:00");
    to(&month, 1, "15:00");
    let shown: Vec<String> = all.iter().map(|slot| row(&month, slot)).collect();
    let expected = ["a live", "- skipped", "- skipped", "b live", "c live"];
    assert_eq!(shown, expected);
}

#[test]
fn a_skipped_slot_keeps_its_row_when_its_time_is_past() {
    let month = Month::of(&rule("pick = 'next'\n"), &[("rows.csv", FIVE)]);
    once(&month);
    let all = slots(&month, 1..=3);
    let skipped = month.call(&["schedule", "skip", &all[0]]);
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    to(&month, 1, "15:00");
    let ahead = coming(&month, "2");
    let foretold: Vec<&str> = ahead.iter().map(|(_, row)| row.as_str()).collect();
    assert_eq!(foretold, ["b", "c"], "{ahead:?}");
    to(&month, 1, "15:00");
    assert_eq!(row(&month, &all[1]), "b live");
}

/// The one item of `schedule next`, with its picture's file.
fn next(month: &Month) -> (Value, Vec<u8>) {
    let run = month.call(&["schedule", "next", "--count", "1", "--out", "ahead"]);
    let item = run.report["items"][0].clone();
    let path = item["outputs"][0]["path"].as_str().unwrap_or_default();
    let file = std::fs::read(month.folder().join(path));
    (item, file.unwrap_or_default())
}

#[test]
fn what_is_made_already_is_told_as_it_was_made() {
    for approve in [false, true] {
        let more = format!("pick = 'weekday'\nfreeze = '3h'\napprove = {approve}\n");
        let month = Month::of(
            &rule(&more),
            &[("rows.csv", "id,weekday,dish\na,mon-sun,soup\n")],
        );
        once(&month);
        let slot = slots(&month, 1..=1).remove(0);
        to(&month, 1, "12:30");
        let made = month.why(&slot)["slot"]["sha256"].clone();
        assert!(made.is_string());
        let (_, soup) = next(&month);
        month.write("rows.csv", "id,weekday,dish\nb,mon-sun,cake\n");
        let (item, file) = next(&month);
        assert_eq!(
            (&item["slot"]["sha256"], &item["row_key"]),
            (&made, &"a".into()),
            "{item}"
        );
        assert_eq!(file, soup);
        assert_eq!(item["waits_for"].is_string(), approve, "{item}");
        month.write("rows.csv", "id,weekday,dish\n");
        let (item, _) = next(&month);
        // what is read again has no row by now; what is made and does not change, goes out
        assert_eq!(
            item["diagnostics"].to_string().contains("no-row"),
            approve,
            "{item}"
        );
        if !approve {
            to(&month, 0, "15:00");
            assert_eq!(month.why(&slot)["slot"]["state"], "live");
            assert_eq!(
                month.rehearsal.published().into_keys().next(),
                made.as_str().map(Into::into)
            );
        }
    }
}

#[test]
fn a_series_is_foretold_as_it_was_split() {
    let rows = "id,dish\na,soup\nb,stew\nc,cake\n";
    let month = Month::of(
        &rule("pick = 'all'\nfreeze = '3h'\n"),
        &[("rows.csv", rows)],
    );
    once(&month);
    let series = slots(&month, 1..=1).remove(0);
    to(&month, 1, "12:30");
    month.write("rows.csv", "id,dish\nc,cake\nx,tart\na,soup\n");
    let ids: Vec<String> = coming(&month, "1").into_iter().map(|(id, _)| id).collect();
    assert_eq!(
        ids[..3],
        ["a", "b", "c"].map(|key| format!("{series}#{key}")),
        "{ids:?}"
    );
    to(&month, 0, "15:00");
    assert_eq!(month.live(), 3);
}

#[test]
fn what_comes_after_a_lost_row_of_a_series_is_skipped() {
    let rows = "id,dish\na,soup\nb,stew\nc,cake\n";
    let more = "pick = 'all'\nfreeze = '3h'\napprove = true\nlate = '30min'\n";
    let month = Month::of(&rule(more), &[("rows.csv", rows)]);
    once(&month);
    let series = slots(&month, 1..=1).remove(0);
    let [a, b, c] = ["a", "b", "c"].map(|key| format!("{series}#{key}"));
    to(&month, 1, "12:30");
    for slot in [&a, &c] {
        let approved = month.call(&["approve", slot, "--by", "ana"]);
        assert_eq!(approved.code, Some(0), "{approved:?}");
    }
    month.write("rows.csv", "id,dish\na,soup\nc,cake\n");
    to(&month, 0, "12:40");
    to(&month, 0, "15:00");
    to(&month, 0, "15:31");
    let states = [&a, &b, &c].map(|slot| month.state(slot));
    assert_eq!(states, ["live", "skipped", "skipped"]);
}

#[test]
fn a_slot_that_went_out_keeps_its_name_when_its_rule_gets_another_account() {
    let rows = "id,dish\na,soup\n";
    let month = Month::of(&rule("pick = 'next'\n"), &[("rows.csv", rows)]);
    once(&month);
    let slot = slots(&month, 1..=1).remove(0);
    let run = month.call(&["schedule", "run", &slot]);
    assert_eq!(run.code, Some(0), "{run:?}");
    once(&month);
    assert_eq!(month.state(&slot), "live");
    month.write(
        "schedule.toml",
        &rule("pick = 'next'\naccount = ['main', 'facebook']\n"),
    );
    let run = month.call(&["schedule", "next", "--days", "1"]);
    let items = run.report["items"].as_array().expect("items");
    let of = |item: &Value| {
        item["slot"]["id"]
            .as_str()
            .map(|id| (id.to_owned(), item["state"].clone()))
    };
    let found: Vec<_> = items.iter().filter_map(of).collect();
    assert!(found.contains(&(slot.clone(), "live".into())), "{found:?}");
    assert!(
        !found.iter().any(|(id, _)| id.ends_with("/main")),
        "{found:?}"
    );
    let approved = month.call(&["approve", &format!("{slot}/main")]);
    assert!(!format!("{approved:?}").contains("at work"), "{approved:?}");
}
