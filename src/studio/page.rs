//! Pages: templates filled by minijinja, everything escaped.
//!
//! In: the name of a file in `src/studio/templates` and what it is filled with. Out: HTML. Never: a style or a script in the
//! page itself; the content security policy allows none.
//!
//! In a page `static("studio.css")` is the address of an embedded file, `id|segment` a text as a part of an
//! address, and `path|address` a path as one.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

use super::embedded;
use super::problem::Problem;

/// The templates of all pages: name, text.
const TEMPLATES: &[(&str, &str)] = &[
    ("shell.html", include_str!("templates/shell.html")),
    ("problem.html", include_str!("templates/problem.html")),
    ("edit.html", include_str!("templates/edit.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("layout.html", include_str!("templates/layout.html")),
    ("templates.html", include_str!("templates/templates.html")),
    ("calendar.html", include_str!("templates/calendar.html")),
    ("tray.html", include_str!("templates/tray.html")),
    ("slot.html", include_str!("templates/slot.html")),
    ("approve.html", include_str!("templates/approve.html")),
    (
        "approve-one.html",
        include_str!("templates/approve-one.html"),
    ),
    ("stories.html", include_str!("templates/stories.html")),
    ("story.html", include_str!("templates/story.html")),
    ("batch.html", include_str!("templates/batch.html")),
    ("batch-grid.html", include_str!("templates/batch-grid.html")),
    ("batch-one.html", include_str!("templates/batch-one.html")),
    ("guest.html", include_str!("templates/guest.html")),
    ("shared.html", include_str!("templates/shared.html")),
    ("shared-one.html", include_str!("templates/shared-one.html")),
    ("pass.html", include_str!("templates/pass.html")),
    (
        "handoff-before.html",
        include_str!("templates/handoff-before.html"),
    ),
    (
        "handoff-after.html",
        include_str!("templates/handoff-after.html"),
    ),
    ("accounts.html", include_str!("templates/accounts.html")),
];

/// The templates, read once.
pub fn environment() -> Environment<'static> {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    pages.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    // what is not there is no word: a project without accounts has no account called None
    pages.set_formatter(|out, state, value| match value.is_none() {
        true => Ok(()),
        false => minijinja::escape_formatter(out, state, value),
    });
    pages.add_function("static", |name: &str| {
        embedded::address(name)
            .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no file `{name}`")))
    });
    pages.add_filter("segment", |text: &str| segment(text));
    pages.add_filter("address", |path: &str| address(path));
    for (name, text) in TEMPLATES {
        pages
            .add_template(name, text)
            .expect("a bundled page is whole: a test reads all of them");
    }
    pages
}

/// A text as one segment of an address: everything but letters, digits, `-`, `_`, `.` and `~` is percent-encoded.
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A path as a part of an address: its slashes stay.
pub fn address(path: &str) -> String {
    let parts: Vec<String> = path.split('/').map(segment).collect();
    parts.join("/")
}

/// A page, filled.
///
/// # Errors
/// 500 where the page names something that it was not given.
pub fn page(
    pages: &Environment<'_>,
    name: &str,
    with: impl Serialize,
) -> Result<Response, Problem> {
    Ok(html(StatusCode::OK, markup(pages, name, with)?))
}

/// A part of a page, filled.
///
/// # Errors
/// As [`page`].
pub fn markup(
    pages: &Environment<'_>,
    name: &str,
    with: impl Serialize,
) -> Result<String, Problem> {
    pages
        .get_template(name)
        .and_then(|page| page.render(Serde(with)))
        .map_err(|error| Problem::internal(format!("the page {name}: {error:#}")))
}

/// A problem as a page, for people who came with a form.
pub fn problem_page(pages: &Environment<'_>, problem: &Problem) -> Response {
    let with = minijinja::context! {
        title => problem.status().canonical_reason().unwrap_or_default(),
        detail => problem.detail(),
        diagnostics => Serde(problem.to_json().get("diagnostics").cloned()),
    };
    match page(pages, "problem.html", with) {
        Ok(mut page) => {
            *page.status_mut() = problem.status();
            page
        }
        Err(other) => other.into_response(),
    }
}

/// A page that is filled already.
pub fn html(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_page_is_whole_and_escapes() {
        let pages = environment();
        let problem = Problem::conflict("<b>no</b>");
        let with =
            minijinja::context! { title => "t", detail => problem.detail(), diagnostics => () };
        let text = pages
            .get_template("problem.html")
            .unwrap()
            .render(with)
            .unwrap();
        assert!(text.contains("&lt;b&gt;no") && !text.contains("<b>no"));
    }

    #[test]
    fn what_is_not_there_is_no_word() {
        let with = minijinja::context! { account => None::<&str> };
        let text = environment().render_str("<{{ account }}|{{ account or 'you' }}>", with);
        assert_eq!(text.unwrap(), "<|you>");
    }

    #[test]
    fn no_page_holds_a_style_or_a_script_of_its_own() {
        for (name, text) in TEMPLATES {
            for word in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
                assert!(!text.contains(word), "{name} holds `{word}`");
            }
        }
    }
}
