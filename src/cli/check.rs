//! `storypress check`.

use super::bars::Bars;
use super::plan::{self, Selection};
use super::report::{Report, Status};
use super::{Global, Outcome, batch, render};

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
    let stop = batch::on_interrupt();
    let mut report = Report::new("check");
    let Some(project) = plan::opened(&mut report, &args.selection.paths[0], global)? else {
        return Ok(Outcome::Usage);
    };
    let mut plan = plan::plan(&args.selection, project)?;
    report.items.append(&mut plan.failed);
    report.items.extend(render::template_warnings(&plan));
    let bars = Bars::new(plan.stories.len(), global.quiet || global.json);
    let items = batch::look(&plan, stop, &bars);
    bars.finish();
    render::attach(&mut report, items);
    if args.strict {
        for item in report.items.iter_mut().filter(|i| i.has_warnings()) {
            item.status = Status::Failed;
        }
    }
    report.say_diagnostics(global);
    if !global.json {
        let warnings: usize = report.items.iter().map(|i| i.diagnostics.len()).sum();
        let count = |n: usize| {
            if n == 1 {
                "1 thing to look at".to_owned()
            } else {
                format!("{n} things to look at")
            }
        };
        let said = if warnings == 0 {
            "good".to_owned()
        } else {
            format!("good; {}", count(warnings))
        };
        report.say_totals(global, &said);
    }
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}
