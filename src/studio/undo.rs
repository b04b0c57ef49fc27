//! The undo journal of a template, in `.storypress/undo`: what was done to its text, and what is not saved.
//!
//! In: a first text and the steps from it. Out: the same, each step with the hash of the text that it leads to. Never: a step
//! that does not fit the text before it; the template itself; a journal without a bound.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::template_files::hash_of;
use super::write::{self, Target};

/// Where journals are kept, below the project.
const FOLDER: &str = ".storypress/undo";

/// Steps of a journal.
pub const MOST_STEPS: usize = 500;

/// Bytes of a journal.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;

/// Journals of a project; the one that was not written for the longest time goes first.
const MOST: usize = 200;

/// A change of a text: what stands at a byte of it is taken out, and other text put there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Step {
    /// A byte of the text before, at a character's start.
    pub start: usize,
    /// What stood there.
    pub removed: String,
    /// What stands there then.
    pub inserted: String,
    /// What has made it, in words; none where it came from outside, and is not undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub at: u64,
    /// The hash of the text before. Given by the studio; where it is sent, it has to be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The hash of the text after, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What the file held when a journal was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Base {
    /// Its text.
    pub text: String,
    /// Its hash. Given by the studio.
    #[serde(default)]
    pub hash: String,
}

/// A journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Journal {
    /// What the file held.
    pub base: Base,
    /// The text with the edits that are not saved.
    pub text: String,
    /// The text before the first step.
    pub first: String,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// How many of the steps with a label are done; the others can be done again.
    pub done: usize,
}

impl Journal {
    /// The journal with the hashes of its texts: a chain from the first one.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn chained(mut self) -> Result<Self, String> {
        if self.steps.len() > MOST_STEPS {
            return Err(format!("a journal has at most {MOST_STEPS} steps"));
        }
        let own = self
            .steps
            .iter()
            .filter(|step| step.label.is_some())
            .count();
        if self.done > own {
            return Err(format!(
                "`done` is {}, and {own} steps can be undone",
                self.done
            ));
        }
        let mut text = self.first.clone();
        for (place, step) in self.steps.iter_mut().enumerate() {
            let before = hash_of(text.as_bytes());
            let end = step.start.checked_add(step.removed.len());
            let stood = end.and_then(|end| text.get(step.start..end));
            let is_before = step.before.as_ref().is_none_or(|hash| *hash == before);
            let (true, Some(end)) = (is_before && stood == Some(&*step.removed), end) else {
                return Err(format!("step {place} does not fit the text before it"));
            };
            text.replace_range(step.start..end, &step.inserted);
            let after = hash_of(text.as_bytes());
            if step.after.as_ref().is_some_and(|hash| *hash != after) {
                return Err(format!("step {place} leads to another text than it says"));
            }
            (step.before, step.after) = (Some(before), Some(after));
        }
        self.base.hash = hash_of(self.base.text.as_bytes());
        Ok(self)
    }
}

fn file_of(root: &Path, path: &str) -> PathBuf {
    root.join(FOLDER)
        .join(format!("{}.json", hash_of(path.as_bytes())))
}

/// A journal as it is on disk.
#[derive(Serialize, Deserialize)]
struct File {
    path: String,
    #[serde(flatten)]
    journal: Journal,
}

/// The journal of a template, with the hash of the whole of it; none where there is none, or where its chain is broken.
pub fn read(root: &Path, path: &str) -> Option<(Journal, String)> {
    let text = std::fs::read(file_of(root, path)).ok()?;
    let file: File = serde_json::from_slice(&text).ok()?;
    let is_its = file.path == path;
    let journal = file.journal.chained().ok().filter(|_| is_its)?;
    Some((journal, hash_of(&text)))
}

/// Keeps the journal of a template; gives the hash of the whole of it.
///
/// # Errors
/// It cannot be written; `FileTooLarge` where it has more than [`MOST_BYTES`].
pub fn write(root: &Path, path: &str, journal: Journal) -> io::Result<String> {
    let file = File {
        path: path.to_owned(),
        journal,
    };
    let text = serde_json::to_vec(&file)?;
    if text.len() > MOST_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let place = file_of(root, path);
    let is_new = !place.is_file();
    write::bytes(&place, &text, Target::Any)?;
    if is_new {
        sweep(root);
    }
    Ok(hash_of(&text))
}

/// Removes the journal of a template that is gone.
pub fn forget(root: &Path, path: &str) {
    let _ = std::fs::remove_file(file_of(root, path));
}

/// Gives the journal of a template to its new name.
pub fn rename(root: &Path, path: &str, to: &str) {
    forget(root, to);
    if let Some((journal, _)) = read(root, path)
        && let Err(error) = write(root, to, journal)
    {
        tracing::warn!("what can be undone of {path} was lost: {error}");
    }
    forget(root, path);
}

fn sweep(root: &Path) {
    let entries = std::fs::read_dir(root.join(FOLDER)).into_iter().flatten();
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort();
    for (_, path) in found.iter().rev().skip(MOST) {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(start: usize, removed: &str, inserted: &str) -> Step {
        Step {
            start,
            removed: removed.into(),
            inserted: inserted.into(),
            label: Some("Typing".into()),
            at: 1,
            before: None,
            after: None,
        }
    }

    fn journal(steps: Vec<Step>) -> Journal {
        Journal {
            base: Base {
                text: "aé".into(),
                hash: String::new(),
            },
            text: "xé!".into(),
            first: "aé".into(),
            done: steps.len(),
            steps,
        }
    }

    #[test]
    fn each_step_fits_the_text_before_it() {
        let whole = journal(vec![step(0, "a", "x"), step(3, "", "!")])
            .chained()
            .unwrap();
        assert_eq!(whole.base.hash, hash_of("aé".as_bytes()));
        assert_eq!(whole.steps[1].before, whole.steps[0].after);
        assert_eq!(whole.steps[1].after, Some(hash_of("xé!".as_bytes())));
        for wrong in [
            vec![step(0, "b", "x")],
            vec![step(2, "", "x")],
            vec![step(9, "", "x")],
            vec![step(usize::MAX, "a", "x")],
        ] {
            assert!(journal(wrong.clone()).chained().is_err(), "{wrong:?}");
        }
        let mut other = whole.clone();
        other.steps[1].before = other.steps[1].after.clone();
        assert!(other.chained().is_err());
        let mut beyond = whole;
        beyond.done = 3;
        assert!(beyond.chained().is_err());
    }

    #[test]
    fn a_journal_that_was_touched_is_none() {
        let root = tempfile::tempdir().unwrap();
        let kept = journal(vec![step(0, "a", "x")]).chained().unwrap();
        let hash = write(root.path(), "templates/a.toml", kept.clone()).unwrap();
        assert_eq!(read(root.path(), "templates/a.toml"), Some((kept, hash)));
        rename(root.path(), "templates/a.toml", "templates/b.toml");
        assert!(read(root.path(), "templates/a.toml").is_none());
        let file = file_of(root.path(), "templates/b.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(
            &file,
            text.replace("\"inserted\":\"x\"", "\"inserted\":\"y\""),
        )
        .unwrap();
        assert!(read(root.path(), "templates/b.toml").is_none());
    }
}
