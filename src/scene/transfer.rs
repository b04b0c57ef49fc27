//! What a wide, bright colour becomes on an ordinary display.
//!
//! In: one colour, coded red, green and blue. Out: the same colour as BT.709's light. Exact and slow: films and stills
//! fill their tables by it. Never: a frame, luma and chroma.
//!
//! The codes become light on a display (BT.2100: HLG through the OOTF of a 1000 cd/m² display, PQ as it is),
//! counted in diffuse white (203 cd/m², BT.2408); other films are made for the display that shows them. That light is what a BT.1886 display shall show for SDR, so the way
//! back is its inverse, a power of 1/2.4. `zscale` goes the same way in the other direction, but for one thing: its HLG
//! bends red, green and blue each alone, where BT.2100's OOTF goes by luminance. The saturated colours of what it
//! made come back duller; cameras and displays follow BT.2100, and so does this.

use super::gamut::{Gamut, Matrix, applied, weigh};

/// How light is coded in a film or a bright still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// As a BT.1886 display shows it, in other primaries perhaps: BT.709, BT.601, BT.2020, sRGB.
    Ordinary,
    /// A power of 2.2 (BT.470 M).
    Gamma22,
    /// A power of 2.8 (BT.470 BG).
    Gamma28,
    /// Light itself.
    Linear,
    /// BT.2100 hybrid log-gamma (ARIB STD-B67).
    Hlg,
    /// BT.2100 perceptual quantiser (SMPTE ST 2084).
    Pq,
}

/// Diffuse white, cd/m² (ITU-R BT.2408).
const WHITE_NITS: f64 = 203.0;

/// The display that HLG is made for, cd/m², and its system gamma (BT.2100-2, table 5).
const HLG_NITS: f64 = 1000.0;
const HLG_GAMMA: f64 = 1.2;

/// The exponent of a BT.1886 display whose black is black.
const SDR_GAMMA: f64 = 2.4;

/// Up to here colours are the film's own; as a part of SDR's code range.
const KNEE: f64 = 0.9;

/// How much of its saturation a highlight at the peak loses.
const FADE: f64 = 0.6;

/// What is left below 0 of colours outside BT.709, at most, as a part of their luminance: it does not show, but a
/// border that bends softly can be read between the table's colours.
const MARGIN: f64 = 0.06;

/// BT.709's share of red, green and blue in luminance.
const BT709: [f64; 3] = [0.2126, 0.7152, 0.0722];

/// A way of coding light.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    transfer: Transfer,
    /// To BT.709's linear light.
    primaries: Matrix,
    /// Shares in luminance of its own red, green and blue.
    shares: [f64; 3],
    /// How far over the knee the brightest light lies, as SDR's codes would have to go on.
    reach: f64,
}

impl Light {
    /// `peak_nits` is for PQ: the brightest pixel, or else the mastering display; 1000 when it is 0.
    pub fn new(transfer: Transfer, own: Gamut, peak_nits: f32) -> Self {
        let peak = match (transfer, f64::from(peak_nits)) {
            (Transfer::Pq, peak) if peak > 0.0 && peak.is_finite() => peak,
            (Transfer::Pq | Transfer::Hlg, _) => HLG_NITS,
            _ => WHITE_NITS,
        };
        let peak = peak.clamp(WHITE_NITS, 10_000.0) / WHITE_NITS;
        Self {
            transfer,
            primaries: own.to(Gamut::BT709),
            shares: own.luminance(),
            reach: libm::pow(peak, 1.0 / SDR_GAMMA) - KNEE,
        }
    }

    /// Coded red, green and blue (black is 0, the nominal peak 1) as BT.709's linear light. White is 1 and the most;
    /// what lies outside BT.709 is a little below 0.
    pub fn ordinary(&self, rgb: [f64; 3]) -> [f64; 3] {
        self.shown(rgb.map(|code| self.decoded(code)))
    }

    /// The light of one channel: on the display, 1 is diffuse white; HLG's before the camera.
    pub fn decoded(&self, code: f64) -> f64 {
        match self.transfer {
            Transfer::Hlg => odd(code, scene_of_hlg),
            Transfer::Pq => odd(code, nits_of_pq) / WHITE_NITS,
            Transfer::Ordinary => power(code, SDR_GAMMA),
            Transfer::Gamma22 => power(code, 2.2),
            Transfer::Gamma28 => power(code, 2.8),
            Transfer::Linear => code,
        }
    }

    /// What [`decoded`](Self::decoded) channels are as BT.709's linear light.
    pub fn shown(&self, decoded: [f64; 3]) -> [f64; 3] {
        let light = match self.transfer {
            Transfer::Hlg => {
                let luminance = weigh(self.shares, decoded).max(0.0);
                let gain = HLG_NITS / WHITE_NITS * libm::pow(luminance, HLG_GAMMA - 1.0);
                decoded.map(|value| gain * value)
            }
            _ => decoded,
        };
        self.roll_off(inside(applied(self.primaries, light)))
    }

    /// Light as SDR can show it: highlights bend towards white from the knee on, brighter ones lose colour as they
    /// would on film. The strongest of the three decides for all, so that hues stay.
    fn roll_off(&self, light: [f64; 3]) -> [f64; 3] {
        let strongest = light.iter().copied().fold(0.0, f64::max);
        let code = libm::pow(strongest, 1.0 / SDR_GAMMA);
        if code <= KNEE {
            return light;
        }
        let (over, room) = (code - KNEE, 1.0 - KNEE);
        let bent = if self.reach <= room {
            over.min(room)
        } else {
            // a hyperbola: as steep as the line before it at the knee, white at the brightest light
            let over = over.min(self.reach);
            over / (1.0 + over * (1.0 / room - 1.0 / self.reach))
        };
        let top = libm::pow(KNEE + bent, SDR_GAMMA);
        // what an ordinary film could have shown keeps all of its colour
        let beyond = (over - room) / (self.reach - room).max(room);
        let fade = FADE * beyond.clamp(0.0, 1.0);
        light.map(|value| {
            let kept = value * top / strongest;
            kept + fade * (top - kept)
        })
    }
}

/// Light of an SDR display as its code, both 0–1.
pub fn encode(light: f64) -> f64 {
    libm::pow(light.clamp(0.0, 1.0), 1.0 / SDR_GAMMA)
}

/// Cuts off what BT.709 does not hold, all but a little, and keeps the luminance. Drawing colours towards grey instead
/// turns reds pink: P3's red by 11° in ICtCp, cutting by 4°.
fn inside(light: [f64; 3]) -> [f64; 3] {
    let grey = weigh(BT709, light);
    if grey <= 0.0 {
        return [0.0; 3];
    }
    if light.iter().all(|&value| value >= 0.0) {
        return light;
    }
    let gain = grey / weigh(BT709, light.map(|value| value.max(0.0)));
    let margin = MARGIN * grey;
    light.map(|value| match value {
        0.0.. => gain * value,
        _ => value / (1.0 - value / margin),
    })
}

/// The inverse of HLG's OETF, 0–1 (BT.2100-2, table 5).
fn scene_of_hlg(code: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    const B: f64 = 0.284_668_92;
    const C: f64 = 0.559_910_73;
    if code <= 0.5 {
        code * code / 3.0
    } else {
        (libm::exp((code - C) / A) + B) / 12.0
    }
}

/// PQ's EOTF, cd/m² (BT.2100-2, table 4).
fn nits_of_pq(code: f64) -> f64 {
    const M1: f64 = 2610.0 / 16384.0;
    const M2: f64 = 2523.0 / 4096.0 * 128.0;
    const C1: f64 = 3424.0 / 4096.0;
    const C2: f64 = 2413.0 / 4096.0 * 32.0;
    const C3: f64 = 2392.0 / 4096.0 * 32.0;
    let root = libm::pow(code.min(1.0), 1.0 / M2);
    10_000.0 * libm::pow((root - C1).max(0.0) / (C2 - C3 * root), 1.0 / M1)
}

/// A coded value as light.
fn power(code: f64, exponent: f64) -> f64 {
    odd(code, |value| libm::pow(value, exponent))
}

/// A curve that is defined from 0 on, mirrored below it: what is a little under black stays so.
fn odd(value: f64, curve: impl Fn(f64) -> f64) -> f64 {
    curve(value.abs()).copysign(value)
}
