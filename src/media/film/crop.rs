//! Which part of a clip's picture is taken, and how its sides are cut to whole pixels.
//!
//! In: the size of a picture and of its box. Out: a [`Crop`] of the upright picture, the same of the coded one, and a
//! [`Cut`] for each side. Never: a pixel.

use super::look::Orientation;

/// Less than this many pixels are not worth a cut.
const SLIVER: f64 = 0.75;

/// A part of a picture, 0–1 of its sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Crop {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Crop {
    /// All of it.
    pub const WHOLE: Self = Self {
        x: 0.0,
        y: 0.0,
        w: 1.0,
        h: 1.0,
    };

    /// The part of an upright picture of `shown` pixels that covers a box of `size`, its focus as near the box's middle as
    /// it gets.
    pub fn covering((w, h): (f64, f64), size: (u32, u32), focus: (f64, f64)) -> Self {
        let scale = (f64::from(size.0) / w).max(f64::from(size.1) / h);
        let part_w = (f64::from(size.0) / scale / w).min(1.0);
        let part_h = (f64::from(size.1) / scale / h).min(1.0);
        let start = |part: f64, focus: f64| (focus - part / 2.0).clamp(0.0, 1.0 - part);
        Self {
            x: start(part_w, focus.0),
            y: start(part_h, focus.1),
            w: part_w,
            h: part_h,
        }
    }

    /// Where it is in the coded picture, whose upright one it is a part of.
    pub fn as_coded(self, orientation: Orientation) -> Self {
        let Self { mut x, mut y, w, h } = self;
        if orientation.flip_x {
            x = 1.0 - x - w;
        }
        if orientation.flip_y {
            y = 1.0 - y - h;
        }
        if orientation.transpose {
            return Self {
                x: y,
                y: x,
                w: h,
                h: w,
            };
        }
        Self { x, y, w, h }
    }
}

/// How one side of a picture is cut and scaled: first on the grid of its own colours, a little more than is wanted, then
/// on that of the box. So neither the shape nor the place is rounded to pixels of the clip, which may be large ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// The first pixel that is kept.
    pub from: u32,
    /// Pixels that are kept.
    pub length: u32,
    /// How many they become.
    pub scaled: u32,
    /// How many of those come before the box.
    pub spare: u32,
}

impl Cut {
    /// Brings a part of a side, 0–1, of `all` pixels to `to`; colours stand at every `step`th pixel.
    pub fn of((from, part): (f64, f64), all: u32, step: u32, to: u32) -> Self {
        let side = f64::from(all);
        let (from, length) = (from * side, (part * side).clamp(1.0, side));
        if side - length <= SLIVER {
            return Self {
                from: 0,
                length: all,
                scaled: to,
                spare: 0,
            };
        }
        let grid = f64::from(step);
        // rounding of a part that is whole pixels must not take one more of them
        let first = ((from + 1e-6) / grid).floor() * grid;
        let end = (((from + length - 1e-6) / grid).ceil() * grid).min(side);
        let scale = f64::from(to) / length;
        let scaled = (even_below((end - first) * scale + 1.0)).max(to);
        Self {
            from: first as u32,
            length: (end - first) as u32,
            scaled,
            spare: even_below((from - first) * scale + 1.0).min(even_below(f64::from(scaled - to))),
        }
    }
}

/// The nearest even number that is no larger.
pub(super) fn even_below(length: f64) -> u32 {
    length.max(0.0) as u32 & !1
}

/// The largest size of this shape inside a box; even sides, which 4:2:0 likes, unless the box itself is odd.
pub(super) fn contained((w, h): (f64, f64), (box_w, box_h): (u32, u32)) -> (u32, u32) {
    let scale = (f64::from(box_w) / w).min(f64::from(box_h) / h);
    let side = |own: f64, all: u32| {
        let exact = own * scale;
        if (exact - f64::from(all)).abs() < 1.0 {
            all
        } else {
            even(exact).min(all)
        }
    };
    (side(w, box_w), side(h, box_h))
}

/// The nearest even number, at least 2.
pub(super) fn even(side: f64) -> u32 {
    ((side / 2.0).round() as u32).max(1) * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(transpose: bool, flip_x: bool, flip_y: bool) -> Orientation {
        Orientation {
            transpose,
            flip_x,
            flip_y,
        }
    }

    #[test]
    fn what_is_contained_keeps_its_shape_in_even_pixels() {
        assert_eq!(contained((1920.0, 1080.0), (1080, 1920)), (1080, 608));
        assert_eq!(contained((1080.0, 1920.0), (1080, 1920)), (1080, 1920));
        assert_eq!(contained((500.0, 500.0), (1080, 1920)), (1080, 1080));
    }

    #[test]
    fn a_part_of_whole_pixels_is_cut_as_it_is() {
        let cut = |from, length, scaled, spare| Cut {
            from,
            length,
            scaled,
            spare,
        };
        assert_eq!(Cut::of((0.25, 0.5), 1920, 2, 1080), cut(480, 960, 1080, 0));
        assert_eq!(Cut::of((0.0, 1.0), 1081, 2, 540), cut(0, 1081, 540, 0));
        // an odd part of an odd side, at its end
        assert_eq!(Cut::of((0.5, 0.5), 101, 2, 1010), cut(50, 51, 1020, 10));
        // less than a pixel of the box is too much: no second cut
        assert_eq!(
            Cut::of((656.25 / 1920.0, 607.5 / 1920.0), 1920, 2, 1080),
            cut(656, 608, 1080, 0)
        );
    }

    #[test]
    fn a_part_of_a_turned_picture_is_found_where_it_was_coded() {
        let part = Crop {
            x: 0.25,
            y: 0.0,
            w: 0.5,
            h: 1.0,
        };
        assert_eq!(part.as_coded(held(false, false, false)), part);
        let turned = Crop {
            x: 0.0,
            y: 0.1,
            w: 1.0,
            h: 0.2,
        }
        .as_coded(held(true, true, false));
        assert!((turned.x - 0.1).abs() < 1e-9 && (turned.w - 0.2).abs() < 1e-9);
        let flipped = Crop {
            x: 0.0,
            y: 0.0,
            w: 0.3,
            h: 1.0,
        }
        .as_coded(held(false, true, false));
        assert!((flipped.x - 0.7).abs() < 1e-9);
    }
}
