//! `storypress account` for accounts of login `private`.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use super::super::one_line::one_line;
use super::login::Args;
use crate::private::{Ask, Client};
use crate::project::{Account, Project};
use crate::publisher::private;

/// What is told of one account.
pub(super) struct Told {
    pub json: Value,
    pub lines: Vec<String>,
    pub is_ok: bool,
}

impl Told {
    fn failed(name: &str, error: &anyhow::Error) -> Self {
        let said = one_line(error);
        Self {
            json: json!({"name": name, "error": said}),
            lines: vec![format!("{name}: {said}")],
            is_ok: false,
        }
    }
}

/// Logs in, once, and keeps the login.
pub(super) async fn login(project: &Project, account: &Account, args: &Args) -> Told {
    let given = args.code.clone();
    let ask: Ask = Arc::new(move |by| match &given {
        Some(code) => Some(code.clone()),
        None => asked(by),
    });
    let keyring = !args.no_keyring;
    match private::login(project, account, args.sandbox.as_ref(), keyring, ask).await {
        Ok(kept) => {
            let mut told = of(&account.name, &kept.client);
            let path = kept.path.display().to_string();
            let how = match kept.is_encrypted {
                true => "encrypted: it opens in this person's session alone",
                false => "for its owner alone, not encrypted",
            };
            told.lines.push(format!("  login    kept in {path}, {how}"));
            told.json["session"] = path.into();
            told.json["encrypted"] = kept.is_encrypted.into();
            told
        }
        Err(error) => Told::failed(&account.name, &error.into()),
    }
}

/// Asks at the terminal; where there is none, nobody.
fn asked(by: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let what = match by {
        "email" => "the code that Instagram has sent by mail",
        _ => "the code of your authenticator app",
    };
    eprint!("{what}: ");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).ok()?;
    let line = line.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

/// Whether the kept login holds; nothing of it is ever refreshed.
pub(super) async fn status(project: &Project, account: &Account, command: &str) -> Told {
    let name = &account.name;
    match private::open(project, Some(name), None).await {
        Ok(Some((_, client))) if command == "account refresh" => {
            let mut told = of(name, &client);
            told.json["status"] = json!("unchanged");
            told.lines
                .push("  unchanged: a login of the app is not refreshed".into());
            told
        }
        Ok(Some((_, client))) => checked(name, &client).await,
        Ok(None) => Told::failed(
            name,
            &anyhow::anyhow!("the account does not go the private way"),
        ),
        Err(error) => Told::failed(name, &error.into()),
    }
}

/// The same of a sandbox's account; none where it is not of this login.
pub(super) async fn of_sandbox(project: &Project, name: Option<&str>, base: &Url) -> Option<Told> {
    // an account that cannot be found is told by whoever comes next
    let meant = private::private_account(project, name, Some(base))
        .await
        .ok()??;
    let name = meant.name().to_owned();
    Some(match meant.open(project, Some(base)).await {
        Ok((account, client)) => checked(&account.name, &client).await,
        Err(error) => Told::failed(&name, &error.into()),
    })
}

async fn checked(name: &str, client: &Client) -> Told {
    let mut told = of(name, client);
    match client.check().await {
        Ok(_) => told.lines.push("  login    holds".into()),
        Err(error) => {
            let said = error
                .to_string()
                .replace("account login NAME", &format!("account login {name}"));
            told.is_ok = false;
            told.lines.push(format!("  {said}"));
            told.json["error"] = said.into();
        }
    }
    told
}

fn of(name: &str, client: &Client) -> Told {
    Told {
        json: json!({
            "name": name,
            "login": "private",
            "user_id": client.user_id(),
            "username": client.username(),
        }),
        lines: vec![
            format!("{name} (private)"),
            format!("  account  {}", client.username()),
            format!("  id       {}", client.user_id()),
        ],
        is_ok: true,
    }
}
