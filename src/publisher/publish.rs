//! Finished media that shall go out, and what became of it.

use jiff::Timestamp;

use super::error::Doing;
use super::{Error, Publisher};
use crate::graph::UserTag;
use crate::media::Media;
use crate::store::{Added, Outgoing, Place, Same, Step, Story, StoryKey};

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

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Its story, as it stands now.
    pub story: Story,
    /// The account had this picture, or was about to: nothing new was added.
    pub was_known: bool,
    /// Why the work broke off while the story was still on its way.
    pub broke_off: Option<String>,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The account's name on the platform.
    pub username: String,
    /// How many of its daily stories are left, where the platform says so.
    pub left: Option<u32>,
    /// For each file the story that shows the same picture; none would be published.
    pub known: Vec<Option<Story>>,
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
        at_rest: impl Fn(&Story) + Send + Sync + 'static,
    ) -> Result<Vec<Published>, Error> {
        let now = Timestamp::now();
        let stories = self.stories(files, wish, now);
        let same = match wish.again {
            true => Same::Again,
            false => Same::Known,
        };
        let added = self.store.add(&stories, same, now).await?;
        self.observe_added();
        let mut keys = Vec::new();
        for added in added {
            let (story, was_known) = match added {
                Added::New(story) => (story, false),
                Added::Known(story) => (story, true),
            };
            // who asks for it again asks for it now
            if was_known && wish.due.is_none() {
                self.hasten(&story.key, now).await?;
            }
            keys.push((story.key, was_known));
        }
        let mut ended = Ok(());
        if wish.due.is_none_or(|due| due <= now) {
            let wanted: Vec<StoryKey> = keys.iter().map(|(key, _)| key.clone()).collect();
            ended = self.run(&wanted, at_rest).await;
        }
        let broke_off = ended.err().map(|error| super::open::chain(&error));
        // also where the work broke off, everybody learns how far each story came
        let mut all = Vec::new();
        for (key, was_known) in keys {
            let story = self.store.get(&key).await?;
            let broke_off = broke_off.clone().filter(|_| story.step.is_in_flight());
            all.push(Published {
                story,
                was_known,
                broke_off,
            });
        }
        Ok(all)
    }

    /// Asks everything that can be asked without sending anything.
    ///
    /// # Errors
    /// The account does not answer; what the store says.
    pub async fn rehearse(&self, files: &[ToPublish], wish: Wish) -> Result<Rehearsed, Error> {
        let now = Timestamp::now();
        let graph = &self.chosen().graph;
        let me = graph.me().await.doing("the account does not answer")?;
        let quota = graph.quota().await.doing("the quota cannot be read")?;
        let mut known = Vec::new();
        for story in self.stories(files, wish, now) {
            known.push(match wish.again {
                true => None,
                false => self.store.same(&story, now).await?,
            });
        }
        Ok(Rehearsed {
            username: me.username,
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
                media: file.media.clone(),
                mentions: file.mentions.clone(),
            },
            place: Place {
                batch: batch.clone(),
                position,
                is_series: wish.is_series,
            },
            due: wish.due.unwrap_or(now),
            wake: now,
            step: Step::Rendered,
            attempts: 0,
            trouble: None,
        };
        files.iter().zip(0..).map(story).collect()
    }
}
