//! The fast way holds up against the slow one.

use image::imageops::FilterType;
use image::{DynamicImage, RgbImage};
use storypress::scene::picture::Fit;

use super::formats::prepare;
use super::make;

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum();
    10.0 * (255.0f64.powi(2) * a.len() as f64 / squares.max(1e-9)).log10()
}

/// Decodes everything to RGB, cuts, resizes with Lanczos: what the fast way is measured by.
fn slow(jpeg: &[u8], width: u32, height: u32) -> RgbImage {
    let full = turbojpeg::decompress(jpeg, turbojpeg::PixelFormat::RGB).expect("it is whole");
    let (w, h) = (full.width as u32, full.height as u32);
    let full = RgbImage::from_raw(w, h, full.pixels).expect("it has all rows");
    let scale = (f64::from(width) / f64::from(w)).max(f64::from(height) / f64::from(h));
    let (cw, ch) = (f64::from(width) / scale, f64::from(height) / scale);
    let (cw, ch) = (cw.round() as u32, ch.round() as u32);
    // the crate's own type has it optimised; a function of any type is built here, and is not
    let full = DynamicImage::ImageRgb8(full);
    let cut = full.crop_imm((w - cw) / 2, (h - ch) / 2, cw, ch);
    let resized = cut.resize_exact(width, height, FilterType::Lanczos3);
    resized.into_rgb8()
}

#[test]
fn a_photo_keeps_45_decibels_against_the_slow_way() {
    // boxes whose window begins and ends between whole pixels of every subsampling
    let photo = make::texture(1440, 960);
    for subsamp in [
        turbojpeg::Subsamp::None,
        turbojpeg::Subsamp::Sub2x1,
        turbojpeg::Subsamp::Sub2x2,
    ] {
        let jpeg = make::jpeg(&photo, subsamp);
        for (width, height) in [(270, 480), (540, 640), (900, 600), (100, 100)] {
            let made = prepare(&jpeg, width, height, Fit::Cover).expect("it is whole");
            let rgb: Vec<u8> = made
                .pixels
                .rgba
                .chunks(4)
                .flat_map(|pixel| pixel[..3].to_vec())
                .collect();
            let db = psnr(&rgb, slow(&jpeg, width, height).as_raw());
            assert!(db >= 45.0, "{subsamp:?} to {width} x {height}: {db:.1} dB");
        }
    }
}
