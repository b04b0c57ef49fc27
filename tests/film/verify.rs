//! A film that is right in every rule, and one that is wrong in each.

use std::fs;
use std::path::{Path, PathBuf};

use storypress::media::{self, Profile, Report, Rule};

use crate::make;

fn report(path: &Path, profile: Profile) -> Report {
    media::verify(path, profile).unwrap_or_else(|error| panic!("{error}"))
}

fn named<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<&'static str> {
    rules.map(|rule| rule.rule).collect()
}

/// The rules that a file breaks: ours, and the platform's own.
fn broken(path: &Path) -> (Vec<&'static str>, Vec<&'static str>) {
    let ours = report(path, Profile::Budget);
    let theirs = report(path, Profile::Platform);
    let errors = |report: &Report| {
        let broken = report.broken();
        named(broken.filter(|rule| rule.severity.as_str() == "error"))
    };
    assert_eq!(ours.is_ok(), errors(&ours).is_empty());
    (errors(&ours), errors(&theirs))
}

/// What a rule says of a file in our profile.
fn said(path: &Path, rule: &str) -> String {
    let report = report(path, Profile::Budget);
    let found = report.rules.into_iter().find(|r| r.rule == rule);
    found.unwrap_or_else(|| panic!("no rule {rule}")).said
}

fn legal() -> PathBuf {
    make::file("legal")
}

/// `legal` with bytes changed behind the first place where `mark` stands.
fn patched(name: &str, mark: &[u8], change: impl Fn(&mut [u8])) -> PathBuf {
    let mut bytes = fs::read(legal()).unwrap();
    let at = make::find(&bytes, mark).expect("the mark is there") + mark.len();
    change(&mut bytes[at..]);
    make::written(name, "mp4", &bytes)
}

#[test]
fn what_the_platform_asks_for_keeps_every_rule() {
    for profile in [Profile::Budget, Profile::Platform] {
        let report = report(&legal(), profile);
        let broken: Vec<_> = report.broken().collect();
        assert!(broken.is_empty(), "{broken:?}");
        assert_eq!(
            named(report.rules.iter()),
            [
                "format",
                "size",
                "moov-first",
                "edit-list",
                "streams",
                "codec",
                "profile",
                "pixels",
                "aspect",
                "orientation",
                "chroma",
                "color",
                "progressive",
                "audio",
                "frame-rate",
                "gop",
                "bit-rate",
                "duration",
                "sync",
                "metadata",
                "whole"
            ]
        );
    }
    assert_eq!(said(&legal(), "whole"), "all 96 pictures decode");
    assert_eq!(said(&legal(), "profile"), "High, level 3.1");
}

/// Options that make `legal` wrong, and the rules that break: ours, and the platform's.
type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

#[rustfmt::skip]
const WRONG: &[Case] = &[
    ("nothing", "", &[], &[]),
    ("fragmented", "-movflags +frag_keyframe+empty_moov", &["format"], &[]),
    ("moov-last", "-movflags negative_cts_offsets", &["moov-first"], &["moov-first"]),
    // an edit list that starts both where they start
    ("with-edits", "-movflags +faststart -use_editlist 1", &["edit-list"], &[]),
    ("two-sounds", "-map 0 -map 1 -map 1", &["streams"], &[]),
    ("no-sound", "-an", &["streams", "audio"], &[]),
    ("hevc", "-c:v libx265 -preset ultrafast -profile:v main -tag:v hvc1 -x265-params log-level=none:open-gop=0", &["codec"], &[]),
    ("mpeg4", "-c:v mpeg4 -profile:v 0 -q:v 6 -bf 0 -flags -cgop", &["codec"], &["codec"]),
    ("main", "-profile:v main", &["profile"], &[]),
    ("small", "-s 360x640", &["pixels"], &[]),
    ("columns", "-s 2048x256 -aspect 2048:256", &["pixels", "aspect"], &["pixels"]),
    ("square-pixels-not", "-vf setsar=2/1", &["pixels", "aspect"], &[]),
    ("narrow", "-s 64x1280 -aspect 64:1280", &["pixels", "aspect"], &["aspect"]),
    ("444", "-pix_fmt yuv444p -profile:v high444", &["profile", "chroma"], &["chroma"]),
    ("10-bit", "-pix_fmt yuv420p10le -profile:v high10", &["profile", "chroma"], &[]),
    ("untagged", "-colorspace unknown -color_primaries unknown -color_trc unknown", &["color"], &[]),
    ("full-range", "-vf scale=out_range=full -color_range pc", &["color"], &[]),
    ("fields", "-flags +ilme+ildct+cgop -vf setfield=tff -x264-params tff=1", &["progressive"], &["progressive"]),
    ("slow", "-vf fps=20 -g 40", &["frame-rate"], &["frame-rate"]),
    ("fast", "-vf fps=90", &["frame-rate"], &["frame-rate"]),
    ("uneven", "-vf select='not(eq(mod(n,7),3))' -fps_mode vfr -g 40", &["frame-rate"], &[]),
    ("long-groups", "-g 250", &["gop"], &[]),
    ("open-groups", "-flags -cgop -g 15 -keyint_min 15 -bf 3 -x264-params open-gop=1:scenecut=0", &["gop"], &["gop"]),
    ("many-bits", "-crf 1 -maxrate 90M -bufsize 90M -level 5.1 -vf scale=360:640,noise=alls=60:allf=t", &["size", "pixels", "bit-rate"], &["bit-rate"]),
    ("mp3", "-c:a libmp3lame", &["audio"], &["audio"]),
    ("44100", "-ar 44100", &["audio"], &[]),
    ("96000", "-ar 96000", &["audio"], &["audio"]),
    ("one-channel", "-ac 1 -b:a 64k", &["audio"], &[]),
    ("six-channels", "-ac 6 -b:a 120k", &["audio"], &["audio"]),
    ("loud-bits", "-af aeval=random(0)-0.5|random(1)-0.5 -b:a 320k", &["audio"], &["audio"]),
    ("two-seconds", "-t 2", &["duration"], &["duration"]),
    ("place", "-metadata location=+41.3851+002.1734/", &["metadata"], &[]),
    ("device", "-movflags +faststart+negative_cts_offsets+use_metadata_tags -metadata com.apple.quicktime.model=Phone", &["metadata"], &[]),
];

#[test]
fn each_wrong_option_breaks_its_own_rule() {
    let mut wrong = Vec::new();
    for (name, options, ours, theirs) in WRONG {
        let found = broken(&make::legal_but(name, "mp4", options));
        if (&found.0[..], &found.1[..]) != (*ours, *theirs) {
            wrong.push(format!("{name}: {found:?}, not {:?}", (ours, theirs)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_containers_break_the_format() {
    let mov = make::legal_but("legal-mov", "mov", "");
    assert_eq!(broken(&mov), (vec!["format"], vec![]));
    let webm = broken(&make::file("webm"));
    assert_eq!(webm, (vec!["format"], vec!["format"]));
    assert_eq!(
        said(&make::file("webm"), "format"),
        "Matroska or WebM; the platform takes MP4 and MOV only"
    );
}

#[test]
fn a_name_that_says_another_kind_is_told() {
    let bytes = fs::read(legal()).unwrap();
    let path = make::written("legal-but-named", "jpg", &bytes);
    assert_eq!(broken(&path), (vec!["name"], vec![]));
    assert_eq!(said(&path, "name"), "`.jpg`, and it is a film");
    let picture = make::file("picture");
    assert_eq!(said(&picture, "name"), "`.mp4`, and it is no film");
}

#[test]
fn sizes_are_held_against_each_ones_own_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.mp4");
    for (length, expected) in [
        (8_000_000_u64, (vec![], vec![])),
        (8_000_001, (vec!["size"], vec![])),
        (100_000_000, (vec!["size"], vec![])),
        (100_000_001, (vec!["size"], vec!["size"])),
    ] {
        let mut bytes = fs::read(legal()).unwrap();
        // an empty box fills it up; what is not written takes no room on the disk
        let left = length - bytes.len() as u64;
        bytes.extend((left as u32).to_be_bytes());
        bytes.extend(b"free");
        fs::write(&path, bytes).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length).unwrap();
        assert_eq!(broken(&path), expected, "{length}");
    }
}

#[test]
fn a_level_that_promises_too_little_is_told() {
    // version, profile, constraints, level
    let path = patched("low-level", b"avcC", |rest| rest[3] = 30);
    assert_eq!(broken(&path), (vec!["profile"], vec![]));
    let said = said(&path, "profile");
    assert!(said.ends_with("too low for pictures of 720×1280"), "{said}");
}

#[test]
fn a_turned_film_is_told_to_be_turned() {
    let quarter = |rest: &mut [u8]| {
        for (place, value) in [(0, 0), (1, 1_i32), (3, -1), (4, 0)] {
            rest[40 + place * 4..][..4].copy_from_slice(&(value << 16).to_be_bytes());
        }
    };
    let path = patched("turned", b"tkhd", quarter);
    assert_eq!(broken(&path), (vec!["aspect", "orientation"], vec![]));
    assert_eq!(said(&path, "orientation"), "to be turned by 90°");
}

#[test]
fn a_minute_and_a_second_is_too_long() {
    let options: &[&str] = &[
        "-c:v libx264 -preset ultrafast -profile:v high -pix_fmt yuv420p -g 48",
        "-c:a aac -b:a 64k -ar 48000 -ac 2 -movflags +faststart",
    ];
    for (name, seconds, picture, sound) in [
        ("sixty", 60, "testsrc2=s=36x64:r=24:d=60", "sine=d=60"),
        ("sixty-one", 61, "testsrc2=s=36x64:r=24:d=61", "sine=d=61"),
    ] {
        let path = make::own(name, "mp4", picture, sound, options);
        let report = report(&path, Profile::Platform);
        let rule = report.rules.iter().find(|r| r.rule == "duration").unwrap();
        assert_eq!(rule.said, format!("{seconds} s"));
        assert_eq!(rule.ok, seconds == 60);
    }
}

#[test]
fn picture_and_sound_that_do_not_run_together_are_told() {
    let options: &[&str] = &["-c:v libx264 -preset ultrafast -c:a aac -movflags +faststart"];
    let picture = "testsrc2=s=72x128:r=30:d=3.2";
    let path = make::own("short-sound", "mp4", picture, "sine=d=3.1", options);
    assert_eq!(
        said(&path, "sync"),
        "picture from 0.000 to 3.200 s, sound from 0.000 to 3.100 s"
    );
    assert!(broken(&path).0.contains(&"sync"));
    let late = said(&make::file("late"), "sync");
    assert_eq!(
        late,
        "picture from 0.500 to 4.000 s, sound from 0.000 to 4.000 s"
    );
    assert!(said(&make::file("flash"), "sync").starts_with("both start at 0"));
    assert!(said(&make::file("edited"), "sync").starts_with("both start at 0"));
}

#[test]
fn remarks_are_worth_a_look() {
    let path = make::legal_but("remarks", "mp4", "-metadata title=Tart");
    assert_eq!(broken(&path), (vec![], vec![]));
    assert_eq!(said(&path, "metadata"), "remarks (©nam)");
}

#[test]
fn a_film_that_breaks_off_or_is_damaged_is_not_whole() {
    let bytes = fs::read(legal()).unwrap();
    let half = make::written("half", "mp4", &bytes[..bytes.len() / 2]);
    assert_eq!(broken(&half), (vec!["whole"], vec!["whole"]));
    assert!(said(&half, "whole").starts_with("the box `mdat` breaks off"));
    for name in ["truncated", "truncated-no-moov", "bit-flips", "audio-only"] {
        let (ours, theirs) = broken(&make::file(name));
        assert!(
            ours.contains(&"whole") && theirs.contains(&"whole"),
            "{name}"
        );
    }
    assert_eq!(
        said(&make::file("audio-only"), "whole"),
        "it has sound but no picture"
    );
    for (name, rules) in [
        ("zero-bytes", vec!["format", "size"]),
        ("zeros", vec!["format"]),
        ("text", vec!["format"]),
    ] {
        let (_, theirs) = broken(&make::file(name));
        assert_eq!(theirs, rules, "{name}");
    }
}

#[test]
fn tables_that_lie_about_the_count_are_told() {
    // version and flags, size of all or 0, count
    let fewer = patched("fewer", b"stsz", |rest| {
        let count = u32::from_be_bytes([rest[8], rest[9], rest[10], rest[11]]);
        rest[8..12].copy_from_slice(&(count - 1).to_be_bytes());
    });
    assert_ne!(said(&fewer, "whole"), "all 96 pictures decode");
    let huge = patched("huge", b"stsz", |rest| {
        rest[4..8].copy_from_slice(&1_u32.to_be_bytes());
        rest[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    });
    assert_eq!(
        said(&huge, "whole"),
        "it claims more samples than any film has"
    );
}

#[test]
fn a_damaged_bit_is_told_where_the_decoder_can_know() {
    // damage often reads as another picture that is as good; the command with `-err_detect explode` sees four of these twelve
    let bytes = fs::read(legal()).unwrap();
    let data = make::find(&bytes, b"mdat").unwrap() + 4;
    let mut found = 0;
    let tries = 12;
    for number in 0..tries {
        let mut bytes = bytes.clone();
        let at = data + (bytes.len() - data) / (tries + 1) * (number + 1);
        bytes[at] ^= 0x10;
        let path = make::written(&format!("flip-{number}"), "mp4", &bytes);
        found += usize::from(!report(&path, Profile::Budget).is_ok());
    }
    assert!(found * 4 >= tries * 3, "{found} of {tries}");
}
