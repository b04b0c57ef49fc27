//! Where tokens are kept: an environment variable, or a file that nobody else can read.
//!
//! In: a name. Out: a token, what is known of it, and what can be done about its end.
//! Never: a file that others may read, a half-written one, a token in a message.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::error::{Cause, Error};
use super::refusal::Call;
use super::{Login, UserId};
use crate::platform::TOKEN_YOUNG as YOUNG;
use crate::platform::secret::{self, Unsafe};

/// The longest token file that is read.
const MAX_BYTES: u64 = 64 * 1024;

/// From this long before its end a worker tries to refresh a token: it has weeks for it then.
const EARLY: SignedDuration = SignedDuration::from_hours(50 * 24);

/// From this long before its end a token should be refreshed.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A token with what is known of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// It.
    pub token: SecretString,
    /// Which login gave it; `None` for a file that holds nothing but the token.
    pub login: Option<Login>,
    /// Whose it is.
    pub user_id: Option<UserId>,
    /// When it was given, or refreshed last.
    pub issued_at: Option<Timestamp>,
    /// When it ends; `None` where it never does, or where nobody knows.
    pub expires_at: Option<Timestamp>,
    /// What it may do, as far as that was told.
    pub scopes: Vec<String>,
    /// The app that it was given to.
    pub app_id: Option<String>,
}

/// The same as it is in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    token: String,
    login: Option<Login>,
    user_id: Option<UserId>,
    issued_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
}

/// What can be done about a token's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It does not end.
    NeverEnds,
    /// It is younger than 24 hours: not before then.
    From(Timestamp),
    /// It can be refreshed now; it ends soon, or nobody knows when.
    Due,
    /// It can be refreshed now, and lasts a while yet.
    Possible,
    /// It has ended: only a new login helps.
    Over,
}

impl Kept {
    /// A token of which nothing is known but itself.
    pub fn bare(token: SecretString) -> Self {
        Self {
            token,
            login: None,
            user_id: None,
            issued_at: None,
            expires_at: None,
            scopes: Vec::new(),
            app_id: None,
        }
    }

    /// What can be done about its end. Instagram: from 24 h of age until it ends, then for 60 d more.
    /// Facebook: a Page's token without an end needs nothing; a user's is exchanged until it ends.
    pub fn renewal(&self, login: Login, now: Timestamp) -> Renewal {
        match (self.expires_at, login) {
            (Some(end), _) if end <= now => return Renewal::Over,
            (None, Login::Facebook) => return Renewal::NeverEnds,
            _ => {}
        }
        if login == Login::Instagram
            && let Some(from) = self.issued_at.and_then(|t| t.checked_add(YOUNG).ok())
            && from > now
        {
            return Renewal::From(from);
        }
        match self.expires_at {
            Some(end) if end.duration_since(now) > SOON => Renewal::Possible,
            _ => Renewal::Due,
        }
    }
}

impl Kept {
    /// A worker gets it a new life: it can be refreshed, and has less than fifty of its sixty days left, or nobody knows.
    pub fn wants_renewal(&self, login: Login, now: Timestamp) -> bool {
        match self.renewal(login, now) {
            Renewal::Due => true,
            Renewal::Possible => self
                .expires_at
                .is_none_or(|end| end.duration_since(now) < EARLY),
            Renewal::NeverEnds | Renewal::From(_) | Renewal::Over => false,
        }
    }

    /// It has ended, or will within a week.
    pub fn ends_soon(&self, now: Timestamp) -> bool {
        self.expires_at
            .is_some_and(|end| end.duration_since(now) <= SOON)
    }
}

/// A token of the environment.
///
/// # Errors
/// The variable is not set, or empty.
pub fn from_env(name: &str) -> Result<Kept, Error> {
    match std::env::var(name) {
        Ok(token) if !token.trim().is_empty() => Ok(Kept::bare(token.trim().into())),
        Ok(_) => Err(wrong(format!("the environment variable {name} is empty"))),
        Err(_) => Err(wrong(format!("the environment variable {name} is not set"))),
    }
}

/// Whose a token's file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileMode {
    /// Ours, and nobody else may use it.
    #[default]
    Own,
    /// Anybody's, as Docker and Kubernetes mount secrets; not everybody may write it.
    Mounted,
}

/// A token of a file: nothing but the token, or what [`save`] writes.
///
/// # Errors
/// There is no such file, it is somebody else's, others may use it, it holds no token.
pub fn from_file(path: &Path, mode: FileMode) -> Result<Kept, Error> {
    let unreadable = |e: std::io::Error| wrong(format!("cannot read {}: {e}", path.display()));
    let mut file = File::open(path).map_err(unreadable)?;
    // asked of the open file: a name may be turned to another file in between
    guard(path, &file.metadata().map_err(unreadable)?, mode)?;
    let mut text = String::new();
    let mut start = (&mut file).take(MAX_BYTES);
    start.read_to_string(&mut text).map_err(unreadable)?;
    let text = text.trim();
    if !text.starts_with('{') {
        let is_token = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let token = is_token.then(|| Kept::bare(text.into()));
        return token.ok_or_else(|| wrong(format!("{} holds no token", path.display())));
    }
    // what serde says could repeat what stands there
    let written: Written = serde_json::from_str(text).map_err(|e| {
        wrong(format!(
            "{} is damaged at line {}",
            path.display(),
            e.line()
        ))
    })?;
    Ok(Kept {
        token: written.token.into(),
        login: written.login,
        user_id: written.user_id,
        issued_at: written.issued_at,
        expires_at: written.expires_at,
        scopes: written.scopes,
        app_id: written.app_id,
    })
}

/// A file of ours that nobody else can read, or one that was mounted and that others cannot write.
#[cfg(unix)]
fn guard(path: &Path, found: &fs::Metadata, asked: FileMode) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;

    let shown = path.display();
    if !found.is_file() {
        return Err(wrong(format!("{shown} is no file")));
    }
    if asked == FileMode::Mounted {
        let mode = found.mode() & 0o777;
        return match mode & 0o002 {
            0 => Ok(()),
            _ => Err(wrong(format!(
                "{shown} holds a secret and others may write it (mode {mode:04o}): mount it read-only"
            ))),
        };
    }
    let hint =
        "a secret that Docker or Kubernetes mounts is taken with `token_file_mode = \"mounted\"`";
    secret::guard(found).map_err(|why| {
        wrong(match why {
            Unsafe::Shared(mode) => format!(
                "{shown} holds a secret and others may use it (mode {mode:04o}; {hint}): chmod 600 {shown}"
            ),
            why => format!("{shown} {why}; {hint}"),
        })
    })
}

#[cfg(not(unix))]
fn guard(path: &Path, found: &fs::Metadata, _: FileMode) -> Result<(), Error> {
    match found.is_file() {
        true => Ok(()),
        false => Err(wrong(format!("{} is no file", path.display()))),
    }
}

/// Writes a token for its owner alone: whole, or not at all.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn save(path: &Path, kept: &Kept) -> Result<(), Error> {
    Unfinished::beside(path)?.finish(kept)
}

/// Room for a token beside the file that it will take the place of: found before the token is asked for, so that one that
/// was given is not lost for want of it.
#[derive(Debug)]
pub struct Unfinished {
    /// The file itself, where the name is a link to it.
    path: PathBuf,
    unfinished: PathBuf,
    file: Option<File>,
}

impl Unfinished {
    /// Makes the room. The file that is there keeps its mode and group; a new one is its owner's alone.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let unwritable = |e: std::io::Error| wrong(format!("cannot write {}: {e}", path.display()));
        let folder = path.parent().unwrap_or(Path::new("."));
        secret::make_folder(folder).map_err(unwritable)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = folder.join(format!(".{name}.{}", std::process::id()));
        // of a process of the same number that was killed
        let _ = fs::remove_file(&unfinished);
        let made = make_like(&unfinished, &path).map_err(unwritable)?;
        Ok(Self {
            unfinished,
            file: Some(made),
            path,
        })
    }

    /// Puts the token there, for good.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, kept: &Kept) -> Result<(), Error> {
        let done = match self.file.take() {
            Some(file) => write_whole(file, &text_of(kept)),
            None => Ok(()),
        };
        done.and_then(|()| fs::rename(&self.unfinished, &self.path))
            .map_err(|e| wrong(format!("cannot write {}: {e}", self.path.display())))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // after a good end there is none any more
        let _ = fs::remove_file(&self.unfinished);
    }
}

/// A token as it stands in a file.
fn text_of(kept: &Kept) -> String {
    let written = Written {
        token: kept.token.expose_secret().to_owned(),
        login: kept.login,
        user_id: kept.user_id.clone(),
        issued_at: kept.issued_at,
        expires_at: kept.expires_at,
        scopes: kept.scopes.clone(),
        app_id: kept.app_id.clone(),
    };
    serde_json::to_string_pretty(&written).expect("texts and times are JSON")
}

/// A new file with the owner, group and mode of another one, where that is there; of the mode only what its owner may.
fn make_like(path: &Path, like: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if let Ok(found) = fs::metadata(like) {
        use std::os::unix::fs::MetadataExt;
        use std::os::unix::fs::PermissionsExt;
        // who may not give it away is its owner already
        let _ = std::os::unix::fs::fchown(&file, Some(found.uid()), Some(found.gid()));
        let own = found.mode() & 0o700 | 0o400;
        file.set_permissions(fs::Permissions::from_mode(own))?;
    }
    Ok(file)
}

fn write_whole(mut file: File, text: &str) -> std::io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Where the token of an account rests: `tokens/NAME.json` in the user's own folder of this program.
///
/// # Errors
/// There is no such folder, or the name cannot be a file's.
pub fn path_of(name: &str) -> Result<PathBuf, Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || name.len() > 64 || !name.chars().all(fits) {
        let shown: String = name.chars().take(64).collect();
        return Err(wrong(format!(
            "`{}` cannot name an account: letters, digits, `-`, `_` and `.`",
            shown.escape_debug()
        )));
    }
    Ok(folder()?.join("tokens").join(format!("{name}.json")))
}

/// `$XDG_CONFIG_HOME/storypress`, else `~/.config/storypress`.
fn folder() -> Result<PathBuf, Error> {
    let of = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    of("XDG_CONFIG_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("storypress"))
        .ok_or_else(|| {
            wrong("no folder for tokens: neither XDG_CONFIG_HOME nor HOME is set".to_owned())
        })
}

fn wrong(said: String) -> Error {
    Error::new(Call::Setup, Cause::File(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
    }

    fn kept(issued: i64, ends: Option<i64>) -> Kept {
        Kept {
            login: Some(Login::Instagram),
            user_id: Some("17".parse().unwrap()),
            issued_at: Some(at(issued)),
            expires_at: ends.map(at),
            scopes: vec!["instagram_business_basic".into()],
            app_id: Some("9".into()),
            ..Kept::bare("IGAAsecret".into())
        }
    }

    #[test]
    fn an_instagram_token_is_refreshed_between_a_day_of_age_and_its_end() {
        let token = kept(0, Some(60 * 24));
        let renewal = |hours| token.renewal(Login::Instagram, at(hours));
        assert_eq!(renewal(23), Renewal::From(at(24)));
        assert_eq!(renewal(24), Renewal::Possible);
        assert_eq!(renewal(54 * 24), Renewal::Due);
        assert_eq!(renewal(60 * 24), Renewal::Over);
        // pasted: nobody knows
        assert_eq!(
            Kept::bare("x".into()).renewal(Login::Instagram, at(0)),
            Renewal::Due
        );
    }

    #[test]
    fn a_pages_token_never_ends_and_a_users_is_exchanged() {
        assert_eq!(
            kept(0, None).renewal(Login::Facebook, at(9999)),
            Renewal::NeverEnds
        );
        assert_eq!(
            kept(0, Some(60 * 24)).renewal(Login::Facebook, at(1)),
            Renewal::Possible
        );
        assert_eq!(
            kept(0, Some(60 * 24)).renewal(Login::Facebook, at(60 * 24)),
            Renewal::Over
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_token_is_kept_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("storypress/tokens/main.json");
        save(&path, &kept(0, Some(1))).unwrap();
        save(&path, &kept(0, Some(2))).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let read = from_file(&path, FileMode::Own).unwrap();
        assert_eq!(read.token.expose_secret(), "IGAAsecret");
        assert_eq!(
            (read.login, read.expires_at),
            (Some(Login::Instagram), Some(at(2)))
        );
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        for loose in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(loose)).unwrap();
            let said = from_file(&path, FileMode::Own).unwrap_err().to_string();
            assert!(said.contains(&format!("mode {loose:04o}")), "{said}");
            assert!(
                said.ends_with(&format!("chmod 600 {}", path.display())),
                "{said}"
            );
        }
    }

    #[test]
    fn a_worker_renews_what_is_a_day_old_and_has_less_than_fifty_left() {
        let token = kept(0, Some(60 * 24));
        let wants = |hours| token.wants_renewal(Login::Instagram, at(hours));
        assert_eq!([23, 24, 10 * 24].map(wants), [false; 3]);
        assert_eq!([10 * 24 + 1, 59 * 24].map(wants), [true; 2]);
        assert!(!wants(60 * 24), "only a login helps");
        // younger than a day, whatever its end
        assert!(!kept(0, Some(48)).wants_renewal(Login::Instagram, at(20)));
        assert!(Kept::bare("x".into()).wants_renewal(Login::Instagram, at(0)));
        assert!(!kept(0, None).wants_renewal(Login::Facebook, at(9999)));
        let soon = |hours| token.ends_soon(at(hours));
        assert_eq!([52 * 24, 53 * 24, 61 * 24].map(soon), [false, true, true]);
    }

    #[cfg(unix)]
    #[test]
    fn a_renewed_token_takes_the_place_of_the_file_behind_a_link() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("secret"), dir.path().join("token"));
        for mode in [0o600, 0o400] {
            fs::write(&path, "IGAAold").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let _ = std::os::unix::fs::symlink(&path, &link);
            // room that is not used leaves nothing
            drop(Unfinished::beside(&link).unwrap());
            assert_eq!(fs::read(&path).unwrap(), b"IGAAold");
            save(&link, &kept(0, Some(1))).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            let found = fs::symlink_metadata(&path).unwrap();
            assert_eq!(found.permissions().mode() & 0o777, mode);
            let read = from_file(&link, FileMode::Own).unwrap();
            assert_eq!(read.token.expose_secret(), "IGAAsecret");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
            fs::remove_file(&path).unwrap();
        }
        let nowhere = Unfinished::beside(Path::new("/proc/self/token"));
        assert!(nowhere.unwrap_err().to_string().contains("cannot write"));
    }

    #[cfg(unix)]
    #[test]
    fn a_mounted_secret_is_taken_unless_others_may_write_it() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "IGAAsecret\n").unwrap();
        for (mode, is_taken) in [
            (0o444, true),
            (0o440, true),
            (0o644, true),
            (0o400, true),
            (0o660, true),
            (0o646, false),
            (0o666, false),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(
                from_file(&path, FileMode::Mounted).is_ok(),
                is_taken,
                "{mode:o}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_may_hold_the_token_alone_and_no_message_repeats_it() {
        use std::os::unix::fs::PermissionsExt;

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let write = |text: &str| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            from_file(&path, FileMode::Own)
        };
        assert_eq!(
            write("EAAtoken\n").unwrap().token.expose_secret(),
            "EAAtoken"
        );
        for bad in [
            "",
            "EAAtoken another",
            "{\"token\": \"EAAtoken\", \"login\": \"EAAtoken\"}",
        ] {
            let said = write(bad).unwrap_err().to_string();
            assert!(!said.contains("EAA"), "{said}");
        }
        assert!(
            from_file(dir.path(), FileMode::Own)
                .unwrap_err()
                .to_string()
                .contains("is no file")
        );
        assert!(from_file(&dir.path().join("none"), FileMode::Own).is_err());
    }

    #[test]
    fn an_accounts_name_stays_in_its_folder() {
        for bad in ["", "../x", "a/b", ".x", "a b", &"a".repeat(65)] {
            assert!(path_of(bad).is_err(), "{bad}");
        }
    }
}
