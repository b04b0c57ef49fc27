//! A story on its way out.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::graph::{Container, ContainerId, Insights, StoryId, UserTag};
use crate::media::{Kind, Media};
use crate::scene::Extras;
use crate::upload::MediaUrl;

/// Our own name of a story: short, for people to type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoryKey(pub String);

impl StoryKey {
    /// Digits and letters that nobody mistakes for each other.
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// A new one: 8 letters, 40 bits of chance. The store sees to it that no two stories share one.
    pub fn random() -> Self {
        // its keys come from the system's chance, and nothing else of std does
        let chance = RandomState::new().build_hasher().finish();
        let letter = |place: u32| Self::LETTERS[(chance >> (5 * place)) as usize % 32];
        Self((0..8).map(|place| char::from(letter(place))).collect())
    }

    /// What somebody typed, as a key would have it: an `O` was a `0`, an `l` was a `1`.
    ///
    /// `None` when no key can begin like that.
    pub(super) fn typed(text: &str) -> Option<String> {
        let fits = |c: char| u8::try_from(c).is_ok_and(|b| Self::LETTERS.contains(&b));
        let text: String = text
            .trim()
            .chars()
            .map(|c| match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                c => c,
            })
            .collect();
        (!text.is_empty() && text.chars().all(fits)).then_some(text)
    }
}

impl fmt::Display for StoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A finished file that shall go out, and with whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "AsStored")]
pub struct Outgoing {
    /// The file; its SHA-256 is what tells two stories apart.
    #[serde(flatten)]
    pub media: Media,
    /// Who is mentioned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserTag>,
}

/// The same as it is read: what serde flattens, it would read into a map first.
#[derive(Deserialize)]
struct AsStored {
    path: PathBuf,
    kind: Kind,
    bytes: u64,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    #[serde(default)]
    duration_s: Option<f64>,
    sha256: String,
    #[serde(default)]
    quality: Option<u8>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    extras: Extras,
    #[serde(default)]
    mentions: Vec<UserTag>,
}

impl From<AsStored> for Outgoing {
    fn from(stored: AsStored) -> Self {
        Self {
            media: Media {
                path: stored.path,
                kind: stored.kind,
                bytes: stored.bytes,
                width: stored.width,
                height: stored.height,
                duration_s: stored.duration_s,
                sha256: stored.sha256,
                quality: stored.quality,
                notes: stored.notes,
                extras: stored.extras,
                damaged: Vec::new(),
            },
            mentions: stored.mentions,
        }
    }
}

/// Where a story stands among others of its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The call that brought it.
    pub batch: String,
    /// Its place in that call, from 0.
    pub position: u32,
    /// When one of the batch does not go out, those after it do not either.
    pub is_series: bool,
}

/// What is meant to be sent, written before it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// When.
    pub at: Timestamp,
    /// Which container.
    pub container: Container,
    /// The stories that were live before.
    pub baseline: Vec<StoryId>,
    /// Which try of this container it is, from 1; a second one only by policy or by hand.
    pub tries: u32,
}

/// The steps of the staircase; each holds the product of the last border it passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The file is known, nothing is sent.
    Rendered,
    /// The platform can fetch it.
    Uploaded {
        /// From where.
        url: MediaUrl,
    },
    /// The platform prepares it; nobody sees it.
    Contained {
        /// From where it was fetched; none when its bytes are sent to it.
        url: Option<MediaUrl>,
        /// The prepared medium.
        container: Container,
        /// A send of it was refused: whether it is live all the same is asked before it is given up.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_refused: bool,
    },
    /// It may be live. Never sent again without asking.
    Publishing {
        /// From where it was fetched.
        url: Option<MediaUrl>,
        /// What was about to be sent.
        intent: Intent,
    },
    /// A person posts it: its package is ready, and they say what became of it.
    Handed {
        /// When.
        at: Timestamp,
        /// Where its package is: an address of the studio, or a file.
        package: String,
        /// The stories that were live before, where the account's login could list them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<Vec<StoryId>>,
    },
    /// Live.
    Published {
        /// Its name, where it is known for certain.
        story: Option<StoryId>,
        /// What was published.
        container: ContainerId,
        /// When.
        at: Timestamp,
        /// The newest numbers.
        insights: Option<Insights>,
    },
    /// Gone after its 24 hours.
    Closed {
        /// Its name, where it was known.
        story: Option<StoryId>,
        /// What was published.
        container: ContainerId,
        /// When it was published.
        at: Timestamp,
        /// The last numbers.
        insights: Option<Insights>,
    },
    /// It did not go out, and will not by itself.
    Failed {
        /// Why, for people.
        why: String,
    },
    /// Too late: never a burst of old posts.
    Missed,
    /// Nobody can tell whether it is live: a person decides.
    Uncertain {
        /// What was sent.
        intent: Intent,
        /// From where it was fetched.
        url: Option<MediaUrl>,
        /// What was seen, for people.
        why: String,
    },
    /// Taken back before it went out.
    Cancelled {
        /// Why, for people.
        why: String,
    },
}

impl Step {
    /// A send of it was refused, and its container lives and can be asked whether it went out all the same.
    pub fn may_be_live_though_refused(&self, now: Timestamp) -> bool {
        match self {
            Self::Contained {
                container,
                is_refused,
                ..
            } => *is_refused && now < container.ends(),
            _ => false,
        }
    }

    /// The word of reports: `rendered uploaded contained publishing handed live closed failed missed uncertain
    /// cancelled`.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Rendered => "rendered",
            Self::Uploaded { .. } => "uploaded",
            Self::Contained { .. } => "contained",
            Self::Publishing { .. } => "publishing",
            Self::Handed { .. } => "handed",
            Self::Published { .. } => "live",
            Self::Closed { .. } => "closed",
            Self::Failed { .. } => "failed",
            Self::Missed => "missed",
            Self::Uncertain { .. } => "uncertain",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// From where the platform fetches it, where that still matters.
    pub fn url(&self) -> Option<&MediaUrl> {
        match self {
            Self::Uploaded { url } => Some(url),
            Self::Contained { url, .. }
            | Self::Publishing { url, .. }
            | Self::Uncertain { url, .. } => url.as_ref(),
            _ => None,
        }
    }

    /// The container that it stands in.
    pub fn container(&self) -> Option<&ContainerId> {
        match self {
            Self::Contained { container, .. } => Some(&container.id),
            Self::Publishing { intent, .. } | Self::Uncertain { intent, .. } => {
                Some(&intent.container.id)
            }
            Self::Published { container, .. } | Self::Closed { container, .. } => Some(container),
            _ => None,
        }
    }

    /// The platform's name of it, where it is known.
    pub fn story(&self) -> Option<&StoryId> {
        match self {
            Self::Published { story, .. } | Self::Closed { story, .. } => story.as_ref(),
            _ => None,
        }
    }

    /// On its way: somebody has to look at it again before it is live.
    pub fn is_in_flight(&self) -> bool {
        matches!(
            self,
            Self::Rendered
                | Self::Uploaded { .. }
                | Self::Contained { .. }
                | Self::Publishing { .. }
        )
    }
}

/// A story on its way out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Our own name of it.
    pub key: StoryKey,
    /// `instagram:USER_ID` or `facebook:USER_ID`.
    pub account: String,
    /// What people call it: the file's name without its ending.
    pub name: String,
    /// The template it was made from, as its project names it.
    pub template: Option<String>,
    /// The file.
    pub outgoing: Outgoing,
    /// Among others.
    pub place: Place,
    /// The slot of the calendar that it is the story of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// When it shall go out.
    pub due: Timestamp,
    /// The day of `due` in the project's time zone: the same picture of another day is another story.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// Later than that after `due` it is missed; without it, the project's rule holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<SignedDuration>,
    /// When to look at it next; never before.
    pub wake: Timestamp,
    /// Where it stands.
    pub step: Step,
    /// How often a step of it has failed.
    pub attempts: u32,
    /// The last thing that went wrong, for people.
    pub trouble: Option<String>,
}

impl Story {
    /// The word of reports; a story that waits for its time is `due`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        match self.step {
            Step::Rendered if self.due > now => "due",
            _ => self.step.state(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outgoing_file_comes_back_as_it_was_stored() {
        let media = serde_json::json!({
            "path": "/p/a.mp4", "kind": "video", "bytes": 7, "width": 1080, "height": 1920,
            "duration_s": 1.5, "sha256": "ab", "quality": 80, "notes": ["a note"],
        });
        let media: Media = serde_json::from_value(media).expect("a medium");
        let all = Outgoing {
            media: media.clone(),
            mentions: vec![],
        };
        let text = serde_json::to_string(&all).expect("text");
        assert_eq!(serde_json::from_str::<Outgoing>(&text).expect("it"), all);
        // what an earlier version stored
        let few =
            serde_json::json!({ "path": "/p/a.jpg", "kind": "image", "bytes": 7, "sha256": "ab" });
        let bare: Media = serde_json::from_value(few.clone()).expect("a medium");
        let few: Outgoing = serde_json::from_value(few).expect("it");
        assert_eq!((few.media, few.mentions.len()), (bare, 0));
    }

    #[test]
    fn keys_are_short_and_differ() {
        let keys: std::collections::HashSet<_> = (0..1000).map(|_| StoryKey::random()).collect();
        assert_eq!(keys.len(), 1000);
        assert!(keys.iter().all(|k| k.0.len() == 8));
    }

    #[test]
    fn a_key_is_found_as_people_type_it() {
        assert_eq!(StoryKey::typed(" AbO1l ").as_deref(), Some("ab011"));
        for wrong in ["", "a%", "a_b", "ü", "u"] {
            assert_eq!(StoryKey::typed(wrong), None, "{wrong}");
        }
    }
}
