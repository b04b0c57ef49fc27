//! The rows of a rule's slots, slot after slot.

use std::collections::HashMap;

use jiff::Timestamp;

use super::memory::{Kept, Memory};
use crate::batch;
use crate::calendar::{self, Picked, Rule, Slot, Used, id_of};
use crate::data::{Row, Table};
use crate::diag::{Code, Diagnostic};
use crate::project::Project;
use crate::source::When;

/// One slot with the row that it takes.
#[derive(Debug)]
pub(super) struct Ahead {
    pub slot: Slot,
    /// None without data, where nothing is new yet, and where something is wrong.
    pub row: Option<Row>,
    pub diagnostics: Vec<Diagnostic>,
    /// Why there is no row, where that is no fault.
    pub note: Option<String>,
}

/// The data of rules, each file read once, and what was used so far.
pub(super) struct Rows<'p> {
    project: &'p Project,
    kept: &'p Kept,
    tables: HashMap<String, Result<Table, Vec<Diagnostic>>>,
    memories: HashMap<String, Memory>,
}

impl<'p> Rows<'p> {
    pub fn new(project: &'p Project, kept: &'p Kept) -> Self {
        Self {
            project,
            kept,
            tables: HashMap::new(),
            memories: HashMap::new(),
        }
    }

    /// What a slot is: one story, or one for each row of a series. Slots of a rule are asked for in their order.
    pub fn ahead(&mut self, rule: &Rule, slot: Slot) -> Vec<Ahead> {
        let bare = |slot: Slot| Ahead {
            slot,
            row: None,
            diagnostics: Vec::new(),
            note: None,
        };
        let Some(name) = &rule.data else {
            return vec![bare(slot)];
        };
        let first = !self.memories.contains_key(&rule.name);
        let memory = self
            .memories
            .entry(rule.name.clone())
            .or_insert_with(|| self.kept.rows(rule));
        let (project, now) = (self.project, self.kept.now());
        let table = match self
            .tables
            .entry(name.clone())
            .or_insert_with(|| table(project, rule, now))
        {
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
        let mut found = match calendar::pick(rule, &slot, table, memory.history()) {
            Ok(Picked::Row(row)) => {
                let used = Used {
                    row: id_of(row),
                    wall: slot.wall,
                    due: slot.due,
                };
                if !memory.used.contains(&used) {
                    memory.used.push(used);
                }
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

/// The rows of a data file, or of the last copy of a source: nothing is fetched.
fn table(project: &Project, rule: &Rule, now: Timestamp) -> Result<Table, Vec<Diagnostic>> {
    let runtime = crate::cli::open::runtime().map_err(|error| {
        vec![Diagnostic::at(
            Code::SourceFailed,
            rule.places.of("data"),
            error.to_string(),
        )]
    })?;
    runtime.block_on(batch::data_of_rule(project, rule, When::Never, now))
}
