//! Faults on demand: what goes wrong, at which call, how often.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// `POST /{user}/media_publish`; the app's `media/configure_to_story/`
    Publish,
    /// `POST /{user}/media`
    Container,
    /// `GET /{container}`
    Status,
    /// `GET /{user}/stories`; the app's `feed/user/{id}/story/`
    Stories,
    /// `GET /{user}/content_publishing_limit`
    Quota,
    /// `POST /ig-api-upload/…`; the app's `rupload_igphoto`, `rupload_igvideo`
    Upload,
    /// `GET` and `DELETE /{story}`
    Media,
    /// `GET /{story}/insights`
    Insights,
    /// `GET /me`, `/me/accounts`, `/{user}`; the app's `accounts/current_user/`
    Account,
    /// Tokens: exchange, refresh, `debug_token`; the app's login
    Token,
    /// Any of them, and what is none of them.
    Any,
}

impl On {
    /// The word of plans and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Container => "container",
            Self::Status => "status",
            Self::Stories => "stories",
            Self::Quota => "quota",
            Self::Upload => "upload",
            Self::Media => "media",
            Self::Insights => "insights",
            Self::Account => "account",
            Self::Token => "token",
            Self::Any => "any",
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Do {
    /// Nothing is done, and the connection is reset without an answer.
    DropBefore,
    /// It is done, and the connection is reset without an answer.
    DropAfter,
    /// It is done, and the answer comes `ms` later.
    Delay,
    /// It is done `ms` later, even when the client has gone, and answered then.
    DelayBefore,
    /// An answer of `status`, `code`, `subcode`, `message`, or `body` as it is.
    Error,
    /// The same, and it is done.
    ErrorAfter,
    /// HTTP 500, code 2.
    ServerError,
    /// 4/2207051, and it is not done.
    Blocked,
    /// 4/2207051, and it is live all the same.
    BlockedButLive,
    /// 9007/2207027.
    NotReady,
    /// 100/33.
    Unreachable,
    /// 190/463.
    ExpiredToken,
    /// 80002, with the usage header at 100 and `minutes` to regain access.
    Throttled,
    /// 9/2207042 at a publish; at a quota read, all of it is used.
    QuotaReached,
    /// 9004/2207052.
    FetchFailed,
    /// At an upload: 400 `ProcessingFailedError`, nothing kept.
    ProcessingFailed,
    /// It is done, and the container says FINISHED for `stale_ms` more.
    StaleFinished,
    /// At a container: IN_PROGRESS for ever, its phases say `error`.
    Stuck,
    /// At a container: ERROR with `subcode` when its time has passed.
    Fails,
    /// At an upload: the first `bytes` are kept, the answer is 206.
    Partial,
    /// At an upload: the first `bytes` are kept, then the connection is reset.
    PartialDrop,
    /// A page of HTML with status 200.
    Html,
    /// 5 MB of JSON.
    Huge,
    /// It is done, and the answer comes a byte every `ms`.
    Drip,
    /// 302 to `to`.
    Redirect,
    /// It is done, and the answer's id has letters.
    LetteredId,
    /// It is done, and the answer breaks off in the middle.
    Cut,
    /// The app's: a person has to look first. With the Graph API: 190/459.
    Challenge,
    /// It is not done, and the answer is good and holds nothing; with `effect`, it is done.
    NoMedia,
    /// It is done and answered well; for `stale_ms`, `hidden_ms` and `late_ms` alone.
    Nothing,
}

impl Do {
    /// Whether the call takes effect where the plan does not say.
    fn has_effect(self) -> bool {
        matches!(
            self,
            Self::DropAfter
                | Self::Delay
                | Self::DelayBefore
                | Self::ErrorAfter
                | Self::BlockedButLive
                | Self::StaleFinished
                | Self::Stuck
                | Self::Fails
                | Self::Partial
                | Self::PartialDrop
                | Self::Drip
                | Self::Cut
                | Self::LetteredId
                | Self::Nothing
        )
    }
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Times {
    /// So often.
    Number(u64),
    /// Until the plan is taken away.
    Word(Always),
}

/// `"always"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Always {
    /// For ever.
    Always,
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// At which calls; any.
    #[serde(default = "any")]
    pub on: On,
    /// What happens.
    #[serde(rename = "do")]
    pub act: Do,
    /// How often; once.
    #[serde(default = "once")]
    pub times: Times,
    /// How many such calls pass first; none.
    #[serde(default)]
    pub after: u64,
    /// Calls about this account only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whether the call takes effect, against what is usual for `do`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<bool>,
    /// Real milliseconds, for `delay`, `delay-before` and `drip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// The call takes effect so many real milliseconds after the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<u64>,
    /// At a publish: so long the container still says FINISHED, on the world's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_ms: Option<u64>,
    /// At a publish: so long the story is missing in `/stories`, on the world's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_ms: Option<u64>,
    /// HTTP status of `error`; 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Code of `error`; 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// Subcode of `error` and `fails`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<u32>,
    /// Message of `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The whole body of `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Where `redirect` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How much of an upload is kept, or how long `huge` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Until access is regained, for `throttled`; 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u64>,
}

fn any() -> On {
    On::Any
}

fn once() -> Times {
    Times::Number(1)
}

impl Fault {
    /// The call is done.
    pub fn has_effect(&self) -> bool {
        self.effect.unwrap_or(self.act.has_effect())
    }

    /// The word of logs.
    pub fn word(&self) -> String {
        let word = serde_json::to_value(self.act).unwrap_or_default();
        word.as_str().unwrap_or_default().to_owned()
    }

    /// How long a published container still says FINISHED, milliseconds.
    pub fn stale_ms(&self) -> Option<u64> {
        match self.act {
            Do::StaleFinished => self.stale_ms.or(Some(60_000)),
            _ => self.stale_ms,
        }
    }
}

/// A fault and what it has seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Planned {
    /// The plan's line.
    #[serde(flatten)]
    pub fault: Fault,
    /// Calls that fitted.
    pub seen: u64,
    /// Calls that it hit.
    pub hit: u64,
}

/// The faults in their order; the first that fits a call takes it.
#[derive(Debug, Default)]
pub struct Plan(Vec<Planned>);

impl Plan {
    /// Reads a plan: a list, or one fault.
    ///
    /// # Errors
    /// A sentence.
    pub fn read(text: &[u8]) -> Result<Vec<Fault>, String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let list = match value {
            Value::Array(list) => list,
            one => vec![one],
        };
        list.into_iter()
            .enumerate()
            .map(|(at, fault)| {
                serde_json::from_value(fault).map_err(|error| format!("fault {}: {error}", at + 1))
            })
            .collect()
    }

    /// Puts faults behind those that are there.
    pub fn add(&mut self, faults: Vec<Fault>) {
        self.0.extend(faults.into_iter().map(|fault| Planned {
            fault,
            seen: 0,
            hit: 0,
        }));
    }

    /// Takes all faults away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The plan and what it has seen.
    pub fn list(&self) -> &[Planned] {
        &self.0
    }

    /// The fault that takes this call, and is then used once more.
    pub fn take(&mut self, on: On, user_id: Option<&str>) -> Option<Fault> {
        for planned in &mut self.0 {
            let fault = &planned.fault;
            let fits = fault.on == On::Any || fault.on == on;
            let is_theirs = fault.user_id.is_none() || fault.user_id.as_deref() == user_id;
            let is_left = match fault.times {
                Times::Number(times) => planned.hit < times,
                Times::Word(Always::Always) => true,
            };
            if !(fits && is_theirs && is_left) {
                continue;
            }
            planned.seen += 1;
            if planned.seen > fault.after {
                planned.hit += 1;
                return Some(fault.clone());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        let mut plan = Plan::default();
        plan.add(Plan::read(text.as_bytes()).expect("a plan"));
        plan
    }

    #[test]
    fn a_fault_waits_hits_and_is_over() {
        let mut plan = plan(r#"[{"on":"publish","do":"drop-after","after":1,"times":2}]"#);
        let hits: Vec<bool> = (0..5)
            .map(|_| plan.take(On::Publish, None).is_some())
            .collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert_eq!(plan.take(On::Status, None), None);
    }

    #[test]
    fn a_fault_keeps_to_its_account() {
        let mut plan = plan(r#"{"do":"html","user_id":"1","times":"always"}"#);
        assert_eq!(plan.take(On::Quota, Some("2")), None);
        assert!(plan.take(On::Quota, Some("1")).is_some());
        assert!(plan.take(On::Media, Some("1")).is_some());
        assert_eq!(plan.list()[0].hit, 2);
    }

    #[test]
    fn a_plan_with_a_wrong_word_is_refused() {
        let said = Plan::read(br#"[{"do":"drop-after"},{"do":"explode"}]"#).unwrap_err();
        assert!(
            said.starts_with("fault 2: unknown variant `explode`"),
            "{said}"
        );
        assert!(Plan::read(br#"{"do":"html","how":1}"#).is_err());
    }
}
