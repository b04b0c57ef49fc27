//! `events`: what happens, once, and soon.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};

use super::stage::{MENU, Stage, text};

/// Reads until `has`, or until time is up.
async fn until(answer: &mut Response, read: &mut String, has: &str) -> Duration {
    let start = Instant::now();
    while !read.contains(has) {
        let chunk = tokio::time::timeout(Duration::from_secs(10), answer.chunk());
        let chunk = chunk
            .await
            .unwrap_or_else(|_| panic!("no `{has}` in {read}"));
        let chunk = chunk.expect("a chunk").expect("the stream goes on");
        read.push_str(&String::from_utf8_lossy(&chunk));
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_once_whoever_made_it() {
    let stage = Stage::new().await;
    let mut answer = stage.get("events").await;
    assert!(text(answer.headers(), "content-type").starts_with("text/event-stream"));
    let mut read = String::new();
    until(&mut answer, &mut read, "here").await;
    // the folders have to be watched first
    tokio::time::sleep(Duration::from_millis(300)).await;
    std::fs::write(stage.root.join("templates/outside.toml"), "# one\n").expect("a file");
    until(&mut answer, &mut read, "templates/outside.toml").await;
    let etag = text(
        stage.get("templates/templates/menu.toml").await.headers(),
        "etag",
    );
    let put = stage.ask(Method::PUT, "templates/templates/menu.toml");
    let put = put
        .header("if-match", etag)
        .body(MENU.replace("#102030", "#000000"));
    assert_eq!(put.send().await.expect("an answer").status(), 200);
    until(&mut answer, &mut read, "templates/menu.toml").await;
    // whatever the system says of the same write comes before this
    tokio::time::sleep(Duration::from_millis(400)).await;
    std::fs::create_dir(stage.root.join("templates/new")).expect("a folder");
    std::fs::write(stage.root.join("templates/new/last.toml"), "# last\n").expect("a file");
    std::fs::remove_file(stage.root.join("templates/outside.toml")).expect("removed");
    until(&mut answer, &mut read, "last.toml").await;
    until(
        &mut answer,
        &mut read,
        "\"path\":\"templates/outside.toml\",\"hash\":null",
    )
    .await;
    assert_eq!(read.matches("templates/menu.toml").count(), 1, "{read}");
    assert_eq!(read.matches("event: file").count(), 4, "{read}");
    assert!(!read.contains(".unfinished"), "{read}");

    let second = read.find("id: 2").map(|_| "1").expect("numbers from 1");
    let mut back = stage
        .ask(Method::GET, "events")
        .header("last-event-id", second)
        .send()
        .await
        .expect("an answer");
    let mut missed = String::new();
    until(&mut back, &mut missed, "\"hash\":null").await;
    assert!(
        missed.contains("id: 2") && !missed.contains("id: 1\n"),
        "{missed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_studio() {
    let stage = Stage::new().await;
    let mut answer = stage.get("events").await;
    let mut read = String::new();
    until(&mut answer, &mut read, "here").await;
    let start = Instant::now();
    stage.running.stop().await;
    while let Ok(Some(_)) = answer.chunk().await {}
    assert!(start.elapsed() < Duration::from_secs(2));
}
