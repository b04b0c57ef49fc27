//! `templates`: the files of the project that make stories.

use std::io;
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{MovedAnswer, TemplateAnswer, TemplatesAnswer, WrittenAnswer};
use super::condition;
use super::input::{Json, Path, Query, bytes, is_yes};
use super::palette;
use crate::project::Project;
use crate::studio::moved;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::{self, file_of, hash_of};
use crate::studio::undo;
use crate::studio::write::{self, Target};

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, put, remove, act))
}

/// Every template of the project, with its variables and what is wrong with it.
#[utoipa::path(get, path = "/templates", tag = "templates", responses(
    (status = 200, description = "`{\"items\": [{path, name, hash, is_base, variables, diagnostics}]}`", body = TemplatesAnswer),
    (status = 422, description = "The project file is wrong"),
))]
async fn list(State(studio): State<Studio>) -> Result<axum::Json<Value>, Problem> {
    let project = studio.project()?;
    let now = studio.clock().await?.now().to_string();
    let listed = tokio::task::spawn_blocking(move || {
        let paths = template_files::all(&project);
        let items = paths.iter().map(|path| told(&studio, &project, path, &now));
        json!({"items": items.collect::<Vec<_>>()})
    });
    Ok(axum::Json(listed.await.map_err(Problem::internal)?))
}

/// One template: its text, variables, diagnostics.
#[utoipa::path(get, path = "/templates/{*path}", tag = "templates",
    params(("path" = String, Path, description = "Against the project's folder, as `templates/menu.toml`; slashes stay")),
    responses(
        (status = 200, description = "`{path, name, hash, is_base, variables, diagnostics, text}`, and `ETag`", body = TemplateAnswer),
        (status = 404, description = "No template has this path"),
    ))]
async fn show(State(studio): State<Studio>, Path(path): Path<String>) -> Result<Response, Problem> {
    let project = studio.project()?;
    let file = existing(&project, &path)?;
    let text = std::fs::read(&file).map_err(Problem::internal)?;
    let now = studio.clock().await?.now().to_string();
    let described = tokio::task::spawn_blocking(move || told(&studio, &project, &path, &now));
    let mut described = described.await.map_err(Problem::internal)?;
    let hash = hash_of(&text);
    described["hash"] = json!(hash);
    // a file that is no text has a diagnostic that says so
    described["text"] = json!(String::from_utf8(text).ok());
    Ok((etag(&hash), axum::Json(described)).into_response())
}

/// A template with everything that is wrong with it, its pictures among it; what only its painted picture tells is a preview's.
fn told(studio: &Studio, project: &Project, path: &str, now: &str) -> Value {
    let mut out = template_files::described(project, path);
    let now = project.time(Some(now));
    let found = now.map(|now| {
        studio
            .previewer
            .look(project, std::path::Path::new(path), &now)
    });
    if let Ok(Ok(found)) = found {
        out["diagnostics"] = template_files::with_bytes(&template_files::local(&found, project));
    }
    out
}

/// How a template is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Put {
    /// `1`: what is no TOML is written all the same.
    force: Option<String>,
}

/// Writes a template, whole: `If-Match: "HASH"` over the one that was read, `If-None-Match: *` for a new one.
#[utoipa::path(put, path = "/templates/{*path}", tag = "templates",
    params(("path" = String, Path, description = "Against the project's folder; ends in `.toml`"), Put,
        ("If-Match" = Option<String>, Header, description = "The hash that was read, in quotes"),
        ("If-None-Match" = Option<String>, Header, description = "`*` for a new file")),
    request_body(content = String, content_type = "application/toml", description = "UTF-8"),
    responses(
        (status = 200, description = "`{path, hash, diagnostics}`, and `ETag`", body = WrittenAnswer),
        (status = 201, description = "The same for a new file", body = WrittenAnswer),
        (status = 404, description = "No template may have this path"),
        (status = 412, description = "It changed meanwhile"),
        (status = 413, description = "More than 4 MiB"),
        (status = 422, description = "It is no TOML, with diagnostics"),
        (status = 428, description = "Neither condition is given"),
    ))]
async fn put(
    State(studio): State<Studio>,
    Path(path): Path<String>,
    Query(query): Query<Put>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let project = studio.project()?;
    let file = file_of(&project, &path).ok_or_else(no_template)?;
    // what changed is said before everything else, and nobody waits while a body is on its way
    condition::check_write(&headers, hash_at(&file).as_deref())?;
    let body = bytes(body).await?;
    let _writing = studio.writing.lock().await;
    let before = hash_at(&file);
    condition::check_write(&headers, before.as_deref())?;
    if body.len() > template_files::MOST_BYTES {
        let detail = format!(
            "a template has at most {} bytes",
            template_files::MOST_BYTES
        );
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            detail,
        ));
    }
    let text = String::from_utf8(body).map_err(|_| Problem::invalid("the text is not UTF-8"))?;
    let is_forced = is_yes("force", query.force.as_deref())?;
    let wrong = template_files::syntax(&path, &text);
    if !wrong.is_empty() && !is_forced {
        return Err(Problem::of_diagnostics("the text is no TOML", &wrong));
    }
    let target = if before.is_some() {
        Target::Any
    } else {
        Target::New
    };
    write::bytes(&file, text.as_bytes(), target).map_err(|why| unwritten(&path, why))?;
    let hash = hash_of(text.as_bytes());
    studio.changes.own(&path, Some(&hash), &studio.events);
    let status = match before {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let answer = json!({
        "path": path,
        "hash": hash,
        "diagnostics": template_files::diagnostics(&project, &path),
    });
    Ok((status, etag(&hash), axum::Json(answer)).into_response())
}

/// Removes a template; with `If-Match` only the one that was read.
#[utoipa::path(delete, path = "/templates/{*path}", tag = "templates",
    params(("path" = String, Path, description = "Against the project's folder"),
        ("If-Match" = Option<String>, Header, description = "The hash that was read, in quotes")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No template has this path"),
        (status = 412, description = "It changed meanwhile"),
    ))]
async fn remove(
    State(studio): State<Studio>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let project = studio.project()?;
    let file = existing(&project, &path)?;
    let _writing = studio.writing.lock().await;
    let text = std::fs::read(&file).map_err(Problem::internal)?;
    condition::check(&headers, Some(&hash_of(&text)))?;
    std::fs::remove_file(&file).map_err(|why| unwritten(&path, why))?;
    // another template of that name is not undone into this one
    undo::forget(&project.root, &path);
    studio.changes.own(&path, None, &studio.events);
    Ok(StatusCode::NO_CONTENT)
}

/// Where a template goes.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct To {
    /// A path against the project's folder, as `templates/menu-2.toml`.
    to: String,
}

/// `PATH/duplicate` and `PATH/rename`: a copy of a template, or another name for it.
///
/// In another folder its `extends` is written so that it names the same base from there. `used_by` of an answer to `rename` are
/// the templates that build on it by its old name.
#[utoipa::path(post, path = "/templates/{*path}", tag = "templates", request_body = To,
    params(("path" = String, Path, description = "`templates/menu.toml/duplicate` or `…/rename`")),
    responses(
        (status = 200, description = "Renamed: `{path, hash, diagnostics, used_by}`", body = MovedAnswer),
        (status = 201, description = "Duplicated: `{path, hash, diagnostics}`", body = MovedAnswer),
        (status = 404, description = "No template has this path"),
        (status = 409, description = "There is a file at `to`"),
        (status = 412, description = "It changed meanwhile"),
        (status = 422, description = "No template may be at `to`"),
    ))]
async fn act(
    State(studio): State<Studio>,
    Path(path): Path<String>,
    headers: HeaderMap,
    Json(To { to }): Json<To>,
) -> Result<Response, Problem> {
    let (path, word) = path.rsplit_once('/').ok_or_else(no_template)?;
    let is_rename = match word {
        "duplicate" => false,
        "rename" => true,
        _ => return Err(no_template()),
    };
    let project = studio.project()?;
    let file = existing(&project, path)?;
    let target = file_of(&project, &to).ok_or_else(|| {
        let detail = "`to` is a path in the templates folder, and ends in `.toml`";
        Problem::invalid(detail)
    })?;
    let _writing = studio.writing.lock().await;
    let text = std::fs::read(&file).map_err(Problem::internal)?;
    condition::check(&headers, Some(&hash_of(&text)))?;
    let text = match String::from_utf8(text) {
        Ok(text) => moved::text(&project, path, &to, &text).into_bytes(),
        // a file that is no text builds on nothing
        Err(bytes) => bytes.into_bytes(),
    };
    let hash = hash_of(&text);
    write::bytes(&target, &text, Target::New).map_err(|why| unwritten(&to, why))?;
    studio.changes.own(&to, Some(&hash), &studio.events);
    let mut answer = json!({
        "path": to,
        "hash": hash,
        "diagnostics": template_files::diagnostics(&project, &to),
    });
    if is_rename {
        answer["used_by"] = json!(palette::bases(&project).remove(path).unwrap_or_default());
        if let Err(why) = std::fs::remove_file(&file) {
            // one of the two is enough
            let _ = std::fs::remove_file(&target);
            return Err(unwritten(path, why));
        }
        undo::rename(&project.root, path, &to);
        studio.changes.own(path, None, &studio.events);
    }
    let status = if is_rename {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, etag(&hash), axum::Json(answer)).into_response())
}

/// The hash of what a file holds; none where there is none.
fn hash_at(file: &std::path::Path) -> Option<String> {
    std::fs::read(file).ok().map(|text| hash_of(&text))
}

fn no_template() -> Problem {
    Problem::not_found("no template has this path")
}

fn existing(project: &Project, path: &str) -> Result<PathBuf, Problem> {
    let file = file_of(project, path).filter(|file| file.is_file());
    file.ok_or_else(no_template)
}

fn etag(hash: &str) -> [(header::HeaderName, String); 1] {
    [(header::ETAG, format!("\"{hash}\""))]
}

fn unwritten(path: &str, error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Problem::conflict("there is a file already"),
        _ => Problem::unwritten(path, &error),
    }
}
