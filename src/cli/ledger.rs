//! What OUT was made from: an unchanged story costs a few hashes, not a render.
//!
//! `OUT/.storypress/renders.json` keeps, for each story, the digest of everything that went into it, the files it
//! read with theirs, and its outputs. File times are never looked at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scene::Assets;

use super::plan::{Plan, Planned};
use super::report::{Dropped, Output};

/// The ledger's place in OUT.
const NAME: &str = "renders.json";

/// One finished story.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Of template, row, project, options, program and, where it is used, the clock.
    pub key: String,
    /// Files it read, with their BLAKE3.
    pub files: Vec<(PathBuf, String)>,
    pub outputs: Vec<Output>,
    /// The copy with guides, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guides: Option<Output>,
    /// Its warnings, to be told again.
    pub diagnostics: Vec<Value>,
    /// What publishing it leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    stories: BTreeMap<String, Entry>,
}

impl Ledger {
    /// The ledger of OUT; an unreadable one is an empty one, and everything is made anew.
    pub fn open(out: &Path) -> Self {
        std::fs::read(folder(out).join(NAME))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Puts finished stories in and writes the ledger, whole or not at all.
    pub fn save(mut self, out: &Path, made: Vec<(String, Entry)>) -> std::io::Result<()> {
        if made.is_empty() {
            return Ok(());
        }
        self.stories.extend(made);
        let folder = folder(out);
        std::fs::create_dir_all(&folder)?;
        let temporary = folder.join(format!("{NAME}.{}", std::process::id()));
        let written = serde_json::to_vec(&self)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(&temporary, bytes))
            .and_then(|()| std::fs::rename(&temporary, folder.join(NAME)));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    /// Whether a story was written to this file.
    pub fn wrote(&self, path: &Path) -> bool {
        let outputs = |entry: &Entry| {
            entry
                .outputs
                .iter()
                .chain(&entry.guides)
                .any(|o| o.path == path)
        };
        self.stories.values().any(outputs)
    }

    /// The entry of a story that is still what it was: same key, same files, outputs untouched.
    pub fn unchanged(
        &self,
        name: &str,
        key: &str,
        guides: bool,
        assets: &Assets,
    ) -> Option<&Entry> {
        let entry = self.stories.get(name).filter(|e| e.key == key)?;
        let same = entry
            .files
            .iter()
            .all(|(path, digest)| digest_of(path, assets).as_deref() == Some(digest));
        let guides_there = !guides || entry.guides.as_ref().is_some_and(is_whole);
        (same && guides_there && entry.outputs.iter().all(is_whole)).then_some(entry)
    }
}

/// Where OUT keeps what is not for people.
pub(crate) fn folder(out: &Path) -> PathBuf {
    out.join(crate::media::FOLDER)
}

/// The BLAKE3 of a file a story reads, in hex.
pub(crate) fn digest_of(path: &Path, assets: &Assets) -> Option<String> {
    assets
        .pictures
        .digest(path)
        .ok()
        .map(|d| blake3::Hash::from_bytes(d).to_hex().to_string())
}

fn is_whole(output: &Output) -> bool {
    std::fs::read(&output.path).is_ok_and(|bytes| {
        bytes.len() as u64 == output.bytes && crate::media::sha256(&bytes) == output.sha256
    })
}

/// The digest of everything that decides a story's pixels but the files it reads.
pub(crate) fn key(plan: &Plan, story: &Planned, options: &str) -> String {
    let ready = &plan.templates[story.template];
    let template = &ready.template;
    let mut hasher = blake3::Hasher::new();
    // lengths keep neighbours apart
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(env!("CARGO_PKG_VERSION"));
    part(options);
    part(&plan.project.fingerprint);
    for source in &template.sources {
        part(&source.text);
    }
    part(&serde_json::to_string(&story.row.values).unwrap_or_default());
    if template.uses.contains("row") {
        part(&story.row.number.to_string());
    }
    let styles_ask = plan.project.brand_asks_the_clock;
    if styles_ask || template.uses.contains("today") {
        part(&plan.now.date().to_string());
    }
    if styles_ask || template.uses.contains("now") {
        part(&plan.now.to_string());
    }
    hasher.finalize().to_hex().to_string()
}
