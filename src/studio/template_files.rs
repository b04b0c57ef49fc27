//! Which files of a project are templates, and which paths may name one.
//!
//! In: a project, a path as a request gives it. Out: files in the templates folder. Never: a hidden file, a link that leads
//! out, the project file or its calendar.

use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::write;
use crate::diag::{Code, Diagnostic, Source};
use crate::project::{FILE, Project, SCHEDULE_FILE};
use crate::template::{self, Var};

/// Files that are looked at; a folder with more is no folder of templates.
const MOST: usize = 10_000;

/// The largest text of a template.
pub const MOST_BYTES: usize = 4 << 20;

/// The folder of the templates: what the project file says, else `templates` where that is there, else the project's own.
pub fn folder(project: &Project) -> PathBuf {
    let named = project.templates.as_ref().map(|dir| project.root.join(dir));
    named.unwrap_or_else(|| {
        let usual = project.root.join("templates");
        match usual.is_dir() {
            true => usual,
            false => project.root.clone(),
        }
    })
}

/// Every template, as a path against the project's folder with `/` between its parts, sorted.
pub fn all(project: &Project) -> Vec<String> {
    let mut open = vec![folder(project)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && !is_hidden(&path) && Some(&path) != project.out.as_ref() {
                open.push(path);
            } else if let Some(name) = relative(project, &path)
                && file_of(project, &name).is_some_and(|file| file.is_file())
            {
                found.push(name);
            }
        }
        if found.len() > MOST {
            break;
        }
    }
    found.sort();
    found
}

/// A path against the project's folder.
pub fn relative(project: &Project, path: &Path) -> Option<String> {
    let below = path.strip_prefix(&project.root).ok()?;
    let parts: Option<Vec<_>> = below.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
}

/// The file that a request's path names, if a template may be there: a file of the templates folder that ends in `.toml`.
/// It may not be there yet.
///
/// A path with `..`, a hidden part, a backslash or a control character names none, nor does one that a link leads out of
/// the templates folder.
pub fn file_of(project: &Project, path: &str) -> Option<PathBuf> {
    let is_text = !path.contains(['\\', ':']) && !path.chars().any(char::is_control);
    let parts: Vec<_> = Path::new(path).components().collect();
    let are_plain = parts.iter().all(|part| match part {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    });
    // `a//b` and `a/` have the parts of `a/b` and `a`, and are no name of it
    let is_whole = path.split('/').count() == parts.len();
    let name = path.rsplit('/').next()?;
    let is_template = name.len() > ".toml".len() && name.ends_with(".toml");
    let file = project.root.join(path);
    let is_own = ![FILE, SCHEDULE_FILE].contains(&path);
    let folder = folder(project);
    let is_there = file.starts_with(&folder) && stays_in(&file, &folder);
    let is_name = write::is_possible(&file);
    (is_text && is_name && are_plain && is_whole && is_template && is_own && is_there)
        .then_some(file)
}

/// Whether what a file's path leads to lies in `folder` itself; the file may not be there yet.
pub fn stays_in(file: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else {
        return false;
    };
    // a link is no file of ours, wherever it leads: writing would replace it, reading would follow it
    if file.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return false;
    }
    let nearest = file
        .ancestors()
        .skip(1)
        .find(|parent| parent.symlink_metadata().is_ok());
    nearest
        .and_then(|parent| parent.canonicalize().ok())
        // below a file there is nothing
        .is_some_and(|real| real.is_dir() && real.starts_with(&folder))
}

/// The digest of a text: what `If-Match` and `ETag` hold.
pub fn hash_of(text: &[u8]) -> String {
    short(&blake3::hash(text))
}

/// A digest as the studio writes it: 32 hex digits.
pub fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..32].to_owned()
}

/// What is wrong with a text as TOML; nothing where it is TOML, whatever its keys say.
pub fn syntax(path: &str, text: &str) -> Vec<Diagnostic> {
    let (_, mut found) = template::parse(&Source::of_file(path, text));
    found.retain(|wrong| wrong.code == Code::Syntax && wrong.is_error());
    found
}

fn loaded(project: &Project, path: &str) -> (Vec<Var>, Vec<Diagnostic>) {
    let file = project.root.join(path);
    let allowed = project.allowed_paths(file.parent().unwrap_or(&project.root));
    match template::load(&file, Path::new(path), &allowed) {
        Ok((template, found)) => (template.vars, found),
        Err(why) => (Vec::new(), vec![why]),
    }
}

/// What is wrong with a template's text and its bases, with bytes.
pub fn diagnostics(project: &Project, path: &str) -> Value {
    with_bytes(&loaded(project, path).1)
}

/// Diagnostics whose files are named against the project's folder.
pub fn local(found: &[Diagnostic], project: &Project) -> Vec<Diagnostic> {
    let mut found = found.to_vec();
    for wrong in &mut found {
        if let Some(name) = relative(project, &wrong.file) {
            wrong.file = PathBuf::from(name);
        }
    }
    found
}

/// Diagnostics as editors need them.
pub fn with_bytes(found: &[Diagnostic]) -> Value {
    let each = found
        .iter()
        .map(|wrong| json!(crate::diag::WithBytes(wrong)));
    Value::Array(each.collect())
}

/// A template as lists show it: `{path, name, hash, is_base, variables, diagnostics}`.
pub fn described(project: &Project, path: &str) -> Value {
    let text = std::fs::read(project.root.join(path)).unwrap_or_default();
    let stem = path.rsplit('/').next().unwrap_or(path);
    let (variables, found) = loaded(project, path);
    json!({
        "path": path,
        "name": stem.trim_end_matches(".toml"),
        "hash": hash_of(&text),
        "is_base": stem.starts_with('_'),
        "variables": variables.iter().map(variable).collect::<Vec<_>>(),
        "diagnostics": with_bytes(&found),
    })
}

/// A variable as a form needs it: `{name, type, default?, max_chars?, label?}`.
pub fn variable(var: &Var) -> Value {
    let mut out = json!({"name": var.name, "type": var.kind.as_str()});
    if let Some(default) = &var.default {
        out["default"] = plain(&default.value);
    }
    if let Some(most) = var.max_chars {
        out["max_chars"] = json!(most);
    }
    if let Some(label) = &var.label {
        out["label"] = json!(label);
    }
    out
}

/// A TOML value as JSON.
fn plain(value: &template::Value) -> Value {
    use template::Value as Toml;
    match value {
        Toml::Text(text) | Toml::Date(text) => json!(text),
        Toml::Integer(number) => json!(number),
        Toml::Float(number) => json!(number),
        Toml::Bool(flag) => json!(flag),
        Toml::Array(items) => items.iter().map(|item| plain(&item.value)).collect(),
        Toml::Table(table) => {
            let entries = table.entries.iter();
            let pairs = entries.map(|entry| (entry.key.clone(), plain(&entry.node.value)));
            Value::Object(pairs.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("templates/deep/.hidden")).unwrap();
        for name in [
            "templates/a.toml",
            "templates/deep/_b.toml",
            "templates/deep/.hidden/c.toml",
            "templates/.d.toml",
            "templates/notes.txt",
            "storypress.toml",
            "e.toml",
        ] {
            fs::write(root.join(name), "").unwrap();
        }
        let project = Project::none(&root);
        (folder, project)
    }

    #[test]
    fn templates_are_the_files_of_their_folder() {
        let (_folder, project) = project();
        assert_eq!(
            all(&project),
            ["templates/a.toml", "templates/deep/_b.toml"]
        );
    }

    #[test]
    fn a_path_that_is_hidden_or_leads_out_names_no_template() {
        let (folder, project) = project();
        let root = &project.root;
        let outside = folder.path().join("templates/../out-there");
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("templates/link")).unwrap();
        std::os::unix::fs::symlink(root.join("e.toml"), root.join("templates/l.toml")).unwrap();
        std::os::unix::fs::symlink("/nowhere", root.join("templates/n.toml")).unwrap();
        for path in [
            "templates/a.toml",
            "templates/new.toml",
            "templates/x/new.toml",
            &format!("templates/{}.toml", "y".repeat(250)),
        ] {
            assert_eq!(file_of(&project, path), Some(root.join(path)), "{path}");
        }
        for path in [
            "",
            ".toml",
            "e.toml",
            "storypress.toml",
            "templates",
            "templates/",
            "templates/a",
            "templates/.toml",
            "templates/.d.toml",
            "templates/.hidden/a.toml",
            "templates/../e.toml",
            "templates/./a.toml",
            "templates//a.toml",
            "/etc/a.toml",
            "templates\\a.toml",
            "templates/a\0.toml",
            "templates/a\n.toml",
            "templates/link/a.toml",
            "templates/l.toml",
            "templates/n.toml",
            "templates/a.toml/b.toml",
            &format!("templates/{}.toml", "y".repeat(251)),
            &format!("templates/{}/a.toml", "y".repeat(256)),
            &format!("templates/{}a.toml", "y/".repeat(2100)),
        ] {
            assert_eq!(file_of(&project, path), None, "{path:?}");
        }
    }
}
