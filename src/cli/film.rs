//! What film adds to a batch: which formats a story gets, its cover, and what the film room says, at its place.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use crate::diag::{Code, Diagnostic, Place, Severity};
use crate::media::{self, FilmOptions, Part};
use crate::scene::Scene;

use super::plan;
use super::render::FormatName;

/// How long a still is as a film, where it does not say.
const STILL: Duration = Duration::from_secs(5);

/// What helps a film that takes longer than it may.
pub(crate) const SLOW: &str =
    "`[limits] seconds` in the project file says how long a film may take";

/// The formats of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Formats {
    /// Of stories that are stills.
    pub stills: Vec<FormatName>,
    /// Of those that are film.
    pub films: Vec<FormatName>,
}

impl Formats {
    /// What a call asks for, every story gets: a still is held to make a film of it, a film gives its cover.
    pub fn asked(names: &[FormatName]) -> Self {
        let mut all = Vec::new();
        for name in names {
            if !all.contains(name) {
                all.push(*name);
            }
        }
        Self {
            stills: all.clone(),
            films: all,
        }
    }

    /// What a project lists, each story gets as suits it: mp4 where it is film, the others where it is a still.
    pub fn of_project(names: &[FormatName]) -> Self {
        let asked = Self::asked(names);
        let mut stills = asked.stills;
        if stills.iter().any(|f| f.still().is_some()) {
            stills.retain(|f| f.still().is_some());
        }
        Self {
            stills,
            films: vec![FormatName::Mp4],
        }
    }

    /// Those of a story.
    pub fn of(&self, scene: &Scene) -> &[FormatName] {
        match scene.is_film() {
            true => &self.films,
            false => &self.stills,
        }
    }

    /// What of them decides the outputs of a template that may be film, or is not.
    pub fn key(&self, may_be_film: bool) -> String {
        let spelled = |formats: &[FormatName]| {
            let names: Vec<_> = formats.iter().map(|f| f.extension()).collect();
            names.join("+")
        };
        match may_be_film {
            true => format!("{} or {}", spelled(&self.stills), spelled(&self.films)),
            false => spelled(&self.stills),
        }
    }

    /// Whether stills become film, too.
    pub fn make_film_of_stills(&self) -> bool {
        self.stills.contains(&FormatName::Mp4)
    }
}

/// The scene as it is filmed: one that is a still stands for a while.
pub(crate) fn filmed(mut scene: Scene) -> Scene {
    if !scene.is_film() {
        scene.length = Some(STILL);
    }
    scene
}

/// What of a still has an effect in film only.
pub(crate) fn lost_in_a_still(scene: &Scene) -> Vec<Diagnostic> {
    let told = |place: &Place, said: &str| {
        Diagnostic::at(Code::BadValue, place, said)
            .severity(Severity::Warning)
            .hint("`[output] seconds` makes a film of it, or --format mp4")
    };
    let moving = scene.moving().map(|node| {
        let said = "`motion` is for film: a still shows where it starts";
        told(&node.place, said)
    });
    let bed = scene.bed.as_ref();
    let heard = bed.map(|bed| told(&bed.place, "`[audio]` is for film: a still has no sound"));
    moving.into_iter().chain(heard).collect()
}

/// The film that a scene is, its clips looked into; none where it is a still.
///
/// # Errors
/// When a clip cannot be read, or the work was stopped.
pub(crate) fn of(scene: &Scene, options: &FilmOptions) -> Result<Option<Part>, media::Error> {
    let film = scene.is_film().then(|| Part::whole(scene, options));
    film.transpose()
}

/// The scene with pictures in place of its clips, as it stands for its film.
///
/// # Errors
/// When a clip cannot be read, or the work was stopped.
pub(crate) fn cover<'s>(
    scene: &'s Scene,
    film: Option<&Part>,
) -> Result<Cow<'s, Scene>, media::Error> {
    match film.filter(|_| !scene.clips().is_empty()) {
        None => Ok(Cow::Borrowed(scene)),
        Some(film) => film.cover().map(Cow::Owned),
    }
}

/// What the film room says of a scene, where the template names what it speaks of.
///
/// `template` is told where nothing else is to blame.
pub(crate) fn told(error: &media::Error, scene: &Scene, template: &Path) -> Diagnostic {
    let first = scene.clips().first().map(|clip| clip.place.clone());
    let at = |code, place: Option<Place>, said: String| match place {
        Some(place) => Diagnostic::at(code, &place, said),
        None => Diagnostic::of_file(code, template, said),
    };
    match error {
        media::Error::TooShort { .. } => at(Code::TooShort, first, error.to_string()).hint(
            "`[output] seconds` says how long it shall be; `loop = true` begins the clip again",
        ),
        media::Error::TooLong { .. } => at(Code::TooLong, first, error.to_string())
            .hint("cut it: `start` and `end`, or `[output] seconds`"),
        media::Error::Unreadable { path, said } => {
            let said = format!("cannot use `{}`: {said}", plan::shown(path).display());
            at(Code::UnreadableMedia, named(scene, path), said)
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
pub(crate) fn concealed(damaged: &[String], scene: &Scene, template: &Path) -> Vec<Diagnostic> {
    let clips = scene.clips();
    let speaks_of = |said: &str| {
        let spoken = clips.iter().find(|clip| {
            let name = clip.path.file_name().map(|n| n.to_string_lossy());
            name.is_some_and(|name| said.contains(&*name))
        });
        spoken.or(clips.first()).map(|clip| clip.place.clone())
    };
    let told = damaged.iter().map(|said| match speaks_of(said) {
        Some(place) => Diagnostic::at(Code::DamagedMedia, &place, said),
        None => Diagnostic::of_file(Code::DamagedMedia, template, said),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use FormatName::{Jpg, Mp4, Png};

    #[test]
    fn a_call_asks_for_all_and_a_project_for_what_suits() {
        let asked = Formats::asked(&[Jpg, Mp4, Jpg]);
        assert_eq!(
            (asked.stills, asked.films),
            (vec![Jpg, Mp4], vec![Jpg, Mp4])
        );
        for (names, stills) in [
            (&[Jpg][..], vec![Jpg]),
            (&[Jpg, Png, Mp4], vec![Jpg, Png]),
            (&[Mp4], vec![Mp4]),
        ] {
            let project = Formats::of_project(names);
            assert_eq!((project.stills, project.films), (stills, vec![Mp4]));
        }
    }
}
