//! `storypress resolve`: a person says what became of a story that nobody could tell of.

use std::path::Path;

use crate::publisher;

use super::report::Report;
use super::slots::person;
use super::target::Sandbox;
use super::{Global, Outcome, notices, open, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress resolve 7kq2 --live          it is there: nothing is sent again
  storypress resolve 7kq2 --not-live      it is not: `storypress retry 7kq2` may send it again
  storypress resolve 7kq2 --live --sandbox=http://127.0.0.1:8026   the same of a rehearsal")]
#[command(group(clap::ArgGroup::new("outcome").required(true).args(["live", "not_live"])))]
pub(crate) struct Args {
    /// An uncertain story; the beginning of its id will do
    #[arg(value_name = "ID")]
    pub id: String,
    /// It is live
    #[arg(long)]
    pub live: bool,
    /// It is not live
    #[arg(long)]
    pub not_live: bool,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("resolve");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = args.sandbox.now()?;
    let story = open::runtime()?.block_on(async {
        let store = status::store(&project, &args.id).await?;
        let store = match args.sandbox.sandbox {
            Some(_) => store.rehearsing(),
            None => store,
        };
        let key = publisher::one(&store, &args.id).await?.key;
        let story = publisher::resolve(&store, &key, (args.live, None), &person(None), now).await;
        notices::tell_of(&project, &store, global).await;
        store.close().await;
        story
    })?;
    let mut item = status::item(&project, &story, None, now);
    item.status = super::report::Status::Done;
    report.items.push(item);
    if !global.quiet && !global.json {
        match args.live {
            true => eprintln!("{} is live", story.key),
            false => eprintln!(
                "{0} is not live; `storypress retry {0}` sends it again",
                story.key
            ),
        }
    }
    Ok(report.finish(global))
}
