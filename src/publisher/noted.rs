//! Which slots a worker has noted in the store, so that it need not say them all again every few minutes.
//!
//! In: slots as the rules have them. Out: those that are news. Never: a slot that stays unsaid for more than an hour because
//! another worker has held or dropped it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::store::Slot;

/// How often every slot is noted, also those that this worker has noted before: another one may have dropped them.
const WHOLE: SignedDuration = SignedDuration::from_hours(1);

/// The slots that this worker has noted: the store is told once an hour of those that are as they were, and of others at
/// once.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// By the slot's id: when it is due, when its picture is made, and its template.
    slots: HashMap<String, (Timestamp, Timestamp, String)>,
    /// When all of them were last noted.
    since: Option<Timestamp>,
    /// Whole passes since the rules were read: another worker may have held a slot at the first.
    passes: u32,
}

impl Noted {
    /// Whether all are noted now.
    pub fn begins_anew(&mut self, now: Timestamp) -> bool {
        let is_old = |at: Timestamp| now < at || now.duration_since(at) > WHOLE;
        if self.passes >= 2 && !self.since.is_none_or(is_old) {
            return false;
        }
        self.since = Some(now);
        self.passes += 1;
        // what is past goes with it
        self.slots.clear();
        true
    }

    pub fn is_news(&self, slot: &Slot) -> bool {
        let known = self.slots.get(&slot.id);
        known.is_none_or(|(due, freeze, template)| {
            (*due, *freeze, template) != (slot.due, slot.freeze, &slot.template)
        })
    }

    pub fn add(&mut self, slots: Vec<Slot>) {
        let each = slots.into_iter();
        self.slots
            .extend(each.map(|slot| (slot.id, (slot.due, slot.freeze, slot.template))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn all_are_noted_twice_at_first_and_then_once_an_hour() {
        let mut noted = Noted::default();
        let whole = [0, 10, 20, 60, 71, 80, 132, 131].map(|now| noted.begins_anew(at(now)));
        assert_eq!(
            whole,
            // the last one: the clock was set back
            [true, true, false, false, true, false, true, true]
        );
    }
}
