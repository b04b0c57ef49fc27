//! Takes secrets out of text that others wrote.
//!
//! In: what a server or a library said. Out: the same with `***` where a secret was.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

/// How Meta's tokens begin; one that was cut short on the way is still a secret.
const TOKEN_STARTS: [&str; 3] = ["IGAA", "IGQ", "EAA"];

/// Names of parameters whose value is a secret wherever it is.
const SECRET_NAMES: [&str; 8] = [
    "access_token=",
    "client_secret=",
    "input_token=",
    "fb_exchange_token=",
    "appsecret_proof=",
    "Signature=",
    "\"access_token\":\"",
    "code=AQ",
];

/// The secrets that a client holds.
#[derive(Default)]
pub(super) struct Secrets(RwLock<Vec<SecretString>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Secrets {
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let own = Self::default();
        for secret in secrets {
            own.learn(&secret);
        }
        own
    }

    /// One more.
    pub fn learn(&self, secret: &SecretString) {
        if secret.expose_secret().is_empty() {
            return;
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.push(secret.clone());
        // a secret that holds another one goes first, else its ends would stay
        all.sort_by_key(|s| std::cmp::Reverse(s.expose_secret().len()));
    }

    /// `text` without the secrets, and without anything that looks like one.
    pub fn hide(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        for secret in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            hidden = hidden.replace(secret.expose_secret(), "***");
        }
        hidden = cut_queries(&hidden);
        for name in SECRET_NAMES {
            hidden = cut_after(&hidden, name);
        }
        for start in TOKEN_STARTS {
            hidden = cut_tokens(&hidden, start);
        }
        hidden
    }

    /// The same, one line of at most `limit` characters.
    pub fn hide_short(&self, text: &str, limit: usize) -> String {
        // hidden before it is cut: half a token is not found any more
        let hidden = self.hide(text);
        let line: String = hidden
            .chars()
            .take(limit)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let more = if hidden.chars().count() > limit {
            "…"
        } else {
            ""
        };
        format!("{}{more}", line.trim())
    }
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_|.%".contains(c)
}

/// `***` for the query of every address: a signed one lets anybody fetch what it names.
fn cut_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at + 3);
        out.push_str(before);
        let ends = |c: char| c.is_whitespace() || "\"'<>`".contains(c);
        let (address, after) = address.split_at(address.find(ends).unwrap_or(address.len()));
        match address.split_once('?') {
            Some((path, _)) => out.extend([path, "?***"]),
            None => out.push_str(address),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `***` for the value that follows `name`.
fn cut_after(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = rest.split_at(at + name.len());
        out.push_str(before);
        out.push_str("***");
        rest = after
            .trim_start_matches("***")
            .trim_start_matches(is_of_token);
    }
    out.push_str(rest);
    out
}

/// `***` for words that begin as a token does and are long enough to be one.
fn cut_tokens(text: &str, start: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(start) {
        let (before, word) = rest.split_at(at);
        let length = word.find(|c| !is_of_token(c)).unwrap_or(word.len());
        out.push_str(before);
        // the platform's tokens have more than 100 characters; words of this length are not English
        out.push_str(if length >= 16 { "***" } else { &word[..length] });
        rest = &word[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new(["s3cr3t-tok", "app-s3cr3t"].map(SecretString::from))
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands() {
        assert_eq!(
            secrets().hide("Malformed access token s3cr3t-tok (s3cr3t-tok|app-s3cr3t)"),
            "Malformed access token *** (***|***)"
        );
    }

    #[test]
    fn what_looks_like_a_token_is_hidden_too() {
        let hide = |text: &str| secrets().hide(text);
        assert_eq!(
            hide("x?a=1&access_token=abc%7Cdef&b=2"),
            "x?a=1&access_token=***&b=2"
        );
        assert_eq!(
            hide(
                "not from \"https://cdn.example.com/a.jpg?X-Amz-Signature=ab12\" or http://h/ now"
            ),
            "not from \"https://cdn.example.com/a.jpg?***\" or http://h/ now"
        );
        assert_eq!(hide("bad token EAAGm0PX4ZCpsBAKZC."), "bad token ***");
        assert_eq!(hide("EAA is how they begin"), "EAA is how they begin");
        assert_eq!(hide("ŝ IGAAŝ"), "ŝ IGAAŝ");
    }

    #[test]
    fn a_long_text_is_hidden_before_it_is_cut() {
        assert_eq!(
            secrets().hide_short("12345 s3cr3t-tok more", 8),
            "12345 **…"
        );
        assert_eq!(secrets().hide_short("a\nb", 8), "a b");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", secrets()), "***");
    }
}
