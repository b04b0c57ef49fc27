//! `storypress worker`: runs due work until it is stopped.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::media::Cancel;

use super::outlet::{self, Outlet, Target};
use super::report::Report;
use super::{Global, Outcome, batch, plan, publish};

/// How often uploaded files that no story needs any more are looked for.
const SWEEP: std::time::Duration = std::time::Duration::from_secs(600);

/// How long a file stays after its story has closed.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

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
    let stop = batch::on_interrupt();
    let mut report = Report::new("worker");
    let Some(project) = plan::opened(&mut report, Path::new("."), global)? else {
        return Ok(Outcome::Usage);
    };
    outlet::runtime()?.block_on(async {
        let outlet = Outlet::open_all(&project, &args.target, stop).await?;
        let quiet = global.quiet || global.json;
        if !quiet {
            outlet.say_notes();
            let mut accounts: Vec<_> = outlet.rooms.keys().cloned().collect();
            accounts.sort();
            eprintln!("working for {}; Ctrl-C ends it", accounts.join(", "));
        }
        let told = move |story: &_| publish::say_rest(story, quiet);
        let done = tokio::select! {
            done = outlet.work(told) => done,
            () = sweep(&outlet, stop) => Ok(()),
        };
        outlet.close().await;
        done
    })?;
    report.finish(global);
    Ok(Outcome::Done)
}

/// Removes uploaded files that no story needs any more, now and then; never comes back.
async fn sweep(outlet: &Outlet, stop: &Cancel) {
    loop {
        let now = Timestamp::now();
        if !stop.is_stopped()
            && let Err(error) = swept(outlet, now).await
        {
            tracing::warn!(%error, "old uploads could not be removed");
        }
        tokio::time::sleep(SWEEP).await;
    }
}

async fn swept(outlet: &Outlet, now: Timestamp) -> anyhow::Result<()> {
    let Some(place) = &outlet.chosen().upload else {
        return Ok(());
    };
    let before = now.checked_sub(KEPT)?;
    let objects = outlet.store.unneeded_objects(before, 100).await?;
    for object in objects {
        place.sweep(std::slice::from_ref(&object)).await?;
        outlet.store.swept(&object, now).await?;
    }
    Ok(())
}
