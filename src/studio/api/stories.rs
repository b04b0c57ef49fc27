//! `stories` and `insights`: what goes out and went out, and its numbers.
//!
//! In: a story's name, a decision. Out: stories as `status` and `insights` report them. Never: a story that is sent twice.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{InsightsAnswer, StoriesAnswer, StoryAnswer};
use super::input::{Given, Path, Query, Said};
use super::slots::person;
use crate::graph::StoryId;
use crate::store::Filter;
use crate::studio::apart::apart;
use crate::studio::decisions::{self, StoryVerdict, story_named};
use crate::studio::numbers::Kept;
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::views::{self, Around};
use crate::studio::workspace::Workspace;
use crate::studio::{numbers, pictures};

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(picture))
        .routes(routes!(retry))
        .routes(routes!(resolve))
        .routes(routes!(cancel))
        .routes(routes!(move_to))
        .routes(routes!(insights))
}

/// Which stories are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Also what rested more than two days ago.
    #[serde(default)]
    all: bool,
    /// Only those in this state.
    state: Option<String>,
    /// Only those of this account, as the project names it.
    account: Option<String>,
}

/// Stories that are due, in flight, live, or rested less than two days ago.
#[utoipa::path(get, path = "/stories", tag = "stories", params(Which), responses(
    (status = 200, description = "`{\"items\": […]}`: what `status --json` lists", body = StoriesAnswer),
))]
async fn list(
    State(studio): State<Studio>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let mut items = Vec::new();
        if let Some(store) = &work.store {
            let two_days = jiff::SignedDuration::from_hours(48);
            let filter = Filter {
                open_since: match which.all {
                    true => None,
                    false => work.now.checked_sub(two_days).ok(),
                },
                ..Filter::default()
            };
            let around = Around::of(&work).await?;
            let stories = store.list(&filter).await?;
            items = stories
                .iter()
                .map(|story| views::story(&work, story, &around))
                .collect();
        }
        let is = |item: &Value, name: &str, wanted: &Option<String>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| item[name].as_str() == Some(wanted))
        };
        items.retain(|item| is(item, "state", &which.state) && is(item, "account", &which.account));
        work.close().await;
        Ok(Json(json!({ "items": items })))
    })
    .await
}

/// One story, with everything that was done with it.
#[utoipa::path(get, path = "/stories/{id}", tag = "stories", params(("id" = String, Path, description = "The beginning will do")), responses(
    (status = 200, description = "The story, with its `trail`", body = StoryAnswer),
    (status = 404, description = "No such story"),
))]
async fn one(State(studio): State<Studio>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let story = story_named(work.store.as_ref(), &id).await?;
        let mut out = views::story(&work, &story, &Around::of(&work).await?);
        let trail = work.store()?.audit(&story.key).await?;
        out["trail"] = trail.iter().map(views::line).collect();
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
    pub(super) width: Option<u32>,
}

/// The picture or film of a story.
#[utoipa::path(get, path = "/stories/{id}/picture", tag = "stories", params(("id" = String, Path, description = "The beginning will do"), Wanted), responses(
    (status = 200, description = "What goes out, byte for byte", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "video/mp4"))),
    (status = 304, description = "`If-None-Match` has it already"),
    (status = 404, description = "No such story, or its picture is kept no longer"),
))]
async fn picture(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let find = async move |_: &Studio, work: &Workspace| {
        let story = story_named(work.store.as_ref(), &id).await?;
        pictures::of_story(work, &story)
    };
    pictures::served(studio, wanted.width, headers, find).await
}

/// Who decides.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Who {
    /// Who decides it.
    by: Option<String>,
}

/// Sends a story that did not go out, after all.
#[utoipa::path(post, path = "/stories/{id}/retry", tag = "stories", params(("id" = String, Path, description = "The beginning will do")), request_body = Who, responses(
    (status = 200, description = "The story, due now", body = StoryAnswer),
    (status = 404, description = "No such story"),
    (status = 409, description = "It is live, or may be"),
))]
async fn retry(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Said(asked): Said<Who>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        told(&studio, &id, StoryVerdict::Retry, &by).await
    })
    .await
}

/// What somebody saw.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Resolve {
    /// It is live.
    live: bool,
    /// What the platform calls it, where that is known.
    media_id: Option<String>,
    /// Who has looked.
    by: Option<String>,
}

/// Says what became of a story that nobody could tell of.
#[utoipa::path(post, path = "/stories/{id}/resolve", tag = "stories", params(("id" = String, Path, description = "The beginning will do")), request_body = Resolve, responses(
    (status = 200, description = "The story", body = StoryAnswer),
    (status = 404, description = "No such story"),
    (status = 409, description = "It is not uncertain"),
    (status = 422, description = "No `live`, or no such `media_id`"),
))]
async fn resolve(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Given(asked): Given<Resolve>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        let media_id = asked.media_id.map(|text| {
            let read = text.trim().parse::<StoryId>();
            read.map_err(|why| Problem::invalid(format!("`media_id`: {why}")))
        });
        let verdict = StoryVerdict::Resolve {
            live: asked.live,
            media_id: media_id.transpose()?,
        };
        told(&studio, &id, verdict, &by).await
    })
    .await
}

/// Takes back a story that was not sent yet.
#[utoipa::path(post, path = "/stories/{id}/cancel", tag = "stories", params(("id" = String, Path, description = "The beginning will do")), request_body = Who, responses(
    (status = 200, description = "The story", body = StoryAnswer),
    (status = 404, description = "No such story"),
    (status = 409, description = "It is live, or may be, or has ended"),
))]
async fn cancel(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Said(asked): Said<Who>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        told(&studio, &id, StoryVerdict::Cancel, &by).await
    })
    .await
}

/// Where to.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct MoveStory {
    /// A date and time, in the project's zone or with one of its own.
    to: String,
    /// Who moves it.
    by: Option<String>,
}

/// Has a story that was not sent yet go out at another time.
#[utoipa::path(post, path = "/stories/{id}/move", tag = "stories", params(("id" = String, Path, description = "The beginning will do")), request_body = MoveStory, responses(
    (status = 200, description = "The story", body = StoryAnswer),
    (status = 404, description = "No such story"),
    (status = 409, description = "It is live, or may be, or has ended"),
    (status = 422, description = "No such time, or it is past"),
))]
async fn move_to(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Given(asked): Given<MoveStory>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        let by = person(asked.by, &caller);
        told(&studio, &id, StoryVerdict::Move { to: asked.to }, &by).await
    })
    .await
}

/// Decides, and tells of the story.
async fn told(
    studio: &Studio,
    id: &str,
    verdict: StoryVerdict,
    by: &str,
) -> Result<Json<Value>, Problem> {
    let story = decisions::decide_story(studio, id, verdict, by).await?;
    let work = Workspace::open(studio).await?;
    let out = views::story(&work, &story, &Around::of(&work).await?);
    work.close().await;
    Ok(Json(out))
}

/// Where numbers come from.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct From {
    /// Only what is kept: the platform is not asked.
    #[serde(default)]
    kept: bool,
}

/// The numbers of live and past stories, by story, template, weekday and hour.
#[utoipa::path(get, path = "/insights", tag = "stories", params(From), responses(
    (status = 200, description = "`{\"items\": […], \"templates\": […], \"weekdays\": […], \"hours\": […]}`: what `insights --json` tells", body = InsightsAnswer),
))]
async fn insights(
    State(studio): State<Studio>,
    Query(from): Query<From>,
) -> Result<Json<Value>, Problem> {
    apart(async move || {
        if !from.kept {
            numbers::take(&studio).await?;
        }
        let work = Workspace::open(&studio).await?;
        let told = Kept::of(&work).await?.told(&work);
        work.close().await;
        Ok(Json(told))
    })
    .await
}
