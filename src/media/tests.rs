//! The whole way to a file and back, and files that somebody damaged.

use std::fs;
use std::path::{Path, PathBuf};

use turbojpeg::{Colorspace, Compressor, Image, PixelFormat, Subsamp};

use super::*;

/// A frame's worth of pixels with smooth parts and noise, the same every time.
fn picture(width: u32, height: u32, alpha: u8) -> Vec<u8> {
    let mut seed = 1u32;
    let mut noise = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 27) as u8
    };
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let channel = |value: u32| (value.min(255) * u32::from(alpha) / 255) as u8;
            let grain = u32::from(noise());
            [
                channel(x * 224 / width + grain),
                channel(y * 224 / height + grain),
                channel(96 + grain),
                alpha,
            ]
        })
        .collect()
}

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A story as `still` would write it.
    fn story(&self, name: &str, options: &Options) -> Media {
        let rgba = picture(1080, 1920, 255);
        let pixels = Pixels {
            width: 1080,
            height: 1920,
            rgba: &rgba,
        };
        write(pixels, &self.path(name), options).unwrap()
    }

    fn is_tidy(&self) -> bool {
        fs::read_dir(self.path(FOLDER)).map_or(0, Iterator::count) == 0
    }
}

/// A JPEG from another hand: 16 pixels a side.
fn foreign(set: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    encoded(PixelFormat::RGB, set)
}

fn encoded(format: PixelFormat, set: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    let pixels: Vec<u8> = (0..=255).cycle().take(16 * 16 * format.size()).collect();
    let mut compressor = Compressor::new().unwrap();
    compressor.set_subsamp(Subsamp::Sub2x2).unwrap();
    set(&mut compressor);
    let image = Image {
        pixels: pixels.as_slice(),
        width: 16,
        pitch: 16 * format.size(),
        height: 16,
        format,
    };
    compressor.compress_to_vec(image).unwrap()
}

/// `jpeg` with one more segment behind its first marker.
fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, body, &jpeg[2..]].concat()
}

fn broken(path: &Path, profile: Profile) -> Vec<&'static str> {
    let report = verify(path, profile).unwrap();
    report.broken().map(|rule| rule.rule).collect()
}

/// The broken rules besides the two that every 16-pixel square breaks.
fn faults(path: &Path) -> Vec<&'static str> {
    let mut faults = broken(path, Profile::Budget);
    faults.retain(|rule| !["pixels", "aspect"].contains(rule));
    faults
}

#[test]
fn a_story_keeps_every_rule_and_says_what_it_is() {
    let folder = Folder::new();
    let media = folder.story("card.jpg", &Options::default());
    assert_eq!(media.path, folder.path("card.jpg"));
    assert_eq!((media.width, media.height), (1080, 1920));
    assert_eq!(media.quality, None, "as it was asked for");
    let bytes = fs::read(&media.path).unwrap();
    assert_eq!(media.bytes, bytes.len() as u64);
    assert_eq!(media.sha256, hex::encode(Sha256::digest(&bytes)));
    for profile in [Profile::Budget, Profile::Platform] {
        assert!(broken(&media.path, profile).is_empty());
    }
    let probe = probe(&media.path).unwrap();
    let probe = probe.still().unwrap();
    assert_eq!(
        (probe.color, probe.subsampling, probe.coding),
        ("YCbCr", Some("4:2:0"), Some("baseline"))
    );
    assert!(!probe.has_exif && probe.icc.is_none());
    assert!(folder.is_tidy());
}

#[test]
fn threads_and_earlier_frames_do_not_change_the_bytes() {
    let folder = Folder::new();
    let first = folder.story("a.jpg", &Options::default());
    let small = picture(16, 16, 255);
    let pixels = Pixels {
        width: 16,
        height: 16,
        rgba: &small,
    };
    write(pixels, &folder.path("small.jpg"), &Options::default()).unwrap();
    let second = folder.story("b.jpg", &Options::default());
    let third = std::thread::scope(|scope| {
        let run = scope.spawn(|| folder.story("c.jpg", &Options::default()));
        run.join().unwrap()
    });
    assert_eq!(first.sha256, second.sha256);
    assert_eq!(first.sha256, third.sha256);
}

#[test]
fn quality_steps_down_to_the_highest_that_fits() {
    let folder = Folder::new();
    let full = folder.story("full.jpg", &Options::default());
    let max_bytes = full.bytes * 6 / 10;
    let tight = Options {
        max_bytes,
        ..Options::default()
    };
    let media = folder.story("tight.jpg", &tight);
    let quality = media.quality.unwrap();
    assert!(media.bytes <= max_bytes && (30..90).contains(&quality));
    let next = Options {
        quality: quality + 1,
        ..Options::default()
    };
    assert!(folder.story("next.jpg", &next).bytes > max_bytes);
}

#[test]
fn what_fits_at_no_quality_is_an_error_and_leaves_the_old_file() {
    let folder = Folder::new();
    let old = folder.put("card.jpg", b"old");
    let rgba = picture(64, 64, 255);
    let pixels = Pixels {
        width: 64,
        height: 64,
        rgba: &rgba,
    };
    for format in [Format::Jpeg, Format::Png] {
        let options = Options {
            format,
            max_bytes: 100,
            ..Options::default()
        };
        let error = write(pixels, &old, &options).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    }
    assert_eq!(fs::read(&old).unwrap(), b"old");
    assert!(folder.is_tidy());
}

#[test]
fn transparency_shows_black_in_a_jpeg_and_stays_in_a_png() {
    let folder = Folder::new();
    let rgba = picture(64, 64, 0);
    let pixels = Pixels {
        width: 64,
        height: 64,
        rgba: &rgba,
    };
    let jpeg = write(pixels, &folder.path("a.jpg"), &Options::default()).unwrap();
    let shown = image::open(&jpeg.path).unwrap().to_rgb8();
    assert!(shown.as_raw().iter().all(|c| *c == 0));
    let options = Options {
        format: Format::Png,
        ..Options::default()
    };
    let png = write(pixels, &folder.path("a.png"), &options).unwrap();
    assert_eq!(probe(&png.path).unwrap().still().unwrap().color, "RGBA");
}

#[test]
fn a_png_is_lossless_and_judged_by_who_asks() {
    let folder = Folder::new();
    let options = Options {
        format: Format::Png,
        ..Options::default()
    };
    let media = folder.story("card.png", &options);
    assert_eq!(media.quality, None);
    let read = image::open(&media.path).unwrap();
    assert_eq!(read.color(), image::ColorType::Rgb8);
    assert_eq!(read.to_rgba8().into_raw(), picture(1080, 1920, 255));
    assert_eq!(broken(&media.path, Profile::Budget), ["format"]);
    assert!(verify(&media.path, Profile::Budget).unwrap().is_ok());
    assert!(!verify(&media.path, Profile::Platform).unwrap().is_ok());
}

#[test]
fn a_frame_without_pixels_or_with_too_few_is_refused() {
    let folder = Folder::new();
    for (width, height, length) in [(0, 10, 0), (10, 10, 399), (70_000, 1, 280_000)] {
        let rgba = vec![0; length];
        let pixels = Pixels {
            width,
            height,
            rgba: &rgba,
        };
        let error = write(pixels, &folder.path("a.jpg"), &Options::default()).unwrap_err();
        assert!(matches!(error, Error::Size { .. }), "{error}");
    }
}

#[test]
fn a_target_that_is_a_folder_is_an_error_and_leaves_nothing() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("card.jpg/full")).unwrap();
    let rgba = picture(16, 16, 255);
    let pixels = Pixels {
        width: 16,
        height: 16,
        rgba: &rgba,
    };
    let error = write(pixels, &folder.path("card.jpg"), &Options::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot rename into place"),
        "{error}"
    );
    assert!(folder.is_tidy());
}

#[test]
fn a_truncated_picture_is_not_whole_wherever_it_breaks_off() {
    let folder = Folder::new();
    for format in [Format::Jpeg, Format::Png] {
        let options = Options {
            format,
            ..Options::default()
        };
        let whole = fs::read(folder.story("whole", &options).path).unwrap();
        for kept in [3, 20, 200, whole.len() / 2, whole.len() - 1] {
            let path = folder.put("cut", &whole[..kept]);
            let report = verify(&path, Profile::Budget).unwrap();
            assert!(!report.is_ok(), "{format} cut to {kept} bytes");
        }
        let half = folder.put("half", &whole[..whole.len() / 2]);
        assert!(broken(&half, Profile::Budget).contains(&"whole"));
        assert_eq!(probe(&half).unwrap().width, 1080);
    }
}

#[test]
fn a_changed_byte_in_the_data_is_found() {
    let folder = Folder::new();
    let jpeg = fs::read(folder.story("a.jpg", &Options::default()).path).unwrap();
    // an end-of-image marker in the middle: every walker thinks the picture ends there
    let mut cut = jpeg.clone();
    let middle = jpeg.len() / 2;
    cut[middle..middle + 2].copy_from_slice(&[0xFF, 0xD9]);
    let path = folder.put("a.jpg", &cut);
    assert_eq!(broken(&path, Profile::Budget), ["whole", "trailing"]);

    let options = Options {
        format: Format::Png,
        ..Options::default()
    };
    let mut png = fs::read(folder.story("a.png", &options).path).unwrap();
    let middle = png.len() / 2;
    png[middle] ^= 1;
    assert!(broken(&folder.put("a.png", &png), Profile::Budget).contains(&"whole"));
}

#[test]
fn what_is_no_picture_gets_a_report_all_the_same() {
    let folder = Folder::new();
    let empty = folder.put("empty.jpg", b"");
    assert_eq!(broken(&empty, Profile::Budget), ["format", "size"]);
    let text = folder.put("text.jpg", b"only words in here");
    let report = verify(&text, Profile::Budget).unwrap();
    assert_eq!(
        report.broken().next().unwrap().said,
        "it is neither a picture nor a film; it starts with `only words i`"
    );
    assert!(matches!(probe(&text), Err(Error::Unreadable { .. })));
    let missing = verify(&folder.path("missing.jpg"), Profile::Budget).unwrap_err();
    assert!(missing.to_string().ends_with("no such file"), "{missing}");
}

#[test]
fn a_film_is_told_to_be_one_whatever_its_name_says() {
    let folder = Folder::new();
    let path = folder.put("a.jpg", b"\0\0\0\x18ftypisom\0\0\x02\0isommp42");
    assert_eq!(
        broken(&path, Profile::Budget),
        ["name", "moov-first", "whole"]
    );
    assert_eq!(
        probe(&path).unwrap_err().to_string(),
        format!(
            "cannot read `{}`: it is unfinished: its index (`moov`) is missing; recording or copying it broke off",
            path.display()
        )
    );
    let still = folder.story("b.mp4", &Options::default());
    assert_eq!(broken(&still.path, Profile::Budget), ["name"]);
}

#[test]
fn each_unfit_kind_of_jpeg_breaks_its_own_rule() {
    let folder = Folder::new();
    let fault_of = |bytes: Vec<u8>| faults(&folder.put("a.jpg", &bytes));
    let plain = foreign(|_| {});
    assert!(fault_of(plain.clone()).is_empty());

    let progressive = foreign(|c| c.set_progressive(true).unwrap());
    assert_eq!(fault_of(progressive), ["coding"]);
    let arithmetic = foreign(|c| c.set_arithmetic(true).unwrap());
    assert_eq!(fault_of(arithmetic), ["coding"]);
    let lossless = foreign(|c| c.set_lossless(true).unwrap());
    assert_eq!(fault_of(lossless), ["coding", "components"]);
    let cmyk = encoded(PixelFormat::CMYK, |c| {
        c.set_colorspace(Colorspace::CMYK).unwrap();
    });
    assert_eq!(fault_of(cmyk), ["components"]);
    let grey = encoded(PixelFormat::GRAY, |c| c.set_subsamp(Subsamp::Gray).unwrap());
    assert_eq!(fault_of(grey), ["components"]);

    let mpo = with_segment(&plain, 0xE2, b"MPF\0II*\0\x08\0\0\0\0\0");
    assert_eq!(fault_of(mpo), ["extended"]);
    let jps = with_segment(&plain, 0xE3, b"_JPSJPS_\0\0");
    assert_eq!(fault_of(jps), ["extended"]);
    let trailing = [&plain[..], b"behind"].concat();
    assert_eq!(fault_of(trailing), ["trailing"]);
    let comment = with_segment(&plain, 0xFE, b"made by hand");
    assert_eq!(fault_of(comment), ["metadata"]);
}

#[test]
fn exif_and_profiles_are_reported() {
    let folder = Folder::new();
    let plain = foreign(|_| {});
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0\0\0\0\0";
    let turned = folder.put("turned.jpg", &with_segment(&plain, 0xE1, exif));
    assert_eq!(faults(&turned), ["orientation", "metadata"]);
    assert!(verify(&turned, Profile::Platform).unwrap().is_ok());
    let seen = probe(&turned).unwrap();
    let seen = seen.still().unwrap();
    assert_eq!(
        (seen.orientation, seen.has_exif, seen.has_gps),
        (Some(6), true, true)
    );

    for (profile, expected) in [
        (moxcms::ColorProfile::new_display_p3(), vec!["color"]),
        (moxcms::ColorProfile::new_srgb(), Vec::new()),
    ] {
        let icc = profile.encode().unwrap();
        let body = [b"ICC_PROFILE\0\x01\x01".as_slice(), &icc].concat();
        let path = folder.put("icc.jpg", &with_segment(&plain, 0xE2, &body));
        assert_eq!(faults(&path), expected);
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    let folder = Folder::new();
    let mut bomb = foreign(|_| {});
    let header = bomb.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    bomb[header + 5..header + 9].copy_from_slice(&[0xFF; 4]);
    let path = folder.put("bomb.jpg", &bomb);
    let report = verify(&path, Profile::Budget).unwrap();
    let whole = report.rules.iter().find(|r| r.rule == "whole").unwrap();
    assert_eq!(whole.said, "4294836225 pixels are too many to be looked at");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_file_gets_a_report_or_a_sentence_and_never_a_panic(
        is_png in proptest::bool::ANY,
        hits in proptest::collection::vec((proptest::num::usize::ANY, proptest::num::u8::ANY), 1..6),
        kept in proptest::num::usize::ANY,
    ) {
        let folder = Folder::new();
        let mut bytes = foreign(|_| {});
        if is_png {
            let rgba = picture(16, 16, 128);
            let pixels = Pixels { width: 16, height: 16, rgba: &rgba };
            let options = Options { format: Format::Png, ..Options::default() };
            bytes = fs::read(write(pixels, &folder.path("a.png"), &options).unwrap().path).unwrap();
        }
        for (place, value) in hits {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        // half of the files are cut as well
        bytes.truncate(kept % (bytes.len() * 2));
        let path = folder.put("damaged", &bytes);
        let _ = probe(&path);
        if let Ok(report) = verify(&path, Profile::Budget) {
            proptest::prop_assert!(!report.rules.is_empty());
        }
    }
}

#[test]
fn the_report_reads_as_json() {
    let folder = Folder::new();
    let path = folder.put("a.jpg", b"");
    let json = serde_json::to_value(verify(&path, Profile::Budget).unwrap()).unwrap();
    assert_eq!(json["profile"], "budget");
    assert_eq!(json["rules"][0]["severity"], "error");
    assert_eq!(json["rules"][0]["said"], "it is empty");
}
