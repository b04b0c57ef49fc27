//! What became of a publish whose answer nobody has: asked, never tried again at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::graph::{self, StatusCode, StoryId};
use crate::store::{self, Intent, Step, Story};

use super::{Next, Rooms, Unclear, after, since};

/// The platform's clock and ours may be apart by so much.
pub const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// Stories of ours that may still be live: they live 24 hours.
const KNOWN: SignedDuration = SignedDuration::from_hours(25);

/// How long the name of a story that is live may take to show up.
const NAMED_WITHIN: Duration = Duration::from_secs(30);

/// A publish that was written down, by somebody who did not see its answer.
pub(super) async fn watch(
    story: &Story,
    intent: &Intent,
    graph: &graph::Client,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    let settle = rooms.policy.settle;
    let watched = since(intent.at, now);
    let later = |said: &str| Next::Wait(after(now, poll(settle)), said.to_owned());
    let code = match graph.status(&intent.container.id).await {
        Ok(status) => status.code,
        Err(error) => {
            let said = error.to_string();
            return match error.next() {
                // the account may ask nothing for a while: that says nothing of the story
                graph::Next::After(pause) => Next::Wait(after(now, pause), said),
                // a read that fails decides nothing; but nobody waits for ever
                _ if watched > settle * 2 => {
                    Next::Ask(format!("the container could not be asked: {said}"))
                }
                _ => later(&said),
            };
        }
    };
    match code {
        StatusCode::Published => {
            let name = match new_stories(story, intent, rooms, now).await {
                // what is new may be what a person has posted meanwhile
                Ok(new) if !someone_posts(story, rooms, now).await => only(new),
                _ => None,
            };
            if name.is_none() && watched < settle.min(NAMED_WITHIN) {
                return later("it is live; its name is not known yet");
            }
            Next::To(Step::Published {
                story: name,
                container: intent.container.id.clone(),
                at: intent.at,
                insights: None,
            })
        }
        _ if watched <= settle => later("the platform has not said whether it is live"),
        StatusCode::InProgress if watched <= settle * 2 => {
            later("the platform has not said whether it is live")
        }
        code => match new_stories(story, intent, rooms, now).await {
            Err(error) if watched <= settle * 2 => later(&error),
            Err(error) => Next::Ask(format!("the live stories could not be read: {error}")),
            Ok(new) => decided(code, &new, intent, rooms.policy.unclear),
        },
    }
}

/// The window has passed, and the container was not seen as published.
fn decided(code: StatusCode, new: &[StoryId], intent: &Intent, unclear: Unclear) -> Next {
    if let [id, ..] = new {
        return Next::Ask(format!(
            "the container is {}, but a story has appeared since: {id}",
            word(code)
        ));
    }
    match code {
        // such a container cannot have been published
        StatusCode::Error | StatusCode::Expired => Next::Stop(format!(
            "the container is {}, and no story has appeared",
            word(code)
        )),
        // once more with the same container: if it went out after all, the platform refuses it
        StatusCode::Finished if unclear == Unclear::Resend && intent.tries < 2 => Next::Turn,
        _ => Next::Ask(format!(
            "the container is still {}, and no story has appeared",
            word(code)
        )),
    }
}

/// Stories that are live now, were not before, are not known as another story of ours, and are of the right time.
async fn new_stories(
    story: &Story,
    intent: &Intent,
    rooms: &Rooms,
    now: Timestamp,
) -> Result<Vec<StoryId>, String> {
    let live = rooms.platform.stories().await.map_err(|e| e.to_string())?;
    let known = known(story, rooms, now).await.map_err(|e| e.to_string())?;
    let mut new = Vec::new();
    for id in live {
        if intent.baseline.contains(&id) || known.contains(&id) {
            continue;
        }
        let facts = rooms.platform.story(&id).await.map_err(|e| e.to_string())?;
        if is_of_its_time(facts.at, intent, now) {
            new.push(id);
        }
    }
    Ok(new)
}

/// Stories of this account that are ours, and may still be live.
pub(super) async fn known(
    story: &Story,
    rooms: &Rooms,
    now: Timestamp,
) -> Result<Vec<StoryId>, store::Error> {
    let from = now.checked_sub(KNOWN).unwrap_or(Timestamp::MIN);
    rooms.store.story_ids(&story.account, from).await
}

/// A person has a story of the account to post, or had one until it was too late, within the day.
pub(super) async fn someone_posts(story: &Story, rooms: &Rooms, now: Timestamp) -> bool {
    if rooms.by_hand.is_none() {
        return false;
    }
    let day_ago = now.checked_sub(KNOWN).unwrap_or(Timestamp::MIN);
    for (state, since) in [("handed", None), ("missed", Some(day_ago))] {
        let filter = store::Filter {
            states: vec![state.to_owned()],
            account: Some(story.account.clone()),
            since,
            limit: Some(1),
            ..store::Filter::default()
        };
        let found = rooms.store.list(&filter).await;
        // who cannot be asked may have one
        if found.is_ok_and(|found| found.is_empty()) {
            continue;
        }
        return true;
    }
    false
}

/// Whether a story may have come of a publish, by its time; one that tells none may have.
pub(super) fn is_of_its_time(at: Option<Timestamp>, intent: &Intent, now: Timestamp) -> bool {
    let from = intent.at.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
    let to = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
    at.is_none_or(|at| (from..=to).contains(&at))
}

/// The name, if it can only be that one.
fn only(mut new: Vec<StoryId>) -> Option<StoryId> {
    match new.len() {
        1 => new.pop(),
        _ => None,
    }
}

/// Twenty looks within the window, but not more often than ten a second.
pub(super) fn poll(settle: Duration) -> Duration {
    (settle / 20).clamp(Duration::from_millis(100), Duration::from_secs(15))
}

fn word(code: StatusCode) -> &'static str {
    match code {
        StatusCode::InProgress => "in progress",
        StatusCode::Finished => "finished",
        StatusCode::Error => "broken",
        StatusCode::Expired => "expired",
        StatusCode::Published => "published",
    }
}
