//! Fills variables, loads fonts and pictures, lays out boxes, shapes text.
//!
//! In: a `Template`, a `Row`, the project's [`Assets`](assets::Assets). Out: a [`Scene`]. All that can fail, fails here.
//! Never: painting.

mod model;
pub mod picture;
pub mod text;

pub use model::*;
