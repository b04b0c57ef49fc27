//! `storypress status`: what is due, in flight, live, failed, uncertain.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::project::Project;
use crate::publisher;
use crate::store::{Entry, Filter, Step, Store, Story};

use super::report::{Item, Report, Status, StoryTold};
use super::{Global, Outcome, open};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress status
  storypress status --all --json
  storypress status 7kq2          the whole story of one")]
pub(crate) struct Args {
    /// The stories whose id begins so, with all that was done with them
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Also what rested more than two days ago
    #[arg(long)]
    pub all: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("status");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = Timestamp::now();
    let stories = open::runtime()?.block_on(found(&project, args, now))?;
    for (story, trail) in &stories {
        report.items.push(item(story, now));
        if !global.json && !global.quiet {
            say(&project, story, now);
            for line in trail {
                eprintln!("    {line}");
            }
        }
    }
    if stories.is_empty() && !global.json && !global.quiet {
        eprintln!("no story is due, in flight or live");
    }
    let outcome = report.finish(global);
    // stories that failed are no failure of looking at them
    Ok(match outcome {
        Outcome::Failed => Outcome::Done,
        outcome => outcome,
    })
}

async fn found(
    project: &Project,
    args: &Args,
    now: Timestamp,
) -> anyhow::Result<Vec<(Story, Vec<String>)>> {
    if let Some(id) = &args.id {
        let store = store(project, id).await?;
        let story = publisher::one(&store, id).await?;
        let trail = store.audit(&story.key).await?;
        return Ok(vec![(story, trail.iter().map(line).collect())]);
    }
    let Some(store) = publisher::existing_store(project).await? else {
        return Ok(Vec::new());
    };
    let since = now
        .checked_sub(SignedDuration::from_hours(48))
        .unwrap_or(now);
    let filter = Filter {
        open_since: (!args.all).then_some(since),
        ..Filter::default()
    };
    let stories = store.list(&filter).await?;
    Ok(stories
        .into_iter()
        .map(|story| (story, Vec::new()))
        .collect())
}

/// A line of the trail.
fn line(entry: &Entry) -> String {
    let from = entry.from.as_deref().unwrap_or("-");
    let detail = match &entry.detail {
        serde_json::Value::Null => String::new(),
        detail => format!(" {detail}"),
    };
    format!(
        "{:.0} {} {from} → {}{detail} ({})",
        entry.at, entry.what, entry.to, entry.who
    )
}

/// The memory in which a story is looked for.
pub(crate) async fn store(project: &Project, id: &str) -> Result<Store, publisher::Error> {
    let store = publisher::existing_store(project).await?;
    store.ok_or_else(|| publisher::unknown(id))
}

/// The one story whose id begins so.
pub(crate) async fn asked(project: &Project, id: &str) -> Result<Story, publisher::Error> {
    publisher::one(&store(project, id).await?, id).await
}

/// As the report tells of a story.
pub(crate) fn item(story: &Story, now: Timestamp) -> Item {
    let status = match story.step {
        Step::Failed { .. } | Step::Missed | Step::Cancelled { .. } => Status::Failed,
        _ => Status::Done,
    };
    let mut item = Item::new(&story.outgoing.media.path, None, status);
    let mut told = StoryTold::of(story, now);
    told.more = Some(super::report::More {
        name: story.name.clone(),
        template: story.template.clone(),
        account: story.account.clone(),
        due: story.due,
        trouble: trouble(story),
    });
    item.story = Some(told);
    item
}

/// What people should know of where it stands.
fn trouble(story: &Story) -> Option<String> {
    match &story.step {
        Step::Failed { why } | Step::Cancelled { why } | Step::Uncertain { why, .. } => {
            Some(why.clone())
        }
        _ => story.trouble.clone(),
    }
}

fn say(project: &Project, story: &Story, now: Timestamp) {
    let zone = project
        .timezone
        .as_deref()
        .and_then(|name| jiff::tz::TimeZone::get(name).ok());
    let due = story
        .due
        .to_zoned(zone.unwrap_or_else(jiff::tz::TimeZone::system));
    let id = match &StoryTold::of(story, now).media_id {
        Some(id) => format!("  {id}"),
        None => String::new(),
    };
    eprintln!(
        "{}  {:<10}  {}  {}  {}{id}",
        story.key,
        story.state(now),
        due.strftime("%Y-%m-%d %H:%M"),
        story.account,
        story.name
    );
    if let Some(trouble) = trouble(story) {
        eprintln!("    {trouble}");
    }
    if matches!(story.step, Step::Uncertain { .. }) {
        eprintln!(
            "    look at the account, then: storypress resolve {0} --live, or --not-live",
            story.key
        );
    }
}
