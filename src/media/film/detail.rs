//! How much of a film's detail a smaller size would lose.
//!
//! In: a film. Out: a part of its area. Never: the layers over a clip, which stay small and still.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::budget::{LARGE, SMALL};
use super::compose::{self, Composer};
use super::control::Stretch;
use super::likeness::luma;
use super::make::Film;
use super::pictures::Care;
use crate::media::Error;
use crate::scene::{Content, Node, Scene};

/// Frames that are looked at, of as many stretches: those that are soonest decoded.
const LOOKS: usize = 3;

/// Steps of luma that somebody sees: the edges of letters and lines are off by more. In camera pictures, also under heavy
/// grain, hardly a pixel is: at most 0.04 % of them in seven clips, 5 % in a recorded screen.
const SEEN: u8 = 16;

/// The part of the area, 0–1, that looks different at the large size when the film was made at the small one.
///
/// # Errors
/// What the clips give.
pub(super) fn lost(film: &Film<'_>, stretches: &[Stretch]) -> Result<f64, Error> {
    let scene = bare(&film.scene);
    let (rate, cancel) = (film.rate(), &film.options.cancel);
    let mut composer = Composer::new(&scene, &film.known, LARGE, rate, Care::Rough, cancel)?;
    let mut picture = compose::black(LARGE);
    let places = stretches
        .iter()
        .map(|stretch| super::fill::glance(&composer, stretch, 1, rate));
    let mut places: Vec<u64> = places.collect();
    places.sort_by(|a, b| composer.run_up(*a).total_cmp(&composer.run_up(*b)));
    places.truncate(LOOKS);
    let mut parts = Vec::with_capacity(LOOKS);
    for index in places {
        composer.seek(index)?;
        composer.frame(index, &mut picture)?;
        parts.push(lost_of(&luma(&picture))?);
    }
    Ok(parts.iter().sum::<f64>() / parts.len().max(1) as f64)
}

/// The clips alone, where there are any: text over them is as sharp as it can be at either size.
fn bare(scene: &Scene) -> Scene {
    let is_clip = |node: &Node| matches!(node.content, Content::Film(_));
    let mut bare = scene.clone();
    if scene.film.is_some() || scene.nodes.iter().any(is_clip) {
        bare.nodes.retain(is_clip);
    }
    bare
}

/// The same of one picture's luma, at the large size.
fn lost_of(luma: &[u8]) -> Result<f64, Error> {
    let small = resized(luma, LARGE, SMALL)?;
    let back = resized(&small, SMALL, LARGE)?;
    let seen = luma
        .iter()
        .zip(&back)
        .filter(|(a, b)| a.abs_diff(**b) > SEEN);
    Ok(seen.count() as f64 / luma.len().max(1) as f64)
}

fn resized(luma: &[u8], from: (u32, u32), to: (u32, u32)) -> Result<Vec<u8>, Error> {
    let failed = |said: String| Error::Film { said };
    let pixels: Vec<U8> = luma.iter().copied().map(U8::new).collect();
    let source = TypedImageRef::new(from.0, from.1, &pixels).map_err(|e| failed(e.to_string()))?;
    let mut out = vec![U8::new(0); to.0 as usize * to.1 as usize];
    let mut target =
        TypedImage::from_pixels_slice(to.0, to.1, &mut out).map_err(|e| failed(e.to_string()))?;
    let cubic = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new()
        .resize_typed(&source, &mut target, &cubic)
        .map_err(|e| failed(e.to_string()))?;
    Ok(out.iter().map(|pixel| pixel.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(luma: impl Fn(u32, u32) -> u8) -> Vec<u8> {
        let (width, height) = LARGE;
        let rows = 0..height;
        rows.flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| luma(x, y))
            .collect()
    }

    #[test]
    fn lines_are_lost_and_shades_and_grain_are_not() {
        let lost = |picture: Vec<u8>| lost_of(&picture).expect("a part");
        let lines = picture(|_, y| if y % 12 < 2 { 20 } else { 240 });
        assert!(lost(lines) > 0.1);
        let shades = picture(|x, y| (x / 6 + y / 32) as u8);
        assert_eq!(lost(shades), 0.0);
        // steps of up to 12 at random
        let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 16;
        let grain = picture(|x, y| 100 + (noise(x, y) % 13) as u8);
        assert!(lost(grain) < 0.001);
    }
}
