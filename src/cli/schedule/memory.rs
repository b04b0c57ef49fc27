//! What is remembered of slots and their rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::calendar::{History, Rule, Slot, Used};
use crate::project::Project;
use crate::publisher::{self, accounts};
use crate::store::{self, SchedulePause, SlotFilter, StopCause, Story};

/// What is remembered of a rule, and what a look ahead adds to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    pub used: Vec<Used>,
    pub adopted: Option<Vec<String>>,
}

impl Memory {
    pub fn history(&self) -> History<'_> {
        History {
            used: &self.used,
            adopted: self.adopted.as_deref(),
        }
    }
}

/// What the store holds of the calendar; nothing, where there is no store yet.
#[derive(Debug, Default)]
pub(super) struct Kept {
    rows: HashMap<String, Memory>,
    slots: HashMap<String, (store::Slot, Option<Story>)>,
    pauses: BTreeMap<String, SchedulePause>,
    /// Accounts that are paused, as the project names them.
    accounts: HashSet<String>,
    now: Timestamp,
}

impl Kept {
    /// Of a project's rules.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(project: &Project, rules: &[Rule], now: Timestamp) -> anyhow::Result<Self> {
        let mut kept = Self {
            now,
            ..Self::default()
        };
        let Some(store) = publisher::existing_store(project).await? else {
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
            for slot in store.slots(&filter).await? {
                let story = match slot.story {
                    Some(_) => store.story_of_slot(&slot.id).await?,
                    None => None,
                };
                kept.slots.insert(slot.id.clone(), (slot, story));
            }
        }
        for key in store.accounts().await? {
            let stop = store.account(&key).await?.stop;
            if stop.is_some_and(|s| s.is_on(now) && s.cause == StopCause::ByHand) {
                kept.accounts
                    .insert(accounts::name_of(project, &key).to_owned());
            }
        }
        store.close().await;
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

    /// A slot, where a worker has seen it.
    pub fn slot(&self, slot: &Slot) -> Option<&store::Slot> {
        self.slots.get(&slot.id().to_string()).map(|(slot, _)| slot)
    }

    /// How far a slot is.
    pub fn state(&self, rule: &Rule, slot: &Slot) -> &'static str {
        let is_paused = publisher::schedule_pause(rule, &self.pauses, self.now).is_some()
            || (slot.account.as_deref()).is_some_and(|name| self.accounts.contains(name));
        match self.slots.get(&slot.id().to_string()) {
            Some((kept, story)) => {
                let is_paused = is_paused || self.accounts.contains(&kept.account);
                publisher::slot_state(kept, story.as_ref(), is_paused, self.now)
            }
            None if is_paused => "paused",
            None => "planned",
        }
    }

    /// Why nothing of a rule goes out, if it is so.
    pub fn pause(&self, rule: &Rule) -> Option<String> {
        publisher::schedule_pause(rule, &self.pauses, self.now)
    }
}
