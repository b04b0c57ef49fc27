//! The slots to come, each with the row that it will take.
//!
//! In: a project's rules, what is remembered of them, their data. Out: what each slot shows and what it lacks.
//! Never: the network; a row that is used up by looking.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::accounts;
use super::remembered::{Memory, Remembered};
use super::slot_report::SlotReport;
use super::slot_row::takes_row;
use crate::batch;
use crate::calendar::{self, Pick, Picked, Rule, Slot, Used, id_of};
use crate::data::{Row, Table};
use crate::diag::{Code, Diagnostic};
use crate::platform::later;
use crate::project::Project;
use crate::source::When;
use crate::store::{self, SlotState};

/// One slot with the row that it takes.
#[derive(Debug, Clone)]
pub struct Ahead {
    /// Where it stands in the calendar.
    pub slot: Slot,
    /// None without data, where nothing is new yet, and where something is wrong.
    pub row: Option<Row>,
    /// What is wrong, and what is worth a look.
    pub diagnostics: Vec<Diagnostic>,
    /// Why there is no row, where that is no fault.
    pub note: Option<String>,
    /// The picture that is made of it already.
    pub picture: Option<store::Picture>,
}

impl Ahead {
    /// When it goes out: where it was moved to by hand, alone or with its series.
    pub fn due(&self, kept: &Remembered) -> Timestamp {
        let of = |slot: &Slot| kept.slot(slot).map(|kept| kept.due);
        let series = || of(&self.slot.series()?);
        of(&self.slot).or_else(series).unwrap_or(self.slot.due)
    }

    /// Something is in its way.
    pub fn is_wrong(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// It has a picture, or one can be made as far as is known: what is wrong, if anything is, is the account's.
    pub fn has_picture(&self, kept: &Remembered) -> bool {
        let is_over = kept.slot(&self.slot).is_some_and(has_ended);
        if is_over && self.picture.is_none() {
            return false;
        }
        let is_own = |found: &&Diagnostic| !matches!(found.code, Code::Quota | Code::Token);
        let mut own = self.diagnostics.iter().filter(is_own);
        self.note.is_none() && !own.any(Diagnostic::is_error)
    }

    /// What is reported of it.
    pub fn report(&self, project: &Project, kept: &Remembered, rule: &Rule) -> SlotReport {
        let at = Slot {
            due: self.due(kept),
            ..self.slot.clone()
        };
        let mut report = SlotReport::of(&at, kept.state(rule, &self.slot));
        report.account = accounts::name_or_only(project, report.account.as_deref());
        let own = kept.slot(&self.slot).filter(|_| self.picture.is_some());
        let own = own.and_then(|kept| kept.row_key.clone());
        report.row_key = own.or(self.row.as_ref().map(id_of)).or(report.row_key);
        report.waits_for = self.note.clone();
        if let (Some(kept), Some(brief)) = (kept.slot(&self.slot), &mut report.slot) {
            // what is made is not made of another template, and what is over was as it was
            if !kept.state.is_open() || kept.state == SlotState::Frozen {
                report.template = Some(kept.template.clone());
            }
            if !kept.state.is_open() {
                report.account = Some(kept.account.clone());
            }
            brief.sha256 = kept.picture.as_ref().map(|p| p.media.sha256.clone());
            match kept.state.is_open() {
                true => report.waits_for = kept.reason.clone().or(report.waits_for),
                false => report.reason = kept.reason.clone(),
            }
        }
        report
    }
}

/// The data of rules, read once, and what was used so far.
pub struct Rows<'k> {
    kept: &'k Remembered,
    /// Later than that a slot is missed, where its rule says nothing else.
    late: SignedDuration,
    tables: BTreeMap<String, Result<Table, Vec<Diagnostic>>>,
    memories: HashMap<String, Memory>,
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("tables", &self.tables.keys())
            .finish_non_exhaustive()
    }
}

impl<'k> Rows<'k> {
    /// Reads the data of these rules, or the last copies of their sources: nothing is fetched.
    pub async fn read<'r>(
        project: &Project,
        kept: &'k Remembered,
        rules: impl IntoIterator<Item = &'r Rule>,
    ) -> Self {
        let now: Timestamp = kept.now();
        let mut tables = BTreeMap::new();
        for rule in rules.into_iter().filter(|rule| rule.data.is_some()) {
            let table = batch::data_of_rule(project, rule, When::Never, now).await;
            tables.insert(rule.name.clone(), table);
        }
        Self {
            kept,
            late: SignedDuration::try_from(project.publish.late).unwrap_or(SignedDuration::MAX),
            tables,
            memories: HashMap::new(),
        }
    }

    /// What a slot is: one story, or one for each row of a series. Slots of a rule are asked for in their order.
    ///
    /// What is made already is told as it was made: other data changes it no more, or only when it is read again.
    pub fn ahead(&mut self, rule: &Rule, slot: Slot) -> Vec<Ahead> {
        let slot = self.kept.named(slot);
        let kept = self.kept.slot(&slot);
        let mut found = match kept {
            Some(of) if of.state == SlotState::Split => self.of_series(rule, &slot),
            // it takes no row any more
            Some(of) if has_ended(of) && !self.shows_row(rule, of) => vec![bare(slot)],
            _ => self.of_rows(rule, slot),
        };
        for one in &mut found {
            let Some(of) = self.kept.slot(&one.slot) else {
                continue;
            };
            if of.state != SlotState::Waiting && of.picture.is_some() {
                (one.row, one.note) = (self.row_of(rule, of), None);
                one.diagnostics.retain(|found| !found.is_error());
            }
            one.picture = of.picture.clone();
            one.diagnostics.extend(foreseen(rule, of));
        }
        found
    }

    /// The row of a slot that has its picture, if it is still there.
    fn row_of(&self, rule: &Rule, slot: &store::Slot) -> Option<Row> {
        let table = self.tables.get(&rule.name)?.as_ref().ok()?;
        let key = slot.row_key.as_ref()?;
        let mut rows = table.rows.iter().flatten();
        rows.find(|row| id_of(row) == *key).cloned()
    }

    /// Whether what has ended is shown with a row of the data as it is.
    fn shows_row(&self, rule: &Rule, slot: &store::Slot) -> bool {
        match rule.pick {
            Pick::Date { .. } | Pick::Weekday { .. } => true,
            // a series that does not go out has no rows
            Pick::All => false,
            Pick::Next | Pick::Rotate | Pick::New => {
                slot.row_key.is_some() || takes_row(rule, slot)
            }
        }
    }

    /// The slots that one slot became: those rows, whatever the data is by now.
    fn of_series(&self, rule: &Rule, slot: &Slot) -> Vec<Ahead> {
        let of_slot = |one: &store::Slot| {
            let ahead = bare(slot.of_row(one.key_in_series().unwrap_or_default()));
            let row = self.row_of(rule, one);
            let is_gone = row.is_none() && one.picture.is_none() && one.state.is_open();
            let why = match self.tables.get(&rule.name) {
                Some(Err(why)) if is_gone => why.clone(),
                _ if is_gone => {
                    let key = one.row_key.as_deref().unwrap_or_default();
                    let why = format!("the row `{key}` is gone");
                    vec![Diagnostic::at(Code::NoRow, rule.places.of("data"), why)]
                }
                _ => Vec::new(),
            };
            Ahead {
                row,
                diagnostics: why,
                ..ahead
            }
        };
        self.kept.series(slot).into_iter().map(of_slot).collect()
    }

    fn of_rows(&mut self, rule: &Rule, slot: Slot) -> Vec<Ahead> {
        let Some(table) = self.tables.get(&rule.name) else {
            return vec![bare(slot)];
        };
        let first = !self.memories.contains_key(&rule.name);
        let memory = self
            .memories
            .entry(rule.name.clone())
            .or_insert_with(|| self.kept.rows(rule));
        let table = match table {
            Ok(table) => table,
            Err(why) => {
                let diagnostics = why.clone();
                return vec![Ahead {
                    diagnostics,
                    ..bare(slot)
                }];
            }
        };
        // what is worth a look in the file is reported with the rule's first slot
        let warnings = if first {
            table.warnings.clone()
        } else {
            Vec::new()
        };
        let (late, now) = (rule.late.unwrap_or(self.late), self.kept.now());
        // one that found nothing and is late by now, ends as it is
        let is_over = |slot: &store::Slot| {
            slot.state.is_open() && slot.found_no_row() && later(slot.due, late) < now
        };
        memory.take_before(rule, table, slot.due, is_over);
        let mut found = match calendar::pick(rule, &slot, table, memory.history()) {
            Ok(Picked::Row(row)) => {
                memory.take(Used {
                    row: id_of(row),
                    wall: slot.wall,
                    due: self.kept.slot(&slot).map_or(slot.due, |kept| kept.due),
                });
                let row = Some(row.clone());
                vec![Ahead { row, ..bare(slot) }]
            }
            Ok(Picked::Series { rows, bad }) => {
                let of_row = |(key, row): (String, &Row)| Ahead {
                    row: Some(row.clone()),
                    ..bare(slot.of_row(key))
                };
                let of_fault = |why: Diagnostic| {
                    let key = why
                        .row
                        .as_ref()
                        .map_or_else(String::new, |row| row.number.to_string());
                    Ahead {
                        diagnostics: vec![why],
                        ..bare(slot.of_row(key))
                    }
                };
                rows.into_iter()
                    .map(of_row)
                    .chain(bad.into_iter().map(of_fault))
                    .collect()
            }
            Ok(Picked::Nothing(why)) => vec![Ahead {
                note: Some(why),
                ..bare(slot)
            }],
            Err(diagnostics) => vec![Ahead {
                diagnostics,
                ..bare(slot)
            }],
        };
        if let Some(first) = found.first_mut() {
            first.diagnostics.splice(0..0, warnings);
        }
        found
    }
}

fn bare(slot: Slot) -> Ahead {
    Ahead {
        slot,
        row: None,
        diagnostics: Vec::new(),
        note: None,
        picture: None,
    }
}

/// It does not go out.
fn has_ended(slot: &store::Slot) -> bool {
    matches!(slot.state, SlotState::Skipped | SlotState::Missed)
}

/// What a worker has found to be in the way of a slot, and that its data does not tell.
fn foreseen(rule: &Rule, slot: &store::Slot) -> Option<Diagnostic> {
    let code = match slot.trouble.as_deref()? {
        "quota" => Code::Quota,
        "token" => Code::Token,
        _ => return None,
    };
    let why = slot.reason.clone().filter(|_| slot.state.is_open())?;
    Some(Diagnostic::at(code, rule.places.of("account"), why))
}
