//! A number in the form that stood there: a percentage stays one, parts of the font size stay parts of it.
//!
//! In: a number of canvas units, the old value, what its key takes. Out: what is to be written. Never: a text that was
//! given as one.

use serde_json::{Value as Json, json};

use crate::template::language::{FILL, Key, Kind, LayerType};
use crate::template::{Node, Value, grammar};

/// How far a percentage may be from the number of units that was asked for.
const NEAR: f64 = 0.1;

/// What a form is relative to, in canvas units; asked for only where it is needed.
pub(super) trait Sides {
    /// The parent's width (of `left`, `right`, `width`) or height.
    fn parent(&self, is_across: bool) -> Option<f64>;
    /// The shorter side of the layer's own box.
    fn short(&self) -> Option<f64>;
    /// The layer's font size.
    fn font_size(&self) -> f64;
    /// The canvas.
    fn canvas(&self) -> (f64, f64);
}

/// What a key takes, of a layer of that type; numbers among the keys are places in lists.
pub(super) fn kind_of(layer: LayerType, keys: &[&str]) -> Option<Kind> {
    let (first, rest) = keys.split_first()?;
    let mut kind = layer.keys().find(|k| k.name == *first)?.kind;
    for key in rest.iter().filter(|key| key.parse::<usize>().is_err()) {
        let inside: &[Key] = match kind {
            Kind::Record(keys) | Kind::Records(keys) | Kind::ChoiceOr(_, keys) => keys,
            Kind::Fill(_) => FILL,
            _ => return None,
        };
        kind = inside.iter().find(|k| k.name == *key)?.kind;
    }
    Some(kind)
}

/// The value to write. None where the form needs a length that nothing tells.
pub(super) fn in_form(
    value: &Json,
    kind: Kind,
    name: &str,
    old: Option<&Node>,
    sides: &dyn Sides,
) -> Option<Json> {
    if let (Json::Array(new), Some(Value::Array(old))) = (value, old.map(|n| &n.value))
        && new.len() == old.len()
    {
        let items = new.iter().zip(old).enumerate();
        let items = items.map(|(at, (new, old))| one(new, kind, name, at, old, sides));
        return items.collect::<Option<Vec<Json>>>().map(Json::Array);
    }
    match old {
        Some(old) => one(value, kind, name, 0, old, sides),
        None => Some(value.clone()),
    }
}

fn one(
    value: &Json,
    kind: Kind,
    name: &str,
    at: usize,
    old: &Node,
    sides: &dyn Sides,
) -> Option<Json> {
    let (Some(units), Some(text)) = (value.as_f64(), old.as_text()) else {
        return Some(value.clone());
    };
    let text = text.trim();
    Some(match kind {
        Kind::Length | Kind::Radius | Kind::Position if text.ends_with('%') => {
            let canvas = sides.canvas();
            let side = match kind {
                Kind::Position if at == 0 => canvas.0,
                Kind::Position => canvas.1,
                Kind::Length if is_of_parent(name) => sides.parent(is_across(name))?,
                _ => sides.short()?,
            };
            percent(units, side)
        }
        Kind::Spacing if text.ends_with("em") => {
            let parts = units / sides.font_size().max(0.01);
            json!(format!("{}em", rounded(parts, 4)))
        }
        Kind::Time if grammar::time_of(text).is_some() => json!(format!("{}s", rounded(units, 3))),
        _ => value.clone(),
    })
}

/// Whether a key's percentage is of the parent's side.
fn is_of_parent(name: &str) -> bool {
    ["left", "right", "width", "top", "bottom", "height"].contains(&name)
}

/// Whether a key goes across the canvas rather than down.
pub(super) fn is_across(name: &str) -> bool {
    ["left", "right", "width"].contains(&name)
}

/// A length as a percentage of a side, with as few decimals as put it where it was asked for.
fn percent(units: f64, side: f64) -> Json {
    if side.abs() < 0.01 {
        return number(units);
    }
    let exact = units / side * 100.0;
    let near = |decimals: &i32| {
        let power = 10f64.powi(*decimals);
        let rounded = (exact * power).round() / power;
        (rounded * side / 100.0 - units).abs() <= NEAR
    };
    let decimals = (0..6).find(near).unwrap_or(6);
    json!(format!("{}%", rounded(exact, decimals)))
}

fn rounded(number: f64, decimals: i32) -> f64 {
    let power = 10f64.powi(decimals);
    let rounded = (number * power).round() / power;
    // no minus before nothing
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A number that was worked out: hundredths of a unit, whole where it is.
pub(super) fn number(units: f64) -> Json {
    let rounded = rounded(units, 2);
    match rounded.fract() == 0.0 {
        true => json!(rounded as i64),
        false => json!(rounded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_as_few_decimals_as_it_needs() {
        assert_eq!(percent(540.0, 1080.0), "50%");
        assert_eq!(percent(413.0, 1080.0), "38.24%");
        assert_eq!(percent(360.0, 1080.0), "33.33%");
        assert_eq!(percent(-54.0, 1080.0), "-5%");
        assert_eq!(percent(-0.01, 1080.0), "0%");
        assert_eq!(percent(7.0, 0.0), 7);
    }

    #[test]
    fn a_number_that_was_worked_out_is_no_longer_than_it_needs() {
        assert_eq!(number(12.000_001), 12);
        assert_eq!(number(12.346), 12.35);
    }
}
