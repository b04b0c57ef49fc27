//! A clip of more than a minute becomes parts that are the whole again.

use std::fs;

use storypress::media;

use crate::make;
use crate::story::{self, RATE, everything_in, folder_with, pictures, transcode};

/// Drafts are quick; all rules but that of the size in pixels hold for them.
const DRAFT: &str =
    "[output]\nsize = [90, 160]\n[[layer]]\ntype = \"shape\"\nheight = 20\nfill = \"#8888\"\n";

#[test]
fn a_long_clip_is_refused_and_split_is_told() {
    let (folder, clip) = folder_with(&make::file("long"));
    let ran = transcode(folder.path(), &clip, "");
    assert_eq!(ran.code, 1);
    let told = "the film is 70.0 s long, at most 60 s are taken";
    assert_eq!(ran.told(0), [("too-long".to_owned(), told.to_owned())]);
    let hint = &ran.report["items"][0]["diagnostics"][0]["hint"];
    assert!(hint.as_str().unwrap().contains("--split"), "{hint}");
    assert_eq!(
        everything_in(&folder.path().join("out")),
        Vec::<String>::new()
    );
}

#[test]
fn parts_are_cut_where_the_scene_changes_and_are_the_whole_again() {
    // scenes of 13 s, a cut at 52 and at 104; in between nothing moves much. A tone that says which second it is
    let clip = make::own(
        "two-minutes",
        "mp4",
        "testsrc2=s=90x160:r=24:d=130,hue=h='36*floor(t/13)',negate=enable='mod(floor(t/13),2)'",
        "aevalsrc='0.3*sin(2*PI*(300+10*floor(t))*t)':d=130:s=48000",
        &["-c:v libx264 -preset ultrafast -crf 28 -pix_fmt yuv420p -g 48 -c:a aac -b:a 96k"],
    );
    let (folder, clip) = folder_with(&clip);
    fs::write(folder.path().join("draft.toml"), DRAFT).unwrap();
    let ran = transcode(
        folder.path(),
        &clip,
        "--split --overlay draft.toml --max-bytes 2000000 --cover cover.jpg",
    );
    assert_eq!((ran.code, &*ran.said), (0, ""), "{:?}", ran.told(0));
    let out = folder.path().join("out");
    let names = ["clip-01.mp4", "clip-02.mp4", "clip-03.mp4"];
    assert_eq!(everything_in(&out), names);
    let mut files: Vec<_> = names.map(|name| out.join(name)).into();
    files.push(folder.path().join("cover.jpg"));
    assert_eq!(ran.files(0), files);

    let (mut all, mut sound, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let path = out.join(name);
        let report = media::verify(&path, media::Profile::Budget).unwrap();
        let broken: Vec<_> = report.broken().map(|rule| rule.rule).collect();
        assert_eq!(broken, ["pixels"], "{name}");
        let part = pictures(&path, "null");
        lengths.push(part.len());
        all.extend(part);
        let heard = story::sound(&path);
        clicks(&heard, name);
        sound.push(heard);
    }
    // each frame of 24 a second is in one of them
    assert_eq!(lengths, [52 * 24, 52 * 24, 26 * 24]);
    story::alike(&all, &pictures(&clip, "null")).unwrap();
    for (part, first) in sound.iter().zip([0, 52, 104]) {
        for second in [0, 20, 25] {
            let from = second * RATE + RATE / 4;
            let pitch = pitch(&part[from..from + RATE / 2]);
            let expected = 300.0 + 10.0 * (first + second) as f64;
            assert!(
                (pitch - expected).abs() < 4.0,
                "{pitch} at {first} + {second}"
            );
        }
    }
}

#[test]
fn parts_that_were_finished_before_one_failed_are_told() {
    let (folder, clip) = folder_with(&make::file("long"));
    fs::write(folder.path().join("draft.toml"), DRAFT).unwrap();
    // a folder with something in it gives its name to no film
    fs::create_dir_all(folder.path().join("out/clip-02.mp4/own")).unwrap();
    let words = "--split --loudness -20 --overlay draft.toml --max-bytes 1000000";
    let ran = transcode(folder.path(), &clip, words);
    assert_eq!(
        (ran.code, &ran.report["items"][0]["status"]),
        (1, &"failed".into())
    );
    let told = ran.told(0);
    assert!(told[0].1.contains("clip-02.mp4"), "{told:?}");
    let first = folder.path().join("out/clip-01.mp4");
    assert_eq!(ran.files(0), std::slice::from_ref(&first));
    let rule = |rule: &media::Rule| (!rule.ok).then_some(rule.rule);
    let report = media::verify(&first, media::Profile::Budget).unwrap();
    let broken: Vec<_> = report.rules.iter().filter_map(rule).collect();
    assert_eq!(broken, ["pixels"]);
}

/// Hertz, by how often the wave goes up through nothing.
fn pitch(sound: &[[f32; 2]]) -> f64 {
    let ups = sound.windows(2).filter(|s| s[0][0] < 0.0 && s[1][0] >= 0.0);
    ups.count() as f64 * RATE as f64 / sound.len() as f64
}

/// A part starts and ends softly: no step out of nothing, and none into it.
fn clicks(sound: &[[f32; 2]], name: &str) {
    let ends = [&sound[..8], &sound[sound.len() - 8..]];
    let loudest = ends.concat().iter().map(|s| s[0].abs()).fold(0.0, f32::max);
    assert!(loudest < 0.03, "{name}: {loudest}");
}
