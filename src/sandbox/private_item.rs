//! A story as the app's lists carry it, with its tap boxes in the list of each kind.
//!
//! In: a story. Out: an item. Never: the item of a story that was taken back.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::app::App;
use super::journal::Record;
use super::numbers;
use super::objects::{Person, Story};
use super::private_people::{somebody, user};
use super::private_reply::{Refused, refuse};
use super::read::{media_url, shortcode};
use super::world::World;
use crate::media::Kind;

/// Where a box lies.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Box4 {
    /// Centre from the left.
    pub x: f64,
    /// Centre from the top.
    pub y: f64,
    z: i64,
    /// Of the picture's width.
    pub width: f64,
    /// Of its height.
    pub height: f64,
    /// As it was sent.
    pub rotation: f64,
}

impl Box4 {
    /// That of a sticker or a tap model.
    pub fn of(value: &Value) -> Self {
        let part = |name: &str| value[name].as_f64().unwrap_or_default();
        Self {
            x: part("x"),
            y: part("y"),
            z: value["z"].as_i64().unwrap_or_default(),
            width: part("width"),
            height: part("height"),
            rotation: part("rotation"),
        }
    }
}

/// What is not there, or not theirs.
pub fn gone() -> Refused {
    refuse(400, "Media not found or unavailable")
}

/// An own story that was not taken back; `id` is its pk, with or without the owner.
pub fn own(world: &World, person: &Person, id: &str) -> Result<Story, Refused> {
    let pk = id.split('_').next().unwrap_or_default();
    let mine = |story: &&Story| story.user_id == person.user_id && story.deleted.is_none();
    world.story(pk).filter(mine).cloned().ok_or_else(gone)
}

/// Writes a change.
pub fn write(world: &mut World, change: Vec<Record>) -> Result<(), Refused> {
    world
        .commit(change)
        .map_err(|_| refuse(500, "the world cannot be written"))
}

/// A story as lists carry it.
pub fn item(app: &App, world: &World, story: &Story, owner: &Person) -> Value {
    let (width, height) = story.size.unwrap_or((1080, 1920));
    let url = media_url(app, story);
    let medium = json!({"width": width, "height": height, "url": url});
    let mut item = json!({
        "pk": story.id,
        "id": format!("{}_{}", story.id, story.user_id),
        "code": shortcode(&story.id),
        "taken_at": story.published.as_second(),
        "expiring_at": story.ends().as_second(),
        "media_type": if story.kind == Kind::Video { 2 } else { 1 },
        "product_type": "story",
        "original_width": width,
        "original_height": height,
        "user": user(app, owner),
        "viewer_count": numbers::viewers(story, world.now(), world.settings.audience),
        "audience": story.audience,
    });
    if story.is_of_app {
        item["device_timestamp"] = story.container_id.parse::<u64>().ok().into();
        item["upload_id"] = story.container_id.clone().into();
    }
    match story.kind {
        Kind::Image => item["image_versions2"] = json!({ "candidates": [medium] }),
        Kind::Video => {
            item["video_versions"] = json!([medium]);
            item["video_duration"] = story.seconds.into();
        }
    }
    boxes(app, world, story, &mut item);
    item
}

/// The tap boxes, each in the list of its kind.
fn boxes(app: &App, world: &World, story: &Story, item: &mut Value) {
    let mut put = |list: &str, place: &Value, what: (&str, Value)| {
        let mut entry = json!(Box4::of(place));
        entry[what.0] = what.1;
        match item.get_mut(list).and_then(Value::as_array_mut) {
            Some(entries) => entries.push(entry),
            None => item[list] = json!([entry]),
        }
    };
    for sticker in &story.stickers {
        match sticker["kind"].as_str().unwrap_or_default() {
            "link" => {
                let link = json!({"url": sticker["url"], "link_type": "web"});
                put("story_link_stickers", sticker, ("story_link", link));
            }
            "mention" => {
                let id = sticker["user_id"].as_str().unwrap_or_default();
                let user = somebody(app, world, id);
                put("reel_mentions", sticker, ("user", user));
            }
            "hashtag" => {
                let hashtag = json!({"id": "1", "name": sticker["name"], "media_count": 1});
                put("story_hashtags", sticker, ("hashtag", hashtag));
            }
            "location" => {
                let location = json!({"pk": sticker["id"], "name": sticker["name"]});
                put("story_locations", sticker, ("location", location));
            }
            "poll" => {
                let options = sticker["options"].as_array().cloned().unwrap_or_default();
                let tally = |text: &Value| json!({"text": text, "count": 0, "font_size": 39.0});
                let tallies: Vec<Value> = options.iter().map(tally).collect();
                let poll = json!({"poll_id": story.id, "question": sticker["question"], "tallies": tallies});
                put("story_polls", sticker, ("poll_sticker", poll));
            }
            _ => {}
        }
    }
}

/// Whether a story shows in lists.
pub fn is_listed(story: &Story, now: Timestamp) -> bool {
    story.is_live(now) && story.hidden_until.is_none_or(|until| until <= now)
}
