//! Writes changes of single values and whole layers into the text of a template.
//!
//! In: the text, and [`Edit`]s. Out: the text after them, every byte outside the edited values as it was, comments and
//! order too. Never: a file; a text that does not read as what was asked for.

mod apply;
mod asked;
mod blocks;
mod document;
mod geometry;
mod model;
mod numbers;
mod operations;
mod shell;
mod splice;
mod surroundings;
mod values;
mod write;

pub use apply::{apply, new_errors};
pub use asked::{At, Edit, Spot};
pub use surroundings::{File, Laid, Refused, Surroundings};
