//! What people and programs should hear of: written with the change that causes it, so that a crash loses none.
//!
//! In: a story that has come to another state, or a word about something else. Out: an event for [`outbox`](super::outbox).
//! Never: a failure of the change itself. An event that cannot be written is given up, the story is saved all the same.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::db::{Conn, Keep, values};
use super::{Error, Step, Store, Story};

/// What has happened: the words of `on` in `[notify.NAME]`, and the `type` of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// A story did not go out, and will not; or nothing of an account does until somebody looks.
    Failed,
    /// A story is with a person, who posts it.
    Handed,
    /// Nobody can tell whether a story is live.
    Uncertain,
    /// A story did not go out in time.
    Missed,
    /// A slot has no row.
    NoRow,
    /// A slot waits for an approval, or was skipped for want of one.
    Unapproved,
    /// Data that live elsewhere cannot be fetched, and the last good copy is too old.
    SourceFailed,
    /// A token ends soon, or was refused.
    Token,
    /// A story is live.
    Published,
    /// A picture was approved.
    Approved,
    /// A picture was rejected.
    Rejected,
    /// A person has said what became of an uncertain story, or skipped one that was handed to them.
    Resolved,
}

impl NoticeKind {
    /// All of them, as the documentation lists them.
    pub const ALL: [Self; 12] = [
        Self::Failed,
        Self::Handed,
        Self::Uncertain,
        Self::Missed,
        Self::NoRow,
        Self::Unapproved,
        Self::SourceFailed,
        Self::Token,
        Self::Published,
        Self::Approved,
        Self::Rejected,
        Self::Resolved,
    ];

    /// Those that call for a person.
    pub const TROUBLE: [Self; 8] = [
        Self::Failed,
        Self::Handed,
        Self::Uncertain,
        Self::Missed,
        Self::NoRow,
        Self::Unapproved,
        Self::SourceFailed,
        Self::Token,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Handed => "handed",
            Self::Uncertain => "uncertain",
            Self::Missed => "missed",
            Self::NoRow => "no-row",
            Self::Unapproved => "unapproved",
            Self::SourceFailed => "source-failed",
            Self::Token => "token",
            Self::Published => "published",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Resolved => "resolved",
        }
    }
}

impl FromStr for NoticeKind {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let all = Self::ALL.into_iter();
        all.clone().find(|kind| kind.word() == word).ok_or(())
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a notice says: its `data`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeData {
    /// `menu@2026-12-01T09:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// A story's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// What people call the story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As stories name it, `instagram:USER_ID`, or as the project does; it is delivered as the project names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// A rule of the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The platform's name of a live story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// Why, for people; never a secret.
    pub reason: String,
    /// Where more is to be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl NoticeData {
    /// A reason, and nothing else said.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..Self::default()
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeEvent {
    /// Its name, `msg_…`: no two are alike.
    pub id: String,
    /// What.
    pub kind: NoticeKind,
    /// When, by the clock that stories go by.
    pub at: Timestamp,
    /// The rest.
    pub data: NoticeData,
}

impl NoticeEvent {
    fn new(kind: NoticeKind, at: Timestamp, data: NoticeData) -> Self {
        Self {
            id: message_id(),
            kind,
            at,
            data,
        }
    }

    /// What is to be told of an account as a whole.
    pub(super) fn of_account(
        kind: NoticeKind,
        account: &str,
        reason: String,
        now: Timestamp,
    ) -> Self {
        let data = NoticeData {
            account: Some(account.to_owned()),
            ..NoticeData::new(reason)
        };
        Self::new(kind, now, data)
    }

    /// What is to be told of a story that was in the state `before` and is what it is now.
    pub(super) fn of_story(story: &Story, before: &str, now: Timestamp) -> Option<Self> {
        let was_uncertain = before == "uncertain";
        let is_new = before != story.step.state();
        let (kind, reason) = match &story.step {
            _ if !is_new => return None,
            Step::Published { .. } if was_uncertain => (
                NoticeKind::Resolved,
                "somebody looked, and it is live".to_owned(),
            ),
            Step::Failed { why } if was_uncertain => (NoticeKind::Resolved, why.clone()),
            Step::Published { story: id, .. } => {
                let reason = match id {
                    Some(id) => format!("live as {id}"),
                    None => "live".to_owned(),
                };
                (NoticeKind::Published, reason)
            }
            Step::Failed { why } => (NoticeKind::Failed, why.clone()),
            Step::Cancelled { why } if before == "handed" => (NoticeKind::Resolved, why.clone()),
            Step::Handed { .. } => (
                NoticeKind::Handed,
                format!(
                    "post it from a phone, then `storypress resolve {0} --live`; `storypress cancel {0}` skips it",
                    story.key
                ),
            ),
            Step::Uncertain { why, .. } => (NoticeKind::Uncertain, why.clone()),
            Step::Missed => {
                let why = story.trouble.clone();
                let reason = why.unwrap_or_else(|| "it could not go out in time".to_owned());
                (NoticeKind::Missed, reason)
            }
            _ => return None,
        };
        let data = NoticeData {
            story: Some(story.key.to_string()),
            name: Some(story.name.clone()),
            account: Some(story.account.clone()),
            media_id: story.step.story().map(|id| id.as_str().to_owned()),
            schedule: story.slot.as_deref().and_then(schedule_of),
            slot: story.slot.clone(),
            url: match &story.step {
                Step::Handed { package, .. } => Some(package.clone()),
                _ => None,
            },
            ..NoticeData::new(reason)
        };
        Some(Self::new(kind, now, data))
    }
}

impl Store {
    /// Has something told that is no story's; whether that is news.
    ///
    /// `once` names the trouble and the occasion, such as `token:main:2026-11-28`: whatever bears a name that was used in
    /// the last month is not told again. Nobody is told by this call itself, so it may stand in any loop.
    ///
    /// # Errors
    /// What the database says; nothing is told then.
    pub async fn notify(
        &self,
        kind: NoticeKind,
        data: &NoticeData,
        once: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let event = NoticeEvent::new(kind, now, data.clone());
        let is_rehearsal = self.is_rehearsal;
        // a rehearsal does not use up what is to be told in earnest
        let once = match is_rehearsal {
            true => format!("rehearsal/{once}"),
            false => once.to_owned(),
        };
        // a loop asks again and again: whoever changes nothing need not wait for the writer
        let sql = "SELECT 1 FROM notice_events WHERE once = $1";
        if !self.db.rows(sql, values![once.as_str()]).await?.is_empty() {
            return Ok(false);
        }
        self.db
            .change(Keep::Now, move |conn| {
                async move { insert(conn, &event, Some(&once), is_rehearsal).await }.boxed()
            })
            .await
    }
}

/// The rule of a slot.
fn schedule_of(slot: &str) -> Option<String> {
    slot.split_once('@').map(|(name, _)| name.to_owned())
}

/// Writes an event in the caller's transaction. Where that fails, the transaction goes on without it.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    event: &NoticeEvent,
    is_rehearsal: bool,
) -> Result<(), Error> {
    // a statement that fails would end the whole transaction on PostgreSQL
    conn.run("SAVEPOINT notice", &[]).await?;
    let Err(error) = insert(conn, event, None, is_rehearsal).await else {
        conn.run("RELEASE SAVEPOINT notice", &[]).await?;
        return Ok(());
    };
    // a full disk, a server that is gone: the change itself cannot be made then either
    if conn.run("ROLLBACK TO SAVEPOINT notice", &[]).await.is_err() {
        return Err(error);
    }
    conn.run("RELEASE SAVEPOINT notice", &[]).await?;
    tracing::warn!(kind = %event.kind, %error, "a notice could not be written down");
    Ok(())
}

async fn insert(
    conn: &mut Conn<'_>,
    event: &NoticeEvent,
    once: Option<&str>,
    is_rehearsal: bool,
) -> Result<bool, Error> {
    let sql = "INSERT INTO notice_events (id, kind, at, data, once, rehearsal, made)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (once) DO NOTHING";
    let data = serde_json::to_string(&event.data).map_err(|source| Error::Unreadable {
        key: event.id.clone(),
        source,
    })?;
    let values = values![
        event.id.as_str(),
        event.kind.word(),
        event.at,
        data,
        once,
        i64::from(is_rehearsal),
        Timestamp::now(),
    ];
    Ok(conn.run(sql, values).await? == 1)
}

/// A name that nobody else has: the time, so that names stand in the order in which they were made, and 64 bits of chance.
pub(super) fn message_id() -> String {
    let time = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default();
    // its keys come from the system's chance, and nothing else of std does
    let chance = RandomState::new().build_hasher().finish();
    format!("msg_{time:016x}{chance:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in NoticeKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
        assert_eq!("fail".parse::<NoticeKind>(), Err(()));
        assert!((NoticeKind::TROUBLE.iter()).all(|kind| NoticeKind::ALL.contains(kind)));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let data = NoticeData {
            slot: Some("menu@2026-12-01T09:00".into()),
            ..NoticeData::new("no row")
        };
        assert_eq!(
            serde_json::to_string(&data).unwrap(),
            r#"{"slot":"menu@2026-12-01T09:00","reason":"no row"}"#
        );
    }

    #[test]
    fn no_two_messages_have_one_name() {
        let names: std::collections::HashSet<_> = (0..1000).map(|_| message_id()).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.len() == 36));
    }
}
