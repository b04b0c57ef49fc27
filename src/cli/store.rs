//! `storypress store`: the memory, backed up, restored, and taught what is live.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use crate::publisher::{self, Imported, Publisher};

use super::target::Target;
use super::{Global, Outcome, interrupt, open, report};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Copy the memory, and the files of what is planned, into one file; also while workers run
    Backup {
        /// A file that is not there yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a backup in the place of the memory; what may have gone out since is not sent again by itself
    Restore {
        /// What `backup` wrote
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take over what is live on the accounts, so that it is known and not sent again
    Import(Target),
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let project = open::bare_project(global, Path::new("."))?;
    let runtime = open::runtime()?;
    let now = Timestamp::now();
    match &args.command {
        Command::Backup { file } => {
            let stories = runtime.block_on(publisher::backup(&project, file))?;
            let said = format!("{stories} stories are in {}", file.display());
            told("store backup", json!({ "stories": stories }), &said, global);
        }
        Command::Restore { file } => {
            let held = runtime.block_on(publisher::restore(&project, file, now))?;
            let said = match held {
                0 => "restored; nothing was due since the backup".to_owned(),
                held => format!(
                    "restored; {held} stories were due since the backup and may be live: they are failed now, \
                     look at the account before `storypress retry`"
                ),
            };
            told("store restore", json!({ "held": held }), &said, global);
        }
        Command::Import(target) => {
            let imported = runtime.block_on(async {
                let stop = interrupt::on_interrupt();
                let publisher = Publisher::open_all(&project, &target.into(), stop).await?;
                let imported = publisher.import(publisher.clock.now()).await;
                publisher.close().await;
                imported
            })?;
            let Imported {
                taken_over,
                settled,
            } = imported;
            let mut said = format!("{taken_over} live stories were taken over");
            if settled > 0 {
                said += &format!(
                    "; {settled} are stories of this store, which are live now: `storypress status` shows them"
                );
            }
            let counts = json!({ "imported": taken_over, "settled": settled });
            told("store import", counts, &said, global);
        }
    }
    Ok(Outcome::Done)
}

fn told(command: &str, counts: serde_json::Value, said: &str, global: &Global) {
    if global.json {
        let report = report::object(command, true, counts);
        let _ = super::print(&format!("{report}\n"));
    } else if !global.quiet {
        eprintln!("{said}");
    }
}
