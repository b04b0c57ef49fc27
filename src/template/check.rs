//! Holds keys and values against the language.

use crate::diag::{Code, Diagnostic, did_you_mean};

use super::expression::has_expression;
use super::language::{FILL, Key, Kind, OTHER_NAMES};
use super::{Node, Table, Value, grammar};

/// How far a value has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As the file has it: what an expression gives is checked when it is known.
    Written,
    /// Filled in: braces in it came out of data, and are text like any other.
    Filled,
}

/// Checks every key of a table and its value, as they are written.
pub fn check_table<'k>(
    table: &Table,
    keys: impl Iterator<Item = &'k Key> + Clone,
    owner: &str,
    wrong: &mut Vec<Diagnostic>,
) {
    check_entries(table, keys, owner, State::Written, wrong);
}

/// Checks one value that was filled in: no expression is left in it.
pub fn check_value(name: &str, kind: Kind, node: &Node, wrong: &mut Vec<Diagnostic>) {
    check_node(name, kind, node, State::Filled, wrong);
}

fn check_entries<'k>(
    table: &Table,
    keys: impl Iterator<Item = &'k Key> + Clone,
    owner: &str,
    state: State,
    wrong: &mut Vec<Diagnostic>,
) {
    for entry in &table.entries {
        match keys.clone().find(|k| k.name == entry.key) {
            Some(key) => check_node(key.name, key.kind, &entry.node, state, wrong),
            None => wrong.push(
                Diagnostic::at(
                    Code::UnknownKey,
                    &entry.key_place,
                    format!("{owner} has no key `{}`", entry.key),
                )
                .maybe_hint(other_name(&entry.key, keys.clone())),
            ),
        }
    }
}

fn other_name<'k>(name: &str, keys: impl Iterator<Item = &'k Key> + Clone) -> Option<String> {
    let plain = name.replace('-', "_").to_lowercase();
    let ours = OTHER_NAMES
        .iter()
        .filter(|(theirs, _)| *theirs == plain)
        .map(|(_, ours)| *ours);
    match ours
        .into_iter()
        .find(|ours| keys.clone().any(|k| k.name == *ours))
    {
        Some(ours) => Some(format!("here it is called `{ours}`")),
        None => did_you_mean(name, keys.map(|k| k.name)),
    }
}

fn check_node(name: &str, kind: Kind, node: &Node, state: State, wrong: &mut Vec<Diagnostic>) {
    let is_open = state == State::Written && holds_expression(node);
    if is_open && node.as_text().is_some() {
        return;
    }
    match kind {
        Kind::Record(keys) | Kind::Records(keys) => {
            check_record(name, kind, keys, node, state, wrong);
        }
        Kind::ChoiceOr(words, keys) => match node.as_text() {
            Some(text) if words.contains(&text) => {}
            Some(_) => wrong.push(misfit(name, kind, node)),
            None => check_record(name, kind, keys, node, state, wrong),
        },
        Kind::Fill(film) => check_fill(name, film, node, state, wrong),
        _ if is_open => {}
        _ if fits(kind, node) => {}
        _ => wrong.push(misfit(name, kind, node)),
    }
}

/// A list with an expression inside is looked at again when it is filled in.
fn holds_expression(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => has_expression(text),
        Value::Array(items) => items.iter().any(holds_expression),
        _ => false,
    }
}

fn fits(kind: Kind, node: &Node) -> bool {
    match kind {
        Kind::Text => grammar::text(node).is_some(),
        Kind::Name => node.as_text().is_some(),
        Kind::Texts => grammar::list(node).is_some_and(|l| l.iter().all(|n| n.as_text().is_some())),
        Kind::Bool => matches!(node.value, Value::Bool(_)),
        Kind::Condition => grammar::condition(node).is_some(),
        Kind::Number(min, max) => grammar::number(node).is_some_and(|n| n >= min && n <= max),
        Kind::Integer(min, max) => matches!(node.value, Value::Integer(i) if i >= min && i <= max),
        Kind::Length => grammar::length(node).is_some(),
        Kind::Choice(words) => node.as_text().is_some_and(|t| words.contains(&t)),
        Kind::Color => grammar::color(node).is_some(),
        Kind::Edges => grammar::edges(node).is_some(),
        Kind::Radius => grammar::radius(node, 1.0, 1.0).is_some(),
        Kind::Point => grammar::point(node).is_some(),
        Kind::Position => grammar::position(node).is_some(),
        Kind::NumberOr(min, max, words) => {
            grammar::number(node).is_some_and(|n| n >= min && n <= max)
                || node.as_text().is_some_and(|t| words.contains(&t))
        }
        Kind::Features => grammar::features(node).is_some(),
        Kind::Spacing => grammar::spacing(node, 1.0).is_some(),
        Kind::Time => grammar::time(node).is_some(),
        Kind::Size => grammar::size(node).is_some(),
        Kind::Span => grammar::span(node).is_some(),
        Kind::Path => grammar::path(node).is_some(),
        Kind::Fill(_) | Kind::Record(_) | Kind::Records(_) | Kind::ChoiceOr(..) => true,
    }
}

fn misfit(name: &str, kind: Kind, node: &Node) -> Diagnostic {
    let message = match &node.value {
        Value::Text(text) => match kind {
            Kind::Choice(_) => format!("`{name}` is {}, not `{text}`", kind.describe()),
            Kind::Color | Kind::Fill(_) => format!("`{text}` is not a colour"),
            _ => format!("`{name}` takes {}, not `{text}`", kind.describe()),
        },
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
            format!(
                "`{name}` takes {}, not {}",
                kind.describe(),
                node.place.text().trim()
            )
        }
        _ => format!(
            "`{name}` takes {}, not {}",
            kind.describe(),
            node.type_name()
        ),
    };
    let found = Diagnostic::at(Code::BadValue, &node.place, message);
    let text = node.as_text().unwrap_or("");
    match kind {
        Kind::Choice(words) | Kind::ChoiceOr(words, _) => {
            found.maybe_hint(did_you_mean(text, words.iter().copied()))
        }
        Kind::Color | Kind::Fill(_) => {
            found.hint("`#rgb`, `#rrggbb`, `#rrggbbaa`, a CSS name or `$brand_colour`")
        }
        Kind::Number(..) | Kind::Integer(..) if text.parse::<f64>().is_ok() => {
            found.hint("write numbers without quotes")
        }
        Kind::Bool if matches!(text, "true" | "false") => {
            found.hint("write true and false without quotes")
        }
        Kind::Length if text.ends_with("px") => {
            found.hint("units have no name: write the bare number")
        }
        _ => found,
    }
}

fn check_record(
    name: &str,
    kind: Kind,
    keys: &'static [Key],
    node: &Node,
    state: State,
    wrong: &mut Vec<Diagnostic>,
) {
    match (&node.value, kind) {
        (Value::Table(table), _) => {
            check_entries(table, keys.iter(), &format!("`{name}`"), state, wrong);
        }
        (Value::Array(items), Kind::Records(_)) => {
            for item in items {
                check_record(name, Kind::Record(keys), keys, item, state, wrong);
            }
        }
        _ => wrong.push(misfit(name, kind, node)),
    }
}

const FILL_KINDS: [&str; 5] = ["linear", "radial", "conic", "image", "video"];

fn check_fill(name: &str, film: bool, node: &Node, state: State, wrong: &mut Vec<Diagnostic>) {
    let Value::Table(table) = &node.value else {
        if grammar::color(node).is_none() {
            wrong.push(misfit(name, Kind::Fill(film), node));
        }
        return;
    };
    let kinds: Vec<&str> = FILL_KINDS
        .into_iter()
        .filter(|k| table.get(k).is_some())
        .collect();
    let owned: &[&str] = match kinds.as_slice() {
        ["linear"] => &["linear", "angle"],
        ["radial"] => &["radial", "center", "radius"],
        ["conic"] => &["conic", "center", "angle"],
        ["image"] => &["image", "fit", "focus"],
        ["video"] if film => &["video", "fit", "focus"],
        ["video"] => {
            let at = &table.entry("video").expect("found above").key_place;
            wrong.push(
                Diagnostic::at(Code::BadValue, at, format!("`{name}` cannot be film"))
                    .hint("use a video layer, or the canvas background"),
            );
            return;
        }
        [] if table.entries.is_empty() => {
            wrong.push(misfit(name, Kind::Fill(film), node));
            return;
        }
        [] => FILL_KINDS.split_at(4).0,
        _ => {
            wrong.push(Diagnostic::at(
                Code::BadValue,
                &node.place,
                format!(
                    "`{name}` has {}: one of them",
                    kinds
                        .iter()
                        .map(|k| format!("`{k}`"))
                        .collect::<Vec<_>>()
                        .join(" and ")
                ),
            ));
            return;
        }
    };
    let keys = FILL.iter().filter(|k| owned.contains(&k.name));
    for entry in &table.entries {
        if matches!(entry.key.as_str(), "linear" | "radial" | "conic")
            && owned.contains(&entry.key.as_str())
        {
            check_stops(&entry.key, &entry.node, state, wrong);
        } else {
            let one = Table {
                entries: vec![entry.clone()],
                place: table.place.clone(),
            };
            check_entries(&one, keys.clone(), &format!("this `{name}`"), state, wrong);
        }
    }
}

fn check_stops(name: &str, node: &Node, state: State, wrong: &mut Vec<Diagnostic>) {
    let Some(stops) = grammar::list(node).filter(|s| s.len() >= 2) else {
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &node.place,
            format!("`{name}` takes a list of two or more colours, or of [colour, position]"),
        ));
        return;
    };
    let mut last = 0.0;
    for stop in stops {
        let (color, at) = match &stop.value {
            Value::Array(pair) if pair.len() == 2 => (&pair[0], Some(&pair[1])),
            _ => (stop, None),
        };
        check_node(name, Kind::Color, color, state, wrong);
        let Some(at) = at else { continue };
        check_node("position", Kind::Number(0.0, 1.0), at, state, wrong);
        if let Some(position) = grammar::number(at).filter(|p| (0.0..=1.0).contains(p)) {
            if position < last {
                wrong.push(Diagnostic::at(
                    Code::BadValue,
                    &at.place,
                    format!("the positions of stops go up: {position} comes after {last}"),
                ));
            }
            last = position;
        }
    }
}
