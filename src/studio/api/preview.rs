//! `preview`: a story as it will be, as a picture, as JSON, or both at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::PreviewAnswer;
use super::input::{Json, text};
use crate::batch::{Preview, PreviewError, PreviewOf, WhichRow};
use crate::diag::Diagnostic;
use crate::frame::Frame;
use crate::media::Format;
use crate::project::Project;
use crate::studio::accept;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::{file_of, hash_of, local, with_bytes};

const PNG: &str = "image/png";
const JPEG: &str = "image/jpeg";
const WEBP: &str = "image/webp";
const JSON: &str = "application/json";
const BOTH: &str = "multipart/mixed";

/// Digest of the template's text.
const TEXT: HeaderName = HeaderName::from_static("storypress-text");
/// Digest of everything that a picture was made from.
const INPUTS: HeaderName = HeaderName::from_static("storypress-inputs");

/// Parts the answers of `multipart/mixed`; no picture and no JSON holds it by chance.
const BOUNDARY: &str = "storypress-6f1c0e7a9b5d4d0f8a7c";

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(preview))
}

/// A row: its number from 1, or its key.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "the document alone reads it")]
enum WhichOne {
    /// Counted from 1.
    Number(u64),
    /// What stands in its `id` or `key`.
    Key(String),
}

/// What a preview is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewAsk {
    /// A path against the project's folder; the file need not exist where `text` is given.
    template: String,
    /// In place of the file's text.
    text: Option<String>,
    /// A data file against the project's folder, or `source:NAME`.
    data: Option<String>,
    /// Its number from 1, or its key.
    #[schema(value_type = Option<WhichOne>)]
    row: Option<Value>,
    /// Values of variables: texts, numbers, true and false.
    #[serde(default)]
    #[schema(value_type = Object)]
    set: Map<String, Value>,
    /// What `now` is, RFC 3339.
    now: Option<String>,
    /// 0.05 to 1 of the canvas; 1 without it.
    #[schema(minimum = 0.05, maximum = 1.0)]
    scale: Option<f64>,
    /// The safe zone and the app's chrome over the picture.
    #[serde(default)]
    guides: bool,
    /// Second of a film; its cover without it.
    #[schema(minimum = 0.0)]
    at: Option<f64>,
}

/// Draws a story as it will be, by the call that draws the deliverable.
#[utoipa::path(post, path = "/preview", tag = "preview", request_body = PreviewAsk, responses(
    (status = 200, description = "By `Accept`: `image/png`, `image/jpeg`, `image/webp`; `application/json`: `{hash, variables, boxes, diagnostics}`; `multipart/mixed`: that and the picture. Headers: `Storypress-Text`, `Storypress-Inputs`",
        content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"), (PreviewAnswer = "application/json"), (Vec<u8> = "multipart/mixed"))),
    (status = 404, description = "No template has this path"),
    (status = 406, description = "None of these forms is accepted"),
    (status = 422, description = "Something is wrong with the story, with diagnostics; or with the call"),
))]
async fn preview(
    State(studio): State<Studio>,
    headers: HeaderMap,
    Json(ask): Json<PreviewAsk>,
) -> Result<Response, Problem> {
    let accepted = text(&headers, "accept").to_owned();
    let form = accept::best(&accepted, &[PNG, JPEG, WEBP, JSON, BOTH]).ok_or_else(|| {
        let detail = "PNG, JPEG, WebP, JSON, or multipart/mixed of both";
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail)
    })?;
    let project = studio.project()?;
    let of = of(&studio, &project, ask).await?;
    // who went away before it was its turn is not waited for: this future is dropped then
    let turn = Arc::clone(&studio.turns).acquire_owned().await;
    let turn = turn.map_err(Problem::internal)?;
    let drawn = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let made = studio.previewer.preview(&project, &of, &studio.cancel);
        let preview = made.map_err(|error| match error {
            PreviewError::NoTemplate(_) => Problem::not_found(error.to_string()),
            PreviewError::Stopped => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "ending", "the studio ends")
            }
        })?;
        answer(&preview, form, &accepted, &project)
    });
    drawn.await.map_err(Problem::internal)?
}

/// The call, read.
async fn of(studio: &Studio, project: &Project, ask: PreviewAsk) -> Result<PreviewOf, Problem> {
    let scale = ask.scale.unwrap_or(1.0);
    if !(0.05..=1.0).contains(&scale) {
        return Err(Problem::invalid("`scale` is from 0.05 to 1"));
    }
    let at = match ask.at {
        Some(at) if !(0.0..=86_400.0).contains(&at) => {
            return Err(Problem::invalid("`at` is a second of the film, from 0"));
        }
        at => at.map(Duration::from_secs_f64),
    };
    let row = match ask.row {
        None | Some(Value::Null) => WhichRow::First,
        Some(_) if ask.data.is_none() => {
            return Err(Problem::invalid("`row` needs `data`"));
        }
        Some(Value::Number(number)) => match number.as_u64() {
            Some(number) if number > 0 => WhichRow::Number(number as usize),
            _ => return Err(Problem::invalid("rows are counted from 1")),
        },
        Some(Value::String(key)) => WhichRow::Key(key),
        Some(_) => return Err(Problem::invalid("`row` is a number from 1, or a key")),
    };
    let clock = match &ask.now {
        Some(_) => None,
        None => Some(studio.clock().await?.now()),
    };
    let given = ask.now.or(clock.map(|now| now.to_string()));
    let now = project.time(given.as_deref());
    let now = now.map_err(|error| Problem::invalid(format!("`now`: {error}")))?;
    if file_of(project, &ask.template).is_none() {
        return Err(Problem::not_found("no template has this path"));
    }
    Ok(PreviewOf {
        template: PathBuf::from(ask.template),
        text: ask.text,
        data: ask.data,
        row,
        set: values(ask.set)?,
        now,
        scale,
        guides: ask.guides,
        at,
    })
}

/// Values as a command line would have them; `null` leaves a variable to data and defaults.
fn values(set: Map<String, Value>) -> Result<Vec<(String, String)>, Problem> {
    let mut out = Vec::with_capacity(set.len());
    for (key, value) in set {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => {
                let detail = format!("`set.{key}` is a text, a number, true or false");
                return Err(Problem::invalid(detail));
            }
        };
        out.push((key, text));
    }
    Ok(out)
}

fn answer(
    preview: &Preview,
    form: &'static str,
    accepted: &str,
    project: &Project,
) -> Result<Response, Problem> {
    let hash = hash_of(&preview.text);
    let found = local(&preview.diagnostics, project);
    let mut response = match form {
        JSON => axum::Json(told(preview, &hash, &found)).into_response(),
        _ if preview.frame.is_none() && form != BOTH => {
            let problem = Problem::invalid("something is wrong with the story");
            problem
                .with("diagnostics", with_bytes(&found))
                .with("hash", json!(hash))
                .into_response()
        }
        BOTH => {
            // the picture's own form, where one is named beside
            let kind = accept::best(accepted, &[PNG, JPEG, WEBP]).unwrap_or(PNG);
            let mut body = part(JSON, told(preview, &hash, &found).to_string().as_bytes());
            if preview.frame.is_some() {
                body.extend(part(kind, &picture(preview, kind, project)?));
            }
            body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
            let kind = format!("{BOTH}; boundary={BOUNDARY}");
            ([(header::CONTENT_TYPE, kind)], body).into_response()
        }
        kind => {
            let bytes = picture(preview, kind, project)?;
            ([(header::CONTENT_TYPE, kind)], bytes).into_response()
        }
    };
    for (name, value) in [(TEXT, &hash), (INPUTS, &preview.inputs)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn part(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let head = format!("--{BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// What is in the picture.
fn told(preview: &Preview, hash: &str, found: &[Diagnostic]) -> Value {
    json!({
        "hash": hash,
        "variables": preview.variables,
        "boxes": preview.boxes,
        "diagnostics": with_bytes(found),
    })
}

fn picture(preview: &Preview, kind: &str, project: &Project) -> Result<Vec<u8>, Problem> {
    let format = match kind {
        JPEG => Format::Jpeg,
        PNG => Format::Png,
        _ => return preview.frame.as_ref().map_or(Ok(Vec::new()), webp),
    };
    match preview.encoded(format, project) {
        Some(bytes) => bytes.map_err(|error| Problem::invalid(error.to_string())),
        None => Ok(Vec::new()),
    }
}

/// WebP without loss; a preview alone, no deliverable is one.
fn webp(frame: &Frame) -> Result<Vec<u8>, Problem> {
    let rgb: Vec<u8> = frame
        .rgba()
        .chunks_exact(4)
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let mut out = Vec::new();
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut out);
    let (width, height) = (frame.width(), frame.height());
    encoder
        .encode(&rgb, width, height, image::ExtendedColorType::Rgb8)
        .map_err(|error| Problem::invalid(format!("no WebP of it: {error}")))?;
    Ok(out)
}
