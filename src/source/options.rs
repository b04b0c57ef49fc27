//! `[source.NAME]`: where data is, and how it is asked for.
//!
//! In: what a project file says. Out: [`Options`], and the headers that carry its secrets. Never: a secret that prints.

use std::fmt;

use jiff::SignedDuration;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Fault, Format};
use crate::diag::Place;

/// A source, as the project names it.
#[derive(Clone, PartialEq)]
pub struct Options {
    /// The key of its table.
    pub name: String,
    /// Where its address stands in the project file.
    pub place: Place,
    /// Its address; `http` or `https`, without a password.
    pub url: Url,
    /// What its answers are; their type, else their content, tells without it.
    pub format: Option<Format>,
    /// At most so often is it asked; 15 min by default.
    pub every: SignedDuration,
    /// The environment variable whose value is sent as `Authorization: Bearer`.
    pub token_env: Option<String>,
    /// Headers that are sent to the first origin.
    pub headers: Vec<Header>,
    /// Where the list of rows is in a JSON answer, by keys that are parted by dots.
    pub rows: Option<String>,
    /// Where a row's cells are in an element of that list.
    pub fields: Option<String>,
    /// How the next page is asked for.
    pub next: Option<Next>,
    /// Addresses in columns of pictures and films are fetched as well; yes by default.
    pub pictures: bool,
    /// The last good copy is used until it is older than that; a day by default.
    pub stale: SignedDuration,
    /// Addresses of this machine and of private networks may be asked; no by default.
    pub private: bool,
    /// All pages together, unpacked, and each picture by itself; 64 MiB by default.
    pub max_bytes: u64,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("name", &self.name)
            .field("url", &shown(&self.url))
            .field("format", &self.format)
            .field("token_env", &self.token_env)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// A header of every question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: Given,
}

/// Where a header's value is.
#[derive(Clone, PartialEq, Eq)]
pub enum Given {
    /// In that environment variable.
    Env(String),
    /// It is this.
    Plain(String),
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(variable) => write!(f, "env:{variable}"),
            Self::Plain(_) => f.write_str("***"),
        }
    }
}

/// How the next page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The query parameter that takes what `from` names; without one, that is an address.
    pub param: Option<String>,
    /// Where it is in an answer, by keys that are parted by dots.
    pub from: String,
}

/// What reads the environment.
pub type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Options {
    /// A source at an address, with all defaults.
    pub fn new(name: &str, url: Url, place: Place) -> Self {
        Self {
            name: name.to_owned(),
            place,
            url,
            format: None,
            every: SignedDuration::from_mins(15),
            token_env: None,
            headers: Vec::new(),
            rows: None,
            fields: None,
            next: None,
            pictures: true,
            stale: SignedDuration::from_hours(24),
            private: false,
            max_bytes: 64 << 20,
        }
    }

    /// Whether rows are taken out of answers, which have to be JSON then.
    pub fn picks_rows(&self) -> bool {
        self.rows.is_some() || self.fields.is_some() || self.next.is_some()
    }

    /// What is sent to the first origin, and nowhere else.
    ///
    /// # Errors
    /// A variable that is not set, or that no header can carry.
    pub(super) fn secrets(&self, environment: &Environment) -> Result<HeaderMap, Fault> {
        let read = |variable: &str| {
            let value = environment(variable).map(|value| value.trim().to_owned());
            let found = value.filter(|value| !value.is_empty());
            found.ok_or_else(|| Fault::NoSecret(variable.to_owned()))
        };
        let secret = |variable: &str, text: String| {
            let value = HeaderValue::from_str(&text);
            let mut value = value.map_err(|_| Fault::BadSecret(variable.to_owned()))?;
            value.set_sensitive(true);
            Ok::<_, Fault>(value)
        };
        let mut headers = HeaderMap::new();
        for header in &self.headers {
            let value = match &header.value {
                Given::Env(variable) => secret(variable, read(variable)?)?,
                Given::Plain(text) => secret(header.name.as_str(), text.clone())?,
            };
            headers.insert(header.name.clone(), value);
        }
        if let Some(variable) = &self.token_env {
            let token = format!("Bearer {}", read(variable)?);
            headers.insert(AUTHORIZATION, secret(variable, token)?);
        }
        Ok(headers)
    }

    /// What decides what an answer means: a copy that was made under another one is none of this source.
    pub(super) fn fingerprint(&self) -> String {
        let plain = self
            .headers
            .iter()
            .filter_map(|header| match &header.value {
                Given::Plain(text) => Some((header.name.as_str(), text)),
                Given::Env(_) => None,
            });
        let all = (
            self.url.as_str(),
            self.format.map(Format::extension),
            &self.rows,
            &self.fields,
            self.next.as_ref().map(|next| (&next.param, &next.from)),
            plain.collect::<Vec<_>>(),
        );
        digest(format!("{all:?}").as_bytes())
    }
}

/// SHA-256, in hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An address as it may be printed: what stands in its query may be a key.
pub fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare.set_fragment(None);
    let has_query = bare.query().is_some();
    bare.set_query(None);
    let mut text: String = bare.as_str().chars().take(200).collect();
    if has_query {
        text.push_str("?…");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;

    fn source() -> Options {
        let url = "https://api.example.com/v0/menu?key=hush"
            .parse()
            .expect("an address");
        let place = Place::whole(&Source::new("storypress.toml", ""));
        Options {
            token_env: Some("SHEET_TOKEN".into()),
            headers: vec![
                Header {
                    name: HeaderName::from_static("x-api-key"),
                    value: Given::Env("MENU_KEY".into()),
                },
                Header {
                    name: HeaderName::from_static("x-team"),
                    value: Given::Plain("kitchen".into()),
                },
            ],
            ..Options::new("menu", url, place)
        }
    }

    #[test]
    fn secrets_come_from_the_environment_and_print_nowhere() {
        let environment = |name: &str| match name {
            "SHEET_TOKEN" => Some(" s3cret\n".to_owned()),
            "MENU_KEY" => Some("k3y".to_owned()),
            _ => None,
        };
        let headers = source().secrets(&environment).expect("secrets");
        assert_eq!(headers[AUTHORIZATION], "Bearer s3cret");
        assert_eq!(headers["x-api-key"], "k3y");
        let printed = format!("{headers:?} {:?}", source());
        for hidden in ["s3cret", "k3y", "kitchen", "hush"] {
            assert!(!printed.contains(hidden), "{printed}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let missing =
            |name: &'static str| move |asked: &str| (asked != name).then(|| "x".to_owned());
        let fault = |name| source().secrets(&missing(name)).expect_err("missing");
        assert_eq!(fault("SHEET_TOKEN"), Fault::NoSecret("SHEET_TOKEN".into()));
        assert_eq!(fault("MENU_KEY"), Fault::NoSecret("MENU_KEY".into()));
        let empty = source().secrets(&|_| Some("  ".into()));
        assert!(matches!(empty, Err(Fault::NoSecret(_))));
        let broken = source().secrets(&|_| Some("a\nb".into()));
        assert!(matches!(broken, Err(Fault::BadSecret(_))));
    }

    #[test]
    fn a_copy_is_of_its_address_and_not_of_its_token() {
        let own = source().fingerprint();
        let other_token = Options {
            token_env: Some("OTHER".into()),
            ..source()
        };
        assert_eq!(other_token.fingerprint(), own);
        let other_rows = Options {
            rows: Some("records".into()),
            ..source()
        };
        assert_ne!(other_rows.fingerprint(), own);
    }

    #[test]
    fn an_address_prints_without_what_may_be_a_key() {
        let shown = |text: &str| shown(&text.parse().expect("an address"));
        assert_eq!(
            shown("https://a.org/x.csv?key=hush#top"),
            "https://a.org/x.csv?…"
        );
        assert_eq!(shown("https://me:hush@a.org/"), "https://a.org/");
    }
}
