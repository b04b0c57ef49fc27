//! Cases that are folders: `tests/errors/*` holds messages word for word, `tests/goldens/*` holds looks, and
//! `tests/corpus/*` holds what strangers brought.
//!
//! An error case is a small project; `call` has the arguments (default `check template.toml`), `expected.txt` what
//! stderr says. A golden is a `template.toml` with an `expected.png`, at most one off per channel. `BLESS=1` writes
//! what came out and fails all the same: look, run again, commit picture with code. A golden of film has `moments`: the
//! seconds at which it is painted, side by side, with a test card in place of its clips.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

#[path = "cases/corpus/mod.rs"]
mod corpus;
#[path = "cases/film.rs"]
mod film;
mod program;

use program::program;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (kind, run) in [
        ("errors", error as fn(&Path) -> Result<(), Failed>),
        ("goldens", golden),
        ("corpus", corpus::case),
    ] {
        for folder in folders(&root().join("tests").join(kind)) {
            let name = format!(
                "{kind}::{}",
                folder.file_name().unwrap_or_default().to_string_lossy()
            );
            trials.push(Trial::test(name, move || run(&folder)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(of)
        .into_iter()
        .flatten()
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.is_dir())
        .collect();
    out.sort();
    out
}

/// A copy of a case where no project stands above it, with `tests/fonts` at its place.
fn copied(case: &Path) -> std::io::Result<(tempfile::TempDir, PathBuf)> {
    let dir = tempfile::tempdir()?;
    let tests = root().join("tests");
    for from in [case, &tests.join("fonts")] {
        let name = from.strip_prefix(&tests).expect("cases stand under tests");
        copy(from, &dir.path().join("tests").join(name))?;
    }
    let folder = dir
        .path()
        .join("tests")
        .join(case.strip_prefix(&tests).expect("as above"));
    Ok((dir, folder))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

fn storypress(folder: &Path, call: &[String]) -> std::io::Result<std::process::Output> {
    Command::new(crate::program())
        .args(call)
        .current_dir(folder)
        .env("TZ", "UTC")
        .output()
}

fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn error(folder: &Path) -> Result<(), Failed> {
    let call = std::fs::read_to_string(folder.join("call")).unwrap_or("check template.toml".into());
    let call: Vec<String> = call.split_whitespace().map(str::to_owned).collect();
    let (_kept, work) = copied(folder)?;
    let output = storypress(&work, &call)?;
    let said = String::from_utf8(output.stderr)?;
    // the time a call takes is no part of what it says
    let lines: Vec<&str> = said.lines().filter(|l| !l.ends_with(" s")).collect();
    let code = output.status.code().unwrap_or(-1);
    let got = format!("{}\nexit {code}\n", lines.join("\n").trim());
    let expected_file = folder.join("expected.txt");
    let expected = std::fs::read_to_string(&expected_file).unwrap_or_default();
    if got == expected {
        return Ok(());
    }
    if is_blessing() {
        std::fs::write(&expected_file, &got)?;
    }
    Err(format!("expected:\n{expected}\ngot:\n{got}").into())
}

/// Where a failed golden leaves expected, got and difference.
fn leftovers(folder: &Path) -> PathBuf {
    root()
        .join("target/goldens")
        .join(folder.file_name().unwrap_or_default())
}

fn golden(folder: &Path) -> Result<(), Failed> {
    let out = tempfile::tempdir()?;
    let mut call: Vec<String> = [
        "render",
        "template.toml",
        "--format",
        "png",
        "--now",
        "2026-11-21T09:00",
        "-q",
        "-o",
    ]
    .map(str::to_owned)
    .to_vec();
    call.push(out.path().display().to_string());
    if let Ok(more) = std::fs::read_to_string(folder.join("call")) {
        call.extend(more.split_whitespace().map(str::to_owned));
    }
    let (_kept, work) = copied(folder)?;
    let name = if call.iter().any(|a| a == "--guides") {
        "template.guides.png"
    } else {
        "template.png"
    };
    let made = out.path().join(name);
    match std::fs::read_to_string(folder.join("moments")) {
        Ok(moments) => film::painted(&work, &moments)?.save(&made)?,
        Err(_) => {
            let output = storypress(&work, &call)?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
            }
        }
    }
    let got = image::open(&made)?.to_rgba8();
    let expected_file = folder.join("expected.png");
    let expected = match image::open(&expected_file) {
        Ok(picture) => picture.to_rgba8(),
        Err(_) if is_blessing() => image::RgbaImage::new(1, 1),
        Err(e) => return Err(format!("{}: {e}", expected_file.display()).into()),
    };
    if same(&expected, &got) {
        return Ok(());
    }
    if is_blessing() {
        std::fs::copy(&made, &expected_file)?;
        return Err("blessed: look at it, and run again".into());
    }
    let left = leftovers(folder);
    std::fs::create_dir_all(&left)?;
    expected.save(left.join("expected.png"))?;
    got.save(left.join("got.png"))?;
    difference(&expected, &got).save(left.join("difference.png"))?;
    Err(format!("it looks different: see {}", left.display()).into())
}

fn same(a: &image::RgbaImage, b: &image::RgbaImage) -> bool {
    a.dimensions() == b.dimensions()
        && a.as_raw()
            .iter()
            .zip(b.as_raw())
            .all(|(a, b)| a.abs_diff(*b) <= 1)
}

/// What differs, eight times as strong, on black.
fn difference(a: &image::RgbaImage, b: &image::RgbaImage) -> image::RgbaImage {
    image::RgbaImage::from_fn(b.width(), b.height(), |x, y| {
        let (p, q) = (a.get_pixel_checked(x, y), b.get_pixel(x, y));
        let channel = |i: usize| p.map_or(255, |p| p[i].abs_diff(q[i]).saturating_mul(8));
        image::Rgba([channel(0), channel(1), channel(2), 255])
    })
}
