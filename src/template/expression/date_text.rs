//! Dates and times as people, programs and feeds write them.
//!
//! In: a text. Out: the day, the time and the offset it names, or why it names none. Never: the choice between day
//! first and month first where both are possible.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Zoned};

use super::date_words::{Token, Unit, tokens};
use super::languages::{BUDDHIST, Language, Setting, Width};
use super::moment::Moment;
use super::names::{self, Meaning, Named, Names};

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
    /// Its month is one in a language and another in another.
    Languages([(Date, &'static str); 2]),
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

/// Letters that follow a day's number.
const ORDINALS: [&str; 7] = ["st", "nd", "rd", "th", "er", "º", "ª"];

/// Reads a date, a time, or both; where `language` is known, words mean what they mean there.
pub(super) fn read(text: &str, language: Option<&Language>) -> Result<Reading, Unread> {
    let mut reader = Reader::new(tokens(text), language);
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

/// A number of the date, with what parted it from the one before.
struct Part {
    digits: String,
    parted_by: Option<char>,
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// The names of the language that is known.
    own: Option<Names>,
    /// Whether its years are those of Thailand.
    is_buddhist: bool,
    parts: Vec<Part>,
    /// What the month's name can be; empty without one.
    months: Vec<(i8, &'static str)>,
    /// How many numbers stood before the month's name.
    before_month: usize,
    /// What the weekday's name can be.
    weekdays: Vec<Weekday>,
    time: Option<(u8, u8, u8, i32)>,
    zone: Option<TimeZone>,
    mark: Option<char>,
}

/// A name of one word or several.
struct Name {
    months: Vec<(i8, &'static str)>,
    weekdays: Vec<Weekday>,
    /// In which languages it is a weekday.
    languages: Vec<&'static str>,
    /// Tokens that it takes.
    length: usize,
}

impl Name {
    fn of(meanings: &[Meaning], length: usize) -> Self {
        let month = |m: &Meaning| match m.named {
            Named::Month(month) => Some((month, m.language)),
            Named::Weekday(_) => None,
        };
        let weekday = |m: &Meaning| match m.named {
            Named::Weekday(weekday) => Some(weekday),
            Named::Month(_) => None,
        };
        Self {
            months: meanings.iter().filter_map(month).collect(),
            weekdays: meanings.iter().filter_map(weekday).collect(),
            languages: (meanings.iter().filter(|m| weekday(m).is_some()))
                .map(|m| m.language)
                .collect(),
            length,
        }
    }
}

impl Reader {
    fn new(tokens: Vec<Token>, language: Option<&Language>) -> Self {
        Self {
            tokens,
            at: 0,
            own: language.map(names::names_of),
            is_buddhist: language.is_some_and(|language| language.year_offset == BUDDHIST),
            parts: Vec::new(),
            months: Vec::new(),
            before_month: 0,
            weekdays: Vec::new(),
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
                Token::Unit(unit) => self.unit(unit)?,
                Token::Mark(mark) => self.marked(mark)?,
            }
        }
        Some(())
    }

    /// The longest name that begins at a word.
    fn name(&self, at: usize) -> Option<Name> {
        let mut words = String::new();
        let mut count = 0;
        let mut found = None;
        for (length, token) in self.tokens[at..].iter().enumerate() {
            match token {
                Token::Word(word) | Token::Number(word) => {
                    words.push_str(if count > 0 { " " } else { "" });
                    words.push_str(word);
                    count += 1;
                }
                Token::Space | Token::Mark('.' | '-' | '\'') if count > 0 => continue,
                _ => break,
            }
            let meanings = names::meanings(&words, self.own.as_ref());
            if !meanings.is_empty() {
                found = Some(Name::of(meanings, length + 1));
            }
            if count == names::MOST_WORDS {
                break;
            }
        }
        found
    }

    /// RFC 822 opens with a day's name and a comma; feeds write it in every language.
    fn unknown_weekday(&mut self) {
        let Some(Token::Word(word)) = self.peek(0) else {
            return;
        };
        let is_known = self.name(self.at).is_some() || !self.letter(word).is_empty();
        if !is_known && self.is_mark(1, ',') && self.peek(2).is_some() {
            self.at = 2;
        }
    }

    /// `2026年11月28日`: what the last number is.
    fn unit(&mut self, unit: Unit) -> Option<()> {
        self.at += 1;
        let number = self.parts.last()?;
        match unit {
            Unit::Year if number.digits.len() != 4 => return None,
            Unit::Month => {
                let month = number
                    .digits
                    .parse()
                    .ok()
                    .filter(|m| (1..=12).contains(m))?;
                if !self.months.is_empty() {
                    return None;
                }
                self.parts.pop();
                self.months = vec![(month, "")];
                self.before_month = self.parts.len();
            }
            Unit::Year | Unit::Day => {}
        }
        self.mark = None;
        Some(())
    }

    fn digits(&mut self, digits: &str) -> Option<()> {
        if self.clock(digits).is_some() {
            return Some(());
        }
        // Mongolian `11-р сар` is a name that begins with a number
        let name = self.name(self.at).filter(|name| !name.months.is_empty());
        if let Some(name) = name.filter(|_| self.months.is_empty()) {
            self.at += name.length;
            self.months = name.months;
            self.before_month = self.parts.len();
            self.mark = None;
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
        let follows_date = !self.months.is_empty() || self.parts.len() == 3;
        let start = self.at;
        self.at += 1;
        if self.time.is_some()
            && let Some(zone) = self.named_zone(word)
        {
            self.zone = Some(zone);
            self.mark = None;
            return Some(());
        }
        // `on` is no Wednesday beside all others, although Norwegian has it so
        let is_filler = names::is_filler(word);
        let name = self
            .name(start)
            .filter(|name| !is_filler || name.length > 1);
        let (months, weekdays, languages, length) = match name {
            Some(name) => (name.months, name.weekdays, name.languages, name.length),
            None => (Vec::new(), self.letter(word), Vec::new(), 1),
        };
        self.at = start + length;
        if self.months.is_empty()
            && self.parts.len() <= 2
            && !months.is_empty()
            && (weekdays.is_empty() || !self.has_month_ahead(&languages) && !self.has_date_ahead())
        {
            self.months = months;
            self.before_month = self.parts.len();
        } else if self.weekdays.is_empty() && !weekdays.is_empty() {
            self.weekdays = weekdays;
        } else if is_filler || word == "t" && follows_date {
            self.at = start + 1;
        } else {
            return None;
        }
        // an abbreviation's point
        self.at += usize::from(self.is_mark(0, '.'));
        self.mark = None;
        Some(())
    }

    /// The weekdays of one letter before or after a whole date: those of the languages that its month has.
    fn letter(&self, letter: &str) -> Vec<Weekday> {
        let meanings = names::letters_of_weekdays(letter);
        let number_ahead = |at| matches!(self.tokens[at], Token::Number(_));
        let is_within = !self.parts.is_empty() && (self.at..self.tokens.len()).any(number_ahead);
        if meanings.is_empty() || is_within {
            return Vec::new();
        }
        let ahead = (self.at..self.tokens.len()).filter_map(|at| Some(self.name(at)?.months));
        let months: Vec<_> = match self.months.is_empty() {
            true => ahead.flatten().collect(),
            false => self.months.clone(),
        };
        let is_of_month = |m: &&Meaning| months.iter().any(|(_, tongue)| *tongue == m.language);
        let weekday = |m: &Meaning| match m.named {
            Named::Weekday(weekday) => Some(weekday),
            Named::Month(_) => None,
        };
        let of_month = meanings.iter().filter(is_of_month);
        of_month.filter_map(weekday).collect()
    }

    /// `mar` is March, and Tuesday in Spanish, French and Italian.
    ///
    /// What is a weekday and a month as well is a month beside a weekday of its own language: in `17 mar 2026 ut`, `ut` is the
    /// Slovak Tuesday, and no August.
    fn has_month_ahead(&self, languages: &[&str]) -> bool {
        let is_month = |name: Name| {
            let is_both = !name.weekdays.is_empty();
            let is_of = |(_, language): &(i8, &str)| languages.contains(language);
            name.months.iter().any(|month| !is_both || is_of(month))
        };
        (self.at..self.tokens.len()).any(|at| {
            matches!(self.tokens[at], Token::Word(_)) && self.name(at).is_some_and(is_month)
        })
    }

    /// `sat` is Saturday before a day in numbers, and a month in some languages beside a day and a year.
    fn has_date_ahead(&self) -> bool {
        let is_between = |token: &&Token| matches!(token, Token::Space | Token::Mark('.' | ','));
        let mut ahead = self.tokens[self.at..].iter().skip_while(is_between);
        let mut next = || ahead.find(|token| **token != Token::Space);
        let is_number = |token: Option<&Token>| matches!(token, Some(Token::Number(_)));
        let Some(Token::Number(first)) = next() else {
            return false;
        };
        match next() {
            Some(mark @ Token::Mark('.' | '-' | '/')) => {
                is_number(next()) && next() == Some(mark) && is_number(next())
            }
            Some(Token::Unit(Unit::Year)) => true,
            _ => first.len() == 8,
        }
    }

    fn marked(&mut self, mark: char) -> Option<()> {
        self.at += 1;
        match mark {
            '+' | '-' if self.time.is_some() && self.offset(mark).is_some() => {}
            '/' | '-' | '.' if !self.parts.is_empty() || !self.months.is_empty() => {
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
        let mut date = match (self.months.is_empty(), self.parts.len()) {
            (true, 0) => None,
            (false, _) => Some(self.with_month()?),
            (true, 1) => Some(compact(&self.parts[0].digits)?),
            (true, 3) => Some(self.by_numbers()?),
            _ => return Err(Unread::NoDate),
        };
        let has_weekday = !self.weekdays.is_empty();
        let fits = |day: Date| self.weekdays.contains(&day.weekday());
        let wrong_weekday = has_weekday && date.is_some_and(|day| !fits(day));
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
        if date.is_none() && (time.is_none() || has_weekday) {
            return Err(Unread::NoDate);
        }
        Ok(Reading {
            date,
            time,
            zone: self.zone,
            wrong_weekday,
        })
    }

    /// By the month's name; where that is two months, by the weekday as well.
    fn with_month(&self) -> Result<Date, Unread> {
        let mut found: Vec<(Date, &'static str)> = Vec::new();
        for (month, language) in &self.months {
            let day = self.day_of(*month, language);
            found.extend(day.map(|day| (day, *language)));
        }
        let fitting = |(day, _): &&(Date, &str)| self.weekdays.contains(&day.weekday());
        if found.iter().any(|one| fitting(&one)) {
            found.retain(|one| fitting(&one));
        }
        let Some(first) = found.first().copied() else {
            return Err(Unread::NoDate);
        };
        match found.iter().find(|(day, _)| *day != first.0) {
            None => Ok(first.0),
            Some(other) => Err(Unread::Languages([first, *other])),
        }
    }

    fn day_of(&self, month: i8, language: &str) -> Option<Date> {
        let [first, second] = self.parts.as_slice() else {
            return None;
        };
        // `2026 Nov 28`, `2026. gada 28. novembris`
        let is_year_first = first.digits.len() == 4 && self.before_month > 0;
        let (day, year) = match is_year_first {
            true => (second, first),
            false => (first, second),
        };
        let date = date(&year.digits, month, &day.digits)?;
        self.in_gregorys_years(date, language == "th")
    }

    /// In Thai, a year that seems to be one of the next centuries is one of this.
    fn in_gregorys_years(&self, date: Date, is_thai: bool) -> Option<Date> {
        match (is_thai || self.is_buddhist) && date.year() > 2400 {
            true => Date::new(date.year() - BUDDHIST, date.month(), date.day()).ok(),
            false => Some(date),
        }
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
            let month = month.digits.parse().ok().filter(|_| is_short)?;
            self.in_gregorys_years(date(&year.digits, month, &day.digits)?, false)
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
    let month = Language::english().month(date.month(), Width::Whole, Setting::WithDay);
    format!("{} {month} {}", date.day(), date.year())
}

#[cfg(test)]
mod tests;
