//! Tokens: codes, exchanges, refreshes, and what they allow. Both logins.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::app::App;
use super::ask::Ask;
use super::clock::later;
use super::journal::Record;
use super::objects::{DAY, Family, Grant, Token};
use super::read;
use super::refusal::Refusal;
use super::reply::Answer;
use super::who::{self, Caller};
use super::world::World;
use crate::graph::Login;

/// What a long token says about its 60 days, as seen: some seconds are gone already.
const LONG_S: u64 = 5_183_944;

/// A code, or a short Facebook token, becomes a token.
///
/// # Errors
/// Instagram's own shape for a code that does not fit, 100 for Facebook's.
pub fn exchange(app: &Arc<App>, ask: &Ask) -> Answer {
    let grant_type = ask.text("grant_type").unwrap_or_default();
    match grant_type.as_str() {
        "fb_exchange_token" => return facebook_long(app, ask),
        "client_credentials" => {
            let (id, secret) = (needed(ask, "client_id")?, needed(ask, "client_secret")?);
            return Ok(json!({"access_token": format!("{id}|{secret}"), "token_type": "bearer"}));
        }
        _ => {}
    }
    let code = needed(ask, "code")?;
    // clients that read a redirect's address by hand keep Instagram's `#_`
    let code = code.trim_end_matches("#_");
    let mut world = app.world();
    let Some(grant) = world.grants.remove(code) else {
        return Err(Refusal::code(
            "Matching code was not found or was already used",
        ));
    };
    let is_facebook = grant.login == Login::Facebook;
    let wrong = |said: &str| match is_facebook {
        true => Refusal::new(100, said),
        false => Refusal::code(said),
    };
    if world.now() >= later(grant.given, DAY / 24) {
        return Err(wrong("This authorization code has expired."));
    }
    if ask.text("client_id").as_deref() != Some(&grant.app_id) {
        return Err(wrong(
            "Error validating client id: it is not the one that asked for the code",
        ));
    }
    if ask.text("redirect_uri").as_deref() != Some(&grant.redirect_uri) {
        return Err(wrong(
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you \
             used in the OAuth dialog request",
        ));
    }
    let secret = ask
        .text("client_secret")
        .ok_or_else(|| wrong("Missing client_secret parameter."))?;
    if !is_facebook && grant_type != "authorization_code" {
        return Err(wrong("Invalid grant_type"));
    }
    let token = short_token(&mut world, &grant, &secret)?;
    Ok(match grant.login {
        Login::Facebook | Login::Private | Login::ByHand => json!({
            "access_token": token.token, "token_type": "bearer", "expires_in": 3600,
        }),
        Login::Instagram => instagram_short(&world, &token),
    })
}

fn short_token(world: &mut World, grant: &Grant, secret: &str) -> Result<Token, Refusal> {
    let family = match grant.login {
        Login::Instagram => Family::Instagram,
        Login::Facebook | Login::Private | Login::ByHand => Family::Facebook,
    };
    let mut token = world.new_token(&grant.user_id, family, grant.scopes.clone());
    token.app_id = grant.app_id.clone();
    token.proof = proof(secret, &token.token);
    world.commit(vec![Record::Token(token.clone())])?;
    Ok(token)
}

fn instagram_short(world: &World, token: &Token) -> Value {
    let permissions = token.scopes.join(",");
    if world.settings.token_in_list {
        let entry = json!({
            "access_token": token.token, "user_id": token.user_id, "permissions": permissions,
        });
        return json!({ "data": [entry] });
    }
    // a number here, as met by those who use it, though ids are strings everywhere else
    let user_id: u64 = token.user_id.parse().unwrap_or_default();
    json!({"access_token": token.token, "user_id": user_id, "permissions": permissions})
}

/// `appsecret_proof` for a token.
fn proof(secret: &str, token: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(token.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

/// `GET /access_token`: a short Instagram token becomes one of 60 days.
///
/// # Errors
/// 100 for missing parameters, 190 for the token.
pub fn lengthen(app: &Arc<App>, ask: &Ask) -> Answer {
    if needed(ask, "grant_type")? != "ig_exchange_token" {
        return Err(Refusal::parameter(
            "Unsupported grant_type: use ig_exchange_token",
        ));
    }
    let secret = needed(ask, "client_secret")?;
    let caller = who::caller(app, ask)?;
    if caller.token.family != Family::Instagram {
        return Err(Refusal::unknown_token());
    }
    if caller.token.is_long {
        return Err(Refusal::new(
            452,
            "Session key invalid. This could be because the session key has an incorrect format",
        ));
    }
    long(app, &caller, Some(&secret))
}

fn long(app: &Arc<App>, caller: &Caller, secret: Option<&str>) -> Answer {
    let mut world = app.world();
    let mut token = world.new_token(
        &caller.person.user_id,
        caller.token.family,
        caller.token.scopes.clone(),
    );
    token.expires = Some(later(token.issued, DAY * 60));
    token.is_long = true;
    token.app_id = caller.token.app_id.clone();
    token.proof = secret.and_then(|secret| proof(secret, &token.token));
    // the account's own has a new life: whoever asks for it gets this one
    token.is_born = caller.token.is_born;
    world.commit(vec![Record::Token(token.clone())])?;
    Ok(json!({"access_token": token.token, "token_type": "bearer", "expires_in": LONG_S}))
}

/// `GET /refresh_access_token`: 60 more days, for a token of 24 hours and more.
///
/// # Errors
/// 100 for a token that is too young or short, 190 for one whose time is over.
pub fn refresh(app: &Arc<App>, ask: &Ask) -> Answer {
    if needed(ask, "grant_type")? != "ig_refresh_token" {
        return Err(Refusal::parameter(
            "Unsupported grant_type: use ig_refresh_token",
        ));
    }
    let caller = who::caller(app, ask)?;
    if caller.token.family != Family::Instagram {
        return Err(Refusal::unknown_token());
    }
    let is_basic = |scope: &String| scope == "instagram_business_basic";
    if !caller.token.scopes.iter().any(is_basic) {
        return Err(Refusal::scope("instagram_business_basic"));
    }
    let now = app.world().now();
    if !caller.token.is_long || now < later(caller.token.issued, DAY) {
        return Err(Refusal::parameter(
            "The access token cannot be refreshed: it has to be a long-lived one, at least 24 hours old",
        ));
    }
    let mut body = long(app, &caller, None)?;
    body["permissions"] = caller.token.scopes.join(",").into();
    Ok(body)
}

/// Facebook's `fb_exchange_token`.
fn facebook_long(app: &Arc<App>, ask: &Ask) -> Answer {
    let secret = needed(ask, "client_secret")?;
    let client = needed(ask, "client_id")?;
    let short = needed(ask, "fb_exchange_token")?;
    let caller = who::of_token(&app.world(), &short)?;
    if caller.token.family != Family::Facebook {
        return Err(Refusal::unknown_token());
    }
    if caller.token.proof.is_some() && caller.token.app_id != client {
        return Err(Refusal::new(
            100,
            "The access token does not belong to application.",
        ));
    }
    long(app, &caller, Some(&secret))
}

/// `GET /me/accounts`: the Pages of a person, each with a token of its own.
///
/// # Errors
/// 100 for an unknown field, and for a Page's token.
pub fn pages(app: &Arc<App>, ask: &Ask, caller: &Caller) -> Answer {
    if caller.token.family != Family::Facebook {
        let node = match caller.token.family {
            Family::Page => "Page",
            _ => "IGUser",
        };
        return Err(Refusal::field("accounts", node));
    }
    if !caller
        .token
        .scopes
        .iter()
        .any(|scope| scope == "pages_show_list")
    {
        return Ok(json!({ "data": [] }));
    }
    page_token(app, caller)?;
    let mut fields = ask.fields();
    if fields.is_empty() {
        fields = super::fields::parse("access_token,category,name,id,tasks");
    }
    let page = read::page(app, caller, &fields)?;
    Ok(json!({ "data": [page], "paging": {"cursors": {"before": "MQZDZD", "after": "MQZDZD"}} }))
}

/// Makes the Page's token at the first time it is asked for. From a long token it has no end.
fn page_token(app: &Arc<App>, caller: &Caller) -> Result<(), Refusal> {
    let mut world = app.world();
    let now = world.now();
    let holds = |token: &Token| token.expires.is_none_or(|expires| expires > now);
    if world.page_token(&caller.person.user_id).is_some_and(holds) {
        return Ok(());
    }
    let mut token = world.new_token(
        &caller.person.user_id,
        Family::Page,
        caller.token.scopes.clone(),
    );
    token.app_id = caller.token.app_id.clone();
    token.is_long = caller.token.is_long;
    if token.is_long {
        token.expires = None;
    }
    world.commit(vec![Record::Token(token)])
}

/// `GET /me/permissions`: of a person.
///
/// # Errors
/// 100 for a Page's token, and on Instagram Login.
pub fn permissions(caller: &Caller) -> Answer {
    let node = match caller.token.family {
        Family::Facebook => {
            let granted = |scope: &String| json!({"permission": scope, "status": "granted"});
            let data: Vec<Value> = caller.token.scopes.iter().map(granted).collect();
            return Ok(json!({ "data": data }));
        }
        Family::Page => "Page",
        Family::Instagram | Family::App => "IGUser",
    };
    Err(Refusal::field("permissions", node))
}

/// `GET /debug_token`: what a token is, asked with an app's or any good token.
///
/// # Errors
/// 100 without a token to look at, 104 and 190 for the asking one.
pub fn debug(app: &Arc<App>, ask: &Ask) -> Answer {
    let asking = ask.token.as_deref().ok_or_else(Refusal::no_token)?;
    let world = app.world();
    if !asking.contains('|') {
        who::of_token(&world, asking)?;
    }
    let input = needed(ask, "input_token")?;
    let Some(token) = world
        .token(&input)
        .filter(|t| t.family != Family::Instagram)
    else {
        let error = json!({"code": 190, "message": "Invalid OAuth access token."});
        return Ok(json!({"data": {"is_valid": false, "scopes": [], "error": error}}));
    };
    let is_valid = token.expires.is_none_or(|expires| expires > world.now());
    let kind = match token.family {
        Family::Page => "PAGE",
        _ => "USER",
    };
    let person = world.person(&token.user_id);
    let user_id = person.map(|person| person.scoped_id.clone());
    let targets: Vec<&str> = vec![&token.user_id];
    let granular: Vec<Value> = token
        .scopes
        .iter()
        .map(|scope| json!({"scope": scope, "target_ids": targets}))
        .collect();
    let mut data = json!({
        "app_id": token.app_id,
        "type": kind,
        "application": "Rehearsal",
        "data_access_expires_at": later(token.issued, DAY * 90).as_second(),
        "expires_at": token.expires.map_or(0, |expires| expires.as_second()),
        "is_valid": is_valid,
        "issued_at": token.issued.as_second(),
        "scopes": token.scopes,
        "granular_scopes": granular,
        "user_id": user_id,
    });
    if let (Family::Page, Some(person)) = (token.family, person) {
        data["profile_id"] = person.page_id.clone().into();
    }
    Ok(json!({ "data": data }))
}

fn needed(ask: &Ask, name: &str) -> Result<String, Refusal> {
    ask.text(name)
        .ok_or_else(|| Refusal::new(101, format!("Missing {name} parameter.")))
}
