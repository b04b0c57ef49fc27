//! The editor's sources: their own tests, and that the bundle is what they make.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("studio")
}

/// Runs a program of the editor's own tools.
pub(super) fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(sources())
        .output()
        .unwrap_or_else(|why| panic!("{program}: {why}; tools/setup.sh installs it"))
}

pub(super) fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

/// Sees to the pinned packages; they are fetched once.
pub(super) fn packages() {
    let is_there = || sources().join("node_modules/playwright-core").is_dir();
    // each test is a process of its own, and two of them may come at once
    let lock = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm.lock");
    let lock = std::fs::File::create(lock).expect("a file for a lock");
    lock.lock().expect("a lock");
    if is_there() {
        return;
    }
    let fetched = run(
        "npm",
        &["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
    );
    assert!(fetched.status.success(), "npm ci: {}", said(&fetched));
}

#[test]
fn the_parts_that_touch_no_page_hold() {
    packages();
    let tested = run("node", &["--test", "test/unit.mjs"]);
    assert!(tested.status.success(), "{}", said(&tested));
}

#[test]
fn the_bundle_is_what_the_sources_make() {
    packages();
    let folder = tempfile::tempdir().expect("a folder");
    let script = sources().join("build.sh");
    let built = run(
        &script.to_string_lossy(),
        &[&folder.path().to_string_lossy()],
    );
    assert!(built.status.success(), "{}", said(&built));
    for name in ["edit.js", "code.js", "comfort.js", "licences.txt"] {
        let read = |folder: &Path| std::fs::read(folder.join(name)).expect(name);
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/studio/dist");
        assert!(
            read(&kept) == read(folder.path()),
            "{name} is older than studio/src: run studio/build.sh"
        );
    }
}

/// First paint at most 60 KiB gzipped, the editor 160 more.
#[test]
fn the_editor_is_small() {
    use std::io::Write as _;
    let size = |files: &[&str]| -> usize {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/studio");
        let packed = files.iter().map(|name| {
            let bytes = std::fs::read(root.join(name)).expect("a file");
            let level = flate2::Compression::best();
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), level);
            packed.write_all(&bytes).expect("memory");
            packed.finish().expect("memory").len()
        });
        packed.sum()
    };
    let first = size(&["templates/edit.html", "static/edit.css", "dist/edit.js"]);
    assert!(first <= 60 * 1024, "{first} bytes before the editor");
    let editor = size(&["dist/code.js"]);
    assert!(editor <= 160 * 1024, "{editor} bytes of the editor");
}
