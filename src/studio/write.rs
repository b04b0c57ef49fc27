//! Files of the project, written whole or not at all.
//!
//! In: a place that was checked, bytes. Out: the file. Never: half of one, a file over one that came meanwhile where a new one
//! was meant.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// The longest name of a file or folder, bytes: that of the file systems in use. A whole path is held to the system's.
const LONGEST_NAME: usize = 255;

/// The longest path, bytes.
const LONGEST_PATH: usize = 4095;

/// Whether a file can be called that.
pub fn is_possible(path: &Path) -> bool {
    let are_short = path.iter().all(|part| part.len() <= LONGEST_NAME);
    are_short && path.as_os_str().len() <= LONGEST_PATH
}

/// Whether a file may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// It may not: `AlreadyExists` then.
    New,
    /// It is written over, and keeps its mode.
    Any,
}

/// An unfinished file beside its target; hidden, so that nobody takes it for a template. Missing folders are made.
pub fn unfinished(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    tempfile::Builder::new()
        .prefix(".unfinished-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
}

/// Gives an unfinished file its name.
pub fn name(file: NamedTempFile, path: &Path, target: Target) -> io::Result<()> {
    if let Ok(found) = fs::metadata(path) {
        file.as_file().set_permissions(found.permissions())?;
    }
    file.as_file().sync_all()?;
    let named = match target {
        Target::New => file.persist_noclobber(path),
        Target::Any => file.persist(path),
    };
    named.map(drop).map_err(|error| error.error)
}

/// Writes bytes.
pub fn bytes(path: &Path, bytes: &[u8], target: Target) -> io::Result<()> {
    let mut file = unfinished(path)?;
    file.write_all(bytes)?;
    name(file, path, target)
}
