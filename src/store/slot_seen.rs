//! Slots as the calendar has them now, noted in the store.
//!
//! In: what the calendar's rules mean. Out: a slot that is new, or one that follows its rule. Never: two slots of one place; a
//! second slot of a name; one that was decided about and changes its time for that.

use std::borrow::Cow;

use futures_util::FutureExt;
use jiff::Timestamp;

use super::audit::Note;
use super::db::{Conn, Keep, Row, values};
use super::slot::{Slot, SlotState};
use super::slots::{LOST, body, slot_of, update};
use super::{Error, Store, audit};
use crate::calendar::SlotId;

impl Store {
    /// Notes slots that the calendar has now. One that is known and open follows its rule's time, account, template and zone;
    /// where it has its picture and nobody has to approve that, time and account alone. One that the calendar had lost is as
    /// it was before, if its time is to come; one with which only a rehearsal has done something is planned anew then. What
    /// was moved by hand keeps its time, and follows in all else.
    ///
    /// # Errors
    /// What the database says. What is wrong with one slot is logged, and keeps no other from being noted.
    pub async fn see_slots(&self, slots: &[Slot], now: Timestamp) -> Result<(), Error> {
        match self.see_together(slots, now).await {
            Err(wrong) if is_of_one_slot(&wrong) => {}
            seen => return seen,
        }
        for slot in slots {
            match self.see_together(std::slice::from_ref(slot), now).await {
                // somebody has it in hand: it is seen the next time
                Err(Error::Lost) => {}
                Err(wrong) if is_of_one_slot(&wrong) => {
                    tracing::warn!(slot = slot.id, "a slot could not be noted: {wrong}");
                }
                seen => seen?,
            }
        }
        Ok(())
    }

    /// All of them or none.
    async fn see_together(&self, slots: &[Slot], now: Timestamp) -> Result<(), Error> {
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

/// Whether other slots can be noted all the same.
fn is_of_one_slot(error: &Error) -> bool {
    match error {
        Error::Lost | Error::Unreadable { .. } => true,
        Error::Database(sqlx::Error::Database(told)) => told.is_unique_violation(),
        _ => false,
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
    let Some((known, fence)) = known(conn, slot).await? else {
        return Ok(());
    };
    if known.state == SlotState::Split && (!known.rehearsed || is_rehearsal) {
        return see_series(conn, (&known, fence), slot, (who, is_rehearsal), now).await;
    }
    see_again(conn, (&known, fence), slot, (who, is_rehearsal), now).await
}

/// The slot of that place; else the one of that name, whose rule had another account. None while somebody has it in hand.
async fn known(conn: &mut Conn<'_>, slot: &Slot) -> Result<Option<(Slot, i64)>, Error> {
    let sql = "SELECT body, wake, fence, lease FROM slots WHERE place = $1 OR id = $2
        ORDER BY CASE WHEN place = $1 THEN 0 ELSE 1 END";
    let values = values![slot.place(), slot.id.as_str()];
    match conn.rows(sql, values).await?.first() {
        Some(row) if is_free(row)? => Ok(Some((slot_of(row)?, row.int(2)?))),
        _ => Ok(None),
    }
}

/// Whether nobody has a slot in hand, by the row of its body, wake, fence and lease.
fn is_free(row: &Row) -> Result<bool, Error> {
    let lease = row.maybe_time(3)?;
    Ok(lease.is_none_or(|until| until <= Timestamp::now()))
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
    let slot = where_it_was_moved(known, slot);
    let changed = Slot {
        id: known.id.clone(),
        state: known.state,
        wake: known.wake,
        seen: known.seen,
        rehearsed: known.rehearsed,
        ..slot.into_owned()
    };
    let whole = |slot: &Slot| {
        let what = (
            slot.zone.clone(),
            slot.template.clone(),
            slot.account.clone(),
        );
        (slot.due, slot.own, what)
    };
    if whole(known) == whole(&changed) || !rename(conn, known, &changed).await? {
        return Ok(());
    }
    write(conn, known, (&changed, fence), FOLLOWS, who, now).await
}

const FOLLOWS: &str = "the rule has changed";
const RENAMED: &str = "it has another name";

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
    let placed = where_it_was_moved(known, slot);
    let is_back = known.state == SlotState::Dropped && placed.due > now;
    // the rule has got another account, or lost one
    let is_renamed = known.id != slot.id && (known.state.is_open() || is_new || is_back);
    let (what, changed) = match (is_new, is_back) {
        (true, _) => ("planned: what a rehearsal did does not count", slot.clone()),
        (false, true) if row_is_taken(conn, known).await? => ("planned", placed.into_owned()),
        (false, true) => ("planned", following(known, &placed, now)),
        (false, false) if follows(known, slot) => (FOLLOWS, following(known, &placed, now)),
        (false, false) if is_renamed => (RENAMED, known.clone()),
        (false, false) => return Ok(()),
    };
    let mut changed = Slot {
        id: match is_renamed {
            true => slot.id.clone(),
            false => known.id.clone(),
        },
        seen: known.seen,
        ..changed
    };
    if is_renamed {
        free_name(conn, slot, who, now).await?;
    }
    if !rename(conn, known, &changed).await? {
        // the name stays with a slot that is over
        changed.id.clone_from(&known.id);
        if what == RENAMED || !rename(conn, known, &changed).await? {
            return Ok(());
        }
    }
    if is_new {
        // the rehearsal's story stays, and is this slot's no more
        let sql = "UPDATE stories SET slot = NULL WHERE slot = $1";
        conn.run(sql, values![known.id.as_str()]).await?;
    }
    write(conn, known, (&changed, fence), what, who, now).await
}

/// Frees the name of a slot for it, where one of another account has that which no rule has any more: an open one is dropped.
/// One that is over keeps its name, and so does one that somebody has in hand.
async fn free_name(
    conn: &mut Conn<'_>,
    slot: &Slot,
    who: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "SELECT body, wake, fence, lease FROM slots WHERE id = $1 AND place <> $2";
    let Some(row) = conn
        .row(sql, values![slot.id.as_str(), slot.place()])
        .await?
    else {
        return Ok(());
    };
    let other = slot_of(&row)?;
    let is_dropped = other.state == SlotState::Dropped;
    let own: Result<SlotId, _> = other.id.parse();
    let (Ok(own), true) = (own, is_dropped || other.state.is_open() && is_free(&row)?) else {
        return Ok(());
    };
    let away = Slot {
        id: SlotId {
            account: Some(other.account.clone()),
            ..own
        }
        .to_string(),
        state: SlotState::Dropped,
        reason: Some(LOST.into()),
        ..other.clone()
    };
    if !rename(conn, &other, &away).await? {
        return Ok(());
    }
    if other.was_to_go_out() {
        tracing::warn!(slot = away.id, "a slot that had its picture: {LOST}");
    }
    let what = if is_dropped { RENAMED } else { "dropped" };
    write(conn, &other, (&away, row.int(2)?), what, who, now).await
}

/// Gives a known slot its new name and place, where no other slot has them; whether it has them now.
async fn rename(conn: &mut Conn<'_>, known: &Slot, slot: &Slot) -> Result<bool, Error> {
    let place = slot.place();
    if known.id == slot.id && known.place() == place {
        return Ok(true);
    }
    let sql = "SELECT 1 FROM slots WHERE id <> $1 AND (id = $2 OR place = $3)";
    let names = values![known.id.as_str(), slot.id.as_str(), place.as_str()];
    if conn.row(sql, names).await?.is_some() {
        return Ok(false);
    }
    let sql = "UPDATE slots SET id = $2, place = $3 WHERE id = $1";
    conn.run(sql, names).await?;
    Ok(true)
}

/// A slot of the rule; where the known one was moved by hand, at the time that it was moved to.
fn where_it_was_moved<'s>(known: &Slot, slot: &'s Slot) -> Cow<'s, Slot> {
    if !known.is_moved {
        return Cow::Borrowed(slot);
    }
    let ahead = slot.due.duration_since(slot.freeze);
    let freeze = known.due.checked_sub(ahead).unwrap_or(Timestamp::MIN);
    Cow::Owned(Slot {
        due: known.due,
        freeze,
        wake: freeze,
        is_moved: true,
        ..slot.clone()
    })
}

/// Whether an open slot is not as its rule has it now. Of one whose picture is made and is not read again, only another time
/// and another account count.
fn follows(known: &Slot, slot: &Slot) -> bool {
    let slot = where_it_was_moved(known, slot);
    let is_other_time = (known.due, known.own, &known.zone) != (slot.due, slot.own, &slot.zone);
    let is_elsewhere = is_other_time || known.account != slot.account;
    let is_other_template = known.template != slot.template;
    match known.state {
        SlotState::Planned => is_elsewhere || is_other_template || known.freeze != slot.freeze,
        SlotState::Frozen => is_elsewhere,
        SlotState::Waiting => is_elsewhere || is_other_template,
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
