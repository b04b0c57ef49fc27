//! What became of the one send that is never repeated by itself.

use crate::graph;

use super::Next;

/// What became of the one send.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sent {
    /// It is live, and this is its name.
    Live(graph::StoryId),
    /// It surely is not live.
    Refused(Box<Next>),
    /// Nobody knows: watch. Whether nothing else of the account may go out meanwhile, and for a while after.
    Unclear {
        /// What was heard, for people.
        said: String,
        /// The platform suspects the account.
        stop: bool,
    },
}
