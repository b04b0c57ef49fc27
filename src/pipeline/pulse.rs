//! Whether a loop still turns.
//!
//! In: a sign from whoever goes round. Out: how long ago the last one was.
//! Never: a word on whether the work succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The last turn of a loop, by a clock that nobody can put back. Copies are of the same loop.
#[derive(Debug, Clone)]
pub struct Pulse {
    began: Instant,
    /// Milliseconds since then, and one more; 0 before the first turn.
    turned: Arc<AtomicU64>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            turned: Arc::default(),
        }
    }
}

impl Pulse {
    /// Of a loop that was to begin then.
    #[cfg(test)]
    pub(crate) fn begun(began: Instant) -> Self {
        Self {
            began,
            ..Self::default()
        }
    }

    /// The loop has gone round.
    pub fn turn(&self) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.turned.store(passed + 1, Ordering::Relaxed);
    }

    /// It has gone round at least once.
    pub fn has_turned(&self) -> bool {
        self.turned.load(Ordering::Relaxed) > 0
    }

    /// How long ago it last went round; before the first time, how long it has had for that.
    pub fn still_for(&self) -> Duration {
        let turned = Duration::from_millis(self.turned.load(Ordering::Relaxed).saturating_sub(1));
        self.began.elapsed().saturating_sub(turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_turns_is_not_still() {
        let now = Instant::now();
        let Some(began) = now.checked_sub(Duration::from_secs(100)) else {
            return;
        };
        let pulse = Pulse::begun(began);
        assert!(!pulse.has_turned());
        assert!(pulse.still_for() >= Duration::from_secs(100));
        pulse.clone().turn();
        assert!(pulse.has_turned());
        assert!(pulse.still_for() < Duration::from_secs(60));
    }
}
