//! Installs the pinned library beside a project: Python's own environment, every file held against its hash.
//!
//! In: a folder. Out: `venv` in it. Never: a package that is not in `requirements.txt`, one whose hash is another.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::Error;
use super::process::python_of;

/// The library and all that it needs, each with the hashes of its files.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The library's version.
pub const LIBRARY: &str = "3.2.2";

/// What a set-up is known by: another list makes it anew.
const MARK: &str = "requirements.txt";

const DOING: &str = "set up the private way";

/// Whether the pinned version is there.
pub fn is_ready(folder: &Path) -> bool {
    let same = std::fs::read_to_string(folder.join(MARK)).is_ok_and(|text| text == REQUIREMENTS);
    same && python_of(folder).exists()
}

/// Makes the environment, or does nothing where it is there. `told` hears of each step.
///
/// # Errors
/// `Here`: no Python of 3.11 or later, no `venv`, PyPI cannot be reached, a hash that is another.
pub fn setup(folder: &Path, told: &dyn Fn(&str)) -> Result<(), Error> {
    if is_ready(folder) {
        return Ok(());
    }
    let failed = |said: String| Error::here(DOING, said);
    let io = |error: std::io::Error| failed(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(io)?;
    let _ = std::fs::remove_file(folder.join(MARK));
    let python = python().ok_or_else(|| {
        failed(
            "it needs Python 3.11 or later with its `venv` (Debian: apt install python3-venv)"
                .into(),
        )
    })?;
    told(&format!("making an environment with {}", python.display()));
    let venv = folder.join("venv");
    if venv.exists() {
        std::fs::remove_dir_all(&venv).map_err(io)?;
    }
    run(
        Command::new(&python).args(["-m", "venv"]).arg(&venv),
        "venv",
    )?;
    told(&format!(
        "installing instagrapi {LIBRARY} and what it needs, by hash"
    ));
    let list = folder.join("requirements.new");
    std::fs::write(&list, REQUIREMENTS).map_err(io)?;
    let mut pip = Command::new(python_of(folder));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ])
    .args(["--no-input", "--require-hashes", "--only-binary", ":all:"])
    .arg("-r")
    .arg(&list);
    run(&mut pip, "pip")?;
    // last: what broke off before is made anew
    std::fs::rename(&list, folder.join(MARK)).map_err(io)
}

fn run(command: &mut Command, what: &str) -> Result<(), Error> {
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| Error::here(DOING, format!("{what}: {error}")))?;
    if done.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&done.stderr);
    let text = if text.trim().is_empty() {
        String::from_utf8_lossy(&done.stdout)
    } else {
        text
    };
    let last: Vec<&str> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(4)
        .collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(Error::here(
        DOING,
        format!("{what} ended with {}: {}", done.status, last.join(" / ")),
    ))
}

/// A Python that is new enough.
fn python() -> Option<PathBuf> {
    let names = [
        "python3",
        "python3.14",
        "python3.13",
        "python3.12",
        "python3.11",
        "python",
    ];
    let is_new = |name: &&str| {
        let check = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
        let asked = Command::new(name)
            .args(["-c", check])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    };
    names.iter().find(|name| is_new(name)).map(PathBuf::from)
}
