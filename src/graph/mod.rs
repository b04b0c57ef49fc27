//! The Instagram Graph API: wire types, tokens, limits, and errors sorted by what to do next.
//!
//! In: a [`MediaUrl`](crate::upload::MediaUrl). Out: a [`Container`], a [`StoryId`], [`Insights`].
//! Never: a request sent twice by itself, a token in an address, a log or a message.

mod bearer;
mod client;
mod error;
mod ids;
mod insights;
mod limits;
pub mod oauth;
mod options;
mod read;
mod redact;
pub mod redirect;
mod refusal;
mod resumable;
mod table;
pub mod tokens;
mod wire;

#[cfg(test)]
mod listener;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::platform::{CONTAINER_LIFE, later};

pub use bearer::PageAccount;
pub use client::{Client, NewContainer, Source};
pub use error::{Cause, Error};
pub use ids::{ContainerId, NotAnId, StoryId, UserId};
pub use options::{Hosts, Options, VERSION};
pub use read::{Me, Permission, Phases, Quota, Status, StatusCode, StoryFacts};
pub use refusal::{Call, Next, Refusal};

/// Which login an account's token comes from: the two have different hosts and rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Login {
    /// Instagram Login, `graph.instagram.com`.
    Instagram,
    /// Facebook Login for Business, `graph.facebook.com`.
    Facebook,
    /// None of the Graph API: the app's own protocol, see [`crate::private`].
    Private,
    /// None at all: a person posts every story in the app.
    ByHand,
}

impl Login {
    /// `instagram`, `facebook`, `private` or `by-hand`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
            Self::Private => "private",
            Self::ByHand => "by-hand",
        }
    }
}

/// Somebody who is mentioned in a story: goes out as `user_tags`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserTag {
    /// Without the `@`; a public account.
    pub username: String,
    /// From the left, a part of the width, 0–1.
    pub x: f32,
    /// From the top, a part of the height, 0–1.
    pub y: f32,
}

/// A container that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub id: ContainerId,
    /// Where the bytes go, for a resumable upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// When it was made.
    pub made: Timestamp,
}

impl Container {
    /// A container that is not published within 24 h is lost.
    pub fn ends(&self) -> Timestamp {
        later(self.made, CONTAINER_LIFE)
    }
}

/// The numbers of a story, and when they were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insights {
    /// When they were asked for.
    pub taken: Timestamp,
    /// By name: `views`, `reach`, `replies`, `navigation`, and a breakdown's parts as `navigation.tap_forward`.
    /// What the platform left out is not there: missing is not 0.
    pub numbers: BTreeMap<String, i64>,
}
