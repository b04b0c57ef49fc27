//! What a film holds, for people and programs to read.
//!
//! In: a file. Out: a [`FilmProbe`]. What a header says is held against what the file holds: length and rate are
//! measured. Never: a judgement.

use std::path::Path;

use ffmpeg_next::color::{Range, TransferCharacteristic};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Rational, Stream, codec, media};
use serde::Serialize;

use super::av;
use super::boxes::Boxes;
use super::facts::{Facts, picture_stream};
use super::instead::{believable, walk};
use crate::media::Error;
use crate::media::animated::Webp;
use crate::platform::Cancel;

/// Seconds that a header may be off before it is reported.
const HEADER_SLACK: f64 = 0.1;

/// What a film says about itself, and what was measured of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FilmProbe {
    /// Seconds until picture and sound are over, measured.
    pub duration_s: f64,
    /// Seconds that the header says, where they are others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_s: Option<f64>,
    /// The picture.
    pub video: VideoProbe,
    /// The sound, if there is one.
    pub audio: Option<AudioProbe>,
    /// Every stream in the file's order: `video h264`, `audio aac`, `data`.
    pub streams: Vec<String>,
    /// Its sound tracks where there are several, as `2: aac, stereo, eng, commentary`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sound_tracks: Vec<String>,
    /// The number of the one that a film made of it has, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound_taken: Option<usize>,
    /// What a film made of it is made without: subtitles, data, cover pictures, further tracks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The file says where it was taken.
    pub has_place: bool,
    /// The file says what it was taken with.
    pub has_device: bool,
}

/// A film's picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VideoProbe {
    /// `h264`, `hevc`, `vp9` and their like.
    pub codec: &'static str,
    /// `High`, `Main 10` and their like.
    pub profile: Option<&'static str>,
    /// `4.1`, as the codec's standard writes it.
    pub level: Option<String>,
    /// Pixels a row, as coded.
    pub coded_width: u32,
    /// Rows, as coded.
    pub coded_height: u32,
    /// Pictures a second, measured.
    pub frame_rate: f64,
    /// All pictures stand equally long.
    pub constant_rate: bool,
    /// Pictures that are shown.
    pub frames: u64,
    /// Degrees clockwise that bring it upright, after the mirroring.
    pub rotation: u32,
    /// Left and right have to be changed first.
    pub mirrored: bool,
    /// Width and height of a pixel: `1:1`, `64:45`.
    pub sample_aspect: String,
    /// `progressive`, `tff` or `bff`.
    pub field_order: &'static str,
    /// FFmpeg's name: `yuv420p10le`.
    pub pixel_format: String,
    /// Bits a component.
    pub bit_depth: u8,
    /// `4:2:0` and its like; `None` for RGB and grey.
    pub chroma: Option<&'static str>,
    /// `limited` or `full`.
    pub color_range: &'static str,
    /// `bt709` and its like; `None` where nothing is said.
    pub color_primaries: Option<&'static str>,
    /// `bt709`, `arib-std-b67` and their like.
    pub color_transfer: Option<&'static str>,
    /// `bt709` and its like; guessed by size where nothing is said.
    pub color_matrix: Option<&'static str>,
    /// `HLG` or `PQ`, if it is brighter than a screen.
    pub hdr: Option<&'static str>,
    /// Bits a second, where the container says it.
    pub bit_rate: Option<u64>,
}

/// A film's sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AudioProbe {
    /// `aac`, `opus` and their like.
    pub codec: &'static str,
    /// `LC` and its like.
    pub profile: Option<&'static str>,
    /// Hertz.
    pub sample_rate: u32,
    /// How many.
    pub channels: u16,
    /// `mono`, `stereo`, `5.1`.
    pub layout: String,
    /// Bits a second, where the container says it.
    pub bit_rate: Option<u64>,
}

impl FilmProbe {
    /// Of an animated WebP.
    pub(in crate::media) fn of_webp(found: &Webp) -> Self {
        let frames = found.frames.max(1) as f64;
        Self {
            duration_s: milliseconds(found.seconds),
            declared_s: None,
            video: VideoProbe {
                codec: "webp",
                profile: None,
                level: None,
                coded_width: found.width,
                coded_height: found.height,
                frame_rate: milliseconds(frames / found.seconds.max(0.001)),
                constant_rate: found.is_constant,
                frames: found.frames,
                rotation: 0,
                mirrored: false,
                sample_aspect: "1:1".to_owned(),
                field_order: "progressive",
                pixel_format: if found.has_alpha {
                    "yuva420p"
                } else {
                    "yuv420p"
                }
                .to_owned(),
                bit_depth: 8,
                chroma: Some("4:2:0"),
                color_range: "limited",
                color_primaries: None,
                color_transfer: None,
                color_matrix: None,
                hdr: None,
                bit_rate: None,
            },
            audio: None,
            streams: vec!["video webp".to_owned()],
            sound_tracks: Vec::new(),
            sound_taken: None,
            left_out: Vec::new(),
            has_place: false,
            has_device: false,
        }
    }
}

/// A film as [`probe`](crate::media::probe) needs it.
#[derive(Debug)]
pub(in crate::media) struct Film {
    /// Width and height of the upright picture in square pixels.
    pub shown: (u32, u32),
    /// The rest.
    pub probe: FilmProbe,
}

/// Reads a film; every packet is looked at, one picture is decoded.
///
/// # Errors
/// As [`Facts::read`], and [`Error::Unreadable`] for tables that no such file can mean.
pub(in crate::media) fn read(path: &Path, cancel: &Cancel) -> Result<Film, Error> {
    let boxes = walk(path)?;
    believable(path, &boxes)?;
    let facts = Facts::read(path, cancel)?;
    let input = av::open(path, cancel)?;
    let unreadable = |message: &str| Error::Unreadable {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    let stream = picture_stream(&input).ok_or_else(|| unreadable("it has no picture"))?;
    let declared = Some(input.duration())
        .filter(|d| *d > 0)
        .map(|d| d as f64 / f64::from(ffmpeg_next::ffi::AV_TIME_BASE));
    let sound = facts.sound.and_then(|index| input.stream(index));
    let (has_place, has_device) = said_about_itself(&input, &boxes);
    let (width, height) = facts.shown();
    Ok(Film {
        shown: (width.round() as u32, height.round() as u32),
        probe: FilmProbe {
            duration_s: milliseconds(facts.seconds),
            declared_s: declared
                .filter(|d| (d - facts.seconds).abs() > HEADER_SLACK)
                .map(milliseconds),
            video: video(&facts, &stream),
            audio: sound.and_then(|stream| audio(&stream)),
            streams: input.streams().map(|s| named(&s)).collect(),
            sound_tracks: sound_tracks(&facts),
            sound_taken: taken(&facts),
            left_out: left_out(&facts),
            has_place,
            has_device,
        },
    })
}

fn sound_tracks(facts: &Facts) -> Vec<String> {
    let tracks = &facts.choice.tracks;
    let several = tracks.iter().filter(|_| tracks.len() > 1);
    several.map(ToString::to_string).collect()
}

fn taken(facts: &Facts) -> Option<usize> {
    let tracks = facts.choice.tracks.iter();
    let mut taken = tracks.filter(|track| Some(track.stream) == facts.sound);
    taken
        .next()
        .map(|t| t.number)
        .filter(|_| facts.choice.tracks.len() > 1)
}

fn left_out(facts: &Facts) -> Vec<String> {
    let sounds = facts
        .choice
        .left_out()
        .map(|track| format!("sound track {track}"));
    sounds.chain(facts.left_out.iter().cloned()).collect()
}

fn video(facts: &Facts, stream: &Stream<'_>) -> VideoProbe {
    let colors = facts.colors;
    let codec = stream.parameters().id();
    VideoProbe {
        codec: codec.name(),
        profile: av::profile(stream),
        level: av::level(stream).map(|level| level_text(codec, level)),
        coded_width: facts.width,
        coded_height: facts.height,
        frame_rate: milliseconds(facts.rate),
        constant_rate: facts.is_constant,
        frames: facts.count,
        rotation: facts.orientation.degrees(),
        mirrored: facts.orientation.mirrors(),
        sample_aspect: sample_aspect(stream, facts.aspect),
        field_order: match (facts.interlaced, facts.top_first) {
            (false, _) => "progressive",
            (true, true) => "tff",
            (true, false) => "bff",
        },
        pixel_format: pixel_name(facts.format).to_owned(),
        bit_depth: av::depth(facts.format),
        chroma: chroma(facts.format),
        color_range: match colors.range {
            Range::JPEG => "full",
            _ => "limited",
        },
        color_primaries: colors.primaries.name().filter(|n| *n != "reserved"),
        color_transfer: colors.transfer.name().filter(|n| *n != "reserved"),
        color_matrix: colors.matrix.name(),
        hdr: match colors.transfer {
            TransferCharacteristic::SMPTE2084 => Some("PQ"),
            TransferCharacteristic::ARIB_STD_B67 => Some("HLG"),
            _ => None,
        },
        bit_rate: bit_rate(stream),
    }
}

fn audio(stream: &Stream<'_>) -> Option<AudioProbe> {
    let context = codec::Context::from_parameters(stream.parameters()).ok()?;
    let decoder = context.decoder().audio().ok()?;
    let layout = decoder.channel_layout();
    let channels = decoder.channels();
    Some(AudioProbe {
        codec: stream.parameters().id().name(),
        profile: av::profile(stream),
        sample_rate: decoder.rate(),
        channels,
        layout: match (layout.bits(), channels) {
            (_, 1) => "mono".to_owned(),
            (_, 2) => "stereo".to_owned(),
            (0x3F | 0x60F, _) => "5.1".to_owned(),
            (0x63F | 0xFF, _) => "7.1".to_owned(),
            (_, n) => format!("{n} channels"),
        },
        bit_rate: bit_rate(stream),
    })
}

fn bit_rate(stream: &Stream<'_>) -> Option<u64> {
    let rate = stream.parameters().bit_rate();
    u64::try_from(rate).ok().filter(|rate| *rate > 0)
}

fn named(stream: &Stream<'_>) -> String {
    let parameters = stream.parameters();
    let medium = match parameters.medium() {
        media::Type::Video => "video",
        media::Type::Audio => "audio",
        media::Type::Subtitle => "subtitle",
        _ => "data",
    };
    match parameters.id() {
        codec::Id::None => medium.to_owned(),
        id => format!("{medium} {}", id.name()),
    }
}

/// A level as its standard writes it: H.264 counts tenths, HEVC thirtieths.
fn level_text(codec: codec::Id, level: u32) -> String {
    match codec {
        codec::Id::H264 if level == 9 => "1b".to_owned(),
        codec::Id::H264 => format!("{}.{}", level / 10, level % 10),
        codec::Id::HEVC => format!("{}.{}", level / 30, level % 30 / 3),
        _ => level.to_string(),
    }
}

fn sample_aspect(stream: &Stream<'_>, aspect: f64) -> String {
    let stated = codec::Context::from_parameters(stream.parameters())
        .and_then(|context| context.decoder().video())
        .map_or(Rational::new(0, 1), |decoder| decoder.aspect_ratio());
    if stated.numerator() > 0 && stated.denominator() > 0 {
        format!("{}:{}", stated.numerator(), stated.denominator())
    } else if aspect == 1.0 {
        "1:1".to_owned()
    } else {
        format!("{aspect:.4}:1")
    }
}

/// FFmpeg's name of a pixel format.
fn pixel_name(format: Pixel) -> &'static str {
    format.descriptor().map_or("none", |d| d.name())
}

/// How often colour is sampled against brightness.
pub(super) fn chroma(format: Pixel) -> Option<&'static str> {
    let descriptor = format.descriptor()?;
    let name = descriptor.name();
    let has_color = descriptor.nb_components() >= 3;
    let rgb = ["rgb", "bgr", "gbr", "xyz", "pal"];
    if !has_color || rgb.iter().any(|letters| name.contains(letters)) {
        return None;
    }
    Some(
        match (descriptor.log2_chroma_w(), descriptor.log2_chroma_h()) {
            (0, 0) => "4:4:4",
            (1, 0) => "4:2:2",
            (1, 1) => "4:2:0",
            (0, 1) => "4:4:0",
            (2, 0) => "4:1:1",
            _ => "4:1:0",
        },
    )
}

/// Whether a file says where and with what it was taken.
fn said_about_itself(input: &Input, boxes: &Boxes) -> (bool, bool) {
    let keys = av::remarks(input);
    let has = |names: &[&str]| {
        let is = |key: &String| names.iter().any(|n| key == n || key.ends_with(n));
        keys.iter().any(is)
    };
    let movie = boxes.movie.as_ref();
    let place = movie.is_some_and(|movie| movie.places().next().is_some());
    let device = movie.is_some_and(|movie| movie.devices().next().is_some());
    (
        place || has(&["location", "location.iso6709", "location-eng"]),
        device || has(&["make", "model", "com.android.version"]),
    )
}

/// Three digits behind the point say enough.
fn milliseconds(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
