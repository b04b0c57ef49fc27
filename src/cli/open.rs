//! The project of a call, and the runtime of one that talks to the world.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use super::Global;
use super::report::{Item, Report};
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

/// The runtime of a command that talks to the world.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")
}
