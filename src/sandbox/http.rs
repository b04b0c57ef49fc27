//! Requests to this machine: who may have sent them, and what they ask.

use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde_json::json;

use super::reply::Reply;

/// Whether a request may have come from a page of another site, or by another site's name for this machine.
pub fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let is_loopback = |authority: &str| {
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => authority,
        };
        ["127.0.0.1", "localhost", "[::1]"].contains(&name)
    };
    let origin_is_foreign = text(header::ORIGIN).is_some_and(|origin| {
        let (_, authority) = origin.split_once("://").unwrap_or(("", origin));
        authority != host
    });
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    !is_loopback(host) || origin_is_foreign || site == Some("cross-site")
}

/// Query parameters by name.
pub fn query(uri: &Uri) -> std::collections::BTreeMap<String, String> {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// A refusal of the sandbox's own endpoints.
pub fn own_error(status: u16, said: &str) -> Response {
    Reply::new(status, json!({ "error": said })).into_response()
}
