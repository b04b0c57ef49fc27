//! Dates as people write them in data, and as stories show them.

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{Zoned, fmt};
use minijinja::Value;

use super::arguments::{Fault, said};
use super::date_text::{self, Unread};
use super::languages::Language;
use super::moment::Moment;

/// Reads ISO 8601 dates, times and both, with or without offset or zone, and what people and feeds write otherwise; with
/// `from`, what that strftime pattern describes.
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
    if let Some(moment) = iso(text, zone) {
        return Ok(moment);
    }
    match date_text::read(text) {
        Ok(reading) if reading.wrong_weekday => Err(fault(
            text,
            &Unread::Weekday(reading.date.unwrap_or(Date::ZERO)),
        )),
        Ok(reading) => date_text::moment(&reading, zone).ok_or_else(unusable),
        Err(why) => Err(fault(text, &why)),
    }
}

/// What is said of a text that is not read.
fn fault(text: &str, why: &Unread) -> Fault {
    let shown = said(&Value::from(text));
    match why {
        Unread::NoDate => Fault::new(format!("{shown} is not a date"))
            .hint("write it as `2026-11-28` or `2026-11-28T19:30`"),
        // different countries mean different things: the template has to say which
        Unread::Ambiguous(one, two) => Fault::new(format!(
            "{shown} can be {} or {}",
            date_text::said(*one),
            date_text::said(*two)
        ))
        .hint("say how it is written, with `from=\"%d/%m/%Y\"` or `from=\"%m/%d/%Y\"`"),
        Unread::Weekday(day) => {
            let name = Language::find(None).map_or("", |l| l.days[weekday(*day)]);
            Fault::new(format!(
                "{shown} names a wrong weekday: {} is a {name}",
                date_text::said(*day)
            ))
        }
        Unread::Serial(day) => Fault::new(format!(
            "{shown} is a spreadsheet's number for {}",
            date_text::said(*day)
        ))
        .hint("give the column a date format before it is saved"),
    }
}

/// What a date of data or of a feed says, as the filters read it again: `2026-11-28`, `2026-11-28T19:30:00`, with `Z`
/// where its offset was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// In ISO 8601.
    pub iso: String,
    /// The weekday it is, where it names another.
    pub other_weekday: Option<&'static str>,
}

/// Reads a date of a feed.
///
/// # Errors
/// Why it is no date.
pub(super) fn written(text: &str) -> Result<Written, Fault> {
    let text = text.trim();
    let utc = TimeZone::UTC;
    // an offset moves the instant, none leaves the clock as it is
    if let Some(moment) = iso(text, &utc) {
        let is_floating = iso(text, &TimeZone::fixed(jiff::tz::offset(1))).is_some_and(|other| {
            match (&moment, &other) {
                (Moment::At(a), Moment::At(b)) => a.timestamp() != b.timestamp(),
                _ => false,
            }
        });
        return Ok(Written {
            iso: shown(&moment, is_floating),
            other_weekday: None,
        });
    }
    let reading = date_text::read(text).map_err(|why| fault(text, &why))?;
    let moment = date_text::moment(&reading, &utc).ok_or_else(|| fault(text, &Unread::NoDate))?;
    let name = |day: Date| Language::find(None).map_or("", |l| l.days[weekday(day)]);
    Ok(Written {
        iso: shown(&moment, reading.zone.is_none()),
        other_weekday: reading.date.filter(|_| reading.wrong_weekday).map(name),
    })
}

fn shown(moment: &Moment, is_floating: bool) -> String {
    match moment {
        Moment::Day(day) => day.to_string(),
        Moment::Clock(time) => time.to_string(),
        Moment::At(zoned) if is_floating => zoned.datetime().to_string(),
        Moment::At(zoned) => zoned.timestamp().to_string(),
    }
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

/// Whole days from one day to another; negative into the past.
pub(super) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

impl Moment {
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
