//! What keeps a story from going on, and what a person can do about it.
//!
//! In: a story, its account, who is at work. Out: a sentence. Never: a decision.

use jiff::Timestamp;

use super::{accounts, open};
use crate::project::Project;
use crate::store::{Account, Step, StopCause, Story, StoryKey, Worker};

/// What keeps a story from going on, where it is on its way.
///
/// `account` is what the store knows of its account, `first` the one whose turn comes first there, `workers` are those that
/// were seen in the last minute.
pub fn waits_for(
    project: &Project,
    story: &Story,
    account: Option<&Account>,
    first: Option<&StoryKey>,
    workers: &[Worker],
    now: Timestamp,
) -> Option<String> {
    if let Step::Handed { .. } = story.step {
        return waits_for_person(story);
    }
    if !story.step.is_in_flight() {
        return None;
    }
    let stop = account
        .and_then(|a| a.stop.as_ref())
        .filter(|s| s.is_on(now));
    if let Some(stop) = stop.filter(|_| !matches!(story.step, Step::Publishing { .. })) {
        let hint = after_stop(stop.cause, &accounts::name_of(project, &story.account));
        return Some(format!("the account is stopped: {}; {hint}", stop.why));
    }
    let rest = account.and_then(|a| a.rest.as_ref());
    if let Some((until, why)) = rest.filter(|(until, _)| *until > now && story.due <= now) {
        let zone = project.zone().ok()?;
        return Some(format!("{why}, until {}", open::shown(*until, &zone)));
    }
    if let Some(trouble) = &story.trouble {
        return Some(trouble.clone());
    }
    let is_ready = matches!(story.step, Step::Contained { .. });
    if let Some(first) = first.filter(|first| is_ready && **first != story.key) {
        return Some(format!("its turn: {first} stands before it"));
    }
    let has_worker = |worker: &Worker| worker.accounts.contains(&story.account);
    match workers.iter().any(has_worker) {
        false => {
            Some("a worker: none that works for its account was seen in the last minute".into())
        }
        true => None,
    }
}

/// What a person has to do, where the story is with one.
pub fn waits_for_person(story: &Story) -> Option<String> {
    let is_handed = matches!(story.step, Step::Handed { .. });
    let what = reason(story).filter(|_| is_handed)?;
    Some(format!("a person: {what}"))
}

/// What ends a stop.
pub fn after_stop(cause: StopCause, account: &str) -> String {
    match cause {
        StopCause::Login => format!(
            "renew the token (`storypress account login {account}`): its stories go on by themselves"
        ),
        // what to do first is part of why it was stopped
        StopCause::UnknownLive => {
            "then its stories go on: by a worker at once, else by the same command again".into()
        }
        StopCause::Refused => {
            format!("look at the account in the app, then `storypress resume --account {account}`")
        }
        StopCause::ByHand => format!("`storypress resume --account {account}`"),
    }
}

/// Why a story is where it is.
pub fn reason(story: &Story) -> Option<String> {
    match &story.step {
        Step::Failed { why } | Step::Cancelled { why } | Step::Uncertain { why, .. } => {
            Some(why.clone())
        }
        Step::Missed => Some(match &story.trouble {
            Some(trouble) => format!("too late; it waited, because: {trouble}"),
            None => "too late".into(),
        }),
        Step::Handed { package, .. } => Some(format!(
            "post it from {package}, then `storypress resolve {} --live`",
            story.key
        )),
        _ => story.trouble.clone(),
    }
}
