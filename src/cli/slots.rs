//! What people decide about slots: `storypress approve`, `reject`, and `schedule pause|resume|skip|move|run|why`.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::report::{Item, Report, Status, StoryTold};
use super::slot::SlotReport;
use super::target::Sandbox;
use super::{Global, Outcome, notices, open, trail};
use crate::calendar::{self, Rule};
use crate::diag::{Code, Diagnostic};
use crate::project::{Accounts, Project};
use crate::publisher::{self, SlotError, accounts};
use crate::store::{EVERY_SCHEDULE, SchedulePause, Slot, Store, Story};

/// A slot that is kept, as reports have it.
pub(crate) fn report_of(
    slot: &Slot,
    story: Option<&Story>,
    is_paused: bool,
    now: Timestamp,
) -> SlotReport {
    let at = calendar::Slot {
        due: slot.due,
        ..publisher::calendar_slot(slot)
    };
    let mut report = SlotReport::of(&at, publisher::slot_state(slot, story, is_paused, now));
    report.account = Some(slot.account.clone());
    report.row_key = slot.row_key.clone();
    match slot.state.is_open() {
        true => report.waits_for = slot.reason.clone(),
        false => report.reason = slot.reason.clone(),
    }
    if let Some(brief) = &mut report.slot {
        brief.sha256 = slot.picture.as_ref().map(|p| p.media.sha256.clone());
    }
    report
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress approve menu@2026-12-01T09:00
  storypress approve menu@2026-12-01T09:00 --sha256 3fa9c1d2 --by ana")]
pub(crate) struct ApproveArgs {
    /// Slots whose picture waits for approval, as `storypress schedule next` shows them
    #[arg(required = true, value_name = "SLOT")]
    pub slots: Vec<String>,
    /// The picture that was looked at, or at least 8 letters of its hash: another one is not approved
    #[arg(long, value_name = "HASH")]
    pub sha256: Option<String>,
    /// Who approves it; without it, who is logged in
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress reject menu@2026-12-01T09:00 --reason 'the price is wrong'")]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    pub what: ApproveArgs,
    /// Why, for those who make another one
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Which schedule is paused, or goes on.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// The schedule
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Everything of this account, also what was planned by hand
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Every schedule
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    pub what: What,
    /// Until then; without it, until `storypress schedule resume`
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Why, for those who look at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub what: What,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SkipArgs {
    /// A slot, as `storypress schedule next` shows it
    #[arg(value_name = "SLOT")]
    pub slot: String,
    /// Why, for those who look at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MoveArgs {
    /// A slot that is no story yet, as `storypress schedule next` shows it
    #[arg(value_name = "SLOT")]
    pub slot: String,
    /// A date and time, in the project's time zone or with one of its own
    #[arg(long, value_name = "TIME")]
    pub to: String,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// A slot, as `storypress schedule next` shows it: also one that was skipped or missed
    #[arg(value_name = "SLOT")]
    pub slot: String,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// A slot, as `storypress schedule next` shows it
    #[arg(value_name = "SLOT")]
    pub slot: String,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

/// What a decision about slots needs.
struct Desk {
    project: Project,
    rules: Vec<Rule>,
    store: Store,
    now: Timestamp,
}

impl Desk {
    /// The slot that people mean.
    async fn slot(&self, id: &str) -> Result<Slot, SlotError> {
        let account = default_account(&self.project);
        publisher::slot_named(&self.store, &self.rules, account, id, self.now).await
    }

    async fn item(&self, slot: &Slot) -> anyhow::Result<Item> {
        let story = self.store.story_of_slot(&slot.id).await?;
        let pauses = self.store.schedule_pauses().await?;
        let rule = self.rules.iter().find(|rule| rule.name == slot.schedule);
        let is_paused =
            rule.is_some_and(|rule| publisher::schedule_pause(rule, &pauses, self.now).is_some());
        Ok(item(
            &self.project,
            slot,
            story.as_ref(),
            is_paused,
            self.now,
        ))
    }
}

/// A slot in a report.
pub(crate) fn item(
    project: &Project,
    slot: &Slot,
    story: Option<&Story>,
    is_paused: bool,
    now: Timestamp,
) -> Item {
    let mut item = Item::new(project.template_file(&slot.template), None, Status::Done);
    if let Some(picture) = &slot.picture {
        item.outputs.push(picture.media.clone());
    }
    item.story = story.map(|story| StoryTold::of(story, now));
    item.slot = Some(Box::new(report_of(slot, story, is_paused, now)));
    item
}

/// Which accounts rules may name.
pub(crate) fn accounts_of(sandbox: &Sandbox) -> Accounts {
    match sandbox.sandbox {
        Some(_) => Accounts::OfSandbox,
        None => Accounts::Own,
    }
}

/// The account of rules that name none.
pub(crate) fn default_account(project: &Project) -> &str {
    project
        .accounts
        .first()
        .map_or("main", |account| account.name.as_str())
}

/// Who decides, where nobody says so.
fn person(by: Option<&str>) -> String {
    let of = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|who| !who.trim().is_empty())
    };
    match by {
        Some(by) => by.trim().to_owned(),
        None => of("USER")
            .or_else(|| of("LOGNAME"))
            .unwrap_or_else(|| "somebody".into()),
    }
}

/// Has `decide` done for a project, or says what is wrong with that.
fn with_desk<T>(
    command: &'static str,
    global: &Global,
    sandbox: &Sandbox,
    decide: impl AsyncFnOnce(&Desk, &mut Report) -> anyhow::Result<T>,
) -> anyhow::Result<Outcome> {
    let mut report = Report::new(command);
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    // what is wrong with other rules is told by `storypress schedule`
    let rules = project.schedules(accounts_of(sandbox)).rules;
    let now = sandbox.now()?;
    open::runtime()?.block_on(async {
        let store = publisher::open_store(&project).await?;
        let store = match sandbox.sandbox {
            Some(_) => store.rehearsing(),
            None => store,
        };
        let desk = Desk {
            project,
            rules,
            store,
            now,
        };
        let done = decide(&desk, &mut report).await;
        notices::tell_of(&desk.project, &desk.store, global).await;
        desk.store.close().await;
        done
    })?;
    if !global.json {
        report.say_diagnostics(global);
    }
    Ok(report.finish(global))
}

pub(crate) fn approve(args: &ApproveArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(args.by.as_deref());
    with_desk("approve", global, &args.sandbox, async |desk, report| {
        let mut slots = Vec::new();
        // what is not there is told before anything is decided
        for id in &args.slots {
            slots.push(desk.slot(id).await?);
        }
        for slot in slots {
            let sha256 = args.sha256.as_deref();
            let done = publisher::approve(&desk.store, &slot.id, sha256, &by, desk.now).await;
            decided(
                desk,
                report,
                &slot,
                done,
                &format!("approved by {by}"),
                global,
            )
            .await?;
        }
        Ok(())
    })
}

pub(crate) fn reject(args: &RejectArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(args.what.by.as_deref());
    with_desk(
        "reject",
        global,
        &args.what.sandbox,
        async |desk, report| {
            let mut slots = Vec::new();
            for id in &args.what.slots {
                slots.push(desk.slot(id).await?);
            }
            for slot in slots {
                let sha256 = args.what.sha256.as_deref();
                let who = (by.as_str(), args.reason.as_deref());
                let done = publisher::reject(&desk.store, &slot.id, sha256, who, desk.now).await;
                decided(
                    desk,
                    report,
                    &slot,
                    done,
                    &format!("rejected by {by}"),
                    global,
                )
                .await?;
            }
            Ok(())
        },
    )
}

/// What became of a decision, in the report and for people.
async fn decided(
    desk: &Desk,
    report: &mut Report,
    before: &Slot,
    done: Result<Slot, SlotError>,
    said: &str,
    global: &Global,
) -> anyhow::Result<()> {
    match done {
        Ok(slot) => {
            report.items.push(desk.item(&slot).await?);
            if !global.quiet && !global.json {
                eprintln!("{}: {said}", slot.id);
            }
        }
        Err(SlotError::Other(error)) => return Err(error.into()),
        Err(refused) => {
            let mut item = desk.item(before).await?;
            let file = item.input.clone();
            item.fail(Diagnostic::of_file(
                Code::NotPublished,
                &file,
                refused.to_string(),
            ));
            report.items.push(item);
        }
    }
    Ok(())
}

pub(crate) fn skip(args: &SkipArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    with_desk(
        "schedule skip",
        global,
        &args.sandbox,
        async |desk, report| {
            let slot = desk.slot(&args.slot).await?;
            let who = (by.as_str(), args.reason.as_deref());
            let done = publisher::skip(&desk.store, &slot.id, who, desk.now).await;
            decided(desk, report, &slot, done, "does not go out", global).await
        },
    )
}

pub(crate) fn move_to(args: &MoveArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    with_desk(
        "schedule move",
        global,
        &args.sandbox,
        async |desk, report| {
            let to = desk.project.moment(&args.to)?.timestamp();
            let zone = desk.project.zone()?;
            let slot = desk.slot(&args.slot).await?;
            let said = format!("goes out {}", publisher::shown(to, &zone));
            let done = match desk.store.story_of_slot(&slot.id).await? {
                // it is a story, which can be moved as long as it was not sent
                Some(story) => {
                    let moved =
                        publisher::move_to(&desk.store, &story.key, to, &zone, desk.now).await;
                    moved.map(|_| slot.clone()).map_err(SlotError::Other)
                }
                None => publisher::move_slot(&desk.store, &slot.id, to, &by, desk.now).await,
            };
            decided(desk, report, &slot, done, &said, global).await
        },
    )
}

pub(crate) fn run(args: &RunArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    with_desk(
        "schedule run",
        global,
        &args.sandbox,
        async |desk, report| {
            let slot = desk.slot(&args.slot).await?;
            let story = desk.store.story_of_slot(&slot.id).await?;
            let done = match story {
                Some(story) if publisher::may_retry(&story).is_ok() => {
                    anyhow::bail!(
                        "{} became the story {}, which is {}: `storypress retry {1}` sends it",
                        slot.id,
                        story.key,
                        story.state(desk.now)
                    )
                }
                _ => publisher::run_slot(&desk.store, &slot.id, &by, desk.now).await,
            };
            let said = "goes out as soon as a worker looks at it";
            decided(desk, report, &slot, done, said, global).await
        },
    )
}

pub(crate) fn pause(args: &PauseArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    with_desk(
        "schedule pause",
        global,
        &args.sandbox,
        async |desk, _report| {
            let until = match &args.until {
                Some(until) => Some(desk.project.moment(until)?.timestamp()),
                None => None,
            };
            anyhow::ensure!(
                until.is_none_or(|until| until > desk.now),
                "that time is past"
            );
            let name = paused_name(desk, &args.what, &args.sandbox).await?;
            match &name {
                Named::Schedule(name) => {
                    let pause = SchedulePause {
                        since: desk.now,
                        until,
                        reason: args.reason.clone(),
                        by: by.clone(),
                    };
                    desk.store.pause_schedule(name, &pause).await?;
                }
                Named::Account(key, account) => {
                    let pause = (until, args.reason.as_deref());
                    publisher::pause_account(&desk.store, (key, account), pause, desk.now).await?;
                }
            }
            say_pause(&name, until, &desk.project.zone()?, global);
            Ok(())
        },
    )
}

pub(crate) fn resume(args: &ResumeArgs, global: &Global) -> anyhow::Result<Outcome> {
    with_desk(
        "schedule resume",
        global,
        &args.sandbox,
        async |desk, _report| {
            let name = paused_name(desk, &args.what, &args.sandbox).await?;
            let was = match &name {
                Named::Schedule(name) => desk.store.resume_schedule(name, desk.now).await?,
                Named::Account(key, account) => {
                    let account = (key.as_str(), account.as_str());
                    publisher::resume_account(&desk.store, account, desk.now)
                        .await?
                        .is_some()
                }
            };
            if !global.quiet && !global.json {
                match was {
                    true => eprintln!("{} goes on", name.shown()),
                    false => eprintln!("{} was not paused", name.shown()),
                }
            }
            Ok(())
        },
    )
}

/// What is paused.
enum Named {
    Schedule(String),
    /// As stories name it, and as the project does.
    Account(String, String),
}

impl Named {
    fn shown(&self) -> String {
        match self {
            Self::Schedule(name) if name == EVERY_SCHEDULE => "every schedule".into(),
            Self::Schedule(name) => format!("the schedule {name}"),
            Self::Account(_, name) => format!("the account {name}"),
        }
    }
}

async fn paused_name(desk: &Desk, what: &What, sandbox: &Sandbox) -> anyhow::Result<Named> {
    if let Some(account) = &what.account {
        let base = sandbox.url()?;
        let key = accounts::key_of(&desk.project, Some(account), base.as_ref()).await?;
        return Ok(Named::Account(key, account.clone()));
    }
    let Some(name) = &what.name else {
        return Ok(Named::Schedule(EVERY_SCHEDULE.to_owned()));
    };
    let names = || desk.rules.iter().map(|rule| rule.name.as_str());
    if !names().any(|known| known == name) {
        let hint = crate::diag::did_you_mean(name, names());
        let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
        anyhow::bail!("no schedule `{name}`{hint}");
    }
    Ok(Named::Schedule(name.clone()))
}

fn say_pause(name: &Named, until: Option<Timestamp>, zone: &TimeZone, global: &Global) {
    if global.quiet || global.json {
        return;
    }
    let until = match until {
        Some(until) => format!("until {}", publisher::shown(until, zone)),
        None => "until `storypress schedule resume`".into(),
    };
    eprintln!(
        "nothing of {} goes out {until}; what is late then is skipped",
        name.shown()
    );
}

pub(crate) fn why(args: &WhyArgs, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("schedule why");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = args.sandbox.now()?;
    let rules = project.schedules(accounts_of(&args.sandbox)).rules;
    let told = open::runtime()?.block_on(async {
        let store = publisher::open_store(&project).await?;
        let account = default_account(&project);
        let slot = publisher::slot_named(&store, &rules, account, &args.slot, now).await?;
        let story = store.story_of_slot(&slot.id).await?;
        let mut trail = store.slot_trail(&slot.id).await?;
        if let Some(story) = &story {
            trail.extend(store.audit(&story.key).await?);
        }
        trail.sort_by_key(|entry| entry.at);
        let pauses = store.schedule_pauses().await?;
        store.close().await;
        anyhow::Ok((slot, story, trail, pauses))
    })?;
    let (slot, story, trail, pauses) = told;
    let rule = rules.iter().find(|rule| rule.name == slot.schedule);
    let pause = rule.and_then(|rule| publisher::schedule_pause(rule, &pauses, now));
    let state = publisher::slot_state(&slot, story.as_ref(), pause.is_some(), now);
    if global.json {
        let trail: Vec<_> = trail
            .iter()
            .map(|entry| {
                json!({
                    "time": entry.at, "what": entry.what, "from": entry.from, "to": entry.to,
                    "by": entry.detail.get("by").and_then(|by| by.as_str()).unwrap_or(&entry.who),
                    "detail": entry.detail,
                })
            })
            .collect();
        let mut item =
            serde_json::to_value(item(&project, &slot, story.as_ref(), pause.is_some(), now))?;
        item["trail"] = json!(trail);
        let report = json!({
            "command": "schedule why", "ok": true, "items": [item],
            "totals": { "done": 1, "unchanged": 0, "failed": 0, "seconds": report.seconds() },
        });
        return super::print(&format!("{report}\n"));
    }
    let zone = TimeZone::get(&slot.zone).unwrap_or(TimeZone::UTC);
    let mut text = format!(
        "{}  {}  {}\n",
        slot.id,
        state,
        publisher::shown(slot.due, &zone)
    );
    for line in [pause.as_ref(), slot.reason.as_ref()].into_iter().flatten() {
        text += &format!("    {line}\n");
    }
    for entry in &trail {
        text += &format!("    {}\n", trail::line(entry));
    }
    super::print(&text)
}
