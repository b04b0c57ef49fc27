//! `POST /ig-api-upload/{version}/{container}`: bytes that are sent, and sent on after a break.
//!
//! In: bytes from an offset. Out: how far they came. Never: more bytes than were announced, two writers at once.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use futures_util::StreamExt;
use serde_json::json;

use super::app::App;
use super::ask;
use super::create;
use super::effect::Effect;
use super::fetch::{Manner, Unfetched};
use super::journal::Record;
use super::objects::{Check, Container, Source, Status};
use super::reply::Reply;
use super::who::{self, Right};
use crate::media::{Kind, PLATFORM_VIDEO_BYTES};

/// The file that a container's bytes gather in.
fn gathering(app: &App, id: &str) -> PathBuf {
    app.folder.incoming(&format!("{id}.part"))
}

/// How many of a container's bytes have come.
pub fn sent(app: &App, id: &str) -> u64 {
    std::fs::metadata(gathering(app, id)).map_or(0, |found| found.len())
}

/// An error in the shape of this host, which is not the Graph API's.
pub fn refused(status: u16, kind: &str, message: &str, is_retriable: bool) -> Reply {
    Reply::new(
        status,
        json!({"debug_info": {"retriable": is_retriable, "type": kind, "message": message}}),
    )
}

/// The refusal that says little, and often passes when it is tried again.
pub fn processing_failed() -> Reply {
    let said = json!({"success": false, "error": {"message": "Request processing failed"}});
    refused(400, "ProcessingFailedError", &said.to_string(), false)
}

/// Takes the bytes of a request, or fetches `file_url`.
pub async fn take(
    app: &Arc<App>,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    effect: Effect,
) -> Reply {
    let taken = take_or(app, id, headers, body, effect).await;
    taken.unwrap_or_else(|refused| *refused)
}

type Taken = Result<Reply, Box<Reply>>;

async fn take_or(
    app: &Arc<App>,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    effect: Effect,
) -> Taken {
    let container = theirs(app, id, headers)?;
    // a client that came back while its broken request is still being read waits for its end
    let turn = {
        let mut uploads = app.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(uploads.entry(id.to_owned()).or_default())
    };
    let _turn = turn.lock().await;
    if let Some(url) = headers.get("file_url") {
        let url = url.to_str().unwrap_or_default();
        return fetched(app, container, url).await;
    }
    let size = number(headers, "file_size").ok_or_else(|| bad_header("file_size"))?;
    let offset = number(headers, "offset").ok_or_else(|| bad_header("offset"))?;
    if size > PLATFORM_VIDEO_BYTES {
        return Err(Box::new(processing_failed()));
    }
    let there = sent(app, id);
    if offset != there {
        let said = format!("Offset {offset} does not match the server's offset {there}");
        return Err(Box::new(refused(412, "OffsetInvalidError", &said, true)));
    }
    let container = announced(app, container, size)?;
    let most = effect.keeps.map_or(size, |keeps| size.min(there + keeps));
    let there = gather(app, id, body, there, most).await?;
    if there < size {
        return Err(Box::new(partial(there, size)));
    }
    tokio::spawn(create::process_upload(
        Arc::clone(app),
        container,
        gathering(app, id),
    ));
    Ok(done())
}

fn done() -> Reply {
    Reply::new(
        200,
        json!({"success": true, "message": "Upload successful."}),
    )
}

fn partial(there: u64, size: u64) -> Reply {
    let said = format!("Partial request: {there} of {size} bytes");
    refused(206, "PartialRequestError", &said, true)
}

fn bad_header(name: &str) -> Box<Reply> {
    let said = format!("Header {name} is missing or no number");
    Box::new(refused(400, "InvalidHeaderError", &said, false))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The container, when it is theirs and still open.
fn theirs(app: &Arc<App>, id: &str, headers: &HeaderMap) -> Result<Container, Box<Reply>> {
    let denied = || {
        let said = "User not authorized to perform this request";
        Box::new(refused(400, "NotAuthorizedError", said, false))
    };
    let scheme = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if !scheme.is_some_and(|value| value.starts_with("OAuth ")) {
        return Err(denied());
    }
    let token = ask::bearer(headers).ok_or_else(denied)?;
    let world = app.world();
    let caller = who::of_token(&world, &token).map_err(|_| denied())?;
    caller.needs(Right::Publish).map_err(|_| denied())?;
    let container = world
        .container(id)
        .filter(|c| c.user_id == caller.person.user_id && c.source == Source::Upload);
    let container = container.cloned().ok_or_else(denied)?;
    let is_open = container.check == Check::Open || container.check == Check::Stuck;
    if !is_open || container.status(world.now()) == Status::Expired {
        return Err(Box::new(processing_failed()));
    }
    Ok(container)
}

/// Remembers how long the file will be.
fn announced(app: &Arc<App>, mut container: Container, size: u64) -> Result<Container, Box<Reply>> {
    if container.file_size != Some(size) {
        container.file_size = Some(size);
        let change = vec![Record::Container(Box::new(container.clone()))];
        let kept = app.world().commit(change);
        kept.map_err(|refusal| Box::new(Reply::from(refusal)))?;
    }
    Ok(container)
}

/// Writes what comes, up to `most` bytes in all. The rest of the request is read and thrown away, so that a client
/// that is still sending hears the answer.
async fn gather(
    app: &Arc<App>,
    id: &str,
    body: Body,
    mut there: u64,
    most: u64,
) -> Result<u64, Box<Reply>> {
    let failed = |_| Box::new(processing_failed());
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(gathering(app, id))
        .map_err(failed)?;
    let mut body = body.into_data_stream();
    while let Some(Ok(bytes)) = body.next().await {
        let room = usize::try_from(most - there).unwrap_or(usize::MAX);
        let taken = &bytes[..bytes.len().min(room)];
        file.write_all(taken).map_err(failed)?;
        there += taken.len() as u64;
    }
    Ok(there)
}

/// The upload by address.
async fn fetched(app: &Arc<App>, container: Container, url: &str) -> Taken {
    let manner = {
        let world = app.world();
        Manner {
            kind: Kind::Video,
            timeout: Duration::from_millis(world.settings.fetch_timeout_ms),
            needs_range: world.settings.needs_range,
        }
    };
    let path = gathering(app, &container.id);
    match app.fetcher.fetch(url, &path, manner).await {
        Ok(fetched) => {
            let container = announced(app, container, fetched.bytes)?;
            tokio::spawn(create::process_upload(Arc::clone(app), container, path));
            Ok(done())
        }
        Err(why) => {
            let _ = std::fs::remove_file(&path);
            let said = match why {
                Unfetched::Slow => "timeout".to_owned(),
                Unfetched::TooLarge => "the file is too large".to_owned(),
                Unfetched::Refused { said, .. } | Unfetched::Disk(said) => {
                    format!("got {said}")
                }
            };
            let said = format!("Unable to fetch media from URL, {said}");
            Err(Box::new(refused(
                422,
                "FileUrlProcessingError",
                &said,
                false,
            )))
        }
    }
}

/// Goes on with what a stopped sandbox left open.
pub fn resume(app: &Arc<App>, container: Container) {
    match container.source {
        Source::Url(_) => {
            tokio::spawn(create::process(Arc::clone(app), container));
        }
        Source::Upload => {
            let there = sent(app, &container.id);
            if container.file_size == Some(there) {
                let path = gathering(app, &container.id);
                tokio::spawn(create::process_upload(Arc::clone(app), container, path));
            }
        }
    }
}
