//! `storypress schedule diff`: what another calendar would change.

use std::path::PathBuf;

use super::table::aligned;
use super::{Clock, calendar, of_file};
use crate::calendar::{self as room, Difference, Rule, Slot};
use crate::cli::report::{Item, Report, Status};
use crate::cli::{Global, Outcome, print};
use crate::diag::Diagnostic;
use crate::publisher::{Remembered, SlotReport, accounts};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The other calendar
    #[arg(value_name = "OTHER.toml")]
    other: PathBuf,
    /// So many days from now
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    #[command(flatten)]
    clock: Clock,
}

pub(super) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("schedule diff");
    let Some(open) = calendar(&mut report, &args.clock, global)? else {
        return Ok(Outcome::Usage);
    };
    let other = open
        .project
        .schedules_of(&args.other, args.clock.sandbox.accounts());
    let is_wrong = other.told.iter().any(Diagnostic::is_error);
    if !other.told.is_empty() {
        report.items.push(of_file(&open.project, other.told));
    }
    report.say_diagnostics(global);
    if is_wrong {
        report.finish(global);
        return Ok(Outcome::Usage);
    }
    let range = (open.now, open.after(args.days)?);
    let kept = open.remembered(&[], None)?;
    let mut lines = Vec::new();
    for difference in room::diff(&open.calendar.rules, &other.rules, range) {
        let rules = match difference {
            Difference::Dropped(_) => &open.calendar.rules,
            _ => &other.rules,
        };
        lines.push(line(&difference));
        report
            .items
            .push(item(&difference, rules, &open.project, &kept));
    }
    if !global.json && !global.quiet {
        match lines.is_empty() {
            true => eprintln!("the same slots in the next {} days", args.days),
            false => drop(print(&aligned(&lines))?),
        }
    }
    Ok(report.finish(global))
}

fn word(difference: &Difference) -> &'static str {
    match difference {
        Difference::Added(_) => "added",
        Difference::Dropped(_) => "dropped",
        Difference::Moved { .. } => "moved",
    }
}

fn item(
    difference: &Difference,
    rules: &[Rule],
    project: &crate::project::Project,
    kept: &Remembered,
) -> Item {
    let slot = difference.slot();
    let rule = rules.iter().find(|rule| *rule.name == *slot.schedule);
    let state = rule.map_or("planned", |rule| kept.state(rule, slot));
    let mut told = SlotReport::of(slot, state);
    told.account = accounts::name_or_only(project, told.account.as_deref());
    told.difference = Some(word(difference));
    if let Difference::Moved { from, .. } = difference {
        told.was = Some(from.due);
    }
    let mut item = Item::new(&*slot.template, None, Status::Done);
    item.slot = Some(Box::new(told));
    item
}

fn line(difference: &Difference) -> Vec<String> {
    let local = |slot: &Slot| {
        let local = slot.due.to_zoned(slot.zone.clone());
        local.strftime("%a %Y-%m-%d %H:%M").to_string()
    };
    let slot = difference.slot();
    let times = match difference {
        Difference::Moved { from, to } => format!("{} → {}", local(from), local(to)),
        _ => local(slot),
    };
    vec![word(difference).to_owned(), times, slot.id().to_string()]
}
