//! JPEG, the format of almost every photograph, and so the one that has to be fast.
//!
//! In: a whole file and the part that will be drawn. Out: its planes as they are stored. libjpeg-turbo decodes to
//! planes without converting colours or enlarging chroma: both cost less at the size that is drawn. It only warns
//! of a picture that is cut off; here that is an error.

use image::metadata::Orientation as Exif;
use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp,
    YuvImage,
};

use super::color::Profile;
use super::error::Error;
use super::fit::Window;
use super::scratch::Scratch;
use super::source::{Model, Need, Part, Source, check_size};

const NAME: &str = "JPEG";

/// A progressive file may claim as many passes over the picture as it likes; real ones make about ten.
const MOST_SCANS: u32 = 100;

/// What the segments before the pixels say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Head {
    /// As stored.
    pub width: u32,
    /// As stored.
    pub height: u32,
    /// How to turn it upright.
    pub orientation: Option<Exif>,
    /// The colour profile.
    pub icc: Option<Vec<u8>>,
    /// Written by Adobe's software, which stores inks inverted.
    pub adobe: bool,
    /// One pass from top to bottom.
    baseline: bool,
    /// Where the two bytes of the height are.
    height_at: usize,
    /// Where the first pass begins.
    scan_at: usize,
}

/// Reads everything before the pixels.
pub(super) fn head(bytes: &[u8]) -> Result<Head, Error> {
    let mut head = Head::default();
    let mut profile: Vec<(u8, &[u8])> = Vec::new();
    let mut at = 2;
    loop {
        let (marker, body, start) = segment(bytes, &mut at)?;
        match marker {
            // all frame headers but DHT, JPG and DAC, which share their numbers
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let &[_, h1, h0, w1, w0, ..] = body else {
                    return Err(damaged("its frame header is too short"));
                };
                head.height = u32::from(u16::from_be_bytes([h1, h0]));
                head.width = u32::from(u16::from_be_bytes([w1, w0]));
                head.height_at = start + 1;
                head.baseline = matches!(marker, 0xC0 | 0xC1);
            }
            0xE1 => {
                if let Some(exif) = body.strip_prefix(b"Exif\0\0") {
                    head.orientation = head.orientation.or_else(|| Exif::from_exif_chunk(exif));
                }
            }
            0xE2 => {
                if let Some([number, _, part @ ..]) = body.strip_prefix(b"ICC_PROFILE\0") {
                    profile.push((*number, part));
                }
            }
            0xEE => head.adobe |= body.starts_with(b"Adobe"),
            0xDA => {
                head.scan_at = at;
                break;
            }
            0xD9 => return Err(Error::Truncated { format: NAME }),
            _ => {}
        }
    }
    if head.width == 0 || head.height == 0 {
        return Err(damaged("it has no pixels"));
    }
    if !profile.is_empty() {
        profile.sort_by_key(|part| part.0);
        head.icc = Some(
            profile
                .into_iter()
                .flat_map(|part| part.1)
                .copied()
                .collect(),
        );
    }
    Ok(head)
}

/// The next marker, its contents and where those start; `at` moves behind them.
fn segment<'a>(bytes: &'a [u8], at: &mut usize) -> Result<(u8, &'a [u8], usize), Error> {
    let cut = Error::Truncated { format: NAME };
    let rest = bytes.get(*at..).ok_or_else(|| cut.clone())?;
    // junk between segments and fill bytes are skipped, as every decoder does
    let ff = rest
        .iter()
        .position(|&b| b == 0xFF)
        .ok_or_else(|| cut.clone())?;
    let past = rest[ff..]
        .iter()
        .position(|&b| b != 0xFF)
        .ok_or_else(|| cut.clone())?;
    let marker = rest[ff + past];
    let start = *at + ff + past + 1;
    if matches!(marker, 0x00 | 0x01 | 0xD0..=0xD9) {
        *at = start;
        return Ok((marker, &[], start));
    }
    let length = match bytes.get(start..start + 2) {
        Some(&[a, b]) => usize::from(u16::from_be_bytes([a, b])),
        _ => return Err(cut),
    };
    if length < 2 {
        return Err(damaged("a segment has no length"));
    }
    let body = bytes.get(start + 2..start + length).ok_or(cut)?;
    *at = start + length;
    Ok((marker, body, start + 2))
}

/// Decodes what is needed of a file; `bytes` are changed on the way.
pub(super) fn decode(bytes: &mut [u8], need: &Need, limit: u64) -> Result<Source, Error> {
    let head = head(bytes)?;
    check_size(head.width.into(), head.height.into(), limit)?;
    if !has_end(&bytes[head.scan_at..]) {
        return Err(Error::Truncated { format: NAME });
    }
    let orientation = head.orientation.unwrap_or(Exif::NoTransforms).into();
    let mut decoder = Decompressor::new().map_err(|error| damaged(error.to_string()))?;
    let picture = decoder
        .set_scan_limit(MOST_SCANS)
        .and_then(|()| decoder.read_header(bytes));
    let (samples, parts, model) = match picture {
        Ok(picture) if is_planar(&picture) => planes(&mut decoder, bytes, &head, picture, need)?,
        Ok(picture) => packed(&mut decoder, bytes, picture)?,
        Err(_) => by_second_decoder(bytes, limit)?,
    };
    let model = match model {
        Model::Cmyk { .. } => Model::Cmyk {
            inverted: head.adobe,
        },
        other => other,
    };
    Ok(Source {
        samples,
        parts,
        model,
        opaque: true,
        size: (head.width, head.height),
        orientation,
        profile: head.icc.map(Profile::Icc),
    })
}

/// Whether the mark of the end stands anywhere behind the first pass; phones put more behind it.
fn has_end(scan: &[u8]) -> bool {
    scan.windows(2).rev().any(|pair| pair == [0xFF, 0xD9])
}

fn is_planar(picture: &DecompressHeader) -> bool {
    matches!(picture.colorspace, Colorspace::YCbCr | Colorspace::Gray)
        && picture.subsamp != Subsamp::Unknown
        && !picture.is_lossless
}

type Decoded = (Scratch, Vec<Part>, Model);

fn planes(
    decoder: &mut Decompressor,
    bytes: &mut [u8],
    head: &Head,
    mut picture: DecompressHeader,
    need: &Need,
) -> Result<Decoded, Error> {
    if head.baseline {
        picture.height = drop_rows(bytes, head, picture.subsamp, need) as usize;
    }
    let eighths = eighths(need.scale);
    let factor = ScalingFactor::new(eighths, 8);
    decoder
        .set_scaling_factor(factor)
        .map_err(|error| damaged(error.to_string()))?;
    let scaled = picture.scaled(factor);
    let (hs, vs) = scaled.subsamp.size();
    let len = turbojpeg::yuv_pixels_len(scaled.width, 1, scaled.height, scaled.subsamp)
        .map_err(|error| damaged(error.to_string()))?;
    let mut samples = Scratch::new(len);
    judge(decoder.decompress_to_yuv(
        bytes,
        YuvImage {
            pixels: &mut samples,
            width: scaled.width,
            align: 1,
            height: scaled.height,
            subsamp: scaled.subsamp,
        },
    ))?;
    let scale = eighths as f64 / 8.0;
    let padded = (
        scaled.width.next_multiple_of(hs),
        scaled.height.next_multiple_of(vs),
    );
    let luma = Part {
        start: 0,
        width: padded.0 as u32,
        height: padded.1 as u32,
        scale: (scale, scale),
    };
    if scaled.subsamp == Subsamp::Gray {
        return Ok((samples, vec![luma], Model::Grey));
    }
    // chroma samples lie in the middle of the pixels that share them, so windows scale without a shift
    let chroma = |index: usize| Part {
        start: padded.0 * padded.1 + index * (padded.0 / hs) * (padded.1 / vs),
        width: (padded.0 / hs) as u32,
        height: (padded.1 / vs) as u32,
        scale: (scale / hs as f64, scale / vs as f64),
    };
    Ok((samples, vec![luma, chroma(0), chroma(1)], Model::YCbCr))
}

/// Writes a smaller height into the header, so that rows below the window are not decoded; gives the new height.
fn drop_rows(bytes: &mut [u8], head: &Head, subsamp: Subsamp, need: &Need) -> u32 {
    let Window { y, h, .. } = need.window;
    // the resizer looks three output pixels beyond the window, and chroma a sample further
    let margin = 4.0 / need.scale.min(1.0) + 8.0;
    let block = 8 * subsamp.height() as u32;
    let rows = ((y + h + margin).ceil() as u32).next_multiple_of(block);
    if rows >= head.height {
        return head.height;
    }
    bytes[head.height_at..][..2].copy_from_slice(&(rows as u16).to_be_bytes());
    rows
}

/// Eighths of the full size to decode at. Half and less only while twice the drawn size is left: the decoder's own
/// scaling is a box, which shows when nothing is resized after it. Odd eighths are slower than none.
fn eighths(scale: f64) -> usize {
    [1, 2, 4]
        .into_iter()
        .find(|&m| m as f64 / 8.0 >= 2.0 * scale)
        .unwrap_or(8)
}

/// Pictures of inks, and of red, green and blue planes.
fn packed(
    decoder: &mut Decompressor,
    bytes: &[u8],
    picture: DecompressHeader,
) -> Result<Decoded, Error> {
    let inks = matches!(picture.colorspace, Colorspace::CMYK | Colorspace::YCCK);
    let (format, model) = if inks {
        (PixelFormat::CMYK, Model::Cmyk { inverted: false })
    } else {
        (PixelFormat::RGBA, Model::Rgba)
    };
    let mut samples = Scratch::new(picture.width * picture.height * 4);
    judge(decoder.decompress(
        bytes,
        Image {
            pixels: &mut samples,
            width: picture.width,
            pitch: picture.width * 4,
            height: picture.height,
            format,
        },
    ))?;
    Ok((
        samples,
        vec![Part::whole(picture.width as u32, picture.height as u32)],
        model,
    ))
}

/// What the first decoder refuses altogether.
fn by_second_decoder(bytes: &[u8], limit: u64) -> Result<Decoded, Error> {
    let source = super::raster::decode(bytes, image::ImageFormat::Jpeg, limit)?;
    Ok((source.samples, source.parts, source.model))
}

/// Sorts warnings that leave the picture whole from those that do not.
fn judge(result: turbojpeg::Result<()>) -> Result<(), Error> {
    let Err(error) = result else {
        return Ok(());
    };
    let message = error.to_string();
    let says = |part: &str| message.contains(part);
    if says("extraneous bytes before marker")
        || says("JFIF revision")
        || says("Adobe color transform")
        || says("SOS parameters for sequential")
    {
        return Ok(());
    }
    if says("remature end") {
        return Err(Error::Truncated { format: NAME });
    }
    Err(damaged(message))
}

fn damaged(reason: impl Into<String>) -> Error {
    Error::Damaged {
        format: NAME,
        reason: reason.into(),
    }
}
