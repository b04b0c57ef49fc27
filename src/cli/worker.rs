//! `storypress worker`: runs due work until it is stopped.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::pipeline::Event;
use crate::platform::Cancel;
use crate::publisher::Publisher;
use crate::store::{Filter, Story};

use super::report::Report;
use super::target::{Target, say_notes};
use super::{Global, Outcome, notices, open, publish};

/// How often uploaded files that no story needs any more are looked for.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

/// How long `--once` waits for notices: nobody waits for it.
const NOTICES: std::time::Duration = std::time::Duration::from_secs(60);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress worker
  storypress worker --once                do what is due and end, for cron
  storypress worker --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    #[command(flatten)]
    pub target: Target,
    /// Do what is due, and end
    #[arg(long)]
    pub once: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = open::on_interrupt();
    let mut report = Report::new("worker");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    open::runtime()?.block_on(async {
        let publisher = Publisher::open_all(&project, &(&args.target).into(), stop).await?;
        if !global.quiet && !global.json {
            say_notes(&publisher, global);
            let mut names: Vec<_> = publisher.names.values().cloned().collect();
            names.sort();
            eprintln!("working for {}; Ctrl-C ends it", names.join(", "));
        }
        let done = work(args, &publisher, global, stop).await;
        publisher.close().await;
        done
    })?;
    report.finish(global);
    Ok(Outcome::Done)
}

async fn work(
    args: &Args,
    publisher: &Publisher,
    global: &Global,
    stop: &Cancel,
) -> anyhow::Result<()> {
    let told = teller(publisher.names.clone(), global);
    if args.once {
        let due = due(publisher).await?;
        publisher.run(&due, told).await?;
        publisher.sweep(Timestamp::now()).await?;
        notices::say_untold(publisher.finish_notices(NOTICES).await, global);
        publisher.beat().await;
        return Ok(());
    }
    let done = tokio::select! {
        done = publisher.work(told) => done.map_err(anyhow::Error::from),
        () = sweep(publisher, stop) => Ok(()),
        () = publisher.deliver_notices() => Ok(()),
    };
    notices::tell_now(publisher, global).await;
    done
}

/// Tells what happens: a line for people, or one of JSON for programs.
fn teller(names: HashMap<String, String>, global: &Global) -> impl Fn(Event<'_>) + use<> {
    let (quiet, is_json) = (global.quiet, global.json);
    move |event| match is_json {
        true => {
            let _ = super::print(&format!("{}\n", json_of(&event, &names)));
        }
        false => publish::say_event(&event, &names, quiet),
    }
}

fn json_of(event: &Event<'_>, names: &HashMap<String, String>) -> serde_json::Value {
    let named = |account: &str| names.get(account).cloned().unwrap_or(account.to_owned());
    let now = Timestamp::now();
    let of_story = |story: &Story| {
        let mut line = json!({
            "time": now,
            "story": story.key,
            "name": story.name,
            "account": named(&story.account),
            "state": story.state(now),
        });
        if let Some(id) = story.step.story() {
            line["media_id"] = json!(id);
        }
        if let Some(why) = publish::reason(story) {
            line["reason"] = json!(why);
        }
        line
    };
    match event {
        Event::Rests(story) | Event::Waits(story) => of_story(story),
        Event::Stopped(account, stop) => json!({
            "time": now, "account": named(account), "state": "paused", "reason": stop.why,
        }),
        Event::Resumed(account) => json!({
            "time": now, "account": named(account), "state": "resumed",
        }),
    }
}

/// What is due on the open accounts.
async fn due(publisher: &Publisher) -> anyhow::Result<Vec<crate::store::StoryKey>> {
    let now = Timestamp::now();
    let in_flight = ["rendered", "uploaded", "contained", "publishing"];
    let filter = Filter {
        states: in_flight.map(str::to_owned).to_vec(),
        ..Filter::default()
    };
    let stories = publisher.store.list(&filter).await?;
    let is_due = |story: &&Story| story.due <= now && publisher.rooms.contains_key(&story.account);
    Ok(stories
        .iter()
        .filter(is_due)
        .map(|s| s.key.clone())
        .collect())
}

/// Removes uploaded files that no story needs any more, now and then; never comes back.
async fn sweep(publisher: &Publisher, stop: &Cancel) {
    loop {
        if !stop.is_stopped()
            && let Err(error) = publisher.sweep(Timestamp::now()).await
        {
            tracing::warn!(%error, "old uploads could not be removed");
        }
        tokio::time::sleep(SWEEP).await;
    }
}
