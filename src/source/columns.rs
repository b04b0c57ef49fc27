//! Which columns templates ask of a source, and which of them are pictures and films.
//!
//! In: templates. Out: names of variables and columns. Never: rows.

use std::collections::BTreeSet;

use crate::template::expression::{has_expression, variables};
use crate::template::{Layer, Node, RESERVED, Table, Template, Value, VarType};

/// Keys whose value is the path of a picture, a film or a sound.
const FILES: [&str; 4] = ["src", "image", "video", "mask"];

/// Every name that the templates take from a row.
pub fn needed<'t>(templates: impl IntoIterator<Item = &'t Template>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for template in templates {
        names.extend(template.vars.iter().map(|var| var.name.clone()));
        names.extend(template.uses.iter().filter_map(|name| plain(name)));
    }
    names
}

/// The names that the templates take for pictures and films: variables of those types, and what stands in a `src`.
pub fn pictures<'t>(templates: impl IntoIterator<Item = &'t Template>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for template in templates {
        for table in [&template.canvas, &template.audio].into_iter().flatten() {
            in_table(table, &mut names);
        }
        in_layers(&template.layers, &mut names);
        for var in &template.vars {
            if matches!(var.kind, VarType::Image | VarType::Video) {
                names.insert(var.name.clone());
            }
            // a picture's default may be another column
            if let Some(default) = var.default.as_ref().filter(|_| names.contains(&var.name)) {
                in_text(default, &mut names);
            }
        }
    }
    names
}

fn in_layers(layers: &[Layer], names: &mut BTreeSet<String>) {
    for layer in layers {
        in_table(&layer.keys, names);
        in_layers(&layer.children, names);
    }
}

fn in_table(table: &Table, names: &mut BTreeSet<String>) {
    for entry in &table.entries {
        match &entry.node.value {
            Value::Table(inner) => in_table(inner, names),
            Value::Text(_) if FILES.contains(&entry.key.as_str()) => in_text(&entry.node, names),
            _ => {}
        }
    }
}

fn in_text(node: &Node, names: &mut BTreeSet<String>) {
    let Some(text) = node.as_text().filter(|text| has_expression(text)) else {
        return;
    };
    // what cannot be read is told with the template
    let found = variables(text).unwrap_or_default();
    names.extend(found.iter().filter_map(|name| plain(name)));
}

/// A column's name: `title`, `row.title`; nothing for the brand, the clock and the whole row.
fn plain(name: &str) -> Option<String> {
    let name = name.strip_prefix("row.").unwrap_or(name);
    let is_column = !name.contains('.') && name != "*" && !RESERVED.contains(&name);
    is_column.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::template::parse;

    #[test]
    fn pictures_are_what_is_declared_and_what_is_drawn() {
        let text = r##"
[vars]
title = "x"
cover = { type = "image", default = "{{ image }}" }
shot = "assets/a.jpg"
[canvas]
background = { image = "{{ row['Back drop'] }}" }
[[layer]]
type = "image"
src = "{{ shot }}"
mask = "{{ row.shape }}"
[[layer]]
type = "group"
[[layer.children]]
type = "image"
src = "{{ cover }}"
[[layer]]
type = "image"
src = "{{ brand.logo }}"
[[layer]]
type = "text"
text = "{{ title }} {{ link }} {{ today }}"
"##;
        let (template, _) = parse(&Source::new("t.toml", text));
        let names = |set: BTreeSet<String>| Vec::from_iter(set).join(" ");
        assert_eq!(
            names(pictures([&template])),
            "Back drop cover image shape shot"
        );
        assert_eq!(
            names(needed([&template])),
            "Back drop cover image link shape shot title"
        );
    }
}
