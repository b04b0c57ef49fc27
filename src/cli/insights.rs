//! `storypress insights`: numbers of live and past Stories, by Story and by template.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::publisher::{self, Publisher, by_template, numbers};
use crate::store::{Filter, Story};

use super::report::{Report, StoryTold};
use super::target::Target;
use super::{Global, Outcome, open, print};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress insights
  storypress insights --json
  storypress insights --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    #[command(flatten)]
    pub target: Target,
    /// Only what is kept; ask the platform nothing
    #[arg(long)]
    pub kept: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = open::on_interrupt();
    let mut report = Report::new("insights");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let stories = open::runtime()?.block_on(async {
        if !args.kept {
            let publisher = Publisher::open_all(&project, &(&args.target).into(), stop).await?;
            let asked = publisher.take_numbers().await;
            publisher.close().await;
            asked?;
        }
        let Some(store) = publisher::existing_store(&project).await? else {
            return Ok(Vec::new());
        };
        let filter = Filter {
            states: ["live", "closed"].map(str::to_owned).to_vec(),
            ..Filter::default()
        };
        anyhow::Ok(store.list(&filter).await?)
    })?;
    if global.json {
        return print(&format!("{}\n", told(&stories)));
    }
    say(&stories);
    Ok(Outcome::Done)
}

fn told(stories: &[Story]) -> serde_json::Value {
    let now = Timestamp::now();
    let items: Vec<_> = stories
        .iter()
        .map(|story| {
            let insights = numbers(story);
            json!({
                "input": story.outgoing.media.path,
                "outputs": [],
                "status": "done",
                "diagnostics": [],
                "name": story.name,
                "template": story.template,
                "account": story.account,
                "story": StoryTold::of(story, now),
                "taken": insights.map(|i| i.taken),
                "numbers": insights.map(|i| &i.numbers),
            })
        })
        .collect();
    let templates: Vec<_> = by_template(stories)
        .into_iter()
        .map(|(template, sums)| {
            json!({ "template": template, "stories": sums.stories, "numbers": sums.numbers })
        })
        .collect();
    json!({
        "command": "insights",
        "ok": true,
        "items": items,
        "templates": templates,
        "totals": { "done": stories.len(), "unchanged": 0, "failed": 0, "seconds": 0.0 },
    })
}

/// The numbers that people ask for first.
const SHOWN: [&str; 5] = ["views", "reach", "replies", "shares", "total_interactions"];

fn say(stories: &[Story]) {
    if stories.is_empty() {
        eprintln!("no story of this project is live, or was");
        return;
    }
    let line = |name: &str, of: &dyn Fn(&str) -> Option<i64>| {
        let shown = SHOWN.map(|n| of(n).map_or("-".to_owned(), |n| n.to_string()));
        let [views, reach, replies, shares, all] = shown;
        println!("{name:<40} {views:>8} {reach:>8} {replies:>8} {shares:>8} {all:>8}");
    };
    println!(
        "{:<40} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "story", "views", "reach", "replies", "shares", "all"
    );
    for story in stories {
        line(&story.name, &|name| {
            numbers(story)?.numbers.get(name).copied()
        });
    }
    println!();
    for (template, sums) in by_template(stories) {
        line(&format!("{template} ({})", sums.stories), &|name| {
            sums.numbers.get(name).copied()
        });
    }
}
