//! POSTs a notice.
//!
//! In: a payload, a name that stays the same, an address. Out: whether it was taken.
//! Never: a redirect that is followed (a POST may come out of it as a GET, and a signature is for one address); an
//! unsigned notice where a secret is named; the address in an error.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::failure::{Failure, reasons};
use super::signature;
use super::target::shown;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long it may take until the notice is taken.
pub(super) const WITHIN: Duration = Duration::from_secs(20);

/// A client for one address, which follows so many redirects. What is near, no proxy knows.
pub(super) fn client(url: &Url, redirects: usize) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .user_agent(concat!("storypress/", env!("CARGO_PKG_VERSION")))
        .redirect(match redirects {
            0 => reqwest::redirect::Policy::none(),
            most => reqwest::redirect::Policy::limited(most),
        })
        // one try is one request
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECT)
        .timeout(WITHIN);
    match crate::upload::is_near(url) {
        true => builder.no_proxy().build(),
        false => builder.build(),
    }
}

/// Sends a body under its name.
pub(super) async fn send(
    client: &Client,
    url: &Url,
    secret_env: Option<&str>,
    id: &str,
    body: Vec<u8>,
) -> Result<(), Failure> {
    // the real clock, whatever the stories go by: the receiver refuses what is too old
    let timestamp = Timestamp::now().as_second();
    let mut request = client
        .post(url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp);
    if let Some(name) = secret_env {
        let key = key(name)?;
        let signature = signature::sign(&key, id, timestamp, &body);
        request = request.header("webhook-signature", signature);
    }
    match request.body(body).send().await {
        Ok(answer) => judge(&answer, url),
        Err(error) => Err(Failure::later(format!(
            "{} was not reached: {}",
            shown(url),
            reasons(&error.without_url())
        ))),
    }
}

/// The secret of a variable, as bytes.
fn key(name: &str) -> Result<Vec<u8>, Failure> {
    let secret = std::env::var(name).unwrap_or_default();
    if secret.trim().is_empty() {
        return Err(Failure::later(format!(
            "the environment variable {name} with the secret is not set"
        )));
    }
    signature::key(&secret).ok_or_else(|| {
        Failure::later(format!(
            "the environment variable {name} holds no secret of a webhook: `whsec_` and base64"
        ))
    })
}

fn judge(answer: &Response, url: &Url) -> Result<(), Failure> {
    let status = answer.status();
    let who = shown(url);
    if status.is_success() {
        return Ok(());
    }
    if status == StatusCode::GONE {
        return Err(Failure::Gone(format!("{who} answers 410 Gone")));
    }
    if status.is_redirection() {
        let to = answer.headers().get(LOCATION);
        let to = to.and_then(|to| url.join(to.to_str().ok()?).ok());
        let to = to.map_or(String::new(), |to| format!(" to {}", shown(&to)));
        return Err(Failure::later(format!(
            "{who} redirects{to}, which is not followed: name the address that takes notices"
        )));
    }
    let asked = answer.headers().get(RETRY_AFTER);
    let asked = asked.and_then(|after| after.to_str().ok()?.trim().parse().ok());
    Err(Failure::Later {
        why: format!("{who} answers {status}"),
        pause: asked.map(Duration::from_secs),
    })
}
