//! `storypress stories`: what is live on an account, and what can be done with it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::one_line::one_line;
use super::report::object;
use super::target::Sandbox;
use super::{Global, Outcome, interrupt, open};
use crate::publisher::Error;
use crate::publisher::live::{self, Live, LiveStory, story_id};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
An account with login private can do all of it; an official one lists and shows, and takes back with Facebook Login.

Examples:
  storypress stories list
  storypress stories download 3100123 --out saved
  storypress stories viewers 3100123 --names
  storypress stories list --user nasa")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    pub which: Which,
}

/// Whose.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Which {
    /// The account, as the project file names it; without it, the only one
    #[arg(long, value_name = "NAME", global = true)]
    pub account: Option<String>,
    /// Ask the sandbox at URL
    #[arg(long, value_name = "URL", global = true, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub sandbox: Option<String>,
    /// Read another account's, which changes nothing
    #[arg(long, value_name = "NAME", global = true)]
    pub user: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The stories that are live
    List,
    /// One story: times, file, stickers
    Show {
        /// Its number, or its address
        #[arg(value_name = "STORY")]
        story: String,
    },
    /// Fetch the files of live stories
    Download {
        /// Their numbers or addresses; all that are live without one
        #[arg(value_name = "STORY")]
        stories: Vec<String>,
        /// Where to
        #[arg(short, long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Take stories back
    Delete {
        /// Their numbers or addresses
        #[arg(value_name = "STORY", required = true)]
        stories: Vec<String>,
    },
    /// Past stories of your own
    Archive,
    /// How many have seen a story of your own
    Viewers {
        /// Its number, or its address
        #[arg(value_name = "STORY")]
        story: String,
        /// And who
        #[arg(long)]
        names: bool,
    },
}

impl Which {
    /// Opens the account.
    pub(super) async fn open(&self, global: &Global) -> anyhow::Result<Live> {
        let project = open::bare_project(global, Path::new("."))?;
        let sandbox = Sandbox {
            sandbox: self.sandbox.clone(),
        };
        let base = sandbox.url()?;
        Ok(live::open(&project, self.account.as_deref(), base.as_ref()).await?)
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    open::runtime()?.block_on(async {
        tokio::select! {
            done = dispatch(args, global) => done,
            () = interrupt::interrupted(stop) => Ok(Outcome::Interrupted),
        }
    })
}

async fn dispatch(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let live = args.which.open(global).await?;
    let user = args.which.user.as_deref();
    match &args.command {
        Command::List => {
            let all = live.stories(user).await?;
            list("stories list", &all, global)
        }
        Command::Show { story } => {
            let found = live.story(&story_id(story)?, user).await?;
            list("stories show", &[found], global)
        }
        Command::Archive => {
            own_only(user)?;
            let all = live.archive().await?;
            list("stories archive", &all, global)
        }
        Command::Viewers { story, names } => {
            own_only(user)?;
            let seen = live.viewers(&story_id(story)?, *names).await?;
            let count = seen.count.map_or("?".to_owned(), |count| count.to_string());
            let mut lines = vec![format!("{count} have seen it")];
            lines.extend(seen.names.iter().map(|name| format!("  @{name}")));
            let report = object("stories viewers", true, json!({ "viewers": seen }));
            tell(&report, &lines, global)
        }
        Command::Download { stories, out } => {
            let all = live.stories(user).await?;
            let ids: Vec<String> = match stories.is_empty() {
                true => all.iter().map(|story| story.id.clone()).collect(),
                false => ids(stories)?,
            };
            let mut done = Done::default();
            for id in ids {
                let fetched = match all.iter().find(|story| story.id == id) {
                    Some(story) => live.download(story, out).await,
                    None => Err(Error::Refused(format!(
                        "no story {id} is live on the account"
                    ))),
                };
                done.put(&id, fetched.map(|path| json!({ "path": path })));
            }
            done.report("stories download", global)
        }
        Command::Delete { stories } => {
            own_only(user)?;
            let mut done = Done::default();
            // what is no id is told before anything is taken back
            for id in ids(stories)? {
                let deleted = live.delete(&id).await;
                done.put(&id, deleted.map(|()| json!({"deleted": true})));
            }
            done.report("stories delete", global)
        }
    }
}

/// The ids that texts name, all of them or none.
pub(super) fn ids(stories: &[String]) -> Result<Vec<String>, Error> {
    stories.iter().map(|text| story_id(text)).collect()
}

/// What is never done with somebody else's.
pub(super) fn own_only(user: Option<&str>) -> anyhow::Result<()> {
    match user {
        None => Ok(()),
        Some(_) => anyhow::bail!(
            "`--user` reads lists and fetches files; this is for your own account alone"
        ),
    }
}

/// What became of each.
#[derive(Default)]
pub(super) struct Done {
    items: Vec<Value>,
    lines: Vec<String>,
    failed: bool,
}

impl Done {
    pub(super) fn put(&mut self, id: &str, done: Result<Value, Error>) {
        let (mut item, line) = match done {
            Ok(item) => {
                let what = item["path"].as_str().unwrap_or("done").to_owned();
                (item, format!("{id}  {what}"))
            }
            Err(error) => {
                self.failed = true;
                let said = one_line(&error.into());
                (json!({ "error": said }), format!("{id}  {said}"))
            }
        };
        item["id"] = id.into();
        self.items.push(item);
        self.lines.push(line);
    }

    pub(super) fn report(self, command: &str, global: &Global) -> anyhow::Result<Outcome> {
        let report = object(command, !self.failed, json!({ "items": self.items }));
        let told = tell(&report, &self.lines, global)?;
        Ok(if self.failed { Outcome::Failed } else { told })
    }
}

/// JSON on stdout, or lines there.
pub(super) fn tell(report: &Value, lines: &[String], global: &Global) -> anyhow::Result<Outcome> {
    if global.json {
        return super::print(&format!("{report}\n"));
    }
    let text = lines.join("\n");
    match text.is_empty() {
        true => Ok(Outcome::Done),
        false => super::print(&format!("{text}\n")),
    }
}

fn list(command: &str, all: &[LiveStory], global: &Global) -> anyhow::Result<Outcome> {
    let mut lines = Vec::new();
    for story in all {
        let at = story
            .published_at
            .map_or("?".to_owned(), |at| format!("{at:.0}"));
        let seen = story.viewers.map(|count| format!("  {count} views"));
        let kind = story.kind.unwrap_or("?");
        lines.push(format!(
            "{}  {at}  {kind}{}",
            story.id,
            seen.unwrap_or_default()
        ));
        if command == "stories show" {
            lines.extend(story.permalink.iter().map(|url| format!("  page  {url}")));
            lines.extend(story.media_url.iter().map(|url| format!("  file  {url}")));
            let line = |sticker: &Value| format!("  tap   {sticker}");
            lines.extend(story.stickers.iter().map(line));
        }
    }
    if all.is_empty() && !global.quiet && !global.json {
        eprintln!("nothing is live");
    }
    tell(
        &object(command, true, json!({ "items": all })),
        &lines,
        global,
    )
}
