//! A disk that is full at any write: what was done is never done twice, and what was not is done later.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::rehearsal::{Rehearsal, Run};

/// So many places are tried, spread over all writes of a run.
const PLACES: u64 = 24;

fn full_disk() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("once");
    std::fs::create_dir_all(&folder).expect("a folder");
    let library = folder.join(format!("full_disk-{}.so", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/once/full_disk.c");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(made.expect("a C compiler").success());
    library
}

fn publish(rehearsal: &Rehearsal, files: &[PathBuf], disk: &Path, from: u64) -> (Run, u64) {
    let log = rehearsal.path().join("writes");
    let mut command = rehearsal.command(&["publish", "--json", "--sandbox", &rehearsal.url]);
    command
        .args(files)
        .env("LD_PRELOAD", disk)
        .env("FULL_FROM", from.to_string())
        .env("FULL_LOG", &log);
    let run = Run::of(command.output().expect("a run"));
    let writes = std::fs::read_to_string(&log).unwrap_or_default();
    (run, writes.parse().unwrap_or_default())
}

/// How many writes a run makes that meets no trouble.
fn writes(disk: &Path) -> u64 {
    let rehearsal = Rehearsal::new();
    let (run, writes) = publish(&rehearsal, &rehearsal.pictures(2), disk, u64::MAX / 2);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(writes > 20, "{writes} writes");
    writes
}

/// The disk is full from one write on; then it has room again, and the same command comes once more.
fn full_from(disk: &Path, from: u64) {
    let rehearsal = Rehearsal::new();
    let files = rehearsal.pictures(2);
    let (run, _) = publish(&rehearsal, &files, disk, from);
    let case = format!("full from write {from}");
    assert!(!run.said.contains("panicked"), "{case}: {run:?}");
    // what came as far as the store is told of, story by story
    let is_told = run.report["items"]
        .as_array()
        .is_some_and(|items| items.len() == 2);
    assert!(is_told || run.code == Some(2), "{case}: {run:?}");
    // what was sent, and nobody could note the answer
    if run.states().values().any(|state| state == "publishing") {
        assert_eq!(run.code, Some(3), "{case}: {run:?}");
        let said = run.report.to_string();
        assert!(said.contains("it may be live"), "{case}: {run:?}");
    }
    let last = rehearsal.publish(&files, None);
    let published = rehearsal.published();
    for (sha256, state) in last.states() {
        let times = published.get(&sha256).copied().unwrap_or_default();
        assert!(times <= 1, "{case}: published {times} times");
        let is_open = ["uncertain", "missed", "failed"].contains(&state.as_str());
        assert!(
            times == 1 || is_open,
            "{case}: {state}, but not there: {run:?} {last:?}"
        );
    }
    assert_eq!(last.states().len(), 2, "{case}: {last:?}");
}

#[test]
fn a_full_disk_at_any_write_doubles_nothing() {
    let disk = full_disk();
    let all = writes(&disk);
    for place in 0..PLACES {
        full_from(&disk, 1 + place * all / PLACES);
    }
    let _ = std::fs::remove_file(disk);
}

/// The whole of it. `cargo test --release --test suite -- --ignored --nocapture each_write`
#[test]
#[ignore = "takes some minutes; the other one takes a sample of it"]
fn a_full_disk_at_each_write_doubles_nothing() {
    let disk = full_disk();
    let all = writes(&disk);
    for from in 1..=all {
        full_from(&disk, from);
    }
    println!("{all} writes");
    let _ = std::fs::remove_file(disk);
}
