//! The styles of an SVG, worked out as a browser does.
//!
//! In: a parsed drawing and its text. Out: the same drawing with one plain `style` an element and no style sheet:
//! colours as sRGB, transforms as attributes, variables filled in; and notes of what was not understood, with places.
//! Never: fonts and text, which drawings have none of; movement.

mod cascade;
mod color;
mod outline;
mod selector;
mod stylesheet;
mod transform;
mod value;

use resvg::usvg::roxmltree::{Document, Node};

use super::error::Error;
use cascade::Cascade;

/// What matching selectors may take; a drawing of a thousand rules and ten thousand elements takes ten million.
const MOST_STEPS: u64 = 100_000_000;

/// Brackets within each other, which are read by one call within another.
const DEEPEST: usize = 64;

/// Notes of one drawing; the same mistake may stand on every element.
const MOST_NOTES: usize = 8;

/// Elements that change others with time.
const MOVEMENT: [&str; 5] = [
    "animate",
    "animateColor",
    "animateMotion",
    "animateTransform",
    "set",
];

/// Something in a drawing that is not shown as its author meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line and column in the file, from 1.
    pub at: (usize, usize),
    /// One sentence without its full stop.
    pub what: String,
}

/// What was not understood so far.
#[derive(Default)]
struct Notes(Vec<(usize, String)>);

impl Notes {
    fn add(&mut self, at: usize, what: String) {
        let known = self.0.iter().any(|(_, note)| *note == what);
        if !known && self.0.len() < MOST_NOTES {
            self.0.push((at, what));
        }
    }
}

/// A change of the text: these bytes become that.
type Edit = (std::ops::Range<usize>, String);

/// The drawing with plain styles.
pub(super) fn plain(document: &Document<'_>, text: &str) -> Result<(String, Vec<Note>), Error> {
    let mut notes = Notes::default();
    let mut rules = stylesheet::Rules::default();
    let mut edits: Vec<Edit> = Vec::new();
    for node in document
        .descendants()
        .filter(|n| n.has_tag_name_of("style"))
    {
        edits.push((node.range(), String::new()));
        let media = node.attribute("media").unwrap_or("all").trim();
        let kind = node.attribute("type").unwrap_or("text/css");
        if kind != "text/css" && !kind.is_empty() || !matches!(media, "" | "all" | "screen") {
            continue;
        }
        for part in node.children().filter(Node::is_text) {
            let css = part.text().unwrap_or_default();
            let here = part.range();
            let at = text.get(here.clone()).and_then(|raw| raw.find(css));
            let css = stylesheet::without_comments(css);
            if is_too_deep(&css) {
                return Err(Error::Unsafe {
                    what: format!(
                        "its style sheet has more than {DEEPEST} brackets within each other"
                    ),
                });
            }
            rules.read(&css, here.start + at.unwrap_or(0), &mut notes);
        }
    }
    for node in document
        .descendants()
        .filter(|n| n.has_tag_name_of("foreignObject"))
    {
        let needs_more = node
            .attribute("requiredExtensions")
            .is_some_and(|e| !e.trim().is_empty());
        let in_switch = node
            .parent_element()
            .is_some_and(|p| p.has_tag_name_of("switch"));
        if !(needs_more && in_switch) {
            let what = "`foreignObject` holds parts of a web page, which are not drawn";
            notes.add(node.range().start, what.to_owned());
        }
    }
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        if MOVEMENT.contains(&name) && node.has_tag_name_of(name) {
            let what = format!("`{name}` is not played: the drawing stands as it is without it");
            notes.add(node.range().start, what);
        }
    }
    Cascade::new(&rules, &mut notes).walk(document, text, &mut edits)?;
    let notes = notes.0.into_iter().map(|(at, what)| {
        let at = document.text_pos_at(at);
        Note {
            at: (at.row as usize, at.col as usize),
            what,
        }
    });
    Ok((edited(text, edits), notes.collect()))
}

fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, new) in edits {
        if range.start < done {
            continue;
        }
        out.push_str(&text[done..range.start]);
        out.push_str(&new);
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    /// An SVG element of that name, or one without a namespace.
    fn has_tag_name_of(&self, name: &str) -> bool {
        const SVG: &str = "http://www.w3.org/2000/svg";
        let own = self.tag_name();
        self.is_element() && own.name() == name && matches!(own.namespace(), None | Some(SVG))
    }
}

/// The characters of a text that stand in no string and are not escaped.
fn outside_strings(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut escaped) = (None, false);
    text.char_indices().filter(move |(_, c)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match (*c, quote) {
            ('\\', _) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            (c @ ('"' | '\''), None) => quote = Some(c),
            _ => return true,
        }
        false
    })
}

/// Cuts at every `separator` that stands in no brackets and no string.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, c) in outside_strings(text) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Whether brackets stand in more than [`DEEPEST`] others.
fn is_too_deep(text: &str) -> bool {
    let mut depth = 0usize;
    outside_strings(text).any(|(_, c)| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// Where the bracket that was opened before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in outside_strings(text) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return Some(at),
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
