//! How much of the call budget is used, as the platform's headers tell.
//!
//! In: the headers of every answer, and the time. Out: go, wait a little, or stop until a time.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// From this percentage on calls slow down.
const SLOW_FROM: f64 = 80.0;

/// How long to stop at the limit when no header says it.
pub(super) const UNKNOWN_STOP: Duration = Duration::from_secs(10 * 60);

/// Budgets roll: what a header said longer ago says nothing.
const STALE: SignedDuration = SignedDuration::from_hours(1);

/// Parts of the platform that a publisher does not use, with budgets of their own.
const OTHER_TYPES: [&str; 5] = [
    "ads_insights",
    "ads_management",
    "custom_audience",
    "leadgen",
    "messenger",
];

/// What may be done now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    Go,
    /// First wait.
    Slow(Duration),
    /// Nothing for so long: every further call lengthens the block.
    Stop(Duration),
}

/// One budget's newest figures.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Usage {
    /// The highest of calls, time and processor time; the platform throttles at 100.
    percent: f64,
    regain: Duration,
    heard: Timestamp,
}

#[derive(Debug, Default)]
struct Heard {
    account: Option<Usage>,
    app: Option<Usage>,
    stopped_until: Option<Timestamp>,
}

/// The budgets of one client.
#[derive(Debug, Default)]
pub(super) struct Limits(Mutex<Heard>);

impl Limits {
    /// Reads the usage headers of an answer; most answers have none.
    pub fn hear(&self, headers: &HeaderMap, now: Timestamp) {
        let json =
            |name| -> Option<Value> { serde_json::from_slice(headers.get(name)?.as_bytes()).ok() };
        let account = json("x-business-use-case-usage").and_then(|v| business(&v, now));
        let app = json("x-app-usage").and_then(|v| usage(&v, now));
        let mut heard = self.lock();
        for usage in [account, app].into_iter().flatten() {
            if usage.percent >= 100.0 || !usage.regain.is_zero() {
                heard.stop(usage.regain, now);
            }
        }
        heard.account = account.or(heard.account);
        heard.app = app.or(heard.app);
    }

    /// The platform refused a call for a limit. Gives how long to stop.
    pub fn refused(&self, least: Duration, now: Timestamp) -> Duration {
        let mut heard = self.lock();
        let already = heard.stopped_until.map_or(Duration::ZERO, |t| left(t, now));
        if already.is_zero() {
            heard.stop(least, now);
        }
        heard.stopped_until.map_or(least, |t| left(t, now))
    }

    pub fn pace(&self, now: Timestamp) -> Pace {
        let mut heard = self.lock();
        if let Some(until) = heard.stopped_until {
            if until > now {
                return Pace::Stop(left(until, now));
            }
            // the next answer's headers tell anew
            *heard = Heard::default();
        }
        let percent = [heard.account, heard.app]
            .into_iter()
            .flatten()
            .filter(|usage| now.duration_since(usage.heard) < STALE)
            .map(|usage| usage.percent)
            .fold(0.0, f64::max);
        if percent < SLOW_FROM {
            return Pace::Go;
        }
        // half a second at 80 %, ten at 99 %: the last fifth of a day's budget lasts
        Pace::Slow(Duration::from_secs_f64((percent - SLOW_FROM + 1.0) / 2.0))
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        // figures of a thread that panicked are figures still
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Heard {
    fn stop(&mut self, regain: Duration, now: Timestamp) {
        let wait = if regain.is_zero() {
            UNKNOWN_STOP
        } else {
            regain
        };
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        self.stopped_until = self.stopped_until.max(Some(until));
    }
}

fn left(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}

/// `{"<any id>": [{"type", "call_count", …, "estimated_time_to_regain_access": minutes}]}`: the tightest of all.
fn business(header: &Value, now: Timestamp) -> Option<Usage> {
    header
        .as_object()?
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter(|entry| !OTHER_TYPES.contains(&entry["type"].as_str().unwrap_or_default()))
        .filter_map(|entry| usage(entry, now))
        .reduce(|a, b| Usage {
            percent: a.percent.max(b.percent),
            regain: a.regain.max(b.regain),
            heard: now,
        })
}

fn usage(entry: &Value, now: Timestamp) -> Option<Usage> {
    let number = |name: &str| entry[name].as_f64().filter(|n| n.is_finite() && *n >= 0.0);
    let percent = ["call_count", "total_time", "total_cputime"]
        .into_iter()
        .filter_map(number)
        .reduce(f64::max)?;
    // minutes, unlike everything else; a day is the longest window there is
    let minutes = number("estimated_time_to_regain_access").unwrap_or(0.0);
    Some(Usage {
        percent: percent.min(100.0),
        regain: Duration::from_secs_f64(minutes.min(24.0 * 60.0) * 60.0),
        heard: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSINESS: &str = "x-business-use-case-usage";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn heard(name: &'static str, value: &str) -> Limits {
        let limits = Limits::default();
        limits.hear(&headers(name, value), at(0));
        limits
    }

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    fn business_usage(key: &str, calls: u32, minutes: u32) -> String {
        format!(
            r#"{{"{key}":[{{"type":"instagram","call_count":{calls},"total_cputime":15,"total_time":12,"estimated_time_to_regain_access":{minutes}}}]}}"#
        )
    }

    #[test]
    fn below_80_percent_nothing_waits() {
        assert_eq!(Limits::default().pace(at(0)), Pace::Go);
        assert_eq!(
            heard(BUSINESS, &business_usage("17841400008460056", 79, 0)).pace(at(1)),
            Pace::Go
        );
        assert_eq!(
            heard(
                "x-app-usage",
                r#"{"call_count":28,"total_time":25,"total_cputime":25}"#
            )
            .pace(at(1)),
            Pace::Go
        );
    }

    #[test]
    fn from_80_percent_on_calls_slow_down() {
        let pace = |percent| heard(BUSINESS, &business_usage("any", percent, 0)).pace(at(1));
        assert_eq!(pace(80), Pace::Slow(Duration::from_millis(500)));
        assert_eq!(pace(99), Pace::Slow(Duration::from_secs(10)));
        let app = heard(
            "x-app-usage",
            r#"{"call_count":1,"total_time":90,"total_cputime":25}"#,
        );
        assert_eq!(app.pace(at(1)), Pace::Slow(Duration::from_millis(5500)));
        // what an hour ago was nearly full has rolled on
        assert_eq!(app.pace(at(3601)), Pace::Go);
    }

    #[test]
    fn at_the_limit_everything_stops_until_access_comes_back_in_minutes() {
        let limits = heard(BUSINESS, &business_usage("any", 100, 7));
        assert_eq!(limits.pace(at(60)), Pace::Stop(Duration::from_secs(6 * 60)));
        assert_eq!(limits.pace(at(7 * 60)), Pace::Go);
    }

    #[test]
    fn a_limit_without_a_time_stops_all_the_same() {
        let limits = heard(
            "x-app-usage",
            r#"{"call_count":100,"total_time":1,"total_cputime":1}"#,
        );
        assert_eq!(limits.pace(at(0)), Pace::Stop(UNKNOWN_STOP));
        let limits = Limits::default();
        assert_eq!(
            limits.refused(Duration::from_secs(60), at(0)),
            Duration::from_secs(60)
        );
        assert_eq!(limits.pace(at(59)), Pace::Stop(Duration::from_secs(1)));
    }

    #[test]
    fn a_refusal_waits_as_long_as_the_header_said() {
        let limits = heard(BUSINESS, &business_usage("any", 100, 42));
        assert_eq!(
            limits.refused(Duration::from_secs(60), at(0)),
            Duration::from_secs(42 * 60)
        );
    }

    #[test]
    fn budgets_of_other_products_and_broken_headers_count_for_nothing() {
        let other = business_usage("any", 100, 7).replace("instagram", "messenger");
        assert_eq!(heard(BUSINESS, &other).pace(at(0)), Pace::Go);
        for broken in [
            "",
            "[]",
            "{\"a\":{}}",
            "{\"a\":[1]}",
            "<html>",
            r#"{"a":[{"call_count":"9"}]}"#,
        ] {
            assert_eq!(heard(BUSINESS, broken).pace(at(0)), Pace::Go, "{broken}");
        }
    }

    #[test]
    fn a_second_answer_without_headers_changes_nothing() {
        let limits = heard(BUSINESS, &business_usage("any", 85, 0));
        limits.hear(&HeaderMap::new(), at(1));
        assert!(matches!(limits.pace(at(2)), Pace::Slow(_)));
        limits.hear(&headers(BUSINESS, &business_usage("any", 3, 0)), at(3));
        assert_eq!(limits.pace(at(4)), Pace::Go);
    }
}
