//! The sample templates, stills and film: without a fault, rendered, and what a Story may be.

use std::fs;
use std::path::Path;

use crate::story::storypress;

#[test]
fn every_sample_is_without_a_fault_and_renders() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let good = |words: &[&str]| {
        let ran = storypress(root, words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.said);
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let samples = [
        ("templates", None),
        ("templates/menu.toml", Some("templates/data/menu.csv")),
        ("templates/news.toml", Some("templates/data/feed.xml")),
    ];
    for (templates, data) in samples {
        let mut call = vec![templates, "--now", "2026-11-21T09:00"];
        if let Some(data) = data {
            call.extend(["--data", data]);
        }
        good(&[&["check", "--strict"], call.as_slice()].concat());
        good(&[&["render", "-o", out], call.as_slice()].concat());
    }
    let made: Vec<String> = fs::read_dir(out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.display().to_string())
        .collect();
    assert!(made.len() >= 8 + 5 + 4, "{made:?}");
    let mut verify = vec!["verify"];
    verify.extend(made.iter().map(String::as_str));
    good(&verify);
}
