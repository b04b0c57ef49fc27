//! Keeps stories moving: the queue says which one is due, the driver takes it as far as it goes.
//!
//! In: the keys of stories, or none. Out: when all of them rest, or when it is told to stop.
//! Never: a story's truth in a job: a job says only "look at this one".

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::store::{self, Step, StoryKey};

use super::{Driven, Driver, Event, after};

/// What is looked for that somebody else may have done.
const GLANCE: Duration = Duration::from_millis(500);

/// How often the accounts' tokens and stops are looked at.
const ACCOUNTS: Duration = Duration::from_secs(5);

/// How often a worker says that it is there.
const BEAT: Duration = Duration::from_secs(15);

/// How long a call that somebody waits for bears a store that fails: a server may restart, a file hardly gets better. A
/// full disk it does not bear at all.
const SERVER_PATIENCE: Duration = Duration::from_secs(60);
const FILE_PATIENCE: Duration = Duration::from_secs(5);

/// The longest pause between two tries on a store that fails.
const PAUSE: Duration = Duration::from_secs(30);

/// Keeps stories moving.
#[derive(Debug)]
pub struct Runner {
    driver: Arc<Driver>,
    concurrency: usize,
}

/// Who waits for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Somebody at a terminal.
    Call,
    /// Nobody: it works through whatever the night brings.
    Worker,
}

/// What the jobs of a run share.
struct Shared {
    driver: Arc<Driver>,
    wait: Wait,
    /// Rings when a story came to rest, and when the store failed for good.
    rang: Notify,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    since: Option<Instant>,
    count: u32,
    last: Option<store::Error>,
}

impl Runner {
    /// So many stories at the same time.
    pub fn new(driver: Arc<Driver>, concurrency: usize) -> Self {
        Self {
            driver,
            concurrency,
        }
    }

    /// Works until each of `keys` rests or its account is stopped, or the driver is stopped; tells what happens here.
    ///
    /// # Errors
    /// When the store fails for a while, or its disk is full. The stories stand where they stood.
    pub async fn until_rest(
        &self,
        keys: &[StoryKey],
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<(), store::Error> {
        self.driver.report_to(told);
        let shared = self.shared(Wait::Call);
        for key in keys {
            self.driver.store().push(key, self.driver.now()).await?;
        }
        let done = Self::all_rest(shared.clone(), keys.to_vec());
        self.go(shared, done).await
    }

    /// Works until the driver is stopped, also through a time in which the store cannot be reached.
    ///
    /// # Errors
    /// None that it does not outlast, but of what the database says when it is opened anew.
    pub async fn until_stopped(
        &self,
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<(), store::Error> {
        self.driver.report_to(told);
        let shared = self.shared(Wait::Worker);
        let stopped = Self::stopped(shared.clone());
        let done = self.go(shared, stopped).await;
        // who cannot say so is missed within a minute
        let _ = self.driver.store().leave_work().await;
        done
    }

    fn shared(&self, wait: Wait) -> Arc<Shared> {
        Arc::new(Shared {
            driver: self.driver.clone(),
            wait,
            rang: Notify::new(),
            failures: Mutex::default(),
        })
    }

    async fn go(
        &self,
        shared: Arc<Shared>,
        done: impl Future<Output = Result<(), store::Error>> + Send + 'static,
    ) -> Result<(), store::Error> {
        let (send, outcome) = tokio::sync::oneshot::channel();
        let stop = async move {
            // nobody waits for it when the queue ended first
            let _ = send.send(done.await);
        };
        let patience = match shared.wait {
            Wait::Call => Some(shared.patience()),
            Wait::Worker => None,
        };
        let jobs = shared.clone();
        let work = move |key: StoryKey| {
            let shared = jobs.clone();
            async move { shared.job(key).await }
        };
        self.driver
            .store()
            .work(self.concurrency, patience, stop, work)
            .await?;
        outcome.await.unwrap_or(Ok(()))
    }

    async fn all_rest(shared: Arc<Shared>, keys: Vec<StoryKey>) -> Result<(), store::Error> {
        let mut left: HashSet<StoryKey> = keys.into_iter().collect();
        let mut looked = Instant::now();
        loop {
            let rang = shared.rang.notified();
            match shared.still_in_flight(&left).await {
                Ok(still) => left = still,
                Err(error) => {
                    shared.failed(error);
                }
            }
            if left.is_empty() || shared.driver.is_stopped() {
                return Ok(());
            }
            shared.check()?;
            if looked.elapsed() > ACCOUNTS {
                looked = Instant::now();
                let _ = shared.driver.look_at_accounts().await;
            }
            let _ = tokio::time::timeout(GLANCE, rang).await;
        }
    }

    async fn stopped(shared: Arc<Shared>) -> Result<(), store::Error> {
        let (mut looked, mut beat): (Option<Instant>, Option<Instant>) = (None, None);
        let is_over = |last: Option<Instant>, pause| last.is_none_or(|at| at.elapsed() > pause);
        while !shared.driver.is_stopped() {
            shared.driver.pulse().turn();
            if is_over(beat, BEAT) {
                beat = Some(Instant::now());
                let accounts = shared.driver.accounts();
                // who is alive is told by the real time, whatever the stories go by
                let now = Timestamp::now();
                if let Err(error) = shared.driver.store().beat(&accounts, now).await {
                    tracing::debug!(%error, "the worker could not say that it is there");
                }
            }
            if is_over(looked, ACCOUNTS) {
                looked = Some(Instant::now());
                if let Err(error) = shared.driver.look_at_accounts().await {
                    tracing::debug!(%error, "the accounts could not be looked at");
                }
            }
            tokio::time::sleep(GLANCE / 2).await;
        }
        Ok(())
    }
}

impl Shared {
    /// One look at one story; when to look again.
    async fn job(&self, key: StoryKey) -> Option<Timestamp> {
        let now = self.driver.now();
        let driven = match self.driver.drive(&key).await {
            Ok(driven) => driven,
            // somebody else has it now
            Err(store::Error::Lost) => return None,
            Err(error) => {
                let pause = self.failed(error);
                return Some(after(now, pause));
            }
        };
        self.succeeded();
        match driven {
            Driven::Later(then) => Some(then),
            Driven::Sleeps => None,
            Driven::Rests(story) => {
                self.driver.tell(Event::Rests(&story));
                self.rang.notify_waiters();
                None
            }
        }
    }

    /// Those of them that do not rest yet, and whose account is not stopped.
    async fn still_in_flight(
        &self,
        keys: &HashSet<StoryKey>,
    ) -> Result<HashSet<StoryKey>, store::Error> {
        let mut left = HashSet::new();
        let mut is_stopped: HashMap<String, bool> = HashMap::new();
        let now = self.driver.now();
        for key in keys {
            let story = self.driver.store().get(key).await?;
            if !story.step.is_in_flight() {
                continue;
            }
            if !is_stopped.contains_key(&story.account) {
                let account = self.driver.store().account(&story.account).await?;
                let is_on = account.stop.is_some_and(|stop| stop.is_on(now));
                is_stopped.insert(story.account.clone(), is_on);
            }
            let is_watched = matches!(story.step, Step::Publishing { .. });
            if is_watched || !is_stopped[&story.account] {
                left.insert(key.clone());
            }
        }
        Ok(left)
    }

    fn patience(&self) -> Duration {
        match self.driver.store().is_shared() {
            true => SERVER_PATIENCE,
            false => FILE_PATIENCE,
        }
    }

    /// The store failed: how long to wait before the next try.
    fn failed(&self, error: store::Error) -> Duration {
        let mut failures = self.failures();
        let since = *failures.since.get_or_insert_with(Instant::now);
        // told once, and again while it lasts, but not by every story
        if failures.count.is_power_of_two() || failures.count == 0 {
            tracing::warn!(%error, "the store failed; it is tried again");
        }
        failures.count = failures.count.saturating_add(1);
        let is_over = since.elapsed() > self.patience() || matches!(error, store::Error::Full);
        if self.wait == Wait::Call && is_over {
            failures.last = Some(error);
            self.rang.notify_waiters();
        }
        Duration::from_secs(1 << failures.count.min(5)).min(PAUSE)
    }

    fn succeeded(&self) {
        let mut failures = self.failures();
        (failures.since, failures.count) = (None, 0);
    }

    fn check(&self) -> Result<(), store::Error> {
        self.failures().last.take().map_or(Ok(()), Err)
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
