//! What every request needs: the project as it is now, who may ask, what was answered, what happened.
//!
//! In: [`Options`]. Out: a [`Studio`], which is cheap to clone. Never: a project that is older than its file.

use std::collections::HashSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use minijinja::Environment;
use tokio::sync::{Semaphore, watch};
use url::Url;

use super::batches::Batches;
use super::changes::Changes;
use super::events::Events;
use super::idempotency::Answers;
use super::page;
use super::passes::Passes;
use super::problem::Problem;
use super::session::Sessions;
use crate::batch::Previewer;
use crate::diag::Diagnostic;
use crate::platform::{Cancel, Clock};
use crate::project::{self, Project};
use crate::publisher;

/// How a studio is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens: a host and a port; port 0 picks a free one.
    pub listen: String,
    /// Names that a request may come by besides those of loopback; an address beyond loopback needs one.
    pub allow_hosts: Vec<String>,
    /// The project file, where one is named.
    pub project: Option<PathBuf>,
    /// Where a project is looked for otherwise.
    pub folder: PathBuf,
    /// The sandbox whose accounts and clock are meant.
    pub sandbox: Option<Url>,
}

impl Default for Options {
    /// `127.0.0.1:8040`, the project of the working directory, the platform itself.
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8040".into(),
            allow_hosts: Vec::new(),
            project: None,
            folder: PathBuf::from("."),
            sandbox: None,
        }
    }
}

/// The state that all requests share.
#[derive(Clone)]
pub struct Studio(Arc<Shared>);

/// What a [`Studio`] holds.
pub struct Shared {
    /// The port that it listens on.
    pub port: u16,
    /// Names that a request may come by, besides those of loopback; small letters.
    pub allow_hosts: HashSet<String>,
    /// What other machines call this one, as it was named first.
    pub name: Option<String>,
    /// The sandbox whose accounts and clock are meant.
    pub sandbox: Option<Url>,
    /// Who was let in.
    pub sessions: Sessions,
    /// Doors into parts of the studio that last.
    pub passes: Passes,
    /// Answers to acts, by `Idempotency-Key`.
    pub answers: Answers,
    /// Batches that people look at.
    pub batches: Batches,
    /// What happened.
    pub events: Events,
    /// What listeners know of the project's files.
    pub changes: Changes,
    /// Held while a file of the project is written.
    pub writing: tokio::sync::Mutex<()>,
    /// Held while drafts come, go and are planned: one of them becomes one story.
    pub drafting: tokio::sync::Mutex<()>,
    /// Makes previews.
    pub previewer: Previewer,
    /// Previews that are made at the same time: one a core.
    pub turns: Arc<Semaphore>,
    /// The templates of the pages.
    pub pages: Environment<'static>,
    /// Set when the studio ends; also asks rendering to stop.
    pub cancel: Cancel,
    listeners: Arc<()>,
    stop: watch::Sender<bool>,
    root: PathBuf,
    file: Option<PathBuf>,
    read: Mutex<Option<(blake3::Hash, Arc<Project>)>>,
}

impl Deref for Studio {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl std::fmt::Debug for Studio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Studio")
            .field("root", &self.root)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Studio {
    /// Finds the project. It is read when it is asked for.
    ///
    /// # Errors
    /// There is no working directory.
    pub fn new(options: &Options, port: u16) -> std::io::Result<Self> {
        let named = options.project.as_ref().map(|file| match file.is_dir() {
            true => file.join(project::FILE),
            false => file.clone(),
        });
        let file = named.or_else(|| project::find(&options.folder));
        let file = file.map(std::path::absolute).transpose()?;
        let folder = match file.as_deref().and_then(Path::parent) {
            Some(folder) => folder.to_owned(),
            None => std::path::absolute(&options.folder)?,
        };
        let root = folder.canonicalize().unwrap_or(folder);
        Ok(Self(Arc::new(Shared {
            port,
            allow_hosts: options
                .allow_hosts
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
            name: options.allow_hosts.first().cloned(),
            sandbox: options.sandbox.clone(),
            sessions: Sessions::default(),
            passes: Passes::default(),
            answers: Answers::default(),
            batches: Batches::default(),
            events: Events::default(),
            changes: Changes::default(),
            writing: tokio::sync::Mutex::default(),
            drafting: tokio::sync::Mutex::default(),
            previewer: Previewer::default(),
            turns: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            )),
            listeners: Arc::default(),
            pages: page::environment(),
            cancel: Cancel::default(),
            stop: watch::Sender::new(false),
            file: file.map(|file| match file.file_name() {
                Some(name) => root.join(name),
                None => file,
            }),
            root,
            read: Mutex::default(),
        })))
    }
}

impl Shared {
    /// The project's folder, absolute, without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The project as its file says now.
    ///
    /// # Errors
    /// 422 with everything that is wrong in the file.
    pub fn project(&self) -> Result<Arc<Project>, Problem> {
        self.read_project().map_err(|wrong| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "project",
                "the project file is wrong",
            )
            .diagnostics(&wrong)
        })
    }

    /// The same, with what is wrong as it was found.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn read_project(&self) -> Result<Arc<Project>, Vec<Diagnostic>> {
        let Some(file) = &self.file else {
            return Ok(Arc::new(Project::none(&self.root)));
        };
        let text = std::fs::read(file).unwrap_or_default();
        let hash = blake3::hash(&text);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match &*read {
            Some((of, project)) if *of == hash => Ok(Arc::clone(project)),
            _ => {
                let name = Path::new(file.file_name().unwrap_or_default());
                let project = Arc::new(project::open(file, name)?);
                *read = Some((hash, Arc::clone(&project)));
                Ok(project)
            }
        }
    }

    /// A code for a person who types it on a phone; it works once, for ten minutes.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn pairing_code(&self) -> std::io::Result<String> {
        self.sessions.pairing_code()
    }

    /// Reads the project anew when it is asked for: a file that it was made from, as a font, has changed.
    pub fn forget_project(&self) {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What the time is: the sandbox's own, where one is meant.
    ///
    /// # Errors
    /// 502: the sandbox does not answer.
    pub async fn clock(&self) -> Result<Clock, Problem> {
        let clock = publisher::clock_of(self.sandbox.as_ref()).await;
        clock.map_err(|error| Problem::new(StatusCode::BAD_GATEWAY, "sandbox", error.to_string()))
    }

    /// Where stories go, as the publisher takes it.
    pub fn target(&self) -> publisher::Target {
        publisher::Target {
            accounts: Vec::new(),
            platform: match &self.sandbox {
                None => publisher::Where::Platform,
                Some(url) => publisher::Where::Sandbox(url.to_string()),
            },
        }
    }

    /// Counts as one who listens for events, while it is held.
    pub fn listen(&self) -> Arc<()> {
        Arc::clone(&self.listeners)
    }

    /// Whether anybody listens for events.
    pub fn has_listeners(&self) -> bool {
        Arc::strong_count(&self.listeners) > 1
    }

    /// Ends what listens and what is being made.
    pub fn close(&self) {
        self.cancel.stop();
        self.stop.send_replace(true);
    }

    /// Comes back when the studio ends.
    pub async fn closed(&self) {
        let mut stop = self.stop.subscribe();
        let _ = stop.wait_for(|stopped| *stopped).await;
    }
}
