//! What OUT was made from: an unchanged story costs a few hashes, not a render.
//!
//! `OUT/.storypress/renders.jsonl` has a line for each story that was made: the digest of everything that went into it,
//! the files it read with theirs, and its outputs. A line is added as soon as its story is finished, and the last line
//! of a name counts; what a kill or a full disk broke off is no line. File times are never looked at.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use super::order::folder;
use super::texts::texts;
use super::{LeftOut, Order, Plan, Planned};
use crate::diag::Diagnostic;
use crate::graph::UserTag;
use crate::media::Media;
use crate::project::Project;
use crate::scene::{Assets, Identity};
use crate::template::Template;
use crate::template::expression::has_expression;

/// The ledger's place in OUT.
const NAME: &str = "renders.jsonl";

/// The ledger of versions before this one, which kept all stories in one object.
const FORMER: &str = "renders.json";

/// So many lines that do not count any more are carried along.
const SPARE: usize = 1000;

/// One finished story.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its name.
    pub name: String,
    /// Of template, row, project, options, program and, where it is used, the clock.
    pub key: String,
    /// Files it read, with their BLAKE3; empty, which no file has, where one changed while the story was made.
    pub files: Vec<(PathBuf, String)>,
    pub media: Vec<Kept>,
    /// The copy with guides, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guides: Option<Kept>,
    /// The digest of each part that its key is made of, by the part's name; empty in ledgers of older versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Who is mentioned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserTag>,
    /// Its warnings, to be reported again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
    /// What publishing it leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<LeftOut>,
}

impl Entry {
    fn outputs(&self) -> impl Iterator<Item = &Kept> {
        self.media.iter().chain(&self.guides)
    }
}

/// A finished file, with its BLAKE3: four times as fast to ask for as the SHA-256 that the platform's side needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub media: Media,
    blake3: String,
}

impl Kept {
    /// The file as it is; none where it went away.
    pub fn of(media: &Media) -> Option<Self> {
        Some(Self {
            blake3: digest(&media.path)?,
            media: media.clone(),
        })
    }

    /// The file is there, and is the one that was made.
    fn is_whole(&self) -> bool {
        std::fs::metadata(&self.media.path).is_ok_and(|m| m.len() == self.media.bytes)
            && digest(&self.media.path).as_ref() == Some(&self.blake3)
    }
}

/// When a folder's ledger was last written; none where it has no ledger.
pub(super) fn last_written(out: &Path) -> Option<SystemTime> {
    let found = std::fs::metadata(folder(out).join(NAME)).ok()?;
    found.modified().ok()
}

fn digest(path: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).ok()?).ok()?;
    Some(hasher.finalize().to_hex().to_string())
}

/// The name of a line, the rest of it unread.
#[derive(Deserialize)]
struct Name {
    name: String,
}

/// The ledger of a folder. Only names are in memory; entries are read where they are asked for.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    /// Nothing where there was no ledger.
    file: Option<File>,
    /// Where lines are added, one at a time; opened for the first, so that a call which makes nothing leaves nothing.
    adding: Mutex<Option<File>>,
    /// Where the last line of each name starts, and how long it is.
    lines: HashMap<Box<str>, (u64, u32)>,
    /// Every file that a line names, with the BLAKE3 it was written with; looked for once, where a file is not its story's.
    written: OnceLock<HashMap<PathBuf, Vec<String>>>,
}

impl Ledger {
    /// The ledger of OUT, empty where there is none. Lines that cannot be read are of no story, and those
    /// stories are made anew.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(out: &Path) -> io::Result<Self> {
        let folder = folder(out);
        std::fs::create_dir_all(&folder)?;
        let _ = std::fs::remove_file(folder.join(FORMER));
        let path = folder.join(NAME);
        let (ledger, lines) = Self::read(&path)?;
        if lines <= 2 * ledger.lines.len() + SPARE {
            return Ok(ledger);
        }
        ledger.rewrite(&path)?;
        Self::read(&path).map(|(ledger, _)| ledger)
    }

    /// The ledger of OUT as it is: nothing is made, nothing rewritten.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn look(out: &Path) -> io::Result<Self> {
        Self::read(&folder(out).join(NAME)).map(|(ledger, _)| ledger)
    }

    /// The ledger, and how many lines it has.
    fn read(path: &Path) -> io::Result<(Self, usize)> {
        let empty = Self {
            path: path.to_owned(),
            file: None,
            adding: Mutex::default(),
            lines: HashMap::new(),
            written: OnceLock::new(),
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((empty, 0)),
            Err(error) => return Err(error),
        };
        let mut reader = BufReader::with_capacity(1 << 18, file.try_clone()?);
        let (mut lines, mut count, mut at) = (HashMap::new(), 0, 0u64);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                break;
            }
            if let Ok(Name { name }) = serde_json::from_slice(&line)
                && let Ok(length) = u32::try_from(length)
            {
                lines.insert(name.into_boxed_str(), (at, length));
                count += 1;
            }
            at += length;
        }
        let ledger = Self {
            file: Some(file),
            lines,
            ..empty
        };
        Ok((ledger, count))
    }

    /// Writes the lines that count to a new file, which takes the place of the old one whole or not at all.
    fn rewrite(&self, path: &Path) -> io::Result<()> {
        let temporary = path.with_extension(format!("jsonl.{}", std::process::id()));
        let written = || -> io::Result<()> {
            let mut file = io::BufWriter::new(File::create(&temporary)?);
            let mut all: Vec<_> = self.lines.values().collect();
            all.sort();
            for line in all {
                file.write_all(&self.bytes(*line)?)?;
            }
            file.into_inner()?.sync_all()?;
            std::fs::rename(&temporary, path)
        };
        let written = written();
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    fn bytes(&self, (at, length): (u64, u32)) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length as usize];
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    /// What is known of the story of that name.
    pub fn entry(&self, name: &str) -> Option<Entry> {
        let bytes = self.bytes(*self.lines.get(name)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The last story that was written to a file of that name and content: files have the names of their stories.
    pub fn of_file(&self, file: &Path, sha256: &str) -> Option<Entry> {
        let entry = self.entry(file.file_stem()?.to_str()?)?;
        let is_it = |kept: &Kept| {
            kept.media.sha256 == sha256 && kept.media.path.file_name() == file.file_name()
        };
        entry.media.iter().any(is_it).then_some(entry)
    }

    /// Adds a finished story. Its entry counts from the next call on.
    ///
    /// # Errors
    /// The ledger cannot be made, or the line not be written.
    pub fn put(&self, entry: &Entry) -> io::Result<()> {
        // what was broken off before ends here
        let mut line = vec![b'\n'];
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'\n');
        let mut adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *adding {
            Some(file) => file,
            none => {
                let mut options = OpenOptions::new();
                none.insert(options.append(true).create(true).open(&self.path)?)
            }
        };
        file.write_all(&line)
    }

    /// Whether a file is still as the story of that name, or any other, was written to it. What somebody put there since is
    /// not ours.
    pub fn is_ours(&self, name: &str, path: &Path) -> bool {
        let is_its = |kept: &Kept| kept.media.path == path && kept.is_whole();
        let own = self.entry(name);
        if own.is_some_and(|entry| entry.outputs().any(is_its)) {
            return true;
        }
        let known = self.written.get_or_init(|| self.all_written()).get(path);
        known.is_some_and(|known| digest(path).is_some_and(|found| known.contains(&found)))
    }

    fn all_written(&self) -> HashMap<PathBuf, Vec<String>> {
        let mut all: HashMap<PathBuf, Vec<String>> = HashMap::new();
        for entry in self.lines.keys().filter_map(|name| self.entry(name)) {
            for kept in entry.outputs() {
                let known = all.entry(kept.media.path.clone()).or_default();
                known.push(kept.blake3.clone());
            }
        }
        all
    }

    /// The entry of a story that is still what it was: same key, same files, outputs untouched.
    pub fn unchanged(&self, name: &str, key: &str, guides: bool, assets: &Assets) -> Option<Entry> {
        let entry = self.entry(name).filter(|e| e.key == key)?;
        let same = entry
            .files
            .iter()
            .all(|(path, digest)| digest_of(path, assets).as_deref() == Some(digest));
        let guides_there = !guides || entry.guides.as_ref().is_some_and(Kept::is_whole);
        (same && guides_there && entry.media.iter().all(Kept::is_whole)).then_some(entry)
    }
}

/// The BLAKE3 of a file a story reads, in hex.
pub(super) fn digest_of(path: &Path, assets: &Assets) -> Option<String> {
    assets.pictures.digest(path).ok().map(hex::encode)
}

/// The BLAKE3 of what a story read of a file, in hex. Empty where the file has changed since: pixels of its old content
/// never go by the digest of its new one, and the next call makes the story anew.
pub(super) fn digest_of_read(file: &Identity, assets: &Assets) -> String {
    let digest = assets.pictures.digest_of_read(file);
    digest.map(hex::encode).unwrap_or_default()
}

/// What the clock decides of a template's stories, part by part: only what they ask it.
pub(super) fn clock(
    project: &Project,
    template: &Template,
    now: &Zoned,
) -> Vec<(&'static str, String)> {
    let styles_ask = project.brand_asks_the_clock;
    let asks = |name: &str| styles_ask || template.uses.contains(name);
    let mut parts = Vec::new();
    if asks("today") {
        parts.push(("today", now.date().to_string()));
    }
    if template.counts_down {
        let minute = now.timestamp().as_second().div_euclid(60);
        parts.push(("minute", minute.to_string()));
    }
    if asks("now") {
        parts.push(("now", now.to_string()));
    }
    // dates are compared in a zone, too
    if asks("today") || asks("now") || template.counts_down || has_dates(template) {
        parts.push(("time zone", zone(now)));
    }
    parts
}

/// Whether a template may read or write dates, which are of a zone: an expression of it names a filter that does.
fn has_dates(template: &Template) -> bool {
    let names = ["date", "days_until", "hours_until"];
    let is_dated = |text: &str| has_expression(text) && names.iter().any(|n| text.contains(n));
    texts(template).into_iter().any(is_dated)
}

/// What a zone is known by: its name, or what there is of it and its offset.
fn zone(now: &Zoned) -> String {
    let zone = now.time_zone();
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => format!("{zone:?} {}", now.offset()),
    }
}

/// The digests of everything that decides pixels but the files that are read: of each template what its stories share.
pub(super) struct Keys(Vec<blake3::Hasher>);

impl Keys {
    pub fn of(order: &Order<'_>) -> Self {
        let plan = order.plan;
        let of = |ready: &super::Ready| {
            let template = &ready.template;
            let mut hasher = blake3::Hasher::new();
            part(&mut hasher, env!("CARGO_PKG_VERSION"));
            part(&mut hasher, &order.key_options(template.is_film()));
            part(&mut hasher, &plan.project.fingerprint);
            for source in &template.sources {
                part(&mut hasher, &source.text);
            }
            for (_, text) in clock(&plan.project, template, &plan.now) {
                part(&mut hasher, &text);
            }
            hasher
        };
        Self(plan.templates.iter().map(of).collect())
    }

    /// The digest of everything that decides a story's pixels but the files it reads.
    pub fn of_story(&self, plan: &Plan, story: &Planned) -> String {
        let mut hasher = self.0[story.template].clone();
        let values = serde_json::to_string(&story.row.values).unwrap_or_default();
        part(&mut hasher, &values);
        let shown = serde_json::to_string(&story.row.shown).unwrap_or_default();
        part(&mut hasher, &shown);
        if plan.templates[story.template].template.uses.contains("row") {
            part(&mut hasher, &story.row.number.to_string());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The digest of each part that decides a story's pixels, but the files it reads: of the program, what is asked for, the
/// project, each template file, each value of the row, the clock where it is used.
pub(super) fn inputs(order: &Order<'_>, story: &Planned) -> BTreeMap<String, String> {
    let plan = order.plan;
    let template = &plan.templates[story.template].template;
    let short = |text: &str| blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
    let mut parts = BTreeMap::new();
    parts.insert("program".to_owned(), short(env!("CARGO_PKG_VERSION")));
    let options = order.key_options(template.is_film());
    parts.insert("output options".to_owned(), short(&options));
    parts.insert("project file".to_owned(), short(&plan.project.fingerprint));
    for source in &template.sources {
        let name = source
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        parts.insert(format!("template {name}"), short(&source.text));
    }
    for (name, text) in clock(&plan.project, template, &plan.now) {
        parts.insert(name.to_owned(), short(&text));
    }
    for (name, value) in &story.row.values {
        parts.insert(format!("value {name}"), short(&value.to_string()));
    }
    parts
}

/// Adds a text; lengths keep neighbours apart.
fn part(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, key: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            key: key.to_owned(),
            files: Vec::new(),
            media: Vec::new(),
            guides: None,
            inputs: BTreeMap::new(),
            mentions: Vec::new(),
            diagnostics: Vec::new(),
            by_hand: Vec::new(),
        }
    }

    fn key(out: &Path, name: &str) -> Option<String> {
        let ledger = Ledger::open(out).expect("a ledger");
        ledger.entry(name).map(|entry| entry.key)
    }

    #[test]
    fn the_last_line_of_a_name_counts_and_a_broken_one_is_none() {
        let out = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::open(out.path()).expect("a ledger");
        for (name, key) in [("a", "1"), ("b", "2"), ("a", "3")] {
            ledger.put(&entry(name, key)).expect("a line");
        }
        assert_eq!(key(out.path(), "a").as_deref(), Some("3"));
        // a kill in the middle of a line
        let path = folder(out.path()).join(NAME);
        let mut bytes = std::fs::read(&path).expect("the ledger");
        bytes.truncate(bytes.len() - 10);
        std::fs::write(&path, &bytes).expect("a shorter one");
        assert_eq!(key(out.path(), "a").as_deref(), Some("1"));
        let ledger = Ledger::open(out.path()).expect("a ledger");
        ledger.put(&entry("c", "4")).expect("a line");
        assert_eq!(key(out.path(), "c").as_deref(), Some("4"));
        assert_eq!(key(out.path(), "b").as_deref(), Some("2"));
    }

    #[test]
    fn lines_that_do_not_count_are_left_behind_when_they_are_many() {
        let out = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::open(out.path()).expect("a ledger");
        for round in 0..SPARE + 10 {
            ledger.put(&entry("a", &round.to_string())).expect("a line");
        }
        let last = (SPARE + 9).to_string();
        assert_eq!(key(out.path(), "a"), Some(last));
        let bytes = std::fs::read(folder(out.path()).join(NAME)).expect("the ledger");
        assert!(bytes.len() < 200, "{}", bytes.len());
    }
}
