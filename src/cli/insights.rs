//! `storypress insights`: numbers of live and past Stories, by Story and by template.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::graph::Insights;
use crate::store::{Filter, Step, Story};

use super::outlet::{self, Outlet, Target};
use super::report::{Report, StoryTold};
use super::{Global, Outcome, batch, plan, print};

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
    let stop = batch::on_interrupt();
    let mut report = Report::new("insights");
    let Some(project) = plan::opened(&mut report, Path::new("."), global)? else {
        return Ok(Outcome::Usage);
    };
    let stories = outlet::runtime()?.block_on(async {
        if !args.kept {
            let outlet = Outlet::open_all(&project, &args.target, stop).await?;
            let asked = ask(&outlet).await;
            outlet.close().await;
            asked?;
        }
        let Some(store) = outlet::existing_store(&project).await? else {
            return Ok(Vec::new());
        };
        let states = ["live", "closed"].map(str::to_owned).to_vec();
        anyhow::Ok(
            store
                .list(&Filter {
                    states,
                    ..Filter::default()
                })
                .await?,
        )
    })?;
    if global.json {
        return print(&format!("{}\n", told(&stories)));
    }
    say(&stories);
    Ok(Outcome::Done)
}

/// Takes the numbers of what is live, and keeps them.
async fn ask(outlet: &Outlet) -> anyhow::Result<()> {
    let states = vec!["live".to_owned()];
    for story in outlet
        .store
        .list(&Filter {
            states,
            ..Filter::default()
        })
        .await?
    {
        if outlet.rooms.contains_key(&story.account) {
            outlet.look(&story.key).await?;
        }
    }
    Ok(())
}

fn numbers(story: &Story) -> Option<&Insights> {
    match &story.step {
        Step::Published { insights, .. } | Step::Closed { insights, .. } => insights.as_ref(),
        _ => None,
    }
}

/// What a template's stories came to: how many, and the sum of each number.
fn by_template(stories: &[Story]) -> BTreeMap<String, (u32, BTreeMap<String, i64>)> {
    let mut templates: BTreeMap<String, (u32, BTreeMap<String, i64>)> = BTreeMap::new();
    for story in stories {
        let name = story
            .template
            .clone()
            .unwrap_or_else(|| "(no template)".into());
        let (count, sums) = templates.entry(name).or_default();
        *count += 1;
        for (name, number) in numbers(story).into_iter().flat_map(|i| &i.numbers) {
            *sums.entry(name.clone()).or_default() += number;
        }
    }
    templates
}

fn told(stories: &[Story]) -> serde_json::Value {
    let now = Timestamp::now();
    let items: Vec<_> = stories
        .iter()
        .map(|story| {
            let insights = numbers(story);
            json!({
                "input": story.outgoing.path,
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
        .map(|(template, (count, numbers))| json!({ "template": template, "stories": count, "numbers": numbers }))
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
    for (template, (count, sums)) in by_template(stories) {
        line(&format!("{template} ({count})"), &|name| {
            sums.get(name).copied()
        });
    }
}
