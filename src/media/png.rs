//! Pixels to PNG.
//!
//! In: premultiplied RGBA. Out: 8-bit RGB, or RGBA where anything is transparent, marked as sRGB.
//! Never: a file.

use std::cell::RefCell;

use ::png::{BitDepth, ColorType, Compression, EncodingError, SrgbRenderingIntent};

use super::{Error, Format, Pixels};

/// The largest side the format's 31-bit numbers and our buffers are trusted with, in pixels.
const MAX_SIDE: u32 = 1 << 20;

thread_local! {
    static BUFFERS: RefCell<Buffers> = const { RefCell::new(Buffers { samples: Vec::new(), file: Vec::new() }) };
}

struct Buffers {
    samples: Vec<u8>,
    file: Vec<u8>,
}

/// Encodes fast, or, where that does not fit `max_bytes`, small; `take` gets the bytes.
pub(super) fn encode<T>(
    pixels: Pixels<'_>,
    max_bytes: u64,
    take: impl FnOnce(&[u8]) -> Result<T, Error>,
) -> Result<T, Error> {
    if !pixels.fit_sides(MAX_SIDE) {
        return Err(pixels.refused(Format::Png));
    }
    BUFFERS.with_borrow_mut(|Buffers { samples, file }| {
        let color = unpremultiply(pixels.rgba, samples);
        // `Fast` takes a tenth of the time of what comes next; `High` is for the rare picture that is all noise
        for compression in [Compression::Fast, Compression::High] {
            file.clear();
            write(pixels, color, samples, compression, file).map_err(refused)?;
            if file.len() as u64 <= max_bytes {
                return take(file);
            }
        }
        Err(Error::TooLarge {
            bytes: file.len() as u64,
            max_bytes,
            quality: None,
        })
    })
}

fn write(
    pixels: Pixels<'_>,
    color: ColorType,
    samples: &[u8],
    compression: Compression,
    file: &mut Vec<u8>,
) -> Result<(), EncodingError> {
    let mut encoder = ::png::Encoder::new(file, pixels.width, pixels.height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(compression);
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(samples)?;
    writer.finish()
}

/// Fills `samples` with straight RGBA, or RGB where every pixel is opaque.
fn unpremultiply(rgba: &[u8], samples: &mut Vec<u8>) -> ColorType {
    samples.clear();
    let (pixels, _) = rgba.as_chunks::<4>();
    if pixels.iter().all(|[.., alpha]| *alpha == 255) {
        samples.extend(pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]));
        return ColorType::Rgb;
    }
    samples.extend(pixels.iter().flat_map(|&[r, g, b, a]| {
        let straight = |c: u8| match a {
            0 => 0,
            255 => c,
            _ => ((u32::from(c) * 255 + u32::from(a) / 2) / u32::from(a)).min(255) as u8,
        };
        [straight(r), straight(g), straight(b), a]
    }));
    ColorType::Rgba
}

fn refused(error: EncodingError) -> Error {
    Error::Encode {
        format: Format::Png,
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_pixels_are_written_straight() {
        let mut samples = Vec::new();
        let color = unpremultiply(&[64, 32, 0, 128, 0, 0, 0, 0, 9, 8, 7, 255], &mut samples);
        assert_eq!(color, ColorType::Rgba);
        assert_eq!(samples, [128, 64, 0, 128, 0, 0, 0, 0, 9, 8, 7, 255]);
    }
}
