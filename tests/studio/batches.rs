//! Batches: what outlives the studio, what they are held against, and what is downloaded.

use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use storypress::batch::{self, Order, Outcome, Selection};

use super::rehearsal::Rehearsal;
use super::stage::{Stage, json as read};

const SMALL: &str = "[vars]\ntitle = { default = 'a' }\n[output]\nsize = [90, 160]\n[canvas]\nbackground = '#102030'\n\
    [[layer]]\ntype = 'image'\nsrc = 'assets/logo.svg'\nleft = 100\ntop = 400\nwidth = 300\nheight = 300\n";

const PLAIN: &str = "[vars]\ntitle = { default = 'a' }\n[output]\nsize = [90, 160]\n\
    [[layer]]\ntype = 'text'\ntext = '{{ title }}'\nleft = 100\nright = 100\ntop = 400\nsize = 200\ncolor = '#fff'\n";

fn logo(color: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9' fill='{color}'/></svg>"
    )
}

/// A studio of a small template with a logo and three rows.
async fn stage() -> Stage {
    let red = logo("red");
    let files = [
        ("templates/small.toml", SMALL),
        ("templates/plain.toml", PLAIN),
        ("assets/logo.svg", red.as_str()),
    ];
    Stage::with(&files).await
}

fn asked(template: &str) -> Value {
    json!({ "templates": [format!("templates/{template}.toml")], "data": "menu.csv" })
}

fn render(root: &Path, out: &str) {
    let project = storypress::project::of(Some(root), root).expect("a project");
    let selection = Selection {
        paths: vec![root.join("templates/plain.toml")],
        data: Some(root.join("menu.csv")),
        ..Selection::default()
    };
    let plan = batch::plan(&selection, project).expect("a plan");
    let out = root.join(out);
    batch::render(&Order::new(&plan, &out), &|_: usize, _: Outcome| {}).expect("a batch");
}

fn decision(batch: &Value, name: &str) -> Value {
    let stories = batch["stories"].as_array().expect("stories");
    let one = stories.iter().find(|story| story["name"] == name);
    one.expect("a story")["decision"].clone()
}

async fn zipped(stage: &Stage, id: &str) -> Vec<(String, Vec<u8>)> {
    let got = stage.bare(reqwest::Method::GET, &format!("/batch/{id}/download"));
    let answer = got
        .bearer_auth(&stage.token)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.expect("a whole file");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a ZIP");
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes");
        files.push((file.name().to_owned(), bytes));
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_outlive_the_studio_and_can_still_be_taken_back() {
    let mut stage = stage().await;
    let batch = stage.post("batches", asked("plain"), 201).await;
    let id = batch["id"].as_str().expect("an id").to_owned();
    let path = format!("batches/{id}");
    let decisions = format!("{path}/decisions");
    let group = batch["groups"][0]["id"].clone();
    let all = json!({ "decisions": [{ "group": group, "verdict": "approve" }], "by": "ana" });
    stage.post(&decisions, all, 200).await;
    let one = json!({ "decisions": [{ "story": "plain-tue", "verdict": "reject", "note": "too long" }], "by": "ben" });
    stage.post(&decisions, one, 200).await;

    stage.reopen().await;
    assert!(stage.page("/batch").await.contains(&id), "it is listed");
    let again = read(stage.get(&path).await, 200).await;
    assert_eq!(again["groups"][0]["approved"], 2);
    assert_eq!(again["ended_decisions"], 0);
    let tue = decision(&again, "plain-tue");
    assert_eq!(
        (&tue["verdict"], &tue["by"], &tue["note"]),
        (&json!("reject"), &json!("ben"), &json!("too long"))
    );
    let undo = json!({ "decisions": [{ "verdict": "undo" }] });
    stage.post(&decisions, undo.clone(), 200).await;
    let undone = read(stage.get(&path).await, 200).await;
    assert_eq!(decision(&undone, "plain-tue")["by"], "ana");
    stage.post(&decisions, undo, 200).await;
    let undone = read(stage.get(&path).await, 200).await;
    assert_eq!(decision(&undone, "plain-mon"), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_ends_where_something_else_would_come_of_it() {
    let mut stage = stage().await;
    let mut ids = Vec::new();
    for template in ["plain", "small"] {
        let batch = stage.post("batches", asked(template), 201).await;
        let id = batch["id"].as_str().expect("an id").to_owned();
        let group = batch["groups"][0]["id"].clone();
        let all = json!({ "decisions": [{ "group": group, "verdict": "approve" }] });
        stage
            .post(&format!("batches/{id}/decisions"), all, 200)
            .await;
        ids.push(id);
    }
    let rows = "id,title\nmon,Soup\ntue,Other\nwed,Tart\n";
    std::fs::write(stage.root.join("menu.csv"), rows).expect("a file");
    stage.reopen().await;
    let plain = read(stage.get(&format!("batches/{}", ids[0])).await, 200).await;
    assert_eq!(decision(&plain, "plain-tue"), Value::Null);
    assert_eq!(decision(&plain, "plain-mon")["verdict"], "approve");
    assert_eq!(plain["ended_decisions"], 1);
    // approved, never looked at, and the file that it shows is another one since
    std::fs::write(stage.root.join("assets/logo.svg"), logo("blue")).expect("a file");
    stage.reopen().await;
    let small = read(stage.get(&format!("batches/{}", ids[1])).await, 200).await;
    assert_eq!(decision(&small, "small-mon"), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_batches_of_one_moment_are_two() {
    // the clock of a sandbox stands still
    let stage = Rehearsal::new("").await;
    let asked = json!({ "templates": ["templates/menu.toml"] });
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let request = stage.ask(reqwest::Method::POST, "batches").json(&asked);
        let batch = read(request.send().await.expect("an answer"), 201).await;
        ids.insert(batch["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_held_against_the_folder_that_was_rendered_to() {
    let stage = stage().await;
    let none = stage.post("batches", asked("plain"), 201).await;
    assert_eq!(none["totals"]["new"], 3);
    assert!(
        none["against_words"]
            .as_str()
            .expect("words")
            .contains("none was rendered")
    );
    // the project names `out`, and nothing was ever made there
    render(&stage.root, "build/monday");
    let found = stage.post("batches", asked("plain"), 201).await;
    assert_eq!(found["totals"]["same"], 3);
    assert_eq!(found["against_words"], "the last batch in build/monday");
    let rows = "id,title\nmon,Soup\ntue,Other\nwed,Tart\n";
    std::fs::write(stage.root.join("menu.csv"), rows).expect("a file");
    render(&stage.root, "out");
    let own = stage.post("batches", asked("plain"), 201).await;
    assert_eq!(own["totals"]["same"], 3);
    assert_eq!(own["against_words"], "the last batch in out");
    let mut named = asked("plain");
    named["out"] = json!("build/monday");
    let named = stage.post("batches", named, 201).await;
    assert_eq!(
        (&named["totals"]["same"], &named["totals"]["changed"]),
        (&json!(2), &json!(1))
    );
    let page = stage
        .page(&format!("/batch/{}", named["id"].as_str().expect("an id")))
        .await;
    assert!(page.contains("the last batch in build&#x2f;monday"));
    for wrong in ["templates", "../", ".storypress", "/tmp", "none"] {
        let mut asked = asked("plain");
        asked["out"] = json!(wrong);
        stage.post("batches", asked, 422).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_has_what_was_approved_and_names_what_could_not_be_made() {
    let stage = stage().await;
    std::fs::write(
        stage.root.join("templates/bad.toml"),
        "[vars]\ntitle = { default = 'a' }\n[output]\nsize = [90, 160]\n[[layer]]\ntype = 'image'\nsrc = '{{ title }}.png'\n",
    )
    .expect("a file");
    let batch = stage.post("batches", asked("plain"), 201).await;
    let id = batch["id"].as_str().expect("an id");
    let all = zipped(&stage, id).await;
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["plain-mon.jpg", "plain-tue.jpg", "plain-wed.jpg"]);
    render(&stage.root, "out");
    let deliverable = std::fs::read(stage.root.join("out/plain-tue.jpg")).expect("a file");
    assert!(all[1].1 == deliverable, "the bytes that are rendered");
    let one = json!({ "decisions": [{ "story": "plain-wed", "verdict": "approve" }] });
    stage
        .post(&format!("batches/{id}/decisions"), one, 200)
        .await;
    let some = zipped(&stage, id).await;
    assert_eq!(some.len(), 1);
    assert_eq!(some[0].0, "plain-wed.jpg");

    let batch = stage.post("batches", asked("bad"), 201).await;
    let files = zipped(&stage, batch["id"].as_str().expect("an id")).await;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].0, "not-made.txt");
    let told = String::from_utf8_lossy(&files[0].1).into_owned();
    assert!(
        told.contains("bad-mon: ") && told.contains("Soup.png"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_are_paged_searched_and_asked_for_at_once() {
    let stage = stage().await;
    let mut rows = String::from("id,title\n");
    for row in 1..=10_000 {
        rows += &format!("r{row:05},Dish {row}\n");
    }
    std::fs::write(stage.root.join("many.csv"), rows).expect("a file");
    let started = Instant::now();
    let asked = json!({ "templates": ["templates/plain.toml"], "data": "many.csv" });
    let batch = stage.post("batches", asked, 201).await;
    let opened = started.elapsed();
    let id = batch["id"].as_str().expect("an id");
    assert_eq!(batch["totals"]["stories"], 10_000);
    let started = Instant::now();
    let page = stage.page(&format!("/batch/{id}?page=2&per=120")).await;
    println!(
        "10,000 rows: opened in {opened:?}, a page in {:?}",
        started.elapsed()
    );
    assert_eq!(page.matches("data-story=").count(), 120);
    assert!(page.contains("data-story=\"plain-r00121\"") && page.contains("of 84"));
    let last = stage.page(&format!("/batch/{id}?page=99999")).await;
    assert!(
        last.contains("data-story=\"plain-r10000\""),
        "beyond the last is the last"
    );
    let found = stage.page(&format!("/batch/{id}?q=r0042")).await;
    assert_eq!(found.matches("data-story=").count(), 10);
    // each picture has a folder of its own, so that many are made at once
    let wanted = (1..=8).map(|row| {
        let path = format!("batches/{id}/stories/plain-r{row:05}/picture?width=216");
        stage.ask(reqwest::Method::GET, &path).send()
    });
    for answer in futures_util::future::join_all(wanted).await {
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    let story = json!({ "decisions": [{ "story": "plain-r00007", "verdict": "reject" }] });
    stage
        .post(&format!("batches/{id}/decisions"), story, 200)
        .await;
    let rejected = stage.page(&format!("/batch/{id}?show=reject")).await;
    assert_eq!(rejected.matches("data-story=").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_cannot_be_made_is_told_before_its_picture_is_asked_for() {
    let stage = stage().await;
    let strict = PLAIN.replace("default = 'a'", "default = 'a', max_chars = 8");
    std::fs::write(stage.root.join("templates/plain.toml"), strict).expect("a file");
    let batch = stage.post("batches", asked("plain"), 201).await;
    let id = batch["id"].as_str().expect("an id");
    assert_eq!(
        batch["totals"],
        json!({"stories": 3, "new": 2, "changed": 0, "same": 0, "failed": 1})
    );
    assert_eq!(batch["failed"][0]["name"], "plain-tue");
    assert_eq!(batch["failed"][0]["diagnostics"][0]["code"], "too-long");
    let stories = batch["stories"].as_array().expect("stories");
    let kinds: Vec<&str> = stories
        .iter()
        .map(|story| story["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["new", "failed", "new"]);
    // a group holds no story that cannot be made, and nothing is approved that nobody can see
    let groups = batch["groups"].as_array().expect("groups");
    let told: Vec<_> = groups
        .iter()
        .map(|group| (&group["kind"], &group["count"]))
        .collect();
    assert_eq!(
        told,
        [(&json!("failed"), &json!(1)), (&json!("new"), &json!(2))]
    );
    let decisions = format!("batches/{id}/decisions");
    let all = json!({"decisions": [{"group": groups[1]["id"], "verdict": "approve"}]});
    assert_eq!(stage.post(&decisions, all, 200).await["decided"], 2);
    for wrong in [
        json!({"group": "failed", "verdict": "approve"}),
        json!({"story": "plain-tue", "verdict": "approve"}),
    ] {
        stage
            .post(&decisions, json!({"decisions": [wrong]}), 422)
            .await;
    }
    let rejected = json!({"decisions": [{"story": "plain-tue", "verdict": "reject"}]});
    stage.post(&decisions, rejected, 200).await;
    let page = stage.page(&format!("/batch/{id}")).await;
    assert!(
        page.contains("shot-wrong") && page.contains("Cannot be made"),
        "{page}"
    );
    assert!(!page.contains("plain-tue/picture"), "{page}");
    let page = stage.page(&format!("/batch/{id}/plain-tue")).await;
    assert!(
        page.contains("shot-wrong") && !page.contains("value=\"approve\""),
        "{page}"
    );
}
