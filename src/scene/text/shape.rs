//! Shaping and line breaking, by parley.
//!
//! In: [`Words`], a style, a size. Out: [`Shaped`]: a layout a paragraph, which can be broken at any width and
//! holds at any size at which the faces look the same. Never: deciding what fits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use ab_glyph::{Font, FontRef};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use parley::fontique::Language;
use parley::setting::{FontVariation, Tag};
use parley::{
    BaseDirection, BreakReason, FontContext, FontData, FontFamily, FontStyle, FontVariations,
    FontWeight, Layout, LayoutContext, Line, LineHeight, OverflowWrap, TextStyle,
};

use super::fonts::Stack;
use super::place::Axes;
use super::words::{Kind, Words};
use super::{Direction, Span, Style};

/// What a thread needs to shape.
pub(super) struct Bench {
    pub layouts: LayoutContext<Mark>,
    pub fonts: FontContext,
    pub axes: Axes,
}

/// What each glyph knows of where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Mark {
    pub span: usize,
    /// Letter spacing stands to its right.
    pub spaced: bool,
    pub emoji: bool,
}

/// How to shape.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub spans: &'a [Span],
    pub style: &'a Style,
    pub stack: &'a Stack,
}

/// A text shaped at one size.
pub(super) struct Shaped {
    pub paragraphs: Vec<Paragraph>,
    pub size: f32,
    /// Of the first family asked, at `size`.
    pub ascent: f32,
    /// Of the first family asked, at `size`; positive.
    pub descent: f32,
    /// Added after each letter, at `size`.
    spacing: f32,
    any_joined: bool,
}

/// What stands between two `\n`.
pub(super) struct Paragraph {
    /// Of the whole text.
    pub range: Range<usize>,
    /// Empty without lines: one blank line.
    pub layout: Layout<Mark>,
}

/// What lines come to at one size and width.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Measure {
    pub lines: usize,
    pub widest: f32,
    /// A word was broken where no break belongs.
    pub broken: bool,
}

/// Widths that went through sums and products still count as equal within this.
pub(super) const SLACK: f32 = 1.0 / 32.0;

impl Shaped {
    /// Shapes `words` at `size`.
    pub fn new(bench: &mut Bench, words: &Words, look: Look<'_>, size: f32) -> Self {
        let mut shaped = Self {
            paragraphs: Vec::new(),
            size,
            ascent: size,
            descent: 0.0,
            spacing: look.style.letter_spacing * size,
            any_joined: words.any_joined(),
        };
        let mut start = 0;
        for line in words.text.split('\n') {
            let kept = line.trim_end().len();
            let range = start..start + kept;
            start += line.len() + 1;
            let layout = if kept == 0 {
                Layout::new()
            } else {
                paragraph(bench, words, &range, look, size)
            };
            if let Some(metrics) = layout.root_span_metrics() {
                (shaped.ascent, shaped.descent) = (metrics.ascent, metrics.descent);
            }
            shaped.paragraphs.push(Paragraph { range, layout });
        }
        if words.text.is_empty() {
            shaped.paragraphs.clear();
        }
        shaped
    }

    /// Breaks lines as for `size` in `width`, and measures them.
    pub fn break_at(&mut self, size: f32, width: f32) -> Measure {
        // The space after a line's last letter is no part of it, so that much more fits. Joined letters have none:
        // where they are about, lines may end either way, and the bold guess is taken back if it was wrong.
        if !self.any_joined {
            return self.break_with(size, width, self.spacing);
        }
        let measure = self.break_with(size, width, self.spacing.max(0.0));
        if measure.widest <= width + SLACK || self.spacing == 0.0 {
            return measure;
        }
        self.break_with(size, width, self.spacing.min(0.0))
    }

    /// Breaks lines that may be longer than `width` by `spare`, which is of the size of shaping.
    fn break_with(&mut self, size: f32, width: f32, spare: f32) -> Measure {
        let scale = size / self.size;
        let advance = (width + SLACK) / scale + spare;
        let advance = width.is_finite().then_some(advance.max(0.0));
        let mut measure = Measure::default();
        for at in 0..self.paragraphs.len() {
            let paragraph = &mut self.paragraphs[at];
            if paragraph.range.is_empty() {
                measure.lines += 1;
                continue;
            }
            paragraph.layout.break_all_lines(advance);
            measure.lines += paragraph.layout.len();
            let layout = &self.paragraphs[at].layout;
            for line in layout.lines() {
                let (_, width) = self.extent(&line, layout.is_rtl());
                measure.widest = measure.widest.max(width * scale);
                measure.broken |= line.break_reason() == BreakReason::Emergency;
            }
        }
        measure
    }

    /// Characters for which the lines show nothing, each once, in order.
    pub fn missing(&self, words: &Words) -> Vec<char> {
        let mut missing = Vec::new();
        for paragraph in &self.paragraphs {
            let text = &words.text[paragraph.range.clone()];
            for run in paragraph.layout.lines().flat_map(|line| line.runs()) {
                for cluster in run.clusters() {
                    if cluster.glyphs().any(|glyph| glyph.id == 0) {
                        let shown = &text[cluster.text_range()];
                        for c in lacking(shown, run.font()) {
                            if !missing.contains(&c) {
                                missing.push(c);
                            }
                        }
                    }
                }
            }
        }
        missing
    }

    /// Where a line's ink-carrying part starts, against the line's first glyph, and how wide it is; both at the
    /// size of shaping.
    pub fn extent(&self, line: &Line<'_, Mark>, rtl: bool) -> (f32, f32) {
        let metrics = line.metrics();
        // Space that hangs over the end hangs to the left where lines run to the left.
        let start = if rtl { metrics.hanging_advance } else { 0.0 };
        let mut width = metrics.advance - metrics.hanging_advance;
        if self.spacing != 0.0 && ends_spaced(line) {
            width -= self.spacing;
        }
        (start, width.max(0.0))
    }
}

/// The characters of a cluster that should show and that `font` does not have.
fn lacking(cluster: &str, font: &FontData) -> Vec<char> {
    let face = FontRef::try_from_slice_and_index(font.data.data(), font.index).ok();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let shows = |c: &char| !c.is_whitespace() && !c.is_control() && !ignorable.contains(*c);
    cluster
        .chars()
        .filter(shows)
        .filter(|c| face.as_ref().is_none_or(|face| face.glyph_id(*c).0 == 0))
        .collect()
}

/// Whether letter spacing follows the rightmost visible cluster.
fn ends_spaced(line: &Line<'_, Mark>) -> bool {
    let mut last = None;
    for run in line.runs() {
        for cluster in run.visual_clusters() {
            if !cluster.is_space_or_nbsp() {
                last = Some(cluster.style().brush.spaced);
            }
        }
    }
    last.unwrap_or(false)
}

fn paragraph(
    bench: &mut Bench,
    words: &Words,
    range: &Range<usize>,
    look: Look<'_>,
    size: f32,
) -> Layout<Mark> {
    let variations = variations(look, size);
    let text = &words.text[range.clone()];
    let mut builder = bench
        .layouts
        .style_run_builder(&mut bench.fonts, text, 1.0, false);
    // The first style's family gives the line its ascent and descent.
    let root = text_style(look, &variations, size, 0, Kind::Text);
    builder.push_style(root);
    let mut known: HashMap<(usize, Kind), u16> = HashMap::new();
    for piece in words.within(range) {
        let index = match known.get(&(piece.span, piece.kind)) {
            Some(index) => *index,
            // Past what parley can count, looks are no longer told apart.
            None if known.len() >= usize::from(u16::MAX) - 1 => 0,
            None => {
                let style = text_style(look, &variations, size, piece.span, piece.kind);
                let index = builder.push_style(style);
                known.insert((piece.span, piece.kind), index);
                index
            }
        };
        builder.push_style_run(
            index,
            piece.range.start - range.start..piece.range.end - range.start,
        );
    }
    builder.set_base_direction(match look.style.direction {
        Direction::Auto => BaseDirection::Auto,
        Direction::Ltr => BaseDirection::Ltr,
        Direction::Rtl => BaseDirection::Rtl,
    });
    builder.build(text)
}

/// Axes that follow from size and slant rather than from the weight; faces without them ignore them.
fn variations(look: Look<'_>, size: f32) -> [Vec<FontVariation>; 2] {
    let mut upright = Vec::new();
    if let Some((low, high)) = look.stack.optical {
        upright.push(FontVariation::new(Tag::new(b"opsz"), size.clamp(low, high)));
    }
    let mut slanted = upright.clone();
    // OpenType counts slant anticlockwise: -14 leans right.
    slanted.push(FontVariation::new(Tag::new(b"slnt"), -14.0));
    [upright, slanted]
}

fn text_style<'a>(
    look: Look<'a>,
    variations: &'a [Vec<FontVariation>; 2],
    size: f32,
    span: usize,
    kind: Kind,
) -> TextStyle<'a, 'a, Mark> {
    let own = look.spans.get(span);
    let weight = own
        .and_then(|span| span.weight)
        .unwrap_or(look.style.weight);
    let italic = own
        .and_then(|span| span.italic)
        .unwrap_or(look.style.italic);
    let emoji = kind == Kind::Emoji;
    let slanted = italic && !emoji;
    let spaced = kind != Kind::Joined && look.style.letter_spacing != 0.0;
    let families = if emoji {
        &look.stack.emoji
    } else {
        &look.stack.text
    };
    TextStyle {
        font_family: FontFamily::List(Cow::Borrowed(families)),
        font_size: size,
        font_style: if slanted {
            FontStyle::Italic
        } else {
            FontStyle::Normal
        },
        font_weight: FontWeight::new(if emoji { 400.0 } else { weight }),
        font_variations: FontVariations::List(Cow::Borrowed(&variations[usize::from(slanted)])),
        locale: look
            .style
            .lang
            .as_deref()
            .and_then(|lang| Language::parse(lang).ok()),
        brush: Mark {
            span,
            spaced,
            emoji,
        },
        // Lines are placed by hand; parley's own line height is not used.
        line_height: LineHeight::Absolute(size),
        letter_spacing: if spaced {
            look.style.letter_spacing * size
        } else {
            0.0
        },
        overflow_wrap: OverflowWrap::Anywhere,
        ..TextStyle::default()
    }
}
