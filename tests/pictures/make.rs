//! Pictures made on the spot, so that no test depends on a file of unknown origin.

use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use storypress::scene::picture::{Filter, Fit, Wanted};
use tempfile::TempDir;

pub const RED: [u8; 3] = [220, 40, 40];
pub const GREEN: [u8; 3] = [40, 180, 60];
pub const BLUE: [u8; 3] = [40, 60, 200];
pub const WHITE: [u8; 3] = [240, 240, 240];

/// A quarter each: red, green above blue, white.
pub fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        })
    })
}

/// Detail at all scales: rings, a slope, a fine weave; never quite grey.
pub fn texture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (fx, fy) = (f64::from(x), f64::from(y));
        let rings = ((fx - 300.0).hypot(fy - 200.0) / 9.0).sin();
        let weave = (fx * 0.7).sin() * (fy * 0.45).cos();
        let slope = fx / f64::from(width);
        let level = |v: f64| v.clamp(0.0, 255.0) as u8;
        Rgb([
            level(120.0 + 70.0 * rings + 20.0 * weave + 40.0 * slope),
            level(110.0 + 60.0 * rings + 25.0 * weave),
            level(140.0 - 40.0 * rings + 25.0 * weave - 30.0 * slope),
        ])
    })
}

pub fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture
        .into()
        .write_to(&mut out, format)
        .expect("the encoder takes this picture");
    out.into_inner()
}

pub fn jpeg(picture: &RgbImage, subsamp: turbojpeg::Subsamp) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut encoder = turbojpeg::Compressor::new().expect("there is memory for an encoder");
    encoder
        .set_quality(95)
        .and_then(|()| encoder.set_subsamp(subsamp))
        .and_then(|()| {
            encoder.compress_to_vec(turbojpeg::Image {
                pixels: picture.as_raw().as_slice(),
                width,
                pitch: width * 3,
                height,
                format: turbojpeg::PixelFormat::RGB,
            })
        })
        .expect("the encoder takes this picture")
}

/// A segment put right behind a JPEG's first marker.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).expect("a segment is short");
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, marker]);
    out.extend(length.to_be_bytes());
    out.extend(body);
    out.extend(&jpeg[2..]);
    out
}

/// EXIF that says nothing but the orientation.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    tiff
}

pub fn turned_jpeg(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut body = b"Exif\0\0".to_vec();
    body.extend(exif(orientation));
    with_segment(jpeg, 0xE1, &body)
}

/// A chunk put behind a PNG's header.
pub fn with_chunk(png: &[u8], kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    const HEADER_END: usize = 8 + 25;
    let mut out = png[..HEADER_END].to_vec();
    out.extend(chunk(kind, body));
    out.extend(&png[HEADER_END..]);
    out
}

pub fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = (body.len() as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(body);
    out.extend(crc(&out[4..]).to_be_bytes());
    out
}

/// PNG's checksum, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

/// A folder that goes away, with one file in it.
pub fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    (folder, path)
}

pub fn wanted(width_px: u32, height_px: u32, fit: Fit) -> Wanted {
    Wanted {
        width_px,
        height_px,
        fit,
        focus: (0.5, 0.5),
        filter: Filter::default(),
    }
}

/// A lossless WebP in the extended layout with an EXIF chunk.
pub fn webp_with_exif(picture: &RgbImage, exif: &[u8]) -> Vec<u8> {
    let simple = encode(picture.clone(), ImageFormat::WebP);
    let side = |length: u32| (length - 1).to_le_bytes();
    let mut extended = vec![0x08, 0, 0, 0];
    extended.extend(&side(picture.width())[..3]);
    extended.extend(&side(picture.height())[..3]);
    let mut body = b"WEBP".to_vec();
    body.extend(riff(b"VP8X", &extended));
    body.extend(&simple[12..]);
    body.extend(riff(b"EXIF", exif));
    riff(b"RIFF", &body)
}

fn riff(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = kind.to_vec();
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}
