//! How much of a film's detail a smaller size would lose.
//!
//! In: a film. Out: a part of its area. Never: the layers over a clip, which stay small and still.

use super::budget::{LARGE, SMALL};
use super::compose::{self, Composer};
use super::control::Stretch;
use super::likeness::luma;
use super::make::Film;
use super::pictures::Care;
use crate::media::Error;
use crate::scene::{Content, Node, Scene, picture};

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
    let mut frame = compose::black(LARGE);
    let places = stretches
        .iter()
        .map(|stretch| super::fill::glance(&composer, stretch, 1, rate));
    let mut places: Vec<u64> = places.collect();
    places.sort_by(|a, b| composer.run_up(*a).total_cmp(&composer.run_up(*b)));
    places.truncate(LOOKS);
    let mut parts = Vec::with_capacity(LOOKS);
    for index in places {
        composer.seek(index)?;
        composer.frame(index, &mut frame)?;
        parts.push(lost_of(&luma(&frame)));
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
fn lost_of(luma: &[u8]) -> f64 {
    let small = picture::resized_luma(luma, LARGE, SMALL);
    let back = picture::resized_luma(&small, SMALL, LARGE);
    let seen = luma
        .iter()
        .zip(&back)
        .filter(|(a, b)| a.abs_diff(**b) > SEEN);
    seen.count() as f64 / luma.len().max(1) as f64
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
        let lost = |picture: Vec<u8>| lost_of(&picture);
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
