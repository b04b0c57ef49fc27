//! Adds sources up, and lowers the bed under them.
//!
//! In: what was read, each with its place in the film. Out: one sound, exactly as long as the film. Never: a limit; sums
//! over full scale go on as they are, and [`level`](super::level) brings them down.

use super::{Pcm, RATE, Read, decibels, samples, scaled};

/// How far the own sound's level is looked at, seconds.
const STEP: f64 = 0.01;

/// Below the first the film is silent, from the second on it is heard, dB of full scale. Reasoned, not measured: a quiet room
/// lies under the first, low speech at the second.
const HEARD: (f64, f64) = (-50.0, -36.0);

/// The bed goes down over this time before the film is heard, seconds.
const ATTACK: f64 = 0.05;

/// It stays down so long after it, seconds, for the pauses between words.
const HOLD: f64 = 0.25;

/// Then it comes back, to 63 % in this time, seconds.
const RELEASE: f64 = 0.4;

/// The sum of all sources and the bed, `length` seconds long.
///
/// The bed's number is how far it goes down while a source is heard: 0 not at all, 1 to silence.
pub fn mix(sources: &[Read], bed: Option<(&Read, f32)>, length: f64) -> Pcm {
    let mut pcm = Pcm::silent(length);
    for source in sources {
        add(&mut pcm, source, |_| 1.0);
    }
    let Some((bed, duck)) = bed else {
        return pcm;
    };
    let duck = duck.clamp(0.0, 1.0);
    if duck == 0.0 || sources.is_empty() {
        add(&mut pcm, bed, |_| 1.0);
    } else {
        let heard = heard(&pcm);
        add(&mut pcm, bed, |index| 1.0 - duck * between(&heard, index));
    }
    pcm
}

fn add(pcm: &mut Pcm, source: &Read, gain: impl Fn(usize) -> f32) {
    let first = samples(source.at);
    let room = pcm.samples.iter_mut().enumerate().skip(first);
    for ((index, sum), sample) in room.zip(&source.pcm.samples) {
        let sample = scaled(*sample, gain(index));
        *sum = [sum[0] + sample[0], sum[1] + sample[1]];
    }
}

/// How much the film itself is heard, 0–1, every [`STEP`]; smooth, and already up when a word begins.
fn heard(pcm: &Pcm) -> Vec<f32> {
    let mut heard: Vec<f64> = pcm
        .samples
        .chunks(samples(STEP))
        .map(|chunk| {
            let power: f64 = chunk
                .iter()
                .flatten()
                .map(|&value| f64::from(value).powi(2))
                .sum();
            let level = decibels((power / (2 * chunk.len()) as f64).sqrt());
            let part = ((level - HEARD.0) / (HEARD.1 - HEARD.0)).clamp(0.0, 1.0);
            part * part * (3.0 - 2.0 * part)
        })
        .collect();
    // forwards it falls slowly, backwards it rises before its time
    let back = 1.0 - (-STEP / RELEASE).exp();
    let (mut now, mut held, mut hold) = (0.0f64, 0.0f64, 0.0);
    for value in &mut heard {
        if *value >= held {
            (held, hold) = (*value, HOLD);
        } else if hold > 0.0 {
            hold -= STEP;
        } else {
            held = *value;
        }
        now = match held >= now {
            true => held,
            false => now + (held - now) * back,
        };
        *value = now;
    }
    let mut now = 0.0f64;
    for value in heard.iter_mut().rev() {
        now = value.max(now - STEP / ATTACK);
        *value = now;
    }
    heard.into_iter().map(|value| value as f32).collect()
}

/// The envelope at a sample, on a straight line between its points.
fn between(envelope: &[f32], index: usize) -> f32 {
    let place = index as f32 / (STEP as f32 * RATE as f32) - 0.5;
    let at = |index: f32| envelope[(index.max(0.0) as usize).min(envelope.len() - 1)];
    let (low, high) = (at(place.floor()), at(place.floor() + 1.0));
    low + (high - low) * (place - place.floor())
}
