//! Holds the sound of a finished file against what it was made from.
//!
//! In: what a player hears, and what it should hear. Out: nothing, or where and how they part. Never: a word about what
//! a lossy codec takes, which is the top of the spectrum and what nobody hears beside something louder.

use super::{Pcm, RATE, decibels};

/// Sound is compared at this many samples a second and under [`BAND`].
const COARSE: usize = 8_000;

/// FFmpeg's encoder leaves out what is over 3.2 kHz at 32 kbit/s; at more, more is left. Hertz, at half the height.
const BAND: f64 = 2_500.0;

/// Taps of the low-pass; with so many nothing from 4.3 kHz on gets through.
const TAPS: usize = 72;

/// Levels are compared in windows of so many coarse samples: a quarter of a second.
const WINDOW: usize = COARSE / 4;

/// Quieter than this a codec may leave it out, dB. This and the limits below are reasoned from what AAC at 64 to 128 kbit/s may
/// do; tones of 300 to 1,200 Hz, 22.05 kHz mono and a loud clipped sine after 3 s of silence pass them.
const FAINT: f64 = -52.0;

/// What was louder than the first, over the whole band, is not under the second if anything of it is left, dB.
const GONE: (f64, f64) = (-45.0, -100.0);

/// So far under what is louder beside it, before it or after it, a codec may change it at will, dB.
const MASKED: f64 = 24.0;

/// Levels may differ by this, dB.
const TOLERANCE: f64 = 6.0;

/// The ends may differ by this many samples: two packets.
const LENGTH: usize = 2048;

/// The decoder fades so many samples in, for want of a packet before the first.
const START: usize = 1024;

/// The time of sound is compared in stretches of so many coarse samples: a second.
const STRETCH: usize = COARSE;

/// Sound is looked for so far off its place, coarse samples: 60 ms.
const SEARCH: usize = COARSE * 60 / 1000;

/// It may be off by so many: 4 ms.
const OFF: usize = COARSE * 4 / 1000;

/// Whether `decoded` sounds like `wanted`: the same level on each side in every quarter of a second, at the same time,
/// of the same length.
///
/// # Errors
/// One sentence: what is lost, where, by how much.
pub fn compare(decoded: &Pcm, wanted: &Pcm) -> Result<(), String> {
    let (is, was) = (coarse(decoded), coarse(wanted));
    let offsets = offsets(&is, &was);
    let astray: Vec<&Offset> = offsets
        .iter()
        .filter(|offset| offset.lag.unsigned_abs() > OFF)
        .collect();
    if astray.len() * 2 > offsets.len() {
        let mut lags: Vec<isize> = astray.iter().map(|offset| offset.lag).collect();
        lags.sort_unstable();
        return Err(format!("the sound is {}", words(lags[lags.len() / 2])));
    }
    let windows = [windows(&is, decoded), windows(&was, wanted)];
    levels(&windows[0], &windows[1])?;
    if let Some(offset) = astray.first() {
        return Err(format!(
            "the sound is {} at {:.1} s",
            words(offset.lag),
            offset.at
        ));
    }
    if decoded.samples.len().abs_diff(wanted.samples.len()) > LENGTH {
        let (is, was) = (decoded.seconds(), wanted.seconds());
        return Err(format!(
            "the sound is {is:.2} s long where {was:.2} s were wanted"
        ));
    }
    Ok(())
}

fn words(lag: isize) -> String {
    let late = lag as f64 / COARSE as f64 * 1000.0;
    let side = if late > 0.0 { "late" } else { "early" };
    format!("{:.0} ms too {side}", late.abs())
}

/// A sixth of the samples, of what lies between 60 Hz and [`BAND`].
fn coarse(pcm: &Pcm) -> Vec<[f32; 2]> {
    let taps = low_pass();
    let mut floor = [0.0f32; 2];
    (0..pcm.samples.len())
        .step_by(RATE as usize / COARSE)
        .map(|at| {
            let mut sums = [0.0f32; 2];
            let near = match at < START {
                true => [].iter(),
                false => pcm.samples[at..].iter(),
            };
            for (sample, tap) in near.zip(&taps) {
                sums[0] += sample[0] * tap;
                sums[1] += sample[1] * tap;
            }
            std::array::from_fn(|side| {
                floor[side] += (sums[side] - floor[side]) * 0.046;
                sums[side] - floor[side]
            })
        })
        .collect()
}

/// A sine in the window of Blackman.
fn low_pass() -> [f32; TAPS] {
    let taps: [f64; TAPS] = std::array::from_fn(|tap| {
        let middle = tap as f64 - (TAPS - 1) as f64 / 2.0;
        let angle = std::f64::consts::TAU * BAND / f64::from(RATE) * middle;
        let window = std::f64::consts::TAU * middle / TAPS as f64;
        angle.sin() / angle * (0.42 + 0.5 * window.cos() + 0.08 * (2.0 * window).cos())
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

/// By how much a stretch is late.
struct Offset {
    /// Seconds in the film.
    at: f64,
    /// Coarse samples.
    lag: isize,
}

/// For every second in which it can be measured.
fn offsets(decoded: &[[f32; 2]], wanted: &[[f32; 2]]) -> Vec<Offset> {
    let stretches = wanted.chunks_exact(STRETCH).enumerate();
    stretches
        .filter_map(|(index, stretch)| {
            let start = index * STRETCH;
            let lag = lag(decoded, stretch, start)?;
            Some(Offset {
                at: start as f64 / STRETCH as f64,
                lag,
            })
        })
        .collect()
}

/// Where near `start` a stretch is found; `None` if it is silent or nowhere.
fn lag(decoded: &[[f32; 2]], stretch: &[[f32; 2]], start: usize) -> Option<isize> {
    let power = energy(stretch);
    if decibels((power / (2 * stretch.len()) as f64).sqrt()) < FAINT {
        return None;
    }
    let alike = |lag: isize| {
        let first = start.checked_add_signed(lag)?;
        let there = decoded.get(first..first + stretch.len())?;
        let product: f32 = there
            .iter()
            .zip(stretch)
            .map(|(a, b)| a[0] * b[0] + a[1] * b[1])
            .sum();
        Some(f64::from(product) / (energy(there) * power).sqrt().max(1e-12))
    };
    let here = alike(0).unwrap_or(0.0);
    // so alike is nothing that was moved, but for a tone of one pitch, which is alike everywhere
    if here > 0.9 {
        return Some(0);
    }
    let search = SEARCH as isize;
    let best = (-search..=search)
        .filter_map(|lag| Some((alike(lag)?, lag)))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    match best {
        (alike, lag) if alike > 0.5 && alike > here + 0.1 => Some(lag),
        _ if here > 0.5 => Some(0),
        _ => None,
    }
}

fn energy(sound: &[[f32; 2]]) -> f64 {
    f64::from(sound.iter().map(|s| s[0] * s[0] + s[1] * s[1]).sum::<f32>())
}

/// The levels of a window: of each side in the band, and of everything.
#[derive(Debug, Clone, Copy)]
struct Window {
    sides: [f64; 2],
    whole: f64,
}

/// Where nothing is.
const NOTHING: Window = Window {
    sides: [-200.0; 2],
    whole: -200.0,
};

/// What of a window is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sides {
    Left,
    Right,
    Both,
    /// All of it, at pitches that the band does not hold.
    Whole,
}

impl Sides {
    fn level(self, window: Window) -> f64 {
        match self {
            Self::Left | Self::Both => window.sides[0],
            Self::Right => window.sides[1],
            Self::Whole => window.whole,
        }
    }
}

/// The first stretch where the level is not what it should be.
fn levels(is: &[Window], was: &[Window]) -> Result<(), String> {
    let found = (0..was.len()).find_map(|index| wrong(is, was, index).map(|part| (index, part)));
    let Some((first, part)) = found else {
        return Ok(());
    };
    let levels = |index: usize| (part.level(at(is, index)), part.level(at(was, index)));
    // where something louder hides it for a moment, it goes on all the same
    let over = |&index: &usize| {
        let (is, want) = levels(index);
        (is - want).abs() <= TOLERANCE
    };
    let count = is.len().max(was.len());
    let end = (first..count).find(over).unwrap_or(count);
    // in the middle of it no onset blurs the level
    let (is, want) = levels((first + end) / 2);
    let side = match part {
        Sides::Left => "left ",
        Sides::Right => "right ",
        Sides::Both | Sides::Whole => "",
    };
    let seconds = |index: usize| index as f64 * WINDOW as f64 / COARSE as f64;
    Err(format!(
        "from {:.2} s to {:.2} s the {side}sound is {} where {} was wanted",
        seconds(first),
        seconds(end),
        shown(is),
        shown(want),
    ))
}

fn at(list: &[Window], index: usize) -> Window {
    list.get(index).copied().unwrap_or(NOTHING)
}

/// What of one window is lost, or is there and should not be.
fn wrong(is: &[Window], was: &[Window], index: usize) -> Option<Sides> {
    let (here, want) = (at(is, index), at(was, index));
    if want.whole > GONE.0 && here.whole < GONE.1 {
        return Some(Sides::Whole);
    }
    let beside = [at(was, index.wrapping_sub(1)), at(was, index + 1)];
    let wrong = |side: usize| {
        // what is louder just before, after, or on the other side hides this
        let louder = beside[0].sides[side]
            .max(beside[1].sides[side])
            .max(want.sides[1 - side]);
        let least = FAINT.max(louder - MASKED);
        let (is, want) = (here.sides[side], want.sides[side]);
        (want > least && is < want - TOLERANCE) || is > least.max(want) + TOLERANCE
    };
    match [wrong(0), wrong(1)] {
        [true, true] => Some(Sides::Both),
        [true, false] => Some(Sides::Left),
        [false, true] => Some(Sides::Right),
        [false, false] => None,
    }
}

fn shown(level: f64) -> String {
    match level < -75.0 {
        true => "silent".to_owned(),
        false => format!("at {level:.0} dB"),
    }
}

/// The levels of each window; what is left at the end is too short to have one.
fn windows(coarse: &[[f32; 2]], pcm: &Pcm) -> Vec<Window> {
    let level = |sound: &[[f32; 2]], sides: std::ops::Range<usize>| {
        let power = |sample: &[f32; 2]| {
            sample[sides.clone()]
                .iter()
                .map(|value| value * value)
                .sum::<f32>()
        };
        let power: f32 = sound.iter().map(power).sum();
        decibels((f64::from(power) / (sound.len() * sides.len()) as f64).sqrt())
    };
    let whole = pcm.samples.chunks(WINDOW * (RATE as usize / COARSE));
    coarse
        .chunks(WINDOW)
        .zip(whole)
        .filter(|(chunk, _)| chunk.len() >= WINDOW / 4)
        .map(|(chunk, whole)| Window {
            sides: [level(chunk, 0..1), level(chunk, 1..2)],
            whole: level(whole, 0..2),
        })
        .collect()
}
