//! Why the platform would not fetch an upload, and what to do about it.

use std::fmt;
use std::path::PathBuf;

/// The platform would not get the file from its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the platform would not get `{address}`: {why}")]
pub struct Refusal {
    /// What was fetched, without a signature.
    pub address: String,
    /// What stands in the way.
    pub why: Why,
}

/// What stands between the platform and a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The host is one of a private network.
    Private {
        /// Which.
        host: String,
    },
    /// `robots.txt` keeps the crawler out.
    Robots {
        /// Where it is.
        address: String,
        /// Which line of it, from 1.
        line: usize,
        /// The line.
        rule: String,
    },
    /// `robots.txt` cannot be read, which counts as a no to everything.
    RobotsUnread {
        /// Where it is.
        address: String,
        /// What was seen.
        why: String,
    },
    /// There is no answer.
    Unreachable {
        /// What was seen.
        why: String,
    },
    /// 401 or 403.
    Denied {
        /// Which of the two.
        status: u16,
        /// The address carries a signature.
        is_signed: bool,
    },
    /// 404 or 410.
    Missing {
        /// Which of the two.
        status: u16,
        /// The address carries a signature.
        is_signed: bool,
    },
    /// An answer that leads elsewhere.
    Redirect {
        /// Its status.
        status: u16,
        /// Where to, without what might be secret.
        to: String,
    },
    /// The server cannot just now: 423, 425, 429, 5xx.
    Busy {
        /// Its status.
        status: u16,
    },
    /// Another status that brings no file.
    Status {
        /// Which.
        status: u16,
    },
    /// A web page instead of the file.
    Page,
    /// Another `Content-Type`.
    WrongType {
        /// What it is; `None` when it is not said.
        found: Option<String>,
        /// What it should be.
        wanted: &'static str,
    },
    /// Another length.
    WrongLength {
        /// What it is; `None` when it is not said.
        found: Option<u64>,
        /// What it should be.
        wanted: u64,
    },
    /// Other bytes at the beginning.
    OtherBytes,
    /// A film comes whole where a part was asked for.
    NoRange,
    /// The file itself cannot be read, so that nothing can be held against it.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl Refusal {
    /// The file itself is not here: nothing was asked.
    pub fn is_of_the_file(&self) -> bool {
        matches!(self.why, Why::File { .. })
    }

    /// It stays so until somebody changes something; else it may pass by itself.
    ///
    /// A missing file may pass: what is put into a folder or behind a cache is sometimes seen a little later.
    pub fn is_lasting(&self) -> bool {
        !matches!(
            self.why,
            Why::Unreachable { .. }
                | Why::RobotsUnread { .. }
                | Why::Busy { .. }
                | Why::Missing { .. }
        )
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private { host } => write!(
                f,
                "`{host}` is of a private network; it needs an address that the whole internet can reach"
            ),
            Self::Robots {
                address,
                line,
                rule,
            } => write!(
                f,
                "line {line} of `{address}`, `{rule}`, keeps its crawler out; allow `facebookexternalhit` there, \
                 or serve the files from another host"
            ),
            Self::RobotsUnread { address, why } => write!(
                f,
                "`{address}` cannot be read ({why}), which counts as a no; let it answer, with 404 if there is none"
            ),
            Self::Unreachable { why } => write!(
                f,
                "no answer ({why}); see whether the server runs and the address is right"
            ),
            Self::Denied {
                status,
                is_signed: true,
            } => write!(
                f,
                "{status}: the signature is not accepted; the key may write but not read, or has ended"
            ),
            Self::Denied {
                status,
                is_signed: false,
            } => write!(
                f,
                "{status}: not everybody may read it; make it public and let `facebookexternalhit` through, \
                 or leave `public_url` out for signed addresses"
            ),
            Self::Missing {
                status,
                is_signed: true,
            } => write!(f, "{status}: the store does not have it any more"),
            Self::Missing {
                status,
                is_signed: false,
            } => write!(
                f,
                "{status}: nothing is there; `public_url` has to lead to where `to` puts the files"
            ),
            Self::Redirect { status, to } => write!(
                f,
                "{status}, a redirect to `{to}`, and it follows none; name the address at the end in `public_url`, \
                 or take the sign-in away"
            ),
            Self::Busy { status } => write!(f, "{status}: the server is busy or not ready yet"),
            Self::Status { status } => write!(f, "the server answers {status}"),
            Self::Page => f.write_str(
                "a web page comes instead of the file; a sign-in, an error or a bot check is in front of it",
            ),
            Self::WrongType { found, wanted } => {
                match found {
                    Some(found) => write!(f, "its `Content-Type` is `{found}`")?,
                    None => f.write_str("it has no `Content-Type`")?,
                }
                write!(f, ", not `{wanted}`; set it at the server or store")
            }
            Self::WrongLength { found, wanted } => {
                match found {
                    Some(found) => write!(f, "it is {found} bytes long there")?,
                    None => f.write_str("the server does not say how long it is")?,
                }
                write!(f, ", and {wanted} here; check what is in between, such as a proxy or an image service")
            }
            Self::OtherBytes => f.write_str(
                "other bytes are there than here; see to what changes them, such as an image service or a cache",
            ),
            Self::NoRange => f.write_str(
                "the whole film comes where a part was asked for, and it reads films in parts; \
                 let the server answer `Range` with 206",
            ),
            Self::File { path, why } => {
                write!(f, "`{}` cannot be read to compare ({why})", path.display())
            }
        }
    }
}
