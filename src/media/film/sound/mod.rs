//! stub
use crate::media::Error;
use ffmpeg_next::{Packet, Rational, codec::Parameters};
pub(super) struct Pcm {
    pub samples: Vec<[f32; 2]>,
}
pub(super) struct Packets {
    pub packets: Vec<Packet>,
    pub parameters: Parameters,
    pub time_base: Rational,
    pub bytes: u64,
}
pub(super) fn silence(seconds: f64) -> Pcm {
    Pcm {
        samples: vec![[0.0; 2]; (seconds * 48000.0) as usize],
    }
}
pub(super) fn encode(pcm: &Pcm, bit_rate: usize, _c: &super::Cancel) -> Result<Packets, Error> {
    use ffmpeg_next as f;
    super::av::ready();
    let e = |e| Error::Film {
        said: super::av::words(e),
    };
    let codec = f::codec::encoder::find_by_name("aac").unwrap();
    let mut a = f::codec::Context::new_with_codec(codec)
        .encoder()
        .audio()
        .map_err(e)?;
    a.set_rate(48000);
    a.set_channel_layout(f::ChannelLayout::STEREO);
    a.set_format(f::format::Sample::F32(f::format::sample::Type::Planar));
    a.set_bit_rate(bit_rate);
    a.set_time_base(Rational::new(1, 48000));
    a.set_flags(f::codec::Flags::GLOBAL_HEADER);
    let mut enc = a.open_as(codec).map_err(e)?;
    let mut out = vec![];
    let mut at = 0i64;
    let mut take = |enc: &mut f::codec::encoder::audio::Encoder, out: &mut Vec<Packet>| {
        loop {
            let mut p = Packet::empty();
            if enc.receive_packet(&mut p).is_err() {
                break;
            }
            out.push(p);
        }
    };
    for chunk in pcm.samples.chunks(1024) {
        let mut fr = f::frame::Audio::new(
            f::format::Sample::F32(f::format::sample::Type::Planar),
            chunk.len(),
            f::ChannelLayout::STEREO,
        );
        fr.set_rate(48000);
        for c in 0..2 {
            let pl = fr.plane_mut::<f32>(c);
            for (i, s) in chunk.iter().enumerate() {
                pl[i] = s[c];
            }
        }
        fr.set_pts(Some(at));
        at += chunk.len() as i64;
        enc.send_frame(&fr).map_err(e)?;
        take(&mut enc, &mut out);
    }
    enc.send_eof().map_err(e)?;
    take(&mut enc, &mut out);
    let mut packets: Vec<Packet> = out.into_iter().skip(1).collect();
    for (i, p) in packets.iter_mut().enumerate() {
        p.set_pts(Some(i as i64 * 1024));
        p.set_dts(Some(i as i64 * 1024));
        p.set_duration(1024);
    }
    let bytes = packets.iter().map(|p| p.size() as u64).sum();
    Ok(Packets {
        parameters: Parameters::from(&enc),
        packets,
        time_base: Rational::new(1, 48000),
        bytes,
    })
}
