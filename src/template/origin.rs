//! Where a value comes from, and how much of a file it takes.
//!
//! In: places of a template. Out: an [`Origin`], and the extent of a table that is written in several parts. Never: a
//! value.

use std::ops::Range;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::diag::{Place, Source};

use super::expression::has_expression;
use super::{Layer, Node, Table, Template, Value, key};

/// Where the text that decides a value stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Whose text it is.
    pub kind: OriginKind,
    /// Where; none for a default.
    pub place: Option<Place>,
    /// Whether the text holds `{{ … }}`, so that the value is worked out anew for each story.
    pub computed: bool,
}

/// Whose text decides a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginKind {
    /// The template's own.
    Here,
    /// A template that it extends.
    Base,
    /// A text style of the brand.
    Style,
    /// Nobody's: the language's default.
    Default,
}

impl OriginKind {
    /// As programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Base => "base",
            Self::Style => "style",
            Self::Default => "default",
        }
    }
}

impl Origin {
    /// The language's default.
    pub const DEFAULT: Self = Self {
        kind: OriginKind::Default,
        place: None,
        computed: false,
    };

    /// The origin of a value that is written somewhere.
    pub fn of(node: &Node, template: &Template) -> Self {
        Self {
            kind: kind_at(&node.place, template),
            place: Some(whole(node)),
            computed: holds_expression(node),
        }
    }

    /// Whether the text is the template's own, and says the value itself.
    pub fn is_literal_here(&self) -> bool {
        self.kind == OriginKind::Here && !self.computed
    }
}

/// `{kind, file?, span?, computed?}`.
impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("kind", self.kind.as_str())?;
        if let Some(place) = &self.place {
            out.serialize_entry("file", &place.source.name())?;
            out.serialize_entry("span", &place.bytes())?;
        }
        if self.computed {
            out.serialize_entry("computed", &true)?;
        }
        out.end()
    }
}

/// Whose text a place is in.
pub fn kind_at(place: &Place, template: &Template) -> OriginKind {
    let is = |source: &Arc<Source>| Arc::ptr_eq(source, &place.source);
    match template.sources.iter().position(is) {
        Some(0) => OriginKind::Here,
        Some(_) => OriginKind::Base,
        None => OriginKind::Style,
    }
}

/// Whether `{{` is anywhere in a value.
pub fn holds_expression(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => has_expression(text),
        Value::Array(items) => items.iter().any(holds_expression),
        Value::Table(table) => table.entries.iter().any(|e| holds_expression(&e.node)),
        _ => false,
    }
}

/// The place of a value with all that belongs to it: a table may be written key by key, under a heading of its own.
pub fn whole(node: &Node) -> Place {
    let mut range = node.place.start..node.place.end;
    widen(node, &node.place.source, &mut range);
    Place::new(&node.place.source, range)
}

/// The place of a layer from its heading to the end of its last key, children included.
pub fn whole_layer(layer: &Layer) -> Place {
    let mut range = layer.place.start..layer.place.end;
    widen_layer(layer, &layer.place.source, &mut range);
    Place::new(&layer.place.source, range)
}

/// The same of a table that is no layer.
pub fn whole_table(table: &Table) -> Place {
    let mut range = table.place.start..table.place.end;
    widen_table(table, &table.place.source, &mut range);
    Place::new(&table.place.source, range)
}

fn widen_layer(layer: &Layer, source: &Arc<Source>, range: &mut Range<usize>) {
    if Arc::ptr_eq(&layer.place.source, source) {
        take(&layer.place, range);
    }
    widen_table(&layer.keys, source, range);
    for child in &layer.children {
        widen_layer(child, source, range);
    }
}

fn widen_table(table: &Table, source: &Arc<Source>, range: &mut Range<usize>) {
    for entry in &table.entries {
        if entry.key == key!(GROUP.children).name && matches!(entry.node.value, Value::Array(_)) {
            continue;
        }
        if Arc::ptr_eq(&entry.key_place.source, source) {
            take(&entry.key_place, range);
        }
        widen(&entry.node, source, range);
    }
}

fn widen(node: &Node, source: &Arc<Source>, range: &mut Range<usize>) {
    if Arc::ptr_eq(&node.place.source, source) {
        take(&node.place, range);
    }
    match &node.value {
        Value::Table(table) => widen_table(table, source, range),
        Value::Array(items) => items.iter().for_each(|item| widen(item, source, range)),
        _ => {}
    }
}

fn take(place: &Place, range: &mut Range<usize>) {
    range.start = range.start.min(place.start);
    range.end = range.end.max(place.end);
}
