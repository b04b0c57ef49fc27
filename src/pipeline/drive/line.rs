//! A story in its account's line: whom it waits for, when it goes past, and when others go past it.
//!
//! In: a story in hand. Out: when to look again. Never: the turn itself, which the store's gate gives.

use std::time::Duration;

use jiff::Timestamp;

use crate::pipeline::{Rooms, after, prepare, since};
use crate::store::{self, Pass, Step, Story};

use super::{LINE, Walk};

/// A story that is ready waits so long for one before it that is in trouble: at least one more try of that one.
const PATIENCE: Duration = Duration::from_secs(75);

impl Walk<'_> {
    /// When to look again at a story with others of its account before it, if nobody wakes it: asking for its container
    /// would only cost calls.
    pub(super) async fn behind(
        &self,
        rooms: &Rooms,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, store::Error> {
        let story = &self.story;
        let Step::Contained { container, .. } = &story.step else {
            return Ok(None);
        };
        // a film that is sent is sent while others are before it
        if container.uri.is_some() || prepare::is_late(story, rooms, now).await {
            return Ok(None);
        }
        let pass = self.pass(rooms, now);
        let before = self.driver.store.before(&story.key, pass, now).await?;
        let is_behind = before.is_some() || self.is_behind_in_series(rooms).await?;
        Ok(is_behind.then(|| self.next_look(rooms, now)))
    }

    /// Whoever has been ready for a while goes past those that are in trouble.
    pub(super) fn pass(&self, rooms: &Rooms, now: Timestamp) -> Pass {
        match self.is_out_of_patience(rooms, now) {
            true => Pass::Trouble,
            false => Pass::Nobody,
        }
    }

    /// One of its series stands before it and is not out: nobody goes past that.
    ///
    /// One that a person has is out for them: what they get next need not wait for their word, what goes out by itself does.
    pub(super) async fn is_behind_in_series(&self, rooms: &Rooms) -> Result<bool, store::Error> {
        if !self.story.place.is_series {
            return Ok(false);
        }
        let before = self.driver.store.same_series_before(&self.story).await?;
        let extras = &self.story.outgoing.media.extras;
        let is_theirs = rooms.by_hand_of(extras).is_some();
        let is_behind = |story: &Story| match story.step {
            Step::Handed { .. } => !is_theirs,
            _ => story.step.is_in_flight(),
        };
        Ok(before.iter().any(is_behind))
    }

    /// Why a story of a series does not go out.
    pub(super) async fn broken_series(&self) -> Result<Option<String>, store::Error> {
        let waits = matches!(
            self.story.step,
            Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. }
        );
        if !self.story.place.is_series || !waits {
            return Ok(None);
        }
        let before = self.driver.store.same_series_before(&self.story).await?;
        let goes_out = |story: &&Story| {
            story.step.is_in_flight()
                || matches!(
                    story.step,
                    Step::Handed { .. } | Step::Published { .. } | Step::Closed { .. }
                )
        };
        Ok(before.iter().find(|story| !goes_out(story)).map(|broken| {
            format!(
                "`{}`, which comes before it in the series, is {}",
                broken.name,
                broken.step.state()
            )
        }))
    }

    /// When to look again at a story in line, if nobody wakes it: at the latest when it may go past others.
    ///
    /// A project that waits for nothing else for long looks more often.
    pub(super) fn next_look(&self, rooms: &Rooms, now: Timestamp) -> Timestamp {
        let look = after(now, LINE.min(rooms.policy.settle * 10));
        match self.patience_ends(rooms) {
            Some(end) if end > now => look.min(end),
            _ => look,
        }
    }

    /// Waiting costs no attempt; but what waits for long, and not for its turn, counts as one whose try has failed: whoever
    /// is ready goes past it. Whether that is new.
    ///
    /// `pause` is how long it waits at once.
    pub(super) fn mark_if_held_up(
        &mut self,
        pause: Duration,
        rooms: &Rooms,
        now: Timestamp,
    ) -> bool {
        let made = match &self.story.step {
            Step::Contained { container, .. } => container.made,
            _ => now,
        };
        let is_long = pause > LINE || since(made, now) >= PATIENCE.min(rooms.policy.settle * 10);
        let is_new = is_long && self.waits() && self.story.attempts == 0;
        if is_new {
            self.story.attempts = 1;
        }
        is_new
    }

    fn is_out_of_patience(&self, rooms: &Rooms, now: Timestamp) -> bool {
        self.patience_ends(rooms).is_some_and(|end| end <= now)
    }

    /// When the story has waited long enough since it has its container.
    fn patience_ends(&self, rooms: &Rooms) -> Option<Timestamp> {
        let Step::Contained { container, .. } = &self.story.step else {
            return None;
        };
        let patience = PATIENCE.min(rooms.policy.settle);
        Some(after(container.made, patience + Duration::from_millis(1)))
    }
}
