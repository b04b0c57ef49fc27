//! JSON and JSON Lines, with the place of every row and column.

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Damage, Row, Table, bad_row, columns, long_number};
use crate::diag::{Code, Diagnostic, Place, Source};

/// Reads an array of objects, an object with exactly one such array in it, or one object.
pub(super) fn read(source: &Arc<Source>) -> Result<Table, Vec<Diagnostic>> {
    let text = source.text.as_str();
    let whole: &RawValue = serde_json::from_str(text).map_err(|e| {
        let at = offset(text, &e);
        let place = Place::new(source, at..at + width_at(text, at));
        let diagnostic = Diagnostic::at(Code::Syntax, &place, sentence(&e));
        let is_lines = e.to_string().starts_with("trailing characters");
        vec![diagnostic.maybe_hint(
            is_lines.then(|| "one object a line is JSON Lines: call the file .jsonl".to_owned()),
        )]
    })?;
    let items = match whole.get().as_bytes().first() {
        Some(b'[') => elements(whole),
        Some(b'{') => inner_rows(source, whole)?,
        _ => {
            let place = Place::new(source, range_in(text, whole.get()));
            return Err(vec![
                Diagnostic::at(
                    Code::BadRow,
                    &place,
                    "this is neither an array nor an object",
                )
                .hint("rows look like `[{\"title\": \"Soup\"}, {\"title\": \"Tart\"}]`"),
            ]);
        }
    };
    let rows: Vec<_> = items
        .into_iter()
        .enumerate()
        .map(|(index, raw)| row(source, index + 1, raw.get()))
        .filter(|row| !row.as_ref().is_ok_and(Row::is_empty))
        .collect();
    Ok(Table {
        columns: columns(&rows),
        rows,
        headings: Vec::new(),
        own_columns: true,
        warnings: Vec::new(),
        source: source.clone(),
    })
}

/// Reads one object a line; blank lines are counted and left out.
pub(super) fn read_lines(
    source: &Arc<Source>,
    damage: &Damage<'_>,
) -> Result<Table, Vec<Diagnostic>> {
    let mut rows = Vec::new();
    let mut start = 0;
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let body = line.trim();
        let range = start..start + line.len();
        start = range.end;
        if body.is_empty() {
            continue;
        }
        let row = match damage.in_range(&range) {
            Some(at) => Err(
                bad_row(index + 1, &Place::new(source, at), damage.message()).hint(damage.hint()),
            ),
            None => row(source, index + 1, body),
        };
        if !row.as_ref().is_ok_and(Row::is_empty) {
            rows.push(row);
        }
    }
    Ok(Table {
        columns: columns(&rows),
        rows,
        headings: Vec::new(),
        own_columns: true,
        warnings: Vec::new(),
        source: source.clone(),
    })
}

/// One object to a row; `raw` is a slice of the source's text.
fn row(source: &Arc<Source>, number: usize, raw: &str) -> Result<Row, Diagnostic> {
    let text = source.text.as_str();
    let range = range_in(text, raw);
    let place = Place::new(source, range.clone());
    let syntax = |raw: &str, e: &serde_json::Error| {
        let start = range_in(text, raw).start;
        let at = start + offset(raw, e);
        let place = Place::new(source, at..at + width_at(text, at));
        bad_row(number, &place, sentence(e))
    };
    if !raw.starts_with('{') {
        // what is not even JSON is reported as that
        let value: Value = serde_json::from_str(raw).map_err(|e| syntax(raw, &e))?;
        let message = format!("{} where an object should be", kind(&value));
        return Err(bad_row(number, &place, message)
            .hint("a row looks like `{\"title\": \"Soup\", \"price\": 4.5}`"));
    }
    let Members(members) = serde_json::from_str(raw).map_err(|e| syntax(raw, &e))?;
    let mut values = Map::new();
    let mut places = Vec::with_capacity(members.len());
    for (name, raw) in members {
        let place = Place::new(source, range_in(text, raw.get()));
        let value = serde_json::from_str(raw.get()).map_err(|e| syntax(raw.get(), &e))?;
        let value = match value {
            Value::Number(_) => long_number::exact(raw.get()).unwrap_or(value),
            other => other,
        };
        if values.insert(name.clone(), value).is_some() {
            let message = format!("it has `{name}` twice");
            return Err(bad_row(number, &place, message).hint("keep one of them"));
        }
        places.push((name, place));
    }
    Ok(Row::new(number, values, place, places))
}

/// The rows in an object: its only array of objects, else the object itself.
fn inner_rows<'a>(
    source: &Arc<Source>,
    whole: &'a RawValue,
) -> Result<Vec<&'a RawValue>, Vec<Diagnostic>> {
    let Ok(Members(members)) = serde_json::from_str(whole.get()) else {
        return Ok(vec![whole]);
    };
    let mut lists: Vec<_> = members
        .iter()
        .map(|(name, raw)| (name, *raw, elements(raw)))
        .filter(|(.., items)| items.iter().any(|i| i.get().starts_with('{')))
        .collect();
    match lists.len() {
        0 => Ok(vec![whole]),
        1 => Ok(lists.remove(0).2),
        _ => {
            let (first, second) = (lists[0].0, lists[1].0);
            let message = format!("both `{first}` and `{second}` are lists of rows");
            let place = Place::new(source, range_in(&source.text, lists[1].1.get()));
            Err(vec![
                Diagnostic::at(Code::BadRow, &place, message).hint("keep one of them in this file"),
            ])
        }
    }
}

fn elements(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// Where a slice of `text` is in it; the start if it is none.
fn range_in(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    if start <= text.len() {
        start..start + part.len()
    } else {
        0..0
    }
}

/// serde_json counts lines from 1 and columns in bytes from 1.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let line = error.line().saturating_sub(1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut at = (start + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn width_at(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// The error without its position, which the place tells.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    format!("not JSON: {text}")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// An object's members as they are, doubled names included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::reported;
    use super::*;

    fn table(text: &str) -> Table {
        read(&Source::new("rows.json", text)).expect("readable")
    }

    fn lines(text: &str) -> Table {
        read_lines(&Source::new("rows.jsonl", text), &Damage::NONE).expect("readable")
    }

    fn shown(result: Result<Table, Vec<Diagnostic>>) -> String {
        let errors = result.expect_err("unreadable");
        let shown: Vec<String> = errors.iter().map(reported).collect();
        shown.join("\n")
    }

    #[test]
    fn types_and_nested_values_are_kept_with_their_places() {
        let table =
            table(r#"[{"id": 7, "tags": ["a", {"b": null}], "price": 4.50, "open": true}]"#);
        let row = table.rows[0].as_ref().expect("good");
        assert_eq!(
            Value::Object(row.values.clone()),
            json!({"id": 7, "tags": ["a", {"b": null}], "price": 4.5, "open": true})
        );
        assert_eq!(row.key.as_deref(), Some("7"));
        assert_eq!(row.place_of("price").text(), "4.50");
        assert_eq!(table.columns, ["id", "tags", "price", "open"]);
    }

    #[test]
    fn a_price_keeps_all_its_digits() {
        let table = table(r#"[{"a": 123456789012345.67, "b": 1234567890123456.78, "c": 1e21}]"#);
        let row = table.rows[0].as_ref().expect("good");
        assert_eq!(
            row.values["a"],
            json!("123456789012345.67".parse::<f64>().ok())
        );
        assert_eq!(row.values["b"], json!("1234567890123456.78"));
        assert_eq!(row.values["c"], json!(1e21));
    }

    #[test]
    fn the_only_list_of_objects_in_an_object_is_the_rows() {
        let table = table(r#"{"made": "today", "tags": ["a"], "menu": [{"t": 1}, {}, {"t": 3}]}"#);
        let numbers: Vec<usize> = table.rows.iter().flatten().map(|r| r.number).collect();
        assert_eq!(numbers, [1, 3]);
        let one = super::read(&Source::new("x.json", r#"{"title": "Soup"}"#)).expect("one row");
        assert_eq!(one.rows.len(), 1);
    }

    #[test]
    fn two_lists_of_rows_are_reported_by_name() {
        let source = Source::new("x.json", "{\"a\": [{}],\n \"b\": [{}]}");
        assert_eq!(
            shown(read(&source)),
            "2:7 bad-row: both `a` and `b` are lists of rows (keep one of them in this file)"
        );
    }

    #[test]
    fn a_row_that_is_no_object_fails_alone() {
        let table = table("[{\"a\": 1}, 5, {\"a\": 3}]");
        let error = table.rows[1].as_ref().expect_err("bad");
        assert_eq!(error.message, "row 2: a number where an object should be");
        assert_eq!(error.line_column(), (1, 12));
        assert!(table.rows[2].is_ok());
    }

    #[test]
    fn a_syntax_error_is_reported_where_it_is() {
        let source = Source::new("x.json", "[\n  {\"a\": 1,}\n]");
        assert_eq!(
            shown(read(&source)),
            "2:11 syntax: not JSON: key must be a string"
        );
        let lines = Source::new("x.json", "{\"a\": 1}\n{\"a\": 2}\n");
        assert!(shown(read(&lines)).contains("call the file .jsonl"));
    }

    #[test]
    fn a_bad_line_fails_alone_at_its_line() {
        let table = lines("{\"id\": \"a\"}\n\n{\"id\": \r\n[1]\n{\"id\": \"e\"}\n");
        let errors: Vec<String> = table
            .rows
            .iter()
            .filter_map(|r| r.as_ref().err().map(reported))
            .collect();
        assert_eq!(
            errors,
            [
                "3:6 bad-row: row 3: not JSON: EOF while parsing a value".to_owned(),
                "4:1 bad-row: row 4: an array where an object should be (a row looks like `{\"title\": \"Soup\", \"price\": 4.5}`)".to_owned(),
            ]
        );
        let numbers: Vec<usize> = table.rows.iter().flatten().map(|r| r.number).collect();
        assert_eq!(numbers, [1, 5]);
    }

    #[test]
    fn a_doubled_name_is_an_error_of_its_row() {
        let table = lines("{\"a\": 1, \"a\": 2}");
        let error = table.rows[0].as_ref().expect_err("bad");
        assert_eq!(error.message, "row 1: it has `a` twice");
    }
}
