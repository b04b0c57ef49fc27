//! `rows`: the rows of a table as they fill a template, and those that strain it most.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::RowsAnswer;
use super::input::Query;
use crate::batch::{self, RowReport, Rows, Selection};
use crate::diag::Diagnostic;
use crate::project::Project;
use crate::source::{self, When};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files::{file_of, local, with_bytes};

/// Rows of one answer, where nobody says otherwise.
const MOST: usize = 1000;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(rows))
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Ask {
    /// A path against the project's folder.
    template: String,
    /// A data file against the project's folder, or `source:NAME`.
    data: String,
    /// So many that strain the template most, the worst first, with why.
    #[param(minimum = 0)]
    worst: Option<usize>,
    /// The first row of the answer, from 0.
    #[serde(default)]
    #[param(required = false)]
    offset: usize,
    /// The most rows of the answer: 1000 without it.
    #[param(minimum = 1)]
    limit: Option<usize>,
}

/// The rows of a table, with their keys, and what is wrong with each in this template.
#[utoipa::path(get, path = "/rows", tag = "rows", params(Ask), responses(
    (status = 200, description = "`{\"items\": [{row, key, values, diagnostics, why?}], total, diagnostics}`", body = RowsAnswer),
    (status = 404, description = "No template has this path"),
    (status = 422, description = "The project file or the data cannot be read"),
))]
async fn rows(
    State(studio): State<Studio>,
    Query(ask): Query<Ask>,
) -> Result<axum::Json<Value>, Problem> {
    let project = studio.project()?;
    if !file_of(&project, &ask.template).is_some_and(|file| file.is_file()) {
        return Err(Problem::not_found("no template has this path"));
    }
    let now = studio.clock().await?.now();
    let template = PathBuf::from(&ask.template);
    if source::named(ask.data.as_ref()).is_some() {
        fetched(&project, &template, &ask.data, now).await?;
    }
    let now = project
        .time(Some(&now.to_string()))
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let asked = match ask.worst {
        Some(count) => Rows::Worst(count),
        None => Rows::From(ask.offset, ask.limit.unwrap_or(MOST).clamp(1, 10 * MOST)),
    };
    let of = Arc::clone(&project);
    let worked = tokio::task::spawn_blocking(move || {
        studio
            .previewer
            .rows(&of, &template, &ask.data, &now, asked)
    });
    let list = worked.await.map_err(Problem::internal)?;
    let list = list.map_err(|error| Problem::not_found(error.to_string()))?;
    if list.rows.is_empty() && list.diagnostics.iter().any(|found| found.is_error()) {
        let problem = Problem::invalid("the rows cannot be read");
        return Err(problem.with("diagnostics", shown(&list.diagnostics, &project)));
    }
    let rows = list.rows.iter();
    let items: Vec<Value> = rows.map(|row| told(row, asked, &project)).collect();
    Ok(axum::Json(json!({
        "items": items,
        "total": list.total,
        "diagnostics": shown(&list.diagnostics, &project),
    })))
}

/// Asks a source, if it is time to.
async fn fetched(
    project: &Arc<Project>,
    template: &Path,
    data: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    let mut selection = Selection {
        data: Some(PathBuf::from(data)),
        ..Selection::of(project.root.join(template))
    };
    let (project, runtime) = (Arc::clone(project), Handle::current());
    // its future cannot go from thread to thread
    let asked = tokio::task::spawn_blocking(move || {
        runtime.block_on(batch::ask_source(&mut selection, &project, When::Due, now))
    });
    let asked = asked.await.map_err(Problem::internal)?;
    asked.map_err(|error| Problem::invalid(error.to_string()))
}

/// Diagnostics as an answer has them.
fn shown(found: &[Diagnostic], project: &Project) -> Value {
    with_bytes(&local(found, project))
}

fn told(row: &RowReport, asked: Rows, project: &Project) -> Value {
    let mut out = json!({
        "row": row.number,
        "key": row.key,
        "values": row.values,
        "diagnostics": shown(&row.diagnostics, project),
    });
    if matches!(asked, Rows::Worst(_)) {
        out["why"] = json!(row.why);
    }
    out
}
