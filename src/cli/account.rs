//! `storypress account`: tokens, their end, what they may do, and what is left of the quota.

mod login;
mod private;

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;

use crate::graph::Login;
use crate::graph::tokens::{Kept, Renewal};
use crate::project::{Account, Project};

use super::one_line::one_line;
use super::report::object;
use super::{Global, Outcome, interrupt, open};
use crate::publisher::accounts::{self, Found, Origin, client};
use crate::publisher::{note, renew, warning};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Get a token for an account, and keep it in the user's own folder
    Login(login::Args),
    /// Say whose tokens there are, when they end, what they may do, and what is left of the quota
    Status(StatusArgs),
    /// Give tokens sixty more days, where they can have them
    Refresh(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// An account of the project; all of them without one
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    which: Which,
    /// Ask a sandbox for the account that a `--sandbox` elsewhere publishes to
    #[arg(long, value_name = "URL")]
    sandbox: Option<Url>,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let project = open::bare_project(global, Path::new("."))?;
    let stop = interrupt::on_interrupt();
    open::runtime()?.block_on(async {
        tokio::select! {
            outcome = dispatch(args, &project, global) => outcome,
            () = interrupt::interrupted(stop) => Ok(Outcome::Interrupted),
        }
    })
}

async fn dispatch(args: &Args, project: &Project, global: &Global) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Login(args) => {
            let account = login::account(args, project)?;
            let name = account.name.clone();
            if account.login == Login::Private {
                let told = private::login(project, &account, args).await.into();
                return Ok(report("account login", vec![told], global));
            }
            let told = match login::run(args, account, global).await {
                Ok(found) => Told::of_login(found, args.sandbox.as_ref()).await,
                Err(error) => Told::failed(&name, &error),
            };
            Ok(report("account login", vec![told], global))
        }
        Command::Status(args) => {
            if let Some(base) = &args.sandbox {
                let all = of_sandbox(args.which.name.as_deref(), project, base).await?;
                return Ok(report("account status", all, global));
            }
            let ask = async |found| Told::of_status(found).await;
            each("account status", &args.which, project, global, ask).await
        }
        Command::Refresh(which) => {
            let renew = async |found| refresh(found).await;
            each("account refresh", which, project, global, renew).await
        }
    }
}

/// What a sandbox says of the account that is named, else of each one that it stands in for.
async fn of_sandbox(
    named: Option<&str>,
    project: &Project,
    base: &Url,
) -> anyhow::Result<Vec<Told>> {
    let several = match (named, &project.accounts[..]) {
        (None, all) if all.len() > 1 => all,
        _ => return Ok(vec![one_of_sandbox(named, project, base).await?]),
    };
    let mut all = Vec::new();
    for Account { name, .. } in several {
        let told = one_of_sandbox(Some(name), project, base).await;
        all.push(told.unwrap_or_else(|error| Told::failed(name, &error)));
    }
    Ok(all)
}

async fn one_of_sandbox(name: Option<&str>, project: &Project, base: &Url) -> anyhow::Result<Told> {
    if let Some(account) = accounts::by_hand(project, name) {
        return Ok(Told::by_hand(&account));
    }
    if let Some(told) = private::of_sandbox(project, name, base).await {
        return Ok(told.into());
    }
    let (account, client) = client(project, name, Some(base)).await?;
    Ok(Told::of_status(Found::of_sandbox(account, client, base)).await)
}

/// Does the same with every account that is meant; one that fails does not stop the others.
async fn each(
    command: &'static str,
    which: &Which,
    project: &Project,
    global: &Global,
    act: impl AsyncFn(Found) -> Told,
) -> anyhow::Result<Outcome> {
    let mut all = Vec::new();
    for account in accounts::accounts(project, which.name.as_deref())? {
        let name = account.name.clone();
        if account.login == Login::ByHand {
            all.push(Told::by_hand(&account));
            continue;
        }
        if account.login == Login::Private {
            all.push(private::status(project, &account, command).await.into());
            continue;
        }
        all.push(match accounts::open(account) {
            Ok(found) => act(found).await,
            Err(error) => Told::failed(&name, &error.into()),
        });
    }
    Ok(report(command, all, global))
}

/// What is told of one account.
struct Told {
    json: Value,
    lines: Vec<String>,
    is_ok: bool,
}

impl From<private::Told> for Told {
    fn from(told: private::Told) -> Self {
        Self {
            json: told.json,
            lines: told.lines,
            is_ok: told.is_ok,
        }
    }
}

impl Told {
    /// An account that nobody but a person posts for.
    fn by_hand(account: &Account) -> Self {
        let Account { name, username, .. } = account;
        let profile = username
            .as_ref()
            .map(|name| format!("https://www.instagram.com/{name}/"));
        let mut lines = vec![format!("{name} (by hand)")];
        lines.extend(profile.iter().map(|url| format!("  profile  {url}")));
        lines.push("  token    none: a person posts its stories in the app".to_owned());
        Self {
            json: json!({
                "name": name, "login": account.login, "username": username, "profile": profile,
            }),
            lines,
            is_ok: true,
        }
    }

    fn failed(name: &str, error: &anyhow::Error) -> Self {
        let said = one_line(error);
        Self {
            json: json!({"name": name, "error": said}),
            lines: vec![format!("{name}: {said}")],
            is_ok: false,
        }
    }

    /// What is known without asking anybody.
    fn of(found: &Found) -> Self {
        let Found {
            account,
            kept,
            origin,
            client,
        } = found;
        let renewal = kept.renewal(account.login, Timestamp::now());
        let token = match origin {
            Origin::Environment(name) => format!("${name}"),
            Origin::File(path) => path.display().to_string(),
            Origin::Sandbox(base) => base.to_string(),
        };
        let mut lines = vec![format!(
            "{} ({} Login)",
            account.name,
            login_name(account.login)
        )];
        if let Some(id) = client.user_id() {
            lines.push(format!("  id       {id}"));
        }
        lines.push(format!("  token    {token}, {}", ending(kept, renewal)));
        if !kept.scopes.is_empty() {
            lines.push(format!("  may      {}", kept.scopes.join(", ")));
        }
        let now = Timestamp::now();
        let zone = TimeZone::system();
        let warned = warning(found, None, now).map(|warning| warning.said(&zone, now));
        let noted = warned.is_none().then(|| note(found, now)).flatten();
        lines.extend(warned.iter().map(|said| format!("  warning: {said}")));
        lines.extend(noted.iter().map(|said| format!("  note: {said}")));
        for missing in missing_scopes(account.login, &kept.scopes) {
            lines.push(format!(
                "  warning: without {missing} nothing can be published"
            ));
        }
        Self {
            json: json!({
                "name": account.name,
                "login": account.login,
                "user_id": client.user_id(),
                "token_from": token,
                "scopes": kept.scopes,
                "issued_at": kept.issued_at,
                "expires_at": kept.expires_at,
                "renewal": word(renewal),
                "warning": warned.or(noted),
            }),
            lines,
            is_ok: true,
        }
    }

    /// And whose it is, as the platform says.
    async fn of_login(found: Found, sandbox: Option<&Url>) -> Self {
        let mut told = Self::of(&found);
        told.ask_me(&found).await;
        let Account { name, login, .. } = &found.account;
        if found
            .account
            .token_env
            .as_ref()
            .is_some_and(|v| std::env::var_os(v).is_some())
            || found.account.token_file.is_some()
        {
            let said =
                "the project file names another place for this account's token, which goes first";
            told.lines.push(format!("  warning: {said}"));
        }
        if found.account.user_id.is_none()
            && let Some(id) = found.client.user_id()
        {
            told.lines.push(format!(
                "\nIn storypress.toml:\n\n[accounts.{name}]\nlogin = \"{}\"\nuser_id = \"{id}\"",
                login.as_str()
            ));
            told.lines
                .extend(sandbox.map(|base| format!("base = \"{base}\"")));
        }
        told
    }

    /// And how much of the quota is left.
    async fn of_status(mut found: Found) -> Self {
        if found.kept.scopes.is_empty()
            && found.account.login == Login::Facebook
            && let Ok(known) = found.client.inspect(accounts::app().ok().as_ref()).await
        {
            found.kept = known;
        }
        let mut told = Self::of(&found);
        told.ask_me(&found).await;
        if !told.is_ok {
            return told;
        }
        match found.client.quota().await {
            Ok(quota) => {
                let left = quota.left().map_or("?".to_owned(), |left| left.to_string());
                let hours = quota.duration.map_or(24, |d| d.as_secs() / 3600);
                told.lines.push(format!(
                    "  stories  {} in {hours} h, {left} left",
                    quota.used
                ));
                told.json["quota"] = json!({
                    "used": quota.used,
                    "total": quota.total,
                    "left": quota.left(),
                    "duration_s": quota.duration.map(|d| d.as_secs()),
                });
            }
            Err(error) => told.fail(&error),
        }
        told
    }

    async fn ask_me(&mut self, found: &Found) {
        match found.client.me().await {
            Ok(me) => {
                let kind = me.account_type.as_deref().unwrap_or("professional");
                self.lines.insert(
                    1,
                    format!("  account  {} ({})", me.username, kind.to_lowercase()),
                );
                self.json["username"] = json!(me.username);
                self.json["account_type"] = json!(me.account_type);
                let wanted = found.account.user_id.as_ref();
                if let Some(wanted) = wanted.filter(|wanted| **wanted != me.user_id) {
                    self.wrong(&format!(
                        "the token is of {} ({}), and the project file says `user_id = \"{wanted}\"`",
                        me.username, me.user_id
                    ));
                }
                if self.json["user_id"].is_null() {
                    self.lines.insert(2, format!("  id       {}", me.user_id));
                    self.json["user_id"] = json!(me.user_id);
                }
            }
            Err(error) => self.fail(&error),
        }
    }

    fn wrong(&mut self, said: &str) {
        self.is_ok = false;
        self.lines.push(format!("  {said}"));
        self.json["error"] = json!(said);
    }

    fn fail(&mut self, error: &crate::graph::Error) {
        let name = self.json["name"].as_str().unwrap_or_default();
        let said = error
            .to_string()
            .replace("account login NAME", &format!("account login {name}"));
        self.is_ok = false;
        self.lines.push(format!("  {said}"));
        self.json["error"] = json!(said);
    }
}

/// Sixty more days, where the rules allow them.
async fn refresh(found: Found) -> Told {
    let now = Timestamp::now();
    let renewal = found.kept.renewal(found.account.login, now);
    let refreshed = match renewal {
        Renewal::NeverEnds | Renewal::From(_) => Ok(None),
        Renewal::Over => Err(anyhow::anyhow!(
            "the token has ended, and only a new login helps: storypress account login {}",
            found.account.name
        )),
        Renewal::Due | Renewal::Possible => {
            let renewed = renew(&found, now).await;
            renewed.map(Some).map_err(anyhow::Error::from)
        }
    };
    match refreshed {
        Ok(kept) => {
            let status = if kept.is_some() {
                "refreshed"
            } else {
                "unchanged"
            };
            let kept = kept.unwrap_or_else(|| found.kept.clone());
            let mut told = Told::of(&Found { kept, ..found });
            told.json["status"] = json!(status);
            told.lines.push(format!("  {status}"));
            told
        }
        Err(error) => Told::failed(&found.account.name, &error),
    }
}

fn report(command: &str, all: Vec<Told>, global: &Global) -> Outcome {
    let is_ok = all.iter().all(|told| told.is_ok);
    for told in &all {
        if !global.quiet || !told.is_ok {
            eprintln!("{}", told.lines.join("\n"));
        }
    }
    if global.json {
        let accounts: Vec<_> = all.into_iter().map(|told| told.json).collect();
        let report = object(command, is_ok, json!({ "accounts": accounts }));
        let _ = super::print(&format!("{report}\n"));
    }
    if is_ok {
        Outcome::Done
    } else {
        Outcome::Failed
    }
}

fn login_name(login: Login) -> &'static str {
    match login {
        Login::Instagram => "Instagram",
        Login::Facebook => "Facebook",
        Login::Private => "private",
        Login::ByHand => "by hand",
    }
}

fn word(renewal: Renewal) -> &'static str {
    match renewal {
        Renewal::NeverEnds => "never-ends",
        Renewal::From(_) => "too-young",
        Renewal::Due => "due",
        Renewal::Possible => "possible",
        Renewal::Over => "over",
    }
}

fn ending(kept: &Kept, renewal: Renewal) -> String {
    let days =
        |end: Timestamp| SignedDuration::as_hours(&end.duration_since(Timestamp::now())) / 24;
    match (renewal, kept.expires_at) {
        (Renewal::NeverEnds, _) => "does not end as far as is known".to_owned(),
        (Renewal::Over, Some(end)) => format!("ended on {end:.0}: log in again"),
        (_, Some(end)) => format!("ends on {end:.0}, in {} days", days(end)),
        (_, None) => "nobody knows when it ends".to_owned(),
    }
}

/// Scopes without which no story goes out; nothing is known of an empty list.
fn missing_scopes(login: Login, scopes: &[String]) -> Vec<&'static str> {
    let needed = match login {
        Login::Instagram => [
            "instagram_business_basic",
            "instagram_business_content_publish",
        ],
        Login::Facebook => ["instagram_basic", "instagram_content_publish"],
        Login::Private | Login::ByHand => return Vec::new(),
    };
    let has = |scope: &&str| scopes.is_empty() || scopes.iter().any(|s| s == scope);
    needed.into_iter().filter(|scope| !has(scope)).collect()
}
