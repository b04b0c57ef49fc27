//! Which files a selection names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::project::{self, Project};
use crate::template::{self, Template};

use super::{Error, Outcome, Selection};

/// The template files a selection names: files as they are, folders sorted by name.
pub(super) fn template_files(
    selection: &Selection,
    failed: &mut Vec<Outcome>,
) -> Result<Vec<PathBuf>, Error> {
    let data = selection.data.as_ref().and_then(|d| d.canonicalize().ok());
    let mut out: Vec<PathBuf> = Vec::new();
    for path in &selection.paths {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|source| Error::Folder {
            path: path.clone(),
            source,
        })?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| is_template(p))
            .collect();
        files.retain(|f| data.is_none() || f.canonicalize().ok() != data);
        files.sort();
        if files.is_empty() {
            let why = Diagnostic::of_file(Code::MissingAsset, path, "no template in this folder")
                .hint("templates end in .toml");
            failed.push(Outcome::failed(path, None, vec![why]));
        }
        out.extend(files);
    }
    let mut seen = HashSet::new();
    out.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    Ok(out)
}

fn is_template(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".toml")
        && name != project::FILE
        && !is_calendar(path)
        && !name.starts_with(['_', '.'])
        && path.is_file()
}

/// Whether it is the calendar beside a project file.
fn is_calendar(path: &Path) -> bool {
    let is_named = |name| name == project::SCHEDULE_FILE;
    path.file_name().is_some_and(is_named) && path.with_file_name(project::FILE).is_file()
}

/// The templates of a selection that can be read; what is wrong with the others is told where they are used.
pub(super) fn templates(selection: &Selection, project: &Project) -> Vec<Template> {
    let files = template_files(selection, &mut Vec::new()).unwrap_or_default();
    let read = files.iter().filter_map(|file| {
        let absolute = std::path::absolute(file).ok()?;
        let fence = project.allowed_paths(absolute.parent()?);
        let (template, _) = template::load(&absolute, file, &fence).ok()?;
        Some(template)
    });
    read.collect()
}
