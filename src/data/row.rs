//! One row of data.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::diag::{Place, RowName};
use crate::template::expression::{column_of, folded};

/// The columns that name a row, the first before the second.
pub(super) const KEYS: [&str; 2] = ["id", "key"];

/// Whether a column of that name names the rows: `id`, ` ID `, `key`.
pub fn is_key(column: &str) -> bool {
    KEYS.iter().any(|key| folded(column) == *key)
}

/// The key of a row of which only the texts of its cells are known, by the place of their columns among `names`.
pub(super) fn key_of_cells(
    names: &[String],
    text: impl Fn(usize) -> Option<String>,
) -> Option<String> {
    KEYS.iter().find_map(|key| {
        let name = column_of(key, names.iter().map(String::as_str)).ok()??;
        let at = names.iter().position(|n| n == name)?;
        let text = text(at)?.trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    })
}

/// One story's data.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Counted from 1, as people count rows under a heading; an empty row is counted and left out.
    pub number: usize,
    /// Column `id`, else `key`, as text, when the row has one that is not empty.
    pub key: Option<String>,
    /// Columns in file order.
    pub values: Map<String, Value>,
    /// Where the row is in a text file; the whole file for XLSX and ODS.
    pub place: Place,
    /// Where single columns are, in the order of `values`; empty where the format cannot tell.
    pub places: Vec<(String, Place)>,
    /// What a spreadsheet shows of its numbers, where that is not the number itself: `7.5%`, `007`.
    pub shown: BTreeMap<String, String>,
}

impl Row {
    /// A row whose key is taken from its columns.
    pub fn new(
        number: usize,
        values: Map<String, Value>,
        place: Place,
        places: Vec<(String, Place)>,
    ) -> Self {
        let mut row = Self {
            number,
            key: None,
            values,
            place,
            places,
            shown: BTreeMap::new(),
        };
        row.key = row.key_of_columns();
        row
    }

    /// The same with what the spreadsheet shows of some columns; a key is as it is shown.
    pub fn with_shown(mut self, shown: BTreeMap<String, String>) -> Self {
        self.shown = shown;
        self.key = self.key_of_columns();
        self
    }

    fn key_of_columns(&self) -> Option<String> {
        KEYS.iter().find_map(|name| {
            let column = self.column(name).ok()??;
            let shown = self.shown.get(column).cloned();
            shown.or_else(|| key_text(&self.values[column]))
        })
    }

    /// The column that fills a variable of that name: case, and spaces, `_` and `-` between words, do not count.
    ///
    /// # Errors
    /// The columns that it could be, if there are several.
    pub fn column(&self, name: &str) -> Result<Option<&str>, Vec<&str>> {
        column_of(name, self.values.keys().map(String::as_str))
    }

    /// What a column shows, without the space around it; none where it is empty or not there.
    pub fn text(&self, column: &str) -> Option<String> {
        let column = self.column(column).ok()??;
        let text = match self.values.get(column)? {
            Value::Null => return None,
            Value::String(text) => text.trim().to_owned(),
            other => (self.shown.get(column).cloned()).unwrap_or_else(|| other.to_string()),
        };
        (!text.is_empty()).then_some(text)
    }

    /// How messages name it.
    pub fn label(&self) -> RowName {
        RowName {
            number: self.number,
            key: self.key.clone(),
        }
    }

    /// Where a column is, as near as the format can tell.
    pub fn place_of(&self, column: &str) -> &Place {
        let column = self.column(column).ok().flatten().unwrap_or(column);
        self.places
            .iter()
            .find(|(name, _)| name == column)
            .map_or(&self.place, |(_, place)| place)
    }

    /// Whether every column is empty: such a row makes no story.
    pub(super) fn is_empty(&self) -> bool {
        self.values.values().all(|value| match value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            _ => false,
        })
    }
}

fn key_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match number.as_f64() {
            // 7.0 and 7 are one key; larger floats no longer tell neighbours apart
            Some(x) if number.is_f64() && x.fract() == 0.0 && x.abs() < 1e15 => {
                format!("{x:.0}")
            }
            _ => number.to_string(),
        },
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diag::Source;

    fn key(values: Value) -> Option<String> {
        let Value::Object(values) = values else {
            panic!("an object")
        };
        let place = Place::whole(&Source::new("rows.json", ""));
        Row::new(1, values, place, Vec::new()).key
    }

    #[test]
    fn the_key_is_the_id_else_the_key_as_text() {
        assert_eq!(key(json!({"key": "b", "id": " a "})).as_deref(), Some("a"));
        assert_eq!(key(json!({"id": "", "key": "b"})).as_deref(), Some("b"));
        assert_eq!(key(json!({"id": 7.0})).as_deref(), Some("7"));
        assert_eq!(key(json!({"id": 7})).as_deref(), Some("7"));
        assert_eq!(key(json!({"id": 7.5})).as_deref(), Some("7.5"));
        assert_eq!(key(json!({"id": null, "title": "x"})), None);
        assert_eq!(key(json!({" ID": "a", "Key": "b"})).as_deref(), Some("a"));
    }
}
