//! Why a notice did not arrive.

use std::time::Duration;

/// Why a notice did not arrive; nothing in it is a secret, or a whole address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is tried again, not before the pause that the receiver has asked for.
    Later {
        /// For people.
        why: String,
        /// What the receiver asked for.
        pause: Option<Duration>,
    },
    /// The receiver wants nothing any more.
    Gone(String),
}

impl Failure {
    /// It is tried again when its turn comes.
    pub(super) fn later(why: impl Into<String>) -> Self {
        let why = why.into();
        Self::Later { why, pause: None }
    }
}

/// The reasons of an error on one line, the innermost last, without what the line before says already.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(why) = source {
        let more = why.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        source = why.source();
    }
    said.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect()
}
