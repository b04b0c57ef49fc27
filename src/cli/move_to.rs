//! `storypress move`: a story that was not sent yet goes out at another time.

use std::path::Path;

use crate::publisher;

use super::report::Report;
use super::slots::person;
use super::target::Sandbox;
use super::{Global, Outcome, open, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress move 7kq2 --to 2026-12-05T09:00
  storypress move 7kq2 --to '2026-12-05T09:00[America/New_York]'")]
pub(crate) struct Args {
    /// A story that was not sent yet; the beginning of its id will do
    #[arg(value_name = "ID")]
    pub id: String,
    /// A date and time, in the project's time zone or with one of its own
    #[arg(long, value_name = "TIME")]
    pub to: String,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("move");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = args.sandbox.now()?;
    let zone = project.zone()?;
    let to = project.moment(&args.to)?.timestamp();
    let story = open::runtime()?.block_on(async {
        let store = status::store(&project, &args.id).await?;
        let key = publisher::one(&store, &args.id).await?.key;
        let story = publisher::move_to(&store, &key, to, &person(None), &zone, now).await;
        store.close().await;
        story
    })?;
    report.items.push(status::item(&project, &story, None, now));
    if !global.quiet && !global.json {
        let due = publisher::shown(story.due, &zone);
        eprintln!("{} is planned for {due}", story.key);
    }
    Ok(report.finish(global))
}
