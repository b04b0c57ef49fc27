//! The Graph API's paths: which handler a request goes to.

use std::sync::Arc;

use super::app::App;
use super::ask::Ask;
use super::effect::{Effect, NEWEST};
use super::fault::On;
use super::refusal::Refusal;
use super::reply::{Answer, Reply};
use super::usage::{Percent, account_header};
use super::who::{self, Caller, Right};
use super::world::World;
use super::{create, login, numbers, publish, read};

/// The oldest one that is still served.
const OLDEST: u32 = 21;

/// What a request is about, and whose; told before anything is checked.
pub fn about(world: &World, ask: &Ask) -> (On, Option<String>) {
    let caller = ask.token.as_deref().and_then(|token| world.token(token));
    let mine = caller.map(|token| token.user_id.clone());
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let is_post = ask.method == "POST";
    match path.as_slice() {
        ["oauth", "access_token"] | ["access_token" | "refresh_access_token" | "debug_token"] => {
            (On::Token, mine)
        }
        ["me", "accounts" | "permissions"] | ["me"] => (On::Account, mine),
        [node, edge] => {
            let user = world.person(node).map(|p| p.user_id.clone());
            let story = world.story(node).map(|s| s.user_id.clone());
            let on = match *edge {
                "media_publish" => On::Publish,
                "media" if is_post => On::Container,
                "stories" => On::Stories,
                "content_publishing_limit" => On::Quota,
                "insights" => On::Insights,
                _ => On::Any,
            };
            (on, user.or(story).or(mine))
        }
        [node] => match (world.container(node), world.story(node)) {
            (Some(container), _) => (On::Status, Some(container.user_id.clone())),
            (_, Some(story)) => (On::Media, Some(story.user_id.clone())),
            _ if world.person(node).is_some() => (On::Account, mine),
            _ => (On::Any, mine),
        },
        _ => (On::Any, mine),
    }
}

/// Answers a request, with the usage headers.
pub async fn run(app: &Arc<App>, ask: &Ask, effect: Effect) -> Reply {
    let mut usage = None;
    let mut reply = Reply::from(answer(app, ask, effect, &mut usage).await);
    let version = ask.version.clone();
    let version = version.unwrap_or_else(|| format!("v{NEWEST}.0"));
    reply.headers.push(("facebook-api-version", version));
    {
        let mut world = app.world();
        let now = world.now();
        let header = world.usage.app_header(now).to_string();
        reply.headers.push(("x-app-usage", header));
    }
    // "once enough calls have been made": not on every answer
    if let Some((user_id, percent)) = usage.filter(|(_, percent)| percent.calls > 0) {
        let header = account_header(&user_id, percent).to_string();
        reply.headers.push(("x-business-use-case-usage", header));
    }
    reply
}

type Counted = Option<(String, Percent)>;

async fn answer(app: &Arc<App>, ask: &Ask, effect: Effect, usage: &mut Counted) -> Answer {
    known_version(ask)?;
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["oauth", "access_token"] => return login::exchange(app, ask),
        ["access_token"] => return login::lengthen(app, ask),
        ["refresh_access_token"] => return login::refresh(app, ask),
        ["debug_token"] => return login::debug(app, ask),
        [] | [_, _, _, ..] => return Err(Refusal::path(&ask.path.join("/"))),
        _ => {}
    }
    let caller = who::caller(app, ask)?;
    count(app, &caller, usage)?;
    match (ask.method.as_str(), path.as_slice()) {
        ("GET", ["me"]) => read::me(app, ask, &caller),
        ("GET", ["me", "permissions"]) => login::permissions(&caller),
        ("GET", ["me", "accounts"]) => login::pages(app, ask, &caller),
        ("GET", [node]) => read::node(app, ask, &caller, node),
        ("DELETE", [node]) => read::delete(app, &caller, node),
        ("GET", [node, "insights"]) => numbers::insights(app, ask, &caller, node),
        (method, [node, edge]) => {
            let is_own =
                *node == "me" || *node == caller.person.user_id || is_scoped(&caller, node);
            if !is_own {
                return Err(Refusal::unreachable(method, node));
            }
            match (method, *edge) {
                ("POST", "media") => create::container(app, ask, &caller, effect).await,
                ("GET", "media") => {
                    caller.needs(Right::Read)?;
                    // stories are not among an account's media
                    Ok(serde_json::json!({"data": []}))
                }
                ("POST", "media_publish") => publish::publish(app, ask, &caller, effect),
                ("GET", "stories") => read::stories(app, ask, &caller),
                ("GET", "content_publishing_limit") => publish::quota(app, ask, &caller),
                _ => Err(Refusal::path(&ask.path.join("/"))),
            }
        }
        (method, path) => Err(Refusal::unreachable(method, &path.join("/"))),
    }
}

/// Instagram Login's app-scoped id works as a node as well.
fn is_scoped(caller: &Caller, node: &str) -> bool {
    caller.login() == crate::graph::Login::Instagram && caller.person.scoped_id == node
}

/// Counts the call; at the limit it is refused.
fn count(app: &Arc<App>, caller: &Caller, usage: &mut Counted) -> Result<(), Refusal> {
    let mut world = app.world();
    let (now, limit) = (world.now(), world.settings.calls_total);
    let user_id = caller.person.user_id.clone();
    let percent = world.usage.count(&user_id, now, limit);
    *usage = Some((user_id, percent));
    match percent.regain_minutes {
        0 => Ok(()),
        _ => Err(Refusal::throttled()),
    }
}

/// Versions that are over answer 2635; those that are not born yet are no part of any path.
fn known_version(ask: &Ask) -> Result<(), Refusal> {
    let Some(version) = &ask.version else {
        return Ok(());
    };
    let major: Option<u32> = version
        .strip_prefix('v')
        .and_then(|v| v.strip_suffix(".0"))
        .and_then(|v| v.parse().ok());
    match major {
        Some(OLDEST..=NEWEST) => Ok(()),
        Some(old) if old < OLDEST => Err(Refusal::new(
            2635,
            format!(
                "(#2635) You are calling a deprecated version of the API. Please update to the latest version: v{NEWEST}.0."
            ),
        )),
        _ => Err(Refusal::path(&format!("{version}/{}", ask.path.join("/")))),
    }
}
