//! `/stories`: the last seven days with their numbers, by story, template, weekday and hour; what nobody could tell of.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::form::{posted, query, who};
use super::layout::{answer, around, done, with};
use super::{cards, chart};
use crate::publisher::{
    self, Sums, accounts, by_hour, by_template, by_weekday, published, weekday,
};
use crate::store::{Filter, Story};
use crate::studio::apart::apart;
use crate::studio::decisions::{self, StoryVerdict, story_named};
use crate::studio::numbers::Kept;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::views::Around;
use crate::studio::workspace::Workspace;

/// What plots can be made of.
const NUMBERS: [&str; 4] = ["views", "reach", "replies", "navigation"];

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/stories", get(list))
        .route("/stories.csv", get(csv))
        .route("/stories/{id}", get(one).post(decide))
}

async fn list(State(studio): State<Studio>, uri: Uri) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let asked = query(uri.query());
        let number = asked
            .get("number")
            .filter(|name| NUMBERS.contains(&name.as_str()));
        let number = number.map_or("views", String::as_str);
        let days: i64 = match asked.get("days").map(String::as_str) {
            Some("28") => 28,
            Some("all") => 36_500,
            _ => 7,
        };
        let page = json!({
            "title": "Stories",
            "number": number,
            "numbers": NUMBERS,
            "days": asked.get("days").map_or("7", String::as_str),
        });
        let page = with(page, shown(&work, days, number).await?);
        let page = with(around("stories", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "stories.html", made.await)
}

/// The stories of so many days, and plots of one of their numbers.
async fn shown(work: &Workspace, days: i64, number: &str) -> Result<Value, Problem> {
    let Some(store) = &work.store else {
        return Ok(json!({ "open": [], "ended": [], "uncertain": [], "handed": [], "plots": [] }));
    };
    let since = work.now.checked_sub(SignedDuration::from_hours(24 * days));
    let since = since.unwrap_or(jiff::Timestamp::MIN);
    let around = Around::of(work).await?;
    let (mut uncertain, mut open, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    let mut handed = Vec::new();
    let kept = Kept::of(work).await?;
    let stories = store.list(&Filter::default()).await?;
    for story in stories.iter().rev() {
        let mut card = cards::story(work, story, &around);
        card["spark"] = json!(grown(&kept, story, number));
        match story.step.is_in_flight() {
            _ if card["is_uncertain"] == true => uncertain.push(card),
            _ if card["is_handed"] == true => handed.push(card),
            true => open.push(card),
            false if published(story).unwrap_or(story.due) >= since => ended.push(card),
            false => {}
        }
    }
    open.reverse();
    handed.reverse();
    let counted: Vec<Story> = kept
        .stories
        .into_iter()
        .filter(|story| published(story).is_some_and(|at| at >= since))
        .collect();
    Ok(json!({
        "uncertain": uncertain, "handed": handed, "open": open, "ended": ended,
        "plots": plots(work, &counted, number),
    }))
}

/// How a number of a story grew over its day.
fn grown(kept: &Kept, story: &Story, number: &str) -> Option<String> {
    let points = kept.points.get(&story.key)?;
    let mut line = vec![(0.0, 0.0)];
    for point in points {
        let value = *point.insights.numbers.get(number)?;
        line.push((point.after.as_secs_f64(), value as f64));
    }
    chart::line(&format!("{number} over its day"), &line)
}

/// On average, by template, weekday and hour.
fn plots(work: &Workspace, stories: &[Story], number: &str) -> Vec<Value> {
    let zone = &work.zone;
    let template: BTreeMap<String, Sums> = by_template(stories);
    let template = template.into_iter().map(|(name, sums)| {
        let short = name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".toml");
        (short.to_owned(), sums)
    });
    let days = by_weekday(stories, zone).into_iter();
    let days = days.map(|(day, sums)| (weekday(day).to_owned(), sums));
    let hours = by_hour(stories, zone).into_iter();
    let hours = hours.map(|(hour, sums)| (format!("{hour:02}:00"), sums));
    let plot = |title: &str, groups: Vec<(String, Sums)>| {
        let pairs: Vec<(String, f64, String)> = groups
            .into_iter()
            .filter_map(|(name, sums)| {
                let mean = sums.mean(number)?;
                Some((
                    format!("{name} ({})", sums.stories),
                    mean,
                    format!("{mean:.0}"),
                ))
            })
            .collect();
        let heading = format!("{number} by {title}");
        let svg = chart::bars(&format!("{heading}, on average"), &pairs)?;
        Some(json!({ "title": title, "svg": svg }))
    };
    [
        plot("template", template.collect()),
        plot("weekday", days.collect()),
        plot("hour", hours.collect()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

async fn csv(State(studio): State<Studio>) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let kept = Kept::of(&work).await?;
        let named = |key: &str| accounts::name_of(&work.project, key);
        let text = publisher::csv(&kept.stories, &work.zone, named);
        work.close().await;
        Ok(text)
    });
    done(
        &studio,
        made.await.map(|text| {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"stories.csv\"",
                ),
            ];
            (headers, text).into_response()
        }),
    )
}

async fn one(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let story = story_named(work.store.as_ref(), &id).await?;
        let trail = work.store()?.audit(&story.key).await?;
        let newest = publisher::numbers(&story);
        let all: Vec<Value> = newest
            .into_iter()
            .flat_map(|found| &found.numbers)
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let page = json!({
            "title": story.name,
            "story": cards::story(&work, &story, &Around::of(&work).await?),
            "slot": story.slot,
            "all": all,
            "trail": cards::trail_of(&work, &trail),
            "by": who(&headers),
        });
        let page = with(around("stories", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "story.html", made.await)
}

async fn decide(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let (verdict, said) = match form.need("act")? {
            "retry" => (StoryVerdict::Retry, "retried"),
            "cancel" => (StoryVerdict::Cancel, "cancelled"),
            "move" => {
                let to = form.need("to")?.to_owned();
                (StoryVerdict::Move { to }, "moved")
            }
            word @ ("live" | "not-live") => {
                let verdict = StoryVerdict::Resolve {
                    live: word == "live",
                    media_id: None,
                };
                (verdict, "resolved")
            }
            act => return Err(Problem::invalid(format!("nothing is called `{act}` here"))),
        };
        decisions::decide_story(of, &id, verdict, &form.person(&headers)).await?;
        Ok(form.back("/stories", said))
    })
    .await
}
