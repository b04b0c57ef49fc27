//! `RRULE`: the days on which an event comes again.

use jiff::Span;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::{HORIZON, Line, When, when};
use crate::diag::Diagnostic;

/// A repetition of whole days.
#[derive(Debug)]
pub(super) struct Repeat {
    by: Frequency,
    interval: i32,
    count: Option<usize>,
    until: Option<When>,
    months: Vec<i8>,
    month_days: Vec<i8>,
    /// With which of the month or the year; 0 is every one.
    weekdays: Vec<(i32, Weekday)>,
    positions: Vec<i32>,
    week_start: Weekday,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Repeat {
    /// Reads a rule.
    ///
    /// # Errors
    /// A part that is not understood, hours and weeks of the year among them.
    pub fn read(line: &Line, zone: &TimeZone) -> Result<Self, Diagnostic> {
        let unknown = |part: &str| {
            line.unknown(&format!(
                "this repetition is not understood: {}",
                part.escape_debug()
            ))
        };
        let mut found = Self {
            by: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut by = None;
        for part in line.value.trim().trim_end_matches(';').split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| unknown(part))?;
            let value = value.trim().to_uppercase();
            let understood = match name.trim().to_uppercase().as_str() {
                "FREQ" => {
                    by = match value.as_str() {
                        "DAILY" => Some(Frequency::Daily),
                        "WEEKLY" => Some(Frequency::Weekly),
                        "MONTHLY" => Some(Frequency::Monthly),
                        "YEARLY" => Some(Frequency::Yearly),
                        _ => None,
                    };
                    by.is_some()
                }
                "INTERVAL" => set(
                    &mut found.interval,
                    value.parse().ok().filter(|n| (1..=10_000).contains(n)),
                ),
                "COUNT" => set(
                    &mut found.count,
                    value.parse().ok().filter(|n| *n > 0).map(Some),
                ),
                "UNTIL" => set(&mut found.until, when(line, &value, zone).ok().map(Some)),
                "BYMONTH" => set(
                    &mut found.months,
                    numbers(&value, |n: &i8| (1..=12).contains(n)),
                ),
                "BYMONTHDAY" => set(
                    &mut found.month_days,
                    numbers(&value, |n: &i8| (1..=31).contains(&n.abs())),
                ),
                "BYDAY" => set(&mut found.weekdays, value.split(',').map(weekday).collect()),
                "BYSETPOS" => set(
                    &mut found.positions,
                    numbers(&value, |n: &i32| *n != 0 && n.abs() <= 366),
                ),
                "WKST" => set(&mut found.week_start, weekday(&value).map(|(_, day)| day)),
                _ => false,
            };
            if !understood {
                return Err(unknown(part));
            }
        }
        found.by = by.ok_or_else(|| unknown(&line.value))?;
        let has_nth = found.weekdays.iter().any(|(nth, _)| *nth != 0);
        let is_short = matches!(found.by, Frequency::Daily | Frequency::Weekly);
        if is_short && (has_nth || found.by == Frequency::Weekly && !found.month_days.is_empty()) {
            return Err(unknown(&line.value));
        }
        Ok(found)
    }

    /// The days from the first one on, as far as `count` and the horizon go; `until` is asked for with [`Self::reaches`].
    pub fn dates(&self, start: Date) -> Vec<Date> {
        let end = HORIZON.max(start.saturating_add(Span::new().years(1)));
        let end = self.until.as_ref().map_or(end, |until| {
            until.date().saturating_add(Span::new().days(2)).min(end)
        });
        let mut found: Vec<Date> = Vec::new();
        for period in 0.. {
            let Some(first) = self.period(start, period).filter(|first| *first <= end) else {
                break;
            };
            let mut days = self.days_of(first, start);
            days.sort_unstable();
            days.dedup();
            if !self.positions.is_empty() {
                days = self.at_positions(&days);
            }
            found.extend(days.into_iter().filter(|day| *day >= start && *day <= end));
            if self.count.is_some_and(|count| found.len() >= count) {
                break;
            }
        }
        // the start counts as the first, also where the rule itself does not name it
        if found.first() != Some(&start) {
            found.insert(0, start);
        }
        found.truncate(self.count.unwrap_or(usize::MAX));
        found
    }

    /// Whether a repetition is not behind `until`.
    pub fn reaches(&self, start: &When, zone: &TimeZone) -> bool {
        match &self.until {
            None => true,
            Some(until @ When::Time(..)) if matches!(start, When::Time(..)) => {
                start.instant(zone) <= until.instant(zone)
            }
            Some(until) => start.date() <= until.date(),
        }
    }

    /// The first day of a period counted from that of `start`; none at the end of the calendar.
    fn period(&self, start: Date, number: i32) -> Option<Date> {
        let step = self.interval.checked_mul(number)?;
        match self.by {
            Frequency::Daily => start.checked_add(Span::new().try_days(step).ok()?).ok(),
            Frequency::Weekly => {
                let since = start.weekday().since(self.week_start);
                let first = start.checked_sub(Span::new().days(since)).ok()?;
                first.checked_add(Span::new().try_weeks(step).ok()?).ok()
            }
            Frequency::Monthly => start
                .first_of_month()
                .checked_add(Span::new().try_months(step).ok()?)
                .ok(),
            Frequency::Yearly => start
                .first_of_year()
                .checked_add(Span::new().try_years(step).ok()?)
                .ok(),
        }
    }

    /// The days of the period that begins with `first`.
    fn days_of(&self, first: Date, start: Date) -> Vec<Date> {
        let in_months = |day: &Date| self.months.is_empty() || self.months.contains(&day.month());
        match self.by {
            Frequency::Daily => {
                let fits = in_months(&first)
                    && (self.month_days.is_empty() || self.is_month_day(first))
                    && (self.weekdays.is_empty() || self.is_weekday(first));
                if fits { vec![first] } else { Vec::new() }
            }
            Frequency::Weekly => span(first, 7)
                .filter(in_months)
                .filter(|day| match self.weekdays.is_empty() {
                    true => day.weekday() == start.weekday(),
                    false => self.is_weekday(*day),
                })
                .collect(),
            Frequency::Monthly if in_months(&first) => self.days_of_month(first, start),
            Frequency::Monthly => Vec::new(),
            Frequency::Yearly => self.days_of_year(first, start),
        }
    }

    fn days_of_year(&self, first: Date, start: Date) -> Vec<Date> {
        if self.months.is_empty() && self.month_days.is_empty() && !self.weekdays.is_empty() {
            // which of the year, not of a month
            let days: Vec<Date> = span(first, i64::from(first.days_in_year())).collect();
            return self.nth_weekdays(&days);
        }
        let months: Vec<i8> = match (self.months.is_empty(), self.month_days.is_empty()) {
            (false, _) => self.months.clone(),
            (true, false) => (1..=12).collect(),
            (true, true) => vec![start.month()],
        };
        let firsts = months
            .iter()
            .filter_map(|month| Date::new(first.year(), *month, 1).ok());
        firsts
            .flat_map(|month| self.days_of_month(month, start))
            .collect()
    }

    fn days_of_month(&self, first: Date, start: Date) -> Vec<Date> {
        let all: Vec<Date> = span(first, i64::from(first.days_in_month())).collect();
        match (self.month_days.is_empty(), self.weekdays.is_empty()) {
            (true, true) => all
                .into_iter()
                .filter(|day| day.day() == start.day())
                .collect(),
            (false, true) => all
                .into_iter()
                .filter(|day| self.is_month_day(*day))
                .collect(),
            (true, false) => self.nth_weekdays(&all),
            (false, false) => {
                let days = self.nth_weekdays(&all);
                days.into_iter()
                    .filter(|day| self.is_month_day(*day))
                    .collect()
            }
        }
    }

    fn is_month_day(&self, day: Date) -> bool {
        let from_end = day.day() - day.days_in_month() - 1;
        self.month_days.contains(&day.day()) || self.month_days.contains(&from_end)
    }

    fn is_weekday(&self, day: Date) -> bool {
        self.weekdays
            .iter()
            .any(|(_, weekday)| *weekday == day.weekday())
    }

    /// Of the days of a month or a year those that the rule names.
    fn nth_weekdays(&self, days: &[Date]) -> Vec<Date> {
        let mut found = Vec::new();
        for (nth, weekday) in &self.weekdays {
            let all: Vec<Date> = days
                .iter()
                .filter(|day| day.weekday() == *weekday)
                .copied()
                .collect();
            match nth {
                0 => found.extend(all),
                nth => found.extend(position(&all, *nth)),
            }
        }
        found
    }

    fn at_positions(&self, days: &[Date]) -> Vec<Date> {
        let mut found: Vec<Date> = self
            .positions
            .iter()
            .filter_map(|nth| position(days, *nth))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The `nth` from 1; from the end where it is negative.
fn position(days: &[Date], nth: i32) -> Option<Date> {
    let at = match nth > 0 {
        true => usize::try_from(nth - 1).ok()?,
        false => days.len().checked_sub(nth.unsigned_abs() as usize)?,
    };
    days.get(at).copied()
}

fn span(first: Date, days: i64) -> impl Iterator<Item = Date> {
    let all = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    all.take(days as usize)
}

fn set<T>(place: &mut T, value: Option<T>) -> bool {
    let is_some = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    is_some
}

fn numbers<T: std::str::FromStr>(text: &str, fits: impl Fn(&T) -> bool) -> Option<Vec<T>> {
    text.split(',')
        .map(|one| one.trim().parse().ok().filter(&fits))
        .collect()
}

/// `MO`, `2TU`, `-1FR`.
fn weekday(text: &str) -> Option<(i32, Weekday)> {
    let text = text.trim();
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth = match nth {
        "" => 0,
        nth => nth
            .parse()
            .ok()
            .filter(|n: &i32| *n != 0 && n.abs() <= 53)?,
    };
    Some((nth, day))
}
