//! Files that are cut off, lie about themselves, or want to take the machine down.

use std::time::{Duration, Instant};

use image::ImageFormat;
use storypress::scene::picture::{Error, Fit, Limits, Pictures};

use super::formats::prepare;
use super::make;

fn svg(body: &str) -> Vec<u8> {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="100">{body}</svg>"#
    )
    .into_bytes()
}

/// Asks for the size too: it must not fail worse than the picture.
fn refused(bytes: &[u8]) -> Error {
    let (_folder, path) = make::file("picture.jpg", bytes);
    let pictures = Pictures::new(Limits::default());
    let started = Instant::now();
    let _ = pictures.size(&path);
    let error = pictures
        .prepare(&path, &make::wanted(1080, 1920, Fit::Cover))
        .expect_err("this is no picture");
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{error} took {:?}",
        started.elapsed()
    );
    error
}

#[test]
fn a_picture_that_is_cut_off_is_an_error_wherever_it_ends() {
    let texture = make::texture(240, 160);
    let files: [(&str, Vec<u8>); 5] = [
        ("JPEG", make::jpeg(&texture, turbojpeg::Subsamp::Sub2x2)),
        ("PNG", make::encode(texture.clone(), ImageFormat::Png)),
        ("WebP", make::encode(texture.clone(), ImageFormat::WebP)),
        ("GIF", make::encode(texture, ImageFormat::Gif)),
        ("SVG", svg(&"<path d='M0 0h9v9z'/>".repeat(20))),
    ];
    for (name, bytes) in files {
        assert!(prepare(&bytes, 50, 50, Fit::Cover).is_ok(), "{name}");
        for part in [30, 50, 80, 97] {
            let cut = &bytes[..bytes.len() * part / 100];
            let error = refused(cut);
            assert!(
                matches!(error, Error::Truncated { format } if format == name),
                "{name} at {part} %: {error:?}"
            );
        }
    }
    for bytes in [
        include_bytes!("fixtures/quarters.heic").as_slice(),
        include_bytes!("fixtures/quarters.avif").as_slice(),
    ] {
        for part in [30, 60, 90] {
            let error = refused(&bytes[..bytes.len() * part / 100]);
            assert!(
                matches!(error, Error::Truncated { .. }),
                "{part} %: {error:?}"
            );
        }
    }
}

#[test]
fn a_jpeg_that_is_cut_below_what_is_drawn_is_cut_all_the_same() {
    let bytes = make::jpeg(&make::texture(160, 600), turbojpeg::Subsamp::Sub2x2);
    let (_folder, path) = make::file("a.jpg", &bytes[..bytes.len() * 9 / 10]);
    let mut wanted = make::wanted(100, 100, Fit::Cover);
    wanted.focus = (0.5, 0.0);
    let error = Pictures::new(Limits::default()).prepare(&path, &wanted);
    assert_eq!(error.err(), Some(Error::Truncated { format: "JPEG" }));
}

#[test]
fn what_stands_behind_the_end_of_a_jpeg_does_no_harm() {
    let mut bytes = make::jpeg(&make::corners(96, 64), turbojpeg::Subsamp::Sub2x2);
    bytes.extend(b"MotionPhoto_Data");
    bytes.extend([0; 5000]);
    assert!(prepare(&bytes, 50, 50, Fit::Cover).is_ok());
}

#[test]
fn a_file_that_is_no_picture_says_so_whatever_its_name() {
    assert_eq!(refused(b""), Error::Empty);
    assert_eq!(
        refused(b"Dear Ana, the photos follow.\n"),
        Error::UnknownFormat
    );
    assert_eq!(refused(&[0; 4096]), Error::UnknownFormat);
    assert_eq!(
        refused(b"<html><body>404</body></html>"),
        Error::UnknownFormat
    );
    assert_eq!(
        refused(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        Error::UnknownFormat
    );
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let pictures = Pictures::new(Limits::default());
    assert_eq!(
        pictures.size(&folder.path().join("a.jpg")),
        Err(Error::Missing)
    );
    assert!(matches!(
        pictures.size(folder.path()),
        Err(Error::Unreadable { .. })
    ));
    assert_eq!(
        pictures.digest(&folder.path().join("a.jpg")),
        Err(Error::Missing)
    );
}

#[test]
fn a_header_that_claims_too_much_is_refused_before_memory_is_taken() {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = 60_000u32.to_be_bytes().to_vec();
    head.extend(60_000u32.to_be_bytes());
    head.extend([8, 6, 0, 0, 0]);
    png.extend(make::chunk(b"IHDR", &head));
    png.extend(make::chunk(b"IDAT", &[0x78, 0x9C, 0x63, 0, 0]));
    png.extend(make::chunk(b"IEND", b""));

    let mut gif = b"GIF89a".to_vec();
    gif.extend([0x60, 0xEA, 0x60, 0xEA, 0, 0, 0]);
    gif.extend([
        0x2C, 0, 0, 0, 0, 0x60, 0xEA, 0x60, 0xEA, 0, 2, 2, 0x4C, 1, 0, 0x3B,
    ]);

    let mut jpeg = make::jpeg(&make::corners(96, 64), turbojpeg::Subsamp::Sub2x2);
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .expect("it has a frame header");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);

    let mut webp = make::webp_with_exif(&make::corners(96, 64), &make::exif(1));
    webp[24..30].copy_from_slice(&[0xFF, 0x3F, 0, 0xFF, 0x3F, 0]);

    for (name, bytes, side) in [
        ("PNG", png, 60_000),
        ("GIF", gif, 60_000),
        ("JPEG", jpeg, 60_000),
        ("WebP", webp, 16_384),
    ] {
        assert_eq!(
            refused(&bytes),
            Error::TooLarge {
                width: side,
                height: side,
                limit: 100_000_000
            },
            "{name}"
        );
    }
}

#[test]
fn a_box_larger_than_the_limit_is_refused_too() {
    let bytes = make::encode(make::corners(4, 4), ImageFormat::Png);
    let error = prepare(&bytes, 50_000, 50_000, Fit::Cover).expect_err("there is no such memory");
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
}

#[test]
fn damage_in_the_middle_is_told() {
    let mut bytes = make::jpeg(&make::texture(240, 160), turbojpeg::Subsamp::Sub2x2);
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].copy_from_slice(&[0xFF, 0xD3].repeat(20));
    let error = refused(&bytes);
    assert!(
        matches!(
            error,
            Error::Damaged { format: "JPEG", .. } | Error::Truncated { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn an_svg_reads_nothing_outside_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let secret = folder.path().join("secret.png");
    std::fs::write(&secret, make::encode(make::corners(8, 8), ImageFormat::Png))
        .expect("a temporary file can be written");
    let secret = secret.display();
    for link in [
        format!("<image href='{secret}' width='9' height='9'/>"),
        format!("<image xlink:href='file://{secret}' width='9' height='9'/>"),
        "<image href='http://127.0.0.1:9/a.png' width='9' height='9'/>".to_owned(),
        "<use href='other.svg#part'/>".to_owned(),
        "<filter id='f'><feImage href='../a.png'/></filter>".to_owned(),
    ] {
        let error = refused(&svg(&link));
        assert!(matches!(error, Error::Unsafe { .. }), "{link}: {error:?}");
    }
    // a link to click on reads nothing
    let link = svg("<a href='https://example.org'><rect width='9' height='9'/></a>");
    assert!(prepare(&link, 9, 9, Fit::Fill).is_ok());
}

#[test]
fn an_svg_does_not_expand_entities() {
    let mut laughs = String::from("<!DOCTYPE svg [<!ENTITY a0 'lol'>");
    for i in 1..10 {
        laughs += &format!("<!ENTITY a{i} '{}'>", format!("&a{};", i - 1).repeat(10));
    }
    laughs +=
        "]><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><desc>&a9;</desc></svg>";
    assert!(matches!(refused(laughs.as_bytes()), Error::Unsafe { .. }));
    let outside = "<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><desc>&x;</desc></svg>";
    assert!(matches!(refused(outside.as_bytes()), Error::Unsafe { .. }));
}

#[test]
fn an_svg_whose_parts_repeat_each_other_is_refused() {
    let tenfold = |element: &dyn Fn(usize) -> String| {
        let mut body = String::from("<defs><rect id='u0' width='5' height='5'/>");
        for i in 1..9 {
            body += &format!("<g id='u{i}'>{}</g>", element(i - 1).repeat(10));
        }
        svg(&(body + "</defs><use href='#u8'/>"))
    };
    let uses = tenfold(&|i| format!("<use href='#u{i}'/>"));
    assert!(matches!(refused(&uses), Error::Unsafe { .. }));

    let mut masks = String::from("<defs><mask id='m0'><rect width='9' height='9'/></mask>");
    for i in 1..9 {
        let shape = format!("<rect width='9' height='9' mask='url(#m{})'/>", i - 1);
        masks += &format!("<mask id='m{i}'>{}</mask>", shape.repeat(10));
    }
    masks += "</defs><rect width='9' height='9' style='mask: url(#m8)'/>";
    assert!(matches!(refused(&svg(&masks)), Error::Unsafe { .. }));

    let circle = svg("<g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g>");
    assert!(matches!(refused(&circle), Error::Unsafe { .. }));
}

#[test]
fn an_svg_nested_without_end_is_refused() {
    for depth in [70, 2_000, 200_000] {
        let body = "<g opacity='.9'>".repeat(depth) + &"</g>".repeat(depth);
        assert!(
            matches!(refused(&svg(&body)), Error::Unsafe { .. }),
            "{depth}"
        );
    }
}

/// Each of these was read by one call within another, and ended the process.
#[test]
fn a_style_nested_without_end_is_refused_or_left_out() {
    let depth = 40_000;
    let within =
        |open: &str, inside: &str, close: &str| open.repeat(depth) + inside + &close.repeat(depth);
    for sheet in [
        within(":not(", "g", ")") + "{fill:red}",
        within("@media all{", "rect{fill:red}", "}"),
        within("@supports (x:y){", "rect{fill:red}", "}"),
    ] {
        let body = format!("<style>{sheet}</style><rect width='9' height='9'/>");
        assert!(matches!(refused(&svg(&body)), Error::Unsafe { .. }));
        // brackets may be written as references
        let body = body.replace('(', "&#40;").replace('{', "&#123;");
        assert!(matches!(refused(&svg(&body)), Error::Unsafe { .. }));
    }
    for value in [
        within("rgb(from ", "red", " r g b)"),
        within("light-dark(", "red", ",blue)"),
        within("color-mix(in srgb,", "red", ",blue)"),
    ] {
        let body = format!("<rect width='9' height='9' fill='{value}'/>");
        assert!(prepare(&svg(&body), 9, 9, Fit::Fill).is_ok());
    }
    let selector = vec!["rect"; depth].join("+");
    let rects = "<rect width='9' height='9'/>".repeat(depth);
    let body = format!("<style>{selector}{{fill:red}}</style>{rects}");
    assert!(prepare(&svg(&body), 9, 9, Fit::Fill).is_ok());
}

#[test]
fn an_svg_of_any_size_is_drawn_at_the_size_of_its_box() {
    let large = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 30000 30000'><rect width='30000' height='30000' fill='#fff'/></svg>";
    assert!(prepare(large, 60, 60, Fit::Contain).is_ok());
    let huge = b"<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1e9'/>";
    assert!(matches!(refused(huge), Error::TooLarge { .. }));
    for none in [
        "width='0' height='0'",
        "width='-5' height='5'",
        "width='nan'",
    ] {
        let text = format!("<svg xmlns='http://www.w3.org/2000/svg' {none}/>");
        // a size that is none may be taken as the default, but never as a crash
        let _ = prepare(text.as_bytes(), 60, 60, Fit::Contain);
    }
}

#[test]
fn an_svg_tells_what_it_cannot_draw() {
    for body in [
        "<image href='data:image/png;base64,AAAA' width='9' height='9'/>",
        "<text y='20'>Café</text>",
    ] {
        assert!(
            matches!(refused(&svg(body)), Error::Unsupported { .. }),
            "{body}"
        );
    }
}

#[test]
fn random_damage_never_panics() {
    let texture = make::texture(60, 40);
    let files = [
        make::turned_jpeg(&make::jpeg(&texture, turbojpeg::Subsamp::Sub2x2), 6),
        make::encode(texture.clone(), ImageFormat::Png),
        make::webp_with_exif(&texture, &make::exif(5)),
        make::encode(texture, ImageFormat::Gif),
        include_bytes!("fixtures/turned.heic").to_vec(),
        include_bytes!("fixtures/alpha.avif").to_vec(),
    ];
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for bytes in files {
        for _ in 0..60 {
            let mut bad = bytes.clone();
            for _ in 0..=random(4) {
                let at = random(bad.len());
                bad[at] = random(256) as u8;
            }
            let _ = prepare(&bad, 33, 44, Fit::Cover);
        }
    }
}
