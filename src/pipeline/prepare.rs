//! From a file to a container: what may be repeated, because nobody sees it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::graph::{self, Client, Login, NewContainer, Source};
use crate::media::Kind;
use crate::platform::QUOTA_WINDOW;
use crate::scene::Audience;
use crate::store::{Step, StopCause, Store, Story};
use crate::upload::{self, MediaUrl};

use super::{Films, Next, PlatformError, Policy, Rooms, after};

/// The platform takes so many containers of an account in any 24 hours
/// (Instagram Platform, "Content publishing", read 2026-11).
const CONTAINERS_A_DAY: u32 = 400;

/// A quota that is used up frees bit by bit; asking costs calls.
const QUOTA_PAUSE: Duration = Duration::from_secs(600);

/// An address that ends sooner than this is made anew.
const LEAST_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Too late to go out, for a story that was not sent yet: counted from the earliest turn that it could have had.
///
/// Whoever stands behind others of the account, `gap` apart, is not late for that.
pub(super) async fn is_late(story: &Story, rooms: &Rooms, now: Timestamp) -> bool {
    deadline(story, &rooms.store, &rooms.policy, now).await < now
}

/// How late a story may be: what its rule says, else the project.
pub(super) fn late(story: &Story, policy: &Policy) -> Duration {
    let own = story.late.and_then(|late| Duration::try_from(late).ok());
    own.unwrap_or(policy.late)
}

/// When a story becomes too late.
pub(super) async fn deadline(
    story: &Story,
    store: &Store,
    policy: &Policy,
    now: Timestamp,
) -> Timestamp {
    let late = late(story, policy);
    let first = after(story.due, late);
    if first >= now {
        return first;
    }
    let gap = SignedDuration::try_from(policy.gap).unwrap_or(SignedDuration::MAX);
    match store.earliest_turn(story, gap, now).await {
        Ok(turn) => after(turn, late),
        // nothing is given up because the store could not be asked
        Err(_) => now,
    }
}

/// Makes a film's container of its own bytes, or puts the file where the platform can fetch it.
pub(super) async fn begin(story: &Story, graph: &Client, rooms: &Rooms, now: Timestamp) -> Next {
    if is_late(story, rooms, now).await {
        return Next::To(Step::Missed);
    }
    // what was meant for few is never shown to all
    if story.outgoing.media.extras.audience == Some(Audience::CloseFriends) {
        return Next::Stop(
            "it is for close friends, and the platform's API shows a story to everyone: \
             `storypress handoff` makes a page to post it by hand"
                .into(),
        );
    }
    let takes_bytes = story.outgoing.media.kind == Kind::Video && graph.login() == Login::Facebook;
    let wants_bytes = rooms.upload.is_none() || rooms.policy.films == Films::Sent;
    match &rooms.upload {
        _ if takes_bytes && wants_bytes => make(story, None, graph, rooms, now).await,
        Some(place) => upload(story, place, now).await,
        None => Next::Stop(
            "the platform fetches this file, and the project has no [upload] to fetch it from"
                .into(),
        ),
    }
}

/// Puts the file where the platform can fetch it.
async fn upload(story: &Story, place: &upload::Store, now: Timestamp) -> Next {
    match place.put(&story.outgoing.media, now).await {
        Ok(url) => Next::To(Step::Uploaded { url }),
        Err(error) if error.is_of_the_file() => {
            match place.find(&story.outgoing.media, now).await {
                // whoever planned it has uploaded it
                Ok(Some(url)) => Next::To(Step::Uploaded { url }),
                Ok(None) => Next::NotHere(error.to_string()),
                Err(why) => Next::Retry(why.to_string(), None),
            }
        }
        Err(error) if error.is_lasting() => Next::Stop(error.to_string()),
        Err(error) => Next::Retry(error.to_string(), None),
    }
}

/// Looks at the address as the platform will, and has it make a container.
pub(super) async fn contain(
    story: &Story,
    url: &MediaUrl,
    graph: &Client,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    if is_late(story, rooms, now).await {
        return Next::To(Step::Missed);
    }
    if url
        .expires
        .is_some_and(|end| end.duration_since(now) < LEAST_LIFE)
    {
        return Next::To(Step::Rendered);
    }
    if url.is_loopback() && !graph.is_local() {
        return Next::Stop(format!(
            "the platform cannot fetch {}: it is on this machine",
            url.shown()
        ));
    }
    let Some(place) = &rooms.upload else {
        return Next::Stop("the project's [upload] is gone".into());
    };
    let crawled = place.crawl(url, &story.outgoing.media).await;
    // a file that is not here cannot be compared; its name is the hash of its bytes
    if let Err(refusal) = crawled.or_else(|r| if r.is_of_the_file() { Ok(()) } else { Err(r) }) {
        let said = refusal.to_string();
        return if refusal.is_lasting() {
            Next::Stop(said)
        } else {
            // the address may belong to a server that is no longer there
            Next::Back(Step::Rendered, said)
        };
    }
    make(story, Some(url), graph, rooms, now).await
}

/// Has the platform make a container, of what it fetches or of what is sent to it.
async fn make(
    story: &Story,
    url: Option<&MediaUrl>,
    graph: &Client,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    if let Some(wait) = may_make(story, graph, rooms, now).await {
        return wait;
    }
    let outgoing = &story.outgoing;
    let new = NewContainer {
        kind: outgoing.media.kind,
        source: url.map_or(Source::Resumable, |url| Source::Url(url.url.clone())),
        user_tags: outgoing.mentions.clone(),
        is_ai_generated: false,
    };
    match graph.contain(&new, now).await {
        Ok(container) => Next::To(Step::Contained {
            url: url.cloned(),
            container,
            is_refused: false,
        }),
        Err(error) => failed(&error.into(), now),
    }
}

/// Why no container may be made now.
async fn may_make(story: &Story, graph: &Client, rooms: &Rooms, now: Timestamp) -> Option<Next> {
    let day_ago = now.checked_sub(QUOTA_WINDOW).unwrap_or(Timestamp::MIN);
    let containers = match rooms.store.count_containers(story, day_ago).await {
        Ok(containers) => containers,
        Err(error) => return Some(Next::Retry(error.to_string(), None)),
    };
    if containers.made >= CONTAINERS_A_DAY {
        let said = format!("{CONTAINERS_A_DAY} containers were made within 24 hours");
        return Some(Next::Wait(after(now, QUOTA_PAUSE), said));
    }
    match graph.quota().await {
        // a story that has its container and goes out before this one will take a part of what is left
        Ok(quota) => match quota.left() {
            Some(0) => Some(Next::Rest(
                after(now, QUOTA_PAUSE),
                "the quota is used up".into(),
            )),
            Some(left) if left <= containers.before => Some(Next::Wait(
                after(now, QUOTA_PAUSE),
                "what is left of the quota is taken".into(),
            )),
            _ => None,
        },
        Err(error) => Some(failed(&error.into(), now)),
    }
}

/// What an error means before anything can have been published.
pub(super) fn failed(error: &PlatformError, now: Timestamp) -> Next {
    let said = error.to_string();
    if error.is_of_a_file() {
        return Next::NotHere(said);
    }
    match error.next() {
        graph::Next::Never => Next::Stop(said),
        graph::Next::Login => Next::Stopped(StopCause::Login, said),
        graph::Next::Human => Next::Stopped(StopCause::Refused, said),
        graph::Next::Quota => Next::Rest(after(now, QUOTA_PAUSE), said),
        graph::Next::After(pause) => Next::Rest(after(now, pause), said),
        graph::Next::SameContainer { after, .. } => Next::Retry(said, Some(after)),
        // a container that was made all the same is lost, and nobody sees it
        graph::Next::NewContainer { .. } | graph::Next::Again | graph::Next::Unsure { .. } => {
            Next::Retry(said, None)
        }
    }
}
