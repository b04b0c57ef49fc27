//! A private account whose stickers that nobody can send go to a person: killed at every point of both ways.

use storypress::pipeline::Point;

use super::stage::{PRIVATE, Ready, Run, Stage};

/// The points of a story that goes out, and of one that is handed.
const POINTS: [Point; 8] = [
    Point::Added,
    Point::Claimed,
    Point::Packed,
    Point::Handed,
    Point::Contained,
    Point::Intended,
    Point::Answered,
    Point::Published,
];

/// States in which the sandbox may or may not have the story.
const OPEN: [&str; 3] = ["uncertain", "missed", "failed"];

fn template(sticker: &str) -> String {
    format!(
        "[output]\nsize = [270, 480]\n[canvas]\nbackground = \"#a01010\"\n[[layer]]\ntype = \"sticker\"\n{sticker}\n\
         left = 90\ntop = 700\n"
    )
}

fn publish(stage: &Stage, point: Option<Point>) -> Run {
    let sandbox = format!("--sandbox={}", stage.rehearsal.url);
    let words = ["render", "templates", "-o", "out", "--publish", "--json"];
    let mut command = stage.command(&words);
    command.args(["--account", "own", &sandbox]);
    if let Some(point) = point {
        command.env("STORYPRESS_PULL_THE_PLUG", point.name());
    }
    Run::of(command.output().expect("a run"))
}

fn killed_at(ready: &Ready, point: Point) {
    let stage = Stage::of(ready, &format!("{PRIVATE}stickers = \"by-hand\"\n"));
    let templates = stage.rehearsal.path().join("templates");
    std::fs::create_dir(&templates).expect("a folder");
    let ask = template("kind = \"question\"\nquestion = \"Which one?\"");
    std::fs::write(templates.join("ask.toml"), ask).expect("a template");
    let link = template("kind = \"link\"\nurl = \"https://example.com/menu\"");
    std::fs::write(templates.join("link.toml"), link).expect("a template");

    let run = publish(&stage, Some(point));
    assert!(run.was_killed(), "nobody came by {point:?}: {run:?}");
    let run = publish(&stage, None);
    let story = |at: usize| run.report["items"][at]["story"].clone();
    assert_eq!(story(0)["state"], "handed", "{point:?}: {run:?}");
    let key = story(0)["id"].as_str().expect("a story").to_owned();
    let trail = stage.run(&["status", &key, "--json"]);
    assert_eq!(trail.code, Some(0), "{trail:?}");
    let package = (stage.rehearsal.path()).join(format!(".storypress/handoff/{key}"));
    assert!(package.join("handoff.json").is_file(), "{point:?}");
    let packages = std::fs::read_dir(package.parent().expect("a folder")).expect("packages");
    assert_eq!(packages.count(), 1, "{point:?}");

    let published = || stage.rehearsal.published().values().sum::<usize>();
    let state = story(1)["state"].as_str().unwrap_or_default().to_owned();
    match published() {
        1 => assert!(state == "live" || OPEN.contains(&state.as_str()), "{run:?}"),
        0 => assert!(OPEN.contains(&state.as_str()), "{point:?}: {run:?}"),
        times => panic!("{point:?}: published {times} times: {run:?}"),
    }
    let before = published();
    let again = publish(&stage, None);
    assert_eq!(published(), before, "{point:?}, again: {again:?}");
    assert_eq!(
        again.report["items"][0]["story"]["id"], key,
        "{point:?}: {again:?}"
    );
}

#[test]
fn a_kill_at_any_point_sends_once_and_hands_once() {
    let ready = &Ready::new();
    for few in POINTS.chunks(3) {
        std::thread::scope(|scope| {
            for point in few {
                scope.spawn(move || killed_at(ready, *point));
            }
        });
    }
}
