//! Instagram's own chrome: what lies under it is reported.

use crate::diag::{Code, Diagnostic};

use super::draft::{Draft, What};
use super::geometry::Corners;
use super::{Content, Node, Rect};

/// Canvas units at the top that the progress bar, the avatar and the name cover.
///
/// About 12.5 % of the height, measured on phones; Meta publishes no figure for it.
pub const TOP: f32 = 240.0;
/// Canvas units at the bottom that the reply bar covers.
pub const BOTTOM: f32 = 240.0;

/// Text, codes, stickers and logos that reach into the chrome and do not say that it is meant, in groups too.
pub(super) fn outside(placed: &[(&Draft<'_>, &Node)], height: f32, wrong: &mut Vec<Diagnostic>) {
    for (draft, node) in placed {
        walk(draft, node, &mut Vec::new(), height, wrong);
    }
}

/// `around` are the groups that the layer is in, the outermost first: each turns it as well.
fn walk<'a>(
    draft: &'a Draft<'_>,
    node: &'a Node,
    around: &mut Vec<&'a Node>,
    height: f32,
    wrong: &mut Vec<Diagnostic>,
) {
    around.push(node);
    for (draft, node) in draft.pairs(node) {
        walk(draft, node, around, height, wrong);
    }
    if let Some(seen) = seen(draft, node).filter(|_| !node.bleed) {
        let turned = |at: Corners, node: &&Node| at.turned(node.rotate, node.rect.center());
        let reach = around.iter().rev().fold(seen.corners(), turned).upright();
        report(draft, node, reach, height, wrong);
    }
    around.pop();
}

/// What of a layer has to be seen.
fn seen(draft: &Draft<'_>, node: &Node) -> Option<Rect> {
    match (&draft.what, &node.content) {
        (What::Text(_), Content::Text(text)) => {
            let lines = text.lines.iter().copied().filter(|l| l.w > 0.0);
            lines.reduce(|a, b| a.union(&b))
        }
        (What::Qr(_), _) => Some(node.rect),
        _ if draft.sticker.is_some() => Some(node.rect),
        (What::Picture(picture), _) if picture.is_logo => Some(node.rect),
        _ => None,
    }
}

fn report(draft: &Draft<'_>, node: &Node, reach: Rect, height: f32, wrong: &mut Vec<Diagnostic>) {
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
