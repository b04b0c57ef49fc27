//! The tray: drafts that are given a day, once, and taken back; the stories of a day beside its slots.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use reqwest::Method;
use serde_json::{Value, json};

use super::rehearsal::Rehearsal;

/// A time of the sandbox's day after tomorrow, as a form has it.
async fn later(rehearsal: &Rehearsal, time: &str) -> String {
    let url = format!("{}/sandbox/clock", rehearsal.sandbox.url);
    let clock: Value = reqwest::get(url)
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let now: Timestamp = clock["now"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    let zone = TimeZone::get("Europe/Madrid").expect("a zone");
    let day = now
        .to_zoned(zone)
        .date()
        .checked_add(2.days())
        .expect("a day");
    format!("{day}T{time}")
}

async fn drafts(rehearsal: &Rehearsal) -> Vec<Value> {
    let list = rehearsal.get("drafts", 200).await;
    list["items"].as_array().expect("items").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_becomes_one_story_and_comes_back() {
    let rehearsal = Rehearsal::new("").await;
    let asked = json!({ "template": "templates/menu.toml", "by": "ana" });
    let new = rehearsal.post("drafts", &asked, 201).await;
    let id = new["items"][0]["id"].as_str().expect("an id").to_owned();
    let twice = rehearsal.post("drafts", &asked, 200).await;
    assert_eq!(twice["items"], json!([]), "it waits there already");
    let picture = rehearsal.ask(Method::GET, &format!("drafts/{id}/picture"));
    let picture = picture.send().await.expect("an answer");
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    assert!(!rehearsal.root.join("out").exists(), "OUT is left alone");

    let place = format!("drafts/{id}/place");
    for wrong in ["2001-01-01T09:00", "soon", "2099-01-01"] {
        rehearsal.post(&place, &json!({ "at": wrong }), 422).await;
    }
    rehearsal
        .post(
            "drafts/none/place",
            &json!({ "at": "2099-01-01T09:00" }),
            404,
        )
        .await;
    let at = later(&rehearsal, "12:30").await;
    let story = rehearsal.post(&place, &json!({ "at": at }), 200).await;
    assert_eq!(story["state"], "due");
    rehearsal.post(&place, &json!({ "at": at }), 409).await;
    rehearsal
        .post(
            &place,
            &json!({ "at": later(&rehearsal, "18:00").await }),
            409,
        )
        .await;
    let stories = rehearsal.get("stories", 200).await;
    assert_eq!(stories["items"].as_array().expect("items").len(), 1);
    assert_eq!(drafts(&rehearsal).await[0]["story"]["id"], story["id"]);

    // what a page has placed, a program takes back, and the other way round
    rehearsal
        .post(&format!("drafts/{id}/back"), &json!({ "by": "ben" }), 200)
        .await;
    rehearsal
        .post(&format!("drafts/{id}/back"), &json!({}), 409)
        .await;
    let stories = rehearsal.get("stories", 200).await;
    assert_eq!(stories["items"][0]["state"], "cancelled");
    let again = rehearsal.post(&place, &json!({ "at": at }), 200).await;
    assert_ne!(again["id"], story["id"]);
    let cancel = format!("stories/{}/cancel", again["id"].as_str().expect("an id"));
    rehearsal.post(&cancel, &json!({}), 200).await;
    assert!(
        drafts(&rehearsal).await[0].get("story").is_none(),
        "it waits in the tray again"
    );

    let gone = rehearsal
        .ask(Method::DELETE, &format!("drafts/{id}"))
        .send()
        .await;
    assert_eq!(gone.expect("an answer").status(), 204);
    assert!(drafts(&rehearsal).await.is_empty());
    let gone = rehearsal
        .ask(Method::DELETE, &format!("drafts/{id}"))
        .send()
        .await;
    assert_eq!(gone.expect("an answer").status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_picture_of_two_drafts_is_not_planned_twice_on_a_day() {
    let rehearsal = Rehearsal::new("").await;
    let asked = json!({ "template": "templates/menu.toml" });
    let first = rehearsal.post("drafts", &asked, 201).await;
    let first = first["items"][0]["id"].as_str().expect("an id").to_owned();
    let at = later(&rehearsal, "12:30").await;
    rehearsal
        .post(&format!("drafts/{first}/place"), &json!({ "at": at }), 200)
        .await;
    // it waits no longer, so the same picture may be put there once more
    let second = rehearsal.post("drafts", &asked, 201).await;
    let second = second["items"][0]["id"].as_str().expect("an id").to_owned();
    let evening = later(&rehearsal, "18:00").await;
    let refused = rehearsal
        .post(
            &format!("drafts/{second}/place"),
            &json!({ "at": evening }),
            409,
        )
        .await;
    assert!(
        refused["detail"]
            .as_str()
            .expect("words")
            .contains("the same picture")
    );
    assert_eq!(
        rehearsal.get("stories", 200).await["items"]
            .as_array()
            .expect("items")
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_stories_of_a_batch_go_to_the_tray_and_a_form_gives_them_a_day() {
    let rehearsal = Rehearsal::new("").await;
    std::fs::write(
        rehearsal.root.join("menu.csv"),
        "id,dish\nmon,Soup\ntue,Tart\n",
    )
    .expect("a file");
    let asked = json!({ "templates": ["templates/menu.toml"], "data": "menu.csv" });
    let batch = rehearsal.post("batches", &asked, 201).await;
    let id = batch["id"].as_str().expect("an id").to_owned();
    let said = json!({ "decisions": [{ "story": "menu-tue", "verdict": "approve" }] });
    rehearsal
        .post(&format!("batches/{id}/decisions"), &said, 200)
        .await;
    let wrong = json!({ "batch": id, "stories": ["menu-mon"] });
    rehearsal.post("drafts", &wrong, 409).await;
    let browser = rehearsal.browser().await;
    browser.form(&format!("/batch/{id}/tray"), &[]).await;
    let waiting = drafts(&rehearsal).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["name"], "menu-tue");
    let draft = waiting[0]["id"].as_str().expect("an id").to_owned();
    let page = browser.page("/calendar").await;
    assert!(page.contains(&format!("data-draft=\"{draft}\"")));

    let at = later(&rehearsal, "12:30").await;
    let (day, time) = at.split_once('T').expect("a day and a time");
    let path = format!("/calendar/drafts/{draft}");
    let to = browser
        .form(&path, &[("act", "place"), ("day", day), ("time", time)])
        .await;
    assert_eq!(to, "/calendar?said=placed");
    for view in ["month", "week", "list"] {
        let page = browser
            .page(&format!("/calendar?view={view}&date={day}"))
            .await;
        assert!(
            page.contains("data-story-move=") && page.contains("12:30"),
            "{view}"
        );
        assert!(
            page.contains("1/100") && page.contains("1 of 100 stories of"),
            "{view}"
        );
        assert!(!page.contains("data-draft="), "{view}");
    }
    // a worker sends it at its time, and nothing before
    let to = browser.form(&path, &[("act", "back")]).await;
    assert_eq!(to, "/calendar?said=taken-back");
    browser.form(&path, &[("act", "remove")]).await;
    assert!(drafts(&rehearsal).await.is_empty());
}
