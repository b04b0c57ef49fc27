//! The days of a calendar file, as other programs write it (iCalendar, RFC 5545).
//!
//! In: the text of an `.ics` file and the zone in which days are counted. Out: every day that an event touches, repeated
//! events until [`HORIZON`]. Never: an event that is left out because it was not understood: it is an error with its line.

mod line;
mod repeat;
mod windows;
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::diag::{Code, Diagnostic, Place, Source, Warned};
use line::Line;
use repeat::Repeat;
pub use write::{EventStatus, Moment, write};

/// Events that repeat without end are followed until then.
pub const HORIZON: Date = Date::constant(2100, 1, 1);

/// An event longer than that is a mistake.
const LONGEST_DAYS: i64 = 3660;

/// The days that the events of a calendar file touch, sorted, each once.
///
/// An all-day event goes from its start up to, not including, its end. One with times touches every day between its start
/// and its end in `zone`; times without a zone are of `zone`. Cancelled events and what repetitions leave out do not count.
///
/// # Errors
/// What is not understood, with its line.
pub fn days(source: &Arc<Source>, zone: &TimeZone) -> Result<Warned<Vec<Date>>, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let blocks = line::events(source, &mut wrong);
    let events: Vec<Event> = blocks
        .iter()
        .filter_map(|lines| {
            Event::read(lines, zone)
                .map_err(|why| wrong.extend(why))
                .ok()
        })
        .collect();
    let mut days = BTreeSet::new();
    for event in events.iter().filter(|event| !event.is_cancelled) {
        let moved = events.iter().filter(|other| other.uid == event.uid);
        let moved: Vec<&When> = moved
            .filter_map(|other| other.instead_of.as_ref())
            .collect();
        if let Err(why) = event.add_days(&moved, zone, &mut days) {
            wrong.push(why);
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut warnings = Vec::new();
    if events.is_empty() {
        let none = Diagnostic::at(
            Code::BadValue,
            &Place::whole(source),
            "no event in this calendar",
        );
        warnings.push(none.severity(crate::diag::Severity::Warning));
    }
    Ok(Warned {
        value: days.into_iter().collect(),
        warnings,
    })
}

/// When something is, as a calendar file says it.
#[derive(Debug, Clone, PartialEq)]
enum When {
    Day(Date),
    /// With the zone it is of.
    Time(DateTime, TimeZone),
}

impl When {
    fn date(&self) -> Date {
        match self {
            Self::Day(date) => *date,
            Self::Time(time, _) => time.date(),
        }
    }

    fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        let (time, zone) = match self {
            Self::Day(date) => (date.to_datetime(jiff::civil::Time::midnight()), zone),
            Self::Time(time, zone) => (*time, zone),
        };
        zone.to_ambiguous_timestamp(time).compatible().ok()
    }

    /// The same of another day.
    fn on(&self, date: Date) -> Self {
        match self {
            Self::Day(_) => Self::Day(date),
            Self::Time(time, zone) => Self::Time(date.to_datetime(time.time()), zone.clone()),
        }
    }

    /// Whether both are one: a day is one with every time of it.
    fn is(&self, other: &Self, zone: &TimeZone) -> bool {
        match (self, other) {
            (Self::Time(..), Self::Time(..)) => self.instant(zone) == other.instant(zone),
            _ => self.date() == other.date(),
        }
    }
}

/// An event with what repeats it.
#[derive(Debug)]
struct Event {
    uid: String,
    start: When,
    /// Days of an all-day event; else the time it takes.
    length: Length,
    repeats: Vec<Repeat>,
    also: Vec<When>,
    not: Vec<When>,
    /// The repetition that this one replaces.
    instead_of: Option<When>,
    is_cancelled: bool,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Days(i64),
    Time(SignedDuration),
}

impl Event {
    fn read(lines: &[Line], zone: &TimeZone) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let place = &lines[0].place;
        let find = |name: &str| lines.iter().find(|line| line.name == name);
        let mut when = |line: &Line| {
            when(line, &line.value, zone)
                .map_err(|why| wrong.push(why))
                .ok()
        };
        let start = find("DTSTART").map(&mut when);
        let end = find("DTEND").and_then(&mut when);
        let instead_of = find("RECURRENCE-ID").and_then(&mut when);
        let (mut also, mut not, mut repeats) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            match line.name.as_str() {
                "RDATE" => dates(line, zone, &mut also, &mut wrong),
                "EXDATE" => dates(line, zone, &mut not, &mut wrong),
                "RRULE" => match Repeat::read(line, zone) {
                    Ok(repeat) => repeats.push(repeat),
                    Err(why) => wrong.push(why),
                },
                "EXRULE" => wrong.push(line.unknown("rules of exceptions are not understood")),
                "RECURRENCE-ID" if line.parameter("RANGE").is_some() => {
                    wrong.push(line.unknown("changes of all later repetitions are not understood"));
                }
                _ => {}
            }
        }
        let start = match start {
            Some(start) => start,
            None => {
                wrong.push(Diagnostic::at(
                    Code::Syntax,
                    place,
                    "this event has no start (DTSTART)",
                ));
                None
            }
        };
        let length = start.as_ref().and_then(|start| {
            let length = length(start, end.as_ref(), find("DURATION"), zone);
            length
                .map_err(|why| {
                    wrong.push(why.unwrap_or_else(|| {
                        let at = find("DTEND").map_or(place, |line| &line.place);
                        Diagnostic::at(
                            Code::BadValue,
                            at,
                            "this event ends before it begins, or lasts over ten years",
                        )
                    }))
                })
                .ok()
        });
        match (start, length) {
            (Some(start), Some(length)) if wrong.is_empty() => Ok(Self {
                uid: find("UID")
                    .map(|line| line.value.clone())
                    .unwrap_or_default(),
                start,
                length,
                repeats,
                also,
                not,
                instead_of,
                is_cancelled: find("STATUS")
                    .is_some_and(|l| l.value.trim().eq_ignore_ascii_case("CANCELLED")),
                place: place.clone(),
            }),
            _ => Err(wrong),
        }
    }

    /// Adds every day that it touches, repetitions included, but for those that other events stand in for.
    fn add_days(
        &self,
        moved: &[&When],
        zone: &TimeZone,
        days: &mut BTreeSet<Date>,
    ) -> Result<(), Diagnostic> {
        let mut starts = vec![self.start.clone()];
        for repeat in &self.repeats {
            let dates = repeat.dates(self.start.date());
            starts.extend(
                dates
                    .into_iter()
                    .map(|date| self.start.on(date))
                    .filter(|s| repeat.reaches(s, zone)),
            );
        }
        starts.extend(self.also.iter().cloned());
        for start in &starts {
            let is_out = self.not.iter().any(|not| start.is(not, zone))
                || self.instead_of.is_none() && moved.iter().any(|moved| start.is(moved, zone));
            if !is_out {
                self.touch(start, zone, days)?;
            }
        }
        Ok(())
    }

    fn touch(
        &self,
        start: &When,
        zone: &TimeZone,
        days: &mut BTreeSet<Date>,
    ) -> Result<(), Diagnostic> {
        let beyond = || {
            Diagnostic::at(
                Code::BadValue,
                &self.place,
                "this event lies beyond the calendar",
            )
        };
        let (first, last) = match (start, self.length) {
            (When::Day(date), Length::Days(n)) => {
                let last = date
                    .checked_add(Span::new().days(n - 1))
                    .map_err(|_| beyond())?;
                (*date, last)
            }
            (start, Length::Time(length)) => {
                let from = start.instant(zone).ok_or_else(beyond)?;
                let until = from.checked_add(length).map_err(|_| beyond())?;
                // at the stroke of midnight it is over: the new day is not touched
                let last = match length.is_zero() {
                    true => until,
                    false => until
                        .checked_sub(SignedDuration::from_nanos(1))
                        .map_err(|_| beyond())?,
                };
                (zone.to_datetime(from).date(), zone.to_datetime(last).date())
            }
            (When::Time(..), Length::Days(n)) => {
                let date = start.date();
                (
                    date,
                    date.checked_add(Span::new().days(n))
                        .map_err(|_| beyond())?,
                )
            }
        };
        let all = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        days.extend(all.take_while(|day| *day <= last));
        Ok(())
    }
}

/// How long an event takes. The error is none where it ends before it begins.
fn length(
    start: &When,
    end: Option<&When>,
    duration: Option<&Line>,
    zone: &TimeZone,
) -> Result<Length, Option<Diagnostic>> {
    let sane = |days: i64| (0..=LONGEST_DAYS).contains(&days);
    if let Some(end) = end {
        return match (start, end) {
            (When::Day(from), When::Day(to)) => {
                let days = to.duration_since(*from).as_hours() / 24;
                // the same day as its own end is written by programs that mean that day
                sane(days).then_some(Length::Days(days.max(1))).ok_or(None)
            }
            _ => {
                let taken = start
                    .instant(zone)
                    .zip(end.instant(zone))
                    .map(|(from, to)| to.duration_since(from));
                let taken = taken.filter(|t| !t.is_negative() && sane(t.as_hours() / 24));
                taken.map(Length::Time).ok_or(None)
            }
        };
    }
    let Some(line) = duration else {
        return Ok(match start {
            When::Day(_) => Length::Days(1),
            When::Time(..) => Length::Time(SignedDuration::ZERO),
        });
    };
    let span: Option<Span> = line.value.trim().parse().ok();
    let taken = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let taken = taken.filter(|t| !t.is_negative() && sane(t.as_hours() / 24));
    let taken = taken.ok_or_else(|| Some(line.unknown("this is no duration")))?;
    Ok(match start {
        When::Day(_) => Length::Days(((taken.as_secs() + 86_399) / 86_400).max(1)),
        When::Time(..) => Length::Time(taken),
    })
}

/// Reads a list of days or times; of a period its start counts.
fn dates(line: &Line, zone: &TimeZone, into: &mut Vec<When>, wrong: &mut Vec<Diagnostic>) {
    for value in line.value.split(',') {
        if value.contains('/') {
            wrong.push(line.unknown("periods are not understood"));
            return;
        }
        match when(line, value, zone) {
            Ok(when) => into.push(when),
            Err(why) => wrong.push(why),
        }
    }
}

/// Reads a day or a time in the zone that its line names; without one it is of `zone`.
fn when(line: &Line, value: &str, zone: &TimeZone) -> Result<When, Diagnostic> {
    let value = value.trim();
    let none = || line.unknown(&format!("`{}` is no date", value.escape_debug()));
    let (date, time) = match value.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(date, 8) {
        return Err(none());
    }
    let part = |text: &str, from: usize, to: usize| text[from..to].parse::<i16>().unwrap_or(-1);
    let date = Date::new(
        part(date, 0, 4),
        part(date, 4, 6) as i8,
        part(date, 6, 8) as i8,
    )
    .map_err(|_| none())?;
    let Some(time) = time else {
        return Ok(When::Day(date));
    };
    let (time, is_utc) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, true),
        None => (time, false),
    };
    if !digits(time, 6) {
        return Err(none());
    }
    // a leap second is the second before it
    let second = part(time, 4, 6).min(59) as i8;
    let time = jiff::civil::Time::new(part(time, 0, 2) as i8, part(time, 2, 4) as i8, second, 0)
        .map_err(|_| none())?;
    let own = match (is_utc, line.parameter("TZID")) {
        (true, _) => TimeZone::UTC,
        (false, Some(name)) => zone_named(name)
            .ok_or_else(|| line.unknown(&format!("no time zone `{}`", name.escape_debug())))?,
        (false, None) => zone.clone(),
    };
    Ok(When::Time(date.to_datetime(time), own))
}

/// A zone by its IANA name or by the one that Windows has for it, also behind a prefix as
/// `/citadel.org/20210210_1/Europe/Berlin`.
fn zone_named(name: &str) -> Option<TimeZone> {
    let name = name.trim().trim_matches('"');
    if let Some(name) = windows::iana(name) {
        return TimeZone::get(name).ok();
    }
    let mut rest = name.trim_start_matches('/');
    loop {
        if let Ok(zone) = TimeZone::get(rest) {
            return Some(zone);
        }
        rest = rest.split_once('/')?.1;
    }
}

#[cfg(test)]
mod tests;
