//! Text of a scene: shaped, wrapped, every glyph in its place.
//!
//! In: built from what the text engine set. Out: read by `frame::paint`. Never: a string that is still to be shaped.

use super::geometry::Rect;
use super::paint::Paint;

/// Shaped text.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// Boxes behind the glyphs, painted first.
    pub highlights: Vec<Highlight>,
    /// Glyphs of one font, size and paint.
    pub runs: Vec<GlyphRun>,
    /// A line around the outside of every glyph, painted beneath all of them.
    pub stroke: Option<Stroke>,
    /// Lines under and through the words.
    pub rules: Vec<Rule>,
    /// The inked box of each line, top to bottom.
    pub lines: Vec<Rect>,
    /// Nothing shows outside it (`overflow = "clip"`).
    pub clip: Option<Rect>,
    /// What the text says after wrapping and ellipsis, for checks and tests.
    pub shown: String,
    /// Font size at which it was set, units.
    pub size: f32,
    /// Weight 600 or more; WCAG calls bold text large earlier.
    pub bold: bool,
}

/// A box behind a line or block of text.
#[derive(Debug, Clone)]
pub struct Highlight {
    /// Its box.
    pub rect: Rect,
    /// Corner radii in units: top-left, top-right, bottom-right, bottom-left; less where it joins the next line's box.
    pub radius: [f32; 4],
    /// Its paint.
    pub paint: Paint,
}

/// A line under or through a line of text.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its box.
    pub rect: Rect,
    /// Its paint.
    pub paint: Paint,
    /// It goes through the glyphs and is painted over them; otherwise it lies beneath them.
    pub over: bool,
}

/// A line around glyphs.
#[derive(Debug, Clone)]
pub struct Stroke {
    /// Units that show outside the glyph's edge.
    pub width: f32,
    /// Its paint.
    pub paint: Paint,
}

/// Glyphs of one face, size and paint.
#[derive(Debug, Clone)]
pub struct GlyphRun {
    /// The face.
    pub face: Face,
    /// Font variations in user units, `(*b"wght", 700.0)`; sorted by tag.
    pub variations: Vec<([u8; 4], f32)>,
    /// Pixels per em at one pixel a unit; the text's font size in units.
    pub size: f32,
    /// Slant that the face lacks, degrees; positive leans right.
    pub skew: f32,
    /// The face lacks this weight: thicken by this many units in all.
    pub embolden: f32,
    /// Fill of outline glyphs; colour glyphs keep their own colours and take its alpha.
    pub paint: Paint,
    /// Glyphs in visual order.
    pub glyphs: Vec<Glyph>,
}

/// One glyph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// Index in the face.
    pub id: u16,
    /// Origin on the baseline, canvas units.
    pub x: f32,
    /// Baseline, canvas units.
    pub y: f32,
}

/// A font face: file bytes and index.
#[derive(Clone)]
pub struct Face {
    /// Bytes and index, shared.
    pub data: parley::FontData,
}

impl Face {
    /// The same for every run of the same face in this process; for caches.
    pub fn key(&self) -> (u64, u32) {
        (self.data.data.id(), self.data.index)
    }

    /// The font file.
    pub fn bytes(&self) -> &[u8] {
        self.data.data.as_ref()
    }
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Face(#{}, {} bytes)",
            self.data.index,
            self.bytes().len()
        )
    }
}
