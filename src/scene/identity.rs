//! What one state of a file is known by, without reading it.
//!
//! In: a path. Out: an [`Identity`], which no other state of the file has but one of the same length that is written into it
//! within a tick of the system's clock. Never: a file's content.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// One state of a file: its path, inode, length and times.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    path: PathBuf,
    inode: u64,
    len: u64,
    modified: Option<SystemTime>,
    /// Seconds and nanoseconds of the last change, the inode's own too: a copy that keeps the time of its original has a new
    /// one.
    changed: (i64, i64),
}

impl Identity {
    /// The file as it is now.
    ///
    /// # Errors
    /// It is not there, or not a regular file: a device or pipe may never end.
    pub fn of(path: &Path) -> io::Result<Self> {
        let meta = fs::metadata(path)?;
        if !meta.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        Ok(Self {
            path: path.to_owned(),
            inode: meta.ino(),
            len: meta.len(),
            modified: meta.modified().ok(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }

    /// The file as it is now; a state that no file is ever in, where it is not there.
    pub(super) fn noted(path: &Path) -> Self {
        Self::of(path).unwrap_or_else(|_| Self {
            path: path.to_owned(),
            inode: 0,
            len: u64::MAX,
            modified: None,
            changed: (i64::MAX, 0),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> u64 {
        self.len
    }

    /// Whether the file is still what it was.
    pub fn is_current(&self) -> bool {
        Self::of(&self.path).is_ok_and(|now| now == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_same_length_and_time_is_another_state() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.jpg");
        fs::write(&path, "one").expect("a file");
        let before = Identity::of(&path).expect("it is there");
        assert!(before.is_current());
        let copy = dir.path().join("b.jpg");
        fs::write(&copy, "two").expect("a file");
        let time = before.modified.expect("it has one");
        let open = fs::File::options().write(true).open(&copy);
        open.and_then(|file| file.set_modified(time))
            .expect("its time");
        fs::rename(&copy, &path).expect("it takes the place");
        assert!(!before.is_current());
        fs::remove_file(&path).expect("it goes away");
        assert!(!before.is_current());
        assert!(!Identity::noted(&path).is_current());
    }
}
