//! What is told of slots: what they lack, and that they do not go out.
//!
//! In: a slot that is about to be saved. Out: a notice, once for each such thing. Never: a notice of what is as it should be.

use jiff::Timestamp;

use super::Publisher;
use super::slot_picture::Made;
use crate::diag::{Code, Diagnostic};
use crate::store::{NoticeData, NoticeKind, Slot, SlotState};

impl Publisher {
    /// Says that a slot does not go out because no rule has it any more, where it had its picture and was to go out.
    pub(super) async fn tell_of_dropped(&self, slot: &Slot, now: Timestamp) {
        let Some(picture) = slot.picture.as_ref().filter(|_| slot.was_to_go_out()) else {
            return;
        };
        let why = match &slot.approval {
            Some(approval) => format!(
                "it is dropped, though approved by {}: the calendar does not have it any more",
                approval.by
            ),
            None => "it is dropped with its picture: the calendar does not have it any more".into(),
        };
        tracing::warn!("{}: {why}", slot.id);
        let once = format!("dropped/{}/{}", slot.id, picture.media.sha256);
        self.notice(NoticeKind::Missed, slot, why, &once, now).await;
    }

    /// Says once that what is made of a slot shows an old copy of its source, which did not answer.
    pub(super) async fn tell_of_old_data(&self, slot: &Slot, made: &Made, now: Timestamp) {
        let is_of_source = |found: &&Diagnostic| found.code == Code::StaleSource;
        let Some(found) = made.warnings.iter().find(is_of_source) else {
            return;
        };
        let why = format!("it shows old data: {}", found.message);
        let once = format!("old-data/{}/{}", slot.id, made.media.sha256);
        if self
            .notice(NoticeKind::SourceFailed, slot, why.clone(), &once, now)
            .await
        {
            tracing::warn!("{}: {why}", slot.id);
        }
    }

    /// Has people told what a slot lacks, or that it does not go out: once for each such thing, whoever looks how often.
    ///
    /// `instead` is when the picture was made in whose place the slot's has come: one that comes back is told anew.
    ///
    /// It stands before the slot is saved: what is told twice is dropped, what is saved without it would never be told.
    pub(super) async fn notice_of_slot(
        &self,
        slot: &Slot,
        instead: Option<Timestamp>,
        now: Timestamp,
    ) {
        let Some((kind, reason)) = notice(slot) else {
            return;
        };
        let picture = slot.picture.as_ref().map(|p| p.media.sha256.as_str());
        let mut once = format!(
            "{kind}/{}/{}/{}",
            slot.id,
            slot.state.word(),
            picture.unwrap_or(&reason)
        );
        if let Some(instead) = instead {
            once += &format!("/{instead}");
        }
        self.notice(kind, slot, reason, &once, now).await;
    }

    /// Whether it is news.
    async fn notice(
        &self,
        kind: NoticeKind,
        slot: &Slot,
        reason: String,
        once: &str,
        now: Timestamp,
    ) -> bool {
        let data = NoticeData {
            slot: Some(slot.id.clone()),
            schedule: Some(slot.schedule.clone()),
            account: Some(slot.account.clone()),
            ..NoticeData::new(reason)
        };
        match self.store.notify(kind, &data, once, now).await {
            Ok(is_news) => is_news,
            Err(error) => {
                tracing::warn!(%error, slot = slot.id, "a notice could not be written down");
                true
            }
        }
    }
}

/// What is to be told of a slot, if anything is.
fn notice(slot: &Slot) -> Option<(NoticeKind, String)> {
    let why = slot.reason.clone();
    let said = |default: &str| why.clone().unwrap_or_else(|| default.to_owned());
    let of_trouble = |code: &str| match code {
        "no-row" => NoticeKind::NoRow,
        "source-failed" => NoticeKind::SourceFailed,
        "token" => NoticeKind::Token,
        _ => NoticeKind::Failed,
    };
    match slot.state {
        SlotState::Missed => Some((NoticeKind::Missed, said("it was too late"))),
        SlotState::Skipped => match (&slot.trouble, &slot.picture) {
            (Some(code), _) => Some((of_trouble(code), said("it was skipped"))),
            (None, Some(_)) if !slot.is_approved() => {
                Some((NoticeKind::Unapproved, said("its picture was not approved")))
            }
            // somebody has paused it, or nothing is new
            (None, _) => None,
        },
        SlotState::Waiting => Some((
            NoticeKind::Unapproved,
            "its picture waits for approval".to_owned(),
        )),
        SlotState::Planned => {
            let code = slot.trouble.as_ref()?;
            Some((of_trouble(code), said("its picture cannot be made")))
        }
        _ => None,
    }
}
