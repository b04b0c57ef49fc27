//! The project of a call, and how a call is interrupted.

use std::path::Path;
use std::sync::{LazyLock, Once};
use std::time::Duration;

use anyhow::{Context, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Global;
use super::report::{Item, Report};
use crate::platform::Cancel;
use crate::project::{self, Project};

/// The project that holds for `path`, for a command with a report: what is wrong with it is the report's one item, and
/// has been printed. None then.
pub(super) fn project(report: &mut Report, path: &Path, global: &Global) -> Option<Project> {
    match project::of(global.project.as_deref(), path) {
        Ok(project) => Some(project),
        Err(wrong) => {
            report.items.push(Item::failed(path, None, wrong));
            report.say_diagnostics(global);
            report.finish(global);
            None
        }
    }
}

/// The same for a command without one.
///
/// # Errors
/// What is wrong with the project file, as text.
pub(super) fn bare_project(global: &Global, path: &Path) -> anyhow::Result<Project> {
    match project::of(global.project.as_deref(), path) {
        Ok(project) => Ok(project),
        Err(wrong) => {
            let lines: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            bail!("the project file is wrong\n{}", lines.join("\n"))
        }
    }
}

/// How long one film may be worked on, as the project says that holds for `path`.
///
/// # Errors
/// When the project cannot be read.
pub(super) fn film_limit(global: &Global, path: &Path) -> anyhow::Result<Duration> {
    Ok(bare_project(global, path)?.film_limit)
}

/// Set as soon as the call is to stop.
static STOP: LazyLock<Cancel> = LazyLock::new(Cancel::default);

/// Whether the call was stopped.
pub(super) fn is_interrupted() -> bool {
    STOP.is_stopped()
}

/// Stops on Ctrl-C, when the system asks the program to go, and when its terminal is closed; under `nohup` not then.
pub(super) fn on_interrupt() -> &'static Cancel {
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        let asked = [SIGINT, SIGTERM]
            .into_iter()
            .chain((!is_ignored(SIGHUP)).then_some(SIGHUP));
        if let Ok(mut signals) = Signals::new(asked) {
            std::thread::spawn(move || {
                for _ in signals.forever() {
                    STOP.stop();
                }
            });
        }
    });
    &STOP
}

/// The call was stopped before it had anything to report.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;
/// Whether who started the program wants it to ignore that signal, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    // proc_pid_status(5); elsewhere than on Linux nobody says so
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Ends as soon as the call is to stop.
pub(super) async fn interrupted(stop: &Cancel) {
    while !stop.is_stopped() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The runtime of a command that talks to the world.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")
}
