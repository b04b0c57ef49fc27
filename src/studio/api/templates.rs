//! `templates`: the files of the project that make stories.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Every template of the project, with its variables and what is wrong with it.
#[utoipa::path(get, path = "/templates", tag = "templates", responses(
    (status = 200, description = "`{\"items\": […]}`", body = Object),
))]
async fn list(State(studio): State<Studio>) -> Result<Json<Value>, Problem> {
    let project = studio.project()?;
    let items: Vec<Value> = template_files::all(&project)
        .iter()
        .map(|path| template_files::described(&project, path))
        .collect();
    Ok(Json(json!({"items": items})))
}
