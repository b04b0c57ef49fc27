//! What a world holds: accounts, tokens, containers, stories.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::clock::later;
use super::refusal::Refusal;
use crate::graph::Login;
use crate::media::Kind;

/// How long a story is seen, a container lives, and quotas look back: the sandbox's own opinion, see `platform`.
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// What was found: the file as it is kept, or the refusal, which a film's container tells by its subcode alone.
pub type Verdict = Result<Medium, Refusal>;

/// Somebody whose stories are published.
#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    /// What a project file would call the account.
    pub name: String,
    /// Which login its tokens come from.
    pub login: Login,
    /// The professional account's id: the node of every path.
    pub user_id: String,
    /// What `/me` calls `id`: app-scoped on Instagram Login, a person on Facebook Login.
    pub scoped_id: String,
    /// The Page it hangs on, for Facebook Login.
    pub page_id: Option<String>,
    /// Without the `@`.
    pub username: String,
    /// What the app logs in with, for login `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The seed of its authenticator, base 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_seed: Option<String>,
}

/// Whose name a token speaks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Instagram Login.
    Instagram,
    /// A person, Facebook Login.
    Facebook,
    /// A Page, Facebook Login.
    Page,
    /// A login of the app itself.
    App,
}

/// A token, its age and its rights.
#[derive(Clone, Serialize, Deserialize)]
pub struct Token {
    /// The secret itself; of a world that does not exist.
    pub token: String,
    /// Whose name it speaks in.
    pub family: Family,
    /// The account.
    pub user_id: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub issued: Timestamp,
    /// When it ends; Page tokens do not.
    pub expires: Option<Timestamp>,
    /// Of 60 days, not of one hour.
    pub is_long: bool,
    /// The app it was made for.
    pub app_id: String,
    /// The `appsecret_proof` that fits, where the app's secret was seen.
    pub proof: Option<String>,
    /// The sandbox gave it to the account; nobody logged in for it.
    #[serde(default)]
    pub is_born: bool,
}

/// What a token of each login may do when everything is granted.
pub fn all_scopes(login: Login) -> Vec<String> {
    let scopes: &[&str] = match login {
        Login::Instagram => &[
            "instagram_business_basic",
            "instagram_business_content_publish",
            "instagram_business_manage_insights",
        ],
        Login::Private | Login::ByHand => &[],
        Login::Facebook => &[
            "instagram_basic",
            "instagram_content_publish",
            "instagram_manage_insights",
            "instagram_manage_contents",
            "pages_show_list",
            "pages_read_engagement",
            "business_management",
        ],
    };
    scopes.iter().map(|&scope| scope.to_owned()).collect()
}

/// Somebody who is mentioned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// Without the `@`.
    pub username: String,
    /// From the left, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// From the top, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
}

/// Where a container's bytes come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Fetched.
    Url(String),
    /// Sent to the upload address.
    Upload,
}

/// A file that passed its checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Medium {
    /// Its name in the world's folder: hash and ending.
    pub file: String,
    /// Of the whole file.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// What the platform has found out about a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It is being fetched, or its bytes have not all come.
    Open,
    /// Good; ready from that time on.
    Passed {
        /// The file.
        medium: Medium,
        /// Ready from here on.
        at: Timestamp,
    },
    /// Refused; said from that time on.
    Refused {
        /// What the status sentence carries.
        subcode: u32,
        /// For the log.
        said: String,
        /// Said from here on.
        at: Timestamp,
    },
    /// It never ends: the phases say `error`, the status does not.
    Stuck,
}

/// Media that are prepared, and not yet seen by anybody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Whose.
    pub user_id: String,
    /// Picture or film.
    pub kind: Kind,
    /// Where the bytes come from.
    pub source: Source,
    /// Who is mentioned.
    pub mentions: Vec<Mention>,
    /// `is_ai_generated`.
    pub is_ai: bool,
    /// When it was made.
    pub made: Timestamp,
    /// How far the platform is with it.
    pub check: Check,
    /// What the upload said its length is.
    pub file_size: Option<u64>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// Until then it says FINISHED although it is published.
    pub stale_until: Option<Timestamp>,
    /// A fault that waits for its check: the subcode it fails with.
    pub fails: Option<u32>,
}

/// `status_code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Being fetched and checked.
    InProgress,
    /// Ready to be published.
    Finished,
    /// Refused; the subcode says why.
    Error(u32),
    /// Not published within 24 hours.
    Expired,
    /// Live, or was.
    Published,
}

impl Status {
    /// `status_code`, as read.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Finished => "FINISHED",
            Self::Error(_) => "ERROR",
            Self::Expired => "EXPIRED",
            Self::Published => "PUBLISHED",
        }
    }

    /// `status`: a sentence, which holds the subcode of an error.
    pub fn sentence(self) -> String {
        match self {
            Self::InProgress => "In Progress: Media is still being processed.".to_owned(),
            Self::Finished => {
                "Finished: Media has been uploaded and it is ready to be published.".to_owned()
            }
            Self::Error(subcode) => {
                format!("Error: Media upload has failed with error code {subcode}")
            }
            Self::Expired => {
                "Expired: The container was not published within 24 hours and has expired."
                    .to_owned()
            }
            Self::Published => "Published: Media has been successfully published.".to_owned(),
        }
    }
}

impl Container {
    /// What it says about itself.
    pub fn status(&self, now: Timestamp) -> Status {
        if self.published.is_some() {
            return match self.stale_until {
                Some(until) if now < until => Status::Finished,
                _ => Status::Published,
            };
        }
        if now >= later(self.made, DAY) {
            return Status::Expired;
        }
        match &self.check {
            Check::Passed { at, .. } if now >= *at => Status::Finished,
            Check::Refused { at, subcode, .. } if now >= *at => Status::Error(*subcode),
            _ => Status::InProgress,
        }
    }
}

/// A story that is live, or was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Story {
    /// Its id.
    pub id: String,
    /// Whose.
    pub user_id: String,
    /// From which container.
    pub container_id: String,
    /// Picture or film.
    pub kind: Kind,
    /// The file.
    pub medium: Medium,
    /// Who is mentioned.
    pub mentions: Vec<Mention>,
    /// `is_ai_generated`.
    pub is_ai: bool,
    /// When it went live.
    pub published: Timestamp,
    /// When it was taken back.
    pub deleted: Option<Timestamp>,
    /// Until then `/stories` does not list it.
    pub hidden_until: Option<Timestamp>,
    /// What can be tapped: `{kind, x, y, width, height, rotation, …}`, x and y the centre, as parts of the picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stickers: Vec<serde_json::Value>,
    /// `besties`: close friends alone see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Width and height in pixels, as the app said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<(u64, u64)>,
    /// How long a film lasts, as the app said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// The app made it: its container is an upload.
    #[serde(default)]
    pub is_of_app: bool,
}

/// A file that the app has sent, and nobody sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upload {
    /// `{account}:{upload id}`.
    pub key: String,
    /// Picture or film.
    pub kind: Kind,
    /// The file.
    pub medium: Medium,
}

/// Stories that stay on a profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Highlight {
    /// Its id, without `highlight:`.
    pub id: String,
    /// Whose.
    pub user_id: String,
    /// What stands below it.
    pub title: String,
    /// The stories, in their order.
    pub media: Vec<String>,
    /// The story that it is shown by, or `file:` and the name of a picture.
    pub cover: String,
    /// When it was made.
    pub made: Timestamp,
    /// It was taken away.
    pub is_deleted: bool,
}

impl Story {
    /// People see it.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.deleted.is_none() && now < self.ends()
    }

    /// When its day is over.
    pub fn ends(&self) -> Timestamp {
        later(self.published, DAY)
    }

    /// How long it has been live; not longer than its day.
    pub fn age(&self, now: Timestamp) -> Duration {
        let age = now.duration_since(self.published).max(SignedDuration::ZERO);
        age.unsigned_abs().min(DAY)
    }
}

/// A permission to make a token, given on the authorize page.
#[derive(Clone)]
pub struct Grant {
    /// Which login.
    pub login: Login,
    /// Which account.
    pub user_id: String,
    /// Which app asked.
    pub app_id: String,
    /// Where the answer went; the exchange has to name it again.
    pub redirect_uri: String,
    /// What was allowed.
    pub scopes: Vec<String>,
    /// One hour from then.
    pub given: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(check: Check) -> Container {
        Container {
            id: "1".into(),
            user_id: "2".into(),
            kind: Kind::Image,
            source: Source::Upload,
            mentions: Vec::new(),
            is_ai: false,
            made: "2026-11-20T10:00:00Z".parse().expect("a time"),
            check,
            file_size: None,
            published: None,
            stale_until: None,
            fails: None,
        }
    }

    fn after(container: &Container, seconds: u64) -> Timestamp {
        later(container.made, Duration::from_secs(seconds))
    }

    #[test]
    fn a_container_goes_its_way_by_the_clock() {
        let mut one = container(Check::Open);
        let medium = Medium {
            file: "a.jpg".into(),
            sha256: "a".into(),
            bytes: 1,
        };
        assert_eq!(one.status(after(&one, 0)), Status::InProgress);
        one.check = Check::Passed {
            medium,
            at: after(&one, 10),
        };
        assert_eq!(one.status(after(&one, 9)), Status::InProgress);
        assert_eq!(one.status(after(&one, 10)), Status::Finished);
        assert_eq!(one.status(after(&one, 86_400)), Status::Expired);
        one.published = Some(after(&one, 20));
        one.stale_until = Some(after(&one, 50));
        assert_eq!(one.status(after(&one, 49)), Status::Finished);
        assert_eq!(one.status(after(&one, 50)), Status::Published);
        assert_eq!(one.status(after(&one, 200_000)), Status::Published);
    }

    #[test]
    fn a_refusal_is_a_sentence_with_its_subcode() {
        let mut one = container(Check::Open);
        one.check = Check::Refused {
            subcode: 2_207_026,
            said: String::new(),
            at: after(&one, 3),
        };
        let status = one.status(after(&one, 3));
        assert_eq!(status.code(), "ERROR");
        assert!(status.sentence().ends_with("error code 2207026"));
        assert_eq!(
            container(Check::Stuck).status(after(&one, 1000)),
            Status::InProgress
        );
    }
}
