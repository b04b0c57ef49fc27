//! Highlights: what of a day stays on an account's page.
//!
//! In: a [`Client`], titles, stories, covers. Out: highlights as the app tells them. Never: one that is made twice by
//! itself.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{Client, UPLOAD};
use super::error::Error;
use super::process::Request;

/// What a highlight is shown by.
#[derive(Debug, Clone, Copy)]
pub enum Cover<'a> {
    /// A finished picture.
    Picture(&'a Path),
    /// One of its stories.
    Story(&'a str),
}

impl Cover<'_> {
    fn json(self) -> Value {
        match self {
            Self::Picture(path) => json!({ "path": path }),
            Self::Story(id) => json!({ "media_id": id }),
        }
    }
}

/// A change of a highlight.
#[derive(Debug, Clone, Default)]
pub struct Change<'a> {
    /// Another title.
    pub title: Option<&'a str>,
    /// Another cover.
    pub cover: Option<Cover<'a>>,
    /// Stories that come in.
    pub added: &'a [String],
    /// Stories that go.
    pub removed: &'a [String],
}

impl Client {
    /// An account's highlights, as the app lists them.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn highlights(&self, user: Option<&str>) -> Result<Vec<Value>, Error> {
        let user = user.unwrap_or(self.user_id().as_str());
        let args = json!({ "user_id": user });
        let found = self.read("highlights", args, "list the highlights").await?;
        Ok(found["items"].as_array().cloned().unwrap_or_default())
    }

    /// Makes a highlight: one call, which is never made twice by itself.
    ///
    /// # Errors
    /// `unsure` where no clear answer came: look it up before it is tried again.
    pub async fn create_highlight(
        &self,
        title: &str,
        stories: &[String],
        cover: Option<Cover<'_>>,
    ) -> Result<Value, Error> {
        let args = json!({"title": title, "media_ids": stories, "cover": cover.map(Cover::json)});
        let request = Request {
            op: "highlight_create",
            args,
            within: UPLOAD,
            doing: "make the highlight",
            once: true,
        };
        Ok(self.ask(request).await?["highlight"].clone())
    }

    /// Changes a highlight; what is not said stays.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn edit_highlight(&self, pk: &str, change: &Change<'_>) -> Result<Value, Error> {
        let args = json!({
            "pk": pk,
            "title": change.title,
            "cover": change.cover.map(Cover::json),
            "added": change.added,
            "removed": change.removed,
        });
        let request = Request {
            op: "highlight_edit",
            args,
            within: UPLOAD,
            doing: "change the highlight",
            once: false,
        };
        Ok(self.ask(request).await?["highlight"].clone())
    }

    /// Takes a highlight away; its stories stay in the archive.
    ///
    /// # Errors
    /// What the platform said.
    pub async fn delete_highlight(&self, pk: &str) -> Result<(), Error> {
        let args = json!({ "pk": pk });
        self.read("highlight_delete", args, "take the highlight away")
            .await?;
        Ok(())
    }
}
