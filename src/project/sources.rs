//! `[source.NAME]`: where data is that lives elsewhere, and how it is asked for.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use reqwest::header::HeaderName;
use url::Url;

use super::keys::{self, check_keys};
use crate::diag::{Code, Diagnostic, Severity};
use crate::source::{Format, Given, Header, Next, Options};
use crate::template::{Entry, Node, Table, Value, grammar};

/// Reads all of them. What is wrong with their keys and values is told.
pub(super) fn read(section: &Table, wrong: &mut Vec<Diagnostic>) -> Vec<Options> {
    let sources = section.entries.iter();
    sources.filter_map(|entry| source(entry, wrong)).collect()
}

fn source(entry: &Entry, wrong: &mut Vec<Diagnostic>) -> Option<Options> {
    let name = &entry.key;
    let owner = format!("source `{name}`");
    let Value::Table(table) = &entry.node.value else {
        let said = format!("{owner} is a table: `[source.{name}]`");
        wrong.push(Diagnostic::at(Code::BadValue, &entry.node.place, said));
        return None;
    };
    // a file is called after it
    let is_name = !name.is_empty()
        && name.len() <= 100
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if !is_name {
        let said = format!("a source's name has letters, digits, `-` and `_`, not `{name}`");
        wrong.push(Diagnostic::at(Code::BadValue, &entry.key_place, said));
    }
    // any header may be named
    let mut others = table.clone();
    others.remove("headers");
    check_keys(&others, keys::SOURCE, &owner, wrong);
    let url = match table.get("url") {
        Some(node) => address(node, wrong)?,
        None => {
            let said = format!("{owner} has no `url`");
            wrong.push(Diagnostic::at(Code::BadValue, &table.place, said).hint(
                "the address of its data: `url = \"https://docs.google.com/…/export?format=csv\"`",
            ));
            return None;
        }
    };
    let place = &table.entry("url")?.node.place;
    let default = Options::new(name, url, place.clone());
    let text = |key: &str| table.get(key).and_then(grammar::text);
    let flag = |key: &str, default: bool| match table.get(key).map(|node| &node.value) {
        Some(Value::Bool(flag)) => *flag,
        _ => default,
    };
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let every = time(table, "every", days(30), wrong);
    let stale = time(table, "stale", days(3660), wrong);
    let options = Options {
        format: text("format").and_then(|word| Format::of(&word)),
        every: every.unwrap_or(default.every),
        stale: stale.unwrap_or(default.stale),
        token_env: variable(table.get("token_env"), wrong),
        headers: headers(table, wrong),
        rows: text("rows").filter(|path| !path.is_empty()),
        fields: text("fields").filter(|path| !path.is_empty()),
        next: next(table, wrong),
        pictures: flag("pictures", true),
        private: flag("private", false),
        max_bytes: bytes(table.get("max_bytes"), wrong).unwrap_or(default.max_bytes),
        ..default
    };
    let is_json = matches!(options.format, None | Some(Format::Json));
    if !is_json && options.picks_rows() {
        let key = ["rows", "fields", "next"]
            .iter()
            .find_map(|key| table.entry(key));
        let place = key.map_or(&table.place, |entry| &entry.key_place);
        let said = "`rows`, `fields` and `next` are for JSON";
        wrong.push(Diagnostic::at(Code::BadValue, place, said).hint("`format = \"json\"`"));
    }
    is_name.then_some(options)
}

fn address(node: &Node, wrong: &mut Vec<Diagnostic>) -> Option<Url> {
    // what is no text at all is told with the keys
    let text = node.as_text()?;
    let mut bad = |said: &str, hint: &str| {
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint(hint));
        None
    };
    match text.trim().parse::<Url>() {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host().is_none() => bad(
            "`url` is an address that starts with https:// or http://",
            "a file on this machine needs no source: `--data FILE`",
        ),
        Ok(url) if url.password().is_some() || !url.username().is_empty() => bad(
            "a password in `url` is a secret in the project file",
            "`headers = { Authorization = \"env:NAME\" }`, or `token_env`",
        ),
        Ok(url) => Some(url),
        Err(_) => bad(
            "`url` is not an address",
            "`https://docs.google.com/spreadsheets/d/…/export?format=csv`",
        ),
    }
}

/// The name of an environment variable; a token in its place is not repeated.
fn variable(node: Option<&Node>, wrong: &mut Vec<Diagnostic>) -> Option<String> {
    let node = node?;
    let name = node.as_text()?.trim();
    if is_variable(name) {
        return Some(name.to_owned());
    }
    let said = "`token_env` is the name of an environment variable, and not the token";
    wrong.push(
        Diagnostic::at(Code::BadValue, &node.place, said).hint("`token_env = \"SHEET_TOKEN\"`"),
    );
    None
}

fn is_variable(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(is_letter)
}

fn headers(table: &Table, wrong: &mut Vec<Diagnostic>) -> Vec<Header> {
    let Some(node) = table.get("headers") else {
        return Vec::new();
    };
    let Value::Table(headers) = &node.value else {
        let said = format!("`headers` takes a table, not {}", node.type_name());
        wrong.push(
            Diagnostic::at(Code::BadValue, &node.place, said)
                .hint("`headers = { \"X-Api-Key\" = \"env:MENU_KEY\" }`"),
        );
        return Vec::new();
    };
    let headers = headers.entries.iter();
    headers.filter_map(|entry| header(entry, wrong)).collect()
}

fn header(entry: &Entry, wrong: &mut Vec<Diagnostic>) -> Option<Header> {
    let mut bad = |place, said: String| {
        wrong.push(
            Diagnostic::at(Code::BadValue, place, said)
                .hint("`headers = { \"X-Api-Key\" = \"env:MENU_KEY\" }`"),
        );
        None
    };
    let Ok(name) = entry.key.parse::<HeaderName>() else {
        let said = format!("`{}` is no name of a header", entry.key.escape_debug());
        return bad(&entry.key_place, said);
    };
    let Some(text) = grammar::text(&entry.node) else {
        let said = format!("the header `{}` takes a text", entry.key);
        return bad(&entry.node.place, said);
    };
    let value = match text.strip_prefix("env:") {
        Some(variable) if is_variable(variable.trim()) => Given::Env(variable.trim().to_owned()),
        Some(_) => {
            let said = format!(
                "`env:` in the header `{}` names no environment variable",
                entry.key
            );
            return bad(&entry.node.place, said);
        }
        None if text.chars().any(|c| c.is_control()) => {
            let said = format!("no header can carry what `{}` has", entry.key);
            return bad(&entry.node.place, said);
        }
        None => Given::Plain(text),
    };
    let is_secret = [
        "authorization",
        "cookie",
        "key",
        "token",
        "secret",
        "auth",
        "password",
    ]
    .iter()
    .any(|word| name.as_str().contains(word));
    if is_secret && matches!(value, Given::Plain(_)) {
        let said = format!(
            "the header `{}` looks like a secret in the project file",
            entry.key
        );
        wrong.push(
            Diagnostic::at(Code::BadValue, &entry.node.place, said)
                .severity(Severity::Warning)
                .hint("put it into the environment, and its name here: \"env:NAME\""),
        );
    }
    Some(Header { name, value })
}

fn next(table: &Table, wrong: &mut Vec<Diagnostic>) -> Option<Next> {
    let entry = table.entry("next")?;
    // another value was told with the keys
    let Value::Table(next) = &entry.node.value else {
        return None;
    };
    let text = |key: &str| next.get(key).and_then(grammar::text);
    match text("from").filter(|from| !from.is_empty()) {
        Some(from) => Some(Next {
            param: text("param").filter(|param| !param.is_empty()),
            from,
        }),
        None => {
            let said = "`next` has no `from`: where an answer says what the next page is";
            wrong.push(
                Diagnostic::at(Code::BadValue, &entry.node.place, said)
                    .hint("`next = { param = \"offset\", from = \"offset\" }`"),
            );
            None
        }
    }
}

/// Reads `15min`, `1h30m`, `1d`; a day has 24 hours.
fn time(
    table: &Table,
    key: &str,
    most: SignedDuration,
    wrong: &mut Vec<Diagnostic>,
) -> Option<SignedDuration> {
    let node = table.get(key)?;
    let text = grammar::text(node)?;
    let span = text.parse::<Span>().ok();
    let read = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let said = match read {
        Some(time) if time.is_negative() => format!("`{key}` is a time that goes forward"),
        Some(time) if time <= most => return Some(time),
        Some(_) => format!("`{key}` is {} days at most", most.as_hours() / 24),
        None => format!("`{}` is not a time", text.escape_debug()),
    };
    wrong.push(
        Diagnostic::at(Code::BadValue, &node.place, said)
            .hint("a number and its unit, such as \"30s\", \"15min\", \"6h\" or \"1d\""),
    );
    None
}

/// Reads `64MiB`, `10 MB`, `500kB`, `1000000`.
fn bytes(node: Option<&Node>, wrong: &mut Vec<Diagnostic>) -> Option<u64> {
    const MOST: u64 = 1 << 30;
    let node = node?;
    let text = grammar::text(node)?;
    let read = read_bytes(&text);
    let said = match read {
        Some(bytes) if (1..=MOST).contains(&bytes) => return Some(bytes),
        Some(_) => "`max_bytes` is from 1 B to 1 GiB".to_owned(),
        None => format!("`{}` is not a number of bytes", text.escape_debug()),
    };
    wrong.push(
        Diagnostic::at(Code::BadValue, &node.place, said)
            .hint("such as \"64MiB\", \"10MB\" or 5000000"),
    );
    None
}

fn read_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..at].parse().ok()?;
    let unit: f64 = match text[at..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => return None,
    };
    Some((number * unit).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Source;
    use crate::template::tree;

    fn sources(text: &str) -> (Vec<Options>, Vec<String>) {
        let (table, mut wrong) = tree::read(&Source::new("storypress.toml", text));
        let found = match table.get("source").map(|node| &node.value) {
            Some(Value::Table(section)) => read(section, &mut wrong),
            _ => Vec::new(),
        };
        let said = |d: &Diagnostic| format!("{}: {}", d.line_column().0, d.message);
        (found, wrong.iter().map(said).collect())
    }

    #[test]
    fn a_source_is_read_with_all_that_it_says() {
        let (found, wrong) = sources(
            r#"[source.menu]
url = "https://api.airtable.com/v0/app/Menu?view=Day"
format = "json"
every = "5min"
token_env = "SHEET_TOKEN"
headers = { "X-Api-Key" = "env:MENU_KEY", Accept-Language = "es" }
rows = "records"
fields = "fields"
next = { param = "offset", from = "offset" }
pictures = false
stale = "1d 12h"
private = true
max_bytes = "10MB"
[source.posts]
url = "https://blog.example.com/feed"
"#,
        );
        assert_eq!(wrong, [""; 0]);
        let menu = &found[0];
        assert_eq!(menu.format, Some(Format::Json));
        assert_eq!((menu.every.as_secs(), menu.stale.as_hours()), (300, 36));
        assert_eq!(menu.token_env.as_deref(), Some("SHEET_TOKEN"));
        assert_eq!(menu.headers.len(), 2);
        assert_eq!(menu.headers[0].value, Given::Env("MENU_KEY".into()));
        assert_eq!(menu.headers[1].value, Given::Plain("es".into()));
        assert_eq!(
            menu.next.as_ref().and_then(|n| n.param.as_deref()),
            Some("offset")
        );
        assert!(menu.private && !menu.pictures);
        assert_eq!(menu.max_bytes, 10_000_000);
        assert_eq!(
            menu.place.text(),
            "\"https://api.airtable.com/v0/app/Menu?view=Day\""
        );
        let posts = &found[1];
        assert!(posts.pictures && !posts.private && posts.format.is_none());
        assert_eq!((posts.every.as_secs(), posts.stale.as_hours()), (900, 24));
        assert_eq!(posts.max_bytes, 64 << 20);
    }

    #[test]
    fn what_is_wrong_points_at_its_line() {
        let (found, wrong) = sources(
            r#"[source.a]
urll = "https://a.org/"
[source.b]
url = "ftp://a.org/x.csv"
[source.c]
url = "https://me:hush@a.org/"
[source.d]
url = "https://a.org/"
format = "xls"
every = "often"
stale = "-1h"
token_env = "ghp 1234"
headers = { "X Y" = "a", "X-Key" = "hush", "X-B" = "env:" }
next = { param = "offset" }
private = "yes"
max_bytes = "many"
[source.e]
url = "https://a.org/"
format = "csv"
rows = "records"
[source."../f"]
url = "https://a.org/"
"#,
        );
        assert_eq!(found.len(), 2);
        assert_eq!(
            wrong,
            [
                "2: source `a` has no key `urll`",
                "1: source `a` has no `url`",
                "4: `url` is an address that starts with https:// or http://",
                "6: a password in `url` is a secret in the project file",
                "9: `format` is csv, tsv, json, jsonl, xlsx, ods or feed, not `xls`",
                "15: `private` takes true or false, not `yes`",
                "10: `often` is not a time",
                "11: `stale` is a time that goes forward",
                "12: `token_env` is the name of an environment variable, and not the token",
                "13: `X Y` is no name of a header",
                "13: the header `X-Key` looks like a secret in the project file",
                "13: `env:` in the header `X-B` names no environment variable",
                "14: `next` has no `from`: where an answer says what the next page is",
                "16: `many` is not a number of bytes",
                "20: `rows`, `fields` and `next` are for JSON",
                "21: a source's name has letters, digits, `-` and `_`, not `../f`",
            ]
        );
        assert!(!wrong.concat().contains("hush"));
    }
}
