//! Peaks: how high they really are between the samples, and a limiter that keeps them down.
//!
//! In: samples. Out: their true peak after ITU-R BS.1770-4 annex 2 (four times oversampled), or the same sound with no peak
//! over a ceiling. Never: a distortion; the gain moves slower than the sound does.

use std::collections::VecDeque;
use std::sync::OnceLock;

use super::{RATE, samples, scaled};

/// Taps of the interpolation on each side of a point.
const REACH: usize = 12;

/// Points looked at between two samples.
const BETWEEN: usize = 3;

/// The limiter looks so far ahead, and goes down over as long, seconds.
const AHEAD: f64 = 0.004;

/// It comes back up to 63 % in this time, seconds.
const RELEASE: f64 = 0.08;

type Taps = [[f32; 2 * REACH]; BETWEEN];

/// Windowed sines for the points at one, two and three quarters of the way to the next sample.
fn taps() -> &'static Taps {
    static TAPS: OnceLock<Taps> = OnceLock::new();
    TAPS.get_or_init(|| {
        std::array::from_fn(|point| {
            let part = (point + 1) as f64 / (BETWEEN + 1) as f64;
            let mut taps: [f64; 2 * REACH] = std::array::from_fn(|tap| {
                let distance = tap as f64 - (REACH - 1) as f64 - part;
                let angle = std::f64::consts::PI * distance;
                // the window of Blackman: what it lets through beyond the band is 58 dB down
                let window = angle / REACH as f64;
                angle.sin() / angle * (0.42 + 0.5 * window.cos() + 0.08 * (2.0 * window).cos())
            });
            let sum: f64 = taps.iter().sum();
            taps.iter_mut().for_each(|tap| *tap /= sum);
            taps.map(|tap| tap as f32)
        })
    })
}

/// No point between samples is more than this many times as high as the highest sample that it is made of.
fn most() -> f32 {
    let sums = taps()
        .iter()
        .map(|taps| taps.iter().map(|tap| tap.abs()).sum::<f32>());
    sums.fold(1.0, f32::max)
}

/// For each sample the height of the wave from it to the next one, of the louder side; exact only from `floor` on.
fn peaks(sound: &[[f32; 2]], floor: f32) -> impl Iterator<Item = f32> {
    let taps = taps();
    let most = most();
    let high: Vec<f32> = sound
        .chunks(REACH)
        .map(|chunk| {
            chunk
                .iter()
                .flatten()
                .fold(0.0, |high, s| s.abs().max(high))
        })
        .collect();
    (0..sound.len()).map(move |index| {
        let own = sound[index][0].abs().max(sound[index][1].abs());
        let chunk = index / REACH;
        let around = &high[chunk.saturating_sub(1)..(chunk + 3).min(high.len())];
        if around.iter().fold(0.0f32, |a, b| a.max(*b)) * most < floor {
            return own;
        }
        let near = near(sound, index);
        taps.iter().fold(own, |high, taps| {
            let mut sums = [0.0f32; 2];
            for (tap, sample) in taps.iter().zip(&near) {
                sums[0] += tap * sample[0];
                sums[1] += tap * sample[1];
            }
            high.max(sums[0].abs()).max(sums[1].abs())
        })
    })
}

/// The samples that the points behind `index` are made of; silence beyond the ends.
fn near(sound: &[[f32; 2]], index: usize) -> [[f32; 2]; 2 * REACH] {
    match index
        .checked_sub(REACH - 1)
        .and_then(|first| sound.get(first..first + 2 * REACH))
    {
        Some(near) => near.try_into().expect("the range has this length"),
        None => std::array::from_fn(|tap| {
            (index + tap)
                .checked_sub(REACH - 1)
                .and_then(|at| sound.get(at))
                .copied()
                .unwrap_or_default()
        }),
    }
}

/// The highest point of the wave, between the samples too; where that is under `floor`, the highest sample will do.
pub fn true_peak(sound: &[[f32; 2]], floor: f32) -> f32 {
    let highest = sound
        .iter()
        .flatten()
        .fold(0.0f32, |high, sample| high.max(sample.abs()));
    if highest * most() < floor {
        return highest;
    }
    peaks(sound, highest.max(floor)).fold(highest, f32::max)
}

/// Keeps the wave under `ceiling`; `false` if it was already, and nothing changed.
pub fn limit(sound: &mut [[f32; 2]], ceiling: f32) -> bool {
    let mut last = 0.0f32;
    let mut limited = false;
    let mut gains: Vec<f32> = peaks(sound, ceiling)
        .map(|peak| {
            // a point between two samples is the work of both
            let high = peak.max(std::mem::replace(&mut last, peak));
            limited |= high > ceiling;
            (ceiling / high.max(ceiling)).min(1.0)
        })
        .collect();
    if !limited {
        return false;
    }
    smooth(&mut gains);
    for (sample, gain) in sound.iter_mut().zip(gains) {
        *sample = scaled(*sample, gain);
    }
    true
}

/// Turns the gain that each sample needs into one that never jumps and is nowhere higher.
fn smooth(gains: &mut [f32]) {
    let window = samples(AHEAD);
    // the least gain of the window that begins here: the mean of such minima over the window that ends at a sample
    // holds only values that are no higher than the sample's own need
    let mut queue: VecDeque<(usize, f32)> = VecDeque::new();
    let mut least = vec![1.0f32; gains.len()];
    for index in (0..gains.len()).rev() {
        while queue.back().is_some_and(|&(_, gain)| gain >= gains[index]) {
            queue.pop_back();
        }
        queue.push_back((index, gains[index]));
        while queue.front().is_some_and(|&(at, _)| at >= index + window) {
            queue.pop_front();
        }
        least[index] = queue.front().map_or(1.0, |&(_, gain)| gain);
    }
    let back = 1.0 - (-1.0 / (RELEASE * f64::from(RATE))).exp();
    let mut now = least.first().copied().map_or(1.0, f64::from);
    for gain in &mut least {
        now = f64::from(*gain).min(now + (1.0 - now) * back);
        *gain = now as f32;
    }
    let mut sum = least.first().copied().map_or(0.0, f64::from) * window as f64;
    for index in 0..gains.len() {
        let leaving = least[index.saturating_sub(window)];
        sum += f64::from(least[index]) - f64::from(leaving);
        gains[index] = ((sum / window as f64) as f32).min(gains[index]);
    }
}
