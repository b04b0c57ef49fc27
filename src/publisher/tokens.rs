//! Tokens that are renewed by their age, and warnings of those that end.
//!
//! In: an account with its token. Out: a token with a new life in the same file; a warning from a week before its end.
//! Never: a renewed token without a place to keep it, two workers that renew one account's token.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::accounts::{self, Found, Origin};
use super::open::{Publisher, chain, shown};
use crate::graph::tokens::{Kept, Renewal, Unfinished};
use crate::graph::{Login, oauth};
use crate::pipeline::Event;
use crate::project::Project;
use crate::store::{NoticeData, NoticeKind, Store};

/// A token that ends within a week, or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWarning {
    /// The account, as the project names it.
    pub account: String,
    /// When the token ends.
    pub ends: Timestamp,
    /// Why it has no new life, and what helps.
    pub why: String,
}

impl TokenWarning {
    /// As people read it, after the account's name.
    pub fn said(&self, zone: &TimeZone, now: Timestamp) -> String {
        let at = shown(self.ends, zone);
        let left = self.ends.duration_since(now);
        let when = match left.as_hours() {
            _ if left <= SignedDuration::ZERO => format!("has ended on {at}"),
            hours @ 0..48 => format!("ends on {at}, in {hours} h"),
            hours => format!("ends on {at}, in {} days", hours / 24),
        };
        format!("its token {when}: {}", self.why)
    }

    /// The same warning is told once a day.
    pub fn dedup(&self, now: Timestamp) -> String {
        let day = now.to_zoned(TimeZone::UTC).date();
        format!("token:{}:{day}", self.account)
    }
}

/// Why a renewed token could not be kept, where that is so: it is never asked for then.
pub fn cannot_keep(found: &Found) -> Option<String> {
    match &found.origin {
        Origin::Environment(name) => Some(format!(
            "it is in ${name}, where a renewed one cannot be kept: set a new one there"
        )),
        Origin::File(_) if found.is_mounted() => Some(
            "it is in a mounted file, where a renewed one cannot be kept: mount a new one"
                .to_owned(),
        ),
        Origin::File(_) if found.account.login == Login::Facebook => {
            accounts::app().err().map(|error| error.to_string())
        }
        Origin::File(_) | Origin::Sandbox(_) => None,
    }
}

/// What to know long before its end of a token that has one: that nobody here can renew it.
pub fn note(found: &Found, now: Timestamp) -> Option<String> {
    let ends = found.kept.renewal(found.account.login, now) != Renewal::NeverEnds;
    let why = cannot_keep(found).filter(|_| ends)?;
    Some(format!(
        "the token of `{}` is not renewed here: {why} before its 60 days are over",
        found.account.name
    ))
}

/// A warning, from a week before the token's end on. `trouble` is why the last try to renew it failed.
pub fn warning(found: &Found, trouble: Option<&str>, now: Timestamp) -> Option<TokenWarning> {
    let ends = found.kept.expires_at?;
    if !found.kept.ends_soon(now) {
        return None;
    }
    let name = &found.account.name;
    let login = format!("storypress account login {name}");
    let is_ours = matches!(found.origin, Origin::File(_)) && !found.is_mounted();
    let why = match (cannot_keep(found), trouble) {
        _ if is_ours && ends <= now => format!("only a new login helps: {login}"),
        (Some(why), _) => why,
        (None, Some(trouble)) => format!("it could not be renewed ({trouble}): {login}"),
        (None, None) => format!("storypress account refresh {name}, or a worker, renews it"),
    };
    Some(TokenWarning {
        account: name.clone(),
        ends,
        why,
    })
}

/// Sixty more days for a token, which takes the place of the old one in its file.
///
/// # Errors
/// `Refused` where it could not be kept, `Graph` where the file cannot be written, before anything is asked for; what the
/// platform says.
pub async fn renew(found: &Found, now: Timestamp) -> Result<Kept, Error> {
    if let Some(why) = cannot_keep(found) {
        return Err(Error::Refused(format!(
            "{why}, or `storypress account login {}` keeps one in a file",
            found.account.name
        )));
    }
    let room = match &found.origin {
        Origin::File(path) => Some(Unfinished::beside(path)?),
        _ => None,
    };
    let grant = match found.account.login {
        Login::Instagram | Login::Private | Login::ByHand => found.client.refresh(now).await?,
        Login::Facebook => {
            let options = found.client.options().clone();
            oauth::exchange(options, accounts::app()?, &found.kept.token, now).await?
        }
    };
    let kept = Kept {
        token: grant.token,
        login: Some(found.account.login),
        user_id: found.client.user_id().cloned(),
        issued_at: Some(now),
        expires_at: grant.expires_at,
        scopes: match grant.scopes.is_empty() {
            true => found.kept.scopes.clone(),
            false => grant.scopes,
        },
        app_id: found.kept.app_id.clone(),
    };
    if let Some(room) = room {
        room.finish(&kept)?;
    }
    Ok(kept)
}

impl Publisher {
    /// Looks at the tokens of the open accounts: renews what is old enough, and warns of what ends.
    pub(super) async fn care_for_tokens(&self) {
        for (key, found) in self.renewal.all() {
            let now = self.driver.now();
            let ends = match self.care_for(&key, &found, now).await {
                Some(kept) => kept.expires_at,
                None => found.kept.expires_at,
            };
            self.known.token(&key, ends);
        }
    }

    /// The token of now, where it was renewed.
    async fn care_for(&self, key: &str, found: &Found, now: Timestamp) -> Option<Kept> {
        let wants = found.kept.wants_renewal(found.account.login, now);
        let mut renewed = None;
        if wants && cannot_keep(found).is_none() {
            renewed = self.try_to_renew(key, found, now).await;
        }
        if renewed.is_none() && found.kept.ends_soon(now) {
            let trouble = self.store.token_trouble(key).await.unwrap_or_default();
            if let Some(warning) = warning(found, trouble.as_deref(), now) {
                self.token_warning(key, &warning, now).await;
            }
        }
        renewed
    }

    /// The one try of the day, of all workers together.
    async fn try_to_renew(&self, key: &str, found: &Found, now: Timestamp) -> Option<Kept> {
        match self.store.try_token(key, now).await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                tracing::debug!(%error, "a token could not be looked after");
                return None;
            }
        }
        let (kept, said) = match renew(found, now).await {
            Ok(kept) => {
                self.renewal.renewed_here(key, found, &kept);
                let until = kept
                    .expires_at
                    .map(|end| format!("; it ends on {}", self.shown(end)));
                let said = format!("its token was renewed{}", until.unwrap_or_default());
                (Some(kept), said)
            }
            Err(error) => (
                None,
                format!("its token could not be renewed: {}", chain(&error)),
            ),
        };
        let trouble = said.split_once(": ").filter(|_| kept.is_none());
        let trouble = trouble.map(|(_, why)| why);
        if let Err(error) = self.store.token_tried(key, trouble).await {
            tracing::debug!(%error, "the end of a try could not be saved");
        }
        // of what age a pasted token is nobody knows: the platform refuses one that is too young
        match kept.is_some() || found.kept.expires_at.is_some() {
            true => self.driver.tell(Event::Token(key, &said)),
            false => tracing::debug!(account = found.account.name, said, "a token was tried"),
        }
        kept
    }

    /// Tells people of a token that ends, once a day, with a notice of type `token`.
    pub(super) async fn token_warning(&self, key: &str, warning: &TokenWarning, now: Timestamp) {
        let (said, once) = (warning.said(&self.zone, now), warning.dedup(now));
        if self.renewal.is_news(&once) {
            self.driver.tell(Event::Token(key, &said));
        }
        // the store knows whether it has this one: a notice that could not be written is written at the next look
        let data = NoticeData {
            account: Some(warning.account.clone()),
            ..NoticeData::new(said)
        };
        let written = self.store.notify(NoticeKind::Token, &data, &once, now);
        if let Err(error) = written.await {
            tracing::warn!(%error, "a notice could not be written down");
        }
    }
}

/// How the accounts' tokens of a project stand: a warning for each that ends soon. Nobody is asked but their files and the store.
pub async fn warnings(
    project: &Project,
    store: Option<&Store>,
    now: Timestamp,
) -> Vec<TokenWarning> {
    let mut warnings = Vec::new();
    for account in &project.accounts {
        let Ok(found) = accounts::open(account.clone()) else {
            continue;
        };
        let mut trouble = None;
        if let (Some(store), Some(user)) = (store, found.client.user_id()) {
            let key = format!("{}:{user}", account.login.as_str());
            trouble = store.token_trouble(&key).await.unwrap_or_default();
        }
        warnings.extend(warning(&found, trouble.as_deref(), now));
    }
    warnings
}
