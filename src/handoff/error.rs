//! Why a package could not be made.

use std::io;
use std::path::{Path, PathBuf};

use crate::media;

/// Why a package could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The picture of the boxes could not be made.
    #[error("cannot sketch where the stickers go: {0}")]
    Boxes(#[from] media::Error),
    /// The finished file cannot be shown.
    #[error("cannot read `{}`: {why}", path.display())]
    Unreadable {
        /// The finished file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// An error of the system, with what was tried.
    pub(super) fn of(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
