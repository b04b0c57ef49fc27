//! Points and boxes of the canvas.
//!
//! In: units, origin top-left, y down. Out: where something lies. Never: pixels, percentages.

use crate::platform::STORY;

/// The canvas of a Story in units: as many as the platform has pixels.
pub(super) const CANVAS_SIZE: (f32, f32) = (STORY.0 as f32, STORY.1 as f32);

/// A point in canvas units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// From the left edge.
    pub x: f32,
    /// From the top edge.
    pub y: f32,
}

/// A box in canvas units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width, never negative.
    pub w: f32,
    /// Height, never negative.
    pub h: f32,
}

/// The four corners of a box, which may be turned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corners([Point; 4]);

impl Corners {
    /// The same corners after a turn about `center`, `degrees` clockwise.
    pub fn turned(self, degrees: f32, center: Point) -> Self {
        if degrees == 0.0 {
            return self;
        }
        let angle = degrees.to_radians();
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        Self(self.0.map(|at| {
            let (dx, dy) = (at.x - center.x, at.y - center.y);
            Point {
                x: center.x + dx * cos - dy * sin,
                y: center.y + dx * sin + dy * cos,
            }
        }))
    }

    /// The upright box around them.
    pub fn upright(&self) -> Rect {
        let [first, rest @ ..] = self.0;
        let (mut least, mut most) = (first, first);
        for at in rest {
            least = Point {
                x: least.x.min(at.x),
                y: least.y.min(at.y),
            };
            most = Point {
                x: most.x.max(at.x),
                y: most.y.max(at.y),
            };
        }
        Rect::new(least.x, least.y, most.x - least.x, most.y - least.y)
    }
}

impl Rect {
    /// A box from its left-top corner and size.
    pub const fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    /// Right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// Centre.
    pub fn center(&self) -> Point {
        Point {
            x: self.x + self.w / 2.0,
            y: self.y + self.h / 2.0,
        }
    }

    /// Its corners, clockwise from the left-top one.
    pub fn corners(&self) -> Corners {
        let at = |x, y| Point { x, y };
        Corners([
            at(self.x, self.y),
            at(self.right(), self.y),
            at(self.right(), self.bottom()),
            at(self.x, self.bottom()),
        ])
    }

    /// The same box elsewhere.
    pub fn moved(&self, dx: f32, dy: f32) -> Self {
        Self {
            x: self.x + dx,
            y: self.y + dy,
            ..*self
        }
    }

    /// Larger by `by` on every side (smaller when negative, never below zero).
    pub fn grown(&self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            w: (self.w + 2.0 * by).max(0.0),
            h: (self.h + 2.0 * by).max(0.0),
        }
    }

    /// The least box that holds both.
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            w: self.right().max(other.right()) - x,
            h: self.bottom().max(other.bottom()) - y,
        }
    }
}
