//! Fills variables, loads fonts and pictures, lays out boxes, shapes text.
//!
//! In: a `Template`, a `Row`, the project's [`Assets`]. Out: a [`Scene`]. All that can fail, fails here.
//! Never: painting.

mod assets;
mod axis;
mod clips;
mod cut_off;
mod draft;
mod emit;
mod filling;
mod fills;
mod film;
pub mod gamut;
mod layout;
pub mod light;
mod markup;
mod model;
mod moving;
pub mod picture;
mod resolve;
mod stage;
mod sticker;
pub mod text;
mod values;
pub mod zone;

pub use assets::Assets;
pub use film::Seen;
pub use model::*;
pub use resolve::resolve;
pub use values::{SET, context};
