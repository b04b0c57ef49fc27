//! The real library, unpatched but for its host.

use std::process::Command;

use super::stage::Stage;

/// A film that the platform takes.
fn film(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("film.toml");
    let text = "[output]\nseconds = 3\nsize = [720, 1280]\n[canvas]\nbackground = '#204060'\n";
    std::fs::write(&path, text).expect("a template");
    let out = folder.join("films");
    let done = Command::new(crate::program())
        .arg("render")
        .arg(&path)
        .arg("-o")
        .arg(&out)
        .current_dir(folder)
        .output()
        .expect("a run");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    out.join("film.mp4")
}

#[test]
fn the_real_library_finds_an_instagram_in_the_sandbox() {
    let stage = Stage::new();
    let picture = stage.rehearsal.pictures(1).remove(0);
    let film = film(stage.rehearsal.path());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/private/real.py");
    let done = stage.python(&[
        script,
        &stage.rehearsal.url,
        &picture.to_string_lossy(),
        &film.to_string_lossy(),
    ]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(told.contains("\"ok\": true"), "{told}");
}
