//! The same for pictures that are see-through, which are RGB by then.
//!
//! In: premultiplied RGBA in the film's own colours. Out: the same in BT.709's. Never: scaling; coverage.

use super::codes::{own_gamut, transfer_of};
use crate::media::film::look::Colors;
use crate::scene::transfer::{Light, encode};

/// Colours that are kept, as a power of two: what is see-through is mostly drawn, and has few.
const KEPT: u32 = 16;

/// No colour has this key.
const NONE: u32 = u32::MAX;

/// From a film's red, green and blue to ordinary ones.
pub(in crate::media::film) struct RgbTone {
    light: Light,
    /// The way of colours that came before: each with its key.
    kept: Vec<(u32, [u8; 3])>,
}

impl RgbTone {
    /// `None` where none is needed.
    pub fn of(colors: Colors, peak_nits: f32) -> Option<Self> {
        let transfer = transfer_of(colors)?;
        let own = own_gamut(transfer, colors.primaries);
        Some(Self {
            light: Light::new(transfer, own, peak_nits),
            kept: vec![(NONE, [0; 3]); 1 << KEPT],
        })
    }

    /// Maps all pixels. What covers nothing has no colour.
    pub fn map(&mut self, rgba: &mut [u8]) {
        for pixel in rgba.chunks_exact_mut(4) {
            let alpha = u32::from(pixel[3]);
            if alpha == 0 {
                continue;
            }
            let straight = [0, 1, 2].map(|i| {
                let part = (u32::from(pixel[i]) * 255 + alpha / 2) / alpha;
                part.min(255) as u8
            });
            let mapped = self.mapped(straight);
            for (to, from) in pixel.iter_mut().zip(mapped) {
                *to = ((u32::from(from) * alpha + 127) / 255) as u8;
            }
        }
    }

    fn mapped(&mut self, [r, g, b]: [u8; 3]) -> [u8; 3] {
        let key = u32::from_be_bytes([0, r, g, b]);
        let place = (key.wrapping_mul(0x9E37_79B1) >> (32 - KEPT)) as usize;
        if self.kept[place].0 != key {
            let light = self.light.ordinary([r, g, b].map(|c| f64::from(c) / 255.0));
            let coded = light.map(|l| (encode(l) * 255.0).round() as u8);
            self.kept[place] = (key, coded);
        }
        self.kept[place].1
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic};

    use super::*;

    #[test]
    fn what_shows_through_is_converted_and_keeps_its_coverage() {
        let colors = |primaries| Colors {
            range: Range::MPEG,
            primaries,
            transfer: TransferCharacteristic::BT709,
            matrix: Space::BT709,
        };
        assert!(RgbTone::of(colors(Primaries::BT709), 0.0).is_none());
        let mut tone = RgbTone::of(colors(Primaries::SMPTE432), 0.0).expect("P3 is wide");
        // (192, 64, 64) of BT.709 in Display P3, twice: opaque and half covered; grey; nothing
        let mut rgba = [
            178, 74, 68, 255, 89, 37, 34, 128, 90, 90, 90, 255, 0, 0, 0, 0,
        ];
        tone.map(&mut rgba);
        let near = |got: &[u8], want: [u8; 4]| {
            let off = got.iter().zip(want).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(2), "{got:?} for {want:?}");
        };
        near(&rgba[..4], [192, 64, 64, 255]);
        near(&rgba[4..8], [96, 32, 32, 128]);
        near(&rgba[8..12], [90, 90, 90, 255]);
        near(&rgba[12..], [0; 4]);
    }
}
