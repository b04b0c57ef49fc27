//! `.storypress/sources`: what was fetched, by content hash, and a small record of each source.
//!
//! In: bytes, records. Out: whole files, or nothing at all. Never: a file that is half written under its own name, or
//! two processes that fetch one source at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::options::digest;
use crate::media::FOLDER;

/// What a killed process left is taken away when it is as old as that.
const ABANDONED: Duration = Duration::from_secs(3600);

/// How the names of unfinished files end.
const ENDING: &str = ".part";

/// The folder of a project.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

/// Held while a source is fetched; another process waits.
#[derive(Debug)]
pub(super) struct Held(#[expect(dead_code, reason = "its lock ends with it")] File);

impl Folder {
    /// The one of a project's root.
    pub fn of(root: &Path) -> Self {
        Self {
            path: root.join(FOLDER).join("sources"),
        }
    }

    /// The file of that name in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The same against the project's root, as data names it.
    pub fn in_project(name: &str) -> String {
        format!("{FOLDER}/sources/{name}")
    }

    /// Keeps bytes under their hash and gives the name: `<sha256>.<extension>`.
    pub fn keep(&self, bytes: &[u8], extension: &str) -> io::Result<String> {
        let name = format!("{}.{extension}", digest(bytes));
        if !self.holds(&name) {
            self.write(&name, bytes)?;
        }
        Ok(name)
    }

    /// Whether the file is there and is what its name says.
    pub fn holds(&self, name: &str) -> bool {
        let hash = name.split('.').next().unwrap_or_default();
        fs::read(self.file(name)).is_ok_and(|bytes| digest(&bytes) == hash)
    }

    /// Writes a file whole, in place of what had its name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let target = self.file(name);
        let beside = target.parent().unwrap_or(&self.path);
        fs::create_dir_all(beside)?;
        let part = self.file(&unused_name());
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&part)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            fs::rename(&part, &target)
        };
        write().inspect_err(|_| {
            let _ = fs::remove_file(&part);
        })?;
        // the name lasts when its folder does; some systems cannot say so
        let _ = File::open(beside).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// A record, if there is one that can be read.
    pub fn record<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let mut text = String::new();
        let mut file = File::open(self.file(name)).ok()?;
        file.read_to_string(&mut text).ok()?;
        // one of another version is as good as none: it is fetched again
        serde_json::from_str(&text).ok()
    }

    /// Writes a record.
    pub fn put_record<T: Serialize>(&self, name: &str, record: &T) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(record)?;
        text.push(b'\n');
        self.write(name, &text)
    }

    /// Waits until nobody else fetches the source of that record.
    pub async fn hold(&self, record: &str) -> io::Result<Held> {
        fs::create_dir_all(&self.path)?;
        let path = self.file(&format!("{record}.lock"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Held(file)),
                Err(TryLockError::WouldBlock) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                // where locks do not exist, the last who writes wins, and what he writes is whole
                Err(TryLockError::Error(_)) => return Ok(Held(file)),
            }
        }
    }

    /// Takes a file away; one that is not there is no fault.
    pub fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.file(name));
    }

    /// The names of the records in a folder of it.
    pub fn records(&self, below: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path.join(below)).into_iter().flatten();
        let names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let records = names.filter(|name| name.ends_with(".json"));
        match below {
            "" => records.collect(),
            _ => records.map(|name| format!("{below}/{name}")).collect(),
        }
    }

    /// Takes away what killed processes left.
    pub fn sweep(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let is_old = |modified: SystemTime| modified.elapsed().is_ok_and(|age| age > ABANDONED);
            let is_unfinished = entry.file_name().to_string_lossy().ends_with(ENDING);
            let modified = entry.metadata().and_then(|m| m.modified());
            if is_unfinished && modified.is_ok_and(is_old) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// A name that neither another thread nor another process has now.
fn unused_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // processes of two machines may have one number
    let nanos = since.map_or(0, |since| since.subsec_nanos());
    format!("fetched-{}-{nanos}-{count}{ENDING}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_says_or_it_is_written_anew() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Folder::of(root.path());
        let name = folder.keep(b"a,b\n", "csv").expect("kept");
        assert!(folder.holds(&name));
        fs::write(folder.file(&name), "a,").expect("a shorter one");
        assert!(!folder.holds(&name));
        assert_eq!(folder.keep(b"a,b\n", "csv").expect("kept"), name);
        assert!(folder.holds(&name));
        assert_eq!(
            fs::read_dir(root.path().join(".storypress/sources"))
                .expect("it")
                .count(),
            1
        );
    }

    #[test]
    fn what_a_killed_process_left_is_no_file_and_goes_when_it_is_old() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Folder::of(root.path());
        folder.write("menu.json", b"{}").expect("written");
        let part = folder.file("fetched-x.part");
        fs::write(&part, "half").expect("a part");
        folder.sweep();
        assert!(part.exists(), "somebody may be at work on it");
        let old = SystemTime::now() - ABANDONED * 2;
        let file = OpenOptions::new().write(true).open(&part).expect("it");
        file.set_modified(old).expect("a time");
        folder.sweep();
        assert!(!part.exists());
        assert_eq!(folder.records(""), ["menu.json"]);
    }

    #[tokio::test]
    async fn one_source_is_fetched_by_one_at_a_time() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Folder::of(root.path());
        let held = folder.hold("menu.json").await.expect("held");
        let second = tokio::time::timeout(Duration::from_millis(100), folder.hold("menu.json"));
        assert!(second.await.is_err());
        drop(held);
        folder.hold("menu.json").await.expect("held");
    }
}
