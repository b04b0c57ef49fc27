//! `storypress schedule`: each rule in words, its next slot, and what holds it.

use super::{Clock, calendar};
use crate::calendar::{Rule, Slot};
use crate::cli::report::{Item, Report, Status};
use crate::cli::{Global, Outcome, open, print};
use crate::project::Project;
use crate::publisher::{Remembered, Rows, SlotReport, accounts};

pub(super) fn run(clock: &Clock, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("schedule");
    let Some(open) = calendar(&mut report, clock, global)? else {
        return Ok(Outcome::Usage);
    };
    let rules: Vec<&Rule> = open.calendar.rules.iter().collect();
    let next: Vec<Option<Slot>> = rules.iter().map(|rule| rule.next(open.now)).collect();
    let slots: Vec<Slot> = next.iter().flatten().cloned().collect();
    let kept = open.remembered(&rules, Some(&slots))?;
    let read = Rows::read(&open.project, &kept, rules.iter().copied());
    let mut rows = open::runtime()?.block_on(read);
    let mut lines = String::new();
    for (rule, next) in rules.into_iter().zip(next) {
        let item = item(&open.project, &kept, (rule, next), &mut rows);
        lines += &words(&item);
        report.items.push(item);
    }
    report.say_diagnostics(global);
    if !global.json && !global.quiet {
        print(&lines)?;
    }
    Ok(report.finish(global))
}

fn item(
    project: &Project,
    kept: &Remembered,
    (rule, next): (&Rule, Option<Slot>),
    rows: &mut Rows<'_>,
) -> Item {
    let file = rule.places.name.source.path.clone();
    let mut item = Item::new(file, None, Status::Done);
    let mut told = SlotReport {
        schedule: rule.name.clone(),
        ..SlotReport::default()
    };
    if let Some(slot) = next {
        told = SlotReport::of(&slot, kept.state(rule, &slot));
        told.account = accounts::name_or_only(project, told.account.as_deref());
        let ahead = rows.ahead(rule, slot);
        told.row_key = match ahead.as_slice() {
            [one] => one.report(project, kept, rule).row_key,
            _ => None,
        };
        let reasons = ahead
            .iter()
            .flat_map(|one| one.diagnostics.iter().filter(|d| d.is_error()));
        told.waits_for = reasons.map(|d| d.message.clone()).next();
        told.waits_for = told
            .waits_for
            .or(ahead.iter().find_map(|one| one.note.clone()));
        let diagnostics = ahead.into_iter().flat_map(|one| one.diagnostics);
        item = item.with(diagnostics);
    }
    if let Some(why) = kept.pause(rule) {
        told.waits_for = Some(why);
    } else if told.waits_for.is_none() && rule.approve {
        told.waits_for = Some("its picture has to be approved".to_owned());
    }
    told.words = Some(rule.words());
    if item
        .diagnostics
        .iter()
        .any(crate::diag::Diagnostic::is_error)
    {
        item.status = Status::Failed;
    }
    item.slot = Some(Box::new(told));
    item
}

fn words(item: &Item) -> String {
    let Some(told) = &item.slot else {
        return String::new();
    };
    let mut lines = format!(
        "{}: {}\n",
        told.schedule,
        told.words.as_deref().unwrap_or_default()
    );
    match &told.slot {
        Some(slot) => {
            let local = told.local.as_deref().unwrap_or_default();
            lines += &format!("    next: {} ({local})\n", slot.id);
        }
        None => lines += "    no slot to come\n",
    }
    if let Some(why) = &told.waits_for {
        lines += &format!("    waits for: {why}\n");
    }
    lines
}
