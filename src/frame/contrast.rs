//! How well text and codes stand out from what is painted beneath them.
//!
//! In: the stencils of a text or a code, and the canvas just before they are painted. Out: the WCAG 2.2 contrast ratio that
//! nine tenths of its ink reach. Never: deciding whether that is enough.

use std::sync::LazyLock;

use super::blend::{Px, faded, over_px};
use super::brush::{Brush, Ink};
use super::canvas::Stencil;
use super::layer::Layer;
use super::text::{Inked, Part};
use crate::diag::Place;
use crate::scene::Paint;

/// What has a contrast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Legible {
    /// Words.
    Text {
        /// Font size, canvas units.
        size: f32,
        /// Weight 600 or more.
        bold: bool,
    },
    /// A QR code.
    Code {
        /// What should be its dark modules is the lighter part.
        is_inverted: bool,
    },
}

/// The contrast of one text or code.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// Which node: indices from `Scene::nodes` down through the groups.
    pub path: Vec<usize>,
    /// The layer's id, when it has one.
    pub id: Option<String>,
    /// Where the layer is in its template.
    pub place: Place,
    /// WCAG ratio, 1–21, of the text's least visible paint against what is beneath it: a tenth of its ink has
    /// less. A stroke, highlight or shadow counts as what is beneath.
    pub ratio: f32,
    /// What it is the contrast of.
    pub of: Legible,
}

/// Ink pixels looked at in each run; more say nothing new.
const SAMPLES: usize = 20_000;

/// Ink this strong counts as the text's own colour.
const SOLID: u8 = 160;

/// A run with less ink than this part of its text is punctuation, not a word to read.
const LEAST_SHARE: usize = 100;

/// Relative luminance of an sRGB channel, WCAG 2.2 (read 2026-11).
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let v = i as f32 / 255.0;
        match v <= 0.04045 {
            true => v / 12.92,
            false => libm::powf((v + 0.055) / 1.055, 2.4),
        }
    })
});

fn luminance(px: Px, linear: &[f32; 256]) -> f32 {
    let [r, g, b] = [px[0], px[1], px[2]].map(|v| linear[usize::from(v)]);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn ratio(a: f32, b: f32) -> f32 {
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Ratios of ink pixels, counted in bins of a twentieth.
struct Histogram {
    bins: Vec<(u32, f32)>,
    count: usize,
    /// How many of them are lighter than what is beneath.
    lighter: usize,
}

impl Histogram {
    fn new() -> Self {
        Self {
            bins: vec![(0, 0.0); 401],
            count: 0,
            lighter: 0,
        }
    }

    fn add(&mut self, ratio: f32) {
        let bin = &mut self.bins[(((ratio - 1.0) * 20.0) as usize).min(400)];
        bin.0 += 1;
        bin.1 += ratio;
        self.count += 1;
    }

    /// The ratio that a tenth of the ink stays below.
    fn low(&self) -> Option<f32> {
        let mut left = self.count / 10;
        for (count, sum) in &self.bins {
            if *count as usize > left {
                return Some(sum / *count as f32);
            }
            left -= *count as usize;
        }
        None
    }
}

/// The ratio of a text that is about to be painted at `alpha`; none if it has no ink.
pub(super) fn measure(layer: &Layer, inked: &Inked, alpha: u8) -> Option<f32> {
    // letters of nothing but their stroke are read by it
    let hollow = |part: &&Part| matches!(&part.run.paint, Paint::Solid(c) if c.a == 0);
    let measured: Vec<(usize, f32)> = inked
        .parts
        .iter()
        .filter(|part| inked.stroke.is_none() || !hollow(part))
        .filter_map(|part| {
            let brush = Brush::new(&part.run.paint, &layer.view);
            let histogram = count(layer, &part.stencil, &brush, alpha);
            Some((histogram.count, histogram.low()?))
        })
        .collect();
    let all: usize = measured.iter().map(|(count, _)| count).sum();
    let counts = measured.iter().filter(|(n, _)| n * LEAST_SHARE >= all);
    counts.map(|(_, ratio)| *ratio).reduce(f32::min)
}

/// The same of the modules of a code; none where none of them shows.
pub(super) fn of_code(
    layer: &Layer,
    modules: &Stencil,
    brush: &Brush,
    alpha: u8,
) -> Option<(Legible, f32)> {
    let histogram = count(layer, modules, brush, alpha);
    let is_inverted = histogram.lighter * 2 > histogram.count;
    Some((Legible::Code { is_inverted }, histogram.low()?))
}

fn count(layer: &Layer, stencil: &Stencil, brush: &Brush, alpha: u8) -> Histogram {
    let area = stencil.area.and(&layer.clip).and(&layer.canvas.area());
    let linear = &*LINEAR;
    let mut histogram = Histogram::new();
    let (mut rows, mut step) = (brush.rows(area.x0, area.x1), 1);
    // about a third of a text's box is ink
    while area.width() * area.height() / (3 * step * step) > SAMPLES {
        step += 1;
    }
    // most letters are of one colour
    let mut last = ([0; 4], luminance([0; 4], linear));
    for y in (area.y0..area.y1).step_by(step) {
        let ink = rows.at(y);
        let even = match ink {
            Ink::Solid(px) => Some(faded(px, alpha)),
            _ => None,
        };
        let cover = stencil.row(y, area.x0, area.x1).iter();
        let canvas = layer.canvas.row(y, area.x0, area.x1).as_chunks::<4>().0;
        for (i, (cover, below)) in cover.zip(canvas).enumerate().step_by(step) {
            if *cover < SOLID {
                continue;
            }
            let px = even.unwrap_or_else(|| faded(color(ink, i), alpha));
            let over = match px[3] {
                255 => px,
                _ => over_px(px, *below),
            };
            let (below, text) = layer.seen(area.x0 + i as i32, y, *below, over);
            if text != last.0 {
                last = (text, luminance(text, linear));
            }
            let (below, text) = (luminance(below, linear), last.1);
            histogram.lighter += usize::from(text > below);
            histogram.add(ratio(below, text));
        }
    }
    histogram
}

fn color(ink: Ink, i: usize) -> Px {
    match ink {
        Ink::Nothing => [0; 4],
        Ink::Solid(px) => px,
        Ink::Pixels(row) | Ink::Opaque(row) => {
            let px = &row[i * 4..i * 4 + 4];
            [px[0], px[1], px[2], px[3]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_wcag() {
        let l = |r, g, b| luminance([r, g, b, 255], &LINEAR);
        let close = |got: f32, exact: f32| assert!((got - exact).abs() < 0.01, "{got} {exact}");
        close(ratio(l(0, 0, 0), l(255, 255, 255)), 21.0);
        // #767676 on white, the well-known least grey for small text
        close(ratio(l(0x76, 0x76, 0x76), l(255, 255, 255)), 4.54);
        close(ratio(l(255, 0, 0), l(255, 255, 255)), 4.0);
    }

    #[test]
    fn the_low_ratio_leaves_a_tenth_below_it() {
        let mut histogram = Histogram::new();
        for i in 0..100 {
            histogram.add(if i < 5 { 1.2 } else { 7.0 });
        }
        assert_eq!(histogram.low(), Some(7.0));
        for _ in 0..10 {
            histogram.add(1.2);
        }
        assert!(histogram.low().is_some_and(|low| (low - 1.2).abs() < 1e-3));
    }
}
