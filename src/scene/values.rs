//! What expressions can name: variables, the row, the brand.

use minijinja::Value as Jinja;
use minijinja::value::Serde;
use serde_json::Value as Json;
use std::collections::BTreeMap;

use crate::data::Row;
use crate::diag::{Code, Diagnostic, Place, Severity, did_you_mean};
use crate::template::expression::{Columns, folded, has_expression, number, shown};
use crate::template::{Brand, Node, Template, Value, Var, VarType};
use crate::template::{RESERVED, grammar};
use unicode_segmentation::UnicodeSegmentation;

use super::Assets;

/// The name of the source that `--set` values stand in.
pub const SET: &str = "--set";

/// What the expressions of one story can name, with everything that is wrong with its values.
pub fn context(template: &Template, row: &Row, assets: &Assets) -> (Jinja, Vec<Diagnostic>) {
    let mut wrong = Vec::new();
    let mut names = columns(template, row, &mut wrong);
    names.insert("brand".into(), brand(&assets.brand));
    let mut filled = 0;
    for var in &template.vars {
        let value = match given(var, row, &mut wrong) {
            Given::Value(value) => {
                filled += 1;
                Some(value)
            }
            Given::Bad => {
                filled += 1;
                Some(neutral(var.kind))
            }
            Given::Nothing => default(var, &names, assets, &mut wrong),
        };
        if let Some(value) = value {
            names.insert(var.name.clone(), value);
        } else {
            let message = format!("variable `{}` has no value", var.name);
            let hint = missing_hint(var, row);
            wrong.push(Diagnostic::at(Code::BadValue, &var.place, message).hint(hint));
            names.insert(var.name.clone(), Jinja::from(""));
        }
    }
    if filled == 0 {
        wrong.extend(nothing_of_it(template, row));
    }
    (Jinja::from_pairs(names), wrong)
}

/// The row and its columns, by their headings and by the names that the template has for them.
fn columns(template: &Template, row: &Row, wrong: &mut Vec<Diagnostic>) -> BTreeMap<String, Jinja> {
    let mut names: BTreeMap<String, Jinja> = row
        .values
        .iter()
        .map(|(name, value)| (name.clone(), Jinja::from(Serde(value))))
        .collect();
    let mut columns = Columns {
        values: names.clone(),
        ..Columns::default()
    };
    // a number that was given anew is not what the sheet shows
    let is_shown = |name: &&String| row.values.get(*name).is_some_and(Json::is_number);
    let shown = row.shown.iter().filter(|(name, _)| is_shown(name));
    columns.shown = shown
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect();
    let declared = |name: &str| template.vars.iter().find(|var| var.name == name);
    for name in &template.uses {
        if RESERVED.contains(&name.as_str()) || name.contains('.') {
            continue;
        }
        match row.column(name) {
            Ok(Some(column)) => {
                let value = columns.values[column].clone();
                match (columns.shown.get(column), declared(name)) {
                    (Some(text), None) => {
                        columns.shown_by_name.insert(name.clone(), text.clone());
                    }
                    (Some(_), Some(var)) if var.kind == VarType::Text => {
                        columns.numbers_by_name.insert(name.clone(), value.clone());
                    }
                    _ => {}
                }
                names.insert(name.clone(), value);
            }
            Ok(None) => {}
            Err(several) => {
                let list: Vec<String> =
                    several.iter().map(|column| format!("`{column}`")).collect();
                let message = format!("columns {} could each be `{name}`", list.join(" and "));
                let place = row.place_of(several[0]);
                wrong.push(Diagnostic::at(Code::BadRow, place, message).hint(format!(
                    "call one of them `{name}` and nothing else like it"
                )));
            }
        }
    }
    columns
        .values
        .insert("index".into(), Jinja::from(row.number));
    names.insert("row".into(), Jinja::from_object(columns));
    names
}

/// A row that gives no variable a value makes a story of defaults, which looks like data and is none.
fn nothing_of_it(template: &Template, row: &Row) -> Option<Diagnostic> {
    let is_used = |column: &String| {
        let is_it = |name: &String| {
            let name = name.strip_prefix("row.").unwrap_or(name);
            name == "*" || folded(name) == folded(column)
        };
        template.uses.iter().any(is_it)
    };
    // values of the call alone are no row
    let is_of_data = |column: &String| row.place_of(column).source.path.as_os_str() != SET;
    let is_idle = !template.vars.is_empty() && row.values.keys().any(is_of_data);
    if !is_idle
        || row
            .values
            .keys()
            .any(|column| is_used(column) && !is_empty(row, column))
    {
        return None;
    }
    let message = "nothing of this row is in the story: every variable has its default";
    let of = Diagnostic::at(Code::BadRow, &row.place, message).severity(Severity::Warning);
    let names: Vec<&str> = template.vars.iter().map(|var| var.name.as_str()).collect();
    Some(of.hint(format!("the template has variables {}", listed(&names))))
}

fn listed(names: &[&str]) -> String {
    let named: Vec<String> = names
        .iter()
        .take(6)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = if names.len() > 6 { " …" } else { "" };
    format!("{}{more}", named.join(", "))
}

fn is_empty(row: &Row, column: &str) -> bool {
    match &row.values[column] {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn missing_hint(var: &Var, row: &Row) -> String {
    match did_you_mean(&var.name, row.values.keys().map(String::as_str)) {
        Some(near) => format!("the data has a column of nearly that name: {near}"),
        None => format!(
            "give it a default, a column `{0}`, or --set {0}=…",
            var.name
        ),
    }
}

fn brand(brand: &Brand) -> Jinja {
    let pairs = |list: &[(String, String)]| {
        Jinja::from_pairs(
            list.iter()
                .map(|(n, v)| (n.clone(), Jinja::from(v.clone()))),
        )
    };
    let fonts: Vec<_> = brand
        .fonts
        .iter()
        .map(|f| (f.key.clone(), f.key.clone()))
        .collect();
    Jinja::from_pairs([
        (
            "logo".to_owned(),
            Jinja::from(brand.logo.clone().unwrap_or_default()),
        ),
        ("colors".to_owned(), pairs(&brand.colors)),
        ("fonts".to_owned(), pairs(&fonts)),
    ])
}

enum Given {
    Value(Jinja),
    Bad,
    Nothing,
}

/// What the row says of a variable.
fn given(var: &Var, row: &Row, wrong: &mut Vec<Diagnostic>) -> Given {
    // columns that it could be are reported where the row is read
    let Ok(Some(column)) = row.column(&var.name) else {
        return Given::Nothing;
    };
    let text = match (&row.values[column], var.kind) {
        (Json::Null, _) => String::new(),
        (Json::String(text), _) => text.clone(),
        (Json::Number(n), VarType::Text) => match row.shown.get(column) {
            Some(shown) => shown.clone(),
            None => shown(&Jinja::from(Serde(n))),
        },
        // a number is one already, however it would be read as a text
        (Json::Number(n), VarType::Number) => return Given::Value(Jinja::from(Serde(n))),
        (Json::Number(n), _) => n.to_string(),
        (Json::Bool(b), _) => b.to_string(),
        // lists and tables are for expressions; no declared type describes them
        (other, _) => return Given::Value(Jinja::from(Serde(other))),
    };
    let place = row.place_of(column);
    let is_null = row.values[column].is_null();
    if text.trim().is_empty() && (is_null || !var.kind.may_be_empty()) {
        wrong.extend(empty_cell(var, column, place));
        return Given::Nothing;
    }
    let from_set = place.source.path.as_os_str() == SET;
    let (code, subject) = if from_set {
        (Code::BadValue, format!("`{}`", var.name))
    } else {
        (Code::BadRow, format!("column `{column}`"))
    };
    if let Some(message) = var.kind.fault(&subject, &text) {
        wrong.push(Diagnostic::at(code, place, message));
        return Given::Bad;
    }
    check_length(var, &text, place, wrong);
    Given::Value(typed(var.kind, &text))
}

/// What is said where a column is there and empty, and the default that takes its place looks like data.
fn empty_cell(var: &Var, column: &str, place: &Place) -> Option<Diagnostic> {
    // an empty flag is a no and an empty colour the template's: neither says anything about the story
    if matches!(var.kind, VarType::Bool | VarType::Color) {
        return None;
    }
    let default = grammar::text(var.default.as_ref()?).filter(|text| !text.trim().is_empty())?;
    let (code, subject) = match place.source.path.as_os_str() == SET {
        true => (Code::BadValue, format!("`{}`", var.name)),
        false => (Code::BadRow, format!("column `{column}`")),
    };
    let message = format!("{subject} is empty: the default `{default}` takes its place");
    Some(Diagnostic::at(code, place, message).severity(Severity::Warning))
}

fn check_length(var: &Var, text: &str, place: &Place, wrong: &mut Vec<Diagnostic>) {
    let Some(max) = var.max_chars else { return };
    let count = text.graphemes(true).count();
    if count > max {
        let message = format!("`{}` has {count} characters, {max} at most", var.name);
        wrong.push(Diagnostic::at(Code::TooLong, place, message));
    }
}

/// A value that no filter minds, so that one bad cell is reported once and not again wherever it is used.
fn neutral(kind: VarType) -> Jinja {
    match kind {
        VarType::Number => Jinja::from(0),
        VarType::Bool => Jinja::from(false),
        VarType::Color => Jinja::from("#000"),
        VarType::Date => Jinja::from("2000-01-01"),
        VarType::Text | VarType::Image | VarType::Video | VarType::Url => Jinja::from(""),
    }
}

fn typed(kind: VarType, text: &str) -> Jinja {
    let trimmed = text.trim();
    match kind {
        VarType::Number => number(trimmed).unwrap_or_else(|_| Jinja::from(text)),
        VarType::Bool => Jinja::from(matches!(
            trimmed.to_ascii_lowercase().as_str(),
            "true" | "yes" | "1"
        )),
        VarType::Text => Jinja::from(text),
        _ => Jinja::from(trimmed),
    }
}

/// The declared default; it may use the row, the brand and the variables above it.
fn default(
    var: &Var,
    names: &BTreeMap<String, Jinja>,
    assets: &Assets,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Jinja> {
    let node: &Node = var.default.as_ref()?;
    let text = match &node.value {
        Value::Text(text) if has_expression(text) => {
            let context = Jinja::from_pairs(names.clone());
            match assets.expressions.render(text, &context) {
                Ok(value) => shown(&value),
                Err(problem) => {
                    wrong.push(crate::template::problem_at(node, text, &problem));
                    return Some(Jinja::from(""));
                }
            }
        }
        _ => grammar::text(node).unwrap_or_default(),
    };
    check_length(var, &text, &node.place, wrong);
    Some(typed(var.kind, &text))
}
