//! Listens, and answers until it is told to end.
//!
//! In: [`Options`]. Out: a [`Running`] studio. Never: an address beyond this machine that nobody allowed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Method, Request, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

use super::page::problem_page;
use super::problem::Problem;
use super::state::{Options, Studio};
use super::{api, embedded, guard, idempotency, openapi, pages, rest, store_events, watch};

/// Why a studio cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As it was given.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The address can be reached from elsewhere, and no name was allowed.
    #[error(
        "{0} can be reached from other machines: name what they call this one with --allow-host NAME"
    )]
    Beyond(SocketAddr),
    /// There is no working directory, or no randomness.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// A studio that answers.
#[derive(Debug)]
pub struct Running {
    /// `http://127.0.0.1:PORT`, without a slash at its end; an allowed name where it listens elsewhere.
    pub url: String,
    /// Its state.
    pub studio: Studio,
    server: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Its address with a start token in the fragment: it opens one session.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn start_url(&self) -> io::Result<String> {
        Ok(format!(
            "{}/#token={}",
            self.url,
            self.studio.sessions.start_token()?
        ))
    }

    /// Ends it: no new connection; what is being answered is finished, for two seconds.
    pub async fn stop(mut self) {
        self.studio.close();
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.server).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.studio.close();
        self.server.abort();
    }
}

/// Starts a studio on the runtime that this is called on.
///
/// # Errors
/// [`Error`]
pub async fn start(options: &Options) -> Result<Running, Error> {
    let failed = |source| Error::Listen {
        address: options.listen.clone(),
        source,
    };
    let listener = TcpListener::bind(&options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    if !address.ip().is_loopback() && options.allow_hosts.is_empty() {
        return Err(Error::Beyond(address));
    }
    let studio = Studio::new(options, address.port())?;
    tokio::spawn(watch::watch(studio.clone()));
    tokio::spawn(store_events::watch(studio.clone()));
    tokio::spawn(rest::watch(studio.clone()));
    let router = router(studio.clone());
    let ended = studio.clone();
    let server =
        axum::serve(listener, router).with_graceful_shutdown(async move { ended.closed().await });
    Ok(Running {
        url: url(options, address),
        studio,
        server: tokio::spawn(server.into_future()),
    })
}

/// The address by which a person reaches it.
fn url(options: &Options, address: SocketAddr) -> String {
    let port = address.port();
    match options.allow_hosts.first() {
        _ if address.ip().is_loopback() => format!("http://{address}"),
        Some(name) if name.contains(':') => format!("http://{name}"),
        Some(name) => format!("http://{name}:{port}"),
        None => format!("http://{address}"),
    }
}

/// Everything that it answers, with the guard around it.
pub fn router(studio: Studio) -> Router {
    let (api, described) = OpenApiRouter::new()
        .nest("/api/v1", api::router())
        .split_for_parts();
    let document = openapi::document(&described);
    let answers = studio.answers.clone();
    let api = api.layer(middleware::from_fn(move |request, next| {
        idempotency::layer(answers.clone(), request, next)
    }));
    Router::new()
        .merge(api)
        .route(
            "/api/v1/openapi.json",
            get(move || describe(document.clone())),
        )
        .route("/static/{name}", get(embedded::serve))
        .route("/favicon.ico", get(icon))
        .merge(pages::router())
        .method_not_allowed_fallback(wrong_method)
        .fallback(nothing_there)
        .layer(middleware::from_fn_with_state(studio.clone(), in_words))
        .layer(middleware::from_fn_with_state(studio.clone(), guard::layer))
        .with_state(studio)
}

/// What a route refused before it was asked comes as plain text: a problem is made of it, as of everything else.
async fn in_words(State(studio): State<Studio>, request: Request<Body>, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let answer = next.run(request).await;
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let status = answer.status();
    if !is_plain || !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let said = to_bytes(answer.into_body(), 4096).await.unwrap_or_default();
    let detail = String::from_utf8_lossy(&said).into_owned();
    let problem = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "too-large", detail),
        _ if status.is_server_error() => Problem::new(status, "internal", detail),
        _ => Problem::new(status, "bad-request", detail),
    };
    match is_api {
        true => problem.into_response(),
        false => problem_page(&studio.pages, &problem),
    }
}

async fn describe(document: Value) -> Json<Value> {
    Json(document)
}

async fn icon() -> Response {
    let to = embedded::address("icon.svg").unwrap_or_default();
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}

async fn wrong_method(method: Method) -> Problem {
    let detail = format!("{method} means nothing here");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}

async fn nothing_there(State(studio): State<Studio>, uri: Uri) -> Response {
    let problem = Problem::not_found("there is nothing at this address");
    match uri.path().starts_with("/api/") {
        true => problem.into_response(),
        false => problem_page(&studio.pages, &problem),
    }
}
