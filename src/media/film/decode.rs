//! A whole film decoded, to know that it can be.
//!
//! In: a file, and who wants to see its pictures and hear its sound meanwhile. Out: [`Decoded`]: how much came out, and
//! what was wrong. Never: concealment; what a player would patch over is reported.

use std::path::Path;

use ffmpeg_next::codec::decoder::Check;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Error as Refusal, Packet, Stream, codec, decoder, frame, media};

use super::av;
use super::facts::picture_stream;
use super::packets::Packets;
use crate::media::Error;
use crate::platform::Cancel;

/// Sees a picture and its number.
type Eye<'a> = Box<dyn FnMut(u64, &frame::Video) + 'a>;

/// Who looks on while a film is decoded.
pub(in crate::media) struct Watch<'a> {
    /// Gets every picture in the order of showing, and its number from 0.
    pub picture: Eye<'a>,
    /// Gets every frame of sound, as the decoder makes it.
    pub sound: Box<dyn FnMut(&frame::Audio) + 'a>,
}

impl Watch<'_> {
    /// Nobody looks on.
    pub fn nobody() -> Self {
        Self {
            picture: Box::new(|_, _| {}),
            sound: Box::new(|_| {}),
        }
    }
}

/// What came out of a film.
#[derive(Debug, Clone, Default)]
pub(super) struct Decoded {
    /// Pictures that the file has, those not counted that an edit list hides.
    pub packets: u64,
    /// Pictures that came out.
    pub pictures: u64,
    /// Those of them that are half pictures.
    pub interlaced: u64,
    /// Those of them that are incomplete, and the first of them by number from 1.
    pub corrupt: u64,
    /// The first of them, by number from 1.
    pub first_corrupt: Option<u64>,
    /// The first picture marked as a start that is none: others before it may be needed. By number from 1.
    pub false_start: Option<u64>,
    /// Pictures that the decoder has to keep for others to refer to.
    pub references: usize,
    /// How pixels are stored.
    pub format: Option<Pixel>,
    /// Packets of sound.
    pub sound_packets: u64,
    /// Samples of sound, of one channel.
    pub sound_samples: u64,
    /// What the decoders or the container refused, the first of it, as a sentence.
    pub refused: Option<String>,
    /// It was long, and its end was not looked at.
    pub stopped: bool,
}

/// How the units of a sample are told apart, to find those that decoding can start at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Bytes that say how long each is.
    pub length: u8,
    /// HEVC, else H.264.
    pub is_hevc: bool,
}

impl Units {
    /// Whether decoding can start at this sample without anything before it.
    fn is_start(self, sample: &[u8]) -> bool {
        let mut rest = sample;
        let prefix = usize::from(self.length);
        while let Some((length, after)) = rest.split_at_checked(prefix) {
            let length = length
                .iter()
                .fold(0_usize, |n, byte| n << 8 | usize::from(*byte));
            let Some(first) = after.first() else { break };
            let start = if self.is_hevc {
                // IDR, and pictures whose predecessors are broken off on purpose
                matches!(first >> 1 & 0x3F, 16..=20)
            } else {
                first & 0x1F == 5
            };
            if start {
                return true;
            }
            rest = after.get(length.max(1)..).unwrap_or_default();
        }
        false
    }
}

/// Decodes pictures and sound until `seconds` of the pictures are through.
///
/// # Errors
/// [`Error::Io`], [`Error::Cancelled`], and [`Error::Unreadable`] for a file that cannot be opened. What goes wrong later is reported
/// in [`Decoded::refused`].
pub(super) fn decode(
    path: &Path,
    units: Option<Units>,
    seconds: f64,
    cancel: &Cancel,
    watch: &mut Watch<'_>,
) -> Result<Decoded, Error> {
    let mut input = av::open(path, cancel)?;
    let unreadable = |message: String| Error::Unreadable {
        path: path.to_owned(),
        message,
    };
    let picture = picture_stream(&input).ok_or_else(|| unreadable("it has no picture".into()))?;
    let (picture_index, unit) = (picture.index(), f64::from(picture.time_base()));
    let mut eye = strict(&picture)
        .and_then(decoder::Opened::video)
        .map_err(|error| unreadable(av::words(error)))?;
    let sound = input.streams().best(media::Type::Audio);
    let sound_index = sound.as_ref().map(Stream::index);
    let mut out = Decoded::default();
    let mut ear = match sound.map(|s| strict(&s).and_then(decoder::Opened::audio)) {
        Some(Ok(ear)) => Some(ear),
        Some(Err(error)) => {
            out.refuse(format!("the sound: {}", av::words(error)));
            None
        }
        None => None,
    };
    av::messages();
    let (mut packets, mut packet) = (Packets::default(), Packet::empty());
    let mut first = None;
    loop {
        match packets.next(&mut input, &mut packet) {
            Ok(true) => {}
            Ok(false) => break,
            Err(Refusal::Exit) => return Err(Error::stopped(cancel, path)),
            Err(error) => {
                out.refuse(format!("the container: {}", av::words(error)));
                break;
            }
        }
        if cancel.is_stopped() {
            return Err(Error::stopped(cancel, path));
        }
        if packet.stream() == picture_index {
            let at = packet.pts().or(packet.dts()).unwrap_or(0);
            if (at.saturating_sub(*first.get_or_insert(at))) as f64 * unit > seconds {
                out.stopped = true;
                break;
            }
            out.note(&packet, units);
            out.see(&mut eye, Some(&packet), watch);
        } else if Some(packet.stream()) == sound_index
            && let Some(ear) = &mut ear
        {
            out.sound_packets += 1;
            out.hear(ear, Some(&packet), watch);
        }
    }
    out.see(&mut eye, None, watch);
    if let Some(ear) = &mut ear {
        out.hear(ear, None, watch);
    }
    if let Some(message) = packets.refused {
        out.refuse(format!("the container: {message}"));
    }
    out.references = eye.references();
    Ok(out)
}

/// A decoder that refuses what it would have to guess.
///
/// On one thread: with several, pictures often leave the decoder before it is noted on them that they are damaged.
fn strict(stream: &Stream<'_>) -> Result<decoder::Opened, Refusal> {
    let context = codec::Context::from_parameters(stream.parameters())?;
    let id = context.id();
    let mut decoder = context.decoder();
    // FFmpeg 5.1 stops the whole program where it refuses damaged MPEG-4, instead of the picture
    if matches!(id, codec::Id::H264 | codec::Id::HEVC | codec::Id::AAC) {
        decoder.check(Check::EXPLODE);
    }
    decoder.set_packet_time_base(stream.time_base());
    decoder.open_as(id)
}

impl Decoded {
    fn refuse(&mut self, message: String) {
        self.refused.get_or_insert(message);
    }

    /// Pictures are decoded in another order than shown, so where it is, is known nearly.
    fn refuse_picture(&mut self, error: Refusal) {
        let number = self.pictures + 1;
        self.refuse(format!("near picture {number}: {}", av::words(error)));
    }

    fn note(&mut self, packet: &Packet, units: Option<Units>) {
        // an edit list can leave pictures out; they are there for others to refer to
        if !av::is_hidden(packet) {
            self.packets += 1;
        }
        if packet.is_corrupt() {
            self.refuse(format!("picture {} breaks off", self.packets));
        }
        if let Some(units) = units
            && packet.is_key()
            && !units.is_start(packet.data().unwrap_or_default())
        {
            self.false_start.get_or_insert(self.packets);
        }
    }

    fn see(&mut self, eye: &mut decoder::Video, packet: Option<&Packet>, watch: &mut Watch<'_>) {
        let mut waiting = true;
        // a decoder that is full has something to give; asking for ever is for one that breaks this promise
        for _ in 0..100 {
            if !waiting {
                break;
            }
            let sent = match packet {
                Some(packet) => eye.send_packet(packet),
                None => eye.send_eof(),
            };
            match sent {
                Ok(()) | Err(Refusal::Eof) => waiting = false,
                // the decoder is full: what is done is taken, then it is asked again
                Err(error) if av::is_again(error) => {}
                Err(error) => {
                    self.refuse_picture(error);
                    waiting = false;
                }
            }
            if !self.take_pictures(eye, packet.is_none(), watch) {
                break;
            }
        }
    }

    /// Takes what is decoded; says whether it is worth asking again.
    fn take_pictures(
        &mut self,
        eye: &mut decoder::Video,
        to_the_end: bool,
        watch: &mut Watch<'_>,
    ) -> bool {
        let mut frame = frame::Video::empty();
        let mut errors = 0;
        loop {
            match eye.receive_frame(&mut frame) {
                Ok(()) => self.saw(&frame, watch),
                Err(Refusal::Eof) => return false,
                Err(error) if av::is_again(error) => {
                    return true;
                }
                Err(error) => {
                    self.refuse_picture(error);
                    errors += 1;
                    // at the end more than one may still come that went wrong
                    if !to_the_end || errors > 1000 {
                        return true;
                    }
                }
            }
        }
    }

    fn saw(&mut self, frame: &frame::Video, watch: &mut Watch<'_>) {
        (watch.picture)(self.pictures, frame);
        self.pictures += 1;
        self.interlaced += u64::from(frame.is_interlaced());
        self.format.get_or_insert(frame.format());
        if frame.is_corrupt() || frame.has_decode_errors() {
            self.corrupt += 1;
            self.first_corrupt.get_or_insert(self.pictures);
        }
    }

    fn hear(&mut self, ear: &mut decoder::Audio, packet: Option<&Packet>, watch: &mut Watch<'_>) {
        let sent = match packet {
            Some(packet) => ear.send_packet(packet),
            None => ear.send_eof(),
        };
        let mut frame = frame::Audio::empty();
        let mut heard = sent.and_then(|()| ear.receive_frame(&mut frame));
        while heard.is_ok() {
            self.sound_samples += frame.samples() as u64;
            (watch.sound)(&frame);
            heard = ear.receive_frame(&mut frame);
        }
        match heard {
            Err(error) if av::is_again(error) => {}
            Ok(()) | Err(Refusal::Eof) => {}
            Err(error) => {
                let number = self.sound_packets;
                self.refuse(format!(
                    "packet {number} of the sound: {}",
                    av::words(error)
                ));
            }
        }
    }
}
