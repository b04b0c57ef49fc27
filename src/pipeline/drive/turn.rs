//! The account's turn: the one send of a story, or its package for a person.
//!
//! In: a story in hand that is ready. Out: what its turn came to, written. Never: a send without an intent in the store, a
//! send by somebody who was away for a while.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::pipeline::sent::Sent;
use crate::pipeline::{HandOff, Next, Platform, Point, Rooms, after, prepare, send, since};
use crate::store::{self, Gate, Hold, Intent, Pass, Step, Story};

use super::{LINE, TURN, Turn, Walk};

/// Whoever took longer from the intent to the send was away, and may have been replaced.
const PROMPT: Duration = Duration::from_secs(10);

/// How often an answer is saved before the store is believed to be broken.
const SAVES: u32 = 5;

impl Walk<'_> {
    /// The account's turn, the intent, the send, the answer: each written before the next.
    pub(super) async fn send(&mut self, rooms: &Rooms) -> Result<Turn, store::Error> {
        let driver = self.driver;
        let gap = SignedDuration::try_from(rooms.policy.gap).unwrap_or(SignedDuration::MAX);
        let now = driver.now();
        if self.waits() && self.is_behind_in_series(rooms).await? {
            return self.wait(self.next_look(rooms, now)).await;
        }
        let pass = self.pass(rooms, now);
        match driver.store.enter(&self.claimed, gap, pass, now).await? {
            Gate::Open => {}
            Gate::Later(until) => return self.wait(until).await,
            Gate::Behind(_) => return self.wait(self.next_look(rooms, now)).await,
            // what may be live already is watched on
            Gate::Stopped if !self.waits() => return self.wait(after(now, LINE)).await,
            // how long, the next look at the account tells
            Gate::Stopped => return Ok(Turn::Again),
        }
        self.observe(Some(Point::Ready));
        let story = self.story.clone();
        let mut intent = match self.alive(send::intent(&story, rooms, now)).await {
            Ok(intent) => intent,
            // it may be live already: whatever went wrong, it has not failed
            Err(_) if matches!(story.step, Step::Publishing { .. }) => {
                let why = "the live stories could not be read before a second try";
                return self.apply(Next::Ask(why.into()), rooms).await;
            }
            // what is saved next gives the turn back
            Err(next) => return self.apply(next, rooms).await,
        };
        // what was live before was asked for slowly, perhaps: the time that counts is that of the send
        intent.at = driver.now();
        let began = Instant::now();
        self.story.step = Step::Publishing {
            url: story.step.url().cloned(),
            intent: intent.clone(),
        };
        self.story.wake = intent.at;
        self.save("intends to publish", Hold::On).await?;
        self.observe(Some(Point::Intended));
        // whoever was stopped in between may have been replaced; the container tells
        let away = match driver.clock().is_real() {
            true => since(intent.at, driver.now()),
            // a world's hours may pass in a moment
            false => began.elapsed(),
        };
        if away > PROMPT {
            return Ok(Turn::Again);
        }
        let sending = self.story.clone();
        let sent = self
            .alive(send::send(&sending, &intent, rooms, driver.now()))
            .await;
        self.observe(Some(Point::Answered));
        self.answered(sent, story.step, &intent, rooms).await
    }

    /// Hands the story to a person: at its time, when it is the account's turn, once its package is written.
    pub(super) async fn hand(
        &mut self,
        story: &Story,
        by_hand: &HandOff,
        rooms: &Rooms,
        now: Timestamp,
    ) -> Result<Turn, store::Error> {
        if prepare::is_late(story, rooms, now).await {
            return self.rest(Step::Missed).await;
        }
        if self.is_behind_in_series(rooms).await? {
            return self.wait(self.next_look(rooms, now)).await;
        }
        let gap = SignedDuration::try_from(rooms.policy.gap).unwrap_or(SignedDuration::MAX);
        // what fails before it is in nobody's way here
        let gate = self
            .driver
            .store
            .enter(&self.claimed, gap, Pass::Trouble, now);
        match gate.await? {
            Gate::Open => {}
            Gate::Later(until) => return self.wait(until).await,
            Gate::Behind(_) => {
                let soon = self.next_look(rooms, now).min(after(now, TURN));
                return self.wait(soon).await;
            }
            Gate::Stopped => return Ok(Turn::Again),
        }
        let package = match self.alive(by_hand.pack(story)).await {
            Ok(package) => package,
            // what is saved next gives the turn back
            Err(next) => return self.apply(next, rooms).await,
        };
        // a list that cannot be read is no reason to wait: the story's name is not known then
        let baseline = match rooms.platform {
            Platform::ByHand => None,
            _ => self.alive(rooms.platform.stories()).await.ok(),
        };
        self.observe(Some(Point::Packed));
        let at = self.driver.now();
        let step = Step::Handed {
            at,
            package,
            baseline,
        };
        let done = self.rest(step).await;
        self.observe(Some(Point::Handed));
        done
    }

    async fn answered(
        &mut self,
        sent: Sent,
        before: Step,
        intent: &Intent,
        rooms: &Rooms,
    ) -> Result<Turn, store::Error> {
        match sent {
            Sent::Live(story) => {
                let step = Step::Published {
                    story: Some(story),
                    container: intent.container.id.clone(),
                    at: intent.at,
                    insights: None,
                };
                let done = self.rest_for_sure(step).await;
                self.observe(Some(Point::Published));
                done
            }
            Sent::Unclear { said, stop } => {
                if stop {
                    // whoever is suspected of spam had better be silent until it is known what became of this one
                    let until = after(self.driver.now(), rooms.policy.settle * 2);
                    self.driver
                        .store
                        .rest_account(&self.story.account, until, &said)
                        .await?;
                }
                self.story.trouble = Some(said);
                self.wait(after(self.driver.now(), Duration::from_millis(100)))
                    .await
            }
            // a second try that is refused says nothing about the first
            Sent::Refused(_) if intent.tries > 1 => {
                let why = "a second try was refused, and nothing is known of the first".to_owned();
                self.apply(Next::Ask(why), rooms).await
            }
            Sent::Refused(next) => {
                self.story.step = match before {
                    Step::Contained { url, container, .. } => Step::Contained {
                        url,
                        container,
                        is_refused: true,
                    },
                    before => before,
                };
                self.apply(*next, rooms).await
            }
        }
    }

    /// The one answer that nobody can give again is saved with patience.
    async fn rest_for_sure(&mut self, step: Step) -> Result<Turn, store::Error> {
        let mut tries = 1;
        loop {
            match self.rest(step.clone()).await {
                Err(store::Error::Lost) => return Err(store::Error::Lost),
                Err(error) if tries >= SAVES => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(100) * tries).await,
                Ok(turn) => return Ok(turn),
            }
            tries += 1;
        }
    }
}
