//! Keeps the calendar: notes its slots, makes their pictures, and has each become one story.
//!
//! In: a project's rules, its data, the time. Out: slots in the store, each moved by one worker at a time.
//! Never: a slot that fires twice, or after its time had passed when it was first seen.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::Notify;

use super::noted::Noted;
use super::slot_picture::{self, Made, Trouble};
use super::{Error, Publisher};
use crate::batch;
use crate::calendar::{self, History, Pick, Picked, Rule, Unapproved};
use crate::data::Table;
use crate::diag::Diagnostic;
use crate::media::Media;
use crate::pipeline::{Event, SlotNext, SlotRule, next_of_slot, state_with_picture};
use crate::platform::{Cancel, later};
use crate::project::{self, Accounts, Project, SCHEDULE_FILE};
use crate::source::When;
use crate::store::{
    self, EVERY_SCHEDULE, HeldSlot, Note, NoticeData, NoticeKind, Outgoing, Picture, Place,
    SchedulePause, Slot, SlotFilter, SlotState, Step, StopCause, Story, StoryKey,
};

/// So far ahead slots are noted, and what they lack is told.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How often the rules are looked at again, on the calendar's clock; at once where their files have changed.
const EXPAND: SignedDuration = SignedDuration::from_mins(10);

/// How often it is looked for slots whose time has come.
const GLANCE: Duration = Duration::from_millis(250);

/// A claim of a slot holds so long without a sign of life, in real time.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(20);

/// So many rules are worked on at the same time.
const AT_ONCE: usize = 4;

/// So many steps a slot takes in one go; it takes three.
const STEPS: usize = 8;

/// Keeps a project's calendar.
pub struct Calendar<'a> {
    pub(super) publisher: &'a Publisher,
    project: Project,
    accounts: Accounts,
    stop: &'a Cancel,
    /// How many of the rows that are there at a `new` rule's first run go out.
    backfill: usize,
    pub(super) rules: Vec<Arc<Rule>>,
    /// The state of the files that the rules were read from.
    stamp: Option<Stamp>,
    /// When slots were last noted.
    expanded: Option<Timestamp>,
    noted: Noted,
}

/// What tells whether files have changed.
type Stamp = Vec<(PathBuf, Option<(u64, std::time::SystemTime)>)>;

impl<'a> Calendar<'a> {
    /// A keeper of the project's calendar, who begins by reading it.
    pub fn new(
        publisher: &'a Publisher,
        project: &Project,
        backfill: usize,
        stop: &'a Cancel,
    ) -> Self {
        Self {
            publisher,
            project: project.clone(),
            accounts: match publisher.clock.is_real() {
                true => Accounts::Own,
                false => Accounts::OfSandbox,
            },
            stop,
            backfill,
            rules: Vec::new(),
            stamp: None,
            expanded: None,
            noted: Noted::default(),
        }
    }

    /// Keeps it until it is stopped; what fails is tried again. Never comes back: what is being sent then is seen through by
    /// whoever sends it.
    pub async fn keep(&mut self) {
        let mut is_failing = false;
        while !self.stop.is_stopped() {
            match self.turn().await {
                Err(error) if !is_failing => {
                    tracing::warn!(
                        "the calendar could not be kept: {}",
                        super::open::chain(&error)
                    );
                    is_failing = true;
                }
                done => is_failing = done.is_err(),
            }
            tokio::time::sleep(GLANCE).await;
        }
        std::future::pending::<()>().await;
    }

    /// Does what is due now.
    ///
    /// # Errors
    /// What the store says.
    pub async fn turn(&mut self) -> Result<(), Error> {
        let now = self.publisher.clock.now();
        self.read_rules();
        let is_old = |at: Timestamp| now < at || now.duration_since(at) > EXPAND;
        let is_to_expand = self.expanded.is_none_or(is_old);
        if is_to_expand {
            self.expand(now).await?;
        }
        let (is_over, over) = (AtomicBool::new(false), Notify::new());
        let working = async {
            let done = self.make(now).await;
            // it asks sources and the platform, which what is due does not wait for
            let foreseen = match is_to_expand {
                true => self.foresee(now).await,
                false => Ok(()),
            };
            is_over.store(true, Ordering::Relaxed);
            over.notify_one();
            done.and(foreseen)
        };
        let (worked, sent) = tokio::join!(working, self.send(&is_over, &over));
        worked?;
        if is_to_expand {
            self.expanded = Some(now);
        }
        sent
    }

    /// Takes the slots on that have no picture yet, or one that is read again until it goes out.
    async fn make(&self, now: Timestamp) -> Result<(), Error> {
        let filter = SlotFilter {
            is_open: true,
            wake: Some(now),
            ..SlotFilter::default()
        };
        // the rows of a rule are taken in the order of its slots; a film of one rule keeps no other one waiting
        let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for slot in self.publisher.store.slots(&filter).await? {
            if slot.state != SlotState::Frozen {
                rules.entry(slot.schedule).or_default().push(slot.id);
            }
        }
        self.walk_all(rules.into_values().collect(), AT_ONCE).await
    }

    /// Has the slots that wait for nothing but their time become stories, also while others' pictures are made.
    async fn send(&self, is_over: &AtomicBool, over: &Notify) -> Result<(), Error> {
        loop {
            let is_last = is_over.load(Ordering::Relaxed);
            let filter = SlotFilter {
                state: Some(SlotState::Frozen),
                wake: Some(self.publisher.clock.now()),
                ..SlotFilter::default()
            };
            // one after the other for each account, so that they go out in their order
            let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for slot in self.publisher.store.slots(&filter).await? {
                accounts.entry(slot.account).or_default().push(slot.id);
            }
            let at_once = accounts.len().max(1);
            self.walk_all(accounts.into_values().collect(), at_once)
                .await?;
            if is_last {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                () = over.notified() => {}
            }
        }
    }

    /// Takes slots as far as they go now: those of one list one after the other, so many lists at once.
    async fn walk_all(&self, lists: Vec<Vec<String>>, at_once: usize) -> Result<(), Error> {
        let each = lists.into_iter().map(|ids| async move {
            for id in ids {
                if !self.stop.is_stopped() {
                    self.walk(&id).await?;
                }
            }
            Ok::<(), Error>(())
        });
        let done: Vec<_> = stream::iter(each).buffer_unordered(at_once).collect().await;
        done.into_iter().collect()
    }

    /// Reads the rules, where their files have changed. What is wrong is told, and the former rules stay.
    fn read_rules(&mut self) {
        let files = [
            self.project.file.clone(),
            Some(self.project.root.join(SCHEDULE_FILE)),
        ];
        let stamp = stamp(&files.into_iter().flatten().collect::<Vec<_>>());
        if self.stamp.as_ref() == Some(&stamp) {
            return;
        }
        self.stamp = Some(stamp);
        // the calendar's tables may stand in the project file as well
        if let Some(file) = &self.project.file
            && let Ok(project) = project::of(Some(file), file)
        {
            self.project = project;
        }
        let read = self.project.schedules(self.accounts);
        let is_wrong = read.told.iter().any(Diagnostic::is_error);
        for found in read.told.iter().filter(|found| found.is_error()) {
            tracing::warn!("the calendar: {found}");
        }
        let mut rules: Vec<Arc<Rule>> = read.rules.into_iter().map(Arc::new).collect();
        if is_wrong {
            // a rule that cannot be read for now goes on as it was
            let is_new = |rule: &Arc<Rule>| rules.iter().any(|new| new.name == rule.name);
            let former: Vec<_> = self.rules.iter().filter(|r| !is_new(r)).cloned().collect();
            rules.extend(former);
        }
        self.rules = rules;
        self.expanded = None;
        self.noted = Noted::default();
    }

    /// Notes the slots of the days to come, and drops those that no rule has any more.
    async fn expand(&mut self, now: Timestamp) -> Result<(), Error> {
        let store = &self.publisher.store;
        let is_whole = self.noted.begins_anew(now);
        let until = later(now, AHEAD);
        for rule in &self.rules {
            if rule.pick == Pick::New {
                self.adopt(rule, now).await?;
            }
            let slots: Vec<Slot> = rule
                .slots(now, until)
                .map(|slot| self.slot_of(rule, &slot, now))
                .collect();
            let news: Vec<Slot> = match is_whole {
                true => slots,
                false => slots
                    .into_iter()
                    .filter(|slot| self.noted.is_news(slot))
                    .collect(),
            };
            store.see_slots(&news, now).await?;
            self.noted.add(news);
        }
        store.drop_slots(|slot| self.is_in_rules(slot), now).await?;
        let filter = SlotFilter {
            is_open: true,
            ..SlotFilter::default()
        };
        slot_picture::sweep(&self.project, &store.slots(&filter).await?);
        Ok(())
    }

    fn slot_of(&self, rule: &Rule, slot: &calendar::Slot, now: Timestamp) -> Slot {
        let account = match &slot.account {
            Some(name) => name.to_string(),
            None => self.publisher.name_of(&self.publisher.account).to_owned(),
        };
        planned(rule, slot, account, now)
    }

    /// Whether a rule has the slot's own time, for its account.
    fn is_in_rules(&self, slot: &Slot) -> bool {
        let Some(rule) = self.rule(&slot.schedule) else {
            return false;
        };
        let until = later(slot.own, SignedDuration::from_millis(1));
        let mut slots = rule.slots(slot.own, until);
        let account = |found: &calendar::Slot| self.slot_of(rule, found, slot.seen).account;
        slots.any(|found| found.wall == slot.wall && account(&found) == slot.account)
    }

    fn rule(&self, name: &str) -> Option<&Arc<Rule>> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// What is there at the first run of a `new` rule does not go out.
    async fn adopt(&self, rule: &Rule, now: Timestamp) -> Result<(), Error> {
        let store = &self.publisher.store;
        if store.adopted_rows(&rule.name).await?.is_some() {
            return Ok(());
        }
        // a source that fails is tried again the next time; until then nothing of it goes out
        let Ok(Some(data)) = self.data(rule, now).await else {
            return Ok(());
        };
        match calendar::adopt(&data, self.backfill) {
            Ok(keys) => Ok(store.adopt_rows(&rule.name, &keys, now).await?),
            Err(wrong) => {
                tracing::warn!("[schedule.{}]: {}", rule.name, Trouble::of(&wrong).message);
                Ok(())
            }
        }
    }

    /// The rows of a rule; a source is asked where it is time for that.
    pub(super) async fn data(&self, rule: &Rule, now: Timestamp) -> Result<Option<Table>, Trouble> {
        if rule.data.is_none() {
            return Ok(None);
        }
        let data = batch::data_of_rule(&self.project, rule, When::Due, now).await;
        data.map(Some).map_err(|wrong| Trouble::of(&wrong))
    }

    pub(super) fn tell(&self, slot: &Slot) {
        self.publisher.tell(Event::Slot(slot));
    }

    /// Takes a slot as far as it goes now.
    async fn walk(&self, id: &str) -> Result<(), Error> {
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
            let again = later(now, SignedDuration::from_mins(1));
            store.let_slot_go(&held, again).await?;
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
                self.enter(held, &rule, due, now).await?;
                Ok(false)
            }
            SlotNext::Skip(why) => {
                self.end(held, &rule, SlotState::Skipped, why, now).await?;
                Ok(false)
            }
            SlotNext::Miss(why) => {
                self.end(held, &rule, SlotState::Missed, why, now).await?;
                Ok(false)
            }
        }
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
        if let Some(data) = &data {
            match self.choose(held, rule, data, now).await? {
                Ok(found) => row = Some(found),
                Err(choice) => return Ok(choice),
            }
        }
        let (project, slot) = (self.project.clone(), held.slot.clone());
        let (rule, stop) = (rule.clone(), self.stop.clone());
        let work = tokio::task::spawn_blocking(move || {
            let slot_folder = slot_picture::folder(&project, &slot.id);
            slot_picture::picture(
                &project,
                &rule,
                &calendar_slot(&slot),
                row.as_ref(),
                &slot_folder,
                &stop,
            )
        });
        Ok(match work.await {
            Ok(Ok(made)) => Choice::Picture(Box::new(made)),
            Ok(Err(trouble)) => Choice::Trouble(trouble),
            Err(broken) => Choice::Trouble(Trouble::new("unreadable-media", broken.to_string())),
        })
    }

    /// The row of a claimed slot, which is its own from then on.
    async fn choose(
        &self,
        held: &mut HeldSlot,
        rule: &Rule,
        data: &Table,
        now: Timestamp,
    ) -> Result<Result<crate::data::Row, Choice>, Error> {
        let store = &self.publisher.store;
        let used = store.used_rows(&rule.name).await?;
        let adopted = store.adopted_rows(&rule.name).await?;
        let history = History {
            used: &used,
            adopted: adopted.as_deref(),
        };
        let slot = calendar_slot(&held.slot);
        let picked = match calendar::pick(rule, &slot, data, history) {
            Ok(picked) => picked,
            Err(wrong) => return Ok(Err(Choice::Trouble(Trouble::of(&wrong)))),
        };
        match picked {
            Picked::Row(row) => {
                let (row, key) = (row.clone(), calendar::id_of(row));
                if held.slot.row_key.as_deref() != Some(key.as_str()) {
                    match store.reserve_row(held, &key, &used, now).await {
                        Ok(()) => {}
                        // another worker has taken a row meanwhile
                        Err(store::Error::Lost) => return Ok(Err(Choice::Again)),
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(Ok(row))
            }
            Picked::Series { rows, bad } => match slot.key {
                None => {
                    let keys = rows.iter().map(|(key, _)| key.clone()).collect();
                    for wrong in bad {
                        tracing::warn!("[schedule.{}]: {wrong}", rule.name);
                    }
                    Ok(Err(Choice::Series(keys)))
                }
                Some(key) => {
                    let row = rows.iter().find(|(name, _)| *name == key);
                    Ok(match row {
                        Some((_, row)) => Ok((*row).clone()),
                        None => Err(Choice::Trouble(Trouble::new(
                            "no-row",
                            format!("the row `{key}` is gone"),
                        ))),
                    })
                }
            },
            Picked::Nothing(why) => Ok(Err(Choice::Nothing(why))),
        }
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
        slot.looked = Some(now);
        (slot.trouble, slot.reason) = (None, None);
        slot.state = state_with_picture(limits);
        slot.wake = now;
        let is_same = |picture: &Picture| picture.media.sha256 == made.media.sha256;
        if slot.picture.as_ref().is_some_and(is_same) {
            let note = Note::new("read again");
            // the trail does not grow by what has not changed
            match held.slot.state == slot.state && held.slot.trouble.is_none() {
                true => store.keep_slot(&held, &slot, now).await?,
                false => store.save_slot(&held, &slot, &note, None, now).await?,
            }
            return Ok(true);
        }
        let before = slot.picture.replace(Picture {
            media: Media {
                path: made.media.path.to_string_lossy().into_owned().into(),
                ..made.media
            },
            mentions: made.mentions,
            made: now,
        });
        let is_changed = before.is_some();
        if before.is_some() {
            slot.former = before;
        }
        let what = match is_changed {
            true => "its data has changed: another picture",
            false => "picture made",
        };
        let warnings: Vec<String> = made.warnings.iter().map(ToString::to_string).collect();
        let detail = json!({
            "sha256": slot.picture.as_ref().map(|p| &p.media.sha256),
            "row": slot.row_key,
            "warnings": warnings,
        });
        self.publisher.notice_of_slot(&slot, now).await;
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
        let is_news = slot.reason.as_deref() != Some(&trouble.message);
        slot.looked = Some(now);
        slot.trouble = Some(trouble.code.clone());
        slot.reason = Some(trouble.message.clone());
        // a picture of a row that is gone does not go out
        if let Some(picture) = slot.picture.take() {
            slot.former = Some(picture);
            slot.state = SlotState::Planned;
        }
        slot.wake = now;
        let detail = json!({ "code": trouble.code, "why": trouble.message });
        let note = Note::with("no picture", detail);
        let store = &self.publisher.store;
        match is_news {
            true => {
                self.publisher.notice_of_slot(&slot, now).await;
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
        let takes_turns = matches!(rule.pick, Pick::Next | Pick::Rotate);
        if takes_turns
            && held.slot.row_key.is_none()
            && let Ok(Some(data)) = self.data(rule, now).await
        {
            let _ = self.choose(&mut held, rule, &data, now).await?;
        }
        let slot = Slot {
            state,
            reason: Some(why),
            wake: Timestamp::MAX,
            ..held.slot.clone()
        };
        let note = Note::with(state.word(), json!({ "why": slot.reason }));
        let store = &self.publisher.store;
        self.publisher.notice_of_slot(&slot, now).await;
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

/// What reading data and making a picture came to.
enum Choice {
    Picture(Box<Made>),
    Series(Vec<String>),
    Nothing(String),
    Trouble(Trouble),
    /// The rows have changed at that moment: it is let go of, and chosen anew.
    Again,
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
            batch: slot.id.split('#').next().unwrap_or_default().to_owned(),
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

/// A slot as the store first has it.
pub(super) fn planned(rule: &Rule, slot: &calendar::Slot, account: String, now: Timestamp) -> Slot {
    let freeze = slot.due.checked_sub(rule.freeze).unwrap_or(Timestamp::MIN);
    Slot {
        id: slot.id().to_string(),
        schedule: rule.name.clone(),
        account,
        wall: slot.wall,
        own: slot.due,
        due: slot.due,
        freeze,
        zone: slot.zone.iana_name().unwrap_or("UTC").to_owned(),
        change: slot.change.map(|change| change.as_str().to_owned()),
        template: slot.template.to_string(),
        state: SlotState::Planned,
        wake: freeze,
        row_key: slot.key.clone(),
        picture: None,
        former: None,
        looked: None,
        approval: None,
        rejection: None,
        is_moved: false,
        story: None,
        reason: None,
        trouble: None,
        position: 0,
        seen: now,
    }
}

/// A stored slot as the calendar's functions take it.
pub fn calendar_slot(slot: &Slot) -> calendar::Slot {
    let id: Result<calendar::SlotId, _> = slot.id.parse();
    let (account, key) = id.map_or((None, None), |id| (id.account, id.key));
    calendar::Slot {
        schedule: slot.schedule.as_str().into(),
        wall: slot.wall,
        zone: jiff::tz::TimeZone::get(&slot.zone).unwrap_or(jiff::tz::TimeZone::UTC),
        due: slot.own,
        change: None,
        template: slot.template.as_str().into(),
        one_of_several: account.is_some(),
        account: account.map(Into::into),
        key,
    }
}

/// Why nothing of a rule goes out now, if it is so.
pub fn schedule_pause(
    rule: &Rule,
    pauses: &BTreeMap<String, SchedulePause>,
    now: Timestamp,
) -> Option<String> {
    if rule.paused {
        return Some(format!("[schedule.{}] says paused = true", rule.name));
    }
    let of = |name: &str| pauses.get(name).filter(|pause| pause.is_on(now));
    let (what, pause) = match (of(&rule.name), of(EVERY_SCHEDULE)) {
        (Some(pause), _) => (format!("the schedule {} is paused", rule.name), pause),
        (None, Some(pause)) => ("every schedule is paused".to_owned(), pause),
        (None, None) => return None,
    };
    let reason = pause.reason.as_ref().map(|why| format!(": {why}"));
    Some(format!(
        "{what} by {}{}",
        pause.by,
        reason.unwrap_or_default()
    ))
}

/// Length and time of files, those that are not there among them.
fn stamp(files: &[PathBuf]) -> Stamp {
    let mut seen = HashSet::new();
    let files = files.iter().filter(|file| seen.insert(*file));
    let of = |file: &PathBuf| {
        let found = std::fs::metadata(file).ok()?;
        Some((found.len(), found.modified().ok()?))
    };
    files.map(|file| (file.clone(), of(file))).collect()
}

impl Publisher {
    /// Has people told what a slot lacks, or that it does not go out: once for each such thing, whoever looks how often.
    ///
    /// It stands before the slot is saved: what is told twice is dropped, what is saved without it would never be told.
    pub(super) async fn notice_of_slot(&self, slot: &Slot, now: Timestamp) {
        let Some((kind, reason)) = notice(slot) else {
            return;
        };
        let picture = slot.picture.as_ref().map(|p| p.media.sha256.as_str());
        let once = format!(
            "{kind}/{}/{}/{}",
            slot.id,
            slot.state.word(),
            picture.unwrap_or(&reason)
        );
        let data = NoticeData {
            slot: Some(slot.id.clone()),
            schedule: Some(slot.schedule.clone()),
            account: Some(slot.account.clone()),
            ..NoticeData::new(reason)
        };
        if let Err(error) = self.store.notify(kind, &data, &once, now).await {
            tracing::warn!(%error, slot = slot.id, "a notice could not be written down");
        }
    }
}

/// What is to be told of a slot, if anything is.
fn notice(slot: &Slot) -> Option<(NoticeKind, String)> {
    let why = slot.reason.clone();
    let said = |default: &str| why.clone().unwrap_or_else(|| default.to_owned());
    let of_trouble = |code: &str| match code {
        "no-row" => NoticeKind::NoRow,
        "source-failed" => NoticeKind::SourceFailed,
        "token" => NoticeKind::Token,
        _ => NoticeKind::Failed,
    };
    match slot.state {
        SlotState::Missed => Some((NoticeKind::Missed, said("it was too late"))),
        SlotState::Skipped => match (&slot.trouble, &slot.picture) {
            (Some(code), _) => Some((of_trouble(code), said("it was skipped"))),
            (None, Some(_)) if !slot.is_approved() => {
                Some((NoticeKind::Unapproved, said("its picture was not approved")))
            }
            // somebody has paused it, or nothing is new
            (None, _) => None,
        },
        SlotState::Waiting => Some((
            NoticeKind::Unapproved,
            "its picture waits for approval".to_owned(),
        )),
        SlotState::Planned => {
            let code = slot.trouble.as_ref()?;
            Some((of_trouble(code), said("its picture cannot be made")))
        }
        _ => None,
    }
}
