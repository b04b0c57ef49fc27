//! A text with what it means: to look up layers, keys, and where their values come from.
//!
//! In: the text of a template. Out: a [`Model`], its layers by id or path, origins. Never: a change.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::diag::{Code, Diagnostic, Place, did_you_mean};
use crate::template::language::LayerType;
use crate::template::merge::merge;
use crate::template::{
    Layer, Node, Origin, OriginKind, Table, Template, Value, key, load_text, tree,
};

use super::document::{Document, Path, Step};
use super::splice::below;
use super::surroundings::{File, Refused, Surroundings};

/// A text that was read.
pub(super) struct Model {
    pub text: String,
    pub template: Template,
    pub wrong: Vec<Diagnostic>,
    /// The text's own tables.
    pub own: Table,
    /// With the bases' beneath.
    pub merged: Table,
}

/// A layer, a sticker, or the file's own tables.
pub(super) struct Target<'m> {
    /// As the edit calls it.
    pub name: String,
    pub kind: Option<LayerType>,
    pub layer: Option<&'m Layer>,
    /// Its keys, bases merged in.
    pub keys: &'m Table,
    /// Where it stands in the text; none where only a base has it.
    pub own: Option<Path>,
}

impl Model {
    /// Reads a text without a byte order mark.
    pub fn read(text: String, file: &File<'_>) -> Result<Self, Refused> {
        let refused = |why| Refused::Invalid(vec![why]);
        let (template, wrong) =
            load_text(&text, file.path, file.shown, file.allowed).map_err(refused)?;
        let own_source = &template.sources[0];
        let (own, broken) = tree::read(own_source);
        if !broken.is_empty() {
            return Err(Refused::Invalid(broken));
        }
        let merged = template
            .sources
            .iter()
            .skip(1)
            .map(|source| tree::read(source).0)
            .reduce(|child, base| merge(base, child));
        let merged = match merged {
            Some(base) => merge(base, own.clone()),
            None => own.clone(),
        };
        Ok(Self {
            text,
            template,
            wrong,
            own,
            merged,
        })
    }

    pub fn document(&self) -> Document<'_> {
        Document::read(&self.text)
    }

    /// Whether a place is in the text itself.
    pub fn is_here(&self, place: &Place) -> bool {
        Arc::ptr_eq(&place.source, &self.template.sources[0])
    }

    /// A layer by its id, or its path where it has none.
    pub fn layer(&self, name: &str) -> Result<&Layer, Refused> {
        let mut all = Vec::new();
        flat(&self.template.layers, &mut all);
        let mut of_id = all.iter().filter(|l| l.id.as_deref() == Some(name));
        match (of_id.next(), of_id.next()) {
            (Some(layer), None) => return Ok(layer),
            (Some(_), Some(second)) => {
                let message = format!("two layers have the id `{name}`: say its path");
                let why = Diagnostic::at(Code::BadValue, &second.place, message);
                return Err(Refused::Invalid(vec![why]));
            }
            _ => {}
        }
        let ids = all.iter().filter_map(|l| l.id.as_deref());
        let found = all.iter().find(|l| l.path == name).copied();
        found.ok_or_else(|| {
            let message = format!("no layer `{name}`");
            let place = Place::whole(&self.template.sources[0]);
            let why = Diagnostic::at(Code::BadValue, &place, message);
            Refused::Invalid(vec![why.maybe_hint(did_you_mean(name, ids))])
        })
    }

    /// The group around a layer; none for one that stands on the canvas.
    pub fn parent(&self, layer: &Layer) -> Option<&Layer> {
        let (path, _) = layer.path.rsplit_once(".children[")?;
        let mut all = Vec::new();
        flat(&self.template.layers, &mut all);
        all.into_iter().find(|l| l.path == path)
    }

    /// Where a layer stands in the text, if it does.
    pub fn own_path(&self, place: &Place) -> Option<Path> {
        let is_here = self.is_here(place);
        is_here.then(|| self.document().path_at(place.start))?
    }

    pub fn target(&self, name: &str) -> Result<Target<'_>, Refused> {
        let of = |keys, kind, layer, own| Target {
            name: name.to_owned(),
            kind,
            layer,
            keys,
            own,
        };
        if name.is_empty() {
            return Ok(of(&self.merged, None, None, Some(Path::new())));
        }
        for (list, tables) in [
            ("mention", &self.template.mentions),
            ("link", &self.template.links),
        ] {
            let number = name.strip_prefix(list).and_then(|n| n.strip_prefix('['));
            let number = number.and_then(|n| n.strip_suffix(']'));
            let table = number.and_then(|n| tables.get(n.parse::<usize>().ok()?));
            if let Some(table) = table {
                return Ok(of(table, None, None, self.own_path(&table.place)));
            }
        }
        let layer = self.layer(name)?;
        let own = self.own_path(&layer.place);
        Ok(of(&layer.keys, Some(layer.kind), Some(layer), own))
    }

    /// Where the value of a key comes from, and the value where it is written.
    pub fn origin<'m>(
        &'m self,
        target: &Target<'m>,
        keys: &[&str],
        around: &'m dyn Surroundings,
    ) -> (Origin, Option<&'m Node>) {
        let unit = unit(target, keys);
        if let Some(node) = node_at(target.keys, keys) {
            return (Origin::of(node, &self.template), Some(node));
        }
        // a key of a table that another file has: the table is written whole
        if let Some(node) = node_at(target.keys, &keys[..unit])
            && !self.is_here(&node.place)
        {
            return (Origin::of(node, &self.template), None);
        }
        let style = target.keys.node(key!(TEXT.style)).and_then(Node::as_text);
        let style = style
            .filter(|_| target.kind == Some(LayerType::Text))
            .and_then(|name| around.style(name));
        if let Some(node) = style.and_then(|style| node_at(style, &keys[..unit])) {
            let leaf = style.and_then(|style| node_at(style, keys));
            return (Origin::of(node, &self.template), leaf);
        }
        match (&target.own, target.layer) {
            (None, Some(layer)) => {
                let origin = Origin {
                    kind: OriginKind::Base,
                    place: Some(crate::template::whole_layer(layer)),
                    computed: false,
                };
                (origin, None)
            }
            _ => (Origin::DEFAULT, None),
        }
    }
}

/// How many keys name what is inherited as a whole: a layer's key, a key of `[canvas]`, a key of one variable.
pub(super) fn unit(target: &Target<'_>, keys: &[&str]) -> usize {
    let deep = match (target.name.is_empty(), keys.first()) {
        (true, Some(&"vars")) => 3,
        (true, Some(&("canvas" | "output" | "audio"))) => 2,
        _ => 1,
    };
    deep.min(keys.len())
}

/// The node at some keys of a table; numbers are places in lists.
pub(super) fn node_at<'t>(table: &'t Table, keys: &[&str]) -> Option<&'t Node> {
    let (first, rest) = keys.split_first()?;
    let mut node = table.get(first)?;
    for key in rest {
        node = match &node.value {
            Value::Table(table) => table.get(key)?,
            Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(node)
}

/// All layers, each before those inside it.
pub(super) fn flat<'t>(layers: &'t [Layer], out: &mut Vec<&'t Layer>) {
    for layer in layers {
        out.push(layer);
        flat(&layer.children, out);
    }
}

/// What a table says, without places: two texts that mean the same are the same here.
pub(super) fn plain(table: &Table) -> Json {
    fn value(node: &Node) -> Json {
        match &node.value {
            Value::Table(table) => plain(table),
            Value::Array(items) => items.iter().map(value).collect(),
            // a date is no text
            Value::Date(date) => json!({ "\u{0}date": date }),
            // numbers that JSON has not
            Value::Float(f) if !f.is_finite() => json!({ "\u{0}float": f.to_string() }),
            other => other.to_json(),
        }
    }
    let pairs = table.entries.iter();
    Json::Object(pairs.map(|e| (e.key.clone(), value(&e.node))).collect())
}

/// The same model with another value at a path.
pub(super) fn with(mut model: Json, path: &[Step], value: &Json) -> Option<Json> {
    let (last, way) = path.split_last()?;
    let mut at = &mut model;
    for step in way {
        at = match step {
            Step::Key(name) => at
                .as_object_mut()?
                .entry(name.clone())
                .or_insert_with(|| Json::Object(Map::new())),
            Step::At(index) => at.as_array_mut()?.get_mut(*index)?,
        };
    }
    match last {
        Step::Key(name) if value.is_null() => {
            at.as_object_mut()?.shift_remove(name);
        }
        Step::Key(name) => {
            at.as_object_mut()?.insert(name.clone(), value.clone());
        }
        Step::At(index) => *at.as_array_mut()?.get_mut(*index)? = value.clone(),
    }
    Some(model)
}

/// Without what says nothing: a table whose last key went may go with it, and so may a list of layers; a whole number is
/// one with or without a point.
pub(super) fn pruned(model: &Json) -> Json {
    match model {
        Json::Object(map) => {
            let kept = map
                .iter()
                .map(|(name, value)| (name.clone(), pruned(value)));
            let is_something = |(name, value): &(String, Json)| {
                let is_layers = name == "children" || name == "layer";
                !value.is_null()
                    && value.as_object().is_none_or(|map| !map.is_empty())
                    && !(is_layers && value.as_array().is_some_and(Vec::is_empty))
            };
            Json::Object(kept.filter(is_something).collect())
        }
        Json::Array(items) => items.iter().map(pruned).collect(),
        Json::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => json!(float as i64),
            _ => model.clone(),
        },
        other => other.clone(),
    }
}

/// The path of a key of a target in the text.
pub(super) fn key_path(own: &[Step], keys: &[&str]) -> Path {
    below(own, keys)
}

/// A refusal that concerns the whole text.
pub(super) fn invalid(model: &Model, message: impl Into<String>, hint: &str) -> Refused {
    let place = Place::whole(&model.template.sources[0]);
    let why = Diagnostic::at(Code::BadValue, &place, message.into());
    Refused::Invalid(vec![match hint {
        "" => why,
        hint => why.hint(hint),
    }])
}
