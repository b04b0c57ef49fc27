//! Rotation.
//!
//! In: a subtree painted upright, twice as large. Out: the same turned, laid on a canvas. Quarter turns move
//! pixels and change none. Never: what the subtree is.

use super::blend::Px;
use super::brush::between;
use super::canvas::Canvas;
use super::geometry::{Area, whole};

/// A rotation about a point, and the scale at which the upright subtree was painted.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    cos: f32,
    sin: f32,
    /// What is added after turning back; whole pixels for quarter turns.
    back: (f32, f32),
    scale: f32,
    quarter: bool,
}

impl Turn {
    /// Degrees clockwise about `center` (device pixels). `finer` says how much larger the upright subtree may
    /// be painted.
    pub fn new(degrees: f32, center: (f32, f32), finer: f32) -> Self {
        let degrees = degrees.rem_euclid(360.0);
        let quarter = degrees % 90.0 == 0.0;
        let (sin, cos) = match degrees {
            90.0 => (1.0, 0.0),
            180.0 => (0.0, -1.0),
            270.0 => (-1.0, 0.0),
            _ => {
                let radians = degrees.to_radians();
                (libm::sinf(radians), libm::cosf(radians))
            }
        };
        let (cx, cy) = center;
        let back = (cx - (cos * cx + sin * cy), cy - (cos * cy - sin * cx));
        let back = match quarter {
            true => (back.0.round(), back.1.round()),
            false => back,
        };
        let scale = if quarter { 1.0 } else { finer };
        Self {
            cos,
            sin,
            back,
            scale,
            quarter,
        }
    }

    /// Pixels of the upright subtree for one of the canvas.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Where a point of the canvas lies in the upright subtree's pixels.
    pub fn upright(&self, x: f32, y: f32) -> (f32, f32) {
        let turned = (
            self.cos * x + self.sin * y + self.back.0,
            self.cos * y - self.sin * x + self.back.1,
        );
        (turned.0 * self.scale, turned.1 * self.scale)
    }

    /// Where a point of the upright subtree's pixels lies on the canvas.
    pub fn turned(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x / self.scale - self.back.0, y / self.scale - self.back.1);
        (self.cos * x - self.sin * y, self.cos * y + self.sin * x)
    }

    /// The canvas area that holds an upright area.
    pub fn turned_area(&self, area: &Area) -> Area {
        around(area, |x, y| self.turned(x, y))
    }

    /// The upright area that holds a canvas area.
    pub fn upright_area(&self, area: &Area) -> Area {
        around(area, |x, y| self.upright(x, y))
    }

    /// Paints the turned subtree on a clear canvas of `area`.
    pub fn lay(&self, upright: &Canvas, area: Area) -> Canvas {
        let mut out = Canvas::clear(area);
        for y in area.y0..area.y1 {
            let row = out.row_mut(y, area.x0, area.x1).as_chunks_mut::<4>().0;
            for (px, x) in row.iter_mut().zip(area.x0..) {
                let (u, v) = self.upright(x as f32 + 0.5, y as f32 + 0.5);
                *px = match self.quarter {
                    true => upright.px(whole(u.floor()), whole(v.floor())),
                    false => self.sampled(upright, u, v),
                };
            }
        }
        out
    }

    /// The mean of four samples spread over the pixel, each between four pixels of the upright subtree.
    fn sampled(&self, upright: &Canvas, u: f32, v: f32) -> Px {
        let area = upright.area();
        let reach = self.scale + 1.0;
        if u < area.x0 as f32 - reach
            || v < area.y0 as f32 - reach
            || u > area.x1 as f32 + reach
            || v > area.y1 as f32 + reach
        {
            return [0; 4];
        }
        let quarter = self.scale / 4.0;
        let (a, b) = (self.cos * quarter, self.sin * quarter);
        let mut sum = [2u32; 4];
        for (x, y) in [
            (u - a - b, v + b - a),
            (u + a - b, v - b - a),
            (u - a + b, v + b + a),
            (u + a + b, v - b + a),
        ] {
            let px = bilinear(upright, x - 0.5, y - 0.5);
            for (sum, v) in sum.iter_mut().zip(px) {
                *sum += u32::from(v);
            }
        }
        sum.map(|v| (v / 4) as u8)
    }
}

fn bilinear(canvas: &Canvas, x: f32, y: f32) -> Px {
    let (left, top) = (x.floor(), y.floor());
    let part = |v: f32| (v * 256.0 + 0.5) as u32;
    let (part_x, part_y) = (part(x - left), part(y - top));
    let (x, y) = (whole(left), whole(top));
    let area = canvas.area();
    if x >= area.x0 && x + 1 < area.x1 && y >= area.y0 && y + 1 < area.y1 {
        let (upper, lower) = (canvas.row(y, x, x + 2), canvas.row(y + 1, x, x + 2));
        let px = |row: &[u8], i: usize| [row[i], row[i + 1], row[i + 2], row[i + 3]];
        let (a, b) = (px(upper, 0), px(upper, 4));
        return between(a, b, px(lower, 0), px(lower, 4), part_x, part_y);
    }
    let (a, b) = (canvas.px(x, y), canvas.px(x + 1, y));
    let (c, d) = (canvas.px(x, y + 1), canvas.px(x + 1, y + 1));
    between(a, b, c, d, part_x, part_y)
}

fn around(area: &Area, to: impl Fn(f32, f32) -> (f32, f32)) -> Area {
    let (x0, y0) = (area.x0 as f32, area.y0 as f32);
    let (x1, y1) = (area.x1 as f32, area.y1 as f32);
    let corners = [to(x0, y0), to(x1, y0), to(x0, y1), to(x1, y1)];
    let fold = |f: fn(f32, f32) -> f32, of: fn(&(f32, f32)) -> f32| {
        corners.iter().map(of).reduce(f).unwrap_or(0.0)
    };
    Area::new(
        whole(fold(f32::min, |p| p.0).floor()),
        whole(fold(f32::min, |p| p.1).floor()),
        whole(fold(f32::max, |p| p.0).ceil()),
        whole(fold(f32::max, |p| p.1).ceil()),
    )
}
