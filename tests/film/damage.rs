//! What is damaged, or no film, or stopped on its way: an answer in words, and nothing left behind.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::make;
use crate::story::{FEW, draft, everything_in, folder_with, transcode, verified};

/// A clip is refused with this sentence and leaves nothing.
fn refused(name: &str, code: &str, told: &str) {
    let (folder, clip) = folder_with(&make::file(name));
    let ran = transcode(folder.path(), &clip, "--cover out/cover.jpg");
    assert_eq!((ran.code, &*ran.said), (1, ""), "{name}");
    assert_eq!(ran.told(0), [(code.to_owned(), told.to_owned())], "{name}");
    assert_eq!(ran.report["items"][0]["status"], "failed");
    assert_eq!(ran.report["totals"]["failed"], 1);
    assert_eq!(
        everything_in(&folder.path().join("out")),
        Vec::<String>::new()
    );
}

#[test]
fn what_is_no_film_is_told_in_a_sentence() {
    for (name, told) in [
        (
            "truncated-no-moov",
            "it is unfinished: its index (`moov`) is missing; recording or copying it broke off",
        ),
        ("zero-bytes", "it is empty"),
        ("audio-only", "it has sound but no picture"),
        (
            "picture",
            "it is a picture (JPEG) and no film, whatever its name says",
        ),
        (
            "text",
            "it is neither a picture nor a film; it starts with `a film, once`",
        ),
        (
            "zeros",
            "it is neither a picture nor a film; it starts with \
            `\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00`",
        ),
    ] {
        refused(name, "unreadable-media", told);
    }
    refused(
        "truncated",
        "too-short",
        "the film is 1.8 s long, at least 3 s are needed",
    );
}

#[test]
fn one_bad_clip_does_not_stop_the_others_and_people_read_why() {
    let (folder, clip) = folder_with(&make::file("patches"));
    fs::copy(make::file("text"), folder.path().join("text.mp4")).unwrap();
    let done = Command::new(crate::program())
        .args(["transcode", "text.mp4"])
        .arg(&clip)
        .args(["-o", "out", "--effort", "fast"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(
        (done.status.code(), &*done.stdout),
        (Some(1), &b""[..]),
        "{said}"
    );
    assert!(
        said.contains("error[unreadable-media]: it is neither a picture nor a film"),
        "{said}"
    );
    assert!(said.contains("clip.mp4  1080×1920, 3.2 s"), "{said}");
    assert_eq!(everything_in(&folder.path().join("out")), ["clip.mp4"]);
}

#[test]
fn damage_is_concealed_and_told() {
    let (folder, clip) = folder_with(&make::file("bit-flips"));
    let ran = transcode(folder.path(), &clip, FEW);
    assert_eq!((ran.code, &*ran.said), (0, ""));
    let told = ran.told(0);
    assert!(
        told.iter().all(|(code, _)| code == "damaged-media"),
        "{told:?}"
    );
    let speaks_of = |what: &str| told.iter().any(|(_, said)| said.starts_with(what));
    assert!(speaks_of("the picture of `clip.mp4` is broken"), "{told:?}");
    assert!(speaks_of("the sound of `clip.mp4` is broken"), "{told:?}");
    let severity = &ran.report["items"][0]["diagnostics"][0]["severity"];
    assert_eq!(severity, "warning");
    let path = folder.path().join("out/clip.mp4");
    verified(&path);
    let seconds = ran.report["items"][0]["outputs"][0]["duration_s"]
        .as_f64()
        .unwrap();
    assert!((seconds - make::SECONDS).abs() < 0.04, "{seconds}");
}

#[test]
fn what_is_left_of_a_torn_clip_is_used_and_told() {
    let (folder, clip) = folder_with(&make::file("truncated"));
    let ran = transcode(folder.path(), &clip, "--short hold --effort fast");
    assert_eq!((ran.code, &*ran.said), (0, ""));
    let told = ran.told(0);
    assert!(
        told.iter().all(|(code, _)| code == "damaged-media"),
        "{told:?}"
    );
    assert_eq!(
        told[0].1,
        "`clip.mp4` breaks off at 1.8 s; it says it is 3.2 s long"
    );
    verified(&folder.path().join("out/clip.mp4"));
}

#[test]
fn a_clip_that_was_trimmed_before_its_damage_is_whole() {
    let whole = make::own(
        "torn-late",
        "mp4",
        "testsrc2=s=180x320:r=30:d=6",
        "sine=f=440:d=6:r=48000",
        &["-c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv420p -c:a aac -movflags +faststart"],
    );
    let bytes = fs::read(whole).unwrap();
    let torn = make::written("torn", "mp4", &bytes[..bytes.len() * 8 / 10]);
    draft(&torn, "--end 3.5").runs(30.0, 3.5);
}

/// Stops the program in the middle and says how long it took to end.
#[cfg(unix)]
fn stopped(folder: &Path, temp: &Path, words: &[&str], after: Duration) -> Duration {
    let mut child = Command::new(crate::program())
        .args(words)
        .current_dir(folder)
        .env("TMPDIR", temp)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while started.elapsed() < after {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be stopped"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let asked = Instant::now();
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let done = child.wait_with_output().unwrap();
    let took = asked.elapsed();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(130), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    took
}

#[cfg(unix)]
#[test]
fn a_stopped_run_ends_at_once_and_leaves_nothing() {
    let (folder, clip) = folder_with(&make::file("long"));
    let temp = tempfile::tempdir().unwrap();
    let name = clip.file_name().unwrap().to_string_lossy().into_owned();
    let words = ["transcode", &*name, "-o", "out", "--end", "60"];
    for after in [400, 2500] {
        let took = stopped(
            folder.path(),
            temp.path(),
            &words,
            Duration::from_millis(after),
        );
        assert!(took < Duration::from_secs(3), "{took:?}");
        assert_eq!(
            everything_in(&folder.path().join("out")),
            Vec::<String>::new()
        );
        assert_eq!(everything_in(temp.path()), Vec::<String>::new());
    }
    // in the middle of cutting it into parts, too
    let words = [
        "transcode",
        &*name,
        "-o",
        "out",
        "--split",
        "--loudness",
        "-14",
    ];
    stopped(
        folder.path(),
        temp.path(),
        &words,
        Duration::from_millis(400),
    );
    assert_eq!(
        everything_in(&folder.path().join("out")),
        Vec::<String>::new()
    );
    assert_eq!(everything_in(temp.path()), Vec::<String>::new());
}
