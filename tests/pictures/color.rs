//! Colour spaces: the same patch in many numbers is one colour in sRGB.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage};
use moxcms::ColorProfile;
use storypress::scene::picture::Fit;

use super::formats::{near, pixel, prepare};
use super::make;

const PATCHES: [[u8; 3]; 5] = [
    [200, 60, 50],
    [60, 160, 80],
    [40, 70, 180],
    [128, 128, 128],
    [230, 200, 160],
];

/// sRGB to linear light.
fn linear(v: u8) -> f64 {
    let v = f64::from(v) / 255.0;
    if v <= 0.04045 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}

/// Linear light to sRGB's curve.
fn curved(v: f64) -> f64 {
    if v <= 0.003_130_8 {
        12.92 * v
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    }
}

fn multiply(matrix: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Published matrices between linear spaces of the same white (D65).
const SRGB_TO_P3: [[f64; 3]; 3] = [
    [0.822_462, 0.177_538, 0.0],
    [0.033_194, 0.966_806, 0.0],
    [0.017_083, 0.072_397, 0.910_520],
];
const SRGB_TO_ADOBE: [[f64; 3]; 3] = [
    [0.715_127, 0.284_868, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.041_163, 0.958_837],
];

fn level(v: f64) -> u8 {
    (v * 255.0).round().clamp(0.0, 255.0) as u8
}

fn in_p3(srgb: [u8; 3]) -> [u8; 3] {
    multiply(SRGB_TO_P3, srgb.map(linear)).map(|v| level(curved(v)))
}

fn in_adobe(srgb: [u8; 3]) -> [u8; 3] {
    multiply(SRGB_TO_ADOBE, srgb.map(linear)).map(|v| level(v.powf(256.0 / 563.0)))
}

fn icc(profile: &ColorProfile) -> Vec<u8> {
    profile.encode().expect("the profile can be written")
}

fn png(picture: &RgbImage, icc: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new(&mut out);
    encoder.set_icc_profile(icc).expect("PNG takes profiles");
    encoder
        .write_image(
            picture,
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .expect("the encoder takes this picture");
    out
}

fn jpeg(picture: &RgbImage, icc: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 100);
    encoder.set_icc_profile(icc).expect("JPEG takes profiles");
    encoder
        .encode_image(picture)
        .expect("the encoder takes this picture");
    out
}

fn plain(rgb: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(40, 40, Rgb(rgb))
}

#[track_caller]
fn check(bytes: &[u8], want: [u8; 3], what: &str) {
    let made = prepare(bytes, 20, 20, Fit::Fill).unwrap_or_else(|error| panic!("{what}: {error}"));
    near(pixel(&made, 10, 10), want, 3, what);
}

#[test]
fn wide_gamuts_come_out_as_srgb() {
    for patch in PATCHES {
        let p3 = icc(&ColorProfile::new_display_p3());
        check(&png(&plain(in_p3(patch)), p3.clone()), patch, "P3 PNG");
        check(&jpeg(&plain(in_p3(patch)), p3), patch, "P3 JPEG");
        let adobe = icc(&ColorProfile::new_adobe_rgb());
        check(
            &png(&plain(in_adobe(patch)), adobe.clone()),
            patch,
            "Adobe RGB PNG",
        );
        check(
            &jpeg(&plain(in_adobe(patch)), adobe),
            patch,
            "Adobe RGB JPEG",
        );
    }
}

#[test]
fn an_srgb_profile_changes_nothing() {
    let picture = make::texture(64, 64);
    let tagged = png(&picture, icc(&ColorProfile::new_srgb()));
    let untagged = make::encode(picture, ImageFormat::Png);
    let prepared = |bytes: &[u8]| {
        prepare(bytes, 64, 64, Fit::Fill)
            .expect("the picture is whole")
            .pixels
    };
    assert_eq!(prepared(&tagged), prepared(&untagged));
}

#[test]
fn a_broken_profile_is_taken_as_none() {
    for bytes in [
        vec![0; 12],
        vec![255; 4000],
        icc(&ColorProfile::new_display_p3())[..200].to_vec(),
    ] {
        check(
            &png(&plain(PATCHES[0]), bytes),
            PATCHES[0],
            "a broken profile",
        );
    }
}

#[test]
fn an_avif_says_its_primaries_without_a_profile() {
    let made = prepare(include_bytes!("fixtures/p3.avif"), 96, 64, Fit::Fill)
        .expect("the picture is whole");
    let green = pixel(&made, 80, 10);
    // Display P3's 40 180 60 lies outside sRGB: red is cut, green is stronger
    assert!(green[0] <= 3 && green[1] > 180, "{green:?}");
    near(pixel(&made, 80, 50), make::WHITE, 4, "grey stays");
}

#[test]
fn grey_pictures_are_grey_with_and_without_a_profile() {
    let grey = image::GrayImage::from_pixel(40, 40, image::Luma([100]));
    check(
        &make::encode(grey.clone(), ImageFormat::Png),
        [100; 3],
        "grey PNG",
    );
    let wide = image::DynamicImage::from(grey.clone()).into_luma16();
    check(
        &make::encode(wide, ImageFormat::Png),
        [100; 3],
        "16-bit grey PNG",
    );
    check(
        &make::encode(grey.clone(), ImageFormat::Jpeg),
        [100; 3],
        "grey JPEG",
    );

    let mut tagged = Vec::new();
    let mut encoder = PngEncoder::new(&mut tagged);
    encoder
        .set_icc_profile(icc(&ColorProfile::new_gray_with_gamma(1.8)))
        .expect("PNG takes profiles");
    encoder
        .write_image(&grey, 40, 40, ExtendedColorType::L8)
        .expect("the encoder takes this picture");
    let want = level(curved((100.0f64 / 255.0).powf(1.8)));
    check(&tagged, [want; 3], "grey PNG of gamma 1.8");
}

/// A JPEG of inks from libjpeg-turbo, as Adobe's software would mark it, or not.
fn cmyk(inks: [u8; 4], adobe: bool) -> Vec<u8> {
    let pixels: Vec<u8> = inks.iter().copied().cycle().take(40 * 40 * 4).collect();
    let mut encoder = turbojpeg::Compressor::new().expect("there is memory for an encoder");
    encoder
        .set_quality(100)
        .and_then(|()| encoder.set_subsamp(turbojpeg::Subsamp::None))
        .expect("the encoder can be set");
    let bytes = encoder
        .compress_to_vec(turbojpeg::Image {
            pixels: pixels.as_slice(),
            width: 40,
            pitch: 160,
            height: 40,
            format: turbojpeg::PixelFormat::CMYK,
        })
        .expect("the encoder takes inks");
    // the encoder marks its files as Adobe's; without the mark inks are not inverted
    if adobe {
        return bytes;
    }
    let at = bytes
        .windows(5)
        .position(|part| part == b"Adobe")
        .expect("the mark is there");
    let mut plain = bytes.clone();
    plain[at..at + 5].copy_from_slice(b"Other");
    plain
}

#[test]
fn inks_become_light_by_the_plain_formula() {
    // 20 % cyan, 60 % magenta, no yellow, 10 % black, inverted: what is left of the paper
    let left = [204, 102, 255, 230];
    let want = [184, 92, 230];
    check(&cmyk(left, true), want, "Adobe's CMYK");
}

#[test]
fn inks_without_adobes_mark_are_not_inverted() {
    // equal inks are written as light 51 and two chroma planes of 128; without the mark these are read as inks:
    // 20 % cyan, half of magenta and yellow, 10 % black
    check(
        &cmyk([204, 204, 204, 25], false),
        [184, 115, 115],
        "plain CMYK",
    );
}

/// A minimal printer profile: two grid points an ink, Lab values for all sixteen corners.
///
/// Paper is white, full black is black, and each other ink alone has the Lab value given for it; mixtures take the
/// mean, which no patch here looks at.
fn printer_profile(inks: [[f64; 3]; 3]) -> Vec<u8> {
    let encode = |[l, a, b]: [f64; 3]| {
        // the legacy 16-bit encoding of `mft2`
        let parts = [l * 652.8, (a + 128.0) * 256.0, (b + 128.0) * 256.0];
        parts.map(|v| (v.round().clamp(0.0, 65_535.0) as u16).to_be_bytes())
    };
    let mut table = b"mft2\0\0\0\0".to_vec();
    table.extend([4, 3, 2, 0]);
    for row in 0..9u32 {
        table.extend(if row % 4 == 0 { 65_536u32 } else { 0 }.to_be_bytes());
    }
    table.extend([0, 2, 0, 2]);
    let line = [0, 0, 0xFF, 0xFF];
    table.extend(line.repeat(4));
    for corner in 0..16u32 {
        // the first ink turns slowest
        let used: Vec<[f64; 3]> = (0..3)
            .filter(|ink| corner & (8 >> ink) != 0)
            .map(|ink| inks[ink])
            .collect();
        let color = if corner & 1 != 0 {
            [0.0; 3]
        } else if used.is_empty() {
            [100.0, 0.0, 0.0]
        } else {
            std::array::from_fn(|i| used.iter().map(|c| c[i]).sum::<f64>() / used.len() as f64)
        };
        table.extend(encode(color).concat());
    }
    table.extend(line.repeat(3));

    let mut out = vec![0; 128];
    out[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    out[12..16].copy_from_slice(b"prtr");
    out[16..20].copy_from_slice(b"CMYK");
    out[20..24].copy_from_slice(b"Lab ");
    out[36..40].copy_from_slice(b"acsp");
    // the illuminant, D50
    for (at, v) in [(68, 0xF6D6u32), (72, 0x1_0000), (76, 0xD32D)] {
        out[at..at + 4].copy_from_slice(&v.to_be_bytes());
    }
    out.extend(1u32.to_be_bytes());
    out.extend(b"A2B0");
    out.extend(144u32.to_be_bytes());
    out.extend((table.len() as u32).to_be_bytes());
    out.extend(table);
    let length = (out.len() as u32).to_be_bytes();
    out[..4].copy_from_slice(&length);
    out
}

/// Lab of the profile space (D50) to sRGB, by the book.
fn lab_to_srgb([l, a, b]: [f64; 3]) -> [u8; 3] {
    let fy = (l + 16.0) / 116.0;
    let cube = |f: f64| {
        if f > 6.0 / 29.0 {
            f.powi(3)
        } else {
            3.0 * (6.0f64 / 29.0).powi(2) * (f - 4.0 / 29.0)
        }
    };
    let xyz = [
        0.9642 * cube(fy + a / 500.0),
        cube(fy),
        0.8249 * cube(fy - b / 200.0),
    ];
    const D50_TO_SRGB: [[f64; 3]; 3] = [
        [3.133_856, -1.616_867, -0.490_615],
        [-0.978_768, 1.916_142, 0.033_454],
        [0.071_945, -0.228_991, 1.405_243],
    ];
    multiply(D50_TO_SRGB, xyz).map(|v| level(curved(v)))
}

#[test]
fn inks_become_light_by_their_profile() {
    let inks = [[62.0, -20.0, -30.0], [52.0, 45.0, 5.0], [85.0, 0.0, 60.0]];
    let profile = printer_profile(inks);
    let mut segment = b"ICC_PROFILE\0\x01\x01".to_vec();
    segment.extend(&profile);
    for (index, ink) in inks.into_iter().enumerate() {
        // inverted: this ink in full, nothing of the others
        let mut left = [255; 4];
        left[index] = 0;
        let bytes = make::with_segment(&cmyk(left, true), 0xE2, &segment);
        check(&bytes, lab_to_srgb(ink), &format!("ink {index}"));
    }
    let paper = make::with_segment(&cmyk([255; 4], true), 0xE2, &segment);
    check(&paper, [255; 3], "paper");
}
