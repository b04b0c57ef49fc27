//! Faster and slower at the same pitch.
//!
//! In: a sound and a speed. Out: a sound of exactly the length that the speed gives. Never: a moment more than a few
//! milliseconds from where the speed puts it; a picture plays beside it.
//!
//! Pieces of the sound are laid over each other at a steady pace. Each is taken from near the place where it belongs, a
//! little before or after, where it continues best what the piece before it began (WSOLA).

use super::samples;
use crate::media::Error;
use crate::platform::Cancel;

/// Half the length of a piece, samples: 16 ms. Pieces overlap by half.
const STEP: usize = 768;

/// A piece may be taken so far from its place, samples: 10 ms, a period of the lowest voice.
const SEARCH: isize = 480;

/// The first search looks at every so many samples.
const COARSE: usize = 6;

/// Plays `sound` at `speed`, 0.5–2.
///
/// # Errors
/// [`Error::Cancelled`].
pub fn tempo(sound: &[[f32; 2]], speed: f64, cancel: &Cancel) -> Result<Vec<[f32; 2]>, Error> {
    let length = samples(sound.len() as f64 / f64::from(super::RATE) / speed);
    let mut played = vec![[0.0f32; 2]; length];
    let thin: Vec<f32> = sound
        .iter()
        .step_by(COARSE)
        .map(|sample| sample[0] + sample[1])
        .collect();
    let rising: [f32; STEP] = std::array::from_fn(|index| super::bend(index, STEP));
    // the piece that would continue the last one without a seam starts here
    let mut natural = 0isize;
    for start in (0..length).step_by(STEP) {
        if cancel.is_stopped() {
            return Err(Error::Cancelled);
        }
        // the middle of the piece, where it is alone, is what stands in its place
        let due = ((start + STEP) as f64 * speed).round() as isize - STEP as isize;
        let place = if start == 0 {
            0
        } else {
            best(sound, &thin, natural, due)
        };
        for (index, rise) in rising.iter().enumerate() {
            let rise = if start == 0 { 1.0 } else { *rise };
            let (up, down) = (at(sound, place, index), at(sound, place, index + STEP));
            add(&mut played, start + index, up, rise);
            add(&mut played, start + STEP + index, down, 1.0 - rising[index]);
        }
        natural = place + STEP as isize;
    }
    Ok(played)
}

fn at(sound: &[[f32; 2]], place: isize, index: usize) -> [f32; 2] {
    let found = place
        .checked_add_unsigned(index)
        .and_then(|at| usize::try_from(at).ok());
    found
        .and_then(|at| sound.get(at))
        .copied()
        .unwrap_or_default()
}

fn add(played: &mut [[f32; 2]], at: usize, sample: [f32; 2], by: f32) {
    if let Some(sum) = played.get_mut(at) {
        *sum = [sum[0] + sample[0] * by, sum[1] + sample[1] * by];
    }
}

/// The place near `due` whose sound is most like that at `natural`; `due` itself where one is like the other.
fn best(sound: &[[f32; 2]], thin: &[f32], natural: isize, due: isize) -> isize {
    let coarse = COARSE as isize;
    let model = piece(thin, natural / coarse, STEP / COARSE);
    let rough = |place: isize| alike(piece(thin, place / coarse, STEP / COARSE), model);
    let rough = closest(
        (-SEARCH..=SEARCH).step_by(COARSE).map(|off| due + off),
        due,
        rough,
    );
    let fine = |place: isize| {
        let pair = |index: usize| (at(sound, place, index), at(sound, natural, index));
        // every second sample is enough to tell neighbours apart
        let pairs = (0..STEP).step_by(2).map(pair);
        let [product, power] = pairs.fold([0.0f32; 2], |[product, power], (a, b)| {
            [
                product + a[0] * b[0] + a[1] * b[1],
                power + a[0] * a[0] + a[1] * a[1],
            ]
        });
        product / power.sqrt().max(1e-6)
    };
    closest(rough - coarse..=rough + coarse, due, fine)
}

/// The place with the highest score; of equals the one closest to `due`.
fn closest(places: impl Iterator<Item = isize>, due: isize, score: impl Fn(isize) -> f32) -> isize {
    let scored = places.map(|place| (score(place), place));
    let best = scored.max_by(|a, b| {
        a.0.total_cmp(&b.0)
            .then(b.1.abs_diff(due).cmp(&a.1.abs_diff(due)))
    });
    best.map_or(due, |(_, place)| place)
}

/// A part of the thinned sound; empty where it is not whole.
fn piece(thin: &[f32], start: isize, length: usize) -> &[f32] {
    let start = usize::try_from(start).ok();
    start
        .and_then(|start| thin.get(start..start + length))
        .unwrap_or_default()
}

/// How alike two pieces are, whatever the first one's level.
fn alike(a: &[f32], b: &[f32]) -> f32 {
    let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let power: f32 = a.iter().map(|a| a * a).sum();
    product / power.sqrt().max(1e-6)
}
