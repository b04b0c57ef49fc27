//! The film's pictures, encoded stretch by stretch into their budget.
//!
//! In: a film, its plan. Out: packets of the whole film. Never: a frame twice or not at all, more than one stretch kept
//! waiting in memory.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use ffmpeg_next::codec::Parameters;
use ffmpeg_next::{Packet, Rational, frame};

use super::Stage;
use super::budget::{LOOK_CRF, LOOK_SIZE};
use super::compose::{self, Composer};
use super::control::{Control, Stretch, Verdict};
use super::encode::{Encoder, Format, Track};
use super::likeness::Originals;
use super::make::{Film, Ticker};
use super::pictures::Care;
use crate::media::Error;

/// Frames between the thread that makes them and the one that encodes them.
const AHEAD: usize = 3;

/// Frames of each stretch that are looked at.
const GLANCE: u64 = 12;

/// Frames that may be decoded in vain for the look to stand a frame nearer to the middle of its stretch.
const FAR: u64 = 2;

/// A film's pictures.
pub(super) struct Pictures {
    /// Of each stretch.
    tracks: Vec<Track>,
    stretches: Vec<Stretch>,
    /// What was broken and concealed, in words.
    pub damaged: Vec<String>,
    /// Some frames as they were.
    pub originals: Originals,
}

impl Pictures {
    /// Bytes of all packets.
    pub fn bytes(&self) -> u64 {
        self.tracks.iter().map(Track::bytes).sum()
    }

    /// What a muxer wants to know; the same for every stretch.
    pub fn parameters(&self) -> &Parameters {
        &self.tracks[0].parameters
    }

    /// The unit of the packets' times.
    pub fn time_base(&self) -> Rational {
        self.tracks[0].time_base
    }

    /// All packets in decoding order, on the film's time line.
    pub fn packets(&self) -> Vec<Packet> {
        let mut all = Vec::new();
        for (track, stretch) in self.tracks.iter().zip(&self.stretches) {
            let later = |time: Option<i64>| time.map(|t| t + stretch.first as i64);
            for packet in &track.packets {
                let mut packet = packet.clone();
                packet.set_pts(later(packet.pts()));
                packet.set_dts(later(packet.dts()));
                all.push(packet);
            }
        }
        all
    }
}

/// Encodes some frames of each stretch: what the whole stretch is expected to need, bytes.
pub(super) fn look(
    film: &Film<'_>,
    stretches: &[Stretch],
    progress: &mut Ticker<'_>,
) -> Result<Vec<f64>, Error> {
    let mut composer = film.composer(LOOK_SIZE, Care::Rough)?;
    let format = film.encoded(LOOK_SIZE);
    let gop = f64::from(format.gop());
    let mut picture = compose::black(LOOK_SIZE);
    let mut expected = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let count = stretch.frames.min(GLANCE);
        let first = glance(&composer, stretch, count, film.rate());
        composer.seek(first)?;
        let mut encoder = Encoder::open(format, LOOK_CRF)?;
        for index in first..first + count {
            composer.frame(index, &mut picture)?;
            encoder.give(&mut picture)?;
            progress.frame(Stage::Look, 0);
        }
        let track = encoder.end()?;
        let key = track.packets.first().map_or(0, |p| p.size()) as f64;
        let others = (track.bytes() as f64 - key) / (count.max(2) - 1) as f64;
        let frames = stretch.frames as f64;
        let keys = (frames / gop).ceil();
        expected.push(keys * key + (frames - keys).max(0.0) * others);
    }
    Ok(expected)
}

/// Where to look at a stretch: near the middle, which stands best for it, and soon after a key picture of the clip, for
/// what comes before is decoded in vain.
pub(super) fn glance(composer: &Composer, stretch: &Stretch, count: u64, rate: f64) -> u64 {
    let spare = stretch.frames - count;
    let middle = stretch.first + spare / 2;
    let vain = |index: &u64| (composer.run_up(*index) * rate).round() as u64;
    (stretch.first..=stretch.first + spare)
        .min_by_key(|index| vain(index) + FAR * index.abs_diff(middle))
        .unwrap_or(middle)
}

/// How many frames [`look`] looks at.
pub(super) fn glances(stretches: &[Stretch]) -> u64 {
    stretches.iter().map(|s| s.frames.min(GLANCE)).sum()
}

/// Encodes all stretches, one quality after the other, as the control says.
pub(super) fn fill(
    film: &Film<'_>,
    size: (u32, u32),
    stretches: &[Stretch],
    control: &mut Control,
    progress: &mut Ticker<'_>,
) -> Result<Pictures, Error> {
    let mut tracks = Vec::with_capacity(stretches.len());
    let mut kept = (Vec::new(), Originals::default());
    std::thread::scope(|scope| {
        let (to_encode, made) = sync_channel(AHEAD);
        let (give_back, used) = sync_channel(AHEAD + 2);
        let maker = scope.spawn(move || make_frames(film, size, &to_encode, &used));
        'film: for (at, stretch) in stretches.iter().enumerate() {
            let crf = control.crf(at);
            let mut encoder = Encoder::open(film.encoded(size), crf)?;
            for _ in 0..stretch.frames {
                film.stopped()?;
                let Ok(mut frame) = made.recv() else {
                    // the maker failed and says why
                    break 'film;
                };
                encoder.give(&mut frame)?;
                // the maker may be gone already
                let _ = give_back.try_send(frame);
                progress.frame(Stage::Encode, encoder.bytes());
            }
            let track = encoder.end()?;
            control.note(at, crf, track.bytes());
            tracks.push(track);
            if at == 0
                && let Some(crf) = control.first_again()
            {
                tracks[0] = again(film, size, stretch, crf, progress)?;
                control.note(0, crf, tracks[0].bytes());
            }
        }
        drop(made);
        kept = maker.join().unwrap_or_else(|_| {
            Err(Error::Film {
                said: "the thread that makes frames failed".to_owned(),
            })
        })?;
        Ok::<(), Error>(())
    })?;
    let (damaged, originals) = kept;
    Ok(Pictures {
        tracks,
        stretches: stretches.to_vec(),
        damaged,
        originals,
    })
}

/// Corrects what missed the budget; whether there was anything to correct.
///
/// # Errors
/// [`Error::TooLarge`] where no quality is coarse enough.
pub(super) fn correct(
    film: &Film<'_>,
    size: (u32, u32),
    pictures: &mut Pictures,
    control: &mut Control,
    (least, most): (f64, f64),
    progress: &mut Ticker<'_>,
) -> Result<bool, Error> {
    let mut corrected = false;
    loop {
        match control.verdict(least, most) {
            Verdict::Good => return Ok(corrected),
            Verdict::Hopeless => {
                return Err(Error::TooLarge {
                    bytes: pictures.bytes(),
                    max_bytes: most as u64,
                    quality: None,
                });
            }
            Verdict::Again(at, crf) => {
                let track = again(film, size, &pictures.stretches[at], crf, progress)?;
                control.note(at, crf, track.bytes());
                pictures.tracks[at] = track;
                corrected = true;
            }
        }
    }
}

/// One stretch once more.
fn again(
    film: &Film<'_>,
    size: (u32, u32),
    stretch: &Stretch,
    crf: f64,
    progress: &mut Ticker<'_>,
) -> Result<Track, Error> {
    progress.more(stretch.frames);
    let mut composer = film.composer(size, Care::Full)?;
    composer.seek(stretch.first)?;
    let mut encoder = Encoder::open(film.encoded(size), crf)?;
    let mut picture = compose::black(size);
    for index in stretch.first..stretch.first + stretch.frames {
        film.stopped()?;
        composer.frame(index, &mut picture)?;
        encoder.give(&mut picture)?;
        progress.frame(Stage::Encode, encoder.bytes());
    }
    encoder.end()
}

fn make_frames(
    film: &Film<'_>,
    size: (u32, u32),
    to_encode: &SyncSender<frame::Video>,
    used: &Receiver<frame::Video>,
) -> Result<(Vec<String>, Originals), Error> {
    let mut originals = Originals::of(film.frames);
    let mut composer: Composer = film.composer(size, Care::Full)?;
    for index in 0..film.frames {
        let mut frame = used.try_recv().unwrap_or_else(|_| compose::black(size));
        composer.frame(index, &mut frame)?;
        originals.note(index, &frame);
        if to_encode.send(frame).is_err() {
            // the encoder gave up and says why
            return Ok(Default::default());
        }
    }
    Ok((
        super::make::broken(&composer.damaged(), film.rate()),
        originals,
    ))
}

impl Film<'_> {
    /// The shape of its pictures at that size.
    pub(super) fn encoded(&self, (width, height): (u32, u32)) -> Format {
        Format {
            width,
            height,
            rate: self.format,
        }
    }

    fn composer(&self, size: (u32, u32), care: Care) -> Result<Composer, Error> {
        Composer::new(
            &self.scene,
            &self.known,
            size,
            self.rate(),
            care,
            &self.options.cancel,
        )
    }

    fn stopped(&self) -> Result<(), Error> {
        if self.options.cancel.is_stopped() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }
}
