//! What a clip is, as far as reading it needs to know.
//!
//! In: a file. Out: [`Facts`]: which streams to read, which way is up, how fast it runs, what its numbers mean as
//! colours. Never: a judgement; what the container says wrongly is measured instead.

use std::path::Path;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::frame::side_data as frame_side_data;
use ffmpeg_next::{Rational, Stream, codec, decoder, frame, media};

use super::av;
use super::packets::Packets;
use crate::media::Error;
use crate::platform::Cancel;

/// The most pixels a picture of a clip may have: 8K and a little.
const MAX_PIXELS: u64 = 8192 * 4608;

/// Seconds after which a picture without a successor is over, where nothing says how long it shows.
const LONE_PICTURE: f64 = 0.04;

/// How a clip's pictures have to be turned to stand upright: first mirrored along the diagonal, then flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::media) struct Turn {
    /// Rows become columns.
    pub transpose: bool,
    /// Left becomes right.
    pub flip_x: bool,
    /// Top becomes bottom.
    pub flip_y: bool,
}

impl Turn {
    /// From a display matrix as containers have it: nine 32-bit numbers, native byte order. The nearest quarter turn is taken.
    fn of_matrix(bytes: &[u8]) -> Self {
        let at = |index: usize| {
            let four = bytes.get(index * 4..index * 4 + 4);
            four.map_or(0, |b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
        };
        let (a, b, c, d) = (at(0), at(1), at(3), at(4));
        if a.unsigned_abs() >= b.unsigned_abs() {
            Self {
                transpose: false,
                flip_x: a < 0,
                flip_y: d < 0,
            }
        } else {
            Self {
                transpose: true,
                flip_x: c < 0,
                flip_y: b < 0,
            }
        }
    }

    /// Degrees clockwise that bring a picture upright after it was mirrored left to right, if it is mirrored.
    pub fn degrees(self) -> u32 {
        match (self.transpose, self.flip_x, self.flip_y) {
            (false, false, false) | (false, true, false) => 0,
            (false, true, true) | (false, false, true) => 180,
            (true, true, false) | (true, false, false) => 90,
            (true, false, true) | (true, true, true) => 270,
        }
    }

    /// Whether text would read backwards without it.
    pub fn mirrors(self) -> bool {
        self.transpose ^ self.flip_x ^ self.flip_y
    }
}

/// What the numbers of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::media) struct Colors {
    /// Limited (16–235) or full.
    pub range: Range,
    /// From YCbCr to RGB.
    pub matrix: Space,
    /// Which red, green and blue.
    pub primaries: Primaries,
    /// From numbers to light.
    pub transfer: TransferCharacteristic,
}

impl Colors {
    /// As the picture says, with the usual guess where it says nothing: BT.709 for 720 lines and more, else BT.601.
    fn of(frame: &frame::Video) -> Self {
        let rgb = is_rgb(frame.format());
        let full_by_name = matches!(
            frame.format(),
            Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P
        );
        let range = match frame.color_range() {
            Range::Unspecified if rgb || full_by_name => Range::JPEG,
            Range::Unspecified => Range::MPEG,
            range => range,
        };
        let hd = frame.height() >= 720 || frame.width() >= 1280;
        let matrix = match frame.color_space() {
            _ if rgb => Space::RGB,
            Space::Unspecified | Space::Reserved | Space::RGB if hd => Space::BT709,
            Space::Unspecified | Space::Reserved | Space::RGB => Space::SMPTE170M,
            matrix => matrix,
        };
        Self {
            range,
            matrix,
            primaries: frame.color_primaries(),
            transfer: frame.color_transfer_characteristic(),
        }
    }

    /// Brighter than a screen: hybrid log-gamma or perceptual quantiser.
    pub fn is_hdr(&self) -> bool {
        matches!(
            self.transfer,
            TransferCharacteristic::ARIB_STD_B67 | TransferCharacteristic::SMPTE2084
        )
    }
}

/// Its components are red, green and blue; the library tells formats apart by name only.
fn is_rgb(format: Pixel) -> bool {
    let name = format.descriptor().map_or("", |d| d.name());
    name == "pal8"
        || ["rgb", "bgr", "gbr"]
            .iter()
            .any(|letters| name.contains(letters))
}

/// A clip.
#[derive(Debug, Clone)]
pub(in crate::media) struct Facts {
    /// Index of the picture's stream.
    pub stream: usize,
    /// Index of the sound's stream, if there is one.
    pub sound: Option<usize>,
    /// The time stamp, in seconds, at which the clip begins: with its first picture, or whole pictures before it if its
    /// sound comes first.
    pub zero: f64,
    /// When picture and sound are over, seconds after `zero`; measured, not what the header says.
    pub seconds: f64,
    /// Seconds that the header says, where a header that says them is written when all is there.
    pub declared: Option<f64>,
    /// Pictures in the file.
    pub count: u64,
    /// Its clock goes back on the way: it is several recordings in one, and no time leads to a place in it.
    pub restarts: bool,
    /// Pictures a second, on average.
    pub rate: f64,
    /// The usual time between two pictures, seconds.
    pub step: f64,
    /// Where pictures do not stand equally long: the time that nearly all of them stand once or several times, seconds.
    pub beat: Option<f64>,
    /// All pictures stand equally long, but for rounding.
    pub is_constant: bool,
    /// Pixels a row, as coded.
    pub width: u32,
    /// Rows, as coded.
    pub height: u32,
    /// Width of a pixel over its height.
    pub aspect: f64,
    /// How to stand it upright.
    pub turn: Turn,
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
        let mut input = av::open(path, cancel)?;
        let unreadable = |said: String| Error::Unreadable {
            path: path.to_owned(),
            said,
        };
        let stream = picture_stream(&input).ok_or_else(|| unreadable(no_picture(&input)))?;
        let index = stream.index();
        let turn = turn(&stream);
        let declared = declared(&input);
        let aspect = stream_aspect(&stream);
        let mut decoder = open_decoder(&stream).map_err(|e| unreadable(av::words(e)))?;
        let sound = input.streams().best(media::Type::Audio).map(|s| s.index());
        let mut times = Times::new(&input, index, sound);
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
            .ok_or_else(|| unreadable(nothing_decodes()))?;
        let pixels = u64::from(frame.width()) * u64::from(frame.height());
        if !(1..=MAX_PIXELS).contains(&pixels) {
            return Err(unreadable(format!(
                "its pictures of {}×{} pixels are too large to be worked on",
                frame.width(),
                frame.height()
            )));
        }
        let own = frame.aspect_ratio();
        Ok(times.facts(Self {
            stream: index,
            sound,
            zero: 0.0,
            seconds: 0.0,
            declared,
            count: 0,
            restarts: false,
            rate: 0.0,
            step: 0.0,
            beat: None,
            is_constant: true,
            width: frame.width(),
            height: frame.height(),
            // the container's word counts before the codec's, as players have it
            aspect: aspect.or_else(|| squared(own)).unwrap_or(1.0),
            turn,
            interlaced: frame.is_interlaced(),
            top_first: frame.is_top_first(),
            format: frame.format(),
            colors: Colors::of(&frame),
            peak_nits: peak_nits(&frame),
            keys: Vec::new(),
        }))
    }

    /// Width and height of the upright picture in square pixels.
    pub fn shown(&self) -> (f64, f64) {
        let (w, h) = (f64::from(self.width) * self.aspect, f64::from(self.height));
        if self.turn.transpose { (h, w) } else { (w, h) }
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

/// Only these containers say their length; of others it is guessed by bytes.
fn declared(input: &Input) -> Option<f64> {
    let says = ["mov", "matroska", "webm"];
    let known = input.format().name().split(',').any(|n| says.contains(&n));
    (known && input.duration() > 0)
        .then(|| input.duration() as f64 / f64::from(ffmpeg_next::ffi::AV_TIME_BASE))
}

fn no_picture(input: &Input) -> String {
    match input.streams().best(media::Type::Audio) {
        Some(_) => "it has sound but no picture".to_owned(),
        None => "it has no picture".to_owned(),
    }
}

fn nothing_decodes() -> String {
    let said = av::said();
    match said.first() {
        Some(line) => format!("none of its pictures can be decoded: {line}"),
        None => "none of its pictures can be decoded".to_owned(),
    }
}

fn turn(stream: &Stream<'_>) -> Turn {
    stream
        .side_data()
        .find(|d| d.kind() == side_data::Type::DisplayMatrix)
        .map_or_else(Turn::default, |d| Turn::of_matrix(d.data()))
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
    context.set_threading(codec::threading::Config {
        kind: codec::threading::Type::Frame,
        count: DECODER_THREADS,
        ..Default::default()
    });
    let mut decoder = context.decoder();
    decoder.set_packet_time_base(stream.time_base());
    decoder.video()
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

/// A clock that goes back further than this starts again, seconds; less is an overlap.
pub(super) const RESTART: f64 = 1.0;

/// The clock of one stream.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    /// Seconds a unit.
    unit: f64,
    /// The last time of decoding.
    last: Option<f64>,
    /// What is added since it started again.
    added: f64,
}

/// Time stamps of a whole file, in seconds.
struct Times {
    picture: usize,
    sound: Option<usize>,
    /// Of each stream.
    clocks: Vec<Clock>,
    shown: Vec<f64>,
    keys: Vec<f64>,
    /// How long the last picture says it shows.
    last_step: f64,
    sound_start: f64,
    sound_end: f64,
}

impl Times {
    fn new(input: &Input, picture: usize, sound: Option<usize>) -> Self {
        let clock = |s: Stream<'_>| Clock {
            unit: f64::from(s.time_base()),
            ..Clock::default()
        };
        Self {
            picture,
            sound,
            clocks: input.streams().map(clock).collect(),
            shown: Vec::new(),
            keys: Vec::new(),
            last_step: 0.0,
            sound_start: f64::INFINITY,
            sound_end: f64::NEG_INFINITY,
        }
    }

    fn note(&mut self, stream: usize, packet: &ffmpeg_next::Packet) {
        let Some(clock) = self.clocks.get_mut(stream).filter(|c| c.unit > 0.0) else {
            return;
        };
        let unit = clock.unit;
        // an edit list can leave packets out; they are read for others to refer to, and never shown
        if av::is_hidden(packet) {
            return;
        }
        let Some(at) = packet.pts().or(packet.dts()) else {
            return;
        };
        let lasts = packet.duration().max(0) as f64 * unit;
        let decoded = packet.dts().map(|t| t as f64 * unit + clock.added);
        if let (Some(last), Some(decoded)) = (clock.last, decoded)
            && decoded < last - RESTART
        {
            clock.added += last + lasts - decoded;
        }
        clock.last = packet.dts().map(|t| t as f64 * unit + clock.added);
        let at = at as f64 * unit + clock.added;
        if stream == self.picture {
            if self.shown.last().is_none_or(|last| at >= *last) {
                self.last_step = lasts;
            }
            self.shown.push(at);
            if packet.is_key() {
                self.keys.push(at);
            }
        } else if Some(stream) == self.sound {
            self.sound_start = self.sound_start.min(at);
            self.sound_end = self.sound_end.max(at + lasts);
        }
    }

    fn facts(mut self, facts: Facts) -> Facts {
        self.shown.sort_by(f64::total_cmp);
        self.shown.dedup();
        self.keys.sort_by(f64::total_cmp);
        let count = self.shown.len().max(1);
        let first = self.shown.first().copied().unwrap_or(0.0);
        let last = self.shown.last().copied().unwrap_or(first);
        let mut steps: Vec<f64> = self.shown.windows(2).map(|w| w[1] - w[0]).collect();
        steps.sort_by(f64::total_cmp);
        let step = steps.get(steps.len() / 2).copied().unwrap_or(LONE_PICTURE);
        let span = last - first;
        let mean = if count > 1 {
            span / (count - 1) as f64
        } else {
            step
        };
        // a container's unit of a millisecond rounds 33.3 to 33 and 34
        let even = |s: &f64| (s - mean).abs() <= mean * 0.1 + 0.001;
        let is_constant = steps.iter().filter(|s| even(s)).count() * 100 >= steps.len() * 98;
        let lasts = if self.last_step > 0.0 {
            self.last_step.min(step * 4.0)
        } else {
            step
        };
        let beat = if is_constant { None } else { beat(&steps) };
        let zero = first - lead(first - self.sound_start, beat.unwrap_or(step));
        // nothing of the sound is lost: the last picture stays until it is over; a tenth of a second is a codec's own tail
        let end = match self.sound_end - (last + lasts) {
            longer if longer > 0.1 && longer.is_finite() => self.sound_end,
            _ => last + lasts,
        };
        // a picture that is missing makes the others no slower
        let usual = steps
            .iter()
            .filter(|s| (*s - step).abs() <= step * 0.1 + 0.001);
        let step = match is_constant && !steps.is_empty() {
            true => usual.clone().sum::<f64>() / usual.count().max(1) as f64,
            false => step,
        };
        Facts {
            beat,
            zero,
            seconds: end - zero,
            count: count as u64,
            restarts: self.clocks.iter().any(|clock| clock.added > 0.0),
            rate: if mean > 0.0 { 1.0 / mean } else { 25.0 },
            step,
            is_constant,
            keys: self.keys.iter().map(|at| at - zero).collect(),
            ..facts
        }
    }
}

/// How long before the first picture a clip begins, if its sound does: whole pictures, so that all that follow stand on the
/// film's own. What is less is an encoder's run-up, or the packet through which an edit list cuts.
fn lead(sound: f64, step: f64) -> f64 {
    if !sound.is_finite() || sound <= 0.0 {
        return 0.0;
    }
    // slow clips get several pictures for one
    let step = step.max(0.001) / (step * 23.0).ceil().max(1.0);
    (sound / step + 0.05).floor() * step
}

/// The beat of a clip from which pictures are missing: nearly all stand for one beat or for several.
///
/// Recorders of screens leave out what is the same again, and phones what they had no light for; the clip still runs at the
/// rate of cinema or television that it was made at.
fn beat(steps: &[f64]) -> Option<f64> {
    const BEATS: [f64; 5] = [24.0, 25.0, 30.0, 50.0, 60.0];
    BEATS.iter().find_map(|rate| {
        let beats = |step: f64| (step * rate).round().max(1.0);
        // a container's unit of a millisecond rounds, and 29.97 is 30 here
        let on = |step: &&f64| {
            let beats = beats(**step);
            (**step - beats / rate).abs() <= 0.0011 + beats * 0.0011 / rate
        };
        let on: Vec<f64> = steps.iter().filter(on).copied().collect();
        if on.len() < 3 || on.len() * 100 < steps.len() * 95 {
            return None;
        }
        Some(on.iter().sum::<f64>() / on.iter().map(|step| beats(*step)).sum::<f64>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_before_the_picture_leads_by_whole_pictures() {
        assert_eq!(lead(-0.3, 0.04), 0.0);
        assert_eq!(lead(f64::NEG_INFINITY, 0.04), 0.0);
        assert_eq!(lead(0.021, 1.0 / 30.0), 0.0);
        assert!((lead(0.5, 1.0 / 30.0) - 0.5).abs() < 1e-9);
        // ten pictures a second are shown as thirty
        assert!((lead(0.06, 0.1) - 1.0 / 30.0).abs() < 1e-9);
    }

    #[test]
    fn pictures_that_are_missing_do_not_change_the_beat() {
        let steps = |rate: f64, beats: &[f64]| {
            let of = |n: &f64| (n / rate * 1000.0).round() / 1000.0;
            beats.iter().cycle().take(60).map(of).collect::<Vec<_>>()
        };
        let rate = |steps: &[f64]| beat(steps).map(|beat| (1.0 / beat).round());
        assert_eq!(rate(&steps(30.0, &[1.0, 2.0])), Some(30.0));
        assert_eq!(rate(&steps(60.0, &[1.0, 1.0, 2.0, 5.0])), Some(60.0));
        assert_eq!(rate(&steps(24.0, &[1.0])), Some(24.0));
        // a camera that has no beat at all
        assert_eq!(rate(&steps(1000.0, &[41.0, 47.0, 36.0, 55.0])), None);
        let ntsc = [1001.0 / 30000.0, 2002.0 / 30000.0].repeat(20);
        let exact = 1.0 / beat(&ntsc).unwrap();
        assert!((exact - 29.97).abs() < 0.001, "{exact}");
    }

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> Vec<u8> {
        let one = 1 << 16;
        [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect()
    }

    #[test]
    fn a_display_matrix_is_read_as_a_turn() {
        let of = |a, b, c, d| Turn::of_matrix(&matrix(a, b, c, d));
        assert_eq!(of(1, 0, 0, 1), Turn::default());
        // a phone held upright writes this one: a quarter turn clockwise brings it up
        let quarter = of(0, 1, -1, 0);
        assert!(quarter.transpose && quarter.flip_x && !quarter.flip_y);
        assert_eq!((quarter.degrees(), quarter.mirrors()), (90, false));
        assert_eq!(
            (of(-1, 0, 0, -1).degrees(), of(-1, 0, 0, -1).mirrors()),
            (180, false)
        );
        assert_eq!(
            (of(0, -1, 1, 0).degrees(), of(0, -1, 1, 0).mirrors()),
            (270, false)
        );
        assert!(of(-1, 0, 0, 1).mirrors());
        assert_eq!(Turn::of_matrix(&[1, 2]), Turn::default());
    }

    #[test]
    fn a_pixel_that_is_nearly_square_is_square() {
        assert_eq!(squared(Rational::new(2844, 2845)), Some(1.0));
        assert_eq!(squared(Rational::new(0, 1)), None);
        assert_eq!(squared(Rational::new(64, 45)), Some(64.0 / 45.0));
    }
}
