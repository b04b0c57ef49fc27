//! The finished files of stories, kept under the hash of their bytes from the moment a story is planned.
//!
//! In: a finished file. Out: a copy that nobody writes over, moves or deletes, until no story needs it.
//! Never: a file whose bytes are not those that were verified; a file in this folder that is not whole.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::db::values;
use super::{Error, Store};
use crate::media::{Kind, Media};

/// A story that failed, was missed or was taken back may be tried again for so long.
const RETRY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A copy that was begun and not finished so long ago is nobody's.
const UNFINISHED: std::time::Duration = std::time::Duration::from_secs(3600);

impl Store {
    /// Keeps a copy of a finished file where every worker on this store can read it; nothing where it is kept already.
    ///
    /// Beside a SQLite store lies the folder `media`; a project on PostgreSQL has it on each machine, in `.storypress`.
    ///
    /// # Errors
    /// `Changed` where the file is not the one that was verified; `Kept` where it cannot be read or written.
    pub async fn keep(&self, media: &Media) -> Result<(), Error> {
        let (path, media) = (self.kept_path(media), media.clone());
        let own = media.path.clone();
        let done = tokio::task::spawn_blocking(move || keep(&path, &media)).await;
        done.unwrap_or_else(|error| {
            Err(Error::Kept {
                path: own,
                source: io::Error::other(error),
            })
        })
    }

    /// The copy of a file, where it is kept here.
    pub fn kept(&self, media: &Media) -> Option<PathBuf> {
        let path = self.kept_path(media);
        is_whole(&path, media.bytes).then_some(path)
    }

    fn kept_path(&self, media: &Media) -> PathBuf {
        let ending = match media.kind {
            Kind::Image => "jpg",
            Kind::Video => "mp4",
        };
        self.media.join(format!("{}.{ending}", media.sha256))
    }

    /// Removes the copies that no story needs any more.
    ///
    /// # Errors
    /// What the database says; a file that cannot be removed is left for the next time.
    pub async fn sweep_kept(&self, now: Timestamp) -> Result<(), Error> {
        let Ok(entries) = fs::read_dir(&*self.media) else {
            return Ok(());
        };
        let mut needed: Option<HashSet<String>> = None;
        for path in entries.flatten().map(|entry| entry.path()) {
            let stem = path
                .file_stem()
                .and_then(|s| s.to_str())
                .unwrap_or_default();
            let is_old = age(&path).is_some_and(|age| age > UNFINISHED);
            // a file is kept before its story is added
            if !is_old {
                continue;
            }
            let is_ours = stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit());
            if needed.is_none() {
                needed = Some(self.needed(now).await?);
            }
            let is_needed = needed.as_ref().is_none_or(|needed| needed.contains(stem));
            let is_waste = match is_ours {
                true => !is_needed,
                false => stem.starts_with('.'),
            };
            if is_waste {
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }

    /// The files that a story may still have to be sent from, by their hashes.
    async fn needed(&self, now: Timestamp) -> Result<HashSet<String>, Error> {
        let sql = concat!(
            "SELECT DISTINCT sha256 FROM stories WHERE state IN ",
            with_a_person!(),
            " OR state IN ",
            in_flight!(),
            " OR (changed > $1 AND state IN ",
            ended!(),
            ")"
        );
        let since = now.checked_sub(RETRY).unwrap_or(Timestamp::MIN);
        let rows = self.db.rows(sql, values![since]).await?;
        let mut needed = self.pictures_of_slots().await?;
        for row in &rows {
            needed.insert(row.text(0)?);
        }
        Ok(needed)
    }
}

fn is_whole(path: &Path, bytes: u64) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() == bytes)
}

fn age(path: &Path) -> Option<std::time::Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

fn keep(to: &Path, media: &Media) -> Result<(), Error> {
    if is_whole(to, media.bytes) {
        // it is as new as its newest story: sweeping leaves it alone for a while
        let touched = File::open(to).and_then(|f| f.set_modified(std::time::SystemTime::now()));
        if touched.is_ok() {
            return Ok(());
        }
    }
    let wrong = |source| Error::Kept {
        path: media.path.clone(),
        source,
    };
    let folder = to.parent().unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(wrong)?;
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{}.{number}", std::process::id()));
    // of a process of the same number that was killed
    let _ = fs::remove_file(&unfinished);
    let copied = copy(&media.path, &unfinished);
    let done = match &copied {
        Ok(sha256) if *sha256 == media.sha256 => fs::rename(&unfinished, to).map_err(wrong),
        Ok(_) => Err(Error::Changed {
            path: media.path.clone(),
        }),
        Err(_) => Ok(()),
    };
    let done = copied.map_err(wrong).and(done);
    if done.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    done
}

/// Copies a file for its owner alone, onto the disk; the hash of what was copied.
fn copy(from: &Path, to: &Path) -> io::Result<String> {
    let mut input = File::open(from)?;
    let mut output = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 256 * 1024];
    loop {
        let length = input.read(&mut part)?;
        if length == 0 {
            break;
        }
        hash.update(&part[..length]);
        output.write_all(&part[..length])?;
    }
    output.sync_data()?;
    let digest = hash.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
