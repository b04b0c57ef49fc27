//! The row that a slot takes of its rule's data.
//!
//! In: a slot that is held, the data. Out: its row, which is its own from then on. Never: a row that two slots take in turn.

use jiff::Timestamp;

use super::Error;
use super::calendar::{Calendar, LEASE, calendar_slot};
use super::slot_picture::{Made, Trouble};
use crate::calendar::{self, History, Pick, Picked, Rule};
use crate::data::Table;
use crate::store::{self, HeldSlot};

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
        if matches!(rule.pick, Pick::Next | Pick::Rotate) {
            self.give_rows_to_skipped(held, rule, data, now).await?;
        }
        let used = store.used_rows(&rule.name).await?;
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

    /// A slot that was skipped used its row, in its turn: also one that a person skipped before it had one.
    async fn give_rows_to_skipped(
        &self,
        held: &HeldSlot,
        rule: &Rule,
        data: &Table,
        now: Timestamp,
    ) -> Result<(), Error> {
        let store = &self.publisher.store;
        for slot in store.slots_without_row(&rule.name, held.slot.due).await? {
            // what found no row had none to use
            if slot.id == held.slot.id || slot.trouble.is_some() {
                continue;
            }
            let used = store.used_rows(&rule.name).await?;
            let history = History {
                used: &used,
                adopted: None,
            };
            let Ok(Picked::Row(row)) = calendar::pick(rule, &calendar_slot(&slot), data, history)
            else {
                continue;
            };
            let Some(mut skipped) = store.claim_slot(&slot.id, Timestamp::now(), LEASE).await?
            else {
                continue;
            };
            let key = calendar::id_of(row);
            let reserved = store.reserve_row(&mut skipped, &key, &used, now).await;
            store.let_slot_go(&skipped, Timestamp::MAX).await?;
            match reserved {
                // the rows have changed meanwhile: the next choice looks again
                Ok(()) | Err(store::Error::Lost) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
