//! Files in OUT that a story would be written over although a story reads them.
//!
//! In: a plan, OUT and its ledger. Out: what must not be written over, and what is said of it. Never: writing.
//! What was written here before may be written again; only what came from elsewhere is held against what stories read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diag::{Code, Diagnostic};
use crate::scene;

use super::Order;
use super::ledger::Ledger;
use crate::project::shown;

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
