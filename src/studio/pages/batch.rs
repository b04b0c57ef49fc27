//! `/batch`: many stories at once, before and after, in groups by what changed.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::form::{Form, query, who};
use super::layout::{answer, around, done, with};
use crate::studio::apart::apart;
use crate::studio::batches::{Asked, Batch, Said, title};
use crate::studio::pictures::Picture;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files;
use crate::studio::workspace::Workspace;

/// Stories of one page.
const PAGE: usize = 60;

/// Stories of one download.
const MOST: usize = 2000;

/// How before and after are put together.
const VIEWS: [&str; 4] = ["side", "onion", "swipe", "flicker"];

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/batch", get(list).post(open))
        .route("/batch/{id}", get(grid).post(decide))
        .route("/batch/{id}/download", get(download))
        .route("/batch/{id}/{name}", get(one))
        .route("/batch/{id}/{name}/decide", post(decide_one))
}

async fn list(State(studio): State<Studio>, uri: Uri) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let all = template_files::all(&work.project);
        let is_story =
            |path: &&String| !path.rsplit('/').next().unwrap_or_default().starts_with('_');
        let open = of.batches.list();
        let open = open.iter().map(|batch| {
            let changed = batch
                .stories
                .iter()
                .filter(|story| story.kind == "changed")
                .count();
            json!({
                "id": batch.id, "templates": batch.asked.templates, "data": batch.asked.data,
                "count": batch.stories.len(), "changed": changed,
                "at": batch.made.to_zoned(work.zone.clone()).strftime("%a %H:%M").to_string(),
            })
        });
        let page = json!({
            "title": "Batch",
            "all": all.iter().filter(is_story).collect::<Vec<_>>(),
            "data": data_files(&work),
            "open": open.collect::<Vec<_>>(),
        });
        let page = with(around("batch", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "batch.html", made.await)
}

/// Files of the project's folder and of `data` that may hold rows, and its sources.
fn data_files(work: &Workspace) -> Vec<String> {
    let root = &work.project.root;
    let mut found: Vec<String> = Vec::new();
    for folder in [
        root.clone(),
        root.join("data"),
        template_files::folder(&work.project),
        template_files::folder(&work.project).join("data"),
    ] {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let files = entries.flatten().map(|entry| entry.path());
        let files = files.filter(|path| {
            let ending = path
                .extension()
                .and_then(|e| e.to_str())
                .unwrap_or_default();
            [
                "csv", "tsv", "json", "jsonl", "xlsx", "ods", "xml", "rss", "atom",
            ]
            .contains(&ending)
        });
        found.extend(files.filter_map(|path| template_files::relative(&work.project, &path)));
    }
    found.extend(
        work.project
            .sources
            .iter()
            .map(|source| format!("source:{}", source.name)),
    );
    found.sort();
    found.dedup();
    found
}

async fn open(State(studio): State<Studio>, body: Bytes) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let form = Form::read(&body);
        let work = Workspace::open(&of).await?;
        let asked = Asked {
            templates: form.all("template").map(str::to_owned).collect(),
            data: form.get("data").map(str::to_owned),
            against: form.get("against").map(str::to_owned),
        };
        let batch = of.batches.open(&work.of_batch(), asked).await;
        work.close().await;
        Ok(Redirect::to(&format!("/batch/{}", batch?.id)).into_response())
    });
    done(&studio, made.await)
}

async fn grid(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let batch = of.batches.get(&id)?;
        let work = Workspace::open(&of).await?;
        let asked = query(uri.query());
        let group = asked.get("group").cloned().unwrap_or_default();
        let page: usize = asked
            .get("page")
            .and_then(|page| page.parse().ok())
            .unwrap_or(1)
            .max(1);
        let own = batch.stories.iter().filter(|story| match group.as_str() {
            "" => story.kind != "same" || batch.stories.iter().all(|story| story.kind == "same"),
            group => story.group == group,
        });
        let own: Vec<_> = own.collect();
        let shown = own.iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE);
        let told: Vec<Value> = shown.map(|story| batch.told(story)).collect();
        let failed = batch
            .failed
            .iter()
            .map(|(name, found)| json!({ "name": name, "diagnostics": found }));
        let of_page = json!({
            "title": "Batch",
            "id": batch.id, "templates": batch.asked.templates, "data": batch.asked.data,
            "against": batch.asked.against.as_deref().unwrap_or("last"),
            "groups": batch.groups(), "stories": told, "failed": failed.collect::<Vec<_>>(),
            "group": group, "page": page, "pages": own.len().div_ceil(PAGE).max(1), "count": own.len(),
            "total": batch.stories.len(), "by": who(&headers),
        });
        let page = with(around("batch", &work, &uri), of_page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "batch-grid.html", made.await)
}

async fn one(
    State(studio): State<Studio>,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let batch = of.batches.get(&id)?;
        let place = batch.place(&name)?;
        let work = Workspace::open(&of).await?;
        let view = query(uri.query())
            .remove("view")
            .filter(|view| VIEWS.contains(&view.as_str()));
        let story = &batch.stories[place];
        // through those of the same group
        let group: Vec<&str> = batch
            .stories
            .iter()
            .filter(|other| other.group == story.group)
            .map(|other| other.name.as_str())
            .collect();
        let at = group
            .iter()
            .position(|other| *other == name)
            .unwrap_or_default();
        let page = json!({
            "title": name, "id": id, "name": name, "story": batch.told(story), "words": title(story),
            "view": view.unwrap_or_else(|| "side".to_owned()), "views": VIEWS,
            "has_before": story.before.is_some(),
            "previous": at.checked_sub(1).and_then(|at| group.get(at)), "next": group.get(at + 1),
            "place": at + 1, "count": group.len(), "by": who(&headers),
        });
        let page = with(around("batch", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "batch-one.html", made.await)
}

/// Decides about what the form names.
async fn decided(
    studio: &Studio,
    batch: &Batch,
    form: &Form,
    said: Said,
    headers: &HeaderMap,
) -> Result<&'static str, Problem> {
    let now = studio.clock().await?.now();
    let is_undo = said.verdict == "undo";
    batch.decide(&[said], &form.person(headers), now)?;
    Ok(if is_undo { "undone" } else { "decided" })
}

async fn decide(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let form = Form::read(&body);
        let batch = of.batches.get(&id)?;
        let said = Said {
            group: form.get("group").map(str::to_owned),
            story: None,
            verdict: form.need("act")?.to_owned(),
            note: form.get("note").map(str::to_owned),
        };
        let word = decided(&of, &batch, &form, said, &headers).await?;
        Ok(form.back(&format!("/batch/{id}"), word))
    });
    done(&studio, made.await)
}

async fn decide_one(
    State(studio): State<Studio>,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let form = Form::read(&body);
        let batch = of.batches.get(&id)?;
        let said = Said {
            group: None,
            story: Some(name),
            verdict: form.need("act")?.to_owned(),
            note: form.get("note").map(str::to_owned),
        };
        let word = decided(&of, &batch, &form, said, &headers).await?;
        Ok(form.back(&format!("/batch/{id}"), word))
    });
    done(&studio, made.await)
}

/// A ZIP of the pictures that were approved; of all of them, where nothing was decided.
async fn download(State(studio): State<Studio>, Path(id): Path<String>) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let batch = of.batches.get(&id)?;
        let is_approved = |name: &str| {
            batch
                .decision(name)
                .is_some_and(|said| said.verdict == "approve")
        };
        let is_any = batch
            .stories
            .iter()
            .any(|story| batch.decision(&story.name).is_some());
        let meant: Vec<usize> = (0..batch.stories.len())
            .filter(|place| !is_any || is_approved(&batch.stories[*place].name))
            .collect();
        if meant.len() > MOST {
            return Err(Problem::invalid(format!(
                "more than {MOST} pictures: `storypress render` makes them at once"
            )));
        }
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        // a JPEG does not get smaller
        let stored = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        for place in meant {
            let picture = batch.picture(place, &of.cancel)?;
            let bytes = Picture::of(&picture).bytes()?;
            zip.start_file(format!("{}.jpg", batch.stories[place].name), stored)
                .map_err(Problem::internal)?;
            std::io::Write::write_all(&mut zip, &bytes).map_err(Problem::internal)?;
        }
        let bytes = zip.finish().map_err(Problem::internal)?.into_inner();
        let headers = [
            (header::CONTENT_TYPE, "application/zip".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"batch-{id}.zip\""),
            ),
        ];
        Ok((headers, bytes).into_response())
    });
    done(&studio, made.await)
}
