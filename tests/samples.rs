//! What the repository shows people: new projects, the commands and the template of the README. The sample templates
//! are rendered beside the films, as one of them is a film.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn storypress(dir: &Path, call: &[&str]) -> Output {
    Command::new(crate::program())
        .args(call)
        .current_dir(dir)
        .output()
        .unwrap()
}

fn good(dir: &Path, call: &[&str]) {
    let output = storypress(dir, call);
    assert!(
        output.status.success(),
        "{call:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_kind_of_new_project_is_without_a_fault_and_has_slots() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, data) in [
        ("menu", Some(("templates/menu.toml", "data/menu.csv"))),
        ("countdown", None),
        ("blog", None),
        ("portfolio", Some(("templates", "data/works.csv"))),
        ("news", Some(("templates/news.toml", "data/news.csv"))),
    ] {
        good(dir.path(), &["new", kind, "--kind", kind]);
        let project = dir.path().join(kind);
        good(&project, &["check", "--strict", "templates"]);
        good(&project, &["render", "templates", "-o", "out"]);
        if let Some((templates, data)) = data {
            good(&project, &["check", "--strict", templates, "--data", data]);
        }
        // a blog's feed is not there yet, and news run out after their four rows
        if kind != "blog" {
            good(&project, &["schedule", "next", "--count", "3"]);
        }
        for file in [".gitignore", "README.md", "schedule.toml"] {
            assert!(project.join(file).is_file(), "{kind}: {file}");
        }
        let refused = storypress(dir.path(), &["new", kind, "--kind", kind]);
        assert!(!refused.status.success(), "written over: {kind}");
    }
    assert!(
        !storypress(dir.path(), &["new", "x", "--kind", "shop"])
            .status
            .success()
    );
}

/// The fenced blocks of a language in the README.
fn blocks(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .filter_map(|part| Some(part.split_once("```")?.0.to_owned()))
        .collect()
}

#[test]
fn the_template_of_the_readme_renders_as_shown() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("assets/photos")).unwrap();
    std::fs::copy(
        root().join("assets/photos/ceramics.jpg"),
        dir.path().join("assets/photos/ceramics.jpg"),
    )
    .unwrap();
    std::fs::write(dir.path().join("special.toml"), &blocks("toml")[0]).unwrap();
    good(dir.path(), &["check", "--strict", "special.toml"]);
    good(dir.path(), &["render", "special.toml", "-o", "out"]);
    let made = image::open(dir.path().join("out/special.jpg"))
        .unwrap()
        .to_rgb8();
    let shown = image::open(root().join("docs/pictures/special.jpg"))
        .unwrap()
        .to_rgb8();
    assert_eq!(made.dimensions(), (1080, 1920));
    // the one in docs is smaller; the same look at the same place
    let (w, h) = shown.dimensions();
    for (x, y) in [(0.5, 0.3), (0.2, 0.74), (0.5, 0.95), (0.1, 0.72)] {
        let a = made.get_pixel((1080.0 * x) as u32, (1920.0 * y) as u32);
        let b = shown.get_pixel((w as f32 * x) as u32, (h as f32 * y) as u32);
        let off = (0..3).map(|i| a[i].abs_diff(b[i])).max().unwrap();
        assert!(off < 60, "{x} {y}: {a:?} {b:?}");
    }
}

#[test]
fn the_commands_of_the_readme_run() {
    let dir = tempfile::tempdir().unwrap();
    let block = blocks("sh")
        .into_iter()
        .find(|b| b.contains("storypress new"))
        .unwrap();
    let project = dir.path().join("cafe");
    for line in block.lines() {
        let line = line.split('#').next().unwrap().trim();
        for command in line
            .split("&&")
            .map(str::trim)
            .filter(|c| c.starts_with("storypress "))
        {
            let call: Vec<&str> = command.split_whitespace().skip(1).collect();
            if call.first() == Some(&"new") {
                good(dir.path(), &call);
                // the menu of the README is the sample's
                std::fs::write(project.join("menu.csv"), "id,title\nmonday,Soup\n").unwrap();
                std::fs::copy(
                    project.join("templates/offer.toml"),
                    project.join("templates/menu.toml"),
                )
                .unwrap();
            } else {
                good(&project, &call);
            }
        }
    }
}

/// A call's report.
fn report(dir: &Path, call: &[&str]) -> serde_json::Value {
    let output = storypress(dir, &[call, &["--json"]].concat());
    assert!(
        output.status.success(),
        "{call:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A group that is turned, with a sticker in it, and a link over another layer.
const TURNED: &str = r##"
caption = "Words"
[canvas]
background = "#345"
[[layer]]
type = "group"
left = 90
top = 480
width = 900
height = 900
rotate = 90
[[layer.children]]
id = "tag"
type = "sticker"
kind = "hashtag"
name = "tart"
left = 450
top = 100
anchor = "center"
[[layer]]
id = "button"
type = "shape"
left = 108
top = 1440
width = 216
height = 96
fill = "#fff"
[[link]]
url = "https://example.com/"
over = "button"
"##;

#[test]
fn a_package_has_the_boxes_of_what_was_drawn() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.toml"), TURNED).unwrap();
    let call = ["handoff", "t.toml", "-o", "phone"];
    let first = report(dir.path(), &call);
    let item = &first["items"][0];
    assert_eq!(item["status"], "done");
    let stickers = item["stickers"].as_array().unwrap();
    let near = |value: &serde_json::Value, wanted: f64| {
        assert!(
            (value.as_f64().unwrap() - wanted).abs() < 1e-4,
            "{value} {wanted}"
        );
    };
    // 350 units above the group's centre; a quarter turn clockwise brings that to its right
    assert_eq!(stickers[0]["kind"], "hashtag");
    near(&stickers[0]["x"], 890.0 / 1080.0);
    near(&stickers[0]["y"], 930.0 / 1920.0);
    near(&stickers[0]["rotation"], 90.0);
    assert_eq!(stickers[1]["kind"], "link");
    near(&stickers[1]["x"], 0.2);
    near(&stickers[1]["y"], 0.775);
    near(&stickers[1]["width"], 0.2);
    near(&stickers[1]["height"], 0.05);
    let phone = dir.path().join("phone");
    let listed = std::fs::read(phone.join("handoff.json")).unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    let one = &listed["items"][0];
    assert_eq!(&one["stickers"], &item["stickers"]);
    assert_eq!(one["caption"], "Words");
    for file in [&one["outputs"][0]["path"], &one["page"], &one["boxes"]] {
        assert!(phone.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    let second = report(dir.path(), &call);
    assert_eq!(second["items"][0]["status"], "unchanged");
    assert_eq!(&second["items"][0]["stickers"], &item["stickers"]);
}
