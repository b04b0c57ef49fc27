//! Accounts on the private way: consent, login, session, and a client.
//!
//! In: a project and an account. Out: a [`Client`] with the login that was kept. Never: the private way without the
//! project's consent, a password that is read by anything but a login.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::accounts::{self, Person};
use super::error::{Doing, Error};
use super::renewal::Renewal;
use super::session::{session, session_path};
use crate::graph::Login;
use crate::platform::secret;
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
    secret::make_folder(&folder).doing(format!("cannot make {}", folder.display()))?;
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
    let meant = private_account(project, name, sandbox).await?;
    match meant {
        Some(meant) => Ok(Some(meant.open(project, sandbox).await?)),
        None => Ok(None),
    }
}

/// An account that goes the private way.
pub struct PrivateAccount {
    account: Account,
    /// The sandbox's, where it is one.
    person: Option<Person>,
}

/// The account that is meant, where it goes the private way; none where it does not.
///
/// # Errors
/// There is no such account; no sandbox answers.
pub async fn private_account(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
) -> Result<Option<PrivateAccount>, Error> {
    let Some(base) = sandbox else {
        let account = accounts::account(project, name)?;
        let is_meant = account.login == Login::Private;
        return Ok(is_meant.then_some(PrivateAccount {
            account,
            person: None,
        }));
    };
    let (person, wanted) = accounts::rehearsed(project, name, base).await?;
    if person.login != Login::Private {
        return Ok(None);
    }
    let account = Account {
        user_id: Some(person.user_id.clone()),
        username: Some(person.username.clone()),
        ..wanted.unwrap_or_else(|| Account::new(&person.name, Login::Private))
    };
    Ok(Some(PrivateAccount {
        account,
        person: Some(person),
    }))
}

impl PrivateAccount {
    /// What the project, or the sandbox, calls it.
    pub fn name(&self) -> &str {
        &self.account.name
    }

    /// A client with the login that was kept.
    ///
    /// # Errors
    /// No consent, no set-up, no login.
    pub async fn open(
        self,
        project: &Project,
        sandbox: Option<&Url>,
    ) -> Result<(Account, Client), Error> {
        let options = options(project, sandbox);
        consent(project)?;
        ready(&options)?;
        let mut account = self.account;
        if let (Some(base), Some(person)) = (sandbox, self.person) {
            let session = of_sandbox(&options, &account, &person, base).await?;
            return Ok((account, Client::new(options, session)?));
        }
        let session = session(&account, None)?;
        same_account(&account, &session)?;
        account.user_id = Some(session.user_id.clone());
        Ok((account, Client::new(options, session)?))
    }
}

/// The login of a sandbox's account: the one that was kept, else a new one.
async fn of_sandbox(
    options: &Options,
    account: &Account,
    person: &Person,
    base: &Url,
) -> Result<Session, Error> {
    let kept = session(account, Some(base)).ok().filter(|session| {
        let base = base.as_str().trim_end_matches('/');
        session.sandbox.as_deref() == Some(base) && session.user_id == person.user_id
    });
    if let Some(session) = kept {
        return Ok(session);
    }
    let password = person.password.clone().unwrap_or_default();
    let seed = person.totp_seed.clone();
    let ask: Ask = Arc::new(move |_| code_of(seed.as_deref()?));
    Ok(private::login(options, &person.username, &password, None, ask).await?)
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

/// A login that was kept.
#[derive(Debug)]
pub struct LoggedIn {
    /// The account with it.
    pub client: Client,
    /// Where it is kept.
    pub path: PathBuf,
    /// Whether only the system's key store opens it.
    pub is_encrypted: bool,
}

/// Logs an account in, and keeps the login; with `keyring`, encrypted where the system keeps keys. `ask` gives codes that
/// neither an authenticator's seed nor anything else does.
///
/// # Errors
/// No consent, no password, what the platform says. A wrong password is tried once.
pub async fn login(
    project: &Project,
    account: &Account,
    sandbox: Option<&Url>,
    keyring: bool,
    ask: Ask,
) -> Result<LoggedIn, Error> {
    consent(project)?;
    let path = session_path(account, sandbox)?;
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
        secret::make_folder(folder).doing(format!("cannot make {}", folder.display()))?;
    }
    // the device of before, so that the platform meets no new one
    let before = Session::read(&path, &account.name).ok();
    let options = options(project, sandbox);
    let session = private::login(&options, &username, &password, before, code).await?;
    let is_encrypted = session.save(&path, keyring)?;
    Ok(LoggedIn {
        client: Client::new(options, session)?,
        path,
        is_encrypted,
    })
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
    let unreadable = || format!("cannot read {shown}");
    let mut file = fs::File::open(path).doing(unreadable())?;
    let found = file.metadata().doing(unreadable())?;
    secret::guard(&found).map_err(|why| Error::refused(why.of(path)))?;
    let mut text = String::new();
    file.read_to_string(&mut text).doing(unreadable())?;
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
    if let Ok(path) = session_path(account, sandbox) {
        renewal.know_session(key, path, options(project, sandbox));
    }
}
