//! The eight ways to hold a camera.

use image::ImageFormat;
use storypress::scene::Pixels;
use storypress::scene::picture::{Fit, Limits, Pictures};

use super::make::{self, BLUE, GREEN, RED, WHITE};

/// What stands in the corners of the upright picture: left-top, right-top, left-bottom, right-bottom.
fn upright(orientation: u8) -> [[u8; 3]; 4] {
    match orientation {
        1 => [RED, GREEN, BLUE, WHITE],
        2 => [GREEN, RED, WHITE, BLUE],
        3 => [WHITE, BLUE, GREEN, RED],
        4 => [BLUE, WHITE, RED, GREEN],
        5 => [RED, BLUE, GREEN, WHITE],
        6 => [BLUE, RED, WHITE, GREEN],
        7 => [WHITE, GREEN, BLUE, RED],
        8 => [GREEN, WHITE, RED, BLUE],
        _ => unreachable!("EXIF knows eight"),
    }
}

fn check(pixels: &Pixels, want: [[u8; 3]; 4], what: &str) {
    let (w, h) = (pixels.width as usize, pixels.height as usize);
    let points = [
        (w / 6, h / 6),
        (w - w / 6, h / 6),
        (w / 6, h - h / 6),
        (w - w / 6, h - h / 6),
    ];
    for ((x, y), want) in points.into_iter().zip(want) {
        let got = &pixels.rgba[(y * w + x) * 4..][..4];
        let near = got.iter().zip(want).all(|(&a, b)| a.abs_diff(b) <= 4);
        assert!(
            near && got[3] == 255,
            "{what} at {x},{y}: {got:?} for {want:?}"
        );
    }
}

#[test]
fn a_jpeg_is_upright_however_the_camera_was_held() {
    for subsamp in [turbojpeg::Subsamp::Sub2x2, turbojpeg::Subsamp::None] {
        let plain = make::jpeg(&make::corners(97, 61), subsamp);
        for orientation in 1..=8 {
            let (_folder, path) = make::file("a.jpg", &make::turned_jpeg(&plain, orientation));
            let pictures = Pictures::new(Limits::default());
            let size = if orientation < 5 { (97, 61) } else { (61, 97) };
            assert_eq!(pictures.size(&path), Ok(size));
            for (fit, width, height) in [
                (Fit::Cover, 40, 40),
                (Fit::Fill, 33, 50),
                (Fit::Contain, size.0, size.1),
                (Fit::Cover, 120, 400),
            ] {
                let made = pictures
                    .prepare(&path, &make::wanted(width, height, fit))
                    .expect("the picture is whole");
                assert_eq!((made.pixels.width, made.pixels.height), (width, height));
                check(
                    &made.pixels,
                    upright(orientation),
                    &format!("orientation {orientation}, {fit:?}"),
                );
            }
        }
    }
}

#[test]
fn focus_means_the_upright_picture() {
    let plain = make::jpeg(&make::corners(96, 64), turbojpeg::Subsamp::Sub2x2);
    for orientation in 1..=8 {
        let (_folder, path) = make::file("a.jpg", &make::turned_jpeg(&plain, orientation));
        let mut wanted = make::wanted(20, 20, Fit::Cover);
        // a window so small that it can only be in one quarter
        wanted.focus = (0.0, 0.0);
        let (w, h) = if orientation < 5 { (96, 64) } else { (64, 96) };
        wanted.width_px = if w < h { 16 } else { 4 };
        wanted.height_px = if w < h { 4 } else { 16 };
        let made = Pictures::new(Limits::default())
            .prepare(&path, &wanted)
            .expect("the picture is whole");
        let got = &made.pixels.rgba[..3];
        let want = upright(orientation)[0];
        assert!(
            got.iter().zip(want).all(|(&a, b)| a.abs_diff(b) <= 4),
            "orientation {orientation}, {h} high: {got:?} for {want:?}"
        );
    }
}

#[test]
fn a_png_and_a_webp_are_upright_too() {
    for orientation in 1..=8 {
        let png = make::encode(make::corners(60, 40), ImageFormat::Png);
        let png = make::with_chunk(&png, b"eXIf", &make::exif(orientation));
        let (_folder, path) = make::file("a.png", &png);
        let made = Pictures::new(Limits::default())
            .prepare(&path, &make::wanted(30, 30, Fit::Fill))
            .expect("the picture is whole");
        check(
            &made.pixels,
            upright(orientation),
            &format!("PNG {orientation}"),
        );

        let webp = make::webp_with_exif(&make::corners(60, 40), &make::exif(orientation));
        let (_folder, path) = make::file("a.webp", &webp);
        let made = Pictures::new(Limits::default())
            .prepare(&path, &make::wanted(30, 30, Fit::Fill))
            .expect("the picture is whole");
        check(
            &made.pixels,
            upright(orientation),
            &format!("WebP {orientation}"),
        );
    }
}
