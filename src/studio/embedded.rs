//! The studio's own files, part of the program: style sheets, scripts, the editor.
//!
//! In: a name. Out: the file's address, which holds a digest of its content, and its bytes. Never: a file of the machine.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::handoff;

/// Name, content type, bytes.
type File = (&'static str, &'static str, &'static [u8]);

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// All of them; a page names one by `{{ static("studio.css") }}`.
const FILES: &[File] = &[
    ("studio.css", CSS, include_bytes!("static/studio.css")),
    ("shell.js", JS, include_bytes!("static/shell.js")),
    ("edit.css", CSS, include_bytes!("static/edit.css")),
    // studio/build.sh makes the scripts in dist of the sources in studio/
    ("edit.js", JS, include_bytes!("dist/edit.js")),
    ("code.js", JS, include_bytes!("dist/code.js")),
    ("comfort.js", JS, include_bytes!("dist/comfort.js")),
    ("handoff.css", CSS, include_bytes!("static/handoff.css")),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("static/icon.svg"),
    ),
];

struct Embedded {
    by_name: HashMap<&'static str, String>,
    by_address: HashMap<String, File>,
}

static EMBEDDED: LazyLock<Embedded> = LazyLock::new(|| {
    // the page of a package is the same on a phone's disk and here
    let page = [
        ("package.css", CSS, handoff::style().as_bytes()),
        ("package.js", JS, handoff::script().as_bytes()),
    ];
    let named = FILES.iter().copied().chain(page).map(|file| {
        let (stem, extension) = file.0.rsplit_once('.').unwrap_or((file.0, ""));
        let digest = blake3::hash(file.2).to_hex();
        (format!("{stem}-{}.{extension}", &digest[..12]), file)
    });
    let by_address: HashMap<String, File> = named.collect();
    let by_name = by_address.iter().map(|(name, file)| (file.0, name.clone()));
    Embedded {
        by_name: by_name.collect(),
        by_address,
    }
});

/// Where the studio serves one of its own files: `/static/studio-0123456789ab.css`.
pub fn address(name: &str) -> Option<String> {
    let name = EMBEDDED.by_name.get(name)?;
    Some(format!("/static/{name}"))
}

/// `GET /static/NAME`: the same for everybody, and for ever.
pub async fn serve(Path(name): Path<String>) -> Response {
    match EMBEDDED.by_address.get(&name) {
        None => Problem::not_found("no such file").into_response(),
        Some((_, kind, bytes)) => {
            let headers = [
                (header::CONTENT_TYPE, *kind),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, *bytes).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_a_digest_of_the_content() {
        let address = address("studio.css").expect("the style sheet");
        assert!(address.starts_with("/static/studio-") && address.ends_with(".css"));
        assert_eq!(super::address("nothing.css"), None);
    }
}
