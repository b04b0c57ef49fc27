//! A rule as people say it.

use jiff::SignedDuration;

use super::days::{joined, long};
use super::slot::clock;
use super::{Every, Pick, Rule, Unapproved};

impl Rule {
    /// The rule in one sentence: `Monday to Friday at 09:00 and 17:30 (Europe/Madrid), from 1 December 2026: …`.
    pub fn words(&self) -> String {
        let times: Vec<String> = self.times.iter().map(|time| clock(*time)).collect();
        let mut when = format!("{} at {}", self.days.words(), joined(&times));
        if let Some(zone) = self.zone.iana_name() {
            when += &format!(" ({zone})");
        }
        match self.every {
            None | Some(Every::Days(1) | Every::Weeks(1) | Every::Months(1)) => {}
            Some(Every::Days(n)) => when += &format!(", every {n} days"),
            Some(Every::Weeks(n)) => when += &format!(", every {n} weeks"),
            Some(Every::Months(n)) => when += &format!(", every {n} months"),
        }
        if let Some(from) = self.from {
            when += &format!(", from {}", long(from));
        }
        if let Some(until) = self.until {
            when += &format!(" until {}", long(until));
        }
        if let Some(count) = self.count {
            when += &format!(", {count} times");
        }
        match self.except.len() {
            0 => {}
            1..=3 => {
                let days: Vec<String> = self.except.iter().map(|day| long(*day)).collect();
                when += &format!(", not on {}", joined(&days));
            }
            n => when += &format!(", but for {n} days"),
        }
        format!("{when}: {}", self.what())
    }

    /// What goes out, and how it is decided.
    fn what(&self) -> String {
        let mut what = match self.templates.len() {
            1 => self.templates[0].clone(),
            _ => format!("{} in turn", joined(&self.templates)),
        };
        if !self.accounts.is_empty() {
            what += &format!(" for {}", joined(&self.accounts));
        }
        if let Some(data) = &self.data {
            what += &match &self.pick {
                Pick::Date { column } => {
                    format!(", with the row of {data} whose `{column}` is the day")
                }
                Pick::Weekday { column } => {
                    format!(", with the row of {data} whose `{column}` is the weekday")
                }
                Pick::Next => format!(", with the next row of {data}"),
                Pick::Rotate => format!(", with the row of {data} that was used longest ago"),
                Pick::New => format!(", with a row of {data} that never went out"),
                Pick::All => format!(", one story for each row of {data}"),
            };
        }
        if !self.cooldown.is_zero() {
            what += &format!(", the same row not within {}", span(self.cooldown));
        }
        if !self.freeze.is_zero() {
            what += &format!("; the picture is made {} before", span(self.freeze));
        }
        if self.approve {
            what += match self.unapproved {
                Unapproved::Skip => "; skipped unless it is approved",
                Unapproved::Hold => "; waits until it is approved",
            };
        }
        if let Some(late) = self.late {
            what += &format!("; missed when it is {} late", span(late));
        }
        if self.paused {
            what += "; paused";
        }
        what
    }
}

/// `2 h`, `1 d 12 h`, `90 s`.
fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs().unsigned_abs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    match parts.is_empty() {
        true => "0 s".to_owned(),
        false => parts.join(" "),
    }
}
