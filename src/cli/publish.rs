//! `storypress publish`, and what `render --publish` does with finished files.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;

use crate::diag::{Code, Diagnostic, Severity};
use crate::media::{self, Kind, Profile};
use crate::project::Project;
use crate::store::{Added, Outgoing, Place, Same, Step, Story, StoryKey};

use super::outlet::{self, Outlet, Target};
use super::report::{Item, Output, Report, Status, StoryTold};
use super::{Global, Outcome, batch, plan};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress publish out/menu-01.jpg out/menu-02.jpg
  storypress publish out/*.jpg --series --at 2026-11-28T09:00
  storypress publish out/tour.mp4 --sandbox
  storypress publish out/*.jpg --dry-run")]
pub(crate) struct Args {
    /// Finished media
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub wish: Wish,
    /// Not before then: a date and time, in the project's time zone
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

/// How stories shall go out.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Wish {
    /// Publish what is live or on its way already once more
    #[arg(long)]
    pub again: bool,
    /// One after the other: when one does not go out, those after it do not either
    #[arg(long)]
    pub series: bool,
    /// Say what would happen; upload and publish nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// A finished file that shall go out, and the item that tells of it.
pub(crate) struct Finished {
    /// Which item of the report.
    pub item: usize,
    pub name: String,
    pub template: Option<String>,
    pub file: Output,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = batch::on_interrupt();
    let mut report = Report::new("publish");
    let Some(project) = plan::opened(&mut report, &args.files[0], global)? else {
        return Ok(Outcome::Usage);
    };
    let due = match &args.at {
        Some(at) => Some(plan::clock(Some(at), project.timezone.as_deref())?.timestamp()),
        None => None,
    };
    let mut finished = Vec::new();
    for file in &args.files {
        let (item, output) = looked_at(file);
        report.items.push(item);
        finished.extend(output.map(|file| named(report.items.len() - 1, file)));
    }
    let call = Call {
        project: &project,
        target: &args.target,
        wish: args.wish,
        due,
        global,
    };
    outlet::runtime()?.block_on(call.go(&finished, &mut report))?;
    say(&report, global);
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

fn named(item: usize, file: Output) -> Finished {
    Finished {
        item,
        name: name_of(&file),
        template: None,
        file,
    }
}

/// What people call a file.
pub(crate) fn name_of(file: &Output) -> String {
    let stem = file.path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Of a story's outputs the one that goes out: film before its cover, and no format that the platform does not take.
pub(crate) fn deliverable(outputs: &[Output]) -> Option<&Output> {
    let of = |ending: &str| {
        outputs
            .iter()
            .find(|o| o.path.extension().is_some_and(|e| e == ending))
    };
    of("mp4").or_else(|| of("jpg"))
}

/// Holds a file against the platform's rules before anything is sent.
fn looked_at(file: &Path) -> (Item, Option<Output>) {
    let failed = |why: Diagnostic| (Item::failed(file, None, &[why]), None);
    let unreadable = |said: String| Diagnostic::of_file(Code::UnreadableMedia, file, said);
    let report = match media::verify(file, Profile::Platform) {
        Ok(report) => report,
        Err(error) => return failed(unreadable(error.to_string())),
    };
    let broken: Vec<_> = report
        .rules
        .iter()
        .filter(|rule| !rule.ok)
        .map(|rule| unreadable(format!("{}: {}", rule.rule, rule.said)).severity(rule.severity))
        .collect();
    if broken.iter().any(|d| d.severity == Severity::Error) {
        return (Item::failed(file, None, &broken), None);
    }
    match super::verify::output(file) {
        Some(output) => {
            let mut item = Item::new(file, None, Status::Done).with(&broken);
            item.outputs.push(output.clone());
            (item, Some(output))
        }
        None => failed(unreadable("it cannot be read".into())),
    }
}

/// Files that shall go out.
pub(crate) struct Call<'a> {
    pub project: &'a Project,
    pub target: &'a Target,
    pub wish: Wish,
    /// Not before then; now, without it.
    pub due: Option<Timestamp>,
    pub global: &'a Global,
}

impl Call<'_> {
    /// Publishes what is finished, or says what would happen; what became of each file goes into its item.
    pub async fn go(&self, finished: &[Finished], report: &mut Report) -> anyhow::Result<()> {
        let outlet = Outlet::open(self.project, self.target, batch::on_interrupt()).await?;
        if !self.global.quiet && !self.global.json {
            outlet.say_notes();
        }
        let finished = self.unbroken(finished, report);
        let done = match self.wish.dry_run {
            true => self.rehearse(&outlet, &finished, report).await,
            false => self.publish(&outlet, &finished, report).await,
        };
        outlet.close().await;
        done
    }

    /// What goes out: of a series, only what stands before the first item that failed.
    fn unbroken<'f>(&self, finished: &'f [Finished], report: &mut Report) -> Vec<&'f Finished> {
        let broken = report
            .items
            .iter()
            .position(|item| item.status == Status::Failed);
        let Some(broken) = broken.filter(|_| self.wish.series) else {
            return finished.iter().collect();
        };
        let (out, behind): (Vec<_>, Vec<_>) = finished.iter().partition(|one| one.item < broken);
        let before = report.items[broken].input.display().to_string();
        for one in behind {
            let said =
                format!("not published: `{before}`, which comes before it in the series, failed");
            let why = Diagnostic::of_file(Code::NotPublished, &one.file.path, said);
            let item = &mut report.items[one.item];
            item.status = Status::Failed;
            *item = std::mem::take(item).with(&[why]);
        }
        out
    }

    /// Adds the stories to the store and takes them down the staircase until every one rests.
    async fn publish(
        &self,
        outlet: &Outlet,
        finished: &[&Finished],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let stories = self.stories(outlet, finished, now);
        let same = if self.wish.again {
            Same::Again
        } else {
            Same::Known
        };
        let added = outlet.store.add(&stories, same, now).await?;
        outlet.observe_added();
        let mut keys = Vec::new();
        for (one, added) in finished.iter().zip(added) {
            let (story, was_known) = match added {
                Added::New(story) => (story, false),
                Added::Known(story) => (story, true),
            };
            // who asks for it again asks for it now
            if was_known && self.due.is_none() {
                outlet.hasten(&story.key, now).await?;
            }
            keys.push((one.item, story.key, was_known));
        }
        let mut ended = Ok(());
        if self.due.is_none_or(|due| due <= now) {
            let wanted: Vec<StoryKey> = keys.iter().map(|(_, key, _)| key.clone()).collect();
            let quiet = self.global.quiet || self.global.json;
            ended = outlet
                .run(&wanted, move |story| say_rest(story, quiet))
                .await;
        }
        // also where the work broke off, everybody learns how far each story came
        for (at, key, was_known) in keys {
            let story = outlet.store.get(&key).await?;
            let item = &mut report.items[at];
            told(item, &story, was_known);
            if let Err(why) = &ended
                && story.step.is_in_flight()
            {
                let file = &story.outgoing.path;
                let why = Diagnostic::of_file(Code::NotPublished, file, format!("{why:#}"));
                item.status = Status::Failed;
                *item = std::mem::take(item).with(&[why]);
            }
        }
        Ok(())
    }

    fn stories(&self, outlet: &Outlet, finished: &[&Finished], now: Timestamp) -> Vec<Story> {
        let batch = StoryKey::random().to_string();
        let place = |position| Place {
            batch: batch.clone(),
            position,
            is_series: self.wish.series,
        };
        let story = |(one, position): (&&Finished, u32)| Story {
            key: StoryKey::random(),
            account: outlet.account.clone(),
            name: one.name.clone(),
            template: one.template.clone(),
            outgoing: outgoing(&one.file),
            place: place(position),
            due: self.due.unwrap_or(now),
            wake: now,
            step: Step::Rendered,
            attempts: 0,
            trouble: None,
        };
        finished.iter().zip(0..).map(story).collect()
    }

    /// Asks everything that can be asked without sending anything.
    async fn rehearse(
        &self,
        outlet: &Outlet,
        finished: &[&Finished],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let me = outlet
            .chosen()
            .graph
            .me()
            .await
            .context("the account does not answer")?;
        let quota = outlet
            .chosen()
            .graph
            .quota()
            .await
            .context("the quota cannot be read")?;
        let stories = self.stories(outlet, finished, now);
        let mut would = 0;
        for (one, story) in finished.iter().zip(&stories) {
            let known = match self.wish.again {
                true => None,
                false => outlet.same(story, now).await?,
            };
            let item = &mut report.items[one.item];
            match known {
                Some(known) => told(item, &known, true),
                None => {
                    item.tell_dropped(true);
                    would += 1;
                }
            }
        }
        if !self.global.quiet && !self.global.json {
            let left = quota
                .left()
                .map_or("an unknown number".to_owned(), |left| left.to_string());
            eprintln!(
                "would publish {would} of {} to {}, which has {left} of its daily stories left; nothing was sent",
                finished.len(),
                me.username
            );
        }
        Ok(())
    }
}

fn outgoing(file: &Output) -> Outgoing {
    Outgoing {
        path: file.path.clone(),
        kind: match file.kind.as_str() {
            "video" => Kind::Video,
            _ => Kind::Image,
        },
        bytes: file.bytes,
        sha256: file.sha256.clone(),
        mentions: file.mentions.clone(),
    }
}

/// What became of a story, in its item.
pub(crate) fn told(item: &mut Item, story: &Story, was_known: bool) {
    let now = Timestamp::now();
    item.story = Some(StoryTold::of(story, now));
    let wrong = |said: String| Diagnostic::of_file(Code::NotPublished, &story.outgoing.path, said);
    let (status, why) = match &story.step {
        Step::Failed { why } => (Status::Failed, Some(wrong(format!("not published: {why}")))),
        Step::Cancelled { why } => (Status::Failed, Some(wrong(format!("not published: {why}")))),
        Step::Missed => {
            let said = "not published: its time has passed by more than `[publish] late` allows";
            (Status::Failed, Some(wrong(said.into())))
        }
        Step::Uncertain { why, .. } => {
            let said = format!("nobody can tell whether it is live: {why}");
            let hint = format!(
                "look at the account, then `storypress resolve {0} --live` or `storypress resolve {0} --not-live`",
                story.key
            );
            (Status::Failed, Some(wrong(said).hint(hint)))
        }
        step if step.is_in_flight() && story.due <= now && !was_known => {
            let said = "stopped before it went out; the same command goes on with it";
            (Status::Failed, Some(wrong(said.into())))
        }
        _ if was_known => (Status::Unchanged, None),
        _ => (Status::Done, None),
    };
    item.status = status;
    item.tell_dropped(!was_known);
    *item = std::mem::take(item).with(why.as_slice());
}

/// A story that came to rest, as it happens.
pub(crate) fn say_rest(story: &Story, quiet: bool) {
    if quiet {
        return;
    }
    match &story.step {
        Step::Published {
            story: Some(id), ..
        } => eprintln!("{}  live as {id}", story.name),
        Step::Published { .. } => eprintln!("{}  live; its id is not known", story.name),
        step => eprintln!("{}  {}", story.name, step.state()),
    }
}

/// What is wrong, and how it all ended.
pub(crate) fn say(report: &Report, global: &Global) {
    if global.json {
        return;
    }
    report.say_diagnostics(global);
    report.say_totals(global, "published");
}
