//! A package for a person's phone: everything that it takes to post a story in the app.
//!
//! In: a finished [`Media`](crate::media::Media) with its stickers. Out: [`Package`]: `NAME.html`, one page for a phone;
//! `NAME.boxes.png`, where each sticker goes; `handoff.json`, the same for programs.
//! Never: the network, a file under its name before it is whole.

mod boxes;
mod error;
mod file;
mod list;
mod package;
mod page;
mod words;

use std::path::Path;

pub use error::Error;
pub use list::{LIST, Listed, write as write_list};
pub use package::{Package, Posted};
pub use page::{Served, script, style};

use crate::media::Kind;

/// The pictures embedded in a page are no larger; a larger one lies beside it, as a film does.
const EMBEDDED: u64 = 12_000_000;

/// Writes the page and the picture of the boxes into `folder`, beside the media.
///
/// # Errors
/// The media cannot be read, or a file not be written; then nothing has its name.
pub fn write(story: &Posted<'_>, folder: &Path) -> Result<Package, Error> {
    let page = page(story)?;
    let boxes = boxes::painted(story.media)?;
    let mut package = Package {
        page: folder.join(format!("{}.html", story.name)),
        boxes: folder.join(format!("{}.boxes.png", story.name)),
        is_unchanged: false,
    };
    let same = file::put(&package.page, page.as_bytes())?;
    package.is_unchanged = file::put(&package.boxes, &boxes)? && same;
    Ok(package)
}

/// The page for a phone: HTML, complete.
///
/// # Errors
/// The media cannot be read.
pub fn page(story: &Posted<'_>) -> Result<String, Error> {
    let media = story.media;
    let is_embedded = media.kind == Kind::Image && media.bytes <= EMBEDDED;
    if !is_embedded {
        return Ok(page::html(story, page::Origin::Beside));
    }
    let bytes = std::fs::read(&media.path).map_err(Error::of("read", &media.path))?;
    Ok(page::html(story, page::Origin::Within(&bytes)))
}

/// The page as a server shows it, with every file at an address of its own. Nothing is read.
pub fn served(story: &Posted<'_>, by: &Served<'_>) -> String {
    page::html(story, page::Origin::Server(by))
}
