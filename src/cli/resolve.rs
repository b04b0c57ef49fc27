//! `storypress resolve`: a person says what became of a story that nobody could tell of, or that was theirs to post.

use std::path::Path;

use crate::graph::StoryId;
use crate::publisher;

use super::report::Report;
use super::slots::person;
use super::target::Sandbox;
use super::{Global, Outcome, notices, open, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress resolve 7kq2 --live          it is there: nothing is sent again
  storypress resolve 7kq2 --live --media-id 18001   the same, with its id
  storypress resolve 7kq2 --not-live      it is not: `storypress retry 7kq2` may send it again
  storypress resolve 7kq2 --live --sandbox=http://127.0.0.1:8026   the same of a rehearsal")]
#[command(group(clap::ArgGroup::new("outcome").required(true).args(["live", "not_live"])))]
pub(crate) struct Args {
    /// A story that is uncertain, or was handed to you; the beginning of its id will do
    #[arg(value_name = "ID")]
    pub id: String,
    /// It is live
    #[arg(long)]
    pub live: bool,
    /// It is not live
    #[arg(long)]
    pub not_live: bool,
    /// What the platform calls it, where you know; without it, a story that was handed to you is looked up
    #[arg(long, value_name = "ID", conflicts_with = "not_live")]
    pub media_id: Option<StoryId>,
    #[command(flatten)]
    pub sandbox: Sandbox,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("resolve");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let now = args.sandbox.now()?;
    let target = publisher::Target {
        accounts: Vec::new(),
        platform: match args.sandbox.url()? {
            None => publisher::Where::Platform,
            Some(url) => publisher::Where::Sandbox(url.to_string()),
        },
    };
    let resolved = open::runtime()?.block_on(async {
        let store = status::store(&project, &args.id).await?;
        let store = args.sandbox.world(store);
        let key = publisher::one(&store, &args.id).await?.key;
        let verdict = (args.live, args.media_id.clone());
        let within = (&project, &target);
        let done = publisher::resolve(within, &store, &key, verdict, &person(None), now).await;
        notices::tell_of(&project, &store, global).await;
        store.close().await;
        done
    })?;
    let story = resolved.story;
    let mut item = status::item(&project, &story, None, now);
    item.status = super::report::Status::Done;
    let unchecked =
        "its id was taken as it was given: what is live on the account could not be asked";
    if resolved.is_unchecked
        && let Some(more) = item.story.as_mut().and_then(|told| told.more.as_mut())
    {
        more.trouble = Some(unchecked.to_owned());
    }
    report.items.push(item);
    if !global.quiet && !global.json {
        match args.live {
            true => match story.step.story() {
                Some(id) if resolved.is_unchecked => {
                    eprintln!("{} is live as {id}; {unchecked}", story.key);
                }
                Some(id) => eprintln!("{} is live as {id}", story.key),
                None => eprintln!("{} is live; its id is not known", story.key),
            },
            false if story.state(now) == "cancelled" => eprintln!(
                "{0} is not posted; `storypress retry {0}` hands it to you again",
                story.key
            ),
            false => eprintln!(
                "{0} is not live; `storypress retry {0}` sends it again",
                story.key
            ),
        }
    }
    Ok(report.finish(global))
}
