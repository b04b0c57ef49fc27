//! What people decide about slots: `storypress approve`, `reject`, and `schedule pause|resume|skip|move|run|why`.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::report::{Item, Report, Status, StoryTold};
use super::target::Sandbox;
use super::{Global, Outcome, notices, open, trail};
use crate::calendar::Rule;
use crate::diag::{Code, Diagnostic};
use crate::project::Project;
use crate::publisher::{self, SlotError, SlotReport, accounts};
use crate::store::{EVERY_SCHEDULE, SchedulePause, Slot, Store, Story};

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
struct Workspace {
    project: Project,
    rules: Vec<Rule>,
    store: Store,
    now: Timestamp,
}

impl Workspace {
    /// The slot that people mean.
    async fn slot(&self, id: &str) -> Result<Slot, SlotError> {
        let account = accounts::default_name(&self.project);
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
    item.slot = Some(Box::new(SlotReport::of_kept(slot, story, is_paused, now)));
    item
}

/// Who decides, where nobody says so.
pub(crate) fn person(by: Option<&str>) -> String {
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
fn in_workspace<T>(
    command: &'static str,
    global: &Global,
    sandbox: &Sandbox,
    decide: impl AsyncFnOnce(&Workspace, &mut Report) -> anyhow::Result<T>,
) -> anyhow::Result<Outcome> {
    let mut report = Report::new(command);
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    // what is wrong with other rules is reported by `storypress schedule`
    let rules = project.schedules(sandbox.accounts()).rules;
    let now = sandbox.now()?;
    open::runtime()?.block_on(async {
        let store = sandbox.world(publisher::open_store(&project).await?);
        let work = Workspace {
            project,
            rules,
            store,
            now,
        };
        let done = decide(&work, &mut report).await;
        notices::tell_of(&work.project, &work.store, global).await;
        work.store.close().await;
        done
    })?;
    if !global.json {
        report.say_diagnostics(global);
    }
    Ok(report.finish(global))
}

pub(crate) fn approve(args: &ApproveArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(args.by.as_deref());
    let verdict = Verdict {
        command: "approve",
        message: format!("approved by {by}"),
    };
    of_each(args, verdict, global, async |store, id, now| {
        publisher::approve(store, id, args.sha256.as_deref(), &by, now).await
    })
}

pub(crate) fn reject(args: &RejectArgs, global: &Global) -> anyhow::Result<Outcome> {
    let what = &args.what;
    let by = person(what.by.as_deref());
    let verdict = Verdict {
        command: "reject",
        message: format!("rejected by {by}"),
    };
    of_each(what, verdict, global, async |store, id, now| {
        let who = (by.as_str(), args.reason.as_deref());
        publisher::reject(store, id, what.sha256.as_deref(), who, now).await
    })
}

/// What is decided about pictures.
struct Verdict {
    command: &'static str,
    message: String,
}

/// Has the same decided about each of the slots.
fn of_each(
    args: &ApproveArgs,
    verdict: Verdict,
    global: &Global,
    decide: impl AsyncFn(&Store, &str, Timestamp) -> Result<Slot, SlotError>,
) -> anyhow::Result<Outcome> {
    if let Some(wrong) = args.sha256.as_deref().filter(|hash| !is_hash(hash)) {
        anyhow::bail!("`{wrong}` is no hash: give the picture's, or at least 8 letters of it");
    }
    in_workspace(
        verdict.command,
        global,
        &args.sandbox,
        async |work, report| {
            let mut slots = Vec::new();
            // what is not there is reported before anything is decided
            for id in &args.slots {
                slots.push(work.slot(id).await?);
            }
            for slot in slots {
                let done = decide(&work.store, &slot.id, work.now).await;
                report_decision(work, report, &slot, done, &verdict.message, global).await?;
            }
            Ok(())
        },
    )
}

/// Whether it can be a picture's hash, or as much of its beginning as tells pictures apart.
fn is_hash(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 8 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// What became of a decision, in the report and for people.
async fn report_decision(
    work: &Workspace,
    report: &mut Report,
    before: &Slot,
    done: Result<Slot, SlotError>,
    message: &str,
    global: &Global,
) -> anyhow::Result<()> {
    match done {
        Ok(slot) => {
            report.items.push(work.item(&slot).await?);
            if !global.quiet && !global.json {
                eprintln!("{}: {message}", slot.id);
            }
        }
        Err(SlotError::Other(error)) => return Err(error.into()),
        Err(refused) => {
            let mut item = work.item(before).await?;
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
    in_workspace(
        "schedule skip",
        global,
        &args.sandbox,
        async |work, report| {
            let slot = work.slot(&args.slot).await?;
            let who = (by.as_str(), args.reason.as_deref());
            let done = publisher::skip(&work.store, &slot.id, who, work.now).await;
            report_decision(work, report, &slot, done, "does not go out", global).await
        },
    )
}

pub(crate) fn move_to(args: &MoveArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    in_workspace(
        "schedule move",
        global,
        &args.sandbox,
        async |work, report| {
            let to = work.project.moment(&args.to)?.timestamp();
            let zone = work.project.zone()?;
            let slot = work.slot(&args.slot).await?;
            let message = format!("goes out {}", publisher::shown(to, &zone));
            let done = match work.store.story_of_slot(&slot.id).await? {
                // it is a story, which can be moved as long as it was not sent
                Some(story) => {
                    let moved =
                        publisher::move_to(&work.store, &story.key, to, &by, &zone, work.now).await;
                    moved.map(|_| slot.clone()).map_err(SlotError::Other)
                }
                None => publisher::move_slot(&work.store, &slot.id, to, &by, work.now).await,
            };
            report_decision(work, report, &slot, done, &message, global).await
        },
    )
}

pub(crate) fn run(args: &RunArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    in_workspace(
        "schedule run",
        global,
        &args.sandbox,
        async |work, report| {
            let slot = work.slot(&args.slot).await?;
            let story = work.store.story_of_slot(&slot.id).await?;
            let done = match story {
                Some(story) if publisher::may_retry(&story).is_ok() => {
                    anyhow::bail!(
                        "{} became the story {}, which is {}: `storypress retry {1}` sends it",
                        slot.id,
                        story.key,
                        story.state(work.now)
                    )
                }
                _ => {
                    let of = (&work.project, work.rules.as_slice());
                    publisher::run_slot(&work.store, of, &slot.id, &by, work.now).await
                }
            };
            let rule = work.rules.iter().find(|rule| rule.name == slot.schedule);
            let message = match rule.is_some_and(|rule| rule.approve) && !slot.is_approved() {
                true => "goes out as soon as its picture is approved",
                false => "goes out as soon as a worker looks at it",
            };
            report_decision(work, report, &slot, done, message, global).await
        },
    )
}

pub(crate) fn pause(args: &PauseArgs, global: &Global) -> anyhow::Result<Outcome> {
    let by = person(None);
    in_workspace(
        "schedule pause",
        global,
        &args.sandbox,
        async |work, _report| {
            let until = match &args.until {
                Some(until) => Some(work.project.moment(until)?.timestamp()),
                None => None,
            };
            anyhow::ensure!(
                until.is_none_or(|until| until > work.now),
                "that time is past"
            );
            let name = paused_name(work, &args.what, &args.sandbox).await?;
            match &name {
                Named::Schedule(name) => {
                    let pause = SchedulePause {
                        since: work.now,
                        until,
                        reason: args.reason.clone(),
                        by: by.clone(),
                    };
                    work.store.pause_schedule(name, &pause).await?;
                }
                Named::Account(key, account) => {
                    let pause = (until, args.reason.as_deref());
                    publisher::pause_account(&work.store, (key, account), pause, work.now).await?;
                }
            }
            print_pause(&name, until, &work.project.zone()?, global);
            Ok(())
        },
    )
}

pub(crate) fn resume(args: &ResumeArgs, global: &Global) -> anyhow::Result<Outcome> {
    in_workspace(
        "schedule resume",
        global,
        &args.sandbox,
        async |work, _report| {
            let name = paused_name(work, &args.what, &args.sandbox).await?;
            let was = match &name {
                Named::Schedule(name) => work.store.resume_schedule(name, work.now).await?,
                Named::Account(key, account) => {
                    let account = (key.as_str(), account.as_str());
                    publisher::resume_account(&work.store, account, work.now)
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

async fn paused_name(work: &Workspace, what: &What, sandbox: &Sandbox) -> anyhow::Result<Named> {
    if let Some(account) = &what.account {
        let base = sandbox.url()?;
        let key = accounts::key_of(&work.project, Some(account), base.as_ref()).await?;
        return Ok(Named::Account(key, account.clone()));
    }
    let Some(name) = &what.name else {
        return Ok(Named::Schedule(EVERY_SCHEDULE.to_owned()));
    };
    let names = || work.rules.iter().map(|rule| rule.name.as_str());
    if !names().any(|known| known == name) {
        let hint = crate::diag::did_you_mean(name, names());
        let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
        anyhow::bail!("no schedule `{name}`{hint}");
    }
    Ok(Named::Schedule(name.clone()))
}

fn print_pause(name: &Named, until: Option<Timestamp>, zone: &TimeZone, global: &Global) {
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
    let rules = project.schedules(args.sandbox.accounts()).rules;
    let found = open::runtime()?.block_on(async {
        let store = publisher::open_store(&project).await?;
        let account = accounts::default_name(&project);
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
    let (slot, story, trail, pauses) = found;
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
