//! PNG, WebP, GIF, and the JPEGs that the fast decoder refuses, through the `image` crate.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::color::{Profile, premultiply};
use super::error::Error;
use super::scratch::Scratch;
use super::source::{Model, Part, Source, check_size};
use super::turn::Turn;

/// What a file says before its pixels: stored size and how it is turned.
pub(super) fn head(bytes: &[u8], format: ImageFormat) -> Result<((u32, u32), Orientation), Error> {
    let mut decoder = decoder(bytes, format)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((decoder.dimensions(), orientation))
}

fn decoder(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_, Error> {
    ImageReader::with_format(Cursor::new(bytes), format)
        .into_decoder()
        .map_err(|error| translate(error, format))
}

/// Decodes a whole file.
pub(super) fn decode(bytes: &[u8], format: ImageFormat, limit: u64) -> Result<Source, Error> {
    let mut decoder = decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    check_size(width.into(), height.into(), limit)?;
    let mut limits = image::Limits::default();
    // eight bytes for a 16-bit pixel, and as much again for the decoder itself
    limits.max_alloc = Some(limit.saturating_mul(16).max(64 << 20));
    let fail = |error| translate(error, format);
    decoder.set_limits(limits).map_err(fail)?;
    let icc = decoder.icc_profile().unwrap_or(None);
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let grey = matches!(decoder.color_type(), ColorType::L8 | ColorType::L16);
    let picture = DynamicImage::from_decoder(decoder).map_err(fail)?;
    let mut source = if grey {
        source(
            picture.into_luma8().into_raw(),
            (width, height),
            Model::Grey,
        )
    } else {
        source(
            picture.into_rgba8().into_raw(),
            (width, height),
            Model::Rgba,
        )
    };
    source.turn = orientation.into();
    source.profile = icc.map(Profile::Icc);
    if !grey {
        premultiply(&mut source);
    }
    Ok(source)
}

fn source(samples: Vec<u8>, size: (u32, u32), model: Model) -> Source {
    Source {
        samples: Scratch::from(samples),
        parts: vec![Part::whole(size.0, size.1)],
        model,
        opaque: true,
        size,
        turn: Turn::default(),
        profile: None,
    }
}

/// What a format is called.
pub(super) fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::Gif => "GIF",
        ImageFormat::WebP => "WebP",
        _ => "picture",
    }
}

fn translate(error: ImageError, format: ImageFormat) -> Error {
    let format = name(format);
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Truncated { format }
        }
        ImageError::Unsupported(error) => Error::Unsupported {
            format,
            what: error.to_string(),
        },
        other => {
            let reason = other.to_string();
            // each decoder wraps it in an error of its own
            if reason.to_ascii_lowercase().contains("unexpected end") {
                return Error::Truncated { format };
            }
            Error::Damaged { format, reason }
        }
    }
}
