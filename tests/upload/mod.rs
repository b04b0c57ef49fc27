//! Uploads against a foreign S3 that checks every signature, fetched by clients that have no key.

mod crawl;
mod s3;
mod sample;

use std::path::Path;

use jiff::Timestamp;
use s3::{BUCKET, client, s3};
use sample::sample;
use storypress::upload::{Environment, Error, Options, Store};

async fn status(url: impl reqwest::IntoUrl) -> u16 {
    let answer = client().get(url).send().await.expect("an answer");
    answer.status().as_u16()
}

#[tokio::test]
async fn a_picture_is_fetched_through_its_signed_address_and_no_other() {
    let sample = sample("picture.jpg", 300_000);
    let url = sample.put(&s3().store("signed")).await.expect("put");
    assert_eq!(url.object, format!("signed/{}.jpg", sample.sha256()));

    let fetched = client()
        .get(url.url.clone())
        .send()
        .await
        .expect("an answer");
    assert_eq!(fetched.status(), 200);
    assert_eq!(fetched.headers()["content-type"], "image/jpeg");
    assert!(fetched.bytes().await.expect("bytes") == sample.bytes);

    let part = client()
        .get(url.url.clone())
        .header("range", "bytes=5-9")
        .send()
        .await;
    let part = part.expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.expect("bytes"), sample.bytes[5..10]);

    let mut unsigned = url.url.clone();
    unsigned.set_query(None);
    assert_eq!(status(unsigned).await, 403);
    let longer = url
        .url
        .as_str()
        .replace("X-Amz-Expires=604800", "X-Amz-Expires=604801");
    assert_ne!(longer, url.url.as_str());
    assert_eq!(status(longer).await, 403);
}

#[tokio::test]
async fn a_signed_address_lives_for_a_week() {
    let now = Timestamp::now();
    let url = sample("week.jpg", 1000)
        .put(&s3().store("week"))
        .await
        .expect("put");
    let life = url.expires.expect("an end").duration_since(now);
    assert!(
        (7 * 24 * 3600..7 * 24 * 3600 + 600).contains(&life.as_secs()),
        "{life}"
    );
}

#[tokio::test]
async fn what_is_there_is_not_sent_again() {
    let sample = sample("again.jpg", 50_000);
    let store = s3().store("again");
    let first = sample.put(&store).await.expect("put");
    let second = sample.put(&store).await.expect("put");
    assert_eq!(second.object, first.object);
    assert_eq!(status(second.url).await, 200);
    let puts = s3().log("/again/").await;
    assert_eq!(
        puts.iter().filter(|line| line.starts_with("PUT")).count(),
        1,
        "{puts:?}"
    );
}

#[tokio::test]
async fn a_film_of_twelve_megabytes_goes_up_in_two_parts() {
    let sample = sample("film.mp4", 12_000_000);
    let url = sample.put(&s3().store("film")).await.expect("put");
    let fetched = client().get(url.url).send().await.expect("an answer");
    assert_eq!(fetched.headers()["content-type"], "video/mp4");
    assert!(fetched.bytes().await.expect("bytes") == sample.bytes);
    let log = s3().log("/film/").await;
    let parts = log
        .iter()
        .filter(|line| line.ends_with("partNumber,uploadId"));
    assert_eq!(parts.count(), 2, "{log:?}");
}

#[tokio::test]
async fn a_film_that_changes_on_its_way_leaves_nothing_behind() {
    let sample = sample("changed.mp4", 12_000_000);
    let mut changed = sample.bytes.clone();
    changed[11_999_999] ^= 1;
    std::fs::write(&sample.path, &changed).expect("a file");
    let put = sample.put(&s3().store("changed")).await;
    assert!(matches!(put, Err(Error::Changed { .. })), "{put:?}");
    let log = s3().log("/changed/").await;
    assert_eq!(
        log.last()
            .map(|line| line.starts_with("DELETE") && line.ends_with("uploadId")),
        Some(true),
        "{log:?}"
    );
    assert!(
        !log.iter()
            .any(|line| line.starts_with("POST") && line.ends_with(" uploadId")),
        "{log:?}"
    );
}

#[tokio::test]
async fn what_was_put_passes_as_the_platform_would_fetch_it() {
    let store = s3().store("crawl");
    for sample in [
        sample("seen.jpg", 70_000),
        sample("seen.mp4", 70_000),
        sample("small.jpg", 500),
    ] {
        let url = sample.put(&store).await.expect("put");
        let crawl = store.crawl(&url, &sample.media()).await;
        assert_eq!(crawl, Ok(()));
    }
}

#[tokio::test]
async fn what_was_swept_is_gone_and_what_was_not_stays() {
    let store = s3().store("sweep");
    let (old, new) = (sample("old.jpg", 1000), sample("new.jpg", 1000));
    let old = old.put(&store).await.expect("put");
    let new = new.put(&store).await.expect("put");
    let missing = format!("sweep/{}.png", "0".repeat(64));
    let foreign = "sweep/index.html".to_owned();
    store
        .sweep(&[missing, foreign, old.object.clone()])
        .await
        .expect("swept");
    assert_eq!(status(old.url).await, 404);
    assert_eq!(status(new.url).await, 200);
    let log = s3().log("index.html").await;
    assert_eq!(log, [""; 0]);
}

#[tokio::test]
async fn a_wrong_key_lasts_and_stays_unsaid() {
    let sample = sample("wrong.jpg", 1000);
    for (key, secret) in [
        (s3::KEY, "not/the+secret/of+this+server"),
        ("AKIAUNKNOWN", s3::SECRET),
    ] {
        let put = sample.put(&s3().store_with("wrong", key, secret)).await;
        let refused = put.expect_err("a refusal");
        assert!(refused.is_lasting(), "{refused}");
        let said = format!("{refused} {refused:?}");
        assert!(
            said.contains("SignatureDoesNotMatch") || said.contains("InvalidAccessKeyId"),
            "{said}"
        );
        assert!(
            !said.contains(secret) && !said.contains("AWSAccessKeyId"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let sample = sample("bucket.jpg", 1000);
    let url = s3().url.clone();
    let vars = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", s3::KEY),
        ("AWS_SECRET_ACCESS_KEY", s3::SECRET),
    ];
    let options = Options {
        environment: Environment::of(vars.map(|(k, v)| (k.into(), v.into()))),
        ..Options::new(&format!("s3://no-{BUCKET}"), None, Path::new("/")).expect("a target")
    };
    let store = Store::open(&options).expect("a store");
    let refused = sample.put(&store).await.expect_err("no bucket");
    assert!(
        refused.is_lasting() && refused.to_string().contains("NoSuchBucket"),
        "{refused}"
    );
}
