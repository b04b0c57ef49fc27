//! Durable memory: every story, its step, when it is due, and what was tried.
//!
//! In: a [`Story`]. Out: a [`Story`], and the word of who may move it now. The only room that writes the database.
//! Never: a decision about what comes next, a secret.
//!
//! SQLite for one machine, PostgreSQL for many; the same statements and promises on both:
//!
//! - what [`Store::save`] has saved is on the disk, with its line of the trail;
//! - a story is moved by one worker at a time ([`Store::claim`]); one that was taken over cannot be saved by the former;
//! - an account sends one story at a time, in order, at a distance ([`Store::enter`]);
//! - a story in flight has a job ([`Store::work`]), or gets one again within seconds.

// first: the rooms below build their SQL from its sets
#[macro_use]
mod states;

mod audit;
mod called;
mod claim;
mod db;
mod error;
mod gate;
mod kept;
mod lease;
mod memory;
mod metrics;
mod notices;
mod numbers;
mod open;
mod outbox;
mod process;
mod queue;
mod slot;
mod slot_rows;
mod slot_seen;
mod slots;
mod stop;
mod stories;
mod story;
mod tokens;
mod work;
mod workers;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

pub use audit::{Entry, Note};
pub use called::Called;
pub use error::Error;
pub use gate::{Account, Containers, Gate, Pass, Sendings};
pub use lease::{Claim, Claimed, Hold};
pub use memory::Adopted;
pub use metrics::Gauges;
pub use notices::{NoticeData, NoticeEvent, NoticeKind};
pub use numbers::{POINTS, Point, reached};
pub use outbox::{Addressee, Message, Settled, Undelivered};
pub use slot::{Decision, Picture, Slot, SlotState, place_of};
pub use slots::{EVERY_SCHEDULE, HeldSlot, SchedulePause, SlotFilter};
pub use stop::{Stop, StopCause};
pub use stories::{Added, Filter, Same};
pub use story::{Intent, Outgoing, Place, Step, Story, StoryKey};
pub use workers::Worker;

use crate::platform::{Clock, later};
use db::Db;

/// The memory of all stories. Copies share their connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
    /// Who we are, in the trail and in claims.
    who: Arc<str>,
    /// Told when there may be work that is due.
    bell: Arc<watch::Sender<()>>,
    /// Where finished files are kept.
    media: Arc<Path>,
    /// What the times of stories are meant by.
    clock: Clock,
    /// What happens is told as the rehearsal's that it is.
    is_rehearsal: bool,
}

impl Store {
    /// Opens the store that `url` names, and makes it if it is not there.
    ///
    /// `sqlite:FILE` stands against `root`; folder and file are made for nobody else to read (0700, 0600).
    /// `postgres://…` is a server; everything lies in its schemas `storypress` and `apalis`.
    ///
    /// # Errors
    /// `Address`, `File`, `Network`, `Foreign`, `Emptied`, `Damaged`, `Newer`, `Denied`, `Away`; a password is in none of them.
    pub async fn open(url: &str, root: &Path) -> Result<Self, Error> {
        Ok(Self {
            db: open::open(url, root).await?,
            who: process::this().into(),
            bell: Arc::new(watch::Sender::new(())),
            media: open::media(url, root).into(),
            clock: Clock::default(),
            is_rehearsal: false,
        })
    }

    /// The same memory, whose stories go by another clock.
    pub fn clocked(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What its stories go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The same store for work with a sandbox: what happens there is told to nobody outside of the rehearsal.
    pub fn rehearsing(self) -> Self {
        Self {
            is_rehearsal: true,
            ..self
        }
    }

    /// Closes every connection; on SQLite the log of changes goes into the file, which is then whole by itself.
    ///
    /// Copies of this store can do nothing any more. Whoever does not close loses nothing, but leaves a log behind.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Workers of many machines share it.
    pub fn is_shared(&self) -> bool {
        matches!(self.db, Db::Postgres(_))
    }

    /// What happens here is of a rehearsal.
    pub fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    /// Who we are, as the trail has it: machine, process, and when it began.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// There may be work.
    fn ring(&self) {
        self.bell.send_replace(());
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the pools know passwords
        let kind = match self.db {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgres",
        };
        f.debug_struct("Store").field("kind", &kind).finish()
    }
}
