//! `GET /{story}/insights`: numbers that grow while a story is live.

use std::sync::Arc;

use serde_json::{Value, json};

use super::app::App;
use super::ask::Ask;
use super::objects::Story;
use super::refusal::Refusal;
use super::reply::Answer;
use super::who::{Caller, Right};
use crate::graph::Login;

/// Fewer viewers than that, and nothing is shown.
const LEAST_VIEWERS: u64 = 5;

/// How long it takes until two thirds of a story's viewers have come, in seconds.
const PACE_S: f64 = 4.0 * 3600.0;

/// A story's numbers as of now.
///
/// # Errors
/// 10 under five viewers or without the scope, 100 for metrics that are dead, unknown, or the other login's.
pub fn insights(app: &Arc<App>, ask: &Ask, caller: &Caller, id: &str) -> Answer {
    caller.needs(Right::Insights)?;
    let metrics = ask.list("metric");
    if metrics.is_empty() {
        return Err(Refusal::parameter("The parameter metric is required"));
    }
    let breakdown = ask.text("breakdown");
    for metric in &metrics {
        fits(metric, caller.login(), breakdown.as_deref())?;
    }
    let world = app.world();
    let now = world.now();
    let mine = |story: &&Story| story.user_id == caller.person.user_id;
    let story = world.story(id).filter(mine);
    let story = story.ok_or_else(|| Refusal::unreachable("GET", id))?;
    if !story.is_live(now) {
        // missing numbers are an empty list, not 0
        return Ok(json!({ "data": [] }));
    }
    let seen = viewers(story, now, world.settings.audience);
    if seen < LEAST_VIEWERS {
        return Err(Refusal::new(
            10,
            "(#10) Not enough viewers for the media to show insights",
        ));
    }
    let data: Vec<Value> = metrics
        .iter()
        .map(|metric| entry(&story.id, metric, breakdown.as_deref(), seen))
        .collect();
    Ok(json!({ "data": data }))
}

/// How many have seen it: many at first, fewer later.
pub fn viewers(story: &Story, now: jiff::Timestamp, audience: u32) -> u64 {
    let age = story.age(now).as_secs_f64();
    let share = 1.0 - (-age / PACE_S).exp();
    // stories differ: between a half and all of the audience
    let taste = story.id.bytes().map(u64::from).sum::<u64>() % 50 + 50;
    (f64::from(audience) * share * taste as f64 / 100.0) as u64
}

/// Whether a metric can be asked of a story.
fn fits(metric: &str, login: Login, breakdown: Option<&str>) -> Result<(), Refusal> {
    let not_here = |said: &str| Err(Refusal::parameter(&format!("{metric}: {said}")));
    match metric {
        "impressions" => {
            not_here("this metric is no longer supported for media created after 2 July 2024")?
        }
        "exits" | "taps_forward" | "taps_back" => {
            not_here("this metric was removed; use navigation")?
        }
        "likes" | "comments" | "saved" | "total_likes" | "total_comments" => {
            not_here("this metric is not supported for stories")?
        }
        "facebook_views" => not_here("the media was not shared to Facebook")?,
        "link_clicks" | "total_views" if login == Login::Instagram => {
            not_here("this metric is not supported for Instagram Login")?
        }
        "views" | "reach" | "replies" | "shares" | "follows" | "profile_visits"
        | "total_interactions" | "reposts" | "profile_activity" | "navigation" | "link_clicks"
        | "total_views" => {}
        _ => {
            return Err(Refusal::parameter(&format!(
                "metric[0] must be one of the following values: views, reach, replies, navigation, …; not {metric}"
            )));
        }
    }
    let own = match metric {
        "navigation" => Some("story_navigation_action_type"),
        "profile_activity" => Some("action_type"),
        _ => None,
    };
    match breakdown {
        None => Ok(()),
        given if given == own => Ok(()),
        Some(_) => Err(Refusal::new(1, "An unknown error has occurred.")),
    }
}

fn entry(id: &str, metric: &str, breakdown: Option<&str>, seen: u64) -> Value {
    let parts: Vec<(&str, u64)> = match metric {
        "navigation" => vec![
            ("tap_forward", seen * 7 / 10),
            ("tap_back", seen / 8),
            ("tap_exit", seen / 20),
            ("swipe_forward", seen / 10),
        ],
        "profile_activity" => vec![
            ("bio_link_clicked", seen / 50),
            ("call", 0),
            ("direction", seen / 100),
            ("email", 0),
            ("other", seen / 200),
            ("text", 0),
        ],
        _ => Vec::new(),
    };
    let value = match metric {
        "views" | "total_views" => seen + seen / 9,
        "reach" => seen,
        "replies" => seen / 60,
        "shares" => seen / 80,
        "reposts" => seen / 150,
        "follows" => seen / 120,
        "profile_visits" => seen / 25,
        "total_interactions" => seen / 60 + seen / 80,
        _ => parts.iter().map(|(_, value)| value).sum(),
    };
    let mut entry = json!({
        "name": metric,
        "period": "lifetime",
        "values": [{ "value": value }],
        "title": title(metric),
        "description": format!("{} of this story", title(metric)),
    });
    if let Some(key) = breakdown {
        let results: Vec<Value> = parts
            .iter()
            .map(|(name, value)| json!({"dimension_values": [name], "value": value}))
            .collect();
        let breakdown = json!({"dimension_keys": [key], "results": results});
        entry["total_value"] = json!({"value": value, "breakdowns": [breakdown]});
    }
    entry["id"] = format!("{id}/insights/{metric}/lifetime").into();
    entry
}

/// `profile_visits` as people read it.
fn title(metric: &str) -> String {
    let words = metric.replace('_', " ");
    let mut signs = words.chars();
    let first = signs.next().map(|sign| sign.to_ascii_uppercase());
    first.into_iter().chain(signs).collect()
}
