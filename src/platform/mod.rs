//! What the platform is: its facts, what a file is by its first bytes, what the time is, how work is asked to stop, which
//! files may hold a secret.
//!
//! In: nothing, or the first bytes of a file. Out: numbers with source and day, a [`Content`], a [`Cancel`].
//! Never: a decision, the network, a whole file.
//!
//! The sandbox has facts of its own on purpose: a rehearsal that took its rules from what it is to test would agree
//! with every mistake.

mod cancel;
mod clock;
mod content;
mod facts;
pub mod secret;

pub use cancel::Cancel;
pub use clock::{Clock, later};
pub use content::{Content, HEAD, SIGNATURE_PNG, content_of, is_web_page, read_content, sniff};
pub use facts::{
    BUDGET_BYTES, CONTAINER_LIFE, FILM_LEAST_RATE, FILM_LEAST_SECONDS, FILM_MOST_COLUMNS,
    FILM_MOST_RATE, FILM_MOST_SECONDS, FILM_SIZES, PLATFORM_IMAGE_BYTES, PLATFORM_VIDEO_BYTES,
    QUOTA_WINDOW, STORY, STORY_LIFE, STORY_MIDDLE, STORY_SMALL, TOKEN_YOUNG,
};
