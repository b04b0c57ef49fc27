//! A live story: its numbers while they can be had, and its end.

use std::time::Duration;

use jiff::Timestamp;

pub(super) use crate::platform::STORY_LIFE as LIFE;
use crate::store::{Step, Story};

use super::{Next, Rooms, after};

/// How often numbers are taken.
const OFTEN: Duration = Duration::from_secs(3600);

/// The first numbers are taken so long after the publish.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(600);

/// The last numbers are taken this long before the end.
const LAST_LOOK: Duration = Duration::from_secs(600);

/// Takes the numbers, or closes the story.
pub(super) async fn numbers(story: &Story, rooms: &Rooms, now: Timestamp) -> Next {
    let Step::Published {
        story: id,
        container,
        at,
        insights,
    } = &story.step
    else {
        return Next::Wait(Timestamp::MAX, String::new());
    };
    let end = at.checked_add(LIFE).unwrap_or(Timestamp::MAX);
    if now >= end {
        return Next::To(Step::Closed {
            story: id.clone(),
            container: container.clone(),
            at: *at,
            insights: insights.clone(),
        });
    }
    // what the platform does not tell now keeps the numbers that were taken before
    let newest = match id {
        Some(id) => rooms.graph.insights(id, now).await.ok(),
        None => None,
    };
    let step = Step::Published {
        story: id.clone(),
        container: container.clone(),
        at: *at,
        insights: newest.or_else(|| insights.clone()),
    };
    Next::Keep(step, wake(end, now))
}

/// Every hour, shortly before the end, and at the end.
fn wake(end: Timestamp, now: Timestamp) -> Timestamp {
    let last = end.checked_sub(LAST_LOOK).unwrap_or(end);
    let next = after(now, OFTEN);
    if now < last { next.min(last) } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_every_hour_and_shortly_before_the_end() {
        let end: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let wake = |now: &str| wake(end, now.parse().unwrap()).to_string();
        assert_eq!(wake("2026-11-22T01:00:00Z"), "2026-11-22T02:00:00Z");
        assert_eq!(wake("2026-11-22T11:20:00Z"), "2026-11-22T11:50:00Z");
        assert_eq!(wake("2026-11-22T11:55:00Z"), "2026-11-22T12:00:00Z");
    }
}
