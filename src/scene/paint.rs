//! What boxes and glyphs are filled with.
//!
//! In: colours, decoded pixels. Out: a [`Paint`] with its place on the canvas. Never: a brand colour, a file.

use std::sync::Arc;

use super::geometry::{Point, Rect};
pub use crate::template::grammar::Color;

/// Something to fill with. Geometry is in canvas units.
#[derive(Debug, Clone)]
pub enum Paint {
    /// One colour.
    Solid(Color),
    /// Along the line from `from` (position 0) to `to` (position 1); the ends are held beyond it.
    Linear {
        /// Where position 0 is.
        from: Point,
        /// Where position 1 is.
        to: Point,
        /// At least two, positions ascending in 0–1; mixed in premultiplied sRGB as CSS does.
        stops: Arc<[Stop]>,
    },
    /// Away from a centre.
    Radial {
        /// Where position 0 is.
        center: Point,
        /// Distance of position 1 on either axis, units, both above zero.
        radius: Point,
        /// As for `Linear`.
        stops: Arc<[Stop]>,
    },
    /// Around a centre, clockwise; position 0 and 1 are at `angle`.
    Conic {
        /// What it turns about.
        center: Point,
        /// Degrees; 0 points up, 90 to the right.
        angle: f32,
        /// As for `Linear`.
        stops: Arc<[Stop]>,
    },
    /// A picture, drawn into `rect`; nothing outside it.
    Picture {
        /// Its pixels.
        pixels: Arc<Pixels>,
        /// Where they go.
        rect: Rect,
    },
}

/// A colour on a gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// 0–1.
    pub at: f32,
    /// Straight alpha.
    pub color: Color,
}

/// Decoded pixels: upright, sRGB, premultiplied RGBA8, rows without gaps.
#[derive(PartialEq, Eq)]
pub struct Pixels {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// Every alpha is 255.
    pub opaque: bool,
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pixels({}x{})", self.width, self.height)
    }
}
