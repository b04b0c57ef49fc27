//! The tray of `/calendar`: drafts without a day, and the stories that were planned by hand.
//!
//! In: forms. Out: drafts that wait, stories that are planned. Never: a way to plan other than `drafts`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::cards;
use super::form::posted;
use super::layout::with;
use super::quota;
use crate::store::Filter;
use crate::studio::drafts;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files;
use crate::studio::views::Around;
use crate::studio::workspace::Workspace;

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/calendar/drafts", post(add))
        .route("/calendar/drafts/{id}", post(decide))
        .route("/batch/{id}/tray", post(add_batch))
}

/// What the tray shows: drafts that wait, those that are planned, what can be put there, and for whom.
///
/// # Errors
/// 500 where the drafts cannot be read, or with what the store says.
pub async fn of(work: &Workspace) -> Result<Value, Problem> {
    let (mut waiting, mut planned) = (Vec::new(), Vec::new());
    for (draft, story) in drafts::all(work).await? {
        let told = json!({ "id": draft.id, "name": draft.name, "template": draft.template, "by": draft.by });
        match story {
            None => waiting.push(told),
            Some(story) => {
                let card = cards::story(work, &story, &Around::default());
                // what went out needs no place here
                if card["can_change"] == true {
                    planned.push(with(told, json!({ "story": card })));
                }
            }
        }
    }
    let all = template_files::all(&work.project);
    let is_story = |path: &&String| !path.rsplit('/').next().unwrap_or_default().starts_with('_');
    let accounts = work.project.accounts.iter();
    Ok(json!({
        "waiting": waiting,
        "planned": planned,
        "templates": all.iter().filter(is_story).collect::<Vec<_>>(),
        "accounts": accounts.map(|account| &account.name).collect::<Vec<_>>(),
        "day": work.today().tomorrow().unwrap_or(work.today()),
        "can_plan": work.sandbox.is_some() || !work.project.accounts.is_empty(),
    }))
}

/// Stories without a slot that are due on these days, by day.
///
/// # Errors
/// 500 with what the store says.
pub async fn by_hand(
    work: &Workspace,
    (first, last): (Date, Date),
) -> Result<Vec<(String, Value)>, Problem> {
    let Some(store) = &work.store else {
        return Ok(Vec::new());
    };
    let start = first.to_zoned(work.zone.clone());
    let filter = Filter {
        open_since: start.ok().map(|start| start.timestamp()),
        ..Filter::default()
    };
    let around = Around::of(work).await?;
    let mut found = Vec::new();
    for story in store.list(&filter).await? {
        let day = story.due.to_zoned(work.zone.clone()).date();
        if story.slot.is_none() && first <= day && day <= last {
            found.push((day.to_string(), cards::story(work, &story, &around)));
        }
    }
    found.sort_by_key(|(day, card)| (day.clone(), card["input"].as_str().map(str::to_owned)));
    Ok(found)
}

/// Puts stories that were planned by hand on the days of a page, between the slots, and counts them where they use up an
/// account's day.
pub fn put_into(work: &Workspace, page: &mut Value, stories: &[(String, Value)]) {
    let of_weeks = page["weeks"].as_array_mut().map(std::mem::take);
    let mut weeks = of_weeks.unwrap_or_default();
    let in_weeks = weeks.iter_mut().filter_map(Value::as_array_mut).flatten();
    let of_days = page["days"].as_array_mut().map(std::mem::take);
    let mut days = of_days.unwrap_or_default();
    for day in in_weeks.chain(&mut days) {
        let own = stories.iter().filter(|(date, _)| day["date"] == **date);
        let own: Vec<Value> = own.map(|(_, card)| card.clone()).collect();
        for card in &own {
            quota::add(work, day, card);
        }
        day["tiles"] = json!(in_order(&day["slots"], own));
    }
    page["weeks"] = json!(weeks);
    page["days"] = json!(days);
}

/// What goes out on a day, by its time.
fn in_order(slots: &Value, stories: Vec<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = slots.as_array().cloned().unwrap_or_default();
    all.extend(stories.into_iter().map(|mut card| {
        card["is_by_hand"] = json!(true);
        card
    }));
    let due = |card: &Value| card["utc"].as_str()?.parse::<Timestamp>().ok();
    all.sort_by_key(due);
    all
}

async fn add(State(studio): State<Studio>, headers: HeaderMap, body: Bytes) -> Response {
    posted(studio, body, async move |of, form| {
        let work = Workspace::open(of).await?;
        let finished = drafts::of_template(of, &work, form.need("template")?)?;
        drafts::add(of, &work, vec![finished], &form.person(&headers)).await?;
        work.close().await;
        Ok(form.back("/calendar", "drafted"))
    })
    .await
}

async fn add_batch(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let batch = Workspace::batch(of, &id).await?;
        batch.end_stale();
        let finished = batch.all_finished(&batch.approved(), &of.cancel)?;
        let work = Workspace::open(of).await?;
        drafts::add(of, &work, finished, &form.person(&headers)).await?;
        work.close().await;
        Ok(form.back("/calendar", "drafted"))
    })
    .await
}

async fn decide(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let said = match form.need("act")? {
            "place" => {
                let at = format!("{}T{}", form.need("day")?, form.need("time")?);
                drafts::place(of, &id, (&at, form.get("account"))).await?;
                "placed"
            }
            "back" => {
                drafts::take_back(of, &id, &form.person(&headers)).await?;
                "taken-back"
            }
            "remove" => {
                drafts::remove(of, &id).await?;
                "removed"
            }
            other => return Err(Problem::invalid(format!("nothing is called `{other}`"))),
        };
        Ok(form.back("/calendar", said))
    })
    .await
}
