//! What is asked for in words is what comes out.

use std::fs;

use crate::make::{self, SECONDS};
use crate::story::{
    self, alike, apart, draft, everything_in, film, folder_with, mean, pictures, transcode,
};

#[test]
fn contain_stands_at_its_focus_and_mute_is_silent() {
    let clip = make::file("square");
    let film = draft(&clip, "--fit contain --focus 0.5,0 --mute");
    let film = film.runs(30.0, SECONDS);
    let picture = film.picture(1.5, (54, 96));
    let rows = picture.rows_above(20.0);
    assert_eq!(
        (rows[0], rows[rows.len() - 1]),
        (0, 53),
        "a square at the top"
    );
    assert!(mean(&picture.rgb[60 * 54 * 3..]) < 2.0, "black below it");
    assert_eq!(film.levels(0.0, 3.2), [-120.0; 2]);
}

#[test]
fn cover_keeps_what_is_in_focus() {
    let clip = make::file("landscape60");
    draft(&clip, "--max-bytes 400000 --focus 0,0.5")
        .runs(60.0, SECONDS)
        .shows(&clip, "crop=202:360:0:0");
}

#[test]
fn a_hard_film_fills_its_bytes_and_no_more() {
    let film = film(&make::file("noise"), "--max-bytes 400000").runs(30.0, SECONDS);
    let used = fs::metadata(&film.path).unwrap().len();
    assert!((394_000..=400_000).contains(&used), "{used}");
}

#[test]
fn a_short_clip_plays_again_or_waits_or_is_refused() {
    let clip = make::file("short");
    let own = pictures(&clip, "null");
    assert_eq!(own.len(), 36);
    let looped = draft(&clip, "--short loop").runs(30.0, 3.6);
    alike(&looped.pictures, &[&own[..], &own, &own].concat()).unwrap();
    for level in looped.levels(0.1, 3.5) {
        assert!((level + 21.07).abs() < 1.0, "{level}");
    }
    let held = draft(&clip, "--short hold").runs(30.0, 3.0);
    alike(&held.pictures[..36], &own).unwrap();
    let last = &held.pictures[40];
    assert!(held.pictures[41..].iter().all(|p| apart(p, last) < 1.5));
    assert!(
        held.levels(1.3, 2.9)[0] < -80.0,
        "its last sound does not stay"
    );

    let (folder, clip) = folder_with(&clip);
    let ran = transcode(folder.path(), &clip, "");
    assert_eq!(ran.code, 1);
    let told = "the film is 1.2 s long, at least 3 s are needed";
    assert_eq!(ran.told(0), [("too-short".to_owned(), told.to_owned())]);
    let hint = &ran.report["items"][0]["diagnostics"][0]["hint"];
    assert!(hint.as_str().unwrap().contains("--short loop"), "{hint}");
    assert_eq!(
        everything_in(&folder.path().join("out")),
        Vec::<String>::new()
    );
}

#[test]
fn a_stretch_beyond_the_end_is_told() {
    let (folder, clip) = folder_with(&make::file("vertical"));
    let ran = transcode(folder.path(), &clip, "--start 10");
    assert_eq!(ran.code, 1);
    let told = "nothing of `clip.mp4` is left: it begins at 10.00 s and the clip is 3.20 s long";
    assert_eq!(ran.told(0), [("bad-value".to_owned(), told.to_owned())]);
    let ran = transcode(folder.path(), &clip, "--start 3 --end 2");
    assert_eq!(
        (ran.code, ran.said.contains("--start is not before --end")),
        (2, true)
    );
    assert_eq!(
        everything_in(&folder.path().join("out")),
        Vec::<String>::new()
    );
}

/// A red box and white words.
const OVERLAY: &str = r##"
[[layer]]
type = "shape"
left = 108
top = 192
width = 540
height = 480
fill = "#c83c28"

[[layer]]
type = "shape"
left = 540
top = 1200
width = 432
height = 480
fill = "#2864c880"

[[layer]]
type = "text"
text = "Open"
left = 64
right = 64
top = 800
size = 200
weight = 800
color = "#ffffff"
align = "center"
"##;

#[test]
fn an_overlay_lies_over_every_picture() {
    let (folder, clip) = folder_with(&make::file("patches"));
    fs::write(folder.path().join("badge.toml"), OVERLAY).unwrap();
    let words = "--overlay badge.toml --effort fast";
    let ran = transcode(folder.path(), &clip, words);
    assert_eq!(ran.told(0), vec![]);
    let film = story::finished(folder, ran, words).runs(30.0, SECONDS);
    for at in [0.0, 1.5, 3.1] {
        let picture = film.picture(at, (540, 960));
        let is = |x: f64, y: f64, expected: [f64; 3], what: &str| {
            let found = picture.at(x / 1080.0, y / 1920.0);
            let off = (0..3).map(|part| (found[part] - expected[part]).abs());
            let off = off.fold(0.0, f64::max);
            assert!(off < 6.0, "{what} at {at} s: {found:.0?}, not {expected:?}");
        };
        for (x, y) in [
            (120.0, 204.0),
            (636.0, 204.0),
            (120.0, 660.0),
            (378.0, 432.0),
        ] {
            is(x, y, [200.0, 60.0, 40.0], "the box");
        }
        is(60.0, 204.0, [235.0; 3], "beside the box");
        // half of blue over half of the bands beneath it
        is(756.0, 1330.0, [50.0, 120.0, 135.0], "what shines through");
        is(756.0, 1560.0, [45.0, 85.0, 180.0], "what shines through");
        let text = picture.rgb[(400 * 540) * 3..(480 * 540) * 3].chunks(3);
        let white = text.filter(|p| p.iter().all(|c| *c > 240)).count();
        assert!(white > 4000, "{white} pixels of text at {at} s");
    }
}

#[test]
fn an_overlay_has_its_layers_and_not_its_length() {
    let (folder, clip) = folder_with(&make::file("patches"));
    let link = r##"
[output]
seconds = 9
[audio]
src = "clip.mp4"
[[layer]]
type = "sticker"
kind = "link"
url = "https://example.com"
left = 300
top = 900
[[mention]]
username = "chef_ana"
at = ["50%", "60%"]
"##;
    fs::write(folder.path().join("badge.toml"), link).unwrap();
    let words = "--overlay badge.toml --mute --effort fast";
    let ran = transcode(folder.path(), &clip, words);
    assert_eq!(ran.code, 0, "{}", ran.report);
    let item = &ran.report["items"][0];
    let kinds = item["stickers"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|sticker| sticker["kind"].clone()).collect();
    assert_eq!(kinds, ["link", "mention"], "{item}");
    assert_eq!(item["outputs"][0]["mentions"][0]["username"], "chef_ana");
    let notes = item["outputs"][0]["notes"].to_string();
    assert!(notes.contains("`[output] seconds`"), "{notes}");
    // no sound is no sound, whoever it would come from
    let film = story::finished(folder, ran, words).runs(30.0, SECONDS);
    assert_eq!(film.levels(0.0, 3.2), [-120.0; 2]);
}

#[test]
fn a_loudness_that_peaks_do_not_allow_is_told() {
    let clip = make::own(
        "loud-noise",
        "mov",
        "color=gray:s=180x320:r=30:d=3.2",
        "anoisesrc=d=3.2:c=pink:r=48000:a=0.3:seed=4",
        &["-c:v libx264 -preset veryfast -c:a pcm_s16le"],
    );
    let (folder, clip) = folder_with(&clip);
    for (asked, is_told) in [("-20", false), ("-5", true)] {
        let words = format!("--effort fast --loudness {asked}");
        let ran = transcode(folder.path(), &clip, &words);
        assert_eq!(ran.code, 0, "{}", ran.report);
        let notes = ran.report["items"][0]["outputs"][0]["notes"].to_string();
        assert_eq!(notes.contains("LUFS"), is_told, "{asked}: {notes}");
    }
}

#[test]
fn a_name_as_long_as_the_system_takes_is_kept() {
    let (folder, clip) = folder_with(&make::file("vertical"));
    let long = folder.path().join(format!("{}.mp4", "ü".repeat(120)));
    fs::rename(clip, &long).unwrap();
    let ran = transcode(folder.path(), &long, "--effort fast");
    assert_eq!(ran.code, 0, "{}", ran.report);
    assert_eq!(ran.files(0)[0].file_name(), long.file_name());
    let gone = transcode(folder.path(), &folder.path().join("gone.mp4"), "");
    assert_eq!((gone.code, &*gone.told(0)[0].0), (1, "missing-asset"));
}

#[test]
fn a_wrong_overlay_is_told_where_it_is_wrong() {
    let (folder, clip) = folder_with(&make::file("patches"));
    fs::write(
        folder.path().join("badge.toml"),
        "[[layer]]\ntype = \"shap\"\n",
    )
    .unwrap();
    let ran = transcode(folder.path(), &clip, "--overlay badge.toml");
    assert_eq!((ran.code, &*ran.said), (1, ""));
    let told = &ran.report["items"][0]["diagnostics"][0];
    assert_eq!(
        (&told["code"], &told["line"]),
        (&"bad-value".into(), &2.into()),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn a_folder_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let (folder, clip) = folder_with(&make::file("patches"));
    let out = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    // so few bytes that there are two passes
    let done = std::process::Command::new(crate::program())
        .arg("transcode")
        .arg(&clip)
        .args(["--max-bytes", "120000", "-o"])
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(out.join("clip.mp4").is_file(), "{said}");
}

#[test]
fn a_clip_is_never_written_over() {
    let (folder, clip) = folder_with(&make::file("patches"));
    let before = fs::read(&clip).unwrap();
    fs::copy(&clip, folder.path().join("clip-01.mp4")).unwrap();
    for words in [
        &["transcode", "clip.mp4", "-o", "."][..],
        &["transcode", "./clip.mp4", "-o", "../", "--project", "."],
        &["transcode", "clip.mp4", "clip-01.mp4", "-o", ".", "--split"],
    ] {
        let words: Vec<String> = words
            .iter()
            .map(|w| w.replace("../", &folder.path().to_string_lossy()))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = story::storypress(folder.path(), &words);
        assert_eq!(ran.code, 2, "{}", ran.said);
        assert!(ran.said.contains("would be written over"), "{}", ran.said);
    }
    let ran = transcode(folder.path(), &clip, "--cover cover.png");
    assert_eq!(ran.code, 2);
    assert!(
        ran.said.contains("--cover is a JPEG: cover.jpg"),
        "{}",
        ran.said
    );
    assert!(fs::read(&clip).unwrap() == before);
    assert_eq!(everything_in(folder.path()), ["clip-01.mp4", "clip.mp4"]);
}
