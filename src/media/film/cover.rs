//! The frame that stands best for a film.
//!
//! In: a scene with clips. Out: the same scene with that frame's pictures in place of its clips, ready to be painted.
//! Never: encoding; a frame that is dark, blurred or in the middle of a cut, while the film has a better one.

use ffmpeg_next::frame;

use super::compose::{self, Composer};
use super::make::Film;
use super::pictures::Care;
use super::player::Player;
use crate::media::Error;
use crate::scene::Scene;

/// Candidates are looked at in this size.
const SMALL: (u32, u32) = (180, 320);

/// Seconds from one candidate to the next.
const EVERY: f64 = 0.25;

/// What is looked for first: sharp edges in pictures that are neither dark nor washed out, away from cuts and from the
/// ends, where films fade.
fn worth(picture: &frame::Video, before: Option<&[u8]>, part: f64) -> f64 {
    let (width, stride) = (picture.width() as usize, picture.stride(0));
    let luma = picture.data(0);
    let rows: Vec<&[u8]> = luma
        .chunks(stride)
        .map(|row| &row[..width.min(row.len())])
        .collect();
    let (mut edges, mut sum, mut squares, mut count) = (0.0, 0.0, 0.0, 0.0);
    for pair in rows.windows(2) {
        for x in 1..width {
            let here = f64::from(pair[1][x]);
            let (left, above) = (f64::from(pair[1][x - 1]), f64::from(pair[0][x]));
            edges += (here - left).abs() + (here - above).abs();
            sum += here;
            squares += here * here;
            count += 1.0;
        }
    }
    let count = f64::max(count, 1.0);
    let mean = sum / count;
    let spread = (squares / count - mean * mean).max(0.0).sqrt();
    let light = 1.0 - ((mean - 115.0) / 115.0).powi(2).min(1.0);
    let still = before.map_or(1.0, |before| {
        let moved: f64 = rows
            .iter()
            .flat_map(|row| row.iter())
            .zip(before)
            .map(|(a, b)| f64::from(a.abs_diff(*b)))
            .sum();
        1.0 / (1.0 + moved / count / 12.0)
    });
    let inside = if (0.04..=0.96).contains(&part) {
        1.0
    } else {
        0.6
    };
    (1.0 + edges / count) * (10.0 + spread) * (0.1 + light) * (0.5 + still) * inside
}

/// Index of the frame that stands best for a film.
pub(super) fn best_frame(film: &Film<'_>) -> Result<u64, Error> {
    let rate = film.rate();
    let mut composer = Composer::new(
        &film.scene,
        &film.known,
        SMALL,
        rate,
        Care::Rough,
        &film.options.cancel,
    )?;
    let step = ((EVERY * rate).round() as u64).max(1);
    let mut best = (f64::MIN, 0);
    let mut before: Option<Vec<u8>> = None;
    let mut picture = compose::black(SMALL);
    for index in (0..film.frames).step_by(step as usize) {
        composer.frame(index, &mut picture)?;
        let part = index as f64 / film.frames.max(1) as f64;
        let worth = worth(&picture, before.as_deref(), part);
        // the first of equals: a film that stands still is covered by its start
        if worth > best.0 * 1.001 {
            best = (worth, index);
        }
        let stride = picture.stride(0);
        let rows = picture.data(0).chunks(stride);
        before = Some(
            rows.flat_map(|row| row[..SMALL.0 as usize].iter().copied())
                .collect(),
        );
    }
    Ok(best.1)
}

/// The scene with the pictures of frame `index` in place of its clips.
pub(super) fn with_frame(film: &Film<'_>, index: u64) -> Result<Scene, Error> {
    let mut failed = None;
    let scene = film.scene.with_films(|clip, size| {
        let facts = film.known.get(&clip.path)?;
        let shown = Player::new(clip, facts, size, Care::Full, &film.options.cancel)
            .and_then(|mut player| player.pixels(index, film.rate()));
        shown.map_err(|error| failed = Some(error)).ok()
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(scene),
    }
}
