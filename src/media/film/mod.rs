//! Film that the platform accepts: read, framed, painted over, encoded to the byte budget, checked.
//!
//! In: a [`Scene`](crate::scene::Scene) with clips in it, and the name its file shall have. Out: a
//! [`Media`](super::Media), whole and verified, or an error and no file. Never: more bytes than the budget, a second
//! of the film lost, a file or address that the scene does not name.

mod analysis;
mod av;
mod boxes;
mod compose;
mod cover;
mod damage;
mod decode;
mod encode;
mod facts;
mod first_pass;
mod frames;
mod lay;
mod level;
mod make;
mod mux;
mod options;
mod packets;
mod pictures;
mod player;
pub(super) mod probe;
mod progress;
mod quality;
mod rate;
mod second_pass;
mod shape;
mod sound;
mod split;
mod spool;
mod target;
mod timeline;
mod tone;
pub(super) mod verify;
mod voices;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) use decode::Watch;
pub use options::{Effort, FILM_LIMIT, FilmOptions, Level, Short};
pub use probe::{AudioProbe, FilmProbe, VideoProbe};
pub use progress::{Progress, Stage};
pub use split::{Part, parts};

use super::{Error, Media};
use crate::scene::Scene;

/// Makes a film of a scene at `path`, replacing what is there.
///
/// H.264 High and AAC-LC in an MP4 that starts with its index: 8-bit 4:2:0, BT.709, a constant rate of 23 to 60 frames a
/// second, a key frame at least every two seconds, 48 kHz stereo. The whole film is in it and it is never larger than
/// `options.max_bytes`. It gets its name when it has been read back and everything was good.
///
/// # Errors
/// [`Error::TooShort`], [`Error::TooLong`], [`Error::Unreadable`] for a clip that cannot be used, [`Error::TooSlow`] for
/// one that takes longer than `options.limit`, [`Error::Cancelled`], [`Error::Io`] and [`Error::Altered`] from the disk,
/// [`Error::Film`] when the encoder fails. No file is left behind then, and an older one stays.
pub fn video(
    scene: &Scene,
    path: &Path,
    options: &FilmOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Media, Error> {
    Part::whole(scene, options)?.video(path, progress)
}

/// Stops the work it was given to, from any thread; clones stop the same work.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    asked: Arc<AtomicBool>,
    /// When the work stops by itself, and how long it had until then.
    limit: Option<(Instant, Duration)>,
}

impl Cancel {
    /// Asks the work to stop: it ends within a second, with [`Error::Cancelled`].
    pub fn stop(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop, or its time is over.
    pub fn is_stopped(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
            || self.limit.is_some_and(|(end, _)| Instant::now() >= end)
    }

    /// The same, for work that also stops by itself when it took as long as this, with [`Error::TooSlow`]; counted from
    /// now.
    pub fn within(&self, limit: Duration) -> Self {
        Self {
            asked: Arc::clone(&self.asked),
            // a time that no clock reaches is no limit
            limit: Instant::now().checked_add(limit).map(|end| (end, limit)),
        }
    }

    /// Why work on a file was stopped.
    fn error(&self, path: &Path) -> Error {
        match self.limit {
            Some((_, limit)) if !self.asked.load(Ordering::Relaxed) => Error::TooSlow {
                path: path.to_owned(),
                limit,
            },
            _ => Error::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_stopped_by_who_asks_and_by_its_time() {
        let path = Path::new("clip.mp4");
        let cancel = Cancel::default();
        let (long, over) = (cancel.within(FILM_LIMIT), cancel.within(Duration::ZERO));
        assert!(!cancel.is_stopped() && !long.is_stopped() && over.is_stopped());
        assert!(!cancel.within(Duration::MAX).is_stopped());
        assert_eq!(
            over.error(path).to_string(),
            "gave up on `clip.mp4`: it is not done after 0 s"
        );
        cancel.stop();
        assert!(long.is_stopped());
        assert!(matches!(over.error(path), Error::Cancelled));
    }
}
