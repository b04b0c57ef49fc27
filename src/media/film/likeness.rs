//! How like its source a film still is.
//!
//! In: some frames before they were encoded, and all frames after. Out: one number, mean SSIM of luma (Wang et al. 2004)
//! over 8×8 blocks. Never: the loss of an earlier scaling; frames are compared at the film's own size.

use ffmpeg_next::frame;

/// Frames that are kept for the comparison.
const KEPT: u64 = 8;

/// Side of a block, pixels.
const BLOCK: usize = 8;

/// Stabilisers of the index: (0.01 · 255)² and (0.03 · 255)².
const STABLE: (f64, f64) = (6.5025, 58.5225);

/// Frames before they were encoded.
#[derive(Default)]
pub(super) struct Originals {
    every: u64,
    kept: Vec<(u64, Vec<u8>)>,
}

impl Originals {
    /// Of a film of so many frames.
    pub fn of(frames: u64) -> Self {
        Self {
            every: (frames / KEPT).max(1),
            kept: Vec::new(),
        }
    }

    /// Looks at a frame, and keeps it if it is one of those.
    pub fn note(&mut self, index: u64, frame: &frame::Video) {
        if self.every > 0 && index % self.every == self.every / 2 {
            self.kept.push((index, luma(frame)));
        }
    }

    /// How like the original frame `index` is now, if it was kept.
    pub fn likeness(&self, index: u64, frame: &frame::Video) -> Option<f64> {
        let (_, original) = self.kept.iter().find(|(kept, _)| *kept == index)?;
        let now = luma(frame);
        (now.len() == original.len()).then(|| ssim(original, &now, frame.width() as usize))
    }
}

/// A picture's luma, rows without gaps.
pub(super) fn luma(frame: &frame::Video) -> Vec<u8> {
    let width = frame.width() as usize;
    let rows = frame.data(0).chunks(frame.stride(0));
    rows.flat_map(|row| row[..width].iter().copied()).collect()
}

fn ssim(a: &[u8], b: &[u8], width: usize) -> f64 {
    let rows = a.len() / width.max(1);
    let (mut sum, mut count) = (0.0, 0);
    for top in (0..rows.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
        for left in (0..width.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
            let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
            for y in top..top + BLOCK {
                let at = y * width + left;
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
            let (va, vb) = (f64::from(saa) / n - ma * ma, f64::from(sbb) / n - mb * mb);
            let both = f64::from(sab) / n - ma * mb;
            sum += (2.0 * ma * mb + STABLE.0) * (2.0 * both + STABLE.1)
                / ((ma * ma + mb * mb + STABLE.0) * (va + vb + STABLE.1));
            count += 1;
        }
    }
    sum / f64::from(count.max(1))
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
        assert!((ssim(&picture, &picture, 64) - 1.0).abs() < 1e-9);
        assert!(ssim(&picture, &noise, 64) < 0.2);
        assert_eq!(ssim(&[], &[], 0), 0.0);
    }
}
