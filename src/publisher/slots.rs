//! What people decide about slots of the calendar: approve, reject, skip, move; and pauses.
//!
//! In: a slot's id and a word. Out: the slot as it is then. Never: a second story of a slot.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Error;
use super::calendar::planned;
use crate::calendar::{Rule, SlotId};
use crate::store::{
    Decision, HeldSlot, Note, NoticeData, NoticeKind, Slot, SlotState, Stop, StopCause, Store,
    Story,
};

/// How long a person's decision may take to be saved.
const LEASE: SignedDuration = SignedDuration::from_secs(10);

/// How often it is tried to get hold of a slot that a worker has at that moment.
const TRIES: u32 = 20;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Why a decision about a slot cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    /// No rule has it, and nobody has seen it.
    #[error("no slot `{0}`: `storypress schedule next` shows them")]
    Unknown(String),
    /// What it is now does not allow that.
    #[error("{0}")]
    State(String),
    /// It shows another picture than the one that was looked at.
    #[error("{id} shows another picture now: {now}")]
    OtherPicture {
        /// The slot.
        id: String,
        /// The picture's SHA-256.
        now: String,
    },
    /// What else went wrong.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<crate::store::Error> for SlotError {
    fn from(error: crate::store::Error) -> Self {
        Self::Other(error.into())
    }
}

/// A slot that people name by its id.
///
/// One that a rule has and no worker has seen yet is noted first.
///
/// # Errors
/// `Unknown`; what the store says.
pub async fn slot_named(
    store: &Store,
    rules: &[Rule],
    default_account: &str,
    id: &str,
    now: Timestamp,
) -> Result<Slot, SlotError> {
    let id = id.trim();
    if let Some(slot) = store.slot(id).await? {
        return Ok(slot);
    }
    if let Some(slot) = unseen(rules, default_account, id, now) {
        store.see_slots(std::slice::from_ref(&slot), now).await?;
        // one that was decided about before its rule got another account keeps its name
        let known = store.slot_at(&slot.place()).await?;
        return Ok(known.unwrap_or(slot));
    }
    Err(SlotError::Unknown(id.to_owned()))
}

/// The slot of that id, as the rules have it.
fn unseen(rules: &[Rule], default_account: &str, id: &str, now: Timestamp) -> Option<Slot> {
    let wanted: SlotId = id.parse().ok()?;
    let rule = rules.iter().find(|rule| rule.name == wanted.schedule)?;
    let day = SignedDuration::from_hours(36);
    let about = wanted.wall.to_zoned(rule.zone.clone()).ok()?.timestamp();
    let from = about.checked_sub(day).ok()?;
    let until = about.checked_add(day).ok()?;
    let found = rule.slots(from, until).find(|slot| slot.id() == wanted)?;
    let account = found.account.as_deref().unwrap_or(default_account);
    Some(planned(rule, &found, account.to_owned(), now))
}

async fn held(store: &Store, id: &str) -> Result<HeldSlot, SlotError> {
    for _ in 0..TRIES {
        if let Some(held) = store.claim_slot(id, Timestamp::now(), LEASE).await? {
            return Ok(held);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(SlotError::State(format!(
        "somebody is at work on {id} at this moment"
    )))
}

/// Saves what a person has decided: `change` makes it, from how the slot is at this moment.
pub(super) async fn decide(
    store: &Store,
    id: &str,
    (what, by): (&str, &str),
    now: Timestamp,
    change: impl FnOnce(&mut Slot) -> Result<serde_json::Value, SlotError>,
) -> Result<Slot, SlotError> {
    let held = held(store, id).await?;
    let mut slot = held.slot.clone();
    let mut detail = match change(&mut slot) {
        Ok(detail) => detail,
        Err(refused) => {
            store.let_slot_go(&held, held.slot.wake).await?;
            return Err(refused);
        }
    };
    detail["by"] = json!(by);
    slot.wake = match slot.state.is_open() {
        true => now,
        false => Timestamp::MAX,
    };
    let note = Note::with(what, detail);
    store.save_slot(&held, &slot, &note, None, now).await?;
    let decision = slot.rejection.as_ref().or(slot.approval.as_ref());
    let kind = match what {
        "approved" => Some(NoticeKind::Approved),
        "rejected" => Some(NoticeKind::Rejected),
        _ => None,
    };
    if let Some((kind, decision)) = kind.zip(decision) {
        let data = NoticeData {
            slot: Some(slot.id.clone()),
            schedule: Some(slot.schedule.clone()),
            account: Some(slot.account.clone()),
            ..NoticeData::new(match &decision.reason {
                Some(reason) => format!("{what} by {by}: {reason}"),
                None => format!("{what} by {by}"),
            })
        };
        let once = format!("{kind}/{}/{}/{}", slot.id, decision.sha256, decision.at);
        store.notify(kind, &data, &once, now).await?;
    }
    Ok(slot)
}

pub(super) fn open(slot: &Slot, verb: &str) -> Result<(), SlotError> {
    match slot.state {
        state if state.is_open() => Ok(()),
        SlotState::Entered => {
            let key = slot.story.as_ref().map(ToString::to_string);
            let key = key.unwrap_or_default();
            let instead = match verb {
                "skip" => format!("; storypress cancel {key} takes it back"),
                "move" => format!("; storypress move {key} --to TIME moves that"),
                _ => String::new(),
            };
            let said = format!("{} is a story already: {key}{instead}", slot.id);
            Err(SlotError::State(said))
        }
        state => Err(SlotError::State(format!(
            "{} is {}: there is nothing to {verb}",
            slot.id,
            state.word()
        ))),
    }
}

/// The picture that a decision is about.
fn looked_at(slot: &Slot, sha256: Option<&str>, verb: &str) -> Result<String, SlotError> {
    open(slot, verb)?;
    let Some(picture) = &slot.picture else {
        return Err(SlotError::State(format!(
            "{} has no picture yet: it is made {:#} before its time",
            slot.id,
            slot.due.duration_since(slot.freeze)
        )));
    };
    if slot.state != SlotState::Waiting {
        return Err(SlotError::State(format!(
            "{} is {} and goes out without approval",
            slot.id,
            slot.state.word()
        )));
    }
    let now = picture.media.sha256.clone();
    match sha256 {
        Some(wanted) if !is_of(&now, wanted) => Err(SlotError::OtherPicture {
            id: slot.id.clone(),
            now,
        }),
        _ => Ok(now),
    }
}

/// The hash, or at least 8 letters of its beginning.
fn is_of(sha256: &str, wanted: &str) -> bool {
    let wanted = wanted.trim().to_ascii_lowercase();
    wanted.len() >= 8 && sha256.starts_with(&wanted)
}

/// A person has seen the picture of a slot, and it may go out.
///
/// `sha256` is the picture that was looked at, where that is known.
///
/// # Errors
/// `State` where it does not wait for approval, `OtherPicture`; what the store says.
pub async fn approve(
    store: &Store,
    id: &str,
    sha256: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Result<Slot, SlotError> {
    decide(store, id, ("approved", by), now, |slot| {
        let sha256 = looked_at(slot, sha256, "approve")?;
        let detail = json!({ "sha256": sha256 });
        (slot.rejection, slot.former, slot.reason) = (None, None, None);
        slot.approval = Some(Decision {
            sha256,
            by: by.to_owned(),
            at: now,
            reason: None,
        });
        Ok(detail)
    })
    .await
}

/// A person has seen the picture of a slot, and it does not go out. Another picture waits anew.
///
/// # Errors
/// As [`approve`].
pub async fn reject(
    store: &Store,
    id: &str,
    sha256: Option<&str>,
    (by, reason): (&str, Option<&str>),
    now: Timestamp,
) -> Result<Slot, SlotError> {
    decide(store, id, ("rejected", by), now, |slot| {
        let sha256 = looked_at(slot, sha256, "reject")?;
        let detail = json!({ "sha256": sha256, "reason": reason });
        slot.approval = None;
        slot.rejection = Some(Decision {
            sha256,
            by: by.to_owned(),
            at: now,
            reason: reason.map(str::to_owned),
        });
        Ok(detail)
    })
    .await
}

/// A slot does not go out.
///
/// # Errors
/// `State` where it is a story already, or has ended; what the store says.
pub async fn skip(
    store: &Store,
    id: &str,
    (by, reason): (&str, Option<&str>),
    now: Timestamp,
) -> Result<Slot, SlotError> {
    decide(store, id, ("skipped by hand", by), now, |slot| {
        open(slot, "skip")?;
        slot.state = SlotState::Skipped;
        // what had nothing to show uses no row that comes later
        if !slot.found_no_row() {
            slot.trouble = None;
        }
        slot.reason = Some(match reason {
            Some(reason) => format!("skipped by {by}: {reason}"),
            None => format!("skipped by {by}"),
        });
        Ok(json!({ "reason": reason }))
    })
    .await
}

/// A slot goes out at another time; what it shows stays that of its own time.
///
/// # Errors
/// `State` where it is a story already, or has ended, or the time is past; what the store says.
pub async fn move_slot(
    store: &Store,
    id: &str,
    to: Timestamp,
    by: &str,
    now: Timestamp,
) -> Result<Slot, SlotError> {
    if to < now {
        return Err(SlotError::State(format!("{to:.0} is past")));
    }
    decide(store, id, ("moved by hand", by), now, |slot| {
        open(slot, "move")?;
        let detail = json!({ "from": slot.due, "to": to });
        set_due(slot, to);
        Ok(detail)
    })
    .await
}

/// A worker looks at it at once: whether its picture is to be made by now depends on the new time.
pub(super) fn set_due(slot: &mut Slot, due: Timestamp) {
    let ahead = slot.due.duration_since(slot.freeze);
    slot.due = due;
    slot.freeze = due.checked_sub(ahead).unwrap_or(Timestamp::MIN);
    slot.is_moved = true;
}

/// Lets nothing of an account go out, until a time or until it is resumed; its open slots are looked at now.
///
/// `key` is the account as stories name it, `name` as the project does.
///
/// # Errors
/// What the store says.
pub async fn pause_account(
    store: &Store,
    (key, name): (&str, &str),
    (until, reason): (Option<Timestamp>, Option<&str>),
    now: Timestamp,
) -> Result<Stop, Error> {
    let stop = Stop {
        cause: StopCause::ByHand,
        since: now,
        until,
        why: match reason {
            Some(reason) => format!("paused by hand: {reason}"),
            None => "paused by hand".into(),
        },
        mark: None,
    };
    store.stop_account(key, &stop).await?;
    store.call_account(key, name).await?;
    store.wake_slots(None, Some(name), now).await?;
    Ok(stop)
}

/// Lets an account go on, whatever had stopped it; its open slots are looked at now. Gives what had stopped it.
///
/// The names are those of [`pause_account`].
///
/// # Errors
/// What the store says.
pub async fn resume_account(
    store: &Store,
    (key, name): (&str, &str),
    now: Timestamp,
) -> Result<Option<Stop>, Error> {
    let stop = store.resume_account(key, now).await?;
    store.wake_slots(None, Some(name), now).await?;
    Ok(stop)
}

/// The word of reports: that of the story that it became, where it became one; `paused`, where a pause holds it.
pub fn slot_state(
    slot: &Slot,
    story: Option<&Story>,
    is_paused: bool,
    now: Timestamp,
) -> &'static str {
    match (slot.state, story) {
        (SlotState::Entered, Some(story)) => story.state(now),
        (SlotState::Entered, None) => "due",
        (state, _) if state.is_open() && is_paused => "paused",
        // its data is read again until it goes out, and nobody is waited for
        (SlotState::Waiting, _) if slot.is_approved() => SlotState::Frozen.word(),
        (state, _) => state.word(),
    }
}
