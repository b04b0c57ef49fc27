//! The rows of data that slots of the calendar use.
//!
//! In: a rule's name, a claimed slot. Out: which rows its slots have used, in which order. Never: a row that two workers take
//! at the same moment.

use futures_util::FutureExt;
use jiff::Timestamp;

use super::db::{Conn, Keep, Row, values};
use super::slot::Slot;
use super::slots::{HeldSlot, body, slot_of};
use super::{Error, Store};
use crate::calendar::{SlotId, Used};

impl Store {
    /// The slots of a rule that have no row: those that can still go out, and those that were skipped or missed. By their own
    /// times, the earliest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slots_without_row(&self, schedule: &str) -> Result<Vec<Slot>, Error> {
        let sql = "SELECT body, wake FROM slots WHERE schedule = $1 AND row_key IS NULL
            AND rehearsed <= $2
            AND state IN ('planned', 'frozen', 'waiting', 'skipped', 'missed')";
        let values = values![schedule, i64::from(self.is_rehearsal)];
        let rows = self.db.rows(sql, values).await?;
        let mut slots: Vec<Slot> = rows.iter().map(slot_of).collect::<Result<_, _>>()?;
        slots.sort_by(|a, b| (a.own, &a.id).cmp(&(b.own, &b.id)));
        Ok(slots)
    }

    /// The rows that the slots of a rule have used, also skipped and missed ones, the earliest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn used_rows(&self, schedule: &str) -> Result<Vec<Used>, Error> {
        let values = values![schedule, i64::from(self.is_rehearsal)];
        let rows = self.db.rows(USED, values).await?;
        used_of(&rows)
    }

    /// The rows that were there at a rule's first run and do not go out; none before that run.
    ///
    /// # Errors
    /// What the database says.
    pub async fn adopted_rows(&self, schedule: &str) -> Result<Option<Vec<String>>, Error> {
        let sql = "SELECT row_key FROM schedule_rows WHERE schedule = $1 ORDER BY row_key";
        let rows = self.db.rows(sql, values![schedule]).await?;
        let keys: Vec<String> = rows
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<_, _>>()?;
        let is_run = keys.iter().any(String::is_empty);
        Ok(is_run.then(|| keys.into_iter().filter(|key| !key.is_empty()).collect()))
    }

    /// Notes which row a claimed slot uses, if the rule's rows stand as `seen` has them: of two workers that choose at the
    /// same moment, one chooses again.
    ///
    /// # Errors
    /// `Lost`, if the rows or the slot have changed; what the database says.
    pub async fn reserve_row(
        &self,
        held: &mut HeldSlot,
        row: &str,
        seen: &[Used],
        now: Timestamp,
    ) -> Result<(), Error> {
        let (mut slot, fence, seen) = (held.slot.clone(), held.fence, seen.to_vec());
        slot.row_key = Some(row.to_owned());
        slot.rehearsed = self.is_rehearsal;
        let is_rehearsal = i64::from(self.is_rehearsal);
        let reserved = slot.clone();
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    if let Conn::Postgres(_) = conn {
                        let lock = "SELECT CAST(pg_advisory_xact_lock(hashtext($1)) AS TEXT)";
                        conn.row(lock, values![slot.schedule.as_str()]).await?;
                    }
                    let values = values![slot.schedule.as_str(), is_rehearsal];
                    let rows = conn.rows(USED, values).await?;
                    if used_of(&rows)? != seen {
                        return Err(Error::Lost);
                    }
                    let sql =
                        "UPDATE slots SET row_key = $3, changed = $4, body = $5, rehearsed = $6
                        WHERE id = $1 AND fence = $2";
                    let (row_key, rehearsed) = (slot.row_key.as_deref(), i64::from(slot.rehearsed));
                    let body = body(&slot)?;
                    let values = values![slot.id.as_str(), fence, row_key, now, body, rehearsed];
                    match conn.run(sql, values).await? {
                        0 => Err(Error::Lost),
                        _ => Ok(()),
                    }
                }
                .boxed()
            })
            .await?;
        held.slot = reserved;
        Ok(())
    }

    /// Counts rows as used without a slot: what was there at a rule's first run. An empty key marks the run itself.
    ///
    /// # Errors
    /// What the database says.
    pub async fn adopt_rows(
        &self,
        schedule: &str,
        keys: &[String],
        now: Timestamp,
    ) -> Result<(), Error> {
        let (schedule, keys) = (schedule.to_owned(), keys.to_vec());
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    let mark = String::new();
                    for key in keys.iter().chain([&mark]) {
                        let sql = "INSERT INTO schedule_rows (schedule, row_key, at)
                            VALUES ($1, $2, $3) ON CONFLICT (schedule, row_key) DO NOTHING";
                        conn.run(sql, values![schedule.as_str(), key.as_str(), now])
                            .await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

/// The rows that slots of a rule have used; what a rehearsal used ($2 is 0) does not count for the real calendar.
const USED: &str = "SELECT row_key, due, id FROM slots
    WHERE schedule = $1 AND row_key IS NOT NULL AND state NOT IN ('dropped', 'split')
        AND rehearsed <= $2
    ORDER BY due, id";

fn used_of(rows: &[Row]) -> Result<Vec<Used>, Error> {
    let mut used = Vec::with_capacity(rows.len());
    for row in rows {
        // what this program wrote is a slot's id
        if let Ok(id) = row.text(2)?.parse::<SlotId>() {
            used.push(Used {
                row: row.text(0)?,
                wall: id.wall,
                due: row.time(1)?,
            });
        }
    }
    Ok(used)
}
