//! Large buffers that one picture leaves to the next.
//!
//! Fresh memory costs the system a visit for every page: about 18 ms for the 36 MB of a phone's photo. Each thread
//! keeps what it used last, up to a bound.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Bytes that a thread keeps at most.
const KEEP: usize = 40 << 20;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes of unspecified contents, given back to the thread when dropped.
pub(super) struct Scratch(Vec<u8>);

impl Scratch {
    /// `len` bytes, whatever they are.
    pub fn new(len: usize) -> Self {
        let spare = SPARE.with_borrow_mut(|spare| {
            let fits = (0..spare.len())
                .filter(|&i| spare[i].capacity() >= len)
                .min_by_key(|&i| spare[i].capacity());
            let at = fits.or_else(|| spare.len().checked_sub(1))?;
            Some(spare.swap_remove(at))
        });
        let mut bytes = spare.unwrap_or_default();
        if bytes.capacity() < len {
            // growing would copy what nobody reads
            bytes = vec![0; len];
        } else {
            bytes.resize(len, 0);
        }
        Self(bytes)
    }
}

impl From<Vec<u8>> for Scratch {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Scratch {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.0);
        // a thread that ends has no place to keep it any more
        let _ = SPARE.try_with(|spare| {
            let Ok(mut spare) = spare.try_borrow_mut() else {
                return;
            };
            let kept: usize = spare.iter().map(Vec::capacity).sum();
            if kept + bytes.capacity() <= KEEP {
                spare.push(bytes);
            }
        });
    }
}
