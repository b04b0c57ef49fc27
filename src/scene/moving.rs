//! Pictures that move: prepared whole, and larger than they are drawn.
//!
//! In: a picture's size, its box, how it moves. Out: the pixels that are wanted of it. Never: which part is seen when.

use crate::template::{Table, grammar, key};

use super::Motion;
use super::picture::{Filter, Fit, Wanted};

/// Pixels of a picture that is prepared whole; 128 MB. A greater zoom into a larger one is softer than it could be.
const MAX_PIXELS: f64 = 32e6;

/// How a layer's picture moves; none where the key says that it does not.
pub(super) fn motion(keys: &Table, focus: (f32, f32)) -> Option<Motion> {
    let table = keys.record(key!(MOVING.motion))?;
    let (from, to) = table.read(key!(MOTION.zoom as pair));
    let pan = table.node(key!(MOTION.pan)).and_then(grammar::path);
    let motion = Motion {
        zoom: [from, to],
        pan: pan.unwrap_or([focus; 2]),
    };
    let stays = motion.zoom == [1.0; 2] && motion.pan[0] == motion.pan[1];
    (!stays).then_some(motion)
}

/// What is wanted of a moving picture, so that it is sharp at its greatest zoom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Whole {
    /// All of it, stretched where `fit` stretches it.
    pub wanted: Wanted,
    /// Output pixels per pixel of its own where it is drawn largest.
    pub enlarged: f32,
}

/// All of an upright picture of `natural` pixels, drawn into `dest` pixels of a box for which it was `boxed`.
///
/// A drawing has any number of pixels; what else there is gets no more than it has.
pub(super) fn whole(
    motion: &Motion,
    natural: (f32, f32),
    dest: (u32, u32),
    boxed: &Wanted,
    is_drawing: bool,
) -> Whole {
    let (w, h) = (f64::from(dest.0), f64::from(dest.1));
    let (pw, ph) = (f64::from(natural.0), f64::from(natural.1));
    // its size at zoom 1
    let drawn = match boxed.fit {
        Fit::Cover => {
            let scale = (w / pw).max(h / ph);
            (pw * scale, ph * scale)
        }
        _ => (w, h),
    };
    let (across, down) = (drawn.0 / pw, drawn.1 / ph);
    let zoom = f64::from(motion.zoom[0].max(motion.zoom[1]));
    let mut finer = zoom.min((MAX_PIXELS / (drawn.0 * drawn.1)).sqrt());
    if !is_drawing {
        finer = finer.min(1.0 / across.min(down));
    }
    let side = |length: f64| ((length * finer).round() as u32).max(1);
    let enlarged = match is_drawing {
        true => 1.0,
        false => zoom * across.max(down),
    };
    Whole {
        wanted: Wanted {
            width_px: side(drawn.0),
            height_px: side(drawn.1),
            fit: Fit::Fill,
            filter: Filter {
                blur: boxed.filter.blur * finer as f32,
                ..boxed.filter
            },
            ..*boxed
        },
        enlarged: enlarged as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(fit: Fit, natural: (f32, f32), zoom: f32, is_drawing: bool) -> (u32, u32, f32) {
        let motion = Motion {
            zoom: [1.0, zoom],
            pan: [(0.5, 0.5); 2],
        };
        let boxed = Wanted {
            width_px: 100,
            height_px: 200,
            fit,
            focus: (0.5, 0.5),
            filter: Filter::default(),
        };
        let found = whole(&motion, natural, (100, 200), &boxed, is_drawing);
        (
            found.wanted.width_px,
            found.wanted.height_px,
            found.enlarged,
        )
    }

    #[test]
    fn a_moving_picture_is_as_large_as_its_greatest_zoom_asks_for() {
        assert_eq!(
            sized(Fit::Cover, (4000.0, 4000.0), 1.5, false),
            (300, 300, 0.075)
        );
        assert_eq!(
            sized(Fit::Fill, (4000.0, 4000.0), 1.5, false),
            (150, 300, 0.075)
        );
    }

    #[test]
    fn it_has_no_more_pixels_than_its_file_unless_it_is_drawn() {
        assert_eq!(
            sized(Fit::Cover, (400.0, 100.0), 2.0, false),
            (400, 100, 4.0)
        );
        assert_eq!(
            sized(Fit::Cover, (400.0, 100.0), 2.0, true),
            (1600, 400, 1.0)
        );
    }
}
