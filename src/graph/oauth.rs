//! From a person's yes to a token: authorize, code, short-lived, long-lived.
//!
//! In: the app, and the address the person was sent back to. Out: a [`Grant`].
//! Never: a code whose `state` is not the one that was given out, an address with a secret in a log or an error.
//!
//! Three of Meta's token calls are documented as GET with their secrets in the query and in no other way: both
//! exchanges for a token of long life, and the refresh. They are sent as documented, for nobody has shown that a form
//! or a header works there: over TLS, with redirects refused, and their addresses are stripped from every error.
//! The code of Instagram Login goes as a form, as documented.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::error::{Cause, Error};
use super::options::{Options, below};
use super::read::text;
use super::redact::Secrets;
use super::refusal::Call;
use super::wire::Wire;
use super::{Login, UserId};

/// What is asked for with Instagram Login: read, publish, numbers.
const INSTAGRAM_SCOPES: [&str; 3] = [
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_insights",
];

/// The same with Facebook Login, and the Pages that accounts stand behind; `instagram_manage_contents` deletes.
const FACEBOOK_SCOPES: [&str; 7] = [
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "instagram_manage_contents",
    "pages_show_list",
    "pages_read_engagement",
    "business_management",
];

/// An app at Meta; for Instagram Login its *Instagram* id and secret.
#[derive(Debug, Clone)]
pub struct App {
    /// Digits.
    pub id: String,
    /// Prints as `***`.
    pub secret: SecretString,
}

/// What a person's consent gave.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Of long life.
    pub token: SecretString,
    /// The account; Facebook Login tells it by Page.
    pub user_id: Option<UserId>,
    /// What the token may do, as far as it was told.
    pub scopes: Vec<String>,
    /// When it ends; `None` where that was not told.
    pub expires_at: Option<Timestamp>,
}

/// One login, from the address to open to the token.
pub struct Flow {
    options: Options,
    app: App,
    redirect: Url,
    state: String,
    wire: Wire,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the state lets anybody finish this login
        f.debug_struct("Flow")
            .field("options", &self.options)
            .field("redirect", &self.redirect.as_str())
            .finish_non_exhaustive()
    }
}

impl Flow {
    /// A login of `app` whose answer comes to `redirect`, which has to be written at Meta letter by letter.
    ///
    /// # Errors
    /// As of [`Client::new`](super::Client::new); no randomness to be had.
    pub fn new(options: Options, app: App, redirect: Url) -> Result<Self, Error> {
        let setup = |said: &str| Error::new(Call::Setup, Cause::BadOption(said.to_owned()));
        if app.id.is_empty() || !app.id.bytes().all(|b| b.is_ascii_digit()) {
            return Err(setup("an app's id is a number"));
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| setup("the system gives no random numbers"))?;
        let state: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let secrets = Secrets::new([app.secret.clone(), SecretString::from(state.clone())]);
        Ok(Self {
            wire: Wire::new(&options, secrets)?,
            options,
            app,
            redirect,
            state,
        })
    }

    /// Where the person says yes.
    pub fn address(&self) -> Url {
        let base = &self.options.hosts.authorize;
        let (mut url, scopes) = match self.options.login {
            Login::Instagram => (below(base, &["oauth", "authorize"]), &INSTAGRAM_SCOPES[..]),
            Login::Facebook | Login::Private | Login::ByHand => (
                below(base, &[&self.options.version, "dialog", "oauth"]),
                &FACEBOOK_SCOPES[..],
            ),
        };
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.id)
            .append_pair("redirect_uri", self.redirect.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", &scopes.join(","))
            .append_pair("state", &self.state);
        url
    }

    /// Whether an address answers this login, whatever it says.
    pub fn is_answered_by(&self, answer: &Url) -> bool {
        let mut pairs = answer.query_pairs();
        pairs.any(|(name, value)| name == "state" && value == self.state.as_str())
    }

    /// The code in the address that the person was sent back to.
    ///
    /// # Errors
    /// It is not the answer to this login, or the person said no.
    pub fn code(&self, answer: &Url) -> Result<SecretString, Error> {
        let refuse = |said: String| Error::new(Call::Token, Cause::BadOption(said));
        let find = |name: &str| {
            let mut pairs = answer.query_pairs();
            pairs
                .find(|(n, _)| n == name)
                .map(|(_, value)| value.into_owned())
        };
        // before anything else is believed; somebody else's answer would log in somebody else
        if !self.is_answered_by(answer) {
            return Err(refuse(
                "this is not the answer to this login (`state` differs)".to_owned(),
            ));
        }
        if let Some(error) = find("error") {
            let said = find("error_description")
                .or(find("error_reason"))
                .unwrap_or_default();
            let said = self
                .wire
                .secrets()
                .hide_short(&format!("{error}: {said}"), 200);
            return Err(refuse(format!("the login was refused: {said}")));
        }
        let code = find("code").filter(|code| !code.is_empty());
        // Instagram ends it with `#_`, which may arrive as a part of it
        code.map(|code| SecretString::from(code.trim_end_matches("#_")))
            .ok_or_else(|| refuse("the answer holds no `code`".to_owned()))
    }

    /// Turns a code into a token of long life. A code works once, for an hour.
    pub async fn grant(&self, code: SecretString, now: Timestamp) -> Result<Grant, Error> {
        self.wire.secrets().learn(&code);
        let short = match self.options.login {
            Login::Instagram => self.instagram_short(&code).await?,
            Login::Facebook | Login::Private | Login::ByHand => self.facebook_short(&code).await?,
        };
        self.wire.secrets().learn(&short.token);
        let long = match self.options.login {
            Login::Instagram => self.instagram_long(&short.token, now).await?,
            Login::Facebook | Login::Private | Login::ByHand => {
                self.facebook_long(&short.token, now).await?
            }
        };
        Ok(Grant {
            user_id: short.user_id,
            scopes: if long.scopes.is_empty() {
                short.scopes
            } else {
                long.scopes
            },
            ..long
        })
    }

    async fn instagram_short(&self, code: &SecretString) -> Result<Grant, Error> {
        let url = below(&self.options.hosts.token, &["oauth", "access_token"]);
        let request = self.wire.request(Method::POST, url).form(&[
            ("client_id", self.app.id.as_str()),
            ("client_secret", self.app.secret.expose_secret()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", self.redirect.as_str()),
            ("code", code.expose_secret()),
        ]);
        let said = self.wire.send(Call::Token, request).await?;
        // documented in a list of one, met as a bare object
        let entry = if said["data"].is_array() {
            &said["data"][0]
        } else {
            &said
        };
        let mut grant = grant(&self.wire, entry, None)?;
        let id = match &entry["user_id"] {
            Value::Number(number) => Some(number.to_string()),
            other => text(other),
        };
        grant.user_id = id.and_then(|id| id.parse().ok());
        Ok(grant)
    }

    async fn facebook_short(&self, code: &SecretString) -> Result<Grant, Error> {
        let said = self
            .ask(&[
                ("client_id", &self.app.id),
                ("redirect_uri", self.redirect.as_str()),
                ("client_secret", self.app.secret.expose_secret()),
                ("code", code.expose_secret()),
            ])
            .await?;
        grant(&self.wire, &said, None)
    }

    async fn instagram_long(&self, short: &SecretString, now: Timestamp) -> Result<Grant, Error> {
        let url = below(&self.options.hosts.graph, &["access_token"]);
        let request = self.wire.request(Method::GET, url).query(&[
            ("grant_type", "ig_exchange_token"),
            ("client_secret", self.app.secret.expose_secret()),
            ("access_token", short.expose_secret()),
        ]);
        let said = self.wire.send(Call::Token, request).await?;
        grant(&self.wire, &said, Some(now))
    }

    /// A user's token for one of 60 days; also for one that has not ended yet.
    async fn facebook_long(&self, short: &SecretString, now: Timestamp) -> Result<Grant, Error> {
        let said = self
            .ask(&[
                ("grant_type", "fb_exchange_token"),
                ("client_id", &self.app.id),
                ("client_secret", self.app.secret.expose_secret()),
                ("fb_exchange_token", short.expose_secret()),
            ])
            .await?;
        grant(&self.wire, &said, Some(now))
    }

    async fn ask(&self, query: &[(&str, &str)]) -> Result<Value, Error> {
        let version = &self.options.version;
        let url = below(
            &self.options.hosts.token,
            &[version, "oauth", "access_token"],
        );
        let request = self.wire.request(Method::GET, url).query(query);
        self.wire.send(Call::Token, request).await
    }
}

/// Exchanges a Facebook user's token for one of 60 days from now.
///
/// # Errors
/// The platform refuses; one that has ended cannot be exchanged.
pub async fn exchange(
    options: Options,
    app: App,
    token: &SecretString,
    now: Timestamp,
) -> Result<Grant, Error> {
    let nowhere = Url::parse("http://localhost/").expect("a fixed address");
    let flow = Flow::new(options, app, nowhere)?;
    flow.wire.secrets().learn(token);
    flow.facebook_long(token, now).await
}

/// `access_token`, `expires_in`, `permissions`.
pub(super) fn grant(wire: &Wire, said: &Value, now: Option<Timestamp>) -> Result<Grant, Error> {
    let token = text(&said["access_token"])
        .ok_or_else(|| wire.strange(Call::Token, 200, "no `access_token`"))?;
    let lasts = said["expires_in"]
        .as_u64()
        .filter(|s| *s > 0)
        .map(Duration::from_secs);
    Ok(Grant {
        token: token.into(),
        user_id: None,
        scopes: words(&said["permissions"]),
        expires_at: now
            .zip(lasts)
            .and_then(|(now, lasts)| now.checked_add(lasts).ok()),
    })
}

/// A list, or words with commas between.
pub(super) fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(text).collect(),
        Value::String(line) => line
            .split(',')
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::listener::{Listener, json};
    use super::super::{Client, Hosts};
    use super::*;

    fn flow(login: Login, server: &Listener) -> Flow {
        let options = Options {
            hosts: Hosts::at(&server.url),
            ..Options::new(login)
        };
        let app = App {
            id: "990602627938098".into(),
            secret: "a1b2C3D4secret".into(),
        };
        Flow::new(options, app, "http://localhost:8742/".parse().unwrap()).unwrap()
    }

    fn answer(flow: &Flow, query: &str) -> Url {
        format!("http://localhost:8742/?state={}&{query}", flow.state)
            .parse()
            .unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-02T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_address_asks_for_what_is_needed_and_holds_no_secret() {
        let server = Listener::new([]);
        let app = App {
            id: "9".into(),
            secret: "hush-hush".into(),
        };
        let redirect: Url = "http://localhost:8742/".parse().unwrap();
        let at = |login| {
            Flow::new(Options::new(login), app.clone(), redirect.clone())
                .unwrap()
                .address()
        };
        let instagram = at(Login::Instagram);
        assert!(instagram.as_str().starts_with(
            "https://www.instagram.com/oauth/authorize?client_id=9&redirect_uri=http%3A%2F%2Flocalhost%3A8742%2F&response_type=code&scope=instagram_business_basic%2C"
        ));
        let facebook = at(Login::Facebook);
        assert!(
            facebook
                .as_str()
                .starts_with("https://www.facebook.com/v26.0/dialog/oauth?client_id=9&")
        );
        assert!(!facebook.as_str().contains("hush"));
        let state = |url: &Url| {
            url.query_pairs()
                .find(|(n, _)| n == "state")
                .unwrap()
                .1
                .into_owned()
        };
        assert_ne!(state(&instagram), state(&facebook));
        assert_eq!(state(&instagram).len(), 32);
        assert!(!format!("{:?}", flow(Login::Facebook, &server)).contains("a1b2C3D4"));
    }

    #[test]
    fn only_the_answer_to_this_login_is_taken() {
        let server = Listener::new([]);
        let flow = flow(Login::Instagram, &server);
        let code = flow.code(&answer(&flow, "code=AQBx-hB#_")).unwrap();
        assert_eq!(code.expose_secret(), "AQBx-hB");
        assert_eq!(
            flow.code(&answer(&flow, "code=AQBx%23_"))
                .unwrap()
                .expose_secret(),
            "AQBx"
        );
        for foreign in [
            "http://localhost:8742/?code=AQBx",
            "http://localhost:8742/?code=AQBx&state=0",
        ] {
            let said = flow
                .code(&foreign.parse().unwrap())
                .unwrap_err()
                .to_string();
            assert!(
                said.contains("not the answer to this login") && !said.contains("AQBx"),
                "{said}"
            );
        }
        let no = answer(
            &flow,
            "error=access_denied&error_reason=user_denied&error_description=The+user+denied+your+request",
        );
        assert!(
            flow.code(&no)
                .unwrap_err()
                .to_string()
                .ends_with("access_denied: The user denied your request")
        );
    }

    #[tokio::test]
    async fn a_code_becomes_a_token_of_long_life() {
        let flat = r#"{"access_token":"IGAAshort0short0short0","user_id":17841400008460056,"permissions":["instagram_business_basic"]}"#;
        let listed = r#"{"data":[{"access_token":"IGAAshort0short0short0","user_id":"17841400008460056","permissions":"instagram_business_basic"}]}"#;
        for short in [flat, listed] {
            let server = Listener::new([
                json(200, short),
                json(
                    200,
                    r#"{"access_token":"IGAAlong","token_type":"bearer","expires_in":5183944}"#,
                ),
            ]);
            let grant = flow(Login::Instagram, &server)
                .grant("AQcode".into(), now())
                .await
                .unwrap();
            assert_eq!(grant.token.expose_secret(), "IGAAlong");
            assert_eq!(grant.user_id.unwrap().as_str(), "17841400008460056");
            assert_eq!(grant.scopes, ["instagram_business_basic"]);
            assert_eq!(
                grant.expires_at,
                Some("2027-01-01T09:59:04Z".parse().unwrap())
            );
            let heard = server.heard();
            assert!(heard[0].starts_with("POST /oauth/access_token HTTP/1.1"));
            assert!(heard[0].ends_with("client_id=990602627938098&client_secret=a1b2C3D4secret&grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%3A8742%2F&code=AQcode"));
            assert!(heard[1].starts_with("GET /access_token?grant_type=ig_exchange_token&client_secret=a1b2C3D4secret&access_token=IGAAshort0short0short0 HTTP"));
        }
    }

    #[tokio::test]
    async fn a_facebook_code_becomes_the_tokens_of_pages() {
        let server = Listener::new([
            json(200, r#"{"access_token":"EAAshort","token_type":"bearer"}"#),
            json(
                200,
                r#"{"access_token":"EAAlong","token_type":"bearer","expires_in":5183944}"#,
            ),
            json(
                200,
                r#"{"data":[{"name":"No account","access_token":"EAAx","tasks":[]},{"name":"Café","access_token":"EAApage","tasks":["CREATE_CONTENT"],"instagram_business_account":{"id":"17841400008460056"}}]}"#,
            ),
        ]);
        let flow = flow(Login::Facebook, &server);
        let grant = flow.grant("AQcode".into(), now()).await.unwrap();
        let client = Client::new(flow.options.clone(), grant.token, None).unwrap();
        let pages = client.pages().await.unwrap();
        assert_eq!(pages.len(), 1);
        assert_eq!(
            (pages[0].page.as_str(), pages[0].token.expose_secret()),
            ("Café", "EAApage")
        );
        assert!(!format!("{pages:?}").contains("EAApage"));
        assert!(
            server.heard()[1]
                .starts_with("GET /v26.0/oauth/access_token?grant_type=fb_exchange_token&")
        );
    }

    #[tokio::test]
    async fn no_error_of_a_token_call_tells_an_address_or_a_secret() {
        let used = r#"{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found or was already used: AQcode"}"#;
        let short = json(
            200,
            r#"{"access_token":"zzz-unlike-a-token","user_id":"1"}"#,
        );
        for script in [
            vec![json(400, used)],
            vec![],
            vec![short.clone()],
            vec![short, json(400, "zzz-unlike-a-token a1b2C3D4secret")],
        ] {
            let server = Listener::new(script);
            let error = flow(Login::Instagram, &server)
                .grant("AQcode".into(), now())
                .await
                .unwrap_err();
            let said = format!("{error} {error:?}");
            for secret in [
                "AQcode",
                "a1b2C3D4secret",
                "zzz-unlike-a-token",
                "access_token=",
            ] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}
