//! `/accounts`: tokens, quotas, pauses.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::cards::distance;
use super::form::{posted, who};
use super::layout::{answer, around, with};
use crate::studio::apart::apart;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;
use crate::studio::{account_views, decisions};

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/accounts", get(list))
        .route("/accounts/{name}", post(act))
}

async fn list(State(studio): State<Studio>, headers: HeaderMap, uri: Uri) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let mut accounts = account_views::all(&work).await?;
        for account in &mut accounts {
            read(account, &work);
        }
        let page = json!({ "title": "Accounts", "accounts": accounts, "by": who(&headers) });
        let page = with(around("accounts", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "accounts.html", made.await)
}

/// Times as people read them.
fn read(account: &mut Value, work: &Workspace) {
    let at = |value: &Value| {
        value
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let day = |at: Timestamp| {
        at.to_zoned(work.zone.clone())
            .strftime("%-d %b %Y")
            .to_string()
    };
    if let Some(end) = at(&account["expires_at"]) {
        account["ends"] = json!(format!("{}, {}", day(end), distance(Timestamp::now(), end)));
        let days = end.duration_since(Timestamp::now()).as_hours() / 24;
        account["days_left"] = json!(days.clamp(0, 60));
    }
    if let Some(until) = at(&account["stop"]["until"]) {
        account["stop"]["until"] = json!(crate::publisher::shown(until, &work.zone));
    }
}

async fn act(
    State(studio): State<Studio>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let said = match form.need("act")? {
            "pause" => {
                let wanted = (form.get("until"), form.get("reason"));
                decisions::pause_account(of, &name, wanted, &form.person(&headers)).await?;
                "paused"
            }
            "resume" => {
                decisions::resume_account(of, &name).await?;
                "resumed"
            }
            other => return Err(Problem::invalid(format!("nothing is called `{other}`"))),
        };
        Ok(form.back("/accounts", said))
    })
    .await
}
