use std::io::Cursor;

use super::tables::audio_object;
use super::*;

fn boxed(kind: &str, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 8).to_be_bytes();
    // the sign of QuickTime's own names is one byte there
    let kind: Vec<u8> = kind.chars().map(|c| c as u8).collect();
    [&length[..], &kind, body].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn read(bytes: &[u8]) -> Boxes {
    Boxes::read(&mut Cursor::new(bytes)).expect("memory can be read")
}

/// A picture's track of 30 units a second with these tables.
fn picture(tables: &[(&str, Vec<u8>)]) -> Track {
    let tables: Vec<u8> = tables.iter().flat_map(|(k, b)| boxed(k, b)).collect();
    let hdlr = [&numbers(&[0, 0])[..], b"vide"].concat();
    let media = [
        boxed("mdhd", &numbers(&[0, 0, 0, 30, 90])),
        boxed("hdlr", &hdlr),
        boxed("minf", &boxed("stbl", &tables)),
    ];
    let file = boxed("moov", &boxed("trak", &boxed("mdia", &media.concat())));
    let movie = read(&file).movie.expect("it has one");
    movie.tracks.into_iter().next().expect("it has one")
}

#[test]
fn boxes_are_reported_in_their_order() {
    let file = [
        boxed("ftyp", b"isom\0\0\x02\0mp41"),
        boxed("moov", &boxed("mvhd", &numbers(&[0, 0, 0, 1000, 3200]))),
        boxed("mdat", &[0; 100]),
    ];
    let found = read(&file.concat());
    assert_eq!(found.broken, None);
    assert_eq!(found.brands, [*b"isom", *b"mp41"]);
    assert_eq!(found.offset(b"moov"), Some(20));
    assert_eq!(found.top.last().map(|b| b.bytes), Some(108));
    let movie = found.movie.unwrap();
    assert_eq!((movie.timescale, movie.duration), (1000, 3200));
}

#[test]
fn lengths_that_cannot_be_end_the_walk() {
    let reported = |bytes: &[u8]| read(bytes).broken.unwrap_or_default();
    assert_eq!(
        reported(b"\0\0\0\x64mdat123"),
        "the box `mdat` breaks off: 11 of 100 bytes are there"
    );
    assert_eq!(
        reported(b"\0\0\0\x03mdat"),
        "the box `mdat` at 0 has a length that cannot be"
    );
    assert_eq!(reported(b"\0\0\0"), "3 bytes behind the last box are none");
    let endless = b"\0\0\0\x01mdat\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    assert_eq!(
        reported(endless),
        "the box `mdat` breaks off: 16 of 18446744073709551615 bytes are there"
    );
    // 0 means: to the end
    assert_eq!(reported(b"\0\0\0\0mdat123"), "");
}

#[test]
fn samples_are_walked_in_time() {
    let track = picture(&[
        ("stts", numbers(&[0, 1, 6, 1])),
        ("stss", numbers(&[0, 2, 1, 4])),
        ("stsz", numbers(&[0, 100, 6])),
        // I P B, I P B: no B is shown before its I
        ("ctts", numbers(&[0, 6, 1, 1, 1, 2, 1, 0, 1, 1, 1, 2, 1, 0])),
    ]);
    let walk = track.walk().unwrap();
    assert_eq!((walk.open_at, walk.starts_clean), (None, true));
    assert!(walk.is_constant);
    assert!((walk.seconds - 6.0 / 30.0).abs() < 1e-9);
    assert!((walk.longest_group - 3.0 / 30.0).abs() < 1e-9);
    assert_eq!((track.samples, track.bytes), (6, 600));
}

#[test]
fn a_picture_shown_before_the_start_that_it_follows_opens_the_group() {
    let track = picture(&[
        ("stts", numbers(&[0, 1, 6, 1])),
        ("stss", numbers(&[0, 2, 1, 4])),
        ("stsz", numbers(&[0, 100, 6])),
        // the fourth is shown at 5, the fifth at 4
        ("ctts", numbers(&[0, 3, 3, 1, 1, 2, 2, 0])),
    ]);
    assert_eq!(track.walk().unwrap().open_at, Some(5));
}

#[test]
fn rates_vary_where_a_sample_but_the_last_lasts_longer() {
    let rate = |runs: &[u32]| {
        let table = [&[0, runs.len() as u32 / 2], runs].concat();
        let tables = [("stts", numbers(&table)), ("stsz", numbers(&[0, 9, 6]))];
        picture(&tables).walk().unwrap().is_constant
    };
    assert!(rate(&[6, 10]));
    assert!(rate(&[5, 10, 1, 4]));
    assert!(rate(&[3, 10, 3, 11]));
    assert!(!rate(&[3, 10, 3, 12]));
    assert!(!rate(&[1, 20, 5, 10]));
}

#[test]
fn numbers_without_measure_cost_nothing() {
    let track = picture(&[
        ("stts", numbers(&[0, u32::MAX, u32::MAX, u32::MAX])),
        ("ctts", numbers(&[0, u32::MAX, u32::MAX, u32::MAX])),
        ("stss", numbers(&[0, u32::MAX, 7])),
        ("stsz", numbers(&[0, 1, u32::MAX])),
    ]);
    assert!(track.walk().is_some());
    let movie = Movie {
        tracks: vec![track],
        ..Movie::default()
    };
    let boxes = Boxes {
        movie: Some(movie),
        ..Boxes::default()
    };
    assert!(boxes.exaggerates());
}

#[test]
fn places_devices_and_the_writer_are_told_apart() {
    let keys = [
        numbers(&[0, 2]),
        boxed("mdta", b"com.apple.quicktime.model"),
        boxed("mdta", b"com.apple.quicktime.comment"),
    ];
    let meta = [
        boxed("hdlr", &[0; 24]),
        boxed("keys", &keys.concat()),
        boxed("ilst", &boxed("\0\0\0\x01", b"")),
    ];
    let plain = [
        numbers(&[0]),
        boxed("hdlr", &[0; 24]),
        boxed("ilst", &boxed("\u{A9}too", b"Lavf")),
    ];
    let user = [
        boxed("\u{A9}xyz", b"+41+002/"),
        boxed("meta", &plain.concat()),
    ];
    let file = [boxed("udta", &user.concat()), boxed("meta", &meta.concat())];
    let movie = read(&boxed("moov", &file.concat())).movie.unwrap();
    assert_eq!(movie.places().collect::<Vec<_>>(), ["\u{A9}xyz"]);
    assert_eq!(
        movie.devices().collect::<Vec<_>>(),
        ["com.apple.quicktime.model"]
    );
    assert_eq!(
        movie.others().collect::<Vec<_>>(),
        ["com.apple.quicktime.comment"]
    );
}

#[test]
fn the_kind_of_aac_is_read_from_its_description() {
    // ES, decoder config of MPEG-4 audio, special info: LC at 48 kHz, stereo
    let special = [0x05, 2, 0x11, 0x90];
    let config = [&[0x04, 17, 0x40, 0x15][..], &[0; 11], &special].concat();
    let stream = [&[0x03, 0x80, 0x80, 22, 0, 1, 0][..], &config].concat();
    assert_eq!(audio_object(&stream), Some(2));
    for end in 0..stream.len() {
        let _ = audio_object(&stream[..end]);
    }
}
