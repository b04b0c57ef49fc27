//! Data that lives elsewhere: a source is asked, and its last good copy stays.
//!
//! In: `[source.NAME]`, a time. Out: a [`struct@Copy`], a file under `.storypress/sources` in place of the source, and its rows
//! with pictures that are files. Never: a private address that nobody allowed, a secret to a second origin, a bad answer
//! in place of a good copy.
//!
//! [`Sources::fetch`] asks if it is time, [`Sources::copy`] tells what is known without the network.

#![allow(
    clippy::result_large_err,
    reason = "a diagnostic is made once per bad row, and stands in its row's place"
)]

mod address;
mod ask;
mod changes;
mod columns;
mod copy;
mod fault;
mod folder;
mod format;
mod net;
mod options;
mod pauses;
mod pick;
mod pictures;
mod record;
mod session;
mod sources;
mod unpack;

pub use changes::{Cell, Changed, Changes, Named};
pub use columns::{needed, pictures as picture_columns};
pub use copy::{Asked, Copy};
pub use fault::Fault;
pub use format::Format;
pub use net::{Resolver, Resolving, Times};
pub use options::{Environment, Given, Header, Next, Options, shown};
pub use sources::{Sources, UnknownSource, When};

/// How `--data` and `data` name a source: `source:menu`.
pub const SCHEME: &str = "source:";

/// The name of the source that a `--data` means, if it means one.
pub fn named(data: &std::path::Path) -> Option<&str> {
    data.to_str()?.strip_prefix(SCHEME)
}

#[cfg(test)]
mod tests;
