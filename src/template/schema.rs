//! The JSON Schema of the template language, for editors.

use serde_json::{Map, Value, json};

use super::language::{
    AUDIO, BESIDE, CANVAS, FILL, Key, Kind, LINK, LayerType, MENTION, OUTPUT, VAR,
};

/// The schema (draft 2020-12), made from the same tables that the parser checks against.
pub fn schema() -> Value {
    let layers: Vec<Value> = LayerType::ALL.iter().map(|t| layer(*t)).collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://storypress.dev/template.schema.json",
        "title": "Storypress template",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "extends": { "type": "string", "description": "A template this one builds on; layers of one id are merged." },
            "vars": {
                "type": "object",
                "description": "Variables that data, --set and forms fill.",
                "additionalProperties": { "anyOf": [
                    { "type": ["string", "number", "boolean"] },
                    record(VAR),
                ]},
            },
            "canvas": record(CANVAS),
            "output": record(OUTPUT),
            "audio": record(AUDIO),
            "layer": { "type": "array", "items": { "$ref": "#/$defs/layer" }, "description": "Layers from the bottom up." },
            "mention": { "type": "array", "items": record(MENTION), "description": "People to tag." },
            "link": { "type": "array", "items": record(LINK), "description": "Links to tap, for whoever posts by hand." },
        },
        "$defs": {
            "expression": { "type": "string", "pattern": "\\{\\{|\\{%" },
            "color": {
                "type": "string",
                "description": "#rgb[a], #rrggbb[aa], a CSS name or $brand_colour.",
            },
            "fill": fill(),
            "layer": { "anyOf": layers },
        },
    });
    if let Some(top) = schema["properties"].as_object_mut() {
        top.extend(properties(BESIDE.iter()));
    }
    schema
}

fn layer(kind: LayerType) -> Value {
    let mut properties = properties(kind.keys());
    properties.insert("type".into(), json!({ "const": kind.as_str() }));
    if kind == LayerType::Group {
        let children = json!({ "type": "array", "items": { "$ref": "#/$defs/layer" } });
        properties.insert("children".into(), children);
    }
    // a layer that overrides one of its base may leave everything but the id to it
    json!({
        "type": "object",
        "title": format!("{} layer", kind.as_str()),
        "properties": properties,
        "additionalProperties": false,
        "anyOf": [{ "required": ["type"] }, { "required": ["id"] }],
    })
}

fn properties<'k>(keys: impl Iterator<Item = &'k Key>) -> Map<String, Value> {
    let mut out = Map::new();
    for key in keys {
        let mut value = shape(key.kind);
        if let Value::Object(object) = &mut value {
            object.insert("description".into(), json!(key.about()));
        }
        out.insert(key.name.into(), value);
    }
    out
}

fn record(keys: &[Key]) -> Value {
    json!({ "type": "object", "properties": properties(keys.iter()), "additionalProperties": false })
}

fn fill() -> Value {
    let mut properties = properties(FILL.iter());
    let color = json!({ "$ref": "#/$defs/color" });
    let stop = json!({ "anyOf": [color.clone(), { "type": "array", "prefixItems": [color, or_expression(bounded("number", 0.0, 1.0))], "minItems": 2, "maxItems": 2 }] });
    for stops in ["linear", "radial", "conic"] {
        properties.insert(
            stops.into(),
            json!({ "type": "array", "minItems": 2, "items": stop }),
        );
    }
    json!({ "anyOf": [
        { "$ref": "#/$defs/color" },
        { "type": "object", "properties": properties, "additionalProperties": false },
    ]})
}

fn shape(kind: Kind) -> Value {
    let expression = json!({ "$ref": "#/$defs/expression" });
    let number = json!({ "type": "number" });
    let length =
        json!({ "anyOf": [number, { "type": "string", "pattern": "^-?[0-9.]+%$" }, expression] });
    let point = list(or_expression(bounded("number", 0.0, 1.0)), 2);
    let value = match kind {
        Kind::Text | Kind::Condition => {
            return json!({ "type": ["string", "number", "boolean"] });
        }
        Kind::Name | Kind::Features => return json!({ "type": "string" }),
        Kind::Color => return json!({ "$ref": "#/$defs/color" }),
        Kind::Fill(_) => return json!({ "$ref": "#/$defs/fill" }),
        Kind::Length => return length,
        Kind::Time => return json!({ "type": ["number", "string"] }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Number(min, max) => bounded("number", min, max),
        Kind::Integer(min, max) => bounded("integer", min as f64, max as f64),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Edges => {
            let side = or_expression(json!({ "type": "number", "minimum": 0 }));
            json!({ "anyOf": [side, list(side.clone(), 2), list(side.clone(), 4)] })
        }
        Kind::Radius => json!({ "anyOf": [length, list(length.clone(), 4)] }),
        Kind::Point => point,
        Kind::Position => list(length, 2),
        Kind::NumberOr(min, max, words) => {
            json!({ "anyOf": [bounded("number", min, max), { "enum": words }] })
        }
        Kind::ChoiceOr(words, keys) => json!({ "anyOf": [{ "enum": words }, record(keys)] }),
        Kind::Spacing => {
            json!({ "anyOf": [number, { "type": "string", "pattern": "^-?[0-9.]+em$" }] })
        }
        Kind::Size => list(or_expression(bounded("integer", 16.0, 4320.0)), 2),
        Kind::Span => list(or_expression(bounded("number", 1.0, 10.0)), 2),
        Kind::Path => list(point, 2),
        Kind::Record(keys) => record(keys),
        Kind::Records(keys) => {
            json!({ "anyOf": [record(keys), { "type": "array", "items": record(keys) }] })
        }
    };
    or_expression(value)
}

/// The same, or an expression in its place.
fn or_expression(value: Value) -> Value {
    json!({ "anyOf": [value, { "$ref": "#/$defs/expression" }] })
}

/// A list of so many.
fn list(item: Value, count: usize) -> Value {
    json!({ "type": "array", "items": item, "minItems": count, "maxItems": count })
}

fn bounded(kind: &str, min: f64, max: f64) -> Value {
    let mut out = Map::new();
    out.insert("type".into(), json!(kind));
    // the ends of the number line are no bounds
    for (word, bound) in [("minimum", min), ("maximum", max)] {
        if bound.abs() < 1e15 {
            out.insert(word.into(), json!(bound));
        }
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_may_leave_its_type_to_its_base_and_a_pair_may_hold_expressions() {
        let schema = schema();
        // a layer of only an `id` fits every kind, so one is enough
        assert!(schema["$defs"]["layer"]["oneOf"].is_null());
        let pair = shape(Kind::Point);
        assert_eq!(pair["anyOf"][1]["$ref"], "#/$defs/expression");
        let part = &pair["anyOf"][0]["items"]["anyOf"];
        assert_eq!(part[1]["$ref"], "#/$defs/expression");
        let edges = shape(Kind::Edges);
        let lists = edges["anyOf"][0]["anyOf"].as_array().expect("a choice");
        let counts: Vec<_> = lists
            .iter()
            .filter_map(|list| list["maxItems"].as_u64())
            .collect();
        assert_eq!(counts, [2, 4]);
    }

    #[test]
    fn every_key_of_every_layer_is_in_the_schema() {
        let schema = schema();
        for (kind, layer) in LayerType::ALL
            .iter()
            .zip(schema["$defs"]["layer"]["anyOf"].as_array().unwrap())
        {
            for key in kind.keys() {
                assert!(
                    layer["properties"].get(key.name).is_some(),
                    "{kind:?} {}",
                    key.name
                );
            }
        }
    }
}
