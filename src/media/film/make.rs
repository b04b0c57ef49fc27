//! The whole way of a film: length, sound, analysis, encoding to the budget, checks, its name.
//!
//! In: a scene, a path, options. Out: a [`Media`] under its name, or nothing. Never: a file over the budget, a film that
//! lost a frame, a name before everything was checked.

use std::path::Path;

use ffmpeg_next::Rational;

use super::budget::{self, Budget, Plan, Size};
use super::compose::Known;
use super::control::{self, Control};
use super::detail;
use super::facts::Facts;
use super::fill::{self, Pictures};
use super::mux::{self, Tape};
use super::player::Stretch;
use super::sound::{self, Packets, Pcm};
use super::{Cancel, FilmOptions, Progress, Short, Stage, Watch, rate, verify, voices};
use crate::diag::Severity;
use crate::media::unfinished::Unfinished;
use crate::media::{Error, Kind, Media, Profile, sha256};
pub(super) use crate::platform::{
    FILM_LEAST_SECONDS as LEAST_SECONDS, FILM_MOST_SECONDS as MOST_SECONDS,
};
use crate::scene::Scene;

/// A camera's "60 seconds" may be a frame or two longer.
const SLACK_SECONDS: f64 = 0.1;

/// A header may promise so many seconds more than there are.
const BROKEN_OFF: f64 = 0.25;

/// A film before it is made.
pub(super) struct Film<'a> {
    pub scene: Scene,
    pub known: Known,
    pub format: Rational,
    pub frames: u64,
    pub options: &'a FilmOptions,
    /// Clips that break off before the film is over, in words.
    broken_off: Vec<String>,
}

impl Film<'_> {
    fn seconds(&self) -> f64 {
        self.frames as f64 / self.rate()
    }

    /// Frames a second.
    pub fn rate(&self) -> f64 {
        f64::from(self.format)
    }
}

/// Counts frames over all stages.
pub(super) struct Ticker<'a> {
    tell: &'a mut dyn FnMut(Progress),
    done: u64,
    total: u64,
}

impl<'a> Ticker<'a> {
    /// For a film that is encoded and read back.
    fn new(tell: &'a mut dyn FnMut(Progress), frames: u64) -> Self {
        Self {
            tell,
            done: 0,
            total: frames * 2,
        }
    }

    /// A stage that was not foreseen.
    pub fn more(&mut self, frames: u64) {
        self.total += frames;
    }

    pub fn frame(&mut self, stage: Stage, bytes: u64) {
        self.done += 1;
        let (done, total) = (self.done, self.total);
        (self.tell)(Progress {
            stage,
            done,
            total,
            bytes,
        });
    }
}

/// See [`Part::video`](super::Part::video).
pub(super) fn video(
    scene: &Scene,
    known: &Known,
    path: &Path,
    options: &FilmOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Media, Error> {
    let path = std::path::absolute(path).map_err(Error::io("write", path))?;
    let film = prepared(scene, known, options)?;
    let progress = &mut Ticker::new(progress, film.frames);
    let heard = voices::heard(&film.scene, &film.known, film.seconds(), options)?;
    let bit_rate = budget::sound_bit_rate(options.max_bytes, film.seconds(), heard.is_silent);
    let sound = sound::encode(&heard.pcm, bit_rate, &options.cancel)?;

    let budget = Budget {
        max_bytes: options.max_bytes,
        sound_bytes: sound.bytes as u64,
        sound_packets: sound.packets.len() as u64,
        frames: film.frames,
    };
    let made = film.encode(&budget, &sound, progress)?;
    let plan = made.plan;
    let mut unfinished = Unfinished::create(&path, options.unfinished.as_deref())?;
    unfinished.write(&made.file)?;
    unfinished.check(&made.file)?;
    let likeness = film.check(unfinished.path(), &made, &heard.pcm, progress)?;
    unfinished.name(&path)?;
    let mut damaged = film.broken_off.clone();
    damaged.extend(made.pictures.damaged);
    damaged.extend(heard.damaged);
    Ok(Media {
        kind: Kind::Video,
        bytes: made.file.len() as u64,
        width: plan.size.0,
        height: plan.size.1,
        sha256: sha256(&made.file),
        quality: None,
        duration_s: Some(film.seconds()),
        notes: budget::notes(&plan, &budget, likeness),
        damaged,
        path,
    })
}

/// See [`Part::cover`](super::Part::cover).
pub(super) fn cover(scene: &Scene, known: &Known, options: &FilmOptions) -> Result<Scene, Error> {
    if scene.clips().is_empty() {
        return Ok(scene.clone());
    }
    let options = FilmOptions {
        // a cover can be had of films that are too short
        short: Short::Hold,
        ..options.clone()
    };
    let film = prepared(scene, known, &options)?;
    super::cover::with_frame(&film, super::cover::best_frame(&film)?)
}

/// See [`Part::judge`](super::Part::judge).
pub(super) fn judge(scene: &Scene, known: &Known, options: &FilmOptions) -> Result<(), Error> {
    prepared(scene, known, options).map(drop)
}

/// Looks into the clips of a scene.
pub(super) fn known(scene: &Scene, cancel: &Cancel) -> Result<Known, Error> {
    let mut known = Known::new();
    for clip in scene.clips() {
        if !known.contains_key(&clip.path) {
            known.insert(clip.path.clone(), Facts::read(&clip.path, cancel)?);
        }
    }
    Ok(known)
}

/// Decides how long and how fast the film is.
fn prepared<'a>(scene: &Scene, known: &Known, options: &'a FilmOptions) -> Result<Film<'a>, Error> {
    let clips = scene.clips();
    let stretch = |clip: &&crate::scene::Clip| Stretch::of(clip, &known[&clip.path]);
    let rate = clips
        .first()
        .map_or(Rational::new(rate::STILL.0, rate::STILL.1), |clip| {
            rate::of(&known[&clip.path])
        });
    let own = match (&scene.film, scene.length) {
        (_, Some(length)) => length.as_secs_f64(),
        (Some(clip), None) => stretch(&clip).length(),
        (None, None) => clips
            .iter()
            .map(|c| stretch(c).length())
            .fold(0.0, f64::max),
    };
    for clip in &clips {
        let played = stretch(clip);
        if played.length() < 1e-3 {
            return Err(Error::Unreadable {
                path: clip.path.clone(),
                said: format!(
                    "nothing of it is left: it begins at {:.1} s and the clip is {:.1} s long",
                    played.from, played.until
                ),
            });
        }
    }
    let mut scene = scene.clone();
    let length = fitting_length(own, &mut scene, options.short)?;
    let per_second = f64::from(rate);
    let frames = (length * per_second).round().max(1.0);
    // rounding must not carry it over the limit
    let frames = frames.min((MOST_SECONDS * per_second + 1e-6).floor());
    scene.length = Some(std::time::Duration::from_secs_f64(frames / per_second));
    Ok(Film {
        scene,
        format: rate,
        frames: frames as u64,
        options,
        broken_off: clips.iter().filter_map(|c| broken_off(c, known)).collect(),
        known: known.clone(),
    })
}

/// What is said of a clip whose file ends before its header says, if the film comes there.
fn broken_off(clip: &crate::scene::Clip, known: &Known) -> Option<String> {
    let facts = known.get(&clip.path)?;
    let declared = facts.declared.filter(|d| *d > facts.seconds + BROKEN_OFF)?;
    let wanted = clip.end.map_or(declared, |end| end.as_secs_f64());
    (wanted > facts.seconds).then(|| {
        let name = clip.path.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "`{name}` breaks off at {:.1} s; it says it is {declared:.1} s long",
            facts.seconds
        )
    })
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

impl Film<'_> {
    /// The size to encode at, and whether a smaller one may be chosen.
    fn size(&self) -> Size {
        // 4:2:0 has no odd sides
        let even = |(w, h): (u32, u32)| (w & !1, h & !1);
        match self.options.size {
            Some(size) => Size::Fixed(even(size)),
            None if self.scene.raster == budget::LARGE => Size::UpTo(budget::LARGE),
            None => Size::Fixed(even(self.scene.raster)),
        }
    }

    /// Encodes it into its budget: a look, the film, and what has to be corrected.
    fn encode(
        &self,
        budget: &Budget,
        sound: &Packets,
        progress: &mut Ticker<'_>,
    ) -> Result<Made, Error> {
        let gop = u64::from(self.encoded((0, 0)).gop());
        let stretches = control::stretches(self.frames, gop);
        progress.more(fill::glances(&stretches));
        let expected = fill::look(self, &stretches, progress)?;
        let plan = budget::plan(budget, expected.iter().sum(), self.size(), || {
            detail::lost(self, &stretches)
        })?;
        let expected = expected.iter().map(|bytes| bytes * plan.growth).collect();
        let mut control = Control::new(expected, &stretches, budget.aimed());
        let mut pictures = fill::fill(self, plan.size, &stretches, &mut control, progress)?;
        // the index is estimated first, and known when there is a file
        let mut room = budget.room(None);
        loop {
            fill::correct(self, plan.size, &mut pictures, &mut control, room, progress)?;
            let file = muxed(&pictures, sound)?;
            let index = file.len() as u64 - pictures.bytes() - sound.bytes as u64;
            if file.len() as u64 <= budget.max_bytes {
                return Ok(Made {
                    plan,
                    file,
                    pictures,
                });
            }
            room = budget.room(Some(index));
        }
    }

    /// Reads the film back and holds it against the rules, its sound against what it shall be, and some of its pictures
    /// against what they were. Gives how like they are, 0–1.
    fn check(
        &self,
        path: &Path,
        made: &Made,
        sound: &Pcm,
        progress: &mut Ticker<'_>,
    ) -> Result<f64, Error> {
        let mut likenesses = Vec::new();
        let mut watch = Watch {
            picture: Box::new(|index, frame| {
                likenesses.extend(made.pictures.originals.likeness(index, frame));
                progress.frame(Stage::Check, made.file.len() as u64);
            }),
            sound: Box::new(|_| {}),
        };
        let cancel = &self.options.cancel;
        let report = verify::check(
            path,
            Profile::Budget,
            Some(self.options.max_bytes),
            cancel,
            &mut watch,
        )?;
        drop(watch);
        // the rules on size in pixels are for what we choose ourselves
        if let Some(broken) = report
            .broken()
            .find(|rule| rule.severity == Severity::Error && rule.rule != "pixels")
        {
            return Err(Error::Film {
                said: format!("it breaks the rule `{}`: {}", broken.rule, broken.said),
            });
        }
        let played = sound::decode(path, cancel)?;
        sound::compare(&played, sound).map_err(|said| Error::Film { said })?;
        Ok(likenesses.iter().sum::<f64>() / likenesses.len().max(1) as f64)
    }
}

/// A file, not yet checked.
struct Made {
    plan: Plan,
    file: Vec<u8>,
    pictures: Pictures,
}

/// Single pictures that were broken, put together to stretches, in words.
pub(super) fn broken(pictures: &[(&Path, f64)], rate: f64) -> Vec<String> {
    /// Broken pictures closer than this are one stretch, seconds.
    const TOGETHER: f64 = 0.5;
    let mut stretches: Vec<(&Path, f64, f64)> = Vec::new();
    for (path, at) in pictures {
        match stretches.last_mut() {
            Some((last, _, until)) if last == path && (0.0..TOGETHER).contains(&(at - *until)) => {
                *until = *at
            }
            _ => stretches.push((path, *at, *at)),
        }
    }
    let told = stretches.into_iter().map(|(path, from, until)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let when = when(from, until + 1.0 / rate);
        format!("the picture of `{name}` is broken {when}; it was concealed")
    });
    told.collect()
}

/// A stretch in words.
pub(super) fn when(from: f64, until: f64) -> String {
    match (format!("{from:.1}"), format!("{until:.1}")) {
        (from, until) if from == until => format!("at {from} s"),
        (from, until) => format!("from {from} to {until} s"),
    }
}

fn muxed(pictures: &Pictures, sound: &Packets) -> Result<Vec<u8>, Error> {
    mux::mp4(&[
        Tape {
            packets: &pictures.packets(),
            parameters: pictures.parameters(),
            time_base: pictures.time_base(),
        },
        Tape {
            packets: &sound.packets,
            parameters: &sound.parameters,
            time_base: sound.time_base,
        },
    ])
}
