//! What a fault changes in the way a call takes effect.

use super::fault::{Do, Fault};

/// The newest version there is.
pub const NEWEST: u32 = 26;

/// What a fault changes in the way a call takes effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect {
    /// A published container still says FINISHED for so many milliseconds.
    pub stale_ms: Option<u64>,
    /// A story is not listed for so many milliseconds.
    pub hidden_ms: Option<u64>,
    /// A new container never ends.
    pub is_stuck: bool,
    /// A new container fails with this subcode.
    pub fails: Option<u32>,
    /// An upload keeps only so many bytes.
    pub keeps: Option<u64>,
}

impl Effect {
    /// What a fault asks for.
    pub fn of(fault: &Fault) -> Self {
        Self {
            stale_ms: fault.stale_ms(),
            hidden_ms: fault.hidden_ms,
            is_stuck: fault.act == Do::Stuck,
            fails: (fault.act == Do::Fails).then(|| fault.subcode.unwrap_or(2_207_026)),
            keeps: matches!(fault.act, Do::Partial | Do::PartialDrop)
                .then(|| fault.bytes.unwrap_or(1000)),
        }
    }
}
