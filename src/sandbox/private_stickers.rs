//! The tap boxes of a form, as `/sandbox/stories` tells them.
//!
//! In: `tap_models`, a list as JSON text. Out: kind, centre and size as parts of the picture, and what the kind has.
//! Never: a box without a place, more than one link.

use serde_json::{Map, Value, json};

use super::private_ask::{AppAsk, text_of};
use super::private_item::Box4;
use super::private_people;
use super::private_reply::{Refused, refuse};
use super::world::World;

/// The most boxes that one story has.
const MOST: usize = 50;

/// What a form has to tap.
///
/// # Errors
/// 400 for what is no list, a box without a place or of an unknown kind, a second link.
pub fn stickers(world: &World, ask: &AppAsk) -> Result<Vec<Value>, Refused> {
    let given = match ask.text("tap_models") {
        None => return Ok(Vec::new()),
        Some(text) if text.is_empty() => return Ok(Vec::new()),
        Some(text) => serde_json::from_str::<Vec<Value>>(&text),
    };
    let given = given.map_err(|_| refuse(400, "tap_models is no list"))?;
    if given.len() > MOST {
        return Err(refuse(400, "too many stickers"));
    }
    let found: Result<Vec<Value>, Refused> =
        given.iter().map(|model| sticker(world, model)).collect();
    let found = found?;
    if found.iter().filter(|found| found["kind"] == "link").count() > 1 {
        return Err(refuse(400, "a story has one link"));
    }
    Ok(found)
}

fn sticker(world: &World, model: &Value) -> Result<Value, Refused> {
    let is_place = |name: &str| {
        model[name]
            .as_f64()
            .is_some_and(|part| (-1.0..=2.0).contains(&part))
    };
    let is_side = |name: &str| {
        model[name]
            .as_f64()
            .is_some_and(|part| part > 0.0 && part <= 4.0)
    };
    if !(is_place("x") && is_place("y") && is_side("width") && is_side("height")) {
        return Err(refuse(400, "a sticker has no place"));
    }
    let text = |name: &str| text_of(&model[name]);
    let (kind, own) = match model["type"].as_str().unwrap_or_default() {
        "story_link" => ("link", json!({"url": text("url")})),
        "mention" => {
            let id = text("user_id");
            let name = private_people::name_of(world, &id);
            ("mention", json!({"user_id": id, "username": name}))
        }
        "hashtag" => ("hashtag", json!({"name": text("tag_name")})),
        "location" => {
            let id = text("location_id");
            (
                "location",
                json!({"name": private_people::place(&id), "id": id}),
            )
        }
        "poll" => {
            let tallies = model["tallies"].as_array().cloned().unwrap_or_default();
            let options: Vec<&Value> = tallies.iter().map(|tally| &tally["text"]).collect();
            (
                "poll",
                json!({"question": text("question"), "options": options}),
            )
        }
        other => return Err(refuse(400, &format!("no sticker `{other}`"))),
    };
    let place = Box4::of(model);
    let mut told = Map::new();
    told.insert("kind".into(), kind.into());
    for (name, part) in [
        ("x", place.x),
        ("y", place.y),
        ("width", place.width),
        ("height", place.height),
        ("rotation", place.rotation),
    ] {
        told.insert(name.into(), part.into());
    }
    for (name, value) in own.as_object().into_iter().flatten() {
        told.insert(name.clone(), value.clone());
    }
    Ok(told.into())
}
