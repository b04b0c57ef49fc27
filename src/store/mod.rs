//! Durable memory: every story, its step, when it is due, and what was tried.
//!
//! In: a [`Story`]. Out: a [`Story`]. The only room that writes the database.
//! Never: a decision about what comes next, a secret.

mod story;

pub use story::{Intent, Outgoing, Place, Step, Story, StoryKey};
