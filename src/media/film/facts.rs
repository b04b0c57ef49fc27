//! What a clip is, as far as reading it needs to know.
//!
//! In: a file. Out: [`Facts`]: which streams to read, which way is up, how fast it runs, what its numbers mean as
//! colours. Never: a judgement; what the container says wrongly is measured instead.

use std::path::Path;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::color::{Range, Space};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::frame::side_data as frame_side_data;
use ffmpeg_next::{Rational, Stream, codec, decoder, frame, media};

use super::look::{Colors, Look, Orientation, is_rgb};
use super::packets::Packets;
use super::promise::Promise;
use super::sound::{self, Choice, SoundTrack};
use super::stand_in::StandIn;
use super::times::{Jumps, Measured, Times};
use super::{av, instead, left_out};
use crate::media::Error;
use crate::platform::Cancel;

/// The most pixels a picture of a clip may have: 8K and a little.
pub(super) const MAX_PIXELS: u64 = 8192 * 4608;

/// A clip.
#[derive(Debug, Clone)]
pub(in crate::media) struct Facts {
    /// What is played in place of the file, where FFmpeg does not play it.
    stand_in: Option<StandIn>,
    /// Index of the picture's stream.
    pub stream: usize,
    /// Index of the sound's stream, if there is one; of several, the first.
    pub sound: Option<usize>,
    /// Which of its sound tracks are heard, and why.
    pub choice: Choice,
    /// What of the file is neither seen nor heard, in words; sound tracks are not among it.
    pub left_out: Vec<String>,
    /// The time stamp, in seconds, at which the clip begins: with its first picture, or whole pictures before it if its
    /// sound comes first.
    pub zero: f64,
    /// When its first picture shows, seconds after `zero`.
    pub first: f64,
    /// When picture and sound are over, seconds after `zero`; measured, not what the header says.
    pub seconds: f64,
    /// Seconds that the header says, where a header that says them is written when all is there.
    pub declared: Option<f64>,
    /// The profile of Dolby Vision whose colours only its own displays know.
    pub without_base: Option<String>,
    /// Pictures in the file.
    pub count: u64,
    /// The first picture needs others, which are missing: it was cut out of a recording.
    pub starts_late: bool,
    /// No time leads to a place in it: its clock is set anew on the way, or it has none.
    pub no_seek: bool,
    /// What brings the time stamps of its picture's stream to one clock.
    pub picture_jumps: Jumps,
    /// The same for each stream of sound that is taken.
    sound_jumps: Vec<(usize, Jumps)>,
    /// Pictures a second, on average.
    pub rate: f64,
    /// The usual time between two pictures, seconds.
    pub step: f64,
    /// At least half of its pictures are that far from the next.
    pub is_steady: bool,
    /// Where pictures do not stand equally long: the time that nearly all of them stand once or several times, seconds.
    pub beat: Option<f64>,
    /// All pictures stand equally long, but for rounding.
    pub is_constant: bool,
    /// Pixels a row, as coded, of the first picture.
    pub width: u32,
    /// Rows, as coded.
    pub height: u32,
    /// Width of a pixel over its height.
    pub aspect: f64,
    /// The same as the codec says it, which may be other than what the container says.
    pub own_aspect: Option<f64>,
    /// How to stand it upright.
    pub orientation: Orientation,
    /// The first picture is two half pictures of different moments.
    pub interlaced: bool,
    /// Of an interlaced picture, the upper lines come first.
    pub top_first: bool,
    /// How pixels are stored.
    pub format: Pixel,
    /// What they mean.
    pub colors: Colors,
    /// How bright its brightest pixel is, in nits; 0 where nothing says so.
    pub peak_nits: f32,
    /// When the pictures show that decoding can begin at, seconds after `zero`, ascending.
    pub keys: Vec<f64>,
}

impl Facts {
    /// Reads them: the first picture is decoded, all others are counted.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Cancelled`], [`Error::TooSlow`], and [`Error::Unreadable`] for a file without a picture that
    /// decodes, or with one too large to be worked on.
    pub fn read(path: &Path, cancel: &Cancel) -> Result<Self, Error> {
        Self::heard(path, SoundTrack::Own, cancel)
    }

    /// The same, with a sound track that was asked for.
    ///
    /// # Errors
    /// As [`Facts::read`], and [`Error::NoTrack`].
    pub fn heard(path: &Path, wanted: SoundTrack, cancel: &Cancel) -> Result<Self, Error> {
        instead::expect_index(path)?;
        let stand_in = StandIn::of(path, cancel)?;
        let played = stand_in.as_ref().map_or(path, StandIn::path);
        let mut input = av::open(played, cancel)?;
        let unreadable = |message: String| Error::Unreadable {
            path: path.to_owned(),
            message,
        };
        let stream = picture_stream(&input).ok_or_else(|| {
            unreadable(instead::unfinished(path).unwrap_or_else(|| no_picture(&input)))
        })?;
        let index = stream.index();
        let orientation = orientation(&stream);
        let aspect = stream_aspect(&stream);
        let without_base = without_base(&stream);
        let mut decoder = open_decoder(&stream).map_err(|e| unreadable(av::words(e)))?;
        let choice = sound::choose(played, &input, wanted, cancel)?;
        let sound = choice.taken.first().copied();
        let left_out = left_out::of(&input, index);
        let mut times = Times::new(&input, index, &choice.taken);
        let mut first = None;
        let (mut packets, mut packet) = (Packets::default(), ffmpeg_next::Packet::empty());
        // what cannot be read is the end
        while packets.next(&mut input, &mut packet).unwrap_or(false) {
            if cancel.is_stopped() {
                break;
            }
            times.note(packet.stream(), &packet);
            if packet.stream() == index && first.is_none() {
                first = decoded(&mut decoder, Some(&packet));
            }
        }
        // reading that was stopped looks like the end
        if cancel.is_stopped() {
            return Err(Error::stopped(cancel, path));
        }
        let frame = first
            .or_else(|| decoded(&mut decoder, None))
            .ok_or_else(|| unreadable(instead::unfinished(path).unwrap_or_else(nothing_decodes)))?;
        let pixels = u64::from(frame.width()) * u64::from(frame.height());
        if !(1..=MAX_PIXELS).contains(&pixels) {
            return Err(unreadable(format!(
                "its pictures of {}×{} pixels are too large to be worked on",
                frame.width(),
                frame.height()
            )));
        }
        let promise = Promise::of(played, &input, index, sound, times.packets());
        let rate = decoder.frame_rate().map(f64::from);
        let Measured {
            zero,
            first,
            seconds,
            count,
            rate,
            step,
            is_steady,
            beat,
            is_constant,
            keys,
            starts_late,
            no_seek,
            picture_jumps,
            sound_jumps,
        } = times.measured(rate.filter(|r| (1.0..=1000.0).contains(r)), promise.kept);
        let own_aspect = squared(frame.aspect_ratio());
        Ok(Self {
            stand_in,
            stream: index,
            sound,
            choice,
            left_out,
            zero,
            first,
            seconds,
            declared: promise.ends.map(|ends| ends - zero),
            without_base,
            count,
            starts_late,
            no_seek,
            picture_jumps,
            sound_jumps,
            rate,
            step,
            is_steady,
            beat,
            is_constant,
            width: frame.width(),
            height: frame.height(),
            // the container's word counts before the codec's, as players have it
            aspect: aspect.or(own_aspect).unwrap_or(1.0),
            own_aspect,
            orientation,
            interlaced: frame.is_interlaced(),
            top_first: frame.is_top_first(),
            format: frame.format(),
            colors: Colors::of(&frame),
            peak_nits: peak_nits(&frame),
            keys,
        })
    }

    /// The file to read of a clip whose own is `path`.
    pub fn played<'p>(&'p self, path: &'p Path) -> &'p Path {
        self.stand_in.as_ref().map_or(path, StandIn::path)
    }

    /// What brings the time stamps of a stream of sound to the clip's clock.
    pub fn jumps_of(&self, sound: usize) -> Jumps {
        let mut known = self.sound_jumps.iter();
        let found = known.find(|(stream, _)| *stream == sound);
        found.map(|(_, jumps)| jumps.clone()).unwrap_or_default()
    }

    /// The look of its first picture.
    pub fn look(&self) -> Look {
        Look {
            width: self.width,
            height: self.height,
            aspect: self.aspect,
            format: self.format,
            colors: self.colors,
        }
    }

    /// The look of any of its pictures. What the container says of the shape of pixels is about those of the first.
    pub fn look_of(&self, frame: &frame::Video) -> Look {
        let own = squared(frame.aspect_ratio());
        let mut colors = Colors::of(frame);
        // what is not tagged goes on as it began: a guess by size would change colours with it
        let is_alike = is_rgb(frame.format()) == is_rgb(self.format);
        if is_alike && matches!(frame.color_space(), Space::Unspecified | Space::Reserved) {
            colors.matrix = self.colors.matrix;
        }
        if frame.format() == self.format && frame.color_range() == Range::Unspecified {
            colors.range = self.colors.range;
        }
        Look {
            width: frame.width(),
            height: frame.height(),
            aspect: match own == self.own_aspect {
                true => self.aspect,
                false => own.unwrap_or(1.0),
            },
            format: frame.format(),
            colors,
        }
    }

    /// Width and height of the upright picture in square pixels.
    pub fn shown(&self) -> (f64, f64) {
        self.look().shown(self.orientation)
    }
}

/// From the film's own light level, else from the screen it was made on.
fn peak_nits(frame: &frame::Video) -> f32 {
    let number = |bytes: &[u8], at: usize| {
        let four = bytes.get(at..at + 4).and_then(|b| b.first_chunk());
        four.map_or(0.0, |b| f64::from(i32::from_ne_bytes(*b)))
    };
    let light = frame.side_data(frame_side_data::Type::ContentLightLevel);
    let brightest = light.map_or(0.0, |d| number(d.data(), 0));
    if brightest > 0.0 {
        return brightest as f32;
    }
    // eight ratios of primaries and white point, then the darkest and the brightest
    let screen = frame.side_data(frame_side_data::Type::MasteringDisplayMetadata);
    let ratio = screen.map_or((0.0, 0.0), |d| (number(d.data(), 72), number(d.data(), 76)));
    if ratio.1 > 0.0 {
        (ratio.0 / ratio.1) as f32
    } else {
        0.0
    }
}

/// The stream to look at; a cover picture of a song is none.
pub(in crate::media) fn picture_stream(input: &Input) -> Option<Stream<'_>> {
    let is_cover = |s: &Stream<'_>| {
        s.disposition()
            .contains(ffmpeg_next::format::stream::Disposition::ATTACHED_PIC)
    };
    let best = input.streams().best(media::Type::Video);
    best.filter(|s| !is_cover(s)).or_else(|| {
        input
            .streams()
            .find(|s| s.parameters().medium() == media::Type::Video && !is_cover(s))
    })
}

/// The profile of a Dolby Vision film that says nothing to displays which are none of Dolby's.
///
/// Profile 5 and AV1's 10.0 code colours in IPT; 7, 8 and those of AV1 with a number of compatibility are HDR10, HLG or SDR
/// to whoever does not know better.
fn without_base(stream: &Stream<'_>) -> Option<String> {
    let config = stream
        .side_data()
        .find(|d| d.kind() == side_data::Type::DOVI_CONF)?;
    // version, revision, profile, level, three marks, compatibility
    let (profile, compatible) = (*config.data().get(2)?, *config.data().get(7)?);
    match (profile, compatible) {
        (5, _) => Some("5".to_owned()),
        (8.., 0) => Some(format!("{profile}.0")),
        _ => None,
    }
}

/// What is said of a song.
pub(in crate::media) const SOUND_ALONE: &str = "it has sound but no picture";

fn no_picture(input: &Input) -> String {
    match input.streams().best(media::Type::Audio) {
        Some(_) => SOUND_ALONE.to_owned(),
        None => "it has no picture".to_owned(),
    }
}

fn nothing_decodes() -> String {
    let message = av::messages();
    match message.first() {
        Some(line) => format!("none of its pictures can be decoded: {line}"),
        None => "none of its pictures can be decoded".to_owned(),
    }
}

fn orientation(stream: &Stream<'_>) -> Orientation {
    stream
        .side_data()
        .find(|d| d.kind() == side_data::Type::DisplayMatrix)
        .map_or_else(Orientation::default, |d| Orientation::of_matrix(d.data()))
}

fn stream_aspect(stream: &Stream<'_>) -> Option<f64> {
    // the decoder's context takes it from the container
    let context = codec::Context::from_parameters(stream.parameters()).ok()?;
    squared(context.decoder().video().ok()?.aspect_ratio())
}

/// A pixel's shape; `None` where nothing is said. Less than one part in a hundred from square is an encoder's rounding.
fn squared(ratio: Rational) -> Option<f64> {
    if ratio.numerator() <= 0 || ratio.denominator() <= 0 {
        return None;
    }
    let ratio = f64::from(ratio.numerator()) / f64::from(ratio.denominator());
    if (ratio - 1.0).abs() < 0.01 {
        return Some(1.0);
    }
    (0.05..=20.0).contains(&ratio).then_some(ratio)
}

/// Threads of a decoder; each holds pictures of its own, and the encoder works beside them.
const DECODER_THREADS: usize = 2;

/// A decoder for a stream's pictures.
pub(super) fn open_decoder(stream: &Stream<'_>) -> Result<decoder::Video, ffmpeg_next::Error> {
    let mut context = codec::Context::from_parameters(stream.parameters())?;
    let id = context.id();
    context.set_threading(codec::threading::Config {
        kind: codec::threading::Type::Frame,
        count: DECODER_THREADS,
        ..Default::default()
    });
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(stream.time_base());
    // what shines through is a second stream beside each picture, which the library's own decoders leave out
    let name = match id {
        codec::Id::VP8 => "libvpx",
        codec::Id::VP9 => "libvpx-vp9",
        _ => return decoder.video(),
    };
    let has_alpha = av::tag(stream, c"alpha_mode").is_some_and(|mode| mode.trim() == "1");
    match decoder::find_by_name(name).filter(|_| has_alpha) {
        Some(codec) => decoder.open_as(codec)?.video(),
        None => decoder.video(),
    }
}

/// The next picture out of the decoder, if there is one yet; without a packet, the last ones.
fn decoded(
    decoder: &mut decoder::Video,
    packet: Option<&ffmpeg_next::Packet>,
) -> Option<frame::Video> {
    match packet {
        // what does not decode is not the first picture
        Some(packet) => decoder.send_packet(packet).ok()?,
        None => decoder.send_eof().ok()?,
    }
    let mut frame = frame::Video::empty();
    decoder.receive_frame(&mut frame).ok().map(|()| frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_that_is_nearly_square_is_square() {
        assert_eq!(squared(Rational::new(2844, 2845)), Some(1.0));
        assert_eq!(squared(Rational::new(0, 1)), None);
        assert_eq!(squared(Rational::new(64, 45)), Some(64.0 / 45.0));
    }
}
