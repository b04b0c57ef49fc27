//! What an account has: stories that are live, those of before, who has seen them.
//!
//! In: a [`Client`]. Out: lists and numbers, as the app tells them. Never: a mark that a story was seen.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::Client;
use super::error::Error;
use crate::graph::{Insights, StoryFacts, StoryId};
use crate::media::Kind;

/// A story of the account's own list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its name.
    pub id: StoryId,
    /// When it went live.
    pub at: Option<Timestamp>,
    /// The upload that it was made of, where the list tells.
    pub upload: Option<String>,
    /// All that the list says.
    pub item: Value,
}

impl Client {
    /// The stories of an account that are live, oldest first; of one's own without an id.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn stories(&self, user: Option<&str>) -> Result<Vec<Listed>, Error> {
        let user = user.unwrap_or(self.user_id().as_str());
        let args = json!({ "user_id": user });
        let found = self.read("stories", args, "list the stories").await?;
        Ok(listed(&found))
    }

    /// The archive of past stories, newest day first, page by page.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn archive(&self, pages: usize) -> Result<Vec<Listed>, Error> {
        let (mut all, mut next) = (Vec::new(), Value::Null);
        for _ in 0..pages {
            let args = json!({ "max_id": next });
            let found = self.read("archive", args, "read the archive").await?;
            all.extend(listed(&found));
            next = found["next_max_id"].clone();
            if next.is_null() {
                break;
            }
        }
        Ok(all)
    }

    /// One page of who has seen an own story: `viewers`, `next_max_id`, `total_viewer_count`.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn viewers(&self, id: &str, page: Option<&str>) -> Result<Value, Error> {
        let args = json!({"media_id": id, "max_id": page});
        self.read("viewers", args, "read who has seen it").await
    }

    /// Takes an own story back.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let args = json!({ "media_id": id });
        let done = self.read("delete", args, "take the story back").await?;
        match done["did_delete"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(Error::here(
                "take the story back",
                "the platform did not do it",
            )),
        }
    }

    /// One own live story's facts.
    ///
    /// # Errors
    /// What the platform said; one that is not listed is `never`.
    pub async fn story(&self, id: &StoryId) -> Result<StoryFacts, Error> {
        let all = self.stories(None).await?;
        let found = all.into_iter().find(|listed| listed.id == *id);
        let found = found.ok_or_else(|| Error::here("read the story", "it is not live"))?;
        Ok(self.facts(found))
    }

    /// What the list tells of an own story.
    pub fn facts(&self, listed: Listed) -> StoryFacts {
        StoryFacts {
            id: listed.id,
            at: listed.at,
            permalink: None,
            username: Some(self.username().to_owned()),
            kind: Some(match listed.item["media_type"].as_u64() {
                Some(2) => Kind::Video,
                _ => Kind::Image,
            }),
            media_url: media_url(&listed.item).map(str::to_owned),
        }
    }

    /// How many accounts have seen an own story: `reach`.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn insights(&self, id: &StoryId, now: Timestamp) -> Result<Insights, Error> {
        let found = self.viewers(id.as_str(), None).await?;
        let count = found["total_viewer_count"].as_i64();
        let count = count.or(found["user_count"].as_i64());
        let numbers = count.map(|count| ("reach".to_owned(), count));
        Ok(Insights {
            taken: now,
            numbers: numbers.into_iter().collect(),
        })
    }
}

/// The largest picture, or the film.
pub fn media_url(item: &Value) -> Option<&str> {
    let film = item["video_versions"].as_array();
    let picture = item["image_versions2"]["candidates"].as_array();
    let all = film.or(picture)?.iter();
    let area =
        |one: &&Value| one["width"].as_u64().unwrap_or(0) * one["height"].as_u64().unwrap_or(0);
    all.max_by_key(area)?["url"].as_str()
}

fn listed(found: &Value) -> Vec<Listed> {
    let items = found["items"].as_array().into_iter().flatten();
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let one = |item: &Value| {
        let at = item["taken_at"].as_i64();
        Some(Listed {
            id: text(&item["pk"])?.parse().ok()?,
            at: at.and_then(|second| Timestamp::from_second(second).ok()),
            upload: text(&item["upload_id"]).or_else(|| text(&item["device_timestamp"])),
            item: item.clone(),
        })
    };
    items.filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_tells_names_times_and_uploads() {
        let found = json!({"items": [
            {"pk": 31, "taken_at": 1_790_000_000, "device_timestamp": 17},
            {"pk": "32", "upload_id": "18", "device_timestamp": 99},
            {"pk": "no id"},
        ]});
        let all = listed(&found);
        let ids: Vec<_> = all.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["31", "32"]);
        assert_eq!(
            (all[0].upload.as_deref(), all[1].upload.as_deref()),
            (Some("17"), Some("18"))
        );
    }
}
