//! `storypress publish`, and what `render --publish` does with finished files.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::diag::{Code, Diagnostic, Severity};
use crate::media::{self, Media, Profile};
use crate::platform::Cancel;
use crate::project::Project;
use crate::publisher::{self, Publisher, ToPublish};
use crate::store::{Step, Story};

use super::report::{Item, Report, Status, StoryTold};
use super::target::{Target, say_notes};
use super::{Global, Outcome, open};

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

/// A finished file that shall go out, and which item of the report tells of it.
pub(crate) struct Finished {
    pub item: usize,
    pub what: ToPublish,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = open::on_interrupt();
    let mut report = Report::new("publish");
    let Some(project) = open::project(&mut report, &args.files[0], global) else {
        return Ok(Outcome::Usage);
    };
    let due = match &args.at {
        Some(at) => Some(project.time(Some(at))?.timestamp()),
        None => None,
    };
    let mut finished = Vec::new();
    for file in &args.files {
        let (item, media) = examined(file, &stop.within(project.film_limit));
        report.items.push(item);
        finished.extend(media.map(|media| named(report.items.len() - 1, media)));
    }
    let call = Call {
        project: &project,
        target: &args.target,
        wish: args.wish,
        due,
        global,
    };
    open::runtime()?.block_on(call.go(finished, &mut report))?;
    say(&report, global);
    let outcome = report.finish(global);
    Ok(if stop.is_stopped() {
        Outcome::Interrupted
    } else {
        outcome
    })
}

fn named(item: usize, media: Media) -> Finished {
    let what = ToPublish {
        name: name_of(&media),
        template: None,
        media,
        mentions: Vec::new(),
    };
    Finished { item, what }
}

/// What people call a file.
pub(crate) fn name_of(media: &Media) -> String {
    let stem = media.path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Of a story's files the one that goes out: film before its cover, and no format that the platform does not take.
pub(crate) fn deliverable(media: &[Media]) -> Option<&Media> {
    let of = |ending: &str| {
        media
            .iter()
            .find(|m| m.path.extension().is_some_and(|e| e == ending))
    };
    of("mp4").or_else(|| of("jpg"))
}

/// Holds a file against the platform's rules before anything is sent.
fn examined(file: &Path, cancel: &Cancel) -> (Item, Option<Media>) {
    let failed = |why: Diagnostic| (Item::failed(file, None, vec![why]), None);
    let unreadable = |said: String| Diagnostic::of_file(Code::UnreadableMedia, file, said);
    let (report, media) = match media::examine(file, Profile::Platform, cancel) {
        Ok(examined) => examined,
        Err(error) => return failed(unreadable(error.to_string())),
    };
    let broken: Vec<_> = report
        .rules
        .iter()
        .filter(|rule| !rule.ok)
        .map(|rule| unreadable(format!("{}: {}", rule.rule, rule.said)).severity(rule.severity))
        .collect();
    if broken.iter().any(|d| d.severity == Severity::Error) {
        return (Item::failed(file, None, broken), None);
    }
    match media {
        Some(media) => {
            let mut item = Item::new(file, None, Status::Done).with(broken);
            item.outputs.push(media.clone());
            (item, Some(media))
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
    pub async fn go(&self, finished: Vec<Finished>, report: &mut Report) -> anyhow::Result<()> {
        let target = self.target.into();
        let publisher = Publisher::open(self.project, &target, open::on_interrupt()).await?;
        say_notes(&publisher, self.global);
        let (items, files): (Vec<_>, Vec<_>) = self
            .unbroken(finished, report)
            .into_iter()
            .map(|one| (one.item, one.what))
            .unzip();
        let done = match self.wish.dry_run {
            true => self.rehearse(&publisher, &items, &files, report).await,
            false => self.publish(&publisher, &items, &files, report).await,
        };
        publisher.close().await;
        done
    }

    /// What goes out: of a series, only what stands before the first item that failed.
    fn unbroken(&self, finished: Vec<Finished>, report: &mut Report) -> Vec<Finished> {
        let broken = report
            .items
            .iter()
            .position(|item| item.status == Status::Failed);
        let Some(broken) = broken.filter(|_| self.wish.series) else {
            return finished;
        };
        let (out, behind): (Vec<_>, Vec<_>) =
            finished.into_iter().partition(|one| one.item < broken);
        let before = report.items[broken].input.display().to_string();
        for one in behind {
            let said =
                format!("not published: `{before}`, which comes before it in the series, failed");
            let why = Diagnostic::of_file(Code::NotPublished, &one.what.media.path, said);
            report.items[one.item].fail(why);
        }
        out
    }

    fn wish(&self) -> publisher::Wish {
        publisher::Wish {
            again: self.wish.again,
            is_series: self.wish.series,
            due: self.due,
        }
    }

    async fn publish(
        &self,
        publisher: &Publisher,
        items: &[usize],
        files: &[ToPublish],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let quiet = self.global.quiet || self.global.json;
        let at_rest = move |story: &Story| say_rest(story, quiet);
        let published = publisher.publish(files, self.wish(), at_rest).await?;
        for (at, one) in items.iter().zip(published) {
            let item = &mut report.items[*at];
            told(item, &one.story, one.was_known);
            if let Some(why) = one.broke_off {
                let file = &one.story.outgoing.media.path;
                item.fail(Diagnostic::of_file(Code::NotPublished, file, why));
            }
        }
        Ok(())
    }

    async fn rehearse(
        &self,
        publisher: &Publisher,
        items: &[usize],
        files: &[ToPublish],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let rehearsed = publisher.rehearse(files, self.wish()).await?;
        let mut would = 0;
        for (at, known) in items.iter().zip(&rehearsed.known) {
            let item = &mut report.items[*at];
            match known {
                Some(known) => told(item, known, true),
                None => {
                    item.report_by_hand(true);
                    would += 1;
                }
            }
        }
        if !self.global.quiet && !self.global.json {
            let left = rehearsed
                .left
                .map_or("an unknown number".to_owned(), |left| left.to_string());
            eprintln!(
                "would publish {would} of {} to {}, which has {left} of its daily stories left; nothing was sent",
                files.len(),
                rehearsed.username
            );
        }
        Ok(())
    }
}

/// What became of a story, in its item.
pub(crate) fn told(item: &mut Item, story: &Story, was_known: bool) {
    let now = Timestamp::now();
    item.story = Some(StoryTold::of(story, now));
    let wrong =
        |said: String| Diagnostic::of_file(Code::NotPublished, &story.outgoing.media.path, said);
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
    item.report_by_hand(!was_known);
    item.diagnostics.extend(why);
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
