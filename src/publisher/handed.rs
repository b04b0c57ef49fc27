//! Stories that a person posts: what became of them.
//!
//! In: a story, a person's word. Out: the story's name, where it can only be that one; packages that nobody has any more
//! go.
//! Never: a name that is guessed, a story that is sent.

use std::fs;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::open::{Target, opened_account, platform};
use super::{Error, Publisher, decide};
use crate::graph::{Login, StoryId};
use crate::pipeline::{Driven, Event, Platform, SKEW};
use crate::platform::{Clock, STORY_LIFE};
use crate::project::{Account, Project};
use crate::store::{Filter, Step, Store, Story, StoryKey};

/// A package stays so long after its story was missed: somebody may post it late.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// When a story was handed to a person, and what was live then.
#[derive(Deserialize)]
struct Handed {
    at: Timestamp,
    baseline: Option<Vec<StoryId>>,
}

impl Handed {
    /// Of a story that is with a person, or was until it was too late.
    async fn of(store: &Store, story: &Story) -> Result<Option<Self>, Error> {
        if let Step::Handed { at, baseline, .. } = &story.step {
            let (at, baseline) = (*at, baseline.clone());
            return Ok(Some(Self { at, baseline }));
        }
        if story.step != Step::Missed {
            return Ok(None);
        }
        let trail = store.audit(&story.key).await?;
        let last = trail.iter().rev().find(|entry| entry.to != "missed");
        let handed = last.filter(|entry| entry.to == "handed");
        Ok(handed.and_then(|entry| serde_json::from_value(entry.detail["handed"].clone()).ok()))
    }
}

/// A story of which a person has said what became of it.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// As it stands now.
    pub story: Story,
    /// It has the name that was given, and nobody could be asked whether that is live on the account.
    pub is_unchecked: bool,
}

/// A person has looked at a story that nobody could tell of, or that was handed to them: it is live, or it is not; and
/// what the platform calls it, where they know.
///
/// A handed story's name is looked up where its account has a login: it is the one story that was not live when it was
/// handed, is no other one of ours, and is of the right time. Where that is not one, the name stays unknown. A name that is
/// given is held against the same list, also that of an uncertain story.
///
/// # Errors
/// `Refused` where it is neither, where somebody is at work on it, or where the name is that of another story; what the
/// store says.
pub async fn resolve(
    (project, target): (&Project, &Target),
    store: &Store,
    key: &StoryKey,
    (is_live, name): (bool, Option<StoryId>),
    by: &str,
    now: Timestamp,
) -> Result<Resolved, Error> {
    let story = store.get(key).await?;
    let of = |story| Resolved {
        story,
        is_unchecked: false,
    };
    let within = (project, target);
    let Some(handed) = Handed::of(store, &story).await? else {
        let mut is_unchecked = false;
        if let (Step::Uncertain { intent, .. }, Some(name)) = (&story.step, &name) {
            let sent = Handed {
                at: intent.at,
                baseline: None,
            };
            let named = (&story, &sent);
            is_unchecked = look_up(within, store, named, Some(name.clone()), now)
                .await?
                .is_unchecked;
        }
        let story = decide::resolve(store, key, (is_live, name), by, now).await?;
        return Ok(Resolved {
            story,
            is_unchecked,
        });
    };
    if !is_live {
        return decide::not_posted(store, key, by, now).await.map(of);
    }
    let found = look_up(within, store, (&story, &handed), name, now).await?;
    let called = (found.name, found.at);
    let story = decide::posted(store, key, called, by, now).await?;
    Ok(Resolved {
        story,
        is_unchecked: found.is_unchecked,
    })
}

/// What is known of a posted story.
struct Found {
    name: Option<StoryId>,
    /// When it went live.
    at: Timestamp,
    /// The name was given, and could not be looked for.
    is_unchecked: bool,
}

impl Found {
    fn known(name: Option<StoryId>, at: Timestamp) -> Self {
        Self {
            name,
            at,
            is_unchecked: false,
        }
    }
}

/// What a posted story is called, and when it went live, as far as that is known for certain.
async fn look_up(
    (project, target): (&Project, &Target),
    store: &Store,
    (story, handed): (&Story, &Handed),
    name: Option<StoryId>,
    now: Timestamp,
) -> Result<Found, Error> {
    let since = handed.at.checked_sub(STORY_LIFE).unwrap_or(handed.at);
    let known = store.story_ids(&story.account, since).await?;
    if let Some(name) = name.as_ref().filter(|name| known.contains(name)) {
        return Err(Error::refused(format!("{name} is another story of ours")));
    }
    let is_over = now.duration_since(handed.at) > STORY_LIFE;
    let asked = match is_over {
        true => None,
        false => listed((project, target), story).await,
    };
    let Some((platform, live)) = asked else {
        return Ok(Found {
            is_unchecked: name.is_some(),
            ..Found::known(name, now)
        });
    };
    let at = async |id: &StoryId| platform.story(id).await.ok().and_then(|facts| facts.at);
    if let Some(name) = name {
        if !live.contains(&name) {
            return Err(Error::refused(format!(
                "no story {name} is live on the account: without `--media-id` it is looked up"
            )));
        }
        let at = at(&name).await.unwrap_or(now);
        return Ok(Found::known(Some(name), at));
    }
    let Some(baseline) = &handed.baseline else {
        return Ok(Found::known(None, now));
    };
    let from = handed.at.checked_sub(SKEW).unwrap_or(handed.at);
    let mut new = Vec::new();
    for id in live {
        if baseline.contains(&id) || known.contains(&id) {
            continue;
        }
        let at = at(&id).await;
        if at.is_none_or(|at| at >= from) {
            new.push((id, at));
        }
    }
    Ok(match new.as_slice() {
        [(only, at)] => Found::known(Some(only.clone()), at.unwrap_or(now)),
        _ => Found::known(None, now),
    })
}

/// What is live on the story's account, where it has a login that tells.
async fn listed(
    (project, target): (&Project, &Target),
    story: &Story,
) -> Option<(Platform, Vec<StoryId>)> {
    let (_sandbox, base) = platform(project, &target.platform).await.ok()?;
    let login = story.account.split_once(':')?.0;
    let is_of_login = |a: &&Account| a.login != Login::ByHand && a.login.as_str() == login;
    let own = project.accounts.iter().filter(is_of_login);
    // a rehearsal needs no account of the project
    let none = project.accounts.is_empty().then_some(None);
    let names = own.map(|account| Some(account.name.as_str())).chain(none);
    for name in names {
        let opened = opened_account(project, name, base.as_ref(), &Clock::default()).await;
        let Some((_, _, platform)) = opened.ok().filter(|(key, ..)| *key == story.account) else {
            continue;
        };
        let live = platform.stories().await.ok()?;
        return Some((platform, live));
    }
    None
}

impl Publisher {
    /// Looks at the stories that a person has, also of accounts that the project no longer has: those that are too late are
    /// missed.
    ///
    /// # Errors
    /// What the store says.
    pub async fn miss_late(&self, now: Timestamp) -> Result<(), Error> {
        let filter = Filter {
            states: vec!["handed".to_owned()],
            ..Filter::default()
        };
        for story in self.store.list(&filter).await? {
            if story.wake > now {
                continue;
            }
            if let Driven::Rests(story) = self.driver.drive(&story.key).await? {
                self.tell(Event::Rests(&story));
            }
        }
        Ok(())
    }
}

/// Removes the packages of stories that no person has any more.
pub(super) async fn sweep(store: &Store, folder: PathBuf, now: Timestamp) -> Result<(), Error> {
    let Ok(entries) = fs::read_dir(&folder) else {
        return Ok(());
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(key) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let story = store.get(&StoryKey(key.to_owned())).await;
        let is_waste = match story {
            Ok(story) => match story.step {
                Step::Handed { .. } => false,
                Step::Missed => now.duration_since(story.due) > KEPT,
                step => !step.is_in_flight(),
            },
            // what is no story's is not ours to remove
            Err(_) => false,
        };
        if is_waste {
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}
