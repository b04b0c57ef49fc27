//! The calls that carry a story out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::media::Kind;
use crate::platform::Clock;

use super::error::{Cause, Error};
use super::options::{Options, below, is_loopback, shown};
use super::redact::Secrets;
use super::refusal::Call;
use super::wire::{Wire, authorization};
use super::{Container, ContainerId, Login, StoryId, UserId, UserTag};

/// An account's way to the platform. Cheap to clone; clones share budgets and connections.
///
/// Every call is one send: nothing is repeated in here but the parts of a film's bytes.
/// From 80 % of a call budget on, calls wait some seconds before they are sent; at the limit they fail at once.
#[derive(Clone)]
pub struct Client {
    pub(super) options: Arc<Options>,
    pub(super) wire: Arc<Wire>,
    pub(super) token: SecretString,
    bearer: HeaderMap,
    /// `appsecret_proof`, where there is a secret to make it with.
    proof: Option<String>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .field("token", &"***")
            .finish_non_exhaustive()
    }
}

/// What a container shall be made of.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContainer {
    /// Image or video.
    pub kind: Kind,
    /// Where its bytes come from.
    pub source: Source,
    /// Who is mentioned.
    pub user_tags: Vec<UserTag>,
    /// Marked as made by a machine. Default: not said.
    pub is_ai_generated: bool,
}

impl NewContainer {
    /// A plain one, which the platform fetches.
    pub fn fetched(kind: Kind, url: Url) -> Self {
        Self {
            kind,
            source: Source::Url(url),
            user_tags: Vec::new(),
            is_ai_generated: false,
        }
    }
}

/// Where a container's bytes come from.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// The platform fetches them.
    Url(Url),
    /// They are sent afterwards: films, and Facebook Login, only.
    Resumable,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // a signed address lets anybody fetch it
            Self::Url(url) => write!(f, "Url({}{})", shown(url), url.path()),
            Self::Resumable => f.write_str("Resumable"),
        }
    }
}

/// What is sent for it.
#[derive(Debug, Serialize)]
struct Wanted<'a> {
    media_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_type: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    user_tags: &'a [UserTag],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_ai_generated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    appsecret_proof: Option<&'a str>,
}

impl Client {
    /// A client for one account.
    ///
    /// # Errors
    /// A base that the token must not go to, a version or a token that cannot be one. Nothing is sent.
    pub fn new(
        options: Options,
        token: SecretString,
        app_secret: Option<SecretString>,
    ) -> Result<Self, Error> {
        let token = SecretString::from(token.expose_secret().trim());
        if token.expose_secret().is_empty() {
            let said = "the token is empty".to_owned();
            return Err(Error::new(Call::Setup, Cause::BadOption(said)));
        }
        if matches!(options.login, Login::Private | Login::ByHand) {
            let said = format!(
                "login `{}` is none of the Graph API's",
                options.login.as_str()
            );
            return Err(Error::new(Call::Setup, Cause::BadOption(said)));
        }
        // only Facebook's hosts know it
        let secret = app_secret
            .as_ref()
            .filter(|_| options.login == Login::Facebook);
        let proof = secret.map(|secret| proof(secret.expose_secret(), token.expose_secret()));
        let hidden = [
            Some(token.clone()),
            app_secret,
            proof.clone().map(SecretString::from),
        ];
        Ok(Self {
            wire: Arc::new(Wire::new(
                &options,
                Secrets::new(hidden.into_iter().flatten()),
            )?),
            bearer: authorization("Bearer", token.expose_secret())?,
            options: Arc::new(options),
            token,
            proof,
        })
    }

    /// The same client, that waits so long for the answer to a publish.
    pub fn with_publish_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.options).publish_timeout = timeout;
        self
    }

    /// The same client, whose call budgets go by that clock. Default: the machine's. Clones share it.
    pub fn with_clock(self, clock: Clock) -> Self {
        self.wire.go_by(clock);
        self
    }

    /// What its call budgets go by.
    pub fn clock(&self) -> Clock {
        self.wire.clock()
    }

    /// Which login it speaks for.
    pub fn login(&self) -> Login {
        self.options.login
    }

    /// What it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// It speaks to this machine alone: a sandbox.
    pub fn is_local(&self) -> bool {
        self.options.hosts.are_local()
    }

    /// A mark of its token, to tell two tokens apart: the token cannot be had from it.
    pub fn mark(&self) -> String {
        let digest = Sha256::digest(self.token.expose_secret().as_bytes());
        digest[..6].iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Which account it speaks for, where that was said.
    pub fn user_id(&self) -> Option<&UserId> {
        self.options.user_id.as_ref()
    }

    /// The account as a part of a path.
    pub(super) fn node(&self, call: Call) -> Result<&str, Error> {
        match (&self.options.user_id, self.options.login) {
            (Some(id), _) => Ok(id.as_str()),
            (None, Login::Instagram) => Ok("me"),
            (None, Login::Facebook | Login::Private | Login::ByHand) => Err(Error::new(
                call,
                Cause::NotHere("Facebook Login needs the account's `user_id`"),
            )),
        }
    }

    /// A request below the version, with the token in its header.
    pub(super) fn request(&self, method: Method, parts: &[&str]) -> RequestBuilder {
        let base = below(&self.options.hosts.graph, &[&self.options.version]);
        self.wire
            .request(method, below(&base, parts))
            .headers(self.bearer.clone())
    }

    /// A read; the proof goes as a parameter, as Meta has it.
    pub(super) async fn get(
        &self,
        call: Call,
        parts: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Value, Error> {
        let request = self.request(Method::GET, parts).query(query);
        self.wire.send(call, self.proven(request)).await
    }

    pub(super) fn proven(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.proof {
            Some(proof) => request.query(&[("appsecret_proof", proof)]),
            None => request,
        }
    }

    /// Makes a container. `now` is when.
    ///
    /// # Errors
    /// [`Cause::NotHere`] for a resumable upload of an image or with Instagram Login, where the platform ignores it.
    pub async fn contain(&self, wanted: &NewContainer, now: Timestamp) -> Result<Container, Error> {
        let call = Call::Contain;
        self.check(wanted)?;
        let url = match &wanted.source {
            Source::Url(url) => Some(url.as_str()),
            Source::Resumable => None,
        };
        let body = Wanted {
            media_type: "STORIES",
            image_url: url.filter(|_| wanted.kind == Kind::Image),
            video_url: url.filter(|_| wanted.kind == Kind::Video),
            upload_type: url.is_none().then_some("resumable"),
            user_tags: &wanted.user_tags,
            is_ai_generated: wanted.is_ai_generated,
            appsecret_proof: self.proof.as_deref(),
        };
        let request = self.request(Method::POST, &[self.node(call)?, "media"]);
        let said = self.wire.send(call, request.json(&body)).await?;
        let uri = said["uri"].as_str().map(str::to_owned);
        if url.is_none() && uri.is_none() {
            return Err(self
                .wire
                .strange(call, 200, "no `uri` to send the bytes to"));
        }
        Ok(Container {
            id: self.id(call, &said["id"])?,
            uri: uri.filter(|_| url.is_none()),
            made: now,
        })
    }

    fn check(&self, wanted: &NewContainer) -> Result<(), Error> {
        let refuse = |cause| Err(Error::new(Call::Contain, cause));
        match &wanted.source {
            Source::Resumable if wanted.kind == Kind::Image => refuse(Cause::NotHere(
                "a picture cannot be sent, it has to be fetched",
            )),
            Source::Resumable if self.options.login == Login::Instagram => refuse(Cause::NotHere(
                "bytes can be sent with Facebook Login only; with Instagram Login they have to be fetched",
            )),
            Source::Url(url) if url.scheme() != "https" && !is_loopback(url) => refuse(
                Cause::BadOption("the medium's address is not https".to_owned()),
            ),
            _ if wanted.user_tags.iter().any(|tag| !is_on_the_picture(tag)) => refuse(
                Cause::BadOption("a mention's place is outside the picture".to_owned()),
            ),
            _ => Ok(()),
        }
    }

    /// Makes a container's story live. **One send**; whether it may be repeated, [`Error::next`] says.
    pub async fn publish(&self, container: &ContainerId) -> Result<StoryId, Error> {
        let call = Call::Publish;
        let mut body = json!({ "creation_id": container });
        if let Some(proof) = &self.proof {
            body["appsecret_proof"] = json!(proof);
        }
        let request = self
            .request(Method::POST, &[self.node(call)?, "media_publish"])
            .timeout(self.options.publish_timeout)
            .json(&body);
        let said = self.wire.send(call, request).await?;
        self.id(call, &said["id"])
    }

    /// An id of an answer; the platform writes strings, some of its parts numbers.
    pub(super) fn id<T: std::str::FromStr<Err = super::NotAnId>>(
        &self,
        call: Call,
        value: &Value,
    ) -> Result<T, Error> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(self.wire.strange(call, 200, "no `id`")),
        };
        text.parse()
            .map_err(|e: super::NotAnId| self.wire.strange(call, 200, &e.to_string()))
    }
}

fn is_on_the_picture(tag: &UserTag) -> bool {
    [tag.x, tag.y].iter().all(|part| (0.0..=1.0).contains(part))
}

/// Shows that whoever has the token also has the app's secret: hex HMAC-SHA256 of the token under the secret.
fn proof(secret: &str, token: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(token.as_bytes());
    let digest = mac.finalize().into_bytes();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_the_hmac_of_the_token() {
        // RFC 4231, test case 2
        assert_eq!(
            proof("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_client_shows_no_secret() {
        let client = Client::new(
            Options::new(Login::Facebook),
            SecretString::from("EAAtoken"),
            Some(SecretString::from("app-secret")),
        )
        .unwrap();
        let shown = format!("{client:?}");
        assert!(
            !shown.contains("EAAtoken") && !shown.contains("app-secret"),
            "{shown}"
        );
    }
}
