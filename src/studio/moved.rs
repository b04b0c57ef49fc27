//! A template's text in another folder.
//!
//! In: a text, where it stood, where it goes. Out: the text whose `extends` names the same base from there; every other byte as
//! it was. Never: another change, a file.

use std::path::{Component, Path, PathBuf};

use toml::de::DeTable;

use super::template_files;
use crate::project::Project;

/// The text of `from` as it has to be at `to`, both against the project's folder.
///
/// A text whose base is not there, or that is no TOML, stays as it is.
pub fn text(project: &Project, from: &str, to: &str, text: &str) -> String {
    rebased(project, from, to, text).unwrap_or_else(|| text.to_owned())
}

fn rebased(project: &Project, from: &str, to: &str, text: &str) -> Option<String> {
    let (old, new) = (folder(from), folder(to));
    if old == new {
        return None;
    }
    // a mark of the byte order is no TOML
    let own = text.trim_start_matches('\u{feff}');
    let ahead = text.len() - own.len();
    let table = DeTable::parse(own).ok()?;
    let written = table.get_ref().get("extends")?;
    let base = project.root.join(old).join(written.get_ref().as_str()?);
    let base = base.canonicalize().ok().filter(|base| base.is_file())?;
    let base = template_files::relative(project, &base)?;
    let span = written.span();
    let value = toml::Value::String(from_folder(new, Path::new(&base)));
    let (start, end) = (ahead + span.start, ahead + span.end);
    Some(format!("{}{value}{}", &text[..start], &text[end..]))
}

fn folder(path: &str) -> &Path {
    Path::new(path).parent().unwrap_or(Path::new(""))
}

/// A file as a folder names it, both against the project's.
fn from_folder(folder: &Path, file: &Path) -> String {
    let (folder, file): (Vec<_>, Vec<_>) = (folder.iter().collect(), file.iter().collect());
    let pairs = folder.iter().zip(&file);
    let common = pairs.take_while(|(one, other)| one == other).count();
    let up = folder[common..]
        .iter()
        .map(|_| Component::ParentDir.as_os_str());
    let way: PathBuf = up.chain(file[common..].iter().copied()).collect();
    way.iter()
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_text_that_moves_names_the_same_base() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("templates/spring")).unwrap();
        fs::write(root.join("templates/menu.toml"), "").unwrap();
        fs::write(root.join("templates/spring/it's \"b\".toml"), "").unwrap();
        let project = Project::none(&root);
        let moved = |from: &str, to: &str, written: &str| text(&project, from, to, written);
        let own = "\u{feff}# a card\nextends = 'menu.toml' # the base\n[vars]\n";
        let deeper = moved("templates/a.toml", "templates/spring/b.toml", own);
        assert_eq!(
            deeper,
            "\u{feff}# a card\nextends = \"../menu.toml\" # the base\n[vars]\n"
        );
        let back = moved("templates/spring/b.toml", "templates/c.toml", &deeper);
        assert_eq!(back, own.replace('\'', "\""));
        let odd = "extends = \"it's \\\"b\\\".toml\"\n";
        let odd = moved("templates/spring/b.toml", "templates/c.toml", odd);
        let read: toml::Table = odd.parse().unwrap();
        assert_eq!(read["extends"].as_str(), Some("spring/it's \"b\".toml"));
        for same in ["extends = \"none.toml\"\n", "extends = [\n", "[vars]\n"] {
            assert_eq!(moved("templates/a.toml", "templates/x/b.toml", same), same);
        }
        assert_eq!(moved("templates/a.toml", "templates/b.toml", own), own);
    }
}
