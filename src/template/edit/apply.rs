//! Edits on a text, one after the other: all of them, or none.
//!
//! In: a text and edits. Out: the text after them, or why there is none. Never: a text that means something else than
//! was asked for, or has an error that was not there.

use serde_json::Value as Json;

use crate::diag::Diagnostic;

use super::asked::Edit;
use super::geometry::Axis;
use super::model::Model;
use super::operations;
use super::surroundings::{File, Refused, Surroundings};
use super::values::{self, Setting};

const MARK: char = '\u{feff}';

/// The text after all edits; its diagnostics are those of the template itself.
///
/// # Errors
/// The first edit that is refused; or an error that the text did not have before.
pub fn apply(
    text: &str,
    file: &File<'_>,
    edits: &[Edit],
    around: &dyn Surroundings,
) -> Result<String, Refused> {
    let body = text.strip_prefix(MARK).unwrap_or(text);
    let reread = |text: String| Model::read(text, file);
    let mut model = reread(body.to_owned())?;
    let before = model.wrong.clone();
    let mut done = vec![false; edits.len()];
    for at in 0..edits.len() {
        if std::mem::replace(&mut done[at], true) {
            continue;
        }
        model = match &edits[at] {
            Edit::Value {
                layer,
                key,
                value,
                is_override,
            } => match Axis::of(key) {
                Some((axis, _)) => {
                    let (given, is_override) = of_axis(edits, at, layer, axis, &mut done);
                    let settings = values::edges(&model, layer, axis, &given, around)?;
                    set_all(model, layer, settings, is_override, around, &reread)?
                }
                None => {
                    let setting = Setting {
                        layer,
                        key: key.clone(),
                        value: value.clone(),
                        is_override: *is_override,
                    };
                    set_one(model, &setting, around, &reread)?
                }
            },
            Edit::Place {
                layer,
                spot,
                is_override,
            } => {
                let settings = values::placed(&model, layer, spot, around)?;
                set_all(model, layer, settings, *is_override, around, &reread)?
            }
            Edit::Insert { values, at } => reread(operations::insert(&model, values, at)?)?,
            Edit::Delete { layer } => reread(operations::delete(&model, layer)?)?,
            Edit::Move { layer, at } => reread(operations::relocate(&model, layer, at)?)?,
            Edit::Duplicate { layer } => reread(operations::duplicate(&model, layer)?)?,
            Edit::Group { layers, id } => {
                let id = id.as_deref();
                reread(operations::group(&model, layers, id, around, &reread)?)?
            }
        };
    }
    let new = new_errors(&before, &model.wrong);
    match new.is_empty() {
        true if text.starts_with(MARK) => Ok(format!("{MARK}{}", model.text)),
        true => Ok(model.text),
        false => Err(Refused::Invalid(new)),
    }
}

/// The edits of one layer's edges on one axis, which mean one box: `left` and `width` of one box are one change.
fn of_axis(
    edits: &[Edit],
    from: usize,
    of: &str,
    on: Axis,
    done: &mut [bool],
) -> (Vec<(usize, Json)>, bool) {
    let mut given = Vec::new();
    let mut any_override = false;
    for (at, edit) in edits.iter().enumerate().skip(from) {
        let (layer, key, value, is_override) = match edit {
            Edit::Value {
                layer,
                key,
                value,
                is_override,
            } => (layer, key, value, is_override),
            // what comes behind a layer that moved is of another text
            _ => break,
        };
        if layer != of {
            continue;
        }
        if let Some((axis, name)) = Axis::of(key)
            && axis == on
        {
            given.retain(|(known, _)| *known != name);
            given.push((name, value.clone()));
            any_override |= is_override;
            done[at] = true;
        }
    }
    (given, any_override)
}

fn set_all(
    mut model: Model,
    layer: &str,
    settings: Vec<(&'static str, Json)>,
    is_override: bool,
    around: &dyn Surroundings,
    reread: &dyn Fn(String) -> Result<Model, Refused>,
) -> Result<Model, Refused> {
    for (key, value) in settings {
        let setting = Setting {
            layer,
            key: key.to_owned(),
            value,
            is_override,
        };
        model = set_one(model, &setting, around, reread)?;
    }
    Ok(model)
}

fn set_one(
    model: Model,
    setting: &Setting<'_>,
    around: &dyn Surroundings,
    reread: &dyn Fn(String) -> Result<Model, Refused>,
) -> Result<Model, Refused> {
    if values::is_same(&model, setting) {
        return Ok(model);
    }
    reread(values::set(&model, setting, around)?)
}

/// The errors of `now` that were not there before, however far they moved.
pub fn new_errors(before: &[Diagnostic], now: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut known: Vec<&Diagnostic> = before.iter().filter(|d| d.is_error()).collect();
    let mut new = Vec::new();
    for error in now.iter().filter(|d| d.is_error()) {
        let same = |k: &&Diagnostic| k.code == error.code && k.message == error.message;
        match known.iter().position(same) {
            Some(at) => {
                known.swap_remove(at);
            }
            None => new.push(error.clone()),
        }
    }
    new
}
