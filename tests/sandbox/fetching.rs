//! What the crawler takes from a host, and what it does not.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Heard, Served, Stage, film};

async fn image(stage: &Stage, url: &str) -> Heard {
    let body = json!({"media_type": "STORIES", "image_url": url});
    stage.post(stage.instagram(), "media", body).await
}

/// The subcode in the status of a film's container; none when it is FINISHED.
async fn video(stage: &Stage, url: &str) -> Option<u32> {
    let body = json!({"media_type": "STORIES", "video_url": url});
    let account = stage.instagram();
    let made = stage.post(account, "media", body).await;
    assert_eq!(made.status, 200, "a film is fetched later: {made:?}");
    let settled = stage.settled(account, &made.text("id")).await;
    match settled.text("status_code").as_str() {
        "FINISHED" => None,
        "ERROR" => {
            let said = settled.text("status");
            let subcode = said.rsplit(' ').next().expect("a word");
            Some(subcode.parse().expect("a subcode"))
        }
        other => panic!("{other}"),
    }
}

fn served(kind: &'static str, bytes: &[u8]) -> Served {
    Served {
        kind,
        bytes: bytes.to_vec(),
        status: 200,
        has_range: true,
        wait: Duration::ZERO,
    }
}

#[tokio::test]
async fn a_picture_is_fetched_as_the_crawler_fetches() {
    let stage = Stage::new().await;
    let url = stage.picture(1);
    assert_eq!(image(&stage, &url).await.status, 200);
    let came = stage.host.came();
    let paths: Vec<&str> = came.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/robots.txt", "/1.jpg"]);
    for (_, agent, _) in &came {
        assert_eq!(agent, "facebookexternalhit/1.1");
    }
}

#[tokio::test]
async fn pictures_that_cannot_be_had_are_refused_in_the_answer() {
    let stage = Stage::new().await;
    let settings = json!({"fetch_timeout_ms": 300});
    stage.own(Method::POST, "/settings", settings).await;
    let host = &stage.host;
    stage.picture(1);
    let picture = stage
        .client
        .get(host.url("1.jpg"))
        .send()
        .await
        .expect("an answer");
    let picture = picture.bytes().await.expect("a picture").to_vec();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(200, 0);
    host.serve_as(
        "page",
        served("text/html; charset=utf-8", b"<html>Log in</html>"),
    );
    host.serve_as(
        "words.jpg",
        served("image/jpeg", b"these are words, not a picture"),
    );
    host.serve_as("png.jpg", served("image/jpeg", &png));
    host.serve_as(
        "half.jpg",
        served("image/jpeg", &picture[..picture.len() / 2]),
    );
    host.serve_as("fat.jpg", served("image/jpeg", &vec![0xff; 9 << 20]));
    for (name, status, wait) in [("moved", 302, 0), ("denied", 403, 0), ("slow", 200, 2000)] {
        let file = Served {
            status,
            wait: Duration::from_millis(wait),
            ..served("image/jpeg", &picture)
        };
        host.serve_as(name, file);
    }
    for (name, code) in [
        ("page", (9004, Some(2_207_052))),
        ("words.jpg", (9004, Some(2_207_052))),
        ("none.jpg", (9004, Some(2_207_052))),
        ("moved", (9004, Some(2_207_052))),
        ("denied", (9004, Some(2_207_052))),
        ("ü.jpg", (9004, Some(2_207_052))),
        ("slow", (-2, Some(2_207_003))),
        ("fat.jpg", (36_000, Some(2_207_004))),
        ("png.jpg", (36_001, Some(2_207_005))),
        ("half.jpg", (36_001, Some(2_207_005))),
    ] {
        let heard = image(&stage, &host.url(name)).await;
        assert_eq!(
            (heard.status, heard.code()),
            (400, code),
            "{name}: {heard:?}"
        );
    }
    for url in [
        "ftp://127.0.0.1/1.jpg",
        "file:///etc/passwd",
        "1.jpg",
        "http://127.0.0.1:9/1.jpg",
    ] {
        assert_eq!(
            image(&stage, url).await.code(),
            (9004, Some(2_207_052)),
            "{url}"
        );
    }
}

#[tokio::test]
async fn robots_are_obeyed() {
    let stage = Stage::new().await;
    let url = stage.picture(1);
    let rules = b"User-agent: *\nDisallow: /1\n";
    stage
        .host
        .serve_as("robots.txt", served("text/plain", rules));
    let heard = image(&stage, &url).await;
    assert_eq!(heard.code(), (9004, Some(2_207_052)));
    let said = heard.body["error"]["error_user_msg"]
        .as_str()
        .expect("words");
    assert!(said.contains("robots.txt"), "{said}");
    let other = stage.picture(2);
    assert_eq!(image(&stage, &other).await.status, 200);
}

#[tokio::test]
async fn a_film_is_pulled_in_ranges_and_checked() {
    let stage = Stage::new().await;
    let host = &stage.host;
    host.serve("film.mp4", "video/mp4", film().to_vec());
    assert_eq!(video(&stage, &host.url("film.mp4")).await, None);
    let ranges: Vec<Option<String>> = host.came().into_iter().map(|(.., range)| range).collect();
    assert_eq!(ranges, [None, Some("bytes=0-8388607".to_owned())]);

    host.serve_as(
        "whole.mp4",
        Served {
            has_range: false,
            ..served("video/mp4", film())
        },
    );
    host.serve_as(
        "building.mp4",
        Served {
            status: 423,
            ..served("video/mp4", film())
        },
    );
    host.serve("half.mp4", "video/mp4", film()[..film().len() / 2].to_vec());
    host.serve("page.mp4", "text/html", b"<html>".to_vec());
    stage.picture(1);
    for (name, subcode) in [
        ("whole.mp4", 2_207_077),
        ("building.mp4", 2_207_076),
        ("none.mp4", 2_207_077),
        ("page.mp4", 2_207_077),
        ("half.mp4", 2_207_026),
        ("1.jpg", 2_207_026),
    ] {
        assert_eq!(
            video(&stage, &host.url(name)).await,
            Some(subcode),
            "{name}"
        );
    }
    let settings = json!({"needs_range": false});
    stage.own(Method::POST, "/settings", settings).await;
    assert_eq!(video(&stage, &host.url("whole.mp4")).await, None);
    assert_eq!(
        stage.own(Method::GET, "/stories", Value::Null).await,
        json!([])
    );
}

#[tokio::test]
async fn a_film_is_served_in_ranges_as_well() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    stage.host.serve("film.mp4", "video/mp4", film().to_vec());
    let body = json!({"media_type": "STORIES", "video_url": stage.host.url("film.mp4")});
    let container = stage.post(account, "media", body).await.text("id");
    stage.settled(account, &container).await;
    let id = stage.publish(account, &container).await.text("id");
    let story = stage
        .get(account, &format!("/v26.0/{id}?fields=media_url,media_type"))
        .await;
    assert_eq!(story.text("media_type"), "VIDEO");
    let request = stage
        .client
        .get(story.text("media_url"))
        .header("range", "bytes=4-7");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 206);
    let told = format!("bytes 4-7/{}", film().len());
    assert_eq!(answer.headers()["content-range"], told.as_str());
    assert_eq!(answer.bytes().await.expect("bytes").as_ref(), b"ftyp");
}
