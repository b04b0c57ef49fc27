//! The row that a slot takes of its rule's data.
//!
//! In: a slot that is held, the data. Out: its row, which is its own from then on. Never: a row that two slots take in turn.

use jiff::Timestamp;

use super::Error;
use super::calendar::{Calendar, LEASE, calendar_slot};
use super::slot_picture::{Made, Trouble};
use crate::calendar::{self, History, Pick, Picked, Rule, Used};
use crate::data::Table;
use crate::diag::Code;
use crate::store::{self, HeldSlot, Slot, SlotState, Store};

/// What reading data and making a picture came to.
pub(super) enum Choice {
    Picture(Box<Made>),
    Series(Vec<String>),
    Nothing(String),
    Trouble(Trouble),
    /// The rows have changed at that moment: it is let go of, and chosen anew.
    Again,
}

impl Calendar<'_> {
    /// The row of a claimed slot, which is its own from then on.
    pub(super) async fn choose(
        &self,
        held: &mut HeldSlot,
        rule: &Rule,
        data: &Table,
        now: Timestamp,
    ) -> Result<Result<crate::data::Row, Choice>, Error> {
        let store = &self.publisher.store;
        let adopted = store.adopted_rows(&rule.name).await?;
        let turns = Turns::of(rule, data, adopted.as_deref());
        let Some((seen, used)) = self.rows_before(held, &turns, now).await? else {
            return Ok(Err(Choice::Again));
        };
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
                    match store.reserve_row(held, &key, &seen, now).await {
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

    /// The rows that are used when a slot's turn has come: those of the rule, and with those that slots before it take. None
    /// where they have changed at that moment.
    async fn rows_before(
        &self,
        held: &HeldSlot,
        turns: &Turns<'_>,
        now: Timestamp,
    ) -> Result<Option<(Vec<Used>, Vec<Used>)>, Error> {
        let store = &self.publisher.store;
        let name = &turns.rule.name;
        let mut seen = store.used_rows(name).await?;
        // of slots that somebody else has in hand
        let mut taken: Vec<Used> = Vec::new();
        let before = without_row(store, turns.rule).await?;
        let before = before.into_iter().filter(|slot| slot.own < held.slot.own);
        for slot in before.filter(|slot| takes_row(turns.rule, slot)) {
            let used: Vec<Used> = seen.iter().chain(&taken).cloned().collect();
            let row = turns.row(&slot, &used);
            let has_nothing = !slot.state.is_open() && slot.own <= now;
            if row.is_none() && !has_nothing {
                continue;
            }
            let Some(mut other) = store.claim_slot(&slot.id, Timestamp::now(), LEASE).await? else {
                taken.extend(row);
                continue;
            };
            if other.slot.state != slot.state || other.slot.row_key.is_some() {
                store.let_slot_go(&other, other.slot.wake).await?;
                return Ok(None);
            }
            let Some(row) = row else {
                // what there was nothing for takes nothing that comes later
                other.slot.trouble = Some(Code::NoRow.as_str().to_owned());
                store.keep_slot(&other, &other.slot, now).await?;
                continue;
            };
            let reserved = store.reserve_row(&mut other, &row.row, &seen, now).await;
            store.let_slot_go(&other, other.slot.wake).await?;
            match reserved {
                Ok(()) => seen = store.used_rows(name).await?,
                Err(store::Error::Lost) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let used = seen.iter().chain(&taken).cloned().collect();
        Ok(Some((seen, used)))
    }
}

/// The slots of a rule without a row that may take one before another slot does.
pub(super) async fn without_row(store: &Store, rule: &Rule) -> Result<Vec<Slot>, store::Error> {
    match rule.pick.depends_on_others() {
        true => store.slots_without_row(&rule.name).await,
        false => Ok(Vec::new()),
    }
}

/// Whether a slot without a row takes one when its turn has come, before those after it: one that can still go out, also
/// where it was moved; and where rows take turns, one that was skipped or missed, unless there was nothing to show.
pub(super) fn takes_row(rule: &Rule, slot: &Slot) -> bool {
    let is_in_turn = rule.pick.takes_turns();
    slot.row_key.is_none()
        && match slot.state {
            SlotState::Planned | SlotState::Frozen | SlotState::Waiting => {
                is_in_turn || rule.pick == Pick::New
            }
            SlotState::Skipped | SlotState::Missed => is_in_turn && !slot.found_no_row(),
            _ => false,
        }
}

/// A rule whose rows are taken one after the other.
pub(super) struct Turns<'t> {
    rule: &'t Rule,
    data: &'t Table,
    adopted: Option<&'t [String]>,
}

impl<'t> Turns<'t> {
    pub(super) fn of(rule: &'t Rule, data: &'t Table, adopted: Option<&'t [String]>) -> Self {
        Self {
            rule,
            data,
            adopted,
        }
    }

    /// The row that a slot takes where these are used; none where there is none for it.
    pub(super) fn row(&self, slot: &Slot, used: &[Used]) -> Option<Used> {
        let history = History {
            used,
            adopted: self.adopted,
        };
        match calendar::pick(self.rule, &calendar_slot(slot), self.data, history) {
            Ok(Picked::Row(row)) => Some(Used {
                row: calendar::id_of(row),
                wall: slot.wall,
                due: slot.due,
            }),
            _ => None,
        }
    }
}
