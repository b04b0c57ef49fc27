//! The staircase where a person posts the story: its package is written, and they say what became of it.
//!
//! In: a story that is due, and how its account is posted by hand. Out: where its package is. Never: the network; a story
//! that is handed before its time, or a second time by itself.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use super::{Next, Policy, Rooms, after, prepare};
use crate::graph::Login;
use crate::handoff::{self, Listed, Posted};
use crate::scene::{Audience, Extras, Sticker, StickerKind};
use crate::store::{Step, Story, StoryKey};
use crate::{media, private};

/// How the stories of an account are posted by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOff {
    /// A folder for each story's package, named by its key.
    pub folder: PathBuf,
    /// Where the project's studio is reached from a phone.
    pub studio: Option<Url>,
    /// In which a person reads times.
    pub zone: TimeZone,
}

/// Which of a story's stickers go out with it on an account of that login: the others are drawn, and nothing happens when
/// they are tapped.
pub fn carried(login: Login, stickers: &[Sticker]) -> Vec<usize> {
    let is_mention = |at: &usize| matches!(stickers[*at].kind, StickerKind::Mention { .. });
    match login {
        Login::Instagram | Login::Facebook => (0..stickers.len()).filter(is_mention).collect(),
        Login::Private => private::carried(stickers),
        // a person puts every one of them on
        Login::ByHand => (0..stickers.len()).collect(),
    }
}

/// Whether something that can be tapped, or for whom a story is, does not go along a login's own way.
///
/// A caption and an alt text alone are no reason: they go along where a story goes by hand.
pub fn needs_a_person(login: Login, extras: &Extras) -> bool {
    let is_for_few = extras.audience == Some(Audience::CloseFriends);
    let leaves_some = carried(login, &extras.stickers).len() < extras.stickers.len();
    match login {
        Login::Instagram | Login::Facebook => is_for_few || leaves_some,
        Login::Private => leaves_some,
        Login::ByHand => true,
    }
}

impl Rooms {
    /// How a person posts a story with these, where one does.
    pub fn by_hand_of(&self, extras: &Extras) -> Option<Arc<HandOff>> {
        let by_hand = self.by_hand.as_ref()?;
        needs_a_person(self.platform.login(), extras).then(|| by_hand.clone())
    }
}

impl HandOff {
    /// The folder of a story's package.
    pub fn folder_of(&self, key: &StoryKey) -> PathBuf {
        self.folder.join(&key.0)
    }

    /// Writes a story's package, anew where there is one; where people find it: an address of the studio, or a page.
    ///
    /// # Errors
    /// Its file is not here; what the system says.
    pub(super) async fn pack(&self, story: &Story) -> Result<String, Next> {
        let (by_hand, story) = (self.clone(), story.clone());
        let packed = tokio::task::spawn_blocking(move || by_hand.packed(&story)).await;
        packed.unwrap_or_else(|error| Err(Next::Retry(error.to_string(), None)))
    }

    fn packed(&self, story: &Story) -> Result<String, Next> {
        let folder = self.folder_of(&story.key);
        let again = |what: &str, error: &dyn std::fmt::Display| {
            let said = format!("cannot {what} {}: {error}", folder.display());
            Next::Retry(said, None)
        };
        let mut media = story.outgoing.media.clone();
        let bytes = fs::read(&media.path).map_err(|error| {
            Next::NotHere(format!("cannot read {}: {error}", media.path.display()))
        })?;
        fs::create_dir_all(&folder).map_err(|error| again("make", &error))?;
        let name = file_name(&story.name);
        let ending = media.path.extension().unwrap_or_default();
        media.path = folder.join(&name).with_added_extension(ending);
        media::put(&bytes, &media.path, None).map_err(|error| again("write to", &error))?;
        let posted = Posted {
            name: &name,
            media: &media,
            id: Some(&story.key.0),
            zone: &self.zone,
        };
        let written = handoff::write(&posted, &folder);
        let package = written.map_err(|error| again("write to", &error))?;
        let listed = Listed {
            name: &name,
            media: &media,
            package: &package,
        };
        let list = handoff::write_list(&[listed], &folder);
        list.map_err(|error| again("write to", &error))?;
        Ok(match &self.studio {
            Some(studio) => address(studio, &story.key),
            None => package.page.display().to_string(),
        })
    }
}

/// A story of an account that nobody but a person posts for, on a step of another way.
pub(super) fn nobody() -> Next {
    Next::Stop("its account has no login any more: a person posts its stories".into())
}

/// Waits for the person's word, until the story is too late: `late` after its time, or after it was handed where that was
/// later still.
pub(super) fn wait(story: &Story, at: Timestamp, policy: &Policy, now: Timestamp) -> Next {
    match until(story, at, prepare::late(story, policy)) {
        until if until < now => Next::To(Step::Missed),
        until => Next::Wait(after(until, Duration::from_millis(1)), String::new()),
    }
}

/// When a story that was handed at a time becomes too late.
pub(super) fn until(story: &Story, at: Timestamp, late: Duration) -> Timestamp {
    match after(story.due, late) {
        until if until >= at => until,
        _ => after(at, late),
    }
}

/// A story's page in the studio.
fn address(studio: &Url, key: &StoryKey) -> String {
    format!("{}/handoff/{key}", studio.as_str().trim_end_matches('/'))
}

/// A story's name, as a file may have it.
fn file_name(name: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(60)
        .collect();
    match name.trim_matches('.') {
        "" => "story".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_s_name_becomes_a_file_s() {
        assert_eq!(file_name("menu@2026-12-01T09:00"), "menu-2026-12-01T09-00");
        assert_eq!(file_name("../../x"), "-..-x");
        assert_eq!(file_name(".."), "story");
    }
}
