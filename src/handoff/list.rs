//! `handoff.json`: the package for programs.
//!
//! In: stories of a folder. Out: one JSON file that names the files of all of them by relative path, also of those that an
//! earlier call has put there. Never: an absolute path, a file that is gone.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::file::put;
use super::{Error, Package};
use crate::media::Media;

/// Its name in the folder.
pub const LIST: &str = "handoff.json";

/// A story of the list.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Its finished file.
    pub media: &'a Media,
    /// Its other files.
    pub package: &'a Package,
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Own(Item<'a>),
    /// Of an earlier call.
    Kept(Value),
}

#[derive(Serialize)]
struct Item<'a> {
    name: &'a str,
    outputs: [Value; 1],
    page: Option<String>,
    boxes: Option<String>,
    #[serde(flatten)]
    extras: &'a crate::scene::Extras,
}

/// Writes the list into the folder of the files; whether it held the same before. Other stories that it lists stay, as long
/// as their files do.
///
/// # Errors
/// It cannot be written.
pub fn write(stories: &[Listed<'_>], folder: &Path) -> Result<bool, Error> {
    let mut new: Vec<_> = stories.iter().map(|story| Some(item(story))).collect();
    let mut items = Vec::new();
    for kept in kept(folder) {
        let is_it = |story: &Option<Item<'_>>| story.as_ref().is_some_and(|s| s.is(&kept));
        match new.iter().position(is_it) {
            Some(at) => items.extend(new[at].take().map(Entry::Own)),
            None => items.push(Entry::Kept(kept)),
        }
    }
    items.extend(new.into_iter().flatten().map(Entry::Own));
    let list = List { items };
    // not by way of a `Value`, which would write 0.2 as 0.20000000298023224
    let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
    text.push('\n');
    put(&folder.join(LIST), text.as_bytes())
}

/// What the list in the folder has whose files are there.
fn kept(folder: &Path) -> Vec<Value> {
    let text = std::fs::read(folder.join(LIST)).unwrap_or_default();
    let mut list: Value = serde_json::from_slice(&text).unwrap_or_default();
    let items = list["items"].as_array_mut().map(std::mem::take);
    let is_there = |item: &Value| {
        let files = [&item["outputs"][0]["path"], &item["page"]];
        (files.iter()).all(|name| {
            name.as_str()
                .is_some_and(|name| folder.join(name).is_file())
        })
    };
    items
        .unwrap_or_default()
        .into_iter()
        .filter(is_there)
        .collect()
}

impl Item<'_> {
    fn is(&self, kept: &Value) -> bool {
        kept["name"] == self.name
    }
}

fn item<'a>(story: &Listed<'a>) -> Item<'a> {
    let media = story.media;
    let mut output = json!({
        "path": name(&media.path),
        "kind": media.kind,
        "bytes": media.bytes,
        "width": media.width,
        "height": media.height,
        "sha256": media.sha256,
    });
    if let Some(seconds) = media.duration_s {
        output["duration_s"] = json!(seconds);
    }
    Item {
        name: story.name,
        outputs: [output],
        page: name(&story.package.page),
        boxes: name(&story.package.boxes),
        extras: &media.extras,
    }
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Kind;

    #[test]
    fn a_list_keeps_what_an_earlier_call_has_put_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path();
        let list = |name: &str| {
            let package = Package {
                page: folder.join(format!("{name}.html")),
                boxes: folder.join(format!("{name}.boxes.png")),
                is_unchanged: false,
            };
            let media = Media {
                path: folder.join(format!("{name}.jpg")),
                kind: Kind::Image,
                bytes: 1,
                width: 1080,
                height: 1920,
                duration_s: None,
                sha256: name.repeat(64),
                quality: None,
                notes: Vec::new(),
                extras: Default::default(),
                damaged: Vec::new(),
            };
            for file in [&package.page, &package.boxes, &media.path] {
                std::fs::write(file, name).expect("a file");
            }
            let listed = Listed {
                name,
                media: &media,
                package: &package,
            };
            write(&[listed], folder).expect("a list")
        };
        let names = || {
            let text = std::fs::read(folder.join(LIST)).expect("a list");
            let list: Value = serde_json::from_slice(&text).expect("JSON");
            let items = list["items"].as_array().expect("items").clone();
            let name = |item: &Value| item["name"].as_str().map(str::to_owned);
            items.iter().filter_map(name).collect::<Vec<_>>().join(" ")
        };
        list("a");
        list("b");
        assert_eq!(names(), "a b");
        list("a");
        assert!(list("a"), "the same again");
        assert_eq!(names(), "a b");
        std::fs::remove_file(folder.join("b.html")).expect("removed");
        list("c");
        assert_eq!(names(), "a c");
    }
}
