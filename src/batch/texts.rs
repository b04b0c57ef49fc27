//! The texts that are written in a template, whatever key they are of.
//!
//! In: a template. Out: its texts, expressions among them, those of its variables' defaults too. Never: what a row fills in.

use crate::template::{Layer, Node, Table, Template, Value};

/// All of them.
pub(super) fn texts(template: &Template) -> Vec<&str> {
    let mut found = Vec::new();
    let sections = [&template.canvas, &template.output, &template.audio];
    let tables = sections.into_iter().flatten();
    let tables = tables.chain(&template.mentions).chain(&template.links);
    for table in tables.chain([&template.beside]) {
        of_table(table, &mut found);
    }
    for layer in &template.layers {
        of_layer(layer, &mut found);
    }
    for default in template.vars.iter().filter_map(|var| var.default.as_ref()) {
        of_node(default, &mut found);
    }
    found
}

fn of_layer<'t>(layer: &'t Layer, found: &mut Vec<&'t str>) {
    of_table(&layer.keys, found);
    for child in &layer.children {
        of_layer(child, found);
    }
}

fn of_table<'t>(table: &'t Table, found: &mut Vec<&'t str>) {
    for entry in &table.entries {
        of_node(&entry.node, found);
    }
}

fn of_node<'t>(node: &'t Node, found: &mut Vec<&'t str>) {
    match &node.value {
        Value::Text(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| of_node(item, found)),
        Value::Table(table) => of_table(table, found),
        _ => {}
    }
}
