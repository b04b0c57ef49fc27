//! Inputs of strangers: every folder of `tests/corpus` is a small project with the right values in `expect.toml`.
//!
//! In: the folder, copied to where no project stands above it. Out: everything that is not as it should be. Never: a list
//! of the cases.
//!
//! ```toml
//! met = "a shop's export, saved by a spreadsheet in Polish"   # where this kind of input was met
//!
//! [[call]]
//! run  = "render t.toml --data menu.csv"   # as a shell splits it; `--json`, and for render OUT and PNG, are added
//! exit = 0                                 # the default
//! may = ["missing-glyph"]                  # codes that depend on the machine: reported or not
//!
//! [[call.story]]
//! row = 1                                  # the item of that row; without, the item without one
//! template = "t.toml"                      # needed only where a call has several
//! status = "done"                          # the default; or "failed"
//! diagnostics = ["encoding"]               # all its codes, each once, sorted; none is the default
//! says = ["windows-1250"]                  # words that its messages and hints have
//! names = ["t-a.png"]                      # the files that it became
//! texts = { title = "Żurek", "{{ price }}" = "4" }   # what a layer of that id says, or what an expression gives
//! pixels = [{ at = [540, 960], color = [255, 0, 0], tolerance = 2 }]
//!
//! [call.probe]                             # parts of the report itself, by JSON pointer
//! "/totals/done" = 2
//! ```
//!
//! `[[call]] moves = [["from", "to"]]` renames files of the copy first: names that not every file system keeps.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;

mod story;

/// What `expect.toml` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    met: String,
    call: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    run: String,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    may: Vec<String>,
    #[serde(default)]
    moves: Vec<(String, String)>,
    #[serde(default)]
    story: Vec<Story>,
    #[serde(default)]
    probe: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    row: Option<u64>,
    template: Option<String>,
    #[serde(default = "done")]
    status: String,
    #[serde(default)]
    diagnostics: Vec<String>,
    #[serde(default)]
    says: Vec<String>,
    names: Option<Vec<String>>,
    #[serde(default)]
    texts: toml::Table,
    #[serde(default)]
    pixels: Vec<Pixel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pixel {
    at: (u32, u32),
    color: (u8, u8, u8),
    #[serde(default)]
    tolerance: u8,
}

fn done() -> String {
    "done".into()
}

/// Runs what a folder's `expect.toml` says.
pub fn case(folder: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(folder.join("expect.toml"))?;
    let expected: Expected = toml::from_str(&text)?;
    if expected.met.trim().is_empty() {
        return Err("`met` says where this kind of input was met".into());
    }
    let mut wrong = Vec::new();
    for call in &expected.call {
        let work = tempfile::tempdir()?;
        super::copy(folder, work.path())?;
        for (from, to) in &call.moves {
            std::fs::rename(work.path().join(from), work.path().join(to))?;
        }
        let faults = run(call, work.path())?;
        wrong.extend(faults.into_iter().map(|f| format!("{}: {f}", call.run)));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// Words parted by spaces; what stands in single quotes is one.
fn words(call: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (at, part) in call.split('\'').enumerate() {
        if at % 2 == 1 {
            out.push(part.to_owned());
        } else {
            out.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    out
}

/// Everything that is not as it should be.
fn run(call: &Call, work: &Path) -> Result<Vec<String>, Failed> {
    let out = work.join("out");
    let mut args = words(&call.run);
    let given = args.clone();
    args.push("--json".into());
    if given.first().is_some_and(|command| command == "render") {
        args.extend(["-o".into(), out.display().to_string()]);
        if !given.iter().any(|a| a == "--format") {
            args.extend(["--format".into(), "png".into()]);
        }
    }
    let output = Command::new(crate::program())
        .args(&args)
        .current_dir(work)
        .env("TZ", "UTC")
        .output()?;
    let mut wrong = Vec::new();
    let code = output.status.code().unwrap_or(-1);
    let stderr = String::from_utf8_lossy(&output.stderr);
    if code != call.exit {
        wrong.push(format!("exit {code}, not {}: {stderr}", call.exit));
    }
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    for (pointer, right) in &call.probe {
        let got = report.pointer(pointer).cloned().unwrap_or_default();
        if got != serde_json::to_value(right)? {
            wrong.push(format!("{pointer} is {got}, not {right}"));
        }
    }
    for story in &call.story {
        let Some(item) = item(&report, story) else {
            wrong.push(format!("no item of row {:?}: {report}", story.row));
            continue;
        };
        let label = story
            .row
            .map_or(String::new(), |row| format!("row {row}: "));
        let mut faults = told(story, item, &call.may);
        faults.extend(pixels(story, item)?);
        if !story.texts.is_empty() {
            faults.extend(story::texts(work, &given, story.row, &story.texts)?);
        }
        wrong.extend(faults.into_iter().map(|fault| format!("{label}{fault}")));
    }
    Ok(wrong)
}

fn item<'r>(report: &'r Value, story: &Story) -> Option<&'r Value> {
    report["items"].as_array()?.iter().find(|item| {
        let of_template = |name: &String| item["input"].as_str() == Some(name);
        item["row"].as_u64() == story.row && story.template.as_ref().is_none_or(of_template)
    })
}

fn told(story: &Story, item: &Value, may: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let empty = Vec::new();
    let diagnostics = item["diagnostics"].as_array().unwrap_or(&empty);
    let mut codes: Vec<&str> = diagnostics
        .iter()
        .filter_map(|d| d["code"].as_str())
        .filter(|code| !may.iter().any(|m| m == code))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    if codes != story.diagnostics {
        wrong.push(format!("reported {codes:?}, not {:?}", story.diagnostics));
    }
    let said: Vec<String> = diagnostics
        .iter()
        .flat_map(|d| [&d["message"], &d["hint"]])
        .filter_map(|text| Some(text.as_str()?.to_owned()))
        .collect();
    for part in &story.says {
        if !said.iter().any(|text| text.contains(part)) {
            wrong.push(format!("nothing says {part:?}"));
        }
    }
    if item["status"] != story.status.as_str() {
        wrong.push(format!("it is {}, not {}", item["status"], story.status));
    }
    if let Some(right) = &story.names {
        let names: Vec<String> = paths(item)
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect();
        if names != *right {
            wrong.push(format!("it became {names:?}, not {right:?}"));
        }
    }
    if !wrong.is_empty() {
        wrong.push(format!("said: {said:#?}"));
    }
    wrong
}

fn paths(item: &Value) -> impl Iterator<Item = PathBuf> {
    let outputs = item["outputs"].as_array().into_iter().flatten();
    outputs.filter_map(|output| Some(PathBuf::from(output["path"].as_str()?)))
}

fn pixels(story: &Story, item: &Value) -> Result<Vec<String>, Failed> {
    if story.pixels.is_empty() {
        return Ok(Vec::new());
    }
    let Some(path) = paths(item).next() else {
        return Ok(vec!["no picture to look at".into()]);
    };
    let picture = image::open(&path)?.to_rgb8();
    let mut wrong = Vec::new();
    for pixel in &story.pixels {
        let (x, y) = pixel.at;
        let Some(got) = picture.get_pixel_checked(x, y) else {
            wrong.push(format!("no pixel at {x}, {y}"));
            continue;
        };
        let (r, g, b) = pixel.color;
        let right = [r, g, b];
        if (0..3).any(|i| got.0[i].abs_diff(right[i]) > pixel.tolerance) {
            wrong.push(format!("at {x}, {y}: {:?}, not {right:?}", got.0));
        }
    }
    Ok(wrong)
}
