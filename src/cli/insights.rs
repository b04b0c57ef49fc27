//! `storypress insights`: numbers of live and past Stories, by Story, template, weekday and hour.

use std::collections::HashMap;
use std::path::Path;

use anyhow::bail;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::publisher::{
    self, Publisher, Sums, accounts, by_hour, by_template, by_weekday, numbers, weekday,
};
use crate::store::{Filter, Point, Story, StoryKey};

use super::report::{Report, StoryTold};
use super::target::Target;
use super::{Global, Outcome, interrupt, open, print};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress insights
  storypress insights --json
  storypress insights --kept --csv > stories.csv
  storypress insights --sandbox http://127.0.0.1:8026")]
pub(crate) struct Args {
    #[command(flatten)]
    pub target: Target,
    /// Only what is kept; ask the platform nothing
    #[arg(long)]
    pub kept: bool,
    /// Print a table with a line for each story on stdout
    #[arg(long)]
    pub csv: bool,
}

/// What is kept of stories.
#[derive(Default)]
struct Kept {
    stories: Vec<Story>,
    points: HashMap<StoryKey, Vec<Point>>,
    /// What people call the accounts, where it is not the project file that says it.
    names: HashMap<String, String>,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    if args.csv && global.json {
        bail!("--csv and --json are two reports: give one of them");
    }
    let stop = interrupt::on_interrupt();
    let mut report = Report::new("insights");
    let Some(project) = open::project(&mut report, Path::new("."), global) else {
        return Ok(Outcome::Usage);
    };
    let zone = project.zone()?;
    let mut kept = open::runtime()?.block_on(async {
        let mut kept = Kept::default();
        if !args.kept {
            let publisher = Publisher::open_all(&project, &(&args.target).into(), stop).await?;
            let asked = publisher.take_numbers().await;
            kept.names = publisher.names.clone();
            publisher.close().await;
            asked?;
        }
        let Some(store) = publisher::existing_store(&project).await? else {
            return Ok(kept);
        };
        let filter = Filter {
            states: ["live", "closed"].map(str::to_owned).to_vec(),
            ..Filter::default()
        };
        kept.stories = store.list(&filter).await?;
        kept.points = store.points().await?;
        store.close().await;
        anyhow::Ok(kept)
    })?;
    let named = |key: &str| match kept.names.get(key) {
        Some(name) => name.clone(),
        None => accounts::name_of(&project, key),
    };
    if let Some(account) = &args.target.account {
        kept.stories
            .retain(|story| named(&story.account) == *account);
        // of an account that is no longer in the project there may be stories
        if kept.stories.is_empty() && args.target.stand_in.sandbox.is_none() {
            accounts::account(&project, Some(account))?;
        }
    }
    if args.csv {
        return print(&publisher::csv(&kept.stories, &zone, named));
    }
    if global.json {
        return print(&format!("{}\n", told(&kept, &zone)));
    }
    say(&kept.stories, &zone);
    Ok(Outcome::Done)
}

fn told(kept: &Kept, zone: &TimeZone) -> Value {
    let stories = &kept.stories;
    let items = stories.iter().map(|story| item(story, kept, zone));
    let told = json!({ "command": "insights", "ok": true, "items": items.collect::<Vec<_>>() });
    let mut told = publisher::with_groups(told, stories, zone);
    told["totals"] = json!({ "done": stories.len(), "unchanged": 0, "failed": 0, "seconds": 0.0 });
    told
}

fn item(story: &Story, kept: &Kept, zone: &TimeZone) -> Value {
    let points = kept.points.get(&story.key).map_or(&[][..], Vec::as_slice);
    let item = json!({
        "input": story.outgoing.media.path,
        "outputs": [],
        "status": "done",
        "diagnostics": [],
        "name": story.name,
        "template": story.template,
        "account": story.account,
        "story": StoryTold::of(story, Timestamp::now()),
    });
    publisher::with_numbers(item, story, points, zone)
}

/// The numbers that people ask for first.
const SHOWN: [&str; 5] = ["views", "reach", "replies", "shares", "total_interactions"];

fn say(stories: &[Story], zone: &TimeZone) {
    if stories.is_empty() {
        eprintln!("no story of this project is live, or was");
        return;
    }
    let head = |name: &str| {
        format!(
            "{name:<40} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
            "views", "reach", "replies", "shares", "all"
        )
    };
    let line = |name: &str, of: &dyn Fn(&str) -> Option<String>| {
        let shown = SHOWN.map(|n| of(n).unwrap_or_else(|| "-".to_owned()));
        let [views, reach, replies, shares, all] = shown;
        format!("{name:<40} {views:>8} {reach:>8} {replies:>8} {shares:>8} {all:>8}\n")
    };
    let mut table = head("story");
    for story in stories {
        let name = super::printable(&story.name);
        table += &line(&name, &|name| {
            Some(numbers(story)?.numbers.get(name)?.to_string())
        });
    }
    let mut groups = |title: &str, groups: Vec<(String, Sums)>| {
        table += &format!("\n{}", head(&format!("{title} (stories), on average")));
        for (name, sums) in groups {
            table += &line(&format!("{name} ({})", sums.stories), &|name| {
                sums.mean(name).map(|mean| format!("{mean:.1}"))
            });
        }
    };
    groups("template", by_template(stories).into_iter().collect());
    let days = by_weekday(stories, zone).into_iter();
    let days = days.map(|(day, sums)| (weekday(day).to_owned(), sums));
    groups("weekday", days.collect());
    let hours = by_hour(stories, zone).into_iter();
    let hours = hours.map(|(hour, sums)| (format!("{hour:02}:00"), sums));
    groups("hour", hours.collect());
    let _ = print(&table);
}
