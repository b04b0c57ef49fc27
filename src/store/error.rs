//! What can go wrong with memory.

use std::path::PathBuf;
use std::{fmt, io};

use sqlx::error::DatabaseError;

/// Why the store could not do what it was asked.
///
/// Nothing here carries an address: a database's address may hold a password.
#[derive(Debug)]
pub enum Error {
    /// The address is not one of a database that we speak to.
    Address(String),
    /// The file could not be made or opened.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A finished file could not be copied to where it is kept.
    Kept {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A finished file is not the one that was verified.
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// The file is there and is somebody else's.
    Foreign {
        /// Which.
        path: PathBuf,
    },
    /// The file was ours and holds nothing any more: it was copied without its log.
    Emptied {
        /// Which.
        path: PathBuf,
    },
    /// The file lies on another machine, where SQLite cannot keep two writers apart.
    Network {
        /// Which.
        path: PathBuf,
        /// What kind of file system that is.
        kind: &'static str,
    },
    /// What was asked is for a file, and the store is on a server.
    NotAFile,
    /// The server does not let us do it.
    Denied {
        /// In its words.
        said: String,
    },
    /// The file is ours and cannot be read any more.
    Damaged {
        /// Where, in the database's words.
        detail: String,
    },
    /// A newer program has written this database.
    Newer {
        /// Its number.
        found: i64,
        /// The highest that this program knows.
        known: i64,
    },
    /// An older schema has taken the place of ours while we were at work.
    Older {
        /// Its number.
        found: i64,
        /// The number of ours.
        known: i64,
    },
    /// The file's disk takes no writes at all, which even reading it needs.
    ReadOnly {
        /// Which.
        path: PathBuf,
    },
    /// There is no room left; nothing of the last change was written.
    Full,
    /// Others held the database for longer than we wait; nothing was written.
    Busy,
    /// Somebody else has taken the story over: what was to be saved is stale and was not written.
    Lost,
    /// A story may only be sent by the one that its account let in.
    NotLetIn,
    /// No such story.
    Unknown(String),
    /// The server cannot be reached, or hung up.
    Away(String),
    /// Anything else the database said.
    Database(sqlx::Error),
    /// A story in the database cannot be read.
    Unreadable {
        /// Which.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The queue could not go on.
    Queue(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(why) => write!(f, "the store's address is wrong: {why}"),
            Self::File { path, source } => {
                write!(f, "cannot open the store {}: {source}", path.display())
            }
            Self::Kept { path, source } => {
                write!(f, "cannot keep a copy of {}: {source}", path.display())
            }
            Self::Changed { path } => write!(
                f,
                "{} has changed since it was verified: give it again",
                path.display()
            ),
            Self::Foreign { path } => {
                write!(f, "{} is not a store of this program", path.display())
            }
            Self::Emptied { path } => write!(
                f,
                "{0} is a store without its content: it was copied without its log, {0}-wal. Copy both, or restore a \
                 backup (`storypress store restore FILE`); without it, what is live would be published again",
                path.display()
            ),
            Self::Network { path, kind } => write!(
                f,
                "{} lies on a network file system ({kind}), where SQLite loses what it is told: \
                 name a folder of this machine in `[store] url`, or a PostgreSQL server for many machines",
                path.display()
            ),
            Self::NotAFile => f.write_str(
                "the store is on a PostgreSQL server: back it up with pg_dump (schemas `storypress` and `apalis`), \
                 restore it with pg_restore, and run `storypress store import` then",
            ),
            Self::Denied { said } => write!(
                f,
                "the database does not allow it: {said}; its user needs CREATE on the database for the schemas \
                 `storypress` and `apalis`, or to own them"
            ),
            Self::Damaged { detail } => write!(
                f,
                "the store is damaged: {detail}. Restore a backup: `storypress store restore FILE`. \
                 Do not delete it: an empty one would publish again what is live"
            ),
            Self::Newer { found, known } => write!(
                f,
                "the store was written by a newer version of this program \
                 (its schema is {found}, this version knows {known})"
            ),
            Self::Older { found, known } => write!(
                f,
                "the store's schema is {found}, and this version works with {known}: start it again"
            ),
            Self::ReadOnly { path } => write!(
                f,
                "the store {} lies on a disk that is mounted read-only, and SQLite writes beside it even to read it: \
                 a copy elsewhere can be opened",
                path.display()
            ),
            Self::Full => f.write_str(
                "the store's disk is full or refuses to be written; the last change was not made",
            ),
            Self::Busy => {
                f.write_str("the store was busy for too long; the last change was not made")
            }
            Self::Lost => f.write_str("another worker has taken this story over"),
            Self::NotLetIn => {
                f.write_str("a story may only be sent while it holds its account's turn")
            }
            Self::Unknown(key) => write!(f, "there is no story `{}`", key.escape_debug()),
            Self::Away(why) => write!(f, "the store cannot be reached: {why}"),
            Self::Database(sqlx::Error::Database(told)) => {
                write!(f, "the store failed: {}", told.message())
            }
            Self::Database(source) => write!(f, "the store failed: {source}"),
            Self::Unreadable { key, source } => {
                write!(f, "the store's entry `{key}` cannot be read: {source}")
            }
            Self::Queue(why) => write!(f, "the queue stopped: {why}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // each message holds its cause already: it is not said twice
        None
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(told) = &error else {
            return match error {
                sqlx::Error::Io(why) => Self::Away(why.to_string()),
                sqlx::Error::WorkerCrashed => Self::Away("its connection ended".to_owned()),
                sqlx::Error::PoolTimedOut => Self::Busy,
                other => Self::Database(other),
            };
        };
        if let Some(told) = told.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
            // the low byte is the class, the rest says more: https://sqlite.org/rescode.html
            let code = told
                .code()
                .and_then(|c| c.parse::<i32>().ok())
                .unwrap_or_default();
            return match code & 0xff {
                5 | 6 => Self::Busy,
                13 => Self::Full,
                // where a quota or the shared index runs out of room, it is told as a failed write
                10 if [IOERR_WRITE, IOERR_SHMSIZE].contains(&code) => Self::Full,
                11 | 26 => Self::Damaged {
                    detail: told.message().to_owned(),
                },
                _ => Self::Database(error),
            };
        }
        match told.code().as_deref() {
            Some("53100") => Self::Full,
            Some("55P03" | "40001" | "40P01") => Self::Busy,
            Some("XX001" | "XX002") => Self::Damaged {
                detail: told.message().to_owned(),
            },
            Some("42501" | "28000" | "28P01") => Self::Denied {
                said: told.message().to_owned(),
            },
            Some("57P01" | "57P02" | "57P03" | "08000" | "08003" | "08006" | "53300") => {
                Self::Away(told.message().to_owned())
            }
            _ => Self::Database(error),
        }
    }
}

/// `SQLITE_IOERR_WRITE`.
const IOERR_WRITE: i32 = 10 | (3 << 8);

/// `SQLITE_IOERR_SHMSIZE`.
const IOERR_SHMSIZE: i32 = 10 | (19 << 8);

impl Error {
    /// It may be over in a while without anybody doing anything: a server that starts, or cannot be reached.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Busy)
    }

    /// A "no" to one change that says nothing about the database: it comes before anything was written.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Lost | Self::NotLetIn | Self::Unknown(_))
    }

    /// The same again, for the others whose changes stood in one transaction with the one that failed.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::Busy => Self::Busy,
            Self::Damaged { detail } => Self::Damaged {
                detail: detail.clone(),
            },
            other => Self::Away(other.to_string()),
        }
    }
}
