//! Keeps the calendar: notes its slots, makes their pictures, and has each become one story.
//!
//! In: a project's rules, its data, the time. Out: slots in the store, each moved by one worker at a time.
//! Never: a slot that fires twice, or after its time had passed when it was first seen.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::noted::Noted;
use super::slot_picture::{self, Trouble};
use super::{Error, Publisher};
use crate::batch;
use crate::calendar::{self, Pick, Rule};
use crate::data::Table;
use crate::pipeline::Event;
use crate::platform::{Cancel, later};
use crate::project::{self, Accounts, Project, SCHEDULE_FILE};
use crate::source::When;
use crate::store::{EVERY_SCHEDULE, SchedulePause, Slot, SlotFilter, SlotState};

/// So far ahead slots are noted, and what they lack is told.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How often the rules are looked at again, on the calendar's clock; at once where their files have changed.
const EXPAND: SignedDuration = SignedDuration::from_mins(10);

/// How often it is looked for slots whose time has come.
const GLANCE: Duration = Duration::from_millis(250);

/// A claim of a slot holds so long without a sign of life, in real time.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The same date and time of two zones is at most so far apart.
const ZONES_APART: SignedDuration = SignedDuration::from_hours(36);

/// While `schedule.toml` is gone, its slots are kept so long past their times: it may come back.
const GONE: SignedDuration = SignedDuration::from_hours(24);

/// So many rules are worked on at the same time.
const AT_ONCE: usize = 4;

/// Keeps a project's calendar.
pub struct Calendar<'a> {
    pub(super) publisher: &'a Publisher,
    pub(super) project: Project,
    accounts: Accounts,
    pub(super) stop: &'a Cancel,
    /// How many of the rows that are there at a `new` rule's first run go out.
    backfill: usize,
    pub(super) rules: Vec<Arc<Rule>>,
    /// Rules that are written and cannot be read: their slots stand as they are.
    faulty: HashSet<String>,
    /// There may be more of those.
    is_unread: bool,
    /// `schedule.toml` was there, now or before.
    had_file: bool,
    /// It is not there any more, and may come back.
    is_gone: bool,
    /// That it is gone was said.
    is_gone_told: bool,
    /// The state of the files that the rules were read from.
    stamp: Option<Stamp>,
    /// When slots were last noted.
    expanded: Option<Timestamp>,
    noted: Noted,
}

/// When the slots of the days to come are due by their rules, and their accounts, by their ids.
type Coming = HashMap<String, (Timestamp, String)>;

/// When a known slot is due by its rule, if it is one of those; one of a series as the slot that it was.
fn due_of(slot: &Slot, coming: &Coming) -> Option<Timestamp> {
    let (due, account) = coming.get(slot.series())?;
    (*account == slot.account).then_some(*due)
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
            faulty: HashSet::new(),
            is_unread: false,
            had_file: false,
            is_gone: false,
            is_gone_told: false,
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
        for slot in in_series(self.publisher.store.slots(&filter).await?) {
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
            for slot in in_series(self.publisher.store.slots(&filter).await?) {
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
        let is_first = self.stamp.is_none();
        self.stamp = Some(stamp);
        // the calendar's tables may stand in the project file as well
        if let Some(file) = &self.project.file
            && let Ok(project) = project::of(Some(file), file)
        {
            self.project = project;
        }
        self.look_for_file(is_first);
        let read = self.project.schedules(self.accounts);
        for found in read.told.iter().filter(|found| found.is_error()) {
            tracing::warn!("the calendar: {found}");
        }
        let mut rules: Vec<Arc<Rule>> = read.rules.into_iter().map(Arc::new).collect();
        // a rule that cannot be read for now goes on as it was; without its files it is tried again, as any
        for faulty in &read.faulty {
            let former = self.rule(&faulty.name).cloned();
            rules.extend(former.or(faulty.rule.clone().map(Arc::new)));
        }
        if read.is_unread || self.is_gone {
            let is_new = |rule: &Arc<Rule>| rules.iter().any(|new| new.name == rule.name);
            let former: Vec<_> = self.rules.iter().filter(|r| !is_new(r)).cloned().collect();
            rules.extend(former);
        }
        self.faulty = read.faulty.into_iter().map(|faulty| faulty.name).collect();
        self.is_unread = read.is_unread;
        self.rules = rules;
        self.expanded = None;
        self.noted = Noted::default();
    }

    /// Whether `schedule.toml` is gone: it was there before, or whoever starts finds no calendar at all.
    fn look_for_file(&mut self, is_first: bool) {
        let is_there = self.project.root.join(SCHEDULE_FILE).try_exists();
        // what cannot be looked at is an error that reading tells
        let is_there = is_there.unwrap_or(true);
        let own = self.project.schedules.as_ref();
        let has_no_own = own.is_none_or(|table| table.entries.is_empty());
        let may_be_gone = self.had_file || (is_first || self.is_gone) && has_no_own;
        self.is_gone = !is_there && may_be_gone;
        self.is_gone_told &= self.is_gone;
        self.had_file |= is_there;
    }

    /// Says once that `schedule.toml` is gone, where that matters to a slot.
    fn tell_that_file_is_gone(&mut self, open: &[Slot]) {
        if !self.is_gone || self.is_gone_told || open.is_empty() {
            return;
        }
        self.is_gone_told = true;
        let what = match self.rules.is_empty() {
            false => "its rules go on as they were".to_owned(),
            true => format!(
                "{} slots wait for it, and do not go out before it is back",
                open.len()
            ),
        };
        tracing::warn!(
            "the calendar: {SCHEDULE_FILE} is gone: {what}; an empty one drops its slots"
        );
    }

    /// Notes the slots of the days to come, and drops those that no rule has any more.
    async fn expand(&mut self, now: Timestamp) -> Result<(), Error> {
        let store = &self.publisher.store;
        // what is made from here on is not swept
        let mut unneeded = slot_picture::folders(&self.project);
        let filter = SlotFilter {
            is_open: true,
            ..SlotFilter::default()
        };
        let open = store.slots(&filter).await?;
        self.tell_that_file_is_gone(&open);
        let store = &self.publisher.store;
        let known: HashMap<&str, &Slot> = open.iter().map(|s| (s.id.as_str(), s)).collect();
        let is_whole = self.noted.begins_anew(now);
        let until = later(now, AHEAD);
        let mut coming = Coming::new();
        for rule in &self.rules {
            if rule.pick == Pick::New {
                self.adopt(rule, now).await?;
            }
            let slots: Vec<Slot> = rule
                .slots(now, until)
                .map(|slot| self.slot_of(rule, &slot, now))
                .collect();
            coming.extend(
                slots
                    .iter()
                    .map(|slot| (slot.id.clone(), (slot.due, slot.account.clone()))),
            );
            let is_told = |slot: &Slot| {
                let known = known.get(slot.id.as_str());
                known.is_some_and(|known| store.is_seen(known, slot))
                    || !is_whole && !self.noted.is_news(slot)
            };
            let news: Vec<Slot> = slots
                .iter()
                .filter(|slot| !is_told(slot))
                .cloned()
                .collect();
            store.see_slots(&news, now).await?;
            self.noted.add(slots);
        }
        // one whose new time is past is seen all the same, and is late
        let moved = store.moved_slots(now).await?;
        let lost = moved.iter().filter(|s| s.state == SlotState::Dropped);
        let mut behind: Vec<Slot> = open
            .iter()
            .chain(lost)
            .filter_map(|slot| self.behind(slot, &coming, now))
            .collect();
        behind.dedup_by(|a, b| a.id == b.id);
        store.see_slots(&behind, now).await?;
        let is_in_rules = |slot: &Slot| self.is_in_rules(slot, &coming, now);
        for slot in store.drop_slots(&open, is_in_rules, now).await? {
            self.publisher.tell_of_dropped(&slot, now).await;
        }
        slot_picture::without(&mut unneeded, open.iter().map(|slot| slot.id.as_str()));
        if !unneeded.is_empty() {
            // slots that were opened since they were read have their pictures made by now
            let open = store.open_slots().await?;
            slot_picture::without(&mut unneeded, open.iter().map(String::as_str));
            slot_picture::sweep(&self.project, &unneeded);
        }
        Ok(())
    }

    fn slot_of(&self, rule: &Rule, slot: &calendar::Slot, now: Timestamp) -> Slot {
        planned(rule, slot, self.account_of(slot).to_owned(), now)
    }

    /// The account of a rule's slot, as the project names it.
    fn account_of<'s>(&'s self, slot: &'s calendar::Slot) -> &'s str {
        let own = slot.account.as_deref();
        own.unwrap_or_else(|| self.publisher.name_of(&self.publisher.account))
    }

    /// Whether a rule has the slot's own date and time, for its account; or may have it, where the rule cannot be read.
    fn is_in_rules(&self, slot: &Slot, coming: &Coming, now: Timestamp) -> bool {
        match self.rule(&slot.schedule) {
            Some(rule) => due_of(slot, coming).is_some() || self.of_rule(rule, slot).is_some(),
            None if self.is_gone => now <= later(slot.due, GONE),
            None => self.is_unread || self.faulty.contains(&slot.schedule),
        }
    }

    /// The slot as its rule has it now, where it is not among those to come: in another zone, moved by hand, or late and of
    /// another account now.
    fn behind(&self, slot: &Slot, coming: &Coming, now: Timestamp) -> Option<Slot> {
        if due_of(slot, coming) == Some(slot.own) {
            return None;
        }
        let rule = self.rule(&slot.schedule)?;
        let of_name = |found: &calendar::Slot| found.id().to_string() == slot.series();
        let found = (self.of_rule(rule, slot)).or_else(|| found_about(rule, slot.own, of_name))?;
        let is_other = found.due != slot.own || self.account_of(&found) != slot.account;
        (is_other || slot.is_moved).then(|| self.slot_of(rule, &found, now))
    }

    /// The slot of a rule that has the date, the time and the account of a known one.
    fn of_rule(&self, rule: &Rule, slot: &Slot) -> Option<calendar::Slot> {
        found_about(rule, slot.own, |found| {
            found.wall == slot.wall && self.account_of(found) == slot.account
        })
    }

    /// Why a slot has to wait whose rule is not here.
    pub(super) fn why_without_rule(&self, schedule: &str) -> Option<String> {
        if self.is_gone {
            return Some(format!(
                "{SCHEDULE_FILE} is gone, and [schedule.{schedule}] with it"
            ));
        }
        let is_written = self.is_unread || self.faulty.contains(schedule);
        is_written.then(|| {
            format!("[schedule.{schedule}] cannot be read: `storypress schedule` says why")
        })
    }

    pub(super) fn rule(&self, name: &str) -> Option<&Arc<Rule>> {
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
}

/// Whether a rule has the date and the time of a known slot, under its name or for its account.
pub(super) fn has_slot(rule: &Rule, slot: &Slot) -> bool {
    let is_it = |found: &calendar::Slot| {
        let is_named = found.id().to_string() == slot.series();
        let account = found.account.as_deref();
        found.wall == slot.wall && (is_named || account.is_none_or(|own| own == slot.account))
    };
    found_about(rule, slot.own, is_it).is_some()
}

/// The slot of a rule that is it, at that instant or the same time of another zone.
fn found_about(
    rule: &Rule,
    own: Timestamp,
    is_it: impl Fn(&calendar::Slot) -> bool,
) -> Option<calendar::Slot> {
    let until = later(own, SignedDuration::from_millis(1));
    let same = rule.slots(own, until).find(&is_it);
    same.or_else(|| {
        let from = own.checked_sub(ZONES_APART).unwrap_or(Timestamp::MIN);
        rule.slots(from, later(own, ZONES_APART)).find(&is_it)
    })
}

/// Slots that are due at one time, those of a series in its order.
fn in_series(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_by_cached_key(|slot| (slot.due, slot.series().to_owned(), slot.position));
    slots
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
        rehearsed: false,
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
