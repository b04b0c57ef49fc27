//! A slot of the calendar, as reports have it.
//!
//! In: a slot, as the calendar or the store knows it. Out: what programs are told of it. Never: words for people.

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::calendar::calendar_slot;
use super::slots::slot_state;
use crate::calendar::{self, Change, Slot, SlotId};
use crate::store::{self, Story};

/// `slot` of an item, and what is reported beside it.
#[derive(Debug, Clone, Default)]
pub struct SlotReport {
    /// None where a rule has no slot to come.
    pub slot: Option<SlotBrief>,
    /// In the zone of the slot, with its offset.
    pub local: Option<String>,
    /// Where the zone's clocks change at that time.
    pub change: Option<Change>,
    /// The rule's name.
    pub schedule: String,
    /// As the rule has it.
    pub template: Option<String>,
    /// The key of the row that it takes.
    pub row_key: Option<String>,
    /// As the project names it.
    pub account: Option<String>,
    /// A rule in words.
    pub words: Option<String>,
    /// What keeps it from going out.
    pub waits_for: Option<String>,
    /// Why it did not go out.
    pub reason: Option<String>,
    /// What another calendar would do: `added`, `dropped`, `moved`.
    pub difference: Option<&'static str>,
    /// When a moved slot was due.
    pub was: Option<Timestamp>,
}

/// What every report says of a slot.
#[derive(Debug, Clone, Serialize)]
pub struct SlotBrief {
    /// Its name.
    pub id: SlotId,
    /// When it goes out.
    pub due: Timestamp,
    /// IANA name.
    pub zone: String,
    /// A word of reports.
    pub state: &'static str,
    /// Of its picture, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl SlotReport {
    /// What is known of the slot by itself.
    pub fn of(slot: &Slot, state: &'static str) -> Self {
        let local = slot.due.to_zoned(slot.zone.clone());
        Self {
            local: Some(local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
            slot: Some(SlotBrief {
                id: slot.id(),
                due: slot.due,
                zone: zone_name(slot),
                state,
                sha256: None,
            }),
            change: slot.change,
            schedule: slot.schedule.to_string(),
            template: Some(slot.template.to_string()),
            row_key: slot.key.clone(),
            account: slot.account.as_deref().map(str::to_owned),
            ..Self::default()
        }
    }

    /// Of one that is kept.
    pub fn of_kept(
        slot: &store::Slot,
        story: Option<&Story>,
        is_paused: bool,
        now: Timestamp,
    ) -> Self {
        let at = calendar::Slot {
            due: slot.due,
            ..calendar_slot(slot)
        };
        let mut report = Self::of(&at, slot_state(slot, story, is_paused, now));
        report.account = Some(slot.account.clone());
        report.row_key = slot.row_key.clone();
        match slot.state.is_open() {
            true => report.waits_for = slot.reason.clone(),
            false => report.reason = slot.reason.clone(),
        }
        if let Some(brief) = &mut report.slot {
            brief.sha256 = slot.picture.as_ref().map(|p| p.media.sha256.clone());
        }
        report
    }

    /// Writes its fields into an item.
    ///
    /// # Errors
    /// The serializer's.
    pub fn fields<S: SerializeStruct>(&self, out: &mut S) -> Result<(), S::Error> {
        if let Some(slot) = &self.slot {
            out.serialize_field("slot", slot)?;
            out.serialize_field("local", &self.local)?;
            out.serialize_field("utc", &slot.due)?;
            out.serialize_field("zone", &slot.zone)?;
        }
        if let Some(change) = self.change {
            out.serialize_field("change", &change)?;
        }
        out.serialize_field("schedule", &self.schedule)?;
        if let Some(template) = &self.template {
            out.serialize_field("template", template)?;
        }
        if let Some(key) = &self.row_key {
            out.serialize_field("row_key", key)?;
        }
        if self.slot.is_some() {
            out.serialize_field("account", &self.account)?;
        }
        if let Some(slot) = &self.slot {
            out.serialize_field("state", slot.state)?;
        }
        for (name, text) in [
            ("words", &self.words),
            ("waits_for", &self.waits_for),
            ("reason", &self.reason),
        ] {
            if let Some(text) = text {
                out.serialize_field(name, text)?;
            }
        }
        if let Some(difference) = self.difference {
            out.serialize_field("difference", difference)?;
        }
        if let Some(was) = self.was {
            out.serialize_field("was", &was)?;
        }
        Ok(())
    }
}

impl Serialize for SlotReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("SlotReport", 8)?;
        self.fields(&mut out)?;
        out.end()
    }
}

/// The name of the slot's zone; its offset where the machine's own has no name.
fn zone_name(slot: &Slot) -> String {
    match slot.zone.iana_name() {
        Some(name) => name.to_owned(),
        None => slot.zone.to_offset(slot.due).to_string(),
    }
}
