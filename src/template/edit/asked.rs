//! What may be asked of a text, as programs say it.
//!
//! In: JSON. Out: an [`Edit`], or what is wrong with the JSON. Never: a text.

use serde_json::{Map, Value as Json};

/// One change of a template's text.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// `{layer, key, value, override?}`: one value; `null` takes it out.
    Value {
        /// The layer's id, or its path; empty for the file's own tables.
        layer: String,
        /// The key; dots go deeper.
        key: String,
        /// A text is written as given; a number is canvas units.
        value: Json,
        /// Write it here, wherever the value comes from.
        is_override: bool,
    },
    /// `{op: "place", layer, left?, top?, width?, height?, rotate?}`: the box, as `boxes` tell it.
    Place {
        /// The layer's id, or its path.
        layer: String,
        /// Where its box is to be.
        spot: Spot,
        /// Write it here, wherever the edges come from.
        is_override: bool,
    },
    /// `{op: "insert", type, values?, after|before|into?}`: a new layer.
    Insert {
        /// Its keys, `type` among them; `children` is a list of such.
        values: Map<String, Json>,
        /// Where.
        at: At,
    },
    /// `{op: "delete", layer}`: with what is in it and the comments above it.
    Delete {
        /// The layer's id, or its path.
        layer: String,
    },
    /// `{op: "move", layer, after|before|into?}`.
    Move {
        /// The layer's id, or its path.
        layer: String,
        /// Where to.
        at: At,
    },
    /// `{op: "duplicate", layer}`: a copy straight above, with ids of its own.
    Duplicate {
        /// The layer's id, or its path.
        layer: String,
    },
    /// `{op: "group", layers, id?}`: into a new group, every box where it is.
    Group {
        /// Ids or paths.
        layers: Vec<String>,
        /// The group's id.
        id: Option<String>,
    },
}

/// A box on the canvas, before it is turned about its centre; what is not given stays.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spot {
    /// Left edge.
    pub left: Option<f64>,
    /// Top edge.
    pub top: Option<f64>,
    /// Width, at least 0.
    pub width: Option<f64>,
    /// Height, at least 0.
    pub height: Option<f64>,
    /// Degrees clockwise, groups around it included.
    pub rotate: Option<f64>,
}

/// A place among the layers; later ones are painted over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Straight over this layer.
    After(String),
    /// Straight under it.
    Before(String),
    /// In this group, over what is in it.
    Into(String),
    /// Over all layers.
    Top,
}

impl Edit {
    /// Reads an edit.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn read(json: &Json) -> Result<Self, String> {
        let Some(map) = json.as_object() else {
            return Err("an edit is an object".into());
        };
        match map.get("op") {
            None => value(map),
            Some(Json::String(op)) => operation(op, map),
            Some(_) => Err("`op` is a text".into()),
        }
    }
}

fn value(map: &Map<String, Json>) -> Result<Edit, String> {
    only(map, &["layer", "key", "value", "override"])?;
    Ok(Edit::Value {
        layer: text(map, "layer")?.unwrap_or_default(),
        key: text(map, "key")?.ok_or("an edit without `op` needs `key` and `value`")?,
        value: map
            .get("value")
            .cloned()
            .ok_or("an edit without `op` needs `key` and `value`")?,
        is_override: flag(map, "override")?,
    })
}

fn operation(op: &str, map: &Map<String, Json>) -> Result<Edit, String> {
    let layer = || match text(map, "layer")? {
        Some(layer) if !layer.is_empty() => Ok(layer),
        _ => Err(format!("`{op}` needs `layer`")),
    };
    const AT: [&str; 3] = ["after", "before", "into"];
    Ok(match op {
        "place" => {
            const SPOT: [&str; 5] = ["left", "top", "width", "height", "rotate"];
            only(map, &[&["op", "layer", "override"][..], &SPOT].concat())?;
            let [left, top, width, height, rotate] = SPOT.map(|name| number(map, name));
            let long = |size: Option<f64>| match size {
                Some(size) if size < 0.0 => Err("a box is not smaller than nothing".to_owned()),
                size => Ok(size),
            };
            Edit::Place {
                layer: layer()?,
                spot: Spot {
                    left: left?,
                    top: top?,
                    width: long(width?)?,
                    height: long(height?)?,
                    rotate: rotate?,
                },
                is_override: flag(map, "override")?,
            }
        }
        "insert" => {
            only(
                map,
                &[&["op", "layer", "id", "type", "values"][..], &AT].concat(),
            )?;
            insert(map)?
        }
        "delete" => {
            only(map, &["op", "layer"])?;
            Edit::Delete { layer: layer()? }
        }
        "duplicate" => {
            only(map, &["op", "layer"])?;
            Edit::Duplicate { layer: layer()? }
        }
        "move" => {
            only(map, &[&["op", "layer"][..], &AT].concat())?;
            Edit::Move {
                layer: layer()?,
                at: at(map)?.unwrap_or(At::Top),
            }
        }
        "group" => {
            only(map, &["op", "layer", "layers", "id"])?;
            let layers = match (map.get("layers"), map.get("layer")) {
                (Some(Json::Array(layers)), None) | (None, Some(Json::Array(layers))) => layers
                    .iter()
                    .map(|l| {
                        l.as_str()
                            .map(str::to_owned)
                            .ok_or("`layers` is a list of texts")
                    })
                    .collect::<Result<Vec<String>, _>>()?,
                (None, Some(Json::String(layer))) => vec![layer.clone()],
                _ => return Err("`group` needs `layers`, a list of ids or paths".into()),
            };
            Edit::Group {
                layers,
                id: text(map, "id")?,
            }
        }
        _ => {
            return Err(format!(
                "no operation `{op}`: insert, delete, move, duplicate, group or place"
            ));
        }
    })
}

fn insert(map: &Map<String, Json>) -> Result<Edit, String> {
    // the new layer may be given whole, or key by key
    let mut values = match (map.get("values"), map.get("layer")) {
        (Some(Json::Object(values)), _) | (None, Some(Json::Object(values))) => values.clone(),
        (None, _) => Map::new(),
        (Some(_), _) => return Err("`values` is an object of keys".into()),
    };
    let mut first = Map::new();
    for name in ["id", "type"] {
        if let Some(value) = text(map, name)?.map(Json::String) {
            first.insert(name.into(), value);
        } else if let Some(value) = values.shift_remove(name) {
            first.insert(name.into(), value);
        }
    }
    if !first.contains_key("type") {
        return Err("`insert` needs `type`".into());
    }
    for (name, value) in values {
        first.entry(name).or_insert(value);
    }
    // a layer that is named stands for the one to put it over
    let over = match map.get("layer") {
        Some(Json::String(layer)) if !layer.is_empty() => Some(At::After(layer.clone())),
        _ => None,
    };
    Ok(Edit::Insert {
        values: first,
        at: at(map)?.or(over).unwrap_or(At::Top),
    })
}

fn at(map: &Map<String, Json>) -> Result<Option<At>, String> {
    let given = [
        text(map, "after")?.map(At::After),
        text(map, "before")?.map(At::Before),
        text(map, "into")?.map(|group| match group.is_empty() {
            true => At::Top,
            false => At::Into(group),
        }),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (at, None) => Ok(at),
        _ => Err("one of `after`, `before` and `into`".into()),
    }
}

fn only(map: &Map<String, Json>, known: &[&str]) -> Result<(), String> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!(
            "an edit has no `{key}`; there are {}",
            known.join(", ")
        )),
        None => Ok(()),
    }
}

fn text(map: &Map<String, Json>, name: &str) -> Result<Option<String>, String> {
    match map.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        // a new layer, or layers to group
        Some(Json::Object(_) | Json::Array(_)) if name == "layer" => Ok(None),
        Some(_) => Err(format!("`{name}` is a text")),
    }
}

fn flag(map: &Map<String, Json>, name: &str) -> Result<bool, String> {
    match map.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(flag)) => Ok(*flag),
        Some(_) => Err(format!("`{name}` is true or false")),
    }
}

fn number(map: &Map<String, Json>, name: &str) -> Result<Option<f64>, String> {
    match map.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|n| n.abs() <= 1e6) {
            Some(number) => Ok(Some(number)),
            None => Err(format!("`{name}` is a number of units")),
        },
    }
}
