//! Colours that a file describes by numbers rather than by a profile: primaries and a curve.
//!
//! In: what PNG's `cICP`, `gAMA`, `cHRM` or an `nclx` box say, and samples of 8 or 16 bits. Out: sRGB, 8 bits; bright
//! pictures (PQ, HLG) go the way that bright films go. Never: ICC profiles, which are `color`'s.
//!
//! The rules are those of PNG's third edition and H.273; where they leave it open, Chromium 156 was asked.

use crate::scene::gamut::{Gamut, Matrix, applied};
use crate::scene::transfer::{Light, Transfer, encode};

/// White, red, green and blue as CIE x and y.
pub type Chromaticities = [(f64, f64); 4];

/// How one channel is coded.
#[derive(Debug, Clone, PartialEq)]
enum Curve {
    Srgb,
    /// Light is the code to this power.
    Power(f64),
    Bright(Light),
}

/// A way of coding colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Coded {
    curve: Curve,
    /// From linear light to sRGB's.
    matrix: Matrix,
    /// Black is 16 of 255 and white 235.
    pub narrow: bool,
}

/// Where code points are; the two read BT.709's curve in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// `cICP`: the curve is what it says.
    Png,
    /// `nclx`: for what it says by habit, sRGB is meant.
    Heif,
}

impl Coded {
    /// By the code points of H.273; `None` where they say nothing of the transfer and primaries. `peak_nits` is the
    /// brightest pixel's light, or 0.
    pub fn of_points(home: Home, primaries: u16, transfer: u16, peak_nits: f32) -> Option<Self> {
        if primaries == 2 && transfer == 2 {
            return None;
        }
        let own = Gamut::of_point(primaries).unwrap_or(Gamut::BT709);
        let bright = |transfer| {
            let primaries = match primaries {
                1 => Gamut::BT709,
                11 | 12 => Gamut::P3,
                _ => Gamut::BT2020,
            };
            Curve::Bright(Light::new(transfer, primaries, peak_nits))
        };
        let curve = match (transfer, home) {
            // as a BT.1886 display shows it
            (1 | 6 | 14 | 15, Home::Png) => Curve::Power(2.4),
            (4, _) => Curve::Power(2.2),
            (5, _) => Curve::Power(2.8),
            (8, _) => Curve::Power(1.0),
            (16, _) => bright(Transfer::Pq),
            (17, _) => Curve::Power(2.6),
            (18, _) => bright(Transfer::Hlg),
            _ => Curve::Srgb,
        };
        Self::new(curve, own)
    }

    /// By PNG's `gAMA` (the file's own exponent, 0.45455 for 2.2) and `cHRM`. Chromaticities without a gamma say too
    /// little; a gamma of 1/2.2 alone is what programs write for sRGB.
    pub fn of_gamma(gamma: f64, chromaticities: Option<Chromaticities>) -> Option<Self> {
        if gamma <= 0.0 {
            return None;
        }
        let is_usual = (gamma * 2.2 - 1.0).abs() <= 0.05;
        match chromaticities {
            None if is_usual => None,
            None => Self::new(Curve::Power(1.0 / gamma), Gamut::BT709),
            Some([white, red, green, blue]) => {
                Self::new(Curve::Power(1.0 / gamma), Gamut([red, green, blue, white]))
            }
        }
    }

    /// `None` where the chromaticities make no colours.
    fn new(curve: Curve, own: Gamut) -> Option<Self> {
        Some(Self {
            curve,
            matrix: own.checked()?.to(Gamut::BT709),
            narrow: false,
        })
    }

    /// Samples that are sRGB as they are.
    pub fn is_srgb(&self) -> bool {
        let unit = (0..3).all(|r| {
            (0..3).all(|c| (self.matrix[r][c] - f64::from(u8::from(r == c))).abs() < 1e-3)
        });
        self.curve == Curve::Srgb && unit && !self.narrow
    }

    /// The way to sRGB for codes of 0 to `most`.
    pub fn converter(&self, most: u16) -> Converter<'_> {
        let (low, high) = match self.narrow {
            true => (16.0 / 255.0, 235.0 / 255.0),
            false => (0.0, 1.0),
        };
        let value =
            |code: u16| ((f64::from(code) / f64::from(most) - low) / (high - low)).clamp(0.0, 1.0);
        let decoded = |v: f64| match &self.curve {
            Curve::Srgb if v <= 0.040_45 => v / 12.92,
            Curve::Srgb => libm::pow((v + 0.055) / 1.055, 2.4),
            Curve::Power(exponent) => libm::pow(v, *exponent),
            Curve::Bright(light) => light.decoded(v),
        };
        let coded = |light: f64| match &self.curve {
            Curve::Bright(_) => encode(light),
            _ if light <= 0.003_130_8 => light * 12.92,
            _ => 1.055 * libm::pow(light, 1.0 / 2.4) - 0.055,
        };
        let codes = (0..CODES).map(|i| {
            // closer where it is dark, which is where the curve is steep
            let root = f64::from(i) / f64::from(CODES - 1);
            (coded(root * root) * 255.0 + 0.5) as u8
        });
        Converter {
            coded: self,
            light: (0..=most).map(|code| decoded(value(code)) as f32).collect(),
            codes: codes.collect(),
        }
    }
}

/// Steps of the table from light to code.
const CODES: u32 = 16_384;

/// A way to sRGB with its tables.
pub struct Converter<'a> {
    coded: &'a Coded,
    light: Vec<f32>,
    codes: Vec<u8>,
}

impl Converter<'_> {
    /// One colour.
    pub fn rgb(&self, from: [u16; 3]) -> [u8; 3] {
        let light =
            from.map(|code| f64::from(self.light[usize::from(code).min(self.light.len() - 1)]));
        let light = match &self.coded.curve {
            Curve::Bright(bright) => bright.shown(light),
            _ => applied(self.coded.matrix, light),
        };
        light.map(|v| {
            let step = v.clamp(0.0, 1.0).sqrt() * f64::from(CODES - 1) + 0.5;
            self.codes[step as usize]
        })
    }

    /// Red, green, blue and alpha, which stays; pictures mostly repeat a colour.
    pub fn rgba(&self, from: impl Iterator<Item = [u16; 4]>, most: u16, to: &mut [[u8; 4]]) {
        let mut last = ([0; 3], self.rgb([0; 3]));
        for (to, [r, g, b, a]) in to.iter_mut().zip(from) {
            if last.0 != [r, g, b] {
                last = ([r, g, b], self.rgb([r, g, b]));
            }
            let [r, g, b] = last.1;
            let most = u32::from(most);
            *to = [r, g, b, ((u32::from(a) * 255 + most / 2) / most) as u8];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::gamut::D65;

    const P3: Chromaticities = [D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)];
    const ADOBE: Chromaticities = [D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)];

    fn near(coded: Option<Coded>, want: [u8; 3]) {
        let got = coded
            .as_ref()
            .map_or([128, 64, 200], |c| c.converter(255).rgb([128, 64, 200]));
        let off = got.iter().zip(want).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(2), "{got:?} for {want:?}");
    }

    /// (128, 64, 200) as Chromium 156 shows it with each description.
    #[test]
    fn numbers_mean_what_a_browser_makes_of_them() {
        let png = |primaries, transfer| Coded::of_points(Home::Png, primaries, transfer, 0.0);
        near(png(12, 13), [138, 59, 207]);
        near(png(9, 1), [138, 29, 206]);
        near(png(9, 14), [138, 29, 206]);
        near(png(1, 1), [121, 54, 197]);
        near(png(1, 8), [188, 137, 229]);
        near(png(1, 4), [129, 62, 201]);
        near(png(1, 5), [106, 40, 189]);
        assert_eq!(png(2, 2), None);
        let heif = |primaries, transfer| Coded::of_points(Home::Heif, primaries, transfer, 0.0);
        near(heif(1, 1), [128, 64, 200]);
        near(heif(1, 13), [128, 64, 200]);
        near(heif(9, 13), [147, 43, 209]);
        near(heif(9, 15), [147, 43, 209]);
        near(heif(9, 8), [209, 127, 237]);
        near(heif(12, 4), [139, 56, 209]);
        near(heif(12, 8), [197, 133, 235]);
        near(Coded::of_gamma(1.0, None), [188, 137, 229]);
        near(Coded::of_gamma(1.0 / 1.8, None), [146, 81, 210]);
        near(Coded::of_gamma(0.5, None), [137, 71, 206]);
        near(Coded::of_gamma(2.0, None), [219, 188, 242]);
        near(Coded::of_gamma(0.45455, None), [128, 64, 200]);
        near(Coded::of_gamma(0.46, None), [128, 64, 200]);
        near(Coded::of_gamma(0.45455, Some(P3)), [139, 57, 209]);
        near(Coded::of_gamma(1.0 / 1.8, Some(ADOBE)), [164, 81, 214]);
        assert_eq!(Coded::of_gamma(1.0, Some([(0.0, 0.0); 4])), None);
        assert_eq!(Coded::of_gamma(0.0, None), None);
    }

    #[test]
    fn srgb_by_numbers_is_left_alone() {
        assert!(Coded::of_points(Home::Png, 1, 13, 0.0).is_some_and(|c| c.is_srgb()));
        assert!(Coded::of_points(Home::Heif, 1, 1, 0.0).is_some_and(|c| c.is_srgb()));
        assert!(!Coded::of_points(Home::Png, 1, 1, 0.0).is_some_and(|c| c.is_srgb()));
        // every code comes back as itself, on the way through light too
        let coded = Coded::of_points(Home::Png, 1, 13, 0.0).expect("sRGB");
        let converter = coded.converter(255);
        for v in 0..=255u8 {
            assert_eq!(converter.rgb([u16::from(v); 3]), [v; 3]);
        }
    }

    #[test]
    fn bright_white_is_white_and_diffuse_white_nearly() {
        for transfer in [16, 18] {
            let coded = Coded::of_points(Home::Heif, 9, transfer, 0.0).expect("bright");
            let converter = coded.converter(1023);
            let white = converter.rgb([1023; 3]);
            assert_eq!(white, [255; 3]);
            // 203 cd/m²: 58 % of PQ, 75 % of HLG
            let diffuse = if transfer == 16 { 594 } else { 767 };
            let [r, g, b] = converter.rgb([diffuse; 3]);
            assert!(r > 225 && r < 245 && r == g && g == b, "{r} {g} {b}");
        }
    }
}
