//! What a film will be before it is made: how long, how fast, of which clips.
//!
//! In: a scene, the facts of its clips, options. Out: a [`Timeline`], or why there can be no such film. Never: decoding.

use std::time::Duration;

use ffmpeg_next::Rational;

use super::compose::{Composer, Known};
use super::damage::{self, Damage};
use super::encode::Format;
use super::facts::Facts;
use super::pictures::Purpose;
use super::sound::SoundTrack;
use super::trim::Trim;
use super::{FilmOptions, Short, audio, rate};
use crate::media::Error;
pub(super) use crate::platform::{
    FILM_LEAST_SECONDS as LEAST_SECONDS, FILM_MOST_SECONDS as MOST_SECONDS,
};
use crate::scene::{Clip, Scene};

/// A camera's "60 seconds" may be a frame or two longer.
const SLACK_SECONDS: f64 = 0.1;

/// A header may promise so many seconds more than there are.
const BROKEN_OFF: f64 = 0.25;

/// A film before it is made.
pub(super) struct Timeline<'a> {
    /// What it shows; its length is the film's.
    pub scene: Scene,
    /// The facts of its clips.
    pub known: Known,
    /// Frames a second.
    pub frame_rate: Rational,
    /// How many frames it has.
    pub frames: u64,
    /// How it is made.
    pub options: &'a FilmOptions,
    /// Clips that break off before the film is over.
    pub broken_off: Vec<Damage>,
}

/// Looks into the clips of a scene.
///
/// # Errors
/// As [`Facts::read`]; [`Error::Unreadable`] for one whose colours cannot be had, and for a bed without sound.
pub(super) fn known(scene: &Scene, options: &FilmOptions) -> Result<Known, Error> {
    let options = &options.begun();
    let cancel = &options.cancel;
    let ground = scene.film.as_ref().map(|clip| &clip.path);
    let mut known = Known::new();
    for clip in scene.clips() {
        if !known.contains_key(&clip.path) {
            // a track is asked for of the clip under everything
            let wanted = match Some(&clip.path) == ground {
                true => options.sound,
                false => SoundTrack::Own,
            };
            let facts = Facts::heard(&clip.path, wanted, cancel)?;
            if let Some(profile) = &facts.without_base {
                return Err(Error::Unreadable {
                    path: clip.path.clone(),
                    message: format!(
                        "it is Dolby Vision profile {profile}, whose colours only Dolby's own displays know: it has no base \
                         layer for others. Export it as HDR10, HLG or SDR"
                    ),
                });
            }
            known.insert(clip.path.clone(), facts);
        }
    }
    if let Some(bed) = scene.bed.as_ref().filter(|_| !options.mute) {
        audio::expect_sound(bed, options)?;
    }
    Ok(known)
}

impl<'a> Timeline<'a> {
    /// Decides how long and how fast the film of a scene is.
    ///
    /// # Errors
    /// [`Error::TooShort`], [`Error::TooLong`], and [`Error::NothingLeft`].
    pub fn of(scene: &Scene, known: &Known, options: &'a FilmOptions) -> Result<Self, Error> {
        let clips = scene.clips();
        let trim = |clip: &Clip| Trim::of(clip, &known[&clip.path]);
        let still = Rational::new(rate::STILL.0, rate::STILL.1);
        let frame_rate = clips
            .first()
            .map_or(still, |clip| rate::of(&known[&clip.path]));
        let own = match (&scene.film, scene.length) {
            (_, Some(length)) => length.as_secs_f64(),
            (Some(clip), None) => trim(clip).length(),
            (None, None) => clips.iter().map(|c| trim(c).length()).fold(0.0, f64::max),
        };
        for clip in &clips {
            let played = trim(clip);
            if played.length() < 1e-3 {
                return Err(Error::NothingLeft {
                    path: clip.path.clone(),
                    from: played.from,
                    until: played.until,
                });
            }
        }
        let mut scene = scene.clone();
        let length = fitting_length(own, &mut scene, options.short)?;
        let per_second = f64::from(frame_rate);
        let frames = (length * per_second).round().max(1.0);
        // rounding must not carry it over the limit
        let frames = frames.min((MOST_SECONDS * per_second + 1e-6).floor());
        scene.length = Some(Duration::from_secs_f64(frames / per_second));
        Ok(Self {
            scene,
            frame_rate,
            frames: frames as u64,
            options,
            broken_off: clips.iter().filter_map(|c| broken_off(c, known)).collect(),
            known: known.clone(),
        })
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / self.rate()
    }

    /// Frames a second.
    pub fn rate(&self) -> f64 {
        f64::from(self.frame_rate)
    }

    /// The shape of its pictures at a size in pixels.
    pub fn format(&self, (width, height): (u32, u32)) -> Format {
        Format {
            width,
            height,
            rate: self.frame_rate,
        }
    }

    /// Makes its frames at a size in pixels.
    ///
    /// # Errors
    /// What opening the clips gives.
    pub fn composer(&self, size: (u32, u32), purpose: Purpose) -> Result<Composer, Error> {
        let (rate, cancel) = (self.rate(), &self.options.cancel);
        Composer::new(&self.scene, &self.known, size, rate, purpose, cancel)
    }

    /// [`Error::Cancelled`] where the work shall stop.
    pub fn go_on(&self) -> Result<(), Error> {
        match self.options.cancel.is_stopped() {
            true => Err(Error::Cancelled),
            false => Ok(()),
        }
    }
}

/// A clip whose file ends before its header says, if the film comes there.
fn broken_off(clip: &Clip, known: &Known) -> Option<Damage> {
    let facts = known.get(&clip.path)?;
    let declared = facts.declared.filter(|d| *d > facts.seconds + BROKEN_OFF)?;
    let wanted = clip.end.map_or(declared, |end| end.as_secs_f64());
    (wanted > facts.seconds).then(|| damage::of_end(&clip.path, facts.seconds, declared))
}

/// Brings a film's length to what the platform takes, as far as that was asked for.
fn fitting_length(own: f64, scene: &mut Scene, short: Short) -> Result<f64, Error> {
    if own > MOST_SECONDS + SLACK_SECONDS {
        return Err(Error::TooLong { seconds: own });
    }
    // a film of three seconds may end a frame early by its own clock
    if own >= LEAST_SECONDS - 0.02 {
        return Ok(own.max(LEAST_SECONDS));
    }
    match short {
        Short::Refuse => Err(Error::TooShort { seconds: own }),
        Short::Hold => Ok(LEAST_SECONDS),
        Short::Loop => {
            if let Some(clip) = &mut scene.film {
                clip.looped = true;
            }
            let rounds = (LEAST_SECONDS / own.max(0.05)).ceil();
            Ok(own.max(0.05) * rounds)
        }
    }
}
