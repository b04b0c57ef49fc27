//! `storypress check`.

use super::batch::Stories;
use super::report::{Item, Report, Status};
use super::selection::Selection;
use super::{Global, Outcome, interrupt, open};
use crate::batch;
use crate::diag::{Code, Diagnostic};
use crate::project::{Accounts, Project};
use crate::publisher::{self, accounts};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress check templates
  storypress check templates/menu.toml --data menu.csv --strict")]
pub(crate) struct Args {
    #[command(flatten)]
    pub selection: Selection,
    /// Warnings fail, too
    #[arg(long)]
    pub strict: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("check");
    let Some(project) = open::project(&mut report, &args.selection.paths[0], global) else {
        return Ok(Outcome::Usage);
    };
    let mut plan = args.selection.plan(project)?;
    for failed in std::mem::take(&mut plan.failed) {
        report.items.push(failed.into());
    }
    report.items.extend(wrong_tokens(&plan.project));
    report
        .items
        .extend(wrong_calendar(&plan.project, args.strict));
    report
        .items
        .extend(project_warnings(&plan.project, args.strict));
    let mut stories = Stories::new(&plan, global, |_| String::new());
    stories.strict = args.strict;
    batch::check(&plan, stop, &stories);
    stories.into_report(&mut report);
    report.say_diagnostics(global);
    if !global.json {
        report.say_totals(global, &good(report.counts().diagnostics));
    }
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

/// Tokens that are here and cannot be the account's; nobody is asked.
fn wrong_tokens(project: &Project) -> Vec<Item> {
    let Some(file) = &project.file else {
        return Vec::new();
    };
    let wrong = project.accounts.iter().filter_map(accounts::wrong_token);
    let item = |why: publisher::Error| {
        let why = Diagnostic::of_file(Code::BadValue, file, why.to_string());
        Item::failed(file, None, vec![why])
    };
    wrong.map(item).collect()
}

/// What is wrong with the rules of the calendar, one item a file.
fn wrong_calendar(project: &Project, strict: bool) -> Vec<Item> {
    let told = project.schedules(Accounts::Own).told;
    let mut items: Vec<Item> = Vec::new();
    for why in told {
        let status = match why.is_error() || strict {
            true => Status::Failed,
            false => Status::Done,
        };
        let at = items.iter().position(|item| item.input == why.file);
        let at = at.unwrap_or_else(|| {
            items.push(Item::new(&why.file, None, Status::Done));
            items.len() - 1
        });
        if status == Status::Failed {
            items[at].status = status;
        }
        items[at].diagnostics.push(why);
    }
    items
}

/// What is worth a look in the project file.
fn project_warnings(project: &Project, strict: bool) -> Option<Item> {
    let file = project
        .file
        .as_ref()
        .filter(|_| !project.warnings.is_empty())?;
    let status = if strict { Status::Failed } else { Status::Done };
    Some(Item::new(file, None, status).with(project.warnings.iter().cloned()))
}

fn good(diagnostics: usize) -> String {
    match diagnostics {
        0 => "good".to_owned(),
        1 => "good; 1 thing to look at".to_owned(),
        n => format!("good; {n} things to look at"),
    }
}
