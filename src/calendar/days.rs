//! The days of a rule: `daily`, `mon-fri`, `1,15`, `last`, `2nd tue`, dates.

use std::ops::Range;

use jiff::civil::{Date, Weekday};

use crate::diag::nearest;

/// A set of days. What is parted by commas adds up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days {
    /// Bit 0 is Monday.
    weekdays: u8,
    /// Bit 0 is the first of the month; a day that a month does not have is skipped.
    month_days: u32,
    /// The last day of each month.
    last: bool,
    /// Such as the second Tuesday of each month.
    nth: Vec<(Nth, Weekday)>,
    /// Single days, sorted, each once.
    dates: Vec<Date>,
}

/// Which of a month's Mondays, Tuesdays ….
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nth {
    /// From 1 to 5; a month without a fifth is skipped.
    Number(u8),
    /// The last one.
    Last,
}

/// Why a text names no days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysError {
    /// Which bytes of the text.
    pub at: Range<usize>,
    /// What is wrong with them.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// All seven.
const DAILY: u8 = 0b111_1111;

/// The first three letters are the short name.
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// What `days` takes, for hints.
pub(super) const FORMS: &str = "daily, mon-fri, mon,wed, 1,15, last, 2nd tue, last fri, or a list of dates such as [\"2026-12-24\"]";

impl Days {
    /// Every day.
    pub fn daily() -> Self {
        Self {
            weekdays: DAILY,
            ..Self::default()
        }
    }

    /// Reads one text.
    ///
    /// # Errors
    /// The first part that names no days.
    pub fn parse(text: &str) -> Result<Self, DaysError> {
        let mut days = Self::default();
        let mut start = 0;
        for item in text.split(',') {
            let at = start + (item.len() - item.trim_start().len());
            start += item.len() + 1;
            let item = item.trim();
            days.add(item).map_err(|(message, hint)| DaysError {
                at: at..at + item.len(),
                message,
                hint,
            })?;
        }
        Ok(days)
    }

    /// Adds the days of another set.
    pub fn extend(&mut self, other: &Self) {
        self.weekdays |= other.weekdays;
        self.month_days |= other.month_days;
        self.last |= other.last;
        for one in &other.nth {
            if !self.nth.contains(one) {
                self.nth.push(*one);
            }
        }
        self.dates.extend(&other.dates);
        self.dates.sort_unstable();
        self.dates.dedup();
    }

    /// One single day.
    pub fn on(date: Date) -> Self {
        Self {
            dates: vec![date],
            ..Self::default()
        }
    }

    fn add(&mut self, item: &str) -> Result<(), (String, String)> {
        let lower = item.to_lowercase();
        if let Some(date) = day(&lower) {
            self.extend(&Self::on(date));
        } else if lower == "daily" {
            self.weekdays = DAILY;
        } else if lower == "last" {
            self.last = true;
        } else if let Some(one) = weekday(&lower) {
            self.weekdays |= bit(one);
        } else if let Some((from, to)) = range(&lower) {
            let mut one = from;
            self.weekdays |= bit(to);
            while one != to {
                self.weekdays |= bit(one);
                one = one.next();
            }
        } else if let Some(number) = month_day(&lower) {
            let number = number.ok_or_else(|| {
                let message = format!("no month has a day `{item}`");
                (message, "1 to 31, or `last`".to_owned())
            })?;
            self.month_days |= 1 << (number - 1);
        } else {
            let one = nth(&lower, item)?;
            if !self.nth.contains(&one) {
                self.nth.push(one);
            }
        }
        Ok(())
    }

    /// Whether a day is one of them.
    pub fn holds(&self, date: Date) -> bool {
        if self.weekdays == DAILY {
            return true;
        }
        let weekday = date.weekday();
        self.weekdays & bit(weekday) != 0
            || self.month_days & (1 << (date.day() - 1)) != 0
            || self.last && date.day() == date.days_in_month()
            || self
                .nth
                .iter()
                .any(|(nth, day)| *day == weekday && nth.holds(date))
            || self.dates.binary_search(&date).is_ok()
    }

    /// The last of them, where they are single days only.
    pub fn end(&self) -> Option<Date> {
        let recurs =
            self.weekdays != 0 || self.month_days != 0 || self.last || !self.nth.is_empty();
        self.dates.last().copied().filter(|_| !recurs)
    }

    /// Its single days.
    pub fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// Its weekdays, where it holds nothing else.
    pub(super) fn only_weekdays(&self) -> Option<Vec<Weekday>> {
        let plain = Self {
            weekdays: self.weekdays,
            ..Self::default()
        };
        let held = WEEKDAYS.iter().map(|(_, day)| *day);
        (*self == plain).then(|| held.filter(|day| self.weekdays & bit(*day) != 0).collect())
    }

    /// In words: `Monday to Friday`, `on the 1st and the 15th`.
    pub fn words(&self) -> String {
        if self.weekdays == DAILY {
            return "every day".to_owned();
        }
        let mut parts = weekday_words(self.weekdays);
        for (nth, day) in &self.nth {
            let which = match nth {
                Nth::Number(number) => ordinal(*number),
                Nth::Last => "last".to_owned(),
            };
            parts.push(format!("the {which} {} of the month", name(*day)));
        }
        let month_days = (1..=31).filter(|day| self.month_days & (1 << (day - 1)) != 0);
        parts.extend(month_days.map(|day| format!("the {}", ordinal(day))));
        if self.last {
            parts.push("the last day of the month".to_owned());
        }
        match self.dates.as_slice() {
            [] => {}
            dates if dates.len() <= 4 => parts.extend(dates.iter().map(|date| long(*date))),
            [first, .., last] => parts.push(format!(
                "{} days from {} to {}",
                self.dates.len(),
                long(*first),
                long(*last)
            )),
            _ => {}
        }
        joined(&parts)
    }
}

impl Nth {
    fn holds(self, date: Date) -> bool {
        match self {
            Self::Number(number) => (date.day() - 1) / 7 + 1 == number as i8,
            Self::Last => date.day() + 7 > date.days_in_month(),
        }
    }
}

fn bit(weekday: Weekday) -> u8 {
    1 << weekday.to_monday_zero_offset()
}

/// A day as `2026-12-24` and nothing else.
pub(super) fn day(text: &str) -> Option<Date> {
    // the parser would also take a time behind it
    let is_plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    is_plain.then(|| text.parse().ok()).flatten()
}

/// A weekday by its English name, `mon` to `monday`.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    let is = |name: &str| text.len() >= 3 && (text == &name[..3] || text == name);
    let usual = match text {
        "tues" => Some(Weekday::Tuesday),
        "thur" | "thurs" => Some(Weekday::Thursday),
        _ => None,
    };
    let found = WEEKDAYS.iter().find(|(name, _)| is(name));
    found.map(|(_, day)| *day).or(usual)
}

/// A weekday's English name.
pub(super) fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn range(text: &str) -> Option<(Weekday, Weekday)> {
    let (from, to) = text.split_once(['-', '–'])?;
    Some((weekday(from.trim())?, weekday(to.trim())?))
}

/// A number; `None` inside where no month has such a day.
fn month_day(text: &str) -> Option<Option<u8>> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok().filter(|n| (1..=31).contains(n)))
}

fn nth(lower: &str, item: &str) -> Result<(Nth, Weekday), (String, String)> {
    let unknown = || (format!("`{item}` names no days"), hint(lower));
    let (which, day) = lower.split_once(char::is_whitespace).ok_or_else(unknown)?;
    let day = weekday(day.trim()).ok_or_else(unknown)?;
    let nth = match which {
        "1st" | "first" => Nth::Number(1),
        "2nd" | "second" => Nth::Number(2),
        "3rd" | "third" => Nth::Number(3),
        "4th" | "fourth" => Nth::Number(4),
        "5th" | "fifth" => Nth::Number(5),
        "last" => Nth::Last,
        _ => {
            let message = format!("no month has a `{item}`");
            let hint = "1st, 2nd, 3rd, 4th, 5th or last, and a weekday".to_owned();
            return Err((message, hint));
        }
    };
    Ok((nth, day))
}

fn hint(item: &str) -> String {
    let meant = match item {
        "weekday" | "weekdays" | "workdays" => Some("mon-fri"),
        "weekend" | "weekends" => Some("sat,sun"),
        "every day" | "everyday" | "all" | "*" | "day" => Some("daily"),
        "" => None,
        _ => {
            let names = WEEKDAYS.iter().flat_map(|(name, _)| [&name[..3], *name]);
            nearest(item, names.chain(["daily", "last"]))
        }
    };
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => FORMS.to_owned(),
    }
}

/// The runs of a set of weekdays; it wraps around the week's end.
fn weekday_words(set: u8) -> Vec<String> {
    let holds = |day: Weekday| set & bit(day) != 0;
    let mut parts = Vec::new();
    for (_, first) in WEEKDAYS {
        if !holds(first) || holds(first.previous()) {
            continue;
        }
        let mut last = first;
        let mut length = 1;
        while holds(last.next()) {
            last = last.next();
            length += 1;
        }
        match length {
            1 => parts.push(name(first).to_owned()),
            2 => parts.extend([name(first).to_owned(), name(last).to_owned()]),
            _ => parts.push(format!("{} to {}", name(first), name(last))),
        }
    }
    parts
}

fn ordinal(number: u8) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `24 December 2026`.
pub(super) fn long(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn in_month(text: &str, year: i16, month: i8) -> Vec<i8> {
        let days = Days::parse(text).expect(text);
        let first = date(year, month, 1);
        (1..=first.days_in_month())
            .filter(|day| days.holds(date(year, month, *day)))
            .collect()
    }

    #[test]
    fn the_days_of_a_month() {
        // November 2026 begins on a Sunday
        for (text, held) in [
            ("mon,wed", vec![2, 4, 9, 11, 16, 18, 23, 25, 30]),
            (
                "sat-mon",
                vec![1, 2, 7, 8, 9, 14, 15, 16, 21, 22, 23, 28, 29, 30],
            ),
            ("1,15", vec![1, 15]),
            ("31", vec![]),
            ("last", vec![30]),
            ("2nd tue", vec![10]),
            ("last fri", vec![27]),
            ("5th sun", vec![29]),
            ("5th tue", vec![]),
            ("Monday", vec![2, 9, 16, 23, 30]),
            ("1st mon , LAST", vec![2, 30]),
            ("2026-11-24", vec![24]),
            ("tue-tue", vec![3, 10, 17, 24]),
        ] {
            assert_eq!(in_month(text, 2026, 11), held, "{text}");
        }
        assert_eq!(in_month("daily", 2026, 2).len(), 28);
        assert_eq!(in_month("mon-fri", 2026, 11).len(), 21);
        assert_eq!(in_month("29", 2028, 2), [29]);
        assert_eq!(in_month("last", 2028, 2), [29]);
    }

    #[test]
    fn a_range_of_weekdays_is_every_day_between() {
        for (_, from) in WEEKDAYS {
            for (_, to) in WEEKDAYS {
                let text = format!("{}-{}", name(from), name(to));
                let days = Days::parse(&text).expect("a range");
                let length =
                    (to.to_monday_zero_offset() - from.to_monday_zero_offset()).rem_euclid(7);
                assert_eq!(days.weekdays.count_ones(), length as u32 + 1, "{text}");
            }
        }
    }

    #[test]
    fn what_names_no_days_says_where_and_what_was_meant() {
        for (text, at, message, hint) in [
            (
                "mon,wdnesday",
                4..12,
                "`wdnesday` names no days",
                "did you mean `wednesday`?",
            ),
            (
                "weekdays",
                0..8,
                "`weekdays` names no days",
                "did you mean `mon-fri`?",
            ),
            (
                "1, 32",
                3..5,
                "no month has a day `32`",
                "1 to 31, or `last`",
            ),
            ("0", 0..1, "no month has a day `0`", "1 to 31, or `last`"),
            (
                "6th tue",
                0..7,
                "no month has a `6th tue`",
                "1st, 2nd, 3rd, 4th, 5th or last, and a weekday",
            ),
            (
                "dayly",
                0..5,
                "`dayly` names no days",
                "did you mean `daily`?",
            ),
            ("", 0..0, "`` names no days", FORMS),
            ("mon,", 4..4, "`` names no days", FORMS),
            ("2026-02-30", 0..10, "`2026-02-30` names no days", FORMS),
        ] {
            let error = Days::parse(text).expect_err(text);
            assert_eq!(
                (error.at, error.message.as_str(), error.hint.as_str()),
                (at, message, hint)
            );
        }
    }

    #[test]
    fn days_in_words() {
        for (text, words) in [
            ("daily", "every day"),
            ("mon-sun", "every day"),
            ("mon-fri", "Monday to Friday"),
            ("sat-mon", "Saturday to Monday"),
            ("mon,wed", "Monday and Wednesday"),
            ("sat,sun", "Saturday and Sunday"),
            ("1,15,22", "the 1st, the 15th and the 22nd"),
            ("last", "the last day of the month"),
            (
                "2nd tue,last fri",
                "the 2nd Tuesday of the month and the last Friday of the month",
            ),
            (
                "2026-12-24,2026-12-31",
                "24 December 2026 and 31 December 2026",
            ),
        ] {
            assert_eq!(Days::parse(text).expect(text).words(), words);
        }
    }
}
