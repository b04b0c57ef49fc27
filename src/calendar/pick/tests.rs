use jiff::Timestamp;

use super::super::read::tests::rule;
use super::super::{History, Rule, Slot, Used};
use super::*;
use crate::data::{Format, read_text};
use crate::diag::Source;

fn table(text: &str) -> Table {
    let format = if text.starts_with('<') {
        Format::Feed
    } else {
        Format::Csv
    };
    read_text(&Source::new("menu.csv", text), format).expect("readable")
}

fn picking(pick: &str, more: &str) -> Rule {
    rule(&format!(
        "times = ['09:00']\ntimezone = 'Europe/Madrid'\ndata = 'menu.csv'\npick = '{pick}'\n{more}"
    ))
}

fn slots(rule: &Rule, from: &str, days: i64) -> Vec<Slot> {
    let from: Timestamp = format!("{from}T00:00Z").parse().expect("a day");
    rule.slots(from, from + jiff::SignedDuration::from_hours(days * 24))
        .collect()
}

fn first(rule: &Rule, day: &str) -> Slot {
    slots(rule, day, 1).remove(0)
}

fn keys(picked: Result<Picked<'_>, Vec<Diagnostic>>) -> Result<Vec<String>, Vec<String>> {
    match picked {
        Ok(Picked::Row(row)) => Ok(vec![id_of(row)]),
        Ok(Picked::Series { rows, .. }) => Ok(rows.into_iter().map(|(key, _)| key).collect()),
        Ok(Picked::Nothing(why)) => Ok(vec![format!("({why})")]),
        Err(wrong) => Err(wrong
            .iter()
            .map(|d| {
                format!(
                    "{}: {} ({})",
                    d.code.as_str(),
                    d.message,
                    d.hint.as_deref().unwrap_or_default()
                )
            })
            .collect()),
    }
}

fn picked(rule: &Rule, day: &str, text: &str) -> Result<Vec<String>, Vec<String>> {
    keys(pick(
        rule,
        &first(rule, day),
        &table(text),
        History::default(),
    ))
}

/// The rows of `days` slots, one after the other, each remembered.
fn run(rule: &Rule, text: &str, from: &str, days: i64, adopted: Option<&[String]>) -> Vec<String> {
    let table = table(text);
    let mut used: Vec<Used> = Vec::new();
    let mut out = Vec::new();
    for slot in slots(rule, from, days) {
        let history = History {
            used: &used,
            adopted,
        };
        let found = pick(rule, &slot, &table, history);
        if let Ok(Picked::Row(row)) = &found {
            used.push(Used {
                row: id_of(row),
                wall: slot.wall,
                due: slot.due,
            });
        }
        out.push(keys(found).map_or_else(|wrong| wrong[0].clone(), |keys| keys.join(" ")));
    }
    out
}

#[test]
fn the_row_of_the_day_however_its_date_is_written() {
    let rule = picking("date", "");
    for text in [
        "id,date\na,2026-12-01\nb,2026-12-02\n",
        "id,Date\na,1 December 2026\nb,2 December 2026\n",
        "id,date\na,2026-12-01T18:30\nb,\n",
        // midnight in UTC is the next day in Madrid
        "id,date\na,2026-11-30T23:30:00Z\nb,2026-11-30T22:30:00Z\n",
    ] {
        assert_eq!(
            picked(&rule, "2026-12-01", text),
            Ok(vec!["a".to_owned()]),
            "{text}"
        );
    }
    let rule = picking("date:Day of menu", "");
    assert_eq!(
        picked(&rule, "2026-12-01", "id,day_of_menu\na,2026-12-01\n"),
        Ok(vec!["a".to_owned()])
    );
}

#[test]
fn a_day_without_a_row_says_what_was_looked_for() {
    let rule = picking("date", "");
    assert_eq!(
        picked(&rule, "2026-12-03", "id,date\na,2026-12-01\nb,soon\nc,\n"),
        Err(vec![
            "no-row: no row of menu.csv has 2026-12-03 in its column `date` ()".to_owned(),
            "bad-row: row 2 (id b): column `date`: `soon` is not a date ()".to_owned(),
        ])
    );
    assert_eq!(
        picked(&rule, "2026-12-03", "id,Datum,title\na,2026-12-03,x\n"),
        Err(vec![
            "no-row: menu.csv has no column `date` (did you mean `Datum`?)".to_owned()
        ])
    );
    assert_eq!(
        picked(&rule, "2026-12-03", "id,when,title\na,2026-12-03,x\n"),
        Err(vec![
            "no-row: menu.csv has no column `date` (its columns are `id`, `when` and `title`)"
                .to_owned()
        ])
    );
}

#[test]
fn two_rows_of_one_day_are_a_bad_row() {
    let rule = picking("date", "");
    assert_eq!(
        picked(&rule, "2026-12-01", "id,date\na,2026-12-01\nb,1 Dec 2026\n"),
        Err(vec![
            "bad-row: rows 1 and 2 of menu.csv both have 2026-12-01 in their column `date` (one row for each slot)".to_owned()
        ])
    );
}

#[test]
fn a_row_that_cannot_be_read_may_be_the_one() {
    let rule = picking("date", "");
    let wrong = picked(
        &rule,
        "2026-12-02",
        "id,date\na,2026-12-01\nb,2026-12-02,x\n",
    )
    .expect_err("no row");
    assert_eq!(wrong.len(), 2);
    assert!(wrong[1].starts_with("bad-row: row 2"), "{wrong:?}");
}

#[test]
fn weekdays_by_short_and_long_names() {
    let rule = picking("weekday", "");
    let text = "id,weekday\na,Mon\nb,tuesday\nc,wed-fri\nd,\"sat, sun\"\n";
    assert_eq!(
        run(&rule, text, "2026-11-30", 7, None),
        ["a", "b", "c", "c", "c", "d", "d"]
    );
    assert_eq!(
        picked(&rule, "2026-11-30", "id,weekday\na,Montag\nb,tue\n"),
        Err(vec![
            "no-row: no row of menu.csv has Monday in its column `weekday` ()".to_owned(),
            "bad-row: row 1 (id a): column `weekday`: `Montag` is no weekday: mon to sun, or English names ()".to_owned(),
        ])
    );
    let two = picked(&rule, "2026-11-30", "id,weekday\na,mon\nb,mon-fri\n").expect_err("two");
    assert!(two[0].starts_with("bad-row: rows 1 and 2"), "{two:?}");
}

#[test]
fn next_takes_each_row_once_by_id() {
    let rule = picking("next", "");
    assert_eq!(
        run(&rule, "id,t\na,1\nb,2\nc,3\n", "2026-12-01", 4, None),
        [
            "a",
            "b",
            "c",
            "no-row: each of the 3 rows of menu.csv has had its slot ()"
        ]
    );
    // a row that is put before the others is the next one, and none comes again
    let used = [Used {
        row: "a".to_owned(),
        wall: "2026-11-30T09:00".parse().expect("a time"),
        due: Timestamp::UNIX_EPOCH,
    }];
    let history = History {
        used: &used,
        adopted: None,
    };
    let data = table("id,t\nz,0\na,1\nb,2\n");
    assert_eq!(
        keys(pick(&rule, &first(&rule, "2026-12-01"), &data, history)),
        Ok(vec!["z".to_owned()])
    );
    assert_eq!(
        picked(&rule, "2026-12-01", "t\n1\n"),
        Err(vec![
            "bad-row: row 1 has no `id` (a row that goes out once needs an `id` that stays)"
                .to_owned()
        ])
    );
    assert_eq!(
        picked(&rule, "2026-12-01", "id,t\na,1\na,2\n"),
        Err(vec![
            "bad-row: rows 1 and 2 have the id `a` (give each row its own `id`)".to_owned()
        ])
    );
}

#[test]
fn the_same_slot_takes_the_same_row_again() {
    let data = table("id,t\na,1\nb,2\nc,3\n");
    for how in ["next", "rotate", "new"] {
        let rule = picking(how, "account = ['x', 'y']\n");
        let slots = slots(&rule, "2026-12-01", 1);
        let used = [Used {
            row: "b".to_owned(),
            wall: slots[0].wall,
            due: slots[0].due,
        }];
        let history = History {
            used: &used,
            adopted: Some(&[]),
        };
        for slot in &slots {
            assert_eq!(
                keys(pick(&rule, slot, &data, history)),
                Ok(vec!["b".to_owned()]),
                "{how}"
            );
        }
        // it is gone: another one
        let data = table("id,t\na,1\nc,3\n");
        assert_eq!(
            keys(pick(&rule, &slots[0], &data, history)),
            Ok(vec!["a".to_owned()]),
            "{how}"
        );
    }
}

#[test]
fn rotate_takes_the_one_longest_ago_then_file_order() {
    let rule = picking("rotate", "");
    assert_eq!(
        run(&rule, "id,t\na,1\nb,2\nc,3\n", "2026-12-01", 7, None),
        ["a", "b", "c", "a", "b", "c", "a"]
    );
    // what is new comes before what was used
    let used = ["a", "b"].map(|row| Used {
        row: row.to_owned(),
        wall: "2026-11-01T09:00".parse().expect("a time"),
        due: Timestamp::UNIX_EPOCH,
    });
    let history = History {
        used: &used,
        adopted: None,
    };
    let data = table("id,t\na,1\nb,2\nc,3\n");
    assert_eq!(
        keys(pick(&rule, &first(&rule, "2026-12-01"), &data, history)),
        Ok(vec!["c".to_owned()])
    );
    // rows without an id go by their number
    assert_eq!(
        run(&rule, "t\nx\ny\n", "2026-12-01", 3, None),
        ["1", "2", "1"]
    );
}

#[test]
fn rotate_counts_what_is_shown_after_the_slot_s_own_time() {
    let rule = picking("rotate", "");
    let table = table("id,title\na,A\nb,B\nc,C\n");
    let days: Vec<Slot> = slots(&rule, "2026-12-01", 4);
    let used = |slot: &Slot, row: &str, due: Timestamp| Used {
        row: row.to_owned(),
        wall: slot.wall,
        due,
    };
    // the first is chosen after the others: it was moved, or had nothing to show at its time
    let mut seen = vec![
        used(&days[1], "a", days[1].due),
        used(&days[2], "b", days[2].due),
    ];
    let row = |slot: &Slot, seen: &[Used]| {
        let history = History {
            used: seen,
            adopted: None,
        };
        keys(pick(&rule, slot, &table, history))
            .expect("a row")
            .remove(0)
    };
    assert_eq!(row(&days[0], &seen), "c");
    // a row that was shown late was shown then
    let late = days[2].due + jiff::SignedDuration::from_hours(3);
    seen.insert(0, used(&days[0], "c", late));
    assert_eq!(row(&days[3], &seen), "a");
    let cooled = picking("rotate", "cooldown = '2d'");
    let history = History {
        used: &seen[..1],
        adopted: None,
    };
    let two = self::table("id,title\nc,C\n");
    let none = pick(&cooled, &days[3], &two, history).expect_err("it is shown too soon");
    assert!(
        none[0].message.contains("within its cooldown"),
        "{}",
        none[0].message
    );
}

#[test]
fn a_cooldown_is_of_days_also_over_a_clock_change() {
    // the clocks go forward on 28 March 2027: from the 27th, two days later at nine are 47 hours
    let rule = picking("rotate", "cooldown = '2d'\n");
    assert_eq!(
        run(&rule, "id,t\na,1\nb,2\n", "2027-03-26", 5, None),
        ["a", "b", "a", "b", "a"]
    );
    let rule = picking("rotate", "cooldown = '3d'\n");
    assert_eq!(
        run(&rule, "id,t\na,1\nb,2\n", "2027-03-26", 4, None),
        [
            "a",
            "b",
            "no-row: each of the 2 rows of menu.csv was used within its cooldown; the first is free on 29 March 2027 at 09:00 ()",
            "a"
        ]
    );
}

#[test]
fn new_waits_for_the_first_run_and_takes_what_came_after_it() {
    let rule = picking("new", "");
    let before = "id,t\na,1\nb,2\n";
    assert_eq!(
        run(&rule, before, "2026-12-01", 1, None),
        ["(the worker's first run takes the 2 rows of menu.csv as known)"]
    );
    let known = adopt(&table(before), 0).expect("ids");
    assert_eq!(known, ["a", "b"]);
    assert_eq!(
        run(
            &rule,
            "id,t\na,1\nb,2\nc,3\nd,4\n",
            "2026-12-01",
            3,
            Some(&known)
        ),
        ["c", "d", "(nothing in menu.csv is new)"]
    );
    // the newest of a sheet are its last
    assert_eq!(adopt(&table(before), 1).expect("ids"), ["a"]);
    assert_eq!(adopt(&table(before), 9).expect("ids"), [""; 0]);
}

#[test]
fn a_feed_whose_ids_have_all_changed_is_known() {
    let known = ["http://a".to_owned(), "http://b".to_owned()];
    let history = History {
        used: &[],
        adopted: Some(&known),
    };
    let all_are_new = |text: &str| super::super::all_are_new(&table(text), history);
    assert_eq!(all_are_new("id,title\nhttps://b,B\nhttps://a,A\n"), Some(2));
    assert_eq!(all_are_new("id,title\nhttp://c,C\nhttp://b,B\n"), None);
    assert_eq!(all_are_new("id,title\nhttp://c,C\n"), None);
    let first = super::super::all_are_new(&table("id,title\na,A\nb,B\n"), History::default());
    assert_eq!(first, None);
}

#[test]
fn the_newest_of_a_feed_are_its_first() {
    let item = |id: &str| format!("<item><guid>{id}</guid><title>{id}</title></item>");
    let feed = |ids: &[&str]| {
        let items: String = ids.iter().map(|id| item(id)).collect();
        format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>")
    };
    let rule = picking("new", "");
    let known = adopt(&table(&feed(&["c", "b", "a"])), 1).expect("ids");
    assert_eq!(known, ["a", "b"]);
    assert_eq!(
        run(
            &rule,
            &feed(&["e", "d", "c", "b", "a"]),
            "2026-12-01",
            3,
            Some(&known)
        ),
        ["c", "d", "e"]
    );
}

#[test]
fn all_is_a_series_of_every_row() {
    let rule = picking("all", "");
    assert_eq!(
        picked(&rule, "2026-12-01", "id,t\na,1\nb,2\n"),
        Ok(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(
        picked(&rule, "2026-12-01", "t\nx\ny\n"),
        Ok(vec!["1".to_owned(), "2".to_owned()])
    );
    let clash = picked(&rule, "2026-12-01", "id,t\na,1\na,2\n").expect_err("a clash");
    assert!(
        clash[0].starts_with("name-clash: rows 1 and 2 have the id `a`"),
        "{clash:?}"
    );
    let data = table("id,t\na,1\nb,2,3\n");
    let Ok(Picked::Series { rows, bad }) = pick(
        &rule,
        &first(&rule, "2026-12-01"),
        &data,
        History::default(),
    ) else {
        panic!("a series");
    };
    assert_eq!((rows.len(), bad.len()), (1, 1));
    assert_eq!(
        first(&rule, "2026-12-01").of_row("a").id().to_string(),
        "menu@2026-12-01T09:00#a"
    );
}

#[test]
fn errors_point_at_pick_or_at_data() {
    let rule = picking("weekday", "");
    let data = table("id,t\na,1\n");
    let wrong = pick(
        &rule,
        &first(&rule, "2026-12-01"),
        &data,
        History::default(),
    )
    .expect_err("no column");
    assert_eq!(
        wrong[0].place.as_ref().map(|place| place.text()),
        Some("'weekday'")
    );
}
