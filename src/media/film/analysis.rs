//! At which size a film is made, and whether its limit of bytes matters at all.
//!
//! In: a timeline, the sizes that may be chosen, the bytes there are. Out: a [`Plan`]. Short samples of the film are encoded
//! and looked at as the whole will be; nothing is known of a kind of film beforehand. Never: giving out bits; x264 does that.
//!
//! Unless a number below says otherwise, it was read off seven clips (a hand-held minute with grain, a cartoon of 30 s, a pan at
//! 60 frames a second, hard cuts every second, grain that comes and goes, whip pans, typing on a screen) and checked on eight
//! others (shots of a trailer, a hand-held clip whose grain comes and goes, a cartoon at 60 frames a second, two kinds of grain,
//! other hard cuts, a camera's clip, heavy rain): the tables of `docs/film.md`, where the second lot has a star.

use ffmpeg_next::{codec, decoder, frame};
use rayon::prelude::*;

use super::av;
use super::compose::{self, Composer};
use super::encode::{Encoder, Pass, Track};
use super::options::Effort;
use super::pictures::Purpose;
use super::quality::{fidelity, half, half_luma};
use super::timeline::Timeline;
use crate::media::Error;
use crate::platform::{STORY_MIDDLE, STORY_SMALL};
use crate::scene::picture;

/// Frames of a sample. They were eight for the clips with a † in that table; six were not measured by themselves.
const FRAMES: u64 = 6;

/// Seconds of film to a sample. Reasoned: a shot is seldom shorter than that for long.
const EVERY: f64 = 6.0;

/// How many samples there are: few of a short film, and for a long one no more than fit into memory.
const SAMPLES: (f64, f64) = (2.0, 6.0);

/// The quality number of the first trial, in the middle of what those films come to; a trial far off is made again.
const FIRST_CRF: f64 = 26.0;

/// A trial that was this far from where the film will be is made again there. Reasoned: x264's numbers
/// are nearly a straight line over so little.
const FAR: f64 = 2.0;

/// Trials at one size until one is near. Grain answers to the quality number twice as steeply as other film does.
const MOST_TRIALS: u32 = 3;

/// x264's quality numbers that a trial may have.
const CRFS: (f64, f64) = (12.0, 46.0);

/// Halving the bytes costs about this much of x264's quality number, as long as nothing better is known. x264's rule of
/// thumb is 6.
const CRF_AN_OCTAVE: f64 = 5.5;

/// What two trials may say of that. The steepest that was seen is a clip of coming and going grain, 2.6; the bounds are
/// reasoned, and keep two trials that lie together from saying anything.
const OCTAVES: (f64, f64) = (CRF_AN_OCTAVE / 3.0, CRF_AN_OCTAVE * 2.0);

/// The visually lossless ceiling, x264's constant rate factor: nobody sees a difference to the source at it, so no film gets
/// more bytes than it asks for. x264's manual puts "visually lossless" at 17 or 18; two below is reasoned, for a platform that
/// encodes again.
pub(super) const LOSSLESS_CRF: f64 = 15.0;

/// A film that samples expect to be so much better than the ceiling is made at the ceiling; one nearer to it fills its bytes.
/// Reasoned: a wrong guess costs a pass and no quality.
const SURE: f64 = 2.0;

/// The same where the smallest size alone was tried, on top of that: twice the most that [`CRF_OF_SMALLEST`] was off by.
const UNSURE: f64 = 3.0;

/// Up to this quality number the largest size is right without a trial: what coding takes away is less than what scaling does. It was 23,
/// and wrong there: at 22.8 a pan at 60 frames a second has 3.8 of VMAF more at 720×1280, at 22.9 a dark wall with grain 0.4. At 18.6
/// whip pans have 2.3 more at the largest, and a talking head as much at either. Between 20 and 23 samples are looked at, which took the
/// wrong size for one of four clips (a pan, by 1.4). Of two clips below that were not looked at when it was chosen, a talking head at 18.4
/// has 8.3 more at the largest; hard cuts at 16.5, of which samples see some shots alone, have 1.4 less, and 4.2 in the 5th percentile.
const FINE_CRF: f64 = 20.0;

/// At the smallest size a film's bytes come to about so much less of x264's quality number. A guess, and enough: it says
/// where a trial is made, and what came of it is carried to the film's bytes. On seven clips of other kinds it was 0 to 1.5 too
/// little, on none too much; `Fast`, which goes by it alone, may so take the largest size for a film that is a little too hard for it.
const CRF_OF_SMALLEST: f64 = 4.5;

/// What a step of the quality number takes of fidelity, where no two trials say it. On 13 clips of both lots it was 0.005 to 0.03, on seven of
/// them within 0.004 of this. Over [`FAR`] that is an error of 0.03 at most; five of the clips had two sizes that near, and the worse
/// of them may be taken.
const LOST_A_STEP: f64 = 0.015;

/// Frames of a sample that are looked at: a part of every kind.
const LOOKED_AT: [usize; 3] = [2, 4, 5];

/// How a film is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    /// Its size in pixels.
    pub size: (u32, u32),
    /// x264's quality number that its bytes are expected to come to.
    pub expected_crf: f64,
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
    /// The largest of them.
    pub fn largest(self) -> (u32, u32) {
        match self {
            Self::Fixed(size) | Self::UpTo(size) => size,
        }
    }
}

/// What came of encoding all samples at a size and quality number.
struct Trial {
    size: (u32, u32),
    crf: f64,
    /// Bytes that the whole film would have.
    bytes: f64,
    /// The samples, encoded.
    tracks: Vec<Track>,
}

impl Trial {
    /// The quality number at which the film has so many bytes, when halving them costs `octave`.
    fn crf_for(&self, bytes: f64, octave: f64) -> f64 {
        self.crf + octave * (self.bytes / bytes.max(1.0)).log2()
    }
}

/// Trials of samples at one size, the last of them near where the film will be.
struct Trials {
    near: Trial,
    /// The one before it, if there was one.
    before: Option<Trial>,
    /// What halving the bytes costs there, in steps of the quality number.
    octave: f64,
}

impl Trials {
    /// Tries samples at a quality number, and again where the film's bytes will be used up, if that is somewhere else.
    fn of(
        film: &Timeline<'_>,
        samples: &mut Samples,
        bytes: f64,
        (crf, octave): (f64, f64),
    ) -> Result<Self, Error> {
        let mut trials = Self {
            near: samples.tried(film, crf)?,
            before: None,
            octave,
        };
        for _ in 1..MOST_TRIALS {
            let crf = trials.plan(bytes).expected_crf.clamp(CRFS.0, CRFS.1);
            if (crf - trials.near.crf).abs() <= FAR {
                break;
            }
            let next = samples.tried(film, crf)?;
            let before = std::mem::replace(&mut trials.near, next);
            trials.know(before);
        }
        Ok(trials)
    }

    /// Learns from another trial.
    fn know(&mut self, other: Trial) {
        let points = [&other, &self.near].map(|trial| (trial.crf, trial.bytes.log2()));
        if let Some(slope) = slope(points[0], points[1]) {
            self.octave = (1.0 / slope).clamp(OCTAVES.0, OCTAVES.1);
        }
        self.before = Some(other);
    }

    /// A film of their size that has so many bytes.
    fn plan(&self, bytes: f64) -> Plan {
        Plan {
            size: self.near.size,
            expected_crf: self.near.crf_for(bytes, self.octave),
        }
    }
}

/// Decides how a film is made whose pictures may have so many bytes.
///
/// # Errors
/// What the clips give, [`Error::Film`], [`Error::Cancelled`].
pub(super) fn plan(film: &Timeline<'_>, size: Size, bytes: f64) -> Result<Plan, Error> {
    let mut samples = Samples::of(film, size.largest())?;
    match size {
        Size::Fixed(_) => {
            let known = (FIRST_CRF, CRF_AN_OCTAVE);
            Ok(Trials::of(film, &mut samples, bytes, known)?.plan(bytes))
        }
        Size::UpTo(_) => plan_any(film, &mut samples, bytes),
    }
}

/// The same where a smaller size may be chosen. The smallest says where the others have to be tried: it costs least.
fn plan_any(film: &Timeline<'_>, samples: &mut Samples, bytes: f64) -> Result<Plan, Error> {
    let first = (FIRST_CRF - CRF_OF_SMALLEST, CRF_AN_OCTAVE);
    // two sets of samples are kept no longer than they have to be
    let small = Trials::of(film, &mut samples.at(film, STORY_SMALL)?, bytes, first)?;
    let guess = Plan {
        size: samples.size,
        expected_crf: small.plan(bytes).expected_crf + CRF_OF_SMALLEST,
    };
    if guess.expected_crf < LOSSLESS_CRF - SURE - UNSURE {
        return Ok(guess);
    }
    if film.options.effort == Effort::Fast {
        return Ok(match guess.expected_crf < FINE_CRF {
            true => guess,
            false => small.plan(bytes),
        });
    }
    let known = (guess.expected_crf, small.octave);
    let large = Trials::of(film, samples, bytes, known)?;
    if large.plan(bytes).expected_crf < FINE_CRF {
        return Ok(large.plan(bytes));
    }
    truest(film, samples, (&small, &large), bytes)
}

/// The size at which samples are truest when the film has its bytes.
fn truest(
    film: &Timeline<'_>,
    samples: &Samples,
    (small, large): (&Trials, &Trials),
    bytes: f64,
) -> Result<Plan, Error> {
    let looks = samples.looks();
    let small_fidelity = looks.fidelity(film, &small.near)?;
    let lost = match &small.before {
        Some(other) => slope(
            (other.crf, looks.fidelity(film, other)?),
            (small.near.crf, small_fidelity),
        ),
        None => None,
    }
    .unwrap_or(LOST_A_STEP);
    let offer = |trials: &Trials, fidelity: f64| {
        let plan = trials.plan(bytes);
        let steps = plan.expected_crf - trials.near.crf;
        (fidelity - lost * steps, plan)
    };
    let largest = offer(large, looks.fidelity(film, &large.near)?);
    let mut offers = vec![offer(small, small_fidelity)];
    // of 13 clips the size between looked best on one: heavy rain, of which nobody sees much at any size
    if film.options.effort == Effort::Best {
        let crf = largest.1.expected_crf - CRF_OF_SMALLEST / 2.0;
        let middle = Trials {
            near: samples.at(film, STORY_MIDDLE)?.tried(film, crf)?,
            before: None,
            octave: small.octave,
        };
        offers.push(offer(&middle, looks.fidelity(film, &middle.near)?));
    }
    let better = |best: (f64, Plan), next: (f64, Plan)| if next.0 > best.0 { next } else { best };
    Ok(offers.into_iter().fold(largest, better).1)
}

/// How much less of something there is for each step of the quality number: two of those, each with what there is at it.
fn slope(a: (f64, f64), b: (f64, f64)) -> Option<f64> {
    let steps = b.0 - a.0;
    (steps.abs() > 0.5)
        .then(|| (a.1 - b.1) / steps)
        .filter(|slope| *slope > 0.0)
}

/// Samples of a film at one size.
struct Samples {
    size: (u32, u32),
    clips: Vec<Vec<frame::Video>>,
}

impl Samples {
    /// Samples that lie evenly over the film.
    fn of(film: &Timeline<'_>, size: (u32, u32)) -> Result<Self, Error> {
        let count = (film.seconds() / EVERY).ceil().clamp(SAMPLES.0, SAMPLES.1) as u64;
        let mut composer = film.composer(size, Purpose::Show)?;
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

    /// The same at another size.
    fn at(&self, film: &Timeline<'_>, size: (u32, u32)) -> Result<Self, Error> {
        let resized = |clip: &Vec<frame::Video>| -> Result<Vec<_>, Error> {
            let frames = clip.iter().map(|frame| {
                film.go_on()?;
                Ok(resized(frame, size))
            });
            frames.collect()
        };
        Ok(Self {
            size,
            clips: (self.clips.par_iter().map(resized)).collect::<Result<_, Error>>()?,
        })
    }

    /// What of them is looked at.
    fn looks(&self) -> Looks {
        let half = |clip: &Vec<frame::Video>| {
            let frames = LOOKED_AT.iter().filter_map(|index| clip.get(*index));
            frames.map(half_luma).collect()
        };
        Looks {
            size: self.size,
            clips: self.clips.par_iter().map(half).collect(),
        }
    }

    /// Encodes all of them.
    fn tried(&mut self, film: &Timeline<'_>, crf: f64) -> Result<Trial, Error> {
        let format = film.format(self.size);
        let crf = crf.clamp(CRFS.0, CRFS.1);
        let encoded = |clip: &mut Vec<frame::Video>| {
            film.go_on()?;
            let mut encoder = Encoder::open(format, Pass::Trial { crf }, film.options.effort)?;
            clip.iter_mut().try_for_each(|frame| encoder.give(frame))?;
            encoder.end()
        };
        let tracks: Vec<Track> = self
            .clips
            .par_iter_mut()
            .map(encoded)
            .collect::<Result<_, Error>>()?;
        let (mut keys, mut others, mut frames) = (0.0, 0.0, 0);
        for track in &tracks {
            let key = track.packets.first().map_or(0, |packet| packet.size()) as f64;
            keys += key;
            others += track.bytes() as f64 - key;
            frames += track.packets.len().saturating_sub(1);
        }
        let key = keys / tracks.len().max(1) as f64;
        let other = others / frames.max(1) as f64;
        let all = film.frames as f64;
        let key_count = (all / f64::from(format.gop())).ceil();
        Ok(Trial {
            size: self.size,
            crf,
            bytes: (key_count * key + (all - key_count).max(0.0) * other).max(1.0),
            tracks,
        })
    }
}

/// The frames of samples that are looked at, as they are at the largest size.
struct Looks {
    size: (u32, u32),
    /// Their luma at half of it.
    clips: Vec<Vec<Vec<u8>>>,
}

impl Looks {
    /// How true they are when a trial of them is shown at the largest size, 0–1; see [`fidelity`].
    fn fidelity(&self, film: &Timeline<'_>, trial: &Trial) -> Result<f64, Error> {
        let (size, largest) = (trial.size, self.size);
        // packets stay on their thread
        let shown: Vec<Vec<frame::Video>> = (trial.tracks.iter())
            .map(|track| Ok(looked_at(decoded(track)?)))
            .collect::<Result<_, Error>>()?;
        let looked = |(own, shown): (&Vec<Vec<u8>>, &Vec<frame::Video>)| {
            let mut frames = own.iter().zip(shown);
            frames.try_fold((0.0, 0.0), |(sum, count), (own, shown)| {
                film.go_on()?;
                let width = largest.0 as usize;
                let now = match size == largest {
                    true => half_luma(shown),
                    false => {
                        let luma = av::plane(shown, 0);
                        half(&picture::resized_luma(&luma, size, largest), width)
                    }
                };
                Ok((sum + fidelity(own, &now, width / 2), count + 1.0))
            })
        };
        let sums: Vec<(f64, f64)> = (self.clips.par_iter())
            .zip(&shown)
            .map(looked)
            .collect::<Result<_, Error>>()?;
        let (sum, count) =
            (sums.iter()).fold((0.0, 0.0_f64), |all, one| (all.0 + one.0, all.1 + one.1));
        Ok(sum / count.max(1.0))
    }
}

/// Those frames of a sample that are looked at.
fn looked_at(frames: Vec<frame::Video>) -> Vec<frame::Video> {
    let numbered = frames.into_iter().enumerate();
    let those = numbered.filter(|(index, _)| LOOKED_AT.contains(index));
    those.map(|(_, frame)| frame).collect()
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
fn resized(frame: &frame::Video, to: (u32, u32)) -> frame::Video {
    let mut out = compose::black(to);
    for plane in 0..out.planes() {
        let own = (frame.plane_width(plane), frame.plane_height(plane));
        let wanted = (out.plane_width(plane), out.plane_height(plane));
        let samples = picture::resized_luma(&av::plane(frame, plane), own, wanted);
        let stride = out.stride(plane);
        let rows = out.data_mut(plane).chunks_mut(stride);
        for (row, samples) in rows.zip(samples.chunks_exact(wanted.0 as usize)) {
            row[..samples.len()].copy_from_slice(samples);
        }
    }
    out
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
