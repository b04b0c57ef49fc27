//! From broken lines to glyphs in a box.
//!
//! In: [`Shaped`] text whose lines are broken. Out: a [`Set`]. Never: shaping or breaking anew.

use std::collections::HashMap;
use std::sync::Arc;

use ab_glyph::{FontRef, VariableFont};
use parley::{GlyphRun, Line, PositionedLayoutItem};

use super::hyphen::SOFT;
use super::shape::{Ends, Mark, Shaped};
use super::words::Words;
use super::{Align, Decoration, Fit, Room, Run, Set, Style};
use crate::scene::{Face, Glyph, Rect};

/// The axes of the faces met so far.
#[derive(Default)]
pub(super) struct Axes(HashMap<(u64, u32), Arc<[Axis]>>);

struct Axis {
    tag: [u8; 4],
    min: f32,
    default: f32,
    max: f32,
}

/// What the lines are placed by.
pub(super) struct Placing<'a> {
    pub words: &'a Words,
    pub style: &'a Style,
    pub room: Room,
    pub size: f32,
    pub fit: Fit,
    /// Lines beyond these are left out.
    pub most_lines: usize,
}

/// Places the lines of `shaped`, as broken last, at `how.size`.
pub(super) fn place(shaped: &Shaped, how: &Placing<'_>, axes: &mut Axes) -> Set {
    let scale = how.size / shaped.size;
    let line_height = shaped.line_height(how.style, how.size);
    let leading = line_height - (shaped.ascent + shaped.descent) * scale;
    let to_baseline = leading / 2.0 + shaped.ascent * scale;
    let mut set = Set {
        size: how.size,
        fit: how.fit,
        ..Set::default()
    };
    let mut lines = extents(shaped, scale);
    lines.truncate(how.most_lines);
    let longest = lines
        .iter()
        .fold(0.0_f32, |most, line| most.max(line.width));
    set.width = if how.room.fill_width && how.room.width.is_finite() {
        how.room.width
    } else {
        longest
    };
    set.height = line_height * lines.len() as f32;
    set.baseline = to_baseline;
    for (at, line) in lines.iter_mut().enumerate() {
        line.left = aligned(how.style.align, set.width - line.width, line.rtl);
        line.top = line_height * at as f32;
        set.lines
            .push(Rect::new(line.left, line.top, line.width, line_height));
    }
    let mut lines = lines.iter();
    for paragraph in &shaped.paragraphs {
        if lines.len() == 0 {
            break;
        }
        if paragraph.range.is_empty() {
            lines.next();
            say(&mut set.shown, "");
            continue;
        }
        let text = &how.words.text[paragraph.range.clone()];
        let rtl = paragraph.layout.is_rtl();
        for (line, at) in paragraph.layout.lines().zip(&mut lines) {
            let words = text[line.text_range()].trim_end().replace(SOFT, "");
            let end = if at.ends.hyphen.is_some() { "‐" } else { "" };
            say(&mut set.shown, &format!("{words}{end}"));
            let origin = (at.left - at.start, at.top + to_baseline);
            if let Some(rule) = rule(&line, how, scale, at, origin.1) {
                set.rules.push(rule);
            }
            for item in line.items() {
                if let PositionedLayoutItem::GlyphRun(run) = item {
                    let moved = |x: f32| at.ends.moved(x, rtl);
                    add_run(&mut set.runs, &run, origin, scale, axes, &moved);
                }
            }
            let hyphen = at.ends.hyphen.and_then(|span| shaped.hyphen(span));
            for run in hyphen.into_iter().flat_map(|layout| layout.lines()) {
                let width = run.metrics().advance * scale;
                let x = if rtl {
                    at.left
                } else {
                    at.left + at.width - width
                };
                for item in run.items() {
                    if let PositionedLayoutItem::GlyphRun(run) = item {
                        add_run(&mut set.runs, &run, (x, origin.1), scale, axes, &|x| x);
                    }
                }
            }
        }
    }
    set.shown.pop();
    set
}

#[derive(Default)]
struct Extent {
    /// Where the ink-carrying part starts, from the line's first glyph.
    start: f32,
    width: f32,
    rtl: bool,
    left: f32,
    top: f32,
    ends: Ends,
}

fn extents(shaped: &Shaped, scale: f32) -> Vec<Extent> {
    let mut extents = Vec::new();
    for paragraph in &shaped.paragraphs {
        if paragraph.range.is_empty() {
            extents.push(Extent::default());
        } else {
            let rtl = paragraph.layout.is_rtl();
            extents.extend(paragraph.layout.lines().map(|line| {
                let ends = shaped.ends(paragraph, &line);
                Extent {
                    start: ends.start * scale,
                    width: ends.width * scale,
                    rtl,
                    ends,
                    ..Extent::default()
                }
            }));
        }
    }
    extents
}

/// The left edge of a line that leaves `free` of its box; a line that is too wide runs over its end only.
fn aligned(align: Align, free: f32, rtl: bool) -> f32 {
    let to_the_right = match align {
        Align::Left => false,
        Align::Right => true,
        Align::Start => rtl,
        Align::End => !rtl,
        Align::Center if free >= 0.0 => return free / 2.0,
        Align::Center => rtl,
    };
    if free < 0.0 {
        return if rtl { free } else { 0.0 };
    }
    if to_the_right { free } else { 0.0 }
}

fn say(shown: &mut String, line: &str) {
    shown.push_str(line);
    shown.push('\n');
}

/// The decoration of a line, by what the face of its first run says.
fn rule(
    line: &Line<'_, Mark>,
    how: &Placing<'_>,
    scale: f32,
    at: &Extent,
    baseline: f32,
) -> Option<Rect> {
    let through = match how.style.decoration {
        Decoration::None => return None,
        Decoration::Underline => false,
        Decoration::LineThrough => true,
    };
    let run = line.runs().next()?;
    let metrics = run.font_metrics();
    // both are of the line's top, up from the baseline
    let (offset, size) = match through {
        true => (metrics.strikethrough_offset, metrics.strikethrough_size),
        false => (metrics.underline_offset, metrics.underline_size),
    };
    let thick = if size > 0.0 {
        size * scale
    } else {
        how.size / 16.0
    };
    let top = baseline - offset * scale;
    (at.width > 0.0).then(|| Rect::new(at.left, top, at.width, thick))
}

/// Adds the glyphs to the run that looks the same, or as a new one.
fn add_run(
    runs: &mut Vec<Run>,
    from: &GlyphRun<'_, Mark>,
    (x, y): (f32, f32),
    scale: f32,
    axes: &mut Axes,
    moved: &dyn Fn(f32) -> f32,
) {
    let face = Face {
        data: from.run().font().clone(),
    };
    let synthesis = from.run().synthesis();
    let mark = from.style().brush;
    let size = from.run().font_size();
    let variations = axes.settings(
        &face,
        synthesis
            .variation_settings()
            .iter()
            .map(|(tag, value)| (tag.to_be_bytes(), *value)),
        size,
    );
    let skew = synthesis.skew().unwrap_or(0.0);
    let embolden = if synthesis.embolden() {
        thickened(size * scale)
    } else {
        0.0
    };
    let at = runs.iter().position(|run| {
        run.span == mark.span
            && run.face.key() == face.key()
            && run.variations == variations
            && run.skew == skew
            && run.embolden == embolden
    });
    let at = at.unwrap_or_else(|| {
        runs.push(Run {
            span: mark.span,
            face,
            variations,
            skew,
            embolden,
            glyphs: Vec::new(),
        });
        runs.len() - 1
    });
    let glyphs = &mut runs[at].glyphs;
    let mut pen = from.offset();
    for glyph in from.glyphs() {
        // Glyph 0 is a face's box for what it lacks; that is reported, not drawn.
        if let Ok(id @ 1..) = u16::try_from(glyph.id) {
            glyphs.push(Glyph {
                id,
                x: x + (moved(pen) + glyph.x) * scale,
                y: y + glyph.y * scale,
            });
        }
        pen += glyph.advance;
    }
}

/// How much bolder a face without its own bold is made, in units: a thirty-second of the size, as Skia does.
fn thickened(size: f32) -> f32 {
    size / 32.0
}

impl Axes {
    /// What differs from the face's default, in user units, sorted by tag.
    fn settings(
        &mut self,
        face: &Face,
        asked: impl Iterator<Item = ([u8; 4], f32)> + Clone,
        size: f32,
    ) -> Vec<([u8; 4], f32)> {
        let known = self
            .0
            .entry(face.key())
            .or_insert_with(|| axes_of(face.bytes(), face.key().1));
        let mut settings = Vec::new();
        for axis in known.iter() {
            let value = match &axis.tag {
                b"opsz" => Some(size),
                tag => asked
                    .clone()
                    .find(|(asked, _)| asked == tag)
                    .map(|(tag, value)| {
                        // fontique asks for a slant of +14, which leans left.
                        if &tag == b"slnt" { -14.0 } else { value }
                    }),
            };
            let value = value.unwrap_or(axis.default).clamp(axis.min, axis.max);
            if value != axis.default {
                settings.push((axis.tag, value));
            }
        }
        settings.sort_by_key(|(tag, _)| *tag);
        settings
    }
}

fn axes_of(bytes: &[u8], index: u32) -> Arc<[Axis]> {
    let Ok(font) = FontRef::try_from_slice_and_index(bytes, index) else {
        return Arc::new([]);
    };
    font.variations()
        .into_iter()
        .filter(|axis| axis.min_value <= axis.max_value)
        .map(|axis| Axis {
            tag: axis.tag,
            min: axis.min_value,
            default: axis.default_value,
            max: axis.max_value,
        })
        .collect()
}
