//! `storypress worker`: runs due work until it is stopped.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::json;

use crate::diag::{Code, Diagnostic};
use crate::pipeline::Event;
use crate::platform::{Cancel, Clock};
use crate::project::Project;
use crate::publisher::{self, CONCURRENCY, Calendar, Publisher, Service, SlotReport};
use crate::store::{Filter, Slot, SlotState, Step, Story};

use super::report::{Item, More, Report, Status};
use super::spool::Counts;
use super::target::{Target, say_notes};
use super::{Global, Outcome, events, heap, interrupt, notices, open, publish, slots};

/// How often uploaded files that no story needs any more are looked for.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

/// How long `--once` waits for notices: nobody waits for it.
const NOTICES: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress worker
  storypress worker --once                do what is due and end, for cron
  storypress worker --listen 127.0.0.1:9464   answer /healthz, /readyz, /metrics
  storypress worker --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    #[command(flatten)]
    pub target: Target,
    /// Do what is due, and end
    #[arg(long)]
    pub once: bool,
    /// So many of the rows that a schedule with `pick = "new"` finds at its first run go out, the newest ones
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub backfill: usize,
    /// Answer /healthz, /readyz and /metrics there: a host and a port
    #[arg(long, value_name = "ADDR", conflicts_with = "once")]
    pub listen: Option<String>,
    /// So many stories at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    heap::set_up();
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("worker");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    open::runtime()?.block_on(async {
        let service = Service::start(args.listen.as_deref()).await?;
        let target = (&args.target).into();
        let opened = match args.once {
            true => Some(Publisher::open_all(&project, &target, stop).await?),
            false => {
                let told = |said: &str| {
                    if !global.quiet {
                        super::say_line(&format!("note: {said}"));
                    }
                };
                service.open(&project, &target, stop, told).await?
            }
        };
        // it was stopped while it waited for its database
        let Some(publisher) = opened else {
            return Ok(());
        };
        if !global.quiet && !global.json {
            say_notes(&publisher, global);
            let mut names: Vec<_> = publisher.names.values().cloned().collect();
            names.sort();
            let end = if args.once { "" } else { "; Ctrl-C ends it" };
            eprintln!("working for {}{end}", names.join(", "));
            if let Some(url) = service.url() {
                eprintln!("answers at {url}/healthz, /readyz, /metrics");
            }
        }
        let ran = Ran::new(args.once);
        let done = work(args, &project, &publisher, &service, global, stop, &ran).await;
        report.items = ran.items(&project, &publisher).await;
        report.others = ran.counts();
        publisher.close().await;
        done
    })?;
    let outcome = report.finish(global);
    // a worker that was asked to end has done so, whatever became of single stories
    Ok(if args.once { outcome } else { Outcome::Done })
}

async fn work(
    args: &Args,
    project: &Project,
    publisher: &Publisher,
    service: &Service,
    global: &Global,
    stop: &Cancel,
    ran: &Ran,
) -> anyhow::Result<()> {
    let jobs = args.jobs.map_or(CONCURRENCY, usize::from);
    let told = teller(publisher.names.clone(), publisher.clock.clone(), global);
    let mut calendar = Calendar::new(publisher, project, args.backfill, stop);
    let told = ran.hearing(told);
    if args.once {
        publisher.report_to(told.clone());
        // what went wrong with one part keeps no other from its turn: nobody comes back until the next call
        let turned = calendar.turn().await;
        let ran = run_due(publisher, told).await;
        let looked_after = publisher.look_after().await;
        let swept = publisher.sweep(publisher.clock.now()).await;
        notices::say_untold(publisher.finish_notices(NOTICES).await, global);
        publisher.beat().await;
        turned?;
        ran?;
        looked_after?;
        return Ok(swept?);
    }
    let done = tokio::select! {
        done = publisher.serve(service, jobs, told) => done.map_err(anyhow::Error::from),
        () = calendar.keep() => Ok(()),
        () = sweep(publisher, stop) => Ok(()),
        () = publisher.deliver_notices() => Ok(()),
    };
    notices::tell_now(publisher, global).await;
    done
}

/// What came to rest: each with `--once`; a worker that goes on for months only counts.
#[derive(Debug, Clone)]
struct Ran {
    is_once: bool,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    stories: Vec<Story>,
    /// Those that did not become one.
    slots: Vec<Slot>,
    counts: Counts,
}

impl Ran {
    fn new(is_once: bool) -> Self {
        Self {
            is_once,
            heard: Arc::default(),
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears what is told, and passes it on.
    fn hearing<T>(&self, told: T) -> impl Fn(Event<'_>) + Clone + Send + Sync + use<T>
    where
        T: Fn(Event<'_>) + Clone + Send + Sync,
    {
        let ran = self.clone();
        move |event| {
            match ran.is_once {
                true => ran.heard().keep(&event),
                false => ran.heard().count(&event),
            }
            told(event);
        }
    }

    /// How many ended how that are no items.
    fn counts(&self) -> Counts {
        self.heard().counts
    }

    /// As `publish` reports its stories, and `status` its slots.
    async fn items(&self, project: &Project, publisher: &Publisher) -> Vec<Item> {
        let (stories, slots) = {
            let mut heard = self.heard();
            (
                std::mem::take(&mut heard.stories),
                std::mem::take(&mut heard.slots),
            )
        };
        let now = publisher.clock.now();
        let mut items = Vec::new();
        for story in &stories {
            let media = &story.outgoing.media;
            let mut item = Item::new(&media.path, None, Status::Done);
            item.outputs.push(media.clone());
            publish::told(&mut item, story, false, now);
            if let Some(told) = &mut item.story {
                told.more = Some(More::of(story, publisher.name_of(&story.account)));
            }
            if let Some(id) = &story.slot
                && let Ok(Some(slot)) = publisher.store.slot(id).await
            {
                let slot = SlotReport::of_kept(&slot, Some(story), false, now);
                item.slot = Some(Box::new(slot));
            }
            items.push(item);
        }
        for slot in &slots {
            let mut item = slots::item(project, slot, None, false, now);
            if slot.state == SlotState::Missed {
                let file = item.input.clone();
                let why = slot.reason.as_deref().unwrap_or("its time has passed");
                let said = format!("{} was missed: {why}", slot.id);
                item.fail(Diagnostic::of_file(Code::NotPublished, &file, said));
            }
            items.push(item);
        }
        items
    }
}

impl Heard {
    fn keep(&mut self, event: &Event<'_>) {
        match event {
            Event::Rests(story) => {
                self.stories.retain(|known| known.key != story.key);
                self.stories.push((*story).clone());
            }
            Event::Slot(slot) if matches!(slot.state, SlotState::Missed | SlotState::Skipped) => {
                self.slots.retain(|known| known.id != slot.id);
                self.slots.push((*slot).clone());
            }
            _ => {}
        }
    }

    /// A story that is closed was counted when it went out.
    fn count(&mut self, event: &Event<'_>) {
        let status = match event {
            Event::Rests(story) => match story.step {
                Step::Published { .. } | Step::Handed { .. } => Status::Done,
                Step::Failed { .. }
                | Step::Missed
                | Step::Uncertain { .. }
                | Step::Cancelled { .. } => Status::Failed,
                _ => return,
            },
            Event::Slot(slot) if slot.state == SlotState::Missed => Status::Failed,
            _ => return,
        };
        self.counts.add(status, 0);
    }
}

/// Tells what happens: a line for people, or one of JSON for programs.
fn teller(
    names: HashMap<String, String>,
    clock: Clock,
    global: &Global,
) -> impl Fn(Event<'_>) + Clone + Send + Sync + use<> {
    let (quiet, is_json) = (global.quiet, global.json);
    move |event| match is_json {
        true => {
            let _ = super::print(&format!("{}\n", json_of(&event, &names, clock.now())));
        }
        false => events::say(&event, &names, &clock, quiet),
    }
}

fn json_of(
    event: &Event<'_>,
    names: &HashMap<String, String>,
    now: Timestamp,
) -> serde_json::Value {
    let named = |account: &str| names.get(account).cloned().unwrap_or(account.to_owned());
    let of_story = |story: &Story| {
        let mut line = json!({
            "time": now,
            "story": story.key,
            "name": story.name,
            "account": named(&story.account),
            "state": story.state(now),
        });
        if let Some(slot) = &story.slot {
            line["slot"] = json!(slot);
        }
        if let Some(id) = story.step.story() {
            line["media_id"] = json!(id);
        }
        if let Some(why) = publisher::reason(story) {
            line["reason"] = json!(why);
        }
        line
    };
    match event {
        Event::Slot(slot) => of_slot(slot, now),
        Event::Rests(story) | Event::Waits(story) => of_story(story),
        Event::Stopped(account, stop) => json!({
            "time": now, "account": named(account), "state": "paused", "reason": stop.why,
        }),
        Event::Resumed(account) => json!({
            "time": now, "account": named(account), "state": "resumed",
        }),
        Event::Token(account, said) => json!({
            "time": now, "account": named(account), "state": "token", "reason": said,
        }),
    }
}

/// A slot that has no story yet, or has none at all.
fn of_slot(slot: &Slot, now: Timestamp) -> serde_json::Value {
    let mut line = json!({
        "time": now,
        "slot": slot.id,
        "account": slot.account,
        "state": slot.state.word(),
    });
    if let Some(picture) = &slot.picture {
        line["sha256"] = json!(picture.media.sha256);
    }
    if let Some(why) = &slot.reason {
        line["reason"] = json!(why);
    }
    line
}

/// Runs what is due on the open accounts until it rests.
async fn run_due(
    publisher: &Publisher,
    told: impl Fn(Event<'_>) + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let filter = Filter {
        due_until: Some(publisher.clock.now()),
        ..Filter::default()
    };
    let stories = publisher.store.list(&filter).await?;
    let is_open = |story: &&Story| publisher.rooms.contains_key(&story.account);
    let due: Vec<_> = stories
        .iter()
        .filter(is_open)
        .map(|s| s.key.clone())
        .collect();
    publisher.run(&due, told).await?;
    Ok(publisher.miss_late(publisher.clock.now()).await?)
}

/// Removes uploaded files that no story needs any more, now and then; never comes back.
async fn sweep(publisher: &Publisher, stop: &Cancel) {
    loop {
        if !stop.is_stopped()
            && let Err(error) = publisher.sweep(publisher.clock.now()).await
        {
            tracing::warn!(%error, "old uploads could not be removed");
        }
        tokio::time::sleep(SWEEP).await;
    }
}
