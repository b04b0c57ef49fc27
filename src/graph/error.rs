//! What went wrong with a call, and what its caller may do next.

use std::fmt;
use std::time::Duration;

use super::table;

/// The calls of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Making the client itself; nothing is sent.
    Setup,
    /// Who the token belongs to.
    Me,
    /// Make a container.
    Contain,
    /// Send a film's bytes.
    SendBytes,
    /// How far a container is.
    Status,
    /// Make a container's story live: the one call that is never repeated by itself.
    Publish,
    /// How many stories may go out today.
    Quota,
    /// Which stories are live.
    Stories,
    /// One story's facts.
    Story,
    /// Take a story down.
    Delete,
    /// A story's numbers.
    Insights,
    /// What the token may do.
    Permissions,
    /// Get, exchange or refresh a token.
    Token,
}

impl Call {
    /// Asks only; nothing changes by it.
    pub fn is_read(self) -> bool {
        !matches!(
            self,
            Self::Contain | Self::SendBytes | Self::Publish | Self::Delete | Self::Token
        )
    }

    fn what(self) -> &'static str {
        match self {
            Self::Setup => "set up the client",
            Self::Me => "ask who the token belongs to",
            Self::Contain => "make a container",
            Self::SendBytes => "send the film",
            Self::Status => "ask how far the container is",
            Self::Publish => "publish",
            Self::Quota => "ask for the quota",
            Self::Stories => "list the live stories",
            Self::Story => "read the story",
            Self::Delete => "delete the story",
            Self::Insights => "read the insights",
            Self::Permissions => "ask what the token may do",
            Self::Token => "get a token",
        }
    }
}

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

/// An error as the platform words it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; unreliable, kept for people.
    pub status: u16,
    /// `code`, which may be negative; 0 where there was none.
    pub code: i64,
    /// `error_subcode`, which decides before the code.
    pub subcode: Option<i64>,
    /// `type`; tells something at the upload host only.
    pub kind: Option<String>,
    /// `message`, for developers.
    pub message: String,
    /// `error_user_title`, in the request's language.
    pub user_title: Option<String>,
    /// `error_user_msg`, in the request's language.
    pub user_message: Option<String>,
    /// `fbtrace_id`: what Meta's support asks for.
    pub trace: Option<String>,
    /// `is_transient`; often wrong.
    pub is_transient: Option<bool>,
    /// How long until calls are let through again, as the headers told.
    pub regain: Option<Duration>,
}

/// What the caller may do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The same would fail again: the input is wrong.
    Never,
    /// A new container from the same medium, so many more times at most.
    NewContainer {
        /// How often.
        tries: u32,
    },
    /// The same container again.
    SameContainer {
        /// First wait so long.
        after: Duration,
        /// How often, before a new container is made.
        tries: u32,
    },
    /// Nothing was done, and nothing will be for so long: a limit, or a cool-down.
    After(Duration),
    /// The account's stories of the day are used up: wait until the quota shows room.
    Quota,
    /// The token is no good, or not good for this: only a new login helps.
    Login,
    /// Stop everything of this account until a person has looked.
    Human,
    /// After a publish: it may be live. Ask the container; never send again by itself.
    Unsure {
        /// And let nothing else of this account out before a person has looked.
        stop: bool,
    },
    /// It passes: nothing happened, the same call may be made again after a short wait.
    Again,
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
        write!(f, "cannot {}: {}", self.call.what(), self.cause)
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
