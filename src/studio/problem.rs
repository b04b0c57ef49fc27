//! What went wrong with a request, as RFC 9457 writes it: `application/problem+json`.
//!
//! In: a status, a word, a sentence; diagnostics where there are some. Out: the answer. Never: a secret, a place of this
//! machine outside the project.

use std::io;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::diag::Diagnostic;

/// An answer that says why it is none.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.detail())]
pub struct Problem {
    status: StatusCode,
    word: &'static str,
    detail: String,
    more: Map<String, Value>,
}

impl Problem {
    /// A problem of a kind: `word` is stable (`stale-hash`), `detail` one sentence for people.
    pub fn new(status: StatusCode, word: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            word,
            detail: detail.into(),
            more: Map::new(),
        }
    }

    /// 403, and no more than that: nothing of the project.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "")
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 409: what is there does not allow it.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 412: it changed meanwhile.
    pub fn stale(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
    }

    /// 422: it was read, and cannot be done.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    }

    /// 500, with what went wrong.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            detail.to_string(),
        )
    }

    /// A file that could not be written, by its path against the project's folder: 409 where that is not allowed, 507 where
    /// there is no room.
    pub fn unwritten(path: &str, error: &io::Error) -> Self {
        let folder = match path.rsplit_once('/') {
            Some((folder, _)) => folder,
            None => "the project's folder",
        };
        let (status, word, why) = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
                StatusCode::CONFLICT,
                "read-only",
                format!("{folder} is read-only for the studio"),
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
                StatusCode::INSUFFICIENT_STORAGE,
                "no-room",
                "there is no room left".to_owned(),
            ),
            // the error itself names a place of this machine
            kind => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                kind.to_string(),
            ),
        };
        Self::new(status, word, format!("{path} cannot be written: {why}"))
    }

    /// 422 with everything that is wrong.
    pub fn of_diagnostics(detail: impl Into<String>, found: &[Diagnostic]) -> Self {
        Self::invalid(detail).diagnostics(found)
    }

    /// Adds diagnostics.
    pub fn diagnostics(self, found: &[Diagnostic]) -> Self {
        self.with("diagnostics", json!(found))
    }

    /// Adds a member.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.more.insert(key.to_owned(), value);
        self
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence for people; the status in words where there is none.
    pub fn detail(&self) -> &str {
        match self.detail.as_str() {
            "" => self.status.canonical_reason().unwrap_or_default(),
            detail => detail,
        }
    }

    /// As programs read it.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "type": format!("urn:storypress:{}", self.word),
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
        });
        if !self.detail.is_empty() {
            body["detail"] = json!(self.detail);
        }
        for (key, value) in &self.more {
            body[key] = value.clone();
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.to_json().to_string();
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_read_only_is_named_and_no_place_of_the_machine() {
        let error = io::Error::new(
            io::ErrorKind::PermissionDenied,
            "/elsewhere/ana/.unfinished-x",
        );
        let problem = Problem::unwritten("templates/menu.toml", &error);
        assert_eq!(problem.status(), StatusCode::CONFLICT);
        assert_eq!(
            problem.detail(),
            "templates/menu.toml cannot be written: templates is read-only for the studio"
        );
        let other = Problem::unwritten("a.toml", &io::Error::other("at path \"/elsewhere/ana\""));
        assert!(!other.detail().contains("elsewhere"), "{other}");
    }
}
