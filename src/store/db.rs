//! One way to speak to both databases.
//!
//! In: SQL with `$1`, values. Out: rows. Statements are the same for both; what differs stands here and in `open`.
//! Never: a word about stories.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use jiff::Timestamp;
use sqlx::{Connection, PgConnection, PgPool, Row as _, SqlSafeStr, SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};

use super::Error;

/// What is bound to a statement.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A number, or a time in milliseconds.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(Some(at.as_millisecond()))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(at: Option<Timestamp>) -> Self {
        Self::Int(at.map(Timestamp::as_millisecond))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

/// The values of a statement, in the order of its `$1`, `$2`, ….
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::db::Value::from($value)),*] };
}
pub(super) use values;

/// A row of an answer.
#[derive(Debug)]
pub(super) enum Row {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

macro_rules! column {
    ($name:ident, $type:ty) => {
        pub(super) fn $name(&self, index: usize) -> Result<$type, Error> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(index)?,
                Self::Postgres(row) => row.try_get(index)?,
            })
        }
    };
}

impl Row {
    column!(int, i64);
    column!(str, &str);
    column!(maybe_int, Option<i64>);
    column!(text, String);
    column!(maybe_text, Option<String>);

    pub(super) fn time(&self, index: usize) -> Result<Timestamp, Error> {
        Ok(time(self.int(index)?))
    }

    pub(super) fn maybe_time(&self, index: usize) -> Result<Option<Timestamp>, Error> {
        Ok(self.maybe_int(index)?.map(time))
    }
}

/// A time as it is stored; what lies outside of all time is its edge.
fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(if milliseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// A connection of either kind, mostly inside a transaction.
#[derive(Debug)]
pub(super) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Binds the values to a statement for one kind of database.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Int(number) => query.bind(*number),
                Value::Text(text) => query.bind(text.as_deref()),
            };
        }
        query
    }};
}

impl Conn<'_> {
    /// Runs a statement; how many rows it changed.
    pub(super) async fn run(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value],
    ) -> Result<u64, Error> {
        Ok(match self {
            Self::Sqlite(conn) => bound!(sql, values)
                .execute(&mut **conn)
                .await?
                .rows_affected(),
            Self::Postgres(conn) => bound!(sql, values)
                .execute(&mut **conn)
                .await?
                .rows_affected(),
        })
    }

    /// Every row of the answer.
    pub(super) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        Ok(match self {
            Self::Sqlite(conn) => bound!(sql, values)
                .fetch_all(&mut **conn)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Self::Postgres(conn) => bound!(sql, values)
                .fetch_all(&mut **conn)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// The first row of the answer.
    pub(super) async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        Ok(match self {
            Self::Sqlite(conn) => bound!(sql, values)
                .fetch_optional(&mut **conn)
                .await?
                .map(Row::Sqlite),
            Self::Postgres(conn) => bound!(sql, values)
                .fetch_optional(&mut **conn)
                .await?
                .map(Row::Postgres),
        })
    }
}

/// Whether a change has to outlive a power cut before it is told as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// On the disk before anybody hears of it.
    Now,
    /// It outlives this process; a power cut may take it back, together with all that came after it.
    Soon,
}

/// The database: pools, and on SQLite the one who writes.
#[derive(Clone)]
pub(super) enum Db {
    Sqlite {
        /// One connection: SQLite has one writer, and a queue before it is fairer than its busy handler.
        writer: SqlitePool,
        readers: SqlitePool,
        changes: mpsc::UnboundedSender<Box<dyn Change>>,
    },
    Postgres(PgPool),
}

impl Db {
    /// A SQLite database; starts the task that writes, which ends with the last copy of this.
    pub(super) fn sqlite(writer: SqlitePool, readers: SqlitePool) -> Self {
        let (changes, queue) = mpsc::unbounded_channel();
        tokio::spawn(write(writer.clone(), queue));
        Self::Sqlite {
            writer,
            readers,
            changes,
        }
    }

    /// Ends every connection, after what is being written; not for longer than somebody at a terminal waits.
    pub(super) async fn close(&self) {
        let closing = async {
            match self {
                Self::Sqlite {
                    writer, readers, ..
                } => {
                    readers.close().await;
                    if let Ok(mut conn) = writer.acquire().await {
                        // another process may be reading: then the log stays, and the last one to close empties it
                        let _ = Conn::Sqlite(&mut conn)
                            .rows("PRAGMA wal_checkpoint(TRUNCATE)", &[])
                            .await;
                    }
                    writer.close().await;
                }
                Self::Postgres(pool) => pool.close().await,
            }
        };
        let _ = tokio::time::timeout(CLOSING, closing).await;
    }

    /// Every row of the answer, outside of any transaction.
    pub(super) async fn rows(
        &self,
        sql: impl SqlSafeStr,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        match self {
            Self::Sqlite { readers, .. } => {
                let mut conn = readers.acquire().await?;
                Conn::Sqlite(&mut conn).rows(sql, values).await
            }
            Self::Postgres(pool) => {
                let mut conn = pool.acquire().await?;
                Conn::Postgres(&mut conn).rows(sql, values).await
            }
        }
    }

    /// What `take` makes of each row of the answer, as it comes: the rows themselves are not kept, and what the database has
    /// still to find is found meanwhile.
    pub(super) async fn each<T>(
        &self,
        sql: impl SqlSafeStr,
        values: &[Value],
        mut take: impl FnMut(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        match self {
            Self::Sqlite { readers, .. } => {
                let mut conn = readers.acquire().await?;
                let mut rows = bound!(sql, values).fetch(&mut *conn);
                loop {
                    let row = match rows.try_next().now_or_never() {
                        Some(row) => row?,
                        None if found.len() < MANY => rows.try_next().await?,
                        None => {
                            tokio::time::sleep(GATHER).await;
                            continue;
                        }
                    };
                    let Some(row) = row else {
                        break;
                    };
                    found.push(take(&Row::Sqlite(row))?);
                }
            }
            Self::Postgres(pool) => {
                let mut conn = pool.acquire().await?;
                let mut rows = bound!(sql, values).fetch(&mut *conn);
                while let Some(row) = rows.try_next().await? {
                    found.push(take(&Row::Postgres(row))?);
                }
            }
        }
        Ok(found)
    }

    /// Makes a change in a transaction of its own: all of it or nothing.
    ///
    /// On SQLite the changes that wait at the same moment share one commit, since each costs a wait for the disk.
    /// `act` says [refusals](Error::is_refusal) before it has written anything.
    pub(super) async fn change<T, F>(&self, keep: Keep, act: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn<'_>) -> BoxFuture<'c, Result<T, Error>> + Send + 'static,
    {
        match self {
            Self::Sqlite { changes, .. } => {
                let (tell, told) = oneshot::channel();
                let change = Asked {
                    keep,
                    act: Some(act),
                    done: None,
                    tell,
                };
                let gone = || Error::Away("it is closed".to_owned());
                changes.send(Box::new(change)).map_err(|_| gone())?;
                told.await.map_err(|_| gone())?
            }
            Self::Postgres(pool) => {
                let begin = match keep {
                    // one way to the server for both
                    Keep::Now => "BEGIN; SET LOCAL synchronous_commit = on",
                    Keep::Soon => "BEGIN",
                };
                let mut tx = pool.begin_with(begin).await?;
                let out = act(&mut Conn::Postgres(&mut tx)).await?;
                tx.commit().await?;
                Ok(out)
            }
        }
    }

    /// A change that is one statement, and is kept [`Keep::Soon`]: the rows that it answers with.
    pub(super) async fn change_in_one(
        &self,
        sql: impl SqlSafeStr + Send + 'static,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        if let Self::Postgres(pool) = self {
            let mut conn = pool.acquire().await?;
            return Conn::Postgres(&mut conn).rows(sql, values).await;
        }
        let values = values.to_vec();
        self.change(Keep::Soon, move |conn| {
            Box::pin(async move { conn.rows(sql, &values).await })
        })
        .await
    }
}

/// A change that waits for the writer.
pub(super) trait Change: Send {
    fn keep(&self) -> Keep;
    /// Makes the change; its result is kept until the commit.
    fn act<'c>(&'c mut self, conn: &'c mut Conn<'_>) -> BoxFuture<'c, Result<(), Error>>;
    /// After the commit, or instead of it.
    fn tell(self: Box<Self>, outcome: Result<(), Error>);
}

struct Asked<T, F> {
    keep: Keep,
    act: Option<F>,
    done: Option<T>,
    tell: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Change for Asked<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut Conn<'_>) -> BoxFuture<'c, Result<T, Error>> + Send,
{
    fn keep(&self) -> Keep {
        self.keep
    }

    fn act<'c>(&'c mut self, conn: &'c mut Conn<'_>) -> BoxFuture<'c, Result<(), Error>> {
        Box::pin(async move {
            let Some(act) = self.act.take() else {
                return Ok(());
            };
            self.done = Some(act(conn).await?);
            Ok(())
        })
    }

    fn tell(self: Box<Self>, outcome: Result<(), Error>) {
        let result = match (outcome, self.done) {
            (Ok(()), Some(done)) => Ok(done),
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(Error::Away("the change was not made".to_owned())),
        };
        // whoever asked may be gone; the change stands all the same
        let _ = self.tell.send(result);
    }
}

/// So many changes share a commit at most.
const TOGETHER: usize = 200;

/// Writes what is asked for, until nobody is left to ask.
async fn write(pool: SqlitePool, mut queue: mpsc::UnboundedReceiver<Box<dyn Change>>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, TOGETHER).await > 0 {
        commit_together(&pool, std::mem::take(&mut batch)).await;
    }
}

/// Makes the changes in one transaction, and tells everybody how it went.
async fn commit_together(pool: &SqlitePool, mut batch: Vec<Box<dyn Change>>) {
    let mut refused = Vec::new();
    let mut outcome = attempt(pool, &mut batch, &mut refused).await;
    if let [_] = batch.as_slice()
        && let Err(error) = std::mem::replace(&mut outcome, Ok(()))
    {
        refused = vec![Some(error)];
    }
    refused.resize_with(batch.len(), || None);
    for (change, refused) in batch.into_iter().zip(refused) {
        change.tell(match (refused, &outcome) {
            (Some(error), _) => Err(error),
            (None, Ok(())) => Ok(()),
            (None, Err(error)) => Err(error.again()),
        });
    }
}

/// One transaction for all: a change that refuses does not touch the others, one that fails takes them along.
async fn attempt(
    pool: &SqlitePool,
    batch: &mut [Box<dyn Change>],
    refused: &mut Vec<Option<Error>>,
) -> Result<(), Error> {
    let mut conn = pool.acquire().await?;
    let level = if batch.iter().any(|c| c.keep() == Keep::Now) {
        "PRAGMA synchronous = FULL"
    } else {
        "PRAGMA synchronous = NORMAL"
    };
    Conn::Sqlite(&mut conn).run(level, &[]).await?;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    for change in batch {
        refused.push(match change.act(&mut Conn::Sqlite(&mut tx)).await {
            Ok(()) => None,
            // a savepoint for each would cost more than most of the changes
            Err(error) if error.is_refusal() => Some(error),
            Err(error) => return Err(error),
        });
    }
    tx.commit().await?;
    Ok(())
}

/// After so many rows the others are taken as they have gathered: SQLite's thread and this one would wake each other for each.
const MANY: usize = 64;
const GATHER: Duration = Duration::from_millis(1);

/// How long the end of a call waits for its connections to end.
const CLOSING: Duration = Duration::from_secs(5);

/// How long to wait for others who hold the database.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
