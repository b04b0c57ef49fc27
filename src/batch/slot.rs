//! The picture of a slot of the calendar.
//!
//! Whoever makes it makes it here: what is looked at ahead and what goes out are the same bytes.

use std::sync::Arc;

use super::names::{safe, shortened};
use super::plan::SharedAssets;
use super::rows::{self, Over};
use super::{Outcome, Plan, Planned, Selection};
use crate::calendar::{Rule, Slot};
use crate::data::Row;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::project::{Project, shown};
use crate::template::{self, Template};

/// What the files of a slot are called, without extension: its id, as a file name.
pub fn name_of_slot(slot: &Slot) -> String {
    shortened(safe(&slot.id().to_string())).0
}

/// The one story of a slot. `today` and `now` are the slot's own time in its zone; `row` is what [`calendar::pick()`]
/// took of the rule's data, none without data.
///
/// What is wrong with the template is in [`Plan::failed`].
///
/// [`calendar::pick()`]: crate::calendar::pick()
pub fn plan_slot(project: Project, rule: &Rule, slot: &Slot, row: Option<&Row>) -> Plan {
    let mut plan = Plan::empty(project, slot.due.to_zoned(slot.zone.clone()));
    let selection = Selection {
        set: rule.set.clone(),
        ..Selection::default()
    };
    let file = shown(&plan.project.template_file(&slot.template));
    plan.load(&file, &selection, &mut SharedAssets::default());
    if let Some(ready) = plan.templates.first() {
        let unknown = unknown_values(&plan.project, rule, &ready.template);
        if !unknown.is_empty() {
            plan.templates.clear();
            plan.failed
                .push(Outcome::failed(&file, row.map(|row| row.number), unknown));
        }
    }
    if plan.templates.is_empty() {
        return plan;
    }
    let over = Over::of(&rule.set);
    let (name, long_name) = shortened(safe(&slot.id().to_string()));
    plan.stories.push(Planned {
        template: 0,
        row: Arc::new(over.put_into(row.cloned().unwrap_or_else(rows::none))),
        from_data: row.is_some(),
        name,
        long_name,
    });
    plan.firsts.insert(0);
    plan
}

/// Values for variables that no template of the rule has.
fn unknown_values(project: &Project, rule: &Rule, own: &Template) -> Vec<Diagnostic> {
    let has = |template: &Template, key: &str| {
        template.uses.contains(key) || template.vars.iter().any(|var| var.name == key)
    };
    let mut unknown: Vec<&str> = rule.set.iter().map(|(key, _)| key.as_str()).collect();
    unknown.retain(|key| !has(own, key));
    // each of several templates has its own variables
    for written in &rule.templates {
        if unknown.is_empty() {
            break;
        }
        let file = project.template_file(written);
        let folder = file.parent().unwrap_or(&project.root);
        if let Ok((template, _)) =
            template::load(&file, &shown(&file), &project.allowed_paths(folder))
        {
            unknown.retain(|key| !has(&template, key));
        }
    }
    let names = || own.vars.iter().map(|var| var.name.as_str());
    let report = |key: &str| {
        let message = format!(
            "no template of schedule `{}` has a variable `{key}`",
            rule.name
        );
        Diagnostic::at(Code::UnknownVariable, rule.places.of("set"), message)
            .maybe_hint(did_you_mean(key, names()))
    };
    unknown.into_iter().map(report).collect()
}
