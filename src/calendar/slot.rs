//! One date and time of one rule for one account: the key of at most one story.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A slot of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The rule's name.
    pub schedule: Arc<str>,
    /// The rule's own date and time, as it is written: also where a clock change skips it.
    pub wall: DateTime,
    /// The zone of `wall`.
    pub zone: TimeZone,
    /// The instant it goes out.
    pub due: Timestamp,
    /// What a clock change did to it.
    pub change: Option<Change>,
    /// The template whose turn it is, as the rule has it.
    pub template: Arc<str>,
    /// The account by the project's name; none is the project's only one.
    pub account: Option<Arc<str>>,
    /// Whether the rule has several accounts: the id names the account then.
    pub one_of_several: bool,
    /// The row of a series (`pick = "all"`).
    pub key: Option<String>,
}

/// What a clock change does to a wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is skipped that day: the slot goes out at the same wall time plus the gap.
    Gap,
    /// It happens twice: the slot goes out the first time.
    Overlap,
}

impl Change {
    /// `gap` or `overlap`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Overlap => "overlap",
        }
    }
}

impl Slot {
    /// `NAME@2026-12-01T09:00`, then `/ACCOUNT` where the rule has several, then `#KEY` in a series.
    pub fn id(&self) -> SlotId {
        SlotId {
            schedule: self.schedule.to_string(),
            wall: self.wall,
            account: (self.account.as_deref())
                .filter(|_| self.one_of_several)
                .map(str::to_owned),
            key: self.key.clone(),
        }
    }

    /// The slot that a row of a series is of; none for a slot that is no row's.
    pub fn series(&self) -> Option<Self> {
        self.key.as_ref()?;
        Some(Self {
            key: None,
            ..self.clone()
        })
    }

    /// The slot of one row of a series.
    pub fn of_row(&self, key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            ..self.clone()
        }
    }
}

/// The name of a slot: `menu@2026-12-01T09:00/main#tart`.
///
/// Seconds are written where there are any. It shows, serialises and is read as that text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId {
    /// The rule's name.
    pub schedule: String,
    /// The rule's date and time.
    pub wall: DateTime,
    /// The account, where the rule has several.
    pub account: Option<String>,
    /// The row of a series.
    pub key: Option<String>,
}

/// The text is no slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no slot: write NAME@2026-12-01T09:00, as `storypress schedule next` shows it")]
pub struct SlotIdError(String);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.wall.date(), self.wall.time());
        write!(f, "{}@{date}T{}", self.schedule, clock(time))?;
        if let Some(account) = &self.account {
            write!(f, "/{account}")?;
        }
        match &self.key {
            Some(key) => write!(f, "#{key}"),
            None => Ok(()),
        }
    }
}

/// `09:00`; with seconds where there are any.
pub(super) fn clock(time: jiff::civil::Time) -> String {
    match time.second() {
        0 => format!("{:02}:{:02}", time.hour(), time.minute()),
        second => format!("{:02}:{:02}:{second:02}", time.hour(), time.minute()),
    }
}

impl FromStr for SlotId {
    type Err = SlotIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (schedule, rest) = text.split_once('@')?;
            let end = rest.find(['/', '#']).unwrap_or(rest.len());
            let (wall, rest) = rest.split_at(end);
            let (date, time) = wall.split_once('T')?;
            let time: jiff::civil::Time = time.parse().ok()?;
            let wall = date.parse::<jiff::civil::Date>().ok()?.to_datetime(time);
            let (account, key) = match rest.strip_prefix('/') {
                Some(rest) => match rest.split_once('#') {
                    Some((account, key)) => (Some(account), Some(key)),
                    None => (Some(rest), None),
                },
                None => (None, rest.strip_prefix('#')),
            };
            let is_named = |part: Option<&str>| part.is_none_or(|part| !part.is_empty());
            (!schedule.is_empty() && is_named(account) && is_named(key)).then(|| Self {
                schedule: schedule.to_owned(),
                wall,
                account: account.map(str::to_owned),
                key: key.map(str::to_owned),
            })
        };
        read().ok_or_else(|| SlotIdError(text.to_owned()))
    }
}

impl Serialize for SlotId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SlotId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        for text in [
            "menu@2026-12-01T09:00",
            "menu@2026-12-01T09:00/main",
            "menu@2026-12-01T09:00:30#tart",
            "menu@2026-12-01T09:00/main#a/b#c@d",
            "menu-2.x_y@2026-12-01T23:59/café",
        ] {
            let id: SlotId = text.parse().expect(text);
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "menu",
            "@2026-12-01T09:00",
            "menu@2026-12-01",
            "menu@2026-13-01T09:00",
            "menu@2026-12-01T25:00",
            "menu@2026-12-01T09:00/",
            "menu@2026-12-01T09:00#",
            "menu@2026-12-01T09:00/#x",
            "menu@2026-12-01T09:00Z",
            "menu@2026-12-01T09:00 ",
            "",
        ] {
            assert!(text.parse::<SlotId>().is_err(), "{text}");
        }
    }
}
