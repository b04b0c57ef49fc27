//! Tokens that are renewed while work goes on.
//!
//! In: where each account's token was found. Out: a client with the token of now, as soon as its file has changed.
//! Never: a token that is read again and again while nothing has changed.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::accounts::{self, Origin};
use crate::graph;
use crate::pipeline::Renew;
use crate::project::Account;

/// What tells two contents of a file apart without reading it: also where a link is turned to another file.
type Stamp = Option<(u64, u64, i64, i64)>;

/// The accounts whose tokens are in files.
#[derive(Default)]
pub(super) struct Renewal {
    known: Mutex<HashMap<String, (Account, Stamp)>>,
}

impl Renewal {
    /// Remembers how the account's token is now. A sandbox's own tokens do not change.
    pub(super) fn know(&self, key: &str, account: Account, is_sandbox: bool) {
        if is_sandbox {
            return;
        }
        let stamp = stamp_of(&account);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key.to_owned(), (account, stamp));
    }

    /// Asked by an account's name in the store.
    pub(super) fn into_renew(self, publish_timeout: Duration) -> Renew {
        Box::new(move |key| self.renewed(key, publish_timeout))
    }

    fn renewed(&self, key: &str, publish_timeout: Duration) -> Option<graph::Client> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (account, stamp) = known.get_mut(key)?;
        let now = stamp_of(account);
        if now == *stamp {
            return None;
        }
        // one that is being written, or cannot be used, is looked at again
        let found = match accounts::open(account.clone()) {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(account = account.name, %error, "a token that changed cannot be used");
                return None;
            }
        };
        *stamp = now;
        Some(found.client.with_publish_timeout(publish_timeout))
    }
}

fn stamp_of(account: &Account) -> Stamp {
    let Ok((_, Origin::File(path))) = accounts::token(account) else {
        return None;
    };
    stamp(&path)
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}
