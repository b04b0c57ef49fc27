//! Words and codes that nobody sees whole: the canvas ends before they do, or a group cuts them.
//!
//! In: layers with their places. Out: an `overflow` warning for each text and code that an edge cuts, with the side and
//! by how much, and for pictures and shapes of which nothing is left. Never: pictures and shapes that are cut, which is
//! done on purpose all the time; what says `bleed`; what a text's own box cuts, which is reported where it is set.

use crate::diag::{Code, Diagnostic};

use super::draft::{Draft, What};
use super::geometry::Corners;
use super::{Content, Node, Rect, Text};

/// The part of its size that a line of text is high about its middle: about that of a capital. Reasoned, not measured:
/// a line's box is higher than its letters, and a tight one is no fault.
const LETTER: f32 = 0.7;
/// The part of its size that a text may lose at its sides: less than the thinnest letter. Reasoned, not measured.
const SIDE: f32 = 0.1;
/// Units that a code may lose; its quiet zone is wider.
const CODE_EDGE: f32 = 1.0;

/// A group around a layer.
struct Around<'a> {
    node: &'a Node,
    label: String,
    cuts: bool,
}

/// Reports what of these layers is cut off by groups or by the edge of the canvas.
pub(super) fn by_edges(placed: &[(&Draft<'_>, &Node)], canvas: Rect, wrong: &mut Vec<Diagnostic>) {
    for (draft, node) in placed {
        walk(draft, node, &mut Vec::new(), canvas, wrong);
    }
}

fn walk<'a>(
    draft: &'a Draft<'_>,
    node: &'a Node,
    around: &mut Vec<Around<'a>>,
    canvas: Rect,
    wrong: &mut Vec<Diagnostic>,
) {
    if node.bleed || node.opacity == 0.0 {
        return;
    }
    if let Content::Group(group) = &node.content
        && draft.sticker.is_none()
    {
        around.push(Around {
            node,
            label: draft.layer.label(),
            cuts: group.clip,
        });
        for (draft, node) in draft.pairs(node) {
            walk(draft, node, around, canvas, wrong);
        }
        around.pop();
        return;
    }
    let mut least = Least::Part;
    let seen = match (&draft.what, &node.content) {
        (What::Text(_), Content::Text(text)) => letters(text),
        (What::Qr(_), Content::Qr(_)) => {
            let r = node.rect;
            let edge = CODE_EDGE;
            Some(Rect::new(
                r.x + edge,
                r.y + edge,
                r.w - 2.0 * edge,
                r.h - 2.0 * edge,
            ))
        }
        _ if draft.sticker.is_some() => Some(node.rect),
        // a shadow may fall where its layer is not
        (What::Picture(_) | What::Shape, _) if node.shadows.is_empty() => {
            least = Least::Wholly;
            Some(node.rect)
        }
        _ => None,
    };
    let Some(seen) = seen.filter(|r| r.w > 0.0 && r.h > 0.0) else {
        return;
    };
    if let Some((said, hint)) = cut(seen.corners(), node, around, canvas, least) {
        let said = format!("{} {said}", draft.layer.label());
        wrong.push(Diagnostic::at(Code::Overflow, &node.place, said).hint(hint));
    }
}

/// The box of a text's letters, without the air around them.
fn letters(text: &Text) -> Option<Rect> {
    let lines = text.lines.iter().filter(|line| line.w > 0.0);
    let cores = lines.map(|line| {
        let high = LETTER * text.size;
        let middle = line.y + line.h / 2.0;
        let side = (SIDE * text.size).min(line.w / 4.0);
        Rect::new(
            line.x + side,
            middle - high / 2.0,
            line.w - 2.0 * side,
            high,
        )
    });
    let all = cores.reduce(|a, b| a.union(&b))?;
    match text.clip {
        Some(own) => {
            let (x, y) = (all.x.max(own.x), all.y.max(own.y));
            let (right, bottom) = (all.right().min(own.right()), all.bottom().min(own.bottom()));
            Some(Rect::new(x, y, right - x, bottom - y))
        }
        None => Some(all),
    }
}

/// What to say of the innermost edge that cuts, and what helps.
fn cut(
    mut at: Corners,
    node: &Node,
    around: &[Around<'_>],
    canvas: Rect,
    least: Least,
) -> Option<(String, &'static str)> {
    at = at.turned(node.rotate, node.rect.center());
    for group in around.iter().rev() {
        if group.cuts
            && let Some(how) = beyond(at, group.node.rect, least)
        {
            let said = match how {
                Beyond::Wholly => format!("cannot be seen: {} cuts it off", group.label),
                Beyond::By(by, side) => {
                    format!("is cut off: {by:.0} units at the {side} by {}", group.label)
                }
            };
            let hint = "give it room, shorten it, or say bleed = true where that is meant";
            return Some((said, least.hint(hint)));
        }
        at = at.turned(group.node.rotate, group.node.rect.center());
    }
    let said = match beyond(at, canvas, least)? {
        Beyond::Wholly => "cannot be seen: it lies outside of the canvas".to_owned(),
        Beyond::By(by, side) => {
            format!("is cut off: {by:.0} units at the {side} lie outside of the canvas")
        }
    };
    let hint =
        "give it a width and an overflow, shorten it, or say bleed = true where that is meant";
    Some((said, least.hint(hint)))
}

/// What is worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Least {
    /// Anything that is cut.
    Part,
    /// Only what is not seen at all.
    Wholly,
}

impl Least {
    /// What helps; `cut` is what helps words and codes.
    fn hint(self, cut: &'static str) -> &'static str {
        match self {
            Self::Part => cut,
            Self::Wholly => "move it, or say bleed = true where that is meant",
        }
    }
}

enum Beyond {
    Wholly,
    /// Units, and the side.
    By(f32, &'static str),
}

/// How far a shape leaves a box, at the side where it is most.
fn beyond(at: Corners, rect: Rect, least: Least) -> Option<Beyond> {
    let all = at.upright();
    let (left, right, top, bottom) = (all.x, all.right(), all.y, all.bottom());
    if right <= rect.x || left >= rect.right() || bottom <= rect.y || top >= rect.bottom() {
        return Some(Beyond::Wholly);
    }
    if least == Least::Wholly {
        return None;
    }
    let sides = [
        (rect.x - left, "left"),
        (right - rect.right(), "right"),
        (rect.y - top, "top"),
        (bottom - rect.bottom(), "bottom"),
    ];
    let most = sides.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    // half a unit is no reach: boxes that touch the edge are inside
    (most.0 > 0.5).then(|| Beyond::By(most.0.ceil(), most.1))
}
