//! `storypress worker`: runs due work until it is stopped.

use std::path::Path;

use jiff::Timestamp;

use crate::platform::Cancel;
use crate::publisher::Publisher;

use super::report::Report;
use super::target::{Target, say_notes};
use super::{Global, Outcome, open, publish};

/// How often uploaded files that no story needs any more are looked for.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress worker
  storypress worker --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    #[command(flatten)]
    pub target: Target,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = open::on_interrupt();
    let mut report = Report::new("worker");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    open::runtime()?.block_on(async {
        let publisher = Publisher::open_all(&project, &(&args.target).into(), stop).await?;
        let quiet = global.quiet || global.json;
        if !quiet {
            say_notes(&publisher, global);
            let mut accounts: Vec<_> = publisher.rooms.keys().cloned().collect();
            accounts.sort();
            eprintln!("working for {}; Ctrl-C ends it", accounts.join(", "));
        }
        let at_rest = move |story: &_| publish::say_rest(story, quiet);
        let done = tokio::select! {
            done = publisher.work(at_rest) => done,
            () = sweep(&publisher, stop) => Ok(()),
        };
        publisher.close().await;
        done
    })?;
    report.finish(global);
    Ok(Outcome::Done)
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
