//! How a film is made.
//!
//! In: what a caller asks for. Out: [`FilmOptions`] with a default for everything. Never: work.

use std::path::PathBuf;
use std::time::Duration;

use super::sound::{self, SoundTrack};
use crate::platform::{BUDGET_BYTES, Cancel};

/// How long one film is worked on where nothing else is said: some four times what a minute of 4K takes on a slow machine.
pub const FILM_LIMIT: Duration = Duration::from_secs(1200);

/// How a film is made.
#[derive(Debug, Clone)]
pub struct FilmOptions {
    /// The largest file, in bytes; 8,000,000 by default.
    pub max_bytes: u64,
    /// How much work goes into the picture; [`Effort::Good`] by default.
    pub effort: Effort,
    /// What happens to a film under three seconds; by default it is refused.
    pub short: Short,
    /// What the sound is brought to; by default it stays as loud as it is.
    pub loudness: Option<Level>,
    /// Whether nothing is heard in it, of its clips and its bed; by default they are.
    pub mute: bool,
    /// Which sound of the clip under everything is heard; by default its own, of several the one that it names.
    pub sound: SoundTrack,
    /// The size in pixels; by default the scene's own or a smaller one of the same shape, whichever looks better within
    /// the budget.
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
    pub(super) fn begun(&self) -> Self {
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
            effort: Effort::default(),
            short: Short::Refuse,
            loudness: None,
            mute: false,
            sound: SoundTrack::Own,
            size: None,
            seam: (false, false),
            unfinished: None,
            limit: FILM_LIMIT,
            cancel: Cancel::default(),
        }
    }
}

/// How much work goes into the picture of a film. The bytes are the same where they are short; what they show is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Effort {
    /// A quicker search: half to three quarters of the CPU of a careful two-pass encode. Mostly up to 3 of VMAF under it; where cuts
    /// are hard, up to 10 in the 5th percentile.
    Fast,
    /// About as good as a careful two-pass encode; `docs/film.md` has both beside each other.
    #[default]
    Good,
    /// A slower search: 0.9 to 3.5 of VMAF over such an encode, at 0.8 to 1.3 of its CPU.
    Best,
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
    /// [`Error::TooShort`](crate::media::Error::TooShort).
    #[default]
    Refuse,
    /// It plays again until three seconds are over.
    Loop,
    /// Its last picture stays.
    Hold,
}
