//! Accounts: whose they are, how long their tokens live, what is left of the day.
//!
//! In: the project's accounts, or those of a sandbox. Out: an object each. Never: a token.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::problem::Problem;
use super::workspace::Workspace;
use crate::graph::tokens::Renewal;
use crate::publisher::accounts::{self, Found, Origin};
use crate::publisher::{note, warning};

/// How long the platform has for its answers about one account.
const PATIENCE: Duration = Duration::from_secs(8);

/// Every account, as `account status` reports it, with what stops it.
///
/// # Errors
/// 500 with what the store says. An account that cannot be opened is listed with its `error`.
pub async fn all(work: &Workspace) -> Result<Vec<Value>, Problem> {
    let mut names: Vec<Option<&str>> = Vec::new();
    names.extend(
        work.project
            .accounts
            .iter()
            .map(|account| Some(account.name.as_str())),
    );
    if names.is_empty() && work.sandbox.is_some() {
        names.push(None);
    }
    let mut told = join_all(names.into_iter().map(|name| one(work, name))).await;
    if let Some(store) = &work.store {
        for key in store.accounts().await? {
            let account = store.account(&key).await?;
            let is_it = |told: &&mut Value| told["key"].as_str() == Some(&key);
            let Some(told) = told.iter_mut().find(is_it) else {
                continue;
            };
            if let Some(stop) = account.stop.filter(|stop| stop.is_on(work.now)) {
                told["stop"] = json!({
                    "cause": stop.cause.word(), "since": stop.since, "until": stop.until, "why": stop.why,
                });
            }
            if let Some((until, why)) = account.rest.filter(|(until, _)| *until > work.now) {
                told["rest"] = json!({ "until": until, "why": why });
            }
        }
    }
    for account in &mut told {
        account["paused"] = json!(account["stop"]["cause"] == "by-hand");
        if let Some(fields) = account.as_object_mut() {
            fields.remove("key");
        }
    }
    Ok(told)
}

async fn one(work: &Workspace, name: Option<&str>) -> Value {
    let shown = name.unwrap_or_default();
    if let Some(account) = accounts::by_hand(&work.project, name) {
        let key = accounts::hand_key(&account, work.sandbox.is_some());
        return json!({
            "name": account.name, "login": account.login, "username": account.username, "key": key,
        });
    }
    let found = tokio::time::timeout(PATIENCE, found(work, name)).await;
    match found {
        Ok(Ok(found)) => {
            let mut told = known(&found);
            let asked = tokio::time::timeout(PATIENCE, ask(&found, &mut told)).await;
            if asked.is_err() {
                told["error"] = json!("the platform does not answer");
            }
            told
        }
        Ok(Err(error)) => json!({ "name": shown, "error": error.to_string() }),
        Err(_) => json!({ "name": shown, "error": "the platform does not answer" }),
    }
}

async fn found(work: &Workspace, name: Option<&str>) -> Result<Found, crate::publisher::Error> {
    match &work.sandbox {
        Some(base) => {
            let (account, client) = accounts::client(&work.project, name, Some(base)).await?;
            Ok(Found::of_sandbox(account, client, base))
        }
        None => accounts::open(accounts::account(&work.project, name)?),
    }
}

/// What is known without asking anybody.
fn known(found: &Found) -> Value {
    let now = Timestamp::now();
    let kept = &found.kept;
    let renewal = match kept.renewal(found.account.login, now) {
        Renewal::NeverEnds => "never-ends",
        Renewal::From(_) => "too-young",
        Renewal::Due => "due",
        Renewal::Possible => "possible",
        Renewal::Over => "over",
    };
    let token_from = match &found.origin {
        Origin::Environment(name) => format!("${name}"),
        Origin::File(path) => path.display().to_string(),
        Origin::Sandbox(base) => base.to_string(),
    };
    let warned =
        warning(found, None, now).map(|warning| warning.said(&jiff::tz::TimeZone::UTC, now));
    let id = found.client.user_id().or(found.account.user_id.as_ref());
    json!({
        "name": found.account.name,
        "login": found.account.login,
        "user_id": id,
        "key": id.map(|id| format!("{}:{id}", found.account.login.as_str())),
        "token_from": token_from,
        "scopes": kept.scopes,
        "issued_at": kept.issued_at,
        "expires_at": kept.expires_at,
        "renewal": renewal,
        "warning": warned.or_else(|| note(found, now)),
    })
}

/// And what the platform says: whose it is, what is left.
async fn ask(found: &Found, told: &mut Value) {
    match found.client.me().await {
        Ok(me) => {
            told["username"] = json!(me.username);
            told["account_type"] = json!(me.account_type);
            if told["user_id"].is_null() {
                told["user_id"] = json!(me.user_id);
                told["key"] = json!(format!("{}:{}", found.account.login.as_str(), me.user_id));
            }
        }
        Err(error) => {
            told["error"] = json!(error.to_string());
            return;
        }
    }
    match found.client.quota().await {
        Ok(quota) => {
            told["quota"] = json!({
                "used": quota.used, "total": quota.total, "left": quota.left(),
                "duration_s": quota.duration.map(|window| window.as_secs()),
            });
        }
        Err(error) => told["error"] = json!(error.to_string()),
    }
}
