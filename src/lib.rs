//! Storypress turns TOML templates and rows of data into finished Instagram Stories.
//!
//! A story walks one way through the rooms below; each takes one type and gives the next:
//!
//! ```text
//!  TOML ─ template ─► Template ─ scene ─► Scene ─ frame ─► Frame ─ media ─► Media ─ upload ─► MediaUrl
//!               (+ data row, brand)                                                              │
//!                                   Insights ◄─ StoryId ◄─ Container ◄──────────────────────── graph
//! ```
//!
//! The order of the `mod` lines is the import rule: a room names only rooms above it.
//! `tests/house.rs` holds it.

// The blank lines keep rustfmt from putting the rooms into the order of the alphabet.

pub mod diag;

pub mod template;

pub mod data;

pub mod scene;

pub mod frame;

pub mod media;

pub mod upload;

pub mod graph;

pub mod store;

pub mod pipeline;

pub mod project;

pub mod sandbox;

pub mod cli;
