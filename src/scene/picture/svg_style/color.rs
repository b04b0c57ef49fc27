//! CSS colours, level 4, as sRGB.
//!
//! In: the text of a colour. Out: red, green, blue and alpha as a browser paints them on an sRGB screen: what lies
//! outside sRGB is cut off channel by channel. Never: `currentColor`, `url(…)`, `var(…)`; those are the cascade's.

mod relative;

/// Straight red, green, blue and alpha, each 0–1.
pub type Rgba = [f64; 4];

/// Reads one colour; `None` if it is none, or of a kind that is not known here.
pub fn parse(text: &str) -> Option<Rgba> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix('#') {
        return hex(digits);
    }
    let Some((name, rest)) = text.split_once('(') else {
        return named(text);
    };
    let inside = rest.strip_suffix(')')?;
    let name = name.to_ascii_lowercase();
    if let Some(rest) = inside.trim_start().strip_prefix("from ") {
        return relative::parse(&name, rest.trim());
    }
    let color = match name.as_str() {
        "color-mix" => return mix(inside),
        // a finished picture has no dark mode
        "light-dark" => return parse(super::split(inside, ',')[0]),
        "color" => {
            let (space, rest) = inside.trim_start().split_once(char::is_whitespace)?;
            let parts = Parts::read(rest)?;
            let space = space.to_ascii_lowercase();
            return Some(clipped(predefined(&space, parts.all(1.0)?)?, parts.alpha));
        }
        _ => Parts::read(inside)?,
    };
    let [a, b, c] = &color.values;
    let rgb = match name.as_str() {
        "rgb" | "rgba" => {
            // the old form does not mix numbers and percentages
            if color.commas
                && !(a.is_percent() == b.is_percent() && b.is_percent() == c.is_percent())
            {
                return None;
            }
            color.all(255.0)?.map(|v| v / 255.0)
        }
        "hsl" | "hsla" => {
            if color.commas && !(b.is_percent() && c.is_percent()) {
                return None;
            }
            hsl(a.angle()?, b.of(100.0)? / 100.0, c.of(100.0)? / 100.0)
        }
        "hwb" if !color.commas => hwb(a.angle()?, b.of(100.0)? / 100.0, c.of(100.0)? / 100.0),
        "lab" if !color.commas => {
            let l = a.of(100.0)?.clamp(0.0, 100.0);
            lab([l, b.of(125.0)?, c.of(125.0)?])
        }
        "lch" if !color.commas => {
            let l = a.of(100.0)?.clamp(0.0, 100.0);
            lab(polar(l, b.of(150.0)?.max(0.0), c.angle()?))
        }
        "oklab" if !color.commas => {
            let l = a.of(1.0)?.clamp(0.0, 1.0);
            oklab([l, b.of(0.4)?, c.of(0.4)?])
        }
        "oklch" if !color.commas => {
            let l = a.of(1.0)?.clamp(0.0, 1.0);
            oklab(polar(l, b.of(0.4)?.max(0.0), c.angle()?))
        }
        _ => return None,
    };
    Some(clipped(rgb, color.alpha))
}

fn clipped(rgb: [f64; 3], alpha: f64) -> Rgba {
    let [r, g, b] = rgb.map(|v| v.clamp(0.0, 1.0));
    [r, g, b, alpha.clamp(0.0, 1.0)]
}

fn named(name: &str) -> Option<Rgba> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    if name.eq_ignore_ascii_case("transparent") {
        return Some([0.0; 4]);
    }
    let color = csscolorparser::parse(&name.to_ascii_lowercase()).ok()?;
    let [r, g, b, a] = color.to_rgba8().map(|v| f64::from(v) / 255.0);
    // a hexadecimal number without its `#` is no name
    let is_hex = name.bytes().all(|b| b.is_ascii_hexdigit());
    (!is_hex).then_some([r, g, b, a])
}

fn hex(digits: &str) -> Option<Rgba> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = |part: &str| u8::from_str_radix(part, 16).ok().map(f64::from);
    let width = match digits.len() {
        3 | 4 => 1,
        6 | 8 => 2,
        _ => return None,
    };
    let most = if width == 1 { 15.0 } else { 255.0 };
    let mut rgba = [1.0; 4];
    for (to, at) in rgba.iter_mut().zip((0..digits.len()).step_by(width)) {
        *to = value(&digits[at..at + width])? / most;
    }
    Some(rgba)
}

/// One part of a colour.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value {
    Number(f64),
    Percent(f64),
    /// In degrees.
    Angle(f64),
    None,
}

impl Value {
    fn read(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        if lower == "none" {
            return Some(Self::None);
        }
        for (unit, turn) in [
            ("deg", 1.0),
            ("grad", 0.9),
            ("rad", 180.0 / std::f64::consts::PI),
            ("turn", 360.0),
        ] {
            if let Some(number) = lower.strip_suffix(unit) {
                return number_of(number).map(|v| Self::Angle(v * turn));
            }
        }
        match lower.strip_suffix('%') {
            Some(number) => number_of(number).map(Self::Percent),
            None => number_of(&lower).map(Self::Number),
        }
    }

    fn is_percent(self) -> bool {
        matches!(self, Self::Percent(_))
    }

    /// As a number, where 100 % is `whole`.
    fn of(self, whole: f64) -> Option<f64> {
        match self {
            Self::Number(v) => Some(v),
            Self::Percent(v) => Some(v / 100.0 * whole),
            Self::None => Some(0.0),
            Self::Angle(_) => None,
        }
    }

    fn angle(self) -> Option<f64> {
        match self {
            Self::Number(v) | Self::Angle(v) => Some(v),
            Self::None => Some(0.0),
            Self::Percent(_) => None,
        }
    }
}

/// A CSS number, which `f64` reads more widely than CSS writes it.
pub fn number_of(text: &str) -> Option<f64> {
    let plain = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    if text.is_empty() || !text.bytes().all(plain) || text.ends_with('.') {
        return None;
    }
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// Three parts and alpha.
struct Parts {
    values: [Value; 3],
    alpha: f64,
    commas: bool,
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let commas = text.contains(',');
        let (colour, alpha) = if commas {
            let parts: Vec<&str> = text.split(',').map(str::trim).collect();
            match parts.as_slice() {
                [a, b, c] => ([*a, *b, *c], None),
                [a, b, c, alpha] => ([*a, *b, *c], Some(*alpha)),
                _ => return None,
            }
        } else {
            let (colour, alpha) = match text.split_once('/') {
                Some((colour, alpha)) => (colour, Some(alpha.trim())),
                None => (text, None),
            };
            let parts: Vec<&str> = colour.split_whitespace().collect();
            (<[&str; 3]>::try_from(parts).ok()?, alpha)
        };
        let mut values = [Value::None; 3];
        for (value, text) in values.iter_mut().zip(colour) {
            *value = Value::read(text)?;
        }
        if commas && values.contains(&Value::None) {
            return None;
        }
        let alpha = match alpha {
            Some(text) => Value::read(text)?.of(1.0)?,
            None => 1.0,
        };
        Some(Self {
            values,
            alpha,
            commas,
        })
    }

    fn all(&self, whole: f64) -> Option<[f64; 3]> {
        let [a, b, c] = self.values;
        Some([a.of(whole)?, b.of(whole)?, c.of(whole)?])
    }
}

/// `color-mix(in SPACE, A 30%, B)`, mixed with premultiplied alpha.
fn mix(text: &str) -> Option<Rgba> {
    let parts = super::split(text, ',');
    let [how, first, second] = parts.as_slice() else {
        return None;
    };
    let space = how.trim().strip_prefix("in ")?.trim().to_ascii_lowercase();
    let part = |text: &str| -> Option<(Rgba, Option<f64>)> {
        let text = text.trim();
        if let Some((color, percent)) = text.rsplit_once(char::is_whitespace)
            && let Some(percent) = percent.strip_suffix('%')
        {
            return Some((parse(color)?, Some(number_of(percent)?)));
        }
        if let Some((percent, color)) = text.split_once(char::is_whitespace)
            && let Some(percent) = percent.strip_suffix('%')
        {
            return Some((parse(color)?, Some(number_of(percent)?)));
        }
        Some((parse(text)?, None))
    };
    let ((a, p), (b, q)) = (part(first)?, part(second)?);
    let (p, q) = match (p, q) {
        (None, None) => (50.0, 50.0),
        (Some(p), None) => (p, 100.0 - p),
        (None, Some(q)) => (100.0 - q, q),
        (Some(p), Some(q)) => (p, q),
    };
    let sum = p + q;
    if sum <= 0.0 || p < 0.0 || q < 0.0 {
        return None;
    }
    let fade = (sum / 100.0).min(1.0);
    let (p, q) = (p / sum, q / sum);
    type Change = fn([f64; 3]) -> [f64; 3];
    let (to, from): (Change, Change) = match space.as_str() {
        "srgb" => (|v| v, |v| v),
        "srgb-linear" => (|v| v.map(linear), |v| v.map(coded)),
        "oklab" => (to_oklab, oklab),
        _ => return None,
    };
    let [a_rgb, b_rgb] = [a, b].map(|[r, g, b, _]| to([r, g, b]));
    let alpha = a[3] * p + b[3] * q;
    if alpha == 0.0 {
        return Some([0.0; 4]);
    }
    let rgb = std::array::from_fn(|i| (a_rgb[i] * a[3] * p + b_rgb[i] * b[3] * q) / alpha);
    Some(clipped(from(rgb), alpha * fade))
}

fn hsl(hue: f64, saturation: f64, light: f64) -> [f64; 3] {
    let saturation = saturation.max(0.0);
    let channel = |n: f64| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        let a = saturation * light.min(1.0 - light);
        light - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    };
    [channel(0.0), channel(8.0), channel(4.0)]
}

fn hwb(hue: f64, white: f64, black: f64) -> [f64; 3] {
    if white + black >= 1.0 {
        return [white / (white + black); 3];
    }
    hsl(hue, 1.0, 0.5).map(|v| v * (1.0 - white - black) + white)
}

fn polar(l: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let hue = hue.to_radians();
    [l, chroma * libm::cos(hue), chroma * libm::sin(hue)]
}

type Matrix = [[f64; 3]; 3];

fn times(matrix: Matrix, [a, b, c]: [f64; 3]) -> [f64; 3] {
    matrix.map(|[x, y, z]| x * a + y * b + z * c)
}

/// XYZ under D65 as linear sRGB (CSS Color 4, §10.1).
const SRGB_FROM_XYZ: Matrix = [
    [
        3.240_969_941_904_522_6,
        -1.537_383_177_570_094,
        -0.498_610_760_293_003_4,
    ],
    [
        -0.969_243_636_280_879_6,
        1.875_967_501_507_720_2,
        0.041_555_057_407_175_59,
    ],
    [
        0.055_630_079_696_993_66,
        -0.203_976_958_888_976_52,
        1.056_971_514_242_878_6,
    ],
];

/// XYZ under D50 as under D65 (Bradford).
const D65_FROM_D50: Matrix = [
    [
        0.955_473_421_488_075,
        -0.023_098_454_948_764_71,
        0.063_259_243_200_570_72,
    ],
    [
        -0.028_369_709_333_863_7,
        1.009_995_398_081_304_1,
        0.021_041_441_191_917_323,
    ],
    [
        0.012_314_014_864_481_998,
        -0.020_507_649_298_898_964,
        1.330_365_926_242_124,
    ],
];

const P3_TO_XYZ: Matrix = [
    [
        0.486_570_948_648_216_2,
        0.265_667_693_169_093_06,
        0.198_217_285_234_362_5,
    ],
    [
        0.228_974_564_069_748_8,
        0.691_738_521_836_506_4,
        0.079_286_914_093_745,
    ],
    [0.0, 0.045_113_381_858_902_64, 1.043_944_368_900_976],
];

const A98_TO_XYZ: Matrix = [
    [
        0.576_669_042_910_131,
        0.185_558_237_906_546_3,
        0.188_228_646_234_995_4,
    ],
    [
        0.297_344_975_250_536_05,
        0.627_363_566_255_466_1,
        0.075_291_458_493_997_88,
    ],
    [
        0.027_031_361_386_412_34,
        0.070_688_852_535_823_19,
        0.991_337_536_837_638_9,
    ],
];

const PROPHOTO_TO_XYZ_D50: Matrix = [
    [
        0.797_760_489_672_302_3,
        0.135_185_837_175_740_33,
        0.031_349_349_581_524_78,
    ],
    [
        0.288_071_128_229_293_4,
        0.711_843_217_810_101_4,
        0.000_085_653_960_605_252_2,
    ],
    [0.0, 0.0, 0.825_104_602_510_460_4],
];

const REC2020_TO_XYZ: Matrix = [
    [
        0.636_958_048_301_291_3,
        0.144_616_903_586_208_4,
        0.168_880_975_164_172_1,
    ],
    [
        0.262_700_212_011_267_1,
        0.677_998_071_518_871_1,
        0.059_301_716_469_861_95,
    ],
    [0.0, 0.028_072_693_049_087_43, 1.060_985_057_710_791],
];

/// A colour of `color(SPACE …)` as coded sRGB, which may lie outside 0–1.
fn predefined(space: &str, v: [f64; 3]) -> Option<[f64; 3]> {
    let power = |exponent: f64| v.map(|v: f64| libm::pow(v.abs(), exponent).copysign(v));
    let xyz = match space {
        "srgb" => return Some(v),
        "srgb-linear" => return Some(v.map(coded)),
        "display-p3" => times(P3_TO_XYZ, v.map(linear)),
        "display-p3-linear" => times(P3_TO_XYZ, v),
        "a98-rgb" => times(A98_TO_XYZ, power(563.0 / 256.0)),
        "prophoto-rgb" => {
            let light = v.map(|v: f64| match v.abs() {
                small if small <= 16.0 / 512.0 => v / 16.0,
                more => libm::pow(more, 1.8).copysign(v),
            });
            times(D65_FROM_D50, times(PROPHOTO_TO_XYZ_D50, light))
        }
        "rec2020" => times(REC2020_TO_XYZ, v.map(bt2020)),
        "xyz" | "xyz-d65" => v,
        "xyz-d50" => times(D65_FROM_D50, v),
        _ => return None,
    };
    Some(times(SRGB_FROM_XYZ, xyz).map(coded))
}

/// The inverse of BT.2020's own curve.
fn bt2020(v: f64) -> f64 {
    const ALPHA: f64 = 1.099_296_826_809_442_4;
    const BETA: f64 = 0.018_053_968_510_807;
    match v.abs() {
        small if small < BETA * 4.5 => v / 4.5,
        more => libm::pow((more + ALPHA - 1.0) / ALPHA, 1.0 / 0.45).copysign(v),
    }
}

/// sRGB's code as light.
fn linear(v: f64) -> f64 {
    match v.abs() {
        small if small <= 0.040_45 => v / 12.92,
        more => libm::pow((more + 0.055) / 1.055, 2.4).copysign(v),
    }
}

/// Light as sRGB's code.
fn coded(v: f64) -> f64 {
    match v.abs() {
        small if small <= 0.003_130_8 => v * 12.92,
        more => (1.055 * libm::pow(more, 1.0 / 2.4) - 0.055).copysign(v),
    }
}

fn lab([l, a, b]: [f64; 3]) -> [f64; 3] {
    const KAPPA: f64 = 24_389.0 / 27.0;
    const EPSILON: f64 = 216.0 / 24_389.0;
    let fy = (l + 16.0) / 116.0;
    let (fx, fz) = (fy + a / 500.0, fy - b / 200.0);
    let curve = |f: f64| match f * f * f {
        cube if cube > EPSILON => cube,
        _ => (116.0 * f - 16.0) / KAPPA,
    };
    let y = if l > KAPPA * EPSILON {
        fy * fy * fy
    } else {
        l / KAPPA
    };
    // the white of D50
    let xyz = [
        curve(fx) * 0.345_7 / 0.358_5,
        y,
        curve(fz) * (1.0 - 0.345_7 - 0.358_5) / 0.358_5,
    ];
    times(SRGB_FROM_XYZ, times(D65_FROM_D50, xyz)).map(coded)
}

const LMS_FROM_OKLAB: Matrix = [
    [1.0, 0.396_337_777_376_174_9, 0.215_803_757_309_913_64],
    [1.0, -0.105_561_345_815_658_6, -0.063_854_172_825_813_3],
    [1.0, -0.089_484_177_529_811_9, -1.291_485_548_019_409_2],
];

const SRGB_FROM_LMS: Matrix = [
    [
        4.076_741_636_075_959,
        -3.307_711_539_258_062_3,
        0.230_969_903_182_101_34,
    ],
    [
        -1.268_437_973_285_029_8,
        2.609_757_349_287_688_7,
        -0.341_319_376_002_659_9,
    ],
    [
        -0.004_196_076_138_674_53,
        -0.703_418_618_936_364_4,
        1.707_614_695_075_038_5,
    ],
];

fn oklab(v: [f64; 3]) -> [f64; 3] {
    let lms = times(LMS_FROM_OKLAB, v).map(|v| v * v * v);
    times(SRGB_FROM_LMS, lms).map(coded)
}

fn to_oklab(rgb: [f64; 3]) -> [f64; 3] {
    const LMS: Matrix = [
        [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
        [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
        [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
    ];
    const LAB: Matrix = [
        [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
        [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
        [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
    ];
    times(LAB, times(LMS, rgb.map(linear)).map(libm::cbrt))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Option<[u8; 4]> {
        Some(parse(text)?.map(|v| (v * 255.0).round() as u8))
    }

    /// As Chromium 156 paints them on an sRGB screen.
    #[test]
    fn every_way_to_write_a_colour() {
        for (text, want) in [
            ("#f80", [255, 136, 0, 255]),
            ("#F808", [255, 136, 0, 136]),
            ("RebeccaPurple", [102, 51, 153, 255]),
            ("transparent", [0, 0, 0, 0]),
            ("rgb(255 90 54 / 50%)", [255, 90, 54, 128]),
            ("rgba(255, 90, 54, .5)", [255, 90, 54, 128]),
            ("rgb(100% 50% 0%)", [255, 128, 0, 255]),
            ("rgb(none 90 54)", [0, 90, 54, 255]),
            ("hsl(140deg 60% 40%)", [41, 163, 82, 255]),
            ("hsl(140, 60%, 40%)", [41, 163, 82, 255]),
            ("hsl(0.5turn 100% 50% / 0.2)", [0, 255, 255, 51]),
            ("hwb(200 20% 30%)", [51, 136, 179, 255]),
            ("color(srgb 1 0.5 0)", [255, 128, 0, 255]),
            ("color(display-p3 1 0 0)", [255, 0, 0, 255]),
            ("color(srgb-linear 0.5 0.5 0.5)", [188, 188, 188, 255]),
            ("color(xyz-d65 0.95047 1 1.08883)", [255, 255, 255, 255]),
            ("lab(100 0 0)", [255, 255, 255, 255]),
            ("lab(50% 0 0)", [119, 119, 119, 255]),
            ("oklch(62.796% 0.25768 29.234)", [255, 0, 0, 255]),
            ("oklab(0.62796 0.22486 0.12585)", [255, 0, 0, 255]),
            ("color-mix(in srgb, red 25%, blue)", [64, 0, 191, 255]),
            ("light-dark(red, blue)", [255, 0, 0, 255]),
            ("oklch(62% 0.19 260)", [58, 129, 246, 255]),
            ("lab(50% 40 -20)", [171, 90, 154, 255]),
            ("lab(29.2345 39.3825 20.0664)", [125, 35, 41, 255]),
            ("lch(52% 72 50)", [204, 85, 26, 255]),
            ("lch(50% 200 30)", [255, 0, 3, 255]),
            ("oklab(59% 0.1 0.1)", [192, 93, 43, 255]),
            ("oklch(0.7 0.4 150)", [0, 214, 0, 255]),
            ("color(display-p3 1.0 0.3529 0.2118)", [255, 72, 30, 255]),
            ("color(display-p3 0 1 0)", [0, 255, 0, 255]),
            ("color(a98-rgb 0.4 0.6 0.2)", [67, 154, 34, 255]),
            ("color(prophoto-rgb 0.4 0.6 0.2)", [82, 178, 5, 255]),
            ("color(rec2020 0.4 0.6 0.2)", [74, 168, 41, 255]),
            ("color(rec2020 0 1 0)", [0, 255, 0, 255]),
            ("color(xyz 0.3 0.2 0.5)", [173, 91, 188, 255]),
            ("color(xyz-d50 0.3 0.2 0.5)", [164, 92, 215, 255]),
            ("color(srgb-linear 0.1 0.6 0.02)", [89, 203, 39, 255]),
            ("hwb(90 10% 20%)", [115, 204, 26, 255]),
            ("hsl(390 120% 40%)", [224, 102, 0, 255]),
            ("hsl(200 50 40)", [51, 119, 153, 255]),
            ("hwb(12 70% 60%)", [137, 137, 137, 255]),
            ("color-mix(in oklab, red, blue)", [140, 83, 162, 255]),
            ("rgb(from green r g b / 50%)", [0, 128, 0, 128]),
            ("rgb(from #0a6e3c b 20 calc(g / 2))", [60, 20, 55, 255]),
            ("rgb(from rgb(1 2 3 / 40%) r g b)", [1, 2, 3, 102]),
            ("hsl(from #336699 h s calc(l + 20))", [102, 153, 204, 255]),
            ("hsl(from red calc(h + 120) s l)", [0, 255, 0, 255]),
            ("oklch(from red l c h)", [255, 0, 0, 255]),
            ("oklab(from #3a81f6 l a b / alpha)", [58, 129, 246, 255]),
        ] {
            let got = bytes(text);
            let near = got.is_some_and(|got| got.iter().zip(want).all(|(a, b)| a.abs_diff(b) <= 1));
            assert!(near, "{text}: {got:?} for {want:?}");
        }
    }

    #[test]
    fn what_is_no_colour_is_none() {
        for text in [
            "",
            "#12",
            "#ggg",
            "colour",
            "rgb(1 2)",
            "rgb(1, 2 3)",
            "rgb(10%, 2, 3)",
            "abc",
            "color(foo 1 2 3)",
            "rgb(from red r g)",
            "lab(from red l a b)",
            "rgb(from nothing r g b)",
            "oklch(1, 2, 3)",
            "rgb(1 2 3",
            "inf",
            "hsl(10%, 20%, 30%)",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
