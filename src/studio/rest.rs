//! Gives back memory while nothing is painted.
//!
//! In: how often frames ask for buffers. Out: the kept buffers, up to eight frames of them, back to the system. Never: work while
//! somebody types: the next frame would have to ask for fresh pages.

use std::time::Duration;

use super::state::Studio;
use crate::frame;

/// So long nothing was painted.
const PAUSE: Duration = Duration::from_secs(2);

/// Looks after it until the studio ends.
pub async fn watch(studio: Studio) {
    let mut asked = 0;
    loop {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => asked = frame::rest(asked),
            () = studio.closed() => return,
        }
    }
}
