//! Tokens that change while work goes on.
//!
//! In: where each account's token was found. Out: a client with the token of now, as soon as its file has changed.
//! Never: a token that is read again and again while nothing has changed.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::accounts::{self, Found, Origin};
use super::ask_sandbox;
use crate::graph::tokens::Kept;
use crate::graph::{self, Client, Login};
use crate::pipeline::{Platform, Renew};
use crate::private::{self, Session};
use crate::project::Account;

/// What tells two contents of a file apart without reading it: also where a link is turned to another file.
type Stamp = Option<(u64, u64, i64, i64)>;

/// The open accounts' tokens.
#[derive(Default)]
pub(super) struct Renewal {
    known: Mutex<HashMap<String, (Account, Stamp)>>,
    /// Those of a sandbox are nowhere but here.
    rehearsed: Mutex<HashMap<String, Rehearsed>>,
    /// Logins of the app, which are files of their own.
    sessions: Mutex<HashMap<String, (PathBuf, Stamp, private::Options)>>,
    /// What was told of them.
    told: Mutex<HashSet<String>>,
}

/// An account of a sandbox.
struct Rehearsed {
    account: Account,
    base: Url,
    kept: Kept,
    client: Client,
    /// Its client is not the one that is at work.
    is_fresh: bool,
}

impl Renewal {
    /// Remembers how the account's token is now.
    pub(super) fn know(&self, key: &str, account: Account) {
        let stamp = stamp_of(&account);
        locked(&self.known).insert(key.to_owned(), (account, stamp));
    }

    /// Remembers where an account's login of the app is.
    pub(super) fn know_session(&self, key: &str, path: PathBuf, options: private::Options) {
        let known = (path.clone(), stamp(&path), options);
        locked(&self.sessions).insert(key.to_owned(), known);
    }

    /// The login of the app, where its file has changed: somebody has logged in anew.
    fn new_session(&self, key: &str) -> Option<Platform> {
        let mut sessions = locked(&self.sessions);
        let (path, known, options) = sessions.get_mut(key)?;
        let now = stamp(path);
        if now == *known {
            return None;
        }
        let session = Session::read(path, key).ok()?;
        if key != format!("private:{}", session.user_id) {
            // what is queued for one account never goes out on another
            tracing::debug!(
                key,
                "the login of the app that changed is another account's"
            );
            return None;
        }
        let client = private::Client::new(options.clone(), session).ok()?;
        *known = now;
        Some(Platform::Private(client))
    }

    /// Remembers an account of the sandbox at `base`, which tells how old its token is; else that is not less than this call.
    pub(super) async fn rehearse(
        &self,
        key: &str,
        account: Account,
        client: Client,
        base: &Url,
        now: Timestamp,
    ) {
        let told = match account.login {
            Login::Instagram => age_of(&account, base).await,
            // those of Facebook are renewed by an app, which a rehearsal has none of
            _ => None,
        };
        let (issued_at, expires_at) = told.map_or((Some(now), None), |told| {
            (told.issued_at.or(Some(now)), told.expires_at)
        });
        let rehearsed = Rehearsed {
            account,
            base: base.clone(),
            kept: Kept {
                issued_at,
                expires_at,
                ..Kept::bare(String::new().into())
            },
            client,
            is_fresh: false,
        };
        locked(&self.rehearsed).insert(key.to_owned(), rehearsed);
    }

    /// The accounts with their tokens of now, by name as in stories. One whose token cannot be read is left out.
    pub(super) fn all(&self) -> Vec<(String, Found)> {
        let known: Vec<(String, Account)> = (locked(&self.known).iter())
            .map(|(key, (account, _))| (key.clone(), account.clone()))
            .collect();
        let open = |(key, account)| Some((key, accounts::open(account).ok()?));
        let mut all: Vec<(String, Found)> = known.into_iter().filter_map(open).collect();
        all.extend(locked(&self.rehearsed).iter().map(|(key, it)| {
            let found = Found {
                account: it.account.clone(),
                kept: it.kept.clone(),
                origin: Origin::Sandbox(it.base.clone()),
                client: it.client.clone(),
            };
            (key.clone(), found)
        }));
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// A token of a sandbox was renewed: it is kept here. One of a file is seen there.
    pub(super) fn renewed_here(&self, key: &str, found: &Found, kept: &Kept) {
        let mut rehearsed = locked(&self.rehearsed);
        let Some(it) = rehearsed.get_mut(key) else {
            return;
        };
        let options = found.client.options().clone();
        if let Ok(client) = Client::new(options, kept.token.clone(), None) {
            let client = client.with_clock(found.client.clock());
            (it.client, it.kept, it.is_fresh) = (client, kept.clone(), true);
        }
    }

    /// Whether that was not told before.
    pub(super) fn is_news(&self, what: &str) -> bool {
        locked(&self.told).insert(what.to_owned())
    }

    /// Asked by an account's name in the store.
    pub(super) fn as_renew(self: &Arc<Self>, publish_timeout: Duration) -> Renew {
        let renewal = self.clone();
        Box::new(move |key| {
            let session = renewal.new_session(key);
            session.or_else(|| Some(renewal.renewed(key, publish_timeout)?.into()))
        })
    }

    fn renewed(&self, key: &str, publish_timeout: Duration) -> Option<graph::Client> {
        if let Some(it) = locked(&self.rehearsed).get_mut(key) {
            let client = it.client.clone().with_publish_timeout(publish_timeout);
            return std::mem::take(&mut it.is_fresh).then_some(client);
        }
        let mut known = locked(&self.known);
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

/// What a sandbox tells of its accounts.
#[derive(Debug, Deserialize)]
struct World {
    accounts: Vec<Age>,
}

/// The token of an account: its age, and its end.
#[derive(Debug, Deserialize)]
struct Age {
    user_id: String,
    login: String,
    issued_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

async fn age_of(account: &Account, base: &Url) -> Option<Age> {
    let user = account.user_id.as_ref()?.to_string();
    let client = ask_sandbox::client(base).ok()?;
    let world: World = ask_sandbox::asked(&client, base, "/sandbox").await.ok()?;
    let mut all = world.accounts.into_iter();
    all.find(|told| told.user_id == user && told.login == account.login.as_str())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
