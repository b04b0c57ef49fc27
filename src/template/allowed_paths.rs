//! Which files a template may name.

use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

/// The folder that templates read from, and what lies outside it by permission.
#[derive(Debug, Clone)]
pub struct AllowedPaths {
    root: PathBuf,
    allow: Vec<PathBuf>,
}

/// Why a path is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// `http://…`, `data:…`: nothing is fetched while rendering.
    Remote,
    /// Outside the project folder.
    Outside,
}

impl AllowedPaths {
    /// What may be read in and under `root`; `allow`ed files and folders are relative to it.
    pub fn new(root: &Path, allow: &[String]) -> Self {
        let root = absolute(root);
        let allow = allow.iter().map(|a| real(&root.join(a))).collect();
        Self { root, allow }
    }

    /// The folder that asset paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that `written` names from `folder`, if it may be read. Links are followed before the answer.
    ///
    /// # Errors
    /// `Remote` for anything with a scheme, `Outside` for what is neither there nor allowed.
    pub fn resolve(&self, folder: &Path, written: &str) -> Result<PathBuf, Refusal> {
        if written.contains("://") || written.starts_with("data:") || written.starts_with("//") {
            return Err(Refusal::Remote);
        }
        let path = normal(&absolute(folder).join(written));
        let inside = |p: &Path| {
            p.starts_with(&self.root)
                || p.starts_with(real(&self.root))
                || self.allow.iter().any(|a| p.starts_with(a))
        };
        if inside(&real(&path)) {
            Ok(path)
        } else {
            Err(Refusal::Outside)
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    normal(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// The path behind all links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}

/// The file whose name differs from `path` only in how its accents are composed.
pub(crate) fn equivalent(path: &Path) -> Option<PathBuf> {
    if path.exists() {
        return Some(path.to_owned());
    }
    let folder = equivalent(path.parent()?)?;
    let composed = |name: &std::ffi::OsStr| Some(name.to_str()?.nfc().collect::<String>());
    let wanted = composed(path.file_name()?)?;
    let entries = std::fs::read_dir(&folder).ok()?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let name = names
        .into_iter()
        .find(|name| composed(name).as_ref() == Some(&wanted))?;
    Some(folder.join(name))
}

/// Without `.` and `..`, by the text of the path alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_project_are_refused_unless_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        std::fs::create_dir_all(root.join("assets")).unwrap();
        let allowed = AllowedPaths::new(&root, &[]);
        assert!(allowed.resolve(&root, "assets/a.jpg").is_ok());
        assert!(allowed.resolve(&root, "assets/../assets/a.jpg").is_ok());
        assert_eq!(
            allowed.resolve(&root, "../secret.jpg"),
            Err(Refusal::Outside)
        );
        assert_eq!(allowed.resolve(&root, "/etc/passwd"), Err(Refusal::Outside));
        assert_eq!(
            allowed.resolve(&root, "https://x.org/a.jpg"),
            Err(Refusal::Remote)
        );
        let allowed = AllowedPaths::new(&root, &["../shared".into()]);
        assert!(allowed.resolve(&root, "../shared/a.jpg").is_ok());
        assert_eq!(
            allowed.resolve(&root, "../shared-not/a.jpg"),
            Err(Refusal::Outside)
        );
    }

    #[test]
    fn names_are_the_same_however_accents_are_composed() {
        let dir = tempfile::tempdir().unwrap();
        let apart = dir.path().join("Cre\u{300}pes/jamo\u{301}n.png");
        std::fs::create_dir_all(apart.parent().unwrap()).unwrap();
        std::fs::write(&apart, "x").unwrap();
        let composed = dir.path().join("Cr\u{e8}pes/jam\u{f3}n.png");
        assert!(equivalent(&composed).is_some_and(|found| found.is_file()));
        assert_eq!(equivalent(&dir.path().join("Crepes/jamon.png")), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), root.join("link")).unwrap();
        assert_eq!(
            AllowedPaths::new(&root, &[]).resolve(&root, "link"),
            Err(Refusal::Outside)
        );
    }
}
