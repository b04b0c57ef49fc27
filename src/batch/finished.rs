//! What a finished file was made with: it is not in the file, and OUT's ledger has it.
//!
//! In: a file that was examined. Out: its stickers, mentions and the rest, where it was rendered here; nothing for any
//! other file. Never: a guess by the name alone.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::graph::UserTag;
use crate::media::Media;
use crate::scene::Extras;

use super::LeftOut;
use super::ledger::Ledger;

/// What a rendered file has beside its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Stickers, caption, alt text, audience.
    pub extras: Extras,
    /// Who is mentioned.
    pub mentions: Vec<UserTag>,
    /// What publishing leaves out.
    pub by_hand: Vec<LeftOut>,
}

/// The ledgers beside finished files. Each is read once, however many files lie in its folder.
#[derive(Default)]
pub struct Ledgers(HashMap<PathBuf, Option<Ledger>>);

impl Ledgers {
    /// What the ledger beside a file has of it: the name has to be the one it was rendered to, and its SHA-256 the same.
    pub fn finished(&mut self, media: &Media) -> Option<Finished> {
        // a folder may be reached by another way than when it was written to
        let path = std::fs::canonicalize(&media.path).ok()?;
        let folder = path.parent()?;
        let known = self.0.entry(folder.to_owned());
        let ledger = known
            .or_insert_with(|| Ledger::look(folder).ok())
            .as_ref()?;
        let entry = ledger.of_file(&path, &media.sha256)?;
        let kept = entry.media.into_iter();
        let mut kept = kept.filter(|kept| kept.media.sha256 == media.sha256);
        Some(Finished {
            extras: kept.next()?.media.extras,
            mentions: entry.mentions,
            by_hand: entry.by_hand,
        })
    }
}
