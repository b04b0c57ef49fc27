//! What stands in the calendar between two times: what was, and what will be.
//!
//! In: a project's rules, what is remembered of them, two times. Out: each slot as it is now, or will be then.
//! Never: a slot whose time had passed before anybody saw it; the network; a store that is made by looking.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::ahead::{Ahead, Rows};
use super::remembered::Remembered;
use super::slot_report::SlotReport;
use crate::calendar::{self, Pick, Rule, SlotId};
use crate::data::Row;
use crate::diag::Diagnostic;
use crate::platform::later;
use crate::project::Project;
use crate::store::{self, SlotState, Story};

/// A slot of the days that are looked at.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is reported of it.
    pub report: SlotReport,
    /// When it goes out, or went.
    pub due: Timestamp,
    /// Where it stands in the calendar; its time is the rule's own.
    pub slot: calendar::Slot,
    /// As the store has it, where a worker or a person has seen it.
    pub kept: Option<store::Slot>,
    /// The story that it became.
    pub story: Option<Story>,
    /// The row that it will take; none without data, and of what has its picture or is over.
    pub row: Option<Row>,
    /// Why there is no row, where that is no fault.
    pub note: Option<String>,
    /// What is wrong with it, and what is worth a look.
    pub diagnostics: Vec<Diagnostic>,
}

impl Entry {
    /// Its name.
    pub fn id(&self) -> String {
        self.slot.id().to_string()
    }

    /// The word of reports.
    pub fn state(&self) -> &'static str {
        let brief = self.report.slot.as_ref();
        brief.map_or("planned", |brief| brief.state)
    }

    /// It can still be decided about: it is no story, and has not ended.
    pub fn is_open(&self) -> bool {
        (self.kept.as_ref()).is_none_or(|kept| kept.state.is_open())
    }
}

/// The slots that are due from one time up to another, not included, the earliest first.
pub async fn agenda(
    project: &Project,
    rules: &[Rule],
    kept: &Remembered,
    (from, until): (Timestamp, Timestamp),
) -> Vec<Entry> {
    let mut rows = Rows::read(project, kept, rules).await;
    let is_within = |due: Timestamp| from <= due && due < until;
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for rule in rules {
        // rows are taken in turn: what goes out before `from` takes its own first
        for slot in rule.slots(kept.now(), until) {
            if rule.pick == Pick::All {
                // its rows stand for it
                seen.insert(slot.id().to_string());
            }
            for ahead in rows.ahead(rule, slot) {
                let of_store = kept.slot(&ahead.slot);
                if is_within(ahead.due(kept)) && !is_no_slot(of_store) {
                    let entry = of_ahead(project, kept, rule, ahead);
                    seen.insert(entry.id());
                    seen.extend(entry.kept.as_ref().map(|kept| kept.id.clone()));
                    found.push(entry);
                }
            }
        }
    }
    for (slot, story) in kept.slots() {
        if is_within(slot.due) && !seen.contains(&slot.id) && !is_no_slot(Some(slot)) {
            found.push(of_kept(rules, kept, slot, story));
        }
    }
    found.sort_by_cached_key(|entry| (entry.due, entry.id()));
    found
}

/// One slot by its name, also one that was moved or that is over; none where nobody has it.
pub async fn entry(
    project: &Project,
    rules: &[Rule],
    kept: &Remembered,
    id: &str,
) -> Option<Entry> {
    let wanted: SlotId = id.trim().parse().ok()?;
    let rule = rules.iter().find(|rule| rule.name == wanted.schedule);
    if let Some(rule) = rule {
        let about = wanted.wall.to_zoned(rule.zone.clone()).ok()?.timestamp();
        // a clock change moves a slot by an hour or two
        let until = later(about, SignedDuration::from_hours(36));
        let mut rows = Rows::read(project, kept, [rule]).await;
        for slot in rule.slots(kept.now(), until) {
            let mut of_slot = rows.ahead(rule, slot).into_iter();
            if let Some(ahead) = of_slot.find(|ahead| ahead.slot.id() == wanted) {
                return Some(of_ahead(project, kept, rule, ahead));
            }
        }
    }
    let (slot, story) = kept.slots().find(|(slot, _)| slot.id == id.trim())?;
    Some(of_kept(rules, kept, slot, story))
}

/// It became one slot for each row, or the calendar has lost it.
fn is_no_slot(kept: Option<&store::Slot>) -> bool {
    kept.is_some_and(|kept| matches!(kept.state, SlotState::Split | SlotState::Dropped))
}

fn of_ahead(project: &Project, kept: &Remembered, rule: &Rule, ahead: Ahead) -> Entry {
    let mut report = ahead.report(project, kept, rule);
    let of_store = kept.slot(&ahead.slot).cloned();
    let is_open = (of_store.as_ref()).is_none_or(|slot| slot.state.is_open());
    if is_open && let Some(why) = kept.pause(rule) {
        report.waits_for = Some(why);
    } else if is_open && report.waits_for.is_none() && rule.approve {
        let is_approved = (of_store.as_ref()).is_some_and(store::Slot::is_approved);
        let waits = "its picture has to be approved".to_owned();
        report.waits_for = (!is_approved).then_some(waits);
    }
    Entry {
        due: ahead.due(kept),
        story: kept.story(&ahead.slot).cloned(),
        kept: of_store,
        report,
        slot: ahead.slot,
        row: ahead.row,
        note: ahead.note,
        diagnostics: ahead.diagnostics,
    }
}

fn of_kept(rules: &[Rule], kept: &Remembered, slot: &store::Slot, story: Option<&Story>) -> Entry {
    let rule = rules.iter().find(|rule| rule.name == slot.schedule);
    let is_paused = kept.is_paused(rule, Some(&slot.account));
    Entry {
        report: SlotReport::of_kept(slot, story, is_paused, kept.now()),
        due: slot.due,
        slot: super::calendar::calendar_slot(slot),
        kept: Some(slot.clone()),
        story: story.cloned(),
        row: None,
        note: None,
        diagnostics: Vec::new(),
    }
}
