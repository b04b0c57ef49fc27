//! Whatever goes wrong on demand: what the client sees, and what holds behind it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::stage::{Heard, Stage, heard};

/// Publishes under a fault.
async fn publish(stage: &Stage, container: &str, fault: Value) -> Result<Heard, reqwest::Error> {
    let body = json!({"creation_id": container});
    let account = stage.instagram();
    stage.try_post(account, "media_publish", body, fault).await
}

/// How many stories there are after a publish under a fault, and what was answered.
async fn after(fault: Value) -> (Stage, String, usize, Result<Heard, reqwest::Error>) {
    let stage = Stage::new().await;
    let container = stage.finished(stage.instagram(), 1).await;
    let answer = publish(&stage, &container, fault).await;
    let stories = stage.stories().await.len();
    (stage, container, stories, answer)
}

#[tokio::test]
async fn a_connection_is_reset_before_or_after_the_deed() {
    for (word, expected, status) in [
        ("drop-before", 0, "FINISHED"),
        ("drop-after", 1, "PUBLISHED"),
    ] {
        let (stage, container, stories, answer) = after(json!({"do": word})).await;
        assert!(answer.is_err(), "{word}: {answer:?}");
        assert_eq!(stories, expected, "{word}");
        assert_eq!(stage.status(stage.instagram(), &container).await, status);
        let log = stage.own(Method::GET, "/log", Value::Null).await;
        let cut = log
            .as_array()
            .expect("a list")
            .iter()
            .find(|line| line["fault"] == word);
        assert_eq!(cut.expect("it is noted")["status"], Value::Null);
    }
}

#[tokio::test]
async fn a_cut_connection_gives_a_reset_and_no_byte() {
    let stage = Stage::new().await;
    let address = stage.sandbox.url.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address)
        .await
        .expect("a connection");
    let request = format!(
        "GET /v26.0/me HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         x-sandbox-fault: {{\"do\":\"drop-after\"}}\r\n\r\n",
        stage.instagram().token
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut bytes = Vec::new();
    let error = socket.read_to_end(&mut bytes).await.expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(bytes, b"");
}

#[tokio::test]
async fn errors_are_told_with_and_without_a_deed() {
    for (fault, status, code, stories) in [
        (json!({"do": "server-error"}), 500, (2, None), 0),
        (
            json!({"do": "server-error", "effect": true}),
            500,
            (2, None),
            1,
        ),
        (json!({"do": "blocked"}), 403, (4, Some(2_207_051)), 0),
        (
            json!({"do": "blocked-but-live"}),
            403,
            (4, Some(2_207_051)),
            1,
        ),
        (json!({"do": "not-ready"}), 400, (9007, Some(2_207_027)), 0),
        (json!({"do": "unreachable"}), 400, (100, Some(33)), 0),
        (json!({"do": "expired-token"}), 400, (190, Some(463)), 0),
        (json!({"do": "quota-reached"}), 400, (9, Some(2_207_042)), 0),
        (
            json!({"do": "fetch-failed"}),
            400,
            (9004, Some(2_207_052)),
            0,
        ),
        (
            json!({"do": "error", "code": -1, "subcode": 2_207_053, "status": 503}),
            503,
            (-1, Some(2_207_053)),
            0,
        ),
        (json!({"do": "error-after", "code": 1}), 400, (1, None), 1),
    ] {
        let (_, _, live, answer) = after(fault.clone()).await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status, answer.code()), (status, code), "{fault}");
        assert_eq!(live, stories, "{fault}");
    }
}

#[tokio::test]
async fn throttling_comes_with_its_header() {
    let (_, _, stories, answer) = after(json!({"do": "throttled", "minutes": 7})).await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.code(), stories), ((80_002, None), 0));
    let header = answer.headers["x-business-use-case-usage"]
        .to_str()
        .expect("text");
    assert!(header.contains("\"call_count\":100"), "{header}");
    assert!(
        header.contains("\"estimated_time_to_regain_access\":7"),
        "{header}"
    );
}

#[tokio::test]
async fn hostile_answers_are_hostile() {
    let (_, _, stories, answer) = after(json!({"do": "html"})).await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, stories), (200, 0));
    assert!(
        answer
            .body
            .as_str()
            .expect("no JSON")
            .starts_with("<!doctype html>")
    );

    let (_, _, stories, answer) = after(json!({"do": "html", "effect": true})).await;
    assert_eq!((answer.expect("an answer").status, stories), (200, 1));

    let (_, _, stories, answer) = after(json!({"do": "huge"})).await;
    let text = answer.expect("an answer").body.to_string();
    assert!(text.len() > 5_000_000 && stories == 0, "{}", text.len());

    let (_, _, stories, answer) =
        after(json!({"do": "redirect", "to": "http://127.0.0.1:9/x"})).await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, stories), (302, 0));
    assert_eq!(answer.headers["location"], "http://127.0.0.1:9/x");

    let (_, _, stories, answer) = after(json!({"do": "lettered-id"})).await;
    let id = answer.expect("an answer").text("id");
    assert!(id.ends_with('x') && stories == 1, "{id}");
}

#[tokio::test]
async fn slow_answers_are_slow_and_the_deed_is_done() {
    let begun = Instant::now();
    let (_, _, stories, answer) = after(json!({"do": "drip", "ms": 20})).await;
    assert!(begun.elapsed() > Duration::from_millis(400));
    assert!(answer.expect("an answer").body["id"].is_string());
    assert_eq!(stories, 1);

    let stage = Stage::new().await;
    let container = stage.finished(stage.instagram(), 1).await;
    // the client goes away long before either comes
    for word in ["delay-before", "delay"] {
        let fault = json!({"do": word, "ms": 300});
        let asked = publish(&stage, &container, fault);
        let gone = tokio::time::timeout(Duration::from_millis(100), asked).await;
        assert!(gone.is_err(), "{word}");
        let expected = usize::from(word == "delay");
        assert_eq!(
            stage.stories().await.len(),
            expected,
            "{word}: before its time"
        );
        if word == "delay-before" {
            tokio::time::sleep(Duration::from_millis(400)).await;
            assert_eq!(stage.stories().await.len(), 1, "done though nobody listens");
            let other = stage.finished(stage.instagram(), 2).await;
            let live = publish(&stage, &other, json!({"do": "drop-before", "late_ms": 200})).await;
            assert!(live.is_err());
            assert_eq!(stage.stories().await.len(), 1);
            tokio::time::sleep(Duration::from_millis(400)).await;
            assert_eq!(
                stage.stories().await.len(),
                2,
                "late, after the connection was cut"
            );
            return;
        }
    }
}

#[tokio::test]
async fn a_published_container_may_look_finished_for_a_while() {
    let fault = json!({"do": "drop-after", "stale_ms": 60_000, "hidden_ms": 30_000});
    let (stage, container, stories, answer) = after(fault).await;
    assert!(answer.is_err() && stories == 1);
    let account = stage.instagram();
    assert_eq!(stage.status(account, &container).await, "FINISHED");
    let again = stage.publish(account, &container).await;
    assert_eq!(again.code(), (100, None), "and yet never twice");
    let listed = async || stage.get(account, "/v26.0/me/stories").await.body["data"].clone();
    assert_eq!(listed().await, json!([]));
    stage.pass(31).await;
    assert_eq!(listed().await.as_array().map(Vec::len), Some(1));
    assert_eq!(stage.status(account, &container).await, "FINISHED");
    stage.pass(31).await;
    assert_eq!(stage.status(account, &container).await, "PUBLISHED");
    assert_eq!(stage.stories().await.len(), 1);
}

#[tokio::test]
async fn containers_get_stuck_and_fail() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    let body = json!({"media_type": "STORIES", "image_url": stage.picture(1)});
    let made = async |fault: Value| {
        let made = stage.try_post(account, "media", body.clone(), fault).await;
        made.expect("an answer").text("id")
    };
    let stuck = made(json!({"do": "stuck"})).await;
    let failing = made(json!({"do": "fails", "subcode": 2_207_076})).await;
    stage.pass(600).await;
    let path = format!("/v26.0/{stuck}?fields=status_code,video_status");
    let heard = stage.get(account, &path).await;
    assert_eq!(heard.text("status_code"), "IN_PROGRESS");
    let phase = &heard.body["video_status"]["processing_phase"];
    assert_eq!(
        (&phase["status"], &phase["errors"][0]["code"]),
        (&json!("error"), &json!(1_363_008))
    );
    let path = format!("/v26.0/{failing}?fields=status_code,status");
    let heard = stage.get(account, &path).await;
    assert_eq!(heard.text("status_code"), "ERROR");
    assert!(heard.text("status").ends_with("error code 2207076"));
}

#[tokio::test]
async fn a_plan_hits_its_calls_and_is_seen() {
    let stage = Stage::new().await;
    let (account, other) = (stage.instagram(), stage.facebook());
    let container = stage.finished(account, 1).await;
    let plan = json!([
        {"on": "status", "do": "unreachable", "times": 2, "after": 1, "user_id": account.user_id},
        {"on": "quota", "do": "quota-reached", "times": "always"},
    ]);
    stage.own(Method::POST, "/faults", plan).await;
    let read = async || {
        stage
            .get(account, &format!("/v26.0/{container}?fields=status_code"))
            .await
    };
    let seen: Vec<u16> = [read().await, read().await, read().await, read().await]
        .iter()
        .map(|heard| heard.status)
        .collect();
    assert_eq!(seen, [200, 400, 400, 200]);
    let quota = stage
        .get(
            other,
            "/v26.0/me/content_publishing_limit?fields=config,quota_usage",
        )
        .await;
    assert_eq!(quota.body["data"][0]["quota_usage"], 100);
    let plan = stage.own(Method::GET, "/faults", Value::Null).await;
    assert_eq!((&plan[0]["seen"], &plan[0]["hit"]), (&json!(3), &json!(2)));
    stage.own(Method::DELETE, "/faults", Value::Null).await;
    let quota = stage.get(other, "/v26.0/me/content_publishing_limit").await;
    assert_eq!(quota.body["data"][0]["quota_usage"], 0);
    let wrong = stage
        .request(Method::POST, "/sandbox/faults")
        .body(r#"[{"do":"explode"}]"#);
    let wrong = heard(wrong).await.expect("an answer");
    assert_eq!(wrong.status, 400);
    assert!(wrong.text("error").starts_with("fault 1: unknown variant"));
}

#[tokio::test]
async fn two_publishes_at_once_make_one_story() {
    let stage = Stage::new().await;
    let container = stage.finished(stage.facebook(), 1).await;
    let body = json!({"creation_id": container});
    let asked = (0..8).map(|_| stage.post(stage.facebook(), "media_publish", body.clone()));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(
        answers.iter().filter(|heard| heard.status == 200).count(),
        1
    );
    assert_eq!(stage.stories().await.len(), 1);
}
