//! Passes: doors into one part of the studio, for somebody who is not let into the rest.
//!
//! In: a scope, a time when it ends. Out: a secret that is shown once, and kept as its hash in `.storypress`. Never: a
//! pass that opens more than its scope, that outlives its end, or that works on after it was taken back.

use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::secret;
use crate::publisher::Entry;

/// Where the passes that last are kept.
const FILE: &str = "studio-passes.json";

/// The longest file that is read, bytes.
const LONGEST: u64 = 1 << 20;

/// Passes that are kept at the same time.
const MOST: usize = 500;

/// What a pass opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "opens", rename_all = "kebab-case")]
pub enum Scope {
    /// One hand-off: its page, its file, and what is said about it. Never kept in a file.
    HandOff {
        /// The story.
        story: String,
    },
    /// Slots, to look at.
    Client(Slots),
    /// The calendar as a feed.
    Feed,
}

/// Which slots somebody may look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slots {
    /// This one.
    One(String),
    /// Those of these days, both included, in the project's zone.
    Days {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
        /// Of one schedule alone.
        schedule: Option<String>,
    },
}

impl Slots {
    /// Whether a slot is one of them; `day` is its day in the project's zone.
    pub fn has(&self, entry: &Entry, day: Date) -> bool {
        match self {
            Self::One(id) => entry.id() == *id,
            Self::Days { from, to, schedule } => {
                let is_meant = schedule
                    .as_ref()
                    .is_none_or(|s| **s == *entry.slot.schedule);
                (*from..=*to).contains(&day) && is_meant
            }
        }
    }
}

/// A door into one part of the studio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Its name in addresses; no secret.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it opens.
    pub scope: Scope,
    /// When it was made, by the real clock.
    pub made: Timestamp,
    /// When it ends, by the real clock; without it, when it is taken back.
    pub expires: Option<Timestamp>,
    /// Of its secret; none where it has no secret that lasts.
    hash: Option<String>,
}

impl Pass {
    /// A pass, and its secret.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(scope: Scope, expires: Option<Timestamp>) -> io::Result<(Self, String)> {
        let secret = secret::random()?;
        let pass = Self {
            id: secret::random()?[..12].to_owned(),
            name: None,
            scope,
            made: Timestamp::now(),
            expires,
            hash: Some(blake3::hash(secret.as_bytes()).to_hex().to_string()),
        };
        Ok((pass, secret))
    }

    /// Whether it has not ended.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }

    /// The page that it opens.
    pub fn home(&self) -> String {
        match &self.scope {
            Scope::HandOff { story } => format!("/handoff/{}", super::page::segment(story)),
            Scope::Client(_) => format!("/shared/{}", self.id),
            Scope::Feed => "/calendar".to_owned(),
        }
    }

    /// Whether it opens an address; what a page of slots shows is the page's to decide.
    pub fn opens(&self, is_read: bool, path: &str) -> bool {
        let home = self.home();
        let Some(rest) = path.strip_prefix(home.as_str()) else {
            return false;
        };
        match self.scope {
            Scope::HandOff { .. } => rest.is_empty() || is_read && rest == "/media",
            Scope::Client(_) => is_read && (rest.is_empty() || rest.starts_with("/slots/")),
            Scope::Feed => false,
        }
    }

    /// Whether this is its secret, in a time that does not depend on where they differ.
    fn is_secret(&self, given: &str) -> bool {
        let known = self.hash.as_deref().unwrap_or_default();
        blake3::Hash::from_hex(known).is_ok_and(|known| known == blake3::hash(given.as_bytes()))
    }
}

/// The passes of a project that last. The file is read when it is asked for: what another process took back is void here.
#[derive(Debug, Default)]
pub struct Passes {
    writing: Mutex<()>,
}

impl Passes {
    /// Those that have not ended, the newest last.
    ///
    /// # Errors
    /// The file cannot be read, or others may read it.
    pub fn open(&self, root: &Path) -> io::Result<Vec<Pass>> {
        let Some(text) = secret::read_private(root, FILE, LONGEST)? else {
            return Ok(Vec::new());
        };
        let mut all: Vec<Pass> = serde_json::from_str(&text)
            .map_err(|error| io::Error::other(format!(".storypress/{FILE}: {error}")))?;
        let now = Timestamp::now();
        all.retain(|pass| pass.is_open(now));
        Ok(all)
    }

    /// Keeps a pass; a feed takes the place of the one before.
    ///
    /// # Errors
    /// The file cannot be read or written, or holds as many as it may.
    pub fn add(&self, root: &Path, pass: Pass) -> io::Result<()> {
        self.change(root, |all| {
            if pass.scope == Scope::Feed {
                all.retain(|other| other.scope != Scope::Feed);
            }
            all.push(pass);
        })
    }

    /// Takes a pass back; whether there was one.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn revoke(&self, root: &Path, id: &str) -> io::Result<bool> {
        let mut was = false;
        self.change(root, |all| {
            let before = all.len();
            all.retain(|pass| pass.id != id);
            was = all.len() < before;
        })?;
        Ok(was)
    }

    fn change(&self, root: &Path, how: impl FnOnce(&mut Vec<Pass>)) -> io::Result<()> {
        let _only = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.open(root)?;
        how(&mut all);
        if all.len() > MOST {
            let why = format!("{MOST} passes are kept already: take some back");
            return Err(io::Error::other(why));
        }
        let text = serde_json::to_string_pretty(&all).map_err(io::Error::other)?;
        secret::write_private(root, FILE, &format!("{text}\n"))
    }
}

/// The pass of a secret. All of them are looked at, so that the time tells nothing.
pub fn of_secret<'p>(all: &'p [Pass], secret: &str) -> Option<&'p Pass> {
    all.iter()
        .fold(None, |found, pass| match pass.is_secret(secret) {
            true => Some(pass),
            false => found,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use std::os::unix::fs::PermissionsExt as _;

    fn client(slot: &str) -> Scope {
        Scope::Client(Slots::One(slot.to_owned()))
    }

    #[test]
    fn a_pass_is_kept_as_its_hash_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let passes = Passes::default();
        assert!(passes.open(folder.path()).unwrap().is_empty());
        let (pass, secret) = Pass::new(client("menu@2026-12-01T09:00"), None).unwrap();
        passes.add(folder.path(), pass.clone()).unwrap();
        let file = folder.path().join(".storypress").join(FILE);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(&secret));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let all = passes.open(folder.path()).unwrap();
        assert_eq!(of_secret(&all, &secret), Some(&pass));
        for wrong in ["", "0", &secret[1..], &pass.id] {
            assert_eq!(of_secret(&all, wrong), None, "{wrong}");
        }
        assert!(passes.revoke(folder.path(), &pass.id).unwrap());
        assert!(!passes.revoke(folder.path(), &pass.id).unwrap());
        assert!(passes.open(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_pass_ends_and_another_feed_takes_the_place_of_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let passes = Passes::default();
        let past = Timestamp::now() - SignedDuration::from_secs(1);
        let (ended, secret) = Pass::new(client("a"), Some(past)).unwrap();
        passes.add(folder.path(), ended).unwrap();
        assert_eq!(
            of_secret(&passes.open(folder.path()).unwrap(), &secret),
            None
        );
        for _ in 0..2 {
            let (feed, secret) = Pass::new(Scope::Feed, None).unwrap();
            passes.add(folder.path(), feed).unwrap();
            let all = passes.open(folder.path()).unwrap();
            assert!(all.len() == 1 && of_secret(&all, &secret).is_some());
        }
    }

    #[test]
    fn a_pass_opens_its_own_addresses_alone() {
        let hand_off = Scope::HandOff {
            story: "0123".into(),
        };
        let (pass, _) = Pass::new(hand_off, None).unwrap();
        for (is_read, path, wanted) in [
            (true, "/handoff/0123", true),
            (false, "/handoff/0123", true),
            (true, "/handoff/0123/media", true),
            (false, "/handoff/0123/media", false),
            (true, "/handoff/01234", false),
            (true, "/handoff/0124", false),
            (true, "/handoff/0123/../0124", false),
            (true, "/", false),
            (true, "/api/v1/stories", false),
        ] {
            assert_eq!(pass.opens(is_read, path), wanted, "{is_read} {path}");
        }
        let (pass, _) = Pass::new(client("a"), None).unwrap();
        let home = pass.home();
        assert!(pass.opens(true, &home) && !pass.opens(false, &home));
        assert!(pass.opens(true, &format!("{home}/slots/a/picture")));
        assert!(!pass.opens(true, "/shared/other") && !pass.opens(true, &format!("{home}0")));
    }
}
