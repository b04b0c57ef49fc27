//! `Idempotency-Key`: an act that is asked for again is not done again.
//!
//! In: a request that acts. Out: its answer; the same one for the same key and request, for 24 hours. Never: an act that is
//! given up because its client went away.
//!
//! After draft-ietf-httpapi-idempotency-key-header-07 (read 2026-11-28): another request with a key that was used is 422, one
//! whose first is still being done 409.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::session::Caller;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer is the one that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Longer ones are refused.
pub const LONGEST_KEY: usize = 255;

/// Answers that are remembered; the oldest goes first.
const MOST: usize = 4096;

/// A longer request cannot have a key: it would have to be held in memory.
const LARGEST_REQUEST: usize = 64 * 1024 * 1024;

const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// Answers by key.
#[derive(Debug, Default, Clone)]
pub struct Answers(Arc<Mutex<HashMap<String, Entry>>>);

#[derive(Debug)]
struct Entry {
    request: blake3::Hash,
    since: Instant,
    /// None while it is being done.
    answer: Option<(StatusCode, HeaderMap, Bytes)>,
}

/// Removes an entry whose act ended without an answer.
struct Unfinished {
    answers: Answers,
    key: String,
    is_done: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_done {
            self.answers.all().remove(&self.key);
        }
    }
}

impl Answers {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a key; None where the request is to be done, which is noted.
    fn begin(&self, key: &str, request: blake3::Hash) -> Option<Response> {
        let mut all = self.all();
        all.retain(|_, entry| entry.since.elapsed() < LIFE);
        if let Some(entry) = all.get(key) {
            return Some(entry.reply(request));
        }
        if all.len() >= MOST {
            let oldest = all.iter().filter(|(_, e)| e.answer.is_some());
            let oldest = oldest.min_by_key(|(_, e)| e.since).map(|(k, _)| k.clone());
            oldest.map(|key| all.remove(&key));
        }
        let entry = Entry {
            request,
            since: Instant::now(),
            answer: None,
        };
        all.insert(key.to_owned(), entry);
        None
    }
}

impl Entry {
    fn reply(&self, request: blake3::Hash) -> Response {
        if self.request != request {
            return Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                "this Idempotency-Key was used for another request",
            )
            .into_response();
        }
        let Some((status, headers, body)) = &self.answer else {
            return Problem::new(
                StatusCode::CONFLICT,
                "in-progress",
                "the first request with this Idempotency-Key is still being done",
            )
            .into_response();
        };
        let mut response = (*status, headers.clone(), body.clone()).into_response();
        let yes = HeaderValue::from_static("true");
        response.headers_mut().insert(REPLAYED, yes);
        response
    }
}

/// Whether a call that is no read does something. A preview and an edit write nothing: who went away is not waited for.
pub fn is_act(path: &str) -> bool {
    !["/api/v1/preview", "/api/v1/edit"].contains(&path)
}

/// The layer over all routes that act: what has begun is done, also when the client goes away, and once for each key.
pub async fn layer(answers: Answers, request: Request<Body>, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    if !is_act(request.uri().path()) {
        return next.run(request).await;
    }
    // nobody was let in yet: nothing is kept in memory for whoever may come
    if request.extensions().get::<Caller>().is_none() {
        return next.run(request).await;
    }
    let Some(key) = request.headers().get(KEY) else {
        return finished(tokio::spawn(next.run(request)).await);
    };
    let key = match key.to_str().map(|key| key.trim().trim_matches('"')) {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => key.to_owned(),
        _ => {
            return Problem::bad_request("an Idempotency-Key has 1 to 255 characters")
                .into_response();
        }
    };
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        let detail = "the request is cut off, or too long to have an Idempotency-Key";
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).into_response();
    };
    if let Some(known) = answers.begin(&key, digest(&head, &body)) {
        return known;
    }
    let unfinished = Unfinished {
        answers,
        key,
        is_done: false,
    };
    let request = Request::from_parts(head, Body::from(body));
    finished(tokio::spawn(remembered(unfinished, request, next)).await)
}

async fn remembered(mut unfinished: Unfinished, request: Request<Body>, next: Next) -> Response {
    let response = next.run(request).await;
    // what failed on our side may be tried again with the same key
    if response.status().is_server_error() {
        return response;
    }
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_ANSWER).await else {
        return Problem::internal("the answer is too long to be remembered").into_response();
    };
    let answer = (head.status, head.headers.clone(), body.clone());
    if let Some(entry) = unfinished.answers.all().get_mut(&unfinished.key) {
        entry.answer = Some(answer);
    }
    unfinished.is_done = true;
    Response::from_parts(head, Body::from(body))
}

fn finished(done: Result<Response, tokio::task::JoinError>) -> Response {
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was not finished");
        Problem::internal("the request was not finished").into_response()
    })
}

/// What makes two requests one.
fn digest(head: &Parts, body: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(head.method.as_str().as_bytes());
    part(head.uri.to_string().as_bytes());
    // `If-Match` decides what a request means as much as its body does
    for name in ["if-match", "if-none-match"] {
        part(head.headers.get(name).map_or(b"", |v| v.as_bytes()));
    }
    part(body);
    hasher.finalize()
}
