//! What was made, kept by use, made once however many threads ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Values by key, bounded by bytes; the one used longest ago goes first.
pub(super) struct Cache<K, V> {
    most_bytes: usize,
    made: AtomicUsize,
    inner: Mutex<Inner<K, V>>,
}

struct Inner<K, V> {
    slots: HashMap<K, Slot<V>>,
    clock: u64,
    bytes: usize,
}

struct Slot<V> {
    value: Arc<OnceLock<V>>,
    /// None while it is made.
    bytes: Option<usize>,
    used: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    pub fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            made: AtomicUsize::new(0),
            inner: Mutex::new(Inner {
                slots: HashMap::new(),
                clock: 0,
                bytes: 0,
            }),
        }
    }

    /// How many values were made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// The value of `key`, remembered, waited for, or made by `make`.
    pub fn get(&self, key: &K, make: impl FnOnce() -> V, bytes: impl FnOnce(&V) -> usize) -> V {
        let value = self.slot(key);
        let mut mine = false;
        let got = value
            .get_or_init(|| {
                mine = true;
                self.made.fetch_add(1, Ordering::Relaxed);
                make()
            })
            .clone();
        if mine {
            self.account(key, &value, bytes(&got));
        }
        got
    }

    fn slot(&self, key: &K) -> Arc<OnceLock<V>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let used = inner.clock;
        if let Some(slot) = inner.slots.get_mut(key) {
            slot.used = used;
            return Arc::clone(&slot.value);
        }
        let value = Arc::default();
        inner.slots.insert(
            key.clone(),
            Slot {
                value: Arc::clone(&value),
                bytes: None,
                used,
            },
        );
        value
    }

    /// Notes the size of a new value and forgets old ones until all fit.
    fn account(&self, key: &K, value: &Arc<OnceLock<V>>, bytes: usize) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // an error weighs little, but not nothing: a million of them would
        let bytes = bytes.max(256);
        if let Some(slot) = inner.slots.get_mut(key)
            && Arc::ptr_eq(&slot.value, value)
        {
            slot.bytes = Some(bytes);
            inner.bytes += bytes;
        }
        while inner.bytes > self.most_bytes {
            let oldest = inner
                .slots
                .iter()
                .filter(|(_, slot)| slot.bytes.is_some())
                .min_by_key(|(_, slot)| slot.used)
                .map(|(key, _)| key.clone());
            let Some(slot) = oldest.and_then(|key| inner.slots.remove(&key)) else {
                break;
            };
            inner.bytes -= slot.bytes.unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_is_forgotten_first() {
        let cache = Cache::new(2_000);
        let get = |key: u32| cache.get(&key, || key, |_| 1_000);
        for key in [1, 2, 1, 3] {
            get(key);
        }
        assert_eq!(cache.made(), 3);
        get(1);
        assert_eq!(cache.made(), 3, "1 was used after 2");
        get(2);
        assert_eq!(cache.made(), 4);
    }

    #[test]
    fn threads_that_want_the_same_wait_for_one() {
        let cache = Cache::new(1_000);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| cache.get(&0, || 7, |_| 10));
            }
        });
        assert_eq!(cache.made(), 1);
    }

    #[test]
    fn a_value_larger_than_the_cache_is_given_and_forgotten() {
        let cache = Cache::new(10);
        assert_eq!(cache.get(&0, || 7, |_| 1_000), 7);
        assert_eq!(cache.get(&0, || 8, |_| 1_000), 8);
    }
}
