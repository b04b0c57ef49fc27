//! Which rows earlier slots of a rule have used, as the store remembers it.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// A row that a slot of the rule has used: whatever became of the slot, skipped and missed ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The row's id; its number where it has none.
    pub row: String,
    /// The slot's own date and time, by the rule.
    pub wall: DateTime,
    /// When it was due.
    pub due: Timestamp,
}

/// What is remembered of a rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct History<'a> {
    /// Rows that were used, of all accounts, in any order.
    pub used: &'a [Used],
    /// `pick = "new"`: the ids that were there at the first run and do not go out. None before the first run.
    pub adopted: Option<&'a [String]>,
}
