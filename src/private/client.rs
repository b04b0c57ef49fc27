//! One account on the private way: what can be asked of it, each in a process that is started when it is needed.
//!
//! In: a session, a file, stickers. Out: uploads, stories, lists. Never: a call that is made twice by itself, a login that
//! nobody asked for.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use super::error::{Cause, Error};
use super::form::{self, Answers};
use super::process::{AskCode, Process, Request, python_of};
use super::session::Session;
use super::setup;
use crate::graph::{ContainerId, StoryId, UserId};
use crate::media::{Kind, Media};
use crate::scene::{Audience, Sticker};

/// How long a read may take.
const READ: Duration = Duration::from_secs(60);

/// How long a file may take.
pub(super) const UPLOAD: Duration = Duration::from_secs(600);

/// How long starting may take: the library is read.
const START: Duration = Duration::from_secs(60);

/// A login asks several times, and a person for a code.
const LOGIN: Duration = Duration::from_secs(900);

/// What the process waits longer than for an answer of its own.
const SLACK: Duration = Duration::from_secs(10);

/// A process that nobody needed for so long is ended.
const IDLE: Duration = Duration::from_secs(60);

const NOT_SET_UP: &str = "it is not set up in this project: storypress private setup";

/// How a client is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the way was set up: `.storypress/private`.
    pub folder: PathBuf,
    /// The sandbox that stands in for the platform.
    pub sandbox: Option<Url>,
    /// How long the answer to a publish is waited for.
    pub publish_timeout: Duration,
}

/// One account on the private way. Copies share the process.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    session: Session,
    process: AsyncMutex<Option<Process>>,
    /// Counts requests, to know whether it was idle.
    used: AtomicU64,
    /// What was looked up for an upload before its intent.
    prepared: Mutex<HashMap<String, Value>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("session", &self.inner.session)
            .finish_non_exhaustive()
    }
}

/// Gives a code that a login asks for: by `email`, or as `two-factor`.
pub type Ask = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Logs in with name and password: one try. `ask` gives a code where one is asked for.
///
/// # Errors
/// What the platform said, or that nothing was said.
pub async fn login(
    options: &Options,
    username: &str,
    password: &str,
    before: Option<Session>,
    ask: Ask,
) -> Result<Session, Error> {
    let known = before.filter(|session| session.sandbox == sandbox_of(options));
    let mut args = json!({"username": username, "password": password});
    if let Some(session) = known {
        // the same device as before
        args["settings"] = session.settings;
    }
    let (folder, hello) = (options.folder.clone(), hello(options));
    let sandbox = sandbox_of(options);
    let work = move || {
        let mut process = started(&folder, &hello)?;
        let request = Request {
            op: "login",
            args,
            within: LOGIN,
            doing: "log in",
            once: true,
        };
        let given: AskCode<'_> = &*ask;
        process.ask(&request, Some(given))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|_| Err(Error::here("log in", "the work was broken off")))?;
    let strange = || Error::here("log in", "the library told nothing of the login");
    Ok(Session {
        user_id: done["user_id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .ok_or_else(strange)?,
        username: done["username"].as_str().ok_or_else(strange)?.to_owned(),
        sandbox,
        settings: done["settings"].clone(),
    })
}

fn sandbox_of(options: &Options) -> Option<String> {
    let base = options.sandbox.as_ref()?;
    Some(base.as_str().trim_end_matches('/').to_owned())
}

fn hello(options: &Options) -> Request {
    Request {
        op: "hello",
        args: json!({"sandbox": sandbox_of(options), "timeouts_s": [10.0, 120.0]}),
        within: START,
        doing: "start the private way's process",
        once: false,
    }
}

fn started(folder: &Path, hello: &Request) -> Result<Process, Error> {
    if !setup::is_ready(folder) {
        // another worker of the project may have it
        return Err(Error {
            doing: "use the private way",
            cause: Cause::File(NOT_SET_UP.to_owned()),
        });
    }
    let mut process = Process::start(&python_of(folder), folder)?;
    process.ask(hello, None)?;
    Ok(process)
}

impl Client {
    /// An account with its session. Nothing is started and nobody asked.
    ///
    /// # Errors
    /// `Here` where the session is a sandbox's and the platform is meant, or the other way round.
    pub fn new(options: Options, session: Session) -> Result<Self, Error> {
        if session.sandbox != sandbox_of(&options) {
            let said = match &session.sandbox {
                Some(base) => format!(
                    "the login of @{} is of the sandbox {base}",
                    session.username
                ),
                None => format!("the login of @{} is not of this sandbox", session.username),
            };
            return Err(Error::no_login("use the login of the app", said));
        }
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                session,
                process: AsyncMutex::new(None),
                used: AtomicU64::new(0),
                prepared: Mutex::default(),
            }),
        })
    }

    /// Whose it is.
    pub fn user_id(&self) -> &UserId {
        &self.inner.session.user_id
    }

    /// Without the `@`.
    pub fn username(&self) -> &str {
        &self.inner.session.username
    }

    /// Tells two logins apart.
    pub fn mark(&self) -> String {
        let digest = Sha256::digest(self.inner.session.settings.to_string().as_bytes());
        hex::encode(&digest[..6])
    }

    /// Asks the process, which is started where it does not run.
    pub(super) async fn ask(&self, request: Request) -> Result<Value, Error> {
        let number = self.inner.used.fetch_add(1, Ordering::Relaxed) + 1;
        let mut place = self.inner.process.lock().await;
        // taken out: whoever stops waiting in the middle leaves no process with an answer that nobody wants
        let known = place.take();
        let (options, settings) = (
            self.inner.options.clone(),
            self.inner.session.settings.clone(),
        );
        let (doing, once) = (request.doing, request.once);
        let work = move || {
            let mut process = match known {
                Some(process) => process,
                None => {
                    let mut process = started(&options.folder, &hello(&options))?;
                    let load = Request {
                        op: "load",
                        args: json!({ "settings": settings }),
                        within: START,
                        doing: "use the login of the app",
                        once: false,
                    };
                    process.ask(&load, None)?;
                    process
                }
            };
            let answer = process.ask(&request, None);
            let is_lost =
                matches!(&answer, Err(error) if matches!(error.cause, Cause::Lost { .. }));
            Ok((answer, (!is_lost).then_some(process)))
        };
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.unwrap_or_else(|_| {
            // it may have been sent: what is sent once is unsure then, and not surely nothing
            let said = "the work was broken off".to_owned();
            let cause = Cause::Lost { said, once };
            Err(Error { doing, cause })
        });
        let (answer, process) = done?;
        *place = process;
        drop(place);
        self.end_when_idle(number);
        answer
    }

    fn end_when_idle(&self, number: u64) {
        let inner = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let Some(inner) = inner.upgrade() else {
                return;
            };
            let mut place = inner.process.lock().await;
            if inner.used.load(Ordering::Relaxed) == number {
                place.take();
            }
        });
    }

    pub(super) async fn read(
        &self,
        op: &'static str,
        args: Value,
        doing: &'static str,
    ) -> Result<Value, Error> {
        self.ask(Request {
            op,
            args,
            within: READ,
            doing,
            once: false,
        })
        .await
    }

    /// Whether the login holds: the account's name.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn check(&self) -> Result<String, Error> {
        let found = self
            .read("check", json!({}), "ask whose the login is")
            .await?;
        Ok(found["username"].as_str().unwrap_or_default().to_owned())
    }

    /// A name's account id.
    ///
    /// # Errors
    /// `never` for nobody.
    pub async fn find_user(&self, username: &str) -> Result<String, Error> {
        let args = json!({ "username": username });
        let found = self.read("find_user", args, "look up a name").await?;
        Ok(found["user_id"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends a file. Nobody sees it; its id is what a story is made of.
    ///
    /// # Errors
    /// `File` where it is not here; what the platform said.
    pub async fn upload(&self, media: &Media, now: Timestamp) -> Result<ContainerId, Error> {
        let doing = "send the file";
        if !media.path.is_file() {
            let said = format!("{} is not here", media.path.display());
            return Err(Error {
                doing,
                cause: Cause::File(said),
            });
        }
        let kind = kind_of(media);
        // a picture's is ours; a film's is the library's, and comes back
        let id = (media.kind == Kind::Image).then(|| upload_id(now));
        let args = json!({"path": media.path, "kind": kind, "upload_id": id});
        let request = Request {
            op: "upload",
            args,
            within: UPLOAD,
            doing,
            once: false,
        };
        let found = self.ask(request).await?;
        let id = found["upload_id"].as_str().and_then(|id| id.parse().ok());
        id.ok_or_else(|| Error::here(doing, "the library told no upload id"))
    }

    /// Looks up what the form of a story needs: names, places, whether a link is taken. Before the intent is written.
    ///
    /// # Errors
    /// `never` for nobody, no place, a link that is refused.
    pub async fn prepare(
        &self,
        upload: &ContainerId,
        stickers: &[Sticker],
        audience: Option<Audience>,
    ) -> Result<(), Error> {
        let doing = "look up what the stickers name";
        let asked = form::questions(stickers);
        let mut answers = Answers::default();
        for name in asked.users {
            let id = self.find_user(&name).await?;
            answers.users.insert(name, id);
        }
        for pk in asked.places {
            let found = self.read("find_place", json!({ "pk": pk }), doing).await?;
            let id = found["location_id"].as_str().unwrap_or_default().to_owned();
            answers.places.insert(pk, id);
        }
        for url in asked.links {
            self.read(
                "check_link",
                json!({ "url": url }),
                "put the link into a story",
            )
            .await?;
        }
        let form =
            form::form(stickers, audience, &answers).map_err(|said| Error::here(doing, said))?;
        let mut prepared = self.prepared();
        prepared.insert(upload.as_str().to_owned(), form);
        Ok(())
    }

    /// Makes the story of an upload: one call. The intent is written before.
    ///
    /// # Errors
    /// `unsure` wherever it may be live.
    pub async fn configure(&self, upload: &ContainerId, media: &Media) -> Result<StoryId, Error> {
        let doing = "publish";
        let form = self.prepared().remove(upload.as_str());
        let form = form.ok_or_else(|| Error::here(doing, "nothing was looked up for it"))?;
        let timeout = self.inner.options.publish_timeout;
        let args = json!({
            "upload_id": upload.as_str(),
            "kind": kind_of(media),
            "width": media.width,
            "height": media.height,
            "seconds": media.duration_s,
            "form": form,
            "timeout_s": timeout.as_secs_f64(),
        });
        let request = Request {
            op: "configure",
            args,
            within: timeout + SLACK,
            doing,
            once: true,
        };
        let done = self.ask(request).await?;
        let id = done["media_id"].as_str().and_then(|id| id.parse().ok());
        id.ok_or_else(|| Error {
            doing,
            cause: Cause::Lost {
                said: "the answer names no story".into(),
                once: true,
            },
        })
    }

    fn prepared(&self) -> std::sync::MutexGuard<'_, HashMap<String, Value>> {
        let prepared = &self.inner.prepared;
        prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kind_of(media: &Media) -> &'static str {
    match media.kind {
        Kind::Image => "photo",
        Kind::Video => "video",
    }
}

/// Milliseconds, as the app has them, and never the same twice in a process.
fn upload_id(now: Timestamp) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    // uploads of other processes may be made in the same millisecond
    let wanted = u64::try_from(now.as_millisecond()).unwrap_or(1) * 100
        + u64::from(std::process::id() % 100);
    let last = LAST.fetch_max(wanted, Ordering::Relaxed);
    match last >= wanted {
        true => (LAST.fetch_add(1, Ordering::Relaxed) + 1).to_string(),
        false => wanted.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_ids_differ_within_a_millisecond() {
        let now = Timestamp::now();
        let ids: std::collections::HashSet<_> = (0..50).map(|_| upload_id(now)).collect();
        assert_eq!(ids.len(), 50);
        assert!(ids.iter().all(|id| id.parse::<ContainerId>().is_ok()));
    }
}
