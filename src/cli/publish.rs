//! `storypress publish`, and what `render --publish` does with finished files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::batch;
use crate::diag::{Code, Diagnostic, Severity};
use crate::graph::UserTag;
use crate::media::{self, Media, Profile};
use crate::pipeline::Event;
use crate::platform::Cancel;
use crate::project::Project;
use crate::publisher::{
    self, Forecast, Published, Publisher, Rehearsed, Standing, ToPublish, after_stop,
};
use crate::store::{Step, Story};

use super::report::{Item, More, Report, Status, StoryTold};
use super::target::{Targets, say_notes};
use super::{Global, Outcome, events, interrupt, notices, open, printable, say_line};

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
    pub target: Targets,
    #[command(flatten)]
    pub wish: Wish,
    /// Not before then: a date and time, in the project's time zone or with one of its own, as 09:00[Europe/Madrid]
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
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("publish");
    let Some(project) = open::project(&mut report, &args.files[0], global) else {
        return Ok(Outcome::Usage);
    };
    let due = match &args.at {
        Some(at) => Some(project.moment(at)?.timestamp()),
        None => None,
    };
    let mut finished = Vec::new();
    let mut ledgers = batch::Ledgers::default();
    for file in &args.files {
        let (item, media) = examined(file, &stop.within(project.film_limit), &mut ledgers);
        report.items.push(item);
        let index = report.items.len() - 1;
        let mentions = report.items[index].mentions.clone();
        finished.extend(media.map(|media| named(index, media, mentions, due)));
    }
    let call = Call {
        project: &project,
        target: &args.target,
        wish: args.wish,
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

fn named(item: usize, media: Media, mentions: Vec<UserTag>, due: Option<Timestamp>) -> Finished {
    let what = ToPublish {
        name: name_of(&media),
        template: None,
        media,
        mentions,
        account: None,
        due,
    };
    Finished { item, what }
}

/// What people call a file.
pub(crate) fn name_of(media: &Media) -> String {
    let stem = media.path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Holds a file against the platform's rules before anything is sent.
fn examined(file: &Path, cancel: &Cancel, ledgers: &mut batch::Ledgers) -> (Item, Option<Media>) {
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
        Some(mut media) => {
            let mut item = Item::new(file, None, Status::Done).with(broken);
            // a name that is no text is reported as well as it can be
            item.outputs.push(Media {
                path: media.path.to_string_lossy().into_owned().into(),
                ..media.clone()
            });
            if let Some(finished) = ledgers.finished(&media) {
                media.extras = finished.extras.clone();
                item.remember(finished);
            }
            (item, Some(media))
        }
        None => failed(unreadable("it cannot be read".into())),
    }
}

/// Files that shall go out.
pub(crate) struct Call<'a> {
    pub project: &'a Project,
    pub target: &'a Targets,
    pub wish: Wish,
    pub global: &'a Global,
}

impl Call<'_> {
    /// Publishes what is finished, or says what would happen; what became of each file goes into its item.
    pub async fn go(&self, finished: Vec<Finished>, report: &mut Report) -> anyhow::Result<()> {
        let target = self.target.into();
        let stop = interrupt::on_interrupt();
        let publisher = match Publisher::open(self.project, &target, stop).await {
            // it waited for a server
            Err(_) if stop.is_stopped() => return Err(interrupt::Interrupted.into()),
            opened => opened?,
        };
        say_notes(&publisher, self.global);
        let finished = self.unbroken(finished, report);
        self.say_times(&finished, &publisher);
        let (items, files): (Vec<_>, Vec<_>) = self
            .for_each_account(finished, report)
            .into_iter()
            .map(|one| (one.item, one.what))
            .unzip();
        let done = match self.wish.dry_run {
            true => self.rehearse(&publisher, &items, &files, report).await,
            false => self.publish(&publisher, &items, &files, report).await,
        };
        // what is left is swept by the next call
        if !self.wish.dry_run
            && let Err(error) = publisher.sweep(publisher.clock.now()).await
        {
            tracing::debug!(%error, "old uploads could not be removed");
        }
        if !self.wish.dry_run {
            notices::tell_now(&publisher, self.global).await;
        }
        publisher.close().await;
        done
    }

    /// The times that were understood.
    fn say_times(&self, finished: &[Finished], publisher: &Publisher) {
        if self.global.quiet || self.global.json {
            return;
        }
        let due: Vec<_> = finished.iter().filter_map(|one| one.what.due).collect();
        match due.as_slice() {
            [] => {}
            [first, others @ ..] if others.iter().all(|other| other == first) => {
                say_line(&format!("due {}", publisher.shown(*first)));
            }
            _ => {
                for one in finished {
                    if let Some(due) = one.what.due {
                        let name = printable(&one.what.name);
                        say_line(&format!("{name} due {}", publisher.shown(due)));
                    }
                }
            }
        }
    }

    /// A file goes to each of the accounts that are named; the report has an item for each of its stories.
    fn for_each_account(&self, finished: Vec<Finished>, report: &mut Report) -> Vec<Finished> {
        let mut all = Vec::new();
        for (at, name) in self.target.accounts().into_iter().enumerate() {
            for one in &finished {
                let mut what = one.what.clone();
                what.account = Some(name.clone());
                let item = match at {
                    0 => one.item,
                    _ => {
                        let mut item = report.items[one.item].clone();
                        item.printed = item.diagnostics.len();
                        report.items.push(item);
                        report.items.len() - 1
                    }
                };
                all.push(Finished { item, what });
            }
        }
        match all.is_empty() {
            true => finished,
            false => all,
        }
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
        let now = publisher.clock.now();
        let mut due: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for file in files {
            let account = publisher.account_of(file)?;
            (due.entry(account).or_default()).push(file.due.unwrap_or(now));
        }
        for (account, due) in due {
            for forecast in publisher.forecasts(account, due).await? {
                self.say_forecast(&forecast, publisher);
            }
        }
        let (names, clock) = (publisher.names.clone(), publisher.clock.clone());
        let told_of = move |event: Event<'_>| events::say(&event, &names, &clock, quiet);
        let published = publisher.publish(files, self.wish(), told_of).await?;
        for (at, one) in items.iter().zip(published) {
            let item = &mut report.items[*at];
            self.told_one(item, one, publisher);
        }
        if !quiet {
            self.say_planned(report, publisher).await?;
        }
        Ok(())
    }

    fn told_one(&self, item: &mut Item, one: Published, publisher: &Publisher) {
        let Published {
            story,
            standing,
            is_planned,
            went_on,
            broke_off,
            stop,
        } = one;
        let was_known = standing == Standing::Same && !went_on;
        told(item, &story, was_known, publisher.clock.now());
        item.report_by_hand(publisher.rooms_of(&story.account), !was_known);
        // the time has come while it was planned: nobody stopped anything
        if is_planned && story.step.is_in_flight() && standing == Standing::New {
            item.status = Status::Done;
            item.diagnostics.retain(|d| !d.is_error());
        }
        let file = story.outgoing.media.path.clone();
        let is_at_rest = !story.step.is_in_flight() && !matches!(story.step, Step::Handed { .. });
        if let Some(told) = &mut item.story
            && (!is_at_rest || self.target.accounts().len() > 1)
        {
            told.more = Some(More::of(&story, publisher.name_of(&story.account)));
        }
        if standing == Standing::OtherTime {
            item.diagnostics.clear();
            item.fail(already_planned(&story, publisher));
        } else if let Some(stop) = stop.filter(|_| story.due <= publisher.clock.now()) {
            item.diagnostics.retain(|d| !d.is_error());
            let said = format!("not published: the account is stopped: {}", stop.why);
            item.fail(
                Diagnostic::of_file(Code::NotPublished, &file, said)
                    .hint(after_stop(stop.cause, publisher.name_of(&story.account))),
            );
            if let Some(more) = item.story.as_mut().and_then(|s| s.more.as_mut()) {
                more.waits_for = Some(format!("the account is stopped: {}", stop.why));
            }
        } else if let Some(why) = broke_off {
            item.fail(Diagnostic::of_file(Code::NotPublished, &file, why));
        }
    }

    /// Whether somebody is there who will send what is planned.
    async fn say_planned(&self, report: &Report, publisher: &Publisher) -> anyhow::Result<()> {
        let is_planned = |item: &&Item| item.story.as_ref().is_some_and(|s| s.state == "due");
        if report.items.iter().filter(is_planned).count() == 0 {
            return Ok(());
        }
        let minute_ago = Timestamp::now() - SignedDuration::from_secs(60);
        let workers = publisher.store.workers(minute_ago).await?;
        let is_there = |account: &String| workers.iter().any(|w| w.accounts.contains(account));
        if !publisher.rooms.keys().all(is_there) {
            say_line(
                "a worker must run then, and none was seen in the last minute: `storypress worker`",
            );
        }
        Ok(())
    }

    fn say_forecast(&self, forecast: &Forecast, publisher: &Publisher) {
        if self.global.quiet || self.global.json || forecast.is_all() {
            return;
        }
        say_line(&format!(
            "warning: {} of {} can go out before {}: the account's stories of the day are used up then",
            forecast.fit,
            forecast.of,
            publisher.shown(forecast.until)
        ));
    }

    async fn rehearse(
        &self,
        publisher: &Publisher,
        items: &[usize],
        files: &[ToPublish],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        for rehearsed in publisher.rehearse(files, self.wish()).await? {
            self.rehearsed(publisher, &rehearsed, (items, files), report);
        }
        Ok(())
    }

    /// What would happen on one account.
    fn rehearsed(
        &self,
        publisher: &Publisher,
        rehearsed: &Rehearsed,
        (items, files): (&[usize], &[ToPublish]),
        report: &mut Report,
    ) {
        let now = publisher.clock.now();
        let rooms = publisher.rooms_of(&rehearsed.account);
        let mut would: BTreeMap<Timestamp, usize> = BTreeMap::new();
        let mut fit = 0;
        for (place, known) in &rehearsed.known {
            let item = &mut report.items[items[*place]];
            match known {
                Some((known, Standing::OtherTime)) => {
                    told(item, known, false, now);
                    item.diagnostics.clear();
                    item.fail(already_planned(known, publisher));
                }
                Some((known, _)) => {
                    told(item, known, true, now);
                    item.report_by_hand(rooms, false);
                }
                None => {
                    item.report_by_hand(rooms, true);
                    let due = files[*place].due.unwrap_or(now);
                    let late = SignedDuration::try_from(rooms.policy.late);
                    if now.duration_since(due) > late.unwrap_or(SignedDuration::MAX) {
                        let said = "would be missed: its time has passed by more than `[publish] late` allows";
                        let file = item.input.clone();
                        item.fail(Diagnostic::of_file(Code::NotPublished, &file, said));
                        continue;
                    }
                    let due = due.max(now);
                    // what is due now was due a moment ago where the forecast was made
                    let mut forecasts = rehearsed.forecasts.iter();
                    let forecast = forecasts.rfind(|forecast| forecast.due <= due);
                    let Some(forecast) = forecast else {
                        continue;
                    };
                    let count = would.entry(forecast.due).or_default();
                    *count += 1;
                    if *count <= forecast.fit {
                        fit += 1;
                    } else {
                        let until = publisher.shown(forecast.until);
                        let said = format!(
                            "would not go out before {until}: the account's stories of the day are used up then"
                        );
                        let file = item.input.clone();
                        item.fail(Diagnostic::of_file(Code::NotPublished, &file, said));
                    }
                }
            }
        }
        if self.global.quiet || self.global.json {
            return;
        }
        let left = rehearsed
            .left
            .map_or("an unknown number".to_owned(), |left| left.to_string());
        say_line(&format!(
            "would publish {} of {} to {}, which has {left} of its daily stories left; nothing was sent",
            fit,
            rehearsed.known.len(),
            rehearsed.username
        ));
        for forecast in &rehearsed.forecasts {
            self.say_forecast(forecast, publisher);
        }
    }
}

/// The same picture stands there for another time.
fn already_planned(known: &Story, publisher: &Publisher) -> Diagnostic {
    let now = publisher.clock.now();
    let state = match known.state(now) {
        "due" => "planned",
        state => state,
    };
    let said = format!(
        "not planned: {} shows the same picture on that day and is {state} for {}",
        known.key,
        publisher.shown(known.due)
    );
    let hint = format!(
        "`storypress move {} --to TIME` gives it another time, `--again` sends the picture once more",
        known.key
    );
    Diagnostic::of_file(Code::AlreadyPlanned, &known.outgoing.media.path, said).hint(hint)
}

/// What became of a story, in its item.
pub(crate) fn told(item: &mut Item, story: &Story, was_known: bool, now: Timestamp) {
    item.story = Some(StoryTold::of(story, now));
    let wrong =
        |said: String| Diagnostic::of_file(Code::NotPublished, &story.outgoing.media.path, said);
    let (status, why) = match &story.step {
        Step::Failed { why } => (Status::Failed, Some(wrong(format!("not published: {why}")))),
        Step::Cancelled { why } => (Status::Failed, Some(wrong(format!("not published: {why}")))),
        Step::Missed => {
            let mut said =
                "not published: its time has passed by more than `[publish] late` allows"
                    .to_owned();
            if let Some(trouble) = &story.trouble {
                said += &format!("; it waited, because: {trouble}");
            }
            (Status::Failed, Some(wrong(said)))
        }
        Step::Uncertain { why, .. } => {
            let said = format!("nobody can tell whether it is live: {why}");
            let hint = format!(
                "look at the account, then `storypress resolve {0} --live` or `storypress resolve {0} --not-live`",
                story.key
            );
            (Status::Failed, Some(wrong(said).hint(hint)))
        }
        Step::Publishing { .. } if story.due <= now && !was_known => {
            let said = "it was sent, and its outcome is not known: it may be live";
            let hint = "the same command asks the platform what became of it, and so does a worker";
            (Status::Failed, Some(wrong(said.into()).hint(hint)))
        }
        step if step.is_in_flight() && story.due <= now && !was_known => {
            let said = "stopped before it went out; the same command goes on with it";
            (Status::Failed, Some(wrong(said.into())))
        }
        _ if was_known => (Status::Unchanged, None),
        _ => (Status::Done, None),
    };
    item.status = status;
    item.diagnostics.extend(why);
}

/// What is wrong, and how it all ended.
pub(crate) fn say(report: &Report, global: &Global) {
    if global.json {
        return;
    }
    report.say_diagnostics(global);
    if !global.quiet {
        say_line(&format!("{} in {:.1} s", totals(report), report.seconds()));
    }
}

/// How many are live, planned, unchanged, failed, uncertain: each by its own word.
fn totals(report: &Report) -> String {
    let state = |item: &Item| item.story.as_ref().map(|story| story.state);
    let count = |is: &dyn Fn(&Item) -> bool| report.items.iter().filter(|item| is(item)).count();
    let done = |item: &Item| item.status == Status::Done;
    let live = |item: &Item| done(item) && matches!(state(item), Some("live" | "closed"));
    let planned = |item: &Item| done(item) && state(item) == Some("due");
    let handed = |item: &Item| done(item) && state(item) == Some("handed");
    let would = |item: &Item| done(item) && item.story.is_none();
    let uncertain = Item::is_uncertain;
    let failed = |item: &Item| item.status == Status::Failed && !uncertain(item);
    let parts = [
        (count(&live), "published"),
        (count(&planned), "planned"),
        (count(&handed), "handed to a person"),
        (count(&would), "would be published"),
        (count(&|item| item.status == Status::Unchanged), "unchanged"),
        (count(&uncertain), "uncertain"),
        (count(&failed), "failed"),
    ];
    let said: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    match said.is_empty() {
        true => "nothing published".into(),
        false => said.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_and_has_no_answer_may_be_live() {
        let at = "2026-11-28T09:00:00Z";
        let story = serde_json::json!({
            "key": "7kq2", "account": "instagram:1", "name": "a", "template": null,
            "outgoing": {
                "path": "/out/a.jpg", "kind": "image", "bytes": 1, "width": 1080, "height": 1920, "sha256": "",
            },
            "place": { "batch": "b", "position": 0, "is_series": false },
            "due": at, "wake": at, "attempts": 0, "trouble": null,
            "step": { "step": "publishing", "url": null, "intent": {
                "at": at, "container": { "id": "1", "made": at }, "baseline": [], "tries": 1,
            } },
        });
        let story: Story = serde_json::from_value(story).expect("a story");
        let mut item = Item::new("a.jpg", None, Status::Done);
        told(&mut item, &story, false, story.due);
        assert_eq!(item.status, Status::Failed);
        assert!(item.is_uncertain());
        assert!(item.diagnostics[0].message.contains("it may be live"));
        // whoever only looks at it says where it is
        let mut item = Item::new("a.jpg", None, Status::Done);
        told(&mut item, &story, true, story.due);
        assert!(!item.is_uncertain());
    }
}
