//! What a project says once about when its stories go out.

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{Days, Every};
use crate::diag::Place;

/// `[schedule.NAME]`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The key of its table: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Template files as they are written, against the project's folder: one after the other, slot by slot.
    pub templates: Vec<String>,
    /// Accounts by the project's names, each gets a story; none is the project's only one.
    pub accounts: Vec<String>,
    /// On which days.
    pub days: Days,
    /// At which times of such a day, sorted, each once.
    pub times: Vec<Time>,
    /// The zone of days and times.
    pub zone: TimeZone,
    /// The first day.
    pub from: Option<Date>,
    /// The last day, inclusive.
    pub until: Option<Date>,
    /// So many slots of one account, those of `except` not counted; needs `from`.
    pub count: Option<u32>,
    /// Only every so many days, weeks or months, counted from `from`.
    pub every: Option<Every>,
    /// Days without slots, sorted: those of calendar files too.
    pub except: Vec<Date>,
    /// A data file as it is written, against the project's folder, or `source:NAME`.
    pub data: Option<String>,
    /// Which row of the data a slot takes.
    pub pick: Pick,
    /// `rotate`: the same row not sooner, in the zone's own time (14 days are 14 days over a clock change).
    pub cooldown: SignedDuration,
    /// Values of variables, over data and defaults, as `--set` gives them.
    pub set: Vec<(String, String)>,
    /// The picture is made that long before the slot, and does not change.
    pub freeze: SignedDuration,
    /// It goes out only when its picture was approved.
    pub approve: bool,
    /// What becomes of a slot that nobody approved.
    pub unapproved: Unapproved,
    /// Later than that it is missed; none is what `[publish]` says.
    pub late: Option<SignedDuration>,
    /// Nothing of it goes out.
    pub paused: bool,
    /// Where it is written.
    pub places: Places,
}

/// Where the parts of a rule are written, for messages.
#[derive(Debug, Clone)]
pub struct Places {
    /// Its name in the heading.
    pub name: Place,
    /// Its keys, each with its value's place.
    pub keys: Vec<(String, Place)>,
}

impl Places {
    /// Where the value of a key is; the rule's name without that key.
    pub fn of(&self, key: &str) -> &Place {
        let found = self.keys.iter().find(|(name, _)| name == key);
        found.map_or(&self.name, |(_, place)| place)
    }
}

/// Which row of the data a slot takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The row whose column is the slot's day.
    Date {
        /// `date` by default.
        column: String,
    },
    /// The row whose column is the slot's weekday.
    Weekday {
        /// `weekday` by default.
        column: String,
    },
    /// Each row once, by its id, in file order.
    Next,
    /// The row that was used longest ago, then file order.
    Rotate,
    /// A row whose id never went out, in file order.
    New,
    /// A story of every row.
    All,
}

impl Pick {
    /// Whether rows take turns: a slot that is skipped or missed used its row as well.
    pub fn takes_turns(&self) -> bool {
        matches!(self, Self::Next | Self::Rotate)
    }

    /// Whether a slot's row depends on those of other slots; else each has its own by itself.
    pub fn depends_on_others(&self) -> bool {
        match self {
            Self::Next | Self::Rotate | Self::New => true,
            Self::Date { .. } | Self::Weekday { .. } | Self::All => false,
        }
    }
}

/// What becomes of a slot that nobody approved in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unapproved {
    /// It ends `skipped`.
    #[default]
    Skip,
    /// It waits, also past `late`.
    Hold,
}
