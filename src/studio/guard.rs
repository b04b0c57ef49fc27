//! Who gets in: the layer around everything that the studio answers.
//!
//! In: a request. Out: the same with its [`Caller`], or 403 and no more; on every answer the headers that keep a browser
//! from helping others. Never: a look at the project.
//!
//! A page that somebody else wrote may run in the same browser. It cannot read our answers, as there are no CORS headers,
//! but it can send: so a request has to come by a name of ours (a name that another rebinds to this machine is not), a
//! write from a page of ours, and everything with a secret.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::page::page;
use super::passes::Pass;
use super::problem::Problem;
use super::secret;
use super::session::Caller;
use super::state::Studio;

/// What a page may load: its own files, and pictures that its script made.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What an answer of the API may do in a browser that is pointed at it: nothing.
const API_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// The name of the cookie; studios on other ports of the same host have others.
pub fn cookie_name(port: u16) -> String {
    format!("storypress_{port}")
}

/// The name of the cookie of passes, which open a part alone.
pub fn pass_cookie_name(port: u16) -> String {
    format!("storypress_{port}_pass")
}

/// Where the calendar's feed is, before its secret.
pub const FEED: &str = "/feed/";

/// Says that a page is the empty one: the script in it must not ask for it again.
const SHELL: &str = "storypress-shell";

/// The layer.
pub async fn layer(State(studio): State<Studio>, request: Request<Body>, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = answer(&studio, request, next).await;
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    let policy = if is_api { API_POLICY } else { PAGE_POLICY };
    put(header::CONTENT_SECURITY_POLICY, policy);
    put(header::REFERRER_POLICY, "no-referrer");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(header::CACHE_CONTROL, "no-store");
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        put(HeaderName::from_static(name), value);
    }
    response
}

async fn answer(studio: &Studio, mut request: Request<Body>, next: Next) -> Response {
    let forbidden = || Problem::forbidden().into_response();
    let Some(host) = host(&request).filter(|host| is_ours(host, studio)) else {
        return forbidden();
    };
    let headers = request.headers();
    if asks_for_socket(headers) || !is_from_us(request.method(), headers, &host) {
        return forbidden();
    }
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    // the feed has its secret in its address: a calendar can send nothing else
    if is_read && path.starts_with(FEED) {
        return next.run(request).await;
    }
    let caller = caller(studio, headers).filter(|caller| may(caller, is_read, path));
    match caller {
        Some(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        // the door itself, which asks for a token of its own
        None if path == "/api/v1/session" && *request.method() == Method::POST => {
            next.run(request).await
        }
        // the program's own files: the door needs some of them
        None if is_read && path.starts_with("/static/") => next.run(request).await,
        None if is_read && !path.starts_with("/api/") && !has_bearer(headers) => {
            shell(studio, headers)
        }
        None => forbidden(),
    }
}

/// Whether somebody may ask for an address: a guest only for what the passes open.
fn may(caller: &Caller, is_read: bool, path: &str) -> bool {
    match caller {
        Caller::Browser | Caller::Program => true,
        Caller::Guest(passes) => passes.iter().any(|pass| pass.opens(is_read, path)),
    }
}

/// The empty page; refused to a guest, who is let in elsewhere.
fn shell(studio: &Studio, headers: &HeaderMap) -> Response {
    let shell = page(&studio.pages, "shell.html", ());
    let mut shell = shell.unwrap_or_else(IntoResponse::into_response);
    let name = HeaderName::from_static(SHELL);
    shell
        .headers_mut()
        .insert(name, HeaderValue::from_static("1"));
    if cookie(headers, &pass_cookie_name(studio.port)).is_some_and(|c| is_guest(studio, &c)) {
        *shell.status_mut() = StatusCode::FORBIDDEN;
    }
    shell
}

fn is_guest(studio: &Studio, cookie: &str) -> bool {
    let open = studio.sessions.passes(cookie, || lasting(studio));
    open.is_some_and(|passes| !passes.is_empty())
}

/// The passes that last; none where their file cannot be trusted.
pub fn lasting(studio: &Studio) -> Vec<Pass> {
    studio.passes.open(studio.root()).unwrap_or_else(|error| {
        tracing::warn!(%error, "no pass is taken");
        Vec::new()
    })
}

/// The host that a request came by, in small letters; None where it names none, or two.
fn host(request: &Request<Body>) -> Option<String> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = named.next()?.to_str().ok()?.to_ascii_lowercase();
    let is_only = named.next().is_none();
    let authority = request.uri().authority().map(|a| a.as_str());
    let is_one = authority.is_none_or(|a| a.eq_ignore_ascii_case(&host));
    (is_only && is_one).then_some(host)
}

/// Whether a host is a name of ours: those of loopback with our port, and those that were allowed.
fn is_ours(host: &str, studio: &Studio) -> bool {
    let port = studio.port;
    let with_port = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
    let is_loopback = with_port.iter().any(|name| name == host)
        // a browser leaves out the port that http has anyway
        || port == 80 && ["127.0.0.1", "localhost", "[::1]"].contains(&host);
    let bare = host.strip_suffix(&format!(":{port}")).unwrap_or(host);
    let allowed = &studio.allow_hosts;
    is_loopback || allowed.contains(host) || allowed.contains(bare)
}

/// Whether a host is this machine and no proxy before it.
fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        if is_port { name } else { host }
    });
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// We have no sockets: whoever asks for one is no page of ours.
fn asks_for_socket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
    upgrade.is_some_and(|what| what.to_ascii_lowercase().starts_with(b"websocket"))
        || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Whether a browser says that a page of ours sends this, or no browser says anything.
fn is_from_us(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    if matches!(*method, Method::GET | Method::HEAD) {
        // following a link from elsewhere is fine, loading an answer into a page there is not
        let is_navigation = text("sec-fetch-mode") == Some("navigate");
        return is_navigation || matches!(site, None | Some("same-origin" | "none"));
    }
    if !matches!(site, None | Some("same-origin" | "none")) {
        return false;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return true;
    };
    if origins.next().is_some() {
        return false;
    }
    match origin.to_str() {
        // under `no-referrer` a browser sends this with a form of ours, and says `same-origin` beside it; it says
        // `cross-site` for a frame without an origin
        Ok("null") => site == Some("same-origin"),
        Ok(origin) => {
            let (scheme, name) = origin.split_once("://").unwrap_or_default();
            let is_ours = match scheme {
                "http" => text("x-forwarded-proto") != Some("https"),
                // we speak http: TLS is a proxy's, which says so, or has a name of its own
                "https" => text("x-forwarded-proto") == Some("https") || !is_this_machine(host),
                _ => false,
            };
            is_ours && name.eq_ignore_ascii_case(host)
        }
        Err(_) => false,
    }
}

fn has_bearer(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
}

/// Who asks: a token that is named decides alone, else a cookie.
fn caller(studio: &Studio, headers: &HeaderMap) -> Option<Caller> {
    if let Some(named) = headers.get(header::AUTHORIZATION) {
        let (scheme, given) = named.to_str().ok()?.split_once(' ')?;
        let token = match secret::token(studio.root()) {
            Ok(token) => token?,
            Err(error) => {
                tracing::warn!(%error, "no program is let in");
                return None;
            }
        };
        let is_right = scheme.eq_ignore_ascii_case("bearer")
            && headers.get_all(header::AUTHORIZATION).iter().count() == 1
            && secret::is_same(given.trim(), &token);
        return is_right.then_some(Caller::Program);
    }
    let whole = cookie(headers, &cookie_name(studio.port));
    if whole.is_some_and(|cookie| studio.sessions.has(&cookie)) {
        return Some(Caller::Browser);
    }
    let part = cookie(headers, &pass_cookie_name(studio.port))?;
    let passes = studio.sessions.passes(&part, || lasting(studio))?;
    Some(Caller::Guest(passes))
}

/// The value of a cookie.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
