//! `storypress retry`: a story that did not go out goes out after all.

use std::path::Path;

use jiff::Timestamp;

use crate::publisher::{self, Publisher};
use crate::store::Story;

use super::report::Report;
use super::target::Target;
use super::{Global, Outcome, open, publish, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress retry 7kq2
  storypress retry 7kq2 --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    /// A story that failed, was missed or cancelled; the beginning of its id will do
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub target: Target,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = open::on_interrupt();
    let mut report = Report::new("retry");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = Timestamp::now();
    let story = open::runtime()?.block_on(async {
        // nothing is opened for a story that may not be tried again
        let story = status::asked(&project, &args.id).await?;
        publisher::may_retry(&story)?;
        let publisher = Publisher::open_all(&project, &(&args.target).into(), stop).await?;
        let quiet = global.quiet || global.json;
        let at_rest = move |story: &Story| publish::say_rest(story, quiet);
        let done = publisher.retry(&story.key, now, at_rest).await;
        publisher.close().await;
        done
    })?;
    let mut item = status::item(&story, Timestamp::now());
    publish::told(&mut item, &story, false);
    report.items.push(item);
    publish::say(&report, global);
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}
