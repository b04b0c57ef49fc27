use std::collections::HashSet;

use jiff::civil::{Date, DateTime, Time, date, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

use super::super::read::tests::{Sample, rule};
use super::super::{Change, Rule, Slot};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect(name)
}

/// Every zone of the database.
fn zones() -> Vec<TimeZone> {
    let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
    assert!(names.len() > 400, "{}", names.len());
    names.iter().map(|name| zone(name)).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// Slots as `wall due change`, of UTC days.
fn shown(rule: &Rule, from: &str, until: &str) -> Vec<String> {
    let slots = rule.slots(
        at(&format!("{from}T00:00Z")),
        at(&format!("{until}T00:00Z")),
    );
    let line = |slot: Slot| {
        let due = slot.due.strftime("%dT%H:%MZ").to_string();
        let change = slot
            .change
            .map(|c| format!(" {}", c.as_str()))
            .unwrap_or_default();
        format!(
            "{}T{} {due}{change}",
            slot.wall.date().strftime("%d"),
            slot.wall.time().strftime("%H:%M")
        )
    };
    slots.map(line).collect()
}

fn of(zone: &str, days: &str, times: &str) -> Rule {
    rule(&format!(
        "timezone = '{zone}'\ndays = '{days}'\ntimes = {times}\n"
    ))
}

#[test]
fn madrid_skips_an_hour_in_spring_and_has_one_twice_in_autumn() {
    let rule = of(
        "Europe/Madrid",
        "daily",
        "['02:00', '02:30', '03:00', '03:30']",
    );
    assert_eq!(
        shown(&rule, "2027-03-28", "2027-03-29"),
        [
            "28T02:00 28T01:00Z gap",
            "28T03:00 28T01:00Z",
            "28T02:30 28T01:30Z gap",
            "28T03:30 28T01:30Z",
        ]
    );
    assert_eq!(
        shown(&rule, "2026-10-25", "2026-10-26"),
        [
            "25T02:00 25T00:00Z overlap",
            "25T02:30 25T00:30Z overlap",
            "25T03:00 25T02:00Z",
            "25T03:30 25T02:30Z",
        ]
    );
}

#[test]
fn beirut_loses_its_midnight() {
    let rule = of("Asia/Beirut", "daily", "['00:00', '00:30', '01:00']");
    assert_eq!(
        shown(&rule, "2027-03-27", "2027-03-28"),
        [
            "28T00:00 27T22:00Z gap",
            "28T01:00 27T22:00Z",
            "28T00:30 27T22:30Z gap"
        ]
    );
}

#[test]
fn lord_howe_moves_by_half_an_hour() {
    // on 4 October 2026 at 02:00 it becomes 02:30; on 5 April 2026 at 02:00 it is 01:30 again
    let rule = of(
        "Australia/Lord_Howe",
        "daily",
        "['01:45', '02:15', '02:30']",
    );
    assert_eq!(
        shown(&rule, "2026-10-03", "2026-10-04"),
        [
            "04T01:45 03T15:15Z",
            "04T02:30 03T15:30Z",
            "04T02:15 03T15:45Z gap"
        ]
    );
    assert_eq!(
        shown(&rule, "2026-04-04", "2026-04-05"),
        [
            "05T01:45 04T14:45Z overlap",
            "05T02:15 04T15:45Z",
            "05T02:30 04T16:00Z"
        ]
    );
}

#[test]
fn samoa_skips_a_whole_day() {
    let rule = of("Pacific/Apia", "daily", "['09:00', '17:00']");
    let slots: Vec<Slot> = rule
        .slots(at("2011-12-29T10:00Z"), at("2012-01-01T10:00Z"))
        .collect();
    let walls: Vec<String> = slots.iter().map(|slot| slot.id().to_string()).collect();
    assert_eq!(
        walls,
        [
            "menu@2011-12-29T09:00",
            "menu@2011-12-29T17:00",
            // the 30th never was: its slots go out a day later, beside that day's own
            "menu@2011-12-30T09:00",
            "menu@2011-12-31T09:00",
            "menu@2011-12-30T17:00",
            "menu@2011-12-31T17:00",
            "menu@2012-01-01T09:00",
            "menu@2012-01-01T17:00",
        ]
    );
    assert_eq!(slots[2].change, Some(Change::Gap));
    assert_eq!(slots[2].due, slots[3].due);
}

#[test]
fn casablanca_changes_around_ramadan() {
    let rule = of("Africa/Casablanca", "daily", "['02:30']");
    for (from, until) in [("2026-02-10", "2026-02-20"), ("2026-03-15", "2026-03-28")] {
        let slots = shown(&rule, from, until);
        let changed: Vec<&String> = slots
            .iter()
            .filter(|s| s.contains("gap") || s.contains("overlap"))
            .collect();
        assert_eq!(changed.len(), 1, "{slots:?}");
    }
}

#[test]
fn a_slot_keeps_its_id_whatever_clocks_do() {
    let rule = of("Europe/Madrid", "daily", "['02:30']");
    let ids: HashSet<String> = rule
        .slots(at("2026-10-01T00:00Z"), at("2027-04-30T00:00Z"))
        .map(|slot| slot.id().to_string())
        .collect();
    assert_eq!(ids.len(), 211);
    assert!(ids.contains("menu@2027-03-28T02:30") && ids.contains("menu@2026-10-25T02:30"));
}

#[test]
fn count_is_the_slots_of_one_account_that_are_not_left_out() {
    let rule = rule(
        "timezone = 'UTC'\ntimes = ['09:00', '17:00']\nfrom = '2026-12-01'\ncount = 5\n\
         except = ['2026-12-02']\naccount = ['a', 'b']\n",
    );
    let all: Vec<String> = rule
        .slots(at("2026-01-01T00:00Z"), at("2028-01-01T00:00Z"))
        .map(|slot| slot.id().to_string())
        .collect();
    assert_eq!(
        all,
        [
            "menu@2026-12-01T09:00/a",
            "menu@2026-12-01T09:00/b",
            "menu@2026-12-01T17:00/a",
            "menu@2026-12-01T17:00/b",
            "menu@2026-12-03T09:00/a",
            "menu@2026-12-03T09:00/b",
            "menu@2026-12-03T17:00/a",
            "menu@2026-12-03T17:00/b",
            "menu@2026-12-04T09:00/a",
            "menu@2026-12-04T09:00/b",
        ]
    );
    // the window does not change what is counted
    let late: Vec<String> = rule
        .slots(at("2026-12-03T12:00Z"), at("2028-01-01T00:00Z"))
        .map(|slot| slot.id().to_string())
        .collect();
    assert_eq!(late, all[6..]);
}

#[test]
fn templates_take_turns_slot_by_slot_wherever_the_window_begins() {
    for head in ["", "from = '2026-11-02'\n"] {
        let rule = rule(&format!(
            "template = ['a.toml', 'b.toml', 'c.toml']\ntimezone = 'UTC'\ndays = 'mon-fri'\n{head}\
             times = ['09:00', '17:00']\nexcept = ['2026-11-11']\naccount = ['x', 'y']\n"
        ));
        let until = at("2027-02-01T00:00Z");
        let all: Vec<Slot> = rule.slots(at("2026-11-03T00:00Z"), until).collect();
        for pair in all.chunks(2) {
            assert_eq!(pair[0].template, pair[1].template);
        }
        for three in all
            .chunks(2)
            .map(|pair| &*pair[0].template)
            .collect::<Vec<_>>()
            .windows(3)
        {
            assert_eq!(three.iter().collect::<HashSet<_>>().len(), 3, "{three:?}");
        }
        let later: Vec<Slot> = rule.slots(at("2026-12-24T12:00Z"), until).collect();
        assert_eq!(later, all[all.len() - later.len()..]);
    }
    // before the day that turns are counted from
    let rule = rule("template = ['a.toml', 'b.toml']\ntimezone = 'UTC'\ntimes = ['09:00']\n");
    let turns: Vec<String> = rule
        .slots(at("2023-12-29T00:00Z"), at("2024-01-04T00:00Z"))
        .map(|slot| slot.template.to_string())
        .collect();
    assert_eq!(
        turns,
        ["b.toml", "a.toml", "b.toml", "a.toml", "b.toml", "a.toml"]
    );
}

#[test]
fn the_end_of_all_time_ends_the_slots() {
    let rule = of("Europe/Madrid", "daily", "['09:00']");
    let from = Timestamp::MAX - SignedDuration::from_hours(100);
    assert!(rule.slots(from, Timestamp::MAX).count() <= 5);
    assert!(rule.slots(Timestamp::MAX, Timestamp::MIN).next().is_none());
    assert!(
        rule.slots(Timestamp::MIN, Timestamp::MIN + 72.hours())
            .count()
            <= 4
    );
}

#[test]
fn the_next_slot_may_be_years_away() {
    let rule = rule(
        "timezone = 'UTC'\ndays = '29'\nevery = '12 months'\nfrom = '2024-02-01'\ntimes = ['09:00']\n",
    );
    let next = rule.next(at("2024-03-01T00:00Z")).expect("a slot");
    assert_eq!(next.wall.date(), date(2028, 2, 29));
}

#[test]
fn a_hundred_rules_over_a_year_take_no_time() {
    let rules: Vec<Rule> = [
        "Europe/Madrid",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
    ]
    .iter()
    .cycle()
    .take(100)
    .map(|zone| of(zone, "daily", "['09:00']"))
    .collect();
    let took = || {
        let begun = std::time::Instant::now();
        let slots: usize = rules
            .iter()
            .map(|rule| {
                rule.slots(at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"))
                    .count()
            })
            .sum();
        assert!(slots > 36_000);
        begun.elapsed().as_millis()
    };
    // three times what a free machine needs; one that is busy may try a hundred times
    assert!((0..100).any(|_| took() < 100));
}

/// What a rule means, said in the plainest way: every day, every time of it.
fn plainly(
    sample: &Sample,
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Vec<(Timestamp, DateTime)> {
    let day = |at: Timestamp| zone.to_datetime(at).date();
    let mut found = Vec::new();
    let (mut date, last) = (
        day(from).saturating_sub(3.days()),
        day(until).saturating_add(3.days()),
    );
    while date <= last {
        for time in &sample.times {
            if sample.holds(date)
                && let Ok(zoned) = date.to_datetime(*time).to_zoned(zone.clone())
                && (from..until).contains(&zoned.timestamp())
            {
                found.push((zoned.timestamp(), date.to_datetime(*time)));
            }
        }
        date = date.tomorrow().expect("not the end of time");
    }
    found.sort();
    found
}

/// Every slot of the rule, held against what clocks of that zone show.
fn assert_true(slots: &[Slot]) {
    let ids: HashSet<String> = slots.iter().map(|slot| slot.id().to_string()).collect();
    assert_eq!(ids.len(), slots.len(), "a slot twice");
    for slot in slots {
        let shown = slot.zone.to_datetime(slot.due);
        let ambiguous = slot.zone.to_ambiguous_timestamp(slot.wall);
        match slot.change {
            None => assert_eq!((shown, ambiguous.is_ambiguous()), (slot.wall, false)),
            Some(Change::Overlap) => {
                assert_eq!(shown, slot.wall);
                assert_eq!(slot.due, ambiguous.earlier().expect("an instant"));
                assert_ne!(slot.due, ambiguous.later().expect("an instant"));
            }
            Some(Change::Gap) => {
                let jiff::tz::AmbiguousOffset::Gap { before, after } = ambiguous.offset() else {
                    panic!("no gap: {slot:?}");
                };
                let gap = i64::from(after.seconds() - before.seconds());
                assert_eq!(shown, slot.wall + SignedDuration::from_secs(gap));
            }
        }
    }
}

#[test]
fn every_clock_change_of_every_zone_keeps_every_slot_once() {
    let half_hours: Vec<Time> = (0..48).map(|n| time(n / 2, n % 2 * 30, 0, 0)).collect();
    let sample = Sample {
        times: half_hours,
        ..Sample::default()
    };
    let mut changes = 0;
    for zone in zones() {
        let rule = sample.rule(&zone);
        let recent = zone.preceding(at("2037-06-01T00:00Z")).take(6);
        // and those of other sizes, such as a whole day
        let odd = zone
            .preceding(at("2037-06-01T00:00Z"))
            .skip(6)
            .filter(|change| {
                let before = zone.to_offset(change.timestamp() - SignedDuration::from_secs(1));
                (change.offset().seconds() - before.seconds()).abs() > 3600
            });
        for change in recent.chain(odd) {
            let around = SignedDuration::from_hours(50);
            let (from, until) = (change.timestamp() - around, change.timestamp() + around);
            let slots: Vec<Slot> = rule.slots(from, until).collect();
            let found: Vec<_> = slots.iter().map(|slot| (slot.due, slot.wall)).collect();
            assert_eq!(
                found,
                plainly(&sample, &zone, from, until),
                "{zone:?} {change:?}"
            );
            assert_true(&slots);
            changes += 1;
        }
    }
    assert!(changes > 1000, "{changes}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_rule_in_any_zone_keeps_every_slot_once(
        sample in Sample::any(),
        zone in any::<prop::sample::Index>(),
        start in -2_000_000_000_i64..4_000_000_000,
        hours in 1_i64..3000,
        part in 0.0_f64..1.0,
    ) {
        let zones = zones_once();
        let zone = zone.get(zones);
        let rule = sample.rule(zone);
        let from = Timestamp::from_second(start).expect("in range");
        let until = from + SignedDuration::from_hours(hours);
        let slots: Vec<Slot> = rule.slots(from, until).collect();
        let found: Vec<_> = slots.iter().map(|slot| (slot.due, slot.wall)).collect();
        prop_assert_eq!(&found, &plainly(&sample, zone, from, until));
        assert_true(&slots);
        // two windows side by side are one
        let middle = from + SignedDuration::from_secs((hours as f64 * 3600.0 * part) as i64);
        let parts: Vec<Slot> = rule.slots(from, middle).chain(rule.slots(middle, until)).collect();
        prop_assert_eq!(parts, slots);
    }
}

fn zones_once() -> &'static [TimeZone] {
    static ZONES: std::sync::LazyLock<Vec<TimeZone>> = std::sync::LazyLock::new(zones);
    &ZONES
}

/// A day of the rule is told apart from one that is not by hand.
#[test]
fn plain_samples_are_what_they_say() {
    let sample = Sample {
        days: "2nd tue,31".to_owned(),
        ..Sample::default()
    };
    let held: Vec<Date> = (1..=31)
        .map(|d| date(2026, 12, d))
        .filter(|d| sample.holds(*d))
        .collect();
    assert_eq!(held, [date(2026, 12, 8), date(2026, 12, 31)]);
}
