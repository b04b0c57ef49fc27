//! `storypress sandbox`.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::json;

use crate::sandbox::{self, Options, PORT, Running};

use super::{Global, Outcome};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress sandbox                      http://127.0.0.1:8026 shows what is live
  storypress sandbox --data .sandbox      the same accounts and stories next time
  storypress sandbox --speed 60           a day passes in 24 minutes
  storypress sandbox --port 0 --json      for scripts: the first line says where and who")]
pub(crate) struct Args {
    /// Port on 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = PORT)]
    pub port: u16,
    /// Keep accounts, tokens and stories in this folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What goes wrong: a JSON list of faults
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Its seconds a real second
    #[arg(long, value_name = "X", value_parser = speed)]
    pub speed: Option<f64>,
    /// Accounts of each login
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub accounts: u16,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.0..=1_000_000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0 to 1000000".to_owned()),
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let faults = match &args.faults {
        Some(path) => {
            let text =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            sandbox::faults(&text).with_context(|| format!("in {}", path.display()))?
        }
        None => Vec::new(),
    };
    let options = Options {
        port: args.port,
        data: args.data.clone(),
        faults,
        speed: args.speed,
        accounts: args.accounts.into(),
        ..Options::default()
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        // listened for before anybody can know that it runs
        let stop = stop()?;
        let running = sandbox::start(options).await?;
        tell(&running, global)?;
        stop.await;
        running.stop().await;
        Ok(Outcome::Done)
    })
}

/// Ends at Ctrl-C, or when the system asks the program to go.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn tell(running: &Running, global: &Global) -> anyhow::Result<()> {
    if global.json {
        let line = json!({"url": running.url, "accounts": running.accounts});
        super::print(&format!("{line}\n"))?;
    } else if !global.quiet {
        eprintln!(
            "a rehearsal of Instagram on {}; Ctrl-C ends it",
            running.url
        );
        for account in &running.accounts {
            let login = serde_json::to_value(account.login)?;
            eprintln!(
                "  {:<14} {:<10} {}  @{}",
                account.name,
                login.as_str().unwrap_or_default(),
                account.user_id,
                account.username
            );
        }
        eprintln!("their tokens are in {}/sandbox", running.url);
    }
    Ok(())
}
