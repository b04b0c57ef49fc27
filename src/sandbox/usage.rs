//! How many calls were made: for the limits, and the headers that tell about them.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::{Value, json};

/// Calls an app may make in an hour before its own header says 100; far away, so that only the account's limit bites.
const APP_CALLS: u64 = 1_000_000;

const DAY_MINUTES: i64 = 24 * 60;

/// Calls by minute.
#[derive(Debug, Default)]
struct Minutes(BTreeMap<i64, u64>);

impl Minutes {
    fn count(&mut self, minute: i64) {
        *self.0.entry(minute).or_default() += 1;
    }

    /// Forgets what is older than `minutes`, and counts the rest.
    fn within(&mut self, now: i64, minutes: i64) -> u64 {
        self.0 = self.0.split_off(&(now - minutes + 1));
        self.0.values().sum()
    }

    /// Minutes until enough calls are too old to count.
    fn until_below(&self, now: i64, limit: u64) -> i64 {
        let mut left: u64 = self.0.values().sum();
        for (minute, calls) in &self.0 {
            left -= calls;
            if left < limit {
                return (minute + DAY_MINUTES - now).max(1);
            }
        }
        DAY_MINUTES
    }
}

/// Calls of the app, and about each account.
#[derive(Debug, Default)]
pub struct Usage {
    app: Minutes,
    accounts: HashMap<String, Minutes>,
}

/// What the account's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    /// Of the day's calls.
    pub calls: u64,
    /// Minutes; 0 while calls are taken.
    pub regain_minutes: i64,
}

impl Usage {
    /// Counts a call. At 100 % it is not taken any more.
    pub fn count(&mut self, user_id: &str, now: Timestamp, limit: u64) -> Percent {
        let minute = now.as_second() / 60;
        self.app.count(minute);
        let calls = self.accounts.entry(user_id.to_owned()).or_default();
        let limit = limit.max(1);
        let made = calls.within(minute, DAY_MINUTES);
        let regain_minutes = if made >= limit {
            calls.until_below(minute, limit)
        } else {
            calls.count(minute);
            0
        };
        Percent {
            calls: (made.saturating_mul(100) / limit).min(100),
            regain_minutes,
        }
    }

    /// `X-App-Usage`.
    pub fn app_header(&mut self, now: Timestamp) -> Value {
        let calls = self.app.within(now.as_second() / 60, 60);
        let percent = (calls * 100 / APP_CALLS).min(99);
        json!({"call_count": percent, "total_time": percent, "total_cputime": percent})
    }
}

/// `X-Business-Use-Case-Usage`.
pub fn account_header(user_id: &str, percent: Percent) -> Value {
    let entry = json!({
        "type": "instagram",
        "call_count": percent.calls,
        "total_cputime": percent.calls / 2,
        "total_time": percent.calls / 2,
        "estimated_time_to_regain_access": percent.regain_minutes,
    });
    json!({ user_id: [entry] })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::clock::later;
    use super::*;

    #[test]
    fn calls_are_counted_until_the_limit_and_forgotten_after_a_day() {
        let start: Timestamp = "2026-11-20T10:00:00Z".parse().expect("a time");
        let mut usage = Usage::default();
        let percents: Vec<u64> = (0..5).map(|_| usage.count("1", start, 4).calls).collect();
        assert_eq!(percents, [0, 25, 50, 75, 100]);
        let hours = |n: u64| later(start, Duration::from_secs(3600 * n));
        assert_eq!(usage.count("1", hours(23), 4).regain_minutes, 60);
        assert_eq!(
            usage.count("2", hours(23), 4).calls,
            0,
            "each account by itself"
        );
        let fresh = usage.count("1", hours(24), 4);
        assert_eq!((fresh.calls, fresh.regain_minutes), (0, 0));
    }
}
