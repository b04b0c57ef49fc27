//! What is told of a clip is what the clip is.

use serde_json::Value;
use storypress::media::{self, AudioProbe, Probe, VideoProbe};

use crate::make;

fn probe(name: &str) -> Probe {
    media::probe(&make::file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn video(name: &str) -> VideoProbe {
    probe(name).film().expect("it is a film").video.clone()
}

fn audio(name: &str) -> Option<AudioProbe> {
    probe(name).film().expect("it is a film").audio.clone()
}

fn seconds(name: &str) -> f64 {
    probe(name).film().expect("it is a film").duration_s
}

#[test]
fn a_clip_is_told_as_it_was_made() {
    let told = serde_json::to_value(probe("vertical")).unwrap();
    for (key, value) in [
        ("kind", "video".into()),
        ("format", "MP4".into()),
        ("width", 360.into()),
        ("height", 640.into()),
        ("duration_s", Value::from(3.2)),
        ("has_place", false.into()),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    let video = &told["video"];
    for (key, value) in [
        ("codec", Value::from("h264")),
        ("profile", "High".into()),
        ("level", "3.0".into()),
        ("frame_rate", 30.0.into()),
        ("constant_rate", true.into()),
        ("frames", 96.into()),
        ("rotation", 0.into()),
        ("sample_aspect", "1:1".into()),
        ("field_order", "progressive".into()),
        ("pixel_format", "yuv420p".into()),
        ("bit_depth", 8.into()),
        ("chroma", "4:2:0".into()),
        ("color_range", "limited".into()),
        ("color_primaries", "bt709".into()),
        ("hdr", Value::Null),
    ] {
        assert_eq!(video[key], value, "{key}");
    }
    assert_eq!(told["audio"]["codec"], "aac");
    assert_eq!(told["audio"]["profile"], "LC");
    assert_eq!(told["audio"]["sample_rate"], 48000);
    assert_eq!(
        told["streams"],
        Value::from(vec!["video h264", "audio aac"])
    );
}

#[test]
fn containers_are_told_by_their_content() {
    for (name, format) in [
        ("webm", "Matroska or WebM"),
        ("mkv", "Matroska or WebM"),
        ("avi", "AVI"),
        ("mov", "MOV"),
        ("ts", "MPEG-TS"),
        ("tff-mpeg2", "MPEG-PS"),
        ("fragments", "MP4"),
    ] {
        let probe = probe(name);
        assert_eq!(probe.format, format, "{name}");
        let film = probe.film().expect("it is a film");
        // containers without a time for each picture say it to a picture
        assert!(
            (film.duration_s - make::SECONDS).abs() < 0.07,
            "{name}: {film:?}"
        );
        assert!((film.video.frame_rate - 30.0).abs() < 0.5, "{name}");
        assert!(film.video.constant_rate, "{name}");
    }
}

#[test]
fn rates_are_measured() {
    for (name, rate) in [
        ("fps10", 10.0),
        ("fps23976", 23.976),
        ("fps25", 25.0),
        ("fps2997", 29.97),
        ("landscape60", 60.0),
        ("fps120", 120.0),
        ("fps240", 240.0),
    ] {
        let video = video(name);
        assert!((video.frame_rate - rate).abs() < 0.01, "{name}: {video:?}");
        assert!(video.constant_rate, "{name}");
    }
    let video = video("vfr");
    assert!(!video.constant_rate);
    assert!(video.frame_rate < 20.0, "{video:?}");
}

#[test]
fn turns_and_mirrors_are_told_and_the_size_is_upright() {
    for (name, rotation, mirrored) in [
        ("corners", 0, false),
        ("corners-90", 90, false),
        ("corners-180", 180, false),
        ("corners-270", 270, false),
        ("corners-mirrored", 0, true),
        ("corners-mirrored-180", 180, true),
    ] {
        let probe = probe(name);
        let video = &probe.film().unwrap().video;
        assert_eq!(
            (video.rotation, video.mirrored),
            (rotation, mirrored),
            "{name}"
        );
        assert_eq!((probe.width, probe.height), (360, 640), "{name}");
        let turned = rotation % 180 == 90;
        assert_eq!(video.coded_width, if turned { 640 } else { 360 }, "{name}");
    }
    for name in ["corners-mirrored-90", "corners-mirrored-270"] {
        assert!(video(name).mirrored, "{name}");
        assert_eq!(video(name).rotation % 180, 90, "{name}");
    }
}

#[test]
fn pixels_that_are_not_square_widen_the_shown_size() {
    let wide = probe("anamorphic");
    assert_eq!((wide.width, wide.height), (256, 144));
    let video = video("anamorphic");
    assert_eq!((video.coded_width, video.coded_height), (180, 144));
    assert_eq!(video.sample_aspect, "64:45");
    assert_eq!(probe("nearly-square").width, 360);
    assert_eq!((probe("odd").width, probe("odd").height), (361, 639));
    assert_eq!((probe("tiny").width, probe("tiny").height), (16, 16));
}

#[test]
fn fields_are_told_with_their_order() {
    for (name, order) in [
        ("tff", "tff"),
        ("bff", "bff"),
        ("tff-mpeg2", "tff"),
        ("bff-mpeg2", "bff"),
        ("vertical", "progressive"),
    ] {
        assert_eq!(video(name).field_order, order, "{name}");
    }
}

#[test]
fn colours_and_depths_are_told() {
    let told = |name| {
        let v = video(name);
        (
            v.bit_depth,
            v.chroma,
            v.color_range,
            v.color_transfer,
            v.hdr,
        )
    };
    let film = Some("arib-std-b67");
    assert_eq!(
        told("hlg"),
        (10, Some("4:2:0"), "limited", film, Some("HLG"))
    );
    let film = Some("smpte2084");
    assert_eq!(told("pq"), (10, Some("4:2:0"), "limited", film, Some("PQ")));
    assert_eq!(video("hlg").color_primaries, Some("bt2020"));
    assert_eq!(video("hlg").color_matrix, Some("bt2020nc"));
    assert_eq!(video("hlg").profile, Some("Main 10"));
    assert_eq!((told("422-10").0, told("422-10").1), (10, Some("4:2:2")));
    assert_eq!((told("444-10").0, told("444-10").1), (10, Some("4:4:4")));
    assert_eq!(told("ten-bit").0, 10);
    assert_eq!(told("patches-full").2, "full");
    assert_eq!(video("patches-601").color_matrix, Some("smpte170m"));
    assert_eq!(told("rgb").1, None);
}

#[test]
fn sound_is_told_with_its_channels() {
    let layout = |name| audio(name).map(|a| (a.channels, a.layout));
    assert_eq!(layout("mono"), Some((1, "mono".to_owned())));
    assert_eq!(layout("vertical"), Some((2, "stereo".to_owned())));
    assert_eq!(layout("surround"), Some((6, "5.1".to_owned())));
    assert_eq!(layout("silent"), None);
    assert_eq!(audio("webm").unwrap().codec, "opus");
    let bits = audio("vertical").unwrap().bit_rate.unwrap();
    assert!((90_000..105_000).contains(&bits), "{bits}");
}

#[test]
fn the_length_is_what_the_file_holds() {
    for (name, expected) in [
        ("edited", 4.0 - make::EDITED),
        ("late", 4.0),
        ("starts-at-ten", 4.0),
    ] {
        // the sound's first packet may reach over the edge
        assert!(
            (seconds(name) - expected).abs() < 0.03,
            "{name}: {}",
            seconds(name)
        );
    }
    let probe = probe("truncated");
    let film = probe.film().unwrap();
    assert_eq!(film.declared_s, Some(3.2));
    assert!((1.0..2.5).contains(&film.duration_s), "{film:?}");
}

#[test]
fn places_and_devices_are_found() {
    let told = |name| {
        let probe = probe(name);
        let film = probe.film().unwrap().clone();
        (film.has_place, film.has_device)
    };
    assert_eq!(told("vertical"), (false, false));
    assert_eq!(told("phone"), (true, true));
    assert_eq!(told("place"), (true, false));
}

#[test]
fn what_is_no_film_is_told_in_a_sentence() {
    for (name, said) in [
        (
            "truncated-no-moov",
            "it is unfinished: its index (`moov`) is missing; recording or copying it broke off",
        ),
        ("zero-bytes", "it is empty"),
        (
            "zeros",
            "it is neither a picture nor a film; it starts with \
            `\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00`",
        ),
        ("audio-only", "it has sound but no picture"),
        (
            "text",
            "it is neither a picture nor a film; it starts with `a film, once`",
        ),
    ] {
        let path = make::file(name);
        let error = media::probe(&path).unwrap_err().to_string();
        assert_eq!(error, format!("cannot read `{}`: {said}", path.display()));
    }
    // a picture under a film's name is a picture
    assert_eq!(probe("picture").format, "JPEG");
}
