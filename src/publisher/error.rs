//! Why something cannot be published, opened or decided.

use crate::project::TimeError;
use crate::{graph, private, store, upload};

/// What ends a call as a whole; what became of one story is in the story.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be done as it was asked for: a sentence for people.
    #[error("{0}")]
    Refused(String),
    /// Nobody can tell whether it was done: a sentence for people.
    #[error("{0}")]
    Unclear(String),
    /// Something that was needed first failed.
    #[error("{doing}")]
    Failed {
        /// What was tried, as a sentence: `cannot start a sandbox`.
        doing: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The platform's answer, or a token that cannot be used.
    #[error(transparent)]
    Graph(#[from] graph::Error),
    /// The private way.
    #[error(transparent)]
    Private(#[from] private::Error),
    /// The store for uploads.
    #[error(transparent)]
    Upload(#[from] upload::Error),
    /// The memory.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A time that cannot be had.
    #[error(transparent)]
    Time(#[from] TimeError),
}

impl Error {
    pub(super) fn refused(said: impl Into<String>) -> Self {
        Self::Refused(said.into())
    }
}

/// Says what was tried when it failed.
pub(super) trait Doing<T> {
    fn doing(self, doing: impl Into<String>) -> Result<T, Error>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Doing<T> for Result<T, E> {
    fn doing(self, doing: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Failed {
            doing: doing.into(),
            source: source.into(),
        })
    }
}
