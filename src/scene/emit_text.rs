//! A text layer with a place becomes shaped text, with all that is drawn around its glyphs.
//!
//! In: a draft and its box. Out: a [`Text`]. What does not fit, or has no font, is reported. Never: shaping; the text
//! engine does that.

use super::axis::Axis;
use super::draft::{Draft, TextDraft};
use super::fills::{ink_paint, paint};
use super::layout::Measure;
use super::stage::Stage;
use super::text::{Decoration, Fit, Overflow, Room, SLACK, Set};
use super::{Color, Glyph, GlyphRun, Highlight, Paint, Rect, Rule, Stroke, Text};
use crate::diag::{Code, Diagnostic, Severity, did_you_mean};
use crate::template::{Table, grammar, key};

/// Boxes of lines that are no farther apart than this, in units, are one shape.
const TOUCHING: f32 = 0.5;

/// The text of a layer in its box; `in_flow` where its row or column placed it.
pub(super) fn set_text(
    draft: &Draft<'_>,
    text: &TextDraft,
    rect: Rect,
    in_flow: bool,
    measure: &Measure<'_>,
    stage: &mut Stage<'_>,
) -> Text {
    let keys = &draft.keys;
    let [x, y] = draft.axes;
    let by_content = |axis: &Axis| match in_flow {
        true => axis.size.is_none(),
        false => axis.is_content(),
    };
    // a box that took its width from the text is exactly as wide; aligned lines need it whole
    let slack = if by_content(&x) { 0.01 } else { 0.0 };
    let room = Room {
        width: rect.w + slack,
        fill_width: true,
        height: (!by_content(&y)).then_some(rect.h),
    };
    let set = measure.text(text, room);
    report(draft, text, &set, room.height, stage);
    let free = (rect.h - set.height).max(0.0);
    let down = match keys.read(key!(TEXT.valign as word)) {
        "middle" => free / 2.0,
        "bottom" => free,
        _ => 0.0,
    };
    let (dx, dy) = (rect.x, rect.y + down);
    let lines: Vec<Rect> = set.lines.iter().map(|l| l.moved(dx, dy)).collect();
    let ink = ink_paint(keys, key!(TEXT.color as word), rect, stage);
    let inks: Vec<Paint> = text
        .inks
        .iter()
        .map(|node| match node {
            Some(node) => paint(node, rect, stage).unwrap_or(Paint::Solid(Color::BLACK)),
            None => ink.clone(),
        })
        .collect();
    let runs = set
        .runs
        .into_iter()
        .map(|run| GlyphRun {
            face: run.face,
            variations: run.variations,
            size: set.size,
            skew: run.skew,
            embolden: run.embolden,
            paint: inks.get(run.span).unwrap_or(&ink).clone(),
            glyphs: run
                .glyphs
                .into_iter()
                .map(|g| Glyph {
                    x: g.x + dx,
                    y: g.y + dy,
                    ..g
                })
                .collect(),
        })
        .collect();
    Text {
        highlights: highlights(keys, &lines, stage),
        rules: rules(keys, text, &set.rules, (dx, dy), (rect, &ink), stage),
        runs,
        stroke: stroke(keys, rect, stage),
        clip: (text.style.overflow == Overflow::Clip && set.fit == Fit::Cut).then_some(rect),
        lines,
        shown: set.shown,
        size: set.size,
        bold: text.style.weight >= 600.0,
    }
}

/// Lines under or through the words, as thick as the face or the layer says.
fn rules(
    keys: &Table,
    text: &TextDraft,
    set: &[Rect],
    (dx, dy): (f32, f32),
    (rect, ink): (Rect, &Paint),
    stage: &mut Stage<'_>,
) -> Vec<Rule> {
    let table = keys.record(key!(TEXT.decoration));
    let own = table.and_then(|table| table.node(key!(DECORATION.color)));
    let paint = own.and_then(|node| paint(node, rect, stage));
    let paint = paint.unwrap_or_else(|| ink.clone());
    let thickness = table.and_then(|table| table.node(key!(DECORATION.thickness)));
    let thickness = thickness.and_then(grammar::number).map(|n| n as f32);
    let over = text.style.decoration == Decoration::LineThrough;
    let rule = |rule: &Rect| {
        let mut rect = rule.moved(dx, dy);
        if let Some(thick) = thickness {
            // a thicker line through the words stays in their middle; one under them grows down
            rect.y += if over { (rect.h - thick) / 2.0 } else { 0.0 };
            rect.h = thick;
        }
        Rule {
            rect,
            paint: paint.clone(),
            over,
        }
    };
    set.iter().map(rule).filter(|r| r.rect.h > 0.0).collect()
}

/// What is worth a look about a text that was set.
fn report(
    draft: &Draft<'_>,
    text: &TextDraft,
    set: &Set,
    height: Option<f32>,
    stage: &mut Stage<'_>,
) {
    let at = draft
        .keys
        .node(key!(TEXT.text))
        .map_or(&draft.layer.place, |n| &n.place);
    let label = draft.layer.label();
    let style = &text.style;
    let at_least = set.size <= style.min_size && style.min_size < style.size;
    match set.fit {
        Fit::Cut if style.overflow == Overflow::Error => {
            let message = format!("the text of {label} does not fit its box");
            stage.wrong.push(
                Diagnostic::at(Code::Overflow, at, message)
                    .severity(Severity::Error)
                    .hint("shorten it, or let it shrink: overflow = \"shrink\""),
            );
        }
        Fit::Cut => {
            let low = height.filter(|height| set.height > height + SLACK);
            let how = match (style.overflow, low) {
                (Overflow::Shrink | Overflow::Ellipsis, Some(height)) => format!(
                    "has a line {:.0} high at size {} and stands over its box, which is {height:.0} high",
                    set.height, set.size
                ),
                (Overflow::Shrink, None) => {
                    format!("does not fit at its least size of {} and is cut", set.size)
                }
                _ => "does not fit its box and is cut".into(),
            };
            stage.wrong.push(Diagnostic::at(
                Code::Overflow,
                at,
                format!("the text of {label} {how}"),
            ));
        }
        Fit::Broken => {
            let message = format!(
                "the text of {label} does not fit at its least size of {}: a word is broken in its middle",
                set.size
            );
            let found = Diagnostic::at(Code::Overflow, at, message);
            stage.wrong.push(found.hint(
                "give it more room, a smaller `min_size`, or a soft hyphen where it may break",
            ));
        }
        Fit::Shrunk if at_least => {
            let message = format!(
                "the text of {label} is shrunk to its least size of {}",
                set.size
            );
            stage
                .wrong
                .push(Diagnostic::at(Code::Overflow, at, message));
        }
        _ => {}
    }
    if !set.missing.is_empty() {
        let message = format!("no font has {}", listed(&set.missing));
        stage.wrong.push(
            Diagnostic::at(Code::MissingGlyph, at, message)
                .hint("add a font of its script to `[brand] fonts`, or install one"),
        );
    }
    for family in &set.missing_families {
        let at = draft.keys.node(key!(TEXT.font)).map_or(at, |n| &n.place);
        let known = stage.assets.typesetter.families();
        let hint = did_you_mean(family, known.iter().map(String::as_str));
        stage.wrong.push(
            Diagnostic::at(
                Code::MissingFont,
                at,
                format!("no font `{family}`; the next one is used"),
            )
            .maybe_hint(hint),
        );
    }
}

/// Characters that are named; more of them say nothing new.
const NAMED: usize = 12;

fn listed(missing: &[char]) -> String {
    let named = missing.iter().take(NAMED);
    let named: Vec<_> = named
        .map(|c| format!("U+{:04X} `{c}`", u32::from(*c)))
        .collect();
    match (named.as_slice(), missing.len().saturating_sub(NAMED)) {
        (named, more @ 1..) => format!("{} and {more} more", named.join(", ")),
        ([rest @ .., last], 0) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        (named, _) => named.join(", "),
    }
}

fn highlights(keys: &Table, lines: &[Rect], stage: &mut Stage<'_>) -> Vec<Highlight> {
    let Some(table) = keys.record(key!(TEXT.highlight)) else {
        return Vec::new();
    };
    let [top, right, bottom, left] = table.read(key!(HIGHLIGHT.padding as edges));
    let own_radius = table
        .node(key!(HIGHLIGHT.radius))
        .and_then(grammar::number)
        .map(|n| n as f32);
    let radius = own_radius.unwrap_or_else(|| keys.read(key!(LAYER.radius as number)));
    let shown: Vec<Rect> = lines.iter().copied().filter(|l| l.w > 0.0).collect();
    let whole = shown.iter().copied().reduce(|a, b| a.union(&b));
    let boxes = match table.read(key!(HIGHLIGHT.mode as word)) {
        "block" => whole.into_iter().collect(),
        _ => shown,
    };
    let boxes: Vec<Rect> = boxes
        .into_iter()
        .map(|l: Rect| {
            Rect::new(
                l.x - left,
                l.y - top,
                l.w + left + right,
                l.h + top + bottom,
            )
        })
        .collect();
    (0..boxes.len())
        .filter_map(|i| {
            Some(Highlight {
                rect: boxes[i],
                radius: joined(&boxes, i, radius),
                paint: paint(table.node(key!(HIGHLIGHT.fill))?, boxes[i], stage)?,
            })
        })
        .collect()
}

/// Corners of one line's box: round where the outline turns outwards, square where the next line's box goes on.
fn joined(boxes: &[Rect], index: usize, radius: f32) -> [f32; 4] {
    let own = boxes[index];
    let radius = radius.min(own.w / 2.0).min(own.h / 2.0);
    let above = index.checked_sub(1).and_then(|i| boxes.get(i));
    let above = above.filter(|b| b.bottom() > own.y - TOUCHING);
    let below = boxes.get(index + 1);
    let below = below.filter(|b| b.y < own.bottom() + TOUCHING);
    // how far the own edge stands out over the neighbour's is all that is left to round
    let left = |next: Option<&Rect>| match next {
        Some(b) if b.x < own.right() && b.right() > own.x => radius.min((b.x - own.x).max(0.0)),
        _ => radius,
    };
    let right = |next: Option<&Rect>| match next {
        Some(b) if b.x < own.right() && b.right() > own.x => {
            radius.min((own.right() - b.right()).max(0.0))
        }
        _ => radius,
    };
    [left(above), right(above), right(below), left(below)]
}

fn stroke(keys: &Table, rect: Rect, stage: &mut Stage<'_>) -> Option<Stroke> {
    let table = keys.record(key!(TEXT.stroke))?;
    let width = table.read(key!(STROKE.width as number));
    let paint = ink_paint(table, key!(STROKE.color as word), rect, stage);
    (width > 0.0).then_some(Stroke { width, paint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_lines_that_meet_are_round_only_outside() {
        let line = |x, y, w| Rect::new(x, y, w, 50.0);
        let apart = [line(0.0, 0.0, 200.0), line(0.0, 60.0, 100.0)];
        assert_eq!(joined(&apart, 0, 8.0), [8.0; 4]);
        let meet = [line(0.0, 0.0, 200.0), line(0.0, 50.0, 195.0)];
        assert_eq!(joined(&meet, 0, 8.0), [8.0, 8.0, 5.0, 0.0]);
        assert_eq!(joined(&meet, 1, 8.0), [0.0, 0.0, 8.0, 8.0]);
        let aside = [line(0.0, 0.0, 100.0), line(100.0, 50.0, 100.0)];
        assert_eq!(joined(&aside, 0, 8.0), [8.0; 4]);
    }
}
