//! Slots and stories that changed: whoever moved them, a worker, a command or a page.
//!
//! In: the project's store, asked while somebody listens. Out: `slot` and `story` events `{id, state}`. Never: a store that is
//! made by looking.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::state::Studio;
use crate::platform::Clock;
use crate::publisher;
use crate::store::{EVERY_SCHEDULE, Error, Filter, Slot, SlotFilter, StopCause, Store};

/// How often the store is asked.
const PACE: Duration = Duration::from_millis(300);

/// How often a sandbox is asked for its time: a state that time alone changes is no urgent news.
const CLOCK: Duration = Duration::from_secs(5);

/// How long it is left alone when it does not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// Stories that are followed: the latest ones.
const MOST_STORIES: u32 = 500;

/// Slots are followed so far back and ahead.
const BACK: SignedDuration = SignedDuration::from_hours(48);
const AHEAD: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What listeners know: by kind and id, the state and what else would be seen.
type Known = HashMap<(&'static str, String), (String, String)>;

/// Tells changes until the studio ends.
pub async fn watch(studio: Studio) {
    tokio::select! {
        () = follow(&studio) => {}
        () = studio.closed() => {}
    }
}

async fn follow(studio: &Studio) {
    let mut store: Option<Store> = None;
    let mut known: Option<Known> = None;
    let mut clock: Option<(Instant, Clock)> = None;
    loop {
        tokio::time::sleep(PACE).await;
        if !studio.has_listeners() {
            // who comes back asks for what there is; changes since then are no news
            known = None;
            continue;
        }
        if store.is_none() {
            store = opened(studio).await;
        }
        let Some(open) = &store else {
            known.get_or_insert_default();
            continue;
        };
        if clock
            .as_ref()
            .is_none_or(|(asked, _)| asked.elapsed() > CLOCK)
        {
            let shown = studio.clock().await.unwrap_or_default();
            clock = Some((Instant::now(), shown));
        }
        let now = clock
            .as_ref()
            .map_or_else(Timestamp::now, |(_, clock)| clock.now());
        match states(studio, open, now).await {
            Ok(now) => {
                if let Some(before) = &known {
                    tell(studio, before, &now);
                }
                known = Some(now);
            }
            Err(error) => {
                tracing::debug!(%error, "the store does not say what changed");
                store = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn opened(studio: &Studio) -> Option<Store> {
    let project = studio.project().ok()?;
    match publisher::existing_store(&project).await {
        Ok(store) => store,
        Err(error) => {
            tracing::debug!(%error, "the store cannot be opened");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}

async fn states(studio: &Studio, store: &Store, now: Timestamp) -> Result<Known, Error> {
    let filter = Filter {
        limit: Some(MOST_STORIES),
        ..Filter::default()
    };
    let stories = store.list(&filter).await?;
    let stories = stories.iter().map(|story| {
        let seen = format!("{} {:?}", story.due, story.trouble);
        let state = story.state(now).to_owned();
        (("story", story.key.to_string()), (state, seen))
    });
    let filter = SlotFilter {
        from: Some(now - BACK),
        until: Some(now + AHEAD),
        ..SlotFilter::default()
    };
    let pauses = Pauses::of(studio, store, now).await?;
    let slots = store.slots(&filter).await?;
    let slots = slots.iter().map(|slot| {
        let picture = slot.picture.as_ref().map(|picture| &picture.media.sha256);
        let decided = (&slot.approval, &slot.rejection);
        let seen = format!("{} {picture:?} {:?} {decided:?}", slot.due, slot.reason);
        let state = match pauses.hold(slot) {
            true => "paused",
            false => slot.state.word(),
        };
        (("slot", slot.id.clone()), (state.to_owned(), seen))
    });
    Ok(stories.chain(slots).collect())
}

/// What somebody has paused.
struct Pauses {
    schedules: HashSet<String>,
    accounts: HashSet<String>,
}

impl Pauses {
    async fn of(studio: &Studio, store: &Store, now: Timestamp) -> Result<Self, Error> {
        let schedules = store.schedule_pauses().await?.into_iter();
        let schedules = schedules.filter(|(_, pause)| pause.is_on(now));
        let mut accounts = HashSet::new();
        if let Ok(project) = studio.project() {
            for (key, account) in store.all_accounts().await? {
                let mut stop = account.stop.iter();
                if stop.any(|stop| stop.is_on(now) && stop.cause == StopCause::ByHand) {
                    accounts.insert(publisher::accounts::name_of(&project, &key));
                }
            }
        }
        Ok(Self {
            schedules: schedules.map(|(name, _)| name).collect(),
            accounts,
        })
    }

    fn hold(&self, slot: &Slot) -> bool {
        let by_schedule = [&*slot.schedule, EVERY_SCHEDULE]
            .iter()
            .any(|name| self.schedules.contains(*name));
        slot.state.is_open() && (by_schedule || self.accounts.contains(&slot.account))
    }
}

fn tell(studio: &Studio, before: &Known, now: &Known) {
    let mut changed: Vec<_> = now
        .iter()
        .filter(|(id, seen)| before.get(*id) != Some(*seen))
        .collect();
    // a map has no order, and listeners like one
    changed.sort();
    for ((kind, id), (state, _)) in changed {
        studio.events.tell(kind, json!({"id": id, "state": state}));
    }
}
