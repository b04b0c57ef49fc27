//! Which picture of a clip shows at each moment of the film.
//!
//! In: a clip, its facts, the film's rate. Out: for each frame of the film the clip's picture, shaped for its box. Never:
//! painting, sound, deciding when a picture is due.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;

use super::facts::Facts;
use super::lay;
use super::look::Look;
use super::pictures::{Picture, Pictures, Purpose};
use super::shape::{Fitted, Shaped, Shaper};
use super::tone::{RgbTone, Tone};
use super::trim::{LEAST, Trim};
use crate::media::Error;
use crate::platform::Cancel;
use crate::scene::{Clip, Pixels};

/// Changes of a clip that are named.
const MOST_CHANGES: usize = 3;

/// A picture in its box.
pub(super) struct Shown {
    /// In the encoder's colours; what is see-through is over black.
    pub frame: frame::Video,
    /// Where in the box it stands.
    pub fitted: Fitted,
    /// Premultiplied RGBA of a picture that is see-through.
    pub rgba: Option<Vec<u8>>,
    /// Its number: another picture has another.
    pub number: u64,
}

/// Plays a clip into its box.
pub(super) struct Player {
    path: PathBuf,
    facts: Facts,
    trim: Trim,
    purpose: Purpose,
    cancel: Cancel,
    size: (u32, u32),
    shaper: Shaper,
    /// Of the look of the last picture.
    tone: Option<Tone>,
    /// The same for what is see-through, once such a picture came.
    rgb_tone: Option<RgbTone>,
    look: Look,
    /// When the look changed on the way, and to what.
    changes: Vec<(f64, Look)>,
    pictures: Pictures,
    round: u64,
    /// Read, and not due yet.
    ahead: Option<Picture>,
    ended: bool,
    shown: Option<Shown>,
    given: u64,
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
        purpose: Purpose,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let trim = Trim::of(clip, facts);
        let quick = purpose == Purpose::Analyse;
        Ok(Self {
            pictures: Pictures::open(&clip.path, facts, trim.from, purpose, cancel)?,
            shaper: Shaper::new(facts.orientation, size, clip.fit, clip.focus, quick),
            tone: Tone::of(facts.colors, facts.peak_nits),
            rgb_tone: None,
            look: facts.look(),
            changes: Vec::new(),
            size,
            path: clip.path.clone(),
            facts: facts.clone(),
            trim,
            purpose,
            cancel: cancel.clone(),
            round: 0,
            ahead: None,
            ended: false,
            shown: None,
            given: 0,
            damaged: Vec::new(),
        })
    }

    /// The picture of frame `index` of a film of `rate` frames a second; indices only grow.
    ///
    /// It shows the last picture that is due by then; before the first picture the first one, after the last one that.
    ///
    /// # Errors
    /// As [`Pictures::next`] and [`Shaper::shape`]; [`Error::Unreadable`] if there is no picture at all.
    pub fn frame(&mut self, index: u64, rate: f64) -> Result<&Shown, Error> {
        let (due, round) = self.trim.due(index, rate);
        if round != self.round {
            self.begin_again(round)?;
        }
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
            self.shown = Some(self.shaped(&picture)?);
        }
        self.shown.as_ref().ok_or_else(|| Error::Unreadable {
            path: self.path.clone(),
            message: "none of its pictures can be decoded".to_owned(),
        })
    }

    /// The same as RGBA of the whole box, for layers that mix with it.
    ///
    /// # Errors
    /// As [`Self::frame`].
    pub fn pixels(&mut self, index: u64, rate: f64) -> Result<Arc<Pixels>, Error> {
        let (width, height) = self.size;
        let shown = self.frame(index, rate)?;
        let fitted = shown.fitted;
        let (rgba, opaque) = match &shown.rgba {
            Some(rgba) => (rgba.clone(), false),
            None => (lay::to_rgba(&shown.frame), true),
        };
        if (fitted.width, fitted.height) == (width, height) {
            return Ok(Arc::new(Pixels {
                width,
                height,
                rgba,
                opaque,
            }));
        }
        let place = (fitted.x as i32, fitted.y as i32);
        Ok(Arc::new(Pixels {
            width,
            height,
            rgba: lay::on_nothing(&rgba, fitted.width, place, self.size),
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
        let (due, round) = self.trim.due(index, rate);
        let last = (self.trim.until - self.facts.step).max(self.trim.from);
        self.begin_at(due.min(last), round)?;
        self.shown = None;
        Ok(())
    }

    /// Seconds of the clip that are decoded in vain on the way to a frame, after a seek.
    pub fn run_up(&self, index: u64, rate: f64) -> f64 {
        let at = self.trim.time(index as f64 / rate);
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
        self.pictures = Pictures::open(&self.path, &self.facts, from, self.purpose, &self.cancel)?;
        self.round = round;
        self.ahead = None;
        self.ended = false;
        Ok(())
    }

    fn shaped(&mut self, picture: &Picture) -> Result<Shown, Error> {
        let look = self.facts.look_of(&picture.frame);
        if look != self.look {
            if look.colors != self.look.colors {
                self.tone = Tone::of(look.colors, self.facts.peak_nits);
                self.rgb_tone = None;
            }
            self.look = look;
            self.changes.push((picture.at, look));
        }
        let fitted = self.shaper.fitted(&look);
        self.given += 1;
        let (frame, rgba) = match self.shaper.shape(&picture.frame, &look)? {
            Shaped::SeeThrough(mut rgba) => {
                if self.tone.is_some() && self.rgb_tone.is_none() {
                    self.rgb_tone = RgbTone::of(look.colors, self.facts.peak_nits);
                }
                if let Some(tone) = &mut self.rgb_tone {
                    tone.map(&mut rgba);
                }
                (over_black(&rgba, fitted), Some(rgba))
            }
            Shaped::Opaque(shaped) => (self.toned(shaped), None),
        };
        Ok(Shown {
            frame,
            fitted,
            rgba,
            number: self.given,
        })
    }

    fn toned(&self, shaped: frame::Video) -> frame::Video {
        let Some(tone) = &self.tone else {
            return shaped;
        };
        let (width, height) = (shaped.width(), shaped.height());
        let mut mapped = frame::Video::new(Pixel::YUV420P, width, height);
        tone.map(&shaped, &mut mapped);
        mapped
    }

    /// What of its look changed while it played, as a sentence.
    pub fn changed(&self) -> Option<String> {
        let played = |(at, _): &&(f64, Look)| *at < self.trim.until;
        let mut last = self.facts.look();
        let mut whats: Vec<String> = Vec::new();
        for (at, look) in self.changes.iter().filter(played) {
            // a clip that plays again goes back to where it was
            if *look != self.facts.look() {
                whats.extend(change(&last, look).map(|what| format!("{what} from {at:.1} s")));
            }
            last = *look;
        }
        whats.dedup();
        let more = whats.len().saturating_sub(MOST_CHANGES);
        whats.truncate(MOST_CHANGES);
        if more > 0 {
            whats.push(format!("{more} more"));
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        (!whats.is_empty()).then(|| {
            format!(
                "the picture of `{name}` changes on the way ({}); each is fitted as it is",
                whats.join(", ")
            )
        })
    }

    /// Times at which what was played is broken, seconds on the clip's own time line, ascending.
    pub fn damaged(&self) -> Vec<f64> {
        let mut all = self.damaged.clone();
        all.extend(&self.pictures.damaged);
        all.retain(|at| (self.trim.from - LEAST..=self.trim.until).contains(at));
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }
}

/// What is other in a look than in the one before it.
fn change(before: &Look, after: &Look) -> Option<String> {
    let size = |look: &Look| (look.width, look.height);
    Some(if size(before) != size(after) {
        format!("{}×{}", after.width, after.height)
    } else if before.aspect != after.aspect {
        format!("pixels {:.3}:1", after.aspect)
    } else if before.colors != after.colors {
        "other colours".to_owned()
    } else {
        return None;
    })
}

/// A see-through picture as an encoder can have it.
fn over_black(rgba: &[u8], fitted: Fitted) -> frame::Video {
    let mut frame = frame::Video::new(Pixel::YUV420P, fitted.width, fitted.height);
    lay::to_yuv(rgba, &mut frame);
    frame
}
