//! `drafts`: finished pictures without a date, and giving them one.
//!
//! In: stories of a batch, a template, a time. Out: drafts, and the stories that they become. Never: a story that is sent at once.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{DraftIdAnswer, DraftsAnswer, PlacedAnswer};
use super::input::{Given, Path, Query, Said};
use super::slots::person;
use super::stories::Wanted;
use crate::studio::apart::apart;
use crate::studio::drafts::{self, Known};
use crate::studio::pictures::{self, Picture};
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(remove))
        .routes(routes!(picture))
        .routes(routes!(place))
        .routes(routes!(back))
}

fn told((draft, story): &Known, work: &Workspace) -> Value {
    let mut out = json!({
        "id": draft.id, "name": draft.name, "template": draft.template, "kind": draft.media.kind,
        "sha256": draft.media.sha256, "added": draft.added, "by": draft.by,
    });
    if let Some(story) = story {
        out["story"] = json!({ "id": story.key, "state": story.state(work.now), "due": story.due });
    }
    out
}

/// Every draft; `story` where one is planned of it.
#[utoipa::path(get, path = "/drafts", tag = "drafts", responses(
    (status = 200, description = "`{\"items\": [{id, name, template?, kind, sha256, added, by, story?}]}`", body = DraftsAnswer),
))]
async fn list(State(studio): State<Studio>) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let all = drafts::all(&work).await?;
        let items: Vec<Value> = all.iter().map(|draft| told(draft, &work)).collect();
        work.close().await;
        Ok(Json(json!({ "items": items })))
    })
    .await
}

/// What becomes a draft: approved stories of a batch, or a template as it is.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Add {
    /// A batch: its approved stories; all of them where nothing was decided.
    batch: Option<String>,
    /// Of the batch only these, by name.
    stories: Option<Vec<String>>,
    /// A template, against the project's folder.
    template: Option<String>,
    /// Who puts them there.
    by: Option<String>,
}

/// Puts finished files into the tray. One that waits there already is not put there once more.
#[utoipa::path(post, path = "/drafts", tag = "drafts", request_body = Add, responses(
    (status = 201, description = "`{\"items\": […]}`: those that are new", body = DraftsAnswer),
    (status = 200, description = "All of them are there already: none is new", body = DraftsAnswer),
    (status = 404, description = "No such batch or story"),
    (status = 409, description = "The tray is full"),
    (status = 422, description = "One cannot be made: nothing is added"),
))]
async fn add(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Given(asked): Given<Add>,
) -> Result<Response, Problem> {
    let by = person(asked.by.clone(), &caller);
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let finished = match (&asked.batch, &asked.template) {
            (Some(id), None) => {
                let batch = Workspace::batch(&studio, id).await?;
                let places = match &asked.stories {
                    None => {
                        batch.end_stale();
                        batch.approved()
                    }
                    Some(names) => {
                        let places = names.iter().map(|name| batch.place(name));
                        places.collect::<Result<_, _>>()?
                    }
                };
                batch.all_finished(&places, &studio.cancel)?
            }
            (None, Some(path)) => vec![drafts::of_template(&studio, &work, path)?],
            _ => {
                return Err(Problem::invalid("name a `batch` or a `template`"));
            }
        };
        let new = drafts::add(&studio, &work, finished, &by).await?;
        let items: Vec<Value> = new
            .into_iter()
            .map(|draft| told(&(draft, None), &work))
            .collect();
        work.close().await;
        let status = match items.is_empty() {
            true => StatusCode::OK,
            false => StatusCode::CREATED,
        };
        Ok((status, Json(json!({ "items": items }))).into_response())
    })
    .await
}

/// Takes a draft out of the tray. Its story, if it has one, goes its way.
#[utoipa::path(delete, path = "/drafts/{id}", tag = "drafts", params(("id" = String, Path)), responses(
    (status = 204, description = "It is gone"),
    (status = 404, description = "No such draft"),
))]
async fn remove(
    State(studio): State<Studio>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    drafts::remove(&studio, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The picture or film of a draft.
#[utoipa::path(get, path = "/drafts/{id}/picture", tag = "drafts", params(("id" = String, Path), Wanted), responses(
    (status = 200, description = "The file, or a still copy", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "video/mp4"))),
    (status = 304, description = "`If-None-Match` has it already"),
    (status = 404, description = "No such draft"),
))]
async fn picture(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let find = async move |_: &Studio, work: &Workspace| {
        let (draft, _) = drafts::one(work, &id).await?;
        Ok(Picture::of(&draft.media))
    };
    pictures::served(studio, wanted.width, headers, find).await
}

/// When, and where.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Place {
    /// A date and time to come, in the project's zone or with one of its own.
    at: String,
    /// The account; the only one of the project without it.
    account: Option<String>,
}

/// Plans a draft for a time, as `publish FILE --at TIME` does. Nothing is sent before.
#[utoipa::path(post, path = "/drafts/{id}/place", tag = "drafts", params(("id" = String, Path)), request_body = Place, responses(
    (status = 200, description = "`{id, state, due}`: its story", body = PlacedAnswer),
    (status = 404, description = "No such draft"),
    (status = 409, description = "It is planned already, or the same picture is on that day"),
    (status = 422, description = "No such time, or a past one"),
))]
async fn place(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    Given(asked): Given<Place>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let when = (asked.at.as_str(), asked.account.as_deref());
        let story = drafts::place(&studio, &id, when).await?;
        let now = studio.clock().await?.now();
        Ok(Json(
            json!({ "id": story.key, "state": story.state(now), "due": story.due }),
        ))
    })
    .await
}

/// Who takes it back.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Back {
    /// That.
    by: Option<String>,
}

/// Takes the story of a draft back, as long as it was not sent: the draft waits in the tray again.
#[utoipa::path(post, path = "/drafts/{id}/back", tag = "drafts", params(("id" = String, Path)), request_body = Back, responses(
    (status = 200, description = "`{id}`", body = DraftIdAnswer),
    (status = 404, description = "No such draft"),
    (status = 409, description = "It is not planned, or was sent"),
))]
async fn back(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Said(asked): Said<Back>,
) -> Result<Json<Value>, Problem> {
    let by = person(asked.by, &caller);
    apart(async move || {
        let draft = drafts::take_back(&studio, &id, &by).await?;
        Ok(Json(json!({ "id": draft.id })))
    })
    .await
}
