//! CSV and TSV: RFC 4180, told apart from its dialects, with the place of every cell.
//!
//! Own reading instead of a crate's: a quote that is never closed must fail one row and not the rest of the
//! file, and every cell must keep its place.

mod scan;

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use self::scan::{Broken, Dialect, Record};
use super::row::key_of_cells;
use super::{Damage, Row, Table, bad_row, heading, sheet_error};
use crate::diag::{Code, Diagnostic, Place, Source};

/// Reads a table; the delimiter is found in the heading where none is given.
pub(super) fn read(
    source: &Arc<Source>,
    damage: &Damage<'_>,
    delimiter: Option<u8>,
) -> Result<Table, Vec<Diagnostic>> {
    let text = source.text.as_str();
    let given = delimiter.map(|d| (d, 0)).or_else(|| excel_hint(text));
    let start = first_line(text, given.map_or(0, |(_, end)| end));
    let delimiter = given.map_or_else(|| sniff(text, start), |(delimiter, _)| delimiter);
    let dialect = Dialect {
        delimiter,
        lenient: delimiter == b'\t',
    };
    let head = dialect.record(text, start);
    let names: Vec<String> = head
        .cells
        .iter()
        .map(|cell| heading::name(&cell.text(text)))
        .collect();
    let reader = Reader {
        source,
        damage,
        dialect,
        names,
    };
    if let Some(broken) = &head.broken {
        return Err(vec![reader.heading_broken(&head, broken)]);
    }
    if let Some(at) = damage.in_range(&head.range) {
        let message = format!("heading: {}", damage.message());
        return Err(vec![
            Diagnostic::at(Code::BadRow, &Place::new(source, at), message).hint(damage.hint()),
        ]);
    }
    let (rows, used) = reader.rows(head.next);
    let troubles: Vec<_> = heading::troubles(
        &reader.names,
        |column| format!("column {}", column + 1),
        |column| used.get(column).copied().unwrap_or(false),
    );
    if !troubles.is_empty() {
        return Err(troubles
            .into_iter()
            .map(|t| {
                let place = Place::new(source, head.cells[t.column].range.clone());
                Diagnostic::at(Code::BadRow, &place, t.message).hint(t.hint)
            })
            .collect());
    }
    let named = reader
        .names
        .iter()
        .zip(&head.cells)
        .filter(|(name, _)| !name.is_empty());
    let headings = named
        .map(|(_, cell)| Place::new(source, cell.range.clone()))
        .collect();
    Ok(Table {
        rows,
        columns: reader.names.into_iter().filter(|n| !n.is_empty()).collect(),
        headings,
        own_columns: true,
        warnings: Vec::new(),
        source: source.clone(),
    })
}

/// Excel's own first line `sep=;`: the delimiter and where the table starts.
fn excel_hint(text: &str) -> Option<(u8, usize)> {
    let line = text.lines().next()?;
    let rest = line.get(..4).filter(|s| s.eq_ignore_ascii_case("sep="))?;
    match line.as_bytes()[rest.len()..] {
        [delimiter @ (b',' | b';' | b'\t' | b'|')] => Some((delimiter, line.len())),
        _ => None,
    }
}

/// The start of the first line from `start` on that has something in it.
fn first_line(text: &str, start: usize) -> usize {
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        if !line.trim().is_empty() {
            return at;
        }
        at += line.len();
    }
    start
}

/// The delimiter that parts the heading into the most cells; a comma where none does.
fn sniff(text: &str, start: usize) -> u8 {
    let cells = |delimiter| {
        let dialect = Dialect {
            delimiter,
            lenient: false,
        };
        dialect.record(text, start).cells.len()
    };
    let mut best = (b',', cells(b','));
    for delimiter in [b';', b'\t', b'|'] {
        let count = cells(delimiter);
        if count > best.1 {
            best = (delimiter, count);
        }
    }
    best.0
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    damage: &'a Damage<'a>,
    dialect: Dialect,
    names: Vec<String>,
}

impl Reader<'_> {
    /// All rows after the heading, and which columns have something in them.
    fn rows(&self, start: usize) -> (Vec<Result<Row, Diagnostic>>, Vec<bool>) {
        let text = self.source.text.as_str();
        let mut rows = Vec::new();
        let mut used = vec![false; self.names.len()];
        let mut at = start;
        let mut number = 0;
        while at < text.len() {
            number += 1;
            let mut record = self.dialect.record(text, at);
            self.give_back_swallowed(&mut record);
            at = record.next;
            if record.broken.is_none() && record.cells.iter().all(|c| c.is_blank(text)) {
                continue;
            }
            for (cell, used) in record.cells.iter().zip(&mut used) {
                *used |= !cell.is_blank(text);
            }
            let row = self.row(number, &record);
            rows.push(row.map_err(|why| self.keyed(why, &record)));
        }
        (rows, used)
    }

    /// A quote left open may meet the next one far below and so swallow good rows without a trace but the
    /// count: then it is the open quote that is wrong, and the rows below are read.
    fn give_back_swallowed(&self, record: &mut Record) {
        let text = self.source.text.as_str();
        if record.broken.is_some() || record.cells.len() == self.names.len() {
            return;
        }
        let Some(column) = record
            .cells
            .iter()
            .position(|c| c.text(text).contains('\n'))
        else {
            return;
        };
        let opened = record.cells[column].range.start;
        let end = scan::line_end(text, opened);
        let swallowed = text[end..record.range.end].split_inclusive('\n').skip(1);
        let mut line_start = end + text[end..].find('\n').map_or(0, |n| n + 1);
        for line in swallowed {
            let whole = self.dialect.record(text, line_start);
            line_start += line.len();
            // the line in which the quote closes has an odd one
            let is_row = line.matches('"').count().is_multiple_of(2)
                && whole.broken.is_none()
                && whole.cells.len() == self.names.len();
            if is_row {
                record.broken = Some(Broken::Unclosed { column, at: opened });
                record.cells.truncate(column);
                record.range.end = end;
                record.next = scan::after_newline(text, end);
                return;
            }
        }
    }

    /// What is wrong with a row, with the key that its cells have for it all the same.
    fn keyed(&self, mut why: Diagnostic, record: &Record) -> Diagnostic {
        let text = |at: usize| Some(record.cells.get(at)?.text(&self.source.text).into_owned());
        let key = key_of_cells(&self.names, text);
        if let Some(row) = why.row.as_mut().filter(|_| record.broken.is_none()) {
            row.key = key;
        }
        why
    }

    fn row(&self, number: usize, record: &Record) -> Result<Row, Diagnostic> {
        let text = self.source.text.as_str();
        let place = Place::new(self.source, record.range.clone());
        if let Some(broken) = &record.broken {
            let (message, at) = self.broken(broken);
            return Err(bad_row(number, &at, message).hint(BROKEN_HINT));
        }
        if let Some(at) = self.damage.in_range(&record.range) {
            let column = record.cells.iter().position(|c| c.range.end > at.start);
            let message = self.damage.message();
            let message = match column.and_then(|c| self.names.get(c)) {
                Some(name) => format!("{message} in column `{name}`"),
                None => message,
            };
            return Err(
                bad_row(number, &Place::new(self.source, at), message).hint(self.damage.hint())
            );
        }
        if record.cells.len() != self.names.len() {
            return Err(self.wrong_count(number, record));
        }
        let mut values = Map::new();
        let mut places = Vec::with_capacity(record.cells.len());
        for (name, cell) in self.names.iter().zip(&record.cells) {
            if name.is_empty() {
                continue;
            }
            let place = Place::new(self.source, cell.range.clone());
            let cell = cell.text(text);
            if sheet_error::is_error(&cell) {
                let message = format!("column `{name}` holds the error `{}`", cell.trim());
                return Err(bad_row(number, &place, message).hint("mend it in the spreadsheet"));
            }
            values.insert(name.clone(), Value::String(cell.into_owned()));
            places.push((name.clone(), place));
        }
        Ok(Row::new(number, values, place, places))
    }

    fn broken(&self, broken: &Broken) -> (String, Place) {
        let (what, column, range): (_, _, Range<usize>) = match *broken {
            Broken::Unclosed { column, at } => (
                "the quote that opens here is never closed",
                column,
                at..at + 1,
            ),
            Broken::AfterQuote { column, at } => {
                let end = scan::line_end(&self.source.text, at);
                ("text follows the closing quote", column, at..end)
            }
        };
        let column = match self.names.get(column).filter(|n| !n.is_empty()) {
            Some(name) => format!("column `{name}`"),
            None => format!("column {}", column + 1),
        };
        (format!("{column}: {what}"), Place::new(self.source, range))
    }

    fn heading_broken(&self, head: &Record, broken: &Broken) -> Diagnostic {
        let (message, at) = self.broken(broken);
        let column = head.cells.len() + 1;
        let message = match message.split_once(": ") {
            Some((_, what)) => format!("heading: column {column}: {what}"),
            None => message,
        };
        Diagnostic::at(Code::BadRow, &at, message).hint(BROKEN_HINT)
    }

    /// The first column that is missing, or the first cell that is too many.
    fn wrong_count(&self, number: usize, record: &Record) -> Diagnostic {
        let (got, expected) = (record.cells.len(), self.names.len());
        let cells = if got == 1 { "cell" } else { "cells" };
        let count = format!("{got} {cells} where the heading has {expected}");
        if got < expected {
            let end = record.range.end;
            let place = Place::new(self.source, end..end);
            let name = &self.names[got];
            return bad_row(
                number,
                &place,
                format!("{count}: nothing for column `{name}`"),
            )
            .hint("an empty cell needs its delimiter too");
        }
        let range = record.cells[expected].range.start..record.range.end;
        let place = Place::new(self.source, range);
        let name = &self.names[expected - 1];
        let delimiter = match self.dialect.delimiter {
            b'\t' => "a tab".to_owned(),
            other => format!("`{}`", char::from(other)),
        };
        bad_row(
            number,
            &place,
            format!("{count}: too many from after column `{name}` on"),
        )
        .hint(format!(
            "put a cell with {delimiter} in it in double quotes"
        ))
    }
}

const BROKEN_HINT: &str = "inside a quoted cell a quote is written twice, `\"\"`";

#[cfg(test)]
mod tests;
