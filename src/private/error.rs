//! What went wrong on the private way, and what may be done next.
//!
//! In: what the worker's process said, or that it said nothing. Out: a word for the staircase, a sentence for people.
//! Never: a password, a session, a whole answer.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::graph::Next;

/// A call that did not do what it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// What was asked for, as in `cannot …`.
    pub doing: &'static str,
    /// Why not.
    pub cause: Cause,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// Nothing was asked: the way is not set up, there is no session, or a file cannot be used.
    Here(String),
    /// A file that another machine may have.
    File(String),
    /// There is no login, or it has ended.
    NoLogin(String),
    /// The process ended, broke off, or was too slow. Whether the platform heard of it nobody knows.
    Lost {
        /// What was seen.
        said: String,
        /// It was a call that is made once.
        once: bool,
    },
    /// The platform, or the library, said no.
    Said(Said),
}

/// An answer, sorted by what was said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Said {
    /// `never`, `after`, `unsure`, `human`, `reupload`.
    pub next: String,
    /// How long to wait, in seconds.
    #[serde(default)]
    pub after_s: Option<u64>,
    /// `story`, `account` or `tool`.
    #[serde(default)]
    pub scope: String,
    /// HTTP status.
    #[serde(default)]
    pub status: Option<u16>,
    /// In the platform's words.
    pub said: String,
}

impl Error {
    /// Nothing was asked.
    pub fn here(doing: &'static str, said: impl Into<String>) -> Self {
        Self {
            doing,
            cause: Cause::Here(said.into()),
        }
    }

    /// There is no login.
    pub fn no_login(doing: &'static str, said: impl Into<String>) -> Self {
        Self {
            doing,
            cause: Cause::NoLogin(said.into()),
        }
    }

    /// What may be done next, in the words of the staircase.
    pub fn next(&self) -> Next {
        let said = match &self.cause {
            Cause::Here(_) | Cause::File(_) => return Next::Never,
            Cause::NoLogin(_) => return Next::Login,
            Cause::Lost { once: true, .. } => return Next::Unsure { stop: false },
            Cause::Lost { once: false, .. } => return Next::Again,
            Cause::Said(said) => said,
        };
        let after = Duration::from_secs(said.after_s.unwrap_or(5));
        match said.next.as_str() {
            "unsure" => Next::Unsure {
                stop: said.scope == "account",
            },
            "human" if said.said == "login_required" => Next::Login,
            "human" => Next::Human,
            "reupload" => Next::NewContainer { tries: 3 },
            "after" if said.scope == "account" => Next::After(after),
            "after" if said.status == Some(202) => Next::SameContainer { after, tries: 30 },
            "after" => Next::Again,
            _ => Next::Never,
        }
    }

    /// A file that cannot be read here; another machine may have it.
    pub fn is_of_a_file(&self) -> bool {
        matches!(self.cause, Cause::File(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.doing)?;
        let said = match &self.cause {
            Cause::Here(said) | Cause::File(said) | Cause::NoLogin(said) => said,
            Cause::Lost { said, .. } => said,
            Cause::Said(said) => {
                f.write_str(&said.said)?;
                return match self.next() {
                    Next::Login => {
                        f.write_str("; the login has ended: storypress account login NAME")
                    }
                    Next::Human => {
                        f.write_str("; open the app as this account and see what it asks for")
                    }
                    _ => Ok(()),
                };
            }
        };
        f.write_str(said)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(said: &str) -> Next {
        let said: Said = serde_json::from_str(said).expect("an answer");
        let cause = Cause::Said(said);
        Error {
            doing: "publish",
            cause,
        }
        .next()
    }

    #[test]
    fn what_was_said_decides_what_comes_next() {
        let unsure = r#"{"next": "unsure", "scope": "account", "said": "feedback_required"}"#;
        assert_eq!(next(unsure), Next::Unsure { stop: true });
        let ended = r#"{"next": "human", "scope": "account", "said": "login_required"}"#;
        assert_eq!(next(ended), Next::Login);
        let asked = r#"{"next": "human", "scope": "account", "said": "challenge_required"}"#;
        assert_eq!(next(asked), Next::Human);
        let busy = r#"{"next": "after", "scope": "account", "said": "…", "after_s": 3600}"#;
        assert_eq!(next(busy), Next::After(Duration::from_secs(3600)));
        let slow =
            r#"{"next": "after", "scope": "story", "said": "…", "after_s": 10, "status": 202}"#;
        let same = Next::SameContainer {
            after: Duration::from_secs(10),
            tries: 30,
        };
        assert_eq!(next(slow), same);
        assert_eq!(next(r#"{"next": "what", "said": ""}"#), Next::Never);
    }

    #[test]
    fn a_process_that_is_gone_leaves_a_publish_unsure_and_a_read_open() {
        let lost = |once| Error {
            doing: "publish",
            cause: Cause::Lost {
                said: "it ended".into(),
                once,
            },
        };
        assert_eq!(lost(true).next(), Next::Unsure { stop: false });
        assert_eq!(lost(false).next(), Next::Again);
    }
}
