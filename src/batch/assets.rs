//! Fonts, pictures and the clock of a project.
//!
//! In: a project, a time. Out: what stories are filled in and laid out with. Never: kept beyond the call; who asks again
//! keeps them.

use std::path::Path;

use jiff::Zoned;

use crate::diag::Diagnostic;
use crate::project::Project;
use crate::scene::Assets;
use crate::scene::picture::Limits;
use crate::template::expression::Clock;

/// Opens them for templates in `folder`, with what is wrong with the brand.
pub(super) fn open(project: &Project, folder: &Path, now: &Zoned) -> (Assets, Vec<Diagnostic>) {
    open_within(project, folder, now, Limits::default().cache_bytes)
}

/// The same, that remember at most so many bytes of decoded pictures.
pub(super) fn open_within(
    project: &Project,
    folder: &Path,
    now: &Zoned,
    cache_bytes: usize,
) -> (Assets, Vec<Diagnostic>) {
    let limits = Limits {
        max_pixels: project.max_pixels,
        cache_bytes,
    };
    Assets::new(
        project.allowed_paths(folder),
        project.file.is_some(),
        project.brand.clone(),
        limits,
        Clock { now: now.clone() },
    )
}
