use ffmpeg_next::format::Pixel;

use super::codes::gamut;
use super::*;
use crate::scene::gamut::Gamut;

const BT2020: [f64; 3] = [0.2627, 0.6780, 0.0593];

/// BT.709's linear light as BT.2020's.
const TO_2020: [[f64; 3]; 3] = [
    [0.627_404, 0.329_283, 0.043_313],
    [0.069_097, 0.919_540, 0.011_362],
    [0.016_391, 0.088_013, 0.895_595],
];

fn tone(transfer: Transfer) -> Tone {
    Tone::new(
        transfer,
        Primaries::BT2020,
        Space::BT2020NCL,
        Range::MPEG,
        0.0,
    )
}

/// A frame of one colour, mapped; luma, blue, red.
fn mapped(tone: &Tone, codes: [u16; 3]) -> [u8; 3] {
    let mut src = Video::new(Pixel::YUV420P10LE, 4, 2);
    for (plane, code) in codes.into_iter().enumerate() {
        for sample in src.data_mut(plane).chunks_exact_mut(2) {
            sample.copy_from_slice(&code.to_le_bytes());
        }
    }
    let mut dst = Video::new(Pixel::YUV420P, 4, 2);
    tone.map(&src, &mut dst);
    [0, 1, 2].map(|plane| dst.data(plane)[0])
}

/// SDR's codes (0–1) as a bright film holds them, with white at 203 cd/m² (BT.2100).
fn brightened(transfer: Transfer, rgb: [f64; 3]) -> [u16; 3] {
    let light = rgb.map(|code| code.powf(2.4));
    let light = TO_2020.map(|row| (0..3).map(|c| row[c] * light[c]).sum::<f64>());
    let [r, g, b] = match transfer {
        Transfer::Hlg => {
            let display = light.map(|light| 0.203 * light);
            let luminance: f64 = (0..3).map(|c| BT2020[c] * display[c]).sum();
            let gain = luminance.max(1e-9).powf(-0.2 / 1.2);
            display.map(|light| match light * gain {
                scene if scene <= 1.0 / 12.0 => (3.0 * scene).sqrt(),
                scene => 0.178_832_77 * (12.0 * scene - 0.284_668_92).ln() + 0.559_910_73,
            })
        }
        Transfer::Pq => light.map(|light| {
            let power = (light * 203.0 / 10_000.0).powf(2610.0 / 16384.0);
            let top = 3424.0 / 4096.0 + 2413.0 / 128.0 * power;
            (top / (1.0 + 2392.0 / 128.0 * power)).powf(2523.0 / 32.0)
        }),
        ordinary => panic!("{ordinary:?} is not bright"),
    };
    let luma = BT2020[0] * r + BT2020[1] * g + BT2020[2] * b;
    [
        64.0 + 876.0 * luma,
        512.0 + 896.0 * (b - luma) / 1.8814,
        512.0 + 896.0 * (r - luma) / 1.4746,
    ]
    .map(|code| code.round() as u16)
}

/// SDR's codes (0–1) in BT.709's limited range.
fn ordinary([r, g, b]: [f64; 3]) -> [f64; 3] {
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [
        16.0 + 219.0 * luma,
        128.0 + 224.0 * (b - luma) / 1.8556,
        128.0 + 224.0 * (r - luma) / 1.5748,
    ]
}

/// The other way.
fn decoded(codes: [u8; 3]) -> [f64; 3] {
    let [luma, blue, red] = codes.map(f64::from);
    let luma = (luma - 16.0) / 219.0;
    let r = luma + 1.5748 * (red - 128.0) / 224.0;
    let b = luma + 1.8556 * (blue - 128.0) / 224.0;
    let g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152;
    [r, g, b].map(|code| code.clamp(0.0, 1.0))
}

/// SDR's codes (0–1) on a BT.1886 display, in CIELAB.
fn lab(rgb: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = rgb.map(|code| code.powf(2.4));
    let x = (0.412_456 * r + 0.357_576 * g + 0.180_438 * b) / 0.950_47;
    let y = 0.212_673 * r + 0.715_152 * g + 0.072_175 * b;
    let z = (0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83;
    let [x, y, z] = [x, y, z].map(|part| match part {
        0.008_856.. => part.cbrt(),
        _ => 7.787 * part + 16.0 / 116.0,
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// CIEDE2000.
fn difference([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let saturated = |chroma: f64| {
        let seventh = chroma.powi(7);
        (seventh / (seventh + 25f64.powi(7))).sqrt()
    };
    let stretch = 1.5 - 0.5 * saturated((a1.hypot(b1) + a2.hypot(b2)) / 2.0);
    let (a1, a2) = (a1 * stretch, a2 * stretch);
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let (h1, h2) = (b1.atan2(a1), b2.atan2(a2));
    let turn = std::f64::consts::TAU;
    let mut apart = (h2 - h1).rem_euclid(turn);
    if apart > turn / 2.0 {
        apart -= turn;
    }
    let grey = c1 * c2 == 0.0;
    let hue = if grey { h1 + h2 } else { h1 + apart / 2.0 };
    let (l, c) = ((l1 + l2) / 2.0, (c1 + c2) / 2.0);
    let dh = if grey {
        0.0
    } else {
        2.0 * (c1 * c2).sqrt() * (apart / 2.0).sin()
    };
    let degrees = |degrees: f64| degrees.to_radians();
    let t = 1.0 - 0.17 * (hue - degrees(30.0)).cos()
        + 0.24 * (2.0 * hue).cos()
        + 0.32 * (3.0 * hue + degrees(6.0)).cos()
        - 0.20 * (4.0 * hue - degrees(63.0)).cos();
    let middle = (l - 50.0).powi(2);
    let by_l = (l2 - l1) / (1.0 + 0.015 * middle / (20.0 + middle).sqrt());
    let by_c = (c2 - c1) / (1.0 + 0.045 * c);
    let by_h = dh / (1.0 + 0.015 * c * t);
    let from_blue = (hue.to_degrees().rem_euclid(360.0) - 275.0) / 25.0;
    let twist = -2.0 * saturated(c) * degrees(60.0 * (-from_blue * from_blue).exp()).sin();
    (by_l * by_l + by_c * by_c + by_h * by_h + twist * by_c * by_h).sqrt()
}

#[test]
fn the_colour_difference_is_ciede2000() {
    // from the formula's published test data (Sharma, Wu, Dalal 2005)
    let pairs = [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        (
            [60.2574, -34.0099, 36.2677],
            [60.4626, -34.1751, 39.4387],
            1.2644,
        ),
    ];
    for (one, other, expected) in pairs {
        let got = difference(one, other);
        assert!((got - expected).abs() < 1e-4, "{got} for {expected}");
    }
}

#[test]
fn ordinary_film_in_other_primaries_comes_back_as_it_was() {
    use Primaries::{BT470BG, BT470M, BT2020, SMPTE170M, SMPTE431, SMPTE432};
    for primaries in [BT470M, BT470BG, SMPTE170M, BT2020, SMPTE431, SMPTE432] {
        let tone = Tone::new(
            Transfer::Ordinary,
            primaries,
            Space::BT709,
            Range::MPEG,
            0.0,
        );
        let own = gamut(primaries).unwrap();
        let there = Gamut::BT709.to(own);
        for at in 0..4 * 4 * 4 {
            let rgb = [at / 16, at / 4 % 4, at % 4].map(|step| 0.25 + 0.5 * f64::from(step) / 3.0);
            let light = rgb.map(|code: f64| code.powf(2.4));
            let coded = there.map(|row| {
                let value: f64 = (0..3).map(|c| row[c] * light[c]).sum();
                value.abs().powf(1.0 / 2.4).copysign(value)
            });
            let codes = ordinary(coded).map(|code| (code * 4.0).round() as u16);
            let back = mapped(&tone, codes);
            for (back, there) in back.into_iter().zip(ordinary(rgb)) {
                let off = (f64::from(back) - there).abs();
                assert!(off <= 1.5, "{primaries:?} {rgb:?}: {back} for {there}");
            }
        }
    }
}

#[test]
fn only_what_is_tagged_otherwise_is_mapped() {
    let colors = |primaries, transfer| Colors {
        range: Range::MPEG,
        matrix: Space::BT709,
        primaries,
        transfer,
    };
    use TransferCharacteristic as T;
    for transfer in [T::Unspecified, T::BT709, T::SMPTE170M, T::IEC61966_2_1] {
        assert!(!is_needed(colors(Primaries::BT709, transfer)));
        assert!(!is_needed(colors(Primaries::Unspecified, transfer)));
        assert!(is_needed(colors(Primaries::SMPTE432, transfer)));
    }
    for transfer in [T::GAMMA28, T::Linear, T::SMPTE2084] {
        assert!(is_needed(colors(Primaries::Unspecified, transfer)));
    }
}

const BOTH: [Transfer; 2] = [Transfer::Hlg, Transfer::Pq];

#[test]
fn greys_below_the_knee_come_back_as_they_were() {
    for transfer in BOTH {
        let tone = tone(transfer);
        for level in 0..=229 {
            let grey = f64::from(level) / 255.0;
            let [luma, blue, red] = mapped(&tone, brightened(transfer, [grey; 3]));
            let off = (f64::from(luma) - ordinary([grey; 3])[0]).abs();
            assert!(off <= 1.0, "{transfer:?} {level}: {luma}");
            assert_eq!((blue, red), (128, 128), "{transfer:?} {level}");
        }
    }
}

#[test]
fn colours_below_the_knee_come_back_as_they_were() {
    for transfer in BOTH {
        let tone = tone(transfer);
        let (mut squares, mut count, mut worst) = (0.0, 0.0, 0.0f64);
        for at in 0..9 * 9 * 9 {
            let rgb = [at / 81, at / 9 % 9, at % 9].map(|step| 0.88 * f64::from(step) / 8.0);
            let back = mapped(&tone, brightened(transfer, rgb));
            worst = worst.max(difference(lab(decoded(back)), lab(rgb)));
            for (back, there) in back.into_iter().zip(ordinary(rgb)) {
                let off = (f64::from(back) - there).abs();
                squares += off * off;
                count += 1.0;
            }
        }
        let psnr = 10.0 * (255.0f64.powi(2) / (squares / count)).log10();
        assert!(psnr > 35.0, "{transfer:?}: {psnr} dB");
        assert!(worst < 2.0, "{transfer:?}: ΔE {worst} at the worst");
    }
}

#[test]
fn reading_between_the_lattices_colours_is_close_to_the_way_itself() {
    for transfer in BOTH {
        let tone = tone(transfer);
        let codes_of = Codes::new(
            transfer,
            Primaries::BT2020,
            Space::BT2020NCL,
            Range::MPEG,
            0.0,
        );
        let (mut squares, mut count) = (0.0, 0.0);
        let mut seed = 1u32;
        let mut below = |end: f64| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(seed >> 8) / f64::from(1 << 24) * end
        };
        for _ in 0..2000 {
            // any colour of BT.2020, up to the peak
            let [r, g, b] = [below(1.0), below(1.0), below(1.0)];
            let luma = BT2020[0] * r + BT2020[1] * g + BT2020[2] * b;
            let codes = [
                64.0 + 876.0 * luma,
                512.0 + 896.0 * (b - luma) / 1.8814,
                512.0 + 896.0 * (r - luma) / 1.4746,
            ]
            .map(f64::round);
            let exact = codes_of
                .ordinary(codes[0], codes[1], codes[2])
                .map(crate::scene::transfer::encode);
            let back = mapped(&tone, codes.map(|code| code as u16));
            for (back, exact) in back.into_iter().zip(ordinary(exact)) {
                squares += (f64::from(back) - exact).powi(2);
                count += 1.0;
            }
        }
        let psnr = 10.0 * (255.0f64.powi(2) / (squares / count)).log10();
        assert!(psnr > 40.0, "{transfer:?}: {psnr} dB");
    }
}

#[test]
fn highlights_bend_towards_white_and_never_back() {
    for (transfer, white, peak) in [(Transfer::Hlg, 721, 940), (Transfer::Pq, 573, 723)] {
        let tone = tone(transfer);
        let greys: Vec<u8> = (0..1024)
            .map(|luma| mapped(&tone, [luma, 512, 512])[0])
            .collect();
        assert!(greys.is_sorted(), "{transfer:?}");
        assert_eq!(greys[64], 16);
        // diffuse white, and the brightest light
        assert!(
            (222..=228).contains(&greys[white]),
            "{transfer:?}: {}",
            greys[white]
        );
        assert!(greys[peak - 8] >= 234, "{transfer:?}");
        assert_eq!(greys[peak], 235, "{transfer:?}");
        assert!(greys[white] < greys[white + 40]);
    }
}

#[test]
fn a_peak_at_diffuse_white_leaves_white_alone() {
    let tone = Tone::new(
        Transfer::Pq,
        Primaries::BT2020,
        Space::BT2020NCL,
        Range::MPEG,
        203.0,
    );
    let white = brightened(Transfer::Pq, [1.0; 3]);
    assert!(mapped(&tone, white)[0] >= 234);
}

#[test]
fn odd_peaks_and_the_full_range_are_taken() {
    for peak in [-1.0, f32::NAN, f32::INFINITY, 1e9, 1e-9] {
        let tone = Tone::new(
            Transfer::Pq,
            Primaries::BT709,
            Space::BT709,
            Range::JPEG,
            peak,
        );
        assert_eq!(mapped(&tone, [0, 512, 512]), [16, 128, 128]);
        assert_eq!(mapped(&tone, [1023, 512, 512]), [235, 128, 128]);
        // samples that ten bits cannot hold
        mapped(&tone, [u16::MAX; 3]);
    }
}

#[test]
fn a_colour_outside_bt709_keeps_its_hue() {
    let tone = tone(Transfer::Hlg);
    // pure BT.2020 red, green and blue at three quarters
    let [r, g, b] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|rgb: [f64; 3]| {
        let luma: f64 = (0..3).map(|c| BT2020[c] * rgb[c]).sum();
        let codes = [
            64.0 + 657.0 * luma,
            512.0 + 672.0 * (rgb[2] - luma) / 1.8814,
            512.0 + 672.0 * (rgb[0] - luma) / 1.4746,
        ];
        mapped(&tone, codes.map(|code| code as u16)).map(i32::from)
    });
    assert!(r[2] > 200 && r[1] < 128, "red {r:?}");
    assert!(g[1] < 90 && g[2] < 90, "green {g:?}");
    assert!(b[1] > 200 && b[2] < 128, "blue {b:?}");
}

#[test]
fn odd_sizes_are_mapped_to_their_last_pixel() {
    let tone = tone(Transfer::Hlg);
    for (width, height) in [(1, 1), (3, 1), (1, 3), (5, 7), (33, 2)] {
        let mut src = Video::new(Pixel::YUV420P10LE, width, height);
        for (plane, code) in [500u16, 540, 480].into_iter().enumerate() {
            for sample in src.data_mut(plane).chunks_exact_mut(2) {
                sample.copy_from_slice(&code.to_le_bytes());
            }
        }
        let mut dst = Video::new(Pixel::YUV420P, width, height);
        tone.map(&src, &mut dst);
        for plane in 0..3 {
            let wide = dst.plane_width(plane) as usize;
            let rows = dst.data(plane).chunks_exact(dst.stride(plane));
            let first = dst.data(plane)[0];
            for row in rows.take(dst.plane_height(plane) as usize) {
                assert!(
                    row[..wide]
                        .iter()
                        .all(|&sample| sample == first && sample > 16)
                );
            }
        }
    }
    tone.map(&Video::empty(), &mut Video::new(Pixel::YUV420P, 4, 4));
    tone.map(&Video::new(Pixel::YUV420P10LE, 4, 4), &mut Video::empty());
}
