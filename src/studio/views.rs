//! Slots and stories as JSON: what reports of the command line say of them, and what a page needs besides.
//!
//! In: an entry of the calendar, a story. Out: an object. Never: a secret.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::template_files::local;
use super::workspace::Workspace;
use crate::publisher::{self, Entry, accounts, numbers, published};
use crate::store::{self, Decision, Picture, Step, Story, StoryKey, Worker};

/// A slot: the fields of `schedule next --json`, with `id` and `due` of their own, its picture, what was decided.
pub fn slot(work: &Workspace, entry: &Entry) -> Value {
    let mut out = serde_json::to_value(&entry.report).unwrap_or_default();
    out["id"] = json!(entry.id());
    out["due"] = json!(entry.due);
    out["diagnostics"] = json!(local(&entry.diagnostics, &work.project));
    if let Some(slot) = &entry.kept {
        out["is_moved"] = json!(slot.is_moved);
        out["freeze"] = json!(slot.freeze);
        for (name, picture) in [("picture", &slot.picture), ("former", &slot.former)] {
            if let Some(picture) = picture {
                out[name] = of_picture(picture);
            }
        }
        for (name, decision) in [("approval", &slot.approval), ("rejection", &slot.rejection)] {
            if let Some(decision) = decision {
                out[name] = of_decision(decision);
            }
        }
        if let Some(code) = &slot.trouble {
            out["trouble"] = json!(code);
        }
    }
    if let Some(rule) = work.rule(&entry.slot.schedule) {
        out["approve"] = json!(rule.approve);
    }
    if let Some(found) = &entry.story {
        out["story"] = brief(found, work.now);
    }
    out
}

fn of_picture(picture: &Picture) -> Value {
    let media = &picture.media;
    json!({
        "sha256": media.sha256, "kind": media.kind, "bytes": media.bytes,
        "width": media.width, "height": media.height, "duration_s": media.duration_s, "made": picture.made,
    })
}

fn of_decision(decision: &Decision) -> Value {
    json!({
        "sha256": decision.sha256, "by": decision.by, "at": decision.at, "reason": decision.reason,
    })
}

/// What every report says of a story.
fn brief(story: &Story, now: jiff::Timestamp) -> Value {
    let mut out = json!({ "id": story.key, "state": story.state(now) });
    if let Some(id) = story.step.story() {
        out["media_id"] = json!(id);
    }
    if let Some(container) = story.step.container() {
        out["container_id"] = json!(container);
    }
    out
}

/// What is around stories: their accounts, who is at work.
#[derive(Debug, Default)]
pub struct Around {
    accounts: HashMap<String, store::Account>,
    /// Whose turn comes first, by account.
    first: HashMap<String, StoryKey>,
    workers: Vec<Worker>,
}

impl Around {
    /// As the store has it.
    ///
    /// # Errors
    /// 500 with what the store says.
    pub async fn of(work: &Workspace) -> Result<Self, super::problem::Problem> {
        let mut around = Self {
            workers: work.workers().await?,
            ..Self::default()
        };
        if let Some(store) = &work.store {
            around.first = store.first_in_line(work.now).await?;
            for key in store.accounts().await? {
                let account = store.account(&key).await?;
                around.accounts.insert(key, account);
            }
        }
        Ok(around)
    }

    /// Nobody who works was seen in the last minute.
    pub fn is_idle(&self) -> bool {
        self.workers.is_empty()
    }
}

/// A story: the fields of `status --json`, with those of `story` beside them.
pub fn story(work: &Workspace, story: &Story, around: &Around) -> Value {
    let account = around.accounts.get(&story.account);
    let first = around.first.get(&story.account);
    let workers = &around.workers;
    let waits_for = publisher::waits_for(&work.project, story, account, first, workers, work.now);
    let mut told = brief(story, work.now);
    told["name"] = json!(story.name);
    if let Some(template) = &story.template {
        told["template"] = json!(template);
    }
    told["account"] = json!(accounts::name_of(&work.project, &story.account));
    told["due"] = json!(story.due);
    if let Some(why) = waits_for {
        told["waits_for"] = json!(why);
    }
    if let Some(why) = publisher::reason(story) {
        told["trouble"] = json!(why);
    }
    let mut out = told.clone();
    out["story"] = told;
    let status = match story.step {
        Step::Failed { .. } | Step::Missed | Step::Cancelled { .. } => "failed",
        _ => "done",
    };
    out["status"] = json!(status);
    out["outputs"] = json!([story.outgoing.media]);
    if let Some(slot) = &story.slot {
        out["slot"] = json!(slot);
    }
    if let Some(at) = published(story) {
        out["published"] = json!(at);
    }
    if let Some(found) = numbers(story) {
        out["numbers"] = json!(found.numbers);
        out["taken"] = json!(found.taken);
    }
    out
}

/// Everything that was decided about a slot and its story, in its order.
///
/// # Errors
/// 500 with what the store says.
pub async fn trail(work: &Workspace, entry: &Entry) -> Result<Vec<Value>, super::problem::Problem> {
    let Some(store) = &work.store else {
        return Ok(Vec::new());
    };
    let mut trail = store.slot_trail(&entry.id()).await?;
    if let Some(story) = &entry.story {
        trail.extend(store.audit(&story.key).await?);
    }
    trail.sort_by_key(|line| line.at);
    Ok(trail.iter().map(line).collect())
}

/// A line of a trail.
pub fn line(line: &store::Entry) -> Value {
    let by = line.detail.get("by").and_then(Value::as_str);
    json!({
        "time": line.at, "what": line.what, "from": line.from, "to": line.to,
        "by": by.unwrap_or(&line.who), "detail": line.detail,
    })
}
