//! What is heard in a film: the sound of its clips and its bed.
//!
//! In: a scene, the facts of its clips, its length. Out: the whole sound, mixed and levelled. Never: encoding.

use super::FilmOptions;
use super::compose::Known;
use super::damage::{self, Damage};
use super::facts::Facts;
use super::sound::{self, Aim, AudioSource, Pcm, Read};
use super::times::Jumps;
use super::trim::Trim;
use crate::media::Error;
use crate::scene::{Bed, Clip, Scene};

/// As much of a bed tells whether there is sound in it, seconds.
const GLANCE: f64 = 0.1;

/// A loudness is met when it is no further off, LU: EBU R128 allows as much.
const MET: f64 = 0.5;

/// The sound of a film.
pub(super) struct Levelled {
    /// All of it, as long as the film.
    pub pcm: Pcm,
    /// Nothing is heard in it.
    pub is_silent: bool,
    /// What was broken.
    pub damaged: Vec<Damage>,
    /// The loudness that was asked for and the one that it has, LUFS, where they are not the same.
    pub missed: Option<(f64, f64)>,
}

/// The sound of a film before it is levelled.
pub(super) struct Mixed {
    /// All of it, as long as the film.
    pub pcm: Pcm,
    /// What was broken.
    damaged: Vec<Damage>,
}

/// Reads, mixes and levels everything that is heard in `seconds` of film.
///
/// # Errors
/// As [`mixed`].
pub(super) fn levelled(
    scene: &Scene,
    known: &Known,
    seconds: f64,
    options: &FilmOptions,
) -> Result<Levelled, Error> {
    let Mixed { mut pcm, damaged } = mixed(scene, known, seconds, options)?;
    let aim = options.loudness.map_or(Aim::Kept, Into::into);
    let level = sound::level(&mut pcm, aim);
    let missed = match (aim, level.after) {
        (Aim::Loudness(wanted), Some(after)) => Some((f64::from(wanted), after)),
        _ => None,
    };
    let is_silent = pcm.samples.iter().all(|[l, r]| l.abs().max(r.abs()) < 1e-4);
    Ok(Levelled {
        pcm,
        is_silent,
        damaged,
        missed: missed.filter(|(wanted, after)| (wanted - after).abs() > MET),
    })
}

/// Reads and mixes everything that is heard in `seconds` of film.
///
/// # Errors
/// What reading gives; a bed without sound is [`Error::Unreadable`].
pub(super) fn mixed(
    scene: &Scene,
    known: &Known,
    seconds: f64,
    options: &FilmOptions,
) -> Result<Mixed, Error> {
    let mut damaged = Vec::new();
    let mut note =
        |path: &std::path::Path, read: &Read| damaged.extend(damage::of_sound(path, &read.damaged));
    let mut sources = Vec::new();
    for clip in scene.clips() {
        if clip.mute || clip.volume <= 0.0 || options.mute {
            continue;
        }
        let Some(facts) = known.get(&clip.path).filter(|facts| facts.sound.is_some()) else {
            continue;
        };
        for stream in &facts.choice.taken {
            let source = AudioSource {
                stream: Some(*stream),
                jumps: facts.jumps_of(*stream),
                ..source_of(clip, facts, seconds)
            };
            if let Some(read) = sound::read(&source, &options.cancel)? {
                note(&clip.path, &read);
                sources.push(read);
            }
        }
    }
    let bed = match scene.bed.as_ref().filter(|_| !options.mute) {
        Some(bed) => {
            let read = bed_of(bed, seconds, options)?;
            note(&bed.path, &read);
            Some((read, bed.duck))
        }
        None => None,
    };
    let mut pcm = sound::mix(
        &sources,
        bed.as_ref().map(|(read, duck)| (read, *duck)),
        seconds,
    );
    pcm.seam(options.seam.0, options.seam.1);
    Ok(Mixed { pcm, damaged })
}

fn source_of(clip: &Clip, facts: &Facts, seconds: f64) -> AudioSource {
    let trim = Trim::of(clip, facts);
    AudioSource {
        path: clip.path.clone(),
        stream: None,
        zero: Some(facts.zero),
        jumps: Jumps::default(),
        from: trim.from,
        until: Some(trim.until),
        speed: trim.speed,
        looped: trim.looped,
        at: 0.0,
        length: seconds,
        volume: clip.volume,
        fade_in: 0.0,
        fade_out: 0.0,
    }
}

/// Makes sure that a bed can be heard, before anything is made.
///
/// # Errors
/// As [`mixed`].
pub(super) fn expect_sound(bed: &Bed, options: &FilmOptions) -> Result<(), Error> {
    bed_of(bed, GLANCE, options).map(drop)
}

/// A bed that is shorter than the film begins again.
fn bed_of(bed: &Bed, seconds: f64, options: &FilmOptions) -> Result<Read, Error> {
    let silent = || Error::Unreadable {
        path: bed.path.clone(),
        message: "it has no sound".to_owned(),
    };
    let source = AudioSource {
        path: bed.path.clone(),
        stream: None,
        zero: None,
        jumps: Jumps::default(),
        from: 0.0,
        until: None,
        speed: 1.0,
        looped: true,
        at: 0.0,
        length: seconds,
        volume: bed.volume,
        fade_in: bed.fade_in.as_secs_f64(),
        fade_out: bed.fade_out.as_secs_f64(),
    };
    sound::read(&source, &options.cancel)?.ok_or_else(silent)
}
