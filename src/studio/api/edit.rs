//! `edit`: the new text of a template, values spliced in.

use std::path::Path;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::diag::{Diagnostic, WithBytes};
use crate::studio::api::input::Json;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::{file_of, hash_of};
use crate::template::edit::{Edit, Refused};

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(edit))
}

/// Changes of a template's text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// A path against the project's folder; the file need not exist.
    template: String,
    /// The text as it is now.
    text: String,
    /// `{layer, key, value, override?}`, or `{op: "insert"|"delete"|"move"|"duplicate"|"group"|"place", …}`.
    #[schema(value_type = Vec<Object>)]
    edits: Vec<Value>,
}

/// The text after all edits, or none of them; nothing is written.
#[utoipa::path(post, path = "/edit", tag = "templates", request_body = Ask, responses(
    (status = 200, description = "`{text, hash, diagnostics}`", body = Object),
    (status = 404, description = "No template has this path", body = Object, content_type = "application/problem+json"),
    (status = 409, description = "The value stands elsewhere: `layer`, `key`, `origin`; `override: true` writes it here", body = Object, content_type = "application/problem+json"),
    (status = 422, description = "The edit makes no sense, or the text would have an error that it has not; with diagnostics", body = Object, content_type = "application/problem+json"),
))]
async fn edit(
    State(studio): State<Studio>,
    Json(ask): Json<Ask>,
) -> Result<axum::Json<Value>, Problem> {
    let project = studio.project()?;
    if file_of(&project, &ask.template).is_none() {
        return Err(Problem::not_found("no template has this path"));
    }
    let edits: Result<Vec<Edit>, String> = ask.edits.iter().map(Edit::read).collect();
    let edits = edits.map_err(Problem::invalid)?;
    let now = studio.clock().await?.now().to_string();
    let work = move || {
        let now = project.time(Some(&now)).map_err(Problem::internal)?;
        let template = Path::new(&ask.template);
        let edited = studio
            .previewer
            .edit(&project, template, &ask.text, &edits, &now);
        edited.map_err(refused)
    };
    let edited = tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)??;
    Ok(axum::Json(json!({
        "hash": hash_of(edited.text.as_bytes()),
        "diagnostics": with_bytes(&edited.diagnostics),
        "text": edited.text,
    })))
}

fn refused(why: Refused) -> Problem {
    match why {
        Refused::Elsewhere { layer, key, origin } => Problem::new(
            StatusCode::CONFLICT,
            "elsewhere",
            format!("`{key}` does not stand in this text: `override` writes it here"),
        )
        .with("layer", json!(layer))
        .with("key", json!(key))
        .with("origin", json!(origin)),
        Refused::Invalid(found) => {
            let detail = found.first().map_or("the edit is refused", |d| &d.message);
            Problem::invalid(detail.to_owned()).with("diagnostics", with_bytes(&found))
        }
    }
}

fn with_bytes(found: &[Diagnostic]) -> Value {
    found.iter().map(|wrong| json!(WithBytes(wrong))).collect()
}
