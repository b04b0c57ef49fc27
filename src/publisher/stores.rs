//! A project's memory and its places for uploads and packages, opened.

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::accounts;
use super::error::{Doing, Error};
use crate::pipeline::HandOff;
use crate::platform::Cancel;
use crate::project::Project;
use crate::store::{self, Store};
use crate::upload::{self, Served};

/// The project's own folder.
const OWN: &str = ".storypress";

/// Where files go that only a sandbox fetches, below that.
const UPLOADS: &str = "uploads";

/// Where packages for a person lie, below that.
const PACKAGES: &str = "handoff";

/// How a person posts an account's stories, in a project.
///
/// # Errors
/// The project's own folder cannot be made.
pub(super) fn by_hand(project: &Project) -> Result<HandOff, Error> {
    Ok(HandOff {
        folder: own_folder(project, PACKAGES)?,
        studio: project.studio_url.clone(),
        zone: project.zone()?,
    })
}

/// A folder in the project's own, which is made for nobody else to read or to write, whatever the umask.
pub(super) fn own_folder(project: &Project, name: &str) -> Result<PathBuf, Error> {
    let own = project.root.join(OWN);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&own)
        .doing(format!("cannot make {}", own.display()))?;
    Ok(own.join(name))
}

/// How long a call in the foreground waits for a server, the longest pause between two tries, and how often it is looked
/// whether the call was stopped.
const SERVER_PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
const GLANCE: Duration = Duration::from_millis(100);

/// Opens a project's store, if anything was ever put into it: looking leaves nothing behind.
///
/// # Errors
/// As [`open_store`].
pub async fn existing_store(project: &Project) -> Result<Option<Store>, Error> {
    let file = project.store_url.as_str().strip_prefix("sqlite:");
    match file.map(|file| project.root.join(file.trim_start_matches("//"))) {
        Some(file) if !file.exists() => Ok(None),
        _ => open_store(project).await.map(Some),
    }
}

/// Opens a project's store, and makes it where there is none.
///
/// # Errors
/// `Failed` with what the store says.
pub async fn open_store(project: &Project) -> Result<Store, Error> {
    opened(project).await.map_err(|error| told(project, error))
}

async fn opened(project: &Project) -> Result<Store, store::Error> {
    let store = Store::open(project.store_url.as_str(), &project.root).await?;
    learn(project, &store).await;
    Ok(store)
}

/// The same of a call in the foreground: a server that restarts is waited for, for a minute; a file is there at once, or never.
///
/// # Errors
/// As [`open_store`].
pub(super) async fn open_store_patiently(project: &Project, stop: &Cancel) -> Result<Store, Error> {
    let began = Instant::now();
    let mut pause = Duration::from_secs(1);
    loop {
        let error = match opened(project).await {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        let is_over = !project.store_url.is_server() || began.elapsed() >= SERVER_PATIENCE;
        if is_over || !error.is_passing() || stop.is_stopped() {
            return Err(told(project, error));
        }
        tracing::warn!(%error, "the store is waited for");
        let until = Instant::now() + pause;
        while Instant::now() < until && !stop.is_stopped() {
            tokio::time::sleep(GLANCE).await;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn told(project: &Project, error: store::Error) -> Error {
    Error::Failed {
        doing: format!("cannot open the store {:?}", project.store_url),
        source: error.into(),
    }
}

/// Learns what accounts are called whose id the project file does not say.
async fn learn(project: &Project, store: &Store) {
    match store.called().await {
        Ok(called) => project.learned.learn(called),
        // they have the names that stories have for them
        Err(error) => tracing::debug!(%error, "the names of accounts could not be read"),
    }
}

/// Notes what accounts that were just opened are called, where the project file alone does not say it.
pub(super) async fn teach(project: &Project, store: &Store, names: &HashMap<String, String>) {
    for (account, name) in names {
        if accounts::name_of(project, account) == *name
            && !accounts::is_of_other_world(project, account, store.is_rehearsal())
        {
            continue;
        }
        if let Err(error) = store.call_account(account, name).await {
            tracing::debug!(%error, "the name of an account could not be kept");
        }
    }
    learn(project, store).await;
}

/// Where files go: what the project says, or, in a rehearsal, a folder that is served on loopback.
pub(super) async fn upload_of(
    project: &Project,
    is_rehearsal: bool,
    notes: &mut Vec<String>,
) -> Result<(upload::Store, Option<Served>), Error> {
    let Some(options) = &project.upload else {
        if !is_rehearsal {
            return Err(Error::refused(
                "where can the platform fetch the files? add [upload] to the project file, see docs/upload.md",
            ));
        }
        return local(own_folder(project, UPLOADS)?).await;
    };
    match options.folder() {
        // `public_url` is the world's way to it, which a rehearsal has no part in
        Some(folder) if is_rehearsal => local(folder.to_owned()).await,
        None if is_rehearsal && !options.is_local() => {
            notes.push(format!(
                "a rehearsal uploads nothing to {}: the files stay here",
                options.target
            ));
            local(own_folder(project, UPLOADS)?).await
        }
        None if is_rehearsal => {
            // likewise of a store on this machine, which signs its own addresses
            let here = options.public_url.clone().filter(upload::is_loopback);
            let options = upload::Options {
                public_url: here,
                ..options.clone()
            };
            Ok((upload::Store::open(&options)?, None))
        }
        _ => Ok((upload::Store::open(options)?, None)),
    }
}

async fn local(folder: PathBuf) -> Result<(upload::Store, Option<Served>), Error> {
    let served = upload::serve(&folder)
        .await
        .doing(format!("cannot serve {}", folder.display()))?;
    let store = upload::Store::open(&upload::Options::served(folder, served.url.clone()))?;
    Ok((store, Some(served)))
}
