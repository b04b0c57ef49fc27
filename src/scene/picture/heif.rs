//! HEIC and AVIF, through libheif.
//!
//! libheif turns and mirrors the picture itself (`irot`, `imir`), so an EXIF orientation inside is not applied again.

use libheif_rs::{
    ColorPrimaries, ColorSpace, DecodingOptions, HeifContext, HeifError, HeifErrorSubCode,
    ImageHandle, LibHeif, RgbChroma,
};

use super::color::{Profile, premultiply};
use super::error::Error;
use super::scratch::Scratch;
use super::source::{Model, Part, Source, check_size};
use super::turn::Turn;

/// Bytes that libheif may hold for one allowed pixel: 16-bit planes, a copy in RGBA, and tiles between.
const BYTES_A_PIXEL: u64 = 16;

/// What a decoder needs for itself, however small the limit.
const LEAST_BYTES: u64 = 64 << 20;

/// The size of the main picture, upright.
pub(super) fn size(bytes: &[u8], format: &'static str, limit: u64) -> Result<(u32, u32), Error> {
    let context = open(bytes, format, limit)?;
    let picture = main_picture(&context, format)?;
    Ok((picture.width(), picture.height()))
}

/// Decodes the main picture.
pub(super) fn decode(bytes: &[u8], format: &'static str, limit: u64) -> Result<Source, Error> {
    let context = open(bytes, format, limit)?;
    let picture = main_picture(&context, format)?;
    let (width, height) = (picture.width(), picture.height());
    check_size(width.into(), height.into(), limit)?;
    let fail = |error| translate(error, format, (width, height), limit);
    let profile = profile(&picture);
    let mut options = DecodingOptions::new();
    if let Some(options) = &mut options {
        // stories are what runs side by side
        options.set_num_codec_threads(1);
        options.set_num_library_threads(1);
        options.set_strict_decoding(true);
    }
    let decoded = LibHeif::new()
        .decode(&picture, ColorSpace::Rgb(RgbChroma::Rgba), options)
        .map_err(fail)?;
    let damaged = |reason: &str| Error::Damaged {
        format,
        reason: reason.to_owned(),
    };
    let plane = decoded
        .planes()
        .interleaved
        .ok_or_else(|| damaged("it has no pixels"))?;
    let row = plane.width as usize * 4;
    let mut samples = Scratch::new(row * plane.height as usize);
    for (to, from) in samples
        .chunks_exact_mut(row)
        .zip(plane.data.chunks(plane.stride))
    {
        let from = from
            .get(..row)
            .ok_or_else(|| damaged("a row is too short"))?;
        to.copy_from_slice(from);
    }
    let mut source = Source {
        samples,
        parts: vec![Part::whole(plane.width, plane.height)],
        model: Model::Rgba,
        opaque: true,
        size: (plane.width, plane.height),
        turn: Turn::default(),
        profile,
    };
    if picture.has_alpha_channel() {
        if picture.is_premultiplied_alpha() {
            source.opaque = false;
        } else {
            premultiply(&mut source);
        }
    }
    Ok(source)
}

fn open<'a>(bytes: &'a [u8], format: &'static str, limit: u64) -> Result<HeifContext<'a>, Error> {
    let fail = |error| translate(error, format, (0, 0), limit);
    let mut context = HeifContext::new().map_err(fail)?;
    let mut limits = context.security_limits();
    // room for the padding of the coded picture
    limits.set_max_image_size_pixels(limit + limit / 16 + 65_536);
    limits.set_max_total_memory(limit.saturating_mul(BYTES_A_PIXEL).max(LEAST_BYTES));
    limits.set_max_memory_block_size(limit.saturating_mul(8).max(LEAST_BYTES));
    context.set_security_limits(&limits).map_err(fail)?;
    context.set_max_decoding_threads(1);
    context.read_bytes(bytes).map_err(fail)?;
    Ok(context)
}

fn main_picture(context: &HeifContext<'_>, format: &'static str) -> Result<ImageHandle, Error> {
    context
        .primary_image_handle()
        .map_err(|error| translate(error, format, (0, 0), 0))
}

/// An ICC profile goes before the numbers of an `nclx` box.
fn profile(picture: &ImageHandle) -> Option<Profile> {
    if let Some(raw) = picture.color_profile_raw()
        && !raw.data.is_empty()
    {
        return Some(Profile::Icc(raw.data));
    }
    match picture.color_profile_nclx()?.color_primaries() {
        ColorPrimaries::SMPTE_EG_432_1 => Some(Profile::DisplayP3),
        ColorPrimaries::ITU_R_BT_2020_2_and_2100_0 => Some(Profile::Bt2020),
        _ => None,
    }
}

fn translate(error: HeifError, format: &'static str, size: (u32, u32), limit: u64) -> Error {
    match error.sub_code {
        HeifErrorSubCode::EndOfData | HeifErrorSubCode::NoItemData => Error::Truncated { format },
        HeifErrorSubCode::SecurityLimitExceeded if size.0 > 0 => Error::TooLarge {
            width: size.0.into(),
            height: size.1.into(),
            limit,
        },
        HeifErrorSubCode::UnsupportedCodec
        | HeifErrorSubCode::NoMatchingDecoderInstalled
        | HeifErrorSubCode::UnsupportedImageType => Error::Unsupported {
            format,
            what: error.message,
        },
        _ => Error::Damaged {
            format,
            reason: error.message,
        },
    }
}
