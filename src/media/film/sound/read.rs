//! Reads what a voice says, as long as it is heard.
//!
//! In: a [`Voice`]. Out: its sound from the moment it begins in the film, with its speed, loop, volume and fades.
//! Never: more than the voice's length.

use std::path::Path;

use super::tape::{Tape, record};
use super::tempo::tempo;
use super::{Pcm, RATE, SEAM, Voice, fade_in, fade_out, place, samples, scaled};
use crate::media::Error;
use crate::media::film::times::Jumps;
use crate::platform::Cancel;

/// The sound of one voice.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// From [`Read::at`] on; as long as there is sound, and no longer than the voice may be.
    pub pcm: Pcm,
    /// Where in the film it begins, seconds.
    pub at: f64,
    /// Stretches of the file that could not be decoded and are silent now, seconds from the voice's `zero`.
    pub damaged: Vec<(f64, f64)>,
}

/// Reads a voice; `None` if the file has no sound.
///
/// Everything stands where its timestamps put it: holes are silent, what comes twice is heard once, and timestamps
/// that are only unsteady move nothing.
///
/// # Errors
/// [`Error::Io`] and [`Error::Unreadable`] for files that cannot be used, [`Error::Cancelled`].
pub fn read(voice: &Voice, cancel: &Cancel) -> Result<Option<Read>, Error> {
    let speed = voice.speed.clamp(0.5, 2.0);
    let from = voice.from.max(0.0);
    let most = from + voice.length.max(0.0) * speed;
    let until = voice.until.map_or(most, |until| most.min(until));
    let of = (voice.path.as_path(), voice.stream);
    let Some(tape) = record(of, voice.zero, &voice.jumps, from..until, cancel)? else {
        return Ok(None);
    };
    let mut sound = place::place(&tape, from..until);
    let damaged = damaged(&tape);
    drop(tape);
    if voice.from > 0.0 {
        fade_in(&mut sound, samples(SEAM));
    }
    if sound.len() >= samples(until - from) {
        fade_out(&mut sound, samples(SEAM));
    }
    if (speed - 1.0).abs() > 1e-6 {
        sound = tempo(&sound, speed, cancel)?;
    }
    if voice.looped {
        let round = match voice.until {
            Some(_) => (until - from) / speed,
            None => sound.len() as f64 / f64::from(RATE),
        };
        sound = repeat(sound, round, samples(voice.length));
    }
    sound.truncate(samples(voice.length));
    for sample in &mut sound {
        *sample = scaled(*sample, voice.volume.max(0.0));
    }
    fade_in(&mut sound, samples(voice.fade_in));
    fade_out(&mut sound, samples(voice.fade_out));
    Ok(Some(Read {
        pcm: Pcm { samples: sound },
        at: voice.at,
        damaged,
    }))
}

/// All samples of a finished file, as a player plays them from 0 on.
///
/// # Errors
/// As [`read`]; [`Error::Film`] if there is no sound, or a packet that cannot be decoded.
pub fn decode(path: &Path, cancel: &Cancel) -> Result<Pcm, Error> {
    let lost = |said: &str| Error::Film {
        said: said.to_owned(),
    };
    let none = Jumps::default();
    let tape = record((path, None), Some(0.0), &none, 0.0..f64::INFINITY, cancel)?
        .ok_or_else(|| lost("it has no sound"))?;
    if !tape.damaged.is_empty() {
        return Err(lost("its sound cannot be decoded"));
    }
    let start = tape.marks.iter().find_map(|mark| mark.due).unwrap_or(0.0);
    let mut pcm = Pcm::silent(start);
    pcm.samples.extend(tape.samples);
    Ok(pcm)
}

/// What was damaged; neighbours are told as one.
fn damaged(tape: &Tape) -> Vec<(f64, f64)> {
    let mut list: Vec<(f64, f64)> = Vec::new();
    for &(start, end) in &tape.damaged {
        let start = start.max(0.0);
        match list.last_mut() {
            Some(last) if start < last.1 + 0.25 => last.1 = end.max(last.1),
            _ => list.push((start, end)),
        }
    }
    list
}

/// Begins `sound` again every `round` seconds until there are `length` samples.
fn repeat(mut sound: Vec<[f32; 2]>, round: f64, length: usize) -> Vec<[f32; 2]> {
    let first = samples(round);
    // less than a tenth of a second is a buzz, and takes forever
    if length <= first || first < samples(0.1) || sound.is_empty() {
        return sound;
    }
    sound.truncate(first);
    fade_out(&mut sound, samples(SEAM));
    let mut again = sound.clone();
    fade_in(&mut again, samples(SEAM));
    for turn in 1.. {
        let start = samples(round * f64::from(turn));
        if start >= length {
            break;
        }
        sound.resize(start, [0.0; 2]);
        sound.extend_from_slice(&again[..again.len().min(length - start)]);
    }
    sound
}
