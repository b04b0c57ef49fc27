//! Stops of an account: nothing of it goes out until a person, or a new login, ends them.
//!
//! In: an account and why it stops. Out: whether that is news; when it ends, every story of it is looked at again.
//! Never: a stop of what may be live already, which is watched all the same; a token.

use futures_util::FutureExt;
use jiff::Timestamp;

use super::db::{Keep, Row, values};
use super::notices::{self, NoticeEvent, NoticeKind};
use super::queue::{self, WakeUp};
use super::{Error, Store, StoryKey, stories};

/// What an account was stopped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// Somebody paused it.
    ByHand,
    /// The platform restricts or blocks the account, or wants it to confirm itself.
    Refused,
    /// Its token is no good any more.
    Login,
    /// Something is live there that this store knows nothing of.
    UnknownLive,
}

impl StopCause {
    const ALL: [Self; 4] = [Self::ByHand, Self::Refused, Self::Login, Self::UnknownLive];

    /// As it is stored and reported.
    pub fn word(self) -> &'static str {
        match self {
            Self::ByHand => "by-hand",
            Self::Refused => "refused",
            Self::Login => "login",
            Self::UnknownLive => "unknown-live",
        }
    }
}

/// Why nothing of an account goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// By what.
    pub cause: StopCause,
    /// Since when.
    pub since: Timestamp,
    /// Until when; without it, until somebody ends it.
    pub until: Option<Timestamp>,
    /// Why, for people.
    pub why: String,
    /// A mark of the token that was refused: not the token, and nothing that it could be had from.
    pub mark: Option<String>,
}

impl Stop {
    /// Nothing may be sent at that time.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl Store {
    /// Stops an account; whether that is news. A stop by hand stays what it is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stop_account(&self, account: &str, stop: &Stop) -> Result<bool, Error> {
        let (account, stop) = (account.to_owned(), stop.clone());
        let is_rehearsal = self.is_rehearsal;
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    stories::meet(conn, &account).await?;
                    let sql =
                        "UPDATE accounts SET stop_cause = $2, stop_since = $3, stop_until = $4,
                            stop_why = $5, stop_mark = $6
                        WHERE account = $1 AND (stop_cause IS NULL OR $2 = 'by-hand'
                            OR (stop_until IS NOT NULL AND stop_until <= $3))";
                    let values = values![
                        account.as_str(),
                        stop.cause.word(),
                        stop.since,
                        stop.until,
                        stop.why.as_str(),
                        stop.mark.as_deref(),
                    ];
                    let is_news = conn.run(sql, values).await? == 1;
                    if is_news && let Some(event) = event(&account, &stop) {
                        notices::write(conn, &event, is_rehearsal).await?;
                    }
                    Ok(is_news)
                }
                .boxed()
            })
            .await
    }

    /// Ends a stop, and a rest; every story of the account that is on its way is looked at now. What it was.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resume_account(
        &self,
        account: &str,
        now: Timestamp,
    ) -> Result<Option<Stop>, Error> {
        let account = account.to_owned();
        let stop = self
            .db
            .change(Keep::Now, move |conn| {
                async move {
                    stories::meet(conn, &account).await?;
                    let sql = "SELECT stop_cause, stop_since, stop_until, stop_why, stop_mark
                        FROM accounts WHERE account = $1";
                    let row = conn.row(sql, values![account.as_str()]).await?;
                    let stop = row.map_or(Ok(None), |row| read(&row, 0))?;
                    let sql = "UPDATE accounts SET stop_cause = NULL, stop_since = NULL,
                            stop_until = NULL, stop_why = NULL, stop_mark = NULL, rest_until = NULL,
                            rest_why = NULL
                        WHERE account = $1";
                    conn.run(sql, values![account.as_str()]).await?;
                    let sql = concat!(
                        "SELECT key, due FROM stories WHERE account = $1 AND state IN ",
                        in_flight!()
                    );
                    // who has one in hand may have read the stop, and be about to say that it waits
                    for row in conn.rows(sql, values![account.as_str()]).await? {
                        let at = row.time(1)?.max(now);
                        queue::push_in(conn, &StoryKey(row.text(0)?), at, WakeUp::Leave).await?;
                    }
                    Ok(stop)
                }
                .boxed()
            })
            .await?;
        self.ring();
        Ok(stop)
    }

    /// What is live on the account is known from now on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn looked_at(&self, account: &str, now: Timestamp) -> Result<(), Error> {
        let account = account.to_owned();
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    stories::meet(conn, &account).await?;
                    let sql = "UPDATE accounts SET looked = $2 WHERE account = $1";
                    conn.run(sql, values![account, now]).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Every account that is known.
    ///
    /// # Errors
    /// What the database says.
    pub async fn accounts(&self) -> Result<Vec<String>, Error> {
        let rows = self
            .db
            .rows("SELECT account FROM accounts ORDER BY account", &[])
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }
}

/// What is to be told of a stop; who stops an account by hand knows it.
fn event(account: &str, stop: &Stop) -> Option<NoticeEvent> {
    let kind = match stop.cause {
        StopCause::ByHand => return None,
        StopCause::Login => NoticeKind::Token,
        StopCause::Refused | StopCause::UnknownLive => NoticeKind::Failed,
    };
    let reason = format!(
        "nothing of the account goes out until somebody looks: {}",
        stop.why
    );
    Some(NoticeEvent::of_account(kind, account, reason, stop.since))
}

/// A stop in a row, from column `from` on.
pub(super) fn read(row: &Row, from: usize) -> Result<Option<Stop>, Error> {
    let Some(word) = row.maybe_text(from)? else {
        return Ok(None);
    };
    let known = StopCause::ALL.into_iter().find(|c| c.word() == word);
    Ok(Some(Stop {
        // a word of a later version stops as well
        cause: known.unwrap_or(StopCause::Refused),
        since: row.maybe_time(from + 1)?.unwrap_or_default(),
        until: row.maybe_time(from + 2)?,
        why: row.maybe_text(from + 3)?.unwrap_or_default(),
        mark: row.maybe_text(from + 4)?,
    }))
}
