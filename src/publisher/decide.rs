//! What people decide about a story: try again, it is live, it is not, now.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Publisher};
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
    what: &str,
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
    let note = Note::new(what);
    store.save(&claimed, &story, &note, Hold::Off, now).await?;
    Ok(story)
}

/// A person has looked at an uncertain story: it is live, or it is not.
///
/// # Errors
/// `Refused` where it is not uncertain, or somebody is at work on it; what the store says.
pub async fn resolve(
    store: &Store,
    key: &StoryKey,
    is_live: bool,
    now: Timestamp,
) -> Result<Story, Error> {
    let what = match is_live {
        true => "found live by hand",
        false => "found not live by hand",
    };
    decide(store, key, what, now, |story| {
        story.step = resolved(story, is_live)?;
        story.trouble = None;
        Ok(())
    })
    .await
}

/// Where an uncertain story stands when somebody has looked.
fn resolved(story: &Story, is_live: bool) -> Result<Step, Error> {
    let Step::Uncertain { intent, .. } = &story.step else {
        return Err(Error::refused(format!(
            "{} is {}, not uncertain",
            story.key,
            story.step.state()
        )));
    };
    Ok(match is_live {
        true => Step::Published {
            story: None,
            container: intent.container.id.clone(),
            at: intent.at,
            insights: None,
        },
        false => Step::Failed {
            why: "somebody looked, and it was not live".into(),
        },
    })
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
        step => Err(Error::refused(format!(
            "{} is {}: there is nothing to try again",
            story.key,
            step.state()
        ))),
    }
}

impl Publisher {
    /// A story that did not go out goes out now, after all; takes it down the staircase until it rests.
    ///
    /// # Errors
    /// `Refused` where it may be live, its account is not open, or another story shows the same picture; as
    /// [`Publisher::run`].
    pub async fn retry(
        &self,
        key: &StoryKey,
        now: Timestamp,
        at_rest: impl Fn(&Story) + Send + Sync + 'static,
    ) -> Result<Story, Error> {
        let story = self.store.get(key).await?;
        if !self.rooms.contains_key(&story.account) {
            return Err(Error::refused(format!(
                "{key} belongs to the account {}, which is not open here",
                story.account
            )));
        }
        if let Some(other) = self.store.same(&story, now).await? {
            return Err(Error::refused(format!(
                "{} shows the same picture and is {}: `storypress publish --again` sends it once more",
                other.key,
                other.state(now)
            )));
        }
        decide(&self.store, key, "retried by hand", now, |story| {
            may_retry(story)?;
            story.step = Step::Rendered;
            story.due = now;
            story.wake = now;
            story.attempts = 0;
            story.trouble = None;
            Ok(())
        })
        .await?;
        self.run(std::slice::from_ref(key), at_rest).await?;
        Ok(self.store.get(key).await?)
    }

    /// Has a story that is on its way, but not yet sent, go out now; one that somebody is at work on is left alone.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn hasten(&self, key: &StoryKey, now: Timestamp) -> Result<(), Error> {
        let Claim::Mine(claimed) = self.store.claim(key, now, LEASE).await? else {
            return Ok(());
        };
        let mut story = claimed.story.clone();
        let waits = matches!(
            story.step,
            Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. }
        );
        if waits && story.due != now {
            (story.due, story.wake) = (now, now);
            let note = Note::new("asked for again");
            self.store
                .save(&claimed, &story, &note, Hold::Off, now)
                .await?;
        } else {
            self.store.release(&claimed, now).await?;
        }
        Ok(())
    }
}
