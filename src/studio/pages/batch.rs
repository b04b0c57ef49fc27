//! `/batch`: many stories at once, before and after, in groups by what changed.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::form::{Form, posted, query, who};
use super::layout::{answer, around, done, with};
use crate::studio::apart::apart;
use crate::studio::batch::Batch;
use crate::studio::batch_against::{Story, outs};
use crate::studio::batch_decisions::{Said, Verdict};
use crate::studio::batch_file::{self, Asked};
use crate::studio::batch_zip;
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::template_files;
use crate::studio::workspace::Workspace;

/// Stories of one page, where nobody says otherwise.
const PAGE: usize = 60;

/// Stories of one page.
const PAGES: [usize; 4] = [60, 120, 300, 1000];

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
        let open = batch_file::heads(&work.project.root).into_iter();
        let open = open.take(batch_file::MOST).map(|head| {
            json!({
                "id": head.id, "templates": head.asked.templates, "data": head.asked.data,
                "count": head.count, "changed": head.changed,
                "at": head.made.to_zoned(work.zone.clone()).strftime("%a %-d %b %H:%M").to_string(),
            })
        });
        let outs = outs(&work.project).into_iter();
        let outs = outs.filter_map(|out| template_files::relative(&work.project, &out));
        let outs = outs.map(|name| {
            if name.is_empty() {
                ".".to_owned()
            } else {
                name
            }
        });
        let page = json!({
            "title": "Batch",
            "all": all.iter().filter(is_story).collect::<Vec<_>>(),
            "data": data_files(&work),
            "outs": outs.collect::<Vec<_>>(),
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
    posted(studio, body, async move |of, form| {
        let work = Workspace::open(of).await?;
        let asked = Asked {
            templates: form.all("template").map(str::to_owned).collect(),
            data: form.get("data").map(str::to_owned),
            against: form.get("against").map(str::to_owned),
            out: form.get("out").map(str::to_owned),
        };
        let batch = of.batches.open(&work.of_batch(of), asked).await;
        work.close().await;
        Ok(Redirect::to(&format!("/batch/{}", batch?.head.id)).into_response())
    })
    .await
}

/// Which stories a page shows.
#[derive(Debug)]
struct Part {
    group: String,
    /// `open`, `approve`, `reject`; all without.
    show: String,
    /// A part of their names.
    q: String,
    page: usize,
    per: usize,
}

impl Part {
    fn asked(text: Option<&str>) -> Self {
        let mut asked = query(text);
        let number = |text: Option<&String>| text.and_then(|text| text.parse().ok());
        let per = number(asked.get("per")).filter(|per| PAGES.contains(per));
        Self {
            page: number(asked.get("page")).unwrap_or(1).max(1),
            per: per.unwrap_or(PAGE),
            group: asked.remove("group").unwrap_or_default(),
            show: asked.remove("show").unwrap_or_default(),
            q: asked.remove("q").unwrap_or_default().trim().to_lowercase(),
        }
    }

    /// The stories, all pages of them. Without a group those that changed, if any has.
    fn of<'a>(&self, batch: &'a Batch) -> Vec<&'a Story> {
        let has_other = batch
            .stories
            .iter()
            .any(|story| batch.kind(story) != "same");
        let is_shown = |story: &&Story| {
            let verdict = || batch.decision(&story.name).map(|said| said.verdict);
            (match self.group.as_str() {
                "" => !self.q.is_empty() || batch.kind(story) != "same" || !has_other,
                group => batch.group(story) == group,
            }) && (self.q.is_empty() || story.name.to_lowercase().contains(&self.q))
                && match self.show.as_str() {
                    "open" => verdict().is_none(),
                    "approve" => verdict() == Some(Verdict::Approve),
                    "reject" => verdict() == Some(Verdict::Reject),
                    _ => true,
                }
        };
        batch.stories.iter().filter(is_shown).collect()
    }

    /// The same as the query of an address, without the page.
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("group", &self.group), ("show", &self.show), ("q", &self.q)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if self.per != PAGE {
            query.append_pair("per", &self.per.to_string());
        }
        query.finish()
    }
}

async fn grid(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let batch = Workspace::batch(&of, &id).await?;
        let work = Workspace::open(&of).await?;
        let part = Part::asked(uri.query());
        let own = part.of(&batch);
        let pages = own.len().div_ceil(part.per).max(1);
        let page = part.page.min(pages);
        let shown = own.iter().skip((page - 1) * part.per).take(part.per);
        let told: Vec<Value> = shown.map(|story| batch.told(story)).collect();
        let failed = batch
            .failed
            .iter()
            .map(|(name, found)| json!({ "name": name, "diagnostics": found }));
        let of_page = json!({
            "title": "Batch", "id": id, "against": batch.words, "ended": batch.ended,
            "groups": batch.groups(), "stories": told, "failed": failed.collect::<Vec<_>>(),
            "group": part.group, "show": part.show, "q": part.q, "per": part.per, "sizes": PAGES,
            "query": part.query(), "page": page, "pages": pages, "count": own.len(),
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
        let batch = Workspace::batch(&of, &id).await?;
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
            .filter(|other| batch.group(other) == batch.group(story))
            .map(|other| other.name.as_str())
            .collect();
        let at = group
            .iter()
            .position(|other| *other == name)
            .unwrap_or_default();
        let page = json!({
            "title": name, "id": id, "name": name, "story": batch.told(story), "words": batch.title(story),
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
    posted(studio, body, async move |of, form| {
        let batch = Workspace::batch(of, &id).await?;
        let said = Said {
            group: form.get("group").map(str::to_owned),
            story: None,
            verdict: form.need("act")?.to_owned(),
            note: form.get("note").map(str::to_owned),
        };
        let word = decided(of, &batch, form, said, &headers).await?;
        Ok(form.back(&format!("/batch/{id}"), word))
    })
    .await
}

async fn decide_one(
    State(studio): State<Studio>,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let batch = Workspace::batch(of, &id).await?;
        let said = Said {
            group: None,
            story: Some(name),
            verdict: form.need("act")?.to_owned(),
            note: form.get("note").map(str::to_owned),
        };
        let word = decided(of, &batch, form, said, &headers).await?;
        Ok(form.back(&format!("/batch/{id}"), word))
    })
    .await
}

/// A ZIP of the pictures that were approved; of all of them, where nothing was decided.
async fn download(State(studio): State<Studio>, Path(id): Path<String>) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let batch = Workspace::batch(&of, &id).await?;
        batch.end_stale();
        let places = batch.approved();
        if places.is_empty() {
            return Err(Problem::conflict("none of its stories is approved"));
        }
        let headers = [
            (header::CONTENT_TYPE, "application/zip".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"batch-{id}.zip\""),
            ),
        ];
        let body = batch_zip::body(batch, places, of.cancel.clone());
        Ok((headers, body).into_response())
    });
    done(&studio, made.await)
}
