//! `--watch`: looks at the files a render read, and renders again when one changed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::platform::Cancel;

use super::one_line::one_line;
use super::{Global, Outcome, render};

/// How often files are looked at. A render keeps what is unchanged, so a false alarm costs little.
const EVERY: Duration = Duration::from_millis(250);

/// Times and lengths, only to notice a change; what changed is decided by content.
type Seen = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

pub(crate) fn run(args: &render::Args, global: &Global, stop: &Cancel) -> anyhow::Result<Outcome> {
    let mut files = pass(args, global, stop)?;
    let mut seen = look(&files);
    if !global.quiet {
        eprintln!("watching {} files; Ctrl-C ends", seen.len());
    }
    while !stop.is_stopped() {
        std::thread::sleep(EVERY);
        if look(&files) == seen {
            continue;
        }
        // an editor writes in several steps
        std::thread::sleep(EVERY / 2);
        files = pass(args, global, stop)?;
        seen = look(&files);
    }
    Ok(Outcome::Interrupted)
}

/// One render; a call that is wrong for now (a half-typed file) is told, and watching goes on.
fn pass(args: &render::Args, global: &Global, stop: &Cancel) -> anyhow::Result<Vec<PathBuf>> {
    match render::once(args, global, stop) {
        Ok((_, files)) if !files.is_empty() => Ok(files),
        Ok(_) => Ok(fallback(args, global)),
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            Ok(fallback(args, global))
        }
    }
}

/// What was named in the call, when a pass ended before it knew more.
fn fallback(args: &render::Args, global: &Global) -> Vec<PathBuf> {
    let mut files = args.selection.paths.clone();
    files.extend(args.selection.data.clone());
    files.extend(global.project.clone());
    files.extend(crate::project::find(&args.selection.paths[0]));
    files
}

fn look(files: &[PathBuf]) -> Seen {
    let mut seen = Seen::new();
    for file in files {
        let stamp = |path: &PathBuf| {
            std::fs::metadata(path)
                .ok()
                .and_then(|m| Some((m.modified().ok()?, m.len())))
        };
        seen.insert(file.clone(), stamp(file));
        for entry in std::fs::read_dir(file).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "toml") {
                seen.insert(path.clone(), stamp(&path));
            }
        }
    }
    seen
}
