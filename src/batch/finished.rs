//! What a finished file was made with: it is not in the file, and OUT's ledger has it.
//!
//! In: a file that was examined. Out: its stickers, mentions and the rest, where it was rendered here; nothing for any
//! other file. Never: a guess by the name alone.

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

/// What the ledger beside a file has of it: the name has to be the one it was rendered to, and its SHA-256 the same.
pub fn finished(media: &Media) -> Option<Finished> {
    // a folder may be reached by another way than when it was written to
    let path = std::fs::canonicalize(&media.path).ok()?;
    let ledger = Ledger::look(path.parent()?).ok()?;
    let entry = ledger.of_file(path.file_name()?, &media.sha256)?;
    let kept = entry.media.into_iter();
    let mut kept = kept.filter(|kept| kept.media.sha256 == media.sha256);
    Some(Finished {
        extras: kept.next()?.media.extras,
        mentions: entry.mentions,
        by_hand: entry.by_hand,
    })
}
