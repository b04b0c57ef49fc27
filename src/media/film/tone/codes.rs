//! A bright film's luma and chroma as ordinary light.
//!
//! In: 10-bit codes and what the film says of them. Out: BT.709's linear light. Never: a frame.

use ffmpeg_next::color::{Primaries, Range, Space};

use crate::scene::light::{self, Light, Transfer};

/// How a film codes its colours.
pub(super) struct Codes {
    light: Light,
    /// Shares of red, green and blue in luma.
    matrix: [f64; 3],
    full_range: bool,
}

impl Codes {
    /// What is not known is taken for BT.2020 in limited range; a peak that is none for 1000 cd/m².
    pub fn new(
        transfer: Transfer,
        primaries: Primaries,
        matrix: Space,
        range: Range,
        peak_nits: f32,
    ) -> Self {
        let primaries = match primaries {
            Primaries::BT709 => light::Primaries::Bt709,
            Primaries::SMPTE432 => light::Primaries::P3,
            _ => light::Primaries::Bt2020,
        };
        Self {
            light: Light::new(transfer, primaries, peak_nits),
            matrix: match matrix {
                Space::BT709 => [0.2126, 0.7152, 0.0722],
                Space::SMPTE170M | Space::BT470BG => [0.299, 0.587, 0.114],
                _ => [0.2627, 0.6780, 0.0593],
            },
            full_range: range == Range::JPEG,
        }
    }

    /// 10-bit codes of luma and chroma as BT.709's linear light; see [`Light::ordinary`].
    pub fn ordinary(&self, luma: f64, blue: f64, red: f64) -> [f64; 3] {
        self.light.ordinary(self.rgb(luma, blue, red))
    }

    /// Coded red, green and blue; black is 0 and the nominal peak 1.
    fn rgb(&self, luma: f64, blue: f64, red: f64) -> [f64; 3] {
        let (luma, blue, red) = if self.full_range {
            (
                luma / 1023.0,
                (blue - 512.0) / 1023.0,
                (red - 512.0) / 1023.0,
            )
        } else {
            (
                (luma - 64.0) / 876.0,
                (blue - 512.0) / 896.0,
                (red - 512.0) / 896.0,
            )
        };
        let [of_red, of_green, of_blue] = self.matrix;
        let r = luma + 2.0 * (1.0 - of_red) * red;
        let b = luma + 2.0 * (1.0 - of_blue) * blue;
        [r, (luma - of_red * r - of_blue * b) / of_green, b]
    }
}
