//! Rows of data for templates.
//!
//! In: a file (CSV, TSV, JSON, JSON Lines, TOML, XLSX, ODS, RSS, Atom). Out: a [`Table`] of [`Row`]s, each good
//! or with what is wrong with it. Never: knowing what a template does with a column.

#![allow(
    clippy::result_large_err,
    reason = "a diagnostic is made once per bad row, and stands in its row's place"
)]

mod delimited;
mod encoding;
mod feed;
mod file;
mod heading;
mod json;
mod markup;
mod row;
mod sheet;
mod tables;

use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Place, Source};

pub use file::{MAX_BYTES, read};
pub use row::Row;

/// What a data file holds, a story a row.
#[derive(Debug)]
pub struct Table {
    /// In file order: the good rows and, in their place, what is wrong with a bad one.
    pub rows: Vec<Result<Row, Diagnostic>>,
    /// Every column that some row has, in the order in which they first stand.
    pub columns: Vec<String>,
    /// The text the places point into; empty for XLSX and ODS.
    pub source: Arc<Source>,
}

/// How the text of a data file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells parted by `,`, `;` or tab, whichever the heading shows.
    Csv,
    /// Cells parted by tabs.
    Tsv,
    /// An array of objects, an object with exactly one such array in it, or one object.
    Json,
    /// One object a line.
    JsonLines,
    /// `[[row]]`, any single array of tables, or one plain table.
    Toml,
    /// RSS or Atom.
    Feed,
}

/// Reads rows from a text that is there already.
///
/// # Errors
/// Everything that is wrong, where not a single row can be read: broken syntax, an unusable heading.
pub fn read_text(source: &Arc<Source>, format: Format) -> Result<Table, Vec<Diagnostic>> {
    read_decoded(source, &[], format)
}

/// `damaged` are the offsets of characters that stand for bytes which were not UTF-8.
fn read_decoded(
    source: &Arc<Source>,
    damaged: &[usize],
    format: Format,
) -> Result<Table, Vec<Diagnostic>> {
    if source.text.trim().is_empty() {
        return Err(vec![empty(source)]);
    }
    let by_line = matches!(format, Format::Csv | Format::Tsv | Format::JsonLines);
    if let (Some(&at), false) = (damaged.first(), by_line) {
        let place = Place::new(source, at..at + 3);
        return Err(vec![Diagnostic::at(
            Code::Syntax,
            &place,
            "these bytes are not UTF-8",
        )]);
    }
    match format {
        Format::Csv => delimited::read(source, damaged, None),
        Format::Tsv => delimited::read(source, damaged, Some(b'\t')),
        Format::Json => json::read(source),
        Format::JsonLines => json::read_lines(source, damaged),
        Format::Toml => tables::read(source),
        Format::Feed => feed::read(source),
    }
}

fn empty(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::at(Code::Syntax, &Place::whole(source), "the file is empty")
}

/// What is wrong with row `number`: the message opens with its name.
fn bad_row(number: usize, place: &Place, what: impl std::fmt::Display) -> Diagnostic {
    let row = format!("row {number}");
    let mut diagnostic = Diagnostic::at(Code::BadRow, place, format!("{row}: {what}"));
    diagnostic.row = Some(row);
    diagnostic
}

/// The first damaged character in a range of the text.
fn damage_in(damaged: &[usize], range: &Range<usize>) -> Option<Range<usize>> {
    let first = damaged.partition_point(|at| *at < range.start);
    let at = *damaged.get(first).filter(|at| **at < range.end)?;
    Some(at..at + char::REPLACEMENT_CHARACTER.len_utf8())
}

/// The columns of all good rows, each once, in the order in which they first stand.
fn columns(rows: &[Result<Row, Diagnostic>]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    rows.iter()
        .flatten()
        .flat_map(|row| row.values.keys())
        .filter(|name| seen.insert(name.as_str()))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
