//! Watches the files of the project.
//!
//! In: what the system reports, else what is found by looking. Out: what each file holds, to `changes`. Never: a hidden file,
//! the folder of outputs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Config, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::state::Studio;
use super::template_files;

/// How long a file has to be quiet: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(40);

/// How often folders are looked at where the system reports nothing.
const POLL: Duration = Duration::from_millis(250);

/// Larger files are looked at when they change, not when the studio starts; bytes.
const SMALL: u64 = 8 << 20;

/// Folders that are watched at the most.
const MOST_FOLDERS: usize = 2_000;

/// Watches the project's files until the studio ends.
pub async fn watch(studio: Studio) {
    let (sender, mut receiver) = mpsc::unbounded_channel::<PathBuf>();
    let root = studio.root().to_owned();
    let out = studio
        .project()
        .ok()
        .and_then(|project| project.out.clone());
    let known = studio.clone();
    let (start, skipped) = (root.clone(), out.clone());
    let first = tokio::task::spawn_blocking(move || {
        let folders = folders(&start, &start, skipped.as_deref());
        for folder in &folders {
            for file in files(folder) {
                let is_small = file.metadata().is_ok_and(|found| found.len() < SMALL);
                if let Some(name) = name_of(&start, &file).filter(|_| is_small) {
                    known.changes.note(&name, hash(&file));
                }
            }
        }
        (watcher(sender), folders)
    });
    let Ok((Some(mut watcher), folders)) = first.await else {
        tracing::warn!("changes of files are not reported");
        return;
    };
    for folder in &folders {
        see(&mut *watcher, folder);
    }
    loop {
        let first = tokio::select! {
            path = receiver.recv() => path,
            () = studio.closed() => return,
        };
        let Some(first) = first else { return };
        let mut paths = vec![first];
        // gathers until it is quiet, but not for ever
        for _ in 0..5 {
            tokio::time::sleep(QUIET).await;
            let before = paths.len();
            while let Ok(path) = receiver.try_recv() {
                paths.push(path);
            }
            if paths.len() == before {
                break;
            }
        }
        paths.sort();
        paths.dedup();
        let (studio, root, out) = (studio.clone(), root.clone(), out.clone());
        // a clip takes a second to be read, and others wait for this thread
        let looked = tokio::task::spawn_blocking(move || {
            look(&studio, (&root, out.as_deref()), &mut *watcher, paths);
            watcher
        });
        watcher = match looked.await {
            Ok(watcher) => watcher,
            Err(error) => return tracing::warn!("changes of files are not reported: {error}"),
        };
    }
}

/// Looks at what has changed, and watches folders that are new.
fn look(
    studio: &Studio,
    (root, out): (&Path, Option<&Path>),
    watcher: &mut dyn Watcher,
    paths: Vec<PathBuf>,
) {
    for path in paths {
        if out.is_some_and(|out| path.starts_with(out)) {
            continue;
        }
        if path.is_dir() {
            for folder in folders(root, &path, out) {
                see(watcher, &folder);
                for file in files(&folder) {
                    changed(studio, root, &file);
                }
            }
        } else {
            changed(studio, root, &path);
        }
    }
}

fn see(watcher: &mut dyn Watcher, folder: &Path) {
    if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
        tracing::debug!(%error, "a folder is not watched");
    }
}

fn changed(studio: &Studio, root: &Path, file: &Path) {
    let Some(name) = name_of(root, file) else {
        return;
    };
    if !name.ends_with(".toml") {
        // it may be a font of the brand
        studio.forget_project();
    }
    let hash = hash(file);
    studio.changes.own(&name, hash.as_deref(), &studio.events);
}

/// What the system reports, else what is found by looking.
fn watcher(sender: mpsc::UnboundedSender<PathBuf>) -> Option<Box<dyn Watcher + Send>> {
    let tell = move |found: notify::Result<notify::Event>| {
        let Ok(event) = found else { return };
        if !matches!(event.kind, notify::EventKind::Access(_)) {
            for path in event.paths {
                let _ = sender.send(path);
            }
        }
    };
    let polling = tell.clone();
    match RecommendedWatcher::new(tell, Config::default()) {
        Ok(watcher) => Some(Box::new(watcher)),
        Err(_) => {
            let config = Config::default()
                .with_poll_interval(POLL)
                .with_compare_contents(true);
            let watcher = PollWatcher::new(polling, config).ok()?;
            Some(Box::new(watcher))
        }
    }
}

/// A folder and all below it that are not hidden.
fn folders(root: &Path, start: &Path, out: Option<&Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![start.to_owned()];
    while let Some(folder) = open.pop() {
        if folder != root && is_hidden(&folder) || Some(&*folder) == out {
            continue;
        }
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let entries = entries.flatten();
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        open.extend(below.map(|entry| entry.path()));
        found.push(folder);
        if found.len() >= MOST_FOLDERS {
            tracing::warn!("the project has more than {MOST_FOLDERS} folders: not all are watched");
            break;
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let entries = entries.flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.map(|entry| entry.path()).collect()
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
}

/// The path as events name it; none for what is hidden.
fn name_of(root: &Path, file: &Path) -> Option<String> {
    let below = file.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    let parts = parts?;
    let is_shown = !parts.is_empty() && parts.iter().all(|part| !part.starts_with('.'));
    is_shown.then(|| parts.join("/"))
}

fn hash(file: &Path) -> Option<String> {
    if !file.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(file).ok()?).ok()?;
    Some(template_files::short(&hasher.finalize()))
}
