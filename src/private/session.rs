//! A login of the app, kept: it is a credential and a device at once.
//!
//! In: what a login gave. Out: a file that its owner alone can read, encrypted where the system keeps keys. Never: a
//! session in a log, one of a sandbox that goes to the platform.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::keys::{Key, Sealed};
use crate::graph::UserId;
use crate::platform::secret;

/// A login of the app.
#[derive(Clone, PartialEq)]
pub struct Session {
    /// Whose.
    pub user_id: UserId,
    /// Without the `@`.
    pub username: String,
    /// The sandbox that it is of.
    pub sandbox: Option<String>,
    /// What the library keeps: secrets, and the device that it says it is.
    pub settings: Value,
}

/// A login as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Kept {
    user_id: UserId,
    username: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sandbox: Option<String>,
    #[serde(flatten)]
    secret: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Secret {
    Settings(Value),
    Sealed(Sealed),
}

impl Kept {
    /// What the secret is bound to: it is not read beside another name.
    fn about(&self) -> String {
        let sandbox = self.sandbox.as_deref().unwrap_or_default();
        format!("{}\n{}\n{sandbox}", self.user_id, self.username)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user_id", &self.user_id)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Reads one.
    ///
    /// # Errors
    /// `NoLogin` where there is none, `Here` where others may read it or it is damaged.
    pub fn read(path: &Path, name: &str) -> Result<Self, Error> {
        let doing = "read the login of the app";
        let file = fs::File::open(path).map_err(|_| {
            let said = format!("there is none for `{name}`: storypress account login {name}");
            Error::no_login(doing, said)
        })?;
        let found = file
            .metadata()
            .map_err(|error| Error::here(doing, format!("{}: {error}", path.display())))?;
        secret::guard(&found).map_err(|why| Error::here(doing, why.of(path)))?;
        let damaged = |at: &str| Error::here(doing, format!("{} is damaged{at}", path.display()));
        let kept: Kept = serde_json::from_reader(file)
            .map_err(|error| damaged(&format!(" at line {}", error.line())))?;
        let about = kept.about();
        let settings = match kept.secret {
            Secret::Settings(settings) => settings,
            Secret::Sealed(sealed) => {
                let key = Key::find(path).ok_or_else(|| {
                    let said = format!(
                        "{} is encrypted, and its key is not to be had: it is in the key store of the person who logged in. \
                         Run this in that person's session, or log in anew with `storypress account login {name} --no-keyring`",
                        path.display()
                    );
                    Error::here(doing, said)
                })?;
                let text = key.open(&sealed, &about).ok_or_else(|| damaged(""))?;
                serde_json::from_slice(&text).map_err(|_| damaged(""))?
            }
        };
        Ok(Self {
            user_id: kept.user_id,
            username: kept.username,
            sandbox: kept.sandbox,
            settings,
        })
    }

    /// Writes it for its owner alone: whole, or not at all. With `keyring` it is encrypted where the system keeps the key;
    /// whether it is.
    ///
    /// # Errors
    /// `Here` with what the system said.
    pub fn save(&self, path: &Path, keyring: bool) -> Result<bool, Error> {
        let failed = |error: std::io::Error| {
            let said = format!("cannot write {}: {error}", path.display());
            Error::here("keep the login of the app", said)
        };
        let mut kept = Kept {
            user_id: self.user_id.clone(),
            username: self.username.clone(),
            sandbox: self.sandbox.clone(),
            secret: Secret::Settings(self.settings.clone()),
        };
        let key = keyring.then(|| Key::find_or_make(path)).flatten();
        let settings = self.settings.to_string();
        let sealed = key.and_then(|key| key.seal(settings.as_bytes(), &kept.about()));
        let is_sealed = sealed.is_some();
        if let Some(sealed) = sealed {
            kept.secret = Secret::Sealed(sealed);
        }
        let text = serde_json::to_vec(&kept).map_err(|error| failed(error.into()))?;
        secret::write(path, &text).map_err(failed)?;
        Ok(is_sealed)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_session_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("main.json");
        let said = Session::read(&path, "main").unwrap_err().to_string();
        assert!(said.ends_with("storypress account login main"), "{said}");
        let session = Session {
            user_id: "17".parse().expect("an id"),
            username: "cafe".into(),
            sandbox: None,
            settings: serde_json::json!({"authorization_data": {"sessionid": "secret"}}),
        };
        assert!(!session.save(&path, false).expect("written"));
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Session::read(&path, "main").expect("read"), session);
        assert!(!format!("{session:?}").contains("secret"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        assert!(Session::read(&path, "main").is_err());
    }
}
