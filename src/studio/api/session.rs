//! `session`: a start token, a code, or the secret of a pass becomes a cookie.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::input::bytes;
use crate::studio::guard::{cookie, cookie_name, lasting, pass_cookie_name};
use crate::studio::page::problem_page;
use crate::studio::problem::Problem;
use crate::studio::session::Opened;
use crate::studio::state::Studio;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(begin, ask, end))
}

/// What opens a session.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Begin {
    /// The start token or a code, each of which works once; or the secret of a link for a client.
    token: String,
}

/// Opens a session: the cookie is in the answer.
#[utoipa::path(
    post, path = "/session", tag = "session", request_body = Begin,
    responses(
        (status = 204, description = "The cookie is set"),
        (status = 303, description = "The same, for a form"),
        (status = 400, description = "No token"),
        (status = 403, description = "The token is wrong, or was used"),
    )
)]
async fn begin(State(studio): State<Studio>, headers: HeaderMap, body: Body) -> Response {
    let body = match bytes(body).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let kind = headers.get(header::CONTENT_TYPE).map(|v| v.as_bytes());
    let is_form = kind.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded"));
    let asked = if is_form {
        url::form_urlencoded::parse(&body)
            .find(|(key, _)| key == "token")
            .map(|(_, token)| token.into_owned())
    } else {
        serde_json::from_slice::<Begin>(&body).ok().map(|b| b.token)
    };
    let Some(token) = asked else {
        return Problem::bad_request("a session needs `{\"token\": …}`").into_response();
    };
    let before = cookie(&headers, &pass_cookie_name(studio.port));
    let begun = studio
        .sessions
        .begin(&token, &lasting(&studio), before.as_deref());
    let (name, value, home) = match begun {
        Ok(Some(Opened::Whole(value))) => (cookie_name(studio.port), value, "/".to_owned()),
        Ok(Some(Opened::Part(value, home))) => (pass_cookie_name(studio.port), value, home),
        Ok(None) if is_form => {
            let detail = "this code is wrong, was used, or is too old";
            let problem = Problem::new(StatusCode::FORBIDDEN, "forbidden", detail);
            return problem_page(&studio.pages, &problem);
        }
        Ok(None) => return Problem::forbidden().into_response(),
        Err(error) => return Problem::internal(error).into_response(),
    };
    let set_cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/");
    let set_cookie = [(header::SET_COOKIE, set_cookie)];
    match is_form {
        true => (set_cookie, Redirect::to(&home)).into_response(),
        false => (StatusCode::NO_CONTENT, set_cookie).into_response(),
    }
}

/// Whether there is a session.
#[utoipa::path(get, path = "/session", tag = "session", responses(
    (status = 204, description = "There is one"),
    (status = 403, description = "There is none"),
))]
async fn ask() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Ends the session.
#[utoipa::path(delete, path = "/session", tag = "session", responses(
    (status = 204, description = "The cookie is void"),
    (status = 403, description = "There is none"),
))]
async fn end(State(studio): State<Studio>, headers: HeaderMap) -> Response {
    if let Some(value) = cookie(&headers, &cookie_name(studio.port)) {
        studio.sessions.end(&value);
    }
    let name = cookie_name(studio.port);
    let gone = format!("{name}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response()
}
