//! HEIC and AVIF, through libheif.
//!
//! libheif turns and mirrors the picture itself (`irot`, `imir`), so an EXIF orientation inside is not applied again.

use libheif_rs::{
    ColorPrimaries, ColorSpace, DecodingOptions, HeifContext, HeifError, HeifErrorSubCode, Image,
    ImageHandle, LibHeif, RgbChroma, TransferCharacteristics,
};

use super::clap;
use super::coded::{Coded, Converter, Home};
use super::color::{Profile, premultiply};
use super::error::Error;
use super::orientation::Orientation;
use super::scratch::Scratch;
use super::source::{Model, Part, Source, check_size};

/// Bytes that libheif may hold for one allowed pixel: 16-bit planes, a copy in RGBA, and tiles between.
const BYTES_A_PIXEL: u64 = 16;

/// What a decoder needs for itself, however small the limit.
const LEAST_BYTES: u64 = 64 << 20;

/// The size of the main picture, upright.
pub(super) fn size(bytes: &[u8], format: &'static str, limit: u64) -> Result<(u32, u32), Error> {
    let context = open(bytes, format, limit)?;
    let picture = main_picture(&context, format)?;
    Ok(match clap::taken_out(bytes) {
        Some((_, part)) => (part.width, part.height),
        None => (picture.width(), picture.height()),
    })
}

/// Decodes the main picture.
pub(super) fn decode(bytes: &[u8], format: &'static str, limit: u64) -> Result<Source, Error> {
    if let Some((whole, part)) = clap::taken_out(bytes) {
        return Ok(cut_out(decode_whole(&whole, format, limit)?, part));
    }
    decode_whole(bytes, format, limit)
}

/// A part of a decoded picture.
fn cut_out(source: Source, part: clap::Part) -> Source {
    let (across, down) = source.size;
    let (x, y) = (part.x.min(across), part.y.min(down));
    let (width, height) = (part.width.min(across - x), part.height.min(down - y));
    let (row, own) = (across as usize * 4, width as usize * 4);
    let mut samples = Scratch::new(own * height as usize);
    let from = source.samples.chunks_exact(row.max(1)).skip(y as usize);
    for (to, from) in samples.chunks_exact_mut(own.max(1)).zip(from) {
        to.copy_from_slice(&from[x as usize * 4..][..own]);
    }
    Source {
        samples,
        parts: vec![Part::whole(width, height)],
        size: (width, height),
        ..source
    }
}

fn decode_whole(bytes: &[u8], format: &'static str, limit: u64) -> Result<Source, Error> {
    let context = open(bytes, format, limit)?;
    let picture = main_picture(&context, format)?;
    let (width, height) = (picture.width(), picture.height());
    check_size(width.into(), height.into(), limit)?;
    let fail = |error| translate(error, format, (width, height), limit);
    let mut options = DecodingOptions::new();
    if let Some(options) = &mut options {
        // stories are what runs side by side
        options.set_num_codec_threads(1);
        options.set_num_library_threads(1);
        options.set_strict_decoding(true);
    }
    // eight bits of a bright picture are too few to bend
    let deep = picture.luma_bits_per_pixel() > 8;
    let chroma = if deep {
        RgbChroma::HdrRgbaLe
    } else {
        RgbChroma::Rgba
    };
    let decoded = LibHeif::new()
        .decode(&picture, ColorSpace::Rgb(chroma), options)
        .map_err(fail)?;
    let damaged = |reason: &str| Error::Damaged {
        format,
        reason: reason.to_owned(),
    };
    let plane = decoded
        .planes()
        .interleaved
        .ok_or_else(|| damaged("it has no pixels"))?;
    let profile = profile(&picture);
    let coded = match &profile {
        Some(_) => None,
        None => described(&picture, &decoded, bytes),
    };
    let (width, bits) = (plane.width as usize, u32::from(plane.bits_per_pixel));
    let most = if deep {
        ((1u32 << bits.clamp(8, 16)) - 1) as u16
    } else {
        255
    };
    let converter = coded.as_ref().map(|coded| coded.converter(most));
    let mut samples = Scratch::new(width * 4 * plane.height as usize);
    let multiplied = picture.has_alpha_channel() && picture.is_premultiplied_alpha();
    for (to, from) in samples
        .chunks_exact_mut(width * 4)
        .zip(plane.data.chunks(plane.stride))
    {
        let from = from
            .get(..width * if deep { 8 } else { 4 })
            .ok_or_else(|| damaged("a row is too short"))?;
        let to = to.as_chunks_mut::<4>().0;
        if deep {
            let wide = from.as_chunks::<8>().0.iter().map(|px| {
                [0, 2, 4, 6].map(|at| u16::from_le_bytes([px[at], px[at + 1]]).min(most))
            });
            row(wide, most, multiplied, converter.as_ref(), to);
        } else {
            let narrow = from.as_chunks::<4>().0.iter().map(|px| px.map(u16::from));
            row(narrow, most, multiplied, converter.as_ref(), to);
        }
    }
    let mut source = Source {
        samples,
        parts: vec![Part::whole(plane.width, plane.height)],
        model: Model::Rgba,
        opaque: true,
        size: (plane.width, plane.height),
        orientation: Orientation::default(),
        profile,
    };
    if picture.has_alpha_channel() {
        premultiply(&mut source);
    }
    Ok(source)
}

/// A row of straight sRGB, 8 bits.
fn row(
    from: impl Iterator<Item = [u16; 4]>,
    most: u16,
    multiplied: bool,
    converter: Option<&Converter<'_>>,
    to: &mut [[u8; 4]],
) {
    // colours cannot be converted while they are multiplied
    let straight = |[r, g, b, a]: [u16; 4]| match multiplied {
        true if a > 0 => {
            let part =
                |v: u16| (u32::from(v) * u32::from(most) / u32::from(a)).min(most.into()) as u16;
            [part(r), part(g), part(b), a]
        }
        _ => [r, g, b, a],
    };
    match converter {
        Some(converter) => converter.rgba(from.map(straight), most, to),
        None => {
            let most = u32::from(most);
            for (to, px) in to.iter_mut().zip(from.map(straight)) {
                *to = px.map(|v| ((u32::from(v) * 255 + most / 2) / most) as u8);
            }
        }
    }
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
    let raw = picture.color_profile_raw()?;
    (!raw.data.is_empty()).then_some(Profile::Icc(raw.data))
}

/// What the numbers of the file or of its coded picture say, where that is not sRGB.
fn described(picture: &ImageHandle, decoded: &Image, bytes: &[u8]) -> Option<Coded> {
    let points = picture
        .color_profile_nclx()
        .or_else(|| decoded.color_profile_nclx())?;
    let primaries = match points.color_primaries() {
        ColorPrimaries::Unknown => 2,
        known => known as u16,
    };
    let transfer = match points.transfer_characteristics() {
        TransferCharacteristics::Unknown => 2,
        known => known as u16,
    };
    let coded = Coded::of_points(Home::Heif, primaries, transfer, brightest(bytes))?;
    (!coded.is_srgb()).then_some(coded)
}

/// The light of the brightest pixel as the `clli` box says, cd/m²; 0 where there is none.
fn brightest(bytes: &[u8]) -> f32 {
    let head = &bytes[..bytes.len().min(64 << 10)];
    let found = head
        .windows(10)
        .find(|part| part.starts_with(b"\0\0\0\x0cclli"));
    found.map_or(0.0, |part| {
        f32::from(u16::from_be_bytes([part[8], part[9]]))
    })
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
