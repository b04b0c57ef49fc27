//! `undo`: what can be undone in a template, whoever opens it and wherever.
//!
//! In: a template's path, its journal. Out: the journal that is kept. Never: a write of the template.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::HashAnswer;
use super::condition;
use super::input::{Path, bytes, read};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::file_of;
use crate::studio::undo::{self, Journal};

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(show, put))
}

/// What was done to a template's text, and what of it is not saved.
#[utoipa::path(get, path = "/undo/{*path}", tag = "templates",
    params(("path" = String, Path, description = "Of the template, against the project's folder")),
    responses(
        (status = 200, description = "The journal, and `ETag`", body = Journal),
        (status = 204, description = "Nothing was kept"),
        (status = 404, description = "No template may have this path"),
    ))]
async fn show(State(studio): State<Studio>, Path(path): Path<String>) -> Result<Response, Problem> {
    let project = studio.project()?;
    file_of(&project, &path).ok_or_else(no_template)?;
    let found = tokio::task::spawn_blocking(move || undo::read(&project.root, &path));
    let Some((journal, hash)) = found.await.map_err(Problem::internal)? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let tag = [(header::ETAG, format!("\"{hash}\""))];
    Ok((tag, axum::Json(journal)).into_response())
}

/// Keeps what was done: `If-Match: "HASH"` over the journal that was read, `If-None-Match: *` for the first one.
///
/// Every step has to fit the text that the steps before it lead to from `first`.
#[utoipa::path(put, path = "/undo/{*path}", tag = "templates", request_body = Journal,
    params(("path" = String, Path, description = "Of the template, against the project's folder"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, in quotes"),
        ("If-None-Match" = Option<String>, Header, description = "`*` for the first one")),
    responses(
        (status = 200, description = "`{hash}`, and `ETag`", body = HashAnswer),
        (status = 404, description = "No template may have this path"),
        (status = 412, description = "Another page has kept another one meanwhile"),
        (status = 413, description = "More than 2 MiB"),
        (status = 422, description = "A step does not fit"),
        (status = 428, description = "Neither condition is given"),
    ))]
async fn put(
    State(studio): State<Studio>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let project = studio.project()?;
    file_of(&project, &path).ok_or_else(no_template)?;
    let body = bytes(body).await?;
    let journal: Journal = read(&body)?;
    let journal = journal.chained().map_err(Problem::invalid)?;
    let _writing = studio.writing.lock().await;
    let written = tokio::task::spawn_blocking(move || {
        let found = undo::read(&project.root, &path).map(|(_, hash)| hash);
        condition::check_write(&headers, found.as_deref())?;
        undo::write(&project.root, &path, journal).map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => {
                let detail = format!("a journal has at most {} bytes", undo::MOST_BYTES);
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
            }
            _ => Problem::unwritten(".storypress/undo", &error),
        })
    });
    let hash = written.await.map_err(Problem::internal)??;
    let tag = [(header::ETAG, format!("\"{hash}\""))];
    Ok((tag, axum::Json(json!({ "hash": hash }))).into_response())
}

fn no_template() -> Problem {
    Problem::not_found("no template may have this path")
}
