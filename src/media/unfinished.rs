//! A file that does not have its name yet.
//!
//! In: bytes and the name they are meant for. Out: a whole file under that name, or nothing at all.
//! Never: a partial file under the final name, or a leftover after an error.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Error;

/// The folder, beside the target, where files wait for their names.
pub const FOLDER: &str = ".storypress";

/// How the name of an unfinished file ends.
const ENDING: &str = ".part";

/// Bytes of a target's name that the name of its unfinished file begins with: file systems take names of 255 bytes, and a
/// number and the kind of a scratch file come behind it.
const MOST_NAME: usize = 180;

/// Removes the file when dropped.
#[derive(Debug)]
struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        // there is nothing better to do when even this fails; `sweep` tries again at the next run
        let _ = fs::remove_file(&self.0);
    }
}

/// An open temporary file; dropping it removes it.
#[derive(Debug)]
pub(super) struct Unfinished {
    file: File,
    leftover: Leftover,
}

impl Unfinished {
    /// Opens a temporary for `target` in `folder`, or in `.storypress` beside the target; makes what folders are missing.
    pub(super) fn create(target: &Path, folder: Option<&Path>) -> Result<Self, Error> {
        let name = target.file_name().ok_or_else(|| {
            Error::io("write", target)(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it names no file",
            ))
        })?;
        let beside = target.parent().unwrap_or(Path::new("."));
        let folder = folder.map_or_else(|| beside.join(FOLDER), Path::to_owned);
        fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
        fs::create_dir_all(beside).map_err(Error::io("make the folder", beside))?;
        let path = folder.join(unused_name(name));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(Error::io("write", &path))?;
        // the lock tells `sweep` that somebody is at work on it; where locks do not exist, `sweep` removes nothing
        let _ = file.try_lock();
        Ok(Self {
            file,
            leftover: Leftover(path),
        })
    }

    /// Writes everything there will be.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(bytes)
            .map_err(Error::io("write", &self.leftover.0))
    }

    /// Reads the file back and holds it against what was written.
    pub(super) fn check(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let path = &self.leftover.0;
        let same = self
            .file
            .rewind()
            .and_then(|()| reads_as(&mut self.file, bytes))
            .map_err(Error::io("read back", path))?;
        if same {
            Ok(())
        } else {
            Err(Error::Altered { path: path.clone() })
        }
    }

    /// Where the bytes are now.
    pub(super) fn path(&self) -> &Path {
        &self.leftover.0
    }

    /// Gives the file its name, replacing what had it.
    pub(super) fn name(self, target: &Path) -> Result<(), Error> {
        let Self { file, leftover } = self;
        // some systems do not rename an open file
        drop(file);
        fs::rename(&leftover.0, target).map_err(Error::io("rename into place", target))?;
        std::mem::forget(leftover);
        Ok(())
    }
}

/// Names for files that are needed only while a target is made; dropping it removes them.
///
/// They begin with that of an empty file, whose lock tells [`sweep`] that somebody is at work on them.
#[derive(Debug)]
pub(super) struct Scratch {
    lock: Unfinished,
}

impl Scratch {
    /// For what is made as `target`; the folder as for [`Unfinished::create`].
    pub(super) fn create(target: &Path, folder: Option<&Path>) -> Result<Self, Error> {
        Unfinished::create(target, folder).map(|lock| Self { lock })
    }

    /// The path of a file of this kind, not made yet.
    pub(super) fn path(&self, kind: &str) -> PathBuf {
        let mut path = self.lock.path().as_os_str().to_owned();
        path.push(format!(".{kind}"));
        path.into()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove_scratch(self.lock.path());
    }
}

/// Removes the files whose names begin with that of an unfinished file.
fn remove_scratch(unfinished: &Path) {
    let folder = unfinished.parent().unwrap_or(Path::new("."));
    let mut beginning = unfinished.file_name().unwrap_or_default().to_owned();
    beginning.push(".");
    let begins = |name: &std::ffi::OsStr| {
        name.as_encoded_bytes()
            .starts_with(beginning.as_encoded_bytes())
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if begins(&entry.file_name()) {
            // the next sweep tries again
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A name that neither another thread nor another process has now: `card.jpg.4711-3.part`.
fn unused_name(name: &std::ffi::OsStr) -> std::ffi::OsString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // what is behind it has a number of its own
    let name = name.to_string_lossy();
    let begun = &name[..name.floor_char_boundary(MOST_NAME)];
    format!("{begun}.{}-{count}{ENDING}", std::process::id()).into()
}

fn reads_as(file: &mut File, mut expected: &[u8]) -> io::Result<bool> {
    let mut buffer = [0; 64 * 1024];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok(expected.is_empty()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        match expected.split_at_checked(read) {
            Some((head, rest)) if head == &buffer[..read] => expected = rest,
            _ => return Ok(false),
        }
    }
}

/// Removes what a killed run left in `folder`, and says how many files that were.
///
/// A file that another process is writing is held by its lock and stays. Call it before a run, not during one;
/// a folder that is not there is nothing to sweep.
pub fn sweep(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(ENDING))
        .filter(|path| is_abandoned(path))
        .inspect(|path| remove_scratch(path))
        .filter(|path| fs::remove_file(path).is_ok())
        .count()
}

fn is_abandoned(path: &Path) -> bool {
    OpenOptions::new()
        .write(true)
        .open(path)
        .is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let Ok(entries) = fs::read_dir(folder) else {
            return Vec::new();
        };
        entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_dropped_file_leaves_nothing_and_the_old_one_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.jpg");
        fs::write(&target, "old").unwrap();
        let mut file = Unfinished::create(&target, None).unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert!(names(&dir.path().join(FOLDER)).is_empty());
        assert_eq!(fs::read(&target).unwrap(), b"old");
    }

    #[test]
    fn a_file_that_another_hand_changed_is_not_given_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a.jpg");
        for other in [&b"other"[..], b"whole and more", b""] {
            let mut file = Unfinished::create(&target, None).unwrap();
            file.write(b"whole").unwrap();
            fs::write(&file.leftover.0, other).unwrap();
            assert!(matches!(file.check(b"whole"), Err(Error::Altered { .. })));
        }
        assert_eq!(names(dir.path()), [FOLDER]);
    }

    #[test]
    fn a_sweep_takes_what_a_killed_run_left_and_spares_the_living() {
        let dir = tempfile::tempdir().unwrap();
        let living = Unfinished::create(&dir.path().join("a.jpg"), Some(dir.path())).unwrap();
        fs::write(dir.path().join("b.jpg.1-0.part"), "half").unwrap();
        fs::write(dir.path().join("kept.json"), "{}").unwrap();
        assert_eq!(sweep(dir.path()), 1);
        assert!(living.leftover.0.exists());
        assert!(dir.path().join("kept.json").exists());
        assert_eq!(sweep(&dir.path().join("nowhere")), 0);
    }

    #[test]
    fn scratch_files_go_with_their_work_and_with_a_sweep() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = Scratch::create(&dir.path().join("a.mp4"), Some(dir.path())).unwrap();
        fs::write(scratch.path("statistics"), "half").unwrap();
        fs::write(scratch.path("statistics.mbtree"), "half").unwrap();
        fs::write(dir.path().join("b.mp4.1-0.part"), "").unwrap();
        fs::write(dir.path().join("b.mp4.1-0.part.statistics"), "half").unwrap();
        assert_eq!(sweep(dir.path()), 1);
        assert_eq!(names(dir.path()).len(), 3, "{:?}", names(dir.path()));
        drop(scratch);
        assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
    }

    #[test]
    fn a_target_under_a_file_is_a_clear_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let error = Unfinished::create(&dir.path().join("file/a.jpg"), None).unwrap_err();
        assert!(
            error.to_string().starts_with("cannot make the folder"),
            "{error}"
        );
    }
}
