//! What the store remembers of the calendar, read at once.
//!
//! In: a project's rules, its store. Out: each slot with its story, the rows that were used, what is paused.
//! Never: a store that is made by looking; a decision.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::slot_row::{Turns, takes_row, without_row};
use super::{Error, accounts, calendar, slots};
use crate::calendar::{History, Pick, Rule, Slot, SlotId, Used};
use crate::data::Table;
use crate::project::Project;
use crate::store::{self, SchedulePause, SlotFilter, SlotState, StopCause, Store, Story};

/// What is remembered of a rule, and what a look ahead adds to it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The rows that went out, or will.
    pub used: Vec<Used>,
    /// What was there at the first run of a `new` rule.
    pub adopted: Option<Vec<String>>,
    /// Slots without a row, by their own times: those that are to take one take it before those after them.
    pub without: Vec<store::Slot>,
}

impl Memory {
    /// As the calendar takes it.
    pub fn history(&self) -> History<'_> {
        History {
            used: &self.used,
            adopted: self.adopted.as_deref(),
        }
    }

    /// A row is used from now on.
    pub(super) fn take(&mut self, used: Used) {
        if !self.used.contains(&used) {
            self.used.push(used);
        }
    }

    /// Slots before that time take their rows first, as a worker has them do.
    pub(super) fn take_before(
        &mut self,
        rule: &Rule,
        table: &Table,
        own: Timestamp,
        is_over: impl Fn(&store::Slot) -> bool,
    ) {
        let count = self.without.partition_point(|slot| slot.own < own);
        let before: Vec<store::Slot> = self.without.drain(..count).collect();
        let takes = |slot: &&store::Slot| takes_row(rule, slot) && !is_over(slot);
        for slot in before.iter().filter(takes) {
            let turns = Turns::of(rule, table, self.adopted.as_deref());
            let row = turns.row(slot, &self.used);
            row.into_iter().for_each(|row| self.take(row));
        }
    }
}

/// What the store holds of the calendar; nothing, where there is no store yet.
#[derive(Debug, Default)]
pub struct Remembered {
    rows: HashMap<String, Memory>,
    slots: HashMap<String, (store::Slot, Option<Story>)>,
    /// Their ids by their places: a rule that got another account gives its slots other names.
    places: HashMap<String, String>,
    /// The pictures of slots to come, by the slot's id.
    files: HashMap<String, PathBuf>,
    pauses: BTreeMap<String, SchedulePause>,
    /// Accounts that are paused, as the project names them.
    accounts: HashSet<String>,
    /// That of rules which name none.
    default_account: String,
    now: Timestamp,
}

impl Remembered {
    /// Of a project's rules, from the first slot on; nothing is remembered where there is no store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(
        project: &Project,
        rules: &[Rule],
        store: Option<&Store>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let rules: Vec<&Rule> = rules.iter().collect();
        Self::read(project, &rules, None, store, now).await
    }

    /// Of these slots of a project's rules alone, and of those that were moved by hand and are due from now on: what else
    /// the store has may be years of it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of_slots(
        project: &Project,
        rules: &[&Rule],
        slots: &[Slot],
        store: Option<&Store>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        Self::read(project, rules, Some(slots), store, now).await
    }

    async fn read(
        project: &Project,
        rules: &[&Rule],
        only: Option<&[Slot]>,
        store: Option<&Store>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut kept = Self {
            default_account: accounts::default_name(project).to_owned(),
            now,
            ..Self::default()
        };
        let Some(store) = store else {
            return Ok(kept);
        };
        kept.pauses = store.schedule_pauses().await?;
        // a rule without data uses no rows
        for rule in rules.iter().filter(|rule| rule.data.is_some()) {
            let memory = Memory {
                used: store.used_rows(&rule.name).await?,
                adopted: store.adopted_rows(&rule.name).await?,
                without: without_row(store, rule).await?,
            };
            kept.rows.insert(rule.name.clone(), memory);
        }
        match only {
            Some(slots) => kept.read_some(store, rules, slots).await?,
            None => {
                for rule in rules {
                    kept.read_rule(store, &rule.name).await?;
                }
            }
        }
        for (key, account) in store.all_accounts().await? {
            let is_other = accounts::is_of_other_world(project, &key, store.is_rehearsal());
            let mut stop = account.stop.into_iter();
            if !is_other && stop.any(|s| s.is_on(now) && s.cause == StopCause::ByHand) {
                kept.accounts.insert(accounts::name_of(project, &key));
            }
        }
        Ok(kept)
    }

    /// All slots of a rule.
    async fn read_rule(&mut self, store: &Store, schedule: &str) -> Result<(), Error> {
        let filter = SlotFilter {
            schedule: Some(schedule.to_owned()),
            ..SlotFilter::default()
        };
        let mut stories = store.stories_of_schedule(schedule).await?;
        for slot in store.slots(&filter).await? {
            let story = stories.remove(&slot.id);
            self.add(store, slot, story);
        }
        Ok(())
    }

    /// These slots, and those that were moved. A series stands and falls as a whole: its rule is read.
    async fn read_some(
        &mut self,
        store: &Store,
        rules: &[&Rule],
        slots: &[Slot],
    ) -> Result<(), Error> {
        let mut found: HashMap<String, store::Slot> = HashMap::new();
        let mut add = |slots: Vec<store::Slot>| {
            found.extend(slots.into_iter().map(|slot| (slot.id.clone(), slot)));
        };
        add(store.moved_slots(self.now).await?);
        let places: Vec<String> = slots.iter().map(|slot| self.place(slot)).collect();
        add(store.slots_at(&places).await?);
        // one keeps its name where its rule's only account is another one now
        let ids: Vec<String> = slots.iter().map(|slot| slot.id().to_string()).collect();
        let others: Vec<&String> = ids.iter().filter(|id| !found.contains_key(*id)).collect();
        let others = store.slots_named(&others).await?;
        found.extend(others.into_iter().map(|slot| (slot.id.clone(), slot)));
        found.retain(|_, slot| rules.iter().any(|rule| rule.name == slot.schedule));
        let is_series = |rule: &&&Rule| {
            let mut own = found.values().filter(|slot| slot.schedule == rule.name);
            rule.pick == Pick::All
                || own.any(|s| s.state == SlotState::Split || s.key_in_series().is_some())
        };
        let series: Vec<&str> = (rules.iter().filter(is_series))
            .map(|rule| rule.name.as_str())
            .collect();
        found.retain(|_, slot| !series.contains(&slot.schedule.as_str()));
        for schedule in series {
            self.read_rule(store, schedule).await?;
        }
        let entered = found.values().filter(|slot| slot.story.is_some());
        let entered: Vec<&String> = entered.map(|slot| &slot.id).collect();
        let mut stories = store.stories_of_slots(&entered).await?;
        for (id, slot) in found {
            self.add(store, slot, stories.remove(&id));
        }
        Ok(())
    }

    fn add(&mut self, store: &Store, slot: store::Slot, story: Option<Story>) {
        // a worker plans it anew
        if slot.rehearsed && !store.is_rehearsal() && slot.due > self.now {
            return;
        }
        let picture = slot
            .picture
            .as_ref()
            .filter(|_| slot.due > self.now || slot.state.is_open());
        if let Some(file) = picture.and_then(|picture| store.kept(&picture.media)) {
            self.files.insert(slot.id.clone(), file);
        }
        self.places.insert(slot.place(), slot.id.clone());
        self.slots.insert(slot.id.clone(), (slot, story));
    }

    /// The place in the store of a slot of a rule.
    fn place(&self, slot: &Slot) -> String {
        let account = slot.account.as_deref().unwrap_or(&self.default_account);
        store::place_of(&slot.schedule, slot.wall, account, slot.key.as_deref())
    }

    /// The time that is meant.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What is remembered of a rule's rows.
    pub fn rows(&self, rule: &Rule) -> Memory {
        self.rows.get(&rule.name).cloned().unwrap_or_default()
    }

    /// Every slot that a worker has seen, with the story that it became; in no order.
    pub fn slots(&self) -> impl Iterator<Item = (&store::Slot, Option<&Story>)> {
        self.slots
            .values()
            .map(|(slot, story)| (slot, story.as_ref()))
    }

    /// The story of a slot, where it became one.
    pub fn story(&self, slot: &Slot) -> Option<&Story> {
        self.found(slot)?.1.as_ref()
    }

    /// A slot, where a worker has seen it; also under the name that it had when its rule had one account.
    pub fn slot(&self, slot: &Slot) -> Option<&store::Slot> {
        self.found(slot).map(|(slot, _)| slot)
    }

    /// A slot by the name that it has in the store.
    pub(super) fn named(&self, slot: Slot) -> Slot {
        let is_over = |kept: &&store::Slot| !kept.state.is_open();
        let id = self.slot(&slot).filter(is_over).map(|kept| kept.id.parse());
        match id {
            Some(Ok(SlotId { account, .. })) => Slot {
                one_of_several: account.is_some(),
                ..slot
            },
            _ => slot,
        }
    }

    fn found(&self, slot: &Slot) -> Option<&(store::Slot, Option<Story>)> {
        // the name may be that of a slot of the account that the rule had before
        let at_place = self.places.get(&self.place(slot));
        let of_name = || self.slots.get(&slot.id().to_string());
        at_place.and_then(|id| self.slots.get(id)).or_else(of_name)
    }

    /// The slots that one slot became, a row each, in their order.
    pub fn series(&self, slot: &Slot) -> Vec<&store::Slot> {
        let id = slot.id().to_string();
        let all = self.slots.values().map(|(slot, _)| slot);
        let mut found: Vec<&store::Slot> = all
            .filter(|one| one.key_in_series().is_some() && one.series() == id)
            .collect();
        found.sort_by_key(|one| one.position);
        found
    }

    /// The file of the picture that a slot has, where it is kept on this machine.
    pub fn file(&self, slot: &Slot) -> Option<&Path> {
        let (kept, _) = self.found(slot)?;
        self.files.get(&kept.id).map(PathBuf::as_path)
    }

    /// Slots whose own time is past and that go out all the same: somebody has moved them. Of a series the slot that it was.
    pub fn moved(&self, rule: &Rule) -> Vec<Slot> {
        let of_rule = self.slots.values().map(|(slot, _)| slot);
        let mut found: Vec<&store::Slot> = of_rule
            .filter(|slot| slot.schedule == rule.name && slot.is_moved && slot.state.is_open())
            .filter(|slot| slot.own < self.now && self.now <= slot.due)
            .collect();
        found.sort_by(|a, b| (a.own, a.series()).cmp(&(b.own, b.series())));
        found.dedup_by(|a, b| a.series() == b.series());
        let whole = |slot: &store::Slot| {
            let slot = calendar::calendar_slot(slot);
            slot.series().unwrap_or(slot)
        };
        found.into_iter().map(whole).collect()
    }

    /// How many slots to come were moved by hand.
    pub fn count_moved(&self) -> usize {
        let slots = self.slots.values().map(|(slot, _)| slot);
        slots
            .filter(|slot| slot.is_moved && self.now <= slot.due)
            .count()
    }

    /// How far a slot is.
    pub fn state(&self, rule: &Rule, slot: &Slot) -> &'static str {
        let is_paused = self.is_paused(Some(rule), slot.account.as_deref());
        match self.found(slot) {
            Some((kept, story)) => {
                let is_paused = is_paused || self.accounts.contains(&kept.account);
                slots::slot_state(kept, story.as_ref(), is_paused, self.now)
            }
            None if is_paused => "paused",
            None => "planned",
        }
    }

    /// Why nothing of a rule goes out, if it is so.
    pub fn pause(&self, rule: &Rule) -> Option<String> {
        calendar::schedule_pause(rule, &self.pauses, self.now)
    }

    /// A pause holds the slots of that rule, or of that account.
    pub fn is_paused(&self, rule: Option<&Rule>, account: Option<&str>) -> bool {
        rule.is_some_and(|rule| self.pause(rule).is_some())
            || (self.accounts).contains(account.unwrap_or(&self.default_account))
    }
}
