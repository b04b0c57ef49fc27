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
mod long_number;
mod markup;
mod row;
mod sheet_error;
mod spreadsheet;
mod tables;
mod unused;
mod xml;

use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Place, RowName, Source};

pub use encoding::Encoding;
pub use file::{MAX_BYTES, read, read_as};
pub use row::{Row, is_key};
pub use unused::unused_columns;

/// What a data file holds, a story a row.
#[derive(Debug)]
pub struct Table {
    /// In file order: the good rows and, in their place, what is wrong with a bad one.
    pub rows: Vec<Result<Row, Diagnostic>>,
    /// Every column that some row has, in the order in which they first appear.
    pub columns: Vec<String>,
    /// Where the name of each column is; empty where the format has no heading.
    pub headings: Vec<Place>,
    /// Whether the columns are the file's own; those of a feed are the same in every feed.
    pub own_columns: bool,
    /// What is worth a look, such as a code page that was guessed.
    pub warnings: Vec<Diagnostic>,
    /// The text the places point into; empty for XLSX and ODS.
    pub source: Arc<Source>,
}

/// How the text of a data file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells parted by `,`, `;`, tab or `|`, whichever the heading shows.
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
    read_decoded(source, &Damage::NONE, format)
}

/// Characters that stand for bytes which are none in the file's encoding.
#[derive(Debug, Clone, Copy)]
struct Damage<'a> {
    /// Their offsets in the text, sorted.
    at: &'a [usize],
    /// What the file was read as; none is UTF-8.
    encoding: Option<Encoding>,
}

impl Damage<'_> {
    const NONE: Damage<'static> = Damage {
        at: &[],
        encoding: None,
    };

    /// The first of them in a range of the text.
    fn in_range(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let first = self.at.partition_point(|at| *at < range.start);
        let at = *self.at.get(first).filter(|at| **at < range.end)?;
        Some(at..at + char::REPLACEMENT_CHARACTER.len_utf8())
    }

    fn name(&self) -> String {
        let name = self
            .encoding
            .map_or_else(|| "utf-8".to_owned(), Encoding::name);
        if name == "utf-8" {
            "UTF-8".to_owned()
        } else {
            name
        }
    }

    fn message(&self) -> String {
        format!("bytes that are not {}", self.name())
    }

    fn hint(&self) -> &'static str {
        match self.name().as_str() {
            "UTF-8" => "save the file as UTF-8",
            _ => "save the file as UTF-8, or name its own with --encoding",
        }
    }
}

fn read_decoded(
    source: &Arc<Source>,
    damage: &Damage<'_>,
    format: Format,
) -> Result<Table, Vec<Diagnostic>> {
    if source.text.trim().is_empty() {
        return Err(vec![empty(source)]);
    }
    let is_whole = matches!(format, Format::Json | Format::Toml);
    if let (Some(at), true) = (damage.in_range(&(0..source.text.len())), is_whole) {
        let message = format!(
            "these {}",
            damage.message().replacen("bytes that", "bytes", 1)
        );
        return Err(vec![
            Diagnostic::at(Code::Syntax, &Place::new(source, at), message)
                .hint("save the file as UTF-8, or name what it is with --encoding"),
        ]);
    }
    match format {
        Format::Csv => delimited::read(source, damage, None),
        Format::Tsv => delimited::read(source, damage, Some(b'\t')),
        Format::Json => json::read(source),
        Format::JsonLines => json::read_lines(source, damage),
        Format::Toml => tables::read(source),
        Format::Feed => feed::read(source, damage),
    }
}

fn empty(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::at(Code::Syntax, &Place::whole(source), "the file is empty")
}

/// What is wrong with row `number`: the message opens with its name.
fn bad_row(number: usize, place: &Place, what: impl std::fmt::Display) -> Diagnostic {
    let row = RowName { number, key: None };
    let mut diagnostic = Diagnostic::at(Code::BadRow, place, format!("{row}: {what}"));
    diagnostic.row = Some(row);
    diagnostic
}

/// The columns of all good rows, each once, in the order in which they first appear.
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
