//! One question and its answer, over redirects, within its time and its bytes.
//!
//! In: an address, what is sent along, limits. Out: the body as it was meant, or that nothing has changed. Never: a
//! secret to another origin than the first, a byte beyond the limit.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use tokio::time::{Instant, timeout_at};
use url::{Origin, Url};

use super::Fault;
use super::net::{Net, said};
use super::options::{digest, shown};
use super::unpack::{ACCEPTED, unpack};

/// So many redirects are followed.
const REDIRECTS: usize = 5;

/// A server that wants to be left alone for longer is asked again after that.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// By what a server knows the version that is here already.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Validators {
    /// `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The hash of the address that gave them, which may hold a key.
    #[serde(default)]
    pub of: String,
}

/// What is asked.
pub(super) struct Question<'a> {
    pub url: &'a Url,
    /// Who gets the secrets; nobody without one.
    pub origin: Option<&'a Origin>,
    pub secrets: &'a HeaderMap,
    pub validators: Option<&'a Validators>,
    /// Most bytes of the body, unpacked.
    pub limit: u64,
    pub deadline: Instant,
    /// How long that was, for people.
    pub allowed: Duration,
}

/// What came.
#[derive(Debug)]
pub(super) struct Answer {
    pub body: Vec<u8>,
    pub content_type: Option<String>,
    pub validators: Validators,
    /// The address that answered.
    pub url: Url,
}

/// What a server said.
#[derive(Debug)]
pub(super) enum Said {
    Answer(Box<Answer>),
    /// 304: what is here is what is there.
    Unchanged,
}

/// A fault, and how long the server wants to be left alone.
#[derive(Debug)]
pub(super) struct Refused {
    pub fault: Fault,
    pub wait: Option<Duration>,
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, wait: None }
    }
}

impl Question<'_> {
    /// Asks, and follows redirects.
    pub async fn ask(&self, net: &Net) -> Result<Said, Refused> {
        let slow = |_| Fault::Slow(self.allowed);
        let mut url = self.url.clone();
        for _ in 0..=REDIRECTS {
            let client = timeout_at(self.deadline, net.client(&url)).await;
            let client = client.map_err(slow)??;
            let sent = self.headers(&url);
            let has_validators =
                sent.contains_key(IF_NONE_MATCH) || sent.contains_key(IF_MODIFIED_SINCE);
            let request = client.get(url.clone()).headers(sent).send();
            let answer = timeout_at(self.deadline, request).await.map_err(slow)?;
            let answer = answer.map_err(|e| Fault::Unreachable(said(e)))?;
            match answer.status().as_u16() {
                200 | 203 => return Ok(Said::Answer(Box::new(self.read(answer, &url).await?))),
                204 | 205 => return Err(Fault::Empty.into()),
                304 if has_validators => return Ok(Said::Unchanged),
                301 | 302 | 303 | 307 | 308 => url = redirected(&answer, &url)?,
                status => {
                    let at = (url != *self.url).then(|| shown(&url));
                    return Err(Refused {
                        fault: Fault::Status { status, at },
                        wait: retry_after(&answer),
                    });
                }
            }
        }
        Err(Fault::Redirects(REDIRECTS).into())
    }

    fn headers(&self, url: &Url) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, reqwest::header::HeaderValue::from_static("*/*"));
        headers.insert(
            ACCEPT_ENCODING,
            reqwest::header::HeaderValue::from_static(ACCEPTED),
        );
        if self.origin.is_some_and(|origin| *origin == url.origin()) {
            headers.extend(self.secrets.clone());
        }
        if let Some(known) = self.validators
            && known.of == digest(url.as_str().as_bytes())
        {
            let mut put = |name: HeaderName, value: &Option<String>| {
                if let Some(value) = value.as_deref().and_then(|value| value.parse().ok()) {
                    headers.insert(name, value);
                }
            };
            put(IF_NONE_MATCH, &known.etag);
            put(IF_MODIFIED_SINCE, &known.last_modified);
        }
        headers
    }

    async fn read(&self, mut answer: Response, url: &Url) -> Result<Answer, Refused> {
        let too_large = || Fault::TooLarge(self.limit);
        if answer.content_length().is_some_and(|n| n > self.limit) {
            return Err(too_large().into());
        }
        let text = |name: HeaderName| {
            let value = answer.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let packed = text(CONTENT_ENCODING).unwrap_or_default();
        let content_type = text(CONTENT_TYPE);
        let validators = Validators {
            etag: text(ETAG),
            last_modified: text(LAST_MODIFIED),
            of: digest(url.as_str().as_bytes()),
        };
        let mut body = Vec::new();
        loop {
            let chunk = timeout_at(self.deadline, answer.chunk()).await;
            let chunk = chunk.map_err(|_| Fault::Slow(self.allowed))?;
            match chunk.map_err(|e| Fault::Unreachable(said(e)))? {
                None => break,
                Some(chunk) => body.extend_from_slice(&chunk),
            }
            if body.len() as u64 > self.limit {
                return Err(too_large().into());
            }
        }
        Ok(Answer {
            body: unpack(body, &packed, self.limit)?,
            content_type,
            validators,
            url: url.clone(),
        })
    }
}

fn redirected(answer: &Response, from: &Url) -> Result<Url, Fault> {
    let to = answer.headers().get(LOCATION);
    let to = to.and_then(|to| from.join(&String::from_utf8_lossy(to.as_bytes())).ok());
    to.ok_or_else(|| Fault::Data("a redirect leads nowhere".into()))
}

/// `Retry-After`, in seconds or as a date.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    wait_of(text, Timestamp::now())
}

fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?;
            // a date that is over is no wait
            Duration::try_from(date.timestamp().duration_since(now)).ok()?
        }
    };
    (!wait.is_zero()).then(|| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_and_at_most_a_day() {
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().expect("a time");
        let wait = |text: &str| wait_of(text, now).map(|wait| wait.as_secs());
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("0"), None);
        assert_eq!(wait("Sat, 28 Nov 2026 10:30:00 GMT"), Some(1800));
        assert_eq!(wait("Sat, 28 Nov 2026 09:30:00 GMT"), None);
        assert_eq!(wait("99999999"), Some(86_400));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-5"), None);
    }
}
