//! Who is told, and of what: `[notify.NAME]` and `[smtp]` as values.
//!
//! In: what the project file says. Out: a [`Target`]. Never: an address with its secret in a debug text or a message.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Address;
use sha2::{Digest, Sha256};
use url::Url;

use crate::graph::Hosts;
use crate::store::NoticeKind;

/// Somebody who wants to hear of what happens.
#[derive(Clone, PartialEq)]
pub struct Target {
    /// The key of its table.
    pub name: String,
    /// Of what.
    pub on: Vec<NoticeKind>,
    /// Where to; without it there is a heartbeat only.
    pub to: Option<To>,
    /// The environment variable with the secret that signs.
    pub secret_env: Option<String>,
    /// Gathers for so long; without it at once.
    pub digest: Option<Duration>,
    /// Asked every minute while the worker does its work.
    pub heartbeat: Option<Url>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.name)
            .field("on", &self.on)
            .field("to", &self.to)
            .field("secret_env", &self.secret_env)
            .field("digest", &self.digest)
            .field("heartbeat", &self.heartbeat.as_ref().map(shown))
            .finish()
    }
}

/// Where notices go.
#[derive(Clone, PartialEq)]
pub enum To {
    /// POST, JSON.
    Webhook(Url),
    /// Mail to these addresses.
    Mail(Vec<Address>),
    /// A program and its words, with JSON on its standard input.
    Exec(Vec<String>),
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// A sentence.
    pub said: String,
    /// What helps.
    pub hint: String,
}

impl Wrong {
    fn new(said: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            hint: hint.into(),
        }
    }
}

impl To {
    /// Reads `https://…`, `mailto:…` or `exec:…`.
    ///
    /// # Errors
    /// What is wrong; the address itself, which may hold a secret, is not in it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let text = text.trim();
        if let Some(words) = text.strip_prefix("exec:") {
            return words_of(words).map(Self::Exec);
        }
        if let Some(list) = text.strip_prefix("mailto:") {
            return addresses(list).map(Self::Mail);
        }
        web(text).map(Self::Webhook)
    }

    /// What may be said of it.
    pub fn shown(&self) -> String {
        match self {
            Self::Webhook(url) => shown(url),
            Self::Mail(to) => {
                let to: Vec<_> = to.iter().map(ToString::to_string).collect();
                format!("mailto:{}", to.join(","))
            }
            // what follows the program may be a secret
            Self::Exec(words) => format!("exec:{}", words.first().map_or("", String::as_str)),
        }
    }

    /// Tells two addresses apart, and says nothing of them.
    pub(super) fn mark(&self) -> String {
        let whole = match self {
            Self::Webhook(url) => url.to_string(),
            Self::Mail(_) => self.shown(),
            Self::Exec(words) => words.join("\0"),
        };
        let digest = Sha256::digest(whole.as_bytes());
        digest.iter().take(12).map(|b| format!("{b:02x}")).collect()
    }
}

impl fmt::Debug for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// An address on the web, of a webhook or a heartbeat.
///
/// # Errors
/// What is wrong.
pub fn web(text: &str) -> Result<Url, Wrong> {
    let hint = "`https://…`, `mailto:team@example.com` or `exec:./notify.sh`";
    let url = Url::parse(text).map_err(|_| Wrong::new("it is no address", hint))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        _ => Err(Wrong::new("nobody can be told there", hint)),
    }
}

/// Goes over a network where others can read it.
pub fn is_readable(url: &Url) -> bool {
    url.scheme() == "http" && !crate::upload::is_near(url)
}

/// Scheme, host and port: what may be said of an address, whose path may be a secret.
pub(super) fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    match url.path() {
        "" | "/" if url.query().is_none() => origin,
        _ => format!("{origin}/***"),
    }
}

fn addresses(list: &str) -> Result<Vec<Address>, Wrong> {
    let hint = "`mailto:team@example.com`, more than one with commas between";
    if list.contains('?') {
        return Err(Wrong::new("a `mailto:` has nothing but addresses", hint));
    }
    let address = |text: &str| {
        let text = text.trim();
        let said = || format!("`{}` is no mail address", text.escape_debug());
        text.parse::<Address>()
            .map_err(|_| Wrong::new(said(), hint))
    };
    list.split(',').map(address).collect()
}

/// Splits a command into its words: at spaces, but for those between `'…'` or `"…"`. Nothing else means anything: no shell
/// reads it.
fn words_of(text: &str) -> Result<Vec<String>, Wrong> {
    let (mut words, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) =
        (Vec::new(), None, None);
    for c in text.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let script = "no shell reads it: write a script, and name that: `exec:./notify.sh`";
    if quote.is_some() {
        return Err(Wrong::new("a quotation mark is not closed", script));
    }
    let is_of_shell = |word: &&String| {
        let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
        ["|", ">", "<", "&", ";"]
            .iter()
            .any(|s| word.starts_with(s))
    };
    if let Some(word) = words.iter().find(is_of_shell) {
        let said = format!("`{}` means nothing here", word.escape_debug());
        return Err(Wrong::new(said, script));
    }
    match words.first().is_none_or(String::is_empty) {
        true => Err(Wrong::new("no program is named", "`exec:./notify.sh`")),
        false => Ok(words),
    }
}

/// The program of a command: one with a `/` in it stands against the project's folder, any other is found as shells do.
pub(super) fn program(word: &str, root: &Path) -> PathBuf {
    match word.contains('/') {
        true => root.join(word),
        false => word.into(),
    }
}

/// `[smtp]`: the server that takes mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// 587 with `starttls`, 465 with `tls`, 25 without either, where nothing else is said.
    pub port: u16,
    /// Who sends, if the server asks.
    pub user: Option<String>,
    /// The environment variable with the password.
    pub password_env: Option<String>,
    /// The sender.
    pub from: Address,
    /// How the connection is kept from others.
    pub tls: Tls,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        f.debug_struct("Smtp")
            .field("server", &format!("{host}:{port}"))
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// On this machine or in a private network; a name without a dot is one of such a network.
    pub fn is_near(host: &str) -> bool {
        let url = |host: &str| Url::parse(&format!("http://{host}/")).ok();
        let near = |host: &str| url(host).is_some_and(|url| crate::upload::is_near(&url));
        !host.contains(['.', ':']) || near(host) || near(&format!("[{host}]"))
    }

    /// On this machine.
    pub(super) fn is_local(&self) -> bool {
        let url = Url::parse(&format!("http://{}/", self.host))
            .or_else(|_| Url::parse(&format!("http://[{}]/", self.host)));
        url.is_ok_and(|url| Hosts::at(&url).are_local())
    }
}

/// How the connection to a mail server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Begins in the open and is encrypted before anything is said; nothing is sent where that is not offered.
    #[default]
    StartTls,
    /// Encrypted from the beginning.
    Tls,
    /// Not at all.
    None,
}

impl Tls {
    /// The usual port.
    pub fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        match To::parse(text) {
            Ok(To::Exec(words)) => words,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_command_is_split_at_spaces_and_nothing_else_means_anything() {
        assert_eq!(words("exec:./notify.sh"), ["./notify.sh"]);
        assert_eq!(words("exec: ./a  b\tc "), ["./a", "b", "c"]);
        assert_eq!(
            words(r#"exec:"my script.sh" 'a "b"' x"y"z "" \ $HOME *"#),
            ["my script.sh", "a \"b\"", "xyz", "", "\\", "$HOME", "*"]
        );
        for wrong in [
            "exec:",
            "exec: ",
            "exec:''",
            "exec:./a 'b",
            "exec:./a | ./b",
            "exec:./a >log",
            "exec:./a 2>log",
            "exec:./a && ./b",
            "exec:./a ; ./b",
        ] {
            assert!(To::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_read_and_shown_without_their_secrets() {
        let to = |text: &str| To::parse(text).map(|to| format!("{to:?}"));
        for (text, shown) in [
            (
                "https://hooks.example.com/services/T0/B0/secret",
                "https://hooks.example.com/***",
            ),
            (
                "https://me:hush@hooks.example.com:8443/?token=hush",
                "https://hooks.example.com:8443/***",
            ),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("mailto:team@example.com", "mailto:team@example.com"),
            (
                "mailto:a@example.com, b@example.com",
                "mailto:a@example.com,b@example.com",
            ),
            ("exec:./notify.sh --token hush", "exec:./notify.sh"),
        ] {
            assert_eq!(to(text).as_deref(), Ok(shown), "{text}");
        }
        for wrong in [
            "hooks.example.com",
            "ftp://example.com/",
            "mailto:",
            "mailto:team",
            "mailto:a@example.com?subject=x",
            "mailto:a@example.com\nBcc: b@example.com",
            "",
        ] {
            assert!(to(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_address_has_another_mark() {
        let mark = |text: &str| To::parse(text).map(|to| to.mark());
        assert_ne!(mark("https://a.example/x"), mark("https://a.example/y"));
        assert_ne!(mark("exec:./a b"), mark("exec:./a"));
        assert_eq!(mark("https://a.example/x"), mark("https://a.example/x"));
    }

    #[test]
    fn a_server_of_a_private_network_is_near() {
        for near in ["localhost", "127.0.0.1", "::1", "10.1.2.3", "mailpit"] {
            assert!(Smtp::is_near(near), "{near}");
        }
        for far in ["mail.example.com", "203.0.113.7"] {
            assert!(!Smtp::is_near(far), "{far}");
        }
    }
}
