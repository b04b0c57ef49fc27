//! `preview`: what is seen is what goes out.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use storypress::batch::{self, FileFormat, Formats, Order, Outcome, Selection};
use storypress::project;

use super::stage::{MENU, Stage, json as json_of, text};

async fn ask(stage: &Stage, accept: &str, body: Value) -> Response {
    let request = stage.ask(Method::POST, "preview").header("accept", accept);
    request.json(&body).send().await.expect("an answer")
}

async fn picture(stage: &Stage, accept: &str, body: Value) -> Vec<u8> {
    let answer = ask(stage, accept, body).await;
    let (status, kind) = (answer.status(), text(answer.headers(), "content-type"));
    let bytes = answer.bytes().await.expect("a body").to_vec();
    assert_eq!(
        (status.as_u16(), &*kind),
        (200, accept),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    bytes
}

/// The files that a batch makes of the stage's templates.
fn deliverables(stage: &Stage, data: Option<&str>) -> std::path::PathBuf {
    let selection = Selection {
        data: data.map(|name| stage.root.join(name)),
        ..Selection::of(stage.root.join("templates/menu.toml"))
    };
    let file = stage.root.join("storypress.toml");
    let project = project::open(&file, &file).expect("a project");
    let plan = batch::plan(&selection, project).expect("a plan");
    let out = stage.root.join("out");
    let order = Order {
        formats: Formats::asked(&[FileFormat::Jpg, FileFormat::Png]),
        ..Order::new(&plan, &out)
    };
    batch::render(&order, &|_place, outcome: Outcome| {
        assert_eq!(
            outcome.status,
            batch::Status::Done,
            "{:?}",
            outcome.diagnostics
        );
    })
    .expect("a batch");
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_the_deliverable_byte_for_byte() {
    let stage = Stage::new().await;
    let out = deliverables(&stage, Some("menu.csv"));
    let file = |name: &str| std::fs::read(out.join(name)).expect("a deliverable");
    for (row, name) in [(json!(1), "mon"), (json!("tue"), "tue"), (json!(3), "wed")] {
        let body = json!({"template": "templates/menu.toml", "data": "menu.csv", "row": row});
        let png = picture(&stage, "image/png", body.clone()).await;
        assert!(png == file(&format!("menu-{name}.png")), "{name}");
        let jpeg = picture(&stage, "image/jpeg", body).await;
        assert!(jpeg == file(&format!("menu-{name}.jpg")), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_preview_has_its_size_in_every_form() {
    let stage = Stage::new().await;
    for (accept, scale, size) in [
        ("image/png", 0.5, (540, 960)),
        ("image/webp", 0.25, (270, 480)),
        ("image/jpeg", 0.05, (54, 96)),
    ] {
        let body = json!({"template": "templates/menu.toml", "scale": scale, "guides": true});
        let bytes = picture(&stage, accept, body).await;
        let found = image::load_from_memory(&bytes).expect("a picture");
        assert_eq!((found.width(), found.height()), size, "{accept}");
    }
    for scale in [0.04, 1.01, -1.0] {
        let body = json!({"template": "templates/menu.toml", "scale": scale});
        assert_eq!(
            ask(&stage, "image/png", body).await.status(),
            422,
            "{scale}"
        );
    }
    let other = ask(
        &stage,
        "text/html",
        json!({"template": "templates/menu.toml"}),
    )
    .await;
    assert_eq!(other.status(), 406);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_previewed_before_it_is_a_file() {
    let stage = Stage::new().await;
    let hash = json_of(stage.get("templates/templates/menu.toml").await, 200).await["hash"].clone();
    let from_file = ask(
        &stage,
        "image/png",
        json!({"template": "templates/menu.toml", "scale": 0.1}),
    )
    .await;
    let inputs = text(from_file.headers(), "storypress-inputs");
    assert_eq!(
        text(from_file.headers(), "storypress-text"),
        hash.as_str().expect("a hash")
    );
    let body = json!({"template": "templates/none.toml", "text": MENU, "scale": 0.1});
    let from_text = ask(&stage, "image/png", body).await;
    assert_eq!(
        text(from_text.headers(), "storypress-text"),
        hash.as_str().expect("a hash")
    );
    assert_eq!(text(from_text.headers(), "storypress-inputs"), inputs);
    assert!(from_file.bytes().await.expect("bytes") == from_text.bytes().await.expect("bytes"));
    assert!(!stage.root.join("templates/none.toml").exists());
    let set = json!({"template": "templates/menu.toml", "scale": 0.1, "set": {"title": "Soup"}});
    let other = ask(&stage, "image/png", set).await;
    assert_ne!(text(other.headers(), "storypress-inputs"), inputs);
    for (template, status) in [
        ("templates/none.toml", 404),
        ("storypress.toml", 404),
        ("../x.toml", 404),
    ] {
        let answer = ask(&stage, "image/png", json!({"template": template})).await;
        assert_eq!(answer.status(), status, "{template}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_tells_what_is_in_the_picture_also_of_a_broken_one() {
    let stage = Stage::new().await;
    let body = json!({"template": "templates/menu.toml"});
    let told = json_of(ask(&stage, "application/json", body).await, 200).await;
    assert_eq!(told["diagnostics"], json!([]), "{told}");
    assert_eq!(told["variables"][0]["name"], "title");
    let shown = &told["boxes"][0];
    assert_eq!(
        (&shown["id"], &shown["left"], &shown["top"]),
        (&json!("title"), &json!(64.0), &json!(400.0)),
        "{shown}"
    );
    assert_eq!(shown["file"], "templates/menu.toml");
    let broken = MENU.replace("color = \"#ffffff\"", "color = \"$acent\"");
    let body = json!({"template": "templates/menu.toml", "text": broken});
    let told = json_of(ask(&stage, "application/json", body.clone()).await, 200).await;
    let wrong = &told["diagnostics"][0];
    assert_eq!(
        (&wrong["code"], &wrong["severity"]),
        (&json!("bad-value"), &json!("error")),
        "{told}"
    );
    let (start, end) = (
        wrong["start"].as_u64().expect("a byte"),
        wrong["end"].as_u64().expect("a byte"),
    );
    assert_eq!(&broken[start as usize..end as usize], "\"$acent\"");
    assert_eq!(told["boxes"][0]["id"], "title");
    let refused = ask(&stage, "image/png", body).await;
    assert_eq!(
        text(refused.headers(), "content-type"),
        "application/problem+json"
    );
    assert!(!text(refused.headers(), "storypress-text").is_empty());
    assert_eq!(
        json_of(refused, 422).await["diagnostics"][0]["code"],
        "bad-value"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_come_at_once() {
    let stage = Stage::new().await;
    let body = json!({"template": "templates/menu.toml", "scale": 0.1});
    let png = picture(&stage, "image/png", body.clone()).await;
    let told = json_of(ask(&stage, "application/json", body.clone()).await, 200).await;
    let both = ask(&stage, "multipart/mixed", body).await;
    let kind = text(both.headers(), "content-type");
    let boundary = kind
        .split_once("boundary=")
        .expect("a boundary")
        .1
        .to_owned();
    let bytes = both.bytes().await.expect("a body").to_vec();
    let parts = parts(&bytes, &boundary);
    assert_eq!(parts.len(), 2);
    assert_eq!(
        serde_json::from_slice::<Value>(&parts[0]).expect("JSON"),
        told
    );
    assert!(parts[1] == png);
}

/// The contents of the parts, by their lengths.
fn parts(bytes: &[u8], boundary: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = bytes;
    let open = format!("--{boundary}\r\n");
    while rest.starts_with(open.as_bytes()) {
        let at = rest
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("an empty line");
        let head = String::from_utf8_lossy(&rest[..at]).to_lowercase();
        let length = head.split("content-length: ").nth(1).expect("a length");
        let length: usize = length
            .lines()
            .next()
            .expect("a line")
            .parse()
            .expect("a number");
        found.push(rest[at + 4..at + 4 + length].to_vec());
        rest = &rest[at + 4 + length + 2..];
    }
    assert_eq!(rest, format!("--{boundary}--\r\n").as_bytes());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_values_and_times_are_held_against_what_there_is() {
    let dated = MENU.replace("\"{{ title }}\"", "\"{{ today }}\"");
    let stage = Stage::with(&[("templates/dated.toml", &dated)]).await;
    let cases = [
        (json!({"data": "menu.csv", "row": 9}), 422),
        (json!({"data": "menu.csv", "row": "sun"}), 422),
        (json!({"data": "menu.csv", "row": 0}), 422),
        (json!({"row": 1}), 422),
        (json!({"data": "none.csv"}), 422),
        (json!({"data": "../menu.csv"}), 422),
        (json!({"data": "/etc/passwd"}), 422),
        (json!({"set": {"titel": "x"}}), 422),
        (json!({"set": {"title": ["x"]}}), 422),
        (json!({"now": "soon"}), 422),
        (json!({"at": -1}), 422),
        (json!({"scael": 1}), 422),
        (json!({"data": "menu.csv", "row": "tue"}), 200),
        (json!({"set": {"title": 12}}), 200),
    ];
    for (more, status) in cases {
        let mut body = json!({"template": "templates/menu.toml", "scale": 0.05});
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        let answer = ask(&stage, "image/png", body.clone()).await;
        let found = answer.status().as_u16();
        let said = answer.bytes().await.expect("a body");
        assert_eq!(found, status, "{body}: {}", String::from_utf8_lossy(&said));
    }
    let at = |now: &str| json!({"template": "templates/dated.toml", "scale": 0.2, "now": now});
    let one = picture(&stage, "image/png", at("2026-12-01T10:00:00Z")).await;
    let same = picture(&stage, "image/png", at("2026-12-01T11:00:00Z")).await;
    let other = picture(&stage, "image/png", at("2026-12-02T10:00:00Z")).await;
    assert!(one == same && one != other);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_rows_come_first_and_say_why() {
    let table = "id,title\na,Soup\nb,A very long dish that goes on and on over lines and lines\nc,مرحبا\nd,Tart\n";
    let stage = Stage::with(&[("long.csv", table)]).await;
    let all = json_of(
        stage
            .get("rows?template=templates/menu.toml&data=long.csv")
            .await,
        200,
    )
    .await;
    let keys: Vec<_> = all["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["key"].clone())
        .collect();
    assert_eq!(
        (json!(keys), &all["total"]),
        (json!(["a", "b", "c", "d"]), &json!(4))
    );
    assert_eq!(all["items"][0]["values"]["title"], "Soup");
    let worst = json_of(
        stage
            .get("rows?template=templates/menu.toml&data=long.csv&worst=2")
            .await,
        200,
    )
    .await;
    let items = worst["items"].as_array().expect("a list");
    let keys: Vec<_> = items
        .iter()
        .map(|row| row["key"].as_str().expect("a key"))
        .collect();
    assert_eq!(keys, ["b", "c"], "{worst}");
    assert!(
        items[0]["why"].to_string().contains("longest `title`"),
        "{worst}"
    );
    assert!(
        items[1]["why"].to_string().contains("right to left"),
        "{worst}"
    );
    for (query, status) in [
        ("template=templates/none.toml&data=long.csv", 404),
        ("template=templates/menu.toml&data=none.csv", 422),
        ("template=templates/menu.toml&data=..%2flong.csv", 422),
        ("template=templates/menu.toml", 400),
    ] {
        assert_eq!(
            stage.get(&format!("rows?{query}")).await.status(),
            status,
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_preview_does_not_call_a_drawing_enlarged() {
    let card = "[[layer]]\nid = \"mark\"\ntype = \"image\"\nsrc = \"assets/mark.svg\"\nleft = 64\ntop = 400\n\
        [[layer]]\nid = \"dot\"\ntype = \"image\"\nsrc = \"assets/dot.png\"\nleft = 64\ntop = 900\n";
    let mark = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"394\" height=\"172\"><path d=\"M0 0h394v172z\"/></svg>";
    let files = [("templates/card.toml", card), ("assets/mark.svg", mark)];
    let stage = Stage::with(&files).await;
    // at no scale but 1 a whole number of pixels
    let dot = image::RgbImage::from_pixel(101, 101, image::Rgb([90, 120, 60]));
    dot.save(stage.root.join("assets/dot.png"))
        .expect("a picture");
    for scale in [1.0, 0.5, 0.36, 0.1] {
        let body = json!({"template": "templates/card.toml", "scale": scale});
        let answer = json_of(ask(&stage, "application/json", body).await, 200).await;
        assert_eq!(answer["diagnostics"], json!([]), "at {scale}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_preview_tells_of_the_same_blurred_photo() {
    let card = "[[layer]]\nid = \"photo\"\ntype = \"image\"\nsrc = \"assets/small.png\"\nleft = 0\ntop = 400\nwidth = 600\n";
    let stage = Stage::with(&[("templates/card.toml", card)]).await;
    let folder = stage.root.join("assets");
    std::fs::create_dir_all(&folder).expect("a folder");
    let small = image::RgbImage::from_pixel(400, 400, image::Rgb([90, 120, 60]));
    small.save(folder.join("small.png")).expect("a picture");
    let mut told = Vec::new();
    for scale in [1.0, 0.5, 0.1] {
        let body = json!({"template": "templates/card.toml", "scale": scale});
        let answer = json_of(ask(&stage, "application/json", body).await, 200).await;
        told.push(answer["diagnostics"].clone());
    }
    assert_eq!(told[0][0]["code"], "upscaled", "{}", told[0]);
    assert!(
        told[0][0]["message"]
            .as_str()
            .expect("words")
            .contains("150 %")
    );
    assert_eq!(told[1], told[0]);
    assert_eq!(told[2], told[0]);
}
