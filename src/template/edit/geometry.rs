//! The keys of a box that are to change when its edges do.
//!
//! In: which edges of a layer are written, and where they are to be. Out: the keys to write, never more than two an axis
//! has already. Never: text.

use serde_json::Value as Json;

use crate::template::{Table, grammar, key};

use super::numbers::number;
use super::surroundings::Laid;

/// Across or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Across,
    Down,
}

/// Where edges are to be, in units from the parent's left or top edge.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Wanted {
    pub start: Option<f64>,
    /// From the parent's far edge, as `right` counts.
    pub end: Option<f64>,
    pub size: Option<f64>,
}

impl Axis {
    pub const BOTH: [Self; 2] = [Self::Across, Self::Down];

    /// Names of the keys of start, end and size.
    pub fn names(self) -> [&'static str; 3] {
        match self {
            Self::Across => ["left", "right", "width"],
            Self::Down => ["top", "bottom", "height"],
        }
    }

    /// The axis of a key, and which of its names it is.
    pub fn of(name: &str) -> Option<(Self, usize)> {
        Self::BOTH.into_iter().find_map(|axis| {
            let at = axis.names().iter().position(|n| *n == name)?;
            Some((axis, at))
        })
    }

    /// Whether start, end and size are written.
    fn written(self, keys: &Table) -> [bool; 3] {
        self.names().map(|name| keys.get(name).is_some())
    }

    /// Parent's side, and the box's start and size.
    fn laid(self, laid: &Laid) -> (f64, f64, f64) {
        match self {
            Self::Across => (laid.parent_width, laid.left, laid.width),
            Self::Down => (laid.parent_height, laid.top, laid.height),
        }
    }

    /// Whether the far edge alone says where the box is.
    pub fn is_by_end(self, keys: &Table) -> bool {
        matches!(self.written(keys), [false, true, _])
    }

    /// Whether two edges say how large the box is.
    fn is_by_both(self, keys: &Table) -> bool {
        matches!(self.written(keys), [true, true, false])
    }

    /// Whether an edit of these needs to know where the box is.
    pub fn needs_layout(self, keys: &Table, wanted: &Wanted) -> bool {
        (self.is_by_end(keys) && wanted.start.is_some())
            || (self.is_by_both(keys) && wanted.size.is_some())
    }

    /// The keys to write for an edit of `left`, `right` or `width`: the edge that is written moves.
    pub fn edited(
        self,
        keys: &Table,
        wanted: Wanted,
        laid: Option<&Laid>,
    ) -> Vec<(&'static str, Json)> {
        let [start, end, size] = self.names();
        let mut out = Vec::new();
        let write = |name, units: Option<f64>, out: &mut Vec<_>| {
            out.extend(units.map(|units| (name, number(units))));
        };
        if let Some((parent, at, now)) = laid.map(|laid| self.laid(laid)) {
            if self.is_by_end(keys)
                && let Some(from) = wanted.start
                && wanted.end.is_none()
            {
                let long = wanted.size.unwrap_or(now);
                write(end, Some(parent - from - long), &mut out);
                write(size, wanted.size, &mut out);
                return out;
            }
            if self.is_by_both(keys)
                && let Some(long) = wanted.size
            {
                match (wanted.start, wanted.end) {
                    (None, Some(to)) => {
                        write(start, Some(parent - to - long), &mut out);
                        write(end, Some(to), &mut out);
                    }
                    (from, None) => {
                        write(start, from, &mut out);
                        write(end, Some(parent - from.unwrap_or(at) - long), &mut out);
                    }
                    // three at once are refused where the template is checked
                    (from, to) => {
                        write(start, from, &mut out);
                        write(end, to, &mut out);
                        write(size, Some(long), &mut out);
                    }
                }
                return out;
            }
        }
        write(start, wanted.start, &mut out);
        write(end, wanted.end, &mut out);
        write(size, wanted.size, &mut out);
        out
    }

    /// The keys to write so that the box itself begins at `from` and is `long`, whatever says where it is now.
    pub fn placed(
        self,
        keys: &Table,
        from: f64,
        long: f64,
        laid: &Laid,
    ) -> Vec<(&'static str, Json)> {
        const STILL: f64 = 0.01;
        let [start, end, size] = self.names();
        let (parent, at, now) = self.laid(laid);
        let is_longer = (long - now).abs() > STILL;
        let is_moved = (from - at).abs() > STILL;
        if !is_longer && !is_moved {
            return Vec::new();
        }
        let far = parent - from - long;
        let sized = |mut out: Vec<(&'static str, Json)>, has_size: bool| {
            if is_longer || has_size {
                out.push((size, number(long)));
            }
            out
        };
        match self.written(keys) {
            [true, true, _] => vec![(start, number(from)), (end, number(far))],
            [true, false, _] => {
                let point = from + self.anchor(keys) * long;
                sized(vec![(start, number(point))], false)
            }
            [false, true, _] => sized(vec![(end, number(far))], false),
            // a box without edges fills its parent, and would shrink to its content
            [false, false, _] => {
                let point = from + self.anchor(keys) * long;
                sized(vec![(start, number(point))], true)
            }
        }
    }

    /// Which part of the box sits at its start: 0 its near edge, 1 its far edge.
    fn anchor(self, keys: &Table) -> f64 {
        let (across, down) = grammar::anchor(keys.read(key!(LAYER.anchor as word)));
        match self {
            Self::Across => f64::from(across),
            Self::Down => f64::from(down),
        }
    }
}

/// A percentage of a side in units.
pub(super) fn share(text: &str, side: f64) -> Option<f64> {
    let part: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    part.is_finite().then_some(part / 100.0 * side)
}

/// Whether a row or column places a layer: it names no edge.
pub(super) fn is_without_edges(keys: &Table) -> bool {
    let edges = [
        key!(LAYER.left),
        key!(LAYER.right),
        key!(LAYER.top),
        key!(LAYER.bottom),
    ];
    edges.into_iter().all(|edge| {
        let node = keys.node(edge);
        node.and_then(grammar::length).is_none() && node.is_none()
    })
}
