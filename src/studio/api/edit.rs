//! `edit`: the new text of a template, values spliced in.

use std::path::Path;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::EditedAnswer;
use crate::diag::{Diagnostic, WithBytes};
use crate::studio::api::input::Json;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::{file_of, hash_of};
use crate::template::Origin;
use crate::template::edit::{Edit, Refused};

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(edit))
}

/// A change: a value, or what is done with a layer.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "the document alone reads it")]
enum OneEdit {
    /// One value.
    Value(ValueEdit),
    /// What is done with a layer.
    Operation(Box<Operation>),
}

/// One value of a layer, or of the file's own tables.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the document alone reads it")]
struct ValueEdit {
    /// Its id, or its path; empty for the file's own tables.
    layer: Option<String>,
    /// The key; dots go deeper.
    key: String,
    /// A text is written as given, a number is canvas units, `null` takes the key out.
    value: Value,
    /// Write it here, wherever it comes from.
    r#override: Option<bool>,
}

/// What is done with a layer; which of the keys it takes is for the operation to say.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
struct Operation {
    /// Which one.
    op: OperationName,
    /// The layer's id, or its path.
    layer: Option<Value>,
    /// `group`: ids or paths.
    layers: Option<Vec<String>>,
    /// `insert`, `move`: straight over this layer.
    after: Option<String>,
    /// `insert`, `move`: straight under it.
    before: Option<String>,
    /// `insert`, `move`: in this group.
    into: Option<String>,
    /// `insert`, `group`: of the new layer.
    id: Option<String>,
    /// `insert`: of the new layer.
    r#type: Option<String>,
    /// `insert`: its keys.
    #[schema(value_type = Option<Object>)]
    values: Option<Value>,
    /// `place`: canvas units.
    left: Option<f64>,
    /// `place`: canvas units.
    top: Option<f64>,
    /// `place`: canvas units.
    width: Option<f64>,
    /// `place`: canvas units.
    height: Option<f64>,
    /// `place`: degrees clockwise.
    rotate: Option<f64>,
    /// `place`: write it here, wherever it comes from.
    r#override: Option<bool>,
}

/// What can be done with a layer.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "the document alone reads it")]
enum OperationName {
    /// A new one.
    Insert,
    /// With what is in it.
    Delete,
    /// Elsewhere in the order.
    Move,
    /// A copy straight above.
    Duplicate,
    /// Several into one.
    Group,
    /// The box.
    Place,
}

/// Changes of a template's text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditAsk {
    /// A path against the project's folder; the file need not exist.
    template: String,
    /// The text as it is now.
    text: String,
    /// `{layer, key, value, override?}`, or `{op: "insert"|"delete"|"move"|"duplicate"|"group"|"place", …}`.
    #[schema(value_type = Vec<OneEdit>)]
    edits: Vec<Value>,
}

/// The text after all edits, or none of them; nothing is written.
#[utoipa::path(post, path = "/edit", tag = "templates", request_body = EditAsk, responses(
    (status = 200, description = "`{text, hash, diagnostics}`", body = EditedAnswer),
    (status = 404, description = "No template has this path"),
    (status = 409, description = "The value stands elsewhere: `layer`, `key`, `origin`; `override: true` writes it here. Or a layer of a base is to be moved or deleted: `key` is the operation, and the base is the place for it"),
    (status = 422, description = "The edit makes no sense, or the text would have an error that it has not; with diagnostics"),
))]
async fn edit(
    State(studio): State<Studio>,
    Json(ask): Json<EditAsk>,
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
            in_words(&layer, &key, &origin),
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

/// What can be done about what stands elsewhere: `override` is for values, and moves no layer of a base.
fn in_words(layer: &str, key: &str, origin: &Origin) -> String {
    let base = match &origin.place {
        Some(place) => place.source.name(),
        None => "the base".to_owned(),
    };
    match key {
        "delete" => format!(
            "the layer `{layer}` stands in {base}: delete it there, or leave it out here with `when = false`"
        ),
        "insert" | "move" | "duplicate" | "group" => {
            format!("the layer `{layer}` stands in {base}: `{key}` is done there")
        }
        _ => format!("`{key}` does not stand in this text: `override` writes it here"),
    }
}

fn with_bytes(found: &[Diagnostic]) -> Value {
    found.iter().map(|wrong| json!(WithBytes(wrong))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_is_named_that_is_then_refused() {
        let origin = Origin::DEFAULT;
        let of = |key: &str| in_words("photo", key, &origin);
        assert!(of("left").contains("`override` writes it here"));
        for op in ["insert", "delete", "move", "duplicate", "group"] {
            assert!(!of(op).contains("override"), "{op}: {}", of(op));
            assert!(of(op).contains("the layer `photo` stands in"), "{op}");
        }
        assert!(of("delete").contains("`when = false`"));
    }
}
