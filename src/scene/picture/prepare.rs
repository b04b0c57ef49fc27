//! From a file's bytes to the pixels that a layer wants.

use std::sync::Arc;

use super::error::Error;
use super::fit::{self, Placement};
use super::format::{self, Format};
use super::resample::Kernel;
use super::source::{Need, Source, check_size};
use super::{Filter, Prepared, Wanted, jpeg, raster};
use crate::scene::{Mask, Pixels};

/// Makes what is wanted; `bytes` are changed on the way.
pub(super) fn prepare(bytes: &mut [u8], wanted: &Wanted, limit: u64) -> Result<Prepared, Error> {
    check_size(wanted.width_px.into(), wanted.height_px.into(), limit)?;
    let (source, placement) = decode(bytes, wanted, limit)?;
    let pixels = source.draw(placement.window, placement.size, Kernel::Lanczos3);
    Ok(Prepared {
        pixels: Arc::new(pixels),
        offset_px: placement.offset,
        scale: placement.scale() as f32,
    })
}

/// Decodes as much as the placement needs.
fn decode(bytes: &mut [u8], wanted: &Wanted, limit: u64) -> Result<(Source, Placement), Error> {
    let (stored, turn) = format::head(bytes)?;
    check_size(stored.0.into(), stored.1.into(), limit)?;
    let upright = turn.size(stored.0, stored.1);
    let placement = fit::place(upright, wanted);
    let source = match Format::of(bytes)? {
        Format::Jpeg => {
            let need = Need {
                window: turn.stored(placement.window, upright.0, upright.1),
                scale: placement.scale(),
            };
            jpeg::decode(bytes, &need, limit)?
        }
        other => raster::decode(bytes, other.raster(), limit)?,
    };
    Ok((source, placement))
}

/// Makes a mask of `size`.
pub(super) fn mask(bytes: &mut [u8], size: (u32, u32), limit: u64) -> Result<Mask, Error> {
    let wanted = Wanted {
        width_px: size.0,
        height_px: size.1,
        fit: super::Fit::Fill,
        focus: (0.5, 0.5),
        filter: Filter::default(),
    };
    let Prepared { pixels, .. } = prepare(bytes, &wanted, limit)?;
    let Pixels {
        width,
        height,
        ref rgba,
        opaque,
    } = *pixels;
    let coverage = rgba
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&[r, g, b, a]| if opaque { light(r, g, b) } else { a })
        .collect();
    Ok(Mask {
        width,
        height,
        coverage,
    })
}

/// Rec. 709 luma, as SVG masks use it.
fn light(r: u8, g: u8, b: u8) -> u8 {
    let sum = 13_933 * u32::from(r) + 46_871 * u32::from(g) + 4_732 * u32::from(b);
    ((sum + (1 << 15)) >> 16) as u8
}
