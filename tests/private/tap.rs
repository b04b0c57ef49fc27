//! What is drawn to be tapped goes out with its box: to the pixel of the pill that the picture shows.

use std::path::Path;

use serde_json::{Value, json};

use super::stage::{Run, Stage};

/// Stickers of the light look, whose bodies are white, one under the other on red.
const CARRIED: &str = r##"
[canvas]
background = "#a01010"

[[layer]]
type = "sticker"
kind = "link"
url = "https://example.com/menu"
left = 90
top = 260

[[layer]]
type = "sticker"
kind = "mention"
username = "chef_ana"
right = 70
top = 420

[[layer]]
type = "sticker"
kind = "hashtag"
name = "madrid"
left = "50%"
top = 580
anchor = "top"

[[layer]]
type = "sticker"
kind = "location"
id = "213385402"
name = "La Cebada"
left = 120
top = 740

[[layer]]
type = "sticker"
kind = "poll"
question = "More?"
options = ["Yes", "No", "Later"]
left = "50%"
top = 900
anchor = "top"
"##;

/// Kinds whose form nobody has seen live, and words that a story has no place for.
const DRAWN: &str = r##"
caption = "Open till late"
alt = "A red wall"

[canvas]
background = "#a01010"

[[layer]]
type = "sticker"
kind = "question"
question = "Why?"
left = "50%"
top = 250
anchor = "top"
width = 700

[[layer]]
type = "sticker"
kind = "quiz"
question = "Which?"
options = ["One", "Two"]
answer = 1
left = "50%"
top = 560
anchor = "top"
width = 600

[[layer]]
type = "sticker"
kind = "slider"
left = "50%"
top = 1020
anchor = "top"
width = 600

[[layer]]
type = "sticker"
kind = "countdown"
name = "The end"
ends = "2099-01-01"
left = "50%"
top = 1300
anchor = "top"
width = 600

[[link]]
url = "https://example.com/menu"
at = ["50%", "60%"]
"##;

fn write(stage: &Stage, name: &str, text: &str) {
    let folder = stage.rehearsal.path().join("templates");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), text).expect("a template");
}

/// What is white in a picture, from the top: left, top, right, bottom of each band, in pixels.
fn white(picture: &Path) -> Vec<[f64; 4]> {
    let picture = image::open(picture).expect("a picture").to_rgb8();
    let mut bands: Vec<[u32; 4]> = Vec::new();
    for y in 0..picture.height() {
        let is_white = |x: &u32| picture.get_pixel(*x, y).0.iter().all(|part| *part > 127);
        let Some(left) = (0..picture.width()).find(is_white) else {
            continue;
        };
        let right = (0..picture.width()).rev().find(is_white).unwrap_or(left) + 1;
        match bands.last_mut().filter(|band| band[3] == y) {
            Some(band) => *band = [band[0].min(left), band[1], band[2].max(right), y + 1],
            None => bands.push([left, y, right, y + 1]),
        }
    }
    bands.into_iter().map(|band| band.map(f64::from)).collect()
}

/// The box of a sticker as it was told, in pixels of a picture of 1080 × 1920.
fn told(sticker: &Value) -> [f64; 4] {
    let part = |name: &str| sticker[name].as_f64().expect("a number");
    let (x, y) = (part("x") * 1080.0, part("y") * 1920.0);
    let (w, h) = (part("width") * 540.0, part("height") * 960.0);
    [x - w, y - h, x + w, y + h]
}

/// The story that is live has a box for each white pill of the picture, on it.
fn is_on_its_pills(story: &Value, picture: &Path) {
    let mut boxes: Vec<_> = (story["stickers"].as_array().expect("a list").iter())
        .map(told)
        .collect();
    boxes.sort_by(|a, b| a[1].total_cmp(&b[1]));
    let drawn = white(picture);
    assert_eq!(boxes.len(), drawn.len(), "{boxes:?} {drawn:?}");
    for (tapped, drawn) in boxes.iter().zip(&drawn) {
        for (told, seen) in tapped.iter().zip(drawn) {
            assert!((told - seen).abs() < 1.0, "{tapped:?} is not on {drawn:?}");
        }
    }
}

fn kinds(story: &Value) -> Vec<String> {
    let all = story["stickers"].as_array().cloned().unwrap_or_default();
    let kind = |sticker: &Value| sticker["kind"].as_str().unwrap_or_default().to_owned();
    all.iter().map(kind).collect()
}

/// What was told to be left out.
fn dropped(run: &Run) -> Vec<String> {
    let all = run.report["items"][0]["diagnostics"].as_array().cloned();
    let all = all.unwrap_or_default().into_iter();
    let of = all.filter(|found| found["code"] == "sticker-dropped");
    of.map(|found| found["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn published(stage: &Stage, template: &str, account: &str) -> Run {
    let [out, publish] = [["-o", "out"], ["--publish", "--account"]];
    stage.ask(&[&["render", template], &out[..], &publish[..], &[account]].concat())
}

const CARRIED_KINDS: [&str; 5] = ["link", "mention", "hashtag", "location", "poll"];

#[test]
fn a_template_goes_out_with_its_taps_on_the_drawn_pills() {
    let stage = Stage::new();
    write(&stage, "tap.toml", CARRIED);
    let run = published(&stage, "templates/tap.toml", "own");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(dropped(&run), Vec::<String>::new());
    let live = stage.rehearsal.get("/sandbox/stories");
    assert_eq!(kinds(&live[0]), CARRIED_KINDS);
    is_on_its_pills(&live[0], &stage.rehearsal.path().join("out/tap.jpg"));
    let told = &run.report["items"][0]["stickers"];
    assert_eq!(told.as_array().map(Vec::len), Some(5), "{told}");
}

#[test]
fn what_nobody_has_seen_live_is_drawn_and_told_as_left_out() {
    let stage = Stage::new();
    write(&stage, "drawn.toml", DRAWN);
    let run = published(&stage, "templates/drawn.toml", "own");
    assert_eq!(run.code, Some(0), "{run:?}");
    let said = dropped(&run);
    let has = |word: &str| said.iter().any(|said| said.contains(word));
    for word in [
        "question sticker",
        "quiz sticker",
        "slider sticker",
        "countdown sticker",
        "caption",
        "alt text",
    ] {
        assert!(has(word), "{word}: {said:?}");
    }
    // the link is no layer of its own, and goes out all the same
    assert_eq!(said.len(), 6, "{said:?}");
    assert_eq!(kinds(&stage.rehearsal.get("/sandbox/stories")[0]), ["link"]);
}

#[test]
fn the_official_way_tags_who_is_mentioned_and_tells_the_rest() {
    let stage = Stage::with("[accounts.main]\nlogin = \"instagram\"\n");
    write(&stage, "tap.toml", CARRIED);
    let run = published(&stage, "templates/tap.toml", "main");
    assert_eq!(run.code, Some(0), "{run:?}");
    let said = dropped(&run);
    let words = [
        "the link",
        "hashtag sticker",
        "location sticker",
        "poll sticker",
    ];
    assert_eq!(said.len(), words.len(), "{said:?}");
    for (word, said) in words.iter().zip(&said) {
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_file_that_was_rendered_here_keeps_its_taps() {
    let stage = Stage::new();
    write(&stage, "tap.toml", CARRIED);
    let render = stage.run(&["render", "templates/tap.toml", "-o", "out", "--json"]);
    assert_eq!(render.code, Some(0), "{render:?}");
    let verify = stage.run(&["verify", "out/tap.jpg", "--json"]);
    let stickers = &verify.report["items"][0]["stickers"];
    assert_eq!(stickers, &render.report["items"][0]["stickers"]);
    assert_eq!(stickers.as_array().map(Vec::len), Some(5));
    let out = stage.rehearsal.path().join("out/tap.jpg");
    let run = stage.publish(std::slice::from_ref(&out), None);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(&run.report["items"][0]["stickers"], stickers);
    let live = stage.rehearsal.get("/sandbox/stories");
    assert_eq!(kinds(&live[0]), CARRIED_KINDS);
    is_on_its_pills(&live[0], &out);
    // of a file from elsewhere nobody knows
    let copy = stage.rehearsal.path().join("copy.jpg");
    std::fs::copy(&out, &copy).expect("a copy");
    let verify = stage.run(&["verify", "copy.jpg", "--json"]);
    assert_eq!(verify.report["items"][0].get("stickers"), None);
}

#[test]
fn a_film_for_close_friends_goes_out_with_its_link() {
    let stage = Stage::new();
    let film = "audience = \"close-friends\"\n[output]\nseconds = 3\nsize = [720, 1280]\n[canvas]\nbackground = \"#a01010\"\n\
                [[layer]]\ntype = \"sticker\"\nkind = \"link\"\nurl = \"https://example.com/menu\"\nleft = 100\ntop = 900\n";
    write(&stage, "film.toml", film);
    let run = stage.ask(&[
        "render",
        "templates/film.toml",
        "-o",
        "out",
        "--publish",
        "--account",
        "own",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(dropped(&run), Vec::<String>::new());
    let live = stage.rehearsal.get("/sandbox/stories");
    assert_eq!(kinds(&live[0]), ["link"]);
    let (told, own) = (
        told(&live[0]["stickers"][0]),
        told(&run.report["items"][0]["stickers"][0]),
    );
    assert!(
        told.iter()
            .zip(own)
            .all(|(told, own)| (told - own).abs() < 0.1),
        "{told:?} {own:?}"
    );
}

#[test]
fn a_worker_sends_a_slot_with_its_taps() {
    let stage = Stage::new();
    write(&stage, "tap.toml", CARRIED);
    let times: Vec<String> = (0..48)
        .map(|half| format!("{:02}:{:02}", half / 2, half % 2 * 30))
        .collect();
    let calendar = format!(
        "[schedule.taps]\ntemplate = \"templates/tap.toml\"\naccount = \"own\"\ndays = \"daily\"\ntimes = {}\n",
        json!(times)
    );
    std::fs::write(stage.rehearsal.path().join("schedule.toml"), calendar).expect("a calendar");
    let first = stage.ask(&["worker", "--once"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    stage
        .rehearsal
        .post("/sandbox/clock", &json!({ "advance_s": 1830 }));
    let second = stage.ask(&["worker", "--once"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    let live = stage.rehearsal.get("/sandbox/stories");
    assert_eq!(kinds(&live[0]), CARRIED_KINDS, "{live} {second:?}");
}
