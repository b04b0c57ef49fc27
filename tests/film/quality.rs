//! No second sinks: films of uneven difficulty, held second by second against a careful two-pass script.
//!
//! The short form of `tools/bench-film.py`, which measures more clips at full size.

use std::path::{Path, PathBuf};
use std::process::Command;

use storypress::diag::{Place, Source};
use storypress::media::{self, FilmOptions};
use storypress::scene::{Clip, Scene};

use crate::make;

/// Small, so that it takes little time.
const SIZE: (u32, u32) = (432, 768);
const RATE: usize = 24;
const SECONDS: u64 = 8;
/// As many for each pixel as a film of a minute has at 720×1280, where the bits are short.
const BYTES: u64 = 8_000_000 * SECONDS / 60 * (432 * 768) / (720 * 1280);

/// How a clip is kept: quick, and hardly any loss.
const NEARLY_AS_IT_IS: &[&str] = &[
    "-c:v libx264 -preset ultrafast -crf 10 -pix_fmt yuv420p",
    "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv",
];

/// How far below the script's a second may lie, SSIM of luma.
const MARGIN: f64 = 0.08;

/// A part of a clip: a source of FFmpeg's own at the clip's size, so many seconds of it.
fn part(source: &str, seconds: u64) -> String {
    let (width, height) = SIZE;
    let frames = seconds as usize * RATE;
    format!(
        "{source},scale={width}:{height}:flags=bicubic,setsar=1,format=yuv420p,trim=end_frame={frames},settb=1/{RATE},setpts=N"
    )
}

/// Parts, one behind the other.
fn joined(parts: &[String]) -> String {
    let mut graph = String::new();
    let mut labels = String::new();
    for (at, part) in parts.iter().enumerate() {
        graph += &format!("{part}[p{at}];");
        labels += &format!("[p{at}]");
    }
    format!("{graph}{labels}concat=n={}", parts.len())
}

fn gradients(seed: u32, speed: f64) -> String {
    format!("gradients=s=216x384:r={RATE}:n=4:speed={speed}:seed={seed}")
}

/// Soft noise that flows.
fn clouds(seed: u32) -> String {
    format!(
        "color=gray:s=24x42:r=3,format=yuv444p,noise=alls=70:allf=t:all_seed={seed},\
        framerate=fps={RATE}:interp_start=0:interp_end=255:scene=100"
    )
}

fn cells(seed: u32) -> String {
    format!(
        "life=s=54x96:r={RATE}:mold=12:ratio=0.3:seed={seed}:\
        death_color=0x204060:life_color=0xf0c040:mold_color=0x101010"
    )
}

fn fractal(scale: f64) -> String {
    format!(
        "mandelbrot=s=216x384:r={RATE}:start_scale={scale}:end_scale=0.001:end_pts=300:\
        start_x=-0.74364:start_y=0.13182"
    )
}

fn flat_then_wild(seed: u32) -> String {
    joined(&[
        part(&gradients(seed, 0.006), 5),
        part(&cells(seed), 1),
        part(&clouds(seed), 2),
    ])
}

fn cut_every_second(seed: u32) -> String {
    joined(&[
        part(&gradients(seed, 0.02), 1),
        part(&fractal(0.3), 1),
        part(&clouds(seed), 1),
        part("testsrc2=s=432x768:r=24", 1),
        part(&cells(seed), 1),
        part(&gradients(seed + 1, 0.02), 1),
        part(&fractal(0.02), 1),
        part(&clouds(seed + 1), 1),
    ])
}

fn grain_that_comes_and_goes(seed: u32) -> String {
    let still = format!(
        "mandelbrot=s=540x960:r={RATE}:start_scale=0.4:start_x=-0.74364:start_y=0.13182,\
        gblur=sigma=1.5,trim=end_frame=1,loop=200:size=1,settb=1/{RATE},setpts=N,\
        crop=432:768:'(iw-ow)*(0.5+0.5*sin(t*0.9+{seed}))':'(ih-oh)*(0.5+0.5*cos(t*0.7))',format=yuv420p,\
        noise=c0s=18:c0f=t+u:c0_seed={seed}:enable='gt(mod(t,4),2.4)'"
    );
    part(&still, SECONDS)
}

/// Runs `ffmpeg`.
fn ffmpeg(words: &[&str]) {
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(words)
        .output()
        .expect("the tests of film need the `ffmpeg` command");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ffmpeg {}: {said}", words.join(" "));
}

/// Our film of a clip.
fn ours(clip: &Path, folder: &Path) -> PathBuf {
    let film = Clip::whole(clip, Place::new(&Source::new(clip, ""), 0..0));
    let scene = Scene {
        film: Some(film),
        ..Scene::empty(1080.0, 1920.0)
    };
    let options = FilmOptions {
        max_bytes: BYTES,
        size: Some(SIZE),
        ..FilmOptions::default()
    };
    let path = folder.join("ours.mp4");
    let made = media::video(&scene, &path, &options, &mut |_| {}).expect("the clip is good");
    assert!(made.bytes <= BYTES, "{} of {BYTES}", made.bytes);
    path
}

/// What two passes of x264 make of it in as many bytes.
fn script(clip: &Path, folder: &Path) -> PathBuf {
    let path = folder.join("script.mp4");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (clip, film, log) = (text(clip), text(&path), text(&folder.join("log")));
    let rate = format!("{}", BYTES * 985 / 1000 * 8 / SECONDS);
    let group = format!("{}", 2 * RATE);
    let pass = |pass, rest: &[&str]| {
        let mut words = vec!["-i", &*clip, "-an", "-c:v", "libx264", "-preset", "fast"];
        words.extend([
            "-b:v",
            &rate,
            "-g",
            &group,
            "-passlogfile",
            &log,
            "-pass",
            pass,
        ]);
        words.extend(rest);
        ffmpeg(&words);
    };
    pass("1", &["-f", "null", "-"]);
    pass("2", &[&film]);
    path
}

/// How alike film and clip are, SSIM of luma, second by second.
fn likeness(film: &Path, clip: &Path, folder: &Path) -> Vec<f64> {
    let stats = folder.join("ssim");
    let [film, clip, log] = [film, clip, &stats].map(|path| path.to_string_lossy().into_owned());
    let graph = format!("ssim=stats_file={log}");
    ffmpeg(&[
        "-i", &film, "-i", &clip, "-lavfi", &graph, "-f", "null", "-",
    ]);
    let told = std::fs::read_to_string(stats).expect("ffmpeg wrote it");
    let of_line = |line: &str| -> f64 {
        let luma = line.split(" Y:").nth(1).expect("luma");
        let number = luma.split(' ').next().expect("a number");
        number.parse().expect("a number")
    };
    let frames: Vec<f64> = told.lines().map(of_line).collect();
    assert_eq!(frames.len(), SECONDS as usize * RATE);
    let seconds = frames.chunks(RATE);
    seconds
        .map(|s| s.iter().sum::<f64>() / s.len() as f64)
        .collect()
}

fn no_second_sinks(name: &'static str, picture: String) {
    let clip = make::own(name, "mp4", picture.leak(), "", NEARLY_AS_IT_IS);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let film = ours(&clip, folder.path());
    let ours = likeness(&film, &clip, folder.path());
    let script = likeness(&script(&clip, folder.path()), &clip, folder.path());
    let apart = ours.iter().zip(&script).map(|(a, b)| a - b);
    let worst = apart.fold(f64::INFINITY, f64::min);
    println!("{name}: {worst:.3}; ours {ours:.3?}, the script {script:.3?}");
    assert!(
        worst >= -MARGIN,
        "a second sinks {worst:.3} below the script's: {ours:.3?}, the script {script:.3?}"
    );
}

#[test]
fn no_second_sinks_where_a_flat_film_turns_wild() {
    no_second_sinks("flat-then-wild", flat_then_wild(1));
}

#[test]
fn no_second_sinks_where_the_picture_is_cut_every_second() {
    no_second_sinks("cut-every-second", cut_every_second(1));
}

#[test]
fn no_second_sinks_where_grain_comes_and_goes() {
    no_second_sinks("grain-comes-and-goes", grain_that_comes_and_goes(1));
}
