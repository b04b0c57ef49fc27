//! The calendar and the memory of a project, as one request finds them.
//!
//! In: a [`Studio`]. Out: rules, slots and stories by the clock that is meant. Never: a store that is made by reading.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use url::Url;

use super::batch::Batch;
use super::batch_against::Of;
use super::problem::Problem;
use super::state::Studio;
use super::template_files;
use crate::calendar::Rule;
use crate::diag::Diagnostic;
use crate::project::{Accounts, Project};
use crate::publisher::{self, Entry, Remembered, SlotError, accounts};
use crate::store::{self, Store, Worker};

/// What one request works with.
#[derive(Debug)]
pub struct Workspace {
    /// The project as its file says now.
    pub project: Arc<Project>,
    /// The rules of its calendar that can be followed.
    pub rules: Vec<Rule>,
    /// What is wrong with the others.
    pub wrong: Vec<Diagnostic>,
    /// Its memory; none where nothing was ever remembered.
    pub store: Option<Store>,
    /// The time that is meant.
    pub now: Timestamp,
    /// The project's zone.
    pub zone: TimeZone,
    /// The sandbox that is meant.
    pub sandbox: Option<Url>,
    /// How many changes of files were told until now.
    pub changes: u64,
}

impl Workspace {
    /// Reads the project and its calendar, and opens its store if there is one.
    ///
    /// # Errors
    /// 422 for a project that cannot be read, 502 for a sandbox that does not answer, 500 for a store that cannot be opened.
    pub async fn open(studio: &Studio) -> Result<Self, Problem> {
        let project = studio.project()?;
        let clock = studio.clock().await?;
        let accounts = match studio.sandbox {
            Some(_) => Accounts::OfSandbox,
            None => Accounts::Own,
        };
        let calendar = project.schedules(accounts);
        let mut told = calendar.told;
        // a call names files from where it was started; nobody knows in a browser where that was
        for found in &mut told {
            found.file = std::path::absolute(&found.file).unwrap_or_default();
        }
        let zone = project.zone().map_err(publisher::Error::from)?;
        let store = publisher::existing_store(&project).await?;
        Ok(Self {
            store: store.map(|store| match studio.sandbox {
                Some(_) => store.clocked(clock.clone()).rehearsing(),
                None => store,
            }),
            now: clock.now(),
            zone,
            rules: calendar.rules,
            wrong: template_files::local(&told, &project),
            sandbox: studio.sandbox.clone(),
            changes: studio.changes.count(),
            project,
        })
    }

    /// The same with a store, which is made where there is none: for what decides, once it is known that there is something to
    /// decide about.
    ///
    /// # Errors
    /// 502 for a sandbox that does not answer, 500 for a store that cannot be made.
    pub async fn with_store(mut self, studio: &Studio) -> Result<Self, Problem> {
        if self.store.is_none() {
            let store = publisher::open_store(&self.project).await?;
            self.store = Some(match studio.sandbox {
                Some(_) => store.clocked(studio.clock().await?).rehearsing(),
                None => store,
            });
        }
        Ok(self)
    }

    /// The store of a workspace that decides.
    ///
    /// # Errors
    /// 409 where there is none.
    pub fn store(&self) -> Result<&Store, Problem> {
        let none = || Problem::conflict("nothing was ever planned or published in this project");
        self.store.as_ref().ok_or_else(none)
    }

    /// What the store remembers of the calendar.
    ///
    /// # Errors
    /// 500 with what the store says.
    pub async fn remembered(&self) -> Result<Remembered, Problem> {
        let store = self.store.as_ref();
        Ok(Remembered::of(&self.project, &self.rules, store, self.now).await?)
    }

    /// The slots of these days, both included, in the project's zone.
    ///
    /// # Errors
    /// 500 with what the store says; 422 where the days cannot be had.
    pub async fn agenda(&self, from: Date, to: Date) -> Result<Vec<Entry>, Problem> {
        let start = self.midnight(from)?;
        let end = self.midnight(to.checked_add(1.day()).map_err(Problem::invalid_time)?)?;
        let kept = self.remembered().await?;
        Ok(publisher::agenda(&self.project, &self.rules, &kept, (start, end)).await)
    }

    /// One slot.
    ///
    /// # Errors
    /// 404 where nobody has it; 500 with what the store says.
    pub async fn entry(&self, id: &str) -> Result<Entry, Problem> {
        let kept = self.remembered().await?;
        let found = publisher::entry(&self.project, &self.rules, &kept, id).await;
        found.ok_or_else(|| Problem::not_found(format!("no slot `{id}`")))
    }

    /// The rule of a slot.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The day that it is.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// A time to come.
    ///
    /// # Errors
    /// 422 where it cannot be read, or is past.
    pub fn moment(&self, text: &str) -> Result<Timestamp, Problem> {
        let at = self.project.moment(text).map_err(Problem::invalid_time)?;
        match at.timestamp() {
            at if at > self.now => Ok(at),
            at => Err(Problem::invalid(format!("{at:.0} is past"))),
        }
    }

    /// The name of the project's zone.
    pub fn zone_name(&self) -> String {
        let offset = || self.zone.to_offset(self.now).to_string();
        self.zone.iana_name().map_or_else(offset, str::to_owned)
    }

    /// A day's first instant in the project's zone.
    fn midnight(&self, day: Date) -> Result<Timestamp, Problem> {
        let start = day.to_zoned(self.zone.clone());
        start
            .map(|at| at.timestamp())
            .map_err(Problem::invalid_time)
    }

    /// How stories name an account of the project.
    ///
    /// # Errors
    /// 404 where the project has no such account.
    pub async fn account_key(&self, name: &str) -> Result<String, Problem> {
        let is_known = self
            .project
            .accounts
            .iter()
            .any(|account| account.name == name);
        if !is_known && self.sandbox.is_none() {
            return Err(Problem::not_found(format!("no account `{name}`")));
        }
        let key = accounts::key_of(&self.project, Some(name), self.sandbox.as_ref()).await;
        key.map_err(|error| match error {
            publisher::Error::Refused(_) if !is_known => {
                Problem::not_found(format!("no account `{name}`"))
            }
            error => error.into(),
        })
    }

    /// Who was at work in the last minute.
    ///
    /// # Errors
    /// 500 with what the store says.
    pub async fn workers(&self) -> Result<Vec<Worker>, Problem> {
        match &self.store {
            // who is at work is told by the real time
            Some(store) => {
                let since = Timestamp::now() - SignedDuration::from_secs(60);
                Ok(store.workers(since).await?)
            }
            None => Ok(Vec::new()),
        }
    }

    /// A batch by its name; one that was closed with a studio is opened again.
    ///
    /// # Errors
    /// 404 where it is kept no longer; 422 where its templates or data are gone.
    pub async fn batch(studio: &Studio, id: &str) -> Result<Arc<Batch>, Problem> {
        if let Some(batch) = studio.batches.opened(id) {
            return Ok(batch);
        }
        let work = Self::open(studio).await?;
        let batch = studio.batches.get(&work.of_batch(studio), id).await;
        work.close().await;
        batch
    }

    /// As a batch takes it.
    pub fn of_batch<'a>(&'a self, studio: &'a Studio) -> Of<'a> {
        Of {
            project: &self.project,
            store: self.store.as_ref(),
            now: self.now,
            previewer: &studio.previewer,
        }
    }

    /// Lets go of the store.
    pub async fn close(self) {
        if let Some(store) = self.store {
            store.close().await;
        }
    }
}

impl Problem {
    /// 422: no such time.
    pub fn invalid_time(error: impl std::fmt::Display) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<publisher::Error> for Problem {
    fn from(error: publisher::Error) -> Self {
        match error {
            publisher::Error::Refused(why) => Self::conflict(why),
            publisher::Error::Time(why) => Self::invalid_time(why),
            publisher::Error::Store(why) => why.into(),
            error => Self::internal(publisher::chain(&error)),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Self::internal(publisher::chain(&error))
    }
}

impl From<SlotError> for Problem {
    fn from(error: SlotError) -> Self {
        match error {
            SlotError::Unknown(id) => Self::not_found(format!("no slot `{id}`")),
            SlotError::State(why) => Self::conflict(why),
            SlotError::OtherPicture { ref now, .. } => {
                let picture = serde_json::json!(now);
                Self::stale(error.to_string()).with("sha256", picture)
            }
            SlotError::Other(error) => error.into(),
        }
    }
}
