//! What changed between two copies of a source, row by row.
//!
//! In: two tables. Out: rows that came, went and changed, each by its name. Never: a judgement on whether that is good.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::data::{Row, Table};
use crate::template::expression::folded;

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// Rows that were not there before, in the order of the file.
    pub added: Vec<Named>,
    /// Rows that are not there any more, in the order that they had.
    pub removed: Vec<Named>,
    /// Rows of which cells changed.
    pub changed: Vec<Changed>,
    /// Columns that were not there before.
    pub columns_added: Vec<String>,
    /// Columns that are not there any more.
    pub columns_removed: Vec<String>,
}

/// A row by its number, and its key where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// From 1.
    pub row: usize,
    /// What its column `id` or `key` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A row with its new cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// The row, as it is called now.
    #[serde(flatten)]
    pub row: Named,
    /// The cells that changed, in the order of the columns.
    pub cells: Vec<Cell>,
}

/// A cell before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Its column.
    pub column: String,
    /// What it was; null where it was not there.
    pub from: Value,
    /// What it is; null where it is not there any more.
    pub to: Value,
}

impl Changes {
    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Compares two tables; without an earlier one every row was added. Rows that cannot be read are left out.
    ///
    /// Rows of one key are one row, the first with the first where a key stands there twice. Without keys, rows of the same
    /// cells are one, and then those of the same number. Rows that are alike but for their key were given another key.
    pub fn between(before: Option<&Table>, after: &Table) -> Self {
        let old: Vec<&Row> = before
            .into_iter()
            .flat_map(|table| table.rows.iter().flatten())
            .collect();
        let new: Vec<&Row> = after.rows.iter().flatten().collect();
        let mut pairs = Pairs::of(old.len(), new.len());
        pairs.by(&old, &new, |row| row.key.clone());
        pairs.by(&old, &new, |row| Some(content(row)));
        pairs.by(&old, &new, |row| {
            row.key.is_none().then(|| row.number.to_string())
        });
        let named = |row: &&Row| Named {
            row: row.number,
            key: row.key.clone(),
        };
        let changed = pairs.of_new.iter().zip(&new).filter_map(|(at, row)| {
            let cells = cells(old[(*at)?], row);
            (!cells.is_empty()).then(|| Changed {
                row: named(row),
                cells,
            })
        });
        let columns =
            |table: Option<&Table>| table.map_or_else(Vec::new, |table| table.columns.clone());
        let (were, are) = (columns(before), columns(Some(after)));
        let without = |these: &[String], those: &[String]| {
            let gone = these.iter().filter(|column| !those.contains(column));
            gone.cloned().collect::<Vec<_>>()
        };
        Self {
            changed: changed.collect(),
            added: pairs.new_alone().map(|at| named(&new[at])).collect(),
            removed: pairs.old_alone().map(|at| named(&old[at])).collect(),
            columns_added: before.map_or_else(Vec::new, |_| without(&are, &were)),
            columns_removed: without(&were, &are),
        }
    }
}

/// Which old row is which new one.
struct Pairs {
    of_new: Vec<Option<usize>>,
    is_taken: Vec<bool>,
}

impl Pairs {
    fn of(old: usize, new: usize) -> Self {
        Self {
            of_new: vec![None; new],
            is_taken: vec![false; old],
        }
    }

    /// Puts together what has the same name and is not together with another one yet.
    fn by(&mut self, old: &[&Row], new: &[&Row], name: impl Fn(&Row) -> Option<String>) {
        let mut free: HashMap<String, Vec<usize>> = HashMap::new();
        // from the end, so that the first is taken first
        for at in (0..old.len()).rev().filter(|at| !self.is_taken[*at]) {
            if let Some(name) = name(old[at]) {
                free.entry(name).or_default().push(at);
            }
        }
        for (at, row) in new.iter().enumerate() {
            if self.of_new[at].is_some() {
                continue;
            }
            if let Some(found) = name(row).and_then(|name| free.get_mut(&name)?.pop()) {
                self.of_new[at] = Some(found);
                self.is_taken[found] = true;
            }
        }
    }

    fn new_alone(&self) -> impl Iterator<Item = usize> {
        let places = self.of_new.iter().enumerate();
        places.filter(|(_, old)| old.is_none()).map(|(at, _)| at)
    }

    fn old_alone(&self) -> impl Iterator<Item = usize> {
        let places = self.is_taken.iter().enumerate();
        places.filter(|(_, is_taken)| !**is_taken).map(|(at, _)| at)
    }
}

/// All cells but those that name the row.
fn content(row: &Row) -> String {
    let is_key = |column: &str| ["id", "key"].contains(&folded(column).as_str());
    let cells: Vec<_> = row
        .values
        .iter()
        .filter(|(column, _)| !is_key(column))
        .collect();
    serde_json::to_string(&cells).unwrap_or_default()
}

fn cells(old: &Row, new: &Row) -> Vec<Cell> {
    let gone = old
        .values
        .keys()
        .filter(|column| !new.values.contains_key(*column));
    let columns = new.values.keys().chain(gone);
    let cell = |column: &String| {
        let of = |row: &Row| row.values.get(column).cloned().unwrap_or(Value::Null);
        Cell {
            column: column.clone(),
            from: of(old),
            to: of(new),
        }
    };
    columns
        .map(cell)
        .filter(|cell| cell.from != cell.to)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Format, read_text};
    use crate::diag::Source;

    fn table(text: &str) -> Table {
        read_text(&Source::new("rows.csv", text), Format::Csv).expect("rows")
    }

    fn said(before: &str, after: &str) -> String {
        let changes = Changes::between(Some(&table(before)), &table(after));
        let name = |row: &Named| row.key.clone().unwrap_or_else(|| format!("#{}", row.row));
        let mut parts: Vec<String> = Vec::new();
        parts.extend(changes.added.iter().map(|row| format!("+{}", name(row))));
        parts.extend(changes.removed.iter().map(|row| format!("-{}", name(row))));
        for row in &changes.changed {
            for cell in &row.cells {
                let (from, to) = (
                    cell.from.as_str().unwrap_or("∅"),
                    cell.to.as_str().unwrap_or("∅"),
                );
                parts.push(format!("{}.{}:{from}>{to}", name(&row.row), cell.column));
            }
        }
        parts.extend(changes.columns_added.iter().map(|c| format!("+[{c}]")));
        parts.extend(changes.columns_removed.iter().map(|c| format!("-[{c}]")));
        parts.join(" ")
    }

    #[test]
    fn rows_are_told_by_their_keys() {
        let before = "id,title,price\na,Soup,4\nb,Tart,5\nc,Cake,6\n";
        assert_eq!(said(before, before), "");
        assert_eq!(
            said(before, "id,title,price\nc,Cake,6\na,Soup,4.50\nd,Pie,7\n"),
            "+d -b a.price:4>4.50"
        );
        assert_eq!(
            said(before, "id,title\na,Soup\nb,Tart\nc,Cake\n"),
            "a.price:4>∅ b.price:5>∅ c.price:6>∅ -[price]"
        );
    }

    #[test]
    fn rows_without_keys_are_told_by_what_is_in_them() {
        let before = "title,price\nSoup,4\nTart,5\n";
        assert_eq!(said(before, "title,price\nPie,7\nSoup,4\nTart,5\n"), "+#1");
        assert_eq!(
            said(before, "title,price\nSoup,4\nTart,6\n"),
            "#2.price:5>6"
        );
        assert_eq!(said(before, "title,price\nTart,5\n"), "-#1");
    }

    #[test]
    fn a_new_key_for_the_same_row_is_a_change() {
        let before = "id,title\nguid-1,Post\nguid-2,Other\n";
        assert_eq!(
            said(before, "id,title\nnew-1,Post\nnew-2,Other\n"),
            "new-1.id:guid-1>new-1 new-2.id:guid-2>new-2"
        );
    }

    #[test]
    fn the_first_copy_is_all_new() {
        let changes = Changes::between(None, &table("id,t\na,1\nb,2\n"));
        assert_eq!(changes.added.len(), 2);
        assert!(changes.columns_added.is_empty() && !changes.is_empty());
    }
}
