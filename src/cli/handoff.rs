//! `storypress handoff`: a package for a person's phone of every story.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::tz::TimeZone;

use super::batch::Stories;
use super::report::{Item, Report, Status};
use super::selection::Selection;
use super::{Global, Outcome, interrupt, open};
use crate::batch::{self, Formats, Order};
use crate::diag::{Code, Diagnostic};
use crate::handoff::{self, Listed, Package, Posted};
use crate::media::Media;
use crate::project::shown;
use crate::publisher;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress handoff templates/offer.toml -o phone
  storypress handoff templates/menu.toml --data menu.csv -o phone --only 'menu-mon*'

Open NAME.html on the phone: it shares the file, copies links and names, and shows where each sticker goes.")]
pub(crate) struct Args {
    #[command(flatten)]
    pub selection: Selection,
    /// Folder of the packages
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Make everything anew
    #[arg(long)]
    pub force: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("handoff");
    let Some(project) = open::project(&mut report, &args.selection.paths[0], global) else {
        return Ok(Outcome::Usage);
    };
    let zone = project.zone()?;
    let mut plan = args.selection.plan(project)?;
    for failed in std::mem::take(&mut plan.failed) {
        report.items.push(failed.into());
    }
    let order = Order {
        // what the app takes, whatever the project makes besides
        formats: Formats::default(),
        force: args.force,
        cancel: stop.clone(),
        ..Order::new(&plan, &args.out)
    };
    let mut stories = Stories::new(&plan, global, |_| String::new());
    stories.keep_items(&plan);
    batch::render(&order, &stories)
        .with_context(|| format!("cannot render to {}", args.out.display()))?;
    stories.into_report(&mut report);
    if stop.is_stopped() {
        report.finish(global);
        return Ok(Outcome::Interrupted);
    }
    pack(&mut report.items, &args.out, &zone)?;
    say(&report, &args.out, global);
    Ok(report.finish(global))
}

/// Writes what lies beside the finished files, and the list of all.
fn pack(items: &mut [Item], out: &Path, zone: &TimeZone) -> anyhow::Result<()> {
    let mut packed: Vec<(String, Media, Package)> = Vec::new();
    for item in items.iter_mut().filter(|i| i.status != Status::Failed) {
        let Some(media) = publisher::deliverable(&item.outputs).cloned() else {
            continue;
        };
        let name = media.path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let story = Posted {
            name: &name,
            media: &media,
            id: None,
            zone,
        };
        match handoff::write(&story, out) {
            Ok(package) => {
                if !package.is_unchanged {
                    item.status = Status::Done;
                }
                packed.push((name, media, package));
            }
            Err(error) => {
                let why = error.to_string();
                item.fail(Diagnostic::of_file(Code::UnreadableMedia, &media.path, why));
            }
        }
    }
    let listed: Vec<Listed<'_>> = packed
        .iter()
        .map(|(name, media, package)| Listed {
            name,
            media,
            package,
        })
        .collect();
    handoff::write_list(&listed, out)?;
    Ok(())
}

fn say(report: &Report, out: &Path, global: &Global) {
    report.say_diagnostics(global);
    if global.quiet || global.json {
        return;
    }
    for item in report.items.iter().filter(|i| i.status == Status::Done) {
        if let Some(media) = publisher::deliverable(&item.outputs) {
            let page = shown(&media.path).with_extension("html");
            let count = media.extras.stickers.len();
            let stickers = match count {
                1 => "1 sticker".to_owned(),
                _ => format!("{count} stickers"),
            };
            eprintln!("{}  {stickers}", page.display());
        }
    }
    report.say_totals(global, &format!("packed into {}", shown(out).display()));
}
