//! Rotation.
//!
//! In: a subtree painted upright, twice as large. Out: the same turned, laid on a canvas. Quarter turns move
//! pixels and change none. Never: what the subtree is.

use super::blend::Px;
use super::canvas::Canvas;
use super::geometry::{Area, whole};

/// A rotation about a point, and the scale at which the upright subtree was painted.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    cos: f32,
    sin: f32,
    /// What is added after turning back; whole pixels for quarter turns.
    back: (f32, f32),
    scale: f32,
    quarter: bool,
}

impl Rotation {
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
        let ink = upright.ink();
        for y in area.y0..area.y1 {
            let (x0, x1) = self.meets(&ink, y, &area);
            if x0 >= x1 {
                continue;
            }
            let row = out.row_mut(y, x0, x1).as_chunks_mut::<4>().0;
            if self.quarter {
                for (px, x) in row.iter_mut().zip(x0..) {
                    let (u, v) = self.upright(x as f32 + 0.5, y as f32 + 0.5);
                    *px = upright.px(whole(u.floor()), whole(v.floor()));
                }
            } else {
                self.lay_row(upright, (x0, y), row);
            }
        }
        out
    }

    /// Which pixels of row `y` may show anything of the upright area `ink`.
    fn meets(&self, ink: &Area, y: i32, area: &Area) -> (i32, i32) {
        if ink.is_empty() {
            return (0, 0);
        }
        let margin = self.scale + 1.5;
        let (u, v) = self.upright(0.5, y as f32 + 0.5);
        let (mut from, mut to) = (area.x0 as f32, area.x1 as f32);
        for (start, step, low, high) in [
            (u, self.cos * self.scale, ink.x0, ink.x1),
            (v, -self.sin * self.scale, ink.y0, ink.y1),
        ] {
            let (low, high) = (low as f32 - margin - start, high as f32 + margin - start);
            if step.abs() > 1e-6 {
                let (a, b) = (low / step, high / step);
                from = from.max(a.min(b));
                to = to.min(a.max(b));
            } else if low > 0.0 || high < 0.0 {
                return (0, 0);
            }
        }
        (whole(from.floor()), whole(to.ceil()).min(area.x1))
    }

    /// Each pixel is the mean of four samples spread over it, each between four pixels of the upright subtree.
    fn lay_row(&self, upright: &Canvas, (x0, y): (i32, i32), row: &mut [Px]) {
        let fixed = |v: f32| (f64::from(v) * ONE as f64) as i64;
        let (u, v) = self.upright(x0 as f32 + 0.5, y as f32 + 0.5);
        let (mut u, mut v) = (fixed(u - 0.5), fixed(v - 0.5));
        let (across, down) = (fixed(self.cos * self.scale), fixed(self.sin * self.scale));
        let (a, b) = (across / 4, down / 4);
        let (pixels, at) = (upright.pixels(), upright.area());
        for px in row {
            let samples = [
                (u - a - b, v + b - a),
                (u + a - b, v - b - a),
                (u - a + b, v + b + a),
                (u + a + b, v - b + a),
            ];
            let sum: u64 = samples
                .map(|(u, v)| sampled(pixels, &at, u, v))
                .iter()
                .sum();
            *px = packed(((sum + 2 * LANES) >> 2) & (0xff * LANES));
            u += across;
            v -= down;
        }
    }
}

/// One pixel as a fixed-point number.
const ONE: i64 = 1 << 32;

/// A one in each of four 16-bit lanes, in which the channels of a pixel are worked on at once.
const LANES: u64 = 0x0001_0001_0001_0001;

fn spread(px: &[u8]) -> u64 {
    let v = u64::from(u32::from_le_bytes([px[0], px[1], px[2], px[3]]));
    let v = (v | (v << 16)) & 0x0000_ffff_0000_ffff;
    (v | (v << 8)) & 0x00ff_00ff_00ff_00ff
}

fn packed(v: u64) -> Px {
    let v = (v | (v >> 8)) & 0x0000_ffff_0000_ffff;
    ((v | (v >> 16)) as u32).to_le_bytes()
}

/// `a` and `b` mixed, `part` of 256 of `b`, in every lane.
fn mixed(a: u64, b: u64, part: u64) -> u64 {
    ((a * (256 - part) + b * part + 128 * LANES) >> 8) & (0xff * LANES)
}

/// The colour between four pixels, in lanes.
#[inline(always)]
fn sampled(pixels: &[u8], area: &Area, u: i64, v: i64) -> u64 {
    let part = |v: i64| ((v >> 24) & 0xff) as u64;
    let (x, y) = ((u >> 32) as i32 - area.x0, (v >> 32) as i32 - area.y0);
    let (width, height) = (area.width() as i32, area.height() as i32);
    if x < 0 || x + 1 >= width || y < 0 || y + 1 >= height {
        // what is upright has a clear margin
        return 0;
    }
    let (start, stride) = ((y * width + x) as usize * 4, width as usize * 4);
    let square = &pixels[start..start + stride + 8];
    let (upper, lower) = (&square[..8], &square[stride..]);
    let top = mixed(spread(&upper[..4]), spread(&upper[4..]), part(u));
    let bottom = mixed(spread(&lower[..4]), spread(&lower[4..]), part(u));
    mixed(top, bottom, part(v))
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
