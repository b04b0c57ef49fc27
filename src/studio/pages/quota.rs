//! The bar of a day on `/calendar`: how much of an account's 24 hours goes out on it.
//!
//! In: what stands on a day. Out: for each account how many stories it is. Never: a slot that does not go out, or that only
//! stands for others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::calendar::Pick;
use crate::diag::Code;
use crate::graph::Login;
use crate::publisher::Entry;
use crate::studio::workspace::Workspace;

/// What the platform takes of an account in 24 hours, where it does not say another number.
const QUOTA: usize = 100;

/// The bars of a day's slots.
pub fn of_slots(work: &Workspace, own: &[&&Entry]) -> Vec<Value> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in own.iter().filter(|entry| is_story(work, entry)) {
        let account = entry.report.account.as_deref();
        if let Some(account) = account.filter(|account| is_counted(work, account)) {
            *counts.entry(account).or_default() += 1;
        }
    }
    let bars = counts.into_iter().map(|(account, count)| {
        let is_foreseen = own.iter().any(|entry| {
            let is_its = entry.report.account.as_deref() == Some(account);
            let mut found = entry.diagnostics.iter();
            is_its && found.any(|found| found.code == Code::Quota)
        });
        let is_over = is_foreseen || count > QUOTA;
        json!({ "account": account, "count": count, "most": QUOTA, "is_over": is_over })
    });
    bars.collect()
}

/// Counts a story that was planned by hand.
pub fn add(work: &Workspace, day: &mut Value, card: &Value) {
    let account = card["account"].as_str().unwrap_or_default();
    let state = card["state"].as_str().unwrap_or_default();
    if !goes_out(state) || !is_counted(work, account) {
        return;
    }
    let Some(bars) = day["quota"].as_array_mut() else {
        return;
    };
    let found = bars.iter_mut().find(|bar| bar["account"] == account);
    match found {
        Some(bar) => {
            let now = bar["count"].as_u64().unwrap_or_default() + 1;
            let most = bar["most"].as_u64().unwrap_or_default();
            bar["count"] = json!(now);
            bar["is_over"] = json!(bar["is_over"] == true || now > most);
        }
        None => {
            bars.push(json!({ "account": account, "count": 1, "most": QUOTA, "is_over": false }));
        }
    }
}

/// Whether a slot is a story that goes out. A series' own slot is none: its rows are.
fn is_story(work: &Workspace, entry: &Entry) -> bool {
    let rule = work.rule(&entry.slot.schedule);
    let is_series = rule.is_some_and(|rule| rule.pick == Pick::All);
    goes_out(entry.state()) && (entry.slot.key.is_some() || !is_series)
}

/// Whether what is in this state goes out, or did. Nobody knows of an uncertain one: it may have.
fn goes_out(state: &str) -> bool {
    ![
        "skipped",
        "missed",
        "failed",
        "cancelled",
        "split",
        "dropped",
    ]
    .contains(&state)
}

/// Whether the platform counts an account's stories: nobody counts what a person posts.
fn is_counted(work: &Workspace, account: &str) -> bool {
    let mut accounts = work.project.accounts.iter();
    !accounts.any(|known| known.login == Login::ByHand && known.name == account)
}
