//! Puts a finished file where the platform can fetch it.
//!
//! In: a finished file, its length and its SHA-256. Out: a [`MediaUrl`], fetched once as the platform's crawler would.
//! Never: a second upload of bytes that are there, a name that does not come from the bytes, a secret in a message.

mod backend;
mod crawl;
mod environment;
mod error;
mod name;
mod options;
mod refusal;
mod robots;
mod send;
mod serve;
mod store;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use crawl::Crawler;
pub use environment::Environment;
pub use error::Error;
pub use options::{BadOption, Options, Target};
pub use refusal::{Refusal, Why};
pub use serve::{Served, serve};
pub use store::Store;

/// An uploaded file's address.
///
/// Public https, or http on loopback; US-ASCII; the content hash is in the name; alive longer than a container needs.
/// A signed address opens its file to whoever has it: `Debug` leaves the signature out, serialising keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaUrl {
    /// What the platform fetches. A signed address carries a signature: not to be shown whole.
    pub url: Url,
    /// The object's name in the store, for sweeping.
    pub object: String,
    /// When a signed address stops working; `None` for a public one.
    pub expires: Option<Timestamp>,
}

impl MediaUrl {
    /// The address for people: without what was signed.
    pub fn shown(&self) -> String {
        shown(&self.url)
    }

    /// Only this machine can fetch it: good for a sandbox, not for the platform.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }
}

impl fmt::Debug for MediaUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaUrl")
            .field("url", &format_args!("{}", self.shown()))
            .field("object", &self.object)
            .field("expires", &self.expires)
            .finish()
    }
}

/// An address without its query, fragment and sign-in: those may hold a secret.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    // an address that cannot have them has none
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let more = if url.query().is_some() { "?…" } else { "" };
    format!("{bare}{more}")
}

/// The address leads back to this machine, whatever answers there.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// On this machine or in a private network: what stands between here and the outside is not needed to reach it.
pub fn is_near(url: &Url) -> bool {
    is_loopback(url) || crawl::private_host(url).is_some()
}

/// https, or http on loopback.
fn is_fetchable(url: &Url) -> bool {
    url.as_str().is_ascii()
        && url.has_host()
        && match url.scheme() {
            "https" => true,
            "http" => is_loopback(url),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media_url(url: &str) -> MediaUrl {
        MediaUrl {
            url: url.parse().expect("an address"),
            object: "daily/x.jpg".into(),
            expires: None,
        }
    }

    #[test]
    fn a_signature_is_stored_and_never_shown() {
        let url = media_url("https://u:p@b.example/x.jpg?X-Amz-Signature=cafe#f");
        assert_eq!(url.shown(), "https://b.example/x.jpg?…");
        let debug = format!("{url:?}");
        assert!(!debug.contains("cafe") && !debug.contains("u:p"), "{debug}");
        let stored = serde_json::to_string(&url).expect("JSON");
        assert!(stored.contains("cafe"));
        assert_eq!(serde_json::from_str::<MediaUrl>(&stored).ok(), Some(url));
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in [
            "https://cdn.example.com/a",
            "http://127.0.0.1:9/a",
            "http://[::1]/a",
            "http://localhost:9000/a",
        ] {
            assert!(is_fetchable(&media_url(good).url), "{good}");
        }
        for bad in [
            "http://cdn.example.com/a",
            "http://127.0.0.1.example.com/a",
            "http://localhost.example.com/a",
            "ftp://127.0.0.1/a",
            "file:///tmp/a",
        ] {
            assert!(!is_fetchable(&media_url(bad).url), "{bad}");
        }
    }
}
