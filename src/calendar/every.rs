//! Every so many days, weeks or months.

use jiff::civil::{Date, Weekday};

/// `every`: counted from the rule's `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Days from `from`.
    Days(u32),
    /// Weeks from Monday; the first holds `from`.
    Weeks(u32),
    /// Months from that of `from`.
    Months(u32),
}

/// Most days, weeks or months.
const MOST: u32 = 1000;

impl Every {
    /// `2 weeks`, `3 days`, `month`; none where it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number = match number {
            "" => 1,
            number => number.parse().ok().filter(|n| (1..=MOST).contains(n))?,
        };
        match unit.trim() {
            "day" | "days" => Some(Self::Days(number)),
            "week" | "weeks" => Some(Self::Weeks(number)),
            "month" | "months" => Some(Self::Months(number)),
            _ => None,
        }
    }

    /// Whether a day is one of those that are counted, not before `from`.
    pub fn holds(self, from: Date, date: Date) -> bool {
        if date < from {
            return false;
        }
        let (passed, number) = match self {
            Self::Days(n) => (days_between(from, date), n),
            Self::Weeks(n) => (days_between(monday(from), monday(date)) / 7, n),
            Self::Months(n) => {
                let months = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month());
                (months(date) - months(from), n)
            }
        };
        passed % i64::from(number) == 0
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// The Monday of a day's week.
fn monday(date: Date) -> Date {
    let since = date.weekday().since(Weekday::Monday);
    date.saturating_sub(jiff::Span::new().days(since))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_is_read_as_people_write_it() {
        for (text, every) in [
            ("2 weeks", Some(Every::Weeks(2))),
            ("1 day", Some(Every::Days(1))),
            (" 3days", Some(Every::Days(3))),
            ("Month", Some(Every::Months(1))),
            ("0 weeks", None),
            ("-1 days", None),
            ("1001 days", None),
            ("2 years", None),
            ("2", None),
            ("", None),
        ] {
            assert_eq!(Every::parse(text), every, "{text}");
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_the_first_holds_from() {
        // a Thursday
        let from = date(2026, 12, 3);
        let every = Every::Weeks(2);
        let held: Vec<i8> = (1..=31)
            .filter(|d| every.holds(from, date(2026, 12, *d)))
            .collect();
        assert_eq!(
            held,
            [3, 4, 5, 6, 14, 15, 16, 17, 18, 19, 20, 28, 29, 30, 31]
        );
    }

    #[test]
    fn months_are_counted_from_that_of_from() {
        let from = date(2026, 11, 20);
        let every = Every::Months(3);
        assert!(every.holds(from, date(2026, 11, 20)));
        assert!(!every.holds(from, date(2026, 11, 19)));
        assert!(!every.holds(from, date(2027, 1, 5)));
        assert!(every.holds(from, date(2027, 2, 5)));
    }

    #[test]
    fn days_are_counted_over_clock_changes_and_leap_days() {
        let from = date(2028, 2, 27);
        let every = Every::Days(3);
        assert!(every.holds(from, date(2028, 3, 1)));
        assert!(!every.holds(from, date(2028, 2, 29)));
    }
}
