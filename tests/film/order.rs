//! Every picture of a section shows once, in order, wherever the section begins.

use std::fs;
use std::path::Path;

use crate::make;
use crate::story::{folder_with, mean, pictures, storypress, transcode};

/// Pictures a second of the numbered clip.
const RATE: usize = 25;

/// Steps of brightness, after which the numbers begin again.
const STEPS: usize = 10;

/// Five seconds whose pictures say their number, up to [`STEPS`], by how bright they are.
fn numbered() -> std::path::PathBuf {
    make::own(
        "numbered",
        "mp4",
        "nullsrc=s=180x320:r=25:d=5,geq=lum='40+mod(N\\,10)*18':cb=128:cr=128",
        "sine=d=5",
        &["-c:v libx264 -preset veryfast -crf 12 -g 25"],
    )
}

/// The numbers of a film's pictures.
fn numbers(film: &Path) -> Vec<usize> {
    let of = |picture: &Vec<u8>| {
        // limited range, read as RGB
        let luma = mean(picture) * 219.0 / 255.0 + 16.0;
        ((luma - 40.0) / 18.0).round() as usize
    };
    pictures(film, "null").iter().map(of).collect()
}

fn in_order(from: usize, count: usize) -> Vec<usize> {
    (from..from + count).map(|number| number % STEPS).collect()
}

#[test]
fn a_section_that_begins_between_two_pictures_has_each_once() {
    let (folder, clip) = folder_with(&numbered());
    for (start, first) in [("0.5", 13), ("0.48", 12), ("1.1", 28), ("1.29", 32)] {
        let words = format!("--start {start} --effort fast --max-bytes 400000");
        let ran = transcode(folder.path(), &clip, &words);
        assert_eq!(ran.code, 0, "{}", ran.said);
        let numbers = numbers(&ran.files(0)[0]);
        // the last one stays for the half picture that is left
        let count = 5 * RATE - first;
        assert!(numbers.len().abs_diff(count) <= 1, "{}", numbers.len());
        let whole = count.min(numbers.len());
        assert_eq!(numbers[..whole], in_order(first, whole), "from {start} s");
    }
}

#[test]
fn a_section_that_plays_again_shows_nothing_from_before_it() {
    let (folder, _) = folder_with(&numbered());
    let template = r##"
[output]
size = [180, 320]
seconds = 4.5
[[layer]]
type = "video"
src = "clip.mp4"
start = 1
end = 2.5
loop = true
"##;
    fs::write(folder.path().join("film.toml"), template).unwrap();
    let ran = storypress(folder.path(), &["render", "film.toml", "-o", "out"]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let numbers = numbers(&folder.path().join("out/film.mp4"));
    assert_eq!(numbers.len(), 4 * RATE + RATE / 2 + 1, "{numbers:?}");
    // 37 pictures and a half: the first round has one more than the second
    assert_eq!(numbers[..38], in_order(25, 38));
    let again = numbers[38];
    assert!((5..=6).contains(&again), "{numbers:?}");
    assert_eq!(numbers[38..75], in_order(again, 37));
    assert_eq!(numbers[75..], in_order(25, numbers.len() - 75));
}
