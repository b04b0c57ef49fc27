//! What film adds to a batch: a still in motion, the cover, and what the film room says, at its place.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use super::hidden;
use crate::diag::{Code, Diagnostic, Place, Severity};
use crate::media::{self, Damage, Enlarged, Film, FilmOptions};
use crate::project::shown;
use crate::scene::Scene;

/// How long a still is as a film, where it does not say.
const STILL: Duration = Duration::from_secs(5);

/// What helps a film that takes longer than it may.
pub const SLOW: &str = "`[limits] seconds` in the project file says how long a film may take";

/// The scene as it is filmed: one that is a still stands for a while.
pub(super) fn filmed(mut scene: Scene) -> Scene {
    if !scene.is_film() {
        scene.length = Some(STILL);
    }
    scene
}

/// What of a still has an effect in film only.
pub(super) fn lost_in_a_still(scene: &Scene) -> Vec<Diagnostic> {
    let reported = |place: &Place, message: &str| {
        Diagnostic::at(Code::BadValue, place, message)
            .severity(Severity::Warning)
            .hint("`[output] seconds` makes a film of it, or --format mp4")
    };
    let moving = scene.moving().map(|node| {
        let message = "`motion` is for film: a still shows where it starts";
        reported(&node.place, message)
    });
    let bed = scene.bed.as_ref();
    let heard = bed.map(|bed| reported(&bed.place, "`[audio]` is for film: a still has no sound"));
    moving.into_iter().chain(heard).collect()
}

/// The film that a scene is, its clips looked into; none where it is a still.
///
/// # Errors
/// When a clip cannot be read, or the work was stopped.
pub(super) fn of(scene: &Scene, options: &FilmOptions) -> Result<Option<Film>, media::Error> {
    let film = scene.is_film().then(|| Film::of(scene, options));
    film.transpose()
}

/// Warnings that can be told of a film before it is made: clips that nobody sees, or that are drawn much larger than they
/// are.
pub(super) fn worth_a_look(scene: &Scene, film: &Film) -> Vec<Diagnostic> {
    let mut reported = hidden::hidden(scene, film);
    reported.extend(film.enlarged().iter().map(|clip| {
        Diagnostic::at(Code::Upscaled, &clip.place, enlarged(clip)).hint(own_size(clip))
    }));
    reported
}

/// What is said of a clip that is drawn much larger than it is.
pub fn enlarged(clip: &Enlarged) -> String {
    let name = clip.path.file_name().unwrap_or_default().to_string_lossy();
    format!(
        "`{name}` is drawn at {:.0} % of its size",
        clip.factor * 100.0
    )
}

/// How large it is.
pub fn own_size(clip: &Enlarged) -> String {
    let (w, h) = clip.size;
    format!("it has {w} × {h} pixels")
}

/// The scene with pictures in place of its clips, as its film holds it.
///
/// # Errors
/// When a clip cannot be read, or the work was stopped.
pub(super) fn cover<'s>(
    scene: &'s Scene,
    film: Option<&Film>,
) -> Result<Cow<'s, Scene>, media::Error> {
    match film.filter(|_| !scene.clips().is_empty()) {
        None => Ok(Cow::Borrowed(scene)),
        Some(film) => film.cover().map(Cow::Owned),
    }
}

/// What the film room says of a scene, where the template names what it speaks of.
///
/// `template` is named where nothing else is to blame.
pub(super) fn diagnostic(error: &media::Error, scene: &Scene, template: &Path) -> Diagnostic {
    let first = scene.clips().first().map(|clip| clip.place.clone());
    let at = |code, place: Option<Place>, message: String| match place {
        Some(place) => Diagnostic::at(code, &place, message),
        None => Diagnostic::of_file(code, template, message),
    };
    match error {
        media::Error::TooShort { .. } => at(Code::TooShort, first, error.to_string()).hint(
            "`[output] seconds` says how long it shall be; `loop = true` begins the clip again",
        ),
        media::Error::TooLong { .. } => at(Code::TooLong, first, error.to_string())
            .hint("cut it: `start` and `end`, or `[output] seconds`"),
        media::Error::TooLarge { .. } => at(Code::TooLarge, first, error.to_string()),
        media::Error::Unreadable { path, message } => {
            let message = format!("cannot use `{}`: {message}", shown(path).display());
            at(Code::UnreadableMedia, named(scene, path), message)
        }
        media::Error::NothingLeft { path, .. } => {
            at(Code::BadValue, named(scene, path), error.to_string())
        }
        media::Error::Io { path, .. } => {
            at(Code::UnreadableMedia, named(scene, path), error.to_string())
        }
        media::Error::TooSlow { path, .. } => {
            at(Code::UnreadableMedia, named(scene, path), error.to_string()).hint(SLOW)
        }
        _ => at(Code::UnreadableMedia, None, error.to_string()),
    }
}

/// Where a scene names a file.
fn named(scene: &Scene, path: &Path) -> Option<Place> {
    let clips = scene.clips();
    let clips = clips.iter().map(|clip| (&clip.path, &clip.place));
    let bed = scene.bed.iter().map(|bed| (&bed.path, &bed.place));
    let mut all = clips.chain(bed);
    all.find(|(named, _)| *named == path)
        .map(|(_, place)| place.clone())
}

/// Warnings of stretches that were concealed, at the clip they speak of.
pub(super) fn concealed(damaged: &[Damage], scene: &Scene, template: &Path) -> Vec<Diagnostic> {
    let reported = damaged
        .iter()
        .map(|damage| match named(scene, &damage.path) {
            Some(place) => Diagnostic::at(Code::DamagedMedia, &place, damage.to_string()),
            None => Diagnostic::of_file(Code::DamagedMedia, template, damage.to_string()),
        });
    reported.collect()
}
