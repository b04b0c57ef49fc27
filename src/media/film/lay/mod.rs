//! Laying pictures on film without leaving the encoder's colour space.
//!
//! In: painted RGBA, clips' frames, coverage. Out: yuv420p frames, 8 bit, BT.709, limited range, changed in place.
//! Never: a change to a pixel that nothing covers, a frame of another size than it was, a panic over an odd size.
//!
//! Mixing happens in the same gamma-coded values in which `frame::paint` mixes: the way from RGB to YUV is a straight
//! line plus a constant, so a sum of covered parts in one is the same sum in the other. Chroma is sited left, as H.264
//! has it when nothing else is said: a sample stands on every other column, half-way between two rows, and
//! is the mean of three columns (weights 1, 2, 1) and two rows.

mod overlay;
mod place;
mod rgb;

pub(super) use overlay::Overlay;
pub(super) use place::{Matte, place};
pub(super) use rgb::{BITS as WEIGHT_BITS, CHROMA, LUMA, on_nothing, to_rgba, to_yuv, weigh};

/// A 255th of `sum`, to the nearest; `sum` has 128 in it for the rounding and is at most 255 · 255 + 128.
#[inline]
fn part(sum: u16) -> u8 {
    ((sum + (sum >> 8)) >> 8) as u8
}

/// Columns that make the chroma sample `at`, held at the picture's edges: the left one, its own, the right one.
#[inline]
fn columns(at: usize, width: usize) -> [usize; 3] {
    let own = 2 * at;
    [own.saturating_sub(1), own, (own + 1).min(width - 1)]
}

#[cfg(test)]
mod tests {
    use ffmpeg_next::format::Pixel;
    use ffmpeg_next::frame::Video;

    use super::*;

    /// Numbers without a pattern, the same on every run.
    pub(super) struct Noise(pub u32);

    impl Noise {
        pub fn below(&mut self, end: u32) -> u32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) % end
        }
    }

    /// A frame of it.
    pub(super) fn noise(width: u32, height: u32, seed: &mut Noise) -> Video {
        let mut frame = Video::new(Pixel::YUV420P, width, height);
        for plane in 0..3 {
            frame.data_mut(plane).fill_with(|| seed.below(256) as u8);
        }
        frame
    }

    #[test]
    fn a_255th_is_rounded_to_the_nearest() {
        for value in 0..=255 * 255u16 {
            let exact = (f64::from(value) / 255.0).round() as u8;
            assert_eq!(part(value + 128), exact, "{value}");
        }
    }
}
