//! What all pages have around them.

use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::studio::page::{page, problem_page};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;

/// A page with its heading, or the problem as a page.
pub fn answer(studio: &Studio, name: &str, made: Result<Value, Problem>) -> Response {
    let done = made.and_then(|with| page(&studio.pages, name, with));
    done.unwrap_or_else(|problem| problem_page(&studio.pages, &problem))
}

/// Sent on to a page after a form was done, or the problem as a page.
pub fn done(studio: &Studio, done: Result<Response, Problem>) -> Response {
    done.unwrap_or_else(|problem| problem_page(&studio.pages, &problem).into_response())
}

/// What every page is filled with: which one it is, what a form has done, the time that is meant.
pub fn around(nav: &str, work: &Workspace, uri: &Uri) -> Value {
    let query = uri.query().unwrap_or_default();
    let now = work.now.to_zoned(work.zone.clone());
    json!({
        "nav": nav,
        "said": sentence_of(uri),
        "clock": now.strftime("%a %-d %b %H:%M").to_string(),
        "zone": work.zone_name(),
        "rehearsal": work.sandbox.as_ref().map(ToString::to_string),
        "wrong": work.wrong,
        "back": format!("{}{}", uri.path(), back_query(query)),
    })
}

/// What a form has done before this page was asked for.
pub fn sentence_of(uri: &Uri) -> Option<&'static str> {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "said")
        .and_then(|(_, word)| sentence(&word))
}

/// The query of this page without what a form had said.
fn back_query(query: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "said");
    let kept = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    match kept.as_str() {
        "" => kept,
        _ => format!("?{kept}"),
    }
}

/// What a form has done, by its word: a text of an address is not shown.
fn sentence(word: &str) -> Option<&'static str> {
    Some(match word {
        "approved" => "Approved. It goes out at its time.",
        "rejected" => "Rejected. It does not go out; another picture waits anew.",
        "skipped" => "Skipped. It does not go out.",
        "moved" => "Moved to its new time.",
        "run" => "It goes out as soon as a worker looks at it.",
        "paused" => "Paused. Nothing of it goes out.",
        "resumed" => "It goes on.",
        "retried" => "It is sent once more.",
        "resolved" => "Noted. Nothing is sent again by itself.",
        "posted" => "Noted: it is live. Thank you.",
        "not-posted" => "Noted: it was not posted.",
        "revoked" => "Taken back. The address opens nothing any more.",
        "cancelled" => "Taken back. It does not go out.",
        "created" => "The new template is there.",
        "decided" => "Your decision is noted.",
        "drafted" => "It is in the tray. Give it a day.",
        "placed" => "It is planned, and goes out at its time.",
        "taken-back" => "Taken back: it waits in the tray.",
        "removed" => "It is out of the tray.",
        "undone" => "The decision is taken back.",
        _ => return None,
    })
}

/// Puts more into what a page is filled with.
pub fn with(mut around: Value, more: Value) -> Value {
    if let (Some(around), Value::Object(more)) = (around.as_object_mut(), more) {
        around.extend(more);
    }
    around
}
