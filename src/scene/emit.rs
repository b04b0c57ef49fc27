//! Layers with a place become nodes: text is set, pictures are decoded at their size, fills get their geometry.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::template::keys::Word;
use crate::template::{Table, grammar, key};

use super::draft::{Draft, PictureDraft, QrDraft, TextDraft, What, unreadable};
use super::fills::{default_color, fit, paint, pixel_box, shadows, surface};
use super::layout::Measure;
use super::picture::{self, Filter, Wanted};
use super::stage::Stage;
use super::text::{Decoration, Fit, Overflow, Room, Set};
use super::{
    Blend, Clip, Color, Content, Film, GlyphRun, Group, Highlight, Mask, Node, Paint, Picture, Qr,
    Rect, Rule, Stroke, Text, moving,
};

/// Boxes of lines that are no farther apart than this, in units, are one shape.
const TOUCHING: f32 = 0.5;

/// Where a node stands among its ancestors.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Setting {
    /// Placed by its row or column rather than by its own edges.
    pub in_flow: bool,
    /// It or an ancestor is turned: pictures are prepared at twice the size, so that they stay sharp.
    pub turned: bool,
    /// An ancestor's `bleed`.
    pub bleed: bool,
}

/// The node of a layer in its box.
pub(super) fn node(
    draft: &Draft<'_>,
    rect: Rect,
    setting: Setting,
    measure: &Measure<'_>,
    stage: &mut Stage<'_>,
) -> Option<Node> {
    let keys = &draft.keys;
    let rotate = keys.read(key!(LAYER.rotate as number)) % 360.0;
    let setting = Setting {
        turned: setting.turned || rotate != 0.0,
        bleed: setting.bleed || keys.read(key!(LAYER.bleed as flag)),
        ..setting
    };
    let content = match &draft.what {
        What::Shape => Content::Shape(surface(keys, rect, stage)),
        What::Text(text) => Content::Text(set_text(draft, text, rect, setting, measure, stage)),
        What::Picture(picture) => {
            Content::Picture(placed_picture(draft, picture, rect, setting, stage)?)
        }
        What::Film(clip) => Content::Film(placed_film(draft, clip, rect, stage)?),
        What::Qr(qr) => Content::Qr(placed_qr(keys, qr, rect, stage)),
        What::Group(group) => {
            let surface = surface(keys, rect, stage);
            let boxes = measure.children(draft, group, rect);
            let children = draft
                .children
                .iter()
                .zip(boxes)
                .filter_map(|(child, child_rect)| {
                    let in_flow = group.layout != super::draft::Layout::Free
                        && child.axes.iter().all(super::axis::Axis::is_in_flow);
                    node(
                        child,
                        child_rect,
                        Setting { in_flow, ..setting },
                        measure,
                        stage,
                    )
                })
                .collect();
            Content::Group(Group {
                surface,
                clip: keys.read(key!(GROUP.clip as flag)),
                children,
            })
        }
    };
    Some(Node {
        id: draft.layer.id.clone(),
        place: draft.layer.place.clone(),
        rect,
        rotate,
        opacity: keys.read(key!(LAYER.opacity as number)),
        blend: blend(keys),
        shadows: shadows(keys, stage),
        bleed: setting.bleed,
        content,
    })
}

fn blend(keys: &Table) -> Blend {
    match keys.read(key!(LAYER.blend as word)) {
        "multiply" => Blend::Multiply,
        "screen" => Blend::Screen,
        "overlay" => Blend::Overlay,
        "darken" => Blend::Darken,
        "lighten" => Blend::Lighten,
        "soft-light" => Blend::SoftLight,
        _ => Blend::Normal,
    }
}

fn placed_film(draft: &Draft<'_>, clip: &Clip, rect: Rect, stage: &mut Stage<'_>) -> Option<Film> {
    let keys = &draft.keys;
    let label = draft.layer.label();
    for (length, key, edges) in [
        (rect.w, key!(LAYER.width).name, "`left` and `right`"),
        (rect.h, key!(LAYER.height).name, "`top` and `bottom`"),
    ] {
        if length * stage.scale < 1.0 {
            let said = format!("{label} has no {key}");
            let hint = format!("a clip has none to lend: say `{key}`, or {edges}");
            stage
                .wrong
                .push(Diagnostic::at(Code::BadValue, &draft.layer.place, said).hint(hint));
            return None;
        }
    }
    let (_, _, width_px, height_px) = pixel_box(rect, stage.scale);
    Some(Film {
        clip: clip.clone(),
        surface: surface(keys, rect, stage),
        mask: mask(keys, &label, width_px, height_px, stage),
        filter: filter(keys, 1.0),
    })
}

fn placed_picture(
    draft: &Draft<'_>,
    picture: &PictureDraft,
    rect: Rect,
    setting: Setting,
    stage: &mut Stage<'_>,
) -> Option<Picture> {
    let keys = &draft.keys;
    let mut surface = surface(keys, rect, stage);
    let (left, top, width_px, height_px) = pixel_box(rect, stage.scale);
    let detail = if setting.turned { 2 } else { 1 };
    let wanted = Wanted {
        width_px: width_px * detail,
        height_px: height_px * detail,
        fit: fit(keys.read(key!(PICTURE.fit as word))),
        focus: keys.read(key!(PICTURE.focus as pair)),
        filter: filter(keys, stage.scale * detail as f32),
    };
    // from pixels of the box to its place on the canvas
    let (d, s) = (detail as f32, stage.scale);
    let on_canvas = |offset: (u32, u32), size: (u32, u32)| {
        Rect::new(
            (left as f32 + offset.0 as f32 / d) / s,
            (top as f32 + offset.1 as f32 / d) / s,
            size.0 as f32 / d / s,
            size.1 as f32 / d / s,
        )
    };
    let motion = moving::motion(keys, wanted.focus);
    let (pixels, dest, enlarged) = match &motion {
        None => {
            let ready = prepared(draft, picture, &wanted, stage)?;
            let size = (ready.pixels.width, ready.pixels.height);
            let dest = on_canvas(ready.offset_px, size);
            (ready.pixels, dest, ready.scale / d)
        }
        Some(motion) => {
            if wanted.fit == picture::Fit::Blur {
                let behind = prepared(draft, picture, &wanted, stage)?;
                if !behind.pixels.opaque {
                    see_through(draft, stage);
                }
                // the front moves where it stands, over all that does not
                surface.fill = Some(Paint::Picture {
                    pixels: behind.pixels,
                    rect: on_canvas((0, 0), (wanted.width_px, wanted.height_px)),
                });
            }
            let natural = (picture.natural.0 as u32, picture.natural.1 as u32);
            let (offset, size) = picture::placed(natural, &wanted);
            let is_drawing = stage.assets.pictures.is_drawing(&picture.path);
            let whole = moving::whole(motion, picture.natural, size, &wanted, is_drawing);
            let ready = prepared(draft, picture, &whole.wanted, stage)?;
            (ready.pixels, on_canvas(offset, size), whole.enlarged / d)
        }
    };
    tell_enlarged(draft, picture, enlarged, stage);
    let label = draft.layer.label();
    let mask = mask(keys, &label, width_px * detail, height_px * detail, stage);
    Some(Picture {
        pixels,
        dest,
        surface,
        mask,
        motion,
    })
}

/// A picture made ready; told when it cannot be.
fn prepared(
    draft: &Draft<'_>,
    picture: &PictureDraft,
    wanted: &Wanted,
    stage: &mut Stage<'_>,
) -> Option<picture::Prepared> {
    match stage.assets.pictures.prepare(&picture.path, wanted) {
        Ok(ready) => Some(ready),
        Err(error) => {
            let label = draft.layer.label();
            let told = unreadable(&error, &written(draft), &label, &picture.place);
            stage.wrong.push(told);
            None
        }
    }
}

fn written(draft: &Draft<'_>) -> String {
    let src = draft.keys.node(key!(PICTURE.src)).and_then(grammar::text);
    src.unwrap_or_default()
}

fn tell_enlarged(draft: &Draft<'_>, picture: &PictureDraft, enlarged: f32, stage: &mut Stage<'_>) {
    if enlarged <= 1.01 {
        return;
    }
    let said = format!(
        "`{}` is drawn at {:.0} % of its size",
        written(draft),
        enlarged * 100.0
    );
    let (w, h) = picture.natural;
    stage.wrong.push(
        Diagnostic::at(Code::Upscaled, &picture.place, said)
            .hint(format!("it has {w} × {h} pixels")),
    );
}

/// A see-through picture that moves over a still copy of itself would be seen twice.
fn see_through(draft: &Draft<'_>, stage: &mut Stage<'_>) {
    let at = draft
        .keys
        .node(key!(MOVING.motion))
        .map_or(&draft.layer.place, |n| &n.place);
    let said = "`motion` with fit = \"blur\" takes a picture that nothing shows through";
    stage.wrong.push(
        Diagnostic::at(Code::BadValue, at, said).hint("fit = \"contain\", and a layer behind it"),
    );
}

fn filter(keys: &Table, scale: f32) -> Filter {
    let Some(table) = keys.record(key!(PICTURE.filter)) else {
        return Filter::default();
    };
    let own = filter_of(table);
    Filter {
        blur: own.blur * scale,
        ..own
    }
}

/// The changes that a table asks for, its blur in canvas units.
pub(super) fn filter_of(table: &Table) -> Filter {
    Filter {
        blur: table.read(key!(FILTER.blur as number)),
        brightness: table.read(key!(FILTER.brightness as number)),
        contrast: table.read(key!(FILTER.contrast as number)),
        saturation: table.read(key!(FILTER.saturation as number)),
        grayscale: table.read(key!(FILTER.grayscale as number)),
    }
}

fn mask(
    keys: &Table,
    label: &str,
    width: u32,
    height: u32,
    stage: &mut Stage<'_>,
) -> Option<Arc<Mask>> {
    let node = keys.node(key!(PICTURE.mask))?;
    let written = node.as_text()?;
    if written == "circle" {
        return Some(Arc::new(circle(width, height)));
    }
    let path = stage.find(written, &node.place)?;
    stage.tell_notes(&path, written, label, &node.place);
    match stage.assets.pictures.mask(&path, width, height) {
        Ok(mask) => Some(mask),
        Err(error) => {
            stage
                .wrong
                .push(unreadable(&error, written, label, &node.place));
            None
        }
    }
}

/// CSS `circle()`: centred, as wide as the shorter side.
fn circle(width: u32, height: u32) -> Mask {
    let radius = width.min(height) as f32 / 2.0;
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    let coverage = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy)))
        .map(|(dx, dy)| {
            ((radius - (dx * dx + dy * dy).sqrt() + 0.5).clamp(0.0, 1.0) * 255.0).round() as u8
        })
        .collect();
    Mask {
        width,
        height,
        coverage,
    }
}

fn placed_qr(keys: &Table, qr: &QrDraft, rect: Rect, stage: &mut Stage<'_>) -> Qr {
    let mut surface = surface(keys, rect, stage);
    if keys.node(key!(QR.fill)).is_none() {
        surface.fill = Some(Paint::Solid(default_color(key!(QR.fill as word))));
    }
    let ink = ink_paint(keys, key!(QR.color as word), rect, stage);
    Qr {
        size: qr.size,
        dark: qr.dark.clone(),
        quiet: qr.quiet,
        paint: ink,
        surface,
    }
}

fn set_text(
    draft: &Draft<'_>,
    text: &TextDraft,
    rect: Rect,
    setting: Setting,
    measure: &Measure<'_>,
    stage: &mut Stage<'_>,
) -> Text {
    let keys = &draft.keys;
    let [x, y] = draft.axes;
    let by_content = |axis: &super::axis::Axis| match setting.in_flow {
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
    tell(draft, text, &set, stage);
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
                .map(|g| super::Glyph {
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

/// The paint of a key, else its default colour.
fn ink_paint(table: &Table, key: Word, rect: Rect, stage: &mut Stage<'_>) -> Paint {
    let given = table.node(key.key()).and_then(|n| paint(n, rect, stage));
    given.unwrap_or_else(|| Paint::Solid(default_color(key)))
}

/// What is worth a look about a text that was set.
fn tell(draft: &Draft<'_>, text: &TextDraft, set: &Set, stage: &mut Stage<'_>) {
    let at = draft
        .keys
        .node(key!(TEXT.text))
        .map_or(&draft.layer.place, |n| &n.place);
    let label = draft.layer.label();
    let style = &text.style;
    let at_least = set.size <= style.min_size && style.min_size < style.size;
    match set.fit {
        Fit::Cut if style.overflow == Overflow::Error => {
            let said = format!("the text of {label} does not fit its box");
            stage.wrong.push(
                Diagnostic::at(Code::Overflow, at, said)
                    .severity(crate::diag::Severity::Error)
                    .hint("shorten it, or let it shrink: overflow = \"shrink\""),
            );
        }
        Fit::Cut => {
            let how = match style.overflow {
                Overflow::Shrink => {
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
        Fit::Shrunk if at_least => {
            let said = format!(
                "the text of {label} is shrunk to its least size of {}",
                set.size
            );
            stage.wrong.push(Diagnostic::at(Code::Overflow, at, said));
        }
        _ => {}
    }
    for c in &set.missing {
        let said = format!("no font has U+{:04X} `{c}`", u32::from(*c));
        stage.wrong.push(
            Diagnostic::at(Code::MissingGlyph, at, said)
                .hint("add a font of its script to `[brand] fonts`, or install one"),
        );
    }
    for family in &set.missing_families {
        let at = draft.keys.node(key!(TEXT.font)).map_or(at, |n| &n.place);
        let known = stage.assets.typesetter.families();
        let hint = crate::diag::did_you_mean(family, known.iter().map(String::as_str));
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
