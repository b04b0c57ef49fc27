//! A slot that a person has go out now.
//!
//! In: a slot's id, a project's rules. Out: the slot, due now; or why it cannot go out. Never: a slot that is late because of it.

use jiff::Timestamp;
use serde_json::json;

use super::agenda::{Entry, entry};
use super::remembered::Remembered;
use super::slots::{SlotError, decide, open, set_due};
use crate::calendar::Rule;
use crate::diag::{Code, Diagnostic};
use crate::project::Project;
use crate::store::{Slot, SlotState, Store};

/// A slot that has no story goes out now: also one that was skipped or missed. One that ended for want of an approval waits
/// for that again.
///
/// # Errors
/// `State` where it is a story already, and where it could not go out now: it stays as it is then. What the store says.
pub async fn run_slot(
    store: &Store,
    (project, rules): (&Project, &[Rule]),
    id: &str,
    by: &str,
    now: Timestamp,
) -> Result<Slot, SlotError> {
    let known = store.slot(id).await?;
    let rule = known.as_ref().and_then(|slot| rule_of(rules, slot));
    let outlook = match (rule, &known) {
        (Some(rule), Some(slot)) => Some(outlook(store, project, (rule, slot), now).await?),
        _ => None,
    };
    decide(store, id, ("run by hand", by), now, |slot| {
        if !has_ended(slot) {
            open(slot, "run")?;
        }
        let why = match &outlook {
            Some(outlook) => outlook.why_not(slot),
            None => Some("no rule of the calendar has it now".to_owned()),
        };
        if let Some(why) = why {
            let said = format!("{} cannot go out now: {why}", slot.id);
            return Err(SlotError::State(said));
        }
        if has_ended(slot) {
            slot.state = match &slot.picture {
                Some(_) if slot.approval.is_some() => SlotState::Waiting,
                Some(_) => SlotState::Frozen,
                None => SlotState::Planned,
            };
        }
        let detail = json!({ "was_due": slot.due });
        set_due(slot, now);
        (slot.trouble, slot.reason, slot.looked) = (None, None, None);
        Ok(detail)
    })
    .await
}

/// The rule that has a slot, whatever became of that.
fn rule_of<'r>(rules: &'r [Rule], slot: &Slot) -> Option<&'r Rule> {
    let rule = rules.iter().find(|rule| rule.name == slot.schedule);
    rule.filter(|rule| super::calendar::has_slot(rule, slot))
}

/// What is known of a slot before it is run.
struct Outlook<'r> {
    rule: &'r Rule,
    pause: Option<String>,
    /// With its row and what that lacks, where its own time is to come.
    entry: Option<Entry>,
}

async fn outlook<'r>(
    store: &Store,
    project: &Project,
    (rule, slot): (&'r Rule, &Slot),
    now: Timestamp,
) -> Result<Outlook<'r>, SlotError> {
    let rules = std::slice::from_ref(rule);
    let kept = Remembered::of(project, rules, Some(store), now).await?;
    let is_paused = kept.is_paused(Some(rule), Some(&slot.account));
    let of_account = || is_paused.then(|| format!("the account {} is paused", slot.account));
    Ok(Outlook {
        rule,
        pause: kept.pause(rule).or_else(of_account),
        entry: entry(project, rules, &kept, &slot.id).await,
    })
}

impl Outlook<'_> {
    /// Why a slot would not go out, if it were due now. What has ended is looked at anew, but not under a pause.
    fn why_not(&self, slot: &Slot) -> Option<String> {
        if self.pause.is_some() || has_ended(slot) {
            return self.pause.clone();
        }
        slot.why_rejected()
            .or_else(|| why_unapproved(self.rule, slot))
            .or_else(|| why_without_picture(slot, self.entry.as_ref()?))
    }
}

fn has_ended(slot: &Slot) -> bool {
    matches!(
        slot.state,
        SlotState::Skipped | SlotState::Missed | SlotState::Dropped
    )
}

fn why_unapproved(rule: &Rule, slot: &Slot) -> Option<String> {
    let is_to_approve = rule.approve && !slot.is_approved();
    is_to_approve.then(|| match &slot.picture {
        Some(_) => "its picture is not approved".to_owned(),
        None => format!(
            "its picture has to be approved, and is made {:#} before its time",
            slot.due.duration_since(slot.freeze)
        ),
    })
}

/// What its data lack by now; what its account lacks at its own time does not count.
fn why_without_picture(slot: &Slot, found: &Entry) -> Option<String> {
    if slot.picture.is_some() {
        return None;
    }
    let is_own =
        |found: &&Diagnostic| found.is_error() && !matches!(found.code, Code::Quota | Code::Token);
    let wrong = found.diagnostics.iter().find(is_own);
    wrong
        .map(|wrong| wrong.message.clone())
        .or_else(|| found.note.clone())
}
