//! How much an SVG becomes when it is drawn.
//!
//! A few lines can refer to each other so that millions of elements, or thousands of full-size layers, come of them.
//! Every reference is followed and counted here once, without expanding anything.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use super::error::Error;

/// What a drawing may weigh; an element is one.
const MOST: u64 = 250_000;

/// Elements within elements, references followed. Each level may hold a layer of the size that is drawn.
const DEEPEST: u32 = 64;

/// Nesting of tags in the text, beyond which it is not even parsed.
const DEEPEST_TEXT: usize = 1_000;

/// A layer or a filter costs about as much as this many shapes.
const LAYER: u64 = 100;

/// The error for a drawing that grows without measure.
pub(super) fn too_much() -> Error {
    Error::Unsafe {
        what: "its parts repeat each other so often that drawing it would take too long".to_owned(),
    }
}

fn too_deep() -> Error {
    Error::Unsafe {
        what: format!(
            "its elements are nested or refer to each other more than {DEEPEST} levels deep"
        ),
    }
}

/// Counts tags without parsing, because a parser may go down one call for each.
pub(super) fn check_nesting(text: &str) -> Result<(), Error> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    for (at, _) in text.match_indices('<') {
        match bytes.get(at + 1) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!' | b'?') => {}
            _ => {
                let end = text[at..].find('>').map_or(text.len(), |end| at + end);
                depth += usize::from(bytes[end - 1] != b'/');
            }
        }
        if depth > DEEPEST_TEXT {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// Refuses what reads something outside the file, and what becomes too much.
pub(super) fn check(document: &Document<'_>) -> Result<(), Error> {
    let mut weigher = Weigher {
        by_id: HashMap::new(),
        by_class: HashMap::new(),
        everywhere: Vec::new(),
        known: HashMap::new(),
    };
    for node in document.descendants().filter(Node::is_element) {
        check_links(node)?;
        if let Some(id) = node.attribute("id") {
            weigher.by_id.entry(id).or_insert(node);
        }
        if node.tag_name().name() == "style" {
            weigher.read_styles(node.text().unwrap_or_default());
        }
    }
    weigher.weigh(document.root_element(), 0).map(drop)
}

/// Pictures and drawings from elsewhere; a link to click on is no reading.
fn check_links(node: Node<'_, '_>) -> Result<(), Error> {
    let name = node.tag_name().name();
    if name == "a" {
        return Ok(());
    }
    for attribute in node.attributes().filter(|a| a.name() == "href") {
        let link = attribute.value().trim();
        if link.starts_with('#') || link.is_empty() {
            continue;
        }
        if link.starts_with("data:") {
            return Err(Error::Unsupported {
                format: "SVG",
                what: "it has another picture embedded; export it as shapes only, or use PNG"
                    .to_owned(),
            });
        }
        let shown: String = link.chars().take(60).collect();
        return Err(Error::Unsafe {
            what: format!("it tries to read `{shown}`, which is outside of it"),
        });
    }
    if name == "text" {
        return Err(Error::Unsupported {
            format: "SVG",
            what: "it has text, whose font is not known here; convert the text to paths".to_owned(),
        });
    }
    Ok(())
}

/// Weight and depth of what an element becomes.
#[derive(Clone, Copy)]
struct Weight {
    sum: u64,
    depth: u32,
}

struct Weigher<'a> {
    by_id: HashMap<&'a str, Node<'a, 'a>>,
    /// References that a stylesheet gives to a class.
    by_class: HashMap<&'a str, Vec<&'a str>>,
    /// References that a stylesheet gives in any other way; taken as given to all.
    everywhere: Vec<&'a str>,
    known: HashMap<NodeId, Weight>,
}

impl<'a> Weigher<'a> {
    fn read_styles(&mut self, css: &'a str) {
        for rule in css.split('}') {
            let Some((selectors, body)) = rule.split_once('{') else {
                continue;
            };
            for id in references(body) {
                for selector in selectors.split(',').map(str::trim) {
                    match selector.strip_prefix('.') {
                        Some(class) if class.chars().all(is_name) => {
                            self.by_class.entry(class).or_default().push(id);
                        }
                        _ => self.everywhere.push(id),
                    }
                }
            }
        }
    }

    fn weigh(&mut self, node: Node<'a, 'a>, above: u32) -> Result<Weight, Error> {
        if let Some(&known) = self.known.get(&node.id()) {
            if above + known.depth > DEEPEST {
                return Err(too_deep());
            }
            return Ok(known);
        }
        // a circle of references ends here too
        if above > DEEPEST {
            return Err(too_deep());
        }
        let mut weight = Weight {
            sum: 1 + own_layers(node) * LAYER,
            depth: 1,
        };
        let mut add = |part: Weight| {
            weight.sum += part.sum;
            weight.depth = weight.depth.max(part.depth + 1);
            if weight.sum > MOST {
                return Err(too_much());
            }
            Ok(())
        };
        for child in node.children().filter(Node::is_element) {
            add(self.weigh(child, above + 1)?)?;
        }
        for id in self.references_of(node) {
            if let Some(&target) = self.by_id.get(id) {
                add(self.weigh(target, above + 1)?)?;
            }
        }
        self.known.insert(node.id(), weight);
        Ok(weight)
    }

    fn references_of(&self, node: Node<'a, 'a>) -> Vec<&'a str> {
        let mut ids: Vec<&'a str> = Vec::new();
        let mut classes = "";
        for attribute in node.attributes() {
            let value = attribute.value();
            match attribute.name() {
                "href" if node.tag_name().name() != "a" => {
                    ids.extend(value.trim().strip_prefix('#'));
                }
                "class" => classes = value,
                _ => ids.extend(references(value)),
            }
        }
        for class in classes.split_whitespace() {
            ids.extend(self.by_class.get(class).into_iter().flatten());
        }
        // without this, what a stylesheet gives to all would refer to itself
        let paints = !matches!(
            node.tag_name().name(),
            "defs" | "stop" | "style" | "linearGradient" | "radialGradient" | "svg"
        );
        if paints && node.ancestors().all(|n| n.tag_name().name() != "defs") {
            ids.extend(&self.everywhere);
        }
        ids
    }
}

/// Layers of the drawn size that an element asks for itself.
fn own_layers(node: Node<'_, '_>) -> u64 {
    let costly = |name: &str| matches!(name, "opacity" | "mask" | "filter" | "clip-path");
    let attributes = node.attributes().filter(|a| costly(a.name())).count();
    let style = node.attribute("style").unwrap_or_default();
    let styles = style
        .split(';')
        .filter(|part| {
            part.split_once(':')
                .is_some_and(|(name, _)| costly(name.trim()))
        })
        .count();
    (attributes + styles) as u64
}

/// All `url(#…)` of a value.
fn references(value: &str) -> impl Iterator<Item = &str> {
    value.split("url(").skip(1).filter_map(|rest| {
        let inner = rest.split(')').next()?;
        inner
            .trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'')
            .strip_prefix('#')
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}
