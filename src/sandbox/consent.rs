//! The authorize pages: somebody allows an app to act for an account, or does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use url::Url;

use super::app::App;
use super::chance;
use super::http::{is_foreign, query};
use super::objects::{Grant, Person};
use super::reply::{put_headers, typed};
use crate::graph::Login;

type Query = BTreeMap<String, String>;

/// `/oauth/authorize` of Instagram, `/{v}/dialog/oauth` of Facebook.
///
/// `decision=allow` or `deny` (with `account`, a username) is what the page's buttons send, and what a test may send.
pub fn answer(app: &Arc<App>, is_facebook: bool, uri: &Uri, headers: &HeaderMap) -> Response {
    let query = query(uri);
    let login = match is_facebook {
        true => Login::Facebook,
        false => Login::Instagram,
    };
    let redirect = match checked(&query, login) {
        Ok(redirect) => redirect,
        Err(said) => {
            return page(
                400,
                &format!("<h1>Invalid request</h1><p>{}</p>", escape(&said)),
            );
        }
    };
    match query.get("decision").map(String::as_str) {
        // another site's page must not press the button
        Some(_) if is_foreign(headers) => page(403, "<h1>Forbidden</h1>"),
        Some("allow") => allow(app, login, &query, redirect),
        Some(_) => deny(&query, redirect),
        None => ask(app, login, uri.path(), &query),
    }
}

/// The parameters an authorize address needs.
fn checked(query: &Query, login: Login) -> Result<Url, String> {
    let given = |name: &str| query.get(name).filter(|text| !text.is_empty());
    if given("client_id").is_none() {
        return Err("client_id is missing".to_owned());
    }
    let redirect = given("redirect_uri").ok_or("redirect_uri is missing")?;
    let redirect = Url::parse(redirect).map_err(|_| "redirect_uri is no address")?;
    if !["http", "https"].contains(&redirect.scheme()) {
        return Err("redirect_uri is no http address".to_owned());
    }
    match (given("response_type").map(String::as_str), login) {
        (Some("code"), _) | (None, Login::Facebook) => {}
        _ => return Err("response_type has to be code".to_owned()),
    }
    let known = super::objects::all_scopes(login);
    let is_other = |scope: &&String| match login {
        Login::Instagram => !scope.starts_with("instagram_business_"),
        Login::Facebook | Login::Private | Login::ByHand => {
            scope.starts_with("instagram_business_")
        }
    };
    match scopes(query).iter().find(is_other) {
        Some(scope) => Err(format!(
            "Invalid Scopes: {scope}. This login has {}",
            known.join(", ")
        )),
        None => Ok(redirect),
    }
}

fn scopes(query: &Query) -> Vec<String> {
    let text = query.get("scope").map(String::as_str).unwrap_or_default();
    text.split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

fn allow(app: &Arc<App>, login: Login, query: &Query, mut redirect: Url) -> Response {
    let mut world = app.world();
    let wanted = query.get("account");
    let of_login = |person: &&Person| person.login == login;
    let chosen = world
        .people()
        .iter()
        .filter(of_login)
        .find(|person| wanted.is_none_or(|name| *name == person.username));
    let Some(person) = chosen else {
        return page(404, "<h1>No such account</h1>");
    };
    let grant = Grant {
        login,
        user_id: person.user_id.clone(),
        app_id: query.get("client_id").cloned().unwrap_or_default(),
        redirect_uri: query.get("redirect_uri").cloned().unwrap_or_default(),
        scopes: scopes(query),
        given: world.now(),
    };
    let code = chance::token("AQ");
    world.grants.insert(code.clone(), grant);
    redirect.query_pairs_mut().append_pair("code", &code);
    back(
        query,
        redirect,
        if login == Login::Instagram {
            "#_"
        } else {
            "#_=_"
        },
    )
}

fn deny(query: &Query, mut redirect: Url) -> Response {
    redirect
        .query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_reason", "user_denied")
        .append_pair("error_description", "The user denied your request");
    back(query, redirect, "")
}

/// To where the app asked for, with its `state` and the platform's own odd ending.
fn back(query: &Query, mut redirect: Url, ending: &str) -> Response {
    if let Some(state) = query.get("state") {
        redirect.query_pairs_mut().append_pair("state", state);
    }
    let mut response = typed(302, "text/plain", "");
    put_headers(
        &mut response,
        &[("location", format!("{redirect}{ending}"))],
    );
    response
}

/// The page with its buttons.
fn ask(app: &Arc<App>, login: Login, path: &str, query: &Query) -> Response {
    let kept: String = query
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            )
        })
        .collect();
    let world = app.world();
    let buttons: String = world
        .people()
        .iter()
        .filter(|person| person.login == login)
        .map(|person| {
            let name = escape(&person.username);
            format!(
                "<form action=\"{path}\">{kept}<input type=\"hidden\" name=\"account\" value=\"{name}\">\
                 <button name=\"decision\" value=\"allow\">Allow as {name}</button></form>",
                path = escape(path)
            )
        })
        .collect();
    let scopes: String = scopes(query)
        .iter()
        .map(|scope| format!("<li><code>{}</code></li>", escape(scope)))
        .collect();
    let brand = match login {
        Login::Instagram => "Instagram Login",
        Login::Facebook | Login::Private | Login::ByHand => "Facebook Login",
    };
    let app_id = query
        .get("client_id")
        .map(|id| escape(id))
        .unwrap_or_default();
    page(
        200,
        &format!(
            "<p class=\"brand\">{brand} · rehearsal</p><h1>Let app {app_id} publish for you?</h1>\
             <p>It asks for:</p><ul>{scopes}</ul>{buttons}\
             <form action=\"{path}\">{kept}<button class=\"no\" name=\"decision\" value=\"deny\">Cancel</button></form>",
            path = escape(path)
        ),
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f3f1ec;color:#17181a;margin:0;padding:8vh 20px}\
main{max-width:26rem;margin:auto;background:#fff;border-radius:20px;padding:28px;box-shadow:0 10px 40px #0001}\
h1{font-size:1.35rem;line-height:1.25;margin:.2em 0 .8em}.brand{color:#6b6d70;font-size:.85rem;margin:0}\
code{font-size:.85rem}ul{padding-left:1.2em}form{margin:10px 0}\
button{font:inherit;font-weight:600;width:100%;padding:13px;border:0;border-radius:12px;background:#17181a;color:#fff;cursor:pointer}\
button.no{background:#eceae4;color:#17181a}button:focus-visible{outline:3px solid #ff5a36;outline-offset:2px}";

fn page(status: u16, body: &str) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Authorize</title>\
         <style>{STYLE}</style><main>{body}</main></html>"
    );
    typed(status, "text/html; charset=utf-8", text)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
