//! The one moment that cannot be repeated: from a finished container to a live story.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::graph::{self, Container, StatusCode};
use crate::platform::STORY_LIFE;
use crate::store::{Intent, Step, StopCause, Story};

use super::prepare::{failed, is_late};
use super::sent::Sent;
use super::{Next, Platform, Rooms, after, private_way, settle, since};

/// A container this close to its end is given up for a new one.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// A container that is not finished by then is stuck, and given up for a new one: a picture takes seconds, and a film is to
/// be asked for "for no more than 5 minutes" (Instagram Platform, "Content publishing", read 2026-11). What failed before
/// has longer, each time.
const STUCK: (Duration, Duration) = (Duration::from_secs(75), Duration::from_secs(300));

/// Asks whether the container is finished.
pub(super) async fn ready(
    story: &Story,
    container: &Container,
    graph: &graph::Client,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    let given_up = if is_late(story, rooms, now).await {
        Some(Next::To(Step::Missed))
    } else if container.ends().duration_since(now) < MARGIN {
        Some(again(story, "the container came to its end".into()))
    } else {
        None
    };
    if let Some(next) = given_up {
        return match story.step {
            Step::Contained {
                is_refused: true, ..
            } => unless_live(next, story, container, graph, rooms, now).await,
            _ => next,
        };
    }
    let status = match graph.status(&container.id).await {
        Ok(status) => status,
        Err(error) => return failed(&error.into(), now),
    };
    if let Some((why, next)) = status.trouble() {
        return match next {
            graph::Next::Never => Next::Stop(why),
            graph::Next::Human => Next::Stopped(StopCause::Refused, why),
            graph::Next::Login => Next::Stopped(StopCause::Login, why),
            _ => again(story, why),
        };
    }
    match status.code {
        StatusCode::Finished => Next::Turn,
        // no intent of ours stands behind it, but it is live
        StatusCode::Published => live(container, now),
        _ => {
            // what it has already, perhaps from before a crash, is not sent again
            if container.uri.is_some()
                && let Err(error) = graph
                    .send_bytes(container, &story.outgoing.media.path)
                    .await
            {
                return not_sent(story, error, now);
            }
            let left = stuck_after(story, rooms).checked_sub(since(container.made, now));
            match left {
                // how far it is with bytes that are sent, its phases tell
                _ if container.uri.is_some() => preparing(poll(story, container, now), now),
                Some(left) if !left.is_zero() => {
                    preparing(poll(story, container, now).min(left), now)
                }
                _ => again(
                    story,
                    "the platform does not come to an end with the container".into(),
                ),
            }
        }
    }
}

/// The container is live, and the name of its story is not known.
fn live(container: &Container, now: Timestamp) -> Next {
    Next::To(Step::Published {
        story: None,
        container: container.id.clone(),
        at: now,
        insights: None,
    })
}

/// The last look at a container whose send was refused: a platform that says no may have done it.
///
/// A look that fails is repeated as long as the container lives; an account that may not look was told no once more.
async fn unless_live(
    next: Next,
    story: &Story,
    container: &Container,
    graph: &graph::Client,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    let error = match graph.status(&container.id).await {
        Ok(status) if status.code == StatusCode::Published => return live(container, now),
        Ok(_) => return next,
        Err(error) => error,
    };
    let pause = match error.next() {
        // the account may ask nothing for a while: that says nothing of the story
        graph::Next::After(pause) => pause,
        graph::Next::Never | graph::Next::Login | graph::Next::Human => return next,
        _ => poll(story, container, now).min(settle::poll(rooms.policy.settle)),
    };
    // why it waited is what it is missed for
    let said = story.trouble.clone().unwrap_or_else(|| error.to_string());
    match now < container.ends() {
        true => Next::Wait(after(now, pause), said),
        false => next,
    }
}

/// What a film that the platform has not got means: nobody sees its container, and a new one begins anew.
fn not_sent(story: &Story, error: graph::Error, now: Timestamp) -> Next {
    match failed(&error.into(), now) {
        Next::Retry(said, _) => again(story, said),
        other => other,
    }
}

/// A new container from the same address, or for the same bytes.
fn again(story: &Story, said: String) -> Next {
    match &story.step {
        Step::Contained { url, .. } | Step::Publishing { url, .. } => {
            let from = url.clone().map(|url| Step::Uploaded { url });
            Next::Back(from.unwrap_or(Step::Rendered), said)
        }
        _ => Next::Stop(said),
    }
}

fn preparing(pause: Duration, now: Timestamp) -> Next {
    Next::Wait(after(now, pause), "the platform is preparing it".into())
}

/// How old the story's container may become without being finished.
///
/// A project that waits for nothing else for long does not wait for this.
fn stuck_after(story: &Story, rooms: &Rooms) -> Duration {
    let (picture, film) = STUCK;
    let first = match story.outgoing.media.kind {
        crate::media::Kind::Image => picture,
        crate::media::Kind::Video => film,
    };
    let longer = 1 << story.attempts.saturating_sub(1).min(3);
    first.min(rooms.policy.settle * 10) * longer
}

/// Quick at first, then once a minute: the reads count against the account's calls.
fn poll(story: &Story, container: &Container, now: Timestamp) -> Duration {
    let first = match story.outgoing.media.kind {
        crate::media::Kind::Image => Duration::from_millis(500),
        crate::media::Kind::Video => Duration::from_secs(2),
    };
    (since(container.made, now) / 4).clamp(first, Duration::from_secs(60))
}

/// What is about to be sent, with what is live before it. It is the story's turn: nothing else of the account goes out.
pub(super) async fn intent(story: &Story, rooms: &Rooms, now: Timestamp) -> Result<Intent, Next> {
    let (container, tries) = match &story.step {
        Step::Contained { container, .. } => (container, 1),
        Step::Publishing { intent, .. } => (&intent.container, intent.tries + 1),
        _ => return Err(Next::Stop("there is no container to publish".into())),
    };
    let live = match &rooms.platform {
        Platform::Private(client) => Ok(private_way::prepare(story, client, container, now).await?),
        platform => platform.stories().await,
    };
    match live {
        Ok(baseline) if is_unknown(&baseline, story, rooms, now).await => Err(Next::Stopped(
            StopCause::UnknownLive,
            "stories are live on the account that this store knows nothing of: `storypress store import` \
             takes them over"
                .into(),
        )),
        Ok(baseline) => Ok(Intent {
            at: now,
            container: container.clone(),
            baseline,
            tries,
        }),
        Err(error) => Err(failed(&error, now)),
    }
}

/// The store is new to the account, and something is live there: it may be what is about to go out.
async fn is_unknown(
    baseline: &[graph::StoryId],
    story: &Story,
    rooms: &Rooms,
    now: Timestamp,
) -> bool {
    let account = rooms.store.account(&story.account).await;
    if account.is_ok_and(|account| account.is_looked_at) {
        return false;
    }
    let day_ago = now.checked_sub(STORY_LIFE).unwrap_or(Timestamp::MIN);
    let known = rooms.store.story_ids(&story.account, day_ago).await;
    let known = known.unwrap_or_default();
    if baseline.iter().any(|id| !known.contains(id)) {
        return true;
    }
    // where that cannot be saved it is looked at again
    let _ = rooms.store.looked_at(&story.account, now).await;
    false
}

/// Sends, once. The intent stands in the store already.
pub(super) async fn send(story: &Story, intent: &Intent, rooms: &Rooms, now: Timestamp) -> Sent {
    let graph = match &rooms.platform {
        Platform::Graph(graph) => graph,
        Platform::Private(client) => return private_way::send(story, intent, client, now).await,
        Platform::ByHand => return Sent::Refused(Box::new(super::by_hand::nobody())),
    };
    let error = match graph.publish(&intent.container.id).await {
        Ok(id) => return Sent::Live(id),
        Err(error) => error,
    };
    let said = error.to_string();
    Sent::Refused(Box::new(match error.next() {
        graph::Next::Unsure { stop } => return Sent::Unclear { said, stop },
        graph::Next::NewContainer { .. } => again(story, said),
        _ => failed(&error.into(), now),
    }))
}
