//! Dates and times as people, programs and feeds write them.
//!
//! In: a text. Out: the day, the time and the offset it names, or why it names none. Never: the choice between day
//! first and month first where both are possible.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Zoned};

use super::languages::{self, Language};
use super::moment::Moment;
use super::numerals;

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no date.
    NoDate,
    /// It is one day with the day first and another with the month first.
    Ambiguous(Date, Date),
    /// It names a weekday that its day is not.
    Weekday(Date),
    /// It is a number of days as spreadsheets count them.
    Serial(Date),
}

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub date: Option<Date>,
    pub time: Option<Time>,
    pub zone: Option<TimeZone>,
    /// A weekday that is named and is not the date's.
    pub wrong_weekday: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Number(String),
    Word(String),
    Mark(char),
    Space,
}

/// Words that stand in dates and say nothing.
const FILLERS: [&str; 22] = [
    "d", "de", "del", "of", "the", "at", "a", "à", "as", "às", "las", "los", "um", "uhr", "le",
    "den", "der", "on", "el", "il", "om", "alle",
];

/// Letters that follow a day's number.
const ORDINALS: [&str; 7] = ["st", "nd", "rd", "th", "er", "º", "ª"];

/// Reads a date, a time, or both.
pub(super) fn read(text: &str) -> Result<Reading, Unread> {
    let mut reader = Reader::new(tokens(text));
    reader.read().ok_or(Unread::NoDate)?;
    reader.finish()
}

/// The reading as a moment; a time without offset is one of `zone`, any other is brought there.
pub(super) fn moment(reading: &Reading, zone: &TimeZone) -> Option<Moment> {
    match (reading.date, reading.time) {
        (Some(date), None) => Some(Moment::Day(date)),
        (Some(date), Some(time)) => {
            let own = reading.zone.as_ref().unwrap_or(zone);
            let zoned: Zoned = date.to_datetime(time).to_zoned(own.clone()).ok()?;
            Some(Moment::At(zoned.with_time_zone(zone.clone())))
        }
        (None, Some(time)) if reading.zone.is_none() => Some(Moment::Clock(time)),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        match c {
            // a comment of RFC 822, and the zone's long name that browsers write
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '\u{200e}' | '\u{200f}' | '\u{301}' => {}
            _ => push(&mut out, c),
        }
    }
    out
}

fn push(out: &mut Vec<Token>, c: char) {
    let digit = numerals::ascii_digit(c);
    match (out.last_mut(), digit) {
        (Some(Token::Number(number)), Some(digit)) => number.push(digit),
        (_, Some(digit)) => out.push(Token::Number(digit.to_string())),
        (Some(Token::Word(word)), None) if is_letter(c) => word.push(c),
        (_, None) if is_letter(c) => out.push(Token::Word(c.to_string())),
        (Some(Token::Space), None) if c.is_whitespace() => {}
        (_, None) if c.is_whitespace() => out.push(Token::Space),
        _ => out.push(Token::Mark(match c {
            '−' | '–' | '‑' | '‐' => '-',
            '’' => '\'',
            '：' => ':',
            '／' => '/',
            c => c,
        })),
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == 'º' || c == 'ª'
}

/// A number of the date, with what parted it from the one before.
struct Part {
    digits: String,
    parted_by: Option<char>,
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    parts: Vec<Part>,
    month: Option<i8>,
    /// How many numbers stood before the month's name.
    before_month: usize,
    weekday: Option<Weekday>,
    time: Option<(u8, u8, u8, i32)>,
    zone: Option<TimeZone>,
    mark: Option<char>,
}

impl Reader {
    fn new(tokens: Vec<Token>) -> Self {
        Self {
            tokens,
            at: 0,
            parts: Vec::new(),
            month: None,
            before_month: 0,
            weekday: None,
            time: None,
            zone: None,
            mark: None,
        }
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn number(&self, ahead: usize) -> Option<&str> {
        match self.peek(ahead) {
            Some(Token::Number(digits)) => Some(digits),
            _ => None,
        }
    }

    fn is_mark(&self, ahead: usize, mark: char) -> bool {
        self.peek(ahead) == Some(&Token::Mark(mark))
    }

    fn read(&mut self) -> Option<()> {
        self.unknown_weekday();
        while let Some(token) = self.peek(0).cloned() {
            match token {
                Token::Space => self.at += 1,
                Token::Number(digits) => self.digits(&digits)?,
                Token::Word(word) => self.word(&word)?,
                Token::Mark(mark) => self.marked(mark)?,
            }
        }
        Some(())
    }

    /// RFC 822 opens with a day's name and a comma; feeds write it in every language.
    fn unknown_weekday(&mut self) {
        let Some(Token::Word(word)) = self.peek(0) else {
            return;
        };
        let is_known = languages::weekday(word).is_some() || languages::month(word).is_some();
        if !is_known && self.is_mark(1, ',') && self.peek(2).is_some() {
            self.at = 2;
        }
    }

    fn digits(&mut self, digits: &str) -> Option<()> {
        if self.clock(digits).is_some() {
            return Some(());
        }
        if digits.len() > 8 || self.parts.len() == 3 {
            return None;
        }
        self.parts.push(Part {
            digits: digits.to_owned(),
            parted_by: self.mark.take(),
        });
        self.at += 1;
        if let Some(Token::Word(word)) = self.peek(0)
            && ORDINALS.contains(&word.as_str())
        {
            self.at += 1;
        }
        Some(())
    }

    /// `19:30`, `7:30:05.5 pm`, `7 pm`, `19h30`.
    fn clock(&mut self, digits: &str) -> Option<()> {
        if self.time.is_some() || digits.len() > 2 {
            return None;
        }
        let hour: u8 = digits.parse().ok()?;
        let two = |text: Option<&str>| text.filter(|t| t.len() == 2)?.parse::<u8>().ok();
        let start = self.at;
        let (mut minute, mut second, mut nanos) = (0, 0, 0);
        let mut has_clock = true;
        if self.is_mark(1, ':') {
            minute = two(self.number(2))?;
            self.at += 3;
            if self.is_mark(0, ':') {
                second = two(self.number(1)).or_else(|| {
                    self.at = start;
                    None
                })?;
                self.at += 2;
                if (self.is_mark(0, '.') || self.is_mark(0, ',')) && self.number(1).is_some() {
                    let fraction = format!("{:0<9.9}", self.number(1)?);
                    nanos = fraction.parse().ok()?;
                    self.at += 2;
                }
            }
        } else if self.peek(1) == Some(&Token::Word("h".into())) {
            self.at += 2;
            if let Some(given) = two(self.number(0)) {
                minute = given;
                self.at += 1;
            }
        } else {
            has_clock = false;
            self.at += 1;
        }
        let half = self.half_of_day();
        let hour = match (half, hour) {
            (Some(12), 12) => 12,
            (Some(0), 12) => 0,
            (Some(more), 1..=11) => hour + more,
            (None, 0..=24) if has_clock => hour,
            _ => {
                self.at = start;
                return None;
            }
        };
        self.time = Some((hour, minute, second, nanos));
        self.mark = None;
        Some(())
    }

    /// What `am` and `pm`, also `p. m.`, add to the hour; passed over.
    fn half_of_day(&mut self) -> Option<u8> {
        let mut at = usize::from(self.peek(0) == Some(&Token::Space));
        let Some(Token::Word(word)) = self.peek(at) else {
            return None;
        };
        let more = if word.starts_with('p') { 12 } else { 0 };
        match word.as_str() {
            "am" | "pm" => at += 1,
            "a" | "p" => {
                at += 1;
                at += usize::from(self.is_mark(at, '.'));
                at += usize::from(self.peek(at) == Some(&Token::Space));
                if self.peek(at) != Some(&Token::Word("m".into())) {
                    return None;
                }
                at += 1;
                at += usize::from(self.is_mark(at, '.'));
            }
            _ => return None,
        }
        self.at += at;
        Some(more)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.at += 1;
        let follows_date = self.month.is_some() || self.parts.len() == 3;
        // an abbreviation's point
        let pass_point = |reader: &mut Self| reader.at += usize::from(reader.is_mark(0, '.'));
        if self.time.is_some()
            && let Some(zone) = self.named_zone(word)
        {
            self.zone = Some(zone);
        } else if self.month.is_none()
            && self.parts.len() <= 2
            && !(languages::weekday(word).is_some() && self.has_month_ahead())
            && let Some(month) = languages::month(word)
        {
            self.month = Some(month);
            self.before_month = self.parts.len();
            pass_point(self);
        } else if self.weekday.is_none()
            && let Some(weekday) = languages::weekday(word)
        {
            self.weekday = Some(weekday);
            // `segunda-feira`
            if self.is_mark(0, '-') && self.peek(1) == Some(&Token::Word("feira".into())) {
                self.at += 2;
            }
            pass_point(self);
        } else if !(FILLERS.contains(&word) || word == "t" && follows_date) {
            return None;
        }
        self.mark = None;
        Some(())
    }

    /// `mar` is March, and Tuesday in Spanish, French and Italian.
    fn has_month_ahead(&self) -> bool {
        let is_month =
            |token: &Token| matches!(token, Token::Word(word) if languages::month(word).is_some());
        self.tokens[self.at..].iter().any(is_month)
    }

    fn marked(&mut self, mark: char) -> Option<()> {
        self.at += 1;
        match mark {
            '+' | '-' if self.time.is_some() && self.offset(mark).is_some() => {}
            '/' | '-' | '.' if !self.parts.is_empty() || self.month.is_some() => {
                self.mark = Some(mark)
            }
            ',' | '\'' => {}
            _ => return None,
        }
        Some(())
    }

    /// `+01:00`, `-0500`, `+1` after a time, or after `GMT` and `UTC`.
    fn offset(&mut self, sign: char) -> Option<()> {
        let is_set = |zone: &TimeZone| *zone != TimeZone::UTC;
        if self.zone.as_ref().is_some_and(is_set) {
            return None;
        }
        let digits = self.number(0)?.to_owned();
        let (hours, minutes, length) = match (digits.len(), self.is_mark(1, ':')) {
            (1 | 2, true) => (digits.as_str(), self.number(2)?.to_owned(), 3),
            (1 | 2, false) => (digits.as_str(), "0".to_owned(), 1),
            (4, false) => (&digits[..2], digits[2..].to_owned(), 1),
            _ => return None,
        };
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        if minutes > 59 || hours > 15 {
            return None;
        }
        let seconds = (hours * 60 + minutes) * 60 * if sign == '-' { -1 } else { 1 };
        self.zone = Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?));
        self.at += length;
        Some(())
    }

    /// A zone by its letters, or `europe/madrid`.
    fn named_zone(&mut self, word: &str) -> Option<TimeZone> {
        if self.is_mark(0, '/')
            && let Some(Token::Word(city)) = self.peek(1)
        {
            let zone = TimeZone::get(&format!("{word}/{city}")).ok()?;
            self.at += 2;
            return Some(zone);
        }
        let hours = hours_of_zone(word)?;
        let offset = Offset::from_seconds((hours * 3600.0) as i32).ok()?;
        Some(match hours {
            0.0 => TimeZone::UTC,
            _ => TimeZone::fixed(offset),
        })
    }

    fn finish(self) -> Result<Reading, Unread> {
        let mut date = match (self.month, self.parts.len()) {
            (None, 0) => None,
            (Some(month), _) => Some(self.with_month(month).ok_or(Unread::NoDate)?),
            (None, 1) => Some(compact(&self.parts[0].digits)?),
            (None, 3) => Some(self.by_numbers()?),
            _ => return Err(Unread::NoDate),
        };
        let weekday = self.weekday;
        let wrong_weekday = weekday.is_some_and(|w| date.is_some_and(|d| d.weekday() != w));
        let time = match self.time {
            None => None,
            // midnight at the end of the day
            Some((24, 0, 0, 0)) => {
                let day = date.ok_or(Unread::NoDate)?;
                date = Some(day.tomorrow().map_err(|_| Unread::NoDate)?);
                Some(Time::midnight())
            }
            Some((hour, minute, second, nanos)) => {
                // a leap second is the one before it
                let time = Time::new(hour as i8, minute as i8, second.min(59) as i8, nanos);
                Some(time.ok().filter(|_| second <= 60).ok_or(Unread::NoDate)?)
            }
        };
        if date.is_none() && (time.is_none() || weekday.is_some()) {
            return Err(Unread::NoDate);
        }
        Ok(Reading {
            date,
            time,
            zone: self.zone,
            wrong_weekday,
        })
    }

    fn with_month(&self, month: i8) -> Option<Date> {
        let [first, second] = self.parts.as_slice() else {
            return None;
        };
        let (day, year) = match (first.digits.len(), self.before_month) {
            // `2026 Nov 28`
            (4, 1) => (second, first),
            _ => (first, second),
        };
        date(&year.digits, month, &day.digits)
    }

    fn by_numbers(&self) -> Result<Date, Unread> {
        let [first, second, third] = self.parts.as_slice() else {
            return Err(Unread::NoDate);
        };
        let mark = second.parted_by;
        if mark.is_none() || third.parted_by != mark {
            return Err(Unread::NoDate);
        }
        let of = |year: &Part, month: &Part, day: &Part| {
            let is_short = month.digits.len() <= 2;
            date(
                &year.digits,
                month.digits.parse().ok().filter(|_| is_short)?,
                &day.digits,
            )
        };
        if first.digits.len() == 4 {
            return of(first, second, third).ok_or(Unread::NoDate);
        }
        let day_first = of(third, second, first);
        if mark == Some('.') {
            return day_first.ok_or(Unread::NoDate);
        }
        let mut found: Vec<Date> = [day_first, of(third, first, second)]
            .into_iter()
            .flatten()
            .collect();
        if mark == Some('-') && third.digits.len() == 2 {
            found.extend(of(first, second, third));
        }
        found.dedup();
        match found.as_slice() {
            [] => Err(Unread::NoDate),
            [one] => Ok(*one),
            [one, two, ..] => Err(Unread::Ambiguous(*one, *two)),
        }
    }
}

/// A day of a year that may be written in two digits: up to 68 they are of this century, as POSIX has it.
fn date(year: &str, month: i8, day: &str) -> Option<Date> {
    if day.len() > 2 {
        return None;
    }
    let number: i16 = year.parse().ok()?;
    let year = match (year.len(), number) {
        (4, year) => year,
        (2, 0..=68) => 2000 + number,
        (2, _) => 1900 + number,
        _ => return None,
    };
    Date::new(year, month, day.parse().ok()?).ok()
}

/// `20261128`; a spreadsheet's day number is told apart.
fn compact(digits: &str) -> Result<Date, Unread> {
    match digits.len() {
        8 => date(
            &digits[..4],
            digits[4..6].parse().unwrap_or(0),
            &digits[6..],
        )
        .ok_or(Unread::NoDate),
        5 => {
            let days: i64 = digits.parse().map_err(|_| Unread::NoDate)?;
            let day =
                Date::constant(1899, 12, 30).checked_add(SignedDuration::from_hours(24 * days));
            Err(day.map_or(Unread::NoDate, Unread::Serial))
        }
        _ => Err(Unread::NoDate),
    }
}

/// Hours from Greenwich of the zones that feeds name: those of RFC 822 as it has them, and others that mean one thing
/// only.
fn hours_of_zone(name: &str) -> Option<f64> {
    Some(match name {
        "z" | "ut" | "utc" | "gmt" | "wet" => 0.0,
        "est" => -5.0,
        "edt" => -4.0,
        "cst" => -6.0,
        "cdt" => -5.0,
        "mst" => -7.0,
        "mdt" => -6.0,
        "pst" => -8.0,
        "pdt" => -7.0,
        "akst" => -9.0,
        "akdt" => -8.0,
        "hst" => -10.0,
        "nst" => -3.5,
        "ndt" => -2.5,
        "brt" | "art" => -3.0,
        "west" | "cet" | "mez" | "met" => 1.0,
        "cest" | "mesz" | "mest" | "eet" | "sast" => 2.0,
        "eest" | "msk" | "eat" => 3.0,
        "pkt" => 5.0,
        "wib" => 7.0,
        "hkt" | "sgt" | "awst" => 8.0,
        "jst" | "kst" => 9.0,
        "acst" => 9.5,
        "acdt" => 10.5,
        "aest" => 10.0,
        "aedt" => 11.0,
        "nzst" => 12.0,
        "nzdt" => 13.0,
        _ => return None,
    })
}

/// What is said of a date in words, in messages.
pub(super) fn said(date: Date) -> String {
    let english = Language::find(None).map_or("", |l| l.months[date.month() as usize - 1]);
    format!("{} {english} {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let reading = match read(text) {
            Ok(reading) => reading,
            Err(why) => return format!("{why:?}"),
        };
        let mut out = reading.date.map_or(String::new(), |d| d.to_string());
        if let Some(time) = reading.time {
            out.push_str(&format!(" {time}"));
        }
        if let Some(zone) = reading.zone {
            let offset = zone.to_offset(jiff::Timestamp::UNIX_EPOCH);
            out.push_str(&format!(" {offset}"));
        }
        if reading.wrong_weekday {
            out.push('!');
        }
        out.trim().to_owned()
    }

    #[test]
    fn days_are_read_in_many_orders_and_languages() {
        for text in [
            "28/11/2026",
            "2026/11/28",
            "28-11-2026",
            "11/28/2026",
            "Nov 28, 2026",
            "28 November 2026",
            "28.11.26",
            "28. 11. 2026",
            "20261128",
            "28th Nov 2026",
            "sábado, 28 de noviembre de 2026",
            "Samstag, 28. November 2026",
            "28 nov. 2026",
            "NOVEMBER 28 2026",
            "28-Nov-2026",
            "28-Nov-26",
            "2026 Nov 28",
            "Saturday 28 November 2026",
            "28 novembre 2026",
            "28 de nov. de 2026",
            "٢٨/١١/٢٠٢٦",
            "28 Nov '26",
            "zaterdag 28 november 2026",
            "28/11/26",
            "sáb, 28 nov 2026",
            "28 de novembre de 2026",
        ] {
            assert_eq!(shown(text), "2026-11-28", "{text}");
        }
    }

    #[test]
    fn times_and_zones_are_read_with_them() {
        for (text, right) in [
            ("2026-11-28 7:30 PM", "2026-11-28 19:30:00"),
            ("28/11/2026 19:30", "2026-11-28 19:30:00"),
            (
                "Sat Nov 28 2026 19:30:00 GMT+0100 (Central European Standard Time)",
                "2026-11-28 19:30:00 +01",
            ),
            ("Sat Nov 28 19:30:00 2026", "2026-11-28 19:30:00"),
            ("Sat, 28 Nov 2026 19:30 +0100", "2026-11-28 19:30:00 +01"),
            ("sat, 28 nov 26 19:30:00 gmt", "2026-11-28 19:30:00 +00"),
            ("Sat, 28 Nov 2026 19:30:00 CET", "2026-11-28 19:30:00 +01"),
            ("Sat, 28 Nov 2026 19:30:00 EST", "2026-11-28 19:30:00 -05"),
            ("Sat, 28 Nov 2026 19:30:00 Z", "2026-11-28 19:30:00 +00"),
            ("Sáb, 28 Nov 2026 19:30:00 +0100", "2026-11-28 19:30:00 +01"),
            ("Сб, 28 Nov 2026 19:30:00 +0300", "2026-11-28 19:30:00 +03"),
            ("28 Nov 2026, 7 pm", "2026-11-28 19:00:00"),
            ("28/11/2026 12:05 a. m.", "2026-11-28 00:05:00"),
            ("28 novembre 2026 à 19h30", "2026-11-28 19:30:00"),
            ("28. November 2026 um 19:30 Uhr", "2026-11-28 19:30:00"),
            ("28 Nov 2026 24:00", "2026-11-29 00:00:00"),
            ("2026-11-28T19:30:60Z", "2026-11-28 19:30:59 +00"),
            ("2026-11-28t19:30:00.25-05:00", "2026-11-28 19:30:00.25 -05"),
            ("28 Nov 2026 19:30 Europe/Madrid", "2026-11-28 19:30:00 +01"),
            ("7:30 pm", "19:30:00"),
            ("9:05", "09:05:00"),
            ("Fri, 28 Nov 2026", "2026-11-28!"),
            ("mar, 24 nov 2026", "2026-11-24"),
            ("24 mar 2026", "2026-03-24"),
        ] {
            assert_eq!(shown(text), right, "{text}");
        }
    }

    #[test]
    fn what_can_be_two_days_is_neither() {
        for text in ["03/04/2026", "3-4-2026", "01/02/26"] {
            assert!(
                shown(text).starts_with("Ambiguous"),
                "{text}: {}",
                shown(text)
            );
        }
        assert_eq!(shown("04/04/2026"), "2026-04-04");
        assert_eq!(shown("3.4.2026"), "2026-04-03");
        assert_eq!(shown("46354"), "Serial(2026-11-28)");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "31/02/2026",
            "32.1.2026",
            "13/13/2026",
            "2026",
            "Nov 2026",
            "28 Nov",
            "28/11",
            "1.299",
            "4,50",
            "12:60 2026-11-28",
            "25:00",
            "Saturday",
            "28/11-2026",
            "2026-11-28 19:30 XYZ",
            "1/2/3/4",
            "28 Nov Dec 2026",
            "99999999",
            "12345678901",
            "a b",
            "28 Nov 2026 +0100",
        ] {
            assert_eq!(shown(text), "NoDate", "{text}");
        }
    }
}
