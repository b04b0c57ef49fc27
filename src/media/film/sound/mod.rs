//! The sound of a film: read from any file, laid on the film's time line, mixed, levelled, encoded, checked.
//!
//! In: files with sound, and where in the film each is heard. Out: AAC packets that start with the picture and end
//! with it, and the judgement whether a finished file still sounds as it was meant to. Never: a timestamp believed
//! without a second one, a sample over the true-peak limit, a section that is missing without a warning.
//!
//! The way: [`read`] each source, [`mix`] them, [`level`] the mix, [`encode`] it; at the end [`decode`] the finished file
//! and [`compare`] it with what was encoded.

mod chain;
mod channels;
mod choice;
mod compare;
mod decoded;
mod encode;
mod limit;
mod loudness;
mod mix;
mod place;
mod read;
mod tempo;

use std::path::PathBuf;

use super::times::Jumps;

pub use choice::SoundTrack;
pub(super) use choice::{Choice, choose};
pub(super) use compare::compare;
pub(super) use encode::{Packets, encode};
pub(super) use loudness::{Aim, Meter, level};
pub(super) use mix::mix;
pub(super) use read::{Read, decode, read};

/// Samples a second of everything in this room.
pub(super) const RATE: u32 = 48_000;

/// Length of the fade where a sound is cut off in the middle, seconds: too short to hear, too long to click.
const SEAM: f64 = 0.006;

/// Stereo sound at [`RATE`]: left and right of each sample, 1.0 is full scale, more is possible until it is levelled.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pcm {
    /// The samples, from the start of the film unless it is said otherwise.
    pub samples: Vec<[f32; 2]>,
}

impl Pcm {
    /// Silence.
    pub fn silent(seconds: f64) -> Self {
        Self {
            samples: vec![[0.0; 2]; samples(seconds)],
        }
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(RATE)
    }

    /// Makes the ends soft where this is a part of something longer, so that nothing clicks at the seam.
    pub fn seam(&mut self, at_start: bool, at_end: bool) {
        if at_start {
            fade_in(&mut self.samples, samples(SEAM));
        }
        if at_end {
            fade_out(&mut self.samples, samples(SEAM));
        }
    }
}

/// A part of one file's sound, and where it is heard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AudioSource {
    /// The file; a film or a sound file.
    pub path: PathBuf,
    /// Which of its streams; without it, the one that players take.
    pub stream: Option<usize>,
    /// The second on the file's own clock that counts as 0: where its picture starts. Without it, where its sound does.
    pub zero: Option<f64>,
    /// What brings the time stamps of its stream to one clock.
    pub jumps: Jumps,
    /// Where in the file to begin, seconds from `zero`.
    pub from: f64,
    /// Where in the file to stop, seconds from `zero`; without it, at its end.
    pub until: Option<f64>,
    /// 1 is as recorded; 0.5–2. The pitch stays.
    pub speed: f64,
    /// Begins again when it is over. Sound and picture of a clip have often not quite the same length: with `until` at
    /// the end of the picture both begin again together.
    pub looped: bool,
    /// Where in the film it begins, seconds.
    pub at: f64,
    /// How much of the film it may fill, seconds.
    pub length: f64,
    /// 1 is as recorded.
    pub volume: f32,
    /// Length of the fade at its start, seconds.
    pub fade_in: f64,
    /// Length of the fade at its end, or where `length` ends it, seconds.
    pub fade_out: f64,
}

/// Seconds as whole samples; never negative, never more than an hour, which no film here lasts.
fn samples(seconds: f64) -> usize {
    (seconds.clamp(0.0, 3600.0) * f64::from(RATE)).round() as usize
}

/// Raises the first `length` samples from nothing, along half a cosine.
fn fade_in(samples: &mut [[f32; 2]], length: usize) {
    let length = length.min(samples.len());
    for (index, sample) in samples[..length].iter_mut().enumerate() {
        *sample = scaled(*sample, bend(index, length));
    }
}

/// Lowers the last `length` samples to nothing, along half a cosine.
fn fade_out(samples: &mut [[f32; 2]], length: usize) {
    let length = length.min(samples.len());
    for (index, sample) in samples.iter_mut().rev().take(length).enumerate() {
        *sample = scaled(*sample, bend(index, length));
    }
}

/// The height of a fade of `length` samples at one of them, 0–1.
fn bend(index: usize, length: usize) -> f32 {
    let part = (index as f32 + 0.5) / length as f32;
    0.5 - 0.5 * (part * std::f32::consts::PI).cos()
}

fn scaled(sample: [f32; 2], by: f32) -> [f32; 2] {
    [sample[0] * by, sample[1] * by]
}

/// A factor in decibels; silence is very low, not infinitely.
fn decibels(factor: f64) -> f64 {
    20.0 * factor.max(1e-10).log10()
}

fn factor(decibels: f64) -> f64 {
    10f64.powf(decibels / 20.0)
}

#[cfg(test)]
mod tests;
