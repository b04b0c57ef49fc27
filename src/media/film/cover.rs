//! The frame that stands best for a film.
//!
//! In: a scene with clips. Out: the same scene with that frame's pictures in place of its clips, ready to be painted.
//! Never: encoding; a frame that is dark, blurred or in the middle of a cut, while the film has a better one.

use std::time::Duration;

use ffmpeg_next::frame;

use super::facts::Facts;
use super::pictures::Purpose;
use super::player::Player;
use super::timeline::Timeline;
use super::trim::Trim;
use crate::media::Error;
use crate::scene::picture::Fit;
use crate::scene::{Clip, Scene};

/// Candidates are looked at in this size.
const SMALL: (u32, u32) = (180, 320);

/// Pictures that are looked at, evenly over the film: enough to find a good one, few enough to be had by seeking.
const CANDIDATES: u32 = 12;

/// What is looked for first: sharp edges in pictures that are neither dark nor washed out.
fn worth(picture: &frame::Video) -> f64 {
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
    (1.0 + edges / count) * (10.0 + spread) * (0.1 + light)
}

/// Index of the frame that stands best for a film, by its lowest clip.
pub(super) fn best_frame(film: &Timeline<'_>) -> Result<u64, Error> {
    let Some(clip) = film.scene.clips().first().copied() else {
        return Ok(0);
    };
    let Some(facts) = film.known.get(&clip.path) else {
        return Ok(0);
    };
    let trim = Trim::of(clip, facts);
    let length = trim.length();
    let mut best = (f64::MIN, 0.0);
    for candidate in 0..CANDIDATES {
        let at = length * (f64::from(candidate) + 0.5) / f64::from(CANDIDATES);
        let from = trim.from + at * trim.speed;
        let one = Clip {
            start: Duration::from_secs_f64(from),
            looped: false,
            fit: Fit::Cover,
            ..clip.clone()
        };
        let mut player = Player::new(&one, facts, SMALL, Purpose::Analyse, &film.options.cancel)?;
        let worth = worth(&player.frame(0, film.rate())?.frame);
        // the first of equals: a film that stands still is covered by its start
        if worth > best.0 * 1.001 {
            best = (worth, at);
        }
    }
    let index = (best.1 * film.rate()).round() as u64;
    Ok(index.min(film.frames.saturating_sub(1)))
}

/// The scene with the pictures of frame `index` in place of its clips.
pub(super) fn with_frame(film: &Timeline<'_>, index: u64) -> Result<Scene, Error> {
    let mut failed = None;
    let scene = film.scene.with_films(|clip, size| {
        let facts = film.known.get(&clip.path)?;
        let shown = player_at(clip, facts, size, index, film)
            .and_then(|mut player| player.pixels(0, film.rate()));
        shown.map_err(|error| failed = Some(error)).ok()
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(scene),
    }
}

/// A player whose first picture is that of frame `index`, without playing up to it.
fn player_at(
    clip: &Clip,
    facts: &Facts,
    size: (u32, u32),
    index: u64,
    film: &Timeline<'_>,
) -> Result<Player, Error> {
    let trim = Trim::of(clip, facts);
    let last = (trim.until - facts.step).max(trim.from);
    let clip = Clip {
        start: Duration::from_secs_f64(trim.time(index as f64 / film.rate()).min(last).max(0.0)),
        looped: false,
        ..clip.clone()
    };
    Player::new(&clip, facts, size, Purpose::Show, &film.options.cancel)
}
