//! Whether a value is as a schema of the OpenAPI document says: as much of JSON Schema as the document uses.

use serde_json::Value;

/// What does not fit; nothing where all of it does.
pub fn wrong(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(document, schema, value, "", &mut found);
    found
}

fn look(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(named) = schema["$ref"].as_str() {
        let place = named.trim_start_matches('#');
        let schema = document.pointer(place);
        let schema = schema.unwrap_or_else(|| panic!("{named} is nowhere"));
        return look(document, schema, value, at, found);
    }
    for word in ["oneOf", "anyOf"] {
        let Some(all) = schema[word].as_array() else {
            continue;
        };
        let fits = |one: &&Value| wrong(document, one, value).is_empty();
        let count = all.iter().filter(fits).count();
        if count == 0 || word == "oneOf" && count > 1 {
            found.push(format!("{at}: {count} of {word} fit {value}"));
        }
    }
    let is = |kind: &Value| match kind.as_str().expect("a type") {
        "null" => value.is_null(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("{other} is no type"),
    };
    let fits = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    if !fits {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{at}: {value} is none of them"));
    }
    if let Some(items) = value.as_array() {
        for (place, item) in items.iter().enumerate() {
            look(
                document,
                &schema["items"],
                item,
                &format!("{at}[{place}]"),
                found,
            );
        }
    }
    let Some(members) = value.as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !members.contains_key(name.as_str().expect("a name")) {
            found.push(format!("{at}: no {name}"));
        }
    }
    for (name, value) in members {
        match &schema["properties"][name] {
            Value::Null if schema["additionalProperties"] == false => {
                found.push(format!("{at}: `{name}` is unknown"));
            }
            known => look(document, known, value, &format!("{at}.{name}"), found),
        }
    }
}
