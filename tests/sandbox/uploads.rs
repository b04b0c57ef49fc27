//! Bytes that are sent to the platform, and sent on after a break.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Heard, Stage, film, heard};

/// A container that waits for its bytes: its id and where they go.
async fn opened(stage: &Stage) -> (String, String) {
    let body = json!({"media_type": "STORIES", "upload_type": "resumable"});
    let made = stage.post(stage.facebook(), "media", body).await;
    assert_eq!(made.status, 200, "{made:?}");
    (made.text("id"), made.text("uri"))
}

fn request(stage: &Stage, uri: &str, offset: usize, bytes: &[u8]) -> reqwest::RequestBuilder {
    stage
        .client
        .post(uri)
        .header("authorization", format!("OAuth {}", stage.facebook().token))
        .header("offset", offset)
        .header("file_size", film().len())
        .body(bytes.to_vec())
}

async fn send(stage: &Stage, uri: &str, offset: usize, bytes: &[u8]) -> Heard {
    let request = request(stage, uri, offset, bytes);
    heard(request).await.expect("an answer")
}

async fn sent(stage: &Stage, id: &str) -> Value {
    let path = format!("/v26.0/{id}?fields=id,status,status_code,video_status");
    stage.get(stage.facebook(), &path).await.body["video_status"].clone()
}

fn kind(heard: &Heard) -> (u16, &str) {
    let kind = heard.body["debug_info"]["type"].as_str();
    (heard.status, kind.unwrap_or_default())
}

#[tokio::test]
async fn a_film_is_sent_and_published() {
    let stage = Stage::new().await;
    let (id, uri) = opened(&stage).await;
    assert_eq!(
        uri,
        format!("{}/ig-api-upload/v26.0/{id}", stage.sandbox.url)
    );
    assert_eq!(
        sent(&stage, &id).await["uploading_phase"]["status"],
        "not_started"
    );
    let done = send(&stage, &uri, 0, film()).await;
    assert_eq!(
        done.body,
        json!({"success": true, "message": "Upload successful."})
    );
    let settled = stage.settled(stage.facebook(), &id).await;
    assert_eq!(settled.text("status_code"), "FINISHED");
    assert_eq!(
        settled.body["video_status"]["uploading_phase"]["bytes_transferred"],
        film().len()
    );
    assert_eq!(stage.publish(stage.facebook(), &id).await.status, 200);
    let stories = stage.stories().await;
    assert_eq!(stories[0]["bytes"], film().len());
    assert_eq!(stories[0]["sha256"], storypress::media::sha256(film()));
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_it_stood() {
    let stage = Stage::new().await;
    let (id, uri) = opened(&stage).await;
    for (fault, total) in [
        (json!({"do": "partial", "bytes": 1000}), 1000),
        (json!({"do": "partial-drop", "bytes": 500}), 1500),
    ] {
        let offset = sent(&stage, &id).await["uploading_phase"]["bytes_transferred"].clone();
        let offset = usize::try_from(offset.as_u64().expect("a number")).expect("small");
        let asked = request(&stage, &uri, offset, &film()[offset..]);
        let answer = heard(asked.header("x-sandbox-fault", fault.to_string())).await;
        match fault["do"].as_str() {
            Some("partial") => assert_eq!(
                kind(&answer.expect("an answer")),
                (206, "PartialRequestError")
            ),
            _ => assert!(answer.is_err(), "{answer:?}"),
        }
        let phase = sent(&stage, &id).await["uploading_phase"].clone();
        assert_eq!(phase["status"], "in_progress");
        assert_eq!(phase["bytes_transferred"], total);
        assert_eq!(phase["source_file_size"], film().len());
    }
    let wrong = send(&stage, &uri, 0, film()).await;
    assert_eq!(kind(&wrong), (412, "OffsetInvalidError"));
    let rest = send(&stage, &uri, 1500, &film()[1500..]).await;
    assert_eq!(rest.status, 200, "{rest:?}");
    let settled = stage.settled(stage.facebook(), &id).await;
    assert_eq!(settled.text("status_code"), "FINISHED");
}

#[tokio::test]
async fn an_upload_is_refused_once_and_passes_then() {
    let stage = Stage::new().await;
    let (id, uri) = opened(&stage).await;
    let plan = json!([{"on": "upload", "do": "processing-failed"}]);
    stage.own(Method::POST, "/faults", plan).await;
    let refused = send(&stage, &uri, 0, film()).await;
    assert_eq!(kind(&refused), (400, "ProcessingFailedError"));
    assert_eq!(refused.body["debug_info"]["retriable"], false);
    assert_eq!(send(&stage, &uri, 0, film()).await.status, 200);
    assert_eq!(
        stage
            .settled(stage.facebook(), &id)
            .await
            .text("status_code"),
        "FINISHED"
    );
}

#[tokio::test]
async fn only_the_owner_uploads_and_only_with_oauth() {
    let stage = Stage::new().await;
    let (_, uri) = opened(&stage).await;
    for authorization in [
        format!("Bearer {}", stage.facebook().token),
        format!("OAuth {}", stage.instagram().token),
        "OAuth EAAnobody".to_owned(),
    ] {
        let request = stage
            .client
            .post(&uri)
            .header("authorization", authorization);
        let answer = heard(
            request
                .header("offset", 0)
                .header("file_size", 3)
                .body("abc"),
        )
        .await;
        assert_eq!(
            kind(&answer.expect("an answer")),
            (400, "NotAuthorizedError")
        );
    }
    // Instagram Login passes over the parameter
    let body = json!({"media_type": "STORIES", "upload_type": "resumable"});
    let refused = stage.post(stage.instagram(), "media", body).await;
    assert_eq!(refused.code(), (100, None));
    let said = refused.body["error"]["message"].as_str().expect("words");
    assert!(
        said.contains("The parameter video_url is required"),
        "{said}"
    );
}

#[tokio::test]
async fn a_film_is_uploaded_by_its_address() {
    let stage = Stage::new().await;
    let (id, uri) = opened(&stage).await;
    let by_address = async |name: &str| {
        let request = stage
            .client
            .post(&uri)
            .header("authorization", format!("OAuth {}", stage.facebook().token))
            .header("file_url", stage.host.url(name));
        heard(request).await.expect("an answer")
    };
    let refused = by_address("none.mp4").await;
    assert_eq!(kind(&refused), (422, "FileUrlProcessingError"));
    stage.host.serve("film.mp4", "video/mp4", film().to_vec());
    assert_eq!(by_address("film.mp4").await.status, 200);
    assert_eq!(
        stage
            .settled(stage.facebook(), &id)
            .await
            .text("status_code"),
        "FINISHED"
    );
}

#[tokio::test]
async fn what_is_no_film_fails_in_its_container() {
    let stage = Stage::new().await;
    let (id, uri) = opened(&stage).await;
    let noise = vec![7; film().len()];
    assert_eq!(send(&stage, &uri, 0, &noise).await.status, 200);
    let settled = stage.settled(stage.facebook(), &id).await;
    assert_eq!(settled.text("status_code"), "ERROR");
}
