//! Accounts on the private way: consent, login, session, and a client.
//!
//! In: a project and an account. Out: a [`Client`] with the login that was kept. Never: the private way without the
//! project's consent, a password that is read by anything but a login.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::accounts;
use super::error::{Doing, Error};
use super::renewal::Renewal;
use super::session::{session, session_path};
use crate::graph::Login;
use crate::private::{self, Ask, Client, Options, Session, totp};
use crate::project::{Account, Project};

/// Where the private way of a project is set up.
pub fn folder(project: &Project) -> PathBuf {
    project.root.join(".storypress/private")
}

/// Makes that folder, for nobody else to read.
///
/// # Errors
/// What the system says.
pub fn make_folder(project: &Project) -> Result<PathBuf, Error> {
    let folder = super::stores::own_folder(project, "private")?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .doing(format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// The project has accepted the risk.
///
/// # Errors
/// `Refused` with what to do.
pub fn consent(project: &Project) -> Result<(), Error> {
    match project.accepts_the_risk {
        true => Ok(()),
        false => Err(Error::refused(
            "login `private` is off: it speaks the app's own protocol, which is against Meta's terms and may cost you the \
             account. Whoever wants it all the same reads docs/private.md and writes `[private] i_accept_the_risk = true` \
             into the project file",
        )),
    }
}

fn options(project: &Project, sandbox: Option<&Url>) -> Options {
    Options {
        folder: folder(project),
        sandbox: sandbox.cloned(),
        publish_timeout: project.publish.timeout,
    }
}

/// The account that is meant, and a client, where it goes the private way; none where it does not.
///
/// With a sandbox and no login of it that was kept, one is made, with the password that the sandbox tells.
///
/// # Errors
/// No consent, no set-up, no login; no sandbox answers.
pub async fn open(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
) -> Result<Option<(Account, Client)>, Error> {
    let options = options(project, sandbox);
    let Some(base) = sandbox else {
        let mut account = accounts::account(project, name)?;
        if account.login != Login::Private {
            return Ok(None);
        }
        consent(project)?;
        ready(&options)?;
        let session = session(&account)?;
        same_account(&account, &session)?;
        account.user_id = Some(session.user_id.clone());
        return Ok(Some((account, Client::new(options, session)?)));
    };
    let (person, wanted) = accounts::rehearsed(project, name, base).await?;
    if person.login != Login::Private {
        return Ok(None);
    }
    consent(project)?;
    ready(&options)?;
    let account = Account {
        user_id: Some(person.user_id.clone()),
        username: Some(person.username.clone()),
        ..wanted.unwrap_or_else(|| Account::new(&person.name, Login::Private))
    };
    let kept = session(&account).ok().filter(|session| {
        let base = base.as_str().trim_end_matches('/');
        session.sandbox.as_deref() == Some(base) && session.user_id == person.user_id
    });
    let session = match kept {
        Some(session) => session,
        None => {
            let password = person.password.clone().unwrap_or_default();
            let seed = person.totp_seed.clone();
            let ask: Ask = Arc::new(move |_| code_of(seed.as_deref()?));
            private::login(&options, &person.username, &password, None, ask).await?
        }
    };
    Ok(Some((account, Client::new(options, session)?)))
}

/// The library is there.
fn ready(options: &Options) -> Result<(), Error> {
    match private::is_ready(&options.folder) {
        true => Ok(()),
        false => Err(Error::refused(
            "the private way is not set up in this project: storypress private setup",
        )),
    }
}

/// The code of now.
fn code_of(seed: &str) -> Option<String> {
    totp::code(seed, Timestamp::now().as_second())
}

/// The kept login is the one that the project file names.
fn same_account(account: &Account, session: &Session) -> Result<(), Error> {
    let is_other = account
        .username
        .as_ref()
        .is_some_and(|name| !name.eq_ignore_ascii_case(&session.username));
    let is_another = account
        .user_id
        .as_ref()
        .is_some_and(|id| *id != session.user_id);
    match is_other || is_another {
        false => Ok(()),
        true => Err(Error::refused(format!(
            "the login that is kept for account `{name}` is @{}'s: storypress account login {name}",
            session.username,
            name = account.name
        ))),
    }
}

/// Logs an account in, and keeps the login. `ask` gives codes that neither an authenticator's seed nor anything else does.
///
/// # Errors
/// No consent, no password, what the platform says. A wrong password is tried once.
pub async fn login(
    project: &Project,
    account: &Account,
    sandbox: Option<&Url>,
    ask: Ask,
) -> Result<(Client, PathBuf), Error> {
    consent(project)?;
    let path = session_path(account)?;
    let mut secrets = Secrets::of(account)?;
    let mut username = account.username.clone();
    if let Some(base) = sandbox {
        let (person, _) = accounts::rehearsed(project, Some(&account.name), base).await?;
        if person.login == Login::Private && secrets.password.is_none() {
            secrets.password = person.password;
            secrets.seed = secrets.seed.or(person.totp_seed);
            username = Some(person.username);
        }
    }
    let username = username
        .ok_or_else(|| Error::refused(format!("account `{}` has no `username`", account.name)))?;
    let password = secrets.password.ok_or_else(|| {
        Error::refused(format!(
            "no password for account `{}`: set `password_env` or `password_file` in its table",
            account.name
        ))
    })?;
    let seed = secrets.seed;
    let code: Ask = Arc::new(move |by| match (by, &seed) {
        ("two-factor", Some(seed)) => code_of(seed),
        _ => ask(by),
    });
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .doing(format!("cannot make {}", folder.display()))?;
    }
    // the device of before, so that the platform meets no new one
    let before = Session::read(&path, &account.name).ok();
    let options = options(project, sandbox);
    let session = private::login(&options, &username, &password, before, code).await?;
    session.save(&path)?;
    Ok((Client::new(options, session)?, path))
}

/// What a login needs, read for it alone.
struct Secrets {
    password: Option<String>,
    seed: Option<String>,
}

impl Secrets {
    fn of(account: &Account) -> Result<Self, Error> {
        let set = |name: &String| {
            let value = std::env::var(name).ok()?;
            let value = value.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let mut password = account.password_env.as_ref().and_then(set);
        if let (None, Some(path)) = (&password, &account.password_file) {
            password = Some(of_file(path)?);
        }
        Ok(Self {
            password,
            seed: account.totp_env.as_ref().and_then(set),
        })
    }
}

/// A secret in a file that its owner alone can use.
fn of_file(path: &std::path::Path) -> Result<String, Error> {
    let shown = path.display();
    let found = fs::metadata(path).doing(format!("cannot read {shown}"))?;
    let is_own = found.uid() == rustix::process::geteuid().as_raw();
    if !is_own || found.mode() & 0o077 != 0 {
        return Err(Error::refused(format!(
            "{shown} holds a secret and others may use it: chmod 600 {shown}"
        )));
    }
    let text = fs::read_to_string(path).doing(format!("cannot read {shown}"))?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    match text.is_empty() {
        false => Ok(text),
        true => Err(Error::refused(format!("{shown} is empty"))),
    }
}

/// Has a new login be taken while work goes on.
pub(super) fn remember(
    renewal: &Renewal,
    project: &Project,
    key: &str,
    account: &Account,
    sandbox: Option<&Url>,
) {
    if let Ok(path) = session_path(account) {
        renewal.know_session(key, path, options(project, sandbox));
    }
}
