//! The staircase of a slot, up to the story that it becomes.
//!
//! In: a slot, what its rule says, the time. Out: what has to be done next; a function of these alone.
//! Never: how a picture is made, a second story.
//!
//! `planned → (its picture is made) → frozen | waiting for approval → a story`; aside `skipped`, `missed`.

use jiff::{SignedDuration, Timestamp};

use crate::platform::later;
use crate::store::{Slot, SlotState};

/// The data of a slot that waits for approval is read again after that, and a pause is looked at again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// After trouble it is tried again: soon at first, then less often.
const AGAIN: (SignedDuration, SignedDuration) = (
    SignedDuration::from_secs(15),
    SignedDuration::from_secs(120),
);

/// What a slot's rule says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRule {
    /// It goes out only when its picture was approved.
    pub approve: bool,
    /// Without approval it waits, also when it is late.
    pub holds: bool,
    /// Later than that after its time it is missed.
    pub late: SignedDuration,
}

/// What a slot does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotNext {
    /// Its data is read and its picture made, or made anew where the data has changed.
    Render,
    /// Nothing to do until then, and what it waits for, where that is no matter of its time.
    Wait(Timestamp, Option<String>),
    /// It becomes a story that is due then.
    Enter(Timestamp),
    /// It does not go out, and why.
    Skip(String),
    /// It was too late.
    Miss(String),
}

/// What comes next for an open slot. `pause` is why nothing of its rule or account goes out now, if it is so.
///
/// A slot that was rejected stays waiting for another picture.
pub fn next_of_slot(slot: &Slot, rule: &SlotRule, pause: Option<&str>, now: Timestamp) -> SlotNext {
    let late = later(slot.due, rule.late);
    let is_late = now > late;
    if let Some(why) = pause {
        return match is_late && !(rule.approve && rule.holds) {
            true => SlotNext::Skip(format!("{why}, until it was too late")),
            false => SlotNext::Wait(paused_until(slot, late, now), Some(why.to_owned())),
        };
    }
    if slot.picture.is_none() {
        return without_picture(slot, rule, late, now);
    }
    match rule.approve || slot.is_rejected() {
        true => to_approve(slot, rule, late, now),
        false if now < slot.due => SlotNext::Wait(slot.due, None),
        false if is_late => SlotNext::Miss("it was too late".into()),
        false => SlotNext::Enter(slot.due),
    }
}

fn without_picture(slot: &Slot, rule: &SlotRule, late: Timestamp, now: Timestamp) -> SlotNext {
    if now < slot.freeze {
        return SlotNext::Wait(slot.freeze, None);
    }
    if now > late && !(rule.approve && rule.holds) {
        let why = slot.reason.clone();
        return match slot.trouble.as_deref() {
            // it is nobody's delay that there is nothing to show
            Some("no-row") => {
                SlotNext::Skip(why.unwrap_or_else(|| "there is no row for it".into()))
            }
            _ => SlotNext::Miss(why.unwrap_or_else(|| "it was too late".into())),
        };
    }
    match slot.looked {
        Some(looked) if slot.trouble.is_some() && now < later(looked, pause(slot, now)) => {
            let again = later(looked, pause(slot, now));
            SlotNext::Wait(again.min(past(late, now)), slot.reason.clone())
        }
        _ => SlotNext::Render,
    }
}

fn to_approve(slot: &Slot, rule: &SlotRule, late: Timestamp, now: Timestamp) -> SlotNext {
    let fresh_until = later(slot.looked.unwrap_or(Timestamp::MIN), LOOK_AGAIN);
    if now >= fresh_until {
        return SlotNext::Render;
    }
    let is_late = now > late;
    if slot.is_approved() {
        return match () {
            () if now < slot.due => SlotNext::Wait(slot.due.min(fresh_until), None),
            () if !is_late => SlotNext::Enter(slot.due),
            () if rule.holds => SlotNext::Enter(now),
            () => SlotNext::Miss("it was too late".into()),
        };
    }
    let why = match slot.why_rejected() {
        Some(why) => why,
        None if slot.former.is_some() => "its data has changed since it was approved".to_owned(),
        None => "its picture is not approved".to_owned(),
    };
    match is_late && !rule.holds {
        true => SlotNext::Skip(why),
        false => SlotNext::Wait(fresh_until.min(past(late, now)), Some(why)),
    }
}

/// How far a slot is that has a picture.
pub fn state_with_picture(rule: &SlotRule) -> SlotState {
    match rule.approve {
        true => SlotState::Waiting,
        false => SlotState::Frozen,
    }
}

/// How long trouble is let be: the nearer its time, the shorter.
fn pause(slot: &Slot, now: Timestamp) -> SignedDuration {
    match slot.due.duration_since(now) > SignedDuration::from_mins(15) {
        true => AGAIN.1,
        false => AGAIN.0,
    }
}

/// When to look again under a pause, which can end before its time and while the slot is still in time to go out.
fn paused_until(slot: &Slot, late: Timestamp, now: Timestamp) -> Timestamp {
    later(now, LOOK_AGAIN).max(slot.freeze).min(past(late, now))
}

/// Just after a time, or now where that is past.
fn past(time: Timestamp, now: Timestamp) -> Timestamp {
    let after = later(time, SignedDuration::from_millis(1));
    match after > now {
        true => after,
        false => later(now, LOOK_AGAIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Kind, Media};
    use crate::store::{Decision, Picture};

    const RULE: SlotRule = SlotRule {
        approve: false,
        holds: false,
        late: SignedDuration::from_mins(30),
    };

    fn at(text: &str) -> Timestamp {
        format!("2026-12-01T{text}Z").parse().expect("a time")
    }

    fn slot() -> Slot {
        Slot {
            id: "menu@2026-12-01T09:00".into(),
            schedule: "menu".into(),
            account: "main".into(),
            wall: jiff::civil::date(2026, 12, 1).at(9, 0, 0, 0),
            own: at("09:00:00"),
            due: at("09:00:00"),
            freeze: at("07:00:00"),
            zone: "UTC".into(),
            change: None,
            template: "menu.toml".into(),
            state: SlotState::Planned,
            wake: at("07:00:00"),
            row_key: None,
            picture: None,
            former: None,
            looked: None,
            approval: None,
            rejection: None,
            is_moved: false,
            story: None,
            reason: None,
            trouble: None,
            position: 0,
            seen: at("00:00:00"),
            rehearsed: false,
        }
    }

    fn picture(hash: &str) -> Picture {
        Picture {
            media: Media {
                path: "x.jpg".into(),
                kind: Kind::Image,
                bytes: 1,
                width: 1080,
                height: 1920,
                duration_s: None,
                sha256: hash.into(),
                quality: None,
                notes: Vec::new(),
                extras: Default::default(),
                damaged: Vec::new(),
            },
            mentions: Vec::new(),
            made: at("07:00:00"),
        }
    }

    fn decision(hash: &str) -> Decision {
        Decision {
            sha256: hash.into(),
            by: "ana".into(),
            at: at("08:00:00"),
            reason: None,
        }
    }

    fn with_picture() -> Slot {
        Slot {
            picture: Some(picture("a")),
            looked: Some(at("08:59:30")),
            ..slot()
        }
    }

    #[test]
    fn a_slot_freezes_and_goes_out_at_its_time() {
        let next = |slot: &Slot, now: &str| next_of_slot(slot, &RULE, None, at(now));
        assert_eq!(
            next(&slot(), "06:59:59"),
            SlotNext::Wait(at("07:00:00"), None)
        );
        assert_eq!(next(&slot(), "07:00:00"), SlotNext::Render);
        assert_eq!(
            next(&slot(), "09:30:00"),
            SlotNext::Render,
            "late, but not too late"
        );
        assert!(matches!(next(&slot(), "09:30:01"), SlotNext::Miss(_)));
        let frozen = with_picture();
        assert_eq!(
            next(&frozen, "08:00:00"),
            SlotNext::Wait(at("09:00:00"), None)
        );
        assert_eq!(next(&frozen, "09:00:00"), SlotNext::Enter(at("09:00:00")));
        assert_eq!(next(&frozen, "09:30:00"), SlotNext::Enter(at("09:00:00")));
        assert!(matches!(next(&frozen, "09:30:01"), SlotNext::Miss(_)));
    }

    #[test]
    fn what_has_no_row_is_skipped_and_what_has_trouble_is_tried_again() {
        let trouble = |code: &str| Slot {
            trouble: Some(code.into()),
            reason: Some("why".into()),
            looked: Some(at("08:50:00")),
            ..slot()
        };
        let next = |slot: &Slot, now: &str| next_of_slot(slot, &RULE, None, at(now));
        assert_eq!(
            next(&trouble("no-row"), "09:30:01"),
            SlotNext::Skip("why".into())
        );
        assert_eq!(
            next(&trouble("source-failed"), "09:30:01"),
            SlotNext::Miss("why".into())
        );
        assert_eq!(
            next(&trouble("no-row"), "08:50:01"),
            SlotNext::Wait(at("08:50:15"), Some("why".into()))
        );
        assert_eq!(next(&trouble("no-row"), "08:50:15"), SlotNext::Render);
    }

    #[test]
    fn an_approval_is_of_one_picture() {
        let rule = SlotRule {
            approve: true,
            ..RULE
        };
        let next = |slot: &Slot, now: &str| next_of_slot(slot, &rule, None, at(now));
        let waiting = with_picture();
        assert!(matches!(
            next(&waiting, "09:00:00"),
            SlotNext::Wait(_, Some(_))
        ));
        let approved = Slot {
            approval: Some(decision("a")),
            ..with_picture()
        };
        assert_eq!(next(&approved, "09:00:00"), SlotNext::Enter(at("09:00:00")));
        assert_eq!(
            next(&approved, "09:00:30"),
            SlotNext::Render,
            "the data is read again"
        );
        let of_another = Slot {
            approval: Some(decision("b")),
            former: Some(picture("b")),
            ..with_picture()
        };
        let SlotNext::Wait(_, Some(why)) = next(&of_another, "09:00:00") else {
            panic!("another picture is not approved");
        };
        assert!(why.contains("changed"), "{why}");
    }

    #[test]
    fn without_approval_it_is_skipped_or_held() {
        let rule = SlotRule {
            approve: true,
            ..RULE
        };
        let late = Slot {
            looked: Some(at("10:00:00")),
            ..with_picture()
        };
        let approved = Slot {
            approval: Some(decision("a")),
            ..late.clone()
        };
        let next = |slot: &Slot, rule: &SlotRule| next_of_slot(slot, rule, None, at("10:00:01"));
        assert!(matches!(next(&late, &rule), SlotNext::Skip(_)));
        assert!(matches!(next(&approved, &rule), SlotNext::Miss(_)));
        let holds = SlotRule {
            holds: true,
            ..rule
        };
        assert!(matches!(next(&late, &holds), SlotNext::Wait(_, Some(_))));
        assert_eq!(next(&approved, &holds), SlotNext::Enter(at("10:00:01")));
    }

    #[test]
    fn a_pause_holds_it_until_it_is_late() {
        let frozen = with_picture();
        let next = |now: &str| next_of_slot(&frozen, &RULE, Some("paused"), at(now));
        assert!(matches!(next("09:00:00"), SlotNext::Wait(_, Some(_))));
        assert!(matches!(next("09:30:00"), SlotNext::Wait(_, Some(_))));
        assert!(matches!(next("09:30:01"), SlotNext::Skip(_)));
    }

    #[test]
    fn a_pause_that_ends_is_noticed_in_time() {
        let paused = |slot: &Slot, now: &str| {
            let SlotNext::Wait(until, _) = next_of_slot(slot, &RULE, Some("paused"), at(now))
            else {
                panic!("{now}: it is paused, and not late yet");
            };
            until
        };
        let planned = slot();
        assert_eq!(paused(&planned, "01:00:00"), planned.freeze);
        assert_eq!(paused(&planned, "07:00:00"), at("07:01:00"));
        let frozen = with_picture();
        assert_eq!(paused(&frozen, "08:59:30"), at("09:00:30"));
        assert!(
            paused(&frozen, "09:29:30") > at("09:30:00"),
            "then it is late"
        );
        assert!(paused(&frozen, "09:29:30") < at("09:30:01"));
    }
}
