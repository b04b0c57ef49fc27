//! Layers with a place become nodes: pictures are decoded at their size, fills get their geometry.
//!
//! In: a draft and its box. Out: a [`Node`], or nothing where its picture failed and was reported. Never: layout.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Severity};
use crate::template::expression::has_expression;
use crate::template::grammar::Length;
use crate::template::language::LayerType;
use crate::template::{Table, grammar, key};

use super::draft::{Draft, PictureDraft, QrDraft, What, unreadable};
use super::emit_text::set_text;
use super::fills::{CIRCLE, default_color, filter_of, fit, ink_paint, pixel_box, shadows, surface};
use super::layout::Measure;
use super::picture::{self, Filter, Wanted};
use super::stage::Stage;
use super::{Blend, Clip, Content, Film, Group, Mask, Node, Paint, Picture, Qr, Rect, moving};

/// Where a node is among its ancestors.
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
    report_empty(draft, rect, stage);
    let content = match &draft.what {
        What::Shape => Content::Shape(surface(keys, rect, stage)),
        What::Text(text) => {
            Content::Text(set_text(draft, text, rect, setting.in_flow, measure, stage))
        }
        What::Picture(picture) => {
            Content::Picture(placed_picture(draft, picture, rect, setting, stage)?)
        }
        What::Film(clip) => Content::Film(placed_film(draft, clip, rect, stage)?),
        What::Qr(qr) => Content::Qr(placed_qr(draft, qr, rect, stage)),
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

/// Reports a picture, shape or code that has no width or no height.
///
/// A size that an expression gives may be 0: a bar of 0 %.
fn report_empty(draft: &Draft<'_>, rect: Rect, stage: &mut Stage<'_>) {
    let is_drawn = matches!(draft.what, What::Picture(_) | What::Shape | What::Qr(_));
    if !is_drawn || draft.layer.kind == LayerType::Sticker {
        return;
    }
    let [across, down] = draft.axes;
    for (length, axis, key) in [
        (rect.w, across, key!(LAYER.width)),
        (rect.h, down, key!(LAYER.height)),
    ] {
        let written = draft.layer.keys.node(key);
        let is_below = match axis.size {
            Some(Length::Units(size) | Length::Part(size)) => size < 0.0,
            None => false,
        };
        let is_reckoned = written
            .and_then(grammar::text)
            .is_some_and(|text| has_expression(&text));
        if length > 0.0 || is_reckoned && !is_below {
            continue;
        }
        let message = format!("{} has no {}", draft.layer.label(), key.name);
        let at = written.map_or(&draft.layer.place, |node| &node.place);
        let found = Diagnostic::at(Code::BadValue, at, message);
        let found = found.severity(Severity::Warning);
        stage.wrong.push(found.hint("nothing of it is seen"));
        return;
    }
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
            let message = format!("{label} has no {key}");
            let hint = format!("a clip has none to lend: say `{key}`, or {edges}");
            stage
                .wrong
                .push(Diagnostic::at(Code::BadValue, &draft.layer.place, message).hint(hint));
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
                // the front moves where it is, over all that does not
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
    // a smaller preview hides nothing of what the deliverable enlarges, but its boxes end on whole pixels of its own
    let side = width_px.min(height_px).max(1) as f32;
    let rounded = if stage.shown < 1.0 { 1.0 / side } else { 0.0 };
    let enlarged = enlarged / stage.shown;
    if enlarged - rounded > 1.01 {
        report_enlarged(draft, picture, enlarged, stage);
    }
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

/// A picture made ready; reported when it cannot be.
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
            let reported = unreadable(&error, &written(draft), &label, &picture.place);
            stage.wrong.push(reported);
            None
        }
    }
}

fn written(draft: &Draft<'_>) -> String {
    let src = draft.keys.node(key!(PICTURE.src)).and_then(grammar::text);
    src.unwrap_or_default()
}

fn report_enlarged(
    draft: &Draft<'_>,
    picture: &PictureDraft,
    enlarged: f32,
    stage: &mut Stage<'_>,
) {
    // a drawing has no pixels: it is drawn anew at each size
    if stage.assets.pictures.is_drawing(&picture.path) {
        return;
    }
    let message = format!(
        "`{}` is drawn at {:.0} % of its size",
        written(draft),
        enlarged * 100.0
    );
    let (w, h) = picture.natural;
    stage.wrong.push(
        Diagnostic::at(Code::Upscaled, &picture.place, message)
            .hint(format!("it has {w} × {h} pixels")),
    );
}

/// A see-through picture that moves over a still copy of itself would be seen twice.
fn see_through(draft: &Draft<'_>, stage: &mut Stage<'_>) {
    let at = draft
        .keys
        .node(key!(MOVING.motion))
        .map_or(&draft.layer.place, |n| &n.place);
    let message = "`motion` with fit = \"blur\" takes a picture that nothing shows through";
    stage.wrong.push(
        Diagnostic::at(Code::BadValue, at, message)
            .hint("fit = \"contain\", and a layer behind it"),
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

fn mask(
    keys: &Table,
    label: &str,
    width: u32,
    height: u32,
    stage: &mut Stage<'_>,
) -> Option<Arc<Mask>> {
    let node = keys.node(key!(PICTURE.mask))?;
    let written = node.as_text()?;
    if written == CIRCLE {
        return Some(Arc::new(circle(width, height)));
    }
    let path = stage.find(written, &node.place)?;
    stage.report_notes(&path, written, label, &node.place);
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

/// A narrower code is not read by a phone that looks at another one's screen, units. Reasoned, not measured.
const LEAST_CODE: f32 = 180.0;
/// The same of one of its modules.
const LEAST_MODULE: f32 = 3.0;

fn placed_qr(draft: &Draft<'_>, qr: &QrDraft, rect: Rect, stage: &mut Stage<'_>) -> Qr {
    let keys = &draft.keys;
    let modules = qr.size + 2 * qr.quiet;
    let (side, least) = (
        rect.w.min(rect.h),
        LEAST_CODE.max(modules as f32 * LEAST_MODULE),
    );
    // half a unit is no difference
    if side < least - 0.5 {
        let message = format!(
            "the code of {} is {side:.0} units wide, too small for a phone to read: {least:.0} are needed",
            draft.layer.label()
        );
        let found = Diagnostic::at(Code::BadValue, &draft.layer.place, message);
        let hint = match least > LEAST_CODE {
            true => "larger, or less to say: it has many modules",
            false => "people scan it from a second screen",
        };
        let found = found.severity(Severity::Warning).hint(hint);
        stage.wrong.push(found);
    }
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
