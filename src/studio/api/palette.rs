//! `palette`, `schema`, `assets`: what a project offers to somebody who edits a template of it.
//!
//! In: a project. Out: its colours, fonts and styles, its files by kind, the keys that templates have, a file's bytes.
//! Never: a hidden file, one outside the project, or one that is no asset.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::input;
use crate::project::Project;
use crate::studio::asset_files::{self, Asset};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files;
use crate::template;

/// How files of rows end.
const DATA: [&str; 6] = ["csv", "tsv", "json", "jsonl", "xlsx", "ods"];

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .routes(routes!(palette))
        .routes(routes!(schema))
        .routes(routes!(asset))
}

/// What a form and the completion of a text offer.
///
/// `zone` is the project's time zone. `bases` names, for each base, the templates that build on it, directly or through another.
#[utoipa::path(get, path = "/palette", tag = "templates", responses(
    (status = 200, description = "`{colors, fonts, styles, assets: [{path, kind}], data, bases, upload, zone?}`", body = Object),
    (status = 422, description = "the project file is wrong"),
))]
async fn palette(State(studio): State<Studio>) -> Result<Json<Value>, Problem> {
    let project = studio.project()?;
    let found = tokio::task::spawn_blocking(move || offered(&project)).await;
    found
        .map(Json)
        .map_err(|error| Problem::internal(error.to_string()))
}

/// The JSON Schema of templates: the same that `storypress schema` prints.
#[utoipa::path(get, path = "/schema", tag = "templates", responses(
    (status = 200, description = "a JSON Schema", body = Object),
))]
async fn schema() -> Json<Value> {
    Json(template::schema())
}

/// A picture, clip, font or sound of the project, as it is.
#[utoipa::path(get, path = "/assets/{*path}", tag = "templates",
    params(("path" = String, Path, description = "against the project's folder")),
    responses(
        (status = 200, description = "the file's bytes"),
        (status = 404, description = "no asset of the project"),
))]
async fn asset(
    State(studio): State<Studio>,
    input::Path(path): input::Path<String>,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("no such asset");
    let (file, content_type) = asset_of(studio.root(), &path).ok_or_else(missing)?;
    let bytes = tokio::fs::read(file).await.map_err(|_| missing())?;
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, bytes).into_response())
}

/// What a file is for, by its name, as layers and forms say it.
fn kind_of(name: &str) -> Option<&'static str> {
    if let Some((asset, content_type)) = Asset::called(name) {
        return Some(match asset {
            // a track without pictures is for `[audio]`, whatever it is wrapped in
            _ if content_type.starts_with("audio/") => "sound",
            Asset::Picture => "image",
            Asset::Clip => "video",
            Asset::Font => "font",
            Asset::Sound => "sound",
        });
    }
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    DATA.contains(&&*ending).then_some("data")
}

/// The file that a path names, with its content type, if it is an asset within `root`.
fn asset_of(root: &Path, path: &str) -> Option<(PathBuf, &'static str)> {
    let (_, content_type) = Asset::called(path)?;
    let is_text = !path.contains('\\') && !path.chars().any(char::is_control);
    let are_plain = Path::new(path).components().all(|part| match part {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    });
    // a link may lead anywhere, so the place it leads to decides
    let file = root.join(path).canonicalize().ok()?;
    let is_within = file.starts_with(root) && file.is_file();
    (is_text && are_plain && is_within).then_some((file, content_type))
}

fn offered(project: &Project) -> Value {
    let files = files(project);
    let of_kind = |wanted: &str| {
        let fitting = files.iter().filter(|(_, kind)| *kind == wanted);
        fitting.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let sources = project.sources.iter();
    let mut data: Vec<String> = sources.map(|s| format!("source:{}", s.name)).collect();
    data.extend(of_kind("data"));
    let assets: Vec<Value> = files
        .iter()
        .filter(|(_, kind)| *kind != "data")
        .map(|(path, kind)| json!({"path": path, "kind": kind}))
        .collect();
    let colors = project.brand.colors.iter();
    let colors: serde_json::Map<String, Value> =
        colors.map(|(name, c)| (name.clone(), json!(c))).collect();
    let styles: Vec<&String> = project.brand.styles.iter().map(|(name, _)| name).collect();
    json!({
        "colors": colors,
        "fonts": fonts(project),
        "styles": styles,
        "assets": assets,
        "data": data,
        "bases": bases(project),
        "upload": "assets",
        "zone": project.zone().ok().and_then(|zone| zone.iana_name().map(str::to_owned)),
    })
}

/// The brand's fonts, each once, with its file where that is in the project.
fn fonts(project: &Project) -> Vec<Value> {
    let mut named = BTreeSet::new();
    let fonts = project.brand.fonts.iter();
    fonts
        .filter(|font| named.insert(font.key.clone()))
        .map(|font| {
            let path = font.path.strip_prefix(&project.root).ok();
            json!({"name": font.key, "path": path.map(|p| p.to_string_lossy().replace('\\', "/"))})
        })
        .collect()
}

/// Every file that something can be made with, against the project's folder, sorted; its kind.
fn files(project: &Project) -> Vec<(String, &'static str)> {
    let all = asset_files::all(project).into_iter();
    all.filter_map(|path| {
        let kind = kind_of(&path)?;
        Some((path, kind))
    })
    .collect()
}

/// Base → the templates that build on it.
pub(super) fn bases(project: &Project) -> BTreeMap<String, Vec<String>> {
    let all = template_files::all(project);
    let direct: BTreeMap<&String, String> = all
        .iter()
        .filter_map(|path| Some((path, base_of(project, path)?)))
        .collect();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &all {
        let mut below = path;
        // a circle of bases ends, too
        for _ in 0..all.len() {
            let Some(base) = direct.get(below) else { break };
            let users = found.entry(base.clone()).or_default();
            if !users.contains(path) {
                users.push(path.clone());
            }
            below = base;
        }
    }
    found
}

/// The template that another one extends, against the project's folder.
fn base_of(project: &Project, path: &str) -> Option<String> {
    let file = project.root.join(path);
    let text = std::fs::read_to_string(&file).ok()?;
    let table: toml::Table = text.trim_start_matches('\u{feff}').parse().ok()?;
    let written = table.get("extends")?.as_str()?;
    let base = file.parent()?.join(written).canonicalize().ok()?;
    template_files::relative(project, &base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for dir in ["templates", "assets/.hidden", "node_modules"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        for (name, text) in [
            ("templates/_base.toml", ""),
            ("templates/_mid.toml", "extends = \"_base.toml\"\n"),
            ("templates/a.toml", "extends = \"_mid.toml\"\n"),
            ("templates/b.toml", "extends = \"b.toml\"\n"),
            ("templates/menu.csv", "a\n1\n"),
            ("assets/photo.JPG", ""),
            ("assets/.hidden/photo.jpg", ""),
            ("node_modules/icon.png", ""),
            ("secret.txt", ""),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        let project = Project::none(&root);
        (folder, project)
    }

    #[test]
    fn files_are_offered_by_their_kind_and_hidden_ones_are_not() {
        let (_folder, project) = project();
        let offered = offered(&project);
        assert_eq!(
            offered["assets"],
            json!([{"path": "assets/photo.JPG", "kind": "image"}])
        );
        assert_eq!(offered["data"], json!(["templates/menu.csv"]));
    }

    #[test]
    fn a_base_names_all_that_build_on_it() {
        let (_folder, project) = project();
        let found = bases(&project);
        assert_eq!(
            found["templates/_base.toml"],
            ["templates/_mid.toml", "templates/a.toml"]
        );
        assert_eq!(found["templates/_mid.toml"], ["templates/a.toml"]);
    }

    #[test]
    fn only_an_asset_within_the_project_is_one() {
        let (folder, project) = project();
        let outside = tempfile::NamedTempFile::with_suffix(".png").unwrap();
        let link = folder.path().join("assets/link.png");
        std::os::unix::fs::symlink(outside.path(), link).unwrap();
        let found = |path: &str| asset_of(&project.root, path).map(|(_, kind)| kind);
        assert_eq!(found("assets/photo.JPG"), Some("image/jpeg"));
        for path in [
            "secret.txt",
            "templates/menu.csv",
            "assets/.hidden/photo.jpg",
            "assets/link.png",
            "assets/../assets/photo.JPG",
            "/assets/photo.JPG",
            "assets\\photo.JPG",
            "assets/none.png",
            "assets/photo.JPG\0",
        ] {
            assert_eq!(found(path), None, "{path:?}");
        }
    }
}
