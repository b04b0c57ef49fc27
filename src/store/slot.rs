//! A slot of the calendar on its way to a story.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::StoryKey;
use crate::graph::UserTag;
use crate::media::Media;

/// How far a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotState {
    /// It stands in the calendar; there is no picture yet.
    Planned,
    /// Its picture is made and does not change.
    Frozen,
    /// Its picture is made, and somebody has to approve it.
    Waiting,
    /// It did not go out by somebody's decision, or for want of a row.
    Skipped,
    /// It was too late.
    Missed,
    /// It became a story, whose state is now what counts.
    Entered,
    /// It became one slot for each row.
    Split,
    /// The calendar does not have it any more.
    Dropped,
}

impl SlotState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Planned,
        Self::Frozen,
        Self::Waiting,
        Self::Skipped,
        Self::Missed,
        Self::Entered,
        Self::Split,
        Self::Dropped,
    ];

    /// The word of reports and of the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Frozen => "frozen",
            Self::Waiting => "waiting",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
            Self::Entered => "entered",
            Self::Split => "split",
            Self::Dropped => "dropped",
        }
    }

    /// Somebody has to look at it again.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Frozen | Self::Waiting)
    }
}

/// A finished picture or film of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// The file, which the store keeps.
    #[serde(flatten)]
    pub media: Media,
    /// Who is mentioned in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserTag>,
    /// When it was made.
    pub made: Timestamp,
}

/// What a person decided about a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The picture that was looked at.
    pub sha256: String,
    /// Who has decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A slot of the calendar on its way to a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// `NAME@2026-12-01T09:00`, then `/ACCOUNT`, then `#KEY`.
    pub id: String,
    /// The rule's name.
    pub schedule: String,
    /// As the project names it.
    pub account: String,
    /// The rule's own date and time.
    pub wall: DateTime,
    /// The rule's own time: what `today` and `now` are in its picture, whenever that is made and it goes out.
    pub own: Timestamp,
    /// When it shall go out.
    pub due: Timestamp,
    /// When its picture shall be made.
    pub freeze: Timestamp,
    /// The IANA name of the zone in which the rule's time is meant.
    pub zone: String,
    /// `gap` or `overlap`, where the zone's clocks change at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The template, as the rule names it.
    pub template: String,
    /// How far it is.
    pub state: SlotState,
    /// When to look at it again; never before.
    pub wake: Timestamp,
    /// The key of the row that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_key: Option<String>,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// The picture that was approved before its data changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Picture>,
    /// When the data was last read for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Timestamp>,
    /// Who has approved which picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Decision>,
    /// Who has rejected which picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Decision>,
    /// It was moved by hand: the rule does not move it back.
    #[serde(default)]
    pub is_moved: bool,
    /// What it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<StoryKey>,
    /// What it waits for, or why it did not go out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The code of what went wrong last: `no-row`, `source-failed`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Among the slots of one row each that one slot became.
    #[serde(default)]
    pub position: u32,
    /// When a worker first found it in the calendar.
    pub seen: Timestamp,
    /// The last that was done with it was done in a rehearsal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearsed: bool,
}

impl Slot {
    /// The picture that it has now is approved.
    pub fn is_approved(&self) -> bool {
        match (&self.approval, &self.picture) {
            (Some(approval), Some(picture)) => approval.sha256 == picture.media.sha256,
            _ => false,
        }
    }

    /// The picture that it has now was rejected.
    pub fn is_rejected(&self) -> bool {
        match (&self.rejection, &self.picture) {
            (Some(no), Some(picture)) => no.sha256 == picture.media.sha256,
            _ => false,
        }
    }

    /// Who has rejected the picture that it has now, and why.
    pub fn why_rejected(&self) -> Option<String> {
        let no = self.rejection.as_ref().filter(|_| self.is_rejected())?;
        Some(match &no.reason {
            Some(reason) => format!("its picture was rejected by {}: {reason}", no.by),
            None => format!("its picture was rejected by {}", no.by),
        })
    }

    /// It had its picture, and nothing but its time was waited for: whoever takes it out of the calendar says so.
    pub fn was_to_go_out(&self) -> bool {
        self.picture.is_some() && (self.state == SlotState::Frozen || self.is_approved())
    }

    /// There was nothing to show when it was looked for last. What its account lacks does not count.
    pub fn found_no_row(&self) -> bool {
        let trouble = self.trouble.as_deref();
        self.row_key.is_none() && trouble.is_some_and(|code| !matches!(code, "quota" | "token"))
    }

    /// The id of the slot that became one for each row, where this is one of those; else its own.
    pub fn series(&self) -> &str {
        self.id.split('#').next().unwrap_or_default()
    }

    /// The key of its row, where it is one of a series.
    pub fn key_in_series(&self) -> Option<&str> {
        self.id.split_once('#').map(|(_, key)| key)
    }

    /// What there is one of, also where a rule gets a second account and its slots other names.
    pub fn place(&self) -> String {
        place_of(
            &self.schedule,
            self.wall,
            &self.account,
            self.key_in_series(),
        )
    }
}

/// The place of the slot of a rule's date and time, an account and a row of a series.
pub fn place_of(schedule: &str, wall: DateTime, account: &str, key: Option<&str>) -> String {
    format!("{schedule}@{wall}/{account}#{}", key.unwrap_or_default())
}
