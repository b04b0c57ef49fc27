//! Keeps stories moving: the queue says which one is due, the driver takes it as far as it goes.
//!
//! In: the keys of stories, or none. Out: when all of them rest, or when it is told to stop.
//! Never: a story's truth in a job: a job says only "look at this one".

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::store::{self, Story, StoryKey};

use super::{Driven, Driver, after};

/// What is looked for that somebody else may have done.
const GLANCE: Duration = Duration::from_millis(500);

/// A store that fails so often in a row has to be looked at; one on a full disk at once.
const PATIENCE: usize = 3;

/// Keeps stories moving.
#[derive(Debug)]
pub struct Runner {
    driver: Arc<Driver>,
    concurrency: usize,
}

/// What the jobs of a run share.
struct Shared<F> {
    driver: Arc<Driver>,
    told: F,
    /// Rings when a story came to rest, and when the store failed for good.
    rang: Notify,
    failures: Mutex<(usize, Option<store::Error>)>,
}

impl Runner {
    /// So many stories at the same time.
    pub fn new(driver: Arc<Driver>, concurrency: usize) -> Self {
        Self {
            driver,
            concurrency,
        }
    }

    /// Works until each of `keys` rests, or the driver is stopped; tells of every story that came to rest here.
    ///
    /// # Errors
    /// When the store fails again and again. The stories stand where they stood.
    pub async fn until_rest(
        &self,
        keys: &[StoryKey],
        told: impl Fn(&Story) + Send + Sync + 'static,
    ) -> Result<(), store::Error> {
        let shared = self.shared(told);
        for key in keys {
            self.driver.store().push(key, self.driver.now()).await?;
        }
        let done = Self::all_rest(shared.clone(), keys.to_vec());
        self.go(shared, done).await
    }

    /// Works until the driver is stopped.
    ///
    /// # Errors
    /// As [`Self::until_rest`].
    pub async fn until_stopped(
        &self,
        told: impl Fn(&Story) + Send + Sync + 'static,
    ) -> Result<(), store::Error> {
        let shared = self.shared(told);
        let stopped = Self::stopped(shared.clone());
        self.go(shared, stopped).await
    }

    fn shared<F: Fn(&Story) + Send + Sync + 'static>(&self, told: F) -> Arc<Shared<F>> {
        Arc::new(Shared {
            driver: self.driver.clone(),
            told,
            rang: Notify::new(),
            failures: Mutex::default(),
        })
    }

    async fn go<F: Fn(&Story) + Send + Sync + 'static>(
        &self,
        shared: Arc<Shared<F>>,
        done: impl Future<Output = Result<(), store::Error>> + Send + 'static,
    ) -> Result<(), store::Error> {
        let (send, outcome) = tokio::sync::oneshot::channel();
        let stop = async move {
            // nobody waits for it when the queue ended first
            let _ = send.send(done.await);
        };
        let jobs = shared.clone();
        let work = move |key: StoryKey| {
            let shared = jobs.clone();
            async move { shared.job(key).await }
        };
        self.driver
            .store()
            .work(self.concurrency, stop, work)
            .await?;
        outcome.await.unwrap_or(Ok(()))
    }

    async fn all_rest<F: Fn(&Story) + Send + Sync>(
        shared: Arc<Shared<F>>,
        keys: Vec<StoryKey>,
    ) -> Result<(), store::Error> {
        let mut left: HashSet<StoryKey> = keys.into_iter().collect();
        loop {
            let rang = shared.rang.notified();
            left = shared.still_in_flight(left).await?;
            if left.is_empty() || shared.driver.is_stopped() {
                return Ok(());
            }
            shared.check()?;
            let _ = tokio::time::timeout(GLANCE, rang).await;
        }
    }

    async fn stopped<F: Fn(&Story) + Send + Sync>(
        shared: Arc<Shared<F>>,
    ) -> Result<(), store::Error> {
        while !shared.driver.is_stopped() {
            shared.check()?;
            tokio::time::sleep(GLANCE / 2).await;
        }
        Ok(())
    }
}

impl<F: Fn(&Story) + Send + Sync> Shared<F> {
    /// One look at one story; when to look again.
    async fn job(&self, key: StoryKey) -> Option<Timestamp> {
        let now = self.driver.now();
        let driven = match self.driver.drive(&key).await {
            Ok(driven) => driven,
            // somebody else has it now
            Err(store::Error::Lost) => return None,
            Err(error) => {
                tracing::warn!(%key, %error, "the store failed");
                self.failed(error);
                return Some(after(now, Duration::from_secs(1)));
            }
        };
        self.succeeded();
        match driven {
            Driven::Later(then) => Some(then),
            Driven::Sleeps => None,
            Driven::Rests(story) => {
                (self.told)(&story);
                self.rang.notify_waiters();
                None
            }
        }
    }

    /// Those of them that do not rest yet.
    async fn still_in_flight(
        &self,
        keys: HashSet<StoryKey>,
    ) -> Result<HashSet<StoryKey>, store::Error> {
        let mut left = HashSet::new();
        for key in keys {
            if self.driver.store().get(&key).await?.step.is_in_flight() {
                left.insert(key);
            }
        }
        Ok(left)
    }

    fn failed(&self, error: store::Error) {
        let mut failures = self
            .failures
            .lock()
            .expect("no thread panics while it holds this");
        failures.0 += 1;
        if failures.0 >= PATIENCE || matches!(error, store::Error::Full) {
            failures.1 = Some(error);
            self.rang.notify_waiters();
        }
    }

    fn succeeded(&self) {
        self.failures
            .lock()
            .expect("no thread panics while it holds this")
            .0 = 0;
    }

    fn check(&self) -> Result<(), store::Error> {
        let mut failures = self
            .failures
            .lock()
            .expect("no thread panics while it holds this");
        failures.1.take().map_or(Ok(()), Err)
    }
}
