//! What a user should know of a film's clips.
//!
//! In: a scene, the facts of its clips. Out: sentences, and the clips that are drawn much larger than they are. Never:
//! decoding.

use std::path::{Path, PathBuf};

use super::compose::Known;
use super::facts::Facts;
use crate::diag::Place;
use crate::scene::picture::Fit;
use crate::scene::{Clip, Content, Node, Rect, Scene};

/// A clip may be drawn so many times larger than it is: from 720×1280, a size that the encoder itself chooses where bytes
/// are short, to 1080×1920. It is that ratio and not measured; clips of 640×360 (533 %) and
/// 360×640 (300 %) are told, one of 720×1280 is not.
const LARGER: f64 = 1.5;

/// Sizes are whole pixels.
const ROUNDING: f64 = 0.01;

/// A clip that is drawn much larger than it is.
#[derive(Debug, Clone)]
pub struct Enlarged {
    /// Its file.
    pub path: PathBuf,
    /// Where it is named.
    pub place: Place,
    /// How many times as wide and high.
    pub factor: f64,
    /// Width and height as it is shown, in square pixels.
    pub size: (u32, u32),
}

/// Clips of a scene that are drawn much larger than they are, from the bottom up, each file once.
pub(super) fn enlarged(scene: &Scene, known: &Known) -> Vec<Enlarged> {
    let scale = f64::from(scene.raster.0) / f64::from(scene.width.max(1.0));
    let mut found: Vec<Enlarged> = Vec::new();
    for (rect, clip) in boxes(scene) {
        let Some(facts) = known.get(&clip.path) else {
            continue;
        };
        let shown = facts.shown();
        let (w, h) = (f64::from(rect.w) * scale, f64::from(rect.h) * scale);
        let (across, down) = (w / shown.0.max(1.0), h / shown.1.max(1.0));
        let factor = match clip.fit {
            Fit::Cover | Fit::Fill => across.max(down),
            Fit::Contain | Fit::Blur => across.min(down),
        };
        let is_new = found.iter().all(|other| other.path != clip.path);
        if is_new && factor > LARGER + ROUNDING {
            found.push(Enlarged {
                path: clip.path.clone(),
                place: clip.place.clone(),
                factor,
                size: (shown.0.round() as u32, shown.1.round() as u32),
            });
        }
    }
    found
}

/// Clips with their boxes in canvas units, from the bottom up.
fn boxes(scene: &Scene) -> Vec<(Rect, &Clip)> {
    fn of<'s>(nodes: &'s [Node], out: &mut Vec<(Rect, &'s Clip)>) {
        for node in nodes {
            match &node.content {
                Content::Film(film) => out.push((node.rect, &film.clip)),
                Content::Group(group) => of(&group.children, out),
                _ => {}
            }
        }
    }
    let canvas = Rect::new(0.0, 0.0, scene.width, scene.height);
    let mut out: Vec<_> = scene.film.iter().map(|clip| (canvas, clip)).collect();
    of(&scene.nodes, &mut out);
    out
}

/// Which of several sound tracks of each clip is heard, and what of it is left out.
pub(super) fn about(scene: &Scene, known: &Known) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for clip in scene.clips() {
        let Some(facts) = known.get(&clip.path) else {
            continue;
        };
        let name = clip.path.file_name().unwrap_or_default().to_string_lossy();
        let is_heard = !clip.mute && clip.volume > 0.0;
        let sound = facts.choice.message().filter(|_| is_heard);
        let sentences = [
            sound.map(|sound| format!("`{name}`: {sound}")),
            (!facts.left_out.is_empty())
                .then(|| format!("`{name}`: left out: {}", facts.left_out.join("; "))),
        ];
        for sentence in sentences.into_iter().flatten() {
            if !remarks.contains(&sentence) {
                remarks.push(sentence);
            }
        }
    }
    remarks
}

/// What is read of a clip, in a line.
pub(super) fn described(path: &Path, facts: &Facts) -> String {
    let (width, height) = facts.shown();
    let pictures = match facts.is_constant {
        true => "a constant rate",
        false => "a variable rate",
    };
    let heard = facts.choice.tracks.iter();
    let heard: Vec<String> = heard
        .filter(|track| facts.choice.taken.contains(&track.stream))
        .map(|track| format!("stream {}, track {track}", track.stream))
        .collect();
    format!(
        "{}: picture: stream {}, {}×{}, shown as {:.0}×{:.0}, {:.3} a second ({pictures}), {:.2} s; sound: {}",
        path.display(),
        facts.stream,
        facts.width,
        facts.height,
        width,
        height,
        facts.rate,
        facts.seconds,
        match heard.is_empty() {
            true => "none".to_owned(),
            false => heard.join(" + "),
        }
    )
}
