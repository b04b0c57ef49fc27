//! Batches on disk: what was asked and what was decided, so that both outlive the studio.
//!
//! In: a batch's head and decisions. Out: the same, read again. Never: half of a file; more than the newest batches.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::batch_decisions::Decisions;
use super::secret;
use super::write::{self, Target};

/// Where they are kept, below the project: a folder for each.
const FOLDER: &str = ".storypress/studio/batches";

/// Batches that are kept; the oldest goes first.
pub const MOST: usize = 20;

/// A folder without a head is one that is being made, or that nobody needs.
const UNFINISHED: Duration = Duration::from_secs(3600);

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
pub struct Asked {
    /// Templates, or folders of templates, against the project's folder.
    pub templates: Vec<String>,
    /// A data file against the project's folder, or `source:NAME`.
    pub data: Option<String>,
    /// `last`: the last batch in a folder of finished files, the default. `live`: what is live on the accounts.
    pub against: Option<String>,
    /// The folder of finished files, against the project's folder; without it, the project's OUT, or else the folder that
    /// stories were last rendered to.
    #[serde(default)]
    pub out: Option<String>,
}

/// What a batch is, before its stories are planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    /// Its name.
    pub id: String,
    /// What was asked for.
    pub asked: Asked,
    /// When, by the clock that is meant: its templates are filled for that time.
    pub made: Timestamp,
    /// When, by the real clock.
    pub opened: Timestamp,
    /// Its stories.
    pub count: usize,
    /// Those that differ.
    pub changed: usize,
    /// What each story is made from but the files that it reads: by its name.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// A digest of the files that stories may read.
    pub assets: String,
}

/// A new folder for a batch, with its name.
///
/// # Errors
/// The system has no randomness, or the folder cannot be made.
pub fn new_folder(root: &Path) -> io::Result<(String, PathBuf)> {
    loop {
        let id = secret::random()?[..10].to_owned();
        let folder = folder_of(root, &id);
        std::fs::create_dir_all(root.join(FOLDER))?;
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok((id, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// The folder of a batch.
pub fn folder_of(root: &Path, id: &str) -> PathBuf {
    root.join(FOLDER).join(id)
}

/// Writes the head of a batch.
///
/// # Errors
/// It cannot be written.
pub fn write_head(folder: &Path, head: &Head) -> io::Result<()> {
    put(&folder.join("batch.json"), head)
}

/// Writes what was decided.
///
/// # Errors
/// It cannot be written.
pub fn write_decisions(folder: &Path, decisions: &Decisions) -> io::Result<()> {
    put(&folder.join("decisions.json"), decisions)
}

fn put(path: &Path, value: &impl Serialize) -> io::Result<()> {
    write::bytes(path, &serde_json::to_vec(value)?, Target::Any)
}

/// The head of a batch that is kept.
pub fn head_of(root: &Path, id: &str) -> Option<Head> {
    // a name is letters and digits: it leads nowhere else
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let text = std::fs::read(folder_of(root, id).join("batch.json")).ok()?;
    let head: Head = serde_json::from_slice(&text).ok()?;
    (head.id == id).then_some(head)
}

/// What was decided about a batch.
///
/// # Errors
/// It cannot be read: nothing is known then, and nothing is taken for decided.
pub fn decisions_of(folder: &Path) -> io::Result<Decisions> {
    match std::fs::read(folder.join("decisions.json")) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Decisions::default()),
        Err(error) => Err(error),
    }
}

/// The heads of all that are kept, the newest first.
pub fn heads(root: &Path) -> Vec<Head> {
    let Ok(entries) = std::fs::read_dir(root.join(FOLDER)) else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut heads: Vec<Head> = names
        .filter_map(|name| head_of(root, name.to_str()?))
        .collect();
    heads.sort_by(|one, other| (other.opened, &other.id).cmp(&(one.opened, &one.id)));
    heads
}

/// Removes all but the newest.
pub fn sweep(root: &Path) {
    let heads = heads(root);
    let kept: Vec<&str> = heads.iter().take(MOST).map(|head| &*head.id).collect();
    let old: Vec<&str> = heads.iter().skip(MOST).map(|head| &*head.id).collect();
    let Ok(entries) = std::fs::read_dir(root.join(FOLDER)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let written = entry.metadata().and_then(|about| about.modified());
        let age = written.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        let is_old = old.contains(&&*name) || age.is_ok_and(|age| age > UNFINISHED);
        if !kept.contains(&&*name) && is_old {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: &str, second: i64) -> Head {
        Head {
            id: id.to_owned(),
            asked: Asked::default(),
            made: Timestamp::UNIX_EPOCH,
            opened: Timestamp::from_second(second).unwrap(),
            count: 0,
            changed: 0,
            keys: BTreeMap::new(),
            assets: String::new(),
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let mut ids = Vec::new();
        for second in 0..23 {
            let (id, folder) = new_folder(root.path()).unwrap();
            write_head(&folder, &head(&id, second)).unwrap();
            ids.push(id);
        }
        let (young, _) = new_folder(root.path()).unwrap();
        sweep(root.path());
        let kept: Vec<String> = heads(root.path()).into_iter().map(|h| h.id).collect();
        ids.reverse();
        assert_eq!(kept, ids[..MOST]);
        assert!(folder_of(root.path(), &young).is_dir(), "it is being made");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let (id, folder) = new_folder(root.path()).unwrap();
        write_head(&folder, &head(&id, 0)).unwrap();
        assert!(head_of(root.path(), &id).is_some());
        for name in ["", "..", "../batches", "a/b", "none"] {
            assert!(head_of(root.path(), name).is_none(), "{name}");
        }
    }

    #[test]
    fn broken_decisions_are_an_error_and_none_are_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!decisions_of(folder.path()).unwrap().is_any());
        std::fs::write(folder.path().join("decisions.json"), "{").unwrap();
        assert!(decisions_of(folder.path()).is_err());
    }
}
