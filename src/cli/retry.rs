//! `storypress retry`: stories that did not go out go out after all.

use std::path::Path;

use crate::pipeline::Event;
use crate::platform::Cancel;
use crate::project::Project;
use crate::publisher::{self, Publisher};
use crate::store::{Filter, Story};

use super::report::Report;
use super::slots::person;
use super::target::Target;
use super::{Global, Outcome, events, interrupt, notices, open, publish, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress retry 7kq2 9abc
  storypress retry --failed --account main
  storypress retry 7kq2 --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    /// Stories that failed, were missed or cancelled; the beginning of each id will do
    #[arg(value_name = "ID", required_unless_present = "failed")]
    pub ids: Vec<String>,
    /// All that failed, of the account named or of every one
    #[arg(long, conflicts_with = "ids")]
    pub failed: bool,
    #[command(flatten)]
    pub target: Target,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("retry");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    open::runtime()?.block_on(retry(args, &project, stop, &mut report, global))?;
    publish::say(&report, global);
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

async fn retry(
    args: &Args,
    project: &Project,
    stop: &Cancel,
    report: &mut Report,
    global: &Global,
) -> anyhow::Result<()> {
    // nothing is opened for a story that may not be tried again
    let named = asked(args, project).await?;
    if let [only] = &named[..] {
        publisher::may_retry(only)?;
    }
    let publisher = Publisher::open_all(project, &(&args.target).into(), stop).await?;
    let stories = match args.failed {
        true => failed(args, &publisher).await?,
        false => named,
    };
    let keys: Vec<_> = stories.iter().map(|story| story.key.clone()).collect();
    let quiet = global.quiet || global.json;
    let (names, clock) = (publisher.names.clone(), publisher.clock.clone());
    let told = move |event: Event<'_>| events::say(&event, &names, &clock, quiet);
    let done = publisher
        .retry(&keys, &person(None), publisher.clock.now(), told)
        .await;
    let now = publisher.clock.now();
    notices::tell_now(&publisher, global).await;
    publisher.close().await;
    let outcomes = done?;
    let is_only = outcomes.len() == 1;
    for (story, outcome) in stories.iter().zip(outcomes) {
        match outcome {
            Ok(story) => {
                let mut item = status::item(project, &story, None, now);
                let more = item.story.take().and_then(|told| told.more);
                publish::told(&mut item, &story, false, now);
                if let Some(told) = &mut item.story {
                    told.more = more;
                }
                report.items.push(item);
            }
            Err(error) if is_only => return Err(error.into()),
            Err(error) => {
                let mut item = status::item(project, story, None, now);
                item.fail(status::refused(story, &error));
                report.items.push(item);
            }
        }
    }
    Ok(())
}

/// The stories that were named.
async fn asked(args: &Args, project: &Project) -> anyhow::Result<Vec<Story>> {
    let Some(first) = args.ids.first() else {
        return Ok(Vec::new());
    };
    let store = status::store(project, first).await?;
    let mut stories: Vec<Story> = Vec::new();
    for id in &args.ids {
        let story = publisher::one(&store, id).await?;
        if stories.iter().all(|other| other.key != story.key) {
            stories.push(story);
        }
    }
    store.close().await;
    Ok(stories)
}

/// Every story that failed on the accounts that are meant.
async fn failed(args: &Args, publisher: &Publisher) -> anyhow::Result<Vec<Story>> {
    let filter = Filter {
        states: vec!["failed".to_owned()],
        account: args
            .target
            .account
            .is_some()
            .then(|| publisher.account.clone()),
        ..Filter::default()
    };
    let stories = publisher.store.list(&filter).await?;
    let is_open = |story: &Story| publisher.rooms.contains_key(&story.account);
    Ok(stories.into_iter().filter(is_open).collect())
}
