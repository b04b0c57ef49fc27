//! Finished media that shall go out, and what became of it.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::error::Doing;
use super::forecast::Forecast;
use super::{Error, Publisher};
use crate::graph::UserTag;
use crate::media::Media;
use crate::pipeline::{Event, Platform};
use crate::platform::STORY_LIFE;
use crate::store::{Added, Filter, Outgoing, Place, Same, Step, Stop, Story, StoryKey};

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
    /// The account, as the project names it; without it, the first that is open.
    pub account: Option<String>,
    /// Not before then; now, without it.
    pub due: Option<Timestamp>,
}

/// How stories shall go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// What is live or on its way already goes out once more.
    pub again: bool,
    /// One after the other: when one does not go out, those after it do not either.
    pub is_series: bool,
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
    /// It was on its way before this call, and came to rest in it.
    pub went_on: bool,
    /// Why the work broke off while the story was still on its way.
    pub broke_off: Option<String>,
    /// Its account is stopped.
    pub stop: Option<Stop>,
}

/// What would happen on one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The account, as stories name it.
    pub account: String,
    /// The account's name on the platform.
    pub username: String,
    /// How many of its daily stories are left, where the platform says so.
    pub left: Option<u32>,
    /// The places of its files among all, each with the story that shows the same picture; none would be published.
    pub known: Vec<(usize, Option<(Story, Standing)>)>,
    /// How many of the new ones can go out in time, for each time that they are due.
    pub forecasts: Vec<Forecast>,
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
        let stories = self.stories(files, wish, now)?;
        for account in accounts_of(&stories) {
            self.look_first(&account, now).await?;
        }
        for (file, story) in files.iter().zip(&stories) {
            self.keep(&file.media, story, now).await?;
        }
        let same = match wish.again {
            true => Same::Again,
            false => Same::Known,
        };
        let added = self.store.add(&stories, same, now).await?;
        self.observe_added();
        let is_new = |added: &Added| match added {
            Added::New(story) => Some(story.key.clone()),
            Added::Known(_) => None,
        };
        // a file that is there twice is one story, which is told of once
        let new: HashSet<StoryKey> = added.iter().filter_map(is_new).collect();
        let before = |added: &Added| match added {
            Added::Known(story) if story.step.is_in_flight() && !new.contains(&story.key) => {
                Some(story.key.clone())
            }
            _ => None,
        };
        let on_their_way: HashSet<StoryKey> = added.iter().filter_map(before).collect();
        let keys: Vec<(StoryKey, Standing, bool)> = added
            .into_iter()
            .zip(files)
            .map(|(added, file)| {
                let is_planned = file.due.is_some_and(|due| due > now);
                match added {
                    Added::New(story) => (story.key, Standing::New, is_planned),
                    Added::Known(story) => {
                        let standing = standing(&story, file.due, now);
                        (story.key, standing, is_planned)
                    }
                }
            })
            .collect();
        let wanted: Vec<StoryKey> = keys
            .iter()
            .filter(|(_, standing, is_planned)| !is_planned && *standing != Standing::OtherTime)
            .map(|(key, ..)| key.clone())
            .collect();
        let ended = match keys.iter().all(|(.., is_planned)| *is_planned) {
            true => Ok(()),
            false => self.run(&wanted, told).await,
        };
        let broke_off = ended.err().map(|error| super::open::chain(&error));
        let mut stops = HashMap::new();
        for account in accounts_of(&stories) {
            let stop = self.store.account(&account).await?.stop;
            let stop = stop.filter(|stop| stop.is_on(self.clock.now()));
            stops.insert(account, stop);
        }
        // also where the work broke off, everybody learns how far each story came
        let mut all = Vec::new();
        for (key, standing, is_planned) in keys {
            let story = self.store.get(&key).await?;
            let broke_off = broke_off.clone().filter(|_| story.step.is_in_flight());
            let stop = stops.get(&story.account).cloned().flatten();
            let is_ours = !is_planned && standing != Standing::OtherTime;
            all.push(Published {
                went_on: is_ours && on_their_way.contains(&story.key) && !story.step.is_in_flight(),
                stop: stop.filter(|_| story.step.is_in_flight()),
                story,
                standing,
                is_planned,
                broke_off,
            });
        }
        Ok(all)
    }

    /// A store that is new to the account looks at what is live there: it may be what is about to go out.
    async fn look_first(&self, account: &str, now: Timestamp) -> Result<(), Error> {
        if self.store.account(account).await?.is_looked_at {
            return Ok(());
        }
        // what cannot be read now is looked at before the first publish
        let Ok(live) = self.rooms_of(account).platform.stories().await else {
            return Ok(());
        };
        let day_ago = now.checked_sub(STORY_LIFE).unwrap_or(Timestamp::MIN);
        let known = self.store.story_ids(account, day_ago).await?;
        let unknown = live.iter().filter(|id| !known.contains(id)).count();
        if unknown > 0 {
            let any = Filter {
                limit: Some(1),
                ..Filter::default()
            };
            let which = match self.store.list(&any).await?.is_empty() {
                true => "the store is new: if an old one was lost, restore its backup",
                false => "the store was restored, or has sent nothing there yet",
            };
            return Err(Error::refused(format!(
                "{unknown} of the stories that are live on the account are not in the store, and nothing was sent. \
                 {which}; `storypress store import` takes over what is live"
            )));
        }
        Ok(self.store.looked_at(account, now).await?)
    }

    /// Keeps a story's file where every worker can read it. A path that is no text stands in the file alone.
    async fn keep(&self, media: &Media, story: &Story, now: Timestamp) -> Result<(), Error> {
        self.store.keep(media).await?;
        let place = self.rooms_of(&story.account).upload.as_ref();
        let is_later = story.due > now;
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

    /// Asks everything that can be asked without sending anything, of each account in turn.
    ///
    /// # Errors
    /// An account that is not open, or does not answer; what the store says.
    pub async fn rehearse(&self, files: &[ToPublish], wish: Wish) -> Result<Vec<Rehearsed>, Error> {
        let now = self.clock.now();
        let stories = self.stories(files, wish, now)?;
        let mut all = Vec::new();
        for account in accounts_of(&stories) {
            self.look_first(&account, now).await?;
            let platform = &self.rooms_of(&account).platform;
            let username = match platform {
                Platform::ByHand => self.name_of(&account).to_owned(),
                _ => (platform.username().await).doing("the account does not answer")?,
            };
            let quota = platform.quota().await.doing("the quota cannot be read")?;
            let (mut known, mut new) = (Vec::new(), Vec::new());
            for (place, story) in stories.iter().enumerate() {
                if story.account != account {
                    continue;
                }
                let same = match wish.again {
                    true => None,
                    false => self.store.same(story, now).await?,
                };
                if same.is_none() {
                    new.push(story.due);
                }
                known.push((
                    place,
                    same.map(|story| {
                        let standing = standing(&story, files[place].due, now);
                        (story, standing)
                    }),
                ));
            }
            all.push(Rehearsed {
                forecasts: self.forecasts_by(&account, &quota, new, now).await?,
                account,
                username,
                left: quota.left(),
                known,
            });
        }
        Ok(all)
    }

    /// How stories name the account that a file is for.
    ///
    /// # Errors
    /// `Refused` where it is not open.
    pub fn account_of(&self, file: &ToPublish) -> Result<&str, Error> {
        let Some(name) = &file.account else {
            return Ok(&self.account);
        };
        let key = self.keys.get(name);
        let missing = || Error::refused(format!("the account {name} is not open here"));
        key.map(String::as_str).ok_or_else(missing)
    }

    fn stories(
        &self,
        files: &[ToPublish],
        wish: Wish,
        now: Timestamp,
    ) -> Result<Vec<Story>, Error> {
        // the stories of an account are one batch, in the order of the files
        let mut batches: HashMap<&str, (String, u32)> = HashMap::new();
        let mut story = |file: &ToPublish| {
            let account = self.account_of(file)?;
            let new = || (StoryKey::random().to_string(), 0);
            let (batch, position) = batches.entry(account).or_insert_with(new);
            let place = Place {
                batch: batch.clone(),
                position: *position,
                is_series: wish.is_series,
            };
            *position += 1;
            let due = file.due.unwrap_or(now);
            Ok(Story {
                key: StoryKey::random(),
                account: account.to_owned(),
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
                place,
                slot: None,
                late: None,
                due,
                day: Some(due.to_zoned(self.zone.clone()).date()),
                wake: due.max(now),
                step: Step::Rendered,
                attempts: 0,
                trouble: None,
            })
        };
        files.iter().map(&mut story).collect()
    }
}

/// The accounts of stories, each once, in their order.
fn accounts_of(stories: &[Story]) -> Vec<String> {
    let mut accounts: Vec<String> = Vec::new();
    for story in stories {
        if !accounts.contains(&story.account) {
            accounts.push(story.account.clone());
        }
    }
    accounts
}

/// Stories that are due so soon are due now: another process, perhaps on a machine whose clock goes before ours, may have
/// added them for now.
const NOW: SignedDuration = SignedDuration::from_secs(60);

/// How a call stands to a story of the same picture and day.
fn standing(known: &Story, due: Option<Timestamp>, now: Timestamp) -> Standing {
    let soon = now.checked_add(NOW).unwrap_or(now);
    let is_past = due.is_none_or(|due| due <= now) && known.due <= soon;
    match due == Some(known.due) || is_past {
        true => Standing::Same,
        false => Standing::OtherTime,
    }
}
