//! Single values: found, held against where they come from, written.
//!
//! In: a text that was read, a layer, a key, a value. Out: the text with it. Never: two meanings of one edit.

use serde_json::{Value as Json, json};

use crate::diag::{Code, Diagnostic, Place};
use crate::platform::STORY;
use crate::template::{Layer, Origin, Value, grammar, key};

use super::document::Path;
use super::geometry::{Axis, Wanted, is_without_edges, share};
use super::model::{Model, Target, invalid, key_path, node_at, plain, pruned, unit, with};
use super::numbers::{self, Sides, kind_of};
use super::splice::{self, Unwritten};
use super::surroundings::{Laid, Refused, Surroundings};

/// One value of one layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting<'e> {
    pub layer: &'e str,
    pub key: String,
    pub value: Json,
    /// Write it here, wherever it comes from.
    pub is_override: bool,
}

/// The text with one value.
pub(super) fn set(
    model: &Model,
    setting: &Setting<'_>,
    around: &dyn Surroundings,
) -> Result<String, Refused> {
    let target = model.target(setting.layer)?;
    let mut keys: Vec<&str> = setting.key.split('.').collect();
    refuse_special(model, &target, &keys)?;
    // `title = "…"` declares a variable by its default
    if target.name.is_empty()
        && let ["vars", _, "default"] = keys[..]
        && let Some(node) = node_at(target.keys, &keys[..2])
        && !matches!(node.value, Value::Table(_))
    {
        keys.pop();
    }
    let (origin, old) = model.origin(&target, &keys, around);
    let is_default = origin.kind == crate::template::OriginKind::Default;
    let is_here = origin.is_literal_here() || is_default;
    if !is_here && !setting.is_override {
        return Err(elsewhere(&target, &setting.key, origin));
    }
    let value = in_form(model, &target, &keys, &setting.value, old, around)?;
    let (keys, value) = whole_unit(model, &target, &keys, value);
    let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
    let (text, own) = match &target.own {
        Some(own) => (model.text.clone(), own.clone()),
        None => super::shell::of_base(model, target.layer)?,
    };
    let path = key_path(&own, &keys);
    let written =
        splice::set(&text, &path, &value).map_err(|why| unwritten(model, &setting.key, why))?;
    let before = match target.own {
        Some(_) => plain(&model.own),
        None => plain(&read(&text, model).own),
    };
    let intended = with(before, &path, &value).map(|intended| pruned(&intended));
    let got = read(&written, model);
    match got.broken.is_empty() && intended == Some(pruned(&plain(&got.own))) {
        true => Ok(written),
        false => Err(invalid(
            model,
            format!("`{}` cannot be written where it stands", setting.key),
            "change it in the text",
        )),
    }
}

/// A text's own tables, and its faults.
pub(super) struct Own {
    pub own: crate::template::Table,
    pub broken: Vec<Diagnostic>,
}

/// Reads a text that was changed.
pub(super) fn read(text: &str, model: &Model) -> Own {
    let source = crate::diag::Source::new(&model.template.sources[0].path, text);
    let (own, broken) = crate::template::tree::read(&source);
    Own { own, broken }
}

pub(super) fn elsewhere(target: &Target<'_>, key: &str, origin: Origin) -> Refused {
    Refused::Elsewhere {
        layer: target.name.clone(),
        key: key.to_owned(),
        origin: Box::new(origin),
    }
}

fn unwritten(model: &Model, key: &str, why: Unwritten) -> Refused {
    match why {
        Unwritten::NoTable(span) => {
            let place = Place::new(&model.template.sources[0], span);
            let message = format!("`{key}`: what stands here has no keys");
            Refused::Invalid(vec![Diagnostic::at(Code::BadValue, &place, message)])
        }
        Unwritten::NoForm => invalid(model, format!("`{key}` takes no such value"), ""),
    }
}

/// What is changed by operations on layers, and what is no key.
fn refuse_special(model: &Model, target: &Target<'_>, keys: &[&str]) -> Result<(), Refused> {
    if keys.iter().any(|key| key.is_empty()) {
        return Err(invalid(
            model,
            "an edit names a key",
            "such as `left` or `shadow.blur`",
        ));
    }
    let is_list = target.name.is_empty() && ["layer", "mention", "link"].contains(&keys[0]);
    let is_children = target.layer.is_some() && keys[0] == key!(GROUP.children).name;
    match is_list || is_children {
        true => Err(invalid(
            model,
            format!("`{}` holds layers: edit them one by one", keys[0]),
            "insert, delete, move, duplicate and group are operations",
        )),
        false => Ok(()),
    }
}

/// A number in the form that stood there.
fn in_form(
    model: &Model,
    target: &Target<'_>,
    keys: &[&str],
    value: &Json,
    old: Option<&crate::template::Node>,
    around: &dyn Surroundings,
) -> Result<Json, Refused> {
    let kind = match (target.kind, target.name.is_empty()) {
        (Some(kind), _) => kind_of(kind, keys),
        // a sticker's point
        (None, false) => Some(crate::template::language::Kind::Position),
        (None, true) => None,
    };
    let Some(kind) = kind else {
        return Ok(value.clone());
    };
    let around = Around {
        model,
        target,
        around,
    };
    let name = keys[keys.len() - 1];
    numbers::in_form(value, kind, name, old, &around).ok_or_else(|| {
        let message = format!(
            "`{name}` is a percentage, and nothing tells how large the box is that it is a part of"
        );
        invalid(model, message, "give the percentage as a text")
    })
}

/// Where only a part of what is inherited whole is written, all of it is written here.
fn whole_unit(
    model: &Model,
    target: &Target<'_>,
    keys: &[&str],
    value: Json,
) -> (Vec<String>, Json) {
    let unit = unit(target, keys);
    let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let inherited = node_at(target.keys, &keys[..unit]).filter(|node| !model.is_here(&node.place));
    let whole = inherited.filter(|_| keys.len() > unit).and_then(|node| {
        let path: Path = key_path(&[], &keys[unit..]);
        with(node.value.to_json(), &path, &value)
    });
    match whole {
        Some(whole) => (owned(&keys[..unit]), whole),
        None => (owned(keys), value),
    }
}

/// What the forms of a layer's numbers are relative to.
struct Around<'a> {
    model: &'a Model,
    target: &'a Target<'a>,
    around: &'a dyn Surroundings,
}

impl Around<'_> {
    fn laid(&self) -> Option<Laid> {
        let layer = self.target.layer?;
        self.around.laid(&self.model.template, &layer.path)
    }
}

impl Sides for Around<'_> {
    fn parent(&self, is_across: bool) -> Option<f64> {
        let layer = self.target.layer?;
        side_of_parent(self.model, layer, is_across, || self.laid())
    }

    fn short(&self) -> Option<f64> {
        self.laid().map(|laid| laid.width.min(laid.height))
    }

    fn font_size(&self) -> f64 {
        let keys = self.target.keys;
        let own = keys.node(key!(TEXT.size)).and_then(grammar::number);
        let style = keys.node(key!(TEXT.style)).and_then(|n| n.as_text());
        let style = style.and_then(|name| self.around.style(name));
        let of_style = || style?.node(key!(TEXT.size)).and_then(grammar::number);
        own.or_else(of_style)
            .unwrap_or_else(|| f64::from(keys.read(key!(TEXT.size as number))))
    }

    fn canvas(&self) -> (f64, f64) {
        canvas()
    }
}

fn canvas() -> (f64, f64) {
    (f64::from(STORY.0), f64::from(STORY.1))
}

/// The side that a layer's percentages are of: the canvas, else what the layout says.
fn side_of_parent(
    model: &Model,
    layer: &Layer,
    is_across: bool,
    laid: impl FnOnce() -> Option<Laid>,
) -> Option<f64> {
    if model.parent(layer).is_none() {
        let (width, height) = canvas();
        return Some(if is_across { width } else { height });
    }
    let laid = laid()?;
    Some(if is_across {
        laid.parent_width
    } else {
        laid.parent_height
    })
}

/// The settings that an edit of some edges of one axis comes to.
pub(super) fn edges(
    model: &Model,
    layer: &str,
    axis: Axis,
    given: &[(usize, Json)],
    around: &dyn Surroundings,
) -> Result<Vec<(&'static str, Json)>, Refused> {
    let literal = || {
        let name = |(at, value): &(usize, Json)| (axis.names()[*at], value.clone());
        given.iter().map(name).collect::<Vec<_>>()
    };
    let target = model.target(layer)?;
    let Some(found) = target.layer else {
        return Ok(literal());
    };
    let moves = given.iter().any(|(at, value)| *at != 2 && !value.is_null());
    if moves && let Some(group) = line_around(model, found) {
        return Err(in_line(model, found, group));
    }
    let laid = || around.laid(&model.template, &found.path);
    let mut wanted = Wanted::default();
    for (at, value) in given {
        let slot = [&mut wanted.start, &mut wanted.end, &mut wanted.size];
        let units = match value {
            Json::Number(number) => number.as_f64(),
            // a percentage is written as it is given, where its edge is the one that is written
            Json::String(text) if *at == 0 && axis.is_by_end(target.keys) => {
                let side = side_of_parent(model, found, axis == Axis::Across, laid);
                side.and_then(|side| share(text, side))
            }
            _ => None,
        };
        let Some(units) = units else {
            return Ok(literal());
        };
        let [start, end, size] = slot;
        *[start, end, size][*at] = Some(units);
    }
    if !axis.needs_layout(target.keys, &wanted) {
        return Ok(literal());
    }
    let Some(laid) = laid() else {
        let message = format!("nothing tells where {} is now", found.label());
        return Err(invalid(model, message, "write the edge that it stands by"));
    };
    Ok(axis.edited(target.keys, wanted, Some(&laid)))
}

/// The settings that put a layer's box at a place on the canvas.
pub(super) fn placed(
    model: &Model,
    layer: &str,
    on_canvas: &super::asked::Spot,
    around: &dyn Surroundings,
) -> Result<Vec<(&'static str, Json)>, Refused> {
    let target = model.target(layer)?;
    let Some(found) = target.layer else {
        return Err(invalid(model, format!("`{layer}` is no layer"), ""));
    };
    let Some(laid) = around.laid(&model.template, &found.path) else {
        let message = format!("nothing tells where {} is now", found.label());
        return Err(invalid(model, message, "edit its keys"));
    };
    let (width, height) = (
        on_canvas.width.unwrap_or(laid.width),
        on_canvas.height.unwrap_or(laid.height),
    );
    let left = on_canvas.left.unwrap_or(laid.middle.0 - laid.width / 2.0);
    let top = on_canvas.top.unwrap_or(laid.middle.1 - laid.height / 2.0);
    // how far the middle moves, in the turned frame of the parent
    let (dx, dy) = (
        left + width / 2.0 - laid.middle.0,
        top + height / 2.0 - laid.middle.1,
    );
    let (sin, cos) = (-laid.turned).to_radians().sin_cos();
    let (dx, dy) = (dx * cos - dy * sin, dx * sin + dy * cos);
    let from_left = laid.left + laid.width / 2.0 + dx - width / 2.0;
    let from_top = laid.top + laid.height / 2.0 + dy - height / 2.0;
    let mut out = Vec::new();
    let is_moved = dx.abs() > 0.01 || dy.abs() > 0.01;
    match line_around(model, found) {
        Some(group) if is_moved && on_canvas.width.is_none() && on_canvas.height.is_none() => {
            return Err(in_line(model, found, group));
        }
        Some(_) => {
            // its row or column says where it is: only its size is its own
            out.extend(on_canvas.width.map(|w| ("width", numbers::number(w))));
            out.extend(on_canvas.height.map(|h| ("height", numbers::number(h))));
        }
        None => {
            out.extend(Axis::Across.placed(target.keys, from_left, width, &laid));
            out.extend(Axis::Down.placed(target.keys, from_top, height, &laid));
        }
    }
    if let Some(rotate) = on_canvas.rotate {
        let own = rotate - laid.turned;
        // half a turn either way, as the key takes no more than one
        let own = (own + 180.0).rem_euclid(360.0) - 180.0;
        let own = if own == -180.0 && rotate > 0.0 {
            180.0
        } else {
            own
        };
        out.push(("rotate", numbers::number(own)));
    }
    Ok(out)
}

/// The row or column that places a layer.
fn line_around<'m>(model: &'m Model, layer: &Layer) -> Option<&'m Layer> {
    let group = model.parent(layer)?;
    let layout = group.keys.read(key!(GROUP.layout as word));
    (layout != "free" && is_without_edges(&layer.keys)).then_some(group)
}

fn in_line(model: &Model, layer: &Layer, group: &Layer) -> Refused {
    let layout = group.keys.read(key!(GROUP.layout as word));
    let message = format!("{} is placed by its {layout}, not by edges", layer.label());
    let place = match model.is_here(&layer.place) {
        true => layer.place.clone(),
        false => Place::whole(&model.template.sources[0]),
    };
    let why = Diagnostic::at(Code::BadValue, &place, message);
    Refused::Invalid(vec![why.hint(format!(
        "move {}, or change its `gap`, `align`, `justify` or the order of its layers",
        group.label()
    ))])
}

/// A value as JSON, for a key that has the value already.
pub(super) fn is_same(model: &Model, setting: &Setting<'_>) -> bool {
    let Ok(target) = model.target(setting.layer) else {
        return false;
    };
    let keys: Vec<&str> = setting.key.split('.').collect();
    let node = node_at(target.keys, &keys).filter(|node| model.is_here(&node.place));
    node.is_some_and(|node| node.value.to_json() == json!(setting.value))
}
