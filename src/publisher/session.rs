//! Where the app's login of an account is kept, and whose it is.
//!
//! In: an account of the project. Out: a file's name, a session. Never: a login, a question to anybody.

use std::path::PathBuf;

use url::Url;

use super::error::Error;
use crate::graph::{Login, UserId, tokens};
use crate::private::Session;
use crate::project::Account;

/// Where the login of an account is kept; one of a sandbox in a file of its own, so that a rehearsal costs nobody the
/// real login.
///
/// # Errors
/// A name that no file can have.
pub(super) fn session_path(account: &Account, sandbox: Option<&Url>) -> Result<PathBuf, Error> {
    let tokens = tokens::path_of(&account.name)?;
    Ok(tokens.with_extension(match sandbox {
        Some(_) => "sandbox.session",
        None => "session",
    }))
}

/// The login of an account, as it was kept.
///
/// # Errors
/// There is none, or others may read it.
pub(super) fn session(account: &Account, sandbox: Option<&Url>) -> Result<Session, Error> {
    let path = session_path(account, sandbox)?;
    Ok(Session::read(&path, &account.name)?)
}

/// Whose login is kept for an account of login `private`; nobody is asked.
pub(super) fn user_id(account: &Account) -> Option<UserId> {
    match account.login {
        Login::Private => Some(session(account, None).ok()?.user_id),
        Login::Instagram | Login::Facebook | Login::ByHand => None,
    }
}
