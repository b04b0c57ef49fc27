//! A clip that is too long for one film becomes several.
//!
//! In: a scene whose clip lies under everything, as long as it likes. Out: scenes of at most sixty seconds, one after the
//! other, cut where the picture changes. Never: a second in two of them, or in none.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::av;
use super::compose::{self, Known};
use super::facts::Facts;
use super::lay;
use super::make;
use super::pictures::Purpose;
use super::player::Player;
use super::remarks::{self, Enlarged};
use super::sound::{Aim, Meter};
use super::timeline::{self, LEAST_SECONDS, MOST_SECONDS, Timeline};
use super::trim::Trim;
use super::{FilmOptions, Progress, audio, rate};
use crate::media::{Error, Media};
use crate::scene::{Clip, Scene};

/// How far before the limit a better place to cut is looked for, seconds.
const LOOK_BACK: f64 = 15.0;

/// Pictures are compared in this size.
const SMALL: (u32, u32) = (54, 96);

/// A mean step of luma above which a picture is another scene, 0–255, and how many times the usual step it must be. Reasoned,
/// not measured: a wrong guess cuts a film at another place, and no worse than without it.
const CUT: (f64, f64) = (14.0, 4.0);

/// A film, or a part of one, whose clips have been looked into: once for everything that is made of it.
#[derive(Debug, Clone)]
pub struct Film {
    /// What it shows.
    scene: Scene,
    /// How it is made: as the whole, but for its seams and the gain of the whole.
    options: FilmOptions,
    known: Arc<Known>,
}

impl Film {
    /// All of a scene.
    ///
    /// # Errors
    /// What reading its clips gives.
    pub fn of(scene: &Scene, options: &FilmOptions) -> Result<Self, Error> {
        let known = timeline::known(scene, options)?;
        for (path, facts) in &known {
            tracing::info!("{}", remarks::described(path, facts));
        }
        Ok(Self {
            scene: scene.clone(),
            options: options.clone(),
            known: Arc::new(known),
        })
    }

    /// Says whether a film can be made of it: it is neither too short nor too long, and something of each clip is left.
    ///
    /// # Errors
    /// Those of [`video`](super::video) that can be found without decoding.
    pub fn judge(&self) -> Result<(), Error> {
        Timeline::of(&self.scene, &self.known, &self.options).map(drop)
    }

    /// What a user should know of its clips, in sentences: which of several sound tracks is heard, and what is left out.
    pub fn about(&self) -> Vec<String> {
        remarks::about(&self.scene, &self.known)
    }

    /// Its clips that are drawn much larger than they are.
    pub fn enlarged(&self) -> Vec<Enlarged> {
        remarks::enlarged(&self.scene, &self.known)
    }

    /// Width and height of a clip of it as it is shown, in square pixels, and whether its pixels may be see-through.
    pub fn shown(&self, clip: &Clip) -> Option<((f64, f64), bool)> {
        let facts = self.known.get(&clip.path)?;
        Some((facts.shown(), av::is_see_through(facts.format)))
    }

    /// The scene with the frame that stands best for the film in place of its clips. A film may be too short to be
    /// made, and have a cover.
    ///
    /// # Errors
    /// What decoding its clips gives.
    pub fn cover(&self) -> Result<Scene, Error> {
        self.timed(|options| make::cover(&self.scene, &self.known, options))
    }

    /// The scene with the frame that the film shows at a time in place of its clips; the last one behind its end.
    ///
    /// # Errors
    /// As [`cover`](Self::cover).
    pub fn frame_at(&self, at: Duration) -> Result<Scene, Error> {
        self.timed(|options| make::frame_at(&self.scene, &self.known, options, at))
    }

    /// Makes the film at `path`.
    ///
    /// # Errors
    /// As [`video`](super::video).
    pub fn video(&self, path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Media, Error> {
        self.timed(|options| make::video(&self.scene, &self.known, path, options, progress))
    }

    /// The facts of the clip under everything.
    fn ground(&self) -> Option<&Facts> {
        self.known.get(&self.scene.film.as_ref()?.path)
    }

    /// Works within the limit of time. Where the work does not know which file it stood at, it was the first clip.
    fn timed<T>(&self, work: impl FnOnce(&FilmOptions) -> Result<T, Error>) -> Result<T, Error> {
        let options = self.options.begun();
        work(&options).map_err(|error| match (error, self.scene.clips().first()) {
            (Error::Cancelled, Some(clip)) => Error::stopped(&options.cancel, &clip.path),
            (error, _) => error,
        })
    }
}

/// Cuts a scene of one long clip into parts that the platform takes; one that is short enough is its only part.
///
/// # Errors
/// What reading the clip gives. A scene without a clip under everything is one part.
pub fn parts(scene: &Scene, options: &FilmOptions) -> Result<Vec<Film>, Error> {
    let whole = Film::of(scene, options)?;
    let Some((clip, facts)) = scene.film.as_ref().zip(whole.ground()) else {
        return Ok(vec![whole]);
    };
    let trim = Trim::of(clip, facts);
    if trim.looped || scene.length.is_some() || trim.length() <= MOST_SECONDS {
        return Ok(vec![whole]);
    }
    let cuts = cuts(clip, facts, trim, options)?;
    let mut parts: Vec<Film> = cuts
        .windows(2)
        .map(|ends| {
            let mut scene = scene.clone();
            if let Some(clip) = &mut scene.film {
                clip.start = Duration::from_secs_f64(ends[0]);
                clip.end = Some(Duration::from_secs_f64(ends[1]));
            }
            let options = FilmOptions {
                seam: (ends[0] > trim.from, ends[1] < trim.until),
                ..options.clone()
            };
            Film {
                scene,
                options,
                known: Arc::clone(&whole.known),
            }
        })
        .collect();
    level_as_one(&mut parts, options)?;
    Ok(parts)
}

/// All parts get the gain that the whole needs, so that none is louder than the next.
fn level_as_one(parts: &mut [Film], options: &FilmOptions) -> Result<(), Error> {
    let Some(Aim::Loudness(target)) = options.loudness.map(Into::into) else {
        return Ok(());
    };
    let mut meter = Meter::new();
    for part in parts.iter() {
        let Some((own, facts)) = part.scene.film.as_ref().zip(part.ground()) else {
            continue;
        };
        let seconds = Trim::of(own, facts).length();
        let mixed = part.timed(|o| audio::mixed(&part.scene, &part.known, seconds, o))?;
        meter.add(&mixed.pcm);
    }
    let gain = meter
        .loudness()
        .map_or(0.0, |loudness| f64::from(target) - loudness);
    for part in parts {
        part.options.loudness = Some(super::Level::Gain(gain as f32));
    }
    Ok(())
}

/// Times on the clip's own line at which parts begin and end, the clip's own start and end among them.
fn cuts(clip: &Clip, facts: &Facts, trim: Trim, options: &FilmOptions) -> Result<Vec<f64>, Error> {
    // a frame less than the limit: rounding to whole frames must not carry a part over it
    let rate = f64::from(rate::of(facts));
    let most = (MOST_SECONDS * rate).floor() / rate * trim.speed;
    let least = LEAST_SECONDS * trim.speed;
    let mut cuts = vec![trim.from];
    let mut at = trim.from;
    while trim.until - at > most {
        // what is left must be long enough to be a part itself
        let latest = (at + most).min(trim.until - least);
        let earliest = (latest - LOOK_BACK * trim.speed).max(at + least);
        at = change(clip, facts, (earliest, latest), options)?.unwrap_or(latest);
        // onto a frame of the film
        at = trim.from + ((at - trim.from) / trim.speed * rate).round() / rate * trim.speed;
        cuts.push(at.min(latest));
    }
    cuts.push(trim.until);
    Ok(cuts)
}

/// When the picture changes most within a stretch, if it changes enough to be another scene.
fn change(
    clip: &Clip,
    facts: &Facts,
    (from, until): (f64, f64),
    options: &FilmOptions,
) -> Result<Option<f64>, Error> {
    let looked_at = Clip {
        start: Duration::from_secs_f64(from.max(0.0)),
        end: Some(Duration::from_secs_f64(until)),
        speed: 1.0,
        ..clip.clone()
    };
    let rate = f64::from(rate::of(facts));
    let cancel = options.begun().cancel;
    let mut player = Player::new(&looked_at, facts, SMALL, Purpose::Analyse, &cancel)?;
    let mut steps = Vec::new();
    let mut before: Option<Vec<u8>> = None;
    for index in 0..((until - from) * rate) as u64 {
        let mut picture = compose::black(SMALL);
        lay::place(&player.frame(index, rate)?.frame, 0, 0, None, &mut picture);
        let luma = av::plane(&picture, 0);
        if let Some(before) = &before {
            let sum: u64 = before
                .iter()
                .zip(&luma)
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            steps.push((index, sum as f64 / luma.len() as f64));
        }
        before = Some(luma);
    }
    let mut sorted: Vec<f64> = steps.iter().map(|(_, step)| *step).collect();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let largest = steps.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    Ok(largest
        .filter(|(_, step)| *step > CUT.0.max(usual * CUT.1))
        .map(|(index, _)| from + index as f64 / rate))
}
