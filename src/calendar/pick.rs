//! Which row of data a slot takes.

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

use super::days::{self, long};
use super::{Days, History, Pick, Rule, Slot, Used};
use crate::data::{Row, Table};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::template::expression::{column_of, written_date};

/// What a slot takes of its data.
#[derive(Debug, Clone, PartialEq)]
pub enum Picked<'t> {
    /// Its row.
    Row(&'t Row),
    /// `all`: its rows, each with the key that names its slot.
    Series {
        /// In file order.
        rows: Vec<(String, &'t Row)>,
        /// Rows that cannot be read: each fails alone.
        bad: Vec<Diagnostic>,
    },
    /// `new`: nothing is new yet; with why.
    Nothing(String),
}

/// How a row is called in a [`History`]: by its id, else by its number.
pub fn id_of(row: &Row) -> String {
    row.key.clone().unwrap_or_else(|| row.number.to_string())
}

/// The row, or the rows, that a slot of `rule` takes of `table`.
///
/// The same wall time takes the same row again, for another account too, as long as the row is there. `rule` has data.
///
/// # Errors
/// `no-row` where there is none, with the column that is gone where one is; `bad-row` where it cannot be told which;
/// `name-clash` where two rows of a series have one key.
pub fn pick<'t>(
    rule: &Rule,
    slot: &Slot,
    table: &'t Table,
    history: History<'_>,
) -> Result<Picked<'t>, Vec<Diagnostic>> {
    let choice = Choice { rule, slot, table };
    match &rule.pick {
        Pick::Date { column } => choice.by_date(column),
        Pick::Weekday { column } => choice.by_weekday(column),
        Pick::Next => choice.next(history),
        Pick::Rotate => choice.rotate(history),
        Pick::New => choice.new_row(history),
        Pick::All => choice.all(),
    }
}

/// `new`: the ids that are there at the first run and do not go out, but for the newest `backfill`.
///
/// The newest rows of a feed are its first, those of any other data its last.
///
/// # Errors
/// `bad-row`: a row without an id, two rows of one id.
pub fn adopt(table: &Table, backfill: usize) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut rows = with_ids(table)?;
    if !table.own_columns {
        rows.reverse();
    }
    rows.truncate(rows.len().saturating_sub(backfill));
    Ok(rows.into_iter().map(id_of).collect())
}

/// `new`: how many rows there are, where none of them was there before though others were. What makes their ids has changed then,
/// or more came than a feed holds.
pub fn all_are_new(table: &Table, history: History<'_>) -> Option<usize> {
    let used = history.used.iter().map(|used| used.row.as_str());
    let adopted = history.adopted.unwrap_or_default();
    let known: HashSet<&str> = used.chain(adopted.iter().map(String::as_str)).collect();
    let mut rows = table.rows.iter().flatten();
    let count = rows.clone().count();
    let is_new = |row: &Row| !known.contains(id_of(row).as_str());
    (count > 1 && !known.is_empty() && rows.all(is_new)).then_some(count)
}

/// The good rows, each with an id of its own.
fn with_ids(table: &Table) -> Result<Vec<&Row>, Vec<Diagnostic>> {
    let rows: Vec<&Row> = table.rows.iter().flatten().collect();
    let mut wrong = Vec::new();
    for row in rows.iter().filter(|row| row.key.is_none()) {
        let message = format!("{} has no `id`", row.label());
        wrong.push(
            bad(row, "id", message).hint("a row that goes out once needs an `id` that stays"),
        );
    }
    wrong.extend(twice(&rows, Code::BadRow));
    if wrong.is_empty() {
        Ok(rows)
    } else {
        Err(wrong)
    }
}

/// The rows whose id an earlier row has.
fn twice(rows: &[&Row], code: Code) -> Vec<Diagnostic> {
    let mut seen: HashMap<String, &Row> = HashMap::new();
    let mut wrong = Vec::new();
    for row in rows {
        if let Some(first) = seen.get(&id_of(row)) {
            let message = format!(
                "rows {} and {} have the id `{}`",
                first.number,
                row.number,
                id_of(row)
            );
            let mut found = Diagnostic::at(code, row.place_of("id"), message)
                .hint("give each row its own `id`");
            found.row = Some(row.label());
            wrong.push(found);
        } else {
            seen.insert(id_of(row), row);
        }
    }
    wrong
}

fn bad(row: &Row, column: &str, message: String) -> Diagnostic {
    let mut found = Diagnostic::at(Code::BadRow, row.place_of(column), message);
    found.row = Some(row.label());
    found
}

struct Choice<'r, 't> {
    rule: &'r Rule,
    slot: &'r Slot,
    table: &'t Table,
}

impl<'t> Choice<'_, 't> {
    fn data(&self) -> &str {
        self.rule.data.as_deref().unwrap_or("the data")
    }

    fn rows(&self) -> impl Iterator<Item = &'t Row> + use<'t> {
        self.table.rows.iter().flatten()
    }

    fn bad_rows(&self) -> impl Iterator<Item = Diagnostic> + use<'t> {
        self.table
            .rows
            .iter()
            .filter_map(|row| row.as_ref().err())
            .cloned()
    }

    /// There is no row; what cannot be read may have been it.
    fn no_row(&self, message: String, unread: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let none = Diagnostic::at(Code::NoRow, self.place(), message);
        std::iter::once(none)
            .chain(unread)
            .chain(self.bad_rows())
            .collect()
    }

    fn place(&self) -> &crate::diag::Place {
        let places = &self.rule.places;
        match places.keys.iter().any(|(key, _)| key == "pick") {
            true => places.of("pick"),
            false => places.of("data"),
        }
    }

    fn column(&self, name: &str) -> Result<(), Vec<Diagnostic>> {
        let columns = self.table.columns.iter().map(String::as_str);
        let wrong = match column_of(name, columns.clone()) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) if self.rows().next().is_none() => {
                return Err(self.no_row(format!("{} has no row", self.data()), Vec::new()));
            }
            Ok(None) => {
                let message = format!("{} has no column `{name}`", self.data());
                let names: Vec<String> = columns.clone().map(|c| format!("`{c}`")).collect();
                let hint = did_you_mean(name, columns)
                    .unwrap_or_else(|| format!("its columns are {}", days::joined(&names)));
                Diagnostic::at(Code::NoRow, self.place(), message).hint(hint)
            }
            Err(several) => {
                let names: Vec<String> = several.iter().map(|c| format!("`{c}`")).collect();
                let message = format!(
                    "`{name}` can be the columns {} of {}",
                    days::joined(&names),
                    self.data()
                );
                Diagnostic::at(Code::BadRow, self.place(), message)
            }
        };
        Err(vec![wrong])
    }

    /// The one row whose cell fits; cells that are not understood are told where there is none.
    fn by_cell(
        &self,
        column: &str,
        wanted: &str,
        fits: impl Fn(&str) -> Result<bool, String>,
    ) -> Result<Picked<'t>, Vec<Diagnostic>> {
        self.column(column)?;
        let mut found: Vec<&Row> = Vec::new();
        let mut unread = Vec::new();
        for row in self.rows() {
            match row.text(column).map(|text| fits(&text)) {
                None | Some(Ok(false)) => {}
                Some(Ok(true)) => found.push(row),
                Some(Err(why)) => unread.push(bad(
                    row,
                    column,
                    format!("{}: column `{column}`: {why}", row.label()),
                )),
            }
        }
        match found.as_slice() {
            [row] => Ok(Picked::Row(row)),
            [] => {
                let message = format!(
                    "no row of {} has {wanted} in its column `{column}`",
                    self.data()
                );
                Err(self.no_row(message, unread))
            }
            [first, second, ..] => {
                let message = format!(
                    "rows {} and {} of {} both have {wanted} in their column `{column}`",
                    first.number,
                    second.number,
                    self.data()
                );
                Err(vec![
                    bad(second, column, message).hint("one row for each slot"),
                ])
            }
        }
    }

    fn by_date(&self, column: &str) -> Result<Picked<'t>, Vec<Diagnostic>> {
        let day = self.slot.wall.date();
        self.by_cell(column, &day.to_string(), |text| {
            Ok(date_in(text, &self.rule.zone)? == day)
        })
    }

    fn by_weekday(&self, column: &str) -> Result<Picked<'t>, Vec<Diagnostic>> {
        let day = self.slot.wall.date().weekday();
        self.by_cell(column, days::name(day), |text| {
            weekdays_in(text).map(|held| held.contains(&day))
        })
    }

    /// The row that the same wall time had before, if it is still there.
    fn same(&self, rows: &[&'t Row], history: History<'_>) -> Option<&'t Row> {
        let used = history
            .used
            .iter()
            .find(|used| used.wall == self.slot.wall)?;
        rows.iter().find(|row| id_of(row) == used.row).copied()
    }

    fn next(&self, history: History<'_>) -> Result<Picked<'t>, Vec<Diagnostic>> {
        let rows = with_ids(self.table)?;
        if let Some(row) = self.same(&rows, history) {
            return Ok(Picked::Row(row));
        }
        let used: HashSet<&str> = history.used.iter().map(|used| used.row.as_str()).collect();
        match rows.iter().find(|row| !used.contains(id_of(row).as_str())) {
            Some(row) => Ok(Picked::Row(row)),
            None => Err(self.no_row(
                match rows.len() {
                    0 => format!("{} has no row", self.data()),
                    n => format!("each of the {n} rows of {} has had its slot", self.data()),
                },
                Vec::new(),
            )),
        }
    }

    fn rotate(&self, history: History<'_>) -> Result<Picked<'t>, Vec<Diagnostic>> {
        let rows: Vec<&Row> = self.rows().collect();
        let clashes = twice(&rows, Code::BadRow);
        if !clashes.is_empty() {
            return Err(clashes);
        }
        if let Some(row) = self.same(&rows, history) {
            return Ok(Picked::Row(row));
        }
        let wall = self.slot.wall;
        let mut last: HashMap<&str, DateTime> = HashMap::new();
        let mut cooling: HashMap<&str, DateTime> = HashMap::new();
        for used in history.used {
            // also what goes out after this slot's own time: it is moved, or is chosen late
            let shown = self.shown(used);
            let latest = last.entry(&used.row).or_insert(shown);
            *latest = shown.max(*latest);
            // in the clock's own time: a clock change makes no row wait for another slot
            if wall.duration_since(shown).abs() < self.rule.cooldown {
                let latest = cooling.entry(&used.row).or_insert(shown);
                *latest = shown.max(*latest);
            }
        }
        let free = rows
            .iter()
            .filter(|row| !cooling.contains_key(id_of(row).as_str()));
        // a row that was never used comes before all others, and the first of equals is taken
        let oldest = free.min_by_key(|row| last.get(id_of(row).as_str()).copied());
        if let Some(row) = oldest {
            return Ok(Picked::Row(row));
        }
        let first = rows
            .iter()
            .filter_map(|row| cooling.get(id_of(row).as_str()))
            .min();
        let message = match first.and_then(|used| used.checked_add(self.rule.cooldown).ok()) {
            Some(free) => format!(
                "each of the {} rows of {} was used within its cooldown; the first is free on {} at {}",
                rows.len(),
                self.data(),
                long(free.date()),
                super::slot::clock(free.time())
            ),
            None => format!("{} has no row", self.data()),
        };
        Err(self.no_row(message, Vec::new()))
    }

    /// When a row is shown, by the rule's clock: at the slot's own time, or when that was moved to.
    fn shown(&self, used: &Used) -> DateTime {
        match used.wall.to_zoned(self.rule.zone.clone()) {
            Ok(own) if own.timestamp() != used.due => self.rule.zone.to_datetime(used.due),
            _ => used.wall,
        }
    }

    fn new_row(&self, history: History<'_>) -> Result<Picked<'t>, Vec<Diagnostic>> {
        let mut rows = with_ids(self.table)?;
        if let Some(row) = self.same(&rows, history) {
            return Ok(Picked::Row(row));
        }
        let Some(adopted) = history.adopted else {
            let n = rows.len();
            return Ok(Picked::Nothing(format!(
                "the worker's first run takes the {n} rows of {} as known",
                self.data()
            )));
        };
        // the newest of a feed is its first: the oldest that is new goes out first
        if !self.table.own_columns {
            rows.reverse();
        }
        let used = history.used.iter().map(|used| used.row.as_str());
        let known: HashSet<&str> = used.chain(adopted.iter().map(String::as_str)).collect();
        Ok(
            match rows.iter().find(|row| !known.contains(id_of(row).as_str())) {
                Some(row) => Picked::Row(row),
                None => Picked::Nothing(format!("nothing in {} is new", self.data())),
            },
        )
    }

    fn all(&self) -> Result<Picked<'t>, Vec<Diagnostic>> {
        let rows: Vec<&Row> = self.rows().collect();
        let clashes = twice(&rows, Code::NameClash);
        if !clashes.is_empty() {
            return Err(clashes);
        }
        if rows.is_empty() {
            return Err(self.no_row(format!("{} has no row", self.data()), Vec::new()));
        }
        Ok(Picked::Series {
            rows: rows.into_iter().map(|row| (id_of(row), row)).collect(),
            bad: self.bad_rows().collect(),
        })
    }
}

/// The day that a cell names; an instant is brought to `zone`.
fn date_in(text: &str, zone: &TimeZone) -> Result<Date, String> {
    if let Some(date) = days::day(text) {
        return Ok(date);
    }
    let written = written_date(text)?;
    if let Some(day) = written.other_weekday {
        return Err(format!("`{text}` names a wrong weekday: it is a {day}"));
    }
    if let Ok(instant) = written.iso.parse::<jiff::Timestamp>() {
        return Ok(zone.to_datetime(instant).date());
    }
    let date = written.iso.get(..10).and_then(days::day);
    date.ok_or_else(|| format!("`{text}` is not a date"))
}

/// The weekdays that a cell names: `mon`, `Monday`, `mon-fri`, `mon,wed`.
fn weekdays_in(text: &str) -> Result<Vec<Weekday>, String> {
    Days::parse(text)
        .ok()
        .and_then(|days| days.only_weekdays())
        .ok_or_else(|| format!("`{text}` is no weekday: mon to sun, or English names"))
}

#[cfg(test)]
mod tests;
