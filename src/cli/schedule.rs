//! `storypress schedule`: what goes out when, before it does.

mod diff;
mod list;
mod next;
mod table;

use std::path::Path;

use jiff::Timestamp;

use super::report::{Item, Report};
use super::target::Sandbox;
use super::{Global, Outcome, open, slots};
use crate::calendar::{Rule, Slot};
use crate::diag::{Code, Diagnostic};
use crate::project::{Calendar, Project, SCHEDULE_FILE, shown};
use crate::publisher::{self, Remembered};

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  storypress schedule                     each rule in words, and its next slot
  storypress schedule next --days 7       what goes out in the next seven days
  storypress schedule next --count 5 --schedule menu --out preview
                                          the next five pictures, as they will be then
  storypress schedule diff summer.toml    what another calendar would change"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    clock: Clock,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the slots to come, with their rows and clock changes
    Next(next::Args),
    /// Say what another calendar would add, drop and move
    Diff(diff::Args),
    /// Say everything that was decided about a slot, by whom and when
    Why(slots::WhyArgs),
    /// Let nothing of a schedule go out, or of an account, or of all
    Pause(slots::PauseArgs),
    /// Let it go out again
    Resume(slots::ResumeArgs),
    /// Have a slot not go out
    Skip(slots::SkipArgs),
    /// Have a slot go out at another time
    Move(slots::MoveArgs),
    /// Have a slot go out now
    Run(slots::RunArgs),
}

/// By which clock a call goes.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Clock {
    /// Look from another time: a date, or a date and time
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    #[command(flatten)]
    sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    match &args.command {
        None => list::run(&args.clock, global),
        Some(Command::Next(args)) => next::run(args, global),
        Some(Command::Diff(args)) => diff::run(args, global),
        Some(Command::Why(args)) => slots::why(args, global),
        Some(Command::Pause(args)) => slots::pause(args, global),
        Some(Command::Resume(args)) => slots::resume(args, global),
        Some(Command::Skip(args)) => slots::skip(args, global),
        Some(Command::Move(args)) => slots::move_to(args, global),
        Some(Command::Run(args)) => slots::run(args, global),
    }
}

impl Clock {
    /// The time that is meant: a date alone is its midnight in the project's zone.
    fn now(&self, project: &Project) -> anyhow::Result<Timestamp> {
        if let Some(text) = &self.now {
            let midnight = text.trim().parse::<jiff::civil::Date>();
            if let Ok(date) = midnight
                && text.trim().len() <= 10
            {
                return Ok(date.to_zoned(project.zone()?)?.timestamp());
            }
            return Ok(project.moment(text)?.timestamp());
        }
        match self.sandbox.sandbox.as_deref() {
            // nothing is sent, and a sandbox that was not started yet has the time of this machine
            Some("") => Ok(Timestamp::now()),
            _ => self.sandbox.now(),
        }
    }
}

/// The project, its calendar, and the time.
struct Open {
    project: Project,
    calendar: Calendar,
    sandbox: Sandbox,
    now: Timestamp,
}

impl Open {
    /// So many days from now, as the project's own calendar counts them: one with a clock change is a day too.
    fn after(&self, days: u32) -> anyhow::Result<Timestamp> {
        let now = self.now.to_zoned(self.project.zone()?);
        let then = now.checked_add(jiff::Span::new().days(i64::from(days)));
        Ok(then.map_or(Timestamp::MAX, |then| then.timestamp()))
    }

    /// What the project's store remembers of these slots of its rules; without them, of every slot.
    fn remembered(&self, rules: &[&Rule], slots: Option<&[Slot]>) -> anyhow::Result<Remembered> {
        let remembered = async {
            let store = publisher::existing_store(&self.project).await?;
            let store = store.map(|store| self.sandbox.world(store));
            let (project, now) = (&self.project, self.now);
            let kept = match slots {
                Some(slots) => {
                    Remembered::of_slots(project, rules, slots, store.as_ref(), now).await
                }
                None => Remembered::of(project, &self.calendar.rules, store.as_ref(), now).await,
            };
            if let Some(store) = store {
                store.close().await;
            }
            kept
        };
        Ok(open::runtime()?.block_on(remembered)?)
    }
}

/// Opens the calendar; what is wrong with it becomes the report's first item. None where no rule can be read.
fn calendar(report: &mut Report, clock: &Clock, global: &Global) -> anyhow::Result<Option<Open>> {
    let Some(project) = open::project(report, Path::new("."), global) else {
        return Ok(None);
    };
    let now = clock.now(&project)?;
    let mut calendar = project.schedules(clock.sandbox.accounts());
    let told = std::mem::take(&mut calendar.told);
    let is_broken = told
        .iter()
        .any(|d| d.code == Code::Syntax && is_schedule(&project, d));
    if calendar.rules.is_empty() && told.is_empty() && !project.root.join(SCHEDULE_FILE).is_file() {
        let none = Diagnostic::of_file(
            Code::MissingAsset,
            Path::new(SCHEDULE_FILE),
            "the project has no calendar",
        );
        let hint = "write one rule into schedule.toml: [schedule.menu] with `template`, `days` and `times`";
        report
            .items
            .push(Item::failed(SCHEDULE_FILE, None, vec![none.hint(hint)]));
    } else if !told.is_empty() {
        report.items.push(of_file(&project, told));
    }
    if is_broken || calendar.rules.is_empty() && report.counts().failed > 0 {
        report.say_diagnostics(global);
        report.finish(global);
        return Ok(None);
    }
    Ok(Some(Open {
        project,
        calendar,
        sandbox: clock.sandbox.clone(),
        now,
    }))
}

fn is_schedule(project: &Project, told: &Diagnostic) -> bool {
    told.file == shown(&project.root.join(SCHEDULE_FILE))
}

/// The item of the calendar's own faults.
fn of_file(project: &Project, told: Vec<Diagnostic>) -> Item {
    let file = match told.first() {
        Some(first) => first.file.clone(),
        None => shown(&project.root.join(SCHEDULE_FILE)),
    };
    match told.iter().any(Diagnostic::is_error) {
        true => Item::failed(file, None, told),
        false => Item::new(file, None, super::report::Status::Done).with(told),
    }
}
