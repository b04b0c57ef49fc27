//! Which picture of a clip shows at each moment of the film.
//!
//! In: a clip, its facts, the film's rate. Out: for each frame of the film the clip's picture, shaped for its box. Trim,
//! speed, loop and hold happen here, and variable rates become constant ones. Never: painting, sound.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ffmpeg_next::frame;

use super::facts::Facts;
use super::lay;
use super::pictures::{Care, Picture, Pictures};
use super::shape::{Fitted, Shaper};
use super::tone::{Tone, Transfer};
use crate::media::Error;
use crate::platform::Cancel;
use crate::scene::{Clip, Pixels};

/// What is shorter than this is one picture, seconds.
const LEAST: f64 = 0.001;

/// The section of a clip that plays, on the clip's own time line from its zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trim {
    /// Where it begins, seconds.
    pub from: f64,
    /// Where it is over, seconds.
    pub until: f64,
    /// Clip seconds a film second.
    pub speed: f64,
    /// Begins again when it is over.
    pub looped: bool,
}

impl Trim {
    /// What of a clip plays.
    pub fn of(clip: &Clip, facts: &Facts) -> Self {
        let end = clip
            .end
            .map_or(facts.seconds, |end| end.as_secs_f64().min(facts.seconds));
        Self {
            from: clip.start.as_secs_f64(),
            until: end,
            speed: f64::from(clip.speed).clamp(0.05, 20.0),
            looped: clip.looped,
        }
    }

    /// Film seconds until it is over for the first time.
    pub fn length(&self) -> f64 {
        ((self.until - self.from) / self.speed).max(0.0)
    }

    /// The clip's time at a film's time.
    pub fn time(&self, film: f64) -> f64 {
        self.at(film).0
    }

    /// The clip's time at a film's time, and how often it began again.
    fn at(&self, film: f64) -> (f64, u64) {
        let length = self.length();
        if !self.looped || length < LEAST {
            return (self.from + film * self.speed, 0);
        }
        let round = (film / length).floor();
        (
            self.from + (film - round * length) * self.speed,
            round as u64,
        )
    }
}

/// What brings a clip that is brighter than a screen down to one.
fn tone(facts: &Facts) -> Option<Tone> {
    let colors = &facts.colors;
    let transfer = Transfer::of(colors.transfer)?;
    Some(Tone::new(
        transfer,
        colors.primaries,
        colors.matrix,
        colors.range,
        facts.peak_nits,
    ))
}

/// Plays a clip into its box.
pub(super) struct Player {
    path: PathBuf,
    facts: Facts,
    trim: Trim,
    care: Care,
    cancel: Cancel,
    size: (u32, u32),
    shaper: Shaper,
    tone: Option<Tone>,
    pictures: Pictures,
    round: u64,
    /// Read, and not due yet.
    ahead: Option<Picture>,
    ended: bool,
    shown: Option<frame::Video>,
    damaged: Vec<f64>,
}

impl Player {
    /// A clip for a box of `size` output pixels.
    ///
    /// # Errors
    /// As [`Pictures::open`].
    pub fn new(
        clip: &Clip,
        facts: &Facts,
        size: (u32, u32),
        care: Care,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let trim = Trim::of(clip, facts);
        let quick = care == Care::Rough;
        let tone = tone(facts);
        Ok(Self {
            pictures: Pictures::open(&clip.path, facts, trim.from, care, cancel)?,
            shaper: Shaper::new(facts, size, clip.fit, clip.focus, quick),
            size,
            path: clip.path.clone(),
            facts: facts.clone(),
            trim,
            care,
            cancel: cancel.clone(),
            tone,
            round: 0,
            ahead: None,
            ended: false,
            shown: None,
            damaged: Vec::new(),
        })
    }

    /// Where in its box the pictures stand.
    pub fn fitted(&self) -> Fitted {
        self.shaper.fitted()
    }

    /// The picture of frame `index` of a film of `rate` frames a second; indices only grow.
    ///
    /// A frame shows the last picture that is due in the first half of its time, so that pictures of the film's own rate
    /// stay where they are, and others are half a frame early or late at most; of pictures that come faster, in the first
    /// half of their time. Before the first picture, the first one shows; after the last one, that stays.
    ///
    /// # Errors
    /// As [`Pictures::next`] and [`Shaper::shape`]; [`Error::Unreadable`] if there is no picture at all.
    pub fn frame(&mut self, index: u64, rate: f64) -> Result<&frame::Video, Error> {
        // clocks are not exact: half-way from one picture to the next no rounding changes which one it is
        let frame = self.trim.speed / rate;
        let half = (self.facts.step / frame).clamp(0.01, 1.0) / 2.0;
        let (mut due, round) = self.trim.at((index as f64 + half) / rate);
        if round != self.round {
            self.begin_again(round)?;
        }
        due = due.min(self.trim.until - LEAST);
        let mut taken = None;
        loop {
            if self.ahead.is_none() && !self.ended {
                self.ahead = self.pictures.next()?;
                self.ended = self.ahead.is_none();
            }
            let nothing_yet = self.shown.is_none() && taken.is_none();
            match &self.ahead {
                Some(next) if next.at < due || nothing_yet => taken = self.ahead.take(),
                _ => break,
            }
        }
        if let Some(picture) = taken {
            self.shown = Some(self.shaped(&picture.frame)?);
        }
        self.shown.as_ref().ok_or_else(|| Error::Unreadable {
            path: self.path.clone(),
            said: "none of its pictures can be decoded".to_owned(),
        })
    }

    /// The same as opaque RGBA of the whole box, for layers that mix with it.
    ///
    /// # Errors
    /// As [`Self::frame`].
    pub fn pixels(&mut self, index: u64, rate: f64) -> Result<Arc<Pixels>, Error> {
        let fitted = self.fitted();
        let (width, height) = self.size;
        let shown = self.frame(index, rate)?;
        let rgba = lay::to_rgba(shown);
        if (fitted.width, fitted.height) == (width, height) {
            return Ok(Arc::new(Pixels {
                width,
                height,
                rgba,
                opaque: true,
            }));
        }
        let mut all = vec![0; width as usize * height as usize * 4];
        let row = fitted.width as usize * 4;
        for (y, from) in rgba.chunks_exact(row).enumerate() {
            let at = ((fitted.y as usize + y) * width as usize + fitted.x as usize) * 4;
            all[at..at + row].copy_from_slice(from);
        }
        Ok(Arc::new(Pixels {
            width,
            height,
            rgba: all,
            opaque: false,
        }))
    }

    /// The clip's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Goes to a frame of the film, forwards or back.
    ///
    /// # Errors
    /// As [`Pictures::open`].
    pub fn seek(&mut self, index: u64, rate: f64) -> Result<(), Error> {
        let (at, round) = self.trim.at(index as f64 / rate);
        let last = (self.trim.until - self.facts.step).max(self.trim.from);
        self.begin_at(at.min(last), round)?;
        self.shown = None;
        Ok(())
    }

    /// Seconds of the clip that are decoded in vain on the way to a frame, after a seek.
    pub fn run_up(&self, index: u64, rate: f64) -> f64 {
        let at = self.trim.at(index as f64 / rate).0;
        let keys = &self.facts.keys;
        // clocks round: a seek to the very moment may lead to the key before it
        let after = keys.partition_point(|key| key + self.facts.step / 2.0 <= at);
        at - after.checked_sub(1).map_or(0.0, |before| keys[before])
    }

    fn begin_again(&mut self, round: u64) -> Result<(), Error> {
        self.begin_at(self.trim.from, round)
    }

    fn begin_at(&mut self, from: f64, round: u64) -> Result<(), Error> {
        self.damaged.append(&mut self.pictures.damaged);
        self.pictures = Pictures::open(&self.path, &self.facts, from, self.care, &self.cancel)?;
        self.round = round;
        self.ahead = None;
        self.ended = false;
        Ok(())
    }

    fn shaped(&mut self, picture: &frame::Video) -> Result<frame::Video, Error> {
        let shaped = self.shaper.shape(picture)?;
        let Some(tone) = &self.tone else {
            return Ok(shaped);
        };
        let mut mapped = frame::Video::new(
            ffmpeg_next::format::Pixel::YUV420P,
            shaped.width(),
            shaped.height(),
        );
        tone.map(&shaped, &mut mapped);
        Ok(mapped)
    }

    /// Times at which what was played is broken, seconds on the clip's own time line, ascending.
    pub fn damaged(&self) -> Vec<f64> {
        let mut all = self.damaged.clone();
        all.extend(&self.pictures.damaged);
        all.retain(|at| (self.trim.from..=self.trim.until).contains(at));
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }
}
