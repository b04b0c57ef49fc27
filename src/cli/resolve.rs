//! `storypress resolve`: a person says what became of a story that nobody could tell of.

use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;

use crate::store::{Step, Story};

use super::report::Report;
use super::{Global, Outcome, outlet, plan, status};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress resolve 7kq2 --live          it is there: nothing is sent again
  storypress resolve 7kq2 --not-live      it is not: `storypress retry 7kq2` may send it again")]
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
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let mut report = Report::new("resolve");
    let Some(project) = plan::opened(&mut report, Path::new("."), global)? else {
        return Ok(Outcome::Usage);
    };
    let story = outlet::runtime()?.block_on(async {
        let store = outlet::existing_store(&project)
            .await?
            .ok_or_else(|| status::unknown(&args.id))?;
        let key = status::one(&store, &args.id).await?.key;
        let what = if args.live {
            "found live by hand"
        } else {
            "found not live by hand"
        };
        let now = Timestamp::now();
        outlet::decide(&store, &key, what, now, |story| {
            story.step = decided(story, args.live)?;
            story.trouble = None;
            Ok(())
        })
        .await
    })?;
    let now = Timestamp::now();
    let mut item = status::item(&story, now);
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

/// Where an uncertain story stands when somebody has looked.
fn decided(story: &Story, is_live: bool) -> anyhow::Result<Step> {
    let Step::Uncertain { intent, .. } = &story.step else {
        bail!("{} is {}, not uncertain", story.key, story.step.state());
    };
    Ok(match is_live {
        true => Step::Published {
            story: None,
            container: intent.container.id.clone(),
            at: intent.at,
            insights: None,
        },
        false => Step::Failed {
            why: "somebody looked, and it was not live".into(),
        },
    })
}
