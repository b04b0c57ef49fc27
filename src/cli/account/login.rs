//! `storypress account login`.

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::graph::oauth::{self, Flow, Grant};
use crate::graph::redirect::Redirect;
use crate::graph::tokens::{self, Kept};
use crate::graph::{Client, Login, Options, PageAccount, UserId};
use crate::project::{Account, Project};

use super::super::Global;
use crate::publisher::accounts::{self, Found, Origin};

/// Where Meta sends people back to, if nothing else is said.
const REDIRECT: &str = "http://localhost:8742/";

/// For a person to say yes; a code is good for an hour.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The app's own id and secret come from STORYPRESS_APP_ID and STORYPRESS_APP_SECRET; for Instagram Login these are
the Instagram app's. Its settings have to name the --redirect address letter by letter.

Examples:
  storypress account login
  storypress account login main --redirect https://example.com/done
                                          the page shown after the login: paste its address
  storypress account login main --paste < token.txt
  storypress account login test --login instagram --sandbox http://127.0.0.1:8000")]
pub(crate) struct Args {
    /// An account of the project, or a new name; the only account without one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Which login, for an account that the project does not name yet
    #[arg(long, value_enum)]
    pub login: Option<LoginName>,
    /// Take a token from stdin instead
    #[arg(long, conflicts_with = "redirect")]
    pub paste: bool,
    /// Where Meta sends the browser afterwards; one on this machine is listened at
    #[arg(long, value_name = "URL", default_value = REDIRECT)]
    pub redirect: Url,
    /// Log in to a sandbox
    #[arg(long, value_name = "URL")]
    pub sandbox: Option<Url>,
    /// With login private: the code that is asked for; without it, you are asked
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// With login private: keep the login in its file alone, as a worker without a desktop needs it
    #[arg(long)]
    pub no_keyring: bool,
    /// Which account, where a Facebook login may act for several
    #[arg(long, value_name = "ID")]
    pub user_id: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LoginName {
    Instagram,
    Facebook,
    Private,
}

/// The account that shall be logged in.
pub(super) fn account(args: &Args, project: &Project) -> anyhow::Result<Account> {
    let login = args.login.map(|login| match login {
        LoginName::Instagram => Login::Instagram,
        LoginName::Facebook => Login::Facebook,
        LoginName::Private => Login::Private,
    });
    let known = accounts::account(project, args.name.as_deref());
    let mut account = match (known, login, &args.name) {
        (Ok(account), Some(login), _) if account.login != login => bail!(
            "account `{}` has the other login in the project file",
            account.name
        ),
        (Ok(account), ..) => account,
        (Err(_), Some(login), Some(name)) => Account::new(name, login),
        (Err(error), None, Some(name)) => {
            return Err(anyhow::Error::from(error).context(format!(
                "for a new account: storypress account login {name} --login instagram"
            )));
        }
        (Err(error), ..) => return Err(error.into()),
    };
    if let (Some(said), Some(written)) = (&args.user_id, &account.user_id)
        && said != written
    {
        bail!(
            "account `{}` is {written} in the project file",
            account.name
        );
    }
    if account.login == Login::ByHand {
        bail!(
            "account `{}` has login `by-hand`: a person posts its stories, and there is nothing to log in to",
            account.name
        );
    }
    account.user_id = account.user_id.or(args.user_id.clone());
    // what cannot work is told before anybody has logged in
    tokens::path_of(&account.name)?;
    if !args.paste && account.login != Login::Private {
        accounts::app()?;
    }
    Ok(account)
}

/// Gets a token, by login or from stdin, and keeps it.
pub(super) async fn run(args: &Args, account: Account, global: &Global) -> anyhow::Result<Found> {
    let options = accounts::options(&account, args.sandbox.as_ref());
    let kept = if args.paste {
        pasted(&account, options.clone()).await?
    } else {
        logged_in(args, &account, options.clone(), global).await?
    };
    let user_id = kept
        .user_id
        .clone()
        .context("the platform did not tell whose token it is")?;
    if let Some(written) = account.user_id.as_ref().filter(|id| **id != user_id) {
        bail!(
            "this is the token of {user_id}; account `{}` is {written}",
            account.name
        );
    }
    let client = Client::new(
        Options {
            user_id: Some(user_id),
            ..options
        },
        kept.token.clone(),
        None,
    )?;
    let path = tokens::path_of(&account.name)?;
    tokens::save(&path, &kept)?;
    Ok(Found {
        account,
        kept,
        origin: Origin::File(path),
        client,
    })
}

async fn logged_in(
    args: &Args,
    account: &Account,
    options: Options,
    global: &Global,
) -> anyhow::Result<Kept> {
    let app = accounts::app()?;
    let app_id = app.id.clone();
    let (flow, code) = if Redirect::can_hear(&args.redirect) {
        let redirect = Redirect::open(&args.redirect).await?;
        let flow = Flow::new(options.clone(), app, redirect.url().clone())?;
        say_address(&flow);
        if !global.quiet {
            eprintln!("Waiting for the answer at {} …", redirect.url());
        }
        let waited = tokio::time::timeout(PATIENCE, redirect.code(&flow)).await;
        let code = waited.context("nobody came back from the login page within 15 minutes")??;
        (flow, code)
    } else {
        let flow = Flow::new(options.clone(), app, args.redirect.clone())?;
        say_address(&flow);
        eprintln!("Then paste the address of the page that you are sent to:");
        let answer = line()?.parse().context("that is not an address")?;
        let code = flow.code(&answer)?;
        (flow, code)
    };
    let now = Timestamp::now();
    let grant = flow.grant(code, now).await?;
    let kept = match account.login {
        Login::Instagram => of_instagram(grant, options, now).await?,
        Login::Facebook | Login::Private | Login::ByHand => {
            of_facebook(grant.token, account, options, now).await?
        }
    };
    Ok(Kept {
        app_id: Some(app_id),
        ..kept
    })
}

fn say_address(flow: &Flow) {
    eprintln!(
        "Open this address in a browser and say yes:\n\n  {}\n",
        flow.address()
    );
}

async fn of_instagram(grant: Grant, options: Options, now: Timestamp) -> anyhow::Result<Kept> {
    let client = Client::new(
        Options {
            user_id: None,
            ..options
        },
        grant.token.clone(),
        None,
    )?;
    // asked, not taken from the code's answer: there it may be the app's own id for the account
    let me = client.me().await?;
    Ok(Kept {
        login: Some(Login::Instagram),
        user_id: Some(me.user_id),
        issued_at: Some(now),
        expires_at: grant.expires_at,
        scopes: grant.scopes,
        ..Kept::bare(grant.token)
    })
}

/// The token of the Page behind which the account stands, for it does not end.
async fn of_facebook(
    token: SecretString,
    account: &Account,
    options: Options,
    now: Timestamp,
) -> anyhow::Result<Kept> {
    let client = Client::new(options, token, None)?;
    let page = choose(client.pages().await?, account.user_id.as_ref())?;
    // a person is asked for each; what was declined is missing later
    let permissions = client.permissions().await.unwrap_or_default();
    // a Page's token out of a user's token of an hour ends with it
    let own = Client::new(client.options().clone(), page.token.clone(), None)?;
    let known = own.inspect(accounts::app().ok().as_ref()).await;
    Ok(Kept {
        login: Some(Login::Facebook),
        user_id: Some(page.user_id),
        issued_at: Some(now),
        expires_at: known.ok().and_then(|kept| kept.expires_at),
        scopes: permissions
            .into_iter()
            .filter(|p| p.is_granted)
            .map(|p| p.name)
            .collect(),
        ..Kept::bare(page.token)
    })
}

fn choose(pages: Vec<PageAccount>, wanted: Option<&UserId>) -> anyhow::Result<PageAccount> {
    let shown: Vec<_> = pages
        .iter()
        .map(|p| format!("{} ({})", p.user_id, p.page))
        .collect();
    let mut fitting = pages
        .into_iter()
        .filter(|p| wanted.is_none_or(|id| p.user_id == *id));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (None, _) if shown.is_empty() => bail!(
            "this login has no Page with an Instagram account behind it; a professional account has to be connected to a Page first"
        ),
        _ => bail!("which account? --user-id takes one of {}", shown.join(", ")),
    }
}

async fn pasted(account: &Account, options: Options) -> anyhow::Result<Kept> {
    if std::io::stdin().is_terminal() {
        eprintln!("Paste the token, then Enter:");
    }
    let token = SecretString::from(line()?);
    let now = Timestamp::now();
    let kept = Kept {
        login: Some(account.login),
        ..Kept::bare(token.clone())
    };
    if account.login == Login::Instagram {
        let mut options = options;
        options.user_id = None;
        let me = Client::new(options, token, None)?.me().await?;
        return Ok(Kept {
            user_id: Some(me.user_id),
            ..kept
        });
    }
    let client = Client::new(options.clone(), token.clone(), None)?;
    // a Page's token has no Pages: then the project has to say which account it is for
    match client.pages().await {
        Ok(pages) if !pages.is_empty() => {
            let long = match accounts::app() {
                Ok(app) => oauth::exchange(options.clone(), app, &token, now)
                    .await
                    .ok(),
                Err(_) => None,
            };
            let token = long.map_or(token, |grant| grant.token);
            of_facebook(token, account, options, now).await
        }
        _ => {
            let user_id = client.me().await?.user_id;
            let known = client.inspect(accounts::app().ok().as_ref()).await;
            Ok(Kept {
                user_id: Some(user_id),
                ..known.unwrap_or(kept)
            })
        }
    }
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    anyhow::ensure!(!line.is_empty(), "nothing came on stdin");
    Ok(line.to_owned())
}
