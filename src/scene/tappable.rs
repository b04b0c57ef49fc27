//! Where stickers are tapped: the boxes that were drawn, turned as their groups are.
//!
//! In: placed layers. Out: a [`Sticker`] for each sticker layer, with the box of its own node, and warnings for those that
//! a tap cannot reach. Never: a box of its own making.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Place, Severity};

use super::draft::{Draft, Pairs};
use super::geometry::CANVAS_SIZE;
use super::{Node, Point, Rect, Sticker, StickerKind};

/// A layer with its place on the canvas.
pub(super) struct Placed<'a, 't> {
    pub draft: &'a Draft<'t>,
    pub node: &'a Node,
    /// Where its centre is, once its groups are turned; units.
    pub center: Point,
    /// Degrees clockwise, its groups' turns among them.
    pub rotation: f32,
}

/// A group that is turned about its centre.
#[derive(Clone, Copy)]
struct Turned {
    center: Point,
    degrees: f32,
}

/// Each layer with its place, children after their parents.
pub(super) fn placed<'a, 't>(outermost: &Pairs<'a, 't>) -> Vec<Placed<'a, 't>> {
    let mut out = Vec::new();
    for (draft, node) in outermost {
        walk(draft, node, &mut Vec::new(), &mut out);
    }
    out
}

fn walk<'a, 't>(
    draft: &'a Draft<'t>,
    node: &'a Node,
    around: &mut Vec<Turned>,
    out: &mut Vec<Placed<'a, 't>>,
) {
    let turned = |point: Point, by: &Turned| turn(point, by.center, by.degrees);
    let center = around.iter().rev().fold(node.rect.center(), turned);
    let degrees: f32 = around.iter().map(|by| by.degrees).sum();
    out.push(Placed {
        draft,
        node,
        center,
        rotation: (degrees + node.rotate) % 360.0,
    });
    around.push(Turned {
        center: node.rect.center(),
        degrees: node.rotate,
    });
    for (draft, node) in draft.pairs(node) {
        walk(draft, node, around, out);
    }
    around.pop();
}

fn turn(point: Point, about: Point, degrees: f32) -> Point {
    let turned = Rect::new(point.x, point.y, 0.0, 0.0).corners();
    let turned = turned.turned(degrees, about).upright();
    Point {
        x: turned.x,
        y: turned.y,
    }
}

impl Placed<'_, '_> {
    /// Its box as a sticker's that does this.
    pub fn sticker(&self, kind: StickerKind) -> Sticker {
        boxed(
            kind,
            self.center,
            (self.node.rect.w, self.node.rect.h),
            self.rotation,
        )
    }

    /// The upright box around it, units.
    fn upright(&self) -> Rect {
        let (w, h) = (self.node.rect.w, self.node.rect.h);
        let level = Rect::new(self.center.x - w / 2.0, self.center.y - h / 2.0, w, h);
        let turned = level.corners().turned(self.rotation, self.center);
        turned.upright()
    }
}

/// What is tapped where no layer says how large it is: about as large as the app's own.
const BOX: (f32, f32) = (324.0, 116.0);

/// The box of a `[[mention]]` or `[[link]]` that lies over no layer.
pub(super) fn around_point(center: Point) -> Rect {
    let (w, h) = BOX;
    Rect::new(center.x - w / 2.0, center.y - h / 2.0, w, h)
}

/// A sticker of a box in units; its parts of the canvas are exact to a fiftieth of a pixel.
pub(super) fn boxed(kind: StickerKind, center: Point, size: (f32, f32), rotation: f32) -> Sticker {
    let (width, height) = CANVAS_SIZE;
    let part = |units: f32, side: f32| {
        let part = f64::from(units) / f64::from(side);
        ((part * 1e5).round() / 1e5) as f32
    };
    Sticker {
        kind,
        x: part(center.x, width),
        y: part(center.y, height),
        width: part(size.0, width),
        height: part(size.1, height),
        rotation,
    }
}

/// So many units of one sticker may lie over another: a tap there is rare.
const TOUCHING: f32 = 4.0;

/// Reports stickers that lie over each other.
pub(super) fn check(placed: &[Placed<'_, '_>], wrong: &mut Vec<Diagnostic>) {
    let stickers: Vec<_> = placed
        .iter()
        .filter_map(|p| Some((p, p.draft.sticker.as_ref()?)))
        .collect();
    for (index, (upper, _)) in stickers.iter().enumerate() {
        let own = upper.upright();
        for (lower, _) in &stickers[..index] {
            let other = lower.upright();
            let across = own.right().min(other.right()) - own.x.max(other.x);
            let down = own.bottom().min(other.bottom()) - own.y.max(other.y);
            if across > TOUCHING && down > TOUCHING {
                let message = format!(
                    "{} lies over {}: a tap there reaches only one of them",
                    named(upper),
                    named(lower)
                );
                let found = Diagnostic::at(Code::BadValue, &upper.node.place, message);
                wrong.push(found.severity(Severity::Warning).hint("move one of them"));
            }
        }
    }
}

/// Reports the second sticker of a kind of which the app takes one a story.
pub(super) fn check_seconds<'p>(
    stickers: impl Iterator<Item = (&'static str, &'p Place)>,
    wrong: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (word, place) in stickers {
        let count = seen.entry(word).or_default();
        *count += 1;
        let many = ["mention", "hashtag", "location"].contains(&word);
        if *count == 2 && !many {
            let message = format!("a second {word} sticker: the app takes one a story");
            let found = Diagnostic::at(Code::BadValue, place, message);
            let hint = "keep one, and make another story of the other";
            wrong.push(found.severity(Severity::Warning).hint(hint));
        }
    }
}

fn named(placed: &Placed<'_, '_>) -> String {
    let kind = placed.draft.sticker.as_ref().map_or("", StickerKind::word);
    match &placed.draft.layer.id {
        Some(id) => format!("the {kind} sticker `{id}`"),
        None => format!("the {kind} sticker"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_turns_clockwise_about_another() {
        let about = Point { x: 100.0, y: 100.0 };
        let right = Point { x: 150.0, y: 100.0 };
        let below = turn(right, about, 90.0);
        assert!((below.x - 100.0).abs() < 1e-3 && (below.y - 150.0).abs() < 1e-3);
    }
}
