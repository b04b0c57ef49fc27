//! Bright and wide films (HLG, PQ, BT.2020, Display P3 and their like) as ordinary ones.
//!
//! In: yuv420p10le frames at output size. Out: yuv420p ones, BT.709, limited range. Never: a look of its own; what
//! an ordinary film could have shown comes back as it was, only what is brighter or wider is drawn in.
//!
//! The way there is too long for every pixel, so it is walked once for the places of a 3-D lookup table and
//! interpolated between them: a block's chroma finds its four neighbours once, and its four luma samples go along
//! them. Nothing is dithered: 10 bits rounded to 8 step no coarser than an ordinary film does.

mod codes;
mod lut;
mod rgb;

use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic};
use ffmpeg_next::frame::Video;

use super::lay::{CHROMA, LUMA, WEIGHT_BITS, weigh};
use super::look::Colors;
use crate::scene::transfer::Transfer;
use codes::{Codes, transfer_of};
use lut::{FRACTION, Lut, step};
pub(super) use rgb::RgbTone;

/// A table from a film's colours to ordinary ones.
pub(super) struct Tone {
    lut: Lut,
}

/// Whether pictures of these colours go through a [`Tone`].
pub(super) fn is_needed(colors: Colors) -> bool {
    transfer_of(colors).is_some()
}

/// The matrix and the range in which such pictures come to it.
pub(super) fn carrier(colors: Colors) -> (Space, Range) {
    match colors.matrix {
        Space::BT709
        | Space::SMPTE170M
        | Space::BT470BG
        | Space::SMPTE240M
        | Space::FCC
        | Space::BT2020NCL => (colors.matrix, colors.range),
        Space::BT2020CL => (Space::BT2020NCL, colors.range),
        // RGB, and what the scaler takes for BT.601
        _ => (Space::SMPTE170M, Range::MPEG),
    }
}

impl Tone {
    /// For pictures of these colours, in their [`carrier`]; `None` where none is needed.
    pub fn of(colors: Colors, peak_nits: f32) -> Option<Self> {
        let (matrix, range) = carrier(colors);
        let transfer = transfer_of(colors)?;
        Some(Self::new(
            transfer,
            colors.primaries,
            matrix,
            range,
            peak_nits,
        ))
    }

    /// Fills the table, which takes about as long as ten frames. What the film does not say is taken for BT.2020
    /// in limited range; `peak_nits` is for PQ (the brightest pixel, or else the mastering display), 1000 when it
    /// is 0.
    fn new(
        transfer: Transfer,
        primaries: Primaries,
        matrix: Space,
        range: Range,
        peak_nits: f32,
    ) -> Self {
        let codes = Codes::new(transfer, primaries, matrix, range, peak_nits);
        Self {
            lut: Lut::new(&codes),
        }
    }

    /// Maps `src` (yuv420p10le) into `dst` (yuv420p) of the same size, and says in `dst` what its colours are.
    pub fn map(&self, src: &Video, dst: &mut Video) {
        if src.planes() < 3 || dst.planes() < 3 {
            return;
        }
        let width = src.width().min(dst.width()) as usize;
        let height = src.height().min(dst.height()) as usize;
        let half = width.div_ceil(2);
        let [luma_stride, blue_stride, red_stride] = [0, 1, 2].map(|plane| dst.stride(plane));
        let source = |plane: usize, row: usize, samples: usize| {
            &src.data(plane)[row * src.stride(plane)..][..2 * samples]
        };
        let mut lumas = [vec![0; width], vec![0; width]];
        let mut chromas = [vec![0; half], vec![0; half]];
        for row in 0..height.div_ceil(2) {
            // the last row of an odd height is its own partner
            let (upper, lower) = (2 * row, (2 * row + 1).min(height - 1));
            let from = [source(0, upper, width), source(0, lower, width)];
            let chroma = [source(1, row, half), source(2, row, half)];
            self.row(from, chroma, &mut lumas, &mut chromas);
            let mut put = |plane: usize, at: usize, samples: &[u8]| {
                dst.data_mut(plane)[at..][..samples.len()].copy_from_slice(samples);
            };
            put(0, upper * luma_stride, &lumas[0]);
            put(0, lower * luma_stride, &lumas[1]);
            put(1, row * blue_stride, &chromas[0]);
            put(2, row * red_stride, &chromas[1]);
        }
        dst.set_color_primaries(Primaries::BT709);
        dst.set_color_transfer_characteristic(TransferCharacteristic::BT709);
        dst.set_color_space(Space::BT709);
        dst.set_color_range(Range::MPEG);
    }

    /// Two rows of luma and the row of chroma that they share.
    fn row(
        &self,
        [above, below]: [&[u8]; 2],
        [blue, red]: [&[u8]; 2],
        [to_above, to_below]: &mut [Vec<u8>; 2],
        [to_blue, to_red]: &mut [Vec<u8>; 2],
    ) {
        let lumas = above.chunks_exact(4).zip(below.chunks_exact(4));
        let chromas = blue.chunks_exact(2).zip(red.chunks_exact(2));
        let to_lumas = to_above
            .chunks_exact_mut(2)
            .zip(to_below.chunks_exact_mut(2));
        let to_chromas = to_blue.iter_mut().zip(to_red.iter_mut());
        for ((from, chroma), (to, to_chroma)) in lumas.zip(chromas).zip(to_lumas.zip(to_chromas)) {
            let luma = [
                code(from.0),
                code(&from.0[2..]),
                code(from.1),
                code(&from.1[2..]),
            ];
            let (mapped, chroma) = self.block(luma, code(chroma.0), code(chroma.1));
            to.0.copy_from_slice(&mapped[..2]);
            to.1.copy_from_slice(&mapped[2..]);
            (*to_chroma.0, *to_chroma.1) = (chroma[0], chroma[1]);
        }
        // the last column of an odd width is its own partner
        if let ([a, b], [c, d]) = (
            above.chunks_exact(4).remainder(),
            below.chunks_exact(4).remainder(),
        ) {
            let (a, c, at) = (code(&[*a, *b]), code(&[*c, *d]), to_above.len() - 1);
            let chroma = [blue, red].map(|row| code(&row[at..]));
            let (mapped, chroma) = self.block([a, a, c, c], chroma[0], chroma[1]);
            (to_above[at], to_below[at]) = (mapped[0], mapped[2]);
            (to_blue[at / 2], to_red[at / 2]) = (chroma[0], chroma[1]);
        }
    }

    /// Four lumas and the chroma that they share.
    #[inline(always)]
    fn block(&self, lumas: [usize; 4], blue: usize, red: usize) -> ([u8; 4], [u8; 2]) {
        let corners = self.lut.corners(blue, red);
        let mut last = usize::MAX;
        let mut line = Default::default();
        let mut sums = [0; 3];
        let mut mapped = [0; 4];
        for (luma, mapped) in lumas.into_iter().zip(&mut mapped) {
            let (at, parts) = self.lut.luma(luma);
            // neighbours are mostly alike
            if at != last {
                last = at;
                line = step(&corners, at);
            }
            let rgb = self.lut.codes(&line, parts);
            sums = [sums[0] + rgb[0], sums[1] + rgb[1], sums[2] + rgb[2]];
            *mapped = level(weigh(LUMA, rgb), 16, WEIGHT_BITS + FRACTION);
        }
        // four colours in each sum
        let chroma = |weights| level(weigh(weights, sums), 128, WEIGHT_BITS + FRACTION + 2);
        (mapped, [chroma(CHROMA[0]), chroma(CHROMA[1])])
    }
}

/// A weighted sum over `zero`, rounded.
#[inline(always)]
fn level(sum: i32, zero: i32, bits: u32) -> u8 {
    ((sum + ((2 * zero + 1) << (bits - 1))) >> bits) as u8
}

/// A 10-bit sample.
#[inline(always)]
fn code(bytes: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([bytes[0], bytes[1]]))
}

#[cfg(test)]
mod tests;
