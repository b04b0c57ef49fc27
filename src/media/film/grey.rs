//! Grey pictures as pictures with colour, all of it neutral.
//!
//! In: a decoded picture without chroma, in limited range. Out: the same luma with chroma beside it. Never: a change to a
//! sample: FFmpeg's scaler takes every grey format for full range, whatever a film says, and would wash it out.

use ffmpeg_next::color::Range;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

/// The format of the same luma with chroma at every other pixel, and how many bits it has; nothing for others than grey.
fn with_color(format: Pixel) -> Option<(Pixel, u32)> {
    Some(match format {
        Pixel::GRAY8 => (Pixel::YUV420P, 8),
        Pixel::GRAY9LE => (Pixel::YUV420P9LE, 9),
        Pixel::GRAY10LE => (Pixel::YUV420P10LE, 10),
        Pixel::GRAY12LE => (Pixel::YUV420P12LE, 12),
        Pixel::GRAY14LE => (Pixel::YUV420P14LE, 14),
        Pixel::GRAY16LE => (Pixel::YUV420P16LE, 16),
        _ => return None,
    })
}

/// A grey picture whose range the scaler would mistake; `None` where it can stay as it is.
pub(super) fn with_chroma(picture: &Video, range: Range) -> Option<Video> {
    let (format, bits) = with_color(picture.format()).filter(|_| range == Range::MPEG)?;
    let mut colored = Video::new(format, picture.width(), picture.height());
    let (from, to) = (picture.stride(0), colored.stride(0));
    let length = picture.width() as usize * if bits > 8 { 2 } else { 1 };
    let rows = picture.data(0).chunks(from).take(picture.height() as usize);
    for (from, to) in rows.zip(colored.data_mut(0).chunks_mut(to)) {
        to[..length].copy_from_slice(&from[..length]);
    }
    let neutral = 1_u16 << (bits - 1);
    for plane in 1..3 {
        match bits {
            8 => colored.data_mut(plane).fill(128),
            _ => colored
                .data_mut(plane)
                .chunks_exact_mut(2)
                .for_each(|sample| sample.copy_from_slice(&neutral.to_le_bytes())),
        }
    }
    colored.set_pts(picture.pts());
    Some(colored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_stays_and_chroma_is_neutral() {
        let mut eight = Video::new(Pixel::GRAY8, 5, 3);
        eight.data_mut(0).fill(16);
        let colored = with_chroma(&eight, Range::MPEG).unwrap();
        assert_eq!(colored.format(), Pixel::YUV420P);
        assert_eq!(
            (colored.data(0)[0], colored.data(1)[0], colored.data(2)[0]),
            (16, 128, 128)
        );
        let mut ten = Video::new(Pixel::GRAY10LE, 5, 3);
        ten.data_mut(0).fill(1);
        let colored = with_chroma(&ten, Range::MPEG).unwrap();
        assert_eq!(
            (&colored.data(0)[..2], &colored.data(2)[..2]),
            (&[1, 1][..], &[0, 2][..])
        );
        // the scaler knows these
        assert!(with_chroma(&eight, Range::JPEG).is_none());
        assert!(with_chroma(&Video::new(Pixel::YUV420P, 4, 4), Range::MPEG).is_none());
    }
}
