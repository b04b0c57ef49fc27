//! What is remembered of slots and their rows.
//!
//! The one place that the commands ask: as long as no slot is kept, nothing has happened yet.

use crate::calendar::{History, Rule, Slot, Used};

/// What is remembered of a rule, and what a look ahead adds to it.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub used: Vec<Used>,
    pub adopted: Option<Vec<String>>,
}

impl Memory {
    /// Of a rule.
    pub fn of(_rule: &Rule) -> Self {
        Self::default()
    }

    pub fn history(&self) -> History<'_> {
        History {
            used: &self.used,
            adopted: self.adopted.as_deref(),
        }
    }
}

/// Where a slot stands.
pub(super) fn state(rule: &Rule, _slot: &Slot) -> &'static str {
    match rule.paused {
        true => "paused",
        false => "planned",
    }
}
