//! `storypress render`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use jiff::Timestamp;

use super::batch::Stories;
use super::publish::{self, Finished, Wish};
use super::report::{Item, Report, Status, timings_ms};
use super::selection::Selection;
use super::target::Targets;
use super::{Global, Outcome, interrupt, open};
use crate::batch::{self, FileFormat, Formats, Order, Plan, Planned, contact_sheet};
use crate::diag::{Code, Diagnostic};
use crate::media::Media;
use crate::platform::Cancel;
use crate::project::{Project, shown};
use crate::publisher::{self, ToPublish};

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
        value_parser = clap::value_parser!(u16).range(0..=256),
        default_value_t = 0,
        hide_default_value = true
    )]
    pub jobs: u16,
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
    /// Publish not before then: a date and time, in the project's time zone or with one of its own, as 09:00[Europe/Madrid];
    /// column:NAME takes each story's time from that column of the data
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    #[command(flatten)]
    pub target: Targets,
    #[command(flatten)]
    pub wish: Wish,
}

impl Args {
    /// Whether the stories go out; a sandbox is for nothing else.
    fn is_to_publish(&self) -> bool {
        self.publish || self.target.is_sandbox()
    }

    /// When they go out.
    fn at(&self, plan: &Plan) -> anyhow::Result<At> {
        let Some(at) = &self.at else {
            return Ok(At::Now);
        };
        if !self.is_to_publish() {
            bail!("--at says when stories go out: it goes with --publish");
        }
        let Some(column) = at.strip_prefix("column:") else {
            return Ok(At::Time(plan.project.moment(at)?.timestamp()));
        };
        if self.wish.series {
            bail!(
                "the stories of a --series go out at one time, and column:{column} gives each its own"
            );
        }
        match plan.has_column(column) {
            Ok(()) => Ok(At::Column(column.to_owned())),
            Err(said) => bail!("{said}"),
        }
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

impl From<FormatName> for FileFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Jpg => Self::Jpg,
            FormatName::Png => Self::Png,
            FormatName::Mp4 => Self::Mp4,
        }
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    once(args, global, interrupt::on_interrupt()).map(|(outcome, _)| outcome)
}

/// One pass; with the files that another pass would read.
pub(crate) fn once(
    args: &Args,
    global: &Global,
    stop: &Cancel,
) -> anyhow::Result<(Outcome, Vec<PathBuf>)> {
    let mut report = Report::new("render");
    let Some(project) = open::project(&mut report, &args.selection.paths[0], global) else {
        return Ok((Outcome::Usage, Vec::new()));
    };
    let Some(out) = args.out.clone().or_else(|| project.out.clone()) else {
        bail!("where to? name a folder with -o, or `[project] out`");
    };
    let mut plan = args.selection.plan(project)?;
    let at = args.at(&plan)?;
    for failed in std::mem::take(&mut plan.failed) {
        report.items.push(failed.into());
    }
    let order = Order {
        formats: formats(args, &plan.project),
        force: args.force,
        guides: args.guides,
        sheet: args.sheet,
        jobs: usize::from(args.jobs),
        cancel: stop.clone(),
        ..Order::new(&plan, &out)
    };
    let mut stories = Stories::new(&plan, global, lines(global));
    stories.timings = args.timings || global.verbose;
    if args.is_to_publish() {
        stories.keep_items(&plan);
    }
    if args.sheet {
        stories.keep_shown();
    }
    let read = batch::render(&order, &stories)
        .with_context(|| format!("cannot render to {}", out.display()))?;
    let sheet = stories.shown();
    stories.into_report(&mut report);
    if args.sheet && !order.has_story_of_sheet() && !stop.is_stopped() {
        contact_sheet::write(&sheet, &read, &out, stop)?;
    }
    say(&report, &out, global);
    if args.is_to_publish() && !stop.is_stopped() {
        publish(args, (&plan, &at), &mut report, global)?;
    }
    let outcome = report.finish(global);
    let mut files: Vec<PathBuf> = read.into_iter().collect();
    files.extend(inputs(&plan, &args.selection));
    if stop.is_stopped() {
        return Ok((Outcome::Interrupted, files));
    }
    Ok((outcome, files))
}

/// When stories go out.
enum At {
    /// Now.
    Now,
    /// All of them then.
    Time(Timestamp),
    /// Each by this column of its row.
    Column(String),
}

impl At {
    /// When the story of an item goes out.
    fn due(&self, plan: &Plan, item: &Item) -> Result<Option<Timestamp>, Diagnostic> {
        let column = match self {
            Self::Now => return Ok(None),
            Self::Time(at) => return Ok(Some(*at)),
            Self::Column(column) => column,
        };
        // the row that the item's story was made of
        let is_of = |story: &&Planned| {
            plan.templates[story.template].shown == item.input
                && story.from_data.then_some(story.row.number) == item.row
        };
        let story = plan.stories.iter().find(is_of).filter(|s| s.from_data);
        let Some(story) = story else {
            let said = format!("not published: it has no row of data, and no column `{column}`");
            return Err(Diagnostic::of_file(Code::NotPublished, &item.input, said));
        };
        batch::due_of_row(&plan.project, &story.row, column).map(Some)
    }
}

/// Publishes what was rendered, and puts what became of it into the report.
fn publish(
    args: &Args,
    (plan, at): (&Plan, &At),
    report: &mut Report,
    global: &Global,
) -> anyhow::Result<()> {
    let mut finished = Vec::new();
    for (place, item) in report.items.iter_mut().enumerate() {
        // what was said of the pictures is not said again
        item.printed = item.diagnostics.len();
        if item.status == Status::Failed {
            continue;
        }
        let due = match at.due(plan, item) {
            Ok(due) => due,
            Err(why) => {
                item.fail(why);
                continue;
            }
        };
        match publisher::deliverable(&item.outputs) {
            Some(media) => finished.push(Finished {
                item: place,
                what: ToPublish {
                    name: publish::name_of(media),
                    template: Some(shown(&item.input).display().to_string()),
                    mentions: item.mentions.clone(),
                    media: media.clone(),
                    account: None,
                    due,
                },
            }),
            None => {
                let why = Diagnostic::of_file(
                    Code::NotPublished,
                    &item.input,
                    "not published: the platform takes JPEG and MP4",
                )
                .hint("--format jpg");
                item.fail(why);
            }
        }
    }
    let call = publish::Call {
        project: &plan.project,
        target: &args.target,
        wish: args.wish,
        global,
    };
    open::runtime()?.block_on(call.go(finished, report))?;
    if !global.json {
        publish::say(report, global);
    }
    Ok(())
}

fn formats(args: &Args, project: &Project) -> Formats {
    match args.format.is_empty() {
        true => Formats::named_by(project),
        false => {
            let asked = args.format.iter().map(|name| FileFormat::from(*name));
            Formats::asked(&asked.collect::<Vec<_>>())
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

fn say(report: &Report, out: &Path, global: &Global) {
    report.say_diagnostics(global);
    if global.quiet || global.json {
        return;
    }
    let lines = lines(global);
    for item in &report.items {
        eprint!("{}", lines(item));
    }
    if let Some(stories) = &report.stories {
        let _ = stories.each(|text| {
            eprint!("{}", text.lines);
            Ok(())
        });
    }
    report.say_totals(global, &format!("rendered to {}", shown(out).display()));
}

/// What people read of a story's files.
fn lines(global: &Global) -> fn(&Item) -> String {
    match (global.quiet || global.json, global.verbose) {
        (true, _) => |_| String::new(),
        (false, true) => |item| lines_of(item, true),
        (false, false) => |item| lines_of(item, false),
    }
}

fn lines_of(item: &Item, verbose: bool) -> String {
    let of = |media: &Media| match item.status {
        Status::Done => made(item, media),
        Status::Unchanged if verbose => {
            format!("{}  unchanged\n", shown(&media.path).display())
        }
        _ => String::new(),
    };
    item.outputs.iter().map(of).collect()
}

fn made(item: &Item, media: &Media) -> String {
    let lowered = media
        .quality
        .map(|q| format!(", quality {q} to keep its size"))
        .unwrap_or_default();
    let times = item
        .timings
        .as_ref()
        .map(|t| format!("  {}", spelled(&timings_ms(t))))
        .unwrap_or_default();
    let mut lines = format!(
        "{}  {}{} kB{lowered}{times}\n",
        shown(&media.path).display(),
        length(media),
        media.bytes.div_ceil(1000)
    );
    for note in &media.notes {
        lines += &format!("  {note}\n");
    }
    lines
}

fn length(media: &Media) -> String {
    let seconds = media.duration_s;
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
