//! What slots to come will lack: a row, a part of the account's day, a token that still lives.
//!
//! In: the open slots, the data, the accounts. Out: what is wrong with each, kept with it and told once.
//! Never: a slot that is given up ahead of its time.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;

use super::Error;
use super::calendar::{Calendar, LEASE, calendar_slot};
use super::slot_picture::Trouble;
use super::slot_row::takes_row;
use super::tokens::cannot_keep;
use crate::calendar::{self, History, Pick, Picked, Rule, Used};
use crate::data::Table;
use crate::platform::QUOTA_WINDOW;
use crate::store::{Note, NoticeData, NoticeKind, Slot, SlotFilter};

impl Calendar<'_> {
    /// Says of the slots to come what they lack, as soon as it is known, so that somebody can still mend it.
    pub(super) async fn foresee(&self, now: Timestamp) -> Result<(), Error> {
        let filter = SlotFilter {
            is_open: true,
            ..SlotFilter::default()
        };
        let slots = self.publisher.store.slots(&filter).await?;
        let mut found = self.of_accounts(&slots).await;
        // what shows no rows lacks none
        for rule in self.rules.iter().filter(|rule| rule.data.is_some()) {
            let of_rule = |slot: &&Slot| slot.schedule == rule.name && slot.picture.is_none();
            let without: Vec<&Slot> = slots.iter().filter(of_rule).collect();
            if !without.is_empty() {
                self.of_rows(rule, &without, &mut found, now).await?;
            }
        }
        let firsts = firsts(&slots, &found);
        for slot in slots.iter().filter(|slot| slot.picture.is_none()) {
            let later = firsts.get(&slot.id).copied();
            self.note_trouble(slot, found.remove(&slot.id), later, now)
                .await?;
        }
        Ok(())
    }

    /// Rows that are not there, and data that cannot be had.
    async fn of_rows(
        &self,
        rule: &Rule,
        slots: &[&Slot],
        found: &mut HashMap<String, Trouble>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let data = self.data(rule, now).await;
        let mut used = self.publisher.store.used_rows(&rule.name).await?;
        let adopted = self.publisher.store.adopted_rows(&rule.name).await?;
        if let (Pick::New, Ok(Some(data))) = (&rule.pick, &data) {
            let history = History {
                used: &used,
                adopted: adopted.as_deref(),
            };
            self.tell_of_new_ids(rule, data, history, now).await;
        }
        // those that were skipped take their rows in between
        let others = match rule.pick.takes_turns() {
            true => self.publisher.store.slots_without_row(&rule.name).await?,
            false => Vec::new(),
        };
        let others = others
            .iter()
            .filter(|slot| !slot.state.is_open() && takes_row(rule, slot));
        let mut in_turn: Vec<&Slot> = slots.iter().copied().chain(others).collect();
        in_turn.sort_by(|a, b| (a.own, &a.id).cmp(&(b.own, &b.id)));
        for slot in in_turn {
            let trouble = match &data {
                Err(trouble) => Some(trouble.clone()),
                Ok(None) => None,
                Ok(Some(data)) => no_row(rule, slot, data, &mut used, adopted.as_deref()),
            };
            if let Some(trouble) = trouble.filter(|_| slot.state.is_open()) {
                found.insert(slot.id.clone(), trouble);
            }
        }
        Ok(())
    }

    /// A feed whose ids have all changed is new as a whole, and goes out as a whole: told once.
    async fn tell_of_new_ids(
        &self,
        rule: &Rule,
        data: &Table,
        history: History<'_>,
        now: Timestamp,
    ) {
        let Some(count) = calendar::all_are_new(data, history) else {
            return;
        };
        let name = &rule.name;
        let why = format!(
            "none of the {count} ids of {} was there before: each of them goes out as new, a slot each, unless `storypress schedule pause {name}` holds them",
            rule.data.as_deref().unwrap_or("its data"),
        );
        let first = data.rows.iter().flatten().next().map(calendar::id_of);
        let once = format!("new-ids/{name}/{}", first.unwrap_or_default());
        let told = NoticeData {
            schedule: Some(name.clone()),
            ..NoticeData::new(why.clone())
        };
        let store = &self.publisher.store;
        match store
            .notify(NoticeKind::SourceFailed, &told, &once, now)
            .await
        {
            Ok(true) => tracing::warn!("[schedule.{name}]: {why}"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a notice could not be written down"),
        }
    }

    /// Slots that the account's quota does not suffice for, and those after the end of a token that nobody here renews.
    async fn of_accounts(&self, slots: &[Slot]) -> HashMap<String, Trouble> {
        let mut found = HashMap::new();
        let ends = self.publisher.renewal.all();
        for (name, key) in &self.publisher.keys {
            let own: Vec<&Slot> = slots.iter().filter(|slot| slot.account == *name).collect();
            if own.is_empty() {
                continue;
            }
            let quota = match self.publisher.rooms.get(key) {
                // what cannot be read now is read the next time
                Some(rooms) => rooms.platform.quota().await.ok(),
                None => None,
            };
            if let Some(total) = quota.and_then(|quota| quota.total) {
                for id in beyond(&own, total as usize) {
                    let message = format!(
                        "more than {total} slots of {name} within 24 hours: its stories of the day are used up then"
                    );
                    found.insert(id, Trouble::new("quota", message));
                }
            }
            let token = ends
                .iter()
                .find(|(of, _)| of == key)
                .map(|(_, found)| found);
            let end = token.and_then(|token| token.kept.expires_at.zip(cannot_keep(token)));
            if let Some((end, why)) = end {
                for slot in own.iter().filter(|slot| slot.due >= end) {
                    let message = format!("the token of {name} has ended then, on {end:.0}: {why}");
                    found.insert(slot.id.clone(), Trouble::new("token", message));
                }
            }
        }
        found
    }

    /// Keeps with a slot what it lacks, and tells it once. What its account lacks is told with the first of the slots that it
    /// concerns: `later` says how many come after this one, and is none for those.
    async fn note_trouble(
        &self,
        slot: &Slot,
        found: Option<Trouble>,
        later: Option<usize>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let is_of_account = found.as_ref().is_some_and(Trouble::is_of_account);
        let code = found.as_ref().map(|trouble| trouble.code.clone());
        let why = found.map(|trouble| trouble.message);
        // what it waits for besides is not told here
        if slot.trouble.is_none() && code.is_none() {
            return Ok(());
        }
        if (&slot.trouble, &slot.reason) == (&code, &why) || slot.looked.is_some() {
            return Ok(());
        }
        let store = &self.publisher.store;
        let Some(held) = store.claim_slot(&slot.id, Timestamp::now(), LEASE).await? else {
            return Ok(());
        };
        let mut slot = held.slot.clone();
        (slot.trouble, slot.reason) = (code, why);
        let note = match &slot.reason {
            Some(why) => Note::with(
                "looked ahead",
                json!({ "trouble": slot.trouble, "why": why }),
            ),
            None => Note::new("looked ahead"),
        };
        let is_told = !is_of_account || later.is_some();
        if is_told {
            let told = Slot {
                reason: slot.reason.as_ref().map(|why| and_later(why, later)),
                ..slot.clone()
            };
            self.publisher.notice_of_slot(&told, None, now).await;
        }
        store.save_slot(&held, &slot, &note, None, now).await?;
        if slot.trouble.is_some() && is_told {
            self.tell(&slot);
        }
        Ok(())
    }
}

impl Trouble {
    /// It is the account that lacks something, the slot is as it should be.
    fn is_of_account(&self) -> bool {
        matches!(self.code.as_str(), "quota" | "token")
    }
}

/// Of the slots whose account lacks something, the first of each account and lack, with how many come after it.
fn firsts(slots: &[Slot], found: &HashMap<String, Trouble>) -> HashMap<String, usize> {
    let mut groups: HashMap<(&str, &str), Vec<(Timestamp, &str)>> = HashMap::new();
    for slot in slots {
        if let Some(trouble) = found.get(&slot.id).filter(|one| one.is_of_account()) {
            let group = (slot.account.as_str(), trouble.code.as_str());
            (groups.entry(group).or_default()).push((slot.due, slot.id.as_str()));
        }
    }
    let first = |group: Vec<(Timestamp, &str)>| {
        let (_, id) = group.iter().min()?;
        Some(((*id).to_owned(), group.len() - 1))
    };
    groups.into_values().filter_map(first).collect()
}

/// A reason that holds for so many later slots as well.
fn and_later(why: &str, later: Option<usize>) -> String {
    match later {
        None | Some(0) => why.to_owned(),
        Some(1) => format!("{why}; one later slot lacks the same"),
        Some(count) => format!("{why}; {count} later slots lack the same"),
    }
}

/// Why a slot has no row, if it has none; a row that it takes counts as used for those after it.
fn no_row(
    rule: &Rule,
    slot: &Slot,
    data: &Table,
    used: &mut Vec<Used>,
    adopted: Option<&[String]>,
) -> Option<Trouble> {
    let history = History { used, adopted };
    match calendar::pick(rule, &calendar_slot(slot), data, history) {
        Ok(Picked::Row(row)) => {
            let row = Used {
                row: calendar::id_of(row),
                wall: slot.wall,
                due: slot.due,
            };
            if !used.contains(&row) {
                used.push(row);
            }
            None
        }
        Ok(_) => None,
        Err(wrong) => Some(Trouble::of(&wrong)),
    }
}

/// The slots before which so many others of the same account go out within the window of the quota.
fn beyond(slots: &[&Slot], total: usize) -> Vec<String> {
    let mut dues: Vec<(Timestamp, &str)> = slots.iter().map(|s| (s.due, s.id.as_str())).collect();
    dues.sort_unstable();
    let mut beyond = Vec::new();
    // what does not go out takes nothing from those after it
    let mut out: Vec<Timestamp> = Vec::new();
    for (due, id) in dues {
        let start = due.checked_sub(QUOTA_WINDOW).unwrap_or(Timestamp::MIN);
        let first = out.partition_point(|at| *at <= start);
        match out.len() - first < total {
            true => out.push(due),
            false => beyond.push(id.to_owned()),
        }
    }
    beyond
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn slot(account: &str, hours: i64) -> Slot {
        let start: Timestamp = "2026-12-01T09:00:00Z".parse().expect("a time");
        let due = start + SignedDuration::from_hours(hours);
        let slot = json!({
            "id": format!("menu@{hours}/{account}"), "schedule": "menu", "account": account,
            "wall": "2026-12-01T09:00:00", "own": due, "due": due, "freeze": due, "zone": "UTC",
            "template": "menu.toml", "state": "planned", "wake": due, "seen": start,
        });
        serde_json::from_value(slot).expect("a slot")
    }

    #[test]
    fn what_does_not_go_out_leaves_its_part_of_the_day_to_the_next() {
        let slots: Vec<Slot> = [0, 1, 2, 24, 25, 26].map(|at| slot("main", at)).to_vec();
        let slots: Vec<&Slot> = slots.iter().collect();
        assert_eq!(beyond(&slots, 2), ["menu@2/main", "menu@26/main"]);
        assert!(beyond(&slots, 3).is_empty());
        assert_eq!(beyond(&slots, 0).len(), 6);
    }

    #[test]
    fn what_an_account_lacks_is_told_with_its_first_slot() {
        let slots = [slot("main", 26), slot("main", 2), slot("shop", 3)];
        let lack = |slot: &Slot| (slot.id.clone(), Trouble::new("quota", "used up"));
        let mut found: HashMap<_, _> = slots.iter().map(lack).collect();
        let first = firsts(&slots, &found);
        let told = [("menu@2/main".to_owned(), 1), ("menu@3/shop".to_owned(), 0)];
        assert_eq!(first, HashMap::from(told));
        // rows are missed one by one
        found.clear();
        found.insert(slots[0].id.clone(), Trouble::new("no-row", "none"));
        assert!(firsts(&slots, &found).is_empty());
        assert_eq!(
            and_later("used up", Some(2)),
            "used up; 2 later slots lack the same"
        );
    }
}
