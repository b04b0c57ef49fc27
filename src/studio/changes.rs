//! What listeners know of the project's files: by content, so that a write is told once whoever made it.
//!
//! In: the digest of a file. Out: `file` events `{path, hash}`; the hash is null for a file that is gone. Never: the same
//! content twice in a row.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::events::Events;

/// The content of each file as listeners know it.
#[derive(Debug, Default)]
pub struct Changes {
    known: Mutex<HashMap<String, Option<String>>>,
    count: AtomicU64,
}

impl Changes {
    /// Notes what a file holds now, and tells it where that is new.
    pub fn own(&self, path: &str, hash: Option<&str>, events: &Events) {
        let hash = hash.map(str::to_owned);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(path.to_owned(), hash.clone()) != Some(hash.clone()) {
            self.count.fetch_add(1, Ordering::Relaxed);
            // told while the map is held, so that the last event of a file is its last content
            events.tell("file", json!({"path": path, "hash": hash}));
        }
    }

    /// How many were told: what is made of files and was looked at under this number may be another thing under the next.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Notes what a file holds from the start, which is no news.
    pub fn note(&self, path: &str, hash: Option<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(path.to_owned()).or_insert(hash);
    }
}
