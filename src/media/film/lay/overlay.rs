//! A painted picture that is laid on many frames.
//!
//! In: premultiplied RGBA, once. Out: the same picture as YUV runs, laid on a frame in a millisecond or two.
//! Never: work for what is transparent.

use ffmpeg_next::frame::Video;

use super::rgb::{BITS, CHROMA, LUMA, weigh};
use super::{columns, part};

/// Shorter than this is not worth a run of its own, in samples.
const SHORT: usize = 16;

/// A painted picture turned into premultiplied BT.709 with coverage, as runs.
pub(in super::super) struct Overlay {
    planes: [Plane; 3],
    opaque: bool,
}

/// One of a frame's three planes.
#[derive(Default)]
struct Plane {
    runs: Vec<Run>,
    /// Samples of the opaque runs, one after the other.
    solid: Vec<u8>,
    /// 255 times what the mixed runs add, and 128 for the rounding.
    paint: Vec<u16>,
    /// How much of the frame they leave, of 255.
    keep: Vec<u8>,
}

/// A stretch of a row.
struct Run {
    row: usize,
    from: usize,
    len: usize,
    opaque: bool,
}

/// A sample on its way into a run.
#[derive(Clone, Copy)]
struct Sample {
    /// 255 times its premultiplied value.
    paint: u16,
    /// Its coverage.
    alpha: u8,
}

impl Overlay {
    /// Reads `rgba` (RGBA8, premultiplied, `width * height * 4` bytes). `None` when nothing of it shows.
    pub fn new(width: u32, height: u32, rgba: &[u8]) -> Option<Self> {
        let (width, height) = (width as usize, height as usize);
        let rgba = rgba.get(..width * height * 4)?;
        if rgba.chunks_exact(4).all(|pixel| pixel[3] == 0) {
            return None;
        }
        let row = |y: usize| &rgba[y.min(height - 1) * width * 4..][..width * 4];
        let mut planes = [const { Plane::new() }; 3];
        let mut samples = Vec::with_capacity(width);
        for y in 0..height {
            samples.clear();
            samples.extend(row(y).chunks_exact(4).map(luma));
            planes[0].push(y, &samples);
        }
        for y in 0..height.div_ceil(2) {
            let (upper, lower) = (row(2 * y), row(2 * y + 1));
            for (plane, weights) in planes[1..].iter_mut().zip(CHROMA) {
                samples.clear();
                samples.extend((0..width.div_ceil(2)).map(|x| chroma(upper, lower, x, weights)));
                plane.push(y, &samples);
            }
        }
        Some(Self {
            planes,
            opaque: rgba.chunks_exact(4).all(|pixel| pixel[3] == 255),
        })
    }

    /// Lays it on a yuv420p frame of its size.
    pub fn lay(&self, onto: &mut Video) {
        for (index, plane) in self.planes.iter().enumerate().take(onto.planes()) {
            let stride = onto.stride(index);
            plane.lay(onto.data_mut(index), stride);
        }
    }

    /// Nothing of what lies beneath shows.
    pub fn is_opaque(&self) -> bool {
        self.opaque
    }
}

/// A pixel's colours, never above its coverage, and the coverage.
fn pixel(rgba: &[u8]) -> ([i32; 3], i32) {
    let alpha = rgba[3];
    let shown = |colour: u8| i32::from(colour.min(alpha));
    (
        [shown(rgba[0]), shown(rgba[1]), shown(rgba[2])],
        i32::from(alpha),
    )
}

fn luma(rgba: &[u8]) -> Sample {
    let (rgb, alpha) = pixel(rgba);
    let paint = (weigh(LUMA, rgb) * 255 + (1 << (BITS - 1))) >> BITS;
    Sample {
        paint: (paint + 16 * alpha) as u16,
        alpha: alpha as u8,
    }
}

fn chroma(upper: &[u8], lower: &[u8], at: usize, weights: [i32; 3]) -> Sample {
    let [left, own, right] = columns(at, upper.len() / 4);
    let (mut rgb, mut alpha) = ([0; 3], 0);
    let mut add = |row: &[u8], x: usize, parts: i32| {
        let ([r, g, b], cover) = pixel(&row[4 * x..][..4]);
        rgb[0] += parts * r;
        rgb[1] += parts * g;
        rgb[2] += parts * b;
        alpha += parts * cover;
    };
    for row in &[upper, lower] {
        add(row, left, 1);
        add(row, own, 2);
        add(row, right, 1);
    }
    let alpha = (alpha + 4) >> 3;
    // 128 goes with the coverage as it is kept, so that grey on grey leaves no tint
    let paint = (i64::from(weigh(weights, rgb)) * 255 + (1 << (BITS + 2))) >> (BITS + 3);
    let paint = (paint as i32 + 128 * alpha).clamp(0, 255 * alpha);
    Sample {
        paint: paint as u16,
        alpha: alpha as u8,
    }
}

impl Plane {
    const fn new() -> Self {
        Self {
            runs: Vec::new(),
            solid: Vec::new(),
            paint: Vec::new(),
            keep: Vec::new(),
        }
    }

    /// Cuts a row into runs.
    fn push(&mut self, row: usize, samples: &[Sample]) {
        let mut mixed = 0..0;
        let mut at = 0;
        for stretch in samples.chunk_by(|a, b| kind(a) == kind(b)) {
            let (from, kind) = (at, kind(&stretch[0]));
            at += stretch.len();
            let edge = from == 0 || at == samples.len();
            // short gaps and islands are mixed too, which does to them what their own run would have done; at a
            // row's end a gap costs nothing
            if kind == Kind::Mixed || (stretch.len() < SHORT && !(edge && kind == Kind::Clear)) {
                if mixed.is_empty() {
                    mixed = from..from;
                }
                mixed.end = at;
                continue;
            }
            self.mix(row, std::mem::take(&mut mixed), samples);
            if kind == Kind::Solid {
                self.runs.push(Run {
                    row,
                    from,
                    len: stretch.len(),
                    opaque: true,
                });
                self.solid
                    .extend(stretch.iter().map(|s| part(s.paint + 128)));
            }
        }
        self.mix(row, mixed, samples);
    }

    /// Adds a mixed run, without the clear samples at its ends.
    fn mix(&mut self, row: usize, mut run: std::ops::Range<usize>, samples: &[Sample]) {
        while !run.is_empty() && samples[run.start].alpha == 0 {
            run.start += 1;
        }
        while !run.is_empty() && samples[run.end - 1].alpha == 0 {
            run.end -= 1;
        }
        if run.is_empty() {
            return;
        }
        self.runs.push(Run {
            row,
            from: run.start,
            len: run.len(),
            opaque: false,
        });
        let samples = &samples[run];
        self.paint.extend(samples.iter().map(|s| s.paint + 128));
        self.keep.extend(samples.iter().map(|s| 255 - s.alpha));
    }

    fn lay(&self, onto: &mut [u8], stride: usize) {
        let (mut solid, mut paint, mut keep) = (&self.solid[..], &self.paint[..], &self.keep[..]);
        for run in &self.runs {
            let from = run.row * stride + run.from;
            // nothing is past the end in a frame of the right size
            let Some(onto) = onto.get_mut(from..from + run.len) else {
                return;
            };
            if run.opaque {
                let (samples, rest) = solid.split_at(run.len);
                onto.copy_from_slice(samples);
                solid = rest;
            } else {
                let ((add, more), (leave, rest)) =
                    (paint.split_at(run.len), keep.split_at(run.len));
                mix(onto, add, leave);
                (paint, keep) = (more, rest);
            }
        }
    }
}

/// What is done with a stretch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Clear,
    Mixed,
    Solid,
}

fn kind(sample: &Sample) -> Kind {
    match sample.alpha {
        0 => Kind::Clear,
        255 => Kind::Solid,
        _ => Kind::Mixed,
    }
}

/// `onto` seen through `keep`, with `paint` added. The sum stays in 16 bits: paint is never above 255 times the
/// coverage that `keep` lacks.
fn mix(onto: &mut [u8], paint: &[u16], keep: &[u8]) {
    for ((onto, &paint), &keep) in onto.iter_mut().zip(paint).zip(keep) {
        *onto = part(paint + u16::from(*onto) * u16::from(keep));
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_next::format::Pixel;

    use super::super::tests::{Noise, noise};
    use super::*;

    /// Premultiplied pixels with stretches of nothing, of everything, and of both mixed.
    fn painted(width: u32, height: u32, noise: &mut Noise) -> Vec<u8> {
        let mut rgba = Vec::new();
        let (mut left, mut kind) = (0, 0);
        for _ in 0..width * height {
            if left == 0 {
                (left, kind) = (noise.below(50), noise.below(3));
            }
            left = left.saturating_sub(1);
            let alpha = match kind {
                0 => 0,
                1 => 255,
                _ => noise.below(256),
            };
            rgba.extend([0; 3].map(|_: u8| noise.below(alpha + 1) as u8));
            rgba.push(alpha as u8);
        }
        rgba
    }

    /// What a frame's sample should be, from the definition and in floating point.
    fn exact(
        rgba: &[u8],
        width: u32,
        height: u32,
        plane: usize,
        (x, y): (u32, u32),
        under: u8,
    ) -> f64 {
        let at = |x: i64, y: i64| {
            let (x, y) = (
                x.clamp(0, i64::from(width) - 1),
                y.clamp(0, i64::from(height) - 1),
            );
            let pixel = &rgba[((y * i64::from(width) + x) * 4) as usize..][..4];
            [0, 1, 2, 3].map(|c| f64::from(pixel[c]) / 255.0)
        };
        let mut mean = [0.0; 4];
        let (x, y) = (i64::from(x), i64::from(y));
        let parts: &[(i64, i64, f64)] = match plane {
            0 => &[(x, y, 1.0)],
            _ => &[-1i64, 0, 1]
                .map(|d| [0, 1].map(|e| (2 * x + d, 2 * y + e, [0.125, 0.25][(d == 0) as usize])))
                .concat(),
        };
        for &(x, y, part) in parts {
            let pixel = at(x, y);
            mean = [0, 1, 2, 3].map(|c| mean[c] + part * pixel[c]);
        }
        let [r, g, b, a] = mean;
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let value = match plane {
            0 => 16.0 * a + 219.0 * luma,
            1 => 128.0 * a + 224.0 * (b - luma) / 1.8556,
            _ => 128.0 * a + 224.0 * (r - luma) / 1.5748,
        };
        value + f64::from(under) * (1.0 - a)
    }

    #[test]
    fn every_sample_is_within_one_level_of_the_exact_one() {
        let mut seed = Noise(7);
        for (width, height) in [(90, 34), (33, 7), (1, 1), (2, 3), (5, 2), (257, 3)] {
            let rgba = painted(width, height, &mut seed);
            let under = noise(width, height, &mut seed);
            let mut onto = under.clone();
            let Some(overlay) = Overlay::new(width, height, &rgba) else {
                continue;
            };
            overlay.lay(&mut onto);
            for plane in 0..3 {
                for y in 0..onto.plane_height(plane) {
                    for x in 0..onto.plane_width(plane) {
                        let at = y as usize * onto.stride(plane) + x as usize;
                        let (under, got) = (under.data(plane)[at], onto.data(plane)[at]);
                        let exact = exact(&rgba, width, height, plane, (x, y), under);
                        let off = (f64::from(got) - exact).abs();
                        assert!(off <= 1.0, "plane {plane} at {x},{y}: {got} for {exact}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_transparent_touches_nothing() {
        assert!(Overlay::new(4, 4, &[0; 64]).is_none());
        let mut rgba = vec![0; 64 * 64 * 4];
        // one pixel in the middle
        rgba[(32 * 64 + 32) * 4..][..4].copy_from_slice(&[90, 80, 70, 200]);
        let under = noise(64, 64, &mut Noise(3));
        let mut onto = under.clone();
        Overlay::new(64, 64, &rgba).expect("a pixel").lay(&mut onto);
        for plane in 0..3 {
            let other = onto.data(plane).iter().zip(under.data(plane));
            let changed = other.filter(|(a, b)| a != b).count();
            assert!(changed <= 1, "{changed} in plane {plane}");
        }
    }

    #[test]
    fn what_is_opaque_replaces_everything() {
        let mut seed = Noise(5);
        let mut rgba = painted(50, 40, &mut seed);
        rgba.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        let overlay = Overlay::new(50, 40, &rgba).expect("a picture");
        assert!(overlay.is_opaque());
        let (mut one, mut other) = (noise(50, 40, &mut seed), noise(50, 40, &mut seed));
        overlay.lay(&mut one);
        overlay.lay(&mut other);
        let mut whole = Video::new(Pixel::YUV420P, 50, 40);
        super::super::to_yuv(&rgba, &mut whole);
        for plane in 0..3 {
            let (stride, width) = (one.stride(plane), one.plane_width(plane) as usize);
            let rows = |frame: &Video| -> Vec<Vec<u8>> {
                let rows = frame.data(plane).chunks_exact(stride);
                rows.map(|row| row[..width].to_vec()).collect()
            };
            assert_eq!(rows(&one), rows(&other));
            assert_eq!(rows(&one), rows(&whole), "plane {plane}");
        }
    }

    #[test]
    fn grey_on_grey_leaves_no_tint() {
        let mut seed = Noise(11);
        let mut rgba = Vec::new();
        for _ in 0..40 * 40 {
            let alpha = seed.below(256);
            let grey = seed.below(alpha + 1) as u8;
            rgba.extend([grey, grey, grey, alpha as u8]);
        }
        let mut onto = noise(40, 40, &mut seed);
        for plane in 1..3 {
            onto.data_mut(plane).fill(128);
        }
        Overlay::new(40, 40, &rgba)
            .expect("a picture")
            .lay(&mut onto);
        for plane in 1..3 {
            assert!(onto.data(plane).iter().all(|&value| value == 128));
        }
    }

    #[test]
    fn a_frame_of_another_size_does_not_panic() {
        let overlay = Overlay::new(40, 40, &[255; 40 * 40 * 4]).expect("a picture");
        for (width, height) in [(1, 1), (20, 20), (80, 10), (16, 80)] {
            overlay.lay(&mut Video::new(Pixel::YUV420P, width, height));
        }
        overlay.lay(&mut Video::empty());
        assert!(Overlay::new(4, 4, &[255; 60]).is_none());
    }
}
