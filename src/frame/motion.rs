//! The part of a moving picture that is seen at a moment.
//!
//! In: a picture, how far along the film is, the pixels it fills. Out: pixels of that size. Sizes and places are
//! parts of pixels, so that nothing jumps from frame to frame. Never: what lies over or under it.

use super::canvas::{return_buffer, take_buffer};
use super::geometry::Area;
use crate::scene::{Motion, Picture, Pixels, picture};

/// Pixels that live for one frame.
pub struct Moved(Pixels);

impl Moved {
    pub fn pixels(&self) -> &Pixels {
        &self.0
    }
}

/// The buffer goes back for the next frame.
impl Drop for Moved {
    fn drop(&mut self) {
        return_buffer(std::mem::take(&mut self.0.rgba));
    }
}

/// What is seen of `of` at `progress`, 0–1, in the pixels of `dest`; none where nothing is.
pub fn seen(of: &Picture, motion: &Motion, dest: &Area, progress: f64) -> Option<Moved> {
    let size = (dest.width() as u32, dest.height() as u32);
    let whole = &of.pixels;
    let there = |w: u32, h: u32| w > 0 && h > 0;
    if !there(size.0, size.1) || !there(whole.width, whole.height) {
        return None;
    }
    let shape = (f64::from(size.0), f64::from(size.1));
    let part = motion.seen((whole.width, whole.height), shape, progress);
    let mut rgba = take_buffer(dest.width() * dest.height() * 4);
    picture::part(whole, [part.x, part.y, part.w, part.h], &mut rgba, size);
    Some(Moved(Pixels {
        width: size.0,
        height: size.1,
        rgba,
        opaque: whole.opaque,
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scene::{Rect, Surface};

    /// Light that grows by four with every pixel to the right.
    fn ramp() -> Picture {
        let row: Vec<u8> = (0..60).flat_map(|x| [x * 4, x * 4, x * 4, 255]).collect();
        Picture {
            pixels: Arc::new(Pixels {
                width: 60,
                height: 40,
                rgba: row.repeat(40),
                opaque: true,
            }),
            dest: Rect::new(0.0, 0.0, 40.0, 40.0),
            surface: Surface::default(),
            mask: None,
            motion: None,
        }
    }

    fn middle(motion: &Motion, progress: f64) -> u8 {
        let moved = seen(&ramp(), motion, &Area::new(0, 0, 40, 40), progress).unwrap();
        moved.pixels().rgba[(20 * 40 + 20) * 4]
    }

    #[test]
    fn a_pan_moves_by_parts_of_pixels() {
        let pan = Motion {
            zoom: [1.0; 2],
            pan: [(0.0, 0.5), (1.0, 0.5)],
        };
        // twenty pixels in eighty steps: a quarter of a pixel, one level of the ramp, each
        let levels: Vec<u8> = (0..=80)
            .map(|i| middle(&pan, f64::from(i) / 80.0))
            .collect();
        assert_eq!((levels[0], levels[80]), (80, 160));
        for pair in levels.windows(2) {
            assert_eq!(pair[1] - pair[0], 1, "{levels:?}");
        }
    }

    #[test]
    fn a_zoom_enlarges_about_the_focus() {
        let zoom = Motion {
            zoom: [1.0, 2.0],
            pan: [(0.5, 0.5); 2],
        };
        let area = Area::new(0, 0, 40, 40);
        let step = |progress| {
            let moved = seen(&ramp(), &zoom, &area, progress).unwrap();
            let at = |x: usize| moved.pixels().rgba[(20 * 40 + x) * 4];
            at(30) - at(10)
        };
        // twenty pixels of the frame are twenty of the picture, and then ten
        assert_eq!((step(0.0), step(1.0)), (80, 40));
    }

    #[test]
    fn nothing_is_seen_in_a_box_without_pixels() {
        let motion = Motion {
            zoom: [1.0, 2.0],
            pan: [(0.5, 0.5); 2],
        };
        assert!(seen(&ramp(), &motion, &Area::EMPTY, 0.5).is_none());
    }
}
