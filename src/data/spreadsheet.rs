//! XLSX and ODS: the first sheet that has something in it.
//!
//! In: a workbook's bytes. Out: rows under the sheet's first row, numbers with what the sheet shows of them. Never: a
//! value that a formula does not have yet, or an error of the sheet, as if it were data.

mod number_format;
mod ods;
mod xlsx;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use std::sync::Arc;

use quick_xml::events::BytesStart;
use serde_json::{Map, Number, Value};

use super::row::key_of_cells;
use super::{Row, Table, bad_row, heading, sheet_error};
use crate::diag::{Code, Diagnostic, Place, Severity, Source};

/// Most bytes that the parts of a workbook may have together once unpacked.
const MAX_UNPACKED: u64 = 512 << 20;

/// Most cells with something in them.
const MAX_CELLS: usize = 4_000_000;

/// What is in a cell.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    /// A day at midnight, in a format that shows its time: the writer means a moment, or a program gives all its days so.
    Midnight(String),
    /// A number, and what the sheet shows where that is something else.
    Number(Number, Option<String>),
    Flag(bool),
    /// Why there is nothing to read.
    Fault(String),
}

/// Cells that are one: its top left holds the value.
#[derive(Debug, Clone, Copy)]
struct Merged {
    top: u32,
    bottom: u32,
    left: u32,
}

/// Rows of cells, both counted from 0; a sheet is mostly holes.
#[derive(Debug, Default)]
struct Sheet {
    rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    /// Rows that nobody sees, hidden by hand or by a filter.
    hidden: BTreeSet<u32>,
    merged: Vec<Merged>,
    count: usize,
}

/// Why a workbook cannot be read.
type Broken = String;

type Archive<'b> = zip::ZipArchive<Cursor<&'b [u8]>>;

/// Reads the rows under the sheet's first row.
pub(super) fn read(source: &Arc<Source>, bytes: Vec<u8>) -> Result<Table, Vec<Diagnostic>> {
    let place = Place::whole(source);
    let refuse = |message: String| vec![Diagnostic::at(Code::Syntax, &place, message)];
    let broken = |why: String| refuse(format!("the spreadsheet is damaged: {why}"));
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(|e| broken(e.to_string()))?;
    let unpacked = archive.decompressed_size().unwrap_or(0);
    if unpacked > u128::from(MAX_UNPACKED) {
        let limit = MAX_UNPACKED >> 20;
        return Err(refuse(format!(
            "unpacked, the spreadsheet has over {limit} MiB"
        )));
    }
    let is_xlsx = archive.file_names().any(|name| name.starts_with("xl/"));
    let is_ods = archive.by_name("content.xml").is_ok();
    let sheet = if is_xlsx {
        xlsx::read(&mut archive).map_err(broken)?
    } else if is_ods {
        ods::read(&mut archive).map_err(broken)?
    } else {
        return Err(vec![
            Diagnostic::at(Code::Syntax, &place, "this archive is not a spreadsheet")
                .hint("save it as .xlsx or .csv"),
        ]);
    };
    table(source, sheet)
}

/// A part of the archive as text; none where there is no such part.
fn part(archive: &mut Archive<'_>, name: &str) -> Result<Option<String>, Broken> {
    let wanted = name.trim_start_matches('/').to_ascii_lowercase();
    let found = archive
        .file_names()
        .find(|n| n.to_ascii_lowercase() == wanted)
        .map(str::to_owned);
    let Some(found) = found else { return Ok(None) };
    let mut bytes = Vec::new();
    let file = archive.by_name(&found).map_err(|e| e.to_string())?;
    file.take(MAX_UNPACKED + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    if bytes.len() as u64 > MAX_UNPACKED {
        return Err(format!("`{found}` is over {} MiB", MAX_UNPACKED >> 20));
    }
    let (text, _) = encoding_rs::UTF_8.decode_with_bom_removal(&bytes);
    Ok(Some(text.into_owned()))
}

/// An attribute of a tag by its name with prefix.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let mut all = attributes.with_checks(false).flatten();
    let found = all.find(|attribute| attribute.key.as_ref() == name)?;
    Some(super::markup::decoded(&found.value).into_owned())
}

impl Sheet {
    fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), Broken> {
        if matches!(&cell, Cell::Text(text) if text.trim().is_empty()) {
            return Ok(());
        }
        self.count += 1;
        if self.count > MAX_CELLS {
            return Err(format!("it has over {MAX_CELLS} cells"));
        }
        self.rows.entry(row).or_default().insert(column, cell);
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What a cell that is merged over several rows says, it says of each of them.
    fn spread_merged(&mut self) {
        for merged in std::mem::take(&mut self.merged) {
            let cell = self
                .rows
                .get(&merged.top)
                .and_then(|row| row.get(&merged.left))
                .cloned();
            let Some(cell) = cell.filter(|_| merged.bottom > merged.top) else {
                continue;
            };
            // only into rows that have something of their own
            for (_, row) in self.rows.range_mut(merged.top + 1..=merged.bottom) {
                row.entry(merged.left).or_insert_with(|| cell.clone());
            }
        }
    }
}

fn table(source: &Arc<Source>, mut sheet: Sheet) -> Result<Table, Vec<Diagnostic>> {
    let place = Place::whole(source);
    let Some(&top) = sheet.rows.keys().find(|row| !sheet.hidden.contains(row)) else {
        let message = match sheet.is_empty() {
            true => "no sheet has anything in it",
            false => "all rows of the sheet are hidden",
        };
        return Err(vec![Diagnostic::at(Code::Syntax, &place, message)]);
    };
    sheet.spread_merged();
    let head = &sheet.rows[&top];
    let below = || {
        sheet
            .rows
            .range(top + 1..)
            .filter(|(row, _)| !sheet.hidden.contains(row))
    };
    let mut used: BTreeSet<u32> = head.keys().copied().collect();
    for (_, row) in below() {
        used.extend(row.keys());
    }
    // only columns with something in them are looked at, so a stray far cell costs nothing
    let columns: Vec<u32> = used.into_iter().collect();
    let names: Vec<String> = columns
        .iter()
        .map(|c| head.get(c).map_or_else(String::new, title))
        .collect();
    let label = |column: usize| format!("column {}", letters(columns[column]));
    let troubles = heading::troubles(&names, label, |_| true);
    if !troubles.is_empty() {
        return Err(troubles
            .into_iter()
            .map(|t| Diagnostic::at(Code::BadRow, &place, t.message).hint(t.hint))
            .collect());
    }
    let has_moments = |column: &u32| below().any(|(_, row)| row.get(column).is_some_and(is_moment));
    let moments: BTreeSet<u32> = columns.iter().copied().filter(has_moments).collect();
    let rows = below()
        .map(|(row, found)| {
            let named = columns.iter().copied().zip(&names);
            let read = row_of((*row, top), found, named, &moments, &place);
            read.map_err(|why| keyed(why, found, &columns, &names))
        })
        .collect();
    let warnings = hidden_rows(&sheet, top, &place).into_iter().collect();
    Ok(Table {
        rows,
        columns: names,
        headings: Vec::new(),
        own_columns: true,
        warnings,
        source: source.clone(),
    })
}

fn row_of<'n>(
    (row, top): (u32, u32),
    found: &BTreeMap<u32, Cell>,
    columns: impl Iterator<Item = (u32, &'n String)>,
    moments: &BTreeSet<u32>,
    place: &Place,
) -> Result<Row, Diagnostic> {
    let number = (row - top) as usize;
    let mut values = Map::new();
    let mut shown = BTreeMap::new();
    for (column, name) in columns {
        let value =
            match found.get(&column) {
                None => Value::String(String::new()),
                Some(Cell::Text(text)) if sheet_error::is_error(text) => {
                    let cell = format!("{}{}", letters(column), row + 1);
                    let what = format!(
                        "column `{name}`: cell {cell} holds the error `{}`",
                        text.trim()
                    );
                    return Err(bad_row(number, place, what).hint("mend it in the spreadsheet"));
                }
                Some(Cell::Text(text)) => Value::String(text.replace("\r\n", "\n")),
                Some(Cell::Midnight(day)) if moments.contains(&column) => {
                    Value::String(format!("{day}T00:00:00"))
                }
                Some(Cell::Midnight(day)) => Value::String(day.clone()),
                Some(Cell::Flag(flag)) => Value::Bool(*flag),
                Some(Cell::Number(number, as_shown)) => {
                    if let Some(text) = as_shown {
                        shown.insert(name.clone(), text.clone());
                    }
                    Value::Number(number.clone())
                }
                Some(Cell::Fault(what)) => {
                    let cell = format!("{}{}", letters(column), row + 1);
                    let what = format!("column `{name}`: cell {cell} {what}");
                    return Err(bad_row(number, place, what).hint(match what_to_do(found, column) {
                    true => "open the file in a spreadsheet, which works it out, and save it there",
                    false => "mend it in the spreadsheet",
                }));
                }
            };
        values.insert(name.clone(), value);
    }
    Ok(Row::new(number, values, place.clone(), Vec::new()).with_shown(shown))
}

/// What is wrong with a row, with the key that its cells have for it all the same.
fn keyed(
    mut why: Diagnostic,
    found: &BTreeMap<u32, Cell>,
    columns: &[u32],
    names: &[String],
) -> Diagnostic {
    let text = |at: usize| match found.get(&columns[at])? {
        Cell::Text(text) => Some(text.clone()),
        Cell::Number(number, shown) => Some(shown.clone().unwrap_or_else(|| number.to_string())),
        _ => None,
    };
    if let Some(row) = &mut why.row {
        row.key = key_of_cells(names, text);
    }
    why
}

/// Whether a cell is a day with a time of day.
fn is_moment(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(text) if text.get(10..11) == Some("T") && text.parse::<jiff::civil::DateTime>().is_ok())
}

/// Whether a cell's formula only was not worked out yet.
fn what_to_do(found: &BTreeMap<u32, Cell>, column: u32) -> bool {
    matches!(found.get(&column), Some(Cell::Fault(what)) if what == NO_VALUE)
}

/// What is said of a formula that no spreadsheet has worked out yet.
const NO_VALUE: &str = "has a formula without a saved value";

/// What is said of rows that are left out.
fn hidden_rows(sheet: &Sheet, top: u32, place: &Place) -> Option<Diagnostic> {
    let rows: Vec<u32> = sheet
        .rows
        .keys()
        .filter(|row| **row > top && sheet.hidden.contains(row))
        .copied()
        .collect();
    let first = rows.first()? + 1;
    let message = match rows.len() {
        1 => format!("a row is hidden in the sheet and left out: line {first}"),
        count => {
            format!("{count} rows are hidden in the sheet and left out, the first in line {first}")
        }
    };
    let hidden = Diagnostic::at(Code::BadRow, place, message).severity(Severity::Warning);
    Some(hidden.hint("show them, or clear the filter, to have their stories"))
}

fn title(cell: &Cell) -> String {
    let text = match cell {
        Cell::Text(text) | Cell::Midnight(text) => text.clone(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Number(_, Some(shown)) => shown.clone(),
        Cell::Number(number, None) => number.to_string(),
        Cell::Fault(_) => String::new(),
    };
    heading::name(&text)
}

/// A number as it is written, exactly where it is whole, and shown by a format.
fn number(written: &str, shown: impl FnOnce(f64) -> Option<String>) -> Cell {
    let written = written.trim();
    let Some(float) = written.parse::<f64>().ok().filter(|x| x.is_finite()) else {
        return Cell::Fault("holds no number".to_owned());
    };
    let number = match written.parse::<i64>() {
        Ok(whole) => Number::from(whole),
        Err(_) => {
            // spreadsheets show 15 digits; the rest is noise, as in 0.1 + 0.2
            let tidy = format!("{float:.14e}").parse().ok();
            // the largest numbers there are cannot be rounded up
            let tidy = tidy.filter(|x: &f64| x.is_finite()).unwrap_or(float);
            match tidy.fract() == 0.0 && tidy.abs() < 1e15 {
                true => Number::from(tidy as i64),
                false => Number::from_f64(tidy).expect("a finite number"),
            }
        }
    };
    let plain = number.to_string();
    let shown = shown(float).filter(|text| *text != plain);
    Cell::Number(number, shown)
}

/// `2026-11-21`, `2026-11-21T19:30:00`, and `19:30` for a time without a day, of a spreadsheet's days since 1900 or
/// 1904.
fn date_time(days: f64, is_1904: bool) -> Option<String> {
    const DAY: f64 = 86_400.0;
    // rounded to the second: 19:30 is stored as a fraction of a day that falls just short of it
    let seconds = (days * DAY).round();
    if !(0.0..3_000_000.0 * DAY).contains(&seconds) {
        return None;
    }
    if seconds < DAY {
        return Some(clock(seconds as i64));
    }
    let (day, time) = ((seconds / DAY).floor() as i64, (seconds % DAY) as i64);
    let epoch = match (is_1904, day) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        // Lotus counted a 29 February 1900
        (false, 60) => return None,
        (false, 0..60) => jiff::civil::date(1899, 12, 31),
        (false, _) => jiff::civil::date(1899, 12, 30),
    };
    let date = epoch
        .checked_add(jiff::SignedDuration::from_hours(24 * day))
        .ok()?;
    Some(match time {
        0 => date.to_string(),
        time => format!(
            "{date}T{:02}:{:02}:{:02}",
            time / 3600,
            time / 60 % 60,
            time % 60
        ),
    })
}

/// A column as spreadsheets call it: A … Z, AA ….
fn letters(column: u32) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

fn clock(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.abs();
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if second == 0 {
        format!("{sign}{hour:02}:{minute:02}")
    } else {
        format!("{sign}{hour:02}:{minute:02}:{second:02}")
    }
}

fn iso_date(date: &str) -> String {
    let date = date.split('.').next().unwrap_or(date);
    date.strip_suffix("T00:00:00").unwrap_or(date).to_owned()
}

/// `PT19H30M00S` as `19:30`; unchanged if it is something else.
fn iso_time(time: &str) -> String {
    let parse = || {
        let mut seconds = 0_i64;
        let mut digits = String::new();
        for c in time.strip_prefix("PT")?.chars() {
            let unit = match c {
                'H' => 3600,
                'M' => 60,
                'S' => 1,
                _ => {
                    digits.push(c);
                    continue;
                }
            };
            let whole = digits.split(['.', ',']).next()?.parse::<i64>().ok()?;
            seconds = seconds.checked_add(whole.checked_mul(unit)?)?;
            digits.clear();
        }
        Some(clock(seconds))
    };
    parse().unwrap_or_else(|| time.to_owned())
}

#[cfg(test)]
mod tests;
