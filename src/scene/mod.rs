//! Fills variables, loads fonts and pictures, lays out boxes, shapes text.
//!
//! In: a `Template`, a `Row`, the project's [`Assets`]. Out: a [`Scene`]. All that can fail, fails here.
//! Never: painting.

mod assets;
mod axis;
mod beside;
mod boxes;
mod clips;
mod cut_off;
mod draft;
mod edits;
mod emit;
mod emit_text;
mod filling;
mod fills;
mod film;
pub mod gamut;
mod geometry;
mod glyphs;
mod identity;
mod layout;
mod markup;
mod model;
mod moving;
mod paint;
pub mod picture;
mod resolve;
mod stage;
mod sticker;
mod tappable;
pub mod text;
pub mod transfer;
mod values;
pub mod zone;

pub use assets::Assets;
pub use boxes::{LayerBox, LineBox, Placing, Variable, Written};
pub use edits::{Edited, edit};
pub use film::Seen;
pub use geometry::{Point, Rect};
pub use glyphs::{Face, Glyph, GlyphRun, Highlight, Rule, Stroke, Text};
pub use identity::Identity;
pub use model::*;
pub use paint::{Color, Paint, Pixels, Stop};
pub use resolve::{Inspected, files, inspect, inspect_scaled, resolve};
pub use sticker::{Audience, Extras, Sticker, StickerKind};
pub use values::{SET, context};
