//! `batches`: many stories at once, against the last batch or what is live.
//!
//! In: templates and data, decisions. Out: groups by what changed, stories, pictures. Never: a file in OUT.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{BatchAnswer, DecidedAnswer};
use super::input::{Given, Path, Query};
use super::slots::person;
use crate::studio::apart::apart;
use crate::studio::batch::Batch;
use crate::studio::batch_decisions::Said;
use crate::studio::batch_file::Asked;
use crate::studio::pictures::{self, Picture};
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;

/// Stories of one answer, where nobody says otherwise.
const PAGE: usize = 200;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(one))
        .routes(routes!(picture))
        .routes(routes!(decide))
}

/// Which stories of a batch are told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// Only those of this group.
    group: Option<String>,
    /// From 1.
    page: Option<usize>,
    /// At most so many, 1 to 1000.
    per: Option<usize>,
}

/// Opens a batch and holds it against the last one, or against what is live.
#[utoipa::path(post, path = "/batches", tag = "batches", request_body = Asked, responses(
    (status = 201, description = "The batch: `{id, totals, groups, stories, failed}`", body = BatchAnswer),
    (status = 422, description = "No such templates or data"),
))]
async fn open(
    State(studio): State<Studio>,
    Given(asked): Given<Asked>,
) -> Result<Response, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let batch = studio.batches.open(&work.of_batch(&studio), asked).await;
        work.close().await;
        let told = told(&*batch?, &Part::default());
        Ok((StatusCode::CREATED, Json(told)).into_response())
    })
    .await
}

/// A batch: its groups by what changed, and its stories page by page.
#[utoipa::path(get, path = "/batches/{id}", tag = "batches", params(("id" = String, Path), Part), responses(
    (status = 200, description = "`{id, totals, groups, stories, failed, page, pages}`", body = BatchAnswer),
    (status = 404, description = "No such batch"),
))]
async fn one(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    Query(part): Query<Part>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let batch = Workspace::batch(&studio, &id).await?;
        Ok(Json(told(&batch, &part)))
    })
    .await
}

fn told(batch: &Batch, part: &Part) -> Value {
    let per = part.per.unwrap_or(PAGE).clamp(1, 1000);
    let page = part.page.unwrap_or(1).max(1);
    let is_meant = |group: &str| part.group.as_ref().is_none_or(|wanted| wanted == group);
    let own: Vec<_> = batch
        .stories
        .iter()
        .filter(|story| is_meant(batch.group(story)))
        .collect();
    let shown = own.iter().skip((page - 1).saturating_mul(per)).take(per);
    let failed = batch.failures();
    json!({
        "id": batch.head.id, "state": "ready", "made": batch.head.made, "templates": batch.head.asked.templates,
        "data": batch.head.asked.data, "against": batch.head.asked.against.as_deref().unwrap_or("last"),
        "against_words": batch.words, "ended_decisions": batch.ended,
        "totals": {
            "stories": batch.stories.len(), "new": batch.count("new"), "changed": batch.count("changed"), "same": batch.count("same"),
            "failed": failed.len(),
        },
        "groups": batch.groups(),
        "stories": shown.map(|story| batch.told(story)).collect::<Vec<_>>(),
        "failed": failed,
        "page": page, "pages": own.len().div_ceil(per).max(1),
    })
}

/// How a picture is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A copy of at most so many pixels a row, 32 to 1080.
    width: Option<u32>,
    /// The picture that it is held against.
    #[serde(default)]
    before: bool,
}

/// The picture of a story of a batch, made when it is first asked for.
#[utoipa::path(get, path = "/batches/{id}/stories/{name}/picture", tag = "batches", params(("id" = String, Path), ("name" = String, Path), Wanted), responses(
    (status = 200, description = "A picture; of a film its cover", content((Vec<u8> = "image/jpeg"))),
    (status = 304, description = "`If-None-Match` has it already"),
    (status = 404, description = "No such batch or story, or it is new"),
    (status = 422, description = "It cannot be made"),
))]
async fn picture(
    State(studio): State<Studio>,
    Path((id, name)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let find = async move |studio: &Studio, _: &Workspace| {
        let batch = Workspace::batch(studio, &id).await?;
        let place = batch.place(&name)?;
        let found = match wanted.before {
            true => batch.before(place)?,
            false => batch.picture(place, &studio.cancel)?,
        };
        Ok(Picture::of(&found))
    };
    pictures::served(studio, wanted.width, headers, find).await
}

/// What is decided.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Decide {
    /// Each about a group or a story; a story that is named alone is not its group's.
    decisions: Vec<Said>,
    /// Who decides.
    by: Option<String>,
}

/// Decides about groups and single stories.
#[utoipa::path(post, path = "/batches/{id}/decisions", tag = "batches", params(("id" = String, Path)), request_body = Decide, responses(
    (status = 200, description = "`{decided, groups}`", body = DecidedAnswer),
    (status = 404, description = "No such batch"),
    (status = 422, description = "No such group, story or verdict; nothing is decided"),
))]
async fn decide(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Given(asked): Given<Decide>,
) -> Result<Json<Value>, Problem> {
    let by = person(asked.by, &caller);
    apart(async move || {
        let batch = Workspace::batch(&studio, &id).await?;
        let now = studio.clock().await?.now();
        let decided = batch.decide(&asked.decisions, &by, now)?;
        Ok(Json(
            json!({ "decided": decided, "groups": batch.groups() }),
        ))
    })
    .await
}
