//! From a file's bytes to the pixels that a layer needs.

use std::sync::Arc;

use super::error::Error;
use super::fit::{self, Placement, Window};
use super::format::{self, Format};
use super::resample::{self, Kernel};
use super::source::{Need, Source, check_size};
use super::svg::Drawing;
use super::{Filter, Fit, Prepared, Wanted, color, filter, heif, jpeg, raster};
use crate::scene::{Mask, Pixels};

/// How much smaller the blurred copy of `Fit::Blur` is worked on.
const BEHIND_SHRINK: u32 = 8;

/// The blur of that copy, as a part of the box's shorter side.
const BEHIND_SIGMA: f32 = 0.04;

/// How much of its light it keeps, of 255.
const BEHIND_LIGHT: u8 = 200;

/// A decoded picture, or one that is drawn.
enum Picture {
    Raster(Source),
    Drawing(Box<Drawing>),
}

impl Picture {
    fn draw(&self, window: Window, size: (u32, u32), kernel: Kernel) -> Result<Pixels, Error> {
        match self {
            Self::Raster(source) => Ok(source.draw(window, size, kernel)),
            Self::Drawing(drawing) => drawing.draw(window, size),
        }
    }
}

/// Makes what is wanted; `bytes` are changed on the way.
pub(super) fn prepare(bytes: &mut [u8], wanted: &Wanted, limit: u64) -> Result<Prepared, Error> {
    let asked = (wanted.width_px.max(1), wanted.height_px.max(1));
    check_size(asked.0.into(), asked.1.into(), limit)?;
    let wanted = &Wanted {
        width_px: asked.0,
        height_px: asked.1,
        ..*wanted
    };
    let (stored, orientation) = format::head(bytes, limit)?;
    let natural = orientation.size(stored.0, stored.1);
    let placement = fit::place(natural, wanted);
    let need = Need {
        window: orientation.stored(placement.window, natural.0, natural.1),
        scale: placement.scale(),
    };
    let picture = decode(bytes, &need, limit)?;
    let mut pixels = picture.draw(placement.window, placement.size, Kernel::Lanczos3)?;
    let mut offset_px = placement.offset;
    if wanted.fit == Fit::Blur && placement.size != asked {
        pixels = over_blurred_copy(&picture, natural, wanted, &placement, &pixels)?;
        offset_px = (0, 0);
    }
    filter::apply(&mut pixels, &wanted.filter);
    Ok(Prepared {
        pixels: Arc::new(pixels),
        offset_px,
        scale: match picture {
            Picture::Raster(_) => placement.scale() as f32,
            Picture::Drawing(_) => 1.0,
        },
    })
}

/// Decodes as much as is needed.
fn decode(bytes: &mut [u8], need: &Need, limit: u64) -> Result<Picture, Error> {
    Ok(match Format::of(bytes)? {
        Format::Jpeg => Picture::Raster(jpeg::decode(bytes, need, limit)?),
        Format::Raster(format) => Picture::Raster(raster::decode(bytes, format, limit)?),
        Format::Heif(name) => Picture::Raster(heif::decode(bytes, name, limit)?),
        Format::Svg => Picture::Drawing(Box::new(Drawing::parse(bytes, limit)?)),
    })
}

/// The whole picture in front of a blurred, darker one that covers the box.
fn over_blurred_copy(
    picture: &Picture,
    natural: (u32, u32),
    wanted: &Wanted,
    placement: &Placement,
    front: &Pixels,
) -> Result<Pixels, Error> {
    let size = (wanted.width_px, wanted.height_px);
    let small = (
        size.0.div_ceil(BEHIND_SHRINK),
        size.1.div_ceil(BEHIND_SHRINK),
    );
    let cover = fit::cover(natural, small, (0.5, 0.5));
    let mut behind = picture.draw(cover.window, small, Kernel::Bilinear)?;
    let sigma = BEHIND_SIGMA * size.0.min(size.1) as f32 / BEHIND_SHRINK as f32;
    filter::blur(&mut behind, sigma.max(0.5));
    filter::darken(&mut behind, BEHIND_LIGHT);
    let mut rgba = vec![0; size.0 as usize * size.1 as usize * 4];
    resample::softly(&behind.rgba, small, &mut rgba, size);
    let (x, y) = (placement.offset.0 as usize, placement.offset.1 as usize);
    let (wide, row) = (size.0 as usize, front.width as usize);
    let out = rgba.as_chunks_mut::<4>().0;
    for (k, from) in front.rgba.as_chunks::<4>().0.chunks_exact(row).enumerate() {
        let to = &mut out[(y + k) * wide + x..][..row];
        if front.opaque {
            to.copy_from_slice(from);
        } else {
            over(from, to);
        }
    }
    Ok(Pixels {
        width: size.0,
        height: size.1,
        rgba,
        opaque: behind.opaque,
    })
}

/// Premultiplied source over destination.
fn over(from: &[[u8; 4]], to: &mut [[u8; 4]]) {
    for (to, from) in to.iter_mut().zip(from) {
        let through = u32::from(255 - from[3]);
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from.saturating_add(color::product(u32::from(*to), through));
        }
    }
}

/// Makes a mask of `size`.
pub(super) fn mask(bytes: &mut [u8], size: (u32, u32), limit: u64) -> Result<Mask, Error> {
    let wanted = Wanted {
        width_px: size.0,
        height_px: size.1,
        fit: Fit::Fill,
        focus: (0.5, 0.5),
        filter: Filter::default(),
    };
    let Prepared { pixels, .. } = prepare(bytes, &wanted, limit)?;
    let coverage = pixels
        .rgba
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&[r, g, b, a]| if pixels.opaque { light(r, g, b) } else { a })
        .collect();
    Ok(Mask {
        width: pixels.width,
        height: pixels.height,
        coverage,
    })
}

/// Rec. 709 luma.
fn light(r: u8, g: u8, b: u8) -> u8 {
    let sum = 13_933 * u32::from(r) + 46_871 * u32::from(g) + 4_732 * u32::from(b);
    ((sum + (1 << 15)) >> 16) as u8
}
