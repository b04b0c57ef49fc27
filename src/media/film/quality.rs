//! How like its source a film still is.
//!
//! In: two frames of every second before they were encoded, and all frames after. Out: [`Quality`], as an estimate of VMAF.
//! Never: the loss of an earlier scaling; frames are compared at the film's own size.
//!
//! The measure is visual information fidelity (Sheikh and Bovik 2006) of luma at half width and height, over 8×8 blocks. It
//! puts encodes of one film in the same order as VMAF, also those of different sizes, and `docs/film.md` says how far the
//! estimate is off.

use ffmpeg_next::frame;

/// Frames of a second that are compared.
const A_SECOND: f64 = 2.0;

/// Side of a block, pixels.
const BLOCK: usize = 8;

/// Variance of the noise that an eye has by itself, squared steps of luma; VIF takes 2 for 8 bits.
const NOISE: f64 = 2.0;

/// Information that a block has in any case, bits: in the dark and in fog there is next to none, and nobody misses it.
const BASE: f64 = 0.3;

/// Frames before they were encoded.
#[derive(Debug, Default)]
pub(super) struct Originals {
    rate: f64,
    kept: Vec<(u64, Vec<u8>)>,
}

/// How a film looks beside its source: estimated VMAF, 0–100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quality {
    /// Of the whole film.
    pub mean: f64,
    /// Of its worst second.
    pub worst: f64,
    /// Where that begins, seconds.
    pub worst_at: f64,
}

impl Originals {
    /// Of a film of so many frames a second.
    pub fn of(rate: f64) -> Self {
        Self {
            rate,
            kept: Vec::new(),
        }
    }

    /// Looks at a frame, and keeps it if it is one of those.
    pub fn note(&mut self, index: u64, frame: &frame::Video) {
        let period = self.rate / A_SECOND;
        let place = (index as f64 / period).floor();
        if index == ((place + 0.5) * period) as u64 {
            self.kept.push((index, half_luma(frame)));
        }
    }

    /// How frame `index` looks now, estimated VMAF; nothing where its original was not kept.
    pub fn vmaf(&self, index: u64, frame: &frame::Video) -> Option<f64> {
        let at = self.kept.binary_search_by_key(&index, |(kept, _)| *kept);
        let (_, original) = &self.kept[at.ok()?];
        let now = half_luma(frame);
        (now.len() == original.len())
            .then(|| vmaf(fidelity(original, &now, frame.width() as usize / 2)))
    }
}

impl Quality {
    /// Of frames with their numbers, in order; `rate` frames a second.
    pub fn of(frames: &[(u64, f64)], rate: f64) -> Self {
        let second = |index: u64| (index as f64 / rate) as u64;
        let mean = |of: &[(u64, f64)]| of.iter().map(|f| f.1).sum::<f64>() / of.len().max(1) as f64;
        let seconds = frames.chunk_by(|a, b| second(a.0) == second(b.0));
        let worst = seconds
            .map(|frames| (mean(frames), second(frames[0].0)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let (worst, worst_at) = worst.unwrap_or((100.0, 0));
        Self {
            mean: mean(frames),
            worst,
            worst_at: worst_at as f64,
        }
    }
}

/// A picture of `width` pixels a row at half its width and height.
pub(super) fn half(luma: &[u8], width: usize) -> Vec<u8> {
    halved(luma.chunks_exact(width))
}

/// VMAF, as far as it follows from fidelity.
fn vmaf(fidelity: f64) -> f64 {
    100.0 * (1.0 - (1.0 - fidelity.clamp(0.0, 1.0)).powi(2))
}

/// The luma of a frame at half its width and height.
pub(super) fn half_luma(frame: &frame::Video) -> Vec<u8> {
    let width = frame.width() as usize;
    let rows = frame.data(0).chunks(frame.stride(0));
    halved(rows.take(frame.height() as usize).map(|row| &row[..width]))
}

/// Each pixel the mean of four.
fn halved<'a>(mut rows: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut half = Vec::new();
    while let (Some(above), Some(below)) = (rows.next(), rows.next()) {
        let pairs = above
            .as_chunks::<2>()
            .0
            .iter()
            .zip(below.as_chunks::<2>().0);
        half.extend(pairs.map(|([a, b], [c, d])| {
            let sum = u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d);
            ((sum + 2) / 4) as u8
        }));
    }
    half
}

/// Visual information fidelity of a picture to its original, 0–1: what of the original's information is left in blocks that
/// are taken for the original's, made weaker and noisy. Both have `width` pixels a row.
pub(super) fn fidelity(original: &[u8], shown: &[u8], width: usize) -> f64 {
    let rows = original.len() / width.max(1);
    // a picture without any block has lost nothing
    let (mut left, mut all) = (1e-9, 1e-9);
    for top in (0..rows.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
        for from in (0..width.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
            let (own, both, other) = moments(original, shown, width, top * width + from);
            let gain = (both / own.max(1e-6)).max(0.0);
            let noise = (other - gain * both).max(0.0);
            left += BASE + libm::log2(1.0 + gain * gain * own / (noise + NOISE));
            all += BASE + libm::log2(1.0 + own / NOISE);
        }
    }
    left / all
}

/// Variance of a block of the one picture, covariance with that of the other, variance of that.
fn moments(a: &[u8], b: &[u8], width: usize, corner: usize) -> (f64, f64, f64) {
    let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    for row in 0..BLOCK {
        let at = corner + row * width;
        for (p, q) in a[at..at + BLOCK].iter().zip(&b[at..at + BLOCK]) {
            let (p, q) = (u32::from(*p), u32::from(*q));
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    }
    let n = (BLOCK * BLOCK) as f64;
    let (ma, mb) = (f64::from(sa) / n, f64::from(sb) / n);
    (
        (f64::from(saa) / n - ma * ma).max(0.0),
        f64::from(sab) / n - ma * mb,
        (f64::from(sbb) / n - mb * mb).max(0.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_like_itself_and_unlike_noise() {
        let picture: Vec<u8> = (0..64 * 64).map(|i| (i % 64 * 3) as u8).collect();
        let noise: Vec<u8> = (0..64 * 64_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        assert!((fidelity(&picture, &picture, 64) - 1.0).abs() < 1e-9);
        assert!(fidelity(&picture, &noise, 64) < 0.2);
        assert_eq!(fidelity(&[], &[], 0), 1.0);
        assert_eq!((vmaf(0.0), vmaf(1.0)), (0.0, 100.0));
    }

    #[test]
    fn the_worst_second_is_found_among_good_ones() {
        let frames: Vec<(u64, f64)> = (0..20)
            .map(|i| (i * 15 + 7, if i / 2 == 7 { 50.0 } else { 95.0 }))
            .collect();
        let quality = Quality::of(&frames, 30.0);
        assert_eq!((quality.worst, quality.worst_at), (50.0, 7.0));
        assert!((quality.mean - 90.5).abs() < 1e-9);
    }

    #[test]
    fn two_frames_of_every_second_are_kept_at_any_rate() {
        for rate in [23.976, 25.0, 29.97, 30.0, 60.0] {
            let frame = super::super::compose::black((16, 16));
            let mut originals = Originals::of(rate);
            (0..(rate * 10.0) as u64).for_each(|index| originals.note(index, &frame));
            assert_eq!(originals.kept.len(), 20, "{rate}");
        }
    }
}
