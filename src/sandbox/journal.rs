//! The world on disk: a file of lines, each a change that holds as a whole.
//!
//! In: a folder. Out: what was written there. Never: a half-written change that is taken for one.
//! A line is written before its change shows; the file is rewritten when it is opened, under another name first.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;
use super::clock::Clock;
use super::objects::{Container, Highlight, Person, Story, Token, Upload};
use super::settings::Settings;

const FILE: &str = "world.jsonl";

/// Something that holds from now on, in place of what stood under the same id.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The world's own name.
    World(String),
    /// How its time runs.
    Clock(Clock),
    /// What was set.
    Settings(Settings),
    /// An account.
    Person(Person),
    /// A token.
    Token(Token),
    /// A container.
    Container(Box<Container>),
    /// A story.
    Story(Box<Story>),
    /// A file that the app has sent.
    Upload(Box<Upload>),
    /// A highlight.
    Highlight(Box<Highlight>),
}

/// The open file of a world.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Where the last whole line ends: a failed write leaves something behind it.
    length: u64,
    /// Held as long as the world is open.
    _lock: File,
}

impl Journal {
    /// Opens a folder's world; an empty folder gives no records.
    ///
    /// # Errors
    /// [`Error::Taken`] if another sandbox has it open, [`Error::World`] for a file that is no world, [`Error::Folder`].
    pub fn open(folder: &Path) -> Result<(Self, Vec<Record>), Error> {
        let failed = |source| Error::Folder {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(Error::Taken(folder.to_owned()));
        }
        let path = folder.join(FILE);
        let records = match fs::read(&path) {
            Ok(text) => read(&path, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let (file, length) = rewrite(&path, &records).map_err(failed)?;
        let journal = Self {
            file,
            length,
            _lock: lock,
        };
        Ok((journal, records))
    }

    /// Writes one change; it survives the process from here on.
    ///
    /// # Errors
    /// Of the disk; the file holds what it held before then.
    pub fn append(&mut self, change: &[Record]) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(change)?;
        line.push(b'\n');
        self.file.seek(SeekFrom::Start(self.length))?;
        let written = self.file.write_all(&line);
        if written.is_err() {
            let _ = self.file.set_len(self.length);
        } else {
            self.length += line.len() as u64;
        }
        written
    }
}

/// The lines' records in their order. A last line that is torn was never answered for, and is dropped.
fn read(path: &Path, text: &[u8]) -> Result<Vec<Record>, Error> {
    let whole = text
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let mut records = Vec::new();
    for (number, line) in text[..whole].split(|b| *b == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let change: Vec<Record> = serde_json::from_slice(line).map_err(|source| Error::World {
            path: path.to_owned(),
            line: number + 1,
            source,
        })?;
        records.extend(change);
    }
    Ok(records)
}

/// Writes the newest of everything under another name, and renames.
fn rewrite(path: &PathBuf, records: &[Record]) -> std::io::Result<(File, u64)> {
    let unfinished = path.with_extension("new");
    let mut text = Vec::new();
    for record in newest(records) {
        serde_json::to_writer(&mut text, &[record])?;
        text.push(b'\n');
    }
    let mut file = File::create(&unfinished)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok((file, text.len() as u64))
}

/// The last state of each thing, once, in the order of the first time it was named.
fn newest(records: &[Record]) -> Vec<&Record> {
    let mut places = std::collections::HashMap::new();
    let mut kept: Vec<&Record> = Vec::new();
    for record in records {
        match places.get(&key(record)) {
            Some(&at) => kept[at] = record,
            None => {
                places.insert(key(record), kept.len());
                kept.push(record);
            }
        }
    }
    kept
}

fn key(record: &Record) -> (u8, &str) {
    match record {
        Record::World(_) => (0, ""),
        Record::Clock(_) => (1, ""),
        Record::Settings(_) => (2, ""),
        Record::Person(person) => (3, &person.user_id),
        Record::Token(token) => (4, &token.token),
        Record::Container(container) => (5, &container.id),
        Record::Story(story) => (6, &story.id),
        Record::Upload(upload) => (7, &upload.key),
        Record::Highlight(highlight) => (8, &highlight.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(records: &[Record]) -> Vec<String> {
        records
            .iter()
            .filter_map(|record| match record {
                Record::World(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn what_was_written_is_read_and_the_newest_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut journal, records) = Journal::open(folder.path()).expect("a new world");
        assert!(records.is_empty());
        for name in ["a", "b"] {
            journal
                .append(&[Record::World(name.into())])
                .expect("written");
        }
        drop(journal);
        let (journal, records) = Journal::open(folder.path()).expect("the world");
        assert_eq!(names(&records), ["a", "b"]);
        drop(journal);
        let (_, records) = Journal::open(folder.path()).expect("the rewritten world");
        assert_eq!(names(&records), ["b"]);
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        fs::write(&path, "[{\"world\":\"a\"}]\n[{\"world\":\"b").expect("written");
        let (mut journal, records) = Journal::open(folder.path()).expect("the world");
        assert_eq!(names(&records), ["a"]);
        journal
            .append(&[Record::World("c".into())])
            .expect("written");
        drop(journal);
        let (_, records) = Journal::open(folder.path()).expect("the world");
        assert_eq!(names(&records), ["a", "c"]);
    }

    #[test]
    fn a_file_that_is_no_world_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        fs::write(&path, "shopping list\n").expect("written");
        let error = Journal::open(folder.path()).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::World { line: 1, .. }), "{error}");
        assert_eq!(
            fs::read_to_string(&path).expect("still there"),
            "shopping list\n"
        );
    }

    #[test]
    fn a_world_is_open_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Journal::open(folder.path()).expect("a world");
        let error = Journal::open(folder.path()).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Taken(_)), "{error}");
        drop(first);
    }
}
