//! The platform's crawler: fetches what a container names, as the real one is known to.
//!
//! In: an address. Out: a file and its hash. Never: a redirect, a proxy, more bytes than the limit.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Response, StatusCode, Url, header, redirect};
use sha2::{Digest, Sha256};

use super::robots;
use crate::media::{Kind, PLATFORM_IMAGE_BYTES, PLATFORM_VIDEO_BYTES};

/// Films are pulled in pieces.
const PIECE: u64 = 8 * 1024 * 1024;

/// Longer rules are not read.
const ROBOTS_BYTES: usize = 512 * 1024;

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// Its length.
    pub bytes: u64,
    /// Of all of it.
    pub sha256: String,
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfetched {
    /// It took too long.
    Slow,
    /// It is longer than the platform takes.
    TooLarge,
    /// The server's fault, or its will; the subcode that a film's container gets.
    Refused {
        /// 2207076 or 2207077.
        subcode: u32,
        /// For the log.
        said: String,
    },
    /// This machine's disk.
    Disk(String),
}

fn refused(said: impl Into<String>) -> Unfetched {
    Unfetched::Refused {
        subcode: 2_207_077,
        said: said.into(),
    }
}

/// How a fetch is done.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Picture or film.
    pub kind: Kind,
    /// In all.
    pub timeout: Duration,
    /// A film's server has to answer `Range` with 206.
    pub needs_range: bool,
}

/// The crawler.
pub struct Fetcher {
    client: reqwest::Client,
}

impl Fetcher {
    /// A crawler without proxies and redirects.
    ///
    /// # Errors
    /// If not even a client without certificates can be made.
    pub fn new() -> Result<Self, reqwest::Error> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(robots::AGENT)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .connect_timeout(Duration::from_secs(5))
        };
        // a machine without root certificates can still rehearse on loopback
        let client = builder()
            .build()
            .or_else(|_| builder().tls_certs_only([]).build())?;
        Ok(Self { client })
    }

    /// Fetches an address into a file.
    ///
    /// # Errors
    /// [`Unfetched`].
    pub async fn fetch(
        &self,
        url: &str,
        into: &Path,
        manner: Manner,
    ) -> Result<Fetched, Unfetched> {
        // "or the request will fail", Meta's reference of the media edge
        let url = match Url::parse(url) {
            Ok(parsed) if url.is_ascii() && ["http", "https"].contains(&parsed.scheme()) => parsed,
            _ => return Err(refused("no http address in US-ASCII")),
        };
        let work = async {
            self.ask_robots(&url).await?;
            let mut sink = Sink::new(into, limit(manner.kind))?;
            match manner.kind {
                Kind::Image => self.whole(&url, &mut sink).await?,
                Kind::Video => self.pieces(&url, &mut sink, manner.needs_range).await?,
            }
            sink.finish()
        };
        let done = tokio::time::timeout(manner.timeout, work).await;
        done.unwrap_or(Err(Unfetched::Slow))
    }

    async fn ask_robots(&self, url: &Url) -> Result<(), Unfetched> {
        let mut rules = url.clone();
        rules.set_path("/robots.txt");
        rules.set_query(None);
        let Ok(answer) = self.client.get(rules).send().await else {
            return Ok(());
        };
        if !answer.status().is_success() {
            return Ok(());
        }
        let mut text = Vec::new();
        let mut body = answer.bytes_stream();
        while let Some(Ok(bytes)) = body.next().await {
            text.extend_from_slice(&bytes);
            if text.len() > ROBOTS_BYTES {
                text.truncate(ROBOTS_BYTES);
                break;
            }
        }
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        match robots::allow(&String::from_utf8_lossy(&text), &path) {
            true => Ok(()),
            false => Err(refused("403 Restricted by robots.txt")),
        }
    }

    async fn whole(&self, url: &Url, sink: &mut Sink) -> Result<(), Unfetched> {
        let answer = self.client.get(url.clone()).send().await.map_err(broken)?;
        if answer.status() != StatusCode::OK {
            return Err(status(answer.status()));
        }
        of_media(&answer)?;
        sink.drain(answer).await
    }

    async fn pieces(&self, url: &Url, sink: &mut Sink, needs_range: bool) -> Result<(), Unfetched> {
        loop {
            let from = sink.bytes;
            let range = format!("bytes={from}-{}", from + PIECE - 1);
            let request = self.client.get(url.clone()).header(header::RANGE, range);
            let answer = request.send().await.map_err(broken)?;
            of_media(&answer)?;
            match answer.status() {
                StatusCode::PARTIAL_CONTENT => {}
                StatusCode::OK if !needs_range && from == 0 => return sink.drain(answer).await,
                StatusCode::OK => return Err(refused("200 to a Range request")),
                other => return Err(status(other)),
            }
            let Some((first, total)) = content_range(&answer) else {
                return Err(refused("206 without a Content-Range that can be read"));
            };
            if first != from {
                return Err(refused("206 with another range than was asked for"));
            }
            if total > sink.limit {
                return Err(Unfetched::TooLarge);
            }
            sink.drain(answer).await?;
            if sink.bytes >= total {
                return Ok(());
            }
            if sink.bytes == from {
                return Err(refused("206 without bytes"));
            }
        }
    }
}

fn limit(kind: Kind) -> u64 {
    match kind {
        Kind::Image => PLATFORM_IMAGE_BYTES,
        Kind::Video => PLATFORM_VIDEO_BYTES,
    }
}

fn broken(error: reqwest::Error) -> Unfetched {
    if error.is_timeout() {
        return Unfetched::Slow;
    }
    // an error's address may be signed
    refused(error.without_url().to_string())
}

fn status(status: StatusCode) -> Unfetched {
    let is_passing = status.is_server_error() || status == StatusCode::LOCKED;
    Unfetched::Refused {
        subcode: if is_passing { 2_207_076 } else { 2_207_077 },
        said: format!("status {status}"),
    }
}

/// A page of words is no medium: a login page, a share page.
fn of_media(answer: &Response) -> Result<(), Unfetched> {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match kind.to_lowercase().starts_with("text/") {
        true => Err(refused(format!("{kind} in place of media"))),
        false => Ok(()),
    }
}

/// `bytes 0-99/1000`: the first byte and how many there are in all.
fn content_range(answer: &Response) -> Option<(u64, u64)> {
    let text = answer.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.parse().ok()?, total.parse().ok()?))
}

/// A file that is written and hashed, up to a limit.
struct Sink {
    file: File,
    hash: Sha256,
    bytes: u64,
    limit: u64,
}

impl Sink {
    fn new(path: &Path, limit: u64) -> Result<Self, Unfetched> {
        Ok(Self {
            file: File::create(path).map_err(disk)?,
            hash: Sha256::new(),
            bytes: 0,
            limit,
        })
    }

    async fn drain(&mut self, answer: Response) -> Result<(), Unfetched> {
        let mut body = answer.bytes_stream();
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(broken)?;
            self.bytes += bytes.len() as u64;
            if self.bytes > self.limit {
                return Err(Unfetched::TooLarge);
            }
            self.hash.update(&bytes);
            self.file.write_all(&bytes).map_err(disk)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Fetched, Unfetched> {
        Ok(Fetched {
            bytes: self.bytes,
            sha256: hex::encode(self.hash.finalize()),
        })
    }
}

fn disk(error: std::io::Error) -> Unfetched {
    Unfetched::Disk(error.to_string())
}
