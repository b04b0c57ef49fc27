//! Slots of the calendar as they are found, held and saved.
//!
//! In: what the calendar's rules mean. Out: each slot, how far it is, and who decided what about it.
//! Never: two stories of a slot; a slot that is forgotten because its worker ended.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;

use super::audit::Note;
use super::db::{Conn, Keep, Row, Value, values};
use super::queue::{self, WakeUp};
use super::slot::{Slot, SlotState};
use super::{Error, Store, Story, StoryKey, audit, later, process, stories};

/// Slots that somebody has to look at again.
macro_rules! open_slots {
    () => {
        "('planned', 'frozen', 'waiting')"
    };
}

/// A slot that is ours to move until its lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldSlot {
    /// As it was when it was claimed.
    pub slot: Slot,
    pub(super) fence: i64,
}

/// Which slots are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotFilter {
    /// Of one rule.
    pub schedule: Option<String>,
    /// Due at that time or later.
    pub from: Option<Timestamp>,
    /// Due before that time.
    pub until: Option<Timestamp>,
    /// Only those that somebody has to look at again.
    pub is_open: bool,
    /// To be looked at by that time.
    pub wake: Option<Timestamp>,
    /// Only those that are so far.
    pub state: Option<SlotState>,
}

/// A pause by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulePause {
    /// Since when.
    pub since: Timestamp,
    /// Until when; none, until somebody ends it.
    pub until: Option<Timestamp>,
    /// Why, where it was said.
    pub reason: Option<String>,
    /// Who has paused it.
    pub by: String,
}

impl SchedulePause {
    /// It holds at that time.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// The name under which every schedule is paused.
pub const EVERY_SCHEDULE: &str = "*";

/// Why a slot is dropped.
pub(super) const LOST: &str = "the calendar does not have it any more";

/// So many names are asked for at a time.
const AT_ONCE: usize = 500;

/// `$1, $2, …`
fn places(count: usize) -> String {
    let all: Vec<String> = (1..=count).map(|at| format!("${at}")).collect();
    all.join(", ")
}

impl Store {
    /// Takes slots out of the calendar that no rule has any more: those of `open` that `is_kept` says no of, also as they are
    /// by then. Gives those, as they were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn drop_slots(
        &self,
        open: &[Slot],
        is_kept: impl Fn(&Slot) -> bool,
        now: Timestamp,
    ) -> Result<Vec<Slot>, Error> {
        let is_lost = |slot: &Slot| slot.state.is_open() && !is_kept(slot);
        let lease = SignedDuration::from_secs(10);
        let mut dropped = Vec::new();
        for slot in open.iter().filter(|slot| is_lost(slot)) {
            let Some(held) = self.claim_slot(&slot.id, now, lease).await? else {
                continue;
            };
            if !is_lost(&held.slot) {
                self.let_slot_go(&held, held.slot.wake).await?;
                continue;
            }
            let slot = Slot {
                state: SlotState::Dropped,
                reason: Some(LOST.into()),
                ..held.slot.clone()
            };
            let note = Note::new("dropped");
            self.save_slot(&held, &slot, &note, None, now).await?;
            dropped.push(held.slot);
        }
        Ok(dropped)
    }

    /// The names of the slots that somebody has to look at again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_slots(&self) -> Result<HashSet<String>, Error> {
        let sql = concat!("SELECT id FROM slots WHERE state IN ", open_slots!());
        let rows = self.db.rows(sql, &[]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// What was moved by hand and is due at that time or later, whatever became of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn moved_slots(&self, from: Timestamp) -> Result<Vec<Slot>, Error> {
        let sql = "SELECT body, wake FROM slots WHERE moved = 1 AND due >= $1 ORDER BY due, id";
        self.db.each(sql, values![from], slot_of).await
    }

    /// A slot.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slot(&self, id: &str) -> Result<Option<Slot>, Error> {
        let sql = "SELECT body, wake FROM slots WHERE id = $1";
        let rows = self.db.rows(sql, values![id]).await?;
        rows.first().map(slot_of).transpose()
    }

    /// The slots of these names, in no order; those that are not there are left out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slots_named(&self, ids: &[impl AsRef<str>]) -> Result<Vec<Slot>, Error> {
        self.slots_by("id", ids).await
    }

    /// The slots of these places, by whichever names, in no order; those that are not there are left out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slots_at(&self, places: &[impl AsRef<str>]) -> Result<Vec<Slot>, Error> {
        self.slots_by("place", places).await
    }

    async fn slots_by(&self, column: &str, wanted: &[impl AsRef<str>]) -> Result<Vec<Slot>, Error> {
        let select = format!("SELECT body, wake FROM slots WHERE {column}");
        self.each_of(&select, wanted, slot_of).await
    }

    /// What `take` makes of the rows whose last column of `select` is one of `wanted`.
    async fn each_of<T>(
        &self,
        select: &str,
        wanted: &[impl AsRef<str>],
        take: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        for some in wanted.chunks(AT_ONCE) {
            let sql = format!("{select} IN ({})", places(some.len()));
            let values: Vec<Value> = some.iter().map(|text| text.as_ref().into()).collect();
            // only words of ours and places for values were put into the text
            found.extend(self.db.each(AssertSqlSafe(sql), &values, &take).await?);
        }
        Ok(found)
    }

    /// The slot of a place, by whichever name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slot_at(&self, place: &str) -> Result<Option<Slot>, Error> {
        let sql = "SELECT body, wake FROM slots WHERE place = $1";
        let rows = self.db.rows(sql, values![place]).await?;
        rows.first().map(slot_of).transpose()
    }

    /// Slots, the earliest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slots(&self, filter: &SlotFilter) -> Result<Vec<Slot>, Error> {
        let mut sql = "SELECT body, wake FROM slots WHERE 1 = 1".to_owned();
        let mut values: Vec<Value> = Vec::new();
        let mut place = |value: Value| {
            values.push(value);
            format!("${}", values.len())
        };
        if let Some(schedule) = &filter.schedule {
            sql += &format!(" AND schedule = {}", place(schedule.as_str().into()));
        }
        if let Some(from) = filter.from {
            sql += &format!(" AND due >= {}", place(from.into()));
        }
        if let Some(until) = filter.until {
            sql += &format!(" AND due < {}", place(until.into()));
        }
        if let Some(wake) = filter.wake {
            sql += &format!(" AND wake <= {}", place(wake.into()));
        }
        if let Some(state) = filter.state {
            sql += &format!(" AND state = {}", place(state.word().into()));
        }
        if filter.is_open {
            sql += concat!(" AND state IN ", open_slots!());
        }
        sql += " ORDER BY due, id";
        // only places for values were put into the text
        self.db.each(AssertSqlSafe(sql), &values, slot_of).await
    }

    /// The slots that one slot became, a row each, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slots_of_series(&self, schedule: &str, id: &str) -> Result<Vec<Slot>, Error> {
        let sql = "SELECT body, wake FROM slots WHERE schedule = $1 AND substr(id, 1, CAST($2 AS INTEGER)) = $3";
        let start = format!("{id}#");
        let length = i64::try_from(start.chars().count()).unwrap_or(i64::MAX);
        let rows = self.db.rows(sql, values![schedule, length, start]).await?;
        let mut slots: Vec<Slot> = rows.iter().map(slot_of).collect::<Result<_, _>>()?;
        slots.sort_by_key(|slot| slot.position);
        Ok(slots)
    }

    /// Takes a slot, if nobody has it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_slot(
        &self,
        id: &str,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Option<HeldSlot>, Error> {
        let sql = "UPDATE slots SET fence = fence + 1, worker = $2, lease = $3
            WHERE id = $1 AND (lease IS NULL OR lease <= $4 OR worker = $5)
            RETURNING body, wake, fence";
        let until = later(now, lease);
        let mut gone: Option<String> = None;
        loop {
            let values = values![id, &*self.who, until, now, gone.as_deref()];
            if let Some(row) = self.db.change_in_one(sql, values).await?.first() {
                return Ok(Some(HeldSlot {
                    slot: slot_of(row)?,
                    fence: row.int(2)?,
                }));
            }
            if gone.is_some() {
                return Ok(None);
            }
            // who has ended does not let go by itself
            let holder = "SELECT worker FROM slots WHERE id = $1 AND worker IS NOT NULL";
            let holder = self.db.rows(holder, values![id]).await?;
            let holder = holder.first().map(|row| row.text(0)).transpose()?;
            gone = holder.filter(|who| process::is_gone(who));
            if gone.is_none() {
                return Ok(None);
            }
        }
    }

    /// Saves what a slot has become and lets it go, with its line of the trail. A story that it becomes is added with
    /// it: both or neither.
    ///
    /// # Errors
    /// `Lost`, if somebody else has taken it over; what the database says. Nothing is changed then.
    pub async fn save_slot(
        &self,
        held: &HeldSlot,
        slot: &Slot,
        note: &Note,
        story: Option<&Story>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (before, fence) = (held.slot.state, held.fence);
        let (mut slot, note, who) = (slot.clone(), note.clone(), self.who.clone());
        let mut story = story.cloned();
        slot.rehearsed = self.is_rehearsal;
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    // asked first: a change that is refused has written nothing
                    let sql = "SELECT 1 FROM slots WHERE id = $1 AND fence = $2";
                    let ours = conn.row(sql, values![slot.id.as_str(), fence]).await?;
                    if ours.is_none() {
                        return Err(Error::Lost);
                    }
                    if let Some(story) = &mut story {
                        slot.story = Some(add_story(conn, story, &slot.id, &who, now).await?);
                    }
                    update(conn, &slot, fence, now).await?;
                    let states = (Some(before.word()), slot.state.word());
                    audit::write_of_slot(conn, &slot.id, &who, states, &note, now).await
                }
                .boxed()
            })
            .await?;
        self.ring();
        Ok(())
    }

    /// Keeps a claim for `lease` from now on.
    ///
    /// # Errors
    /// `Lost`, if somebody else has taken over.
    pub async fn renew_slot(
        &self,
        held: &HeldSlot,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<(), Error> {
        let sql = "UPDATE slots SET lease = $3 WHERE id = $1 AND fence = $2
            AND worker IS NOT NULL RETURNING 1";
        let values = values![held.slot.id.as_str(), held.fence, later(now, lease)];
        match self.db.change_in_one(sql, values).await?.is_empty() {
            true => Err(Error::Lost),
            false => Ok(()),
        }
    }

    /// Saves what a slot has become and lets it go, where nothing has happened that somebody would look for later.
    ///
    /// # Errors
    /// As [`Store::save_slot`].
    pub async fn keep_slot(
        &self,
        held: &HeldSlot,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (mut slot, fence) = (slot.clone(), held.fence);
        slot.rehearsed = self.is_rehearsal;
        self.db
            .change(Keep::Soon, move |conn| {
                async move { update(conn, &slot, fence, now).await }.boxed()
            })
            .await
    }

    /// Lets go of a slot, to be looked at again then; nothing else of it changes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn let_slot_go(&self, held: &HeldSlot, wake: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE slots SET worker = NULL, lease = NULL, woken = NULL,
                wake = CASE WHEN woken < $3 THEN woken ELSE $3 END
            WHERE id = $1 AND fence = $2";
        let values = values![held.slot.id.as_str(), held.fence, wake];
        self.db.change_in_one(sql, values).await?;
        Ok(())
    }

    /// Has open slots looked at now: of a rule, or of an account. What somebody has in hand is looked at once more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn wake_slots(
        &self,
        schedule: Option<&str>,
        account: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = concat!(
            "UPDATE slots SET wake = CASE WHEN wake > $1 THEN $1 ELSE wake END,
                woken = CASE WHEN worker IS NOT NULL THEN $1 END
            WHERE (wake > $1 OR worker IS NOT NULL) AND state IN ",
            open_slots!(),
            " AND (CAST($2 AS TEXT) IS NULL OR schedule = $2)
            AND (CAST($3 AS TEXT) IS NULL OR account = $3)"
        );
        let values = values![now, schedule, account];
        self.db.change_in_one(sql, values).await?;
        self.ring();
        Ok(())
    }

    /// When the next open slot has to be looked at.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_slot_wake(&self) -> Result<Option<Timestamp>, Error> {
        let sql = concat!("SELECT MIN(wake) FROM slots WHERE state IN ", open_slots!());
        let rows = self.db.rows(sql, &[]).await?;
        rows.first().map_or(Ok(None), |row| row.maybe_time(0))
    }

    /// Pauses a schedule, or with [`EVERY_SCHEDULE`] all of them; what is open is looked at now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pause_schedule(&self, name: &str, pause: &SchedulePause) -> Result<(), Error> {
        let sql = "INSERT INTO schedule_pauses (schedule, since, until, reason, who)
            VALUES ($1, $2, CAST($3 AS BIGINT), CAST($4 AS TEXT), $5)
            ON CONFLICT (schedule) DO UPDATE SET since = $2, until = CAST($3 AS BIGINT),
                reason = CAST($4 AS TEXT), who = $5";
        let values = values![
            name,
            pause.since,
            pause.until,
            pause.reason.as_deref(),
            pause.by.as_str()
        ];
        self.db.change_in_one(sql, values).await?;
        self.wake_slots((name != EVERY_SCHEDULE).then_some(name), None, pause.since)
            .await
    }

    /// Ends a pause; whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resume_schedule(&self, name: &str, now: Timestamp) -> Result<bool, Error> {
        let sql = "DELETE FROM schedule_pauses WHERE schedule = $1 RETURNING schedule";
        let was = self.db.change_in_one(sql, values![name]).await?;
        self.wake_slots((name != EVERY_SCHEDULE).then_some(name), None, now)
            .await?;
        Ok(!was.is_empty())
    }

    /// The pauses by hand, by schedule; also those that are over.
    ///
    /// # Errors
    /// What the database says.
    pub async fn schedule_pauses(&self) -> Result<BTreeMap<String, SchedulePause>, Error> {
        let sql = "SELECT schedule, since, until, reason, who FROM schedule_pauses";
        let rows = self.db.rows(sql, &[]).await?;
        rows.iter()
            .map(|row| {
                let pause = SchedulePause {
                    since: row.time(1)?,
                    until: row.maybe_time(2)?,
                    reason: row.maybe_text(3)?,
                    by: row.text(4)?,
                };
                Ok((row.text(0)?, pause))
            })
            .collect()
    }

    /// The pictures that slots still need, by their hashes.
    pub(super) async fn pictures_of_slots(&self) -> Result<HashSet<String>, Error> {
        let open = SlotFilter {
            is_open: true,
            ..SlotFilter::default()
        };
        // what the calendar has lost may come back
        let lost = SlotFilter {
            state: Some(SlotState::Dropped),
            from: Some(Timestamp::now()),
            ..SlotFilter::default()
        };
        let mut slots = self.slots(&open).await?;
        slots.extend(self.slots(&lost).await?);
        let pictures = slots.iter().flat_map(|s| s.picture.iter().chain(&s.former));
        Ok(pictures.map(|p| p.media.sha256.clone()).collect())
    }

    /// The stories of a rule's slots, by the slot's id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stories_of_schedule(
        &self,
        schedule: &str,
    ) -> Result<HashMap<String, Story>, Error> {
        let sql = "SELECT key, wake, body, slot FROM stories
            WHERE slot IN (SELECT id FROM slots WHERE schedule = $1 AND story IS NOT NULL)";
        let rows = self.db.rows(sql, values![schedule]).await?;
        rows.iter().map(story_by_slot).collect()
    }

    /// The stories of these slots, by the slot's id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stories_of_slots(
        &self,
        ids: &[impl AsRef<str>],
    ) -> Result<HashMap<String, Story>, Error> {
        let select = "SELECT key, wake, body, slot FROM stories WHERE slot";
        let found = self.each_of(select, ids, story_by_slot).await?;
        Ok(found.into_iter().collect())
    }

    /// The story that the same date, time and row of a slot's rule has on an account already, by another name of that
    /// account: of a slot that was sent early by hand, before its account was renamed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story_of_namesake(
        &self,
        slot: &Slot,
        account: &str,
    ) -> Result<Option<StoryKey>, Error> {
        // a slot that goes out at its own time is past then, and no rule plans that anew
        let sql = "SELECT slots.body, slots.wake, stories.key FROM slots
            JOIN stories ON stories.slot = slots.id
            WHERE slots.moved = 1 AND slots.schedule = $1 AND slots.id <> $2
                AND slots.rehearsed <= $3 AND stories.account = $4";
        let is_rehearsal = i64::from(self.is_rehearsal);
        let values = values![
            slot.schedule.as_str(),
            slot.id.as_str(),
            is_rehearsal,
            account
        ];
        for row in self.db.rows(sql, values).await? {
            let other = slot_of(&row)?;
            if (other.wall, other.key_in_series()) == (slot.wall, slot.key_in_series()) {
                return Ok(Some(StoryKey(row.text(2)?)));
            }
        }
        Ok(None)
    }

    /// The story of a slot.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story_of_slot(&self, id: &str) -> Result<Option<Story>, Error> {
        let sql = "SELECT key, wake, body FROM stories WHERE slot = $1";
        let rows = self.db.rows(sql, values![id]).await?;
        rows.first().map(stories::story).transpose()
    }
}

/// The story in a row of key, wake, body, slot, by the slot.
fn story_by_slot(row: &Row) -> Result<(String, Story), Error> {
    Ok((row.text(3)?, stories::story(row)?))
}

pub(super) fn slot_of(row: &Row) -> Result<Slot, Error> {
    let body = row.str(0)?;
    let mut slot: Slot = serde_json::from_str(body).map_err(|source| Error::Unreadable {
        key: body.chars().take(40).collect(),
        source,
    })?;
    slot.wake = row.time(1)?;
    Ok(slot)
}

pub(super) fn body(slot: &Slot) -> Result<String, Error> {
    serde_json::to_string(slot).map_err(|source| Error::Unreadable {
        key: slot.id.clone(),
        source,
    })
}

pub(super) async fn update(
    conn: &mut Conn<'_>,
    slot: &Slot,
    fence: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE slots SET schedule = $3, account = $4, due = $5, state = $6, woken = NULL,
            wake = CASE WHEN woken < $7 THEN woken ELSE $7 END,
            row_key = CAST($8 AS TEXT), freezes = $13, sha256 = CAST($9 AS TEXT), story = CAST($10 AS TEXT),
            changed = $11, body = $12, rehearsed = $14, moved = $15, worker = NULL, lease = NULL
        WHERE id = $1 AND fence = $2";
    let picture = slot.picture.as_ref().map(|p| p.media.sha256.as_str());
    let values = values![
        slot.id.as_str(),
        fence,
        slot.schedule.as_str(),
        slot.account.as_str(),
        slot.due,
        slot.state.word(),
        slot.wake,
        slot.row_key.as_deref(),
        picture,
        slot.story.as_ref().map(|key| key.0.as_str()),
        now,
        body(slot)?,
        slot.freeze,
        i64::from(slot.rehearsed),
        i64::from(slot.is_moved),
    ];
    match conn.run(sql, values).await? {
        0 => Err(Error::Lost),
        _ => Ok(()),
    }
}

/// Adds the slot's story, or finds the one that it has.
async fn add_story(
    conn: &mut Conn<'_>,
    story: &mut Story,
    slot: &str,
    who: &str,
    now: Timestamp,
) -> Result<StoryKey, Error> {
    stories::meet(conn, &story.account).await?;
    let sql = "SELECT key FROM stories WHERE slot = $1";
    if let Some(row) = conn.row(sql, values![slot]).await? {
        return Ok(StoryKey(row.text(0)?));
    }
    stories::insert(conn, story, now).await?;
    let sql = "UPDATE stories SET slot = $2 WHERE key = $1";
    conn.run(sql, values![story.key.0.as_str(), slot]).await?;
    let note = Note::new("added");
    audit::write(conn, &story.key, who, None, story.step.state(), &note, now).await?;
    queue::push_in(conn, &story.key, story.wake, WakeUp::Obey).await?;
    Ok(story.key.clone())
}
