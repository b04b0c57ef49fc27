//! Stickers as the app's own form carries them.
//!
//! In: boxes as reports tell them, centre and size as parts of the canvas. Out: `tap_models`, `reel_mentions`,
//! `story_sticker_ids`, `audience`. Never: a kind whose form nobody has seen, a rotation other than 0.
//!
//! Forms: those of instagrapi 3.2.2. The unit of `rotation` is documented nowhere, so a turned sticker gets the upright
//! box around it.

use serde_json::{Map, Value, json};

/// What has to be asked before anything is sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Questions {
    /// Names whose ids the form needs.
    pub users: Vec<String>,
    /// Places whose ids the form needs.
    pub places: Vec<String>,
    /// Links that the platform may refuse.
    pub links: Vec<String>,
}

/// What was answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// By name.
    pub users: std::collections::BTreeMap<String, String>,
    /// By the place's number.
    pub places: std::collections::BTreeMap<String, String>,
}

/// Kinds that go out this way.
pub const KINDS: [&str; 5] = ["link", "mention", "hashtag", "location", "poll"];

/// What has to be asked about these stickers. Only the first link goes out.
pub fn questions(stickers: &[Value]) -> Questions {
    let mut questions = Questions::default();
    for sticker in carried(stickers) {
        match kind(sticker) {
            "mention" => questions.users.push(username(sticker)),
            "location" => questions.places.extend(text(sticker, "id")),
            "link" => questions.links.extend(text(sticker, "url")),
            _ => {}
        }
    }
    questions
}

/// Those that go out: of the kinds that do, and one link.
fn carried(stickers: &[Value]) -> impl Iterator<Item = &Value> {
    let mut has_link = false;
    stickers.iter().filter(move |sticker| {
        let is_second = kind(sticker) == "link" && std::mem::replace(&mut has_link, true);
        KINDS.contains(&kind(sticker)) && !is_second
    })
}

fn kind(sticker: &Value) -> &str {
    sticker["kind"].as_str().unwrap_or_default()
}

fn text(sticker: &Value, key: &str) -> Option<String> {
    let text = sticker[key].as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn username(sticker: &Value) -> String {
    let name = text(sticker, "username").unwrap_or_default();
    name.trim_start_matches('@').to_owned()
}

/// The form's own part for these stickers.
///
/// # Errors
/// A sentence, where a name or place was not answered for.
pub fn form(
    stickers: &[Value],
    audience: Option<&str>,
    answers: &Answers,
) -> Result<Value, String> {
    let mut models = Vec::new();
    let mut mentions = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for sticker in carried(stickers) {
        let (own, id) = own(sticker, answers)?;
        let mut model = upright(sticker);
        model.extend(own);
        let model = Value::Object(model);
        if kind(sticker) == "mention" {
            mentions.push(model.clone());
        }
        models.push(model);
        if let Some(id) = id.filter(|id| !ids.contains(id)) {
            ids.push(id);
        }
    }
    let mut form = Map::new();
    if !models.is_empty() {
        form.insert("tap_models".into(), Value::from(models).to_string().into());
    }
    if !mentions.is_empty() {
        let text = Value::from(mentions).to_string();
        form.insert("reel_mentions".into(), text.into());
    }
    if !ids.is_empty() {
        form.insert("story_sticker_ids".into(), ids.join(",").into());
    }
    if let Some("close-friends") = audience {
        form.insert("audience".into(), "besties".into());
    }
    Ok(form.into())
}

/// What a kind has beside its box, and its word in `story_sticker_ids`.
fn own(
    sticker: &Value,
    answers: &Answers,
) -> Result<(Map<String, Value>, Option<&'static str>), String> {
    let (own, id) = match kind(sticker) {
        "link" => {
            let id = "link_sticker_default";
            let url = text(sticker, "url").ok_or("a link without an address")?;
            let own = json!({
                "type": "story_link", "link_type": "web", "url": url, "is_sticker": true, "selected_index": 0,
                "tap_state": 0, "tap_state_str_id": id,
            });
            (own, Some(id))
        }
        "mention" => {
            let name = username(sticker);
            let user = answers.users.get(&name);
            let user = user.ok_or_else(|| format!("nobody has looked up @{name}"))?;
            let own = json!({
                "type": "mention", "user_id": user, "is_sticker": false, "display_type": "mention_username",
                "tap_state": 0, "tap_state_str_id": "mention_text",
            });
            (own, None)
        }
        "hashtag" => {
            let name = text(sticker, "name").ok_or("a hashtag without a name")?;
            let own = json!({
                "type": "hashtag", "tag_name": name.trim_start_matches('#'), "is_sticker": true, "tap_state": 0,
                "tap_state_str_id": "hashtag_sticker_gradient",
            });
            (own, Some("hashtag_sticker"))
        }
        "location" => {
            let pk = text(sticker, "id").ok_or("a place without its number: give it an `id`")?;
            let place = answers.places.get(&pk);
            let place = place.ok_or_else(|| format!("nobody has looked up the place {pk}"))?;
            let own = json!({
                "type": "location", "location_id": place, "is_sticker": true, "tap_state": 0,
                "tap_state_str_id": "location_sticker_vibrant",
            });
            (own, Some("location_sticker"))
        }
        _ => {
            let id = "polling_sticker_v2";
            let options = sticker["options"].as_array().cloned().unwrap_or_default();
            let tally = |text: &Value| json!({"text": text, "count": 0, "font_size": 39.0});
            let tallies: Vec<Value> = options.iter().map(tally).collect();
            let own = json!({
                "type": "poll", "poll_type": "", "question": text(sticker, "question").unwrap_or_default(),
                "tallies": tallies, "is_multi_option_poll": true, "viewer_can_vote": true, "is_shared_result": false,
                "finished": false, "color": "black", "is_sticker": true, "tap_state": 0, "tap_state_str_id": id,
            });
            (own, Some(id))
        }
    };
    Ok((own.as_object().cloned().unwrap_or_default(), id))
}

/// The upright box around a sticker.
fn upright(sticker: &Value) -> Map<String, Value> {
    let part = |name: &str| sticker[name].as_f64().unwrap_or_default();
    let (width, height) = (part("width"), part("height"));
    // in units of the canvas: its sides differ
    let (sin, cos) = part("rotation").to_radians().sin_cos();
    let (wide, high) = (width * 1080.0, height * 1920.0);
    let around = (
        (wide * cos.abs() + high * sin.abs()) / 1080.0,
        (wide * sin.abs() + high * cos.abs()) / 1920.0,
    );
    let mut model = Map::new();
    for (name, part) in [
        ("x", part("x")),
        ("y", part("y")),
        ("width", around.0),
        ("height", around.1),
        ("rotation", 0.0),
    ] {
        model.insert(name.into(), part.into());
    }
    model.insert("z".into(), 0.into());
    model
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Value {
        json!({"kind": "link", "x": 0.5, "y": 0.8, "width": 0.4, "height": 0.05, "rotation": 0.0,
            "url": "https://example.com/menu"})
    }

    #[test]
    fn a_link_is_one_tap_model_with_its_word() {
        let form = form(&[link(), link()], None, &Answers::default()).expect("a form");
        let models: Value = serde_json::from_str(form["tap_models"].as_str().unwrap()).unwrap();
        assert_eq!(models.as_array().map(Vec::len), Some(1), "one link alone");
        assert_eq!(models[0]["type"], "story_link");
        assert_eq!(
            (&models[0]["x"], &models[0]["height"]),
            (&json!(0.5), &json!(0.05))
        );
        assert_eq!(form["story_sticker_ids"], "link_sticker_default");
        assert_eq!(form.get("reel_mentions"), None);
    }

    #[test]
    fn all_mentions_are_named_and_close_friends_are_besties() {
        let ana = json!({"kind": "mention", "x": 0.5, "y": 0.5, "width": 0.2, "height": 0.05, "username": "@ana"});
        let mut bea = ana.clone();
        bea["username"] = "bea".into();
        let mut answers = Answers::default();
        assert_eq!(questions(&[ana.clone(), bea.clone()]).users, ["ana", "bea"]);
        assert!(form(std::slice::from_ref(&ana), None, &answers).is_err());
        answers.users = [("ana", "1"), ("bea", "2")]
            .map(|(n, i)| (n.into(), i.into()))
            .into();
        let form = form(&[ana, bea], Some("close-friends"), &answers).expect("a form");
        let mentions: Value =
            serde_json::from_str(form["reel_mentions"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&mentions[0]["user_id"], &mentions[1]["user_id"]),
            (&json!("1"), &json!("2"))
        );
        assert_eq!(form["audience"], "besties");
    }

    #[test]
    fn a_turned_sticker_has_the_upright_box_around_it() {
        let mut turned = link();
        turned["rotation"] = 90.0.into();
        let upright = upright(&turned);
        let near =
            |name: &str, expected: f64| (upright[name].as_f64().unwrap() - expected).abs() < 1e-9;
        assert!(near("width", 0.05 * 1920.0 / 1080.0) && near("height", 0.4 * 1080.0 / 1920.0));
        assert_eq!(upright["rotation"], 0.0);
    }

    #[test]
    fn what_nobody_has_seen_live_does_not_go_out() {
        let quiz = json!({"kind": "quiz", "x": 0.5, "y": 0.5, "width": 0.2, "height": 0.05});
        assert_eq!(form(&[quiz], None, &Answers::default()), Ok(json!({})));
    }
}
