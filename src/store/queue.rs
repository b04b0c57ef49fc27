//! Jobs: each only says "look at this story then". The stories are the truth; a job that is lost is made again.
//!
//! In: a story's key and a time. Out: a job in apalis' tables, in the caller's transaction.
//! Never: two jobs of a story that both count; a story in flight without one, for more than seconds.

use std::collections::HashSet;

use apalis::prelude::{Task, TaskBuilder, TaskId};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::db::{Conn, Keep, Row, values};
use super::{Error, Store, StoryKey, process};

/// apalis' name of our queue.
pub(super) const NAME: &str = "storypress";

/// What a job says. Whether it still counts is known by its id, which the story's row names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) key: StoryKey,
    /// Milliseconds; apalis itself keeps whole seconds.
    pub(super) at: i64,
}

impl Store {
    /// Has the story looked at then; an earlier word on that is forgotten.
    ///
    /// # Errors
    /// What the database says. A story that is not there is nobody's business: nothing happens.
    pub async fn push(&self, key: &StoryKey, at: Timestamp) -> Result<(), Error> {
        let key = key.clone();
        self.db
            .change(Keep::Soon, move |conn| {
                async move { push_in(conn, &key, at, WakeUp::Obey).await }.boxed()
            })
            .await?;
        self.ring();
        Ok(())
    }

    /// Has the story looked at then, by the one who was called by job `own`. Where a newer word has come meanwhile, that
    /// counts: by hand, of an account that goes on, of the one that was before it.
    pub(super) async fn look_again(
        &self,
        key: &StoryKey,
        own: &str,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (of, id) = (key.clone(), own.to_owned());
        let is_next = self
            .db
            .change(Keep::Soon, move |conn| {
                async move { push_after(conn, &of, &id, at).await }.boxed()
            })
            .await?;
        match is_next {
            true => {
                self.ring();
                Ok(())
            }
            false => self.finish(own).await,
        }
    }

    /// Makes jobs for stories that want to be looked at and have none: how many.
    pub(super) async fn mend(&self, before: Timestamp) -> Result<usize, Error> {
        let jobs = self.jobs();
        let sql = format!(
            "SELECT key FROM stories LEFT JOIN {jobs} AS job ON job.id = stories.job
            WHERE state IN {}
                AND wake <= $1 AND (lease IS NULL OR lease <= $1)
                AND (job.id IS NULL OR job.status IN ('Done', 'Failed', 'Killed'))
            ORDER BY wake LIMIT 500",
            at_work!()
        );
        let rows = self
            .db
            .rows(sqlx::AssertSqlSafe(sql), values![before])
            .await?;
        for row in &rows {
            self.push(&StoryKey(row.text(0)?), before).await?;
        }
        Ok(rows.len())
    }

    /// Has the jobs fetched whose time has come, whatever the real time is.
    pub(super) async fn free_due_jobs(&self, now: Timestamp) -> Result<(), Error> {
        let jobs = self.jobs();
        // what apalis compares with: this process's time, or the server's
        let (real, values): (_, &[_]) = match self.db {
            super::Db::Sqlite { .. } => ("$2", values![now, Timestamp::now().as_second()]),
            super::Db::Postgres(_) => ("now()", values![now]),
        };
        let late = format!(
            "SELECT 1 FROM {jobs} AS job JOIN stories ON stories.job = job.id
            WHERE job.status = 'Pending' AND job.run_at > {real} AND stories.wake <= $1
                AND stories.state IN {} LIMIT 1",
            at_work!()
        );
        let late = sqlx::AssertSqlSafe(late);
        if self.db.rows(late, values).await?.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "UPDATE {jobs} SET run_at = {real} WHERE status = 'Pending' AND run_at > {real}
                AND id IN (SELECT job FROM stories WHERE wake <= $1 AND state IN {})",
            at_work!()
        );
        let sql = sqlx::AssertSqlSafe(sql);
        self.db.change_in_one(sql, values).await?;
        self.ring();
        Ok(())
    }

    /// Frees what processes of this machine held that have ended, without waiting for their leases.
    pub(super) async fn bury(&self) -> Result<(), Error> {
        let sql = "SELECT DISTINCT worker FROM stories WHERE worker IS NOT NULL";
        for row in self.db.rows(sql, &[]).await? {
            let who = row.text(0)?;
            if process::is_gone(&who) {
                let sql = "UPDATE stories SET worker = NULL, lease = NULL WHERE worker = $1";
                self.db.change_in_one(sql, values![who]).await?;
            }
        }
        let jobs = self.jobs();
        let sql = format!(
            "SELECT DISTINCT lock_by FROM {jobs} WHERE status IN ('Queued', 'Running') AND lock_by IS NOT NULL"
        );
        for row in self.db.rows(sqlx::AssertSqlSafe(sql), &[]).await? {
            let who = row.text(0)?;
            if process::is_gone(&who) {
                self.give_back(&who, &HashSet::new(), 1).await?;
            }
        }
        Ok(())
    }

    /// Puts the jobs that a worker has taken back into the queue, but for those that are still at work.
    pub(super) async fn give_back(
        &self,
        worker: &str,
        at_work: &HashSet<String>,
        attempts: i64,
    ) -> Result<(), Error> {
        let jobs = self.jobs();
        let sql =
            format!("SELECT id FROM {jobs} WHERE lock_by = $1 AND status IN ('Queued', 'Running')");
        let sql = sqlx::AssertSqlSafe(sql);
        for row in self.db.rows(sql, values![worker]).await? {
            let id = row.text(0)?;
            if at_work.contains(&id) {
                continue;
            }
            let sql = format!(
                "UPDATE {jobs} SET status = 'Pending', lock_by = NULL, lock_at = NULL,
                    attempts = attempts + CAST($3 AS INTEGER)
                WHERE id = $1 AND lock_by = $2 AND status IN ('Queued', 'Running')"
            );
            let sql = sqlx::AssertSqlSafe(sql);
            let values = values![id, worker, attempts];
            self.db.change_in_one(sql, values).await?;
        }
        self.ring();
        Ok(())
    }

    /// Removes a job that is done.
    pub(super) async fn finish(&self, id: &str) -> Result<(), Error> {
        let jobs = self.jobs();
        let sql = format!("DELETE FROM {jobs} WHERE id = $1");
        let sql = sqlx::AssertSqlSafe(sql);
        self.db.change_in_one(sql, values![id]).await?;
        Ok(())
    }

    /// Removes workers that were not heard of for a day.
    pub(super) async fn forget_workers(&self) -> Result<(), Error> {
        let jobs = self.jobs();
        let (workers, long_ago) = match self.db {
            super::Db::Sqlite { .. } => {
                ("Workers", "CAST(strftime('%s', 'now') AS INTEGER) - 86400")
            }
            super::Db::Postgres(_) => ("apalis.workers", "now() - interval '1 day'"),
        };
        let gone = format!(
            "DELETE FROM {workers} WHERE worker_type = $1 AND last_seen < {long_ago}
                AND NOT EXISTS (SELECT 1 FROM {jobs} AS job WHERE job.lock_by = {workers}.id)"
        );
        let gone = sqlx::AssertSqlSafe(gone);
        self.db.change_in_one(gone, values![NAME]).await?;
        Ok(())
    }

    /// apalis' table.
    fn jobs(&self) -> &'static str {
        match self.db {
            super::Db::Sqlite { .. } => "Jobs",
            super::Db::Postgres(_) => "apalis.jobs",
        }
    }
}

/// What a new job does with the wake-up that an earlier one left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WakeUp {
    /// If it is for an earlier time, that time counts; then it is forgotten.
    Obey,
    /// This is one.
    Leave,
}

/// Makes the one job of the story that counts. When it will be looked at: earlier than asked, if it was woken.
pub(super) async fn push_in(
    conn: &mut Conn<'_>,
    key: &StoryKey,
    at: Timestamp,
    wake_up: WakeUp,
) -> Result<Timestamp, Error> {
    let id = Ulid::generate().to_string();
    let sql = "UPDATE stories SET last_job = job, job = $2, nudge = CASE WHEN $4 = 1 THEN $3 END,
            wake = CASE WHEN nudge < $3 THEN nudge ELSE $3 END
        WHERE key = $1 RETURNING wake, last_job";
    let leaves = i64::from(wake_up == WakeUp::Leave);
    let values = values![key.0.as_str(), id.as_str(), at, leaves];
    match conn.row(sql, values).await? {
        Some(row) => replace(conn, key, id, &row).await,
        None => Ok(at),
    }
}

/// Makes the job that comes after job `own`, unless a newer one counts by now. Whoever has the story in hand at this
/// moment hears of a wake-up at the end of that.
async fn push_after(
    conn: &mut Conn<'_>,
    key: &StoryKey,
    own: &str,
    at: Timestamp,
) -> Result<bool, Error> {
    let id = Ulid::generate().to_string();
    let sql = "UPDATE stories SET last_job = job, job = $2,
            nudge = CASE WHEN worker IS NOT NULL THEN nudge END,
            wake = CASE WHEN worker IS NULL AND nudge < $3 THEN nudge ELSE $3 END
        WHERE key = $1 AND job = $4 RETURNING wake, last_job";
    let values = values![key.0.as_str(), id.as_str(), at, own];
    let Some(row) = conn.row(sql, values).await? else {
        return Ok(false);
    };
    replace(conn, key, id, &row).await?;
    Ok(true)
}

/// Puts the job in the place of the last one; `row` has when to look, and which that was.
async fn replace(
    conn: &mut Conn<'_>,
    key: &StoryKey,
    id: String,
    row: &Row,
) -> Result<Timestamp, Error> {
    let at = row.time(0)?;
    let (task, last) = (task(id, key, at)?, row.maybe_text(1)?);
    if let Some(last) = last {
        let sql = match conn {
            Conn::Sqlite(_) => "DELETE FROM Jobs WHERE id = $1",
            Conn::Postgres(_) => "DELETE FROM apalis.jobs WHERE id = $1",
        };
        conn.run(sql, values![last]).await?;
    }
    match conn {
        Conn::Sqlite(conn) => {
            let pushed = apalis_sqlite::queries::push_tasks(&mut **conn, NAME, &[task]).await;
            pushed.map_err(|error| match error {
                apalis_sqlite::Error::Database(error) => error.into(),
                other => Error::Queue(other.to_string()),
            })?;
        }
        Conn::Postgres(conn) => {
            let pushed = apalis_postgres::queries::push_tasks(&mut **conn, NAME, vec![task]).await;
            pushed.map_err(|error| match error {
                apalis_postgres::Error::Database(error) => error.into(),
                other => Error::Queue(other.to_string()),
            })?;
        }
    }
    Ok(at)
}

fn task(id: String, key: &StoryKey, at: Timestamp) -> Result<Task<Vec<u8>>, Error> {
    let job = Job {
        key: key.clone(),
        at: at.as_millisecond(),
    };
    let job = serde_json::to_vec(&job).map_err(|source| Error::Unreadable {
        key: key.0.clone(),
        source,
    })?;
    // rounded down: the rest is waited for by the one who has fetched it
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    Ok(TaskBuilder::new(job)
        .task_id(TaskId::from_string(id))
        .run_at_timestamp(seconds)
        .build())
}

/// How long ago a story must have wanted to be looked at before the lack of a job is a loss.
pub(super) const GRACE: SignedDuration = SignedDuration::from_secs(2);
