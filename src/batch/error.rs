//! What ends a batch as a whole; what is wrong with one story is in its [`Outcome`](super::Outcome).

use std::io;
use std::path::PathBuf;

use crate::media;
use crate::project::TimeError;

/// Why there is no batch.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder of templates cannot be read.
    #[error("cannot read {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A value was given to a variable that no template has.
    #[error("no template has a variable `{key}`{}", .hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    UnknownVariable {
        /// The variable.
        key: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// No story's name fits.
    #[error("no story is named `{0}`")]
    NoStory(String),
    /// The time that was given cannot be read.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The folder of the finished files, or the ledger in it, cannot be written.
    #[error(transparent)]
    Out(#[from] io::Error),
    /// The system gives no threads.
    #[error(transparent)]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The contact sheet would be written over a file that a story reads.
    #[error("`{}` would be written over: a template reads it", .0.display())]
    SheetIsRead(PathBuf),
    /// The contact sheet cannot be written.
    #[error(transparent)]
    Sheet(media::Error),
}
