//! `assets`: what comes in, and where it may lie.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::stage::{Stage, json as json_of};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A form as a browser writes it.
fn form(request: RequestBuilder, to: &str, name: &str, bytes: &[u8]) -> RequestBuilder {
    let mut body = Vec::new();
    body.extend_from_slice(b"--XX\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n");
    body.extend_from_slice(to.as_bytes());
    body.extend_from_slice(
        format!("\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n").as_bytes(),
    );
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--XX--\r\n");
    request
        .header("content-type", "multipart/form-data; boundary=XX")
        .body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_what_it_is_and_lies_in_an_assets_folder() {
    let stage = Stage::new().await;
    let send = |to: &str, name: &str, bytes: &[u8]| {
        form(stage.ask(Method::POST, "assets"), to, name, bytes).send()
    };
    let made = json_of(
        send("assets/a.png", "x.png", PNG).await.expect("an answer"),
        201,
    )
    .await;
    assert_eq!(
        (&made["path"], &made["kind"]),
        (&json!("assets/a.png"), &json!("picture"))
    );
    assert_eq!(
        std::fs::read(stage.root.join("assets/a.png")).expect("a file"),
        PNG
    );
    json_of(
        send("assets/a.png", "x.png", PNG).await.expect("an answer"),
        200,
    )
    .await;
    let other = [PNG, b"other"].concat();
    assert_eq!(
        send("assets/a.png", "x.png", &other)
            .await
            .expect("an answer")
            .status(),
        409
    );
    let own = json_of(
        send("assets/", "C:\\pictures\\b.png", PNG)
            .await
            .expect("an answer"),
        201,
    )
    .await;
    assert_eq!(own["path"], "assets/b.png");
    let outside = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(outside.path(), stage.root.join("assets/link")).expect("a link");
    std::os::unix::fs::symlink(
        outside.path().join("x.png"),
        stage.root.join("assets/l.png"),
    )
    .expect("a link");
    for (to, name, bytes) in [
        ("../a.png", "x.png", PNG),
        ("assets/../../a.png", "x.png", PNG),
        ("assets/..\\a.png", "x.png", PNG),
        ("/tmp/a.png", "x.png", PNG),
        ("templates/a.png", "x.png", PNG),
        ("assets/.a.png", "x.png", PNG),
        ("assets/link/a.png", "x.png", PNG),
        ("assets/l.png", "x.png", PNG),
        ("assets/", "../../a.png.toml", PNG),
        ("assets/", "..", PNG),
        ("assets/a.toml", "x.png", PNG),
        ("assets/a.html", "x.png", PNG),
        (
            "assets/page.png",
            "x.png",
            b"<!doctype html><script>alert(1)</script>",
        ),
        ("assets/run.png", "x.png", b"#!/bin/sh\n"),
        ("assets/none.png", "x.png", b""),
    ] {
        let answer = send(to, name, bytes).await.expect("an answer");
        assert_eq!(answer.status(), 422, "{to} {name}");
    }
    assert_eq!(
        std::fs::read_dir(outside.path()).expect("a folder").count(),
        0
    );
    let bare = stage
        .ask(Method::POST, "assets")
        .body("x")
        .send()
        .await
        .expect("an answer");
    assert_eq!(bare.status(), 400);
    let left = std::fs::read_dir(stage.root.join(".storypress/upload"));
    let left = left.map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing unfinished is left behind");
}
