//! `storypress render`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::diag::{Code, Diagnostic};
use crate::media::{Cancel, Format};
use crate::project::Project;

use super::bars::Bars;
use super::batch::{self, Order};
use super::film::Formats;
use super::outlet::Target;
use super::plan::{self, Plan, Selection};
use super::publish::{self, Finished, Wish};
use super::report::{Item, Output, Report, Status};
use super::{Global, Outcome, sheet, watch};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress render templates -o out
  storypress render templates/menu.toml --data menu.csv -o out --only 'menu-mon*'
  storypress render offer.toml -o out --set price='€9' --format jpg,png
  storypress render tour.toml -o out --format mp4,jpg
  storypress render templates -o out --guides --sheet --watch")]
pub(crate) struct Args {
    #[command(flatten)]
    pub selection: Selection,
    /// Folder of the finished files; without it, `[project] out`
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// File formats; without it, mp4 for film, and `[output] formats`, else jpg, for stills
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
    /// Then upload and publish every story, in order
    #[arg(long, conflicts_with = "watch")]
    pub publish: bool,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub wish: Wish,
}

impl Args {
    /// Whether the stories go out; a sandbox is for nothing else.
    fn is_to_publish(&self) -> bool {
        self.publish || self.target.is_sandbox()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// Baseline JPEG, the one the platform takes
    #[value(alias = "jpeg")]
    Jpg,
    /// PNG
    Png,
    /// Film; a still becomes one of `[output] seconds`, else of 5 s
    Mp4,
}

impl FormatName {
    /// As a format of stills, if it is one.
    pub fn still(self) -> Option<Format> {
        match self {
            Self::Jpg => Some(Format::Jpeg),
            Self::Png => Some(Format::Png),
            Self::Mp4 => None,
        }
    }

    /// How a file name of it ends, without the dot.
    pub fn extension(self) -> &'static str {
        self.still().map_or("mp4", Format::extension)
    }

    /// The format of that name.
    fn of(name: &str) -> Option<Self> {
        Self::from_str(name, true).ok()
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
    stop: &Cancel,
) -> anyhow::Result<(Outcome, Vec<PathBuf>)> {
    let mut report = Report::new("render");
    let Some(project) = plan::opened(&mut report, &args.selection.paths[0], global)? else {
        return Ok((Outcome::Usage, Vec::new()));
    };
    let Some(out) = args.out.clone().or_else(|| project.out.clone()) else {
        bail!("where to? name a folder with -o, or `[project] out`");
    };
    let mut plan = plan::plan(&args.selection, project)?;
    report.items.append(&mut plan.failed);
    report.items.extend(template_warnings(&plan));
    let bars = Bars::new(plan.stories.len(), global.quiet || global.json);
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
        bars: &bars,
    };
    let made =
        batch::make(&order).with_context(|| format!("cannot render to {}", out.display()))?;
    bars.finish();
    let mut files = made.files.clone();
    files.extend(inputs(&plan, &args.selection));
    attach(&mut report, made.items);
    if args.sheet && !stop.is_stopped() {
        let sheet = out.join(sheet::NAME).canonicalize().ok();
        if let Some(sheet) = sheet.filter(|sheet| made.files.contains(sheet)) {
            bail!(
                "`{}` would be written over: a template reads it",
                sheet.display()
            );
        }
        sheet::write(&report.items, &out, stop)?;
    }
    say(&report, &out, global, args.timings || global.verbose);
    if args.is_to_publish() && !stop.is_stopped() {
        publish(args, &plan, &mut report, global)?;
    }
    let outcome = report.finish(global);
    if stop.is_stopped() {
        return Ok((Outcome::Interrupted, files));
    }
    Ok((outcome, files))
}

/// Publishes what was rendered, and puts what became of it into the report.
fn publish(args: &Args, plan: &Plan, report: &mut Report, global: &Global) -> anyhow::Result<()> {
    let told = report
        .items
        .iter()
        .map(|item| item.said.len())
        .collect::<Vec<_>>();
    let mut finished = Vec::new();
    for (at, item) in report.items.iter_mut().enumerate() {
        if item.status == Status::Failed {
            continue;
        }
        match publish::deliverable(&item.outputs) {
            Some(file) => finished.push(Finished {
                item: at,
                name: publish::name_of(file),
                template: Some(plan::shown(&item.input).display().to_string()),
                file: file.clone(),
            }),
            None => {
                let why = Diagnostic::of_file(
                    Code::NotPublished,
                    &item.input,
                    "not published: the platform takes JPEG and MP4",
                )
                .hint("--format jpg");
                item.status = Status::Failed;
                *item = std::mem::take(item).with(&[why]);
            }
        }
    }
    let call = publish::Call {
        project: &plan.project,
        target: &args.target,
        wish: args.wish,
        due: None,
        global,
    };
    super::outlet::runtime()?.block_on(call.go(&finished, report))?;
    if !global.json {
        // what was said of the pictures is not said again
        for (item, told) in report.items.iter_mut().zip(told) {
            item.said[..told].iter_mut().for_each(String::clear);
        }
        publish::say(report, global);
    }
    Ok(())
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

fn formats(args: &Args, project: &Project) -> Formats {
    match args.format.is_empty() {
        false => Formats::asked(&args.format),
        true => {
            let names = project.formats.iter().filter_map(|f| FormatName::of(f));
            Formats::of_project(&names.collect::<Vec<_>>())
        }
    }
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
                        "{}  {}{} kB{lowered}{times}",
                        at.display(),
                        length(output),
                        output.bytes.div_ceil(1000)
                    );
                    for note in &output.notes {
                        eprintln!("  {note}");
                    }
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

fn length(output: &Output) -> String {
    let seconds = output.duration_s;
    seconds.map_or(String::new(), |s| format!("{s:.1} s  "))
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
