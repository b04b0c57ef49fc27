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
mod detail;
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
use std::time::Duration;

pub(super) use decode::Watch;
pub use probe::{AudioProbe, FilmProbe, VideoProbe};
pub use split::{Part, parts};

use super::{Error, Media};
use crate::platform::{BUDGET_BYTES, Cancel};
use crate::scene::Scene;

/// How long one film is worked on where nothing else is said: some four times what a minute of 4K takes on a slow machine.
pub const FILM_LIMIT: Duration = Duration::from_secs(1200);

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
    /// How long it is worked on before it is given up, wherever its clips stall; [`FILM_LIMIT`] by default.
    pub limit: Duration,
    /// Stops it.
    pub cancel: Cancel,
}

impl FilmOptions {
    /// The same, with the limit counted from now.
    fn begun(&self) -> Self {
        Self {
            cancel: self.cancel.within(self.limit),
            ..self.clone()
        }
    }
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
            limit: FILM_LIMIT,
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
