//! The undo journal: kept in the project, guarded, and never taken for another text.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::stage::{MENU, Stage, json as read, text};

const PATH: &str = "undo/templates/menu.toml";

fn journal(label: &str) -> Value {
    let after = MENU.replace("size = 90", "size = 80");
    let start = MENU.find("90\n").expect("a place");
    json!({
        "base": { "text": MENU }, "text": after, "first": MENU, "done": 1,
        "steps": [{ "start": start, "removed": "90", "inserted": "80", "label": label, "at": 5 }],
    })
}

async fn put(stage: &Stage, path: &str, condition: (&str, &str), body: &Value) -> Response {
    let request = stage
        .ask(Method::PUT, path)
        .header(condition.0, condition.1);
    request.json(body).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_outlives_the_studio_and_is_a_chain_of_texts() {
    let mut stage = Stage::new().await;
    assert_eq!(stage.get(PATH).await.status(), 204);
    let kept = put(&stage, PATH, ("If-None-Match", "*"), &journal("Size")).await;
    let tag = text(kept.headers(), "etag");
    read(kept, 200).await;
    let folder = stage.root.join(".storypress/undo");
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1);
    stage.reopen().await;
    let found = stage.get(PATH).await;
    assert_eq!(text(found.headers(), "etag"), tag);
    let found = read(found, 200).await;
    assert_eq!(found["steps"][0]["label"], "Size");
    let template = read(stage.get("templates/templates/menu.toml").await, 200).await;
    assert_eq!(found["base"]["hash"], template["hash"]);
    assert_eq!(found["steps"][0]["before"], template["hash"]);
    // the template itself is as it was
    assert_eq!(template["text"], MENU);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_over_what_another_page_has_kept() {
    let stage = Stage::new().await;
    let bare = stage
        .ask(Method::PUT, PATH)
        .json(&journal("a"))
        .send()
        .await;
    read(bare.expect("an answer"), 428).await;
    let first = put(&stage, PATH, ("If-None-Match", "*"), &journal("a")).await;
    let tag = text(first.headers(), "etag");
    read(
        put(&stage, PATH, ("If-None-Match", "*"), &journal("b")).await,
        412,
    )
    .await;
    let second = put(&stage, PATH, ("If-Match", &tag), &journal("b")).await;
    assert_eq!(second.status(), 200);
    read(
        put(&stage, PATH, ("If-Match", &tag), &journal("c")).await,
        412,
    )
    .await;
    let found = read(stage.get(PATH).await, 200).await;
    assert_eq!(found["steps"][0]["label"], "b");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_what_was_touched_is_none() {
    let stage = Stage::new().await;
    let new = ("If-None-Match", "*");
    let wrong: [(&str, Value); 6] = [
        ("removed", json!("91")),
        ("start", json!(3)),
        ("start", json!(1_000_000)),
        ("before", json!("00")),
        ("after", json!("00")),
        ("start", json!(-1)),
    ];
    for (key, value) in wrong {
        let mut body = journal("a");
        body["steps"][0][key] = value.clone();
        let answer = put(&stage, PATH, new, &body).await;
        assert_eq!(answer.status(), 422, "{key} {value}");
    }
    let mut beyond = journal("a");
    beyond["done"] = json!(2);
    read(put(&stage, PATH, new, &beyond).await, 422).await;
    let mut long = journal("a");
    long["text"] = json!("x".repeat(3 * 1024 * 1024));
    read(put(&stage, PATH, new, &long).await, 413).await;
    for path in [
        "undo/templates/../storypress.toml",
        "undo/storypress.toml",
        "undo/templates/.hidden.toml",
        "undo/templates/menu.csv",
    ] {
        assert_eq!(
            put(&stage, path, new, &journal("a")).await.status(),
            404,
            "{path}"
        );
        assert_eq!(stage.get(path).await.status(), 404, "{path}");
    }
    assert!(
        !stage.root.join(".storypress/undo").exists(),
        "nothing was kept"
    );

    read(put(&stage, PATH, new, &journal("a")).await, 200).await;
    let file = std::fs::read_dir(stage.root.join(".storypress/undo")).expect("a folder");
    let file = file.flatten().next().expect("a file").path();
    let kept = std::fs::read_to_string(&file).expect("a text");
    std::fs::write(
        &file,
        kept.replace("\"inserted\":\"80\"", "\"inserted\":\"70\""),
    )
    .expect("a file");
    assert_eq!(stage.get(PATH).await.status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_with_a_template_that_is_renamed_and_ends_with_one_that_is_removed() {
    let stage = Stage::new().await;
    read(
        put(&stage, PATH, ("If-None-Match", "*"), &journal("a")).await,
        200,
    )
    .await;
    let to = json!({ "to": "templates/lunch.toml" });
    stage
        .post("templates/templates/menu.toml/rename", to, 200)
        .await;
    assert_eq!(stage.get(PATH).await.status(), 204);
    let lunch = read(stage.get("undo/templates/lunch.toml").await, 200).await;
    assert_eq!(lunch["steps"][0]["label"], "a");
    let gone = stage
        .ask(Method::DELETE, "templates/templates/lunch.toml")
        .send()
        .await;
    assert_eq!(gone.expect("an answer").status(), 204);
    assert_eq!(stage.get("undo/templates/lunch.toml").await.status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_is_over_it() {
    let stage = Stage::new().await;
    let bare = stage
        .bare(Method::GET, &format!("/api/v1/{PATH}"))
        .send()
        .await;
    assert_eq!(bare.expect("an answer").status(), 403);
    let foreign = stage
        .ask(Method::PUT, PATH)
        .header("Origin", "http://evil.example")
        .header("If-None-Match", "*")
        .json(&journal("a"));
    assert_eq!(foreign.send().await.expect("an answer").status(), 403);
}
