//! One value into a text: over the old one, or at the place where a person would add it.
//!
//! In: a text, a path, a value. Out: the text with that value, every other byte as it was. Never: whether the value is
//! right.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::document::{Document, Found, Pair, Path, Section, Step, Written};
use super::write;

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// What is on the way to the key is no table: its bytes.
    NoTable(Range<usize>),
    /// TOML has no such value.
    NoForm,
}

impl From<write::NoForm> for Unwritten {
    fn from(_: write::NoForm) -> Self {
        Self::NoForm
    }
}

/// The text with `value` at `path`; `null` takes what stands there out.
pub(super) fn set(text: &str, path: &[Step], value: &Json) -> Result<String, Unwritten> {
    let document = Document::read(text);
    match (document.find(path), value) {
        (Found::Nothing, Json::Null) => Ok(text.to_owned()),
        (Found::Nothing, _) => add(&document, path, value),
        (_, Json::Null) => Ok(remove(text, path)),
        (Found::Value(Written::Inline { pairs, .. }), Json::Object(map)) => {
            let names = pairs.iter().filter_map(|p| p.keys.first());
            let names = names.map(|(name, _)| name.clone()).collect();
            each_key(text, path, map, names)
        }
        (Found::Value(Written::Array { items, .. }), Json::Array(new))
            if items.len() == new.len() && !items.is_empty() =>
        {
            let mut text = text.to_owned();
            for (at, item) in new.iter().enumerate() {
                let mut path = path.to_vec();
                path.push(Step::At(at));
                text = set(&text, &path, item)?;
            }
            Ok(text)
        }
        (Found::Value(written), _) => {
            let span = written.span().clone();
            let new = write::value(value, Some(&text[span.clone()]))?;
            Ok(replaced(text, span, &new))
        }
        (_, Json::Object(map)) => {
            let names = keys_below(&document, path);
            each_key(text, path, map, names)
        }
        // a table of several lines becomes a value on one
        (_, _) => set(&remove(text, path), path, value),
    }
}

/// Writes each key of a table anew, and takes out those that are gone.
fn each_key(
    text: &str,
    path: &[Step],
    map: &Map<String, Json>,
    names: Vec<String>,
) -> Result<String, Unwritten> {
    let mut text = text.to_owned();
    let inside = |name: &str| {
        let mut inside = path.to_vec();
        inside.push(Step::Key(name.to_owned()));
        inside
    };
    for (name, value) in map {
        text = set(&text, &inside(name), value)?;
    }
    for name in names.iter().filter(|name| !map.contains_key(*name)) {
        text = set(&text, &inside(name), &Json::Null)?;
    }
    Ok(text)
}

/// The keys of a table that is written in several places.
fn keys_below(document: &Document<'_>, path: &[Step]) -> Vec<String> {
    let mut names = Vec::new();
    for section in &document.sections {
        let heads = std::iter::once(section.path.clone());
        let pairs = section
            .pairs
            .iter()
            .map(|pair| [section.path.clone(), pair.names()].concat());
        for full in heads.chain(pairs) {
            if let Some([Step::Key(name), ..]) = full.strip_prefix(path)
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
    }
    names
}

fn replaced(text: &str, span: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..span.start], &text[span.end..])
}

/// The text with a key that is not there yet.
fn add(document: &Document<'_>, path: &[Step], value: &Json) -> Result<String, Unwritten> {
    let Some((Step::Key(name), parent)) = path.split_last() else {
        return Err(Unwritten::NoTable(0..0));
    };
    if parent.is_empty() {
        return add_at_top(document, name, value);
    }
    match document.find(parent) {
        Found::Value(Written::Inline { span, pairs }) => {
            Ok(into_inline(document, span, pairs, name, value)?)
        }
        Found::Value(other) => Err(Unwritten::NoTable(other.span().clone())),
        Found::Section(at) => {
            let line = format!("{} = {}", write::key(name), write::value(value, None)?);
            Ok(into_section(document, &document.sections[at], &line))
        }
        Found::Dotted(pair) => Ok(beside(document, pair, parent, name, value)?),
        Found::Implied(at) => {
            let line = format!("{} = {}", write::key(name), write::value(value, None)?);
            let heading = heading(parent);
            let text = format!("{heading}\n{line}\n\n");
            Ok(before_section(document, at, &text))
        }
        Found::Nothing => {
            let mut table = Map::new();
            table.insert(name.clone(), value.clone());
            add(document, parent, &Json::Object(table))
        }
    }
}

/// The name of a table's heading; places in lists are told by what came before.
fn heading(path: &[Step]) -> String {
    let names = path.iter().filter_map(|step| match step {
        Step::Key(name) => Some(write::key(name)),
        Step::At(_) => None,
    });
    format!("[{}]", names.collect::<Vec<_>>().join("."))
}

/// A key, or a table under a heading, of the file itself.
fn add_at_top(document: &Document<'_>, name: &str, value: &Json) -> Result<String, Unwritten> {
    let Json::Object(map) = value else {
        let line = format!("{} = {}", write::key(name), write::value(value, None)?);
        return Ok(into_root(document, &line));
    };
    let mut text = format!("[{}]\n", write::key(name));
    for (name, value) in map {
        let line = format!("{} = {}\n", write::key(name), write::value(value, None)?);
        text.push_str(&line);
    }
    text.push('\n');
    // variables and the canvas come before the layers
    let is_list = |s: &Section| matches!(s.path.first(), Some(Step::Key(key)) if ["layer", "mention", "link"].contains(&key.as_str()));
    let is_first = |s: &Section| s.heading.is_some() && (name == "vars" || is_list(s));
    match document.sections.iter().position(is_first) {
        Some(at) => Ok(before_section(document, at, &text)),
        None => Ok(at_end(document, text.trim_end())),
    }
}

/// Whole lines before a section and the comments on it, blank lines as they are.
fn before_section(document: &Document<'_>, at: usize, lines: &str) -> String {
    let start = document.start_of(at);
    let lines = lines.replace('\n', document.newline());
    replaced(document.text, start..start, &lines)
}

/// Lines at the end of a text, a blank line before them.
pub(super) fn at_end(document: &Document<'_>, lines: &str) -> String {
    let newline = match lines.contains("\r\n") {
        true => "\r\n",
        false => document.newline(),
    };
    let text = document.text.trim_end_matches(['\n', '\r', ' ', '\t']);
    let lines = lines.replace("\r\n", "\n").replace('\n', newline);
    match text.is_empty() {
        true => format!("{}{lines}{newline}", document.text),
        false => {
            let rest = &document.text[text.len()..];
            let gap = match rest.matches('\n').count() {
                0 => newline.repeat(2),
                1 => newline.to_owned(),
                _ => String::new(),
            };
            format!("{}{gap}{lines}{newline}", document.text)
        }
    }
}

/// A line at the end of a section's own keys.
fn into_section(document: &Document<'_>, section: &Section, line: &str) -> String {
    let indent = match (section.pairs.last(), &section.heading) {
        (Some(pair), _) => document.indent(pair.span().start),
        (None, Some(heading)) => document.indent(heading.span.start),
        (None, None) => "",
    };
    after_line(document, document.section_end(section), indent, line)
}

/// A line behind the one that a byte is in.
fn after_line(document: &Document<'_>, at: usize, indent: &str, line: &str) -> String {
    let newline = document.newline();
    let end = document.line_end(at);
    let gap = match document.text[..end].ends_with('\n') || end == 0 {
        true => "",
        false => newline,
    };
    // a text that had no line ending at its end gets none
    let ending = if gap.is_empty() { newline } else { "" };
    replaced(
        document.text,
        end..end,
        &format!("{gap}{indent}{line}{ending}"),
    )
}

/// A key of the file itself: behind the others, else above the first heading and what belongs to it.
fn into_root(document: &Document<'_>, line: &str) -> String {
    let root = &document.sections[0];
    if !root.pairs.is_empty() {
        return into_section(document, root, line);
    }
    match document.sections.len() {
        1 => at_end(document, line),
        _ => before_section(document, 1, &format!("{line}\n\n")),
    }
}

/// `, key = value` at the end of an inline table, on a line of its own where the others are.
fn into_inline(
    document: &Document<'_>,
    span: &Range<usize>,
    pairs: &[Pair],
    name: &str,
    value: &Json,
) -> Result<String, Unwritten> {
    let new = format!("{} = {}", write::key(name), write::value(value, None)?);
    let Some(last) = pairs.last() else {
        return Ok(replaced(
            document.text,
            span.clone(),
            &format!("{{ {new} }}"),
        ));
    };
    let end = last.span().end;
    let rest = &document.text[end..span.end];
    let comma = rest.find(',').filter(|at| rest[..*at].trim().is_empty());
    let indent = document.indent(last.span().start);
    let is_line = pairs.len() > 1 && document.text[span.start..last.span().start].contains('\n');
    let gap = match is_line {
        true => format!("{}{indent}", document.newline()),
        false => " ".to_owned(),
    };
    // a comma that stands there already is not written twice
    Ok(match comma {
        Some(at) => replaced(
            document.text,
            end + at + 1..end + at + 1,
            &format!("{gap}{new},"),
        ),
        None => replaced(document.text, end..end, &format!(",{gap}{new}")),
    })
}

/// A key beside others of a table that only dots speak of.
fn beside(
    document: &Document<'_>,
    pair: &Pair,
    parent: &[Step],
    name: &str,
    value: &Json,
) -> Result<String, Unwritten> {
    // how many of the pair's keys name the parent: the rest of the parent's path is the table that the pair is in
    let names = pair.names();
    let depth = (1..names.len())
        .rev()
        .find(|depth| parent.ends_with(&names[..*depth]))
        .unwrap_or(names.len() - 1);
    let (from, to) = (&pair.keys[0].1, &pair.keys[depth - 1].1);
    let prefix = &document.text[from.start..to.end];
    let line = format!(
        "{prefix}.{} = {}",
        write::key(name),
        write::value(value, None)?
    );
    let start = pair.span().start;
    let is_line = document.text[document.line_start(start)..start]
        .trim()
        .is_empty();
    let in_section = document
        .sections
        .iter()
        .any(|s| s.pairs.iter().any(|p| p.span() == pair.span()));
    match in_section && is_line {
        true => {
            let indent = document.indent(start);
            Ok(after_line(document, pair.span().end, indent, &line))
        }
        false => {
            let end = pair.span().end;
            Ok(replaced(document.text, end..end, &format!(", {line}")))
        }
    }
}

/// The text without what stands at `path`: its lines, or its part of an inline table.
pub(super) fn remove(text: &str, path: &[Step]) -> String {
    let mut text = text.to_owned();
    // each round takes out one of the places in which it is written
    loop {
        let document = Document::read(&text);
        let Some(cut) = cut_of(&document, path) else {
            return text;
        };
        text = replaced(&text, cut, "");
    }
}

fn cut_of(document: &Document<'_>, path: &[Step]) -> Option<Range<usize>> {
    for section in &document.sections {
        if section.heading.is_some() && section.path.starts_with(path) {
            let start = section.heading.as_ref()?.span.start;
            return Some(
                document.line_start(start)..document.line_end(document.section_end(section)),
            );
        }
        let rest = path.strip_prefix(section.path.as_slice());
        let cut = rest.and_then(|rest| cut_within(document, &section.pairs, rest, true));
        if cut.is_some() {
            return cut;
        }
    }
    None
}

fn cut_within(
    document: &Document<'_>,
    pairs: &[Pair],
    rest: &[Step],
    is_section: bool,
) -> Option<Range<usize>> {
    for (at, pair) in pairs.iter().enumerate() {
        let names = pair.names();
        if names.starts_with(rest) {
            return Some(match is_section {
                true => document.lines(&pair.span()),
                false => without_comma(pairs, at),
            });
        }
        let inner = rest.strip_prefix(names.as_slice());
        let cut = inner.and_then(|rest| cut_inside(document, &pair.value, rest));
        if cut.is_some() {
            return cut;
        }
    }
    None
}

fn cut_inside(document: &Document<'_>, value: &Written, rest: &[Step]) -> Option<Range<usize>> {
    match (rest.first()?, value) {
        (Step::At(at), Written::Array { items, .. }) => {
            cut_inside(document, items.get(*at)?, &rest[1..])
        }
        (Step::Key(_), Written::Inline { pairs, .. }) => cut_within(document, pairs, rest, false),
        _ => None,
    }
}

/// A pair of an inline table with the comma that parts it from its neighbour.
fn without_comma(pairs: &[Pair], at: usize) -> Range<usize> {
    let span = pairs[at].span();
    match (pairs.get(at + 1), at.checked_sub(1)) {
        (Some(next), _) => span.start..next.span().start,
        (None, Some(before)) => pairs[before].span().end..span.end,
        (None, None) => span,
    }
}

/// The path of a key inside a table; a number behind another key is a place in its list.
pub(super) fn below(path: &[Step], keys: &[&str]) -> Path {
    let mut out = path.to_vec();
    for key in keys {
        out.push(match key.parse() {
            Ok(at) if out.len() > path.len() => Step::At(at),
            _ => Step::Key((*key).to_owned()),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(keys: &str) -> Path {
        let step = |key: &str| match key.parse() {
            Ok(at) => Step::At(at),
            Err(_) => Step::Key(key.to_owned()),
        };
        keys.split('.').map(step).collect()
    }

    #[track_caller]
    fn hold(before: &str, keys: &str, value: Json, after: &str) {
        assert_eq!(set(before, &path(keys), &value).as_deref(), Ok(after));
        // a text without a line says nothing of how its lines end
        if !before.contains('\n') {
            return;
        }
        let mark = before.replace('\n', "\r\n");
        let expected = after.replace('\n', "\r\n");
        assert_eq!(
            set(&mark, &path(keys), &value).as_deref(),
            Ok(expected.as_str())
        );
    }

    #[test]
    fn a_value_is_written_over_the_old_one_wherever_it_stands() {
        for (before, after) in [
            (
                "[[layer]]\nshadow = { blur = 3, x = 1 } # c\n",
                "[[layer]]\nshadow = { blur = 9, x = 1 } # c\n",
            ),
            (
                "[[layer]]\nshadow.blur=3 # c\n",
                "[[layer]]\nshadow.blur=9 # c\n",
            ),
            (
                "[[layer]]\n[layer.shadow]\n  blur = 3\n",
                "[[layer]]\n[layer.shadow]\n  blur = 9\n",
            ),
            (
                "layer = [{ shadow = { 'blur' = 3 } }]\n",
                "layer = [{ shadow = { 'blur' = 9 } }]\n",
            ),
            (
                "layer = [{ shadow.blur = 3 },]\n",
                "layer = [{ shadow.blur = 9 },]\n",
            ),
        ] {
            hold(before, "layer.0.shadow.blur", json!(9), after);
        }
    }

    #[test]
    fn a_list_keeps_its_lines_and_comments() {
        let before = "focus = [\n  0.5, # across\n  0.35,\n]\n";
        hold(
            before,
            "focus",
            json!([0.25, 0.35]),
            "focus = [\n  0.25, # across\n  0.35,\n]\n",
        );
        hold(before, "focus", json!([1]), "focus = [1]\n");
    }

    #[test]
    fn a_key_is_added_where_a_person_would_put_it() {
        for (before, keys, after) in [
            (
                "[[layer]]\n  a = 1 # c\n\n[layer.shadow]\nx = 1\n",
                "layer.0.new",
                "[[layer]]\n  a = 1 # c\n  new = 9\n\n[layer.shadow]\nx = 1\n",
            ),
            (
                "[[layer]]\n# only this\n",
                "layer.0.new",
                "[[layer]]\nnew = 9\n# only this\n",
            ),
            (
                "[[layer]]\na = 1",
                "layer.0.new",
                "[[layer]]\na = 1\nnew = 9",
            ),
            (
                "layer = [{ a = 1 }, {}]\n",
                "layer.0.new",
                "layer = [{ a = 1, new = 9 }, {}]\n",
            ),
            (
                "layer = [{ a = 1 }, {}]\n",
                "layer.1.new",
                "layer = [{ a = 1 }, { new = 9 }]\n",
            ),
            (
                "[[layer]]\nshadow.x = 1\nb = 2\n",
                "layer.0.shadow.new",
                "[[layer]]\nshadow.x = 1\nshadow.new = 9\nb = 2\n",
            ),
            (
                "[[layer]]\nb = 2\n",
                "layer.0.shadow.new",
                "[[layer]]\nb = 2\nshadow = { new = 9 }\n",
            ),
            (
                "# about\nextends = 'b'\n\n[[layer]]\n",
                "canvas.new",
                "# about\nextends = 'b'\n\n[canvas]\nnew = 9\n\n[[layer]]\n",
            ),
            (
                "[canvas]\na = 1\n\n# first\n[[layer]]\n",
                "vars.new",
                "[vars]\nnew = 9\n\n[canvas]\na = 1\n\n# first\n[[layer]]\n",
            ),
            (
                "[canvas]\na = 1\n\n# first\n[[layer]]\n",
                "output.new",
                "[canvas]\na = 1\n\n[output]\nnew = 9\n\n# first\n[[layer]]\n",
            ),
            (
                "[vars]\na = 1\n",
                "canvas.new",
                "[vars]\na = 1\n\n[canvas]\nnew = 9\n",
            ),
            (
                "[vars.a]\ndefault = 1\n",
                "vars.new",
                "[vars]\nnew = 9\n\n[vars.a]\ndefault = 1\n",
            ),
            (
                "# c\n\n[vars]\na = 1\n",
                "caption",
                "# c\n\ncaption = 9\n\n[vars]\na = 1\n",
            ),
            ("", "caption", "caption = 9\n"),
        ] {
            hold(before, keys, json!(9), after);
        }
    }

    #[test]
    fn null_takes_a_key_out() {
        for (before, keys, after) in [
            (
                "[[layer]]\na = 1\nb = 2 # c\nc = 3\n",
                "layer.0.b",
                "[[layer]]\na = 1\nc = 3\n",
            ),
            (
                "l = { a = 1, b = 2, c = 3 }\n",
                "l.a",
                "l = { b = 2, c = 3 }\n",
            ),
            (
                "l = { a = 1, b = 2, c = 3 }\n",
                "l.c",
                "l = { a = 1, b = 2 }\n",
            ),
            (
                "[[layer]]\ns.a = 1\ns.b = 2\nc = 3\n",
                "layer.0.s",
                "[[layer]]\nc = 3\n",
            ),
            (
                "[[layer]]\nc = 3\n[layer.s]\na = 1\n[[layer]]\n",
                "layer.0.s",
                "[[layer]]\nc = 3\n[[layer]]\n",
            ),
            ("a = 1\n", "b", "a = 1\n"),
        ] {
            hold(before, keys, Json::Null, after);
        }
    }

    #[test]
    fn a_table_of_lines_may_become_a_value_and_the_other_way_round() {
        hold(
            "[[layer]]\nc = 3\n[layer.fill]\nangle = 1\n",
            "layer.0.fill",
            json!("red"),
            "[[layer]]\nc = 3\nfill = \"red\"\n",
        );
        hold(
            "[[layer]]\nfill = 'red' # c\n",
            "layer.0.fill",
            json!({ "angle": 1 }),
            "[[layer]]\nfill = { angle = 1 } # c\n",
        );
        hold(
            "[[layer]]\nfill = { angle = 1, x = 2 }\n",
            "layer.0.fill",
            json!({ "angle": 3, "y": 4 }),
            "[[layer]]\nfill = { angle = 3, y = 4 }\n",
        );
    }

    #[test]
    fn what_is_no_table_takes_no_key() {
        let before = "[[layer]]\nfill = 'red'\n";
        assert_eq!(
            set(before, &path("layer.0.fill.angle"), &json!(1)),
            Err(Unwritten::NoTable(17..22))
        );
    }
}
