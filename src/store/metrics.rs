//! What numbers for machines are made of, asked of indexes alone.
//!
//! In: the time. Out: how many stories are due, uncertain, failed; who is at work; whether the schema is ours.
//! Never: a story read whole, a lock that work would wait for.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::db::values;
use super::{Error, Store, open};
use crate::platform::QUOTA_WINDOW;

/// A worker that was not heard of for so long is no longer counted.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// The state of the memory as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Stories whose time has come and that are not out.
    pub due: u64,
    /// How long the first of them has been due.
    pub overdue: SignedDuration,
    /// Stories of which nobody knows whether they are live.
    pub uncertain: u64,
    /// How often a story failed, by account as stories name it; accounts without a failure are there as well.
    pub failed: BTreeMap<String, u64>,
    /// How often a story was missed, by schedule; those that were planned by hand are under the empty name.
    pub missed: BTreeMap<String, u64>,
    /// How far the making of pictures is behind its time.
    pub freeze_lag: SignedDuration,
    /// How many stories went out within the window of the quota, by account.
    pub sent: BTreeMap<String, u32>,
    /// When each worker of the last day was last heard of.
    pub workers: BTreeMap<String, Timestamp>,
}

impl Store {
    /// The numbers as they are now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn gauges(&self, now: Timestamp) -> Result<Gauges, Error> {
        let mut gauges = self.due_and_uncertain(now).await?;
        self.count_sent(&mut gauges, now).await?;
        self.count_ended(&mut gauges).await?;
        gauges.freeze_lag = self.freeze_lag(now).await?;
        // who is at work is told by the real time, whatever the stories go by
        let real = match self.clock.is_real() {
            true => now,
            false => Timestamp::now(),
        };
        let since = real.checked_sub(FORGOTTEN).unwrap_or(Timestamp::MIN);
        let workers = self.workers(since).await?.into_iter();
        let shown = |seen: Timestamp| now.checked_sub(real.duration_since(seen)).unwrap_or(seen);
        gauges.workers = workers
            .map(|worker| (worker.name, shown(worker.seen)))
            .collect();
        Ok(gauges)
    }

    async fn due_and_uncertain(&self, now: Timestamp) -> Result<Gauges, Error> {
        let sql = concat!(
            "SELECT
            (SELECT COUNT(*) FROM stories WHERE due <= $1 AND state IN ",
            in_flight!(),
            "), (SELECT MIN(due) FROM stories WHERE due <= $1 AND state IN ",
            in_flight!(),
            "), (SELECT COUNT(*) FROM stories WHERE state = 'uncertain')"
        );
        let rows = self.db.rows(sql, values![now]).await?;
        let Some(row) = rows.first() else {
            return Ok(Gauges::default());
        };
        let first = row.maybe_time(1)?;
        Ok(Gauges {
            due: count(row.int(0)?),
            overdue: first.map_or(SignedDuration::ZERO, |due| now.duration_since(due)),
            uncertain: count(row.int(2)?),
            ..Gauges::default()
        })
    }

    /// Of every account that is known.
    async fn count_sent(&self, gauges: &mut Gauges, now: Timestamp) -> Result<(), Error> {
        let sql = "SELECT account, (SELECT COUNT(*) FROM stories
                WHERE stories.account = accounts.account AND published > $1 AND published <= $2)
            FROM accounts";
        let since = now.checked_sub(QUOTA_WINDOW).unwrap_or(Timestamp::MIN);
        for row in self.db.rows(sql, values![since, now]).await? {
            let sent = u32::try_from(row.int(1)?).unwrap_or(u32::MAX);
            gauges.failed.insert(row.text(0)?, 0);
            gauges.sent.insert(row.text(0)?, sent);
        }
        Ok(())
    }

    /// By the trail, which is only added to: a story that is tried again has failed all the same.
    async fn count_ended(&self, gauges: &mut Gauges) -> Result<(), Error> {
        let sql = "SELECT audit.to_state, stories.account, COALESCE(slots.schedule, ''), COUNT(*)
            FROM audit JOIN stories ON stories.key = audit.story
            LEFT JOIN slots ON slots.id = stories.slot
            WHERE audit.to_state IN ('failed', 'missed')
                AND (audit.from_state IS NULL OR audit.from_state <> audit.to_state)
            GROUP BY audit.to_state, stories.account, COALESCE(slots.schedule, '')";
        gauges.missed.insert(String::new(), 0);
        for row in self.db.rows(sql, &[]).await? {
            let number = count(row.int(3)?);
            let counted = match row.text(0)?.as_str() {
                "failed" => gauges.failed.entry(row.text(1)?).or_default(),
                _ => gauges.missed.entry(row.text(2)?).or_default(),
            };
            *counted += number;
        }
        let sql = "SELECT slots.schedule, COUNT(*) FROM slot_trail
            JOIN slots ON slots.id = slot_trail.slot
            WHERE slot_trail.to_state = 'missed' GROUP BY slots.schedule";
        for row in self.db.rows(sql, &[]).await? {
            *gauges.missed.entry(row.text(0)?).or_default() += count(row.int(1)?);
        }
        Ok(())
    }

    /// How long the oldest picture of a slot should have been made.
    async fn freeze_lag(&self, now: Timestamp) -> Result<SignedDuration, Error> {
        let sql = "SELECT MIN(freezes) FROM slots WHERE state = 'planned' AND freezes <= $1";
        let rows = self.db.rows(sql, values![now]).await?;
        let first = rows.first().map_or(Ok(None), |row| row.maybe_time(0))?;
        Ok(first.map_or(SignedDuration::ZERO, |freeze| now.duration_since(freeze)))
    }

    /// The database answers, and its schema is the one of this program.
    ///
    /// # Errors
    /// `Newer`, `Older`; what the database says.
    pub async fn check_schema(&self) -> Result<(), Error> {
        let sql = "SELECT COALESCE(MAX(number), 0) FROM storypress_schema";
        let rows = self.db.rows(sql, &[]).await?;
        let found = rows.first().map_or(Ok(0), |row| row.int(0))?;
        let known = open::known();
        match found.cmp(&known) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(Error::Newer { found, known }),
            std::cmp::Ordering::Less => Err(Error::Older { found, known }),
        }
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
