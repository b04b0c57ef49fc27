//! The whole way of a film: length, sound, first pass, size, second pass, checks, its name.
//!
//! In: a scene, a path, options. Out: a [`Media`] under its name, or nothing. Never: a file over the budget, a film that
//! lost a frame, a name before everything was checked.

use std::path::Path;
use std::time::Duration;

use super::analysis::{self, LOSSLESS_CRF, Plan, Size};
use super::compose::Known;
use super::encode::Pass;
use super::first_pass::{self, FirstPass};
use super::frames::Source;
use super::mux::{self, Track};
use super::progress::{Progress, Reporter, Stage};
use super::quality::Quality;
use super::second_pass::{self, Pictures};
use super::sound::{self, Packets, Pcm};
use super::target::{self, Target, Verdict};
use super::timeline::Timeline;
use super::{FilmOptions, Short, Watch, audio, verify};
use crate::diag::Severity;
use crate::media::unfinished::{Scratch, Unfinished};
use crate::media::{Error, Kind, Media, Profile, sha256};
use crate::platform::{FILM_SIZES, STORY};
use crate::scene::Scene;

/// Second passes until one meets the limit; each knows by how much those before it missed.
const MOST_PASSES: u32 = 6;

/// After more of them than this, what fits is good enough. Reasoned: the third aims by how the film answered to the second, and
/// of the clips in `docs/film.md` one alone repeated a pass.
const ENOUGH_PASSES: u32 = 3;

/// x264 counts thousands of bits a second, and takes none for no bit rate at all; bits a second.
const LEAST_BIT_RATE: f64 = 2_000.0;

/// Estimated VMAF below which a second does not look decent.
const DECENT: f64 = 65.0;

/// See [`Film::video`](super::Film::video).
pub(super) fn video(
    scene: &Scene,
    known: &Known,
    path: &Path,
    options: &FilmOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Media, Error> {
    let path = std::path::absolute(path).map_err(Error::io("write", path))?;
    let film = Timeline::of(scene, known, options)?;
    let progress = &mut Reporter::new(progress, film.frames);
    let audio = audio::levelled(&film.scene, &film.known, film.seconds(), options)?;
    let bit_rate = target::sound_bit_rate(options.max_bytes, film.seconds(), audio.is_silent);
    let sound = sound::encode(&audio.pcm, bit_rate, &options.cancel)?;
    let target = Target {
        max_bytes: options.max_bytes,
        sound_bytes: sound.bytes as u64,
        sound_packets: sound.packets.len() as u64,
        frames: film.frames,
        seconds: film.seconds(),
    };
    let made = encode(&film, &path, &target, &sound, progress)?;

    let mut unfinished = Unfinished::create(&path, options.unfinished.as_deref())?;
    unfinished.write(&made.file)?;
    unfinished.check(&made.file)?;
    let quality = check(&film, unfinished.path(), &made, &audio.pcm, progress)?;
    unfinished.name(&path)?;
    let mut damaged = film.broken_off.clone();
    damaged.extend(made.pictures.findings.damaged);
    damaged.extend(audio.damaged);
    let mut notes = notes(made.plan.size, sizes(&film).largest(), options, quality);
    notes.extend(made.pictures.findings.changed);
    notes.extend(audio.missed.map(|(wanted, is)| {
        format!(
            "its sound has a loudness of {is:.1} LUFS, {wanted} was asked for: {}",
            match is < wanted {
                true => "louder, its peaks would be cut, or it is next to silent",
                false => "it does not get quieter",
            }
        )
    }));
    Ok(Media {
        kind: Kind::Video,
        bytes: made.file.len() as u64,
        width: made.plan.size.0,
        height: made.plan.size.1,
        sha256: sha256(&made.file),
        quality: None,
        duration_s: Some(film.seconds()),
        notes,
        extras: Default::default(),
        damaged,
        path,
    })
}

/// See [`Film::cover`](super::Film::cover).
pub(super) fn cover(scene: &Scene, known: &Known, options: &FilmOptions) -> Result<Scene, Error> {
    if scene.clips().is_empty() {
        return Ok(scene.clone());
    }
    let options = FilmOptions {
        // a cover can be had of films that are too short
        short: Short::Hold,
        ..options.clone()
    };
    let film = Timeline::of(scene, known, &options)?;
    super::cover::with_frame(&film, super::cover::best_frame(&film)?)
}

/// See [`Film::frame_at`](super::Film::frame_at).
pub(super) fn frame_at(
    scene: &Scene,
    known: &Known,
    options: &FilmOptions,
    at: Duration,
) -> Result<Scene, Error> {
    if scene.clips().is_empty() {
        return Ok(scene.clone());
    }
    let options = FilmOptions {
        short: Short::Hold,
        ..options.clone()
    };
    let film = Timeline::of(scene, known, &options)?;
    let index = (at.as_secs_f64() * film.rate()).round() as u64;
    super::cover::with_frame(&film, index.min(film.frames.saturating_sub(1)))
}

/// A file, not yet checked.
struct Made {
    plan: Plan,
    file: Vec<u8>,
    pictures: Pictures,
}

/// The sizes that may be chosen for a film.
fn sizes(film: &Timeline<'_>) -> Size {
    // 4:2:0 has no odd sides
    let even = |(w, h): (u32, u32)| (w & !1, h & !1);
    match film.options.size {
        Some(size) => Size::Fixed(even(size)),
        None if film.scene.raster == STORY => Size::UpTo(STORY),
        None => Size::Fixed(even(film.scene.raster)),
    }
}

/// Encodes a film into its limit.
fn encode(
    film: &Timeline<'_>,
    path: &Path,
    target: &Target,
    sound: &Packets,
    progress: &mut Reporter<'_>,
) -> Result<Made, Error> {
    let plan = analysis::plan(film, sizes(film), target.pictures())?;
    let (width, height) = plan.size;
    tracing::info!(
        "{width}×{height} at {:.3} frames a second, {} frames; {:.0} bytes for them, {:.0} kbit/s, as constant rate factor {:.1} would \
         come to; {} bytes of sound, {} for all",
        film.rate(),
        film.frames,
        target.pictures(),
        target.pictures() * 0.008 / film.seconds(),
        plan.expected_crf,
        target.sound_bytes,
        target.max_bytes
    );
    if plan.has_room() {
        let pass = Pass::Only { crf: LOSSLESS_CRF };
        tracing::info!("one pass at constant rate factor {LOSSLESS_CRF}: there is room to spare");
        let most = target.most_pictures();
        let foreseen = progress.done() + film.frames;
        match second_pass::run(film, plan.size, pass, Source::Clips, most, progress) {
            Ok(pictures) => {
                let file = muxed(&pictures, sound)?;
                if target.judge(file.len() as u64) != Verdict::Over {
                    return Ok(Made {
                        plan,
                        file,
                        pictures,
                    });
                }
            }
            // the samples missed what is hard in it
            Err(Error::TooLarge { .. }) => progress.cut_short(foreseen),
            Err(error) => return Err(error),
        }
        progress.more(film.frames);
    }
    let scratch = Scratch::create(path, film.options.unfinished.as_deref())?;
    let bit_rate = (target.pictures() * 8.0 / film.seconds()).max(LEAST_BIT_RATE);
    progress.more(film.frames);
    tracing::info!("first pass at {:.0} kbit/s", bit_rate / 1000.0);
    let mut first = first_pass::run(film, plan.size, bit_rate, scratch, progress)?;
    encode_to_limit(film, plan, &mut first, target, sound, progress)
}

/// Encodes a film so that it fills its limit.
///
/// # Errors
/// [`Error::TooLarge`] where no quality is coarse enough.
fn encode_to_limit(
    film: &Timeline<'_>,
    plan: Plan,
    first: &mut FirstPass,
    target: &Target,
    sound: &Packets,
    progress: &mut Reporter<'_>,
) -> Result<Made, Error> {
    let mut aim = target.pictures();
    let mut smallest = u64::MAX;
    let mut earlier = None;
    // what fits, but could have more
    let mut fitting: Option<Made> = None;
    for attempt in 1..=MOST_PASSES {
        let bit_rate = (aim * 8.0 / film.seconds()).max(LEAST_BIT_RATE);
        let pass = Pass::Second {
            statistics: &first.statistics,
            bit_rate,
        };
        let source = Source::Spool(&mut first.spool);
        let pictures = match second_pass::run(film, plan.size, pass, source, u64::MAX, progress) {
            Ok(pictures) => pictures,
            Err(error) => {
                let least = least_pictures(&error, film.seconds()).ok_or(error)?;
                smallest = smallest.min(target.file(least).max(target.max_bytes + 1));
                break;
            }
        };
        let file = muxed(&pictures, sound)?;
        let (bytes, came_to) = (file.len() as u64, pictures.track.bytes() as f64);
        let verdict = target.judge(bytes);
        tracing::info!(
            "second pass, try {attempt}: aimed at {aim:.0} bytes of pictures, came to {came_to:.0}; the file has {bytes}: {}",
            match verdict {
                Verdict::Met => "good",
                Verdict::Over => "too large",
                Verdict::Under => "room left",
            }
        );
        smallest = smallest.min(bytes);
        let least = fitting.as_ref().map_or(0, |made| made.file.len() as u64);
        // more was asked for, and next to nothing came of it
        let is_full = least > 0 && bytes < least + least / 100;
        if verdict != Verdict::Over && bytes > least {
            fitting = Some(Made {
                plan,
                file,
                pictures,
            });
        }
        let is_enough = attempt > ENOUGH_PASSES && fitting.is_some()
            // nothing coarser can be asked for
            || verdict == Verdict::Over && bit_rate <= LEAST_BIT_RATE;
        if verdict == Verdict::Met || verdict == Verdict::Under && is_full || is_enough {
            break;
        }
        if attempt < MOST_PASSES {
            progress.more(film.frames);
        }
        let next = target::next_aim(target.pictures(), (aim, came_to), earlier);
        earlier = Some((aim, came_to));
        aim = next;
    }
    let mut made = fitting.ok_or(Error::TooLarge {
        bytes: smallest,
        max_bytes: target.max_bytes,
        quality: None,
    })?;
    // only the first pass reads all of the clips
    made.pictures.findings = std::mem::take(&mut first.findings);
    Ok(made)
}

/// The bytes of pictures that the encoder cannot go below, where it refused to for that reason: it says how many kbit/s
/// they are.
fn least_pictures(refused: &Error, seconds: f64) -> Option<f64> {
    let Error::Film { message } = refused else {
        return None;
    };
    let (_, least) = message.split_once("bitrate is too low. estimated minimum is ")?;
    let kilobits: f64 = least.split(' ').next()?.parse().ok()?;
    Some(kilobits * 125.0 * seconds)
}

/// Reads the film back and holds it against the rules, its sound against what it shall be, and some of its pictures
/// against what they were.
fn check(
    film: &Timeline<'_>,
    path: &Path,
    made: &Made,
    sound: &Pcm,
    progress: &mut Reporter<'_>,
) -> Result<Quality, Error> {
    let mut frames = Vec::new();
    let mut watch = Watch {
        picture: Box::new(|index, frame| {
            let vmaf = made.pictures.originals.vmaf(index, frame);
            frames.extend(vmaf.map(|vmaf| (index, vmaf)));
            progress.frame(Stage::Check, made.file.len() as u64);
        }),
        sound: Box::new(|_| {}),
    };
    let cancel = &film.options.cancel;
    let report = verify::check(
        path,
        Profile::Budget,
        Some(film.options.max_bytes),
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
            message: format!("it breaks the rule `{}`: {}", broken.rule, broken.said),
        });
    }
    let played = sound::decode(path, cancel)?;
    sound::compare(&played, sound).map_err(|message| Error::Film { message })?;
    Ok(Quality::of(&frames, film.rate()))
}

/// What a user should know of a film's quality.
fn notes(
    size: (u32, u32),
    largest: (u32, u32),
    options: &FilmOptions,
    quality: Quality,
) -> Vec<String> {
    let (width, height) = size;
    let mut notes = Vec::new();
    if !FILM_SIZES.contains(&size) {
        notes.push(format!(
            "a draft of {width}×{height}: `verify` refuses its size"
        ));
    }
    if size != largest {
        notes.push(format!(
            "{width}×{height} looks better than 1080×1920 within {} bytes",
            options.max_bytes
        ));
    }
    let Quality {
        mean,
        worst,
        worst_at,
    } = quality;
    notes.push(format!(
        "VMAF about {mean:.0}, {worst:.0} in the worst second, at {worst_at:.0} s"
    ));
    if worst < DECENT {
        notes.push(format!(
            "the second at {worst_at:.0} s suffers within {} bytes: {DECENT:.0} and more looks decent; parts (--split), a shorter \
             section (--start, --end) or more bytes (--max-bytes) would help",
            options.max_bytes
        ));
    }
    notes
}

fn muxed(pictures: &Pictures, sound: &Packets) -> Result<Vec<u8>, Error> {
    mux::mp4(&[
        Track {
            packets: &pictures.track.packets,
            parameters: &pictures.track.parameters,
            time_base: pictures.track.time_base,
        },
        Track {
            packets: &sound.packets,
            parameters: &sound.parameters,
            time_base: sound.time_base,
        },
    ])
}
