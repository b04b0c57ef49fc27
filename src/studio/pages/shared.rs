//! `/shared/PASS`: slots for a client to look at: pictures as they will be, captions, times.
//!
//! In: the pass of a client. Out: pages that only read. Never: a slot that is not of the pass, a decision, a word about
//! the rest of the project.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cards;
use super::layout::answer;
use crate::publisher::Entry;
use crate::studio::apart::apart;
use crate::studio::guard::lasting;
use crate::studio::passes::{Pass, Scope, Slots};
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;
use crate::studio::{pictures, ranges};

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/shared/{pass}", get(all))
        .route("/shared/{pass}/slots/{id}", get(one))
        .route("/shared/{pass}/slots/{id}/picture", get(picture))
}

/// The pass of that name: a guest's own, or for whoever made it.
///
/// # Errors
/// 404 where there is none.
fn pass(studio: &Studio, caller: Caller, id: &str) -> Result<(Pass, Slots), Problem> {
    let open = match caller {
        Caller::Guest(passes) => passes,
        Caller::Browser | Caller::Program => lasting(studio),
    };
    let found = open.into_iter().find(|pass| pass.id == id);
    match found.map(|pass| (pass.scope.clone(), pass)) {
        Some((Scope::Client(slots), pass)) => Ok((pass, slots)),
        _ => Err(Problem::not_found(
            "this link has expired, or was taken back",
        )),
    }
}

/// The slots of a pass that go out or went out.
async fn slots(work: &Workspace, slots: &Slots) -> Result<Vec<Entry>, Problem> {
    let mut entries = match slots {
        Slots::One(id) => vec![work.entry(id).await?],
        Slots::Days { from, to, .. } => work.agenda(*from, *to).await?,
    };
    entries.retain(|entry| is_shown(work, slots, entry));
    Ok(entries)
}

/// Whether a slot is one of a pass, and goes out or went out.
fn is_shown(work: &Workspace, slots: &Slots, entry: &Entry) -> bool {
    let day = entry.due.to_zoned(work.zone.clone()).date();
    let is_off = matches!(entry.state(), "skipped" | "cancelled" | "missed" | "failed");
    slots.has(entry, day) && !is_off
}

fn no_such_story() -> Problem {
    Problem::not_found("this link shows no such story")
}

/// A slot as a client sees it.
fn card(work: &Workspace, entry: &Entry) -> Value {
    let card = cards::slot(work, entry);
    let keep = [
        "id",
        "time",
        "day",
        "zone",
        "utc",
        "account",
        "has_picture",
        "is_film",
    ];
    keep.iter()
        .map(|name| ((*name).to_owned(), card[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn title(pass: &Pass) -> String {
    let name = pass.name.clone();
    name.unwrap_or_else(|| "Stories to come".to_owned())
}

async fn all(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let (pass, meant) = pass(&of, caller, &id)?;
        let work = Workspace::open(&of).await?;
        let entries = slots(&work, &meant).await?;
        let cards: Vec<Value> = entries.iter().map(|entry| card(&work, entry)).collect();
        let page = json!({
            "title": title(&pass), "home": pass.home(), "slots": cards, "until": until(&work, &pass),
        });
        work.close().await;
        Ok(page)
    });
    answer(&studio, "shared.html", made.await)
}

fn until(work: &Workspace, pass: &Pass) -> Option<String> {
    let end = pass.expires?.to_zoned(work.zone.clone());
    Some(end.strftime("%A %-d %B, %H:%M").to_string())
}

async fn one(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path((id, slot)): Path<(String, String)>,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let (pass, meant) = pass(&of, caller, &id)?;
        let work = Workspace::open(&of).await?;
        let entries = slots(&work, &meant).await?;
        let (at, entry) = place(&entries, &slot)?;
        // what its template says of it is known when it is made
        let made = pictures::of_slot(&of, &work, entry, None).await.ok();
        let mut shown = card(&work, entry);
        shown["has_picture"] = json!(made.is_some());
        shown["caption"] = json!(made.as_ref().and_then(|made| made.caption.as_deref()));
        shown["is_film"] = json!(made.is_some_and(|made| made.is_film()));
        let id_of = |at: Option<usize>| at.and_then(|at| entries.get(at)).map(Entry::id);
        let page = json!({
            "title": title(&pass), "home": pass.home(), "slot": shown,
            "previous": id_of(at.checked_sub(1)), "next": id_of(Some(at + 1)),
            "place": at + 1, "count": entries.len(),
        });
        work.close().await;
        Ok(page)
    });
    answer(&studio, "shared-one.html", made.await)
}

/// A slot among those of a pass.
///
/// # Errors
/// 404 where it is none of them.
fn place<'e>(entries: &'e [Entry], id: &str) -> Result<(usize, &'e Entry), Problem> {
    let mut all = entries.iter().enumerate();
    let found = all.find(|(_, entry)| entry.id() == id);
    found.ok_or_else(no_such_story)
}

/// How large a picture is wanted.
#[derive(Debug, Deserialize)]
struct Wanted {
    width: Option<u32>,
}

async fn picture(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path((id, slot)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    apart(async move || {
        let (_, meant) = pass(&studio, caller, &id)?;
        let work = Workspace::open(&studio).await?;
        let entry = work.entry(&slot).await.ok();
        let entry = entry.filter(|entry| is_shown(&work, &meant, entry));
        let entry = entry.ok_or_else(no_such_story)?;
        let made = pictures::of_slot(&studio, &work, &entry, wanted.width).await?;
        let answer = match wanted.width {
            None => {
                let kind = made.content_type();
                ranges::answer(made.path(), kind, &made.sha256, &headers).await
            }
            width => pictures::answer(&studio, &work, made, width, &headers).await,
        };
        work.close().await;
        answer
    })
    .await
}
