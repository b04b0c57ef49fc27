//! What callers bring beside the picture: several sounds, sounds of many channels, files that are unfinished or something
//! else, limits, overlays, and what they are told of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::make;
use crate::story::{FEW, Film, draft, film, folder_with, storypress, transcode};

/// A picture that costs little.
const SMALL: &str = "testsrc2=s=180x320:r=25:d=3.2";

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/film/callers")
        .join(name)
}

/// A clip made by all words of a call of the `ffmpeg` command, in a folder that is kept.
fn by_ffmpeg(name: &str, words: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("film/callers");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", SMALL])
        .args(words.split_whitespace())
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name}: {said}");
    path
}

fn probe(path: &Path) -> Value {
    storypress(path.parent().unwrap(), &["probe", &path.to_string_lossy()]).report
}

fn notes(film: &Film) -> String {
    film.ran.report["items"][0]["outputs"][0]["notes"].to_string()
}

/// How much of a pitch is heard on both sides, dB of a full-scale tone.
fn pitch(film: &Film, hertz: f64) -> f64 {
    let part = &film.sound[24_000..film.sound.len() - 24_000];
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, [left, right]) in part.iter().enumerate() {
        let angle = std::f64::consts::TAU * hertz * index as f64 / 48_000.0;
        let sample = f64::from(left + right) / 2.0;
        sine += sample * angle.sin();
        cosine += sample * angle.cos();
    }
    20.0 * (2.0 * (sine * sine + cosine * cosine).sqrt() / part.len() as f64)
        .max(1e-9)
        .log10()
}

#[test]
fn a_sphere_of_sound_is_as_loud_as_it_hears_from_all_sides() {
    let film = draft(&case("ambisonic.mkv"), "");
    // its source is in front: the channel of all directions has it at -11 dB
    for level in film.levels(0.5, 3.5) {
        assert!((level + 11.0).abs() < 1.5, "{level}");
    }
}

/// The levels of a film whose sound is a tone of -21 dB in these channels, as its encoder names or does not name them.
fn mixed_down(name: &str, channels: &str, layout: &str) -> [f64; 2] {
    let tone = "sine=f=440:d=3.2:r=48000";
    let clip = by_ffmpeg(
        name,
        &format!(
            "-f lavfi -i {tone} -map 0:v -map 1:a -af {channels} -c:v libx264 -preset ultrafast -c:a pcm_s16le {layout} -shortest"
        ),
    );
    draft(&clip, "").levels(0.5, 2.7)
}

#[test]
fn many_channels_are_not_quieter_than_their_sources() {
    let tone = -21.07;
    for layout in ["3.0", "4.0", "5.1", "6.1", "7.1"] {
        let name = format!("named-{}.mkv", layout.replace('.', "-"));
        let levels = mixed_down(&name, &format!("pan={layout}|FL=c0|FR=c0"), "");
        for level in levels {
            assert!((level - tone).abs() < 1.0, "{layout}: {levels:?}");
        }
    }
    // in the first two of many that nothing names
    for count in [3, 10, 16] {
        let others: String = (2..count).map(|c| format!("|c{c}=0*c0")).collect();
        let name = format!("unnamed-{count}.mov");
        let levels = mixed_down(&name, &format!("pan={count}C|c0=c0|c1=c0{others}"), "");
        for level in levels {
            assert!((level - tone).abs() < 1.0, "{count}: {levels:?}");
        }
    }
}

#[test]
fn of_two_tracks_the_one_that_is_heard_is_taken_and_told() {
    let clip = case("two-tracks.mkv");
    let film = draft(&clip, "");
    for level in film.levels(0.5, 3.5) {
        assert!(level > -40.0, "{level}");
    }
    assert!(
        notes(&film).contains("of its 2 sound tracks, 2: aac, mono"),
        "{}",
        notes(&film)
    );
    assert!(notes(&film).contains("silent"), "{}", notes(&film));
    let found = probe(&clip);
    assert_eq!(found["sound_taken"], 2, "{found}");
    assert_eq!(found["sound_tracks"].as_array().unwrap().len(), 2);
    assert!(
        found["left_out"][0].as_str().unwrap().contains("Desktop"),
        "{found}"
    );
}

/// Three tracks: 300 Hz, 700 Hz, 1100 Hz, with what FFmpeg is told about them.
fn three_tracks(name: &str, more: &str) -> PathBuf {
    let tone = |hertz: u32| format!("-f lavfi -i sine=f={hertz}:d=3.2:r=48000");
    by_ffmpeg(
        name,
        &format!(
            "{} {} {} -map 0:v -map 1:a -map 2:a -map 3:a -c:v libx264 -preset ultrafast -c:a aac {more} -shortest",
            tone(300),
            tone(700),
            tone(1100)
        ),
    )
}

#[test]
fn a_track_can_be_asked_for_and_all_can_be_mixed() {
    let marks = "-disposition:a:0 comment -disposition:a:1 default -metadata:s:a:2 language=deu -metadata:s:a:2 title=Dub";
    let clip = three_tracks("three.mkv", marks);
    let heard = |words: &str| {
        let film = draft(&clip, words);
        [300.0, 700.0, 1100.0].map(|hertz| pitch(&film, hertz) > -30.0)
    };
    assert_eq!(heard(""), [false, true, false]);
    assert_eq!(heard("--sound 1"), [true, false, false]);
    assert_eq!(heard("--sound 3"), [false, false, true]);
    assert_eq!(heard("--sound mix"), [true, true, true]);
    let (folder, clip) = folder_with(&clip);
    let ran = transcode(folder.path(), &clip, "--sound 4");
    let told = ran.told(0);
    assert_eq!((ran.code, &*told[0].0), (1, "bad-value"), "{told:?}");
    for word in [
        "no sound track 4",
        "1: aac, mono",
        "commentary",
        "3: aac, mono",
        "deu",
        "\"Dub\"",
    ] {
        assert!(told[0].1.contains(word), "{word}: {told:?}");
    }
    for wrong in ["--sound 0", "--sound first", "--sound 1 --mute"] {
        assert_eq!(transcode(folder.path(), &clip, wrong).code, 2, "{wrong}");
    }
}

#[test]
fn what_is_said_beside_the_film_comes_last() {
    // no track is the default, the first is a description
    let described = three_tracks(
        "described.mkv",
        "-disposition:a:0 visual_impaired -disposition:a:1 0 -disposition:a:2 original",
    );
    assert_eq!(probe(&described)["sound_taken"], 3);
    // an MP4 enables its first track whatever it is
    let plain = three_tracks("plain.mp4", "");
    assert_eq!(probe(&plain)["sound_taken"], 1);
}

#[test]
fn an_unfinished_film_is_called_so() {
    let whole = fs::read(make::file("vertical")).unwrap();
    let moved = fs::read(make::file("faststart")).unwrap();
    let fragments = fs::read(make::file("fragments")).unwrap();
    let at = |bytes: &[u8], name: &[u8]| make::find(bytes, name).unwrap() - 4;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "no-index.mp4",
            fs::read(case("no-index.mp4")).unwrap(),
            "its index (`moov`) is missing",
        ),
        (
            "stopped.mov",
            whole[..whole.len() / 2].to_vec(),
            "its index (`moov`) is missing",
        ),
        (
            "half-index.mp4",
            whole[..at(&whole, b"moov") + 300].to_vec(),
            "its index (`moov`) is missing but for",
        ),
        (
            "no-pictures.mp4",
            moved[..at(&moved, b"mdat")].to_vec(),
            "its pictures (`mdat`) are not",
        ),
        (
            "hardly-any.mp4",
            moved[..at(&moved, b"mdat") + 60].to_vec(),
            "of its pictures (`mdat`) only",
        ),
        (
            "first-fragment.mp4",
            fragments[..at(&fragments, b"moof")].to_vec(),
            "its pictures (`mdat`) are not",
        ),
        (
            "one-fragment.m4s",
            fragments[at(&fragments, b"moof")..].to_vec(),
            "it is a fragment of a film",
        ),
    ];
    for (name, bytes, told) in cases {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join(name);
        fs::write(&clip, bytes).unwrap();
        for ran in [
            transcode(folder.path(), &clip, ""),
            storypress(folder.path(), &["probe", name]),
        ] {
            let said = ran.told(0);
            assert_eq!(
                (ran.code, &*said[0].0),
                (1, "unreadable-media"),
                "{name}: {said:?}"
            );
            assert!(said[0].1.contains(told), "{name}: {said:?}");
            let unfinished = said[0].1.contains("unfinished") || told.contains("fragment");
            assert!(unfinished, "{name}: {said:?}");
        }
    }
}

#[test]
fn what_stands_under_the_name_of_a_film_is_said() {
    for (bytes, told) in [
        (&b""[..], "it is empty"),
        (
            b"<!DOCTYPE html>\n<html><svg></svg>Sign in",
            "it is a web page (HTML)",
        ),
        (b"  <HTML><head>", "it is a web page (HTML)"),
        (b"%PDF-1.7\n", "it is a PDF document"),
        (b"PK\x03\x04\x14\0\0\0\x08\0abc", "it is a ZIP archive"),
        (b"{\"error\": \"not found\"}", "it is a JSON text"),
        (b"#EXTM3U\nhttps://example.org/a.ts\n", "it is a playlist"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("clip.mp4");
        fs::write(&clip, bytes).unwrap();
        let ran = transcode(folder.path(), &clip, "");
        let said = ran.told(0);
        assert_eq!((ran.code, &*said[0].0), (1, "unreadable-media"), "{said:?}");
        assert!(said[0].1.contains(told), "{told}: {said:?}");
    }
}

#[test]
fn times_are_taken_as_clocks_write_them() {
    let clip = by_ffmpeg(
        "six.mp4",
        "-vf tpad=stop_mode=clone:stop_duration=3 -c:v libx264 -preset ultrafast",
    );
    draft(&clip, "--start 00:00:01 --end 0:00:04.500").runs(25.0, 3.5);
    let (folder, clip) = folder_with(&clip);
    for wrong in ["1:75", "0:60:00", "1:2:3:4"] {
        let ran = transcode(folder.path(), &clip, &format!("--start {wrong}"));
        assert_eq!(ran.code, 2, "{wrong}");
    }
    let ran = transcode(folder.path(), &clip, "--start 1:56:40.5");
    assert_eq!((ran.code, &*ran.told(0)[0].0), (1, "bad-value"));
}

#[test]
fn a_limit_that_nothing_fits_into_is_told_as_it_was_given() {
    let noise = by_ffmpeg(
        "noise.mp4",
        "-f lavfi -i anoisesrc=d=3.2 -vf noise=alls=100:allf=t,scale=1080:1920 -c:v libx264 -preset ultrafast -c:a aac",
    );
    let (folder, clip) = folder_with(&noise);
    let ran = transcode(folder.path(), &clip, "--max-bytes 60000");
    let told = ran.told(0);
    assert_eq!((ran.code, &*told[0].0), (1, "too-large"), "{told:?}");
    assert!(told[0].1.ends_with("the limit is 60000"), "{told:?}");
}

#[test]
fn an_overlay_that_covers_the_clip_is_told_and_a_badge_is_not() {
    let covering =
        "[[layer]]\ntype = \"shape\"\nleft = 0\nright = 0\ntop = 0\nbottom = 0\nfill = \"#123\"\n";
    let (folder, clip) = folder_with(&make::file("patches"));
    let over = folder.path().join("over.toml");
    let codes = |template: &str, words: &str| {
        fs::write(&over, template).unwrap();
        let words = format!("--overlay over.toml --effort fast {words}");
        let ran = transcode(folder.path(), &clip, &words);
        assert_eq!(ran.code, 0, "{:?}", ran.told(0));
        ran.told(0)
            .into_iter()
            .map(|(code, _)| code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(covering, ""), ["clip-hidden"]);
    assert_eq!(
        codes(&format!("{covering}opacity = 0.5\n"), ""),
        Vec::<String>::new()
    );
    // the canvas's own ground lies under the clip
    assert_eq!(
        codes(
            &format!(
                "[canvas]\nbackground = \"#123\"\n{}",
                covering.replace("top = 0", "top = 1700")
            ),
            ""
        ),
        Vec::<String>::new()
    );
    let made = storypress(folder.path(), &["new", "shop"]);
    assert_eq!(made.code, 0, "{}", made.said);
    let badge = folder.path().join("shop/templates/_badge.toml");
    let ran = transcode(
        folder.path(),
        &clip,
        &format!("--overlay {} --effort fast", badge.display()),
    );
    assert_eq!((ran.code, ran.told(0)), (0, vec![]));
}

#[test]
fn a_clip_that_is_enlarged_a_lot_is_told() {
    let told = |size: &str, words: &str| {
        let clip = by_ffmpeg(
            &format!("{size}.mp4"),
            &format!("-vf scale={size},setsar=1 -c:v libx264 -preset ultrafast"),
        );
        let (folder, clip) = folder_with(&clip);
        let ran = transcode(folder.path(), &clip, &format!("{words} --effort fast"));
        ran.all_told(0)
    };
    let (code, said) = told("360x640", "").remove(0);
    assert_eq!(code, "upscaled");
    assert!(said.contains("300 %"), "{said}");
    assert_eq!(told("720x1280", ""), vec![]);
    assert_eq!(told("1280x720", "--fit contain"), vec![]);
    assert_eq!(told("1280x720", "").remove(0).0, "upscaled");
}

#[test]
fn what_studios_webcams_and_camcorders_write_is_probed_as_it_is() {
    for (name, words, format) in [
        ("studio.mxf", "-c:v mpeg2video -b:v 3M", "MXF"),
        ("moves.nut", "-c:v mpeg4 -q:v 3", "NUT"),
        (
            "webcam.mjpeg",
            "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p",
            "MJPEG",
        ),
        // several pictures a packet: not each has a time of its own
        ("camcorder.mpg", "-c:v mpeg2video -b:v 200k", "MPEG-PS"),
        (
            "camcorder-b.mpg",
            "-c:v mpeg2video -b:v 200k -bf 2",
            "MPEG-PS",
        ),
    ] {
        let found = probe(&by_ffmpeg(name, &format!("-r 25 -frames:v 75 {words}")));
        assert_eq!(found["format"], format, "{name}: {found}");
        let video = &found["video"];
        assert_eq!(video["frames"], 75, "{name}: {found}");
        assert_eq!(video["constant_rate"], true, "{name}: {found}");
        let rate = video["frame_rate"].as_f64().unwrap();
        assert!((rate - 25.0).abs() < 0.02, "{name}: {found}");
        let seconds = found["duration_s"].as_f64().unwrap();
        assert!((seconds - 3.0).abs() < 0.05, "{name}: {found}");
    }
}

#[test]
fn pictures_that_move_are_probed_as_film() {
    for (name, words, frames) in [
        ("moves.gif", "-r 10 -frames:v 30 -c:v gif", 30),
        ("moves.apng", "-r 10 -frames:v 30 -c:v apng -plays 0", 30),
        ("moves.webp", "-r 10 -frames:v 30 -c:v libwebp_anim", 30),
    ] {
        let found = probe(&by_ffmpeg(name, words));
        assert_eq!(found["kind"], "video", "{name}: {found}");
        assert_eq!(found["video"]["frames"], frames, "{name}: {found}");
        let seconds = found["duration_s"].as_f64().unwrap();
        assert!((seconds - 3.0).abs() < 0.15, "{name}: {found}");
    }
    for name in ["still.gif", "still.png", "still.jpg"] {
        let found = probe(&by_ffmpeg(name, "-frames:v 1"));
        assert_eq!(found["kind"], "image", "{name}: {found}");
    }
}

#[test]
fn the_film_behind_a_photo_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.jpg");
    let jpeg = fs::read(by_ffmpeg("photo.jpg", "-frames:v 1")).unwrap();
    fs::write(&path, &jpeg).unwrap();
    assert!(probe(&path).get("motion_photo").is_none());
    let film = fs::read(make::file("vertical")).unwrap();
    fs::write(&path, [&jpeg[..], b"MotionPhoto_Data", &film].concat()).unwrap();
    let found = probe(&path);
    assert_eq!(found["kind"], "image", "{found}");
    assert_eq!(found["motion_photo"]["offset"], jpeg.len() + 16, "{found}");
    let seconds = found["motion_photo"]["duration_s"].as_f64().unwrap();
    assert!((seconds - 3.2).abs() < 0.1, "{found}");
    let ran = transcode(folder.path(), &path, "");
    assert!(
        ran.told(0)[0].1.contains("motion photo"),
        "{:?}",
        ran.told(0)
    );
}

#[test]
fn what_a_film_is_made_without_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let words = folder.path().join("words.srt");
    fs::write(&words, "1\n00:00:00,500 --> 00:00:02,000\nHello\n").unwrap();
    let clip = by_ffmpeg(
        "subtitled.mkv",
        &format!(
            "-i {} -map 0:v -map 1:s -c:v libx264 -preset ultrafast -c:s srt -metadata:s:s:0 language=eng",
            words.display()
        ),
    );
    assert_eq!(probe(&clip)["left_out"][0], "subtitles (subrip, eng)");
    let film = film(&clip, FEW);
    assert_eq!(
        notes(&film).matches("subtitles (subrip, eng)").count(),
        1,
        "{}",
        notes(&film)
    );
}

#[test]
fn more_is_said_where_more_is_asked_for() {
    let (folder, clip) = folder_with(&make::file("vertical"));
    let done = Command::new(crate::program())
        .args(["transcode", "-v", "-o", "out", "--max-bytes", "250000"])
        .arg(&clip)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    for word in [
        "picture: stream 0, 360×640",
        "30.000 a second",
        "sound: stream 1, track 1: aac, stereo",
        "kbit/s",
        "pass",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
}
