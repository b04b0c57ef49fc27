//! What people decide about a story: try again, it is live, it is not, now.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Error, Publisher};
use crate::graph::StoryId;
use crate::pipeline::Event;
use crate::store::{Claim, Hold, Note, Step, Store, Story, StoryKey};

/// How long a person's decision may take to be saved.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// The one story whose id begins so.
///
/// # Errors
/// `Refused` where it is none, or more than one; what the store says.
pub async fn one(store: &Store, id: &str) -> Result<Story, Error> {
    let mut found = store.find(id).await?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(unknown(id)),
        _ => {
            let keys: Vec<_> = found.iter().map(|s| s.key.to_string()).collect();
            Err(Error::refused(format!("`{id}` may be {}", keys.join(", "))))
        }
    }
}

/// There is no such story.
pub fn unknown(id: &str) -> Error {
    Error::refused(format!(
        "no story `{id}`: `storypress status --all` shows them"
    ))
}

/// Saves what a person has decided about a story: `change` makes it, from how the story stands at this moment.
async fn decide(
    store: &Store,
    key: &StoryKey,
    (what, by, hold): (&str, &str, Hold),
    now: Timestamp,
    change: impl FnOnce(&mut Story) -> Result<(), Error>,
) -> Result<Story, Error> {
    let Claim::Mine(claimed) = store.claim(key, now, LEASE).await? else {
        return Err(Error::refused(format!(
            "somebody is at work on {key} at this moment"
        )));
    };
    let mut story = claimed.story.clone();
    if let Err(refused) = change(&mut story) {
        store.release(&claimed, now).await?;
        return Err(refused);
    }
    let note = Note::with(what, json!({ "by": by }));
    store.save(&claimed, &story, &note, hold, now).await?;
    Ok(story)
}

/// What [`super::resolve`] does with an uncertain story.
///
/// # Errors
/// `Refused` where it is not uncertain, or somebody is at work on it; what the store says.
pub(super) async fn resolve(
    store: &Store,
    key: &StoryKey,
    (is_live, name): (bool, Option<StoryId>),
    by: &str,
    now: Timestamp,
) -> Result<Story, Error> {
    let what = match is_live {
        true => "found live by hand",
        false => "found not live by hand",
    };
    decide(store, key, (what, by, Hold::Off), now, |story| {
        story.step = resolved(story, is_live, name)?;
        story.trouble = None;
        Ok(())
    })
    .await
}

/// Where an uncertain story stands when somebody has looked.
fn resolved(story: &Story, is_live: bool, name: Option<StoryId>) -> Result<Step, Error> {
    let Step::Uncertain { intent, .. } = &story.step else {
        return Err(Error::refused(format!(
            "{} is {}, neither uncertain nor handed to a person",
            story.key,
            story.step.state()
        )));
    };
    Ok(match is_live {
        true => Step::Published {
            story: name,
            container: intent.container.id.clone(),
            at: intent.at,
            insights: None,
        },
        false => Step::Failed {
            why: "somebody looked, and it was not live".into(),
        },
    })
}

/// A person has posted a story that was handed to them: what it is called, where that is known, and since when it is live.
///
/// # Errors
/// `Refused` where it is not handed or missed any more, or somebody is at work on it; what the store says.
pub(super) async fn posted(
    store: &Store,
    key: &StoryKey,
    (name, at): (Option<StoryId>, Timestamp),
    by: &str,
    now: Timestamp,
) -> Result<Story, Error> {
    let what = ("posted by hand", by, Hold::Nap);
    decide(store, key, what, now, |story| {
        if !matches!(story.step, Step::Handed { .. } | Step::Missed) {
            return Err(not_handed(story));
        }
        story.step = Step::Published {
            story: name,
            // no program has made one
            container: super::accounts::no_container(),
            at,
            insights: None,
        };
        (story.wake, story.trouble) = (now, None);
        Ok(())
    })
    .await
}

/// A story that was handed to a person does not go out.
///
/// # Errors
/// As [`posted`].
pub(super) async fn not_posted(
    store: &Store,
    key: &StoryKey,
    by: &str,
    now: Timestamp,
) -> Result<Story, Error> {
    let what = ("not posted by hand", by, Hold::Off);
    decide(store, key, what, now, |story| {
        if !matches!(story.step, Step::Handed { .. }) {
            return Err(not_handed(story));
        }
        story.step = Step::Cancelled {
            why: "it was handed to a person, and not posted".into(),
        };
        story.trouble = None;
        Ok(())
    })
    .await
}

fn not_handed(story: &Story) -> Error {
    let (key, state) = (&story.key, story.step.state());
    Error::refused(format!("{key} is {state}: nobody has it to post"))
}

/// Only what surely is not live may be tried again.
///
/// # Errors
/// `Refused` with what to do first.
pub fn may_retry(story: &Story) -> Result<(), Error> {
    match &story.step {
        Step::Failed { .. } | Step::Missed | Step::Cancelled { .. } => Ok(()),
        Step::Uncertain { .. } => Err(Error::refused(format!(
            "nobody can tell whether {0} is live: first `storypress resolve {0} --live` or `--not-live`",
            story.key
        ))),
        Step::Handed { .. } => Err(Error::refused(format!(
            "a person has {0}, and may have posted it: first `storypress resolve {0} --live` or `--not-live`",
            story.key
        ))),
        step => Err(Error::refused(format!(
            "{} is {}: there is nothing to try again",
            story.key,
            step.state()
        ))),
    }
}

/// A story that was not sent yet does not go out.
///
/// # Errors
/// `Refused` where it is or may be live, or has ended; what the store says.
pub async fn cancel(
    store: &Store,
    key: &StoryKey,
    by: &str,
    now: Timestamp,
) -> Result<Story, Error> {
    decide(
        store,
        key,
        ("cancelled by hand", by, Hold::Off),
        now,
        |story| {
            may_change(story, "cancel")?;
            story.step = Step::Cancelled {
                why: "taken back by hand".into(),
            };
            story.trouble = None;
            Ok(())
        },
    )
    .await
}

/// A story that was not sent yet goes out at another time; `zone` says of which day that is.
///
/// # Errors
/// `Refused` where it is or may be live, or has ended, where the time is past, and where the same picture stands there
/// already; what the store says.
pub async fn move_to(
    store: &Store,
    key: &StoryKey,
    to: Timestamp,
    by: &str,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Story, Error> {
    if to < now {
        return Err(Error::refused(format!("{to:.0} is past")));
    }
    let day = Some(to.to_zoned(zone.clone()).date());
    let moved = |story: &mut Story| (story.due, story.day, story.wake) = (to, day, to);
    let mut wanted = store.get(key).await?;
    moved(&mut wanted);
    // what stands in the calendar is told apart by its slot, not by its picture
    if wanted.slot.is_none()
        && let Some(other) = store.same(&wanted, now).await?.filter(|o| o.key != *key)
    {
        return Err(Error::refused(format!(
            "{} shows the same picture on that day and is {}",
            other.key,
            other.state(now)
        )));
    }
    decide(store, key, ("moved by hand", by, Hold::Nap), now, |story| {
        may_change(story, "move")?;
        moved(story);
        if let Step::Handed { .. } = story.step {
            // it is handed again, at the other time
            story.step = Step::Rendered;
        }
        story.attempts = 0;
        story.trouble = None;
        Ok(())
    })
    .await
}

/// Only what surely was not sent can be taken back or moved.
fn may_change(story: &Story, verb: &str) -> Result<(), Error> {
    let key = &story.key;
    match &story.step {
        // what a person has goes on when they say so
        Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. } | Step::Handed { .. } => {
            Ok(())
        }
        Step::Publishing { .. } => Err(Error::refused(format!(
            "{key} is being published and may be live: `storypress status {key}` tells when that is known"
        ))),
        Step::Uncertain { .. } => Err(Error::refused(format!(
            "nobody can tell whether {key} is live: first `storypress resolve {key} --live` or `--not-live`"
        ))),
        step => Err(Error::refused(format!(
            "{key} is {}: there is nothing to {verb}",
            step.state()
        ))),
    }
}

impl Publisher {
    /// Stories that did not go out go out now, after all; takes them down the staircase until each rests. What became
    /// of each, in their order.
    ///
    /// # Errors
    /// As [`Publisher::run`]. Each story's own: `Refused` where it may be live, its account is not open, or another
    /// story shows the same picture.
    pub async fn retry(
        &self,
        keys: &[StoryKey],
        by: &str,
        now: Timestamp,
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<Vec<Result<Story, Error>>, Error> {
        let mut outcomes = Vec::new();
        for key in keys {
            outcomes.push(self.requeue(key, by, now).await);
        }
        let begun = outcomes.iter().flatten().map(|story| story.key.clone());
        let begun: Vec<_> = begun.collect();
        self.run(&begun, told).await?;
        for story in outcomes.iter_mut().flatten() {
            *story = self.store.get(&story.key).await?;
        }
        Ok(outcomes)
    }

    /// A story that did not go out is due now: whoever works next sends it.
    ///
    /// # Errors
    /// `Refused` where it may be live, its account is not open, or another story shows the same picture.
    pub async fn requeue(&self, key: &StoryKey, by: &str, now: Timestamp) -> Result<Story, Error> {
        let mut story = self.store.get(key).await?;
        may_retry(&story)?;
        if !self.rooms.contains_key(&story.account) {
            return Err(Error::refused(format!(
                "{key} belongs to the account {}, which is not open here",
                story.account
            )));
        }
        let day = Some(now.to_zoned(self.zone.clone()).date());
        (story.due, story.day) = (now, day);
        if story.slot.is_none()
            && let Some(other) = self.store.same(&story, now).await?
        {
            return Err(Error::refused(format!(
                "{} shows the same picture and is {}: `storypress publish --again` sends it once more",
                other.key,
                other.state(now)
            )));
        }
        decide(
            &self.store,
            key,
            ("retried by hand", by, Hold::Off),
            now,
            |story| {
                may_retry(story)?;
                story.step = Step::Rendered;
                (story.due, story.day, story.wake) = (now, day, now);
                story.attempts = 0;
                story.trouble = None;
                Ok(())
            },
        )
        .await
    }
}
