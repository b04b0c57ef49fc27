//! A file's sound as its decoder gives it, with a mark wherever a timestamp was seen.
//!
//! In: a file and the stretch of it that is wanted. Out: a [`DecodedAudio`]. Never: more of the file than the stretch in
//! memory, an end because of a packet that cannot be decoded.

use std::ops::Range;
use std::path::Path;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Packet, codec, frame, media};

use super::RATE;
use super::chain::{Chain, Shape};
use crate::media::Error;
use crate::media::film::av;
use crate::media::film::times::Jumps;
use crate::platform::Cancel;

/// Where the stretch starts later than this, in seconds, reading does not start at the file's beginning.
const WORTH_SEEKING: f64 = 10.0;

/// Decoders and the resampler need some sound before the first that counts, seconds.
const RUN_UP: f64 = 2.0;

/// Containers that know when each packet is due; in the others a seek guesses.
const EXACT: &[&str] = &[
    "mov", "matroska", "webm", "ogg", "wav", "flac", "mpegts", "nut", "w64", "aiff", "caf",
];

/// So many packets in a row that cannot be read are the end.
const MOST_UNREADABLE: usize = 1000;

/// A hole of this length after an error is damage, seconds; without an error it is how the file was made.
const HOLE: f64 = 0.03;

/// So many frames after an error it may be the cause of a hole.
const WARY: usize = 64;

/// So many frames in a row after the stretch say that it is over; a single one may have a wrong timestamp.
const SURELY_OVER: usize = 8;

/// Sound at 48 kHz without its gaps; its times count from the moment that is asked for.
#[derive(Debug, Default)]
pub struct DecodedAudio {
    /// One after the other, whatever the timestamps say.
    pub samples: Vec<[f32; 2]>,
    /// Ascending by place.
    pub marks: Vec<Mark>,
    /// Sections that could not be decoded, seconds.
    pub damaged: Vec<(f64, f64)>,
}

/// What a timestamp said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// The sample it was said of.
    pub at: usize,
    /// When that sample is due, seconds; `None` if the file does not say.
    pub due: Option<f64>,
    /// Something is missing before it.
    pub torn: bool,
}

/// Decodes a stretch of the sound of a file, counted in seconds from `zero` on the file's clock, or from where its sound
/// starts; `None` if it has no sound. Without a stream, it is the one that players take. `jumps` bring the time stamps to one
/// clock.
///
/// # Errors
/// As [`av::open`]; [`Error::Unreadable`] if nothing here can decode its sound; [`Error::Cancelled`].
pub fn record(
    file: (&Path, Option<usize>),
    zero: Option<f64>,
    jumps: &Jumps,
    wanted: Range<f64>,
    cancel: &Cancel,
) -> Result<Option<DecodedAudio>, Error> {
    let seek = wanted.start > WORTH_SEEKING && jumps.is_empty();
    let Some((decoded, sought)) = attempt(file, (zero, jumps), &wanted, seek, cancel)? else {
        return Ok(None);
    };
    let first = decoded.marks.iter().find_map(|mark| mark.due);
    if sought && first.is_none_or(|due| due > wanted.start + 0.1) {
        // it landed too late, or in a gap: only the whole way tells
        return Ok(
            attempt(file, (zero, jumps), &wanted, false, cancel)?.map(|(decoded, _)| decoded)
        );
    }
    Ok(Some(decoded))
}

/// One way through the file and one of its streams, and whether it began with a seek.
fn attempt(
    (path, stream): (&Path, Option<usize>),
    (zero, jumps): (Option<f64>, &Jumps),
    wanted: &Range<f64>,
    seek: bool,
    cancel: &Cancel,
) -> Result<Option<(DecodedAudio, bool)>, Error> {
    let unreadable = |error: ffmpeg::Error| Error::Unreadable {
        path: path.to_owned(),
        message: format!("its sound cannot be decoded: {}", av::words(error)),
    };
    let mut input = av::open(path, cancel)?;
    let Some(index) = stream.or_else(|| best(&input)) else {
        return Ok(None);
    };
    let zero = zero.unwrap_or_else(|| start(&input, index));
    av::only(&mut input, index);
    let mut sought = false;
    if seek
        && input
            .format()
            .name()
            .split(',')
            .any(|name| EXACT.contains(&name))
    {
        let target = ((zero + wanted.start - RUN_UP) * 1e6) as i64;
        sought = input.seek(target, ..target).is_ok();
        if !sought {
            // after a failed seek the file stands anywhere
            input = av::open(path, cancel)?;
            av::only(&mut input, index);
        }
    }
    let mut recorder = Recorder::new(&input, index, zero, wanted.clone()).map_err(unreadable)?;
    recorder.jumps = jumps.clone();
    recorder
        .run(&mut input, cancel)
        .map_err(|error| match error {
            ffmpeg::Error::Exit => Error::stopped(cancel, path),
            error => unreadable(error),
        })?;
    Ok(Some((recorder.decoded, sought)))
}

/// Where a stream starts by its own account, on the file's clock.
fn start(input: &Input, index: usize) -> f64 {
    let stream = input.stream(index);
    let start = stream.filter(|stream| stream.start_time() != ffmpeg::ffi::AV_NOPTS_VALUE);
    start.map_or(0.0, |stream| {
        stream.start_time() as f64 * f64::from(stream.time_base())
    })
}

/// The stream that players take; another one if nothing here decodes that one.
fn best(input: &Input) -> Option<usize> {
    let decodable = |index: &usize| {
        input
            .stream(*index)
            .is_some_and(|stream| codec::decoder::find(stream.parameters().id()).is_some())
    };
    let best = input.streams().best(media::Type::Audio)?.index();
    let mut others = input
        .streams()
        .filter(|stream| stream.parameters().medium() == media::Type::Audio)
        .map(|stream| stream.index());
    Some(best)
        .filter(decodable)
        .or_else(|| others.find(decodable))
        .or(Some(best))
}

struct Recorder {
    decoded: DecodedAudio,
    index: usize,
    time_base: f64,
    decoder: codec::decoder::Audio,
    /// The running chain, the shape it takes, the sample it started at, and what it was fed.
    chain: Option<(Chain, Shape, usize, u64)>,
    /// When the next frame is due if it follows the last one.
    clock: Option<f64>,
    torn: bool,
    /// So many frames more for which a hole is damage.
    wary: usize,
    /// Frames in a row that came after the stretch.
    after: usize,
    zero: f64,
    jumps: Jumps,
    /// The clock was set before the next frame: it need not follow the last one.
    jumped: bool,
    /// Packets of the sound that were read.
    packets: u64,
    wanted: Range<f64>,
}

impl Recorder {
    fn new(
        input: &Input,
        index: usize,
        zero: f64,
        wanted: Range<f64>,
    ) -> Result<Self, ffmpeg::Error> {
        let stream = input.stream(index).ok_or(ffmpeg::Error::StreamNotFound)?;
        let mut decoder = codec::Context::from_parameters(stream.parameters())?.decoder();
        // without it the decoder cuts the encoder's padding off but leaves the timestamps
        decoder.set_packet_time_base(stream.time_base());
        Ok(Self {
            decoded: DecodedAudio::default(),
            index,
            time_base: f64::from(stream.time_base()),
            decoder: decoder.audio()?,
            chain: None,
            clock: None,
            torn: false,
            wary: 0,
            after: 0,
            zero,
            jumps: Jumps::default(),
            jumped: false,
            packets: 0,
            wanted,
        })
    }

    fn run(&mut self, input: &mut Input, cancel: &Cancel) -> Result<(), ffmpeg::Error> {
        let mut unreadable = 0;
        while self.after < SURELY_OVER && unreadable < MOST_UNREADABLE {
            if cancel.is_stopped() {
                return Err(ffmpeg::Error::Exit);
            }
            // a new one each time: reading into an old one would keep what that held for ever
            let mut packet = Packet::empty();
            match packet.read(input) {
                Ok(()) if packet.stream() == self.index => {
                    unreadable = 0;
                    // a container that loses its way says so, a few packets before the one it goes on with
                    if !av::messages().is_empty() {
                        self.wary = WARY;
                    }
                    self.jumped |= self.jumps.mend(self.packets, &mut packet, self.time_base);
                    self.packets += 1;
                    self.play(&packet)?;
                }
                Ok(()) => unreadable = 0,
                Err(ffmpeg::Error::Exit) => return Err(ffmpeg::Error::Exit),
                Err(ffmpeg::Error::InvalidData) => {
                    unreadable += 1;
                    self.torn = true;
                }
                // a truncated file ends with an error of its own kind; what came before it is good
                Err(_) => break,
            }
        }
        if self.decoder.send_eof().is_ok() {
            self.listen()?;
        }
        self.end_chain()
    }

    /// Decodes one packet; one that cannot be decoded is noted and left out.
    fn play(&mut self, packet: &Packet) -> Result<(), ffmpeg::Error> {
        if self.decoder.send_packet(packet).is_ok() && self.listen()? {
            return Ok(());
        }
        self.torn = true;
        let start = self.seconds(packet.pts().or(packet.dts()));
        let length = packet.duration() as f64 * self.time_base;
        self.damage(start.or(self.clock), length.clamp(0.001, 1.0));
        Ok(())
    }

    /// A time of the stream in seconds from the moment that counts as 0.
    fn seconds(&self, time: Option<i64>) -> Option<f64> {
        time.map(|time| time as f64 * self.time_base - self.zero)
    }

    /// Notes a section that could not be decoded.
    fn damage(&mut self, start: Option<f64>, length: f64) {
        if let Some(start) = start
            && start + length > self.wanted.start
            && start < self.wanted.end
        {
            self.decoded.damaged.push((start, start + length));
        }
    }

    /// Takes all frames that are ready; `false` if the decoder stumbled.
    fn listen(&mut self) -> Result<bool, ffmpeg::Error> {
        let mut frame = frame::Audio::empty();
        loop {
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) => {
                    if frame.has_decode_errors() || frame.is_corrupt() {
                        let length = frame.samples() as f64 / f64::from(frame.rate().max(1));
                        self.damage(self.seconds(frame.pts()).or(self.clock), length);
                    }
                    self.take(&mut frame)?;
                }
                Err(error) => return Ok(error == ffmpeg::Error::Eof || av::is_again(error)),
            }
        }
    }

    fn take(&mut self, frame: &mut frame::Audio) -> Result<(), ffmpeg::Error> {
        let Some(shape) = Shape::of(frame) else {
            self.torn = true;
            return Ok(());
        };
        let stated = self.seconds(frame.pts().or(frame.timestamp()));
        let length = frame.samples() as f64 / f64::from(shape.rate());
        if let (Some(stated), Some(clock)) = (stated, self.clock)
            && stated - clock > HOLE
            && (self.torn || self.wary > 0)
        {
            self.damage(Some(clock), stated - clock);
            self.wary = 0;
        }
        self.wary = self.wary.saturating_sub(1);
        let due = stated.or(self.clock);
        self.clock = due.map(|due| due + length);
        self.after = match due.is_some_and(|due| due > self.wanted.end) {
            true => self.after + 1,
            false => 0,
        };
        // a little more than the stretch, so that the resampler is not new to it
        if due.is_some_and(|due| {
            due + length < self.wanted.start - 0.1 || due > self.wanted.end + 0.1
        }) {
            return Ok(());
        }
        if self
            .chain
            .as_ref()
            .is_none_or(|(_, running, ..)| *running != shape)
        {
            self.end_chain()?;
            let start = self.decoded.samples.len();
            self.chain = Some((Chain::new(&shape, start)?, shape, start, 0));
        }
        if let Some((chain, shape, start, fed)) = &mut self.chain {
            let at = *start + (*fed * u64::from(RATE) / u64::from(shape.rate())) as usize;
            self.decoded.marks.push(Mark {
                at,
                due: stated,
                torn: std::mem::take(&mut self.torn) | std::mem::take(&mut self.jumped),
            });
            *fed += frame.samples() as u64;
            chain.feed(frame, &mut self.decoded.samples)?;
        }
        Ok(())
    }

    fn end_chain(&mut self) -> Result<(), ffmpeg::Error> {
        match self.chain.take() {
            Some((chain, ..)) => chain.finish(&mut self.decoded.samples),
            None => Ok(()),
        }
    }
}
