//! The folder of a world's bytes, which stays or goes with the world.
//!
//! In: a path, or nothing. Out: where files rest. Never: a folder that another sandbox uses is taken away.

use std::fs::File;
use std::path::{Path, PathBuf};

/// How the folders begin that go away again.
const PREFIX: &str = "storypress-sandbox-";

/// Locked while the folder is in use: the system lets go of it when a sandbox is killed.
const IN_USE: &str = "in-use";

/// Where a world's bytes rest.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held for as long as a folder is in use that goes away with the world.
    in_use: Option<File>,
}

impl Folder {
    /// A folder that stays.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn kept(path: PathBuf) -> std::io::Result<Self> {
        Self::make(path)
    }

    /// A new folder that goes away when it is dropped.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn passing() -> std::io::Result<Self> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let mut folder = Self::make(parent.join(format!("{PREFIX}{}", super::chance::hex(16))))?;
        // under its name when it is locked: another sandbox may look meanwhile
        let unnamed = folder.path.join("in-use.new");
        let in_use = File::create(&unnamed)?;
        in_use.lock()?;
        std::fs::rename(&unnamed, folder.path.join(IN_USE))?;
        folder.in_use = Some(in_use);
        Ok(folder)
    }

    fn make(path: PathBuf) -> std::io::Result<Self> {
        let folder = Self {
            path: std::path::absolute(path)?,
            in_use: None,
        };
        std::fs::create_dir_all(folder.path.join("media"))?;
        std::fs::create_dir_all(folder.path.join("incoming"))?;
        Ok(folder)
    }

    /// Takes a passing folder away, also while a request still holds on to it.
    pub fn leave(&self) {
        if self.in_use.is_some() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }

    /// A checked file.
    pub fn media(&self, file: &str) -> PathBuf {
        self.path.join("media").join(file)
    }

    /// A file on its way in.
    pub fn incoming(&self, name: &str) -> PathBuf {
        self.path.join("incoming").join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Takes away what sandboxes have left that were killed.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    let ours = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for entry in ours {
        // one that has no lock yet is being made
        let lock = File::open(entry.path().join(IN_USE));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_sandbox_left_goes_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().expect("a folder");
        let of = |name: &str| {
            let path = parent.path().join(format!("{PREFIX}{name}"));
            std::fs::create_dir_all(path.join("media")).expect("a folder");
            path
        };
        let (left, used, begun) = (of("left"), of("used"), of("begun"));
        File::create(left.join(IN_USE)).expect("a file");
        let lock = File::create(used.join(IN_USE)).expect("a file");
        lock.lock().expect("a lock");
        sweep(parent.path());
        assert_eq!(
            [left, used, begun].map(|path| path.exists()),
            [false, true, true]
        );
    }
}
