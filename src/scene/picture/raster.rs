//! PNG, WebP, GIF, and the JPEGs that the fast decoder refuses, through the `image` crate.

use std::io::Cursor;

use image::metadata::Orientation as Exif;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use super::coded::{Coded, Home};
use super::color::{Profile, premultiply};
use super::error::Error;
use super::orientation::Orientation;
use super::scratch::Scratch;
use super::source::{Model, Part, Source, check_size};

/// What a file says before its pixels: stored size and how it is turned.
pub(super) fn head(bytes: &[u8], format: ImageFormat) -> Result<((u32, u32), Exif), Error> {
    let mut decoder = decoder(bytes, format)?;
    let orientation = decoder.orientation().unwrap_or(Exif::NoTransforms);
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
    let orientation = decoder.orientation().unwrap_or(Exif::NoTransforms);
    let grey = matches!(decoder.color_type(), ColorType::L8 | ColorType::L16);
    let picture = DynamicImage::from_decoder(decoder).map_err(fail)?;
    let coded = match format {
        ImageFormat::Png => described(bytes, icc.is_some()),
        _ => None,
    };
    let mut source = if let Some(coded) = &coded {
        source(converted(picture, coded), (width, height), Model::Rgba)
    } else if grey {
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
    source.orientation = orientation.into();
    if coded.is_none() {
        source.profile = icc.map(Profile::Icc);
    }
    if source.model == Model::Rgba {
        premultiply(&mut source);
    }
    Ok(source)
}

/// What a PNG says of its colours by numbers, where that is not sRGB and nothing else goes before it: `cICP`, then a
/// profile, then `sRGB`, then `gAMA` with or without `cHRM`.
fn described(bytes: &[u8], has_profile: bool) -> Option<Coded> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    let info = reader.info();
    // numbers other than 0 are for luma and chroma, which a PNG has none of
    let points = info
        .coding_independent_code_points
        .filter(|points| points.matrix_coefficients == 0);
    let peak = info
        .content_light_level
        .map_or(0.0, |level| level.max_content_light_level as f32 / 10_000.0);
    let by_points = points.and_then(|points| {
        let (primaries, transfer) = (
            points.color_primaries.into(),
            points.transfer_function.into(),
        );
        let mut coded = Coded::of_points(Home::Png, primaries, transfer, peak)?;
        coded.narrow = !points.is_video_full_range_image;
        Some(coded)
    });
    let coded = match by_points {
        Some(coded) => coded,
        None if has_profile || info.srgb.is_some() => return None,
        None => {
            let number = |(x, y): (png::ScaledFloat, png::ScaledFloat)| {
                (
                    f64::from(x.into_scaled()) / 1e5,
                    f64::from(y.into_scaled()) / 1e5,
                )
            };
            let chromaticities = info
                .chrm_chunk
                .map(|c| [c.white, c.red, c.green, c.blue].map(number));
            Coded::of_gamma(
                f64::from(info.gama_chunk?.into_scaled()) / 1e5,
                chromaticities,
            )?
        }
    };
    (!coded.is_srgb()).then_some(coded)
}

/// Straight sRGB of 8 bits, made of all the bits there are.
fn converted(picture: DynamicImage, coded: &Coded) -> Vec<u8> {
    let wide = matches!(
        picture.color(),
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16
    );
    let mut out = vec![0; picture.width() as usize * picture.height() as usize * 4];
    let to = out.as_chunks_mut::<4>().0;
    if wide {
        let from = picture.into_rgba16().into_raw();
        let from = from.as_chunks::<4>().0.iter().copied();
        coded.converter(u16::MAX).rgba(from, u16::MAX, to);
    } else {
        let from = picture.into_rgba8().into_raw();
        let from = from.as_chunks::<4>().0.iter().map(|px| px.map(u16::from));
        coded.converter(255).rgba(from, 255, to);
    }
    out
}

fn source(samples: Vec<u8>, size: (u32, u32), model: Model) -> Source {
    Source {
        samples: Scratch::from(samples),
        parts: vec![Part::whole(size.0, size.1)],
        model,
        opaque: true,
        size,
        orientation: Orientation::default(),
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
