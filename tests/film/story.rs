//! The whole way of a clip: through the program, and back out of the finished file by the `ffmpeg` command, which knows
//! nothing of how it was made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use storypress::media::{self, VideoProbe};
use tempfile::TempDir;

/// So few that a film is tried at two sizes and made in two passes; most clips here are made in one without a limit, in a
/// third of the time.
pub const FEW: &str = "--max-bytes 250000";

/// Samples a second of every film.
pub const RATE: usize = 48_000;

/// Width and height at which whole films are looked at.
pub const SMALL: (usize, usize) = (54, 96);

/// What a call of the program gave.
pub struct Ran {
    pub code: i32,
    pub report: Value,
    /// What it said to people.
    pub said: String,
}

impl Ran {
    /// Codes and messages of an item, but for `upscaled`: most clips here are small to be quick.
    pub fn told(&self, item: usize) -> Vec<(String, String)> {
        let mut told = self.all_told(item);
        told.retain(|(code, _)| code != "upscaled");
        told
    }

    /// Codes and messages of an item.
    pub fn all_told(&self, item: usize) -> Vec<(String, String)> {
        let told = self.report["items"][item]["diagnostics"].as_array();
        told.into_iter()
            .flatten()
            .map(|d| (text(&d["code"]), text(&d["message"])))
            .collect()
    }

    /// Files that an item names.
    pub fn files(&self, item: usize) -> Vec<PathBuf> {
        let outputs = self.report["items"][item]["outputs"].as_array();
        let paths = outputs.into_iter().flatten();
        paths.map(|output| text(&output["path"]).into()).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The program in a folder, with `--json`.
pub fn storypress(folder: &Path, words: &[&str]) -> Ran {
    let output = Command::new(crate::program())
        .args(words)
        .arg("--json")
        .current_dir(folder)
        .output()
        .expect("the program starts");
    Ran {
        code: output.status.code().unwrap_or(-1),
        report: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A clip under a name without the digest of its recipe, in a folder of its own.
pub fn folder_with(clip: &Path) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let extension = clip.extension().unwrap_or_default().to_string_lossy();
    let path = folder.path().join(format!("clip.{extension}"));
    fs::copy(clip, &path).expect("the clip can be copied");
    (folder, path)
}

/// `storypress transcode clip.* -o out`, with more words.
pub fn transcode(folder: &Path, clip: &Path, words: &str) -> Ran {
    let name = clip
        .file_name()
        .expect("a clip has a name")
        .to_string_lossy();
    let mut all = vec!["transcode", &*name, "-o", "out"];
    all.extend(words.split_whitespace());
    storypress(folder, &all)
}

/// Every file under a folder, hidden ones too, by its path in it.
pub fn everything_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.expect("a readable folder").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let short = path.strip_prefix(folder).expect("it is in it");
                    found.push(short.to_string_lossy().into_owned());
                }
            }
        }
    }
    found.sort();
    found
}

/// Holds a finished file against every rule, through the program.
pub fn verified(file: &Path) {
    let ran = storypress(
        file.parent().expect("it is in a folder"),
        &["verify", &file.to_string_lossy()],
    );
    assert_eq!((ran.code, ran.told(0)), (0, vec![]), "{}", file.display());
}

/// A finished film, looked at and listened to.
pub struct Film {
    /// What the program said of it.
    pub ran: Ran,
    pub path: PathBuf,
    pub width: u32,
    pub height: u32,
    pub seconds: f64,
    pub video: VideoProbe,
    /// Every picture as RGB, [`SMALL`].
    pub pictures: Vec<Vec<u8>>,
    /// Every sample.
    pub sound: Vec<[f32; 2]>,
    /// The folder of the call, for as long as it is needed.
    pub folder: TempDir,
}

/// Makes a film of a clip by the program, without a word of complaint, and holds it against everything that must be true
/// of each. What a film is like beside its rate control does not depend on the effort: the quick one is enough.
pub fn film(clip: &Path, words: &str) -> Film {
    let (folder, clip) = folder_with(clip);
    let ran = without_complaint(&folder, &clip, words);
    finished(folder, ran, words)
}

/// As [`film`], in a sixth of each side: for times, turns and sound, which are found in the clip whatever size is made of it.
/// It takes a seventh of the time, and the one rule that it breaks is that of the size.
pub fn draft(clip: &Path, words: &str) -> Film {
    sized(clip, words, (180, 320))
}

/// As [`film`], of another size: that of the clip, where each of its rows is looked at.
pub fn sized(clip: &Path, words: &str, (width, height): (usize, usize)) -> Film {
    let (folder, clip) = folder_with(clip);
    // a layer that is not seen: a template paints something
    let template = format!(
        "[output]\nsize = [{width}, {height}]\n[[layer]]\ntype = \"shape\"\nheight = 1\nfill = \"#0000\"\n"
    );
    fs::write(folder.path().join("draft.toml"), template).expect("the folder is there");
    let ran = without_complaint(&folder, &clip, &format!("{words} --overlay draft.toml"));
    let path = only_film(&folder, &ran, words);
    let report = media::verify(&path, media::Profile::Budget).expect("it can be read");
    let broken: Vec<_> = report.broken().map(|rule| rule.rule).collect();
    assert_eq!(broken, ["pixels"], "{}", path.display());
    looked_at(ran, path, folder)
}

fn without_complaint(folder: &TempDir, clip: &Path, words: &str) -> Ran {
    let quick = match words.contains("--effort") {
        true => words.to_owned(),
        false => format!("{words} --effort fast"),
    };
    let ran = transcode(folder.path(), clip, &quick);
    assert_eq!(ran.told(0), vec![], "{}: {}", clip.display(), ran.said);
    ran
}

/// What must be true of the one film of a call.
pub fn finished(folder: TempDir, ran: Ran, words: &str) -> Film {
    let path = only_film(&folder, &ran, words);
    verified(&path);
    looked_at(ran, path, folder)
}

/// The one film of a call, which is there as the report says.
fn only_film(folder: &TempDir, ran: &Ran, words: &str) -> PathBuf {
    let report = &ran.report;
    assert_eq!((ran.code, &*ran.said), (0, ""), "{report}");
    assert_eq!(
        (&report["command"], &report["ok"]),
        (&"transcode".into(), &true.into())
    );
    assert_eq!(
        (&report["totals"]["done"], &report["totals"]["failed"]),
        (&1.into(), &0.into())
    );
    let item = &report["items"][0];
    assert_eq!(item["status"], "done");
    let output = &item["outputs"][0];
    assert_eq!(output["kind"], "video");
    let path = folder.path().join("out/clip.mp4");
    assert_eq!(output["path"], path.to_string_lossy().as_ref());
    let bytes = fs::metadata(&path).expect("the film is there").len();
    let mut words = words.split_whitespace();
    let most = words
        .find(|word| *word == "--max-bytes")
        .and_then(|_| words.next())
        .map_or(8_000_000, |most| most.parse().expect("a number"));
    assert_eq!(output["bytes"], bytes);
    assert!(bytes <= most, "{bytes} of {most}");
    assert_eq!(
        output["sha256"],
        media::sha256_of(&path).expect("it can be read")
    );
    path
}

fn looked_at(ran: Ran, path: PathBuf, folder: TempDir) -> Film {
    let probe = media::probe(&path).expect("a finished film can be read");
    let facts = probe.film().expect("it is a film").clone();
    let output = &ran.report["items"][0]["outputs"][0];
    assert_eq!(
        (&output["width"], &output["height"]),
        (&probe.width.into(), &probe.height.into())
    );
    let told = output["duration_s"].as_f64().expect("a number");
    assert!(
        (told - facts.duration_s).abs() < 0.002,
        "{told}, {}",
        facts.duration_s
    );
    let pictures = pictures(&path, "null");
    let sound = sound(&path);
    assert_eq!(pictures.len() as u64, facts.video.frames);
    let heard = sound.len() as f64 / RATE as f64;
    assert!(
        (heard - facts.duration_s).abs() < 0.03,
        "{heard}, {}",
        facts.duration_s
    );
    Film {
        ran,
        path,
        width: probe.width,
        height: probe.height,
        seconds: facts.duration_s,
        video: facts.video,
        pictures,
        sound,
        folder,
    }
}

impl Film {
    /// Holds rate and length against what they should be, to a frame.
    pub fn runs(self, rate: f64, seconds: f64) -> Self {
        assert!(
            (self.video.frame_rate - rate).abs() < 0.002,
            "{:?}",
            self.video
        );
        let frame = 1.0 / rate + 0.002;
        assert!(
            (self.seconds - seconds).abs() < frame,
            "{} for {seconds}",
            self.seconds
        );
        self
    }

    /// Holds its pictures against those of the clip, each at its time; `filter` brings the clip's to the same shape.
    pub fn shows(self, clip: &Path, filter: &str) -> Self {
        let rate = self.video.frame_rate;
        let filter = format!("fps={rate}:start_time=0,{filter}");
        let clips = pictures(clip, &filter);
        alike(&self.pictures, &clips).unwrap_or_else(|said| panic!("{}: {said}", clip.display()));
        self
    }

    /// One picture as RGB, at a size.
    pub fn picture(&self, at: f64, (width, height): (usize, usize)) -> Picture {
        picture(&self.path, at, (width, height))
    }

    /// Seconds at which dark turns bright.
    pub fn flashes(&self) -> Vec<f64> {
        let bright = |picture: &Vec<u8>| mean(picture) > 128.0;
        let rises = onsets(self.pictures.iter().map(bright));
        rises
            .into_iter()
            .map(|at| at as f64 / self.video.frame_rate)
            .collect()
    }

    /// Seconds at which silence ends.
    pub fn beeps(&self) -> Vec<f64> {
        // silence is what is quiet for a twentieth of a second, not where a wave goes through nothing
        let mut quiet = RATE;
        let loud = self.sound.iter().map(|[left, right]| {
            quiet = if left.abs().max(right.abs()) > 0.1 {
                0
            } else {
                quiet + 1
            };
            quiet < RATE / 20
        });
        let rises = onsets(loud);
        rises
            .into_iter()
            .map(|at| at as f64 / RATE as f64)
            .collect()
    }

    /// Levels of both sides between two times, dB of full scale, by power.
    pub fn levels(&self, from: f64, until: f64) -> [f64; 2] {
        let range = (from * RATE as f64) as usize..(until * RATE as f64) as usize;
        let part = &self.sound[range.start..range.end.min(self.sound.len())];
        [0, 1].map(|side| {
            let power = part.iter().map(|s| f64::from(s[side]).powi(2)).sum::<f64>();
            10.0 * (power / part.len() as f64).max(1e-12).log10()
        })
    }
}

fn onsets(of: impl Iterator<Item = bool>) -> Vec<usize> {
    let mut before = false;
    of.enumerate()
        .filter(|(_, now)| !std::mem::replace(&mut before, *now) && *now)
        .map(|(at, _)| at)
        .collect()
}

/// The mean of bytes.
pub fn mean(bytes: &[u8]) -> f64 {
    bytes.iter().map(|b| f64::from(*b)).sum::<f64>() / bytes.len().max(1) as f64
}

/// How far two pictures are apart, levels of 255.
pub fn apart(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

/// Whether pictures are those they were made from, at the same times.
///
/// # Errors
/// What is not.
pub fn alike(film: &[Vec<u8>], clip: &[Vec<u8>]) -> Result<(), String> {
    let count = film.len().min(clip.len());
    if film.len().abs_diff(clip.len()) > 1 {
        return Err(format!("{} pictures of {}", film.len(), clip.len()));
    }
    let off = |by: isize| {
        let pairs = (2..count - 2).map(|at| (&film[at], &clip[at.saturating_add_signed(by)]));
        pairs.map(|(a, b)| apart(a, b)).sum::<f64>() / (count - 4) as f64
    };
    let offs = [-2, -1, 0, 1, 2].map(off);
    let worst = (0..count)
        .map(|at| apart(&film[at], &clip[at]))
        .fold(0.0, f64::max);
    let nearest = offs.iter().copied().fold(f64::INFINITY, f64::min);
    if offs[2] > 7.0 {
        Err(format!("the pictures are others: {offs:.2?}"))
    } else if offs[2] > nearest {
        Err(format!("the pictures are early or late: {offs:.2?}"))
    } else if worst > 12.0 {
        Err(format!("one picture is another: {worst:.2}"))
    } else {
        Ok(())
    }
}

/// A picture in RGB.
pub struct Picture {
    pub width: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// The mean colour around a point, 0–1 of the sides.
    pub fn at(&self, x: f64, y: f64) -> [f64; 3] {
        let height = self.rgb.len() / 3 / self.width;
        let (x, y) = (
            (x * self.width as f64) as usize,
            (y * height as f64) as usize,
        );
        let near = |at: usize, all: usize| at.saturating_sub(1)..(at + 2).min(all);
        let mut sum = [0.0; 3];
        let mut count = 0.0;
        for y in near(y, height) {
            for x in near(x, self.width) {
                let at = (y * self.width + x) * 3;
                (0..3).for_each(|part| sum[part] += f64::from(self.rgb[at + part]));
                count += 1.0;
            }
        }
        sum.map(|sum| sum / count)
    }

    /// Rows whose mean of all three is above a level.
    pub fn rows_above(&self, level: f64) -> Vec<usize> {
        let rows = self.rgb.chunks(self.width * 3).enumerate();
        rows.filter(|(_, row)| mean(row) > level)
            .map(|(at, _)| at)
            .collect()
    }
}

/// One picture of a file.
pub fn picture(path: &Path, at: f64, (width, height): (usize, usize)) -> Picture {
    let scale = format!("scale={width}:{height}:flags=area,format=rgb24");
    let at = at.to_string();
    let path = path.to_string_lossy();
    let rgb = ffmpeg(&[
        "-ss",
        &at,
        "-i",
        &path,
        "-frames:v",
        "1",
        "-vf",
        &scale,
        "-f",
        "rawvideo",
    ]);
    assert_eq!(
        rgb.len(),
        width * height * 3,
        "there is no picture at {at} s"
    );
    Picture { width, rgb }
}

/// All pictures of a file in RGB, [`SMALL`], after a filter.
pub fn pictures(path: &Path, filter: &str) -> Vec<Vec<u8>> {
    let (width, height) = SMALL;
    // the scaler takes RGB otherwise than what is coded
    let scale = format!("format=yuv420p,scale={width}:{height}:flags=area");
    let chain = format!("{filter},{scale},format=rgb24");
    let path = path.to_string_lossy();
    let rgb = ffmpeg(&[
        "-i",
        &path,
        "-map",
        "0:v",
        "-vf",
        &chain,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
    ]);
    rgb.chunks(width * height * 3).map(<[u8]>::to_vec).collect()
}

/// The sound of a finished film.
pub fn sound(path: &Path) -> Vec<[f32; 2]> {
    let path = path.to_string_lossy();
    let bytes = ffmpeg(&["-i", &path, "-map", "0:a", "-f", "f32le"]);
    let (samples, _) = bytes.as_chunks::<8>();
    let side = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    samples
        .iter()
        .map(|s| [side(&s[..4]), side(&s[4..])])
        .collect()
}

/// What `ffmpeg` writes to its output.
pub fn ffmpeg(words: &[&str]) -> Vec<u8> {
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error"])
        .args(words)
        .arg("-")
        .output()
        .expect("the tests of film need the `ffmpeg` command");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ffmpeg {}: {said}", words.join(" "));
    done.stdout
}
