//! `storypress render`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::diag::Diagnostic;
use crate::media::Format;
use crate::project::Project;

use super::batch::{self, Order};
use super::plan::{self, Plan, Selection};
use super::report::{Item, Report, Status};
use super::{Global, Outcome, sheet, watch};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress render templates -o out
  storypress render templates/menu.toml --data menu.csv -o out --only 'menu-mon*'
  storypress render offer.toml -o out --set price='€9' --format jpg,png
  storypress render templates -o out --guides --sheet --watch")]
pub(crate) struct Args {
    #[command(flatten)]
    pub selection: Selection,
    /// Folder of the finished files; without it, `[project] out`
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// File formats; without it, `[output] formats`, else jpg
    #[arg(long, value_delimiter = ',', value_name = "FORMAT")]
    pub format: Vec<FormatName>,
    /// Also write NAME.guides.png: the safe zone and the app's own chrome over a copy
    #[arg(long)]
    pub guides: bool,
    /// Also write sheet.png: every story of the batch with its name
    #[arg(long)]
    pub sheet: bool,
    /// Threads; without it, one a core
    #[arg(
        short,
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub jobs: usize,
    /// Make everything anew
    #[arg(long)]
    pub force: bool,
    /// Stay, and render again whenever a template, its data or an asset changes
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
    /// Say how long each stage took
    #[arg(long)]
    pub timings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// Baseline JPEG, the one the platform takes
    #[value(alias = "jpeg")]
    Jpg,
    /// PNG
    Png,
}

impl FormatName {
    fn format(self) -> Format {
        match self {
            Self::Jpg => Format::Jpeg,
            Self::Png => Format::Png,
        }
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = batch::on_interrupt();
    if args.watch {
        return watch::run(args, global, stop);
    }
    once(args, global, stop).map(|(outcome, _)| outcome)
}

/// One pass; with the files that another pass would read.
pub(crate) fn once(
    args: &Args,
    global: &Global,
    stop: &AtomicBool,
) -> anyhow::Result<(Outcome, Vec<PathBuf>)> {
    let mut report = Report::new("render");
    let project = match plan::open_project(global, &args.selection.paths[0])? {
        Ok(project) => project,
        Err(wrong) => {
            say_project(&mut report, &args.selection.paths[0], &wrong, global);
            return Ok((Outcome::Usage, Vec::new()));
        }
    };
    let Some(out) = args.out.clone().or_else(|| project.out.clone()) else {
        bail!("where to? name a folder with -o, or `[project] out`");
    };
    let mut plan = plan::plan(&args.selection, project)?;
    report.items.append(&mut plan.failed);
    report.items.extend(template_warnings(&plan));
    let bar = batch::bar(plan.stories.len(), global.quiet || global.json);
    let order = Order {
        plan: &plan,
        out: &out,
        formats: formats(args, &plan.project),
        quality: plan.project.jpeg_quality,
        force: args.force,
        guides: args.guides,
        timings: args.timings || global.verbose,
        jobs: args.jobs,
        stop,
    };
    let made = batch::make(&order, || bar.inc(1))
        .with_context(|| format!("cannot render to {}", out.display()))?;
    bar.finish_and_clear();
    let mut files = made.files;
    files.extend(inputs(&plan, &args.selection));
    attach(&mut report, made.items);
    if args.sheet && !stop.load(Ordering::Relaxed) {
        sheet::write(&report.items, &out)?;
    }
    say(&report, &out, global, args.timings || global.verbose);
    let outcome = report.finish(global);
    if stop.load(Ordering::Relaxed) {
        return Ok((Outcome::Interrupted, files));
    }
    Ok((outcome, files))
}

/// What is wrong with the project: the call fails, and the report says why.
pub(crate) fn say_project(report: &mut Report, path: &Path, wrong: &[Diagnostic], global: &Global) {
    report.items.push(Item::failed(path, None, wrong));
    report.say_diagnostics(global);
    report.finish(global);
}

/// Warnings of templates, each told once, with the template's first story.
pub(crate) fn template_warnings(plan: &Plan) -> Vec<Item> {
    plan.templates
        .iter()
        .filter(|ready| !ready.warnings.is_empty())
        .map(|ready| Item::new(&ready.shown, None, Status::Done).with(&ready.warnings))
        .collect()
}

/// Puts the stories' items in, and the waiting warnings of each template into its first one.
pub(crate) fn attach(report: &mut Report, items: Vec<Item>) {
    let (waiting, failed): (Vec<_>, Vec<_>) = std::mem::take(&mut report.items)
        .into_iter()
        .partition(|i| i.status == Status::Done);
    report.items = failed;
    let mut waiting = waiting;
    for mut item in items {
        if let Some(at) = waiting.iter().position(|w| w.input == item.input) {
            let warnings = waiting.remove(at);
            item.diagnostics.splice(0..0, warnings.diagnostics);
            item.said.splice(0..0, warnings.said);
        }
        report.items.push(item);
    }
}

fn formats(args: &Args, project: &Project) -> Vec<Format> {
    let mut out: Vec<Format> = match args.format.is_empty() {
        false => args.format.iter().map(|f| f.format()).collect(),
        true => project
            .formats
            .iter()
            .map(|f| {
                if f == "png" {
                    Format::Png
                } else {
                    Format::Jpeg
                }
            })
            .collect(),
    };
    let mut seen = Vec::new();
    out.retain(|f| {
        !seen.contains(f) && {
            seen.push(*f);
            true
        }
    });
    out
}

/// Templates, bases, data and the project file.
fn inputs(plan: &Plan, selection: &Selection) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = plan.project.file.iter().cloned().collect();
    out.extend(plan.project.brand.fonts.iter().map(|f| f.path.clone()));
    out.extend(selection.paths.iter().cloned());
    out.extend(selection.data.clone());
    out.extend(
        plan.templates
            .iter()
            .flat_map(|t| t.template.sources.iter().map(|s| s.path.clone())),
    );
    out
}

fn say(report: &Report, out: &Path, global: &Global, timings: bool) {
    report.say_diagnostics(global);
    if global.quiet || global.json {
        return;
    }
    for item in &report.items {
        for output in &item.outputs {
            let at = plan::shown(&output.path);
            let lowered = output
                .quality
                .map(|q| format!(", quality {q} to keep its size"))
                .unwrap_or_default();
            match item.status {
                Status::Done => {
                    let times = match (&item.timings_ms, timings) {
                        (Some(t), true) => format!("  {}", spelled(t)),
                        _ => String::new(),
                    };
                    eprintln!(
                        "{}  {} kB{lowered}{times}",
                        at.display(),
                        output.bytes.div_ceil(1000)
                    );
                }
                Status::Unchanged if global.verbose => eprintln!("{}  unchanged", at.display()),
                _ => {}
            }
        }
    }
    report.say_totals(
        global,
        &format!("rendered to {}", plan::shown(out).display()),
    );
}

fn spelled(timings: &serde_json::Value) -> String {
    let Some(stages) = timings.as_object() else {
        return String::new();
    };
    let parts: Vec<_> = stages
        .iter()
        .map(|(name, ms)| format!("{name} {ms} ms"))
        .collect();
    parts.join(", ")
}
