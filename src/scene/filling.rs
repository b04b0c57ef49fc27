//! Fills `{{ … }}` in, and holds what came out against the language again.

use minijinja::Value as Jinja;

use crate::diag::Diagnostic;
use crate::template::expression::{Expressions, has_expression, shown};
use crate::template::language::{Key, Kind};
use crate::template::{Entry, Node, Table, Value, check_value, problem_at};

/// Fills tables of one story.
pub(super) struct Filler<'a> {
    pub expressions: &'a Expressions,
    pub context: &'a Jinja,
}

impl Filler<'_> {
    /// A copy without expressions that holds only keys with a value of the right shape.
    ///
    /// What was already reported when the template was read is not reported again.
    pub fn table<'k>(
        &self,
        table: &Table,
        keys: impl Iterator<Item = &'k Key> + Clone,
        wrong: &mut Vec<Diagnostic>,
    ) -> Table {
        let mut out = Table::empty(&table.place);
        for entry in &table.entries {
            let Some(key) = keys.clone().find(|k| k.name == entry.key) else {
                continue;
            };
            let mut reported = Vec::new();
            let Some((node, filled)) = self.node(&entry.node, key.kind, wrong) else {
                continue;
            };
            check_value(key.name, key.kind, &node, &mut reported);
            let fits = reported.is_empty();
            if filled {
                wrong.append(&mut reported);
            }
            if fits {
                out.entries.push(Entry {
                    node,
                    ..entry.clone()
                });
            }
        }
        out
    }

    /// The node without expressions, and whether it had any; `None` when one failed (and was reported).
    fn node(&self, node: &Node, kind: Kind, wrong: &mut Vec<Diagnostic>) -> Option<(Node, bool)> {
        let (value, filled) = match &node.value {
            Value::Text(text) if has_expression(text) => {
                let filled = match kind {
                    // what people read is as their sheet shows it
                    Kind::Text | Kind::Name | Kind::Texts => {
                        self.expressions.text(text, self.context).map(Value::Text)
                    }
                    Kind::Condition => self.expressions.holds(text, self.context).map(Value::Bool),
                    _ => self
                        .expressions
                        .render(text, self.context)
                        .map(|value| read_back(&value, kind)),
                };
                match filled {
                    Ok(value) => (value, true),
                    Err(problem) => {
                        wrong.push(problem_at(node, text, &problem));
                        return None;
                    }
                }
            }
            Value::Array(items) => {
                let mut filled = false;
                let mut out = Vec::with_capacity(items.len());
                for item in items {
                    let (item, was) = self.node(item, kind, wrong)?;
                    filled |= was;
                    out.push(item);
                }
                (Value::Array(out), filled)
            }
            Value::Table(table) => {
                let mut filled = false;
                let mut out = Table::empty(&table.place);
                for entry in &table.entries {
                    let inner = kind_inside(kind, &entry.key);
                    let (node, was) = self.node(&entry.node, inner, wrong)?;
                    filled |= was;
                    out.entries.push(Entry {
                        node,
                        ..entry.clone()
                    });
                }
                (Value::Table(out), filled)
            }
            other => (other.clone(), false),
        };
        Some((
            Node {
                value,
                place: node.place.clone(),
            },
            filled,
        ))
    }
}

fn kind_inside(kind: Kind, name: &str) -> Kind {
    let keys: &[Key] = match kind {
        Kind::Record(keys) | Kind::Records(keys) | Kind::ChoiceOr(_, keys) => keys,
        Kind::Fill(_) => crate::template::language::FILL,
        _ => return kind,
    };
    keys.iter()
        .find(|k| k.name == name)
        .map_or(Kind::Text, |k| k.kind)
}

/// A key of numbers or booleans gets one; a text key takes whatever comes.
fn read_back(value: &Jinja, kind: Kind) -> Value {
    let text = shown(value);
    let is_text = matches!(
        kind,
        Kind::Text
            | Kind::Name
            | Kind::Color
            | Kind::Fill(_)
            | Kind::Choice(_)
            | Kind::ChoiceOr(..)
    );
    let trimmed = text.trim();
    if !is_text {
        if let Ok(i) = trimmed.parse::<i64>() {
            return Value::Integer(i);
        }
        if let Ok(f) = trimmed.parse::<f64>() {
            return Value::Float(f);
        }
        if let Ok(b) = trimmed.parse::<bool>() {
            return Value::Bool(b);
        }
    }
    Value::Text(text)
}
