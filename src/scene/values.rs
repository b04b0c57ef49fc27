//! What expressions can name: variables, the row, the brand.

use minijinja::Value as Jinja;
use minijinja::value::Serde;
use serde_json::Value as Json;
use std::collections::BTreeMap;

use crate::data::Row;
use crate::diag::{Code, Diagnostic, Place, did_you_mean};
use crate::template::expression::{has_expression, shown};
use crate::template::grammar;
use crate::template::{Brand, Node, Template, Value, Var, VarType};
use unicode_segmentation::UnicodeSegmentation;

use super::Assets;

/// The name of the source that `--set` values stand in.
pub const SET: &str = "--set";

/// The values of one story, for expressions.
pub(super) fn context(
    template: &Template,
    row: &Row,
    assets: &Assets,
    wrong: &mut Vec<Diagnostic>,
) -> Jinja {
    let mut names: BTreeMap<String, Jinja> = BTreeMap::new();
    let mut columns: BTreeMap<String, Jinja> = row
        .values
        .iter()
        .map(|(name, value)| (name.clone(), Jinja::from(Serde(value))))
        .collect();
    names.extend(columns.clone());
    columns.insert("index".into(), Jinja::from(row.number));
    names.insert("row".into(), Jinja::from_pairs(columns));
    names.insert("brand".into(), brand(&assets.brand));
    for var in &template.vars {
        let value = match given(var, row, wrong) {
            Given::Value(value) => Some(value),
            Given::Bad => Some(neutral(var.kind)),
            Given::Nothing => default(var, &names, assets, wrong),
        };
        if let Some(value) = value {
            names.insert(var.name.clone(), value);
        } else {
            let said = format!("variable `{}` has no value", var.name);
            let hint = missing_hint(var, row);
            wrong.push(Diagnostic::at(Code::BadValue, &var.place, said).hint(hint));
            names.insert(var.name.clone(), Jinja::from(""));
        }
    }
    Jinja::from_pairs(names)
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
    let Some(value) = row.values.get(&var.name) else {
        return Given::Nothing;
    };
    let text = match value {
        Json::Null => return Given::Nothing,
        Json::String(text) => text.clone(),
        Json::Number(n) => n.to_string(),
        Json::Bool(b) => b.to_string(),
        // lists and tables are for expressions; no declared type describes them
        other => return Given::Value(Jinja::from(Serde(other))),
    };
    if text.trim().is_empty() && !var.kind.may_be_empty() {
        return Given::Nothing;
    }
    let place = row.place_of(&var.name);
    let from_set = place.source.path.as_os_str() == SET;
    if !var.kind.holds(&text) {
        let (code, column) = if from_set {
            (Code::BadValue, format!("`{}`", var.name))
        } else {
            (Code::BadRow, format!("column `{}`", var.name))
        };
        let said = format!(
            "{column} holds {}, not `{}`",
            var.kind.describe(),
            text.trim()
        );
        wrong.push(Diagnostic::at(code, place, said));
        return Given::Bad;
    }
    check_length(var, &text, place, wrong);
    Given::Value(typed(var.kind, &text))
}

fn check_length(var: &Var, text: &str, place: &Place, wrong: &mut Vec<Diagnostic>) {
    let Some(max) = var.max_chars else { return };
    let count = text.graphemes(true).count();
    if count > max {
        let said = format!("`{}` has {count} characters, {max} at most", var.name);
        wrong.push(Diagnostic::at(Code::TooLong, place, said));
    }
}

/// A value that no filter minds, so that one bad cell is told once and not again wherever it is used.
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
        VarType::Number => match (trimmed.parse::<i64>(), trimmed.parse::<f64>()) {
            (Ok(i), _) => Jinja::from(i),
            (_, Ok(f)) => Jinja::from(f),
            _ => Jinja::from(text),
        },
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
