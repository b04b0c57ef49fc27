//! What people and programs decide about slots, stories and pauses.
//!
//! In: who decides what. Out: how it is then. Never: a second story of a slot, or another way than the publisher's.

use std::time::Duration;

use super::problem::Problem;
use super::state::Studio;
use super::workspace::Workspace;
use crate::graph::StoryId;
use crate::publisher::{self, Entry, Publisher, SlotError, accounts};
use crate::store::{EVERY_SCHEDULE, SchedulePause, Stop, Store, Story, StoryKey};

/// How long telling people of a decision is waited for; the rest is a worker's.
const NOTICES: Duration = Duration::from_secs(2);

/// What is decided about a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This picture may go out.
    Approve {
        /// The picture that was looked at.
        sha256: String,
    },
    /// It does not go out.
    Reject {
        /// The picture that was looked at, where that is known.
        sha256: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Nothing goes out in that slot.
    Skip {
        /// Why.
        reason: Option<String>,
    },
    /// It goes out at another time.
    Move {
        /// A date and time, in the project's zone or with one of its own.
        to: String,
    },
    /// It goes out now.
    Run,
}

/// Decides about a slot; gives it as it is then.
///
/// # Errors
/// 404, 409, 412 and 422 as the page of the API says.
pub async fn decide(
    studio: &Studio,
    id: &str,
    verdict: Verdict,
    by: &str,
) -> Result<Entry, Problem> {
    let work = Workspace::open(studio).await?;
    // what nobody has leaves no store behind
    let entry = work.entry(id).await?;
    let work = work.with_store(studio).await?;
    let done = decided(&work, &entry, verdict, by).await;
    let told = match (&done, work.store()) {
        (Ok(()), Ok(store)) => {
            publisher::tell(&work.project, store, NOTICES).await;
            work.entry(id).await
        }
        _ => Err(Problem::not_found("")),
    };
    work.close().await;
    done.and(told)
}

async fn decided(
    work: &Workspace,
    entry: &Entry,
    verdict: Verdict,
    by: &str,
) -> Result<(), Problem> {
    let (store, now) = (work.store()?, work.now);
    let default = accounts::default_name(&work.project);
    let id = entry.id();
    let slot = match publisher::slot_named(store, &work.rules, default, &id, now).await {
        // a row of a series that nobody has opened yet
        Err(SlotError::Unknown(_)) => {
            let why = format!(
                "{id} is one of a series, and a worker makes a slot of it when its time comes"
            );
            return Err(Problem::conflict(why));
        }
        found => found?,
    };
    match verdict {
        Verdict::Approve { sha256 } => {
            publisher::approve(store, &slot.id, Some(&sha256), by, now).await?;
        }
        Verdict::Reject { sha256, reason } => {
            let who = (by, reason.as_deref());
            publisher::reject(store, &slot.id, sha256.as_deref(), who, now).await?;
        }
        Verdict::Skip { reason } => {
            publisher::skip(store, &slot.id, (by, reason.as_deref()), now).await?;
        }
        Verdict::Run => {
            let of = (&*work.project, work.rules.as_slice());
            publisher::run_slot(store, of, &slot.id, by, now).await?;
        }
        Verdict::Move { to } => {
            let to = work.moment(&to)?;
            match store.story_of_slot(&slot.id).await? {
                // it is a story, which can be moved as long as it was not sent
                Some(story) => {
                    publisher::move_to(store, &story.key, to, by, &work.zone, now).await?;
                }
                None => {
                    publisher::move_slot(store, &slot.id, to, by, now).await?;
                }
            }
        }
    }
    Ok(())
}

/// Lets nothing of a schedule go out, until a time or until it is resumed.
///
/// # Errors
/// 404 for a schedule that nobody has, 422 for a time that is past.
pub async fn pause_schedule(
    studio: &Studio,
    name: &str,
    (until, reason): (Option<&str>, Option<String>),
    by: &str,
) -> Result<SchedulePause, Problem> {
    let work = Workspace::open(studio).await?;
    known_schedule(&work, name)?;
    let work = work.with_store(studio).await?;
    let until = until.map(|until| work.moment(until)).transpose()?;
    let pause = SchedulePause {
        since: work.now,
        until,
        reason,
        by: by.to_owned(),
    };
    work.store()?.pause_schedule(name, &pause).await?;
    work.close().await;
    Ok(pause)
}

/// Lets a schedule go on; whether it was paused.
///
/// # Errors
/// 404 for a schedule that nobody has.
pub async fn resume_schedule(studio: &Studio, name: &str) -> Result<bool, Problem> {
    let work = Workspace::open(studio).await?;
    known_schedule(&work, name)?;
    let was = match &work.store {
        Some(store) => store.resume_schedule(name, work.now).await?,
        None => false,
    };
    work.close().await;
    Ok(was)
}

fn known_schedule(work: &Workspace, name: &str) -> Result<(), Problem> {
    match name == EVERY_SCHEDULE || work.rule(name).is_some() {
        true => Ok(()),
        false => Err(Problem::not_found(format!("no schedule `{name}`"))),
    }
}

/// Lets nothing of an account go out, until a time or until it is resumed.
///
/// # Errors
/// 404 for an account that nobody has, 422 for a time that is past.
pub async fn pause_account(
    studio: &Studio,
    name: &str,
    (until, reason): (Option<&str>, Option<&str>),
    by: &str,
) -> Result<Stop, Problem> {
    let work = Workspace::open(studio).await?;
    let key = work.account_key(name).await?;
    let work = work.with_store(studio).await?;
    let until = until.map(|until| work.moment(until)).transpose()?;
    let why = match reason {
        Some(reason) => format!("{reason} ({by})"),
        None => by.to_owned(),
    };
    let pause = (until, Some(why.as_str()));
    let stop = publisher::pause_account(work.store()?, (&key, name), pause, work.now).await?;
    work.close().await;
    Ok(stop)
}

/// Lets an account go on, whatever had stopped it; that.
///
/// # Errors
/// 404 for an account that nobody has.
pub async fn resume_account(studio: &Studio, name: &str) -> Result<Option<Stop>, Problem> {
    let work = Workspace::open(studio).await?;
    let key = work.account_key(name).await?;
    let stop = match &work.store {
        Some(store) => publisher::resume_account(store, (&key, name), work.now).await?,
        None => None,
    };
    work.close().await;
    Ok(stop)
}

/// What is decided about a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoryVerdict {
    /// It goes out now, after all.
    Retry,
    /// Somebody has looked: it is live, or it is not.
    Resolve {
        /// It is.
        live: bool,
        /// The platform's name of it, where somebody knows it.
        media_id: Option<StoryId>,
    },
    /// It does not go out.
    Cancel,
    /// It goes out at another time.
    Move {
        /// A date and time, in the project's zone or with one of its own.
        to: String,
    },
}

/// The one story of that name.
///
/// # Errors
/// 404 where there is none, 409 where the name is the beginning of several.
pub async fn story_named(store: Option<&Store>, id: &str) -> Result<Story, Problem> {
    let found = match store {
        Some(store) => store.find(id).await?,
        None => Vec::new(),
    };
    let exact = found.iter().find(|story| story.key.0 == id);
    match (exact, found.as_slice()) {
        (Some(story), _) | (None, [story]) => Ok(story.clone()),
        (None, []) => Err(Problem::not_found(format!("no story `{id}`"))),
        (None, _) => Err(Problem::conflict(format!(
            "`{id}` may be one of several stories"
        ))),
    }
}

/// Decides about a story; gives it as it is then. One that is tried again is sent by this studio, if no worker is faster.
///
/// # Errors
/// 404, 409 and 422 as the page of the API says.
pub async fn decide_story(
    studio: &Studio,
    id: &str,
    verdict: StoryVerdict,
    by: &str,
) -> Result<Story, Problem> {
    let work = Workspace::open(studio).await?;
    let story = story_named(work.store.as_ref(), id).await?;
    let (key, now, store) = (&story.key, work.now, work.store()?);
    let done = match verdict {
        StoryVerdict::Retry => {
            publisher::may_retry(&story)?;
            retry(studio, &work, key, by).await?
        }
        StoryVerdict::Resolve { live, media_id } => {
            let within = (work.project.as_ref(), &studio.target());
            let done = publisher::resolve(within, store, key, (live, media_id), by, now).await?;
            publisher::tell(&work.project, store, NOTICES).await;
            done.story
        }
        StoryVerdict::Cancel => publisher::cancel(store, key, by, now).await?,
        StoryVerdict::Move { to } => {
            let to = work.moment(&to)?;
            publisher::move_to(store, key, to, by, &work.zone, now).await?
        }
    };
    work.close().await;
    Ok(done)
}

/// Makes a story due now, and sends it in the background.
async fn retry(
    studio: &Studio,
    work: &Workspace,
    key: &StoryKey,
    by: &str,
) -> Result<Story, Problem> {
    let publisher = Publisher::open_all(&work.project, &studio.target(), &studio.cancel).await?;
    let story = match publisher.requeue(key, by, publisher.clock.now()).await {
        Ok(story) => story,
        Err(error) => {
            publisher.close().await;
            return Err(error.into());
        }
    };
    let keys = vec![key.clone()];
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        runtime.block_on(async move {
            if let Err(error) = publisher.run(&keys, |_| {}).await {
                tracing::warn!("a story that was tried again: {error}");
            }
            publisher.finish_notices(NOTICES).await;
            publisher.close().await;
        });
    });
    Ok(story)
}
