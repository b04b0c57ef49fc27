//! Fetches an upload as the platform's crawler would, before the platform is asked to.
//!
//! Never: a redirect that is followed, a cookie, more than the first bytes of a file.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Client, Response, redirect};
use url::{Host, Position, Url};

use super::name::Format;
use super::robots::{self, Robots};
use super::{MediaUrl, Refusal, Why, is_loopback, shown};
use crate::media::{Kind, Media};

/// Who the platform's crawler says it is.
const USER_AGENT: &str = "facebookexternalhit/1.1";

/// How much of a file is held against what came.
const FIRST_BYTES: u64 = 64 * 1024;

/// For how long a `robots.txt` that lets the crawler in is believed.
const ROBOTS_LIFE: Duration = Duration::from_secs(60);

/// How many redirects of a `robots.txt` are followed, as RFC 9309 §2.3.1.2 has it.
const ROBOTS_HOPS: usize = 5;

/// Fetches as the platform would. Cheap to keep, made once for many files.
#[derive(Debug)]
pub struct Crawler {
    timeout: Duration,
    outside: OnceLock<Result<Client, String>>,
    loopback: OnceLock<Result<Client, String>>,
    /// By scheme, host and port.
    robots: Mutex<HashMap<String, (Instant, Arc<Robots>)>>,
}

impl Default for Crawler {
    fn default() -> Self {
        Self::new(Duration::from_secs(30))
    }
}

impl Crawler {
    /// Gives up on an answer after `timeout`; 30 s by default. What the platform's own limit is, nobody has said.
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            outside: OnceLock::new(),
            loopback: OnceLock::new(),
            robots: Mutex::default(),
        }
    }

    /// Sees whether the platform would get the file: `robots.txt`, status, type, length, the first 64 KiB.
    ///
    /// `bytes` is the length of the file at `path`.
    ///
    /// # Errors
    /// What would keep the platform from it.
    pub async fn crawl(&self, url: &MediaUrl, media: &Media) -> Result<(), Refusal> {
        let refusal = |why| Refusal {
            address: url.shown(),
            why,
        };
        self.look(url, media).await.map_err(refusal)
    }

    async fn look(&self, url: &MediaUrl, media: &Media) -> Result<(), Why> {
        let (path, kind, bytes) = (media.path.as_path(), media.kind, media.bytes);
        if let Some(host) = private_host(&url.url) {
            return Err(Why::Private { host });
        }
        let wanted = first_bytes(path).await?;
        self.ask_robots(&url.url).await?;
        let range = format!("bytes=0-{}", FIRST_BYTES - 1);
        let request = self
            .client(&url.url)
            .map_err(|why| Why::Unreachable { why })?
            .get(url.url.clone())
            .header(RANGE, range)
            .header(ACCEPT, "*/*");
        let unreachable = |e| Why::Unreachable { why: words(e) };
        let answer = request.send().await.map_err(unreachable)?;
        status_brings_it(&answer, url)?;
        type_is_right(&answer, url, kind)?;
        if kind == Kind::Video && answer.status() != 206 {
            return Err(Why::NoRange);
        }
        let found = whole_length(&answer);
        if found != Some(bytes) {
            let wanted = bytes;
            return Err(Why::WrongLength { found, wanted });
        }
        let begins = beginning(answer, wanted.len()).await.map_err(unreachable)?;
        match begins == wanted {
            true => Ok(()),
            false => Err(Why::OtherBytes),
        }
    }

    /// One client for the world, and one for this machine; either fails where the system's certificates cannot be read.
    fn client(&self, url: &Url) -> Result<&Client, String> {
        let builder = || {
            Client::builder()
                .user_agent(USER_AGENT)
                .redirect(redirect::Policy::none())
                .connect_timeout(self.timeout.min(Duration::from_secs(10)))
                .timeout(self.timeout)
                .referer(false)
        };
        let build = |builder: reqwest::ClientBuilder| builder.build().map_err(words);
        let client = match is_loopback(url) {
            // a proxy for the outside does not know this machine's ports
            true => self.loopback.get_or_init(|| build(builder().no_proxy())),
            false => self.outside.get_or_init(|| build(builder())),
        };
        client.as_ref().map_err(String::clone)
    }

    async fn ask_robots(&self, url: &Url) -> Result<(), Why> {
        let host = url[..Position::BeforePath].to_owned();
        let address = format!("{host}/robots.txt");
        let known = self.known_robots(&host);
        let robots = match &known {
            Some(robots) => robots.clone(),
            None => {
                let read = self.read_robots(&address).await;
                let read = read.map_err(|why| Why::RobotsUnread {
                    address: address.clone(),
                    why,
                })?;
                Arc::new(read)
            }
        };
        if let Some(rule) = robots.forbids(&url[Position::BeforePath..Position::AfterQuery]) {
            return Err(Why::Robots {
                address,
                line: rule.line,
                rule: rule.text,
            });
        }
        // one that forbids is read again: somebody may be mending it
        if known.is_none() {
            let mut cache = self.robots.lock().unwrap_or_else(PoisonError::into_inner);
            cache.insert(host, (Instant::now(), robots));
        }
        Ok(())
    }

    fn known_robots(&self, host: &str) -> Option<Arc<Robots>> {
        let cache = self.robots.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, robots) = cache.get(host)?;
        (read.elapsed() < ROBOTS_LIFE).then(|| robots.clone())
    }

    /// None there (4xx) allows everything; a server's fault forbids everything, RFC 9309 §2.3.1.
    async fn read_robots(&self, address: &str) -> Result<Robots, String> {
        let mut url = Url::parse(address).map_err(|e| e.to_string())?;
        for _ in 0..=ROBOTS_HOPS {
            let request = self.client(&url)?.get(url.clone());
            let answer = request.send().await.map_err(words)?;
            let status = answer.status();
            if status.is_success() {
                let text = beginning(answer, robots::MAX_BYTES).await.map_err(words)?;
                return Ok(Robots::parse(&String::from_utf8_lossy(&text)));
            }
            if status == 429 || status.is_server_error() {
                return Err(status.as_u16().to_string());
            }
            match redirect_of(&answer) {
                Some(to) if status.is_redirection() => url = to,
                _ => return Ok(Robots::default()),
            }
        }
        // too many are as good as none
        Ok(Robots::default())
    }
}

/// A host that only a private network knows; this machine's own loopback is for the sandbox.
pub(super) fn private_host(url: &Url) -> Option<String> {
    let is_private = match url.host()? {
        _ if is_loopback(url) => false,
        Host::Ipv4(ip) => ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Host::Ipv6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            !name.contains('.')
                || [".local", ".internal", ".lan", ".home.arpa"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
    };
    is_private.then(|| url.host_str().unwrap_or_default().to_owned())
}

async fn first_bytes(path: &Path) -> Result<Vec<u8>, Why> {
    let own = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut first = Vec::new();
        std::fs::File::open(own)?
            .take(FIRST_BYTES)
            .read_to_end(&mut first)?;
        Ok(first)
    });
    let read = read.await.unwrap_or_else(|e| Err(std::io::Error::other(e)));
    read.map_err(|e| Why::File {
        path: path.to_owned(),
        why: e.to_string(),
    })
}

fn status_brings_it(answer: &Response, url: &MediaUrl) -> Result<(), Why> {
    let is_signed = url.expires.is_some();
    let status = answer.status().as_u16();
    Err(match status {
        200 | 206 => return Ok(()),
        300..=399 => Why::Redirect {
            status,
            to: redirect_of(answer).map_or_else(|| "nowhere".into(), |to| shown(&to)),
        },
        401 | 403 => Why::Denied { status, is_signed },
        404 | 410 => Why::Missing { status, is_signed },
        // 423: a cache that still fetches the file
        408 | 423 | 425 | 429 | 500..=599 => Why::Busy { status },
        _ => Why::Status { status },
    })
}

fn redirect_of(answer: &Response) -> Option<Url> {
    let to = answer.headers().get(LOCATION)?.to_str().ok()?;
    answer.url().join(to).ok()
}

fn type_is_right(answer: &Response, url: &MediaUrl, kind: Kind) -> Result<(), Why> {
    let name = url.object.rsplit('/').next().unwrap_or_default();
    let wanted = match (Format::of_name(name), kind) {
        (Some(format), _) => format.content_type(),
        (None, Kind::Image) => Format::Jpeg.content_type(),
        (None, Kind::Video) => Format::Mp4.content_type(),
    };
    let found = answer
        .headers()
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .and_then(|value| Some(value.split(';').next()?.trim().to_ascii_lowercase()));
    match found.as_deref() {
        Some(found) if found == wanted => Ok(()),
        // not a registered name, and everywhere in use
        Some("image/jpg") if wanted == "image/jpeg" => Ok(()),
        Some("text/html" | "application/xhtml+xml") => Err(Why::Page),
        found => Err(Why::WrongType {
            found: found.map(|found| found.chars().take(60).collect()),
            wanted,
        }),
    }
}

/// Of a part, the number behind the slash of `Content-Range: bytes 0-65535/123456`.
fn whole_length(answer: &Response) -> Option<u64> {
    let header = |name| answer.headers().get(name)?.to_str().ok();
    match answer.status().as_u16() {
        206 => {
            let range = header(CONTENT_RANGE)?.strip_prefix("bytes 0-")?;
            range.split_once('/')?.1.trim().parse().ok()
        }
        _ => header(CONTENT_LENGTH)?.trim().parse().ok(),
    }
}

/// The first `length` bytes of a body, or all of a shorter one; the rest is not waited for.
async fn beginning(mut answer: Response, length: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut begins = Vec::new();
    while begins.len() < length {
        let Some(chunk) = answer.chunk().await? else {
            break;
        };
        let room = length - begins.len();
        begins.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(begins)
}

/// What a client's error comes down to, without the address.
fn words(e: reqwest::Error) -> String {
    if e.is_timeout() {
        return "it took too long".into();
    }
    let e = e.without_url();
    let mut cause: &dyn std::error::Error = &e;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_hosts_name_shows() {
        let private = |url: &str| private_host(&url.parse().expect("an address")).is_some();
        for hidden in [
            "https://10.1.2.3/a",
            "https://192.168.1.2/a",
            "https://169.254.1.1/a",
            "https://[fd00::1]/a",
            "https://nas/a",
            "https://nas.local/a",
        ] {
            assert!(private(hidden), "{hidden}");
        }
        for seen in [
            "https://cdn.example.com/a",
            "https://8.8.8.8/a",
            "http://127.0.0.1:1/a",
            "http://localhost/a",
        ] {
            assert!(!private(seen), "{seen}");
        }
    }
}
