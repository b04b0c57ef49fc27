//! The OpenAPI document tells of what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::rehearsal::Rehearsal;
use super::schema;
use super::stage::{MENU, Stage, json as json_of, text};

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_sources_is_described() {
    let stage = Stage::new().await;
    let document = json_of(stage.get("openapi.json").await, 200).await;
    assert!(
        document["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    let paths = document["paths"].as_object().expect("paths");
    let mut count = 0;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/studio/api");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let Ok(source) = std::fs::read_to_string(&path) else {
            continue;
        };
        // a route without a description would be put with `.route(`
        assert!(!source.contains(".route("), "{}", path.display());
        for rest in source.split("#[utoipa::path(").skip(1) {
            let method = rest.split(',').next().expect("a method").trim();
            let route = rest.split("path = \"").nth(1).expect("a path");
            let route = route.split('"').next().expect("a path").replace("{*", "{");
            let described = &paths[&format!("/api/v1{route}")][method];
            assert!(described["responses"].is_object(), "{method} {route}");
            count += 1;
        }
    }
    let described: usize = paths
        .values()
        .map(|item| item.as_object().expect("methods").len())
        .sum();
    assert_eq!(described, count);
}

/// Every operation: its path, its method, itself.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("methods").iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

fn parameters(operation: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.map(|one| (one["in"].as_str().unwrap(), one["name"].as_str().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_one_that_clients_are_generated_from() {
    let stage = Stage::new().await;
    let document = json_of(stage.get("openapi.json").await, 200).await;
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let name = operation["operationId"].as_str().expect("a name");
        assert!(names.insert(name), "{what}: {name} is another's");
        let in_path: BTreeSet<&str> = path
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
            .collect();
        let told = parameters(operation).filter(|(place, _)| *place == "path");
        let told: BTreeSet<&str> = told.map(|(_, name)| name).collect();
        assert_eq!(told, in_path, "{what}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.contains_key("403"), "{what}");
        for (status, response) in responses {
            if status.starts_with('4') {
                let problem = &response["content"]["application/problem+json"]["schema"];
                assert_eq!(
                    problem["$ref"], "#/components/schemas/Problem",
                    "{what} {status}"
                );
            }
        }
        if !operation["requestBody"].is_null() {
            assert!(responses.contains_key("400"), "{what}");
            assert!(responses.contains_key("413"), "{what}");
        }
        let has_key = parameters(operation).any(|(_, name)| name == "Idempotency-Key");
        let acts = method != "get" && !["edit", "preview", "session_begin"].contains(&name);
        assert_eq!(has_key, acts, "{what}");
        let answers =
            ["200", "201"].map(|status| &responses.get(status).unwrap_or(&Value::Null)["content"]);
        for answer in answers
            .iter()
            .filter_map(|c| c["application/json"].as_object())
        {
            let is_told = !answer["schema"]["$ref"].is_null();
            assert!(
                is_told || ["palette", "schema"].contains(&name),
                "{what}: an answer without a schema"
            );
        }
    }
    // a reference that leads nowhere stops a generator
    let text = document.to_string();
    for rest in text.split("\"$ref\":\"#").skip(1) {
        let place = rest.split('"').next().unwrap();
        assert!(document.pointer(place).is_some(), "{place}");
    }
}

/// Two of one name would be one schema: whichever came last.
#[test]
fn no_two_schemas_have_one_name() {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/studio")];
    let mut names = BTreeMap::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let Ok(source) = std::fs::read_to_string(&path) else {
                continue;
            };
            for rest in source.split("ToSchema)]").skip(1) {
                let head = rest.split('{').next().unwrap();
                let words = head.split_whitespace();
                let name = words
                    .skip_while(|word| !["struct", "enum"].contains(word))
                    .nth(1);
                let name = name.expect("a name").to_owned();
                if let Some(other) = names.insert(name.clone(), path.clone()) {
                    panic!("{name} is in {} and {}", other.display(), path.display());
                }
            }
        }
    }
    assert!(names.len() > 20, "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_studio_takes_and_answers_is_valid_by_the_document() {
    let rehearsal = Rehearsal::new(
        "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n",
    )
    .await;
    let document = rehearsal.get("openapi.json", 200).await;
    std::fs::write(rehearsal.root.join("templates/menu.toml"), MENU).expect("a file");
    std::fs::write(
        rehearsal.root.join("menu.csv"),
        "id,title\nmon,Soup\ntue,Tart\n",
    )
    .expect("a file");
    let template = "templates/menu.toml";
    let layer = json!({"type": "text", "text": "new"});
    for (path, body) in [
        ("preview", json!({"template": template, "scale": 0.05})),
        (
            "preview",
            json!({"template": template, "scale": 0.05, "data": "menu.csv", "row": 2}),
        ),
        (
            "preview",
            json!({"template": template, "scale": 0.05, "data": "menu.csv", "row": "mon"}),
        ),
        (
            "preview",
            json!({"template": template, "text": MENU, "row": null, "set": {"title": 7}, "guides": true, "at": 0}),
        ),
        (
            "edit",
            json!({"template": template, "text": MENU, "edits": []}),
        ),
        (
            "edit",
            json!({"template": template, "text": MENU, "edits": [
            {"layer": "title", "key": "left", "value": 80}, {"layer": "title", "key": "size", "value": null, "override": true}]}),
        ),
        (
            "edit",
            json!({"template": template, "text": MENU, "edits": [
            {"op": "insert", "values": layer, "after": "title"}, {"op": "duplicate", "layer": "title"},
            {"op": "place", "layer": "title", "left": 10.5}, {"op": "delete", "layer": "title"}]}),
        ),
        (
            "batches",
            json!({"templates": [template], "data": "menu.csv"}),
        ),
        ("drafts", json!({"template": template})),
        ("schedules/{name}/pause", json!({"reason": "rest"})),
        ("schedules/{name}/resume", json!({})),
    ] {
        let operation = &document["paths"][format!("/api/v1/{path}")]["post"];
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let found = schema::wrong(&document, schema, &body);
        assert!(found.is_empty(), "{path} {body}: {found:?}");
        let asked = rehearsal.ask(Method::POST, &path.replace("{name}", "menu"));
        let asked = asked.header("accept", "application/json").json(&body);
        let answer = asked.send().await.expect("an answer");
        let status = answer.status();
        assert!(status.is_success(), "{path} {body}: {status}");
        held(&document, operation, answer, path).await;
    }
    for path in [
        "templates",
        "templates/templates/menu.toml",
        "rows?template=templates/menu.toml&data=menu.csv",
        "rows?template=templates/menu.toml&data=menu.csv&worst=1",
        "slots",
        "stories",
        "accounts",
        "insights?kept=true",
        "drafts",
    ] {
        let answer = rehearsal
            .ask(Method::GET, path)
            .send()
            .await
            .expect("an answer");
        let route = path.split('?').next().unwrap();
        let route = route.replace("templates/templates/menu.toml", "templates/{path}");
        let operation = &document["paths"][format!("/api/v1/{route}")]["get"];
        held(&document, operation, answer, path).await;
    }
}

/// An answer is as its operation tells.
async fn held(document: &Value, operation: &Value, answer: Response, what: &str) {
    let status = answer.status().as_str().to_owned();
    let told = &operation["responses"][&status]["content"]["application/json"]["schema"];
    assert!(told.is_object(), "{what} {status}");
    let text = answer.text().await.expect("a body");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let found = schema::wrong(document, told, &value);
    assert!(found.is_empty(), "{what}: {found:?} in {value}");
}

/// Names that are no text, queries that say a thing twice, bodies that are none, on every route that there is.
#[tokio::test(flavor = "multi_thread")]
async fn every_error_of_every_route_is_a_problem() {
    let stage = Stage::new().await;
    let document = json_of(stage.get("openapi.json").await, 200).await;
    let mut asked = 0;
    for (path, method, operation) in operations(&document) {
        let path = path.trim_start_matches("/api/v1/");
        let mut wrong = Vec::new();
        let filled = |with: &str| {
            let parts = path.split('{').enumerate();
            let parts = parts.map(|(place, part)| match place {
                0 => part.to_owned(),
                _ => format!("{with}{}", part.split_once('}').unwrap().1),
            });
            parts.collect::<String>()
        };
        if path.contains('{') {
            wrong.push((filled("%ff"), 404));
        }
        for (_, name) in parameters(operation).filter(|(place, _)| *place == "query") {
            wrong.push((format!("{}?{name}=x&{name}=%ff", filled("x.toml")), 400));
        }
        for (path, status) in wrong {
            let request = stage.ask(
                Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                &path,
            );
            let request = request.header("if-match", "*");
            let answer = request.send().await.expect("an answer");
            let what = format!("{method} {path}");
            assert_eq!(
                text(answer.headers(), "content-type"),
                "application/problem+json",
                "{what}"
            );
            let found = answer.status().as_u16();
            // what is not there is said before a query is looked at
            assert!(
                found == status || found == 404 || found == 422,
                "{what}: {found}"
            );
            asked += 1;
        }
    }
    assert!(asked > 40, "{asked}");
    let long = vec![b' '; 9 << 20];
    for (method, path, kind, body) in [
        (Method::POST, "session", "application/json", long.clone()),
        (Method::POST, "preview", "application/json", long.clone()),
        (Method::POST, "batches", "application/json", long),
        (Method::POST, "preview", "text/plain", b"{}".to_vec()),
        (Method::POST, "assets", "text/plain", b"{}".to_vec()),
        (Method::PATCH, "slots", "application/json", b"{}".to_vec()),
        (Method::GET, "nothing", "application/json", Vec::new()),
    ] {
        let asked = stage
            .ask(method, path)
            .header("content-type", kind)
            .body(body);
        // a body that is refused while it is sent may end the connection
        let Ok(answer) = asked.send().await else {
            continue;
        };
        assert!(answer.status().is_client_error(), "{path}");
        assert_eq!(
            text(answer.headers(), "content-type"),
            "application/problem+json",
            "{path}"
        );
    }
    // a page says it as a page
    let page = stage
        .bare(Method::GET, "/edit/%ff")
        .bearer_auth(&stage.token)
        .send();
    let page = page.await.expect("an answer");
    assert!(text(page.headers(), "content-type").starts_with("text/html"));
}
