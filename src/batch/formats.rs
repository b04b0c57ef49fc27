//! Which files a story becomes.

use crate::media::Format;
use crate::project::Project;
use crate::scene::Scene;

/// A file format of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Baseline JPEG, the one the platform takes.
    Jpg,
    /// PNG.
    Png,
    /// Film; a still becomes one of `[output] seconds`, else of 5 s.
    Mp4,
}

impl FileFormat {
    /// The format of that name: `jpg`, `jpeg`, `png`, `mp4`.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Some(Self::Jpg),
            "png" => Some(Self::Png),
            "mp4" => Some(Self::Mp4),
            _ => None,
        }
    }

    /// As a format of stills, if it is one.
    pub fn still(self) -> Option<Format> {
        match self {
            Self::Jpg => Some(Format::Jpeg),
            Self::Png => Some(Format::Png),
            Self::Mp4 => None,
        }
    }

    /// How a file name of it ends, without the dot.
    pub fn extension(self) -> &'static str {
        self.still().map_or("mp4", Format::extension)
    }
}

/// The formats of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formats {
    /// Of stories that are stills.
    pub stills: Vec<FileFormat>,
    /// Of those that are film.
    pub films: Vec<FileFormat>,
}

impl Default for Formats {
    /// JPEG for stills, mp4 for film.
    fn default() -> Self {
        Self::of_project(&[FileFormat::Jpg])
    }
}

impl Formats {
    /// What a call asks for, every story gets: a still is held to make a film of it, a film gives its cover.
    pub fn asked(names: &[FileFormat]) -> Self {
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
    pub fn of_project(names: &[FileFormat]) -> Self {
        let asked = Self::asked(names);
        let mut stills = asked.stills;
        if stills.iter().any(|f| f.still().is_some()) {
            stills.retain(|f| f.still().is_some());
        }
        Self {
            stills,
            films: vec![FileFormat::Mp4],
        }
    }

    /// What a project file says; JPEG for stills without it.
    pub fn named_by(project: &Project) -> Self {
        let names = project.formats.iter().filter_map(|f| FileFormat::named(f));
        Self::of_project(&names.collect::<Vec<_>>())
    }

    /// Those of a story.
    pub(super) fn of(&self, scene: &Scene) -> &[FileFormat] {
        match scene.is_film() {
            true => &self.films,
            false => &self.stills,
        }
    }

    /// What of them decides the outputs of a template that may be film, or is not.
    pub(super) fn key(&self, may_be_film: bool) -> String {
        let spelled = |formats: &[FileFormat]| {
            let names: Vec<_> = formats.iter().map(|f| f.extension()).collect();
            names.join("+")
        };
        match may_be_film {
            true => format!("{} or {}", spelled(&self.stills), spelled(&self.films)),
            false => spelled(&self.stills),
        }
    }

    /// Whether stills become film, too.
    pub(super) fn make_film_of_stills(&self) -> bool {
        self.stills.contains(&FileFormat::Mp4)
    }
}

#[cfg(test)]
mod tests {
    use super::FileFormat::{Jpg, Mp4, Png};
    use super::*;

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
