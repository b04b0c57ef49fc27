//! A TOML document whose keys and values keep their places.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Code, Diagnostic, Place, Source};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it is.
    pub place: Place,
}

/// A TOML value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "TOML's own types")]
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Date(String),
    Array(Vec<Node>),
    Table(Table),
}

/// A table in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Keys with their values.
    pub entries: Vec<Entry>,
    /// Where its heading or brace is.
    pub place: Place,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub key_place: Place,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// What people call this type of value.
    pub fn type_name(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Date(_) => "a date",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self.value {
            Value::Integer(i) => Some(i as f64),
            Value::Float(f) => Some(f),
            _ => None,
        }
    }
}

impl Value {
    /// The value as JSON; a date is a text there.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) | Self::Date(text) => json!(text),
            Self::Integer(i) => json!(i),
            Self::Float(f) => json!(f),
            Self::Bool(b) => json!(b),
            Self::Array(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Table(table) => {
                let pairs = table.entries.iter();
                Json::Object(
                    pairs
                        .map(|e| (e.key.clone(), e.node.value.to_json()))
                        .collect(),
                )
            }
        }
    }
}

impl Table {
    /// An empty table.
    pub fn empty(place: &Place) -> Self {
        Self {
            entries: Vec::new(),
            place: place.clone(),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.node)
    }

    /// A key with its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|e| e.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Puts a key in, over the one of the same name.
    pub fn set(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|e| e.key == entry.key) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
    }
}

/// Reads a document; what can be read is read, and every syntax error is reported.
pub fn read(source: &Arc<Source>) -> (Table, Vec<Diagnostic>) {
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader {
        source,
        wrong: Vec::new(),
    };
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let message = error
            .message()
            .trim()
            .trim_end_matches('.')
            .replace('\n', ", ");
        reader.wrong.push(Diagnostic::at(
            Code::Syntax,
            &Place::new(source, span),
            message,
        ));
    }
    let place = Place::whole(source);
    let table = reader.table(document.get_ref(), place);
    (table, reader.wrong)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    wrong: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, place: Place) -> Table {
        let mut entries: Vec<Entry> = table
            .iter()
            // `=` and `[[` have a key that nobody wrote, and are told as what they are; `"" = 1` is one
            .filter(|(key, _)| !(key.get_ref().is_empty() && key.span().is_empty()))
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_place: Place::new(self.source, key.span()),
                node: self.node(value),
            })
            .collect();
        // the parser's map sorts by name; people wrote them in an order
        entries.sort_by_key(|e| e.key_place.start);
        Table { entries, place }
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let place = Place::new(self.source, value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(b) => Value::Bool(*b),
            DeValue::Integer(digits) => {
                match i64::from_str_radix(digits.as_str(), digits.radix()) {
                    Ok(i) => Value::Integer(i),
                    Err(_) => {
                        self.unreadable(&place, "this whole number is too large", Value::Integer(0))
                    }
                }
            }
            DeValue::Float(digits) => match digits.as_str().parse::<f64>() {
                Ok(f) => Value::Float(f),
                Err(_) => self.unreadable(&place, "this is not a number", Value::Float(0.0)),
            },
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(items) => Value::Array(items.iter().map(|i| self.node(i)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table, place.clone())),
        };
        Node { value, place }
    }

    fn unreadable(&mut self, place: &Place, message: &str, instead: Value) -> Value {
        self.wrong
            .push(Diagnostic::at(Code::Syntax, place, message));
        instead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let source = Source::new(
            "t.toml",
            "[canvas]\nbackground = \"$ink\"\n\n[[layer]]\nid = \"a\"\ntop = 3\n",
        );
        let (table, wrong) = read(&source);
        assert!(wrong.is_empty());
        let Value::Array(layers) = &table.get("layer").unwrap().value else {
            panic!()
        };
        let Value::Table(layer) = &layers[0].value else {
            panic!()
        };
        assert_eq!(
            source.line_column(layer.get("top").unwrap().place.start),
            (6, 7)
        );
        assert_eq!(source.line_column(layer.place.start), (4, 1));
    }

    #[test]
    fn two_broken_lines_are_two_errors_and_the_rest_is_read() {
        let source = Source::new("t.toml", "a = 1\nb = \nc = [1,\nd = 4\n");
        let (table, wrong) = read(&source);
        assert!(wrong.len() >= 2, "{wrong:?}");
        assert!(table.get("a").is_some());
    }
}
