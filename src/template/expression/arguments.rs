//! What stands in a filter's brackets.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use crate::diag::did_you_mean;

/// What is wrong with a filter's value or options; travels inside MiniJinja's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Fault {
    pub message: String,
    pub hint: Option<String>,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error::new(ErrorKind::InvalidOperation, fault.message.clone()).with_source(fault)
    }
}

/// The options of one call, by name.
pub(super) struct Arguments {
    filter: &'static str,
    given: Vec<(&'static str, Value)>,
}

impl Arguments {
    /// Sorts what was given under `names`, which are in the order of their places.
    pub fn new(
        filter: &'static str,
        names: &[&'static str],
        args: &[Value],
    ) -> Result<Self, Fault> {
        let mut given = Vec::new();
        for (index, value) in args.iter().enumerate() {
            if value.is_kwargs() {
                let Ok(named) = Kwargs::try_from(value.clone()) else {
                    continue;
                };
                for name in named.args() {
                    let Some(known) = names.iter().find(|n| **n == name) else {
                        let fault = Fault::new(format!("`{filter}` has no option `{name}`"));
                        let hint = did_you_mean(name, names.iter().copied());
                        return Err(Fault { hint, ..fault });
                    };
                    if let Ok(value) = named.peek::<Value>(name) {
                        given.push((*known, value));
                    }
                }
            } else if let Some(name) = names.get(index) {
                given.push((*name, value.clone()));
            } else {
                return Err(Fault::new(match names.len() {
                    0 => format!("`{filter}` takes nothing in brackets"),
                    1 => format!("`{filter}` takes at most 1 value in brackets"),
                    most => format!("`{filter}` takes at most {most} values in brackets"),
                }));
            }
        }
        Ok(Self { filter, given })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.given.iter().rev().find(|(n, _)| *n == name)?;
        (!value.is_none() && !value.is_undefined()).then_some(value)
    }

    /// An option that is a text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.wrong(name, "a text in quotes", value)),
        }
    }

    /// An option that is a whole number from 0 to `most`.
    pub fn whole(&self, name: &str, most: usize) -> Result<Option<usize>, Fault> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_usize() {
            Some(number) if number <= most && value.kind() == ValueKind::Number => Ok(Some(number)),
            _ => Err(self.wrong(name, &format!("a whole number from 0 to {most}"), value)),
        }
    }

    /// An option that is `true` or `false`; false without it.
    pub fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.get(name) {
            None => Ok(false),
            Some(value) if value.kind() == ValueKind::Bool => Ok(value.is_true()),
            Some(value) => Err(self.wrong(name, "`true` or `false`", value)),
        }
    }

    fn wrong(&self, name: &str, expected: &str, got: &Value) -> Fault {
        let filter = self.filter;
        let got = said(got);
        Fault::new(format!(
            "`{name}` of `{filter}` is {expected}, here it is {got}"
        ))
    }
}

/// The items of a list; with `attribute`, what the engine's `map` finds of each by that path.
pub(super) fn items(
    state: &mut State,
    list: &Value,
    attribute: Option<&str>,
) -> Result<Vec<Value>, Error> {
    let Some(path) = attribute else {
        return Ok(list.try_iter()?.collect());
    };
    let by: Kwargs = [("attribute", Value::from(path))].into_iter().collect();
    let parts = state.apply_filter("map", &[list.clone(), by.into()])?;
    Ok(parts.try_iter()?.collect())
}

/// A value in a message: `"Soup"` in backticks, or what kind of thing it is.
pub(super) fn said(value: &Value) -> String {
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => "nothing".into(),
        ValueKind::Seq | ValueKind::Iterable => "a list".into(),
        ValueKind::Map => "a table".into(),
        _ => {
            let text = super::shown(value);
            if text.trim().is_empty() {
                return "an empty text".into();
            }
            let mut short: String = text.chars().take(40).collect();
            if short.len() < text.len() {
                short.push('…');
            }
            format!("`{short}`")
        }
    }
}
