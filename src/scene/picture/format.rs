//! Which format a file is in, by its contents; names lie.

use image::ImageFormat;

use super::error::Error;
use super::source::check_size;
use super::turn::Turn;
use super::{jpeg, raster};

/// A format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
}

impl Format {
    /// By the first bytes.
    pub fn of(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            return Ok(Self::Jpeg);
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self::Png);
        }
        if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            return Ok(Self::Gif);
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Ok(Self::WebP);
        }
        Err(Error::UnknownFormat)
    }

    /// What the `image` crate calls it.
    pub fn raster(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Gif => ImageFormat::Gif,
            Self::WebP => ImageFormat::WebP,
        }
    }
}

/// The upright size of a picture, from its header.
pub(super) fn size(bytes: &[u8], limit: u64) -> Result<(u32, u32), Error> {
    let (stored, turn) = head(bytes)?;
    check_size(stored.0.into(), stored.1.into(), limit)?;
    Ok(turn.size(stored.0, stored.1))
}

/// The stored size and how it is turned.
pub(super) fn head(bytes: &[u8]) -> Result<((u32, u32), Turn), Error> {
    match Format::of(bytes)? {
        Format::Jpeg => {
            let head = jpeg::head(bytes)?;
            let turn = head.orientation.map(Turn::from).unwrap_or_default();
            Ok(((head.width, head.height), turn))
        }
        other => {
            let (size, orientation) = raster::head(bytes, other.raster())?;
            Ok((size, orientation.into()))
        }
    }
}
