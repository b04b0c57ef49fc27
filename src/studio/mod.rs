//! The studio: the web pages of a project, and the same work for other programs over HTTP.
//!
//! In: [`Options`]: a project, an address. Out: a [`Running`] server on loopback. Never: a second renderer (pictures come
//! from `batch`, as deliverables do), a file outside the project, an answer to somebody who was not let in.

mod accept;
mod account_views;
mod apart;
mod api;
mod asset_files;
mod batch;
mod batch_against;
mod batch_decisions;
mod batch_file;
mod batch_zip;
mod batches;
mod changes;
mod decisions;
mod drafts;
mod embedded;
mod events;
mod guard;
mod idempotency;
mod moved;
mod numbers;
mod openapi;
mod page;
mod pages;
mod passes;
mod pictures;
mod problem;
mod qr;
mod ranges;
mod reach;
mod rest;
mod samples;
mod secret;
mod server;
mod session;
mod state;
mod store_events;
mod template_files;
mod undo;
mod views;
mod watch;
mod workspace;
mod write;

pub use secret::{new_token, token_or_new};
pub use server::{Error, Running, start};
pub use session::Caller;
pub use state::{Options, Studio};
