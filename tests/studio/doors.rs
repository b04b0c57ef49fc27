//! The doors into a part of the studio: a phone for one hand-off, a calendar's address, a client's link.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use storypress::studio::{self, Options, Running};

use super::rehearsal::Rehearsal;
use super::stage::{client, text};

const SCHEDULE: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n\
    [schedule.late]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['21:00']\n";

/// What no guest may reach: pages, the API, its description, its events.
const ELSEWHERE: [&str; 17] = [
    "/",
    "/calendar",
    "/approve",
    "/stories",
    "/stories.csv",
    "/accounts",
    "/batch",
    "/edit/templates/menu.toml",
    "/shared/000000000000",
    "/handoff/0000",
    "/api/v1/session",
    "/api/v1/openapi.json",
    "/api/v1/events",
    "/api/v1/templates",
    "/api/v1/templates/templates/menu.toml",
    "/api/v1/slots",
    "/api/v1/stories",
];

/// A browser that has this cookie, and no other.
struct Door<'a> {
    url: &'a str,
    cookie: String,
}

impl<'a> Door<'a> {
    /// Opens a session with a secret.
    async fn open(url: &'a str, token: &str) -> Option<Self> {
        let asked = client()
            .post(format!("{url}/api/v1/session"))
            .json(&json!({ "token": token }));
        let begun = asked.send().await.expect("an answer");
        let set = text(begun.headers(), "set-cookie");
        match begun.status().as_u16() {
            204 => {
                assert!(set.contains("HttpOnly; SameSite=Strict; Path=/"), "{set}");
                let cookie = set.split(';').next().expect("a pair").to_owned();
                Some(Self { url, cookie })
            }
            403 => None,
            other => panic!("{other}"),
        }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut asked = client().request(method, format!("{}{path}", self.url));
        asked = asked.header("Cookie", &self.cookie);
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        asked.send().await.expect("an answer")
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let asked = client()
            .post(format!("{}{path}", self.url))
            .header("Cookie", &self.cookie)
            .header("Sec-Fetch-Site", "same-origin")
            .form(fields);
        asked.send().await.expect("an answer")
    }

    /// Everything else is closed, reads and writes.
    async fn is_closed_elsewhere(&self) {
        for path in ELSEWHERE {
            let found = self.ask(Method::GET, path, &[]).await;
            assert_eq!(found.status(), 403, "GET {path}");
            let page = found.text().await.expect("a body");
            assert!(!page.contains("menu"), "{path} says something: {page}");
        }
        for (method, path) in [
            (Method::PUT, "/api/v1/templates/templates/menu.toml"),
            (Method::DELETE, "/api/v1/templates/templates/menu.toml"),
            (Method::POST, "/api/v1/preview"),
            (Method::POST, "/api/v1/schedules/menu/pause"),
            (Method::DELETE, "/api/v1/session"),
            (Method::POST, "/passes"),
            (Method::POST, "/calendar/pause/menu"),
            (Method::POST, "/approve"),
        ] {
            let found = self.ask(method.clone(), path, &[]).await;
            assert_eq!(found.status(), 403, "{method} {path}");
        }
    }
}

/// A studio that also answers by another name, on the project and the sandbox of a rehearsal.
async fn named(of: &Rehearsal) -> Running {
    let options = Options {
        listen: "127.0.0.1:0".into(),
        allow_hosts: vec!["phone.test".into()],
        folder: of.root.clone(),
        project: Some(of.root.join("storypress.toml")),
        sandbox: Some(of.sandbox.url.parse().expect("an address")),
    };
    studio::start(&options).await.expect("a studio")
}

async fn whole(running: &Running) -> Door<'_> {
    let start = running.start_url().expect("an address");
    let token = start.split_once("#token=").expect("a fragment").1;
    Door::open(&running.url, token).await.expect("a session")
}

/// A page's text, as a browser reads it.
async fn page(answer: Response) -> String {
    assert_eq!(answer.status(), 200);
    let policy = text(answer.headers(), "content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(text(answer.headers(), "cache-control"), "no-store");
    let page = answer.text().await.expect("a page");
    for word in ["<style", " style=", "<script>", " onclick="] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    page.replace("&#x2f;", "/")
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).expect(after).0
}

/// The eight digits that the page of a hand-off shows.
fn digits(page: &str) -> String {
    let shown = between(page, "class=\"digits\">", "</p>");
    shown.chars().filter(char::is_ascii_digit).collect()
}

async fn stories(of: &Rehearsal, count: usize) -> Vec<Value> {
    for number in 0..count {
        let set = format!("dish=number {number}");
        let call = [
            "render",
            "templates/menu.toml",
            "-o",
            "out",
            "--set",
            &set,
            "--publish",
        ];
        of.call(&call).await;
    }
    let list = of.get("stories", 200).await;
    let items = list["items"].as_array().expect("items").clone();
    assert_eq!(items.len(), count);
    items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_gets_one_hand_off_by_a_code_that_works_once() {
    let of = Rehearsal::new(SCHEDULE).await;
    let items = stories(&of, 2).await;
    let [one, other] = [0, 1].map(|at: usize| items[at]["id"].as_str().expect("an id").to_owned());
    let sha256 = items[0]["outputs"][0]["sha256"].clone();
    let running = named(&of).await;
    let desk = whole(&running).await;
    let home = format!("/handoff/{one}");
    let shown = page(desk.ask(Method::GET, &home, &[]).await).await;
    let port = running.studio.port;
    let address = format!("http://phone.test:{port}{home}");
    assert!(
        shown.contains(&address) && shown.contains("class=\"qr\""),
        "{shown}"
    );
    // the secret for the camera is in the drawing alone
    assert!(!shown.contains("token="), "{shown}");
    let code = digits(&shown);
    assert_eq!(code.len(), 8);
    // by the name that a proxy has, with its scheme
    let by_proxy = [("Host", "phone.test"), ("X-Forwarded-Proto", "https")];
    let proxied = page(desk.ask(Method::GET, &home, &by_proxy).await).await;
    assert!(proxied.contains(&format!("https://phone.test{home}")));

    // without JavaScript: a form to type it
    let bare = client().get(format!("{}{home}", running.url));
    let shell = bare.send().await.expect("an answer");
    assert_eq!(text(shell.headers(), "storypress-shell"), "1");
    let typed = format!("{} {}", &code[..4], &code[4..]);
    let begin = || {
        client()
            .post(format!("{}/api/v1/session", running.url))
            .form(&[("token", &typed)])
    };
    let begun = begin().send().await.expect("an answer");
    assert_eq!(begun.status(), 303);
    assert_eq!(text(begun.headers(), "location"), home);
    let set = text(begun.headers(), "set-cookie");
    assert_eq!(begin().send().await.expect("an answer").status(), 403);
    let phone = Door {
        url: &running.url,
        cookie: set.split(';').next().expect("a pair").to_owned(),
    };
    let shown = page(phone.ask(Method::GET, &home, &[]).await).await;
    assert!(shown.contains("id=\"share\"") && !shown.contains("class=\"qr\""));
    assert!(!shown.contains("/calendar"), "nothing leads to the rest");

    let media = format!("{home}/media");
    let whole = phone.ask(Method::GET, &media, &[]).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(text(whole.headers(), "content-type"), "image/jpeg");
    assert_eq!(text(whole.headers(), "cache-control"), "no-store");
    assert_eq!(sha256, text(whole.headers(), "storypress-sha256"));
    let bytes = whole.bytes().await.expect("bytes");
    let range = [("Range", "bytes=10-19")];
    let part = phone.ask(Method::GET, &media, &range).await;
    assert_eq!(part.status(), 206);
    let wanted = format!("bytes 10-19/{}", bytes.len());
    assert_eq!(text(part.headers(), "content-range"), wanted);
    assert_eq!(part.bytes().await.expect("bytes"), bytes.slice(10..20));
    let beyond = [("Range", "bytes=99999999-")];
    assert_eq!(phone.ask(Method::GET, &media, &beyond).await.status(), 416);

    phone.is_closed_elsewhere().await;
    for path in [
        format!("/handoff/{other}"),
        format!("/handoff/{other}/media"),
        format!("/stories/{one}"),
    ] {
        assert_eq!(
            phone.ask(Method::GET, &path, &[]).await.status(),
            403,
            "{path}"
        );
    }
    let told = phone
        .form(&format!("/handoff/{other}"), &[("act", "live")])
        .await;
    assert_eq!(told.status(), 403);
    // it is live already, and nothing is made of it that was not so
    let told = phone.form(&home, &[("act", "skipped")]).await;
    assert_eq!(told.status(), 409);
    let elsewhere = phone.ask(Method::POST, &home, &[("Origin", "https://evil.example")]);
    assert_eq!(elsewhere.await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_cannot_be_guessed_and_a_studio_on_loopback_says_how_to_reach_it() {
    let of = Rehearsal::new(SCHEDULE).await;
    let items = stories(&of, 1).await;
    let home = format!("/handoff/{}", items[0]["id"].as_str().expect("an id"));
    let running = named(&of).await;
    let desk = whole(&running).await;
    let code = digits(&page(desk.ask(Method::GET, &home, &[]).await).await);
    for number in 0..10 {
        let guess = format!("{number:08}");
        assert!(guess == code || Door::open(&running.url, &guess).await.is_none());
    }
    assert!(
        Door::open(&running.url, &code).await.is_none(),
        "void by then"
    );
    // a token in a query is never taken
    let asked = client().get(format!("{}{home}?token={code}", running.url));
    let answer = asked.send().await.expect("an answer");
    assert_eq!(text(answer.headers(), "storypress-shell"), "1");

    let alone = whole(&of.running).await;
    let shown = page(alone.ask(Method::GET, &home, &[]).await).await;
    assert!(shown.contains("--allow-host") && !shown.contains("class=\"qr\""));
    let gone = alone.ask(Method::GET, "/handoff/none", &[]).await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_has_a_secret_address_that_can_be_changed() {
    let of = Rehearsal::new(SCHEDULE).await;
    let running = named(&of).await;
    let desk = whole(&running).await;
    let make = || desk.form("/passes", &[("for", "calendar")]);
    let shown = page(make().await).await;
    let secret = between(&shown, "/feed/", ".ics").to_owned();
    assert_eq!(secret.len(), 64);
    // it is shown once, and only its hash is kept
    let calendar = page(desk.ask(Method::GET, "/calendar", &[]).await).await;
    assert!(!calendar.contains(&secret) && calendar.contains("Make another address"));
    let file = of.root.join(".storypress/studio-passes.json");
    let kept = std::fs::read_to_string(&file).expect("a file");
    assert!(!kept.contains(&secret));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);

    let ask = |secret: &str, host: &str| {
        let asked = client().get(format!("{}/feed/{secret}.ics", running.url));
        asked.header("Host", host.to_owned()).send()
    };
    let own = running.url.trim_start_matches("http://").to_owned();
    let found = ask(&secret, "phone.test").await.expect("an answer");
    assert_eq!(found.status(), 200);
    assert_eq!(
        text(found.headers(), "content-type"),
        "text/calendar; charset=utf-8"
    );
    let feed = found.text().await.expect("a body");
    let lines: Vec<&str> = feed.split("\r\n").collect();
    assert!(
        lines
            .iter()
            .all(|line| line.len() <= 75 && !line.contains('\n'))
    );
    let next = of.get("slots", 200).await;
    let one = &next["items"][1];
    let id = one["id"].as_str().expect("an id");
    let event = between(&feed, &format!("UID:{id}\r\n"), "END:VEVENT");
    let due: String = one["due"].as_str().expect("a time").replace(['-', ':'], "");
    assert!(event.contains(&format!("DTSTART:{due}\r\n")), "{event}");
    assert!(event.contains("STATUS:CONFIRMED") && event.contains("SUMMARY:menu"));
    // a slot that somebody skips is called off
    let path = format!("slots/{}/skip", id.replace('@', "%40").replace(':', "%3A"));
    of.post(&path, &json!({}), 200).await;
    let feed = ask(&secret, &own)
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a body");
    let event = between(&feed, &format!("UID:{id}\r\n"), "END:VEVENT");
    assert!(event.contains("STATUS:CANCELLED"), "{event}");

    // another name, another secret, another kind of request
    assert_eq!(
        ask(&secret, "rebound.example")
            .await
            .expect("an answer")
            .status(),
        403
    );
    for wrong in ["0", &secret[1..], &"0".repeat(64)] {
        assert_eq!(
            ask(wrong, &own).await.expect("an answer").status(),
            404,
            "{wrong}"
        );
    }
    let write = client()
        .post(format!("{}/feed/{secret}.ics", running.url))
        .send();
    assert_eq!(write.await.expect("an answer").status(), 403);
    assert!(
        Door::open(&running.url, &secret).await.is_none(),
        "it opens no session"
    );

    let shown = page(make().await).await;
    let second = between(&shown, "/feed/", ".ics").to_owned();
    assert_eq!(ask(&secret, &own).await.expect("an answer").status(), 404);
    assert_eq!(ask(&second, &own).await.expect("an answer").status(), 200);
    let calendar = page(desk.ask(Method::GET, "/calendar", &[]).await).await;
    let id = between(&calendar, "action=\"/passes/", "\"");
    assert_eq!(desk.form(&format!("/passes/{id}"), &[]).await.status(), 303);
    assert_eq!(ask(&second, &own).await.expect("an answer").status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_the_slots_of_a_link_and_nothing_else() {
    let of = Rehearsal::new(SCHEDULE).await;
    let next = of.get("slots", 200).await;
    let items = next["items"].as_array().expect("items").clone();
    let day = |item: &Value| item["local"].as_str().expect("a time")[..10].to_owned();
    let first = day(&items[4]);
    let running = named(&of).await;
    let desk = whole(&running).await;
    let fields = [
        ("for", "client"),
        ("from", &first),
        ("to", &first),
        ("schedule", "menu"),
        ("name", "Café <Sol>"),
    ];
    let shown = page(desk.form("/passes", &fields).await).await;
    let address = between(&shown, "value=\"http://", "\"");
    let (home, secret) = address.split_once("#token=").expect("a fragment");
    let home = &home[home.find('/').expect("a path")..];
    let guest = Door::open(&running.url, secret).await.expect("a session");
    assert!(
        Door::open(&running.url, secret).await.is_some(),
        "also on another device"
    );

    let seen = page(guest.ask(Method::GET, home, &[]).await).await;
    assert!(seen.contains("Café &lt;Sol&gt;"), "{seen}");
    assert_eq!(seen.matches("class=\"tile\"").count(), 1, "{seen}");
    for word in ["/calendar", "/approve", "/edit", "toml", "<form", "late"] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
    let encoded = |id: &str| id.replace('@', "%40").replace(':', "%3A");
    let meant = items
        .iter()
        .filter(|item| item["schedule"] == "menu" && day(item) == first);
    let own = encoded(
        meant
            .map(|item| item["id"].as_str().expect("an id"))
            .next()
            .expect("one"),
    );
    let one = format!("{home}/slots/{own}");
    let seen = page(guest.ask(Method::GET, &one, &[]).await).await;
    assert!(seen.contains("class=\"chrome") && seen.contains("09:00"));
    let picture = guest
        .ask(Method::GET, &format!("{one}/picture?width=108"), &[])
        .await;
    assert_eq!(picture.status(), 200);
    // the same days of another schedule, another day of the same schedule
    for item in items
        .iter()
        .filter(|item| !own.eq(&encoded(item["id"].as_str().expect("an id"))))
    {
        let id = encoded(item["id"].as_str().expect("an id"));
        for path in [
            format!("{home}/slots/{id}"),
            format!("{home}/slots/{id}/picture"),
        ] {
            assert_eq!(
                guest.ask(Method::GET, &path, &[]).await.status(),
                404,
                "{path}"
            );
        }
    }
    guest.is_closed_elsewhere().await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        assert_eq!(guest.ask(method, home, &[]).await.status(), 403);
    }
    let approve = format!("/api/v1/slots/{own}/approve");
    assert_eq!(guest.ask(Method::POST, &approve, &[]).await.status(), 403);

    // it is listed, and ends for who is in already
    let list = page(desk.ask(Method::GET, "/approve", &[]).await).await;
    assert!(list.contains("Café &lt;Sol&gt;") && !list.contains(secret));
    let id = between(&list, "action=\"/passes/", "\"");
    assert_eq!(desk.form(&format!("/passes/{id}"), &[]).await.status(), 303);
    let ended = guest.ask(Method::GET, home, &[]).await;
    assert_eq!(text(ended.headers(), "storypress-shell"), "1");
    let picture = format!("{one}/picture?width=108");
    let ended = guest.ask(Method::GET, &picture, &[]).await;
    assert_eq!(text(ended.headers(), "storypress-shell"), "1");
    assert!(Door::open(&running.url, secret).await.is_none());
    assert_eq!(desk.form(&format!("/passes/{id}"), &[]).await.status(), 404);

    let id = items[4]["id"].as_str().expect("an id");
    for wrong in [
        [("for", "client"), ("from", "soon"), ("to", &first)],
        [
            ("for", "client"),
            ("from", "2027-01-01"),
            ("to", "2026-01-01"),
        ],
        [
            ("for", "client"),
            ("from", "2026-01-01"),
            ("to", "2027-01-01"),
        ],
        [("for", "client"), ("slot", id), ("days", "91")],
        [("for", "client"), ("slot", id), ("days", "0")],
    ] {
        assert_eq!(
            desk.form("/passes", &wrong).await.status(),
            422,
            "{wrong:?}"
        );
    }
    let unknown = [("for", "client"), ("slot", "none@2026-01-01T09:00")];
    assert_eq!(desk.form("/passes", &unknown).await.status(), 404);
}
