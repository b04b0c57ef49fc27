//! The private way: the app's own protocol, spoken by a pinned library in a process of its own. Off by default.
//!
//! In: a [`Session`], finished media, stickers. Out: an upload's id, a [`StoryId`](crate::graph::StoryId), lists.
//! Never: a publish that is sent twice by itself, a login that nobody asked for, a seed or a password in the process's
//! memory longer than one login.
//!
//! What it is, the risk, and how to leave it: `docs/private.md`.

mod client;
mod error;
mod form;
mod highlights;
mod keys;
mod lists;
mod process;
mod session;
mod setup;
pub mod totp;

pub use client::{Ask, Client, Options, login};
pub use error::{Cause, Error, Said};
pub use form::carried;
pub use highlights::{Change, Cover};
pub use lists::{Listed, media_url};
pub use session::Session;
pub use setup::{LIBRARY, is_ready, setup};
