//! What a request brings: JSON, query strings and names in its address, read with an answer that says what is wrong with them.
//!
//! In: a request. Out: a value, or a [`Problem`]. Never: a body of any length.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::studio::problem::Problem;

/// The largest body that is no upload.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// A JSON body.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let kind = text(request.headers(), header::CONTENT_TYPE.as_str());
        // what a form of another site could send is not taken for JSON
        if !kind.is_empty() && !is_json(kind) {
            let detail = format!("the body is JSON, not {kind}");
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, "unsupported-media-type", detail));
        }
        let body = bytes(request.into_body()).await?;
        // no body is an object without members
        let body = if body.is_empty() { b"{}" } else { &body[..] };
        read(body).map(Self)
    }
}

/// A JSON body of what acts; it has to hold something, whatever its content type says.
#[derive(Debug)]
pub struct Given<T>(pub T);

/// The same where nothing is the default.
#[derive(Debug)]
pub struct Said<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        read(&bytes(request.into_body()).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Said<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let body = bytes(request.into_body()).await?;
        match body.iter().all(u8::is_ascii_whitespace) {
            true => Ok(Self(T::default())),
            false => read(&body).map(Self),
        }
    }
}

/// What JSON holds: what is no JSON is 400, what does not fit is 422.
///
/// # Errors
/// Those.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let what = format!("the body cannot be read: {error}");
        match error.classify() {
            serde_json::error::Category::Data => Problem::invalid(what),
            _ => Problem::bad_request(what),
        }
    })
}

/// A query string.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        let query = query.map_err(|error| Problem::bad_request(error.body_text()))?;
        Ok(Self(query.0))
    }
}

/// The names in an address.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        // what is no text names nothing
        let named =
            named.map_err(|_| Problem::not_found("nothing has this name: it is not UTF-8"))?;
        Ok(Self(named.0))
    }
}

/// Whether a word of a query says yes: `1` and `true` do, `0`, `false` and none at all do not.
///
/// # Errors
/// 400 for any other word.
pub fn is_yes(name: &str, word: Option<&str>) -> Result<bool, Problem> {
    match word {
        Some("1" | "true") => Ok(true),
        None | Some("0" | "false") => Ok(false),
        Some(other) => Err(Problem::bad_request(format!(
            "`{name}` is 1 or 0, not `{other}`"
        ))),
    }
}

/// Whether a content type is JSON's, whatever its letters and parameters.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// A whole body.
///
/// # Errors
/// 413 for more than [`MOST_BYTES`].
pub async fn bytes(body: Body) -> Result<Vec<u8>, Problem> {
    let read = to_bytes(body, MOST_BYTES).await.map_err(|_| {
        let detail = format!("the body is cut off, or has more than {MOST_BYTES} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    })?;
    Ok(read.to_vec())
}

/// A header's text; empty where there is none.
pub fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_query_says_yes_or_no_or_is_refused() {
        for word in ["1", "true"] {
            assert!(is_yes("force", Some(word)).unwrap(), "{word}");
        }
        for word in [None, Some("0"), Some("false")] {
            assert!(!is_yes("force", word).unwrap(), "{word:?}");
        }
        for word in ["", "no", "off", "yes", "zz"] {
            let refused = is_yes("force", Some(word)).unwrap_err();
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{word}");
        }
    }

    #[test]
    fn json_is_json_in_capitals_too() {
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(is_json(kind), "{kind}");
        }
        for kind in ["application/jsonl", "text/plain", "application/x-json"] {
            assert!(!is_json(kind), "{kind}");
        }
    }
}
