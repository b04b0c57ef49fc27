//! Takes a story down the staircase, writing every step before the next one begins.
//!
//! In: a story's key. Out: whether it rests, or when to look again. Never: two at work on one story.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::store::{self, Claim, Claimed, Hold, Note, Step, Stop, StopCause, Story, StoryKey};

use super::driver::{Driver, Event};
use super::prepare;
use super::{Next, Point, Rooms, advance, after, by_hand, since};

mod line;
mod turn;

/// A claim holds so long without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(15);

/// When to look again at a story that somebody else has.
const TURN: Duration = Duration::from_secs(5);

/// When to look again at a story whose file or account is not here, so that a worker that has it comes to it: soon at
/// first, then less often.
const ELSEWHERE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// A rest that lasts longer was written by a clock that was wrong.
const LONGEST_REST: Duration = Duration::from_secs(25 * 3600);

/// The longest pause between two tries, and between two tries that each take a new container: those are counted.
const PAUSE: Duration = Duration::from_secs(60);
const CONTAINER_PAUSE: Duration = Duration::from_secs(300);

/// When to look whether it is a story's turn, if nobody says so; whoever was before it does.
const LINE: Duration = Duration::from_secs(30);

/// Waits up to this are slept through, with the claim held.
const NAP: Duration = Duration::from_millis(300);

/// Why a story is missed that a person had.
const UNTOLD: &str = "a person had it, and nobody said that it is live";

/// How a drive ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Driven {
    /// The story rests, or is with a person: live, handed, failed, missed, uncertain, cancelled, closed.
    Rests(Box<Story>),
    /// Look again then.
    Later(Timestamp),
    /// It is looked at again at its own time.
    Sleeps,
}

/// What the next turn of the loop does.
enum Turn {
    Again,
    Done(Driven),
}

impl Driver {
    /// Takes the numbers of a live story now, whatever its time.
    ///
    /// # Errors
    /// As [`Self::drive`].
    pub async fn look(&self, key: &StoryKey) -> Result<(), store::Error> {
        let now = self.now();
        if let Claim::Mine(claimed) = self.store.claim(key, now, LEASE).await? {
            let mut walk = Walk::new(self, *claimed);
            if let (Step::Published { .. }, Some(rooms)) =
                (&walk.story.step, self.rooms(&walk.story.account))
            {
                walk.turn(&rooms, now).await?;
            }
            walk.let_go().await?;
        }
        Ok(())
    }

    /// Takes a story as far as it goes now.
    ///
    /// # Errors
    /// Of the store: the story stands where it stood, or another worker has it.
    pub async fn drive(&self, key: &StoryKey) -> Result<Driven, store::Error> {
        let now = self.now();
        let claimed = match self.store.claim(key, now, LEASE).await? {
            Claim::Mine(claimed) => *claimed,
            Claim::Held(until) => return Ok(Driven::Later(until.min(after(now, TURN)))),
        };
        (self.observe)(Point::Claimed);
        let mut walk = Walk::new(self, claimed);
        let driven = walk.go().await;
        // a claim that is not given back ends by itself
        let released = walk.let_go().await;
        let driven = driven?;
        released?;
        Ok(driven)
    }
}

/// One story in hand.
struct Walk<'a> {
    driver: &'a Driver,
    claimed: Claimed,
    story: Story,
    is_held: bool,
}

impl<'a> Walk<'a> {
    fn new(driver: &'a Driver, claimed: Claimed) -> Self {
        Self {
            driver,
            story: claimed.story.clone(),
            claimed,
            is_held: true,
        }
    }

    async fn let_go(&self) -> Result<(), store::Error> {
        match self.is_held {
            true => {
                self.driver
                    .store
                    .release(&self.claimed, self.driver.now())
                    .await
            }
            false => Ok(()),
        }
    }

    async fn go(&mut self) -> Result<Driven, store::Error> {
        let driver = self.driver;
        let is_watched = matches!(
            self.story.step,
            Step::Published { .. } | Step::Handed { .. }
        );
        if !self.story.step.is_in_flight() && !is_watched {
            return Ok(self.rests());
        }
        loop {
            let now = driver.now();
            let Some(rooms) = driver.rooms(&self.story.account) else {
                return self.without_account(now).await;
            };
            if driver.is_stopped() {
                return Ok(Driven::Later(self.story.wake.max(now)));
            }
            if let Some(until) = self.not_before(&rooms, now).await? {
                let pause = since(now, until);
                if pause > NAP {
                    return Ok(Driven::Later(until));
                }
                tokio::time::sleep(pause).await;
                continue;
            }
            if let Turn::Done(driven) = self.turn(&rooms, now).await? {
                return Ok(driven);
            }
        }
    }

    /// Waits for a worker for which the account is open, as long as the story is not late.
    async fn without_account(&mut self, now: Timestamp) -> Result<Driven, store::Error> {
        let driver = self.driver;
        if let Step::Handed { at, .. } = self.story.step {
            // a person has it: it needs no account to be too late
            return match by_hand::wait(&self.story, at, &driver.policy, now) {
                Next::Wait(until, _) => Ok(Driven::Later(until)),
                _ => self.missed().await,
            };
        }
        if !self.waits() {
            return Ok(Driven::Later(after(now, TURN)));
        }
        if self.story.due > now {
            return Ok(Driven::Later(self.story.due));
        }
        let said = format!("the account {} is not open here", self.story.account);
        let is_late =
            prepare::deadline(&self.story, &driver.store, &driver.policy, now).await < now;
        // whether it is live after all, another worker can ask
        if is_late && !self.story.step.may_be_live_though_refused(now) {
            self.story.trouble.get_or_insert(said);
            return self.missed().await;
        }
        self.elsewhere(said, now).await
    }

    async fn missed(&mut self) -> Result<Driven, store::Error> {
        self.rest(Step::Missed).await?;
        Ok(self.rests())
    }

    /// Nothing was sent of it yet.
    fn waits(&self) -> bool {
        !matches!(
            self.story.step,
            Step::Publishing { .. } | Step::Published { .. } | Step::Handed { .. }
        )
    }

    /// Leaves the story to another worker. The reason is written once: another one has other reasons.
    async fn elsewhere(&mut self, said: String, now: Timestamp) -> Result<Driven, store::Error> {
        if self.story.trouble.is_none() {
            self.story.trouble = Some(said);
            self.save("not here", Hold::On).await?;
            self.driver.tell(Event::Waits(&self.story));
        }
        let (soon, then) = ELSEWHERE;
        let is_new = since(self.story.due, now) < Duration::from_secs(60);
        Ok(Driven::Later(after(now, if is_new { soon } else { then })))
    }

    fn rests(&self) -> Driven {
        Driven::Rests(Box::new(self.story.clone()))
    }

    /// The time that the story or its account has to wait for.
    async fn not_before(
        &self,
        rooms: &Rooms,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, store::Error> {
        let story = &self.story;
        let mut until = story.wake;
        if matches!(story.step, Step::Rendered) {
            until = until.max(story.due);
        }
        // what may be live is watched in any case
        if !self.waits() || until > now {
            return Ok((until > now).then_some(until));
        }
        let account = self.driver.store.account(&story.account).await?;
        let rest = account.rest.map(|(until, _)| until);
        let mut rest = rest.filter(|until| *until <= after(now, LONGEST_REST));
        if let Some(stop) = account.stop.filter(|stop| stop.is_on(now)) {
            let is_renewed =
                stop.cause == StopCause::Login && stop.mark != Some(rooms.platform.mark());
            if is_renewed {
                let store = &self.driver.store;
                store.resume_account(&story.account, now).await?;
                self.driver.tell(Event::Resumed(&story.account));
            } else {
                rest = rest.max(Some(stop.until.unwrap_or(Timestamp::MAX)));
            }
        }
        if let Some(rest) = rest.filter(|rest| *rest > now) {
            // a story that comes too late while its account rests is missed, and says so in time
            let late = prepare::deadline(story, &rooms.store, &rooms.policy, now).await;
            until = rest.min(after(late, Duration::from_millis(1)));
        }
        Ok((until > now).then_some(until))
    }

    async fn turn(&mut self, rooms: &Rooms, now: Timestamp) -> Result<Turn, store::Error> {
        if let Some(why) = self.broken_series().await? {
            return self.rest(Step::Cancelled { why }).await;
        }
        if let Some(until) = self.behind(rooms, now).await? {
            return self.wait(until).await;
        }
        if matches!(self.story.step, Step::Publishing { .. }) {
            self.observe(Some(Point::Watching));
        }
        let mut story = self.story.clone();
        if let Some(kept) = self.driver.store.kept(&story.outgoing.media) {
            story.outgoing.media.path = kept;
        }
        if self.waits()
            && let Some(by_hand) = rooms.by_hand_of(&story.outgoing.media.extras)
        {
            return self.hand(&story, &by_hand, rooms, now).await;
        }
        let next = self.alive(advance(&story, rooms, now)).await;
        match next {
            Next::Turn => {
                // it is ready, and in nobody's way for what failed before
                self.story.trouble = None;
                self.send(rooms).await
            }
            next => self.apply(next, rooms).await,
        }
    }

    /// Gives signs of life while something takes its time.
    async fn alive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(BEAT, &mut work).await {
                Ok(done) => return done,
                Err(_) => {
                    let now = self.driver.now();
                    // who lost the claim finds out at the next save
                    let _ = self.driver.store.renew(&mut self.claimed, now, LEASE).await;
                }
            }
        }
    }

    /// Writes what was decided.
    async fn apply(&mut self, next: Next, rooms: &Rooms) -> Result<Turn, store::Error> {
        match next {
            Next::To(step) => self.to(step).await,
            // only `turn` asks for the account's turn
            Next::Turn => Ok(Turn::Again),
            Next::Stop(why) => self.rest(Step::Failed { why }).await,
            Next::Ask(why) => match &self.story.step {
                Step::Publishing { url, intent } => {
                    let (url, intent) = (url.clone(), intent.clone());
                    self.rest(Step::Uncertain { intent, url, why }).await
                }
                _ => self.rest(Step::Failed { why }).await,
            },
            Next::Wait(until, said) => {
                let now = self.driver.now();
                let mut until = until;
                self.mark_if_held_up(since(now, until), rooms, now);
                // a long wait is news, and ends when the story is late
                if self.waits() && since(now, until) > LINE {
                    let late = prepare::deadline(&self.story, &rooms.store, &rooms.policy, now);
                    let late = after(late.await, Duration::from_millis(1));
                    // what is late already waits for the last look at its container
                    until = if late > now { until.min(late) } else { until };
                    self.waits_for(Some(said));
                } else {
                    self.story.trouble = (!said.is_empty()).then_some(said);
                }
                self.wait(until).await
            }
            Next::NotHere(said) => {
                let now = self.driver.now();
                let is_new = self.mark_if_held_up(since(self.story.due, now), rooms, now);
                if is_new && self.story.trouble.is_some() {
                    self.save("waits", Hold::On).await?;
                }
                Ok(Turn::Done(self.elsewhere(said, now).await?))
            }
            Next::Keep(step, until) => {
                self.story.step = step;
                self.story.wake = until;
                self.save("numbers", Hold::Nap).await?;
                Ok(Turn::Done(Driven::Sleeps))
            }
            Next::Rest(until, said) => {
                self.driver
                    .store
                    .rest_account(&self.story.account, until, &said)
                    .await?;
                self.waits_for(Some(said));
                self.wait(self.driver.now()).await
            }
            Next::Stopped(cause, said) => self.stop(cause, said, rooms).await,
            Next::Back(step, said) => self.stumble(Some(step), said, None, rooms).await,
            Next::Retry(said, pause) => self.stumble(None, said, pause, rooms).await,
        }
    }

    /// Over a border.
    async fn to(&mut self, step: Step) -> Result<Turn, store::Error> {
        let (before, behind) = match &step {
            Step::Uploaded { .. } => (Some(Point::Put), Some(Point::Uploaded)),
            Step::Contained { .. } => (Some(Point::Made), Some(Point::Contained)),
            Step::Published { .. } => (Some(Point::Settled), Some(Point::Published)),
            _ => (None, None),
        };
        self.observe(before);
        if !step.is_in_flight() {
            let done = self.rest(step).await;
            self.observe(behind);
            return done;
        }
        self.story.step = step;
        // the attempts stay: the next pause grows on, wherever it fails next
        self.story.trouble = None;
        self.story.wake = self.driver.now();
        self.save(self.story.step.state(), Hold::On).await?;
        self.observe(behind);
        Ok(Turn::Again)
    }

    /// To a place from which nothing goes on by itself, but a live story's numbers and its end.
    async fn rest(&mut self, step: Step) -> Result<Turn, store::Error> {
        // what it waited for until it was too late is what it was missed for
        match (&self.story.step, &step) {
            (Step::Handed { .. }, Step::Missed) => self.story.trouble = Some(UNTOLD.to_owned()),
            (_, Step::Missed) => {}
            _ => self.story.trouble = None,
        }
        self.story.step = step;
        self.story.attempts = 0;
        self.story.wake = match &self.story.step {
            Step::Published { at, .. } => super::after::first_look(*at).max(self.driver.now()),
            Step::Handed { at, .. } => {
                let until = by_hand::until(
                    &self.story,
                    *at,
                    prepare::late(&self.story, &self.driver.policy),
                );
                after(until, Duration::from_millis(1))
            }
            _ => self.driver.now(),
        };
        let hold = match &self.story.step {
            Step::Published { .. } | Step::Handed { .. } => Hold::Nap,
            _ => Hold::Off,
        };
        self.save(self.story.step.state(), hold).await?;
        Ok(Turn::Done(self.rests()))
    }

    /// Stays where it is until then.
    async fn wait(&mut self, until: Timestamp) -> Result<Turn, store::Error> {
        self.story.wake = until;
        let is_long = since(self.driver.now(), until) > NAP;
        let hold = if is_long { Hold::Nap } else { Hold::On };
        self.save("waits", hold).await?;
        Ok(match is_long {
            true => Turn::Done(Driven::Sleeps),
            false => Turn::Again,
        })
    }

    /// The reason why it does not go on, told where it is a new one.
    fn waits_for(&mut self, said: Option<String>) {
        let is_new =
            said.is_some() && self.story.trouble.as_deref().map(gist) != said.as_deref().map(gist);
        self.story.trouble = said;
        if is_new {
            self.driver.tell(Event::Waits(&self.story));
        }
    }

    /// The platform's answer is about the account: nothing of it goes out until a person or a new login ends that.
    async fn stop(
        &mut self,
        cause: StopCause,
        said: String,
        rooms: &Rooms,
    ) -> Result<Turn, store::Error> {
        let driver = self.driver;
        let account = self.story.account.clone();
        let now = driver.now();
        self.story.trouble = Some(said.clone());
        // the token may be an old one that somebody has renewed
        let is_renewed = cause == StopCause::Login && driver.renew(&account);
        if !is_renewed {
            let stop = Stop {
                cause,
                since: now,
                until: None,
                why: said,
                mark: (cause == StopCause::Login).then(|| rooms.platform.mark()),
            };
            if driver.store.stop_account(&account, &stop).await? {
                driver.tell(Event::Stopped(&account, &stop));
            }
        }
        self.wait(now).await
    }

    /// A step that failed: again later, until the story is late.
    async fn stumble(
        &mut self,
        back_to: Option<Step>,
        said: String,
        pause: Option<Duration>,
        rooms: &Rooms,
    ) -> Result<Turn, store::Error> {
        self.story.attempts = self.story.attempts.saturating_add(1);
        let longest = match (&back_to, &self.story.step) {
            (Some(_), Step::Contained { .. }) => CONTAINER_PAUSE,
            _ => PAUSE,
        };
        if let Some(step) = back_to {
            self.story.step = step;
        }
        self.waits_for(Some(said));
        // a project that waits for nothing else for long does not wait for this
        let pause = pause
            .unwrap_or_else(|| backoff(self.story.attempts))
            .min(longest)
            .min(rooms.policy.settle);
        let now = self.driver.now();
        // what is too late is told in time
        let late = prepare::deadline(&self.story, &rooms.store, &rooms.policy, now).await;
        let late = after(late, Duration::from_millis(1)).max(now);
        self.wait(after(now, pause).min(late)).await
    }

    async fn save(&mut self, what: &str, hold: Hold) -> Result<(), store::Error> {
        let mut detail = json!({
            "attempts": self.story.attempts,
            "trouble": self.story.trouble,
            "container": self.story.step.container().map(|id| id.as_str()),
            "story": self.story.step.story().map(|id| id.as_str()),
        });
        if let Step::Handed { at, baseline, .. } = &self.story.step {
            // a story that was posted too late is looked up by it as well
            detail["handed"] = json!({ "at": at, "baseline": baseline });
        }
        let note = Note::with(what, detail);
        let now = self.driver.now();
        self.driver
            .store
            .save(&self.claimed, &self.story, &note, hold, now)
            .await?;
        self.is_held = hold == Hold::On;
        Ok(())
    }

    fn observe(&self, point: Option<Point>) {
        if let Some(point) = point {
            (self.driver.observe)(point);
        }
    }
}

/// A reason without what is another one each time.
fn gist(said: &str) -> &str {
    said.split(" [trace").next().unwrap_or_default()
}

/// 1, 2, 4, 8 … seconds.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.saturating_sub(1).min(16))
}
