//! Runs due work: fetches jobs through apalis, sleeps their last second, and hands stories to whoever moves them.
//!
//! In: jobs. Out: calls of the handler, each under the count of workers that ended over the story.
//! Never: a decision on a story, but to stop one that kills whoever touches it.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use apalis::prelude::{BackendExt, BoxDynError, Service, Task, WorkerBuilder};
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::audit::Note;
use super::db::{Db, Keep, values};
use super::later;
use super::queue::{GRACE, Job, NAME};
use super::{Claim, Error, Hold, Step, Store, StoryKey};

/// apalis looks for due jobs that often; a job that we made ourselves is seen at once.
const POLL: Duration = Duration::from_millis(100);

/// A worker that is not heard of for five of these has ended, and its jobs are given to others.
const HEARTBEAT: Duration = Duration::from_secs(1);
const MISSED: usize = 5;

/// Jobs of the present second that may wait in memory beside those at work.
const WAITING: usize = 64;

/// How often jobs that were lost, and processes that are gone, are looked for.
const MEND: Duration = Duration::from_secs(3);

/// How often it is looked for jobs whose time has come by a clock that is not the real one.
const PACE: Duration = Duration::from_millis(100);

/// So many workers may end over a story without a step forward before people have to look at it.
const CRASHES: i64 = 5;

/// A handler that panics is called again after that.
const AFTER_PANIC: SignedDuration = SignedDuration::from_secs(60);

/// A job that could not be served for its database's sake is tried again after that.
const AFTER_ERROR: Duration = Duration::from_secs(2);

/// Connections of the queue itself, beside those of the work: it fetches, and tells that it lives.
const QUEUE_CONNECTIONS: u32 = 3;

/// How long the end of the queue's connections is waited for; they end all the same.
const CLOSING: Duration = Duration::from_secs(2);

/// The longest pause before the queue is started anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl Store {
    /// Runs due work until `stop` is done; what is at work then is finished first.
    ///
    /// `handler` is called with a story that wants to be looked at, at most `concurrency` at a time, and says when to
    /// look again; `None` is never, or that somebody else has said when. It claims the story itself: in rare cases two
    /// calls for a story overlap. Any number of workers may run on a store, in one process or in many.
    ///
    /// A story over which several workers have ended without a step forward is not handed out any more: it is saved
    /// as failed, or as uncertain if it may have gone out.
    ///
    /// # Errors
    /// `Full` at once; else when the database cannot be worked with for as long as `patience` says. Without it neither:
    /// what fails is tried again with growing pauses.
    pub async fn work<H, F>(
        &self,
        concurrency: usize,
        patience: Option<Duration>,
        stop: impl Future<Output = ()>,
        handler: H,
    ) -> Result<(), Error>
    where
        H: Fn(StoryKey) -> F + Send + Sync + 'static,
        F: Future<Output = Option<Timestamp>> + Send + 'static,
    {
        let concurrency = concurrency.max(1);
        let (end, ended) = watch::channel(false);
        let desk = Desk {
            hands: Arc::new(Hands {
                store: self.clone(),
                handler: Box::new(move |key| handler(key).boxed()),
                free: Semaphore::new(concurrency),
                here: Mutex::default(),
                ended: ended.clone(),
            }),
            room: Arc::new(Semaphore::new(concurrency + WAITING)),
            place: None,
            asking: None,
        };
        let stopping = async {
            stop.await;
            end.send_replace(true);
        };
        let mending = keep_mending(self, ended.clone());
        let working = keep_working(desk, concurrency, patience, ended);
        let (outcome, (), ()) = tokio::join!(
            async {
                let outcome = working.await;
                end.send_replace(true);
                outcome
            },
            async {
                // the worker may end first, by an error
                tokio::select! {
                    () = stopping => {}
                    () = is_true(end.subscribe()) => {}
                }
            },
            mending,
        );
        outcome
    }

    /// Writes something that changes nothing, to see whether it can be done.
    async fn try_to_write(&self) -> Result<(), Error> {
        self.db
            .change(Keep::Now, |conn| {
                async move {
                    let sql = "UPDATE storypress_schema SET number = number";
                    conn.run(sql, &[]).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Notes that another worker ended over the story; how many since it was last saved.
    async fn count_crash(&self, key: &StoryKey) -> Result<i64, Error> {
        let key = key.clone();
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    let sql = "UPDATE stories SET crashes = crashes + 1 WHERE key = $1
                        RETURNING crashes";
                    let row = conn.row(sql, values![key.0.as_str()]).await?;
                    row.map_or(Ok(0), |row| row.int(0))
                }
                .boxed()
            })
            .await
    }

    /// Puts a story to rest that ends every worker. When to try again, if somebody holds it.
    async fn give_up(&self, key: &StoryKey) -> Result<Option<Timestamp>, Error> {
        let now = self.clock.now();
        let claimed = match self.claim(key, now, SignedDuration::from_secs(30)).await? {
            Claim::Mine(claimed) => claimed,
            Claim::Held(until) => return Ok(Some(until)),
        };
        let why = format!("the work on it broke off {CRASHES} times");
        let mut story = claimed.story.clone();
        story.trouble = Some(why.clone());
        story.step = match story.step {
            Step::Publishing { url, intent } => Step::Uncertain { intent, url, why },
            step if step.is_in_flight() => Step::Failed { why },
            rests => {
                story.step = rests;
                self.release(&claimed, now).await?;
                return Ok(None);
            }
        };
        let note = Note::new("given up");
        self.save(&claimed, &story, &note, Hold::Off, now).await?;
        Ok(None)
    }
}

/// Until it is true, or nobody can say so any more.
async fn is_true(mut flag: watch::Receiver<bool>) {
    let _ = flag.wait_for(|is| *is).await;
}

/// Takes jobs from apalis, only as many as it has room for.
struct Desk {
    hands: Arc<Hands>,
    /// One for each job that may be here.
    room: Arc<Semaphore>,
    /// Room for the next job.
    place: Option<OwnedSemaphorePermit>,
    /// The question for it.
    asking: Option<BoxFuture<'static, Option<OwnedSemaphorePermit>>>,
}

impl Desk {
    /// For another worker.
    fn another(&self) -> Self {
        Self {
            hands: self.hands.clone(),
            room: self.room.clone(),
            place: None,
            asking: None,
        }
    }
}

/// Those who do the work.
struct Hands {
    store: Store,
    handler: Box<dyn Fn(StoryKey) -> BoxFuture<'static, Option<Timestamp>> + Send + Sync>,
    /// One for each handler that may run.
    free: Semaphore,
    /// The jobs that were taken and are not done.
    here: Mutex<HashSet<String>>,
    ended: watch::Receiver<bool>,
}

impl Service<Task<Job>> for Desk {
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        if self.place.is_some() {
            return Poll::Ready(Ok(()));
        }
        let room = &self.room;
        let asking = self.asking.get_or_insert_with(|| {
            let room = room.clone();
            async move { room.acquire_owned().await.ok() }.boxed()
        });
        let Poll::Ready(place) = asking.poll_unpin(cx) else {
            return Poll::Pending;
        };
        self.asking = None;
        self.place = place;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<Job>) -> Self::Future {
        let place = self.place.take();
        let hands = self.hands.clone();
        let id = task.task_id().map(ToString::to_string).unwrap_or_default();
        // the first time it is 1 by the time this runs; before that, 0
        let is_takeover = task.attempt() > 0;
        hands.jobs_here().insert(id.clone());
        // a task of its own: it does not keep apalis from its heartbeat, and does not end with apalis' worker
        let work = tokio::spawn(async move {
            hands.serve_well(&task.args, &id, is_takeover).await;
            hands.jobs_here().remove(&id);
            drop(place);
        });
        async move { Ok(work.await?) }.boxed()
    }
}

impl Hands {
    /// Serves a job, again and again while the database fails: nobody else will look at it.
    async fn serve_well(&self, job: &Job, id: &str, is_takeover: bool) {
        while let Err(error) = self.serve(job, id, is_takeover).await {
            tracing::debug!(story = %job.key, %error, "a job could not be served");
            tokio::select! {
                () = tokio::time::sleep(AFTER_ERROR) => {}
                () = is_true(self.ended.clone()) => return,
            }
        }
    }

    async fn serve(&self, job: &Job, id: &str, is_takeover: bool) -> Result<(), Error> {
        let at = Timestamp::from_millisecond(job.at).unwrap_or_default();
        let wait = self.store.clock.until(at);
        let turn = async {
            tokio::time::sleep(wait).await;
            self.free.acquire().await.ok()
        };
        let hand = tokio::select! {
            biased;
            () = is_true(self.ended.clone()) => None,
            hand = turn => hand,
        };
        let Some(_hand) = hand else {
            // not begun: it is given back
            return Ok(());
        };
        if !self.counts(&job.key, id).await? {
            return self.store.finish(id).await;
        }
        let next = if is_takeover && self.store.count_crash(&job.key).await? > CRASHES {
            self.store.give_up(&job.key).await?
        } else {
            self.call_handler(&job.key).await
        };
        match next {
            Some(at) => self.store.look_again(&job.key, id, at).await,
            None => self.store.finish(id).await,
        }
    }

    /// Whether this is the story's job that counts: a newer one makes all others void.
    async fn counts(&self, key: &StoryKey, id: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM stories WHERE key = $1 AND job = $2";
        let rows = self.store.db.rows(sql, values![key.0.as_str(), id]).await?;
        Ok(!rows.is_empty())
    }

    async fn call_handler(&self, key: &StoryKey) -> Option<Timestamp> {
        // what a handler has broken is its own
        let call = AssertUnwindSafe(async { (self.handler)(key.clone()).await });
        match call.catch_unwind().await {
            Ok(next) => next,
            Err(_) => {
                tracing::error!(story = %key, "the work on a story broke off");
                self.after_panic(key).await
            }
        }
    }

    /// A handler that panics is called again, but not for ever: it counts as a worker that ended over the story.
    async fn after_panic(&self, key: &StoryKey) -> Option<Timestamp> {
        let again = later(self.store.clock.now(), AFTER_PANIC);
        let given_up = async {
            match self.store.count_crash(key).await? >= CRASHES {
                true => self.store.give_up(key).await,
                false => Ok(Some(again)),
            }
        };
        given_up.await.unwrap_or(Some(again))
    }

    /// What was fetched under these names and was not begun is for others; if they cannot be told, they wait for our
    /// heartbeat to end.
    async fn give_back(&self, names: &[String]) {
        for name in names {
            let here = self.jobs_here().clone();
            if let Err(error) = self.store.give_back(name, &here, 0).await {
                tracing::debug!(%error, "jobs could not be given back");
            }
        }
    }

    fn jobs_here(&self) -> MutexGuard<'_, HashSet<String>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one apalis worker after the other: a worker ends with the first error of its database.
async fn keep_working(
    desk: Desk,
    concurrency: usize,
    patience: Option<Duration>,
    ended: watch::Receiver<bool>,
) -> Result<(), Error> {
    let mut failing_since: Option<Instant> = None;
    let mut pause = Duration::from_millis(500);
    let mut names = Vec::new();
    let outcome = loop {
        // a name that was used before is refused
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}/{number}", desk.hands.store.who());
        let started = Instant::now();
        let outcome = run(desk.another(), &name, concurrency, ended.clone()).await;
        names.push(name);
        if *ended.borrow() {
            break Ok(());
        }
        let Err(error) = outcome else {
            continue;
        };
        if started.elapsed() > LONGEST_PAUSE * 3 {
            failing_since = None;
            pause = Duration::from_millis(500);
        }
        // a queue says only that it stopped; a disk that is full does not get emptier by trying
        if patience.is_some()
            && let Err(Error::Full) = desk.hands.store.try_to_write().await
        {
            break Err(Error::Full);
        }
        let failing = failing_since.is_some();
        match failing {
            false => tracing::warn!(%error, "the queue starts anew"),
            true => tracing::debug!(%error, "the queue starts anew"),
        }
        let since = *failing_since.get_or_insert(started);
        if patience.is_some_and(|patience| since.elapsed() > patience) {
            break Err(error);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = is_true(ended.clone()) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        desk.hands.give_back(&names).await;
    };
    // each job has a place: when all are free, none is at work
    let all = u32::try_from(concurrency + WAITING).unwrap_or(u32::MAX);
    let _ = desk.room.acquire_many(all).await;
    desk.hands.give_back(&names).await;
    outcome
}

/// Looks after the queue: jobs that were lost, processes that are gone.
async fn keep_mending(store: &Store, ended: watch::Receiver<bool>) {
    if let Err(error) = store.forget_workers().await {
        tracing::warn!(%error, "workers of former times could not be removed");
    }
    let mut is_failing = false;
    while !*ended.borrow() {
        let mended: Result<(), Error> = async {
            store.bury().await?;
            let before = store.clock.now() - GRACE;
            let count = store.mend(before).await?;
            if count > 0 {
                tracing::debug!(count, "stories had no job");
            }
            Ok(())
        }
        .await;
        // told once, however long it lasts
        match mended {
            Err(error) if !is_failing => {
                tracing::warn!(%error, "the queue could not be looked after");
                is_failing = true;
            }
            mended => is_failing = mended.is_err(),
        }
        tokio::select! {
            () = tokio::time::sleep(MEND) => {}
            () = keep_pace(store) => {}
            () = is_true(ended.clone()) => {}
        }
    }
}

/// Where stories go by a world's clock, apalis, which knows the real time alone, is told of every job whose time has
/// come. Never comes back.
async fn keep_pace(store: &Store) {
    if store.clock.is_real() {
        std::future::pending::<()>().await;
    }
    loop {
        if let Err(error) = store.free_due_jobs(store.clock.now()).await {
            tracing::debug!(%error, "jobs of another time could not be freed");
        }
        tokio::time::sleep(PACE).await;
    }
}

/// When apalis looks for jobs: at a steady pace, and when the bell rings.
fn ticks(store: &Store) -> BoxStream<'static, ()> {
    stream::unfold(store.bell.subscribe(), |mut bell| async move {
        let rung = async {
            if bell.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(POLL, rung).await;
        Some(((), bell))
    })
    .boxed()
}

/// One worker of apalis, until it fails or all is to end. Both kinds are built alike and share no type.
macro_rules! worker {
    ($storage:expr, $desk:expr, $name:expr) => {{
        let ticks = ticks(&$desk.hands.store);
        WorkerBuilder::new($name)
            .backend($storage.poll_with_stream(ticks))
            .build($desk)
            .run()
            .boxed()
    }};
}

async fn run(
    desk: Desk,
    name: &str,
    concurrency: usize,
    ended: watch::Receiver<bool>,
) -> Result<(), Error> {
    let hands = desk.hands.clone();
    let mut own_pool = None;
    // what is fetched is ours, and what is done is removed with the change that ends it: apalis need not write either
    let worker = match &hands.store.db {
        Db::Sqlite { writer, .. } => {
            let config = apalis_sqlite::Config::default()
                .queue(NAME)
                .batch_size(concurrency.min(100))
                .heartbeat_interval(HEARTBEAT)
                .missed_heartbeats(MISSED)
                .lock_tasks(false)
                .persist_results(false);
            let storage = SqliteStorage::<Job>::new(writer).with_config(config);
            worker!(storage, desk, name)
        }
        Db::Postgres(pool) => {
            let config = apalis_postgres::Config::default()
                .queue(NAME)
                .batch_size(concurrency.min(100))
                .heartbeat_interval(HEARTBEAT)
                .missed_heartbeats(MISSED)
                .lock_tasks(false)
                .persist_results(false);
            let pool = own_pool.insert(pool_of_its_own(pool));
            let storage = PostgresStorage::<Job>::new(pool).with_config(config);
            worker!(storage, desk, name)
        }
    };
    // apalis' own way to stop waits for the handlers, while a fetch that it has begun keeps the database locked for
    // them. So it is not asked to stop: it is dropped, and what it held is given back
    let mut workers = JoinSet::new();
    workers.spawn(worker);
    let outcome = tokio::select! {
        ended = workers.join_next() => match ended {
            Some(Ok(Err(error))) => Err(Error::Queue(error.to_string())),
            Some(Err(error)) => Err(Error::Queue(error.to_string())),
            Some(Ok(Ok(()))) | None => Err(Error::Queue("its worker ended".to_owned())),
        },
        () = is_true(ended) => Ok(()),
    };
    workers.shutdown().await;
    if let Some(pool) = own_pool {
        let _ = tokio::time::timeout(CLOSING, pool.close()).await;
    }
    outcome
}

/// Connections that end with one worker of apalis. Where it is dropped between sending BEGIN and its answer, sqlx gives the
/// connection back with the transaction open; what we wrote there later would never be committed.
fn pool_of_its_own(pool: &PgPool) -> PgPool {
    let options = pool.options().clone().max_connections(QUEUE_CONNECTIONS);
    options.connect_lazy_with(pool.connect_options().as_ref().clone())
}
