//! Drafts: finished pictures and films without a date, and what was planned of them.
//!
//! In: stories of a batch that were approved, templates as they are. Out: a draft, and its story when it was given a day: planned
//! as `render --publish --at` plans one. Never: two stories of a draft; a file that changes with the project.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::state::Studio;
use super::template_files::{file_of, local};
use super::workspace::Workspace;
use super::write::{self, Target};
use crate::batch::{self, Formats, Order, Selection};
use crate::graph::UserTag;
use crate::media::Media;
use crate::publisher::{self, Publisher, Standing, ToPublish, Wish};
use crate::store::{self, Step, Store, Story, StoryKey};

/// Where they are kept, below the project.
const FOLDER: &str = ".storypress/studio/drafts";

/// Drafts of a project, those that are planned counted.
const MOST: usize = 1000;

/// A finished file without a date.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Draft {
    /// Its name in addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The template that it was made from, against the project's folder.
    pub template: Option<String>,
    /// Its file: a copy of its own.
    pub media: Media,
    /// Who is mentioned in it.
    #[serde(default)]
    pub mentions: Vec<UserTag>,
    /// When it came here.
    pub added: Timestamp,
    /// Who has put it here.
    pub by: String,
    /// The story that was planned of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<StoryKey>,
}

/// A draft, and the story that it is now; none while it waits for a day.
pub type Known = (Draft, Option<Story>);

fn file(root: &Path) -> PathBuf {
    root.join(FOLDER).join("drafts.json")
}

fn read(root: &Path) -> Result<Vec<Draft>, Problem> {
    match std::fs::read(file(root)) {
        Ok(text) => serde_json::from_slice(&text).map_err(Problem::internal),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Problem::internal(error)),
    }
}

fn keep(root: &Path, drafts: &[Draft]) -> Result<(), Problem> {
    let text = serde_json::to_vec(drafts).map_err(Problem::internal)?;
    write::bytes(&file(root), &text, Target::Any).map_err(Problem::internal)
}

/// Every draft, the oldest first, with what was planned of it. One whose story was taken back waits again.
///
/// # Errors
/// 500 where they cannot be read, or with what the store says.
pub async fn all(work: &Workspace) -> Result<Vec<Known>, Problem> {
    let mut found = Vec::new();
    for draft in read(&work.project.root)? {
        let story = planned(work.store.as_ref(), &draft).await?;
        found.push((draft, story));
    }
    Ok(found)
}

/// One of them.
///
/// # Errors
/// 404 where there is none of that name.
pub async fn one(work: &Workspace, id: &str) -> Result<Known, Problem> {
    let found = read(&work.project.root)?
        .into_iter()
        .find(|draft| draft.id == id);
    let draft = found.ok_or_else(|| Problem::not_found(format!("no draft `{id}`")))?;
    let story = planned(work.store.as_ref(), &draft).await?;
    Ok((draft, story))
}

/// The story of a draft, unless it was taken back.
async fn planned(store: Option<&Store>, draft: &Draft) -> Result<Option<Story>, Problem> {
    let (Some(store), Some(key)) = (store, &draft.story) else {
        return Ok(None);
    };
    match store.get(key).await {
        Ok(story) if matches!(story.step, Step::Cancelled { .. }) => Ok(None),
        Ok(story) => Ok(Some(story)),
        // another store than the one that it was planned in
        Err(store::Error::Unknown(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Puts finished files into the tray; one that waits there already is not put there once more. Gives those that are new.
///
/// # Errors
/// 409 where the tray is full; 500 where a file cannot be copied. Nothing is added then.
pub async fn add(
    studio: &Studio,
    work: &Workspace,
    all: Vec<ToPublish>,
    by: &str,
) -> Result<Vec<Draft>, Problem> {
    let _one = studio.drafting.lock().await;
    let root = &work.project.root;
    let mut drafts = read(root)?;
    let mut waiting = Vec::new();
    for draft in &drafts {
        if planned(work.store.as_ref(), draft).await?.is_none() {
            waiting.push(draft.media.sha256.clone());
        }
    }
    let mut new = Vec::new();
    for finished in all {
        if waiting.contains(&finished.media.sha256) {
            continue;
        }
        let media = copied(root, &finished.media).map_err(Problem::internal)?;
        waiting.push(media.sha256.clone());
        let id = super::secret::random().map_err(Problem::internal)?[..12].to_owned();
        new.push(Draft {
            id,
            name: finished.name,
            template: finished.template,
            media,
            mentions: finished.mentions,
            added: work.now,
            by: by.to_owned(),
            story: None,
        });
    }
    drafts.extend(new.iter().cloned());
    if drafts.len() > MOST {
        return Err(Problem::conflict(format!(
            "the tray has room for {MOST} drafts: take some out first"
        )));
    }
    keep(root, &drafts)?;
    Ok(new)
}

/// A copy in the tray's folder, by its content.
fn copied(root: &Path, media: &Media) -> io::Result<Media> {
    let ending = media.path.extension().unwrap_or_default().to_string_lossy();
    let path = root.join(FOLDER).join(format!("{}.{ending}", media.sha256));
    if !path.is_file() {
        let mut from = std::fs::File::open(&media.path)?;
        let mut to = write::unfinished(&path)?;
        io::copy(&mut from, &mut to)?;
        write::name(to, &path, Target::Any)?;
    }
    Ok(Media {
        path,
        ..media.clone()
    })
}

/// The deliverable of a template, as it is now.
///
/// # Errors
/// 422 with what is wrong with it.
pub fn of_template(studio: &Studio, work: &Workspace, path: &str) -> Result<ToPublish, Problem> {
    let project = &work.project;
    let no_template = || Problem::invalid(format!("no template `{path}`"));
    let named = file_of(project, path).ok_or_else(no_template)?;
    let selection = Selection {
        paths: vec![named],
        now: Some(work.now.to_string()),
        ..Selection::default()
    };
    let plan = studio.previewer.plan(&selection, (**project).clone());
    let plan = plan.map_err(|error| Problem::invalid(error.to_string()))?;
    if let Some(failed) = plan.failed.first() {
        return Err(Problem::of_diagnostics(
            "it cannot be made",
            &local(&failed.diagnostics, project),
        ));
    }
    // a folder of its own: nobody else is at work in it
    let out = tempfile::tempdir_in(folder(&project.root).map_err(Problem::internal)?);
    let out = out.map_err(Problem::internal)?;
    let order = Order {
        formats: Formats::default(),
        cancel: studio.cancel.clone(),
        ..Order::new(&plan, out.path())
    };
    let outcome = batch::render_one(&order).map_err(Problem::internal)?;
    let outcome = outcome.ok_or_else(|| Problem::internal("it was stopped"))?;
    let Some(media) = publisher::deliverable(&outcome.media) else {
        return Err(Problem::of_diagnostics(
            "it cannot be made",
            &local(&outcome.diagnostics, project),
        ));
    };
    let media = copied(&project.root, media).map_err(Problem::internal)?;
    Ok(ToPublish {
        name: plan.stories[0].name.clone(),
        template: Some(path.to_owned()),
        media,
        mentions: outcome.mentions,
        account: None,
        due: None,
    })
}

fn folder(root: &Path) -> io::Result<PathBuf> {
    let folder = root.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Plans a draft for a time: the same that `publish FILE --at TIME` does.
///
/// # Errors
/// 404 for a draft that is not there; 409 where it is planned already, where the same picture stands in that account's day, or
/// where the account cannot be opened; 422 for a time that is past or that cannot be read.
pub async fn place(
    studio: &Studio,
    id: &str,
    (at, account): (&str, Option<&str>),
) -> Result<Story, Problem> {
    let _one = studio.drafting.lock().await;
    let work = Workspace::open(studio).await?;
    let found = one(&work, id).await;
    let due = work.moment(at);
    let (project, root) = (work.project.clone(), work.project.root.clone());
    work.close().await;
    let (draft, story) = found?;
    if let Some(story) = story {
        return Err(Problem::conflict(format!(
            "it is planned already: story {} for {:.0}",
            story.key, story.due
        )));
    }
    let target = publisher::Target {
        accounts: account.map(str::to_owned).into_iter().collect(),
        ..studio.target()
    };
    let publisher = Publisher::open(&project, &target, &studio.cancel).await?;
    let what = ToPublish {
        name: draft.name.clone(),
        template: draft.template.clone(),
        media: draft.media.clone(),
        mentions: draft.mentions.clone(),
        account: None,
        due: Some(due?),
    };
    let done = publisher.publish(&[what], Wish::default(), |_| {}).await;
    publisher.close().await;
    let published = done?.into_iter().next();
    let published = published.ok_or_else(|| Problem::internal("nothing was planned"))?;
    if published.standing == Standing::OtherTime {
        return Err(Problem::conflict(format!(
            "the same picture is planned for that day already: story {} for {:.0}",
            published.story.key, published.story.due
        )));
    }
    let mut drafts = read(&root)?;
    for draft in drafts.iter_mut().filter(|draft| draft.id == id) {
        draft.story = Some(published.story.key.clone());
    }
    keep(&root, &drafts)?;
    Ok(published.story)
}

/// Takes the story of a draft back: it waits in the tray again.
///
/// # Errors
/// 404 for a draft that is not there; 409 where it is not planned, or was sent.
pub async fn take_back(studio: &Studio, id: &str, by: &str) -> Result<Draft, Problem> {
    let _one = studio.drafting.lock().await;
    let work = Workspace::open(studio).await?;
    let (mut draft, story) = one(&work, id).await?;
    let story = story.ok_or_else(|| Problem::conflict("it is not planned"))?;
    publisher::cancel(work.store()?, &story.key, by, work.now).await?;
    let root = work.project.root.clone();
    work.close().await;
    let mut drafts = read(&root)?;
    for kept in drafts.iter_mut().filter(|kept| kept.id == id) {
        kept.story = None;
    }
    keep(&root, &drafts)?;
    draft.story = None;
    Ok(draft)
}

/// Takes a draft out of the tray. Its story, if it has one, goes its way.
///
/// # Errors
/// 404 for a draft that is not there.
pub async fn remove(studio: &Studio, id: &str) -> Result<(), Problem> {
    let _one = studio.drafting.lock().await;
    let project = studio.project()?;
    let mut drafts = read(&project.root)?;
    let Some(at) = drafts.iter().position(|draft| draft.id == id) else {
        return Err(Problem::not_found(format!("no draft `{id}`")));
    };
    let gone = drafts.remove(at);
    keep(&project.root, &drafts)?;
    let is_used = drafts
        .iter()
        .any(|other| other.media.path == gone.media.path);
    if !is_used && gone.media.path.starts_with(project.root.join(FOLDER)) {
        let _ = std::fs::remove_file(&gone.media.path);
    }
    Ok(())
}
