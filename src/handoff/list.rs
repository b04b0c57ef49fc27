//! `handoff.json`: the package for programs.
//!
//! In: the stories of a folder. Out: one JSON file that names their files by relative path. Never: an absolute path.

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
    items: Vec<Item<'a>>,
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

/// Writes the list into the folder of the files; whether it held the same before.
///
/// # Errors
/// It cannot be written.
pub fn write(stories: &[Listed<'_>], folder: &Path) -> Result<bool, Error> {
    let list = List {
        items: stories.iter().map(item).collect(),
    };
    // not by way of a `Value`, which would write 0.2 as 0.20000000298023224
    let mut text = serde_json::to_string_pretty(&list).unwrap_or_default();
    text.push('\n');
    put(&folder.join(LIST), text.as_bytes())
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
