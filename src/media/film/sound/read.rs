//! Reads the sound of a source, as long as it is heard.
//!
//! In: an [`AudioSource`]. Out: its sound from the moment it begins in the film, with its speed, loop, volume and fades.
//! Never: more than the source's length.

use std::path::Path;

use super::decoded::{DecodedAudio, record};
use super::tempo::tempo;
use super::{AudioSource, Pcm, RATE, SEAM, fade_in, fade_out, place, samples, scaled};
use crate::media::Error;
use crate::media::film::times::Jumps;
use crate::platform::Cancel;

/// The sound of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// From [`Read::at`] on; as long as there is sound, and no longer than the source may be.
    pub pcm: Pcm,
    /// Where in the film it begins, seconds.
    pub at: f64,
    /// Sections of the file that could not be decoded and are silent now, seconds from the source's `zero`.
    pub damaged: Vec<(f64, f64)>,
}

/// Reads a source; `None` if the file has no sound.
///
/// Everything stands where its timestamps put it: holes are silent, what comes twice is heard once, and timestamps
/// that are only unsteady move nothing.
///
/// # Errors
/// [`Error::Io`] and [`Error::Unreadable`] for files that cannot be used, [`Error::Cancelled`].
pub fn read(source: &AudioSource, cancel: &Cancel) -> Result<Option<Read>, Error> {
    let speed = source.speed.clamp(0.5, 2.0);
    let from = source.from.max(0.0);
    let most = from + source.length.max(0.0) * speed;
    let until = source.until.map_or(most, |until| most.min(until));
    let of = (source.path.as_path(), source.stream);
    let Some(decoded) = record(of, source.zero, &source.jumps, from..until, cancel)? else {
        return Ok(None);
    };
    let mut sound = place::place(&decoded, from..until);
    let damaged = damaged(&decoded);
    drop(decoded);
    if source.from > 0.0 {
        fade_in(&mut sound, samples(SEAM));
    }
    if sound.len() >= samples(until - from) {
        fade_out(&mut sound, samples(SEAM));
    }
    if (speed - 1.0).abs() > 1e-6 {
        sound = tempo(&sound, speed, cancel)?;
    }
    if source.looped {
        let round = match source.until {
            Some(_) => (until - from) / speed,
            None => sound.len() as f64 / f64::from(RATE),
        };
        sound = repeat(sound, round, samples(source.length));
    }
    sound.truncate(samples(source.length));
    for sample in &mut sound {
        *sample = scaled(*sample, source.volume.max(0.0));
    }
    fade_in(&mut sound, samples(source.fade_in));
    fade_out(&mut sound, samples(source.fade_out));
    Ok(Some(Read {
        pcm: Pcm { samples: sound },
        at: source.at,
        damaged,
    }))
}

/// All samples of a finished file, as a player plays them from 0 on.
///
/// # Errors
/// As [`read`]; [`Error::Film`] if there is no sound, or a packet that cannot be decoded.
pub fn decode(path: &Path, cancel: &Cancel) -> Result<Pcm, Error> {
    let lost = |message: &str| Error::Film {
        message: message.to_owned(),
    };
    let none = Jumps::default();
    let decoded = record((path, None), Some(0.0), &none, 0.0..f64::INFINITY, cancel)?
        .ok_or_else(|| lost("it has no sound"))?;
    if !decoded.damaged.is_empty() {
        return Err(lost("its sound cannot be decoded"));
    }
    let start = decoded
        .marks
        .iter()
        .find_map(|mark| mark.due)
        .unwrap_or(0.0);
    let mut pcm = Pcm::silent(start);
    pcm.samples.extend(decoded.samples);
    Ok(pcm)
}

/// What was damaged; neighbours are reported as one.
fn damaged(decoded: &DecodedAudio) -> Vec<(f64, f64)> {
    let mut list: Vec<(f64, f64)> = Vec::new();
    for &(start, end) in &decoded.damaged {
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
