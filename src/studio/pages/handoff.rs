//! `/handoff/ID`: a story that a person posts. On the desk with a code for a phone; on the phone with the file to share.
//!
//! In: a story's id, or its slot's. Out: the page of a package, its file at an address of its own. Never: another story
//! for a phone that was let into one; an answer that a browser keeps.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cards;
use super::form::posted;
use super::layout::{done, sentence_of};
use crate::graph::StoryId;
use crate::handoff::{self, Posted, Served};
use crate::publisher;
use crate::store::Story;
use crate::studio::apart::apart;
use crate::studio::decisions::{self, StoryVerdict, story_named};
use crate::studio::page::{html, markup, segment};
use crate::studio::problem::Problem;
use crate::studio::session::Caller;
use crate::studio::state::Studio;
use crate::studio::views::Around;
use crate::studio::workspace::Workspace;
use crate::studio::{embedded, pictures, qr, ranges, reach};

/// How long a code for a phone can be used.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/handoff/{id}", get(package).post(tell))
        .route("/handoff/{id}/media", get(media))
}

/// The story of that name, or of the slot of that name.
///
/// # Errors
/// 404 where there is none, and for a slot that has no story yet.
async fn story(work: &Workspace, id: &str) -> Result<Story, Problem> {
    // a slot's name has its time in it
    if !id.contains('@') {
        return story_named(work.store.as_ref(), id).await;
    }
    let entry = work.entry(id).await?;
    entry.story.ok_or_else(|| {
        Problem::not_found(format!(
            "{id} has no finished picture yet: it is made when its time comes"
        ))
    })
}

/// Whether somebody can say that it is live, and that it is not. What was handed and became too late may be live.
///
/// # Errors
/// 500 with what the store says.
async fn answers(work: &Workspace, story: &Story) -> Result<(bool, bool), Problem> {
    Ok(match story.state(work.now) {
        "handed" | "uncertain" => (true, true),
        "missed" => {
            let trail = work.store()?.audit(&story.key).await?;
            (trail.iter().any(|line| line.to == "handed"), false)
        }
        _ => (false, false),
    })
}

async fn package(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let story = story(&work, &id).await?;
        let card = cards::story(&work, &story, &Around::of(&work).await?);
        let is_guest = matches!(caller, Caller::Guest(_));
        let (can_tell, can_skip) = answers(&work, &story).await?;
        let mut with = json!({
            "story": card, "is_guest": is_guest, "said": sentence_of(&uri), "port": of.port,
            "can_tell": can_tell, "can_skip": can_skip,
        });
        // asking whether the page is there makes no code
        if !is_guest && method == Method::GET {
            code(&of, &story, &headers, &mut with)?;
        }
        let before = markup(&of.pages, "handoff-before.html", &with)?;
        let after = markup(&of.pages, "handoff-after.html", &with)?;
        let address = |name: &str| embedded::address(name).unwrap_or_default();
        let styles = [address("package.css"), address("handoff.css")];
        let posted = Posted {
            name: &story.name,
            media: &story.outgoing.media,
            id: Some(&story.key.0),
            zone: &work.zone,
        };
        let served = Served {
            media: &format!("/handoff/{}/media", segment(&story.key.0)),
            styles: &styles.each_ref().map(String::as_str),
            script: &address("package.js"),
            before: &before,
            after_steps: &after,
        };
        let page = handoff::served(&posted, &served);
        work.close().await;
        Ok(html(StatusCode::OK, page))
    });
    done(&studio, made.await)
}

/// Adds a code for a phone, and the address that it opens.
fn code(
    studio: &Studio,
    story: &Story,
    headers: &HeaderMap,
    with: &mut Value,
) -> Result<(), Problem> {
    let Some(origin) = reach::from_elsewhere(studio, headers) else {
        return Ok(());
    };
    let made = studio.sessions.hand_off_code(&story.key.0);
    let code = made.map_err(Problem::internal)?;
    let address = format!("{origin}/handoff/{}", segment(&story.key.0));
    let seen = format!("{address}#token={}", code.token);
    // the wall's clock, also in a rehearsal: a code lives by it
    let zone = studio.project()?.zone().map_err(publisher::Error::from)?;
    let until = (Timestamp::now() + CODE_LIFE).to_zoned(zone);
    with["qr"] = json!(qr::svg(&seen, "A code for the phone’s camera"));
    with["is_secure"] = json!(origin.starts_with("https://"));
    with["address"] = json!(address);
    with["typed"] = json!(code.typed);
    with["until"] = json!(until.strftime("%H:%M").to_string());
    Ok(())
}

/// The finished file, or a part of it.
async fn media(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let found = async {
            let story = story(&work, &id).await?;
            pictures::of_story(&work, &story)
        };
        let found = found.await;
        work.close().await;
        let file = found?;
        let kind = file.content_type();
        let mut answer = ranges::answer(file.path(), kind, &file.sha256, &headers).await?;
        let hash = HeaderValue::from_str(&file.sha256).map_err(Problem::internal)?;
        let headers = answer.headers_mut();
        headers.insert(HeaderName::from_static("storypress-sha256"), hash);
        let kept = HeaderValue::from_static("no-store");
        headers.insert(header::CACHE_CONTROL, kept);
        Ok(answer)
    })
    .await
}

/// What a person says of it: it is live, or was not posted.
async fn tell(
    State(studio): State<Studio>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let work = Workspace::open(of).await?;
        let found = story(&work, &id).await;
        let state = found.as_ref().map(|story| story.state(work.now));
        let is_asked = state.is_ok_and(|state| matches!(state, "handed" | "uncertain"));
        work.close().await;
        let story = found?;
        let media_id = form.get("media_id").map(|text| {
            let read = text.parse::<StoryId>();
            read.map_err(|why| Problem::invalid(format!("media id: {why}")))
        });
        let (verdict, said) = match form.need("act")? {
            "live" => {
                let media_id = media_id.transpose()?;
                let live = true;
                (StoryVerdict::Resolve { live, media_id }, "posted")
            }
            // somebody was asked: that it did not go out is an answer
            "skipped" if is_asked => {
                let (live, media_id) = (false, None);
                (StoryVerdict::Resolve { live, media_id }, "not-posted")
            }
            "skipped" => (StoryVerdict::Cancel, "not-posted"),
            act => return Err(Problem::invalid(format!("nothing is called `{act}` here"))),
        };
        let by = match caller {
            Caller::Guest(_) => caller.name().to_owned(),
            _ => form.person(&headers),
        };
        decisions::decide_story(of, &story.key.0, verdict, &by).await?;
        let page = format!("/handoff/{}", segment(&story.key.0));
        Ok(form.back(&page, said))
    })
    .await
}
