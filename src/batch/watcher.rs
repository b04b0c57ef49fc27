//! Who follows a batch while it is made.

use super::Outcome;
use crate::media::Progress;

/// Gets what becomes of each story as soon as it is known, from any thread.
///
/// A closure `|place, outcome| …` is one.
pub trait Watcher: Sync {
    /// The story at `place` of [`Plan::stories`](super::Plan::stories) has ended. Each place comes once at most, in no
    /// order; a story that was stopped before its end does not come.
    fn outcome(&self, place: usize, outcome: Outcome);

    /// A film of that name is begun: what is returned hears how far it is, and is dropped at its end.
    fn film(&self, name: &str) -> Box<dyn FnMut(Progress) + '_> {
        let _ = name;
        Box::new(|_| {})
    }
}

impl<F: Fn(usize, Outcome) + Sync> Watcher for F {
    fn outcome(&self, place: usize, outcome: Outcome) {
        self(place, outcome);
    }
}
