//! `storypress status`: what is due, in flight, live, failed, uncertain.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::{self, Write};
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::diag::{Code, Diagnostic};
use crate::project::Project;
use crate::publisher::{self, SlotReport, TokenWarning, accounts, after_stop, reason};
use crate::store::{self, Filter, Slot, SlotFilter, SlotState, Step, Store, Story, StoryKey};

use super::report::{Item, More, Report, Status, StoryTold};
use super::slots;
use super::target::Sandbox;
use super::{Global, Outcome, open, trail};

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
    let now = args.sandbox.now()?;
    let seen = open::runtime()?.block_on(seen(&project, args, now, global.json))?;
    if global.json {
        report.items = seen.items(&project, now);
    } else if !global.quiet {
        let _ = super::print(&seen.table(&project, now)?);
        for line in seen.around(&project, args, now) {
            eprintln!("{line}");
        }
    }
    report.finish(global);
    // stories that failed are no failure of looking at them, unless that is asked
    Ok(if seen.is_unsure() {
        Outcome::Uncertain
    } else if args.exit_code && seen.has_trouble() {
        Outcome::Failed
    } else {
        Outcome::Done
    })
}

/// What the memory holds.
#[derive(Default)]
struct Seen {
    stories: Vec<Story>,
    /// What was done with the one that was asked for.
    trail: Vec<String>,
    /// By account, as stories name it.
    accounts: BTreeMap<String, store::Account>,
    /// Whose turn comes first, by account.
    first: HashMap<String, StoryKey>,
    workers: Vec<store::Worker>,
    /// Slots of the calendar that became a story, by their id; only programs are told of them.
    entered: HashMap<String, Slot>,
    /// Those that are no story.
    slots: Vec<Slot>,
    /// Those of them that a pause holds.
    paused: HashSet<String>,
    /// Tokens that end soon.
    tokens: Vec<TokenWarning>,
    undelivered: Vec<store::Undelivered>,
}

impl Seen {
    /// As reports tell of it: stories, then slots.
    fn items(&self, project: &Project, now: Timestamp) -> Vec<Item> {
        let of_story = |story: &Story| {
            let mut item = item(project, story, self.waits_for(project, story, now), now);
            let slot = story.slot.as_ref().and_then(|id| self.entered.get(id));
            item.slot =
                slot.map(|slot| Box::new(SlotReport::of_kept(slot, Some(story), false, now)));
            item
        };
        let of_slot = |slot: &Slot| {
            let is_paused = self.paused.contains(&slot.id);
            slots::item(project, slot, None, is_paused, now)
        };
        let stories = self.stories.iter().map(of_story);
        stories.chain(self.slots.iter().map(of_slot)).collect()
    }

    /// The same as people read it.
    fn table(&self, project: &Project, now: Timestamp) -> anyhow::Result<String> {
        let zone = project.zone()?;
        let mut table = String::new();
        let mut names: HashMap<&str, String> = HashMap::new();
        for story in &self.stories {
            let name = names
                .entry(&story.account)
                .or_insert_with(|| accounts::name_of(project, &story.account));
            lines(&mut table, story, name, &zone, now)?;
            match (self.waits_for(project, story, now), reason(story)) {
                (Some(why), _) => writeln!(table, "    waits for: {why}")?,
                (None, Some(why)) => writeln!(table, "    {why}")?,
                (None, None) => {}
            }
            if matches!(story.step, Step::Uncertain { .. }) {
                writeln!(
                    table,
                    "    look at the account, then: storypress resolve {0} --live, or --not-live",
                    story.key
                )?;
            }
        }
        for line in &self.trail {
            writeln!(table, "    {line}")?;
        }
        for slot in &self.slots {
            let is_paused = self.paused.contains(&slot.id);
            let state = publisher::slot_state(slot, None, is_paused, now);
            slot_lines(&mut table, slot, state)?;
        }
        Ok(table)
    }

    /// Whether nobody can tell of one whether it is live.
    fn is_unsure(&self) -> bool {
        let is_unsure = |step: &Step| matches!(step, Step::Uncertain { .. });
        self.stories.iter().any(|story| is_unsure(&story.step))
    }

    fn has_trouble(&self) -> bool {
        let is_trouble = |step: &Step| matches!(step, Step::Failed { .. } | Step::Missed);
        let is_missed = |slot: &Slot| slot.state == SlotState::Missed;
        let mut stories = self.stories.iter();
        stories.any(|story| is_trouble(&story.step)) || self.slots.iter().any(is_missed)
    }

    /// What keeps a story from going on.
    fn waits_for(&self, project: &Project, story: &Story, now: Timestamp) -> Option<String> {
        let account = self.accounts.get(&story.account);
        let first = self.first.get(&story.account);
        publisher::waits_for(project, story, account, first, &self.workers, now)
    }

    /// Accounts that are stopped, and who is at work.
    fn around(&self, project: &Project, args: &Args, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        if self.stories.is_empty() && self.slots.is_empty() && args.id.is_none() {
            lines.push("no story is due, in flight or live".to_owned());
        }
        for (key, account) in &self.accounts {
            if let Some(stop) = account.stop.as_ref().filter(|stop| stop.is_on(now)) {
                let name = accounts::name_of(project, key);
                let hint = after_stop(stop.cause, &name);
                lines.push(format!("{name} is stopped: {}; {hint}", stop.why));
            }
        }
        if let Ok(zone) = project.zone() {
            let said =
                |token: &TokenWarning| format!("{}: {}", token.account, token.said(&zone, now));
            lines.extend(self.tokens.iter().map(said));
        }
        for one in &self.undelivered {
            let zone = project.zone().ok();
            let waiting = (one.waiting > 0).then(|| format!("waiting: {}", one.waiting));
            let next = one.next.zip(zone);
            let next = next.map(|(at, zone)| format!("next try {}", publisher::shown(at, &zone)));
            let dropped = (one.dropped > 0).then(|| format!("given up: {}", one.dropped));
            let counts: Vec<_> = waiting.into_iter().chain(next).chain(dropped).collect();
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
                Timestamp::now()
                    .duration_since(worker.seen)
                    .as_secs()
                    .max(0),
                names.collect::<Vec<_>>().join(", ")
            ));
        }
        if self.workers.is_empty() && self.stories.iter().any(|s| s.step.is_in_flight()) {
            lines.push("no worker was seen in the last minute: `storypress worker`".to_owned());
        }
        lines
    }
}

async fn seen(
    project: &Project,
    args: &Args,
    now: Timestamp,
    is_for_programs: bool,
) -> anyhow::Result<Seen> {
    let store = match &args.id {
        Some(id) => store(project, id).await?,
        None => match publisher::existing_store(project).await? {
            Some(store) => store,
            None => {
                return Ok(Seen {
                    tokens: publisher::warnings(project, None, now).await,
                    ..Seen::default()
                });
            }
        },
    };
    let (stories, trail) = found(&store, args, now).await?;
    let mut seen = Seen {
        stories,
        trail,
        accounts: store.all_accounts().await?,
        first: store.first_in_line(now).await?,
        // who is at work is told by the real time
        workers: store
            .workers(Timestamp::now() - SignedDuration::from_secs(60))
            .await?,
        tokens: publisher::warnings(project, Some(&store), now).await,
        undelivered: store
            .undelivered(Timestamp::now() - SignedDuration::from_hours(24))
            .await?,
        ..Seen::default()
    };
    if is_for_programs {
        let slots = seen.stories.iter().filter_map(|s| s.slot.as_ref());
        let slots: Vec<&String> = slots.collect();
        let named = store.slots_named(&slots).await?;
        seen.entered = named.into_iter().map(|s| (s.id.clone(), s)).collect();
    }
    seen.look_at_slots(project, &store, args, now).await?;
    store.close().await;
    Ok(seen)
}

impl Seen {
    /// Slots that are no story: those of the next two days, or all of them.
    async fn look_at_slots(
        &mut self,
        project: &Project,
        store: &Store,
        args: &Args,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        if args.id.is_some() {
            return Ok(());
        }
        let soon = now.checked_add(SignedDuration::from_hours(48));
        let filter = SlotFilter {
            is_open: !args.all,
            until: soon.ok().filter(|_| !args.all),
            ..SlotFilter::default()
        };
        let mut slots = store.slots(&filter).await?;
        if !args.all {
            // what did not go out lately, as with stories
            let missed = SlotFilter {
                state: Some(SlotState::Missed),
                from: now.checked_sub(SignedDuration::from_hours(48)).ok(),
                ..SlotFilter::default()
            };
            slots.splice(0..0, store.slots(&missed).await?);
        }
        let has_story = |state| matches!(state, SlotState::Entered | SlotState::Split);
        self.slots = slots
            .into_iter()
            .filter(|slot| !has_story(slot.state))
            .collect();
        let pauses = store.schedule_pauses().await?;
        // rules that cannot be read are told by `storypress schedule`
        let rules = project.schedules(args.sandbox.accounts()).rules;
        for slot in &self.slots {
            let rule = rules.iter().find(|rule| rule.name == slot.schedule);
            let pause = rule.and_then(|rule| publisher::schedule_pause(rule, &pauses, now));
            if pause.is_some() {
                self.paused.insert(slot.id.clone());
            }
        }
        Ok(())
    }
}

/// A slot as people read it.
fn slot_lines(table: &mut String, slot: &Slot, state: &str) -> fmt::Result {
    let zone = TimeZone::get(&slot.zone).unwrap_or(TimeZone::UTC);
    let due = slot.due.to_zoned(zone);
    writeln!(
        table,
        "{:<8}  {state:<10}  {}  {}  {}",
        "-",
        due.strftime("%Y-%m-%d %H:%M"),
        slot.account,
        super::printable(&slot.id)
    )?;
    match &slot.reason {
        Some(why) if slot.state.is_open() => writeln!(table, "    waits for: {why}"),
        Some(why) => writeln!(table, "    {why}"),
        None => Ok(()),
    }
}

/// The stories that are asked for, and what was done with the one that was named.
async fn found(
    store: &Store,
    args: &Args,
    now: Timestamp,
) -> anyhow::Result<(Vec<Story>, Vec<String>)> {
    if let Some(id) = &args.id {
        let story = publisher::one(store, id).await?;
        let trail = store.audit(&story.key).await?;
        return Ok((vec![story], trail.iter().map(trail::line).collect()));
    }
    let since = now
        .checked_sub(SignedDuration::from_hours(48))
        .unwrap_or(now);
    let filter = Filter {
        open_since: (!args.all).then_some(since),
        ..Filter::default()
    };
    Ok((store.list(&filter).await?, Vec::new()))
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
        trouble: reason(story),
        ..More::of(story, &accounts::name_of(project, &story.account))
    });
    item.story = Some(told);
    item
}

/// Where a story stands, in people's words: reports say `due` of what waits for its time, and `rendered` when that has come.
fn word(story: &Story, now: Timestamp) -> &'static str {
    match story.step {
        Step::Rendered if story.due > now => "planned",
        Step::Rendered => "due",
        _ => story.state(now),
    }
}

/// A story as people read it.
fn lines(
    table: &mut String,
    story: &Story,
    account: &str,
    zone: &TimeZone,
    now: Timestamp,
) -> fmt::Result {
    let due = story.due.to_zoned(zone.clone());
    write!(
        table,
        "{}  {:<10}  {}  {account}  {}",
        story.key,
        word(story, now),
        due.strftime("%Y-%m-%d %H:%M"),
        super::printable(&story.name)
    )?;
    match story.step.story() {
        Some(id) => writeln!(table, "  {id}"),
        None => writeln!(table),
    }
}
