//! A bright or wide film's luma and chroma as ordinary light.
//!
//! In: 10-bit codes and what the film says of them. Out: BT.709's linear light. Never: a frame.

use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic};

use crate::media::film::look::Colors;
use crate::scene::gamut::Gamut;
use crate::scene::transfer::{Light, Transfer};

/// The primaries of a name; `None` where nothing is said, or nothing that a film is seen in.
pub(super) fn gamut(named: Primaries) -> Option<Gamut> {
    Gamut::of_point(match named {
        Primaries::BT709 => 1,
        Primaries::BT470M => 4,
        Primaries::BT470BG => 5,
        Primaries::SMPTE170M | Primaries::SMPTE240M => 6,
        Primaries::Film => 8,
        Primaries::BT2020 => 9,
        Primaries::SMPTE431 => 11,
        Primaries::SMPTE432 => 12,
        _ => return None,
    })
}

/// How light is coded in a film whose colours are others than those of the film that comes out; `None` where they are the
/// same.
///
/// What is not tagged stays as it is. So does sRGB: what is tagged so was mostly drawn on a screen, whose numbers players
/// show as they are.
pub(super) fn transfer_of(colors: Colors) -> Option<Transfer> {
    let transfer = match colors.transfer {
        TransferCharacteristic::ARIB_STD_B67 => Transfer::Hlg,
        TransferCharacteristic::SMPTE2084 => Transfer::Pq,
        TransferCharacteristic::GAMMA22 => Transfer::Gamma22,
        TransferCharacteristic::GAMMA28 => Transfer::Gamma28,
        TransferCharacteristic::Linear => Transfer::Linear,
        _ => Transfer::Ordinary,
    };
    let is_wide = gamut(colors.primaries).is_some_and(|own| own != Gamut::BT709);
    (transfer != Transfer::Ordinary || is_wide).then_some(transfer)
}

/// The primaries of a film. What is not known is BT.2020's in bright films and BT.709's in others.
pub(super) fn own_gamut(transfer: Transfer, primaries: Primaries) -> Gamut {
    match (transfer, gamut(primaries)) {
        (_, Some(own)) => own,
        (Transfer::Hlg | Transfer::Pq, None) => Gamut::BT2020,
        (_, None) => Gamut::BT709,
    }
}

/// How a film codes its colours.
pub(super) struct Codes {
    light: Light,
    /// Shares of red, green and blue in luma.
    matrix: [f64; 3],
    full_range: bool,
}

impl Codes {
    /// Primaries are as [`own_gamut`] has them; a peak that is none is 1000 cd/m².
    pub fn new(
        transfer: Transfer,
        primaries: Primaries,
        matrix: Space,
        range: Range,
        peak_nits: f32,
    ) -> Self {
        let own = own_gamut(transfer, primaries);
        Self {
            light: Light::new(transfer, own, peak_nits),
            matrix: match matrix {
                Space::BT709 => [0.2126, 0.7152, 0.0722],
                Space::SMPTE170M | Space::BT470BG => [0.299, 0.587, 0.114],
                Space::SMPTE240M => [0.212, 0.701, 0.087],
                Space::FCC => [0.30, 0.59, 0.11],
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
