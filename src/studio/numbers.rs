//! The numbers of stories, as `insights` tells them.
//!
//! In: the store; the platform, where it is asked. Out: numbers by story, template, weekday and hour. Never: a number that
//! nobody gave.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::problem::Problem;
use super::state::Studio;
use super::workspace::Workspace;
use crate::publisher::{self, Publisher, accounts};
use crate::store::{Filter, Point, Story, StoryKey};

/// What is kept of live and past stories.
#[derive(Debug, Default)]
pub struct Kept {
    /// The stories.
    pub stories: Vec<Story>,
    /// The numbers of each as they were at certain ages.
    pub points: HashMap<StoryKey, Vec<Point>>,
}

impl Kept {
    /// As the store has it.
    ///
    /// # Errors
    /// 500 with what the store says.
    pub async fn of(work: &Workspace) -> Result<Self, Problem> {
        let Some(store) = &work.store else {
            return Ok(Self::default());
        };
        let filter = Filter {
            states: ["live", "closed"].map(str::to_owned).to_vec(),
            ..Filter::default()
        };
        Ok(Self {
            stories: store.list(&filter).await?,
            points: store.points().await?,
        })
    }

    /// As programs are told.
    pub fn told(&self, work: &Workspace) -> Value {
        let items = self.stories.iter().map(|story| self.item(work, story));
        let told = json!({ "items": items.collect::<Vec<_>>() });
        publisher::with_groups(told, &self.stories, &work.zone)
    }

    fn item(&self, work: &Workspace, story: &Story) -> Value {
        let points = self.points.get(&story.key).map_or(&[][..], Vec::as_slice);
        let item = json!({
            "id": story.key,
            "state": story.state(work.now),
            "name": story.name,
            "template": story.template,
            "account": accounts::name_of(&work.project, &story.account),
            "story": { "id": story.key, "state": story.state(work.now), "media_id": story.step.story() },
        });
        publisher::with_numbers(item, story, points, &work.zone)
    }
}

/// Asks the platform for the numbers of what is live, and keeps them. Without a live story nobody is asked, and an account
/// that cannot be opened is no reason to tell nothing.
///
/// # Errors
/// As [`Workspace::open`].
pub async fn take(studio: &Studio) -> Result<(), Problem> {
    let work = Workspace::open(studio).await?;
    let live = Filter {
        states: vec!["live".to_owned()],
        ..Filter::default()
    };
    let is_any_live = match &work.store {
        Some(store) => !store.list(&live).await?.is_empty(),
        None => false,
    };
    let project = work.project.clone();
    work.close().await;
    if !is_any_live {
        return Ok(());
    }
    match Publisher::open_all(&project, &studio.target(), &studio.cancel).await {
        Ok(publisher) => {
            let taken = publisher.take_numbers().await;
            publisher.close().await;
            if let Err(error) = taken {
                tracing::warn!("numbers could not be taken: {error}");
            }
        }
        Err(error) => tracing::warn!("numbers could not be taken: {error}"),
    }
    Ok(())
}
