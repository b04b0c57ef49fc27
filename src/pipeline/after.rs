//! A live story: its numbers at the points of its day, and its end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::graph;
pub(super) use crate::platform::STORY_LIFE as LIFE;
use crate::store::{POINTS, Step, Story, reached};

use super::{Next, PlatformError, Rooms, after};

/// Numbers that could not be had are asked for again after that; where the answer will hardly change, after the second.
const AGAIN: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(3600));

/// When the numbers of a story that went live then are taken first.
pub(super) fn first_look(published: Timestamp) -> Timestamp {
    reached(published, POINTS[0])
}

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
    let end = reached(*at, LIFE);
    if now >= end {
        return Next::To(Step::Closed {
            story: id.clone(),
            container: container.clone(),
            at: *at,
            insights: insights.clone(),
        });
    }
    // what the platform does not tell now keeps the numbers that were taken before
    let (newest, wake) = match id {
        Some(id) => match rooms.platform.insights(id, now).await {
            Ok(newest) => (Some(newest), next_point(*at, now)),
            Err(error) => {
                let again = after(now, pause(&error));
                (None, again.min(next_point(*at, now)))
            }
        },
        // nobody can be asked about it
        None => (None, end),
    };
    let insights = newest.or_else(|| insights.clone());
    let step = Step::Published {
        story: id.clone(),
        container: container.clone(),
        at: *at,
        insights,
    };
    Next::Keep(step, wake)
}

/// How long to wait after an answer without numbers.
fn pause(error: &PlatformError) -> Duration {
    let (soon, later) = AGAIN;
    match error.next() {
        graph::Next::Never | graph::Next::Login | graph::Next::Human => later,
        graph::Next::After(pause) => pause.max(soon),
        _ => soon,
    }
}

/// When numbers that were taken now are taken again: at the next point, and never after the story's end. A point that
/// was missed counts as reached: its numbers are those of now.
fn next_point(published: Timestamp, now: Timestamp) -> Timestamp {
    let at = |point: &SignedDuration| reached(published, *point);
    let next = POINTS.iter().map(at).find(|at| *at > now);
    next.unwrap_or(reached(published, LIFE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_at_an_hour_at_six_and_before_the_end() {
        let published: Timestamp = "2026-11-21T12:00:00.1234567Z".parse().unwrap();
        assert_eq!(
            first_look(published).to_string(),
            "2026-11-21T13:00:00.123Z"
        );
        let next = |now: &str| next_point(published, now.parse().unwrap()).to_string();
        assert_eq!(next("2026-11-21T12:10:00Z"), "2026-11-21T13:00:00.123Z");
        assert_eq!(next("2026-11-21T13:00:00.123Z"), "2026-11-21T18:00:00.123Z");
        // a worker that was away for a while
        assert_eq!(next("2026-11-21T20:00:00Z"), "2026-11-22T11:30:00.123Z");
        assert_eq!(next("2026-11-22T11:45:00Z"), "2026-11-22T12:00:00.123Z");
    }
}
