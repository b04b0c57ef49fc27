//! Logging in as the app does: device, context, password, second factor.
//!
//! In: the steps in their order. Out: a session, or what the app has to ask for. Never: a password that is kept.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::app::App;
use super::chance;
use super::journal::Record;
use super::objects::{Family, Person, Token};
use super::private_ask::AppAsk;
use super::private_key::KEY_ID;
use super::private_reply::{AppAnswer, refuse};
use super::reply::Reply;
use super::world::World;
use crate::private::totp;

/// The second factor: what leads to it, and the step that takes the code.
const TWO_STEP: &str = "com.bloks.www.two_step_verification.entrypoint";
const VERIFY: &str = "com.bloks.www.two_step_verification.verify_code.async";

/// The code that is sent by mail: three steps.
const MAIL: &str = "com.bloks.www.ap.two_step_verification.entrypoint_async";
const MAIL_ENTRY: &str = "com.bloks.www.ap.two_step_verification.code_entry";
const MAIL_CODE: &str = "com.bloks.www.ap.two_step_verification.code_entry_async";

/// `POST /graphql_www`: the device's key is taken note of.
pub fn device() -> AppAnswer {
    Ok(json!({"data": {"1$ig_usdid_registration(data:$data)": {"success": true}}}))
}

/// `GET qe/sync/`: the key for passwords is in the headers.
pub fn sync(app: &Arc<App>) -> Reply {
    let mut reply = Reply::new(200, json!({"experiments": [], "status": "ok"}));
    if let Some(key) = app.login_key() {
        reply
            .headers
            .push(("ig-set-password-encryption-key-id", KEY_ID.to_string()));
        reply
            .headers
            .push(("ig-set-password-encryption-pub-key", key.public.clone()));
    }
    reply
}

/// `attestation/create_android_keystore/`
pub fn keystore() -> AppAnswer {
    Ok(json!({"challenge_nonce": chance::hex(32), "key_nonce": chance::hex(32)}))
}

/// A step of a login; `params` is JSON text.
///
/// # Errors
/// 404 for one that no login has.
pub fn action(app: &Arc<App>, ask: &AppAsk, name: &str) -> AppAnswer {
    let params = ask.json("params").unwrap_or_default();
    match name {
        "com.bloks.www.bloks.caa.login.process_client_data_and_redirect" => {
            let data = json!({"data": {"key": "CAA_ACCOUNT_ACCESS_CONTEXT:aac", "initial": chance::hex(40)}});
            Ok(json!({"layout": {"bloks_payload": {"data": [data]}}}))
        }
        "com.bloks.www.caa.login.oauth.token.fetch.async"
        | "com.bloks.www.two_step_verification.method_picker.navigation.async" => Ok(json!({})),
        "com.bloks.www.bloks.caa.login.async.send_login_request" => {
            Ok(shown(&password(app, &params)))
        }
        VERIFY => Ok(shown(&second_factor(app, &params))),
        MAIL => Ok(shown(&pointer(
            MAIL_ENTRY,
            "context_data",
            &context(&params, "context_data"),
        ))),
        MAIL_CODE => Ok(shown(&mailed(app, &params))),
        _ => Err(refuse(404, "no such action")),
    }
}

/// A screen of a login: what follows is in it.
///
/// # Errors
/// 404 for one that no login has.
pub fn screen(ask: &AppAsk, name: &str) -> AppAnswer {
    let params = ask.json("params").unwrap_or_default();
    match name {
        MAIL_ENTRY => Ok(shown(&pointer(
            MAIL_CODE,
            "context_data",
            &context(&params, "context_data"),
        ))),
        TWO_STEP
        | "com.bloks.www.two_step_verification.method_picker"
        | "com.bloks.www.two_factor_login.enter_totp_code"
        | "com.bloks.www.two_factor_login.enter_backup_code" => Ok(json!({})),
        _ => Err(refuse(404, "no such screen")),
    }
}

/// `accounts/logout/`: the login is over.
///
/// # Errors
/// 403 where there is none; 500 if it cannot be written.
pub fn logout(app: &Arc<App>, ask: &AppAsk) -> AppAnswer {
    let mut world = app.world();
    ask.person(&world)?;
    let now = world.now();
    let token = ask.session.as_deref().and_then(|text| world.token(text));
    if let Some(mut token) = token.cloned() {
        token.expires = Some(now);
        let written = world.commit(vec![Record::Token(token)]);
        written.map_err(|_| refuse(500, "the world cannot be written"))?;
    }
    Ok(json!({}))
}

/// A program in the answer.
fn shown(action: &str) -> Value {
    json!({"layout": {"bloks_payload": {"action": action}}})
}

/// A program that leads to `app` with one parameter.
fn pointer(app: &str, key: &str, value: &str) -> String {
    format!(
        "(bk.action.caa.Open \"{app}\" (f4i (dkc \"server_params\") (dkc (f4i (dkc \"{key}\") (dkc \"{value}\")))))"
    )
}

fn context(params: &Value, name: &str) -> String {
    let text = params["server_params"][name].as_str();
    text.unwrap_or_default().to_owned()
}

fn person_of(world: &World, name: &str) -> Option<Person> {
    let mine = |person: &&Person| person.password.is_some() && person.username == name;
    world.people().iter().find(mine).cloned()
}

/// Name and password.
fn password(app: &Arc<App>, params: &Value) -> String {
    let given = &params["client_input_params"];
    let name = given["contact_point"].as_str().unwrap_or_default();
    let coded = given["password"].as_str().unwrap_or_default();
    let read = app.login_key().and_then(|key| key.password(coded));
    let world = app.world();
    let person = person_of(&world, name).filter(|person| person.password == read);
    let wants_mail = world.settings.app_login_code;
    drop(world);
    let Some(person) = person else {
        return "(bk.action.core.ShowDialog \"The password or the name is wrong.\")".to_owned();
    };
    if person.totp_seed.is_some() {
        return pointer(
            TWO_STEP,
            "two_step_verification_context",
            &sealed(&person.user_id),
        );
    }
    if wants_mail {
        return pointer(MAIL, "context_data", &sealed(&person.user_id));
    }
    session(app, &person)
}

/// Whose a context is, in letters.
fn sealed(user_id: &str) -> String {
    STANDARD.encode(format!("{user_id}:{}", chance::hex(16)))
}

fn unsealed(app: &Arc<App>, context: &str) -> Option<Person> {
    let text = String::from_utf8(STANDARD.decode(context).ok()?).ok()?;
    let (user_id, _) = text.split_once(':')?;
    app.world().person(user_id).cloned()
}

/// The code of an authenticator. SMS and backup codes exist for nobody here.
fn second_factor(app: &Arc<App>, params: &Value) -> String {
    let context = context(params, "two_step_verification_context");
    let code = params["client_input_params"]["code"].as_str();
    let person = unsealed(app, &context);
    let seed = person.as_ref().and_then(|person| person.totp_seed.clone());
    // an authenticator goes by the real time
    let is_right = seed.zip(code).is_some_and(|(seed, code)| {
        let now = jiff::Timestamp::now().as_second();
        [0, -30, 30]
            .iter()
            .any(|off| totp::code(&seed, now + off).as_deref() == Some(code))
    });
    match person.filter(|_| is_right) {
        Some(person) => session(app, &person),
        None => "(bk.action.core.ShowDialog \"The code is wrong.\")".to_owned(),
    }
}

/// The code that a person reads in a mail: here, the last six digits of the account's id.
fn mailed(app: &Arc<App>, params: &Value) -> String {
    let person = unsealed(app, &context(params, "context_data"));
    let code = params["client_input_params"]["code"].as_str();
    match person.filter(|person| code == Some(mail_code(person))) {
        Some(person) => session(app, &person),
        None => "(bk.action.core.ShowDialog \"The code is wrong.\")".to_owned(),
    }
}

/// The code that is "sent by mail".
pub fn mail_code(person: &Person) -> &str {
    &person.user_id[person.user_id.len().saturating_sub(6)..]
}

/// A new login, as the program that carries it.
fn session(app: &Arc<App>, person: &Person) -> String {
    let mut world = app.world();
    let secret = format!("{}%3A{}%3A{}", person.user_id, chance::hex(20), 7);
    let token = Token {
        token: secret.clone(),
        family: Family::App,
        user_id: person.user_id.clone(),
        scopes: Vec::new(),
        issued: world.now(),
        expires: None,
        is_long: true,
        app_id: "567067343352427".to_owned(),
        proof: None,
        is_born: false,
    };
    if world.write(vec![Record::Token(token)]).is_err() {
        return "(bk.action.core.ShowDialog \"Something went wrong.\")".to_owned();
    }
    let inner = json!({"ds_user_id": person.user_id, "sessionid": secret});
    let bearer = format!("Bearer IGT:2:{}", STANDARD.encode(inner.to_string()));
    let login = json!({"logged_in_user": {
        "pk": person.user_id, "username": person.username, "full_name": person.name,
        "is_private": false, "is_verified": false,
    }, "status": "ok"});
    let embedded = json!({
        "login_response": login.to_string(),
        "headers": json!({"IG-Set-Authorization": bearer}).to_string(),
        "cookies": "",
    });
    let literal = Value::String(embedded.to_string());
    format!("(bk.action.caa.HandleLoginResponse (bk.action.tree.Make 13799 {literal}))")
}
