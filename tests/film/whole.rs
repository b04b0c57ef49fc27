//! Clips of every shape come out whole: as long, as fast, upright, with the same pictures at the same times.

use std::fs;

use crate::make::{self, CORNERS, SECONDS};
use crate::story::{FEW, Film, alike, draft, film, pictures, sized, verified};

/// A clip of the story's own shape: the film is the same, only larger.
fn same(name: &str, rate: f64) -> Film {
    let clip = make::file(name);
    film(&clip, "").runs(rate, SECONDS).shows(&clip, "null")
}

/// Such a clip of which only the times, the container or the coding are in question.
fn same_in_time(name: &str, rate: f64) -> Film {
    let clip = make::file(name);
    draft(&clip, "").runs(rate, SECONDS).shows(&clip, "null")
}

fn holds(film: &Film, what: &str) -> bool {
    let bytes = fs::read(&film.path).unwrap();
    make::find(&bytes, what.as_bytes()).is_some()
}

#[test]
fn a_phones_clip_comes_out_large_and_says_nothing_of_its_phone() {
    let clip = make::file("phone");
    let film = film(&clip, "--cover out/cover.jpg")
        .runs(30.0, SECONDS)
        .shows(&clip, "null");
    assert_eq!((film.width, film.height), (1080, 1920));
    for said in ["Apple", "Phone", "41.38", "quicktime"] {
        assert!(!holds(&film, said), "{said}");
    }
    let cover = film.folder.path().join("out/cover.jpg");
    assert_eq!(film.ran.files(0), [film.path.clone(), cover.clone()]);
    verified(&cover);
    let output = &film.ran.report["items"][0]["outputs"][1];
    assert_eq!(
        (&output["kind"], &output["width"], &output["height"]),
        (&"image".into(), &1080.into(), &1920.into())
    );
    // it is one of the film's own pictures
    let cover = &pictures(&cover, "null")[0];
    let apart = film.pictures.iter().map(|p| crate::story::apart(p, cover));
    assert!(apart.fold(f64::INFINITY, f64::min) < 4.0);
}

#[test]
fn places_and_dates_do_not_survive() {
    let film = same_in_time("place", 30.0);
    for said in ["41.38", "2026", "xyz", "location"] {
        assert!(!holds(&film, said), "{said}");
    }
}

#[test]
fn rates_of_cinema_and_television_stay() {
    same_in_time("fps23976", 23.976);
    same_in_time("fps25", 25.0);
    same_in_time("fps2997", 29.97);
}

#[test]
fn sixty_stays_and_what_is_faster_is_halved() {
    let clip = make::file("landscape60");
    film(&clip, "")
        .runs(60.0, SECONDS)
        .shows(&clip, "crop=202:360");
    same_in_time("fps120", 60.0);
    same_in_time("fps240", 60.0);
}

#[test]
fn slow_clips_show_each_picture_several_times() {
    for name in ["fps10", "gif"] {
        let film = same_in_time(name, 30.0);
        let steps = film.pictures.windows(2);
        let steps: Vec<f64> = steps.map(|p| crate::story::apart(&p[0], &p[1])).collect();
        let (new, same) = steps
            .iter()
            .enumerate()
            .partition::<Vec<_>, _>(|(at, _)| at % 3 == 2);
        let mean = |s: &[(usize, &f64)]| s.iter().map(|(_, s)| **s).sum::<f64>() / s.len() as f64;
        assert!(mean(&new) > 3.0 * mean(&same), "{name}: {steps:.2?}");
    }
}

#[test]
fn a_rate_that_varies_becomes_the_one_behind_it() {
    same_in_time("vfr", 30.0);
    // in two passes as well, which have to read it alike
    let clip = make::file("vfr");
    film(&clip, FEW).runs(30.0, SECONDS).shows(&clip, "null");
}

#[test]
fn films_of_the_web_and_of_programs_are_read() {
    for name in ["webm", "mkv", "ts", "mov"] {
        same_in_time(name, 30.0);
    }
}

#[test]
fn containers_that_start_late_keep_their_time() {
    // without an edit list the pictures stand two frames behind the sound
    let clip = make::file("fragments");
    draft(&clip, "")
        .runs(30.0, SECONDS + 2.0 / 30.0)
        .shows(&clip, "null");
    // it leaves one place empty, and the sound ends in the middle of a packet
    let clip = make::file("avi");
    draft(&clip, "")
        .runs(30.0, SECONDS + 1.0 / 30.0)
        .shows(&clip, "null");
}

#[test]
fn recordings_that_were_joined_play_one_after_the_other() {
    // each with a clock of its own, as `cat` leaves them
    let piece = |name, picture, sound| {
        let options: &[&str] = &["-c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a mp2"];
        make::own(name, "ts", picture, sound, options)
    };
    let first = piece(
        "piece-1",
        "testsrc2=s=180x320:r=30:d=2.5",
        "sine=f=440:d=2.5",
    );
    let second = piece(
        "piece-2",
        "testsrc2=s=180x320:r=30:d=2.5,negate",
        "sine=f=880:d=2.5",
    );
    let bytes = [&first, &second]
        .map(|path| fs::read(path).unwrap())
        .concat();
    let film = draft(&make::written("joined", "ts", &bytes), "").runs(30.0, 5.0);
    let both = [first, second].map(|path| pictures(&path, "null")).concat();
    alike(&film.pictures, &both).unwrap();
    assert!(film.levels(0.2, 2.4)[0] > -24.0 && film.levels(2.8, 4.8)[0] > -24.0);
}

#[test]
fn odd_and_tiny_sizes_fill_the_frame() {
    for (name, covering) in [
        ("odd", "crop=ih*9/16:ih:exact=1"),
        ("odd444", "crop=ih*9/16:ih:exact=1"),
        ("nearly-square", "null"),
        ("square", "crop=ih*9/16:ih"),
    ] {
        let clip = make::file(name);
        draft(&clip, "").runs(30.0, SECONDS).shows(&clip, covering);
    }
    let clip = make::file("odd");
    film(&clip, "")
        .runs(30.0, SECONDS)
        .shows(&clip, "crop=ih*9/16:ih:exact=1");
    film(&make::file("tiny"), "").runs(30.0, SECONDS);
}

/// The corners of a film stand where they belong.
fn upright(name: &str, film: &Film) {
    let picture = film.picture(1.5, (90, 160));
    let places = [(0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)];
    for ((x, y), color) in places.into_iter().zip(CORNERS) {
        let found = picture.at(x, y);
        let apart = (0..3).map(|part| (found[part] - f64::from(color[part])).abs());
        let apart = apart.fold(0.0, f64::max);
        assert!(apart < 30.0, "{name}, {x} {y}: {found:.0?}, not {color:?}");
    }
}

#[test]
fn turned_clips_stand_upright() {
    for name in ["corners", "corners-180", "corners-270"] {
        upright(name, &draft(&make::file(name), "").runs(30.0, SECONDS));
    }
    let name = "corners-90";
    upright(name, &film(&make::file(name), "").runs(30.0, SECONDS));
}

#[test]
fn mirrored_clips_stand_upright() {
    for name in [
        "corners-mirrored",
        "corners-mirrored-90",
        "corners-mirrored-180",
        "corners-mirrored-270",
    ] {
        upright(name, &draft(&make::file(name), "").runs(30.0, SECONDS));
    }
}

#[test]
fn pixels_that_are_not_square_become_square() {
    let clip = make::file("anamorphic");
    let film = film(&clip, "--fit contain").runs(25.0, SECONDS);
    // 180 pixels of 64:45 are as wide as 256: a band of 9/16 of its width, in the middle
    let picture = film.picture(1.5, (540, 960));
    let rows = picture.rows_above(20.0);
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    let height = last + 1 - first;
    assert!(height.abs_diff(304) <= 2, "{height}");
    assert!((first + last).abs_diff(959) <= 3, "{first} to {last}");
}

/// How much rows stand out from those above and below: what two half pictures in one look like.
fn combs(film: &std::path::Path) -> f64 {
    let rgb = crate::story::ffmpeg(&[
        "-i",
        &film.to_string_lossy(),
        "-map",
        "0:v",
        "-vf",
        "scale=360:640:flags=area,format=gray",
        "-f",
        "rawvideo",
    ]);
    let mut sum = 0.0;
    for picture in rgb.chunks_exact(360 * 640) {
        let row = |y: usize| &picture[y * 360..][..360];
        for y in 1..639 {
            for ((above, here), below) in row(y - 1).iter().zip(row(y)).zip(row(y + 1)) {
                let (up, down) = (
                    i32::from(*here) - i32::from(*above),
                    i32::from(*here) - i32::from(*below),
                );
                sum += f64::from((up * down).max(0));
            }
        }
    }
    sum / rgb.len() as f64
}

#[test]
fn half_pictures_become_whole_ones() {
    let smooth = combs(&make::file("vertical"));
    for name in ["tff", "bff", "tff-mpeg2", "bff-mpeg2"] {
        let clip = make::file(name);
        let film = sized(&clip, "", (360, 640))
            .runs(30.0, SECONDS)
            .shows(&clip, "bwdif=send_frame");
        let (before, after) = (combs(&clip), combs(&film.path));
        assert!(before > 1.5 * smooth, "{name} is no test: {before}");
        assert!(after < 1.1 * smooth, "{name}: {after:.1}, {smooth:.1}");
    }
}

#[test]
fn deep_and_full_chroma_and_rgb_look_the_same() {
    same("ten-bit", 30.0);
    for name in ["422-10", "444-10", "rgb", "grey"] {
        same_in_time(name, 30.0);
    }
}

#[test]
fn film_brighter_than_a_screen_comes_out_whole() {
    for name in ["hlg", "pq"] {
        let film = draft(&make::file(name), "").runs(30.0, SECONDS);
        let video = &film.video;
        assert_eq!((video.bit_depth, video.hdr), (8, None));
        assert_eq!(video.color_transfer, Some("bt709"));
    }
}
