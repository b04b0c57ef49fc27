//! A clip's pictures in order, as they were coded, progressive.
//!
//! In: a file, what it is, where to begin. Out: pictures with their times. What is broken is left out or concealed,
//! and its time noted. Never: turning, scaling, deciding which picture shows when.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use ffmpeg_next::codec::discard::Discard;
use ffmpeg_next::filter::{self, Graph};
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Packet, Rational, codec, decoder, frame, picture};

use super::av;
use super::facts::{Facts, open_decoder};
use super::times::Jumps;
use crate::media::Error;
use crate::platform::Cancel;

/// How far before the wanted time a seek may land without our reading from the start again, seconds.
const SEEK_SLACK: f64 = 0.5;

/// A clip may begin in the middle of a recording: its first pictures refer to others that are missing. After so many of them
/// what comes is shown as it is.
const MOST_BROKEN: u32 = 250;

/// The same for pictures that the decoder calls torn, which may be all that there are.
const MOST_TORN: u32 = 25;

/// Pictures without a single one that decodes, after which a file is given up.
const MAX_SILENT_PACKETS: u32 = 3000;

/// Pictures that are noted as missing, at most.
const MAX_NOTED: f64 = 3000.0;

/// The first picture that comes may be so many late without any being missed.
const KEPT_BACK: f64 = 3.5;

/// What reading is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The film that is shown.
    Show,
    /// An analysis: what only softens block edges is left out, which saves a sixth of the decoding.
    Analyse,
}

/// One picture of a clip.
pub(super) struct Picture {
    /// When it shows, seconds after the clip's zero.
    pub at: f64,
    /// Its pixels, as the decoder gave them.
    pub frame: frame::Video,
}

/// How a clip begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nothing that can be shown has come; so many pictures were left out.
    Waiting(u32),
    /// Pictures come.
    Over,
}

/// The pictures of a clip.
pub(super) struct Pictures {
    path: PathBuf,
    input: Input,
    decoder: decoder::Video,
    stream: usize,
    unit: f64,
    zero: f64,
    /// When the first picture shows, seconds after the clip's zero.
    first: f64,
    /// The file's first picture needs others, which are missing.
    starts_late: bool,
    jumps: Jumps,
    /// Packets of the stream that were read.
    packets: u64,
    step: f64,
    weaver: Option<Weaver>,
    last: f64,
    start: Start,
    /// The last of those that were left out; better than nothing.
    left_out: Option<frame::Video>,
    /// Read already, and not given.
    held: Option<Picture>,
    drained: bool,
    silent: u32,
    /// Times at which the film is broken, seconds after the clip's zero.
    pub damaged: Vec<f64>,
    cancel: Cancel,
}

impl Pictures {
    /// Opens a clip to be read from the picture that shows at `from` seconds after its zero, or one before it.
    ///
    /// # Errors
    /// As [`av::open`].
    pub fn open(
        path: &Path,
        facts: &Facts,
        from: f64,
        purpose: Purpose,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let mut opened = Self::at_start(path, facts, purpose, cancel)?;
        if from <= SEEK_SLACK * 2.0 || facts.no_seek {
            return Ok(opened);
        }
        // a place in the middle has its own pictures before it
        opened.start = Start::Over;
        let target = ((from + facts.zero) * 1e6) as i64;
        if opened.input.seek(target, ..target + 1).is_err() {
            return Self::at_start(path, facts, purpose, cancel);
        }
        // a broken index lands behind the place: then everything is read
        match opened.next()? {
            Some(first) if first.at <= from + SEEK_SLACK => {
                opened.held = Some(first);
                Ok(opened)
            }
            _ => Self::at_start(path, facts, purpose, cancel),
        }
    }

    fn at_start(
        path: &Path,
        facts: &Facts,
        purpose: Purpose,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let input = av::open(facts.played(path), cancel)?;
        let unreadable = |error| Error::Unreadable {
            path: path.to_owned(),
            message: av::words(error),
        };
        let stream = input
            .stream(facts.stream)
            .ok_or_else(|| unreadable(ffmpeg_next::Error::StreamNotFound))?;
        let unit = f64::from(stream.time_base());
        let mut decoder = open_decoder(&stream).map_err(unreadable)?;
        if purpose == Purpose::Analyse {
            decoder.skip_loop_filter(Discard::All);
        }
        Ok(Self {
            path: path.to_owned(),
            input,
            decoder,
            stream: facts.stream,
            unit,
            zero: facts.zero,
            starts_late: facts.starts_late,
            jumps: facts.picture_jumps.clone(),
            packets: 0,
            step: facts.step,
            weaver: None,
            last: f64::NEG_INFINITY,
            start: Start::Waiting(0),
            left_out: None,
            first: facts.first,
            held: None,
            drained: false,
            silent: 0,
            damaged: Vec::new(),
            cancel: cancel.clone(),
        })
    }

    /// The next picture; `None` after the last one.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and [`Error::Film`] when the library fails where it should not.
    pub fn next(&mut self) -> Result<Option<Picture>, Error> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        loop {
            if let Some(weaver) = &mut self.weaver
                && let Some(frame) = weaver.take()
            {
                return Ok(Some(self.picture(frame)));
            }
            if self.cancel.is_stopped() {
                return Err(Error::stopped(&self.cancel, &self.path));
            }
            let mut frame = frame::Video::empty();
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) => {
                    self.silent = 0;
                    if self.leaves_out(&frame) {
                        self.left_out = Some(frame);
                        continue;
                    }
                    self.left_out = None;
                    if let Some(frame) = self.woven(frame)? {
                        return Ok(Some(self.picture(frame)));
                    }
                }
                Err(ffmpeg_next::Error::Eof) => {
                    if let Some(frame) = self.left_out.take() {
                        self.last = f64::NEG_INFINITY;
                        return Ok(Some(self.picture(frame)));
                    }
                    let Some(weaver) = &mut self.weaver else {
                        return Ok(None);
                    };
                    if !weaver.end() {
                        return Ok(None);
                    }
                }
                // a picture that does not decode is left out; the one before it stays
                Err(error) if !av::is_again(error) => self.note_damage(None),
                Err(_) => self.feed()?,
            }
        }
    }

    /// Gives the decoder its next packet, or the end.
    fn feed(&mut self) -> Result<(), Error> {
        loop {
            if self.cancel.is_stopped() {
                return Err(Error::stopped(&self.cancel, &self.path));
            }
            let mut packet = Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) if packet.stream() != self.stream => continue,
                Ok(()) => {
                    self.silent += 1;
                    self.jumps.mend(self.packets, &mut packet, self.unit);
                    self.packets += 1;
                    if self.decoder.send_packet(&packet).is_err() {
                        let at = packet.pts().map(|t| t as f64 * self.unit - self.zero);
                        self.note_damage(at);
                    }
                    if self.silent > MAX_SILENT_PACKETS {
                        self.drain();
                    }
                    return Ok(());
                }
                Err(ffmpeg_next::Error::Exit) => {
                    return Err(Error::stopped(&self.cancel, &self.path));
                }
                // a file that breaks off ends here; how much is missing, the length shows
                Err(_) => {
                    self.drain();
                    return Ok(());
                }
            }
        }
    }

    fn drain(&mut self) {
        if !self.drained {
            self.drained = true;
            // what it refuses here is not the end, but a picture before it that did not decode
            if self.decoder.send_eof().is_err() {
                self.note_damage(None);
            }
        }
    }

    fn note_damage(&mut self, at: Option<f64>) {
        let at = at.unwrap_or(self.last + self.step).max(0.0);
        if at.is_finite() {
            self.damaged.push(at);
        }
    }

    /// When a picture shows, seconds after the clip's zero; one without a time follows the one before it.
    fn due(&self, frame: &frame::Video) -> f64 {
        let stated = frame.timestamp().or(frame.pts());
        let stated = stated.map(|t| t as f64 * self.unit - self.zero);
        stated.filter(|at| at.is_finite()).unwrap_or({
            match self.last.is_finite() {
                true => self.last + self.step,
                false => self.first,
            }
        })
    }

    /// A picture before the first that is whole: what it was made from is missing, and it is grey, or torn. The first that
    /// is whole is shown in its place.
    fn leaves_out(&mut self, frame: &frame::Video) -> bool {
        let Start::Waiting(before) = self.start else {
            return false;
        };
        let is_torn = frame.is_corrupt() || frame.has_decode_errors();
        // decoders of MPEG-4 and what it came from take grey for a picture that is missing, and say nothing
        let is_grey = matches!(
            self.decoder.id(),
            codec::Id::MPEG4
                | codec::Id::H263
                | codec::Id::H263P
                | codec::Id::FLV1
                | codec::Id::MSMPEG4V1
                | codec::Id::MSMPEG4V2
                | codec::Id::MSMPEG4V3
                | codec::Id::MPEG1VIDEO
                | codec::Id::MPEG2VIDEO
        ) && self.starts_late
            && !frame.is_key()
            && frame.kind() != picture::Type::I;
        let at = self.due(frame);
        let most = if is_grey { MOST_BROKEN } else { MOST_TORN };
        if (is_torn || is_grey) && before < most {
            self.start = Start::Waiting(before + 1);
            self.damaged.push(at.max(0.0));
            self.last = at;
            return true;
        }
        self.start = Start::Over;
        // those that the decoder itself kept back; containers without times of showing are late by a few
        if before == 0 && self.first + self.step * KEPT_BACK < at {
            let missed = ((at - self.first) / self.step).floor().min(MAX_NOTED) as u32;
            let due = |n: u32| self.first + f64::from(n) * self.step;
            self.damaged.extend((0..missed).map(due));
        }
        false
    }

    fn picture(&mut self, frame: frame::Video) -> Picture {
        let at = self.due(&frame);
        self.last = at;
        if frame.is_corrupt() || frame.has_decode_errors() {
            self.damaged.push(at.max(0.0));
        }
        Picture { at, frame }
    }

    /// A progressive picture goes through as it is; half pictures go to the filter that makes whole ones of them.
    fn woven(&mut self, frame: frame::Video) -> Result<Option<frame::Video>, Error> {
        if self.weaver.is_none() && !frame.is_interlaced() {
            return Ok(Some(frame));
        }
        if self.weaver.as_ref().is_none_or(|w| !w.fits(&frame)) {
            let mut weaver = Weaver::new(&frame).map_err(av::failed)?;
            // pictures of another size are still on their way
            if let Some(mut old) = self.weaver.take() {
                old.end();
                weaver.before.extend(std::iter::from_fn(|| old.take()));
            }
            self.weaver = Some(weaver);
        }
        if let Some(weaver) = &mut self.weaver {
            weaver.give(&frame).map_err(av::failed)?;
        }
        Ok(None)
    }
}

/// Makes whole pictures of half ones.
struct Weaver {
    /// Those of the one before it.
    before: VecDeque<frame::Video>,
    graph: Graph,
    size: (u32, u32),
    format: ffmpeg_next::format::Pixel,
    ended: bool,
}

impl Weaver {
    fn new(frame: &frame::Video) -> Result<Self, ffmpeg_next::Error> {
        // one picture for two halves: what moves keeps its rate, and the budget its bits
        let graph = graph(frame, "bwdif=mode=send_frame:parity=auto:deint=interlaced")?;
        Ok(Self {
            before: VecDeque::new(),
            graph,
            size: (frame.width(), frame.height()),
            format: frame.format(),
            ended: false,
        })
    }

    fn fits(&self, frame: &frame::Video) -> bool {
        self.size == (frame.width(), frame.height()) && self.format == frame.format()
    }

    fn give(&mut self, frame: &frame::Video) -> Result<(), ffmpeg_next::Error> {
        match self.graph.get("in") {
            Some(mut input) => input.source().add(frame),
            None => Err(ffmpeg_next::Error::FilterNotFound),
        }
    }

    fn take(&mut self) -> Option<frame::Video> {
        if let Some(before) = self.before.pop_front() {
            return Some(before);
        }
        let mut frame = frame::Video::empty();
        self.graph.get("out")?.sink().frame(&mut frame).ok()?;
        Some(frame)
    }

    /// Whether there was anything left to end.
    fn end(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.ended = true;
        self.graph
            .get("in")
            .is_some_and(|mut input| input.source().flush().is_ok())
    }
}

/// A chain of filters for frames like this one, from `in` to `out`.
pub(super) fn graph(like: &frame::Video, chain: &str) -> Result<Graph, ffmpeg_next::Error> {
    let missing = ffmpeg_next::Error::FilterNotFound;
    let mut graph = Graph::new();
    let format = like.format().descriptor().map_or("yuv420p", |d| d.name());
    let unit = Rational::new(1, 1_000_000);
    let aspect = like.aspect_ratio();
    let arguments = format!(
        "video_size={}x{}:pix_fmt={format}:time_base={unit}:pixel_aspect={}/{}",
        like.width(),
        like.height(),
        aspect.numerator().max(0),
        aspect.denominator().max(1),
    );
    graph.add(&filter::find("buffer").ok_or(missing)?, "in", &arguments)?;
    graph.add(&filter::find("buffersink").ok_or(missing)?, "out", "")?;
    graph.output("in", 0)?.input("out", 0)?.parse(chain)?;
    graph.validate()?;
    Ok(graph)
}
