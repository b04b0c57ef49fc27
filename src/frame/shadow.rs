//! Drop shadows as CSS has them: a silhouette, grown, blurred, shifted, in one colour.
//!
//! In: a rounded box or a stencil, in device pixels. Out: the shadow, painted. The blur is a true Gaussian on a
//! grid that is the coarser the wider it is, and only on the rectangle that shows. Never: what casts it.

use imageproc::morphology::{self, Mask as Kernel};

use super::brush::premultiplied;
use super::canvas::{Canvas, Stencil, dense, fade};
use super::geometry::{Area, View, whole};
use super::shape::{RoundBox, RowCover};
use crate::scene::Shadow;

/// What casts a shadow.
pub enum Silhouette<'a> {
    Box(&'a RoundBox),
    Stencil(&'a Stencil),
}

/// A shadow in device pixels.
#[derive(Debug, Clone, Copy)]
struct Cast {
    dx: f32,
    dy: f32,
    sigma: f32,
    spread: f32,
}

impl Cast {
    fn new(shadow: &Shadow, view: &View) -> Self {
        Self {
            dx: view.length(shadow.dx),
            dy: view.length(shadow.dy),
            // wider than a frame there is nothing left to see
            sigma: (view.length(shadow.blur) / 2.0).clamp(0.0, 1000.0),
            spread: view.length(shadow.spread).clamp(-1000.0, 1000.0),
        }
    }

    /// How far it reaches past its silhouette, not counting the shift.
    fn reach(&self) -> i32 {
        whole((3.0 * self.sigma + self.spread.max(0.0)).ceil()) + 1
    }
}

/// Where the shadow of something falls.
pub fn fall(area: &Area, shadow: &Shadow, view: &View) -> Area {
    let cast = Cast::new(shadow, view);
    area.grown(cast.reach())
        .moved(whole(cast.dx.round()), whole(cast.dy.round()))
}

/// What has to be known to paint the part of the shadows that falls in `area`.
pub fn cause(area: &Area, shadows: &[Shadow], view: &View) -> Area {
    shadows.iter().fold(*area, |all, shadow| {
        let cast = Cast::new(shadow, view);
        let from = area.grown(cast.reach());
        all.with(&from.moved(-whole(cast.dx.round()), -whole(cast.dy.round())))
    })
}

/// Paints a shadow, except inside `hole`.
pub fn paint(
    canvas: &mut Canvas,
    clip: &Area,
    of: &Silhouette,
    shadow: &Shadow,
    view: &View,
    (hole, alpha): (Option<&RoundBox>, u8),
) {
    let cast = Cast::new(shadow, view);
    let area = match of {
        Silhouette::Box(shape) => shape.area(),
        Silhouette::Stencil(stencil) => stencil.area,
    };
    let target = fall(&area, shadow, view).and(clip).and(&canvas.area());
    if target.is_empty() || shadow.color.a == 0 {
        return;
    }
    let grid = blurred(of, &cast, &target);
    let px = premultiplied(shadow.color);
    let mut mask = vec![0; target.width()];
    let mut lines = Lines::new(&grid, &target);
    let (mut cover, mut inside) = (RowCover::default(), vec![0; target.width()]);
    for y in target.y0..target.y1 {
        lines.write(y, &mut mask);
        if let Some(hole) = hole
            && hole.row(y, &mut cover)
        {
            dense(&cover, target.x0, &mut inside);
            for (m, h) in mask.iter_mut().zip(&inside) {
                *m = super::blend::mul(*m, 255 - h);
            }
        }
        fade(&mut mask, alpha);
        canvas.mask_row(y, target.x0, &mask, super::brush::Ink::Solid(px));
    }
}

/// Coverage 0–255 of square cells, `step` pixels a side.
struct Grid {
    /// In cells; cell 0 begins at pixel 0.
    area: Area,
    step: i32,
    cells: Vec<f32>,
}

/// The shifted, grown and blurred silhouette, as far as `target` shows it.
fn blurred(of: &Silhouette, cast: &Cast, target: &Area) -> Grid {
    let mut step = 1;
    while cast.sigma / (step * 2) as f32 >= 2.0 {
        step *= 2;
    }
    // averaging into cells and drawing lines between them blur a little themselves
    let own = if step > 1 { 0.25 } else { 0.0 };
    let in_cells = cast.sigma / step as f32;
    let kernel = gaussian((in_cells * in_cells - own).max(0.0).sqrt());
    let radius = (kernel.len() / 2) as i32;
    let shown = Area::new(
        target.x0.div_euclid(step) - 1,
        target.y0.div_euclid(step) - 1,
        (target.x1 - 1).div_euclid(step) + 2,
        (target.y1 - 1).div_euclid(step) + 2,
    );
    let source = match of {
        Silhouette::Box(shape) => cells_of_box(shape, cast, shown.grown(radius), step),
        Silhouette::Stencil(stencil) => cells_of_stencil(stencil, cast, shown.grown(radius), step),
    };
    Grid {
        area: shown,
        step,
        cells: convolved(source, shown.grown(radius), &kernel),
    }
}

fn cells_of_box(shape: &RoundBox, cast: &Cast, area: Area, step: i32) -> Vec<f32> {
    let small = |v: f32| v / step as f32;
    let mut shape = shape.inset(-cast.spread);
    shape.edges = shape.edges.moved(cast.dx, cast.dy);
    let e = &mut shape.edges;
    for v in [&mut e.left, &mut e.top, &mut e.right, &mut e.bottom] {
        *v = small(*v);
    }
    shape.radius = shape.radius.map(small);
    let (mut cover, mut row) = (RowCover::default(), vec![0; area.width()]);
    let mut cells = vec![0.0; area.width() * area.height()];
    let rows = cells.chunks_exact_mut(area.width().max(1));
    for (to, y) in rows.zip(area.y0..) {
        if shape.row(y, &mut cover) {
            dense(&cover, area.x0, &mut row);
            for (to, v) in to.iter_mut().zip(&row) {
                *to = f32::from(*v);
            }
        }
    }
    cells
}

fn cells_of_stencil(stencil: &Stencil, cast: &Cast, area: Area, step: i32) -> Vec<f32> {
    let grown;
    let stencil = match whole(cast.spread.round()) {
        0 => stencil,
        by => {
            grown = spread(stencil, by);
            &grown
        }
    };
    let (dx, dy) = (whole(cast.dx.round()), whole(cast.dy.round()));
    let pixels = Area::new(
        area.x0 * step,
        area.y0 * step,
        area.x1 * step,
        area.y1 * step,
    );
    let from = pixels.and(&stencil.area.moved(dx, dy));
    let mut sums = vec![0u32; area.width() * area.height()];
    for y in from.y0..from.y1 {
        let start = (y.div_euclid(step) - area.y0) as usize * area.width();
        let row = stencil.row(y - dy, from.x0 - dx, from.x1 - dx);
        for (x, v) in (from.x0..from.x1).zip(row) {
            sums[start + (x.div_euclid(step) - area.x0) as usize] += u32::from(*v);
        }
    }
    let share = 1.0 / (step * step) as f32;
    sums.into_iter().map(|sum| sum as f32 * share).collect()
}

/// A stencil grown (or shrunk) by whole pixels, with round corners.
fn spread(stencil: &Stencil, by: i32) -> Stencil {
    let mut wide = Stencil::new(stencil.area.grown(by.max(0) + 1));
    wide.join(&stencil.area, &stencil.cover);
    let size = (wide.area.width() as u32, wide.area.height() as u32);
    let Some(image) = image::GrayImage::from_raw(size.0, size.1, std::mem::take(&mut wide.cover))
    else {
        return stencil.clone();
    };
    let kernel = Kernel::disk(by.unsigned_abs().min(255) as u8);
    wide.cover = match by > 0 {
        true => morphology::grayscale_dilate(&image, &kernel).into_raw(),
        false => morphology::grayscale_erode(&image, &kernel).into_raw(),
    };
    wide
}

/// Weights of a Gaussian out to three sigmas; they add up to 1.
fn gaussian(sigma: f32) -> Vec<f32> {
    if sigma < 0.2 {
        return vec![1.0];
    }
    let radius = (3.0 * sigma).ceil() as i32;
    let weight = |i: i32| libm::expf(-((i * i) as f32) / (2.0 * sigma * sigma));
    let all: f32 = (-radius..=radius).map(weight).sum();
    (-radius..=radius).map(|i| weight(i) / all).collect()
}

/// Convolves across and down; the result is smaller by the kernel's radius on every side.
fn convolved(cells: Vec<f32>, area: Area, kernel: &[f32]) -> Vec<f32> {
    if kernel.len() == 1 {
        return cells;
    }
    let (width, height) = (area.width(), area.height());
    let (out_width, out_height) = (width + 1 - kernel.len(), height + 1 - kernel.len());
    let mut across = vec![0.0f32; out_width * height];
    for (to, from) in across
        .chunks_exact_mut(out_width)
        .zip(cells.chunks_exact(width))
    {
        for (i, weight) in kernel.iter().enumerate() {
            for (to, from) in to.iter_mut().zip(&from[i..]) {
                *to += from * weight;
            }
        }
    }
    let mut out = vec![0.0f32; out_width * out_height];
    for (y, to) in out.chunks_exact_mut(out_width).enumerate() {
        for (i, weight) in kernel.iter().enumerate() {
            let from = &across[(y + i) * out_width..(y + i + 1) * out_width];
            for (to, from) in to.iter_mut().zip(from) {
                *to += from * weight;
            }
        }
    }
    out
}

/// Draws lines between cells to get pixels.
struct Lines<'g> {
    grid: &'g Grid,
    /// Where the target begins in `wide`.
    skip: usize,
    row: Vec<f32>,
    /// How far each pixel from one cell's centre to the next is on its way.
    parts: Vec<f32>,
    /// All pixels from the first cell's centre to the last one's.
    wide: Vec<u8>,
}

impl<'g> Lines<'g> {
    fn new(grid: &'g Grid, target: &Area) -> Self {
        let (step, width) = (grid.step, grid.area.width());
        let part = |i: i32| (2 * i + 1) as f32 / (2 * step) as f32;
        Self {
            grid,
            skip: (target.x0 - grid.area.x0 * step - step / 2) as usize,
            row: vec![0.0; width],
            parts: (0..step).map(part).collect(),
            wide: vec![0; (width - 1) * step as usize],
        }
    }

    /// Coverage of row `y` of the target.
    fn write(&mut self, y: i32, mask: &mut [u8]) {
        let (grid, width) = (self.grid, self.grid.area.width());
        let (cell, part) = at(y, grid.step);
        let start = (cell - grid.area.y0) as usize * width;
        let (upper, lower) = (
            &grid.cells[start..start + width],
            &grid.cells[start + width..start + 2 * width],
        );
        if grid.step == 1 {
            for (m, v) in mask.iter_mut().zip(&upper[self.skip..]) {
                *m = (v + 0.5) as u8;
            }
            return;
        }
        for ((to, a), b) in self.row.iter_mut().zip(upper).zip(lower) {
            *to = a + (b - a) * part;
        }
        let cells = self.wide.chunks_exact_mut(grid.step as usize);
        for (pixels, ends) in cells.zip(self.row.windows(2)) {
            let (a, slope) = (ends[0] + 0.5, ends[1] - ends[0]);
            for (to, part) in pixels.iter_mut().zip(&self.parts) {
                *to = (a + slope * part) as u8;
            }
        }
        mask.copy_from_slice(&self.wide[self.skip..self.skip + mask.len()]);
    }
}

/// The cell whose centre is at or before a pixel's, and how far the pixel is to the next.
fn at(pixel: i32, step: i32) -> (i32, f32) {
    let doubled = 2 * pixel + 1 - step;
    let cell = doubled.div_euclid(2 * step);
    let part = doubled.rem_euclid(2 * step) as f32 / (2 * step) as f32;
    (cell, part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::geometry::Edges;
    use crate::scene::Color;

    fn shadow(blur: f32, dx: f32) -> Shadow {
        Shadow {
            dx,
            dy: 0.0,
            blur,
            spread: 0.0,
            color: Color::BLACK,
        }
    }

    fn square() -> RoundBox {
        let edges = Edges {
            left: 150.0,
            top: 150.0,
            right: 250.0,
            bottom: 250.0,
        };
        RoundBox::new(edges, [0.0; 4])
    }

    fn painted(of: &Silhouette, shadow: &Shadow) -> Canvas {
        let area = Area::new(0, 0, 400, 400);
        let mut canvas = Canvas::clear(area);
        let view = View { scale: 1.0 };
        paint(&mut canvas, &area, of, shadow, &view, (None, 255));
        canvas
    }

    fn mass(canvas: &Canvas) -> f64 {
        let alphas = canvas.pixels().chunks(4).map(|p| f64::from(p[3]));
        alphas.sum::<f64>() / 255.0
    }

    #[test]
    fn blur_keeps_the_mass_of_the_silhouette() {
        for blur in [0.0, 2.0, 5.0, 11.0, 24.0, 60.0] {
            let mass = mass(&painted(&Silhouette::Box(&square()), &shadow(blur, 3.0)));
            assert!((mass - 10_000.0).abs() < 60.0, "{mass} at blur {blur}");
        }
    }

    #[test]
    fn a_box_and_its_stencil_cast_the_same_shadow() {
        let stencil = Stencil::of_box(&square(), Area::new(0, 0, 400, 400));
        for blur in [0.0, 5.0, 11.0, 40.0] {
            let a = painted(&Silhouette::Box(&square()), &shadow(blur, 7.0));
            let b = painted(&Silhouette::Stencil(&stencil), &shadow(blur, 7.0));
            let most = a.pixels().iter().zip(b.pixels());
            let most = most.map(|(a, b)| a.abs_diff(*b)).max();
            assert!(most <= Some(1), "{most:?} at blur {blur}");
        }
    }

    #[test]
    fn the_edge_is_a_gaussian_of_half_the_blur_radius() {
        for blur in [6.0f64, 20.0, 33.0, 50.0] {
            let canvas = painted(&Silhouette::Box(&square()), &shadow(blur as f32, 0.0));
            // how much of a Gaussian about a point falls between 150 and 250
            let caught = |at: f64| {
                let phi = |z: f64| 0.5 * libm::erf(z / (blur / 2.0) / std::f64::consts::SQRT_2);
                phi(250.0 - at) - phi(150.0 - at)
            };
            for x in 100..200 {
                let exact = 255.0 * caught(f64::from(x) + 0.5) * caught(200.5);
                let got = f64::from(canvas.px(x, 200)[3]);
                assert!(
                    (got - exact).abs() < 2.0,
                    "{got} for {exact} at {x}, {blur}"
                );
            }
        }
    }
}
