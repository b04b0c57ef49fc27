//! Boxes in pixels, and the way from canvas units to them.
//!
//! In: canvas units. Out: device pixels, bounded so that no sum of two overflows. Never: pixels' colours.

use crate::scene::Rect;

/// Where device coordinates end; far outside every raster, and exact in `f32` to 1/16.
const FAR: f32 = 1_000_000.0;

/// A coordinate as a whole pixel.
pub fn whole(v: f32) -> i32 {
    v.clamp(-FAR, FAR) as i32
}

/// Whole pixels: `x0..x1` by `y0..y1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
}

impl Area {
    pub const EMPTY: Self = Self {
        x0: 0,
        y0: 0,
        x1: 0,
        y1: 0,
    };

    pub const fn new(x0: i32, y0: i32, x1: i32, y1: i32) -> Self {
        Self { x0, y0, x1, y1 }
    }

    pub fn width(&self) -> usize {
        (self.x1 - self.x0).max(0) as usize
    }

    pub fn height(&self) -> usize {
        (self.y1 - self.y0).max(0) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.x1 <= self.x0 || self.y1 <= self.y0
    }

    pub fn and(&self, other: &Self) -> Self {
        let both = Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        };
        if both.is_empty() { Self::EMPTY } else { both }
    }

    /// The least area that holds both; an empty one adds nothing.
    pub fn with(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => *other,
            (_, true) => *self,
            _ => Self {
                x0: self.x0.min(other.x0),
                y0: self.y0.min(other.y0),
                x1: self.x1.max(other.x1),
                y1: self.y1.max(other.y1),
            },
        }
    }

    pub fn grown(&self, by: i32) -> Self {
        Self::new(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)
    }

    pub fn moved(&self, dx: i32, dy: i32) -> Self {
        Self::new(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)
    }

    pub fn holds(&self, other: &Self) -> bool {
        other.x0 >= self.x0 && other.y0 >= self.y0 && other.x1 <= self.x1 && other.y1 <= self.y1
    }
}

/// A box in device pixels with fractional edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edges {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Edges {
    /// The pixels it touches.
    pub fn area(&self) -> Area {
        Area::new(
            whole(self.left.floor()),
            whole(self.top.floor()),
            whole(self.right.ceil()),
            whole(self.bottom.ceil()),
        )
    }

    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub fn grown(&self, by: f32) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: (self.right + by).max(self.left - by),
            bottom: (self.bottom + by).max(self.top - by),
        }
    }

    pub fn moved(&self, dx: f32, dy: f32) -> Self {
        Self {
            left: self.left + dx,
            top: self.top + dy,
            right: self.right + dx,
            bottom: self.bottom + dy,
        }
    }

    /// Every edge on the nearest whole pixel.
    pub fn rounded(&self) -> Self {
        Self {
            left: self.left.round(),
            top: self.top.round(),
            right: self.right.round(),
            bottom: self.bottom.round(),
        }
    }

    /// Edges that nearly lie on a pixel's edge are put there, so that no faint line surrounds the box.
    pub fn snapped(&self) -> Self {
        let snap = |v: f32| {
            let near = v.round();
            if (v - near).abs() <= 1.0 / 16.0 {
                near
            } else {
                v
            }
        };
        Self {
            left: snap(self.left),
            top: snap(self.top),
            right: snap(self.right),
            bottom: snap(self.bottom),
        }
    }
}

/// From canvas units to device pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Device pixels a unit.
    pub scale: f32,
}

impl View {
    pub fn length(&self, units: f32) -> f32 {
        (units * self.scale).clamp(-FAR, FAR)
    }

    pub fn edges(&self, rect: &Rect) -> Edges {
        Edges {
            left: self.length(rect.x),
            top: self.length(rect.y),
            right: self.length(rect.right()),
            bottom: self.length(rect.bottom()),
        }
    }
}
