//! What it takes to publish, opened for a project: the account, the upload, the memory, the staircase.
//!
//! With `--sandbox` everything stays on this machine: the platform is a sandbox, and files go to a folder that is
//! served on loopback, whatever `[upload]` says.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::graph::{self, Hosts};
use crate::media::Cancel;
use crate::pipeline::{Driver, Point, Rooms, Runner};
use crate::project::Project;
use crate::sandbox;
use crate::store::{Claim, Filter, Hold, Note, Step, Store, Story, StoryKey};
use crate::upload::{self, Served};

/// Stories that are worked on at the same time.
const CONCURRENCY: usize = 8;

/// How long a person's decision may take to be saved.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// Where a sandbox that was started for a call keeps its world, below the project.
const SANDBOX: &str = ".storypress/sandbox";

/// Where files go that only a sandbox fetches, below the project.
const UPLOADS: &str = ".storypress/uploads";

/// Names the point at which a rehearsal kills this process; `contained` or `contained:3` for the third time.
const PULL_THE_PLUG: &str = "STORYPRESS_PULL_THE_PLUG";

/// Where stories go.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Target {
    /// The account, as the project file names it; without it, the only one
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Publish to the sandbox at URL, or to one that is started for this call
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub sandbox: Option<String>,
}

impl Target {
    pub fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }
}

/// The runtime of a command that talks to the world.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")
}

/// Everything that a command needs to publish.
pub(crate) struct Outlet {
    /// Of the account that was chosen, as stories know it.
    pub account: String,
    pub store: Store,
    pub rooms: HashMap<String, Rooms>,
    driver: Arc<Driver>,
    plug: Arc<Plug>,
    /// What people should know about this outlet.
    pub notes: Vec<String>,
    sandbox: Option<sandbox::Running>,
    served: Option<Served>,
}

impl Outlet {
    /// Opens the account that `target` means.
    ///
    /// # Errors
    /// Whatever is missing: a project, an account, a token, a place to upload to, the database.
    pub async fn open(project: &Project, target: &Target, stop: &Cancel) -> anyhow::Result<Self> {
        Self::opened(project, target, stop, false).await
    }

    /// Opens every account of the project; those that cannot be opened are told in the notes.
    pub async fn open_all(
        project: &Project,
        target: &Target,
        stop: &Cancel,
    ) -> anyhow::Result<Self> {
        Self::opened(project, target, stop, true).await
    }

    async fn opened(
        project: &Project,
        target: &Target,
        stop: &Cancel,
        all: bool,
    ) -> anyhow::Result<Self> {
        if project.file.is_none() && !target.is_sandbox() {
            bail!(
                "publishing asks for a project file: storypress.toml with [accounts.NAME] and [upload]"
            );
        }
        let mut notes = Vec::new();
        let (sandbox, base) = match target.sandbox.as_deref() {
            None => (None, None),
            Some("") => {
                let options = sandbox::Options {
                    port: 0,
                    data: Some(project.root.join(SANDBOX)),
                    ..sandbox::Options::default()
                };
                let running = sandbox::start(options)
                    .await
                    .context("cannot start a sandbox")?;
                let url = sandbox_url(&running.url)?;
                (Some(running), Some(url))
            }
            Some(url) => (None, Some(sandbox_url(url)?)),
        };
        let mut accounts = Vec::new();
        for name in names(project, target, all) {
            match opened_account(project, name.as_deref(), base.as_ref()).await {
                Ok(opened) => accounts.push(opened),
                Err(error) if all => notes.push(format!("{error:#}")),
                Err(error) => return Err(error),
            }
        }
        let Some(first) = accounts.first() else {
            bail!("no account can be opened: {}", notes.join("; "));
        };
        let account = first.0.clone();
        let takes_bytes =
            |(_, client): &(String, graph::Client)| client.login() == graph::Login::Facebook;
        let (upload, served) = match &project.upload {
            None if base.is_none() && accounts.iter().any(takes_bytes) => {
                let note = "without [upload], only films of accounts with Facebook Login go out";
                notes.push(note.into());
                (None, None)
            }
            _ => {
                let (upload, served) = upload_of(project, base.is_some(), &mut notes).await?;
                notes.extend(upload.notes().iter().cloned());
                (Some(Arc::new(upload)), served)
            }
        };
        let store = open_store(project).await?;
        let rooms: HashMap<String, Rooms> = accounts
            .into_iter()
            .map(|(key, client)| {
                let rooms = Rooms {
                    upload: upload.clone(),
                    graph: Arc::new(client),
                    store: store.clone(),
                    policy: project.publish.clone(),
                };
                (key, rooms)
            })
            .collect();
        let plug = Arc::new(Plug::of_process(base.is_some()));
        let at = plug.clone();
        let driver = Driver::new(store.clone(), rooms.clone(), Timestamp::now, stop.clone())
            .observed(move |point| at.reached(point));
        Ok(Self {
            account,
            driver: Arc::new(driver),
            rooms,
            store,
            plug,
            notes,
            sandbox,
            served,
        })
    }

    /// The rooms of the chosen account.
    pub fn chosen(&self) -> &Rooms {
        &self.rooms[&self.account]
    }

    /// The batch is in the store.
    pub fn observe_added(&self) {
        self.plug.reached(Point::Added);
    }

    /// Works until each of these stories rests, or the call is stopped.
    pub async fn run(
        &self,
        keys: &[StoryKey],
        told: impl Fn(&Story) + Send + Sync + 'static,
    ) -> anyhow::Result<()> {
        let runner = Runner::new(self.driver.clone(), CONCURRENCY);
        runner
            .until_rest(keys, told)
            .await
            .context("the stories are safe, but the work on them ended")
    }

    /// Works until the call is stopped.
    pub async fn work(&self, told: impl Fn(&Story) + Send + Sync + 'static) -> anyhow::Result<()> {
        let runner = Runner::new(self.driver.clone(), CONCURRENCY);
        Ok(runner.until_stopped(told).await?)
    }

    /// Has a story that is on its way, but not yet sent, go out now; one that somebody is at work on is left alone.
    pub async fn hasten(&self, key: &StoryKey, now: Timestamp) -> anyhow::Result<()> {
        let Claim::Mine(claimed) = self.store.claim(key, now, LEASE).await? else {
            return Ok(());
        };
        let mut story = claimed.story.clone();
        let waits = matches!(
            story.step,
            Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. }
        );
        if waits && story.due != now {
            (story.due, story.wake) = (now, now);
            let note = Note::new("asked for again");
            self.store
                .save(&claimed, &story, &note, Hold::Off, now)
                .await?;
        } else {
            self.store.release(&claimed, now).await?;
        }
        Ok(())
    }

    /// The story that shows the same picture on the account, as [`Store::add`] would find it.
    pub async fn same(&self, wanted: &Story, now: Timestamp) -> anyhow::Result<Option<Story>> {
        let filter = Filter {
            account: Some(wanted.account.clone()),
            ..Filter::default()
        };
        let day_ago = now.checked_sub(SignedDuration::from_hours(24))?;
        let stands = |story: &Story| match &story.step {
            Step::Uncertain { .. } => true,
            Step::Published { at, .. } => *at > day_ago,
            step => step.is_in_flight(),
        };
        let all = self.store.list(&filter).await?;
        let same = |story: &Story| story.outgoing.sha256 == wanted.outgoing.sha256 && stands(story);
        Ok(all.into_iter().find(same))
    }

    /// Looks at one story, whatever its time: a live one's numbers are taken.
    pub async fn look(&self, key: &StoryKey) -> anyhow::Result<()> {
        self.driver.look(key).await?;
        Ok(())
    }

    /// What people should know about this outlet.
    pub fn say_notes(&self) {
        for note in &self.notes {
            eprintln!("note: {note}");
        }
    }

    /// Lets go of everything that was started for it.
    pub async fn close(self) {
        if let Some(served) = self.served {
            served.stop().await;
        }
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// Saves what a person has decided about a story: `change` makes it, from how the story stands at this moment.
pub(crate) async fn decide(
    store: &Store,
    key: &StoryKey,
    what: &str,
    now: Timestamp,
    change: impl FnOnce(&mut Story) -> anyhow::Result<()>,
) -> anyhow::Result<Story> {
    let Claim::Mine(claimed) = store.claim(key, now, LEASE).await? else {
        bail!("somebody is at work on {key} at this moment");
    };
    let mut story = claimed.story.clone();
    if let Err(refused) = change(&mut story) {
        store.release(&claimed, now).await?;
        return Err(refused);
    }
    let note = Note::new(what);
    store.save(&claimed, &story, &note, Hold::Off, now).await?;
    Ok(story)
}

/// Opens a project's store, if anything was ever put into it: looking leaves nothing behind.
pub(crate) async fn existing_store(project: &Project) -> anyhow::Result<Option<Store>> {
    let file = project.store_url.as_str().strip_prefix("sqlite:");
    match file.map(|file| project.root.join(file.trim_start_matches("//"))) {
        Some(file) if !file.exists() => Ok(None),
        _ => open_store(project).await.map(Some),
    }
}

/// Opens a project's store.
pub(crate) async fn open_store(project: &Project) -> anyhow::Result<Store> {
    Store::open(project.store_url.as_str(), &project.root)
        .await
        .with_context(|| format!("cannot open the store {:?}", project.store_url))
}

fn sandbox_url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("`{text}` is no address"))?;
    if !Hosts::at(&url).are_local() {
        bail!(
            "a sandbox is on this machine, and `{}` is not",
            url.origin().ascii_serialization()
        );
    }
    Ok(url)
}

/// The accounts that a call means; `None` is the only one, or, in a rehearsal, the first.
fn names(project: &Project, target: &Target, all: bool) -> Vec<Option<String>> {
    match &target.account {
        Some(name) => vec![Some(name.clone())],
        None if all && !project.accounts.is_empty() => project
            .accounts
            .iter()
            .map(|a| Some(a.name.clone()))
            .collect(),
        None => vec![None],
    }
}

/// An account's name in the store, and a client that speaks for it.
async fn opened_account(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
) -> anyhow::Result<(String, graph::Client)> {
    let (account, client) = super::account::client(project, name, sandbox).await?;
    let user = account.user_id.context("the account has no user_id")?;
    let login = match account.login {
        graph::Login::Instagram => "instagram",
        graph::Login::Facebook => "facebook",
    };
    let client = client.with_publish_timeout(project.publish.timeout);
    Ok((format!("{login}:{user}"), client))
}

/// Where files go: what the project says, or, in a rehearsal, a folder that is served on loopback.
async fn upload_of(
    project: &Project,
    is_rehearsal: bool,
    notes: &mut Vec<String>,
) -> anyhow::Result<(upload::Store, Option<Served>)> {
    let Some(options) = &project.upload else {
        if !is_rehearsal {
            bail!(
                "where can the platform fetch the files? add [upload] to the project file, see docs/upload.md"
            );
        }
        return local(project.root.join(UPLOADS)).await;
    };
    match options.folder() {
        Some(folder) if is_rehearsal && options.public_url.is_none() => {
            local(folder.to_owned()).await
        }
        Some(_) => Ok((upload::Store::open(options)?, None)),
        None if is_rehearsal && !options.is_local() => {
            notes.push(format!(
                "a rehearsal uploads nothing to {}: the files stay here",
                options.target
            ));
            local(project.root.join(UPLOADS)).await
        }
        None => Ok((upload::Store::open(options)?, None)),
    }
}

async fn local(folder: PathBuf) -> anyhow::Result<(upload::Store, Option<Served>)> {
    let served = upload::serve(&folder)
        .await
        .with_context(|| format!("cannot serve {}", folder.display()))?;
    let store = upload::Store::open(&upload::Options::served(folder, served.url.clone()))?;
    Ok((store, Some(served)))
}

/// Kills this process at a point of the staircase, when a rehearsal asks for it.
///
/// SIGKILL gives no chance to tidy up, as a power cut gives none. Nothing but a rehearsal listens to it.
#[derive(Debug)]
struct Plug {
    point: Option<Point>,
    /// How often it is still passed by.
    left: std::sync::atomic::AtomicUsize,
}

impl Plug {
    fn of_process(is_rehearsal: bool) -> Self {
        let asked = std::env::var(PULL_THE_PLUG).ok().filter(|_| is_rehearsal);
        let (name, times) = match asked
            .as_deref()
            .map(|a| a.split_once(':').unwrap_or((a, "1")))
        {
            Some((name, times)) => (name, times.parse().unwrap_or(1)),
            None => ("", 1),
        };
        Self {
            point: Point::ALL.into_iter().find(|p| p.name() == name),
            left: std::sync::atomic::AtomicUsize::new(times),
        }
    }

    fn reached(&self, point: Point) {
        use std::sync::atomic::Ordering;
        if self.point != Some(point) || self.left.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        use rustix::process::{Signal, getpid, kill_process};
        let _ = kill_process(getpid(), Signal::KILL);
    }
}
