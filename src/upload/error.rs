//! What can go wrong on the way up, in words that hold no secret.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use super::{Environment, Target};
use crate::media::Kind;

/// Why a file is not up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project or the environment names a store that cannot be used so.
    #[error("{message}: {hint}")]
    Settings {
        /// One sentence without its full stop.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not the one that was made and verified.
    #[error("`{}` has changed since it was made: render it again", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// The file is not of the kind it is said to be.
    #[error("`{}` is not {}", path.display(), match kind {
        Kind::Image => "a JPEG or PNG",
        Kind::Video => "an MP4 or MOV",
    })]
    NotMedia {
        /// Which.
        path: PathBuf,
        /// What it should be.
        kind: Kind,
    },
    /// The store did not do it.
    #[error("{store} did not {doing}: {message}{}", .hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default())]
    Store {
        /// Which, as the project file names it.
        store: String,
        /// What was asked of it, as in "did not …".
        doing: &'static str,
        /// What it said, without addresses' signatures and other secrets.
        message: String,
        /// What to do about it, where that is known.
        hint: Option<String>,
        /// It will say the same next time.
        is_lasting: bool,
    },
}

impl Error {
    /// The file is not to be had here; it may be elsewhere.
    pub fn is_of_the_file(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Changed { .. })
    }

    /// It stays so until somebody changes something: trying again is of no use.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Store { is_lasting, .. } => *is_lasting,
            _ => true,
        }
    }
}

/// Turns what a store's library says into an [`Error`] of ours.
#[derive(Debug)]
pub(super) struct Words {
    store: String,
    environment: Environment,
    /// What helps when the store says no, because no key was found.
    hint: Option<String>,
}

impl Words {
    pub(super) fn new(store: &Target, environment: &Environment, hint: Option<String>) -> Self {
        Self {
            store: store.to_string(),
            environment: environment.clone(),
            hint,
        }
    }

    /// The store cannot even be opened.
    pub(super) fn settings(&self, e: &object_store::Error) -> Error {
        Error::Settings {
            message: self.clean(e),
            hint: "see to the store's environment variables".into(),
        }
    }

    /// The store did not do what it was asked for.
    pub(super) fn store(&self, doing: &'static str, e: &object_store::Error) -> Error {
        Error::Store {
            store: self.store.clone(),
            doing,
            is_lasting: is_lasting(e),
            hint: self.hint.clone(),
            message: self.clean(e),
        }
    }

    /// What an error and its causes say, in one line of at most 300 characters and without a secret.
    fn clean(&self, e: &object_store::Error) -> String {
        let mut message = e.to_string();
        let mut cause = e.source();
        while let Some(deeper) = cause {
            let text = deeper.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = deeper.source();
        }
        // what stands before it tells of the request
        let answer = ["status code: ", "error response: "]
            .iter()
            .find_map(|start| Some(message.split_once(start)?.1));
        let mut message = without_queries(&without_markup(answer.unwrap_or(&message)));
        for hidden in self.environment.hidden() {
            message = message.replace(hidden, "***");
        }
        let message: Vec<&str> = message.split_whitespace().collect();
        message.join(" ").chars().take(300).collect()
    }
}

/// Denials, bad requests, unknown buckets and wrong regions; not a server's faults, a busy store or a broken line.
fn is_lasting(e: &object_store::Error) -> bool {
    use object_store::Error as E;
    let (E::Generic { .. } | E::JoinError { .. }) = e else {
        return true;
    };
    let message = e.to_string();
    match status_in(&message) {
        Some(408 | 425 | 429) => false,
        Some(status) => (300..500).contains(&status),
        // S3 leads to a bucket's region so
        None => message.contains("redirect without LOCATION"),
    }
}

/// The HTTP status that the library's message names: it has no field for it.
fn status_in(message: &str) -> Option<u16> {
    let (_, rest) = message.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// An XML answer as `Code: Message`. The rest of it repeats the request, with its keys and its signature.
fn without_markup(message: &str) -> String {
    let Some(at) = message.find("<?xml").or_else(|| message.find("<Error")) else {
        return message.to_owned();
    };
    let (before, body) = message.split_at(at);
    let field = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        Some(rest.split('<').next().unwrap_or_default())
    };
    let reported: Vec<&str> = [field("Code"), field("Message")]
        .into_iter()
        .flatten()
        .collect();
    format!("{before}{}", reported.join(": "))
}

/// Every address without its query: that is where signatures and tokens are.
fn without_queries(message: &str) -> String {
    let mut clean = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find("://") {
        let end = rest[at..]
            .find(|c: char| c.is_whitespace() || "\"'`<>()".contains(c))
            .map_or(rest.len(), |length| at + length);
        let address = &rest[..end];
        match address[at..].find('?') {
            Some(query) => {
                clean.push_str(&address[..at + query]);
                clean.push_str("?…");
            }
            None => clean.push_str(address),
        }
        rest = &rest[end..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let env = Environment::of([
            ("AWS_SECRET_ACCESS_KEY".into(), "very/secret+key".into()),
            ("AWS_SESSION_TOKEN".into(), "session-token-of-mine".into()),
            ("AWS_REGION".into(), "eu-south-2".into()),
        ]);
        let target = Target::parse("s3://b/daily", std::path::Path::new("/")).expect("a target");
        Words::new(&target, &env, None)
    }

    fn generic(message: &str) -> object_store::Error {
        object_store::Error::Generic {
            store: "S3",
            source: message.into(),
        }
    }

    #[test]
    fn no_message_holds_a_signature_a_key_or_a_request() {
        let message = words()
            .store(
                "put",
                &generic(
                    "error sending request for url (https://b.example/x?X-Amz-Signature=cafe&X-Amz-Credential=AK) \
                     with session-token-of-mine in eu-south-2",
                ),
            )
            .to_string();
        assert!(
            message.contains("https://b.example/x?…) with *** in eu-south-2"),
            "{message}"
        );

        let message = words()
            .store(
                "put",
                &generic(
                    "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code>\
                     <Message>The signature does not match</Message><StringToSign>AWS4 cafe</StringToSign></Error>",
                ),
            )
            .to_string();
        assert_eq!(
            message,
            "s3://b/daily did not put: 403 Forbidden: SignatureDoesNotMatch: The signature does not match"
        );
    }

    #[test]
    fn a_bad_request_lasts_and_a_busy_store_does_not() {
        let lasts = |message: &str| words().store("put", &generic(message)).is_lasting();
        assert!(lasts(
            "Server returned non-2xx status code: 400 Bad Request: "
        ));
        assert!(!lasts(
            "Server returned non-2xx status code: 503 Slow Down: "
        ));
        assert!(!lasts(
            "Server returned non-2xx status code: 429 Too Many Requests: "
        ));
        assert!(!lasts("HTTP error: error sending request"));
        assert!(lasts(
            "Received redirect without LOCATION, this normally indicates an incorrectly configured region"
        ));
        let missing = object_store::Error::NotFound {
            path: "x".into(),
            source: "NoSuchBucket".into(),
        };
        assert!(words().store("put", &missing).is_lasting());
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let message = words().clean(&generic(&"long\nline ".repeat(1000)));
        assert!(!message.contains('\n') && message.chars().count() <= 300);
    }
}
