//! Both logins, from the authorize page to the long token.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use storypress::graph::Login;
use url::Url;

use super::stage::{Heard, Stage, heard};

const BACK: &str = "http://127.0.0.1:8765/back?from=us";

/// Where the authorize page sends the browser.
async fn decided(stage: &Stage, login: Login, decision: &str) -> Url {
    let (path, scope) = match login {
        Login::Instagram => (
            "/oauth/authorize",
            "instagram_business_basic,instagram_business_content_publish",
        ),
        Login::Facebook => (
            "/v26.0/dialog/oauth",
            "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement",
        ),
        Login::Private | Login::ByHand => unreachable!("it has no page to agree on"),
    };
    let query = [
        ("client_id", "4711"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", scope),
        ("state", "s t&ate"),
    ];
    let ask = || stage.request(Method::GET, path).query(&query);
    let page = heard(ask()).await.expect("a page");
    let text = page.body.as_str().expect("HTML");
    let username = &stage.account(login).username;
    assert!(text.contains(&format!("Allow as {username}")), "{text}");
    assert!(text.contains("value=\"s t&amp;ate\""), "{text}");
    let pressed = ask().query(&[("decision", decision), ("account", username)]);
    let answer = heard(pressed).await.expect("an answer");
    assert_eq!(answer.status, 302, "{answer:?}");
    let location = answer.headers["location"].to_str().expect("text");
    let url = Url::parse(location).expect("an address");
    let has = |name: &str, value: &str| url.query_pairs().any(|(n, v)| n == name && v == value);
    assert!(has("from", "us") && has("state", "s t&ate"), "{url}");
    url
}

fn code(url: &Url) -> String {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(name, _)| name == "code");
    found.expect("a code").1.into_owned()
}

fn form(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", "4711"),
        ("client_secret", "hush"),
        ("grant_type", "authorization_code"),
        ("redirect_uri", BACK),
        ("code", code),
    ]
}

async fn ask(stage: &Stage, path: &str, query: &[(&str, &str)]) -> Heard {
    let request = stage.request(Method::GET, path).query(query);
    heard(request).await.expect("an answer")
}

#[tokio::test]
async fn instagram_login_goes_from_code_to_long_token_and_on() {
    let stage = Stage::new().await;
    let account = stage.instagram();
    let url = decided(&stage, Login::Instagram, "allow").await;
    assert_eq!(url.fragment(), Some("_"));
    let code = code(&url);
    let exchange = async |form: &[(&str, &str)]| {
        let request = stage
            .request(Method::POST, "/oauth/access_token")
            .form(form);
        heard(request).await.expect("an answer")
    };
    let short = exchange(&form(&code)).await;
    assert_eq!(short.status, 200, "{short:?}");
    assert_eq!(short.body["user_id"].to_string(), account.user_id);
    let again = exchange(&form(&code)).await;
    assert_eq!(again.status, 400);
    assert_eq!(
        again.text("error_message"),
        "Matching code was not found or was already used"
    );

    let token = short.text("access_token");
    let query = [
        ("grant_type", "ig_exchange_token"),
        ("client_secret", "hush"),
        ("access_token", &token),
    ];
    let long = ask(&stage, "/access_token", &query).await;
    assert_eq!(long.body["expires_in"], 5_183_944);
    let token = long.text("access_token");
    let refresh = [
        ("grant_type", "ig_refresh_token"),
        ("access_token", token.as_str()),
    ];
    let early = ask(&stage, "/refresh_access_token", &refresh).await;
    assert_eq!(early.code(), (100, None), "younger than a day");
    stage.pass(86_400).await;
    let fresh = ask(&stage, "/refresh_access_token/", &refresh).await;
    assert_eq!(fresh.status, 200, "{fresh:?}");
    let fresh = fresh.text("access_token");
    assert_ne!(fresh, token);
    let me = [
        ("fields", "id,user_id,username,account_type"),
        ("access_token", fresh.as_str()),
    ];
    let me = ask(&stage, "/me", &me).await;
    assert_eq!(me.text("user_id"), account.user_id);
    assert_ne!(me.text("id"), account.user_id, "app-scoped");
    assert_eq!(me.text("account_type"), "BUSINESS");
    stage.pass(60 * 86_400).await;
    let over = [
        ("grant_type", "ig_refresh_token"),
        ("access_token", fresh.as_str()),
    ];
    let over = ask(&stage, "/refresh_access_token", &over).await;
    assert_eq!(over.code(), (190, Some(463)), "only a new login helps");
}

#[tokio::test]
async fn facebook_login_goes_from_code_to_page() {
    let stage = Stage::new().await;
    let account = stage.facebook();
    let code = code(&decided(&stage, Login::Facebook, "allow").await);
    let short = ask(&stage, "/v26.0/oauth/access_token", &form(&code)).await;
    let token = short.text("access_token");
    assert!(token.starts_with("EAA"));
    let query = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", "4711"),
        ("client_secret", "hush"),
        ("fb_exchange_token", &token),
    ];
    let long = ask(&stage, "/v26.0/oauth/access_token", &query)
        .await
        .text("access_token");

    let fields = "name,access_token,tasks,instagram_business_account{id,username}";
    let query = [("fields", fields), ("access_token", &long)];
    let pages = ask(&stage, "/v26.0/me/accounts", &query).await;
    let page = &pages.body["data"][0];
    assert_eq!(page["instagram_business_account"]["id"], account.user_id);
    assert_eq!(
        page["instagram_business_account"]["username"],
        account.username
    );
    let page_token = page["access_token"].as_str().expect("a token");
    let query = [("access_token", long.as_str())];
    let granted = ask(&stage, "/v26.0/me/permissions", &query).await;
    assert_eq!(
        granted.body["data"][1],
        json!({"permission": "instagram_content_publish", "status": "granted"})
    );
    let query = [("access_token", page_token)];
    let granted = ask(&stage, "/v26.0/me/permissions", &query).await;
    assert_eq!(granted.code().0, 100, "of a person only");

    let query = [("input_token", page_token), ("access_token", "4711|hush")];
    let told = ask(&stage, "/v26.0/debug_token", &query).await.body["data"].clone();
    assert_eq!(
        (&told["type"], &told["expires_at"], &told["is_valid"]),
        (&json!("PAGE"), &json!(0), &json!(true))
    );
    assert_eq!(told["app_id"], "4711");
    stage.pass(61 * 86_400).await;
    let path = format!("/v26.0/{}/stories", account.user_id);
    assert_eq!(
        ask(&stage, &path, &[("access_token", page_token)])
            .await
            .status,
        200
    );
    assert_eq!(
        ask(&stage, &path, &[("access_token", &long)]).await.code(),
        (190, Some(463))
    );
}

#[tokio::test]
async fn a_proof_has_to_fit_the_apps_secret() {
    let stage = Stage::new().await;
    let code = code(&decided(&stage, Login::Facebook, "allow").await);
    let token = ask(&stage, "/v26.0/oauth/access_token", &form(&code))
        .await
        .text("access_token");
    let proof = |secret: &str| -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(token.as_bytes());
        mac.finalize()
            .into_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    };
    for (secret, status) in [("hush", 200), ("guess", 400)] {
        let query = [
            ("appsecret_proof", proof(secret)),
            ("access_token", token.clone()),
        ];
        let request = stage.request(Method::GET, "/v26.0/me").query(&query);
        assert_eq!(
            heard(request).await.expect("an answer").status,
            status,
            "{secret}"
        );
    }
}

#[tokio::test]
async fn a_no_is_told_and_wrong_questions_are_answered_on_the_page() {
    let stage = Stage::new().await;
    let url = decided(&stage, Login::Instagram, "deny").await;
    let has = |name: &str, value: &str| url.query_pairs().any(|(n, v)| n == name && v == value);
    assert!(
        has("error", "access_denied") && has("error_reason", "user_denied"),
        "{url}"
    );
    let good = [
        ("client_id", "1"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
    ];
    for (at, wrong) in [
        (0, ""),
        (1, "javascript:alert(1)"),
        (1, "back"),
        (2, "token"),
    ] {
        let mut query = good;
        query[at].1 = wrong;
        let heard = ask(&stage, "/oauth/authorize", &query).await;
        assert_eq!(heard.status, 400, "{query:?}");
    }
    let mut query = good.to_vec();
    query.push(("scope", "instagram_basic"));
    let heard = ask(&stage, "/oauth/authorize", &query).await;
    assert!(
        heard
            .body
            .as_str()
            .expect("HTML")
            .contains("Invalid Scopes"),
        "{heard:?}"
    );
    let mut query = good.to_vec();
    query.push(("decision", "allow"));
    let request = stage.request(Method::GET, "/oauth/authorize").query(&query);
    let pressed = heard_from(request.header("sec-fetch-site", "cross-site")).await;
    assert_eq!(
        pressed, 403,
        "another site's page must not press the button"
    );
}

async fn heard_from(request: reqwest::RequestBuilder) -> u16 {
    heard(request).await.expect("an answer").status
}

#[tokio::test]
async fn a_code_is_held_to_what_was_asked() {
    let stage = Stage::new().await;
    for (name, value) in [
        ("client_id", "4712"),
        ("redirect_uri", "http://127.0.0.1:8765/other"),
        ("client_secret", ""),
        ("grant_type", "password"),
    ] {
        let code = code(&decided(&stage, Login::Instagram, "allow").await);
        let mut form = form(&code);
        for pair in &mut form {
            if pair.0 == name {
                pair.1 = value;
            }
        }
        let request = stage
            .request(Method::POST, "/oauth/access_token")
            .form(&form);
        let heard = heard(request).await.expect("an answer");
        assert_eq!(heard.status, 400, "{name}");
        assert_eq!(heard.body["error_type"], "OAuthException", "{name}");
    }
    let late = code(&decided(&stage, Login::Instagram, "allow").await);
    stage.pass(3601).await;
    let request = stage
        .request(Method::POST, "/oauth/access_token")
        .form(&form(&late));
    assert_eq!(heard(request).await.expect("an answer").status, 400);
    stage
        .own(Method::POST, "/settings", json!({"token_in_list": true}))
        .await;
    let code = code(&decided(&stage, Login::Instagram, "allow").await);
    let request = stage
        .request(Method::POST, "/oauth/access_token")
        .form(&form(&code));
    let list = heard(request).await.expect("an answer").body["data"].clone();
    assert_eq!(
        list[0]["user_id"],
        Value::from(stage.instagram().user_id.clone())
    );
}
