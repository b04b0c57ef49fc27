//! One call is one send: requests out, checked JSON in.
//!
//! In: a request without credentials. Out: the platform's JSON, or an [`Error`] that says how far it came.
//! Never: a second send, a redirect followed, more than a megabyte read, an address in a log or an error.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use super::error::{Cause, Error};
use super::limits::{Limits, Pace, UNKNOWN_STOP};
use super::options::{Options, shown};
use super::redact::Secrets;
use super::refusal::{Call, Refusal};
use super::{Next, table};
use crate::platform::Clock;

/// The largest answer that is read; the platform's are a few kilobytes.
const MAX_BYTES: usize = 1_000_000;

/// How much of a strange answer is told.
const TOLD_CHARS: usize = 120;

const AGENT: &str = concat!("storypress/", env!("CARGO_PKG_VERSION"));

/// Connections, budgets, and the secrets that nobody shall read.
#[derive(Debug)]
pub(super) struct Wire {
    /// A fresh connection for each request.
    writes: reqwest::Client,
    /// Connections are kept.
    reads: reqwest::Client,
    secrets: Secrets,
    limits: Limits,
    clock: RwLock<Clock>,
    timeout: Duration,
}

impl Wire {
    pub fn new(options: &Options, secrets: Secrets) -> Result<Self, Error> {
        options.check()?;
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|e| {
                Error::new(
                    Call::Setup,
                    Cause::BadOption(secrets.hide(&chain(&e.without_url()))),
                )
            })
        };
        Ok(Self {
            // a kept connection that the server has just closed is found dead only after a request was written to it,
            // and nobody can tell then whether it arrived
            writes: build(builder(options).pool_max_idle_per_host(0))?,
            reads: build(builder(options))?,
            secrets,
            limits: Limits::default(),
            clock: RwLock::default(),
            timeout: options.timeout,
        })
    }

    /// The limits go by this clock from now on.
    pub fn go_by(&self, clock: Clock) {
        *self.clock.write().unwrap_or_else(PoisonError::into_inner) = clock;
    }

    pub fn clock(&self) -> Clock {
        let clock = self.clock.read();
        clock.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// What no answer may spread.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// A request. Whoever sends a body sends it over a connection of its own.
    pub fn request(&self, method: Method, url: url::Url) -> RequestBuilder {
        let client = match method {
            Method::GET => &self.reads,
            _ => &self.writes,
        };
        client.request(method, url).timeout(self.timeout)
    }

    /// Sends a request once, and gives the JSON of its answer.
    pub async fn send(&self, call: Call, request: RequestBuilder) -> Result<Value, Error> {
        let (status, body) = self.exchange(call, request).await?;
        let value = self.json(call, status, &body)?;
        if let Some(refusal) = refusal(status, &value) {
            return Err(self.refused(call, refusal));
        }
        if !(200..300).contains(&status) {
            return Err(self.strange(call, status, &format!("no error in {}", text(&body))));
        }
        Ok(value)
    }

    /// What the budgets say before a call; may wait some seconds.
    async fn pace(&self, call: Call) -> Result<(), Error> {
        match self.limits.pace(self.now()) {
            Pace::Go => {}
            Pace::Slow(wait) => {
                tracing::debug!(
                    ?call,
                    wait_ms = wait.as_millis() as u64,
                    "the call budget runs low"
                );
                tokio::time::sleep(wait).await;
            }
            Pace::Stop(after) => return Err(Error::new(call, Cause::Paused(after))),
        }
        Ok(())
    }

    async fn exchange(&self, call: Call, request: RequestBuilder) -> Result<(u16, Vec<u8>), Error> {
        self.pace(call).await?;
        let started = Instant::now();
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.unanswered(call, error)),
        };
        let status = response.status().as_u16();
        self.limits.hear(response.headers(), self.now());
        if response.status().is_redirection() {
            let said = format!("a redirect to {}", target(&response));
            return Err(self.strange(call, status, &said));
        }
        let body = self.body(call, &mut response).await?;
        tracing::debug!(
            ?call,
            status,
            bytes = body.len(),
            ms = started.elapsed().as_millis() as u64,
            "answered"
        );
        Ok((status, body))
    }

    async fn body(&self, call: Call, response: &mut Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BYTES => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => {
                    let said = format!("more than {MAX_BYTES} bytes");
                    return Err(self.strange(call, response.status().as_u16(), &said));
                }
                Ok(None) => return Ok(body),
                Err(error) => {
                    let said = self.secrets.hide(&chain(&error.without_url()));
                    return Err(Error::new(call, Cause::Lost(said)));
                }
            }
        }
    }

    fn json(&self, call: Call, status: u16, body: &[u8]) -> Result<Value, Error> {
        serde_json::from_slice(body).map_err(|_| {
            let start = text(body);
            let what = match start.trim_start() {
                "" => return self.strange(call, status, "an empty body"),
                s if s.starts_with('<') => "HTML",
                _ => "no JSON",
            };
            self.strange(call, status, &format!("{what}: {start}"))
        })
    }

    /// An answer that is none of the platform's.
    pub fn strange(&self, call: Call, status: u16, said: &str) -> Error {
        let said = self.secrets.hide_short(said, TOLD_CHARS);
        Error::new(call, Cause::Strange { status, said })
    }

    fn refused(&self, call: Call, mut refusal: Refusal) -> Error {
        let hide = |text: &mut String| *text = self.secrets.hide_short(text, 600);
        hide(&mut refusal.message);
        for said in [
            &mut refusal.user_title,
            &mut refusal.user_message,
            &mut refusal.kind,
            &mut refusal.trace,
        ] {
            said.iter_mut().for_each(hide);
        }
        if table::is_limit(&refusal) {
            let least = match table::next(Call::Status, &refusal) {
                Next::After(after) => after,
                _ => UNKNOWN_STOP,
            };
            refusal.regain = Some(self.limits.refused(least, self.now()));
        }
        tracing::debug!(
            ?call,
            code = refusal.code,
            subcode = refusal.subcode,
            trace = refusal.trace,
            "refused"
        );
        Error::new(call, Cause::Refused(Box::new(refusal)))
    }

    fn unanswered(&self, call: Call, error: reqwest::Error) -> Error {
        let (unsent, unmade) = (error.is_connect(), error.is_builder());
        // its address may hold what nobody shall read
        let said = self.secrets.hide(&chain(&error.without_url()));
        tracing::debug!(?call, said, "no answer");
        let cause = match (unmade, unsent) {
            (true, _) => Cause::BadOption(said),
            (_, true) => Cause::NotSent(said),
            _ => Cause::Lost(said),
        };
        Error::new(call, cause)
    }
}

/// What all requests have in common.
fn builder(options: &Options) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(AGENT)
        // the token would go along
        .redirect(reqwest::redirect::Policy::none())
        // one call is one send; HTTP/2 and retry policies would send again by themselves
        .retry(reqwest::retry::never())
        .http1_only()
        .referer(false)
        .connect_timeout(options.connect_timeout);
    if options.hosts.are_local() {
        // neither a proxy nor the machine's certificates are needed on loopback
        builder.no_proxy().tls_certs_only([])
    } else if options.hosts.are_near() {
        // a proxy for the outside does not know it
        builder.no_proxy()
    } else {
        builder
    }
}

/// A header that no log shows.
pub(super) fn authorization(scheme: &str, token: &str) -> Result<HeaderMap, Error> {
    let mut value = HeaderValue::from_str(&format!("{scheme} {token}")).map_err(|_| {
        let said = "the token has characters that no token has".to_owned();
        Error::new(Call::Setup, Cause::BadOption(said))
    })?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(
        reqwest::header::AUTHORIZATION,
        value,
    )]))
}

/// The `error` of a body, the upload host's `debug_info`, or the token host's `error_message`.
fn refusal(status: u16, body: &Value) -> Option<Refusal> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(error) = body.get("error").filter(|e| e.is_object()) {
        return Some(Refusal {
            status,
            code: error["code"].as_i64().unwrap_or_default(),
            subcode: error["error_subcode"].as_i64(),
            kind: text(&error["type"]),
            message: text(&error["message"]).unwrap_or_default(),
            user_title: text(&error["error_user_title"]),
            user_message: text(&error["error_user_msg"]),
            trace: text(&error["fbtrace_id"]),
            is_transient: error["is_transient"].as_bool(),
            regain: None,
        });
    }
    if let Some(info) = body.get("debug_info").filter(|i| i.is_object()) {
        return Some(Refusal {
            status,
            kind: text(&info["type"]),
            message: text(&info["message"]).unwrap_or_default(),
            is_transient: info["retriable"].as_bool(),
            ..Refusal::default()
        });
    }
    let message = text(body.get("error_message")?)?;
    Some(Refusal {
        status,
        // its `code` repeats the HTTP status and is none of the table's
        kind: text(&body["error_type"]),
        message,
        ..Refusal::default()
    })
}

/// The start of a body, as text.
fn text(body: &[u8]) -> String {
    // enough that a secret at the cut is still found whole
    String::from_utf8_lossy(&body[..body.len().min(4096)]).into_owned()
}

/// Where a redirect goes: the host only.
fn target(response: &Response) -> String {
    let location = response.headers().get(reqwest::header::LOCATION);
    location
        .and_then(|value| value.to_str().ok())
        .and_then(|to| response.url().join(to).ok())
        .map_or_else(|| "nowhere".to_owned(), |url| shown(&url))
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.ends_with(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        source = cause.source();
    }
    said
}
