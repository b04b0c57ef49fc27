//! How many stories an account can still send in time.
//!
//! In: an account's quota, what the store knows of its last and next day. Out: how many of so many can go out.
//! Never: a promise: what others publish on the account meanwhile is not known.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Publisher};
use crate::graph::Quota;
use crate::platform::{QUOTA_WINDOW, later};

/// How many of the stories that are due at a time can go out before they are late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// Of those that are due then.
    pub due: Timestamp,
    /// So many.
    pub fit: usize,
    /// Of so many.
    pub of: usize,
    /// Before that time.
    pub until: Timestamp,
}

impl Forecast {
    /// All of them.
    pub fn is_all(&self) -> bool {
        self.fit >= self.of
    }
}

impl Publisher {
    /// How many of an account's new stories can go out in time, for each time at which some of them are due, as far as the
    /// quota is known.
    ///
    /// # Errors
    /// What the store says. A quota that cannot be read is no obstacle.
    pub async fn forecasts(
        &self,
        account: &str,
        due: Vec<Timestamp>,
    ) -> Result<Vec<Forecast>, Error> {
        let now = self.clock.now();
        match self.rooms_of(account).platform.quota().await {
            Ok(quota) => self.forecasts_by(account, &quota, due, now).await,
            Err(_) => Ok(Vec::new()),
        }
    }

    pub(super) async fn forecasts_by(
        &self,
        account: &str,
        quota: &Quota,
        due: Vec<Timestamp>,
        now: Timestamp,
    ) -> Result<Vec<Forecast>, Error> {
        let mut due: Vec<Timestamp> = due.into_iter().map(|due| due.max(now)).collect();
        due.sort();
        // those of which the store knows nothing
        let known = self
            .store
            .sent_between(account, day_before(now), now)
            .await?;
        let others = quota.used.saturating_sub(known.sent);
        let mut all = Vec::new();
        for group in due.chunk_by(|one, next| one == next) {
            let at = group[0];
            // those of this call that go out within the day before take their part first
            let before = (due.iter()).filter(|one| day_before(at) < **one && **one < at);
            let before = before.count();
            let count = before + group.len();
            let left = (quota.total, others);
            let both = self.forecast_by(account, left, count, at, now).await?;
            all.push(Forecast {
                due: at,
                fit: both.fit.saturating_sub(before),
                of: group.len(),
                until: both.until,
            });
        }
        Ok(all)
    }

    async fn forecast_by(
        &self,
        account: &str,
        (total, others): (Option<u32>, u32),
        count: usize,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<Forecast, Error> {
        let policy = &self.rooms_of(account).policy;
        let late = SignedDuration::try_from(policy.late).unwrap_or(SignedDuration::MAX);
        let gap = SignedDuration::try_from(policy.gap).unwrap_or_default();
        let behind = i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
        let line = gap.checked_mul(behind).unwrap_or(SignedDuration::MAX);
        // the last one waits behind the others, and is late only after that
        let until = later(later(due, line), late);
        let all = |fit| Forecast {
            due,
            fit,
            of: count,
            until,
        };
        let Some(total) = total else {
            return Ok(all(count));
        };
        let start = day_before(until);
        let then = self.store.sent_between(account, start, until).await?;
        // they end at some time of the day, the latest counts
        let others = if start < now { others } else { 0 };
        let taken = others + then.sent + then.to_send;
        Ok(all(count.min(total.saturating_sub(taken) as usize)))
    }
}

/// When the window of the quota begins that ends then.
fn day_before(at: Timestamp) -> Timestamp {
    at.checked_sub(QUOTA_WINDOW).unwrap_or(Timestamp::MIN)
}
