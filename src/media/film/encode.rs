//! x264, through FFmpeg.
//!
//! In: frames of one size and rate, a quality. Out: packets in decoding order, and what they need to be muxed. Never:
//! choosing a size or a bit rate.

use ffmpeg_next::codec::{self, Flags, Parameters};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Packet, Rational, color, encoder, frame};

use super::av;
use crate::media::Error;

/// Seconds between two pictures that need no other.
const GOP_SECONDS: f64 = 2.0;

/// What presets decide otherwise.
const SHARED: &str = "weightp=1:bframes=3:b-pyramid=2:b-adapt=1:mbtree=1:open-gop=0:scenecut=40";

/// What is otherwise than in the preset. Finer motion and smaller blocks would take a third of the time for half a point
/// of VMAF; fewer bits for flat places and more for grain bring a whole one.
const QUICK: &str = "subme=1:partitions=i8x8,i4x4:trellis=1:aq-strength=0.7";

/// Frames that the encoder looks ahead: with 18, grain looked no better, and each takes up to seven megabytes.
const AHEAD: u32 = 10;

/// Threads of an encoder; each beyond the first costs a little of the picture, and memory.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().min(4))
}

/// The shape of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames a second.
    pub rate: Rational,
}

impl Format {
    /// The level to promise. The encoder goes by size and speed alone, and a small film of a few seconds may have more bits
    /// than it then promises; 4.0 has room for every budget there is. Larger films are the encoder's own affair.
    fn level(&self) -> Option<&'static str> {
        let blocks = u64::from(self.width.div_ceil(16)) * u64::from(self.height.div_ceil(16));
        match (blocks, blocks as f64 * f64::from(self.rate)) {
            (..=8192, ..=245_760.0) => Some("4.0"),
            (..=8704, ..=522_240.0) => Some("4.2"),
            _ => None,
        }
    }

    /// The most frames from one key frame to the next.
    pub fn gop(&self) -> u32 {
        (f64::from(self.rate) * GOP_SECONDS).floor().max(1.0) as u32
    }
}

/// Pictures of a film, or of a stretch of it, encoded.
pub(super) struct Track {
    /// In decoding order.
    pub packets: Vec<Packet>,
    /// What a muxer wants to know.
    pub parameters: Parameters,
    /// The unit of the packets' times.
    pub time_base: Rational,
}

impl Track {
    /// Bytes of all packets.
    pub fn bytes(&self) -> u64 {
        self.packets.iter().map(|p| p.size() as u64).sum()
    }
}

/// An encoder at work.
pub(super) struct Encoder {
    encoder: encoder::Video,
    packets: Vec<Packet>,
    time_base: Rational,
    sent: i64,
}

impl Encoder {
    /// Opens one that gives each frame as many bits as x264's quality number `crf` asks for. What such encoders make can
    /// stand together in one file.
    ///
    /// # Errors
    /// [`Error::Film`] if there is no x264, or if it refuses.
    pub fn open(format: Format, crf: f64) -> Result<Self, Error> {
        av::ready();
        let codec = codec::encoder::find_by_name("libx264").ok_or_else(|| Error::Film {
            said: "FFmpeg was built without libx264".to_owned(),
        })?;
        let failed = |e| Error::Film { said: av::words(e) };
        let time_base = Rational::new(format.rate.denominator(), format.rate.numerator());
        let mut video = codec::Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(failed)?;
        video.set_width(format.width);
        video.set_height(format.height);
        video.set_format(Pixel::YUV420P);
        video.set_time_base(time_base);
        video.set_frame_rate(Some(format.rate));
        video.set_aspect_ratio(Rational::new(1, 1));
        video.set_gop(format.gop());
        video.set_colorspace(color::Space::BT709);
        video.set_color_range(color::Range::MPEG);
        video.set_color_primaries(color::Primaries::BT709);
        video.set_color_transfer_characteristic(color::TransferCharacteristic::BT709);
        video.set_flags(Flags::GLOBAL_HEADER);
        let mut options = options(crf);
        if let Some(level) = format.level() {
            options.set("level", level);
        }
        let opened = video.open_with(options).map_err(failed)?;
        Ok(Self {
            encoder: opened,
            packets: Vec::new(),
            time_base,
            sent: 0,
        })
    }

    /// Gives it the next frame.
    ///
    /// # Errors
    /// [`Error::Film`] in x264's words.
    pub fn give(&mut self, frame: &mut frame::Video) -> Result<(), Error> {
        frame.set_pts(Some(self.sent));
        self.sent += 1;
        self.encoder
            .send_frame(frame)
            .map_err(|e| Error::Film { said: av::words(e) })?;
        self.take()
    }

    fn take(&mut self) -> Result<(), Error> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_duration(1);
                    self.packets.push(packet);
                }
                Err(ffmpeg_next::Error::Eof) => return Ok(()),
                Err(ffmpeg_next::Error::Other { errno }) if errno == ffmpeg_next::error::EAGAIN => {
                    return Ok(());
                }
                Err(error) => {
                    return Err(Error::Film {
                        said: av::words(error),
                    });
                }
            }
        }
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.packets.iter().map(|p| p.size() as u64).sum()
    }

    /// Ends the stretch.
    ///
    /// # Errors
    /// [`Error::Film`] in x264's words.
    pub fn end(mut self) -> Result<Track, Error> {
        self.encoder
            .send_eof()
            .map_err(|e| Error::Film { said: av::words(e) })?;
        self.take()?;
        let parameters = Parameters::from(&self.encoder);
        Ok(Track {
            packets: self.packets,
            parameters,
            time_base: self.time_base,
        })
    }
}

/// Measured: the best picture for its time; `docs/film.md` shows the others.
fn options(crf: f64) -> Dictionary<'static> {
    let own = format!(
        "{QUICK}:rc-lookahead={AHEAD}:sync-lookahead=0:threads={}:stitchable=1",
        threads()
    );
    let mut options = Dictionary::new();
    options.set("profile", "high");
    options.set("preset", "veryfast");
    options.set("crf", &format!("{crf:.3}"));
    options.set("x264-params", &format!("{SHARED}:{own}"));
    options
}
