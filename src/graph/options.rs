//! Where a client talks to, and how long it waits.

use std::time::Duration;

use url::{Host, Url};

use super::error::{Cause, Error};
use super::refusal::Call;
use super::{Login, UserId};

/// The API version that is asked for where nothing else is said; v26.0 is of 29 July 2026.
pub const VERSION: &str = "v26.0";

/// Hosts of Meta's that a token may go to.
const META: [&str; 6] = [
    "graph.instagram.com",
    "graph.facebook.com",
    "rupload.facebook.com",
    "api.instagram.com",
    "www.instagram.com",
    "www.facebook.com",
];

/// How a [`Client`](super::Client) is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which login the token comes from.
    pub login: Login,
    /// The account. Without it the token's own account is meant, which only Instagram Login has.
    pub user_id: Option<UserId>,
    /// The hosts. Default: Meta's.
    pub hosts: Hosts,
    /// Default [`VERSION`].
    pub version: String,
    /// Hosts that are neither Meta's nor on this machine may have the token, too. Default: no.
    pub allow_elsewhere: bool,
    /// For a connection. Default 10 s.
    pub connect_timeout: Duration,
    /// For a whole call, its answer included. Default 30 s.
    pub timeout: Duration,
    /// The same for the publish. Default 60 s: an answer that comes late is better than none.
    pub publish_timeout: Duration,
    /// The same for the bytes of a film. Default 10 min.
    pub upload_timeout: Duration,
    /// Between two tries at a film's bytes; doubles each time. Default 1 s.
    pub upload_pause: Duration,
}

impl Options {
    /// What holds for a login where nothing else is said.
    pub fn new(login: Login) -> Self {
        Self {
            login,
            user_id: None,
            hosts: Hosts::of(login),
            version: VERSION.to_owned(),
            allow_elsewhere: false,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            publish_timeout: Duration::from_secs(60),
            upload_timeout: Duration::from_secs(600),
            upload_pause: Duration::from_secs(1),
        }
    }

    /// Refuses what must not be sent.
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |cause| Err(Error::new(Call::Setup, cause));
        for base in self.hosts.all() {
            if !base.username().is_empty() || base.password().is_some() || base.query().is_some() {
                let said = "a base address has neither a user nor a query".to_owned();
                return refuse(Cause::BadOption(said));
            }
            if !self.allow_elsewhere && !is_meta(base) && !is_loopback(base) {
                return refuse(Cause::Elsewhere(shown(base)));
            }
        }
        if !is_version(&self.version) {
            let said = format!(
                "`{}` is not a version such as {VERSION}",
                self.version.escape_debug()
            );
            return refuse(Cause::BadOption(said));
        }
        Ok(())
    }
}

fn is_version(text: &str) -> bool {
    let number = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|v| v.split_once('.'))
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

/// The hosts of one login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Containers, publishing, reading, and the exchange for a token of long life.
    pub graph: Url,
    /// The bytes of films.
    pub rupload: Url,
    /// Where a person allows it.
    pub authorize: Url,
    /// Where the code of a permission becomes a token.
    pub token: Url,
}

impl Hosts {
    /// Meta's.
    pub fn of(login: Login) -> Self {
        let [graph, authorize, token] = match login {
            Login::Instagram => [
                "graph.instagram.com",
                "www.instagram.com",
                "api.instagram.com",
            ],
            Login::Facebook | Login::Private | Login::ByHand => [
                "graph.facebook.com",
                "www.facebook.com",
                "graph.facebook.com",
            ],
        };
        let url = |host: &str| Url::parse(&format!("https://{host}/")).expect("a fixed address");
        Self {
            graph: url(graph),
            rupload: url("rupload.facebook.com"),
            authorize: url(authorize),
            token: url(token),
        }
    }

    /// One base for everything, as a sandbox has it.
    pub fn at(base: &Url) -> Self {
        let mut base = base.clone();
        if !base.path().ends_with('/') {
            let folder = format!("{}/", base.path());
            base.set_path(&folder);
        }
        Self {
            graph: base.clone(),
            rupload: base.clone(),
            authorize: base.clone(),
            token: base,
        }
    }

    fn all(&self) -> [&Url; 4] {
        [&self.graph, &self.rupload, &self.authorize, &self.token]
    }

    /// Nothing leaves this machine or its private network.
    pub fn are_near(&self) -> bool {
        self.all().into_iter().all(crate::upload::is_near)
    }

    /// Nothing leaves this machine.
    pub fn are_local(&self) -> bool {
        self.all().into_iter().all(is_loopback)
    }
}

/// Meta's own, over TLS, at its usual port.
fn is_meta(base: &Url) -> bool {
    base.scheme() == "https"
        && base.port().is_none()
        && base.host_str().is_some_and(|host| META.contains(&host))
}

/// On this machine.
pub(super) fn is_loopback(base: &Url) -> bool {
    let http = matches!(base.scheme(), "http" | "https");
    http && match base.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Scheme, host and port: what may be said of an address.
pub(super) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A path below a base. `parts` hold nothing that was not checked.
pub(super) fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str) -> Result<(), Cause> {
        let options = Options {
            hosts: Hosts::at(&base.parse().unwrap()),
            ..Options::new(Login::Facebook)
        };
        options.check().map_err(|e| e.cause)
    }

    #[test]
    fn a_token_goes_to_meta_and_to_this_machine_only() {
        for login in [Login::Instagram, Login::Facebook] {
            assert_eq!(Options::new(login).check(), Ok(()));
        }
        for good in [
            "http://127.0.0.1:8000",
            "http://[::1]:1",
            "http://localhost:3/x",
            "https://graph.facebook.com",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, told) in [
            ("http://graph.facebook.com", "http://graph.facebook.com"),
            (
                "https://graph.facebook.com:8443",
                "https://graph.facebook.com:8443",
            ),
            (
                "https://graph.facebook.com.example.com/x",
                "https://graph.facebook.com.example.com",
            ),
            (
                "http://127.0.0.1.example.com",
                "http://127.0.0.1.example.com",
            ),
            ("http://10.0.0.1", "http://10.0.0.1"),
            ("http://0.0.0.0:1", "http://0.0.0.0:1"),
            ("https://graph.threads.net", "https://graph.threads.net"),
        ] {
            assert_eq!(check(bad), Err(Cause::Elsewhere(told.into())), "{bad}");
        }
        assert!(matches!(
            check("http://u:p@127.0.0.1"),
            Err(Cause::BadOption(_))
        ));
    }

    #[test]
    fn elsewhere_has_to_be_allowed() {
        let options = Options {
            hosts: Hosts::at(&"https://proxy.example.com/meta".parse().unwrap()),
            allow_elsewhere: true,
            ..Options::new(Login::Instagram)
        };
        assert_eq!(options.check(), Ok(()));
        assert!(!options.hosts.are_local());
    }

    #[test]
    fn a_version_is_a_version() {
        for (version, ok) in [
            ("v26.0", true),
            ("v9.1", true),
            ("26.0", false),
            ("v26", false),
            ("v26.0/..", false),
            ("v.0", false),
        ] {
            assert_eq!(is_version(version), ok, "{version}");
        }
    }

    #[test]
    fn paths_go_below_the_base() {
        for base in ["http://127.0.0.1:1", "http://127.0.0.1:1/"] {
            let hosts = Hosts::at(&base.parse().unwrap());
            assert_eq!(
                below(&hosts.graph, &["v26.0", "me"]).as_str(),
                "http://127.0.0.1:1/v26.0/me"
            );
        }
        let hosts = Hosts::at(&"http://127.0.0.1:1/a/b".parse().unwrap());
        assert_eq!(
            below(&hosts.graph, &["v26.0"]).as_str(),
            "http://127.0.0.1:1/a/b/v26.0"
        );
    }
}
