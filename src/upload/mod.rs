//! Puts a finished file where the platform can fetch it.
//!
//! In: a [`Media`](crate::media::Media). Out: a [`MediaUrl`], fetched once as the platform's crawler would.
//! Never: a second upload of bytes that are there, a secret in a file or a message of ours.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// An uploaded file's address.
///
/// Public https, or http on loopback; the content hash is in the name; alive longer than a container needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaUrl {
    /// What the platform fetches. A signed address carries a signature: not to be shown whole.
    pub url: Url,
    /// The object's name in the store, for sweeping.
    pub object: String,
    /// When a signed address stops working; `None` for a public one.
    pub expires: Option<Timestamp>,
}
