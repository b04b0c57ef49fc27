//! Declared variables.

use crate::diag::{Code, Diagnostic, Place};

use super::expression::has_expression;
use super::language::VAR;
use super::{Entry, Node, Table, Value, check_table, grammar, key};

/// Names that expressions have anyway.
pub const RESERVED: [&str; 4] = ["row", "brand", "today", "now"];

/// One declared variable.
#[derive(Debug, Clone)]
pub struct Var {
    /// Its name.
    pub name: String,
    /// Where the name is.
    pub place: Place,
    /// What it holds.
    pub kind: VarType,
    /// Its value when nothing else gives one; may hold an expression.
    pub default: Option<Node>,
    /// The most characters (grapheme clusters) of a text.
    pub max_chars: Option<usize>,
    /// What a form calls it.
    pub label: Option<String>,
}

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum VarType {
    Text,
    Image,
    Video,
    Color,
    Number,
    Date,
    Url,
    Bool,
}

impl VarType {
    /// The type of that name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "text" => Self::Text,
            "image" => Self::Image,
            "video" => Self::Video,
            "color" => Self::Color,
            "number" => Self::Number,
            "date" => Self::Date,
            "url" => Self::Url,
            "bool" => Self::Bool,
            _ => return None,
        })
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Color => "color",
            Self::Number => "number",
            Self::Date => "date",
            Self::Url => "url",
            Self::Bool => "bool",
        }
    }

    /// What people are told it holds.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Image => "a picture's path",
            Self::Video => "a film's path",
            Self::Color => "a colour",
            Self::Number => "a number",
            Self::Date => "a date like 2026-11-28",
            Self::Url => "an address that starts with https:// or http://",
            Self::Bool => "true or false",
        }
    }

    /// Whether an empty cell of a data file is a value of this type; otherwise it means the default.
    pub fn may_be_empty(self) -> bool {
        matches!(self, Self::Text | Self::Url | Self::Video)
    }
}

/// Reads `[vars]`.
pub fn read(table: &Table, wrong: &mut Vec<Diagnostic>) -> Vec<Var> {
    table
        .entries
        .iter()
        .filter_map(|entry| var(entry, wrong))
        .collect()
}

fn var(entry: &Entry, wrong: &mut Vec<Diagnostic>) -> Option<Var> {
    let name = &entry.key;
    let is_name = name
        .chars()
        .enumerate()
        .all(|(i, c)| c == '_' || c.is_alphabetic() || i > 0 && c.is_numeric());
    if !is_name || name.is_empty() || RESERVED.contains(&name.as_str()) {
        let why = if is_name {
            "is a name that expressions have anyway"
        } else {
            "is not a name: letters, digits and `_`"
        };
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &entry.key_place,
            format!("`{name}` {why}"),
        ));
        return None;
    }
    let mut var = Var {
        name: name.clone(),
        place: entry.key_place.clone(),
        kind: VarType::Text,
        default: None,
        max_chars: None,
        label: None,
    };
    match &entry.node.value {
        Value::Table(table) => declared(&mut var, table, wrong),
        Value::Array(_) => {
            wrong.push(Diagnostic::at(
                Code::BadValue,
                &entry.node.place,
                format!("variable `{name}` takes a default, or a table with `type` and `default`"),
            ));
            return None;
        }
        value => {
            var.kind = type_of(value);
            var.default = Some(entry.node.clone());
        }
    }
    Some(var)
}

fn type_of(value: &Value) -> VarType {
    match value {
        Value::Integer(_) | Value::Float(_) => VarType::Number,
        Value::Bool(_) => VarType::Bool,
        Value::Date(_) => VarType::Date,
        _ => VarType::Text,
    }
}

fn declared(var: &mut Var, table: &Table, wrong: &mut Vec<Diagnostic>) {
    check_table(
        table,
        VAR.iter(),
        &format!("variable `{}`", var.name),
        wrong,
    );
    var.default = table.node(key!(VAR.default)).cloned();
    var.kind = match table
        .node(key!(VAR.type))
        .and_then(Node::as_text)
        .and_then(VarType::of)
    {
        Some(kind) => kind,
        None => var
            .default
            .as_ref()
            .map_or(VarType::Text, |d| type_of(&d.value)),
    };
    var.label = table.node(key!(VAR.label)).and_then(grammar::text);
    var.max_chars = match table.node(key!(VAR.max_chars)).map(|n| &n.value) {
        Some(Value::Integer(n)) if *n > 0 => usize::try_from(*n).ok(),
        _ => None,
    };
    if let Some(default) = &var.default
        && !default.as_text().is_some_and(has_expression)
        && let Some(text) = grammar::text(default)
        && !var.kind.holds(&text)
        && !text.is_empty()
    {
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &default.place,
            format!(
                "variable `{}` holds {}, not `{text}`",
                var.name,
                var.kind.describe()
            ),
        ));
    }
}

impl VarType {
    /// Whether a text is a value of this type. Pictures and films are looked for when they are drawn.
    pub fn holds(self, text: &str) -> bool {
        self.fault("it", text).is_none()
    }

    /// Why a text is no value of this type, in a sentence about `subject`, such as ``column `price` ``.
    pub fn fault(self, subject: &str, text: &str) -> Option<String> {
        let trimmed = text.trim();
        let special = match self {
            Self::Text | Self::Image | Self::Video => return None,
            Self::Number => super::expression::number(trimmed).err()?,
            Self::Date => super::expression::date_fault(trimmed)?,
            Self::Color if grammar::color_text(trimmed).is_some() => return None,
            Self::Url if trimmed.is_empty() || is_address(trimmed) => return None,
            Self::Bool if is_flag(trimmed) => return None,
            Self::Color | Self::Url | Self::Bool => None,
        };
        Some(match special {
            Some(why) => format!("{subject}: {why}"),
            None => format!("{subject} holds {}, not `{trimmed}`", self.describe()),
        })
    }
}

fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| {
        ["https", "http"]
            .iter()
            .any(|known| s.eq_ignore_ascii_case(known))
    })
}

fn is_flag(text: &str) -> bool {
    let words = ["true", "false", "yes", "no", "1", "0"];
    words.contains(&text.to_ascii_lowercase().as_str())
}
