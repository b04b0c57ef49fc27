//! Inheritance: a template over the base it extends.
//!
//! Tables merge key by key, variables declaration by declaration, layers by id; a value is replaced whole. What the
//! base does not have comes after it: layers on top.

use super::{Entry, Node, Table, Value, grammar, key};

/// `child` over `base`.
pub fn merge(base: Table, child: Table) -> Table {
    let mut out = base;
    out.place = child.place;
    for mut entry in child.entries {
        if let Some(old) = out.remove(&entry.key) {
            entry.node.value = match (entry.key.as_str(), old.node.value, entry.node.value) {
                ("layer", Value::Array(base), Value::Array(child)) => {
                    Value::Array(layers(base, child))
                }
                ("mention" | "link", Value::Array(mut base), Value::Array(child)) => {
                    base.extend(child);
                    Value::Array(base)
                }
                ("vars", Value::Table(base), Value::Table(child)) => {
                    Value::Table(vars(base, child))
                }
                ("canvas" | "output" | "audio", Value::Table(base), Value::Table(child)) => {
                    Value::Table(over(base, child))
                }
                (_, _, child) => child,
            };
        }
        out.set(entry);
    }
    out
}

fn over(mut base: Table, child: Table) -> Table {
    base.place = child.place;
    for entry in child.entries {
        base.set(entry);
    }
    base
}

fn vars(mut base: Table, child: Table) -> Table {
    base.place = child.place;
    for mut entry in child.entries {
        if let Some(old) = base.entry(&entry.key)
            && let (Value::Table(old), Value::Table(new)) = (&old.node.value, &entry.node.value)
        {
            entry.node.value = Value::Table(over(old.clone(), new.clone()));
        } else if let Some(old) = base.entry(&entry.key)
            && let Value::Table(old) = &old.node.value
        {
            // `title = "…"` over a declaration gives it another default
            let mut declared = old.clone();
            declared.set(Entry {
                key: key!(VAR.default).name.into(),
                ..entry.clone()
            });
            entry.node.value = Value::Table(declared);
        }
        base.set(entry);
    }
    base
}

fn id_of(layer: &Node) -> Option<String> {
    match &layer.value {
        Value::Table(table) => grammar::text(table.node(key!(LAYER.id))?),
        _ => None,
    }
}

fn layers(mut base: Vec<Node>, child: Vec<Node>) -> Vec<Node> {
    for layer in child {
        let twin =
            id_of(&layer).and_then(|id| base.iter().position(|b| id_of(b).as_ref() == Some(&id)));
        match twin {
            Some(at) => base[at] = layer_over(&base[at], layer),
            None => base.push(layer),
        }
    }
    base
}

fn layer_over(base: &Node, child: Node) -> Node {
    let (Value::Table(old), Value::Table(new)) = (&base.value, child.value.clone()) else {
        return child;
    };
    let mut out = old.clone();
    out.place = new.place.clone();
    for mut entry in new.entries {
        if entry.key == key!(GROUP.children).name
            && let (Some(old), Value::Array(new)) =
                (old.node(key!(GROUP.children)), &entry.node.value)
            && let Value::Array(old) = &old.value
        {
            entry.node.value = Value::Array(layers(old.clone(), new.clone()));
        }
        out.set(entry);
    }
    Node {
        place: child.place,
        value: Value::Table(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::template::tree::read;

    fn table(text: &str) -> Table {
        let (table, wrong) = read(&Source::new("t.toml", text));
        assert!(wrong.is_empty(), "{wrong:?}");
        table
    }

    #[test]
    fn layers_of_one_id_merge_in_place_and_new_ones_go_on_top() {
        let base = table("[[layer]]\nid='a'\ntop=1\nleft=2\n[[layer]]\nid='b'\n");
        let child = table("[[layer]]\nid='c'\n[[layer]]\nid='a'\ntop=9\n");
        let merged = merge(base, child);
        let Value::Array(layers) = &merged.get("layer").unwrap().value else {
            panic!()
        };
        let ids: Vec<_> = layers.iter().map(|l| id_of(l).unwrap()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        let Value::Table(a) = &layers[0].value else {
            panic!()
        };
        assert_eq!(a.get("top").unwrap().as_number(), Some(9.0));
        assert_eq!(a.get("left").unwrap().as_number(), Some(2.0));
    }

    #[test]
    fn a_variable_keeps_its_declaration_when_only_its_default_changes() {
        let base = table("[vars]\ntitle = { default = 'x', max_chars = 9 }\n");
        for child in [
            "[vars]\ntitle = 'y'\n",
            "[vars]\ntitle = { default = 'y' }\n",
        ] {
            let merged = merge(base.clone(), table(child));
            let Value::Table(vars) = &merged.get("vars").unwrap().value else {
                panic!()
            };
            let Value::Table(title) = &vars.get("title").unwrap().value else {
                panic!()
            };
            assert_eq!(title.get("default").unwrap().as_text(), Some("y"));
            assert_eq!(title.get("max_chars").unwrap().as_number(), Some(9.0));
        }
    }
}
