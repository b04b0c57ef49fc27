//! What became of a publish whose answer nobody has: asked, never tried again at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::graph::{self, StatusCode, StoryId};
use crate::store::{Intent, Step, Story};

use super::{Next, Rooms, Unclear, after, since};

/// The platform's clock and ours may be apart by so much.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

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
                Ok(new) => only(new),
                Err(_) => None,
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
    let day_ago = now
        .checked_sub(SignedDuration::from_hours(25))
        .unwrap_or(Timestamp::MIN);
    let live = rooms.platform.stories().await.map_err(|e| e.to_string())?;
    let known = rooms
        .store
        .story_ids(&story.account, day_ago)
        .await
        .map_err(|e| e.to_string())?;
    let mut new = Vec::new();
    for id in live {
        if intent.baseline.contains(&id) || known.contains(&id) {
            continue;
        }
        let facts = rooms.platform.story(&id).await.map_err(|e| e.to_string())?;
        let from = intent.at.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
        let to = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
        if facts.at.is_none_or(|at| (from..=to).contains(&at)) {
            new.push(id);
        }
    }
    Ok(new)
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
