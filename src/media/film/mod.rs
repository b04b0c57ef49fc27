//! Film that the platform accepts: read, framed, painted over, encoded to the byte budget, checked.
//!
//! In: a [`Scene`](crate::scene::Scene) with clips in it, and the name its file shall have. Out: a
//! [`Media`](super::Media), whole and verified, or an error and no file. Never: more bytes than the budget, a second
//! of the film lost, a file or address that the scene does not name.

mod av;
mod encode;
mod facts;
mod mux;
mod pictures;
mod player;
mod rate;
mod shape;
mod tone;
mod lay;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stops the work it was given to, from any thread; clones stop the same work.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work to stop: it ends within a second, with [`Error::Cancelled`](super::Error::Cancelled).
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
