//! `accounts`: tokens, quotas, pauses.
//!
//! In: an account's name. Out: accounts as `account status` reports them. Never: a token.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{AccountsAnswer, PausedAnswer};
use super::input::{Path, Said};
use super::slots::{Pause, person};
use crate::studio::apart::apart;
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;
use crate::studio::{account_views, decisions};

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

/// Every account: whose it is, how long its token lives, what is left of its day, what stops it.
#[utoipa::path(get, path = "/accounts", tag = "accounts", responses(
    (status = 200, description = "`{\"items\": […]}`: what `account status --json` tells", body = AccountsAnswer),
))]
async fn list(State(studio): State<Studio>) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let items = account_views::all(&work).await?;
        work.close().await;
        Ok(Json(json!({ "items": items })))
    })
    .await
}

/// Lets nothing of an account go out, also what was planned by hand.
#[utoipa::path(post, path = "/accounts/{name}/pause", tag = "accounts", params(("name" = String, Path, description = "As the project names it")), request_body = Pause, responses(
    (status = 200, description = "`{name, paused, state, since, until, reason}`", body = PausedAnswer),
    (status = 404, description = "No such account"),
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
        let wanted = (asked.until.as_deref(), asked.reason.as_deref());
        let stop = decisions::pause_account(&studio, &name, wanted, &by).await?;
        Ok(Json(json!({
            "name": name, "paused": true, "state": "paused", "since": stop.since, "until": stop.until,
            "reason": stop.why,
        })))
    })
    .await
}

/// Lets an account go on, also after the platform had refused it.
#[utoipa::path(post, path = "/accounts/{name}/resume", tag = "accounts", params(("name" = String, Path, description = "As the project names it")), responses(
    (status = 200, description = "`{name, paused, state, was?}`", body = PausedAnswer),
    (status = 404, description = "No such account"),
))]
async fn resume(
    State(studio): State<Studio>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let stop = decisions::resume_account(&studio, &name).await?;
        Ok(Json(json!({
            "name": name, "paused": false, "state": "open", "was": stop.map(|stop| stop.why),
        })))
    })
    .await
}
