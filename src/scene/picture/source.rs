//! A decoded picture before it is cut, resized, turned and brought to sRGB.

use super::color::{Conversion, Profile};
use super::error::Error;
use super::fit::Window;
use super::resample::{self, Kernel, Plane};
use super::scratch::Scratch;
use super::turn::Turn;
use crate::scene::Pixels;

/// What will be drawn of a picture, for decoders that can do less than all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// The part that will be drawn, in stored pixels.
    pub window: Window,
    /// Output pixels per stored pixel.
    pub scale: f64,
}

/// What the samples of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    /// One part: light.
    Grey,
    /// Three parts, full range (JFIF).
    YCbCr,
    /// One part of four bytes, premultiplied.
    Rgba,
    /// One part of four bytes: how much ink, or how much paper is left.
    Cmyk { inverted: bool },
}

/// One plane among the samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Its first byte.
    pub start: usize,
    /// Samples a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Samples per stored pixel, across and down.
    pub scale: (f64, f64),
}

impl Part {
    /// The only plane of a picture, a sample for every pixel.
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            start: 0,
            width,
            height,
            scale: (1.0, 1.0),
        }
    }
}

/// A decoded picture.
pub(super) struct Source {
    /// All planes.
    pub samples: Scratch,
    /// Where they are.
    pub parts: Vec<Part>,
    /// What they mean.
    pub model: Model,
    /// No pixel lets anything through.
    pub opaque: bool,
    /// Width and height as stored, at full size.
    pub size: (u32, u32),
    /// How it is made upright.
    pub turn: Turn,
    /// Its colour profile; none is sRGB.
    pub profile: Option<Profile>,
}

/// Rows that are converted at a time: a cache line of every turned row, and little enough to stay in the cache.
const BAND: usize = 16;

impl Source {
    /// Cuts `window` (upright pixels) out, resizes it to `size` (upright), turns it and brings it to sRGB.
    pub fn draw(&self, window: Window, size: (u32, u32), kernel: Kernel) -> Pixels {
        let upright = self.turn.size(self.size.0, self.size.1);
        let window = self.turn.stored(window, upright.0, upright.1);
        let stored = self.turn.size(size.0, size.1);
        let count = stored.0 as usize * stored.1 as usize;
        let planes: Vec<Scratch> = self
            .parts
            .iter()
            .enumerate()
            .map(|(index, part)| self.resize(part, index, window, stored, kernel, count))
            .collect();
        let conversion = Conversion::new(self.model, self.profile.as_ref());
        let mut rgba = vec![0; count * 4];
        self.assemble(
            &planes,
            stored.0 as usize,
            size.0 as usize,
            &conversion,
            &mut rgba,
        );
        Pixels {
            width: size.0,
            height: size.1,
            rgba,
            opaque: self.opaque,
        }
    }

    fn resize(
        &self,
        part: &Part,
        index: usize,
        window: Window,
        size: (u32, u32),
        kernel: Kernel,
        count: usize,
    ) -> Scratch {
        let window = Window {
            x: window.x * part.scale.0,
            y: window.y * part.scale.1,
            w: window.w * part.scale.0,
            h: window.h * part.scale.1,
        };
        let plane = Plane {
            samples: &self.samples[part.start..],
            width: part.width,
            height: part.height,
        };
        match self.model {
            Model::Rgba | Model::Cmyk { .. } => {
                let mut out = Scratch::new(count * 4);
                resample::quads(plane, window, &mut out, size, kernel);
                out
            }
            Model::Grey | Model::YCbCr => {
                let mut out = Scratch::new(count);
                // chroma of a photo is about as large as what is drawn, where a soft kernel does as well for half
                let soft = index > 0 && window.w <= 1.1 * f64::from(size.0);
                let kernel = if soft { Kernel::Bilinear } else { kernel };
                resample::bytes(plane, window, &mut out, size, kernel);
                out
            }
        }
    }

    /// Band by band: to sRGB, then to its upright place.
    fn assemble(
        &self,
        planes: &[Scratch],
        width: usize,
        out_width: usize,
        conversion: &Conversion,
        rgba: &mut [u8],
    ) {
        let out = rgba.as_chunks_mut::<4>().0;
        let mut band = vec![[0; 4]; BAND * width];
        let rows = out.len() / width;
        for y in (0..rows).step_by(BAND) {
            let count = BAND.min(rows - y) * width;
            let at = y * width..y * width + count;
            let band = &mut band[..count];
            match self.model {
                Model::Grey => conversion.grey(&planes[0][at], band),
                Model::YCbCr => conversion.ycbcr(
                    &planes[0][at.clone()],
                    &planes[1][at.clone()],
                    &planes[2][at],
                    band,
                ),
                Model::Rgba => conversion.rgba(&planes[0].as_chunks::<4>().0[at], band),
                Model::Cmyk { .. } => conversion.cmyk(&planes[0].as_chunks::<4>().0[at], band),
            }
            self.turn.put(out, out_width, band, width, y);
        }
    }
}

/// Refuses more pixels than are allowed, and none.
pub(super) fn check_size(width: u64, height: u64, limit: u64) -> Result<(), Error> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= limit => Ok(()),
        _ => Err(Error::TooLarge {
            width,
            height,
            limit,
        }),
    }
}
