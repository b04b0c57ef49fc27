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
pub(super) struct Scratch {
    /// As many as were ever asked for: cutting them off and growing again would fill them with what nobody reads.
    bytes: Vec<u8>,
    len: usize,
}

impl Scratch {
    /// `len` bytes, whatever they are.
    pub fn new(len: usize) -> Self {
        let spare = SPARE.with_borrow_mut(|spare| {
            let fits = (0..spare.len())
                .filter(|&i| spare[i].len() >= len)
                .min_by_key(|&i| spare[i].len());
            let at = fits.or_else(|| spare.len().checked_sub(1))?;
            Some(spare.swap_remove(at))
        });
        let fits = spare.filter(|bytes| bytes.len() >= len);
        Self {
            bytes: fits.unwrap_or_else(|| vec![0; len]),
            len,
        }
    }
}

impl From<Vec<u8>> for Scratch {
    fn from(bytes: Vec<u8>) -> Self {
        let len = bytes.len();
        Self { bytes, len }
    }
}

impl Deref for Scratch {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
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
