//! The numbers of stories, by story and by template.

use std::collections::BTreeMap;

use super::{Error, Publisher};
use crate::graph::Insights;
use crate::store::{Filter, Step, Story};

/// What a template's stories came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByTemplate {
    /// How many stories.
    pub stories: u32,
    /// The sum of each number.
    pub numbers: BTreeMap<String, i64>,
}

/// The newest numbers of a story, where there are any.
pub fn numbers(story: &Story) -> Option<&Insights> {
    match &story.step {
        Step::Published { insights, .. } | Step::Closed { insights, .. } => insights.as_ref(),
        _ => None,
    }
}

/// The stories of each template, counted and added up; those of none are under `(no template)`.
pub fn by_template(stories: &[Story]) -> BTreeMap<String, ByTemplate> {
    let mut templates: BTreeMap<String, ByTemplate> = BTreeMap::new();
    for story in stories {
        let name = story
            .template
            .clone()
            .unwrap_or_else(|| "(no template)".into());
        let sums = templates.entry(name).or_default();
        sums.stories += 1;
        for (name, number) in numbers(story).into_iter().flat_map(|i| &i.numbers) {
            *sums.numbers.entry(name.clone()).or_default() += number;
        }
    }
    templates
}

impl Publisher {
    /// Takes the numbers of what is live on the open accounts, and keeps them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn take_numbers(&self) -> Result<(), Error> {
        let filter = Filter {
            states: vec!["live".to_owned()],
            ..Filter::default()
        };
        for story in self.store.list(&filter).await? {
            if self.rooms.contains_key(&story.account) {
                self.look(&story.key).await?;
            }
        }
        Ok(())
    }
}
