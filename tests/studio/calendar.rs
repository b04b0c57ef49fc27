//! The calendar, approvals, stories and accounts: as programs ask, and as pages without JavaScript.

use reqwest::Method;
use serde_json::{Value, json};

use super::rehearsal::Rehearsal;
use super::stage::{Stage, json as read};

const WAITING: &str = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n\
    freeze = '3d'\napprove = true\nunapproved = 'hold'\n\
    [schedule.plain]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['18:30']\n";

/// A slot's name as a part of an address.
fn encoded(id: &str) -> String {
    id.replace('%', "%25")
        .replace('@', "%40")
        .replace(':', "%3A")
        .replace('/', "%2F")
        .replace('#', "%23")
}

/// The first item that has this state, or this schedule.
fn first<'a>(list: &'a Value, name: &str, value: &str) -> &'a Value {
    let items = list["items"].as_array().expect("items");
    let found = items.iter().find(|item| item[name] == value);
    found.unwrap_or_else(|| panic!("none has {name} = {value}: {list}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_of_days_are_listed_and_looking_makes_no_store() {
    let schedule = "[schedule.menu]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['09:00']\n\
        timezone = 'Europe/Madrid'\naccount = ['main', 'second']\ndata = 'menu.csv'\npick = 'next'\n";
    let project = "[project]\ntemplates = 'templates'\ntimezone = 'Europe/Madrid'\n\
        [accounts.main]\nlogin = 'instagram'\nuser_id = '1'\n[accounts.second]\nlogin = 'instagram'\nuser_id = '2'\n";
    let stage = Stage::with(&[("storypress.toml", project), ("schedule.toml", schedule)]).await;
    let list = read(stage.get("slots?from=2099-12-01&to=2099-12-02").await, 200).await;
    let items = list["items"].as_array().expect("items");
    let ids: Vec<&str> = items
        .iter()
        .map(|item| item["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(
        ids,
        [
            "menu@2099-12-01T09:00/main",
            "menu@2099-12-01T09:00/second",
            "menu@2099-12-02T09:00/main",
            "menu@2099-12-02T09:00/second",
        ],
        "both days are included"
    );
    let one = &items[0];
    assert_eq!(one["slot"]["id"], one["id"]);
    assert_eq!(one["due"], "2099-12-01T08:00:00Z");
    assert_eq!(one["local"], "2099-12-01T09:00:00+01:00");
    assert_eq!(
        (&one["zone"], &one["account"]),
        (&json!("Europe/Madrid"), &json!("main"))
    );
    // three rows for many more slots: the data is used up long before
    assert_eq!(one["diagnostics"][0]["code"], "no-row");
    let found = read(stage.get(&format!("slots/{}", encoded(ids[1]))).await, 200).await;
    assert_eq!(found["id"], ids[1]);
    assert_eq!(found["trail"], json!([]));
    read(
        stage.get("slots/menu%402099-12-01T10%3A00%2Fmain").await,
        404,
    )
    .await;
    read(stage.get("slots/none%402099-12-01T09%3A00").await, 404).await;
    read(stage.get("slots?from=soon").await, 422).await;
    read(stage.get("slots?from=2099-12-02&to=2099-12-01").await, 422).await;
    for path in ["stories", "insights"] {
        assert_eq!(
            read(stage.get(path).await, 200).await["items"],
            json!([]),
            "{path}"
        );
    }
    let wrong = stage.ask(Method::POST, "slots/none%402099-12-01T09%3A00/skip");
    read(wrong.send().await.expect("an answer"), 404).await;
    assert!(!stage.root.join(".storypress/store.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_of_a_slot_is_what_schedule_next_renders() {
    let rehearsal = Rehearsal::new(WAITING).await;
    let told = rehearsal
        .call(&[
            "schedule", "next", "--count", "2", "--out", "ahead", "--json",
        ])
        .await;
    let told: Value = serde_json::from_str(&told).expect("a report");
    for item in told["items"].as_array().expect("items") {
        let id = item["slot"]["id"].as_str().expect("an id");
        let path = format!("slots/{}/picture", encoded(id));
        let answer = rehearsal
            .ask(Method::GET, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        let tag = answer.headers()["etag"].clone();
        let bytes = answer.bytes().await.expect("a picture");
        let file = item["outputs"][0]["path"].as_str().expect("a file");
        assert_eq!(bytes, std::fs::read(file).expect("the file"), "{id}");
        let again = rehearsal
            .ask(Method::GET, &path)
            .header("If-None-Match", tag);
        assert_eq!(again.send().await.expect("an answer").status(), 304);
        let small = rehearsal.ask(Method::GET, &format!("{path}?width=90"));
        let small = small
            .send()
            .await
            .expect("an answer")
            .bytes()
            .await
            .expect("a picture");
        assert!(!small.is_empty() && small != bytes);
    }
}

/// A still that moves, for half a minute.
const FILM: &str = "[output]\nsize = [270, 480]\nseconds = 30\n[canvas]\nbackground = '#203040'\n\
    [[layer]]\ntype = 'text'\ntext = '{{ today }}'\nleft = 64\nright = 64\ntop = 600\nsize = 90\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_of_a_film_is_made_without_the_film() {
    let schedule =
        "[schedule.film]\ntemplate = 'templates/film.toml'\ndays = 'daily'\ntimes = ['09:00']\n";
    let rehearsal = Rehearsal::new(schedule).await;
    std::fs::write(rehearsal.root.join("templates/film.toml"), FILM).expect("a file");
    let list = rehearsal.get("slots", 200).await;
    let id = first(&list, "schedule", "film")["id"]
        .as_str()
        .expect("an id");
    let path = format!("slots/{}/picture?width=90", encoded(id));
    let tile = rehearsal.ask(Method::GET, &path).send().await;
    let tile = tile.expect("an answer");
    assert_eq!(tile.status(), 200, "{}", tile.text().await.expect("a text"));
    assert_eq!(tile.headers()["content-type"], "image/jpeg");
    let mut open = vec![rehearsal.root.join(".storypress/studio")];
    let mut made = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path().is_dir() {
                true => open.push(entry.path()),
                false => made.push(entry.path()),
            }
        }
    }
    let of = |ending: &str| {
        let is_one = |path: &&std::path::PathBuf| path.extension().is_some_and(|e| e == ending);
        made.iter().filter(is_one).count()
    };
    assert_eq!((of("mp4"), of("jpg")), (0, 2), "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_decided_about_once_its_picture_is_there() {
    let rehearsal = Rehearsal::new(WAITING).await;
    let list = rehearsal.get("slots", 200).await;
    let planned = first(&list, "schedule", "menu")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let at = format!("slots/{}", encoded(&planned));
    // no worker has made a picture
    rehearsal
        .post(
            &format!("{at}/approve"),
            &json!({ "sha256": "0123456789abcdef" }),
            409,
        )
        .await;
    rehearsal.call(&["worker", "--once", "--quiet"]).await;
    let slot = rehearsal.get(&at, 200).await;
    assert_eq!(slot["state"], "waiting");
    let sha256 = slot["slot"]["sha256"].as_str().expect("a hash").to_owned();
    rehearsal
        .post(
            &format!("{at}/approve"),
            &json!({ "sha256": "0123456789abcdef" }),
            412,
        )
        .await;
    rehearsal
        .post(&format!("{at}/approve"), &json!({}), 422)
        .await;
    let broken = rehearsal
        .ask(Method::POST, &format!("{at}/approve"))
        .body("{");
    read(broken.send().await.expect("an answer"), 400).await;
    let body = json!({ "sha256": sha256, "by": "ana" });
    let keyed = || {
        rehearsal
            .ask(Method::POST, &format!("{at}/approve"))
            .header("Idempotency-Key", "one")
            .json(&body)
    };
    let approved = read(keyed().send().await.expect("an answer"), 200).await;
    assert_eq!(approved["approval"]["by"], "ana");
    let again = read(keyed().send().await.expect("an answer"), 200).await;
    assert_eq!(
        again["approval"]["at"], approved["approval"]["at"],
        "it is done once"
    );
    let trail = rehearsal.get(&at, 200).await["trail"].clone();
    let lines: Vec<&Value> = trail
        .as_array()
        .expect("a trail")
        .iter()
        .filter(|line| line["what"] == "approved")
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["by"], "ana");
    let rejected = rehearsal
        .post(
            &format!("{at}/reject"),
            &json!({ "reason": "the price" }),
            200,
        )
        .await;
    assert_eq!(rejected["rejection"]["reason"], "the price");
    assert_eq!(rejected["rejection"]["by"], "api");
    let other = first(&rehearsal.get("slots", 200).await, "schedule", "plain")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let other = format!("slots/{}", encoded(&other));
    rehearsal
        .post(
            &format!("{other}/move"),
            &json!({ "to": "2001-01-01T09:00" }),
            422,
        )
        .await;
    rehearsal
        .post(
            &format!("{other}/move"),
            &json!({ "to": "2099-01-01" }),
            422,
        )
        .await;
    let moved = rehearsal
        .post(
            &format!("{other}/move"),
            &json!({ "to": "2099-01-02T10:30" }),
            200,
        )
        .await;
    assert_eq!(moved["due"], "2099-01-02T09:30:00Z");
    assert_eq!(moved["local"], "2099-01-02T10:30:00+01:00");
    let there = rehearsal
        .get("slots?from=2099-01-02&to=2099-01-02", 200)
        .await;
    first(&there, "id", moved["id"].as_str().expect("an id"));
    assert_eq!(
        rehearsal
            .post(
                &format!("{other}/skip"),
                &json!({ "reason": "closed" }),
                200
            )
            .await["state"],
        "skipped"
    );
    rehearsal
        .post(&format!("{other}/skip"), &json!({}), 409)
        .await;
    assert_eq!(
        rehearsal
            .post(&format!("{other}/run"), &json!({}), 200)
            .await["state"],
        "planned"
    );
    let paused = rehearsal
        .post(
            "schedules/plain/pause",
            &json!({ "reason": "holiday" }),
            200,
        )
        .await;
    assert_eq!(paused["by"], "api");
    assert_eq!(rehearsal.get(&other, 200).await["state"], "paused");
    rehearsal
        .post(&format!("{other}/run"), &json!({}), 409)
        .await;
    rehearsal
        .post("schedules/none/pause", &json!({}), 404)
        .await;
    assert_eq!(
        rehearsal
            .post("schedules/plain/resume", &json!({}), 200)
            .await["was_paused"],
        true
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_and_accounts_are_told_and_decided_about() {
    let rehearsal = Rehearsal::new(WAITING).await;
    let accounts = rehearsal.get("accounts", 200).await;
    let main = first(&accounts, "name", "main");
    assert_eq!(main["login"], "instagram");
    assert!(
        main["username"].is_string() && main["quota"]["used"].is_number(),
        "{main}"
    );
    assert_eq!(main["paused"], false);
    rehearsal
        .call(&["render", "templates/menu.toml", "-o", "out", "--publish"])
        .await;
    let list = rehearsal.get("stories", 200).await;
    let live = first(&list, "state", "live");
    assert_eq!(live["story"]["state"], "live");
    assert!(live["account"].is_string());
    let id = live["id"].as_str().expect("an id").to_owned();
    let one = rehearsal.get(&format!("stories/{id}"), 200).await;
    assert!(!one["trail"].as_array().expect("a trail").is_empty());
    rehearsal
        .post(&format!("stories/{id}/retry"), &json!({}), 409)
        .await;
    rehearsal
        .post(&format!("stories/{id}/cancel"), &json!({}), 409)
        .await;
    rehearsal
        .post(
            &format!("stories/{id}/resolve"),
            &json!({ "live": true }),
            409,
        )
        .await;
    rehearsal
        .post(&format!("stories/{id}/resolve"), &json!({}), 422)
        .await;
    rehearsal
        .post("stories/zzzzzzzz/retry", &json!({}), 404)
        .await;
    let insights = rehearsal.get("insights", 200).await;
    assert_eq!(insights["items"][0]["id"], id);
    assert!(insights["items"][0]["numbers"].is_object(), "{insights}");
    let paused = rehearsal
        .post("accounts/main/pause", &json!({ "reason": "a break" }), 200)
        .await;
    assert_eq!(paused["state"], "paused");
    assert_eq!(
        first(&rehearsal.get("accounts", 200).await, "name", "main")["paused"],
        true
    );
    rehearsal
        .post("accounts/main/resume", &json!({}), 200)
        .await;
    rehearsal.post("accounts/none/pause", &json!({}), 404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_javascript() {
    let rehearsal = Rehearsal::new(WAITING).await;
    rehearsal
        .call(&["render", "templates/menu.toml", "-o", "out", "--publish"])
        .await;
    rehearsal.call(&["worker", "--once", "--quiet"]).await;
    let browser = rehearsal.browser().await;
    assert!(
        browser
            .page("/")
            .await
            .contains("/templates/picture/templates/menu.toml")
    );
    for view in ["month", "week", "list"] {
        let page = browser.page(&format!("/calendar?view={view}")).await;
        assert!(page.contains("menu"), "{view}");
    }
    let list = rehearsal.get("slots", 200).await;
    let waiting = first(&list, "state", "waiting");
    let id = waiting["id"].as_str().expect("an id").to_owned();
    let sha256 = waiting["slot"]["sha256"]
        .as_str()
        .expect("a hash")
        .to_owned();
    let asked = browser.page("/approve").await;
    assert!(asked.contains(&sha256), "{asked}");
    assert!(
        browser
            .page(&format!("/approve/{}", encoded(&id)))
            .await
            .contains("Approve")
    );
    let place = format!("/calendar/slot/{}", encoded(&id));
    let fields = [
        ("act", "approve"),
        ("sha256", sha256.as_str()),
        ("by", "Ana"),
        ("back", "/approve"),
    ];
    assert_eq!(
        browser.form(&place, &fields).await,
        "/approve?said=approved"
    );
    assert!(browser.page(&place).await.contains("by Ana"));
    // not to a page of somebody else
    let fields = [
        ("act", "reject"),
        ("reason", "<b>no</b>"),
        ("back", "//example.com"),
    ];
    assert_eq!(
        browser.form(&place, &fields).await,
        "/calendar?said=rejected"
    );
    let page = browser.page(&place).await;
    assert!(page.contains("&lt;b&gt;no") && !page.contains("<b>no"));
    let others: Vec<String> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter(|item| item["state"] == "waiting" && item["id"] != id)
        .map(|item| {
            format!(
                "{} {}",
                item["slot"]["sha256"].as_str().expect("a hash"),
                item["id"].as_str().expect("an id")
            )
        })
        .collect();
    let ticked: Vec<(&str, &str)> = others
        .iter()
        .map(|value| ("slot", value.as_str()))
        .collect();
    assert!(!ticked.is_empty());
    assert_eq!(
        browser.form("/approve", &ticked).await,
        "/approve?said=approved"
    );
    assert!(
        browser
            .page("/approve?said=approved")
            .await
            .contains("goes out at its time")
    );
    let stories = browser.page("/stories").await;
    assert!(
        stories.contains("Live and past") && stories.contains("menu"),
        "{stories}"
    );
    let story = rehearsal.get("stories", 200).await;
    let story = first(&story, "state", "live")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert!(
        browser
            .page(&format!("/stories/{story}"))
            .await
            .contains("What was done")
    );
    assert!(browser.page("/accounts").await.contains("main"));
    assert_eq!(
        browser.form("/accounts/main", &[("act", "pause")]).await,
        "/accounts?said=paused"
    );
    assert!(browser.page("/accounts").await.contains("Let it go on"));
    assert_eq!(
        browser
            .form("/calendar/pause/plain", &[("act", "pause")])
            .await,
        "/calendar?said=paused"
    );
    let new = [("name", "copy"), ("from", "templates/menu.toml")];
    assert_eq!(
        browser.form("/templates/new", &new).await,
        "/edit/templates/copy.toml"
    );
    assert!(rehearsal.root.join("templates/copy.toml").is_file());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_counts_what_goes_out_and_tells_the_projects_time() {
    let schedule = "[schedule.all]\ntemplate = 'templates/menu.toml'\ndays = ['2099-12-03']\ntimes = ['08:00']\n\
        data = 'menu.csv'\npick = 'all'\n\
        [schedule.plain]\ntemplate = 'templates/menu.toml'\ndays = ['2099-12-03']\ntimes = ['10:00', '11:00']\n\
        [schedule.kiwi]\ntemplate = 'templates/menu.toml'\ndays = ['2099-12-04']\ntimes = ['09:00']\n\
        timezone = 'Pacific/Auckland'\n";
    let project = "[project]\ntemplates = 'templates'\ntimezone = 'Europe/Madrid'\n\
        [accounts.main]\nlogin = 'instagram'\nuser_id = '1'\n";
    let stage = Stage::with(&[("storypress.toml", project), ("schedule.toml", schedule)]).await;
    let day = async || {
        let page = stage.page("/calendar?view=list&date=2099-12-03").await;
        page.replace("&#x2f;", "/")
    };
    let page = day().await;
    assert!(
        page.contains(">6/100<"),
        "three rows and three slots: {page}"
    );
    // the card stands on the project's day, at the project's time
    assert!(page.contains(" data-tile>21:00<"), "{page}");
    assert!(page.contains("4 Dec 09:00 Pacific/Auckland"), "{page}");
    assert!(
        page.contains("data-time=\"21:00\" data-zone=\"Europe/Madrid\""),
        "{page}"
    );
    let skip = encoded("plain@2099-12-03T10:00");
    stage
        .post(&format!("slots/{skip}/skip"), json!({}), 200)
        .await;
    let page = day().await;
    assert!(
        page.contains(">5/100<"),
        "what is skipped does not go out: {page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slot_of_a_series_is_no_story_beside_its_rows() {
    let schedule = "[schedule.all]\ntemplate = 'templates/menu.toml'\ndays = 'daily'\ntimes = ['23:59']\n\
        data = 'menu.csv'\npick = 'all'\n";
    let rehearsal = Rehearsal::new(schedule).await;
    std::fs::write(rehearsal.root.join("menu.csv"), "id\na\nb\nc\n").expect("a file");
    // a worker has seen the slot that stands for three rows
    rehearsal.call(&["worker", "--once"]).await;
    let browser = rehearsal.browser().await;
    let page = browser.page("/calendar?view=list").await;
    assert!(page.contains(">3/100<"), "{page}");
    assert!(!page.contains(">4/100<"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_name_are_told_and_files_are_named_against_the_project() {
    let twice = "id,title\nmon,Soup\nx,Tart\nx,Bread\n\"a b\",Fish\na-b,Meat\n";
    let stage = Stage::with(&[("twice.csv", twice)]).await;
    let rows = "rows?template=templates/menu.toml&data=twice.csv";
    for rows in [
        rows.to_owned(),
        format!("{rows}&worst=5"),
        format!("{rows}&offset=1"),
    ] {
        let list = read(stage.get(&rows).await, 200).await;
        for row in list["items"].as_array().expect("items") {
            let found = row["diagnostics"].as_array().expect("a list");
            let codes: Vec<&Value> = found.iter().map(|found| &found["code"]).collect();
            match row["key"].as_str() {
                Some("mon") => assert!(codes.is_empty(), "{row}"),
                _ => assert_eq!(codes, ["name-clash"], "{rows} {row}"),
            }
            for found in found {
                assert_eq!(found["file"], "twice.csv");
            }
        }
    }
    let preview = async |key: &str| {
        let asked = stage
            .ask(Method::POST, "preview")
            .header("accept", "application/json");
        let body = json!({"template": "templates/menu.toml", "data": "twice.csv", "row": key});
        let told = read(asked.json(&body).send().await.expect("an answer"), 200).await;
        told["diagnostics"].to_string()
    };
    assert!(preview("x").await.contains("name-clash"));
    // a key that is written so is meant before one that only is called so
    for key in ["mon", "a b", "a-b"] {
        assert_eq!(preview(key).await, "[]", "{key}");
    }
}
