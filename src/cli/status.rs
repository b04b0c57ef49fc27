//! `storypress status`: what is due, in flight, live, failed, uncertain.

use std::collections::HashMap;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::diag::{Code, Diagnostic};
use crate::project::Project;
use crate::publisher::{self, accounts};
use crate::store::{self, Entry, Filter, Step, Store, Story};

use super::report::{Item, More, Report, Status, StoryTold};
use super::target::Sandbox;
use super::{Global, Outcome, open, publish};

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
    /// End with 1 where a story failed or was missed, with 3 where one is uncertain
    #[arg(long)]
    pub exit_code: bool,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("status");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = Timestamp::now();
    let seen = open::runtime()?.block_on(seen(&project, args, now))?;
    let zone = project.zone()?;
    let mut table = String::new();
    for (story, trail) in &seen.stories {
        let waits_for = seen.waits_for(&project, story, now);
        report
            .items
            .push(item(&project, story, waits_for.clone(), now));
        table += &lines(&project, story, waits_for, &zone, now);
        for line in trail {
            table += &format!("    {line}\n");
        }
    }
    if !global.json && !global.quiet {
        let _ = super::print(&table);
        for line in seen.around(&project, args, now) {
            eprintln!("{line}");
        }
    }
    let outcome = report.finish(global);
    // stories that failed are no failure of looking at them, unless that is asked
    Ok(match outcome {
        Outcome::Failed if !args.exit_code => Outcome::Done,
        _ if args.exit_code && outcome != Outcome::Uncertain => match seen.has_trouble() {
            true => Outcome::Failed,
            false => Outcome::Done,
        },
        outcome => outcome,
    })
}

/// What the memory holds.
#[derive(Default)]
struct Seen {
    stories: Vec<(Story, Vec<String>)>,
    /// By account, as stories name it.
    accounts: HashMap<String, store::Account>,
    workers: Vec<store::Worker>,
    undelivered: Vec<store::Undelivered>,
}

impl Seen {
    fn has_trouble(&self) -> bool {
        let is_trouble = |step: &Step| matches!(step, Step::Failed { .. } | Step::Missed);
        self.stories
            .iter()
            .any(|(story, _)| is_trouble(&story.step))
    }

    /// What keeps a story from going on.
    fn waits_for(&self, project: &Project, story: &Story, now: Timestamp) -> Option<String> {
        if !story.step.is_in_flight() {
            return None;
        }
        let account = self.accounts.get(&story.account);
        let stop = account
            .and_then(|a| a.stop.as_ref())
            .filter(|s| s.is_on(now));
        if let Some(stop) = stop.filter(|_| !matches!(story.step, Step::Publishing { .. })) {
            let hint = publish::after_stop(stop.cause, accounts::name_of(project, &story.account));
            return Some(format!("the account is stopped: {}; {hint}", stop.why));
        }
        let rest = account.and_then(|a| a.rest.as_ref());
        if let Some((until, why)) = rest.filter(|(until, _)| *until > now && story.due <= now) {
            let zone = project.zone().ok()?;
            return Some(format!("{why}, until {}", publisher::shown(*until, &zone)));
        }
        if let Some(trouble) = &story.trouble {
            return Some(trouble.clone());
        }
        let has_worker = |worker: &store::Worker| worker.accounts.contains(&story.account);
        match self.workers.iter().any(has_worker) {
            false => {
                Some("a worker: none that works for its account was seen in the last minute".into())
            }
            true => None,
        }
    }

    /// Accounts that are stopped, and who is at work.
    fn around(&self, project: &Project, args: &Args, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        if self.stories.is_empty() && args.id.is_none() {
            lines.push("no story is due, in flight or live".to_owned());
        }
        let mut accounts: Vec<_> = self.accounts.iter().collect();
        accounts.sort_by_key(|(key, _)| *key);
        for (key, account) in accounts {
            if let Some(stop) = account.stop.as_ref().filter(|stop| stop.is_on(now)) {
                let name = accounts::name_of(project, key);
                let hint = publish::after_stop(stop.cause, name);
                lines.push(format!("{name} is stopped: {}; {hint}", stop.why));
            }
        }
        for one in &self.undelivered {
            let zone = project.zone().ok();
            let next = one.next.zip(zone).map(|(at, zone)| {
                let at = publisher::shown(at, &zone);
                format!("waiting: {}, next try {at}", one.waiting)
            });
            let dropped = (one.dropped > 0).then(|| format!("given up: {}", one.dropped));
            let counts: Vec<_> = next.into_iter().chain(dropped).collect();
            lines.push(format!(
                "notices to `{}` do not arrive ({}): {}",
                one.target,
                counts.join(", "),
                one.why
            ));
        }
        for worker in &self.workers {
            let names = worker
                .accounts
                .iter()
                .map(|key| accounts::name_of(project, key));
            lines.push(format!(
                "worker {}, seen {} s ago, for {}",
                worker.name,
                now.duration_since(worker.seen).as_secs().max(0),
                names.collect::<Vec<_>>().join(", ")
            ));
        }
        if self.workers.is_empty() && self.stories.iter().any(|(s, _)| s.step.is_in_flight()) {
            lines.push("no worker was seen in the last minute: `storypress worker`".to_owned());
        }
        lines
    }
}

async fn seen(project: &Project, args: &Args, now: Timestamp) -> anyhow::Result<Seen> {
    let store = match &args.id {
        Some(id) => store(project, id).await?,
        None => match publisher::existing_store(project).await? {
            Some(store) => store,
            None => return Ok(Seen::default()),
        },
    };
    let mut seen = Seen {
        stories: found(&store, args, now).await?,
        workers: store.workers(now - SignedDuration::from_secs(60)).await?,
        undelivered: store
            .undelivered(now - SignedDuration::from_hours(24))
            .await?,
        ..Seen::default()
    };
    for key in store.accounts().await? {
        let account = store.account(&key).await?;
        seen.accounts.insert(key, account);
    }
    store.close().await;
    Ok(seen)
}

async fn found(
    store: &Store,
    args: &Args,
    now: Timestamp,
) -> anyhow::Result<Vec<(Story, Vec<String>)>> {
    if let Some(id) = &args.id {
        let story = publisher::one(store, id).await?;
        let trail = store.audit(&story.key).await?;
        return Ok(vec![(story, trail.iter().map(line).collect())]);
    }
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

/// Why something could not be done with a story.
pub(crate) fn refused(story: &Story, why: &publisher::Error) -> Diagnostic {
    let file = &story.outgoing.media.path;
    Diagnostic::of_file(Code::NotPublished, file, why.to_string())
}

/// As the report tells of a story.
pub(crate) fn item(
    project: &Project,
    story: &Story,
    waits_for: Option<String>,
    now: Timestamp,
) -> Item {
    let status = match story.step {
        Step::Failed { .. } | Step::Missed | Step::Cancelled { .. } => Status::Failed,
        _ => Status::Done,
    };
    let mut item = Item::new(&story.outgoing.media.path, None, status);
    let mut told = StoryTold::of(story, now);
    told.more = Some(More {
        waits_for,
        trouble: publish::reason(story),
        ..More::of(story, accounts::name_of(project, &story.account))
    });
    item.story = Some(told);
    item
}

/// A story as people read it.
fn lines(
    project: &Project,
    story: &Story,
    waits_for: Option<String>,
    zone: &TimeZone,
    now: Timestamp,
) -> String {
    let id = match story.step.story() {
        Some(id) => format!("  {id}"),
        None => String::new(),
    };
    let due = story.due.to_zoned(zone.clone());
    let mut lines = format!(
        "{}  {:<10}  {}  {}  {}{id}\n",
        story.key,
        story.state(now),
        due.strftime("%Y-%m-%d %H:%M"),
        accounts::name_of(project, &story.account),
        publish::printable(&story.name)
    );
    match (waits_for, publish::reason(story)) {
        (Some(why), _) => lines += &format!("    waits for: {why}\n"),
        (None, Some(why)) => lines += &format!("    {why}\n"),
        (None, None) => {}
    }
    if matches!(story.step, Step::Uncertain { .. }) {
        lines += &format!(
            "    look at the account, then: storypress resolve {0} --live, or --not-live\n",
            story.key
        );
    }
    lines
}
