//! `storypress highlights`: stories that stay on a profile.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;

use super::report::object;
use super::stories::{Done, Which, ids, own_only, tell};
use super::{Global, Outcome, interrupt, open};
use crate::batch::{self, Order, Selection};
use crate::private::{Change, Cover};
use crate::publisher::Error;
use crate::publisher::live::{Highlight, Live, story_id};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Highlights need an account with login private. A cover is a story of the highlight, a picture, or a template, which is
rendered for it.

Examples:
  storypress highlights list
  storypress highlights create Menu 3100123 3100456 --cover templates/cover.toml
  storypress highlights add 1790 3100789
  storypress highlights cover 1790 --cover cover.jpg")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The highlights of an account
    List,
    /// Make one of stories that are live or in the archive
    Create {
        /// What stands below it
        #[arg(value_name = "TITLE")]
        title: String,
        /// The stories' numbers or addresses
        #[arg(value_name = "STORY", required = true)]
        stories: Vec<String>,
        /// A picture, a template or a story's number; the first story without it
        #[arg(long, value_name = "FILE|STORY")]
        cover: Option<String>,
    },
    /// Put stories into one
    Add(Stories),
    /// Take stories out of one
    Remove(Stories),
    /// Give one another title
    Rename {
        /// Its number
        #[arg(value_name = "HIGHLIGHT")]
        highlight: String,
        /// What stands below it
        #[arg(value_name = "TITLE")]
        title: String,
    },
    /// Give one another cover
    Cover {
        /// Its number
        #[arg(value_name = "HIGHLIGHT")]
        highlight: String,
        /// A picture, a template or a story's number
        #[arg(long, value_name = "FILE|STORY")]
        cover: String,
    },
    /// Take highlights away; their stories stay in the archive
    Delete {
        /// Their numbers
        #[arg(value_name = "HIGHLIGHT", required = true)]
        highlights: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Stories {
    /// Its number
    #[arg(value_name = "HIGHLIGHT")]
    highlight: String,
    /// The stories' numbers or addresses
    #[arg(value_name = "STORY", required = true)]
    stories: Vec<String>,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    // rendered before anything is asked: a template that is wrong changes nothing
    let folder = tempfile::tempdir()?;
    let cover = match &args.command {
        Command::Create { cover, .. } => cover.as_deref(),
        Command::Cover { cover, .. } => Some(cover.as_str()),
        _ => None,
    };
    let cover = cover
        .map(|text| made_cover(text, folder.path(), global))
        .transpose()?;
    let stop = interrupt::on_interrupt();
    open::runtime()?.block_on(async {
        tokio::select! {
            done = dispatch(args, cover.as_ref(), global) => done,
            () = interrupt::interrupted(stop) => Ok(Outcome::Interrupted),
        }
    })
}

/// What a highlight is shown by.
enum Made {
    Picture(PathBuf),
    Story(String),
}

impl Made {
    fn as_cover(&self) -> Cover<'_> {
        match self {
            Self::Picture(path) => Cover::Picture(path),
            Self::Story(id) => Cover::Story(id),
        }
    }
}

fn made_cover(text: &str, folder: &Path, global: &Global) -> anyhow::Result<Made> {
    let path = Path::new(text);
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_lowercase).as_deref() {
        Some("toml") => rendered(path, folder, global).map(Made::Picture),
        Some("jpg" | "jpeg" | "png" | "webp") => {
            let path = std::path::absolute(path)?;
            anyhow::ensure!(path.is_file(), "there is no picture {}", path.display());
            Ok(Made::Picture(path))
        }
        _ => Ok(Made::Story(story_id(text)?)),
    }
}

/// A template's picture.
fn rendered(template: &Path, folder: &Path, global: &Global) -> anyhow::Result<PathBuf> {
    let project = open::bare_project(global, template)?;
    let plan = batch::plan(&Selection::of(template), project)?;
    let made = batch::render_one(&Order::new(&plan, folder))?;
    let outcome = made.context("the template makes no picture")?;
    match outcome.media.first() {
        Some(media) if media.kind == crate::media::Kind::Image => Ok(media.path.clone()),
        Some(_) => bail!(
            "a cover is a picture, and {} makes a film",
            template.display()
        ),
        None => {
            let why: Vec<String> = outcome
                .diagnostics
                .iter()
                .map(ToString::to_string)
                .collect();
            bail!(
                "{} makes no picture\n{}",
                template.display(),
                why.join("\n")
            )
        }
    }
}

async fn dispatch(args: &Args, cover: Option<&Made>, global: &Global) -> anyhow::Result<Outcome> {
    let user = args.which.user.as_deref();
    if !matches!(args.command, Command::List) {
        own_only(user)?;
    }
    let live = args.which.open(global).await?;
    let cover = cover.map(Made::as_cover);
    let (command, made) = match &args.command {
        Command::List => {
            let all = live.highlights(user).await?;
            let lines: Vec<String> = all.iter().map(line).collect();
            let report = object("highlights list", true, json!({ "items": all }));
            return tell(&report, &lines, global);
        }
        Command::Delete { highlights } => return delete(&live, highlights, global).await,
        Command::Create { title, stories, .. } => {
            let made = live.create_highlight(title, &ids(stories)?, cover).await;
            ("highlights create", made)
        }
        Command::Add(to) => {
            let added = ids(&to.stories)?;
            let change = Change {
                added: &added,
                ..Change::default()
            };
            (
                "highlights add",
                live.edit_highlight(&to.highlight, &change).await,
            )
        }
        Command::Remove(from) => {
            let removed = ids(&from.stories)?;
            let change = Change {
                removed: &removed,
                ..Change::default()
            };
            (
                "highlights remove",
                live.edit_highlight(&from.highlight, &change).await,
            )
        }
        Command::Rename { highlight, title } => {
            let change = Change {
                title: Some(title),
                ..Change::default()
            };
            (
                "highlights rename",
                live.edit_highlight(highlight, &change).await,
            )
        }
        Command::Cover { highlight, .. } => {
            let change = Change {
                cover,
                ..Change::default()
            };
            (
                "highlights cover",
                live.edit_highlight(highlight, &change).await,
            )
        }
    };
    match made {
        Ok(made) => {
            let report = object(command, true, json!({ "items": [made] }));
            tell(&report, &[line(&made)], global)
        }
        Err(Error::Unclear(said)) => {
            super::say_line(&format!("error: {said}"));
            if global.json {
                let report = object(command, false, json!({ "error": said }));
                super::print(&format!("{report}\n"))?;
            }
            Ok(Outcome::Uncertain)
        }
        Err(error) => Err(error.into()),
    }
}

async fn delete(live: &Live, highlights: &[String], global: &Global) -> anyhow::Result<Outcome> {
    let mut done = Done::default();
    for id in highlights {
        let deleted = live.delete_highlight(id).await;
        done.put(id, deleted.map(|()| json!({"deleted": true})));
    }
    done.report("highlights delete", global)
}

fn line(highlight: &Highlight) -> String {
    format!(
        "{}  {}  {} stories",
        highlight.id, highlight.title, highlight.count
    )
}
