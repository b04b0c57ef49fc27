//! Pixels to JPEG.
//!
//! In: premultiplied RGBA. Out: baseline 4:2:0 in JFIF, standard Huffman tables, no EXIF.
//! Never: a copy of the frame, a file.

use std::cell::RefCell;

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::{Error, Format, Pixels};

/// Below this a Story looks broken; no smaller file makes up for that.
const LEAST_QUALITY: u8 = 30;

/// libjpeg's own limit for a side, in pixels.
const MAX_SIDE: u32 = 65_500;

thread_local! {
    // one compressor and one buffer a thread: a fresh buffer for every frame costs its page faults every time
    static ENCODER: RefCell<Option<Encoder>> = const { RefCell::new(None) };
}

/// Encodes at `quality`, or at the highest quality below it that fits `max_bytes`.
///
/// `take` gets the bytes, while they stand in the thread's buffer, and the quality they have.
pub(super) fn encode<T>(
    pixels: Pixels<'_>,
    quality: u8,
    max_bytes: u64,
    take: impl FnOnce(&[u8], u8) -> Result<T, Error>,
) -> Result<T, Error> {
    if !pixels.fit_sides(MAX_SIDE) {
        return Err(pixels.refused(Format::Jpeg));
    }
    ENCODER.with_borrow_mut(|slot| {
        let encoder = match slot {
            Some(encoder) => encoder,
            None => slot.insert(Encoder::new().map_err(refused)?),
        };
        let (length, quality) = encoder.fit(pixels, quality.clamp(1, 100), max_bytes)?;
        take(&encoder.buffer[..length], quality)
    })
}

struct Encoder {
    compressor: Compressor,
    buffer: Vec<u8>,
}

impl Encoder {
    fn new() -> turbojpeg::Result<Self> {
        let mut compressor = Compressor::new()?;
        compressor.set_subsamp(Subsamp::Sub2x2)?;
        // Tables made for the picture save 0.5 to 5 % of a photograph's bytes and take three quarters of the time
        // again (18.2 ms for 10.4, `benches/encode.rs`); a Story is far below its limit, so time is worth more.
        compressor.set_optimize(false)?;
        Ok(Self {
            compressor,
            buffer: Vec::new(),
        })
    }

    /// Length in the buffer, and quality.
    fn fit(
        &mut self,
        pixels: Pixels<'_>,
        quality: u8,
        max_bytes: u64,
    ) -> Result<(usize, u8), Error> {
        let length = self.compress(pixels, quality)?;
        if length as u64 <= max_bytes {
            return Ok((length, quality));
        }
        let (mut low, mut high) = (LEAST_QUALITY.min(quality), quality);
        let mut least = self.compress(pixels, low)?;
        if least as u64 > max_bytes {
            return Err(Error::TooLarge {
                bytes: least as u64,
                max_bytes,
                quality: Some(low),
            });
        }
        // `low` fits and `high` does not; the buffer holds `in_buffer`
        let mut in_buffer = low;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let length = self.compress(pixels, middle)?;
            in_buffer = middle;
            if length as u64 <= max_bytes {
                (low, least) = (middle, length);
            } else {
                high = middle;
            }
        }
        if in_buffer != low {
            least = self.compress(pixels, low)?;
        }
        Ok((least, low))
    }

    fn compress(&mut self, pixels: Pixels<'_>, quality: u8) -> Result<usize, Error> {
        let (width, height) = (pixels.width as usize, pixels.height as usize);
        let most =
            turbojpeg::compressed_buf_len(width, height, Subsamp::Sub2x2).map_err(refused)?;
        if self.buffer.len() < most {
            // zeroed by the system and touched only where something is written
            self.buffer = vec![0; most];
        }
        self.compressor
            .set_quality(i32::from(quality))
            .map_err(refused)?;
        let image = Image {
            pixels: pixels.rgba,
            width,
            pitch: width * 4,
            height,
            // Premultiplied colours without their alpha are the frame over black, which is what the app shows
            // around a Story: flattening is free.
            format: PixelFormat::RGBX,
        };
        self.compressor
            .compress_to_slice(image, &mut self.buffer)
            .map_err(refused)
    }
}

fn refused(error: turbojpeg::Error) -> Error {
    Error::Encode {
        format: Format::Jpeg,
        message: error.to_string(),
    }
}
