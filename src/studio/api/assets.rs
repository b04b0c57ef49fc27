//! `assets`: pictures, clips, fonts and sounds come into the project.

use std::io::{self, Write as _};
use std::path::Path;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tempfile::NamedTempFile;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::AssetAnswer;
use super::input::{Query, is_yes};
use crate::platform::HEAD;
use crate::studio::asset_files::{Asset, asset_of, place};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::{relative, short};
use crate::studio::write::{self, Target};

/// The largest file; a minute of film from a phone has about 400 MB.
const MOST_BYTES: usize = 1 << 30;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        // what is around the file is small
        .layer(DefaultBodyLimit::max(MOST_BYTES + (1 << 20)))
}

/// An upload.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the fields are read as they come")]
struct Upload {
    /// The place against the project's folder: `assets/photo.jpg`, or `assets/` for the file's own name.
    to: String,
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// How a file is put.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Put {
    /// `1`: it takes the place of another file.
    force: Option<String>,
}

/// Takes a picture, a clip, a font or a sound, by its content, into an assets folder.
#[utoipa::path(post, path = "/assets", tag = "assets", params(Put),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "`{path, kind, bytes, hash}`; `kind` is `picture`, `clip`, `font` or `sound`", body = AssetAnswer),
        (status = 200, description = "The same file was there already", body = AssetAnswer),
        (status = 400, description = "The form cannot be read"),
        (status = 409, description = "Another file has this name"),
        (status = 413, description = "More than 1 GiB"),
        (status = 422, description = "No file may be at `to`, or it is none of these"),
    ))]
async fn upload(
    State(studio): State<Studio>,
    Query(query): Query<Put>,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Problem> {
    let mut form = form.map_err(|error| Problem::bad_request(error.body_text()))?;
    let project = studio.project()?;
    let (mut to, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.file_name().is_none() && field.name() == Some("to") {
            to = Some(field.text().await.map_err(unreadable)?);
        } else if file.is_none() && field.file_name().is_some() {
            file = Some(received(field, studio.root()).await?);
        }
    }
    let to = to.ok_or_else(|| Problem::bad_request("the form has no `to`"))?;
    let file = file.ok_or_else(|| Problem::bad_request("the form has no file"))?;
    let target = place(&project, &to, &file.name)
        .ok_or_else(|| Problem::invalid("`to` is a place in a folder `assets` of the project"))?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let kind = asset_of(&file.head).ok_or_else(|| {
        Problem::invalid("the file is no picture, clip, font or sound that is known here")
    })?;
    // some containers hold sound alone, and their first bytes do not tell
    let is_named =
        kind.may_be_called(&name) || kind == Asset::Sound && Asset::Clip.may_be_called(&name);
    if !is_named {
        let detail = format!("it is a {}, and no {0} is called `{name}`", kind.word());
        return Err(Problem::invalid(detail));
    }
    let path = relative(&project, &target).ok_or_else(|| Problem::invalid("no such place"))?;
    let _writing = studio.writing.lock().await;
    let hash = short(&file.hash);
    let answer = json!({"path": path, "kind": kind.word(), "bytes": file.bytes, "hash": hash});
    let before = std::fs::File::open(&target).ok().map(|mut open| {
        let mut hasher = blake3::Hasher::new();
        let read = io::copy(&mut open, &mut hasher);
        read.is_ok() && hasher.finalize() == file.hash
    });
    let is_forced = is_yes("force", query.force.as_deref())?;
    let how = match before {
        Some(true) => return Ok(axum::Json(answer).into_response()),
        Some(false) if !is_forced => {
            return Err(Problem::conflict("another file has this name"));
        }
        Some(false) => Target::Any,
        None => Target::New,
    };
    let put = tokio::task::spawn_blocking(move || moved(file.file, &target, how));
    put.await
        .map_err(Problem::internal)?
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Problem::conflict("another file has this name"),
            _ => Problem::unwritten(&path, &error),
        })?;
    studio.forget_project();
    studio.changes.own(&path, Some(&hash), &studio.events);
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// A file as it came.
struct Received {
    name: String,
    head: Vec<u8>,
    bytes: u64,
    hash: blake3::Hash,
    file: NamedTempFile,
}

/// Writes a field to a file in the project's own folder, on the file system that it goes to.
async fn received(mut field: Field<'_>, root: &Path) -> Result<Received, Problem> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let mut file =
        write::unfinished(&root.join(".storypress/upload")).map_err(Problem::internal)?;
    let (mut head, mut bytes, mut hasher) = (Vec::new(), 0, blake3::Hasher::new());
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        let rest = HEAD.saturating_sub(head.len()).min(chunk.len());
        head.extend_from_slice(&chunk[..rest]);
        bytes += chunk.len() as u64;
        if bytes > MOST_BYTES as u64 {
            return Err(too_large());
        }
        hasher.update(&chunk);
        file.write_all(&chunk).map_err(Problem::internal)?;
    }
    Ok(Received {
        // a browser may send a path
        name: name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned(),
        head,
        bytes,
        hash: hasher.finalize(),
        file,
    })
}

fn moved(file: NamedTempFile, target: &Path, how: Target) -> io::Result<()> {
    std::fs::create_dir_all(target.parent().unwrap_or(Path::new(".")))?;
    write::name(file, target, how)
}

fn unreadable(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::bad_request(error.body_text()),
    }
}

fn too_large() -> Problem {
    let detail = format!("a file has at most {MOST_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}
