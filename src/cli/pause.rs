//! `storypress pause` and `storypress resume`: whether anything of an account goes out.

use std::path::Path;

use serde_json::json;

use crate::project::Project;
use crate::publisher::{self, accounts};
use crate::store::Stop;

use super::target::Sandbox;
use super::{Global, Outcome, open, report};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress pause --account main
  storypress pause --account main --until 2026-12-05T09:00 --reason 'the shop is closed'")]
pub(crate) struct Args {
    /// The account, as the project file names it
    #[arg(long, value_name = "NAME")]
    pub account: String,
    /// Until then; without it, until `storypress resume`
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Why, for those who look at it later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress resume --account main        also after the platform has restricted the account")]
pub(crate) struct ResumeArgs {
    /// The account, as the project file names it
    #[arg(long, value_name = "NAME")]
    pub account: String,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let project = open::bare_project(global, Path::new("."))?;
    let now = args.sandbox.now()?;
    let until = match &args.until {
        Some(until) => Some(project.moment(until)?.timestamp()),
        None => None,
    };
    if until.is_some_and(|until| until <= now) {
        anyhow::bail!("that time is past");
    }
    let stop = open::runtime()?.block_on(async {
        let key = key(&project, &args.account, &args.sandbox).await?;
        let store = args.sandbox.world(publisher::open_store(&project).await?);
        let account = (key.as_str(), args.account.as_str());
        let pause = (until, args.reason.as_deref());
        let stop = publisher::pause_account(&store, account, pause, now).await;
        store.close().await;
        anyhow::Ok(stop?)
    })?;
    let until = match until {
        Some(until) => format!("until {}", publisher::shown(until, &project.zone()?)),
        None => format!("until `storypress resume --account {}`", args.account),
    };
    told("pause", &args.account, Some(&stop), global);
    if !global.quiet && !global.json {
        eprintln!(
            "nothing of {} goes out {until}; what is late then is missed",
            args.account
        );
    }
    Ok(Outcome::Done)
}

pub(crate) fn resume(args: &ResumeArgs, global: &Global) -> anyhow::Result<Outcome> {
    let project = open::bare_project(global, Path::new("."))?;
    let now = args.sandbox.now()?;
    let stop = open::runtime()?.block_on(async {
        let key = key(&project, &args.account, &args.sandbox).await?;
        let store = publisher::open_store(&project).await?;
        let account = (key.as_str(), args.account.as_str());
        let stop = publisher::resume_account(&store, account, now).await;
        store.close().await;
        anyhow::Ok(stop?)
    })?;
    told("resume", &args.account, None, global);
    if !global.quiet && !global.json {
        match stop {
            Some(stop) => eprintln!("{} goes on; it was stopped: {}", args.account, stop.why),
            None => eprintln!("{} was not stopped", args.account),
        }
    }
    Ok(Outcome::Done)
}

/// How stories name the account.
async fn key(project: &Project, name: &str, sandbox: &Sandbox) -> anyhow::Result<String> {
    let base = sandbox.url()?;
    Ok(accounts::key_of(project, Some(name), base.as_ref()).await?)
}

fn told(command: &str, account: &str, stop: Option<&Stop>, global: &Global) {
    if global.json {
        let state = if stop.is_some() { "paused" } else { "open" };
        let accounts = json!([{
            "name": account,
            "state": state,
            "until": stop.and_then(|stop| stop.until),
            "reason": stop.map(|stop| &stop.why),
        }]);
        let report = report::object(command, true, json!({ "accounts": accounts }));
        let _ = super::print(&format!("{report}\n"));
    }
}
