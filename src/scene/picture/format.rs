//! Which format a file is in, by its contents; names lie.

use image::ImageFormat;

use super::error::Error;
use super::orientation::Orientation;
use super::source::check_size;
use super::svg::Drawing;
use super::{heif, jpeg, raster};
use crate::platform::{self, Content};

/// A format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    /// By the `image` crate.
    Raster(ImageFormat),
    /// HEIC or AVIF, as it is called.
    Heif(&'static str),
    Svg,
}

impl Format {
    /// By the first bytes.
    pub fn of(bytes: &[u8]) -> Result<Self, Error> {
        match platform::sniff(bytes) {
            Content::Jpeg => Ok(Self::Jpeg),
            Content::Png => Ok(Self::Raster(ImageFormat::Png)),
            Content::OtherStill("GIF") => Ok(Self::Raster(ImageFormat::Gif)),
            Content::OtherStill("WebP") => Ok(Self::Raster(ImageFormat::WebP)),
            Content::OtherStill(name @ ("HEIC" | "AVIF")) => Ok(Self::Heif(name)),
            Content::OtherStill("SVG") => Ok(Self::Svg),
            _ => Err(Error::UnknownFormat),
        }
    }
}

/// Refuses files that are shorter than their outermost boxes say; decoders call that by many names.
fn check_whole(bytes: &[u8], format: Format) -> Result<(), Error> {
    let (format, end) = match format {
        Format::Raster(ImageFormat::WebP) => {
            let length = bytes.get(4..8).and_then(|part| part.first_chunk());
            (
                "WebP",
                length.map_or(0, |&part| u64::from(u32::from_le_bytes(part)) + 8),
            )
        }
        Format::Heif(name) => (name, end_of_boxes(bytes)),
        _ => return Ok(()),
    };
    // a last padding byte is often left out
    if end > bytes.len() as u64 + 1 {
        return Err(Error::Truncated { format });
    }
    Ok(())
}

/// Where the outermost boxes of an ISO base media file say that they end.
fn end_of_boxes(bytes: &[u8]) -> u64 {
    let mut at = 0u64;
    while let Some(&head) = usize::try_from(at)
        .ok()
        .and_then(|at| bytes.get(at..))
        .and_then(|rest| rest.first_chunk::<4>())
    {
        let size = match u32::from_be_bytes(head) {
            // to the end of the file
            0 => return bytes.len() as u64,
            1 => match bytes[at as usize..]
                .get(8..16)
                .and_then(|part| part.first_chunk())
            {
                Some(&long) => u64::from_be_bytes(long),
                None => return u64::MAX,
            },
            size => u64::from(size),
        };
        at = at.saturating_add(size.max(8));
    }
    at
}

/// The upright size of a picture, from its header.
pub(super) fn size(bytes: &[u8], limit: u64) -> Result<(u32, u32), Error> {
    let (stored, orientation) = head(bytes, limit)?;
    Ok(orientation.size(stored.0, stored.1))
}

/// The same of a JPEG whose `start` has everything before the pixels. Others have to be there whole: a PNG may say at its
/// end how it is turned.
pub(super) fn early_size(start: &[u8], limit: u64) -> Option<Result<(u32, u32), Error>> {
    if Format::of(start) != Ok(Format::Jpeg) {
        return None;
    }
    // other errors may come from the cut alone: the whole file decides
    let size = size(start, limit);
    matches!(size, Ok(_) | Err(Error::TooLarge { .. })).then_some(size)
}

/// The stored size, held against the limit, and how it is turned.
pub(super) fn head(bytes: &[u8], limit: u64) -> Result<((u32, u32), Orientation), Error> {
    let format = Format::of(bytes)?;
    check_whole(bytes, format)?;
    let (size, orientation) = match format {
        Format::Jpeg => {
            let head = jpeg::head(bytes)?;
            let orientation = head.orientation.map(Orientation::from).unwrap_or_default();
            ((head.width, head.height), orientation)
        }
        Format::Raster(format) => {
            let (size, orientation) = raster::head(bytes, format)?;
            (size, orientation.into())
        }
        Format::Heif(name) => (heif::size(bytes, name, limit)?, Orientation::default()),
        // drawn at the size of its box, whatever its own is
        Format::Svg => return Ok((Drawing::parse(bytes, limit)?.size(), Orientation::default())),
    };
    check_size(size.0.into(), size.1.into(), limit)?;
    Ok((size, orientation))
}
