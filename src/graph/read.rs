//! The calls that ask.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::media::Kind;

use super::client::Client;
use super::error::{Cause, Error};
use super::refusal::{Call, Next};
use super::{Container, ContainerId, Login, StoryId, UserId, table};

/// An account as it calls itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Me {
    /// What its stories are published under.
    pub user_id: UserId,
    /// Its name in the app.
    pub username: String,
    /// `BUSINESS` or `MEDIA_CREATOR`; Facebook Login does not tell.
    pub account_type: Option<String>,
}

/// The state of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StatusCode {
    /// Being fetched and prepared.
    InProgress,
    /// Ready to be published.
    Finished,
    /// It will never be ready.
    Error,
    /// Not published within its 24 hours.
    Expired,
    /// Live, or was.
    Published,
}

/// What the platform says of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// This decides.
    pub code: StatusCode,
    /// `status`: a sentence, for people.
    pub said: Option<String>,
    /// The error subcode that the sentence holds.
    pub subcode: Option<i64>,
    /// How far a sent film is; only [`Client::transfer`] asks for it.
    pub phases: Option<Phases>,
}

/// How far a sent film is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phases {
    /// Of its bytes.
    pub transferred: u64,
    /// All of them have arrived.
    pub is_uploaded: bool,
    /// A phase failed, which is the end of it, whatever the status code says: what it said.
    pub error: Option<String>,
}

impl Status {
    /// Why this container will never be published, and what may be done instead; nothing while it may.
    pub fn trouble(&self) -> Option<(String, Next)> {
        let said = || self.said.clone().unwrap_or_default();
        match (self.code, &self.phases) {
            (StatusCode::Error, _) => {
                let (meaning, next) = table::of_container(self.subcode);
                let why = meaning.map_or_else(said, |m| format!("{m}: {}", said()));
                Some((why, next))
            }
            (StatusCode::Expired, _) => Some((said(), Next::NewContainer { tries: 1 })),
            (
                StatusCode::InProgress,
                Some(Phases {
                    error: Some(why), ..
                }),
            ) => {
                // the code stays IN_PROGRESS for ever then
                Some((why.clone(), Next::NewContainer { tries: 1 }))
            }
            _ => None,
        }
    }
}

/// How many stories may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// In the running window. Lags behind a publish by minutes.
    pub used: u32,
    /// In a window; `None` where the platform does not tell.
    pub total: Option<u32>,
    /// How long the window is, s.
    #[serde(rename = "duration_s", serialize_with = "seconds")]
    pub duration: Option<Duration>,
}

fn seconds<S: serde::Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|t| t.as_secs()).serialize(to)
}

impl Quota {
    /// How many more may go out; `None` where nobody tells.
    pub fn left(&self) -> Option<u32> {
        self.total.map(|total| total.saturating_sub(self.used))
    }
}

/// A story that is live, or was. The platform leaves out what it likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryFacts {
    /// Its name.
    pub id: StoryId,
    /// When it went live.
    pub at: Option<Timestamp>,
    /// Its page.
    pub permalink: Option<String>,
    /// Its file at the platform; a signed address that ends.
    pub media_url: Option<String>,
    /// Image or video.
    pub kind: Option<Kind>,
    /// Whose.
    pub username: Option<String>,
}

/// A permission, and whether it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// Its name.
    pub name: String,
    /// Given; else declined, or over.
    pub is_granted: bool,
}

/// Pages of a list that are read at most; 100 stories a day may go out.
const MAX_PAGES: usize = 50;

impl Client {
    /// Who the token belongs to.
    pub async fn me(&self) -> Result<Me, Error> {
        let call = Call::Me;
        let (node, fields, id) = match self.options.login {
            // `id` is another one, the app's own
            Login::Instagram => ("me", "user_id,username,account_type", "user_id"),
            Login::Facebook | Login::Private | Login::ByHand => {
                (self.node(call)?, "id,username", "id")
            }
        };
        let said = self.get(call, &[node], &[("fields", fields)]).await?;
        Ok(Me {
            user_id: self.id(call, &said[id])?,
            username: text(&said["username"]).unwrap_or_default(),
            account_type: text(&said["account_type"]),
        })
    }

    /// The state of a container.
    pub async fn status(&self, container: &ContainerId) -> Result<Status, Error> {
        self.ask_status(container, "id,status_code,status").await
    }

    /// The same with how many of its bytes have arrived, for a container whose bytes are sent.
    pub async fn transfer(&self, container: &Container) -> Result<Status, Error> {
        self.ask_status(&container.id, "id,status_code,status,video_status")
            .await
    }

    async fn ask_status(&self, container: &ContainerId, fields: &str) -> Result<Status, Error> {
        let call = Call::Status;
        let said = self
            .get(call, &[container.as_str()], &[("fields", fields)])
            .await?;
        let code = match said["status_code"].as_str() {
            Some("IN_PROGRESS") => StatusCode::InProgress,
            Some("FINISHED") => StatusCode::Finished,
            Some("ERROR") => StatusCode::Error,
            Some("EXPIRED") => StatusCode::Expired,
            Some("PUBLISHED") => StatusCode::Published,
            other => {
                let said = format!("status_code {}", other.unwrap_or("is missing"));
                return Err(self.wire.strange(call, 200, &said));
            }
        };
        let sentence = text(&said["status"]);
        Ok(Status {
            code,
            subcode: sentence.as_deref().and_then(subcode_in),
            said: sentence,
            phases: said
                .get("video_status")
                .filter(|v| v.is_object())
                .map(phases),
        })
    }

    /// How many stories may go out today.
    pub async fn quota(&self) -> Result<Quota, Error> {
        let call = Call::Quota;
        let parts = [self.node(call)?, "content_publishing_limit"];
        // without `fields` the total is not told
        let said = self
            .get(call, &parts, &[("fields", "config,quota_usage")])
            .await?;
        let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
        let entry = &said["data"][0];
        let Some(used) = number(&entry["quota_usage"]) else {
            return Err(self.wire.strange(call, 200, "no `quota_usage`"));
        };
        Ok(Quota {
            used,
            total: number(&entry["config"]["quota_total"]),
            duration: entry["config"]["quota_duration"]
                .as_u64()
                .map(Duration::from_secs),
        })
    }

    /// The stories that are live now, all of them.
    ///
    /// # Errors
    /// Also when one page of the list is missing or one id is none: half a list decides nothing.
    pub async fn stories(&self) -> Result<Vec<StoryId>, Error> {
        let call = Call::Stories;
        let entries = self.list(call, &[self.node(call)?, "stories"], &[]).await?;
        let mut ids = Vec::new();
        for entry in &entries {
            let id = self.id(call, &entry["id"])?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// All entries of a list.
    ///
    /// The next page is asked for by its cursor. Its ready-made address is not used: it holds the token,
    /// and could name any host.
    pub(super) async fn list(
        &self,
        call: Call,
        parts: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, Error> {
        let mut entries = Vec::new();
        let mut cursors = HashSet::new();
        let mut query: Vec<(&str, String)> = query
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        for _ in 0..MAX_PAGES {
            let pairs: Vec<(&str, &str)> = query.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let mut said = self.get(call, parts, &pairs).await?;
            match said["data"].take() {
                Value::Array(more) => entries.extend(more),
                _ => return Err(self.wire.strange(call, 200, "no `data`")),
            }
            let cursor = match next_cursor(&said["paging"]) {
                Page::Last => return Ok(entries),
                Page::After(cursor) => cursor,
                Page::Nameless => {
                    return Err(self.wire.strange(call, 200, "a next page without a cursor"));
                }
            };
            if !cursors.insert(cursor.clone()) {
                return Err(self.wire.strange(call, 200, "a list that never ends"));
            }
            query.retain(|(name, _)| *name != "after");
            query.push(("after", cursor));
        }
        Err(self.wire.strange(call, 200, "a list that never ends"))
    }

    /// One story's facts.
    pub async fn story(&self, story: &StoryId) -> Result<StoryFacts, Error> {
        let call = Call::Story;
        let fields = "id,media_type,media_product_type,media_url,permalink,timestamp,username";
        let said = self
            .get(call, &[story.as_str()], &[("fields", fields)])
            .await?;
        Ok(StoryFacts {
            id: self.id(call, &said["id"])?,
            at: said["timestamp"].as_str().and_then(time),
            permalink: text(&said["permalink"]),
            media_url: text(&said["media_url"]),
            kind: match said["media_type"].as_str() {
                Some("IMAGE") => Some(Kind::Image),
                Some("VIDEO") => Some(Kind::Video),
                _ => None,
            },
            username: text(&said["username"]),
        })
    }

    /// Takes a story down.
    ///
    /// # Errors
    /// [`Cause::NotHere`] with Instagram Login.
    pub async fn delete(&self, story: &StoryId) -> Result<(), Error> {
        let call = Call::Delete;
        if self.options.login == Login::Instagram {
            let said = "stories can be deleted with Facebook Login only";
            return Err(Error::new(call, Cause::NotHere(said)));
        }
        let request = self.request(Method::DELETE, &[story.as_str()]);
        let said = self.wire.send(call, self.proven(request)).await?;
        match said["success"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(self.wire.strange(call, 200, "no `success`")),
        }
    }

    /// What the token may do: a user's token of Facebook Login tells it.
    ///
    /// # Errors
    /// [`Cause::NotHere`] with Instagram Login, which tells it once, when the token is given.
    pub async fn permissions(&self) -> Result<Vec<Permission>, Error> {
        let call = Call::Permissions;
        if self.options.login == Login::Instagram {
            let said = "Instagram Login gives permissions only when a token is given";
            return Err(Error::new(call, Cause::NotHere(said)));
        }
        let entries = self.list(call, &["me", "permissions"], &[]).await?;
        let permission = |entry: &Value| {
            Some(Permission {
                name: text(&entry["permission"])?,
                is_granted: entry["status"] == "granted",
            })
        };
        Ok(entries.iter().filter_map(permission).collect())
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

/// `2207026` in `Error: Media upload has failed with error code 2207026`.
fn subcode_in(sentence: &str) -> Option<i64> {
    sentence
        .split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| word.len() == 7 && word.starts_with("2207"))
        .and_then(|word| word.parse().ok())
}

fn phases(video: &Value) -> Phases {
    let (uploading, processing) = (&video["uploading_phase"], &video["processing_phase"]);
    let error = [uploading, processing]
        .into_iter()
        .find(|phase| phase["status"] == "error");
    Phases {
        transferred: uploading["bytes_transferred"].as_u64().unwrap_or_default(),
        is_uploaded: uploading["status"] == "complete",
        error: error.map(|phase| {
            let first = &phase["errors"][0];
            let code = first["code"]
                .as_i64()
                .map(|c| format!(" ({c})"))
                .unwrap_or_default();
            let said = text(&first["message"]).unwrap_or_else(|| "the film failed".to_owned());
            format!("{said}{code}")
        }),
    }
}

/// `2026-09-03T10:11:12+0000`, which no standard writes like this.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text)
        .or_else(|_| text.parse())
        .ok()
}

/// What follows a page of a list.
#[derive(Debug, PartialEq)]
enum Page {
    Last,
    After(String),
    /// One that cannot be asked for.
    Nameless,
}

fn next_cursor(paging: &Value) -> Page {
    let Some(next) = paging["next"].as_str() else {
        return Page::Last;
    };
    let in_address = || {
        let url = Url::parse(next).ok()?;
        let after = url.query_pairs().find(|(name, _)| name == "after");
        after.map(|(_, cursor)| cursor.into_owned())
    };
    text(&paging["cursors"]["after"])
        .or_else(in_address)
        .map_or(Page::Nameless, Page::After)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_failed_tells_its_subcode_in_a_sentence() {
        assert_eq!(
            subcode_in("Error: Media upload has failed with error code 2207026"),
            Some(2207026)
        );
        assert_eq!(subcode_in("2207026"), Some(2207026));
        assert_eq!(subcode_in("Finished: 12207026 22070261"), None);
    }

    #[test]
    fn the_platforms_times_are_read() {
        let expected: Timestamp = "2026-09-03T10:11:12Z".parse().unwrap();
        assert_eq!(time("2026-09-03T10:11:12+0000"), Some(expected));
        assert_eq!(time("2026-09-03T10:11:12Z"), Some(expected));
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn a_phase_that_failed_is_the_end_of_it() {
        let said = serde_json::json!({
            "uploading_phase": {"status": "complete", "bytes_transferred": 7},
            "processing_phase": {"status": "error", "errors": [{"code": 1363008, "message": "Fatal"}]}
        });
        let status = Status {
            code: StatusCode::InProgress,
            said: None,
            subcode: None,
            phases: Some(phases(&said)),
        };
        let (why, next) = status.trouble().unwrap();
        assert_eq!(
            (why.as_str(), next),
            ("Fatal (1363008)", Next::NewContainer { tries: 1 })
        );
    }

    #[test]
    fn the_next_page_is_known_by_its_cursor() {
        let paging = |text: &str| next_cursor(&serde_json::from_str(text).unwrap());
        assert_eq!(paging(r#"{"cursors":{"after":"A"}}"#), Page::Last);
        assert_eq!(
            paging(r#"{"cursors":{"after":"A"},"next":"https://x/"}"#),
            Page::After("A".into())
        );
        assert_eq!(
            paging(r#"{"next":"https://x/?access_token=t&after=B"}"#),
            Page::After("B".into())
        );
        assert_eq!(paging(r#"{"next":"https://x/"}"#), Page::Nameless);
        assert_eq!(paging("{}"), Page::Last);
    }
}
