//! Whole layers: inserted, deleted, moved, duplicated, grouped, with their comments and what is in them.
//!
//! In: a text that was read, an operation. Out: the text after it. Never: a layer of a base, a comment that is lost.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::diag::Place;
use crate::template::{Layer, Origin, OriginKind, Value, grammar, key, tree, whole_layer};

use super::asked::At;
use super::blocks::{self, Apart, Piece};
use super::document::{Document, Path, Step};
use super::model::{Model, flat, invalid, plain, pruned};
use super::shell::count;
use super::splice;
use super::surroundings::{Laid, Refused, Surroundings};
use super::values::read;
use super::write;

/// How far a box may be from where it was when its layer is grouped, canvas units.
const STILL: f64 = 0.5;

/// A list of layers in the text, and a place in it.
struct Slot {
    list: Path,
    at: usize,
}

pub(super) fn insert(
    model: &Model,
    values: &Map<String, Json>,
    at: &At,
) -> Result<String, Refused> {
    let slot = slot(model, at, "insert")?;
    let piece = written(model, values)?;
    put(model, &model.text, &slot, &piece, &[])
}

pub(super) fn delete(model: &Model, layer: &str) -> Result<String, Refused> {
    let (_, path) = own(model, layer, "delete")?;
    let text = without(model, &model.text, &path)?;
    let gone = |intended: Json| removed(intended, &path);
    let intended = gone(plain(&model.own));
    check(model, &text, intended)
}

pub(super) fn duplicate(model: &Model, layer: &str) -> Result<String, Refused> {
    let (_, path) = own(model, layer, "duplicate")?;
    let piece = piece(model, &model.text, &path)?;
    let piece = with_new_ids(model, piece)?;
    let slot = beside(&path, 1);
    put(model, &model.text, &slot, &piece, &[])
}

pub(super) fn relocate(model: &Model, layer: &str, at: &At) -> Result<String, Refused> {
    let (found, path) = own(model, layer, "move")?;
    if let At::After(other) | At::Before(other) | At::Into(other) = at {
        let other = model.layer(other)?;
        if other.path == found.path {
            return match at {
                At::Into(_) => Err(into_itself(model, found)),
                _ => Ok(model.text.clone()),
            };
        }
        if other.path.starts_with(&format!("{}.", found.path)) {
            return Err(into_itself(model, found));
        }
    }
    let slot = slot(model, at, "move")?;
    let piece = piece(model, &model.text, &path)?;
    let text = without(model, &model.text, &path)?;
    let slot = Slot {
        at: match slot.list == path[..path.len() - 1] {
            true => shifted(slot.at, &path),
            false => slot.at,
        },
        list: after_removal(slot.list, &path),
    };
    put(model, &text, &slot, &piece, &[path])
}

pub(super) fn group(
    model: &Model,
    layers: &[String],
    id: Option<&str>,
    around: &dyn Surroundings,
    reread: &dyn Fn(String) -> Result<Model, Refused>,
) -> Result<String, Refused> {
    let mut found = Vec::new();
    for layer in layers {
        let (layer, path) = own(model, layer, "group")?;
        if !found
            .iter()
            .any(|(_, known): &(&Layer, Path)| *known == path)
        {
            found.push((layer, path));
        }
    }
    let index = |path: &Path| match path.last() {
        Some(Step::At(at)) => *at,
        _ => 0,
    };
    found.sort_by_key(|(_, path)| index(path));
    let Some((_, top)) = found.last().cloned() else {
        return Err(invalid(model, "a group takes at least one layer", ""));
    };
    let list = top[..top.len() - 1].to_vec();
    if found
        .iter()
        .any(|(_, path)| path[..path.len() - 1] != list[..])
    {
        let message = "layers of different groups cannot be grouped";
        return Err(invalid(model, message, "move them into one first"));
    }
    let id = match id {
        Some(id) => id.to_owned(),
        None => unused(&ids(model), "group"),
    };
    let mut head = Map::new();
    head.insert("id".into(), json!(id));
    head.insert("type".into(), json!("group"));
    let mut whole = written(model, &head)?;
    let mut text = model.text.clone();
    for (_, path) in &found {
        let one = piece(model, &model.text, path)?;
        whole.push('\n');
        whole.push_str(&blocks::under(&one, 1, "layer.children"));
    }
    for (_, path) in found.iter().rev() {
        text = without(model, &text, path)?;
    }
    let slot = Slot {
        at: index(&top) + 1 - found.len(),
        list,
    };
    let paths: Vec<Path> = found.iter().map(|(_, path)| path.clone()).collect();
    let text = put(model, &text, &slot, &whole, &paths)?;
    let after = reread(text)?;
    hold_still(model, &after, &found, &id, around)?;
    Ok(after.text)
}

/// Refuses a group in which a box is not where it was.
fn hold_still(
    before: &Model,
    after: &Model,
    found: &[(&Layer, Path)],
    id: &str,
    around: &dyn Surroundings,
) -> Result<(), Refused> {
    let group = after.layer(id)?;
    for (at, (layer, _)) in found.iter().enumerate() {
        let was = around.laid(&before.template, &layer.path);
        let path = format!("{}.children[{at}]", group.path);
        let is = around.laid(&after.template, &path);
        let is_still = |a: &Laid, b: &Laid| {
            let pairs = [
                (a.middle.0, b.middle.0),
                (a.middle.1, b.middle.1),
                (a.width, b.width),
                (a.height, b.height),
            ];
            pairs.iter().all(|(a, b)| (a - b).abs() <= STILL)
        };
        let moved = match (&was, &is) {
            (Some(was), Some(is)) => !is_still(was, is),
            (None, _) => false,
            (Some(_), None) => true,
        };
        if moved {
            let message = format!("{} would not stay where it is in a group", layer.label());
            let hint = "layers that a row or column places cannot be grouped there";
            return Err(invalid(before, message, hint));
        }
    }
    Ok(())
}

/// A layer of the text itself, and where it is there.
fn own<'m>(model: &'m Model, name: &str, op: &str) -> Result<(&'m Layer, Path), Refused> {
    let layer = model.layer(name)?;
    match model.own_path(&layer.place) {
        Some(path) if !is_inherited(model, layer) => Ok((layer, path)),
        _ => Err(of_base(model, layer, name, op)),
    }
}

fn of_base(model: &Model, layer: &Layer, name: &str, op: &str) -> Refused {
    Refused::Elsewhere {
        layer: name.to_owned(),
        key: op.to_owned(),
        origin: Box::new(Origin {
            kind: OriginKind::Base,
            place: Some(place_in_base(model, layer)),
            computed: false,
        }),
    }
}

/// Where a base has the layer.
fn place_in_base(model: &Model, layer: &Layer) -> Place {
    let keys = layer.keys.entries.iter();
    let inherited = keys
        .map(|entry| &entry.key_place)
        .find(|place| !model.is_here(place));
    match inherited {
        Some(place) if model.is_here(&layer.place) => place.clone(),
        _ => whole_layer(layer),
    }
}

/// Whether a base has a layer of this id: then its order and its being there are the base's.
fn is_inherited(model: &Model, layer: &Layer) -> bool {
    let Some(id) = &layer.id else { return false };
    let mut ids = BTreeSet::new();
    for source in model.template.sources.iter().skip(1) {
        let (table, _) = tree::read(source);
        collect(table.get("layer"), &mut ids);
    }
    ids.contains(id)
}

fn collect(layers: Option<&crate::template::Node>, ids: &mut BTreeSet<String>) {
    let Some(Value::Array(items)) = layers.map(|node| &node.value) else {
        return;
    };
    for item in items {
        if let Value::Table(table) = &item.value {
            ids.extend(table.node(key!(LAYER.id)).and_then(grammar::text));
            collect(table.node(key!(GROUP.children)), ids);
        }
    }
}

fn into_itself(model: &Model, layer: &Layer) -> Refused {
    invalid(
        model,
        format!("{} cannot be moved into itself", layer.label()),
        "",
    )
}

/// Where a place among the layers is in the text.
fn slot(model: &Model, at: &At, op: &str) -> Result<Slot, Refused> {
    match at {
        At::Top => {
            let list: Path = vec![Step::Key("layer".into())];
            let at = count(&model.document(), &list);
            Ok(Slot { list, at })
        }
        At::After(other) => Ok(beside(&own(model, other, op)?.1, 1)),
        At::Before(other) => Ok(beside(&own(model, other, op)?.1, 0)),
        At::Into(group) => {
            let found = model.layer(group)?;
            if found.kind != crate::template::language::LayerType::Group {
                let message = format!("{} is no group", found.label());
                return Err(invalid(model, message, ""));
            }
            let Some(mut list) = model.own_path(&found.place) else {
                return Err(of_base(model, found, group, op));
            };
            list.push(Step::Key("children".into()));
            let at = count(&model.document(), &list);
            Ok(Slot { list, at })
        }
    }
}

fn beside(path: &[Step], by: usize) -> Slot {
    let (last, list) = path.split_last().expect("a layer is in a list");
    let at = match last {
        Step::At(at) => at + by,
        Step::Key(_) => by,
    };
    Slot {
        list: list.to_vec(),
        at,
    }
}

/// An index of the list that a layer was taken from.
fn shifted(at: usize, removed: &[Step]) -> usize {
    match removed.last() {
        Some(Step::At(gone)) if at > *gone => at - 1,
        _ => at,
    }
}

/// A path after a layer is gone: what came behind it in its list is one nearer.
fn after_removal(mut path: Path, removed: &[Step]) -> Path {
    let last = removed.len() - 1;
    if path.len() > last
        && path[..last] == removed[..last]
        && let Step::At(at) = &mut path[last]
    {
        *at = shifted(*at, removed);
    }
    path
}

fn apart(model: &Model, _: Apart) -> Refused {
    invalid(
        model,
        "the tables of this layer stand apart in the text",
        "put them one under the other first",
    )
}

fn piece(model: &Model, text: &str, path: &[Step]) -> Result<Piece, Refused> {
    blocks::piece(&Document::read(text), path).map_err(|why| apart(model, why))
}

fn without(model: &Model, text: &str, path: &[Step]) -> Result<String, Refused> {
    blocks::without(&Document::read(text), path).map_err(|why| apart(model, why))
}

/// A piece at its place, held against the model that is meant: the old one without what was taken out, and with it.
fn put(
    model: &Model,
    text: &str,
    slot: &Slot,
    piece: &str,
    taken: &[Path],
) -> Result<String, Refused> {
    let newline = model.document().newline();
    let piece = &piece.replace("\r\n", "\n").replace('\n', newline);
    let written = blocks::put(text, &slot.list, slot.at, piece).map_err(|why| apart(model, why))?;
    let mut intended = plain(&model.own);
    for path in taken.iter().rev() {
        intended = removed(intended, path);
    }
    let layer = plain(&read(piece, model).own);
    let layer = layer["layer"][0].clone();
    let intended = inserted(intended, slot, layer)
        .ok_or_else(|| invalid(model, "the layers of this text stand apart", ""))?;
    let mut kept = comments(&model.text);
    if taken.is_empty() {
        kept.extend(comments(piece));
    }
    kept.sort();
    let mut now = comments(&written);
    now.sort();
    match kept == now {
        true => check(model, &written, intended),
        false => Err(invalid(
            model,
            "a comment has no place where the layer goes",
            "move the text by hand",
        )),
    }
}

/// Refuses a text that does not mean what was meant.
fn check(model: &Model, text: &str, intended: Json) -> Result<String, Refused> {
    let got = read(text, model);
    match got.broken.is_empty() && pruned(&plain(&got.own)) == pruned(&intended) {
        true => Ok(text.to_owned()),
        false => Err(invalid(
            model,
            "the layer cannot be moved as it is written",
            "change the text by hand",
        )),
    }
}

fn comments(text: &str) -> Vec<String> {
    let document = Document::read(text);
    let comments = document.comments.iter();
    comments
        .map(|span| text[span.clone()].trim_end().to_owned())
        .collect()
}

fn removed(mut model: Json, path: &[Step]) -> Json {
    let Some((Step::At(at), list)) = path.split_last() else {
        return model;
    };
    if let Some(items) = at_path(&mut model, list).and_then(Json::as_array_mut)
        && *at < items.len()
    {
        items.remove(*at);
    }
    model
}

fn inserted(mut model: Json, slot: &Slot, layer: Json) -> Option<Json> {
    let (Step::Key(name), group) = slot.list.split_last()? else {
        return None;
    };
    let group = at_path(&mut model, group)?.as_object_mut()?;
    let items = group.entry(name.clone()).or_insert_with(|| json!([]));
    let items = items.as_array_mut()?;
    items.insert(slot.at.min(items.len()), layer);
    Some(model)
}

fn at_path<'j>(mut model: &'j mut Json, path: &[Step]) -> Option<&'j mut Json> {
    for step in path {
        model = match step {
            Step::Key(name) => model.as_object_mut()?.get_mut(name)?,
            Step::At(at) => model.as_array_mut()?.get_mut(*at)?,
        };
    }
    Some(model)
}

/// A new layer as a piece: a key a line, and what is in it under headings of its own.
fn written(model: &Model, values: &Map<String, Json>) -> Result<Piece, Refused> {
    fn layer(
        values: &Map<String, Json>,
        heading: &str,
        out: &mut String,
    ) -> Result<(), write::NoForm> {
        out.push_str(&format!("[[{heading}]]\n"));
        for (name, value) in values.iter().filter(|(name, _)| *name != "children") {
            if !value.is_null() {
                let line = format!("{} = {}\n", write::key(name), write::value(value, None)?);
                out.push_str(&line);
            }
        }
        let children = values.get("children").and_then(Json::as_array);
        for child in children.into_iter().flatten() {
            out.push('\n');
            let child = child.as_object().ok_or(write::NoForm)?;
            layer(child, &format!("{heading}.children"), out)?;
        }
        Ok(())
    }
    let mut out = String::new();
    let no_form = |_| invalid(model, "a value of the new layer has no form in TOML", "");
    layer(values, "layer", &mut out).map_err(no_form)?;
    Ok(out)
}

fn ids(model: &Model) -> BTreeSet<String> {
    let mut all = Vec::new();
    flat(&model.template.layers, &mut all);
    all.iter().filter_map(|layer| layer.id.clone()).collect()
}

/// A name that no layer has: `title`, `title-2` …
fn unused(taken: &BTreeSet<String>, name: &str) -> String {
    let is_free = |name: &String| !taken.contains(name);
    if is_free(&name.to_owned()) {
        return name.to_owned();
    }
    let stem = match name.rsplit_once('-') {
        Some((stem, number)) if number.parse::<u32>().is_ok() => stem,
        _ => name,
    };
    let mut names = (2..).map(|number: u32| format!("{stem}-{number}"));
    names
        .find(is_free)
        .expect("there are more numbers than layers")
}

/// A piece whose layers have ids that no other layer has.
fn with_new_ids(model: &Model, mut piece: Piece) -> Result<Piece, Refused> {
    let mut taken = ids(model);
    let own = read(&piece, model).own;
    let mut paths = Vec::new();
    id_paths(own.get("layer"), &[Step::Key("layer".into())], &mut paths);
    for (path, id) in paths {
        let new = unused(&taken, &id);
        piece = splice::set(&piece, &path, &json!(new))
            .map_err(|_| invalid(model, "the copy's id cannot be written", ""))?;
        taken.insert(new);
    }
    Ok(piece)
}

/// The ids in a list of layers, each with its path.
fn id_paths(layers: Option<&crate::template::Node>, list: &[Step], out: &mut Vec<(Path, String)>) {
    let Some(Value::Array(items)) = layers.map(|node| &node.value) else {
        return;
    };
    for (at, item) in items.iter().enumerate() {
        let Value::Table(table) = &item.value else {
            continue;
        };
        let mut path = list.to_vec();
        path.push(Step::At(at));
        if let Some(id) = table.node(key!(LAYER.id)).and_then(grammar::text) {
            let mut of_id = path.clone();
            of_id.push(Step::Key("id".into()));
            out.push((of_id, id));
        }
        path.push(Step::Key("children".into()));
        id_paths(table.node(key!(GROUP.children)), &path, out);
    }
}
