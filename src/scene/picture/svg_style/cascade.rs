//! Which declaration wins on each element.
//!
//! In: rules, and the drawing's elements with their attributes. Out: edits that give each element the values that won.
//! An unreadable declaration gives way to the one before it, as in CSS; where none is left it is reported. Never:
//! what a value means.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use super::outline::Outline;
use super::selector::Specificity;
use super::stylesheet::{self, Declaration, NO_LAYER, Rule, Rules, short};
use super::transform::{self, Parts};
use super::{Edit, MOST_STEPS, Named, Notes, closing, split, value};
use crate::scene::picture::error::Error;

/// Custom properties by name.
type Variables = Rc<HashMap<String, String>>;

/// Bytes that variables may grow to; each may name others twice.
const LONGEST: usize = 64 << 10;

/// Where a declaration is; of two that differ, the greater wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    important: bool,
    place: Place,
    /// Of what is important the first layer wins, of the rest the last.
    layer: usize,
    specificity: Specificity,
    order: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Attribute,
    Sheet,
    Style,
}

struct Candidate<'d> {
    rank: Rank,
    /// Of one block come a value and what it falls back to.
    block: usize,
    declaration: &'d Declaration,
}

/// What an element gets.
#[derive(Default)]
struct Outcome {
    styles: Vec<(String, String)>,
    attributes: Vec<(String, String)>,
    removed: Vec<String>,
}

impl Outcome {
    /// What a property or an attribute comes to on its own element.
    fn value(&self, node: Node<'_, '_>, name: &str) -> Option<String> {
        let decided = self.styles.iter().chain(&self.attributes);
        let mut decided = decided.filter(|(own, _)| own == name);
        if let Some((_, value)) = decided.next() {
            return Some(value.clone());
        }
        let is_removed = self.removed.iter().any(|removed| removed == name);
        let said = node.attribute(name).filter(|_| !is_removed);
        said.map(str::to_owned)
    }

    fn set_style(&mut self, name: &str, value: String) {
        self.styles.retain(|(own, _)| own != name);
        self.styles.push((name.to_owned(), value));
    }
}

pub struct Cascade<'a> {
    rules: &'a [Rule],
    notes: &'a mut Notes,
    steps: u64,
    /// Elements with dashes, and with an offset of dashes, of their own or from above.
    dashed: [HashSet<NodeId>; 2],
}

/// What [`Cascade::dashed`] is about.
const DASHES: [&str; 2] = ["stroke-dasharray", "stroke-dashoffset"];

impl<'a> Cascade<'a> {
    pub fn new(rules: &'a Rules, notes: &'a mut Notes) -> Self {
        Self {
            rules: &rules.list,
            notes,
            steps: 0,
            dashed: Default::default(),
        }
    }

    /// Goes through all elements.
    pub fn walk(
        mut self,
        document: &Document<'_>,
        text: &str,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Error> {
        let mut known: HashMap<_, Variables> = HashMap::new();
        for node in document.descendants().filter(Node::is_element) {
            let above = node
                .parent_element()
                .and_then(|p| known.get(&p.id()).cloned());
            let variables = self.element(node, above.unwrap_or_default(), text, edits);
            known.insert(node.id(), variables);
            if self.steps > MOST_STEPS {
                return Err(Error::Unsafe {
                    what: "its style sheet would take too long to apply".to_owned(),
                });
            }
        }
        Ok(())
    }

    fn element(
        &mut self,
        node: Node<'_, '_>,
        above: Variables,
        text: &str,
        edits: &mut Vec<Edit>,
    ) -> Variables {
        if node.has_tag_name_of("style") {
            return above;
        }
        let attributes = attributes(node);
        let style = node.attribute_node("style");
        let own = style.map_or(Vec::new(), |style| {
            let css = stylesheet::without_comments(style.value());
            stylesheet::declarations(&css, style.range_value().start, self.notes)
        });
        let mut candidates = self.candidates(node, &attributes, &own);
        candidates.sort_by_key(|c| c.rank);
        let variables = with_own(above, &candidates);
        if node.has_tag_name_of("use") && own.iter().any(|d| d.name.starts_with("--")) {
            let what = "a variable on `use` does not reach what is used";
            self.notes.add(own[0].at, what.to_owned());
        }
        let outcome = self.decide(node, &candidates, &variables);
        for (name, dashed) in DASHES.into_iter().zip(&mut self.dashed) {
            let is_dashed = match outcome.value(node, name) {
                Some(own) if own != "inherit" => own != "none",
                _ => is_above_in(dashed, node),
            };
            if is_dashed {
                dashed.insert(node.id());
            }
        }
        write(node, outcome, text, edits);
        variables
    }

    fn candidates<'d>(
        &mut self,
        node: Node<'_, '_>,
        attributes: &'d [Declaration],
        own: &'d [Declaration],
    ) -> Vec<Candidate<'d>>
    where
        'a: 'd,
    {
        let mut out = Vec::new();
        let mut add = |place, (layer, specificity), block, declarations: &'d [Declaration]| {
            for declaration in declarations {
                let rank = Rank {
                    important: declaration.important,
                    place,
                    layer: match declaration.important {
                        true => usize::MAX - layer,
                        false => layer,
                    },
                    specificity,
                    order: out.len(),
                };
                out.push(Candidate {
                    rank,
                    block,
                    declaration,
                });
            }
        };
        // an attribute is what a `style` beside it falls back to
        const OWN: usize = usize::MAX;
        add(Place::Attribute, (NO_LAYER, [0; 3]), OWN, attributes);
        let rules: &'a [Rule] = self.rules;
        for (index, rule) in rules.iter().enumerate() {
            let matching = rule
                .selectors
                .iter()
                .filter(|s| s.matches(node, &mut self.steps));
            if let Some(specificity) = matching.map(|s| s.specificity).max() {
                add(
                    Place::Sheet,
                    (rule.layer, specificity),
                    index,
                    &rule.declarations,
                );
            }
        }
        add(Place::Style, (NO_LAYER, [0; 3]), OWN, own);
        out
    }

    fn decide(
        &mut self,
        node: Node<'_, '_>,
        candidates: &[Candidate<'_>],
        variables: &Variables,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let mut decided: Vec<&str> = Vec::new();
        let mut moves: HashMap<&str, String> = HashMap::new();
        let mut moved_by_sheet = None;
        for winner in candidates.iter().rev() {
            let name = winner.declaration.name.as_str();
            if decided.contains(&name) || !value::is_known(name) {
                continue;
            }
            decided.push(name);
            let all = candidates
                .iter()
                .rev()
                .filter(|c| c.declaration.name == name);
            let (found, from) = self.first_good(name, all, variables);
            if value::MOVES.contains(&name) {
                if from != Place::Attribute {
                    moved_by_sheet.get_or_insert(winner.declaration.at);
                }
                if let Some(found) = found {
                    moves.insert(name, found);
                }
                continue;
            }
            let is_gradient = matches!(node.tag_name().name(), "linearGradient" | "radialGradient");
            if name == "color-interpolation" && is_gradient && found.as_deref() == Some("linearRGB")
            {
                let what = "`color-interpolation: linearRGB` of a gradient is not followed";
                self.notes.add(winner.declaration.at, what.to_owned());
            }
            match found {
                // usvg reads it as it is
                Some(same) if from == Place::Attribute && node.attribute(name) == Some(&same) => {}
                Some(auto) if auto == "auto" && value::GEOMETRY.contains(&name) => {
                    outcome.removed.push(name.to_owned());
                }
                Some(found) if value::GEOMETRY.contains(&name) => {
                    outcome.attributes.push((name.to_owned(), found));
                }
                Some(found) => outcome.styles.push((name.to_owned(), found)),
                None => outcome.removed.push(name.to_owned()),
            }
        }
        if let Some(at) = moved_by_sheet {
            self.transform(node, at, &moves, &mut outcome);
        }
        if let Some(said) = node.attribute_node("pathLength") {
            let at = said.range().start;
            if self.dashes(node, said.value(), &mut outcome).is_none() {
                let what = format!("`pathLength: {}` is not understood", short(said.value()));
                self.notes.add(at, what);
            }
        }
        outcome
    }

    /// Dashes that are counted in parts of the path, in units. `None` where the path's length is not known.
    fn dashes(&self, node: Node<'_, '_>, said: &str, outcome: &mut Outcome) -> Option<()> {
        let get = |name: &str| outcome.value(node, name).filter(|v| v != "none");
        let [dashed, moved] = &self.dashed;
        let Some(dashes) = get("stroke-dasharray") else {
            let is_none = outcome.value(node, "stroke-dasharray").is_some();
            return (is_none || !is_above_in(dashed, node)).then_some(());
        };
        let view = viewport(node);
        let outline = Outline::of(node, &|name| outcome.value(node, name), view)?;
        let said = super::color::number_of(said.trim()).filter(|n| *n > 0.0)?;
        let factor = outline.length() / said;
        // a percentage is of the viewport, whatever the path's length
        let scaled = |text: &str| match text.ends_with('%') {
            true => None,
            false => Some((transform::length(text, 0.0)? * factor).to_string()),
        };
        let separator = |c: char| c == ',' || c.is_whitespace();
        let parts = dashes.split(separator).filter(|p| !p.is_empty());
        let all: Vec<String> = parts.map(scaled).collect::<Option<_>>()?;
        let offset = match get("stroke-dashoffset") {
            Some(text) => Some(scaled(text.trim())?),
            None if is_above_in(moved, node) => return None,
            None => None,
        };
        outcome.set_style("stroke-dasharray", all.join(" "));
        if let Some(offset) = offset {
            outcome.set_style("stroke-dashoffset", offset);
        }
        Some(())
    }

    /// The first value that is understood, and where it is.
    fn first_good<'d: 'c, 'c>(
        &mut self,
        name: &str,
        candidates: impl Iterator<Item = &'c Candidate<'d>>,
        variables: &Variables,
    ) -> (Option<String>, Place) {
        let mut unread: Option<(&Candidate<'_>, String)> = None;
        let mut result = (None, Place::Attribute);
        for candidate in candidates {
            let text = candidate.declaration.value.as_str();
            let place = candidate.rank.place;
            let filled;
            let has_variables = text.contains("var(");
            let value = match has_variables {
                false => text,
                true => {
                    filled = filled_in(text, variables, 0).unwrap_or_default();
                    filled.as_str()
                }
            };
            match value.to_ascii_lowercase().as_str() {
                "unset" | "revert" | "revert-layer" => {
                    result = (None, place);
                    break;
                }
                "initial" => {
                    result = (value::initial(name).map(str::to_owned), place);
                    break;
                }
                _ => {}
            }
            if let Some(plain) = value::plain(name, value) {
                if unread
                    .as_ref()
                    .is_some_and(|(c, _)| c.block == candidate.block)
                {
                    unread = None;
                }
                result = (Some(plain), place);
                break;
            }
            let what = match has_variables && value.is_empty() {
                true => format!("`{name}: {}` has no value", short(text)),
                false => format!("`{name}: {}` is not understood", short(text)),
            };
            unread.get_or_insert((candidate, what));
            // CSS takes it for readable until its variables are known, and then for nothing
            if has_variables {
                result = (None, place);
                break;
            }
        }
        if let Some((candidate, what)) = unread {
            self.notes.add(candidate.declaration.at, what);
        }
        result
    }

    fn transform(
        &mut self,
        node: Node<'_, '_>,
        at: usize,
        moves: &HashMap<&str, String>,
        outcome: &mut Outcome,
    ) {
        let get = |name: &str| moves.get(name).map(String::as_str);
        let parts = Parts {
            transform: get("transform"),
            origin: get("transform-origin"),
            translate: get("translate"),
            rotate: get("rotate"),
            scale: get("scale"),
        };
        let moves_nothing = [parts.transform, parts.translate, parts.rotate, parts.scale]
            .iter()
            .all(|part| part.is_none_or(|text| text == "none"));
        let size = viewport(node);
        let matrix = match get("transform-box") {
            _ if moves_nothing => parts.matrix(size),
            // its origin is the corner of the box, and percentages are of it
            Some("fill-box" | "content-box") => {
                let outline = Outline::of(node, &|name| outcome.value(node, name), size);
                outline.and_then(|outline| {
                    let (x, y, w, h) = outline.bounds();
                    Some(transform::about((x, y), parts.matrix((w, h))?))
                })
            }
            Some("stroke-box" | "border-box") => None,
            _ => parts.matrix(size),
        };
        let attribute = match node.tag_name().name() {
            "linearGradient" | "radialGradient" => "gradientTransform",
            "pattern" => "patternTransform",
            _ => "transform",
        };
        match matrix {
            Some(matrix) => {
                outcome.removed.push("transform-origin".to_owned());
                outcome
                    .attributes
                    .push((attribute.to_owned(), transform::written(matrix)));
            }
            None => {
                let property = ["transform", "translate", "rotate", "scale", "transform-box"]
                    .into_iter()
                    .find_map(|name| Some(format!("`{name}: {}`", short(get(name)?))));
                let what = format!(
                    "{} is not understood and moves nothing",
                    property.unwrap_or_default()
                );
                self.notes.add(at, what);
            }
        }
    }
}

/// Whether the element that a node is in is among those.
fn is_above_in(nodes: &HashSet<NodeId>, node: Node<'_, '_>) -> bool {
    node.parent_element()
        .is_some_and(|parent| nodes.contains(&parent.id()))
}

/// The attributes that are styles too.
fn attributes(node: Node<'_, '_>) -> Vec<Declaration> {
    let is_style = |name: &str| {
        value::PRESENTATION.contains(&name)
            || value::GEOMETRY.contains(&name) && name != "d"
            || matches!(name, "transform" | "transform-origin")
    };
    let is_paint_server = matches!(
        node.tag_name().name(),
        "linearGradient" | "radialGradient" | "pattern" | "filter" | "mask"
    );
    node.attributes()
        .filter(|a| a.namespace().is_none() && is_style(a.name()))
        // `x`, `r` and so on of a gradient are no styles
        .filter(|a| !(is_paint_server && value::GEOMETRY.contains(&a.name())))
        .map(|a| Declaration {
            name: a.name().to_owned(),
            value: a.value().trim().to_owned(),
            important: false,
            at: a.range().start,
        })
        .collect()
}

/// The variables of an element: its parent's and its own.
fn with_own(above: Variables, candidates: &[Candidate<'_>]) -> Variables {
    let mut own = candidates
        .iter()
        .filter(|c| c.declaration.name.starts_with("--"))
        .peekable();
    if own.peek().is_none() {
        return above;
    }
    let mut all = (*above).clone();
    for candidate in own {
        let (name, value) = (&candidate.declaration.name, &candidate.declaration.value);
        match value.to_ascii_lowercase().as_str() {
            "inherit" | "unset" => {
                if let Some(value) = above.get(name) {
                    all.insert(name.clone(), value.clone());
                }
            }
            "initial" => {
                all.remove(name);
            }
            _ => {
                all.insert(name.clone(), value.clone());
            }
        }
    }
    // a variable is filled in where it is, not where it is used
    let filled = all.iter().filter(|(_, v)| v.contains("var("));
    let filled: Vec<(String, Option<String>)> = filled
        .map(|(name, value)| (name.clone(), filled_in(value, &all, 0)))
        .collect();
    for (name, value) in filled {
        match value {
            Some(value) => all.insert(name, value),
            None => all.remove(&name),
        };
    }
    Rc::new(all)
}

/// `var(--name, else)` replaced; `None` if a name has no value, or stands for itself.
fn filled_in(text: &str, variables: &HashMap<String, String>, depth: usize) -> Option<String> {
    if depth > 16 {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("var(") {
        out.push_str(&rest[..start]);
        let inside = &rest[start + 4..];
        let end = closing(inside)?;
        let parts = split(&inside[..end], ',');
        let name = parts[0].trim();
        let value = match variables.get(name) {
            Some(value) => filled_in(value, variables, depth + 1),
            None => None,
        };
        let value = match value {
            Some(value) => value,
            None => filled_in(
                inside[..end].split_once(',')?.1.trim(),
                variables,
                depth + 1,
            )?,
        };
        out.push_str(&value);
        if out.len() > LONGEST {
            return None;
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// The size that percentages of an element are of: its nearest drawing's.
fn viewport(node: Node<'_, '_>) -> (f64, f64) {
    let drawings = node
        .ancestors()
        .skip(1)
        .filter(|n| n.has_tag_name_of("svg"));
    for drawing in drawings {
        let separator = |c: char| c == ',' || c.is_whitespace();
        let view = drawing.attribute("viewBox").unwrap_or_default();
        let view: Vec<f64> = view
            .split(separator)
            .filter_map(|v| v.parse().ok())
            .collect();
        if let [_, _, w, h] = view[..] {
            return (w, h);
        }
        let side = |name| {
            drawing
                .attribute(name)
                .and_then(|v| transform::length(v.trim(), 100.0))
        };
        if let (Some(w), Some(h)) = (side("width"), side("height")) {
            return (w, h);
        }
    }
    (100.0, 100.0)
}

fn write(node: Node<'_, '_>, outcome: Outcome, text: &str, edits: &mut Vec<Edit>) {
    let replaced = |name: &str| {
        name == "style"
            || outcome.removed.iter().any(|removed| removed == name)
            || outcome.attributes.iter().any(|(own, _)| own == name)
    };
    for attribute in node.attributes().filter(|a| a.namespace().is_none()) {
        if replaced(attribute.name()) {
            edits.push((attribute.range(), String::new()));
        }
    }
    let mut added = String::new();
    let escaped = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
    };
    for (name, value) in &outcome.attributes {
        added.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    if !outcome.styles.is_empty() {
        let styles = outcome
            .styles
            .iter()
            .map(|(name, value)| format!("{name}:{value}"));
        let styles = styles.collect::<Vec<_>>().join(";");
        added.push_str(&format!(" style=\"{}\"", escaped(&styles)));
    }
    if !added.is_empty() {
        let start = node.range().start + 1;
        let name = text[start..].find(|c: char| c.is_whitespace() || c == '/' || c == '>');
        let at = start + name.unwrap_or(0);
        edits.push((at..at, added));
    }
}
