//! The OpenAPI document: made from the routes, so that it cannot tell of others.
//!
//! In: what the routes say of themselves. Out: OpenAPI 3.1 as JSON, with what holds for all of them. Never: a route that is
//! not there.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};

use super::api::answers::ProblemAnswer;
use super::idempotency;

/// Methods that only read.
const READS: [&str; 2] = ["get", "head"];

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
    for (path, item) in members(&mut document["paths"]) {
        for (method, operation) in members(item) {
            operation["operationId"] = json!(name(path, &operation["operationId"]));
            take_a_key(path, method, operation);
            refuse(path, operation);
        }
    }
    add_problem(&mut document["components"]["schemas"]);
    document
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
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

/// What a generated client calls an operation: the first word of its path, and the route's own name. `schedules_pause` is
/// another one than `accounts_pause`.
fn name(path: &str, own: &Value) -> String {
    let own = own.as_str().unwrap_or_default();
    let first = path.trim_start_matches("/api/v1/").split('/').next();
    match first {
        Some(first) if first != own => format!("{first}_{own}"),
        _ => own.to_owned(),
    }
}

/// What acts takes an `Idempotency-Key`; whoever begins a session is not let in yet, and nothing is kept for them.
fn take_a_key(path: &str, method: &str, operation: &mut Value) {
    let is_door = (method, path) == ("post", "/api/v1/session");
    if READS.contains(&method) || is_door || !idempotency::is_act(path) {
        return;
    }
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key and request within 24 hours get the first answer again",
        "schema": {"type": "string", "minLength": 1, "maxLength": idempotency::LONGEST_KEY},
    });
    match operation["parameters"].as_array_mut() {
        Some(all) => all.push(key),
        None => operation["parameters"] = json!([key]),
    }
    let responses = &mut operation["responses"];
    // a conflict is what the first request is while it is being done
    add(
        responses,
        "409",
        "The first request with this Idempotency-Key is still being done",
    );
    add(
        responses,
        "422",
        "This Idempotency-Key was used for another request",
    );
}

/// What every call may refuse, and that every error is a problem.
fn refuse(path: &str, operation: &mut Value) {
    let of_json = !operation["requestBody"]["content"]["application/json"].is_null();
    let has_body = !operation["requestBody"].is_null();
    let takes = |place: &str| {
        let all = operation["parameters"].as_array();
        all.is_some_and(|all| all.iter().any(|one| one["in"] == place))
    };
    let (has_query, has_names) = (takes("query"), takes("path"));
    let responses = &mut operation["responses"];
    if has_query || has_body {
        add(responses, "400", "The request cannot be read");
    }
    add(
        responses,
        "403",
        "No token or cookie, or it came from elsewhere; nothing more is said",
    );
    if has_names {
        add(responses, "404", "Nothing has this name");
    }
    if has_body {
        add(responses, "413", "The body is too long");
    }
    if of_json {
        add(responses, "422", "The body does not say what is needed");
    }
    // the others read JSON whatever it is called
    let is_strict = [
        "/api/v1/preview",
        "/api/v1/edit",
        "/api/v1/templates/{path}",
    ];
    if of_json && is_strict.contains(&path) {
        add(responses, "415", "The body is not called JSON");
    }
    add(responses, "default", "It went wrong on this side");
    for (status, response) in members(responses) {
        if status.starts_with(['4', '5', 'd']) {
            let schema = json!({"$ref": "#/components/schemas/Problem"});
            response["content"] = json!({"application/problem+json": {"schema": schema}});
        }
    }
}

/// Adds an answer that the route does not tell of itself.
fn add(responses: &mut Value, status: &str, words: &str) {
    if responses[status].is_null() {
        responses[status] = json!({"description": words});
    }
}

/// The schema that no route names.
fn add_problem(schemas: &mut Value) {
    let mut own = Vec::new();
    ProblemAnswer::schemas(&mut own);
    own.push(("Problem".to_owned(), ProblemAnswer::schema()));
    if !schemas.is_object() {
        *schemas = Value::Object(Map::new());
    }
    for (name, schema) in own {
        schemas[name] = serde_json::to_value(schema).unwrap_or_default();
    }
}
