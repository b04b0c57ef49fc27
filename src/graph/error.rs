//! What went wrong with a call, and what its caller may do next.

use std::fmt;
use std::time::Duration;

use super::refusal::{Call, Next, Refusal};
use super::table;

/// A call that did not do what it was asked for. Holds no secret, also where the server said one.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// Which call.
    pub call: Call,
    /// Why.
    pub cause: Cause,
}

/// Why a call failed, by how far it came.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// A base address that is neither Meta's nor on this machine; the token stays here.
    Elsewhere(String),
    /// An option or an argument that cannot be sent. Nothing was.
    BadOption(String),
    /// This login has no such thing. Nothing was sent.
    NotHere(&'static str),
    /// A local file, and what the system said.
    File(String),
    /// The call budget is used up; nothing was sent. How long it takes to come back.
    Paused(Duration),
    /// No connection: nothing was sent.
    NotSent(String),
    /// It was sent, at least in part, and no whole answer came: timeout, reset, a connection that closed.
    Lost(String),
    /// An answer that is not the platform's: HTML, a redirect, too many bytes, an id with letters.
    Strange {
        /// HTTP status.
        status: u16,
        /// What is strange about it.
        said: String,
    },
    /// The platform said no.
    Refused(Box<Refusal>),
}

impl Error {
    pub(super) fn new(call: Call, cause: Cause) -> Self {
        Self { call, cause }
    }

    /// What may be done next.
    ///
    /// For a publish every answer that does not rule out that the story went live is [`Next::Unsure`].
    pub fn next(&self) -> Next {
        match &self.cause {
            Cause::Elsewhere(_) | Cause::BadOption(_) | Cause::NotHere(_) | Cause::File(_) => {
                Next::Never
            }
            Cause::Paused(after) => Next::After(*after),
            Cause::NotSent(_) => Next::Again,
            Cause::Lost(_) | Cause::Strange { .. } => match self.call {
                Call::Publish => Next::Unsure { stop: false },
                _ => Next::Again,
            },
            Cause::Refused(refusal) => table::next(self.call, refusal),
        }
    }

    /// The platform's own words, where it was the platform that refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.call.what(), self.cause)?;
        match (self.next(), self.call) {
            // a token that is asked for has nobody to log in yet
            (Next::Login, call) if call != Call::Token => {
                f.write_str("; only a new login helps: storypress account login NAME")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere(base) => write!(
                f,
                "{base} is neither Meta's nor on this machine; a token goes there only with `allow_elsewhere = true`"
            ),
            Self::BadOption(said) | Self::File(said) => f.write_str(said),
            Self::NotHere(said) => f.write_str(said),
            Self::Paused(after) => write!(
                f,
                "the call budget is used up; {} until calls are let through again",
                minutes(*after)
            ),
            Self::NotSent(said) => write!(f, "no connection: {said}"),
            Self::Lost(said) => write!(f, "no answer came: {said}"),
            Self::Strange { status, said } => {
                write!(
                    f,
                    "an answer that is not the platform's (HTTP {status}): {said}"
                )
            }
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

fn minutes(time: Duration) -> String {
    format!("{} min", time.as_secs().div_ceil(60))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (table::meaning(self), self.subcode, &self.kind) {
            (Some(meaning), Some(subcode), _) => write!(f, "{meaning} ({}/{subcode})", self.code)?,
            (Some(meaning), None, _) => write!(f, "{meaning} ({})", self.code)?,
            (None, Some(subcode), _) => write!(f, "refused ({}/{subcode})", self.code)?,
            (None, None, Some(kind)) if self.code == 0 => write!(f, "refused ({kind})")?,
            (None, None, _) => write!(f, "refused ({})", self.code)?,
        }
        write!(f, ": {}", self.message.trim_end_matches('.'))?;
        if let Some(said) = self.user_message.as_deref().or(self.user_title.as_deref())
            && said != self.message
        {
            write!(f, " / {}", said.trim_end_matches('.'))?;
        }
        if let Some(trace) = &self.trace {
            write!(f, " [trace {trace}]")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_without_an_answer_is_unsure_and_one_without_a_connection_is_not() {
        let next = |call, cause| Error::new(call, cause).next();
        let unsure = Next::Unsure { stop: false };
        assert_eq!(next(Call::Publish, Cause::Lost("timeout".into())), unsure);
        let html = Cause::Strange {
            status: 200,
            said: "HTML".into(),
        };
        assert_eq!(next(Call::Publish, html.clone()), unsure);
        assert_eq!(
            next(Call::Publish, Cause::NotSent("refused".into())),
            Next::Again
        );
        assert_eq!(next(Call::Status, html), Next::Again);
        let minute = Duration::from_secs(60);
        assert_eq!(
            next(Call::Publish, Cause::Paused(minute)),
            Next::After(minute)
        );
    }

    #[test]
    fn a_refusal_reads_as_a_sentence() {
        let refusal = Refusal {
            status: 400,
            code: 36000,
            subcode: Some(2207004),
            message: "The image size is too large.".into(),
            user_message: Some("It should be less than 8 MiB.".into()),
            trace: Some("A6LJ".into()),
            ..Refusal::default()
        };
        assert_eq!(
            Error::new(Call::Contain, Cause::Refused(Box::new(refusal))).to_string(),
            "cannot make a container: the picture has more than 8 MiB (36000/2207004): \
             The image size is too large / It should be less than 8 MiB [trace A6LJ]"
        );
    }
}
