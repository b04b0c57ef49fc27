//! What is sent: `{"type", "timestamp", "data"}`.

use serde_json::{Value as Json, json};

use crate::store::{Message, NoticeEvent};

/// An event as a notice. `name_of` says what the project calls an account.
pub(super) fn notice(event: &NoticeEvent, name_of: impl Fn(&str) -> String) -> Json {
    let mut data = event.data.clone();
    data.account = data.account.map(|account| name_of(&account));
    json!({ "type": event.kind.word(), "timestamp": event.at, "data": data })
}

/// The one thing that a message holds: its notice, or a digest of them. The same at every try.
pub(super) fn payload(message: &Message) -> Json {
    match &message.notices[..] {
        [notice] if !message.is_digest => notice.clone(),
        notices => json!({
            "type": "digest",
            "timestamp": notices.last().map_or(&Json::Null, |last| &last["timestamp"]),
            "data": { "reason": counted(notices), "notices": notices },
        }),
    }
}

/// `3 notices: 2 failed, 1 missed`.
pub(super) fn counted(notices: &[Json]) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for notice in notices {
        let kind = notice["type"].as_str().unwrap_or("?");
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let parts: Vec<_> = kinds
        .iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    let word = match notices.len() {
        1 => "notice",
        _ => "notices",
    };
    format!("{} {word}: {}", notices.len(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{NoticeData, NoticeKind};

    #[test]
    fn a_notice_has_the_account_as_the_project_calls_it() {
        let event = NoticeEvent {
            id: "msg_1".into(),
            kind: NoticeKind::Failed,
            at: "2026-12-01T09:00:00Z".parse().unwrap(),
            data: NoticeData {
                story: Some("7kq2abcd".into()),
                account: Some("instagram:1".into()),
                ..NoticeData::new("no such picture")
            },
        };
        assert_eq!(
            notice(&event, |_| "main".into()).to_string(),
            r#"{"type":"failed","timestamp":"2026-12-01T09:00:00Z","data":{"story":"7kq2abcd","account":"main","reason":"no such picture"}}"#
        );
    }

    #[test]
    fn a_digest_counts_what_it_holds() {
        let of = |kind: &str| json!({ "type": kind });
        let all = [of("failed"), of("missed"), of("failed")];
        assert_eq!(counted(&all), "3 notices: 2 failed, 1 missed");
        assert_eq!(counted(&all[..1]), "1 notice: 1 failed");
    }
}
