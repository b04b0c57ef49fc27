//! Numbers for machines, as OpenMetrics text.
//!
//! In: what the store counts, what the worker knows of quotas and tokens. Out: a text.
//! Never: a secret, a question to the platform.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::graph::Quota;
use crate::platform::QUOTA_WINDOW;
use crate::store::Gauges;

/// What it is, for whoever asks over HTTP.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a worker knows of its accounts without asking again. By account, as stories name it.
#[derive(Debug, Default)]
pub(super) struct Known {
    quotas: Mutex<HashMap<String, Read>>,
    ends: Mutex<HashMap<String, Timestamp>>,
}

/// A quota as it was read.
#[derive(Debug, Clone, Copy)]
struct Read {
    quota: Quota,
    at: Timestamp,
    /// How many stories of ours stood in its window then.
    sent: u32,
}

impl Known {
    /// The platform has told an account's quota; `sent` of its window are ours.
    pub fn quota(&self, account: &str, quota: Quota, sent: u32, at: Timestamp) {
        let mut quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        quotas.insert(account.to_owned(), Read { quota, at, sent });
    }

    /// When an account's token ends, where that is known.
    pub fn token(&self, account: &str, ends: Option<Timestamp>) {
        let mut known = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        match ends {
            Some(ends) => known.insert(account.to_owned(), ends),
            None => known.remove(account),
        };
    }

    /// What is left of each quota now: what we sent since is counted, what others sent stays for a day.
    fn left(&self, gauges: &Gauges, now: Timestamp) -> Vec<(String, u32)> {
        let quotas = self.quotas.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |(account, read): (&String, &Read)| {
            let total = read.quota.total?;
            let others = match now.duration_since(read.at) < QUOTA_WINDOW {
                true => read.quota.used.saturating_sub(read.sent),
                false => 0,
            };
            let ours = gauges.sent.get(account).copied().unwrap_or_default();
            let left = total.saturating_sub(ours.saturating_add(others));
            Some((account.clone(), left))
        };
        quotas.iter().filter_map(left).collect()
    }

    fn ends(&self) -> HashMap<String, Timestamp> {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.clone()
    }
}

type Label = [(&'static str, String); 1];
type Number = Gauge<f64, AtomicU64>;

/// The numbers; `names` are what people call the accounts.
pub(super) fn text(
    gauges: &Gauges,
    known: &Known,
    names: &HashMap<String, String>,
    now: Timestamp,
) -> String {
    let named = |account: &String| names.get(account).unwrap_or(account).clone();
    let mut registry = Registry::with_prefix("storypress");
    let single = |registry: &mut Registry, name: &str, help: &str, number: f64| {
        let gauge = Number::default();
        gauge.set(number);
        registry.register(name, help, gauge);
    };
    let help = "Stories whose time has come and that are not out";
    single(&mut registry, "due", help, gauges.due as f64);
    let help = "How long the first of them has been due";
    let overdue = gauges.overdue.as_secs_f64();
    single(&mut registry, "overdue_seconds", help, overdue);
    let help = "Stories of which nobody knows whether they are live: somebody has to look";
    single(&mut registry, "uncertain", help, gauges.uncertain as f64);
    let help = "How far the making of pictures is behind its time";
    let lag = gauges.freeze_lag.as_secs_f64();
    single(&mut registry, "freeze_lag_seconds", help, lag);
    let failed = gauges.failed.iter().map(|(a, n)| (named(a), *n));
    let help = "How often a story failed";
    counters(&mut registry, ("failed", help, "account"), failed);
    let missed = gauges.missed.iter().map(|(s, n)| (s.clone(), *n));
    let help = "How often a story was too late; without a schedule those planned by hand";
    counters(&mut registry, ("missed", help, "schedule"), missed);
    let left = known.left(gauges, now);
    let left = left.iter().map(|(a, n)| (named(a), f64::from(*n)));
    let help = "Stories that the account may still publish today, as far as is known";
    numbers(&mut registry, ("quota_left", help, "account"), left);
    let days = |end: &Timestamp| end.duration_since(now).as_secs_f64() / 86400.0;
    let ends = known.ends();
    let ends = ends.iter().map(|(a, end)| (named(a), days(end)));
    let help = "Days until the token ends, where that is known";
    numbers(&mut registry, ("token_days", help, "account"), ends);
    let since = |seen: &Timestamp| now.duration_since(*seen).as_secs_f64().max(0.0);
    let workers = gauges.workers.iter().map(|(w, s)| (w.clone(), since(s)));
    let help = "How long ago the worker was last heard of";
    numbers(
        &mut registry,
        ("heartbeat_seconds", help, "worker"),
        workers,
    );
    let mut text = String::new();
    // writing into a text does not fail
    let _ = encode(&mut text, &registry);
    text
}

/// A number for each name.
fn numbers(
    registry: &mut Registry,
    (name, help, label): (&str, &str, &'static str),
    values: impl Iterator<Item = (String, f64)>,
) {
    let family = Family::<Label, Number>::default();
    for (value, number) in values {
        family.get_or_create(&[(label, value)]).set(number);
    }
    registry.register(name, help, family);
}

/// A count for each name that only grows; its name gets `_total` at its end when it is written.
fn counters(
    registry: &mut Registry,
    (name, help, label): (&str, &str, &'static str),
    values: impl Iterator<Item = (String, u64)>,
) {
    let family = Family::<Label, Counter>::default();
    for (value, number) in values {
        family.get_or_create(&[(label, value)]).inc_by(number);
    }
    registry.register(name, help, family);
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn every_name_is_that_of_the_documentation() {
        let now: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
        let one = |name: &str, number| [(name.to_owned(), number)].into();
        let gauges = Gauges {
            due: 3,
            overdue: SignedDuration::from_millis(1500),
            uncertain: 1,
            failed: one("instagram:1", 2),
            missed: one("", 4),
            sent: [("instagram:1".to_owned(), 7)].into(),
            workers: [(
                "host \"a\"\\".to_owned(),
                now - SignedDuration::from_secs(4),
            )]
            .into(),
            ..Gauges::default()
        };
        let known = Known::default();
        let quota = Quota {
            used: 8,
            total: Some(100),
            duration: None,
        };
        // three of the eight are others', and five of ours came since
        known.quota("instagram:1", quota, 5, now - SignedDuration::from_hours(1));
        known.token("instagram:1", Some(now + SignedDuration::from_hours(36)));
        let names = [("instagram:1".to_owned(), "main".to_owned())].into();
        let text = text(&gauges, &known, &names, now);
        for line in [
            "# TYPE storypress_due gauge",
            "storypress_due 3.0",
            "storypress_overdue_seconds 1.5",
            "storypress_uncertain 1.0",
            "storypress_freeze_lag_seconds 0.0",
            "# TYPE storypress_failed counter",
            "storypress_failed_total{account=\"main\"} 2",
            "storypress_missed_total{schedule=\"\"} 4",
            "storypress_quota_left{account=\"main\"} 90.0",
            "storypress_token_days{account=\"main\"} 1.5",
            "storypress_heartbeat_seconds{worker=\"host \\\"a\\\"\\\\\"} 4.0",
            "# EOF",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
    }
}
