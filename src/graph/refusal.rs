//! The calls, what the platform says when it refuses one, and what the caller may do then.

use std::time::Duration;

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

    pub(super) fn what(self) -> &'static str {
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
