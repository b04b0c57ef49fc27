//! Style sheets as rules, and `style` attributes as declarations.
//!
//! In: CSS text and where it is in the file. Out: [`Rule`]s in order, [`Declaration`]s with their places. A part
//! that is not understood is left out, as CSS says, and reported. Never: elements.

use super::selector::{self, Selector};
use super::{Notes, closing, split};

/// `name: value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// In small letters, unless it is a custom property.
    pub name: String,
    pub value: String,
    pub important: bool,
    /// Byte of the file.
    pub at: usize,
}

/// Declarations for what any of the selectors matches.
#[derive(Debug)]
pub struct Rule {
    pub selectors: Vec<Selector>,
    pub declarations: Vec<Declaration>,
    /// The number of its `@layer`: a later one goes before, and [`NO_LAYER`] before all.
    pub layer: usize,
}

/// Of a rule that stands in no `@layer`.
pub const NO_LAYER: usize = usize::MAX;

/// The rules of all style sheets, and their layers by name.
#[derive(Default)]
pub struct Rules {
    pub list: Vec<Rule>,
    layers: Vec<String>,
}

impl Rules {
    /// Adds all rules of a style sheet whose first byte is byte `at` of the file.
    pub fn read(&mut self, css: &str, at: usize, notes: &mut Notes) {
        rules(css, at, NO_LAYER, notes, self);
    }

    /// The number of a layer; without a name it is one of its own.
    fn layer(&mut self, name: &str) -> usize {
        let known = self
            .layers
            .iter()
            .position(|n| n == name && !name.is_empty());
        known.unwrap_or_else(|| {
            self.layers.push(name.to_owned());
            self.layers.len() - 1
        })
    }
}

/// Blanks comments out, so that places stay.
pub fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        let end = rest[start + 2..]
            .find("*/")
            .map_or(rest.len(), |end| start + 2 + end + 2);
        out.extend(rest[start..end].bytes().map(|_| ' '));
        rest = &rest[end..];
    }
    out.push_str(rest);
    // old programs hide style sheets in the comments of HTML
    out.replace("<!--", "    ").replace("-->", "   ")
}

/// The rules of a part of a style sheet whose first byte is byte `at` of the file.
fn rules(css: &str, at: usize, layer: usize, notes: &mut Notes, out: &mut Rules) {
    let mut start = 0;
    while start < css.len() {
        let rest = &css[start..];
        let blank = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_whitespace() || c == ';')
                .len();
        start += blank;
        let rest = &css[start..];
        if rest.is_empty() {
            break;
        }
        let Some(open) = rest.find(['{', ';']) else {
            break;
        };
        let head = rest[..open].trim();
        if rest.as_bytes()[open] == b';' {
            if head.starts_with("@import") {
                notes.add(
                    at + start,
                    format!("`{}` reads another file, which is left out", short(head)),
                );
            }
            // which layers there are, from the weakest on
            if let Some(names) = head.strip_prefix("@layer ").filter(|_| layer == NO_LAYER) {
                for name in names.split(',') {
                    out.layer(name.trim());
                }
            }
            start += open + 1;
            continue;
        }
        let inside = open + 1;
        let end = closing(&rest[inside..]).map_or(rest.len(), |end| inside + end);
        let body = &rest[inside..end];
        let places = (at + start, at + start + inside);
        rule(head, body, places, layer, notes, out);
        start += (end + 1).min(rest.len());
    }
}

fn rule(
    head: &str,
    body: &str,
    (at, inside): (usize, usize),
    layer: usize,
    notes: &mut Notes,
    out: &mut Rules,
) {
    if let Some(name) = head.strip_prefix('@') {
        let (name, condition) = match name.find(|c: char| !(c.is_alphanumeric() || c == '-')) {
            Some(end) => (&name[..end], name[end..].trim()),
            None => (name, ""),
        };
        match name {
            "media" => match holds(condition) {
                Some(true) => rules(body, inside, layer, notes, out),
                Some(false) => {}
                None => notes.add(
                    at,
                    format!("`{}` is not understood and left out", short(head)),
                ),
            },
            "supports" if !condition.starts_with("not") => {
                rules(body, inside, layer, notes, out);
            }
            "layer" if layer == NO_LAYER && !condition.contains(['.', ',']) => {
                let layer = out.layer(condition);
                rules(body, inside, layer, notes, out);
            }
            "keyframes" | "-webkit-keyframes" => notes.add(
                at,
                format!(
                    "`{}` is not played: the drawing stands as it is without it",
                    short(head)
                ),
            ),
            "layer" | "scope" => {
                notes.add(
                    at,
                    format!("`{}` is not understood and left out", short(head)),
                );
            }
            // fonts: there is no text here
            _ => {}
        }
        return;
    }
    match selector::list(head) {
        Some(selectors) => out.list.push(Rule {
            selectors,
            declarations: declarations(body, inside, notes),
            layer,
        }),
        None => notes.add(
            at,
            format!(
                "the selector `{}` is not understood, its rule is left out",
                short(head)
            ),
        ),
    }
}

/// Whether a media query means a finished picture in light colours; `None` if that is not known.
fn holds(query: &str) -> Option<bool> {
    let one = |query: &str| -> Option<bool> {
        let mut all = true;
        let query = query.trim().to_ascii_lowercase();
        let query = query.strip_prefix("only ").unwrap_or(&query);
        for part in query.split(" and ") {
            all &= match part.split_whitespace().collect::<String>().as_str() {
                "" | "all" | "screen" | "(prefers-color-scheme:light)" | "(color-gamut:srgb)" => {
                    true
                }
                "print"
                | "speech"
                | "(prefers-color-scheme:dark)"
                | "(color-gamut:p3)"
                | "(color-gamut:rec2020)"
                | "(prefers-contrast:more)"
                | "(forced-colors:active)"
                | "(inverted-colors:inverted)" => false,
                "(prefers-reduced-motion:reduce)" => false,
                "(prefers-reduced-motion:no-preference)"
                | "(prefers-reduced-motion:noPreference)" => true,
                _ => return None,
            };
        }
        Some(all)
    };
    let parts = split(query, ',');
    let known: Vec<Option<bool>> = parts.into_iter().map(one).collect();
    if known.contains(&Some(true)) {
        return Some(true);
    }
    known.iter().all(Option::is_some).then_some(false)
}

/// The declarations of a block whose first byte is byte `at` of the file.
pub fn declarations(block: &str, at: usize, notes: &mut Notes) -> Vec<Declaration> {
    let mut out = Vec::new();
    let mut start = 0;
    for part in split(block, ';') {
        let here = at + start + (part.len() - part.trim_start().len());
        start += part.len() + 1;
        if part.trim().is_empty() {
            continue;
        }
        let declared = part.split_once(':').filter(|_| !part.contains(['{', '}']));
        let declared = declared.map(|(name, value)| (name.trim(), value));
        // `all` would take back what attributes say, too
        let Some((name, value)) = declared.filter(|(name, _)| !name.eq_ignore_ascii_case("all"))
        else {
            notes.add(
                here,
                format!("`{}` is not understood and left out", short(part.trim())),
            );
            continue;
        };
        let custom = name.starts_with("--");
        let mut value = value.trim();
        let mut important = false;
        if let Some(mark) = value.rfind('!')
            && value[mark + 1..].trim().eq_ignore_ascii_case("important")
        {
            important = true;
            value = value[..mark].trim_end();
        }
        out.push(Declaration {
            name: if custom {
                name.to_owned()
            } else {
                name.to_ascii_lowercase()
            },
            value: value.to_owned(),
            important,
            at: here,
        });
    }
    out
}

/// As much of it as a line of a message holds.
pub fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
