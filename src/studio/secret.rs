//! Secrets that open the studio: how they are made, compared and kept.
//!
//! In: a project's folder. Out: the token for programs, and files of secrets in `.storypress` with mode 0600. Never: a
//! secret in a log or in a page.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::platform::secret;

/// 32 random bytes in hex.
pub fn random() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex::encode(bytes))
}

/// A code that a person types: eight digits.
pub fn code() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{:08}", u64::from_le_bytes(bytes) % 100_000_000))
}

/// Whether two secrets are one, in a time that does not depend on where they differ.
pub fn is_same(one: &str, other: &str) -> bool {
    // comparing digests tells nothing of the texts; blake3's own comparison takes constant time
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

/// The file of the token for programs.
const TOKEN: &str = "studio-token";

fn path(root: &Path, name: &str) -> PathBuf {
    root.join(".storypress").join(name)
}

/// A file of secrets in `.storypress`; None where there is none.
///
/// # Errors
/// It cannot be read, is longer than `most` bytes, or others may read it.
pub fn read_private(root: &Path, name: &str, most: u64) -> io::Result<Option<String>> {
    let mut options = OpenOptions::new();
    // a link put in its place is not followed
    let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    options.read(true).custom_flags(flags);
    let file = match options.open(path(root, name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    if secret::guard(&file.metadata()?).is_err() {
        let shown = path(root, name);
        return Err(io::Error::other(format!(
            "{} can be read by others: what it holds is void: delete it, and another is made",
            shown.display()
        )));
    }
    let mut text = String::new();
    let read = file.take(most + 1).read_to_string(&mut text)?;
    match read as u64 > most {
        true => Err(io::Error::other(format!("{name} is too long"))),
        false => Ok(Some(text)),
    }
}

/// Writes a file of secrets into `.storypress`, whole, for its owner alone.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write_private(root: &Path, name: &str, text: &str) -> io::Result<()> {
    secret::make_folder(&root.join(".storypress"))?;
    secret::write(&path(root, name), text.as_bytes())
}

/// The project's token for programs, if one was ever made.
///
/// # Errors
/// The file cannot be read, or others may read it.
pub fn token(root: &Path) -> io::Result<Option<String>> {
    let text = read_private(root, TOKEN, 256)?;
    let token = text.as_deref().map_or("", str::trim);
    Ok((token.len() >= 32).then(|| token.to_owned()))
}

/// The project's token for programs; made where there is none.
///
/// # Errors
/// The folder or the file cannot be read or written.
pub fn token_or_new(root: &Path) -> io::Result<String> {
    match token(root)? {
        Some(token) => Ok(token),
        None => new_token(root),
    }
}

/// Another token for programs; the old one is void from then on, in a studio that runs, too.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn new_token(root: &Path) -> io::Result<String> {
    let token = random()?;
    write_private(root, TOKEN, &format!("{token}\n"))?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_token_is_kept_for_its_owner_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(token(folder.path()).unwrap(), None);
        let first = token_or_new(folder.path()).unwrap();
        assert_eq!(token_or_new(folder.path()).unwrap(), first);
        let mode = fs::metadata(path(folder.path(), TOKEN))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!((mode & 0o777, first.len()), (0o600, 64));
        let second = new_token(folder.path()).unwrap();
        assert_ne!(first, second);
        assert_eq!(token(folder.path()).unwrap(), Some(second));
        fs::set_permissions(
            path(folder.path(), TOKEN),
            fs::Permissions::from_mode(0o644),
        )
        .unwrap();
        assert!(token(folder.path()).is_err());
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(is_same("abc", "abc"));
        assert!(!is_same("abc", "abcd") && !is_same("", "a"));
    }
}
