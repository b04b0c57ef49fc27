//! Which account is meant, where its token is, and a client for it.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::ask_sandbox;
use super::error::{Doing, Error};
use crate::graph::tokens::{self, FileMode, Kept};
use crate::graph::{Client, ContainerId, Hosts, Login, Next, Options, UserId, oauth};
use crate::project::{Account, Project};

/// The environment variable that holds the id of the app at Meta.
pub const APP_ID: &str = "STORYPRESS_APP_ID";
/// The one that holds its secret.
pub const APP_SECRET: &str = "STORYPRESS_APP_SECRET";

/// Where a token was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// This variable of the environment.
    Environment(String),
    /// This file.
    File(PathBuf),
    /// The sandbox at this address, which gave it.
    Sandbox(Url),
}

/// An account with its token and a client that speaks for it.
#[derive(Debug)]
pub struct Found {
    /// As the project names it.
    pub account: Account,
    /// The token, and what is known of it.
    pub kept: Kept,
    /// Where the token was.
    pub origin: Origin,
    /// Speaks for the account.
    pub client: Client,
}

impl Found {
    /// The token is in a file that somebody else puts there.
    pub fn is_mounted(&self) -> bool {
        let is_its = |path: &PathBuf| self.account.token_file.as_ref() == Some(path);
        matches!(&self.origin, Origin::File(path) if is_its(path))
            && self.account.token_file_mode == FileMode::Mounted
    }

    /// One of a sandbox's accounts, of which nothing is kept here.
    pub fn of_sandbox(account: Account, client: Client, base: &Url) -> Self {
        Self {
            account,
            kept: Kept::bare(SecretString::default()),
            origin: Origin::Sandbox(base.clone()),
            client,
        }
    }
}

/// The accounts that a call means: the named one, or all.
///
/// # Errors
/// `Refused` with what is missing.
pub fn accounts(project: &Project, name: Option<&str>) -> Result<Vec<Account>, Error> {
    match name {
        Some(_) => Ok(vec![account(project, name)?]),
        None if project.accounts.is_empty() => Err(Error::refused(none(project))),
        None => Ok(project.accounts.clone()),
    }
}

/// The account that a call means: the named one, or the only one.
///
/// # Errors
/// `Refused` with what is missing.
pub fn account(project: &Project, name: Option<&str>) -> Result<Account, Error> {
    let names = || {
        let names: Vec<_> = project.accounts.iter().map(|a| a.name.as_str()).collect();
        names.join(", ")
    };
    match (name, &project.accounts[..]) {
        (_, []) => Err(Error::refused(none(project))),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Error::refused(format!(
            "which account? The project has {}",
            names()
        ))),
        (Some(name), all) => match all.iter().find(|a| a.name == name) {
            Some(account) => Ok(account.clone()),
            None => Err(Error::refused(format!(
                "no account `{name}`; the project has {}",
                names()
            ))),
        },
    }
}

/// The account of rules that name none.
pub fn default_name(project: &Project) -> &str {
    let first = project.accounts.first();
    first.map_or("main", |account| account.name.as_str())
}

/// The account that is named, else the project's only one.
pub fn name_or_only(project: &Project, name: Option<&str>) -> Option<String> {
    match (name, project.accounts.as_slice()) {
        (Some(name), _) => Some(name.to_owned()),
        (None, [only]) => Some(only.name.clone()),
        (None, _) => None,
    }
}

fn none(project: &Project) -> String {
    match &project.file {
        Some(file) => format!("{} names no account: add [accounts.NAME]", file.display()),
        None => "no storypress.toml here: an account is one of its [accounts.NAME]".to_owned(),
    }
}

/// What the project calls an account that stories name `login:USER_ID`, as its file says or as it was last opened; the same
/// name where nobody knows.
pub fn name_of(project: &Project, key: &str) -> String {
    if let Some(account) = told_by_the_file(project, key) {
        return account.name.clone();
    }
    let learned = project.learned.of(key);
    learned.map_or_else(|| key.to_owned(), |called| called.name)
}

/// Whether an account is surely not one of this world: of a sandbox in earnest, or the other way round.
pub fn is_of_other_world(project: &Project, key: &str, is_rehearsal: bool) -> bool {
    if let Some(account) = told_by_the_file(project, key) {
        // whose names in rehearsals are others
        return account.login == Login::ByHand && hand_key(account, is_rehearsal) != key;
    }
    let learned = project.learned.of(key);
    learned.is_some_and(|called| called.is_rehearsal != is_rehearsal)
}

fn told_by_the_file<'a>(project: &'a Project, key: &str) -> Option<&'a Account> {
    let is_it = |account: &&Account| {
        if account.login == Login::ByHand {
            return [true, false].iter().any(|is| hand_key(account, *is) == key);
        }
        let of_login = key.strip_prefix(account.login.as_str());
        let Some(wanted) = of_login.and_then(|rest| rest.strip_prefix(':')) else {
            return false;
        };
        let id = account.user_id.clone();
        let id = id.or_else(|| super::session::user_id(account));
        id.is_some_and(|id| id.as_str() == wanted)
    };
    project.accounts.iter().find(is_it)
}

/// How stories name an account that a person posts for. Those of a rehearsal are no account's.
pub fn hand_key(account: &Account, is_rehearsal: bool) -> String {
    match is_rehearsal {
        true => format!("by-hand@sandbox:{}", account.name),
        false => format!("by-hand:{}", account.name),
    }
}

/// The account that is meant, where a person posts all of its stories.
pub fn by_hand(project: &Project, name: Option<&str>) -> Option<Account> {
    let found = account(project, name).ok()?;
    (found.login == Login::ByHand).then_some(found)
}

/// The container of a story that came from elsewhere.
pub(super) fn no_container() -> ContainerId {
    "0".parse().expect("a digit is an id")
}

/// How stories name the account that people mean; asked of nobody where the project says its id.
///
/// # Errors
/// As [`client`].
pub async fn key_of(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
) -> Result<String, Error> {
    if let Some(account) = by_hand(project, name) {
        return Ok(hand_key(&account, sandbox.is_some()));
    }
    let (login, id) = match sandbox {
        None => {
            let found = account(project, name)?;
            match found.user_id {
                Some(id) => (found.login, Some(id)),
                None if found.login == Login::Private => {
                    let session = super::session::session(&found, None)?;
                    (found.login, Some(session.user_id))
                }
                None => (found.login, client(project, name, None).await?.0.user_id),
            }
        }
        Some(_) => {
            let base = sandbox.ok_or_else(|| Error::refused("no sandbox"))?;
            let found = rehearsed(project, name, base).await?.0;
            (found.login, Some(found.user_id))
        }
    };
    let id = id.ok_or_else(|| Error::refused("the account has no user_id"))?;
    Ok(format!("{}:{id}", login.as_str()))
}

/// Its token: from the environment, else from its own file, else from where a login put it.
///
/// # Errors
/// `Refused` where there is none, or it is of the other login; `Graph` where it cannot be read.
pub fn token(account: &Account) -> Result<(Kept, Origin), Error> {
    let set = |name: &&String| std::env::var_os(name).is_some();
    if let Some(name) = account.token_env.as_ref().filter(set) {
        return Ok((tokens::from_env(name)?, Origin::Environment(name.clone())));
    }
    if let Some(path) = &account.token_file {
        return Ok((
            tokens::from_file(path, account.token_file_mode)?,
            Origin::File(path.clone()),
        ));
    }
    let path = tokens::path_of(&account.name)?;
    if !path.exists() {
        let variable = account
            .token_env
            .as_ref()
            .map(|name| format!("set {name}, or "));
        return Err(Error::refused(format!(
            "no token for account `{name}`: {}storypress account login {name}",
            variable.unwrap_or_default(),
            name = account.name,
        )));
    }
    Ok((tokens::from_file(&path, FileMode::Own)?, Origin::File(path)))
}

/// Which login a token is of, by how it begins: Instagram's begin with `IG`, Facebook's with `EAA`.
fn family(token: &SecretString) -> Option<Login> {
    match token.expose_secret() {
        token if token.starts_with("IG") => Some(Login::Instagram),
        token if token.starts_with("EAA") => Some(Login::Facebook),
        _ => None,
    }
}

/// What is wrong with an account's token, as far as that can be told without asking anybody: nothing, where there is
/// none.
pub fn wrong_token(account: &Account) -> Option<Error> {
    match token(account) {
        Ok(_) if account.login != Login::ByHand => open(account.clone()).err(),
        _ => None,
    }
}

/// The token is the account's own, as the platform says.
///
/// # Errors
/// `Refused` where it is another's; `Graph` where the platform says no. One that cannot be reached is no reason.
pub async fn verify(account: &Account, client: &Client) -> Result<(), Error> {
    let Some(wanted) = &account.user_id else {
        return Ok(());
    };
    match client.me().await {
        Ok(me) if me.user_id == *wanted => Ok(()),
        Ok(me) => Err(Error::refused(format!(
            "the token of account `{}` is of {} ({}), and the project file says `user_id = \"{wanted}\"`",
            account.name, me.username, me.user_id
        ))),
        Err(error) => match error.next() {
            Next::Never => Err(Error::refused(format!(
                "the account `{}` with `user_id = \"{wanted}\"` cannot be had with its token: {error}",
                account.name
            ))),
            // what comes next meets it as well, and knows what to do
            _ => Ok(()),
        },
    }
}

/// What a client of an account is made with.
pub fn options(account: &Account, sandbox: Option<&Url>) -> Options {
    let mut options = Options::new(account.login);
    options.user_id = account.user_id.clone();
    if let Some(base) = sandbox.or(account.base.as_ref()) {
        options.hosts = Hosts::at(base);
    }
    if let Some(version) = &account.version {
        options.version = version.clone();
    }
    options.allow_elsewhere = account.allow_elsewhere;
    options
}

/// An account with its token.
///
/// # Errors
/// `Refused` where there is none, or it is of the other login; `Graph` where it cannot be read.
pub fn open(account: Account) -> Result<Found, Error> {
    if matches!(account.login, Login::Private | Login::ByHand) {
        return Err(Error::refused(format!(
            "account `{}` has login `{}`: there is no token, and nothing to renew",
            account.name,
            account.login.as_str()
        )));
    }
    let (kept, origin) = token(&account)?;
    if kept
        .login
        .or(family(&kept.token))
        .is_some_and(|login| login != account.login)
    {
        return Err(Error::refused(format!(
            "the token of account `{name}` is of the other login: storypress account login {name}",
            name = account.name
        )));
    }
    let mut options = options(&account, None);
    if options.user_id.is_none() {
        options.user_id = kept.user_id.clone();
    }
    let client = Client::new(options, kept.token.clone(), secret_for(&kept))?;
    Ok(Found {
        account,
        kept,
        origin,
        client,
    })
}

/// The app's secret, unless the token is known to be another app's.
fn secret_for(kept: &Kept) -> Option<SecretString> {
    let app = app().ok()?;
    let is_its = kept.app_id.as_ref().is_none_or(|id| *id == app.id);
    is_its.then_some(app.secret)
}

/// The app at Meta, from the environment.
///
/// # Errors
/// `Refused` with what is missing.
pub fn app() -> Result<oauth::App, Error> {
    let variable = |name: &str| {
        let value = std::env::var(name).unwrap_or_default().trim().to_owned();
        match value.is_empty() {
            true => Err(Error::refused(format!(
                "{APP_ID} and {APP_SECRET} have to be set: the app's own id and secret"
            ))),
            false => Ok(value),
        }
    };
    Ok(oauth::App {
        id: variable(APP_ID)?,
        secret: variable(APP_SECRET)?.into(),
    })
}

/// The account that is meant, and a client that speaks for it.
///
/// With a sandbox, the account is one of the sandbox's own: as the project's account is, or, without one, the first.
///
/// # Errors
/// As [`account`] and [`open`]; `Failed` where no sandbox answers.
pub async fn client(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
) -> Result<(Account, Client), Error> {
    let Some(base) = sandbox else {
        let found = open(account(project, name)?)?;
        let mut account = found.account;
        account.user_id = found.client.user_id().cloned();
        if account.user_id.is_none() {
            account.user_id = Some(found.client.me().await?.user_id);
        }
        return Ok((account, found.client));
    };
    let (user, wanted) = rehearsed(project, name, base).await?;
    let token = SecretString::from(user.token.as_str());
    let account = Account {
        stickers_by_hand: (wanted.as_ref()).is_some_and(|account| account.stickers_by_hand),
        name: wanted.map_or(user.name, |account| account.name),
        user_id: Some(user.user_id),
        base: Some(base.clone()),
        ..Account::new("", user.login)
    };
    let client = Client::new(options(&account, Some(base)), token, None)?;
    Ok((account, client))
}

/// One of a sandbox's accounts.
#[derive(Deserialize)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) login: Login,
    pub(super) user_id: UserId,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    token: String,
    pub(super) password: Option<String>,
    pub(super) totp_seed: Option<String>,
}

/// The sandbox's account that stands in for the one that is meant, and that one, where the project has it.
pub(super) async fn rehearsed(
    project: &Project,
    name: Option<&str>,
    base: &Url,
) -> Result<(Person, Option<Account>), Error> {
    let wanted = match name {
        // a name may also be one of the sandbox's
        Some(_) => account(project, name).ok(),
        None if project.accounts.is_empty() => None,
        None => Some(account(project, None)?),
    };
    let person = pick(people(base).await?, wanted.as_ref(), name)?;
    Ok((person, wanted))
}

#[derive(Deserialize)]
struct World {
    accounts: Vec<Person>,
}

async fn people(base: &Url) -> Result<Vec<Person>, Error> {
    let client = ask_sandbox::client(base)?;
    let world: Result<World, _> = ask_sandbox::asked(&client, base, "/sandbox").await;
    let world = world.doing(format!("no sandbox answers at {base}"))?;
    Ok(world.accounts)
}

fn pick(
    people: Vec<Person>,
    wanted: Option<&Account>,
    name: Option<&str>,
) -> Result<Person, Error> {
    let by_id = wanted.and_then(|account| {
        let id = account.user_id.as_ref()?;
        people.iter().position(|p| p.user_id == *id)
    });
    let by_username = wanted.and_then(|account| {
        let username = account.username.as_ref()?;
        let is_it = |p: &Person| p.login == account.login && p.username == *username;
        people.iter().position(is_it)
    });
    let by_name = people.iter().position(|p| Some(p.name.as_str()) == name);
    let by_login = || match wanted {
        Some(account) => people.iter().position(|p| p.login == account.login),
        None if name.is_none() => (!people.is_empty()).then_some(0),
        None => None,
    };
    let Some(place) = by_id.or(by_username).or(by_name).or_else(by_login) else {
        let names: Vec<_> = people.iter().map(|p| p.name.as_str()).collect();
        return Err(Error::refused(format!(
            "no account `{}`; the sandbox has {}",
            name.unwrap_or_default(),
            names.join(", ")
        )));
    };
    let person = people.into_iter().nth(place);
    person.ok_or_else(|| Error::refused("no account"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Person> {
        let text = r#"[{"name": "instagram", "login": "instagram", "user_id": "1", "token": "a"},
            {"name": "facebook", "login": "facebook", "user_id": "2", "token": "b"}]"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_sandbox_stands_in_for_the_account_that_is_meant() {
        let picked = |wanted: Option<Account>, name| {
            pick(people(), wanted.as_ref(), name).map(|person| person.name)
        };
        let shop = Account::new("shop", Login::Facebook);
        assert_eq!(picked(None, None).unwrap(), "instagram");
        assert_eq!(picked(None, Some("facebook")).unwrap(), "facebook");
        assert_eq!(picked(Some(shop.clone()), None).unwrap(), "facebook");
        assert_eq!(picked(Some(shop), Some("shop")).unwrap(), "facebook");
        let said = picked(None, Some("other")).unwrap_err().to_string();
        assert_eq!(
            said,
            "no account `other`; the sandbox has instagram, facebook"
        );
    }

    #[test]
    fn the_only_account_is_the_default_one() {
        let mut project = Project::none(std::path::Path::new("."));
        assert!(account(&project, None).is_err());
        project.accounts = vec![Account::new("main", Login::Instagram)];
        assert_eq!(account(&project, None).unwrap().name, "main");
        project.accounts.push(Account::new("shop", Login::Facebook));
        let said = account(&project, None).unwrap_err().to_string();
        assert_eq!(said, "which account? The project has main, shop");
        assert_eq!(
            account(&project, Some("shop")).unwrap().login,
            Login::Facebook
        );
    }
}
