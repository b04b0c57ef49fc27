//! Which part of a picture is drawn where.
//!
//! In: the upright size, the box, fit and focus. Out: a window of the picture and the pixels it becomes.

use super::{Fit, Wanted};

/// A part of a picture in its own pixels, edges between pixels allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Window {
    /// All of a picture.
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            w: f64::from(width),
            h: f64::from(height),
        }
    }
}

/// A window and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    /// The part of the upright picture.
    pub window: Window,
    /// Its size in output pixels.
    pub size: (u32, u32),
    /// Its left-top corner in the box.
    pub offset: (u32, u32),
}

impl Placement {
    /// Output pixels per picture pixel; the larger of the two axes.
    pub fn scale(&self) -> f64 {
        (f64::from(self.size.0) / self.window.w).max(f64::from(self.size.1) / self.window.h)
    }
}

/// Places an upright picture of `natural` size; `Blur` is placed as `Contain`.
pub(super) fn place(natural: (u32, u32), wanted: &Wanted) -> Placement {
    match wanted.fit {
        Fit::Cover => cover(
            natural,
            (wanted.width_px, wanted.height_px),
            focus_of(wanted),
        ),
        Fit::Fill => Placement {
            window: Window::whole(natural.0, natural.1),
            size: (wanted.width_px, wanted.height_px),
            offset: (0, 0),
        },
        Fit::Contain | Fit::Blur => contain(
            natural,
            (wanted.width_px, wanted.height_px),
            focus_of(wanted),
        ),
    }
}

/// Numbers that are none are the middle.
fn focus_of(wanted: &Wanted) -> (f64, f64) {
    let part = |v: f32| {
        if v.is_finite() {
            f64::from(v).clamp(0.0, 1.0)
        } else {
            0.5
        }
    };
    (part(wanted.focus.0), part(wanted.focus.1))
}

/// The largest window of the box's shape, its middle as near to the focus as the picture's edges let it.
pub(super) fn cover(natural: (u32, u32), size: (u32, u32), focus: (f64, f64)) -> Placement {
    let (pw, ph) = (f64::from(natural.0), f64::from(natural.1));
    let (bw, bh) = (f64::from(size.0), f64::from(size.1));
    let scale = (bw / pw).max(bh / ph);
    let (w, h) = ((bw / scale).min(pw), (bh / scale).min(ph));
    Placement {
        window: Window {
            x: (focus.0 * pw - w / 2.0).clamp(0.0, pw - w),
            y: (focus.1 * ph - h / 2.0).clamp(0.0, ph - h),
            w,
            h,
        },
        size,
        offset: (0, 0),
    }
}

fn contain(natural: (u32, u32), size: (u32, u32), focus: (f64, f64)) -> Placement {
    let (pw, ph) = (f64::from(natural.0), f64::from(natural.1));
    let scale = (f64::from(size.0) / pw).min(f64::from(size.1) / ph);
    // a thread of a picture is still seen as one
    let side = |length: f64, most: u32| ((length * scale).round() as u32).clamp(1, most);
    let drawn = (side(pw, size.0), side(ph, size.1));
    let start = |room: u32, at: f64| (f64::from(room) * at).round() as u32;
    Placement {
        window: Window::whole(natural.0, natural.1),
        size: drawn,
        offset: (
            start(size.0 - drawn.0, focus.0),
            start(size.1 - drawn.1, focus.1),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(width_px: u32, height_px: u32, fit: Fit, focus: (f32, f32)) -> Wanted {
        Wanted {
            width_px,
            height_px,
            fit,
            focus,
            filter: crate::scene::picture::Filter::default(),
        }
    }

    #[test]
    fn cover_centres_its_window_on_the_focus() {
        let at = place((4000, 1000), &wanted(100, 100, Fit::Cover, (0.25, 0.5)));
        assert_eq!(
            at.window,
            Window {
                x: 500.0,
                y: 0.0,
                w: 1000.0,
                h: 1000.0
            }
        );
    }

    #[test]
    fn cover_stops_at_the_edge_when_the_focus_lies_there() {
        let at = place((4000, 1000), &wanted(100, 100, Fit::Cover, (1.0, 0.0)));
        assert_eq!((at.window.x, at.window.y), (3000.0, 0.0));
    }

    #[test]
    fn contain_keeps_a_wide_picture_whole_and_aligns_it() {
        let at = place((400, 100), &wanted(200, 200, Fit::Contain, (0.5, 1.0)));
        assert_eq!((at.size, at.offset), ((200, 50), (0, 150)));
        assert_eq!(at.scale(), 0.5);
    }

    #[test]
    fn a_thread_of_a_picture_is_still_drawn() {
        let at = place((10_000, 1), &wanted(100, 100, Fit::Contain, (0.5, 0.5)));
        assert_eq!(at.size, (100, 1));
    }
}
