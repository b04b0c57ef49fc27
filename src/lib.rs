//! Storypress turns TOML templates and rows of data into finished Instagram Stories.
//!
//! A story walks one way through the rooms below; each takes one type and gives the next:
//!
//! ```text
//!  rows ─┐
//!  TOML ─┴ template ─► Template ─ scene ─► Scene ─ frame ─► Frame ─ media ─► Media ─ upload ─► MediaUrl
//!             (+ brand)                                                                            │
//!                                         Insights ◄─ StoryId ◄─ Container ◄──────────────────── graph
//! ```
//!
//! Two rooms take the whole way at once, and are what most programs need: [`batch`] makes the files of a selection of
//! templates and rows, [`publisher`] sends them. The command line is one such program:
//!
//! ```
//! use storypress::batch::{self, Order, Outcome, Selection};
//! use storypress::project;
//!
//! # let folder = tempfile::tempdir()?;
//! # let template = folder.path().join("sale.toml");
//! # std::fs::write(&template, "[output]\nsize = [270, 480]\n[canvas]\nbackground = '#102030'")?;
//! # let out = folder.path().join("out");
//! let project = project::of(None, &template).expect("a project without a fault");
//! let plan = batch::plan(&Selection::of(&template), project)?;
//! batch::render(&Order::new(&plan, &out), &|_place, outcome: Outcome| {
//!     for media in outcome.media {
//!         println!("{} {}", media.path.display(), media.sha256);
//!     }
//! })?;
//! assert!(out.join("sale.jpg").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The order of the `mod` lines is the import rule: a room names only rooms above it, and within a room no two files
//! need each other. `tests/house.rs` holds both.

// The blank lines keep rustfmt from putting the rooms into the order of the alphabet.

pub mod diag;

pub mod platform;

pub mod template;

pub mod data;

pub mod calendar;

pub mod scene;

pub mod frame;

pub mod media;

pub mod handoff;

pub mod source;

pub mod upload;

pub mod graph;

pub mod private;

pub mod store;

pub mod notify;

pub mod pipeline;

pub mod project;

pub mod batch;

pub mod sandbox;

pub mod publisher;

pub mod studio;

pub mod cli;
