//! `[upload]`, `[publish]` and `[store]`: where finished files go, how patiently, and what remembers it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::pipeline::{Films, Policy, Unclear};
use crate::template::{Node, Table, grammar};
use crate::upload;

/// `[store] url`: `sqlite:FILE`, the file against the project's folder, or `postgres://…`. It may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

impl StoreUrl {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It is a server, which may be away.
    pub fn is_server(&self) -> bool {
        !self.0.starts_with("sqlite:")
    }
}

impl Default for StoreUrl {
    fn default() -> Self {
        Self("sqlite:.storypress/store.db".into())
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.starts_with("sqlite:") {
            true => &self.0,
            false => "postgres://***",
        })
    }
}

/// Reads `[upload]`; none without `to`.
pub(super) fn upload(
    table: &Table,
    root: &Path,
    wrong: &mut Vec<Diagnostic>,
) -> Option<upload::Options> {
    let to = table.get("to").and_then(Node::as_text);
    let public_url = table.get("public_url").and_then(Node::as_text);
    let Some(to) = to else {
        if table.get("to").is_none() && !table.entries.is_empty() {
            let said = "`[upload]` has no `to`";
            wrong.push(Diagnostic::at(Code::BadValue, &table.place, said).hint(
                "where files go: `to = \"s3://bucket/folder\"`, `gs://…`, `az://…` or `file:DIR`",
            ));
        }
        return None;
    };
    match upload::Options::new(to, public_url, root) {
        Ok(options) => Some(options),
        Err(bad) => {
            let place = table.get(bad.key).map_or(&table.place, |node| &node.place);
            wrong.push(Diagnostic::at(Code::BadValue, place, bad.message).hint(bad.hint));
            None
        }
    }
}

/// Reads `[publish]`; what is not said, or wrong, is as by default.
pub(super) fn publish(table: &Table, wrong: &mut Vec<Diagnostic>) -> Policy {
    let default = Policy::default();
    let mut time = |key: &str, most: Duration, default: Duration| {
        table
            .get(key)
            .and_then(|node| duration(key, node, most, wrong))
            .unwrap_or(default)
    };
    // a container ends after a day, and what is watched with it
    let day = Duration::from_secs(24 * 3600);
    Policy {
        settle: time("settle", day, default.settle),
        gap: time("gap", day, default.gap),
        late: time("late", 30 * day, default.late),
        timeout: time("timeout", Duration::from_secs(600), default.timeout),
        // any other word is told by the keys' table
        unclear: match table.get("unclear").and_then(Node::as_text) {
            Some("resend") => Unclear::Resend,
            _ => Unclear::Ask,
        },
        films: match table.get("films").and_then(Node::as_text) {
            Some("send") => Films::Sent,
            _ => Films::Fetched,
        },
    }
}

/// Reads `5s`, `500ms`, `5min`, `1h30m`.
pub(super) fn duration(
    key: &str,
    node: &Node,
    most: Duration,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Duration> {
    // what is no text at all is told by the keys' table
    let text = grammar::text(node)?;
    let read = text.parse::<SignedDuration>().ok();
    let read = read.and_then(|time| Duration::try_from(time).ok());
    let said = match read {
        Some(time) if time <= most => return Some(time),
        Some(_) => format!("`{key}` is {} hours at most", most.as_secs() / 3600),
        None => format!("`{}` is not a time", text.escape_debug()),
    };
    wrong.push(
        Diagnostic::at(Code::BadValue, &node.place, said)
            .hint("a number and its unit, such as \"500ms\", \"5s\", \"5min\" or \"1h30m\""),
    );
    None
}

/// Reads `[store]`.
pub(super) fn store(table: &Table, wrong: &mut Vec<Diagnostic>) -> StoreUrl {
    let Some(node) = table.get("url") else {
        return StoreUrl::default();
    };
    let Some(text) = node.as_text() else {
        return StoreUrl::default();
    };
    let is_file = text
        .strip_prefix("sqlite:")
        .map(|file| file.trim_start_matches('/'))
        // SQLite's own words for other things than a file, and its options
        .is_some_and(|file| {
            !file.is_empty() && !file.starts_with(':') && !file.contains(['?', '\0'])
        });
    if is_file || text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return StoreUrl(text.to_owned());
    }
    // the rest of it may hold a password
    let scheme = text.split(':').next().unwrap_or_default();
    wrong.push(
        Diagnostic::at(
            Code::BadValue,
            &node.place,
            "no database has such an address",
        )
        .hint("`sqlite:.storypress/store.db` or `postgres://user@host/database`")
        .maybe_hint(
            did_you_mean(scheme, ["sqlite", "postgres"])
                .filter(|_| text.contains(':') && scheme != "sqlite"),
        ),
    );
    StoreUrl::default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::diag::Source;
    use crate::project::read::read;

    #[test]
    fn a_store_is_a_file_or_a_server() {
        let wrong = |url: &str| {
            let text = format!("[store]\nurl = \"{url}\"\n");
            let (_, wrong) = read(&Source::new("storypress.toml", text), Path::new("/p"));
            wrong
        };
        for url in [
            "sqlite:.storypress/store.db",
            "sqlite:///var/lib/a b%#/store.db",
            "postgres://user@host/database",
        ] {
            assert!(wrong(url).is_empty(), "{url}");
        }
        for url in [
            "sqlite:",
            "sqlite::memory:",
            "sqlite:q?mode=ro.db",
            "mysql://host/x",
        ] {
            let told = wrong(url);
            assert_eq!(told.len(), 1, "{url}: {told:?}");
            assert!(
                !told[0].to_string().contains("did you mean"),
                "{url}: {told:?}"
            );
        }
        assert!(
            wrong("sqlit:a.db")[0]
                .to_string()
                .contains("did you mean `sqlite`?")
        );
    }
}
