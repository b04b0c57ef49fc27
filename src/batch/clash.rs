//! Files in OUT that a story would be written over although a story reads them.
//!
//! In: a plan, OUT and its ledger. Out: what must not be written over, and what is said of it. Never: writing.
//! What was written here before may be written again; only what came from elsewhere is held against what stories read.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic};
use crate::scene;

use super::ledger::Ledger;
use super::order::GUIDES;
use super::{Order, Planned};
use crate::project::shown;

/// The contact sheet's name without its ending.
const SHEET: &str = "sheet";

/// Stories whose file is called as one that is made beside the stories: the contact sheet, or another story's copy with
/// guides. None of the two is made.
pub(super) struct Beside(HashMap<String, (String, &'static str)>);

impl Beside {
    /// Finds them in an order.
    pub fn of(order: &Order<'_>) -> Self {
        let mut clashing = HashMap::new();
        if !order.guides && !order.sheet {
            return Self(clashing);
        }
        let stories = &order.plan.stories;
        let pngs: HashSet<&str> = stories
            .iter()
            .filter(|story| order.makes_png(story))
            .map(|story| story.name.as_str())
            .collect();
        if order.has_story_of_sheet() {
            let said = format!("`{SHEET}.png` is what the contact sheet is called");
            clashing.insert(SHEET.to_owned(), (said, "--sheet"));
        }
        let copies = GUIDES.strip_suffix(".png").unwrap_or(GUIDES);
        for story in stories.iter().filter(|_| order.guides) {
            let copy = format!("{}.{copies}", story.name);
            if pngs.contains(copy.as_str()) {
                let said = format!(
                    "`{copy}.png` would be a story and the copy of `{}` with guides",
                    story.name
                );
                clashing.insert(story.name.clone(), (said.clone(), "--guides"));
                clashing.insert(copy, (said, "--guides"));
            }
        }
        Self(clashing)
    }

    /// What is said of a story that is not made.
    pub fn with(&self, story: &Planned, template: &Path) -> Option<Diagnostic> {
        let (said, option) = self.0.get(&story.name)?;
        let found = match story.from_data {
            true => Diagnostic::at(Code::NameClash, story.row.place_of("id"), said.clone()),
            false => Diagnostic::of_file(Code::NameClash, template, said.clone()),
        };
        Some(found.hint(match story.from_data {
            true => format!("give the row another `id`, or leave out {option}"),
            false => format!("rename the template, or leave out {option}"),
        }))
    }
}

impl Order<'_> {
    /// Whether the contact sheet would be written over a story of its name: then neither is made.
    pub fn has_story_of_sheet(&self) -> bool {
        let mut stories = self.plan.stories.iter();
        self.sheet && stories.any(|story| story.name == SHEET && self.makes_png(story))
    }
}

/// Files that stories read and that lie where stories would be written.
pub(super) struct Clashes(HashSet<PathBuf>);

impl Clashes {
    /// Looks for them before anything is written. Stories are only resolved where a file stands in the way that is none of
    /// ours.
    pub fn of(order: &Order<'_>, old: &Ledger) -> Self {
        // only what is made can be written over something
        let is_made = |place: &usize| {
            let only = order.only.as_ref();
            only.is_none_or(|only| only.contains(place))
        };
        let stories = order.plan.stories.par_iter().enumerate();
        let foreign: HashSet<PathBuf> = stories
            .filter(|(place, _)| is_made(place))
            .flat_map_iter(|(_, story)| {
                let targets = order.targets(&story.name).into_iter();
                targets.filter(move |path| path.exists() && !old.wrote(&story.name, path))
            })
            .filter_map(|path| path.canonicalize().ok())
            .collect();
        if foreign.is_empty() {
            return Self(foreign);
        }
        let read = order.plan.stories.par_iter().flat_map_iter(|story| {
            let ready = &order.plan.templates[story.template];
            // what is wrong with a story is reported when it is made
            let scene = scene::resolve(&ready.template, &story.row, &ready.assets).ok();
            scene.map(|scene| scene.value.files).unwrap_or_default()
        });
        let read: HashSet<PathBuf> = read.filter_map(|path| path.canonicalize().ok()).collect();
        Self(foreign.intersection(&read).cloned().collect())
    }

    /// What is said of the first of a story's outputs that is read by it, whose files are `read`, or by another story.
    pub fn with(
        &self,
        targets: &[PathBuf],
        read: &[PathBuf],
        template: &Path,
    ) -> Option<Diagnostic> {
        let real = |path: &PathBuf| path.canonicalize().ok();
        let own: Vec<PathBuf> = read.iter().filter_map(real).collect();
        let path = targets.iter().find(|path| {
            real(path).is_some_and(|path| own.contains(&path) || self.0.contains(&path))
        })?;
        let message = format!(
            "`{}` would be written over, and a template reads it",
            shown(path).display()
        );
        let reported = Diagnostic::of_file(Code::NameClash, template, message);
        Some(reported.hint("name another folder with -o, or rename the template"))
    }
}
