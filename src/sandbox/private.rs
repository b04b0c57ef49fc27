//! The app's own protocol, as far as stories and highlights need it: which handler a request goes to.
//!
//! In: a request at the root of the sandbox's address, for any `Host`. Out: an answer in the app's form.
//! Never: a story without a configure call; an answer to a page of another site.
//!
//! Paths and fields are those that instagrapi 3.2.2 sends and needs; what the service itself does with them is not known
//! where `docs/private.md` says so.

use std::sync::Arc;

use axum::http::Method;
use serde_json::json;

use super::app::App;
use super::effect::Effect;
use super::fault::On;
use super::private_ask::AppAsk;
use super::private_reply::{AppAnswer, refuse, reply};
use super::reply::Reply;
use super::world::World;
use super::{private_login, private_media, private_reels};
use crate::media::Kind;

/// Whether a path is one of the app's.
pub fn is_of_app(path: &[&str]) -> bool {
    matches!(
        path,
        ["api", "v1", ..] | ["graphql_www"] | ["rupload_igphoto" | "rupload_igvideo", _]
    )
}

/// What a request is about, and whose; told before anything is checked.
pub fn about(world: &World, ask: &AppAsk) -> (On, Option<String>) {
    let token = ask.session.as_deref().and_then(|text| world.token(text));
    let mine = token.map(|token| token.user_id.clone());
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let on = match path.as_slice() {
        // how much is there is asked for before a film
        ["rupload_igphoto" | "rupload_igvideo", _] if ask.method == Method::POST => On::Upload,
        ["media", "configure_to_story"] => On::Publish,
        ["feed", "user", _, "story"] => On::Stories,
        ["accounts", "current_user"] => On::Account,
        ["media", _, "list_reel_media_viewer"] => On::Insights,
        ["media", _, "delete" | "info"] => On::Media,
        ["bloks", "async_action", action] if action.ends_with("send_login_request") => {
            let params = ask.json("params").unwrap_or_default();
            let name = params["client_input_params"]["contact_point"].as_str();
            let person = world
                .people()
                .iter()
                .find(|p| Some(p.username.as_str()) == name);
            return (On::Token, person.map(|person| person.user_id.clone()));
        }
        _ => On::Any,
    };
    (on, mine)
}

/// Answers a request.
pub async fn run(app: &Arc<App>, ask: &AppAsk, effect: Effect) -> Reply {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["qe", "sync"] => private_login::sync(app),
        ["rupload_igphoto", _] => reply(private_media::upload(app, ask, Kind::Image, effect).await),
        ["rupload_igvideo", _] => reply(private_media::upload(app, ask, Kind::Video, effect).await),
        _ => reply(answer(app, ask, &path, effect)),
    }
}

fn answer(app: &Arc<App>, ask: &AppAsk, path: &[&str], effect: Effect) -> AppAnswer {
    let is_post = ask.method == Method::POST;
    match path {
        ["graphql_www"] => private_login::device(),
        ["attestation", "create_android_keystore"] => private_login::keystore(),
        ["bloks", "async_action", name] if is_post => private_login::action(app, ask, name),
        ["bloks", "apps", name] if is_post => private_login::screen(ask, name),
        ["accounts", "logout"] if is_post => private_login::logout(app, ask),
        ["accounts", "current_user"] => private_reels::current(app, ask),
        ["launcher", "sync"] => Ok(json!({"configs": {}})),
        ["feed", "reels_tray"] => {
            ask.person(&app.world())?;
            Ok(json!({"tray": [], "broadcasts": []}))
        }
        ["feed", "timeline"] => {
            ask.person(&app.world())?;
            Ok(json!({"feed_items": [], "num_results": 0, "more_available": false}))
        }
        ["feed", "user", id, "story"] => private_reels::stories(app, ask, id),
        ["feed", "reels_media_stream" | "reels_media"] if is_post => private_reels::reels(app, ask),
        ["media", "configure_to_story"] if is_post => private_media::configure(app, ask, effect),
        ["media", "validate_reel_url"] if is_post => private_media::validate_link(app, ask),
        ["media", id, "delete"] if is_post => private_media::delete(app, ask, id),
        ["media", id, "info"] => private_media::info(app, ask, id),
        ["media", id, "list_reel_media_viewer"] => private_reels::viewers(app, ask, id),
        ["archive", "reel", "day_shells_paginated"] => private_reels::archive_days(app, ask),
        ["highlights", "create_reel"] if is_post => private_reels::create(app, ask),
        ["highlights", id, "highlights_tray"] => private_reels::tray(app, ask, id),
        ["highlights", id, "edit_reel"] if is_post => private_reels::edit(app, ask, id),
        ["highlights", id, "delete_reel"] if is_post => private_reels::remove(app, ask, id),
        ["users", name, "usernameinfo"] => private_reels::by_name(app, ask, name),
        ["users", id, "info"] => private_reels::by_id(app, ask, id),
        ["locations", pk, "location_info"] => private_reels::location(app, ask, pk),
        _ => Err(refuse(404, "no such path")),
    }
}
