//! Files that hold a secret: their owner alone uses them.
//!
//! In: a path, bytes. Out: a file of mode 0600, or why one is not to be trusted. Never: what it holds in a message.

use std::fmt;
use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Why a file is not one for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsafe {
    /// A folder, a pipe, a device.
    NoFile,
    /// Another user's, who could put another secret there.
    Foreign,
    /// Others than its owner may use it; its permissions.
    Shared(u32),
}

/// Whether a file is ours and nobody else may use it. Asked of the open file: a name may be turned to another one.
///
/// # Errors
/// Why it is not.
pub fn guard(found: &Metadata) -> Result<(), Unsafe> {
    let mode = found.mode() & 0o777;
    match () {
        () if !found.is_file() => Err(Unsafe::NoFile),
        () if found.uid() != rustix::process::geteuid().as_raw() => Err(Unsafe::Foreign),
        () if mode & 0o077 != 0 => Err(Unsafe::Shared(mode)),
        () => Ok(()),
    }
}

/// Writes a file for its owner alone: whole and on the disk, or not at all.
///
/// # Errors
/// What the system says; then the file is what it was.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Makes a folder, and those above it, that nobody else can look into.
///
/// # Errors
/// What the system says.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Unsafe {
    /// A sentence about the file of that name.
    pub fn of(self, path: &Path) -> String {
        format!("{} {self}", path.display())
            + &match self {
                Self::Shared(_) => format!(": chmod 600 {}", path.display()),
                Self::NoFile | Self::Foreign => String::new(),
            }
    }
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => f.write_str("is no file"),
            Self::Foreign => {
                f.write_str("belongs to another user, who could put another secret there")
            }
            Self::Shared(mode) => {
                write!(f, "holds a secret and others may use it (mode {mode:04o})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("a/b");
        make_folder(&inside).expect("made");
        assert_eq!(fs::metadata(&inside).expect("there").mode() & 0o777, 0o700);
        let path = inside.join("key");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("written over");
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert_eq!(fs::read_dir(&inside).expect("read").count(), 1);
        let found = || fs::metadata(&path).expect("there");
        assert_eq!((found().mode() & 0o777, guard(&found())), (0o600, Ok(())));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        assert_eq!(guard(&found()), Err(Unsafe::Shared(0o640)));
        let said = Unsafe::Shared(0o640).of(Path::new("key"));
        assert_eq!(
            said,
            "key holds a secret and others may use it (mode 0640): chmod 600 key"
        );
        let folder = fs::metadata(&inside).expect("there");
        assert_eq!(guard(&folder), Err(Unsafe::NoFile));
    }
}
