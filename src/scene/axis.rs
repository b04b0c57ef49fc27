//! One axis of a box, as CSS absolute positioning solves it.

use crate::template::grammar::{self, Length};
use crate::template::{Table, key};

/// What a layer says of one axis.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Axis {
    pub start: Option<Length>,
    pub end: Option<Length>,
    pub size: Option<Length>,
    /// 0 when the box's start sits at `start`, 0.5 its centre, 1 its end.
    pub anchor: f32,
}

/// Where a box lies on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    pub start: f32,
    pub size: f32,
}

impl Axis {
    /// Both axes of a layer, x first.
    pub fn of(keys: &Table) -> [Self; 2] {
        let length = |key| keys.node(key).and_then(grammar::length);
        let (x, y) = grammar::anchor(keys.read(key!(LAYER.anchor as word)));
        [
            Self {
                start: length(key!(LAYER.left)),
                end: length(key!(LAYER.right)),
                size: length(key!(LAYER.width)),
                anchor: x,
            },
            Self {
                start: length(key!(LAYER.top)),
                end: length(key!(LAYER.bottom)),
                size: length(key!(LAYER.height)),
                anchor: y,
            },
        ]
    }

    /// Whether the layer leaves this axis' size to its content.
    pub fn is_content(&self) -> bool {
        self.size.is_none() && self.start.is_some() != self.end.is_some()
    }

    /// Whether no edge is named.
    pub fn is_in_flow(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    /// In the middle of its parent, where no edge is named; as large as its content or as it says.
    pub fn centered(self) -> Self {
        match self.is_in_flow() {
            true => Self {
                start: Some(Length::Part(0.5)),
                anchor: 0.5,
                ..self
            },
            false => self,
        }
    }

    /// The size, where it follows from the parent's alone.
    pub fn definite(&self, parent: f32) -> Option<f32> {
        let size = match (self.start, self.end, self.size) {
            (_, _, Some(size)) => size.of(parent),
            (Some(start), Some(end), None) => parent - start.of(parent) - end.of(parent),
            (None, None, None) => parent,
            _ => return None,
        };
        Some(size.max(0.0))
    }

    /// The most that content may take.
    pub fn available(&self, parent: f32) -> f32 {
        let room = match (
            self.start.map(|l| l.of(parent)),
            self.end.map(|l| l.of(parent)),
        ) {
            // a centred box reaches as far on both sides as the nearer edge lets it
            (Some(start), None) => {
                let (before, after) = (start, parent - start);
                let [a, b] = [self.anchor, 1.0 - self.anchor];
                let left = if a > 0.0 { before / a } else { f32::INFINITY };
                let right = if b > 0.0 { after / b } else { f32::INFINITY };
                left.min(right)
            }
            (None, Some(end)) => parent - end,
            (start, end) => parent - start.unwrap_or(0.0) - end.unwrap_or(0.0),
        };
        room.max(0.0)
    }

    /// Where a box of that size goes.
    pub fn place(&self, parent: f32, size: f32) -> Placed {
        let start = match (self.start, self.end) {
            (Some(start), Some(_)) => start.of(parent),
            (Some(start), None) => start.of(parent) - self.anchor * size,
            (None, Some(end)) => parent - end.of(parent) - size,
            (None, None) => 0.0,
        };
        Placed { start, size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: fn(f32) -> Option<Length> = |n| Some(Length::Units(n));

    #[test]
    fn two_edges_give_the_size_and_one_leaves_it_to_the_content() {
        let both = Axis {
            start: U(64.0),
            end: U(64.0),
            ..Axis::default()
        };
        assert_eq!(both.definite(1080.0), Some(952.0));
        let bottom = Axis {
            end: U(630.0),
            ..Axis::default()
        };
        assert_eq!(bottom.definite(1920.0), None);
        assert_eq!(bottom.place(1920.0, 200.0).start, 1090.0);
        assert_eq!(Axis::default().definite(1080.0), Some(1080.0));
    }

    #[test]
    fn an_anchored_box_has_the_room_up_to_the_nearer_edge() {
        let centre = Axis {
            start: Some(Length::Part(0.25)),
            anchor: 0.5,
            ..Axis::default()
        };
        assert_eq!(centre.available(1000.0), 500.0);
        assert_eq!(centre.place(1000.0, 300.0).start, 100.0);
        let from_right = Axis {
            start: Some(Length::Part(1.0)),
            anchor: 1.0,
            ..Axis::default()
        };
        assert_eq!(from_right.available(1000.0), 1000.0);
    }

    fn length() -> impl proptest::strategy::Strategy<Value = Option<Length>> {
        use proptest::prelude::*;
        prop_oneof![
            Just(None),
            (-500.0f32..2000.0).prop_map(|u| Some(Length::Units(u))),
            (-0.5f32..1.5).prop_map(|p| Some(Length::Part(p))),
        ]
    }

    proptest::proptest! {
        #[test]
        fn a_box_keeps_to_the_edges_it_names(
            start in length(),
            end in length(),
            anchor in proptest::sample::select(vec![0.0f32, 0.5, 1.0]),
            parent in 1.0f32..2000.0,
            content in 0.0f32..3000.0,
        ) {
            let axis = Axis { start, end, size: None, anchor };
            let size = axis.definite(parent).unwrap_or(content);
            let placed = axis.place(parent, size);
            proptest::prop_assert!(size >= 0.0 && axis.available(parent) >= 0.0);
            if let (Some(start), Some(_)) = (start, end) {
                proptest::prop_assert!((placed.start - start.of(parent)).abs() < 0.01);
            }
            if let (Some(start), None) = (start, end) {
                // the anchor's point sits where the edge says
                proptest::prop_assert!((placed.start + anchor * size - start.of(parent)).abs() < 0.1);
            }
            if let (None, Some(end)) = (start, end) {
                proptest::prop_assert!((placed.start + size + end.of(parent) - parent).abs() < 0.1);
            }
        }
    }
}
