//! `/`: every template as its picture, with what is wrong with it; new ones.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::form::{posted, query};
use super::layout::{answer, around, with};
use crate::studio::apart::apart;
use crate::studio::moved;
use crate::studio::page::address;
use crate::studio::pictures::{self, Sample};
use crate::studio::problem::Problem;
use crate::studio::samples::{self, SAMPLES};
use crate::studio::state::Studio;
use crate::studio::template_files;
use crate::studio::workspace::Workspace;
use crate::studio::write::{self, Target};
use crate::template;

/// A template that is begun with nothing.
const BLANK: &str = r##"[vars]
title = { default = "A new story", max_chars = 80 }

[canvas]
background = "#1d2b4f"

[[layer]]
id = "title"
type = "text"
text = "{{ title }}"
left = 80
right = 80
top = 760
size = 120
min_size = 56
weight = 700
color = "#ffffff"
"##;

/// What a form says before the name of a sample.
const SAMPLE: &str = "sample:";

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/", get(list))
        .route("/templates/new", post(create))
        .route("/templates/picture/{*path}", get(picture))
}

/// What a template extends, as it is written: the brand that it is of.
fn base_of(work: &Workspace, path: &str) -> Option<String> {
    let file = work.project.root.join(path);
    let folder = file.parent()?;
    let allowed = work.project.allowed_paths(folder);
    let (template, _) = template::load(&file, std::path::Path::new(path), &allowed).ok()?;
    // the sources stand from the base to the template itself
    let names = template.sources.iter().map(|source| {
        let name = source.path.file_name().unwrap_or_default();
        name.to_string_lossy()
            .trim_start_matches('_')
            .trim_end_matches(".toml")
            .to_owned()
    });
    let own = path
        .rsplit('/')
        .next()?
        .trim_end_matches(".toml")
        .to_owned();
    let mut names = names;
    names.find(|name| *name != own)
}

async fn list(State(studio): State<Studio>, uri: Uri) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let asked = query(uri.query());
        let word = asked.get("q").cloned().unwrap_or_default();
        let brand = asked.get("brand").cloned().unwrap_or_default();
        let all = template_files::all(&work.project);
        let (bases, stories): (Vec<String>, Vec<String>) =
            all.into_iter().partition(|path| is_base(path));
        let samples = pictures::of_templates(&of, &work, &stories);
        let cards: Vec<Value> = samples.iter().map(|sample| card(&work, sample)).collect();
        let mut brands: Vec<&str> = cards
            .iter()
            .filter_map(|card| card["brand"].as_str())
            .collect();
        brands.sort_unstable();
        brands.dedup();
        let small = word.to_lowercase();
        let fits = |card: &&Value| {
            let has = |name: &str| {
                card[name]
                    .as_str()
                    .is_some_and(|text| text.to_lowercase().contains(&small))
            };
            (small.is_empty() || has("path") || has("words"))
                && (brand.is_empty() || card["brand"].as_str() == Some(&brand))
        };
        let shown: Vec<&Value> = cards.iter().filter(fits).collect();
        let mut folders: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for card in &shown {
            folders
                .entry(card["folder"].as_str().unwrap_or_default())
                .or_default()
                .push(card);
        }
        let page = json!({
            "title": "Templates",
            "folders": folders.iter().map(|(name, cards)| json!({ "name": name, "cards": cards })).collect::<Vec<_>>(),
            "bases": bases, "brands": brands, "brand": brand, "word": word,
            "samples": SAMPLES.iter().map(|(name, words, _)| (name, words)).collect::<Vec<_>>(),
            "all": stories, "count": cards.len(), "shown": shown.len(),
            "folder": template_files::relative(&work.project, &template_files::folder(&work.project)),
        });
        let page = with(around("templates", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "templates.html", made.await)
}

fn is_base(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with('_'))
}

fn card(work: &Workspace, sample: &Sample) -> Value {
    let (folder, name) = sample.path.rsplit_once('/').unwrap_or(("", &sample.path));
    let described = template_files::described(&work.project, &sample.path);
    let names = described["variables"].as_array().into_iter().flatten();
    let words: Vec<String> = names
        .filter_map(|var| {
            Some(format!(
                "{} {}",
                var["name"].as_str()?,
                var["default"].as_str().unwrap_or_default()
            ))
        })
        .collect();
    let errors = sample
        .diagnostics
        .iter()
        .filter(|found| found.is_error())
        .count();
    json!({
        "path": sample.path,
        "folder": folder,
        "name": name.trim_end_matches(".toml"),
        "brand": base_of(work, &sample.path),
        "words": words.join(" "),
        "variables": described["variables"].as_array().map_or(0, Vec::len),
        "sha256": sample.picture.as_ref().map(|picture| picture.sha256[..12].to_owned()),
        "diagnostics": sample.diagnostics,
        "errors": errors,
        "warnings": sample.diagnostics.len() - errors,
    })
}

async fn picture(
    State(studio): State<Studio>,
    Path(path): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let none = || Problem::not_found("no such template");
        template_files::file_of(&work.project, &path)
            .filter(|file| file.is_file())
            .ok_or_else(none)?;
        let width = query(uri.query())
            .get("width")
            .and_then(|width| width.parse().ok());
        let mut samples = pictures::of_templates(&of, &work, &[path]);
        let found = samples
            .pop()
            .and_then(|sample| sample.picture)
            .ok_or_else(none)?;
        pictures::answer(&of, &work, found, width, &headers).await
    });
    made.await.unwrap_or_else(IntoResponse::into_response)
}

/// A new template: a copy of another, or one that is begun with nothing.
async fn create(State(studio): State<Studio>, body: Bytes) -> Response {
    posted(studio, body, async move |of, form| {
        let work = Workspace::open(of).await?;
        let folder =
            template_files::relative(&work.project, &template_files::folder(&work.project));
        let name = form.need("name")?.trim_end_matches(".toml");
        let to = match folder.as_deref() {
            Some("") | None => format!("{name}.toml"),
            Some(folder) => format!("{folder}/{name}.toml"),
        };
        let none = |path: &str| Problem::invalid(format!("`{path}` is no name of a template"));
        let file = template_files::file_of(&work.project, &to).ok_or_else(|| none(&to))?;
        let text = match form.get("from") {
            Some(from) if from.starts_with(SAMPLE) => {
                let name = &from[SAMPLE.len()..];
                let no_sample = || Problem::invalid(format!("there is no sample `{name}`"));
                samples::text(name).ok_or_else(no_sample)?.to_owned()
            }
            Some(from) => {
                let source =
                    template_files::file_of(&work.project, from).ok_or_else(|| none(from))?;
                let text = std::fs::read_to_string(source).map_err(|_| none(from))?;
                moved::text(&work.project, from, &to, &text)
            }
            None => BLANK.to_owned(),
        };
        let written = write::bytes(&file, text.as_bytes(), Target::New);
        written.map_err(|why| match why.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Problem::conflict("there is a template of that name")
            }
            _ => Problem::unwritten(&to, &why),
        })?;
        Ok(Redirect::to(&format!("/edit/{}", address(&to))).into_response())
    })
    .await
}
