//! Sources against servers on this machine that say what they are told to say.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderName;
use url::Url;

use super::address::private;
use super::*;
use crate::diag::{Code, Diagnostic, Place, Source};

/// As much of a picture as tells that it is one.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// What a server says to the request of that number, from 0.
type Script = dyn Fn(&str, usize) -> Reply + Send + Sync;

enum Reply {
    /// All of it.
    Whole(Vec<u8>),
    /// A byte at a time, for ever.
    Drip,
}

struct Server {
    url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1", script)
    }

    fn at(host: &str, script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let socket = TcpListener::bind((host, 0)).expect("a port");
        let url = format!("http://{}/", socket.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (all, script): (_, Arc<Script>) = (heard.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let (all, script) = (all.clone(), script.clone());
                std::thread::spawn(move || converse(stream, &all, script.as_ref()));
            }
        });
        Self {
            url: url.parse().expect("an address"),
            heard,
        }
    }

    /// One that says the same whatever it is asked.
    fn saying(answer: Vec<u8>) -> Self {
        Self::new(move |_, _| Reply::Whole(answer.clone()))
    }

    fn url(&self, path: &str) -> Url {
        self.url.join(path).expect("an address")
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").clone()
    }

    fn count(&self) -> usize {
        self.heard().len()
    }
}

fn converse(mut stream: TcpStream, heard: &Mutex<Vec<String>>, script: &Script) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let number = {
        let mut heard = heard.lock().expect("no panic");
        heard.push(request.clone());
        heard.len() - 1
    };
    match script(&request, number) {
        Reply::Whole(bytes) => {
            let _ = stream.write_all(&bytes);
        }
        Reply::Drip => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 9999\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(b"a").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status} Said\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    bytes.extend(body);
    bytes
}

fn csv(body: &str) -> Vec<u8> {
    answer(200, "content-type: text/csv\r\n", body)
}

fn redirect(to: impl std::fmt::Display) -> Vec<u8> {
    answer(302, &format!("location: {to}\r\n"), "")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("packed");
    packed.finish().expect("packed")
}

fn menu(url: Url) -> Options {
    Options {
        private: true,
        ..Options::new(
            "menu",
            url,
            Place::whole(&Source::new("storypress.toml", "")),
        )
    }
}

fn sources(root: &Path, options: Options) -> Sources {
    Sources::new(root, vec![options]).within(Times {
        connect: Duration::from_secs(5),
        whole: Duration::from_secs(5),
        pictures: Duration::from_secs(5),
    })
}

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-11-28T10:00:00Z".parse().expect("a time");
    start + SignedDuration::from_mins(minutes)
}

fn text(copy: &Copy) -> String {
    std::fs::read_to_string(&copy.file).expect("a copy")
}

fn said(diagnostic: &Diagnostic) -> String {
    format!("{}: {}", diagnostic.code.as_str(), diagnostic.message)
}

fn warned(copy: &Copy) -> String {
    copy.diagnostics
        .iter()
        .map(said)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a source that answers so says where it has no copy.
async fn refused(answer: Vec<u8>) -> String {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::saying(answer);
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    said(&sources.fetch("menu", at(0)).await.expect_err("no copy"))
}

#[tokio::test]
async fn a_copy_lies_under_its_hash_and_is_asked_for_at_most_so_often() {
    let root = tempfile::tempdir().expect("a folder");
    let server =
        Server::new(|_, number| Reply::Whole(csv(&format!("id,title\na,Soup {number}\n"))));
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let first = sources.fetch("menu", at(0)).await.expect("a copy");
    assert_eq!(text(&first), "id,title\na,Soup 0\n");
    assert!(first.was_asked && first.before.is_none());
    let name = format!("{}.csv", first.sha256);
    assert_eq!(
        first.file,
        root.path().join(".storypress/sources").join(name)
    );
    let second = sources.fetch("menu", at(14)).await.expect("a copy");
    assert_eq!(
        (second.file.clone(), second.age),
        (first.file.clone(), SignedDuration::from_mins(14))
    );
    assert_eq!(server.count(), 1);
    let third = sources.fetch("menu", at(15)).await.expect("a copy");
    assert_eq!(text(&third), "id,title\na,Soup 1\n");
    assert_eq!(third.before.as_ref(), Some(&first.file));
    assert_eq!((warned(&third), server.count()), (String::new(), 2));
    // now is now, and a copy is told without a question
    assert!(
        sources
            .get("menu", When::Now, at(15))
            .await
            .expect("a copy")
            .was_asked
    );
    assert_eq!(
        text(&sources.copy("menu", at(16)).expect("a copy")),
        "id,title\na,Soup 2\n"
    );
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|request, _| {
        let request = request.to_lowercase();
        let is_known = request.contains("if-none-match: \"v1\"")
            && request.contains("if-modified-since: sat, 28 nov 2026 08:00:00 gmt");
        let headers = "content-type: text/csv\r\netag: \"v1\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 GMT\r\n";
        Reply::Whole(match is_known {
            true => answer(304, "", ""),
            false => answer(200, headers, "id\na\n"),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let first = sources.fetch("menu", at(0)).await.expect("a copy");
    let second = sources.fetch("menu", at(20)).await.expect("a copy");
    assert_eq!(second.file, first.file);
    assert_eq!(second.age, SignedDuration::ZERO);
    assert!(second.was_asked && second.before.is_none() && second.diagnostics.is_empty());
    // a copy that somebody changed is none: it is asked for without conditions
    std::fs::write(&first.file, "id\nb\n").expect("another text");
    let third = sources.fetch("menu", at(21)).await.expect("a copy");
    assert_eq!((text(&third).as_str(), server.count()), ("id\na\n", 3));
    assert!(!server.heard()[2].to_lowercase().contains("if-none-match"));
}

#[tokio::test]
async fn a_bad_answer_leaves_the_good_copy_until_it_is_stale() {
    let page = "<!DOCTYPE html><html><body>Log in</body></html>";
    for bad in [
        answer(200, "content-type: text/html\r\n", page),
        csv(page),
        csv(""),
        csv(" \r\n"),
        answer(204, "", ""),
        answer(500, "", "oops"),
        answer(404, "", ""),
        answer(200, "content-type: application/json\r\n", "{\"broken\": "),
        b"nonsense".to_vec(),
        csv("id,title\na,b\n")[..40].to_vec(),
        answer(
            200,
            "content-type: text/csv\r\ncontent-encoding: gzip\r\n",
            "no gzip",
        ),
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let shown = String::from_utf8_lossy(&bad).into_owned();
        let server = Server::new(move |_, number| {
            Reply::Whole(match number {
                0 => csv("id\na\n"),
                _ => bad.clone(),
            })
        });
        let sources = sources(root.path(), menu(server.url("menu")));
        let first = sources.fetch("menu", at(0)).await.expect("a copy");
        let again = sources.fetch("menu", at(200)).await.expect("the good copy");
        assert_eq!(again.file, first.file, "{shown}");
        let warned = warned(&again);
        assert!(
            warned.starts_with("stale-source: source `menu` failed: "),
            "{shown}: {warned}"
        );
        assert!(warned.contains("3 h 20 min old"), "{warned}");
        // and so whoever uses it next, without a question
        let known = sources.copy("menu", at(201)).expect("the good copy");
        assert_eq!(known.diagnostics[0].code, Code::StaleSource);
        let day = 24 * 60;
        assert!(sources.copy("menu", at(day)).is_ok());
        let old = said(&sources.copy("menu", at(day + 1)).expect_err("stale"));
        assert!(old.starts_with("source-failed: "), "{old}");
        assert!(old.contains("1 d old, and `stale` is 1 d"), "{old}");
        let old = sources.fetch("menu", at(day + 1)).await.expect_err("stale");
        assert_eq!(old.code, Code::SourceFailed);
    }
}

#[tokio::test]
async fn without_a_copy_a_bad_answer_is_told_for_what_it_is() {
    for (answer, wanted) in [
        (csv(""), "the answer is empty"),
        (csv("<html>"), "a web page came in place of data"),
        (answer(403, "", ""), "the server answered 403"),
        (
            answer(200, "content-type: application/pdf\r\n", "%PDF-1.4"),
            "a PDF came in place of data",
        ),
        (
            answer(
                200,
                "content-type: application/rss+xml\r\n",
                "<svg:x xmlns:svg='s'/>",
            ),
            "what came is no data: this is neither RSS nor Atom",
        ),
    ] {
        assert_eq!(
            refused(answer).await,
            format!("source-failed: source `menu` failed: {wanted}")
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_a_pause_has_it() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, number| {
        Reply::Whole(match number {
            1 => answer(429, "retry-after: 3600\r\n", ""),
            _ => csv("id\na\n"),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    sources.fetch("menu", at(0)).await.expect("a copy");
    let asked = sources.fetch("menu", at(20)).await.expect("the good copy");
    let wanted = "the server asked not to be asked before 2026-11-28T11:20:00Z";
    assert!(
        warned(&asked).contains("answered 429") && warned(&asked).contains(wanted),
        "{}",
        warned(&asked)
    );
    for when in [When::Due, When::Now] {
        let told = sources
            .get("menu", when, at(70))
            .await
            .expect("the good copy");
        assert!(warned(&told).contains("stale-source"), "{}", warned(&told));
    }
    assert!(warned(&sources.get("menu", When::Now, at(70)).await.expect("it")).contains(wanted));
    assert_eq!(server.count(), 2);
    let then = sources.fetch("menu", at(81)).await.expect("a copy");
    assert_eq!((warned(&then), server.count()), (String::new(), 3));
}

#[tokio::test]
async fn a_drip_ends() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, _| Reply::Drip);
    let sources = sources(root.path(), menu(server.url("menu.csv"))).within(Times {
        whole: Duration::from_millis(300),
        ..Times::default()
    });
    let start = std::time::Instant::now();
    let why = sources.fetch("menu", at(0)).await.expect_err("no copy");
    assert_eq!(
        why.message,
        "source `menu` failed: no whole answer within 0.3 s"
    );
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_bomb_is_counted_while_it_is_unpacked() {
    let root = tempfile::tempdir().expect("a folder");
    let bomb = gzip(&vec![b'x'; 20 << 20]);
    let server = Server::saying(answer(
        200,
        "content-encoding: gzip\r\ncontent-type: text/csv\r\n",
        bomb,
    ));
    let options = Options {
        max_bytes: 1 << 20,
        ..menu(server.url("menu.csv"))
    };
    let why = sources(root.path(), options)
        .fetch("menu", at(0))
        .await
        .expect_err("too large");
    assert_eq!(
        why.message,
        "source `menu` failed: more than 1048576 bytes came"
    );
    let packed = Server::saying(answer(
        200,
        "content-encoding: gzip\r\n",
        gzip(b"id,title\na,Soup\n"),
    ));
    let copy = sources(root.path(), menu(packed.url("menu")))
        .fetch("menu", at(0))
        .await;
    assert_eq!(text(&copy.expect("a copy")), "id,title\na,Soup\n");
}

#[tokio::test]
async fn five_redirects_are_followed_and_six_are_not() {
    let server = Server::new(|request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let left: usize = path.trim_start_matches('/').parse().unwrap_or_default();
        Reply::Whole(match left {
            0 => csv("id\na\n"),
            left => redirect(left - 1),
        })
    });
    for (hops, is_good) in [("5", true), ("6", false)] {
        let root = tempfile::tempdir().expect("a folder");
        let copy = sources(root.path(), menu(server.url(hops)))
            .fetch("menu", at(0))
            .await;
        assert_eq!(copy.is_ok(), is_good, "{hops}");
    }
}

#[tokio::test]
async fn a_redirect_to_this_machine_or_to_no_web_address_is_not_followed() {
    // to this test, 127.0.0.2 is somewhere in the world
    let judge = |ip: IpAddr| match ip.to_string().as_str() {
        "127.0.0.2" => None,
        _ => private(ip),
    };
    let inside = Server::saying(csv("id\nsecret\n"));
    let port = inside.url.port().expect("a port");
    for (to, wanted) in [
        (
            inside.url.to_string(),
            "127.0.0.1 is an address of this machine",
        ),
        (
            format!("http://localhost:{port}/"),
            "is an address of this machine",
        ),
        (
            format!("http://[::ffff:127.0.0.1]:{port}/"),
            "is an address of this machine",
        ),
        (
            format!("http://2130706433:{port}/"),
            "127.0.0.1 is an address of this machine",
        ),
        (
            "http://169.254.169.254/latest/meta-data/".into(),
            "169.254.169.254 is on the local link",
        ),
        ("file:///etc/passwd".into(), "is not an http address"),
        ("gopher://127.0.0.1/".into(), "is not an http address"),
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let outside = Server::at("127.0.0.2", move |_, _| Reply::Whole(redirect(&to)));
        let options = Options {
            private: false,
            ..menu(outside.url("menu.csv"))
        };
        let why = sources(root.path(), options)
            .judged_by(judge)
            .fetch("menu", at(0))
            .await;
        let why = why.expect_err("refused");
        assert!(why.message.contains(wanted), "{}", why.message);
        assert_eq!(outside.count(), 1);
    }
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn private_addresses_are_refused_before_anything_is_sent() {
    let server = Server::saying(csv("id\na\n"));
    let port = server.url.port().expect("a port");
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "0x7f.1",
        "10.1.2.3",
    ] {
        let root = tempfile::tempdir().expect("a folder");
        let url = format!("http://{host}:{port}/menu.csv")
            .parse()
            .expect("an address");
        let options = Options {
            private: false,
            ..menu(url)
        };
        let why = sources(root.path(), options)
            .fetch("menu", at(0))
            .await
            .expect_err("refused");
        assert_eq!(why.code, Code::SourceFailed);
        assert_eq!(
            why.hint.as_deref(),
            Some("`private = true` in the source allows it"),
            "{host}: {}",
            why.message
        );
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_was_checked_is_asked() {
    let server = Server::new(|_, number| {
        Reply::Whole(match number {
            0 => redirect("/menu.csv"),
            _ => csv("id\na\n"),
        })
    });
    let port = server.url.port().expect("a port");
    let resolving = |answers: &'static [&'static str]| {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let resolver: Arc<Resolver> = Arc::new(move |name| {
            assert_eq!(name, "menu.test");
            // what rebinds says another address each time
            let at = count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
            let ips = answers[at]
                .split(' ')
                .map(|ip| ip.parse().expect("an address"));
            let ips: Vec<IpAddr> = ips.collect();
            Box::pin(async move { Ok(ips) })
        });
        (resolver, asked)
    };
    let url: Url = format!("http://menu.test:{port}/")
        .parse()
        .expect("an address");
    let (resolver, asked) = resolving(&["127.0.0.1", "192.0.2.1"]);
    let root = tempfile::tempdir().expect("a folder");
    let own = sources(root.path(), menu(url.clone())).resolved_by(resolver);
    own.fetch("menu", at(0)).await.expect("a copy");
    assert_eq!((asked.load(Ordering::Relaxed), server.count()), (1, 2));
    // one private address among others is one too many
    for answers in [
        &["127.0.0.1"][..],
        &["93.184.216.34 10.0.0.1"],
        &["::ffff:10.0.0.1"],
    ] {
        let (resolver, _) = resolving(answers);
        let options = Options {
            private: false,
            ..menu(url.clone())
        };
        let root = tempfile::tempdir().expect("a folder");
        let why = sources(root.path(), options)
            .resolved_by(resolver)
            .fetch("menu", at(0))
            .await;
        assert!(why.expect_err("refused").message.contains("menu.test ("));
    }
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn secrets_go_to_the_first_origin_and_to_no_picture() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let picture = png.clone();
    let elsewhere = Server::new(move |request, _| {
        Reply::Whole(match request.contains("picture") {
            true => answer(200, "content-type: image/png\r\n", &picture),
            false => csv("id,photo\na,PICTURE\n"),
        })
    });
    let body = format!("id,photo\na,{}\nb,OWN\n", elsewhere.url("picture.png"));
    let away = elsewhere.url("data");
    let own = Server::new(move |request, _| {
        Reply::Whole(match request.split(' ').nth(1) {
            Some("/start") => redirect("/same"),
            Some("/same") => csv(&body),
            _ => redirect(&away),
        })
    });
    let environment = |name: &str| Some(format!("hush-{name}"));
    let header = |name: &'static str, value| Header {
        name: HeaderName::from_static(name),
        value,
    };
    let with_secrets = |url| Options {
        token_env: Some("TOKEN".into()),
        headers: vec![
            header("x-api-key", Given::Env("KEY".into())),
            header("x-team", Given::Plain("hush-team".into())),
        ],
        ..menu(url)
    };
    for path in ["start", "away"] {
        let sources = sources(root.path(), with_secrets(own.url(path)))
            .with_environment(Arc::new(environment));
        let mut copy = sources.fetch("menu", at(0)).await.expect("a copy");
        let columns = BTreeSet::from(["photo".to_owned()]);
        sources
            .pictures(&mut copy, &columns, When::Due, at(0))
            .await;
    }
    for request in own.heard() {
        for secret in [
            "authorization: Bearer hush-TOKEN",
            "x-api-key: hush-KEY",
            "x-team: hush-team",
        ] {
            assert!(request.contains(secret), "{request}");
        }
    }
    assert_eq!(elsewhere.count(), 2);
    for request in elsewhere.heard() {
        assert!(!request.contains("hush"), "{request}");
    }
    // nor is one in what is kept
    for name in ["menu.json"] {
        let kept = std::fs::read_to_string(root.path().join(".storypress/sources").join(name))
            .expect("it");
        assert!(!kept.contains("hush"), "{kept}");
    }
}

#[tokio::test]
async fn an_unset_secret_is_named_and_nothing_is_asked() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::saying(csv("id\na\n"));
    let options = Options {
        token_env: Some("SHEET_TOKEN".into()),
        ..menu(server.url("menu.csv"))
    };
    let sources = sources(root.path(), options).with_environment(Arc::new(|_| None));
    let why = sources.fetch("menu", at(0)).await.expect_err("no token");
    assert_eq!(
        why.message,
        "source `menu` failed: the environment variable `SHEET_TOKEN` is not set"
    );
    assert_eq!(server.count(), 0);
}

/// So many pages of two rows, as Airtable has them.
fn pages(count: usize) -> Server {
    Server::new(move |request, _| {
        let query = request.split(' ').nth(1).unwrap_or_default();
        let page: usize = query
            .split("offset=")
            .nth(1)
            .map_or(1, |n| n.parse().unwrap_or(1));
        let record = |n: usize| {
            format!(
                r#"{{"id": "rec{n}", "createdTime": "2026-11-28", "fields": {{"Title": "Dish {n}", "Price": 4.50}}}}"#
            )
        };
        let offset = match page < count {
            true => format!(r#", "offset": "{}""#, page + 1),
            false => String::new(),
        };
        let body = format!(
            r#"{{"records": [{}, {}]{offset}}}"#,
            record(2 * page - 1),
            record(2 * page)
        );
        Reply::Whole(answer(
            200,
            "content-type: application/json\r\netag: \"p\"\r\n",
            body,
        ))
    })
}

fn airtable(server: &Server) -> Options {
    Options {
        rows: Some("records".into()),
        fields: Some("fields".into()),
        next: Some(Next {
            param: Some("offset".into()),
            from: "offset".into(),
        }),
        ..menu(server.url("v0/menu?view=Day"))
    }
}

#[tokio::test]
async fn pages_are_one_table_and_a_hundred_and_first_is_too_many() {
    let server = pages(3);
    let root = tempfile::tempdir().expect("a folder");
    let sources_of = |root: &Path, server: &Server| sources(root, airtable(server));
    let own = sources_of(root.path(), &server);
    let copy = own.fetch("menu", at(0)).await.expect("a copy");
    let table = copy.table(None, &BTreeSet::new()).expect("rows");
    let rows: Vec<_> = table.rows.iter().flatten().collect();
    assert_eq!(rows.len(), 6);
    assert_eq!(
        (rows[5].key.as_deref(), rows[5].values["Title"].as_str()),
        (Some("rec6"), Some("Dish 6"))
    );
    assert!(
        text(&copy).contains("4.50"),
        "numbers stay as they are written"
    );
    assert!(server.heard()[1].starts_with("GET /v0/menu?view=Day&offset=2 "));
    // all pages are asked for again: the first one's tag says nothing about the others
    own.get("menu", When::Now, at(1)).await.expect("a copy");
    assert_eq!(server.count(), 6);
    for (count, is_good) in [(100, true), (101, false)] {
        let root = tempfile::tempdir().expect("a folder");
        let server = pages(count);
        let copy = sources_of(root.path(), &server).fetch("menu", at(0)).await;
        match is_good {
            true => assert_eq!(
                copy.expect("a copy")
                    .table(None, &BTreeSet::new())
                    .expect("rows")
                    .rows
                    .len(),
                200
            ),
            false => assert_eq!(
                copy.expect_err("too many").message,
                "source `menu` failed: more than 100 pages"
            ),
        }
        assert_eq!(server.count(), 100);
    }
}

#[tokio::test]
async fn pages_are_counted_together_and_do_not_go_round() {
    let server = pages(3);
    let root = tempfile::tempdir().expect("a folder");
    // two pages fit, three do not
    let options = Options {
        max_bytes: 600,
        ..airtable(&server)
    };
    let why = sources(root.path(), options)
        .fetch("menu", at(0))
        .await
        .expect_err("too large");
    assert_eq!(
        why.message,
        "source `menu` failed: more than 600 bytes came"
    );
    let round = Server::saying(answer(
        200,
        "content-type: application/json\r\n",
        r#"{"records": [], "offset": "1"}"#,
    ));
    let why = sources(root.path(), airtable(&round))
        .fetch("menu", at(0))
        .await
        .expect_err("a circle");
    assert_eq!(
        why.message,
        "source `menu` failed: page 2 names a page that was there before"
    );
}

#[tokio::test]
async fn an_error_in_json_is_no_rows() {
    let answer = answer(
        200,
        "content-type: application/json\r\n",
        r#"{"error": {"type": "NOT_FOUND"}}"#,
    );
    let server = Server::saying(answer);
    let root = tempfile::tempdir().expect("a folder");
    let why = sources(root.path(), airtable(&server))
        .fetch("menu", at(0))
        .await
        .expect_err("no rows");
    assert_eq!(
        why.message,
        "source `menu` failed: the answer has no `records`, where `rows` looks: it has `error`"
    );
}

#[tokio::test]
async fn pictures_are_files_and_a_missing_one_fails_its_row_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let is_down = Arc::new(AtomicUsize::new(0));
    let down = is_down.clone();
    let server = Server::new(move |request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        let is_known = request.contains("if-none-match: \"one\"");
        Reply::Whole(match path {
            "/menu.csv" => csv(&format!(
                "id,photo,link\na,http://{host}/1.png,http://{host}/x\nb,http://{host}/2.png,\nc,http://{host}/page,\nd,assets/own.jpg,\ne,http://{host}/1.png?v=2,\n"
            )),
            _ if down.load(Ordering::Relaxed) > 0 => answer(503, "", ""),
            "/1.png" if is_known => answer(304, "", ""),
            "/1.png" | "/1.png?v=2" => answer(200, "etag: \"one\"\r\n", &png),
            "/page" => answer(200, "content-type: text/html\r\n", "<html>"),
            _ => answer(404, "", ""),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let columns = BTreeSet::from(["photo".to_owned()]);
    let mut copy = sources.fetch("menu", at(0)).await.expect("a copy");
    sources
        .pictures(&mut copy, &columns, When::Due, at(0))
        .await;
    assert_eq!(server.count(), 5);
    let table = copy.table(None, &columns).expect("rows");
    let photo = |at: usize| {
        table.rows[at].as_ref().expect("good").values["photo"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert!(
        photo(0).starts_with(".storypress/sources/") && photo(0).ends_with(".png"),
        "{}",
        photo(0)
    );
    assert_eq!(photo(0), photo(4), "the same picture is one file");
    assert_eq!(photo(3), "assets/own.jpg");
    assert!(root.path().join(photo(0)).is_file());
    let why = |at: usize| table.rows[at].as_ref().map(|_| ()).map_err(said);
    assert_eq!(
        why(1),
        Err(format!(
            "missing-asset: row 2 (id b): column `photo`: no picture from {}: the server answered 404",
            server.url("2.png")
        ))
    );
    assert_eq!(
        why(2),
        Err(format!(
            "missing-asset: row 3 (id c): column `photo`: no picture from {}: a web page came in place of a picture",
            server.url("page")
        ))
    );
    // the same offline, from what is kept
    let mut known = sources.copy("menu", at(1)).expect("a copy");
    sources
        .pictures(&mut known, &columns, When::Never, at(1))
        .await;
    let table = known.table(None, &columns).expect("rows");
    assert_eq!(table.rows.iter().filter(|row| row.is_ok()).count(), 3);
    assert_eq!(server.count(), 5);
    // an outage takes no picture away
    is_down.store(1, Ordering::Relaxed);
    let mut later = sources
        .get("menu", When::Now, at(60))
        .await
        .expect("a copy");
    sources
        .pictures(&mut later, &columns, When::Now, at(60))
        .await;
    assert_eq!(
        later
            .table(None, &columns)
            .expect("rows")
            .rows
            .iter()
            .filter(|row| row.is_ok())
            .count(),
        3
    );
    let told = warned(&later);
    assert!(
        told.contains("stale-source: source `menu`: picture http://") && told.contains("1 h ago"),
        "{told}"
    );
}

#[tokio::test]
async fn a_feeds_thumbnails_are_fetched() {
    let root = tempfile::tempdir().expect("a folder");
    let png = PNG.to_vec();
    let server = Server::new(move |request, _| {
        let host = request
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default();
        Reply::Whole(match request.contains("/feed") {
            true => answer(
                200,
                "content-type: text/xml; charset=UTF-8\r\n",
                format!(
                    r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <title>A channel</title>
 <entry><id>yt:video:abc</id><yt:videoId>abc</yt:videoId><title>A film</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=abc"/>
  <author><name>A channel</name></author><published>2026-11-20T10:00:00+00:00</published>
  <media:group><media:title>A film</media:title>
   <media:content url="https://www.youtube.com/v/abc?version=3" type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="http://{host}/vi/abc/hqdefault.jpg" width="480" height="360"/>
   <media:description>What it is about</media:description>
  </media:group></entry></feed>"#
                ),
            ),
            false => answer(200, "", &png),
        })
    });
    let sources = sources(
        root.path(),
        menu(server.url("feeds/videos.xml?channel_id=UC")),
    );
    let columns = BTreeSet::from(["image".to_owned()]);
    let mut copy = sources.fetch("menu", at(0)).await.expect("a copy");
    assert!(copy.columns.is_empty(), "nobody chose a feed's columns");
    sources
        .pictures(&mut copy, &columns, When::Due, at(0))
        .await;
    let table = copy.table(None, &columns).expect("rows");
    let row = table.rows[0].as_ref().expect("a row");
    assert_eq!(row.key.as_deref(), Some("yt:video:abc"));
    assert_eq!(row.values["summary"], "What it is about");
    assert!(
        row.values["image"]
            .as_str()
            .expect("a path")
            .ends_with(".png")
    );
}

#[tokio::test]
async fn one_process_asks_and_the_others_wait_for_it() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, _| {
        std::thread::sleep(Duration::from_millis(100));
        Reply::Whole(csv("id\na\n"))
    });
    let each = (0..5).map(|_| sources(root.path(), menu(server.url("menu.csv"))));
    let each: Vec<_> = each.collect();
    let copies = each.iter().map(|sources| sources.fetch("menu", at(0)));
    for copy in futures_util::future::join_all(copies).await {
        assert_eq!(text(&copy.expect("a copy")), "id\na\n");
    }
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_record_that_is_torn_or_of_another_address_is_none() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|request, _| {
        Reply::Whole(csv(&format!(
            "id\n{}\n",
            request.split(' ').nth(1).unwrap_or_default()
        )))
    });
    let own = sources(root.path(), menu(server.url("one")));
    own.fetch("menu", at(0)).await.expect("a copy");
    let record = root.path().join(".storypress/sources/menu.json");
    let whole = std::fs::read(&record).expect("a record");
    std::fs::write(&record, &whole[..whole.len() / 2]).expect("a torn one");
    assert!(own.copy("menu", at(1)).is_err());
    assert!(own.fetch("menu", at(1)).await.expect("a copy").was_asked);
    let other = sources(root.path(), menu(server.url("two")));
    assert_eq!(
        other.copy("menu", at(2)).expect_err("none").message,
        "source `menu` failed: it was not fetched yet"
    );
    assert_eq!(
        text(&other.fetch("menu", at(2)).await.expect("a copy")),
        "id\n/two\n"
    );
}

#[tokio::test]
async fn a_column_that_a_sheet_loses_is_missed_until_that_is_accepted() {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::new(|_, number| {
        Reply::Whole(match number {
            0 => csv("id,title,price\na,Soup,4\n"),
            _ => csv("id,title\na,Soup\n"),
        })
    });
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    let needed = ["title", "price"].map(str::to_owned).into();
    let gone = |copy: &Copy| copy.gone(&copy.table(None, &BTreeSet::new()).expect("rows"), &needed);
    assert_eq!(
        gone(&sources.fetch("menu", at(0)).await.expect("a copy")),
        [""; 0]
    );
    for minutes in [20, 40] {
        let copy = sources.fetch("menu", at(minutes)).await.expect("a copy");
        assert_eq!(gone(&copy), ["price"]);
    }
    let mut copy = sources.copy("menu", at(41)).expect("a copy");
    let table = copy.table(None, &BTreeSet::new()).expect("rows");
    sources.accept_columns(&mut copy, &table).expect("a record");
    assert_eq!(
        gone(&sources.copy("menu", at(42)).expect("a copy")),
        [""; 0]
    );
}

#[test]
fn an_unknown_source_is_told_with_the_one_that_is_meant() {
    let sources = Sources::new(
        Path::new("/p"),
        vec![menu("https://a.org/".parse().expect("an address"))],
    );
    let why = sources.find("mneu").expect_err("none").to_string();
    assert_eq!(why, "no source `mneu`; did you mean `menu`?");
    let none = Sources::new(Path::new("/p"), Vec::new());
    assert_eq!(
        none.find("menu").expect_err("none").to_string(),
        "no source `menu`; the project file has no `[source.NAME]`"
    );
}
