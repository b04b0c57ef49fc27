//! Columns of a source that a template needs and that are gone: its defaults would look like data, and are none.

use crate::data::Table;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::{Copy, needed};
use crate::template::Template;
use crate::template::expression::{column_of, folded};

/// What keeps a template from being filled from a copy: a column that it had and has no more, or one that a variable
/// without a default needs. A value of the call, in `set`, takes a column's place.
pub(super) fn missed(
    copy: &Copy,
    table: &Table,
    template: &Template,
    set: &[(String, String)],
) -> Vec<Diagnostic> {
    let is_set = |name: &str| set.iter().any(|(key, _)| folded(key) == folded(name));
    let mut gone = copy.gone(table, &needed([template]));
    gone.retain(|column| !is_set(column));
    let mut missed: Vec<Diagnostic> = gone
        .iter()
        .map(|column| {
            let said = format!(
                "source `{}` no longer has the column `{column}`, which the template needs",
                copy.name
            );
            Diagnostic::at(Code::NoRow, &copy.place, said).hint(format!(
                "put it back; if it is meant to be gone: `storypress fetch {} --accept`",
                copy.name
            ))
        })
        .collect();
    if table.rows.is_empty() {
        return missed;
    }
    let columns = || table.columns.iter().map(String::as_str);
    for var in template.vars.iter().filter(|var| var.default.is_none()) {
        let is_told = gone
            .iter()
            .any(|column| folded(column) == folded(&var.name));
        let is_missing = matches!(column_of(&var.name, columns()), Ok(None));
        if is_missing && !is_told && !is_set(&var.name) {
            let said = format!(
                "source `{}` has no column `{}`, which the template needs",
                copy.name, var.name
            );
            let near = did_you_mean(&var.name, columns());
            missed.push(Diagnostic::at(Code::NoRow, &copy.place, said).maybe_hint(near));
        }
    }
    missed
}
