//! A worker as a service: it waits for its database, answers over HTTP, and tells systemd how it is.
//!
//! In: an address to answer at, the environment that systemd sets. Out: a worker that works until it is stopped.
//! Never: a port that is opened after work began, a word to systemd that the loop does not back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sd_notify::NotifyState;

use super::error::{Doing, Error};
use super::listen::{AtWork, Listening, STILL, Watched, listen};
use super::open::{Publisher, Target};
use super::tokens;
use crate::pipeline::Event;
use crate::platform::{Cancel, QUOTA_WINDOW};
use crate::project::Project;
use crate::store::{Filter, Store};

/// The longest pause before a database is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often it is looked whether something is to be done or told.
const GLANCE: Duration = Duration::from_millis(200);

/// How often tokens are looked at.
const TOKENS: Duration = Duration::from_secs(60);

/// How often quotas are read for those who ask for numbers.
const QUOTAS: Duration = Duration::from_secs(900);

/// So much longer than to the next word systemd waits for a start.
const EXTENSION: Duration = Duration::from_secs(60);

/// A worker's life beside its work.
#[derive(Debug)]
pub struct Service {
    watched: Arc<Watched>,
    listening: Option<Listening>,
}

impl Service {
    /// Opens the port, if one is asked for, before anything else is done.
    ///
    /// # Errors
    /// `Refused` where `address` is none, or its port cannot be had.
    pub async fn start(address: Option<&str>) -> Result<Self, Error> {
        let watched = Arc::<Watched>::default();
        watched.opening.turn();
        let listening = match address {
            Some(address) => Some(listen(address, watched.clone()).await?),
            None => None,
        };
        Ok(Self { watched, listening })
    }

    /// Where it answers: `http://127.0.0.1:9464`.
    pub fn url(&self) -> Option<String> {
        let listening = self.listening.as_ref()?;
        Some(format!("http://{}", listening.address))
    }

    /// Opens every account of the project. A database that cannot be reached is waited for, with growing pauses; `told`
    /// hears of that once, and once when it is there. None when the call was stopped meanwhile.
    ///
    /// # Errors
    /// As [`Publisher::open_all`]; a database that does not let us in, or is not ours, at once.
    pub async fn open(
        &self,
        project: &Project,
        target: &Target,
        stop: &Cancel,
        told: impl Fn(&str),
    ) -> Result<Option<Publisher>, Error> {
        let opening = async {
            let store = match project.store_url.is_server() {
                true => match wait_for(project, stop, &told).await? {
                    Some(store) => Some(store),
                    None => return Ok(None),
                },
                // a file is there at once, or never; none is made before the call is known to be good
                false => None,
            };
            let mut publisher = Publisher::open_with(project, target, stop, store).await?;
            let now = publisher.driver.now();
            let open = publisher.renewal.all().into_iter();
            let notes = open.filter_map(|(_, found)| tokens::note(&found, now));
            publisher.notes.extend(notes);
            Ok(Some(publisher))
        };
        tokio::select! {
            opened = opening => opened,
            () = self.keep_opening() => Ok(None),
        }
    }

    /// Says that it is still at it, for as long as it is.
    async fn keep_opening(&self) {
        let micros = u32::try_from(EXTENSION.as_micros()).unwrap_or(u32::MAX);
        loop {
            self.watched.opening.turn();
            tell(&[NotifyState::ExtendTimeoutUsec(micros)]);
            tokio::time::sleep(EXTENSION / 6).await;
        }
    }
}

/// The store on its server, as soon as that answers; none when the call was stopped before.
async fn wait_for(
    project: &Project,
    stop: &Cancel,
    told: &impl Fn(&str),
) -> Result<Option<Store>, Error> {
    let (url, root) = (project.store_url.as_str(), project.root.as_path());
    let mut pause = Duration::from_secs(1);
    let mut is_told = false;
    loop {
        let error = match Store::open(url, root).await {
            Ok(store) => {
                if is_told {
                    told("the store can be reached");
                }
                return Ok(Some(store));
            }
            Err(error) if error.is_passing() => error,
            Err(error) => {
                return Err(error).doing(format!("cannot open the store {:?}", project.store_url));
            }
        };
        if !is_told {
            is_told = true;
            told(&format!("{error}; it is waited for"));
            tell(&[NotifyState::Status("waiting for the database")]);
        }
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if stop.is_stopped() {
                return Ok(None);
            }
            tokio::time::sleep(GLANCE).await;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Publisher {
    /// Works on so many stories at a time until the call is stopped: looks after tokens meanwhile, and lets `service`
    /// tell how it goes.
    ///
    /// # Errors
    /// As [`Publisher::work`].
    pub async fn serve(
        &self,
        service: &Service,
        jobs: usize,
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        service.watched.begins(AtWork {
            driver: self.driver.clone(),
            known: self.known.clone(),
            names: self.names.clone(),
        });
        let over = Cancel::default();
        let working = async {
            let done = self.work(jobs, told).await;
            over.stop();
            done
        };
        let is_asked = service.listening.is_some();
        let (done, (), ()) = tokio::join!(
            working,
            self.care(is_asked, &over),
            self.tell_systemd(&over),
        );
        done
    }

    /// What a worker does beside its stories, once: the tokens, and the numbers that are due.
    ///
    /// # Errors
    /// What the store says.
    pub async fn look_after(&self) -> Result<(), Error> {
        self.care_for_tokens().await;
        let live = Filter {
            states: vec!["live".to_owned()],
            ..Filter::default()
        };
        let now = self.driver.now();
        for story in self.store.list(&live).await? {
            let is_due = story.wake <= now && self.rooms.contains_key(&story.account);
            if is_due && !self.driver.is_stopped() {
                self.look(&story.key).await?;
            }
        }
        Ok(())
    }

    /// What is done now and then beside the stories. A token that is being renewed is seen through to its file.
    async fn care(&self, with_quotas: bool, over: &Cancel) {
        let (mut tokens, mut quotas): (Option<Instant>, Option<Instant>) = (None, None);
        let is_due = |last: Option<Instant>, pause| last.is_none_or(|at| at.elapsed() > pause);
        while !over.is_stopped() && !self.driver.is_stopped() {
            if is_due(tokens, TOKENS) {
                tokens = Some(Instant::now());
                self.care_for_tokens().await;
            }
            if with_quotas && is_due(quotas, QUOTAS) {
                quotas = Some(Instant::now());
                self.read_quotas(over).await;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Until the work is over, or is to end.
    async fn ends(&self, over: &Cancel) {
        while !over.is_stopped() && !self.driver.is_stopped() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Reads what is left of each account's day. What cannot be read stays as it was.
    async fn read_quotas(&self, over: &Cancel) {
        for key in self.driver.accounts() {
            let Some(rooms) = self.driver.rooms(&key) else {
                continue;
            };
            let quota = tokio::select! {
                quota = rooms.platform.quota() => quota,
                () = self.ends(over) => return,
            };
            let Ok(quota) = quota else {
                continue;
            };
            let now = self.driver.now();
            let since = now.checked_sub(QUOTA_WINDOW).unwrap_or(Timestamp::MIN);
            if let Ok(sendings) = self.store.sent_between(&key, since, now).await {
                self.known.quota(&key, quota, sendings.sent, now);
            }
        }
    }

    /// Ready when the loop has gone round once, a sign of life while it turns, and when it comes to its end.
    async fn tell_systemd(&self, over: &Cancel) {
        let every = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        let mut names: Vec<_> = self.names.values().cloned().collect();
        names.sort();
        let status = format!("working for {}", names.join(", ")).replace(char::is_control, " ");
        let (mut is_ready, mut is_stopping) = (false, false);
        let mut alive: Option<Instant> = None;
        while !over.is_stopped() {
            if !is_ready && self.driver.pulse().has_turned() {
                is_ready = true;
                tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
            }
            if !is_stopping && self.driver.is_stopped() {
                is_stopping = true;
                tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
            }
            if let Some(every) = every
                && alive.is_none_or(|at| at.elapsed() >= every.saturating_sub(GLANCE))
                && self.driver.pulse().still_for() < STILL
            {
                alive = Some(Instant::now());
                tell(&[NotifyState::Watchdog]);
            }
            let pause = every.map_or(GLANCE, |every| (every / 4).min(GLANCE));
            tokio::time::sleep(pause).await;
        }
        if !is_stopping {
            tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
        }
    }
}

/// Says something to systemd, where it listens.
fn tell(said: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(said) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
