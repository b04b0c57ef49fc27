//! A row of data as expressions see it.
//!
//! In: columns with their values, and what a spreadsheet shows of its numbers. Out: the object `row`. Never: a column
//! that two headings could be.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{State, Value};
use unicode_normalization::UnicodeNormalization;

/// The function around a path whose value the sheet shows in its own way.
pub(super) const SHOWN: &str = "__shown";

/// A name as names are compared: without regard to case, to spaces, `_` and `-` between words, and to whether an
/// accent is a character of its own.
pub fn folded(name: &str) -> String {
    let plain: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let words = plain
        .split(|c: char| c.is_whitespace() || matches!(c, '_' | '-' | '\u{feff}' | '\u{200b}'));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The one of `columns` that `name` means: of that very name, else the only one that folds to the same.
///
/// # Errors
/// The columns that it could be, if there are several.
pub fn column_of<'c>(
    name: &str,
    columns: impl Iterator<Item = &'c str> + Clone,
) -> Result<Option<&'c str>, Vec<&'c str>> {
    if let Some(exact) = columns.clone().find(|column| *column == name) {
        return Ok(Some(exact));
    }
    let wanted = folded(name);
    let found: Vec<&str> = columns.filter(|column| folded(column) == wanted).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(found),
    }
}

/// The object `row`.
#[derive(Debug, Default)]
pub struct Columns {
    /// By heading, with `index`.
    pub values: BTreeMap<String, Value>,
    /// What the spreadsheet shows of columns whose numbers have a format.
    pub shown: BTreeMap<String, String>,
    /// The same by the names that expressions have for them outside of `row`.
    pub shown_by_name: BTreeMap<String, String>,
    /// The numbers behind what is shown, by the names of variables that hold the text of it.
    pub numbers_by_name: BTreeMap<String, Value>,
}

impl Columns {
    fn column(&self, name: &str) -> Option<&str> {
        column_of(name, self.values.keys().map(String::as_str)).ok()?
    }
}

impl Object for Columns {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.values.get(self.column(key.as_str()?)?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.values.keys().map(Value::from).collect())
    }
}

/// The columns that `text` asks `row` for, as `row.price`; `row.*` where it asks by a name that only a story knows.
/// `paths` are the dotted names that the expression engine finds.
pub(super) fn named<'p>(text: &str, paths: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut out = Vec::new();
    for path in paths {
        match path.strip_prefix("row.") {
            Some(rest) => out.push(format!("row.{}", rest.split('.').next().unwrap_or(rest))),
            // `row["old price"]`, or all of it
            None if path == "row" => out.extend(subscripts(text)),
            None => {}
        }
    }
    out
}

fn subscripts(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices("row") {
        let before = text[..at].chars().next_back();
        let rest = text[at + 3..].trim_start();
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        if before.is_some_and(is_word)
            || rest.starts_with(|c: char| c == '.' || c.is_alphanumeric() || c == '_')
        {
            continue;
        }
        let literal = rest
            .strip_prefix('[')
            .map(str::trim_start)
            .and_then(|inside| {
                let quote = inside.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                Some(&inside[1..1 + inside[1..].find(quote)?])
            });
        out.push(format!("row.{}", literal.unwrap_or("*")));
    }
    out
}

/// `text` with [`SHOWN`] around each formatted number of a spreadsheet that stands for itself: `{{ name }}`, `{{ row.name }}` and
/// `{{ row["name"] }}`, and the same with what stands in for it (`| default`, `or`) or a condition behind; none where there is no
/// such.
pub(super) fn as_shown(text: &str, context: &Value) -> Option<String> {
    let row = context.get_attr("row").ok()?;
    let columns = row.downcast_object_ref::<Columns>()?;
    if columns.shown.is_empty() {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    let mut is_changed = false;
    while let Some(open) = rest.find("{{") {
        let Some(close) = rest[open..].find("}}") else {
            break;
        };
        let (inside, end) = (&rest[open + 2..open + close], open + close);
        out.push_str(&rest[..open + 2]);
        match named_first(inside).filter(|(_, path, _)| shown_of(path, columns).is_some()) {
            Some((before, path, behind)) => {
                is_changed = true;
                out.push_str(&format!(
                    "{before} {SHOWN}({path},{}){behind}",
                    literal(path)
                ));
            }
            None => out.push_str(inside),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    is_changed.then_some(out)
}

/// What stands before a path that an expression is, or begins with, the path, and what stands behind it.
fn named_first(inside: &str) -> Option<(&str, &str, &str)> {
    let start = inside.find(|c: char| !c.is_whitespace() && !matches!(c, '-' | '+' | '('))?;
    let (before, rest) = inside.split_at(start);
    // a sign is a sum; the first of all takes the space away
    if before.trim_start_matches(['-', '+']).contains(['-', '+']) {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let mut end = word;
    if &rest[..word] == "row" {
        let behind = rest[word..].trim_start();
        let from = rest.len() - behind.len();
        end = match behind.chars().next()? {
            '.' => {
                let name = behind[1..].trim_start();
                let from = rest.len() - name.len();
                from + name.find(|c| !is_word(c)).unwrap_or(name.len())
            }
            '[' => from + behind.find(']')? + 1,
            _ => return None,
        };
    }
    let (path, behind) = rest.split_at(end);
    is_shown_before(behind, before.contains('(')).then_some((before, path, behind))
}

/// Whether what stands behind a path leaves its value as it is.
fn is_shown_before(behind: &str, is_in_brackets: bool) -> bool {
    let next = behind.trim().trim_end_matches(['-', '+']).trim_end();
    if is_in_brackets {
        return next.chars().all(|c| c == ')' || c.is_whitespace());
    }
    let is_choice = ["or ", "or(", "if ", "if("];
    if next.is_empty() || is_choice.iter().any(|word| next.starts_with(word)) {
        return true;
    }
    let filter = next.strip_prefix('|').map(str::trim_start);
    let inside = filter.and_then(|filter| {
        let name = if filter.starts_with("default") { 7 } else { 1 };
        (filter.starts_with("default") || filter.starts_with('d')).then(|| filter[name..].trim())
    });
    // another filter behind it would get a text
    inside.is_some_and(|inside| {
        inside.is_empty()
            || inside.starts_with('(') && inside.ends_with(')') && !inside.contains('|')
    })
}

/// The path that a text is, as [`as_shown`] knows them; not whether there is such a column.
pub(super) fn path(text: &str) -> Option<&str> {
    let text = text.trim();
    (name_of(text).is_some() || is_name(text)).then_some(text)
}

/// What the sheet shows of the value at a path, where the value is the column's: a name may have been set anew.
pub(super) fn shown(state: &State, value: &Value, path: &str) -> Option<String> {
    let row = state.lookup("row")?;
    let columns = row.downcast_object_ref::<Columns>()?;
    let shown = shown_of(path, columns)?;
    let column = columns.column(name_of(path).unwrap_or(path))?;
    (columns.values.get(column) == Some(value)).then(|| shown.clone())
}

/// The number of a spreadsheet behind a text that is one `{{ name }}` of it.
pub(super) fn number_named(text: &str, context: &Value) -> Option<Value> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let row = context.get_attr("row").ok()?;
    let columns = row.downcast_object_ref::<Columns>()?;
    columns.numbers_by_name.get(inside.trim()).cloned()
}

fn shown_of<'c>(path: &str, columns: &'c Columns) -> Option<&'c String> {
    let path = path.trim();
    match name_of(path) {
        Some(name) => columns.shown.get(columns.column(name)?),
        None => columns.shown_by_name.get(path),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_numeric())
}

/// The column that `row.name` and `row["name"]` ask for.
fn name_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("row")?.trim_start();
    if let Some(name) = rest.strip_prefix('.').map(str::trim) {
        return is_name(name).then_some(name);
    }
    let quoted = rest.strip_prefix('[')?.strip_suffix(']')?.trim();
    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = quoted[1..].strip_suffix(quote)?;
    (!name.contains(['"', '\'', '\\'])).then_some(name)
}

/// A text as a literal of the expression language.
pub(super) fn literal(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    // braces would end the expression
    quoted
        .replace('{', "\" ~ '{' ~ \"")
        .replace('}', "\" ~ '}' ~ \"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_read_them() {
        for name in [
            "Old price",
            " old  PRICE ",
            "old_price",
            "OLD-PRICE",
            "Old\u{a0}price",
            "Old\nprice",
        ] {
            assert_eq!(folded(name), "old price");
        }
        assert_eq!(folded("Cre\u{300}me"), folded("CR\u{c8}ME"));
        assert_ne!(folded("oldprice"), folded("old price"));
        let columns = ["Title", "title ", "Price"];
        assert_eq!(column_of("Title", columns.into_iter()), Ok(Some("Title")));
        assert_eq!(column_of("price", columns.into_iter()), Ok(Some("Price")));
        assert_eq!(
            column_of("TITLE", columns.into_iter()),
            Err(vec!["Title", "title "])
        );
        assert_eq!(column_of("day", columns.into_iter()), Ok(None));
    }

    #[test]
    fn a_plain_lookup_says_what_the_sheet_shows_and_a_sum_counts() {
        let columns = Columns {
            values: [
                ("Price".to_owned(), Value::from(4.5)),
                ("n".to_owned(), Value::from(7)),
            ]
            .into(),
            shown: [("Price".to_owned(), "4.50 \"€\" {}".to_owned())].into(),
            shown_by_name: [("price".to_owned(), "4.50 \"€\" {}".to_owned())].into(),
            ..Columns::default()
        };
        let context = Value::from_pairs([
            ("row", Value::from_object(columns)),
            ("price", Value::from(4.5)),
            ("n", Value::from(7)),
        ]);
        let now = "2026-11-21T10:00[UTC]".parse().expect("a time");
        let expressions = super::super::Expressions::new(super::super::Clock { now });
        let text = |text: &str| expressions.text(text, &context).expect("it works");
        assert_eq!(text("{{ price }}, {{ n }}"), "4.50 \"€\" {}, 7");
        assert_eq!(
            text("{{ row.price }} {{ row[\"Price\"] }}"),
            "4.50 \"€\" {} 4.50 \"€\" {}"
        );
        assert_eq!(
            text("{{ price * 2 }} {{ row.price + 1 }} {{ price | money('EUR') }}"),
            "9 5.5 €4.50"
        );
        let shown = "4.50 \"€\" {}";
        for beside in [
            "{{- price -}}",
            "{{ (price) }}",
            "{{ price | default('?') }}",
            "{{ row['Price'] or '?' }}",
            "{{ row.price if n > 5 else '?' }}",
            "{{ '' ~ price }}",
            "{% set a = row.price ~ '' %}{{ a }}",
        ] {
            assert_eq!(text(beside), shown, "{beside}");
        }
        // what is set anew is not what the sheet shows
        assert_eq!(
            text("{% set price = price * 2 %}{{ price }} {{ price ~ '!' }} {{ row.price }}"),
            format!("9 9! {shown}")
        );
        assert_eq!(
            text("{% for price in [1, 2] %}<{{ price }}>{% endfor %}"),
            "<1><2>"
        );
        assert_eq!(text("{{ -price }} {{ (price or 0) | number }}"), "-4.5 4.5");
        assert_eq!(text("{{ price | default(0) | number }}"), "4.5");
    }

    #[test]
    fn a_condition_goes_by_the_number_behind_a_text() {
        let columns = Columns {
            numbers_by_name: [("old".to_owned(), Value::from(0))].into(),
            ..Columns::default()
        };
        let context = Value::from_pairs([
            ("row", Value::from_object(columns)),
            ("old", Value::from("-")),
            ("new", Value::from("-")),
        ]);
        let now = "2026-11-21T10:00[UTC]".parse().expect("a time");
        let expressions = super::super::Expressions::new(super::super::Clock { now });
        let holds = |text: &str| expressions.holds(text, &context).expect("it works");
        assert!(!holds("{{ old }}"));
        assert!(holds("{{ new }}") && holds("{{ old ~ '' }}"));
    }
}
