//! A file that is whole under its name, or not there.
//!
//! In: bytes and a path. Out: the file, renamed into place. Never: a write where the same bytes are there already.

use std::path::Path;

use super::Error;
use crate::media::{self, FOLDER};

/// Writes a file whole, or leaves it as it is where it holds these bytes already; whether it did.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(true);
    }
    let folder = path.parent().unwrap_or(Path::new(".")).join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(Error::of("make the folder", &folder))?;
    media::put(bytes, path, Some(&folder))?;
    Ok(false)
}
