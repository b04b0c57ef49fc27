//! The OpenAPI document: made from the routes, so that it cannot tell of others.
//!
//! In: what the routes say of themselves. Out: OpenAPI 3.1 as JSON. Never: a route that is not there.

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

/// The document, with what holds for all routes.
pub fn document(routes: &OpenApi) -> Value {
    let mut document = serde_json::to_value(routes).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "Storypress studio",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Templates, previews, the calendar and stories of one project. \
            `storypress studio token` prints the token.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/"}]);
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "`storypress studio token` prints it"},
    });
    document["security"] = json!([{"token": []}]);
    name_wildcards(&mut document["paths"]);
    document
}

/// A path that goes on over slashes is `{*path}` to the router, and `{path}` to people.
fn name_wildcards(paths: &mut Value) {
    if let Some(paths) = paths.as_object_mut() {
        let renamed = std::mem::take(paths).into_iter();
        *paths = renamed
            .map(|(path, item)| (path.replace("{*", "{"), item))
            .collect();
    }
}
