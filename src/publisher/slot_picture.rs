//! The picture of a slot: its row and its template, as they are at this moment.
//!
//! In: a slot, its rule, a row of its data. Out: a finished file, or why there is none, in one word and a sentence.
//! Never: the time of the call: `today` and `now` are the slot's own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::left_out::left_out_of_slot;
use crate::batch::{self, FileFormat, Formats, Order, Outcome, Plan, Status};
use crate::calendar::{self, Rule};
use crate::data::Row;
use crate::diag::Diagnostic;
use crate::graph::UserTag;
use crate::media::Media;
use crate::platform::Cancel;
use crate::project::Project;

/// Where the pictures of slots are made, below the project.
const FOLDER: &str = ".storypress/slots";

/// The code of what was stopped before it was made, which says nothing about the slot.
pub(super) const INTERRUPTED: &str = "interrupted";

/// A finished file of a slot.
#[derive(Debug, Clone)]
pub struct Made {
    /// The file.
    pub media: Media,
    /// Who is mentioned in it.
    pub mentions: Vec<UserTag>,
    /// What is worth a look.
    pub warnings: Vec<Diagnostic>,
}

/// Why a slot has no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// A diagnostic's code: `no-row`, `missing-asset`, …
    pub code: String,
    /// A sentence.
    pub message: String,
}

impl Trouble {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// The first error among diagnostics.
    pub(super) fn of(found: &[Diagnostic]) -> Self {
        match found.iter().find(|d| d.is_error()).or(found.first()) {
            Some(first) => Self::new(first.code.as_str(), on_one_line(first)),
            None => Self::new(
                "unreadable-media",
                "it could not be made, and nothing says why",
            ),
        }
    }
}

/// A diagnostic on one line, with its place.
fn on_one_line(found: &Diagnostic) -> String {
    let (line, _) = found.line_column();
    let name = found.file.file_name().unwrap_or_default().to_string_lossy();
    let place = match line {
        0 => name.into_owned(),
        line => format!("{name}:{line}"),
    };
    let hint = found.hint.as_ref().map(|hint| format!(" ({hint})"));
    format!("{place}: {}{}", found.message, hint.unwrap_or_default())
}

/// A slot to be made as it is now.
#[derive(Debug, Clone, Copy)]
pub struct ToMake<'a> {
    /// Its project.
    pub project: &'a Project,
    /// Its rule.
    pub rule: &'a Rule,
    /// The slot.
    pub slot: &'a calendar::Slot,
    /// The row of its rule's data, where it has data.
    pub row: Option<&'a Row>,
}

impl ToMake<'_> {
    /// Makes its picture or film in `out`; where nothing has changed since it was made, it is the same file.
    ///
    /// # Errors
    /// What is wrong with template, row or assets.
    pub fn picture(&self, out: &Path, stop: &Cancel) -> Result<Made, Trouble> {
        // what the platform takes, whatever else the project makes
        let outcome = made(&self.plan()?, Formats::default(), out, stop)?;
        let media = deliverable(&outcome.media).cloned().ok_or_else(no_file)?;
        let account = self.slot.account.as_deref();
        let left = left_out_of_slot(self.project, account, outcome.by_hand, &media.extras);
        Ok(Made {
            media,
            mentions: outcome.mentions,
            warnings: outcome.diagnostics.into_iter().chain(left).collect(),
        })
    }

    /// Makes the still that stands for it: of a film its cover, made without the film; a picture is the one that goes out.
    ///
    /// # Errors
    /// As [`Self::picture`].
    pub fn cover(&self, out: &Path, stop: &Cancel) -> Result<Media, Trouble> {
        let plan = self.plan()?;
        let is_film = plan.templates.iter().any(|of| of.template.is_film());
        // beside the film: one folder remembers one way of making a story
        let (formats, out) = match is_film {
            true => (Formats::asked(&[FileFormat::Jpg]), out.join("cover")),
            false => (Formats::default(), out.to_owned()),
        };
        let outcome = made(&plan, formats, &out, stop)?;
        deliverable(&outcome.media).cloned().ok_or_else(no_file)
    }

    fn plan(&self) -> Result<Plan, Trouble> {
        let mut plan = batch::plan_slot(self.project.clone(), self.rule, self.slot, self.row);
        match plan.failed.pop() {
            Some(failed) => Err(Trouble::of(&failed.diagnostics)),
            None => Ok(plan),
        }
    }
}

fn no_file() -> Trouble {
    Trouble::new("unreadable-media", "no file came out")
}

fn made(plan: &Plan, formats: Formats, out: &Path, stop: &Cancel) -> Result<Outcome, Trouble> {
    let order = Order {
        formats,
        cancel: stop.clone(),
        ..Order::new(plan, out)
    };
    let ended = batch::render_one(&order);
    match ended.map_err(|error| Trouble::new("bad-value", error.to_string()))? {
        Some(outcome) if outcome.status == Status::Failed => Err(Trouble::of(&outcome.diagnostics)),
        Some(outcome) => Ok(outcome),
        None => Err(Trouble::new(
            INTERRUPTED,
            "it was stopped before it was made",
        )),
    }
}

/// Of a story's files the one that goes out: film before its cover, and no format that the platform does not take.
pub fn deliverable(media: &[Media]) -> Option<&Media> {
    let of = |ending: &str| {
        media
            .iter()
            .find(|m| m.path.extension().is_some_and(|e| e == ending))
    };
    of("mp4").or_else(|| of("jpg"))
}

/// Where the picture of a slot is made.
pub(super) fn folder(project: &Project, slot: &str) -> PathBuf {
    project.root.join(FOLDER).join(name_of_folder(slot))
}

fn name_of_folder(slot: &str) -> String {
    blake3::hash(slot.as_bytes()).to_hex()[..16].to_owned()
}

/// The folders in which pictures of slots lie, by their names.
pub(super) fn folders(project: &Project) -> HashSet<String> {
    let entries = std::fs::read_dir(project.root.join(FOLDER));
    let names = entries.into_iter().flatten().flatten();
    names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// Takes out of those folders the ones of slots that need them.
pub(super) fn without<'s>(folders: &mut HashSet<String>, slots: impl IntoIterator<Item = &'s str>) {
    for slot in slots {
        if folders.is_empty() {
            return;
        }
        folders.remove(&name_of_folder(slot));
    }
}

/// Removes folders of slots that nobody needs any more: what was made there is kept by its hash, where it is.
pub(super) fn sweep(project: &Project, folders: &HashSet<String>) {
    for name in folders {
        let _ = std::fs::remove_dir_all(project.root.join(FOLDER).join(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    #[test]
    fn only_the_folders_that_no_slot_needs_are_swept() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("storypress.toml");
        std::fs::write(&file, "").unwrap();
        let project = project::of(Some(&file), &file).unwrap();
        assert!(folders(&project).is_empty());
        let (open, over) = ("menu@2026-12-01T09:00", "menu@2026-11-01T09:00");
        for slot in [open, over] {
            std::fs::create_dir_all(folder(&project, slot)).unwrap();
        }
        let mut unneeded = folders(&project);
        let late = "menu@2026-12-02T09:00";
        std::fs::create_dir_all(folder(&project, late)).unwrap();
        without(&mut unneeded, [open]);
        sweep(&project, &unneeded);
        let stands = [open, over, late].map(|slot| folder(&project, slot).exists());
        assert_eq!(stands, [true, false, true]);
        unneeded.clear();
        without(&mut unneeded, [open]);
        assert!(unneeded.is_empty());
    }
}
