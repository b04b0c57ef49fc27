//! AAC-LC as the platform takes it: stereo, 48 kHz, as long as the film.
//!
//! In: the finished sound. Out: packets to be muxed as they are. Never: the encoder's own delay; it would be heard in a
//! file without an edit list.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::{ChannelLayout, Dictionary, Packet, Rational, codec, frame};

use super::limit::{limit, true_peak};
use super::loudness::CEILING;
use super::{Pcm, RATE, decibels, factor, scaled};
use crate::media::Error;
use crate::media::film::av;
use crate::platform::Cancel;

/// Samples in a packet.
const PACKET: usize = 1024;

/// What a decoder makes of the sound stays under this, dB; other meters see up to a tenth more.
const HEARD: f64 = CEILING - 0.1;

/// What the encoder adds to the peaks is taken from them before, up to here, dB.
const MOST_LOWER: f64 = 1.5;

/// What is still over then is taken from the whole, up to here, dB.
const MOST_GAIN: f64 = 2.0;

/// How often peaks are lowered: what is taken from one can come back at another.
const ROUNDS: usize = 3;

/// The encoded sound.
pub struct Packets {
    /// In order; times in `time_base`, the first at 0, the last one as long as what is left of the film.
    pub packets: Vec<Packet>,
    /// For the stream that takes them.
    pub parameters: codec::Parameters,
    /// 1/48000.
    pub time_base: Rational,
    /// All packets together.
    pub bytes: usize,
    /// The highest peak of what a decoder makes of them, dB of full scale, between the samples too.
    pub true_peak: f64,
}

/// Encodes a sound at `bit_rate` bits a second, 32,000–320,000.
///
/// The encoder puts 1024 samples before the sound, and a player without an edit list plays them. Its first packet holds
/// them and nothing else, so it is left out and the second starts at 0: every sample stands where it belongs. The
/// decoder lacks the first packet's half of the overlap then, and begins with silence of 9 ms, or with a fade over 21 ms.
///
/// A lossy codec lifts peaks. What it makes of the sound is heard before it is given away; where that is over -1 dBTP,
/// the sound's own peaks are lowered by as much, up to 1.5 dB, and it is encoded again. What that does not reach, at a low
/// bit rate, is taken from the whole.
///
/// # Errors
/// [`Error::Film`] in the encoder's words, [`Error::Cancelled`].
pub fn encode(pcm: &Pcm, bit_rate: usize, cancel: &Cancel) -> Result<Packets, Error> {
    av::ready()?;
    checked(pcm, bit_rate, cancel).map_err(|error| match error {
        ffmpeg::Error::Exit => Error::Cancelled,
        error => Error::Film {
            message: format!("its sound cannot be encoded: {}", av::words(error)),
        },
    })
}

/// Encodes, listens, and encodes what is too high once more, with lower peaks.
fn checked(pcm: &Pcm, bit_rate: usize, cancel: &Cancel) -> Result<Packets, ffmpeg::Error> {
    let mut packets = encode_with(pcm, bit_rate, cancel)?;
    if packets.true_peak <= HEARD {
        return Ok(packets);
    }
    let mut softer = Pcm::default();
    let mut lower = 0.0;
    for _ in 0..ROUNDS {
        let over = packets.true_peak - HEARD;
        if over <= 0.0 || lower >= MOST_LOWER {
            break;
        }
        lower = (lower + over + 0.1f64).min(MOST_LOWER);
        softer.clone_from(pcm);
        limit(&mut softer.samples, factor(CEILING - lower) as f32);
        packets = encode_with(&softer, bit_rate, cancel)?;
    }
    let mut taken = 0.0;
    for _ in 0..ROUNDS {
        let over = packets.true_peak - HEARD;
        if over <= 0.0 || taken >= MOST_GAIN {
            break;
        }
        // an encoder that is given less does not always give as much less back
        let by = (over + 0.1).min(MOST_GAIN - taken);
        taken += by;
        let by = factor(-by) as f32;
        softer
            .samples
            .iter_mut()
            .for_each(|sample| *sample = scaled(*sample, by));
        packets = encode_with(&softer, bit_rate, cancel)?;
    }
    Ok(packets)
}

/// The highest peak of what a decoder makes of packets, dB; exact from [`HEARD`] on.
fn heard(packets: &[Packet], parameters: &codec::Parameters) -> Result<f64, ffmpeg::Error> {
    let mut decoder = codec::Context::from_parameters(parameters.clone())?
        .decoder()
        .audio()?;
    let mut samples = Vec::with_capacity(packets.len() * PACKET);
    let mut frame = frame::Audio::empty();
    let mut drain = |decoder: &mut codec::decoder::Audio| {
        while decoder.receive_frame(&mut frame).is_ok() {
            if frame.channels() == 2 && frame.format() == planar() {
                let sides = frame.plane::<f32>(0).iter().zip(frame.plane::<f32>(1));
                samples.extend(sides.map(|(left, right)| [*left, *right]));
            }
        }
    };
    for packet in packets {
        decoder.send_packet(packet)?;
        drain(&mut decoder);
    }
    decoder.send_eof()?;
    drain(&mut decoder);
    let peak = true_peak(&samples, factor(HEARD) as f32);
    Ok(decibels(f64::from(peak)))
}

/// The format that the encoder takes and the decoder gives.
fn planar() -> ffmpeg::format::Sample {
    ffmpeg::format::Sample::F32(ffmpeg::format::sample::Type::Planar)
}

fn encode_with(pcm: &Pcm, bit_rate: usize, cancel: &Cancel) -> Result<Packets, ffmpeg::Error> {
    let time_base = Rational::new(1, RATE as i32);
    let mut encoder = open(bit_rate, time_base)?;
    let parameters = codec::Parameters::from(&encoder);
    let length = pcm.samples.len();
    let wanted = length.div_ceil(PACKET);
    let mut packets = Vec::with_capacity(wanted);
    let mut skipped = false;
    let mut drain = |encoder: &mut codec::encoder::audio::Encoder| loop {
        let mut packet = Packet::empty();
        match encoder.receive_packet(&mut packet) {
            Ok(()) if !skipped => skipped = true,
            Ok(()) if packets.len() < wanted => {
                let start = packets.len() * PACKET;
                packet.set_pts(Some(start as i64));
                packet.set_dts(Some(start as i64));
                packet.set_duration(PACKET.min(length - start) as i64);
                packets.push(packet);
            }
            Ok(()) => {}
            Err(ffmpeg::Error::Eof) => return Ok(()),
            Err(error) if av::is_again(error) => return Ok(()),
            Err(error) => return Err(error),
        }
    };
    // one packet of silence more than there is sound: the last packet's other half
    for index in 0..=wanted {
        if cancel.is_stopped() {
            return Err(ffmpeg::Error::Exit);
        }
        let start = index * PACKET;
        let rest = pcm.samples.get(start..).unwrap_or_default();
        encoder.send_frame(&planes(&rest[..rest.len().min(PACKET)], start as i64))?;
        drain(&mut encoder)?;
    }
    encoder.send_eof()?;
    drain(&mut encoder)?;
    if packets.len() < wanted {
        return Err(ffmpeg::Error::Bug);
    }
    let bytes = packets.iter().map(Packet::size).sum();
    let true_peak = heard(&packets, &parameters)?;
    Ok(Packets {
        packets,
        parameters,
        time_base,
        bytes,
        true_peak,
    })
}

fn open(
    bit_rate: usize,
    time_base: Rational,
) -> Result<codec::encoder::audio::Encoder, ffmpeg::Error> {
    let codec = codec::encoder::find_by_name("aac").ok_or(ffmpeg::Error::EncoderNotFound)?;
    let mut encoder = codec::Context::new_with_codec(codec).encoder().audio()?;
    encoder.set_rate(RATE as i32);
    encoder.set_format(planar());
    encoder.set_channel_layout(ChannelLayout::STEREO);
    encoder.set_bit_rate(bit_rate.clamp(32_000, 320_000));
    encoder.set_time_base(time_base);
    // MP4 keeps the decoder's set-up once, not in every packet
    encoder.set_flags(codec::Flags::GLOBAL_HEADER);
    encoder.open_with(Dictionary::new())
}

/// One packet's worth of samples, filled up with silence.
fn planes(samples: &[[f32; 2]], start: i64) -> frame::Audio {
    let mut frame = frame::Audio::new(planar(), PACKET, ChannelLayout::STEREO);
    frame.set_rate(RATE);
    frame.set_pts(Some(start));
    for side in 0..2 {
        let plane = frame.plane_mut::<f32>(side);
        plane.fill(0.0);
        for (to, sample) in plane.iter_mut().zip(samples) {
            *to = sample[side];
        }
    }
    frame
}
