//! Text as a browser would set it: shaping, bidi, UAX #14 wrapping, font fallback, fit.
//!
//! In: [`Span`]s, a [`Style`], the [`Room`] there is. Out: a [`Set`] text: positioned glyphs and line boxes, with
//! the box's left-top corner as origin. Never: colours (a glyph run carries its span's number), painting.

mod case;
mod fallback;
mod fit;
mod fonts;
mod hyphen;
mod place;
mod set;
mod shape;
#[cfg(test)]
mod tests;
mod words;

use crate::scene::{Face, Glyph, Rect};

pub use fonts::{BrandFont, EMOJI_FAMILY, TEXT_FAMILY, UnreadableFont};
pub use hyphen::is_known as hyphenates;
pub use set::Typesetter;
pub(super) use shape::SLACK;

/// A stretch of text in one look.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// 1–1000, where it differs from the style's.
    pub weight: Option<f32>,
    /// Where it differs from the style's.
    pub italic: Option<bool>,
}

/// How text is set. Lengths are canvas units.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Family names to try, first one first; the bundled faces and then the system's follow by themselves.
    pub families: Vec<String>,
    /// 1–1000.
    pub weight: f32,
    /// Slanted.
    pub italic: bool,
    /// Font size.
    pub size: f32,
    /// The least size `Overflow::Shrink` goes down to.
    pub min_size: f32,
    /// The most lines there may be.
    pub max_lines: Option<usize>,
    /// What happens to text that does not fit.
    pub overflow: Overflow,
    /// Multiple of the font size; `None` is what the first face says (CSS `normal`).
    pub line_height: Option<f32>,
    /// Added to each character, in parts of the font size (em).
    pub letter_spacing: f32,
    /// Across the box.
    pub align: Align,
    /// Base direction; `Auto` takes the first strong character's, a paragraph at a time.
    pub direction: Direction,
    /// BCP 47; chooses regional forms and casing.
    pub lang: Option<String>,
    /// Applied before shaping, by the rules of `lang`.
    pub transform: Transform,
    /// Words may break by the rules of `lang`; otherwise only at soft hyphens.
    pub hyphenate: bool,
    /// Lines about equally long, without one more.
    pub balance: bool,
    /// Chinese, Japanese and Korean break at spaces and punctuation only.
    pub keep_all: bool,
    /// A word that is wider than the room stands over; otherwise it is broken.
    pub keep_words: bool,
    /// OpenType features and their values.
    pub features: Vec<([u8; 4], u16)>,
    /// A line under or through every line.
    pub decoration: Decoration,
}

/// A line along the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words of the template language")]
pub enum Decoration {
    #[default]
    None,
    Underline,
    LineThrough,
}

/// What happens to text that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words of the template language")]
pub enum Overflow {
    #[default]
    Shrink,
    Ellipsis,
    Clip,
    Error,
}

/// Across the box; start and end follow the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words of the template language")]
pub enum Align {
    #[default]
    Start,
    Center,
    End,
    Left,
    Right,
}

/// Base direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words of the template language")]
pub enum Direction {
    #[default]
    Auto,
    Ltr,
    Rtl,
}

/// Letter case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words of CSS")]
pub enum Transform {
    #[default]
    None,
    Uppercase,
    Lowercase,
    Capitalize,
}

/// The space there is, in canvas units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Lines break here.
    pub width: f32,
    /// The box is as wide as `width` (lines are aligned in it) rather than as its longest line.
    pub fill_width: bool,
    /// Text taller than this does not fit.
    pub height: Option<f32>,
}

/// Text that was set. Origin: the box's left-top corner, y down, canvas units.
#[derive(Debug, Clone, Default)]
pub struct Set {
    /// Width of the box: the room's with `fill_width`, else the longest line's.
    pub width: f32,
    /// Lines × line height.
    pub height: f32,
    /// Glyphs in visual order, a run per face, size and span.
    pub runs: Vec<Run>,
    /// Each line's box: as wide as its ink-carrying advance, as tall as the line height.
    pub lines: Vec<Rect>,
    /// The decoration of each line that has words, as thick as its face says.
    pub rules: Vec<Rect>,
    /// The first line's baseline, from the box's top.
    pub baseline: f32,
    /// What is shown, after case, wrapping (`\n`) and ellipsis.
    pub shown: String,
    /// Font size it was set at.
    pub size: f32,
    /// Whether it fits.
    pub fit: Fit,
    /// Characters that no font has, each once, in order of appearance.
    pub missing: Vec<char>,
    /// Families that were asked for and are nowhere.
    pub missing_families: Vec<String>,
}

/// Glyphs of one face and span.
#[derive(Debug, Clone)]
pub struct Run {
    /// Index of the span it came from.
    pub span: usize,
    /// The face.
    pub face: Face,
    /// Font variations in user units, sorted by tag; axes at the face's default are left out.
    pub variations: Vec<([u8; 4], f32)>,
    /// Slant that the face lacks, degrees.
    pub skew: f32,
    /// Weight that the face lacks: thicken by this many units.
    pub embolden: f32,
    /// In visual order.
    pub glyphs: Vec<Glyph>,
}

/// Whether text fits its room.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Fit {
    /// At the size that was asked for.
    #[default]
    Whole,
    /// At a smaller size, which is at least `min_size`.
    Shrunk,
    /// All of it at the least size, but a word had to be broken in its middle.
    Broken,
    /// Not even at `min_size`, or not without leaving some out.
    Cut,
}
