//! What happened, for everybody who listens: files, slots, stories.
//!
//! In: what changed. Out: the same to each listener, numbered, the last ones kept for who comes back. Never: waiting for a
//! slow listener.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;

/// How many are kept for listeners that come back.
const KEPT: usize = 512;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Counted from 1.
    pub id: u64,
    /// `file`, `slot`, `story`.
    pub kind: &'static str,
    /// What listeners are told.
    pub data: Value,
}

/// Tells listeners.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Arc<Event>>,
    kept: Mutex<VecDeque<Arc<Event>>>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(KEPT).0,
            kept: Mutex::default(),
        }
    }
}

impl Events {
    /// Tells everybody who listens.
    pub fn tell(&self, kind: &'static str, data: Value) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let id = kept.back().map_or(1, |last| last.id + 1);
        let event = Arc::new(Event { id, kind, data });
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::clone(&event));
        // sent while the list is held, so that no listener misses one between the two; without a listener it is an error
        let _ = self.sender.send(event);
    }

    /// What came after the event `last`, and what is to come. None for `last`: only what is to come.
    pub fn listen(&self, last: Option<u64>) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = kept.iter().filter(|e| last.is_some_and(|last| e.id > last));
        (missed.cloned().collect(), self.sender.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn a_listener_that_comes_back_gets_what_it_missed() {
        let events = Events::default();
        let (missed, mut receiver) = events.listen(None);
        assert_eq!(missed, []);
        for n in 1..=3 {
            events.tell("file", json!({"n": n}));
        }
        assert_eq!(receiver.recv().await.unwrap().id, 1);
        let ids: Vec<_> = events.listen(Some(1)).0.iter().map(|e| e.id).collect();
        assert_eq!(ids, [2, 3]);
    }
}
