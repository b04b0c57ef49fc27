//! What is live on an account, its archive and its highlights: read, fetched, taken back.
//!
//! In: an account by either way. Out: stories and highlights. Never: a like, a follow, a list of somebody else's viewers;
//! a story that is published.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::accounts;
use super::error::{Doing, Error};
use super::private;
use crate::graph::{self, Hosts, Login, Next};
use crate::private::{Change, Client, Cover, Listed, media_url};
use crate::project::{Account, Project};

/// The largest medium that is fetched.
const MOST_BYTES: u64 = 300 * 1024 * 1024;

/// How long fetching one may take.
const WITHIN: Duration = Duration::from_secs(300);

/// Pages of the archive that are read at most.
const PAGES: usize = 200;

/// An account whose stories are looked at.
#[derive(Debug)]
pub struct Live {
    /// As the project names it.
    pub account: Account,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Graph(graph::Client),
    Private(Client),
}

/// A story that is live, or was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LiveStory {
    /// Its name on the platform.
    pub id: String,
    /// When it went live.
    pub published_at: Option<Timestamp>,
    /// When its day is over.
    pub expires_at: Option<Timestamp>,
    /// `image` or `video`.
    pub kind: Option<&'static str>,
    /// Where its file is; an address that ends.
    pub media_url: Option<String>,
    /// Its page.
    pub permalink: Option<String>,
    /// Whose.
    pub username: Option<String>,
    /// How many have seen it, where the list tells.
    pub viewers: Option<u64>,
    /// What can be tapped, where the list tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stickers: Vec<Value>,
}

/// Who has seen a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Viewers {
    /// How many.
    pub count: Option<u64>,
    /// Their names, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// Stories that stay on a profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Highlight {
    /// Its number.
    pub id: String,
    /// What stands below it.
    pub title: String,
    /// How many stories it holds.
    pub count: u64,
    /// The picture that it is shown by.
    pub cover_url: Option<String>,
}

/// A story's number: it itself, or the address of its page, `https://www.instagram.com/stories/NAME/NUMBER/`.
///
/// # Errors
/// `Refused` for anything else.
pub fn story_id(text: &str) -> Result<String, Error> {
    let is_number =
        |text: &str| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_number(text) {
        return Ok(text.to_owned());
    }
    let wrong = || {
        Error::refused(format!(
            "`{text}` is neither a story's number nor its address, https://www.instagram.com/stories/NAME/NUMBER/"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let parts: Vec<&str> = url
        .path_segments()
        .map(Iterator::collect)
        .unwrap_or_default();
    match parts.as_slice() {
        // a highlight's page has the same form
        ["stories", "highlights", ..] => Err(wrong()),
        ["stories", _, id] | ["stories", _, id, ""] if is_number(id) => Ok((*id).to_owned()),
        _ => Err(wrong()),
    }
}

/// Opens the account that is meant.
///
/// # Errors
/// As [`accounts::client`] and [`private::open`].
pub async fn open(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
) -> Result<Live, Error> {
    if let Some(account) = accounts::by_hand(project, name) {
        return Err(Error::refused(format!(
            "`{}` has login `by-hand`, and nobody to ask: an account with login `instagram`, `facebook` or `private` has",
            account.name
        )));
    }
    if let Some((account, client)) = private::open(project, name, sandbox).await? {
        let way = Way::Private(client);
        return Ok(Live { account, way });
    }
    let (account, client) = accounts::client(project, name, sandbox).await?;
    let way = Way::Graph(client);
    Ok(Live { account, way })
}

impl Live {
    /// The private way's client, for what only that can do.
    fn app(&self, what: &str) -> Result<&Client, Error> {
        match &self.way {
            Way::Private(client) => Ok(client),
            Way::Graph(_) => Err(Error::refused(format!(
                "{what} needs an account with login `private`; `{}` has login `{}`, whose API has no such call",
                self.account.name,
                self.account.login.as_str()
            ))),
        }
    }

    /// The stories that are live, oldest first; of another account with `user`.
    ///
    /// # Errors
    /// The platform says no; an official login cannot read another account's.
    pub async fn stories(&self, user: Option<&str>) -> Result<Vec<LiveStory>, Error> {
        if let Some(user) = user {
            let client = self.app("reading another account's stories")?;
            let id = client.find_user(user.trim_start_matches('@')).await?;
            return Ok(client.stories(Some(&id)).await?.iter().map(told).collect());
        }
        match &self.way {
            Way::Private(client) => Ok(client.stories(None).await?.iter().map(told).collect()),
            Way::Graph(client) => {
                let mut all = Vec::new();
                for id in client.stories().await? {
                    all.push(of_facts(client.story(&id).await?));
                }
                all.sort_by_key(|story| story.published_at);
                Ok(all)
            }
        }
    }

    /// One story that is live.
    ///
    /// # Errors
    /// It is not listed; as [`Live::stories`].
    pub async fn story(&self, id: &str, user: Option<&str>) -> Result<LiveStory, Error> {
        let all = self.stories(user).await?;
        let found = all.into_iter().find(|story| story.id == id);
        found.ok_or_else(|| Error::refused(format!("no story {id} is live on the account")))
    }

    /// Past and live stories of one's own, newest day first.
    ///
    /// # Errors
    /// An official login has no archive; what the platform says.
    pub async fn archive(&self) -> Result<Vec<LiveStory>, Error> {
        let client = self.app("the archive")?;
        Ok(client.archive(PAGES).await?.iter().map(told).collect())
    }

    /// How many have seen a story of one's own, and with `names` who.
    ///
    /// # Errors
    /// An official login cannot tell; what the platform says.
    pub async fn viewers(&self, id: &str, names: bool) -> Result<Viewers, Error> {
        let client = self.app("who has seen a story")?;
        let mut page = client.viewers(id, None).await?;
        let count = page["total_viewer_count"].as_u64();
        let count = count.or(page["user_count"].as_u64());
        let mut all: Vec<String> = Vec::new();
        if !names {
            return Ok(Viewers { count, names: all });
        }
        loop {
            let viewers = page["viewers"].as_array().cloned().unwrap_or_default();
            let name = |viewer: &Value| Some(viewer["user"]["username"].as_str()?.to_owned());
            all.extend(viewers.iter().filter_map(name));
            let next = match &page["next_max_id"] {
                Value::String(next) if !next.is_empty() => next.clone(),
                Value::Number(next) => next.to_string(),
                _ => break,
            };
            page = client.viewers(id, Some(&next)).await?;
        }
        Ok(Viewers { count, names: all })
    }

    /// Takes a story of one's own back.
    ///
    /// # Errors
    /// Instagram Login cannot; what the platform says.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        match &self.way {
            Way::Private(client) => Ok(client.delete(id).await?),
            Way::Graph(_) if self.account.login == Login::Instagram => Err(Error::refused(
                "Instagram Login cannot take stories back: an account with login `facebook` or `private` can, and so can you \
                 in the app",
            )),
            Way::Graph(client) => {
                let id = id.parse().doing(format!("`{id}` is no story"))?;
                Ok(client.delete(&id).await?)
            }
        }
    }

    /// Fetches a story's file into `folder`: `NUMBER.jpg` or `NUMBER.mp4`, whole or not at all.
    ///
    /// # Errors
    /// The platform names no file; it cannot be fetched or written.
    pub async fn download(&self, story: &LiveStory, folder: &Path) -> Result<PathBuf, Error> {
        let doing = format!("cannot fetch the story {}", story.id);
        let url = story.media_url.as_deref();
        let url =
            url.ok_or_else(|| Error::refused(format!("{doing}: the platform names no file")))?;
        let url: Url = url.parse().doing(doing.clone())?;
        let ending = if story.kind == Some("video") {
            "mp4"
        } else {
            "jpg"
        };
        std::fs::create_dir_all(folder).doing(format!("cannot make {}", folder.display()))?;
        let folder = &std::path::absolute(folder).doing(doing.clone())?;
        let path = folder.join(format!("{}.{ending}", story.id));
        let bytes = fetched(&url).await.doing(doing.clone())?;
        let mut file = tempfile::NamedTempFile::new_in(folder).doing(doing.clone())?;
        std::io::Write::write_all(&mut file, &bytes).doing(doing.clone())?;
        file.persist(&path).doing(doing)?;
        Ok(path)
    }

    /// The highlights; of another account with `user`.
    ///
    /// # Errors
    /// An official login has none; what the platform says.
    pub async fn highlights(&self, user: Option<&str>) -> Result<Vec<Highlight>, Error> {
        let client = self.app("highlights")?;
        let id = match user {
            Some(user) => Some(client.find_user(user.trim_start_matches('@')).await?),
            None => None,
        };
        let all = client.highlights(id.as_deref()).await?;
        Ok(all.iter().filter_map(highlight).collect())
    }

    /// Makes a highlight, once. Where no clear answer comes it is looked up, never made again.
    ///
    /// # Errors
    /// `Unclear` where nobody can tell; what the platform says.
    pub async fn create_highlight(
        &self,
        title: &str,
        stories: &[String],
        cover: Option<Cover<'_>>,
    ) -> Result<Highlight, Error> {
        let client = self.app("highlights")?;
        let before = self.highlights(None).await?;
        let error = match client.create_highlight(title, stories, cover).await {
            Ok(made) => {
                let made = highlight(&made);
                return made.ok_or_else(|| Error::refused("the platform names no highlight"));
            }
            Err(error) => error,
        };
        if !matches!(error.next(), Next::Unsure { .. }) {
            return Err(error.into());
        }
        let is_new = |one: &Highlight| one.title == title && before.iter().all(|b| b.id != one.id);
        let after = self.highlights(None).await.unwrap_or_default();
        let mut new = after.into_iter().filter(is_new);
        match (new.next(), new.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(Error::Unclear(format!(
                "nobody can tell whether the highlight `{title}` was made ({error}): look at `storypress highlights list` \
                 before you try again"
            ))),
        }
    }

    /// Changes a highlight of one's own.
    ///
    /// # Errors
    /// An official login has none; what the platform says.
    pub async fn edit_highlight(&self, id: &str, change: &Change<'_>) -> Result<Highlight, Error> {
        let client = self.app("highlights")?;
        let changed = client.edit_highlight(id, change).await?;
        highlight(&changed).ok_or_else(|| Error::refused("the platform names no highlight"))
    }

    /// Takes a highlight away; its stories stay in the archive.
    ///
    /// # Errors
    /// An official login has none; what the platform says.
    pub async fn delete_highlight(&self, id: &str) -> Result<(), Error> {
        let client = self.app("highlights")?;
        Ok(client.delete_highlight(id).await?)
    }
}

async fn fetched(url: &Url) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut client = reqwest::Client::builder().timeout(WITHIN);
    if Hosts::at(url).are_local() {
        client = client.no_proxy();
    }
    let answer = client.build()?.get(url.clone()).send().await?;
    let mut answer = answer.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(part) = answer.chunk().await? {
        bytes.extend_from_slice(&part);
        if bytes.len() as u64 > MOST_BYTES {
            return Err("it is longer than 300 MiB".into());
        }
    }
    Ok(bytes)
}

fn of_facts(facts: graph::StoryFacts) -> LiveStory {
    LiveStory {
        id: facts.id.to_string(),
        published_at: facts.at,
        expires_at: facts
            .at
            .and_then(|at| at.checked_add(crate::platform::STORY_LIFE).ok()),
        kind: facts.kind.map(crate::media::Kind::as_str),
        media_url: facts.media_url,
        permalink: facts.permalink,
        username: facts.username,
        viewers: None,
        stickers: Vec::new(),
    }
}

fn told(listed: &Listed) -> LiveStory {
    let item = &listed.item;
    let ends = item["expiring_at"].as_i64();
    let username = item["user"]["username"].as_str();
    LiveStory {
        id: listed.id.to_string(),
        published_at: listed.at,
        expires_at: ends.and_then(|second| Timestamp::from_second(second).ok()),
        kind: Some(match item["media_type"].as_u64() {
            Some(2) => "video",
            _ => "image",
        }),
        media_url: media_url(item).map(str::to_owned),
        permalink: username
            .map(|name| format!("https://www.instagram.com/stories/{name}/{}/", listed.id)),
        username: username.map(str::to_owned),
        viewers: item["viewer_count"].as_u64(),
        stickers: stickers(item),
    }
}

/// The boxes of a listed story, in the words of reports.
fn stickers(item: &Value) -> Vec<Value> {
    type Own = fn(&Value) -> Value;
    let kinds: [(&str, &str, Own); 5] = [
        (
            "link",
            "story_link_stickers",
            |of| json!({"url": of["story_link"]["url"]}),
        ),
        (
            "mention",
            "reel_mentions",
            |of| json!({"username": of["user"]["username"]}),
        ),
        (
            "hashtag",
            "story_hashtags",
            |of| json!({"name": of["hashtag"]["name"]}),
        ),
        (
            "location",
            "story_locations",
            |of| json!({"name": of["location"]["name"], "id": of["location"]["pk"]}),
        ),
        (
            "poll",
            "story_polls",
            |of| json!({"question": of["poll_sticker"]["question"]}),
        ),
    ];
    let mut all = Vec::new();
    for (kind, list, own) in kinds {
        for of in item[list].as_array().into_iter().flatten() {
            let mut told = json!({"kind": kind});
            for side in ["x", "y", "width", "height", "rotation"] {
                told[side] = of[side].clone();
            }
            for (name, value) in own(of).as_object().into_iter().flatten() {
                told[name.as_str()] = value.clone();
            }
            all.push(told);
        }
    }
    all
}

fn highlight(reel: &Value) -> Option<Highlight> {
    let id = reel["id"].as_str()?;
    let cover = &reel["cover_media"]["cropped_image_version"]["url"];
    Some(Highlight {
        id: id.trim_start_matches("highlight:").to_owned(),
        title: reel["title"].as_str().unwrap_or_default().to_owned(),
        count: reel["media_count"].as_u64().unwrap_or_default(),
        cover_url: cover.as_str().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_named_by_number_or_address() {
        let name = |text: &str| story_id(text).ok();
        assert_eq!(name("3100").as_deref(), Some("3100"));
        let page = "https://www.instagram.com/stories/1234/3100/?utm=x";
        assert_eq!(name(page).as_deref(), Some("3100"));
        for wrong in [
            "",
            "https://www.instagram.com/stories/highlights/17/",
            "https://www.instagram.com/s/aGlnaGxpZ2h0",
            "https://www.instagram.com/cafe/",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
