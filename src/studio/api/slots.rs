//! `slots` and `schedules`: the calendar.
//!
//! In: days, a slot's name, a decision. Out: slots as `schedule next` reports them, pictures. Never: a second story of a slot.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{PausedAnswer, SlotAnswer, SlotsAnswer};
use super::input::{Given, Path, Query, Said};
use crate::studio::apart::apart;
use crate::studio::decisions::{self, Verdict};
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;
use crate::studio::{pictures, views};

/// The longest range that is looked at in one call, days.
const MOST_DAYS: i32 = 400;

/// Without `to`, so many days after `from`.
const DAYS: i64 = 13;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(picture))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(skip))
        .routes(routes!(move_to))
        .routes(routes!(run))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

/// Which days are looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Days {
    /// The first day, in the project's zone; today without it.
    from: Option<String>,
    /// The last day, included; two weeks without it.
    to: Option<String>,
}

/// The slots of these days: those to come as they will be, those that are over as they ended.
#[utoipa::path(get, path = "/slots", tag = "calendar", params(Days), responses(
    (status = 200, description = "`{\"items\": […], \"diagnostics\": […]}`: what `schedule next --json` lists", body = SlotsAnswer),
    (status = 422, description = "No such days"),
))]
async fn list(
    State(studio): State<Studio>,
    Query(days): Query<Days>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let day = |text: Option<String>| {
            let read = text.map(|text| {
                text.parse::<Date>()
                    .map_err(|_| Problem::invalid(format!("`{text}` is no date: write 2026-12-01")))
            });
            read.transpose()
        };
        let (from, to) = (day(days.from)?, day(days.to)?);
        let work = Workspace::open(&studio).await?;
        let from = from.unwrap_or_else(|| work.today());
        let to = match to {
            Some(to) => to,
            None => from
                .checked_add(DAYS.days())
                .map_err(Problem::invalid_time)?,
        };
        if to < from {
            return Err(Problem::invalid("`to` is before `from`"));
        }
        if from.until(to).map_err(Problem::invalid_time)?.get_days() > MOST_DAYS {
            return Err(Problem::invalid(format!(
                "at most {MOST_DAYS} days at once"
            )));
        }
        let entries = work.agenda(from, to).await?;
        let items: Vec<Value> = entries
            .iter()
            .map(|entry| views::slot(&work, entry))
            .collect();
        let answer = json!({
            "items": items, "from": from, "to": to, "zone": work.zone_name(), "now": work.now,
            "diagnostics": work.wrong,
        });
        work.close().await;
        Ok(Json(answer))
    })
    .await
}

/// One slot, with everything that was decided about it.
#[utoipa::path(get, path = "/slots/{id}", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded")), responses(
    (status = 200, description = "The slot, with its `trail`", body = SlotAnswer),
    (status = 404, description = "No such slot"),
))]
async fn one(State(studio): State<Studio>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let entry = work.entry(&id).await?;
        let mut out = views::slot(&work, &entry);
        out["trail"] = json!(views::trail(&work, &entry).await?);
        work.close().await;
        Ok(Json(out))
    })
    .await
}

/// How a picture is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A still copy of at most so many pixels a row, 32 to 1080; the file that goes out without it.
    width: Option<u32>,
    /// The picture that was approved before its data changed.
    #[serde(default)]
    former: bool,
}

/// The picture or film of a slot: the frozen one, else what it will be then.
#[utoipa::path(get, path = "/slots/{id}/picture", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded"), Wanted), responses(
    (status = 200, description = "What goes out, byte for byte", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "video/mp4"))),
    (status = 304, description = "`If-None-Match` has it already"),
    (status = 404, description = "No such slot, or no picture of it"),
    (status = 422, description = "It cannot be made"),
))]
async fn picture(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let find = async move |studio: &Studio, work: &Workspace| {
        let entry = work.entry(&id).await?;
        match wanted.former {
            true => pictures::former(work, &entry),
            false => pictures::of_slot(studio, work, &entry, wanted.width).await,
        }
    };
    pictures::served(studio, wanted.width, headers, find).await
}

/// What is approved.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Approve {
    /// The picture that was looked at: its SHA-256, or at least 8 letters of its beginning.
    sha256: String,
    /// Who approves it.
    by: Option<String>,
}

/// Lets a picture go out.
#[utoipa::path(post, path = "/slots/{id}/approve", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded")), request_body = Approve, responses(
    (status = 200, description = "The slot", body = SlotAnswer),
    (status = 404, description = "No such slot"),
    (status = 409, description = "It does not wait for approval, or has no picture yet"),
    (status = 412, description = "It shows another picture now"),
    (status = 422, description = "No `sha256`"),
))]
async fn approve(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Given(asked): Given<Approve>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        let sha256 = asked.sha256;
        told(&studio, &id, Verdict::Approve { sha256 }, &by).await
    })
    .await
}

/// What is rejected.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Reject {
    /// The picture that was looked at.
    sha256: Option<String>,
    /// Why, for those who make another one.
    reason: Option<String>,
    /// Who rejects it.
    by: Option<String>,
}

/// Keeps a picture from going out; another one waits anew.
#[utoipa::path(post, path = "/slots/{id}/reject", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded")), request_body = Reject, responses(
    (status = 200, description = "The slot", body = SlotAnswer),
    (status = 404, description = "No such slot"),
    (status = 409, description = "It does not wait for approval, or has no picture yet"),
    (status = 412, description = "It shows another picture now"),
))]
async fn reject(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Said(asked): Said<Reject>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        let verdict = Verdict::Reject {
            sha256: asked.sha256,
            reason: asked.reason,
        };
        told(&studio, &id, verdict, &by).await
    })
    .await
}

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Why {
    /// For those who look at it later.
    reason: Option<String>,
    /// Who decides it.
    by: Option<String>,
}

/// Has a slot not go out.
#[utoipa::path(post, path = "/slots/{id}/skip", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded")), request_body = Why, responses(
    (status = 200, description = "The slot", body = SlotAnswer),
    (status = 404, description = "No such slot"),
    (status = 409, description = "It is a story already, or has ended"),
))]
async fn skip(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Said(asked): Said<Why>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        let reason = asked.reason;
        told(&studio, &id, Verdict::Skip { reason }, &by).await
    })
    .await
}

/// Where to.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Move {
    /// A date and time, in the project's zone or with one of its own.
    to: String,
    /// Who moves it.
    by: Option<String>,
}

/// Has a slot go out at another time; what it shows stays that of its own time.
#[utoipa::path(post, path = "/slots/{id}/move", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded")), request_body = Move, responses(
    (status = 200, description = "The slot", body = SlotAnswer),
    (status = 404, description = "No such slot"),
    (status = 409, description = "It was sent already, or has ended"),
    (status = 422, description = "No such time, or it is past"),
))]
async fn move_to(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Given(asked): Given<Move>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        told(&studio, &id, Verdict::Move { to: asked.to }, &by).await
    })
    .await
}

/// Has a slot go out now, as soon as a worker looks at it: also one that was skipped or missed.
#[utoipa::path(post, path = "/slots/{id}/run", tag = "calendar", params(("id" = String, Path, description = "Percent-encoded")), request_body = Why, responses(
    (status = 200, description = "The slot", body = SlotAnswer),
    (status = 404, description = "No such slot"),
    (status = 409, description = "It is a story already"),
))]
async fn run(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Said(asked): Said<Why>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        told(&studio, &id, Verdict::Run, &by).await
    })
    .await
}

/// Decides, and tells of the slot.
async fn told(
    studio: &Studio,
    id: &str,
    verdict: Verdict,
    by: &str,
) -> Result<Json<Value>, Problem> {
    let entry = decisions::decide(studio, id, verdict, by).await?;
    let work = Workspace::open(studio).await?;
    let out = views::slot(&work, &entry);
    work.close().await;
    Ok(Json(out))
}

/// Who decides: as the request says, else by which door it came.
pub(super) fn person(by: Option<String>, caller: &Caller) -> String {
    let by = by
        .map(|by| by.trim().to_owned())
        .filter(|by| !by.is_empty());
    by.unwrap_or_else(|| caller.name().to_owned())
}

/// Until when, and why.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Pause {
    /// A date and time; without it, until it is resumed.
    pub until: Option<String>,
    /// Why, for those who look at it later.
    pub reason: Option<String>,
    /// Who pauses it.
    pub by: Option<String>,
}

/// Lets nothing of a schedule go out.
#[utoipa::path(post, path = "/schedules/{name}/pause", tag = "calendar", params(("name" = String, Path, description = "The schedule; `*` is every one")), request_body = Pause, responses(
    (status = 200, description = "`{name, paused, since, until, reason, by}`", body = PausedAnswer),
    (status = 404, description = "No such schedule"),
    (status = 422, description = "No such time, or it is past"),
))]
async fn pause(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Said(asked): Said<Pause>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        let wanted = (asked.until.as_deref(), asked.reason);
        let pause = decisions::pause_schedule(&studio, &name, wanted, &by).await?;
        Ok(Json(json!({
            "name": name, "paused": true, "since": pause.since, "until": pause.until, "reason": pause.reason,
            "by": pause.by,
        })))
    })
    .await
}

/// Lets a schedule go on.
#[utoipa::path(post, path = "/schedules/{name}/resume", tag = "calendar", params(("name" = String, Path, description = "The schedule; `*` is every one")), responses(
    (status = 200, description = "`{name, paused, was_paused}`", body = PausedAnswer),
    (status = 404, description = "No such schedule"),
))]
async fn resume(
    State(studio): State<Studio>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let was = decisions::resume_schedule(&studio, &name).await?;
        Ok(Json(
            json!({ "name": name, "paused": false, "was_paused": was }),
        ))
    })
    .await
}
