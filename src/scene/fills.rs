//! Fills as they are written become paints with a place on the canvas.

use std::sync::Arc;

use crate::template::keys::Word;
use crate::template::{Node, Table, Value, grammar, key};

use super::draft::unreadable;
use super::picture::{Filter, Fit, Wanted};
use super::stage::Stage;
use super::{Border, Color, Paint, Point, Rect, Shadow, Stop, Surface};

/// The mask that is no file.
pub(super) const CIRCLE: &str = "circle";

/// A box in whole output pixels: left, top, width, height; at least one pixel each way.
pub(super) fn pixel_box(rect: Rect, scale: f32) -> (i32, i32, u32, u32) {
    let (left, top) = ((rect.x * scale).round(), (rect.y * scale).round());
    let (right, bottom) = (
        (rect.right() * scale).round(),
        (rect.bottom() * scale).round(),
    );
    (
        left as i32,
        top as i32,
        ((right - left) as u32).max(1),
        ((bottom - top) as u32).max(1),
    )
}

/// A word of `fit` as a value.
pub(super) fn fit(word: &str) -> Fit {
    match word {
        "contain" => Fit::Contain,
        "fill" => Fit::Fill,
        "blur" => Fit::Blur,
        _ => Fit::Cover,
    }
}

/// The paint of a fill over `rect`; what is wrong with it is reported, and nothing painted.
pub(super) fn paint(node: &Node, rect: Rect, stage: &mut Stage<'_>) -> Option<Paint> {
    let Value::Table(table) = &node.value else {
        return stage.color(node).map(Paint::Solid);
    };
    if let Some(stops) = table.node(key!(FILL.linear)) {
        let angle = angle(table).unwrap_or(180.0);
        let (from, to) = css_line(rect, angle);
        return Some(Paint::Linear {
            from,
            to,
            stops: self::stops(stops, stage)?,
        });
    }
    if let Some(stops) = table.node(key!(FILL.radial)) {
        let stops = self::stops(stops, stage)?;
        let (cx, cy) = table.read(key!(FILL.center as pair));
        let center = Point {
            x: rect.x + cx * rect.w,
            y: rect.y + cy * rect.h,
        };
        let radius = match table.node(key!(FILL.radius)).and_then(grammar::length) {
            Some(length) => length.of(rect.w.min(rect.h)),
            None => farthest_corner(rect, center),
        };
        let radius = radius.max(0.001);
        return Some(Paint::Radial {
            center,
            radius: Point {
                x: radius,
                y: radius,
            },
            stops,
        });
    }
    if let Some(stops) = table.node(key!(FILL.conic)) {
        let stops = self::stops(stops, stage)?;
        let (cx, cy) = table.read(key!(FILL.center as pair));
        let angle = angle(table).unwrap_or(0.0);
        let center = Point {
            x: rect.x + cx * rect.w,
            y: rect.y + cy * rect.h,
        };
        return Some(Paint::Conic {
            center,
            angle,
            stops,
        });
    }
    picture(table, rect, stage)
}

/// Degrees; the default is another one for each kind of gradient.
fn angle(table: &Table) -> Option<f32> {
    let angle = table.node(key!(FILL.angle)).and_then(grammar::number)?;
    Some(angle as f32)
}

fn picture(table: &Table, rect: Rect, stage: &mut Stage<'_>) -> Option<Paint> {
    let node = table.node(key!(FILL.image))?;
    let written = node.as_text()?;
    let path = stage.find(written, &node.place)?;
    stage.report_notes(&path, written, "a fill", &node.place);
    let (left, top, width_px, height_px) = pixel_box(rect, stage.scale);
    let wanted = Wanted {
        width_px,
        height_px,
        fit: fit(table.read(key!(FILL.fit as word))),
        focus: table.read(key!(FILL.focus as pair)),
        filter: Default::default(),
    };
    match stage.assets.pictures.prepare(&path, &wanted) {
        Ok(ready) => {
            let (x, y) = (
                left as f32 + ready.offset_px.0 as f32,
                top as f32 + ready.offset_px.1 as f32,
            );
            let s = stage.scale;
            let rect = Rect::new(
                x / s,
                y / s,
                ready.pixels.width as f32 / s,
                ready.pixels.height as f32 / s,
            );
            Some(Paint::Picture {
                pixels: ready.pixels,
                rect,
            })
        }
        Err(error) => {
            stage
                .wrong
                .push(unreadable(&error, written, "a fill", &node.place));
            None
        }
    }
}

/// The gradient line of CSS: through the centre, long enough that the corners get the end colours.
fn css_line(rect: Rect, angle: f32) -> (Point, Point) {
    let radians = angle.to_radians();
    let (sin, cos) = (libm::sinf(radians), libm::cosf(radians));
    let half = (rect.w * sin.abs() + rect.h * cos.abs()) / 2.0;
    let c = rect.center();
    let (dx, dy) = (sin * half, -cos * half);
    (
        Point {
            x: c.x - dx,
            y: c.y - dy,
        },
        Point {
            x: c.x + dx,
            y: c.y + dy,
        },
    )
}

fn farthest_corner(rect: Rect, center: Point) -> f32 {
    let dx = (center.x - rect.x).max(rect.right() - center.x);
    let dy = (center.y - rect.y).max(rect.bottom() - center.y);
    libm::hypotf(dx, dy)
}

/// Stops with every position known: the ends are 0 and 1, the others lie evenly between their neighbours.
fn stops(node: &Node, stage: &mut Stage<'_>) -> Option<Arc<[Stop]>> {
    let items = grammar::list(node)?;
    let mut read: Vec<(Option<f32>, Color)> = Vec::with_capacity(items.len());
    for item in items {
        let (color, at) = match &item.value {
            Value::Array(pair) => (pair.first()?, pair.get(1).and_then(grammar::number)),
            _ => (item, None),
        };
        read.push((at.map(|n| n as f32), stage.color(color)?));
    }
    let last = read.len().checked_sub(1)?;
    read[0].0.get_or_insert(0.0);
    read[last].0.get_or_insert(1.0);
    let mut out: Vec<Stop> = Vec::with_capacity(read.len());
    for (i, (at, color)) in read.iter().enumerate() {
        let at = at.unwrap_or_else(|| {
            let before = out[i - 1].at;
            let next = (i..read.len())
                .find(|j| read[*j].0.is_some())
                .unwrap_or(last);
            let after = read[next].0.unwrap_or(1.0);
            before + (after - before) / (next - i + 1) as f32
        });
        let floor = out.last().map_or(0.0, |s| s.at);
        out.push(Stop {
            at: at.max(floor),
            color: *color,
        });
    }
    Some(out.into())
}

/// Fill, corners and border of a layer.
pub(super) fn surface(keys: &Table, rect: Rect, stage: &mut Stage<'_>) -> Surface {
    let radius = keys
        .node(key!(LAYER.radius))
        .and_then(|n| grammar::radius(n, rect.w, rect.h))
        .unwrap_or_default();
    Surface {
        // every type of layer that has a fill or a border calls them so
        fill: keys
            .node(key!(SURFACE.fill))
            .and_then(|n| paint(n, rect, stage)),
        radius: fitted(radius, rect),
        border: keys
            .record(key!(SURFACE.border))
            .and_then(|table| border(table, rect, stage)),
        circled: keys.node(key!(PICTURE.mask)).and_then(Node::as_text) == Some(CIRCLE),
        backdrop: keys.record(key!(SURFACE.backdrop)).map(filter_of),
    }
}

/// Corners that would overlap shrink together, as CSS says.
fn fitted(radius: [f32; 4], rect: Rect) -> [f32; 4] {
    let [tl, tr, br, bl] = radius;
    let part = |side: f32, sum: f32| if sum > side { side / sum } else { 1.0 };
    let f = part(rect.w, tl + tr)
        .min(part(rect.w, bl + br))
        .min(part(rect.h, tl + bl))
        .min(part(rect.h, tr + br));
    radius.map(|r| r * f)
}

fn record(node: &Node) -> Option<&Table> {
    match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// The colour that the language states as the default of a key.
pub(super) fn default_color(key: Word) -> Color {
    Color::parse(key.default()).unwrap_or(Color::BLACK)
}

/// The paint of a key, else its default colour.
pub(super) fn ink_paint(table: &Table, key: Word, rect: Rect, stage: &mut Stage<'_>) -> Paint {
    let given = table.node(key.key()).and_then(|n| paint(n, rect, stage));
    given.unwrap_or_else(|| Paint::Solid(default_color(key)))
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

fn border(table: &Table, rect: Rect, stage: &mut Stage<'_>) -> Option<Border> {
    let width = table.read(key!(BORDER.width as number));
    let paint = match table.node(key!(BORDER.color)) {
        Some(color) => paint(color, rect, stage)?,
        None => Paint::Solid(default_color(key!(BORDER.color as word))),
    };
    (width > 0.0).then_some(Border { width, paint })
}

/// `shadow`: one, or a list.
pub(super) fn shadows(keys: &Table, stage: &mut Stage<'_>) -> Vec<Shadow> {
    let Some(node) = keys.node(key!(LAYER.shadow)) else {
        return Vec::new();
    };
    let one = std::slice::from_ref(node);
    let items = grammar::list(node).unwrap_or(one);
    let mut out: Vec<Shadow> = items
        .iter()
        .filter_map(|item| shadow(record(item)?, stage))
        .collect();
    // as in CSS the first one lies on top
    out.reverse();
    out
}

fn shadow(table: &Table, stage: &mut Stage<'_>) -> Option<Shadow> {
    let color = match table.node(key!(SHADOW.color)) {
        Some(node) => stage.color(node)?,
        None => default_color(key!(SHADOW.color as word)),
    };
    Some(Shadow {
        dx: table.read(key!(SHADOW.x as number)),
        dy: table.read(key!(SHADOW.y as number)),
        blur: table.read(key!(SHADOW.blur as number)).min(500.0),
        spread: table.read(key!(SHADOW.spread as number)),
        color,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_lines_are_those_of_css() {
        let rect = Rect::new(0.0, 0.0, 100.0, 200.0);
        let (from, to) = css_line(rect, 180.0);
        assert!(
            (from.y - 0.0).abs() < 1e-3
                && (to.y - 200.0).abs() < 1e-3
                && (from.x - 50.0).abs() < 1e-3
        );
        let (from, to) = css_line(rect, 90.0);
        assert!((from.x - 0.0).abs() < 1e-3 && (to.x - 100.0).abs() < 1e-3);
    }

    #[test]
    fn corners_that_overlap_shrink_together() {
        assert_eq!(
            fitted([60.0; 4], Rect::new(0.0, 0.0, 100.0, 200.0)),
            [50.0; 4]
        );
        assert_eq!(
            fitted([10.0; 4], Rect::new(0.0, 0.0, 100.0, 200.0)),
            [10.0; 4]
        );
    }
}
