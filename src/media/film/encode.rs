//! x264, through FFmpeg.
//!
//! In: frames of one size and rate, how bits are given out. Out: packets in decoding order, and what they need to be muxed.
//! Never: choosing a size or a bit rate; a result that depends on the machine.

use std::ffi::CStr;

use ffmpeg_next::codec::{self, Flags, Parameters};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Packet, Rational, color, encoder, frame};

use super::av;
use super::options::Effort;
use crate::media::Error;
use crate::platform::STORY_MIDDLE;

/// Seconds between two pictures that need no other.
const GOP_SECONDS: f64 = 2.0;

/// What the second pass has to do as the first did: x264 takes types of frames and weights from its statistics.
const SHARED: &str = "weightp=1:bframes=3:b-pyramid=2:mbtree=1:open-gop=0:scenecut=40";

/// How much finer flat and dark blocks are made than busy ones (adaptive quantisation). The passes of a film have to agree: x264 keeps what
/// the first made of it for every frame that others refer to, and the second has a say in the rest alone.
///
/// x264's own is 1, which the first pass had until 2026-11-30. With 0.5 in both, x264 by itself at 720×1280 gained in the mean of VMAF
/// up to 2.4 (water; shots that come again lost 0.1), in the 5th percentile 0.5 (a talking head) to 8 (hard cuts); SSIM is between 0.2 dB
/// better (hard cuts) and 0.1 worse (whip pans). With 0.3, water gains 0.9 more, hard cuts 0.5, whip pans nothing, and what is dark has
/// less: so not less than x264's own setting for grain. Chosen on those six clips; of four others, in the whole program, an animation, a
/// pan and cross-fades gained 0.4 to 1.5, and heavy rain 2.9 with another size.
fn adaptive(pass: Pass<'_>, effort: Effort) -> f64 {
    match (pass, effort) {
        // with room to spare; there 1 for 0.75 takes up to 26 % more bytes (a talking head), and 0.1 to 0.5 dB of SSIM more
        (Pass::Only { .. }, Effort::Best) => 0.75,
        (Pass::Only { .. }, _) => 1.0,
        _ => 0.5,
    }
}

/// How far a pass may be off on the way, as a part of what its film has; it closes in towards the end.
///
/// The first only measures, and what it does to keep to its bytes misleads the second. A second that is held close starves single
/// hard seconds: with 0.25 for 0.5, the 5th percentile of VMAF is lower by 9 on hard cuts and by 0.8 on whip pans, and within 0.4 on grain
/// that comes and goes, shots that come again and other whip pans. With 1, cuts and whip pans gained 6 and 1 more before [`adaptive`] was
/// what it is, but came out up to 6.5 % over their aim for 4.2 (3.2 with 0.25), and others by more than the room there is: then the pass is
/// repeated. That was x264 by itself. The whole program, together with [`lookahead`], on seven clips, before [`adaptive`] as well: between
/// 2.0 better (shots that come again, which were not tuned on) and 0.4 worse (hard cuts at 1080×1920).
fn rate_tolerance(pass: Pass<'_>) -> f64 {
    match pass {
        Pass::First { .. } => 1.0,
        _ => 0.5,
    }
}

/// Threads of an encoder: x264's result depends on their number, and the same film shall be the same bytes everywhere.
/// Each costs a little of the picture, and memory. Trials run beside each other.
fn threads(pass: Pass<'_>) -> u32 {
    match pass {
        Pass::Trial { .. } => 1,
        _ => 3,
    }
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

/// How an encoder gives out its bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pass<'a> {
    /// It writes statistics of every frame into this file and another beside it; the packets are not to be used.
    First { statistics: &'a CStr, bit_rate: f64 },
    /// So many bits a second, each frame its part as the statistics say.
    Second { statistics: &'a CStr, bit_rate: f64 },
    /// As many as a quality asks for, x264's constant rate factor; without statistics.
    Only { crf: f64 },
    /// The same, with a search that is quick.
    Trial { crf: f64 },
}

/// The search that an encoder does: its preset, and what is otherwise than in it.
///
/// Psychovisual search is off: at these rates what it keeps of grain is paid for with edges. A first pass that
/// weighs differences less well than by their transform (`subme` under 2) misleads the second by up to 1.5 of VMAF.
/// `Good` refers to two frames: with one, cuts between shots that come again lost 1.7 of VMAF and 5 in the worst second, and four
/// other clips 0.0 to 0.7 in the 5th percentile.
/// All others were read off cuts of 4 to 12 s (an animation, grain, a pan at 60 frames a second, hard cuts, a talking head); `Good` was
/// checked on the clips that are marked in `docs/film.md`, `Fast` and `Best` on no others.
fn search(pass: Pass<'_>, effort: Effort) -> (&'static str, &'static str) {
    match (pass, effort) {
        (Pass::First { .. }, Effort::Fast) => ("superfast", "subme=1:b-adapt=1"),
        (Pass::First { .. }, Effort::Best) => ("superfast", "subme=2:b-adapt=2"),
        (Pass::First { .. }, _) => ("superfast", "subme=2:b-adapt=1"),
        (Pass::Trial { .. }, _) => ("veryfast", "trellis=1"),
        // bytes are no matter here, and a quick search finds the same quality in more of them: `Fast` takes 6 to 17 % more than
        // `Good` and some 60 % of its CPU, with SSIM within 0.0003 (2 s each of hard cuts, rain and whip pans)
        (Pass::Only { .. }, Effort::Fast) => ("superfast", "trellis=0"),
        (Pass::Only { .. }, Effort::Good) => ("veryfast", "trellis=1"),
        (_, Effort::Fast) => ("veryfast", "trellis=1:subme=3:me=dia:partitions=i4x4,i8x8"),
        (_, Effort::Good) => ("fast", "psy=0:me=dia:partitions=i4x4,i8x8"),
        // level 4 lets a large picture refer to four others
        (_, Effort::Best) => ("slow", "ref=2:psy=0"),
    }
}

/// Frames that a pass looks ahead by, to see what later ones take from each. The second pass reads what came of the first one's.
///
/// Most of a film's memory is theirs: at 1080×1920, 8 fewer in the first pass take 53 MB less, and 0.2 to 0.5 of VMAF on five clips,
/// most on a pan and on shots that come again. 16 lies between, and was not held against 20 by itself.
fn lookahead(format: Format, pass: Pass<'_>, effort: Effort) -> Option<u32> {
    let is_large = (format.width, format.height) > STORY_MIDDLE;
    match (pass, effort) {
        (Pass::Second { .. }, _) => None,
        (Pass::Trial { .. }, _) => Some(4),
        (_, Effort::Fast) | (Pass::Only { .. }, Effort::Good) => Some(10),
        (Pass::Only { .. }, Effort::Best) => Some(30),
        (Pass::First { .. }, Effort::Good) if is_large => Some(16),
        (Pass::First { .. }, Effort::Good) => Some(20),
        (Pass::First { .. }, Effort::Best) => Some(40),
    }
}

/// Pictures of a film, encoded.
pub(super) struct Track {
    /// In decoding order.
    pub packets: Vec<Packet>,
    /// What a muxer needs.
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
    bytes: u64,
    time_base: Rational,
    sent: i64,
}

impl Encoder {
    /// Opens one.
    ///
    /// # Errors
    /// [`Error::Film`] if there is no x264, or if it refuses.
    pub fn open(format: Format, pass: Pass<'_>, effort: Effort) -> Result<Self, Error> {
        av::ready()?;
        let codec = codec::encoder::find_by_name("libx264").ok_or_else(|| Error::Film {
            message: "FFmpeg was built without libx264".to_owned(),
        })?;
        let time_base = Rational::new(format.rate.denominator(), format.rate.numerator());
        let mut video = codec::Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(av::failed)?;
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
        let mut options = Dictionary::new();
        let own = match pass {
            Pass::First {
                statistics,
                bit_rate,
            }
            | Pass::Second {
                statistics,
                bit_rate,
            } => {
                video.set_bit_rate(bit_rate as usize);
                av::set_path(&mut options, c"stats", statistics);
                match pass {
                    Pass::First { .. } => Flags::PASS1,
                    _ => Flags::PASS2,
                }
            }
            Pass::Only { crf } | Pass::Trial { crf } => {
                options.set("crf", &format!("{crf:.3}"));
                Flags::empty()
            }
        };
        video.set_flags(Flags::GLOBAL_HEADER | own);
        let (preset, others) = search(pass, effort);
        let lookahead = lookahead(format, pass, effort)
            .map(|frames| format!(":rc-lookahead={frames}"))
            .unwrap_or_default();
        options.set("profile", "high");
        options.set("preset", preset);
        options.set(
            "x264-params",
            &format!(
                "{SHARED}:{others}{lookahead}:aq-strength={}:ratetol={}:sync-lookahead=0:threads={}:lookahead-threads=1",
                adaptive(pass, effort),
                rate_tolerance(pass),
                threads(pass)
            ),
        );
        if let Some(level) = format.level() {
            options.set("level", level);
        }
        let opened = video.open_with(options).map_err(av::failed)?;
        Ok(Self {
            encoder: opened,
            packets: Vec::new(),
            bytes: 0,
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
        self.encoder.send_frame(frame).map_err(av::failed)?;
        self.take()
    }

    fn take(&mut self) -> Result<(), Error> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_duration(1);
                    self.bytes += packet.size() as u64;
                    self.packets.push(packet);
                }
                Err(ffmpeg_next::Error::Eof) => return Ok(()),
                Err(error) if av::is_again(error) => return Ok(()),
                Err(error) => return Err(av::failed(error)),
            }
        }
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends it. Statistics of a first pass are whole only then.
    ///
    /// # Errors
    /// [`Error::Film`] in x264's words.
    pub fn end(mut self) -> Result<Track, Error> {
        self.encoder.send_eof().map_err(av::failed)?;
        self.take()?;
        let parameters = Parameters::from(&self.encoder);
        Ok(Track {
            packets: self.packets,
            parameters,
            time_base: self.time_base,
        })
    }
}
