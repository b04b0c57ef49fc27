//! `storypress status`: what is due, in flight, live, failed, uncertain.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::project::Project;
use crate::store::{Filter, Step, Store, Story};

use super::report::{Item, Report, Status, StoryTold};
use super::{Global, Outcome, outlet, plan};

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
    let Some(project) = plan::opened(&mut report, Path::new("."), global)? else {
        return Ok(Outcome::Usage);
    };
    let now = Timestamp::now();
    let stories = outlet::runtime()?.block_on(found(&project, args, now))?;
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
    let mut found = Vec::new();
    let Some(store) = outlet::existing_store(project).await? else {
        return match &args.id {
            Some(id) => Err(unknown(id)),
            None => Ok(found),
        };
    };
    match &args.id {
        Some(id) => {
            let story = one(&store, id).await?;
            let trail = store.audit(&story.key).await?;
            let lines = trail.iter().map(|entry| {
                let from = entry.from.as_deref().unwrap_or("-");
                let detail = match &entry.detail {
                    serde_json::Value::Null => String::new(),
                    detail => format!(" {detail}"),
                };
                format!(
                    "{:.0} {} {from} → {}{detail} ({})",
                    entry.at, entry.what, entry.to, entry.who
                )
            });
            let lines = lines.collect();
            found.push((story, lines));
        }
        None => {
            let since = (!args.all).then(|| {
                now.checked_sub(SignedDuration::from_hours(48))
                    .unwrap_or(now)
            });
            let all = store.list(&Filter::default()).await?;
            let recent = |story: &Story| {
                story.step.is_in_flight()
                    || matches!(story.step, Step::Uncertain { .. } | Step::Published { .. })
                    || since.is_none_or(|since| story.due >= since)
            };
            found.extend(
                all.into_iter()
                    .filter(recent)
                    .map(|story| (story, Vec::new())),
            );
        }
    }
    Ok(found)
}

/// There is no such story.
pub(crate) fn unknown(id: &str) -> anyhow::Error {
    anyhow::anyhow!("no story `{id}`: `storypress status --all` shows them")
}

/// The one story whose id begins so.
pub(crate) async fn one(store: &Store, id: &str) -> anyhow::Result<Story> {
    let mut found = store.find(id).await?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(unknown(id)),
        _ => {
            let keys: Vec<_> = found.iter().map(|s| s.key.to_string()).collect();
            anyhow::bail!("`{id}` may be {}", keys.join(", "))
        }
    }
}

/// As the report tells of a story.
pub(crate) fn item(story: &Story, now: Timestamp) -> Item {
    let status = match story.step {
        Step::Failed { .. } | Step::Missed | Step::Cancelled { .. } => Status::Failed,
        _ => Status::Done,
    };
    let mut item = Item::new(&story.outgoing.path, None, status);
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
