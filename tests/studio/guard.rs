//! Who gets in, and what a browser is told.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::json;
use storypress::studio::{self, Options};

use super::stage::{Stage, json as json_of, text};

/// Sends bytes as they are, and gives the answer's first line and its text.
async fn raw(stage: &Stage, request: String) -> (u16, String) {
    let host = stage.host();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(host).expect("a connection");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    let answer = answer.await.expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    (
        status.unwrap_or_else(|| panic!("no status: {answer}")),
        answer,
    )
}

fn get(path: &str, headers: &[(&str, &str)]) -> String {
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    format!(
        "GET {path} HTTP/1.1\r\n{}Connection: close\r\n\r\n",
        lines.collect::<String>()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn without_token_or_cookie_there_is_nothing() {
    let stage = Stage::new().await;
    for (method, path) in [
        (Method::GET, "/api/v1/templates"),
        (Method::GET, "/api/v1/templates/templates/menu.toml"),
        (Method::GET, "/api/v1/openapi.json"),
        (Method::GET, "/api/v1/nothing"),
        (Method::GET, "/api/v1/session"),
        (Method::HEAD, "/api/v1/templates"),
        (Method::POST, "/api/v1/preview"),
        (Method::PUT, "/api/v1/templates/templates/new.toml"),
        (Method::DELETE, "/api/v1/templates/templates/menu.toml"),
        (Method::OPTIONS, "/api/v1/templates"),
        (Method::OPTIONS, "/"),
        (Method::POST, "/"),
    ] {
        let answer = stage
            .bare(method.clone(), path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 403, "{method} {path}");
        assert!(
            !answer
                .headers()
                .keys()
                .any(|name| name.as_str().starts_with("access-control"))
        );
        let body = answer.text().await.expect("a body");
        assert!(!body.contains("menu"), "{body}");
    }
    assert!(stage.root.join("templates/menu.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lets_a_program_in_and_one_in_a_query_does_not() {
    let stage = Stage::new().await;
    let list = json_of(stage.get("templates").await, 200).await;
    assert_eq!(list["items"][0]["path"], "templates/menu.toml", "{list}");
    for path in [
        format!("/api/v1/templates?token={}", stage.token),
        format!("/api/v1/templates?access_token={}", stage.token),
        format!("/api/v1/session?token={}", stage.start_token()),
    ] {
        let answer = stage
            .bare(Method::GET, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 403, "{path}");
    }
    let wrong = stage
        .bare(Method::GET, "/api/v1/templates")
        .bearer_auth("a".repeat(64));
    assert_eq!(wrong.send().await.expect("an answer").status(), 403);
    // a start token is for a session and nothing else
    let start = stage
        .bare(Method::GET, "/api/v1/templates")
        .bearer_auth(stage.start_token());
    assert_eq!(start.send().await.expect("an answer").status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_voids_the_old_one_at_once() {
    let stage = Stage::new().await;
    let new = studio::new_token(&stage.root).expect("a token");
    assert_eq!(stage.get("templates").await.status(), 403);
    let answer = stage
        .bare(Method::GET, "/api/v1/templates")
        .bearer_auth(new);
    assert_eq!(answer.send().await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_token_opens_one_session() {
    let stage = Stage::new().await;
    let token = stage.start_token();
    let begin = || {
        stage
            .bare(Method::POST, "/api/v1/session")
            .json(&json!({"token": token}))
    };
    let begun = begin().send().await.expect("an answer");
    assert_eq!(begun.status(), 204);
    let set = text(begun.headers(), "set-cookie");
    let port = stage.host().rsplit(':').next().expect("a port").to_owned();
    let (pair, attributes) = set.split_once("; ").expect("attributes");
    assert!(
        pair.split('=').next().expect("a name").contains(&port),
        "{set}"
    );
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/");
    assert_eq!(begin().send().await.expect("an answer").status(), 403);
    let asked = stage
        .bare(Method::GET, "/api/v1/templates")
        .header("cookie", pair);
    assert_eq!(asked.send().await.expect("an answer").status(), 200);
    let ended = stage
        .bare(Method::DELETE, "/api/v1/session")
        .header("cookie", pair);
    assert_eq!(ended.send().await.expect("an answer").status(), 204);
    let asked = stage
        .bare(Method::GET, "/api/v1/templates")
        .header("cookie", pair);
    assert_eq!(asked.send().await.expect("an answer").status(), 403);
    let none = stage.bare(Method::POST, "/api/v1/session").body("{}");
    assert_eq!(none.send().await.expect("an answer").status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_opens_a_session_with_a_pairing_code() {
    let stage = Stage::new().await;
    let code = stage.running.studio.pairing_code().expect("a code");
    let form = |code: &str| {
        stage
            .bare(Method::POST, "/api/v1/session")
            .form(&[("token", code)])
    };
    let wrong = form("12").send().await.expect("an answer");
    assert_eq!(wrong.status(), 403);
    assert!(text(wrong.headers(), "content-type").starts_with("text/html"));
    let begun = form(&code).send().await.expect("an answer");
    assert_eq!(
        (begun.status().as_u16(), text(begun.headers(), "location")),
        (303, "/".into())
    );
    assert_eq!(form(&code).send().await.expect("an answer").status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_cookie_is_an_empty_shell() {
    let stage = Stage::new().await;
    let shells = [
        "/",
        "/edit/templates/menu.toml",
        "/calendar",
        "/nothing/at/all",
    ];
    let mut seen = Vec::new();
    for path in shells {
        let answer = stage
            .bare(Method::GET, path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers().clone();
        let policy = text(&headers, "content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(text(&headers, "referrer-policy"), "no-referrer");
        assert_eq!(text(&headers, "x-content-type-options"), "nosniff");
        assert_eq!(text(&headers, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(
            text(&headers, "cross-origin-resource-policy"),
            "same-origin"
        );
        seen.push(answer.text().await.expect("a page"));
    }
    assert!(
        seen.iter()
            .all(|page| *page == seen[0] && !page.contains("menu"))
    );
    let script = seen[0]
        .split('"')
        .find(|part| part.ends_with(".js"))
        .expect("a script")
        .replace("&#x2f;", "/");
    let script = stage
        .bare(Method::GET, &script)
        .send()
        .await
        .expect("an answer");
    assert_eq!(script.status(), 200);
    assert!(text(script.headers(), "content-type").starts_with("text/javascript"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_ours_gets_nothing() {
    let stage = Stage::new().await;
    let port = stage.running.studio.port;
    let bearer = format!("Bearer {}", stage.token);
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LOCALHOST:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("127.0.0.1".into(), 403),
        ("localhost:1".into(), 403),
        (format!("rebound.example:{port}"), 403),
        (format!("localhost.example:{port}"), 403),
        (format!("127.0.0.1.nip.io:{port}"), 403),
        (format!("localhost:{port}@rebound.example"), 403),
        (String::new(), 403),
    ] {
        for path in ["/api/v1/templates", "/"] {
            let headers = [("Host", &*host), ("Authorization", &*bearer)];
            let (found, _) = raw(&stage, get(path, &headers)).await;
            // the pages are not asked for here, only whether the guard lets the request pass
            let is_in = found != 403;
            assert_eq!(is_in, status == 200, "{host} {path}: {found}");
        }
    }
    let own = format!("localhost:{port}");
    let twice = get("/", &[("Host", &own), ("Host", "rebound.example")]);
    assert!([400, 403].contains(&raw(&stage, twice).await.0));
    let elsewhere = get("http://rebound.example/", &[("Host", &own)]);
    assert!([400, 403].contains(&raw(&stage, elsewhere).await.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_from_another_page_is_refused_whoever_it_names() {
    let stage = Stage::new().await;
    let cookie = stage.cookie().await;
    let own = stage.running.url.clone();
    let port = stage.running.studio.port;
    let with_tls = own.replace("http://", "https://");
    let (beside, other_name) = (
        format!("http://127.0.0.1:{}", port ^ 1),
        format!("http://localhost:{port}"),
    );
    let cases: &[(&[(&str, &str)], bool)] = &[
        (&[], true),
        (&[("origin", &own)], true),
        (&[("origin", &own), ("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            true,
        ),
        (&[("origin", "null")], false),
        (
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            false,
        ),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", &beside)], false),
        (&[("origin", &other_name)], false),
        // nobody speaks TLS at this port, unless a proxy says that it does
        (&[("origin", &with_tls)], false),
        (
            &[("origin", &with_tls), ("x-forwarded-proto", "https")],
            true,
        ),
        (&[("origin", &own), ("x-forwarded-proto", "https")], false),
        (&[("origin", &own), ("sec-fetch-site", "same-site")], false),
        (&[("origin", &own), ("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
    ];
    for (headers, passes) in cases {
        for by_cookie in [true, false] {
            let mut request = stage.bare(Method::DELETE, "/api/v1/nothing");
            request = match by_cookie {
                true => request.header("cookie", &cookie),
                false => request.bearer_auth(&stage.token),
            };
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let status = request.send().await.expect("an answer").status();
            assert_eq!(status != 403, *passes, "{headers:?} {by_cookie}: {status}");
        }
    }
    // also the door itself
    let begin = stage
        .bare(Method::POST, "/api/v1/session")
        .header("origin", "https://evil.example")
        .json(&json!({"token": stage.start_token()}));
    assert_eq!(begin.send().await.expect("an answer").status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_cannot_load_an_answer_or_open_a_socket() {
    let stage = Stage::new().await;
    let cookie = stage.cookie().await;
    let asked = |headers: &'static [(&str, &str)]| {
        let mut request = stage
            .bare(Method::GET, "/api/v1/templates")
            .header("cookie", &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async { request.send().await.expect("an answer").status().as_u16() }
    };
    assert_eq!(asked(&[("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(
        asked(&[
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "no-cors")
        ])
        .await,
        403
    );
    assert_eq!(
        asked(&[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors")
        ])
        .await,
        403
    );
    let socket = &[
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(asked(socket).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_needs_a_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = Options {
        listen: "0.0.0.0:0".into(),
        folder: folder.path().to_owned(),
        ..Options::default()
    };
    let refused = studio::start(&options).await.expect_err("no name");
    assert!(refused.to_string().contains("--allow-host"), "{refused}");
    options.allow_hosts = vec!["Laptop.local".into()];
    let running = studio::start(&options).await.expect("a studio");
    let port = running.studio.port;
    assert_eq!(running.url, format!("http://Laptop.local:{port}"));
    for (host, status) in [
        (format!("laptop.local:{port}"), 200),
        ("laptop.local".into(), 200),
        (format!("localhost:{port}"), 200),
        (format!("other.local:{port}"), 403),
    ] {
        let request = super::stage::client()
            .get(format!("http://127.0.0.1:{port}/"))
            .header("host", &host);
        assert_eq!(
            request.send().await.expect("an answer").status(),
            status,
            "{host}"
        );
    }
}
