//! Paints.
//!
//! In: a [`Scene`]. Out: a [`Frame`], and on demand how well each text stands out. Integers decide
//! every pixel, so that all machines give the same. Never: failing, loading, laying out.

mod backdrop;
mod blend;
mod bounds;
mod brush;
mod canvas;
mod contrast;
mod geometry;
mod glyph;
mod layer;
mod motion;
mod outline;
mod painter;
mod rotation;
mod shadow;
mod shape;
mod text;

use std::time::Duration;

use crate::scene::Scene;

pub use contrast::{Contrast, Legible};

/// A painted picture: RGBA8, sRGB, premultiplied, rows without gaps.
#[derive(PartialEq, Eq)]
pub struct Frame {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Frame {
    /// Pixels a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// `width * height * 4` bytes.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}x{})", self.width, self.height)
    }
}

/// The buffer goes back for the next frame.
impl Drop for Frame {
    fn drop(&mut self) {
        canvas::return_buffer(std::mem::take(&mut self.rgba));
    }
}

/// Lets go of the buffers that are kept for frames to come, where none was asked for since `asked` were: for what runs for
/// days and paints now and then. How many were asked for until now.
pub fn rest(asked: u64) -> u64 {
    canvas::rest(asked)
}

/// Paints a scene as it is at a time. A scene without motion is the same at all times.
pub fn paint(scene: &Scene, at: Duration) -> Frame {
    painter::scene(scene, at, None, &mut None)
}

/// Paints a scene as it begins, and measures the contrast of each text and code that shows.
pub fn paint_checked(scene: &Scene) -> (Frame, Vec<Contrast>) {
    let mut contrasts = Some(Vec::new());
    let frame = painter::scene(scene, Duration::ZERO, None, &mut contrasts);
    (frame, contrasts.unwrap_or_default())
}

/// Paints a scene as it begins over a frame that exists. The frame keeps its size; the scene's units are those of its own
/// raster.
pub fn over(base: Frame, top: &Scene) -> Frame {
    painter::scene(top, Duration::ZERO, Some(base), &mut None)
}

#[cfg(test)]
mod tests;
