//! How work is asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Stops the work it was given to, from any thread; clones stop the same work.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    /// When the work stops by itself, and how long it had until then.
    limit: Option<(Instant, Duration)>,
}

impl Cancel {
    /// Asks the work to stop: it ends within a second.
    pub fn stop(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop, or its time is over.
    pub fn is_stopped(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
            || self.limit.is_some_and(|(end, _)| Instant::now() >= end)
    }

    /// The same, for work that also stops by itself when it took as long as this, counted from now.
    pub fn within(&self, limit: Duration) -> Self {
        Self {
            asked: Arc::clone(&self.asked),
            // a time that no clock reaches is no limit
            limit: Instant::now().checked_add(limit).map(|end| (end, limit)),
        }
    }

    /// How long the work had, if its time and nobody's request stopped it.
    pub fn overran(&self) -> Option<Duration> {
        let (_, limit) = self.limit?;
        (!self.asked.load(Ordering::Relaxed)).then_some(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_stopped_by_who_asks_and_by_its_time() {
        let cancel = Cancel::default();
        let (long, over) = (
            cancel.within(Duration::from_secs(60)),
            cancel.within(Duration::ZERO),
        );
        assert!(!cancel.is_stopped() && !long.is_stopped() && over.is_stopped());
        assert!(!cancel.within(Duration::MAX).is_stopped());
        assert_eq!(over.overran(), Some(Duration::ZERO));
        cancel.stop();
        assert!(long.is_stopped());
        assert_eq!(over.overran(), None);
    }
}
