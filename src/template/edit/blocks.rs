//! Layers as pieces of text: taken out with their comments, put in between others.
//!
//! In: a document, the path of a layer or of a list of layers. Out: text. Never: a comment that is lost on the way.

use std::ops::Range;

use serde_json::json;

use super::document::{Document, Found, Pair, Path, Section, Step, Written};
use super::splice::{at_end, set};

/// A text that stands for itself: `[[layer]]` with comments, sub-tables and children.
pub(super) type Piece = String;

/// Why a layer cannot be taken as a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Apart;

/// The names of a path, as headings have them.
fn names(path: &[Step]) -> Vec<&str> {
    path.iter()
        .filter_map(|step| match step {
            Step::Key(name) => Some(name.as_str()),
            Step::At(_) => None,
        })
        .collect()
}

/// The sections of a layer: one behind the other, or it cannot be moved.
fn sections_of(document: &Document<'_>, path: &[Step]) -> Result<Option<Range<usize>>, Apart> {
    let is_its = |s: &Section| s.path.starts_with(path);
    let Some(first) = document.sections.iter().position(is_its) else {
        return Ok(None);
    };
    let count = document.sections[first..]
        .iter()
        .take_while(|s| is_its(s))
        .count();
    match document.sections[first + count..].iter().any(is_its) {
        true => Err(Apart),
        false => Ok(Some(first..first + count)),
    }
}

/// The bytes of a layer that has a heading, comments above it included.
fn lines_of(document: &Document<'_>, sections: &Range<usize>) -> Range<usize> {
    document.start_of(sections.start)..document.end_of(sections.end - 1)
}

/// A layer as a piece.
pub(super) fn piece(document: &Document<'_>, path: &[Step]) -> Result<Piece, Apart> {
    if let Some(sections) = sections_of(document, path)? {
        let lines = lines_of(document, &sections);
        let text = &document.text[lines];
        let depth = names(path).len();
        let mut piece = under(text, depth, "layer");
        if !piece.ends_with('\n') {
            piece.push_str(document.newline());
        }
        return Ok(piece);
    }
    let Found::Value(Written::Inline { span, pairs }) = document.find(path) else {
        return Err(Apart);
    };
    let newline = document.newline();
    let mut piece = String::new();
    for comment in comments_of_item(document, span) {
        piece.push_str(&document.text[comment]);
        piece.push_str(newline);
    }
    piece.push_str("[[layer]]");
    piece.push_str(newline);
    for pair in pairs {
        piece.push_str(&raw(document, pair));
        piece.push_str(newline);
    }
    Ok(piece)
}

fn raw(document: &Document<'_>, pair: &Pair) -> String {
    let (from, to) = (&pair.keys[0].1, &pair.keys[pair.keys.len() - 1].1);
    let key = &document.text[from.start..to.end];
    format!("{key} = {}", &document.text[pair.value.span().clone()])
}

/// The comments of an element of a list: above it, in it but not in its values, and behind it on its line.
fn comments_of_item(document: &Document<'_>, span: &Range<usize>) -> Vec<Range<usize>> {
    let is_alone = document.text[document.line_start(span.start)..span.start]
        .trim()
        .is_empty();
    let above = match is_alone {
        true => document.above(document.line_start(span.start)),
        false => span.start,
    };
    let behind = &document.text[span.end..document.line_end(span.end)];
    let is_last = behind.trim_start().trim_start_matches(',').trim_start();
    let below = match is_alone && (is_last.starts_with('#')) {
        true => document.line_end(span.end),
        false => span.end,
    };
    let of_values = |comment: &&Range<usize>| !in_a_value(document, comment, span);
    let within = document.comments.iter();
    within
        .filter(|c| (above..below).contains(&c.start))
        .filter(of_values)
        .cloned()
        .collect()
}

/// Whether a comment is inside a value of an inline table, and goes with it.
fn in_a_value(document: &Document<'_>, comment: &Range<usize>, table: &Range<usize>) -> bool {
    let Some(path) = document.path_at(table.start) else {
        return false;
    };
    match document.find(&path) {
        Found::Value(Written::Inline { pairs, .. }) => pairs
            .iter()
            .any(|pair| pair.value.span().contains(&comment.start)),
        _ => false,
    }
}

/// The text with the first `depth` names of its headings replaced.
pub(super) fn under(text: &str, depth: usize, prefix: &str) -> String {
    let document = Document::read(text);
    let mut out = String::new();
    let mut from = 0;
    for heading in document.sections.iter().filter_map(|s| s.heading.as_ref()) {
        if let (Some(first), Some(last)) = (heading.parts.first(), heading.parts.get(depth - 1)) {
            out.push_str(&text[from..first.start]);
            out.push_str(prefix);
            from = last.end;
        }
    }
    out.push_str(&text[from..]);
    out
}

/// The text without a layer.
pub(super) fn without(document: &Document<'_>, path: &[Step]) -> Result<String, Apart> {
    let text = document.text;
    if let Some(sections) = sections_of(document, path)? {
        let lines = lines_of(document, &sections);
        let (before, after) = (&text[..lines.start], &text[lines.end..]);
        let rest = after.trim_start_matches(['\n', '\r', ' ', '\t']);
        if rest.is_empty() {
            // it was the last: the blank lines before it go
            let kept = before.trim_end_matches(['\n', '\r', ' ', '\t']);
            let ending = document.line_end(kept.len()).min(before.len());
            return Ok(before[..ending].to_owned());
        }
        let kept = before.trim_end_matches(['\n', '\r', ' ', '\t']);
        let is_blank = before.is_empty() || before[kept.len()..].matches('\n').count() > 1;
        let indent = after[..after.len() - rest.len()]
            .rfind('\n')
            .map_or(0, |n| n + 1);
        let after = if is_blank { &after[indent..] } else { after };
        return Ok(format!("{before}{after}"));
    }
    let (Some((Step::At(at), list)), Found::Value(Written::Inline { .. })) =
        (path.split_last(), document.find(path))
    else {
        return Err(Apart);
    };
    let Found::Value(Written::Array { items, .. }) = document.find(list) else {
        return Err(Apart);
    };
    let cut = item_cut(document, items, *at);
    Ok(format!("{}{}", &text[..cut.start], &text[cut.end..]))
}

/// The bytes of an element with its comma; whole lines where it has them to itself.
fn item_cut(document: &Document<'_>, items: &[Written], at: usize) -> Range<usize> {
    let span = items[at].span();
    let text = document.text;
    let start = document.line_start(span.start);
    let end = document.line_end(span.end);
    let behind = text[span.end..end]
        .trim_start()
        .trim_start_matches(',')
        .trim_start();
    let is_alone =
        text[start..span.start].trim().is_empty() && (behind.is_empty() || behind.starts_with('#'));
    if is_alone {
        return document.above(start)..end;
    }
    match (items.get(at + 1), at.checked_sub(1)) {
        (Some(next), _) => span.start..next.span().start,
        (None, Some(before)) => items[before].span().end..span.end,
        (None, None) => {
            let comma = text[span.end..].trim_start().starts_with(',');
            let to = text[span.end..]
                .find(',')
                .map_or(span.end, |n| span.end + n + 1);
            span.start..if comma { to } else { span.end }
        }
    }
}

/// The text with a piece as the element `at` of a list of layers.
pub(super) fn put(text: &str, list: &[Step], at: usize, piece: &str) -> Result<String, Apart> {
    let document = Document::read(text);
    if let Found::Value(Written::Array { span, items }) = document.find(list) {
        let (comments, item) = inline(piece);
        return Ok(into_list(&document, span, items, at, &comments, &item));
    }
    let group = list.split_last().map_or(&[][..], |(_, group)| group);
    if !group.is_empty() && matches!(document.find(group), Found::Value(Written::Inline { .. })) {
        // an inline group gets a list to put it in
        let text = set(text, list, &json!([])).map_err(|_| Apart)?;
        return put(&text, list, at, piece);
    }
    let heading = names(list).join(".");
    let lines = under(piece, 1, &heading);
    between(&document, list, at, &lines)
}

/// Lines at the place of the element `at` of a list whose elements have headings.
fn between(
    document: &Document<'_>,
    list: &[Step],
    at: usize,
    lines: &str,
) -> Result<String, Apart> {
    let element = |at: usize| {
        let mut path = list.to_vec();
        path.push(Step::At(at));
        sections_of(document, &path)
    };
    // a text that lost its only layers on the way has no line endings to tell
    let newline = match lines.contains("\r\n") {
        true => "\r\n",
        false => document.newline(),
    };
    let lines = lines.replace("\r\n", "\n").replace('\n', newline);
    if let Some(before) = at.checked_sub(1)
        && let Some(sections) = element(before)?
    {
        return Ok(with_gaps(
            document,
            lines_of(document, &sections).end,
            &lines,
        ));
    }
    if let Some(sections) = element(at)? {
        return Ok(with_gaps(
            document,
            lines_of(document, &sections).start,
            &lines,
        ));
    }
    // the first of its list: in its group, else over all that is there
    if let Some((_, group)) = list.split_last()
        && !group.is_empty()
    {
        let sections = sections_of(document, group)?.ok_or(Apart)?;
        return Ok(with_gaps(
            document,
            document.end_of(sections.end - 1),
            &lines,
        ));
    }
    let is_sticker = |s: &Section| matches!(s.path.first(), Some(Step::Key(key)) if key == "mention" || key == "link");
    match document
        .sections
        .iter()
        .position(|s| s.heading.is_some() && is_sticker(s))
    {
        Some(first) => Ok(with_gaps(document, document.start_of(first), &lines)),
        None => Ok(at_end(document, lines.trim_end())),
    }
}

/// Lines at a byte that begins a line, a blank line before and behind them.
fn with_gaps(document: &Document<'_>, at: usize, lines: &str) -> String {
    let newline = document.newline();
    let (before, after) = document.text.split_at(at);
    let ends = |text: &str| {
        let kept = text.trim_end_matches(['\n', '\r', ' ', '\t']);
        text[kept.len()..].matches('\n').count()
    };
    let gap = match (before.trim().is_empty(), ends(before)) {
        (true, _) | (_, 2..) => String::new(),
        (_, 1) => newline.to_owned(),
        (_, _) => newline.repeat(2),
    };
    let first = after.split('\n').next().unwrap_or_default();
    let behind = match after.trim().is_empty() || first.trim().is_empty() {
        true => "",
        false => newline,
    };
    format!("{before}{gap}{lines}{behind}{after}")
}

/// A piece on one line, and its comments.
fn inline(piece: &str) -> (Vec<String>, String) {
    let document = Document::read(piece);
    let path = [Step::Key("layer".into()), Step::At(0)];
    let mut kept = Vec::new();
    let item = table(&document, &path, &mut kept);
    let is_kept = |comment: &&Range<usize>| kept.iter().any(|span| span.contains(&comment.start));
    let comments = document
        .comments
        .iter()
        .filter(|comment| !is_kept(comment))
        .map(|comment| document.text[comment.clone()].trim_end().to_owned())
        .collect();
    (comments, item)
}

/// The table at a path as `{ … }`; `kept` are the values that go along as they are, with the comments in them.
fn table(document: &Document<'_>, path: &[Step], kept: &mut Vec<Range<usize>>) -> String {
    let mut parts = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for section in &document.sections {
        if section.path == path {
            for pair in &section.pairs {
                kept.push(pair.value.span().clone());
                parts.push(raw(document, pair));
            }
        } else if let Some([Step::Key(name), ..]) = section.path.strip_prefix(path)
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    for name in names {
        let mut below = path.to_vec();
        below.push(Step::Key(name.clone()));
        let count = elements(document, &below);
        let value = match count {
            0 => table(document, &below, kept),
            count => {
                let items = (0..count).map(|at| {
                    let mut item: Path = below.clone();
                    item.push(Step::At(at));
                    table(document, &item, kept)
                });
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
        };
        parts.push(format!("{} = {value}", super::write::key(&name)));
    }
    match parts.is_empty() {
        true => "{}".into(),
        false => format!("{{ {} }}", parts.join(", ")),
    }
}

/// How many elements with headings a list has.
pub(super) fn elements(document: &Document<'_>, list: &[Step]) -> usize {
    let number = |s: &Section| match s.path.strip_prefix(list) {
        Some([Step::At(at), ..]) => Some(at + 1),
        _ => None,
    };
    document
        .sections
        .iter()
        .filter_map(number)
        .max()
        .unwrap_or(0)
}

/// An element into a list that is written with brackets.
fn into_list(
    document: &Document<'_>,
    span: &Range<usize>,
    items: &[Written],
    at: usize,
    comments: &[String],
    item: &str,
) -> String {
    let text = document.text;
    let newline = document.newline();
    let insert = |at: usize, new: &str| format!("{}{new}{}", &text[..at], &text[at..]);
    let lines = |indent: &str| {
        let all = comments.iter().map(String::as_str).chain([item]);
        let all = all.map(|line| format!("{indent}{line}"));
        all.collect::<Vec<_>>().join(newline)
    };
    let Some(first) = items.first().map(Written::span) else {
        let inside = match comments.is_empty() {
            true => item.to_owned(),
            false => format!("{newline}{},{newline}", lines("  ")),
        };
        return insert(span.start + 1, &inside);
    };
    let is_lines = text[span.start..first.start].contains('\n');
    let indent = document.indent(first.start);
    if at == 0 {
        let start = document.above(document.line_start(first.start));
        return match is_lines {
            true => insert(start, &format!("{},{newline}", lines(indent))),
            false if comments.is_empty() => insert(first.start, &format!("{item}, ")),
            false => insert(
                first.start,
                &format!("{newline}{},{newline}  ", lines("  ")),
            ),
        };
    }
    let before = items[(at - 1).min(items.len() - 1)].span();
    if !is_lines {
        return match comments.is_empty() {
            true => insert(before.end, &format!(", {item}")),
            false => insert(before.end, &format!(",{newline}{}", lines("  "))),
        };
    }
    let rest = &text[before.end..span.end];
    let has_comma = rest.trim_start().starts_with(',');
    let end = document.line_end(before.end).min(span.end - 1);
    let is_shared = text[before.end..end].contains('{') || !text[..end].ends_with('\n');
    match (has_comma, is_shared) {
        (_, true) => insert(before.end, &format!(",{newline}{}", lines(indent))),
        (true, _) => insert(end, &format!("{},{newline}", lines(indent))),
        (false, _) => {
            let with_comma = insert(before.end, ",");
            let end = end + 1;
            let new = format!("{},{newline}", lines(indent));
            format!("{}{new}{}", &with_comma[..end], &with_comma[end..])
        }
    }
}
