//! `POST /{user}/media_publish` and the quota.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::app::App;
use super::ask::Ask;
use super::clock::later;
use super::effect::Effect;
use super::journal::Record;
use super::objects::{Check, DAY, Status, Story};
use super::refusal::Refusal;
use super::reply::Answer;
use super::who::{Caller, Right};
use super::world::ago;

/// Makes a story of a FINISHED container, once.
///
/// # Errors
/// 9007 before it is ready, 9/2207042 when the day's publishes are used up, 100 the second time.
pub fn publish(app: &Arc<App>, ask: &Ask, caller: &Caller, effect: Effect) -> Answer {
    caller.needs(Right::Publish)?;
    let id = ask
        .text("creation_id")
        .ok_or_else(|| Refusal::parameter("The parameter creation_id is required"))?;
    // one guard from the question to the record: two calls at once make one story
    let mut world = app.world();
    let now = world.now();
    let container = world
        .container(&id)
        .filter(|c| c.user_id == caller.person.user_id);
    let mut container = container.cloned().ok_or_else(|| Refusal::no_media(&id))?;
    if container.published.is_some() {
        return Err(Refusal::published_before());
    }
    let medium = match (container.status(now), &container.check) {
        (Status::Finished, Check::Passed { medium, .. }) => medium.clone(),
        (Status::Expired, _) => return Err(Refusal::expired_container()),
        (Status::Error(_), _) => return Err(Refusal::no_media(&id)),
        _ => return Err(Refusal::not_ready()),
    };
    let used = world.published_since(&caller.person.user_id, ago(now, 1), now);
    if used >= world.settings.quota_total {
        return Err(Refusal::quota());
    }
    let until = |ms: Option<u64>| ms.map(|ms| later(now, Duration::from_millis(ms)));
    let story = Story {
        id: world.new_id("180"),
        user_id: container.user_id.clone(),
        container_id: container.id.clone(),
        kind: container.kind,
        medium,
        mentions: container.mentions.clone(),
        is_ai: container.is_ai,
        published: now,
        deleted: None,
        hidden_until: until(effect.hidden_ms),
        stickers: Vec::new(),
        audience: None,
        size: None,
        seconds: None,
        is_of_app: false,
    };
    container.published = Some(now);
    container.stale_until = until(effect.stale_ms);
    let body = json!({ "id": story.id });
    world.commit(vec![
        Record::Container(Box::new(container)),
        Record::Story(Box::new(story)),
    ])?;
    Ok(body)
}

/// `GET /{user}/content_publishing_limit`: without `fields` only `quota_usage`.
///
/// # Errors
/// 100 for an unknown field.
pub fn quota(app: &Arc<App>, ask: &Ask, caller: &Caller) -> Answer {
    caller.needs(Right::Publish)?;
    let world = app.world();
    let now = world.now();
    let since = ask.text("since").and_then(|text| text.parse().ok());
    let since = since
        .and_then(|second| jiff::Timestamp::from_second(second).ok())
        .map_or(ago(now, 1), |asked| asked.max(ago(now, 1)));
    // publishes show up late in the number, though the limit itself counts at once
    let lag = jiff::SignedDuration::try_from(world.settings.quota_lag()).unwrap_or_default();
    let until = now.checked_sub(lag).unwrap_or(now);
    let usage = world.published_since(&caller.person.user_id, since, until);
    let mut fields: Vec<String> = ask.fields().into_iter().map(|field| field.name).collect();
    if fields.is_empty() {
        fields.push("quota_usage".to_owned());
    }
    let mut entry = json!({});
    for field in fields {
        entry[&field] = match field.as_str() {
            "quota_usage" => usage.into(),
            "config" => json!({
                "quota_total": world.settings.quota_total,
                "quota_duration": DAY.as_secs(),
            }),
            other => return Err(Refusal::field(other, "IGContentPublishingLimit")),
        };
    }
    Ok(json!({ "data": [entry] }))
}
