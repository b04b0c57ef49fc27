//! What a media file holds.
//!
//! In: a path. Out: a [`Probe`] of what the file says about itself, and, of a film, of what it holds in truth. Never: a
//! judgement, a full decode.

use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::{ExtendedColorType, ImageDecoder, ImageReader};
use serde::Serialize;

use super::film::{self, FilmProbe};
use super::{
    Error, FILM_LIMIT, Kind, MotionPhoto, animated, exif, icc, jpeg_walk, motion_photo, png_walk,
};
use crate::platform::{self, Cancel, Content};

/// The largest still that is read at all, in bytes: sixty times what the platform takes.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// What a file says about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probe {
    /// The file, as it was named; in a report, bytes of its name that are not UTF-8 are replaced.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Image or video.
    pub kind: Kind,
    /// `JPEG`, `PNG`, `GIF`, `WebP`, `HEIC`, `AVIF`, `MP4`, `MOV`, `Matroska or WebM` and more: by content, whatever
    /// the file is called.
    pub format: &'static str,
    /// Its length.
    pub bytes: u64,
    /// Width in pixels: of a still before any turning, of a film as it is shown.
    pub width: u32,
    /// Height in pixels: of a still before any turning, of a film as it is shown.
    pub height: u32,
    /// What only stills or only films have.
    #[serde(flatten)]
    pub more: More,
}

fn lossy<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// What only stills or only films have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum More {
    /// A picture.
    Still(StillProbe),
    /// A film.
    Film(Box<FilmProbe>),
}

impl Probe {
    /// The picture's own facts.
    pub fn still(&self) -> Option<&StillProbe> {
        match &self.more {
            More::Still(still) => Some(still),
            More::Film(_) => None,
        }
    }

    /// The film's own facts.
    pub fn film(&self) -> Option<&FilmProbe> {
        match &self.more {
            More::Still(_) => None,
            More::Film(film) => Some(film),
        }
    }
}

/// What a still says about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StillProbe {
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
    /// The film that a phone kept behind the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion_photo: Option<MotionPhoto>,
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

/// Reads what a file says about itself, without decoding its pixels; every packet of a film is looked at.
///
/// # Errors
/// [`Error::Io`] if it cannot be opened, [`Error::Unreadable`] for what is no medium, or one that breaks off before
/// it says its size, [`Error::TooSlow`] for a film that takes longer than [`FILM_LIMIT`].
pub fn probe(path: &Path) -> Result<Probe, Error> {
    probe_until(path, &Cancel::default().within(FILM_LIMIT))
}

/// The same, for as long as it may take.
///
/// # Errors
/// As [`probe`], and [`Error::Cancelled`].
pub fn probe_until(path: &Path, cancel: &Cancel) -> Result<Probe, Error> {
    let (content, bytes) = open(path)?;
    if let Content::Film(container) = content {
        return of_film(path, container, cancel);
    }
    // FFmpeg knows more containers than are told apart here
    if content == Content::Unknown && other(&bytes).is_none() {
        match of_film(path, "another container", cancel) {
            Err(Error::Unreadable { message, .. }) if message != film::SOUND_ALONE => {}
            film => return film,
        }
    }
    if animated::moves(content, &bytes) {
        let film = match content {
            Content::OtherStill("WebP") => return of_webp(path, &bytes),
            Content::OtherStill(format) => of_film(path, format, cancel),
            _ => of_film(path, "APNG", cancel),
        };
        match film {
            // what FFmpeg does not play is a picture still
            Err(Error::Unreadable { .. }) => {}
            film => return film,
        }
    }
    of_still(path, content, &bytes)
}

/// An animated WebP, which FFmpeg does not play: what it says of itself.
fn of_webp(path: &Path, bytes: &[u8]) -> Result<Probe, Error> {
    let found = animated::webp(bytes);
    Ok(Probe {
        path: path.to_owned(),
        kind: Kind::Video,
        format: "WebP",
        bytes: bytes.len() as u64,
        width: found.width,
        height: found.height,
        more: More::Film(Box::new(FilmProbe::of_webp(&found))),
    })
}

/// The same for the bytes of a still.
pub(super) fn of_still(path: &Path, content: Content, bytes: &[u8]) -> Result<Probe, Error> {
    let facts = match content {
        Content::Jpeg => of_jpeg(&jpeg_walk::walk(bytes)),
        Content::Png => of_png(&png_walk::walk(bytes), bytes),
        Content::OtherStill(format @ ("HEIC" | "AVIF")) => of_heif(bytes, format),
        Content::OtherStill(format @ ("GIF" | "WebP")) => of_other(bytes, format),
        _ => Err(not_a_medium(content, bytes)),
    };
    let mut still = facts.map_err(|message| Error::Unreadable {
        path: path.to_owned(),
        message,
    })?;
    if matches!(content, Content::Jpeg | Content::OtherStill("HEIC")) {
        let photo = motion_photo::of(bytes);
        still.facts.motion_photo = photo.map(|photo| film::instead::timed(photo, bytes));
    }
    Ok(Probe {
        path: path.to_owned(),
        kind: Kind::Image,
        format: still.format,
        bytes: bytes.len() as u64,
        width: still.width,
        height: still.height,
        more: More::Still(still.facts),
    })
}

fn of_film(path: &Path, container: &'static str, cancel: &Cancel) -> Result<Probe, Error> {
    let film = film::probe::read(path, cancel)?;
    let bytes = fs::metadata(path).map_err(Error::io("read", path))?.len();
    let (width, height) = film.shown;
    Ok(Probe {
        path: path.to_owned(),
        kind: Kind::Video,
        format: container,
        bytes,
        width,
        height,
        more: More::Film(Box::new(film.probe)),
    })
}

/// What a file is and, of a still, all its bytes; of a film the first ones.
pub(super) fn open(path: &Path) -> Result<(Content, Vec<u8>), Error> {
    let failed = || Error::io("read", path);
    let mut file = File::open(path).map_err(failed())?;
    let mut bytes = Vec::new();
    let content = platform::read_content(&mut file, &mut bytes).map_err(failed())?;
    if content.film().is_some() {
        return Ok((content, bytes));
    }
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(failed())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::Unreadable {
            path: path.to_owned(),
            message: format!("it is over {MAX_BYTES} bytes long"),
        });
    }
    Ok((content, bytes))
}

/// The sentence for a file that is no medium: what it is instead.
pub(super) fn not_a_medium(content: Content, bytes: &[u8]) -> String {
    match content {
        Content::Empty => "it is empty".to_owned(),
        Content::OtherStill(format) if !platform::is_web_page(bytes) => {
            format!("{format} cannot be looked into")
        }
        _ => match other(bytes) {
            Some(what) => format!("it is {what}, neither a picture nor a film"),
            None => {
                let head = &bytes[..bytes.len().min(12)];
                format!(
                    "it is neither a picture nor a film; it starts with `{}`",
                    head.escape_ascii()
                )
            }
        },
    }
}

/// What people find under the name of a film, by its first bytes.
fn other(head: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 9] = [
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1F\x8B", "a file that gzip compressed"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"Rar!", "a RAR archive"),
        (b"#EXTM3U", "a playlist (M3U8), which only names films"),
        (b"{", "a JSON text"),
        (b"[InternetShortcut]", "a link"),
        (b"<?xml", "an XML text"),
    ];
    if platform::is_web_page(head) {
        return Some(
            "a web page (HTML), perhaps one to log in or one that says that something is gone",
        );
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let found = KINDS.iter().find(|(start, _)| text.starts_with(start));
    found.map(|(_, what)| *what)
}

/// A still, path and length left out.
pub(super) struct Still {
    format: &'static str,
    pub width: u32,
    pub height: u32,
    pub facts: StillProbe,
}

/// What most stills have in common.
const PLAIN: StillProbe = StillProbe {
    bit_depth: 8,
    color: "RGB",
    subsampling: None,
    coding: None,
    orientation: None,
    has_exif: false,
    has_gps: false,
    icc: None,
    motion_photo: None,
};

fn with_exif(facts: StillProbe, block: Option<&[u8]>) -> StillProbe {
    let found = block.map(exif::read).unwrap_or_default();
    StillProbe {
        has_exif: block.is_some(),
        has_gps: found.has_gps,
        orientation: found.orientation,
        ..facts
    }
}

pub(super) fn of_jpeg(found: &jpeg_walk::Structure<'_>) -> Result<Still, String> {
    let Some(frame) = &found.frame else {
        return Err(found
            .broken
            .clone()
            .unwrap_or_else(|| "it holds no picture".to_owned()));
    };
    let facts = StillProbe {
        bit_depth: frame.bit_depth,
        color: found.color(),
        subsampling: frame.subsampling(),
        coding: Some(frame.coding()),
        icc: found.icc.as_deref().map(Icc::of),
        ..PLAIN
    };
    Ok(Still {
        format: "JPEG",
        width: frame.width,
        height: frame.height,
        facts: with_exif(facts, found.exif),
    })
}

pub(super) fn of_png(found: &png_walk::Structure<'_>, bytes: &[u8]) -> Result<Still, String> {
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
    let facts = StillProbe {
        bit_depth: header.bit_depth,
        color,
        icc,
        ..PLAIN
    };
    Ok(Still {
        format: "PNG",
        width: header.width,
        height: header.height,
        facts: with_exif(facts, found.exif),
    })
}

fn of_other(bytes: &[u8], format: &'static str) -> Result<Still, String> {
    let message = |error: image::ImageError| error.to_string();
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    let mut decoder = reader.into_decoder().map_err(message)?;
    let (width, height) = decoder.dimensions();
    let profile = decoder.icc_profile().ok().flatten();
    let block = decoder.exif_metadata().ok().flatten();
    let color = match decoder.original_color_type() {
        _ if format == "GIF" => "indexed",
        ExtendedColorType::Rgba8 => "RGBA",
        _ => "RGB",
    };
    let facts = StillProbe {
        color,
        icc: profile.as_deref().map(Icc::of),
        ..PLAIN
    };
    Ok(Still {
        format,
        width,
        height,
        facts: with_exif(facts, block.as_deref()),
    })
}

fn of_heif(bytes: &[u8], format: &'static str) -> Result<Still, String> {
    let message = |error: libheif_rs::HeifError| error.to_string();
    let file = libheif_rs::HeifContext::read_from_bytes(bytes).map_err(message)?;
    let picture = file.primary_image_handle().map_err(message)?;
    // which way is up stands in the container, and readers apply it before EXIF is asked
    let facts = StillProbe {
        bit_depth: picture.luma_bits_per_pixel(),
        color: if picture.has_alpha_channel() {
            "RGBA"
        } else {
            "YCbCr"
        },
        icc: picture.color_profile_raw().map(|p| Icc::of(&p.data)),
        ..PLAIN
    };
    let blocks = picture.all_metadata();
    let block = blocks
        .iter()
        .find(|block| block.item_type.0 == *b"Exif")
        // the first four bytes say where the TIFF structure starts
        .and_then(|block| block.raw_data.get(4..));
    Ok(Still {
        format,
        width: picture.width(),
        height: picture.height(),
        facts: StillProbe {
            orientation: None,
            ..with_exif(facts, block)
        },
    })
}
