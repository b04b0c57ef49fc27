//! Why an address brought nothing that can be used.
//!
//! In: what a server said, or did not. Out: one sentence, and what to do about it. Never: a secret.

use std::time::Duration;

use jiff::Timestamp;

use crate::data::MAX_BYTES;

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A secret that is named is not there.
    #[error("the environment variable `{0}` is not set")]
    NoSecret(String),
    /// A secret that no header can carry.
    #[error("the environment variable `{0}` holds what no header can carry")]
    BadSecret(String),
    /// An address that is no web address, such as one that a redirect names.
    #[error("`{0}` is not an http address")]
    NotHttp(String),
    /// An address of this machine or of a private network.
    #[error("{host} is {what}")]
    Private {
        /// The host as it is written, with what it resolves to.
        host: String,
        /// What the address is.
        what: &'static str,
    },
    /// No server answered.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It took longer than it may.
    #[error("no whole answer within {} s", .0.as_secs_f32())]
    Slow(Duration),
    /// Another status than the ones that bring something.
    #[error("the server answered {status}{}", .at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default())]
    Status {
        /// Of HTTP.
        status: u16,
        /// The address that answered, where it is not the one that was asked first.
        at: Option<String>,
    },
    /// The server said when it may be asked again, and it is not then yet.
    #[error("the server asked not to be asked before {0}")]
    Wait(Timestamp),
    /// More bytes than allowed.
    #[error("more than {0} bytes came")]
    TooLarge(u64),
    /// Redirects without end.
    #[error("more than {0} redirects")]
    Redirects(usize),
    /// No bytes.
    #[error("the answer is empty")]
    Empty,
    /// A web page where data is expected.
    #[error("a web page came in place of data")]
    Page,
    /// A compression that was not asked for, or that cannot be undone.
    #[error("the answer is packed as `{0}`, and cannot be unpacked")]
    Packed(String),
    /// Something that cannot be read as data.
    #[error("{0}")]
    Data(String),
    /// Pages without end.
    #[error("more than {0} pages")]
    Pages(usize),
    /// This machine's disk.
    #[error("it cannot be kept: {0}")]
    Disk(String),
}

impl Fault {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoSecret(_) => "set it in the environment that storypress runs in",
            Self::Private { .. } => "`private = true` in the source allows it",
            Self::Status {
                status: 401 | 403, ..
            } => "is the address open to all? else name its token with `token_env` or `headers`",
            Self::Status {
                status: 404 | 410, ..
            } => "is the address still right?",
            Self::TooLarge(limit) if *limit != MAX_BYTES => {
                "`max_bytes` in the source raises the limit"
            }
            Self::Page => {
                "an address that needs a login answers with its login page; open the address in a private window of your browser"
            }
            Self::Pages(_) => "narrow the question by the address itself, or split the source",
            _ => return None,
        })
    }

    /// Whether a server was asked at all.
    pub fn was_sent(&self) -> bool {
        !matches!(
            self,
            Self::NoSecret(_) | Self::BadSecret(_) | Self::Wait(_) | Self::Private { .. }
        )
    }

    /// Whether trying again could help: an outage, and not an answer about the thing itself.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Slow(_) | Self::Wait(_) | Self::Disk(_) => true,
            Self::Status { status, .. } => *status == 429 || *status == 408 || *status >= 500,
            _ => false,
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}
