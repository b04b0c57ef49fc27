//! What the store remembers of the calendar, read at once.
//!
//! In: a project's rules, its store. Out: each slot with its story, the rows that were used, what is paused.
//! Never: a store that is made by looking; a decision.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::{Error, accounts, calendar, slots};
use crate::calendar::{History, Rule, Slot, Used};
use crate::project::Project;
use crate::store::{self, SchedulePause, SlotFilter, StopCause, Store, Story};

/// What is remembered of a rule, and what a look ahead adds to it.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The rows that went out, or will.
    pub used: Vec<Used>,
    /// What was there at the first run of a `new` rule.
    pub adopted: Option<Vec<String>>,
}

impl Memory {
    /// As the calendar takes it.
    pub fn history(&self) -> History<'_> {
        History {
            used: &self.used,
            adopted: self.adopted.as_deref(),
        }
    }
}

/// What the store holds of the calendar; nothing, where there is no store yet.
#[derive(Debug, Default)]
pub struct Remembered {
    rows: HashMap<String, Memory>,
    slots: HashMap<String, (store::Slot, Option<Story>)>,
    pauses: BTreeMap<String, SchedulePause>,
    /// Accounts that are paused, as the project names them.
    accounts: HashSet<String>,
    /// That of rules which name none.
    default_account: String,
    now: Timestamp,
}

impl Remembered {
    /// Of a project's rules; nothing is remembered where there is no store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(
        project: &Project,
        rules: &[Rule],
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
        for rule in rules {
            let memory = Memory {
                used: store.used_rows(&rule.name).await?,
                adopted: store.adopted_rows(&rule.name).await?,
            };
            kept.rows.insert(rule.name.clone(), memory);
            let filter = SlotFilter {
                schedule: Some(rule.name.clone()),
                ..SlotFilter::default()
            };
            let mut stories = store.stories_of_schedule(&rule.name).await?;
            for slot in store.slots(&filter).await? {
                // a worker plans it anew
                if slot.rehearsed && !store.is_rehearsal() && slot.due > now {
                    continue;
                }
                let story = stories.remove(&slot.id);
                kept.slots.insert(slot.id.clone(), (slot, story));
            }
        }
        for key in store.accounts().await? {
            let stop = store.account(&key).await?.stop;
            let is_other = accounts::is_of_other_world(project, &key, store.is_rehearsal());
            if !is_other && stop.is_some_and(|s| s.is_on(now) && s.cause == StopCause::ByHand) {
                kept.accounts.insert(accounts::name_of(project, &key));
            }
        }
        Ok(kept)
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
        self.slots.get(&slot.id().to_string())?.1.as_ref()
    }

    /// A slot, where a worker has seen it.
    pub fn slot(&self, slot: &Slot) -> Option<&store::Slot> {
        self.slots.get(&slot.id().to_string()).map(|(slot, _)| slot)
    }

    /// How far a slot is.
    pub fn state(&self, rule: &Rule, slot: &Slot) -> &'static str {
        let is_paused = self.is_paused(Some(rule), slot.account.as_deref());
        match self.slots.get(&slot.id().to_string()) {
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
