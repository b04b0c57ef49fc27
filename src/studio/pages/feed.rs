//! `/feed/SECRET.ics`: the calendar, for the calendar of a person.
//!
//! In: a secret address. Out: iCalendar text of the slots from a month ago to three months ahead. Never: a picture, a word
//! to somebody whose secret is wrong: 404, as for any other address.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::ToSpan;
use serde_json::Value;

use super::cards;
use crate::calendar::ics::{self, EventStatus, Moment};
use crate::publisher::Entry;
use crate::studio::apart::apart;
use crate::studio::guard::lasting;
use crate::studio::page::segment;
use crate::studio::passes::{Scope, of_secret};
use crate::studio::problem::Problem;
use crate::studio::reach;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;

/// Days that are listed before and after this one.
const BEFORE: i64 = 31;
const AFTER: i64 = 92;

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new().route("/feed/{file}", get(feed))
}

async fn feed(
    State(studio): State<Studio>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    apart(async move || {
        let nothing = || Problem::not_found("there is nothing at this address");
        let secret = file.strip_suffix(".ics").ok_or_else(nothing)?;
        let open = lasting(&studio);
        let pass = of_secret(&open, secret).filter(|pass| pass.scope == Scope::Feed);
        pass.ok_or_else(nothing)?;
        let work = Workspace::open(&studio).await?;
        let day = |days: i64| {
            let day = work.today().checked_add(days.days());
            day.map_err(Problem::invalid_time)
        };
        let entries = work.agenda(day(-BEFORE)?, day(AFTER)?).await?;
        let origin = reach::from_elsewhere(&studio, &headers);
        let moments: Vec<Moment> = entries
            .iter()
            .map(|entry| moment(entry, &cards::slot(&work, entry), origin.as_deref()))
            .collect();
        let folder = work.project.root.file_name().unwrap_or_default();
        let name = format!("Stories of {}", folder.to_string_lossy());
        let text = ics::write(&name, &moments, work.now);
        work.close().await;
        Ok((
            [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")],
            text,
        )
            .into_response())
    })
    .await
}

fn moment(entry: &Entry, card: &Value, origin: Option<&str>) -> Moment {
    let id = entry.id();
    let template = entry.report.template.as_deref().map(stem);
    let parts = [
        Some(template.unwrap_or(&entry.report.schedule)),
        entry.report.row_key.as_deref(),
        entry.report.account.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let word = card["word"].as_str().unwrap_or_default();
    let why = card["why"].as_str();
    let page = format!("/calendar/slot/{}", segment(&id));
    Moment {
        start: entry.due,
        summary: format!("{} ({word})", parts.join(" · ")),
        description: Some(match why {
            Some(why) => format!("{id}\n{why}"),
            None => id.clone(),
        }),
        url: origin.map(|origin| format!("{origin}{page}")),
        status: status(entry.state(), card["is_approved"] == true),
        uid: id,
    }
}

/// A template's name without folder and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn status(state: &str, is_approved: bool) -> EventStatus {
    match state {
        "skipped" | "cancelled" | "missed" | "failed" => EventStatus::Cancelled,
        "waiting" if is_approved => EventStatus::Confirmed,
        "waiting" | "paused" | "uncertain" | "handed" => EventStatus::Tentative,
        _ => EventStatus::Confirmed,
    }
}
