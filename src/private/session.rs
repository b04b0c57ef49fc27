//! A login of the app, kept: it is a credential and a device at once.
//!
//! In: what a login gave. Out: a file that its owner alone can read. Never: a session in a log, one of a sandbox that goes
//! to the platform.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use crate::graph::UserId;
use crate::platform::secret;

/// A login of the app.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub user_id: UserId,
    /// Without the `@`.
    pub username: String,
    /// The sandbox that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// What the library keeps: secrets, and the device that it says it is.
    pub settings: Value,
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
        serde_json::from_reader(file).map_err(|error| {
            let said = format!("{} is damaged at line {}", path.display(), error.line());
            Error::here(doing, said)
        })
    }

    /// Writes it for its owner alone: whole, or not at all.
    ///
    /// # Errors
    /// `Here` with what the system said.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            let said = format!("cannot write {}: {error}", path.display());
            Error::here("keep the login of the app", said)
        };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        secret::write(path, &text).map_err(failed)
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
        session.save(&path).expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Session::read(&path, "main").expect("read"), session);
        assert!(!format!("{session:?}").contains("secret"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        assert!(Session::read(&path, "main").is_err());
    }
}
