//! One slot, taken as far as it goes: its data, its picture, its approval, its story.
//!
//! In: a slot that nobody else has in hand. Out: the slot as it stands then, each step written down. Never: two stories of
//! a slot, one whose account or rule is paused.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Error;
use super::calendar::{Calendar, LEASE, calendar_slot, schedule_pause};
use super::slot_picture::{self, INTERRUPTED, Made, ToMake, Trouble};
use super::slot_row::Choice;
use crate::calendar::{Pick, Rule, Unapproved};
use crate::diag::Code;
use crate::media::Media;
use crate::pipeline::{SlotNext, SlotRule, next_of_slot, state_with_picture};
use crate::platform::later;
use crate::store::{
    self, HeldSlot, Note, Outgoing, Picture, Place, Slot, SlotState, Step, StopCause, Story,
    StoryKey,
};

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(20);

/// So many steps a slot takes in one go; it takes three.
const STEPS: usize = 8;

impl Calendar<'_> {
    /// Takes a slot as far as it goes now.
    pub(super) async fn walk(&self, id: &str) -> Result<(), Error> {
        let store = &self.publisher.store;
        for _ in 0..STEPS {
            let Some(held) = store.claim_slot(id, Timestamp::now(), LEASE).await? else {
                return Ok(());
            };
            match self.step(held).await {
                Ok(true) => {}
                Ok(false) | Err(Error::Store(store::Error::Lost)) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// One step of a claimed slot, which is let go of; whether there is another one now.
    async fn step(&self, held: HeldSlot) -> Result<bool, Error> {
        let now = self.publisher.clock.now();
        let store = &self.publisher.store;
        let Some(rule) = self.rule(&held.slot.schedule).cloned() else {
            let again = later(now, SignedDuration::from_secs(2));
            let why = self.why_without_rule(&held.slot.schedule);
            match held.slot.state.is_open() && held.slot.trouble.is_none() && why.is_some() {
                true => self.wait(held, again, why, now).await?,
                false => store.let_slot_go(&held, again).await?,
            }
            return Ok(false);
        };
        if !held.slot.state.is_open() {
            store.let_slot_go(&held, Timestamp::MAX).await?;
            return Ok(false);
        }
        let limits = self.limits(&rule);
        let pause = self.pause(&rule, &held.slot, now).await?;
        match next_of_slot(&held.slot, &limits, pause.as_deref(), now) {
            SlotNext::Render => self.render(held, &rule, &limits, now).await,
            SlotNext::Wait(until, why) => {
                self.wait(held, until, why, now).await?;
                Ok(false)
            }
            SlotNext::Enter(due) => {
                match self.before_in_series(&held.slot).await? {
                    Before::Out => self.enter(held, &rule, due, now).await?,
                    Before::Open(why) => {
                        let again = later(now, SignedDuration::from_secs(1));
                        self.wait(held, again, Some(why), now).await?;
                    }
                    Before::Broken(why) => {
                        self.end(held, &rule, SlotState::Skipped, why, now).await?;
                    }
                }
                Ok(false)
            }
            SlotNext::Skip(why) => {
                self.end(held, &rule, SlotState::Skipped, why, now).await?;
                Ok(false)
            }
            SlotNext::Miss(why) => {
                let (state, why) = match self.before_in_series(&held.slot).await? {
                    Before::Out => (SlotState::Missed, why),
                    Before::Open(before) => (SlotState::Missed, format!("{why}: {before}")),
                    // it was not late, it waited for one that does not go out
                    Before::Broken(before) => (SlotState::Skipped, before),
                };
                self.end(held, &rule, state, why, now).await?;
                Ok(false)
            }
        }
    }

    /// How the slots of its series stand that go out before this one.
    async fn before_in_series(&self, slot: &Slot) -> Result<Before, Error> {
        if slot.key_in_series().is_none() {
            return Ok(Before::Out);
        }
        let store = &self.publisher.store;
        let all = store.slots_of_series(&slot.schedule, slot.series()).await?;
        let before = all.iter().filter(|other| other.position < slot.position);
        let mut open = None;
        for other in before {
            let said = |is: &str| {
                let key = other.key_in_series().unwrap_or_default();
                format!("`{key}`, which comes before it in the series, {is}")
            };
            match other.state {
                // what becomes of its story, the story's own staircase looks at
                SlotState::Entered | SlotState::Split => {}
                SlotState::Planned | SlotState::Frozen | SlotState::Waiting => {
                    open.get_or_insert_with(|| said("has not gone out yet"));
                }
                SlotState::Skipped | SlotState::Missed | SlotState::Dropped => {
                    return Ok(Before::Broken(said(&format!("is {}", other.state.word()))));
                }
            }
        }
        Ok(open.map_or(Before::Out, Before::Open))
    }

    fn limits(&self, rule: &Rule) -> SlotRule {
        let late = self.publisher.chosen().policy.late;
        let late = SignedDuration::try_from(late).unwrap_or(SignedDuration::MAX);
        SlotRule {
            approve: rule.approve,
            holds: rule.unapproved == Unapproved::Hold,
            late: rule.late.unwrap_or(late),
        }
    }

    /// Why nothing of the slot goes out now, if it is so.
    async fn pause(
        &self,
        rule: &Rule,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let pauses = self.publisher.store.schedule_pauses().await?;
        if let Some(why) = schedule_pause(rule, &pauses, now) {
            return Ok(Some(why));
        }
        let Some(key) = self.publisher.keys.get(&slot.account) else {
            return Ok(None);
        };
        let stop = self.publisher.store.account(key).await?.stop;
        let stop = stop.filter(|stop| stop.is_on(now) && stop.cause == StopCause::ByHand);
        Ok(stop.map(|stop| format!("the account {} is paused: {}", slot.account, stop.why)))
    }

    async fn wait(
        &self,
        held: HeldSlot,
        until: Timestamp,
        why: Option<String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let store = &self.publisher.store;
        // what was foreseen stays until the data is read
        let stays = why.is_none() && held.slot.trouble.is_some();
        if stays || held.slot.reason == why {
            return Ok(store.let_slot_go(&held, until).await?);
        }
        let slot = Slot {
            wake: until,
            reason: why,
            ..held.slot.clone()
        };
        let note = match &slot.reason {
            Some(why) => Note::with("waits", json!({ "why": why })),
            None => Note::new("goes on"),
        };
        store.save_slot(&held, &slot, &note, None, now).await?;
        if slot.reason.is_some() {
            self.tell(&slot);
        }
        Ok(())
    }

    /// Reads the data and makes the picture; whether there is another step now.
    async fn render(
        &self,
        mut held: HeldSlot,
        rule: &Arc<Rule>,
        limits: &SlotRule,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let beat = self.beat(&held);
        let made = tokio::select! {
            made = self.made(&mut held, rule, now) => made?,
            () = beat => return Ok(false),
        };
        let slot = held.slot.clone();
        match made {
            Choice::Picture(made) => self.froze(held, slot, *made, limits, now).await,
            Choice::Series(rows) => self.split(held, slot, rows, now).await,
            Choice::Nothing(why) => {
                self.end(held, rule, SlotState::Skipped, why, now).await?;
                Ok(false)
            }
            Choice::Trouble(trouble) => self.troubled(held, slot, trouble, now).await,
            Choice::Again => {
                self.publisher.store.let_slot_go(&held, now).await?;
                Ok(true)
            }
        }
    }

    /// Says that a claim is still held; ends when it is lost.
    fn beat(&self, held: &HeldSlot) -> impl Future<Output = ()> + use<> {
        let (store, held) = (self.publisher.store.clone(), held.clone());
        async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let kept = store.renew_slot(&held, Timestamp::now(), LEASE).await;
                if matches!(kept, Err(store::Error::Lost)) {
                    return;
                }
            }
        }
    }

    /// Chooses the row and makes the picture of it.
    async fn made(
        &self,
        held: &mut HeldSlot,
        rule: &Arc<Rule>,
        now: Timestamp,
    ) -> Result<Choice, Error> {
        let data = match self.data(rule, now).await {
            Ok(data) => data,
            Err(trouble) => return Ok(Choice::Trouble(trouble)),
        };
        let mut row = None;
        let mut warnings = Vec::new();
        if let Some(data) = data {
            match self.choose(held, rule, &data, now).await? {
                Ok(found) => row = Some(found),
                Err(choice) => return Ok(choice),
            }
            warnings = data.warnings;
            // of other rows another slot tells
            let number = row.as_ref().map(|row| row.number);
            warnings.retain(|found| {
                let of_row = found.row.as_ref().map(|row| row.number);
                of_row.is_none() || of_row == number
            });
        }
        let (project, slot) = (self.project.clone(), held.slot.clone());
        let (rule, stop) = (rule.clone(), self.stop.clone());
        let work = tokio::task::spawn_blocking(move || {
            let slot_folder = slot_picture::folder(&project, &slot.id);
            let wanted = ToMake {
                project: &project,
                rule: &rule,
                slot: &calendar_slot(&slot),
                row: row.as_ref(),
            };
            wanted.picture(&slot_folder, &stop)
        });
        Ok(match work.await {
            Ok(Ok(mut made)) => {
                made.warnings.splice(0..0, warnings);
                Choice::Picture(Box::new(made))
            }
            Ok(Err(trouble)) => Choice::Trouble(trouble),
            Err(broken) => Choice::Trouble(Trouble::new("unreadable-media", broken.to_string())),
        })
    }

    /// The picture is made: kept, and shown to whoever has to approve it.
    async fn froze(
        &self,
        held: HeldSlot,
        mut slot: Slot,
        made: Made,
        limits: &SlotRule,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let store = &self.publisher.store;
        store.keep(&made.media).await?;
        self.publisher.tell_of_old_data(&slot, &made, now).await;
        slot.looked = Some(now);
        slot.state = state_with_picture(limits);
        slot.wake = now;
        let is_same = |picture: &Picture| picture.media.sha256 == made.media.sha256;
        if slot.picture.as_ref().is_some_and(is_same) {
            hold_rejected(&mut slot);
            // what it waits for beside its data, it still waits for
            if slot.trouble.take().is_some() {
                slot.reason = None;
            }
            let note = Note::new("read again");
            // the trail does not grow by what has not changed
            match held.slot.state == slot.state && held.slot.trouble.is_none() {
                true => store.keep_slot(&held, &slot, now).await?,
                false => store.save_slot(&held, &slot, &note, None, now).await?,
            }
            return Ok(true);
        }
        (slot.trouble, slot.reason) = (None, None);
        let was_made = slot.picture.as_ref().map(|picture| picture.made);
        approval_ends(&mut slot);
        slot.picture = Some(Picture {
            media: Media {
                path: made.media.path.to_string_lossy().into_owned().into(),
                ..made.media
            },
            mentions: made.mentions,
            made: now,
        });
        hold_rejected(&mut slot);
        // it is the one that was approved, though it could not be made in between; or it is another one
        match slot.is_approved() {
            true => slot.former = None,
            false => slot.approval = None,
        }
        let what = match was_made.is_some() {
            true => "its data has changed: another picture",
            false => "picture made",
        };
        let warnings: Vec<String> = made.warnings.iter().map(ToString::to_string).collect();
        let detail = json!({
            "sha256": slot.picture.as_ref().map(|p| &p.media.sha256),
            "row": slot.row_key,
            "warnings": warnings,
        });
        self.publisher.notice_of_slot(&slot, was_made, now).await;
        store
            .save_slot(&held, &slot, &Note::with(what, detail), None, now)
            .await?;
        self.tell(&slot);
        Ok(true)
    }

    /// One slot for each row: they go out in their order, and when one does not, those after it do not either.
    async fn split(
        &self,
        held: HeldSlot,
        mut slot: Slot,
        rows: Vec<String>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let children: Vec<Slot> = rows
            .iter()
            .zip(0..)
            .map(|(key, position)| Slot {
                id: format!("{}#{key}", slot.id),
                state: SlotState::Planned,
                row_key: Some(key.clone()),
                wake: now,
                position,
                trouble: None,
                reason: None,
                seen: now,
                ..slot.clone()
            })
            .collect();
        let store = &self.publisher.store;
        store.see_slots(&children, now).await?;
        slot.state = SlotState::Split;
        (slot.trouble, slot.reason) = (None, None);
        let note = Note::with("one slot for each row", json!({ "rows": rows }));
        store.save_slot(&held, &slot, &note, None, now).await?;
        // a turn lists its slots once, and may be the only one there is for a while
        for child in &children {
            if !self.stop.is_stopped() {
                Box::pin(self.walk(&child.id)).await?;
            }
        }
        Ok(false)
    }

    /// It could not be made: told once, and tried again until it is late.
    async fn troubled(
        &self,
        held: HeldSlot,
        mut slot: Slot,
        trouble: Trouble,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if trouble.code == INTERRUPTED {
            // whoever comes next makes it
            self.publisher.store.let_slot_go(&held, now).await?;
            return Ok(false);
        }
        let is_news = slot.reason.as_deref() != Some(&trouble.message);
        slot.looked = Some(now);
        slot.trouble = Some(trouble.code.clone());
        slot.reason = Some(trouble.message.clone());
        if slot.picture.is_some() {
            // a picture of a row that is gone does not go out; where it cannot be looked at, the approval is of a picture
            // that may come back
            match trouble.code == Code::NoRow.as_str() {
                true => approval_ends(&mut slot),
                false => slot.former = slot.picture.clone().filter(|_| slot.is_approved()),
            }
            slot.picture = None;
            slot.state = SlotState::Planned;
        }
        slot.wake = now;
        let detail = json!({ "code": trouble.code, "why": trouble.message });
        let note = Note::with("no picture", detail);
        let store = &self.publisher.store;
        match is_news {
            true => {
                self.publisher.notice_of_slot(&slot, None, now).await;
                store.save_slot(&held, &slot, &note, None, now).await?;
                self.tell(&slot);
            }
            false => store.keep_slot(&held, &slot, now).await?,
        }
        // it is looked at once more for when to try again
        Ok(true)
    }

    /// It does not go out. A rule that takes rows in turn counts the row that it would have used.
    async fn end(
        &self,
        mut held: HeldSlot,
        rule: &Rule,
        state: SlotState,
        why: String,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut has_nothing = held.slot.trouble.clone();
        // one that found no row used none
        if rule.pick.takes_turns()
            && held.slot.row_key.is_none()
            && !held.slot.found_no_row()
            && let Ok(Some(data)) = self.data(rule, now).await
            && let Err(Choice::Trouble(trouble)) = self.choose(&mut held, rule, &data, now).await?
        {
            has_nothing = Some(trouble.code);
        }
        let mut slot = Slot {
            state,
            reason: Some(why),
            wake: Timestamp::MAX,
            ..held.slot.clone()
        };
        let detail = json!({ "why": slot.reason, "row": slot.row_key });
        let note = Note::with(state.word(), detail);
        let store = &self.publisher.store;
        self.publisher.notice_of_slot(&slot, None, now).await;
        slot.trouble = has_nothing;
        store.save_slot(&held, &slot, &note, None, now).await?;
        self.tell(&slot);
        Ok(())
    }

    /// It becomes a story.
    async fn enter(
        &self,
        held: HeldSlot,
        rule: &Rule,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let store = &self.publisher.store;
        let Some(account) = self.publisher.keys.get(&held.slot.account) else {
            let why = format!("the account {} is not open here", held.slot.account);
            let again = later(now, SignedDuration::from_secs(5));
            return self.wait(held, again, Some(why), now).await;
        };
        let Some(picture) = held.slot.picture.clone() else {
            return Ok(store.let_slot_go(&held, now).await?);
        };
        if let Some(story) = store.story_of_namesake(&held.slot, account).await? {
            let why = format!("it is the story {story} already, by a former name of the account");
            return self.end(held, rule, SlotState::Skipped, why, now).await;
        }
        let story = story(&held.slot, rule, account, picture, due, now);
        let slot = Slot {
            state: SlotState::Entered,
            reason: None,
            trouble: None,
            story: Some(story.key.clone()),
            wake: Timestamp::MAX,
            ..held.slot.clone()
        };
        let note = Note::with("became a story", json!({ "story": story.key }));
        store
            .save_slot(&held, &slot, &note, Some(&story), now)
            .await?;
        Ok(())
    }
}

/// How the slots before one of a series stand.
enum Before {
    /// They are stories, or there are none.
    Out,
    /// One may still go out.
    Open(String),
    /// One does not.
    Broken(String),
}

/// An approval is of one picture: with that it ends, and the picture is kept beside the next.
fn approval_ends(slot: &mut Slot) {
    if slot.is_approved() {
        slot.former = slot.picture.take();
        slot.approval = None;
    }
}

/// A no is of a picture, and holds as long as that is the slot's: also where its rule asks nobody any more.
fn hold_rejected(slot: &mut Slot) {
    if slot.is_rejected() {
        slot.state = SlotState::Waiting;
    }
}

fn story(
    slot: &Slot,
    rule: &Rule,
    account: &str,
    picture: Picture,
    due: Timestamp,
    now: Timestamp,
) -> Story {
    let is_series = rule.pick == Pick::All;
    Story {
        key: StoryKey::random(),
        account: account.to_owned(),
        name: slot.id.clone(),
        template: Some(slot.template.clone()),
        outgoing: Outgoing {
            media: picture.media,
            mentions: picture.mentions,
        },
        place: Place {
            batch: slot.series().to_owned(),
            position: slot.position,
            is_series,
        },
        slot: Some(slot.id.clone()),
        late: rule.late,
        due,
        day: Some(slot.wall.date()),
        wake: due.max(now),
        step: Step::Rendered,
        attempts: 0,
        trouble: None,
    }
}
