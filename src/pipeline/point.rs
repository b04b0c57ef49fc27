//! The numbered points of the staircase, where a rehearsal can pull the plug.

/// A moment between two things that a crash can part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Point {
    /// The batch is in the store; nothing was done.
    Added = 1,
    /// A story is claimed.
    Claimed = 2,
    /// The file is uploaded; the store does not know.
    Put = 3,
    /// The store knows the address.
    Uploaded = 4,
    /// The container is made; the store does not know.
    Made = 5,
    /// The store knows the container.
    Contained = 6,
    /// The container is ready, it is the story's turn; no intent is written.
    Ready = 7,
    /// The intent is written; nothing was sent.
    Intended = 8,
    /// The platform answered; the store does not know.
    Answered = 9,
    /// The store knows that the story is live.
    Published = 10,
    /// The outcome is unclear, and was about to be asked for.
    Watching = 11,
    /// The outcome was found by asking; the store does not know.
    Settled = 12,
    /// The package for a person is written; the store does not know.
    Packed = 13,
    /// The store knows that a person has it.
    Handed = 14,
}

impl Point {
    /// All of them, in the order in which a story meets them.
    pub const ALL: [Self; 14] = [
        Self::Added,
        Self::Claimed,
        Self::Put,
        Self::Uploaded,
        Self::Made,
        Self::Contained,
        Self::Ready,
        Self::Intended,
        Self::Answered,
        Self::Published,
        Self::Watching,
        Self::Settled,
        Self::Packed,
        Self::Handed,
    ];

    /// From 1.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// As a rehearsal names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Claimed => "claimed",
            Self::Put => "put",
            Self::Uploaded => "uploaded",
            Self::Made => "made",
            Self::Contained => "contained",
            Self::Ready => "ready",
            Self::Intended => "intended",
            Self::Answered => "answered",
            Self::Published => "published",
            Self::Watching => "watching",
            Self::Settled => "settled",
            Self::Packed => "packed",
            Self::Handed => "handed",
        }
    }
}
