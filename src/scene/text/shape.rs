//! Shaping and line breaking, by parley.
//!
//! In: [`Words`], a style, a size. Out: [`Shaped`]: a layout a paragraph, which can be broken at any width and
//! holds at any size at which the faces look the same. Never: deciding what fits.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use ab_glyph::{Font, FontRef};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use parley::fontique::Language;
use parley::setting::{FontFeature, FontVariation, Tag};
use parley::{
    BaseDirection, BreakReason, FontContext, FontData, FontFamily, FontFeatures, FontStyle,
    FontVariations, FontWeight, Layout, LayoutContext, Line, LineHeight, OverflowWrap, TextStyle,
    WordBreak,
};

use super::fonts::Stack;
use super::hyphen::SOFT;
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
    /// Between two baselines at `size`, as the first face asks for.
    normal_height: f32,
    /// The hyphen of each span that has words which may break.
    hyphens: HashMap<usize, Layout<Mark>>,
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
    /// Where its soft hyphens are, bytes from its start.
    soft: Vec<usize>,
}

/// A line's ends, at the size of shaping.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends {
    /// Where the ink-carrying part starts, against the line's first glyph.
    pub start: f32,
    /// How wide it is, its hyphen included.
    pub width: f32,
    /// The span whose hyphen ends the line.
    pub hyphen: Option<usize>,
    /// Spaces at the line's end that bidi left inside it: where, and how wide.
    inside: Vec<(f32, f32)>,
}

impl Ends {
    /// Where a glyph at `x` belongs once those spaces hang over the line's end (UAX #9, L1).
    pub fn moved(&self, x: f32, rtl: bool) -> f32 {
        let shift = |(at, advance): &(f32, f32)| match (rtl, *at < x) {
            (false, true) => -advance,
            (true, false) => *advance,
            _ => 0.0,
        };
        x + self.inside.iter().map(shift).sum::<f32>()
    }
}

/// The lines at one size and width.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Measure {
    pub lines: usize,
    pub widest: f32,
    /// A word was broken where no break belongs.
    pub broken: bool,
}

/// Widths that went through sums and products still count as equal within this.
pub(in crate::scene) const SLACK: f32 = 1.0 / 32.0;

impl Shaped {
    /// Shapes `words` at `size`.
    pub fn new(bench: &mut Bench, words: &Words, look: Look<'_>, size: f32) -> Self {
        let mut shaped = Self {
            paragraphs: Vec::new(),
            size,
            ascent: size,
            descent: 0.0,
            normal_height: size * 1.2,
            hyphens: HashMap::new(),
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
            let text = &words.text[range.clone()];
            let soft: Vec<usize> = text.match_indices(SOFT).map(|(at, _)| at).collect();
            for at in &soft {
                let span = words.span_at(range.start + at);
                let known = shaped.hyphens.contains_key(&span);
                if !known {
                    shaped.hyphens.insert(span, hyphen(bench, look, size, span));
                }
            }
            shaped.paragraphs.push(Paragraph {
                range,
                layout,
                soft,
            });
        }
        shaped.normal_height = normal_height(bench, look, size);
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
            if let Some(advance) = advance.filter(|_| !paragraph.soft.is_empty()) {
                self.leave_room_for_hyphens(at, advance, spare);
            }
            let paragraph = &self.paragraphs[at];
            measure.lines += paragraph.layout.len();
            for line in paragraph.layout.lines() {
                let ends = self.ends(paragraph, &line);
                measure.widest = measure.widest.max(ends.width * scale);
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

    /// Characters that no face of `faces` shows, each once, in order.
    pub fn lent(&self, words: &Words, faces: &HashSet<(u64, u32)>) -> Vec<char> {
        let mut lent = Vec::new();
        for paragraph in &self.paragraphs {
            let text = &words.text[paragraph.range.clone()];
            for run in paragraph.layout.lines().flat_map(|line| line.runs()) {
                let face = (run.font().data.id(), run.font().index);
                let own = faces.contains(&face);
                for cluster in run.clusters() {
                    if own && cluster.glyphs().all(|glyph| glyph.id != 0) {
                        continue;
                    }
                    for c in text[cluster.text_range()].chars().filter(shows) {
                        if !lent.contains(&c) {
                            lent.push(c);
                        }
                    }
                }
            }
        }
        lent
    }

    /// Breaks a paragraph anew until every line that ends at a soft hyphen has room for it.
    fn leave_room_for_hyphens(&mut self, at: usize, advance: f32, spare: f32) {
        // lines that need less than all of the room, by number
        let mut less: Vec<(usize, f32)> = Vec::new();
        // each round makes one line end at an earlier place
        for _ in 0..self.paragraphs[at].range.len() {
            let paragraph = &self.paragraphs[at];
            let too_long = paragraph
                .layout
                .lines()
                .enumerate()
                .find_map(|(index, line)| {
                    let ends = self.ends(paragraph, &line);
                    ends.hyphen?;
                    let own = line.metrics().advance;
                    // a part of a word that stands over, as it does not break anywhere else
                    let room = less.iter().find(|(at, _)| *at == index);
                    let is_least = own > room.map_or(advance, |(_, room)| *room);
                    (ends.width > advance - spare && !is_least).then_some((index, own))
                });
            let Some((index, own)) = too_long else {
                return;
            };
            let room = own - 2.0 * SLACK;
            if room <= 0.0 {
                return;
            }
            less.retain(|(line, _)| *line < index);
            less.push((index, room));
            break_within(&mut self.paragraphs[at].layout, advance, &less);
        }
    }

    /// Where a line's ink begins and ends.
    pub fn ends(&self, paragraph: &Paragraph, line: &Line<'_, Mark>) -> Ends {
        let metrics = line.metrics();
        let rtl = paragraph.layout.is_rtl();
        let mut ends = Ends {
            inside: inside(line, rtl),
            ..Ends::default()
        };
        let inside: f32 = ends.inside.iter().map(|(_, advance)| advance).sum();
        let hanging = metrics.hanging_advance + inside;
        // Space that hangs over the end hangs to the left where lines run to the left.
        ends.start = if rtl { hanging } else { 0.0 };
        let mut width = metrics.advance - hanging;
        if self.spacing != 0.0 && ends_spaced(line) {
            width -= self.spacing;
        }
        ends.width = width.max(0.0);
        if line.break_reason() == BreakReason::Regular
            && let Some(span) = last_soft(paragraph, line)
            && let Some(hyphen) = self.hyphens.get(&span)
        {
            ends.hyphen = Some(span);
            ends.width += hyphen.full_width();
            if rtl {
                ends.start -= hyphen.full_width();
            }
        }
        ends
    }

    /// The glyphs of a span's hyphen.
    pub fn hyphen(&self, span: usize) -> Option<&Layout<Mark>> {
        self.hyphens.get(&span)
    }

    /// Between two baselines, as `size` asks for.
    pub fn line_height(&self, style: &Style, size: f32) -> f32 {
        match style.line_height {
            Some(times) => times * size,
            None => self.normal_height / self.size * size,
        }
    }
}

/// Breaks lines in `advance`, but for some that have less.
fn break_within(layout: &mut Layout<Mark>, advance: f32, less: &[(usize, f32)]) {
    let mut lines = layout.break_lines();
    lines.state_mut().set_layout_max_advance(advance);
    for index in 0.. {
        let own = less.iter().find(|(line, _)| *line == index);
        let room = own.map_or(advance, |(_, room)| *room);
        lines.state_mut().set_line_max_advance(room);
        if lines.break_next().is_none() {
            break;
        }
    }
    lines.finish();
}

/// The span of the soft hyphen that ends a line.
fn last_soft(paragraph: &Paragraph, line: &Line<'_, Mark>) -> Option<usize> {
    let last = line.text_range().end.checked_sub(SOFT.len_utf8())?;
    paragraph.soft.binary_search(&last).ok()?;
    let clusters = line.runs().flat_map(|run| run.clusters());
    let own = clusters
        .filter(|cluster| cluster.text_range().contains(&last))
        .last();
    Some(own.map_or(0, |cluster| cluster.style().brush.span))
}

/// Spaces after a line's last word that bidi left inside the line: UAX #9's L1 is not parley's.
fn inside(line: &Line<'_, Mark>, rtl: bool) -> Vec<(f32, f32)> {
    let mut x = 0.0;
    let mut all = Vec::new();
    for run in line.runs() {
        for cluster in run.visual_clusters() {
            all.push((
                x,
                cluster.advance(),
                cluster.text_range().start,
                cluster.is_space_or_nbsp(),
            ));
            x += cluster.advance();
        }
    }
    let words = || all.iter().filter(|(.., space)| !space);
    let Some(last) = words().map(|(_, _, start, _)| *start).max() else {
        return Vec::new();
    };
    let left = words().map(|(x, ..)| *x).fold(f32::INFINITY, f32::min);
    let right = words().map(|(x, ..)| *x).fold(0.0, f32::max);
    all.iter()
        .filter(|(x, _, start, space)| {
            *space && *start > last && if rtl { *x > left } else { *x < right }
        })
        .map(|(x, advance, ..)| (*x, *advance))
        .collect()
}

/// A span's hyphen: the true one where its face has it, else the one of typewriters.
fn hyphen(bench: &mut Bench, look: Look<'_>, size: f32, span: usize) -> Layout<Mark> {
    let mut shaped = |text: &str| {
        let mut layout = alone(bench, look, size, span, text);
        layout.break_all_lines(None);
        layout
    };
    let face = |layout: &Layout<Mark>| {
        let line = layout.get(0)?;
        let run = line.runs().next()?;
        let has = run
            .clusters()
            .all(|c| c.glyphs().all(|glyph| glyph.id != 0));
        has.then(|| (run.font().data.id(), run.font().index))
    };
    let (own, plain) = (shaped("\u{2010}"), shaped("-"));
    if face(&own).is_some() && face(&own) == face(&plain) {
        own
    } else {
        plain
    }
}

/// A few characters in the look of a span.
fn alone(bench: &mut Bench, look: Look<'_>, size: f32, span: usize, text: &str) -> Layout<Mark> {
    let variations = variations(look, size);
    let features = features(look);
    let mut builder = bench
        .layouts
        .style_run_builder(&mut bench.fonts, text, 1.0, false);
    let style = text_style(look, (&variations, &features), size, span, Kind::Text);
    let style = TextStyle {
        letter_spacing: 0.0,
        ..style
    };
    let index = builder.push_style(style);
    builder.push_style_run(index, 0..text.len());
    builder.build(text)
}

/// Ascent, descent and gap of the first face.
fn normal_height(bench: &mut Bench, look: Look<'_>, size: f32) -> f32 {
    if look.style.line_height.is_some() {
        return size;
    }
    let mut layout = alone(bench, look, size, 0, "x");
    layout.break_all_lines(None);
    let height = layout.get(0).and_then(|line| {
        let run = line.runs().next()?;
        let metrics = run.font_metrics();
        Some(metrics.ascent + metrics.descent + metrics.leading.max(0.0))
    });
    height.unwrap_or(size * 1.2)
}

/// The characters of a cluster that should show and that `font` does not have.
fn lacking(cluster: &str, font: &FontData) -> Vec<char> {
    let face = FontRef::try_from_slice_and_index(font.data.data(), font.index).ok();
    cluster
        .chars()
        .filter(shows)
        .filter(|c| face.as_ref().is_none_or(|face| face.glyph_id(*c).0 == 0))
        .collect()
}

/// Whether a character has ink.
fn shows(c: &char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    !c.is_whitespace() && !c.is_control() && !ignorable.contains(*c)
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
    let features = features(look);
    let text = &words.text[range.clone()];
    let mut builder = bench
        .layouts
        .style_run_builder(&mut bench.fonts, text, 1.0, false);
    // The first style's family gives the line its ascent and descent.
    let root = text_style(look, (&variations, &features), size, 0, Kind::Text);
    builder.push_style(root);
    let mut known: HashMap<(usize, Kind), u16> = HashMap::new();
    for piece in words.within(range) {
        let index = match known.get(&(piece.span, piece.kind)) {
            Some(index) => *index,
            // Past what parley can count, looks are no longer told apart.
            None if known.len() >= usize::from(u16::MAX) - 1 => 0,
            None => {
                let style =
                    text_style(look, (&variations, &features), size, piece.span, piece.kind);
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

fn features(look: Look<'_>) -> Vec<FontFeature> {
    let features = look.style.features.iter();
    features
        .map(|(tag, value)| FontFeature::new(Tag::new(tag), *value))
        .collect()
}

fn text_style<'a>(
    look: Look<'a>,
    (variations, features): (&'a [Vec<FontVariation>; 2], &'a [FontFeature]),
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
        font_features: FontFeatures::List(Cow::Borrowed(features)),
        word_break: match look.style.keep_all {
            true => WordBreak::KeepAll,
            false => WordBreak::Normal,
        },
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
        overflow_wrap: match look.style.keep_words {
            true => OverflowWrap::Normal,
            false => OverflowWrap::Anywhere,
        },
        ..TextStyle::default()
    }
}
