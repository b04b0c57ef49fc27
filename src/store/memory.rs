//! The memory as a whole: a copy of it, and one that takes its place; live stories that came from elsewhere.
//!
//! In: a file. Out: a file. Only for SQLite: a server has tools of its own.
//! Never: a copy that is not whole under its name; the former memory thrown away.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, SqliteConnection};

use super::audit::{self, Note};
use super::db::{Conn, Db, Keep, values};
use super::queue::{self, WakeUp};
use super::{
    Claim, Error, Filter, Hold, Slot, SlotFilter, SlotState, Step, Store, Story, open, stories,
};

/// How long it may take to save that a story is in doubt.
const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What became of a live story that was to be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// It is known from now on.
    New,
    /// It was known.
    Known,
}

impl Store {
    /// Copies the memory into `to`, which is not there yet, with the kept files of what is on its way. How many stories
    /// it holds.
    ///
    /// Others may go on working: it is the memory of one moment.
    ///
    /// # Errors
    /// `NotAFile` for a server; `File` where it cannot be written; what the database says.
    pub async fn backup(&self, to: &Path) -> Result<usize, Error> {
        let Db::Sqlite { readers, .. } = &self.db else {
            return Err(Error::NotAFile);
        };
        let wrong = |source| Error::File {
            path: to.to_owned(),
            source,
        };
        if to.exists() {
            return Err(wrong(io::ErrorKind::AlreadyExists.into()));
        }
        let unfinished = beside(to, "part");
        let _ = fs::remove_file(&unfinished);
        let made = async {
            let name = unfinished.to_string_lossy().into_owned();
            let mut conn = readers.acquire().await?;
            Conn::Sqlite(&mut conn)
                .run("VACUUM INTO $1", values![name])
                .await?;
            drop(conn);
            let count = self.fill(&unfinished).await?;
            // it holds what the store holds: for nobody else to read
            fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600))
                .and_then(|()| fs::File::open(&unfinished)?.sync_all())
                .and_then(|()| fs::rename(&unfinished, to))
                .map_err(wrong)?;
            Ok(count)
        }
        .await;
        if made.is_err() {
            // also what a full disk has left of it
            let _ = fs::remove_file(&unfinished);
        }
        made
    }

    /// Puts the kept files into a copy.
    async fn fill(&self, copy: &Path) -> Result<usize, Error> {
        let mut conn = connect(copy).await?;
        let sql = "CREATE TABLE kept_files (name TEXT PRIMARY KEY, bytes BLOB NOT NULL)";
        sqlx::query(sql).execute(&mut conn).await?;
        let in_flight = [
            "rendered",
            "uploaded",
            "contained",
            "publishing",
            "handed",
            "uncertain",
        ];
        let filter = Filter {
            states: in_flight.map(str::to_owned).to_vec(),
            ..Filter::default()
        };
        for story in self.list(&filter).await? {
            let media = &story.outgoing.media;
            let Some(path) = self.kept(media) else {
                continue;
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let bytes = fs::read(&path).map_err(|source| Error::Kept {
                path: path.clone(),
                source,
            })?;
            sqlx::query("INSERT OR IGNORE INTO kept_files (name, bytes) VALUES ($1, $2)")
                .bind(name.as_ref())
                .bind(bytes)
                .execute(&mut conn)
                .await?;
        }
        let row = sqlx::query("SELECT COUNT(*) FROM stories")
            .fetch_one(&mut conn)
            .await?;
        let count: i64 = row.try_get(0)?;
        conn.close().await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Puts what [`Store::backup`] wrote in the place of the memory that `url` names. The former one stays beside it.
    ///
    /// Nobody may have it open.
    ///
    /// # Errors
    /// `NotAFile` for a server; `Foreign`, `Emptied`, `Damaged` for what is no whole backup; `File`.
    pub async fn put_back(
        url: &str,
        root: &Path,
        from: &Path,
        now: Timestamp,
    ) -> Result<(), Error> {
        let to = open::file(url, root).ok_or(Error::NotAFile)?;
        let wrong = |source| Error::File {
            path: to.clone(),
            source,
        };
        let folder = to.parent().unwrap_or(Path::new("."));
        open::make_folder(folder).map_err(wrong)?;
        open::is_ours(from)?;
        let unfinished = beside(&to, "restored");
        let _ = fs::remove_file(&unfinished);
        fs::copy(from, &unfinished)
            .and_then(|_| fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o600)))
            .map_err(wrong)?;
        let made = unpack(&unfinished, &open::media(url, root)).await;
        if let Err(error) = made {
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        let mark = now.strftime("before-restore-%Y%m%dT%H%M%SZ").to_string();
        for ending in ["-shm", "-wal", ""] {
            let name = |path: &Path| {
                let mut name = path.as_os_str().to_owned();
                name.push(ending);
                PathBuf::from(name)
            };
            let former = name(&to);
            if former.exists() {
                let mut kept = to.as_os_str().to_owned();
                kept.push(format!(".{mark}"));
                fs::rename(&former, name(Path::new(&kept))).map_err(wrong)?;
            }
        }
        fs::File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, &to))
            .map_err(wrong)
    }

    /// After a restore: what was due since the backup may be live. Stories of that time are failed, slots are missed, and
    /// rules that publish what is new take what they find for old. How many stories and slots that were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn doubt_what_was_due(&self, now: Timestamp) -> Result<usize, Error> {
        self.db
            .change(Keep::Now, |conn| {
                async move {
                    // who worked when the copy was made has nothing to do with this one
                    for sql in [
                        "UPDATE stories SET worker = NULL, lease = NULL",
                        "UPDATE accounts SET looked = NULL",
                        "DELETE FROM at_work",
                        // the mark of a `new` rule's first run: what came since may have gone out
                        "DELETE FROM schedule_rows WHERE row_key = ''",
                    ] {
                        conn.run(sql, &[]).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
        let filter = Filter {
            states: ["rendered", "uploaded", "contained"]
                .map(str::to_owned)
                .to_vec(),
            ..Filter::default()
        };
        let mut count = 0;
        for story in self.list(&filter).await?.iter().filter(|s| s.due <= now) {
            let Claim::Mine(claimed) = self.claim(&story.key, now, LEASE).await? else {
                continue;
            };
            let mut story = claimed.story.clone();
            story.step = Step::Failed {
                why: "the memory was restored from a backup, and it was due since: it may be live"
                    .into(),
            };
            let note = Note::new("in doubt after a restore");
            self.save(&claimed, &story, &note, Hold::Off, now).await?;
            count += 1;
        }
        let open = SlotFilter {
            is_open: true,
            ..SlotFilter::default()
        };
        for slot in self.slots(&open).await?.iter().filter(|s| s.due <= now) {
            let Some(held) = self.claim_slot(&slot.id, Timestamp::now(), LEASE).await? else {
                continue;
            };
            let why = "the memory was restored from a backup, and it was due since: it may be live; \
                `storypress schedule run` sends it";
            let slot = Slot {
                state: SlotState::Missed,
                reason: Some(why.into()),
                trouble: None,
                wake: Timestamp::MAX,
                ..held.slot.clone()
            };
            let note = Note::new("in doubt after a restore");
            self.save_slot(&held, &slot, &note, None, now).await?;
            count += 1;
        }
        Ok(count)
    }

    /// Takes over a story that is live and came from elsewhere.
    ///
    /// # Errors
    /// What the database says.
    pub async fn adopt(&self, story: &Story, now: Timestamp) -> Result<Adopted, Error> {
        let (mut story, who) = (story.clone(), self.who.clone());
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    stories::meet(conn, &story.account).await?;
                    let id = story.step.story().map(|id| id.as_str().to_owned());
                    let sql = "SELECT 1 FROM stories WHERE account = $1 AND story_id = $2";
                    let values = values![story.account.as_str(), id];
                    if conn.row(sql, values).await?.is_some() {
                        return Ok(Adopted::Known);
                    }
                    stories::insert(conn, &mut story, now).await?;
                    let (key, state) = (&story.key, story.step.state());
                    let note = Note::new("taken over");
                    audit::write(conn, key, &who, None, state, &note, now).await?;
                    queue::push_in(conn, key, story.wake, WakeUp::Obey).await?;
                    Ok(Adopted::New)
                }
                .boxed()
            })
            .await
    }
}

/// A name in the same folder, for what is not finished.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{ending}-{}", std::process::id()))
}

async fn connect(path: &Path) -> Result<SqliteConnection, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .pragma(open::IN_MEMORY.0, open::IN_MEMORY.1)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

/// Sees that a copy is whole, and takes its files out of it.
async fn unpack(copy: &Path, media: &Path) -> Result<(), Error> {
    let mut conn = connect(copy).await?;
    let checked = sqlx::query("PRAGMA quick_check(1)")
        .fetch_one(&mut conn)
        .await?;
    let said: String = checked.try_get(0)?;
    if said != "ok" {
        return Err(Error::Damaged { detail: said });
    }
    if !open::has_table(&mut conn, "storypress_schema").await? {
        return Err(Error::Emptied {
            path: copy.to_owned(),
        });
    }
    if open::has_table(&mut conn, "kept_files").await? {
        let names = sqlx::query("SELECT name FROM kept_files")
            .fetch_all(&mut conn)
            .await?;
        for row in names {
            let name: String = row.try_get(0)?;
            let row = sqlx::query("SELECT bytes FROM kept_files WHERE name = $1")
                .bind(&name)
                .fetch_one(&mut conn)
                .await?;
            let bytes: Vec<u8> = row.try_get(0)?;
            put(media, &name, &bytes)?;
        }
        let sql = AssertSqlSafe("DROP TABLE kept_files".to_owned());
        sqlx::query(sql).execute(&mut conn).await?;
    }
    Ok(conn.close().await?)
}

fn put(media: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    // a name is a hash and an ending, whoever wrote the backup
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.';
    if name.starts_with('.') || !name.chars().all(is_name) {
        return Ok(());
    }
    let path = media.join(name);
    let wrong = |source| Error::Kept {
        path: path.clone(),
        source,
    };
    open::make_folder(media).map_err(wrong)?;
    let unfinished = media.join(format!(".{name}"));
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(wrong)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, &path))
        .map_err(wrong)
}
