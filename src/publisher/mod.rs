//! What it takes to publish, opened for a project; and what people decide about stories.
//!
//! In: a [`Project`](crate::project::Project) and a [`Target`]. Out: a [`Publisher`] with accounts, upload, memory and
//! staircase, and what became of each story. Never: a command line, a step of a story that `pipeline` does not take.
//!
//! With a sandbox everything stays on this machine: the platform is a sandbox, and files go to a folder that is served on
//! loopback, whatever `[upload]` says.

pub mod accounts;
mod decide;
mod error;
mod forecast;
mod insights;
mod kill_point;
mod memory;
mod notices;
mod open;
mod publish;
mod renewal;
mod stores;
mod sweep;
mod targets;

pub use decide::{cancel, may_retry, move_to, one, resolve, unknown};
pub use error::Error;
pub use forecast::Forecast;
pub use insights::{ByTemplate, by_template, numbers};
pub use memory::{backup, restore};
pub use open::{Publisher, Target, Where, shown};
pub use publish::{Published, Rehearsed, Standing, ToPublish, Wish};
pub use stores::{existing_store, open_store};
pub use targets::tell;
