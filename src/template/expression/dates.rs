//! Dates as people write them in data, and as stories show them.

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{Zoned, fmt};
use minijinja::Value;

use super::arguments::{Fault, said};
use super::date_text::{self, Unread};
use super::languages::{Language, Setting, Width};
use super::moment::Moment;

/// Reads ISO 8601 dates, times and both, with or without offset or zone, and what people and feeds write otherwise; with
/// `from`, what that strftime pattern describes.
///
/// A time without offset is one of `zone`, any other is brought there. Where `language` is known, names of months are its own.
pub(super) fn read(
    value: &Value,
    from: Option<&str>,
    language: Option<&Language>,
    zone: &TimeZone,
) -> Result<Moment, Fault> {
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
    match date_text::read(text, language) {
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
            let name = english_weekday(*day);
            Fault::new(format!(
                "{shown} names a wrong weekday: {} is a {name}",
                date_text::said(*day)
            ))
        }
        Unread::Languages([(one, in_one), (two, in_two)]) => Fault::new(format!(
            "{shown} can be {} (in `{in_one}`) or {} (in `{in_two}`)",
            date_text::said(*one),
            date_text::said(*two)
        ))
        .hint(format!(
            "name the language, with `lang=\"{in_one}\"` or `lang=\"{in_two}\"`, or write it as `{one}`"
        )),
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
    let reading = date_text::read(text, None).map_err(|why| fault(text, &why))?;
    let moment = date_text::moment(&reading, &utc).ok_or_else(|| fault(text, &Unread::NoDate))?;
    Ok(Written {
        iso: shown(&moment, reading.zone.is_none()),
        other_weekday: reading
            .date
            .filter(|_| reading.wrong_weekday)
            .map(english_weekday),
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
        Ok(written_out(date, language.long_date(), language))
    }

    /// By a strftime pattern, days and months named in a language.
    pub fn format(&self, pattern: &str, language: &Language) -> Result<String, Fault> {
        if pattern.trim().is_empty() {
            return Err(Fault::new("the format of `date` is empty")
                .hint("leave it out for the whole date: `date(lang=\"es\")`"));
        }
        if !pattern.contains('%') {
            return Err(Fault::new(format!("the format `{pattern}` has no part of a date"))
                .hint("parts are written `%d.%m.%Y`; `%A` is the weekday, `%B` the month, `%H:%M` the time"));
        }
        let mut out = String::new();
        let setting = setting(pattern);
        let mut rest = pattern;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let end = directive_end(&rest[at..]);
            let directive = &rest[at..at + end];
            out.push_str(&self.directive(directive, setting, language)?);
            rest = &rest[at + end..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn directive(
        &self,
        directive: &str,
        setting: Setting,
        language: &Language,
    ) -> Result<String, Fault> {
        let letter = directive.chars().next_back().unwrap_or('%');
        if let Some(name) = self.name(letter, setting, language) {
            return Ok(match (directive.contains('^'), letter) {
                (true, _) => in_capitals(name, language),
                (false, 'P') => name.to_lowercase(),
                (false, _) => name.to_owned(),
            });
        }
        let parts = match (letter, self.day()) {
            ('Y' | 'y', Some(day)) if language.year_offset != 0 => {
                let year = Date::new(day.year() + language.year_offset, 1, 1);
                year.map_or_else(|_| self.parts(), BrokenDownTime::from)
            }
            _ => self.parts(),
        };
        // what strftime leaves to the machine's language
        if matches!(letter, 'c' | 'r' | 'x' | 'X') {
            let fault = Fault::new(format!("`{directive}` is no part of a date"));
            return Err(fault.hint("leave the format out for the date as the language writes it"));
        }
        let text = fmt::strtime::format(directive, parts).map_err(|_| {
            // what works on a whole moment is only missing here
            let whole = BrokenDownTime::from(&Zoned::default());
            match fmt::strtime::format(directive, whole) {
                Ok(_) if self.day().is_none() => {
                    Fault::new(format!("a time without a day cannot fill `{directive}`"))
                }
                Ok(_) => Fault::new(format!("a day without a time cannot fill `{directive}`")),
                Err(_) => Fault::new(format!("`{directive}` is no part of a date"))
                    .hint("there are `%A` weekday, `%-d` day, `%B` month, `%Y` year, `%H:%M` time"),
            }
        })?;
        Ok(language.in_digits(&text))
    }

    /// What a directive's letter names in words; none where it gives digits.
    fn name(&self, letter: char, setting: Setting, language: &Language) -> Option<&'static str> {
        let (day, hour) = (self.day(), self.hour());
        Some(match letter {
            'A' => language.day(weekday(day?), Width::Whole, setting),
            'a' => language.day(weekday(day?), Width::Short, setting),
            'B' => language.month(day?.month(), Width::Whole, setting),
            'b' | 'h' => language.month(day?.month(), Width::Short, setting),
            'p' | 'P' => language.half_of_day(hour? >= 12),
            _ => return None,
        })
    }
}

/// Whether a pattern has a day of the month beside its names.
fn setting(pattern: &str) -> Setting {
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        let end = directive_end(&rest[at..]);
        if rest[at..at + end].ends_with(['d', 'e']) {
            return Setting::WithDay;
        }
        rest = &rest[at + end..];
    }
    Setting::Alone
}

/// A date by a pattern in letters of CLDR: `d 'de' MMMM 'de' y`.
fn written_out(date: Date, pattern: &str, language: &Language) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            let end = rest[1..].find('\'').map_or(rest.len(), |at| at + 1);
            // two in a row are one
            out.push_str(if end == 1 { "'" } else { &rest[1..end] });
            rest = rest.get(end + 1..).unwrap_or_default();
            continue;
        }
        let length = rest.chars().take_while(|other| *other == c).count();
        if !c.is_ascii_alphabetic() {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        out.push_str(&field(date, c, length, language));
        rest = &rest[length..];
    }
    out
}

/// One field of such a pattern.
fn field(date: Date, letter: char, length: usize, language: &Language) -> String {
    let number = |number: i16| language.in_digits(&format!("{number:0length$}"));
    let width = if length == 3 {
        Width::Short
    } else {
        Width::Whole
    };
    match (letter, length) {
        // the first of a month is not the number alone
        ('d', 1) if date.day() == 1 && language.code() == "fr" => "1er".to_owned(),
        ('d', 1) if date.day() == 1 && language.code() == "it" => "1º".to_owned(),
        ('d', _) => number(date.day().into()),
        ('M' | 'L', 1 | 2) => number(date.month().into()),
        ('M', _) => language
            .month_in_date(date.month(), width, Setting::WithDay)
            .to_owned(),
        ('L', _) => language
            .month_in_date(date.month(), width, Setting::Alone)
            .to_owned(),
        ('y', 2) => number((date.year() + language.year_offset) % 100),
        ('y', _) => number(date.year() + language.year_offset),
        ('E', 4) => language
            .day(weekday(date), Width::Whole, Setting::WithDay)
            .to_owned(),
        ('E', _) => language
            .day(weekday(date), Width::Short, Setting::WithDay)
            .to_owned(),
        _ => String::new(),
    }
}

fn in_capitals(name: &str, language: &Language) -> String {
    match language.code().parse() {
        Ok(id) => icu_casemap::CaseMapper::new()
            .uppercase_to_string(name, &id)
            .into_owned(),
        Err(_) => name.to_uppercase(),
    }
}

fn english_weekday(day: Date) -> &'static str {
    Language::english().day(weekday(day), Width::Whole, Setting::Alone)
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
