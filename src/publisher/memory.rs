//! The memory as a whole: backed up, restored, and taught what is live.
//!
//! In: a project, a file. Out: a copy, or a memory that is sure of what it may send.
//! Never: a restored story that is sent again because its publish came after the backup.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::error::{Doing, Error};
use super::known_again::Again;
use super::slots::resume_account;
use super::stores::{existing_store, open_store};
use super::{Publisher, accounts};
use crate::graph::{StoryFacts, StoryId};
use crate::media::{Kind, Media};
use crate::platform::STORY_LIFE;
use crate::project::Project;
use crate::store::{Adopted, Outgoing, Place, Step, StopCause, Store, Story, StoryKey};

/// A worker that was heard of within this is at work.
const AT_WORK: SignedDuration = SignedDuration::from_secs(60);

/// The longest medium that is fetched to know it again.
const MOST_BYTES: u64 = 100_000_000;

/// What became of the live stories that the memory had no name for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// They came from elsewhere, and are known from now on.
    pub taken_over: usize,
    /// They are stories of ours that were uncertain, failed or planned.
    pub settled: usize,
}

/// Copies the memory and the files of what is planned into `file`, which is not there yet. How many stories it holds.
///
/// # Errors
/// `Refused` where nothing is there to copy; what the store says.
pub async fn backup(project: &Project, file: &Path) -> Result<usize, Error> {
    let Some(store) = existing_store(project).await? else {
        return Err(Error::refused("there is no store yet: nothing to back up"));
    };
    let count = store.backup(file).await;
    store.close().await;
    count.doing(format!("cannot back up to {}", file.display()))
}

/// Puts a backup in the place of the memory. The former one is kept beside it.
///
/// What was due since the backup may be live, and is failed: a person looks. Before the next publish of each account it
/// is looked at what is live there. How many stories that were.
///
/// # Errors
/// `Refused` while somebody works on the store; what the store says.
pub async fn restore(project: &Project, file: &Path, now: Timestamp) -> Result<usize, Error> {
    let doing = format!("cannot restore {}", file.display());
    let (url, root) = (project.store_url.as_str(), project.root.as_path());
    // a store that cannot be opened is what a backup is for
    if let Ok(Some(store)) = existing_store(project).await {
        let workers = store.workers(now - AT_WORK).await.unwrap_or_default();
        store.close().await;
        if let Some(worker) = workers.first() {
            return Err(Error::refused(format!(
                "the worker {} is at work on the store: stop it first, and wait a minute where it was killed",
                worker.name
            )));
        }
    }
    Store::put_back(url, root, file, now)
        .await
        .doing(doing.clone())?;
    let store = open_store(project).await?;
    let held = store.doubt_what_was_due(now).await;
    store.close().await;
    held.doing(doing)
}

impl Publisher {
    /// Takes over what is live on the open accounts and is not in the store.
    ///
    /// Where the platform serves the bytes that it was given, the picture is known again as well, and one of our own that
    /// is uncertain, in doubt after a restore, or still planned for that day is settled as live instead. A stop that asked
    /// for this is over: what waits on the account goes on.
    ///
    /// # Errors
    /// An account's live stories cannot be read; what the store says.
    pub async fn import(&self, now: Timestamp) -> Result<Imported, Error> {
        let mut imported = Imported::default();
        let day_ago = now.checked_sub(STORY_LIFE).unwrap_or(Timestamp::MIN);
        let mut accounts: Vec<_> = self.rooms.iter().collect();
        accounts.sort_by_key(|(key, _)| *key);
        for (account, rooms) in accounts {
            let name = self.name_of(account);
            let known = self.store.story_ids(account, day_ago).await?;
            let live = rooms.platform.stories_but(&known).await;
            let live = live.doing(format!("the live stories of {name} cannot be read"))?;
            for facts in live {
                let story = self.adopted(account, &facts.id, &facts, now).await;
                match self.known_again(&story, now).await? {
                    Again::Settled => imported.settled += 1,
                    Again::Watched => {}
                    Again::Unknown => {
                        let is_new = self.store.adopt(&story, now).await? == Adopted::New;
                        imported.taken_over += usize::from(is_new);
                    }
                }
            }
            self.store.looked_at(account, now).await?;
            let stop = self.store.account(account).await?.stop;
            if stop.is_some_and(|stop| stop.cause == StopCause::UnknownLive) {
                resume_account(&self.store, (account, name), now).await?;
            }
        }
        Ok(imported)
    }

    /// A story of ours for one that is live.
    async fn adopted(
        &self,
        account: &str,
        id: &StoryId,
        facts: &StoryFacts,
        now: Timestamp,
    ) -> Story {
        let at = facts.at.unwrap_or(now);
        let (sha256, bytes) = fetched(facts).await.unwrap_or_default();
        Story {
            key: StoryKey::random(),
            account: account.to_owned(),
            name: format!("imported-{id}"),
            template: None,
            outgoing: Outgoing {
                media: Media {
                    path: format!("imported-{id}").into(),
                    kind: facts.kind.unwrap_or(Kind::Image),
                    bytes,
                    width: 0,
                    height: 0,
                    duration_s: None,
                    sha256,
                    quality: None,
                    notes: Vec::new(),
                    extras: Default::default(),
                    damaged: Vec::new(),
                },
                mentions: Vec::new(),
            },
            place: Place {
                batch: format!("import-{id}"),
                position: 0,
                is_series: false,
            },
            slot: None,
            late: None,
            due: at,
            day: Some(at.to_zoned(self.zone.clone()).date()),
            wake: now,
            step: Step::Published {
                story: Some(id.clone()),
                // which one it was is not told; nothing is asked of it any more
                container: accounts::no_container(),
                at,
                insights: None,
            },
            attempts: 0,
            trouble: None,
        }
    }
}

/// The hash and length of a live story's medium, where it can be fetched.
async fn fetched(facts: &StoryFacts) -> Option<(String, u64)> {
    let url: url::Url = facts.media_url.as_ref()?.parse().ok()?;
    let mut client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(30));
    if crate::graph::Hosts::at(&url).are_local() {
        client = client.no_proxy();
    }
    let mut answer = client.build().ok()?.get(url).send().await.ok()?;
    if !answer.status().is_success() {
        return None;
    }
    let (mut hash, mut bytes) = (Sha256::new(), 0u64);
    while let Some(part) = answer.chunk().await.ok()? {
        hash.update(&part);
        bytes += part.len() as u64;
        if bytes > MOST_BYTES {
            return None;
        }
    }
    let digest = hash.finalize();
    Some((digest.iter().map(|b| format!("{b:02x}")).collect(), bytes))
}
