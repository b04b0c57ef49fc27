//! Finished media that shall go out, and what became of it.

use jiff::{SignedDuration, Timestamp};

use super::error::Doing;
use super::forecast::Forecast;
use super::{Error, Publisher};
use crate::graph::UserTag;
use crate::media::Media;
use crate::pipeline::{Event, Platform};
use crate::platform::STORY_LIFE;
use crate::store::{Added, Outgoing, Place, Same, Step, Stop, Story, StoryKey};

/// A finished file that shall go out.
#[derive(Debug, Clone, PartialEq)]
pub struct ToPublish {
    /// What people call it.
    pub name: String,
    /// The template it was made from, as its project names it.
    pub template: Option<String>,
    /// The file.
    pub media: Media,
    /// Who is mentioned in it.
    pub mentions: Vec<UserTag>,
}

/// How stories shall go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// What is live or on its way already goes out once more.
    pub again: bool,
    /// One after the other: when one does not go out, those after it do not either.
    pub is_series: bool,
    /// Not before then; now, without it.
    pub due: Option<Timestamp>,
}

/// How a file stands to what the store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is a new story.
    New,
    /// The same was asked for before: nothing new was added.
    Same,
    /// The same picture stands there for another time of that day: it was not planned once more.
    OtherTime,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Its story, as it is now.
    pub story: Story,
    /// Whether it is a new one.
    pub standing: Standing,
    /// Its time was to come: this call sent nothing of it.
    pub is_planned: bool,
    /// Why the work broke off while the story was still on its way.
    pub broke_off: Option<String>,
    /// Its account is stopped.
    pub stop: Option<Stop>,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The account's name on the platform.
    pub username: String,
    /// How many of its daily stories are left, where the platform says so.
    pub left: Option<u32>,
    /// For each file the story that shows the same picture; none would be published.
    pub known: Vec<Option<(Story, Standing)>>,
    /// How many of the new ones can go out in time.
    pub forecast: Forecast,
}

impl Publisher {
    /// Adds the files to the memory and takes them down the staircase until every one rests; what is due later only
    /// waits there. In the order of `files`.
    ///
    /// # Errors
    /// What the store says before anything is sent. Where the work breaks off later, each story says how far it came.
    pub async fn publish(
        &self,
        files: &[ToPublish],
        wish: Wish,
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<Vec<Published>, Error> {
        let now = self.clock.now();
        self.look_first(now).await?;
        let stories = self.stories(files, wish, now);
        for file in files {
            self.keep(&file.media, wish, now).await?;
        }
        let same = match wish.again {
            true => Same::Again,
            false => Same::Known,
        };
        let added = self.store.add(&stories, same, now).await?;
        self.observe_added();
        let keys: Vec<(StoryKey, Standing)> = added
            .into_iter()
            .map(|added| match added {
                Added::New(story) => (story.key, Standing::New),
                Added::Known(story) => {
                    let standing = standing(&story, wish, now);
                    (story.key, standing)
                }
            })
            .collect();
        let mut ended = Ok(());
        let is_planned = wish.due.is_some_and(|due| due > now);
        if !is_planned {
            let wanted = keys.iter().filter(|(_, s)| *s != Standing::OtherTime);
            let wanted: Vec<StoryKey> = wanted.map(|(key, _)| key.clone()).collect();
            ended = self.run(&wanted, told).await;
        }
        let broke_off = ended.err().map(|error| super::open::chain(&error));
        let stop = self.store.account(&self.account).await?.stop;
        let stop = stop.filter(|stop| stop.is_on(self.clock.now()));
        // also where the work broke off, everybody learns how far each story came
        let mut all = Vec::new();
        for (key, standing) in keys {
            let story = self.store.get(&key).await?;
            let broke_off = broke_off.clone().filter(|_| story.step.is_in_flight());
            all.push(Published {
                stop: stop.clone().filter(|_| story.step.is_in_flight()),
                story,
                standing,
                is_planned,
                broke_off,
            });
        }
        Ok(all)
    }

    /// A store that is new to the account looks at what is live there: it may be what is about to go out.
    async fn look_first(&self, now: Timestamp) -> Result<(), Error> {
        if self.store.account(&self.account).await?.is_looked_at {
            return Ok(());
        }
        // what cannot be read now is looked at before the first publish
        let Ok(live) = self.chosen().platform.stories().await else {
            return Ok(());
        };
        let day_ago = now.checked_sub(STORY_LIFE).unwrap_or(Timestamp::MIN);
        let known = self.store.story_ids(&self.account, day_ago).await?;
        let unknown = live.iter().filter(|id| !known.contains(id)).count();
        if unknown > 0 {
            return Err(Error::refused(format!(
                "the store is new, and {unknown} of the stories that are live on the account are not in it: \
                 nothing was sent. If an old store was lost, restore its backup; \
                 `storypress store import` takes over what is live"
            )));
        }
        Ok(self.store.looked_at(&self.account, now).await?)
    }

    /// Keeps the file where every worker can read it.
    async fn keep(&self, media: &Media, wish: Wish, now: Timestamp) -> Result<(), Error> {
        self.store.keep(media).await?;
        let place = self.chosen().upload.as_ref();
        let is_later = wish.due.is_some_and(|due| due > now);
        if let Some(place) = place.filter(|place| is_later && place.is_shared())
            && self.store.is_shared()
            && let Err(error) = place.put(media, now).await
        {
            tracing::warn!(
                %error,
                "the file is kept on this machine alone: a worker has to run here"
            );
        }
        Ok(())
    }

    /// Asks everything that can be asked without sending anything.
    ///
    /// # Errors
    /// The account does not answer; what the store says.
    pub async fn rehearse(&self, files: &[ToPublish], wish: Wish) -> Result<Rehearsed, Error> {
        let now = self.clock.now();
        self.look_first(now).await?;
        let platform = &self.chosen().platform;
        let username = match platform {
            Platform::ByHand => self.name_of(&self.account).to_owned(),
            _ => (platform.username().await).doing("the account does not answer")?,
        };
        let quota = platform.quota().await.doing("the quota cannot be read")?;
        let mut known = Vec::new();
        for story in self.stories(files, wish, now) {
            let same = match wish.again {
                true => None,
                false => self.store.same(&story, now).await?,
            };
            known.push(same.map(|story| {
                let standing = standing(&story, wish, now);
                (story, standing)
            }));
        }
        let new = known.iter().filter(|known| known.is_none()).count();
        let forecast = self.forecast_by(&quota, new, wish.due, now).await?;
        Ok(Rehearsed {
            forecast,
            username,
            left: quota.left(),
            known,
        })
    }

    fn stories(&self, files: &[ToPublish], wish: Wish, now: Timestamp) -> Vec<Story> {
        let batch = StoryKey::random().to_string();
        let story = |(file, position): (&ToPublish, u32)| Story {
            key: StoryKey::random(),
            account: self.account.clone(),
            name: file.name.clone(),
            template: file.template.clone(),
            outgoing: Outgoing {
                media: Media {
                    // a name that is no text stands in the store as it is shown; the file is kept by its hash
                    path: file.media.path.to_string_lossy().into_owned().into(),
                    ..file.media.clone()
                },
                mentions: file.mentions.clone(),
            },
            place: Place {
                batch: batch.clone(),
                position,
                is_series: wish.is_series,
            },
            slot: None,
            late: None,
            due: wish.due.unwrap_or(now),
            day: Some(wish.due.unwrap_or(now).to_zoned(self.zone.clone()).date()),
            wake: wish.due.unwrap_or(now).max(now),
            step: Step::Rendered,
            attempts: 0,
            trouble: None,
        };
        files.iter().zip(0..).map(story).collect()
    }
}

/// Stories that are due so soon are due now: another process, perhaps on a machine whose clock goes before ours, may have
/// added them for now.
const NOW: SignedDuration = SignedDuration::from_secs(60);

/// How a call stands to a story of the same picture and day.
fn standing(known: &Story, wish: Wish, now: Timestamp) -> Standing {
    let soon = now.checked_add(NOW).unwrap_or(now);
    let is_past = wish.due.is_none_or(|due| due <= now) && known.due <= soon;
    match wish.due == Some(known.due) || is_past {
        true => Standing::Same,
        false => Standing::OtherTime,
    }
}
