//! A notice in words for people: a mail's subject and text.
//!
//! In: notices as they are sent. Out: lines without control characters. Never: markup.

use serde_json::Value as Json;

use super::payload::counted;

/// The longest subject, in characters.
const SUBJECT: usize = 150;

/// One line on a message.
pub(super) fn subject(notices: &[Json]) -> String {
    let said = match notices {
        [notice] => line(notice),
        all => counted(all),
    };
    let said: String = said.chars().take(SUBJECT).collect();
    format!("Storypress: {said}")
}

/// The text of a message.
pub(super) fn text(notices: &[Json]) -> String {
    let parts: Vec<String> = notices.iter().map(paragraph).collect();
    parts.join("\n")
}

/// `menu-01 failed (main)`.
fn line(notice: &Json) -> String {
    let of = |key: &str| said(&notice["data"][key]);
    let what = ["name", "slot", "story", "schedule"]
        .iter()
        .find_map(|key| of(key));
    let (what, account) = match (what, of("account")) {
        (Some(what), account) => (what, account),
        // of the account as a whole
        (None, Some(account)) if notice["type"] != "token" => (account, None),
        (None, account) => ("something".to_owned(), account),
    };
    let line = match notice["type"].as_str().unwrap_or_default() {
        "failed" => format!("{what} failed"),
        "handed" => format!("{what} is to be posted by hand"),
        "uncertain" => format!("nobody can tell whether {what} is live"),
        "missed" => format!("{what} was missed"),
        "no-row" => format!("no row for {what}"),
        "unapproved" => format!("{what} is not approved"),
        "source-failed" => format!("the data of {what} cannot be had"),
        "token" => match account {
            Some(account) => return format!("the token of {account}"),
            None => "a token".to_owned(),
        },
        "published" => format!("{what} is live"),
        "approved" => format!("{what} was approved"),
        "rejected" => format!("{what} was rejected"),
        "resolved" => format!("{what} was resolved"),
        other => format!("{what}: {other}"),
    };
    match account {
        Some(account) => format!("{line} ({account})"),
        None => line,
    }
}

fn paragraph(notice: &Json) -> String {
    let of = |key: &str| said(&notice["data"][key]);
    let mut lines = vec![line(notice)];
    let mut add = |label: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("  {label:<9} {value}")));
    };
    add("why", of("reason"));
    add("when", said(&notice["timestamp"]));
    for key in ["slot", "schedule", "story", "url"] {
        add(key, of(key));
    }
    let story = of("story");
    add("media id", of("media_id"));
    let next = story.and_then(|story| {
        Some(match notice["type"].as_str()? {
            "handed" => format!("storypress resolve {story} --live, or storypress cancel {story}"),
            "uncertain" => format!("storypress resolve {story} --live, or --not-live"),
            "failed" | "missed" => format!("storypress retry {story}"),
            _ => return None,
        })
    });
    add("next", next);
    lines.join("\n") + "\n"
}

/// A text on one line, and nothing in it that a terminal or a mail program would obey.
fn said(value: &Json) -> Option<String> {
    let text = value.as_str()?;
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let line: String = text
        .chars()
        .map(|c| if is_odd(c) { ' ' } else { c })
        .collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mail_says_what_happened_and_what_to_do() {
        let notice = json!({
            "type": "uncertain", "timestamp": "2026-12-01T09:00:00Z",
            "data": { "story": "7kq2abcd", "name": "café-01", "account": "main", "reason": "no answer" },
        });
        assert_eq!(
            subject(std::slice::from_ref(&notice)),
            "Storypress: nobody can tell whether café-01 is live (main)"
        );
        assert_eq!(
            text(&[notice]),
            "nobody can tell whether café-01 is live (main)\n  why       no answer\n  when      2026-12-01T09:00:00Z\n  \
             story     7kq2abcd\n  next      storypress resolve 7kq2abcd --live, or --not-live\n"
        );
    }

    #[test]
    fn a_name_is_one_line_whatever_is_in_it() {
        let notice = json!({
            "type": "failed", "timestamp": "2026-12-01T09:00:00Z",
            "data": { "name": "a\r\nBcc: b@example.com\u{202e}\u{1b}[2J", "reason": "x" },
        });
        let subject = subject(&[notice]);
        assert_eq!(subject, "Storypress: a Bcc: b@example.com [2J failed");
        assert!(!subject.contains(char::is_control));
    }

    #[test]
    fn what_is_of_an_account_names_it_once() {
        let of = |kind: &str| json!({ "type": kind, "data": { "account": "main", "reason": "x" } });
        assert_eq!(subject(&[of("failed")]), "Storypress: main failed");
        assert_eq!(subject(&[of("token")]), "Storypress: the token of main");
    }

    #[test]
    fn many_notices_are_counted() {
        let of = |kind: &str| json!({ "type": kind, "data": { "reason": "x" } });
        assert_eq!(
            subject(&[of("failed"), of("missed")]),
            "Storypress: 2 notices: 1 failed, 1 missed"
        );
    }
}
