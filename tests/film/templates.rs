//! Templates with clips in them become films: what they paint, what they play, what is heard.

use std::fs;
use std::path::Path;

use storypress::media;
use tempfile::TempDir;

use crate::make;
use crate::story::{self, RATE, Ran, alike, mean, picture, pictures, storypress};

/// A folder with a template and the clips that it names by their own names.
fn project(template: &str, clips: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let draft = format!("[output]\nsize = [270, 480]\n{template}");
    fs::write(folder.path().join("film.toml"), draft).unwrap();
    for name in clips {
        fs::copy(make::file(name), folder.path().join(format!("{name}.mp4"))).unwrap();
    }
    folder
}

fn render(folder: &Path, words: &str) -> Ran {
    let mut all = vec!["render", "film.toml", "-o", "out"];
    all.extend(words.split_whitespace());
    storypress(folder, &all)
}

/// Renders the template; its film breaks no rule but that of the size, which it chose itself.
fn rendered(folder: &Path, words: &str, seconds: f64) -> std::path::PathBuf {
    let ran = render(folder, words);
    assert_eq!((ran.code, ran.told(0)), (0, vec![]), "{}", ran.said);
    let output = &ran.report["items"][0]["outputs"][0];
    assert_eq!(
        (&output["width"], &output["height"]),
        (&270.into(), &480.into())
    );
    let told = output["duration_s"].as_f64().unwrap();
    assert!((told - seconds).abs() < 0.035, "{told}");
    let path = folder.join("out/film.mp4");
    let report = media::verify(&path, media::Profile::Budget).unwrap();
    let broken: Vec<_> = report.broken().map(|rule| rule.rule).collect();
    assert_eq!(broken, ["pixels"]);
    path
}

/// A colour stands at a point of the canvas.
fn is(path: &Path, at: f64, (x, y): (f64, f64), expected: [f64; 3]) {
    let found = picture(path, at, (270, 480)).at(x / 1080.0, y / 1920.0);
    let off = (0..3).map(|part| (found[part] - expected[part]).abs());
    let off = off.fold(0.0, f64::max);
    assert!(
        off < 9.0,
        "{x} {y} at {at} s: {found:.0?}, not {expected:?}"
    );
}

#[test]
fn a_clip_under_words_is_rendered_once() {
    let template = r##"
        [canvas]
        background = { video = "vertical.mp4" }
        [[layer]]
        type = "text"
        text = "Market"
        left = 64
        top = 1400
        size = 220
        weight = 800
        color = "#fff"
        highlight = { fill = "#000", padding = 30 }
    "##;
    let folder = project(template, &["vertical"]);
    let path = rendered(folder.path(), "", make::SECONDS);
    // above the words it is the clip
    let top = "crop=iw:ih/2:0:0";
    alike(
        &pictures(&path, top),
        &pictures(&make::file("vertical"), top),
    )
    .unwrap();
    let seen = picture(&path, 1.5, (270, 480));
    let words = seen.rgb[270 * 340 * 3..270 * 420 * 3].chunks(3);
    let white = words.filter(|p| p.iter().all(|c| *c > 225)).count();
    assert!(white > 800, "{white} pixels of text");
    let first = fs::read(&path).unwrap();
    let ran = render(folder.path(), "");
    assert_eq!(
        (ran.code, &ran.report["items"][0]["status"]),
        (0, &"unchanged".into())
    );
    assert_eq!(ran.files(0), std::slice::from_ref(&path));
    assert!(fs::read(&path).unwrap() == first);
    // another clip under the same name is another film
    fs::copy(make::file("patches"), folder.path().join("vertical.mp4")).unwrap();
    let ran = render(folder.path(), "");
    assert_eq!(
        (ran.code, &ran.report["items"][0]["status"]),
        (0, &"done".into())
    );
}

#[test]
fn a_clip_in_a_round_box_lets_the_ground_through_its_corners() {
    let template = r##"
        [canvas]
        background = "#284664"
        [[layer]]
        type = "video"
        src = "patches.mp4"
        left = 108
        top = 192
        width = 864
        height = 1536
        radius = 160
        border = { width = 16, color = "#ffffff" }
    "##;
    let folder = project(template, &["patches"]);
    let path = rendered(folder.path(), "", make::SECONDS);
    let ground = [40.0, 70.0, 100.0];
    for corner in [
        (120.0, 204.0),
        (960.0, 204.0),
        (120.0, 1716.0),
        (960.0, 1716.0),
    ] {
        is(&path, 1.5, corner, ground);
    }
    is(&path, 1.5, (540.0, 96.0), ground);
    for (band, color) in make::PATCHES.into_iter().enumerate() {
        let y = 192.0 + 1536.0 * (band as f64 + 0.5) / 8.0;
        is(&path, 1.5, (540.0, y), color.map(f64::from));
    }
    is(&path, 1.5, (116.0, 960.0), [255.0; 3]);
}

#[test]
fn clips_turn_and_mix_and_stand_in_groups() {
    let template = r##"
        [canvas]
        background = "#ffffff"
        [[layer]]
        type = "video"
        src = "patches.mp4"
        left = 0
        top = 0
        width = 540
        height = 960
        rotate = 180
        [[layer]]
        type = "group"
        layout = "free"
        left = 540
        top = 960
        width = 540
        height = 960
        opacity = 0.5
        [[layer.children]]
        type = "video"
        src = "flash.mp4"
        left = 0
        right = 0
        top = 0
        bottom = 0
        mute = true
        [[layer]]
        type = "shape"
        left = 0
        top = 0
        width = 270
        height = 960
        fill = "#808080"
        blend = "multiply"
    "##;
    let folder = project(template, &["patches", "flash"]);
    let path = rendered(folder.path(), "", 4.0);
    for (band, color) in make::PATCHES.into_iter().rev().enumerate() {
        let y = 960.0 * (band as f64 + 0.5) / 8.0;
        let color = color.map(f64::from);
        is(&path, 1.5, (405.0, y), color);
        is(&path, 1.5, (135.0, y), color.map(|c| c * 128.0 / 255.0));
    }
    // half of black on white, and of white
    is(&path, 0.5, (810.0, 1440.0), [128.0; 3]);
    is(&path, 1.02, (810.0, 1440.0), [255.0; 3]);
    is(&path, 3.8, (810.0, 480.0), [255.0; 3]);
}

#[test]
fn a_bed_fades_and_gives_way_to_the_clip() {
    let template = r##"
        [canvas]
        background = { video = "clip.mp4" }
        [audio]
        src = "bed.wav"
        volume = 0.5
        fade_in = 0.5
        fade_out = 0.5
        duck = 0.75
    "##;
    let folder = project(template, &[]);
    // after a second the clip speaks, at a pitch that is not the bed's
    let clip = make::own(
        "speaks",
        "mp4",
        "color=gray:s=90x160:r=24:d=4",
        "aevalsrc='0.4*sin(2*PI*2000*t)*gte(t,1)*lt(t,1.7)':d=4:s=48000",
        &["-c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac -b:a 128k"],
    );
    fs::copy(clip, folder.path().join("clip.mp4")).unwrap();
    // shorter than the film: it begins again
    let bed = make::own(
        "bed",
        "wav",
        "",
        "aevalsrc='0.5*sin(2*PI*200*t)':d=3:s=44100",
        &["-c:a pcm_s16le"],
    );
    fs::copy(bed, folder.path().join("bed.wav")).unwrap();
    let path = rendered(folder.path(), "", 4.0);
    let sound = story::sound(&path);
    let level = |from: f64, until: f64, hertz: f64| tone(&sound, from, until, hertz);
    assert!((level(0.6, 0.85, 200.0) - 0.25).abs() < 0.02);
    assert!((level(3.2, 3.45, 200.0) - 0.25).abs() < 0.03);
    let ducked = level(1.1, 1.65, 200.0);
    assert!((ducked - 0.0625).abs() < 0.015, "{ducked}");
    assert!((level(1.1, 1.65, 2000.0) - 0.4).abs() < 0.03);
    assert!(level(0.0, 0.1, 200.0) < 0.06 && level(3.9, 4.0, 200.0) < 0.06);
}

/// How loud a pitch is in a stretch: its part of the left side, as an amplitude.
fn tone(sound: &[[f32; 2]], from: f64, until: f64, hertz: f64) -> f64 {
    let range = (from * RATE as f64) as usize..(until * RATE as f64) as usize;
    let part = &sound[range.start..range.end.min(sound.len())];
    let angle = |at: usize| std::f64::consts::TAU * hertz * at as f64 / RATE as f64;
    let (mut cos, mut sin) = (0.0, 0.0);
    for (at, sample) in part.iter().enumerate() {
        cos += f64::from(sample[0]) * angle(at).cos();
        sin += f64::from(sample[0]) * angle(at).sin();
    }
    2.0 * f64::hypot(cos, sin) / part.len() as f64
}

#[test]
fn a_still_in_motion_grows_towards_its_end() {
    let template = r##"
        seconds = 4
        [[layer]]
        type = "image"
        src = "still.png"
        left = 0
        right = 0
        top = 0
        bottom = 0
        motion = { zoom = [1.0, 1.5] }
    "##;
    let folder = project(template, &[]);
    let still = make::own(
        "still",
        "png",
        "color=0x204060:s=540x960,format=rgb24,drawbox=216:384:108:192:white:fill,drawbox=0:0:90:160:red:fill",
        "",
        &["-frames:v 1"],
    );
    fs::copy(still, folder.path().join("still.png")).unwrap();
    let path = rendered(folder.path(), "", 4.0);
    is(&path, 0.0, (540.0, 960.0), [255.0; 3]);
    is(&path, 0.0, (80.0, 150.0), [254.0, 0.0, 0.0]);
    // the corner has left the frame, the middle has grown
    is(&path, 3.95, (40.0, 70.0), [32.0, 64.0, 96.0]);
    let width = |at: f64| {
        let seen = picture(&path, at, (270, 480));
        let row = &seen.rgb[240 * 270 * 3..241 * 270 * 3];
        row.chunks(3).filter(|p| mean(p) > 200.0).count() as i32
    };
    let widths: Vec<i32> = (0..8).map(|half| width(f64::from(half) / 2.0)).collect();
    assert!((widths[0] - 54).abs() <= 1, "{widths:?}");
    assert!(
        widths.windows(2).all(|w| (1..=6).contains(&(w[1] - w[0]))),
        "{widths:?}"
    );
    assert!((width(3.95) - 81).abs() <= 2);
    assert!(story::sound(&path).iter().all(|s| s[0].abs() < 1e-4));
}

#[test]
fn a_still_becomes_a_film_where_it_is_asked_for() {
    let template = "[canvas]\nbackground = \"#c83c28\"\n";
    let folder = project(template, &[]);
    let path = rendered(folder.path(), "--format mp4,jpg", 5.0);
    assert_eq!(
        story::everything_in(&folder.path().join("out"))
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .collect::<Vec<_>>(),
        ["film.jpg", "film.mp4"]
    );
    is(&path, 2.0, (540.0, 960.0), [200.0, 60.0, 40.0]);
}
