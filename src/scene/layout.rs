//! Where boxes go: CSS absolute positioning on the canvas and in free groups, flexbox in rows and columns.

use taffy::prelude::{
    AvailableSpace, Dimension, FromLength, LengthPercentage, LengthPercentageAuto, NodeId, Size,
    TaffyAuto, TaffyTree,
};
use taffy::{Display, FlexDirection, FlexWrap, compute_leaf_layout};

use super::Rect;
use super::axis::Axis;
use super::draft::{Draft, GroupDraft, Layout, What};
use super::text::{Overflow, Room, Set, Style, Typesetter};
use crate::template::{grammar, key};

/// Sets text and measures boxes.
pub(super) struct Measure<'a> {
    pub typesetter: &'a Typesetter,
}

/// How wide and high a box may be, where its own keys do not say.
#[derive(Debug, Clone, Copy)]
struct Limits {
    width: Option<f32>,
    height: Option<f32>,
    /// The most content may take across; infinite for the longest line.
    available: f32,
    /// Asks for the least width at which no word is broken.
    least: bool,
}

impl Measure<'_> {
    /// A layer's box inside its parent's, in canvas units.
    pub fn rect(&self, draft: &Draft<'_>, parent: Rect) -> Rect {
        let [mut x, mut y] = draft.axes;
        if draft.sticker.is_some() {
            // a sticker is as large as the app's; without edges it is in the middle
            (x, y) = (x.centered(), y.centered());
        }
        let limits = Limits {
            width: x.definite(parent.w),
            height: y.definite(parent.h),
            available: x.available(parent.w),
            least: false,
        };
        let (w, h) = self.size(draft, limits);
        let (x, y) = (x.place(parent.w, w), y.place(parent.h, h));
        Rect::new(parent.x + x.start, parent.y + y.start, x.size, y.size)
    }

    /// Each child's box of a group, in canvas units.
    pub fn children(&self, draft: &Draft<'_>, group: &GroupDraft, rect: Rect) -> Vec<Rect> {
        let [top, right, bottom, left] = group.padding;
        let inner = Rect::new(
            rect.x + left,
            rect.y + top,
            (rect.w - left - right).max(0.0),
            (rect.h - top - bottom).max(0.0),
        );
        if group.layout == Layout::Free {
            return draft.children.iter().map(|c| self.rect(c, inner)).collect();
        }
        let limits = Limits {
            width: Some(rect.w),
            height: Some(rect.h),
            available: rect.w,
            least: false,
        };
        let (_, boxes) = self.flex(draft, group, limits);
        let mut boxes = boxes.into_iter();
        draft
            .children
            .iter()
            .map(|c| match in_flow(c) {
                true => boxes.next().unwrap_or_default().moved(rect.x, rect.y),
                false => self.rect(c, inner),
            })
            .collect()
    }

    /// Text as it is set in a box.
    pub fn text(&self, draft: &super::draft::TextDraft, room: Room) -> Set {
        self.typesetter.set(&draft.spans, &draft.style, room)
    }

    fn size(&self, draft: &Draft<'_>, limits: Limits) -> (f32, f32) {
        match &draft.what {
            What::Shape | What::Film(_) => {
                (limits.width.unwrap_or(0.0), limits.height.unwrap_or(0.0))
            }
            What::Text(text) => {
                if let (Some(w), Some(h)) = (limits.width, limits.height) {
                    return (w, h);
                }
                let least =
                    (limits.least && limits.width.is_none()).then(|| self.min_content_width(text));
                let room = Room {
                    width: limits.width.or(least).unwrap_or(limits.available),
                    fill_width: false,
                    height: limits.height,
                };
                let set = self.text(text, room);
                (
                    limits.width.or(least).unwrap_or(set.width),
                    limits.height.unwrap_or(set.height),
                )
            }
            What::Picture(picture) => {
                let (w, h) = picture.natural;
                let fitted = w.min(limits.available);
                match (limits.width, limits.height) {
                    (Some(w), Some(h)) => (w, h),
                    (Some(box_w), None) => (box_w, box_w * h / w),
                    (None, Some(box_h)) => (box_h * w / h, box_h),
                    (None, None) => (fitted, fitted * h / w),
                }
            }
            What::Qr(_) => {
                let side = limits.width.or(limits.height).unwrap_or(240.0);
                (limits.width.unwrap_or(side), limits.height.unwrap_or(side))
            }
            What::Group(group) => self.group_size(draft, group, limits),
        }
    }

    fn group_size(&self, draft: &Draft<'_>, group: &GroupDraft, limits: Limits) -> (f32, f32) {
        if let (Some(w), Some(h)) = (limits.width, limits.height) {
            return (w, h);
        }
        if group.layout != Layout::Free {
            return self.flex(draft, group, limits).0;
        }
        let [top, right, bottom, left] = group.padding;
        let parent = Rect::new(
            0.0,
            0.0,
            (limits.width.unwrap_or(limits.available) - left - right).max(0.0),
            limits.height.map_or(0.0, |h| (h - top - bottom).max(0.0)),
        );
        let reach = draft
            .children
            .iter()
            .map(|c| self.reach(c, limits, parent))
            .fold((0.0_f32, 0.0_f32), |(w, h), (right, bottom)| {
                (w.max(right), h.max(bottom))
            });
        (
            limits.width.unwrap_or(reach.0 + left + right),
            limits.height.unwrap_or(reach.1 + top + bottom),
        )
    }

    /// How far a child reaches to the right and down in a free group. Where the group has no size, what fills it is as
    /// large as its content, and what is drawn at any size counts for nothing.
    fn reach(&self, child: &Draft<'_>, group: Limits, parent: Rect) -> (f32, f32) {
        let [x, y] = child.axes;
        let fills = |axis: &Axis| axis.is_in_flow() && axis.size.is_none();
        let open = [
            group.width.is_none() && fills(&x),
            group.height.is_none() && fills(&y),
        ];
        if open == [false, false] || child.sticker.is_some() {
            let rect = self.rect(child, parent);
            return (rect.right(), rect.bottom());
        }
        let limits = Limits {
            width: x.definite(parent.w).filter(|_| !open[0]),
            height: y.definite(parent.h).filter(|_| !open[1]),
            available: x.available(parent.w),
            least: group.least,
        };
        let (w, h) = self.size(child, limits);
        let any_size = matches!(child.what, What::Shape | What::Picture(_) | What::Film(_));
        let end = |axis: Axis, parent, size, is_open| match is_open && any_size {
            true => 0.0,
            false => {
                let placed = axis.place(parent, size);
                placed.start + placed.size
            }
        };
        (end(x, parent.w, w, open[0]), end(y, parent.h, h, open[1]))
    }

    /// Size of a row or column, and the boxes of its children that are in flow, from its left-top corner.
    fn flex(
        &self,
        draft: &Draft<'_>,
        group: &GroupDraft,
        limits: Limits,
    ) -> ((f32, f32), Vec<Rect>) {
        let found = self.flex_once(draft, group, limits);
        if limits.width.is_some() || limits.least || !has_part(draft) {
            return found;
        }
        // a part of a width that the content gives: content is measured in its part once that is known
        let ((width, _), _) = found;
        let known = Limits {
            width: Some(width),
            ..limits
        };
        self.flex_once(draft, group, known)
    }

    fn flex_once(
        &self,
        draft: &Draft<'_>,
        group: &GroupDraft,
        limits: Limits,
    ) -> ((f32, f32), Vec<Rect>) {
        let mut tree: TaffyTree<usize> = TaffyTree::new();
        tree.disable_rounding();
        let mut leaves = Vec::new();
        for (index, child) in draft
            .children
            .iter()
            .enumerate()
            .filter(|(_, c)| in_flow(c))
        {
            if let Ok(leaf) = tree.new_leaf_with_context(item_style(child), index) {
                leaves.push(leaf);
            }
        }
        let Ok(root) = tree.new_with_children(container_style(group, limits), &leaves) else {
            return ((0.0, 0.0), Vec::new());
        };
        let space = Size {
            width: match limits.width {
                None if limits.least => AvailableSpace::MinContent,
                width => definite(width.unwrap_or(limits.available)),
            },
            height: limits.height.map_or(AvailableSpace::MaxContent, definite),
        };
        let measured = tree.compute_layout_with_measure(root, space, |input, _, context, style| {
            let child = context.and_then(|index| draft.children.get(*index));
            let mut output = compute_leaf_layout(
                input,
                style,
                |_, _| 0.0,
                |known, space| {
                    child.map_or(Size::ZERO, |child| self.flex_item(child, known, space))
                },
            );
            if group.align == taffy::AlignItems::BASELINE
                && let Some(child) = child
            {
                let (w, h) = (output.size.width, output.size.height);
                output.baselines.first = self.baseline(child, w, h);
            }
            output
        });
        if measured.is_err() {
            return ((0.0, 0.0), Vec::new());
        }
        let rect = |node: NodeId| {
            tree.layout(node).map_or(Rect::default(), |l| {
                Rect::new(l.location.x, l.location.y, l.size.width, l.size.height)
            })
        };
        let own = rect(root);
        ((own.w, own.h), leaves.into_iter().map(rect).collect())
    }

    /// The first baseline of a box of that size, from its top: the first text's in it. What has none stands on its
    /// bottom edge.
    fn baseline(&self, draft: &Draft<'_>, width: f32, height: f32) -> Option<f32> {
        match &draft.what {
            What::Text(text) => {
                let room = Room {
                    width: width + 0.01,
                    fill_width: true,
                    height: draft.axes[1].size.map(|_| height),
                };
                let set = self.text(text, room);
                let free = (height - set.height).max(0.0);
                let down = match draft.keys.read(key!(TEXT.valign as word)) {
                    "middle" => free / 2.0,
                    "bottom" => free,
                    _ => 0.0,
                };
                Some(down + set.baseline)
            }
            What::Group(group) => {
                let boxes = self.children(draft, group, Rect::new(0.0, 0.0, width, height));
                draft
                    .children
                    .iter()
                    .zip(boxes)
                    .find_map(|(child, rect)| Some(rect.y + self.baseline(child, rect.w, rect.h)?))
            }
            _ => None,
        }
    }

    /// The min-content width of CSS: the least at which lines break only where they may.
    fn min_content_width(&self, text: &super::draft::TextDraft) -> f32 {
        let style = Style {
            max_lines: None,
            overflow: Overflow::Clip,
            keep_words: true,
            ..text.style.clone()
        };
        let room = Room {
            width: 0.0,
            fill_width: false,
            height: None,
        };
        self.typesetter.set(&text.spans, &style, room).width
    }

    fn flex_item(
        &self,
        child: &Draft<'_>,
        known: Size<Option<f32>>,
        space: Size<AvailableSpace>,
    ) -> Size<f32> {
        let limits = Limits {
            width: known.width,
            height: known.height,
            available: match space.width {
                AvailableSpace::Definite(width) => width,
                AvailableSpace::MinContent | AvailableSpace::MaxContent => f32::INFINITY,
            },
            least: space.width == AvailableSpace::MinContent,
        };
        let (width, height) = self.size(child, limits);
        // a hair of width is lost to rounding on the way back, and with it a word would wrap
        let width = if known.width.is_none() && matches!(child.what, What::Text(_)) {
            width + 0.01
        } else {
            width
        };
        Size { width, height }
    }
}

/// Whether the width of anything in flow within it is a part of another's.
fn has_part(draft: &Draft<'_>) -> bool {
    let is_part = |child: &Draft<'_>| matches!(child.axes[0].size, Some(grammar::Length::Part(_)));
    let mut children = draft.children.iter().filter(|child| in_flow(child));
    children.any(|child| is_part(child) || has_part(child))
}

/// A child with an edge of its own is placed by it, out of the row's flow, as CSS does.
fn in_flow(child: &Draft<'_>) -> bool {
    child.axes.iter().all(Axis::is_in_flow)
}

fn definite(length: f32) -> AvailableSpace {
    if length.is_finite() {
        AvailableSpace::Definite(length)
    } else {
        AvailableSpace::MaxContent
    }
}

fn container_style(group: &GroupDraft, limits: Limits) -> taffy::Style {
    let [top, right, bottom, left] = group.padding.map(LengthPercentage::length);
    let gap = LengthPercentage::length(group.gap);
    taffy::Style {
        display: Display::Flex,
        flex_direction: if group.layout == Layout::Row {
            FlexDirection::Row
        } else {
            FlexDirection::Column
        },
        flex_wrap: if group.wrap {
            FlexWrap::Wrap
        } else {
            FlexWrap::NoWrap
        },
        align_items: group.align,
        justify_content: group.justify,
        gap: Size {
            width: gap,
            height: gap,
        },
        padding: taffy::Rect {
            left,
            right,
            top,
            bottom,
        },
        size: Size {
            width: limits.width.map_or(Dimension::AUTO, Dimension::length),
            height: limits.height.map_or(Dimension::AUTO, Dimension::length),
        },
        max_size: Size {
            width: match limits.available.is_finite() {
                true => LengthPercentageAuto::from_length(limits.available),
                false => LengthPercentageAuto::AUTO,
            },
            height: LengthPercentageAuto::AUTO,
        },
        ..taffy::Style::default()
    }
}

fn item_style(child: &Draft<'_>) -> taffy::Style {
    let side = |length: Option<grammar::Length>| match length {
        Some(grammar::Length::Units(units)) => Dimension::length(units.max(0.0)),
        Some(grammar::Length::Part(part)) => Dimension::percent(part.max(0.0)),
        None => Dimension::AUTO,
    };
    let [x, y] = child.axes;
    let fixed = matches!(
        child.what,
        What::Picture(_) | What::Film(_) | What::Qr(_) | What::Shape
    );
    taffy::Style {
        size: Size {
            width: side(x.size),
            height: side(y.size),
        },
        flex_grow: child.keys.read(key!(LAYER.grow as number)),
        // words wrap when there is little room; pictures and codes keep their size
        flex_shrink: if fixed { 0.0 } else { 1.0 },
        ..taffy::Style::default()
    }
}
