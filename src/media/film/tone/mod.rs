//! Bright, wide films (HLG and PQ) as ordinary ones.
//!
//! In: yuv420p10le frames at output size. Out: yuv420p ones, BT.709, limited range. Never: a look of its own; what
//! an ordinary film could have shown comes back as it was, only what is brighter or wider is drawn in.
//!
//! The way there is too long for every pixel, so it is walked once for a lattice of colours and read between them: a
//! block's chroma finds its four neighbours once, and its four luma samples go along them. The lattice holds red, green
//! and blue almost as light, since their codes rise too steeply from BT.709's border to be read between.

pub mod light;

use ffmpeg_next::color::{Primaries, Range, Space};
use ffmpeg_next::frame::Video;

use super::lay::{CHROMA, LUMA, weigh};
pub(super) use light::Transfer;
use light::{Light, encode};

/// Colours along the lattice's axes.
const LUMAS: usize = 33;
const CHROMAS: usize = 49;

/// Codes of a 10-bit sample.
const CODES: usize = 1024;

/// White in the lattice; a little below the size of the table that it is looked up in.
const WHITE: f64 = 7_490.0;

/// Black; what is below it is outside BT.709.
const BLACK: f64 = 700.0;

/// What turns light into the lattice's values, as a power: half-way to SDR's codes.
const BEND: f64 = 1.0 / 1.2;

/// Bits of fraction in the looked-up codes.
const FRACTION: u32 = 6;

/// All lumas of one chroma.
type Column = [u64; LUMAS];

/// A table from a film's colours to ordinary ones.
pub(super) struct Tone {
    lattice: Vec<Column>,
    luma: Axis,
    chroma: Axis,
    /// From the lattice's values to SDR's codes, 0–255 with [`FRACTION`].
    codes: Box<[u16; 1 << 15]>,
}

/// Where codes lie between the lattice's colours.
struct Axis(Box<[(u16, u16); CODES]>);

impl Tone {
    /// Walks the lattice: some ten milliseconds. What the film does not say is taken for BT.2020, limited range;
    /// `peak_nits` is for PQ (the brightest pixel or else the mastering display), 1000 when it is 0.
    pub fn new(
        transfer: Transfer,
        primaries: Primaries,
        matrix: Space,
        range: Range,
        peak_nits: f32,
    ) -> Self {
        let light = Light::new(transfer, primaries, matrix, range, peak_nits);
        let greys: Vec<f64> = (0..CODES)
            .map(|code| value(light.ordinary(code as f64, 512.0, 512.0)[1]))
            .collect();
        let lumas: [usize; LUMAS] = spread(|code| {
            0.5 * encode(light.ordinary(code, 512.0, 512.0)[1]) + 0.5 * code / 1023.0
        });
        let chromas: Vec<usize> = (0..CHROMAS)
            .map(|at| {
                let t = 2.0 * at as f64 / (CHROMAS - 1) as f64 - 1.0;
                (512.0 + 512.0 * t * (0.6 + 0.4 * t * t)).round() as usize
            })
            .collect();
        let mut lattice = Vec::new();
        for &blue in &chromas {
            for &red in &chromas {
                let mut column = [0; LUMAS];
                for (colour, &luma) in column.iter_mut().zip(&lumas) {
                    let [r, g, b] = light
                        .ordinary(luma as f64, blue as f64, red as f64)
                        .map(|l| value(l).round().clamp(0.0, 8191.0) as u64);
                    *colour = r | g << 21 | b << 42;
                }
                lattice.push(column);
            }
        }
        let mut codes = Box::new([0; 1 << 15]);
        for (value, code) in codes.iter_mut().enumerate() {
            let light = libm::pow(
                ((value as f64 + 0.5) / 4.0 - BLACK).max(0.0) / WHITE,
                1.0 / BEND,
            );
            *code = (encode(light) * 255.0 * f64::from(1 << FRACTION)).round() as u16;
        }
        Self {
            lattice,
            luma: Axis::new(&lumas, 1024.0, |code| greys[code.min(1023)]),
            chroma: Axis::new(&chromas, 16.0, |code| code as f64),
            codes,
        }
    }

    /// Maps `src` (yuv420p10le) into `dst` (yuv420p) of the same size.
    pub fn map(&self, src: &Video, dst: &mut Video) {
        if src.planes() < 3 || dst.planes() < 3 {
            return;
        }
        let (width, height) = (src.width().min(dst.width()), src.height().min(dst.height()));
        let (width, height) = (width as usize, height as usize);
        let half = width.div_ceil(2);
        let mut chromas = [vec![0; half], vec![0; half]];
        let strides = [0, 1, 2].map(|plane| dst.stride(plane));
        let source = |plane: usize, row: usize, width: usize| {
            &src.data(plane)[row * src.stride(plane)..][..2 * width]
        };
        for row in 0..height.div_ceil(2) {
            let (upper, lower) = (2 * row, (2 * row + 1).min(height - 1));
            let luma = [source(0, upper, width), source(0, lower, width)];
            let chroma = [source(1, row, half), source(2, row, half)];
            let rows = &mut dst.data_mut(0)[upper * strides[0]..];
            if lower > upper {
                let (first, second) = rows.split_at_mut(strides[0]);
                self.row(
                    luma,
                    chroma,
                    [&mut first[..width], &mut second[..width]],
                    &mut chromas,
                );
            } else {
                let mut spare = vec![0; width];
                self.row(luma, chroma, [&mut rows[..width], &mut spare], &mut chromas);
            }
            for (plane, row_of) in chromas.iter().enumerate() {
                let at = row * strides[plane + 1];
                dst.data_mut(plane + 1)[at..][..half].copy_from_slice(row_of);
            }
        }
    }

    /// Two rows of luma and the row of chroma that they share.
    fn row(
        &self,
        luma: [&[u8]; 2],
        chroma: [&[u8]; 2],
        [upper, lower]: [&mut [u8]; 2],
        [blues, reds]: &mut [Vec<u8>; 2],
    ) {
        let pairs = upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2));
        let lumas = luma[0].chunks_exact(4).zip(luma[1].chunks_exact(4));
        let chromas = chroma[0].chunks_exact(2).zip(chroma[1].chunks_exact(2));
        let targets = blues.iter_mut().zip(reds);
        for (((above, below), (a, b)), ((blue, red), (to_blue, to_red))) in
            pairs.zip(lumas).zip(chromas.zip(targets))
        {
            let codes = [code(a), code(&a[2..]), code(b), code(&b[2..])];
            let (mapped, chroma) = self.block(codes, code(blue), code(red));
            above.copy_from_slice(&mapped[..2]);
            below.copy_from_slice(&mapped[2..]);
            [*to_blue, *to_red] = chroma;
        }
    }

    /// Four lumas and the chroma that they share.
    #[inline(always)]
    fn block(&self, lumas: [usize; 4], blue: usize, red: usize) -> ([u8; 4], [u8; 2]) {
        let corners = self.corners(blue, red);
        let mut cell = usize::MAX;
        let mut ends = [[0i64; 3]; 2];
        let mut sums = [0; 3];
        let mut mapped = [0; 4];
        for k in 0..4 {
            let (at, rest) = self.luma.at(lumas[k]);
            // neighbours are mostly alike
            if at != cell {
                cell = at;
                ends = between(&corners, at);
            }
            let mut rgb = [0; 3];
            for c in 0..3 {
                let value = (ends[0][c] << 10) + ends[1][c] * i64::from(rest);
                rgb[c] = i32::from(self.codes[(value >> (10 + 6)) as usize & 0x7fff]);
                sums[c] += rgb[c];
            }
            mapped[k] = ((weigh(LUMA, rgb) + (33 << (14 + FRACTION))) >> (15 + FRACTION)) as u8;
        }
        let chroma =
            |weights| ((weigh(weights, sums) + (257 << (16 + FRACTION))) >> (17 + FRACTION)) as u8;
        (mapped, [chroma(CHROMA[0]), chroma(CHROMA[1])])
    }

    #[inline(always)]
    fn corners(&self, blue: usize, red: usize) -> [(&Column, u64); 4] {
        let ((blue, b), (red, r)) = (self.chroma.at(blue), self.chroma.at(red));
        let (b, r) = (u64::from(b), u64::from(r));
        let columns = &self.lattice[blue * CHROMAS + red..][..CHROMAS + 2];
        [
            (&columns[0], (16 - b) * (16 - r)),
            (&columns[1], (16 - b) * r),
            (&columns[CHROMAS], b * (16 - r)),
            (&columns[CHROMAS + 1], b * r),
        ]
    }
}

/// The colour at a cell's beginning, and what it changes by to its end.
#[inline(always)]
fn between(corners: &[(&Column, u64); 4], at: usize) -> [[i64; 3]; 2] {
    let (mut from, mut to) = (0, 0);
    for &(column, part) in corners {
        let pair = &column[at..][..2];
        from += pair[0] * part;
        to += pair[1] * part;
    }
    let (from, to) = (split(from), split(to));
    [from, [to[0] - from[0], to[1] - from[1], to[2] - from[2]]]
}

#[inline(always)]
fn split(colour: u64) -> [i64; 3] {
    [
        (colour & 0x1f_ffff) as i64,
        (colour >> 21 & 0x1f_ffff) as i64,
        (colour >> 42) as i64,
    ]
}

/// Light as a value of the lattice.
fn value(light: f64) -> f64 {
    libm::pow(light.abs(), BEND).copysign(light) * WHITE + BLACK
}

/// Codes that cut `curve` into equal parts.
fn spread(curve: impl Fn(f64) -> f64) -> [usize; LUMAS] {
    let (low, high) = (curve(0.0), curve(1024.0));
    let mut code = 0;
    let mut codes = [0; LUMAS];
    for (at, place) in codes.iter_mut().enumerate() {
        let level = low + (high - low) * at as f64 / (LUMAS - 1) as f64;
        while code < 1024 && curve(code as f64) < level - 1e-9 {
            code += 1;
        }
        *place = code;
    }
    codes
}

impl Axis {
    fn new(places: &[usize], parts: f64, curve: impl Fn(usize) -> f64) -> Self {
        let mut axis = Box::new([(0, 0); CODES]);
        for (code, place) in axis.iter_mut().enumerate() {
            let at = places
                .partition_point(|&place| place <= code)
                .saturating_sub(1)
                .min(places.len() - 2);
            let (from, to) = (places[at], places[at + 1]);
            let (a, b) = (curve(from), curve(to));
            let rest = if b - a > 1e-6 {
                (curve(code) - a) / (b - a)
            } else {
                (code - from) as f64 / (to - from).max(1) as f64
            };
            *place = (at as u16, (rest.clamp(0.0, 1.0) * parts).round() as u16);
        }
        Self(axis)
    }

    #[inline(always)]
    fn at(&self, code: usize) -> (usize, u16) {
        let (at, rest) = self.0[code % CODES];
        (usize::from(at), rest)
    }
}

/// A 10-bit sample.
#[inline]
fn code(bytes: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([bytes[0], bytes[1]]))
}
