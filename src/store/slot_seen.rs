//! Slots as the calendar has them now, noted in the store.
//!
//! In: what the calendar's rules mean. Out: a slot that is new, or one that follows its rule. Never: two slots of one place; one
//! that was decided about and changes its time for that.

use futures_util::FutureExt;
use jiff::Timestamp;

use super::audit::Note;
use super::db::{Conn, Keep, values};
use super::slot::{Slot, SlotState};
use super::slots::{body, slot_of, update};
use super::{Error, Store, audit};

impl Store {
    /// Notes slots that the calendar has now. A slot that is known keeps its state; where nothing was decided about it,
    /// its time, template and zone follow the rule. One that the calendar had lost is planned again, as is one whose time is
    /// to come and with which only a rehearsal has done something.
    ///
    /// # Errors
    /// What the database says; none is noted then.
    pub async fn see_slots(&self, slots: &[Slot], now: Timestamp) -> Result<(), Error> {
        let (slots, who, is_rehearsal) = (slots.to_vec(), self.who.clone(), self.is_rehearsal);
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    for slot in &slots {
                        see(conn, slot, (&who, is_rehearsal), now).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

async fn see(
    conn: &mut Conn<'_>,
    slot: &Slot,
    (who, is_rehearsal): (&str, bool),
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO slots (id, schedule, account, due, state, wake, row_key, changed, body,
            freezes, place)
        VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS TEXT), $8, $9, $10, $11)
        ON CONFLICT DO NOTHING";
    let place = slot.place();
    let values = values![
        slot.id.as_str(),
        slot.schedule.as_str(),
        slot.account.as_str(),
        slot.due,
        slot.state.word(),
        slot.wake,
        slot.row_key.as_deref(),
        now,
        body(slot)?,
        slot.freeze,
        place.as_str(),
    ];
    if conn.run(sql, values).await? == 1 {
        let states = (None, slot.state.word());
        return audit::write_of_slot(conn, &slot.id, who, states, &Note::new("planned"), now).await;
    }
    let sql =
        "SELECT body, wake, fence FROM slots WHERE place = $1 AND (lease IS NULL OR lease <= $2)";
    let free = values![place.as_str(), Timestamp::now()];
    let Some(row) = conn.row(sql, free).await? else {
        return Ok(());
    };
    let known = slot_of(&row)?;
    let was_rehearsed = known.rehearsed && !is_rehearsal;
    let is_to_come = slot.due > now;
    // the rows of a series come with it, also at its very time
    let is_new_again = known.state == SlotState::Dropped && is_to_come
        || was_rehearsed && (is_to_come || slot.row_key.is_some());
    let is_other = (known.due, known.freeze, &known.template, &known.zone)
        != (slot.due, slot.freeze, &slot.template, &slot.zone);
    let follows = known.state == SlotState::Planned && !known.is_moved && is_other;
    // the rule has got another account, or lost one
    let is_renamed = known.id != slot.id && (known.state.is_open() || is_new_again);
    let (what, changed) = match (is_new_again, follows) {
        (true, _) if was_rehearsed => {
            ("planned: what a rehearsal did does not count", slot.clone())
        }
        (true, _) => ("planned", slot.clone()),
        (false, true) => ("the rule has changed", slot.clone()),
        (false, false) if is_renamed => ("it has another name", known.clone()),
        (false, false) => return Ok(()),
    };
    let changed = Slot {
        id: match is_renamed {
            true => slot.id.clone(),
            false => known.id.clone(),
        },
        seen: known.seen,
        ..changed
    };
    if is_renamed {
        let sql = "UPDATE slots SET id = $2 WHERE place = $1";
        conn.run(sql, values![place, changed.id.as_str()]).await?;
    }
    if was_rehearsed && is_new_again {
        // the rehearsal's story stays, and is this slot's no more
        let sql = "UPDATE stories SET slot = NULL WHERE slot = $1";
        conn.run(sql, values![known.id.as_str()]).await?;
    }
    update(conn, &changed, row.int(2)?, now).await?;
    let states = (Some(known.state.word()), changed.state.word());
    let note = Note::with(what, serde_json::json!({ "was": known.id }));
    audit::write_of_slot(conn, &changed.id, who, states, &note, now).await
}
