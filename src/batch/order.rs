//! How a plan is made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{FileFormat, Formats, Plan, Planned};
use crate::media::{FOLDER, FilmOptions};
use crate::platform::Cancel;

/// How the name of a copy with guides ends.
pub(super) const GUIDES: &str = "guides.png";

/// What shall be made, and how.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The stories.
    pub plan: &'a Plan,
    /// The folder of the finished files; made if it is not there.
    pub out: &'a Path,
    /// Which files each story becomes; JPEG or mp4 by default.
    pub formats: Formats,
    /// JPEG quality, 1–100; the project's by default.
    pub quality: u8,
    /// Everything is made anew, whatever has changed; no by default.
    pub force: bool,
    /// Also `NAME.guides.png`, a copy with the app's chrome over it; no by default.
    pub guides: bool,
    /// A contact sheet is made of them afterwards: no story may be called as it; no by default.
    pub sheet: bool,
    /// Only the stories at these places of the plan; all of them without.
    pub only: Option<BTreeSet<usize>>,
    /// Threads; 0, the default, is one a core.
    pub jobs: usize,
    /// Stops the work: a film at once, stills when they are finished; nothing else is begun.
    pub cancel: Cancel,
}

impl<'a> Order<'a> {
    /// What the plan's project says, made into `out`.
    pub fn new(plan: &'a Plan, out: &'a Path) -> Self {
        Self {
            plan,
            out,
            formats: Formats::named_by(&plan.project),
            quality: plan.project.jpeg_quality,
            force: false,
            guides: false,
            sheet: false,
            only: None,
            jobs: 0,
            cancel: Cancel::default(),
        }
    }

    /// The file of a story with that ending.
    pub(super) fn path(&self, story: &str, extension: &str) -> PathBuf {
        self.out.join(format!("{story}.{extension}"))
    }

    /// Whether a story becomes a PNG.
    pub(super) fn makes_png(&self, story: &Planned) -> bool {
        let formats = match self.plan.templates[story.template].template.is_film() {
            true => &self.formats.films,
            false => &self.formats.stills,
        };
        formats.contains(&FileFormat::Png)
    }

    /// Every file that may be written for a story, absolute.
    pub(super) fn targets(&self, story: &str) -> Vec<PathBuf> {
        let formats = self.formats.stills.iter().chain(&self.formats.films);
        let mut extensions: Vec<_> = formats.map(|format| format.extension()).collect();
        extensions.extend(self.guides.then_some(GUIDES));
        extensions.sort_unstable();
        extensions.dedup();
        let paths = extensions.into_iter().map(|e| self.path(story, e));
        paths
            .filter_map(|path| std::path::absolute(path).ok())
            .collect()
    }

    pub(super) fn film_options(&self) -> FilmOptions {
        FilmOptions {
            unfinished: Some(folder(self.out)),
            ..film_options(self.plan, &self.cancel)
        }
    }

    /// What of the call decides the bytes of a template's outputs.
    pub(super) fn key_options(&self, may_be_film: bool) -> String {
        let formats = self.formats.key(may_be_film);
        format!("{formats} q{}", self.quality)
    }
}

/// Where OUT keeps what is not for people.
pub(super) fn folder(out: &Path) -> PathBuf {
    out.join(FOLDER)
}

/// How the films of a plan are looked at.
pub(super) fn film_options(plan: &Plan, cancel: &Cancel) -> FilmOptions {
    FilmOptions {
        limit: plan.project.film_limit,
        cancel: cancel.clone(),
        ..FilmOptions::default()
    }
}
