//! What is to be told to whom: durable, by one worker at a time, at least once, under the same name each time.
//!
//! In: events, and who wants them. Out: messages that are due, each to one worker with a lease.
//! Never: a message sent from here; a word on where an address leads, which is the project's business.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::db::{Conn, Keep, Row, values};
use super::notices::{NoticeData, NoticeEvent, message_id};
use super::{Error, Store, later, process};

/// So many events are given to their targets at a time.
const AT_ONCE: i64 = 200;

/// A digest that has so many events goes out before its time.
const FULL: usize = 200;

/// What was told, or can be told no more, is kept so long: the names of what is told once among it.
const KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);

/// Where nobody is to be told, an event is kept so long: the project of another machine may name somebody.
const KEPT_UNWANTED: SignedDuration = SignedDuration::from_hours(24);

/// Everybody who gives events to targets on PostgreSQL takes this lock. Any number will do, as long as it stays.
const LOCK: i64 = 0x5354_5059_4e54;

/// Who is to hear of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// A target's name.
    pub target: String,
    /// It gathers events for so long; without it at once.
    pub digest: Option<SignedDuration>,
}

/// A message that is ours to send until the lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The same at every try.
    pub id: String,
    /// For whom.
    pub target: String,
    /// The notices in it, the earliest first.
    pub notices: Vec<Json>,
    /// It gathers notices, be it one.
    pub is_digest: bool,
    /// How often it was tried before.
    pub tries: u32,
    worker: String,
    lease: Timestamp,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It has arrived.
    Sent,
    /// Not yet: it is tried again then.
    Again(Timestamp, String),
    /// It is not tried any more.
    Dropped(String),
}

/// Messages to a target that do not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// A target's name.
    pub target: String,
    /// How many are tried again.
    pub waiting: i64,
    /// When.
    pub next: Option<Timestamp>,
    /// How many were given up.
    pub dropped: i64,
    /// Why, of one of them.
    pub why: String,
}

impl Store {
    /// Targets at which messages do not arrive: how many wait, with those behind them that were not tried yet, and how many of
    /// the time since then were given up.
    ///
    /// # Errors
    /// What the database says.
    pub async fn undelivered(&self, since: Timestamp) -> Result<Vec<Undelivered>, Error> {
        let sql = "SELECT target,
                CAST(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) AS BIGINT),
                MIN(CASE WHEN state = 'waiting' AND trouble IS NOT NULL THEN due END),
                CAST(SUM(CASE WHEN state = 'dropped' THEN 1 ELSE 0 END) AS BIGINT),
                MAX(trouble)
            FROM notices WHERE state = 'waiting' OR (state = 'dropped' AND made >= $1)
            GROUP BY target HAVING MAX(trouble) IS NOT NULL ORDER BY target";
        let rows = self.db.rows(sql, values![since]).await?;
        rows.iter()
            .map(|row| {
                Ok(Undelivered {
                    target: row.text(0)?,
                    waiting: row.int(1)?,
                    next: row.maybe_time(2)?,
                    dropped: row.int(3)?,
                    why: row.text(4)?,
                })
            })
            .collect()
    }

    /// Events that were not given to their targets yet, the earliest first, at most 200.
    ///
    /// # Errors
    /// What the database says.
    pub async fn new_events(&self) -> Result<Vec<NoticeEvent>, Error> {
        let sql = "SELECT id, kind, at, data FROM notice_events
            WHERE addressed IS NULL AND rehearsal = $1 ORDER BY id LIMIT $2";
        let rows = self
            .db
            .rows(sql, values![self.rehearsal(), AT_ONCE])
            .await?;
        // a word of a later version is for its workers
        rows.iter()
            .filter_map(|row| event(row).transpose())
            .collect()
    }

    /// Gives an event, as `notice` says it, to its targets: all of them or none. Whether nobody had done so before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn address(
        &self,
        event: &NoticeEvent,
        notice: Json,
        to: Vec<Addressee>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (id, rehearsal) = (event.id.clone(), self.rehearsal());
        self.db
            .change(Keep::Soon, move |conn| {
                async move { address(conn, &id, &notice, &to, rehearsal, now).await }.boxed()
            })
            .await
    }

    /// Takes the earliest message of `target` that is due and that nobody else has. `worker` is one that sends one
    /// message to a target at a time: what it had and did not settle is its own still.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_message(
        &self,
        target: &str,
        worker: &str,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Option<Message>, Error> {
        // most of the time there is none: that is seen without a write
        let sql = "SELECT id FROM notices WHERE target = $1 AND rehearsal = $2 AND state = 'waiting'
            AND due <= $3 AND (lease IS NULL OR lease <= $3 OR worker = $4) ORDER BY due, id LIMIT 5";
        let wanted = values![target, self.rehearsal(), now, worker];
        let lease = later(now, lease);
        for row in self.db.rows(sql, wanted).await? {
            let sql = "UPDATE notices SET worker = $3, lease = $4, is_open = 0
                WHERE id = $1 AND target = $2 AND state = 'waiting' AND due <= $5
                    AND (lease IS NULL OR lease <= $5 OR worker = $3)
                RETURNING id, events, digest, tries";
            let id = row.text(0)?;
            let values = values![id, target, worker, lease, now];
            let claimed = self.db.change_in_one(sql, values).await?;
            if let Some(row) = claimed.first() {
                return message(row, target, worker, lease).map(Some);
            }
        }
        Ok(None)
    }

    /// Notes what became of a message. Nothing is noted by one whose lease was taken over.
    ///
    /// # Errors
    /// What the database says.
    pub async fn settle_message(&self, message: &Message, settled: Settled) -> Result<(), Error> {
        let (state, due, trouble) = match settled {
            Settled::Sent => ("sent", None, None),
            Settled::Again(at, why) => ("waiting", Some(at), Some(why)),
            Settled::Dropped(why) => ("dropped", None, Some(why)),
        };
        let sql = "UPDATE notices SET state = $5, due = COALESCE($6, due), trouble = $7,
                tries = tries + 1, worker = NULL, lease = NULL
            WHERE id = $1 AND target = $2 AND worker = $3 AND lease = $4 RETURNING 1";
        let values = values![
            message.id.as_str(),
            message.target.as_str(),
            message.worker.as_str(),
            message.lease,
            state,
            due,
            trouble,
        ];
        self.db.change_in_one(sql, values).await?;
        Ok(())
    }

    /// Gives back what a worker has and did not settle.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_messages(&self, worker: &str) -> Result<(), Error> {
        let sql = "UPDATE notices SET worker = NULL, lease = NULL
            WHERE worker = $1 AND state = 'waiting' RETURNING 1";
        self.db.change_in_one(sql, values![worker]).await?;
        Ok(())
    }

    /// A target wants nothing any more: what waits for it is dropped, and it gets nothing while its address has this mark.
    ///
    /// # Errors
    /// What the database says.
    pub async fn target_is_gone(
        &self,
        target: &str,
        mark: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (target, mark, why) = (target.to_owned(), mark.to_owned(), why.to_owned());
        self.db
            .change(Keep::Soon, move |conn| {
                async move {
                    let sql = "INSERT INTO notice_targets (target, mark, gone) VALUES ($1, $2, $3)
                        ON CONFLICT (target) DO UPDATE SET mark = $2, gone = $3";
                    conn.run(sql, values![target.as_str(), mark, now]).await?;
                    let sql = "UPDATE notices SET state = 'dropped', trouble = $2, lease = NULL, worker = NULL
                        WHERE target = $1 AND state = 'waiting'";
                    conn.run(sql, values![target, why]).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// The targets that want nothing any more, each with the mark of its address.
    ///
    /// # Errors
    /// What the database says.
    pub async fn gone_targets(&self) -> Result<Vec<(String, String)>, Error> {
        let sql = "SELECT target, mark FROM notice_targets";
        let rows = self.db.rows(sql, &[]).await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.text(1)?)))
            .collect()
    }

    /// How many messages wait for these targets, events that are not theirs yet included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn waiting_messages(&self, targets: &[&str]) -> Result<usize, Error> {
        let sql = "SELECT target FROM notices WHERE state = 'waiting' AND rehearsal = $1";
        let rows = self.db.rows(sql, values![self.rehearsal()]).await?;
        let mut count = self.new_events().await?.len();
        for row in &rows {
            count += usize::from(targets.contains(&row.text(0)?.as_str()));
        }
        Ok(count)
    }

    /// Frees what processes of this machine held that have ended, and forgets what is over: after 35 days, or after one
    /// where nobody is there to be told.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tidy_notices(&self, is_wanted: bool, now: Timestamp) -> Result<(), Error> {
        let sql =
            "SELECT DISTINCT worker FROM notices WHERE worker IS NOT NULL AND state = 'waiting'";
        for row in self.db.rows(sql, &[]).await? {
            let who = row.text(0)?;
            if process::is_gone(&who) {
                let sql = "UPDATE notices SET worker = NULL, lease = NULL WHERE worker = $1";
                self.db.change_in_one(sql, values![who]).await?;
            }
        }
        for sql in [
            "DELETE FROM notice_events WHERE made < $1",
            "DELETE FROM notices WHERE made < $1",
        ] {
            self.db
                .change_in_one(sql, values![later(now, -KEPT)])
                .await?;
        }
        if !is_wanted {
            let sql = "DELETE FROM notice_events
                WHERE addressed IS NULL AND made < $1 AND rehearsal = $2";
            let values = values![later(now, -KEPT_UNWANTED), self.rehearsal()];
            self.db.change_in_one(sql, values).await?;
        }
        Ok(())
    }

    fn rehearsal(&self) -> i64 {
        i64::from(self.is_rehearsal)
    }
}

async fn address(
    conn: &mut Conn<'_>,
    event: &str,
    notice: &Json,
    to: &[Addressee],
    rehearsal: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    if let Conn::Postgres(_) = conn {
        let lock = "SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)";
        conn.row(lock, values![LOCK]).await?;
    }
    let sql = "UPDATE notice_events SET addressed = $2 WHERE id = $1 AND addressed IS NULL";
    if conn.run(sql, values![event, now]).await? == 0 {
        return Ok(false);
    }
    for to in to {
        let Some(pause) = to.digest else {
            add(conn, event, to, notice, rehearsal, (now, now)).await?;
            continue;
        };
        if !gather(conn, to, notice, rehearsal, now).await? {
            let due = later(now, pause);
            add(conn, &message_id(), to, notice, rehearsal, (now, due)).await?;
        }
    }
    Ok(true)
}

/// A new message, made at the first of the times and due at the second.
async fn add(
    conn: &mut Conn<'_>,
    id: &str,
    to: &Addressee,
    notice: &Json,
    rehearsal: i64,
    (made, due): (Timestamp, Timestamp),
) -> Result<(), Error> {
    let sql =
        "INSERT INTO notices (id, target, rehearsal, events, digest, is_open, state, due, made)
        VALUES ($1, $2, $3, $4, $5, $5, 'waiting', $6, $7) ON CONFLICT (id, target) DO NOTHING";
    let values = values![
        id,
        to.target.as_str(),
        rehearsal,
        Json::Array(vec![notice.clone()]).to_string(),
        i64::from(to.digest.is_some()),
        due,
        made,
    ];
    conn.run(sql, values).await?;
    Ok(())
}

/// Puts a notice into the target's digest, if one is open.
async fn gather(
    conn: &mut Conn<'_>,
    to: &Addressee,
    notice: &Json,
    rehearsal: i64,
    now: Timestamp,
) -> Result<bool, Error> {
    let of_all = "SELECT id, events FROM notices WHERE target = $1 AND rehearsal = $2
        AND state = 'waiting' AND is_open = 1 AND due > $3 ORDER BY due LIMIT 1";
    let values = values![to.target.as_str(), rehearsal, now];
    let Some(row) = conn.row(of_all, values).await? else {
        return Ok(false);
    };
    let (id, mut notices) = (row.text(0)?, list(&row, 1)?);
    notices.push(notice.clone());
    let is_full = notices.len() >= FULL;
    // one that was taken meanwhile is closed
    let sql =
        "UPDATE notices SET events = $3, is_open = $4, due = CASE WHEN $4 = 1 THEN due ELSE $5 END
        WHERE id = $1 AND target = $2 AND is_open = 1";
    let values = values![
        id,
        to.target.as_str(),
        Json::Array(notices).to_string(),
        i64::from(!is_full),
        now,
    ];
    Ok(conn.run(sql, values).await? == 1)
}

fn list(row: &Row, column: usize) -> Result<Vec<Json>, Error> {
    let text = row.text(column)?;
    serde_json::from_str(&text).map_err(|source| Error::Unreadable {
        key: "notices".to_owned(),
        source,
    })
}

fn event(row: &Row) -> Result<Option<NoticeEvent>, Error> {
    let id = row.text(0)?;
    let Ok(kind) = row.text(1)?.parse() else {
        return Ok(None);
    };
    // one that cannot be read keeps nobody from hearing of the others
    let data = serde_json::from_str(&row.text(3)?)
        .unwrap_or_else(|_| NoticeData::new("what happened cannot be read any more"));
    let at = row.time(2)?;
    Ok(Some(NoticeEvent { id, kind, at, data }))
}

fn message(row: &Row, target: &str, worker: &str, lease: Timestamp) -> Result<Message, Error> {
    Ok(Message {
        id: row.text(0)?,
        target: target.to_owned(),
        notices: list(row, 1)?,
        is_digest: row.int(2)? == 1,
        tries: u32::try_from(row.int(3)?).unwrap_or(u32::MAX),
        worker: worker.to_owned(),
        lease,
    })
}
