//! What an edit has around it, and how it may end.
//!
//! In: nothing. Out: the file that a text stands for, what the layout tells, why an edit is refused. Never: the edit.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::template::{AllowedPaths, Origin, Table, Template};

/// The file that a text stands for.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Where it is, or would be.
    pub path: &'a Path,
    /// How messages call it.
    pub shown: &'a Path,
    /// Which files may be read for it.
    pub allowed: &'a AllowedPaths,
}

/// Where a layer's box is, in canvas units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Laid {
    /// Left edge from the parent's, inside its padding.
    pub left: f64,
    /// Top edge from the parent's.
    pub top: f64,
    /// Width of the box.
    pub width: f64,
    /// Height of the box.
    pub height: f64,
    /// Width of the parent, without padding.
    pub parent_width: f64,
    /// Height of the parent, without padding.
    pub parent_height: f64,
    /// The middle of the box on the canvas, all turned groups around it included.
    pub middle: (f64, f64),
    /// Degrees by which the groups around it are turned.
    pub turned: f64,
}

/// What an edit asks of the layout and the brand.
pub trait Surroundings {
    /// Where the layer at a path is; none where nothing tells its size.
    fn laid(&self, template: &Template, path: &str) -> Option<Laid>;
    /// A text style of the brand.
    fn style(&self, name: &str) -> Option<&Table>;
}

/// Why no text came out of an edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// The value does not stand in this text as itself: with `override`, it is written here.
    Elsewhere {
        /// The layer, as the edit calls it.
        layer: String,
        /// The key, or the operation.
        key: String,
        /// Where the value stands.
        origin: Box<Origin>,
    },
    /// The edit makes no sense, or would break the template; each diagnostic says why.
    Invalid(Vec<Diagnostic>),
}
