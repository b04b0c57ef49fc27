//! The eight ways in which a camera may have been held.
//!
//! In: rows as they are stored. Out: an upright picture. Turning comes after resizing, when there is little left to turn.

use image::metadata::Orientation;

use super::fit::Window;

/// From stored to upright: first rows and columns change places, then the result is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Turn {
    swap: bool,
    flip_x: bool,
    flip_y: bool,
}

impl From<Orientation> for Turn {
    fn from(orientation: Orientation) -> Self {
        let (swap, flip_x, flip_y) = match orientation {
            Orientation::NoTransforms => (false, false, false),
            Orientation::FlipHorizontal => (false, true, false),
            Orientation::Rotate180 => (false, true, true),
            Orientation::FlipVertical => (false, false, true),
            Orientation::Rotate90FlipH => (true, false, false),
            Orientation::Rotate90 => (true, true, false),
            Orientation::Rotate270FlipH => (true, true, true),
            Orientation::Rotate270 => (true, false, true),
        };
        Self {
            swap,
            flip_x,
            flip_y,
        }
    }
}

impl Turn {
    /// The upright size of a picture that is stored as `width` × `height`, and the other way round.
    pub fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swap {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where a window of the upright picture of `width` × `height` lies in the stored one.
    pub fn stored(self, window: Window, width: u32, height: u32) -> Window {
        let mut at = window;
        if self.flip_x {
            at.x = f64::from(width) - at.x - at.w;
        }
        if self.flip_y {
            at.y = f64::from(height) - at.y - at.h;
        }
        if self.swap {
            at = Window {
                x: at.y,
                y: at.x,
                w: at.h,
                h: at.w,
            };
        }
        at
    }

    /// Puts stored `rows`, the first of which is row `y0`, where they belong in the upright picture `out`.
    ///
    /// `width` is of a stored row, `out_width` of an upright one; `out` has all rows of the upright picture.
    pub fn put(
        self,
        out: &mut [[u8; 4]],
        out_width: usize,
        rows: &[[u8; 4]],
        width: usize,
        y0: usize,
    ) {
        let out_height = out.len() / out_width;
        let count = rows.len() / width;
        if !self.swap {
            for (k, row) in rows.chunks_exact(width).enumerate() {
                let y = if self.flip_y {
                    out_height - 1 - y0 - k
                } else {
                    y0 + k
                };
                let to = &mut out[y * out_width..][..width];
                to.copy_from_slice(row);
                if self.flip_x {
                    to.reverse();
                }
            }
            return;
        }
        // sixteen stored rows make one cache line of every upright row
        let x0 = if self.flip_x {
            out_width - y0 - count
        } else {
            y0
        };
        for x in 0..width {
            let y = if self.flip_y { out_height - 1 - x } else { x };
            let to = &mut out[y * out_width + x0..][..count];
            if self.flip_x {
                for (k, pixel) in to.iter_mut().rev().enumerate() {
                    *pixel = rows[k * width + x];
                }
            } else {
                for (k, pixel) in to.iter_mut().enumerate() {
                    *pixel = rows[k * width + x];
                }
            }
        }
    }
}
