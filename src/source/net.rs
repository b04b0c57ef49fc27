//! Connections: to exactly the addresses that were checked.
//!
//! In: a web address. Out: a client that can reach it, and nothing else under that name. Never: a second look at the
//! name, which may say another address by then.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, redirect};
use url::{Host, Url};

use super::Fault;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Until a connection stands; 10 s.
    pub connect: Duration,
    /// From the first question to the last byte, with all redirects and pages; 60 s.
    pub whole: Duration,
    /// For all pictures of a source; 5 min.
    pub pictures: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            whole: Duration::from_secs(60),
            pictures: Duration::from_secs(300),
        }
    }
}

/// The addresses of a host's name.
pub type Resolving = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// What resolves names.
pub type Resolver = dyn Fn(String) -> Resolving + Send + Sync;

/// The system's own.
pub(super) fn system_resolver() -> Arc<Resolver> {
    Arc::new(|host: String| -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// The way to the hosts of one fetch: each name is resolved once.
pub(super) struct Net {
    resolver: Arc<Resolver>,
    times: Times,
    /// Addresses of this machine and of private networks may be asked.
    allows_private: bool,
    judge: Judge,
    clients: Mutex<HashMap<String, Client>>,
}

/// What tells that an address is private.
pub(super) type Judge = fn(IpAddr) -> Option<&'static str>;

impl Net {
    pub fn new(resolver: Arc<Resolver>, times: Times, allows_private: bool, judge: Judge) -> Self {
        Self {
            resolver,
            times,
            allows_private,
            judge,
            clients: Mutex::default(),
        }
    }

    /// A client for the host of an address, which was resolved and checked.
    pub async fn client(&self, url: &Url) -> Result<Client, Fault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Fault::NotHttp(super::options::shown(url)));
        }
        let host = url.host();
        let host = host.ok_or_else(|| Fault::NotHttp(super::options::shown(url)))?;
        let name = host.to_string().to_ascii_lowercase();
        if let Some(client) = self.clients().get(&name) {
            return Ok(client.clone());
        }
        let client = self.connect(&host.to_owned(), &name).await?;
        self.clients().insert(name, client.clone());
        Ok(client)
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<String, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, host: &Host<String>, name: &str) -> Result<Client, Fault> {
        let builder = Client::builder()
            .user_agent(concat!("storypress/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(self.times.connect)
            .referer(false);
        let (builder, addresses) = match host {
            // a client asks nobody for what is an address already
            Host::Ipv4(ip) => (builder, vec![IpAddr::V4(*ip)]),
            Host::Ipv6(ip) => (builder, vec![IpAddr::V6(*ip)]),
            Host::Domain(_) => match self.resolve(name).await {
                Ok(found) => {
                    let sockets: Vec<_> = found.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
                    (builder.resolve_to_addrs(name, &sockets), found)
                }
                // behind a proxy the world's names are often the proxy's alone to resolve
                Err(_) if has_proxy() && !is_local_name(name) => (builder, Vec::new()),
                Err(fault) => return Err(fault),
            },
        };
        let is_private = addresses
            .iter()
            .find_map(|ip| Some((ip, (self.judge)(*ip)?)));
        let builder = match is_private {
            Some((ip, what)) if !self.allows_private => {
                let host = match host {
                    Host::Domain(name) => format!("{name} ({ip})"),
                    _ => name.to_owned(),
                };
                return Err(Fault::Private { host, what });
            }
            // a proxy for the outside does not know this machine's ports
            Some(_) => builder.no_proxy(),
            None => builder,
        };
        builder.build().map_err(|e| Fault::Unreachable(said(e)))
    }

    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Fault> {
        let found = tokio::time::timeout(self.times.connect, (self.resolver)(name.to_owned()));
        let none = |why: &str| Fault::Unreachable(format!("no address for `{name}`{why}"));
        match found.await {
            Err(_) => Err(none(" in time")),
            Ok(Err(e)) => Err(none(&format!(": {e}"))),
            Ok(Ok(found)) if found.is_empty() => Err(none("")),
            Ok(Ok(found)) => Ok(found),
        }
    }
}

/// Whether the environment names a proxy, as the client reads it.
fn has_proxy() -> bool {
    let names = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    names
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A name that only this machine or its network can mean.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    !name.contains('.')
        || [".localhost", ".local", ".internal", ".lan", ".home.arpa"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// What a client's error comes down to, without the address.
pub(super) fn said(e: reqwest::Error) -> String {
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
