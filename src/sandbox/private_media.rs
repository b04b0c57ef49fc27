//! What the app uploads, and what becomes a story of it.
//!
//! In: bytes, then a form. Out: a story for each form that is accepted, also for a second one with the same upload.
//! Never: a story of bytes that the media checks refuse.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::app::App;
use super::check;
use super::clock::later;
use super::effect::Effect;
use super::journal::Record;
use super::objects::{Story, Upload};
use super::private_ask::{AppAsk, text_of};
use super::private_item::{gone, item, own, write};
use super::private_reply::{AppAnswer, refuse};
use super::private_stickers::stickers;
use crate::media::Kind;

/// `POST /rupload_igphoto/{name}` and `/rupload_igvideo/{name}`: the whole file at once. A GET tells how much is there.
///
/// # Errors
/// 403 without a login, 400 for what is no such file.
pub async fn upload(app: &Arc<App>, ask: &AppAsk, kind: Kind, effect: Effect) -> AppAnswer {
    let person = ask.person(&app.world())?;
    if ask.method == axum::http::Method::GET {
        return Ok(json!({"offset": 0}));
    }
    let header = |name: &str| ask.headers.get(name).and_then(|value| value.to_str().ok());
    let params: Value = header("x-instagram-rupload-params")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let id = text_of(&params["upload_id"]);
    let length: Option<usize> = header("x-entity-length").and_then(|text| text.parse().ok());
    if id.is_empty() || length != Some(ask.body.len()) || effect.keeps.is_some() {
        return Err(refuse(400, "The upload is not whole."));
    }
    let path = app
        .folder
        .incoming(&format!("app-{}", super::chance::hex(16)));
    std::fs::write(&path, &ask.body).map_err(|_| refuse(500, "the disk is full"))?;
    let sha256 = crate::media::sha256(&ask.body);
    let bytes = ask.body.len() as u64;
    let checked = check::check(app, path, kind, sha256, bytes).await;
    let medium = checked.map_err(|refusal| refuse(400, &refusal.message))?;
    let upload = Upload {
        key: format!("{}:{id}", person.user_id),
        kind,
        medium,
    };
    write(&mut app.world(), vec![Record::Upload(Box::new(upload))])?;
    Ok(json!({ "upload_id": id, "xsharing_nonces": {} }))
}

/// `media/configure_to_story/`: one story for each call that comes through.
///
/// # Errors
/// 403 without a login, 400 for an upload that is not there or a sticker that has no box.
pub fn configure(app: &Arc<App>, ask: &AppAsk, effect: Effect) -> AppAnswer {
    let mut world = app.world();
    let person = ask.person(&world)?;
    let id = ask.text("upload_id").unwrap_or_default();
    let upload = world.upload(&format!("{}:{id}", person.user_id)).cloned();
    let upload = upload.ok_or_else(|| refuse(400, "media_needs_reupload"))?;
    let is_film = ask.text("video").as_deref() == Some("1");
    if is_film != (upload.kind == Kind::Video) {
        return Err(refuse(400, "The upload is of the other kind."));
    }
    let stickers = stickers(&world, ask)?;
    let source = ask.json("extra").unwrap_or_default();
    let side = |name: &str, usual: u64| source[name].as_u64().unwrap_or(usual);
    let now = world.now();
    let story = Story {
        id: world.new_id("310"),
        user_id: person.user_id.clone(),
        container_id: id,
        kind: upload.kind,
        medium: upload.medium,
        mentions: Vec::new(),
        is_ai: false,
        published: now,
        deleted: None,
        hidden_until: effect
            .hidden_ms
            .map(|ms| later(now, Duration::from_millis(ms))),
        stickers,
        audience: ask.text("audience").filter(|word| !word.is_empty()),
        size: Some((side("source_width", 1080), side("source_height", 1920))),
        seconds: ask.text("length").and_then(|text| text.parse().ok()),
        is_of_app: true,
    };
    let item = item(app, &world, &story, &person);
    let body = json!({"media": item, "upload_id": story.container_id});
    write(&mut world, vec![Record::Story(Box::new(story))])?;
    Ok(body)
}

/// `media/validate_reel_url/`: whether a link may stand in a story.
///
/// # Errors
/// 400 for what is no address of a web page, or of a name that leads nowhere.
pub fn validate_link(app: &Arc<App>, ask: &AppAsk) -> AppAnswer {
    ask.person(&app.world())?;
    let url = ask.text("url").unwrap_or_default();
    let url = url::Url::parse(&url).ok();
    let is_good = url.is_some_and(|url| {
        let host = url.host_str().unwrap_or_default();
        // `.invalid` leads nowhere, RFC 2606
        matches!(url.scheme(), "http" | "https") && !host.is_empty() && !host.ends_with(".invalid")
    });
    match is_good {
        true => Ok(json!({})),
        false => Err(refuse(400, "This link cannot be added to your story.")),
    }
}

/// `POST media/{pk}_{user}/delete/`
///
/// # Errors
/// 403 without a login, 400 for what is not there.
pub fn delete(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let mut world = app.world();
    let person = ask.person(&world)?;
    let mut story = own(&world, &person, id)?;
    story.deleted = Some(world.now());
    write(&mut world, vec![Record::Story(Box::new(story))])?;
    Ok(json!({ "did_delete": true }))
}

/// `GET media/{pk}/info/`
///
/// # Errors
/// 403 without a login, 400 for what is not there.
pub fn info(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let world = app.world();
    ask.person(&world)?;
    let pk = id.split('_').next().unwrap_or_default();
    let now = world.now();
    let story = world.story(pk).filter(|story| story.is_live(now));
    let story = story.ok_or_else(gone)?;
    let owner = world.person(&story.user_id).ok_or_else(gone)?;
    Ok(json!({"items": [item(app, &world, story, owner)], "num_results": 1}))
}
