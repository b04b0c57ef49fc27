//! Pictures that show what lies beneath them.
//!
//! In: a decoded picture. Out: whether anything shines through it; its RGBA. Never: scaling; a picture that is opaque all
//! over goes the way of all others.

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::av;

/// Whether anything of a picture shines through. Of one with a palette it is not known, and it may.
pub(super) fn is(picture: &Video) -> bool {
    if picture.format() == Pixel::PAL8 {
        return true;
    }
    let Some((plane, step, offset, bits)) = av::coverage(picture.format()) else {
        return false;
    };
    let samples = picture.width() as usize;
    let rows = picture.data(plane).chunks(picture.stride(plane).max(1));
    let most = (1_u32 << bits) - 1;
    rows.take(picture.height() as usize).any(|row| {
        let row = row.get(offset..).unwrap_or_default();
        match bits {
            8 => row.iter().step_by(step).take(samples).any(|a| *a != 255),
            // what is a hair from opaque is an encoder's rounding
            _ => row.chunks(step).take(samples).any(|sample| match sample {
                [low, high, ..] => {
                    u32::from(u16::from_le_bytes([*low, *high])) < most - (most >> 8)
                }
                _ => false,
            }),
        }
    })
}

/// The pixels of a premultiplied RGBA frame, rows without gaps. Scaling overshoots at edges: no colour is more than covers.
pub(super) fn pixels(frame: &Video) -> Vec<u8> {
    let row = frame.width() as usize * 4;
    let rows = frame.data(0).chunks(frame.stride(0).max(1));
    let mut rgba = Vec::with_capacity(row * frame.height() as usize);
    for pixels in rows.take(frame.height() as usize) {
        rgba.extend_from_slice(&pixels[..row]);
    }
    for pixel in rgba.chunks_exact_mut(4) {
        let most = pixel[3];
        pixel[..3].iter_mut().for_each(|c| *c = (*c).min(most));
    }
    rgba
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pixel_that_shines_through_is_found() {
        for (format, plane, at) in [
            (Pixel::BGRA, 0, 4 * 2 + 3),
            (Pixel::ARGB, 0, 4 * 2),
            (Pixel::YUVA420P, 3, 2),
            (Pixel::GBRAP, 3, 2),
        ] {
            let mut picture = Video::new(format, 4, 2);
            for plane in 0..picture.planes() {
                picture.data_mut(plane).fill(255);
            }
            assert!(!is(&picture), "{format:?}");
            picture.data_mut(plane)[at] = 0;
            assert!(is(&picture), "{format:?}");
        }
        let mut deep = Video::new(Pixel::YUVA444P10LE, 4, 2);
        for sample in deep.data_mut(3).chunks_exact_mut(2) {
            sample.copy_from_slice(&1023_u16.to_le_bytes());
        }
        assert!(!is(&deep));
        deep.data_mut(3)[3] = 1;
        assert!(is(&deep));
        assert!(!is(&Video::new(Pixel::YUV420P, 4, 2)));
    }
}
