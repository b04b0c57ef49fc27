//! Loudness after EBU R 128 (ITU-R BS.1770-4), and the gain that brings a sound to it.
//!
//! In: a whole sound. Out: the same sound at the loudness that was asked for, no peak over -1 dBTP. Never: a change where
//! none was asked for and no peak is too high.

use ebur128::{EbuR128, Mode};

use super::limit::{limit, true_peak};
use super::{Pcm, RATE, factor, scaled};

/// No peak is higher, dB of full scale between the samples.
pub const CEILING: f64 = -1.0;

/// So much lower is what the limiter aims at: meters differ in how they look between the samples.
const ROOM: f64 = 0.3;

/// Nothing is raised by more, dB: what is so quiet is a room, not a sound.
const MOST: f64 = 30.0;

/// What the limiter takes from the loudness is given back up to here, dB; more would only squash it.
const MOST_BACK: f64 = 6.0;

/// Loudness is met when it is closer than this, LU.
const CLOSE: f64 = 0.1;

/// What a sound is brought to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// Its level stays; only peaks are brought down.
    Kept,
    /// To an integrated loudness, LUFS.
    Loudness(f32),
    /// By this many dB: for the parts of something whose loudness was measured as a whole.
    Gain(f32),
}

/// What was measured and done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Integrated, LUFS; `None` for silence, and where no loudness was asked for: then it is not measured.
    pub after: Option<f64>,
    /// The gain that was given to the whole, dB.
    pub gain: f64,
    /// Whether peaks had to be brought down.
    pub limited: bool,
}

/// Brings a sound to its aim and under the ceiling.
///
/// Measured over the whole first. Where the limiter takes loudness away, gain gives it back, as far as that is sane;
/// [`Loudness::after`] says what was reached.
pub fn level(pcm: &mut Pcm, aim: Aim) -> Loudness {
    let (gain, limited, after) = match aim {
        Aim::Kept => (0.0, apply(pcm, 0.0), None),
        Aim::Gain(gain) => {
            let gain = f64::from(gain).min(MOST);
            (gain, apply(pcm, gain), None)
        }
        Aim::Loudness(target) => bring(pcm, f64::from(target)),
    };
    Loudness {
        after,
        gain,
        limited,
    }
}

/// Brings a sound to a loudness: the gain it took, whether peaks were brought down, and what was reached.
fn bring(pcm: &mut Pcm, target: f64) -> (f64, bool, Option<f64>) {
    let before = loudness(pcm);
    let wanted = before.map_or(0.0, |before| (target - before).min(MOST));
    let original = pcm.clone();
    let (mut gain, mut limited) = (wanted, apply(pcm, wanted));
    if !limited {
        // nothing but gain happened
        return (gain, limited, before.map(|before| before + gain));
    }
    let mut after = loudness(pcm);
    // three rounds bring it within a tenth where that is possible at all
    for _ in 0..4 {
        let Some(missing) = after.map(|after| target - after) else {
            break;
        };
        let next = (gain + 1.2 * missing).clamp(wanted, wanted + MOST_BACK);
        if missing < CLOSE || next - gain < 0.01 || wanted == MOST {
            break;
        }
        gain = next;
        pcm.clone_from(&original);
        limited = apply(pcm, gain);
        after = loudness(pcm);
    }
    (gain, limited, after)
}

/// Gives gain and keeps peaks down.
fn apply(pcm: &mut Pcm, gain: f64) -> bool {
    if gain != 0.0 {
        let by = factor(gain) as f32;
        pcm.samples
            .iter_mut()
            .for_each(|sample| *sample = scaled(*sample, by));
    }
    let aim = factor(CEILING - ROOM) as f32;
    if f64::from(true_peak(&pcm.samples, aim)) <= factor(CEILING) {
        return false;
    }
    limit(&mut pcm.samples, aim);
    // the gain's own movement can lift a peak by a hair
    let peak = f64::from(true_peak(&pcm.samples, aim));
    if peak > factor(CEILING) {
        let by = (factor(CEILING) / peak) as f32;
        pcm.samples
            .iter_mut()
            .for_each(|sample| *sample = scaled(*sample, by));
    }
    true
}

/// Integrated loudness, LUFS; `None` for silence.
fn loudness(pcm: &Pcm) -> Option<f64> {
    let mut meter = Meter::new();
    meter.add(pcm);
    meter.loudness()
}

/// Measures the loudness of something that comes in parts.
pub struct Meter(EbuR128);

impl Meter {
    /// Nothing was heard yet.
    pub fn new() -> Self {
        let sides = 2;
        Self(EbuR128::new(sides, RATE, Mode::I).expect("two sides at a usual rate can be measured"))
    }

    /// The next part.
    pub fn add(&mut self, pcm: &Pcm) {
        self.0
            .add_frames_f32(pcm.samples.as_flattened())
            .expect("there are as many samples of one side as of the other");
    }

    /// Integrated loudness of all parts, LUFS; `None` if nothing is louder than -70.
    pub fn loudness(&self) -> Option<f64> {
        let lufs = self.0.loudness_global().ok();
        lufs.filter(|lufs| lufs.is_finite())
    }
}
