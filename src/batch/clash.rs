//! Files in OUT that a story would be written over although a story reads them.
//!
//! In: a plan, OUT and its ledger. Out: what must not be written over, and what is said of it. Never: writing.
//! What was written here before and is still the same may be written again; what came from elsewhere, under whatever name,
//! is held against what stories read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic};
use crate::scene::{self, Identity};

use super::ledger::{Keys, Ledger};
use super::order::GUIDES;
use super::texts::texts;
use super::{Order, Plan, Planned, Ready};
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

/// Whether one of a story's files would be written over something that is none of ours.
pub(super) fn is_in_the_way(order: &Order<'_>, old: &Ledger, story: &Planned) -> bool {
    foreign(order, old, story).next().is_some()
}

fn foreign<'a>(
    order: &Order<'_>,
    old: &'a Ledger,
    story: &'a Planned,
) -> impl Iterator<Item = PathBuf> + use<'a> {
    let targets = order.targets(&story.name).into_iter();
    targets.filter(move |path| path.exists() && !old.is_ours(&story.name, path))
}

/// Files that stories read and that lie where stories would be written.
#[derive(Default)]
pub(super) struct Clashes(HashSet<PathBuf>);

impl Clashes {
    /// Looks for them in the way of the stories at `places`, before any of those is written.
    pub fn of(order: &Order<'_>, old: &Ledger, keys: &Keys, places: &BTreeSet<usize>) -> Self {
        let stories = &order.plan.stories;
        let found = places
            .iter()
            .flat_map(|at| foreign(order, old, &stories[*at]));
        let foreign: HashSet<PathBuf> = found.filter_map(real).collect();
        let read = stories.par_iter();
        let read = read.flat_map_iter(|story| read_by(order.plan, old, keys, story));
        let mut read: HashSet<PathBuf> = read.filter_map(real).collect();
        read.extend(order.plan.templates.iter().flat_map(named));
        Self(foreign.intersection(&read).cloned().collect())
    }

    /// What is said of the first of a story's outputs that is read by it, whose files are `read`, or by another story.
    pub fn with(
        &self,
        targets: &[PathBuf],
        read: &[Identity],
        template: &Path,
    ) -> Option<Diagnostic> {
        let own: Vec<PathBuf> = read.iter().filter_map(|file| real(file.path())).collect();
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

/// The files that a story reads: those it read the last time, where it is the same, since to resolve it takes long.
fn read_by(plan: &Plan, old: &Ledger, keys: &Keys, story: &Planned) -> Vec<PathBuf> {
    let entry = old.entry(&story.name);
    if let Some(entry) = entry.filter(|entry| entry.key == keys.of_story(plan, story)) {
        return entry.files.into_iter().map(|(path, _)| path).collect();
    }
    let ready = &plan.templates[story.template];
    // what is wrong with a story is reported when it is made
    let files = scene::files(&ready.template, &story.row, &ready.assets);
    files.iter().map(|file| file.path().to_owned()).collect()
}

/// The path behind all links, of what is there.
fn real(path: impl AsRef<Path>) -> Option<PathBuf> {
    path.as_ref().canonicalize().ok()
}

/// The files that a template names word for word, be it as a default that every row replaces, or in a layer that no row
/// shows.
fn named(ready: &Ready) -> Vec<PathBuf> {
    let assets = &ready.assets;
    let base = match assets.in_project {
        true => assets.allowed.root(),
        false => ready.template.folder.as_path(),
    };
    let file = |text: &str| real(assets.allowed.resolve(base, text.trim()).ok()?);
    texts(&ready.template)
        .into_iter()
        .filter_map(file)
        .collect()
}
