//! Pictures as a phone takes them, made ready to be painted.
//!
//! In: a file, the box it is drawn into, fit, focus, filter. Out: [`Prepared`] pixels: upright, sRGB, cropped and
//! resized to the pixel. Never: deciding which files may be read.

mod cache;
mod clap;
mod coded;
mod color;
mod error;
mod filter;
mod fit;
mod format;
mod heif;
mod jpeg;
mod orientation;
mod prepare;
mod raster;
mod resample;
mod scratch;
mod source;
mod store;
mod svg;
mod svg_entities;
mod svg_style;
mod svg_weight;

use std::sync::Arc;

pub use error::Error;
pub use store::{Limits, Pictures};
pub use svg_style::Note;

use crate::scene::Pixels;

/// Where an upright picture of `natural` pixels is drawn in its box, in output pixels: offset and size. `Blur` is what
/// stands in front.
pub(super) fn placed(natural: (u32, u32), wanted: &Wanted) -> ((u32, u32), (u32, u32)) {
    let placement = fit::place(natural, wanted);
    (placement.offset, placement.size)
}

/// A copy of pixels with its look changed.
pub fn filtered(pixels: &Pixels, filter: &Filter) -> Pixels {
    let mut out = Pixels {
        rgba: pixels.rgba.clone(),
        ..*pixels
    };
    filter::apply(&mut out, filter);
    out
}

/// Resizes a part of a picture, `x, y, w, h` in its own pixels with edges between pixels allowed, into `out`: rows of
/// `size` pixels without gaps.
///
/// Every pixel of `out` is weighed out of all that it covers, so that a part which moves by less than a pixel from one
/// picture to the next moves smoothly.
pub fn part(pixels: &Pixels, [x, y, w, h]: [f64; 4], out: &mut [u8], size: (u32, u32)) {
    let plane = resample::Plane {
        samples: &pixels.rgba,
        width: pixels.width,
        height: pixels.height,
    };
    let window = fit::Window { x, y, w, h };
    resample::quads(plane, window, out, size, resample::Kernel::CatmullRom);
}

/// A painted picture at another size, softly. Averaging premultiplied colours needs no care for their alpha.
pub fn resized(rgba: &[u8], own: (u32, u32), size: (u32, u32)) -> Vec<u8> {
    let mut out = vec![0; size.0 as usize * size.1 as usize * 4];
    resample::softly(rgba, own, &mut out, size);
    out
}

/// A picture's luma, rows without gaps, at another size, sharply.
pub fn resized_luma(luma: &[u8], own: (u32, u32), size: (u32, u32)) -> Vec<u8> {
    if own == size {
        return luma.to_vec();
    }
    let plane = resample::Plane {
        samples: luma,
        width: own.0,
        height: own.1,
    };
    let window = fit::Window::whole(own.0, own.1);
    let mut out = vec![0; size.0 as usize * size.1 as usize];
    resample::bytes(plane, window, &mut out, size, resample::Kernel::CatmullRom);
    out
}

/// How a picture meets its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fit {
    /// Fills the box, cut at its edges.
    #[default]
    Cover,
    /// Whole inside the box.
    Contain,
    /// Stretched to the box.
    Fill,
    /// Whole inside the box, over a blurred copy that covers it.
    Blur,
}

/// Changes to a picture's look, in this order; the default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filter {
    /// Gaussian sigma in output pixels (CSS `blur()`), 0 is none.
    pub blur: f32,
    /// CSS: 1 is unchanged, 0 is black.
    pub brightness: f32,
    /// CSS: 1 is unchanged, 0 is grey.
    pub contrast: f32,
    /// CSS: 1 is unchanged, 0 is without colour.
    pub saturation: f32,
    /// 0–1; CSS `grayscale()`.
    pub grayscale: f32,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            blur: 0.0,
            brightness: 1.0,
            contrast: 1.0,
            saturation: 1.0,
            grayscale: 0.0,
        }
    }
}

/// What a layer needs of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// Width of the box in output pixels, above zero.
    pub width_px: u32,
    /// Height of the box in output pixels, above zero.
    pub height_px: u32,
    /// How the picture meets it.
    pub fit: Fit,
    /// The point of the picture to keep (cover) or the alignment (contain), 0–1 from its left-top corner.
    pub focus: (f32, f32),
    /// Changes to its look.
    pub filter: Filter,
}

/// A picture ready to be painted.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its pixels.
    pub pixels: Arc<Pixels>,
    /// Where they start in the box, output pixels from its left-top corner; (0, 0) unless `Contain`.
    pub offset_px: (u32, u32),
    /// Output pixels per source pixel; above 1 the picture is enlarged. 1 for SVG.
    pub scale: f32,
}
