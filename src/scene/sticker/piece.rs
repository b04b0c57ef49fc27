//! What a sticker is drawn of: text, boxes, rows and columns, with keys of the template language.
//!
//! In: sizes and colours. Out: a [`Piece`], which becomes layers as a template's own do. Never: a place on the canvas.

use crate::diag::Place;
use crate::template::language::LayerType;
use crate::template::{Entry, Node, Table, Value};

/// A part of a sticker.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Text, shape or group.
    pub kind: LayerType,
    keys: Vec<(&'static str, Shown)>,
    /// Of a group, from the bottom up.
    pub children: Vec<Piece>,
}

/// A value of the language.
#[derive(Debug, Clone)]
pub enum Shown {
    Text(String),
    Number(f64),
    Flag(bool),
    List(Vec<Shown>),
    Table(Vec<(&'static str, Shown)>),
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Shown {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Shown {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl Shown {
    /// Makes lengths so many times as long; `key` says what is one.
    fn scale(&mut self, key: &str, by: f64) {
        let is_length = !matches!(
            key,
            "weight"
                | "max_lines"
                | "line_height"
                | "opacity"
                | "rotate"
                | "angle"
                | "grow"
                | "linear"
        );
        match self {
            Self::Number(number) if is_length => *number *= by,
            Self::List(items) if is_length => items.iter_mut().for_each(|i| i.scale(key, by)),
            Self::Table(keys) => keys.iter_mut().for_each(|(key, v)| v.scale(key, by)),
            _ => {}
        }
    }

    fn node(&self, place: &Place) -> Node {
        let value = match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) if number.fract() == 0.0 => Value::Integer(*number as i64),
            Self::Number(number) => Value::Float(*number),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::List(items) => Value::Array(items.iter().map(|i| i.node(place)).collect()),
            Self::Table(keys) => Value::Table(table(keys, place)),
        };
        Node {
            value,
            place: place.clone(),
        }
    }
}

fn table(keys: &[(&'static str, Shown)], place: &Place) -> Table {
    let entry = |(key, value): &(&'static str, Shown)| Entry {
        key: (*key).to_owned(),
        key_place: place.clone(),
        node: value.node(place),
    };
    Table {
        entries: keys.iter().map(entry).collect(),
        place: place.clone(),
    }
}

impl Piece {
    fn new(kind: LayerType) -> Self {
        Self {
            kind,
            keys: Vec::new(),
            children: Vec::new(),
        }
    }

    /// One line of text that shrinks to its room, of that size in units.
    pub fn line(words: &str, size: f64) -> Self {
        Self::text(words, size).with("max_lines", 1.0)
    }

    /// Text of that size in units.
    pub fn text(words: &str, size: f64) -> Self {
        Self::new(LayerType::Text)
            .with("text", words)
            .with("size", size)
    }

    /// A box of that size in units.
    pub fn shape(width: f64, height: f64) -> Self {
        Self::new(LayerType::Shape).sized(width, height)
    }

    /// A box whose size other keys say.
    pub fn new_shape() -> Self {
        Self::new(LayerType::Shape)
    }

    /// Children at places of their own in a box of that height, as wide as its place lets it be.
    pub fn free_high(height: f64, children: Vec<Self>) -> Self {
        Self {
            children,
            ..Self::new(LayerType::Group)
        }
        .with("height", height)
    }

    /// Children side by side, centred.
    pub fn row(gap: f64, children: Vec<Self>) -> Self {
        Self::flow("row", gap, children)
    }

    /// Children one under the other, as wide as the widest.
    pub fn column(gap: f64, children: Vec<Self>) -> Self {
        Self::flow("column", gap, children).with("align", "stretch")
    }

    fn flow(layout: &'static str, gap: f64, children: Vec<Self>) -> Self {
        Self {
            children,
            ..Self::new(LayerType::Group)
        }
        .with("layout", layout)
        .with("gap", gap)
        .with("align", "center")
    }

    /// Children at places of their own in a box of that size.
    pub fn free(width: f64, height: f64, children: Vec<Self>) -> Self {
        Self {
            children,
            ..Self::new(LayerType::Group)
        }
        .sized(width, height)
    }

    /// With a key, over one of that name.
    pub fn with(mut self, key: &'static str, value: impl Into<Shown>) -> Self {
        self.keys.retain(|(name, _)| *name != key);
        self.keys.push((key, value.into()));
        self
    }

    pub fn sized(self, width: f64, height: f64) -> Self {
        self.with("width", width).with("height", height)
    }

    pub fn at(self, left: f64, top: f64) -> Self {
        self.with("left", left).with("top", top)
    }

    pub fn padded(self, vertical: f64, horizontal: f64) -> Self {
        let list = vec![Shown::Number(vertical), Shown::Number(horizontal)];
        self.with("padding", Shown::List(list))
    }

    pub fn filled(self, fill: &Shown) -> Self {
        self.with("fill", fill.clone())
    }

    pub fn round(self, radius: f64) -> Self {
        self.with("radius", radius)
    }

    pub fn colored(self, color: &Shown) -> Self {
        self.with("color", color.clone())
    }

    pub fn weight(self, weight: f64) -> Self {
        self.with("weight", weight)
    }

    pub fn bordered(self, width: f64, color: &Shown) -> Self {
        let border = vec![("width", Shown::Number(width)), ("color", color.clone())];
        self.with("border", Shown::Table(border))
    }

    /// The same, so many times as large.
    pub fn scaled(mut self, by: f64) -> Self {
        for (key, value) in &mut self.keys {
            value.scale(key, by);
        }
        let children = std::mem::take(&mut self.children);
        self.children = children.into_iter().map(|c| c.scaled(by)).collect();
        self
    }

    /// The keys of the language, all of them at the place of the sticker.
    pub fn table(&self, place: &Place) -> Table {
        table(&self.keys, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lengths_are_scaled() {
        for (key, scaled) in [
            ("size", 20.0),
            ("left", 20.0),
            ("line_height", 10.0),
            ("weight", 10.0),
        ] {
            let mut shown = Shown::Number(10.0);
            shown.scale(key, 2.0);
            assert!(
                matches!(shown, Shown::Number(n) if n == scaled),
                "{key}: {shown:?}"
            );
        }
    }
}
