//! `[notify.NAME]` and `[smtp]`: who is told of what, and how mail goes out.
//!
//! In: tables whose keys have been checked. Out: targets, a mail server. Never: a secret, which only has a name here.

use std::time::Duration;

use lettre::Address;
use url::Url;

use super::publishing::duration;
use crate::diag::{Code, Diagnostic, Severity, did_you_mean};
use crate::notify::{self, Smtp, Target, Tls, To};
use crate::store::NoticeKind;
use crate::template::{Node, Table, Value, grammar};

/// A digest gathers for a week at most.
const LONGEST_DIGEST: Duration = Duration::from_hours(7 * 24);

/// Reads one target.
pub(super) fn target(
    name: &str,
    table: &Table,
    has_smtp: bool,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Target> {
    let to = to(table, has_smtp, wrong);
    let heartbeat = heartbeat(table, wrong);
    if table.get("to").is_none() && table.get("heartbeat").is_none() {
        let said = format!("nobody is told: `[notify.{name}]` has no `to`");
        let hint = "`to = \"https://…\"`, `\"mailto:team@example.com\"` or `\"exec:./notify.sh\"`";
        wrong.push(Diagnostic::at(Code::BadValue, &table.place, said).hint(hint));
        return None;
    }
    let secret_env = variable("secret_env", table, wrong);
    if let (Some(node), Some(to)) = (table.get("secret_env"), &to)
        && !matches!(to, To::Webhook(_))
    {
        let said = "a secret signs what goes to a webhook, and `to` is none";
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint("remove `secret_env`"));
    }
    let digest = table
        .get("digest")
        .and_then(|node| duration("digest", node, LONGEST_DIGEST, wrong));
    Some(Target {
        name: name.to_owned(),
        on: kinds(table, wrong),
        to,
        secret_env,
        // no time at all is at once
        digest: digest.filter(|digest| !digest.is_zero()),
        heartbeat,
    })
}

fn to(table: &Table, has_smtp: bool, wrong: &mut Vec<Diagnostic>) -> Option<To> {
    let node = table.get("to")?;
    let to = match To::parse(node.as_text()?) {
        Ok(to) => to,
        Err(bad) => {
            let said = format!("`to`: {}", bad.said);
            wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint(bad.hint));
            return None;
        }
    };
    match &to {
        To::Webhook(url) => warn_of_readable("to", url, node, wrong),
        To::Mail(_) if !has_smtp => {
            let said = "mail goes out through a server, and there is no `[smtp]`";
            let hint = "[smtp] with `host = \"mail.example.com\"` and `from`";
            wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint(hint));
        }
        _ => {}
    }
    Some(to)
}

fn heartbeat(table: &Table, wrong: &mut Vec<Diagnostic>) -> Option<Url> {
    let node = table.get("heartbeat")?;
    match notify::web(node.as_text()?) {
        Ok(url) => {
            warn_of_readable("heartbeat", &url, node, wrong);
            Some(url)
        }
        Err(bad) => {
            let said = format!("`heartbeat`: {}", bad.said);
            wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint("`https://…`"));
            None
        }
    }
}

fn warn_of_readable(key: &str, url: &Url, node: &Node, wrong: &mut Vec<Diagnostic>) {
    if notify::is_readable(url) {
        let said =
            format!("`{key}` is plain http: others on the way can read it, address included");
        wrong.push(
            Diagnostic::at(Code::BadValue, &node.place, said)
                .severity(Severity::Warning)
                .hint("https://…"),
        );
    }
}

/// The words of `on`; without it, those that call for a person.
fn kinds(table: &Table, wrong: &mut Vec<Diagnostic>) -> Vec<NoticeKind> {
    let Some(node) = table.get("on") else {
        return NoticeKind::TROUBLE.to_vec();
    };
    let Some(items) = grammar::list(node) else {
        return Vec::new();
    };
    if items.is_empty() {
        let said = "`on` names nothing: nobody would be told";
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint(all_words()));
    }
    let mut found = Vec::new();
    for item in items {
        // what is no text was reported with the keys
        let Some(word) = item.as_text() else {
            continue;
        };
        match word.parse::<NoticeKind>() {
            Ok(kind) if !found.contains(&kind) => found.push(kind),
            Ok(_) => {}
            Err(()) => wrong.push(unknown(word, item)),
        }
    }
    found
}

fn unknown(word: &str, item: &Node) -> Diagnostic {
    let said = format!("nothing is called `{}`", word.escape_debug());
    let words = NoticeKind::ALL.map(NoticeKind::word);
    let meant = match word {
        // the states of stories, which are not the words of notices
        "live" => Some("did you mean `published`?".to_owned()),
        _ => did_you_mean(word, words),
    };
    Diagnostic::at(Code::BadValue, &item.place, said)
        .hint(all_words())
        .maybe_hint(meant)
}

fn all_words() -> String {
    NoticeKind::ALL.map(NoticeKind::word).join(", ")
}

/// The name of an environment variable. What is no such name may be the secret itself, and is not repeated.
fn variable(key: &str, table: &Table, wrong: &mut Vec<Diagnostic>) -> Option<String> {
    let node = table.get(key)?;
    let name = node.as_text()?.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = !name.is_empty() && name.chars().all(fits) && !name.starts_with("whsec_");
    if !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
        let said = format!("`{key}` is the name of an environment variable, not the secret itself");
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint("such as HOOK_SECRET"));
        return None;
    }
    Some(name.to_owned())
}

/// Reads `[smtp]`; none without a host.
pub(super) fn smtp(table: &Table, wrong: &mut Vec<Diagnostic>) -> Option<Smtp> {
    if table.entries.is_empty() {
        return None;
    }
    let text = |key: &str| table.get(key).and_then(grammar::text);
    let mut missing = |key: &str, hint: &str| {
        let said = format!("`[smtp]` has no `{key}`");
        wrong.push(Diagnostic::at(Code::BadValue, &table.place, said).hint(hint));
    };
    let host = text("host").map(|host| host.trim().to_owned());
    if host.is_none() {
        missing("host", "`host = \"mail.example.com\"`");
    }
    let user = text("user");
    let of_user = || user.as_ref().and_then(|user| user.parse::<Address>().ok());
    if table.get("from").is_none() && of_user().is_none() {
        missing("from", "the sender: `from = \"storypress@example.com\"`");
    }
    if user.is_some() != table.get("password_env").is_some() {
        let key = match user {
            Some(_) => "password_env",
            None => "user",
        };
        missing(key, "`user` and `password_env` go together");
    }
    let from = match table.get("from") {
        Some(node) => address(node, wrong)?,
        None => of_user()?,
    };
    let password_env = variable("password_env", table, wrong);
    let tls = match table.get("tls").and_then(Node::as_text) {
        Some("tls") => Tls::Tls,
        Some("none") => Tls::None,
        // any other word was reported with the keys
        _ => Tls::StartTls,
    };
    let host = host?;
    if let Some(node) = table.get("host")
        && (host.is_empty() || host.contains(['/', ' ', '@']))
    {
        let said = "`host` is the name of a mail server and nothing else";
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said).hint("mail.example.com"));
        return None;
    }
    if let Some(node) = table.get("tls")
        && tls == Tls::None
        && password_env.is_some()
        && !Smtp::is_near(&host)
    {
        let said = "the password would go over the network for others to read";
        wrong.push(
            Diagnostic::at(Code::BadValue, &node.place, said)
                .hint("`tls = \"starttls\"` or \"tls\""),
        );
    }
    let port = match table.get("port").map(|node| &node.value) {
        // one out of range was reported with the keys
        Some(Value::Integer(port)) => u16::try_from(*port).ok(),
        _ => None,
    };
    Some(Smtp {
        port: port.unwrap_or(tls.port()),
        host,
        user,
        password_env,
        from,
        tls,
    })
}

/// `a@example.com`; a name before it is of no use here.
fn address(node: &Node, wrong: &mut Vec<Diagnostic>) -> Option<Address> {
    let text = node.as_text()?;
    let found = text.trim().parse::<Address>().ok();
    if found.is_none() {
        let said = format!("`{}` is no mail address", text.escape_debug());
        wrong
            .push(Diagnostic::at(Code::BadValue, &node.place, said).hint("storypress@example.com"));
    }
    found
}
