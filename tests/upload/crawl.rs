//! Hostile and mistaken servers: each is told from the others, and what to do about it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Response;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE, USER_AGENT};
use storypress::upload::{Crawler, MediaUrl, Refusal, Why};
use tokio::net::TcpListener;

use super::sample::{Sample, sample};

/// A server that answers as it is told, and counts what it is asked for.
struct Host {
    url: String,
    robots_asked: Arc<AtomicU32>,
}

type Answer = Response<Body>;

fn answer(status: u16, content_type: &str, body: impl Into<Body>) -> Answer {
    let answer = Response::builder().status(status);
    let answer = answer.header(CONTENT_TYPE, content_type);
    answer.body(body.into()).expect("an answer")
}

async fn host(
    robots: impl Fn() -> Answer + Clone + Send + Sync + 'static,
    file: impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static,
) -> Host {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let robots_asked = Arc::new(AtomicU32::new(0));
    let asked = robots_asked.clone();
    let router = Router::new().fallback(move |request: Request| {
        let answer = match request.uri().path() {
            "/robots.txt" => {
                asked.fetch_add(1, Ordering::Relaxed);
                robots()
            }
            _ => file(&request),
        };
        async { answer }
    });
    tokio::spawn(async { axum::serve(listener, router).await });
    Host { url, robots_asked }
}

fn no_robots() -> Answer {
    answer(404, "text/plain", "")
}

/// Answers with the sample, in parts where that is asked for, and changes the answer then.
fn serving(
    sample: &Sample,
    change: impl Fn(Answer) -> Answer + Clone + Send + Sync + 'static,
) -> impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static {
    let bytes = Bytes::from(sample.bytes.clone());
    let content_type = match sample.path.extension().is_some_and(|e| e == "mp4") {
        true => "video/mp4",
        false => "image/jpeg",
    };
    move |request| {
        let agent = request.headers().get(USER_AGENT).expect("a user agent");
        assert_eq!(agent, "facebookexternalhit/1.1");
        let range = request.headers().get(RANGE).expect("a range");
        assert_eq!(range, "bytes=0-65535");
        let end = bytes.len().min(65536);
        let mut part = answer(206, content_type, bytes.slice(..end));
        let place = format!("bytes 0-{}/{}", end - 1, bytes.len());
        part.headers_mut()
            .insert(CONTENT_RANGE, place.parse().expect("a header"));
        change(part)
    }
}

fn as_it_is(answer: Answer) -> Answer {
    answer
}

impl Host {
    fn address(&self, sample: &Sample, query: &str) -> MediaUrl {
        let ending = sample
            .path
            .extension()
            .expect("an ending")
            .to_string_lossy();
        let object = format!("{}.{ending}", sample.sha256());
        let url = format!("{}/files/{object}{query}", self.url);
        MediaUrl {
            url: url.parse().expect("an address"),
            object,
            expires: None,
        }
    }

    async fn crawl(&self, sample: &Sample) -> Result<(), Refusal> {
        self.crawl_at(sample, "").await
    }

    async fn crawl_at(&self, sample: &Sample, query: &str) -> Result<(), Refusal> {
        let crawler = Crawler::new(Duration::from_secs(20));
        let url = self.address(sample, query);
        crawler.crawl(&url, &sample.media()).await
    }
}

/// The refusal of a server that answers with `file`.
async fn refused(
    sample: &Sample,
    file: impl Fn(&Request) -> Answer + Clone + Send + Sync + 'static,
) -> Refusal {
    let host = host(no_robots, file).await;
    host.crawl(sample).await.expect_err("a refusal")
}

#[tokio::test]
async fn good_pictures_and_films_pass() {
    for sample in [
        sample("a.jpg", 200_000),
        sample("a.mp4", 200_000),
        sample("b.jpg", 300),
    ] {
        let host = host(no_robots, serving(&sample, as_it_is)).await;
        assert_eq!(host.crawl(&sample).await, Ok(()));
    }
}

#[tokio::test]
async fn robots_txt_is_asked_first_and_quoted() {
    let sample = sample("a.jpg", 1000);
    let robots = || {
        answer(
            200,
            "text/plain",
            "# ours\nUser-agent: *\nDisallow: /files/\n",
        )
    };
    let host = host(robots, |_| panic!("the file was asked for")).await;
    let refusal = host.crawl(&sample).await.expect_err("a refusal");
    assert!(refusal.is_lasting());
    let said = refusal.to_string();
    let wanted = format!("line 3 of `{}/robots.txt`, `Disallow: /files/`", host.url);
    assert!(
        said.contains(&wanted) && said.contains("facebookexternalhit"),
        "{said}"
    );
}

#[tokio::test]
async fn robots_txt_may_forbid_signed_addresses_alone() {
    let sample = sample("a.jpg", 1000);
    let robots = || {
        answer(
            200,
            "text/plain",
            "User-agent: facebookexternalhit\nDisallow: /*?X-Amz\n",
        )
    };
    let host = host(robots, serving(&sample, as_it_is)).await;
    assert_eq!(host.crawl(&sample).await, Ok(()));
    let refusal = host
        .crawl_at(&sample, "?X-Amz-Signature=cafe")
        .await
        .expect_err("a refusal");
    assert!(
        matches!(refusal.why, Why::Robots { line: 2, .. }),
        "{refusal}"
    );
    assert!(!refusal.to_string().contains("cafe"), "{refusal}");
}

#[tokio::test]
async fn robots_txt_that_fails_counts_as_a_no_for_now() {
    let sample = sample("a.jpg", 1000);
    let host = host(|| answer(503, "text/plain", ""), serving(&sample, as_it_is)).await;
    let refusal = host.crawl(&sample).await.expect_err("a refusal");
    assert!(
        matches!(refusal.why, Why::RobotsUnread { .. }) && !refusal.is_lasting(),
        "{refusal}"
    );
}

#[tokio::test]
async fn robots_txt_is_followed_through_a_redirect() {
    let sample = sample("a.jpg", 1000);
    let rules = host(
        || answer(200, "text/plain", "User-agent: *\nDisallow: /\n"),
        |_| no_robots(),
    )
    .await;
    let to = format!("{}/robots.txt", rules.url);
    let robots = move || {
        Response::builder()
            .status(301)
            .header(LOCATION, &to)
            .body(Body::empty())
            .expect("an answer")
    };
    let host = host(robots, serving(&sample, as_it_is)).await;
    let refusal = host.crawl(&sample).await.expect_err("a refusal");
    assert!(
        matches!(refusal.why, Why::Robots { line: 2, .. }),
        "{refusal}"
    );
}

#[tokio::test]
async fn robots_txt_is_read_once_for_many_files() {
    let sample = sample("a.jpg", 1000);
    let host = host(no_robots, serving(&sample, as_it_is)).await;
    let crawler = Crawler::default();
    for _ in 0..5 {
        let url = host.address(&sample, "");
        let crawl = crawler.crawl(&url, &sample.media()).await;
        assert_eq!(crawl, Ok(()));
    }
    assert_eq!(host.robots_asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_its_end_is_named() {
    let sample = sample("a.jpg", 1000);
    let refusal = refused(&sample, |_| {
        let answer = Response::builder()
            .status(302)
            .header(LOCATION, "/login?next=secret");
        answer.body(Body::empty()).expect("an answer")
    })
    .await;
    assert!(refusal.is_lasting());
    let said = refusal.to_string();
    assert!(
        said.contains("302") && said.contains("/login?…`") && !said.contains("secret"),
        "{said}"
    );
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let sample = sample("a.jpg", 1000);
    for (status, is_lasting, word) in [
        (401, true, "everybody"),
        (403, true, "everybody"),
        (404, false, "public_url"),
        (410, false, "public_url"),
        (423, false, "not ready"),
        (429, false, "busy"),
        (500, false, "busy"),
        (418, true, "418"),
        (204, true, "204"),
    ] {
        let refusal = refused(&sample, move |_| answer(status, "text/plain", "")).await;
        let said = refusal.to_string();
        assert!(
            refusal.is_lasting() == is_lasting && said.contains(word),
            "{said}"
        );
        assert!(said.contains(&status.to_string()), "{said}");
    }
}

#[tokio::test]
async fn a_page_instead_of_a_picture_is_called_one() {
    let sample = sample("a.jpg", 1000);
    let refusal = refused(&sample, |_| {
        answer(200, "text/html; charset=utf-8", "<html>Sign in</html>")
    })
    .await;
    assert_eq!(refusal.why, Why::Page);
    assert!(refusal.to_string().contains("sign-in"), "{refusal}");
}

#[tokio::test]
async fn a_wrong_type_is_named_beside_the_right_one() {
    let sample = sample("a.mp4", 1000);
    let file = serving(&sample, |mut answer| {
        let octets = "application/octet-stream".parse().expect("a header");
        answer.headers_mut().insert(CONTENT_TYPE, octets);
        answer
    });
    let said = refused(&sample, file).await.to_string();
    assert!(
        said.contains("`application/octet-stream`, not `video/mp4`"),
        "{said}"
    );
    let file = serving(&sample, |mut answer| {
        answer.headers_mut().remove(CONTENT_TYPE);
        answer
    });
    let said = refused(&sample, file).await.to_string();
    assert!(said.contains("no `Content-Type`"), "{said}");
}

#[tokio::test]
async fn a_wrong_length_is_told() {
    let longer = sample("a.jpg", 1000);
    let file = serving(&longer, |mut answer| {
        let place = "bytes 0-999/2000".parse().expect("a header");
        answer.headers_mut().insert(CONTENT_RANGE, place);
        answer
    });
    let refusal = refused(&longer, file).await;
    let (found, wanted) = (Some(2000), 1000);
    assert_eq!(refusal.why, Why::WrongLength { found, wanted });
    let refusal = refused(&longer, |_| answer(200, "image/jpeg", "\u{ff}")).await;
    let found = Some(2);
    assert_eq!(refusal.why, Why::WrongLength { found, wanted });
}

#[tokio::test]
async fn other_bytes_of_the_same_length_are_seen() {
    let sample = sample("a.jpg", 100_000);
    let mut other = sample.bytes.clone();
    other[60_000] ^= 1;
    std::fs::write(&sample.path, &other).expect("a file");
    let refusal = refused(&sample, serving(&sample, as_it_is)).await;
    assert_eq!(refusal.why, Why::OtherBytes);
    assert!(refusal.is_lasting());
}

#[tokio::test]
async fn a_film_has_to_come_in_parts_and_a_picture_need_not() {
    let whole = |sample: &Sample, content_type: &'static str| {
        let bytes = Bytes::from(sample.bytes.clone());
        move |_: &Request| answer(200, content_type, bytes.clone())
    };
    let film = sample("a.mp4", 100_000);
    let refusal = refused(&film, whole(&film, "video/mp4")).await;
    assert_eq!(refusal.why, Why::NoRange);
    assert!(refusal.to_string().contains("206"), "{refusal}");
    let picture = sample("a.jpg", 100_000);
    let host = host(no_robots, whole(&picture, "image/jpeg")).await;
    assert_eq!(host.crawl(&picture).await, Ok(()));
}

#[tokio::test]
async fn a_closed_port_and_a_hung_server_may_pass() {
    let sample = sample("a.jpg", 1000);
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let url = format!("http://{}", closed.local_addr().expect("its address"));
    drop(closed);
    let robots_asked = Arc::default();
    let refusal = Host { url, robots_asked }
        .crawl(&sample)
        .await
        .expect_err("a refusal");
    assert!(!refusal.is_lasting(), "{refusal}");
    assert!(
        refusal.to_string().to_lowercase().contains("refused"),
        "{refusal}"
    );

    // the head comes, and then nothing
    let drips = |_: &Request| {
        let part = answer(
            206,
            "image/jpeg",
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()),
        );
        let (mut parts, body) = part.into_parts();
        parts
            .headers
            .insert(CONTENT_RANGE, "bytes 0-999/1000".parse().expect("a header"));
        Response::from_parts(parts, body)
    };
    let host = host(no_robots, drips).await;
    let url = host.address(&sample, "");
    let crawler = Crawler::new(Duration::from_millis(500));
    let refusal = crawler
        .crawl(&url, &sample.media())
        .await
        .expect_err("a refusal");
    assert!(
        !refusal.is_lasting() && refusal.to_string().contains("too long"),
        "{refusal}"
    );
}

#[tokio::test]
async fn an_endless_body_is_left_after_its_first_bytes() {
    let sample = sample("a.jpg", 100_000);
    let first = Bytes::from(sample.bytes.clone());
    let endless = move |_: &Request| {
        let chunks = futures_util::stream::repeat(first.clone());
        let body = futures_util::StreamExt::map(chunks, Ok::<_, std::io::Error>);
        let mut part = answer(206, "image/jpeg", Body::from_stream(body));
        let place = "bytes 0-65535/100000".parse().expect("a header");
        part.headers_mut().insert(CONTENT_RANGE, place);
        part
    };
    let host = host(no_robots, endless).await;
    assert_eq!(host.crawl(&sample).await, Ok(()));
}

#[tokio::test]
async fn an_address_of_a_private_network_is_not_even_asked() {
    let sample = sample("a.jpg", 1000);
    let robots_asked = Arc::default();
    let url = "https://192.168.1.20".to_owned();
    let refusal = Host { url, robots_asked }
        .crawl(&sample)
        .await
        .expect_err("a refusal");
    assert!(
        refusal.is_lasting() && refusal.to_string().contains("private"),
        "{refusal}"
    );
}
