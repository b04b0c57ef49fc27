//! Who takes stories down the staircase: the accounts that are open here, and who is told of what.
//!
//! In: what stories need, by account. Out: a client whose token is the one of now; events for people.
//! Never: a step of a story.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use crate::platform::{Cancel, Clock};
use crate::store::{self, Slot, Stop, StopCause, Store, Story};

use super::{Platform, Point, Policy, Pulse, Rooms};

/// Gives a client with the account's token of now, where that is another than the one of before.
pub type Renew = Box<dyn Fn(&str) -> Option<Platform> + Send + Sync>;

/// Takes stories down the staircase.
pub struct Driver {
    /// By account.
    rooms: RwLock<HashMap<String, Rooms>>,
    pub(super) store: Store,
    pub(super) policy: Policy,
    clock: Clock,
    stop: Cancel,
    pub(super) observe: Box<dyn Fn(Point) + Send + Sync>,
    renew: Renew,
    report: RwLock<Report>,
    pulse: Pulse,
}

/// Who is told of events.
type Report = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// What people hear of while stories are on their way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A story came to rest.
    Rests(&'a Story),
    /// A story waits for something that it did not wait for before; [`Story::trouble`] says for what.
    Waits(&'a Story),
    /// An account was stopped, and why.
    Stopped(&'a str, &'a Stop),
    /// An account goes on.
    Resumed(&'a str),
    /// A slot of the calendar got as far as this; [`Slot::reason`] says what it waits for, or why it does not go out.
    Slot(&'a Slot),
    /// Something about the token of an account, in a sentence.
    Token(&'a str, &'a str),
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts = self.accounts();
        f.debug_struct("Driver")
            .field("accounts", &accounts)
            .finish_non_exhaustive()
    }
}

impl Driver {
    /// A driver for the accounts of `rooms`, by name as in [`Story::account`].
    ///
    /// `stop` ends the work between two steps. A publish that was begun is seen through.
    pub fn new(store: Store, rooms: HashMap<String, Rooms>, clock: Clock, stop: Cancel) -> Self {
        let policy = rooms.values().next().map(|rooms| rooms.policy.clone());
        Self {
            rooms: RwLock::new(rooms),
            store,
            policy: policy.unwrap_or_default(),
            clock,
            stop,
            observe: Box::new(|_| {}),
            renew: Box::new(|_| None),
            report: RwLock::new(Arc::new(|_| {})),
            pulse: Pulse::default(),
        }
    }

    /// Asks `renew` for an account's client when its token was refused, and now and then.
    pub fn renewed_by(mut self, renew: Renew) -> Self {
        self.renew = renew;
        self
    }

    /// Has `report` called with what people should hear of, from now on.
    pub fn report_to(&self, report: impl Fn(Event<'_>) + Send + Sync + 'static) {
        *(self.report.write()).unwrap_or_else(PoisonError::into_inner) = Arc::new(report);
    }

    /// Tells people.
    pub fn tell(&self, event: Event<'_>) {
        let report = self.report.read().unwrap_or_else(PoisonError::into_inner);
        let report = report.clone();
        report(event);
    }

    /// The accounts that are open here, by name as in [`Story::account`].
    pub fn accounts(&self) -> Vec<String> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let mut accounts: Vec<_> = rooms.keys().cloned().collect();
        accounts.sort();
        accounts
    }

    /// Has `observe` called at every numbered point.
    pub fn observed(mut self, observe: impl Fn(Point) + Send + Sync + 'static) -> Self {
        self.observe = Box::new(observe);
        self
    }

    /// The memory.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What a story of that account needs, if this driver has it.
    pub fn rooms(&self, account: &str) -> Option<Rooms> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(account).cloned()
    }

    /// The turns of the worker's loop.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Reads the account's token again; whether it is another one now.
    pub(super) fn renew(&self, account: &str) -> bool {
        let Some(client) = (self.renew)(account) else {
            return false;
        };
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let Some(rooms) = rooms.get_mut(account) else {
            return false;
        };
        let is_new = rooms.platform.mark() != client.mark();
        rooms.platform = client;
        is_new
    }

    /// Looks at the accounts that are open here: a token that was renewed is taken, and ends the stop that the old one
    /// has caused.
    ///
    /// # Errors
    /// What the store says.
    pub async fn look_at_accounts(&self) -> Result<(), store::Error> {
        let now = self.now();
        for account in self.accounts() {
            self.renew(&account);
            let Some(stop) = self.store.account(&account).await?.stop else {
                continue;
            };
            let mark = self.rooms(&account).map(|rooms| rooms.platform.mark());
            let is_renewed = stop.cause == StopCause::Login && stop.mark != mark;
            if is_renewed || !stop.is_on(now) {
                self.store.resume_account(&account, now).await?;
                self.tell(Event::Resumed(&account));
            }
        }
        Ok(())
    }

    /// The user wants an end.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// What stories go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What the time is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
