//! `/approve`: what waits for somebody's word, counted back from its slot; a phone comes first.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::get;
use jiff::ToSpan;
use serde_json::{Value, json};

use super::cards;
use super::form::{posted, who};
use super::layout::{answer, around, with};
use super::passes;
use crate::publisher::Entry;
use crate::studio::apart::apart;
use crate::studio::decisions::{self, Verdict};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;

/// So many days are looked ahead.
const DAYS: i64 = 60;

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/approve", get(list).post(many))
        .route("/approve/{id}", get(one))
}

/// The slots that wait for approval, or were approved and did not go out yet; the earliest first.
async fn waiting(work: &Workspace) -> Result<Vec<Value>, Problem> {
    if work.store.is_none() {
        return Ok(Vec::new());
    }
    let first = work
        .today()
        .checked_sub(30.days())
        .map_err(Problem::invalid_time)?;
    let last = work
        .today()
        .checked_add(DAYS.days())
        .map_err(Problem::invalid_time)?;
    let entries = work.agenda(first, last).await?;
    let is_waiting = |card: &Value| card["is_waiting"] == true;
    let cards = entries.iter().map(|entry: &Entry| cards::slot(work, entry));
    Ok(cards.filter(is_waiting).collect())
}

async fn list(State(studio): State<Studio>, headers: HeaderMap, uri: Uri) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let all = waiting(&work).await?;
        let (open, decided): (Vec<Value>, Vec<Value>) =
            all.into_iter().partition(|card| card["to_decide"] == true);
        let to_come = work.rules.iter().filter(|rule| rule.approve).count();
        let names: Vec<&str> = work.rules.iter().map(|rule| &*rule.name).collect();
        let page = json!({
            "title": "Approve", "open": open, "decided": decided, "by": who(&headers), "rules": to_come,
            "links": passes::clients(&of, &work.zone), "today": work.today(), "schedules": names,
            "in_a_week": work.today().checked_add(6.days()).map_err(Problem::invalid_time)?,
        });
        let page = with(around("approve", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "approve.html", made.await)
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
        let entry = work.entry(&id).await?;
        let all = waiting(&work).await?;
        let open: Vec<&Value> = all
            .iter()
            .filter(|card| card["to_decide"] == true)
            .collect();
        let place = open.iter().position(|card| card["id"] == entry.id());
        let next = place
            .and_then(|place| open.get(place + 1))
            .map(|card| &card["id"]);
        let page = json!({
            "title": format!("Approve {}", entry.id()),
            "slot": cards::slot(&work, &entry),
            "next": next,
            "place": place.map(|place| place + 1),
            "count": open.len(),
            "by": who(&headers),
        });
        let page = with(around("approve", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "approve-one.html", made.await)
}

/// Approves every slot that is ticked: each with the picture that was looked at.
async fn many(State(studio): State<Studio>, headers: HeaderMap, body: Bytes) -> Response {
    posted(studio, body, async move |of, form| {
        let by = form.person(&headers);
        let ticked: Vec<&str> = form.all("slot").collect();
        if ticked.is_empty() {
            return Err(Problem::invalid("tick the pictures that may go out"));
        }
        let mut refused = Vec::new();
        for value in ticked {
            // the hash comes first, as a slot's name may hold anything
            let Some((sha256, id)) = value.split_once(' ') else {
                return Err(Problem::invalid("the form was changed"));
            };
            let sha256 = sha256.to_owned();
            let done = decisions::decide(of, id, Verdict::Approve { sha256 }, &by).await;
            if let Err(problem) = done {
                refused.push(format!("{id}: {}", problem.detail()));
            }
        }
        match refused.is_empty() {
            true => Ok(form.back("/approve", "approved")),
            false => Err(Problem::conflict(format!(
                "the others are approved; not these: {}",
                refused.join("; ")
            ))),
        }
    })
    .await
}
