//! Opens a database, makes it if it is not there, and brings it up to this program's schema.
//!
//! In: the address from the project file. Out: a [`Db`] that is ours and of our schema.
//! Never: a change to a file that is not ours, a password in an error.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::future::ready;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustix::fs::StatVfsMountFlags;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, SqliteConnection, SqlitePool};

use super::Error;
use super::db::{Conn, Db, PATIENCE, values};

/// In a SQLite file's header: whose it is. "STPY".
const OURS: u32 = 0x5354_5059;

/// On PostgreSQL all of ours stands in a schema of this name; `public` may hold the extension that the queue needs.
const SCHEMA: &str = "storypress, public";

/// Everybody who migrates a PostgreSQL database takes this lock. Any number will do, as long as it stays.
const LOCK: i64 = 0x5354_5059;

/// SQLite's own short-lived files: where all but the store's folder is read-only there is no other place for them.
pub(super) const IN_MEMORY: (&str, &str) = ("temp_store", "MEMORY");

/// How many statements may run at the same time, a process.
const CONNECTIONS: u32 = 8;

/// How long a server has for the first connection.
const CONNECT: Duration = Duration::from_secs(10);

/// What makes the schema, in order: its number, for SQLite, for PostgreSQL.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        include_str!("migrations/0001_stories.sql"),
        include_str!("migrations/0001_stories.sql"),
    ),
    (
        2,
        include_str!("migrations/0002_append_only_sqlite.sql"),
        include_str!("migrations/0002_append_only_postgres.sql"),
    ),
    (
        3,
        include_str!("migrations/0003_operators.sql"),
        include_str!("migrations/0003_operators.sql"),
    ),
    (
        4,
        include_str!("migrations/0004_notices.sql"),
        include_str!("migrations/0004_notices.sql"),
    ),
    (
        5,
        include_str!("migrations/0005_numbers.sql"),
        include_str!("migrations/0005_numbers.sql"),
    ),
    (
        6,
        include_str!("migrations/0006_slots.sql"),
        include_str!("migrations/0006_slots.sql"),
    ),
    (
        7,
        include_str!("migrations/0007_handed.sql"),
        include_str!("migrations/0007_handed.sql"),
    ),
    (
        8,
        include_str!("migrations/0008_ended.sql"),
        include_str!("migrations/0008_ended.sql"),
    ),
    (
        9,
        include_str!("migrations/0009_names.sql"),
        include_str!("migrations/0009_names.sql"),
    ),
    (
        10,
        include_str!("migrations/0010_rehearsed.sql"),
        include_str!("migrations/0010_rehearsed.sql"),
    ),
    (
        11,
        include_str!("migrations/0011_moved.sql"),
        include_str!("migrations/0011_moved.sql"),
    ),
    (
        12,
        include_str!("migrations/0012_woken.sql"),
        include_str!("migrations/0012_woken.sql"),
    ),
];

/// The number of this program's schema.
pub(super) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |last| last.0)
}

/// Opens what `url` names; a relative file stands against `root`.
pub(super) async fn open(url: &str, root: &Path) -> Result<Db, Error> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains(['?', '\0']) || path.starts_with(':') {
            return Err(Error::Address(
                "after `sqlite:` comes the name of a file".to_owned(),
            ));
        }
        sqlite(&root.join(path)).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        postgres(url).await
    } else {
        Err(Error::Address(
            "it starts with `sqlite:` or `postgres://`".to_owned(),
        ))
    }
}

/// The file that `url` names, if it names one.
pub(super) fn file(url: &str, root: &Path) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(root.join(path.strip_prefix("//").unwrap_or(path)))
}

/// Where finished files are kept: beside a file, else in the project's own folder.
pub(super) fn media(url: &str, root: &Path) -> PathBuf {
    let beside = file(url, root).and_then(|file| file.parent().map(Path::to_owned));
    beside
        .unwrap_or_else(|| root.join(".storypress"))
        .join("media")
}

async fn sqlite(path: &Path) -> Result<Db, Error> {
    match sqlite_file(path).await {
        // SQLite says no more than that it cannot open a file
        Err(Error::Database(_) | Error::File { .. }) if is_read_only(path) => {
            Err(Error::ReadOnly {
                path: path.to_owned(),
            })
        }
        opened => opened,
    }
}

/// Whether a file's disk is mounted so that nothing can be written to it.
fn is_read_only(path: &Path) -> bool {
    let mut folders = path.ancestors().skip(1);
    let there = folders.find(|folder| folder.is_dir());
    let found = there.and_then(|folder| rustix::fs::statvfs(folder).ok());
    found.is_some_and(|found| found.f_flag.contains(StatVfsMountFlags::RDONLY))
}

async fn sqlite_file(path: &Path) -> Result<Db, Error> {
    let wrong = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(wrong)?;
    if let Some(kind) = network(folder) {
        return Err(Error::Network {
            path: path.to_owned(),
            kind,
        });
    }
    if !path.exists() {
        make_whole(path).await?;
    }
    let found = is_ours(path)?;
    if found == Found::Empty {
        claim_file(path).await?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .journal_mode(SqliteJournalMode::Wal)
        // what has to outlive a power cut raises this for its own commit
        .synchronous(SqliteSynchronous::Normal)
        .pragma("journal_size_limit", "16777216")
        // a long list is put into its order in memory, and comes over in parts that are worth a change of threads
        .row_buffer_size(1000)
        .pragma(IN_MEMORY.0, IN_MEMORY.1)
        .disable_statement_logging();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        // a connection is kept: opening one costs more than all it will do
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE * 3)
        // a full disk ends a transaction behind sqlx's back, which takes it for open ever after
        .before_acquire(|conn, _| ready(Ok(!conn.is_in_transaction())).boxed())
        .connect_lazy_with(options.clone());
    patiently(|| migrate_sqlite(&writer, path, found).boxed()).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE * 3)
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(Db::sqlite(writer, readers))
}

/// What a file is that should be a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Empty,
    /// Marked as ours.
    Ours,
}

/// Makes a folder where it is missing, for nobody else to read.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() || folder.as_os_str().is_empty() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The kind of a network file system.
fn network(folder: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(folder).ok()?;
    network_kind(u64::try_from(found.f_type).unwrap_or_default() & 0xffff_ffff)
}

/// By the number in statfs(2).
fn network_kind(number: u64) -> Option<&'static str> {
    match number {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x0102_1997 => Some("9p"),
        _ => None,
    }
}

/// Makes a store under another name, and gives it its own when it is whole: one that is marked and empty was not made.
async fn make_whole(path: &Path) -> Result<(), Error> {
    let wrong = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!(".{name}.{}-{number}", std::process::id()));
    // of a process of the same number that was killed
    let _ = fs::remove_file(&unfinished);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(wrong)?;
    let made = async {
        claim_file(&unfinished).await?;
        let options = SqliteConnectOptions::new()
            .filename(&unfinished)
            .create_if_missing(false)
            .pragma(IN_MEMORY.0, IN_MEMORY.1)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options);
        let made = migrate_sqlite(&pool, &unfinished, Found::Empty).await;
        pool.close().await;
        made
    }
    .await;
    // whoever was quicker has made one that is as good
    let named = made.and_then(|()| match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // not every file system has links
        Err(_) if !path.exists() => fs::rename(&unfinished, path).map_err(wrong),
        _ => Ok(()),
    });
    let _ = fs::remove_file(&unfinished);
    named
}

/// What a file is, which is there.
///
/// # Errors
/// `Foreign` where it is somebody else's.
pub(super) fn is_ours(path: &Path) -> Result<Found, Error> {
    let wrong = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut head))
        .map_err(wrong)?;
    // somebody else may be making it at this moment
    if head.is_empty() {
        return Ok(Found::Empty);
    }
    // https://sqlite.org/fileformat2.html#the_database_header
    let is_ours = head.starts_with(b"SQLite format 3\0")
        && head.get(68..72) == Some(OURS.to_be_bytes().as_slice());
    if is_ours {
        Ok(Found::Ours)
    } else {
        Err(Error::Foreign {
            path: path.to_owned(),
        })
    }
}

/// Whether a SQLite database has that table.
pub(super) async fn has_table(conn: &mut SqliteConnection, name: &str) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1";
    let row = Conn::Sqlite(conn).row(sql, values![name]).await?;
    Ok(row.is_some())
}

/// Writes into an empty file that it is ours, before it gets a log of changes: then the header always says so.
async fn claim_file(path: &Path) -> Result<(), Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .pragma(IN_MEMORY.0, IN_MEMORY.1)
        .busy_timeout(PATIENCE);
    patiently(|| sign(&options).boxed()).await
}

async fn sign(options: &SqliteConnectOptions) -> Result<(), Error> {
    let mut conn = options.connect().await?;
    let signed = Conn::Sqlite(&mut conn)
        .row("PRAGMA application_id", &[])
        .await?;
    if signed.map(|row| row.int(0)).transpose()? != Some(i64::from(OURS)) {
        // this is `OURS`; a pragma takes no values
        let sql = "PRAGMA application_id = 1398034521";
        Conn::Sqlite(&mut conn).run(sql, &[]).await?;
    }
    Ok(conn.close().await?)
}

/// Changing a file's kind of journal fails at once when somebody else has it open: asks again for a while.
async fn patiently<'a>(
    mut act: impl FnMut() -> BoxFuture<'a, Result<(), Error>>,
) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        match act().await {
            Err(Error::Busy) if started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn migrate_sqlite(pool: &SqlitePool, path: &Path, found: Found) -> Result<(), Error> {
    let mut conn = pool.acquire().await?;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    if found == Found::Ours && !has_table(&mut tx, "storypress_schema").await? {
        return Err(Error::Emptied {
            path: path.to_owned(),
        });
    }
    for (number, sql, _) in missing(&mut Conn::Sqlite(&mut tx)).await? {
        sqlx::raw_sql(*sql).execute(&mut *tx).await?;
        note(&mut Conn::Sqlite(&mut tx), *number).await?;
    }
    let queue = unlocked(apalis_sqlite::SqliteStorage::migrations());
    queue
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(queues)?;
    Ok(tx.commit().await?)
}

async fn postgres(url: &str) -> Result<Db, Error> {
    // what the parser says may quote the address, and with it the password
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| Error::Address("it is not a PostgreSQL address".to_owned()))?
        .application_name("storypress")
        // what has to outlive a power cut raises the second for its own commit
        .options([("search_path", SCHEMA), ("synchronous_commit", "off")])
        .disable_statement_logging();
    // not from the pool: that would try again for a while, and then only say that it took too long
    let mut conn = tokio::time::timeout(CONNECT, options.connect())
        .await
        .map_err(|_| Error::Away("the server does not answer".to_owned()))??;
    // this may wait for another worker that brings the tables up to date, however long that takes
    migrate_postgres(&mut conn).await?;
    conn.close().await?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        // asking each time doubles the ways to the server; one that hung up is told by the first statement
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(Db::Postgres(pool))
}

async fn migrate_postgres(conn: &mut PgConnection) -> Result<(), Error> {
    let mut tx = conn.begin().await?;
    let mut conn = Conn::Postgres(&mut tx);
    let lock = "SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)";
    conn.row(lock, values![LOCK]).await?;
    conn.run("CREATE SCHEMA IF NOT EXISTS storypress", &[])
        .await?;
    for (number, _, sql) in missing(&mut conn).await? {
        if let Conn::Postgres(conn) = &mut conn {
            sqlx::raw_sql(*sql).execute(&mut **conn).await?;
        }
        note(&mut conn, *number).await?;
    }
    let queue = unlocked(apalis_postgres::PostgresStorage::migrations());
    queue
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(queues)?;
    Ok(tx.commit().await?)
}

/// The numbers that this database has not seen.
async fn missing(
    conn: &mut Conn<'_>,
) -> Result<impl Iterator<Item = &'static (i64, &'static str, &'static str)> + use<>, Error> {
    conn.run(
        "CREATE TABLE IF NOT EXISTS storypress_schema (number BIGINT PRIMARY KEY)",
        &[],
    )
    .await?;
    let highest = conn
        .row(
            "SELECT COALESCE(MAX(number), 0) FROM storypress_schema",
            &[],
        )
        .await?;
    let found = highest.map_or(Ok(0), |row| row.int(0))?;
    let known = known();
    if found > known {
        return Err(Error::Newer { found, known });
    }
    Ok(MIGRATIONS.iter().filter(move |m| m.0 > found))
}

async fn note(conn: &mut Conn<'_>, number: i64) -> Result<(), Error> {
    conn.run(
        "INSERT INTO storypress_schema (number) VALUES ($1)",
        values![number],
    )
    .await?;
    Ok(())
}

/// The queue's own migrations; they stand in a transaction that has a lock already.
fn unlocked(mut queue: Migrator) -> Migrator {
    queue.set_locking(false);
    queue
}

fn queues(error: sqlx::migrate::MigrateError) -> Error {
    match error {
        sqlx::migrate::MigrateError::Execute(error) => error.into(),
        sqlx::migrate::MigrateError::ExecuteMigration(error, _) => {
            let told = error.to_string();
            if ["hstore", "pgcrypto"]
                .iter()
                .any(|name| told.contains(name))
            {
                return Error::Queue(format!(
                    "PostgreSQL's extensions `hstore` and `pgcrypto` (package postgresql-contrib) are needed: {told}"
                ));
            }
            error.into()
        }
        other => Error::Queue(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_by_their_number() {
        for (number, kind) in [
            (0x6969, Some("NFS")),
            (0xff53_4d42, Some("SMB")),
            (0xfe53_4d42, Some("SMB")),
            // ext4, tmpfs, overlay, btrfs, xfs
            (0xef53, None),
            (0x0102_1994, None),
            (0x794c_7630, None),
            (0x9123_683e, None),
            (0x5846_5342, None),
        ] {
            assert_eq!(network_kind(number), kind, "{number:x}");
        }
        let here = tempfile::tempdir().unwrap();
        assert_eq!(network(here.path()), None);
    }
}
