//! A decoded picture before it is cut, resized, turned and brought to sRGB.

use super::color::{Conversion, Profile};
use super::error::Error;
use super::fit::Window;
use super::orientation::Orientation;
use super::resample::{self, Halfway, Kernel, Plane};
use super::scratch::Scratch;
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

    /// A window of the stored picture in this plane's samples.
    fn window(&self, of: Window) -> Window {
        Window {
            x: of.x * self.scale.0,
            y: of.y * self.scale.1,
            w: of.w * self.scale.0,
            h: of.h * self.scale.1,
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
    pub orientation: Orientation,
    /// Its colour profile; none is sRGB.
    pub profile: Option<Profile>,
}

/// Rows that are resized at a time: little enough to stay in the cache. Where bands begin rounds their weights, so another
/// number moves some pixels by a level.
const STEP: usize = 16;

/// Rows that are converted and turned at a time: two cache lines of every turned row.
const BAND: usize = 2 * STEP;

impl Source {
    /// Cuts `window` (upright pixels) out, resizes it to `size` (upright), turns it and brings it to sRGB.
    pub fn draw(&self, window: Window, size: (u32, u32), kernel: Kernel) -> Pixels {
        let upright = self.orientation.size(self.size.0, self.size.1);
        let window = self.orientation.stored(window, upright.0, upright.1);
        let stored = self.orientation.size(size.0, size.1);
        let mut rgba = vec![0; size.0 as usize * size.1 as usize * 4];
        let out = Upright {
            conversion: Conversion::new(self.model, self.profile.as_ref()),
            orientation: self.orientation,
            width: size.0 as usize,
            pixels: rgba.as_chunks_mut::<4>().0,
        };
        match self.model {
            Model::Grey | Model::YCbCr => self.draw_planes(window, stored, kernel, out),
            Model::Rgba | Model::Cmyk { .. } => self.draw_pixels(window, stored, kernel, out),
        }
        Pixels {
            width: size.0,
            height: size.1,
            rgba,
            opaque: self.opaque,
        }
    }

    /// Planes of one byte a sample; they come with rows and columns exchanged.
    fn draw_planes(&self, window: Window, size: (u32, u32), kernel: Kernel, mut out: Upright<'_>) {
        let planes: Vec<Halfway> = self
            .parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                let window = part.window(window);
                // chroma of a photo is about as large as what is drawn, where a soft kernel does as well for half
                let soft = index > 0 && window.w <= 1.1 * f64::from(size.0);
                let kernel = if soft { Kernel::Bilinear } else { kernel };
                Halfway::new(self.plane(part), window, size, kernel)
            })
            .collect();
        out.orientation = out.orientation.exchanged();
        let (rows, row) = (size.0 as usize, size.1 as usize);
        let mut samples = vec![0; planes.len() * BAND * row];
        let mut pixels = vec![[0; 4]; BAND * row];
        for y in (0..rows).step_by(BAND) {
            let count = BAND.min(rows - y) * row;
            let pixels = &mut pixels[..count];
            for (plane, samples) in planes.iter().zip(samples.chunks_exact_mut(count)) {
                for (step, samples) in samples.chunks_mut(STEP * row).enumerate() {
                    plane.rows(y + step * STEP, samples);
                }
            }
            let (first, more) = samples.split_at(count);
            if self.model == Model::Grey {
                out.conversion.grey(first, pixels);
            } else {
                out.conversion
                    .ycbcr(first, &more[..count], &more[count..2 * count], pixels);
            }
            out.orientation.put(out.pixels, out.width, pixels, row, y);
        }
    }

    /// One plane of four bytes a sample.
    fn draw_pixels(&self, window: Window, size: (u32, u32), kernel: Kernel, out: Upright<'_>) {
        let part = &self.parts[0];
        let row = size.0 as usize;
        let mut drawn = Scratch::new(row * size.1 as usize * 4);
        resample::quads(
            self.plane(part),
            part.window(window),
            &mut drawn,
            size,
            kernel,
        );
        let mut pixels = vec![[0; 4]; BAND * row];
        for (band, drawn) in drawn.as_chunks::<4>().0.chunks(BAND * row).enumerate() {
            let pixels = &mut pixels[..drawn.len()];
            match self.model {
                Model::Cmyk { .. } => out.conversion.cmyk(drawn, pixels),
                _ => out.conversion.rgba(drawn, pixels),
            }
            out.orientation
                .put(out.pixels, out.width, pixels, row, band * BAND);
        }
    }

    fn plane(&self, part: &Part) -> Plane<'_> {
        Plane {
            samples: &self.samples[part.start..],
            width: part.width,
            height: part.height,
        }
    }
}

/// Where pixels go, and what becomes of them on the way.
struct Upright<'o> {
    conversion: Conversion,
    orientation: Orientation,
    width: usize,
    pixels: &'o mut [[u8; 4]],
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
