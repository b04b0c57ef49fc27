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
            "layer": { "oneOf": layers },
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
    let stop = json!({ "anyOf": [color.clone(), { "type": "array", "prefixItems": [color, { "type": "number", "minimum": 0, "maximum": 1 }], "minItems": 2, "maxItems": 2 }] });
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
    let point = json!({ "type": "array", "items": { "type": "number", "minimum": 0, "maximum": 1 }, "minItems": 2, "maxItems": 2 });
    match kind {
        Kind::Text => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Name => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Bool => json!({ "anyOf": [{ "type": "boolean" }, expression] }),
        Kind::Condition => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Number(min, max) => json!({ "anyOf": [bounded("number", min, max), expression] }),
        Kind::Integer(min, max) => {
            json!({ "anyOf": [bounded("integer", min as f64, max as f64), expression] })
        }
        Kind::Length => length,
        Kind::Choice(words) => json!({ "anyOf": [{ "enum": words }, expression] }),
        Kind::Color => json!({ "$ref": "#/$defs/color" }),
        Kind::Fill(_) => json!({ "$ref": "#/$defs/fill" }),
        Kind::Edges => {
            json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "array", "items": { "type": "number", "minimum": 0 }, "minItems": 2, "maxItems": 4 }, expression] })
        }
        Kind::Radius => {
            json!({ "anyOf": [length, { "type": "array", "items": length, "minItems": 4, "maxItems": 4 }] })
        }
        Kind::Point => point,
        Kind::Position => json!({ "type": "array", "items": length, "minItems": 2, "maxItems": 2 }),
        Kind::NumberOr(min, max, words) => {
            json!({ "anyOf": [bounded("number", min, max), { "enum": words }, expression] })
        }
        Kind::ChoiceOr(words, keys) => {
            json!({ "anyOf": [{ "enum": words }, record(keys), expression] })
        }
        Kind::Features => json!({ "type": "string" }),
        Kind::Spacing => {
            json!({ "anyOf": [number, { "type": "string", "pattern": "^-?[0-9.]+em$" }, expression] })
        }
        Kind::Time => json!({ "type": ["number", "string"] }),
        Kind::Size => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": 16, "maximum": 4320 }, "minItems": 2, "maxItems": 2 })
        }
        Kind::Span => {
            json!({ "type": "array", "items": { "type": "number", "minimum": 1, "maximum": 10 }, "minItems": 2, "maxItems": 2 })
        }
        Kind::Path => json!({ "type": "array", "items": point, "minItems": 2, "maxItems": 2 }),
        Kind::Record(keys) => record(keys),
        Kind::Records(keys) => {
            json!({ "anyOf": [record(keys), { "type": "array", "items": record(keys) }] })
        }
    }
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
    fn every_key_of_every_layer_is_in_the_schema() {
        let schema = schema();
        for (kind, layer) in LayerType::ALL
            .iter()
            .zip(schema["$defs"]["layer"]["oneOf"].as_array().unwrap())
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
