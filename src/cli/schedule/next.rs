//! `storypress schedule next`: the slots to come, and their pictures.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;

use super::table::aligned;
use super::{Clock, Open, calendar};
use crate::batch::{self, Order};
use crate::calendar::{Rule, Slot};
use crate::cli::report::{Item, Report, Status};
use crate::cli::{Global, Outcome, interrupt, open, print};
use crate::diag::{Diagnostic, did_you_mean};
use crate::media::Media;
use crate::project::{Project, shown};
use crate::publisher::{self, Ahead, Remembered, Rows, SlotReport};
use crate::store::{Picture, SlotState};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// So many days from now; 14 where neither this nor --count is said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: Option<u32>,
    /// At most so many slots
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// Only the slots of this rule
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Also render each into this folder, as it will be then
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    clock: Clock,
}

/// Days that are looked ahead without `--days` and `--count`.
const DAYS: u32 = 14;

/// With `--count` alone: as far as any rule's next slot can be away.
const MOST_DAYS: u32 = 3660;

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("schedule next");
    let Some(open) = calendar(&mut report, &args.clock, global)? else {
        return Ok(Outcome::Usage);
    };
    let rules = asked(args, &open)?;
    let mut notes = Vec::new();
    let mut seen: Vec<Diagnostic> = Vec::new();
    let (kept, ahead) = ahead(args, &open, &rules)?;
    for (rule, ahead) in ahead {
        if stop.is_stopped() {
            break;
        }
        let (mut item, note) = item(&open.project, &kept, (rule, ahead), args.out.as_deref())?;
        // a file that cannot be read is in the way of many slots, and is reported to people once
        match item.diagnostics.iter().all(|d| seen.contains(d)) {
            true => item.printed = item.diagnostics.len(),
            false => seen.extend(item.diagnostics.iter().cloned()),
        }
        notes.push((report.items.len(), note));
        report.items.push(item);
    }
    report.say_diagnostics(global);
    if !global.json && !global.quiet {
        say(&report, &notes, args)?;
    }
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

/// The rules that are meant.
fn asked<'o>(args: &Args, open: &'o Open) -> anyhow::Result<Vec<&'o Rule>> {
    let all = open.calendar.rules.iter();
    let Some(name) = &args.schedule else {
        return Ok(all.collect());
    };
    match all.clone().find(|rule| rule.name == *name) {
        Some(rule) => Ok(vec![rule]),
        None => {
            let hint = did_you_mean(name, all.map(|rule| rule.name.as_str()));
            bail!(
                "no schedule `{name}`{}",
                hint.map(|h| format!("; {h}")).unwrap_or_default()
            )
        }
    }
}

/// The slots to come in the order in which they are due, each with its row.
fn ahead<'o>(
    args: &Args,
    open: &Open,
    rules: &[&'o Rule],
) -> anyhow::Result<(Remembered, Vec<(&'o Rule, Ahead)>)> {
    let days = match (args.days, args.count) {
        (Some(days), _) => days,
        (None, Some(_)) => MOST_DAYS,
        (None, None) => DAYS,
    };
    let until = open.after(days)?;
    let most = args.count.map_or(usize::MAX, |count| count as usize);
    let mut reach = most;
    loop {
        let (coming, is_all) = coming(rules, (open.now, until), reach);
        let slots: Vec<Slot> = coming.iter().map(|(_, slot)| slot.clone()).collect();
        let kept = open.remembered(rules, Some(&slots))?;
        // one that was moved goes out after others
        let asked = most.saturating_add(kept.count_moved());
        let read = Rows::read(&open.project, &kept, rules.iter().copied());
        let mut rows = open::runtime()?.block_on(read);
        let moved = rules
            .iter()
            .flat_map(|rule| kept.moved(rule).into_iter().map(|slot| (*rule, slot)));
        let mut found = Vec::new();
        for (rule, slot) in moved {
            found.extend(rows.ahead(rule, slot).into_iter().map(|one| (rule, one)));
        }
        for (rule, slot) in coming {
            if found.len() >= asked {
                break;
            }
            found.extend(rows.ahead(rule, slot).into_iter().map(|one| (rule, one)));
        }
        if found.len() < asked && !is_all {
            // what was moved, and series without a row, count for less than was thought
            reach = asked.max(reach.saturating_mul(2));
            continue;
        }
        found.sort_by_key(|(_, one)| one.due(&kept));
        found.truncate(most);
        return Ok((kept, found));
    }
}

/// At most so many slots of rules, in the order in which they are due; and whether that is all of them. Of rules with slots at
/// one instant the first goes first.
fn coming<'o>(
    rules: &[&'o Rule],
    (from, until): (Timestamp, Timestamp),
    most: usize,
) -> (Vec<(&'o Rule, Slot)>, bool) {
    let mut coming: Vec<_> = rules
        .iter()
        .map(|rule| (*rule, rule.slots(from, until).peekable()))
        .collect();
    let mut found = Vec::new();
    while found.len() < most {
        let earliest = coming
            .iter_mut()
            .enumerate()
            .filter_map(|(at, (_, slots))| Some((slots.peek()?.due, at)))
            .min();
        let Some((_, at)) = earliest else {
            return (found, true);
        };
        let (rule, slots) = &mut coming[at];
        found.extend(slots.next().map(|slot| (*rule, slot)));
    }
    (found, false)
}

fn item(
    project: &Project,
    kept: &Remembered,
    (rule, ahead): (&Rule, Ahead),
    out: Option<&Path>,
) -> anyhow::Result<(Item, Option<String>)> {
    let mut told = ahead.report(project, kept, rule);
    let (is_wrong, has_picture) = (ahead.is_wrong(), ahead.has_picture(kept));
    let Ahead {
        slot,
        row,
        diagnostics,
        mut note,
        picture: made,
    } = ahead;
    let mut item = match out.filter(|_| has_picture) {
        Some(out) => match made {
            Some(made) => made_already(
                (project, kept),
                rule,
                (&slot, row.as_ref()),
                &made,
                out,
                &mut note,
            )?,
            None => picture(project, rule, &slot, row.as_ref(), out)?,
        },
        None => Item::new(
            &*slot.template,
            row.as_ref().map(|row| row.number),
            Status::Done,
        ),
    };
    item.diagnostics.splice(0..0, diagnostics);
    if is_wrong {
        item.status = Status::Failed;
    }
    if let Some(brief) = &mut told.slot {
        let made = publisher::deliverable(&item.outputs).map(|media| media.sha256.clone());
        brief.sha256 = brief.sha256.take().or(made);
    }
    told.waits_for = told.waits_for.take().or(note.clone());
    item.slot = Some(Box::new(told));
    Ok((item, note))
}

/// The picture that a slot has: it goes out as it is. One whose data is read again until then may be another one by now,
/// which is told.
fn made_already(
    (project, kept): (&Project, &Remembered),
    rule: &Rule,
    (slot, row): (&Slot, Option<&crate::data::Row>),
    made: &Picture,
    out: &Path,
    note: &mut Option<String>,
) -> anyhow::Result<Item> {
    let is_read_again = kept
        .slot(slot)
        .is_some_and(|slot| slot.state == SlotState::Waiting);
    let mut item = match is_read_again {
        true => picture(project, rule, slot, row, out)?,
        false => Item::new(&*slot.template, row.map(|row| row.number), Status::Done),
    };
    let is_made = |media: &Media| media.sha256 == made.media.sha256;
    if item.status == Status::Failed || publisher::deliverable(&item.outputs).is_some_and(is_made) {
        return Ok(item);
    }
    if is_read_again {
        *note = Some("its data has changed: it gets another picture when that is read".to_owned());
        for other in item.outputs.drain(..) {
            let _ = std::fs::remove_file(&other.path);
        }
    }
    let Some(file) = kept.file(slot) else {
        *note = note
            .take()
            .or(Some("its picture is kept on another machine".to_owned()));
        return Ok(item);
    };
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    let path = out.join(format!("{}.{ending}", batch::name_of_slot(slot)));
    let copied = std::fs::create_dir_all(out).and_then(|()| std::fs::copy(file, &path));
    copied.with_context(|| format!("cannot write {}", path.display()))?;
    item.outputs.push(Media {
        path,
        ..made.media.clone()
    });
    Ok(item)
}

/// The picture of a slot as it will be.
fn picture(
    project: &Project,
    rule: &Rule,
    slot: &Slot,
    row: Option<&crate::data::Row>,
    out: &Path,
) -> anyhow::Result<Item> {
    let mut plan = batch::plan_slot(project.clone(), rule, slot, row);
    if let Some(failed) = plan.failed.pop() {
        return Ok(failed.into());
    }
    let order = Order {
        cancel: interrupt::on_interrupt().clone(),
        ..Order::new(&plan, out)
    };
    let made = batch::render_one(&order);
    let made = made.with_context(|| format!("cannot render to {}", out.display()))?;
    let Some(mut outcome) = made else {
        return Ok(Item::new(&*slot.template, None, Status::Failed));
    };
    if let Some(media) = publisher::deliverable(&outcome.media) {
        let (account, all) = (
            slot.account.as_deref(),
            std::mem::take(&mut outcome.by_hand),
        );
        let left = publisher::left_out_of_slot(project, account, all, &media.extras);
        outcome.diagnostics.extend(left);
    }
    Ok(outcome.into())
}

fn say(report: &Report, notes: &[(usize, Option<String>)], args: &Args) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for (at, note) in notes {
        let item = &report.items[*at];
        lines.extend(
            item.slot
                .as_deref()
                .map(|told| line(told, item, note.as_deref())),
        );
    }
    if lines.is_empty() {
        eprintln!("no slot to come");
        return Ok(());
    }
    print(&aligned(&lines))?;
    if let Some(out) = &args.out {
        let pictures = report
            .items
            .iter()
            .filter(|item| !item.outputs.is_empty())
            .count();
        eprintln!("{pictures} rendered to {}", shown(out).display());
    }
    Ok(())
}

fn line(told: &SlotReport, item: &Item, note: Option<&str>) -> Vec<String> {
    let Some(slot) = &told.slot else {
        return Vec::new();
    };
    let zone = jiff::tz::TimeZone::get(&slot.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = slot.due.to_zoned(zone);
    let change = told.change.map_or("", crate::calendar::Change::as_str);
    let wrong = item.diagnostics.iter().find(|d| d.is_error());
    let last = wrong.map(|d| d.code.as_str()).or(note).unwrap_or_default();
    vec![
        local.strftime("%a %Y-%m-%d %H:%M").to_string(),
        change.to_owned(),
        slot.due.strftime("%H:%MZ").to_string(),
        slot.zone.clone(),
        told.schedule.clone(),
        told.template.clone().unwrap_or_default(),
        told.row_key.clone().unwrap_or_default(),
        told.account.clone().unwrap_or_default(),
        slot.state.to_owned(),
        last.to_owned(),
    ]
}
