//! Files that were cut, changed or made up: each gets an answer, soon, and nothing panics.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use storypress::media::{self, Profile};

use crate::make;
use crate::story::{Ran, everything_in, folder_with, storypress, transcode};

/// Probes and verifies bytes under a film's name.
fn endure(path: &Path, bytes: &[u8], what: &str) {
    fs::write(path, bytes).expect("the folder for temporary files can be written to");
    let started = Instant::now();
    let _ = media::probe(path);
    let report = media::verify(path, Profile::Platform).expect("what is there gets a report");
    assert!(!report.rules.is_empty(), "{what}");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "{what}: {took:?}");
}

/// What the program says of the clip that it gave up.
fn given_up(ran: &Ran, name: &str) {
    assert_eq!(ran.code, 1, "{}", ran.said);
    let told = ran.told(0);
    assert_eq!(told.len(), 1, "{told:?}");
    let (code, message) = &told[0];
    assert_eq!(code, "unreadable-media");
    assert!(
        message.starts_with("gave up on `") && message.contains(name),
        "{message}"
    );
    assert!(message.ends_with("it is not done after 0.001 s"));
}

#[test]
fn a_film_is_given_up_when_its_time_is_over() {
    let (folder, clip) = folder_with(&make::file("vertical"));
    let at = folder.path();
    fs::write(at.join("storypress.toml"), "[limits]\nseconds = 0.001\n").unwrap();
    fs::write(
        at.join("film.toml"),
        "[canvas]\nbackground = { video = \"clip.mp4\" }\n",
    )
    .unwrap();
    let ran = transcode(at, &clip, "");
    given_up(&ran, "clip.mp4");
    let hint = &ran.report["items"][0]["diagnostics"][0]["hint"];
    assert!(
        hint.as_str().unwrap().contains("[limits] seconds"),
        "{hint}"
    );
    for call in [
        "transcode clip.mp4 -o out --split",
        "render film.toml -o out",
        "check film.toml",
        "probe clip.mp4",
        "verify clip.mp4",
    ] {
        let words: Vec<_> = call.split(' ').collect();
        given_up(&storypress(at, &words), "clip.mp4");
    }
    assert_eq!(everything_in(&at.join("out")), Vec::<String>::new());
    // a film has time where others took it
    fs::write(at.join("storypress.toml"), "[limits]\nseconds = 600\n").unwrap();
    assert_eq!(transcode(at, &clip, "--effort fast").code, 0);
}

/// Offsets at which boxes start, those inside others too.
fn boxes(bytes: &[u8], from: usize, to: usize, found: &mut Vec<usize>) {
    let mut at = from;
    while at + 8 <= to {
        let length = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let end = at + length as usize;
        if length < 8 || end > to {
            return;
        }
        found.push(at);
        if matches!(
            &bytes[at + 4..at + 8],
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"edts" | b"udta"
        ) {
            boxes(bytes, at + 8, end, found);
        }
        at = end;
    }
}

#[test]
fn a_film_may_break_off_at_every_box() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    for name in ["tiny", "fragments", "edited"] {
        let bytes = fs::read(make::file(name)).unwrap();
        let mut starts = Vec::new();
        boxes(&bytes, 0, bytes.len(), &mut starts);
        assert!(starts.len() > 10, "{name}: {starts:?}");
        for at in starts {
            for cut in [at, at + 4, at + 8, at + 13] {
                let cut = cut.min(bytes.len());
                endure(&path, &bytes[..cut], &format!("{name} cut at {cut}"));
            }
        }
    }
}

#[test]
fn a_box_may_claim_any_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let bytes = fs::read(make::file("tiny")).unwrap();
    let mut starts = Vec::new();
    boxes(&bytes, 0, bytes.len(), &mut starts);
    for at in starts {
        for length in [0_u32, 1, 7, 8, 9, 0x7FFF_FFFF, u32::MAX] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
            endure(&path, &bytes, &format!("{length} at {at}"));
        }
    }
}

#[test]
fn a_table_may_claim_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let bytes = fs::read(make::file("tiny")).unwrap();
    for table in [
        "mvhd", "tkhd", "mdhd", "elst", "stsd", "stts", "ctts", "stss", "stsz", "stsc", "stco",
        "avcC", "esds", "hdlr",
    ] {
        let at = make::find(&bytes, table.as_bytes()).expect(table) + 4;
        for field in 0..6 {
            for number in [0_u32, 1, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
                let mut bytes = bytes.clone();
                bytes[at + field * 4..][..4].copy_from_slice(&number.to_be_bytes());
                endure(&path, &bytes, &format!("{table}, field {field}: {number}"));
            }
        }
    }
}

#[test]
fn bytes_may_be_changed_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let mut seed = 1_u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for name in ["tiny", "fragments", "short"] {
        let bytes = fs::read(make::file(name)).unwrap();
        let tables = make::find(&bytes, b"moov").expect("an MP4 has them");
        for number in 0..60 {
            let mut bytes = bytes.clone();
            for _ in 0..=random(4) {
                // half of them where the tables are
                let at = match number % 2 {
                    0 => random(bytes.len()),
                    _ => tables + random((bytes.len() - tables).min(4000)),
                };
                bytes[at] = random(256) as u8;
            }
            endure(&path, &bytes, &format!("{name}, change {number}"));
        }
    }
}

#[test]
fn fragments_may_point_far_behind_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let mut bytes = fs::read(make::file("fragments")).unwrap();
    let mut from = 0;
    while let Some(at) = make::find(&bytes[from..], b"tfhd") {
        // version and flags, track, then where the data start
        from += at + 12;
        bytes[from] = 0x80;
    }
    assert!(from > 0);
    endure(&path, &bytes, "fragments");
    endure(&path, &bytes[..bytes.len() / 2], "half of them");
}

#[test]
fn names_need_not_be_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.webm");
    let mut bytes = fs::read(make::file("webm")).unwrap();
    let at = make::find(&bytes, b"ENCODER").expect("FFmpeg writes its name");
    bytes[at + 6] = 0xE3;
    endure(&path, &bytes, "a name");
}

#[test]
fn damage_in_other_codecs_is_endured_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for name in ["avi", "webm", "ts", "mkv", "hlg", "422-10", "tff-mpeg2"] {
        let mut bytes = fs::read(make::file(name)).unwrap();
        let from = bytes.len() / 8;
        bytes[from..]
            .iter_mut()
            .step_by(1499)
            .for_each(|b| *b ^= 0x41);
        endure(&path, &bytes, name);
    }
}
