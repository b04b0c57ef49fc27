//! One row of data.

use serde_json::{Map, Value};

use crate::diag::Place;

/// One story's data.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Counted from 1, as people count rows under a heading.
    pub number: usize,
    /// Column `id`, else `key`, as text, when the row has one that is not empty.
    pub key: Option<String>,
    /// Columns in file order.
    pub values: Map<String, Value>,
    /// Where the row stands in a text file; the whole file for XLSX and ODS.
    pub place: Place,
    /// Where single columns stand, in the order of `values`; empty where the format cannot tell.
    pub places: Vec<(String, Place)>,
}

impl Row {
    /// How messages name it: `row 3` or `row 3 (id tuesday)`.
    pub fn label(&self) -> String {
        match &self.key {
            Some(key) => format!("row {} (id {key})", self.number),
            None => format!("row {}", self.number),
        }
    }

    /// Where a column stands, as near as the format can tell.
    pub fn place_of(&self, column: &str) -> &Place {
        self.places
            .iter()
            .find(|(name, _)| name == column)
            .map_or(&self.place, |(_, place)| place)
    }
}
