//! A story that one worker has for a while.

use jiff::Timestamp;

use super::Story;

/// A story that is ours to move until `until`.
///
/// The fence rises with every claim: what is saved under an older one is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// As it was when it was claimed.
    pub story: Story,
    /// When somebody else may take it over, unless it is renewed.
    pub until: Timestamp,
    pub(super) fence: i64,
    pub(super) worker: String,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It is ours.
    Mine(Box<Claimed>),
    /// Somebody else has it until then.
    Held(Timestamp),
}

/// What becomes of a claim when the story is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It stays.
    On,
    /// The story is free for the next one.
    Off,
    /// The story is free, and is looked at again at its `wake`: it has its job as soon as it is saved.
    Nap,
}
