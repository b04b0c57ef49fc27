//! A live story that the memory has no name for, and that is one of its own: the same bytes, account and day.
//!
//! In: what is live. Out: our story, live under that name. Never: one that shows other bytes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Error, Publisher, accounts};
use crate::graph::StoryId;
use crate::pipeline::SKEW;
use crate::platform::STORY_LIFE;
use crate::store::{Claim, Filter, Hold, Intent, Note, Step, Story};

/// How long it may take to save it.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// How long a story that somebody is at work on is waited for, and how often it is tried.
const HELD: (Duration, u32) = (Duration::from_millis(200), 100);

/// A story that went out without a name went out within so much of the time that is known of it.
const NEAR: SignedDuration = SignedDuration::from_mins(10);

/// What a live story is to the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// One of ours, which is live from now on.
    Settled,
    /// One that is watched at this moment: whoever does that names it.
    Watched,
    /// None of ours.
    Unknown,
}

impl Publisher {
    /// Looks among our stories for one that `live` is, a story from elsewhere with its name, time, day and hash, and has it
    /// live under that name: one that is uncertain or was failed for being in doubt, one that has no name, or one that is
    /// still planned for that day, as the memory of a backup has them.
    ///
    /// # Errors
    /// `Refused` where somebody is at work on it for long; what the store says.
    pub(super) async fn known_again(&self, live: &Story, now: Timestamp) -> Result<Again, Error> {
        let Step::Published {
            story: Some(id),
            at,
            ..
        } = &live.step
        else {
            return Ok(Again::Unknown);
        };
        if live.outgoing.media.sha256.is_empty() {
            return Ok(Again::Unknown);
        }
        let of = |states: &[&str], since| Filter {
            states: states.iter().map(|state| (*state).to_owned()).collect(),
            account: Some(live.account.clone()),
            since,
            ..Filter::default()
        };
        let lately = now.checked_sub(STORY_LIFE * 2).ok();
        let open = [
            "rendered",
            "uploaded",
            "contained",
            "publishing",
            "uncertain",
        ];
        let mut ours = self.store.list(&of(&open, None)).await?;
        let ended = of(&["failed", "live", "closed"], lately);
        ours.extend(self.store.list(&ended).await?);
        let best = ours
            .iter()
            .filter_map(|story| Some((likeness(story, live, id, *at)?, story)))
            .min_by_key(|(likeness, _)| *likeness);
        let Some((_, story)) = best else {
            return Ok(Again::Unknown);
        };
        if let Step::Publishing { .. } = story.step {
            return Ok(Again::Watched);
        }
        self.settle(story, id, *at, now).await
    }

    async fn settle(
        &self,
        known: &Story,
        id: &StoryId,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Again, Error> {
        let (pause, tries) = HELD;
        for _ in 0..tries {
            let Claim::Mine(claimed) = self.store.claim(&known.key, now, LEASE).await? else {
                tokio::time::sleep(pause).await;
                continue;
            };
            let mut story = claimed.story.clone();
            if let Step::Publishing { .. } = story.step {
                self.store.release(&claimed, now).await?;
                return Ok(Again::Watched);
            }
            let before = story.step.state();
            story.step = live_as(&story.step, id, at);
            // what went out before its time was moved there
            story.due = story.due.min(at);
            (story.wake, story.trouble, story.attempts) = (now, None, 0);
            let note = Note::with(
                "found live when stories were taken over",
                json!({ "was": before, "story": id }),
            );
            self.store
                .save(&claimed, &story, &note, Hold::Nap, now)
                .await?;
            return Ok(Again::Settled);
        }
        Err(Error::refused(format!(
            "{}, which is live, cannot be taken over: somebody is at work on it at this moment",
            known.key
        )))
    }
}

/// How near a story of ours is to one that is live, the lowest the nearest; nothing where it cannot be that one.
fn likeness(
    ours: &Story,
    live: &Story,
    id: &StoryId,
    at: Timestamp,
) -> Option<(u8, SignedDuration)> {
    if ours.outgoing.media.sha256 != live.outgoing.media.sha256 {
        return None;
    }
    let apart = |time: Timestamp| at.duration_since(time).abs();
    let was_due = ours.due <= at.checked_add(SKEW).unwrap_or(at) && apart(ours.due) < STORY_LIFE;
    // what stands in the calendar is told apart by its slot, not by its picture
    let is_of_its_day = ours.slot.is_none() && ours.day.is_some() && ours.day == live.day;
    match &ours.step {
        Step::Publishing { intent, .. } | Step::Uncertain { intent, .. } => {
            may_be(intent, id, at).then(|| (0, apart(intent.at)))
        }
        Step::Published {
            story: None,
            at: sent,
            ..
        }
        | Step::Closed {
            story: None,
            at: sent,
            ..
        } => (apart(*sent) < NEAR).then(|| (1, apart(*sent))),
        Step::Failed { .. } => was_due.then(|| (2, apart(ours.due))),
        Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. } if was_due => {
            Some((3, apart(ours.due)))
        }
        Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. } => {
            is_of_its_day.then(|| (4, apart(ours.due)))
        }
        _ => None,
    }
}

/// A publish may have brought it: it was not live before, and is of that time or later.
fn may_be(intent: &Intent, id: &StoryId, at: Timestamp) -> bool {
    let from = intent.at.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
    !intent.baseline.contains(id) && at >= from
}

/// The same story, live under that name.
fn live_as(step: &Step, id: &StoryId, at: Timestamp) -> Step {
    let named = Some(id.clone());
    match step {
        Step::Closed {
            container,
            at,
            insights,
            ..
        } => Step::Closed {
            story: named,
            container: container.clone(),
            at: *at,
            insights: insights.clone(),
        },
        Step::Published {
            container,
            at,
            insights,
            ..
        } => Step::Published {
            story: named,
            container: container.clone(),
            at: *at,
            insights: insights.clone(),
        },
        Step::Uncertain { intent, .. } => Step::Published {
            story: named,
            container: intent.container.id.clone(),
            at: intent.at,
            insights: None,
        },
        other => Step::Published {
            story: named,
            container: other
                .container()
                .cloned()
                .unwrap_or_else(accounts::no_container),
            at,
            insights: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const AT: &str = "2026-11-28T09:00:00Z";

    fn story(sha256: &str, due: &str, step: Value) -> Story {
        let story = json!({
            "key": "7kq2", "account": "instagram:1", "name": "a", "template": null,
            "outgoing": {
                "path": "/out/a.jpg", "kind": "image", "bytes": 1, "width": 1080, "height": 1920, "sha256": sha256,
            },
            "place": { "batch": "b", "position": 0, "is_series": false },
            "due": due, "day": due[..10], "wake": due, "attempts": 0, "trouble": null, "step": step,
        });
        serde_json::from_value(story).expect("a story")
    }

    fn uncertain(baseline: &[&str]) -> Value {
        json!({ "step": "uncertain", "why": "", "url": null, "intent": {
            "at": AT, "container": { "id": "1", "made": AT }, "baseline": baseline, "tries": 1,
        } })
    }

    fn published(id: Option<&str>) -> Value {
        json!({ "step": "published", "story": id, "container": "1", "at": AT, "insights": null })
    }

    #[test]
    fn the_nearest_of_our_stories_with_the_same_bytes_is_it() {
        let live = story("aa", AT, published(Some("18")));
        let (id, at): (StoryId, Timestamp) =
            ("18".parse().expect("an id"), AT.parse().expect("a time"));
        let rank = |ours: &Story| likeness(ours, &live, &id, at).map(|(rank, _)| rank);
        let rendered = json!({ "step": "rendered" });
        let failed = json!({ "step": "failed", "why": "" });
        let later = "2026-11-28T18:00:00Z";
        assert_eq!(rank(&story("aa", AT, uncertain(&["17"]))), Some(0));
        assert_eq!(
            rank(&story("aa", AT, uncertain(&["18"]))),
            None,
            "it was live before"
        );
        assert_eq!(rank(&story("aa", AT, published(None))), Some(1));
        assert_eq!(rank(&story("aa", AT, published(Some("19")))), None);
        assert_eq!(rank(&story("aa", AT, failed.clone())), Some(2));
        assert_eq!(rank(&story("aa", later, failed)), None, "it was not due");
        assert_eq!(rank(&story("aa", AT, rendered.clone())), Some(3));
        assert_eq!(rank(&story("aa", later, rendered.clone())), Some(4));
        assert_eq!(
            rank(&story("aa", "2026-11-29T09:00:00Z", rendered.clone())),
            None
        );
        assert_eq!(
            rank(&story("bb", AT, rendered.clone())),
            None,
            "other bytes"
        );
        let mut slot = story("aa", later, rendered);
        slot.slot = Some("lunch@2026-11-28T18:00".to_owned());
        assert_eq!(rank(&slot), None, "a slot is not told apart by its picture");
    }
}
