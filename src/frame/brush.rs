//! What colour a pixel gets: one colour, a gradient, a picture.
//!
//! In: a [`Paint`] in canvas units and the view. Out: rows of premultiplied pixels, as cheap as they come: one
//! colour for a row where that is so, a borrowed row of the picture where it is drawn pixel by pixel. Never:
//! coverage.

use super::blend::{Px, mul};
use super::geometry::{Area, Edges, View};
use crate::scene::{Color, Paint, Pixels, Stop};

/// Steps of a gradient that is looked up rather than computed.
const STEPS: usize = 2048;

/// A colour, premultiplied.
pub fn premultiplied(color: Color) -> Px {
    let Color { r, g, b, a } = color;
    [mul(r, a), mul(g, a), mul(b, a), a]
}

/// Colours of a row.
#[derive(Debug, Clone, Copy)]
pub enum Ink<'a> {
    /// Leaves everything as it is.
    Nothing,
    /// One colour.
    Solid(Px),
    /// A pixel each.
    Pixels(&'a [u8]),
    /// A pixel each, all of alpha 255.
    Opaque(&'a [u8]),
}

impl<'a> Ink<'a> {
    /// `count` pixels from the `start`th.
    pub fn part(self, start: usize, count: usize) -> Self {
        let cut = |px: &'a [u8]| &px[start * 4..(start + count) * 4];
        match self {
            Self::Pixels(px) => Self::Pixels(cut(px)),
            Self::Opaque(px) => Self::Opaque(cut(px)),
            other => other,
        }
    }
}

/// A paint made ready for a view.
pub enum Brush<'a> {
    /// One colour.
    Solid(Px),
    /// A gradient from the top down or from the bottom up: position 0 at `start`, `per_px` further each pixel.
    Vertical {
        stops: &'a [Stop],
        start: f32,
        per_px: f32,
    },
    /// Any other straight gradient: the position is `at_origin + x * dx + y * dy`.
    Linear {
        table: Vec<Px>,
        at_origin: f32,
        dx: f32,
        dy: f32,
    },
    /// A round or oval gradient.
    Radial {
        table: Vec<Px>,
        center: (f32, f32),
        /// One over the radius.
        per_px: (f32, f32),
    },
    /// A gradient that turns about a point.
    Conic {
        table: Vec<Px>,
        center: (f32, f32),
        /// Where it begins, in parts of a turn from straight up.
        start: f32,
    },
    /// A picture drawn into an area.
    Picture { pixels: &'a Pixels, dest: Area },
}

impl<'a> Brush<'a> {
    pub fn new(paint: &'a Paint, view: &View) -> Self {
        match paint {
            Paint::Solid(color) => Self::Solid(premultiplied(*color)),
            Paint::Linear { from, to, stops } => {
                let (x, y) = (view.length(from.x), view.length(from.y));
                let (w, h) = (view.length(to.x) - x, view.length(to.y) - y);
                linear(stops, (x, y), (w, h))
            }
            Paint::Radial {
                center,
                radius,
                stops,
            } => Self::Radial {
                table: table(stops),
                center: (view.length(center.x), view.length(center.y)),
                per_px: (
                    1.0 / view.length(radius.x).max(1e-3),
                    1.0 / view.length(radius.y).max(1e-3),
                ),
            },
            Paint::Conic {
                center,
                angle,
                stops,
            } => Self::Conic {
                table: table(stops),
                center: (view.length(center.x), view.length(center.y)),
                start: angle / 360.0,
            },
            Paint::Picture { pixels, rect } => Self::picture(pixels, &view.edges(rect)),
        }
    }

    /// A picture whose box is put on whole pixels.
    pub fn picture(pixels: &'a Pixels, edges: &Edges) -> Self {
        Self::Picture {
            pixels,
            dest: edges.rounded().area(),
        }
    }

    /// Every pixel it gives is opaque, wherever it is asked.
    pub fn is_opaque(&self) -> bool {
        let all = |stops: &[Stop]| stops.iter().all(|s| s.color.a == 255);
        match self {
            Self::Solid(px) => px[3] == 255,
            Self::Vertical { stops, .. } => all(stops),
            Self::Linear { table, .. } | Self::Radial { table, .. } | Self::Conic { table, .. } => {
                table.iter().all(|px| px[3] == 255)
            }
            Self::Picture { .. } => false,
        }
    }

    /// The colours of pixels `x0..x1` of any row.
    pub fn rows(&self, x0: i32, x1: i32) -> Rows<'_> {
        let mut rows = Rows {
            brush: self,
            x0,
            x1,
            buffer: Vec::new(),
            taps: Vec::new(),
        };
        let bytes = (x1 - x0).max(0) as usize * 4;
        match self {
            Self::Solid(_) | Self::Vertical { .. } => {}
            Self::Picture { pixels, dest } => {
                rows.buffer.resize(bytes, 0);
                if !fits(pixels, dest) {
                    rows.taps = taps(dest.x0, dest.x1, pixels.width, x0, x1);
                }
            }
            Self::Linear { .. } | Self::Radial { .. } | Self::Conic { .. } => {
                rows.buffer.resize(bytes, 0);
            }
        }
        rows
    }
}

fn linear<'a>(stops: &'a [Stop], from: (f32, f32), along: (f32, f32)) -> Brush<'a> {
    let square = along.0 * along.0 + along.1 * along.1;
    // CSS: a line of no length shows the last colour
    if square < 1e-6 {
        let last = stops.last().map_or(Color::CLEAR, |s| s.color);
        return Brush::Solid(premultiplied(last));
    }
    let (dx, dy) = (along.0 / square, along.1 / square);
    // a lean that moves no pixel of a frame by a hundredth of a step is none
    if dx.abs() * 4096.0 < 0.01 / 255.0 {
        return Brush::Vertical {
            stops,
            start: -from.1 * dy,
            per_px: dy,
        };
    }
    Brush::Linear {
        table: table(stops),
        at_origin: -from.0 * dx - from.1 * dy,
        dx,
        dy,
    }
}

/// The colour at a position, mixed in premultiplied sRGB.
fn color_at(stops: &[Stop], at: f32) -> Px {
    let floats = |c: Color| {
        let a = f32::from(c.a);
        let pre = |v: u8| f32::from(v) * a / 255.0;
        [pre(c.r), pre(c.g), pre(c.b), a]
    };
    let Some(next) = stops.iter().position(|s| s.at > at) else {
        return stops.last().map_or([0; 4], |s| premultiplied(s.color));
    };
    let Some(before) = next.checked_sub(1) else {
        return premultiplied(stops[0].color);
    };
    let (a, b) = (stops[before], stops[next]);
    let part = (at - a.at) / (b.at - a.at);
    let (from, to) = (floats(a.color), floats(b.color));
    std::array::from_fn(|i| (from[i] + (to[i] - from[i]) * part + 0.5) as u8)
}

fn table(stops: &[Stop]) -> Vec<Px> {
    (0..STEPS)
        .map(|i| color_at(stops, i as f32 / (STEPS - 1) as f32))
        .collect()
}

/// Rows of colours, with what they need to be made.
pub struct Rows<'b> {
    brush: &'b Brush<'b>,
    x0: i32,
    x1: i32,
    buffer: Vec<u8>,
    taps: Vec<Tap>,
}

impl Rows<'_> {
    /// The colours of row `y`.
    pub fn at(&mut self, y: i32) -> Ink<'_> {
        let solid = |px: Px| match px[3] {
            0 => Ink::Nothing,
            _ => Ink::Solid(px),
        };
        let middle = y as f32 + 0.5;
        match self.brush {
            Brush::Solid(px) => solid(*px),
            Brush::Vertical {
                stops,
                start,
                per_px,
            } => solid(color_at(stops, start + middle * per_px)),
            Brush::Linear {
                table,
                at_origin,
                dx,
                dy,
            } => {
                let start = at_origin + middle * dy + (self.x0 as f32 + 0.5) * dx;
                self.along(table, start, *dx)
            }
            Brush::Radial {
                table,
                center,
                per_px,
            } => {
                let v = (middle - center.1) * per_px.1;
                self.around(table, |x| {
                    let u = (x - center.0) * per_px.0;
                    (u * u + v * v).sqrt()
                })
            }
            Brush::Conic {
                table,
                center,
                start,
            } => {
                let down = middle - center.1;
                self.around(table, |x| {
                    let turn = libm::atan2f(x - center.0, -down) / std::f32::consts::TAU - start;
                    turn - turn.floor()
                })
            }
            Brush::Picture { pixels, dest } => self.picture(pixels, dest, y),
        }
    }

    /// Positions that grow evenly.
    fn along(&mut self, table: &[Px], start: f32, step: f32) -> Ink<'_> {
        let last = table.len() as i64 - 1;
        // 24 bits of fraction keep a row of a frame exact to a hundredth of a step
        let fixed = |v: f32| (f64::from(v) * (last << 24) as f64) as i64;
        let (mut at, step) = (fixed(start).saturating_add(1 << 23), fixed(step));
        for px in self.buffer.as_chunks_mut::<4>().0 {
            *px = table[(at >> 24).clamp(0, last) as usize];
            at = at.saturating_add(step);
        }
        Ink::Pixels(&self.buffer)
    }

    /// Positions that do not.
    fn around(&mut self, table: &[Px], at: impl Fn(f32) -> f32) -> Ink<'_> {
        let last = table.len() - 1;
        let row = self.buffer.as_chunks_mut::<4>().0.iter_mut();
        for (px, x) in row.zip(self.x0..self.x1) {
            let step = at(x as f32 + 0.5) * last as f32 + 0.5;
            *px = table[(step as usize).min(last)];
        }
        Ink::Pixels(&self.buffer)
    }

    fn picture<'s>(&'s mut self, pixels: &'s Pixels, dest: &Area, y: i32) -> Ink<'s> {
        let (a, b) = (self.x0.max(dest.x0), self.x1.min(dest.x1));
        if a >= b || y < dest.y0 || y >= dest.y1 || pixels.width == 0 || pixels.height == 0 {
            return Ink::Nothing;
        }
        if !fits(pixels, dest) {
            self.scaled(pixels, dest, y);
            return Ink::Pixels(&self.buffer);
        }
        let (width, last_row) = (pixels.width as i32, pixels.height as i32 - 1);
        let row = &pixels.rgba[(y - dest.y0).min(last_row) as usize * width as usize * 4..];
        let row = &row[..width as usize * 4];
        if (a, b) == (self.x0, self.x1) && b - dest.x0 <= width {
            let part = &row[(a - dest.x0) as usize * 4..(b - dest.x0) as usize * 4];
            return match pixels.opaque {
                true => Ink::Opaque(part),
                false => Ink::Pixels(part),
            };
        }
        let to = self.buffer.as_chunks_mut::<4>().0;
        let row = row.as_chunks::<4>().0;
        for x in a..b {
            to[(x - self.x0) as usize] = row[(x - dest.x0).min(width - 1) as usize];
        }
        Ink::Pixels(&self.buffer)
    }

    /// A row of a picture that is stretched.
    fn scaled(&mut self, pixels: &Pixels, dest: &Area, y: i32) {
        let down = taps(dest.y0, dest.y1, pixels.height, y, y + 1)[0];
        let row = |i: usize| {
            let width = pixels.width as usize * 4;
            pixels.rgba[i * width..(i + 1) * width].as_chunks::<4>().0
        };
        let (upper, lower) = (row(down.first), row(down.second));
        let to = self.buffer.as_chunks_mut::<4>().0.iter_mut();
        for ((to, across), x) in to.zip(&self.taps).zip(self.x0..) {
            if x < dest.x0 || x >= dest.x1 {
                *to = [0; 4];
                continue;
            }
            let (a, b) = (upper[across.first], upper[across.second]);
            let (c, d) = (lower[across.first], lower[across.second]);
            *to = between(a, b, c, d, across.part, down.part);
        }
    }
}

/// Bilinear mix of four pixels; the parts are of 256.
#[inline(always)]
fn between(a: Px, b: Px, c: Px, d: Px, x: u32, y: u32) -> Px {
    std::array::from_fn(|i| {
        let top = u32::from(a[i]) * (256 - x) + u32::from(b[i]) * x;
        let bottom = u32::from(c[i]) * (256 - x) + u32::from(d[i]) * x;
        ((top * (256 - y) + bottom * y + (1 << 15)) >> 16) as u8
    })
}

/// Drawn pixel by pixel. Where rounding made the box a pixel larger or smaller than the picture, its last row
/// is repeated or left out: resampling everything would make all of it soft.
fn fits(pixels: &Pixels, dest: &Area) -> bool {
    dest.width().abs_diff(pixels.width as usize) <= 1
        && dest.height().abs_diff(pixels.height as usize) <= 1
}

/// The two samples a pixel lies between, and how far it is to the second, of 256.
#[derive(Debug, Clone, Copy)]
pub struct Tap {
    pub first: usize,
    pub second: usize,
    pub part: u32,
}

/// Where pixels `from..to` of a stretch `start..end` fall among `count` samples.
pub fn taps(start: i32, end: i32, count: u32, from: i32, to: i32) -> Vec<Tap> {
    let last = count.saturating_sub(1) as usize;
    let scale = count as f32 / (end - start).max(1) as f32;
    (from..to)
        .map(|x| {
            let at = (((x - start) as f32 + 0.5) * scale - 0.5).max(0.0);
            let first = (at.floor() as usize).min(last);
            Tap {
                first,
                second: (first + 1).min(last),
                part: ((at - at.floor()) * 256.0 + 0.5) as u32,
            }
        })
        .collect()
}
