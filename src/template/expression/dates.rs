//! Dates as people write them in data, and as stories show them.

use jiff::civil::{Date, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{Zoned, fmt};
use minijinja::Value;

use super::arguments::{Fault, said};
use super::languages::Language;

/// What a value says about when.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Moment {
    /// A day.
    Day(Date),
    /// A day and a time, in the project's zone.
    At(Zoned),
    /// A time of any day.
    Clock(Time),
}

/// Reads ISO 8601 dates, times and both, with or without offset or zone, and RFC 2822; with `from`, what that
/// strftime pattern describes.
///
/// A time without offset is one of `zone`, any other is brought there.
pub(super) fn read(value: &Value, from: Option<&str>, zone: &TimeZone) -> Result<Moment, Fault> {
    let unusable = || Fault::new(format!("{} is not a date", said(value)));
    let Some(text) = value.as_str().map(str::trim) else {
        return Err(unusable().hint("dates are text such as `2026-11-28`"));
    };
    if let Some(pattern) = from {
        return by_pattern(text, pattern, zone).ok_or_else(|| {
            Fault::new(format!(
                "{} is not a date written as `{pattern}`",
                said(value)
            ))
        });
    }
    iso(text, zone)
        .or_else(|| dotted(text))
        .or_else(|| Some(Moment::Clock(time(text)?)))
        .or_else(|| {
            let zoned = fmt::rfc2822::parse(text).ok()?;
            Some(Moment::At(zoned.with_time_zone(zone.clone())))
        })
        .ok_or_else(|| unusable().hint(how_to_write(text)))
}

fn iso(text: &str, zone: &TimeZone) -> Option<Moment> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let pieces = PARSER.parse_pieces(text).ok()?;
    if pieces.time().is_none() {
        return Some(Moment::Day(pieces.date()));
    }
    let zoned = if pieces.time_zone_annotation().is_some() {
        PARSER.parse_zoned(text).ok()?.with_time_zone(zone.clone())
    } else if pieces.offset().is_some() {
        PARSER.parse_timestamp(text).ok()?.to_zoned(zone.clone())
    } else {
        let local = PARSER.parse_datetime(text).ok()?;
        local.to_zoned(zone.clone()).ok()?
    };
    Some(Moment::At(zoned))
}

/// `28.11.2026`: with dots it is always the day that comes first.
fn dotted(text: &str) -> Option<Moment> {
    let mut parts = text.split('.').map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    date.ok().map(Moment::Day)
}

fn time(text: &str) -> Option<Time> {
    let is_clock =
        text.len() >= 4 && text.contains(':') && text.starts_with(|c: char| c.is_ascii_digit());
    let padded = if text.find(':') == Some(1) {
        format!("0{text}")
    } else {
        text.to_owned()
    };
    is_clock.then(|| padded.parse().ok()).flatten()
}

fn by_pattern(text: &str, pattern: &str, zone: &TimeZone) -> Option<Moment> {
    let parts = BrokenDownTime::parse(pattern, text).ok()?;
    if let Ok(zoned) = parts.to_zoned() {
        return Some(Moment::At(zoned.with_time_zone(zone.clone())));
    }
    match parts.to_date() {
        Ok(date) if parts.hour().is_none() => Some(Moment::Day(date)),
        Ok(_) => Some(Moment::At(
            parts.to_datetime().ok()?.to_zoned(zone.clone()).ok()?,
        )),
        Err(_) => parts.to_time().ok().map(Moment::Clock),
    }
}

/// Slashes mean different things in different countries: the template has to say which.
fn how_to_write(text: &str) -> &'static str {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() == 3 && parts.iter().all(|p| p.parse::<u16>().is_ok()) {
        "say how it is written, with `from=\"%d/%m/%Y\"` or `from=\"%m/%d/%Y\"`"
    } else {
        "write it as `2026-11-28` or `2026-11-28T19:30`"
    }
}

/// Whole days from one day to another; negative into the past.
pub(super) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

impl Moment {
    /// The day it falls on; none for a bare time.
    pub fn day(&self) -> Option<Date> {
        match self {
            Self::Day(date) => Some(*date),
            Self::At(zoned) => Some(zoned.date()),
            Self::Clock(_) => None,
        }
    }

    /// The instant: a day is its first moment.
    pub fn instant(&self, zone: &TimeZone) -> Option<Zoned> {
        match self {
            Self::Day(date) => date.to_zoned(zone.clone()).ok(),
            Self::At(zoned) => Some(zoned.clone()),
            Self::Clock(_) => None,
        }
    }

    fn parts(&self) -> BrokenDownTime {
        match self {
            Self::Day(date) => BrokenDownTime::from(*date),
            Self::At(zoned) => BrokenDownTime::from(zoned),
            Self::Clock(time) => BrokenDownTime::from(*time),
        }
    }

    /// As people write a whole date: `28 de noviembre de 2026`.
    pub fn long(&self, language: &Language) -> Result<String, Fault> {
        let Some(date) = self.day() else {
            return Err(Fault::new("a time without a day is no date")
                .hint("name a format: `date(\"%H:%M\")`"));
        };
        let month = language.months[date.month() as usize - 1];
        let day = match (language.tag(), date.day()) {
            ("fr", 1) => "1er".to_owned(),
            ("it", 1) => "1º".to_owned(),
            (_, day) => day.to_string(),
        };
        let date = language
            .date
            .replace("{d}", &day)
            .replace("{m}", month)
            .replace("{y}", &date.year().to_string());
        Ok(match language.tag() {
            "ca" => date.replace(" de a", " d’a").replace(" de o", " d’o"),
            _ => date,
        })
    }

    /// By a strftime pattern, days and months named in a language.
    pub fn format(&self, pattern: &str, language: &Language) -> Result<String, Fault> {
        let mut out = String::new();
        let mut rest = pattern;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let end = directive_end(&rest[at..]);
            let directive = &rest[at..at + end];
            out.push_str(&self.directive(directive, language)?);
            rest = &rest[at + end..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn directive(&self, directive: &str, language: &Language) -> Result<String, Fault> {
        let letter = directive.chars().next_back().unwrap_or('%');
        let day = self.day();
        let name = match (letter, day) {
            ('A', Some(day)) => Some(language.days[weekday(day)]),
            ('a', Some(day)) => Some(language.days_short[weekday(day)]),
            ('B', Some(day)) => Some(language.months[day.month() as usize - 1]),
            ('b' | 'h', Some(day)) => Some(language.months_short[day.month() as usize - 1]),
            _ => None,
        };
        if let Some(name) = name {
            return Ok(if directive.contains('^') {
                name.to_uppercase()
            } else {
                name.to_owned()
            });
        }
        fmt::strtime::format(directive, self.parts()).map_err(|_| {
            // what works on a whole moment is only missing here
            let whole = BrokenDownTime::from(&Zoned::default());
            match fmt::strtime::format(directive, whole) {
                Ok(_) if day.is_none() => {
                    Fault::new(format!("a time without a day cannot fill `{directive}`"))
                }
                Ok(_) => Fault::new(format!("a day without a time cannot fill `{directive}`")),
                Err(_) => Fault::new(format!("`{directive}` is no part of a date"))
                    .hint("there are `%A` weekday, `%-d` day, `%B` month, `%Y` year, `%H:%M` time"),
            }
        })
    }
}

fn weekday(date: Date) -> usize {
    date.weekday().to_monday_zero_offset().unsigned_abs() as usize
}

/// The length of the directive that `text` opens with: `%A`, `%-d`, `%3f`, `%:z`.
fn directive_end(text: &str) -> usize {
    text.char_indices()
        .skip(1)
        .find(|(_, c)| !matches!(c, '-' | '_' | '0'..='9' | '^' | '#' | ':' | '.'))
        .map_or(text.len(), |(at, c)| at + c.len_utf8())
}
