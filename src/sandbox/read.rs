//! Reads: accounts, containers, stories; and taking a story back.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::app::App;
use super::ask::Ask;
use super::fields::Field;
use super::journal::Record;
use super::objects::{Check, Container, Family, Person, Source, Status, Story};
use super::refusal::Refusal;
use super::reply::Answer;
use super::who::{Caller, Right};
use super::world::World;
use crate::graph::Login;
use crate::media::Kind;

/// `GET /me`: an account, a person or a Page, by the token.
///
/// # Errors
/// 100 for an unknown field.
pub fn me(app: &Arc<App>, ask: &Ask, caller: &Caller) -> Answer {
    let fields = ask.fields();
    match caller.token.family {
        Family::Instagram => {
            caller.needs(Right::Read)?;
            account(app, caller, &fields)
        }
        Family::Facebook => object(&fields, &["name", "id"], "User", |name| match name {
            "id" => Some(caller.person.scoped_id.clone().into()),
            "name" => Some(person_name(&caller.person).into()),
            _ => None,
        }),
        // refused before it comes to this
        Family::App => Err(Refusal::unknown_token()),
        Family::Page => page(app, caller, &fields),
    }
}

/// What a person of Facebook Login is called.
pub fn person_name(person: &Person) -> String {
    format!("Owner of {}", person.username)
}

/// `GET /{id}`: whatever the id names.
///
/// # Errors
/// 100/33 for what is not there or not theirs, 100 for an unknown field.
pub fn node(app: &Arc<App>, ask: &Ask, caller: &Caller, id: &str) -> Answer {
    let fields = ask.fields();
    if id == caller.person.user_id || id == caller.person.scoped_id {
        return me_or_account(app, ask, caller, id);
    }
    if caller.person.page_id.as_deref() == Some(id) {
        return page(app, caller, &fields);
    }
    caller.needs(Right::Read)?;
    let world = app.world();
    let now = world.now();
    let mine = |user_id: &str| user_id == caller.person.user_id;
    if let Some(found) = world.container(id).filter(|c| mine(&c.user_id)) {
        let found = found.clone();
        drop(world);
        return container(app, &found, &fields, now);
    }
    match world
        .story(id)
        .filter(|s| mine(&s.user_id) && s.is_live(now))
    {
        Some(found) => story(app, found, &caller.person, &fields),
        None => Err(Refusal::unreachable("GET", id)),
    }
}

fn me_or_account(app: &Arc<App>, ask: &Ask, caller: &Caller, id: &str) -> Answer {
    match caller.login() {
        Login::Facebook if id == caller.person.scoped_id => me(app, ask, caller),
        _ => {
            caller.needs(Right::Read)?;
            account(app, caller, &ask.fields())
        }
    }
}

fn account(app: &Arc<App>, caller: &Caller, fields: &[Field]) -> Answer {
    let person = &caller.person;
    let id = match caller.login() {
        Login::Instagram => &person.scoped_id,
        Login::Facebook | Login::Private | Login::ByHand => &person.user_id,
    };
    object(fields, &["id"], "IGUser", |name| {
        Some(match name {
            "id" => id.clone().into(),
            // only Instagram Login has two ids for one account
            "user_id" if caller.login() == Login::Instagram => person.user_id.clone().into(),
            "ig_id" => person.user_id.clone().into(),
            "username" => person.username.clone().into(),
            "name" => person.name.clone().into(),
            "account_type" if caller.login() == Login::Instagram => "BUSINESS".into(),
            "biography" | "website" => "".into(),
            "profile_picture_url" => {
                format!("{}/sandbox/face/{}.svg", app.base, person.user_id).into()
            }
            "followers_count" => app.world().settings.audience.into(),
            "follows_count" | "media_count" => 0.into(),
            _ => return None,
        })
    })
}

/// A Page, which an account of Facebook Login hangs on.
pub fn page(app: &Arc<App>, caller: &Caller, fields: &[Field]) -> Answer {
    let person = &caller.person;
    let token = app
        .world()
        .page_token(&person.user_id)
        .map(|token| token.token.clone());
    let mut wrong = None;
    let page = object(fields, &["name", "id"], "Page", |name| {
        Some(match name {
            "id" => person.page_id.clone().into(),
            "name" => format!("{} (Page)", person.username).into(),
            "category" => "Restaurant".into(),
            "access_token" => token.clone().into(),
            "tasks" => json!([
                "ADVERTISE",
                "ANALYZE",
                "CREATE_CONTENT",
                "MESSAGING",
                "MODERATE",
                "MANAGE"
            ]),
            "instagram_business_account" | "connected_instagram_account" => {
                let of = &fields.iter().find(|field| field.name == name)?.of;
                account(app, caller, of).unwrap_or_else(|refusal| {
                    wrong = Some(refusal);
                    Value::Null
                })
            }
            _ => return None,
        })
    });
    match wrong {
        Some(refusal) => Err(refusal),
        None => page,
    }
}

fn container(app: &Arc<App>, found: &Container, fields: &[Field], now: Timestamp) -> Answer {
    let status = found.status(now);
    object(fields, &["id"], "IGContainer", |name| {
        Some(match name {
            "id" => found.id.clone().into(),
            "status_code" => status.code().into(),
            "status" => status.sentence().into(),
            "copyright_check_status" => json!({"status": "completed", "matches_found": false}),
            "video_status" => phases(app, found, status),
            _ => return None,
        })
    })
}

/// How far upload and processing are.
fn phases(app: &Arc<App>, found: &Container, status: Status) -> Value {
    let sent = match (&found.check, found.source == Source::Upload) {
        (Check::Open | Check::Stuck, true) => super::upload::sent(app, &found.id),
        (Check::Passed { medium, .. }, _) => medium.bytes,
        _ => found.file_size.unwrap_or(0),
    };
    let is_sent =
        found.source != Source::Upload || found.file_size.is_some_and(|size| sent >= size);
    let uploading = match (is_sent, sent) {
        (true, _) => "complete",
        (false, 0) => "not_started",
        (false, _) => "in_progress",
    };
    let processing = match (&found.check, status) {
        (Check::Stuck, _) => "error",
        (_, Status::Finished | Status::Published) => "complete",
        (_, Status::Error(_)) => "error",
        _ if is_sent => "in_progress",
        _ => "not_started",
    };
    let mut phases = json!({
        "uploading_phase": {"status": uploading, "bytes_transferred": sent},
        "processing_phase": {"status": processing},
    });
    if let Some(size) = found.file_size {
        phases["uploading_phase"]["source_file_size"] = size.into();
    }
    if processing == "error" {
        phases["processing_phase"]["errors"] = json!([{"code": 1_363_008, "message": "Video process failed: it cannot be processed."}]);
    }
    phases
}

/// A story's address in the app.
pub fn permalink(person: &Person, story: &Story) -> String {
    format!(
        "https://www.instagram.com/stories/{}/{}",
        person.username, story.id
    )
}

/// Where the sandbox serves a story's file.
pub fn media_url(app: &App, story: &Story) -> String {
    format!("{}/cdn/{}", app.base, story.medium.file)
}

/// What can be asked of a story.
const STORY_FIELDS: &[&str] = &[
    "id",
    "ig_id",
    "media_type",
    "media_product_type",
    "media_url",
    "thumbnail_url",
    "caption",
    "permalink",
    "shortcode",
    "timestamp",
    "username",
    "owner",
    "like_count",
    "comments_count",
    "is_comment_enabled",
    "is_ai_generated",
];

fn story(app: &Arc<App>, found: &Story, person: &Person, fields: &[Field]) -> Answer {
    object(fields, &["id"], "IGMedia", |name| {
        Some(match name {
            "id" | "ig_id" => found.id.clone().into(),
            "media_type" => media_type(found.kind).into(),
            "media_product_type" => "STORY".into(),
            "media_url" => media_url(app, found).into(),
            "thumbnail_url" if found.kind == Kind::Video => media_url(app, found).into(),
            // only films have one; asking for it is no mistake
            "thumbnail_url" | "caption" => Value::Null,
            "permalink" => permalink(person, found).into(),
            "shortcode" => shortcode(&found.id).into(),
            "timestamp" => found
                .published
                .strftime("%Y-%m-%dT%H:%M:%S+0000")
                .to_string()
                .into(),
            "username" => person.username.clone().into(),
            "owner" => json!({ "id": person.user_id }),
            "like_count" | "comments_count" => 0.into(),
            "is_comment_enabled" => false.into(),
            "is_ai_generated" => found.is_ai.into(),
            _ => return None,
        })
    })
}

/// `IMAGE` or `VIDEO`.
pub fn media_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Image => "IMAGE",
        Kind::Video => "VIDEO",
    }
}

/// An id in base 64, as the app's addresses have it.
pub fn shortcode(id: &str) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut left: u64 = id.parse().unwrap_or(0);
    let mut signs = Vec::new();
    while left > 0 {
        signs.push(char::from(SIGNS[(left % 64) as usize]));
        left /= 64;
    }
    signs.iter().rev().collect()
}

/// `GET /{user}/stories`: those that are live, newest first.
///
/// # Errors
/// 100 for an unknown field.
pub fn stories(app: &Arc<App>, ask: &Ask, caller: &Caller) -> Answer {
    caller.needs(Right::Read)?;
    let fields = ask.fields();
    // an empty list is no excuse for a field that does not exist
    let known = |field: &&Field| !STORY_FIELDS.contains(&field.name.as_str());
    if let Some(unknown) = fields.iter().find(known) {
        return Err(Refusal::field(&unknown.name, "IGMedia"));
    }
    let world = app.world();
    let now = world.now();
    let shown = listed(&world, &caller.person.user_id, now);
    let entries: Result<Vec<Value>, Refusal> = shown
        .map(|found| story(app, found, &caller.person, &fields))
        .collect();
    Ok(json!({ "data": entries? }))
}

fn listed<'a>(world: &'a World, user_id: &str, now: Timestamp) -> impl Iterator<Item = &'a Story> {
    world
        .stories_of(user_id)
        .take_while(move |story| now < story.ends())
        .filter(move |story| story.is_live(now))
        .filter(move |story| story.hidden_until.is_none_or(|until| now >= until))
}

/// `DELETE /{story}`: Facebook Login only.
///
/// # Errors
/// Code 3 on Instagram Login, 100/33 for what is not live or not theirs.
pub fn delete(app: &Arc<App>, caller: &Caller, id: &str) -> Answer {
    caller.needs(Right::Delete)?;
    let mut world = app.world();
    let now = world.now();
    let found = world
        .story(id)
        .filter(|story| story.user_id == caller.person.user_id && story.is_live(now));
    let mut story = found
        .cloned()
        .ok_or_else(|| Refusal::unreachable("DELETE", id))?;
    story.deleted = Some(now);
    world.commit(vec![Record::Story(Box::new(story))])?;
    Ok(json!({ "success": true }))
}

/// The fields that are asked for, or the usual ones; `id` always. What is `null` is left out.
fn object(
    fields: &[Field],
    usual: &[&str],
    node: &str,
    mut value: impl FnMut(&str) -> Option<Value>,
) -> Answer {
    let asked: Vec<&str> = match fields {
        [] => usual.to_vec(),
        fields => fields.iter().map(|field| field.name.as_str()).collect(),
    };
    let mut object = Map::new();
    for name in asked {
        match value(name) {
            Some(Value::Null) => {}
            Some(value) => {
                object.insert(name.to_owned(), value);
            }
            None => return Err(Refusal::field(name, node)),
        }
    }
    if !object.contains_key("id")
        && let Some(id) = value("id")
    {
        object.insert("id".to_owned(), id);
    }
    Ok(object.into())
}
