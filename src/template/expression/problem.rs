//! What is wrong with an expression, in the words of people who write menus.

use std::ops::Range;

use minijinja::value::ValueKind;
use minijinja::{ErrorKind, Value};

use super::arguments::Fault;
use crate::diag::{Code, did_you_mean};

/// What kind of problem it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The string cannot be read.
    Syntax,
    /// It names something that is not there: `titel`, `brand.colors.acent`.
    Undefined(String),
    /// It was read but cannot be evaluated.
    Failed,
}

/// What is wrong with a string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind it is.
    pub kind: Kind,
    /// One short sentence without its full stop.
    pub message: String,
    /// Bytes of the string it concerns; always within it, on character borders.
    pub range: Range<usize>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// The stable word for reports.
    pub fn code(&self) -> Code {
        match self.kind {
            Kind::Undefined(_) => Code::UnknownVariable,
            Kind::Syntax | Kind::Failed => Code::BadExpression,
        }
    }
}

/// Turns MiniJinja's error about `text` into ours.
pub(super) fn from_error<'a>(
    error: &minijinja::Error,
    text: &str,
    range: Option<Range<usize>>,
    context: &Value,
    filters: impl Iterator<Item = &'a str>,
) -> Problem {
    let range = within(text, range);
    let detail = error.detail().unwrap_or_default();
    let subject = detail.split(' ').next().unwrap_or_default();
    let second = detail.split(' ').nth(1).unwrap_or_default();
    let failed = |message: String, hint: Option<String>| Problem {
        kind: Kind::Failed,
        message,
        range: range.clone(),
        hint,
    };
    if let Some(fault) = std::error::Error::source(error).and_then(|e| e.downcast_ref::<Fault>()) {
        return failed(fault.message.clone(), fault.hint.clone());
    }
    match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => syntax(detail, text, range),
        ErrorKind::UndefinedError => undefined(detail, text, range, context),
        ErrorKind::UnknownFilter => failed(
            format!("no filter `{second}`"),
            did_you_mean(second, filters),
        ),
        ErrorKind::UnknownTest => failed(format!("no test `{second}` after `is`"), None),
        ErrorKind::UnknownFunction => failed(
            format!("no function `{subject}`"),
            Some("filters stand after a bar: `{{ price | money(\"EUR\") }}`".into()),
        ),
        ErrorKind::UnknownMethod => {
            let method = detail.rsplit(' ').next().unwrap_or_default();
            let known: Vec<&str> = filters.collect();
            let hint = match known.contains(&method) {
                true => Some(format!("filters stand after a bar: `| {method}`")),
                false => did_you_mean(method, known),
            };
            failed(format!("no method `{method}`"), hint)
        }
        ErrorKind::OutOfFuel => failed(
            "this takes too many steps".into(),
            Some("make the loop shorter".into()),
        ),
        ErrorKind::TooManyArguments if detail.contains("keyword") => {
            failed("an option in the brackets is not known here".into(), None)
        }
        ErrorKind::TooManyArguments => failed("too many values in the brackets".into(), None),
        ErrorKind::MissingArgument => failed("a value is missing in the brackets".into(), None),
        _ => failed(plain(detail, error.kind()), conversion_hint(detail)),
    }
}

/// MiniJinja's range may be missing, or end past the text.
fn within(text: &str, range: Option<Range<usize>>) -> Range<usize> {
    let Some(range) = range else {
        return 0..text.len();
    };
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// There is no such statement in templates.
pub(super) fn no_statement(word: &str, range: Range<usize>) -> Problem {
    Problem {
        kind: Kind::Syntax,
        message: format!("no statement `{word}`"),
        range,
        hint: Some("there are `if`, `for` and `set`".to_owned()),
    }
}

fn syntax(detail: &str, text: &str, range: Range<usize>) -> Problem {
    let problem = |message: String, hint: Option<&str>| Problem {
        kind: Kind::Syntax,
        message,
        range: range.clone(),
        hint: hint.map(str::to_owned),
    };
    if let Some(statement) = detail.strip_prefix("unknown statement ") {
        return no_statement(statement, range);
    }
    if detail.starts_with("unexpected end of input") {
        let opened = |open: &str| text.rfind(open).unwrap_or(0);
        if opened("{{") < opened("{%") || detail.ends_with("end of block") {
            let hint = "close it with `%}`, and `if` with `{% endif %}`, `for` with `{% endfor %}`";
            return problem("`{% … %}` is not finished".into(), Some(hint));
        }
        return problem("`{{` is not closed".into(), Some("close it with `}}`"));
    }
    if detail == "unexpected end of string" {
        return problem("a text in quotes is not closed".into(), None);
    }
    if detail.contains("recursion") {
        return problem("this is nested too deep".into(), None);
    }
    let is_empty = text[..range.start].trim_end().ends_with("{{");
    if detail == "unexpected end of variable block" && is_empty {
        return problem("there is nothing between `{{` and `}}`".into(), None);
    }
    problem(plain(detail, ErrorKind::SyntaxError), None)
}

fn undefined(detail: &str, text: &str, range: Range<usize>, context: &Value) -> Problem {
    let path = detail
        .split_once("` is undefined")
        .and_then(|(before, _)| before.rsplit_once('`'))
        .map_or("", |(_, path)| path);
    if path.is_empty() {
        return Problem {
            kind: Kind::Failed,
            message: "a value it needs is not there".into(),
            range,
            hint: None,
        };
    }
    let range = narrowed(text, &range, path);
    let (message, hint) = match path.rsplit_once('.') {
        Some((parent, name)) => {
            let holder = parent
                .split('.')
                .try_fold(context.clone(), |value, name| value.get_attr(name).ok());
            let hint = holder.and_then(|holder| hint_among(name, &holder));
            (format!("`{parent}` has no `{name}`"), hint)
        }
        None if path.contains('[') => (format!("there is no `{path}`"), None),
        None => (format!("no variable `{path}`"), hint_among(path, context)),
    };
    Problem {
        kind: Kind::Undefined(path.to_owned()),
        message,
        range,
        hint,
    }
}

fn hint_among(name: &str, holder: &Value) -> Option<String> {
    if holder.kind() != ValueKind::Map {
        return None;
    }
    let mut keys: Vec<String> = holder.try_iter().ok()?.map(|key| key.to_string()).collect();
    keys.sort();
    did_you_mean(name, keys.iter().map(String::as_str))
}

/// Where the name itself stands, near the range that was told.
fn narrowed(text: &str, range: &Range<usize>, path: &str) -> Range<usize> {
    let stands_alone = |at: usize| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(|c| word(c) || c == '.') && !after.is_some_and(word)
    };
    // the told range may be a filter's, which stands after its value
    text.match_indices(path)
        .map(|(at, _)| at)
        .filter(|at| stands_alone(*at))
        .min_by_key(|at| range.start.abs_diff(*at))
        .map_or(range.clone(), |at| at..at + path.len())
}

fn conversion_hint(detail: &str) -> Option<String> {
    let is_mixed = detail.contains("string and number") || detail.contains("number and string");
    is_mixed.then(|| "a number in text becomes one by `| float`".to_owned())
}

/// The detail without the engine's own words.
fn plain(detail: &str, kind: ErrorKind) -> String {
    if let Some(rest) = detail.strip_prefix("tried to use ")
        && let Some((operator, kinds)) = rest.split_once(" operator on unsupported types ")
    {
        let kinds = kinds
            .split(" (")
            .next()
            .unwrap_or(kinds)
            .replace("string", "text");
        return format!("`{operator}` does not work on {kinds}");
    }
    if let Some(sum) = detail.strip_prefix("unable to calculate ") {
        return format!("`{sum}` cannot be calculated");
    }
    if detail.contains("float literal") || detail.contains("integer literal") {
        return "this text is not a number".to_owned();
    }
    if detail == "range has too many elements" {
        return "the range has over 100000 numbers".to_owned();
    }
    let words = if detail.is_empty() {
        kind.to_string()
    } else {
        detail.to_owned()
    };
    words
        .replace("end of variable block", "`}}`")
        .replace("end of block", "`%}`")
        .replace("(string)", "of text")
        .trim_end_matches('.')
        .to_owned()
}
