//! What another calendar would change.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Rule, Slot};

/// One slot that is not as it was.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// It is new.
    Added(Slot),
    /// It is gone.
    Dropped(Slot),
    /// It goes out at another instant: in another zone, or at another time of the same day.
    Moved {
        /// As it was.
        from: Slot,
        /// As it would be.
        to: Slot,
    },
}

impl Difference {
    /// The slot as it would be; as it was, where it is gone.
    pub fn slot(&self) -> &Slot {
        match self {
            Self::Added(slot) | Self::Dropped(slot) | Self::Moved { to: slot, .. } => slot,
        }
    }

    /// When it was due, or would be: the earlier of both.
    fn due(&self) -> Timestamp {
        match self {
            Self::Added(slot) | Self::Dropped(slot) => slot.due,
            Self::Moved { from, to } => from.due.min(to.due),
        }
    }
}

/// What `new` would change of `old`, for slots due from the first instant to before the second, in the order of time.
///
/// A slot that keeps its id and is due at another instant is moved; so is one that goes at one time of a day where
/// another of the same rule, account and day comes.
pub fn diff(old: &[Rule], new: &[Rule], range: (Timestamp, Timestamp)) -> Vec<Difference> {
    let slots = |rules: &[Rule]| -> Vec<Slot> {
        rules
            .iter()
            .flat_map(|rule| rule.slots(range.0, range.1))
            .collect()
    };
    let (old, new) = (slots(old), slots(new));
    let was: HashMap<Key, &Slot> = old.iter().map(|slot| (key(slot), slot)).collect();
    let is: HashMap<Key, &Slot> = new.iter().map(|slot| (key(slot), slot)).collect();
    let mut dropped: HashMap<Day, Vec<&Slot>> = HashMap::new();
    for slot in old.iter().filter(|slot| !is.contains_key(&key(slot))) {
        dropped.entry(day(slot)).or_default().push(slot);
    }
    let mut found = Vec::new();
    for slot in &new {
        match was.get(&key(slot)) {
            Some(before) if before.due == slot.due => {}
            Some(before) => found.push(moved(before, slot)),
            None => match dropped
                .get_mut(&day(slot))
                .filter(|slots| !slots.is_empty())
            {
                Some(slots) => found.push(moved(slots.remove(0), slot)),
                None => found.push(Difference::Added(slot.clone())),
            },
        }
    }
    let gone = dropped.into_values().flatten();
    found.extend(gone.map(|slot| Difference::Dropped(slot.clone())));
    found.sort_by(|a, b| {
        let order = a.due().cmp(&b.due());
        order.then_with(|| a.slot().id().cmp(&b.slot().id()))
    });
    found
}

fn moved(from: &Slot, to: &Slot) -> Difference {
    Difference::Moved {
        from: from.clone(),
        to: to.clone(),
    }
}

type Key = (Box<str>, Option<Box<str>>, jiff::civil::DateTime);

/// A rule's day for one account.
type Day = (Box<str>, Option<Box<str>>, Date);

fn key(slot: &Slot) -> Key {
    let account = slot.account.as_deref().map(Into::into);
    ((&*slot.schedule).into(), account, slot.wall)
}

fn day(slot: &Slot) -> Day {
    let (schedule, account, wall) = key(slot);
    (schedule, account, wall.date())
}
