//! `storypress cancel`: stories that were not sent yet do not go out.

use std::path::Path;

use crate::publisher;

use super::report::{Item, Report, Status};
use super::slots::person;
use super::target::Sandbox;
use super::{Global, Outcome, open, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress cancel 7kq2
  storypress cancel 7kq2 9abc")]
pub(crate) struct Args {
    /// Stories that were not sent yet; the beginning of each id will do
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("cancel");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = args.sandbox.now()?;
    let by = person(None);
    open::runtime()?.block_on(async {
        let store = status::store(&project, &args.ids[0]).await?;
        let mut keys = Vec::new();
        // what is not there is told before anything is taken back
        for id in &args.ids {
            keys.push(publisher::one(&store, id).await?.key);
        }
        for key in keys {
            match publisher::cancel(&store, &key, &by, now).await {
                Ok(story) => {
                    let item = status::item(&project, &story, None, now);
                    report.items.push(Item {
                        status: Status::Done,
                        ..item
                    });
                    if !global.quiet && !global.json {
                        eprintln!("{key} does not go out");
                    }
                }
                Err(error) if args.ids.len() == 1 => return Err(error),
                Err(error) => {
                    let story = store.get(&key).await?;
                    let mut item = status::item(&project, &story, None, now);
                    item.fail(status::refused(&story, &error));
                    report.items.push(item);
                }
            }
        }
        store.close().await;
        Ok(())
    })?;
    if !global.json {
        report.say_diagnostics(global);
    }
    Ok(report.finish(global))
}
