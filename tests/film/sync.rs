//! What is seen and heard together stays together: a flash and its beep.

use crate::make::{self, EDITED, FLASHES, LATE};
use crate::story::{Film, draft, film};

/// What an eye and an ear take for one moment, seconds.
const TOGETHER: f64 = 0.02;

/// Flashes and beeps are at these times, and so together.
#[track_caller]
fn together(film: Film, rate: f64, times: &[f64]) -> Film {
    let video = &film.video;
    assert!((video.frame_rate - rate).abs() < 0.002, "{video:?}");
    let (flashes, beeps) = (film.flashes(), film.beeps());
    let told = format!("{flashes:.3?} and {beeps:.3?}");
    assert_eq!(
        (flashes.len(), beeps.len()),
        (times.len(), times.len()),
        "{told}"
    );
    for ((flash, beep), time) in flashes.iter().zip(&beeps).zip(times) {
        assert!((flash - beep).abs() <= TOGETHER, "{told}");
        // a picture stands on a frame of the film
        assert!((flash - time).abs() <= 0.5 / rate + 0.005, "{told}");
    }
    film
}

/// The same moments when the film begins later or earlier.
fn moved(by: f64) -> Vec<f64> {
    FLASHES
        .iter()
        .map(|at| at + by)
        .filter(|at| *at > 0.0)
        .collect()
}

#[test]
fn a_flash_and_its_beep_stay_together() {
    together(film(&make::file("flash"), ""), 30.0, &FLASHES).runs(30.0, 4.0);
    together(draft(&make::file("flash24"), ""), 24.0, &FLASHES).runs(24.0, 4.0);
}

#[test]
fn pictures_that_come_late_come_late() {
    for name in ["late", "late-mkv"] {
        let film = together(draft(&make::file(name), ""), 30.0, &FLASHES).runs(30.0, 4.0);
        // until then the first picture stands
        assert!(crate::story::apart(&film.pictures[0], &film.pictures[14]) < 1.0);
    }
    assert_eq!(LATE, 0.5);
}

#[test]
fn sound_that_comes_late_comes_late() {
    together(draft(&make::file("late-sound"), ""), 30.0, &FLASHES).runs(30.0, 4.0);
}

#[test]
fn what_an_edit_list_cuts_is_cut_from_both() {
    together(draft(&make::file("edited"), ""), 30.0, &moved(-EDITED)).runs(30.0, 4.0 - EDITED);
}

#[test]
fn a_clock_that_starts_at_ten_starts_at_zero() {
    // the sound starts a packet before the picture
    together(draft(&make::file("starts-at-ten"), ""), 30.0, &moved(0.021)).runs(30.0, 4.021);
}

#[test]
fn a_start_in_the_middle_cuts_both_alike() {
    together(
        draft(&make::file("flash"), "--start 0.6 --end 3.7"),
        30.0,
        &moved(-0.6),
    )
    .runs(30.0, 3.1);
    together(
        draft(&make::file("edited"), "--start 0.25"),
        30.0,
        &moved(-EDITED - 0.25),
    )
    .runs(30.0, 3.05);
}

const BEEP: &str = "aevalsrc='0.5*sin(2*PI*1000*t)*gte(t,0.99)*lt(mod(t+0.00001,1),0.1)':d=3.4:s=48000,\
    pan=5.1|FL=c0|FR=c0|FC=0*c0|LFE=0*c0|BL=0*c0|BR=0*c0";

#[test]
fn sixty_frames_and_six_channels_stay_together() {
    let clip = make::own(
        "flash60",
        "mp4",
        "color=black:s=360x640:r=60:d=3.4,drawbox=0:0:iw:ih:white:fill:enable='gte(t,0.99)*lt(mod(t+0.001,1),0.066)'",
        BEEP,
        &["-c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -b:a 256k"],
    );
    together(draft(&clip, ""), 60.0, &FLASHES).runs(60.0, 3.4);
}

#[test]
fn a_rate_that_varies_stays_together() {
    // pictures at odd places between 15 and 60 a second, as recorders of screens make them
    let clip = make::own(
        "flash-vfr",
        "mkv",
        "color=black:s=360x640:r=60:d=3.4,drawbox=0:0:iw:ih:white:fill:enable='gte(t,0.99)*lt(mod(t+0.001,1),0.066)',\
         select='1-mod(floor(n/7)\\,2)*gt(mod(n\\,4)\\,0)'",
        BEEP,
        &["-c:v libx264 -preset veryfast -pix_fmt yuv420p -fps_mode vfr -c:a flac"],
    );
    let film = together(draft(&clip, ""), 60.0, &FLASHES);
    assert!((film.seconds - 3.4).abs() < 0.07, "{}", film.seconds);
}

#[test]
fn a_start_far_into_a_clip_is_found() {
    // nothing to start at for ten seconds: what is sought lies behind it
    const PICTURE: &str = "color=black:s=90x160:r=30:d=17,\
        drawbox=0:0:iw:ih:white:fill:enable='gte(t,0.99)*lt(mod(t+0.001,1),0.066)'";
    const SOUND: &str =
        "aevalsrc='0.5*sin(2*PI*1000*t)*gte(t,0.99)*lt(mod(t+0.00001,1),0.1)':d=17:s=48000";
    const H264: &str = "-c:v libx264 -preset veryfast -g 300 -keyint_min 300 -sc_threshold 0";
    for (name, extension, sound) in [
        ("far", "mp4", "-c:a aac"),
        ("far", "mkv", "-c:a libopus"),
        ("far", "ts", "-c:a mp2"),
    ] {
        let options: &'static [&'static str] = Box::leak(Box::new([H264, sound]));
        let clip = make::own(name, extension, PICTURE, SOUND, options);
        // a transport stream says its time by the sound, which starts a little before
        let film = together(
            draft(&clip, "--start 12.4 --end 0:15.6"),
            30.0,
            &[0.6, 1.6, 2.6],
        );
        film.runs(30.0, 3.2);
    }
}
