//! How many stories an account can still send in time.
//!
//! In: the account's quota, what the store knows of its last and next day. Out: how many of so many can go out.
//! Never: a promise: what others publish on the account meanwhile is not known.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Publisher};
use crate::graph::Quota;
use crate::platform::{QUOTA_WINDOW, later};

/// How many of a call's stories can go out before they are late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
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
    /// How many of `count` new stories that are due then, or now, can go out in time, as far as the quota is known.
    ///
    /// # Errors
    /// What the store says. A quota that cannot be read is no obstacle.
    pub async fn forecast(
        &self,
        count: usize,
        due: Option<Timestamp>,
    ) -> Result<Option<Forecast>, Error> {
        let now = self.clock.now();
        match self.chosen().platform.quota().await {
            Ok(quota) => Ok(Some(self.forecast_by(&quota, count, due, now).await?)),
            Err(_) => Ok(None),
        }
    }

    pub(super) async fn forecast_by(
        &self,
        quota: &Quota,
        count: usize,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Forecast, Error> {
        let policy = &self.chosen().policy;
        let late = SignedDuration::try_from(policy.late).unwrap_or(SignedDuration::MAX);
        let gap = SignedDuration::try_from(policy.gap).unwrap_or_default();
        let behind = i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
        let line = gap.checked_mul(behind).unwrap_or(SignedDuration::MAX);
        let due = due.unwrap_or(now).max(now);
        // the last one waits behind the others, and is late only after that
        let until = later(later(due, line), late);
        let day = QUOTA_WINDOW;
        let before = |at: Timestamp| at.checked_sub(day).unwrap_or(Timestamp::MIN);
        let all = |fit| Forecast {
            fit,
            of: count,
            until,
        };
        let Some(total) = quota.total else {
            return Ok(all(count));
        };
        let known = self
            .store
            .sent_between(&self.account, before(now), now)
            .await?;
        let then = self
            .store
            .sent_between(&self.account, before(until), until)
            .await?;
        // those of which the store knows nothing end at some time of the day, the latest counts
        let others = match before(until) < now {
            true => quota.used.saturating_sub(known.sent),
            false => 0,
        };
        let taken = others + then.sent + then.to_send;
        Ok(all(count.min(total.saturating_sub(taken) as usize)))
    }
}
