//! Stickers as the app's own form carries them.
//!
//! In: boxes as reports tell them, centre and size as parts of the canvas. Out: `tap_models`, `reel_mentions`,
//! `story_sticker_ids`, `audience`. Never: a kind whose form nobody has seen, a rotation other than 0.
//!
//! Forms: those of instagrapi 3.2.2. The unit of `rotation` is documented nowhere, so a turned sticker gets the upright
//! box around it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::scene::{Audience, Sticker, StickerKind};

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
    pub users: BTreeMap<String, String>,
    /// By the place's number.
    pub places: BTreeMap<String, String>,
}

/// Which of a story's stickers go out this way: mentions, the first link, hashtags, polls, places whose number is known.
/// The forms of the others nobody has seen live.
pub fn carried(stickers: &[Sticker]) -> Vec<usize> {
    let mut has_link = false;
    let goes = |sticker: &Sticker| match &sticker.kind {
        StickerKind::Link { .. } => !std::mem::replace(&mut has_link, true),
        StickerKind::Mention { .. } | StickerKind::Hashtag { .. } | StickerKind::Poll { .. } => {
            true
        }
        StickerKind::Location { id, .. } => id.is_some(),
        _ => false,
    };
    let goes: Vec<bool> = stickers.iter().map(goes).collect();
    (0..stickers.len()).filter(|at| goes[*at]).collect()
}

/// What has to be asked about these stickers.
pub fn questions(stickers: &[Sticker]) -> Questions {
    let mut questions = Questions::default();
    for at in carried(stickers) {
        match &stickers[at].kind {
            StickerKind::Mention { username } => questions.users.push(username.clone()),
            StickerKind::Location { id, .. } => questions.places.extend(id.clone()),
            StickerKind::Link { url, .. } => questions.links.push(url.clone()),
            _ => {}
        }
    }
    questions
}

/// The form's own part for these stickers.
///
/// # Errors
/// A sentence, where a name or place was not answered for.
pub fn form(
    stickers: &[Sticker],
    audience: Option<Audience>,
    answers: &Answers,
) -> Result<Value, String> {
    let mut models = Vec::new();
    let mut mentions = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for at in carried(stickers) {
        let sticker = &stickers[at];
        let (own, id) = own(&sticker.kind, answers)?;
        let mut model = upright(sticker);
        model.extend(own);
        let model = Value::Object(model);
        if matches!(sticker.kind, StickerKind::Mention { .. }) {
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
    if audience == Some(Audience::CloseFriends) {
        form.insert("audience".into(), "besties".into());
    }
    Ok(form.into())
}

/// What a kind has beside its box, and its word in `story_sticker_ids`.
fn own(
    kind: &StickerKind,
    answers: &Answers,
) -> Result<(Map<String, Value>, Option<&'static str>), String> {
    let (own, id) = match kind {
        StickerKind::Link { url, .. } => {
            let id = "link_sticker_default";
            let own = json!({
                "type": "story_link", "link_type": "web", "url": url, "is_sticker": true, "selected_index": 0,
                "tap_state": 0, "tap_state_str_id": id,
            });
            (own, Some(id))
        }
        StickerKind::Mention { username } => {
            let user = answers.users.get(username);
            let user = user.ok_or_else(|| format!("nobody has looked up @{username}"))?;
            let own = json!({
                "type": "mention", "user_id": user, "is_sticker": false, "display_type": "mention_username",
                "tap_state": 0, "tap_state_str_id": "mention_text",
            });
            (own, None)
        }
        StickerKind::Hashtag { name } => {
            let own = json!({
                "type": "hashtag", "tag_name": name, "is_sticker": true, "tap_state": 0,
                "tap_state_str_id": "hashtag_sticker_gradient",
            });
            (own, Some("hashtag_sticker"))
        }
        StickerKind::Location { id, .. } => {
            let pk = id.as_deref().unwrap_or_default();
            let place = answers.places.get(pk);
            let place = place.ok_or_else(|| format!("nobody has looked up the place {pk}"))?;
            let own = json!({
                "type": "location", "location_id": place, "is_sticker": true, "tap_state": 0,
                "tap_state_str_id": "location_sticker_vibrant",
            });
            (own, Some("location_sticker"))
        }
        StickerKind::Poll { question, options } => {
            let id = "polling_sticker_v2";
            let tally = |text: &String| json!({"text": text, "count": 0, "font_size": 39.0});
            let tallies: Vec<Value> = options.iter().map(tally).collect();
            let own = json!({
                "type": "poll", "poll_type": "", "question": question.as_deref().unwrap_or_default(),
                "tallies": tallies, "is_multi_option_poll": true, "viewer_can_vote": true, "is_shared_result": false,
                "finished": false, "color": "black", "is_sticker": true, "tap_state": 0, "tap_state_str_id": id,
            });
            (own, Some(id))
        }
        other => {
            return Err(format!(
                "a {} sticker does not go out this way",
                other.word()
            ));
        }
    };
    Ok((own.as_object().cloned().unwrap_or_default(), id))
}

/// The upright box around a sticker.
fn upright(sticker: &Sticker) -> Map<String, Value> {
    let (width, height) = (f64::from(sticker.width), f64::from(sticker.height));
    // in units of the canvas: its sides differ
    let (sin, cos) = f64::from(sticker.rotation).to_radians().sin_cos();
    let (wide, high) = (width * 1080.0, height * 1920.0);
    let around = (
        (wide * cos.abs() + high * sin.abs()) / 1080.0,
        (wide * sin.abs() + high * cos.abs()) / 1920.0,
    );
    let mut model = Map::new();
    for (name, part) in [
        ("x", f64::from(sticker.x)),
        ("y", f64::from(sticker.y)),
        ("width", around.0),
        ("height", around.1),
        ("rotation", 0.0),
    ] {
        model.insert(name.into(), json!((part * 1e6).round() / 1e6));
    }
    model.insert("z".into(), 0.into());
    model
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sticker(kind: StickerKind) -> Sticker {
        Sticker {
            kind,
            x: 0.5,
            y: 0.8,
            width: 0.4,
            height: 0.05,
            rotation: 0.0,
        }
    }

    fn link() -> Sticker {
        let url = "https://example.com/menu".into();
        sticker(StickerKind::Link { url, text: None })
    }

    fn mention(name: &str) -> Sticker {
        let username = name.into();
        sticker(StickerKind::Mention { username })
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
        let (ana, bea) = (mention("ana"), mention("bea"));
        let mut answers = Answers::default();
        assert_eq!(questions(&[ana.clone(), bea.clone()]).users, ["ana", "bea"]);
        assert!(form(std::slice::from_ref(&ana), None, &answers).is_err());
        answers.users = [("ana", "1"), ("bea", "2")]
            .map(|(n, i)| (n.into(), i.into()))
            .into();
        let form = form(&[ana, bea], Some(Audience::CloseFriends), &answers).expect("a form");
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
        let turned = Sticker {
            rotation: 90.0,
            ..link()
        };
        let upright = upright(&turned);
        let near =
            |name: &str, expected: f64| (upright[name].as_f64().unwrap() - expected).abs() < 1e-5;
        assert!(near("width", 0.05 * 1920.0 / 1080.0) && near("height", 0.4 * 1080.0 / 1920.0));
        assert_eq!(upright["rotation"], 0.0);
    }

    #[test]
    fn what_nobody_has_seen_live_does_not_go_out() {
        let asked = sticker(StickerKind::Question {
            question: "Why?".into(),
        });
        let place = |id: Option<&str>| {
            let (name, id) = ("A market".into(), id.map(str::to_owned));
            sticker(StickerKind::Location { name, id })
        };
        let all = [asked, place(None), place(Some("17")), link(), link()];
        assert_eq!(carried(&all), [2, 3]);
        assert_eq!(form(&all[..2], None, &Answers::default()), Ok(json!({})));
    }
}
