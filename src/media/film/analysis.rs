//! At which size a film is made, and whether its limit of bytes matters at all.
//!
//! In: a timeline, the sizes that may be chosen, the bytes there are. Out: a [`Plan`]. Short samples of the film are encoded
//! and looked at as the whole will be; nothing is known of a kind of film beforehand. Never: giving out bits; x264 does that.

use ffmpeg_next::{codec, decoder, frame};

use super::av;
use super::compose::{self, Composer};
use super::encode::{Encoder, Pass, Track};
use super::pictures::Care;
use super::quality::{fidelity_at_half, luma};
use super::timeline::Timeline;
use crate::media::Error;
use crate::scene::picture;

/// Frames of a sample.
const FRAMES: u64 = 8;

/// Seconds of film to a sample.
const EVERY: f64 = 6.0;

/// How many samples there are: few of a short film, and for a long one no more than fit into memory.
const SAMPLES: (f64, f64) = (2.0, 6.0);

/// The quality number of the first trial, in the middle of what films come to.
const FIRST_CRF: f64 = 26.0;

/// A trial that was this far from where the film will be is made again there.
const FAR: f64 = 2.0;

/// x264's quality numbers that a trial may have.
const CRFS: (f64, f64) = (12.0, 46.0);

/// Halving the bytes costs about this much of x264's quality number, as long as nothing better is known.
const CRF_AN_OCTAVE: f64 = 5.5;

/// The visually lossless ceiling, x264's constant rate factor: nobody sees a difference to the source at it, so no film gets
/// more bytes than it asks for.
pub(super) const LOSSLESS_CRF: f64 = 15.0;

/// A film that samples expect to be so much better than the ceiling is made at the ceiling; one nearer to it fills its bytes.
const SURE: f64 = 2.0;

/// Up to this quality number the largest size is right without a trial: what coding takes away is less than what scaling does.
const FINE_CRF: f64 = 23.0;

/// The platform's own size.
pub(super) const LARGE: (u32, u32) = (1080, 1920);

/// Sizes that may look better when bytes are few: three quarters and two thirds of the large one's sides.
const SMALLER: [(u32, u32); 2] = [(810, 1440), (720, 1280)];

/// How a film is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    /// Its size in pixels.
    pub size: (u32, u32),
    /// x264's quality number that its bytes are expected to come to.
    pub expected_crf: f64,
    /// It is smaller than it might be, because that looks better.
    pub is_smaller: bool,
}

impl Plan {
    /// The film needs fewer bytes than there are.
    pub fn has_room(&self) -> bool {
        self.expected_crf < LOSSLESS_CRF - SURE
    }
}

/// The sizes that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// This one.
    Fixed((u32, u32)),
    /// This one, or a smaller one if that looks better.
    UpTo((u32, u32)),
}

impl Size {
    fn largest(self) -> (u32, u32) {
        match self {
            Self::Fixed(size) | Self::UpTo(size) => size,
        }
    }
}

/// What came of encoding all samples at a size and quality number.
#[derive(Debug, Clone, Copy)]
struct Trial {
    crf: f64,
    /// Bytes that the whole film would have.
    bytes: f64,
    /// How true the samples are at the largest size, 0–1; see [`fidelity_at_half`].
    fidelity: f64,
}

impl Trial {
    /// The quality number at which the film has so many bytes, when halving them costs `octave`.
    fn crf_for(&self, bytes: f64, octave: f64) -> f64 {
        self.crf + octave * (self.bytes / bytes.max(1.0)).log2()
    }
}

/// Decides how a film is made whose pictures may have so many bytes.
///
/// # Errors
/// What the clips give, [`Error::Film`], [`Error::Cancelled`].
pub(super) fn plan(film: &Timeline<'_>, size: Size, bytes: f64) -> Result<Plan, Error> {
    let largest = size.largest();
    let samples = Samples::of(film, largest)?;
    let first = samples.tried(film, largest, FIRST_CRF, false)?;
    let crf = first.crf_for(bytes, CRF_AN_OCTAVE).clamp(CRFS.0, CRFS.1);
    let near = match (crf - FIRST_CRF).abs() > FAR {
        true => samples.tried(film, largest, crf, false)?,
        false => first,
    };
    let octave = slope(first, near, |t| t.bytes.log2()).map_or(CRF_AN_OCTAVE, |s| 1.0 / s);
    let octave = octave.clamp(CRF_AN_OCTAVE / 2.0, CRF_AN_OCTAVE * 2.0);
    let plan = Plan {
        size: largest,
        expected_crf: near.crf_for(bytes, octave),
        is_smaller: false,
    };
    if matches!(size, Size::Fixed(_)) || plan.expected_crf < FINE_CRF {
        return Ok(plan);
    }
    let near = samples.tried(film, largest, near.crf, true)?;
    let coarser = samples.tried(film, largest, near.crf + 3.0, true)?;
    let lost = slope(near, coarser, |t| t.fidelity).unwrap_or(0.0);
    let at_bytes = |trial: Trial| {
        let crf = trial.crf_for(bytes, octave);
        (crf, trial.fidelity - lost * (crf - trial.crf))
    };
    let mut best = (plan, at_bytes(near).1);
    for smaller in SMALLER {
        let trial = samples.tried(film, smaller, near.crf, true)?;
        let (expected_crf, fidelity) = at_bytes(trial);
        if fidelity > best.1 {
            best = (
                Plan {
                    size: smaller,
                    expected_crf,
                    is_smaller: true,
                },
                fidelity,
            );
        }
    }
    Ok(best.0)
}

/// How much less of something there is for each step of the quality number, from two trials.
fn slope(a: Trial, b: Trial, of: impl Fn(Trial) -> f64) -> Option<f64> {
    let steps = b.crf - a.crf;
    (steps.abs() > 0.5)
        .then(|| (of(a) - of(b)) / steps)
        .filter(|slope| *slope > 0.0)
}

/// Samples of a film at the largest size.
struct Samples {
    size: (u32, u32),
    clips: Vec<Vec<frame::Video>>,
}

impl Samples {
    /// Samples that lie evenly over the film.
    fn of(film: &Timeline<'_>, size: (u32, u32)) -> Result<Self, Error> {
        let count = (film.seconds() / EVERY).ceil().clamp(SAMPLES.0, SAMPLES.1) as u64;
        let mut composer = film.composer(size, Care::Full)?;
        let mut clips = Vec::with_capacity(count as usize);
        for at in 0..count {
            film.go_on()?;
            let part = film.frames * at / count..film.frames * (at + 1) / count;
            let first = soonest(&composer, part, film.rate());
            let frames = first..(first + FRAMES).min(film.frames);
            clips.push(sample(&mut composer, frames, size)?);
        }
        Ok(Self { size, clips })
    }

    /// Encodes all of them, and looks at them if that is asked for.
    fn tried(
        &self,
        film: &Timeline<'_>,
        size: (u32, u32),
        crf: f64,
        is_looked_at: bool,
    ) -> Result<Trial, Error> {
        let format = film.format(size);
        let (mut keys, mut others, mut frames) = (0.0, 0.0, 0);
        let (mut sum, mut count) = (0.0, 0);
        for clip in &self.clips {
            film.go_on()?;
            let mut encoder = Encoder::open(format, Pass::Trial { crf }, film.options.effort)?;
            for frame in clip {
                encoder.give(&mut resized(frame, self.size, size))?;
            }
            let track = encoder.end()?;
            let key = track.packets.first().map_or(0, |packet| packet.size());
            keys += key as f64;
            others += track.bytes() as f64 - key as f64;
            frames += clip.len().saturating_sub(1);
            if is_looked_at {
                for (shown, original) in decoded(&track)?.iter().zip(clip).skip(1) {
                    let shown = picture::resized_luma(&luma(shown), size, self.size);
                    sum += fidelity_at_half(&luma(original), &shown, self.size.0 as usize);
                    count += 1;
                }
            }
        }
        let (key, other) = (
            keys / self.clips.len().max(1) as f64,
            others / frames.max(1) as f64,
        );
        let all = film.frames as f64;
        let key_count = (all / f64::from(format.gop())).ceil();
        Ok(Trial {
            crf,
            bytes: (key_count * key + (all - key_count).max(0.0) * other).max(1.0),
            fidelity: sum / f64::from(count.max(1)),
        })
    }
}

/// Where a sample of a part of the film begins: near its middle, which stands best for it, and soon after a key picture of
/// the clip, for what comes before is decoded in vain.
fn soonest(composer: &Composer, part: std::ops::Range<u64>, rate: f64) -> u64 {
    let last = part.end.saturating_sub(FRAMES).max(part.start);
    let middle = (part.start + last) / 2;
    let vain = |index: &u64| (composer.run_up(*index) * rate).round() as u64;
    (part.start..=last)
        .min_by_key(|index| vain(index) + index.abs_diff(middle))
        .unwrap_or(middle)
}

/// Some frames of a film in a row.
fn sample(
    composer: &mut Composer,
    frames: std::ops::Range<u64>,
    size: (u32, u32),
) -> Result<Vec<frame::Video>, Error> {
    composer.seek(frames.start)?;
    frames
        .map(|index| {
            let mut frame = compose::black(size);
            composer.frame(index, &mut frame)?;
            Ok(frame)
        })
        .collect()
}

/// A frame at another size.
fn resized(frame: &frame::Video, from: (u32, u32), to: (u32, u32)) -> frame::Video {
    let mut out = compose::black(to);
    for plane in 0..3 {
        let side = |(w, h): (u32, u32)| match plane {
            0 => (w, h),
            _ => (w / 2, h / 2),
        };
        let (own, wanted) = (side(from), side(to));
        let samples = plane_of(frame, plane, own);
        let samples = match own == wanted {
            true => samples,
            false => picture::resized_luma(&samples, own, wanted),
        };
        let stride = out.stride(plane);
        let rows = out.data_mut(plane).chunks_mut(stride);
        for (row, samples) in rows.zip(samples.chunks_exact(wanted.0 as usize)) {
            row[..samples.len()].copy_from_slice(samples);
        }
    }
    out
}

/// A plane's samples, rows without gaps.
fn plane_of(frame: &frame::Video, plane: usize, (width, height): (u32, u32)) -> Vec<u8> {
    let rows = frame.data(plane).chunks(frame.stride(plane));
    rows.take(height as usize)
        .flat_map(|row| row[..width as usize].iter().copied())
        .collect()
}

/// The frames of a track, in the order of showing.
fn decoded(track: &Track) -> Result<Vec<frame::Video>, Error> {
    let context = codec::Context::from_parameters(track.parameters.clone()).map_err(av::failed)?;
    let mut decoder: decoder::Video = context.decoder().video().map_err(av::failed)?;
    let mut frames = Vec::new();
    for packet in &track.packets {
        decoder.send_packet(packet).map_err(av::failed)?;
        take(&mut decoder, &mut frames)?;
    }
    decoder.send_eof().map_err(av::failed)?;
    take(&mut decoder, &mut frames)?;
    Ok(frames)
}

/// Takes what is decoded.
fn take(decoder: &mut decoder::Video, frames: &mut Vec<frame::Video>) -> Result<(), Error> {
    loop {
        let mut frame = frame::Video::empty();
        match decoder.receive_frame(&mut frame) {
            Ok(()) => frames.push(frame),
            Err(ffmpeg_next::Error::Eof) => return Ok(()),
            Err(error) if av::is_again(error) => return Ok(()),
            Err(error) => return Err(av::failed(error)),
        }
    }
}
