//! `storypress retry`: a story that did not go out goes out after all.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;

use crate::store::{Step, Story, StoryKey};

use super::outlet::{self, Outlet, Target};
use super::report::Report;
use super::{Global, Outcome, batch, plan, publish, status};

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
    let stop = batch::on_interrupt();
    let mut report = Report::new("retry");
    let Some(project) = plan::opened(&mut report, Path::new("."), global)? else {
        return Ok(Outcome::Usage);
    };
    outlet::runtime()?.block_on(async {
        // nothing is opened for a story that may not be tried again
        let store = outlet::existing_store(&project)
            .await?
            .ok_or_else(|| status::unknown(&args.id))?;
        let story = status::one(&store, &args.id).await?;
        check(&story)?;
        drop(store);
        let outlet = Outlet::open_all(&project, &args.target, stop).await?;
        let done = again(&outlet, &story.key, &mut report, global).await;
        outlet.close().await;
        done
    })?;
    publish::say(&report, global);
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

async fn again(
    outlet: &Outlet,
    key: &StoryKey,
    report: &mut Report,
    global: &Global,
) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let story = outlet.store.get(key).await?;
    if !outlet.rooms.contains_key(&story.account) {
        bail!(
            "{key} belongs to the account {}, which is not open here",
            story.account
        );
    }
    if let Some(other) = outlet.same(&story, now).await? {
        bail!(
            "{} shows the same picture and is {}: `storypress publish --again` sends it once more",
            other.key,
            other.state(now)
        );
    }
    outlet::decide(&outlet.store, key, "retried by hand", now, |story| {
        check(story)?;
        story.step = Step::Rendered;
        story.due = now;
        story.wake = now;
        story.attempts = 0;
        story.trouble = None;
        Ok(())
    })
    .await?;
    let quiet = global.quiet || global.json;
    outlet
        .run(std::slice::from_ref(key), move |story| {
            publish::say_rest(story, quiet)
        })
        .await?;
    let story = outlet.store.get(key).await?;
    let mut item = status::item(&story, Timestamp::now());
    publish::told(&mut item, &story, false);
    report.items.push(item);
    Ok(())
}

/// Only what surely is not live may be tried again.
fn check(story: &Story) -> anyhow::Result<()> {
    match &story.step {
        Step::Failed { .. } | Step::Missed | Step::Cancelled { .. } => Ok(()),
        Step::Uncertain { .. } => bail!(
            "nobody can tell whether {0} is live: first `storypress resolve {0} --live` or `--not-live`",
            story.key
        ),
        step => bail!(
            "{} is {}: there is nothing to try again",
            story.key,
            step.state()
        ),
    }
}
