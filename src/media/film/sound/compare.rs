//! Holds the sound of a finished file against what it was made from.
//!
//! In: what a player hears, and what it should hear. Out: nothing, or where and how they part. Never: a word about what
//! a lossy codec takes, which is the top of the spectrum and what nobody hears beside something louder.

use super::{Pcm, RATE, decibels};

/// Sound is compared at this many samples a second, below 5 kHz: codecs at 32 kbit/s keep that.
const COARSE: usize = 16_000;

/// Levels are compared in windows of so many coarse samples: a quarter of a second.
const WINDOW: usize = COARSE / 4;

/// Quieter than this a codec may leave it out, dB.
const FAINT: f64 = -52.0;

/// So far under what is louder beside it, before it or after it, a codec may change it at will, dB.
const MASKED: f64 = 24.0;

/// Levels may differ by this, dB.
const TOLERANCE: f64 = 6.0;

/// The ends may differ by this many samples: two packets.
const LENGTH: usize = 2048;

/// The time of sound is compared in stretches of so many samples: a second, at half the coarse rate.
const STRETCH: usize = COARSE / 2;

/// Sound is looked for so far off its place, samples at half the coarse rate: 60 ms.
const SEARCH: usize = COARSE / 2 * 60 / 1000;

/// It may be off by so many: 4 ms.
const OFF: usize = COARSE / 2 * 4 / 1000;

/// Whether `decoded` sounds like `wanted`: the same level on each side in every quarter of a second, at the same time,
/// of the same length.
///
/// # Errors
/// One sentence: what is lost, where, by how much.
pub fn compare(decoded: &Pcm, wanted: &Pcm) -> Result<(), String> {
    let (coarse, model) = (coarse(decoded), coarse(wanted));
    let offsets = offsets(&coarse, &model);
    let astray: Vec<&Offset> = offsets
        .iter()
        .filter(|offset| offset.lag.unsigned_abs() > OFF)
        .collect();
    if astray.len() * 2 > offsets.len() {
        let mut lags: Vec<isize> = astray.iter().map(|offset| offset.lag).collect();
        lags.sort_unstable();
        return Err(format!("the sound is {}", words(lags[lags.len() / 2])));
    }
    levels(&coarse, &model)?;
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
    let late = lag as f64 / (COARSE / 2) as f64 * 1000.0;
    let side = if late > 0.0 { "late" } else { "early" };
    format!("{:.0} ms too {side}", late.abs())
}

/// A third of the samples, of what lies between 60 Hz and 5 kHz.
fn coarse(pcm: &Pcm) -> Vec<[f32; 2]> {
    let every = RATE as usize / COARSE;
    let mut sides = [Band::new(); 2];
    let mut coarse = Vec::with_capacity(pcm.samples.len() / every + 1);
    for (index, sample) in pcm.samples.iter().enumerate() {
        let [left, right] = &mut sides;
        let sample = [left.pass(sample[0]), right.pass(sample[1])];
        if index % every == 0 {
            coarse.push(sample);
        }
    }
    coarse
}

/// A band filter: one pole at 60 Hz, four at 5 kHz.
#[derive(Debug, Clone, Copy)]
struct Band {
    floor: f32,
    high: [[f32; 2]; 2],
    /// The gain of the input and the two feedbacks of each low-pass.
    steps: [[f32; 3]; 2],
}

impl Band {
    fn new() -> Self {
        let angle = std::f32::consts::TAU * 5000.0 / RATE as f32;
        // these two qualities make a Butterworth of the fourth order
        let steps = [0.541_2, 1.306_6].map(|quality| {
            let alpha = angle.sin() / (2.0 * quality);
            let scale = 1.0 / (1.0 + alpha);
            [
                (1.0 - angle.cos()) * scale / 2.0,
                2.0 * angle.cos() * scale,
                (alpha - 1.0) * scale,
            ]
        });
        Self {
            floor: 0.0,
            high: [[0.0; 2]; 2],
            steps,
        }
    }

    fn pass(&mut self, value: f32) -> f32 {
        self.floor += (value - self.floor) * 0.0078;
        let mut value = value - self.floor;
        for (state, [gain, back, far_back]) in self.high.iter_mut().zip(self.steps) {
            let input = gain * value;
            value = input + state[0];
            state[0] = 2.0 * input + back * value + state[1];
            state[1] = input + far_back * value;
        }
        value
    }
}

/// By how much a stretch is late.
struct Offset {
    /// Seconds in the film.
    at: f64,
    /// Samples at half the coarse rate.
    lag: isize,
}

/// For every second in which it can be told.
fn offsets(decoded: &[[f32; 2]], wanted: &[[f32; 2]]) -> Vec<Offset> {
    let half = |sound: &[[f32; 2]]| sound.iter().step_by(2).copied().collect::<Vec<_>>();
    let (decoded, wanted) = (half(decoded), half(wanted));
    let stretches = wanted.chunks_exact(STRETCH).enumerate();
    stretches
        .filter_map(|(index, stretch)| {
            let start = index * STRETCH;
            let lag = lag(&decoded, stretch, start)?;
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

/// The first stretch where the level is not what it should be.
fn levels(decoded: &[[f32; 2]], wanted: &[[f32; 2]]) -> Result<(), String> {
    let (is, was) = (windows(decoded), windows(wanted));
    let wrong = |index: usize, side: usize| {
        let level = |list: &[[f64; 2]], index: usize, side: usize| {
            list.get(index).map_or(-200.0, |levels| levels[side])
        };
        let (is, want) = (level(&is, index, side), level(&was, index, side));
        // what is louder just before, after, or on the other side hides this
        let beside = [
            level(&was, index, 1 - side),
            level(&was, index + 1, side),
            level(&was, index.wrapping_sub(1), side),
        ];
        let hidden = beside.into_iter().fold(f64::MIN, f64::max) - MASKED;
        let lost = want > FAINT.max(hidden) && is < want - TOLERANCE;
        let added = is > FAINT.max(hidden).max(want) + TOLERANCE;
        (lost || added).then_some((is, want))
    };
    let sides = |index: usize| [wrong(index, 0), wrong(index, 1)];
    let count = is.len().max(was.len());
    let Some(first) = (0..was.len()).find(|&index| sides(index) != [None; 2]) else {
        return Ok(());
    };
    let end = (first..count)
        .find(|&index| sides(index) == [None; 2])
        .unwrap_or(count);
    // in the middle of it no filter and no onset blurs the level
    let middle = sides((first + end) / 2);
    let side = match middle {
        [Some(_), None] => "left ",
        [None, Some(_)] => "right ",
        _ => "",
    };
    let (is, want) = middle[0].or(middle[1]).unwrap_or_default();
    let seconds = |index: usize| index as f64 * WINDOW as f64 / COARSE as f64;
    Err(format!(
        "from {:.2} s to {:.2} s the {side}sound is {} where {} was wanted",
        seconds(first),
        seconds(end).min(wanted.len().max(decoded.len()) as f64 / COARSE as f64),
        told(is),
        told(want),
    ))
}

fn told(level: f64) -> String {
    match level < -75.0 {
        true => "silent".to_owned(),
        false => format!("at {level:.0} dB"),
    }
}

/// The level of each side in each window, dB.
fn windows(sound: &[[f32; 2]]) -> Vec<[f64; 2]> {
    // what is left at the end is too short to have a level
    let chunks = sound
        .chunks(WINDOW)
        .filter(|chunk| chunk.len() >= WINDOW / 4);
    chunks
        .map(|chunk| {
            [0, 1].map(|side| {
                let power: f32 = chunk.iter().map(|sample| sample[side] * sample[side]).sum();
                decibels((f64::from(power) / chunk.len() as f64).sqrt())
            })
        })
        .collect()
}
