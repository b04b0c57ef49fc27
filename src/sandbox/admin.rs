//! `/sandbox/…`: what tests, the program and the page ask and set. No token, this machine only.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::app::App;
use super::clock::later;
use super::fault::Plan;
use super::http::{is_foreign, own_error, query};
use super::journal::Record;
use super::objects::{Family, Person, Story, all_scopes};
use super::read::{media_type, media_url, permalink};
use super::reply::{Reply, typed};
use super::world::World;
use crate::graph::Login;

/// Answers one of the sandbox's own paths.
pub fn answer(
    app: &Arc<App>,
    method: &Method,
    path: &[&str],
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    if is_foreign(headers) {
        return own_error(403, "not from another site");
    }
    let done = match (method.as_str(), path) {
        ("GET", []) => Ok(overview(app)),
        ("GET", ["stories"]) => Ok(stories(app, uri)),
        ("GET", ["log"]) => Ok(json!(app.world().log)),
        ("GET", ["clock"]) => Ok(time(&app.world())),
        ("POST", ["clock"]) => object(body).and_then(|changes| turn(app, &changes)),
        ("GET", ["settings"]) => Ok(json!(app.world().settings)),
        ("POST", ["settings"]) => object(body).and_then(|changes| set(app, &changes)),
        ("GET", ["faults"]) => Ok(json!(app.world().plan.list())),
        ("POST", ["faults"]) => plan(app, body),
        ("DELETE", ["faults"]) => {
            app.world().plan.clear();
            Ok(json!([]))
        }
        ("POST", ["accounts"]) => object(body).and_then(|wish| account(app, &wish)),
        ("POST", ["tokens"]) => object(body).and_then(|wish| token(app, &wish)),
        ("GET", ["face", file]) => return face(file),
        _ => return own_error(404, "no such path; see the documentation of the sandbox"),
    };
    match done {
        Ok(value) => Reply::new(200, value).into_response(),
        Err(said) => own_error(400, &said),
    }
}

fn object(body: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("a JSON object is needed".to_owned()),
        Err(error) => Err(format!("no JSON: {error}")),
    }
}

/// An account as `/sandbox` and the first line of `storypress sandbox --json` name it.
pub fn account_line(world: &World, person: &Person) -> Value {
    let own = world.own_token(&person.user_id);
    let token = own.map(|token| token.token.clone());
    let mut line = json!({
        "name": person.name,
        "login": person.login,
        "user_id": person.user_id,
        "username": person.username,
    });
    let secrets = [
        ("token", token),
        ("password", person.password.clone()),
        ("totp_seed", person.totp_seed.clone()),
    ];
    for (name, secret) in secrets {
        if let Some(secret) = secret {
            line[name] = secret.into();
        }
    }
    if let Some(own) = own {
        line["issued_at"] = json!(own.issued);
        line["expires_at"] = json!(own.expires);
    }
    line
}

fn overview(app: &App) -> Value {
    let world = app.world();
    let people = world.people().iter();
    let accounts: Vec<Value> = people.map(|person| account_line(&world, person)).collect();
    json!({
        "world": world.id,
        "url": app.base,
        "now": world.now(),
        "speed": world.clock.speed(),
        "revision": world.revision,
        "accounts": accounts,
    })
}

fn time(world: &World) -> Value {
    json!({"now": world.now(), "speed": world.clock.speed()})
}

/// `?live=true` leaves out those that are over.
fn stories(app: &App, uri: &Uri) -> Value {
    let only_live = query(uri)
        .get("live")
        .is_some_and(|text| text == "true" || text == "1");
    let world = app.world();
    let now = world.now();
    world
        .stories()
        .iter()
        .filter(|story| !only_live || story.is_live(now))
        .map(|story| told(app, &world, story, now))
        .collect()
}

fn told(app: &App, world: &World, story: &Story, now: Timestamp) -> Value {
    let permalink = world
        .person(&story.user_id)
        .map(|person| permalink(person, story));
    json!({
        "id": story.id,
        "user_id": story.user_id,
        "container_id": story.container_id,
        "media_type": media_type(story.kind),
        "media_url": media_url(app, story),
        "permalink": permalink,
        "sha256": story.medium.sha256,
        "bytes": story.medium.bytes,
        "published_at": story.published,
        "ends_at": story.ends(),
        "deleted_at": story.deleted,
        "live": story.is_live(now),
        "mentions": story.mentions,
        "stickers": story.stickers,
        "audience": story.audience,
        "is_ai_generated": story.is_ai,
    })
}

/// `{"advance_s": N, "speed": X}`
fn turn(app: &App, changes: &Value) -> Result<Value, String> {
    for (name, value) in changes.as_object().into_iter().flatten() {
        let is_known = name == "advance_s" || name == "speed";
        if !is_known || value.as_f64().is_none_or(|number| number < 0.0) {
            return Err(format!(
                "`{name}`: `advance_s` and `speed` are numbers of 0 and more"
            ));
        }
    }
    let real = Timestamp::now();
    let mut world = app.world();
    let mut clock = world.clock;
    if let Some(seconds) = changes["advance_s"].as_f64() {
        clock.advance(
            real,
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
        );
    }
    if let Some(speed) = changes["speed"].as_f64() {
        clock.set_speed(real, speed);
    }
    let written = world.write(vec![Record::Clock(clock)]);
    written.map_err(|error| error.to_string())?;
    Ok(time(&world))
}

fn set(app: &App, changes: &Value) -> Result<Value, String> {
    let mut world = app.world();
    let settings = world.settings.with(changes)?;
    let written = world.write(vec![Record::Settings(settings)]);
    written.map_err(|error| error.to_string())?;
    Ok(json!(world.settings))
}

fn plan(app: &App, body: &[u8]) -> Result<Value, String> {
    let faults = Plan::read(body)?;
    let mut world = app.world();
    world.plan.add(faults);
    Ok(json!(world.plan.list()))
}

/// `{"login": "instagram", "username"?}`: one more account.
fn account(app: &App, wish: &Value) -> Result<Value, String> {
    let login: Login = serde_json::from_value(wish["login"].clone())
        .map_err(|_| "`login` is `instagram`, `facebook` or `private`".to_owned())?;
    let username = wish["username"].as_str().map(str::to_owned);
    let mut world = app.world();
    let made = world.add_person(login, username);
    let person = made.map_err(|error| error.to_string())?;
    Ok(account_line(&world, &person))
}

/// `{"user_id", "scopes"?, "age_s"?, "expires_in_s"?}`: one more long token, as old and as free as is wished.
fn token(app: &App, wish: &Value) -> Result<Value, String> {
    let mut world = app.world();
    let user_id = wish["user_id"].as_str().unwrap_or_default();
    let person = world
        .person(user_id)
        .cloned()
        .ok_or("`user_id` names no account")?;
    let family = match person.login {
        Login::Instagram => Family::Instagram,
        Login::Facebook => Family::Facebook,
        Login::Private | Login::ByHand => {
            return Err("an account of login `private` has no token".to_owned());
        }
    };
    let scopes = match &wish["scopes"] {
        Value::Null => all_scopes(person.login),
        given => serde_json::from_value(given.clone())
            .map_err(|_| "`scopes` is a list of words".to_owned())?,
    };
    let seconds = |name: &str| wish[name].as_i64().map(jiff::SignedDuration::from_secs);
    let now = world.now();
    let mut token = world.new_token(user_id, family, scopes);
    token.is_long = true;
    if let Some(age) = seconds("age_s") {
        token.issued = now.checked_sub(age).unwrap_or(now);
    }
    token.expires = Some(match seconds("expires_in_s") {
        Some(left) => now.checked_add(left).unwrap_or(now),
        None => later(token.issued, super::objects::DAY * 60),
    });
    let body = json!({"token": token.token, "expires_at": token.expires, "scopes": token.scopes});
    let written = world.write(vec![Record::Token(token)]);
    written.map_err(|error| error.to_string())?;
    Ok(body)
}

/// `ID.svg`: a face in the account's own colour.
fn face(file: &str) -> Response {
    let hue = file
        .bytes()
        .map(u32::from)
        .fold(7, |sum, byte| (sum * 31 + byte) % 360);
    let other = (hue + 40) % 360;
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\"><defs><linearGradient id=\"g\" x2=\"1\" y2=\"1\">\
         <stop stop-color=\"hsl({hue} 70% 58%)\"/><stop offset=\"1\" stop-color=\"hsl({other} 75% 42%)\"/>\
         </linearGradient></defs><rect width=\"64\" height=\"64\" fill=\"url(#g)\"/>\
         <circle cx=\"32\" cy=\"26\" r=\"11\" fill=\"#fff\" fill-opacity=\".9\"/>\
         <path d=\"M10 64a22 20 0 0 1 44 0z\" fill=\"#fff\" fill-opacity=\".9\"/></svg>"
    );
    typed(200, "image/svg+xml", text)
}
