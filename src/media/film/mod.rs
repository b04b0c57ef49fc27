//! Film that the platform accepts: read, framed, painted over, encoded to the byte budget, checked.
//!
//! In: a [`Scene`](crate::scene::Scene) with clips in it, and the name its file shall have. Out: a
//! [`Media`](super::Media), whole and verified, or an error and no file. Never: more bytes than the budget, a second
//! of the film lost, a file or address that the scene does not name.

mod av;
mod boxes;
mod budget;
mod compose;
mod control;
mod cover;
mod decode;
mod encode;
mod facts;
mod fill;
mod lay;
mod level;
mod likeness;
mod make;
mod mux;
mod packets;
mod pictures;
mod player;
pub(super) mod probe;
mod rate;
mod shape;
mod sound;
mod split;
mod tone;
pub(super) mod verify;
mod voices;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) use decode::Watch;
pub use probe::{AudioProbe, FilmProbe, VideoProbe};
pub use split::{Part, parts};

use super::{BUDGET_BYTES, Error, Media};
use crate::scene::Scene;

/// How a film is made.
#[derive(Debug, Clone)]
pub struct FilmOptions {
    /// The largest file, in bytes; 8,000,000 by default.
    pub max_bytes: u64,
    /// What happens to a film under three seconds; by default it is refused.
    pub short: Short,
    /// What the sound is brought to; by default it stays as loud as it is.
    pub loudness: Option<Level>,
    /// The size in pixels; by default 1080×1920 or 720×1280, whichever looks better within the budget.
    pub size: Option<(u32, u32)>,
    /// Whether the film is cut off from something longer at its start and at its end; its sound is made soft there.
    pub seam: (bool, bool),
    /// The folder for the unfinished file, on the target's file system; by default `.storypress` beside the target.
    pub unfinished: Option<PathBuf>,
    /// Stops it.
    pub cancel: Cancel,
}

impl Default for FilmOptions {
    fn default() -> Self {
        Self {
            max_bytes: BUDGET_BYTES,
            short: Short::Refuse,
            loudness: None,
            size: None,
            seam: (false, false),
            unfinished: None,
            cancel: Cancel::default(),
        }
    }
}

/// How loud a film shall be. Peaks stay below -1 dB of full scale (dBTP) in any case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// Integrated loudness by EBU R128, LUFS.
    Loudness(f32),
    /// Louder by this many dB.
    Gain(f32),
}

impl From<Level> for sound::Aim {
    fn from(level: Level) -> Self {
        match level {
            Level::Loudness(target) => Self::Loudness(target),
            Level::Gain(gain) => Self::Gain(gain),
        }
    }
}

/// What happens to a film that is shorter than the platform takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Short {
    /// [`Error::TooShort`].
    #[default]
    Refuse,
    /// It plays again until three seconds are over.
    Loop,
    /// Its last picture stays.
    Hold,
}

/// How far a film is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Frames that are done, of all stages.
    pub done: u64,
    /// Frames there are to do, of all stages.
    pub total: u64,
    /// Bytes of pictures so far.
    pub bytes: u64,
}

/// The stages of a film, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A first look: how hard is it?
    Look,
    /// The film itself.
    Encode,
    /// It is read back.
    Check,
}

/// Makes a film of a scene at `path`, replacing what is there.
///
/// H.264 High and AAC-LC in an MP4 that starts with its index: 8-bit 4:2:0, BT.709, a constant rate of 23 to 60 frames a
/// second, a key frame at least every two seconds, 48 kHz stereo. The whole film is in it and it is never larger than
/// `options.max_bytes`. It gets its name when it has been read back and everything was good.
///
/// # Errors
/// [`Error::TooShort`], [`Error::TooLong`], [`Error::Unreadable`] for a clip that cannot be used, [`Error::Cancelled`],
/// [`Error::Io`] and [`Error::Altered`] from the disk, [`Error::Film`] when the encoder fails. No file is left behind
/// then, and an older one stays.
pub fn video(
    scene: &Scene,
    path: &Path,
    options: &FilmOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Media, Error> {
    make::video(scene, path, options, progress)
}

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

/// The scene with the frame that stands best for the film in place of its clips.
///
/// # Errors
/// [`Error::Film`] for a scene with clips: this version decodes none.
pub fn cover(scene: &Scene, cancel: &Cancel) -> Result<Scene, Error> {
    make::cover(scene, cancel)
}

/// Says whether a film can be made of a scene: its clips and its sound can be read, and it is neither too short nor too
/// long.
///
/// # Errors
/// Those of [`video`] that can be told without encoding.
pub fn judge(scene: &Scene, cancel: &Cancel) -> Result<(), Error> {
    make::judge(scene, cancel)
}
