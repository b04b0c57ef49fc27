//! The staircase: what a story's next step is. The only room that knows the whole way.
//!
//! In: a [`Story`], the [`Rooms`] it needs, and the time. Out: its next step, or when to look again.
//! Never: a publish that is tried before it is written down, or tried again before it is known to have failed.
//!
//! Up to a finished container everything may be repeated: nobody sees containers. From the intent on nothing is
//! repeated: whoever finds a story that is `publishing` and did not write that intent itself just now asks what became
//! of it, however long that takes.

mod after;
mod by_hand;
mod drive;
mod driver;
mod platform;
mod point;
mod prepare;
mod private_way;
mod pulse;
mod run;
mod send;
mod sent;
mod settle;
mod slot;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::store::{Step, StopCause, Store, Story};
use crate::upload;

pub use by_hand::{HandOff, carried, needs_a_person};
pub use drive::Driven;
pub use driver::{Driver, Event, Renew};
pub use platform::{Platform, PlatformError};
pub use point::Point;
pub use pulse::Pulse;
pub use run::Runner;
pub use settle::SKEW;
pub use slot::{SlotNext, SlotRule, next_of_slot, state_with_picture};

/// What happens to a publish whose outcome nobody can tell after the settle window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unclear {
    /// The story becomes `uncertain`, and a person decides.
    #[default]
    Ask,
    /// Once more with the same container, when the window showed nothing.
    Resend,
}

/// How films reach the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Films {
    /// It fetches them from where they were uploaded to, as it fetches pictures.
    #[default]
    Fetched,
    /// Their bytes are sent to it, for accounts with Facebook Login; no other login can.
    Sent,
}

/// `[publish]` of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long an unclear publish is watched; 5 minutes.
    pub settle: Duration,
    /// Between two publishes of one account; 5 seconds.
    pub gap: Duration,
    /// What happens after the window; ask.
    pub unclear: Unclear,
    /// How films reach the platform; it fetches them.
    pub films: Films,
    /// Later than that after its time a story is missed; 30 minutes.
    pub late: Duration,
    /// How long the answer to a publish is waited for; a minute.
    pub timeout: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(300),
            gap: Duration::from_secs(5),
            unclear: Unclear::Ask,
            films: Films::Fetched,
            late: Duration::from_secs(1800),
            timeout: Duration::from_secs(60),
        }
    }
}

/// What a story needs on its way.
#[derive(Debug, Clone)]
pub struct Rooms {
    /// Where files go; without it, only films of accounts that take their bytes go out.
    pub upload: Option<Arc<upload::Store>>,
    /// The platform, as the story's account.
    pub platform: Platform,
    /// The memory.
    pub store: Store,
    /// The rules.
    pub policy: Policy,
    /// How a person posts what the account's login does not carry; without it, that is left out.
    pub by_hand: Option<Arc<HandOff>>,
}

/// What a story does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// It has passed a border.
    To(Step),
    /// It takes a step back, and goes on from there after a pause that grows.
    Back(Step, String),
    /// Nothing to do until then.
    Wait(Timestamp, String),
    /// It failed for now: again after that time, or, without one, after a pause that grows, until the story is late.
    Retry(String, Option<Duration>),
    /// Its file is not to be had here: another worker may have it.
    NotHere(String),
    /// The account as a whole has to rest until then.
    Rest(Timestamp, String),
    /// The account as a whole is stopped, until a person or a new login ends that.
    Stopped(StopCause, String),
    /// It can go out: as soon as it is its turn, write the intent down and send once.
    Turn,
    /// It will not go out by itself.
    Stop(String),
    /// Nobody can tell: a person decides.
    Ask(String),
    /// It stays where it is, with newer numbers; look again then.
    Keep(Step, Timestamp),
}

/// What comes next for a story, by asking the rooms; nothing is written and nothing is published here.
///
/// Whether the story may be touched at all (claimed, due, its turn in the account) is the [`Driver`]'s business.
pub async fn advance(story: &Story, rooms: &Rooms, now: Timestamp) -> Next {
    match &story.step {
        Step::Rendered => match &rooms.platform {
            Platform::Graph(graph) => prepare::begin(story, graph, rooms, now).await,
            Platform::Private(client) => private_way::begin(story, client, rooms, now).await,
            Platform::ByHand => by_hand::nobody(),
        },
        Step::Uploaded { url } => match &rooms.platform {
            Platform::Graph(graph) => prepare::contain(story, url, graph, rooms, now).await,
            Platform::Private(client) => private_way::begin(story, client, rooms, now).await,
            Platform::ByHand => by_hand::nobody(),
        },
        Step::Contained { container, .. } => match &rooms.platform {
            Platform::Graph(graph) => send::ready(story, container, graph, rooms, now).await,
            Platform::Private(_) => private_way::ready(story, container, rooms, now).await,
            Platform::ByHand => by_hand::nobody(),
        },
        Step::Publishing { intent, .. } => match &rooms.platform {
            Platform::Graph(graph) => settle::watch(story, intent, graph, rooms, now).await,
            Platform::Private(client) => {
                private_way::watch(story, intent, client, rooms, now).await
            }
            Platform::ByHand => by_hand::nobody(),
        },
        Step::Handed { at, .. } => by_hand::wait(story, *at, &rooms.policy, now),
        Step::Published { .. } => after::numbers(story, rooms, now).await,
        // at rest
        Step::Closed { .. }
        | Step::Failed { .. }
        | Step::Missed
        | Step::Uncertain { .. }
        | Step::Cancelled { .. } => Next::Wait(Timestamp::MAX, String::new()),
    }
}

/// A time after `now`; the end of time where it does not fit.
fn after(now: Timestamp, pause: Duration) -> Timestamp {
    SignedDuration::try_from(pause)
        .ok()
        .and_then(|pause| now.checked_add(pause).ok())
        .unwrap_or(Timestamp::MAX)
}

/// How long ago, zero for what is still to come.
fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}
