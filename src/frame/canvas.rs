//! A buffer of pixels at a place, and the one way colours get into it.
//!
//! In: an area, boxes and stencils to fill, a [`Brush`]. Out: premultiplied RGBA8 rows. Never: deciding what is
//! painted.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use super::blend::{self, Px, mul};
use super::brush::{Brush, Ink};
use super::geometry::Area;
use super::shape::{RoundBox, RowCover};

/// Buffers that were used before. Fresh pages cost more than the painting of a frame.
static POOL: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The pool keeps no more bytes than two frames of a Story have for each core, and at most eight.
static POOL_BYTES: LazyLock<usize> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    (2 * cores).clamp(4, 8) * 1080 * 1920 * 4
});

/// How many buffers were asked for.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Lets go of all buffers where none was asked for since `asked` were; how many were asked for until now.
pub fn rest(asked: u64) -> u64 {
    let now = ASKED.load(Ordering::Relaxed);
    if now == asked {
        POOL.lock().unwrap_or_else(|e| e.into_inner()).clear();
    }
    now
}

/// A buffer of `len` bytes with anything in it.
pub fn take_buffer(len: usize) -> Vec<u8> {
    ASKED.fetch_add(1, Ordering::Relaxed);
    let mut buffer = {
        let mut pool = POOL.lock().unwrap_or_else(|e| e.into_inner());
        let fits = |b: &Vec<u8>| b.capacity() >= len && b.capacity() / 4 <= len;
        let found = pool.iter().rposition(fits);
        found.map(|at| pool.swap_remove(at)).unwrap_or_default()
    };
    buffer.resize(len, 0);
    buffer
}

/// Gives a buffer back for the next one.
pub fn return_buffer(buffer: Vec<u8>) {
    const LEAST: usize = 1 << 16;
    if buffer.capacity() < LEAST {
        return;
    }
    let mut pool = POOL.lock().unwrap_or_else(|e| e.into_inner());
    pool.push(buffer);
    let mut kept: usize = pool.iter().map(Vec::capacity).sum();
    while kept > *POOL_BYTES {
        kept -= pool.remove(0).capacity();
    }
}

/// Pixels of an area.
pub struct Canvas {
    area: Area,
    rgba: Vec<u8>,
}

impl Drop for Canvas {
    fn drop(&mut self) {
        return_buffer(std::mem::take(&mut self.rgba));
    }
}

/// Coverage of an area, a byte a pixel.
#[derive(Debug, Clone, Default)]
pub struct Stencil {
    pub area: Area,
    pub cover: Vec<u8>,
}

impl Stencil {
    pub fn new(area: Area) -> Self {
        Self {
            area,
            cover: vec![0; area.width() * area.height()],
        }
    }

    /// Coverage of row `y` from `x0` to `x1`, which lie inside.
    pub fn row(&self, y: i32, x0: i32, x1: i32) -> &[u8] {
        let start = (y - self.area.y0) as usize * self.area.width();
        let at = |x: i32| start + (x - self.area.x0) as usize;
        &self.cover[at(x0)..at(x1)]
    }

    /// The same to write to.
    pub fn row_mut(&mut self, y: i32, x0: i32, x1: i32) -> &mut [u8] {
        let start = (y - self.area.y0) as usize * self.area.width();
        let at = |x: i32| start + (x - self.area.x0) as usize;
        &mut self.cover[at(x0)..at(x1)]
    }

    /// Adds another's coverage as one glyph painted over another adds it: letters that join, as in Arabic and
    /// Devanagari, show no seam, and none of them twice where the colour is translucent.
    pub fn join(&mut self, other: &Area, cover: &[u8]) {
        let both = self.area.and(other);
        for y in both.y0..both.y1 {
            let start = (y - other.y0) as usize * other.width() + (both.x0 - other.x0) as usize;
            let from = &cover[start..start + both.width()];
            for (to, from) in self.row_mut(y, both.x0, both.x1).iter_mut().zip(from) {
                *to += blend::mul(255 - *to, *from);
            }
        }
    }

    /// Takes away what `other` covers.
    pub fn cut(&mut self, other: &Self) {
        let both = self.area.and(&other.area);
        for y in both.y0..both.y1 {
            let away = other.row(y, both.x0, both.x1);
            let own = self.row_mut(y, both.x0, both.x1);
            for (own, away) in own.iter_mut().zip(away) {
                *own = mul(*own, 255 - away);
            }
        }
    }

    /// What a box covers of an area.
    pub fn of_box(shape: &RoundBox, area: Area) -> Self {
        let mut stencil = Self::new(area.and(&shape.area()));
        let (area, mut cover) = (stencil.area, RowCover::default());
        for y in area.y0..area.y1 {
            if shape.row(y, &mut cover) {
                dense(&cover, area.x0, stencil.row_mut(y, area.x0, area.x1));
            }
        }
        stencil
    }
}

/// Writes a row's coverage into `out`, whose first pixel is `x0`.
pub fn dense(cover: &RowCover, x0: i32, out: &mut [u8]) {
    out.fill(0);
    let end = x0 + out.len() as i32;
    let mut put = |from: i32, values: &[u8]| {
        let (a, b) = (from.max(x0), (from + values.len() as i32).min(end));
        if a < b {
            out[(a - x0) as usize..(b - x0) as usize]
                .copy_from_slice(&values[(a - from) as usize..(b - from) as usize]);
        }
    };
    put(cover.start, &cover.left);
    put(cover.middle.1, &cover.right);
    let (a, b) = (cover.middle.0.max(x0), cover.middle.1.min(end));
    if a < b {
        out[(a - x0) as usize..(b - x0) as usize].fill(cover.value);
    }
}

impl Canvas {
    /// A transparent canvas.
    pub fn clear(area: Area) -> Self {
        let mut canvas = Self::dirty(area);
        canvas.rgba.fill(0);
        canvas
    }

    /// A canvas with anything on it; every pixel has to be painted over.
    pub fn dirty(area: Area) -> Self {
        Self {
            area,
            rgba: take_buffer(area.width() * area.height() * 4),
        }
    }

    /// Takes over pixels that exist; there are as many as the area has.
    pub fn from_pixels(area: Area, mut rgba: Vec<u8>) -> Self {
        rgba.resize(area.width() * area.height() * 4, 0);
        Self { area, rgba }
    }

    /// A part of it as a canvas of its own; what lies outside is clear.
    pub fn copy(&self, area: Area) -> Self {
        let mut copy = Self::clear(area);
        let both = area.and(&self.area);
        for y in both.y0..both.y1 {
            let from = self.row(y, both.x0, both.x1);
            copy.row_mut(y, both.x0, both.x1).copy_from_slice(from);
        }
        copy
    }

    pub fn into_pixels(mut self) -> Vec<u8> {
        std::mem::take(&mut self.rgba)
    }

    pub fn area(&self) -> Area {
        self.area
    }

    pub fn pixels(&self) -> &[u8] {
        &self.rgba
    }

    /// The least area outside which everything is transparent.
    pub fn ink(&self) -> Area {
        let area = self.area;
        let row = |y: i32| self.row(y, area.x0, area.x1).as_chunks::<4>().0;
        let blank = |y: &i32| row(*y).iter().all(|px| px[3] == 0);
        let Some(y0) = (area.y0..area.y1).find(|y| !blank(y)) else {
            return Area::EMPTY;
        };
        let y1 = (y0..area.y1).rev().find(|y| !blank(y)).unwrap_or(y0) + 1;
        let (mut left, mut right) = (area.width(), 0);
        for y in y0..y1 {
            let row = row(y);
            // only what may widen the area is looked at
            if let Some(at) = row[..left].iter().position(|px| px[3] != 0) {
                left = at;
            }
            if let Some(at) = row[right..].iter().rposition(|px| px[3] != 0) {
                right += at + 1;
            }
        }
        Area::new(area.x0 + left as i32, y0, area.x0 + right as i32, y1)
    }

    fn range(&self, y: i32, x0: i32, x1: i32) -> std::ops::Range<usize> {
        let start = (y - self.area.y0) as usize * self.area.width();
        let at = |x: i32| (start + (x - self.area.x0) as usize) * 4;
        at(x0)..at(x1)
    }

    /// Pixels of row `y` from `x0` to `x1`, which lie inside.
    pub fn row(&self, y: i32, x0: i32, x1: i32) -> &[u8] {
        &self.rgba[self.range(y, x0, x1)]
    }

    /// The same to write to.
    pub fn row_mut(&mut self, y: i32, x0: i32, x1: i32) -> &mut [u8] {
        let range = self.range(y, x0, x1);
        &mut self.rgba[range]
    }

    /// One pixel; nothing outside.
    pub fn px(&self, x: i32, y: i32) -> Px {
        if x < self.area.x0 || x >= self.area.x1 || y < self.area.y0 || y >= self.area.y1 {
            return [0; 4];
        }
        let row = self.row(y, x, x + 1);
        [row[0], row[1], row[2], row[3]]
    }

    /// Fills a box.
    pub fn fill_box(&mut self, clip: &Area, shape: &RoundBox, brush: &Brush, alpha: u8) {
        let area = clip.and(&self.area).and(&shape.area());
        if area.is_empty() || shape.is_empty() || alpha == 0 {
            return;
        }
        let (mut rows, mut cover) = (brush.rows(area.x0, area.x1), RowCover::default());
        for y in area.y0..area.y1 {
            let ink = rows.at(y);
            if matches!(ink, Ink::Nothing) || !shape.row(y, &mut cover) {
                continue;
            }
            let value = blend::mul(cover.value, alpha);
            let (a, b) = (cover.middle.0.max(area.x0), cover.middle.1.min(area.x1));
            if a < b {
                let ink = ink.part((a - area.x0) as usize, (b - a) as usize);
                even(self.row_mut(y, a, b), ink, value);
            }
            for (from, values) in [
                (cover.start, &mut cover.left),
                (cover.middle.1, &mut cover.right),
            ] {
                let (a, b) = (from.max(area.x0), (from + values.len() as i32).min(area.x1));
                if a >= b {
                    continue;
                }
                let values = &mut values[(a - from) as usize..(b - from) as usize];
                fade(values, alpha);
                let ink = ink.part((a - area.x0) as usize, (b - a) as usize);
                masked(self.row_mut(y, a, b), ink, values);
            }
        }
    }

    /// Fills what lies between two boxes, the inner one inside the outer.
    pub fn fill_ring(
        &mut self,
        clip: &Area,
        outer: &RoundBox,
        inner: &RoundBox,
        brush: &Brush,
        alpha: u8,
    ) {
        let area = clip.and(&self.area).and(&outer.area());
        if area.is_empty() {
            return;
        }
        let mut rows = brush.rows(area.x0, area.x1);
        let (mut out_cover, mut in_cover) = (RowCover::default(), RowCover::default());
        let mut mask = vec![0; area.width()];
        let mut hole = vec![0; area.width()];
        for y in area.y0..area.y1 {
            let ink = rows.at(y);
            if matches!(ink, Ink::Nothing) || !outer.row(y, &mut out_cover) {
                continue;
            }
            dense(&out_cover, area.x0, &mut mask);
            if inner.row(y, &mut in_cover) {
                dense(&in_cover, area.x0, &mut hole);
                for (m, h) in mask.iter_mut().zip(&hole) {
                    *m = m.saturating_sub(*h);
                }
            }
            fade(&mut mask, alpha);
            masked(self.row_mut(y, area.x0, area.x1), ink, &mask);
        }
    }

    /// Fills a stencil.
    pub fn fill_stencil(&mut self, clip: &Area, stencil: &Stencil, brush: &Brush, alpha: u8) {
        let area = clip.and(&self.area).and(&stencil.area);
        if area.is_empty() || alpha == 0 {
            return;
        }
        let mut rows = brush.rows(area.x0, area.x1);
        let mut faded = vec![0; if alpha == 255 { 0 } else { area.width() }];
        for y in area.y0..area.y1 {
            let mut mask = stencil.row(y, area.x0, area.x1);
            if alpha != 255 {
                faded.copy_from_slice(mask);
                fade(&mut faded, alpha);
                mask = &faded;
            }
            let ink = rows.at(y);
            masked(self.row_mut(y, area.x0, area.x1), ink, mask);
        }
    }

    /// Paints one row through a mask, whose first pixel is `x0`; both lie inside.
    pub fn mask_row(&mut self, y: i32, x0: i32, mask: &[u8], ink: Ink) {
        masked(self.row_mut(y, x0, x0 + mask.len() as i32), ink, mask);
    }
}

/// Lessens coverage.
pub fn fade(cover: &mut [u8], by: u8) {
    if by != 255 {
        for v in cover {
            *v = blend::mul(*v, by);
        }
    }
}

fn even(dst: &mut [u8], ink: Ink, value: u8) {
    match ink {
        Ink::Nothing => {}
        Ink::Solid(px) => blend::solid(dst, blend::faded(px, value)),
        Ink::Opaque(src) if value == 255 => dst.copy_from_slice(src),
        Ink::Opaque(src) | Ink::Pixels(src) => blend::pixels_faded(dst, src, value),
    }
}

fn masked(dst: &mut [u8], ink: Ink, mask: &[u8]) {
    match ink {
        Ink::Nothing => {}
        Ink::Solid(px) => blend::solid_masked(dst, px, mask),
        Ink::Opaque(src) | Ink::Pixels(src) => blend::pixels_masked(dst, src, mask),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_let_go_only_where_none_was_asked_for() {
        let asked = rest(u64::MAX);
        return_buffer(take_buffer(1 << 20));
        assert!(rest(asked) > asked);
    }
}
