//! Bright, wide films (HLG and PQ) as ordinary ones.
//!
//! In: yuv420p10le frames at output size. Out: yuv420p ones, BT.709, limited range. Never: a look of its own; what
//! an ordinary film could have shown comes back as it was, only what is brighter or wider is drawn in.
//!
//! The way there is too long for every pixel, so it is walked once for a lattice of colours and read between them: a
//! block's chroma finds its four neighbours once, and each of its four luma samples goes along them.

mod light;

use ffmpeg_next::color::{Primaries, Range, Space};
use ffmpeg_next::frame::Video;

use light::Light;
pub(super) use light::Transfer;

/// Codes from one colour of the lattice to the next, as a power of two: luma and chroma.
const LUMA_BITS: u32 = 4;
const CHROMA_BITS: u32 = 5;

/// Colours along an axis of the lattice; the last ones are beyond the last code.
const LUMAS: usize = (1024 >> LUMA_BITS) + 1;
const CHROMAS: usize = (1024 >> CHROMA_BITS) + 1;

/// The greatest code of a 10-bit sample.
const MOST: u16 = 1023;

/// Bits of fraction in the table.
const FRACTION: u32 = 6;

/// Bits in all the weights of one reading.
const WEIGHTS: u32 = LUMA_BITS + 2 * CHROMA_BITS;

/// Luma of all lumas at one chroma.
type Lumas = [u16; LUMAS];

/// Chroma of all lumas at one chroma, blue and red.
type Chromas = [[u16; 2]; LUMAS];

/// A table from a film's colours to ordinary ones.
pub(super) struct Tone {
    lumas: Vec<Lumas>,
    chromas: Vec<Chromas>,
}

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
        let mut lumas = vec![[0; LUMAS]; CHROMAS * CHROMAS];
        let mut chromas = vec![[[0; 2]; LUMAS]; CHROMAS * CHROMAS];
        let code = |at: usize, bits: u32| (at << bits) as f64;
        let whole = |value: f64| (value * f64::from(1 << FRACTION)).round() as u16;
        for (at, (lumas, chromas)) in lumas.iter_mut().zip(&mut chromas).enumerate() {
            let (blue, red) = (at / CHROMAS, at % CHROMAS);
            let (blue, red) = (code(blue, CHROMA_BITS), code(red, CHROMA_BITS));
            for (at, (luma, chroma)) in lumas.iter_mut().zip(chromas).enumerate() {
                let [y, b, r] = light.map(code(at, LUMA_BITS), blue, red).map(whole);
                (*luma, *chroma) = (y, [b, r]);
            }
        }
        Self { lumas, chromas }
    }

    /// Maps `src` (yuv420p10le) into `dst` (yuv420p) of the same size.
    pub fn map(&self, src: &Video, dst: &mut Video) {
        if src.planes() < 3 || dst.planes() < 3 {
            return;
        }
        let (width, height) = (src.width().min(dst.width()), src.height().min(dst.height()));
        let (width, height) = (width as usize, height as usize);
        let half = width.div_ceil(2);
        let mut blocks = vec![[0u8; 2]; half];
        let strides = [0, 1, 2].map(|plane| dst.stride(plane));
        let source = |plane: usize, row: usize, width: usize| {
            &src.data(plane)[row * src.stride(plane)..][..2 * width]
        };
        for row in 0..height.div_ceil(2) {
            let (upper, lower) = (2 * row, (2 * row + 1).min(height - 1));
            let luma = [source(0, upper, width), source(0, lower, width)];
            let chroma = [source(1, row, half), source(2, row, half)];
            let rows = &mut dst.data_mut(0)[upper * strides[0]..];
            // the last row of an odd height is written twice, the same both times
            if lower > upper {
                let (first, second) = rows.split_at_mut(strides[0]);
                self.row(
                    luma,
                    chroma,
                    [&mut first[..width], &mut second[..width]],
                    &mut blocks,
                );
            } else {
                let mut spare = vec![0; width];
                self.row(luma, chroma, [&mut rows[..width], &mut spare], &mut blocks);
            }
            for plane in 0..2 {
                let chroma = &mut dst.data_mut(plane + 1)[row * strides[plane + 1]..];
                for (chroma, block) in chroma.iter_mut().zip(&blocks) {
                    *chroma = block[plane];
                }
            }
        }
    }

    /// Two rows of luma and the row of chroma that they share.
    fn row(
        &self,
        luma: [&[u8]; 2],
        chroma: [&[u8]; 2],
        [upper, lower]: [&mut [u8]; 2],
        blocks: &mut [[u8; 2]],
    ) {
        let pairs = upper.chunks_mut(2).zip(lower.chunks_mut(2));
        let lumas = luma[0].chunks(4).zip(luma[1].chunks(4));
        let chromas = chroma[0].chunks_exact(2).zip(chroma[1].chunks_exact(2));
        for (((above, below), (a, b)), ((blue, red), block)) in
            pairs.zip(lumas).zip(chromas.zip(blocks))
        {
            let spot = Spot::new(self, code(blue), code(red));
            // the last column of an odd width stands for the missing one
            let last = a.len() - 2;
            let block_lumas = [code(a), code(&a[last..]), code(b), code(&b[last..])];
            let mapped = spot.lumas(block_lumas);
            above.copy_from_slice(&mapped[..above.len()]);
            below.copy_from_slice(&mapped[2..2 + below.len()]);
            *block = spot.chroma((block_lumas.iter().sum::<u16>() + 2) / 4);
        }
    }
}

/// A 10-bit sample.
#[inline]
fn code(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]]).min(MOST)
}

/// Four neighbours of a chroma in the lattice, and the part of each.
struct Spot<'a> {
    lumas: [&'a Lumas; 4],
    chromas: [&'a Chromas; 4],
    parts: [u32; 4],
}

impl<'a> Spot<'a> {
    #[inline]
    fn new(tone: &'a Tone, blue: u16, red: u16) -> Self {
        let step = 1 << CHROMA_BITS;
        let at = usize::from(blue >> CHROMA_BITS) * CHROMAS + usize::from(red >> CHROMA_BITS);
        let (blue, red) = (u32::from(blue) % step, u32::from(red) % step);
        let corners = [at, at + 1, at + CHROMAS, at + CHROMAS + 1];
        Self {
            lumas: corners.map(|at| &tone.lumas[at]),
            chromas: corners.map(|at| &tone.chromas[at]),
            parts: [
                (step - blue) * (step - red),
                (step - blue) * red,
                blue * (step - red),
                blue * red,
            ],
        }
    }

    #[inline]
    fn lumas(&self, codes: [u16; 4]) -> [u8; 4] {
        codes.map(|code| {
            let (at, rest) = step(code);
            let mut sum = HALF;
            for (lumas, part) in self.lumas.iter().zip(self.parts) {
                let (here, next) = (u32::from(lumas[at]), u32::from(lumas[at + 1]));
                sum += part * (here * (LUMA_STEP - rest) + next * rest);
            }
            (sum >> (WEIGHTS + FRACTION)) as u8
        })
    }

    #[inline]
    fn chroma(&self, luma: u16) -> [u8; 2] {
        let (at, rest) = step(luma);
        let mut sums = [HALF; 2];
        for (chromas, part) in self.chromas.iter().zip(self.parts) {
            for (plane, sum) in sums.iter_mut().enumerate() {
                let (here, next) = (
                    u32::from(chromas[at][plane]),
                    u32::from(chromas[at + 1][plane]),
                );
                *sum += part * (here * (LUMA_STEP - rest) + next * rest);
            }
        }
        sums.map(|sum| (sum >> (WEIGHTS + FRACTION)) as u8)
    }
}

const LUMA_STEP: u32 = 1 << LUMA_BITS;

/// Half a level, for the rounding.
const HALF: u32 = 1 << (WEIGHTS + FRACTION - 1);

/// Where a luma stands in the lattice: the colour before it, and how far from there.
#[inline]
fn step(luma: u16) -> (usize, u32) {
    (usize::from(luma >> LUMA_BITS), u32::from(luma) % LUMA_STEP)
}
