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
    /// Notes slots that the calendar has now. One that is known and open follows its rule's time, template and zone; where it
    /// has its picture and nobody has to approve that, the time alone. One that the calendar had lost is as it was before, if
    /// its time is to come; one with which only a rehearsal has done something is planned anew then. What was moved by hand
    /// stays.
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

    /// Whether [`Store::see_slots`] would leave an open slot as it is, which was read before.
    pub fn is_seen(&self, known: &Slot, slot: &Slot) -> bool {
        (&known.id, &known.account) == (&slot.id, &slot.account)
            && known.state.is_open()
            && (!known.rehearsed || self.is_rehearsal)
            && !follows(known, slot)
    }
}

async fn see(
    conn: &mut Conn<'_>,
    slot: &Slot,
    (who, is_rehearsal): (&str, bool),
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO slots (id, schedule, account, due, state, wake, row_key, changed, body,
            freezes, place, moved)
        VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS TEXT), $8, $9, $10, $11, $12)
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
        i64::from(slot.is_moved),
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
    let fence = row.int(2)?;
    if known.state == SlotState::Split && (!known.rehearsed || is_rehearsal) {
        return see_series(conn, (&known, fence), slot, (who, is_rehearsal), now).await;
    }
    see_again(conn, (&known, fence), slot, (who, is_rehearsal), now).await
}

/// The slots of a row each that a known one became: they follow as one.
async fn see_series(
    conn: &mut Conn<'_>,
    (known, fence): (&Slot, i64),
    slot: &Slot,
    (who, is_rehearsal): (&str, bool),
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "SELECT body, wake, fence FROM slots WHERE schedule = $1
        AND substr(id, 1, CAST($2 AS INTEGER)) = $3 AND (lease IS NULL OR lease <= $4)";
    let start = format!("{}#", known.id);
    let length = i64::try_from(start.chars().count()).unwrap_or(i64::MAX);
    let free = values![known.schedule.as_str(), length, start, Timestamp::now()];
    for row in conn.rows(sql, free).await? {
        let one = slot_of(&row)?;
        let wanted = Slot {
            id: one.id.clone(),
            row_key: one.row_key.clone(),
            position: one.position,
            ..slot.clone()
        };
        // what is over does not begin anew with it
        if one.state.is_open() || wanted.due > now {
            see_again(conn, (&one, row.int(2)?), &wanted, (who, is_rehearsal), now).await?;
        }
    }
    let whole = |slot: &Slot| (slot.due, slot.zone.clone(), slot.template.clone());
    if known.is_moved || whole(known) == whole(slot) {
        return Ok(());
    }
    let changed = Slot {
        id: known.id.clone(),
        state: known.state,
        wake: known.wake,
        seen: known.seen,
        rehearsed: known.rehearsed,
        ..slot.clone()
    };
    write(conn, known, (&changed, fence), FOLLOWS, who, now).await
}

const FOLLOWS: &str = "the rule has changed";

/// A slot that is known: as its rule has it now, where nothing speaks against it.
async fn see_again(
    conn: &mut Conn<'_>,
    (known, fence): (&Slot, i64),
    slot: &Slot,
    (who, is_rehearsal): (&str, bool),
    now: Timestamp,
) -> Result<(), Error> {
    let was_rehearsed = known.rehearsed && !is_rehearsal;
    let is_to_come = slot.due > now;
    // the rows of a series come with it, also at its very time
    let is_new = was_rehearsed && (is_to_come || slot.row_key.is_some());
    let is_back = known.state == SlotState::Dropped && is_to_come;
    // the rule has got another account, or lost one
    let is_renamed = known.id != slot.id && (known.state.is_open() || is_new || is_back);
    let (what, changed) = match (is_new, is_back) {
        (true, _) => ("planned: what a rehearsal did does not count", slot.clone()),
        (false, true) if row_is_taken(conn, known).await? => ("planned", slot.clone()),
        (false, true) => ("planned", following(known, slot, now)),
        (false, false) if follows(known, slot) => (FOLLOWS, following(known, slot, now)),
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
        conn.run(sql, values![slot.place(), changed.id.as_str()])
            .await?;
    }
    if is_new {
        // the rehearsal's story stays, and is this slot's no more
        let sql = "UPDATE stories SET slot = NULL WHERE slot = $1";
        conn.run(sql, values![known.id.as_str()]).await?;
    }
    write(conn, known, (&changed, fence), what, who, now).await
}

/// Whether an open slot is not as its rule has it now. Of one whose picture is made and is not read again, only another time
/// counts.
fn follows(known: &Slot, slot: &Slot) -> bool {
    let is_other_time = (known.due, &known.zone) != (slot.due, &slot.zone);
    let is_other_template = known.template != slot.template;
    !known.is_moved
        && match known.state {
            SlotState::Planned => is_other_time || is_other_template || known.freeze != slot.freeze,
            SlotState::Frozen => is_other_time,
            SlotState::Waiting => is_other_time || is_other_template,
            _ => false,
        }
}

/// A known slot as its rule has it now. It keeps its row; and its picture, where that is looked at again before it goes out
/// or is still the same. What was approved stays approved, if the picture is the same then.
fn following(known: &Slot, slot: &Slot, now: Timestamp) -> Slot {
    let of_rule = |slot: &Slot| (slot.own, slot.zone.clone(), slot.template.clone());
    let is_as_it_was = of_rule(known) == of_rule(slot);
    let is_decided_about = known.state == SlotState::Waiting
        || known.approval.is_some()
        || known.rejection.is_some()
        || known.former.is_some();
    let state = match &known.picture {
        None => SlotState::Planned,
        Some(_) if is_decided_about => SlotState::Waiting,
        Some(_) if is_as_it_was => SlotState::Frozen,
        Some(_) => SlotState::Planned,
    };
    let has_picture = state != SlotState::Planned;
    Slot {
        state,
        row_key: known.row_key.clone().or(slot.row_key.clone()),
        position: known.position,
        picture: known.picture.clone().filter(|_| has_picture),
        former: known.former.clone(),
        approval: known.approval.clone(),
        rejection: known.rejection.clone(),
        looked: known.looked.filter(|_| state == SlotState::Frozen),
        wake: match has_picture {
            true => now,
            false => slot.wake,
        },
        rehearsed: known.rehearsed,
        ..slot.clone()
    }
}

/// Whether another slot has taken the row of one that the calendar had lost.
async fn row_is_taken(conn: &mut Conn<'_>, known: &Slot) -> Result<bool, Error> {
    let sql = "SELECT other.body, other.wake FROM slots AS other, slots AS known
        WHERE known.id = $1 AND other.schedule = known.schedule AND other.row_key = known.row_key
            AND other.id <> known.id AND other.changed >= known.changed
            AND other.state NOT IN ('dropped', 'split')";
    for row in conn.rows(sql, values![known.id.as_str()]).await? {
        if slot_of(&row)?.wall != known.wall {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Saves a known slot as it is then, with its line of the trail: how it was called, and what has happened.
async fn write(
    conn: &mut Conn<'_>,
    known: &Slot,
    (slot, fence): (&Slot, i64),
    what: &str,
    who: &str,
    now: Timestamp,
) -> Result<(), Error> {
    update(conn, slot, fence, now).await?;
    let states = (Some(known.state.word()), slot.state.word());
    let note = Note::with(what, serde_json::json!({ "was": known.id }));
    audit::write_of_slot(conn, &slot.id, who, states, &note, now).await
}
