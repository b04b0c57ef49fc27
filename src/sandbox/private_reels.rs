//! What the app lists: stories, viewers, the archive, highlights, people and places.
//!
//! In: whose login, and what of. Out: lists in the app's form. Never: another account's viewers or archive.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::app::App;
use super::chance;
use super::journal::Record;
use super::numbers;
use super::objects::{Highlight, Person, Story};
use super::private_ask::{AppAsk, text_of};
use super::private_item::{is_listed, item, own, write};
use super::private_people::{id_of, place, somebody, user};
use super::private_reply::{AppAnswer, Refused, refuse};
use super::world::World;

/// Viewers on one page.
const PAGE: usize = 50;

/// Days of the archive on one page.
const DAYS: usize = 20;

/// `GET feed/user/{id}/story/`
///
/// # Errors
/// 403 without a login, 404 for nobody.
pub fn stories(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let world = app.world();
    ask.person(&world)?;
    let person = world.person(id).ok_or_else(nobody)?;
    let now = world.now();
    let mut live: Vec<&Story> = world
        .stories_of(id)
        .filter(|story| is_listed(story, now))
        .collect();
    live.reverse();
    let Some(newest) = live.last() else {
        return Ok(json!({"reel": null}));
    };
    let latest = newest.published.as_second();
    let items: Vec<Value> = live
        .iter()
        .map(|story| item(app, &world, story, person))
        .collect();
    Ok(json!({"reel": {
        "id": id, "user": user(app, person), "latest_reel_media": latest, "media_count": items.len(),
        "items": items,
    }}))
}

fn nobody() -> Refused {
    refuse(404, "User not found")
}

/// `GET media/{pk}/list_reel_media_viewer/`: names for one's own stories.
///
/// # Errors
/// 403 without a login, 400 for a story of somebody else.
pub fn viewers(app: &Arc<App>, ask: &AppAsk, pk: &str) -> AppAnswer {
    let world = app.world();
    let person = ask.person(&world)?;
    let story = own(&world, &person, pk)?;
    let total = numbers::viewers(&story, world.now(), world.settings.audience) as usize;
    let from: usize = ask
        .text("max_id")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let to = (from + PAGE).min(total);
    let viewer = |number: usize| {
        let name = format!("guest.{:03}", number + 1);
        let face = format!("{}/sandbox/face/{name}.svg", app.base);
        json!({
            "user": {
                "pk": id_of(&name), "username": name, "full_name": format!("Guest {}", number + 1),
                "is_private": false, "is_verified": false, "profile_pic_url": face,
            },
            "has_liked": number % 9 == 4,
        })
    };
    let page: Vec<Value> = (from.min(to)..to).map(viewer).collect();
    Ok(json!({
        "viewers": page,
        "next_max_id": (to < total).then(|| to.to_string()),
        "total_viewer_count": total,
        "user_count": total,
    }))
}

/// The days on which somebody published, newest first; taken back stories are not kept.
fn days(world: &World, person: &Person) -> BTreeMap<i64, Vec<Story>> {
    let mut days: BTreeMap<i64, Vec<Story>> = BTreeMap::new();
    for story in world.stories_of(&person.user_id) {
        if story.deleted.is_none() {
            let day = story.published.as_second().div_euclid(86_400);
            days.entry(-day).or_default().insert(0, story.clone());
        }
    }
    days
}

/// `GET archive/reel/day_shells_paginated/`
///
/// # Errors
/// 403 without a login.
pub fn archive_days(app: &Arc<App>, ask: &AppAsk) -> AppAnswer {
    let world = app.world();
    let person = ask.person(&world)?;
    let from: usize = ask
        .text("max_id")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let all = days(&world, &person);
    let shell = |(day, stories): (&i64, &Vec<Story>)| {
        json!({
            "id": format!("archiveDay:{}", -day), "timestamp": -day * 86_400,
            "media_count": stories.len(), "reel_type": "archive_day_reel",
            "latest_reel_media": stories.last().map(|story| story.published.as_second()),
        })
    };
    let items: Vec<Value> = all.iter().skip(from).take(DAYS).map(shell).collect();
    let next = from + items.len();
    Ok(json!({
        "items": items,
        "num_results": all.len(),
        "more_available": next < all.len(),
        "max_id": (next < all.len()).then(|| next.to_string()),
    }))
}

/// `POST feed/reels_media_stream/` and `feed/reels_media/`: days of the archive, and highlights.
///
/// # Errors
/// 403 without a login.
pub fn reels(app: &Arc<App>, ask: &AppAsk) -> AppAnswer {
    let world = app.world();
    let person = ask.person(&world)?;
    let mut ids = ask.list("reel_ids");
    ids.extend(ask.list("user_ids"));
    let all = days(&world, &person);
    let mut reels = json!({});
    for id in ids {
        if let Some(day) = id.strip_prefix("archiveDay:") {
            let day = day.parse::<i64>().map(|day| -day).unwrap_or_default();
            let stories = all.get(&day).cloned().unwrap_or_default();
            let items: Vec<Value> = stories
                .iter()
                .map(|story| item(app, &world, story, &person))
                .collect();
            reels[&id] = json!({"id": id, "items": items, "reel_type": "archive_day_reel"});
        } else if let Some(highlight) = world.highlight(id.trim_start_matches("highlight:")) {
            reels[&id] = shown(app, &world, highlight, true);
        }
    }
    Ok(json!({ "reels": reels }))
}

/// `GET highlights/{user}/highlights_tray/`
///
/// # Errors
/// 403 without a login, 404 for nobody.
pub fn tray(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let world = app.world();
    ask.person(&world)?;
    world.person(id).ok_or_else(nobody)?;
    let tray: Vec<Value> = world
        .highlights_of(id)
        .map(|highlight| shown(app, &world, highlight, false))
        .collect();
    Ok(json!({ "tray": tray, "show_empty_state": false }))
}

/// `POST highlights/create_reel/`: one for each call.
///
/// # Errors
/// 403 without a login, 400 without a story of one's own.
pub fn create(app: &Arc<App>, ask: &AppAsk) -> AppAnswer {
    let mut world = app.world();
    let person = ask.person(&world)?;
    let media = mine(&world, &person, &ask.list("media_ids"))?;
    if media.is_empty() {
        return Err(refuse(400, "A highlight needs a story."));
    }
    let highlight = Highlight {
        id: chance::digits("179", 17),
        user_id: person.user_id.clone(),
        title: title(ask).unwrap_or_else(|| "Highlights".to_owned()),
        cover: cover(&world, &person, ask)?.unwrap_or_else(|| media[0].clone()),
        media,
        made: world.now(),
        is_deleted: false,
    };
    let reel = shown(app, &world, &highlight, true);
    write(&mut world, vec![Record::Highlight(Box::new(highlight))])?;
    Ok(json!({ "reel": reel }))
}

/// `POST highlights/highlight:{pk}/edit_reel/`
///
/// # Errors
/// 403 without a login, 400 for what is not theirs, and for taking the last story away.
pub fn edit(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let mut world = app.world();
    let person = ask.person(&world)?;
    let mut highlight = theirs(&world, &person, id)?;
    for added in mine(&world, &person, &ask.list("added_media_ids"))? {
        if !highlight.media.contains(&added) {
            highlight.media.push(added);
        }
    }
    let removed = ask.list("removed_media_ids");
    let pk = |id: &str| id.split('_').next().unwrap_or_default().to_owned();
    let removed: Vec<String> = removed.iter().map(|id| pk(id)).collect();
    highlight.media.retain(|id| !removed.contains(id));
    if highlight.media.is_empty() {
        return Err(refuse(400, "A highlight needs a story."));
    }
    if let Some(title) = title(ask) {
        highlight.title = title;
    }
    if let Some(cover) = cover(&world, &person, ask)? {
        highlight.cover = cover;
    }
    let reel = shown(app, &world, &highlight, true);
    write(&mut world, vec![Record::Highlight(Box::new(highlight))])?;
    Ok(json!({ "reel": reel }))
}

/// `POST highlights/highlight:{pk}/delete_reel/`
///
/// # Errors
/// 403 without a login, 400 for what is not theirs.
pub fn remove(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let mut world = app.world();
    let person = ask.person(&world)?;
    let mut highlight = theirs(&world, &person, id)?;
    highlight.is_deleted = true;
    write(&mut world, vec![Record::Highlight(Box::new(highlight))])?;
    Ok(json!({}))
}

fn title(ask: &AppAsk) -> Option<String> {
    ask.text("title").filter(|title| !title.trim().is_empty())
}

fn theirs(world: &World, person: &Person, id: &str) -> Result<Highlight, Refused> {
    let found = world.highlight(id.trim_start_matches("highlight:"));
    let mine = |highlight: &&Highlight| highlight.user_id == person.user_id;
    let found = found.filter(mine).cloned();
    found.ok_or_else(|| refuse(400, "No such highlight."))
}

fn mine(world: &World, person: &Person, ids: &[String]) -> Result<Vec<String>, Refused> {
    ids.iter()
        .map(|id| own(world, person, id).map(|story| story.id))
        .collect()
}

/// The story, or the uploaded picture, that a highlight is shown by.
fn cover(world: &World, person: &Person, ask: &AppAsk) -> Result<Option<String>, Refused> {
    let Some(cover) = ask.json("cover").filter(Value::is_object) else {
        return Ok(None);
    };
    let upload = text_of(&cover["upload_id"]);
    if upload.is_empty() {
        return own(world, person, &text_of(&cover["media_id"])).map(|story| Some(story.id));
    }
    let key = format!("{}:{upload}", person.user_id);
    match world.upload(&key) {
        Some(found) => Ok(Some(format!("file:{}", found.medium.file))),
        None => Err(refuse(400, "media_needs_reupload")),
    }
}

fn shown(app: &App, world: &World, highlight: &Highlight, with_items: bool) -> Value {
    let owner = world.person(&highlight.user_id);
    let stories = highlight.media.iter().filter_map(|id| world.story(id));
    let stories: Vec<&Story> = stories.filter(|story| story.deleted.is_none()).collect();
    let cover = match highlight.cover.strip_prefix("file:") {
        Some(file) => json!({"cropped_image_version": {
            "width": 1080, "height": 1920, "url": format!("{}/cdn/{file}", app.base),
        }, "media_id": null}),
        None => {
            let url = world
                .story(&highlight.cover)
                .map(|story| super::read::media_url(app, story));
            let id = format!("{}_{}", highlight.cover, highlight.user_id);
            json!({"cropped_image_version": {"width": 1080, "height": 1920, "url": url}, "media_id": id})
        }
    };
    let newest = stories.iter().map(|story| story.published.as_second());
    let mut reel = json!({
        "id": format!("highlight:{}", highlight.id),
        "title": highlight.title,
        "created_at": highlight.made.as_second(),
        "latest_reel_media": newest.max().unwrap_or_default(),
        "is_pinned_highlight": false,
        "media_count": stories.len(),
        "media_ids": stories.iter().map(|story| &story.id).collect::<Vec<_>>(),
        "cover_media": cover,
        "reel_type": "highlight_reel",
    });
    if let Some(owner) = owner {
        reel["user"] = user(app, owner);
        if with_items {
            reel["items"] = stories
                .iter()
                .map(|story| item(app, world, story, owner))
                .collect();
        }
    }
    reel
}

/// `GET users/{name}/usernameinfo/`: every name is somebody's, but those that begin with `nobody`.
///
/// # Errors
/// 403 without a login, 404 for nobody.
pub fn by_name(app: &Arc<App>, ask: &AppAsk, name: &str) -> AppAnswer {
    let mut world = app.world();
    ask.person(&world)?;
    if name.starts_with("nobody") {
        return Err(nobody());
    }
    let id = match world.people().iter().find(|person| person.username == name) {
        Some(person) => person.user_id.clone(),
        None => {
            let id = id_of(name);
            world.strangers.insert(id.clone(), name.to_owned());
            id
        }
    };
    Ok(json!({ "user": whole(app, &world, &id) }))
}

/// `GET users/{id}/info/`
///
/// # Errors
/// 403 without a login.
pub fn by_id(app: &Arc<App>, ask: &AppAsk, id: &str) -> AppAnswer {
    let world = app.world();
    ask.person(&world)?;
    Ok(json!({ "user": whole(app, &world, id) }))
}

/// `GET accounts/current_user/`
///
/// # Errors
/// 403 without a login.
pub fn current(app: &Arc<App>, ask: &AppAsk) -> AppAnswer {
    let world = app.world();
    let person = ask.person(&world)?;
    let mut user = whole(app, &world, &person.user_id);
    user["email"] = "".into();
    user["phone_number"] = "".into();
    Ok(json!({ "user": user }))
}

fn whole(app: &App, world: &World, id: &str) -> Value {
    let mut user = somebody(app, world, id);
    let followers = world.settings.audience;
    let more = json!({
        "media_count": 0, "follower_count": followers, "following_count": 0, "is_business": true,
        "biography": "", "external_url": "",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        user[name.as_str()] = value.clone();
    }
    user
}

/// `GET locations/{pk}/location_info/`: every number is a place, but 0.
///
/// # Errors
/// 403 without a login, 404 for none.
pub fn location(app: &Arc<App>, ask: &AppAsk, pk: &str) -> AppAnswer {
    ask.person(&app.world())?;
    if pk == "0" || !pk.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refuse(404, "Location not found"));
    }
    Ok(json!({
        "pk": pk, "name": place(pk), "lat": 40.4168, "lng": -3.7038, "facebook_places_id": pk,
        "external_id": pk, "external_id_source": "facebook_places", "address": "", "city": "",
    }))
}
