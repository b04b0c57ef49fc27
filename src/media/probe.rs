//! What a media file holds.
//!
//! In: a path. Out: a [`Probe`] of what the file says about itself. Never: a judgement, a full decode.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::{ExtendedColorType, ImageDecoder, ImageReader};
use serde::Serialize;

use super::content::{self, Content};
use super::{Error, Kind, exif, icc, jpeg_walk, png_walk};

/// The largest still that is read at all, in bytes: sixty times what the platform takes.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// What a file says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Image or video.
    pub kind: Kind,
    /// `JPEG`, `PNG`, `GIF`, `WebP`, `HEIC`, `AVIF`: by content, whatever the file is called.
    pub format: &'static str,
    /// Its length.
    pub bytes: u64,
    /// Width in pixels, before any turning.
    pub width: u32,
    /// Height in pixels, before any turning.
    pub height: u32,
    /// Bits a channel.
    pub bit_depth: u8,
    /// `YCbCr`, `RGB`, `RGBA`, `grey`, `grey with alpha`, `indexed`, `CMYK`, `YCCK`.
    pub color: &'static str,
    /// `4:2:0` and its like, for JPEG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subsampling: Option<&'static str>,
    /// `baseline`, `progressive` and its like, for JPEG.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding: Option<&'static str>,
    /// The EXIF orientation, 1–8, if the file says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<u8>,
    /// There is an EXIF block.
    pub has_exif: bool,
    /// The EXIF block says where the picture was taken.
    pub has_gps: bool,
    /// The embedded colour profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icc: Option<Icc>,
}

/// An embedded colour profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Icc {
    /// The name it gives itself, if it can be read.
    pub description: Option<String>,
    /// Whether its colours come to those of sRGB.
    pub is_srgb: bool,
}

impl Icc {
    pub(super) fn of(profile: &[u8]) -> Self {
        Self {
            description: icc::description(profile),
            is_srgb: icc::is_srgb(profile),
        }
    }
}

/// Reads what a file says about itself, without decoding its pixels.
///
/// # Errors
/// [`Error::Io`] if it cannot be opened, [`Error::FilmNotSupported`] for film, [`Error::Unreadable`] for what is
/// no medium, or one that breaks off before it says its size.
pub fn probe(path: &Path) -> Result<Probe, Error> {
    let (content, bytes) = open(path)?;
    let facts = match content {
        Content::Jpeg => of_jpeg(&jpeg_walk::walk(&bytes)),
        Content::Png => of_png(&png_walk::walk(&bytes), &bytes),
        Content::OtherStill(format @ ("HEIC" | "AVIF")) => of_heif(&bytes, format),
        Content::OtherStill(format @ ("GIF" | "WebP")) => of_other(&bytes, format),
        _ => Err(not_a_medium(content, &bytes)),
    };
    let facts = facts.map_err(|said| Error::Unreadable {
        path: path.to_owned(),
        said,
    })?;
    Ok(Probe {
        path: path.to_owned(),
        bytes: bytes.len() as u64,
        ..facts
    })
}

/// What a file is and, of a still, all its bytes.
pub(super) fn open(path: &Path) -> Result<(Content, Vec<u8>), Error> {
    let failed = || Error::io("read", path);
    let mut file = File::open(path).map_err(failed())?;
    let mut bytes = Vec::new();
    file.by_ref()
        .take(content::HEAD as u64)
        .read_to_end(&mut bytes)
        .map_err(failed())?;
    let content = content::sniff(&bytes);
    if let Content::Film(container) = content {
        return Err(Error::FilmNotSupported {
            path: path.to_owned(),
            container,
        });
    }
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(failed())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::Unreadable {
            path: path.to_owned(),
            said: format!("it is over {MAX_BYTES} bytes long"),
        });
    }
    Ok((content, bytes))
}

/// The sentence for a file that is no medium: what it is instead.
pub(super) fn not_a_medium(content: Content, bytes: &[u8]) -> String {
    match content {
        Content::Empty => "it is empty".to_owned(),
        Content::OtherStill(format) => format!("{format} cannot be looked into"),
        _ => {
            let head = &bytes[..bytes.len().min(12)];
            format!(
                "it is neither a picture nor a film; it starts with `{}`",
                head.escape_ascii()
            )
        }
    }
}

/// A probe without the file's own facts, path and length.
fn still(format: &'static str, width: u32, height: u32) -> Probe {
    Probe {
        path: PathBuf::new(),
        kind: Kind::Image,
        format,
        bytes: 0,
        width,
        height,
        bit_depth: 8,
        color: "RGB",
        subsampling: None,
        coding: None,
        orientation: None,
        has_exif: false,
        has_gps: false,
        icc: None,
    }
}

fn with_exif(probe: Probe, block: Option<&[u8]>) -> Probe {
    let found = block.map(exif::read).unwrap_or_default();
    Probe {
        has_exif: block.is_some(),
        has_gps: found.has_gps,
        orientation: found.orientation,
        ..probe
    }
}

pub(super) fn of_jpeg(found: &jpeg_walk::Structure<'_>) -> Result<Probe, String> {
    let Some(frame) = &found.frame else {
        return Err(found
            .broken
            .clone()
            .unwrap_or_else(|| "it holds no picture".to_owned()));
    };
    let probe = Probe {
        bit_depth: frame.bit_depth,
        color: found.color(),
        subsampling: frame.subsampling(),
        coding: Some(frame.coding()),
        icc: found.icc.as_deref().map(Icc::of),
        ..still("JPEG", frame.width, frame.height)
    };
    Ok(with_exif(probe, found.exif))
}

pub(super) fn of_png(found: &png_walk::Structure<'_>, bytes: &[u8]) -> Result<Probe, String> {
    let Some(header) = found.header else {
        return Err(found
            .broken
            .clone()
            .unwrap_or_else(|| "it holds no picture".to_owned()));
    };
    let color = match header.color_type {
        0 => "grey",
        2 if found.has_transparency => "RGBA",
        2 => "RGB",
        3 => "indexed",
        4 => "grey with alpha",
        6 => "RGBA",
        other => return Err(format!("it has the unknown colour type {other}")),
    };
    let icc = found.has_icc.then(|| {
        let reader = ::png::Decoder::new(Cursor::new(bytes)).read_info().ok();
        let profile = reader.and_then(|r| r.info().icc_profile.clone());
        Icc::of(profile.as_deref().unwrap_or_default())
    });
    let probe = Probe {
        bit_depth: header.bit_depth,
        color,
        icc,
        ..still("PNG", header.width, header.height)
    };
    Ok(with_exif(probe, found.exif))
}

fn of_other(bytes: &[u8], format: &'static str) -> Result<Probe, String> {
    let said = |error: image::ImageError| error.to_string();
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    let mut decoder = reader.into_decoder().map_err(said)?;
    let (width, height) = decoder.dimensions();
    let profile = decoder.icc_profile().ok().flatten();
    let block = decoder.exif_metadata().ok().flatten();
    let color = match decoder.original_color_type() {
        _ if format == "GIF" => "indexed",
        ExtendedColorType::Rgba8 => "RGBA",
        _ => "RGB",
    };
    let probe = Probe {
        color,
        icc: profile.as_deref().map(Icc::of),
        ..still(format, width, height)
    };
    Ok(with_exif(probe, block.as_deref()))
}

fn of_heif(bytes: &[u8], format: &'static str) -> Result<Probe, String> {
    let said = |error: libheif_rs::HeifError| error.to_string();
    let file = libheif_rs::HeifContext::read_from_bytes(bytes).map_err(said)?;
    let picture = file.primary_image_handle().map_err(said)?;
    // which way is up stands in the container, and readers apply it before EXIF is asked
    let probe = Probe {
        bit_depth: picture.luma_bits_per_pixel(),
        color: if picture.has_alpha_channel() {
            "RGBA"
        } else {
            "YCbCr"
        },
        icc: picture.color_profile_raw().map(|p| Icc::of(&p.data)),
        ..still(format, picture.width(), picture.height())
    };
    let blocks = picture.all_metadata();
    let block = blocks
        .iter()
        .find(|block| block.item_type.0 == *b"Exif")
        // the first four bytes say where the TIFF structure starts
        .and_then(|block| block.raw_data.get(4..));
    Ok(Probe {
        orientation: None,
        ..with_exif(probe, block)
    })
}
