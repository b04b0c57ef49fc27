//! `/edit/PATH`: the editor's page.
//!
//! In: the path of a template that is there, or of one that is gone and was edited here. Out: a page that names it; the
//! editor's script asks the API for everything else.
//! Never: the template's text in the page.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

use crate::studio::page::{page, problem_page};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files;
use crate::studio::undo;

/// The page.
pub fn router() -> Router<Studio> {
    Router::new().route("/edit/{*path}", get(edit))
}

async fn edit(State(studio): State<Studio>, Path(path): Path<String>) -> Response {
    let shown = found(&studio, &path).and_then(|name| {
        page(
            &studio.pages,
            "edit.html",
            minijinja::context! { path => path, name => name },
        )
    });
    shown.unwrap_or_else(|problem| problem_page(&studio.pages, &problem))
}

/// The file's name, if the path is a template's.
fn found(studio: &Studio, path: &str) -> Result<String, Problem> {
    let project = studio.project()?;
    let file = template_files::file_of(&project, path);
    // what was edited and not saved outlives its file
    let is_kept = || undo::read(&project.root, path).is_some();
    if !file.is_some_and(|file| file.is_file() || is_kept()) {
        return Err(Problem::not_found("there is no such template"));
    }
    Ok(path.rsplit('/').next().unwrap_or(path).to_owned())
}
