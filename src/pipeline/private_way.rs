//! The staircase where a story goes the private way: a file is sent, looked up for, made a story of, once.
//!
//! In: a story and its account's client. Out: its next step. Never: a second configure call for one upload by itself: what
//! the platform makes of one nobody knows; a hash of the media as proof: the platform encodes again.

use std::time::Duration;

use jiff::Timestamp;

use crate::graph::{Container, StoryId};
use crate::private::{Client, Listed};
use crate::scene::{Sticker, StickerKind};
use crate::store::{Intent, Outgoing, Step, Story};

use super::platform::PlatformError;
use super::prepare::{failed, is_late};
use super::sent::Sent;
use super::{Next, Rooms, after, settle, since};

/// How long an upload is believed to last: nobody knows, and nobody sees that it is made anew.
const UPLOAD_LIFE: Duration = Duration::from_secs(3600);

/// Sends the file.
pub(super) async fn begin(story: &Story, client: &Client, rooms: &Rooms, now: Timestamp) -> Next {
    if is_late(story, rooms, now).await {
        return Next::To(Step::Missed);
    }
    match client.upload(&story.outgoing.media, Timestamp::now()).await {
        Ok(id) => Next::To(Step::Contained {
            url: None,
            container: Container {
                id,
                uri: None,
                made: now,
            },
            is_refused: false,
        }),
        Err(error) => failed(&PlatformError::Private(error), now),
    }
}

/// Whether the upload can become a story.
pub(super) async fn ready(
    story: &Story,
    upload: &Container,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    if is_late(story, rooms, now).await {
        return Next::To(Step::Missed);
    }
    match since(upload.made, now) > UPLOAD_LIFE {
        true => Next::Back(Step::Rendered, "the upload was too old".into()),
        false => Next::Turn,
    }
}

/// Looks up what the form names, then what is live. The intent is not written yet: what fails here has no effect.
pub(super) async fn prepare(
    story: &Story,
    client: &Client,
    upload: &Container,
    now: Timestamp,
) -> Result<Vec<StoryId>, Next> {
    let failed = |error| failed(&PlatformError::Private(error), now);
    let stickers = stickers(&story.outgoing);
    let audience = story.outgoing.media.extras.audience;
    let done = client.prepare(&upload.id, &stickers, audience).await;
    done.map_err(failed)?;
    let listed = client.stories(None).await.map_err(failed)?;
    // an answer that was taken for a refusal may have been none
    let is_ours = |one: &&Listed| one.upload.as_deref() == Some(upload.id.as_str());
    if let Some(ours) = listed.iter().find(is_ours) {
        return Err(Next::To(Step::Published {
            story: Some(ours.id.clone()),
            container: upload.id.clone(),
            at: ours.at.unwrap_or(now),
            insights: None,
        }));
    }
    Ok(listed.into_iter().map(|one| one.id).collect())
}

/// Makes the story, once. The intent stands in the store already.
pub(super) async fn send(story: &Story, intent: &Intent, client: &Client, now: Timestamp) -> Sent {
    let error = match client
        .configure(&intent.container.id, &story.outgoing.media)
        .await
    {
        Ok(id) => return Sent::Live(id),
        Err(error) => error,
    };
    let said = error.to_string();
    Sent::Refused(Box::new(match error.next() {
        crate::graph::Next::Unsure { stop } => return Sent::Unclear { said, stop },
        crate::graph::Next::NewContainer { .. } => Next::Back(Step::Rendered, said),
        _ => failed(&PlatformError::Private(error), now),
    }))
}

/// A configure call that was written down, by somebody who did not see its answer.
pub(super) async fn watch(
    story: &Story,
    intent: &Intent,
    client: &Client,
    rooms: &Rooms,
    now: Timestamp,
) -> Next {
    let settle = rooms.policy.settle;
    let watched = since(intent.at, now);
    let later = |said: String| Next::Wait(after(now, super::settle::poll(settle)), said);
    let listed = match client.stories(None).await {
        Ok(listed) => listed,
        Err(error) => {
            let said = error.to_string();
            return match error.next() {
                crate::graph::Next::After(pause) => Next::Wait(after(now, pause), said),
                _ if watched > settle * 2 => {
                    Next::Ask(format!("the live stories could not be read: {said}"))
                }
                _ => later(said),
            };
        }
    };
    let known = match settle::known(story, rooms, now).await {
        Ok(known) => known,
        Err(error) => return later(error.to_string()),
    };
    let new = appeared(&listed, intent, &known, now);
    let live = |id: &StoryId| {
        Next::To(Step::Published {
            story: Some(id.clone()),
            container: intent.container.id.clone(),
            at: intent.at,
            insights: None,
        })
    };
    let ours = |one: &&&Listed| one.upload.as_deref() == Some(intent.container.id.as_str());
    let proven: Vec<_> = new.iter().filter(ours).collect();
    if let [one] = proven.as_slice() {
        return live(&one.id);
    }
    if watched <= settle {
        return later("the platform has not said whether it is live".into());
    }
    match (proven.as_slice(), new.as_slice()) {
        // the list told nothing of its upload, and nothing else has appeared
        ([], [one]) if one.upload.is_none() && !settle::someone_posts(story, rooms, now).await => {
            live(&one.id)
        }
        ([], []) => Next::Ask("no answer came, and no story has appeared".into()),
        (_, all) => Next::Ask(format!(
            "no answer came, and more than this may have made what has appeared since: {}",
            all.iter()
                .map(|one| one.id.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        )),
    }
}

/// Stories that were not live before, are none of ours, and are of the right time.
fn appeared<'a>(
    listed: &'a [Listed],
    intent: &Intent,
    known: &[StoryId],
    now: Timestamp,
) -> Vec<&'a Listed> {
    let is_new = |one: &&Listed| {
        !intent.baseline.contains(&one.id)
            && !known.contains(&one.id)
            && settle::is_of_its_time(one.at, intent, now)
    };
    listed.iter().filter(is_new).collect()
}

/// A mention that is no layer of its own has a place and no size: about that of its words.
const MENTION: (f32, f32) = (0.3, 0.05);

/// The story's stickers, and those mentions that stand beside it alone.
fn stickers(outgoing: &Outgoing) -> Vec<Sticker> {
    let mut stickers = outgoing.media.extras.stickers.clone();
    for tag in &outgoing.mentions {
        let kind = StickerKind::Mention {
            username: tag.username.clone(),
        };
        if stickers.iter().all(|sticker| sticker.kind != kind) {
            stickers.push(Sticker {
                kind,
                x: tag.x,
                y: tag.y,
                width: MENTION.0,
                height: MENTION.1,
                rotation: 0.0,
            });
        }
    }
    stickers
}
