//! XLSX and ODS: the first sheet that has something in it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, ExcelDateTime, Ods, Reader, SheetVisible, Xlsx};
use serde_json::{Map, Value};

use super::{Row, Table, bad_row, heading};
use crate::diag::{Code, Diagnostic, Place, Source};

/// Most bytes that the parts of a workbook may have together once unpacked.
const MAX_UNPACKED: u64 = 512 << 20;

/// Rows of cells, both counted from 0; a sheet is mostly holes.
type Cells = BTreeMap<u32, BTreeMap<u32, Data>>;

/// Reads the rows under the sheet's first row.
pub(super) fn read(source: &Arc<Source>, bytes: Vec<u8>) -> Result<Table, Vec<Diagnostic>> {
    let place = Place::whole(source);
    let refuse = |message: String| vec![Diagnostic::at(Code::Syntax, &place, message)];
    let broken = |e: &dyn std::fmt::Display| refuse(format!("the spreadsheet is damaged: {e}"));
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(|e| broken(&e))?;
    let unpacked = archive.decompressed_size().unwrap_or(0);
    if unpacked > u128::from(MAX_UNPACKED) {
        let limit = MAX_UNPACKED >> 20;
        return Err(refuse(format!(
            "unpacked, the spreadsheet has over {limit} MiB"
        )));
    }
    let is_xlsx = archive.file_names().any(|name| name.starts_with("xl/"));
    let is_ods = archive.by_name("content.xml").is_ok();
    drop(archive);
    let cells = if is_xlsx {
        xlsx(bytes).map_err(|e| broken(&e))?
    } else if is_ods {
        ods(bytes).map_err(|e| broken(&e))?
    } else {
        return Err(vec![
            Diagnostic::at(Code::Syntax, &place, "this archive is not a spreadsheet")
                .hint("save it as .xlsx or .csv"),
        ]);
    };
    table(source, &cells)
}

fn xlsx(bytes: Vec<u8>) -> Result<Cells, calamine::XlsxError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    for name in visible(book.sheets_metadata()) {
        let mut cells = Cells::new();
        // cell by cell: a range would be allocated whole, also for two cells in far corners
        let Ok(mut reader) = book.worksheet_cells_reader(&name) else {
            continue; // a sheet of its own that is a chart
        };
        while let Some(cell) = reader.next_cell()? {
            let (row, column) = cell.get_position();
            put(&mut cells, row, column, cell.get_value().clone().into());
        }
        if !cells.is_empty() {
            return Ok(cells);
        }
    }
    Ok(Cells::new())
}

fn ods(bytes: Vec<u8>) -> Result<Cells, calamine::OdsError> {
    let mut book: Ods<_> = Ods::new(Cursor::new(bytes))?;
    for name in visible(book.sheets_metadata()) {
        let range = book.worksheet_range(&name)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut cells = Cells::new();
        for (row, column, value) in range.used_cells() {
            let (row, column) = (top as usize + row, left as usize + column);
            put(&mut cells, row as u32, column as u32, value.clone());
        }
        if !cells.is_empty() {
            return Ok(cells);
        }
    }
    Ok(Cells::new())
}

fn visible(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect()
}

fn put(cells: &mut Cells, row: u32, column: u32, value: Data) {
    let is_blank = match &value {
        Data::Empty => true,
        Data::String(text) => text.trim().is_empty(),
        _ => false,
    };
    if !is_blank {
        cells.entry(row).or_default().insert(column, value);
    }
}

fn table(source: &Arc<Source>, cells: &Cells) -> Result<Table, Vec<Diagnostic>> {
    let place = Place::whole(source);
    let Some((&top, head)) = cells.first_key_value() else {
        return Err(vec![Diagnostic::at(
            Code::Syntax,
            &place,
            "no sheet has anything in it",
        )]);
    };
    let mut used: BTreeMap<u32, bool> = BTreeMap::new();
    for row in cells.values() {
        used.extend(row.keys().map(|column| (*column, true)));
    }
    // only columns with something in them are looked at, so a stray far cell costs nothing
    let columns: Vec<u32> = used.into_keys().collect();
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
    let rows = cells
        .range(top + 1..)
        .map(|(row, found)| {
            let number = (row - top) as usize;
            let mut values = Map::new();
            for (column, name) in columns.iter().zip(&names) {
                let value = match found.get(column) {
                    Some(data) => value(data).map_err(|what| {
                        let cell = format!("{}{}", letters(*column), row + 1);
                        let what = format!("column `{name}`: cell {cell} {what}");
                        bad_row(number, &place, what).hint("mend it in the spreadsheet")
                    })?,
                    None => Value::String(String::new()),
                };
                values.insert(name.clone(), value);
            }
            Ok(Row::new(number, values, place.clone(), Vec::new()))
        })
        .collect();
    Ok(Table {
        rows,
        columns: names,
        source: source.clone(),
    })
}

fn title(data: &Data) -> String {
    match value(data) {
        Ok(Value::String(text)) => text.trim().to_owned(),
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
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

fn value(data: &Data) -> Result<Value, String> {
    Ok(match data {
        Data::Empty => Value::String(String::new()),
        Data::String(text) => Value::String(text.replace("\r\n", "\n")),
        Data::Bool(flag) => Value::Bool(*flag),
        Data::Int(number) => Value::from(*number),
        Data::Float(number) => float(*number)?,
        Data::DateTime(date) => Value::String(date_time(date)),
        Data::DateTimeIso(date) => Value::String(iso_date(date)),
        Data::DurationIso(time) => Value::String(iso_time(time)),
        Data::Error(error) => return Err(format!("holds the error `{error}`")),
    })
}

fn float(number: f64) -> Result<Value, String> {
    if !number.is_finite() {
        return Err("holds no number".to_owned());
    }
    // spreadsheets show 15 digits; the rest is noise, as in 0.1 + 0.2
    let number: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Ok(Value::from(number as i64));
    }
    Ok(Value::from(number))
}

/// `2026-11-21`, `2026-11-21T19:30:00`, and `19:30` for a time without a day.
fn date_time(date: &ExcelDateTime) -> String {
    const DAY: f64 = 86_400.0;
    let seconds = (date.as_f64() * DAY).round();
    if date.is_duration() || (0.0..DAY).contains(&seconds) {
        return clock(seconds as i64);
    }
    // rounded to the second: 19:30 is stored as a fraction of a day that falls just short of it
    let whole = ExcelDateTime::new(
        (seconds + 0.25) / DAY,
        calamine::ExcelDateTimeType::DateTime,
        is_1904(date),
    );
    let (year, month, day, hour, minute, second, _) = whole.to_ymd_hms_milli();
    let day = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) {
        day
    } else {
        format!("{day}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// calamine keeps the epoch to itself; the day it makes of a number tells it.
fn is_1904(date: &ExcelDateTime) -> bool {
    let in_1900 = ExcelDateTime::new(date.as_f64(), calamine::ExcelDateTimeType::DateTime, false);
    date.to_ymd_hms_milli() != in_1900.to_ymd_hms_milli()
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

/// `PT19H30M00S` as `19:30`; as it stands if it is something else.
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
