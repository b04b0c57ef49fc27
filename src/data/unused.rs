//! Columns that fill nothing.

use super::row::KEYS;
use super::{Row, Table};
use crate::diag::{Code, Diagnostic, Place, nearest};
use crate::template::Template;
use crate::template::expression::folded;

/// So many columns are reported one by one; more are reported together, but for those that look like a slip.
const APART: usize = 5;

/// A warning for each column of `table` that no template has a use for, with the variable that may be meant. What names
/// the rows, and the columns of a feed, which nobody chose, are left out.
pub fn unused_columns(table: &Table, templates: &[&Template]) -> Vec<Diagnostic> {
    let asks_for_all = templates.iter().any(|t| t.uses.contains("row.*"));
    if !table.own_columns
        || templates.is_empty()
        || asks_for_all
        || !table.rows.iter().any(Result::is_ok)
    {
        return Vec::new();
    }
    let names = || {
        templates.iter().flat_map(|template| {
            let declared = template.vars.iter().map(|var| var.name.as_str());
            let used = template
                .uses
                .iter()
                .map(|name| name.strip_prefix("row.").unwrap_or(name));
            declared.chain(used)
        })
    };
    // of two columns that a name can mean the one that is written as it is fills it
    let own: std::collections::HashSet<&str> = table.columns.iter().map(String::as_str).collect();
    let written: std::collections::HashSet<&str> =
        names().filter(|name| own.contains(name)).collect();
    let known: std::collections::HashSet<String> = names()
        .filter(|name| !own.contains(name))
        .map(folded)
        .collect();
    let is_known =
        |column: &String| written.contains(column.as_str()) || known.contains(&folded(column));
    let is_key = |column: &String| KEYS.contains(&folded(column).as_str());
    let unused: Vec<(usize, &String)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !is_known(column) && !is_key(column))
        .collect();
    // only what no column fills can have been meant
    let filled: std::collections::HashSet<String> =
        table.columns.iter().map(|c| folded(c)).collect();
    let empty: Vec<&str> = names()
        .filter(|name| !filled.contains(&folded(name)))
        .collect();
    let hint = |column: &str| {
        let near = nearest(column, empty.iter().copied())
            .or_else(|| nearest(&folded(column), empty.iter().copied()));
        near.map(|name| format!("did you mean `{name}`?"))
    };
    let (slips, others): (Vec<_>, Vec<_>) = unused
        .into_iter()
        .partition(|(_, column)| hint(column).is_some());
    let mut out: Vec<Diagnostic> = slips
        .iter()
        .map(|(at, column)| finding(table, *at, column).maybe_hint(hint(column)))
        .collect();
    if others.len() <= APART {
        let hint = |column: &str| match (other_spelling(&written, column), is_name(column)) {
            (Some(other), _) => format!("`{{{{ {other} }}}}` is the column `{other}`"),
            (None, true) => format!("`{{{{ {column} }}}}` in a text shows it"),
            (None, false) => format!("`{{{{ row[\"{column}\"] }}}}` in a text shows it"),
        };
        out.extend(
            others
                .iter()
                .map(|(at, column)| finding(table, *at, column).hint(hint(column))),
        );
    } else {
        let list: Vec<String> = others
            .iter()
            .map(|(_, column)| format!("`{column}`"))
            .collect();
        let message = format!("{} columns fill nothing: {}", list.len(), list.join(", "));
        out.push(Diagnostic::at(
            Code::UnusedColumn,
            &place(table, others[0].0),
            message,
        ));
    }
    out
}

/// The column that fills what this one would fill without it.
fn other_spelling<'n>(
    written: &std::collections::HashSet<&'n str>,
    column: &str,
) -> Option<&'n str> {
    let mut others = written
        .iter()
        .filter(|other| folded(other) == folded(column));
    others.next().copied()
}

fn finding(table: &Table, at: usize, column: &str) -> Diagnostic {
    Diagnostic::at(
        Code::UnusedColumn,
        &place(table, at),
        format!("column `{column}` fills nothing"),
    )
}

fn is_name(column: &str) -> bool {
    column.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !column.starts_with(|c: char| c.is_numeric())
}

/// Where a column's name is, else its first value.
fn place(table: &Table, at: usize) -> Place {
    if let Some(heading) = table.headings.get(at) {
        return heading.clone();
    }
    let column = &table.columns[at];
    let first = table
        .rows
        .iter()
        .flatten()
        .find(|row: &&Row| row.values.contains_key(column));
    first.map_or_else(
        || Place::whole(&table.source),
        |row| row.place_of(column).clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Format, read_text};
    use super::*;
    use crate::diag::Source;
    use crate::template;

    fn found(heading: &str, template: &str) -> Vec<String> {
        let row = heading
            .split(',')
            .map(|_| "x")
            .collect::<Vec<_>>()
            .join(",");
        let source = Source::new("rows.csv", format!("{heading}\n{row}\n"));
        let table = read_text(&source, Format::Csv).expect("readable");
        let (template, _) = template::parse(&Source::new("t.toml", template));
        let lines = unused_columns(&table, &[&template]);
        lines
            .into_iter()
            .map(|d| format!("{} ({})", d.message, d.hint.unwrap_or_default()))
            .collect()
    }

    const TEMPLATE: &str = "[vars]\ntitle = \"x\"\nold_price = 1\n[[layer]]\ntype = \"text\"\ntext = \"{{ title }} {{ old_price }} {{ place }} {{ row['In stock'] }}\"\n";

    #[test]
    fn what_is_used_under_any_name_is_not_reported() {
        assert_eq!(
            found("ID,Title,Old price,PLACE,in stock", TEMPLATE),
            [""; 0]
        );
    }

    #[test]
    fn a_second_spelling_of_what_is_filled_is_reported() {
        assert_eq!(
            found("id,title,Title,Old price", TEMPLATE),
            ["column `Title` fills nothing (`{{ title }}` is the column `title`)"]
        );
        assert_eq!(found("id,In stock,in stock,TITLE", TEMPLATE).len(), 1);
    }

    #[test]
    fn a_slip_is_reported_with_what_was_meant() {
        assert_eq!(
            found("id,titel,sku,Unit price", TEMPLATE),
            [
                "column `titel` fills nothing (did you mean `title`?)",
                "column `sku` fills nothing (`{{ sku }}` in a text shows it)",
                "column `Unit price` fills nothing (`{{ row[\"Unit price\"] }}` in a text shows it)",
            ]
        );
    }

    #[test]
    fn many_are_reported_together() {
        let many = found("title,old_price,a1,a2,a3,a4,a5,a6,plaec", TEMPLATE);
        assert_eq!(
            many[0],
            "column `plaec` fills nothing (did you mean `place`?)"
        );
        assert_eq!(
            many[1],
            "6 columns fill nothing: `a1`, `a2`, `a3`, `a4`, `a5`, `a6` ()"
        );
    }

    #[test]
    fn a_template_that_goes_through_the_row_uses_all_of_it() {
        let text =
            "[[layer]]\ntype = \"text\"\ntext = \"{% for name in row %}{{ name }}{% endfor %}\"\n";
        assert_eq!(found("a,b", text), [""; 0]);
    }
}
