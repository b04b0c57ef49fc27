//! Which sound of a clip is heard, where it has several.
//!
//! In: an opened file, and what was asked for. Out: a [`Choice`]: its tracks, the streams that are heard, and why. Never:
//! a track that nothing here decodes while another one could be heard; a silent film of a clip that has sound.

use std::fmt;
use std::path::Path;

use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::{Packet, Stream, codec, frame, media};

use super::channels;
use crate::media::Error;
use crate::media::film::av;
use crate::media::film::packets::Packets;
use crate::platform::Cancel;

/// Quieter than this nothing is heard, as power: 60 dB under full scale. Speech that was recorded 40 dB too low is above
/// it, the noise of an input with nothing plugged in below.
///
/// What it was read off is not kept. Checked on: a spoken sentence 30, 40 and 50 dB lower (its mean at −45 to −65 dB), calls of
/// 0.15 s, which are heard; white and pink hiss, a room's rumble, hum of the mains, dither, each at −64 dB or less on
/// average, which are not.
const AUDIBLE: f64 = 1e-6;

/// So many seconds of sound above that are no click. Reasoned; checked on clicks of 2 ms every second and calls of 0.15 s.
const LONG_ENOUGH: f64 = 0.1;

/// Tracks that are decoded to find out which of them can be heard.
const MOST_LISTENED: usize = 16;

/// Which sound of a clip is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoundTrack {
    /// The one that the file names as its default; where that is silent, the first that is not.
    #[default]
    Own,
    /// A certain one of the clip's sound tracks, counted from 1.
    Number(usize),
    /// All of them together.
    Mix,
}

/// A sound track of a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Its stream.
    pub stream: usize,
    /// Counted from 1 among the clip's sound tracks.
    pub number: usize,
    /// `aac`, `opus` and their like.
    pub codec: &'static str,
    /// How many.
    pub channels: u16,
    /// As the file writes it: `eng`.
    pub language: Option<String>,
    /// As the file writes it: `Director's commentary`.
    pub title: Option<String>,
    /// `default`, `original`, `commentary` and their like.
    pub marks: Vec<&'static str>,
    /// Something here can decode it.
    pub is_readable: bool,
    /// For an ear beside the film: commentary, description for the blind.
    is_aside: bool,
}

impl Track {
    fn of(stream: &Stream<'_>, number: usize) -> Self {
        let parameters = stream.parameters();
        let disposition = stream.disposition();
        let marks = MARKS.iter().filter(|(mark, _)| disposition.contains(*mark));
        let channels = codec::Context::from_parameters(stream.parameters())
            .and_then(|context| context.decoder().audio())
            .map_or(0, |decoder| decoder.channels());
        Self {
            stream: stream.index(),
            number,
            codec: parameters.id().name(),
            channels,
            language: av::remark(stream, c"language").filter(|language| language != "und"),
            title: av::remark(stream, c"title").or_else(|| handler(stream)),
            marks: marks.map(|(_, word)| *word).collect(),
            is_readable: codec::decoder::find(parameters.id()).is_some() && channels > 0,
            is_aside: ASIDE.iter().any(|mark| disposition.contains(*mark)),
        }
    }

    fn is(&self, mark: &str) -> bool {
        self.marks.contains(&mark)
    }

    /// The first of the sorted tracks is the one to hear: a film's own sound before what is said beside it, then the
    /// default, then the original before a dubbed one, then the file's order.
    fn rank(&self) -> (bool, bool, bool, bool, bool, usize) {
        (
            !self.is_readable,
            self.is_aside,
            !self.is("default"),
            !self.is("original"),
            self.is("dubbed"),
            self.number,
        )
    }
}

/// The name that MOV and MP4 give a track, where a person wrote it.
fn handler(stream: &Stream<'_>) -> Option<String> {
    let written = av::remark(stream, c"handler_name")?;
    let by_rote = [
        "SoundHandler",
        "handler",
        "Handler",
        "Core Media Audio",
        "Mono",
        "Stereo",
        "\u{10}",
    ];
    (!by_rote.iter().any(|word| written.contains(word))).then_some(written)
}

const MARKS: [(Disposition, &str); 6] = [
    (Disposition::DEFAULT, "default"),
    (Disposition::ORIGINAL, "original"),
    (Disposition::DUB, "dubbed"),
    (Disposition::COMMENT, "commentary"),
    (Disposition::VISUAL_IMPAIRED, "for the visually impaired"),
    (Disposition::HEARING_IMPAIRED, "for the hearing impaired"),
];

const ASIDE: [Disposition; 4] = [
    Disposition::COMMENT,
    Disposition::VISUAL_IMPAIRED,
    Disposition::HEARING_IMPAIRED,
    Disposition::KARAOKE,
];

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, ", self.number, self.codec)?;
        match self.channels {
            0 => write!(f, "no channels")?,
            1 => write!(f, "mono")?,
            2 => write!(f, "stereo")?,
            channels => write!(f, "{channels} channels")?,
        }
        if let Some(language) = &self.language {
            write!(f, ", {language}")?;
        }
        if let Some(title) = &self.title {
            write!(f, ", \"{title}\"")?;
        }
        for mark in &self.marks {
            write!(f, ", {mark}")?;
        }
        Ok(())
    }
}

/// What of a clip's sound is heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Every sound track, in the file's order.
    pub tracks: Vec<Track>,
    /// The streams that are heard, the first one first.
    pub taken: Vec<usize>,
    /// The track that would have been taken is silent.
    pub first_is_silent: bool,
}

impl Choice {
    /// Which track was taken, in a sentence; none where there was nothing to choose.
    pub fn message(&self) -> Option<String> {
        let all = self.tracks.len();
        if all < 2 {
            return None;
        }
        let taken = self.taken.first()?;
        if self.taken.len() > 1 {
            return Some(format!("its {all} sound tracks are mixed"));
        }
        let track = self.tracks.iter().find(|track| track.stream == *taken)?;
        let why = match self.first_is_silent {
            true => "; the one that comes first is silent",
            false => "",
        };
        Some(format!("of its {all} sound tracks, {track} is heard{why}"))
    }

    /// The tracks that are not heard.
    pub fn left_out(&self) -> impl Iterator<Item = &Track> {
        let is_left = |track: &&Track| !self.taken.contains(&track.stream);
        self.tracks.iter().filter(is_left)
    }
}

/// Chooses; `input` is the opened file, which stays where it is.
///
/// # Errors
/// [`Error::NoTrack`] where a track is asked for that is not there, and [`Error::Cancelled`], [`Error::TooSlow`].
pub fn choose(
    path: &Path,
    input: &Input,
    wanted: SoundTrack,
    cancel: &Cancel,
) -> Result<Choice, Error> {
    let sounds = input
        .streams()
        .filter(|stream| stream.parameters().medium() == media::Type::Audio);
    let tracks: Vec<Track> = sounds
        .enumerate()
        .map(|(at, stream)| Track::of(&stream, at + 1))
        .collect();
    let mut choice = Choice {
        tracks,
        ..Choice::default()
    };
    match wanted {
        SoundTrack::Number(number) => {
            let found = choice.tracks.iter().find(|track| track.number == number);
            let Some(track) = found else {
                return Err(Error::NoTrack {
                    path: path.to_owned(),
                    wanted: number,
                    tracks: choice.tracks.iter().map(ToString::to_string).collect(),
                });
            };
            choice.taken = vec![track.stream];
        }
        SoundTrack::Mix => {
            let readable = choice.tracks.iter().filter(|track| track.is_readable);
            choice.taken = readable.map(|track| track.stream).collect();
        }
        SoundTrack::Own => {
            let mut ranked: Vec<&Track> = choice.tracks.iter().collect();
            ranked.sort_by_key(|track| track.rank());
            let readable = ranked.iter().filter(|track| track.is_readable);
            let streams: Vec<usize> = readable.map(|track| track.stream).collect();
            let first = ranked.first().map(|track| track.stream);
            let heard = match streams.len() {
                0 | 1 => None,
                _ => first_audible(path, &streams, cancel)?,
            };
            choice.first_is_silent = heard.is_some() && heard != first;
            choice.taken = heard.or(first).into_iter().collect();
        }
    }
    Ok(choice)
}

/// A track that is listened to.
struct Listener {
    stream: usize,
    decoder: codec::decoder::Audio,
    /// Seconds of sound that were heard.
    heard: f64,
}

impl Listener {
    fn new(input: &Input, stream: usize) -> Option<Self> {
        let parameters = input.stream(stream)?.parameters();
        let context = codec::Context::from_parameters(parameters).ok()?;
        Some(Self {
            stream,
            decoder: context.decoder().audio().ok()?,
            heard: 0.0,
        })
    }

    fn is_audible(&self) -> bool {
        self.heard >= LONG_ENOUGH
    }

    fn listen(&mut self, packet: &Packet) {
        // what does not decode is not heard
        if self.decoder.send_packet(packet).is_err() {
            return;
        }
        let mut frame = frame::Audio::empty();
        while self.decoder.receive_frame(&mut frame).is_ok() {
            let is_loud = channels::of_frame(&frame).iter().any(|channel| {
                let power: f64 = channel.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
                power > AUDIBLE * channel.len() as f64
            });
            if is_loud {
                self.heard += frame.samples() as f64 / f64::from(frame.rate().max(1));
            }
        }
    }
}

/// The first of several streams in which something is heard; none where all are silent. The file is read until the
/// first one is heard.
fn first_audible(path: &Path, streams: &[usize], cancel: &Cancel) -> Result<Option<usize>, Error> {
    let mut input = av::open(path, cancel)?;
    let listened = streams.iter().take(MOST_LISTENED);
    let mut listeners: Vec<Listener> = listened
        .filter_map(|stream| Listener::new(&input, *stream))
        .collect();
    let (mut packets, mut packet) = (Packets::default(), Packet::empty());
    // what cannot be read is the end
    while !listeners.first().is_some_and(Listener::is_audible)
        && packets.next(&mut input, &mut packet).unwrap_or(false)
    {
        if cancel.is_stopped() {
            return Err(Error::stopped(cancel, path));
        }
        let stream = packet.stream();
        let listener = listeners.iter_mut().find(|l| l.stream == stream);
        if let Some(listener) = listener.filter(|l| !l.is_audible()) {
            listener.listen(&packet);
        }
    }
    if cancel.is_stopped() {
        return Err(Error::stopped(cancel, path));
    }
    Ok(listeners.iter().find(|l| l.is_audible()).map(|l| l.stream))
}
