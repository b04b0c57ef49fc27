use super::*;

fn of(events: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n",
        events.replace('\n', "\r\n")
    )
}

fn event(lines: &str) -> String {
    of(&format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\n"))
}

fn read(text: &str) -> Result<Vec<String>, Vec<String>> {
    let source = Source::new("holidays.ics", text);
    let zone = TimeZone::get("Europe/Madrid").expect("a zone");
    match days(&source, &zone) {
        Ok(days) => Ok(days.value.iter().map(Date::to_string).collect()),
        Err(wrong) => Err(wrong
            .iter()
            .map(|d| format!("{}: {}", d.line_column().0, d.message))
            .collect()),
    }
}

/// The days of one event, as `MM-DD`, with a year where it is not 2026.
fn held(lines: &str) -> Vec<String> {
    let days = read(&event(lines)).unwrap_or_else(|wrong| panic!("{lines}: {wrong:?}"));
    days.iter()
        .map(|day| day.strip_prefix("2026-").unwrap_or(day).to_owned())
        .collect()
}

#[test]
fn all_day_events_go_up_to_not_including_their_end() {
    for (lines, days) in [
        (
            "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227",
            vec!["12-25", "12-26"],
        ),
        (
            "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226",
            vec!["12-25"],
        ),
        ("DTSTART;VALUE=DATE:20261225", vec!["12-25"]),
        (
            "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225",
            vec!["12-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20261225\nDURATION:P2D",
            vec!["12-25", "12-26"],
        ),
        (
            "DTSTART;VALUE=DATE:20261225\nDURATION:P1W",
            vec![
                "12-25", "12-26", "12-27", "12-28", "12-29", "12-30", "12-31",
            ],
        ),
        (
            "DTSTART:20261231\nDTEND:20270102",
            vec!["12-31", "2027-01-01"],
        ),
    ] {
        assert_eq!(held(lines), days, "{lines}");
    }
}

#[test]
fn events_with_times_touch_every_day_between() {
    for (lines, days) in [
        (
            "DTSTART:20261225T220000\nDTEND:20261226T020000",
            vec!["12-25", "12-26"],
        ),
        (
            "DTSTART:20261225T220000\nDTEND:20261226T000000",
            vec!["12-25"],
        ),
        ("DTSTART:20261225T000000", vec!["12-25"]),
        // 23:30 in UTC is the next day in Madrid
        (
            "DTSTART:20261225T233000Z\nDTEND:20261225T234500Z",
            vec!["12-26"],
        ),
        (
            "DTSTART;TZID=America/New_York:20261225T190000\nDURATION:PT1H",
            vec!["12-26"],
        ),
        (
            "DTSTART;TZID=\"W. Europe Standard Time\":20261225T233000\nDURATION:PT1H",
            vec!["12-25", "12-26"],
        ),
        (
            "DTSTART;TZID=\"/citadel.org/20210210_1/Europe/Berlin\":20261225T190000\nDURATION:PT1H",
            vec!["12-25"],
        ),
    ] {
        assert_eq!(held(lines), days, "{lines}");
    }
}

#[test]
fn repetitions_are_followed() {
    let first = |n: usize, days: Vec<String>| days.into_iter().take(n).collect::<Vec<_>>();
    for (lines, days) in [
        (
            "DTSTART;VALUE=DATE:20261221\nRRULE:FREQ=DAILY;COUNT=3",
            vec!["12-21", "12-22", "12-23"],
        ),
        (
            "DTSTART;VALUE=DATE:20261221\nRRULE:FREQ=WEEKLY;UNTIL=20261228;BYDAY=MO,WE",
            vec!["12-21", "12-23", "12-28"],
        ),
        (
            "DTSTART;VALUE=DATE:20261104\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3",
            vec!["11-04", "11-18", "12-02"],
        ),
        (
            "DTSTART;VALUE=DATE:20260131\nRRULE:FREQ=MONTHLY;COUNT=3",
            vec!["01-31", "03-31", "05-31"],
        ),
        (
            "DTSTART;VALUE=DATE:20260130\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
            vec!["01-30", "01-31", "02-28"],
        ),
        (
            "DTSTART;VALUE=DATE:20260113\nRRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=3",
            vec!["01-13", "02-10", "03-10"],
        ),
        (
            "DTSTART;VALUE=DATE:20260130\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
            vec!["01-30", "02-27", "03-31"],
        ),
        (
            "DTSTART;VALUE=DATE:20260213\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3",
            vec!["02-13", "03-13", "11-13"],
        ),
        // Thanksgiving
        (
            "DTSTART;VALUE=DATE:20251127\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3",
            vec!["2025-11-27", "11-26", "2027-11-25"],
        ),
        (
            "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=2",
            vec!["2024-02-29", "2028-02-29"],
        ),
        (
            "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=YEARLY;BYDAY=1MO;COUNT=2",
            vec!["01-05", "2027-01-04"],
        ),
        // the last is at 10:00 UTC, which is 11:00 in Madrid
        (
            "DTSTART;TZID=Europe/Madrid:20261221T110000\nRRULE:FREQ=DAILY;UNTIL=20261223T100000Z",
            vec!["12-21", "12-22", "12-23"],
        ),
        (
            "DTSTART;TZID=Europe/Madrid:20261221T110000\nRRULE:FREQ=DAILY;UNTIL=20261223T095959Z",
            vec!["12-21", "12-22"],
        ),
        (
            "DTSTART;VALUE=DATE:20261221\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20261222,20261223",
            vec!["12-21", "12-24"],
        ),
        (
            "DTSTART:20261221T110000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261222T110000\nRDATE:20261231T110000",
            vec!["12-21", "12-23", "12-31"],
        ),
    ] {
        assert_eq!(held(lines), days, "{lines}");
    }
    let christmas = held("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY");
    assert_eq!(first(2, christmas.clone()), ["12-25", "2027-12-25"]);
    assert_eq!(christmas.last().map(String::as_str), Some("2099-12-25"));
    assert_eq!(christmas.len(), 74);
}

#[test]
fn a_repetition_that_was_moved_or_cancelled_is_not_where_it_was() {
    let series =
        "BEGIN:VEVENT\nUID:a\nDTSTART;VALUE=DATE:20261221\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n";
    let moved = "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20261222\nDTSTART;VALUE=DATE:20261230\nEND:VEVENT\n";
    let other = moved.replace("UID:a", "UID:b");
    let cancelled = moved.replace("END:VEVENT", "STATUS:CANCELLED\nEND:VEVENT");
    let days = |events: &[&str]| read(&of(&events.concat())).expect("days");
    assert_eq!(
        days(&[series, moved]),
        ["2026-12-21", "2026-12-23", "2026-12-30"]
    );
    assert_eq!(
        days(&[moved, series]),
        ["2026-12-21", "2026-12-23", "2026-12-30"]
    );
    assert_eq!(days(&[series, &cancelled]), ["2026-12-21", "2026-12-23"]);
    assert_eq!(
        days(&[series, &other]),
        ["2026-12-21", "2026-12-22", "2026-12-23", "2026-12-30"]
    );
}

#[test]
fn only_events_that_take_place_count() {
    let text = of(
        "BEGIN:VTODO\nDTSTART:20260101\nEND:VTODO\nBEGIN:VEVENT\nDTSTART:20261225\nSUMMARY:A long \n line\nBEGIN:VALARM\nDTSTART:20260102\nDURATION:P9D\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20260103\nSTATUS:CANCELLED\nEND:VEVENT\n",
    );
    assert_eq!(read(&text), Ok(vec!["2026-12-25".to_owned()]));
    let folded = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DA\n TE:202612\n\t25\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(
        read(&format!("\u{feff}{folded}")),
        Ok(vec!["2026-12-25".to_owned()])
    );
    let none = days(&Source::new("a.ics", of("")), &TimeZone::UTC).expect("readable");
    assert_eq!(none.warnings.len(), 1);
}

#[test]
fn what_is_not_understood_is_told_with_its_line() {
    for (lines, told) in [
        ("DTSTART:20261325", "4: `20261325` is no date"),
        ("DTSTART:tomorrow", "4: `tomorrow` is no date"),
        ("DTSTART:20261225T9", "4: `20261225T9` is no date"),
        ("DTSTART:20261225T250000", "4: `20261225T250000` is no date"),
        ("SUMMARY:x", "3: this event has no start (DTSTART)"),
        (
            "DTSTART:20261225\nDTEND:20261224",
            "5: this event ends before it begins, or lasts over ten years",
        ),
        (
            "DTSTART:20261225\nDTEND:20991224",
            "5: this event ends before it begins, or lasts over ten years",
        ),
        ("DTSTART:20261225\nDURATION:long", "5: this is no duration"),
        (
            "DTSTART;TZID=Mars/Olympus:20261225T090000",
            "4: no time zone `Mars/Olympus`",
        ),
        (
            "DTSTART:20261225\nRRULE:FREQ=HOURLY",
            "5: this repetition is not understood: FREQ=HOURLY",
        ),
        (
            "DTSTART:20261225\nRRULE:FREQ=YEARLY;BYWEEKNO=20",
            "5: this repetition is not understood: BYWEEKNO=20",
        ),
        (
            "DTSTART:20261225\nRRULE:FREQ=WEEKLY;BYDAY=2MO",
            "5: this repetition is not understood: FREQ=WEEKLY;BYDAY=2MO",
        ),
        (
            "DTSTART:20261225\nRRULE:FREQ=DAILY;INTERVAL=0",
            "5: this repetition is not understood: INTERVAL=0",
        ),
        (
            "DTSTART:20261225\nRRULE:COUNT=3",
            "5: this repetition is not understood: COUNT=3",
        ),
        (
            "DTSTART:20261225\nRRULE:",
            "5: this repetition is not understood: ",
        ),
        (
            "DTSTART:20261225\nEXRULE:FREQ=DAILY",
            "5: rules of exceptions are not understood",
        ),
        (
            "DTSTART:20261225\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261225",
            "5: changes of all later repetitions are not understood",
        ),
        (
            "DTSTART:20261225\nnonsense",
            "5: this line has no `NAME:value`",
        ),
    ] {
        assert_eq!(read(&event(lines)), Err(vec![told.to_owned()]), "{lines}");
    }
}

#[test]
fn a_file_that_is_broken_is_told() {
    for (text, told) in [
        ("", "1: the file is empty"),
        ("<html>", "1: this is no calendar file"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n",
            "2: the file ends within this VEVENT",
        ),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VCALENDAR\n",
            "4: VEVENT is open here, not VCALENDAR",
        ),
        (
            "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n",
            "3: no VCALENDAR is open here",
        ),
    ] {
        assert_eq!(read(text), Err(vec![told.to_owned()]), "{text}");
    }
}

fn moment(uid: &str, start: &str, summary: &str, status: EventStatus) -> Moment {
    Moment {
        uid: uid.to_owned(),
        start: start.parse().unwrap(),
        summary: summary.to_owned(),
        description: Some("one;\ntwo, and \\ three\r\nDTSTART:19700101T000000Z".to_owned()),
        url: Some("http://localhost/a?b=c,d;e".to_owned()),
        status,
    }
}

fn plain(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let long = "Brötchen; mit Käse, 日本語のとても長い題名 🥐 ".repeat(6);
    let events = [
        moment(
            "menu@2026-12-01T09:00/main#a,b",
            "2026-12-01T08:00:00Z",
            &long,
            EventStatus::Confirmed,
        ),
        moment("b", "2026-12-02T23:30:00Z", "two", EventStatus::Tentative),
        moment("c", "2026-12-05T10:00:00Z", "three", EventStatus::Cancelled),
    ];
    let now = "2026-11-29T03:00:00Z".parse().unwrap();
    let text = write("Menu, daily", &events, now);
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    for line in text.split("\r\n") {
        assert!(line.len() <= 75, "{line}");
        assert!(!line.contains(['\r', '\n']));
    }
    let source = Source::new("feed.ics", text.as_str());
    let mut wrong = Vec::new();
    let read = line::events(&source, &mut wrong);
    assert!(wrong.is_empty() && read.len() == 3);
    let value = |at: usize, name: &str| {
        let mut found = read[at].iter().filter(|line| line.name == name);
        let value = found.next().expect(name).value.clone();
        assert!(found.next().is_none(), "{name} once");
        value
    };
    assert_eq!(plain(&value(0, "UID")), events[0].uid);
    assert_eq!(plain(&value(0, "SUMMARY")), long);
    assert_eq!(value(0, "DTSTART"), "20261201T080000Z");
    assert_eq!(value(0, "DTSTAMP"), "20261129T030000Z");
    assert_eq!(value(0, "URL"), "http://localhost/a?b=c,d;e");
    assert_eq!(
        plain(&value(1, "DESCRIPTION")),
        "one;\ntwo, and \\ three\nDTSTART:19700101T000000Z"
    );
    let status: Vec<String> = (0..3).map(|at| value(at, "STATUS")).collect();
    assert_eq!(status, ["CONFIRMED", "TENTATIVE", "CANCELLED"]);
    // the zone decides the day, and what is cancelled does not count
    let zone = TimeZone::get("Europe/Madrid").unwrap();
    let found = days(&source, &zone).unwrap().value;
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["2026-12-01", "2026-12-03"]);
}
