//! Instagram's own chrome: what lies under it is reported.

use crate::diag::{Code, Diagnostic};

use super::draft::{Draft, What};
use super::{Content, Node, Rect};

/// Canvas units at the top that the progress bar, the avatar and the name cover.
///
/// About 12.5 % of the height, measured on phones; Meta publishes no figure for it.
pub const TOP: f32 = 240.0;
/// Canvas units at the bottom that the reply bar covers.
pub const BOTTOM: f32 = 240.0;

/// Text, codes and logos that reach into the chrome and do not say that it is meant.
///
/// `drafts` and `nodes` are the same layers in the same order.
pub(super) fn outside(drafts: &[(&Draft<'_>, &Node)], height: f32, wrong: &mut Vec<Diagnostic>) {
    for (draft, node) in drafts {
        if node.bleed {
            continue;
        }
        let reach = match (&draft.what, &node.content) {
            (What::Text(_), Content::Text(text)) => text
                .lines
                .iter()
                .copied()
                .filter(|l| l.w > 0.0)
                .reduce(|a, b| a.union(&b)),
            (What::Qr(_), _) => Some(node.rect),
            (What::Picture(picture), _) if picture.is_logo => Some(node.rect),
            _ => None,
        };
        let Some(reach) = reach else { continue };
        let reach = turned(reach, node);
        // half a unit is no reach: boxes that touch the edge are inside
        let above = TOP - 0.5 - reach.y;
        let below = reach.bottom() - (height - BOTTOM) - 0.5;
        for (by, side, chrome) in [
            (above, "top", "avatar and name"),
            (below, "bottom", "reply bar"),
        ] {
            if by > 0.0 {
                let message = format!(
                    "{} reaches {:.0} units into the {side}, under Instagram's {chrome}",
                    draft.layer.label(),
                    by.ceil()
                );
                let hint = format!(
                    "keep it between {TOP} and {}, or say bleed = true",
                    height - BOTTOM
                );
                wrong.push(Diagnostic::at(Code::OutsideSafeZone, &node.place, message).hint(hint));
            }
        }
    }
}

/// The upright box around a box that is turned about its node's centre.
fn turned(rect: Rect, node: &Node) -> Rect {
    if node.rotate == 0.0 {
        return rect;
    }
    let (sin, cos) = (
        libm::sinf(node.rotate.to_radians()),
        libm::cosf(node.rotate.to_radians()),
    );
    let c = node.rect.center();
    let corners = [
        (rect.x, rect.y),
        (rect.right(), rect.y),
        (rect.x, rect.bottom()),
        (rect.right(), rect.bottom()),
    ]
    .map(|(x, y)| {
        let (dx, dy) = (x - c.x, y - c.y);
        (c.x + dx * cos - dy * sin, c.y + dx * sin + dy * cos)
    });
    let min = |f: fn(&(f32, f32)) -> f32| corners.iter().map(f).fold(f32::INFINITY, f32::min);
    let max = |f: fn(&(f32, f32)) -> f32| corners.iter().map(f).fold(f32::NEG_INFINITY, f32::max);
    let (x, y) = (min(|p| p.0), min(|p| p.1));
    Rect::new(x, y, max(|p| p.0) - x, max(|p| p.1) - y)
}
