//! Sound comes out on both sides, as loud as it was or as loud as was asked for, and there is always a track of it.

use crate::make::{self, SECONDS};
use crate::story::{draft, film};

/// The tone of the clips, dB by power: a sine of an eighth of full scale.
const TONE: f64 = -21.07;

/// Both sides have this level, within a decibel.
fn level(film: &crate::story::Film, from: f64, until: f64, expected: f64) {
    for level in film.levels(from, until) {
        assert!((level - expected).abs() < 1.0, "{level} dB for {expected}");
    }
}

#[test]
fn one_channel_is_heard_on_both_sides() {
    level(&draft(&make::file("mono"), ""), 0.1, 3.1, TONE);
}

#[test]
fn six_channels_are_heard_on_both_sides() {
    let film = draft(&make::file("surround"), "");
    let levels = film.levels(0.1, 3.1);
    assert!((levels[0] - levels[1]).abs() < 0.1, "{levels:?}");
    assert!((TONE - 3.0..TONE + 6.0).contains(&levels[0]), "{levels:?}");
}

#[test]
fn a_clip_without_sound_gets_a_silent_track() {
    let film = draft(&make::file("silent"), "").runs(30.0, SECONDS);
    assert_eq!(film.levels(0.0, 3.2), [-120.0; 2]);
}

#[test]
fn sound_that_ends_before_the_picture_leaves_silence() {
    let film = draft(&make::file("quiet-end"), "").runs(30.0, SECONDS);
    level(&film, 0.1, 1.55, TONE);
    assert!(film.levels(1.7, 3.2)[0] < -80.0);
}

/// The integrated loudness of a film, by FFmpeg's own meter.
fn loudness(film: &crate::story::Film) -> f64 {
    let done = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-i"])
        .arg(&film.path)
        .args(["-map", "0:a", "-af", "ebur128", "-f", "null", "-"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let summary = said
        .rsplit("Integrated loudness:")
        .next()
        .unwrap_or_default();
    let number = summary.split_whitespace().nth(1).unwrap_or_default();
    number.parse().unwrap_or_else(|_| panic!("{said}"))
}

#[test]
fn loudness_is_brought_to_what_is_asked() {
    // over a blurred copy, so that one film shows both
    let film = film(&make::file("square"), "--loudness -14 --fit blur");
    let loudness = loudness(&film);
    assert!((loudness + 14.0).abs() < 0.5, "{loudness}");
    // the square is whole in the middle: its first band is red, its last cyan
    let picture = film.picture(1.5, (90, 160));
    assert!(picture.at(0.05, 0.6)[0] > 200.0);
    assert!(picture.at(0.97, 0.4)[2] > 200.0);
    // above and below it is neither black nor sharp: the copy covers the frame, so its middle bands are there
    for y in [0.03, 0.97] {
        let colors: Vec<_> = (1..18)
            .map(|x| picture.at(f64::from(x) / 18.0, y))
            .collect();
        let steps = colors
            .windows(2)
            .map(|c| (0..3).map(|p| (c[0][p] - c[1][p]).abs()).sum::<f64>());
        let steepest = steps.fold(0.0, f64::max);
        assert!(steepest < 250.0, "{steepest}");
        assert!(
            colors.iter().any(|c| c.iter().sum::<f64>() > 150.0),
            "{colors:?}"
        );
    }
}
