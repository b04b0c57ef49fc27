//! Answers: JSON with the platform's headers.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::refusal::Refusal;

/// What a handler says.
pub type Answer = Result<Value, Refusal>;

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Value,
    /// Beside the content type.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// An answer without headers of its own.
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
        }
    }

    /// HTTP's form of it.
    pub fn into_response(self) -> Response {
        let text = self.body.to_string();
        let mut response = typed(self.status, "application/json; charset=UTF-8", text);
        put_headers(&mut response, &self.headers);
        response
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        match answer {
            Ok(body) => Self::new(200, body),
            Err(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status, refusal.body())
    }
}

/// Puts headers whose values are plain text.
pub fn put_headers(response: &mut Response, headers: &[(&'static str, String)]) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
}

/// A body of a type.
pub fn typed(status: u16, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
